/* Every allocation fails in turn: an error or a pause, never a record lost, written twice or leaked. */
#include "checks.h"
#include <stdlib.h>
#include <string.h>

#include "drain.h"

static drain d;

static void set_up(void) {
    drain_init(&d, 2);
    d.peer.config.linger_ms = 0;
    d.peer.config.batch_size = 4096;
    d.step = 50000;
}

static void tear_down(void) {
    d.peer.memory.fail_count = 0;
    drain_free(&d);
}

/* A life of a sink: two transactions, a crash, a recovery, another one. Returns at the first error. */
static weir_err live(void) {
    static weir_committable held[4];
    weir_err err = drain_new(&d);
    if (err == WEIR_OK)
        err = drain_open(&d);
    for (uint64_t n = 1; n <= 2 && err == WEIR_OK; n++) {
        for (int32_t p = 0; p < 2 && err == WEIR_OK; p++)
            err = drain_send(&d, p, 40);
        if (err == WEIR_OK)
            err = drain_prepare(&d, n);
        if (err == WEIR_OK && n == 1)
            err = drain_commit(&d, n);
    }
    if (err != WEIR_OK)
        return err;
    d.committable_count = drain_committables(&d, held);
    d.committables = held;
    d.restored = 2;
    drain_crash(&d);
    err = drain_new(&d);
    if (err == WEIR_OK)
        err = drain_open(&d);
    if (err == WEIR_OK)
        err = drain_send(&d, 0, 5);
    if (err == WEIR_OK)
        err = drain_prepare(&d, 3);
    return err == WEIR_OK ? drain_commit(&d, 3) : err;
}

static void whole(void) {
    peer_check_keys(&d.peer, 0, 0, 85);
    peer_check_keys(&d.peer, 1, 0, 80);
}

START_TEST(nth_allocation_fails) {
    d.peer.transaction_version = (int16_t)(1 + _i % 2);
    d.peer.config.compression_type = _i / 2 ? WEIR_COMPRESSION_LZ4 : WEIR_COMPRESSION_NONE;
    ck_assert_int_eq(live(), WEIR_OK);
    whole();
    int64_t takes = d.peer.memory.takes;
    int32_t survived = 0;
    for (int64_t n = 0; n < takes; n++) {
        weir_config config = d.peer.config;
        tear_down();
        set_up();
        d.peer.config = config;
        d.peer.transaction_version = (int16_t)(1 + _i % 2);
        d.peer.memory.fail_from = n;
        d.peer.memory.fail_count = 1 + n % 3;
        weir_err err = live();
        if (err == WEIR_OK)
            whole();
        ck_assert_msg(err == WEIR_OK || err == WEIR_E_NO_MEMORY || d.sink == NULL, "%lld: %s: %s", (long long)n,
                      weir_err_name(err), d.sink != NULL ? weir_sink_fault(d.sink)->text : "");
        survived += err == WEIR_OK;
    }
    ck_assert_int_gt(survived, takes / 3);
}
END_TEST

/* Whatever it is that there is no memory for, and never will be: the error of the opening names it. */
START_TEST(opening_without_memory_says_so) {
    bool opened = false;
    for (int64_t n = 0; !opened; n++) {
        tear_down();
        set_up();
        failing_next(&d.peer.memory, n, FAILING_ON);
        weir_err err = drain_new(&d);
        if (err == WEIR_OK)
            err = drain_open(&d);
        opened = err == WEIR_OK;
        const char *text = d.sink != NULL ? weir_sink_fault(d.sink)->text : "memory";
        ck_assert_msg(opened || err == WEIR_E_NO_MEMORY || strstr(text, "memory") != NULL, "%lld: %s: %s", (long long)n,
                      weir_err_name(err), text);
    }
}
END_TEST

/* Short of memory for a while, in the middle of writing: back-pressure. */
START_TEST(budget_is_used_up_for_a_while) {
    drain_start(&d);
    ck_assert_ok(&d, drain_send(&d, 0, 40));
    drain_pass(&d, SECOND);
    d.peer.budget.limit = d.peer.budget.used + (size_t)_i * 300;
    weir_record record = {.key = {(const uint8_t *)"0", 1}};
    weir_err err = WEIR_OK;
    for (int n = 0; n < 2000 && err == WEIR_OK; n++)
        err = weir_sink_send(d.sink, 0, 1, &record, d.peer.now);
    ck_assert_int_eq(err, WEIR_AGAIN);
    for (int n = 0; n < 20; n++)
        drain_pass(&d, 100000);
    ck_assert_int_eq(weir_sink_fault(d.sink)->err, WEIR_OK);
    d.peer.budget.limit = SIZE_MAX;
    ck_assert_ok(&d, drain_send(&d, 0, 10));
    drain_checkpoint(&d, 1);
    peer_check_keys(&d.peer, 0, 0, 50);
}
END_TEST

/* Nothing is under way that would make room: that is an error in the end, and the host wakes for it. */
START_TEST(budget_is_used_up_for_good) {
    weir_record record = {.key = {(const uint8_t *)"0", 1}};
    drain_start(&d);
    drain_pass(&d, SECOND);
    d.peer.budget.limit = d.peer.budget.used;
    weir_time_us begin = d.peer.now;
    weir_err err = weir_sink_send(d.sink, 0, 0, &record, d.peer.now);
    ck_assert_int_eq(err, WEIR_AGAIN);
    ck_assert(weir_sink_deadline(d.sink) <= begin + 30 * SECOND);
    while (err == WEIR_AGAIN && d.peer.now < begin + 60 * SECOND) {
        drain_pass(&d, SECOND);
        err = weir_sink_send(d.sink, 0, 0, &record, d.peer.now);
    }
    ck_assert_int_eq(err, WEIR_E_NO_MEMORY);
    ck_assert(d.peer.now >= begin + 30 * SECOND);
    ck_assert_fault(&d, "raise it");
}
END_TEST

/* The host sleeps until the deadline that it is given: what found no memory must be tried again by itself. */
START_TEST(sending_finds_no_memory_for_a_moment) {
    d.peer.transaction_version = (int16_t)(1 + _i % 2);
    d.peer.config.linger_ms = 5;
    drain_start(&d);
    ck_assert_ok(&d, drain_send(&d, 0, 1));
    d.peer.memory.fail_from = d.peer.memory.takes + _i / 2;
    d.peer.memory.fail_count = 1;
    drain_pass(&d, 30 * SECOND); /* at the worst a new connection is given up and made again */
    ck_assert_int_eq(d.peer.attempt_count, 1);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("memory");
    TCase *c = tcase_create("memory");
    tcase_set_timeout(c, 120);
    tcase_add_checked_fixture(c, set_up, tear_down);
    tcase_add_loop_test(c, nth_allocation_fails, 0, 4);
    tcase_add_test(c, opening_without_memory_says_so);
    tcase_add_loop_test(c, budget_is_used_up_for_a_while, 0, 12);
    tcase_add_test(c, budget_is_used_up_for_good);
    tcase_add_loop_test(c, sending_finds_no_memory_for_a_moment, 0, 12);
    suite_add_tcase(suite, c);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
