/* Which batches of one partition's part of a response belong to aborted transactions (read_committed). */
#ifndef WEIR_SRC_SOURCE_ABORTED_H
#define WEIR_SRC_SOURCE_ABORTED_H

#include <weir/messages.h>

/* The broker's list, worked off in place: [0, active) are the transactions that are open at the present batch, in order
   of producer id; [next, count) begin further on, in order of first offset. */
typedef struct weir__aborted {
    weir_fetch_response_aborted_transaction *items;
    size_t count, next, active;
} weir__aborted;

/* Takes a list in any order, with duplicates if need be. It is reordered; the caller keeps its memory in place. */
void weir__aborted_init(weir__aborted *aborted, weir_fetch_response_aborted_transaction *items, int32_t count);
/* Goes on to the batch whose last offset this is. Offsets ascend. */
void weir__aborted_reach(weir__aborted *aborted, int64_t last_offset);
/* Whether transactional batches of the producer are to be dropped here. */
bool weir__aborted_has(const weir__aborted *aborted, int64_t producer_id);
/* An abort marker of the producer has been passed. */
void weir__aborted_end(weir__aborted *aborted, int64_t producer_id);

#endif
