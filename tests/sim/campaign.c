#include "campaign.h"

#include <stdlib.h>

#include <weir/posix.h>

#include "world.h"

static sim_world *world_new(sim_campaign *c) {
    sim_world *w = calloc(1, sizeof *w);
    if (w == NULL)
        abort();
    w->coverage = &c->result->coverage;
    w->verbose = c->trace;
    return w;
}

static void world_drop(sim_world *w) {
    world_free(w);
    free(w);
}

static void live(sim_campaign *c, sim_world *w, uint64_t seed) {
    sim_plan plan;
    *c->present = seed;
    plan_draw(&plan, seed);
    plan_keep(&plan, c->keep);
    uint64_t events = w->events;
    world_live(w, &plan);
    sim_report *r = c->result;
    r->seeds++;
    r->events += w->events - events;
    r->trace = (r->trace ^ w->trace) * UINT64_C(0x100000001b3);
    if (w->violated != 0)
        report_violation(r, seed, w->violated, w->why);
}

/* Each so-manieth seed is lived through twice: the same events must come in the same order. */
#define TWICE_EVERY 100

static void check_again(sim_campaign *c, sim_world *w, uint64_t seed) {
    uint64_t trace = w->trace;
    sim_plan plan;
    plan_draw(&plan, seed);
    plan_keep(&plan, c->keep);
    sim_coverage *counted = w->coverage;
    w->coverage = NULL;
    world_live(w, &plan);
    w->coverage = counted;
    if (w->trace != trace)
        report_violation(c->result, seed, 0, "the same seed went another way the second time");
}

void campaign_seeds(sim_campaign *c) {
    sim_world *w = world_new(c);
    weir_time_us begun = weir_posix_now(), told = begun;
    for (uint64_t n = 0; n < c->seeds; n++) {
        weir_time_us now = weir_posix_now();
        if (c->seconds > 0 && (double)(now - begun) / 1e6 >= c->seconds)
            break;
        if (now - told > 10000000) {
            told = now;
            fprintf(stderr, "sim: %llu seeds, %llu violations\n", (unsigned long long)n,
                    (unsigned long long)c->result->violation_count);
        }
        live(c, w, c->from + n);
        if (n % TWICE_EVERY == TWICE_EVERY - 1)
            check_again(c, w, c->from + n);
        if (c->stop_at_first && c->result->violation_count > 0)
            break;
    }
    world_drop(w);
}
