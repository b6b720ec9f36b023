/* One transactional id: its states, InitProducerId and EndTxn(commit). Aborting needs no EndTxn: InitProducerId aborts
   what is open, whatever the broker knows of it, and gives the next epoch. */
#include <assert.h>
#include <string.h>

#include "state.h"

const char *const weir__txn_state_names[WEIR__TXN_STATES] = {
    [WEIR__TXN_NEW] = "new",           [WEIR__TXN_SETTLING] = "settling",
    [WEIR__TXN_INIT] = "initialising", [WEIR__TXN_READY] = "ready",
    [WEIR__TXN_OPEN] = "open",         [WEIR__TXN_PREPARING] = "preparing",
    [WEIR__TXN_PREPARED] = "prepared", [WEIR__TXN_COMMITTING] = "committing",
    [WEIR__TXN_ABORTING] = "aborting", [WEIR__TXN_FAILED] = "failed",
};

#define TO(state) (1u << WEIR__TXN_##state)

/* What may follow what. Above all: an open transaction is never initialised anew, since that would drop its records
   silently, and a transaction whose commit was sent is never aborted. */
static const uint32_t followers[WEIR__TXN_STATES] = {
    [WEIR__TXN_NEW] = TO(INIT) | TO(SETTLING),
    [WEIR__TXN_SETTLING] = TO(COMMITTING) | TO(INIT) | TO(NEW) | TO(FAILED),
    [WEIR__TXN_INIT] = TO(READY) | TO(FAILED),
    [WEIR__TXN_READY] = TO(OPEN),
    [WEIR__TXN_OPEN] = TO(PREPARING) | TO(ABORTING) | TO(FAILED),
    [WEIR__TXN_PREPARING] = TO(PREPARED) | TO(ABORTING) | TO(FAILED),
    [WEIR__TXN_PREPARED] = TO(COMMITTING) | TO(FAILED),
    [WEIR__TXN_COMMITTING] = TO(READY) | TO(INIT) | TO(NEW) | TO(SETTLING) | TO(FAILED),
    [WEIR__TXN_ABORTING] = TO(INIT) | TO(FAILED),
    [WEIR__TXN_FAILED] = 0,
};

bool weir__txn_may(weir__txn_state from, weir__txn_state to) {
    return (followers[from] & (1u << to)) != 0;
}

void weir__txn_enter(weir__txn *txn, weir__txn_state state) {
    assert(weir__txn_may(txn->state, state));
    txn->state = state;
}

weir__txn *weir__txn_new(weir_sink *sink, weir_str id) {
    weir__txn *txn = weir__sink_take(sink, sizeof *txn);
    if (txn == NULL)
        return NULL;
    assert(id.len < sizeof txn->id);
    memcpy(txn->id, id.p, id.len);
    txn->sink = sink;
    txn->producer_id = txn->producer_epoch = -1;
    weir__list_init(&txn->node);
    txn->coordinator = weir__coordinator_want(sink->client, WEIR_TARGET_TRANSACTION, id);
    if (txn->coordinator == NULL) {
        weir__sink_give(sink, txn, sizeof *txn);
        return NULL;
    }
    return txn;
}

void weir__txn_free(weir__txn *txn) {
    weir_client *client = txn->sink->client;
    weir__request_cancel(client, &txn->init);
    weir__request_cancel(client, &txn->end);
    weir__request_cancel(client, &txn->describe);
    weir__list_remove(&txn->node);
    weir__sink_give(txn->sink, txn, sizeof *txn);
}

weir_err weir__txn_fenced(const weir__txn *txn, weir_time_us now) {
    const weir_sink *sink = txn->sink;
    bool timed_out = now - txn->opened_at >= sink->config.transaction_timeout_ms * 1000;
    bool late = txn->accepted_at < txn->initialised_at + sink->config.request_timeout_ms * 1000;
    return timed_out || (late && sink->own_ledger > 0) ? WEIR_E_ABORTED : WEIR_E_FENCED;
}

/* ---- InitProducerId ---- */
static const void *init_fill(weir__request *request, int16_t version) {
    weir__txn *txn = request->owner;
    (void)version;
    weir_message_init(request->api->request, &txn->init_message);
    txn->init_message.transactional_id = weir_str_of(txn->id);
    txn->init_message.transaction_timeout_ms = (int32_t)txn->sink->config.transaction_timeout_ms;
    if (txn->renews) {
        txn->init_message.producer_id = txn->producer_id;
        txn->init_message.producer_epoch = txn->producer_epoch;
    }
    return &txn->init_message;
}

