/* Fetch. What a request reads are the cursors of its session, or those of the request itself. */
#include <string.h>

#include <weir/proto.h>

#include "answer.h"
#include "handlers.h"
#include "log.h"
#include "session.h"

typedef weir_fetch_response_partition_data told;

/* A request on its way. */
typedef struct reading {
    weir__exchange *e;
    weir__broker *broker;
    weir__session *session; /* NULL: the request lists all */
    weir__cursor *cursors;
    int32_t count;
    told *data;    /* for each cursor */
    bool *unknown; /* for each cursor: there is no such partition */
    int64_t bytes;
    int32_t known;
    bool at_once; /* an error, or a divergence, is not to wait */
} reading;

/* ---- what is asked for ---- */
/* False: no memory. */
static bool cursor_of(weir__exchange *e, weir_str name, weir_uuid id, int32_t partition, weir__cursor *cursor) {
    bool by_id = e->header.api_version >= 13;
    *cursor =
        (weir__cursor){.partition = partition, .leader_epoch = -1, .last_epoch = -1, .told_end = -1, .told_start = -1};
    if (by_id) {
        cursor->id = id;
        cursor->topic = weir__topic_by_id(e->model, id);
        return true;
    }
    cursor->topic = weir__topic_find(e->model, name);
    if (cursor->topic == NULL)
        cursor->topic = weir__topic_shell(e->model, name);
    return cursor->topic != NULL;
}

static bool cursor_asked(weir__exchange *e, const weir_fetch_request_fetch_topic *topic, int32_t n,
                         weir__cursor *cursor) {
    const weir_fetch_request_fetch_partition *asked = &topic->partitions.items[n];
    if (!cursor_of(e, topic->topic, topic->topic_id, asked->partition, cursor))
        return false;
    cursor->leader_epoch = asked->current_leader_epoch;
    cursor->last_epoch = asked->last_fetched_epoch;
    cursor->max_bytes = asked->partition_max_bytes;
    cursor->offset = asked->fetch_offset;
    return true;
}

/* Takes the cursors from the request itself. */
static weir__handled list_cursors(reading *r) {
    const weir_fetch_request *request = r->e->request;
    size_t count = 0;
    for (int32_t t = 0; t < request->topics.count; t++)
        count += (size_t)request->topics.items[t].partitions.count;
    if (count > 0 && (r->cursors = weir_arena_take(r->e->arena, count * sizeof *r->cursors)) == NULL)
        return WEIR__NO_ROOM;
    for (int32_t t = 0; t < request->topics.count; t++)
        for (int32_t n = 0; n < request->topics.items[t].partitions.count; n++)
            if (!cursor_asked(r->e, &request->topics.items[t], n, &r->cursors[r->count++]))
                return WEIR__CLOSED;
    return WEIR__ANSWERED;
}

/* Changes a session as the request says. False: no memory. */
static bool update_session(reading *r) {
    const weir_fetch_request *request = r->e->request;
    weir__cursor cursor;
    for (int32_t t = 0; t < request->topics.count; t++)
        for (int32_t n = 0; n < request->topics.items[t].partitions.count; n++)
            if (!cursor_asked(r->e, &request->topics.items[t], n, &cursor) ||
                !weir__session_put(r->e->model, r->session, &cursor))
                return false;
    for (int32_t t = 0; t < request->forgotten_topics_data.count; t++) {
        const weir_fetch_request_forgotten_topic *topic = &request->forgotten_topics_data.items[t];
        for (int32_t n = 0; n < topic->partitions.count; n++) {
            if (!cursor_of(r->e, topic->topic, topic->topic_id, topic->partitions.items[n], &cursor))
                return false;
            weir__session_forget(r->session, &cursor);
        }
    }
    return true;
}

/* Finds the session of an incremental request: WEIR_CODE_NONE, or what the whole request is answered with. */
static int16_t find_session(reading *r) {
    const weir_fetch_request *request = r->e->request;
    weir__session *session = weir__session_find(r->broker, request->session_id);
    int32_t expected = r->e->again ? weir__session_next_epoch(request->session_epoch) : request->session_epoch;
    if (session == NULL)
        return r->e->again ? WEIR_CODE_INVALID_FETCH_SESSION_EPOCH : WEIR_CODE_FETCH_SESSION_ID_NOT_FOUND;
    if (session->epoch != expected)
        return WEIR_CODE_INVALID_FETCH_SESSION_EPOCH;
    if (session->by_id != (r->e->header.api_version >= 13))
        return WEIR_CODE_FETCH_SESSION_TOPIC_ID_ERROR;
    r->session = session;
    return WEIR_CODE_NONE;
}

