/* Runs of alike records, which the reader and the writer take by a shorter way, and all that ends a run. */
#include "checks.h"
#include <stdlib.h>
#include <string.h>

#include <weir/record.h>

#include "reference.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const weir_batch_identity nobody = {-1, -1, -1, false};
static const uint32_t key_lens[] = {UINT32_MAX, 0, 1, 2, 3, 4, 7, 8, 15, 16, 31, 32, 33, 63, 64, 100};
static const uint32_t value_lens[] = {UINT32_MAX, 0, 1, 26, 40, 56, 57, 63, 64, 65, 100, 300};

static uint8_t payload[1 << 14];
static uint64_t state;

static uint32_t draw(uint32_t below) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    return (uint32_t)((state >> 33) % below);
}

/* UINT32_MAX is null. */
static weir_bytes bytes_of(uint32_t len) {
    if (len == UINT32_MAX)
        return (weir_bytes){NULL, 0};
    return (weir_bytes){payload + draw(256), len};
}

static void assert_bytes(weir_bytes a, weir_bytes b) {
    ck_assert_uint_eq(a.len, b.len);
    ck_assert_int_eq(a.p == NULL, b.p == NULL);
    if (a.len)
        ck_assert_mem_eq(a.p, b.p, a.len);
}

static void assert_records(const weir_record *a, const weir_record *b) {
    ck_assert_int_eq(a->offset, b->offset);
    ck_assert_int_eq(a->timestamp, b->timestamp);
    ck_assert_int_eq(a->timestamp_type, b->timestamp_type);
    ck_assert_int_eq(a->header_count, b->header_count);
    ck_assert_uint_eq(a->headers.len, b->headers.len);
    assert_bytes(a->key, b->key);
    assert_bytes(a->value, b->value);
}

/* Reads `records` both ways, from memory of exactly their size, and wants the same. Returns how it ended. */
static weir_err read_both(const weir_batch_header *header, weir_bytes records) {
    uint8_t *exact = malloc(records.len + 1);
    memcpy(exact, records.p, records.len);
    weir_batch_walk walk;
    reference slow = {exact,
                      exact + records.len,
                      header->base_offset,
                      header->base_timestamp,
                      header->record_count,
                      header->last_offset_delta,
                      -1};
    weir_batch_walk_init(&walk, header, (weir_bytes){exact, records.len});
    weir_err err;
    do {
        weir_record a, b;
        memset(&a, 0xaa, sizeof a);
        err = weir_batch_next(&walk, &a);
        ck_assert_int_eq(err, reference_next(&slow, &b));
        if (err == WEIR_OK)
            assert_records(&a, &b);
    } while (err == WEIR_OK);
    free(exact);
    return err;
}

/* Writes records both ways, into memory of exactly their size, wants the same, and that there is no room for one more.
   Then reads them. */
static void write_both(const weir_record *records, size_t count) {
    static uint8_t want[1 << 21];
    size_t size = 0;
    for (size_t n = 0; n < count; n++)
        size += reference_put(want + size, &records[n], records[0].timestamp, (int32_t)n);
    uint8_t *memory = malloc(WEIR_BATCH_HEADER_SIZE + size);
    weir_batch_writer w;
    weir_batch_writer_init(&w, memory, WEIR_BATCH_HEADER_SIZE + size);
    for (size_t n = 0; n < count; n++)
        ck_assert_int_eq(weir_batch_append(&w, &records[n]), WEIR_OK);
    ck_assert_int_eq(weir_batch_append(&w, &records[count - 1]), WEIR_AGAIN);
    ck_assert_uint_eq((size_t)(w.p - w.start), WEIR_BATCH_HEADER_SIZE + size);
    ck_assert_int_eq(w.record_count, (int32_t)count);
    ck_assert(memcmp(memory + WEIR_BATCH_HEADER_SIZE, want, size) == 0);
    weir_batch_header header;
    ck_assert_int_eq(weir_batch_open(weir_batch_close(&w, &nobody), &header), WEIR_OK);
    int64_t max = records[0].timestamp;
    for (size_t n = 1; n < count; n++)
        max = records[n].timestamp > max ? records[n].timestamp : max;
    ck_assert_int_eq(header.max_timestamp, max);
    ck_assert_int_eq(read_both(&header, (weir_bytes){want, (uint32_t)size}), WEIR_END);
    free(memory);
}

