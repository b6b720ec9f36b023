/* The whole of a simulated life: a cluster, the machines with the job's processes, the network between them, what is to
   happen, and those who watch. One thread, one seed, virtual time. */
#ifndef WEIR_TESTS_SIM_WORLD_H
#define WEIR_TESTS_SIM_WORLD_H

#include <weir/client.h>

#include "agenda.h"
#include "coverage.h"
#include "disk.h"
#include "model.h"
#include "oracle.h"
#include "plan.h"
#include "process.h"
#include "stream.h"
#include "tap.h"

#define WORLD_WIRES     96
#define WORLD_PROCESSES 4
#define WORLD_MACHINES  4
#define WORLD_US        60000000 /* so long after the faults have ended all must be well */

/* What an appointment is about; `whom` is an index of that kind. */
typedef enum event_kind {
    EVENT_WIRE,
    EVENT_PROCESS,
    EVENT_MODEL,
    EVENT_FEED,
    EVENT_WRITTEN, /* a transaction in the input ends; whom: the partition */
    EVENT_FAULT,   /* whom: the class */
    EVENT_START,   /* a process is started if none runs */
    EVENT_COPY,    /* what runs is killed, and a copy of the files is started */
    EVENT_BACKUP,  /* a machine has lost power, and if nothing runs the job is started from its backup */
    EVENT_BACK,    /* what runs is killed, and the job is started where it was before; whom: the machine */
    EVENT_RESUME,
    EVENT_BROKER_UP,
    EVENT_CALM,
    EVENT_LOOK,    /* is it over? */
    EVENT_STARVED, /* a process has had no memory for a long time */
    EVENT_KINDS
} event_kind;

/* A TCP connection: who has it, and what fate has in store for it. */
typedef struct sim_wire {
    bool used;
    int32_t process, client, broker;
    uint32_t link;
    int32_t connection;   /* of the model, -1: none (any more) */
    bool client_open;     /* the client's end */
    bool stuck, up, told; /* never connects; is connected; the client knows */
    const char *failed;   /* why it could not be made, NULL: it could */
    weir_time_us up_at;   /* when the attempt comes to an end */
    sim_stream to_broker, to_client;
    sim_weather weather;
    fault_class fate; /* CUT, CUT_LATE, HALF_OPEN, or FAULT_CLASSES */
    int64_t fate_at;  /* behind so many bytes sent by the client */
    int64_t sent;
    weir_time_us sent_at; /* last */
    weir_time_us wakes;   /* the appointment that counts */
    sim_tap_wire tap;
} sim_wire;

/* The wires of a client whose end of them is open, in the order of their numbers. */
typedef struct sim_wire_list {
    int32_t count;
    sim_wire *wires[WORLD_WIRES];
} sim_wire_list;

/* Who writes transactions into a partition of the input. */
typedef struct sim_writer {
    int32_t sequence;
    bool open;
} sim_writer;

typedef struct sim_world {
    sim_plan plan;
    weir__rng dice;
    weir_time_us now;
    bool calm;       /* no more faults */
    bool over;       /* all has been seen */
    uint64_t events; /* of all lives in this world object */
    uint64_t trace;
    sim_agenda agenda;
    weir__model *model;
    weir_time_us model_wakes;
    sim_wire wires[WORLD_WIRES];
    int32_t wires_end;                              /* no wire from this one on has been used in this life */
    sim_wire_list client_wires[WORLD_PROCESSES][2]; /* by process and client */
    sim_process processes[WORLD_PROCESSES];
    sim_disk machines[WORLD_MACHINES];
    int32_t machine;              /* the one on which a process was started last */
    int32_t last_good;            /* the one on which a process got to reading last */
    int32_t copied;               /* the one that holds a copy, of AFTERMATH_TWICE */
    int32_t backup;               /* the one that holds a backup of another's files */
    int32_t awaited;              /* the class of a fault that waits for plan.once_state; -1: none */
    bool refused[WORLD_MACHINES]; /* its files were refused: others are newer */
    int32_t process_count;        /* processes so far */
    bool broker_down[WEIR__MODEL_BROKERS + 1];
    sim_writer writers[ORACLE_PARTITIONS];
    bool recreated; /* the input is another topic of the same name: nobody writes to it */
    int64_t fed;    /* batches */
    sim_oracle oracle;
    sim_tap tap;
    sim_coverage *coverage;
    /* The first violation of this life. */
    int violated; /* the invariant's number, 0: none */
    char why[400];
    bool verbose;
    /* Crash points: the step at which a process dies; 0: none. */
    int64_t steps, die_at;
    /* Allocations of the processes so far; the one that fails, 0: none; whether its process gets no more from then on.
     */
    int64_t takes, starve_at;
    bool starve_on, starve_only; /* starve_only: there are no other faults in this life */
} sim_world;

