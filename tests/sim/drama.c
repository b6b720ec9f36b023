/* What happens to processes, to the machines that they run on, and to their network as a whole. */
#include <string.h>

#include "world.h"

/* One of those that run; NULL when none does. */
static sim_process *some_process(sim_world *w) {
    sim_process *running[WORLD_PROCESSES];
    uint64_t count = 0;
    for (int n = 0; n < WORLD_PROCESSES; n++)
        if (w->processes[n].alive)
            running[count++] = &w->processes[n];
    return count > 0 ? running[world_draw(w, count)] : NULL;
}

static void restart_later(sim_world *w) {
    agenda_add(&w->agenda, w->now + world_draw_us(w, 10000, 9), EVENT_START, 0);
}

static void pause_it(sim_world *w, sim_process *p) {
    p->paused = true;
    p->wakes = WEIR_NEVER;
    agenda_add(&w->agenda, w->now + world_draw_us(w, 50000, 8), EVENT_RESUME, p->index);
}

static const char *const slots[2] = {"checkpoint.a", "checkpoint.b"};

static weir__choice newest(const sim_disk *d) {
    weir__choice choice;
    weir_fault fault;
    weir_bytes files[2] = {disk_seen(d, slots[0]), disk_seen(d, slots[1])};
    for (int n = 0; n < 2; n++)
        if (files[n].len == 0)
            files[n].p = NULL;
    if (weir__checkpoint_choose(files, "job", "the folder", &choice, &fault) != WEIR_OK)
        choice.found = false;
    return choice;
}

/* The machine that holds the highest number of a checkpoint. */
static int32_t furthest_machine(const sim_world *w) {
    int32_t furthest = 0;
    uint64_t highest = 0;
    for (int32_t n = 0; n < WORLD_MACHINES; n++) {
        weir__choice choice = newest(&w->machines[n]);
        if (choice.found && choice.checkpoint.number > highest) {
            furthest = n;
            highest = choice.checkpoint.number;
        }
    }
    return furthest;
}

bool drama_current(const sim_world *w, int32_t machine) {
    weir__choice choice = newest(&w->machines[machine]);
    return choice.found && oracle_goes_on(w, &choice.checkpoint);
}

/* A machine on which nothing runs and whose files nobody will miss; -1: there is none. */
static int32_t idle_machine(sim_world *w) {
    int32_t furthest = furthest_machine(w);
    for (int32_t n = 0; n < WORLD_MACHINES; n++) {
        bool busy = n == w->machine || n == w->last_good || n == furthest || drama_current(w, n);
        for (int i = 0; i < WORLD_PROCESSES; i++)
            busy = busy || (w->processes[i].alive && w->processes[i].machine == n);
        if (!busy)
            return n;
    }
    return -1;
}

/* A second instance is started on another machine from a copy of the files, while the first is thought dead: it is
   paused, or it runs on. */
static void start_second(sim_world *w, sim_process *p) {
    int32_t machine = idle_machine(w);
    if (machine < 0 || p->machine != w->last_good || !newest(&w->machines[p->machine]).found)
        return;
    if (world_draw(w, 2) == 0)
        pause_it(w, p);
    disk_copy(&w->machines[machine], &w->machines[p->machine]);
    w->oracle.saved[machine] = 0;
    (void)process_start(w, machine);
}

/* Somebody starts the job on a machine that ran it once: its files may be those of a run that was overtaken. */
static bool start_elsewhere(sim_world *w) {
    int32_t machine = (int32_t)world_draw(w, WORLD_MACHINES);
    if (machine == w->machine || !newest(&w->machines[machine]).found)
        return false;
    for (int i = 0; i < WORLD_PROCESSES; i++)
        if (w->processes[i].alive && w->processes[i].machine == machine)
            return false;
    return process_start(w, machine) != NULL;
}

/* The process has gone. On another machine somebody starts it from the older of its two checkpoints, as from a backup.
   Where that is refused, the right files are still on the first machine. */
