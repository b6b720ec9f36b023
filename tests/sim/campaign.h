/* Campaigns: many lives, and what is made of one that went wrong. */
#ifndef WEIR_TESTS_SIM_CAMPAIGN_H
#define WEIR_TESTS_SIM_CAMPAIGN_H

#include "report.h"

#define ALLOCATION_SEEDS 30 /* lives whose allocations fail, when nothing else is asked for */

typedef struct sim_campaign {
    uint64_t seeds, from;
    double seconds; /* no life begins later than that; 0: no limit */
    uint64_t keep;  /* the classes of faults that may happen, a bit each */
    bool trace, shrink, crash_points, allocations, stop_at_first;
    bool every;        /* of campaign_allocations: each taking, also of long lives */
    int64_t taking;    /* this one only; 0: all */
    uint64_t *present; /* the seed that is being lived through */
    sim_report *result;
} sim_campaign;

/* Seeds from, from + 1, ... */
void campaign_seeds(sim_campaign *c);
/* The smallest set of fault classes, and the earliest end of them, with which a seed still breaks the same invariant.
 */
void campaign_shrink(sim_campaign *c);
/* A crash at every step of a plain life, with everything that may come after it. */
void campaign_crash_points(sim_campaign *c);
/* Every allocation of lives fails, once and for good; of long lives so many, evenly spread. */
void campaign_allocations(sim_campaign *c);

#endif
