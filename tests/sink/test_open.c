/* Opening a sink: topics, limits, what earlier runs left, and what becomes of a checkpoint's committables. */
#include "checks.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drain.h"
#include "state.h"

static drain d;
static weir_committable held[8];

static void set_up(void) {
    drain_init(&d, 2);
    d.peer.config.linger_ms = 0;
}

static void tear_down(void) {
    drain_free(&d);
}

static const weir_sink_recovery *recovery(void) {
    return weir_sink_recovered(d.sink);
}

/* A run that writes, prepares checkpoint 1 .. n, commits all but the last, and crashes. */
static void crash_after_prepare(uint64_t checkpoint) {
    drain_start(&d);
    for (uint64_t n = 1; n <= checkpoint; n++) {
        ck_assert_ok(&d, drain_send(&d, 0, 2));
        ck_assert_ok(&d, drain_prepare(&d, n));
        if (n < checkpoint)
            ck_assert_ok(&d, drain_commit(&d, n));
    }
    d.committable_count = drain_committables(&d, held);
    ck_assert_uint_eq(d.committable_count, 1);
    d.committables = held;
    d.restored = checkpoint;
    d.ledger = weir_sink_ledger(d.sink);
    drain_crash(&d);
}

static void goes_on(int32_t before) {
    ck_assert_ok(&d, drain_send(&d, 0, 2));
    drain_checkpoint(&d, 50);
    peer_check_keys(&d.peer, 0, 0, before + 2);
}

/* ---- topics and limits ---- */
START_TEST(topic_is_missing) {
    d.peer.logs[0].hidden = d.peer.logs[1].hidden = true;
    ck_assert_int_eq(drain_new(&d), WEIR_OK);
    weir_time_us begun = d.peer.now;
    ck_assert_int_eq(drain_open(&d), WEIR_E_CONFIG);
    ck_assert_fault(&d, "output topic 't' cannot be used: UNKNOWN_TOPIC_OR_PARTITION");
    ck_assert_fault(&d, "weir topics create");
    ck_assert_int_ge(d.peer.now - begun, 5 * SECOND);
    ck_assert_int_lt(d.peer.now - begun, 8 * SECOND);
}
END_TEST

START_TEST(topic_appears_a_moment_later) {
    d.peer.logs[0].hidden = d.peer.logs[1].hidden = true;
    ck_assert_int_eq(drain_new(&d), WEIR_OK);
    for (int n = 0; n < 4; n++) {
        ck_assert_int_eq(weir_sink_open(d.sink, d.peer.now), WEIR_AGAIN);
        drain_pass(&d, SECOND);
    }
    d.peer.logs[0].hidden = d.peer.logs[1].hidden = false;
    ck_assert_ok(&d, drain_open(&d));
}
END_TEST

/* A topic that was just made has neither leaders nor partitions for a moment. */
START_TEST(topic_has_no_leader_yet) {
    d.peer.logs[0].topic_code = d.peer.logs[1].topic_code = WEIR_CODE_LEADER_NOT_AVAILABLE;
    ck_assert_int_eq(drain_new(&d), WEIR_OK);
    for (int n = 0; n < 4; n++) {
        ck_assert_int_eq(weir_sink_open(d.sink, d.peer.now), WEIR_AGAIN);
        drain_pass(&d, SECOND);
    }
    d.peer.logs[0].topic_code = d.peer.logs[1].topic_code = 0;
    weir_time_us begun = d.peer.now;
    ck_assert_ok(&d, drain_open(&d));
    ck_assert_int_lt(d.peer.now - begun, 5 * SECOND);
}
END_TEST

START_TEST(topic_may_not_be_written) {
    d.peer.logs[0].topic_code = d.peer.logs[1].topic_code = WEIR_CODE_TOPIC_AUTHORIZATION_FAILED;
    ck_assert_int_eq(drain_new(&d), WEIR_OK);
    ck_assert_int_eq(drain_open(&d), WEIR_E_CONFIG);
    ck_assert_fault(&d, "TOPIC_AUTHORIZATION_FAILED");
}
END_TEST

