#include "world.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "state.h"

#define SECOND 1000000

/* ---- services ---- */
void world_violate(sim_world *w, int invariant, const char *fmt, ...) {
    va_list args;
    if (w->violated != 0)
        return;
    w->violated = invariant;
    va_start(args, fmt);
    vsnprintf(w->why, sizeof w->why, fmt, args);
    va_end(args);
    world_say(w, "VIOLATION of invariant %d: %s", invariant, w->why);
}

void world_say(const sim_world *w, const char *fmt, ...) {
    va_list args;
    if (!w->verbose)
        return;
    fprintf(stderr, "%10.6f ", (double)w->now / SECOND);
    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);
    fputc('\n', stderr);
}

void world_trace(sim_world *w, uint64_t what) {
    w->trace = (w->trace ^ what) * UINT64_C(0x100000001b3);
    w->trace ^= w->trace >> 29;
}

void world_trace_bytes(sim_world *w, const void *bytes, size_t len) {
    world_trace(w, (uint64_t)len << 32 | weir_crc32c(0, bytes, len));
}

uint64_t world_draw(sim_world *w, uint64_t below) {
    return weir__rng_below(&w->dice, below);
}

int64_t world_draw_us(sim_world *w, int64_t low, uint64_t doublings) {
    int64_t base = low << world_draw(w, doublings);
    return base + (int64_t)world_draw(w, (uint64_t)base);
}

bool world_chance(sim_world *w, fault_class class) {
    int64_t rate = w->plan.rate[class];
    return rate > 0 && !w->calm && (int64_t)world_draw(w, 1000000) < rate;
}

bool world_chance_of(sim_world *w, fault_class class, const sim_process *p) {
    static const int8_t times[PLAN_STATES] = {
        [WEIR__JOB_STORING] = 8, [WEIR__JOB_DRAINING] = 8, [WEIR__JOB_ENDED] = 16};
    int state = p != NULL && p->alive ? process_state(p) : -1;
    bool chance = world_chance(w, class);
    for (int n = 1; !chance && state >= 0 && n < times[state]; n++)
        chance = world_chance(w, class);
    return chance;
}

void world_count(sim_world *w, fault_class class, const sim_process *p) {
    world_say(w, "%s%s", fault_names[class], p != NULL ? " (one process)" : "");
    world_trace(w, (uint64_t) class + 1000);
    if (w->coverage == NULL)
        return;
    w->coverage->total[class]++;
    for (int n = 0; n < WORLD_PROCESSES; n++) {
        const sim_process *each = &w->processes[n];
        int state = each->alive && (p == NULL || p == each) ? process_state(each) : -1;
        if (state >= 0)
            w->coverage->met[class][state]++;
    }
}

/* ---- what happens ---- */
static void fault_next(sim_world *w, fault_class class) {
    int64_t mean = w->plan.rate[class];
    weir_time_us at = w->now + mean / 4 + (int64_t)world_draw(w, (uint64_t)mean * 3 / 2);
    if (at < w->plan.calm_from)
        agenda_add(&w->agenda, at, EVENT_FAULT, (int32_t) class);
}

static bool one_is_in(const sim_world *w, int32_t state) {
    for (int n = 0; n < WORLD_PROCESSES; n++)
        if (w->processes[n].alive && process_state(&w->processes[n]) == state)
            return true;
    return false;
}

void world_turned(sim_world *w, const sim_process *p) {
    if (w->awaited < 0 || !p->alive || process_state(p) != w->plan.once_state)
        return;
    agenda_add(&w->agenda, w->now, EVENT_FAULT, w->awaited);
    w->awaited = -1;
}

static void fault(sim_world *w, fault_class class) {
    if (w->calm)
        return;
    if (fault_kinds[class] == ONCE && w->plan.once_state >= 0 && !one_is_in(w, w->plan.once_state)) {
        w->awaited = (int32_t) class;
        return;
    }
    bool of_processes = (class >= FAULT_KILL && class <= FAULT_MEMORY) || class == FAULT_POWER;
    if (of_processes || class == FAULT_STALL || class == FAULT_RESET)
        drama_fault(w, class);
    else
        cluster_fault(w, class);
    if (fault_kinds[class] == TIMED && w->plan.rate[class] > 0)
        fault_next(w, class);
}

static bool one_runs(const sim_world *w) {
    for (int n = 0; n < WORLD_PROCESSES; n++)
        if (w->processes[n].alive)
            return true;
    return false;
}

static void calm(sim_world *w) {
    world_say(w, "calm");
    w->calm = true;
    cluster_calm(w);
    wires_calm(w);
    drama_calm(w);
    for (int32_t n = 0; n < w->plan.partitions && !w->recreated; n++)
        feed_batch(w, n);
    agenda_add(&w->agenda, w->now + 200000, EVENT_START, 0);
    agenda_add(&w->agenda, w->now + 200000, EVENT_LOOK, 0);
}

/* Once all is visible the job is asked to stop; then nothing may be left over. */
static void look(sim_world *w) {
    bool satisfied = oracle_satisfied(w);
    if (w->oracle.loss_told || (satisfied && !one_runs(w))) {
        w->over = true;
        return;
    }
    for (int n = 0; n < WORLD_PROCESSES; n++)
        w->processes[n].stop_asked = w->processes[n].stop_asked || satisfied;
    if (w->now > w->plan.calm_from + WORLD_US) {
        char missing[100] = "all is visible, but the job does not stop";
        oracle_missing(w, missing, sizeof missing);
        world_violate(w, 16, "no end within %d s after the last fault: %s", WORLD_US / SECOND, missing);
    }
    agenda_add(&w->agenda, w->now + 100000, EVENT_LOOK, 0);
}

