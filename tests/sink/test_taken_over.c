/* What it means that the broker refuses what belongs to a transaction: it was committed, it was lost, or its id has a
   newer epoch, given to another instance or by a request of an earlier run that has come late. */
#include "checks.h"
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

static void fill(int32_t records) {
    for (int32_t n = 0; n < 3; n++)
        ck_assert_ok(&d, drain_send(&d, n, records));
}

static void committed(int32_t records) {
    for (int32_t n = 0; n < 3; n++)
        peer_check_keys(&d.peer, n, 0, records);
}

/* ---- EndTxn is refused ---- */
static const int16_t refusals[] = {WEIR_CODE_INVALID_TXN_STATE, WEIR_CODE_INVALID_PRODUCER_ID_MAPPING,
                                   WEIR_CODE_PRODUCER_FENCED, WEIR_CODE_INVALID_PRODUCER_EPOCH};

/* The broker refuses, but the ledger proves the commit: somebody else has the id now. */
START_TEST(refused_after_a_commit) {
    weir_err err = _i < 2 ? WEIR_E_ABORTED : WEIR_E_FENCED; /* only an epoch tells of another instance */
    under(2);
    fill(1);
    ck_assert_ok(&d, drain_prepare(&d, 1));
    peer_script(&d.peer, WEIR_API_END_TXN, 1, PEER_CODE_AFTER, refusals[_i]);
    ck_assert_int_eq(drain_commit(&d, 1), err);
    ck_assert_fault(&d, "checkpoint 1 was committed");
    ck_assert_int_eq(weir_sink_fault(d.sink)->code, refusals[_i]);
    committed(1);
    ck_assert_int_eq(peer_count(&d.peer, WEIR_API_DESCRIBE_TRANSACTIONS), 1);
    ck_assert(strstr(peer_request(&d.peer, WEIR_API_OFFSET_FETCH, 1)->text, "stable") != NULL);
}
END_TEST

/* The broker has timed the prepared transaction out: the job has to go back to its checkpoint. */
START_TEST(refused_after_a_time_out) {
    under((int16_t)(1 + _i / 4));
    fill(2);
    ck_assert_ok(&d, drain_prepare(&d, 9));
    d.peer.now += d.peer.config.transaction_timeout_ms * 1000;
    peer_txn_expire(&d.peer, peer_txn_of(&d.peer, "job-0-0", false));
    peer_script(&d.peer, WEIR_API_END_TXN, 1, PEER_CODE, refusals[_i % 4]);
    ck_assert_int_eq(drain_commit(&d, 9), WEIR_E_ABORTED);
    ck_assert_fault(&d, "transaction 'job-0-0' of checkpoint 9 (6 records)");
    ck_assert_fault(&d, "transaction.timeout.ms (900000)");
    committed(0);
}
END_TEST

/* The id belongs to somebody else now, and the ledger says nothing of a commit. */
START_TEST(refused_after_a_take_over) {
    under(2);
    fill(1);
    ck_assert_ok(&d, drain_prepare(&d, 1));
    peer_txn *txn = peer_txn_of(&d.peer, "job-0-0", false);
    peer_txn_expire(&d.peer, txn); /* InitProducerId of the other instance aborts and, tried again, */
    txn->epoch++;                  /* gives an epoch, */
    txn->state = "Ongoing";        /* which is in use now */
    ck_assert_int_eq(drain_commit(&d, 1), WEIR_E_FENCED);
    ck_assert_fault(&d, "taken over");
}
END_TEST

/* ---- a newer epoch, soon after this run has begun ---- */
/* InitProducerId for the id of the second transaction, sent by a run that is dead. */
static void late_init(void) {
    peer_txn_expire(&d.peer, peer_txn_of(&d.peer, "job-0-1", false));
}

START_TEST(request_of_an_earlier_run_comes_late) {
    under((int16_t)(1 + _i));
    fill(1);
    drain_checkpoint(&d, 1);
    late_init();
    fill(1);
    ck_assert_int_eq(drain_prepare(&d, 2), WEIR_E_ABORTED);
    ck_assert_fault(&d, "has come late");
}
END_TEST

