/* Reading with a peer until the end, and what was read. */
#ifndef WEIR_TESTS_SOURCE_HARVEST_H
#define WEIR_TESTS_SOURCE_HARVEST_H

#include "peer.h"

#define HARVEST_MAX 4096

typedef struct harvest {
    peer peer;
    weir_enumerator *enumerator;
    weir_reader *reader;
    size_t count;
    struct {
        int32_t partition;
        int64_t offset;
        char topic;
    } records[HARVEST_MAX];
    size_t stop_after; /* reading ends after so many records; 0: not */
} harvest;

/* A peer without logs. */
void harvest_init(harvest *h);
void harvest_free(harvest *h);
/* Finds the splits of the topics (comma-separated) and gives them to a reader. Returns what the enumerator came to. */
weir_err harvest_find(harvest *h, const char *topics, weir_start start, weir_stop stop);
/* The same in two steps, so that splits can be restored in between. */
void harvest_enumerate(harvest *h, const char *topics, weir_start start, weir_stop stop);
weir_err harvest_resolve(harvest *h);
/* Makes an empty reader. */
void harvest_reader(harvest *h);
/* Polls until the end, an error, stop_after, or until nothing has come for ten seconds (WEIR_AGAIN). Checks that
   offsets of a partition ascend and that each record's key is its offset. */
weir_err harvest_read(harvest *h);
/* How many records of a partition were read. */
size_t harvest_of(const harvest *h, int32_t partition);
weir_split harvest_split(const harvest *h, size_t n);

#define ck_assert_text(fault, part) ck_assert_msg(strstr((fault)->text, part) != NULL, "fault: %s", (fault)->text)

#endif
