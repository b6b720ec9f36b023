/* Where coordinators are, and what the transaction coordinator tells. */
#include "bench.h"
#include "pattern.h"
#include "txn.h"

#include <stdlib.h>

static bench b;

#define ck_assert_code(expr, name) ck_assert_str_eq(weir_code_name(expr), name)

static int16_t init(const char *id) {
    weir_init_producer_id_request in = {weir_str_of(id), 60000, -1, -1, false, false};
    weir_init_producer_id_response out;
    (void)bench_ask(&b, weir__serve_init_producer_id, WEIR_API_INIT_PRODUCER_ID, 4, &in, &out);
    return out.error_code;
}

static weir_find_coordinator_response find(int16_t version, int8_t type, weir_str key) {
    weir_find_coordinator_request in = {key, type, {&key, 1}};
    weir_find_coordinator_response out;
    ck_assert_int_eq(bench_ask(&b, weir__serve_find_coordinator, WEIR_API_FIND_COORDINATOR, version, &in, &out),
                     WEIR__ANSWERED);
    return out;
}

/* Numbers that Java gives: Math.abs("...".hashCode()) % 50. */
START_TEST(spread) {
    bench_init(&b, 2);
    b.config.coordinators = 50;
    bench_start(&b);
    ck_assert_int_eq(weir__key_partition(b.model, S("")), 0);
    ck_assert_int_eq(weir__key_partition(b.model, S("a")), 97 % 50);
    ck_assert_int_eq(weir__key_partition(b.model, S("hello")), 99162322 % 50);
    ck_assert_int_eq(weir__key_partition(b.model, S("transaction")), 2141246174 % 50);
    ck_assert_int_eq(weir__key_partition(b.model, S("polygenelubricants")), 0); /* the number without an opposite */
    ck_assert_int_eq(weir__key_partition(b.model, S("\xf0\x9f\x98\x80")), 1772899 % 50);
    bench_free(&b);
}
END_TEST

START_TEST(find_it) {
    bench_init(&b, 2);
    bench_start(&b);
    weir_find_coordinator_response out = find(6, 1, S("x"));
    ck_assert_int_eq(out.coordinators.count, 1);
    ck_assert_int_eq(out.coordinators.items[0].node_id, 1);
    ck_assert_int_eq(out.coordinators.items[0].port, b.config.port);
    out = find(3, 0, S("x"));
    ck_assert_int_eq(out.node_id, 2);
    ck_assert_int_eq(out.port, b.config.port + 1);
    ck_assert_code(find(6, 2, S("x")).coordinators.items[0].error_code, "INVALID_REQUEST");
    bench_free(&b);
}
END_TEST

START_TEST(moved) {
    bench_init(&b, 2);
    bench_start(&b);
    ck_assert_code(init("x"), "NONE");
    weir__model_move_coordinators(b.model, 0, 3, 50 * MS, b.now);
    ck_assert_code(init("x"), "NOT_COORDINATOR");
    ck_assert_int_eq(find(3, 1, S("x")).node_id, 3);
    b.broker = 3;
    ck_assert_code(init("x"), "COORDINATOR_LOAD_IN_PROGRESS");
    ck_assert_code(weir__txn_verify(b.model, S("x"), 0, 0, S("t"), 0, true, b.now), "COORDINATOR_LOAD_IN_PROGRESS");
    bench_pass(&b, 50 * MS);
    ck_assert_code(init("x"), "NONE");
    bench_free(&b);
}
END_TEST

START_TEST(lost_and_found) {
    bench_init(&b, 2);
    bench_start(&b);
    ck_assert_code(init("x"), "NONE");
    ck_assert_code(weir__txn_verify(b.model, S("x"), 0, 0, S("t"), 0, true, b.now), "NONE");
    weir__coordinators_leave(b.model, 1, b.now);
    ck_assert_code(find(4, 1, S("x")).coordinators.items[0].error_code, "COORDINATOR_NOT_AVAILABLE");
    ck_assert_code(find(3, 1, S("x")).error_code, "COORDINATOR_NOT_AVAILABLE");
    ck_assert_code(weir__txn_verify(b.model, S("x"), 0, 0, S("t"), 0, true, b.now), "COORDINATOR_NOT_AVAILABLE");
    bench_pass(&b, (int64_t)100000 * MS);
    weir__model_transaction txn;
    ck_assert(weir__model_transaction_at(b.model, 0, &txn));
    ck_assert_str_eq(txn.state, "Ongoing"); /* nobody looks at the clock */
    weir__coordinators_move(b.model, b.now);
    bench_pass(&b, 20 * MS);
    ck_assert(weir__model_transaction_at(b.model, 0, &txn));
    ck_assert_str_eq(txn.state, "CompleteAbort");
    bench_free(&b);
}
END_TEST

