/* Batches made by the official Java client: Weir reads in them what Java does, and writes the very same bytes. */
#include "checks.h"
#include <stdlib.h>
#include <string.h>

#include "describe.h"
#include "vectors.h"

START_TEST(reads_what_java_reads) {
    vectors_read_alike(&vectors[_i]);
}
END_TEST

START_TEST(writes_what_java_writes) {
    const vector *v = vectors_named("none");
    weir_batch_header header;
    ck_assert_int_eq(weir_batch_open(v->set, &header), WEIR_OK);
    weir_batch_walk walk;
    weir_batch_walk_init(&walk, &header, (weir_bytes){v->set.p + 61, v->set.len - 61});
    uint8_t *memory = malloc(v->set.len); /* exactly what it takes */
    weir_batch_writer w;
    weir_batch_writer_init(&w, memory, v->set.len);
    weir_record record;
    while (weir_batch_next(&walk, &record) == WEIR_OK)
        ck_assert_int_eq(weir_batch_append(&w, &record), WEIR_OK);
    weir_batch_identity nobody = {-1, -1, -1, false};
    weir_records set = weir_batch_close(&w, &nobody);
    ck_assert_uint_eq(set.len, v->set.len);
    /* The base offset and the leader epoch are the broker's to fill in. */
    ck_assert_mem_eq(set.p + 8, v->set.p + 8, 4);
    ck_assert_mem_eq(set.p + 16, v->set.p + 16, v->set.len - 16);
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
    ck_assert_int_eq(weir_batch_open(v->set, &header), WEIR_OK);
    weir_bytes packed = weir_batch_records(v->set, &header), plain = packed;
    weir_compression compression = header.attributes & WEIR_ATTR_COMPRESSION;
    size_t size = 0;
    if (compression) {
        weir_err err = weir_records_decompress(&describe_heap, compression, packed, 1 << 24, &plain, &size);
        if (err == WEIR_E_UNSUPPORTED)
            return; /* a build without this codec */
        ck_assert_int_eq(err, WEIR_OK);
    }
    if (!(header.attributes & WEIR_ATTR_LOG_APPEND)) /* which hides the timestamps that the records have */
        assert_records_rewritten(&header, plain);
    if (compression)
        free((void *)(uintptr_t)plain.p);
    uint8_t *batch = malloc(v->set.len);
    memcpy(batch, v->set.p, v->set.len);
    memset(batch, 0xaa, WEIR_BATCH_HEADER_SIZE);
    weir_batch_header sealed = header;
    sealed.crc = 0;
    sealed.magic = 0;
    weir_batch_seal(batch, &sealed);
    ck_assert_mem_eq(batch, v->set.p, v->set.len);
    ck_assert_uint_eq(sealed.crc, header.crc);
    ck_assert_int_eq(sealed.magic, 2);
    free(batch);
}
END_TEST

START_TEST(markers) {
    static const char *const names[] = {"marker-abort", "marker-commit"};
    for (int16_t type = 0; type < 2; type++) {
        const vector *v = vectors_named(names[type]);
        weir_batch_header header;
        weir_batch_walk walk;
        weir_record record;
        ck_assert_int_eq(weir_batch_open(v->set, &header), WEIR_OK);
        ck_assert_int_ne(header.attributes & WEIR_ATTR_CONTROL, 0);
        weir_batch_walk_init(&walk, &header, (weir_bytes){v->set.p + 61, header.size - 61});
        ck_assert_int_eq(weir_batch_next(&walk, &record), WEIR_OK);
        ck_assert_int_eq(weir_control_type(record.key), type);
    }
}
END_TEST

START_TEST(delete_horizon_and_empty) {
    weir_batch_header header;
    ck_assert_int_eq(weir_batch_open(vectors_named("compacted-with-delete-horizon")->set, &header), WEIR_OK);
    ck_assert_int_ne(header.attributes & WEIR_ATTR_DELETE_HORIZON, 0);
    const vector *v = vectors_named("retained-empty");
    ck_assert_int_eq(weir_batch_open(v->set, &header), WEIR_OK);
    ck_assert_int_eq(header.record_count, 0);
    ck_assert_uint_eq(header.size, WEIR_BATCH_HEADER_SIZE);
    weir_batch_walk walk;
    weir_record record;
    weir_batch_walk_init(&walk, &header, (weir_bytes){v->set.p + 61, 0});
    ck_assert_int_eq(weir_batch_next(&walk, &record), WEIR_END);
}
END_TEST

/* A broker may cut the last batch anywhere; a flipped bit anywhere under the checksum is seen. */
START_TEST(cut_and_flipped) {
    const vector *v = vectors_named("gzip");
    weir_batch_header header;
    for (size_t len = 0; len < v->set.len; len++) {
        uint8_t *copy = malloc(len + 1);
        memcpy(copy, v->set.p, len);
        ck_assert_int_eq(weir_batch_open((weir_records){copy, (uint32_t)len}, &header), WEIR_END);
        free(copy);
    }
    uint8_t *copy = malloc(v->set.len);
    memcpy(copy, v->set.p, v->set.len);
    for (size_t bit = 0; bit < v->set.len * 8; bit++) {
        copy[bit / 8] ^= (uint8_t)(1U << bit % 8);
        weir_err err = weir_batch_open((weir_records){copy, (uint32_t)v->set.len}, &header);
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
    vectors_load(argv[1]);
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
    vectors_free();
    return failed != 0;
}
