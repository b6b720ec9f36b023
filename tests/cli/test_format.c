/* How `weir consume` prints a record. */
#include "suite.h"

#include "format.h"

static const uint8_t header_bytes[] = {2, 'h', 4, 'v', 'w', 2, 'n', 1, 2, 'h', 0};

static const cli_place place = {{"orders", 6}, 3};

/* Formats a record and compares; `format` is checked first. */
static void expect_bytes(const char *format, const weir_record *record, const char *text, size_t text_len) {
    char copy[64];
    cli_text out = {0};
    const char *why = NULL;
    size_t len;
    snprintf(copy, sizeof copy, "%s", format);
    ck_assert_msg(cli_format_check(copy, &len, &why), "%s: %s", format, why);
    ck_assert_int_eq(cli_format_record(&out, copy, len, &place, record), WEIR_OK);
    ck_assert_uint_eq(out.len, text_len);
    if (text_len > 0)
        ck_assert_mem_eq(out.p, text, text_len);
    cli_text_free(&out);
}

/* The same with a literal, which may hold NUL. */
#define expect(format, record, literal) expect_bytes(format, record, literal, sizeof literal - 1)

static weir_record sample(void) {
    return (weir_record){.offset = 9007199254740993,
                         .timestamp = 1700000000000,
                         .key = {(const uint8_t *)"k", 1},
                         .value = {(const uint8_t *)"v\0w", 3},
                         .header_count = 3,
                         .headers = {header_bytes, sizeof header_bytes}};
}

START_TEST(letters) {
    weir_record record = sample();
    expect("%t %p %o %k %T %K %S %h %%\\n", &record,
           "orders 3 9007199254740993 k 1700000000000 1 3 h=vw,n=NULL,h= %\n");
    expect("%s\\n", &record, "v\0w\n");
    expect("\\x00\\x41\\t\\r\\\\", &record, "\0A\t\r\\");
    expect("plain", &record, "plain");
    expect("", &record, "");
    expect("%s%s", &record, "v\0wv\0w");
}
END_TEST

START_TEST(nulls) {
    weir_record record = {.timestamp = -1};
    expect("[%k|%s|%K|%S|%h|%T]", &record, "[||-1|-1||-1]");
    record.key = record.value = (weir_bytes){(const uint8_t *)"", 0};
    expect("[%k|%s|%K|%S]", &record, "[||0|0]");
}
END_TEST

START_TEST(wrong_formats) {
    static const char *const formats[] = {"%", "a%", "%x", "%R", "\\", "\\q", "\\x", "\\x1", "\\xg1", "\\x25t", "%\\n"};
    for (size_t n = 0; n < sizeof formats / sizeof formats[0]; n++) {
        char copy[16];
        const char *why = NULL;
        size_t len;
        snprintf(copy, sizeof copy, "%s", formats[n]);
        ck_assert_msg(!cli_format_check(copy, &len, &why), "taken: %s", formats[n]);
        ck_assert_ptr_nonnull(why);
    }
}
END_TEST

START_TEST(as_json) {
    weir_record record = sample();
    cli_json json = {0};
    ck_assert_int_eq(cli_json_record(&json, &place, &record), WEIR_OK);
    cli_text_byte(&json.text, '\0');
    ck_assert_str_eq(json.text.p, "{\"topic\":\"orders\",\"partition\":3,\"offset\":9007199254740993,"
                                  "\"timestamp\":1700000000000,\"timestamp_type\":\"CreateTime\",\"key\":\"k\","
                                  "\"value\":\"v\\u0000w\",\"headers\":[[\"h\",\"vw\"],[\"n\",null],[\"h\",\"\"]]}");
    cli_json_free(&json);
    record = (weir_record){
        .timestamp = -1, .timestamp_type = WEIR_TIMESTAMP_LOG_APPEND, .key = {(const uint8_t *)"\xFF", 1}};
    ck_assert_int_eq(cli_json_record(&json, &place, &record), WEIR_OK);
    cli_text_byte(&json.text, '\0');
    ck_assert_str_eq(
        json.text.p,
        "{\"topic\":\"orders\",\"partition\":3,\"offset\":0,\"timestamp\":-1,"
        "\"timestamp_type\":\"LogAppendTime\",\"key\":{\"base64\":\"/w==\"},\"value\":null,\"headers\":[]}");
    cli_json_free(&json);
}
END_TEST

START_TEST(broken_headers) {
    static const uint8_t cut[] = {2, 'h', 40, 'v'};
    weir_record record = {.header_count = 1, .headers = {cut, sizeof cut}};
    cli_json json = {0};
    cli_text out = {0};
    ck_assert_int_eq(cli_json_record(&json, &place, &record), WEIR_E_MALFORMED);
    ck_assert_int_eq(cli_format_record(&out, "%h", 2, &place, &record), WEIR_E_MALFORMED);
    cli_json_free(&json);
    cli_text_free(&out);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {letters, nulls, wrong_formats, as_json, broken_headers};
    return RUN_SUITE("format", tests);
}
