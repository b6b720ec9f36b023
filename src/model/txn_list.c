/* DescribeTransactions and ListTransactions. */
#include "txn.h"

#include "answer.h"
#include "pattern.h"

typedef weir_describe_transactions_response_transaction_state description;
typedef weir_describe_transactions_response_topic_data topic_data;

/* The topic's entry in a description, made when there is none; `room` says how many partitions it may get. NULL: the
   arena is used up. */
static topic_data *topic_of(const weir__exchange *e, description *to, weir_str topic, size_t room) {
    for (int32_t n = 0; n < to->topics.count; n++)
        if (weir_str_equal(to->topics.items[n].topic, topic))
            return &to->topics.items[n];
    topic_data *made = &to->topics.items[to->topics.count];
    made->partitions.items = weir_arena_take(e->arena, room * sizeof *made->partitions.items);
    if (made->partitions.items == NULL)
        return NULL;
    made->topic = topic;
    to->topics.count++;
    return made;
}

/* False: the arena is used up. */
static bool describe(const weir__exchange *e, weir_str id, description *to) {
    to->transactional_id = id;
    to->transaction_state = WEIR__NO_TEXT;
    to->error_code = id.len == 0 ? WEIR_CODE_INVALID_REQUEST : weir__seat_check(e->model, true, id, e->broker, e->now);
    if (to->error_code != WEIR_CODE_NONE)
        return true;
    const weir__txn *txn = weir__txns_find(e->model, id);
    if (txn == NULL) {
        to->error_code = WEIR_CODE_TRANSACTIONAL_ID_NOT_FOUND;
        return true;
    }
    to->transaction_state = weir_str_of(weir__txn_state_name(txn->state));
    to->transaction_timeout_ms = txn->timeout_ms;
    to->transaction_start_time_ms = txn->started == -1 ? -1 : weir__wall_ms(e->model, txn->started);
    to->producer_id = txn->producer_id;
    to->producer_epoch = txn->epoch;
    if (!WEIR__ANSWER_ARRAY(e, to->topics, txn->part_count))
        return false;
    to->topics.count = 0;
    for (size_t n = 0; n < txn->part_count; n++) {
        topic_data *topic = topic_of(e, to, weir_str_of(txn->parts[n].topic), txn->part_count - n);
        if (topic == NULL)
            return false;
        topic->partitions.items[topic->partitions.count++] = txn->parts[n].partition;
    }
    return true;
}

weir__handled weir__serve_describe_transactions(weir__exchange *e) {
    const weir_describe_transactions_request *in = e->request;
    weir_describe_transactions_response *out = e->response;
    if (!WEIR__ANSWER_ARRAY(e, out->transaction_states, in->transactional_ids.count))
        return WEIR__NO_ROOM;
    for (int32_t n = 0; n < in->transactional_ids.count; n++)
        if (!describe(e, in->transactional_ids.items[n], &out->transaction_states.items[n]))
            return WEIR__NO_ROOM;
    return WEIR__ANSWERED;
}

/* ---- ListTransactions ---- */
typedef weir_list_transactions_request listing;

static bool named(const weir_strs *names, const char *name) {
    for (int32_t n = 0; n < names->count; n++)
        if (weir_str_equal(names->items[n], weir_str_of(name)))
            return true;
    return false;
}

static bool numbered(const weir_i64s *numbers, int64_t number) {
    for (int32_t n = 0; n < numbers->count; n++)
        if (numbers->items[n] == number)
            return true;
    return false;
}

/* Whether the listing asks for the id. */
static bool wanted(const weir__exchange *e, const listing *in, const weir__txn *txn) {
    int64_t started_ms = txn->started == -1 ? -1 : weir__wall_ms(e->model, txn->started);
    if (in->producer_id_filters.count > 0 && !numbered(&in->producer_id_filters, txn->producer_id))
        return false;
    if (in->state_filters.count > 0 && !named(&in->state_filters, weir__txn_state_name(txn->state)))
        return false;
    if (in->duration_filter >= 0 && weir__wall_ms(e->model, e->now) - started_ms <= in->duration_filter)
        return false;
    return in->transactional_id_pattern.len == 0 ||
           weir__pattern_matches(in->transactional_id_pattern, weir_str_of(txn->id));
}

static bool known_state(weir_str name) {
    static const char *const others[] = {"PrepareEpochFence", "Dead"};
    for (int n = 0; n < WEIR__TXN_STATES; n++)
        if (weir_str_equal(name, weir_str_of(weir__txn_state_name((weir__txn_state)n))))
            return true;
    return weir_str_equal(name, weir_str_of(others[0])) || weir_str_equal(name, weir_str_of(others[1]));
}

/* Whether a coordinator of the broker is still loading. */
static bool loading(const weir__exchange *e) {
    for (int32_t n = 0; n < e->model->config.coordinators; n++) {
        const weir__seat *seat = &e->model->txns->seats[1][n];
        if (seat->broker == e->broker && e->now < seat->loading_until)
            return true;
    }
    return false;
}

weir__handled weir__serve_list_transactions(weir__exchange *e) {
    const listing *in = e->request;
    weir_list_transactions_response *out = e->response;
    if (!WEIR__ANSWER_ARRAY(e, out->transaction_states, e->model->txns->count) ||
        !WEIR__ANSWER_ARRAY(e, out->unknown_state_filters, in->state_filters.count))
        return WEIR__NO_ROOM;
    out->transaction_states.count = out->unknown_state_filters.count = 0;
    if (loading(e))
        out->error_code = WEIR_CODE_COORDINATOR_LOAD_IN_PROGRESS;
    else if (!weir__pattern_valid(in->transactional_id_pattern))
        out->error_code = WEIR_CODE_INVALID_REGULAR_EXPRESSION;
    if (out->error_code != WEIR_CODE_NONE)
        return WEIR__ANSWERED;
    for (int32_t n = 0; n < in->state_filters.count; n++)
        if (!known_state(in->state_filters.items[n]))
            out->unknown_state_filters.items[out->unknown_state_filters.count++] = in->state_filters.items[n];
    for (size_t n = 0; n < e->model->txns->count; n++) {
        const weir__txn *txn = e->model->txns->items[n];
        if (weir__coordinator_of(e->model, true, weir_str_of(txn->id)) == e->broker && wanted(e, in, txn))
            out->transaction_states.items[out->transaction_states.count++] =
                (weir_list_transactions_response_transaction_state){weir_str_of(txn->id), txn->producer_id,
                                                                    weir_str_of(weir__txn_state_name(txn->state))};
    }
    return WEIR__ANSWERED;
}
