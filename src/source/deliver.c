#include "reader.h"

#include "codec.h"

/* The most bytes that one batch may have when decompressed: a batch is at most message.max.bytes, 1 MiB by default, so
   anything larger is a decompression bomb or beyond what a budget is made for. */
#define PLAIN_MAX (64u * 1024 * 1024)
/* How often in a row only a piece of a batch may come before it is an error. */
#define CUT_MAX 3

/* What a batch led to. */
typedef enum verdict {
    HANDED_OUT,
    PASSED,    /* nothing to hand out: go on with the next batch */
    PART_OVER, /* go on with the next part */
    WAIT,      /* no memory now */
    FAULT
} verdict;

static verdict fault(weir_reader *reader, weir_err err, const weir__reading *reading, int64_t offset,
                     const char *what) {
    (void)weir__source_fault(&reader->fault, err, reading->topic, reading->split.partition,
                             "topic '%s' partition %ld offset %lld: %s", reading->topic->name,
                             (long)reading->split.partition, (long long)offset, what);
    return FAULT;
}

/* A batch that does not hold together is fetched once more: bytes may have been damaged on the way. */
static verdict corrupt(weir_reader *reader, weir__reading *reading, const char *what) {
    if (reading->corrupt_at == reading->split.position)
        return fault(reader, WEIR_E_MALFORMED, reading, reading->split.position, what);
    reading->corrupt_at = reading->split.position;
    weir__reading_rewind(reading);
    reader->stirred = true;
    return PART_OVER;
}

/* The position passes a batch without a record for the user. */
static verdict pass(weir_reader *reader, weir__reading *reading, const weir_batch_header *header) {
    int64_t next = header->base_offset + header->last_offset_delta + 1;
    if (next > reading->split.position) {
        reading->split.position = next < reading->split.stop ? next : reading->split.stop;
        reading->split.leader_epoch = header->leader_epoch;
        weir__reading_moved(reader, reading);
    }
    return PASSED;
}

/* The bytes of a batch's records; decompressed ones are kept in reader->plain. */
static verdict open_records(weir_reader *reader, weir__reading *reading, const weir_batch_header *header,
                            weir_bytes *records, weir_time_us now) {
    int id = header->attributes & WEIR_ATTR_COMPRESSION;
    if (id == WEIR_COMPRESSION_NONE)
        return PASSED;
    const weir__codec *codec = weir__codec_find(id);
    if (codec == NULL)
        return fault(reader, WEIR_E_UNSUPPORTED, reading, header->base_offset,
                     "the batch is compressed with a codec that this build lacks");
    weir_err err = codec->decompress(reader->alloc, *records, PLAIN_MAX, records, &reader->plain_size);
    if (err == WEIR_OK) {
        reader->plain = (uint8_t *)(uintptr_t)records->p;
        reader->starved_since = 0;
        return PASSED;
    }
    if (err == WEIR_E_TOO_LARGE)
        return fault(reader, err, reading, header->base_offset, "the batch is larger than 64 MiB when decompressed");
    if (err != WEIR_E_NO_MEMORY)
        return corrupt(reader, reading, "the batch cannot be decompressed");
    if (reader->starved_since == 0)
        reader->starved_since = now;
    if (now - reader->starved_since >= reader->config.request_timeout_ms * 1000) {
        (void)weir__source_fault(&reader->fault, WEIR_E_NO_MEMORY, reading->topic, reading->split.partition,
                                 "topic '%s' partition %ld offset %lld: the memory budget is too small to decompress a "
                                 "batch of %lu bytes, and none was released for %lld ms",
                                 reading->topic->name, (long)reading->split.partition, (long long)header->base_offset,
                                 (unsigned long)header->size, (long long)reader->config.request_timeout_ms);
        return FAULT;
    }
    return WAIT;
}

static void drop_plain(weir_reader *reader) {
    if (reader->plain != NULL)
        reader->alloc->give(reader->alloc, reader->plain, reader->plain_size);
    reader->plain = NULL;
}

/* A control batch: an abort marker ends the aborted transaction of its producer. */
static verdict take_control(weir_reader *reader, weir__part *part, const weir_batch_header *header, weir_bytes records,
                            weir_time_us now) {
    weir_batch_walk walk;
    weir_record record;
    verdict v = open_records(reader, part->reading, header, &records, now);
    if (v != PASSED)
        return v;
    weir_batch_walk_init(&walk, header, records);
    if (weir_batch_next(&walk, &record) == WEIR_OK && weir_control_type(record.key) == 0)
        weir__aborted_end(&part->aborted, header->producer_id);
    drop_plain(reader);
    return pass(reader, part->reading, header);
}

static verdict hand_out(weir_reader *reader, weir__reading *reading, const weir_batch_header *header,
                        weir_bytes records, weir_time_us now) {
    verdict v = open_records(reader, reading, header, &records, now);
    if (v != PASSED)
        return v;
    weir_split_batch *batch = &reader->batch;
    batch->topic = reading->split.topic;
    batch->partition = reading->split.partition;
    weir_batch_walk_init(&batch->walk, header, records);
    batch->position = &reading->split.position;
    batch->stop = reading->split.stop;
    batch->end = header->base_offset + header->last_offset_delta + 1;
    reader->reading = reading;
    reader->batch_position = reading->split.position;
    reader->batch_epoch = header->leader_epoch;
    return HANDED_OUT;
}

/* Of a compressed message set of before 0.11 (record_count -1) only the end is known. */
static bool begins_behind_stop(const weir_batch_header *header, const weir__reading *reading) {
    return header->record_count >= 0 && header->base_offset >= reading->split.stop;
}

