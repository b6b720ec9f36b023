/* A job from its first request to its end, through crashes, stops and failures. */
#include "checks.h"
#include <stdlib.h>
#include <string.h>

#include "runner.h"

static runner r;

static void set_up(void) {
    runner_init(&r, 3, 3);
}

static void tear_down(void) {
    runner_free(&r);
}

static void feed(int32_t count) {
    for (int32_t n = 0; n < r.partitions; n++)
        runner_feed(&r, n, count);
}

/* ---- to the end ---- */
START_TEST(copies_everything_once) {
    r.peer.transaction_version = (int16_t)_i;
    feed(100);
    ck_assert_end(&r, runner_life(&r), WEIR_JOB_FINISHED);
    runner_check(&r);
    ck_assert_int_eq(r.started, 1);
    ck_assert_int_eq(r.recovered, 0);
    ck_assert_uint_eq(r.records, 300);
    ck_assert_int_ge((int)r.transactions, 1);
    ck_assert(runner_checkpoint(&r).finished);
    for (int32_t n = 0; n < r.peer.txn_count; n++)
        ck_assert_str_ne(r.peer.txns[n].state, "Ongoing");
}
END_TEST

START_TEST(nothing_to_copy) {
    ck_assert_end(&r, runner_life(&r), WEIR_JOB_FINISHED);
    runner_check(&r);
    ck_assert_uint_eq(r.transactions, 0);
    ck_assert_int_eq(peer_count(&r.peer, WEIR_API_END_TXN), 0);
    ck_assert(runner_checkpoint(&r).finished);
}
END_TEST

START_TEST(finished_jobs_take_up_what_is_new) {
    feed(20);
    ck_assert_end(&r, runner_life(&r), WEIR_JOB_FINISHED);
    uint64_t number = runner_checkpoint(&r).number;
    ck_assert_end(&r, runner_life(&r), WEIR_JOB_FINISHED); /* nothing is new */
    ck_assert_uint_eq(r.restored_checkpoint, number);
    feed(30);
    ck_assert_end(&r, runner_life(&r), WEIR_JOB_FINISHED);
    runner_check(&r);
    ck_assert(runner_checkpoint(&r).finished);
    ck_assert_int_eq(r.recovered, 2);
    ck_assert_uint_eq(r.recovery.lost + r.recovery.committed, 0);
}
END_TEST

/* Broken off before its end, a bounded job keeps the end that it had. */
START_TEST(stop_offsets_hold_over_a_crash) {
    feed(50);
    ck_assert_int_eq(runner_new(&r), WEIR_OK);
    while (r.stores < 1)
        ck_assert(runner_step(&r));
    runner_crash(&r);
    ck_assert(!runner_checkpoint(&r).finished);
    feed(50);
    ck_assert_end(&r, runner_life(&r), WEIR_JOB_FINISHED);
    for (int32_t n = 0; n < 3; n++)
        peer_check_keys(&r.peer, 3 + n, 0, 50);
    ck_assert_end(&r, runner_life(&r), WEIR_JOB_FINISHED);
    runner_check(&r);
}
END_TEST

START_TEST(crash_anywhere) {
    feed(40);
    for (int64_t at = 1;; at++) {
        r.crash_at = at;
        weir_job_end end = runner_life(&r);
        if (!r.crashed) {
            ck_assert_end(&r, end, WEIR_JOB_FINISHED);
            break;
        }
        r.crash_at = at * 7 % 23 + 1; /* and once more on the way back */
        (void)runner_life(&r);
        r.crash_at = 0;
        ck_assert_end(&r, runner_life(&r), WEIR_JOB_FINISHED);
        runner_check(&r);
        ck_assert_int_lt(at, 400);
        if (r.peer.attempt_count > 1500 || r.peer.seen_count > 3000) {
            tear_down();
            set_up();
        }
        if (r.peer.logs[0].batches < 40)
            feed(20);
    }
    runner_check(&r);
}
END_TEST

/* ---- stopping ---- */
START_TEST(stops_on_request) {
    r.config.stop = WEIR_STOP_NEVER;
    feed(60);
    ck_assert_int_eq(runner_new(&r), WEIR_OK);
    for (int n = 0; n < _i && runner_step(&r); n++)
        ;
    weir__job_stop(r.job);
    ck_assert_end(&r, runner_run(&r), WEIR_JOB_STOPPED);
    runner_crash(&r);
    for (int32_t n = 0; n < r.peer.txn_count; n++)
        ck_assert_str_ne(r.peer.txns[n].state, "Ongoing");
    for (int32_t n = 0; n < 3; n++)
        peer_check_keys(&r.peer, 3 + n, 0, peer_committed(&r.peer, 3 + n));
    r.config.stop = WEIR_STOP_LATEST;
    ck_assert_end(&r, runner_life(&r), WEIR_JOB_FINISHED);
    runner_check(&r);
}
END_TEST

