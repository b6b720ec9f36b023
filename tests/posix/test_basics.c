/* Clock, seed and malloc. */
#include "checks.h"
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <weir/posix.h>

static weir_time_us system_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (weir_time_us)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

START_TEST(clock_is_the_monotonic_one_in_microseconds) {
    for (int i = 0; i < 1000; i++) {
        weir_time_us before = system_us(), now = weir_posix_now(), after = system_us();
        ck_assert_int_le(before, now);
        ck_assert_int_le(now, after);
    }
}
END_TEST

START_TEST(seeds_differ) {
    uint64_t first = weir_posix_seed();
    ck_assert(weir_posix_seed() != first);
    ck_assert_uint_ne(first >> 32, 0);
}
END_TEST

START_TEST(malloc_gives_memory_for_any_type) {
    weir_alloc *alloc = weir_posix_malloc();
    for (size_t size = 0; size < 200; size += 7) {
        void *p = alloc->take(alloc, size);
        ck_assert_ptr_nonnull(p);
        ck_assert_uint_eq((uintptr_t)p % _Alignof(max_align_t), 0);
        memset(p, 0xa5, size);
        alloc->give(alloc, p, size);
    }
    ck_assert_ptr_eq(alloc, weir_posix_malloc());
}
END_TEST

int main(void) {
    Suite *suite = suite_create("posix basics");
    TCase *tests = tcase_create("basics");
    tcase_add_test(tests, clock_is_the_monotonic_one_in_microseconds);
    tcase_add_test(tests, seeds_differ);
    tcase_add_test(tests, malloc_gives_memory_for_any_type);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
