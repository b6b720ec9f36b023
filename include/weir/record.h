/* Record batches, magic 2 (KIP-98): the hot path. Reading yields views into the batch; writing appends in wire form.
   Neither copies nor allocates per record. The message sets of before Kafka 0.11, magic 0 and 1, are read through the
   same functions: each of their entries, a message or a compressed wrapper around many, counts as a batch. */
#ifndef WEIR_RECORD_H
#define WEIR_RECORD_H

#include <weir/alloc.h>
#include <weir/types.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum weir_compression {
    WEIR_COMPRESSION_NONE = 0,
    WEIR_COMPRESSION_GZIP = 1,
    WEIR_COMPRESSION_SNAPPY = 2,
    WEIR_COMPRESSION_LZ4 = 3,
    WEIR_COMPRESSION_ZSTD = 4
} weir_compression;

typedef enum weir_timestamp_type {
    WEIR_TIMESTAMP_NONE = -1, /* magic 0 has no timestamps */
    WEIR_TIMESTAMP_CREATE = 0,
    WEIR_TIMESTAMP_LOG_APPEND = 1
} weir_timestamp_type;

/* Kafka's name: "NoTimestampType", "CreateTime", "LogAppendTime". */
WEIR_API const char *weir_timestamp_type_name(weir_timestamp_type type);

/* One record. All views live as long as the bytes of its batch. Headers stay in wire form, so that handing a record on
   keeps their order, duplicates and nulls without touching them; walk them with weir_headers_next. */
typedef struct weir_record {
    int64_t offset;
    int64_t timestamp; /* ms since the epoch, -1 none */
    weir_timestamp_type timestamp_type;
    weir_bytes key;     /* p == NULL: null */
    weir_bytes value;   /* p == NULL: null (a tombstone) */
    weir_bytes headers; /* header_count headers in wire form; empty when there are none */
    int32_t header_count;
} weir_record;

typedef struct weir_header {
    weir_str name;
    weir_bytes value; /* p == NULL: null */
} weir_header;

/* Takes the first header off `headers`; WEIR_END when there is none left, WEIR_E_MALFORMED for bad bytes. */
WEIR_API weir_err weir_headers_next(weir_bytes *headers, weir_header *header);
/* Appends one header in wire form at `at`; returns the bytes needed, and writes only when they are <= room. */
WEIR_API size_t weir_header_write(uint8_t *at, size_t room, const weir_header *header);

/* The fixed part of a batch, 61 bytes on the wire. Of a message of magic 0 or 1 there are the size, the CRC-32, codec
   and timestamp type (attributes) and the timestamp (base and max; -1 with magic 0); what that format lacks is -1. A
   plain message is a batch of one record. A wrapper carries the offset of its last record only: base_offset is that
   one, last_offset_delta 0 and record_count -1, and where it begins shows when its records are walked. */
typedef struct weir_batch_header {
    int64_t base_offset;
    uint32_t size; /* bytes of the whole batch, this header included */
    int32_t leader_epoch;
    int8_t magic;
    uint32_t crc;
    int16_t attributes;
    int32_t last_offset_delta;
    int64_t base_timestamp, max_timestamp;
    int64_t producer_id;
    int16_t producer_epoch;
    int32_t base_sequence;
    int32_t record_count;
} weir_batch_header;

#define WEIR_BATCH_HEADER_SIZE   61
#define WEIR_ATTR_COMPRESSION    0x07
#define WEIR_ATTR_LOG_APPEND     0x08
#define WEIR_ATTR_TRANSACTIONAL  0x10
#define WEIR_ATTR_CONTROL        0x20
#define WEIR_ATTR_DELETE_HORIZON 0x40

/* Reads the header of the first batch in `set` and checks magic, lengths and the checksum over the batch. WEIR_OK;
   WEIR_END when `set` is empty or holds only the cut-off head of a batch (a broker may cut the last one);
   WEIR_E_MALFORMED otherwise. */
WEIR_API weir_err weir_batch_open(weir_records set, weir_batch_header *header);
/* The records of the first batch in `set`, whose header was opened: a view of what is to be decompressed if the
   attributes name a codec, and then walked. */