static void init_refused(weir__txn *txn, int16_t code) {
    weir_sink *sink = txn->sink;
    /* There is a newer epoch already: of another instance, or because the coordinator had to abort what a copy of an
       unanswered request had begun. Opening a sink tells which. */
    bool newer = txn->renews && weir__class_of(WEIR_API_INIT_PRODUCER_ID, code) == WEIR_CLASS_FENCED;
    weir_err err = newer ? WEIR_E_ABORTED : WEIR_E_BROKER;
    if (code == WEIR_CODE_INVALID_TRANSACTION_TIMEOUT)
        weir__sink_fail(sink, WEIR_E_CONFIG, code,
                        "transaction.timeout.ms is %lld, which is above the broker's transaction.max.timeout.ms: lower "
                        "the first or raise the second",
                        (long long)sink->config.transaction_timeout_ms);
    else
        weir__sink_fail(sink, err, code, "InitProducerId for transactional id '%s' was refused: %s (%s)%s", txn->id,
                        weir_code_name(code), weir_code_text(code), weir__advice(err, code));
    sink->fault.api = WEIR_API_INIT_PRODUCER_ID;
}

/* Whether an epoch that was asked for as the next one is: of the same producer id, unless its epochs have run out. A
   coordinator that has forgotten the id gives it to whoever asks. */
static bool is_next(const weir__txn *txn, const weir_init_producer_id_response *response) {
    return response->producer_id == txn->producer_id || txn->producer_epoch >= INT16_MAX - 1;
}

static void init_confirmed(weir__txn *txn, const weir__outcome *outcome) {
    const weir_init_producer_id_response *response = outcome->response;
    weir_sink *sink = txn->sink;
    if (txn->renews && !is_next(txn, response)) {
        weir__txn_enter(txn, WEIR__TXN_FAILED);
        weir__sink_fail(sink, WEIR_E_ABORTED, 0,
                        "the broker has forgotten transactional id '%s' (transactional.id.expiration.ms), and with it "
                        "whether another instance has taken it over",
                        txn->id);
        return;
    }
    if (txn->lingering)
        sink->recovery.aborted++;
    txn->lingering = false;
    if (txn->state == WEIR__TXN_SETTLING) {
        weir__settle_fenced(txn, outcome->now);
        return;
    }
    txn->producer_id = response->producer_id;
    txn->producer_epoch = response->producer_epoch;
    txn->version = weir_client_transaction_version(sink->client);
    txn->accepted_at = outcome->now;
    if (!txn->renews || txn->init.lost) /* else no copy of it can come late */
        txn->initialised_at = outcome->now;
    txn->stray = false;
    weir__txn_enter(txn, WEIR__TXN_READY);
}

static void init_done(weir__request *request, const weir__outcome *outcome) {
    weir__txn *txn = request->owner;
    weir_sink *sink = txn->sink;
    const weir_init_producer_id_response *response = outcome->response;
    if (outcome->err == WEIR_E_VERSION && txn->renews && !txn->stray) {
        weir__txn_enter(txn, WEIR__TXN_READY); /* Kafka before 2.5: the epoch stays */
        return;
    }
    if (outcome->err == WEIR_E_VERSION && txn->renews) {
        weir__txn_enter(txn, WEIR__TXN_FAILED);
        weir__sink_fail(sink, WEIR_E_ABORTED, 0,
                        "a request of transaction '%s' was not answered, so that a copy of it may still arrive, and a "
                        "broker older than 2.5 cannot give the id the next epoch",
                        txn->id);
        return;
    }
    if (outcome->err != WEIR_OK) {
        weir__txn_enter(txn, WEIR__TXN_FAILED);
        weir__sink_fail(sink, outcome->err, 0, "InitProducerId for transactional id '%s' got no answer: %s", txn->id,
                        weir_client_trouble(sink->client)->text);
        return;
    }
    if (response->error_code != WEIR_CODE_NONE) {
        if (weir__request_again(sink->client, request, response->error_code, outcome->now))
            return;
        weir__txn_enter(txn, WEIR__TXN_FAILED);
        init_refused(txn, response->error_code);
        return;
    }
    init_confirmed(txn, outcome);
}

static void init_submit(weir__txn *txn, bool renews, weir_time_us now) {
    txn->renews = renews;
    txn->init = (weir__request){
        .api = weir_api_find(WEIR_API_INIT_PRODUCER_ID),
        .min_version = renews ? 3 : 0, /* v3 can say whose next epoch is asked for (KIP-360) */
        .max_version = 5,
        .target = WEIR_TARGET_TRANSACTION,
        .coordinator = txn->coordinator,
        .fill = init_fill,
        .done = init_done,
        .owner = txn,
        .deadline = now + txn->sink->config.default_api_timeout_ms * 1000,
    };
    weir__request_submit(txn->sink->client, &txn->init, now);
}

