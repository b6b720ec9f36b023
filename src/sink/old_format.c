/* Writing for brokers before Kafka 0.11, which know neither record batches nor producer ids: a batch is filled as
   always and rewritten as a message set of magic 1 when it is due. */
#include "state.h"

/* Produce: the first versions with record batches, and with zstd in them. */
#define VERSION_BATCHES 3
#define VERSION_ZSTD    7

void weir__format_choose(weir_sink *sink, int32_t broker) {
    int16_t version = weir__broker_version(sink->client, broker, WEIR_API_PRODUCE, -1);
    const char *release = weir_client_broker_version(sink->client);
    if (version < 0)
        return; /* it has not been reached: what it lacks shows later */
    sink->old_format = version < VERSION_BATCHES;
    if (sink->old_format && sink->transactional)
        weir__sink_fail(
            sink, WEIR_E_UNSUPPORTED, 0,
            "broker %d (Kafka %s) is too old for exactly-once: transactions need Kafka 0.11 or newer (choose "
            "at-least-once or none)",
            broker, release);
    else if (version < VERSION_ZSTD && sink->config.compression_type == WEIR_COMPRESSION_ZSTD)
        weir__sink_fail(sink, WEIR_E_UNSUPPORTED, 0,
                        "broker %d (Kafka %s) is too old for compression.type=zstd, which needs Kafka 2.1 or newer",
                        broker, release);
}

/* The records of a closed batch, as if it had come from a broker. */
static void walk_begin(weir_batch_walk *walk, const weir_batch_writer *w) {
    weir_batch_header header = {.magic = 2,
                                .last_offset_delta = w->record_count - 1,
                                .base_timestamp = w->base_timestamp,
                                .max_timestamp = w->max_timestamp,
                                .record_count = w->record_count};
    const uint8_t *records = w->start + WEIR_BATCH_HEADER_SIZE;
    weir_batch_walk_init(walk, &header, (weir_bytes){records, (uint32_t)(w->p - records)});
}

static weir_err refuse(weir_sink *sink, const weir__sink_batch *batch, weir_err err) {
    const weir__sink_partition *partition = batch->partition;
    weir__sink_fail(sink, err, 0, "a record for topic '%s' partition %d cannot be written: %s",
                    partition->topic->topic->name, partition->index,
                    err == WEIR_E_VERSION ? "it has headers, which brokers before 0.11 cannot store"
                                          : weir_err_name(err));
    sink->fault.partition = partition->index;
    return err;
}

/* Puts the compressed set in place of the plain one at *memory, unless there is no memory for it or it is not smaller:
   plain sets are always allowed. */
static weir_records compress(weir_sink *sink, const weir_message_writer *w, uint8_t **memory, size_t *size) {
    weir_compression codec = (weir_compression)sink->config.compression_type;
    weir_records plain = weir_message_close(w);
    size_t front = WEIR_MESSAGE_OVERHEAD(1), len = weir_records_compress_bound(codec, plain.len), room = front + len;
    uint8_t *packed = sink->alloc->take(sink->alloc, room);
    if (packed == NULL)
        return plain;
    weir_err err = weir_records_compress(sink->alloc, codec, 1, (weir_bytes){plain.p, plain.len}, packed + front, &len);
    bool smaller = err == WEIR_OK && front + len < plain.len;
    sink->alloc->give(sink->alloc, smaller ? *memory : packed, smaller ? *size : room);
    if (!smaller)
        return plain;
    *memory = packed;
    *size = room;
    return weir_message_close_compressed(w, codec, packed, len);
}

weir_err weir__batch_rewrite(weir_sink *sink, weir__sink_batch *batch) {
    const weir_batch_writer *from = &batch->writer;
    size_t size = (size_t)(from->p - from->start) + (size_t)from->record_count * WEIR_MESSAGE_OVERHEAD(1);
    uint8_t *memory = sink->alloc->take(sink->alloc, size);
    weir_message_writer to;
    weir_batch_walk walk;
    weir_record record;
    if (memory == NULL)
        return WEIR_E_NO_MEMORY;
    weir_message_writer_init(&to, memory, size, 1, 0);
    walk_begin(&walk, from);
    weir_err err;
    while ((err = weir_batch_next(&walk, &record)) == WEIR_OK && (err = weir_message_append(&to, &record)) == WEIR_OK)
        continue;
    if (err != WEIR_END) {
        sink->alloc->give(sink->alloc, memory, size);
        return refuse(sink, batch, err);
    }
    batch->bytes = sink->config.compression_type == WEIR_COMPRESSION_NONE ? weir_message_close(&to)
                                                                          : compress(sink, &to, &memory, &size);
    sink->alloc->give(sink->alloc, batch->memory, batch->size);
    sink->memory_used += size - batch->size;
    batch->memory = memory;
    batch->size = size;
    return WEIR_OK;
}
