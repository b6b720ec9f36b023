/* Reads or writes record batches in memory, to be counted by callgrind or timed. Prints one JSON object. */
#include <weir/record.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BATCH_SIZE 16384
/* More records than a batch has. */
#define VARIETY 1024

/* The records of each batch: all alike but for their timestamps, or mixed as in a log of events. */
static weir_record records[VARIETY];
static uint8_t payload[256];
static uint8_t memory[BATCH_SIZE];

static uint32_t draw(uint32_t below) {
    static uint64_t state = 1;
    state = state * 6364136223846793005U + 1442695040888963407U;
    return (uint32_t)((state >> 33) % below);
}

static void make_records(bool mixed) {
    int64_t timestamp = 1700000000000;
    for (size_t n = 0; n < VARIETY; n++, timestamp += mixed ? draw(10) : 1) {
        records[n] = (weir_record){.timestamp = timestamp, .value = {payload, mixed ? 20 + draw(181) : 100}};
        if (mixed)
            records[n].key = (weir_bytes){payload, 8};
    }
}

/* Writes a batch of at most `count` records, until it is full; returns how many. */
static __attribute__((noinline)) uint64_t write_records(uint64_t count, weir_records *batch) {
    static const weir_batch_identity nobody = {.producer_id = -1, .producer_epoch = -1, .base_sequence = -1};
    weir_batch_writer w;
    uint64_t n = 0;
    weir_batch_writer_init(&w, memory, sizeof memory);
    while (n < count && weir_batch_append(&w, &records[n % VARIETY]) == WEIR_OK)
        n++;
    *batch = weir_batch_close(&w, &nobody);
    return n;
}

/* Reads the whole batch; returns the number of its records and adds the bytes of their values to *bytes. */
static __attribute__((noinline)) uint64_t read_records(weir_records batch, uint64_t *bytes) {
    weir_batch_header header;
    weir_batch_walk walk;
    weir_record record;
    uint64_t n = 0;
    if (weir_batch_open(batch, &header) != WEIR_OK)
        return 0;
    weir_batch_walk_init(&walk, &header,
                         (weir_bytes){batch.p + WEIR_BATCH_HEADER_SIZE, batch.len - WEIR_BATCH_HEADER_SIZE});
    for (; weir_batch_next(&walk, &record) == WEIR_OK; n++)
        *bytes += record.value.len;
    return n;
}

static uint64_t now_ns(void) {
    struct timespec t;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

int main(int argc, char **argv) {
    uint64_t count = argc == 3 ? strtoull(argv[2], NULL, 10) : 0;
    if (count == 0 || (strncmp(argv[1], "read", 4) != 0 && strncmp(argv[1], "write", 5) != 0)) {
        fputs("usage: codec read|read_mixed|write|write_mixed RECORDS\n", stderr);
        return 2;
    }
    uint64_t n = 0, bytes = 0;
    weir_records batch;
    make_records(strstr(argv[1], "_mixed") != NULL);
    uint64_t per_batch = write_records(count, &batch), begin = now_ns();
    if (argv[1][0] == 'w')
        while (n < count)
            n += write_records(count - n, &batch);
    else
        while (n < count)
            n += read_records(batch, &bytes);
    uint64_t took = now_ns() - begin;
    printf("{\"records\":%llu,\"per_batch\":%llu,\"bytes\":%llu,\"ns\":%llu}\n", (unsigned long long)n,
           (unsigned long long)per_batch, (unsigned long long)bytes, (unsigned long long)took);
    return 0;
}