START_TEST(nobody_answers) {
    d.peer.down[0] = true;
    ck_assert_int_eq(drain_new(&d), WEIR_OK);
    ck_assert_int_eq(drain_open(&d), WEIR_E_UNREACHABLE);
    ck_assert_fault(&d, "default.api.timeout.ms (60000)");
    ck_assert_fault(&d, "bootstrap server b0:9000: connection refused");
}
END_TEST

START_TEST(transaction_time_out_above_the_brokers) {
    d.peer.max_timeout_ms = _i ? NULL : "60000";
    ck_assert_int_eq(drain_new(&d), WEIR_OK);
    if (_i > 0) /* a broker that does not tell its limit refuses later */
        peer_script(&d.peer, WEIR_API_INIT_PRODUCER_ID, 1, PEER_CODE, WEIR_CODE_INVALID_TRANSACTION_TIMEOUT);
    ck_assert_int_eq(drain_open(&d), WEIR_E_CONFIG);
    ck_assert_fault(&d, "transaction.timeout.ms is 900000");
    ck_assert_fault(&d, _i ? "transaction.max.timeout.ms" : "transaction.max.timeout.ms is 60000");
    ck_assert_int_eq(weir_sink_fault(d.sink)->code, WEIR_CODE_INVALID_TRANSACTION_TIMEOUT);
}
END_TEST

START_TEST(limits_are_not_told) {
    if (_i == 0)
        d.peer.offered[WEIR_API_DESCRIBE_CONFIGS] = -1;
    else
        peer_script(&d.peer, WEIR_API_DESCRIBE_CONFIGS, 1, PEER_CODE, WEIR_CODE_CLUSTER_AUTHORIZATION_FAILED);
    drain_start(&d);
    goes_on(0);
}
END_TEST

/* ---- listing ---- */
START_TEST(ids_of_a_prefix) {
    static const char *const yes[] = {"a-0-0", "a-12-345", "a-0-18446744073709551616"};
    static const char *const no[] = {"",        "a",      "a-",     "a-0",    "a-0-",   "a--1",
                                     "a2-0-1",  "a-x-1",  "a-0-x",  "a-0-1-", "a-0-1x", "b-0-1",
                                     "a-0-1-2", "a- 0-1", "a-+0-1", "A-0-1",  "a-b-0-1"};
    for (size_t n = 0; n < sizeof yes / sizeof yes[0]; n++)
        ck_assert_msg(weir__id_of_prefix(weir_str_of(yes[n]), weir_str_of("a")), "%s", yes[n]);
    for (size_t n = 0; n < sizeof no / sizeof no[0]; n++)
        ck_assert_msg(!weir__id_of_prefix(weir_str_of(no[n]), weir_str_of("a")), "%s", no[n]);
    ck_assert(weir__id_of_prefix(weir_str_of("a-b-0-1"), weir_str_of("a-b")));
    ck_assert(!weir__id_of_prefix((weir_str){NULL, 0}, weir_str_of("a")));
}
END_TEST

static void lingering(const char *id) {
    peer_txn *txn = peer_txn_of(&d.peer, id, true);
    txn->epoch = 3;
    txn->state = "Ongoing";
}

START_TEST(open_transactions_of_the_prefix_are_aborted) {
    static const char *const own[] = {"job-0-1", "job-0-9", "job-3-17"};
    static const char *const others[] = {"job2-0-1", "job-x-1", "job-0-1-2", "other-0-0", "job-0"};
    for (int n = 0; n < 3; n++)
        lingering(own[n]);
    for (int n = 0; n < 5; n++)
        lingering(others[n]);
    d.peer.coordinator = 2;
    drain_start(&d);
    ck_assert_uint_eq(recovery()->aborted, 3);
    for (int n = 0; n < 3; n++) {
        ck_assert_str_eq(peer_txn_of(&d.peer, own[n], false)->state, "Empty");
        ck_assert_int_eq(peer_txn_of(&d.peer, own[n], false)->aborts, 1);
        ck_assert_int_eq(peer_txn_of(&d.peer, own[n], false)->epoch, 4);
    }
    for (int n = 0; n < 5; n++) {
        ck_assert_str_eq(peer_txn_of(&d.peer, others[n], false)->state, "Ongoing");
        ck_assert_int_eq(peer_txn_of(&d.peer, others[n], false)->epoch, 3);
    }
    ck_assert_int_eq(peer_count(&d.peer, WEIR_API_LIST_TRANSACTIONS), 3); /* every broker is asked */
    goes_on(0);
}
END_TEST

