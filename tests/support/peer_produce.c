/* Produce as a partition's leader sees it: sequence numbers, the last five batches of a producer, transactions. */
#include "checks.h"
#include <stdlib.h>
#include <string.h>

#include "codec.h"
#include "peer_parts.h"

static peer_producer *producer_of(peer_log *log, int64_t id) {
    for (int n = 0; n < 8; n++) {
        peer_producer *producer = &log->producers[n];
        if (producer->used && producer->id != id)
            continue;
        if (!producer->used)
            *producer = (peer_producer){.used = true, .id = id, .epoch = -1};
        return producer;
    }
    ck_abort_msg("more producers than the peer remembers");
    return NULL;
}

/* What the broker says to the sequence; *again: it is one of the last five batches. From a producer that it has never
   seen, Kafka takes any. */
static int16_t sequence_check(peer_producer *producer, const weir_batch_header *h, bool *again) {
    bool unknown = producer->epoch < 0;
    if (h->producer_epoch < producer->epoch)
        return WEIR_CODE_INVALID_PRODUCER_EPOCH;
    if (h->producer_epoch > producer->epoch)
        *producer = (peer_producer){.used = true, .id = h->producer_id, .epoch = h->producer_epoch};
    for (int n = 0; n < 5; n++)
        if (producer->count[n] == h->record_count && producer->first[n] == h->base_sequence)
            *again = true;
    return *again || unknown || h->base_sequence == producer->next ? 0 : WEIR_CODE_OUT_OF_ORDER_SEQUENCE_NUMBER;
}

static void sequence_move(peer_producer *producer, const weir_batch_header *h) {
    producer->first[producer->at] = h->base_sequence;
    producer->count[producer->at] = h->record_count;
    producer->at = (producer->at + 1) % 5;
    producer->next = (int32_t)(((uint32_t)h->base_sequence + (uint32_t)h->record_count) & INT32_MAX);
}

static void records_keep(peer *p, int32_t at, weir_records set, const weir_batch_header *h, int32_t txn) {
    weir_bytes body = weir_batch_records(set, h), plain = body;
    const weir__codec *codec = weir__codec_find(h->attributes & WEIR_ATTR_COMPRESSION);
    weir_batch_walk walk;
    weir_record record;
    size_t plain_size = 0;
    if (codec != NULL)
        ck_assert_int_eq(codec->decompress(&peer_heap, body, PEER_BUFFER, &plain, &plain_size), WEIR_OK);
    weir_batch_walk_init(&walk, h, plain);
    int32_t count = 0;
    for (; weir_batch_next(&walk, &record) == WEIR_OK; count++) {
        int64_t key = 0;
        for (uint32_t n = 0; n < record.key.len; n++)
            key = 10 * key + record.key.p[n] - '0';
        ck_assert_int_lt(p->written_count, PEER_WRITTEN);
        p->written[p->written_count++] =
            (peer_record){.log = at, .key = key, .value_len = record.value.len, .txn = txn, .open = txn >= 0};
    }
    ck_assert(h->record_count < 0 || count == h->record_count);
    if (codec != NULL)
        peer_heap.give(&peer_heap, (void *)(uintptr_t)plain.p, plain_size);
}

/* Appends to the log's bytes too, so that the batch can be fetched. */
static void log_append(peer_log *log, weir_records set, int32_t count) {
    if (log->batches == PEER_BATCHES)
        return;
    log->bytes = realloc(log->bytes, log->len + set.len);
    ck_assert_ptr_nonnull(log->bytes);
    memcpy(log->bytes + log->len, set.p, set.len);
    for (int n = 0; n < 8; n++)
        log->bytes[log->len + (size_t)n] = (uint8_t)((uint64_t)log->end >> (56 - 8 * n));
    log->len += set.len;
    log->end += count;
    log->stable = log->end;
    log->last[log->batches++] = log->end - 1;
    log->at[log->batches] = log->len;
}

/* A message set is taken as it comes: nothing in it tells that it comes again. Its offsets begin at 0, without gaps. */
static int16_t take_messages(peer *p, const peer_link *link, const weir_produce_request *request, int32_t at,
                             weir_records set) {
    weir_batch_header h;
    ck_assert_int_lt(p->attempt_count, PEER_SEEN);
    peer_attempt *attempt = &p->attempts[p->attempt_count++];
    ck_assert_int_eq(weir_batch_open(set, &h), WEIR_OK);
    *attempt = (peer_attempt){.log = at,
                              .producer_id = -1,
                              .size = set.len,
                              .sum = weir_crc32c(0, set.p, set.len),
                              .compression = h.attributes & WEIR_ATTR_COMPRESSION,
                              .magic = h.magic,
                              .at = p->now};
    ck_assert_ptr_null(request->transactional_id.p);
    if (p->rule != NULL && p->rule->what == PEER_CODE)
        return attempt->code = (int16_t)p->rule->value;
    if (p->rule != NULL && p->rule->what == PEER_REFUSE)
        return 0;
    if (p->logs[at].leader != link->broker)
        return attempt->code = WEIR_CODE_NOT_LEADER_OR_FOLLOWER;
    int32_t before = p->written_count;
    while (weir_batch_open(set, &h) == WEIR_OK) {
        ck_assert_int_eq(h.magic, attempt->magic);
        records_keep(p, at, set, &h, -1);
        ck_assert_int_eq(h.base_offset, p->written_count - before - 1);
        set = (weir_records){set.p + h.size, set.len - h.size};
    }
    ck_assert_uint_eq(set.len, 0);
    attempt->records = p->written_count - before;
    return 0;
}

