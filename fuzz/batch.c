/* Record batches of magic 2: as they are, and again with the checksum made right, since hardly a mutation keeps it.
   Compressed ones are walked as a stream too, as `weir decode records` does, with the same outcome. */
#include "fuzz.h"

#include <stdlib.h>

#include "batches.h"
#include "codec.h"

#define CAP (1u << 20) /* bytes that a batch may decompress to */

/* Mixes bytes into a sum that tells sequences of records apart. */
static void mix(uint64_t *sum, const void *p, size_t len) {
    for (size_t n = 0; n < len; n++)
        *sum = (*sum ^ ((const uint8_t *)p)[n]) * UINT64_C(0x100000001b3);
    *sum = (*sum ^ len) * UINT64_C(0x100000001b3);
}

static bool sum_up(void *sum, const weir_record *record) {
    mix(sum, &record->offset, sizeof record->offset);
    mix(sum, &record->timestamp, sizeof record->timestamp);
    mix(sum, record->key.p, record->key.len);
    mix(sum, record->value.p, record->value.len);
    mix(sum, record->headers.p, record->headers.len);
    return true;
}

static weir_err walk(const weir_batch_header *header, weir_bytes records, uint64_t *sum) {
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
        sum_up(sum, &record);
        if ((header->attributes & WEIR_ATTR_CONTROL) != 0)
            (void)weir_control_type(record.key);
        count++;
    }
    MUST(err == WEIR_END || err == WEIR_E_MALFORMED);
    MUST(err != WEIR_END || count == header->record_count);
    return err;
}

static void read_batch(const weir_batch_header *header, weir_records set) {
    weir_budget budget;
    weir_bytes plain, records = weir_batch_records(set, header);
    size_t plain_size;
    uint64_t sum = 0, streamed = 0;
    const weir__codec *codec = weir__codec_find(header->attributes & WEIR_ATTR_COMPRESSION);
    if ((header->attributes & WEIR_ATTR_COMPRESSION) == 0)
        walk(header, records, &sum);
    if (codec == NULL)
        return;
    fuzz_budget(&budget, 1u << 26);
    weir_err err = codec->decompress(&budget.alloc, records, CAP, &plain, &plain_size);
    if (err == WEIR_OK) {
        MUST(plain.len <= CAP);
        err = walk(header, plain, &sum);
        budget.alloc.give(&budget.alloc, (void *)plain.p, plain_size);
    }
    MUST(budget.used == 0);
    if (err == WEIR_END || err == WEIR_E_MALFORMED) {
        cli_batches walked = {0};
        weir_err other = cli_batches_records(&walked, header, set, sum_up, &streamed);
        MUST(other == (err == WEIR_END ? WEIR_OK : err) && (other != WEIR_OK || streamed == sum));
        cli_batches_free(&walked);
    }
}

static void read_all(weir_records set) {
    weir_batch_header header;
    weir_err err;
    while ((err = weir_batch_open(set, &header)) == WEIR_OK && header.magic == 2) {
        MUST(header.size >= WEIR_BATCH_HEADER_SIZE && header.size <= set.len);
        read_batch(&header, set);
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