START_TEST(brokers_that_cannot_list) {
    d.peer.offered[WEIR_API_LIST_TRANSACTIONS] = d.peer.offered[WEIR_API_DESCRIBE_TRANSACTIONS] = -1;
    lingering("job-0-1");
    drain_start(&d);
    ck_assert_int_eq(peer_txn_of(&d.peer, "job-0-1", false)->aborts, 1); /* the pool's own are fenced anyway */
    goes_on(0);
}
END_TEST

START_TEST(listing_is_tried_again) {
    peer_script(&d.peer, WEIR_API_LIST_TRANSACTIONS, 2, PEER_CODE, WEIR_CODE_COORDINATOR_LOAD_IN_PROGRESS)->times = 3;
    drain_start(&d);
    ck_assert_int_eq(peer_count(&d.peer, WEIR_API_LIST_TRANSACTIONS), 6);
}
END_TEST

START_TEST(listing_is_refused) {
    peer_script(&d.peer, WEIR_API_LIST_TRANSACTIONS, 2, PEER_CODE, WEIR_CODE_CLUSTER_AUTHORIZATION_FAILED);
    ck_assert_int_eq(drain_new(&d), WEIR_OK);
    ck_assert_int_eq(drain_open(&d), WEIR_E_BROKER);
    ck_assert_fault(&d, "could not list its transactions: CLUSTER_AUTHORIZATION_FAILED");
}
END_TEST

START_TEST(fencing_waits_out_the_previous_transaction) {
    peer_script(&d.peer, WEIR_API_INIT_PRODUCER_ID, 2, PEER_CODE, WEIR_CODE_CONCURRENT_TRANSACTIONS)->times = 7;
    drain_start(&d);
    ck_assert_int_eq(peer_count(&d.peer, WEIR_API_INIT_PRODUCER_ID), 4 + 7);
    goes_on(0);
}
END_TEST

START_TEST(fencing_is_refused) {
    peer_script(&d.peer, WEIR_API_INIT_PRODUCER_ID, 2, PEER_CODE, WEIR_CODE_TRANSACTIONAL_ID_AUTHORIZATION_FAILED);
    ck_assert_int_eq(drain_new(&d), WEIR_OK);
    ck_assert_int_eq(drain_open(&d), WEIR_E_BROKER);
    ck_assert_fault(&d, "InitProducerId for transactional id 'job-0-");
}
END_TEST

/* ---- committables ---- */
START_TEST(prepared_transactions_are_committed) {
    d.peer.transaction_version = (int16_t)(1 + _i);
    crash_after_prepare(3);
    drain_start(&d);
    ck_assert_uint_eq(recovery()->committed, 1);
    ck_assert_uint_eq(recovery()->already_committed + recovery()->lost + recovery()->aborted, 0);
    ck_assert_uint_eq(recovery()->ledger_checkpoint, 2);
    ck_assert_uint_eq(weir_sink_uncommitted(d.sink), 0);
    peer_check_keys(&d.peer, 0, 0, 6);
    goes_on(6);
}
END_TEST

/* Another instance commits the prepared transaction and begins the next one under the same id, while the answer that
   tells the ledger's state of before is on its way. */
START_TEST(transaction_of_another_instance_is_not_committed) {
    d.peer.transaction_version = 1;
    crash_after_prepare(1);
    int32_t ends = peer_count(&d.peer, WEIR_API_END_TXN), reads = peer_count(&d.peer, WEIR_API_OFFSET_FETCH);
    peer_script(&d.peer, WEIR_API_OFFSET_FETCH, 1, PEER_HOLD, 100000);
    ck_assert_int_eq(drain_new(&d), WEIR_OK);
    for (int n = 0; n < 1000 && peer_count(&d.peer, WEIR_API_OFFSET_FETCH) == reads; n++) {
        ck_assert_int_eq(weir_sink_open(d.sink, d.peer.now), WEIR_AGAIN);
        peer_settle(&d.peer);
        if (peer_count(&d.peer, WEIR_API_OFFSET_FETCH) == reads)
            peer_wait(&d.peer, 1000);
    }
    peer_txn *txn = peer_txn_of(&d.peer, "job-0-0", false);
    for (int32_t n = 0; n < d.peer.written_count; n++)
        d.peer.written[n].open = false;
    d.peer.ledger_offset = txn->offset;
    memcpy(d.peer.ledger_metadata, txn->metadata, sizeof txn->metadata);
    txn->offset = 2; /* which the next one holds open: it must be fenced before the ledger can be read */
    txn->epoch++;
    ck_assert_str_eq(txn->state, "Ongoing"); /* once more */
    ck_assert_ok(&d, drain_open(&d));
    ck_assert_int_eq(peer_count(&d.peer, WEIR_API_END_TXN), ends);
    ck_assert_uint_eq(recovery()->already_committed, 1);
}
END_TEST

