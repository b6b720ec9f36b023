/* Open batches: records are appended in wire form until a batch is full, has lingered, or is flushed. */
#include <string.h>

#include "state.h"

/* ---- memory ---- */
static weir__sink_batch *batch_reuse(weir_sink *sink) {
    weir__list *node = weir__list_pop(&sink->free_batches);
    return node != NULL ? WEIR__ENTRY(node, weir__sink_batch, node) : NULL;
}

static void batch_release(weir_sink *sink, weir__sink_batch *batch) {
    sink->memory_used -= batch->size;
    sink->alloc->give(sink->alloc, batch->memory, batch->size);
    weir__sink_give(sink, batch, sizeof *batch);
}

/* Batches kept for use again make way for one of another size. */
static void free_batches_drop(weir_sink *sink) {
    for (weir__sink_batch *batch; (batch = batch_reuse(sink)) != NULL;)
        batch_release(sink, batch);
}

/* A batch with room for `need` bytes; NULL when buffer.memory or the budget is used up. */
static weir__sink_batch *batch_take(weir_sink *sink, size_t need) {
    size_t size = need > sink->batch_size ? need : sink->batch_size;
    weir__sink_batch *batch = size == sink->batch_size ? batch_reuse(sink) : NULL;
    if (batch != NULL)
        return batch;
    if (sink->memory_used + size > (size_t)sink->config.buffer_memory)
        free_batches_drop(sink);
    if (sink->memory_used + size > (size_t)sink->config.buffer_memory)
        return NULL;
    batch = weir__sink_take(sink, sizeof *batch);
    if (batch == NULL)
        return NULL;
    batch->memory = sink->alloc->take(sink->alloc, size);
    if (batch->memory == NULL) {
        weir__sink_give(sink, batch, sizeof *batch);
        return NULL;
    }
    batch->size = size;
    sink->memory_used += size;
    return batch;
}

void weir__batch_free(weir_sink *sink, weir__sink_batch *batch) {
    if (batch->size == sink->batch_size)
        weir__list_push_front(&sink->free_batches, &batch->node);
    else
        batch_release(sink, batch);
}

static void partition_batches_free(weir_sink *sink, weir__sink_partition *partition) {
    if (partition->open != NULL)
        batch_release(sink, partition->open);
    partition->open = NULL;
    partition->in_flight = 0;
    partition->rewind = false;
    for (weir__list *node; (node = weir__list_pop(&partition->queue)) != NULL;)
        batch_release(sink, WEIR__ENTRY(node, weir__sink_batch, node));
}

void weir__batches_free(weir_sink *sink) {
    for (uint32_t t = 0; t < sink->topic_count; t++)
        for (int32_t p = 0; p < sink->topics[t].partition_count; p++)
            partition_batches_free(sink, &sink->topics[t].partitions[p]);
    free_batches_drop(sink);
}

/* ---- sequence numbers ---- */
/* Sequence numbers wrap from 2^31-1 to 0 (KIP-98). */
static int32_t sequence_after(int32_t sequence, uint32_t records) {
    return (int32_t)(((uint32_t)sequence + records) & INT32_MAX);
}

static weir_batch_identity identity_of(const weir_sink *sink) {
    const weir__txn *txn = sink->transactional ? weir__txn_current(sink) : NULL;
    return (weir_batch_identity){.producer_id = txn != NULL ? txn->producer_id : sink->producer_id,
                                 .producer_epoch = txn != NULL ? txn->producer_epoch : sink->producer_epoch,
                                 .transactional = txn != NULL};
}

/* A new producer id or epoch starts at 0 in every partition, also in those that were idle meanwhile. */
static int32_t sequence_take(weir__sink_partition *partition, const weir_batch_identity *identity, uint32_t records) {
    weir__sequence *sequence = &partition->sequences[partition->topic->sink->current];
    if (sequence->producer_id != identity->producer_id || sequence->producer_epoch != identity->producer_epoch)
        *sequence = (weir__sequence){identity->producer_id, identity->producer_epoch, 0};
    int32_t first = sequence->next;
    sequence->next = sequence_after(first, records);
    return first;
}

/* ---- closing ---- */
/* Replaces the open batch's memory by a compressed one. The batch stays as it is when that would not make it smaller
   or there is no memory for it: uncompressed batches are always allowed. */
static bool compress(weir_sink *sink, weir__sink_batch *batch, const weir_batch_identity *identity) {
    const weir__codec *codec = weir__codec_find((int)sink->config.compression_type);
    const weir_batch_writer *w = &batch->writer;
    if (codec == NULL)
        return false;
    weir_bytes records = {w->start + WEIR_BATCH_HEADER_SIZE, (uint32_t)(w->p - w->start) - WEIR_BATCH_HEADER_SIZE};
    size_t len = codec->bound(records.len);
    size_t size = WEIR_BATCH_HEADER_SIZE + len;
    uint8_t *memory = sink->alloc->take(sink->alloc, size);
    if (memory == NULL)
        return false;
    bool smaller =
        codec->compress(sink->alloc, records, memory + WEIR_BATCH_HEADER_SIZE, &len) == WEIR_OK && len < records.len;
    if (smaller) {
        weir_records set = weir_batch_close_compressed(w, codec->id, memory, len, identity);
        memcpy(batch->memory, set.p, set.len);
        batch->bytes = (weir_records){batch->memory, set.len};
    }
    sink->alloc->give(sink->alloc, memory, size);
    return smaller;
}

