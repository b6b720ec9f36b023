/* Writing record batches of magic 2 (KIP-98). The length of a record precedes it as a varint, whose own size is guessed
   from the payload: the record is written behind it, and only moved in the rare case that the guess was too small. */
#include "record_wire.h"

#include <string.h>

/* The most bytes that a batch can have: its length field is an int32 that does not count the first 12. */
#define BATCH_SIZE_MAX ((uint64_t)INT32_MAX + WEIR__LENGTH_EXCLUDES)

/* The most that a record takes beside key, value and headers: five varints of 5 bytes, one of 10, the attributes. */
#define RECORD_OVERHEAD_MAX 36

/* The least that a record's body takes beside them: five varints of 1 byte, the attributes. The most is 25 more, so the
   varint of its length cannot grow by more than 1. */
#define BODY_OVERHEAD_MIN 6

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

/* A key or value with its length in front. */
static inline uint8_t *put_view(uint8_t *p, weir_bytes view) {
    if (view.p == NULL) {
        *p = 1; /* -1 */
        return p + 1;
    }
    return put_bytes(weir__varint_put(p, (uint64_t)view.len << 1), view);
}

/* Whether a record that could be too large for the room, by its bound, fits all the same. */
static __attribute__((noinline)) bool fits(const weir_batch_writer *w, const weir_record *record, uint64_t timestamp) {
    uint64_t body = payload_size(record) + 1 + weir__varint_size(timestamp) +
                    weir__varint_size((uint64_t)(uint32_t)w->record_count << 1) +
                    weir__varint_size(length_zigzag(record->key)) + weir__varint_size(length_zigzag(record->value)) +
                    weir__varint_size((uint64_t)(uint32_t)record->header_count << 1);
    return weir__varint_size(body << 1) + body <= (uint64_t)(w->end - w->p);
}

weir_err weir_batch_append(weir_batch_writer *w, const weir_record *record) {
    uint64_t payload = payload_size(record);
    if (payload > BATCH_SIZE_MAX - WEIR_BATCH_HEADER_SIZE - RECORD_OVERHEAD_MAX)
        return WEIR_E_TOO_LARGE;
    int64_t base = w->record_count ? w->base_timestamp : record->timestamp;
    uint64_t timestamp = weir__zigzag((int64_t)((uint64_t)record->timestamp - (uint64_t)base));
    if (payload + RECORD_OVERHEAD_MAX > (uint64_t)(w->end - w->p) && !fits(w, record, timestamp))
        return WEIR_AGAIN;
    /* The body goes where it belongs if the varint of its length is as short as it can be. */
    unsigned width = weir__varint_size((payload + BODY_OVERHEAD_MIN) << 1);
    uint8_t *body = w->p + width, *p = body;
    *p++ = 0; /* attributes: no bit is in use */
    p = weir__varint_put(p, timestamp);
    p = weir__varint_put(p, (uint64_t)(uint32_t)w->record_count << 1);
    p = put_view(put_view(p, record->key), record->value);
    if (record->header_count == 0)
        *p++ = 0;
    else
        p = put_bytes(weir__varint_put(p, (uint64_t)(uint32_t)record->header_count << 1), record->headers);
    uint64_t length = (uint64_t)(p - body) << 1;
    if (length >> (7 * width)) {
        memmove(body + 1, body, (size_t)(p - body));
        p++;
    }
    (void)weir__varint_put(w->p, length);
    w->p = p;
    w->base_timestamp = base;
    if (w->record_count++ == 0 || record->timestamp > w->max_timestamp)
        w->max_timestamp = record->timestamp;
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