static int16_t take_batch(peer *p, const peer_link *link, const weir_request_header *header,
                          const weir_produce_request *request, int32_t at, weir_records set) {
    peer_log *log = &p->logs[at];
    weir_batch_header h;
    int32_t txn = -1;
    bool again = false;
    ck_assert_int_eq(weir_batch_open(set, &h), WEIR_OK);
    ck_assert_uint_eq(h.size, set.len);
    ck_assert_int_lt(p->attempt_count, PEER_SEEN);
    peer_attempt *attempt = &p->attempts[p->attempt_count++];
    *attempt = (peer_attempt){.log = at,
                              .producer_id = h.producer_id,
                              .epoch = h.producer_epoch,
                              .sequence = h.base_sequence,
                              .records = h.record_count,
                              .size = set.len,
                              .sum = weir_crc32c(0, set.p, set.len),
                              .compression = h.attributes & WEIR_ATTR_COMPRESSION,
                              .magic = h.magic,
                              .at = p->now};
    if (p->rule != NULL && p->rule->what == PEER_CODE &&
        (p->rule->partition < 0 || p->rule->partition == log->partition))
        return attempt->code = (int16_t)p->rule->value;
    if (p->rule != NULL && p->rule->what == PEER_REFUSE)
        return 0;
    if (log->leader != link->broker)
        return attempt->code = WEIR_CODE_NOT_LEADER_OR_FOLLOWER;
    bool transactional = (h.attributes & WEIR_ATTR_TRANSACTIONAL) != 0;
    ck_assert(transactional == (request->transactional_id.p != NULL));
    if (transactional)
        attempt->code = peer_txn_enter(p, request->transactional_id, h.producer_id, h.producer_epoch, at,
                                       header->api_version >= 12, &txn);
    peer_producer *producer = producer_of(log, h.producer_id);
    if (attempt->code == 0)
        attempt->code = sequence_check(producer, &h, &again);
    if (attempt->code == 0 && !again) {
        sequence_move(producer, &h);
        records_keep(p, at, set, &h, txn);
        log_append(log, set, h.record_count);
    }
    return attempt->code;
}

static int32_t log_at(const peer *p, int16_t version, weir_str name, weir_uuid id, int32_t partition) {
    for (int32_t n = 0; n < p->log_count; n++) {
        const peer_log *log = &p->logs[n];
        bool same =
            version >= 13 ? memcmp(&id, &log->id, sizeof id) == 0 : weir_str_equal(name, weir_str_of(log->topic));
        if (same && log->partition == partition)
            return n;
    }
    ck_abort_msg("Produce to a partition that is not there: %d", partition);
    return -1;
}

void peer_answer_produce(peer *p, peer_link *link, const weir_request_header *header,
                         const weir_produce_request *request) {
    static weir_produce_response_topic_produce_response topics[PEER_LOGS];
    static weir_produce_response_partition_produce_response parts[PEER_LOGS];
    int32_t used = 0;
    weir_produce_response r;
    weir_message_init(weir_api_find(WEIR_API_PRODUCE)->response, &r);
    ck_assert_int_eq(request->acks, -1);
    r.throttle_time_ms = peer_throttle(p);
    r.responses.items = topics;
    for (int32_t t = 0; t < request->topic_data.count; t++) {
        const weir_produce_request_topic_produce_data *data = &request->topic_data.items[t];
        weir_produce_response_topic_produce_response *topic = &topics[r.responses.count++];
        *topic = (weir_produce_response_topic_produce_response){.name = data->name, .topic_id = data->topic_id};
        topic->partition_responses.items = &parts[used];
        for (int32_t n = 0; n < data->partition_data.count; n++) {
            const weir_produce_request_partition_produce_data *part = &data->partition_data.items[n];
            int32_t at = log_at(p, header->api_version, data->name, data->topic_id, part->index);
            int16_t code = header->api_version < 3 ? take_messages(p, link, request, at, part->records)
                                                   : take_batch(p, link, header, request, at, part->records);
            if (p->rule != NULL && p->rule->what == PEER_CODE_AFTER)
                code = p->attempts[p->attempt_count - 1].code = (int16_t)p->rule->value;
            ck_assert_int_lt(used, PEER_LOGS);
            parts[used++] = (weir_produce_response_partition_produce_response){.index = part->index,
                                                                               .error_code = code,
                                                                               .base_offset = -1,
                                                                               .log_append_time_ms = -1,
                                                                               .log_start_offset = -1,
                                                                               .current_leader = {-1, -1}};
            topic->partition_responses.count++;
        }
    }
    peer_note(p, link, header, "%.*s %d batches", (int)request->transactional_id.len,
              request->transactional_id.p != NULL ? request->transactional_id.p : "", used);
    peer_answer(p, link, header, &r, SIZE_MAX);
}
