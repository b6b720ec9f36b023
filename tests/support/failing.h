/* Memory from the heap whose n-th taking fails, and all n of a scenario one after the other. */
#ifndef WEIR_TESTS_SUPPORT_FAILING_H
#define WEIR_TESTS_SUPPORT_FAILING_H

#include <weir/alloc.h>

typedef struct failing_alloc {
    weir_alloc alloc;
    int64_t takes;                 /* so far */
    int64_t fail_from, fail_count; /* takings fail_from .. fail_from + fail_count - 1 (from 0) fail */
} failing_alloc;

/* For ever, as far as a test is concerned. */
#define FAILING_ON (INT64_MAX / 2)

/* Memory that does not fail. */
void failing_init(failing_alloc *f);
/* From now on: the n-th taking (from 0) fails, and those after it up to `count`. */
void failing_next(failing_alloc *f, int64_t n, int64_t count);
/* There is memory again. Returns whether any taking has failed since failing_next. */
bool failing_stop(failing_alloc *f);

/* Runs a scenario for n = 0, 1, ... with one taking that fails, then with three in a row, then with all from there on,
   until it says that it came to its end without meeting one. Every `step`-th n, from `first` on. */
void failing_sweep(bool (*scenario)(int64_t n, int64_t count), int64_t first, int64_t step);

#endif
