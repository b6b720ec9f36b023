#include "plan.h"

#include <string.h>

#include "state.h"

#define MILLISECOND INT64_C(1000)
#define SECOND      INT64_C(1000000)

const char *const fault_names[FAULT_CLASSES] = {
#define X(NAME, name, kind) name,
    FAULTS(X)
#undef X
};

const fault_kind fault_kinds[FAULT_CLASSES] = {
#define X(NAME, name, kind) kind,
    FAULTS(X)
#undef X
};

static int64_t between(weir__rng *rng, int64_t low, int64_t high) {
    return low + (int64_t)weir__rng_below(rng, (uint64_t)(high - low + 1));
}

static bool one_in(weir__rng *rng, uint64_t n) {
    return weir__rng_below(rng, n) == 0;
}

/* Between low and low * 2^doublings, each order of magnitude as likely as the next. */
static int64_t scaled(weir__rng *rng, int64_t low, uint64_t doublings) {
    int64_t base = low << weir__rng_below(rng, doublings);
    return between(rng, base, 2 * base);
}

/* Most states last for milliseconds, so half of these faults wait for one; and the plan sees to it that it comes. */
static void draw_once_state(sim_plan *p, weir__rng *rng) {
    bool waits = one_in(rng, 2);
    int32_t state = (int32_t)weir__rng_below(rng, PLAN_STATES);
    int64_t pause = scaled(rng, 400 * MILLISECOND, 3);
    p->once_state = waits ? state : -1;
    if (p->once_state == WEIR__JOB_DRAINING)
        p->rate[FAULT_STOP] = pause;
    if (p->once_state == WEIR__JOB_ENDED)
        p->rate[FAULT_MEMORY] = pause;
}

/* What may go wrong without end for a job whose broker keeps nothing is one event in a seed of its own. */
static void draw_once(sim_plan *p, weir__rng *rng) {
    static const fault_class last[] = {FAULT_UNCLEAN, FAULT_DELETED, FAULT_RECREATED};
    if (!one_in(rng, 12))
        return;
    fault_class class = last[weir__rng_below(rng, 3)];
    p->rate[class] = between(rng, SECOND, p->calm_from - SECOND);
    draw_once_state(p, rng);
}

static void draw_faults(sim_plan *p, weir__rng *rng) {
    uint64_t rarity = UINT64_C(2) << weir__rng_below(rng, 5); /* from half of the classes down to one or two */
    for (int n = 0; n < FAULT_CLASSES; n++) {
        bool on = one_in(rng, rarity);
        int64_t chance = scaled(rng, 2000, 5), pause = scaled(rng, 400 * MILLISECOND, 5);
        if (on && fault_kinds[n] == CHANCE)
            p->rate[n] = chance;
        if (on && fault_kinds[n] == TIMED)
            p->rate[n] = pause;
    }
    draw_once(p, rng);
}

static void draw_model(sim_plan *p, weir__rng *rng) {
    weir__model_config *m = &p->model;
    weir__model_config_init(m);
    m->release = one_in(rng, 4) ? WEIR__MODEL_3_9 : WEIR__MODEL_4_4;
    m->transaction_version = m->release == WEIR__MODEL_3_9 ? 0 : (int16_t)weir__rng_below(rng, 3);
    m->brokers = (int32_t)between(rng, 1, 3);
    m->host = "broker";
    m->port = 9001;
    m->first_producer_id = between(rng, 0, 5000);
    m->first_epoch = one_in(rng, 4) ? (int16_t)between(rng, 32750, 32766) : 0;
    m->coordinators = (int32_t)between(rng, 1, 4);
    m->fetch_sessions = (int32_t)between(rng, 0, 3);
    m->transaction_timeout_check_ms = between(rng, 10, 500);
    m->marker_us = scaled(rng, 200, 7);
    m->transaction_max_timeout_ms = 900000;
}

void plan_draw(sim_plan *p, uint64_t seed) {
    weir__rng rng;
    weir__rng_init(&rng, seed);
    memset(p, 0, sizeof *p);
    p->seed = seed;
    p->calm_from = between(&rng, 4 * SECOND, 12 * SECOND);
    p->partitions = (int32_t)between(&rng, 1, 3);
    p->first_batches = (int32_t)between(&rng, 0, 6);
    p->feed_us = scaled(&rng, 40 * MILLISECOND, 4);
    p->batch_max = (int32_t)between(&rng, 1, 8);
    p->value_max = (uint32_t)scaled(&rng, 16, 5);
    p->checkpoint_interval_ms = scaled(&rng, 100, 4);
    p->transaction_timeout_ms = scaled(&rng, 2000, 3);
    p->linger_ms = one_in(&rng, 3) ? between(&rng, 1, 20) : 0;
    p->batch_size = one_in(&rng, 3) ? 300 : 16384;
    p->fetch_max_bytes = one_in(&rng, 3) ? 2048 : 65536;
    p->request_timeout_ms = scaled(&rng, 500, 3);
    p->pool = (int32_t)between(&rng, 1, 4);
    p->bounded = one_in(&rng, 5);
    p->splits = one_in(&rng, 4);
    p->transactions = one_in(&rng, 2);
    p->compression = one_in(&rng, 4) ? WEIR_COMPRESSION_LZ4 : WEIR_COMPRESSION_NONE;
    draw_model(p, &rng);
    draw_faults(p, &rng);
    if (p->rate[FAULT_UNCLEAN] > 0)
        p->transactions = false; /* a truncated marker would leave its transaction open for ever */
}

void plan_keep(sim_plan *p, uint64_t classes) {
    for (int n = 0; n < FAULT_CLASSES; n++)
        if ((classes >> n & 1) == 0)
            p->rate[n] = 0;
}
