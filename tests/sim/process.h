/* A process of the job: what src/posix/run.c and host.c are to a real one, over simulated wires and disks. */
#ifndef WEIR_TESTS_SIM_PROCESS_H
#define WEIR_TESTS_SIM_PROCESS_H

#include "disk.h"
#include "lives.h"
#include "plan.h"
#include "store.h"

struct sim_world;

struct sim_process;

/* Memory whose n-th taking fails: of this process (fail_in), or of all in the life (sim_world.starve_at). */
typedef struct sim_thin_alloc {
    weir_alloc alloc;
    weir_alloc *inner;
    struct sim_process *process;
    bool dry;        /* fails from now on */
    int64_t fail_in; /* takings from now; 0: none fails */
    int64_t fail_count;
    bool failed; /* at least once */
} sim_thin_alloc;

typedef struct sim_process {
    struct sim_world *world;
    bool alive, paused, started, stop_asked;
    bool alone;            /* no other process has been alive since it was started */
    int32_t index, number; /* number: counts all processes of this world */
    int32_t machine;
    sim_disk *disk;     /* the machine's */
    weir_time_us clock; /* ahead of the world's */
    weir_time_us wakes; /* the appointment that counts */
    weir_time_us disk_busy_until;
    int64_t die_in;     /* disk calls from now, what is stored counting as one more; 0: not */
    bool backed_up;     /* there is a backup of its files, to be started when it dies */
    int32_t moves_back; /* it runs in place of this machine, which gets the job back soon; -1: no */
    uint64_t restored;
    sim_thin_alloc memory;
    weir_budget budget;
    weir__store *store;
    weir_job_config config;
    weir_job_result result;
    weir__lives lives;
    int32_t rounds; /* at the instant `rounds_at` */
    weir_time_us rounds_at;
} sim_process;

/* Starts a process on a machine; NULL when there is no place for one more. */
sim_process *process_start(struct sim_world *w, int32_t machine);
/* It is gone at once, as by SIGKILL. */
void process_kill(sim_process *p);
/* An appointment. */
void process_turn(sim_process *p);
/* It has had no memory for a long time: should it still be there, somebody starts it again. */
void process_starved(sim_process *p);
/* Something has arrived for it. */
void process_wake(sim_process *p);
/* What its job is doing, for the coverage table; -1 while it has none. */
int process_state(const sim_process *p);

#endif