void weir__batch_close(weir__sink_partition *partition) {
    weir__sink_batch *batch = partition->open;
    weir_sink *sink = partition->topic->sink;
    weir_batch_identity identity = identity_of(sink);
    batch->records = (uint32_t)batch->writer.record_count;
    identity.base_sequence = sequence_take(partition, &identity, batch->records);
    if (sink->old_format)
        batch->bytes = (weir_records){NULL, 0};
    else if (sink->config.compression_type == WEIR_COMPRESSION_NONE || !compress(sink, batch, &identity))
        batch->bytes = weir_batch_close(&batch->writer, &identity);
    batch->in_flight = false;
    batch->first = identity.base_sequence == 0;
    partition->open = NULL;
    weir__list_push(&partition->queue, &batch->node);
    sink->open_batches--;
    sink->queued_batches++;
    weir__client_wake(sink->client);
}

void weir__flush(weir_sink *sink) {
    for (uint32_t t = 0; t < sink->topic_count && sink->open_batches > 0; t++)
        for (int32_t p = 0; p < sink->topics[t].partition_count; p++)
            if (sink->topics[t].partitions[p].open != NULL)
                weir__batch_close(&sink->topics[t].partitions[p]);
}

bool weir__flushed(const weir_sink *sink) {
    return sink->open_batches == 0 && sink->queued_batches == 0;
}

/* ---- linger ---- */
static weir_time_us linger_of(const weir_sink *sink) {
    return sink->config.linger_ms * 1000;
}

weir_time_us weir__linger_deadline(const weir_sink *sink) {
    return sink->open_batches > 0 ? sink->oldest_open + linger_of(sink) : WEIR_NEVER;
}

void weir__linger_tick(weir_sink *sink, weir_time_us now) {
    if (weir__linger_deadline(sink) > now)
        return;
    sink->oldest_open = WEIR_NEVER - linger_of(sink);
    for (uint32_t t = 0; t < sink->topic_count; t++) {
        for (int32_t p = 0; p < sink->topics[t].partition_count; p++) {
            weir__sink_partition *partition = &sink->topics[t].partitions[p];
            if (partition->open == NULL)
                continue;
            if (partition->open->opened_at + linger_of(sink) <= now)
                weir__batch_close(partition);
            else if (partition->open->opened_at < sink->oldest_open)
                sink->oldest_open = partition->open->opened_at;
        }
    }
}

/* ---- records in ---- */
static weir_err too_large(weir_sink *sink, const weir__sink_partition *partition, size_t bound, int64_t limit) {
    weir__sink_fail(sink, WEIR_E_TOO_LARGE, WEIR_CODE_MESSAGE_TOO_LARGE,
                    "a record for topic '%s' partition %d takes up to %zu bytes, but at most %lld are allowed: raise "
                    "max.message.bytes of the topic (and max.request.size here, now %lld)",
                    partition->topic->topic->name, partition->index, bound, (long long)limit,
                    (long long)sink->config.max_request_size);
    sink->fault.partition = partition->index;
    return WEIR_E_TOO_LARGE;
}

/* With batches under way there will be room. Without any somebody else must give memory back: that is not waited for
   longer than a response. */
static weir_err starve(weir_sink *sink, size_t bound, weir_time_us now) {
    weir_time_us patience = sink->config.request_timeout_ms * 1000;
    if (!weir__flushed(sink))
        return WEIR_AGAIN;
    if (sink->starved_since == 0) {
        sink->starved_since = now;
        sink->starved_wake = now + patience;
    }
    if (now < sink->starved_since + patience)
        return WEIR_AGAIN;
    weir__sink_fail(sink, WEIR_E_NO_MEMORY, 0,
                    "the memory budget has no room for a batch of %zu bytes: raise it, or lower batch.size",
                    bound > sink->batch_size ? bound : sink->batch_size);
    return WEIR_E_NO_MEMORY;
}

static weir_err open_batch(weir_sink *sink, weir__sink_partition *partition, const weir_record *record,
                           weir_time_us now) {
    size_t bound = weir_record_bound(record) + WEIR_BATCH_HEADER_SIZE;
    int64_t limit = sink->config.max_request_size;
    if (partition->topic->max_message_bytes > 0 && partition->topic->max_message_bytes < limit)
        limit = partition->topic->max_message_bytes;
    if (bound > (size_t)limit)
        return too_large(sink, partition, bound, limit);
    weir__sink_batch *batch = batch_take(sink, bound);
    if (batch == NULL) {
        weir__flush(sink); /* what is open must go out before there is room again */
        return starve(sink, bound, now);
    }
    sink->starved_since = 0;
    sink->starved_wake = WEIR_NEVER;
    batch->partition = partition;
    batch->opened_at = now;
    weir_batch_writer_init(&batch->writer, batch->memory, batch->size);
    partition->open = batch;
    if (sink->open_batches++ == 0 || now < sink->oldest_open)
        sink->oldest_open = now;
    return WEIR_OK;
}

weir_err weir__append_to_new(weir__sink_partition *partition, const weir_record *record, weir_time_us now) {
    if (partition->open != NULL)
        weir__batch_close(partition);
    weir_err err = open_batch(partition->topic->sink, partition, record, now);
    return err == WEIR_OK ? weir_batch_append(&partition->open->writer, record) : err;
}
