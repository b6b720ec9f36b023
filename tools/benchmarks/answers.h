/* What the pretended broker answers to each request. */
#ifndef WEIR_BENCHMARKS_ANSWERS_H
#define WEIR_BENCHMARKS_ANSWERS_H

#include "broker.h"

/* Bytes at bench_broker.memory. */
#define BENCH_MEMORY (1024U * 1024)

/* Writes the response to a request frame (without its size). */
void bench_answer(bench_broker *broker, weir_bytes frame, weir_out *out);

#endif
