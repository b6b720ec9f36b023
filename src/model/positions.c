/* ListOffsets, OffsetForLeaderEpoch, DeleteRecords and DescribeProducers. */
#include <weir/proto.h>

#include "answer.h"
#include "handlers.h"
#include "log.h"

/* ---- ListOffsets ---- */
enum {
    LATEST = -1,
    EARLIEST = -2,
    OF_LATEST_TIME = -3,
    EARLIEST_LOCAL = -4,
    LATEST_TIERED = -5,
    EARLIEST_PENDING_UPLOAD = -6
};

#define PLAIN_MAX ((size_t)1 << 28) /* bytes of records that a batch may decompress to */

typedef weir_list_offsets_response_list_offsets_partition_response found;

/* Looks through one batch for the first record of at least that time. Without memory for that the answer is an error:
   a later record would be a wrong one. */
static void find_record(const weir__log *log, const weir__log_batch *batch, int64_t timestamp, found *to) {
    weir_batch_header header;
    weir_batch_walk walk;
    weir_record record;
    size_t size = 0;
    weir_alloc *alloc = log->model->alloc;
    weir_records bytes = weir__log_bytes(log, batch);
    weir_bytes plain = {bytes.p + WEIR_BATCH_HEADER_SIZE, bytes.len - WEIR_BATCH_HEADER_SIZE};
    if (weir_batch_open(bytes, &header) != WEIR_OK)
        return;
    weir_compression compression = (weir_compression)(header.attributes & WEIR_ATTR_COMPRESSION);
    weir_err err = compression != WEIR_COMPRESSION_NONE
                       ? weir_records_decompress(alloc, compression, plain, PLAIN_MAX, &plain, &size)
                       : WEIR_OK;
    if (err == WEIR_E_NO_MEMORY)
        to->error_code = WEIR_CODE_KAFKA_STORAGE_ERROR;
    if (err != WEIR_OK)
        return;
    weir_batch_walk_init(&walk, &header, plain);
    while (to->offset < 0 && weir_batch_next(&walk, &record) == WEIR_OK)
        if (record.timestamp >= timestamp && record.offset >= log->start) {
            to->offset = record.offset;
            to->timestamp = record.timestamp;
            to->leader_epoch = batch->leader_epoch;
        }
    if (compression != WEIR_COMPRESSION_NONE)
        alloc->give(alloc, (void *)(uintptr_t)plain.p, size);
}

static void find_time(const weir__log *log, int64_t timestamp, int64_t limit, found *to) {
    for (size_t n = 0; n < log->batch_count && to->offset < 0 && to->error_code == WEIR_CODE_NONE; n++)
        if (log->batches[n].max_timestamp >= timestamp)
            find_record(log, &log->batches[n], timestamp, to);
    if (to->offset >= limit)
        to->offset = to->timestamp = to->leader_epoch = -1;
}

static void find_latest_time(const weir__log *log, found *to) {
    const weir__log_batch *best = NULL;
    for (size_t n = 0; n < log->batch_count; n++)
        if (best == NULL || log->batches[n].max_timestamp > best->max_timestamp)
            best = &log->batches[n];
    if (best != NULL && best->max_timestamp >= 0)
        find_record(log, best, best->max_timestamp, to);
}

static void find(const weir__log *log, int64_t timestamp, bool committed, found *to) {
    int64_t limit = committed ? weir__log_stable(log) : log->end;
    switch (timestamp) {
    case LATEST:
        to->offset = limit;
        to->leader_epoch = log->leader_epoch;
        return;
    case EARLIEST:
    case EARLIEST_LOCAL:
        to->offset = log->start;
        to->leader_epoch = weir__log_epoch_at(log, log->start);
        return;
    case OF_LATEST_TIME:
        find_latest_time(log, to);
        return;
    case LATEST_TIERED:
    case EARLIEST_PENDING_UPLOAD: /* there is no tiered storage */
        return;
    default:
        find_time(log, timestamp, limit, to);
    }
}

/* Since when a special timestamp is known. */
static bool version_knows(int16_t version, int64_t timestamp) {
    static const int16_t since[] = {0, 0, 7, 8, 9, 11};
    return timestamp >= 0 || (timestamp >= EARLIEST_PENDING_UPLOAD && version >= since[-1 - timestamp]);
}

weir__handled weir__serve_list_offsets(weir__exchange *e) {
    const weir_list_offsets_request *request = e->request;
    weir_list_offsets_response *response = e->response;
    if (!WEIR__ANSWER_ARRAY(e, response->topics, request->topics.count))
        return WEIR__NO_ROOM;
    for (int32_t t = 0; t < request->topics.count; t++) {
        const weir_list_offsets_request_list_offsets_topic *from = &request->topics.items[t];
        const weir__topic *topic = weir__topic_find(e->model, from->name);
        response->topics.items[t].name = from->name;
        if (!WEIR__ANSWER_ARRAY(e, response->topics.items[t].partitions, from->partitions.count))
            return WEIR__NO_ROOM;
        for (int32_t n = 0; n < from->partitions.count; n++) {
            const weir_list_offsets_request_list_offsets_partition *asked = &from->partitions.items[n];
            found *to = &response->topics.items[t].partitions.items[n];
            const weir__log *log = weir__topic_log(topic, asked->partition_index);
            *to = (found){.partition_index = asked->partition_index, .timestamp = -1, .offset = -1, .leader_epoch = -1};
            to->error_code = version_knows(e->header.api_version, asked->timestamp)
                                 ? weir__leader_check(e, log, asked->current_leader_epoch)
                                 : WEIR_CODE_UNSUPPORTED_VERSION;
            if (to->error_code == WEIR_CODE_NONE)
                find(log, asked->timestamp, request->isolation_level == 1, to);
            if (e->header.api_version < 4)
                to->leader_epoch = -1;
        }
    }
    return WEIR__ANSWERED;
}

