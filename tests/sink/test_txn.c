/* Transactions: what is sent under each transaction version, states, the pool, and what an EndTxn may come to. */
#include "checks.h"
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "drain.h"
#include "state.h"

static drain d;

static void set_up(void) {
    drain_init(&d, 3);
    d.peer.config.linger_ms = 0;
}

static void tear_down(void) {
    drain_free(&d);
}

static void under(int16_t version) {
    drain_start_under(&d, version);
}

static int32_t count(int16_t api) {
    return peer_count(&d.peer, api);
}

static void fill(int32_t records) {
    for (int32_t n = 0; n < 3; n++)
        ck_assert_ok(&d, drain_send(&d, n, records));
}

static void committed(int32_t records) {
    for (int32_t n = 0; n < 3; n++)
        peer_check_keys(&d.peer, n, 0, records);
}

/* ---- versions ---- */
START_TEST(requests_fit_the_transaction_version) {
    under((int16_t)_i);
    int32_t inits = count(WEIR_API_INIT_PRODUCER_ID);
    for (uint64_t n = 1; n <= 6; n++) {
        fill(2);
        drain_checkpoint(&d, n);
    }
    committed(12);
    bool two = _i == 2;
    ck_assert_int_eq(count(WEIR_API_ADD_PARTITIONS_TO_TXN) > 0, !two);
    ck_assert_int_eq(count(WEIR_API_ADD_OFFSETS_TO_TXN), two ? 0 : 6);
    ck_assert_int_eq(count(WEIR_API_TXN_OFFSET_COMMIT), 6);
    ck_assert_int_eq(count(WEIR_API_END_TXN), 6);
    ck_assert_int_eq(count(WEIR_API_INIT_PRODUCER_ID), inits + (two ? 0 : 6));
    const peer_seen *seen;
    for (int32_t n = 0; (seen = peer_request(&d.peer, WEIR_API_PRODUCE, n)) != NULL; n++)
        ck_assert(two ? seen->version >= 12 : seen->version < 12);
    for (int32_t n = 0; (seen = peer_request(&d.peer, WEIR_API_END_TXN, n)) != NULL; n++)
        ck_assert(two ? seen->version >= 5 : seen->version < 5);
    for (int32_t n = 0; (seen = peer_request(&d.peer, WEIR_API_TXN_OFFSET_COMMIT, n)) != NULL; n++)
        ck_assert(two ? seen->version >= 5 : seen->version < 5);
    ck_assert_int_eq(d.peer.ledger_offset, 6);
    ck_assert_uint_eq(weir_sink_count(d.sink)->transactions_committed, 6);
}
END_TEST

/* A cluster that runs transaction version 1 on brokers which could do more: the newer verbs must not be used. */
START_TEST(new_brokers_at_an_old_level) {
    d.peer.transaction_version = 1;
    drain_start(&d);
    fill(2);
    drain_checkpoint(&d, 1);
    committed(2);
    ck_assert_int_eq(peer_request(&d.peer, WEIR_API_END_TXN, 0)->version, 4);
    ck_assert_int_eq(peer_request(&d.peer, WEIR_API_PRODUCE, 0)->version, 11);
    ck_assert_int_eq(peer_request(&d.peer, WEIR_API_TXN_OFFSET_COMMIT, 0)->version, 4);
}
END_TEST

START_TEST(partitions_are_added_before_their_first_batch) {
    under(1);
    ck_assert_ok(&d, drain_send(&d, 0, 1));
    drain_pass(&d, 1000);
    ck_assert_ok(&d, drain_send(&d, 0, 1));
    drain_pass(&d, 1000);
    ck_assert_int_eq(count(WEIR_API_ADD_PARTITIONS_TO_TXN), 1);
    ck_assert_ok(&d, drain_send(&d, 1, 1));
    ck_assert_ok(&d, drain_send(&d, 2, 1));
    drain_pass(&d, 1000);
    ck_assert_int_eq(count(WEIR_API_ADD_PARTITIONS_TO_TXN), 2);
    ck_assert_str_eq(peer_request(&d.peer, WEIR_API_ADD_PARTITIONS_TO_TXN, 1)->text, "job-0-0 2 partitions");
    drain_checkpoint(&d, 1);
    ck_assert_ok(&d, drain_send(&d, 0, 1)); /* another transaction: once more */
    drain_checkpoint(&d, 2);
    ck_assert_int_eq(count(WEIR_API_ADD_PARTITIONS_TO_TXN), 3);
    for (int32_t n = 0; n < d.peer.attempt_count; n++)
        ck_assert_int_eq(d.peer.attempts[n].code, 0);
}
END_TEST

