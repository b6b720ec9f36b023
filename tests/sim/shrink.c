/* Of a seed that breaks an invariant: which faults does it take? */
#include <stdlib.h>

#include "campaign.h"
#include "world.h"

typedef struct sim_trial {
    sim_world *world;
    uint64_t seed, keep;
    weir_time_us calm_from;
    int wanted; /* the invariant */
} sim_trial;

static bool still_fails(sim_trial *t, uint64_t keep, weir_time_us calm_from) {
    sim_plan plan;
    plan_draw(&plan, t->seed);
    plan_keep(&plan, keep);
    plan.calm_from = calm_from > 0 ? calm_from : plan.calm_from;
    world_live(t->world, &plan);
    return t->world->violated == t->wanted;
}

/* Leaves out one class after the other, until none can be left out. */
static void fewer_classes(sim_trial *t) {
    for (bool changed = true; changed;) {
        changed = false;
        for (int n = 0; n < FAULT_CLASSES; n++) {
            uint64_t without = t->keep & ~(UINT64_C(1) << n);
            if (without == t->keep || !still_fails(t, without, t->calm_from))
                continue;
            t->keep = without;
            changed = true;
        }
    }
}

static void shorter(sim_trial *t) {
    weir_time_us low = 0, high = t->calm_from;
    while (high - low > 50000) {
        weir_time_us middle = low + (high - low) / 2;
        if (middle > 0 && still_fails(t, t->keep, middle))
            high = middle;
        else
            low = middle;
    }
    t->calm_from = high;
}

void campaign_shrink(sim_campaign *c) {
    sim_plan plan;
    sim_trial t = {.world = calloc(1, sizeof(sim_world)), .seed = c->from};
    if (t.world == NULL)
        abort();
    *c->present = c->from;
    plan_draw(&plan, t.seed);
    t.calm_from = plan.calm_from;
    for (int n = 0; n < FAULT_CLASSES; n++)
        t.keep |= plan.rate[n] > 0 ? UINT64_C(1) << n : 0;
    t.keep &= c->keep;
    plan_keep(&plan, t.keep);
    world_live(t.world, &plan);
    t.wanted = t.world->violated;
    if (t.wanted != 0) {
        fewer_classes(&t);
        shorter(&t);
        t.world->verbose = true;
        (void)still_fails(&t, t.keep, t.calm_from);
        report_violation(c->result, t.seed, t.wanted, t.world->why);
        fprintf(stderr, "sim: --seed %llu --keep 0x%llx, faults end after %.3f s; needed:", (unsigned long long)t.seed,
                (unsigned long long)t.keep, (double)t.calm_from / 1e6);
        for (int n = 0; n < FAULT_CLASSES; n++)
            if (t.keep >> n & 1)
                fprintf(stderr, " '%s'", fault_names[n]);
        fputc('\n', stderr);
    }
    c->result->seeds = 1;
    world_free(t.world);
    free(t.world);
}
