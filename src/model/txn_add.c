/* What becomes part of a transaction: AddPartitionsToTxn, AddOffsetsToTxn, and what a partition's leader asks. */
#include "txn.h"

#include "answer.h"

int16_t weir__txn_may_add(const weir__txn *txn, int64_t producer_id, int16_t epoch) {
    if (txn == NULL || txn->producer_id != producer_id)
        return WEIR_CODE_INVALID_PRODUCER_ID_MAPPING;
    if (txn->epoch != epoch)
        return WEIR_CODE_PRODUCER_FENCED;
    if (txn->state == WEIR__TXN_PREPARE_COMMIT || txn->state == WEIR__TXN_PREPARE_ABORT)
        return WEIR_CODE_CONCURRENT_TRANSACTIONS;
    return WEIR_CODE_NONE;
}

/* Whether the coordinator can write down that a client of transaction version 2 has begun a transaction: the records of
   level 0 have no place for that in 4.x. */
static bool may_remember(const weir__model *model) {
    return model->config.release == WEIR__MODEL_3_9 || model->config.transaction_version > 0;
}

/* Adds one partition to a transaction that allows it. KAFKA_STORAGE_ERROR: no memory, nothing has changed. */
static int16_t add(weir__model *model, weir__txn *txn, weir_str topic, int32_t partition, weir_time_us now) {
    if (!weir__txn_has(txn, topic, partition)) {
        if (!weir__txn_add_part(model, txn, topic, partition))
            return WEIR_CODE_KAFKA_STORAGE_ERROR;
        weir__txn_begin(model, txn, now);
    }
    return WEIR_CODE_NONE;
}

int16_t weir__txn_verify(weir__model *model, weir_str transactional_id, int64_t producer_id, int16_t producer_epoch,
                         weir_str topic, int32_t partition, bool adds, weir_time_us now) {
    int32_t broker = weir__coordinator_of(model, true, transactional_id);
    if (broker == -1)
        return WEIR_CODE_COORDINATOR_NOT_AVAILABLE;
    int16_t code = weir__seat_check(model, true, transactional_id, broker, now);
    if (code != WEIR_CODE_NONE)
        return code;
    weir__txn *txn = weir__txns_find(model, transactional_id);
    code = weir__txn_may_add(txn, producer_id, producer_epoch);
    if (code != WEIR_CODE_NONE)
        return code;
    if (adds && !may_remember(model))
        return WEIR_CODE_UNSUPPORTED_VERSION;
    if (adds)
        return add(model, txn, topic, partition, now);
    return weir__txn_has(txn, topic, partition) ? WEIR_CODE_NONE : WEIR_CODE_TRANSACTION_ABORTABLE;
}

/* The id's coordinator, the id and its state allow the producer to add something. */
static int16_t permit(weir__exchange *e, weir_str id, int64_t producer_id, int16_t epoch) {
    if (id.len == 0)
        return WEIR_CODE_INVALID_REQUEST;
    int16_t code = weir__seat_check(e->model, true, id, e->broker, e->now);
    if (code == WEIR_CODE_NONE)
        code = weir__txn_may_add(weir__txns_find(e->model, id), producer_id, epoch);
    if (code == WEIR_CODE_PRODUCER_FENCED && e->header.api_version < 2)
        code = WEIR_CODE_INVALID_PRODUCER_EPOCH;
    return code;
}

weir__handled weir__serve_add_offsets_to_txn(weir__exchange *e) {
    const weir_add_offsets_to_txn_request *in = e->request;
    weir_add_offsets_to_txn_response *out = e->response;
    out->error_code = permit(e, in->transactional_id, in->producer_id, in->producer_epoch);
    if (out->error_code == WEIR_CODE_NONE &&
        add(e->model, weir__txns_find(e->model, in->transactional_id), weir_str_of(WEIR__OFFSETS_TOPIC),
            weir__key_partition(e->model, in->group_id), e->now) != WEIR_CODE_NONE)
        return WEIR__CLOSED;
    return WEIR__ANSWERED;
}

typedef weir_add_partitions_to_txn_request_add_partitions_to_txn_topic asked;
typedef weir_add_partitions_to_txn_response_add_partitions_to_txn_topic_result told;

/* The partitions that a producer names, and the answer to them. */
typedef struct addition {
    weir_str id;
    int64_t producer_id;
    int16_t epoch;
    bool verify_only;
    const asked *asked;
    told *told;
    int32_t topics; /* of both */
} addition;

/* Room for the answer, with every partition's existence as its code. False: the arena is used up. */
static bool lay_out(weir__exchange *e, const addition *a, bool *missing) {
    for (int32_t t = 0; t < a->topics; t++) {
        const asked *from = &a->asked[t];
        told *to = &a->told[t];
        to->name = from->name;
        if (!WEIR__ANSWER_ARRAY(e, to->results_by_partition, from->partitions.count))
            return false;
        for (int32_t p = 0; p < from->partitions.count; p++) {
            int32_t partition = from->partitions.items[p];
            bool there = weir__log_find(e->model, from->name, partition) != NULL;
            to->results_by_partition.items[p].partition_index = partition;
            to->results_by_partition.items[p].partition_error_code =
                there ? WEIR_CODE_NONE : WEIR_CODE_UNKNOWN_TOPIC_OR_PARTITION;
            *missing = *missing || !there;
        }
    }
    return true;
}

