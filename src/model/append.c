/* Appending to a log: what a leader checks first, and what it then writes. */
#include <weir/proto.h>

#include "log.h"
#include "record_wire.h"

#define PLAIN_MAX ((size_t)1 << 28) /* bytes of records that a batch may decompress to */

weir__appended weir__not_appended(int16_t code) {
    return (weir__appended){.code = code, .base_offset = -1, .log_append_time_ms = -1, .log_start_offset = -1};
}

static int16_t refuse(weir__appended *result, int16_t code, const char *message) {
    result->code = code;
    result->message = message;
    return code;
}

/* Checks one record as the settings of the topic demand. */
static int16_t check_record(const weir__log_rules *rules, const weir_record *record, int64_t now_ms,
                            weir__appended *result) {
    if (rules->compacted && record->key.p == NULL)
        return refuse(result, WEIR_CODE_INVALID_RECORD, "Compacted topic cannot accept message without key");
    if (rules->log_append_time || record->timestamp == -1) {
        if (record->timestamp_type == WEIR_TIMESTAMP_LOG_APPEND)
            return refuse(result, WEIR_CODE_INVALID_TIMESTAMP, "Producer should not set timestamp type LogAppendTime");
        return WEIR_CODE_NONE;
    }
    bool early = record->timestamp < now_ms;
    uint64_t age = (uint64_t)now_ms - (uint64_t)record->timestamp; /* wraps where it is negative */
    if (early ? age > (uint64_t)rules->timestamp_before_ms : 0 - age > (uint64_t)rules->timestamp_after_ms)
        return refuse(result, WEIR_CODE_INVALID_TIMESTAMP, "Timestamp of message is out of range");
    return WEIR_CODE_NONE;
}

static int16_t check_records(const weir__log_rules *rules, const weir_batch_header *header, weir_bytes plain,
                             int64_t now_ms, weir__appended *result) {
    weir_batch_walk walk;
    weir_record record;
    weir_err err;
    int32_t n = 0;
    result->max_timestamp = -1;
    weir_batch_walk_init(&walk, header, plain);
    for (; (err = weir_batch_next(&walk, &record)) == WEIR_OK; n++) {
        result->max_timestamp = record.timestamp > result->max_timestamp ? record.timestamp : result->max_timestamp;
        if (check_record(rules, &record, now_ms, result) != WEIR_CODE_NONE && result->bad_count < WEIR__BAD_RECORDS)
            result->bad_records[result->bad_count++] = n;
    }
    return err == WEIR_END ? result->code : refuse(result, WEIR_CODE_INVALID_RECORD, "Records are malformed");
}

/* The same for records that may be compressed. A codec that this build lacks is taken on trust. */
static int16_t check_packed(const weir__log *log, weir_records records, const weir_batch_header *header, int64_t now_ms,
                            weir__appended *result) {
    weir_bytes plain = {records.p + WEIR_BATCH_HEADER_SIZE, header->size - WEIR_BATCH_HEADER_SIZE};
    weir_compression compression = (weir_compression)(header->attributes & WEIR_ATTR_COMPRESSION);
    if (compression == WEIR_COMPRESSION_NONE)
        return check_records(&log->topic->rules, header, plain, now_ms, result);
    size_t size;
    weir_alloc *alloc = log->model->alloc;
    weir_err err = weir_records_decompress(alloc, compression, plain, PLAIN_MAX, &plain, &size);
    if (err == WEIR_E_UNSUPPORTED)
        return WEIR_CODE_NONE;
    if (err != WEIR_OK)
        return refuse(result, err == WEIR_E_NO_MEMORY ? WEIR_CODE_KAFKA_STORAGE_ERROR : WEIR_CODE_INVALID_RECORD, NULL);
    check_records(&log->topic->rules, header, plain, now_ms, result);
    alloc->give(alloc, (void *)(uintptr_t)plain.p, size);
    return result->code;
}

