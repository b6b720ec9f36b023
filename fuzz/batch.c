/* Record batches of magic 2: as they are, and again with the checksum made right, since hardly a mutation keeps it. */
#include "fuzz.h"

#include <stdlib.h>

#include "codec.h"

#define CAP (1u << 20) /* bytes that a batch may decompress to */

static void walk(const weir_batch_header *header, weir_bytes records) {
    weir_batch_walk at;
    weir_record record;
    weir_err err;
    int64_t last = header->base_offset - 1;
    int32_t count = 0;
    weir_batch_walk_init(&at, header, records);
    while ((err = weir_batch_next(&at, &record)) == WEIR_OK) {
        MUST(record.offset > last && record.offset <= header->base_offset + header->last_offset_delta);
        last = record.offset;
        fuzz_touch_record(&record);
        if ((header->attributes & WEIR_ATTR_CONTROL) != 0)
            (void)weir_control_type(record.key);
        count++;
    }
    MUST(err == WEIR_END || err == WEIR_E_MALFORMED);
    MUST(err != WEIR_END || count == header->record_count);
}

static void read_batch(const weir_batch_header *header, weir_bytes records) {
    weir_budget budget;
    weir_bytes plain;
    size_t plain_size;
    const weir__codec *codec = weir__codec_find(header->attributes & WEIR_ATTR_COMPRESSION);
    if ((header->attributes & WEIR_ATTR_COMPRESSION) == 0)
        walk(header, records);
    if (codec == NULL)
        return;
    fuzz_budget(&budget, 1u << 26);
    if (codec->decompress(&budget.alloc, records, CAP, &plain, &plain_size) == WEIR_OK) {
        MUST(plain.len <= CAP);
        walk(header, plain);
        budget.alloc.give(&budget.alloc, (void *)plain.p, plain_size);
    }
    MUST(budget.used == 0);
}

static void read_all(weir_records set) {
    weir_batch_header header;
    weir_err err;
    while ((err = weir_batch_open(set, &header)) == WEIR_OK && header.magic == 2) {
        MUST(header.size >= WEIR_BATCH_HEADER_SIZE && header.size <= set.len);
        read_batch(&header, weir_batch_records(set, &header));
        set.p += header.size;
        set.len -= header.size;
    }
    MUST(err == WEIR_OK || err == WEIR_END || err == WEIR_E_MALFORMED);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    weir_bytes bytes = {data, (uint32_t)size};
    read_all((weir_records){bytes.p, bytes.len});
    uint8_t *copy = fuzz_copy(bytes);
    fuzz_repair_batch(copy, size);
    read_all((weir_records){copy, bytes.len});
    free(copy);
    return 0;
}
