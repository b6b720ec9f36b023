/* A job as a state machine without I/O: its host moves the bytes of its two clients, makes checkpoints durable when
   asked, and calls weir__job_step. src/posix/run.c is the host. */
#ifndef WEIR_SRC_PIPELINE_JOB_H
#define WEIR_SRC_PIPELINE_JOB_H

#include <weir/job.h>

#include "checkpoint.h"

/* `config` and everything it points to must outlive the job. `restored` may have found == false; it is copied. */
weir_err weir__job_new(weir_job **job, const weir_job_config *config, weir_alloc *alloc, const weir__choice *restored,
                       uint64_t seed, weir_fault *fault);
void weir__job_free(weir_job *job);

/* The clients whose I/O the host moves: 0 the source's, 1 the sink's. */
weir_client *weir__job_client(weir_job *job, int n);

/* Does what can be done now. WEIR_OK: go on after I/O or at the deadline; WEIR_AGAIN: there is more to do at once;
   WEIR_END: the job has ended, see weir__job_end. */
weir_err weir__job_step(weir_job *job, weir_time_us now);
weir_time_us weir__job_deadline(const weir_job *job);

/* The bytes of a checkpoint that is to be made durable now; false when there is none. The job waits until
   weir__job_stored tells how it went. */
bool weir__job_to_store(const weir_job *job, weir_bytes *bytes);
void weir__job_stored(weir_job *job, const weir_fault *failure, weir_time_us now);

/* Asks for a clean end: a last checkpoint, and everything committed. */
void weir__job_stop(weir_job *job);
/* Tries to abort the open transaction of a job that has failed. WEIR_AGAIN while that is under way. */
weir_err weir__job_abort(weir_job *job, weir_time_us now);

weir_job_end weir__job_end(const weir_job *job);
const weir_fault *weir__job_fault(const weir_job *job);
void weir__job_count(const weir_job *job, weir_job_counters *counters);
/* What keeps the job from moving, if anything does. */
const weir_fault *weir__job_trouble(const weir_job *job);

#endif
