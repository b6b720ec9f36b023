/* The brokers: bootstrap addresses first, then what metadata names. */
#include <string.h>

#include "state.h"
#include "text.h"

static weir__broker *broker_add(weir_client *client, int32_t id) {
    weir__broker *broker = weir__take(client, sizeof *broker);
    if (broker != NULL) {
        broker->id = id;
        weir__list_push(&client->brokers, &broker->node);
    }
    return broker;
}

static bool broker_address(weir__broker *broker, weir_str host, int64_t port) {
    if (host.len == 0 || host.len >= sizeof broker->host || port < 1 || port > UINT16_MAX)
        return false;
    for (uint32_t i = 0; i < host.len; i++)
        if (host.p[i] <= ' ' || host.p[i] > '~')
            return false;
    memcpy(broker->host, host.p, host.len);
    broker->host[host.len] = '\0';
    broker->port = (uint16_t)port;
    return true;
}

/* Parses HOST:PORT or [IPV6]:PORT into a new seed. */
static weir_err seed_add(weir_client *client, weir_str text, weir_fault *fault) {
    uint32_t colon = text.len;
    while (colon > 0 && text.p[colon - 1] != ':')
        colon--;
    weir_str host = {text.p, colon > 0 ? colon - 1 : 0};
    weir_str port_text = {text.p + colon, text.len - colon};
    int64_t port = 0;
    if (host.len >= 2 && host.p[0] == '[' && host.p[host.len - 1] == ']')
        host = (weir_str){host.p + 1, host.len - 2};
    weir__broker *broker = broker_add(client, client->next_seed_id);
    if (broker == NULL) {
        weir_fault_set(fault, WEIR_E_NO_MEMORY, "no memory for the bootstrap servers");
        return WEIR_E_NO_MEMORY;
    }
    client->next_seed_id--;
    if (colon == 0 || !weir__parse_i64(port_text, &port) || !broker_address(broker, host, port)) {
        weir_fault_set(fault, WEIR_E_CONFIG, "bootstrap.servers: '%.*s' is not HOST:PORT", (int)text.len, text.p);
        return WEIR_E_CONFIG;
    }
    return WEIR_OK;
}

weir_err weir__brokers_bootstrap(weir_client *client, weir_fault *fault) {
    const char *p = client->config.bootstrap_servers;
    for (;;) {
        p += strspn(p, ", ");
        size_t len = strcspn(p, ", ");
        if (len == 0)
            return WEIR_OK;
        weir_err err = seed_add(client, (weir_str){p, (uint32_t)len}, fault);
        if (err != WEIR_OK)
            return err;
        p += len;
    }
}

weir__broker *weir__broker_find(weir_client *client, int32_t id) {
    WEIR__LIST_EACH (it, &client->brokers) {
        weir__broker *broker = WEIR__ENTRY(it, weir__broker, node);
        if (broker->id == id)
            return broker;
    }
    return NULL;
}

/* A bootstrap address that turns out to be the broker keeps its links: it only gets its id. */
static weir__broker *seed_adopt(weir_client *client, int32_t id, weir_str host, int32_t port) {
    WEIR__LIST_EACH (it, &client->brokers) {
        weir__broker *broker = WEIR__ENTRY(it, weir__broker, node);
        if (broker->id < 0 && broker->port == port && weir_str_equal(weir_str_of(broker->host), host)) {
            broker->id = id;
            return broker;
        }
    }
    return NULL;
}

static void links_drop(weir__broker *broker, const char *why, weir_time_us now) {
    for (int use = 0; use < WEIR__USES; use++)
        if (broker->links[use] != NULL)
            weir__link_drop(broker->links[use], why, now);
}

weir_err weir__broker_learn(weir_client *client, int32_t id, weir_str host, int32_t port, weir_str rack) {
    weir__broker *broker = weir__broker_find(client, id);
    if (broker == NULL)
        broker = seed_adopt(client, id, host, port);
    if (broker == NULL)
        broker = broker_add(client, id);
    if (broker == NULL)
        return WEIR_E_NO_MEMORY;
    if (broker->port != port || !weir_str_equal(weir_str_of(broker->host), host)) {
        if (!broker_address(broker, host, port))
            return WEIR_E_MALFORMED;
        links_drop(broker, "the broker has moved to another address", client->now);
        broker->failures = 0;
        broker->retry_at = 0;
    }
    broker->has_rack = rack.p != NULL && rack.len < sizeof broker->rack;
    if (broker->has_rack) {
        memcpy(broker->rack, rack.p, rack.len);
        broker->rack[rack.len] = '\0';
    }
    broker->listed = true;
    return WEIR_OK;
}

static void broker_free(weir_client *client, weir__broker *broker) {
    for (int use = 0; use < WEIR__USES; use++)
        if (broker->links[use] != NULL)
            weir__link_free(broker->links[use]);
    weir__list_remove(&broker->node);
    weir__give(client, broker, sizeof *broker);
}

static bool broker_idle(const weir__broker *broker) {
    for (int use = 0; use < WEIR__USES; use++) {
        const weir__link *link = broker->links[use];
        if (link != NULL && (link->state != WEIR__LINK_CLOSED || link->ask_close))
            return false;
    }
    return true;
}

void weir__brokers_prune(weir_client *client) {
    for (weir__list *it = client->brokers.next, *next; it != &client->brokers; it = next) {
        weir__broker *broker = WEIR__ENTRY(it, weir__broker, node);
        next = it->next;
        if (broker->id >= 0 && !broker->listed && broker_idle(broker))
            broker_free(client, broker);
    }
}

static bool usable(const weir__broker *broker, weir_time_us now) {
    const weir__link *link = broker->links[WEIR__USE_COORDINATION];
    return (link != NULL && link->state != WEIR__LINK_CLOSED) || broker->retry_at <= now;
}

/* A connected broker is best, then a known one, then a bootstrap address; each failure counts against it. */
static uint32_t rank(const weir__broker *broker) {
    const weir__link *link = broker->links[WEIR__USE_COORDINATION];
    if (link != NULL && link->state == WEIR__LINK_READY)
        return 0;
    return (broker->id >= 0 ? 1 : 2) + 2 * broker->failures;
}

weir__broker *weir__broker_any(weir_client *client, weir_time_us now) {
    weir__broker *best = NULL;
    WEIR__LIST_EACH (it, &client->brokers) {
        weir__broker *broker = WEIR__ENTRY(it, weir__broker, node);
        if (usable(broker, now) && (best == NULL || rank(broker) < rank(best)))
            best = broker;
    }
    return best;
}

void weir__brokers_free(weir_client *client) {
    while (!weir__list_empty(&client->brokers))
        broker_free(client, WEIR__ENTRY(client->brokers.next, weir__broker, node));
}

bool weir_client_broker(const weir_client *client, size_t n, weir_broker_info *info) {
    WEIR__LIST_EACH (it, &client->brokers) {
        const weir__broker *broker = WEIR__ENTRY(it, weir__broker, node);
        if (broker->id < 0 || n-- > 0)
            continue;
        info->id = broker->id;
        info->host = weir_str_of(broker->host);
        info->port = broker->port;
        info->rack = broker->has_rack ? weir_str_of(broker->rack) : (weir_str){NULL, 0};
        return true;
    }
    return false;
}
