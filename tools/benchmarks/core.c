/* Runs the read path, the write path or the decoder of metadata in memory, to be counted by callgrind or the clock.
   Prints one JSON object. */
#include "broker.h"

#include <weir/sink.h>
#include <weir/source.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define VALUE_SIZE 100
/* The batches that are read are as large as Kafka's own producer makes them (its batch.size). */
#define READ_BATCH_SIZE 16384
/* One checkpoint, that is one transaction, in so many records. */
#define CHECKPOINT_RECORDS 500000
/* Records sent between two looks at the network, and the microseconds that they take. */
#define SEND_RECORDS 1024
#define SEND_US      500

static const uint8_t value[VALUE_SIZE];

static void *heap_take(weir_alloc *self, size_t size) {
    (void)self;
    return malloc(size);
}

static void heap_give(weir_alloc *self, void *p, size_t size) {
    (void)self;
    (void)size;
    free(p);
}

static weir_alloc heap = {heap_take, heap_give};

static void check(weir_err err, const weir_fault *fault) {
    if (err >= WEIR_OK)
        return;
    bench_fail(fault != NULL ? fault->text : weir_err_name(err));
}

/* ---- a client with its broker ---- */
typedef struct bench {
    weir_budget budget;
    weir_config config;
    weir_client *client;
    bench_broker broker;
    uint8_t batch[READ_BATCH_SIZE];
} bench;

static void bench_open(bench *b, int32_t side) {
    static const weir_batch_identity nobody = {.producer_id = -1, .producer_epoch = -1, .base_sequence = -1};
    weir_batch_writer w;
    weir_record record = {.timestamp = 1700000000000, .value = {value, VALUE_SIZE}};
    weir_fault fault;
    weir_batch_writer_init(&w, b->batch, sizeof b->batch);
    while (weir_batch_append(&w, &record) == WEIR_OK)
        record.timestamp++;
    weir_records batch = weir_batch_close(&w, &nobody);
    weir_budget_init(&b->budget, &heap, SIZE_MAX);
    weir_config_init(&b->config, side);
    check(weir_config_set(&b->config, "bootstrap.servers", "broker:9092", &fault), &fault);
    check(weir_client_new(&b->client, &b->config, &b->budget.alloc, 1, &fault), &fault);
    bench_broker_init(&b->broker, b->client, batch, w.record_count);
}

static void bench_close(bench *b) {
    weir_client_free(b->client);
    bench_broker_free(&b->broker);
}

static void report(const bench *b, uint64_t records, uint64_t takes) {
    printf("{\"records\":%llu,\"allocations\":%llu,\"peak_bytes\":%zu}\n", (unsigned long long)records,
           (unsigned long long)takes, b->budget.peak);
}

/* ---- reading ---- */
static weir_reader *open_reader(bench *b) {
    weir_reader *reader;
    check(weir_reader_new(&reader, b->client, &b->config, &b->budget.alloc), NULL);
    for (int32_t p = 0; p < BENCH_PARTITIONS; p++) {
        weir_split split = {
            .topic = weir_str_of(BENCH_TOPIC), .partition = p, .stop = WEIR_NO_STOP, .leader_epoch = -1};
        check(weir_reader_add(reader, &split), NULL);
    }
    return reader;
}

/* Reads at least `count` records; returns how many. */
static uint64_t read_records(bench *b, weir_reader *reader, uint64_t count, uint64_t *bytes) {
    uint64_t records = 0;
    while (records < count) {
        const weir_split_batch *batch;
        weir_record record;
        weir_err err = weir_reader_poll(reader, &batch, b->broker.now);
        check(err, weir_reader_fault(reader));
        if (err == WEIR_AGAIN) {
            bench_broker_step(&b->broker, 10);
            continue;
        }
        while ((err = weir_split_batch_next(batch, &record)) == WEIR_OK) {
            records++;
            *bytes += record.value.len;
        }
        check(err, NULL);
    }
    return records;
}

static void run_read(bench *b, uint64_t count) {
    uint64_t bytes = 0;
    bench_open(b, WEIR_SIDE_SOURCE);
    weir_reader *reader = open_reader(b);
    uint64_t warm = read_records(b, reader, count / 4, &bytes);
    uint64_t takes = b->budget.takes;
    uint64_t records = read_records(b, reader, count - warm, &bytes);
    takes = b->budget.takes - takes;
    if (bytes != (warm + records) * VALUE_SIZE)
        bench_fail("not all bytes were read");
    weir_reader_free(reader);
    bench_close(b);
    report(b, records, takes);
}

/* ---- writing ---- */
static weir_sink *open_sink(bench *b, uint32_t *topic) {
    weir_sink_settings settings = {weir_str_of("bench"), 0, weir_str_of("bench"), weir_str_of(BENCH_TOPIC)};
    weir_sink *sink;
    weir_err err;
    check(weir_sink_new(&sink, b->client, &b->config, &settings, &b->budget.alloc), NULL);
    check(weir_sink_add_topic(sink, weir_str_of(BENCH_TOPIC), topic), NULL);
    while ((err = weir_sink_open(sink, b->broker.now)) == WEIR_AGAIN)
        bench_broker_step(&b->broker, SEND_US);
    check(err, weir_sink_fault(sink));
    return sink;
}