WEIR_API weir_bytes weir_batch_records(weir_records set, const weir_batch_header *header);

/* A walk over the records of one batch. Its members are the reader's own; stop_offset - next_offset records are left.
 */
typedef struct weir_batch_walk {
    const uint8_t *p, *end, *fast_end, *run_end;
    int64_t base_offset, base_timestamp;
    uint64_t timestamp_mask;
    int64_t next_offset, stop_offset; /* the least of the next record, what it will be behind the last one */
    int64_t last_offset;              /* offsets must ascend and stay within it */
    weir_timestamp_type timestamp_type;
    int8_t magic;
    bool wrapped;         /* magic 0 and 1: a wrapper's messages are walked, next_offset counts them; */
    int64_t least_offset; /* what the next one has in it, at least */
    /* what the next record is foreseen to begin with, up to the one with this offset */
    int64_t foreseen_until;
    uint64_t window, window_mask, window_step, window_marks;
    uint32_t timestamp_size;
    size_t key_at;
    size_t length; /* of the last record that was as foreseen */
    /* what the records of a run have in common */
    uint64_t run_mask;
    ptrdiff_t window_at;
    uint16_t value_head, value_mask;
    size_t size, value_at;
    uint32_t value_len;
    weir_bytes key;
} weir_batch_walk;

/* Decompresses the records of a batch into memory taken from `alloc`, as much as really comes out. On
   WEIR_OK `plain` is for weir_batch_walk_init, and plain->p is to be given back with `*size`. WEIR_E_TOO_LARGE past
   `limit` bytes, WEIR_E_UNSUPPORTED for a codec that this build lacks, WEIR_E_MALFORMED, WEIR_E_NO_MEMORY. */
WEIR_API weir_err weir_records_decompress(weir_alloc *alloc, weir_compression compression, weir_bytes packed,
                                          size_t limit, weir_bytes *plain, size_t *size);

/* Starts a walk. `records` is what weir_batch_records gave, decompressed when the batch is compressed. For a wrapper
   that takes one pass over its messages: only the last one tells where their offsets begin. */
WEIR_API void weir_batch_walk_init(weir_batch_walk *walk, const weir_batch_header *header, weir_bytes records);
/* WEIR_OK with the next record, WEIR_END behind the last one, WEIR_E_MALFORMED when bytes and counts disagree. */
WEIR_API weir_err weir_batch_next(weir_batch_walk *walk, weir_record *record);

/* The type of a control record from its key (KIP-98): 0 abort, 1 commit, others are to be skipped; -1 malformed. */
WEIR_API int16_t weir_control_type(weir_bytes key);

/* A batch being written into memory of the caller: records are appended in wire form behind room for the header, and
   weir_batch_close fills the header in. */
typedef struct weir_batch_writer {
    uint8_t *start, *p, *end;
    int64_t base_timestamp, max_timestamp;
    int32_t record_count;
    /* the writer's own: what the records of a run have in common, up to where it must end */
    uint32_t value_len, key_len;
    uint8_t *run_end;
    uint64_t window, window_step, window_marks;
    uint64_t timestamp_least, timestamp_span;
    size_t size, key_at, value_at;
    unsigned timestamp_shift;
    uint8_t value_head[2];
    bool key_is_null;
} weir_batch_writer;

WEIR_API void weir_batch_writer_init(weir_batch_writer *w, void *memory, size_t size);
/* The most bytes that appending this record can take; constant time. */
WEIR_API size_t weir_record_bound(const weir_record *record);
/* Appends key, value, headers and timestamp of a record (its offset is not used). WEIR_AGAIN when there is no room:
   the writer is unchanged. WEIR_E_TOO_LARGE when the record can never fit a batch (2 GiB). */
WEIR_API weir_err weir_batch_append(weir_batch_writer *w, const weir_record *record);

typedef struct weir_batch_identity {
    int64_t producer_id; /* -1 none */
    int16_t producer_epoch;
    int32_t base_sequence;
    bool transactional;
} weir_batch_identity;

