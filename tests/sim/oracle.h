/* Knows what went in and judges what is visible: invariants 1 to 4, 8 to 10 and 13. */
#ifndef WEIR_TESTS_SIM_ORACLE_H
#define WEIR_TESTS_SIM_ORACLE_H

#include <weir/job.h>

#include "checkpoint.h"

struct sim_world;
struct sim_process;

#define ORACLE_PARTITIONS  4
#define ORACLE_CHECKPOINTS 4096

/* A record of the input. */
typedef struct sim_entry {
    int64_t offset;
    int64_t n;     /* what its key says */
    bool optional; /* it was compacted away, or truncated: it may be in the output */
    bool open;     /* its transaction has not ended */
    bool absent;   /* its transaction was aborted: it must not be in the output */
} sim_entry;

/* How far the visible output of a partition goes: the next record that may come. */
typedef struct sim_cursor {
    size_t entry;
    int32_t copy;
} sim_cursor;

typedef struct sim_oracle_partition {
    sim_entry *entries;
    size_t count, room;
    sim_cursor visible;
    size_t batch;      /* of the output: the first whose fate is not known */
    int64_t lost_from; /* from this offset on the input is no longer what it was; INT64_MAX: it is */
    int64_t read_to;   /* the highest position in any checkpoint since the last start */
    int64_t safe_to;   /* nobody will go back behind this position: the checkpoint before the last has it */
    bool cut;          /* the input was truncated below what had been read */
} sim_oracle_partition;

typedef struct sim_oracle_checkpoint {
    int64_t position[ORACLE_PARTITIONS];
} sim_oracle_checkpoint;

typedef struct sim_oracle {
    sim_oracle_partition partitions[ORACLE_PARTITIONS];
    sim_oracle_checkpoint checkpoints[ORACLE_CHECKPOINTS];
    size_t checkpoint_count; /* of those kept, in a ring */
    uint64_t changes;        /* of the model when it was looked at last */
    uint64_t saved[4];       /* by machine: the newest checkpoint that was reported stored */
    bool excused;            /* Kafka could not keep what it had: a loss may be reported */
    bool loss_told;          /* the job has reported one */
    bool meddled;            /* the job has run twice at once or from the files of more than one machine, or what it has
                                at the coordinator has ended before its time */
    bool replaced;           /* a machine holds an older checkpoint than it did */
    uint64_t visible_records;
} sim_oracle;

void oracle_reset(sim_oracle *o, int32_t partitions);
void oracle_free(sim_oracle *o);
/* The input has got a record. */
void oracle_fed(sim_oracle *o, int32_t partition, int64_t offset, int64_t n, bool open);
/* The open transaction in the input of a partition has ended. */
void oracle_input_ended(sim_oracle *o, int32_t partition, bool committed);
/* The model may have changed. */
void oracle_look(struct sim_world *w);
/* A checkpoint is about to be stored, was stored, or was chosen at a start. */
void oracle_storing(struct sim_world *w, weir_bytes bytes);
void oracle_stored(struct sim_world *w, int32_t machine, weir_bytes bytes);
void oracle_restored(struct sim_world *w, int32_t machine, uint64_t number);
/* Whether what is visible lies between the two positions of a checkpoint: it can be gone on from. */
bool oracle_goes_on(const struct sim_world *w, const weir__checkpoint *checkpoint);
/* A job has told something. */
void oracle_told(struct sim_world *w, struct sim_process *p, const weir_job_event *event);
/* A process has come to an end of its own. */
void oracle_ended(struct sim_world *w, struct sim_process *p);
/* Whether everything that went in is visible. */
bool oracle_satisfied(const struct sim_world *w);
/* Says what is missing; leaves the text as it is when nothing is. */
void oracle_missing(const struct sim_world *w, char *text, size_t size);
/* Nothing may be left over once the job has been stopped. */
void oracle_finish(struct sim_world *w);

/* The bytes of the n-th record: the key has 12, the value what `value` holds. */
size_t record_make(int64_t n, int32_t copy, uint32_t value_max, uint8_t key[12], uint8_t *value);
/* How many records the job makes of it. */
int32_t record_copies(const struct sim_world *w, int64_t n);

#endif