static void start_from_older(sim_world *w, int32_t machine) {
    int32_t other = idle_machine(w);
    weir__choice choice = newest(&w->machines[machine]);
    bool has_older =
        choice.found && !choice.fallback && disk_seen(&w->machines[machine], slots[1 - choice.slot]).len > 0;
    if (other < 0 || !has_older) {
        (void)process_start(w, machine);
        return;
    }
    disk_copy(&w->machines[other], &w->machines[machine]);
    disk_take_away(&w->machines[other], slots[choice.slot]);
    w->oracle.saved[other] = 0;
    (void)process_start(w, other);
}

/* The machine whose files know of the newest commit and, of several, hold the newest checkpoint. One whose files were
   refused is out of the question while there is another. */
static int32_t best_machine(const sim_world *w) {
    int32_t best = w->machine;
    uint64_t best_number = 0;
    for (int32_t n = 0; n < WORLD_MACHINES; n++) {
        weir__choice choice = newest(&w->machines[n]);
        uint64_t number = choice.found ? 2 * choice.checkpoint.number + (n == w->last_good) : 0;
        if (n == w->last_good && !w->refused[n])
            return n;
        if (!w->refused[n] && number > best_number) {
            best = n;
            best_number = number;
        }
    }
    return best;
}

void drama_start(sim_world *w) {
    bool all = true;
    for (int32_t n = 0; n < WORLD_MACHINES; n++)
        all = all && (w->refused[n] || !newest(&w->machines[n]).found);
    if (all)
        memset(w->refused, 0, sizeof w->refused);
    (void)process_start(w, best_machine(w));
}

/* ---- a backup ---- */
/* The files are copied to another machine, and soon the first one loses power: while it stores the next checkpoint, or
   when it is about to commit it. */
static void back_up(sim_world *w, sim_process *p) {
    int32_t machine = idle_machine(w);
    if (machine < 0 || p->machine != w->last_good || !newest(&w->machines[p->machine]).found)
        return;
    disk_copy(&w->machines[machine], &w->machines[p->machine]);
    w->oracle.saved[machine] = 0;
    w->backup = machine;
    p->backed_up = true;
    p->die_in = 1 + (int64_t)world_draw(w, 10);
}

void drama_start_backup(sim_world *w, int32_t machine) {
    for (int n = 0; n < WORLD_PROCESSES; n++)
        if (w->processes[n].alive)
            return;
    sim_process *p = w->calm ? NULL : process_start(w, w->backup);
    if (p == NULL)
        drama_start(w);
    else
        p->moves_back = machine;
}

void drama_stored(sim_world *w, sim_process *p) {
    if (p->die_in > 0 && --p->die_in == 0) {
        p->disk->dead = true;
        return;
    }
    if (p->moves_back < 0)
        return;
    agenda_add(&w->agenda, w->now + world_draw_us(w, 4000, 8), EVENT_BACK, p->moves_back);
    p->moves_back = -1;
}

/* The first machine is back. Its files may hold a checkpoint of the same number as what was committed meanwhile. */
void drama_move_back(sim_world *w, int32_t machine) {
    if (w->calm)
        return;
    for (int n = 0; n < WORLD_PROCESSES; n++)
        if (w->processes[n].alive && w->processes[n].machine == machine)
            return;
    for (int n = 0; n < WORLD_PROCESSES; n++)
        if (w->processes[n].alive)
            process_kill(&w->processes[n]);
    (void)process_start(w, machine);
}