/* Goes past the first batch of a part. WAIT leaves it there. */
static verdict take_batch(weir_reader *reader, weir__part *part, const weir_batch_header *header, weir_time_us now) {
    weir__reading *reading = part->reading;
    weir_bytes records = weir_batch_records(part->records, header);
    int64_t last = header->base_offset + header->last_offset_delta;
    weir__aborted_reach(&part->aborted, last);
    verdict v;
    if (header->attributes & WEIR_ATTR_CONTROL)
        v = take_control(reader, part, header, records, now);
    else if (((header->attributes & WEIR_ATTR_TRANSACTIONAL) &&
              weir__aborted_has(&part->aborted, header->producer_id)) ||
             header->record_count == 0 || last < reading->split.position || begins_behind_stop(header, reading))
        v = pass(reader, reading, header);
    else
        v = hand_out(reader, reading, header, records, now);
    if (v == PASSED || v == HANDED_OUT) {
        part->from = last + 1;
        part->records.p += header->size;
        part->records.len -= header->size;
    }
    return v;
}

/* Brokers before 0.10.1 cut the first batch of an answer too when it is larger than what was asked for. */
static verdict ask_for_more(weir_reader *reader, const weir__part *part) {
    weir__reading *reading = part->reading;
    int64_t limit = reader->config.fetch_max_bytes, asked = reading->asking.partition_max_bytes;
    int64_t need = weir__batch_size(part->records);
    if (need <= asked)
        need = 2 * asked < limit ? 2 * asked : limit;
    if (need > limit || asked >= limit) {
        (void)weir__source_fault(&reader->fault, WEIR_E_TOO_LARGE, reading->topic, reading->split.partition,
                                 "topic '%s' partition %ld offset %lld: the message takes %lld bytes, and brokers "
                                 "before 0.10.1 send it whole only if fetch.max.bytes, now %lld, is as much",
                                 reading->topic->name, (long)reading->split.partition,
                                 (long long)reading->split.position, (long long)need, (long long)limit);
        return FAULT;
    }
    reading->need = (int32_t)need;
    return PART_OVER;
}

/* The end of the whole batches of a part has been reached. */
static verdict end_part(weir_reader *reader, const weir__part *part) {
    weir__reading *reading = part->reading;
    if (!reading->stalled)
        return PART_OVER;
    reading->stalled = false;
    reader->stirred = true;
    if (reading->fetcher != NULL && reading->fetcher->version < WEIR__FETCH_WHOLE_BATCH)
        return ask_for_more(reader, part);
    if (++reading->cut < CUT_MAX)
        return PART_OVER;
    return fault(reader, WEIR_E_TOO_LARGE, reading, reading->split.position,
                 "the broker keeps sending only the head of the batch here: raise fetch.max.bytes and "
                 "max.partition.fetch.bytes");
}

static verdict next_batch(weir_reader *reader, weir__fetched *fetched, weir__part *part, weir_time_us now) {
    weir__reading *reading = part->reading;
    if (reading->finished || (!fetched->begun && part->from != reading->split.position))
        return PART_OVER; /* of before a rewind, or past the stop offset */
    weir_batch_header header;
    switch (weir_batch_open(part->records, &header)) {
    case WEIR_OK:
        break;
    case WEIR_END:
        return end_part(reader, part);
    default:
        return corrupt(reader, reading, "the batch is corrupt (checksum, size or format), also when fetched again");
    }
    /* The base offset is outside of the checksum. A batch behind the high watermark can be true, when it was appended
       just after the broker read the watermark; then it is in order when fetched again. */
    if ((fetched->begun && header.base_offset < part->from) ||
        header.base_offset + header.last_offset_delta >= part->end)
        return corrupt(reader, reading, "the offsets of the batch are not possible here, also when fetched again");
    verdict v = take_batch(reader, part, &header, now);
    if (v == PASSED || v == HANDED_OUT)
        fetched->begun = true;
    return v;
}

weir_err weir__deliver(weir_reader *reader, weir_time_us now) {
    while (!weir__list_empty(&reader->queue)) {
        weir__fetched *fetched = WEIR__ENTRY(reader->queue.next, weir__fetched, node);
        if (fetched->at == fetched->count) {
            weir__fetched_free(fetched);
            reader->stirred = true;
            continue;
        }
        switch (next_batch(reader, fetched, &fetched->parts[fetched->at], now)) {
        case HANDED_OUT:
            return WEIR_OK;
        case PASSED:
            break;
        case PART_OVER:
            fetched->at++;
            fetched->begun = false;
            break;
        case WAIT:
            reader->stirred = true;
            return WEIR_AGAIN;
        case FAULT:
            return reader->fault.err;
        }
    }
    return WEIR_AGAIN;
}

void weir__deliver_release(weir_reader *reader) {
    weir__reading *reading = reader->reading;
    if (reading->split.position > reader->batch_position)
        reading->split.leader_epoch = reader->batch_epoch;
    reader->reading = NULL;
    drop_plain(reader);
    weir__reading_moved(reader, reading);
}

/* Where a walk stands at its end: behind the batch, but never past the stop offset. */
static weir_err end_walk(const weir_split_batch *batch) {
    int64_t end = batch->end < batch->stop ? batch->end : batch->stop;
    if (*batch->position < end)
        *batch->position = end;
    return WEIR_END;
}

weir_err weir_split_batch_next(const weir_split_batch *batch, weir_record *record) {
    weir_batch_walk *walk = (weir_batch_walk *)(uintptr_t)&batch->walk; /* the reader's own, which is not const */
    weir_err err = weir_batch_next(walk, record);
    while (err == WEIR_OK && record->offset < *batch->position)
        err = weir_batch_next(walk, record);
    if (err != WEIR_OK || record->offset >= batch->stop)
        return err == WEIR_OK || err == WEIR_END ? end_walk(batch) : err;
    *batch->position = record->offset + 1;
    return WEIR_OK;
}
