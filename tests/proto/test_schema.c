/* The tables against Kafka's own message definitions (tests/vectors/schema.txt): every field, every property. */
#include "schema.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const kinds[] = {
    [WEIR__BOOL] = "bool",     [WEIR__I8] = "int8",    [WEIR__I16] = "int16",   [WEIR__U16] = "uint16",
    [WEIR__I32] = "int32",     [WEIR__U32] = "uint32", [WEIR__I64] = "int64",   [WEIR__F64] = "float64",
    [WEIR__UUID] = "uuid",     [WEIR__STR] = "string", [WEIR__BYTES] = "bytes", [WEIR__RECORDS] = "records",
    [WEIR__STRUCT] = "struct",
};

static const char *const defaults[] = {
    [ZERO] = "0",
    [NONE] = "null",
    [ONE] = "1",
    [MINUS_1] = "-1",
    [MINUS_2] = "-2",
    [MINUTE_MS] = "60000",
    [MIN_32] = "-2147483648",
    [MAX_32] = "2147483647",
    [MAX_64] = "9223372036854775807",
};

static FILE *file;

/* The next line of the file is this one. */
static void expect(const char *line) {
    char next[256];
    ck_assert_msg(fgets(next, sizeof next, file) != NULL, "not in Kafka's definitions: %s", line);
    next[strcspn(next, "\n")] = 0;
    ck_assert_str_eq(line, next);
}

/* A number, or a word in its place when it has this value. */
static const char *number(char text[8], int n, int special, const char *word) {
    snprintf(text, 8, "%d", n);
    return n == special ? word : text;
}

static void expect_rows(const char *path, const weir_schema *schema) {
    for (size_t i = 0; i < schema->row_count; i++) {
        const weir__row *row = &schema->rows[i];
        char line[256], at[128], until[8], nullable[8], tag[8];
        snprintf(at, sizeof at, "%s.%s", path, row->name);
        snprintf(line, sizeof line, "%s %s%s %d-%s nullable %s tag %s default %s %s", at,
                 row->kind & WEIR__ARRAY ? "[]" : "", kinds[row->kind & ~WEIR__ARRAY], row->since,
                 number(until, row->until, UP, "up"), number(nullable, (row->traits & 0x1f) - 1, -1, "never"),
                 number(tag, weir__row_tag(row), -1, "none"), defaults[row->initial],
                 row->traits & IGNORABLE ? "ignorable" : "kept");
        expect(line);
        if (row->items)
            expect_rows(at, row->items);
    }
}

static void expect_message(const weir_api *api, const char *direction, const weir_schema *schema) {
    char name[64], line[128];
    snprintf(name, sizeof name, "%s%s", api->name, direction);
    snprintf(line, sizeof line, "%s %d-%d flexible %d", name, api->min_version, api->table_version,
             api->flexible_version);
    expect(line);
    expect_rows(name, schema);
}

START_TEST(tables_say_what_kafka_says) {
    const char *path = getenv("WEIR_SCHEMA");
    file = fopen(path ? path : "schema.txt", "r");
    ck_assert_ptr_nonnull(file);
    for (size_t i = 0; weir_api_at(i); i++) {
        expect_message(weir_api_at(i), "Request", weir_api_at(i)->request);
        expect_message(weir_api_at(i), "Response", weir_api_at(i)->response);
    }
    ck_assert_int_eq(fgetc(file), EOF);
    fclose(file);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("schema");
    TCase *tests = tcase_create("schema");
    tcase_add_test(tests, tables_say_what_kafka_says);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
