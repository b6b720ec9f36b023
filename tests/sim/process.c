#include "process.h"

#include <string.h>

#include <weir/posix.h>

#include "state.h"
#include "world.h"

#define ROUNDS_MAX    8        /* as src/posix/host.c */
#define INSTANT_MAX   20000    /* rounds at one instant, before it is a loop without end */
#define STARVED_US    20000000 /* longer than all time limits of the job */
#define MEMORY_BUDGET (12u * 1024 * 1024)

/* ---- memory ---- */
/* Whether this taking is the one of the life that is to fail, or comes after it where that lasts. */
static bool starves(sim_thin_alloc *thin) {
    sim_world *w = thin->process->world;
    bool hit = ++w->takes == w->starve_at;
    if (hit && w->starve_on) {
        thin->dry = true;
        agenda_add(&w->agenda, w->now + STARVED_US, EVENT_STARVED, thin->process->index);
    }
    thin->failed = thin->failed || hit;
    return hit || thin->dry;
}

static void *thin_take(weir_alloc *self, size_t size) {
    sim_thin_alloc *thin = (sim_thin_alloc *)self;
    if (starves(thin))
        return NULL;
    if (thin->fail_in > 0 && --thin->fail_in == 0 && thin->fail_count > 0) {
        thin->fail_count--;
        thin->failed = true;
        thin->fail_in = thin->fail_count > 0;
        return NULL;
    }
    return thin->inner->take(thin->inner, size);
}

static void thin_give(weir_alloc *self, void *p, size_t size) {
    sim_thin_alloc *thin = (sim_thin_alloc *)self;
    thin->inner->give(thin->inner, p, size);
}

/* ---- what the job is ---- */
static weir_err function(weir_job *job, const weir_split_batch *from, const weir_record *in, void *user) {
    const sim_process *p = user;
    uint8_t key[12];
    int64_t n = 0;
    for (int i = 0; i < 8 && in->key.len == sizeof key; i++)
        n = n << 8 | in->key.p[i];
    weir_err err = WEIR_OK;
    for (int32_t copy = 0; err == WEIR_OK && copy < record_copies(p->world, n); copy++) {
        weir_record out = *in;
        memcpy(key, in->key.p, sizeof key);
        key[11] = (uint8_t)copy;
        out.key.p = key;
        err = weir_job_emit(job, from->partition, &out);
    }
    return err;
}

static void on_event(const weir_job_event *event, void *user) {
    sim_process *p = user;
    oracle_told(p->world, p, event);
}

static bool on_progress(const weir_job_counters *counters, const weir_fault *trouble, void *user) {
    sim_process *p = user;
    (void)counters;
    (void)trouble;
    return p->stop_asked;
}

static void configure_client(const sim_plan *plan, weir_config *config) {
    memcpy(config->bootstrap_servers, "broker:9001,broker:9002", sizeof "broker:9001,broker:9002");
    if (plan->model.brokers == 1)
        config->bootstrap_servers[11] = '\0';
    config->request_timeout_ms = plan->request_timeout_ms;
    config->default_api_timeout_ms = 10000;
    config->connection_setup_timeout_ms = 2000;
    config->fetch_max_bytes = config->max_partition_fetch_bytes = plan->fetch_max_bytes;
    config->fetch_max_wait_ms = 100;
    config->linger_ms = plan->linger_ms;
    config->batch_size = plan->batch_size;
    config->max_request_size = 65536;
    config->buffer_memory = 262144;
    config->delivery_timeout_ms = 15000;
    config->transaction_timeout_ms = plan->transaction_timeout_ms;
    config->transaction_pool_size = plan->pool;
    config->compression_type = plan->compression;
    config->delivery_guarantee = WEIR_DELIVERY_EXACTLY_ONCE;
    config->isolation_level = WEIR_READ_COMMITTED;
}

static void configure(sim_process *p) {
    const sim_plan *plan = &p->world->plan;
    weir_job_config *config = &p->config;
    weir_job_config_init(config);
    configure_client(plan, &config->source);
    configure_client(plan, &config->sink);
    config->name = "job";
    config->from = "in";
    config->to = "out";
    config->stop = plan->bounded ? WEIR_STOP_LATEST : WEIR_STOP_NEVER;
    config->checkpoint_interval_ms = plan->checkpoint_interval_ms;
    config->memory_budget = MEMORY_BUDGET;
    config->function = plan->splits ? function : NULL;
    config->user = p;
    config->on_event = on_event;
    config->on_progress = on_progress;
}

