/* Checkpoints as bytes, damaged ones, and which of two is restored. */
#include "checks.h"
#include <stdlib.h>
#include <string.h>

#include <weir/record.h>

#include "checkpoint.h"

static uint8_t a[512], b[512];
static const char *why;

static weir__checkpoint example(uint64_t number) {
    return (weir__checkpoint){.number = number,
                              .job = weir_str_of("job"),
                              .lineage = weir_str_of("0123456789abcdef0123456789abcdef"),
                              .finished = number % 2 == 0,
                              .splits = {(const uint8_t *)"splits", 6},
                              .before = {(const uint8_t *)"before", 6},
                              .committables = {(const uint8_t *)"", 0}};
}

static size_t encode(uint8_t *out, const weir__checkpoint *checkpoint) {
    size_t len = weir__checkpoint_encode(checkpoint, NULL, 0);
    ck_assert_uint_le(len, 512);
    out[len - 1] = 0xaa;
    ck_assert_uint_eq(weir__checkpoint_encode(checkpoint, out, len - 1), len); /* too small: nothing is written */
    ck_assert_uint_eq(out[len - 1], 0xaa);
    ck_assert_uint_eq(weir__checkpoint_encode(checkpoint, out, len), len);
    return len;
}

static weir_err decode(const uint8_t *p, size_t len, weir__checkpoint *checkpoint) {
    uint8_t *exact = malloc(len + 1); /* so that a sanitizer sees what is beyond */
    memcpy(exact, p, len);
    why = NULL;
    weir_err err = weir__checkpoint_decode((weir_bytes){exact, (uint32_t)len}, checkpoint, &why);
    free(exact);
    ck_assert((err == WEIR_OK) == (why == NULL));
    return err;
}

START_TEST(round_trip) {
    weir__checkpoint in = example(_i == 0 ? 1 : (uint64_t)INT64_MAX - (uint64_t)_i), out;
    size_t len = encode(a, &in);
    ck_assert_int_eq(weir__checkpoint_decode((weir_bytes){a, (uint32_t)len}, &out, &why), WEIR_OK);
    ck_assert(out.number == in.number);
    ck_assert_int_eq(out.finished, in.finished);
    ck_assert(weir_str_equal(out.job, in.job));
    ck_assert(weir_str_equal(out.lineage, in.lineage));
    ck_assert_uint_eq(out.splits.len, 6);
    ck_assert_mem_eq(out.splits.p, "splits", 6);
    ck_assert_mem_eq(out.before.p, "before", 6);
    ck_assert_uint_eq(out.committables.len, 0);
}
END_TEST

START_TEST(damage_at_any_bit_is_refused) {
    weir__checkpoint in = example(7), out;
    size_t len = encode(a, &in);
    for (size_t at = 0; at < len; at++) {
        for (int bit = 0; bit < 8; bit++) {
            a[at] ^= (uint8_t)(1 << bit);
            ck_assert_msg(decode(a, len, &out) == WEIR_E_CHECKPOINT, "byte %zu", at);
            a[at] ^= (uint8_t)(1 << bit);
        }
    }
}
END_TEST

START_TEST(cut_off_or_longer_is_refused) {
    weir__checkpoint in = example(7), out;
    size_t len = encode(a, &in);
    for (size_t n = 0; n < len; n++)
        ck_assert_int_eq(decode(a, n, &out), WEIR_E_CHECKPOINT);
    ck_assert_int_eq(decode(a, len + 1, &out), WEIR_E_CHECKPOINT);
    ck_assert_int_eq(decode(a, len, &out), WEIR_OK);
}
END_TEST

static void sum(uint8_t *p, size_t len) {
    uint32_t crc = weir_crc32c(0, p + 14, len - 14);
    for (int n = 0; n < 4; n++)
        p[10 + n] = (uint8_t)(crc >> (24 - 8 * n));
}

