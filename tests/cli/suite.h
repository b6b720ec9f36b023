/* The main function of a Check program with one case. */
#ifndef CLI_SUITE_H
#define CLI_SUITE_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int run_suite(const char *name, const TTest *const *tests, size_t count) {
    Suite *suite = suite_create(name);
    TCase *tcase = tcase_create(name);
    for (size_t n = 0; n < count; n++)
        tcase_add_test(tcase, tests[n]);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#define RUN_SUITE(name, tests) run_suite(name, tests, sizeof(tests) / sizeof(tests)[0])

#endif
