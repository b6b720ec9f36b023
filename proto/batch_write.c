/* Writing record batches of magic 2 (KIP-98). The length of a record precedes it as a varint, so its size must be
   known before anything is written. There are three ways to write a record, each quicker than the next one:

   weir_batch_append  in a run: records without headers whose keys and values have one size, and whose varints have as
                      many bytes; what stands in front of the key is at hand, but for the timestamp
   append_plain       no headers, a short key; key and value settle how many bytes the length has
   append_careful     any record

   Each checks the room once. */
#include "record_wire.h"

#include <string.h>

/* The most bytes that a batch can have: its length field is an int32 that does not count the first 12. */
#define BATCH_SIZE_MAX ((uint64_t)INT32_MAX + WEIR__LENGTH_EXCLUDES)

/* The most that a record takes beside key, value and headers: five varints of 5 bytes, one of 10, the attributes. */
#define RECORD_OVERHEAD_MAX 36

/* The longest key whose length takes one byte. */
#define SHORT_KEY_MAX 63

void weir_batch_writer_init(weir_batch_writer *w, void *memory, size_t size) {
    if (size > BATCH_SIZE_MAX)
        size = (size_t)BATCH_SIZE_MAX;
    w->start = memory;
    w->end = w->start + size;
    w->p = size < WEIR_BATCH_HEADER_SIZE ? w->end : w->start + WEIR_BATCH_HEADER_SIZE;
    w->base_timestamp = -1;
    w->max_timestamp = -1;
    w->record_count = 0;
    w->run_end = NULL;
    w->value_len = w->key_len = UINT32_MAX;
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

/* Appends any record. */
static __attribute__((noinline)) weir_err append_careful(weir_batch_writer *w, const weir_record *record) {
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

/* Takes down what the records behind the one at `p`, which is the last one so far, have at the same place if they are
   like it. Nothing when its varints have too many bytes for that. */
static void begin_run(weir_batch_writer *w, const uint8_t *p, const weir_record *record) {
    uint64_t timestamp = timestamp_zigzag(record, w->base_timestamp);
    unsigned timestamp_at = p[0] < 0x80 ? 2 : 3, timestamp_size = weir__varint_size(timestamp);
    unsigned offset_at = timestamp_at + timestamp_size,
             offset_size = weir__varint_size(count_zigzag(w->record_count - 1));
    size_t size = (size_t)(w->p - p), room = (size_t)(w->end - w->p);
    size_t key_at = offset_at + offset_size + 1, value_at = size - 1 - record->value.len;
    if (record->value.p == NULL || (timestamp & 1) || timestamp_size > 3 || offset_size > 3 || key_at > 8)
        return;
    if (size < 8 || size >= 1 << 13 || room < size)
        return;
    w->window_marks = weir__varint_marks(offset_size) << 8 * offset_at;
    w->window_step = UINT64_C(2) << 8 * offset_at;
    w->window =
        weir__load64_le(p) & ~(weir__varint_groups(UINT64_MAX >> (64 - 7 * timestamp_size)) << 8 * timestamp_at);
    w->window = (w->window + w->window_step) | w->window_marks;
    w->timestamp_shift = 8 * timestamp_at;
    w->timestamp_least = timestamp_size == 1 ? 0 : UINT64_C(1) << (7 * timestamp_size - 8);
    w->timestamp_span = (UINT64_C(1) << (7 * timestamp_size - 1)) - w->timestamp_least;
    w->size = size;
    w->key_at = key_at;
    w->value_at = value_at;
    memcpy(w->value_head, p + value_at - 2, 2);
    w->key_is_null = record->key.p == NULL;
    uint64_t alike = (UINT64_C(1) << (7 * offset_size - 1)) - (uint32_t)w->record_count;
    w->run_end = w->p + (alike * size <= room - size ? alike * size : room - size + 1);
}

static __attribute__((noinline)) weir_err append_and_begin_run(weir_batch_writer *w, const weir_record *record) {
    const uint8_t *p = w->p;
    weir_err err = append_careful(w, record);
    if (err == WEIR_OK)
        begin_run(w, p, record);
    if (w->run_end == NULL)
        w->value_len = UINT32_MAX; /* the next one shall not try as well */
    return err;
}

/* Copies a key of at most SHORT_KEY_MAX bytes: its first and its last bytes, which may overlap. */
static inline void copy_short(uint8_t *to, const uint8_t *from, size_t len) {
    if (len == 0)
        return;
    if (len >= 32) {
        memcpy(to, from, 32);
        memcpy(to + len - 32, from + len - 32, 32);
    } else if (len >= 16) {
        memcpy(to, from, 16);
        memcpy(to + len - 16, from + len - 16, 16);
    } else if (len >= 8) {
        memcpy(to, from, 8);
        memcpy(to + len - 8, from + len - 8, 8);
    } else if (len >= 4) {
        memcpy(to, from, 4);
        memcpy(to + len - 4, from + len - 4, 4);
    } else {
        to[0] = from[0];
        to[len / 2] = from[len / 2];
        to[len - 1] = from[len - 1];
    }
}

/* Appends a record that is not part of a run. */
static __attribute__((noinline)) weir_err append_plain(weir_batch_writer *w, const weir_record *record) {
    uint32_t key_len = record->key.len, value_len = record->value.len;
    if (record->header_count != 0 || w->record_count == 0 || key_len > SHORT_KEY_MAX || record->value.p == NULL)
        return append_careful(w, record);
    if (value_len == w->value_len && key_len == w->key_len)
        return append_and_begin_run(w, record);
    w->value_len = value_len;
    w->key_len = key_len;
    uint64_t payload = (uint64_t)key_len + value_len;
    unsigned prefix = length_size(payload);
    if (prefix == 0 || (uint64_t)(w->end - w->p) < payload + RECORD_OVERHEAD_MAX)
        return append_careful(w, record);
    uint8_t *body = w->p + prefix, *p = body;
    *p++ = 0;
    p = weir__varint_put(p, timestamp_zigzag(record, w->base_timestamp));
    p = weir__varint_put(p, count_zigzag(w->record_count++));
    *p++ = (uint8_t)length_zigzag(record->key);
    copy_short(p, record->key.p, key_len);
    p = weir__varint_put(p + key_len, (uint64_t)value_len << 1);
    uint8_t *stop = p + value_len + 1;
    stop[-1] = 0;
    weir__varint_put(w->p, (uint64_t)(stop - body) << 1);
    if (record->timestamp > w->max_timestamp)
        w->max_timestamp = record->timestamp;
    w->p = stop;
    memcpy(p, record->value.p, value_len);
    return WEIR_OK;
}

/* Whether a record, `delta` after the first one, belongs to the run. */
static inline bool alike(const weir_batch_writer *w, const weir_record *record, uint64_t delta) {
    return record->value.len == w->value_len && record->key.len == w->key_len && record->header_count == 0 &&
           (record->key.p == NULL) == w->key_is_null && record->value.p != NULL &&
           delta - w->timestamp_least < w->timestamp_span;
}

weir_err weir_batch_append(weir_batch_writer *w, const weir_record *record) {
    uint8_t *p = w->p;
    uint64_t delta = (uint64_t)record->timestamp - (uint64_t)w->base_timestamp;
    if ((uintptr_t)p >= (uintptr_t)w->run_end)
        return append_plain(w, record);
    if (!alike(w, record, delta)) {
        w->run_end = NULL;
        return append_plain(w, record);
    }
    uint8_t *value = p + w->value_at, *stop = p + w->size;
    weir__store64_le(p, w->window | weir__varint_groups(delta << 1) << w->timestamp_shift);
    memcpy(value - 2, w->value_head, 2); /* may write the last byte of the key, which follows */
    copy_short(p + w->key_at, record->key.p, record->key.len);
    stop[-1] = 0;
    if (record->timestamp > w->max_timestamp)
        w->max_timestamp = record->timestamp;
    w->record_count++;
    w->window = (w->window + w->window_step) | w->window_marks; /* a carry went through a mark */
    w->p = stop;
    memcpy(value, record->value.p, record->value.len);
    return WEIR_OK;
}

/* Seals a batch of `size` bytes at `at`: to a broker, which gives it its offset and fills the leader epoch in. */
static weir_records seal(const weir_batch_writer *w, weir_compression compression, uint8_t *at, size_t size,
                         const weir_batch_identity *identity) {
    uint32_t attributes = (uint32_t)compression | (identity->transactional ? WEIR_ATTR_TRANSACTIONAL : 0U);
    weir_batch_header header = {
        .size = (uint32_t)size,
        .leader_epoch = -1,
        .attributes = (int16_t)attributes,
        .last_offset_delta = w->record_count - 1,
        .base_timestamp = w->base_timestamp,
        .max_timestamp = w->max_timestamp,
        .producer_id = identity->producer_id,
        .producer_epoch = identity->producer_epoch,
        .base_sequence = identity->base_sequence,
        .record_count = w->record_count,
    };
    weir_batch_seal(at, &header);
    return (weir_records){at, (uint32_t)size};
}

weir_records weir_batch_close(weir_batch_writer *w, const weir_batch_identity *identity) {
    return seal(w, WEIR_COMPRESSION_NONE, w->start, (size_t)(w->p - w->start), identity);
}

weir_records weir_batch_close_compressed(const weir_batch_writer *w, weir_compression compression, void *memory,
                                         size_t compressed_size, const weir_batch_identity *identity) {
    return seal(w, compression, memory, WEIR_BATCH_HEADER_SIZE + compressed_size, identity);
}
