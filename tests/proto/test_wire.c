#include <weir/wire.h>

#include <check.h>
#include <string.h>

static weir_in in_of(const void *bytes, size_t len) {
    weir_in in;
    weir_in_init(&in, bytes, len);
    return in;
}

START_TEST(numbers_are_big_endian) {
    uint8_t bytes[64];
    weir_out out;
    weir_out_init(&out, bytes, sizeof bytes);
    weir_out_bool(&out, true);
    weir_out_i8(&out, -2);
    weir_out_i16(&out, -3);
    weir_out_u16(&out, 0xfffe);
    weir_out_i32(&out, 0x01020304);
    weir_out_u32(&out, 0xfffffffe);
    weir_out_i64(&out, INT64_MIN + 5);
    weir_out_f64(&out, -2.5);
    weir_out_bytes(&out, "ab", 2);
    static const uint8_t expected[] = {1, 0xfe, 0xff, 0xfd, 0xff, 0xfe, 1, 2, 3, 4, 0xff, 0xff, 0xff, 0xfe, 0x80, 0, 0,
                                       0, 0,    0,    0,    5,    0xc0, 4, 0, 0, 0, 0,    0,    0,    'a',  'b'};
    ck_assert_int_eq(out.error, WEIR_OK);
    ck_assert_uint_eq(out.total, sizeof expected);
    ck_assert_mem_eq(bytes, expected, sizeof expected);
    weir_in in = in_of(bytes, out.total);
    ck_assert(weir_in_bool(&in));
    ck_assert_int_eq(weir_in_i8(&in), -2);
    ck_assert_int_eq(weir_in_i16(&in), -3);
    ck_assert_uint_eq(weir_in_u16(&in), 0xfffe);
    ck_assert_int_eq(weir_in_i32(&in), 0x01020304);
    ck_assert_uint_eq(weir_in_u32(&in), 0xfffffffe);
    ck_assert_int_eq(weir_in_i64(&in), INT64_MIN + 5);
    ck_assert_double_eq(weir_in_f64(&in), -2.5);
    weir_bytes two = weir_in_take(&in, 2);
    ck_assert_mem_eq(two.p, "ab", 2);
    ck_assert_uint_eq(weir_in_left(&in), 0);
    ck_assert_int_eq(in.error, WEIR_OK);
}
END_TEST

START_TEST(any_non_zero_byte_is_true) {
    weir_in in = in_of("\x80\x00", 2);
    ck_assert(weir_in_bool(&in));
    ck_assert(!weir_in_bool(&in));
}
END_TEST

START_TEST(varints_round_trip) {
    static const int64_t values[] = {0,  1,   -1,    63,      64,        -64,       -65,          8191,      8192,
                                     -1, 127, 16384, 2097152, INT32_MAX, INT32_MIN, 4294967296LL, INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        uint8_t bytes[32];
        weir_out out;
        weir_out_init(&out, bytes, sizeof bytes);
        weir_out_varlong(&out, values[i]);
        weir_out_varint(&out, (int32_t)values[i]);
        weir_out_uvarint(&out, (uint32_t)values[i]);
        ck_assert_int_eq(out.error, WEIR_OK);
        weir_in in = in_of(bytes, out.total);
        ck_assert_int_eq(weir_in_varlong(&in), values[i]);
        ck_assert_int_eq(weir_in_varint(&in), (int32_t)values[i]);
        ck_assert_uint_eq(weir_in_uvarint(&in), (uint32_t)values[i]);
        ck_assert_uint_eq(weir_in_left(&in), 0);
    }
}
END_TEST

START_TEST(zigzag_follows_kafka) {
    uint8_t bytes[8];
    weir_out out;
    weir_out_init(&out, bytes, sizeof bytes);
    weir_out_varint(&out, -1);
    weir_out_varint(&out, 1);
    weir_out_varint(&out, 64);
    weir_out_varlong(&out, -65);
    ck_assert_uint_eq(out.total, 6);
    ck_assert_mem_eq(bytes, "\x01\x02\x80\x01\x81\x01", 6);
}
END_TEST

typedef struct bad_varint {
    const char *bytes;
    size_t len;
    bool wide; /* a varlong */
} bad_varint;

