/* The lines that `weir produce` reads. */
#include "suite.h"

#include "format.h"
#include "input.h"

static void expect_bytes(weir_bytes bytes, const char *text, size_t len) {
    ck_assert_ptr_nonnull(bytes.p);
    ck_assert_uint_eq(bytes.len, len);
    if (len > 0)
        ck_assert_mem_eq(bytes.p, text, len);
}

START_TEST(plain_lines) {
    cli_input input = {0};
    cli_input_line(&input, "a:b:c", 5, ":", 1);
    expect_bytes(input.record.key, "a", 1);
    expect_bytes(input.record.value, "b:c", 3);
    cli_input_line(&input, "a:=:=c", 6, ":=", 2);
    expect_bytes(input.record.key, "a", 1);
    expect_bytes(input.record.value, ":=c", 3);
    cli_input_line(&input, "abc:", 4, ":=", 2);
    ck_assert_ptr_null(input.record.key.p);
    expect_bytes(input.record.value, "abc:", 4);
    cli_input_line(&input, ":", 1, ":", 1);
    expect_bytes(input.record.key, "", 0);
    expect_bytes(input.record.value, "", 0);
    cli_input_line(&input, "", 0, ":", 1);
    ck_assert_ptr_null(input.record.key.p);
    expect_bytes(input.record.value, "", 0);
    cli_input_line(&input, "a:b", 3, NULL, 0);
    ck_assert_ptr_null(input.record.key.p);
    expect_bytes(input.record.value, "a:b", 3);
    ck_assert_int_eq(input.partition, -1);
    ck_assert_int_eq(input.record.timestamp, CLI_NOW);
    ck_assert_int_eq(input.record.header_count, 0);
    cli_input_free(&input);
}
END_TEST

static bool take(cli_input *input, const char *line) {
    return cli_input_json(input, line, strlen(line));
}

START_TEST(json_lines) {
    cli_input input = {0};
    ck_assert(take(&input, "{\"key\":null,\"value\":\"x\\u0000y\",\"timestamp\":9007199254740993,\"partition\":5,"
                           "\"topic\":\"t\",\"offset\":3,\"timestamp_type\":\"CreateTime\","
                           "\"headers\":[[\"a\",\"b\"],[\"a\",null],[\"c\",{\"base64\":\"/w==\"}]]}"));
    ck_assert_ptr_null(input.record.key.p);
    expect_bytes(input.record.value, "x\0y", 3);
    ck_assert_int_eq(input.record.timestamp, 9007199254740993);
    ck_assert_int_eq(input.partition, 5);
    ck_assert_int_eq(input.record.header_count, 3);
    weir_bytes left = input.record.headers;
    weir_header header;
    ck_assert_int_eq(weir_headers_next(&left, &header), WEIR_OK);
    expect_bytes(header.value, "b", 1);
    ck_assert_int_eq(weir_headers_next(&left, &header), WEIR_OK);
    ck_assert(weir_str_equal(header.name, weir_str_of("a")));
    ck_assert_ptr_null(header.value.p);
    ck_assert_int_eq(weir_headers_next(&left, &header), WEIR_OK);
    expect_bytes(header.value, "\xFF", 1);
    ck_assert_int_eq(weir_headers_next(&left, &header), WEIR_END);
    ck_assert(take(&input, "{}"));
    ck_assert_ptr_null(input.record.value.p);
    ck_assert_int_eq(input.record.timestamp, CLI_NOW);
    ck_assert(take(&input, "{\"value\":\"\",\"timestamp\":-1,\"key\":{\"base64\":\"\"}}"));
    expect_bytes(input.record.value, "", 0);
    expect_bytes(input.record.key, "", 0);
    ck_assert_int_eq(input.record.timestamp, -1);
    cli_input_free(&input);
}
END_TEST

START_TEST(wrong_json) {
    static const char *const lines[] = {"x",
                                        "[]",
                                        "null",
                                        "{\"value\":1}",
                                        "{\"value\":{\"base64\":1}}",
                                        "{\"value\":{\"base64\":\"A\"}}",
                                        "{\"value\":{\"base64\":\"\",\"x\":1}}",
                                        "{\"vaule\":\"a\"}",
                                        "{\"value\":\"a\",\"value\":\"b\"}",
                                        "{\"value\":\"a\"} x",
                                        "{\"value\":\"\xFF\"}",
                                        "{\"headers\":{}}",
                                        "{\"headers\":[[\"a\"]]}",
                                        "{\"headers\":[[null,\"a\"]]}",
                                        "{\"headers\":[[\"a\",1]]}",
                                        "{\"partition\":4294967296}",
                                        "{\"partition\":1.5}",
                                        "{\"timestamp\":\"now\"}",
                                        "{\"timestamp\":99999999999999999999}"};
    cli_input input = {0};
    for (size_t n = 0; n < sizeof lines / sizeof lines[0]; n++) {
        input.why[0] = '\0';
        ck_assert_msg(!take(&input, lines[n]), "taken: %s", lines[n]);
        ck_assert_uint_gt(strlen(input.why), 0);
    }
    cli_input_free(&input);
}
END_TEST

/* What `weir consume --json` prints comes in as the same record. */
START_TEST(round_trip) {
    static const uint8_t headers[] = {2, 'h', 4, 0xFF, 'w', 2, 'n', 1, 2, 'h', 0};
    weir_record record = {.offset = 7,
                          .timestamp = 1,
                          .key = {(const uint8_t *)"\xC3(", 2},
                          .value = {(const uint8_t *)"\"\\\n\0\x7F", 5},
                          .header_count = 3,
                          .headers = {headers, sizeof headers}};
    cli_place place = {{"t", 1}, 2};
    cli_input input = {0};
    cli_json json = {0};
    ck_assert_int_eq(cli_json_record(&json, &place, &record), WEIR_OK);
    ck_assert_msg(cli_input_json(&input, json.text.p, json.text.len), "%s", input.why);
    expect_bytes(input.record.key, "\xC3(", 2);
    expect_bytes(input.record.value, "\"\\\n\0\x7F", 5);
    expect_bytes(input.record.headers, (const char *)headers, sizeof headers);
    ck_assert_int_eq(input.record.header_count, 3);
    ck_assert_int_eq(input.record.timestamp, 1);
    ck_assert_int_eq(input.partition, 2);
    cli_json_free(&json);
    cli_input_free(&input);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {plain_lines, json_lines, wrong_json, round_trip};
    return RUN_SUITE("input", tests);
}
