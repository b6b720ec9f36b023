/* The hosted job: records from source topics, through a function, into a sink topic, with checkpoints. */
#ifndef WEIR_JOB_H
#define WEIR_JOB_H

#include <weir/alloc.h>
#include <weir/config.h>
#include <weir/fault.h>
#include <weir/record.h>
#include <weir/sink.h>
#include <weir/source.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weir_job weir_job;

/* Called for each record in order of its partition; emits 0..n records with weir_job_emit. Anything but WEIR_OK fails
   the job. `in` is valid for the call. Must be deterministic only if outputs are to be the same after a restart;
   exactly-once holds either way. */
typedef weir_err (*weir_job_function)(weir_job *job, const weir_split_batch *from, const weir_record *in, void *user);

/* Hands a record to the output topic, or to the first of several. The views are copied before the call returns. */
WEIR_API weir_err weir_job_emit(weir_job *job, int32_t partition, const weir_record *out);
/* The same to the output topic with a number: 0 is the first of `to`. All that is emitted between two checkpoints is
   one transaction, whatever topics it goes to. */
WEIR_API weir_err weir_job_emit_to(weir_job *job, uint32_t topic, int32_t partition, const weir_record *out);
/* Memory for the function's own use until it returns, at least `size` bytes; NULL when the budget is used up. */
WEIR_API void *weir_job_scratch(weir_job *job, size_t size);
/* Says why the function fails: the text becomes the job's fault. Returns WEIR_E_MALFORMED, to be returned on. */
WEIR_API weir_err weir_job_reject(weir_job *job, const char *fmt, ...) WEIR_PRINTF(2, 3);

typedef enum weir_job_event_kind {
    WEIR_JOB_STARTED,
    WEIR_JOB_RECOVERED,
    WEIR_JOB_CHECKPOINT,
    WEIR_JOB_LOSS,
    WEIR_JOB_WARNING
} weir_job_event_kind;

/* Something worth telling. Only the members of its kind are set. */
typedef struct weir_job_event {
    weir_job_event_kind kind;
    /* WEIR_JOB_STARTED */
    const char *broker_version;
    int16_t transaction_version;
    uint32_t partitions;
    uint64_t restored_checkpoint; /* 0: none */
    /* WEIR_JOB_RECOVERED */
    const weir_sink_recovery *recovery;
    /* WEIR_JOB_CHECKPOINT */
    uint64_t checkpoint;
    uint64_t records; /* out, since the checkpoint before */
    uint32_t transactions;
    int64_t milliseconds;
    /* WEIR_JOB_LOSS: a range of a source partition that can no longer be read */
    weir_str topic;
    int32_t partition;
    int64_t from_offset; /* the first offset that was still to be read */
    /* WEIR_JOB_WARNING */
    const char *text;
} weir_job_event;

typedef struct weir_job_counters {
    uint64_t records_in, bytes_in;
    uint64_t records_out, bytes_out;
    uint64_t checkpoints, last_checkpoint;
    uint64_t transactions_committed, transactions_aborted;
    int64_t lag;
} weir_job_counters;

typedef enum weir_job_end {
    WEIR_JOB_FINISHED, /* every split reached its stop offset, and all is committed */
    WEIR_JOB_STOPPED,  /* stopped on request, and all is committed */
    WEIR_JOB_FAILED    /* see the fault; the checkpoint on disk is whole */
} weir_job_end;

/* Initialise with weir_job_config_init, then set at least name, from, to, bootstrap_servers (in both configurations)
   and, unless the default will do, checkpoint_dir. */
typedef struct weir_job_config {
    const char *name;           /* names the transactional ids, the ledger group, the lock and the checkpoints */
    const char *from;           /* topics, separated by commas */
    const char *to;             /* one topic; with a function, topics separated by commas */
    const char *checkpoint_dir; /* NULL: $XDG_STATE_HOME/weir/NAME, else ~/.local/state/weir/NAME */
    int64_t checkpoint_interval_ms;
    weir_start start;
    weir_stop stop;
    bool fresh; /* begin anew, whatever checkpoints there are */
    weir_config source, sink;
    size_t memory_budget;       /* bytes; all memory of the job */
    weir_alloc *alloc;          /* where memory comes from; NULL: the system's malloc */
    weir_job_function function; /* NULL: records are handed on unchanged, to the partition of the same number */
    void *user;
    void (*on_event)(const weir_job_event *event, void *user); /* NULL: nobody listens */
    /* Called about ten times a second with the counters of the moment; true asks for a clean stop. May be NULL. */
    bool (*on_progress)(const weir_job_counters *counters, const weir_fault *trouble, void *user);
} weir_job_config;

WEIR_API void weir_job_config_init(weir_job_config *config);

/* Sets one property as weir_config_set does: KEY on the side or sides it belongs to, source.KEY or sink.KEY on one. */
WEIR_API weir_err weir_job_config_set(weir_job_config *config, const char *key, const char *value, weir_fault *fault);

typedef struct weir_job_result {
    weir_job_end end;
    weir_job_counters counters;
    weir_fault fault; /* of WEIR_JOB_FAILED */
} weir_job_result;

/* Runs a job to its end on the calling thread. Returns WEIR_OK when it finished or stopped, else the fault's error. */
WEIR_API weir_err weir_job_run(const weir_job_config *config, weir_job_result *result);

#ifdef __cplusplus
}
#endif

#endif
