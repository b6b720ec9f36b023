/* Batches made by the official Java client: Weir reads in them what Java does, and writes the very same bytes. */
#define _POSIX_C_SOURCE 200809L /* getline, open_memstream */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <codec.h>

#include "describe.h"

typedef struct vector {
    char *name, *want;
    uint8_t *bytes;
    size_t len;
} vector;

static vector vectors[64];
static int vector_count;

static unsigned nibble(char c) {
    return c <= '9' ? (unsigned)c - '0' : (unsigned)c - 'a' + 10;
}

static char *append_line(char *text, const char *line) {
    size_t old = text ? strlen(text) : 0, more = strlen(line);
    text = realloc(text, old + more + 1);
    memcpy(text + old, line, more + 1);
    return text;
}

static void load(const char *path) {
    FILE *file = fopen(path, "r");
    if (!file)
        exit(2);
    char *line = NULL;
    size_t cap = 0;
    vector *v = vectors;
    while (getline(&line, &cap, file) > 0) {
        if (strncmp(line, "batch ", 6) == 0) {
            v->name = append_line(NULL, line + 6);
            v->name[strcspn(v->name, "\n")] = 0;
        } else if (strncmp(line, "bytes ", 6) == 0) {
            v->len = strcspn(line + 6, "\n") / 2;
            v->bytes = malloc(v->len);
            for (size_t i = 0; i < v->len; i++)
                v->bytes[i] = (uint8_t)(nibble(line[6 + 2 * i]) << 4 | nibble(line[7 + 2 * i]));
        } else if (strcmp(line, "end\n") == 0) {
            v = &vectors[++vector_count];
        } else {
            v->want = append_line(v->want, line);
        }
    }
    free(line);
    fclose(file);
}

static const vector *named(const char *name) {
    for (int i = 0; i < vector_count; i++)
        if (strcmp(vectors[i].name, name) == 0)
            return &vectors[i];
    ck_abort_msg("no vector %s", name);
    return NULL;
}

static weir_records set_of(const vector *v) {
    return (weir_records){v->bytes, (uint32_t)v->len};
}

START_TEST(reads_what_java_reads) {
    const vector *v = &vectors[_i];
    weir_batch_header header;
    ck_assert_int_eq(weir_batch_open(set_of(v), &header), WEIR_OK);
    int id = header.attributes & WEIR_ATTR_COMPRESSION;
    if (id && !weir__codec_find(id))
        return; /* a build without this codec */
    char *got;
    size_t len;
    FILE *out = open_memstream(&got, &len);
    weir_err err = describe_set(out, set_of(v));
    fclose(out);
    ck_assert_msg(err == WEIR_END, "%s: %d", v->name, err);
    ck_assert_str_eq(got, v->want);
    free(got);
}
END_TEST

START_TEST(writes_what_java_writes) {
    const vector *v = named("none");
    weir_batch_header header;
    ck_assert_int_eq(weir_batch_open(set_of(v), &header), WEIR_OK);
    weir_batch_walk walk;
    weir_batch_walk_init(&walk, &header, (weir_bytes){v->bytes + 61, (uint32_t)v->len - 61});
    uint8_t *memory = malloc(v->len); /* exactly what it takes */
    weir_batch_writer w;
    weir_batch_writer_init(&w, memory, v->len);
    weir_record record;
    while (weir_batch_next(&walk, &record) == WEIR_OK)
        ck_assert_int_eq(weir_batch_append(&w, &record), WEIR_OK);
    weir_batch_identity nobody = {-1, -1, -1, false};
    weir_records set = weir_batch_close(&w, &nobody);
    ck_assert_uint_eq(set.len, v->len);
    /* The base offset and the leader epoch are the broker's to fill in. */
    ck_assert_mem_eq(set.p + 8, v->bytes + 8, 4);
    ck_assert_mem_eq(set.p + 16, v->bytes + 16, v->len - 16);
    free(memory);
}
END_TEST

/* The records in `plain` with a header, written again: what Java wrote, in just as much room. */
static void assert_records_rewritten(const weir_batch_header *header, weir_bytes plain) {
    uint8_t *memory = malloc(plain.len + 1);
    size_t used = 0;
    weir_batch_walk walk;
    weir_record record;
    weir_batch_walk_init(&walk, header, plain);
    while (weir_batch_next(&walk, &record) == WEIR_OK) {
        size_t need = weir_record_write(NULL, 0, header, &record);
        memory[used] = 0xaa;
        ck_assert_uint_eq(weir_record_write(memory + used, need - 1, header, &record), need);
        ck_assert_uint_eq(memory[used], 0xaa);
        ck_assert_uint_le(need, plain.len - used);
        ck_assert_uint_eq(weir_record_write(memory + used, plain.len - used, header, &record), need);
        used += need;
    }
    ck_assert_uint_eq(used, plain.len);
    if (used)
        ck_assert_mem_eq(memory, plain.p, used);
    free(memory);
}

