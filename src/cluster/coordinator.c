/* Coordinators of groups and of transactional ids, by key (FindCoordinator). */
#include <string.h>

#include "state.h"

static const void *find_fill(weir__request *request, int16_t version) {
    weir__coordinator *c = request->owner;
    weir_message_init(request->api->request, &c->message);
    c->message.key_type = c->kind == WEIR_TARGET_TRANSACTION ? 1 : 0;
    c->key_view = weir_str_of(c->key);
    if (version >= 4) {
        c->message.coordinator_keys.items = &c->key_view;
        c->message.coordinator_keys.count = 1;
    } else {
        c->message.key = c->key_view;
    }
    return &c->message;
}

static void find_done(weir__request *request, const weir__outcome *outcome) {
    weir__coordinator *c = request->owner;
    const weir_find_coordinator_response *response = outcome->response;
    if (outcome->err != WEIR_OK)
        return; /* whoever needs it asks again */
    int16_t code = response->error_code;
    int32_t node = response->node_id;
    if (outcome->version >= 4) {
        bool one = response->coordinators.count == 1;
        code = one ? response->coordinators.items[0].error_code : WEIR_CODE_UNKNOWN_SERVER_ERROR;
        node = one ? response->coordinators.items[0].node_id : -1;
    }
    c->code = code;
    if (code == WEIR_CODE_NONE) {
        c->broker = node;
        c->generation = weir__metadata_generation(c->client);
        c->refused = 0;
        c->not_before = 0;
        if (weir__broker_find(c->client, node) == NULL)
            weir__metadata_refresh(c->client);
        return;
    }
    if (weir__request_again(c->client, request, code, outcome->now))
        return;
    c->refused++;
    c->not_before = outcome->now + weir__client_backoff(c->client, c->refused);
    weir__trouble(c->client, WEIR_E_BROKER, NULL, "no coordinator for '%s': %s (%s)", c->key, weir_code_name(code),
                  weir_code_text(code));
}

void weir__coordinator_find(weir_client *client, weir__coordinator *c, weir_time_us now) {
    if (c->find.active)
        return;
    /* Found, but metadata does not name that broker: one of the two is too old. */
    if (c->broker >= 0 && c->generation == weir__metadata_generation(client)) {
        weir__metadata_refresh(client);
        return;
    }
    c->broker = -1;
    c->find.deadline = now + client->config.default_api_timeout_ms * 1000;
    weir__request_submit(client, &c->find, now);
    c->find.not_before = c->not_before;
}

weir__coordinator *weir__coordinator_want(weir_client *client, weir_target_kind kind, weir_str key) {
    WEIR__LIST_EACH (it, &client->coordinators) {
        weir__coordinator *c = WEIR__ENTRY(it, weir__coordinator, node);
        if (c->kind == kind && weir_str_equal(weir_str_of(c->key), key))
            return c;
    }
    weir__coordinator *c = key.len < sizeof c->key ? weir__take(client, sizeof *c) : NULL;
    if (c == NULL)
        return NULL;
    c->kind = kind;
    memcpy(c->key, key.p, key.len);
    c->broker = -1;
    c->client = client;
    c->find.api = weir_api_find(WEIR_API_FIND_COORDINATOR);
    c->find.max_version = -1;
    c->find.target = WEIR_TARGET_ANY;
    c->find.fill = find_fill;
    c->find.done = find_done;
    c->find.owner = c;
    weir__list_init(&c->find.node);
    weir__list_push(&client->coordinators, &c->node);
    return c;
}

void weir__coordinators_forget(weir_client *client, const weir__broker *broker) {
    WEIR__LIST_EACH (it, &client->coordinators) {
        weir__coordinator *c = WEIR__ENTRY(it, weir__coordinator, node);
        if (c->broker == broker->id)
            c->broker = -1;
    }
}

void weir__coordinators_free(weir_client *client) {
    for (weir__list *it; (it = weir__list_pop(&client->coordinators)) != NULL;)
        weir__give(client, WEIR__ENTRY(it, weir__coordinator, node), sizeof(weir__coordinator));
}
