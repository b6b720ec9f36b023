/* JSON output: escapes, UTF-8, base64, commas, whole numbers. */
#include "suite.h"

#include "json.h"

/* Compares what has been built and frees it. */
static void expect(cli_json *json, const char *text) {
    cli_text_byte(&json->text, '\0');
    ck_assert_str_eq(json->text.p, text);
    cli_json_free(json);
}

START_TEST(structure) {
    cli_json json = {0};
    cli_json_open(&json, '{');
    cli_json_put_int(&json, "a", INT64_MIN);
    cli_json_put_uint(&json, "b", UINT64_MAX);
    cli_json_name(&json, "c");
    cli_json_open(&json, '[');
    cli_json_open(&json, '[');
    cli_json_close(&json, ']');
    cli_json_null(&json);
    cli_json_bool(&json, true);
    cli_json_close(&json, ']');
    cli_json_name(&json, "d");
    cli_json_open(&json, '{');
    cli_json_close(&json, '}');
    cli_json_put_string(&json, "e", NULL);
    cli_json_name(&json, "f");
    cli_json_seconds(&json, 1.5);
    cli_json_close(&json, '}');
    expect(&json, "{\"a\":-9223372036854775808,\"b\":18446744073709551615,\"c\":[[],null,true],\"d\":{},\"e\":null,"
                  "\"f\":1.500}");
}
END_TEST

START_TEST(strings) {
    cli_json json = {0};
    static const char text[] = "q\"b\\ \b\f\n\r\t\x01\x1f/\x7f \xC3\xA9 \xF0\x9F\x98\x80";
    cli_json_string(&json, text);
    cli_json_bytes(&json, "a\0b", 3);
    cli_json_bytes(&json, "", 0);
    cli_json_bytes(&json, NULL, 0);
    expect(&json,
           "\"q\\\"b\\\\ \\b\\f\\n\\r\\t\\u0001\\u001f/\x7f \xC3\xA9 \xF0\x9F\x98\x80\",\"a\\u0000b\",\"\",null");
}
END_TEST

START_TEST(bytes) {
    cli_json json = {0};
    cli_json_bytes(&json, "\xFF", 1);
    cli_json_bytes(&json, "\xFF\x00", 2);
    cli_json_bytes(&json, "\xFF\xFE\xFD", 3);
    cli_json_bytes(&json, "abc\x80", 4);
    expect(&json, "{\"base64\":\"/w==\"},{\"base64\":\"/wA=\"},{\"base64\":\"//79\"},{\"base64\":\"YWJjgA==\"}");
}
END_TEST

START_TEST(utf8) {
    static const char *const good[] = {"",
                                       "a",
                                       "\x7F",
                                       "\xC2\x80",
                                       "\xDF\xBF",
                                       "\xE0\xA0\x80",
                                       "\xED\x9F\xBF",
                                       "\xEE\x80\x80",
                                       "\xEF\xBF\xBF",
                                       "\xF0\x90\x80\x80",
                                       "\xF4\x8F\xBF\xBF"};
    static const char *const bad[] = {"\x80",
                                      "\xC0\x80",
                                      "\xC1\xBF",
                                      "\xC2",
                                      "\xC2\x41",
                                      "\xE0\x9F\xBF",
                                      "\xED\xA0\x80",
                                      "\xED\xBF\xBF",
                                      "\xE2\x82",
                                      "\xF0\x8F\xBF\xBF",
                                      "\xF4\x90\x80\x80",
                                      "\xF5\x80\x80\x80",
                                      "\xF8\x88\x80\x80\x80",
                                      "\xFF",
                                      "a\xC3"};
    for (size_t n = 0; n < sizeof good / sizeof good[0]; n++)
        ck_assert_msg(cli_is_utf8(good[n], strlen(good[n])), "good %zu", n);
    for (size_t n = 0; n < sizeof bad / sizeof bad[0]; n++)
        ck_assert_msg(!cli_is_utf8(bad[n], strlen(bad[n])), "bad %zu", n);
}
END_TEST

START_TEST(base64) {
    static const char *const bad[] = {
        "A", "AA", "AAA", "AA=A", "A===", "====", "AB==", "AAB=", "AA==AA==", "A A=", "_w==", "/w"};
    cli_text out = {0};
    for (size_t n = 0; n < sizeof bad / sizeof bad[0]; n++)
        ck_assert_msg(!cli_base64_decode(&out, bad[n], strlen(bad[n])), "taken: %s", bad[n]);
    cli_text_free(&out);
    ck_assert(cli_base64_decode(&out, "", 0));
    ck_assert_uint_eq(out.len, 0);
    for (unsigned len = 1; len < 40; len++) {
        uint8_t in[40];
        cli_json json = {0};
        for (unsigned n = 0; n < len; n++)
            in[n] = (uint8_t)(0x80 + n * 7);
        cli_json_bytes(&json, in, len);
        out.len = 0;
        ck_assert(cli_base64_decode(&out, json.text.p + 11, json.text.len - 13));
        ck_assert_uint_eq(out.len, len);
        ck_assert_mem_eq(out.p, in, len);
        cli_json_free(&json);
    }
    cli_text_free(&out);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {structure, strings, bytes, utf8, base64};
    return RUN_SUITE("json", tests);
}