static weir_record records[9000];

START_TEST(all_sizes) {
    for (size_t k = 0; k < COUNT(key_lens); k++)
        for (size_t v = 0; v < COUNT(value_lens); v++) {
            for (size_t n = 0; n < 140; n++)
                records[n] = (weir_record){
                    .timestamp = (int64_t)n, .key = bytes_of(key_lens[k]), .value = bytes_of(value_lens[v])};
            write_both(records, 140);
        }
}
END_TEST

/* Lengths on both sides of one that takes a byte more, in the record's length and in the value's. */
START_TEST(lengths_at_the_edge) {
    for (uint32_t len = 40; len < 8200; len = len == 70 ? 8150 : len + 1) {
        for (size_t n = 0; n < 6; n++)
            records[n] = (weir_record){.timestamp = 5, .value = bytes_of(len)};
        write_both(records, 6);
    }
}
END_TEST

START_TEST(offset_takes_more_bytes) {
    for (size_t n = 0; n < COUNT(records); n++)
        records[n] = (weir_record){.timestamp = 5, .value = bytes_of(1)};
    write_both(records, COUNT(records));
}
END_TEST

START_TEST(timestamp_takes_more_bytes) {
    static const int64_t edges[] = {0, 63, 64, 8191, 8192, 1048575, 1048576, 134217728, -1, -64, -65, INT64_MIN};
    for (size_t e = 0; e < COUNT(edges); e++)
        for (int64_t step = -1; step <= 1; step++) {
            for (size_t n = 0; n < 100; n++) {
                uint64_t delta = (uint64_t)edges[e] + (uint64_t)(step * ((int64_t)n - 50));
                records[n] = (weir_record){.value = bytes_of(100)};
                records[n].timestamp = n == 0 ? 7 : (int64_t)(7 + delta);
            }
            write_both(records, 100);
        }
}
END_TEST

static weir_record draw_record(void) {
    static uint8_t header[16];
    weir_header one = {{"h", 1}, {payload, 3}};
    weir_record record = {.key = bytes_of(key_lens[draw(COUNT(key_lens))]),
                          .value = bytes_of(value_lens[draw(COUNT(value_lens))])};
    if (draw(4) == 0) {
        record.headers = (weir_bytes){header, (uint32_t)weir_header_write(header, sizeof header, &one)};
        record.header_count = 1;
    }
    return record;
}

/* Some records like the one before, now and then another; returns how many. */
static size_t draw_records(size_t most) {
    size_t count = 1 + draw((uint32_t)most);
    int64_t timestamp = 1700000000000;
    uint32_t steps = 1U << draw(16);
    for (size_t n = 0; n < count; n++) {
        if (n == 0 || draw(6) == 0)
            records[n] = draw_record();
        else
            records[n] = records[n - 1 - draw(n > 1 ? 2 : 1)];
        timestamp += (int64_t)draw(steps) - draw(5);
        records[n].timestamp = timestamp;
    }
    return count;
}

START_TEST(runs_that_end) {
    for (state = 0; state < 500; state++) {
        uint64_t seed = state;
        write_both(records, draw_records(150));
        state = seed;
    }
}
END_TEST

/* The reader is given bytes that no checksum guards: it must judge just as the reference does. */
START_TEST(damaged_runs) {
    static uint8_t bytes[1 << 16];
    for (uint32_t round = 0; round < 5000; round++) {
        state = round;
        size_t count = draw_records(12), size = 0;
        weir_batch_header header = {.magic = 2, .base_timestamp = records[0].timestamp, .record_count = (int32_t)count};
        header.last_offset_delta = header.record_count - 1 + (int32_t)draw(2);
        for (size_t n = 0; n < count; n++)
            size += reference_put(bytes + size, &records[n], records[0].timestamp, (int32_t)n);
        for (uint32_t hits = draw(3); hits; hits--) {
            size_t at = draw((uint32_t)size);
            uint32_t damaged = draw(2) ? bytes[at] ^ 1U << draw(8) : draw(256);
            bytes[at] = (uint8_t)damaged;
        }
        if (draw(4) == 0)
            size = draw((uint32_t)size + 1);
        read_both(&header, (weir_bytes){bytes, (uint32_t)size});
    }
}
END_TEST

