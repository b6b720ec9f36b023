/* The lives of a job, one after the other, without a cluster behind them. */
#include "checks.h"

#include "lives.h"
#include "runner.h"

static runner r;
static weir__lives lives;
static weir_job_result result;
static const weir_bytes no_files[2];

static void setup(void) {
    runner_init(&r, 1, 1);
    weir__lives_init(&lives, &r.config, &result, &r.peer.budget.alloc, 1);
    ck_assert_int_eq(weir__lives_next(&lives, 0), WEIR__WANT_RESTORE);
}

static void teardown(void) {
    weir__lives_free(&lives);
    runner_free(&r);
}

START_TEST(a_job_without_listener_waits_for_io_alone) {
    weir__lives_restore(&lives, no_files, "memory");
    ck_assert_int_eq(weir__lives_next(&lives, 5), WEIR__WANT_IO);
    ck_assert_int_eq(lives.until, WEIR_NEVER);
}
END_TEST

static bool ask_to_stop(const weir_job_counters *counters, const weir_fault *trouble, void *user) {
    (void)counters;
    (void)trouble;
    (void)user;
    return true;
}

START_TEST(progress_is_told_at_once_and_may_stop_the_job) {
    r.config.on_progress = ask_to_stop;
    weir__lives_init(&lives, &r.config, &result, &r.peer.budget.alloc, 1);
    weir__lives_restore(&lives, no_files, "memory");
    ck_assert_int_eq(weir__lives_next(&lives, 5), WEIR__WANT_IO);
    ck_assert_int_eq(weir__lives_next(&lives, 5), WEIR__WANT_NOTHING);
    ck_assert_int_eq(result.end, WEIR_JOB_STOPPED);
    ck_assert_int_eq(result.fault.err, WEIR_OK);
}
END_TEST

START_TEST(damaged_files_end_it_before_it_begins) {
    weir_bytes files[2] = {{(const uint8_t *)"rubbish", 7}, {NULL, 0}};
    weir__lives_restore(&lives, files, "memory");
    ck_assert_ptr_null(lives.job);
    ck_assert_int_eq(weir__lives_next(&lives, 5), WEIR__WANT_NOTHING);
    ck_assert_int_eq(result.end, WEIR_JOB_FAILED);
    ck_assert_int_eq(result.fault.err, WEIR_E_CHECKPOINT);
}
END_TEST

START_TEST(fresh_forgets_damaged_files) {
    weir_bytes files[2] = {{(const uint8_t *)"rubbish", 7}, {NULL, 0}};
    r.config.fresh = true;
    weir__lives_restore(&lives, files, "memory");
    ck_assert_ptr_nonnull(lives.job);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("pipeline lives");
    TCase *tests = tcase_create("lives");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, a_job_without_listener_waits_for_io_alone);
    tcase_add_test(tests, progress_is_told_at_once_and_may_stop_the_job);
    tcase_add_test(tests, damaged_files_end_it_before_it_begins);
    tcase_add_test(tests, fresh_forgets_damaged_files);
    suite_add_tcase(suite, tests);
    SRunner *all = srunner_create(suite);
    srunner_run_all(all, CK_NORMAL);
    int failed = srunner_ntests_failed(all);
    srunner_free(all);
    return failed != 0;
}
