/* Crash points: a plain life, with nothing but one kill and its recovery in it, is lived through once to count its I/O
   steps (what is sent, received, asked of the disk), then again for each step and each thing that may come after: at
   that step the power fails. */
#include <stdlib.h>

#include "campaign.h"
#include "world.h"

static void plain_plan(sim_plan *p, int16_t transaction_version) {
    plan_draw(p, 1);
    plan_keep(p, 0);
    p->calm_from = 1600000;
    p->kill_at = 800000;
    p->partitions = 2;
    p->first_batches = 3;
    p->feed_us = 60000;
    p->batch_max = 4;
    p->value_max = 50;
    p->checkpoint_interval_ms = 250;
    p->transaction_timeout_ms = 2000;
    p->linger_ms = 0;
    p->batch_size = 16384;
    p->fetch_max_bytes = 65536;
    p->request_timeout_ms = 1000;
    p->pool = 2;
    p->bounded = p->splits = p->transactions = false;
    p->compression = WEIR_COMPRESSION_NONE;
    p->model.release = WEIR__MODEL_4_4;
    p->model.transaction_version = transaction_version;
    p->model.brokers = 3;
    p->model.coordinators = 3;
    p->model.first_epoch = 0;
    p->model.transaction_timeout_check_ms = 100;
    p->model.marker_us = 1000;
}

static void live(sim_campaign *c, sim_world *w, const sim_plan *plan, int64_t die_at) {
    sim_report *r = c->result;
    uint64_t events = w->events;
    *c->present = (uint64_t)die_at;
    w->die_at = die_at;
    world_live(w, plan);
    r->seeds++;
    r->events += w->events - events;
    r->trace = (r->trace ^ w->trace) * UINT64_C(0x100000001b3);
    if (w->violated == 0)
        return;
    char text[sizeof w->why + 100];
    snprintf(text, sizeof text, "step %lld, aftermath %d, transaction version %d: %s", (long long)die_at,
             (int)plan->aftermath, plan->model.transaction_version, w->why);
    report_violation(r, (uint64_t)die_at, w->violated, text);
}

void campaign_crash_points(sim_campaign *c) {
    sim_world *w = calloc(1, sizeof *w);
    if (w == NULL)
        abort();
    w->coverage = &c->result->coverage;
    w->verbose = c->trace;
    for (int16_t version = 1; version <= 2; version++) {
        sim_plan plan;
        plain_plan(&plan, version);
        live(c, w, &plan, 0);
        int64_t steps = w->steps;
        c->result->points += steps;
        fprintf(stderr, "sim: %lld steps with transaction version %d\n", (long long)steps, version);
        for (int n = 0; n < AFTERMATHS; n++) {
            plan.aftermath = (sim_aftermath)n;
            for (int64_t step = 1; step <= steps; step++)
                live(c, w, &plan, step);
            c->result->cells += steps;
        }
    }
    world_free(w);
    free(w);
}
