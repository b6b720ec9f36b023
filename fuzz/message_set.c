/* Message sets of magic 0 and 1, with the checksums made right. The first byte says what the rest is: a set as a broker
   sends it (even), or what a wrapper contains when decompressed (odd; two bytes of the wrapper's offset follow). What
   was read is written and read again. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define CAP (1u << 20) /* bytes that a wrapper may decompress to */

enum {
    AT_SIZE = 8,
    AT_CRC = 12,
    AT_MAGIC = 16
};

static uint32_t get_u32(const uint8_t *p) {
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Makes the checksums right of all messages whose sizes lead from one to the next. */
static void repair(uint8_t *p, size_t len) {
    while (len > AT_MAGIC) {
        uint64_t size = (uint64_t)get_u32(p + AT_SIZE) + AT_CRC;
        if (size > len || size <= AT_MAGIC)
            return;
        fuzz_put_u32(p + AT_CRC, (uint32_t)crc32(0, p + AT_MAGIC, (uInt)size - AT_MAGIC));
        p += size;
        len -= (size_t)size;
    }
}

static void same_record(const weir_record *a, const weir_record *b) {
    MUST(a->offset == b->offset && a->timestamp == b->timestamp && a->timestamp_type == b->timestamp_type);
    MUST((a->key.p == NULL) == (b->key.p == NULL) && (a->value.p == NULL) == (b->value.p == NULL));
    MUST(fuzz_equal(a->key, b->key) && fuzz_equal(a->value, b->value) && b->header_count == 0);
}

/* Walks the records and appends them to `w`, which has room for all. WEIR_END when all were good. */
static weir_err copy(const weir_batch_header *header, weir_bytes records, weir_message_writer *w) {
    weir_batch_walk walk;
    weir_record record;
    weir_err err;
    int64_t last = -1;
    weir_batch_walk_init(&walk, header, records);
    while ((err = weir_batch_next(&walk, &record)) == WEIR_OK) {
        MUST(record.offset > last);
        MUST(header->base_offset == 0 || record.offset <= header->base_offset);
        last = record.offset;
        fuzz_touch_record(&record);
        if (w->p == w->start && header->magic == 1 && (header->attributes & WEIR_ATTR_COMPRESSION))
            w->base_offset = record.offset;
        MUST(weir_message_append(w, &record) == WEIR_OK);
    }
    MUST(err == WEIR_END || err == WEIR_E_MALFORMED);
    return err;
}

/* Both walks give the same records. */
static void compare(const weir_batch_header *a_header, weir_bytes a, const weir_batch_header *b_header, weir_bytes b) {
    weir_batch_walk a_walk, b_walk;
    weir_record a_record, b_record;
    weir_batch_walk_init(&a_walk, a_header, a);
    weir_batch_walk_init(&b_walk, b_header, b);
    while (weir_batch_next(&a_walk, &a_record) == WEIR_OK) {
        MUST(weir_batch_next(&b_walk, &b_record) == WEIR_OK);
        same_record(&a_record, &b_record);
    }
    MUST(weir_batch_next(&b_walk, &b_record) == WEIR_END);
}

/* Reads the records of an entry, writes them as another and reads that. */
static void round_trip(const weir_batch_header *header, weir_bytes records) {
    weir_message_writer w;
    uint8_t *memory = fuzz_memory(records.len);
    weir_message_writer_init(&w, memory, records.len, header->magic, 0);
    if (copy(header, records, &w) == WEIR_END) {
        weir_records set = weir_message_close(&w);
        weir_batch_header again = *header;
        if (header->attributes & WEIR_ATTR_COMPRESSION)
            again.base_offset = w.last_offset;
        else
            MUST(weir_batch_open(set, &again) == WEIR_OK && again.size == header->size);
        compare(header, records, &again, (weir_bytes){set.p, set.len});
    }
    free(memory);
}

static void read_entry(weir_records set, const weir_batch_header *header) {
    weir_budget budget;
    weir_bytes records = weir_batch_records(set, header), plain;
    weir_compression codec = header->attributes & WEIR_ATTR_COMPRESSION;
    size_t size;
    MUST(records.p >= set.p && records.len > 0 && records.p + records.len <= set.p + header->size);
    if (codec == WEIR_COMPRESSION_NONE) {
        round_trip(header, records);
        return;
    }
    fuzz_budget(&budget, 1u << 26);
    if (weir_records_decompress(&budget.alloc, codec, records, CAP, &plain, &size) == WEIR_OK) {
        round_trip(header, plain);
        budget.alloc.give(&budget.alloc, (void *)(uintptr_t)plain.p, size);
    }
    MUST(budget.used == 0);
}

static void read_all(weir_records set) {
    weir_batch_header header;
    weir_err err;
    while ((err = weir_batch_open(set, &header)) == WEIR_OK && header.magic < 2) {
        MUST(header.size <= set.len && header.last_offset_delta == 0 && header.producer_id == -1);
        MUST(header.record_count == (header.attributes & WEIR_ATTR_COMPRESSION ? -1 : 1));
        read_entry(set, &header);
        set.p += header.size;
        set.len -= header.size;
    }
    MUST(err == WEIR_OK || err == WEIR_END || err == WEIR_E_MALFORMED);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_input input = {data, size};
    uint8_t how = fuzz_byte(&input);
    int64_t offset = how & 1 ? fuzz_u16(&input) : 0;
    weir_bytes rest = fuzz_rest(&input);
    uint8_t *bytes = fuzz_copy(rest);
    repair(bytes, rest.len);
    if (how & 1) {
        int appended = how & 2 ? WEIR_ATTR_LOG_APPEND : 0;
        weir_batch_header header = {.magic = rest.len > AT_MAGIC && bytes[AT_MAGIC] == 1,
                                    .attributes = (int16_t)(WEIR_COMPRESSION_GZIP | appended),
                                    .base_offset = offset,
                                    .max_timestamp = 1,
                                    .record_count = -1};
        round_trip(&header, (weir_bytes){bytes, rest.len});
    } else {
        read_all((weir_records){bytes, rest.len});
    }
    free(bytes);
    return 0;
}
