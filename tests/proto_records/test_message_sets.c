/* Message sets of magic 0 and 1: Weir reads in those of an old Java client what the new one does, writes the very same
   bytes, and refuses what is broken. Checksums are made right by zlib. */
#include "checks.h"
#include <stdlib.h>
#include <string.h>

#include <codec.h>
#include <zlib.h>

#include "vectors.h"

enum {
    AT_SIZE = 8,
    AT_CRC = 12,
    AT_MAGIC = 16,
    AT_ATTRIBUTES = 17
};

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

static void put32(uint8_t *p, uint32_t v) {
    for (int n = 0; n < 4; n++)
        p[n] = (uint8_t)(v >> (24 - 8 * n));
}

static weir_record record_of(int64_t offset, const char *value) {
    return (weir_record){
        .offset = offset, .timestamp = 100 + offset % 1000, .value = {(const uint8_t *)value, (uint32_t)strlen(value)}};
}

/* A set at `memory` of messages with these offsets. */
static weir_records set_of(uint8_t *memory, size_t size, int8_t magic, const int64_t *offsets, size_t count) {
    weir_message_writer w;
    weir_message_writer_init(&w, memory, size, magic, 0);
    for (size_t n = 0; n < count; n++) {
        weir_record record = record_of(offsets[n], "value");
        ck_assert_int_eq(weir_message_append(&w, &record), WEIR_OK);
    }
    return weir_message_close(&w);
}

/* What walking `set` as the content of a wrapper ends with; *last gets the offset of the last record. */
static weir_err wrapped_walk(int8_t magic, int64_t wrapper_offset, weir_records set, int64_t *last) {
    weir_batch_header header = {
        .magic = magic, .attributes = WEIR_COMPRESSION_GZIP, .base_offset = wrapper_offset, .record_count = -1};
    weir_batch_walk walk;
    weir_record record;
    weir_err err;
    weir_batch_walk_init(&walk, &header, (weir_bytes){set.p, set.len});
    while ((err = weir_batch_next(&walk, &record)) == WEIR_OK)
        *last = record.offset;
    return err;
}

static weir_err reopened(uint8_t *message, uint32_t len) {
    weir_batch_header header;
    put32(message + AT_CRC, (uint32_t)crc32(0, message + AT_MAGIC, len - AT_MAGIC));
    return weir_batch_open((weir_records){message, len}, &header);
}

START_TEST(reads_what_java_reads) {
    vectors_read_alike(&vectors[_i]);
}
END_TEST

/* Rewrites the records of the first entry in `set` to w. */
static void rewrite(weir_message_writer *w, const weir_batch_header *header, weir_bytes records) {
    weir_batch_walk walk;
    weir_record record;
    weir_batch_walk_init(&walk, header, records);
    while (weir_batch_next(&walk, &record) == WEIR_OK) {
        if (w->p == w->start && header->magic == 1 && (header->attributes & WEIR_ATTR_COMPRESSION))
            weir_message_writer_init(w, w->start, (size_t)(w->end - w->start), 1, record.offset);
        ck_assert_int_eq(weir_message_append(w, &record), WEIR_OK);
    }
}

/* The wrapper around Java's own compressed bytes, where there is a codec. */
static weir_records rewrap(const vector *v, const weir_batch_header *header, const weir_message_writer *w, void *to) {
    weir_compression codec = header->attributes & WEIR_ATTR_COMPRESSION;
    weir_bytes value = weir_batch_records(v->set, header);
    memcpy((uint8_t *)to + WEIR_MESSAGE_OVERHEAD(w->magic), value.p, value.len);
    return weir_message_close_compressed(w, codec, to, value.len);
}

START_TEST(writes_what_java_writes) {
    const vector *v = &vectors[_i];
    uint8_t *memory = malloc(1 << 16), *outer = malloc(1 << 16);
    weir_batch_header header;
    weir_message_writer w;
    ck_assert_int_eq(weir_batch_open(v->set, &header), WEIR_OK);
    weir_message_writer_init(&w, memory, 1 << 16, header.magic, 0);
    weir_records got = {NULL, 0};
    if (header.attributes & WEIR_ATTR_COMPRESSION) {
        weir_bytes plain, value = weir_batch_records(v->set, &header);
        size_t size;
        weir_err err =
            weir_records_decompress(&heap, header.attributes & WEIR_ATTR_COMPRESSION, value, 1 << 20, &plain, &size);
        if (err == WEIR_OK) {
            rewrite(&w, &header, plain);
            ck_assert_int_eq(w.p - w.start, plain.len);
            ck_assert_mem_eq(w.start, plain.p, plain.len);
            free((void *)(uintptr_t)plain.p);
            got = rewrap(v, &header, &w, outer);
        }
    } else {
        for (weir_records left = v->set; weir_batch_open(left, &header) == WEIR_OK;
             left = (weir_records){left.p + header.size, left.len - header.size})
            rewrite(&w, &header, weir_batch_records(left, &header));
        got = weir_message_close(&w);
    }
    if (got.p) { /* else a build without this codec */
        ck_assert_uint_eq(got.len, v->set.len);
        ck_assert_mem_eq(got.p, v->set.p, got.len);
    }
    free(memory);
    free(outer);
}
END_TEST