/* ---- birth and death ---- */
static int disk_fault(void *user, disk_call call);

static weir_time_us clock_of(const sim_process *p) {
    return p->world->now + p->clock;
}

static void appoint(sim_process *p, weir_time_us at) {
    sim_world *w = p->world;
    if (at <= w->now)
        at = w->now;
    if (at >= p->wakes)
        return;
    p->wakes = at;
    agenda_add(&w->agenda, at, EVENT_PROCESS, p->index);
}

void process_wake(sim_process *p) {
    if (p->alive && !p->paused)
        appoint(p, p->world->now);
}

sim_process *process_start(sim_world *w, int32_t machine) {
    sim_process *p = NULL;
    for (int n = 0; n < WORLD_PROCESSES && p == NULL; n++)
        if (!w->processes[n].alive)
            p = &w->processes[n];
    if (p == NULL)
        return NULL;
    int32_t index = (int32_t)(p - w->processes);
    memset(p, 0, sizeof *p);
    p->world = w;
    p->index = index;
    p->number = ++w->process_count;
    w->oracle.meddled = w->oracle.meddled || machine != w->machine;
    p->machine = w->machine = machine;
    p->disk = &w->machines[machine];
    p->alive = p->alone = true;
    p->moves_back = -1;
    for (int n = 0; n < WORLD_PROCESSES; n++)
        if (n != index && w->processes[n].alive)
            p->alone = w->processes[n].alone = false;
    w->oracle.meddled = w->oracle.meddled || !p->alone;
    p->wakes = WEIR_NEVER;
    p->clock = (weir_time_us)world_draw(w, 1000000000);
    p->memory = (sim_thin_alloc){.alloc = {thin_take, thin_give}, .inner = weir_posix_malloc(), .process = p};
    configure(p);
    weir_budget_init(&p->budget, &p->memory.alloc, MEMORY_BUDGET);
    weir__lives_init(&p->lives, &p->config, &p->result, &p->budget.alloc, world_draw(w, UINT64_MAX));
    sim_disk *d = &w->machines[machine];
    d->fault = disk_fault;
    d->user = p;
    world_say(w, "process %d starts on machine %d", p->number, machine);
    if (weir__store_over(&p->store, &p->budget.alloc, &d->files, "the folder", &p->result.fault) != WEIR_OK)
        weir__lives_fail(&p->lives, &p->result.fault);
    appoint(p, w->now);
    return p;
}

static void close_wires(sim_process *p) {
    sim_world *w = p->world;
    for (int32_t n = 0; n < w->wires_end; n++)
        if (w->wires[n].used && w->wires[n].client_open && w->wires[n].process == p->index)
            wire_close(w, &w->wires[n]);
}

/* Whatever it took must come back. */
static void bury(sim_process *p) {
    close_wires(p);
    weir__lives_free(&p->lives);
    weir__store_close(p->store);
    p->store = NULL;
    p->alive = false;
    disk_release(&p->world->machines[p->machine]);
    if (p->budget.used != 0)
        world_violate(p->world, 12, "process %d leaks %zu bytes", p->number, p->budget.used);
}

void process_kill(sim_process *p) {
    world_say(p->world, "process %d is killed", p->number);
    bury(p);
}

void process_starved(sim_process *p) {
    sim_world *w = p->world;
    if (!p->alive || !p->memory.dry)
        return;
    world_say(w, "process %d has had no memory for %d s", p->number, STARVED_US / 1000000);
    if (w->starve_only)
        world_violate(w, 4, "a process without memory goes on and on (state %d)", process_state(p));
    process_kill(p);
    agenda_add(&w->agenda, w->now + 10000, EVENT_START, 0);
}

int process_state(const sim_process *p) {
    return p->lives.job != NULL ? (int)p->lives.job->state : -1;
}

