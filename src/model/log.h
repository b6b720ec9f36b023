/* The log of one partition: batches with offsets, leader epochs, producers and transactions, as its leader keeps them.
 */
#ifndef WEIR_SRC_MODEL_LOG_H
#define WEIR_SRC_MODEL_LOG_H

#include "cluster.h"

/* A stretch of bytes in which batches lie back to back; a read never crosses into the next. */
typedef struct weir__segment {
    uint8_t *bytes;
    size_t len, cap;
} weir__segment;

/* A batch, and where its bytes are. */
typedef struct weir__log_batch {
    int64_t base_offset, max_timestamp, producer_id;
    uint32_t segment; /* counted from the first that the log ever had */
    uint32_t at, size;
    int32_t last_delta, leader_epoch;
    int16_t producer_epoch, attributes;
    weir__model_fate fate;
} weir__log_batch;

typedef struct weir__epoch_start {
    int32_t epoch;
    int64_t start;
} weir__epoch_start;

/* A transaction of a producer without a marker yet. */
typedef struct weir__open_txn {
    int64_t producer_id, first_offset;
} weir__open_txn;

/* A transaction that was aborted, in the order of the markers. */
typedef struct weir__aborted_txn {
    int64_t producer_id, first_offset;
    int64_t last_offset; /* of the marker */
    int64_t stable;      /* the last stable offset behind it */
} weir__aborted_txn;

#define WEIR__REMEMBERED 5 /* batches of each producer */

typedef struct weir__remembered {
    int32_t last_sequence, offset_delta;
    int64_t last_offset, timestamp;
} weir__remembered;

typedef struct weir__producer {
    int64_t id;
    int16_t epoch;             /* -1: none yet */
    int32_t coordinator_epoch; /* of the last marker; -1 none */
    int64_t last_timestamp;    /* ms, of its last batch or marker */
    weir_time_us last_time;
    int64_t last_offset;      /* of its last batch or marker */
    int64_t txn_first_offset; /* -1: no open transaction */
    weir__remembered batches[WEIR__REMEMBERED];
    int32_t batch_count; /* the oldest first */
} weir__producer;

/* A producer whose first batch of a transaction has been asked about at the coordinator, and not appended yet. Batches
   behind the lowest that came must not overtake it. */
typedef struct weir__verification {
    int64_t producer_id;
    int16_t epoch;
    int32_t lowest_sequence;
    bool adds; /* of transaction version 2 */
} weir__verification;

struct weir__log {
    weir__model *model;
    weir__topic *topic;
    int32_t partition;
    int32_t leader, leader_epoch; /* leader -1: none */
    int32_t last_leader;          /* when there is none: who was it */
    int64_t start, end;           /* all that is written is replicated: the end is the high watermark */
    weir__segment *segments;
    size_t segment_count, segment_cap;
    uint32_t first_segment;
    weir__log_batch *batches;
    size_t batch_count, batch_cap;
    weir__epoch_start *epochs;
    size_t epoch_count, epoch_cap;
    weir__open_txn *open; /* by first offset */
    size_t open_count, open_cap;
    weir__aborted_txn *aborted;
    size_t aborted_count, aborted_cap;
    weir__producer *producers; /* by id */
    size_t producer_count, producer_cap;
    weir__verification *verifications;
    size_t verification_count, verification_cap;
};

/* ---- log.c ---- */
/* An empty log with leader epoch 0. NULL: no memory. */
weir__log *weir__log_new(weir__model *model, weir__topic *topic, int32_t partition, int32_t leader);
void weir__log_free(weir__log *log);
/* Another leader (-1: none) with the next leader epoch. */
void weir__log_lead(weir__log *log, int32_t leader);
int64_t weir__log_stable(const weir__log *log);
/* The first batch that ends at `offset` or later; the number of batches when there is none. */
size_t weir__log_seek(const weir__log *log, int64_t offset);
weir_records weir__log_bytes(const weir__log *log, const weir__log_batch *batch);
/* The batches from `offset` on, up to `limit` (an offset) and `max_bytes`, where the last may be cut off. Unless
   `whole`, they are empty when not even the first fits. `next` is the offset behind what they hold. */
weir_records weir__log_read(const weir__log *log, int64_t offset, int64_t limit, size_t max_bytes, bool whole,
                            int64_t *next);