/* The checksum is right: somebody has made it up. */
START_TEST(hostile_contents_are_refused) {
    weir__checkpoint in = example(7), out;
    size_t len = encode(a, &in);
    for (size_t at = 14; at < len; at++) {
        uint8_t before = a[at];
        for (int value = 0; value < 256; value += 51) {
            a[at] = (uint8_t)value;
            sum(a, len);
            (void)decode(a, len, &out);
        }
        a[at] = before;
    }
    in.number = 0;
    len = encode(a, &in);
    ck_assert_int_eq(decode(a, len, &out), WEIR_E_CHECKPOINT);
    in.number = (uint64_t)INT64_MAX + 1;
    len = encode(a, &in);
    ck_assert_int_eq(decode(a, len, &out), WEIR_E_CHECKPOINT);
    in = example(7);
    in.lineage = weir_str_of("");
    len = encode(a, &in);
    ck_assert_int_eq(decode(a, len, &out), WEIR_E_CHECKPOINT);
    in.lineage = weir_str_of("0123456789abcdef0123456789abcdef+"); /* one too many to be kept */
    len = encode(a, &in);
    ck_assert_int_eq(decode(a, len, &out), WEIR_E_CHECKPOINT);
}
END_TEST

START_TEST(newer_versions_are_named) {
    weir__checkpoint in = example(7), out;
    size_t len = encode(a, &in);
    a[9] = 2;
    ck_assert_int_eq(weir__checkpoint_decode((weir_bytes){a, (uint32_t)len}, &out, &why), WEIR_E_CHECKPOINT);
    ck_assert_ptr_nonnull(strstr(why, "newer version"));
}
END_TEST

/* ---- which one ---- */
static weir__choice choice;
static weir_fault fault;

static weir_err choose(size_t len_a, size_t len_b) {
    weir_bytes files[2] = {{len_a > 0 ? a : NULL, (uint32_t)len_a}, {len_b > 0 ? b : NULL, (uint32_t)len_b}};
    weir_fault_clear(&fault);
    return weir__checkpoint_choose(files, "job", "/dir", &choice, &fault);
}

START_TEST(newest_is_chosen) {
    weir__checkpoint older = example(8), newer = example(9);
    ck_assert_int_eq(choose(0, 0), WEIR_OK);
    ck_assert(!choice.found);
    size_t x = encode(a, &older), y = encode(b, &newer);
    ck_assert_int_eq(choose(x, y), WEIR_OK);
    ck_assert(choice.found && !choice.fallback);
    ck_assert_int_eq(choice.slot, 1);
    ck_assert_uint_eq(choice.checkpoint.number, 9);
    ck_assert_int_eq(choose(x, 0), WEIR_OK);
    ck_assert_int_eq(choice.slot, 0);
    ck_assert(!choice.fallback);
    x = encode(a, &newer);
    y = encode(b, &older);
    ck_assert_int_eq(choose(x, y), WEIR_OK);
    ck_assert_int_eq(choice.slot, 0);
}
END_TEST

START_TEST(damaged_ones_are_passed_over) {
    weir__checkpoint older = example(8), newer = example(9);
    size_t x = encode(a, &older), y = encode(b, &newer);
    b[y - 1] ^= 1;
    ck_assert_int_eq(choose(x, y), WEIR_OK);
    ck_assert(choice.found && choice.fallback);
    ck_assert_int_eq(choice.slot, 0);
    ck_assert_ptr_nonnull(strstr(choice.why, "damaged"));
    a[x - 1] ^= 1;
    ck_assert_int_eq(choose(x, y), WEIR_E_CHECKPOINT);
    ck_assert_int_eq(fault.err, WEIR_E_CHECKPOINT);
    ck_assert_ptr_nonnull(strstr(fault.text, "no checkpoint in /dir can be used"));
    ck_assert_int_eq(choose(0, y), WEIR_E_CHECKPOINT);
    ck_assert_int_eq(choose(1, 0), WEIR_E_CHECKPOINT);
}
END_TEST

START_TEST(other_jobs_are_refused) {
    weir__checkpoint theirs = example(9);
    theirs.job = weir_str_of("job2");
    size_t x = encode(a, &theirs);
    ck_assert_int_eq(choose(x, 0), WEIR_E_CHECKPOINT);
    ck_assert_ptr_nonnull(strstr(fault.text, "belongs to job 'job2', not to 'job'"));
}
END_TEST

int main(void) {
    Suite *suite = suite_create("checkpoint");
    TCase *c = tcase_create("checkpoint");
    tcase_add_loop_test(c, round_trip, 0, 3);
    tcase_add_test(c, damage_at_any_bit_is_refused);
    tcase_add_test(c, cut_off_or_longer_is_refused);
    tcase_add_test(c, hostile_contents_are_refused);
    tcase_add_test(c, newer_versions_are_named);
    tcase_add_test(c, newest_is_chosen);
    tcase_add_test(c, damaged_ones_are_passed_over);
    tcase_add_test(c, other_jobs_are_refused);
    suite_add_tcase(suite, c);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