/* ---- disk ---- */
static int disk_fault(void *user, disk_call call) {
    static const struct {
        fault_class class;
        int error;
    } faults[] = {{FAULT_DISK_IO, 5 /* EIO */}, {FAULT_DISK_FULL, 28 /* ENOSPC */}, {FAULT_DISK_SYNC, 5}};
    sim_process *p = user;
    sim_world *w = p->world;
    world_trace(w, (uint64_t)call);
    sim_disk *d = &w->machines[p->machine];
    if (++w->steps == w->die_at || (p->die_in > 0 && --p->die_in == 0)) {
        d->dead = true;
        return 0;
    }
    for (size_t n = 0; n < sizeof faults / sizeof *faults; n++) {
        fault_class class = faults[n].class;
        bool fits = class == FAULT_DISK_IO || (class == FAULT_DISK_FULL && call == DISK_WRITE) ||
                    (class == FAULT_DISK_SYNC && (call == DISK_SYNC || call == DISK_SYNC_NAMES));
        if (!fits || !world_chance(w, class))
            continue;
        world_count(w, class, p);
        return faults[n].error;
    }
    return 0;
}

static void restore(sim_process *p) {
    sim_world *w = p->world;
    weir__stored files[2];
    weir_fault fault;
    close_wires(p);
    if (weir__store_load(p->store, files, &fault) != WEIR_OK) {
        weir__lives_fail(&p->lives, &fault);
        return;
    }
    weir_bytes views[2] = {{files[0].p, files[0].len}, {files[1].p, files[1].len}};
    weir__lives_restore(&p->lives, views, "the folder");
    weir__store_free_loaded(p->store, files);
    if (p->lives.job != NULL)
        oracle_restored(w, p->machine, p->lives.job->restored_number);
}

/* A sync takes its time, in which the process does nothing and the world goes on. */
static bool disk_is_slow(sim_process *p) {
    sim_world *w = p->world;
    if (p->disk_busy_until == 0)
        p->disk_busy_until = w->now + world_draw_us(w, 100, 8);
    if (p->disk_busy_until > w->now)
        return true;
    p->disk_busy_until = 0;
    return false;
}

static void store(sim_process *p) {
    weir_bytes bytes;
    weir_fault fault;
    (void)weir__job_to_store(p->lives.job, &bytes);
    oracle_storing(p->world, bytes);
    bool stored = weir__store_save(p->store, p->lives.slot, bytes, &fault) == WEIR_OK;
    if (p->disk->dead)
        return;
    if (stored) {
        oracle_stored(p->world, p->machine, bytes);
        drama_stored(p->world, p);
    }
    if (p->disk->dead)
        return; /* of the checkpoint nobody has heard */
    weir__lives_stored(&p->lives, stored ? NULL : &fault, clock_of(p));
}

/* ---- connections: what src/posix/host.c and connection.c do ---- */
static bool step_is_fatal(sim_process *p) {
    return ++p->world->steps == p->world->die_at;
}

static bool obey(sim_process *p, int32_t n, weir_client *client) {
    weir_io io;
    bool opened = false;
    while (weir_client_next_io(client, &io)) {
        sim_wire *mine = NULL;
        sim_world *w = p->world;
        const sim_wire_list *list = &w->client_wires[p->index][n];
        for (int32_t i = 0; i < list->count && mine == NULL; i++)
            if (list->wires[i]->link == io.link)
                mine = list->wires[i];
        if (mine != NULL)
            wire_close(w, mine);
        if (io.kind == WEIR_IO_OPEN) {
            wire_open(w, p, n, &io);
            opened = true;
        }
    }
    return opened;
}

static bool wire_sends(sim_process *p, sim_wire *wire, weir_client *client) {
    weir_bytes slices[8];
    size_t count = weir_client_send_slices(client, wire->link, slices, 8);
    if (count == 0 || step_is_fatal(p))
        return false;
    size_t taken = wire_send(p->world, wire, slices, count);
    if (taken > 0)
        weir_client_sent(client, wire->link, taken, clock_of(p));
    return taken > 0;
}

static bool wire_receives(sim_process *p, sim_wire *wire, weir_client *client) {
    sim_world *w = p->world;
    bool told = false;
    for (;;) {
        const uint8_t *bytes;
        uint8_t *space;
        size_t ready = stream_arrived(&wire->to_client, w->now, &bytes);
        size_t room = weir_client_recv_space(client, wire->link, &space);
        size_t len = ready < room ? ready : room;
        if (len > 0 && step_is_fatal(p))
            return false;
        if (len == 0) {
            if (room == 0 || !stream_ended(&wire->to_client, w->now))
                return told;
            wire_close(w, wire);
            weir_client_closed(client, wire->link, "connection reset by peer", clock_of(p));
            return true;
        }
        memcpy(space, bytes, len);
        tap_received(w, wire, bytes, len);
        stream_take(&wire->to_client, len);
        weir_client_received(client, wire->link, len, clock_of(p));
        told = true;
    }
}

