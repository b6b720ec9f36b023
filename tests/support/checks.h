/* Check's assertions without its bookkeeping: it writes to the parent process at every assertion that holds, to know
   where a test crashed. Where tests assert millions of times, that is most of what they do. */
#ifndef WEIR_TESTS_SUPPORT_CHECKS_H
#define WEIR_TESTS_SUPPORT_CHECKS_H

#include <check.h>

#undef ck_assert_msg
#define ck_assert_msg(expr, ...)                                                                                       \
    ((expr) ? (void)0 : _ck_assert_failed(__FILE__, __LINE__, "Assertion '" #expr "' failed", ##__VA_ARGS__))

#endif