/* Readers of magic 0 insist on the wrong header checksum, those of magic 1 on the right one (KAFKA-3160). */
START_TEST(lz4_as_each_magic_has_it) {
    static const char *const names[] = {"v0-lz4", "v1-lz4"};
    uint8_t text[5000] = {0}, *packed = malloc(weir_records_compress_bound(WEIR_COMPRESSION_LZ4, sizeof text));
    for (int8_t magic = 0; magic < 2; magic++) {
        const vector *v = vectors_named(names[magic]);
        weir_batch_header header;
        ck_assert_int_eq(weir_batch_open(v->set, &header), WEIR_OK);
        weir_bytes theirs = weir_batch_records(v->set, &header), plain;
        size_t size = weir_records_compress_bound(WEIR_COMPRESSION_LZ4, sizeof text), plain_size;
        ck_assert_int_eq(
            weir_records_compress(&heap, WEIR_COMPRESSION_LZ4, magic, (weir_bytes){text, sizeof text}, packed, &size),
            WEIR_OK);
        ck_assert_mem_eq(packed, theirs.p, 7); /* the frame's header */
        ck_assert_int_eq(weir_records_decompress(&heap, WEIR_COMPRESSION_LZ4, (weir_bytes){packed, (uint32_t)size},
                                                 sizeof text, &plain, &plain_size),
                         WEIR_OK);
        ck_assert_uint_eq(plain.len, sizeof text);
        free((void *)(uintptr_t)plain.p);
    }
    size_t size = 1;
    ck_assert_int_eq(
        weir_records_compress(&heap, WEIR_COMPRESSION_ZSTD, 1, (weir_bytes){text, sizeof text}, packed, &size),
        WEIR_E_UNSUPPORTED);
    free(packed);
}
END_TEST

