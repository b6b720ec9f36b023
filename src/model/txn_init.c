/* InitProducerId: producer ids, and epochs that fence older producers (KIP-360, KIP-588). */
#include "txn.h"

typedef weir_init_producer_id_request request;

static int64_t new_producer_id(weir__model *model) {
    weir__model_changed(model);
    return model->txns->next_producer_id++;
}

/* Whether the producer says who it was. */
static bool expects(const request *in) {
    return in->producer_id != -1;
}

/* Whether the one that it says it was may go on: it is the id's producer, or was before its epochs ran out. */
static bool is_producer(const request *in, const weir__txn *txn) {
    return txn->epoch == -1 || in->producer_id == txn->producer_id ||
           (in->producer_id == txn->previous_producer_id && weir__txn_exhausted(in->producer_epoch));
}

/* The next epoch, or the present one again if its answer was lost. */
static int16_t bump(const weir__model *model, weir__txn *txn, const request *in) {
    if (weir__txn_exhausted(txn->epoch))
        return WEIR_CODE_UNKNOWN_SERVER_ERROR; /* as Kafka: a producer that is behind the last epoch */
    if (expects(in) && txn->epoch != -1 && in->producer_epoch != txn->epoch)
        return in->producer_epoch == txn->last_epoch ? WEIR_CODE_NONE : WEIR_CODE_PRODUCER_FENCED;
    txn->last_epoch = expects(in) ? txn->epoch : -1;
    txn->epoch = txn->epoch == -1 ? model->config.first_epoch : (int16_t)(txn->epoch + 1);
    return WEIR_CODE_NONE;
}

/* A new producer id with epoch 0. */
static void rotate(weir__model *model, weir__txn *txn, const request *in) {
    txn->last_epoch = expects(in) ? txn->epoch : -1;
    txn->producer_id = new_producer_id(model);
    txn->epoch = 0;
}

/* Initializes an id without an open transaction. */
static int16_t initialize(weir__model *model, weir__txn *txn, const request *in, weir_time_us now) {
    int64_t previous = txn->producer_id;
    if (weir__txn_exhausted(txn->epoch) && (!expects(in) || in->producer_epoch == txn->epoch)) {
        rotate(model, txn, in);
    } else {
        int16_t code = bump(model, txn, in);
        if (code != WEIR_CODE_NONE)
            return code;
    }
    txn->previous_producer_id = previous;
    txn->state = WEIR__TXN_EMPTY;
    txn->timeout_ms = in->transaction_timeout_ms;
    txn->started = -1;
    txn->updated = now;
    weir__model_changed(model);
    return WEIR_CODE_NONE;
}

/* What the coordinator does about a transactional id. */
static int16_t coordinate(weir__exchange *e, weir__txn *txn, const request *in) {
    if (expects(in) && !is_producer(in, txn))
        return WEIR_CODE_PRODUCER_FENCED;
    switch (txn->state) {
    case WEIR__TXN_PREPARE_COMMIT:
    case WEIR__TXN_PREPARE_ABORT:
        return WEIR_CODE_CONCURRENT_TRANSACTIONS;
    case WEIR__TXN_ONGOING:
        weir__txn_decide(e->model, txn, false, WEIR__TXN_END_FENCE, e->now);
        return WEIR_CODE_CONCURRENT_TRANSACTIONS;
    default:
        return initialize(e->model, txn, in, e->now);
    }
}

/* What is wrong with the request, before anybody looks at the id. */
static int16_t refuse(const weir__exchange *e, const request *in) {
    if ((in->producer_id == -1) != (in->producer_epoch == -1))
        return WEIR_CODE_INVALID_REQUEST;
    if (in->transactional_id.p == NULL)
        return WEIR_CODE_NONE;
    if (in->transactional_id.len == 0)
        return WEIR_CODE_INVALID_REQUEST;
    if (in->enable2_pc)
        return WEIR_CODE_TRANSACTIONAL_ID_AUTHORIZATION_FAILED; /* not enabled on this cluster */
    if (in->keep_prepared_txn)
        return WEIR_CODE_UNSUPPORTED_VERSION;
    if (in->transaction_timeout_ms <= 0 || in->transaction_timeout_ms > e->model->config.transaction_max_timeout_ms)
        return WEIR_CODE_INVALID_TRANSACTION_TIMEOUT;
    return weir__seat_check(e->model, true, in->transactional_id, e->broker, e->now);
}

weir__handled weir__serve_init_producer_id(weir__exchange *e) {
    const request *in = e->request;
    weir_init_producer_id_response *out = e->response;
    out->producer_id = out->producer_epoch = -1;
    out->error_code = refuse(e, in);
    if (out->error_code != WEIR_CODE_NONE)
        return WEIR__ANSWERED;
    if (in->transactional_id.p == NULL) {
        out->producer_id = new_producer_id(e->model);
        out->producer_epoch = 0;
        return WEIR__ANSWERED;
    }
    weir__txn *txn = weir__txns_find(e->model, in->transactional_id);
    if (txn == NULL) {
        txn = weir__txn_create(e->model, in->transactional_id, e->model->txns->next_producer_id, e->now);
        if (txn == NULL)
            return WEIR__CLOSED;
        (void)new_producer_id(e->model);
    }
    out->error_code = coordinate(e, txn, in);
    if (out->error_code == WEIR_CODE_PRODUCER_FENCED && e->header.api_version < 4)
        out->error_code = WEIR_CODE_INVALID_PRODUCER_EPOCH;
    if (out->error_code == WEIR_CODE_NONE) {
        out->producer_id = txn->producer_id;
        out->producer_epoch = txn->epoch;
    }
    return WEIR__ANSWERED;
}
