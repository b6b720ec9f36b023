#include "checks.h"
#include <stdlib.h>
#include <string.h>

#include <weir/record.h>

#include "reference.h"

static const weir_batch_identity nobody = {-1, -1, -1, false};

static uint64_t state;

static uint32_t draw(uint32_t below) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    return (uint32_t)((state >> 33) % below);
}

/* A number whose size, rather than itself, is drawn evenly. */
static uint32_t draw_sized(unsigned bits) {
    return draw(1U << draw(bits + 1));
}

static uint8_t payload[1 << 16];

static weir_bytes draw_bytes(unsigned bits) {
    if (draw(4) == 0)
        return (weir_bytes){NULL, 0};
    return (weir_bytes){payload, draw_sized(bits)};
}

static uint8_t header_area[256];

static weir_record draw_record(void) {
    weir_record record = {.timestamp = 1700000000000, .key = draw_bytes(7), .value = draw_bytes(9)};
    if (draw(20) == 0)
        record.value = (weir_bytes){payload, draw(1 << 16)};
    record.timestamp += (int64_t)draw_sized(30) * (draw(4) ? 1 : -1);
    if (draw(50) == 0)
        record.timestamp = draw(2) ? -1 : INT64_MAX;
    if (draw(8) == 0) {
        size_t len = 0;
        record.header_count = (int32_t)draw(4);
        for (int32_t i = 0; i < record.header_count; i++) {
            weir_header header = {{(const char *)payload, draw(20)}, draw_bytes(5)};
            len += weir_header_write(header_area + len, sizeof header_area - len, &header);
        }
        record.headers = (weir_bytes){header_area, (uint32_t)len};
    }
    return record;
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
    if (a->headers.len)
        ck_assert_mem_eq(a->headers.p, b->headers.p, a->headers.len);
    assert_bytes(a->key, b->key);
    assert_bytes(a->value, b->value);
}

/* Reads `records` both ways, from memory of exactly their size, and wants the same. Returns how it ended. */
static weir_err compare(const weir_batch_header *header, weir_bytes records) {
    uint8_t *copy = malloc(records.len + 1);
    uint8_t *exact = copy + 1; /* odd, and its end is the end of the memory */
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
    weir_err err, want;
    do {
        weir_record a, b;
        memset(&a, 0xaa, sizeof a);
        err = weir_batch_next(&walk, &a);
        want = reference_next(&slow, &b);
        ck_assert_int_eq(err, want);
        if (err == WEIR_OK)
            assert_records(&a, &b);
    } while (err == WEIR_OK);
    ck_assert_int_eq(weir_batch_next(&walk, &(weir_record){0}), err); /* it stays ended */
    free(copy);
    return err;
}

static uint8_t memory[1 << 20];

/* Writes up to n drawn records into `memory` and opens the batch. */
static weir_bytes write_batch(uint32_t n, weir_batch_header *header) {
    weir_batch_writer w;
    weir_batch_writer_init(&w, memory, sizeof memory);
    weir_record record;
    do
        record = draw_record();
    while (--n && weir_batch_append(&w, &record) == WEIR_OK);
    if (w.record_count == 0)
        weir_batch_append(&w, &record);
    weir_records set = weir_batch_close(&w, &nobody);
    ck_assert_int_eq(weir_batch_open(set, header), WEIR_OK);
    return (weir_bytes){set.p + WEIR_BATCH_HEADER_SIZE, set.len - WEIR_BATCH_HEADER_SIZE};
}

START_TEST(round_trip) {
    for (state = 0; state < 300; state++) {
        uint64_t seed = state;
        weir_batch_header header;
        weir_batch_writer w;
        weir_batch_writer_init(&w, memory, sizeof memory);
        weir_record record;
        uint32_t want = 0;
        for (; want < 1 + draw(300); want++) {
            uint64_t before = state;
            record = draw_record();
            uint8_t *at = w.p;
            if (weir_batch_append(&w, &record) != WEIR_OK) {
                ck_assert_ptr_eq(w.p, at);
                state = before;
                break;
            }
            ck_assert_uint_le((size_t)(w.p - at), weir_record_bound(&record));
        }
        weir_records set = weir_batch_close(&w, &nobody);
        ck_assert_int_eq(weir_batch_open(set, &header), WEIR_OK);
        ck_assert_uint_eq((uint32_t)header.record_count, want);
        weir_batch_walk walk;
        weir_batch_walk_init(&walk, &header, (weir_bytes){set.p + 61, set.len - 61});
        state = seed;
        for (uint32_t i = 0; i < want; i++) {
            (void)draw(300);
            weir_record got;
            record = draw_record();
            record.offset = i;
            ck_assert_int_eq(weir_batch_next(&walk, &got), WEIR_OK);
            assert_records(&got, &record);
        }
        ck_assert_int_eq(weir_batch_next(&walk, &record), WEIR_END);
        state = seed;
    }
}
END_TEST