/* All pairs of bytes at every place of a record that continues a run. */
START_TEST(pairs_of_bytes) {
    static const uint8_t plain[] = {28, 0, 2, 0, 6, 'k', 'e', 'y', 10, 'v', 'a', 'l', 'u', 'e', 0};
    const weir_batch_header header = {.magic = 2, .record_count = 3, .last_offset_delta = 5, .base_timestamp = -3};
    uint8_t bytes[160] = {0};
    for (size_t at = 0; at < sizeof plain; at++)
        for (uint32_t pair = 0; pair < 65536; pair++) {
            weir_batch_walk walk;
            weir_record a, b;
            reference slow = {bytes, bytes + sizeof bytes, 0, -3, 3, 5, -1};
            for (size_t n = 0; n < 3; n++) {
                memcpy(bytes + n * sizeof plain, plain, sizeof plain);
                bytes[n * sizeof plain + 3] = (uint8_t)(2 * n);
            }
            bytes[3 * sizeof plain] = 0;
            bytes[2 * sizeof plain + at] = (uint8_t)pair;
            bytes[2 * sizeof plain + at + 1] = (uint8_t)(pair >> 8);
            weir_batch_walk_init(&walk, &header, (weir_bytes){bytes, sizeof bytes});
            for (int n = 0; n < 2; n++)
                if (weir_batch_next(&walk, &a) != WEIR_OK || reference_next(&slow, &b) != WEIR_OK)
                    ck_abort();
            weir_err err = weir_batch_next(&walk, &a);
            if (err != reference_next(&slow, &b))
                ck_abort_msg("byte %u, pair %x", (unsigned)at, (unsigned)pair);
            if (err == WEIR_OK)
                assert_records(&a, &b);
        }
}
END_TEST

/* The offset behind the last one is an int64 as well, in a batch at the very end of them. */
START_TEST(last_offsets) {
    uint8_t memory[2000];
    weir_batch_writer w;
    weir_batch_header header;
    weir_batch_walk walk;
    weir_record record = {.timestamp = 1, .value = {payload, 10}};
    weir_batch_writer_init(&w, memory, sizeof memory);
    for (int n = 0; n < 70; n++)
        ck_assert_int_eq(weir_batch_append(&w, &record), WEIR_OK);
    weir_records set = weir_batch_close(&w, &nobody);
    ck_assert_int_eq(weir_batch_open(set, &header), WEIR_OK);
    header.base_offset = INT64_MAX - 70;
    weir_batch_walk_init(&walk, &header, (weir_bytes){set.p + 61, set.len - 61});
    for (int n = 70; n > 0; n--) {
        ck_assert_int_eq(weir_batch_next(&walk, &record), WEIR_OK);
        ck_assert_int_eq(record.offset, INT64_MAX - n);
    }
    ck_assert_int_eq(weir_batch_next(&walk, &record), WEIR_END);
}
END_TEST

int main(void) {
    for (size_t i = 0; i < sizeof payload; i++)
        payload[i] = (uint8_t)(i * 7);
    Suite *suite = suite_create("runs");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 60);
    tcase_add_test(all, all_sizes);
    tcase_add_test(all, lengths_at_the_edge);
    tcase_add_test(all, offset_takes_more_bytes);
    tcase_add_test(all, timestamp_takes_more_bytes);
    tcase_add_test(all, runs_that_end);
    tcase_add_test(all, damaged_runs);
    tcase_add_test(all, pairs_of_bytes);
    tcase_add_test(all, last_offsets);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
