/* Any request to any broker, for hosts and tools. */
#include <string.h>

#include "state.h"

typedef struct call_inner {
    weir__request request;
    weir__reply reply;
} call_inner;

static const void *call_fill(weir__request *request, int16_t version) {
    const weir_call *call = request->owner;
    (void)version;
    return call->request;
}

static void call_done(weir__request *request, const weir__outcome *outcome) {
    weir_call *call = request->owner;
    call_inner *inner = call->inner;
    call->finished = true;
    call->err = outcome->err;
    call->version = outcome->version;
    call->answered_by = outcome->broker >= 0 ? outcome->broker : -1;
    if (outcome->err != WEIR_OK)
        return;
    inner->reply = weir__reply_keep(outcome);
    call->response = inner->reply.response;
}

weir_err weir_client_call(weir_client *client, weir_call *call, weir_time_us now) {
    const weir_api *api = weir_api_find(call->api_key);
    bool by_key = call->target == WEIR_TARGET_GROUP || call->target == WEIR_TARGET_TRANSACTION;
    client->now = now;
    call->finished = false;
    call->response = NULL;
    call->inner = NULL;
    if (api == NULL)
        return WEIR_E_UNSUPPORTED;
    call_inner *inner = weir__take(client, sizeof *inner);
    if (inner == NULL)
        return WEIR_E_NO_MEMORY;
    weir__request *request = &inner->request;
    if (by_key)
        request->coordinator = weir__coordinator_want(client, call->target, call->key);
    if (by_key && request->coordinator == NULL) {
        weir__give(client, inner, sizeof *inner);
        return WEIR_E_NO_MEMORY;
    }
    if (by_key)
        request->coordinator->broker = -1; /* only the caller sees what an answer says: each call looks anew */
    request->api = api;
    request->max_version = -1;
    request->target = call->target;
    request->broker = call->broker;
    request->fill = call_fill;
    request->done = call_done;
    request->owner = call;
    request->deadline = now + call->timeout;
    call->inner = inner;
    weir__request_submit(client, request, now);
    return WEIR_OK;
}

void weir_call_release(weir_client *client, weir_call *call) {
    call_inner *inner = call->inner;
    if (inner == NULL)
        return;
    weir__request_cancel(client, &inner->request);
    weir__reply_free(client, &inner->reply);
    weir__give(client, inner, sizeof *inner);
    call->inner = NULL;
    call->response = NULL;
}
