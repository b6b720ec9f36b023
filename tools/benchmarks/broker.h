/* One pretended broker on the host's side of a client, for counting what the library itself costs: no sockets, no
   clock, and endless logs. What stands for the kernel and the network is left out of callgrind's count. */
#ifndef WEIR_BENCHMARKS_BROKER_H
#define WEIR_BENCHMARKS_BROKER_H

#include <weir/client.h>
#include <weir/messages.h>
#include <weir/proto.h>
#include <weir/record.h>

#define BENCH_PARTITIONS 4
#define BENCH_LINKS      8
#define BENCH_TOPIC      "topic"

typedef struct bench_link {
    bool open;
    uint8_t *in, *out; /* what the client sent and is to receive */
    size_t in_len, out_len, out_at;
} bench_link;

typedef struct bench_broker {
    weir_client *client;
    weir_time_us now;
    bench_link links[BENCH_LINKS];
    weir_records batch; /* the batch that all logs repeat */
    int32_t batch_records;
    uint8_t *fetched;                  /* the records of the response that is being made */
    bool in_session[BENCH_PARTITIONS]; /* the one fetch session */
    int64_t fetch_offset[BENCH_PARTITIONS];
    int32_t turn; /* the partition that is served next */
    int64_t next_producer_id, next_offset;
    void *memory; /* of decoded requests */
} bench_broker;

/* Makes a broker whose logs repeat `batch` of `batch_records` records. Fails by ending the program. */
void bench_broker_init(bench_broker *broker, weir_client *client, weir_records batch, int32_t batch_records);
void bench_broker_free(bench_broker *broker);
/* Exchanges bytes once in both directions, answers what was asked, and lets `passed` go by. */
void bench_broker_step(bench_broker *broker, weir_time_us passed);
/* Ends the program with a message. */
_Noreturn void bench_fail(const char *what);

#endif