/* Whether bytes that are no batch have a batch's checksum, so that its header is what is wrong. */
static bool intact(weir_records records) {
    uint32_t covered = records.len - WEIR__AT_ATTRIBUTES;
    return records.len >= WEIR_BATCH_HEADER_SIZE &&
           weir_crc32c(0, records.p + WEIR__AT_ATTRIBUTES, covered) == weir__get32(records.p + WEIR__AT_CRC);
}

int16_t weir__log_open(const weir__log *log, weir_records records, weir_batch_header *header, weir__appended *result) {
    *result = weir__not_appended(WEIR_CODE_NONE);
    weir_err err = weir_batch_open(records, header);
    bool old = records.len > WEIR__AT_MAGIC && records.p[WEIR__AT_MAGIC] < 2;
    if (err == WEIR_END || err == WEIR_E_UNSUPPORTED || old)
        return refuse(result, WEIR_CODE_INVALID_RECORD, "Produce requests must have one record batch of magic 2");
    if (err != WEIR_OK && records.p[WEIR__AT_MAGIC] == 2 && intact(records)) {
        result->log_start_offset = log->start;
        return refuse(result, WEIR_CODE_INVALID_RECORD, "Inconsistent batch offset range and count of records");
    }
    if (err != WEIR_OK)
        return refuse(result, WEIR_CODE_CORRUPT_MESSAGE, NULL);
    if (header->size < records.len)
        return refuse(result, WEIR_CODE_INVALID_RECORD, "Produce requests may hold exactly one record batch");
    return WEIR_CODE_NONE;
}

int16_t weir__log_check(const weir__log *log, weir_records records, weir_time_us now, const weir_batch_header *header,
                        weir__appended *result) {
    const weir__log_rules *rules = &log->topic->rules;
    if (header->size > (uint32_t)rules->max_message_bytes)
        return refuse(result, WEIR_CODE_MESSAGE_TOO_LARGE, NULL);
    result->log_start_offset = log->start;
    if (header->base_offset != 0)
        return refuse(result, WEIR_CODE_INVALID_RECORD, "The base offset of a record batch is to be 0");
    if (header->record_count <= 0 || header->record_count != header->last_offset_delta + 1)
        return refuse(result, WEIR_CODE_INVALID_RECORD, "Inconsistent batch offset range and count of records");
    if (header->attributes & WEIR_ATTR_CONTROL)
        return refuse(result, WEIR_CODE_INVALID_RECORD, "Clients are not allowed to write control records");
    if (header->producer_id >= 0 && header->base_sequence < 0)
        return refuse(result, WEIR_CODE_INVALID_RECORD, "Invalid sequence number in a batch with a producer id");
    if ((header->attributes & WEIR_ATTR_COMPRESSION) > WEIR_COMPRESSION_ZSTD)
        return refuse(result, WEIR_CODE_UNKNOWN_SERVER_ERROR, NULL);
    result->max_timestamp = header->max_timestamp;
    return check_packed(log, records, header, weir__wall_ms(log->model, now), result);
}

/* Changes the times of a batch that lies in the log. */
static void stamp(weir__log *log, weir__log_batch *batch, int16_t attributes, int64_t max_timestamp) {
    uint8_t *bytes = (uint8_t *)(uintptr_t)weir__log_bytes(log, batch).p;
    weir__put16(bytes + WEIR__AT_ATTRIBUTES, (uint16_t)attributes);
    weir__put64(bytes + WEIR__AT_MAX_TIMESTAMP, (uint64_t)max_timestamp);
    weir__put32(bytes + WEIR__AT_CRC, weir_crc32c(0, bytes + WEIR__AT_ATTRIBUTES, batch->size - WEIR__AT_ATTRIBUTES));
    weir__log_batch_read(batch, bytes);
}

