/* One direction of a simulated connection. */
#include <check.h>
#include <string.h>

#include "stream.h"

static sim_stream s;
static weir__rng rng;
static const uint8_t text[] = "0123456789abcdefghijklmnopqrstuvwxyz";
#define LEN (sizeof text - 1)

static void setup(void) {
    memset(&s, 0, sizeof s);
    stream_open(&s);
    weir__rng_init(&rng, 1);
}

static void teardown(void) {
    stream_free(&s);
}

/* Lets the time pass until all has arrived; checks order and content of the first `want` bytes. */
static void expect(size_t want) {
    const uint8_t *bytes;
    size_t got = 0;
    for (weir_time_us due = stream_due(&s); due != WEIR_NEVER; due = stream_due(&s)) {
        if (s.count == 0)
            break;
        size_t len = stream_arrived(&s, due, &bytes);
        ck_assert_uint_le(got + len, want);
        ck_assert_mem_eq(bytes, text + got % LEN, len);
        stream_take(&s, len);
        got += len;
    }
    ck_assert_uint_eq(got, want);
}

START_TEST(bytes_arrive_in_pieces_and_in_order) {
    sim_weather w = {.delay_us = 100, .jitter_us = 50, .piece = 3};
    const uint8_t *bytes;
    stream_send(&s, text, LEN, &w, &rng, 1000);
    ck_assert_int_ge(stream_due(&s), 1100);
    ck_assert_uint_eq(stream_arrived(&s, 1099, &bytes), 0);
    ck_assert_uint_eq(stream_load(&s), LEN);
    ck_assert_uint_gt(s.count, 1);
    expect(LEN);
}
END_TEST

START_TEST(the_end_comes_behind_the_bytes) {
    sim_weather w = {.delay_us = 500};
    const uint8_t *bytes;
    stream_send(&s, text, 5, &w, &rng, 1000);
    stream_end(&s, 1000, 10);
    ck_assert(!stream_ended(&s, 1499));
    ck_assert_uint_eq(stream_arrived(&s, 1500, &bytes), 5);
    ck_assert(!stream_ended(&s, 1500));
    stream_take(&s, 5);
    ck_assert(stream_ended(&s, 1500));
}
END_TEST

START_TEST(what_is_lost_is_the_tail) {
    sim_weather w = {.delay_us = 10, .piece = 1};
    stream_send(&s, text, 20, &w, &rng, 0);
    stream_lose(&s, (size_t)_i);
    expect((size_t)_i);
}
END_TEST

START_TEST(beyond_the_quota_bytes_vanish) {
    sim_weather w = {.delay_us = 10};
    s.quota = 7;
    stream_send(&s, text, 4, &w, &rng, 0);
    stream_send(&s, text + 4, 10, &w, &rng, 0);
    stream_send(&s, text + 14, 10, &w, &rng, 0);
    expect(7);
}
END_TEST

START_TEST(held_bytes_come_later) {
    sim_weather w = {.delay_us = 10};
    const uint8_t *bytes;
    stream_send(&s, text, 4, &w, &rng, 0);
    stream_hold(&s, 5000);
    ck_assert_uint_eq(stream_arrived(&s, 4000, &bytes), 0);
    stream_send(&s, text + 4, 4, &w, &rng, 100);
    ck_assert_int_eq(stream_due(&s), 5010);
    expect(8);
}
END_TEST

START_TEST(a_narrow_link_takes_its_time) {
    sim_weather w = {.delay_us = 100, .bytes_a_second = 1000};
    stream_send(&s, text, 10, &w, &rng, 0);
    ck_assert_int_eq(stream_due(&s), 100 + 10000);
    stream_send(&s, text + 10, 10, &w, &rng, 0);
    expect(20);
    ck_assert_int_eq(s.last, 100 + 20000);
}
END_TEST

START_TEST(more_pieces_than_there_is_room_for_join_the_last) {
    sim_weather w = {.delay_us = 10, .jitter_us = 20, .piece = 1};
    for (int n = 0; n < 20; n++)
        stream_send(&s, text, LEN, &w, &rng, n);
    ck_assert_uint_le(s.count, STREAM_PIECES);
    const uint8_t *bytes;
    ck_assert_uint_eq(stream_arrived(&s, 100000, &bytes), 20 * LEN);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("sim stream");
    TCase *tests = tcase_create("stream");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, bytes_arrive_in_pieces_and_in_order);
    tcase_add_test(tests, the_end_comes_behind_the_bytes);
    tcase_add_loop_test(tests, what_is_lost_is_the_tail, 0, 20);
    tcase_add_test(tests, beyond_the_quota_bytes_vanish);
    tcase_add_test(tests, held_bytes_come_later);
    tcase_add_test(tests, a_narrow_link_takes_its_time);
    tcase_add_test(tests, more_pieces_than_there_is_room_for_join_the_last);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