/* ---- what is told of transactions ---- */
START_TEST(described) {
    bench_init(&b, 2);
    b.config.wall_clock_ms = 1000000;
    bench_start(&b);
    ck_assert_code(init("x"), "NONE");
    b.now = 7 * MS;
    for (int32_t n = 0; n < 3; n++)
        ck_assert_code(weir__txn_verify(b.model, S("x"), 0, 0, S("t"), n, true, b.now), "NONE");
    weir_str ids[] = {S("x"), S("y"), S("")};
    weir_describe_transactions_request in = {{ids, 3}};
    weir_describe_transactions_response out;
    (void)bench_ask(&b, weir__serve_describe_transactions, WEIR_API_DESCRIBE_TRANSACTIONS, 0, &in, &out);
    ck_assert_int_eq(out.transaction_states.count, 3);
    ck_assert(weir_str_equal(out.transaction_states.items[0].transaction_state, S("Ongoing")));
    ck_assert_int_eq(out.transaction_states.items[0].transaction_start_time_ms, 1000007);
    ck_assert_int_eq(out.transaction_states.items[0].transaction_timeout_ms, 60000);
    ck_assert_int_eq(out.transaction_states.items[0].topics.count, 1);
    ck_assert_int_eq(out.transaction_states.items[0].topics.items[0].partitions.count, 3);
    ck_assert_code(out.transaction_states.items[1].error_code, "TRANSACTIONAL_ID_NOT_FOUND");
    ck_assert_code(out.transaction_states.items[2].error_code, "INVALID_REQUEST");
    bench_free(&b);
}
END_TEST

static weir_list_transactions_response list(weir_list_transactions_request in) {
    weir_list_transactions_response out;
    ck_assert_int_eq(bench_ask(&b, weir__serve_list_transactions, WEIR_API_LIST_TRANSACTIONS, 2, &in, &out),
                     WEIR__ANSWERED);
    return out;
}

START_TEST(listed) {
    bench_init(&b, 2);
    bench_start(&b);
    ck_assert_code(init("job-1"), "NONE");
    ck_assert_code(init("job-2"), "NONE");
    ck_assert_code(init("other"), "NONE");
    ck_assert_code(weir__txn_verify(b.model, S("job-2"), 1, 0, S("t"), 0, true, b.now), "NONE");
    weir_list_transactions_request all = {.duration_filter = -1};
    ck_assert_int_eq(list(all).transaction_states.count, 3);
    weir_list_transactions_request some = all;
    weir_str states[] = {S("Ongoing"), S("Nonsense")};
    some.state_filters.items = states;
    some.state_filters.count = 2;
    weir_list_transactions_response out = list(some);
    ck_assert_int_eq(out.transaction_states.count, 1);
    ck_assert(weir_str_equal(out.transaction_states.items[0].transactional_id, S("job-2")));
    ck_assert_int_eq(out.unknown_state_filters.count, 1);
    some = all;
    some.producer_id_filters.items = (int64_t[]){0, 2};
    some.producer_id_filters.count = 2;
    ck_assert_int_eq(list(some).transaction_states.count, 2);
    some = all;
    some.transactional_id_pattern = S("job-.*");
    ck_assert_int_eq(list(some).transaction_states.count, 2);
    some.transactional_id_pattern = S("*");
    ck_assert_code(list(some).error_code, "INVALID_REGULAR_EXPRESSION");
    b.broker = 2;
    ck_assert_int_eq(list(all).transaction_states.count, 0);
    bench_free(&b);
}
END_TEST

START_TEST(patterns) {
    static const struct {
        const char *pattern, *text;
        bool matches;
    } cases[] = {
        {"", "", true},
        {"a", "a", true},
        {"a", "ab", false},
        {"a.c", "abc", true},
        {"a\\.c", "abc", false},
        {"a\\.c", "a.c", true},
        {"a*", "", true},
        {"a*", "aaa", true},
        {"a+", "", false},
        {"a+b", "aab", true},
        {"a?b", "b", true},
        {"a?b", "aab", false},
        {".*x", "yxyx", true},
        {"[a-c]+", "abc", true},
        {"[^a-c]", "d", true},
        {"[^a-c]", "b", false},
        {"[]x]", "]", true},
        {"a.*b.*c", "axxbyyc", true},
        {"a.*b.*c", "axxbyy", false},
    };
    for (size_t n = 0; n < sizeof cases / sizeof *cases; n++) {
        ck_assert(weir__pattern_valid(weir_str_of(cases[n].pattern)));
        ck_assert_msg(weir__pattern_matches(weir_str_of(cases[n].pattern), weir_str_of(cases[n].text)) ==
                          cases[n].matches,
                      "%s %s", cases[n].pattern, cases[n].text);
    }
    static const char *const bad[] = {"*", "a**", "(a)", "a|b", "[a", "\\", "a{2}"};
    for (size_t n = 0; n < sizeof bad / sizeof *bad; n++)
        ck_assert_msg(!weir__pattern_valid(weir_str_of(bad[n])), "%s", bad[n]);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("model coordinators");
    TCase *tests = tcase_create("places");
    tcase_add_test(tests, spread);
    tcase_add_test(tests, find_it);
    tcase_add_test(tests, moved);
    tcase_add_test(tests, lost_and_found);
    tcase_add_test(tests, described);
    tcase_add_test(tests, listed);
    tcase_add_test(tests, patterns);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