/* ---- OffsetForLeaderEpoch ---- */
weir__handled weir__serve_offset_for_leader_epoch(weir__exchange *e) {
    const weir_offset_for_leader_epoch_request *request = e->request;
    weir_offset_for_leader_epoch_response *response = e->response;
    if (!WEIR__ANSWER_ARRAY(e, response->topics, request->topics.count))
        return WEIR__NO_ROOM;
    for (int32_t t = 0; t < request->topics.count; t++) {
        const weir_offset_for_leader_epoch_request_offset_for_leader_topic *from = &request->topics.items[t];
        const weir__topic *topic = weir__topic_find(e->model, from->topic);
        response->topics.items[t].topic = from->topic;
        if (!WEIR__ANSWER_ARRAY(e, response->topics.items[t].partitions, from->partitions.count))
            return WEIR__NO_ROOM;
        for (int32_t n = 0; n < from->partitions.count; n++) {
            const weir_offset_for_leader_epoch_request_offset_for_leader_partition *asked = &from->partitions.items[n];
            weir_offset_for_leader_epoch_response_epoch_end_offset *to = &response->topics.items[t].partitions.items[n];
            const weir__log *log = weir__topic_log(topic, asked->partition);
            to->partition = asked->partition;
            to->leader_epoch = -1;
            to->end_offset = -1;
            to->error_code = weir__leader_check(e, log, asked->current_leader_epoch);
            if (to->error_code == WEIR_CODE_NONE)
                weir__log_epoch_end(log, asked->leader_epoch, &to->leader_epoch, &to->end_offset);
        }
    }
    return WEIR__ANSWERED;
}

/* ---- DeleteRecords ---- */
static int16_t delete_before(weir__exchange *e, weir__log *log, int64_t before, int64_t *low) {
    int16_t code = weir__leader_check(e, log, -1);
    *low = -1;
    if (code != WEIR_CODE_NONE)
        return code;
    if (!log->topic->rules.deletes)
        return WEIR_CODE_POLICY_VIOLATION;
    before = before == -1 ? log->end : before;
    if (before < 0 || before > log->end)
        return WEIR_CODE_OFFSET_OUT_OF_RANGE;
    weir__log_delete(log, before);
    *low = log->start;
    return WEIR_CODE_NONE;
}

weir__handled weir__serve_delete_records(weir__exchange *e) {
    const weir_delete_records_request *request = e->request;
    weir_delete_records_response *response = e->response;
    if (!WEIR__ANSWER_ARRAY(e, response->topics, request->topics.count))
        return WEIR__NO_ROOM;
    for (int32_t t = 0; t < request->topics.count; t++)
        if (!WEIR__ANSWER_ARRAY(e, response->topics.items[t].partitions, request->topics.items[t].partitions.count))
            return WEIR__NO_ROOM;
    for (int32_t t = 0; t < request->topics.count; t++) {
        const weir_delete_records_request_delete_records_topic *from = &request->topics.items[t];
        const weir__topic *topic = weir__topic_find(e->model, from->name);
        response->topics.items[t].name = from->name;
        for (int32_t n = 0; n < from->partitions.count; n++) {
            weir_delete_records_response_delete_records_partition_result *to =
                &response->topics.items[t].partitions.items[n];
            to->partition_index = from->partitions.items[n].partition_index;
            to->error_code = delete_before(e, weir__topic_log(topic, to->partition_index),
                                           from->partitions.items[n].offset, &to->low_watermark);
        }
    }
    return WEIR__ANSWERED;
}

/* ---- DescribeProducers ---- */
typedef weir_describe_producers_response_partition_response described;

static bool describe(weir__exchange *e, const weir__log *log, described *to) {
    to->error_code = weir__leader_check(e, log, -1);
    if (to->error_code != WEIR_CODE_NONE)
        return true;
    if (!WEIR__ANSWER_ARRAY(e, to->active_producers, log->producer_count))
        return false;
    for (size_t n = 0; n < log->producer_count; n++) {
        const weir__producer *producer = &log->producers[n];
        to->active_producers.items[n] = (weir_describe_producers_response_producer_state){
            .producer_id = producer->id,
            .producer_epoch = producer->epoch,
            .last_sequence =
                producer->batch_count > 0 ? producer->batches[producer->batch_count - 1].last_sequence : -1,
            .last_timestamp = producer->last_timestamp,
            .coordinator_epoch = producer->coordinator_epoch,
            .current_txn_start_offset = producer->txn_first_offset,
        };
    }
    return true;
}

weir__handled weir__serve_describe_producers(weir__exchange *e) {
    const weir_describe_producers_request *request = e->request;
    weir_describe_producers_response *response = e->response;
    if (!WEIR__ANSWER_ARRAY(e, response->topics, request->topics.count))
        return WEIR__NO_ROOM;
    for (int32_t t = 0; t < request->topics.count; t++) {
        const weir_describe_producers_request_topic_request *from = &request->topics.items[t];
        const weir__topic *topic = weir__topic_find(e->model, from->name);
        response->topics.items[t].name = from->name;
        if (!WEIR__ANSWER_ARRAY(e, response->topics.items[t].partitions, from->partition_indexes.count))
            return WEIR__NO_ROOM;
        for (int32_t n = 0; n < from->partition_indexes.count; n++) {
            described *to = &response->topics.items[t].partitions.items[n];
            to->partition_index = from->partition_indexes.items[n];
            if (!describe(e, weir__topic_log(topic, to->partition_index), to))
                return WEIR__NO_ROOM;
        }
    }
    return WEIR__ANSWERED;
}
