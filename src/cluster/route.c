/* From a request to a link: find the broker, open what is closed, choose the version, and send again after a loss. */
#include <string.h>

#include "state.h"

static weir__broker *target_broker(weir_client *client, weir__request *request, weir_time_us now) {
    switch (request->target) {
    case WEIR_TARGET_ANY:
        return weir__broker_any(client, now);
    case WEIR_TARGET_CONTROLLER: {
        weir__broker *controller = weir__broker_find(client, client->controller);
        return controller != NULL ? controller : weir__broker_any(client, now);
    }
    case WEIR_TARGET_BROKER: {
        weir__broker *broker = weir__broker_find(client, request->broker);
        if (broker == NULL)
            weir__metadata_refresh(client);
        return broker;
    }
    case WEIR_TARGET_GROUP:
    case WEIR_TARGET_TRANSACTION: {
        weir__broker *broker = weir__broker_find(client, request->coordinator->broker);
        if (broker == NULL)
            weir__coordinator_find(client, request->coordinator, now);
        return broker;
    }
    }
    return NULL;
}

static int16_t link_version(const weir__link *link, int16_t key, int16_t max_version) {
    const weir_api *api = weir_api_find(key);
    if (api == NULL || !link->versions_known || key >= WEIR__KEYS)
        return -1;
    int16_t offered = link->max_version[key];
    if (max_version >= 0 && max_version < offered)
        offered = max_version;
    return weir_api_negotiate(api, link->min_version[key], offered);
}

int16_t weir__broker_version(const weir_client *client, int32_t id, int16_t api_key, int16_t max_version) {
    WEIR__LIST_EACH (it, &client->brokers) {
        const weir__broker *broker = WEIR__ENTRY(it, weir__broker, node);
        for (int use = 0; broker->id == id && use < WEIR__USES; use++) {
            const weir__link *link = broker->links[use];
            int16_t version = link != NULL ? link_version(link, api_key, max_version) : -1;
            if (version >= 0)
                return version;
        }
    }
    return -1;
}

void weir__request_end(weir_client *client, weir__request *request, weir_err err, weir_time_us now) {
    weir__outcome outcome = {err, -1, -1, NULL, NULL, now};
    client->ended = true;
    if (request->lost && err != WEIR_OK)
        outcome.err = WEIR_E_INDETERMINATE;
    weir__list_remove(&request->node);
    request->active = false;
    request->done(request, &outcome);
}

/* Puts the request on a link, or leaves it waiting. */
static void place(weir_client *client, weir__request *request, weir_time_us now) {
    weir__link *link = NULL;
    weir__broker *broker = request->not_before <= now ? target_broker(client, request, now) : NULL;
    if (broker != NULL)
        link = weir__link_want(client, broker, request->use, now);
    if (link == NULL && request->once && request->not_before <= now) {
        weir__request_end(client, request, WEIR_E_TIMEOUT, now); /* its owner may know another way by now */
        return;
    }
    if (link == NULL || link->state != WEIR__LINK_READY || link->throttled_until > now) {
        weir__list_push(&client->waiting, &request->node);
        return;
    }
    int16_t version = link_version(link, request->api->key, request->max_version);
    bool spoken = version >= 0 && version >= request->min_version;
    weir_err err = spoken ? weir__flight_launch(link, request, version, now) : WEIR_E_VERSION;
    if (err == WEIR_E_NO_MEMORY) {
        weir__trouble_memory(client, request->api->name);
        request->not_before = now + client->config.retry_backoff_ms * 1000;
        weir__list_push(&client->waiting, &request->node);
    } else if (err != WEIR_OK) {
        weir__request_end(client, request, err, now);
    }
}

void weir__route(weir_client *client, weir_time_us now) {
    weir__list batch;
    weir__list_init(&batch);
    weir__list_splice(&batch, &client->waiting);
    for (weir__list *it; (it = weir__list_pop(&batch)) != NULL;) {
        weir__request *request = WEIR__ENTRY(it, weir__request, node);
        if (request->deadline <= now)
            weir__request_end(client, request, WEIR_E_TIMEOUT, now);
        else
            place(client, request, now);
    }
}

static weir_time_us sooner(weir_time_us a, weir_time_us b) {
    return a < b ? a : b;
}

static weir_time_us request_due(const weir_client *client, const weir__request *request) {
    weir_time_us due = request->deadline;
    if (request->not_before > client->now)
        due = sooner(due, request->not_before);
    WEIR__LIST_EACH (it, &client->brokers) {
        const weir__broker *broker = WEIR__ENTRY(it, weir__broker, node);
        const weir__link *link = broker->links[request->use];
        if (broker->retry_at > client->now)
            due = sooner(due, broker->retry_at);
        if (link != NULL && link->throttled_until > client->now)
            due = sooner(due, link->throttled_until);
    }
    return due;
}

weir_time_us weir__route_deadline(const weir_client *client) {
    weir_time_us due = WEIR_NEVER;
    WEIR__LIST_EACH (it, &client->waiting)
        due = sooner(due, request_due(client, WEIR__ENTRY(it, const weir__request, node)));
    return due;
}

/* ---- what owners call ---- */
static void wait(weir_client *client, weir__request *request) {
    weir__client_wake(client);
    request->active = true;
    request->flight = NULL;
    weir__list_push(&client->waiting, &request->node);
}

void weir__request_submit(weir_client *client, weir__request *request, weir_time_us now) {
    (void)now;
    request->attempts = 0;
    request->lost = false;
    request->not_before = 0;
    wait(client, request);
}

void weir__request_retry(weir_client *client, weir__request *request, weir_time_us now) {
    request->attempts++;
    request->not_before = now + weir__client_backoff(client, request->attempts);
    wait(client, request);
}

void weir__request_lost(weir_client *client, weir__request *request, bool written, weir_time_us now) {
    request->flight = NULL;
    request->lost = request->lost || written;
    weir__list_init(&request->node);
    if (request->once) {
        weir__request_end(client, request, WEIR_E_TIMEOUT, now);
        return;
    }
    /* The coordinator may have moved with the broker that is gone. */
    if (request->coordinator != NULL)
        request->coordinator->broker = -1;
    weir__request_retry(client, request, now);
}

/* Bytes of the request are still to be written, and their memory is about to go: the link goes with them. */
static void drop_unwritten(weir_client *client, const weir__flight *flight) {
    for (uint32_t n = 0; n < client->link_count; n++) {
        weir__link *link = client->links[n];
        if (link == NULL)
            continue;
        WEIR__LIST_EACH (it, &link->flights) {
            if (WEIR__ENTRY(it, weir__flight, node) != flight)
                continue;
            weir__link_drop(link, "a request was taken back while it was being sent", client->now);
            return;
        }
    }
}

void weir__request_cancel(weir_client *client, weir__request *request) {
    if (!request->active)
        return;
    weir__flight *flight = request->flight;
    request->active = false;
    if (flight == NULL) {
        weir__list_remove(&request->node);
        return;
    }
    flight->request = NULL;
    if (!flight->written)
        drop_unwritten(client, flight);
    request->flight = NULL;
}