/* The ids without a committable are fenced first, then committables are settled, then their ids are fenced. */
START_TEST(order_of_fencing) {
    crash_after_prepare(1);
    int32_t before = d.peer.seen_count;
    drain_start(&d);
    int32_t inits = 0, ended = -1, own = -1;
    for (int32_t n = before; n < d.peer.seen_count; n++) {
        const peer_seen *seen = &d.peer.seen[n];
        if (seen->api == WEIR_API_END_TXN)
            ended = n;
        if (seen->api == WEIR_API_INIT_PRODUCER_ID && strcmp(seen->text, "job-0-0") == 0)
            own = n;
        if (seen->api != WEIR_API_INIT_PRODUCER_ID || strcmp(seen->text, "job-0-0") == 0)
            continue;
        ck_assert_int_eq(ended, -1);
        inits++;
    }
    ck_assert_int_eq(inits, 3);
    ck_assert_int_gt(ended, 0);
    ck_assert_int_gt(own, ended);
}
END_TEST

START_TEST(already_committed_says_the_ledger) {
    crash_after_prepare(2);
    drain_start(&d);
    drain_crash(&d); /* and nothing was stored in between */
    drain_start(&d);
    ck_assert_uint_eq(recovery()->already_committed, 1);
    ck_assert_uint_eq(recovery()->committed + recovery()->lost, 0);
    ck_assert_uint_eq(recovery()->ledger_checkpoint, 2);
    peer_check_keys(&d.peer, 0, 0, 4);
    goes_on(4);
}
END_TEST

START_TEST(lost_says_the_ledger) {
    weir_committable lost;
    d.peer.transaction_version = (int16_t)(1 + _i % 2);
    if (_i >= 2)
        d.peer.offered[WEIR_API_DESCRIBE_TRANSACTIONS] = -1; /* then EndTxn itself tells */
    crash_after_prepare(2);
    peer_txn_expire(&d.peer, peer_txn_of(&d.peer, "job-0-1", false));
    drain_start(&d);
    ck_assert_uint_eq(recovery()->lost, 1);
    ck_assert_uint_eq(recovery()->committed + recovery()->already_committed, 0);
    ck_assert(weir_sink_lost(d.sink, 0, &lost));
    ck_assert(!weir_sink_lost(d.sink, 1, &lost));
    ck_assert_uint_eq(lost.checkpoint, 2);
    ck_assert_uint_eq(lost.records, 2);
    ck_assert_str_eq(lost.transactional_id, "job-0-1");
    d.next[0] = 2; /* the source goes back */
    goes_on(2);
}
END_TEST

/* The run that went back has prepared under the same id, and died before that was stored: its transaction, which is
   still open, does not hold the next start up. */
START_TEST(newer_transaction_of_the_id_is_open) {
    d.peer.transaction_version = (int16_t)(1 + _i % 2);
    if (_i >= 2)
        d.peer.offered[WEIR_API_DESCRIBE_TRANSACTIONS] = -1; /* then EndTxn itself tells */
    crash_after_prepare(1);
    peer_txn_expire(&d.peer, peer_txn_of(&d.peer, "job-0-0", false));
    drain_start(&d);
    ck_assert_uint_eq(recovery()->lost, 1);
    d.next[0] = 0;
    ck_assert_ok(&d, drain_send(&d, 0, 2));
    ck_assert_ok(&d, drain_prepare(&d, 2));
    drain_crash(&d);
    weir_time_us before = d.peer.now;
    drain_start(&d);
    ck_assert_int_lt(d.peer.now, before + 10 * SECOND);
    ck_assert_uint_eq(recovery()->lost, 1);
    ck_assert_uint_eq(recovery()->committed + recovery()->already_committed, 0);
    d.next[0] = 0;
    goes_on(0);
}
END_TEST