/* Lives through a plan; w->violated tells how it went. The world can be used again; it must be zeroed at first. */
void world_live(sim_world *w, const sim_plan *plan);
void world_free(sim_world *w);

/* ---- services for its parts ---- */
void world_violate(sim_world *w, int invariant, const char *fmt, ...) WEIR_PRINTF(3, 4);
void world_say(const sim_world *w, const char *fmt, ...) WEIR_PRINTF(2, 3);
/* Notes in the trace that something has happened. */
void world_trace(sim_world *w, uint64_t what);
void world_trace_bytes(sim_world *w, const void *bytes, size_t len);
/* Whether a fault of a CHANCE class is to happen now. Counts nothing. */
bool world_chance(sim_world *w, fault_class class);
/* The same for what concerns a process (NULL: nobody knows whom): more often in the states in which jobs seldom are. */
bool world_chance_of(sim_world *w, fault_class class, const sim_process *p);
/* A process has had its turn: a fault that waits for its state comes now. */
void world_turned(sim_world *w, const sim_process *p);
/* A fault has happened; `p` is whom it concerns, NULL: every process. */
void world_count(sim_world *w, fault_class class, const sim_process *p);
uint64_t world_draw(sim_world *w, uint64_t below);
/* Between low and low * 2^doublings microseconds. */
int64_t world_draw_us(sim_world *w, int64_t low, uint64_t doublings);

/* ---- wires.c ---- */
void wire_open(sim_world *w, sim_process *p, int32_t client, const weir_io *io);
/* The client's end is closed, by the client or because its process is gone. */
void wire_close(sim_world *w, sim_wire *wire);
void wire_reset(sim_world *w, sim_wire *wire);
/* An appointment. */
void wire_turn(sim_world *w, sim_wire *wire);
/* Hands to the network what the brokers have to say. */
void wires_pump(sim_world *w);
/* As much of the slices as goes; what was taken. */
size_t wire_send(sim_world *w, sim_wire *wire, const weir_bytes *slices, size_t count);
void wires_calm(sim_world *w);

/* ---- cluster.c: brokers and operator ---- */
void cluster_make(sim_world *w);
void cluster_tick(sim_world *w);
/* The model may have changed: look at it, and see when it wants to be called next. */
void cluster_touched(sim_world *w);
void cluster_fault(sim_world *w, fault_class class);
void cluster_broker_up(sim_world *w, int32_t broker);
void cluster_calm(sim_world *w);
weir__model_mischief cluster_judge(void *user, const weir__model_request *request);

/* ---- feed.c: those who write the input ---- */
void feed_batch(sim_world *w, int32_t partition);
void feed_some(sim_world *w);
/* The transaction that is open in the input, if there is one, is committed or aborted. */
void feed_end_transaction(sim_world *w, int32_t partition);

/* ---- drama.c: what happens to processes and machines ---- */
void drama_fault(sim_world *w, fault_class class);
void drama_calm(sim_world *w);
/* Starts a process on the machine that a careful operator would choose. */
void drama_start(sim_world *w);
/* Whether the files of a machine are of those that the job can go on from. */
bool drama_current(const sim_world *w, int32_t machine);
void drama_after_death(sim_world *w, const sim_process *p);
void drama_start_copy(sim_world *w);
void drama_start_backup(sim_world *w, int32_t machine);
void drama_move_back(sim_world *w, int32_t machine);
/* A process has stored a checkpoint. */
void drama_stored(sim_world *w, sim_process *p);

#endif
