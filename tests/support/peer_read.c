/* The cluster's logs: batches that a test puts there, and ListOffsets, OffsetForLeaderEpoch and Fetch about them. */
#include "checks.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec.h"
#include "peer_parts.h"

static uint8_t scratch[PEER_BUFFER];

/* ---- batches ---- */
static void put32(uint8_t *at, uint32_t v) {
    for (int n = 0; n < 4; n++)
        at[n] = (uint8_t)(v >> (24 - 8 * n));
}

static void put_records(weir_batch_writer *w, int64_t base, int32_t count, peer_batch how) {
    static char value[70000];
    static const uint8_t markers[2][4] = {{0, 0, 0, 0}, {0, 0, 0, 1}};
    memset(value, 'v', sizeof value);
    for (int32_t n = 0; n < count; n++) {
        char key[24];
        int len = snprintf(key, sizeof key, "%lld", (long long)(base + n));
        weir_record record = {
            .timestamp = 1000 + n,
            .key = {(const uint8_t *)key, (uint32_t)len},
            .value = {(const uint8_t *)value, how.value_size > 0 ? (uint32_t)how.value_size : 10},
        };
        if (how.marker != 0)
            record.key = (weir_bytes){markers[how.marker == 'C'], 4};
        ck_assert_int_eq(weir_batch_append(w, &record), WEIR_OK);
    }
}

static weir_records seal(weir_batch_writer *w, peer_batch how, uint8_t *packed, size_t packed_size) {
    weir_batch_identity identity = {
        .producer_id = how.producer_id != 0 ? how.producer_id : -1,
        .producer_epoch = how.producer_id != 0 ? 0 : -1,
        .base_sequence = how.producer_id != 0 && how.marker == 0 ? 0 : -1,
        .transactional = how.transactional,
    };
    const weir__codec *codec = weir__codec_find(how.compression);
    if (codec == NULL)
        return weir_batch_close(w, &identity);
    weir_bytes plain = {w->start + WEIR_BATCH_HEADER_SIZE, (uint32_t)(w->p - w->start - WEIR_BATCH_HEADER_SIZE)};
    size_t size = packed_size - WEIR_BATCH_HEADER_SIZE;
    ck_assert_int_eq(codec->compress(&peer_heap, plain, packed + WEIR_BATCH_HEADER_SIZE, &size), WEIR_OK);
    return weir_batch_close_compressed(w, codec->id, packed, size, &identity);
}

/* The records of a batch as a message set whose first offset is `base`. */
static weir_records message_set(weir_batch_writer *from, int64_t base, peer_batch how, uint8_t *packed, size_t size) {
    static uint8_t messages[1024 * 1024];
    int8_t magic = (int8_t)(how.old_format - 1);
    size_t front = WEIR_MESSAGE_OVERHEAD(magic), len = size - front;
    weir_records batch = seal(from, (peer_batch){0}, NULL, 0);
    weir_batch_header header;
    weir_batch_walk walk;
    weir_record record;
    weir_message_writer w;
    weir_message_writer_init(&w, messages, sizeof messages, magic, magic == 1 && how.compression != 0 ? base : 0);
    ck_assert_int_eq(weir_batch_open(batch, &header), WEIR_OK);
    weir_batch_walk_init(&walk, &header, weir_batch_records(batch, &header));
    while (weir_batch_next(&walk, &record) == WEIR_OK) {
        record.offset += base;
        ck_assert_int_eq(weir_message_append(&w, &record), WEIR_OK);
    }
    weir_records plain = weir_message_close(&w);
    weir_compression codec = (weir_compression)how.compression;
    weir_err err =
        weir_records_compress(&peer_heap, codec, magic, (weir_bytes){plain.p, plain.len}, packed + front, &len);
    return err == WEIR_OK ? weir_message_close_compressed(&w, codec, packed, len) : plain;
}

void peer_append(peer_log *log, int32_t count, peer_batch how) {
    static uint8_t plain[1024 * 1024], packed[1024 * 1024];
    weir_batch_writer w;
    weir_batch_writer_init(&w, plain, sizeof plain);
    put_records(&w, log->end, count, how);
    weir_records set = how.old_format != 0 ? message_set(&w, log->end, how, packed, sizeof packed)
                                           : seal(&w, how, packed, sizeof packed);
    ck_assert_uint_lt(log->batches, PEER_BATCHES);
    log->bytes = realloc(log->bytes, log->len + set.len);
    ck_assert_ptr_nonnull(log->bytes);
    uint8_t *at = log->bytes + log->len;
    memcpy(at, set.p, set.len);
    if (how.old_format == 0) {
        put32(at, (uint32_t)((uint64_t)log->end >> 32));
        put32(at + 4, (uint32_t)log->end);
        put32(at + 12, (uint32_t)log->leader_epoch);
    }
    if (how.marker != 0) {
        at[22] |= WEIR_ATTR_CONTROL | WEIR_ATTR_TRANSACTIONAL;
        put32(at + 17, weir_crc32c(0, at + 21, set.len - 21));
    }
    log->at[log->batches] = log->len;
    log->len += set.len;
    log->end += count;
    log->stable = log->end;
    log->last[log->batches++] = log->end - 1;
    log->at[log->batches] = log->len;
}