static void start_one(sim_world *w) {
    if (one_runs(w) || w->oracle.loss_told || w->over || (w->calm && oracle_satisfied(w)))
        return;
    drama_start(w);
}

static void happen(sim_world *w, const sim_appointment *a) {
    sim_process *p = &w->processes[a->whom % WORLD_PROCESSES];
    switch ((event_kind)a->what) {
    case EVENT_WIRE:
        if (w->wires[a->whom].used && w->wires[a->whom].wakes == a->at)
            wire_turn(w, &w->wires[a->whom]);
        break;
    case EVENT_PROCESS:
        if (p->wakes == a->at)
            process_turn(p);
        break;
    case EVENT_MODEL:
        if (w->model_wakes == a->at)
            cluster_tick(w);
        break;
    case EVENT_FEED:
        feed_some(w);
        break;
    case EVENT_WRITTEN:
        feed_end_transaction(w, a->whom);
        break;
    case EVENT_FAULT:
        fault(w, (fault_class)a->whom);
        break;
    case EVENT_START:
        start_one(w);
        break;
    case EVENT_COPY:
        drama_start_copy(w);
        break;
    case EVENT_BACKUP:
        drama_start_backup(w, a->whom);
        break;
    case EVENT_BACK:
        drama_move_back(w, a->whom);
        break;
    case EVENT_RESUME:
        p->paused = false;
        process_wake(p);
        break;
    case EVENT_STARVED:
        process_starved(p);
        break;
    case EVENT_BROKER_UP:
        cluster_broker_up(w, a->whom);
        break;
    case EVENT_CALM:
        calm(w);
        break;
    default:
        look(w);
        break;
    }
}

/* ---- a life ---- */
static void begin(sim_world *w, const sim_plan *plan) {
    w->plan = *plan;
    weir__rng_init(&w->dice, plan->seed ^ UINT64_C(0x5eed));
    w->now = 1000000; /* before that nothing was */
    w->plan.calm_from += w->now;
    w->calm = w->over = w->recreated = false;
    w->trace = UINT64_C(0xcbf29ce484222325);
    w->process_count = w->wires_end = 0;
    memset(w->client_wires, 0, sizeof w->client_wires);
    w->machine = w->last_good = w->copied = w->backup = 0;
    w->awaited = -1;
    memset(w->refused, 0, sizeof w->refused);
    w->fed = w->steps = w->takes = 0; /* die_at is the caller's */
    w->violated = 0;
    w->why[0] = '\0';
    agenda_clear(&w->agenda);
    tap_reset(&w->tap);
    oracle_reset(&w->oracle, plan->partitions);
    for (int n = 0; n < WORLD_MACHINES; n++)
        disk_init(&w->machines[n]);
    memset(w->writers, 0, sizeof w->writers);
    memset(w->broker_down, 0, sizeof w->broker_down);
    cluster_make(w);
    for (int32_t n = 0; n < plan->partitions; n++)
        for (int32_t batch = 0; batch < plan->first_batches; batch++)
            feed_batch(w, n);
    for (int n = 0; n < FAULT_CLASSES; n++) {
        if (plan->rate[n] > 0 && fault_kinds[n] == TIMED)
            fault_next(w, (fault_class)n);
        else if (plan->rate[n] > 0 && fault_kinds[n] == ONCE)
            agenda_add(&w->agenda, w->now + plan->rate[n], EVENT_FAULT, n);
    }
    if (plan->kill_at > 0)
        agenda_add(&w->agenda, w->now + plan->kill_at, EVENT_FAULT, FAULT_KILL);
    agenda_add(&w->agenda, w->now, EVENT_START, 0);
    agenda_add(&w->agenda, w->now, EVENT_FEED, 0);
    agenda_add(&w->agenda, w->plan.calm_from, EVENT_CALM, 0);
}

static void end(sim_world *w) {
    for (int n = 0; n < WORLD_PROCESSES; n++)
        if (w->processes[n].alive)
            process_kill(&w->processes[n]);
    for (int n = 0; n < w->wires_end; n++)
        w->wires[n].used = w->wires[n].client_open = false;
    for (int n = 0; n < WORLD_MACHINES; n++)
        disk_free(&w->machines[n]);
    weir__model_free(w->model);
    w->model = NULL;
}

void world_live(sim_world *w, const sim_plan *plan) {
    sim_appointment next;
    begin(w, plan);
    while (w->violated == 0 && !w->over && agenda_next(&w->agenda, &next)) {
        w->now = next.at;
        w->events++;
        world_trace(w, (uint64_t)next.at << 16 ^ (uint64_t)next.what << 8 ^ (uint64_t)next.whom);
        happen(w, &next);
    }
    if (w->violated == 0)
        oracle_finish(w);
    end(w);
}

void world_free(sim_world *w) {
    agenda_free(&w->agenda);
    oracle_free(&w->oracle);
    for (int n = 0; n < WORLD_WIRES; n++) {
        stream_free(&w->wires[n].to_broker);
        stream_free(&w->wires[n].to_client);
        tap_wire_free(&w->wires[n].tap);
    }
}
