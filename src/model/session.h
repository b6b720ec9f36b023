/* Fetch sessions (KIP-227): what a consumer has asked for, so that it need not say it again. */
#ifndef WEIR_SRC_MODEL_SESSION_H
#define WEIR_SRC_MODEL_SESSION_H

#include "cluster.h"

/* A partition that is being read. */
typedef struct weir__cursor {
    weir__topic *topic; /* may be a shell; NULL: an id that nobody knew */
    weir_uuid id;       /* with which it was asked for; zero: by name */
    int32_t partition;
    int32_t leader_epoch, last_epoch; /* the reader's; -1 unknown */
    int32_t max_bytes;
    int64_t offset;
    int64_t told_end, told_start; /* high watermark and log start as told last; -1: to be told */
} weir__cursor;

typedef struct weir__session {
    int32_t id;
    int32_t epoch; /* of the request to come */
    bool by_id;    /* its partitions are named by topic ids */
    weir_time_us created, used;
    weir__cursor *cursors; /* in the order in which they are served */
    size_t cursor_count, cursor_cap;
    size_t hint; /* where the next search begins: requests keep the order of the session as a rule */
} weir__session;

weir__session *weir__session_find(weir__broker *broker, int32_t id);
/* A session without cursors; one that is stale, or smaller and old, gives way. NULL: there is no slot, or no memory. */
weir__session *weir__session_new(weir__model *model, weir__broker *broker, size_t cursors, bool by_id,
                                 weir_time_us now);
void weir__session_close(weir__model *model, weir__broker *broker, weir__session *session);
int32_t weir__session_next_epoch(int32_t epoch);
/* The cursor of the same partition; the number of cursors when there is none. */
size_t weir__session_seek(weir__session *session, const weir__cursor *cursor);
/* Adds a cursor, or takes over what changed of it. False: no memory. */
bool weir__session_put(weir__model *model, weir__session *session, const weir__cursor *cursor);
void weir__session_forget(weir__session *session, const weir__cursor *cursor);
/* Moves a cursor behind all others. */
void weir__session_to_end(weir__session *session, size_t n);

#endif
