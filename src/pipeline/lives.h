/* A job over all of its lives: restored from its checkpoint files, run, and started over from the last checkpoint when
   the broker has aborted the open transaction. Still without I/O: the host does what weir__lives_next wants. */
#ifndef WEIR_SRC_PIPELINE_LIVES_H
#define WEIR_SRC_PIPELINE_LIVES_H

#include "job.h"
#include "rng.h"

/* What the host is to do before it calls weir__lives_next again. */
typedef enum weir__want {
    WEIR__WANT_RESTORE, /* read both checkpoint files, then weir__lives_restore or weir__lives_fail */
    WEIR__WANT_IO,      /* move the bytes of both clients of `job`; wait until `until` at the latest */
    WEIR__WANT_STORE,   /* make weir__job_to_store of `job` durable as file `slot`, then weir__lives_stored */
    WEIR__WANT_NOTHING  /* the last life is over; the result is filled */
} weir__want;

typedef struct weir__lives {
    weir_job *job; /* NULL between two lives: connections of the one before are to be closed */
    int slot;      /* the file to be overwritten next */
    weir_time_us until;

    const weir_job_config *config;
    weir_job_result *result;
    weir_alloc *alloc;
    weir__rng rng;
    bool begun; /* a life has come to an end before this one */
    int starts; /* since the last life that came to more than one checkpoint */
    bool over;
    weir_time_us abort_until; /* an aborted job may still end its transaction; 0: it has not failed */
    weir_time_us progress_next;
} weir__lives;

/* `config`, `result` and `alloc` must outlive the lives. */
void weir__lives_init(weir__lives *lives, const weir_job_config *config, weir_job_result *result, weir_alloc *alloc,
                      uint64_t seed);
/* Frees a job that has not ended. */
void weir__lives_free(weir__lives *lives);

weir__want weir__lives_next(weir__lives *lives, weir_time_us now);
/* Begins a life from what the two files hold (p == NULL: there is none), which need not stay; `dir` is how messages
   call the folder. */
void weir__lives_restore(weir__lives *lives, const weir_bytes files[2], const char *dir);
void weir__lives_stored(weir__lives *lives, const weir_fault *failure, weir_time_us now);
/* Ends it all: the host cannot do what is wanted. */
void weir__lives_fail(weir__lives *lives, const weir_fault *fault);

#endif