START_TEST(coordinator_has_forgotten_the_id) {
    crash_after_prepare(2);
    peer_txn *txn = peer_txn_of(&d.peer, "job-0-1", false);
    peer_txn_expire(&d.peer, txn);
    memcpy(txn->id, "gone", 5);
    drain_start(&d);
    ck_assert_uint_eq(recovery()->lost, 1);
}
END_TEST

START_TEST(committables_beyond_the_pool) {
    weir_committable lost;
    crash_after_prepare(4); /* job-0-3 */
    d.peer.config.transaction_pool_size = 2;
    if (_i > 0)
        peer_txn_expire(&d.peer, peer_txn_of(&d.peer, "job-0-3", false));
    drain_start(&d);
    ck_assert_uint_eq(recovery()->committed, _i == 0);
    ck_assert_uint_eq(recovery()->lost, _i > 0);
    ck_assert_int_eq(weir_sink_lost(d.sink, 0, &lost), _i > 0);
    d.next[0] = _i > 0 ? 6 : 8;
    goes_on(_i > 0 ? 6 : 8);
}
END_TEST

/* Whatever order their ids are in: the ledger proves an older one only if it was committed before. */
START_TEST(committables_are_settled_in_order) {
    static const char *const order[] = {"job-0-3", "job-0-3", "job-0-3", "job-0-0"};
    drain_start(&d);
    for (uint64_t n = 1; n <= 5; n++) {
        ck_assert_ok(&d, drain_send(&d, 0, 2));
        ck_assert_ok(&d, drain_prepare(&d, n));
        if (n < 4)
            ck_assert_ok(&d, drain_commit(&d, n));
    }
    for (d.committable_count = 0; weir_sink_committable(d.sink, d.committable_count, &held[d.committable_count]);)
        d.committable_count++;
    ck_assert_uint_eq(d.committable_count, 2);
    d.committables = held;
    d.restored = 5;
    d.ledger = weir_sink_ledger(d.sink);
    drain_crash(&d);
    int32_t before = peer_count(&d.peer, WEIR_API_END_TXN);
    peer_script(&d.peer, WEIR_API_END_TXN, 1, PEER_CODE, WEIR_CODE_CONCURRENT_TRANSACTIONS)->times = 2;
    drain_start(&d);
    ck_assert_uint_eq(recovery()->committed, 2);
    for (int32_t n = 0; n < 4; n++)
        ck_assert(strstr(peer_request(&d.peer, WEIR_API_END_TXN, before + n)->text, order[n]) != NULL);
    peer_check_keys(&d.peer, 0, 0, 10);
    goes_on(10);
}
END_TEST

START_TEST(settling_meets_trouble) {
    static const struct {
        int16_t api, code;
    } rows[] = {
        {WEIR_API_DESCRIBE_TRANSACTIONS, WEIR_CODE_NOT_COORDINATOR},
        {WEIR_API_DESCRIBE_TRANSACTIONS, WEIR_CODE_COORDINATOR_LOAD_IN_PROGRESS},
        {WEIR_API_OFFSET_FETCH, WEIR_CODE_NOT_COORDINATOR},
        {WEIR_API_OFFSET_FETCH, WEIR_CODE_UNSTABLE_OFFSET_COMMIT},
        {WEIR_API_END_TXN, WEIR_CODE_CONCURRENT_TRANSACTIONS},
    };
    crash_after_prepare(2);
    if (_i < 5)
        peer_script(&d.peer, rows[_i].api, 1, PEER_CODE, rows[_i].code)->times = 3;
    else
        peer_script(&d.peer, rows[_i - 5].api, 1, PEER_DROP, 0)->times = 3;
    drain_start(&d);
    ck_assert_uint_eq(recovery()->committed, 1);
    goes_on(4);
}
END_TEST