static const struct {
    int16_t code;
    weir_err err; /* WEIR_OK: tried again */
} add_rows[] = {
    {WEIR_CODE_CONCURRENT_TRANSACTIONS, WEIR_OK},
    {WEIR_CODE_NOT_COORDINATOR, WEIR_OK},
    {WEIR_CODE_COORDINATOR_LOAD_IN_PROGRESS, WEIR_OK},
    {WEIR_CODE_OPERATION_NOT_ATTEMPTED, WEIR_OK},
    {WEIR_CODE_UNKNOWN_TOPIC_OR_PARTITION, WEIR_OK},
    {WEIR_CODE_INVALID_PRODUCER_EPOCH, WEIR_E_FENCED},
    {WEIR_CODE_PRODUCER_FENCED, WEIR_E_FENCED},
    {WEIR_CODE_TOPIC_AUTHORIZATION_FAILED, WEIR_E_BROKER},
    {WEIR_CODE_INVALID_PRODUCER_ID_MAPPING, WEIR_E_ABORTED},
};

START_TEST(adding_partitions_is_refused) {
    under(1);
    peer_script(&d.peer, WEIR_API_ADD_PARTITIONS_TO_TXN, 1, PEER_CODE, add_rows[_i].code)->times = 2;
    fill(1);
    weir_err err = drain_prepare(&d, 1);
    ck_assert_int_eq(err, add_rows[_i].err);
    if (err != WEIR_OK)
        ck_assert_int_eq(weir_sink_fault(d.sink)->code, add_rows[_i].code);
}
END_TEST

START_TEST(ledger_writes_are_refused) {
    static const struct {
        int16_t api, code;
        weir_err err;
    } rows[] = {
        {WEIR_API_TXN_OFFSET_COMMIT, WEIR_CODE_COORDINATOR_LOAD_IN_PROGRESS, WEIR_OK},
        {WEIR_API_TXN_OFFSET_COMMIT, WEIR_CODE_NOT_COORDINATOR, WEIR_OK},
        {WEIR_API_TXN_OFFSET_COMMIT, WEIR_CODE_UNKNOWN_TOPIC_OR_PARTITION, WEIR_OK},
        {WEIR_API_TXN_OFFSET_COMMIT, WEIR_CODE_CONCURRENT_TRANSACTIONS, WEIR_OK},
        {WEIR_API_TXN_OFFSET_COMMIT, WEIR_CODE_GROUP_AUTHORIZATION_FAILED, WEIR_E_BROKER},
        {WEIR_API_TXN_OFFSET_COMMIT, WEIR_CODE_INVALID_PRODUCER_EPOCH, WEIR_E_FENCED},
        {WEIR_API_TXN_OFFSET_COMMIT, WEIR_CODE_UNKNOWN_MEMBER_ID, WEIR_E_ABORTED},
        {WEIR_API_ADD_OFFSETS_TO_TXN, WEIR_CODE_CONCURRENT_TRANSACTIONS, WEIR_OK},
        {WEIR_API_ADD_OFFSETS_TO_TXN, WEIR_CODE_GROUP_AUTHORIZATION_FAILED, WEIR_E_BROKER},
        {WEIR_API_ADD_OFFSETS_TO_TXN, WEIR_CODE_PRODUCER_FENCED, WEIR_E_FENCED},
    };
    under(1);
    peer_script(&d.peer, rows[_i].api, 1, PEER_CODE, rows[_i].code)->times = 2;
    fill(1);
    weir_err err = drain_prepare(&d, 1);
    ck_assert_msg(err == rows[_i].err, "%s: %s", weir_err_name(err), weir_sink_fault(d.sink)->text);
    if (err == WEIR_OK)
        return;
    ck_assert_int_eq(weir_sink_fault(d.sink)->code, rows[_i].code);
    ck_assert_int_eq(weir_sink_fault(d.sink)->api, rows[_i].api);
    ck_assert_fault(&d, "ledger group 'job-0'");
}
END_TEST