static bool reserve_producer(weir__log *log) {
    weir__model *model = log->model;
    return weir__grow(model, (void **)&log->producers, &log->producer_cap, log->producer_count,
                      sizeof *log->producers) &&
           weir__grow(model, (void **)&log->open, &log->open_cap, log->open_count, sizeof *log->open) &&
           weir__grow(model, (void **)&log->aborted, &log->aborted_cap, log->aborted_count, sizeof *log->aborted);
}

/* Forgets the producers of a log when one of them has been silent for too long. */
static void expire(weir__log *log, const weir__producer *producer, weir_time_us now) {
    weir_time_us before = now - log->model->config.producer_id_expiration_ms * 1000;
    if (producer != NULL && producer->last_time < before)
        weir__producers_expire(log, before);
}

void weir__log_append(weir__log *log, weir_records records, const weir_batch_header *header, weir_time_us now,
                      weir__appended *result) {
    bool idempotent = header->producer_id >= 0;
    if (idempotent) {
        expire(log, weir__producer_find(log, header->producer_id), now);
        const weir__remembered *before =
            weir__producer_duplicate(weir__producer_find(log, header->producer_id), header);
        if (before != NULL) {
            result->base_offset = before->last_offset - before->offset_delta;
            result->log_append_time_ms = before->timestamp;
            return;
        }
        result->code = weir__producer_check(log, header);
        if (result->code != WEIR_CODE_NONE)
            return;
    }
    if ((idempotent && !reserve_producer(log)) || !weir__log_reserve(log, records.len)) {
        refuse(result, WEIR_CODE_KAFKA_STORAGE_ERROR, NULL);
        return;
    }
    bool transactional = header->attributes & WEIR_ATTR_TRANSACTIONAL;
    weir__log_batch *batch = weir__log_write(log, records, transactional ? WEIR__MODEL_OPEN : WEIR__MODEL_PLAIN);
    weir_batch_header written = *header;
    if (log->topic->rules.log_append_time) {
        stamp(log, batch, (int16_t)(header->attributes | WEIR_ATTR_LOG_APPEND), weir__wall_ms(log->model, now));
        result->log_append_time_ms = batch->max_timestamp;
    } else if ((header->attributes & WEIR_ATTR_LOG_APPEND) || header->max_timestamp != result->max_timestamp) {
        stamp(log, batch, (int16_t)(header->attributes & ~WEIR_ATTR_LOG_APPEND), result->max_timestamp);
    }
    written.max_timestamp = batch->max_timestamp;
    result->base_offset = batch->base_offset;
    if (idempotent) {
        weir__producer_wrote(log, weir__producer_make(log, header->producer_id), &written, batch->base_offset, now);
        weir__producer_verified(log, header->producer_id);
    }
    weir__model_changed(log->model);
}

int16_t weir__log_end_transaction(weir__log *log, int64_t producer_id, int16_t producer_epoch, bool commit,
                                  int32_t coordinator_epoch, weir_time_us now) {
    uint8_t bytes[WEIR__MARKER_SIZE];
    const weir__producer *before = weir__producer_find(log, producer_id);
    if (before != NULL && producer_epoch < before->epoch)
        return WEIR_CODE_INVALID_PRODUCER_EPOCH;
    if (before != NULL && coordinator_epoch < before->coordinator_epoch)
        return WEIR_CODE_TRANSACTION_COORDINATOR_FENCED;
    if (!reserve_producer(log) || !weir__log_reserve(log, sizeof bytes))
        return WEIR_CODE_KAFKA_STORAGE_ERROR;
    weir__marker_write(bytes, producer_id, producer_epoch, commit, coordinator_epoch, weir__wall_ms(log->model, now));
    weir__log_batch *marker = weir__log_write(log, (weir_records){bytes, sizeof bytes}, WEIR__MODEL_PLAIN);
    weir__producer_ended(log, weir__producer_make(log, producer_id), marker, commit, coordinator_epoch, now);
    weir__producer_verified(log, producer_id);
    weir__model_changed(log->model);
    return WEIR_CODE_NONE;
}
