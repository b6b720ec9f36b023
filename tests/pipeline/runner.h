/* A job from topic "in" to topic "out" on a scripted cluster, with a store of two files in memory. */
#ifndef WEIR_TESTS_PIPELINE_RUNNER_H
#define WEIR_TESTS_PIPELINE_RUNNER_H

#include <string.h>

#include "job.h"
#include "peer.h"

#define SECOND      1000000
#define RUNNER_FILE 65536

typedef struct runner {
    peer peer;
    weir_job *job;
    weir_job_config config;
    uint64_t seed;      /* counts the jobs that were made */
    int32_t partitions; /* of "in"; those of "out" follow */
    uint8_t files[2][RUNNER_FILE];
    size_t file_len[2];         /* 0: there is none */
    int32_t stores, fail_store; /* the fail_store-th store from now fails; 0: none */
    bool stored_after_all;      /* a store that fails has written the file nevertheless */
    int64_t steps, crash_at;    /* the host dies when it has made so many steps; 0: it does not */
    bool crashed;
    /* What was told. */
    int32_t started, recovered, checkpoints, losses, warnings;
    weir_sink_recovery recovery;
    uint64_t restored_checkpoint, transactions, records;
    int64_t loss_from;
    int32_t loss_partition;
    weir_fault fault; /* of the last run */
} runner;

void runner_init(runner *r, int32_t in, int32_t out);
void runner_free(runner *r);
/* Makes the job from the newest file; its error with r->fault. */
weir_err runner_new(runner *r);
/* Takes the job away, as a crash does. */
void runner_crash(runner *r);
/* Runs until the job has ended, or crash_at; fails when neither happens within ten minutes. */
weir_job_end runner_run(runner *r);
/* One more turn of the host's loop; false when the job has ended. */
bool runner_step(runner *r);
/* Makes a job and runs it to its end, then frees it. */
weir_job_end runner_life(runner *r);
/* Appends `count` records in batches of five to a partition of "in". */
void runner_feed(runner *r, int32_t partition, int32_t count);
/* Fails unless "out" holds what "in" did, record by record, once. */
void runner_check(const runner *r);
/* The newest whole checkpoint. */
weir__checkpoint runner_checkpoint(const runner *r);

#define ck_assert_fault(r, part) ck_assert_msg(strstr((r)->fault.text, part) != NULL, "fault: %s", (r)->fault.text)
#define ck_assert_end(r, expr, want)                                                                                   \
    do {                                                                                                               \
        weir_job_end came_to = (expr);                                                                                 \
        ck_assert_msg(came_to == (want), "end %d, not %d: %s", (int)came_to, (int)(want), (r)->fault.text);            \
    } while (0)

#endif
