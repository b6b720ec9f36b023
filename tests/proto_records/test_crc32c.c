#include "checks.h"
#include <stdlib.h>
#include <string.h>

#include <weir/record.h>

/* One bit at a time, from the definition. */
static uint32_t slow_crc32c(uint32_t crc, const uint8_t *p, size_t len) {
    crc = ~crc;
    for (; len; p++, len--) {
        crc ^= *p;
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
    }
    return ~crc;
}

START_TEST(known_values) {
    uint8_t block[48];
    ck_assert_uint_eq(weir_crc32c(0, "", 0), 0);
    ck_assert_uint_eq(weir_crc32c(0, "123456789", 9), 0xe3069283);
    memset(block, 0, 32); /* these four: RFC 3720, B.4 */
    ck_assert_uint_eq(weir_crc32c(0, block, 32), 0x8a9136aa);
    memset(block, 0xff, 32);
    ck_assert_uint_eq(weir_crc32c(0, block, 32), 0x62a8ab43);
    for (uint8_t i = 0; i < 32; i++)
        block[i] = i;
    ck_assert_uint_eq(weir_crc32c(0, block, 32), 0x46dd794e);
    for (uint8_t i = 0; i < 32; i++)
        block[i] = (uint8_t)(31 - i);
    ck_assert_uint_eq(weir_crc32c(0, block, 32), 0x113fdb5c);
}
END_TEST

/* Every length around the widths that the implementations step by, from every alignment, in exact memory. */
START_TEST(lengths_and_alignments) {
    static const size_t lengths[] = {0,    1,    7,    8,    9,    31,   32,   33,   63,   64,   65,   255,
                                     1024, 3071, 3072, 3073, 3103, 3104, 6143, 6144, 6145, 9000, 20001};
    for (size_t n = 0; n < sizeof lengths / sizeof *lengths; n++)
        for (size_t shift = 0; shift < 8; shift++) {
            size_t len = lengths[n];
            uint8_t *memory = malloc(len + shift + 1);
            uint32_t state = (uint32_t)len;
            for (size_t i = 0; i < len; i++)
                memory[shift + i] = (uint8_t)((state = state * 1664525 + 1013904223) >> 24);
            uint32_t want = slow_crc32c(0x1234567, memory + shift, len);
            ck_assert_uint_eq(weir_crc32c(0x1234567, memory + shift, len), want);
            uint32_t split = weir_crc32c(0x1234567, memory + shift, len / 3);
            ck_assert_uint_eq(weir_crc32c(split, memory + shift + len / 3, len - len / 3), want);
            free(memory);
        }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("crc32c");
    TCase *all = tcase_create("all");
    tcase_add_test(all, known_values);
    tcase_add_test(all, lengths_and_alignments);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
