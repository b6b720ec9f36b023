/* What a seed stands for: the shape of the cluster and the job, and which faults come how often. Swarm testing: each
   seed switches every class of faults on or off and draws its rate, so that rare mixtures come up and one fault does
   not hide another. */
#ifndef WEIR_TESTS_SIM_PLAN_H
#define WEIR_TESTS_SIM_PLAN_H

#include <weir/record.h>

#include "model.h"
#include "rng.h"

/* X(NAME, name, kind): kind says what the rate means. TIMED faults happen every so often; CHANCE faults happen to so
   many in a million of what they can happen to. */
#define FAULTS(X)                                                                                                      \
    /* connections */                                                                                                  \
    X(SLOW, "slow network", CHANCE)                                                                                    \
    X(PIECES, "small pieces", CHANCE)                                                                                  \
    X(NARROW, "narrow link", CHANCE)                                                                                   \
    X(SHORT_SEND, "short send", CHANCE)                                                                                \
    X(REFUSE, "connection refused", CHANCE)                                                                            \
    X(STUCK, "connection never made", CHANCE)                                                                          \
    X(CUT, "connection cut", CHANCE)                                                                                   \
    X(CUT_LATE, "cut, bytes arrive later", CHANCE)                                                                     \
    X(HALF_OPEN, "half-open connection", CHANCE)                                                                       \
    X(SILENT_UP, "requests vanish", CHANCE)                                                                            \
    X(SILENT_DOWN, "answers vanish", CHANCE)                                                                           \
    X(LATE, "requests arrive late", CHANCE)                                                                            \
    X(STALL, "connection stalls", TIMED)                                                                               \
    X(RESET, "all connections reset", TIMED)                                                                           \
    /* answers that Kafka may give */                                                                                  \
    X(ERROR, "refused by code", CHANCE)                                                                                \
    X(ERROR_DONE, "done, yet refused by code", CHANCE)                                                                 \
    X(DROP, "dropped by the broker", CHANCE)                                                                           \
    X(DROP_DONE, "done, answer lost", CHANCE)                                                                          \
    X(DELAY, "handled late", CHANCE)                                                                                   \
    X(DELAY_ANSWER, "answered late", CHANCE)                                                                           \
    X(THROTTLE, "throttled", CHANCE)                                                                                   \
    /* the cluster and its operator */                                                                                 \
    X(BROKER, "broker stops", TIMED)                                                                                   \
    X(LEADER, "leader moves", TIMED)                                                                                   \
    X(COORDINATOR, "coordinators move", TIMED)                                                                         \
    X(GROW, "partitions added", TIMED)                                                                                 \
    X(COMPACT, "input compacted", TIMED)                                                                               \
    X(TRIM, "read input deleted", TIMED)                                                                               \
    X(UPGRADE, "transaction version raised", TIMED)                                                                    \
    X(EXPIRE_ID, "transactional id expires", TIMED)                                                                    \
    X(EXPIRE_PRODUCER, "producer state expires", TIMED)                                                                \
    X(EXPIRE_TXN, "transaction times out", TIMED)                                                                      \
    /* processes and machines */                                                                                       \
    X(KILL, "process killed", TIMED)                                                                                   \
    X(PAUSE, "process paused", TIMED)                                                                                  \
    X(ZOMBIE, "second instance started", TIMED)                                                                        \
    X(STOP, "stopped cleanly", TIMED)                                                                                  \
    X(OLDER, "older checkpoint restored", TIMED)                                                                       \
    X(BACKUP, "backup restored, then moved back", TIMED)                                                               \
    X(MEMORY, "allocation fails", TIMED)                                                                               \
    /* disks */                                                                                                        \
    X(POWER, "power lost", TIMED)                                                                                      \
    X(DISK_IO, "i/o error", CHANCE)                                                                                    \
    X(DISK_FULL, "disk full", CHANCE)                                                                                  \
    X(DISK_SYNC, "sync fails", CHANCE)                                                                                 \
    /* what Kafka cannot keep */                                                                                       \
    X(UNCLEAN, "input truncated by an unclean election", ONCE)                                                         \
    X(DELETED, "unread input deleted", ONCE)                                                                           \
    X(RECREATED, "input topic created anew", ONCE)

#define PLAN_STATES 7 /* weir__job_state */

typedef enum fault_kind {
    CHANCE,
    TIMED,
    ONCE
} fault_kind;

typedef enum fault_class {
#define X(NAME, name, kind) FAULT_##NAME,
    FAULTS(X)
#undef X
    FAULT_CLASSES
} fault_class;

extern const char *const fault_names[FAULT_CLASSES];
extern const fault_kind fault_kinds[FAULT_CLASSES];

/* What comes after a crash point. */
typedef enum sim_aftermath {
    AFTERMATH_AT_ONCE,     /* it is restarted */
    AFTERMATH_TIMEOUT,     /* but not before the broker has aborted what was open */
    AFTERMATH_COORDINATOR, /* the coordinators have moved */
    AFTERMATH_OLDER,       /* from the checkpoint before the newest */
    AFTERMATH_TWICE,       /* and later once more from the same files */
    AFTERMATHS
} sim_aftermath;

typedef struct sim_plan {
    uint64_t seed;
    int64_t rate[FAULT_CLASSES]; /* CHANCE: in a million; TIMED: mean microseconds between two; ONCE: when; 0: never */
    int32_t once_state;          /* a fault that comes once waits for a job in this state; -1: it does not wait */
    weir_time_us calm_from;      /* faults end, everything is healed */
    int32_t partitions;          /* of "in" and of "out" */
    int32_t first_batches;       /* in each partition at the start */
    int64_t feed_us;             /* between two batches of input, on average */
    int32_t batch_max;           /* records */
    uint32_t value_max;          /* bytes */
    int64_t checkpoint_interval_ms, transaction_timeout_ms, linger_ms, batch_size;
    int64_t fetch_max_bytes, request_timeout_ms;
    int32_t pool;
    bool bounded;      /* the job stops at the end that it finds, and is started again */
    bool transactions; /* some of the input is written in transactions, of which some are aborted */
    bool splits;       /* a function emits none, one or two records for one */
    weir_compression compression;
    weir__model_config model;
    sim_aftermath aftermath; /* of the crash at world.die_at */
    weir_time_us kill_at;    /* a process is killed then; 0: none */
} sim_plan;

/* Draws everything from the seed. */
void plan_draw(sim_plan *p, uint64_t seed);
/* Switches off the classes that are not in the set (bit n: class n). */
void plan_keep(sim_plan *p, uint64_t classes);

#endif