START_TEST(ledger_says_whose_it_is) {
    under(2);
    fill(1);
    ck_assert_ok(&d, drain_prepare(&d, 17));
    peer_txn *txn = peer_txn_of(&d.peer, "job-0-0", false);
    ck_assert_int_eq(txn->offset, 17);
    ck_assert_str_eq(txn->metadata, "weir1 line 17 job-0-0 7000 0");
    ck_assert_int_eq(d.peer.ledger_offset, -1); /* not before the commit */
    ck_assert_ok(&d, drain_commit(&d, 17));
    ck_assert_int_eq(d.peer.ledger_offset, 17);
}
END_TEST

/* ---- states ---- */
START_TEST(state_table) {
    static const char *const may[WEIR__TXN_STATES] = {
        [WEIR__TXN_NEW] = "initialising settling",
        [WEIR__TXN_SETTLING] = "committing initialising new failed",
        [WEIR__TXN_INIT] = "ready failed",
        [WEIR__TXN_READY] = "open",
        [WEIR__TXN_OPEN] = "preparing aborting failed",
        [WEIR__TXN_PREPARING] = "prepared aborting failed",
        [WEIR__TXN_PREPARED] = "committing failed",
        [WEIR__TXN_COMMITTING] = "ready initialising new settling failed",
        [WEIR__TXN_ABORTING] = "initialising failed",
        [WEIR__TXN_FAILED] = "",
    };
    for (int from = 0; from < WEIR__TXN_STATES; from++) {
        for (int to = 0; to < WEIR__TXN_STATES; to++) {
            const char *name = weir__txn_state_names[to];
            const char *at = strstr(may[from], name);
            ck_assert_msg(weir__txn_may((weir__txn_state)from, (weir__txn_state)to) == (at != NULL), "%s -> %s",
                          weir__txn_state_names[from], name);
        }
    }
}
END_TEST

#ifndef NDEBUG
START_TEST(illegal_transitions_stop_the_program) {
    weir__txn txn = {.state = WEIR__TXN_OPEN};
    weir__txn_enter(&txn, WEIR__TXN_INIT);
}
END_TEST
#endif

/* ---- prepare and commit ---- */
START_TEST(next_transaction_fills_while_the_last_commits) {
    weir_committable committable;
    under((int16_t)_i);
    fill(2);
    ck_assert_ok(&d, drain_prepare(&d, 1));
    ck_assert_uint_eq(drain_committables(&d, &committable), 1);
    ck_assert_str_eq(committable.transactional_id, "job-0-0");
    ck_assert_uint_eq(committable.checkpoint, 1);
    ck_assert_uint_eq(committable.records, 6);
    ck_assert_int_eq(committable.transaction_version, _i);
    ck_assert_int_eq(committable.producer_id, peer_txn_of(&d.peer, "job-0-0", false)->producer_id);
    committed(0); /* nothing before the checkpoint is durable */
    peer_script(&d.peer, WEIR_API_END_TXN, 1, PEER_HOLD, 5 * SECOND);
    weir_sink_commit(d.sink, 1, d.peer.now);
    fill(2);
    drain_pass(&d, SECOND);
    ck_assert_uint_eq(weir_sink_uncommitted(d.sink), 1);
    ck_assert_uint_eq(drain_committables(&d, NULL), 1); /* still to be held by checkpoints */
    ck_assert_int_eq(d.peer.txn_count, 4);
    drain_pass(&d, 5 * SECOND);
    ck_assert_uint_eq(weir_sink_uncommitted(d.sink), 0);
    committed(2);
    drain_checkpoint(&d, 2);
    committed(4);
}
END_TEST

START_TEST(commits_that_are_not_due_wait) {
    under(2);
    fill(1);
    ck_assert_ok(&d, drain_prepare(&d, 5));
    weir_sink_commit(d.sink, 4, d.peer.now);
    drain_pass(&d, SECOND);
    ck_assert_int_eq(count(WEIR_API_END_TXN), 0);
    fill(1);
    ck_assert_ok(&d, drain_prepare(&d, 6));
    ck_assert_uint_eq(drain_committables(&d, NULL), 2);
    ck_assert_ok(&d, drain_commit(&d, 6)); /* older ones too */
    committed(2);
    ck_assert_int_eq(d.peer.ledger_offset, 6);
}
END_TEST