START_TEST(seals_what_java_sealed) {
    const vector *v = &vectors[_i];
    weir_batch_header header;
    ck_assert_int_eq(weir_batch_open(set_of(v), &header), WEIR_OK);
    weir_bytes plain = {v->bytes + WEIR_BATCH_HEADER_SIZE, (uint32_t)v->len - WEIR_BATCH_HEADER_SIZE};
    const weir__codec *codec = weir__codec_find(header.attributes & WEIR_ATTR_COMPRESSION);
    size_t size = 0;
    if (codec) {
        weir_bytes packed = plain;
        ck_assert_int_eq(codec->decompress(&describe_heap, packed, 1 << 24, &plain, &size), WEIR_OK);
    } else if (header.attributes & WEIR_ATTR_COMPRESSION) {
        return; /* a build without this codec */
    }
    if (!(header.attributes & WEIR_ATTR_LOG_APPEND)) /* which hides the timestamps that the records have */
        assert_records_rewritten(&header, plain);
    if (codec)
        free((void *)(uintptr_t)plain.p);
    uint8_t *batch = malloc(v->len);
    memcpy(batch, v->bytes, v->len);
    memset(batch, 0xaa, WEIR_BATCH_HEADER_SIZE);
    weir_batch_header sealed = header;
    sealed.crc = 0;
    sealed.magic = 0;
    weir_batch_seal(batch, &sealed);
    ck_assert_mem_eq(batch, v->bytes, v->len);
    ck_assert_uint_eq(sealed.crc, header.crc);
    ck_assert_int_eq(sealed.magic, 2);
    free(batch);
}
END_TEST

START_TEST(markers) {
    static const char *const names[] = {"marker-abort", "marker-commit"};
    for (int16_t type = 0; type < 2; type++) {
        const vector *v = named(names[type]);
        weir_batch_header header;
        weir_batch_walk walk;
        weir_record record;
        ck_assert_int_eq(weir_batch_open(set_of(v), &header), WEIR_OK);
        ck_assert_int_ne(header.attributes & WEIR_ATTR_CONTROL, 0);
        weir_batch_walk_init(&walk, &header, (weir_bytes){v->bytes + 61, header.size - 61});
        ck_assert_int_eq(weir_batch_next(&walk, &record), WEIR_OK);
        ck_assert_int_eq(weir_control_type(record.key), type);
    }
}
END_TEST

START_TEST(delete_horizon_and_empty) {
    weir_batch_header header;
    ck_assert_int_eq(weir_batch_open(set_of(named("compacted-with-delete-horizon")), &header), WEIR_OK);
    ck_assert_int_ne(header.attributes & WEIR_ATTR_DELETE_HORIZON, 0);
    const vector *v = named("retained-empty");
    ck_assert_int_eq(weir_batch_open(set_of(v), &header), WEIR_OK);
    ck_assert_int_eq(header.record_count, 0);
    ck_assert_uint_eq(header.size, WEIR_BATCH_HEADER_SIZE);
    weir_batch_walk walk;
    weir_record record;
    weir_batch_walk_init(&walk, &header, (weir_bytes){v->bytes + 61, 0});
    ck_assert_int_eq(weir_batch_next(&walk, &record), WEIR_END);
}
END_TEST

/* A broker may cut the last batch anywhere; a flipped bit anywhere under the checksum is seen. */
START_TEST(cut_and_flipped) {
    const vector *v = named("gzip");
    weir_batch_header header;
    for (size_t len = 0; len < v->len; len++) {
        uint8_t *copy = malloc(len + 1);
        memcpy(copy, v->bytes, len);
        ck_assert_int_eq(weir_batch_open((weir_records){copy, (uint32_t)len}, &header), WEIR_END);
        free(copy);
    }
    uint8_t *copy = malloc(v->len);
    memcpy(copy, v->bytes, v->len);
    for (size_t bit = 0; bit < v->len * 8; bit++) {
        copy[bit / 8] ^= (uint8_t)(1U << bit % 8);
        weir_err err = weir_batch_open((weir_records){copy, (uint32_t)v->len}, &header);
        bool outside = bit / 8 < 8 || (bit / 8 >= 12 && bit / 8 < 16); /* base offset, leader epoch */
        ck_assert_msg(outside ? err == WEIR_OK || bit == 7 : err != WEIR_OK, "bit %zu: %d", bit, err);
        copy[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    free(copy);
}
END_TEST

int main(int argc, char **argv) {
    if (argc != 2)
        return 2;
    load(argv[1]);
    if (vector_count < 11)
        return 2;
    Suite *suite = suite_create("record vectors");
    TCase *all = tcase_create("all");
    tcase_add_loop_test(all, reads_what_java_reads, 0, vector_count);
    tcase_add_test(all, writes_what_java_writes);
    tcase_add_loop_test(all, seals_what_java_sealed, 0, vector_count);
    tcase_add_test(all, markers);
    tcase_add_test(all, delete_horizon_and_empty);
    tcase_add_test(all, cut_and_flipped);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    for (int i = 0; i < vector_count; i++) {
        free(vectors[i].name);
        free(vectors[i].want);
        free(vectors[i].bytes);
    }
    return failed != 0;
}