START_TEST(agrees_with_reference) {
    for (uint32_t round = 0; round < 300; round++) {
        state = round;
        weir_batch_header header;
        weir_bytes records = write_batch(1 + draw(200), &header);
        ck_assert_int_eq(compare(&header, records), WEIR_END);
    }
}
END_TEST

/* The reader is given bytes that no checksum guards: it must judge just as the reference does. */
START_TEST(agrees_on_damage) {
    for (uint32_t round = 0; round < 20000; round++) {
        state = round;
        weir_batch_header header;
        weir_bytes records = write_batch(1 + draw(6), &header);
        uint8_t *bytes = memory + WEIR_BATCH_HEADER_SIZE;
        for (uint32_t hits = 1 + draw(3); hits; hits--) {
            uint32_t at = draw(records.len < 40 || draw(2) ? records.len : 40);
            uint32_t damaged = draw(2) ? bytes[at] ^ 1U << draw(8) : draw(256);
            bytes[at] = (uint8_t)damaged;
        }
        if (draw(4) == 0)
            header.record_count = (int32_t)draw(8);
        if (draw(4) == 0)
            header.last_offset_delta = (int32_t)draw(8);
        if (draw(4) == 0)
            records.len = draw(records.len + 1);
        compare(&header, records);
    }
}
END_TEST

START_TEST(cut_anywhere) {
    state = 7;
    weir_batch_header header;
    weir_bytes records = write_batch(12, &header);
    for (uint32_t len = 0; len<records.len; len += len> 3000 ? 97 : 1)
        ck_assert_int_eq(compare(&header, (weir_bytes){records.p, len}), WEIR_E_MALFORMED);
}
END_TEST