/* A ledger entry proves all checkpoints up to its own only because they are committed in their order. */
START_TEST(commits_go_in_order) {
    under(2);
    for (uint64_t n = 1; n <= 3; n++) {
        fill(1);
        ck_assert_ok(&d, drain_prepare(&d, n));
    }
    peer_script(&d.peer, WEIR_API_END_TXN, 1, PEER_CODE, WEIR_CODE_CONCURRENT_TRANSACTIONS)->times = 2;
    ck_assert_ok(&d, drain_commit(&d, 3));
    committed(3);
    static const char *const order[] = {"job-0-0", "job-0-0", "job-0-0", "job-0-1", "job-0-2"};
    for (int32_t n = 0; n < 5; n++)
        ck_assert(strstr(peer_request(&d.peer, WEIR_API_END_TXN, n)->text, order[n]) != NULL);
}
END_TEST

START_TEST(older_transaction_that_was_lost_is_not_taken_for_committed) {
    under(2);
    for (uint64_t n = 1; n <= 2; n++) {
        fill(1);
        ck_assert_ok(&d, drain_prepare(&d, n));
    }
    peer_txn_expire(&d.peer, peer_txn_of(&d.peer, "job-0-0", false));
    ck_assert_int_lt(drain_commit(&d, 2), 0);
    ck_assert_ptr_null(strstr(weir_sink_fault(d.sink)->text, "was committed"));
    committed(0);
}
END_TEST

/* What is durable is committed, even if the transaction behind it has failed meanwhile. */
START_TEST(failure_behind_it_does_not_hold_a_commit_up) {
    under(2);
    fill(1);
    ck_assert_ok(&d, drain_prepare(&d, 1));
    peer_script(&d.peer, WEIR_API_PRODUCE, 1, PEER_CODE, WEIR_CODE_INVALID_RECORD);
    fill(1);
    drain_pass(&d, SECOND);
    ck_assert_int_eq(weir_sink_fault(d.sink)->err, WEIR_E_BROKER);
    weir_sink_commit(d.sink, 1, d.peer.now);
    drain_pass(&d, SECOND);
    committed(1);
    ck_assert_uint_eq(weir_sink_uncommitted(d.sink), 0);
}
END_TEST

START_TEST(sending_waits_for_the_next_id) {
    d.peer.config.transaction_pool_size = 2;
    under(2);
    fill(1);
    ck_assert_ok(&d, drain_prepare(&d, 1));
    fill(1);
    ck_assert_ok(&d, drain_prepare(&d, 2));
    weir_record record = {.key = {(const uint8_t *)"2", 1}};
    ck_assert_int_eq(weir_sink_send(d.sink, 0, 0, &record, d.peer.now), WEIR_AGAIN);
    ck_assert_ok(&d, drain_commit(&d, 2));
    ck_assert_int_eq(weir_sink_send(d.sink, 0, 0, &record, d.peer.now), WEIR_OK);
    drain_checkpoint(&d, 3);
    peer_check_keys(&d.peer, 0, 0, 3);
}
END_TEST

START_TEST(nothing_written_nothing_to_commit) {
    under(2);
    ck_assert_ok(&d, drain_prepare(&d, 1));
    ck_assert_uint_eq(drain_committables(&d, NULL), 0);
    ck_assert_ok(&d, drain_commit(&d, 1));
    ck_assert_int_eq(count(WEIR_API_END_TXN) + count(WEIR_API_TXN_OFFSET_COMMIT), 0);
    fill(1);
    drain_checkpoint(&d, 2);
    ck_assert_ok(&d, drain_prepare(&d, 3));
    ck_assert_uint_eq(drain_committables(&d, NULL), 0);
}
END_TEST

/* ---- EndTxn ---- */
START_TEST(unanswered_commits_are_repeated) {
    static const peer_what what[] = {PEER_DROP, PEER_REFUSE, PEER_CUT};
    under((int16_t)(1 + _i / 3));
    int32_t inits = count(WEIR_API_INIT_PRODUCER_ID);
    fill(1);
    ck_assert_ok(&d, drain_prepare(&d, 1));
    peer_script(&d.peer, WEIR_API_END_TXN, 1, what[_i % 3], 12)->times = 2;
    ck_assert_ok(&d, drain_commit(&d, 1));
    drain_pass(&d, 5 * SECOND);
    committed(1);
    ck_assert_int_eq(count(WEIR_API_END_TXN), 3);
    for (int32_t n = 0; n < 3; n++)
        ck_assert_str_eq(peer_request(&d.peer, WEIR_API_END_TXN, n)->text, "job-0-0 commit epoch 0");
    /* A copy of it may still be on its way: below version 2 only another epoch protects the next transaction. */
    ck_assert_int_eq(count(WEIR_API_INIT_PRODUCER_ID) - inits, _i < 3 ? 1 : 0);
    ck_assert_int_eq(peer_txn_of(&d.peer, "job-0-0", false)->epoch, 1);
    for (uint64_t n = 2; n <= 6; n++) {
        fill(1);
        drain_checkpoint(&d, n);
    }
    committed(6);
}
END_TEST

