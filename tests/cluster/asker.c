#include "asker.h"

#include "checks.h"
#include <string.h>

static const void *asker_fill(weir__request *request, int16_t version) {
    asker *a = request->owner;
    (void)version;
    a->fills++;
    if (request->api->key == WEIR_API_DESCRIBE_CONFIGS)
        return &a->configs;
    return &a->describe;
}

static void asker_done(weir__request *request, const weir__outcome *outcome) {
    asker *a = request->owner;
    const weir_describe_transactions_response *described = outcome->response;
    a->code = 0;
    if (outcome->err == WEIR_OK && request->api->key == WEIR_API_DESCRIBE_TRANSACTIONS)
        a->code = described->transaction_states.items[0].error_code;
    if (a->code != 0 && a->again-- > 0 && weir__request_again(a->client, request, a->code, outcome->now))
        return;
    a->dones++;
    a->err = outcome->err;
    a->version = outcome->version;
    a->broker = outcome->broker;
    a->done_at = outcome->now;
}

static void submit(asker *a, peer *p, int16_t api, weir_target_kind target, weir_time_us timeout) {
    memset(a, 0, sizeof *a);
    a->client = p->client;
    a->request.api = weir_api_find(api);
    weir_message_init(weir_api_find(WEIR_API_DESCRIBE_CONFIGS)->request, &a->configs);
    a->request.max_version = -1;
    a->request.target = target;
    a->request.fill = asker_fill;
    a->request.done = asker_done;
    a->request.owner = a;
    a->request.deadline = p->now + timeout;
    weir__request_submit(p->client, &a->request, p->now);
}

void asker_submit(asker *a, peer *p, weir_target_kind target, weir_time_us timeout) {
    submit(a, p, WEIR_API_DESCRIBE_CONFIGS, target, timeout);
}

void asker_submit_txn(asker *a, peer *p, const char *id, weir_time_us timeout) {
    submit(a, p, WEIR_API_DESCRIBE_TRANSACTIONS, WEIR_TARGET_TRANSACTION, timeout);
    a->request.coordinator = weir__coordinator_want(p->client, WEIR_TARGET_TRANSACTION, weir_str_of(id));
    a->id = weir_str_of(id);
    a->describe.transactional_ids.items = &a->id;
    a->describe.transactional_ids.count = 1;
}

bool asker_until(peer *p, const int32_t *flag, weir_time_us limit) {
    weir_time_us end = p->now + limit;
    for (int rounds = 0; p->now < end && rounds < 20000; rounds++) {
        peer_settle(p);
        if (*flag != 0)
            return true;
        peer_wait(p, end - p->now);
    }
    return *flag != 0;
}

void asker_pass(peer *p, weir_time_us time) {
    int32_t never = 0;
    (void)asker_until(p, &never, time);
    peer_settle(p);
}

int32_t asker_call(peer *p, weir_target_kind target, int32_t broker) {
    weir_describe_configs_request request;
    weir_message_init(weir_api_find(WEIR_API_DESCRIBE_CONFIGS)->request, &request);
    weir_call call = {.api_key = WEIR_API_DESCRIBE_CONFIGS,
                      .target = target,
                      .broker = broker,
                      .request = &request,
                      .timeout = 60000000};
    ck_assert_int_eq(weir_client_call(p->client, &call, p->now), WEIR_OK);
    weir_time_us end = p->now + 60000000;
    while (!call.finished && p->now < end) {
        peer_settle(p);
        if (!call.finished)
            peer_wait(p, 1000000);
    }
    ck_assert_msg(call.finished && call.err == WEIR_OK, "%s: %s", weir_err_name(call.err),
                  weir_client_trouble(p->client)->text);
    int32_t answered_by = call.answered_by;
    weir_call_release(p->client, &call);
    return answered_by;
}