/* Fills in the header and the checksum of an uncompressed batch and returns its bytes. At least one record. */
WEIR_API weir_records weir_batch_close(weir_batch_writer *w, const weir_batch_identity *identity);
/* The same for records that were compressed from w->start + WEIR_BATCH_HEADER_SIZE .. w->p into `memory` +
   WEIR_BATCH_HEADER_SIZE by the caller: writes the header into `memory`. */
WEIR_API weir_records weir_batch_close_compressed(const weir_batch_writer *w, weir_compression compression,
                                                  void *memory, size_t compressed_size,
                                                  const weir_batch_identity *identity);

/* Batches with every field given, as a broker stores them: with their own offsets and gaps between, markers of
   transactions, empty ones. Records come one behind the other at WEIR_BATCH_HEADER_SIZE, then the header is filled in.

   Writes a record in wire form at `at`; returns the bytes needed, and writes only when they are <= room. Offset and
   timestamp are stored as differences to the bases in `header`; that of the offset must be an int32, not negative. */
WEIR_API size_t weir_record_write(uint8_t *at, size_t room, const weir_batch_header *header, const weir_record *record);
/* Fills in the header of the batch of header->size bytes (at most INT32_MAX) at `batch`, whose records are there and
   compressed as the attributes say. Sets magic and crc in `header` too. */
WEIR_API void weir_batch_seal(uint8_t *batch, weir_batch_header *header);

/* A message set of magic 0 or 1 being written into memory of the caller. Each message is whole as soon as it is
   appended. */
typedef struct weir_message_writer {
    uint8_t *start, *p, *end;
    int64_t base_offset, last_offset, max_timestamp;
    weir_timestamp_type timestamp_type;
    int8_t magic;
} weir_message_writer;

/* What a message takes beside its key and value, and a wrapper beside its compressed messages. */
#define WEIR_MESSAGE_OVERHEAD(magic) ((magic) == 0 ? 26U : 34U)

/* `base_offset` is taken off the offsets of all records. It is that of the first record where the set will be the
   content of a wrapper of magic 1, else 0. */
WEIR_API void weir_message_writer_init(weir_message_writer *w, void *memory, size_t size, int8_t magic,
                                       int64_t base_offset);
/* Appends a record as a message. Its offset is written: for a broker to give the offsets they are 0, 1, 2 and so on.
   Magic 1 takes the timestamp and its type, which must be the same for all, and magic 0 neither. WEIR_AGAIN when there
   is no room: the writer is unchanged. WEIR_E_VERSION for a record with headers, which the format cannot hold,
   WEIR_E_TOO_LARGE for one that can never fit a message (2 GiB). */
WEIR_API weir_err weir_message_append(weir_message_writer *w, const weir_record *record);
/* The bytes of a set that is not compressed. */
WEIR_API weir_records weir_message_close(const weir_message_writer *w);
/* The wrapper around the messages from w->start .. w->p, at least one, that were compressed into `memory` +
   WEIR_MESSAGE_OVERHEAD(magic) by the caller: writes what goes in front of them into `memory`. It has the offset of the
   last record and the greatest timestamp. */
WEIR_API weir_records weir_message_close_compressed(const weir_message_writer *w, weir_compression compression,
                                                    void *memory, size_t compressed_size);

/* The most bytes that compressing `len` bytes can give; 0 for a codec that this build lacks. */
WEIR_API size_t weir_records_compress_bound(weir_compression compression, size_t len);
/* Compresses the records of a batch, or the messages of a wrapper, into memory[0, *size) and sets *size. `magic` is
   that of the batch: lz4 in magic 0 has a header checksum that is wrong (KAFKA-3160), which its readers insist on.
   `alloc` is for the codec's own use. WEIR_E_UNSUPPORTED for a codec that this build lacks, or zstd below magic 2;
   WEIR_E_NO_MEMORY also when the result has no room. */
WEIR_API weir_err weir_records_compress(weir_alloc *alloc, weir_compression compression, int8_t magic, weir_bytes plain,
                                        void *memory, size_t *size);

/* CRC-32C (Castagnoli) of more bytes, starting from `crc` (0 for the first). The implementation is chosen at run time:
   SSE4.2, ARMv8 or slicing by 8. */
WEIR_API uint32_t weir_crc32c(uint32_t crc, const void *bytes, size_t len);

#ifdef __cplusplus
}
#endif

#endif
