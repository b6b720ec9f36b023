/* The source: an enumerator finds the partitions of the topics and turns them into splits with fixed start and stop
   offsets; a reader reads splits and hands out batches, to be walked record by record. Neither knows the other. */
#ifndef WEIR_SOURCE_H
#define WEIR_SOURCE_H

#include <weir/client.h>
#include <weir/record.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WEIR_NO_STOP INT64_MAX

/* One partition with the range to read. */
typedef struct weir_split {
    weir_str topic;     /* owned by whoever hands the split out, see there */
    weir_uuid topic_id; /* zero where the broker has none (before 2.8) */
    int32_t partition;
    int64_t position;     /* offset of the next record to read */
    int64_t stop;         /* offset of the first record not to read, or WEIR_NO_STOP */
    int32_t leader_epoch; /* of the last record read, -1 unknown (KIP-320) */
} weir_split;

typedef enum weir_start {
    WEIR_START_EARLIEST,
    WEIR_START_LATEST
} weir_start;

typedef enum weir_stop {
    WEIR_STOP_NEVER,
    WEIR_STOP_LATEST /* the end (read_committed: the last stable offset) when the partition is discovered */
} weir_stop;

/* ---- enumerator ---- */
typedef struct weir_enumerator weir_enumerator;

WEIR_API weir_err weir_enumerator_new(weir_enumerator **enumerator, weir_client *client, const weir_config *config,
                                      weir_alloc *alloc);
WEIR_API void weir_enumerator_free(weir_enumerator *enumerator);
/* Adds a topic to read. Before the first poll. */
WEIR_API weir_err weir_enumerator_add_topic(weir_enumerator *enumerator, weir_str topic);
WEIR_API void weir_enumerator_range(weir_enumerator *enumerator, weir_start start, weir_stop stop);
/* Makes a split known from a checkpoint: its position stands, and its stop offset too unless it is WEIR_NO_STOP and the
   range asks for one. A topic that is not (or no longer) among the topics is read on. The split is copied. */
WEIR_API weir_err weir_enumerator_restore(weir_enumerator *enumerator, const weir_split *split);
/* WEIR_AGAIN while offsets are being resolved, WEIR_OK once all splits are ready; else see the fault: unknown topic,
   a topic that was deleted and created anew since the checkpoint, a partition that no longer exists. */
WEIR_API weir_err weir_enumerator_poll(weir_enumerator *enumerator, weir_time_us now);
/* The n-th split once poll has returned WEIR_OK; false past the last. The topic's text lives as long as the
   enumerator. Splits are in order of topic (as added), then partition. */
WEIR_API bool weir_enumerator_split(const weir_enumerator *enumerator, size_t n, weir_split *split);
WEIR_API const weir_fault *weir_enumerator_fault(const weir_enumerator *enumerator);

/* ---- reader ---- */
typedef struct weir_reader weir_reader;

/* A batch of one split, to be walked with weir_split_batch_next. */
typedef struct weir_split_batch {
    weir_str topic;
    int32_t partition;
    weir_batch_walk walk;
    int64_t *position; /* the split's: moved past every record that is taken */
    int64_t stop;
    int64_t end; /* the position behind the whole batch */
} weir_split_batch;

WEIR_API weir_err weir_reader_new(weir_reader **reader, weir_client *client, const weir_config *config,
                                  weir_alloc *alloc);
WEIR_API void weir_reader_free(weir_reader *reader);
/* Gives the reader a split; its topic's text is copied. At most once for a partition. */
WEIR_API weir_err weir_reader_add(weir_reader *reader, const weir_split *split);
/* The next batch of any split, WEIR_AGAIN when none is there yet, WEIR_END when every split has reached its stop offset
   (by position, so trailing control records and aborted data count). Releases the batch handed out before; one that
   was not walked to its end is handed out again instead, where it was left. Errors (see the fault) are final:
   an offset out of range, a corrupt batch, a recreated topic. */
WEIR_API weir_err weir_reader_poll(weir_reader *reader, const weir_split_batch **batch, weir_time_us now);
/* The next record of a batch: WEIR_OK, WEIR_END, or WEIR_E_MALFORMED. Records in front of the split's position are
   passed over, so a walk can be broken off and the split read on later. */
WEIR_API weir_err weir_split_batch_next(const weir_split_batch *batch, weir_record *record);
/* The n-th split with its present position; false past the last. */
WEIR_API bool weir_reader_split(const weir_reader *reader, size_t n, weir_split *split);
/* Records between the positions and the high watermarks last seen, over all splits. */
WEIR_API int64_t weir_reader_lag(const weir_reader *reader);
WEIR_API const weir_fault *weir_reader_fault(const weir_reader *reader);

/* ---- snapshots ---- */
/* Splits as versioned bytes. Size with `out == NULL`; returns the bytes needed. */
WEIR_API size_t weir_splits_encode(const weir_split *splits, size_t count, uint8_t *out, size_t room);
/* How many splits a snapshot holds; WEIR_E_CHECKPOINT for bytes that are not such a snapshot. */
WEIR_API weir_err weir_splits_count(weir_bytes snapshot, size_t *count);
/* Reads all of them into `splits`, which has room for the count. Topics are views into the snapshot. */
WEIR_API weir_err weir_splits_decode(weir_bytes snapshot, weir_split *splits);

#ifdef __cplusplus
}
#endif

#endif
