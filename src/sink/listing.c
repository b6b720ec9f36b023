/* Which transactions of the prefix are open? Asked of every broker (ListTransactions, KIP-664), because ids of an
   earlier run may lie beyond the pool of this one. Brokers before 3.0 cannot tell; then the pool's own ids are all
   there is. */
#include <string.h>

#include "state.h"

struct weir__listing {
    weir__listing *next;
    weir_sink *sink;
    weir__request request;
    weir_list_transactions_request message;
    weir_str states[1];
};

static bool digits(weir_str text) {
    for (uint32_t i = 0; i < text.len; i++)
        if (text.p[i] < '0' || text.p[i] > '9')
            return false;
    return text.len > 0;
}

/* Exactly PREFIX-<number>-<number>: another job whose name merely begins alike is not touched. */
bool weir__id_of_prefix(weir_str id, weir_str prefix) {
    if (id.len <= prefix.len + 1 || memcmp(id.p, prefix.p, prefix.len) != 0 || id.p[prefix.len] != '-')
        return false;
    weir_str rest = {id.p + prefix.len + 1, id.len - prefix.len - 1};
    const char *dash = memchr(rest.p, '-', rest.len);
    if (dash == NULL)
        return false;
    weir_str subtask = {rest.p, (uint32_t)(dash - rest.p)};
    return digits(subtask) && digits((weir_str){dash + 1, rest.len - subtask.len - 1});
}

weir__txn *weir__txn_find(weir_sink *sink, weir_str id) {
    for (uint32_t n = 0; n < sink->pool_size; n++)
        if (weir_str_equal(weir_str_of(sink->pool[n]->id), id))
            return sink->pool[n];
    WEIR__LIST_EACH (it, &sink->extra)
        if (weir_str_equal(weir_str_of(WEIR__ENTRY(it, weir__txn, node)->id), id))
            return WEIR__ENTRY(it, weir__txn, node);
    return NULL;
}

static void take_id(weir_sink *sink, weir_str id) {
    if (!weir__id_of_prefix(id, weir_str_of(sink->prefix)) || id.len >= sizeof((weir__txn *)0)->id)
        return;
    weir__txn *txn = weir__txn_find(sink, id);
    if (txn == NULL) {
        txn = weir__txn_new(sink, id);
        if (txn == NULL) {
            weir__sink_fail(sink, WEIR_E_NO_MEMORY, 0, "no memory for the open transactions of an earlier run");
            return;
        }
        weir__list_push(&sink->extra, &txn->node);
    }
    txn->lingering = !txn->restored;
}

static void list_done(weir__request *request, const weir__outcome *outcome) {
    weir__listing *listing = request->owner;
    weir_sink *sink = listing->sink;
    const weir_list_transactions_response *response = outcome->response;
    int16_t code = outcome->err == WEIR_OK ? response->error_code : WEIR_CODE_NONE;
    if (code != WEIR_CODE_NONE && weir__request_again(sink->client, request, code, outcome->now))
        return;
    sink->listings_left--;
    if (outcome->err == WEIR_E_VERSION)
        return;
    if (outcome->err != WEIR_OK || code != WEIR_CODE_NONE) {
        weir__sink_fail(sink, outcome->err != WEIR_OK ? outcome->err : WEIR_E_BROKER, code,
                        "broker %d could not list its transactions: %s", request->broker,
                        code != WEIR_CODE_NONE ? weir_code_name(code) : weir_client_trouble(sink->client)->text);
        return;
    }
    for (int32_t i = 0; i < response->transaction_states.count; i++)
        take_id(sink, response->transaction_states.items[i].transactional_id);
}

static const void *list_fill(weir__request *request, int16_t version) {
    weir__listing *listing = request->owner;
    (void)version;
    weir_message_init(request->api->request, &listing->message);
    listing->states[0] = weir_str_of("Ongoing");
    listing->message.state_filters.items = listing->states;
    listing->message.state_filters.count = 1;
    return &listing->message;
}

static weir_err list_broker(weir_sink *sink, int32_t broker, weir_time_us now) {
    weir__listing *listing = weir__sink_take(sink, sizeof *listing);
    if (listing == NULL)
        return WEIR_E_NO_MEMORY;
    listing->sink = sink;
    listing->next = sink->listings;
    sink->listings = listing;
    sink->listings_left++;
    listing->request = (weir__request){
        .api = weir_api_find(WEIR_API_LIST_TRANSACTIONS),
        .max_version = -1,
        .target = WEIR_TARGET_BROKER,
        .broker = broker,
        .fill = list_fill,
        .done = list_done,
        .owner = listing,
        .deadline = now + sink->config.default_api_timeout_ms * 1000,
    };
    weir__request_submit(sink->client, &listing->request, now);
    return WEIR_OK;
}

weir_err weir__listing_step(weir_sink *sink, weir_time_us now) {
    weir_broker_info broker;
    for (size_t n = 0; !sink->listed && weir_client_broker(sink->client, n, &broker); n++) {
        weir_err err = list_broker(sink, broker.id, now);
        if (err != WEIR_OK)
            return err;
    }
    sink->listed = true;
    return sink->listings_left > 0 ? WEIR_AGAIN : sink->fault.err;
}

void weir__listings_free(weir_sink *sink) {
    for (weir__listing *listing; (listing = sink->listings) != NULL;) {
        weir__request_cancel(sink->client, &listing->request);
        sink->listings = listing->next;
        weir__sink_give(sink, listing, sizeof *listing);
    }
}