void peer_skip(peer_log *log, int64_t count) {
    log->end += count;
    log->stable = log->end;
}

peer_log *peer_log_named(peer *p, weir_str topic, int32_t partition) {
    for (int32_t n = 0; n < p->log_count; n++)
        if (p->logs[n].partition == partition && weir_str_equal(topic, weir_str_of(p->logs[n].topic)))
            return &p->logs[n];
    return NULL;
}

void peer_answer_offsets(peer *p, peer_link *link, const weir_request_header *header,
                         const weir_list_offsets_request *request) {
    static weir_list_offsets_response_list_offsets_topic_response topics[PEER_LOGS];
    static weir_list_offsets_response_list_offsets_partition_response partitions[PEER_LOGS];
    static int64_t offsets[PEER_LOGS];
    int32_t used = 0;
    weir_list_offsets_response r;
    weir_message_init(weir_api_find(WEIR_API_LIST_OFFSETS)->response, &r);
    r.topics.items = topics;
    for (int32_t t = 0; t < request->topics.count; t++) {
        const weir_list_offsets_request_list_offsets_topic *asked = &request->topics.items[t];
        topics[r.topics.count].name = asked->name;
        topics[r.topics.count].partitions.items = &partitions[used];
        topics[r.topics.count++].partitions.count = asked->partitions.count;
        for (int32_t n = 0; n < asked->partitions.count; n++) {
            peer_log *log = peer_log_named(p, asked->name, asked->partitions.items[n].partition_index);
            ck_assert_ptr_nonnull(log);
            int64_t timestamp = asked->partitions.items[n].timestamp;
            int64_t end = request->isolation_level == 1 ? log->stable : log->end;
            int16_t code = log->leader != link->broker ? WEIR_CODE_NOT_LEADER_OR_FOLLOWER : log->list_code;
            log->list_code = 0;
            int64_t offset = code != 0 ? -1 : timestamp == -2 ? log->start : end;
            bool old = header->api_version == 0;
            offsets[used] = offset;
            partitions[used] = (weir_list_offsets_response_list_offsets_partition_response){
                .partition_index = log->partition,
                .error_code = code,
                .old_style_offsets = {&offsets[used], old && offset >= 0},
                .timestamp = -1,
                .offset = old ? -1 : offset,
                .leader_epoch = -1};
            used++;
        }
    }
    peer_answer(p, link, header, &r, SIZE_MAX);
}

void peer_answer_epoch(peer *p, peer_link *link, const weir_request_header *header,
                       const weir_offset_for_leader_epoch_request *request) {
    weir_offset_for_leader_epoch_response_offset_for_leader_topic_result topic = {0};
    weir_offset_for_leader_epoch_response_epoch_end_offset end = {0};
    weir_offset_for_leader_epoch_response r;
    weir_message_init(weir_api_find(WEIR_API_OFFSET_FOR_LEADER_EPOCH)->response, &r);
    ck_assert_int_eq(request->topics.count, 1);
    p->epoch_questions++;
    topic.topic = request->topics.items[0].topic;
    end.partition = request->topics.items[0].partitions.items[0].partition;
    end.leader_epoch = request->topics.items[0].partitions.items[0].leader_epoch;
    const peer_log *log = peer_log_named(p, topic.topic, end.partition);
    end.end_offset = log->epoch_end >= 0 ? log->epoch_end : log->end;
    topic.partitions.items = &end;
    topic.partitions.count = 1;
    r.topics.items = &topic;
    r.topics.count = 1;
    peer_answer(p, link, header, &r, SIZE_MAX);
}

/* ---- Fetch ---- */
static int32_t log_of(const peer *p, int16_t version, weir_str name, weir_uuid id, int32_t partition) {
    for (int32_t n = 0; n < p->log_count; n++) {
        const peer_log *log = &p->logs[n];
        if (log->partition == partition &&
            (version >= 13 ? memcmp(&id, &log->id, sizeof id) == 0 : weir_str_equal(name, weir_str_of(log->topic))))
            return n;
    }
    return -1;
}

static void order_remove(peer_session *s, int32_t at) {
    int32_t kept = 0;
    for (int32_t n = 0; n < s->count; n++)
        if (s->order[n] != at)
            s->order[kept++] = s->order[n];
    s->count = kept;
}

