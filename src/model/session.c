/* The cache of fetch sessions of a broker. */
#include "session.h"

#include <string.h>

#define STALE_US (120 * INT64_C(1000000)) /* a session that rested so long gives way */

weir__session *weir__session_find(weir__broker *broker, int32_t id) {
    for (size_t n = 0; n < broker->session_count; n++)
        if (broker->sessions[n].id == id)
            return &broker->sessions[n];
    return NULL;
}

int32_t weir__session_next_epoch(int32_t epoch) {
    return epoch == INT32_MAX ? 1 : epoch + 1;
}

void weir__session_close(weir__model *model, weir__broker *broker, weir__session *session) {
    size_t n = (size_t)(session - broker->sessions);
    weir__model_give(model, session->cursors, session->cursor_cap * sizeof *session->cursors);
    memmove(session, session + 1, (--broker->session_count - n) * sizeof *session);
}

void weir__sessions_free(weir__model *model, weir__broker *broker) {
    while (broker->session_count > 0)
        weir__session_close(model, broker, &broker->sessions[broker->session_count - 1]);
    weir__model_give(model, broker->sessions, broker->session_cap * sizeof *broker->sessions);
    broker->sessions = NULL;
    broker->session_cap = 0;
}

/* Frees a slot for a session of so many cursors, as Kafka does: that which rested longest if it is stale, else the
   smallest of the old ones unless it is larger. */
static bool evict(weir__model *model, weir__broker *broker, size_t cursors, weir_time_us now) {
    weir__session *rested = NULL, *smallest = NULL;
    for (size_t n = 0; n < broker->session_count; n++) {
        weir__session *session = &broker->sessions[n];
        if (rested == NULL || session->used < rested->used)
            rested = session;
        if (session->used - session->created > STALE_US &&
            (smallest == NULL || session->cursor_count < smallest->cursor_count))
            smallest = session;
    }
    bool stale = rested != NULL && now - rested->used > STALE_US;
    if (!stale && (smallest == NULL || smallest->cursor_count >= cursors))
        return false;
    weir__session_close(model, broker, stale ? rested : smallest);
    return true;
}

weir__session *weir__session_new(weir__model *model, weir__broker *broker, size_t cursors, bool by_id,
                                 weir_time_us now) {
    size_t most = (size_t)model->config.fetch_sessions;
    if (broker->session_count >= most && !evict(model, broker, cursors, now))
        return NULL;
    if (!weir__grow(model, (void **)&broker->sessions, &broker->session_cap, broker->session_count,
                    sizeof *broker->sessions))
        return NULL;
    weir__session *session = &broker->sessions[broker->session_count];
    *session = (weir__session){.id = broker->next_session_id, .epoch = 1, .by_id = by_id, .created = now, .used = now};
    if (!weir__grow_by(model, (void **)&session->cursors, &session->cursor_cap, 0, cursors, sizeof *session->cursors))
        return NULL;
    broker->session_count++;
    broker->next_session_id = weir__session_next_epoch(broker->next_session_id);
    return session;
}

static bool same(const weir__cursor *a, const weir__cursor *b) {
    if (a->partition != b->partition || memcmp(a->id.b, b->id.b, sizeof a->id.b) != 0)
        return false;
    return !weir_uuid_is_zero(a->id) || a->topic == b->topic || strcmp(a->topic->name, b->topic->name) == 0;
}

size_t weir__session_seek(weir__session *session, const weir__cursor *cursor) {
    size_t count = session->cursor_count;
    for (size_t n = 0; n < count; n++) {
        size_t at = (session->hint + n) % count;
        if (same(&session->cursors[at], cursor)) {
            session->hint = at + 1;
            return at;
        }
    }
    return count;
}

bool weir__session_put(weir__model *model, weir__session *session, const weir__cursor *cursor) {
    size_t n = weir__session_seek(session, cursor);
    if (n == session->cursor_count) {
        if (!weir__grow(model, (void **)&session->cursors, &session->cursor_cap, n, sizeof *session->cursors))
            return false;
        session->cursors[session->cursor_count++] = *cursor;
        return true;
    }
    int64_t told_end = session->cursors[n].told_end, told_start = session->cursors[n].told_start;
    session->cursors[n] = *cursor;
    session->cursors[n].told_end = told_end;
    session->cursors[n].told_start = told_start;
    return true;
}

void weir__session_forget(weir__session *session, const weir__cursor *cursor) {
    size_t n = weir__session_seek(session, cursor);
    if (n == session->cursor_count)
        return;
    memmove(&session->cursors[n], &session->cursors[n + 1], (--session->cursor_count - n) * sizeof *session->cursors);
}

void weir__session_to_end(weir__session *session, size_t n) {
    weir__cursor cursor = session->cursors[n];
    memmove(&session->cursors[n], &session->cursors[n + 1], (session->cursor_count - n - 1) * sizeof *session->cursors);
    session->cursors[session->cursor_count - 1] = cursor;
}
