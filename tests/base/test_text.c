#include <check.h>
#include <string.h>

#include <text.h>
#include <weir/fault.h>

static weir_str str(const char *text) {
    return (weir_str){text, (uint32_t)strlen(text)};
}

START_TEST(text_is_bounded) {
    char memory[8];
    weir__text t;
    weir__text_init(&t, memory, sizeof memory);
    weir__text_add(&t, "%d-%s", 12, "ab");
    ck_assert_str_eq(memory, "12-ab");
    ck_assert(!t.cut);
    weir__text_add(&t, "cd");
    ck_assert_str_eq(memory, "12-abcd");
    ck_assert(!t.cut);
    weir__text_add(&t, "e");
    ck_assert_str_eq(memory, "12-abcd");
    ck_assert(t.cut);
    weir__text_init(&t, memory, 1);
    weir__text_add(&t, "x");
    ck_assert_str_eq(memory, "");
}
END_TEST

START_TEST(text_escapes) {
    char memory[80];
    weir__text t;
    weir__text_init(&t, memory, sizeof memory);
    weir__text_escaped(&t, (weir_str){"a\nb\x1b\0\x7f\\\xc3\xa9\xff\xc2\x85", 12});
    ck_assert_str_eq(memory, "a\\x0ab\\x1b\\x00\\x7f\\x5c\xc3\xa9\\xff\\xc2\\x85");
    for (size_t cap = 1; cap < 20; cap++) {
        weir__text_init(&t, memory, cap);
        weir__text_escaped(&t, str("\xe2\x82\xac\n\xe2\x82\xac"));
        ck_assert_uint_eq(strlen(memory), cap > 10 ? 10 : cap > 7 ? 7 : cap > 3 ? 3 : 0);
        ck_assert_int_eq(t.cut, cap <= 10);
    }
}
END_TEST

START_TEST(utf8) {
    ck_assert_uint_eq(weir__utf8_next(str("")), 0);
    ck_assert_uint_eq(weir__utf8_next(str("a")), 1);
    ck_assert_uint_eq(weir__utf8_next(str("\xc2\x80")), 2);
    ck_assert_uint_eq(weir__utf8_next(str("\xe0\xa0\x80")), 3);
    ck_assert_uint_eq(weir__utf8_next(str("\xf4\x8f\xbf\xbf")), 4);
    static const char *const bad[] = {"\x80",
                                      "\xc0\x80",
                                      "\xc1\xbf",
                                      "\xe0\x9f\xbf",
                                      "\xed\xa0\x80",
                                      "\xf0\x8f\xbf\xbf",
                                      "\xf4\x90\x80\x80",
                                      "\xf5\x80\x80\x80",
                                      "\xe2\x82",
                                      "\xe2(\xac",
                                      "\xff"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert_msg(weir__utf8_next(str(bad[i])) == 0, "case %zu", i);
}
END_TEST

START_TEST(parse_i64) {
    int64_t v = 77;
    ck_assert(weir__parse_i64(str("0"), &v) && v == 0);
    ck_assert(weir__parse_i64(str("-0"), &v) && v == 0);
    ck_assert(weir__parse_i64(str("007"), &v) && v == 7);
    ck_assert(weir__parse_i64(str("9223372036854775807"), &v) && v == INT64_MAX);
    ck_assert(weir__parse_i64(str("-9223372036854775808"), &v) && v == INT64_MIN);
    ck_assert(weir__parse_i64((weir_str){"123", 2}, &v) && v == 12);
    static const char *const bad[] = {"",
                                      "-",
                                      "+1",
                                      " 1",
                                      "1 ",
                                      "1x",
                                      "--1",
                                      "0x1",
                                      "9223372036854775808",
                                      "-9223372036854775809",
                                      "99999999999999999999"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert_msg(!weir__parse_i64(str(bad[i]), &v) && v == 12, "case %zu", i);
}
END_TEST

START_TEST(items_of_a_list) {
    const char *list = " a,bc,  d.e ,";
    static const char *const want[] = {"a", "bc", "d.e"};
    weir_str item;
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        ck_assert(weir__item_take(&list, &item));
        ck_assert_uint_eq(item.len, strlen(want[i]));
        ck_assert_mem_eq(item.p, want[i], item.len);
    }
    ck_assert(!weir__item_take(&list, &item));
    ck_assert(!weir__item_take(&list, &item));
}
END_TEST

START_TEST(fault) {
    weir_fault f;
    weir_fault_set(&f, WEIR_E_BROKER, "broker says \"%s\"", "no\r\nWARN forged");
    ck_assert_int_eq(f.err, WEIR_E_BROKER);
    ck_assert_int_eq(f.api, -1);
    ck_assert_int_eq(f.broker, -1);
    ck_assert_int_eq(f.partition, -1);
    ck_assert_int_eq(f.code, 0);
    ck_assert_str_eq(f.topic, "");
    ck_assert_str_eq(f.text, "broker says \"no\\x0d\\x0aWARN forged\"");
    weir_fault_set(&f, WEIR_E_TIMEOUT, "again: %s", f.text);
    ck_assert_ptr_nonnull(strstr(f.text, "again: broker says"));
    char big[2000];
    memset(big, '\n', sizeof big - 1);
    big[sizeof big - 1] = 0;
    weir_fault_set(&f, WEIR_E_CONFIG, "%s", big);
    ck_assert_uint_lt(strlen(f.text), sizeof f.text);
    ck_assert_uint_eq(strlen(f.text) % 4, 0);
    weir_fault_clear(&f);
    ck_assert_int_eq(f.err, WEIR_OK);
    ck_assert_str_eq(f.text, "");
    weir_fault_set(NULL, WEIR_E_CONFIG, "nobody listens");
}
END_TEST

int main(void) {
    Suite *suite = suite_create("text");
    TCase *all = tcase_create("all");
    tcase_add_test(all, text_is_bounded);
    tcase_add_test(all, text_escapes);
    tcase_add_test(all, utf8);
    tcase_add_test(all, parse_i64);
    tcase_add_test(all, items_of_a_list);
    tcase_add_test(all, fault);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