/* Brings the session to what the request says; returns an error code of the whole response. */
static int16_t session_update(peer *p, peer_session *s, int16_t version, const weir_fetch_request *request) {
    bool full = version < 7 || request->session_epoch <= 0;
    if (!full && request->session_id != s->id)
        return WEIR_CODE_FETCH_SESSION_ID_NOT_FOUND;
    if (!full && request->session_epoch != s->epoch)
        return WEIR_CODE_INVALID_FETCH_SESSION_EPOCH;
    if (full)
        *s = (peer_session){.id = s->id + 1};
    s->epoch = full ? 1 : s->epoch + 1;
    p->listed = p->forgotten = 0;
    for (int32_t t = 0; t < request->forgotten_topics_data.count; t++) {
        const weir_fetch_request_forgotten_topic *f = &request->forgotten_topics_data.items[t];
        for (int32_t n = 0; n < f->partitions.count; n++, p->forgotten++) {
            int32_t at = log_of(p, version, f->topic, f->topic_id, f->partitions.items[n]);
            ck_assert_int_ge(at, 0);
            ck_assert(s->has[at]);
            s->has[at] = false;
            order_remove(s, at);
        }
    }
    for (int32_t t = 0; t < request->topics.count; t++) {
        const weir_fetch_request_fetch_topic *f = &request->topics.items[t];
        for (int32_t n = 0; n < f->partitions.count; n++, p->listed++) {
            int32_t at = log_of(p, version, f->topic, f->topic_id, f->partitions.items[n].partition);
            if (at < 0)
                return WEIR_CODE_UNKNOWN_TOPIC_ID;
            if (!s->has[at])
                s->order[s->count++] = at;
            s->has[at] = true;
            s->from[at] = f->partitions.items[n].fetch_offset;
            s->told_end[at] = -1;
        }
    }
    return 0;
}

static void take_records(peer *p, const peer_log *log, int64_t from, bool committed, size_t max, bool first,
                         weir_fetch_response_partition_data *data) {
    int64_t end = committed ? log->stable : log->end;
    size_t begin = 0;
    while (begin < log->batches && log->last[begin] < from)
        begin++;
    size_t stop = begin;
    while (stop < log->batches && log->last[stop] < end &&
           (log->at[stop + 1] - log->at[begin] <= max || (first && stop == begin)))
        stop++;
    size_t len = log->at[stop] - log->at[begin];
    if (p->tail && stop > begin && stop < log->batches)
        len += (log->at[stop + 1] - log->at[stop]) / 2;
    data->records = (weir_records){len > 0 ? log->bytes + log->at[begin] : NULL, (uint32_t)len};
    if (committed) {
        data->aborted_transactions.items = (weir_fetch_response_aborted_transaction *)(uintptr_t)log->aborted;
        data->aborted_transactions.count = log->aborted_count;
    }
}

/* The partition's limit in a request. */
static size_t asked_bytes(const peer_log *log, const weir_fetch_request *request) {
    for (int32_t t = 0; t < request->topics.count; t++)
        for (int32_t n = 0; n < request->topics.items[t].partitions.count; n++)
            if (request->topics.items[t].partitions.items[n].partition == log->partition &&
                weir_str_equal(request->topics.items[t].topic, weir_str_of(log->topic)))
                return (size_t)request->topics.items[t].partitions.items[n].partition_max_bytes;
    return 0;
}

/* Before 0.10.1 a broker sends as many bytes as it was asked for, wherever that ends. */
static void take_bytes(const peer_log *log, int64_t from, size_t max, weir_fetch_response_partition_data *data) {
    size_t begin = 0;
    while (begin < log->batches && log->last[begin] < from)
        begin++;
    size_t len = log->len - log->at[begin];
    data->records = (weir_records){log->bytes + log->at[begin], (uint32_t)(len < max ? len : max)};
}