START_TEST(commits_wait_out_what_passes) {
    static const int16_t codes[] = {WEIR_CODE_CONCURRENT_TRANSACTIONS, WEIR_CODE_COORDINATOR_LOAD_IN_PROGRESS,
                                    WEIR_CODE_NOT_COORDINATOR, WEIR_CODE_COORDINATOR_NOT_AVAILABLE};
    under(2);
    fill(1);
    ck_assert_ok(&d, drain_prepare(&d, 1));
    peer_script(&d.peer, WEIR_API_END_TXN, 1, PEER_CODE, codes[_i])->times = 5;
    ck_assert_ok(&d, drain_commit(&d, 1));
    committed(1);
    ck_assert_int_eq(count(WEIR_API_END_TXN), 6);
}
END_TEST

START_TEST(commit_that_is_never_answered) {
    d.peer.config.transaction_timeout_ms = 60000;
    under(2);
    fill(1);
    ck_assert_ok(&d, drain_prepare(&d, 1));
    peer_script(&d.peer, WEIR_API_END_TXN, 1, PEER_DROP, 0)->times = 100000;
    ck_assert_int_eq(drain_commit(&d, 1), WEIR_E_INDETERMINATE);
    ck_assert_fault(&d, "may or may not be committed");
    committed(1);
}
END_TEST

START_TEST(coordinator_moves_between_prepare_and_commit) {
    under((int16_t)_i);
    fill(1);
    ck_assert_ok(&d, drain_prepare(&d, 1));
    d.peer.down[0] = true;
    d.peer.coordinator = 1;
    ck_assert_ok(&d, drain_commit(&d, 1));
    committed(1);
    ck_assert_int_eq(peer_request(&d.peer, WEIR_API_END_TXN, 0)->broker, 1);
}
END_TEST

/* ---- aborting ---- */
/* A sink that has aborted writes nothing more, since it may have been replaced; the next one does. */
static void goes_on_from(uint64_t checkpoint) {
    ck_assert_int_eq(drain_send(&d, 0, 1), WEIR_E_ABORTED);
    ck_assert_fault(&d, "go on from the last checkpoint");
    drain_crash(&d);
    d.restored = d.ledger = checkpoint;
    drain_start(&d);
    for (int n = 0; n < 3; n++)
        d.next[n] = (int64_t)checkpoint;
    fill(2);
    drain_checkpoint(&d, 2);
    committed((int32_t)checkpoint + 2);
}

START_TEST(open_transactions_are_aborted) {
    under((int16_t)_i);
    fill(1);
    drain_checkpoint(&d, 1);
    fill(3);
    drain_pass(&d, SECOND);
    ck_assert_int_eq(drain_abort(&d), WEIR_OK);
    ck_assert_uint_eq(weir_sink_count(d.sink)->transactions_aborted, 1);
    committed(1);
    ck_assert_int_eq(peer_txn_of(&d.peer, "job-0-1", false)->aborts, 1);
    goes_on_from(1);
}
END_TEST

START_TEST(abort_in_the_middle_of_everything) {
    static const int16_t apis[] = {WEIR_API_PRODUCE, WEIR_API_ADD_PARTITIONS_TO_TXN, WEIR_API_ADD_OFFSETS_TO_TXN,
                                   WEIR_API_TXN_OFFSET_COMMIT};
    under(1);
    peer_script(&d.peer, apis[_i], 1, PEER_HOLD, SECOND);
    fill(3);
    (void)weir_sink_prepare(d.sink, 1, d.peer.now);
    peer_settle(&d.peer);
    ck_assert_int_eq(weir_sink_prepare(d.sink, 1, d.peer.now), WEIR_AGAIN);
    ck_assert_int_eq(drain_abort(&d), WEIR_OK);
    drain_pass(&d, 3 * SECOND);
    ck_assert_ok(&d, weir_sink_tick(d.sink, d.peer.now));
    goes_on_from(0);
}
END_TEST

