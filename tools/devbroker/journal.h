/* The journal: everything that was done to the model and matters, in order. The model is deterministic, so doing it
   again makes the same cluster. */
#ifndef WEIR_TOOLS_DEVBROKER_JOURNAL_H
#define WEIR_TOOLS_DEVBROKER_JOURNAL_H

#include <stdio.h>

#include "model.h"

typedef enum deed_kind {
    DEED_BEGIN = 1,  /* the first: `bytes` are a text that says how the cluster was set up */
    DEED_TOPIC,      /* `number` partitions of the topic named by `bytes` */
    DEED_CONNECT,    /* to broker `number` */
    DEED_DISCONNECT, /* connection `number` */
    DEED_REQUEST,    /* a frame from connection `number` */
    DEED_TICK
} deed_kind;

typedef struct deed {
    deed_kind kind;
    int32_t number;
    weir_time_us now;
    weir_bytes bytes;
} deed;

typedef struct journal journal;

/* Opens or makes the journal of a folder and locks it. What is cut off or damaged at its end, as by a loss of power, is
   dropped. NULL, with words on stderr. */
journal *journal_open(const char *folder);
/* Writes out and closes. */
void journal_close(journal *j);
/* Reads the deeds that were there when it was opened, one by one; false past the last. The bytes are valid until the
   next call. */
bool journal_next(journal *j, deed *d);
/* Adds a deed. It is in the file once journal_flush has returned, and survives a loss of power after journal_sync. Both
   are false, with words on stderr, when the disk fails. */
void journal_add(journal *j, const deed *d);
bool journal_flush(journal *j);
bool journal_sync(journal *j);
/* Whether there is something to sync. */
bool journal_dirty(const journal *j);

#endif
