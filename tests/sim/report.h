/* What a run of the simulator has come to, and the JSON that says so. */
#ifndef WEIR_TESTS_SIM_REPORT_H
#define WEIR_TESTS_SIM_REPORT_H

#include "coverage.h"

#define REPORT_VIOLATIONS 32 /* told in full */

typedef struct sim_violation {
    uint64_t seed;
    int invariant;
    char text[400];
} sim_violation;

typedef struct sim_report {
    uint64_t seeds, events, trace;
    uint64_t violation_count;
    sim_violation violations[REPORT_VIOLATIONS];
    sim_coverage coverage;
    double seconds;
    int64_t points, cells;           /* of crash points; 0: none were enumerated */
    int64_t takings, once, for_good; /* allocations of the lives, and those that failed; 0: none were made to */
    int64_t stride;                  /* between two that failed, at the most */
} sim_report;

void report_violation(sim_report *r, uint64_t seed, int invariant, const char *text);
void report_print(const sim_report *r, FILE *out);

#endif
