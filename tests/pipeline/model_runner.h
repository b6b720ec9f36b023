/* A job from topic "in" to topic "out" on a model of a cluster, with a store of two files in memory. */
#ifndef WEIR_TESTS_PIPELINE_MODEL_RUNNER_H
#define WEIR_TESTS_PIPELINE_MODEL_RUNNER_H

#include "job.h"
#include "model.h"

#define SECOND     1000000
#define RUN_LINKS  16
#define RUN_FILE   65536
#define PARTITIONS 3

typedef struct run_link {
    bool open;
    int32_t connection;
} run_link;

typedef struct model_runner {
    weir__model_config model_config;
    weir__model *model;
    weir_budget model_memory, job_memory;
    weir_job *job;
    weir_job_config config;
    uint64_t seed; /* counts the jobs that were made */
    weir_time_us now;
    run_link links[2][RUN_LINKS];
    uint8_t files[2][RUN_FILE];
    size_t file_len[2];      /* 0: there is none */
    int64_t steps, crash_at; /* the host dies when it has made so many steps; 0: it does not */
    int64_t fed[PARTITIONS]; /* keys are the numbers from 0 on */
    int32_t recovered, losses;
    uint64_t transactions, records;
    weir_fault fault; /* of the last run */
} model_runner;

/* Configurations; nothing is made. */
void model_runner_init(model_runner *r, int16_t transaction_version);
/* Makes the model, with both topics. */
void model_runner_start(model_runner *r);
void model_runner_free(model_runner *r);
/* Appends batches of five records to a partition of "in". */
void model_runner_feed(model_runner *r, int32_t partition, int32_t count);
/* Makes a job from the newest checkpoint and runs it to its end, or until it crashes; then it is gone. */
weir_job_end model_runner_life(model_runner *r);
/* Whether the last life was ended by crash_at. */
bool model_runner_crashed(const model_runner *r);
/* Lets time pass without a job. */
void model_runner_pass(model_runner *r, int64_t us);
/* Fails unless readers of committed data find in "out" what was fed, once and in order, a second from now. */
void model_runner_check(model_runner *r);

#endif
