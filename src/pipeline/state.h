/* A job's own data, and what its files offer each other. */
#ifndef WEIR_SRC_PIPELINE_STATE_H
#define WEIR_SRC_PIPELINE_STATE_H

#include "job.h"

typedef enum weir__job_state {
    WEIR__JOB_OPENING,     /* the sink settles and fences; nothing is read before that is through */
    WEIR__JOB_ENUMERATING, /* partitions and offsets are being resolved */
    WEIR__JOB_RUNNING,
    WEIR__JOB_PREPARING, /* no record moves: the sink flushes */
    WEIR__JOB_STORING,   /* the host makes the checkpoint durable */
    WEIR__JOB_DRAINING,  /* the last transactions are being committed */
    WEIR__JOB_ENDED,
    WEIR__JOB_STATES
} weir__job_state;

/* A record that was emitted when the sink had no room. */
typedef struct weir__overflow {
    struct weir__overflow *next;
    size_t size;
    uint32_t topic; /* its number in the list of outputs */
    int32_t partition;
    weir_record record; /* views into the bytes behind this struct */
} weir__overflow;

/* Bytes that the job owns. */
typedef struct weir__blob {
    uint8_t *p;
    size_t len, cap;
} weir__blob;

struct weir_job {
    const weir_job_config *config;
    weir_alloc *alloc;
    weir_client *source_client, *sink_client;
    weir_sink *sink;
    weir_enumerator *enumerator;
    weir_reader *reader;
    uint32_t last_output; /* the number of the last output topic */
    weir__job_state state;
    weir_fault fault;
    weir_job_end end;
    weir_time_us now;

    const weir_split_batch *batch; /* being walked, NULL none */
    weir_record held;              /* taken from the batch, and not yet in the sink */
    bool holding;
    weir__overflow *overflow, **overflow_end;
    uint8_t *scratch;
    size_t scratch_size;

    char lineage[WEIR__LINEAGE_SIZE];
    uint64_t number;          /* of the checkpoint under way or, when none is, of the last */
    uint64_t restored_number; /* 0 none */
    bool stop_asked, at_end;  /* why the job is to end */
    bool last;                /* the checkpoint under way is the last with records */
    bool with_committables;   /* the checkpoint under way holds some */
    bool finished_stored;     /* the last durable checkpoint says that the job has finished */
    weir__blob restored;      /* splits of the checkpoint that is restored */
    weir__blob before;        /* splits of the last durable checkpoint */
    weir__blob splits;        /* splits of the checkpoint under way */
    weir__blob file;          /* the checkpoint under way as bytes */
    weir_time_us checkpoint_next, checkpoint_begun;
    uint64_t records_at_checkpoint;
    weir_job_counters counters;
};

void weir__job_fail(weir_job *job, const weir_fault *fault);
void weir__job_tell(weir_job *job, const weir_job_event *event);
/* The job fails: there are no `size` bytes for a checkpoint. */
void weir__job_starve(weir_job *job, size_t size);
bool weir__blob_reserve(weir_job *job, weir__blob *blob, size_t size);
bool weir__blob_set(weir_job *job, weir__blob *blob, weir_bytes bytes);

/* ---- start.c: the states before records move ---- */
weir_err weir__job_opening(weir_job *job);
weir_err weir__job_enumerating(weir_job *job);

/* ---- records.c ---- */
weir_err weir__job_running(weir_job *job);
void weir__overflow_free(weir_job *job);

/* ---- save.c: checkpoints ---- */
/* Begins a checkpoint if something has changed since the last; else does nothing. */
void weir__job_checkpoint(weir_job *job);
weir_err weir__job_preparing(weir_job *job);
weir_err weir__job_storing(weir_job *job);
weir_err weir__job_draining(weir_job *job);

#endif