static bool wire_reports(sim_process *p, sim_wire *wire, weir_client *client) {
    if (!wire->told && wire->up) {
        wire->told = true;
        const char *failed = wire->failed;
        if (failed != NULL)
            wire_close(p->world, wire);
        weir_client_opened(client, wire->link, failed, clock_of(p));
        return true;
    }
    return wire->told && wire_receives(p, wire, client);
}

static bool dying(const sim_process *p) {
    const sim_world *w = p->world;
    return p->disk->dead || (w->die_at > 0 && w->steps >= w->die_at);
}

static bool client_is_told(sim_process *p, int32_t n) {
    weir_client *client = weir__job_client(p->lives.job, n);
    const sim_wire_list *list = &p->world->client_wires[p->index][n];
    bool told = false;
    for (int32_t i = 0; i < list->count && !dying(p);) {
        sim_wire *wire = list->wires[i];
        told = wire_reports(p, wire, client) || told;
        i += i < list->count && list->wires[i] == wire; /* else it was closed, and the next is in its place */
    }
    return told;
}

/* Whoever sends closes nothing: the list stays as it is. */
static bool client_sends(sim_process *p, int32_t n) {
    weir_client *client = weir__job_client(p->lives.job, n);
    const sim_wire_list *list = &p->world->client_wires[p->index][n];
    bool told = false;
    for (int32_t i = 0; i < list->count && !dying(p); i++)
        told = (list->wires[i]->told && wire_sends(p, list->wires[i], client)) || told;
    return told;
}

static bool flush(sim_process *p) {
    bool told = false, more = true;
    for (int round = 0; more && round < ROUNDS_MAX; round++) {
        more = false;
        for (int32_t n = 0; n < 2; n++) {
            more = obey(p, n, weir__job_client(p->lives.job, n)) || more;
            more = client_sends(p, n) || more;
        }
        told = told || more;
    }
    return told;
}

/* One round of weir_posix_step. Returns whether anything has moved. */
static bool move_bytes(sim_process *p) {
    bool moved = flush(p);
    for (int32_t n = 0; n < 2 && !dying(p); n++) {
        moved = client_is_told(p, n) || moved;
        weir_client_tick(weir__job_client(p->lives.job, n), clock_of(p));
    }
    return (!dying(p) && flush(p)) || moved;
}

/* ---- its turn ---- */
static void wait_for_time(sim_process *p) {
    weir_time_us until = p->lives.until;
    for (int n = 0; n < 2; n++) {
        weir_time_us due = weir_client_deadline(weir__job_client(p->lives.job, n));
        until = due < until ? due : until;
    }
    if (until != WEIR_NEVER)
        appoint(p, until - p->clock);
}

static void ended(sim_process *p) {
    sim_world *w = p->world;
    world_say(w, "process %d has ended: %d %s", p->number, (int)p->result.end, p->result.fault.text);
    bury(p);
    oracle_ended(w, p);
    agenda_add(&w->agenda, w->now + world_draw_us(w, 10000, 6), EVENT_START, 0);
}

static void count_round(sim_process *p) {
    sim_world *w = p->world;
    p->rounds = p->rounds_at == w->now ? p->rounds + 1 : 0;
    p->rounds_at = w->now;
    if (p->rounds > INSTANT_MAX)
        world_violate(w, 12, "process %d goes round without end (state %d)", p->number, process_state(p));
}

/* false: it waits. */
static bool act(sim_process *p) {
    switch (weir__lives_next(&p->lives, clock_of(p))) {
    case WEIR__WANT_RESTORE:
        restore(p);
        return true;
    case WEIR__WANT_STORE:
        if (disk_is_slow(p)) {
            appoint(p, p->disk_busy_until);
            return false;
        }
        store(p);
        return true;
    case WEIR__WANT_IO:
        if (move_bytes(p) || p->lives.until <= clock_of(p))
            return true;
        wait_for_time(p);
        return false;
    default:
        ended(p);
        return false;
    }
}

void process_turn(sim_process *p) {
    sim_world *w = p->world;
    p->wakes = WEIR_NEVER;
    if (!p->alive || p->paused)
        return;
    while (act(p) && w->violated == 0 && !dying(p))
        count_round(p);
    world_turned(w, p);
    if (p->alive && dying(p)) {
        w->die_at = -1;
        bury(p);
        disk_crash(&w->machines[p->machine], &w->dice);
        drama_after_death(w, p);
    }
}