/* After a loss of power: what comes next. */
void drama_after_death(sim_world *w, const sim_process *p) {
    int32_t machine = p->machine;
    if (p->backed_up) {
        agenda_add(&w->agenda, w->now + world_draw_us(w, 10000, 6), EVENT_BACKUP, machine);
        return;
    }
    switch (w->plan.aftermath) {
    case AFTERMATH_TIMEOUT:
        agenda_add(&w->agenda, w->now + w->plan.transaction_timeout_ms * 1000 + 1000000, EVENT_START, 0);
        return;
    case AFTERMATH_COORDINATOR:
        for (int32_t n = 0; n < w->plan.model.coordinators; n++)
            weir__model_move_coordinators(w->model, n, 1 + (int32_t)world_draw(w, (uint64_t)w->plan.model.brokers),
                                          20000, w->now);
        break;
    case AFTERMATH_OLDER:
        start_from_older(w, machine);
        return;
    case AFTERMATH_TWICE:
        if (!newest(&w->machines[machine]).found)
            break;
        w->copied = idle_machine(w);
        disk_copy(&w->machines[w->copied], &w->machines[machine]);
        w->oracle.saved[w->copied] = 0;
        agenda_add(&w->agenda, w->now + 700000, EVENT_COPY, 0);
        break;
    default:
        break;
    }
    agenda_add(&w->agenda, w->now + 10000, EVENT_START, 0);
}

/* What runs is killed, and the copy that was made after the crash is started. */
void drama_start_copy(sim_world *w) {
    for (int n = 0; n < WORLD_PROCESSES; n++)
        if (w->processes[n].alive)
            process_kill(&w->processes[n]);
    (void)process_start(w, w->copied);
}

static void reset_all(sim_world *w) {
    for (int n = 0; n < w->wires_end; n++)
        if (w->wires[n].used && w->wires[n].client_open)
            wire_reset(w, &w->wires[n]);
}

static void stall_one(sim_world *w) {
    sim_wire *open[WORLD_WIRES];
    uint64_t count = 0;
    for (int n = 0; n < w->wires_end; n++)
        if (w->wires[n].used && w->wires[n].client_open)
            open[count++] = &w->wires[n];
    if (count == 0)
        return;
    sim_wire *wire = open[world_draw(w, count)];
    world_count(w, FAULT_STALL, &w->processes[wire->process]);
    sim_stream *held = world_draw(w, 2) ? &wire->to_broker : &wire->to_client;
    stream_hold(held, world_draw_us(w, 50000, 6));
}

void drama_fault(sim_world *w, fault_class class) {
    sim_process *p = some_process(w);
    if (class == FAULT_STALL) {
        stall_one(w);
        return;
    }
    if (p == NULL)
        return;
    world_count(w, class, class == FAULT_RESET ? NULL : p);
    switch (class) {
    case FAULT_RESET:
        reset_all(w);
        break;
    case FAULT_KILL:
        process_kill(p);
        restart_later(w);
        break;
    case FAULT_POWER:
        if (world_draw(w, 2) == 0) {
            p->die_in = 1 + (int64_t)world_draw(w, 10);
            break;
        }
        process_kill(p);
        disk_crash(&w->machines[p->machine], &w->dice);
        restart_later(w);
        break;
    case FAULT_PAUSE:
        pause_it(w, p);
        break;
    case FAULT_ZOMBIE:
        start_second(w, p);
        break;
    case FAULT_STOP:
        p->stop_asked = true;
        break;
    case FAULT_OLDER:
        if (p->machine != w->last_good)
            break;
        process_kill(p);
        if (world_draw(w, 2) == 0 || !start_elsewhere(w))
            start_from_older(w, p->machine);
        break;
    case FAULT_BACKUP:
        back_up(w, p);
        break;
    default: /* FAULT_MEMORY */
        p->memory.fail_in = 1 + (int64_t)world_draw(w, 300);
        p->memory.fail_count = 1 + (int64_t)world_draw(w, 3);
        break;
    }
}

void drama_calm(sim_world *w) {
    for (int n = 0; n < WORLD_PROCESSES; n++) {
        sim_process *p = &w->processes[n];
        p->memory.fail_in = p->memory.fail_count = 0;
        p->die_in = 0;
        p->paused = false;
        process_wake(p);
    }
}
