/* The client as a whole: birth, death, time, and small services. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "state.h"

void *weir__take(weir_client *client, size_t size) {
    void *p = client->alloc->take(client->alloc, size);
    if (p != NULL)
        memset(p, 0, size);
    return p;
}

void weir__give(weir_client *client, void *p, size_t size) {
    if (p != NULL)
        client->alloc->give(client->alloc, p, size);
}

const weir_config *weir__client_config(const weir_client *client) {
    return &client->config;
}

weir_time_us weir__backoff(weir_client *client, uint32_t attempts, int64_t base_ms, int64_t max_ms) {
    int64_t ms = base_ms;
    for (uint32_t i = 1; i < attempts && ms < max_ms; i++)
        ms *= 2;
    if (ms > max_ms)
        ms = max_ms;
    int64_t spread = ms * 1000 * 4 / 10; /* from -20 % to +20 % */
    return ms * 800 + (int64_t)weir__rng_below(&client->rng, (uint64_t)spread + 1);
}

weir_time_us weir__client_backoff(weir_client *client, uint32_t attempts) {
    return weir__backoff(client, attempts, client->config.retry_backoff_ms, client->config.retry_backoff_max_ms);
}

void weir__trouble(weir_client *client, weir_err err, const weir__broker *broker, const char *fmt, ...) {
    char text[400];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (broker == NULL)
        weir_fault_set(&client->trouble, err, "%s", text);
    else if (broker->id < 0)
        weir_fault_set(&client->trouble, err, "bootstrap server %s:%u: %s", broker->host, broker->port, text);
    else
        weir_fault_set(&client->trouble, err, "broker %d at %s:%u: %s", broker->id, broker->host, broker->port, text);
    client->trouble.broker = broker != NULL && broker->id >= 0 ? broker->id : -1;
}

void weir__trouble_over(weir_client *client) {
    if (client->trouble.err != WEIR_E_NO_MEMORY)
        weir_fault_clear(&client->trouble);
}

void weir__trouble_memory(weir_client *client, const char *what) {
    if (client->trouble.err != WEIR_E_NO_MEMORY)
        weir__trouble(client, WEIR_E_UNREACHABLE, NULL, "no memory for a while (%s): raise the memory budget", what);
}

const weir_fault *weir_client_trouble(const weir_client *client) {
    return &client->trouble;
}

weir_err weir_client_new(weir_client **out, const weir_config *config, weir_alloc *alloc, uint64_t seed,
                         weir_fault *fault) {
    weir_err err = weir_config_check(config, fault);
    if (err != WEIR_OK)
        return err;
    weir_client *client = alloc->take(alloc, sizeof *client);
    if (client == NULL) {
        weir_fault_set(fault, WEIR_E_NO_MEMORY, "no memory for a client (%zu bytes)", sizeof *client);
        return WEIR_E_NO_MEMORY;
    }
    memset(client, 0, sizeof *client);
    client->alloc = alloc;
    client->config = *config;
    client->next_seed_id = -2;
    client->controller = -1;
    client->features_epoch = -1;
    client->broker_version = "unknown";
    client->metadata_wanted = true;
    weir__rng_init(&client->rng, seed);
    weir_fault_clear(&client->trouble);
    weir__list_init(&client->brokers);
    weir__list_init(&client->waiting);
    weir__list_init(&client->topics);
    weir__list_init(&client->coordinators);
    weir__list_init(&client->workers);
    weir__list_init(&client->metadata.node);
    err = weir__brokers_bootstrap(client, fault);
    if (err != WEIR_OK) {
        weir_client_free(client);
        return err;
    }
    *out = client;
    return WEIR_OK;
}

void weir_client_free(weir_client *client) {
    weir_alloc *alloc = client->alloc;
    weir__brokers_free(client);
    weir__metadata_free(client);
    weir__coordinators_free(client);
    weir__give(client, client->links, client->link_cap * sizeof *client->links);
    alloc->give(alloc, client, sizeof *client);
}

/* ---- time ---- */
void weir__worker_add(weir_client *client, weir__worker *worker) {
    weir__list_push(&client->workers, &worker->node);
}

void weir__worker_remove(weir__worker *worker) {
    weir__list_remove(&worker->node);
}

static void pump(weir_client *client, weir_time_us now) {
    client->awake = false;
    WEIR__LIST_EACH (it, &client->workers) {
        weir__worker *worker = WEIR__ENTRY(it, weir__worker, node);
        worker->work(worker, now);
    }
    weir__metadata_tick(client, now);
    weir__route(client, now);
}

void weir__client_wake(weir_client *client) {
    client->awake = true;
}

void weir_client_tick(weir_client *client, weir_time_us now) {
    client->now = now;
    client->ended = false;
    for (uint32_t n = 0; n < client->link_count; n++)
        if (client->links[n] != NULL)
            weir__link_tick(client->links[n], now);
    pump(client, now);
}

/* One round of work can make more of it: a request needs a coordinator, whose lookup is a request. Whatever should go
   on for longer waits for the next round, so that a fault here cannot stop the host. */
#define PUMPS_MAX 8

bool weir_client_next_io(weir_client *client, weir_io *io) {
    for (int n = 0; client->awake && n < PUMPS_MAX; n++)
        pump(client, client->now);
    return weir__link_next_io(client, io);
}

weir_time_us weir_client_deadline(const weir_client *client) {
    if (client->awake || client->ended)
        return client->now;
    weir_time_us due = weir__metadata_deadline(client);
    weir_time_us route = weir__route_deadline(client);
    due = route < due ? route : due;
    for (uint32_t n = 0; n < client->link_count; n++) {
        weir_time_us link = client->links[n] != NULL ? weir__link_deadline(client->links[n]) : WEIR_NEVER;
        due = link < due ? link : due;
    }
    WEIR__LIST_EACH (it, &client->workers) {
        const weir__worker *worker = WEIR__ENTRY(it, const weir__worker, node);
        weir_time_us at = worker->deadline(worker);
        due = at < due ? at : due;
    }
    return due;
}

/* ---- what is known of the cluster ---- */
weir_str weir_client_cluster_id(const weir_client *client) {
    return client->has_cluster_id ? weir_str_of(client->cluster_id) : (weir_str){NULL, 0};
}

const char *weir_client_broker_version(const weir_client *client) {
    return client->broker_version;
}

int16_t weir_client_transaction_version(const weir_client *client) {
    return client->transaction_version;
}
