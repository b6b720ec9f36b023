/* The bytes of a log and what is known of its batches and leader epochs. */
#include "log.h"

#include <string.h>

#include "record_wire.h"

#define SEGMENT_FIRST ((size_t)2048)    /* bytes that a segment begins with */
#define SEGMENT_SIZE  ((size_t)1 << 20) /* past which a new one is begun */

static void segment_free(weir__log *log, weir__segment *segment) {
    weir__model_give(log->model, segment->bytes, segment->cap);
}

void weir__log_free(weir__log *log) {
    weir__model *model = log->model;
    for (size_t n = 0; n < log->segment_count; n++)
        segment_free(log, &log->segments[n]);
    weir__model_give(model, log->segments, log->segment_cap * sizeof *log->segments);
    weir__model_give(model, log->batches, log->batch_cap * sizeof *log->batches);
    weir__model_give(model, log->epochs, log->epoch_cap * sizeof *log->epochs);
    weir__model_give(model, log->open, log->open_cap * sizeof *log->open);
    weir__model_give(model, log->aborted, log->aborted_cap * sizeof *log->aborted);
    weir__model_give(model, log->producers, log->producer_cap * sizeof *log->producers);
    weir__model_give(model, log->verifications, log->verification_cap * sizeof *log->verifications);
    weir__model_give(model, log, sizeof *log);
}

int32_t weir__log_leader(const weir__log *log) {
    return log->leader;
}

/* Notes where the present leader epoch starts, unless that is known. There must be room. */
static void epoch_begin(weir__log *log) {
    if (log->epoch_count == 0 || log->epochs[log->epoch_count - 1].epoch < log->leader_epoch)
        log->epochs[log->epoch_count++] = (weir__epoch_start){log->leader_epoch, log->end};
}

weir__log *weir__log_new(weir__model *model, weir__topic *topic, int32_t partition, int32_t leader) {
    weir__log *log = weir__model_take(model, sizeof *log);
    if (log == NULL)
        return NULL;
    *log = (weir__log){.model = model, .topic = topic, .partition = partition, .leader = leader};
    if (!weir__grow(model, (void **)&log->epochs, &log->epoch_cap, 0, sizeof *log->epochs)) {
        weir__log_free(log);
        return NULL;
    }
    epoch_begin(log);
    return log;
}

/* Where there is no memory to note the epoch, that is done with its first batch: a partition is not to be without a
   leader for it. */
void weir__log_lead(weir__log *log, int32_t leader) {
    log->leader = leader;
    log->leader_epoch++;
    if (leader >= 0 &&
        weir__grow(log->model, (void **)&log->epochs, &log->epoch_cap, log->epoch_count, sizeof *log->epochs))
        epoch_begin(log);
    weir__model_changed(log->model);
}

int64_t weir__log_stable(const weir__log *log) {
    if (log->open_count == 0)
        return log->end;
    bool clamps = log->model->config.release == WEIR__MODEL_3_9; /* after DeleteRecords */
    return clamps && log->open[0].first_offset < log->start ? log->start : log->open[0].first_offset;
}