START_TEST(request_of_an_earlier_run_comes_late_for_a_commit) {
    under((int16_t)(1 + _i / 2));
    fill(1);
    drain_checkpoint(&d, 1);
    fill(1);
    ck_assert_ok(&d, drain_prepare(&d, 2));
    if (_i % 2)
        peer_script(&d.peer, WEIR_API_END_TXN, 1, PEER_CODE_AFTER, WEIR_CODE_PRODUCER_FENCED);
    else
        late_init();
    ck_assert_int_eq(drain_commit(&d, 2), WEIR_E_ABORTED);
    ck_assert_fault(&d, "has come late");
    committed(_i % 2 ? 2 : 1);
}
END_TEST

/* The broker took the epoch when every request of an earlier run had come to an end: it was another instance. */
START_TEST(newer_epoch_long_after_the_start) {
    under((int16_t)(1 + _i));
    fill(1);
    drain_checkpoint(&d, 1);
    drain_pass(&d, d.peer.config.request_timeout_ms * 1000);
    fill(1);
    drain_pass(&d, SECOND);
    late_init();
    fill(1);
    ck_assert_int_eq(drain_prepare(&d, 2), WEIR_E_FENCED);
    ck_assert_fault(&d, "another instance");
}
END_TEST

START_TEST(settling_waits_for_a_stable_ledger) {
    under(2);
    fill(1);
    ck_assert_ok(&d, drain_prepare(&d, 1));
    peer_script(&d.peer, WEIR_API_END_TXN, 1, PEER_CODE_AFTER, WEIR_CODE_PRODUCER_FENCED);
    peer_script(&d.peer, WEIR_API_OFFSET_FETCH, 1, PEER_CODE, WEIR_CODE_UNSTABLE_OFFSET_COMMIT)->times = 4;
    ck_assert_int_eq(drain_commit(&d, 1), WEIR_E_FENCED);
    ck_assert_fault(&d, "checkpoint 1 was committed");
    ck_assert_int_eq(peer_count(&d.peer, WEIR_API_OFFSET_FETCH), 7); /* two of them when it was opened */
}
END_TEST

START_TEST(brokers_that_cannot_describe) {
    d.peer.offered[WEIR_API_DESCRIBE_TRANSACTIONS] = -1;
    under(1);
    fill(1);
    ck_assert_ok(&d, drain_prepare(&d, 1));
    peer_script(&d.peer, WEIR_API_END_TXN, 1, PEER_CODE_AFTER, WEIR_CODE_PRODUCER_FENCED);
    ck_assert_int_eq(drain_commit(&d, 1), WEIR_E_FENCED);
    ck_assert_fault(&d, "checkpoint 1 was committed");
}
END_TEST

/* Below version 2 it is the client that gives each transaction an epoch of its own. */
START_TEST(no_epoch_serves_two_transactions) {
    under((int16_t)_i);
    int32_t inits = peer_count(&d.peer, WEIR_API_INIT_PRODUCER_ID);
    int16_t epoch = peer_txn_of(&d.peer, "job-0-0", false)->epoch;
    for (uint64_t n = 1; n <= 5; n++) {
        fill(1);
        drain_checkpoint(&d, n);
    }
    drain_pass(&d, SECOND);
    committed(5);
    ck_assert_int_eq(peer_count(&d.peer, WEIR_API_INIT_PRODUCER_ID), inits + (_i < 2 ? 5 : 0));
    ck_assert_int_eq(peer_txn_of(&d.peer, "job-0-0", false)->epoch, epoch + 2);
}
END_TEST