START_TEST(unbounded_jobs_go_on) {
    r.config.stop = WEIR_STOP_NEVER;
    ck_assert_int_eq(runner_new(&r), WEIR_OK);
    for (int round = 0; round < 5; round++) {
        feed(10);
        weir_time_us until = r.peer.now + 2 * SECOND;
        while (r.peer.now < until)
            ck_assert(runner_step(&r));
        runner_check(&r);
    }
    weir_job_counters counters;
    weir__job_count(r.job, &counters);
    ck_assert_uint_eq(counters.records_in, 150);
    ck_assert_uint_eq(counters.records_out, 150);
    ck_assert_int_eq(counters.lag, 0);
    ck_assert_uint_eq(counters.transactions_committed, r.transactions);
    int32_t stores = r.stores; /* while nothing comes there is nothing to be stored */
    weir_time_us until = r.peer.now + 20 * SECOND;
    while (r.peer.now < until)
        ck_assert(runner_step(&r));
    ck_assert_int_eq(r.stores, stores);
    weir__job_stop(r.job);
    ck_assert_end(&r, runner_run(&r), WEIR_JOB_STOPPED);
}
END_TEST

/* ---- failures ---- */
START_TEST(checkpoint_cannot_be_stored) {
    feed(60);
    r.fail_store = 1 + _i / 2;
    r.stored_after_all = _i % 2;
    weir_job_end end = runner_life(&r);
    if (r.stores < r.fail_store) {
        ck_assert_end(&r, end, WEIR_JOB_FINISHED);
        return;
    }
    ck_assert_int_eq(end, WEIR_JOB_FAILED);
    ck_assert_int_eq(r.fault.err, WEIR_E_STORE);
    ck_assert_fault(&r, "no space left on device");
    for (int32_t n = 0; n < 3; n++)
        peer_check_keys(&r.peer, 3 + n, 0, peer_committed(&r.peer, 3 + n));
    r.fail_store = 0;
    ck_assert_end(&r, runner_life(&r), WEIR_JOB_FINISHED);
    runner_check(&r);
}
END_TEST

/* The transaction is timed out between the checkpoint and the commit: its records are read once more. */
START_TEST(rewinds_when_a_committable_is_lost) {
    feed(60);
    peer_script(&r.peer, WEIR_API_END_TXN, 1 + _i, PEER_REFUSE, 0)->times = 1000;
    ck_assert_int_eq(runner_new(&r), WEIR_OK);
    for (int n = 0; n < 200 && runner_step(&r); n++)
        ;
    runner_crash(&r);
    memset(r.peer.rules, 0, sizeof r.peer.rules);
    size_t count = 0;
    ck_assert_int_eq(weir_committables_count(runner_checkpoint(&r).committables, &count), WEIR_OK);
    if (count == 0)
        return;
    for (int32_t n = 0; n < r.peer.txn_count; n++)
        if (strcmp(r.peer.txns[n].state, "Ongoing") == 0)
            peer_txn_expire(&r.peer, &r.peer.txns[n]);
    ck_assert_end(&r, runner_life(&r), WEIR_JOB_FINISHED);
    ck_assert_uint_eq(r.recovery.lost, 1);
    ck_assert_int_eq(r.warnings, 1);
    runner_check(&r);
}
END_TEST

START_TEST(source_data_is_gone) {
    feed(20);
    r.config.stop = WEIR_STOP_NEVER;
    ck_assert_int_eq(runner_new(&r), WEIR_OK);
    weir_time_us until = r.peer.now + 2 * SECOND;
    while (r.peer.now < until)
        ck_assert(runner_step(&r));
    runner_crash(&r);
    runner_feed(&r, 1, 20);
    r.peer.logs[1].start = 30;
    ck_assert_end(&r, runner_life(&r), WEIR_JOB_FAILED);
    ck_assert_int_eq(r.fault.err, WEIR_E_LOSS);
    ck_assert_int_eq(r.losses, 1);
    ck_assert_int_eq(r.loss_partition, 1);
    ck_assert_int_eq(r.loss_from, 20);
}
END_TEST

START_TEST(output_has_fewer_partitions) {
    tear_down();
    runner_init(&r, 3, 2);
    feed(5);
    ck_assert_end(&r, runner_life(&r), WEIR_JOB_FAILED);
    ck_assert_int_eq(r.fault.err, WEIR_E_CONFIG);
    ck_assert_fault(&r, "topic 'in' has a partition 2, but output topic 'out' has only 2 partitions");
    ck_assert_int_eq(r.stores, 0);
}
END_TEST