START_TEST(what_became_of_it_cannot_be_found_out) {
    crash_after_prepare(2);
    peer_script(&d.peer, WEIR_API_DESCRIBE_TRANSACTIONS, 1, _i ? PEER_DROP : PEER_CODE,
                WEIR_CODE_TRANSACTIONAL_ID_AUTHORIZATION_FAILED)
        ->times = 100000;
    ck_assert_int_eq(drain_new(&d), WEIR_OK);
    ck_assert_int_eq(drain_open(&d), _i ? WEIR_E_UNREACHABLE : WEIR_E_BROKER);
    ck_assert_str_eq(peer_txn_of(&d.peer, "job-0-1", false)->state, "Ongoing"); /* the next start may know more */
}
END_TEST

/* ---- whose ledger ---- */
START_TEST(ledger_of_another_line) {
    crash_after_prepare(2);
    peer_txn_expire(&d.peer, peer_txn_of(&d.peer, "job-0-1", false));
    d.peer.ledger_offset = 7;
    snprintf(d.peer.ledger_metadata, sizeof d.peer.ledger_metadata, "weir1 %s 7 job-0-0 1 1", _i ? "line2" : "lin");
    ck_assert_int_eq(drain_new(&d), WEIR_OK);
    ck_assert_int_eq(drain_open(&d), WEIR_E_FENCED);
    ck_assert_fault(&d, "another line of checkpoints");
}
END_TEST

START_TEST(fresh_start_over_an_old_ledger) {
    crash_after_prepare(2);
    drain_start(&d);
    drain_crash(&d);
    d.restored = 0;
    d.lineage = "new";
    drain_start(&d);
    ck_assert_uint_eq(recovery()->ledger_checkpoint, 0);
    goes_on(4);
    ck_assert_ptr_nonnull(strstr(d.peer.ledger_metadata, "weir1 new 50"));
}
END_TEST

START_TEST(ledger_is_newer_than_the_checkpoint) {
    crash_after_prepare(3);
    drain_start(&d);
    drain_crash(&d);
    d.restored = 2;
    d.committable_count = 0;
    int32_t inits = peer_count(&d.peer, WEIR_API_INIT_PRODUCER_ID);
    ck_assert_int_eq(drain_new(&d), WEIR_OK);
    ck_assert_int_eq(drain_open(&d), WEIR_E_CHECKPOINT);
    ck_assert_fault(&d, "number 2, but the broker has already committed checkpoint 3");
    ck_assert_int_eq(peer_count(&d.peer, WEIR_API_INIT_PRODUCER_ID), inits); /* nothing was touched */
}
END_TEST

static void commit_elsewhere(uint64_t checkpoint) {
    d.peer.ledger_offset = (int64_t)checkpoint;
    snprintf(d.peer.ledger_metadata, sizeof d.peer.ledger_metadata, "weir1 line %d job-0-1 9999 3", (int)checkpoint);
}

/* The EndTxn of an earlier run is still under way when the ledger is read, and arrives before its ids are fenced. */
START_TEST(earlier_run_commits_while_this_one_opens) {
    crash_after_prepare(3);
    d.restored = 2;
    d.ledger = 2;
    d.committable_count = 0;
    int32_t inits = peer_count(&d.peer, WEIR_API_INIT_PRODUCER_ID);
    ck_assert_int_eq(drain_new(&d), WEIR_OK);
    while (peer_count(&d.peer, WEIR_API_INIT_PRODUCER_ID) == inits) {
        ck_assert_int_eq(weir_sink_open(d.sink, d.peer.now), WEIR_AGAIN);
        drain_pass(&d, SECOND / 1000);
    }
    commit_elsewhere(3);
    ck_assert_int_eq(drain_open(&d), WEIR_E_CHECKPOINT);
    ck_assert_fault(&d, "number 2, but the broker has already committed checkpoint 3");
}
END_TEST

/* Two runs from one checkpoint have prepared the same number: the entry of the other is no proof for this one. */
START_TEST(entry_of_another_run_proves_nothing) {
    crash_after_prepare(2);
    peer_txn_expire(&d.peer, peer_txn_of(&d.peer, "job-0-1", false));
    commit_elsewhere(2);
    ck_assert_int_eq(drain_new(&d), WEIR_OK);
    ck_assert_int_eq(drain_open(&d), WEIR_E_CHECKPOINT);
    ck_assert_fault(&d, "none that it knows of");
    ck_assert_uint_eq(recovery()->already_committed, 0);
}
END_TEST