/* Another instance has come between a commit and the new epoch that it calls for: it is not robbed of the id. */
START_TEST(taken_over_before_the_new_epoch) {
    under(1);
    fill(1);
    drain_checkpoint(&d, 1);
    fill(1);
    ck_assert_ok(&d, drain_prepare(&d, 2));
    peer_script(&d.peer, WEIR_API_END_TXN, 1, PEER_DROP, 0);
    peer_script(&d.peer, WEIR_API_INIT_PRODUCER_ID, 1, PEER_REFUSE, 0);
    (void)drain_commit(&d, 2);
    committed(2);
    late_init(); /* that of the other instance */
    int16_t epoch = peer_txn_of(&d.peer, "job-0-1", false)->epoch;
    drain_pass(&d, SECOND);
    ck_assert_int_eq(weir_sink_tick(d.sink, d.peer.now), WEIR_E_ABORTED);
    ck_assert_fault(&d, "InitProducerId for transactional id 'job-0-1' was refused: PRODUCER_FENCED");
    ck_assert_int_eq(peer_txn_of(&d.peer, "job-0-1", false)->epoch, epoch);
}
END_TEST

/* The coordinator has forgotten the id, and gives a new producer id to whoever asks: also to one who was replaced. */
START_TEST(forgotten_before_the_new_epoch) {
    under(1);
    fill(1);
    ck_assert_ok(&d, drain_prepare(&d, 1));
    peer_script(&d.peer, WEIR_API_INIT_PRODUCER_ID, 1, PEER_REFUSE, 0);
    (void)drain_commit(&d, 1);
    memcpy(peer_txn_of(&d.peer, "job-0-0", false)->id, "gone", 5);
    drain_pass(&d, SECOND);
    ck_assert_int_eq(weir_sink_tick(d.sink, d.peer.now), WEIR_E_ABORTED);
    ck_assert_fault(&d, "forgotten transactional id 'job-0-0'");
}
END_TEST

/* Before Kafka 2.5 nobody can ask for the epoch after his own: it stays, unless a copy of a request may still arrive.
 */
START_TEST(broker_without_a_next_epoch) {
    static const int16_t apis[] = {WEIR_API_ADD_PARTITIONS_TO_TXN, WEIR_API_ADD_OFFSETS_TO_TXN,
                                   WEIR_API_TXN_OFFSET_COMMIT, WEIR_API_END_TXN, WEIR_API_METADATA};
    bool again = apis[_i] != WEIR_API_METADATA;
    d.peer.offered[WEIR_API_INIT_PRODUCER_ID] = 2;
    under(1);
    int32_t inits = peer_count(&d.peer, WEIR_API_INIT_PRODUCER_ID);
    peer_script(&d.peer, apis[_i], 1, PEER_DROP, 0);
    fill(1);
    ck_assert_ok(&d, drain_prepare(&d, 1));
    (void)drain_commit(&d, 1);
    drain_pass(&d, SECOND);
    ck_assert_int_eq(weir_sink_tick(d.sink, d.peer.now), again ? WEIR_E_ABORTED : WEIR_OK);
    if (again)
        ck_assert_fault(&d, "transaction 'job-0-0' was not answered");
    committed(1);
    ck_assert_int_eq(peer_count(&d.peer, WEIR_API_INIT_PRODUCER_ID), inits);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("taken over");
    TCase *c = tcase_create("taken over");
    tcase_set_timeout(c, 60);
    tcase_add_checked_fixture(c, set_up, tear_down);
    tcase_add_loop_test(c, refused_after_a_commit, 0, 4);
    tcase_add_loop_test(c, refused_after_a_time_out, 0, 8);
    tcase_add_test(c, refused_after_a_take_over);
    tcase_add_loop_test(c, request_of_an_earlier_run_comes_late, 0, 2);
    tcase_add_loop_test(c, request_of_an_earlier_run_comes_late_for_a_commit, 0, 4);
    tcase_add_loop_test(c, newer_epoch_long_after_the_start, 0, 2);
    tcase_add_test(c, settling_waits_for_a_stable_ledger);
    tcase_add_test(c, brokers_that_cannot_describe);
    tcase_add_loop_test(c, no_epoch_serves_two_transactions, 0, 3);
    tcase_add_test(c, taken_over_before_the_new_epoch);
    tcase_add_test(c, forgotten_before_the_new_epoch);
    tcase_add_loop_test(c, broker_without_a_next_epoch, 0, 5);
    suite_add_tcase(suite, c);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
