/* Which fault has met the job in which state, over all seeds. */
#ifndef WEIR_TESTS_SIM_COVERAGE_H
#define WEIR_TESTS_SIM_COVERAGE_H

#include <stdio.h>

#include "plan.h"

#define COVERAGE_STATES PLAN_STATES

typedef struct sim_coverage {
    uint64_t total[FAULT_CLASSES];
    uint64_t met[FAULT_CLASSES][COVERAGE_STATES];
} sim_coverage;

extern const char *const coverage_states[COVERAGE_STATES];

void coverage_add(sim_coverage *sum, const sim_coverage *more);
/* Cells that can be met at all, and how many of them were not. */
void coverage_count(const sim_coverage *c, int *cells, int *zero);
/* `"faults": {…}, "coverage": {…}` */
void coverage_print(const sim_coverage *c, FILE *out);

#endif