START_TEST(bad_settings) {
    static const char *const words[] = {"needs a name", "needs a name",        "needs a name",       "longer than 200",
                                        "budget",       "writes to one topic", "writes to one topic"};
    static char longest[300];
    memset(longest, 'j', sizeof longest - 1);
    if (_i < 2)
        r.config.name = _i == 0 ? NULL : "";
    if (_i == 2)
        r.config.to = NULL;
    if (_i == 3)
        r.config.name = longest;
    if (_i == 4)
        r.config.memory_budget = 1000000;
    if (_i > 4)
        r.config.to = _i == 5 ? "out,copy" : " , ";
    ck_assert_int_eq(runner_new(&r), WEIR_E_CONFIG);
    ck_assert_fault(&r, words[_i]);
}
END_TEST

START_TEST(properties_go_to_their_side) {
    weir_fault fault;
    ck_assert_int_eq(weir_job_config_set(&r.config, "client.id", "x", &fault), WEIR_OK);
    ck_assert_str_eq(r.config.source.client_id, "x");
    ck_assert_str_eq(r.config.sink.client_id, "x");
    ck_assert_int_eq(weir_job_config_set(&r.config, "sink.client.id", "y", &fault), WEIR_OK);
    ck_assert_str_eq(r.config.source.client_id, "x");
    ck_assert_str_eq(r.config.sink.client_id, "y");
    ck_assert_int_eq(weir_job_config_set(&r.config, "linger.ms", "7", &fault), WEIR_OK);
    ck_assert_int_eq(r.config.sink.linger_ms, 7);
    ck_assert_int_eq(weir_job_config_set(&r.config, "source.linger.ms", "7", &fault), WEIR_E_CONFIG);
    ck_assert_int_eq(weir_job_config_set(&r.config, "lingerms", "7", &fault), WEIR_E_CONFIG);
}
END_TEST

START_TEST(fresh_begins_anew) {
    feed(20);
    ck_assert_end(&r, runner_life(&r), WEIR_JOB_FINISHED);
    uint64_t number = runner_checkpoint(&r).number;
    char lineage[WEIR__LINEAGE_SIZE];
    memcpy(lineage, runner_checkpoint(&r).lineage.p, sizeof lineage - 1);
    r.config.fresh = true;
    r.peer.now += SECOND;
    ck_assert_end(&r, runner_life(&r), WEIR_JOB_FINISHED);
    for (int32_t n = 0; n < 3; n++)
        ck_assert_int_eq(peer_committed(&r.peer, 3 + n), 40);
    ck_assert_uint_gt(runner_checkpoint(&r).number, number);
}
END_TEST

/* The next transaction cannot be begun yet (its id is being initialised): that must not keep the host awake. */
START_TEST(waiting_for_the_sink_costs_no_turns) {
    r.peer.transaction_version = 1;
    r.config.sink.transaction_pool_size = 2;
    r.config.source.fetch_max_bytes = r.config.source.max_partition_fetch_bytes = 1024;
    peer_script(&r.peer, WEIR_API_END_TXN, 1, PEER_DROP, 0)->times = 2;
    peer_script(&r.peer, WEIR_API_INIT_PRODUCER_ID, 3, PEER_HOLD, 20 * (int64_t)SECOND)->times = 2;
    r.config.sink.request_timeout_ms = 40000;
    r.config.stop = WEIR_STOP_NEVER;
    feed(100);
    ck_assert_int_eq(runner_new(&r), WEIR_OK);
    weir_time_us until = r.peer.now + 30 * (weir_time_us)SECOND;
    int64_t turns = 0;
    for (; r.peer.now < until; turns++) {
        if (turns % 50 == 0 && turns < 2000)
            feed(5);
        ck_assert(runner_step(&r));
        ck_assert_int_lt((int)turns, 20000);
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("job");
    TCase *c = tcase_create("job");
    tcase_set_timeout(c, 120);
    tcase_add_checked_fixture(c, set_up, tear_down);
    tcase_add_loop_test(c, copies_everything_once, 0, 3);
    tcase_add_test(c, nothing_to_copy);
    tcase_add_test(c, finished_jobs_take_up_what_is_new);
    tcase_add_test(c, stop_offsets_hold_over_a_crash);
    tcase_add_test(c, crash_anywhere);
    tcase_add_loop_test(c, stops_on_request, 0, 40);
    tcase_add_test(c, unbounded_jobs_go_on);
    tcase_add_loop_test(c, checkpoint_cannot_be_stored, 0, 10);
    tcase_add_loop_test(c, rewinds_when_a_committable_is_lost, 0, 2);
    tcase_add_test(c, source_data_is_gone);
    tcase_add_test(c, output_has_fewer_partitions);
    tcase_add_loop_test(c, bad_settings, 0, 7);
    tcase_add_test(c, properties_go_to_their_side);
    tcase_add_test(c, fresh_begins_anew);
    tcase_add_test(c, waiting_for_the_sink_costs_no_turns);
    suite_add_tcase(suite, c);
    SRunner *all = srunner_create(suite);
    srunner_run_all(all, CK_NORMAL);
    int failed = srunner_ntests_failed(all);
    srunner_free(all);
    return failed != 0;
}