/* Fills one partition's part; true when it says something. */
static bool fill(peer *p, const peer_link *link, const weir_fetch_request *request, int32_t at, size_t *room,
                 bool *first, weir_fetch_response_partition_data *data) {
    peer_log *log = &p->logs[at];
    peer_session *s = &p->sessions[link->broker];
    int64_t from = s->from[at];
    log->fetched++;
    *data = (weir_fetch_response_partition_data){.partition_index = log->partition,
                                                 .log_start_offset = log->start,
                                                 .high_watermark = log->end,
                                                 .last_stable_offset = log->stable,
                                                 .preferred_read_replica = -1};
    data->diverging_epoch.epoch = data->current_leader.leader_id = data->current_leader.leader_epoch = -1;
    data->diverging_epoch.end_offset = data->snapshot_id.end_offset = -1;
    data->snapshot_id.epoch = -1;
    data->error_code = log->leader != link->broker            ? WEIR_CODE_NOT_LEADER_OR_FOLLOWER
                       : from < log->start || from > log->end ? WEIR_CODE_OFFSET_OUT_OF_RANGE
                                                              : log->fetch_code;
    log->fetch_code = 0;
    bool changed = s->told_end[at] != log->end;
    s->told_end[at] = log->end;
    if (data->error_code != 0) {
        data->high_watermark = data->log_start_offset = -1;
        s->told_end[at] = -1;
        return true;
    }
    if (log->diverging_offset >= 0) {
        data->diverging_epoch.epoch = log->diverging_epoch;
        data->diverging_epoch.end_offset = log->diverging_offset;
        return true;
    }
    if (p->fetch_version < 3) {
        take_bytes(log, from, asked_bytes(log, request), data);
        return true;
    }
    size_t max = (size_t)p->config.max_partition_fetch_bytes;
    take_records(p, log, from, request->isolation_level == 1, max < *room ? max : *room, *first, data);
    *room -= data->records.len < *room ? data->records.len : *room;
    *first = *first && data->records.len == 0;
    return changed || data->records.len > 0;
}

static bool fetch_ready(const peer *p, const peer_link *link, const weir_fetch_request *request) {
    const peer_session *s = &p->sessions[link->broker];
    for (int32_t n = 0; n < p->log_count; n++) {
        const peer_log *log = &p->logs[n];
        int64_t end = request->isolation_level == 1 ? log->stable : log->end;
        if (s->has[n] && (log->leader != link->broker || s->from[n] < log->start || s->from[n] > log->end ||
                          (log->batches > 0 && s->from[n] <= log->last[log->batches - 1] && s->from[n] < end) ||
                          log->fetch_code != 0 || log->diverging_offset >= 0))
            return true;
    }
    return false;
}

static void damage(peer *p, weir_fetch_response_partition_data *data) {
    if (data->records.len == 0 || p->flip == SIZE_MAX || p->flips == 0)
        return;
    p->flips--;
    memcpy(scratch, data->records.p, data->records.len);
    scratch[p->flip] ^= 1;
    data->records.p = scratch;
}

static void answer_fetch(peer *p, peer_link *link, const weir_request_header *header, const weir_fetch_request *request,
                         int16_t code) {
    static weir_fetch_response_fetchable_topic_response topics[PEER_LOGS];
    static weir_fetch_response_partition_data parts[PEER_LOGS];
    peer_session *s = &p->sessions[link->broker];
    bool full = header->api_version < 7 || request->session_epoch <= 0, first = true;
    size_t room = (size_t)request->max_bytes;
    weir_fetch_response r;
    weir_message_init(weir_api_find(WEIR_API_FETCH)->response, &r);
    r.error_code = code;
    r.session_id = code == 0 && header->api_version >= 7 ? s->id : 0;
    r.responses.items = topics;
    int32_t order[PEER_LOGS];
    memcpy(order, s->order, sizeof order);
    for (int32_t i = 0, count = s->count; code == 0 && i < count; i++) {
        int32_t n = order[i];
        weir_fetch_response_partition_data *data = &parts[r.responses.count];
        if (!fill(p, link, request, n, &room, &first, data) && !full)
            continue;
        if (data->records.len > 0) {
            order_remove(s, n);
            s->order[s->count++] = n;
        }
        damage(p, data);
        weir_fetch_response_fetchable_topic_response *topic = &topics[r.responses.count++];
        topic->topic = weir_str_of(p->logs[n].topic);
        topic->topic_id = p->logs[n].id;
        topic->partitions.items = data;
        topic->partitions.count = 1;
    }
    size_t before = link->out_len;
    peer_answer(p, link, header, &r, p->cut);
    link->broken = p->cut != SIZE_MAX;
    p->cut = SIZE_MAX;
    p->bytes_sent[link->broker] += link->out_len - before;
}

/* false: held back, to be looked at again. */
bool peer_take_fetch(peer *p, peer_link *link, const weir_request_header *header, const weir_fetch_request *request) {
    int16_t code = 0;
    if (link->held_until == 0) {
        p->fetches[link->broker]++;
        p->full_fetches += header->api_version < 7 || request->session_epoch <= 0;
        code = p->refuse;
        p->refuse = 0;
        if (code == 0)
            code = session_update(p, &p->sessions[link->broker], header->api_version, request);
        p->session_errors += code != 0;
        link->held_until = p->now + request->max_wait_ms * 1000;
    }
    if (code == 0 && p->now < link->held_until && !fetch_ready(p, link, request))
        return false;
    link->held_until = 0;
    answer_fetch(p, link, header, request, code);
    return true;
}
