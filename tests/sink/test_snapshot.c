/* Committables as bytes, and bytes that are none. */
#include "checks.h"
#include <stdlib.h>
#include <string.h>

#include <weir/sink.h>

static weir_committable some[3], back[3];
static uint8_t bytes[2048];

static size_t encode(size_t count) {
    for (size_t n = 0; n < 3; n++) {
        memset(&some[n], 0, sizeof some[n]);
        memset(some[n].transactional_id, 'a' + (int)n, 1 + 100 * n);
        some[n].producer_id = INT64_MAX - (int64_t)n;
        some[n].producer_epoch = (int16_t)(INT16_MAX - (int16_t)n);
        some[n].transaction_version = (int16_t)n;
        some[n].checkpoint = 1 + (uint64_t)n * 0x123456789abull;
        some[n].records = n;
    }
    size_t need = weir_committables_encode(some, count, NULL, 0);
    ck_assert_uint_le(need, sizeof bytes);
    ck_assert_uint_eq(weir_committables_encode(some, count, bytes, need), need);
    return need;
}

static weir_err decode(const uint8_t *p, size_t len) {
    size_t count;
    weir_bytes view = {p, (uint32_t)len};
    weir_err err = weir_committables_count(view, &count);
    if (err != WEIR_OK)
        return err;
    ck_assert_uint_le(count, len);
    weir_committable *room = calloc(count + 1, sizeof *room); /* so that a sanitizer sees what is beyond */
    err = weir_committables_decode(view, room);
    if (err == WEIR_OK && count <= 3)
        memcpy(back, room, count * sizeof *room);
    free(room);
    return err;
}

START_TEST(round_trip) {
    size_t len = encode((size_t)_i), count;
    ck_assert_int_eq(weir_committables_count((weir_bytes){bytes, (uint32_t)len}, &count), WEIR_OK);
    ck_assert_uint_eq(count, (size_t)_i);
    ck_assert_int_eq(decode(bytes, len), WEIR_OK);
    for (int n = 0; n < _i; n++) {
        ck_assert_str_eq(back[n].transactional_id, some[n].transactional_id);
        ck_assert(back[n].producer_id == some[n].producer_id);
        ck_assert_int_eq(back[n].producer_epoch, some[n].producer_epoch);
        ck_assert_int_eq(back[n].transaction_version, some[n].transaction_version);
        ck_assert(back[n].checkpoint == some[n].checkpoint);
        ck_assert(back[n].records == some[n].records);
    }
}
END_TEST

START_TEST(bytes_are_the_same_everywhere) {
    static const uint8_t want[] = {'W', 'S', 'N', 'K', 0, 1, 0, 0, 0, 1, 0, 1, 'a', 0x7f, 0xff};
    encode(1);
    ck_assert_mem_eq(bytes, want, sizeof want);
}
END_TEST

START_TEST(cut_off_or_longer) {
    size_t len = encode(3);
    for (size_t n = 0; n < len; n++) {
        uint8_t *exact = malloc(n + 1);
        memcpy(exact, bytes, n);
        ck_assert_int_eq(decode(exact, n), WEIR_E_CHECKPOINT);
        free(exact);
    }
    ck_assert_int_eq(decode(bytes, len + 1), WEIR_E_CHECKPOINT);
    ck_assert_int_eq(decode(NULL, 0), WEIR_E_CHECKPOINT);
}
END_TEST

START_TEST(hostile) {
    size_t len = encode(3);
    for (size_t at = 0; at < len; at++) {
        uint8_t before = bytes[at];
        for (int bit = 0; bit < 8; bit++) {
            bytes[at] = (uint8_t)(before ^ (1 << bit));
            weir_err err = decode(bytes, len);
            ck_assert(err == WEIR_OK || err == WEIR_E_CHECKPOINT);
            ck_assert(at >= 10 || err == WEIR_E_CHECKPOINT); /* magic, version, count */
        }
        bytes[at] = before;
    }
    memset(bytes + 6, 0xff, 4); /* a count that would fill all memory */
    size_t count = 0;
    ck_assert_int_eq(weir_committables_count((weir_bytes){bytes, (uint32_t)len}, &count), WEIR_E_CHECKPOINT);
    encode(1);
    memset(bytes + 10, 0, 2); /* an id without a character */
    ck_assert_int_eq(decode(bytes, len), WEIR_E_CHECKPOINT);
    len = encode(1);
    bytes[12] = '\0';
    ck_assert_int_eq(decode(bytes, len), WEIR_E_CHECKPOINT);
    len = encode(1);
    bytes[13] = 0x80; /* a negative producer id */
    ck_assert_int_eq(decode(bytes, len), WEIR_E_CHECKPOINT);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("snapshot");
    TCase *c = tcase_create("snapshot");
    tcase_add_loop_test(c, round_trip, 0, 4);
    tcase_add_test(c, bytes_are_the_same_everywhere);
    tcase_add_test(c, cut_off_or_longer);
    tcase_add_test(c, hostile);
    suite_add_tcase(suite, c);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
