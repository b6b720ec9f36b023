/* The tables against Kafka's own message definitions (tests/vectors/schema.txt): every field, every property. */
#include "describe.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The next line of the file is this one. */
static void expect(const char *line, void *file) {
    char next[256];
    ck_assert_msg(fgets(next, sizeof next, file) != NULL, "not in Kafka's definitions: %s", line);
    next[strcspn(next, "\n")] = 0;
    ck_assert_str_eq(line, next);
}

START_TEST(tables_say_what_kafka_says) {
    const char *path = getenv("WEIR_SCHEMA");
    FILE *file = fopen(path ? path : "schema.txt", "r");
    ck_assert_ptr_nonnull(file);
    describe_all(expect, file);
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