/* Takes the cursors of an incremental request. ANSWERED: the response says all, unless there is a session. */
static weir__handled resume(reading *r) {
    const weir_fetch_request *request = r->e->request;
    weir_fetch_response *response = r->e->response;
    response->error_code = find_session(r);
    if (response->error_code != WEIR_CODE_NONE)
        return WEIR__ANSWERED;
    if (!r->e->again) {
        if (!update_session(r))
            return WEIR__CLOSED;
        if (r->session->cursor_count == 0) {
            weir__session_close(r->e->model, r->broker, r->session);
            r->session = NULL;
            return WEIR__ANSWERED;
        }
        r->session->epoch = weir__session_next_epoch(request->session_epoch);
        r->session->used = r->e->now;
    }
    response->session_id = r->session->id;
    r->cursors = r->session->cursors;
    r->count = (int32_t)r->session->cursor_count;
    return WEIR__ANSWERED;
}

/* ---- reading ---- */
static void fail(told *data, int16_t code) {
    data->error_code = code;
    data->high_watermark = data->last_stable_offset = data->log_start_offset = -1;
}

/* Lists the aborted transactions that readers of [from, to) have to know. False: the arena is used up. */
static bool list_aborted(weir__exchange *e, const weir__log *log, int64_t from, int64_t to, told *data) {
    size_t low = 0, high = log->aborted_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (log->aborted[middle].last_offset < from)
            low = middle + 1;
        else
            high = middle;
    }
    int32_t count = 0;
    size_t end = low;
    while (end < log->aborted_count) {
        count += log->aborted[end].first_offset < to;
        if (log->aborted[end++].stable >= to)
            break;
    }
    if (!WEIR__ANSWER_ARRAY(e, data->aborted_transactions, count))
        return false;
    count = 0;
    for (size_t n = low; n < end; n++)
        if (log->aborted[n].first_offset < to)
            data->aborted_transactions.items[count++] =
                (weir_fetch_response_aborted_transaction){log->aborted[n].producer_id, log->aborted[n].first_offset};
    return true;
}

/* KIP-320: whether the reader's last batch is still in the log. */
static int16_t check_epoch(const weir__log *log, const weir__cursor *cursor, told *data) {
    int32_t found;
    int64_t end;
    if (cursor->last_epoch < 0)
        return WEIR_CODE_NONE;
    weir__log_epoch_end(log, cursor->last_epoch, &found, &end);
    if (end < 0 || cursor->offset < log->start)
        return WEIR_CODE_OFFSET_OUT_OF_RANGE;
    if (found < cursor->last_epoch || end < cursor->offset)
        data->diverging_epoch = (weir_fetch_response_epoch_end_offset){found, end};
    return WEIR_CODE_NONE;
}

static bool diverges(const told *data) {
    return data->diverging_epoch.end_offset >= 0;
}

/* Reads from a log at most `left` bytes, but a whole batch. False: the arena is used up. */
static bool read_log(weir__exchange *e, const weir__log *log, const weir__cursor *cursor, int64_t left, bool whole,
                     told *data) {
    const weir_fetch_request *request = e->request;
    bool committed = request->isolation_level == 1;
    int64_t stable = weir__log_stable(log), next;
    data->high_watermark = log->end;
    data->last_stable_offset = stable;
    data->log_start_offset = log->start;
    int16_t code = check_epoch(log, cursor, data);
    if (code == WEIR_CODE_NONE && !diverges(data) && (cursor->offset < log->start || cursor->offset > log->end))
        code = WEIR_CODE_OFFSET_OUT_OF_RANGE;
    if (code != WEIR_CODE_NONE) {
        fail(data, code);
        return true;
    }
    if (committed)
        data->aborted_transactions.count = 0;
    if (diverges(data))
        return true;
    int64_t most = cursor->max_bytes < left ? cursor->max_bytes : left, limit = committed ? stable : log->end;
    if (cursor->offset >= limit)
        return true;
    weir_records records = weir__log_read(log, cursor->offset, limit, most > 0 ? (size_t)most : 0, whole, &next);
    if (records.len == 0)
        return true;
    data->records = records;
    return !committed || list_aborted(e, log, cursor->offset, next, data);
}