START_TEST(ledger_cannot_be_read) {
    peer_script(&d.peer, WEIR_API_OFFSET_FETCH, 1, PEER_CODE, WEIR_CODE_GROUP_AUTHORIZATION_FAILED);
    ck_assert_int_eq(drain_new(&d), WEIR_OK);
    ck_assert_int_eq(drain_open(&d), WEIR_E_BROKER);
    ck_assert_fault(&d, "the ledger (group 'job-0') could not be read: GROUP_AUTHORIZATION_FAILED");
}
END_TEST

/* Killed after any request of the recovery, the next start ends the same way. */
START_TEST(recovery_may_be_killed_anywhere) {
    static const int16_t apis[] = {WEIR_API_METADATA,         WEIR_API_LIST_TRANSACTIONS,     WEIR_API_OFFSET_FETCH,
                                   WEIR_API_INIT_PRODUCER_ID, WEIR_API_DESCRIBE_TRANSACTIONS, WEIR_API_END_TXN};
    crash_after_prepare(2);
    for (size_t n = 0; n < sizeof apis / sizeof apis[0]; n++) {
        for (int32_t nth = 1; nth <= 4; nth++) {
            peer_rule *rule = peer_script(&d.peer, apis[n], nth, PEER_MUTE, 0);
            ck_assert_int_eq(drain_new(&d), WEIR_OK);
            for (int round = 0; round < 20; round++) {
                (void)weir_sink_open(d.sink, d.peer.now);
                drain_pass(&d, 100000);
            }
            rule->times = 0;
            drain_crash(&d);
        }
    }
    drain_start(&d);
    ck_assert_uint_eq(recovery()->lost, 0);
    ck_assert_uint_eq(recovery()->committed + recovery()->already_committed, 1);
    goes_on(4);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("open");
    TCase *c = tcase_create("open");
    tcase_set_timeout(c, 60);
    tcase_add_checked_fixture(c, set_up, tear_down);
    tcase_add_test(c, topic_is_missing);
    tcase_add_test(c, topic_appears_a_moment_later);
    tcase_add_test(c, topic_has_no_leader_yet);
    tcase_add_test(c, topic_may_not_be_written);
    tcase_add_test(c, nobody_answers);
    tcase_add_loop_test(c, transaction_time_out_above_the_brokers, 0, 2);
    tcase_add_loop_test(c, limits_are_not_told, 0, 2);
    tcase_add_test(c, ids_of_a_prefix);
    tcase_add_test(c, open_transactions_of_the_prefix_are_aborted);
    tcase_add_test(c, brokers_that_cannot_list);
    tcase_add_test(c, listing_is_tried_again);
    tcase_add_test(c, listing_is_refused);
    tcase_add_test(c, fencing_waits_out_the_previous_transaction);
    tcase_add_test(c, fencing_is_refused);
    tcase_add_loop_test(c, prepared_transactions_are_committed, 0, 2);
    tcase_add_test(c, transaction_of_another_instance_is_not_committed);
    tcase_add_test(c, order_of_fencing);
    tcase_add_test(c, already_committed_says_the_ledger);
    tcase_add_loop_test(c, lost_says_the_ledger, 0, 4);
    tcase_add_loop_test(c, newer_transaction_of_the_id_is_open, 0, 4);
    tcase_add_test(c, coordinator_has_forgotten_the_id);
    tcase_add_loop_test(c, committables_beyond_the_pool, 0, 2);
    tcase_add_test(c, committables_are_settled_in_order);
    tcase_add_loop_test(c, settling_meets_trouble, 0, 10);
    tcase_add_loop_test(c, what_became_of_it_cannot_be_found_out, 0, 2);
    tcase_add_loop_test(c, ledger_of_another_line, 0, 2);
    tcase_add_test(c, fresh_start_over_an_old_ledger);
    tcase_add_test(c, ledger_is_newer_than_the_checkpoint);
    tcase_add_test(c, earlier_run_commits_while_this_one_opens);
    tcase_add_test(c, entry_of_another_run_proves_nothing);
    tcase_add_test(c, ledger_cannot_be_read);
    tcase_add_test(c, recovery_may_be_killed_anywhere);
    suite_add_tcase(suite, c);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