/* One code for all partitions that are there. */
static void answer_all(const addition *a, int16_t code) {
    for (int32_t t = 0; t < a->topics; t++)
        for (int32_t p = 0; p < a->told[t].results_by_partition.count; p++)
            if (a->told[t].results_by_partition.items[p].partition_error_code == WEIR_CODE_NONE)
                a->told[t].results_by_partition.items[p].partition_error_code = code;
}

/* Adds all of them, or, for want of memory, none. */
static bool add_all(weir__exchange *e, const addition *a, weir__txn *txn) {
    size_t before = txn->part_count;
    for (int32_t t = 0; t < a->topics; t++) {
        weir_str topic = a->asked[t].name;
        const weir_i32s *partitions = &a->asked[t].partitions;
        for (int32_t p = 0; p < partitions->count; p++) {
            if (!weir__txn_has(txn, topic, partitions->items[p]) &&
                !weir__txn_add_part(e->model, txn, topic, partitions->items[p])) {
                while (txn->part_count > before)
                    weir__txn_drop_part(e->model, txn, txn->part_count - 1);
                return false;
            }
        }
    }
    if (txn->part_count > before)
        weir__txn_begin(e->model, txn, e->now);
    return true;
}

/* Tells of each partition whether it is in the transaction. */
static void verify_all(const addition *a, const weir__txn *txn) {
    for (int32_t t = 0; t < a->topics; t++)
        for (int32_t p = 0; p < a->told[t].results_by_partition.count; p++)
            if (!weir__txn_has(txn, a->asked[t].name, a->asked[t].partitions.items[p]))
                a->told[t].results_by_partition.items[p].partition_error_code = WEIR_CODE_TRANSACTION_ABORTABLE;
}

static weir__handled serve_addition(weir__exchange *e, const addition *a) {
    bool missing = false;
    if (!lay_out(e, a, &missing))
        return WEIR__NO_ROOM;
    if (missing) {
        answer_all(a, WEIR_CODE_OPERATION_NOT_ATTEMPTED);
        return WEIR__ANSWERED;
    }
    int16_t code = permit(e, a->id, a->producer_id, a->epoch);
    weir__txn *txn = weir__txns_find(e->model, a->id);
    if (code != WEIR_CODE_NONE)
        answer_all(a, code);
    else if (a->verify_only)
        verify_all(a, txn);
    else if (!add_all(e, a, txn))
        return WEIR__CLOSED;
    return WEIR__ANSWERED;
}

weir__handled weir__serve_add_partitions_to_txn(weir__exchange *e) {
    const weir_add_partitions_to_txn_request *in = e->request;
    weir_add_partitions_to_txn_response *out = e->response;
    if (e->header.api_version < 4) {
        if (!WEIR__ANSWER_ARRAY(e, out->results_by_topic_v3_and_below, in->v3_and_below_topics.count))
            return WEIR__NO_ROOM;
        addition only = {in->v3_and_below_transactional_id, in->v3_and_below_producer_id,
                         in->v3_and_below_producer_epoch,   false,
                         in->v3_and_below_topics.items,     out->results_by_topic_v3_and_below.items,
                         in->v3_and_below_topics.count};
        return serve_addition(e, &only);
    }
    /* Meant for brokers; without authorization anybody may ask. */
    if (!WEIR__ANSWER_ARRAY(e, out->results_by_transaction, in->transactions.count))
        return WEIR__NO_ROOM;
    weir__handled handled = WEIR__ANSWERED;
    for (int32_t n = 0; n < in->transactions.count && !may_remember(e->model); n++)
        if (!in->transactions.items[n].verify_only) {
            out->results_by_transaction.count = 0;
            out->error_code = WEIR_CODE_UNSUPPORTED_VERSION;
            return WEIR__ANSWERED;
        }
    for (int32_t n = 0; n < in->transactions.count && handled == WEIR__ANSWERED; n++) {
        const weir_add_partitions_to_txn_request_add_partitions_to_txn_transaction *from = &in->transactions.items[n];
        weir_add_partitions_to_txn_response_add_partitions_to_txn_result *to = &out->results_by_transaction.items[n];
        to->transactional_id = from->transactional_id;
        if (!WEIR__ANSWER_ARRAY(e, to->topic_results, from->topics.count))
            return WEIR__NO_ROOM;
        addition one = {from->transactional_id, from->producer_id,       from->producer_epoch, from->verify_only,
                        from->topics.items,     to->topic_results.items, from->topics.count};
        handled = serve_addition(e, &one);
    }
    return handled;
}
