/* Allocations that fail: a life is lived through once to count what its processes take, then again for each taking,
   which fails once, or which is the first of all that fail until the process is started again. */
#include <stdlib.h>

#include <weir/posix.h>

#include "campaign.h"
#include "world.h"

/* Of a life with more takings only so many fail, unless all are to. Those of the next seed lie elsewhere between them.
 */
#define POINTS 200
/* Every so-manieth life is without other faults: in those the job must say that it is memory that it lacks. */
#define ALONE_EVERY 3
/* Faults come in the first seconds, so that lives are short and few takings are passed over. */
#define CALM_FROM 2500000

static void live(sim_campaign *c, sim_world *w, const sim_plan *plan, int64_t taking, bool on) {
    sim_report *r = c->result;
    uint64_t events = w->events;
    *c->present = plan->seed;
    w->starve_at = taking;
    w->starve_on = on;
    world_live(w, plan);
    r->seeds++;
    r->events += w->events - events;
    r->trace = (r->trace ^ w->trace) * UINT64_C(0x100000001b3);
    r->once += taking > 0 && !on && w->takes >= taking;
    r->for_good += taking > 0 && on && w->takes >= taking;
    if (w->violated == 0)
        return;
    char text[sizeof w->why + 100];
    snprintf(text, sizeof text, "taking %lld fails %s: %s", (long long)taking, on ? "for good" : "once", w->why);
    report_violation(r, plan->seed, w->violated, text);
}

static void live_all(sim_campaign *c, sim_world *w, uint64_t seed) {
    sim_plan plan;
    plan_draw(&plan, seed);
    w->starve_only = seed % ALONE_EVERY == 0;
    plan_keep(&plan, w->starve_only ? 0 : c->keep);
    if (plan.calm_from > CALM_FROM)
        plan.calm_from = CALM_FROM;
    live(c, w, &plan, 0, false);
    int64_t takings = w->takes, stride = c->every ? 1 : (takings + POINTS - 1) / POINTS;
    stride = stride > 0 ? stride : 1;
    int64_t first = 1 + (int64_t)(seed % (uint64_t)stride), last = takings;
    if (c->taking > 0)
        first = last = c->taking;
    c->result->takings += takings;
    c->result->stride = stride > c->result->stride ? stride : c->result->stride;
    fprintf(stderr, "sim: seed %llu: %lld allocations, one in %lld fails\n", (unsigned long long)seed,
            (long long)takings, (long long)stride);
    for (int64_t n = first; n <= last; n += stride) {
        live(c, w, &plan, n, false);
        live(c, w, &plan, n, true);
    }
}

void campaign_allocations(sim_campaign *c) {
    sim_world *w = calloc(1, sizeof *w);
    if (w == NULL)
        abort();
    w->coverage = &c->result->coverage;
    w->verbose = c->trace;
    weir_time_us begun = weir_posix_now();
    for (uint64_t n = 0; n < c->seeds && !(c->stop_at_first && c->result->violation_count > 0); n++) {
        if (c->seconds > 0 && (double)(weir_posix_now() - begun) / 1e6 >= c->seconds)
            break;
        live_all(c, w, c->from + n);
    }
    world_free(w);
    free(w);
}
