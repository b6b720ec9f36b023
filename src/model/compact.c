/* Compaction: records taken out of batches in the midst of a log, as Kafka's cleaner leaves it behind. */
#include <string.h>

#include <weir/proto.h>

#include "log.h"
#include "record_wire.h"

#define PLAIN_MAX ((size_t)1 << 28) /* bytes of records that a batch may decompress to */

/* Puts other bytes, which a batch header leads, in the place of a batch. False: no memory, nothing has changed. */
static bool replace(weir__log *log, size_t n, const uint8_t *bytes, uint32_t size) {
    weir__log_batch *batch = &log->batches[n];
    weir__segment *segment = &log->segments[batch->segment - log->first_segment];
    size_t behind = batch->at + batch->size, len = segment->len - batch->size + size;
    if (len > segment->cap) {
        uint8_t *larger = weir__model_take(log->model, len);
        if (larger == NULL)
            return false;
        memcpy(larger, segment->bytes, segment->len);
        weir__model_give(log->model, segment->bytes, segment->cap);
        segment->bytes = larger;
        segment->cap = len;
    }
    memmove(segment->bytes + batch->at + size, segment->bytes + behind, segment->len - behind);
    if (size > 0)
        memcpy(segment->bytes + batch->at, bytes, size);
    segment->len = len;
    for (size_t i = n + 1; i < log->batch_count && log->batches[i].segment == batch->segment; i++)
        log->batches[i].at = log->batches[i].at - batch->size + size;
    if (size > 0)
        weir__log_batch_read(batch, bytes);
    return true;
}

/* Whether a batch without records is to keep its header: it tells the last sequence of its producer, or the end. */
static bool kept_empty(const weir__log *log, size_t n) {
    const weir__log_batch *batch = &log->batches[n];
    const weir__producer *producer = batch->producer_id >= 0 ? weir__producer_find(log, batch->producer_id) : NULL;
    bool newest = producer != NULL && producer->batch_count > 0 &&
                  producer->batches[producer->batch_count - 1].last_offset == batch->base_offset + batch->last_delta;
    return newest || n + 1 == log->batch_count;
}

static void drop(weir__log *log, size_t n) {
    replace(log, n, NULL, 0);
    memmove(&log->batches[n], &log->batches[n + 1], (--log->batch_count - n) * sizeof *log->batches);
}

/* Copies the records that stay, from `plain` to `to`; returns their bytes. What is taken out is counted off. */
static size_t filter(const weir_batch_header *header, weir_bytes plain, int64_t offset, int64_t *count, uint8_t *to,
                     int32_t *left, int64_t *max_timestamp) {
    weir_batch_walk walk;
    weir_record record;
    size_t len = 0;
    weir_batch_walk_init(&walk, header, plain);
    for (const uint8_t *from = walk.p; weir_batch_next(&walk, &record) == WEIR_OK; from = walk.p) {
        if (record.offset >= offset && *count > 0) {
            --*count;
            continue;
        }
        memcpy(to + len, from, (size_t)(walk.p - from));
        len += (size_t)(walk.p - from);
        ++*left;
        *max_timestamp = record.timestamp > *max_timestamp ? record.timestamp : *max_timestamp;
    }
    return len;
}

/* Writes the head of a batch that is left with `left` records of `len` bytes, uncompressed. */
static void head(uint8_t *bytes, const uint8_t *old, const weir_batch_header *header, size_t len, int32_t left,
                 int64_t max_timestamp) {
    memcpy(bytes, old, WEIR_BATCH_HEADER_SIZE);
    if (left == 0) {
        max_timestamp = header->max_timestamp;
        weir__put64(bytes + WEIR__AT_BASE_TIMESTAMP, (uint64_t)max_timestamp);
    }
    weir__put32(bytes + WEIR__AT_LENGTH, (uint32_t)(WEIR_BATCH_HEADER_SIZE + len - WEIR__LENGTH_EXCLUDES));
    weir__put16(bytes + WEIR__AT_ATTRIBUTES, (uint16_t)(header->attributes & ~WEIR_ATTR_COMPRESSION));
    weir__put64(bytes + WEIR__AT_MAX_TIMESTAMP, (uint64_t)max_timestamp);
    weir__put32(bytes + WEIR__AT_RECORD_COUNT, (uint32_t)left);
    weir__put32(bytes + WEIR__AT_CRC,
                weir_crc32c(0, bytes + WEIR__AT_ATTRIBUTES, WEIR_BATCH_HEADER_SIZE + len - WEIR__AT_ATTRIBUTES));
}

/* Takes records out of the n-th batch, whose records are `plain`. False: no memory. `gone`: the batch is, too. */
static bool clean(weir__log *log, size_t n, const weir_batch_header *header, weir_bytes plain, int64_t offset,
                  int64_t *count, bool *gone) {
    size_t room = WEIR_BATCH_HEADER_SIZE + (size_t)plain.len;
    uint8_t *bytes = weir__model_take(log->model, room);
    int32_t left = 0;
    int64_t max_timestamp = -1;
    if (bytes == NULL)
        return false;
    size_t len = filter(header, plain, offset, count, bytes + WEIR_BATCH_HEADER_SIZE, &left, &max_timestamp);
    bool done = true;
    *gone = left == 0 && !kept_empty(log, n);
    if (*gone) {
        drop(log, n);
    } else if (left < header->record_count) {
        head(bytes, weir__log_bytes(log, &log->batches[n]).p, header, len, left, max_timestamp);
        done = replace(log, n, bytes, (uint32_t)(WEIR_BATCH_HEADER_SIZE + len));
    }
    weir__model_give(log->model, bytes, room);
    return done;
}

static int16_t clean_batch(weir__log *log, size_t n, int64_t offset, int64_t *count, bool *gone) {
    weir_batch_header header;
    size_t size = 0;
    weir_alloc *alloc = log->model->alloc;
    weir_records bytes = weir__log_bytes(log, &log->batches[n]);
    weir_bytes plain = {bytes.p + WEIR_BATCH_HEADER_SIZE, bytes.len - WEIR_BATCH_HEADER_SIZE};
    if (weir_batch_open(bytes, &header) != WEIR_OK)
        return WEIR_CODE_CORRUPT_MESSAGE;
    weir_compression compression = (weir_compression)(header.attributes & WEIR_ATTR_COMPRESSION);
    if (compression != WEIR_COMPRESSION_NONE &&
        weir_records_decompress(alloc, compression, plain, PLAIN_MAX, &plain, &size) != WEIR_OK)
        return WEIR_CODE_KAFKA_STORAGE_ERROR;
    bool done = clean(log, n, &header, plain, offset, count, gone);
    if (compression != WEIR_COMPRESSION_NONE)
        alloc->give(alloc, (void *)(uintptr_t)plain.p, size);
    return done ? WEIR_CODE_NONE : WEIR_CODE_KAFKA_STORAGE_ERROR;
}

int16_t weir__log_compact(weir__log *log, int64_t offset, int64_t count) {
    int16_t code = WEIR_CODE_NONE;
    weir__model_changed(log->model);
    for (size_t n = weir__log_seek(log, offset); n < log->batch_count && count > 0 && code == WEIR_CODE_NONE;) {
        const weir__log_batch *batch = &log->batches[n];
        bool gone = false;
        bool decided = batch->fate == WEIR__MODEL_PLAIN || batch->fate == WEIR__MODEL_COMMITTED;
        if (decided && !(batch->attributes & WEIR_ATTR_CONTROL))
            code = clean_batch(log, n, offset, &count, &gone);
        n += !gone;
    }
    return code;
}