/* What waits to be sent again must not be sent under the epoch that is gone. */
START_TEST(abort_takes_back_what_was_to_be_sent_again) {
    static const int16_t apis[] = {WEIR_API_ADD_PARTITIONS_TO_TXN, WEIR_API_ADD_OFFSETS_TO_TXN,
                                   WEIR_API_TXN_OFFSET_COMMIT, WEIR_API_PRODUCE};
    under(1);
    peer_script(&d.peer, apis[_i], 1, PEER_CODE,
                _i == 3 ? WEIR_CODE_NOT_ENOUGH_REPLICAS : WEIR_CODE_CONCURRENT_TRANSACTIONS);
    fill(3);
    (void)weir_sink_prepare(d.sink, 1, d.peer.now);
    peer_settle(&d.peer);
    ck_assert_int_eq(drain_abort(&d), WEIR_OK);
    drain_pass(&d, 3 * SECOND);
    ck_assert_ok(&d, weir_sink_tick(d.sink, d.peer.now));
    goes_on_from(0);
}
END_TEST

START_TEST(prepared_transactions_are_not_aborted) {
    under(2);
    fill(1);
    ck_assert_ok(&d, drain_prepare(&d, 1));
    ck_assert_int_eq(drain_abort(&d), WEIR_OK);
    ck_assert_uint_eq(weir_sink_uncommitted(d.sink), 1);
    ck_assert_ok(&d, drain_commit(&d, 1));
    committed(1);
}
END_TEST

START_TEST(failed_transactions_can_still_be_aborted) {
    under(2);
    peer_script(&d.peer, WEIR_API_PRODUCE, 2, PEER_CODE, WEIR_CODE_INVALID_RECORD);
    fill(1);
    ck_assert_int_eq(drain_prepare(&d, 1), WEIR_E_BROKER);
    ck_assert_int_eq(drain_abort(&d), WEIR_OK);
    ck_assert_str_eq(peer_txn_of(&d.peer, "job-0-0", false)->state, "Empty");
    ck_assert_int_eq(peer_txn_of(&d.peer, "job-0-0", false)->aborts, 1);
    committed(0);
}
END_TEST

START_TEST(no_transaction_no_abort) {
    under(2);
    int32_t inits = count(WEIR_API_INIT_PRODUCER_ID);
    ck_assert_int_eq(weir_sink_abort(d.sink, d.peer.now), WEIR_OK);
    drain_pass(&d, SECOND);
    ck_assert_int_eq(count(WEIR_API_INIT_PRODUCER_ID), inits);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("txn");
    TCase *c = tcase_create("txn");
    tcase_set_timeout(c, 60);
    tcase_add_checked_fixture(c, set_up, tear_down);
    tcase_add_loop_test(c, requests_fit_the_transaction_version, 0, 3);
    tcase_add_test(c, new_brokers_at_an_old_level);
    tcase_add_test(c, partitions_are_added_before_their_first_batch);
    tcase_add_loop_test(c, adding_partitions_is_refused, 0, 9);
    tcase_add_loop_test(c, ledger_writes_are_refused, 0, 10);
    tcase_add_test(c, ledger_says_whose_it_is);
    tcase_add_test(c, state_table);
#ifndef NDEBUG
    tcase_add_test_raise_signal(c, illegal_transitions_stop_the_program, SIGABRT);
#endif
    tcase_add_loop_test(c, next_transaction_fills_while_the_last_commits, 1, 3);
    tcase_add_test(c, commits_that_are_not_due_wait);
    tcase_add_test(c, commits_go_in_order);
    tcase_add_test(c, older_transaction_that_was_lost_is_not_taken_for_committed);
    tcase_add_test(c, failure_behind_it_does_not_hold_a_commit_up);
    tcase_add_test(c, sending_waits_for_the_next_id);
    tcase_add_test(c, nothing_written_nothing_to_commit);
    tcase_add_loop_test(c, unanswered_commits_are_repeated, 0, 6);
    tcase_add_loop_test(c, commits_wait_out_what_passes, 0, 4);
    tcase_add_test(c, commit_that_is_never_answered);
    tcase_add_loop_test(c, coordinator_moves_between_prepare_and_commit, 1, 3);
    tcase_add_loop_test(c, open_transactions_are_aborted, 1, 3);
    tcase_add_loop_test(c, abort_in_the_middle_of_everything, 0, 4);
    tcase_add_loop_test(c, abort_takes_back_what_was_to_be_sent_again, 0, 4);
    tcase_add_test(c, prepared_transactions_are_not_aborted);
    tcase_add_test(c, failed_transactions_can_still_be_aborted);
    tcase_add_test(c, no_transaction_no_abort);
    suite_add_tcase(suite, c);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