/* Where a cursor points now; NULL with the reason. */
static weir__log *log_of(const weir__exchange *e, const weir__cursor *cursor, int16_t *code) {
    const weir__topic *topic = cursor->topic;
    bool by_id = topic == NULL || !weir_uuid_is_zero(cursor->id);
    if (topic == NULL || !topic->alive)
        topic = by_id ? weir__topic_by_id(e->model, cursor->id)
                      : weir__topic_find(e->model, weir_str_of(cursor->topic->name));
    weir__log *log = weir__topic_log(topic, cursor->partition);
    *code = by_id && topic == NULL ? WEIR_CODE_UNKNOWN_TOPIC_ID : WEIR_CODE_UNKNOWN_TOPIC_OR_PARTITION;
    return log;
}

/* Adds the address of a leader to those that the answer names (KIP-951). */
static void name_leader(const weir__exchange *e, const weir__log *log, told *data) {
    weir_fetch_response *response = e->response;
    if (log->leader < 0 || e->header.api_version < 16)
        return;
    data->current_leader = (weir_fetch_response_leader_id_and_epoch){log->leader, log->leader_epoch};
    for (int32_t n = 0; n < response->node_endpoints.count; n++)
        if (response->node_endpoints.items[n].node_id == log->leader)
            return;
    response->node_endpoints.items[response->node_endpoints.count++] = (weir_fetch_response_node_endpoint){
        .node_id = log->leader, .host = weir__host(e->model), .port = weir__port(e->model, log->leader)};
}

static const told nothing = {
    .last_stable_offset = -1,
    .log_start_offset = -1,
    .diverging_epoch = {-1, -1},
    .current_leader = {-1, -1},
    .snapshot_id = {-1, -1},
    .aborted_transactions = {NULL, -1},
    .preferred_read_replica = -1,
    .records = {(const uint8_t *)"", 0},
};

/* Reads one cursor. False: the arena is used up. */
static bool read_cursor(reading *r, int32_t n, int64_t left) {
    const weir__cursor *cursor = &r->cursors[n];
    told *data = &r->data[n];
    int16_t code;
    const weir__log *log = log_of(r->e, cursor, &code);
    *data = nothing;
    data->partition_index = cursor->partition;
    r->unknown[n] = log == NULL;
    if (log == NULL) {
        fail(data, code);
        data->aborted_transactions.count = 0;
        return true;
    }
    r->known++;
    code = weir__leader_check(r->e, log, cursor->leader_epoch);
    if (code != WEIR_CODE_NONE) {
        fail(data, code);
        if (code == WEIR_CODE_NOT_LEADER_OR_FOLLOWER || code == WEIR_CODE_FENCED_LEADER_EPOCH)
            name_leader(r->e, log, data);
    } else if (!read_log(r->e, log, cursor, left, r->bytes == 0, data)) {
        return false;
    }
    r->bytes += data->records.len;
    r->at_once = r->at_once || data->error_code != WEIR_CODE_NONE || diverges(data);
    return true;
}

static bool read_all(reading *r) {
    const weir_fetch_request *request = r->e->request;
    weir_fetch_response *response = r->e->response;
    int32_t limit = r->e->model->config.fetch_max_bytes;
    int64_t most = request->max_bytes < limit ? request->max_bytes : limit;
    size_t count = r->count > 0 ? (size_t)r->count : 1;
    if (!WEIR__ANSWER_ARRAY(r->e, response->node_endpoints, r->e->model->config.brokers) ||
        (r->data = weir_arena_take(r->e->arena, count * sizeof *r->data)) == NULL ||
        (r->unknown = weir_arena_take(r->e->arena, count * sizeof *r->unknown)) == NULL)
        return false;
    response->node_endpoints.count = 0;
    for (int32_t n = 0; n < r->count; n++)
        if (!read_cursor(r, n, most > r->bytes ? most - r->bytes : 0))
            return false;
    return true;
}

/* Whether there is reason to answer now. */
static bool enough(const reading *r) {
    const weir_fetch_request *request = r->e->request;
    int32_t limit = r->e->model->config.fetch_max_bytes;
    return request->max_wait_ms <= 0 || r->known == 0 || r->at_once || r->e->throttle_ms > 0 ||
           r->bytes >= (request->min_bytes < limit ? request->min_bytes : limit) ||
           (r->e->again && r->e->now >= *r->e->due);
}

/* ---- the answer ---- */
/* Whether a session's reader has to be told of a partition. Notes that it is. */
static bool news(weir__cursor *cursor, const told *data) {
    bool any = data->records.len > 0 || cursor->told_end != data->high_watermark ||
               cursor->told_start != data->log_start_offset || data->error_code != WEIR_CODE_NONE || diverges(data);
    cursor->told_end = data->error_code != WEIR_CODE_NONE ? -1 : data->high_watermark;
    cursor->told_start = data->log_start_offset;
    return any;
}