START_TEST(bad_varints_are_refused_where_they_begin) {
    static const bad_varint bad[] = {
        {"", 0, false},
        {"\x80", 1, false},
        {"\xff\xff\xff\xff", 4, false},
        {"\xff\xff\xff\xff\x10", 5, false},     /* a 33rd bit */
        {"\x80\x80\x80\x80\x80\x01", 6, false}, /* a 6th byte */
        {"\xff\xff\xff\xff\xff\xff\xff\xff\xff", 9, true},
        {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10, true}, /* a 65th bit */
        {"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 11, true},
    };
    uint8_t bytes[16] = {7};
    memcpy(bytes + 1, bad[_i].bytes, bad[_i].len);
    weir_in in = in_of(bytes, bad[_i].len + 1);
    weir_in_i8(&in);
    if (bad[_i].wide)
        ck_assert_int_eq(weir_in_varlong(&in), 0);
    else
        ck_assert_uint_eq(weir_in_uvarint(&in), 0);
    ck_assert_int_eq(in.error, WEIR_E_MALFORMED);
    ck_assert_uint_eq(in.error_at, 1);
}
END_TEST

START_TEST(largest_varints_are_read) {
    weir_in in = in_of("\xff\xff\xff\xff\x0f\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 15);
    ck_assert_uint_eq(weir_in_uvarint(&in), UINT32_MAX);
    ck_assert_int_eq(weir_in_varlong(&in), INT64_MIN);
    ck_assert_int_eq(in.error, WEIR_OK);
}
END_TEST

START_TEST(a_read_error_sticks_and_keeps_its_place) {
    weir_in in = in_of("\x01\x02\x03\x04\x05", 5);
    weir_in_i16(&in);
    ck_assert_int_eq(weir_in_i32(&in), 0);
    ck_assert_int_eq(in.error, WEIR_E_MALFORMED);
    ck_assert_uint_eq(in.error_at, 2);
    ck_assert_int_eq(weir_in_i8(&in), 0);
    ck_assert_uint_eq(weir_in_uvarint(&in), 0);
    ck_assert_ptr_null(weir_in_take(&in, 0).p);
    ck_assert_uint_eq(weir_in_left(&in), 0);
    ck_assert_uint_eq(weir_in_offset(&in), 2);
    weir_in_fail(&in, WEIR_E_NO_MEMORY);
    ck_assert_int_eq(in.error, WEIR_E_MALFORMED);
    ck_assert_uint_eq(in.error_at, 2);
}
END_TEST

START_TEST(an_empty_view_is_not_null) {
    weir_in in = in_of(NULL, 0);
    ck_assert_ptr_nonnull(weir_in_take(&in, 0).p);
    ck_assert_int_eq(in.error, WEIR_OK);
    weir_in_take(&in, 1);
    ck_assert_int_eq(in.error, WEIR_E_MALFORMED);
}
END_TEST

START_TEST(a_length_near_the_address_limit_is_refused) {
    weir_in in = in_of("abc", 3);
    ck_assert_ptr_null(weir_in_take(&in, SIZE_MAX).p);
    ck_assert_int_eq(in.error, WEIR_E_MALFORMED);
}
END_TEST

START_TEST(a_full_buffer_sticks) {
    uint8_t bytes[3];
    weir_out out;
    weir_out_init(&out, bytes, sizeof bytes);
    weir_out_i16(&out, 1);
    weir_out_i16(&out, 2);
    weir_out_i8(&out, 3);
    ck_assert_int_eq(out.error, WEIR_E_NO_MEMORY);
    ck_assert_uint_eq(out.total, 2);
    ck_assert_ptr_eq(out.p, bytes + 2);
}
END_TEST

START_TEST(counting_needs_no_buffer) {
    weir_out out;
    weir_out_init(&out, NULL, 0);
    weir_out_i64(&out, 1);
    weir_out_bytes(&out, "abc", 3);
    weir_out_uvarint(&out, 300);
    ck_assert_int_eq(out.error, WEIR_OK);
    ck_assert_uint_eq(out.total, 13);
}
END_TEST

START_TEST(an_arena_is_aligned_zeroed_and_bounded) {
    uint64_t memory[8];
    weir_arena arena;
    memset(memory, 0xff, sizeof memory);
    weir_arena_init(&arena, (uint8_t *)memory + 3, 32 + 5);
    uint8_t *a = weir_arena_take(&arena, 3);
    uint8_t *b = weir_arena_take(&arena, 8);
    ck_assert_ptr_nonnull(a);
    ck_assert_ptr_nonnull(b);
    ck_assert_uint_eq((uintptr_t)a % 8, 0);
    ck_assert_uint_eq((uintptr_t)b % 8, 0);
    ck_assert_mem_eq(a, "\0\0\0", 3);
    ck_assert_ptr_null(weir_arena_take(&arena, 17));
    ck_assert_ptr_null(weir_arena_take(&arena, SIZE_MAX));
    ck_assert_ptr_nonnull(weir_arena_take(&arena, 16));
    ck_assert_ptr_null(weir_arena_take(&arena, 1));
}
END_TEST

START_TEST(an_arena_without_memory_gives_none) {
    uint8_t byte;
    weir_arena arena;
    weir_arena_init(&arena, NULL, 0);
    ck_assert_ptr_null(weir_arena_take(&arena, 0));
    weir_arena_init(&arena, &byte, 0);
    ck_assert_ptr_null(weir_arena_take(&arena, 1));
}
END_TEST

int main(void) {
    Suite *suite = suite_create("wire");
    TCase *tests = tcase_create("wire");
    tcase_add_test(tests, numbers_are_big_endian);
    tcase_add_test(tests, any_non_zero_byte_is_true);
    tcase_add_test(tests, varints_round_trip);
    tcase_add_test(tests, zigzag_follows_kafka);
    tcase_add_loop_test(tests, bad_varints_are_refused_where_they_begin, 0, 8);
    tcase_add_test(tests, largest_varints_are_read);
    tcase_add_test(tests, a_read_error_sticks_and_keeps_its_place);
    tcase_add_test(tests, an_empty_view_is_not_null);
    tcase_add_test(tests, a_length_near_the_address_limit_is_refused);
    tcase_add_test(tests, a_full_buffer_sticks);
    tcase_add_test(tests, counting_needs_no_buffer);
    tcase_add_test(tests, an_arena_is_aligned_zeroed_and_bounded);
    tcase_add_test(tests, an_arena_without_memory_gives_none);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
