/* Handlers of the model called one by one, without connections: requests as structs, time as the test says. */
#ifndef WEIR_TESTS_MODEL_BENCH_H
#define WEIR_TESTS_MODEL_BENCH_H

#include "checks.h"
#include <stddef.h>
#include <string.h>

#include "cluster.h"

#define BENCH_ARENA 65536
#define MS          1000 /* microseconds */

typedef struct bench {
    weir_alloc memory;
    size_t used;        /* bytes of memory that are out */
    int64_t takes_left; /* before memory runs out; -1: never */
    weir__model *model;
    weir__model_config config;
    weir_time_us now;
    int32_t broker;                  /* that is asked */
    int32_t connection, correlation; /* on which it is asked, and the number of the request */
    bool again;                      /* the request was held before */
    weir_time_us due;                /* of the last request that was held */
    _Alignas(max_align_t) uint8_t arena[BENCH_ARENA];
} bench;

/* The configuration: Kafka 4.4 with three brokers and one partition of coordinators (on broker 1 for transactions, on
   broker 2 for groups), markers a millisecond apart, time-outs checked every ten. Broker 1 is asked. */
void bench_init(bench *b, int16_t transaction_version);
/* Makes the model, with topic "t" of three partitions. */
void bench_start(bench *b);
/* Frees it, and checks that all memory has come back. */
void bench_free(bench *b);
/* Handles a request. `response` is set to its defaults first, valid until the next request, and must encode. */
weir__handled bench_ask(bench *b, weir__handler handler, int16_t api, int16_t version, const void *request,
                        void *response);
/* Lets time pass, with a tick whenever one is due. */
void bench_pass(bench *b, int64_t us);

#define S(text) ((weir_str){"" text, sizeof(text) - 1})

#endif