void weir__txn_fence(weir__txn *txn, weir_time_us now) {
    init_submit(txn, false, now);
}

void weir__txn_init(weir__txn *txn, weir_time_us now) {
    weir__txn_enter(txn, WEIR__TXN_INIT);
    init_submit(txn, false, now);
}

/* Asks for the epoch after the one that the id has here: an instance that has taken the id over keeps it. */
static void renew(weir__txn *txn, weir_time_us now) {
    weir__txn_enter(txn, WEIR__TXN_INIT);
    init_submit(txn, true, now);
}

/* ---- EndTxn ---- */
static const void *end_fill(weir__request *request, int16_t version) {
    weir__txn *txn = request->owner;
    (void)version;
    txn->end_message.transactional_id = weir_str_of(txn->id);
    txn->end_message.producer_id = txn->producer_id;
    txn->end_message.producer_epoch = txn->producer_epoch;
    return &txn->end_message;
}

static void committed(weir__txn *txn) {
    weir_sink *sink = txn->sink;
    if (txn->restored)
        sink->recovery.committed++;
    sink->counters.transactions_committed++;
    weir__ledger_own(txn);
}

/* The broker has decided as asked. Whether the id can be used at once depends on what is known of its epoch. */
static void end_confirmed(weir__txn *txn, const weir__outcome *outcome) {
    const weir_end_txn_response *response = outcome->response;
    txn->accepted_at = outcome->now;
    committed(txn);
    if (txn->restored) {
        txn->restored = false;
        weir__txn_enter(txn, WEIR__TXN_NEW); /* its id is fenced next */
        return;
    }
    if (outcome->version >= 5) {
        txn->producer_id = response->producer_id;
        txn->producer_epoch = response->producer_epoch;
        weir__txn_enter(txn, WEIR__TXN_READY);
    } else {
        /* No epoch serves two transactions, as under version 2: an EndTxn that comes late would end the next one
           (KAFKA-17754), be it a copy of this run's or that of an instance which settles this checkpoint. Any other
           late request would begin a transaction, which the coordinator's time-out ends by fencing the id. */
        txn->stray = txn->stray || txn->end.lost;
        renew(txn, outcome->now);
    }
    weir__txn_commit_next(txn->sink, outcome->now);
}

static void end_done(weir__request *request, const weir__outcome *outcome) {
    weir__txn *txn = request->owner;
    weir_sink *sink = txn->sink;
    if (outcome->err != WEIR_OK) {
        weir__txn_enter(txn, WEIR__TXN_FAILED);
        weir__sink_fail(
            sink, WEIR_E_INDETERMINATE, 0,
            "EndTxn(commit) of transactional id '%s', checkpoint %llu, got no answer, so it may or may not be "
            "committed; the next start finds out: %s",
            txn->id, (unsigned long long)txn->checkpoint, weir_client_trouble(sink->client)->text);
        return;
    }
    int16_t code = ((const weir_end_txn_response *)outcome->response)->error_code;
    if (code == WEIR_CODE_NONE)
        end_confirmed(txn, outcome);
    else if (!weir__request_again(sink->client, request, code, outcome->now))
        weir__settle(txn, code, outcome->now);
}

void weir__txn_commit(weir__txn *txn, weir_time_us now) {
    weir__txn_enter(txn, WEIR__TXN_COMMITTING);
    txn->end_message.committed = true;
    txn->end = (weir__request){
        .api = weir_api_find(WEIR_API_END_TXN),
        .min_version = txn->version >= 2 ? 5 : 0,
        .max_version = txn->version >= 2 ? -1 : 4,
        .target = WEIR_TARGET_TRANSACTION,
        .coordinator = txn->coordinator,
        .fill = end_fill,
        .done = end_done,
        .owner = txn,
        .deadline = now + txn->sink->config.transaction_timeout_ms * 1000,
    };
    weir__request_submit(txn->sink->client, &txn->end, now);
}

void weir__txn_commit_next(weir_sink *sink, weir_time_us now) {
    weir__txn *oldest = NULL;
    for (uint32_t n = 0; n < sink->pool_size; n++) {
        weir__txn *txn = sink->pool[n];
        if (txn->state == WEIR__TXN_COMMITTING || txn->state == WEIR__TXN_SETTLING || txn->state == WEIR__TXN_FAILED)
            return;
        if (txn->state == WEIR__TXN_PREPARED && txn->checkpoint <= sink->committed_up_to &&
            (oldest == NULL || txn->checkpoint < oldest->checkpoint))
            oldest = txn;
    }
    if (oldest != NULL)
        weir__txn_commit(oldest, now);
}
