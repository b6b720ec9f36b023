/* Every allocation of the codecs fails, alone, with others behind it, and with all from there on: that is NO_MEMORY and
   nothing else, whatever the library makes of it, and nothing is left behind. */
#include "checks.h"
#include <stdlib.h>
#include <string.h>

#include <codec.h>

#include "failing.h"

#define PLAIN 300000

static failing_alloc memory;
static weir_budget budget;
static uint8_t plain[PLAIN];
static weir_bytes packed; /* the same twice over, as two members, frames or streams */
static uint8_t *to;
static const weir__codec *codec;

static void set_up(void) {
    failing_init(&memory);
    weir_budget_init(&budget, &memory.alloc, SIZE_MAX);
    for (uint32_t n = 0, state = 1; n < PLAIN; n++) {
        state = state * 1664525 + 1013904223;
        plain[n] = (uint8_t)('a' + (state >> 24) % 5);
    }
}

static bool compress(int64_t n, int64_t count) {
    size_t size = codec->bound(PLAIN);
    failing_next(&memory, n, count);
    weir_err err = codec->compress(&budget.alloc, (weir_bytes){plain, PLAIN}, to, &size);
    bool failed = failing_stop(&memory);
    ck_assert_msg(err == (failed ? WEIR_E_NO_MEMORY : WEIR_OK), "%s", weir_err_name(err));
    ck_assert_uint_eq(budget.used, 0);
    return failed;
}

static bool decompress(int64_t n, int64_t count) {
    weir_bytes out;
    size_t size;
    failing_next(&memory, n, count);
    weir_err err = codec->decompress(&budget.alloc, packed, 2 * PLAIN, &out, &size);
    bool failed = failing_stop(&memory);
    ck_assert_msg(err == (failed ? WEIR_E_NO_MEMORY : WEIR_OK), "%s", weir_err_name(err));
    if (err == WEIR_OK) {
        ck_assert_uint_eq(out.len, 2 * PLAIN);
        ck_assert_mem_eq(out.p + PLAIN, plain, PLAIN);
        budget.alloc.give(&budget.alloc, (void *)(uintptr_t)out.p, size);
    } else {
        ck_assert_ptr_null(out.p);
    }
    ck_assert_uint_eq(budget.used, 0);
    return failed;
}

START_TEST(nth_allocation_fails) {
    codec = weir__codec_find(_i);
    if (codec == NULL)
        return;
    size_t size = codec->bound(PLAIN);
    to = malloc(2 * size);
    ck_assert_int_eq(codec->compress(&budget.alloc, (weir_bytes){plain, PLAIN}, to, &size), WEIR_OK);
    memcpy(to + size, to, size);
    uint8_t *both = malloc(2 * size);
    memcpy(both, to, 2 * size);
    packed = (weir_bytes){both, (uint32_t)(2 * size)};
    failing_sweep(compress, 0, 1);
    failing_sweep(decompress, 0, 1);
    free(both);
    free(to);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("memory");
    TCase *c = tcase_create("memory");
    tcase_set_timeout(c, 60);
    tcase_add_checked_fixture(c, set_up, NULL);
    tcase_add_loop_test(c, nth_allocation_fails, WEIR_COMPRESSION_GZIP, WEIR_COMPRESSION_ZSTD + 1);
    suite_add_tcase(suite, c);
    SRunner *all = srunner_create(suite);
    srunner_run_all(all, CK_NORMAL);
    int failed = srunner_ntests_failed(all);
    srunner_free(all);
    return failed != 0;
}
