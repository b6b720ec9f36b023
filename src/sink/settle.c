/* What became of a prepared transaction? Asked at a restart for every committable of the checkpoint, and when EndTxn
   was refused. The answers that count: the ledger proves a commit; the coordinator says whether the transaction still
   is open; and once nothing is open on the ledger, an entry that is not there proves that there was no commit. */
#include <string.h>

#include "state.h"

static bool state_is(weir_str state, const char *name) {
    return weir_str_equal(state, weir_str_of(name));
}

/* ---- decided ---- */
/* What it means that this run could not end its own transaction. */
static weir_err verdict(const weir__txn *txn, weir_time_us now) {
    bool newer_epoch = weir__class_of(WEIR_API_END_TXN, txn->end_code) == WEIR_CLASS_FENCED;
    return newer_epoch ? weir__txn_fenced(txn, now) : WEIR_E_ABORTED;
}

static void proven_committed(weir__txn *txn, weir_time_us now) {
    weir_sink *sink = txn->sink;
    if (txn->restored) {
        txn->restored = false;
        weir__ledger_own(txn);
        sink->recovery.already_committed++;
        weir__txn_enter(txn, WEIR__TXN_NEW);
        return;
    }
    weir_err err = verdict(txn, now);
    weir__txn_enter(txn, WEIR__TXN_FAILED);
    weir__sink_fail(sink, err, txn->end_code,
                    "EndTxn of transactional id '%s' was refused (%s), although checkpoint %llu was committed: %s",
                    txn->id, weir_code_name(txn->end_code), (unsigned long long)txn->checkpoint,
                    err == WEIR_E_FENCED
                        ? "another instance of this job has taken over"
                        : "its answer was lost, and the id has expired, a request of an earlier run has "
                          "come late, or another instance of this job has taken over");
}

static void proven_lost(weir__txn *txn, weir_time_us now) {
    weir_sink *sink = txn->sink;
    if (sink->ledger.foreign || (!txn->restored && verdict(txn, now) == WEIR_E_FENCED)) {
        weir__sink_fail(sink, WEIR_E_FENCED, txn->end_code,
                        "transactional id '%s' has been taken over by another line of checkpoints: another instance of "
                        "this job, or one started with --fresh, has run under the same --job",
                        txn->id);
        weir__txn_enter(txn, WEIR__TXN_FAILED);
        return;
    }
    if (!txn->restored) {
        weir__txn_enter(txn, WEIR__TXN_FAILED);
        weir__sink_fail(sink, WEIR_E_ABORTED, txn->end_code,
                        "the broker has aborted transaction '%s' of checkpoint %llu (%llu records) after it was "
                        "prepared: it was open longer than transaction.timeout.ms (%lld), or a request "
                        "that was not answered, of this run or an earlier one, has come late",
                        txn->id, (unsigned long long)txn->checkpoint, (unsigned long long)txn->records,
                        (long long)sink->config.transaction_timeout_ms);
        return;
    }
    txn->restored = false;
    txn->lost = true;
    sink->recovery.lost++;
    weir__txn_enter(txn, WEIR__TXN_NEW);
}

static void decide(weir__txn *txn, weir_time_us now) {
    if (txn->state != WEIR__TXN_SETTLING || !txn->asks_ledger)
        return;
    txn->asks_ledger = false;
    if (weir__ledger_proves(txn))
        proven_committed(txn, now);
    else
        proven_lost(txn, now);
}

void weir__settle_by_ledger(weir_sink *sink, weir_time_us now) {
    for (uint32_t n = 0; n < sink->pool_size; n++)
        decide(sink->pool[n], now);
    WEIR__LIST_EACH (it, &sink->extra)
        decide(WEIR__ENTRY(it, weir__txn, node), now);
}

static void ask_ledger(weir__txn *txn, weir_time_us now) {
    txn->asks_ledger = true;
    weir__ledger_read(txn->sink, true, now);
}