/* All pairs of bytes at every place of a record that follows one like it, so that its head was foreseen. */
START_TEST(pairs_of_bytes) {
    static const uint8_t plain[] = {28, 0, 2, 0, 6, 'k', 'e', 'y', 10, 'v', 'a', 'l', 'u', 'e', 0, 0, 0, 0, 0, 0, 0};
    weir_batch_header header = {.magic = 2, .record_count = 2, .last_offset_delta = 5, .base_timestamp = -3};
    uint8_t bytes[160] = {0};
    for (uint32_t at = 0; at < 15; at++)
        for (uint32_t pair = 0; pair < 65536; pair++) {
            memcpy(bytes, plain, 15);
            uint8_t *second = bytes + 15;
            memcpy(second, plain, sizeof plain);
            second[3] = 2;
            second[at] = (uint8_t)pair;
            second[at + 1] = (uint8_t)(pair >> 8);
            weir_batch_walk walk;
            weir_record a, b;
            reference slow = {bytes, bytes + sizeof bytes, 0, -3, 2, 5, -1};
            weir_batch_walk_init(&walk, &header, (weir_bytes){bytes, sizeof bytes});
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

START_TEST(offset_gaps) {
    static const uint8_t gaps[] = {14, 0, 0, 4, 1, 1, 0, 14, 0, 0, 20, 1, 1, 0};
    uint8_t bytes[80];
    memset(bytes, 0, sizeof bytes);
    memcpy(bytes, gaps, sizeof gaps);
    for (size_t i = 0; i < 2; i++)
        bytes[7 * i] = 12;
    weir_batch_header header = {.magic = 2, .base_offset = 100, .record_count = 2, .last_offset_delta = 10};
    ck_assert_int_eq(compare(&header, (weir_bytes){bytes, 14}), WEIR_END);
    header.last_offset_delta = 9;
    ck_assert_int_eq(compare(&header, (weir_bytes){bytes, 14}), WEIR_E_MALFORMED);
    header.last_offset_delta = 10;
    bytes[10] = 4; /* the same offset twice */
    ck_assert_int_eq(compare(&header, (weir_bytes){bytes, 14}), WEIR_E_MALFORMED);
}
END_TEST

START_TEST(log_append_time) {
    weir_batch_header header;
    weir_batch_writer w;
    weir_batch_writer_init(&w, memory, sizeof memory);
    for (int i = 0; i < 100; i++)
        weir_batch_append(&w, &(weir_record){.timestamp = i * 1000, .value = {payload, 100}});
    weir_records set = weir_batch_close(&w, &nobody);
    ck_assert_int_eq(weir_batch_open(set, &header), WEIR_OK);
    header.attributes |= WEIR_ATTR_LOG_APPEND;
    header.max_timestamp = 77;
    weir_batch_walk walk;
    weir_record record;
    int n = 0;
    weir_batch_walk_init(&walk, &header, (weir_bytes){set.p + 61, set.len - 61});
    for (; weir_batch_next(&walk, &record) == WEIR_OK; n++) {
        ck_assert_int_eq(record.timestamp, 77);
        ck_assert_int_eq(record.timestamp_type, WEIR_TIMESTAMP_LOG_APPEND);
    }
    ck_assert_int_eq(n, 100);
}
END_TEST

/* Sets a big-endian number in the batch in `memory` and makes the checksum right again. */
static weir_err reopened(size_t at, unsigned size, uint64_t v, weir_records set) {
    uint8_t *copy = malloc(set.len);
    memcpy(copy, set.p, set.len);
    for (unsigned i = 0; i < size; i++)
        copy[at + i] = (uint8_t)(v >> 8 * (size - 1 - i));
    uint32_t crc = weir_crc32c(0, copy + 21, set.len - 21);
    for (unsigned i = 0; i < 4; i++)
        copy[17 + i] = (uint8_t)(crc >> 8 * (3 - i));
    weir_batch_header header;
    weir_err err = weir_batch_open((weir_records){copy, set.len}, &header);
    free(copy);
    return err;
}

START_TEST(hostile_header) {
    weir_batch_writer w;
    weir_batch_writer_init(&w, memory, sizeof memory);
    for (int i = 0; i < 3; i++)
        weir_batch_append(&w, &(weir_record){.timestamp = 5});
    weir_records set = weir_batch_close(&w, &nobody);
    ck_assert_int_eq(reopened(57, 4, 3, set), WEIR_OK);
    ck_assert_int_eq(reopened(57, 4, 4, set), WEIR_E_MALFORMED);          /* more records than offsets */
    ck_assert_int_eq(reopened(57, 4, 0x80000000, set), WEIR_E_MALFORMED); /* a negative count */
    ck_assert_int_eq(reopened(57, 4, 0x7fffffff, set), WEIR_E_MALFORMED);
    ck_assert_int_eq(reopened(23, 4, 1, set), WEIR_E_MALFORMED);
    ck_assert_int_eq(reopened(23, 4, 0xffffffff, set), WEIR_E_MALFORMED);
    ck_assert_int_eq(reopened(0, 8, UINT64_MAX, set), WEIR_E_MALFORMED);
    ck_assert_int_eq(reopened(0, 8, INT64_MAX - 3, set), WEIR_OK);
    ck_assert_int_eq(reopened(0, 8, INT64_MAX - 2, set), WEIR_E_MALFORMED); /* the offset behind would overflow */
    ck_assert_int_eq(reopened(8, 4, 48, set), WEIR_E_MALFORMED);
    ck_assert_int_eq(reopened(8, 4, 0x80000000, set), WEIR_E_MALFORMED);
    ck_assert_int_eq(reopened(8, 4, 0x7fffffff, set), WEIR_END);
    ck_assert_int_eq(reopened(16, 1, 0, set), WEIR_E_MALFORMED);
    ck_assert_int_eq(reopened(16, 1, 1, set), WEIR_E_MALFORMED);
    ck_assert_int_eq(reopened(16, 1, 3, set), WEIR_E_MALFORMED);
    ck_assert_int_eq(reopened(16, 1, 0xff, set), WEIR_E_MALFORMED);
}
END_TEST

START_TEST(writer_room) {
    weir_record record = {.timestamp = 1, .key = {payload, 10}, .value = {payload, 100}};
    weir_batch_writer w;
    weir_batch_writer_init(&w, memory, 10); /* no room even for the header */
    ck_assert_int_eq(weir_batch_append(&w, &record), WEIR_AGAIN);
    weir_batch_writer_init(&w, memory, sizeof memory);
    ck_assert_int_eq(weir_batch_append(&w, &record), WEIR_OK);
    size_t size = (size_t)(w.p - w.start);
    ck_assert_uint_eq(size, WEIR_BATCH_HEADER_SIZE + 2 + 1 + 1 + 1 + 1 + 10 + 2 + 100 + 1);
    weir_batch_writer_init(&w, memory, size - 1);
    ck_assert_int_eq(weir_batch_append(&w, &record), WEIR_AGAIN);
    ck_assert_int_eq(w.record_count, 0);
    weir_batch_writer_init(&w, memory, size);
    ck_assert_int_eq(weir_batch_append(&w, &record), WEIR_OK);
    ck_assert_int_eq(weir_batch_append(&w, &record), WEIR_AGAIN);
    ck_assert_int_eq(w.record_count, 1);
    record.value.len = INT32_MAX;
    ck_assert_int_eq(weir_batch_append(&w, &record), WEIR_E_TOO_LARGE);
    record.value.len = UINT32_MAX;
    record.key.len = UINT32_MAX;
    ck_assert_int_eq(weir_batch_append(&w, &record), WEIR_E_TOO_LARGE);
}
END_TEST

START_TEST(identity_and_timestamps) {
    weir_batch_identity identity = {INT64_MAX, 12, 34, true};
    weir_batch_writer w;
    weir_batch_header header;
    weir_batch_writer_init(&w, memory, sizeof memory);
    weir_batch_append(&w, &(weir_record){.timestamp = -1});
    weir_batch_append(&w, &(weir_record){.timestamp = 9});
    weir_batch_append(&w, &(weir_record){.timestamp = 4});
    ck_assert_int_eq(weir_batch_open(weir_batch_close(&w, &identity), &header), WEIR_OK);
    ck_assert_int_eq(header.base_timestamp, -1);
    ck_assert_int_eq(header.max_timestamp, 9);
    ck_assert_int_eq(header.producer_id, INT64_MAX);
    ck_assert_int_eq(header.producer_epoch, 12);
    ck_assert_int_eq(header.base_sequence, 34);
    ck_assert_int_eq(header.leader_epoch, -1);
    ck_assert_int_eq(header.attributes, WEIR_ATTR_TRANSACTIONAL);
    ck_assert_int_eq(header.last_offset_delta, 2);
    uint8_t other[200];
    memset(other, 0x5a, sizeof other);
    weir_records set = weir_batch_close_compressed(&w, WEIR_COMPRESSION_LZ4, other, 50, &identity);
    ck_assert_ptr_eq(set.p, other);
    ck_assert_uint_eq(set.len, WEIR_BATCH_HEADER_SIZE + 50);
    ck_assert_int_eq(weir_batch_open(set, &header), WEIR_OK);
    ck_assert_int_eq(header.attributes, WEIR_ATTR_TRANSACTIONAL | WEIR_COMPRESSION_LZ4);
    ck_assert_int_eq(header.record_count, 3);
}
END_TEST

START_TEST(headers) {
    weir_header header = {{"name", 4}, {payload, 3}}, got;
    uint8_t area[16];
    ck_assert_uint_eq(weir_header_write(area, 8, &header), 9);
    ck_assert_uint_eq(weir_header_write(area, 9, &header), 9);
    weir_bytes at = {area, 9};
    ck_assert_int_eq(weir_headers_next(&at, &got), WEIR_OK);
    ck_assert_uint_eq(got.name.len, 4);
    ck_assert_mem_eq(got.name.p, "name", 4);
    ck_assert_uint_eq(got.value.len, 3);
    ck_assert_int_eq(weir_headers_next(&at, &got), WEIR_END);
    for (uint32_t len = 1; len < 9; len++) {
        at = (weir_bytes){area, len};
        ck_assert_int_eq(weir_headers_next(&at, &got), WEIR_E_MALFORMED);
        ck_assert_uint_eq(at.len, len);
    }
    area[0] = 1; /* a null name */
    at = (weir_bytes){area, 9};
    ck_assert_int_eq(weir_headers_next(&at, &got), WEIR_E_MALFORMED);
}
END_TEST

START_TEST(control_types) {
    uint8_t key[] = {0, 0, 0, 1, 9};
    ck_assert_int_eq(weir_control_type((weir_bytes){key, 4}), 1);
    ck_assert_int_eq(weir_control_type((weir_bytes){key, 5}), 1);
    ck_assert_int_eq(weir_control_type((weir_bytes){key, 3}), -1);
    ck_assert_int_eq(weir_control_type((weir_bytes){NULL, 0}), -1);
    key[3] = 6;
    ck_assert_int_eq(weir_control_type((weir_bytes){key, 4}), 6);
    key[2] = 0xff;
    ck_assert_int_eq(weir_control_type((weir_bytes){key, 4}), -1);
    key[2] = 0;
    key[0] = 0x80;
    ck_assert_int_eq(weir_control_type((weir_bytes){key, 4}), -1);
}
END_TEST

int main(void) {
    for (size_t i = 0; i < sizeof payload; i++)
        payload[i] = (uint8_t)(i * 7);
    Suite *suite = suite_create("records");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 60);
    tcase_add_test(all, round_trip);
    tcase_add_test(all, agrees_with_reference);
    tcase_add_test(all, agrees_on_damage);
    tcase_add_test(all, cut_anywhere);
    tcase_add_test(all, pairs_of_bytes);
    tcase_add_test(all, offset_gaps);
    tcase_add_test(all, log_append_time);
    tcase_add_test(all, hostile_header);
    tcase_add_test(all, writer_room);
    tcase_add_test(all, identity_and_timestamps);
    tcase_add_test(all, headers);
    tcase_add_test(all, control_types);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