/* KIP-320: the latest epoch up to `epoch` that the log knows, and where it ends. -1 and -1 when that is not known. */
void weir__log_epoch_end(const weir__log *log, int32_t epoch, int32_t *found, int64_t *end);
/* The epoch of the record at an offset, as far as the log knows; -1. */
int32_t weir__log_epoch_at(const weir__log *log, int64_t offset);
/* Takes `count` batches off the end. */
void weir__log_truncate(weir__log *log, size_t count);
/* Moves the start; batches wholly before it are gone. */
void weir__log_delete(weir__log *log, int64_t before);
/* Room for a batch of `size` bytes at the end, for its entry and its epoch. False: no memory. */
bool weir__log_reserve(weir__log *log, size_t size);
/* Writes a batch into the room that was reserved: offsets and epoch are filled in, `fate` is the caller's. */
weir__log_batch *weir__log_write(weir__log *log, weir_records bytes, weir__model_fate fate);
/* Takes what the log holds of a batch from its bytes, after they have changed. */
void weir__log_batch_read(weir__log_batch *batch, const uint8_t *bytes);

/* ---- producer.c ---- */
weir__producer *weir__producer_find(const weir__log *log, int64_t id);
/* The producer of that id, made when there is none; there must be room in `producers`. */
weir__producer *weir__producer_make(weir__log *log, int64_t id);
/* What the leader remembers of an identical batch; NULL: it has not been written. */
const weir__remembered *weir__producer_duplicate(const weir__producer *producer, const weir_batch_header *header);
/* Whether a batch may follow what the producer has written: WEIR_CODE_NONE, INVALID_PRODUCER_EPOCH,
   OUT_OF_ORDER_SEQUENCE_NUMBER, INVALID_TXN_STATE. */
int16_t weir__producer_check(const weir__log *log, const weir_batch_header *header);
/* Notes a batch that has been written. There must be room in `open`. */
void weir__producer_wrote(weir__log *log, weir__producer *producer, const weir_batch_header *header,
                          int64_t base_offset, weir_time_us now);
/* Notes a marker that has been written: ends the transaction. There must be room in `aborted`. */
void weir__producer_ended(weir__log *log, weir__producer *producer, const weir__log_batch *marker, bool commit,
                          int32_t coordinator_epoch, weir_time_us now);
/* Notes that the coordinator is asked about a batch. False: no memory. */
bool weir__producer_verifying(weir__log *log, const weir_batch_header *header, bool adds);
void weir__producer_verified(weir__log *log, int64_t id);
/* Forgets producers without an open transaction that have written nothing since `before`. */
void weir__producers_expire(weir__log *log, weir_time_us before);
/* Brings the state of the producers back to what the log tells, after batches have been taken off its end. */
void weir__producers_rebuild(weir__log *log);
/* Where a sequence number ends up `count` further; behind 2^31 - 1 comes 0. */
int32_t weir__sequence_add(int32_t sequence, int32_t count);

/* ---- marker.c: the control batch that ends a transaction ---- */
#define WEIR__MARKER_SIZE 78 /* bytes */

void weir__marker_write(uint8_t *bytes, int64_t producer_id, int16_t producer_epoch, bool commit,
                        int32_t coordinator_epoch, int64_t timestamp);
bool weir__marker_commits(const uint8_t *bytes);
int32_t weir__marker_coordinator_epoch(const uint8_t *bytes);

/* ---- append.c ---- */
#define WEIR__BAD_RECORDS 16 /* of a batch, so many are told of */

typedef struct weir__appended {
    int16_t code;
    int64_t base_offset;        /* -1 unless it was written, now or before */
    int64_t log_append_time_ms; /* -1 */
    int64_t log_start_offset;   /* -1: not to be told */
    int64_t max_timestamp;      /* of the records, when they have been looked at */
    const char *message;        /* NULL */
    int32_t bad_count;
    int32_t bad_records[WEIR__BAD_RECORDS]; /* which records are at fault, if it is those */
} weir__appended;

/* Nothing appended, for a reason or not yet. */
weir__appended weir__not_appended(int16_t code);
/* Reads the header of a client's only batch: WEIR_CODE_NONE, or what Produce answers. */
int16_t weir__log_open(const weir__log *log, weir_records records, weir_batch_header *header, weir__appended *result);
/* Checks such a batch as a leader does. */
int16_t weir__log_check(const weir__log *log, weir_records records, weir_time_us now, const weir_batch_header *header,
                        weir__appended *result);
/* Appends a batch that has been checked. */
void weir__log_append(weir__log *log, weir_records records, const weir_batch_header *header, weir_time_us now,
                      weir__appended *result);

/* ---- compact.c ---- */
/* Takes up to `count` records from `offset` on out of committed batches. WEIR_CODE_NONE, or KAFKA_STORAGE_ERROR (no
   memory, or a codec that this build lacks: what was done before stays done). */
int16_t weir__log_compact(weir__log *log, int64_t offset, int64_t count);

#endif
