#include "aborted.h"

#include "checks.h"
#include <stdlib.h>

typedef weir_fetch_response_aborted_transaction transaction;

START_TEST(unsorted_list_is_worked_off_in_order) {
    transaction list[] = {{7, 30}, {5, 10}, {7, 2}, {6, 20}};
    weir__aborted a;
    weir__aborted_init(&a, list, 4);
    weir__aborted_reach(&a, 1);
    ck_assert(!weir__aborted_has(&a, 7));
    weir__aborted_reach(&a, 2);
    ck_assert(weir__aborted_has(&a, 7));
    ck_assert(!weir__aborted_has(&a, 5));
    weir__aborted_end(&a, 7);
    ck_assert(!weir__aborted_has(&a, 7));
    weir__aborted_reach(&a, 25);
    ck_assert(weir__aborted_has(&a, 5) && weir__aborted_has(&a, 6));
    ck_assert(!weir__aborted_has(&a, 7));
    weir__aborted_reach(&a, 30);
    ck_assert(weir__aborted_has(&a, 7));
}
END_TEST

START_TEST(duplicates_and_double_markers_are_harmless) {
    transaction list[] = {{5, 10}, {5, 10}, {5, 11}, {5, 40}};
    weir__aborted a;
    weir__aborted_init(&a, list, 4);
    weir__aborted_reach(&a, 20);
    ck_assert(weir__aborted_has(&a, 5));
    weir__aborted_end(&a, 5);
    weir__aborted_end(&a, 5);
    ck_assert(!weir__aborted_has(&a, 5));
    weir__aborted_reach(&a, 40);
    ck_assert(weir__aborted_has(&a, 5));
}
END_TEST

START_TEST(null_and_empty_lists) {
    weir__aborted a;
    weir__aborted_init(&a, NULL, -1);
    weir__aborted_reach(&a, INT64_MAX);
    ck_assert(!weir__aborted_has(&a, 5));
    weir__aborted_end(&a, 5);
}
END_TEST

/* Against a plain set, with many producers in random order. */
START_TEST(agrees_with_a_plain_set) {
    enum {
        N = 500,
        PRODUCERS = 40
    };
    static transaction list[N], copy[N];
    unsigned state = 12345;
    for (int n = 0; n < N; n++) {
        state = state * 1103515245u + 12345u;
        list[n] = copy[n] = (transaction){(int64_t)(state >> 16) % PRODUCERS, (int64_t)(state >> 8) % 1000};
    }
    weir__aborted a;
    weir__aborted_init(&a, list, N);
    bool active[PRODUCERS] = {false};
    for (int64_t offset = 0; offset < 1000; offset++) {
        for (int n = 0; n < N; n++)
            if (copy[n].first_offset == offset)
                active[copy[n].producer_id] = true;
        weir__aborted_reach(&a, offset);
        for (int p = 0; p < PRODUCERS; p++)
            ck_assert(weir__aborted_has(&a, p) == active[p]);
        active[offset % PRODUCERS] = false;
        weir__aborted_end(&a, offset % PRODUCERS);
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("aborted");
    TCase *c = tcase_create("filter");
    tcase_add_test(c, unsorted_list_is_worked_off_in_order);
    tcase_add_test(c, duplicates_and_double_markers_are_harmless);
    tcase_add_test(c, null_and_empty_lists);
    tcase_add_test(c, agrees_with_a_plain_set);
    suite_add_tcase(suite, c);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
