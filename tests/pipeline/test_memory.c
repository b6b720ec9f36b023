/* Every allocation of a job fails in turn: it finishes, or ends for want of memory, and the next one completes it. */
#include "checks.h"
#include <stdlib.h>
#include <string.h>

#include "runner.h"

static runner r;

static void set_up(void) {
    runner_init(&r, 2, 2);
}

static void tear_down(void) {
    failing_stop(&r.peer.memory);
    runner_free(&r);
}

/* ---- the scenarios, up to the life that is short of memory ---- */
static void feed(int32_t count) {
    for (int32_t n = 0; n < r.partitions; n++)
        runner_feed(&r, n, count);
}

static void plain(void) {
    feed(20);
}

static void compressed(void) {
    static const int codecs[] = {WEIR_COMPRESSION_GZIP, WEIR_COMPRESSION_LZ4, WEIR_COMPRESSION_ZSTD};
    r.config.sink.compression_type = WEIR_COMPRESSION_LZ4;
    for (int32_t n = 0; n < r.partitions; n++)
        for (int c = 0; c < 3; c++)
            peer_append(&r.peer.logs[n], 5, (peer_batch){.compression = codecs[c], .value_size = 200});
}

static void old_version(void) {
    r.peer.transaction_version = 0;
    feed(20);
}

/* A crash with a transaction that is prepared and not committed. */
static void prepared(void) {
    size_t count = 0;
    feed(40);
    peer_script(&r.peer, WEIR_API_END_TXN, 1, PEER_REFUSE, 0)->times = 1000;
    ck_assert_int_eq(runner_new(&r), WEIR_OK);
    for (int n = 0; n < 200 && runner_step(&r); n++)
        ;
    runner_crash(&r);
    memset(r.peer.rules, 0, sizeof r.peer.rules);
    ck_assert_int_eq(weir_committables_count(runner_checkpoint(&r).committables, &count), WEIR_OK);
    ck_assert_uint_eq(count, 1);
}

/* Time-outs of the broker. */
static void expire(void) {
    for (int32_t n = 0; n < r.peer.txn_count; n++)
        if (strcmp(r.peer.txns[n].state, "Ongoing") == 0)
            peer_txn_expire(&r.peer, &r.peer.txns[n]);
}

/* The broker has aborted it since: the job goes back. */
static void lost(void) {
    prepared();
    expire();
}

/* To both topics, with memory of its own. */
static weir_err twice(weir_job *job, const weir_split_batch *from, const weir_record *in, void *user) {
    (void)user;
    weir_record out = *in;
    uint8_t *value = weir_job_scratch(job, 300);
    if (value == NULL)
        return weir_job_reject(job, "no memory for a value");
    memset(value, 'x', 300);
    out.value = (weir_bytes){value, 300};
    weir_err err = weir_job_emit_to(job, 1, from->partition, &out);
    return err == WEIR_OK ? weir_job_emit_to(job, 0, from->partition, in) : err;
}

static void several_topics(void) {
    for (int32_t n = 0; n < 2; n++)
        (void)peer_add_log(&r.peer, "copy", n, n);
    r.config.to = "out,copy";
    r.config.function = twice;
    feed(20);
}

static void (*const scenarios[])(void) = {plain, compressed, old_version, prepared, lost, several_topics};
#define SCENARIOS (int)(sizeof scenarios / sizeof *scenarios)

/* ---- the sweeps ---- */
static void (*scenario)(void);

static void check_outcome(void) {
    runner_check(&r);
    for (int32_t n = 4; n < r.peer.log_count; n++)
        peer_check_keys(&r.peer, n, 0, (int32_t)r.peer.logs[n - 4].end);
}

/* What was prepared for a checkpoint that could not be stored, under the id of the transaction that was lost, stays
   open until the broker ends it: only then the ledger can be read. */
static void complete(int64_t n) {
    weir_job_end end = runner_life(&r);
    if (scenario == lost && end == WEIR_JOB_FAILED && r.fault.err == WEIR_E_UNREACHABLE) {
        expire();
        end = runner_life(&r);
    }
    ck_assert_msg(end == WEIR_JOB_FINISHED, "after %lld: end %d: %s", (long long)n, (int)end, r.fault.text);
    check_outcome();
}

/* So many steps are more than a life takes: a job that waits for memory is killed then. */
#define STEPS_MAX 400

/* A life that finishes, or says that it lacks memory; where that lasts, some time limit may pass first, or it waits. */
static weir_job_end short_life(int64_t n, bool lasting) {
    r.crash_at = lasting ? STEPS_MAX : 0;
    weir_job_end end = runner_new(&r) == WEIR_OK ? runner_run(&r) : WEIR_JOB_FAILED;
    r.crash_at = 0;
    bool timed_out =
        r.fault.err == WEIR_E_UNREACHABLE || r.fault.err == WEIR_E_ABORTED || r.fault.err == WEIR_E_TIMEOUT;
    bool said = r.fault.err == WEIR_E_NO_MEMORY || strstr(r.fault.text, "memory") != NULL;
    ck_assert_msg(end == WEIR_JOB_FINISHED || r.crashed || said || (lasting && timed_out), "%lld: %s: %s", (long long)n,
                  weir_err_name(r.fault.err), r.fault.text);
    ck_assert_ptr_null(strstr(r.fault.text, "18446744073709551615"));
    runner_crash(&r);
    return end;
}

static bool fails(int64_t n, int64_t count) {
    tear_down();
    set_up();
    scenario();
    failing_next(&r.peer.memory, n, count);
    weir_job_end end = short_life(n, count == FAILING_ON);
    bool failed = failing_stop(&r.peer.memory);
    ck_assert(failed || end == WEIR_JOB_FINISHED);
    complete(n);
    return failed;
}

START_TEST(nth_allocation_fails) {
    scenario = scenarios[_i];
    failing_sweep(fails, 0, 1);
}
END_TEST

/* A budget that is too small for the job, by ever less. */
START_TEST(budget_grows_until_it_is_enough) {
    weir_job_end end = WEIR_JOB_FAILED;
    scenario = scenarios[_i];
    for (size_t limit = 0; end != WEIR_JOB_FINISHED; limit += 1 + limit / 40) {
        ck_assert_uint_lt(limit, 10000000);
        tear_down();
        set_up();
        scenario();
        r.peer.budget.limit = r.peer.budget.used + limit;
        end = short_life((int64_t)limit, true);
        r.peer.budget.limit = SIZE_MAX;
        complete((int64_t)limit);
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("memory");
    TCase *c = tcase_create("memory");
    tcase_set_timeout(c, 300);
    tcase_add_checked_fixture(c, set_up, tear_down);
    tcase_add_loop_test(c, nth_allocation_fails, 0, SCENARIOS);
    tcase_add_loop_test(c, budget_grows_until_it_is_enough, 0, SCENARIOS);
    suite_add_tcase(suite, c);
    SRunner *all = srunner_create(suite);
    srunner_run_all(all, CK_NORMAL);
    int failed = srunner_ntests_failed(all);
    srunner_free(all);
    return failed != 0;
}
