/* EndTxn, and the markers that it leads to. */
#include "txn.h"

#include "answer.h"

/* How the epoch of a request stands to that of the id. */
typedef enum standing {
    OLD,     /* EndTxn below version 5, same epoch */
    CURRENT, /* version 5, same epoch */
    RETRY,   /* version 5, the epoch before: its answer may have been lost */
    STANDINGS
} standing;

#define GO     INT16_MAX /* not a code of Kafka: the transaction ends as asked */
#define DONE   WEIR_CODE_NONE
#define WAIT   WEIR_CODE_CONCURRENT_TRANSACTIONS
#define WRONG  WEIR_CODE_INVALID_TXN_STATE
#define FENCED WEIR_CODE_PRODUCER_FENCED

/* Kafka's TransactionCoordinator: { abort, commit } */
static const int16_t answers[WEIR__TXN_STATES][STANDINGS][2] = {
    [WEIR__TXN_EMPTY] = {{WRONG, WRONG}, {GO, WRONG}, {FENCED, FENCED}},
    [WEIR__TXN_ONGOING] = {{GO, GO}, {GO, GO}, {FENCED, FENCED}},
    [WEIR__TXN_PREPARE_COMMIT] = {{WRONG, WAIT}, {FENCED, FENCED}, {WRONG, WAIT}},
    [WEIR__TXN_PREPARE_ABORT] = {{WAIT, WRONG}, {FENCED, FENCED}, {WAIT, WRONG}},
    [WEIR__TXN_COMPLETE_COMMIT] = {{WRONG, DONE}, {GO, WRONG}, {WRONG, DONE}},
    [WEIR__TXN_COMPLETE_ABORT] = {{DONE, WRONG}, {GO, WRONG}, {DONE, WRONG}},
};

typedef weir_end_txn_request request;

/* Whether this is version 5 again, of a producer whose epochs ran out with the transaction that it ends. */
static bool ran_out(const request *in, const weir__txn *txn) {
    return in->producer_id == txn->previous_producer_id && in->producer_epoch == INT16_MAX - 1 && txn->epoch == 0;
}

/* A code, or GO. */
static int16_t judge(const request *in, const weir__txn *txn, bool bumps) {
    bool retry = bumps && ran_out(in, txn);
    if (txn->producer_id != in->producer_id && !retry)
        return WEIR_CODE_INVALID_PRODUCER_ID_MAPPING;
    if (retry || (bumps && txn->epoch == in->producer_epoch + 1))
        return answers[txn->state][RETRY][in->committed];
    if (txn->epoch != in->producer_epoch)
        return WEIR_CODE_PRODUCER_FENCED;
    return answers[txn->state][bumps ? CURRENT : OLD][in->committed];
}

/* What is answered, short of the rules about versions. */
static int16_t end(weir__exchange *e, const request *in, weir_end_txn_response *out) {
    bool bumps = e->header.api_version >= 5;
    if (in->transactional_id.len == 0)
        return WEIR_CODE_INVALID_REQUEST;
    int16_t code = weir__seat_check(e->model, true, in->transactional_id, e->broker, e->now);
    if (code != WEIR_CODE_NONE)
        return code;
    weir__txn *txn = weir__txns_find(e->model, in->transactional_id);
    if (txn == NULL)
        return WEIR_CODE_INVALID_PRODUCER_ID_MAPPING;
    code = judge(in, txn, bumps);
    if (code == GO) {
        weir__txn_decide(e->model, txn, in->committed, bumps ? WEIR__TXN_END_BUMP : WEIR__TXN_END_OLD, e->now);
        code = WEIR_CODE_NONE;
    }
    if (code == WEIR_CODE_NONE && bumps) {
        out->producer_id = weir__txn_client_id(txn);
        out->producer_epoch = weir__txn_client_epoch(txn);
    }
    return code;
}

weir__handled weir__serve_end_txn(weir__exchange *e) {
    weir_end_txn_response *out = e->response;
    out->error_code = end(e, e->request, out);
    if (out->error_code == WEIR_CODE_PRODUCER_FENCED && e->header.api_version < 2)
        out->error_code = WEIR_CODE_INVALID_PRODUCER_EPOCH;
    return WEIR__ANSWERED;
}

/* ---- WriteTxnMarkers: an operator's tool that aborts what hangs ---- */
typedef weir_write_txn_markers_request_writable_txn_marker marker;

static int16_t write_marker(const weir__exchange *e, const marker *in, weir_str topic, int32_t partition) {
    if (weir_str_equal(topic, weir_str_of(WEIR__OFFSETS_TOPIC))) {
        if (partition < 0 || partition >= e->model->config.coordinators)
            return WEIR_CODE_UNKNOWN_TOPIC_OR_PARTITION;
        if (e->model->txns->seats[0][partition].broker != e->broker)
            return WEIR_CODE_NOT_LEADER_OR_FOLLOWER;
        weir__group_end_transaction(e->model, partition, in->producer_id, in->producer_epoch, in->transaction_result);
        return WEIR_CODE_NONE;
    }
    weir__log *log = weir__log_find(e->model, topic, partition);
    if (log == NULL)
        return WEIR_CODE_UNKNOWN_TOPIC_OR_PARTITION;
    if (weir__log_leader(log) != e->broker)
        return WEIR_CODE_NOT_LEADER_OR_FOLLOWER;
    return weir__log_end_transaction(log, in->producer_id, in->producer_epoch, in->transaction_result,
                                     in->coordinator_epoch, e->now);
}

/* Room for the answer to a marker; false: the arena is used up. */
static bool lay_out(const weir__exchange *e, const marker *in,
                    weir_write_txn_markers_response_writable_txn_marker_result *out) {
    out->producer_id = in->producer_id;
    if (!WEIR__ANSWER_ARRAY(e, out->topics, in->topics.count))
        return false;
    for (int32_t n = 0; n < out->topics.count; n++) {
        out->topics.items[n].name = in->topics.items[n].name;
        if (!WEIR__ANSWER_ARRAY(e, out->topics.items[n].partitions, in->topics.items[n].partition_indexes.count))
            return false;
    }
    return true;
}

weir__handled weir__serve_write_txn_markers(weir__exchange *e) {
    const weir_write_txn_markers_request *in = e->request;
    weir_write_txn_markers_response *out = e->response;
    if (!WEIR__ANSWER_ARRAY(e, out->markers, in->markers.count))
        return WEIR__NO_ROOM;
    for (int32_t n = 0; n < in->markers.count; n++)
        if (!lay_out(e, &in->markers.items[n], &out->markers.items[n]))
            return WEIR__NO_ROOM;
    for (int32_t n = 0; n < in->markers.count; n++) {
        const marker *from = &in->markers.items[n];
        for (int32_t t = 0; t < from->topics.count; t++) {
            for (int32_t p = 0; p < from->topics.items[t].partition_indexes.count; p++) {
                int32_t partition = from->topics.items[t].partition_indexes.items[p];
                out->markers.items[n].topics.items[t].partitions.items[p] =
                    (weir_write_txn_markers_response_writable_txn_marker_partition_result){
                        partition, write_marker(e, from, from->topics.items[t].name, partition)};
            }
        }
    }
    return WEIR__ANSWERED;
}