size_t weir__log_seek(const weir__log *log, int64_t offset) {
    size_t low = 0, high = log->batch_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (log->batches[middle].base_offset + log->batches[middle].last_delta < offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static weir__segment *segment_of(const weir__log *log, const weir__log_batch *batch) {
    return &log->segments[batch->segment - log->first_segment];
}

weir_records weir__log_bytes(const weir__log *log, const weir__log_batch *batch) {
    return (weir_records){segment_of(log, batch)->bytes + batch->at, batch->size};
}

weir_records weir__log_read(const weir__log *log, int64_t offset, int64_t limit, size_t max_bytes, bool whole,
                            int64_t *next) {
    size_t n = weir__log_seek(log, offset);
    weir_records records = {NULL, 0};
    *next = offset;
    if (n == log->batch_count || log->batches[n].base_offset >= limit)
        return records;
    const weir__log_batch *first = &log->batches[n];
    if (first->size > max_bytes) {
        if (!whole)
            return records;
        max_bytes = first->size;
    }
    records = weir__log_bytes(log, first);
    records.len = 0;
    for (; n < log->batch_count && records.len < max_bytes; n++) {
        const weir__log_batch *batch = &log->batches[n];
        if (batch->segment != first->segment || batch->base_offset >= limit)
            break;
        size_t left = max_bytes - records.len;
        records.len += batch->size < left ? batch->size : (uint32_t)left;
        *next = batch->base_offset + batch->last_delta + 1;
    }
    return records;
}

void weir__log_epoch_end(const weir__log *log, int32_t epoch, int32_t *found, int64_t *end) {
    size_t n = log->epoch_count;
    *found = -1, *end = -1;
    if (epoch < 0 || n == 0)
        return;
    if (log->epochs[n - 1].epoch == epoch || (log->leader >= 0 && log->leader_epoch == epoch)) {
        *found = epoch, *end = log->end;
        return;
    }
    while (n > 0 && log->epochs[n - 1].epoch > epoch)
        n--;
    if (n == log->epoch_count)
        return;
    *found = n > 0 ? log->epochs[n - 1].epoch : epoch;
    *end = log->epochs[n].start;
}

int32_t weir__log_epoch_at(const weir__log *log, int64_t offset) {
    size_t n = log->epoch_count;
    if (log->leader >= 0 && offset >= log->end)
        return log->leader_epoch;
    while (n > 0 && log->epochs[n - 1].start > offset)
        n--;
    return n > 0 ? log->epochs[n - 1].epoch : -1;
}

static void drop_segments_behind(weir__log *log, size_t keep) {
    while (log->segment_count > keep)
        segment_free(log, &log->segments[--log->segment_count]);
}

void weir__log_truncate(weir__log *log, size_t count) {
    if (count > log->batch_count)
        count = log->batch_count;
    if (count == 0)
        return;
    log->batch_count -= count;
    const weir__log_batch *first = &log->batches[log->batch_count];
    log->end = first->base_offset;
    if (log->start > log->end)
        log->start = log->end;
    segment_of(log, first)->len = first->at;
    drop_segments_behind(log, first->segment - log->first_segment + (first->at > 0));
    while (log->epoch_count > 0 && log->epochs[log->epoch_count - 1].start >= log->end)
        log->epoch_count--;
    weir__producers_rebuild(log);
    weir__model_changed(log->model);
}

/* Takes the first items off an array. */
static void drop_front(void *items, size_t *count, size_t gone, size_t size) {
    *count -= gone;
    if (gone > 0)
        memmove(items, (uint8_t *)items + gone * size, *count * size);
}

/* Forgets the segments before the one with a number. */
static void drop_segments_before(weir__log *log, uint32_t keep) {
    size_t dead = keep - log->first_segment;
    for (size_t n = 0; n < dead; n++)
        segment_free(log, &log->segments[n]);
    drop_front(log->segments, &log->segment_count, dead, sizeof *log->segments);
    log->first_segment = keep;
}

void weir__log_delete(weir__log *log, int64_t before) {
    size_t passed = 0;
    if (before <= log->start)
        return;
    weir__model_changed(log->model);
    log->start = before;
    drop_front(log->batches, &log->batch_count, weir__log_seek(log, before), sizeof *log->batches);
    drop_segments_before(log, log->batch_count > 0 ? log->batches[0].segment
                                                   : log->first_segment + (uint32_t)log->segment_count);
    while (passed + 1 < log->epoch_count && log->epochs[passed + 1].start <= before)
        passed++;
    drop_front(log->epochs, &log->epoch_count, passed, sizeof *log->epochs);
    if (log->epoch_count > 0 && log->epochs[0].start < before)
        log->epochs[0].start = before;
    for (passed = 0; passed < log->aborted_count && log->aborted[passed].last_offset < before;)
        passed++;
    drop_front(log->aborted, &log->aborted_count, passed, sizeof *log->aborted);
}

/* Room for `size` bytes in the last segment, or in a new one. */
static bool segment_reserve(weir__log *log, size_t size) {
    weir__model *model = log->model;
    weir__segment *last = log->segment_count > 0 ? &log->segments[log->segment_count - 1] : NULL;
    if (last != NULL && last->len > 0 && last->len + size > SEGMENT_SIZE)
        last = NULL;
    if (last == NULL) {
        if (!weir__grow(model, (void **)&log->segments, &log->segment_cap, log->segment_count, sizeof *log->segments))
            return false;
        last = &log->segments[log->segment_count];
        *last = (weir__segment){NULL, 0, 0};
    }
    if (last->len + size > last->cap) {
        size_t cap = last->cap > 0 ? last->cap : SEGMENT_FIRST;
        while (cap < last->len + size)
            cap *= 2;
        uint8_t *bytes = weir__model_take(model, cap);
        if (bytes == NULL)
            return false;
        if (last->len > 0)
            memcpy(bytes, last->bytes, last->len);
        weir__model_give(model, last->bytes, last->cap);
        last->bytes = bytes, last->cap = cap;
    }
    if (last == &log->segments[log->segment_count])
        log->segment_count++;
    return true;
}

bool weir__log_reserve(weir__log *log, size_t size) {
    weir__model *model = log->model;
    return weir__grow(model, (void **)&log->batches, &log->batch_cap, log->batch_count, sizeof *log->batches) &&
           weir__grow(model, (void **)&log->epochs, &log->epoch_cap, log->epoch_count, sizeof *log->epochs) &&
           segment_reserve(log, size);
}

void weir__log_batch_read(weir__log_batch *batch, const uint8_t *bytes) {
    batch->base_offset = (int64_t)weir__get64(bytes + WEIR__AT_BASE_OFFSET);
    batch->size = weir__get32(bytes + WEIR__AT_LENGTH) + WEIR__LENGTH_EXCLUDES;
    batch->leader_epoch = (int32_t)weir__get32(bytes + WEIR__AT_LEADER_EPOCH);
    batch->attributes = (int16_t)weir__get16(bytes + WEIR__AT_ATTRIBUTES);
    batch->last_delta = (int32_t)weir__get32(bytes + WEIR__AT_LAST_OFFSET_DELTA);
    batch->max_timestamp = (int64_t)weir__get64(bytes + WEIR__AT_MAX_TIMESTAMP);
    batch->producer_id = (int64_t)weir__get64(bytes + WEIR__AT_PRODUCER_ID);
    batch->producer_epoch = (int16_t)weir__get16(bytes + WEIR__AT_PRODUCER_EPOCH);
}

weir__log_batch *weir__log_write(weir__log *log, weir_records bytes, weir__model_fate fate) {
    weir__segment *segment = &log->segments[log->segment_count - 1];
    weir__log_batch *batch = &log->batches[log->batch_count++];
    uint8_t *at = segment->bytes + segment->len;
    memcpy(at, bytes.p, bytes.len);
    weir__put64(at + WEIR__AT_BASE_OFFSET, (uint64_t)log->end);
    weir__put32(at + WEIR__AT_LEADER_EPOCH, (uint32_t)log->leader_epoch);
    epoch_begin(log);
    batch->segment = log->first_segment + (uint32_t)log->segment_count - 1;
    batch->at = (uint32_t)segment->len;
    batch->fate = fate;
    weir__log_batch_read(batch, at);
    segment->len += bytes.len;
    log->end += batch->last_delta + 1;
    return batch;
}