/* The id has gone on since: nothing can commit this transaction any more. What is open under its new epoch was left by
   a run that died, and would hold the ledger up until the broker's time-out. */
static void fence_newer(weir__txn *txn, weir_time_us now) {
    txn->lingering = true;
    weir__txn_fence(txn, now);
}

void weir__settle_fenced(weir__txn *txn, weir_time_us now) {
    ask_ledger(txn, now);
}

/* ---- asking the coordinator ---- */
static const void *describe_fill(weir__request *request, int16_t version) {
    weir__txn *txn = request->owner;
    (void)version;
    txn->id_view = weir_str_of(txn->id);
    txn->describe_message.transactional_ids.items = &txn->id_view;
    txn->describe_message.transactional_ids.count = 1;
    return &txn->describe_message;
}

static void described(weir__txn *txn, const weir_describe_transactions_response_transaction_state *found,
                      weir_time_us now) {
    bool same = found->producer_id == txn->producer_id && found->producer_epoch == txn->producer_epoch;
    bool open = found->error_code == WEIR_CODE_NONE && state_is(found->transaction_state, "Ongoing");
    if (open && same && txn->end_code == WEIR_CODE_NONE)
        weir__txn_commit(txn, now);
    else if (open && !same && txn->restored)
        fence_newer(txn, now);
    else
        ask_ledger(txn, now);
}

static void describe_done(weir__request *request, const weir__outcome *outcome) {
    weir__txn *txn = request->owner;
    weir_sink *sink = txn->sink;
    const weir_describe_transactions_response *response = outcome->response;
    if (outcome->err == WEIR_E_VERSION) { /* before Kafka 3.0: EndTxn itself has to tell */
        if (txn->end_code == WEIR_CODE_NONE)
            weir__txn_commit(txn, outcome->now);
        else if (txn->restored && weir__class_of(WEIR_API_END_TXN, txn->end_code) == WEIR_CLASS_FENCED)
            fence_newer(txn, outcome->now);
        else
            ask_ledger(txn, outcome->now);
        return;
    }
    if (outcome->err != WEIR_OK || response->transaction_states.count != 1) {
        weir__txn_enter(txn, WEIR__TXN_FAILED);
        weir__sink_fail(sink, WEIR_E_INDETERMINATE, 0,
                        "what became of transaction '%s' of checkpoint %llu could not be found out: %s", txn->id,
                        (unsigned long long)txn->checkpoint, weir_client_trouble(sink->client)->text);
        return;
    }
    const weir_describe_transactions_response_transaction_state *found = &response->transaction_states.items[0];
    bool known = found->error_code == WEIR_CODE_NONE || found->error_code == WEIR_CODE_TRANSACTIONAL_ID_NOT_FOUND;
    if (known) {
        described(txn, found, outcome->now);
    } else if (!weir__request_again(sink->client, request, found->error_code, outcome->now)) {
        weir__txn_enter(txn, WEIR__TXN_FAILED);
        weir__sink_fail(sink, WEIR_E_BROKER, found->error_code, "DescribeTransactions of '%s' was refused: %s (%s)",
                        txn->id, weir_code_name(found->error_code), weir_code_text(found->error_code));
    }
}

void weir__settle(weir__txn *txn, int16_t end_code, weir_time_us now) {
    weir__txn_enter(txn, WEIR__TXN_SETTLING);
    txn->end_code = end_code;
    txn->asks_ledger = false;
    if (weir__ledger_proves(txn)) {
        proven_committed(txn, now);
        return;
    }
    txn->describe = (weir__request){
        .api = weir_api_find(WEIR_API_DESCRIBE_TRANSACTIONS),
        .max_version = -1,
        .target = WEIR_TARGET_TRANSACTION,
        .coordinator = txn->coordinator,
        .fill = describe_fill,
        .done = describe_done,
        .owner = txn,
        .deadline = now + txn->sink->config.default_api_timeout_ms * 1000,
    };
    weir__request_submit(txn->sink->client, &txn->describe, now);
}
