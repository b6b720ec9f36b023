/* Every allocation fails in turn: nothing is lost or leaked, and work goes on when there is memory again. */
#include "checks.h"
#include <stdlib.h>
#include <string.h>

#include "asker.h"

static peer p;
static asker a, b;

#define SECOND 1000000

static void set_up(void) {
    peer_init(&p);
    p.coordinator = 1;
    peer_add_log(&p, "t", 0, 2);
    memset(&a, 0, sizeof a);
    memset(&b, 0, sizeof b);
}

static void tear_down(void) {
    p.memory.fail_count = 0;
    peer_free(&p);
}

/* Connects and asks three things. False when the client could not even be made. */
static bool work(void) {
    weir_fault fault;
    weir_err err = weir_client_new(&p.client, &p.config, &p.budget.alloc, 1, &fault);
    if (err != WEIR_OK) {
        ck_assert_int_eq(err, WEIR_E_NO_MEMORY);
        ck_assert_int_eq(fault.err, WEIR_E_NO_MEMORY);
        p.client = NULL;
        return false;
    }
    weir__topic *topic = NULL;
    for (int n = 0; n < 100 && topic == NULL; n++)
        topic = weir__topic_want(p.client, weir_str_of("t"));
    ck_assert_ptr_nonnull(topic);
    while (weir__coordinator_want(p.client, WEIR_TARGET_TRANSACTION, weir_str_of("x")) == NULL)
        ;
    asker_submit(&a, &p, WEIR_TARGET_ANY, 300 * SECOND);
    asker_submit_txn(&b, &p, "x", 300 * SECOND);
    ck_assert_msg(asker_until(&p, &a.dones, 200 * SECOND), "%s", weir_client_trouble(p.client)->text);
    ck_assert_msg(asker_until(&p, &b.dones, 200 * SECOND), "%s", weir_client_trouble(p.client)->text);
    ck_assert_int_eq(a.err, WEIR_OK);
    ck_assert_int_eq(b.err, WEIR_OK);
    for (int n = 0; n < 100 && topic->partition_count == 0; n++)
        asker_pass(&p, SECOND);
    ck_assert_int_eq(topic->partition_count, 1);
    return true;
}

START_TEST(nth_allocation_fails) {
    ck_assert(work());
    int64_t takes = p.memory.takes;
    tear_down();
    ck_assert_int_gt(takes, 20);
    for (int64_t n = 0; n < takes; n++) {
        set_up();
        p.memory.fail_from = n;
        p.memory.fail_count = _i;
        (void)work();
        tear_down();
    }
    set_up();
}
END_TEST

/* While there is none the client tries now and then, and sleeps in between. */
START_TEST(lack_of_memory_that_lasts_does_not_spin) {
    ck_assert(work());
    int64_t takes = p.memory.takes;
    for (int64_t n = 0; n < takes; n++) {
        weir_fault fault;
        tear_down();
        set_up();
        failing_next(&p.memory, n, FAILING_ON);
        if (weir_client_new(&p.client, &p.config, &p.budget.alloc, 1, &fault) != WEIR_OK) {
            p.client = NULL;
            continue;
        }
        (void)weir__topic_want(p.client, weir_str_of("t"));
        asker_submit(&a, &p, WEIR_TARGET_ANY, 30 * SECOND);
        weir_time_us end = p.now + 20 * SECOND;
        int turns = 0;
        for (weir_client_tick(p.client, p.now); p.now < end; turns++) {
            ck_assert_msg(turns < 2000, "taking %lld: at %lld", (long long)n, (long long)p.now);
            peer_settle(&p);
            peer_wait(&p, SECOND);
        }
        failing_stop(&p.memory);
        ck_assert(asker_until(&p, &a.dones, 200 * SECOND));
    }
}
END_TEST

START_TEST(budget_grows_until_it_is_enough) {
    bool worked = false;
    for (size_t limit = 1000; !worked; limit += 1000) {
        ck_assert_uint_lt(limit, 200000);
        p.budget.limit = limit;
        weir_fault fault;
        if (weir_client_new(&p.client, &p.config, &p.budget.alloc, 1, &fault) == WEIR_OK) {
            asker_submit(&a, &p, WEIR_TARGET_ANY, SECOND);
            worked = asker_until(&p, &a.dones, 5 * SECOND) && a.err == WEIR_OK;
            ck_assert_int_eq(a.dones, 1);
        } else {
            p.client = NULL;
        }
        tear_down();
        set_up();
    }
}
END_TEST

START_TEST(responses_wait_for_memory) {
    uint8_t *space;
    peer_connect(&p);
    asker_call(&p, WEIR_TARGET_ANY, 0);
    asker_submit(&a, &p, WEIR_TARGET_ANY, 300 * SECOND);
    weir_client_tick(p.client, p.now);
    peer_script(&p, WEIR_API_DESCRIBE_CONFIGS, 1, PEER_HOLD, SECOND);
    peer_settle(&p);
    p.budget.limit = p.budget.used; /* not a byte more */
    p.now += SECOND;
    peer_settle(&p);
    ck_assert_int_eq(a.dones, 0);
    ck_assert_uint_eq(weir_client_recv_space(p.client, 0, &space), 0);
    if (_i == 0) {
        p.budget.limit = SIZE_MAX;
        peer_settle(&p);
        ck_assert_int_eq(a.dones, 1);
        ck_assert_int_eq(a.err, WEIR_OK);
        return;
    }
    asker_pass(&p, 35 * SECOND); /* too long: the link is given up, and what is missing is named */
    ck_assert_int_eq(weir_client_trouble(p.client)->err, WEIR_E_NO_MEMORY);
    ck_assert_trouble(&p, "raise the memory budget");
    p.budget.limit = SIZE_MAX;
    ck_assert(asker_until(&p, &a.dones, 60 * SECOND));
    ck_assert_int_eq(a.err, WEIR_OK);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("memory");
    TCase *c = tcase_create("memory");
    tcase_set_timeout(c, 60);
    tcase_add_checked_fixture(c, set_up, tear_down);
    tcase_add_loop_test(c, nth_allocation_fails, 1, 4);
    tcase_add_test(c, lack_of_memory_that_lasts_does_not_spin);
    tcase_add_test(c, budget_grows_until_it_is_enough);
    tcase_add_loop_test(c, responses_wait_for_memory, 0, 2);
    suite_add_tcase(suite, c);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