/* A broker may cut the last entry anywhere; a flipped bit anywhere but in the offset is seen. */
START_TEST(cut_and_flipped) {
    static const char *const names[] = {"v0-gzip", "v1-gzip"};
    const vector *v = vectors_named(names[_i]);
    weir_batch_header header;
    for (uint32_t len = 0; len < v->set.len; len++) {
        uint8_t *copy = malloc(len + 1);
        memcpy(copy, v->set.p, len);
        ck_assert_int_eq(weir_batch_open((weir_records){copy, len}, &header), WEIR_END);
        free(copy);
    }
    uint8_t *copy = malloc(v->set.len);
    memcpy(copy, v->set.p, v->set.len);
    for (size_t bit = 0; bit < v->set.len * 8; bit++) {
        copy[bit / 8] ^= (uint8_t)(1U << bit % 8);
        weir_err err = weir_batch_open((weir_records){copy, v->set.len}, &header);
        bool offset = bit / 8 < AT_SIZE && bit != 7; /* 7 is its sign */
        ck_assert_msg(offset ? err == WEIR_OK : err != WEIR_OK, "bit %zu: %d", bit, err);
        copy[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    free(copy);
}
END_TEST

START_TEST(header_of_a_message) {
    uint8_t memory[100];
    for (int8_t magic = 0; magic < 2; magic++) {
        weir_records set = set_of(memory, sizeof memory, magic, (int64_t[]){7}, 1);
        weir_batch_header h;
        ck_assert_uint_eq(set.len, WEIR_MESSAGE_OVERHEAD(magic) + 5);
        memory[AT_ATTRIBUTES] = 0xf8; /* of these bits only that of LogAppendTime is known, and only to magic 1 */
        ck_assert_int_eq(reopened(memory, set.len), WEIR_OK);
        ck_assert_int_eq(weir_batch_open(set, &h), WEIR_OK);
        ck_assert_int_eq(h.attributes, magic ? WEIR_ATTR_LOG_APPEND : 0);
        ck_assert_int_eq(h.base_offset, 7);
        ck_assert_int_eq(h.last_offset_delta, 0);
        ck_assert_int_eq(h.record_count, 1);
        ck_assert_int_eq(h.max_timestamp, magic ? 107 : -1);
        ck_assert_int_eq(h.base_timestamp, h.max_timestamp);
        ck_assert(h.leader_epoch == -1 && h.producer_id == -1 && h.producer_epoch == -1 && h.base_sequence == -1);
        weir_batch_walk walk;
        weir_record record;
        weir_batch_walk_init(&walk, &h, weir_batch_records(set, &h));
        ck_assert_int_eq(weir_batch_next(&walk, &record), WEIR_OK);
        ck_assert_int_eq(record.offset, 7);
        ck_assert_int_eq(record.timestamp_type, magic ? WEIR_TIMESTAMP_LOG_APPEND : WEIR_TIMESTAMP_NONE);
        ck_assert_int_eq(weir_batch_next(&walk, &record), WEIR_END);
        ck_assert_int_eq(weir_batch_next(&walk, &record), WEIR_END);
    }
}
END_TEST

START_TEST(refused_entries) {
    uint8_t memory[100];
    for (int8_t magic = 0; magic < 2; magic++) {
        uint32_t len = set_of(memory, sizeof memory, magic, (int64_t[]){7}, 1).len, key_at = magic ? 26 : 18;
        ck_assert_int_eq(reopened(memory, len), WEIR_OK);
        memory[AT_ATTRIBUTES] = WEIR_COMPRESSION_ZSTD;
        ck_assert_int_eq(reopened(memory, len), WEIR_E_MALFORMED);
        memory[AT_ATTRIBUTES] = WEIR_COMPRESSION_GZIP;
        ck_assert_int_eq(reopened(memory, len), WEIR_OK);
        put32(memory + key_at, 5); /* the wrapper's value is where its key was */
        put32(memory + key_at + 4, 0);
        ck_assert_int_eq(reopened(memory, len), WEIR_E_MALFORMED);
        put32(memory + key_at, UINT32_MAX);
        put32(memory + key_at + 4, UINT32_MAX);
        put32(memory + AT_SIZE, len - 5 - 12); /* null, with the right size */
        ck_assert_int_eq(reopened(memory, len - 5), WEIR_E_MALFORMED);
        memory[AT_ATTRIBUTES] = 0;
        ck_assert_int_eq(reopened(memory, len - 5), WEIR_OK);
        put32(memory + AT_SIZE, len - 5 - 12 - 1);
        ck_assert_int_eq(reopened(memory, len - 5), WEIR_E_MALFORMED);
        put32(memory + AT_SIZE, UINT32_MAX);
        ck_assert_int_eq(reopened(memory, len - 5), WEIR_E_MALFORMED);
        put32(memory + AT_SIZE, len - 12); /* a byte behind the value */
        ck_assert_int_eq(reopened(memory, len), WEIR_E_MALFORMED);
        put32(memory + key_at + 4, 0x80000005);
        ck_assert_int_eq(reopened(memory, len), WEIR_E_MALFORMED);
    }
}
END_TEST

START_TEST(offsets_in_a_wrapper) {
    uint8_t memory[200];
    int64_t last = -1;
    for (int8_t magic = 0; magic < 2; magic++) {
        weir_records set = set_of(memory, sizeof memory, magic, (int64_t[]){2, 5, 9}, 3);
        ck_assert_int_eq(wrapped_walk(magic, 1009, set, &last), WEIR_END);
        ck_assert_int_eq(last, magic ? 1009 : 9);
        ck_assert_int_eq(wrapped_walk(magic, 9, set, &last), WEIR_END);
        ck_assert_int_eq(last, 9);
        ck_assert_int_eq(wrapped_walk(magic, 0, set, &last), WEIR_END); /* not numbered */
        ck_assert_int_eq(last, 9);
        ck_assert_int_eq(wrapped_walk(magic, 8, set, &last), WEIR_E_MALFORMED);
        ck_assert_int_eq(wrapped_walk(magic, 1009, (weir_records){set.p, 0}, &last), WEIR_E_MALFORMED);
        set = set_of(memory, sizeof memory, magic, (int64_t[]){2, 2, 3}, 3);
        ck_assert_int_eq(wrapped_walk(magic, 1009, set, &last), WEIR_E_MALFORMED);
        set = set_of(memory, sizeof memory, magic, (int64_t[]){2, 90, 9}, 3); /* 90 is not handed out */
        ck_assert_int_eq(wrapped_walk(magic, 1009, set, &last), WEIR_E_MALFORMED);
        ck_assert_int_eq(last, magic ? 1002 : 2);
        set = set_of(memory, sizeof memory, magic, (int64_t[]){INT64_MAX, 3}, 2);
        ck_assert_int_eq(wrapped_walk(magic, 1009, set, &last), WEIR_E_MALFORMED);
        set = set_of(memory, sizeof memory, magic, (int64_t[]){0, -1}, 2);
        ck_assert_int_eq(wrapped_walk(magic, 1009, set, &last), WEIR_E_MALFORMED);
    }
}
END_TEST

/* Changes one byte of the second of two wrapped messages and makes its checksum right if asked to. */
static weir_err spoiled(int8_t magic, unsigned at, uint8_t byte, bool repair) {
    uint8_t memory[200];
    int64_t last;
    weir_records set = set_of(memory, sizeof memory, magic, (int64_t[]){0, 1}, 2);
    uint8_t *second = memory + set.len / 2;
    ck_assert_int_eq(wrapped_walk(magic, 1, set, &last), WEIR_END);
    second[at] = byte;
    if (repair)
        put32(second + AT_CRC, (uint32_t)crc32(0, second + AT_MAGIC, set.len / 2 - AT_MAGIC));
    return wrapped_walk(magic, 1, set, &last);
}

START_TEST(refused_in_a_wrapper) {
    for (int8_t magic = 0; magic < 2; magic++) {
        ck_assert_int_eq(spoiled(magic, AT_ATTRIBUTES, WEIR_COMPRESSION_GZIP, true), WEIR_E_MALFORMED);
        ck_assert_int_eq(spoiled(magic, AT_MAGIC, (uint8_t)!magic, true), WEIR_E_MALFORMED);
        ck_assert_int_eq(spoiled(magic, AT_CRC, 'x', false), WEIR_E_MALFORMED);
        ck_assert_int_eq(spoiled(magic, WEIR_MESSAGE_OVERHEAD(magic), 'x', false), WEIR_E_MALFORMED);
        ck_assert_int_eq(spoiled(magic, WEIR_MESSAGE_OVERHEAD(magic), 'x', true), WEIR_END);
        uint8_t memory[200];
        weir_records set = set_of(memory, sizeof memory, magic, (int64_t[]){0, 1}, 2);
        int64_t last;
        for (uint32_t len = 1; len < set.len; len++) {
            weir_err want = len == set.len / 2 ? WEIR_END : WEIR_E_MALFORMED;
            ck_assert_int_eq(wrapped_walk(magic, 0, (weir_records){memory, len}, &last), want);
        }
    }
}
END_TEST

START_TEST(writer_limits) {
    uint8_t memory[100], header[8];
    weir_message_writer w;
    weir_message_writer_init(&w, memory, WEIR_MESSAGE_OVERHEAD(1) + 5, 1, 0);
    weir_record record = record_of(0, "values"), small = record_of(0, "value");
    ck_assert_int_eq(weir_message_append(&w, &record), WEIR_AGAIN);
    ck_assert_uint_eq(weir_message_close(&w).len, 0);
    small.header_count = 1;
    small.headers = (weir_bytes){header, 3};
    ck_assert_int_eq(weir_message_append(&w, &small), WEIR_E_VERSION);
    small.header_count = 0;
    ck_assert_int_eq(weir_message_append(&w, &small), WEIR_OK);
    ck_assert_int_eq(weir_message_append(&w, &small), WEIR_AGAIN);
    record.value.len = INT32_MAX - 21;
    ck_assert_int_eq(weir_message_append(&w, &record), WEIR_E_TOO_LARGE);
}
END_TEST

int main(int argc, char **argv) {
    if (argc != 2)
        return 2;
    vectors_load(argv[1]);
    if (vector_count < 29)
        return 2;
    Suite *suite = suite_create("message sets");
    TCase *all = tcase_create("all");
    tcase_add_loop_test(all, reads_what_java_reads, 0, vector_count);
    tcase_add_loop_test(all, writes_what_java_writes, 0, vector_count);
    tcase_add_test(all, lz4_as_each_magic_has_it);
    tcase_add_loop_test(all, cut_and_flipped, 0, 2);
    tcase_add_test(all, header_of_a_message);
    tcase_add_test(all, refused_entries);
    tcase_add_test(all, offsets_in_a_wrapper);
    tcase_add_test(all, refused_in_a_wrapper);
    tcase_add_test(all, writer_limits);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    vectors_free();
    return failed != 0;
}