static void checkpoint(bench *b, weir_sink *sink, uint64_t number) {
    weir_err err;
    while ((err = weir_sink_prepare(sink, number, b->broker.now)) == WEIR_AGAIN)
        bench_broker_step(&b->broker, SEND_US);
    check(err, weir_sink_fault(sink));
    weir_sink_commit(sink, number, b->broker.now);
}

/* Sends records `from` up to `to`, to one partition after the other. */
static void write_records(bench *b, weir_sink *sink, uint32_t topic, uint64_t from, uint64_t to) {
    weir_record record = {.timestamp = 1700000000000, .value = {value, VALUE_SIZE}};
    for (uint64_t n = from; n < to;) {
        weir_err err = weir_sink_send(sink, topic, (int32_t)(n % BENCH_PARTITIONS), &record, b->broker.now);
        check(err, weir_sink_fault(sink));
        n += err == WEIR_OK;
        if (err == WEIR_AGAIN || n % SEND_RECORDS == 0)
            bench_broker_step(&b->broker, SEND_US);
        if (err == WEIR_OK && n % CHECKPOINT_RECORDS == 0)
            checkpoint(b, sink, n / CHECKPOINT_RECORDS);
        record.timestamp = 1700000000000 + (int64_t)(n / 1000);
    }
}

static void run_write(bench *b, uint64_t count) {
    uint32_t topic;
    bench_open(b, WEIR_SIDE_SINK);
    weir_sink *sink = open_sink(b, &topic);
    uint64_t warm = count / 4;
    write_records(b, sink, topic, 0, warm);
    uint64_t takes = b->budget.takes;
    write_records(b, sink, topic, warm, count);
    takes = b->budget.takes - takes;
    checkpoint(b, sink, count);
    while (weir_sink_uncommitted(sink) > 0)
        bench_broker_step(&b->broker, SEND_US);
    check(weir_sink_tick(sink, b->broker.now), weir_sink_fault(sink));
    if (weir_sink_count(sink)->records_out != count)
        bench_fail("not all records were written");
    weir_sink_free(sink);
    bench_close(b);
    report(b, count - warm, takes);
}

/* ---- metadata ---- */
static uint64_t now_ns(void) {
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

enum {
    PARTITIONS = 10000,
    RUNS = 50,
    METADATA_VERSION = 12
};

/* One topic of PARTITIONS partitions with three replicas each; returns the bytes of the message. */
static size_t encode_metadata(uint8_t *to, size_t room) {
    static weir_metadata_response_partition partitions[PARTITIONS];
    static int32_t replicas[] = {1, 2, 3};
    weir_metadata_response_broker brokers[3];
    weir_metadata_response_topic topic = {.name = weir_str_of(BENCH_TOPIC),
                                          .topic_authorized_operations = INT32_MIN,
                                          .partitions = {partitions, PARTITIONS}};
    weir_metadata_response r;
    weir_out out;
    for (int32_t n = 0; n < 3; n++)
        brokers[n] = (weir_metadata_response_broker){.node_id = n + 1, .host = weir_str_of("broker"), .port = 9092};
    for (int32_t n = 0; n < PARTITIONS; n++)
        partitions[n] = (weir_metadata_response_partition){.partition_index = n,
                                                           .leader_id = n % 3 + 1,
                                                           .leader_epoch = 1,
                                                           .replica_nodes = {replicas, 3},
                                                           .isr_nodes = {replicas, 3}};
    weir_message_init(weir_api_find(WEIR_API_METADATA)->response, &r);
    r.brokers.items = brokers;
    r.brokers.count = 3;
    r.topics.items = &topic;
    r.topics.count = 1;
    weir_out_init(&out, to, room);
    check(weir_message_encode(weir_api_find(WEIR_API_METADATA)->response, METADATA_VERSION, &out, &r), NULL);
    return out.total;
}

static void run_metadata(void) {
    static uint8_t bytes[PARTITIONS * 64], memory[PARTITIONS * 256];
    size_t size = encode_metadata(bytes, sizeof bytes);
    uint64_t best = UINT64_MAX;
    for (int n = 0; n < RUNS; n++) {
        weir_metadata_response r;
        weir_arena arena;
        weir_in in;
        uint64_t begin = now_ns();
        weir_arena_init(&arena, memory, sizeof memory);
        weir_in_init(&in, bytes, size);
        check(weir_message_decode(weir_api_find(WEIR_API_METADATA)->response, METADATA_VERSION, &in, &arena, &r), NULL);
        uint64_t took = now_ns() - begin;
        best = took < best ? took : best;
    }
    printf("{\"partitions\":%d,\"ns\":%llu}\n", PARTITIONS, (unsigned long long)best);
}

int main(int argc, char **argv) {
    static bench b;
    uint64_t count = argc == 3 ? strtoull(argv[2], NULL, 10) : 0;
    if (argc == 3 && strcmp(argv[1], "read") == 0)
        run_read(&b, count);
    else if (argc == 3 && strcmp(argv[1], "write") == 0)
        run_write(&b, count);
    else if (argc == 2 && strcmp(argv[1], "metadata") == 0)
        run_metadata();
    else
        bench_fail("usage: core read|write RECORDS, or core metadata");
    return 0;
}
