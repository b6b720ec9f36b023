/* Writing record batches of magic 2 (KIP-98). The length of a record precedes it as a varint, so its size must be
   known before anything is written. Mostly key, value and headers settle it; else the sizes of all fields are summed
   up. Either way the room is checked once. */
#include "record_wire.h"

#include <string.h>

/* The most bytes that a batch can have: its length field is an int32 that does not count the first 12. */
#define BATCH_SIZE_MAX ((uint64_t)INT32_MAX + WEIR__LENGTH_EXCLUDES)

/* The most that a record takes beside key, value and headers: five varints of 5 bytes, one of 10, the attributes. */
#define RECORD_OVERHEAD_MAX 36

void weir_batch_writer_init(weir_batch_writer *w, void *memory, size_t size) {
    if (size > BATCH_SIZE_MAX)
        size = (size_t)BATCH_SIZE_MAX;
    w->start = memory;
    w->end = w->start + size;
    w->p = size < WEIR_BATCH_HEADER_SIZE ? w->end : w->start + WEIR_BATCH_HEADER_SIZE;
    w->base_timestamp = -1;
    w->max_timestamp = -1;
    w->record_count = 0;
}

/* Key, value and headers together; 64 bits, because three lengths of 32 bits may not fit size_t. */
static inline uint64_t payload_size(const weir_record *record) {
    return (uint64_t)record->key.len + record->value.len + record->headers.len;
}

size_t weir_record_bound(const weir_record *record) {
    uint64_t bound = payload_size(record) + RECORD_OVERHEAD_MAX;
    return bound > SIZE_MAX ? SIZE_MAX : (size_t)bound;
}

static inline uint64_t length_zigzag(weir_bytes bytes) {
    return bytes.p ? (uint64_t)bytes.len << 1 : 1;
}

static inline uint8_t *put_bytes(uint8_t *p, weir_bytes bytes) {
    if (bytes.len)
        memcpy(p, bytes.p, bytes.len);
    return p + bytes.len;
}

/* A key or value with its length in front; null is the length -1. */
static inline uint8_t *put_view(uint8_t *p, weir_bytes view) {
    if (view.p == NULL) {
        *p = 1;
        return p + 1;
    }
    return put_bytes(weir__varint_put(p, (uint64_t)view.len << 1), view);
}

/* The difference wraps as in Java, so that no timestamp is undefined behaviour. */
static inline uint64_t timestamp_zigzag(const weir_record *record, int64_t base) {
    return weir__zigzag((int64_t)((uint64_t)record->timestamp - (uint64_t)base));
}

/* A count, which is not negative. */
static inline uint64_t count_zigzag(int32_t count) {
    return (uint64_t)(uint32_t)count << 1;
}

/* The bytes of a record behind its length. */
static __attribute__((noinline)) uint64_t body_size(const weir_record *record, int64_t base, int32_t offset_delta) {
    return 1 + weir__varint_size(timestamp_zigzag(record, base)) + weir__varint_size(count_zigzag(offset_delta)) +
           weir__varint_size(length_zigzag(record->key)) + weir__varint_size(length_zigzag(record->value)) +
           weir__varint_size(count_zigzag(record->header_count)) + payload_size(record);
}

/* The bytes of a record's length when they do not depend on its other varints, else 0: behind the length there are 6 to
   RECORD_OVERHEAD_MAX bytes beside the payload. */
static inline unsigned length_size(uint64_t payload) {
    if (payload + 6 >= 1 << 6)
        return payload + RECORD_OVERHEAD_MAX < 1 << 13 ? 2 : 0;
    return payload + RECORD_OVERHEAD_MAX < 1 << 6 ? 1 : 0;
}

weir_err weir_batch_append(weir_batch_writer *w, const weir_record *record) {
    uint64_t payload = payload_size(record), room = (uint64_t)(w->end - w->p);
    int64_t base = w->record_count ? w->base_timestamp : record->timestamp;
    unsigned prefix = length_size(payload);
    if (prefix == 0 || room < payload + RECORD_OVERHEAD_MAX) {
        if (payload > BATCH_SIZE_MAX - WEIR_BATCH_HEADER_SIZE - RECORD_OVERHEAD_MAX)
            return WEIR_E_TOO_LARGE;
        uint64_t body = body_size(record, base, w->record_count);
        prefix = weir__varint_size(body << 1);
        if (prefix + body > room)
            return WEIR_AGAIN;
    }
    if (w->record_count == 0 || record->timestamp > w->max_timestamp)
        w->max_timestamp = record->timestamp;
    w->base_timestamp = base;
    uint8_t *body = w->p + prefix, *p = body;
    *p++ = 0; /* attributes: no bit is in use */
    p = weir__varint_put(p, timestamp_zigzag(record, base));
    p = weir__varint_put(p, count_zigzag(w->record_count++));
    p = put_view(put_view(p, record->key), record->value);
    if (record->header_count == 0)
        *p++ = 0;
    else
        p = put_bytes(weir__varint_put(p, count_zigzag(record->header_count)), record->headers);
    weir__varint_put(w->p, (uint64_t)(p - body) << 1);
    w->p = p;
    return WEIR_OK;
}

/* Writes the header of a batch of `size` bytes at `at` and checksums it with the records behind it. */
static weir_records seal(const weir_batch_writer *w, weir_compression compression, uint8_t *at, size_t size,
                         const weir_batch_identity *identity) {
    uint32_t attributes = (uint32_t)compression | (identity->transactional ? WEIR_ATTR_TRANSACTIONAL : 0U);
    weir__put64(at + WEIR__AT_BASE_OFFSET, 0); /* the broker gives the offset */
    weir__put32(at + WEIR__AT_LENGTH, (uint32_t)(size - WEIR__LENGTH_EXCLUDES));
    weir__put32(at + WEIR__AT_LEADER_EPOCH, UINT32_MAX); /* -1: the broker fills it in */
    at[WEIR__AT_MAGIC] = 2;
    weir__put16(at + WEIR__AT_ATTRIBUTES, (uint16_t)attributes);
    weir__put32(at + WEIR__AT_LAST_OFFSET_DELTA, (uint32_t)w->record_count - 1);
    weir__put64(at + WEIR__AT_BASE_TIMESTAMP, (uint64_t)w->base_timestamp);
    weir__put64(at + WEIR__AT_MAX_TIMESTAMP, (uint64_t)w->max_timestamp);
    weir__put64(at + WEIR__AT_PRODUCER_ID, (uint64_t)identity->producer_id);
    weir__put16(at + WEIR__AT_PRODUCER_EPOCH, (uint16_t)identity->producer_epoch);
    weir__put32(at + WEIR__AT_BASE_SEQUENCE, (uint32_t)identity->base_sequence);
    weir__put32(at + WEIR__AT_RECORD_COUNT, (uint32_t)w->record_count);
    weir__put32(at + WEIR__AT_CRC, weir_crc32c(0, at + WEIR__AT_ATTRIBUTES, size - WEIR__AT_ATTRIBUTES));
    return (weir_records){at, (uint32_t)size};
}

weir_records weir_batch_close(weir_batch_writer *w, const weir_batch_identity *identity) {
    return seal(w, WEIR_COMPRESSION_NONE, w->start, (size_t)(w->p - w->start), identity);
}

weir_records weir_batch_close_compressed(const weir_batch_writer *w, weir_compression compression, void *memory,
                                         size_t compressed_size, const weir_batch_identity *identity) {
    return seal(w, compression, memory, WEIR_BATCH_HEADER_SIZE + compressed_size, identity);
}