static bool same_topic(const weir__cursor *a, const weir__cursor *b) {
    return a->topic == b->topic && memcmp(a->id.b, b->id.b, sizeof a->id.b) == 0;
}

/* Puts what is to be told into the response: partitions of a topic that follow each other under one head, those that
   do not exist behind all others. False: the arena is used up. */
static bool tell(reading *r, const bool *chosen) {
    weir_fetch_response *response = r->e->response;
    const weir__cursor *last = NULL;
    weir_fetch_response_fetchable_topic_response *topic = NULL;
    told *out = weir_arena_take(r->e->arena, (size_t)(r->count + 1) * sizeof *out);
    if (out == NULL || !WEIR__ANSWER_ARRAY(r->e, response->responses, r->count))
        return false;
    response->responses.count = 0;
    for (int pass = 0; pass < 2; pass++)
        for (int32_t n = 0; n < r->count; n++) {
            const weir__cursor *cursor = &r->cursors[n];
            if (!chosen[n] || r->unknown[n] != (pass == 1))
                continue;
            if (last == NULL || !same_topic(last, cursor)) {
                topic = &response->responses.items[response->responses.count++];
                topic->topic = cursor->topic != NULL ? weir_str_of(cursor->topic->name) : WEIR__NO_TEXT;
                topic->topic_id = cursor->id;
                topic->partitions.items = out;
                topic->partitions.count = 0;
            }
            *out++ = r->data[n];
            topic->partitions.count++;
            last = cursor;
        }
    return true;
}

/* Opens a session for the cursors of a full request, if there is a slot. */
static void open_session(reading *r) {
    weir_fetch_response *response = r->e->response;
    weir__session *session =
        weir__session_new(r->e->model, r->broker, (size_t)r->count, r->e->header.api_version >= 13, r->e->now);
    if (session == NULL)
        return;
    response->session_id = session->id;
    session->cursor_count = (size_t)r->count;
    for (int pass = 0, at = 0; pass < 2; pass++)
        for (int32_t n = 0; n < r->count; n++)
            if (r->unknown[n] == (pass == 1)) {
                session->cursors[at] = r->cursors[n];
                session->cursors[at].told_end = r->data[n].high_watermark;
                session->cursors[at++].told_start = r->data[n].log_start_offset;
            }
}

/* Those that had data go behind the others, so that all get their turn. */
static void rotate(reading *r) {
    size_t moved = 0;
    for (int32_t n = 0; n < r->count; n++)
        if (r->data[n].records.len > 0)
            weir__session_to_end(r->session, (size_t)n - moved++);
}

static bool answer(reading *r, bool wants_session) {
    weir_fetch_response *response = r->e->response;
    bool *chosen = weir_arena_take(r->e->arena, (size_t)r->count + 1);
    if (chosen == NULL)
        return false;
    if (r->e->throttle_ms > 0) {
        response->node_endpoints.count = 0;
        return true;
    }
    for (int32_t n = 0; n < r->count; n++) {
        weir__cursor probe = r->cursors[n];
        chosen[n] = r->session == NULL || news(&probe, &r->data[n]);
    }
    if (!tell(r, chosen))
        return false;
    for (int32_t n = 0; r->session != NULL && n < r->count; n++)
        news(&r->cursors[n], &r->data[n]);
    if (r->session != NULL)
        rotate(r);
    else if (wants_session)
        open_session(r);
    return true;
}

/* The arena is used up: a session that has moved on for this request goes back. */
static weir__handled no_room(reading *r) {
    const weir_fetch_request *request = r->e->request;
    if (r->session != NULL && !r->e->again)
        r->session->epoch = request->session_epoch;
    return WEIR__NO_ROOM;
}

weir__handled weir__serve_fetch(weir__exchange *e) {
    const weir_fetch_request *request = e->request;
    reading r = {.e = e, .broker = &e->model->brokers[e->broker - 1]};
    bool sessions = e->header.api_version >= 7, full = !sessions || request->session_epoch <= 0;
    weir__session *old = full && sessions ? weir__session_find(r.broker, request->session_id) : NULL;
    if (old != NULL)
        weir__session_close(e->model, r.broker, old);
    weir__handled begun = full ? list_cursors(&r) : resume(&r);
    if (begun != WEIR__ANSWERED || (!full && r.session == NULL))
        return begun;
    if (!read_all(&r))
        return no_room(&r);
    if (enough(&r))
        return answer(&r, sessions && request->session_epoch == 0) ? WEIR__ANSWERED : no_room(&r);
    if (!e->again)
        *e->due = e->now + (weir_time_us)request->max_wait_ms * 1000;
    return WEIR__HELD;
}
