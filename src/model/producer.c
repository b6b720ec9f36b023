/* What a leader remembers of producers: their epochs, their last batches and their open transactions (KIP-98, KIP-360,
   KIP-890). */
#include <string.h>

#include <weir/proto.h>

#include "log.h"
#include "record_wire.h"

int32_t weir__sequence_add(int32_t sequence, int32_t count) {
    return sequence > INT32_MAX - count ? count - (INT32_MAX - sequence) - 1 : sequence + count;
}

static int32_t sequence_sub(int32_t sequence, int32_t count) {
    return sequence < count ? INT32_MAX - (count - sequence) + 1 : sequence - count;
}

/* Where the producer of that id is, or belongs. */
static size_t place_of(const weir__log *log, int64_t id) {
    size_t low = 0, high = log->producer_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (log->producers[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

weir__producer *weir__producer_find(const weir__log *log, int64_t id) {
    size_t place = place_of(log, id);
    return place < log->producer_count && log->producers[place].id == id ? &log->producers[place] : NULL;
}

/* Forgets what one producer has done, but for when it was seen last. */
static void reset(weir__producer *producer, int64_t id) {
    *producer = (weir__producer){.id = id,
                                 .epoch = -1,
                                 .coordinator_epoch = -1,
                                 .last_timestamp = -1,
                                 .last_time = producer->last_time,
                                 .last_offset = -1,
                                 .txn_first_offset = -1};
}

weir__producer *weir__producer_make(weir__log *log, int64_t id) {
    size_t place = place_of(log, id);
    weir__producer *producer = &log->producers[place];
    if (place < log->producer_count && producer->id == id)
        return producer;
    memmove(producer + 1, producer, (log->producer_count++ - place) * sizeof *producer);
    producer->last_time = 0;
    reset(producer, id);
    return producer;
}

static const weir__remembered *newest(const weir__producer *producer) {
    return producer != NULL && producer->batch_count > 0 ? &producer->batches[producer->batch_count - 1] : NULL;
}

const weir__remembered *weir__producer_duplicate(const weir__producer *producer, const weir_batch_header *header) {
    if (producer == NULL || producer->epoch != header->producer_epoch)
        return NULL;
    int32_t last = weir__sequence_add(header->base_sequence, header->last_offset_delta);
    for (int32_t n = 0; n < producer->batch_count; n++) {
        const weir__remembered *batch = &producer->batches[n];
        if (batch->last_sequence == last &&
            sequence_sub(batch->last_sequence, batch->offset_delta) == header->base_sequence)
            return batch;
    }
    return NULL;
}

static weir__verification *verification_of(const weir__log *log, int64_t id) {
    for (size_t n = 0; n < log->verification_count; n++)
        if (log->verifications[n].producer_id == id)
            return &log->verifications[n];
    return NULL;
}

static bool in_order(const weir__log *log, const weir__producer *producer, const weir_batch_header *header) {
    const weir__verification *verification = verification_of(log, header->producer_id);
    const weir__remembered *last = newest(producer);
    int32_t sequence = header->base_sequence;
    if (verification != NULL && verification->adds && sequence != 0 && last == NULL)
        return false;
    if (verification != NULL && sequence > verification->lowest_sequence)
        return false;
    if (producer == NULL || producer->epoch < 0)
        return true;
    if (producer->epoch != header->producer_epoch)
        return sequence == 0;
    return sequence == weir__sequence_add(last != NULL ? last->last_sequence : -1, 1);
}

int16_t weir__producer_check(const weir__log *log, const weir_batch_header *header) {
    const weir__producer *producer = weir__producer_find(log, header->producer_id);
    if (producer != NULL && header->producer_epoch < producer->epoch)
        return WEIR_CODE_INVALID_PRODUCER_EPOCH;
    if (!in_order(log, producer, header))
        return WEIR_CODE_OUT_OF_ORDER_SEQUENCE_NUMBER;
    bool transactional = header->attributes & WEIR_ATTR_TRANSACTIONAL;
    if (producer != NULL && producer->txn_first_offset >= 0 && !transactional)
        return WEIR_CODE_INVALID_TXN_STATE;
    return WEIR_CODE_NONE;
}

static void take_epoch(weir__producer *producer, int16_t epoch) {
    if (producer->epoch != epoch)
        producer->batch_count = 0;
    producer->epoch = epoch;
}

/* Puts a producer's transaction among the open ones, which are in the order of their first offsets. */
static void open_txn(weir__log *log, const weir__producer *producer) {
    size_t n = log->open_count++;
    for (; n > 0 && log->open[n - 1].first_offset > producer->txn_first_offset; n--)
        log->open[n] = log->open[n - 1];
    log->open[n] = (weir__open_txn){producer->id, producer->txn_first_offset};
}

void weir__producer_wrote(weir__log *log, weir__producer *producer, const weir_batch_header *header,
                          int64_t base_offset, weir_time_us now) {
    take_epoch(producer, header->producer_epoch);
    if (producer->batch_count == WEIR__REMEMBERED) {
        memmove(producer->batches, producer->batches + 1, (WEIR__REMEMBERED - 1) * sizeof *producer->batches);
        producer->batch_count--;
    }
    producer->batches[producer->batch_count++] = (weir__remembered){
        .last_sequence = weir__sequence_add(header->base_sequence, header->last_offset_delta),
        .offset_delta = header->last_offset_delta,
        .last_offset = base_offset + header->last_offset_delta,
        .timestamp = header->max_timestamp,
    };
    producer->last_timestamp = header->max_timestamp;
    producer->last_time = now;
    producer->last_offset = base_offset + header->last_offset_delta;
    if ((header->attributes & WEIR_ATTR_TRANSACTIONAL) && producer->txn_first_offset < 0) {
        producer->txn_first_offset = base_offset;
        open_txn(log, producer);
    }
}

/* Takes a producer's transaction out of the open ones, and gives its batches their fate. */
static void end_txn(weir__log *log, weir__producer *producer, weir__model_fate fate) {
    for (size_t n = weir__log_seek(log, producer->txn_first_offset); n < log->batch_count; n++) {
        weir__log_batch *batch = &log->batches[n];
        if (batch->producer_id == producer->id && batch->fate == WEIR__MODEL_OPEN)
            batch->fate = fate;
    }
    producer->txn_first_offset = -1;
    size_t n = 0;
    while (log->open[n].producer_id != producer->id)
        n++;
    memmove(&log->open[n], &log->open[n + 1], (--log->open_count - n) * sizeof *log->open);
}

void weir__producer_ended(weir__log *log, weir__producer *producer, const weir__log_batch *marker, bool commit,
                          int32_t coordinator_epoch, weir_time_us now) {
    int64_t first = producer->txn_first_offset;
    take_epoch(producer, marker->producer_epoch);
    producer->coordinator_epoch = coordinator_epoch;
    producer->last_timestamp = marker->max_timestamp;
    producer->last_time = now;
    producer->last_offset = marker->base_offset;
    if (first < 0)
        return;
    end_txn(log, producer, commit ? WEIR__MODEL_COMMITTED : WEIR__MODEL_ABORTED);
    int64_t stable = log->open_count > 0 ? weir__log_stable(log) : marker->base_offset + 1;
    if (!commit)
        log->aborted[log->aborted_count++] = (weir__aborted_txn){producer->id, first, marker->base_offset, stable};
}

bool weir__producer_verifying(weir__log *log, const weir_batch_header *header, bool adds) {
    weir__verification *found = verification_of(log, header->producer_id);
    if (found == NULL) {
        if (!weir__grow(log->model, (void **)&log->verifications, &log->verification_cap, log->verification_count,
                        sizeof *found))
            return false;
        log->verifications[log->verification_count++] =
            (weir__verification){header->producer_id, header->producer_epoch, header->base_sequence, adds};
    } else if (header->producer_epoch > found->epoch) {
        *found = (weir__verification){header->producer_id, header->producer_epoch, header->base_sequence, adds};
    } else if (header->producer_epoch == found->epoch && header->base_sequence < found->lowest_sequence) {
        found->lowest_sequence = header->base_sequence;
    }
    return true;
}

void weir__producer_verified(weir__log *log, int64_t id) {
    weir__verification *found = verification_of(log, id);
    if (found != NULL)
        *found = log->verifications[--log->verification_count];
}

static void forget(weir__log *log, size_t n) {
    memmove(&log->producers[n], &log->producers[n + 1], (--log->producer_count - n) * sizeof *log->producers);
}

void weir__producers_expire(weir__log *log, weir_time_us before) {
    for (size_t n = log->producer_count; n-- > 0;)
        if (log->producers[n].txn_first_offset < 0 && log->producers[n].last_time < before)
            forget(log, n);
}

/* Learns anew from a batch what it tells of its producer. */
static void replay(weir__log *log, weir__producer *producer, weir__log_batch *batch) {
    const uint8_t *bytes = weir__log_bytes(log, batch).p;
    if (!(batch->attributes & WEIR_ATTR_CONTROL)) {
        weir_batch_header header = {
            .attributes = batch->attributes,
            .last_offset_delta = batch->last_delta,
            .max_timestamp = batch->max_timestamp,
            .producer_epoch = batch->producer_epoch,
            .base_sequence = (int32_t)weir__get32(bytes + WEIR__AT_BASE_SEQUENCE),
        };
        if (batch->fate != WEIR__MODEL_PLAIN)
            batch->fate = WEIR__MODEL_OPEN;
        weir__producer_wrote(log, producer, &header, batch->base_offset, producer->last_time);
        return;
    }
    take_epoch(producer, batch->producer_epoch);
    producer->coordinator_epoch = weir__marker_coordinator_epoch(bytes);
    producer->last_timestamp = batch->max_timestamp;
    producer->last_offset = batch->base_offset;
    if (producer->txn_first_offset >= 0)
        end_txn(log, producer, weir__marker_commits(bytes) ? WEIR__MODEL_COMMITTED : WEIR__MODEL_ABORTED);
}

void weir__producers_rebuild(weir__log *log) {
    int64_t end = log->end;
    size_t left = 0;
    for (size_t n = 0; n < log->open_count; n++)
        if (weir__producer_find(log, log->open[n].producer_id)->last_offset < end)
            log->open[left++] = log->open[n];
    log->open_count = left;
    while (log->aborted_count > 0 && log->aborted[log->aborted_count - 1].last_offset >= end)
        log->aborted_count--;
    bool any = false;
    for (size_t n = 0; n < log->producer_count; n++)
        if (log->producers[n].last_offset >= end) {
            reset(&log->producers[n], log->producers[n].id);
            any = true;
        }
    for (size_t n = 0; any && n < log->batch_count; n++) {
        weir__log_batch *batch = &log->batches[n];
        weir__producer *producer = batch->producer_id >= 0 ? weir__producer_find(log, batch->producer_id) : NULL;
        if (producer != NULL && producer->last_offset < batch->base_offset)
            replay(log, producer, batch);
    }
    for (size_t n = log->producer_count; n-- > 0;)
        if (log->producers[n].epoch < 0)
            forget(log, n);
}
