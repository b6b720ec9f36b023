/* Reading record batches of magic 2 (KIP-98). There are three ways to read a record, each quicker than the next one:

   weir_batch_next  in a run: records of one size whose keys and values have one size too, so that only their offsets,
                    timestamps and contents differ
   next_foreseen    the next offset, and a timestamp delta of as many bytes as the last one; of any size
   next_careful     any record; the whole truth

   The upper two compare the bytes in front of the key with what they are to be, in one comparison. What is not as it
   was to be they leave to the next one, untouched. */
#include "message_set.h"
#include "record_wire.h"

#include <string.h>

/* A window is the 8 bytes at the beginning of a record as a little-endian number, placed so that the byte behind the
   length of the record is its third; a length has one byte or two. So it holds: length, length, attributes, timestamp
   delta, offset delta, key length. */
#define WINDOW_SIZE        8
#define TIMESTAMP_AT       3
#define TIMESTAMP_SIZE_MAX 3

/* The bytes from the beginning of a record that next_foreseen may touch before it knows where the record ends: the
   window, a key of at most 63, two of the value's length. */
#define FAST_ROOM (WINDOW_SIZE + 63 + 2)

/* The least that a record takes: six one-byte varints and the attributes. */
#define RECORD_SIZE_MIN 7

static void header_read(const uint8_t *p, weir_batch_header *header) {
    header->base_offset = (int64_t)weir__get64(p + WEIR__AT_BASE_OFFSET);
    header->size = weir__get32(p + WEIR__AT_LENGTH) + WEIR__LENGTH_EXCLUDES;
    header->leader_epoch = (int32_t)weir__get32(p + WEIR__AT_LEADER_EPOCH);
    header->magic = (int8_t)p[WEIR__AT_MAGIC];
    header->crc = weir__get32(p + WEIR__AT_CRC);
    header->attributes = (int16_t)weir__get16(p + WEIR__AT_ATTRIBUTES);
    header->last_offset_delta = (int32_t)weir__get32(p + WEIR__AT_LAST_OFFSET_DELTA);
    header->base_timestamp = (int64_t)weir__get64(p + WEIR__AT_BASE_TIMESTAMP);
    header->max_timestamp = (int64_t)weir__get64(p + WEIR__AT_MAX_TIMESTAMP);
    header->producer_id = (int64_t)weir__get64(p + WEIR__AT_PRODUCER_ID);
    header->producer_epoch = (int16_t)weir__get16(p + WEIR__AT_PRODUCER_EPOCH);
    header->base_sequence = (int32_t)weir__get32(p + WEIR__AT_BASE_SEQUENCE);
    header->record_count = (int32_t)weir__get32(p + WEIR__AT_RECORD_COUNT);
}

/* Whether the numbers of a header can belong together. */
static bool header_plausible(const weir_batch_header *header) {
    if (header->base_offset < 0 || header->last_offset_delta < 0 ||
        header->base_offset >= INT64_MAX - header->last_offset_delta) /* the offset behind the last is one as well */
        return false;
    if (header->record_count < 0 || header->record_count - 1 > header->last_offset_delta)
        return false;
    uint32_t room = header->size - WEIR_BATCH_HEADER_SIZE;
    bool compressed = header->attributes & WEIR_ATTR_COMPRESSION;
    return compressed || (uint32_t)header->record_count <= room / RECORD_SIZE_MIN;
}

weir_err weir_batch_open(weir_records set, weir_batch_header *header) {
    if (set.len <= WEIR__AT_MAGIC)
        return WEIR_END;
    int8_t magic = (int8_t)set.p[WEIR__AT_MAGIC];
    if (magic != 2)
        return magic == 0 || magic == 1 ? weir__message_open(set, header) : WEIR_E_MALFORMED;
    uint32_t length = weir__get32(set.p + WEIR__AT_LENGTH);
    if (length < WEIR_BATCH_HEADER_SIZE - WEIR__LENGTH_EXCLUDES || length > INT32_MAX)
        return WEIR_E_MALFORMED;
    if (length + WEIR__LENGTH_EXCLUDES > set.len)
        return WEIR_END;
    header_read(set.p, header);
    if (weir_crc32c(0, set.p + WEIR__AT_ATTRIBUTES, header->size - WEIR__AT_ATTRIBUTES) != header->crc)
        return WEIR_E_MALFORMED;
    return header_plausible(header) ? WEIR_OK : WEIR_E_MALFORMED;
}

weir_bytes weir_batch_records(weir_records set, const weir_batch_header *header) {
    if (header->magic < 2)
        return weir__message_records(set, header);
    return (weir_bytes){set.p + WEIR_BATCH_HEADER_SIZE, header->size - WEIR_BATCH_HEADER_SIZE};
}

/* Foresees the next window from the next offset and walk->timestamp_size. False when that is not possible. */
static bool foresee(weir_batch_walk *walk) {
    uint64_t offset = (uint64_t)(walk->next_offset - walk->base_offset) << 1;
    unsigned timestamp_size = walk->timestamp_size, offset_size = weir__varint_size(offset);
    if (walk->next_offset >= walk->stop_offset || walk->stop_offset - 1 > walk->last_offset)
        return false;
    unsigned offset_at = 8 * (TIMESTAMP_AT + timestamp_size), key_at = TIMESTAMP_AT + timestamp_size + offset_size + 1;
    if (timestamp_size > TIMESTAMP_SIZE_MAX || key_at > WINDOW_SIZE)
        return false;
    int64_t size_end = 1 << (7 * offset_size - 1), stop = walk->stop_offset - walk->base_offset;
    walk->foreseen_until = walk->base_offset + (size_end < stop ? size_end : stop); /* it takes a byte more, or ends */
    walk->key_at = key_at;
    walk->window_marks = weir__varint_marks(timestamp_size) << 8 * TIMESTAMP_AT | weir__varint_marks(offset_size)
                                                                                      << offset_at;
    walk->window_step = UINT64_C(2) << offset_at;
    walk->window = weir__varint_groups(offset) << offset_at | walk->window_marks;
    /* The length is not negative and ends with its second byte, the key's with its first. */
    walk->window_mask = 0x8001 | (UINT64_C(0x80) << (offset_at - 8)) | walk->window_marks |
                        ((UINT64_C(1) << 8 * offset_size) - 1) << offset_at | UINT64_C(0x80) << 8 * (key_at - 1);
    return true;
}

void weir_batch_walk_init(weir_batch_walk *walk, const weir_batch_header *header, weir_bytes records) {
    bool log_append = header->attributes & WEIR_ATTR_LOG_APPEND;
    walk->p = records.p;
    walk->end = records.len ? records.p + records.len : records.p;
    walk->run_end = NULL;
    walk->fast_end = records.len < FAST_ROOM ? NULL : walk->end - FAST_ROOM + 1; /* below it there is room */
    walk->base_offset = header->base_offset;
    walk->base_timestamp = log_append ? header->max_timestamp : header->base_timestamp;
    walk->timestamp_mask = log_append ? 0 : UINT64_MAX;
    walk->timestamp_type = log_append ? WEIR_TIMESTAMP_LOG_APPEND : WEIR_TIMESTAMP_CREATE;
    walk->magic = header->magic;
    if (header->magic < 2) {
        weir__message_walk_init(walk, header);
        return;
    }
    walk->next_offset = header->base_offset;
    walk->stop_offset = header->base_offset + header->record_count;
    walk->last_offset = header->base_offset + header->last_offset_delta;
    walk->foreseen_until = header->base_offset; /* nothing is foreseen yet */
    walk->timestamp_size = 1;
    walk->length = 0;
}

/* The sum wraps as in Java, so that no delta is undefined behaviour. */
static inline void stamp(const weir_batch_walk *walk, int64_t delta, weir_record *record) {
    record->timestamp = (int64_t)((uint64_t)walk->base_timestamp + ((uint64_t)delta & walk->timestamp_mask));
    record->timestamp_type = walk->timestamp_type;
}

/* Whether `headers` is exactly `count` well-formed headers. */
static bool headers_valid(weir_bytes headers, int32_t count) {
    weir_header header;
    while (count > 0 && weir_headers_next(&headers, &header) == WEIR_OK)
        count--;
    return count == 0 && headers.len == 0;
}

/* Reads the record at walk->p with every bound checked. The walk moves only on WEIR_OK. */
static __attribute__((noinline)) weir_err next_careful(weir_batch_walk *walk, weir_record *record) {
    if (walk->magic < 2)
        return weir__message_next(walk, record);
    if (walk->next_offset >= walk->stop_offset)
        return walk->p == walk->end ? WEIR_END : WEIR_E_MALFORMED;
    const uint8_t *p = walk->p;
    weir_bytes body;
    if (!weir__sized_take(&p, walk->end, &body) || body.len == 0)
        return WEIR_E_MALFORMED;
    const uint8_t *at = body.p + 1; /* behind the attributes: all bits are unused, readers ignore them */
    uint64_t timestamp;
    uint32_t offset_delta, header_count;
    if (!weir__varlong_take(&at, p, &timestamp))
        return WEIR_E_MALFORMED;
    walk->timestamp_size = (uint32_t)(at - body.p) - 1;
    if (!weir__varint_take(&at, p, &offset_delta) || !weir__sized_take(&at, p, &record->key) ||
        !weir__sized_take(&at, p, &record->value) || !weir__varint_take(&at, p, &header_count))
        return WEIR_E_MALFORMED;
    /* Each record to come takes an offset at least, so they must have room below the last one as well. */
    int64_t delta = weir__unzigzag(offset_delta), left = walk->stop_offset - walk->next_offset;
    if (delta < walk->next_offset - walk->base_offset || delta > walk->last_offset - walk->base_offset - (left - 1))
        return WEIR_E_MALFORMED;
    record->header_count = (int32_t)weir__unzigzag(header_count);
    record->headers = (weir_bytes){at, (uint32_t)(p - at)};
    if (record->header_count < 0 || !headers_valid(record->headers, record->header_count))
        return WEIR_E_MALFORMED;
    record->offset = walk->base_offset + delta;
    stamp(walk, weir__unzigzag(timestamp), record);
    walk->p = p;
    walk->next_offset = walk->foreseen_until = record->offset + 1;
    walk->stop_offset = record->offset + left;
    return WEIR_OK;
}

/* Two bytes as they lie in memory. */
static inline uint16_t load16(const uint8_t *p) {
    uint16_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

static inline uint32_t load16_le(const uint8_t *p) {
    return (uint32_t)p[1] << 8 | p[0];
}

/* The varint at p, which is known to have at most TIMESTAMP_SIZE_MAX bytes. */
static inline uint32_t short_varint(const uint8_t *p) {
    uint32_t v = p[0];
    if (v >= 0x80) {
        v += ((uint32_t)p[1] - 1) << 7; /* the 1 takes back the mark of the byte before */
        if (v >= 0x4000)
            v += ((uint32_t)p[2] - 1) << 14;
    }
    return v;
}

/* The value whose length begins at `at`, when just it and a header count of 0 fill the bytes before `stop`. The
   distance is of a record shorter than 2^13, or negative when the key ran over: then nothing matches. */
static inline bool value_take(const uint8_t *at, const uint8_t *stop, weir_bytes *value) {
    uint32_t len = (uint32_t)(stop - at);
    if (len > 2 + 63) { /* then the length has two bytes; the lower group is doubled with the rest, and marked */
        len -= 3;
        *value = (weir_bytes){at + 2, len};
        return load16_le(at) == 2 * (len + (len & ~0x3fU)) + 0x80;
    }
    len -= 2;
    *value = (weir_bytes){at + 1, len};
    if (at[0] == 2 * len)
        return true;
    value->p = NULL;
    return at[0] == 1 && len == 0;
}

/* Goes on behind a record that was as foreseen, so that it has no headers, and fills in what follows from the walk. */
static inline void pass(weir_batch_walk *walk, const uint8_t *stop, weir_record *record) {
    record->offset = walk->next_offset++;
    record->headers = (weir_bytes){stop, 0};
    record->header_count = 0;
    walk->p = stop;
    walk->window = (walk->window + walk->window_step) | walk->window_marks; /* a carry went through a mark */
}

/* A run begins behind `record`, which was as foreseen, and as long as the one before it. */
static __attribute__((noinline)) weir_err begin_run(weir_batch_walk *walk, const weir_record *record) {
    static const uint8_t masks[][2] = {{0xff, 0xff}, {0, 0xff}}; /* of a value's length of two bytes, of one */
    bool short_length = walk->length < 1 << 6;
    uint64_t size = walk->length + (short_length ? 1U : 2U), room = (uint64_t)(walk->end - walk->p);
    uint64_t foreseen = (uint64_t)(walk->foreseen_until - walk->next_offset) * size;
    const uint8_t *at = walk->p - walk->length - 2;
    if (record->value.p == NULL || room < size || (at[TIMESTAMP_AT] & 1))
        return WEIR_OK;
    uint64_t same =
        (short_length ? 0xff00 : 0xffff) | UINT64_C(1) << 8 * TIMESTAMP_AT | UINT64_C(0xff) << 8 * (walk->key_at - 1);
    walk->run_mask = walk->window_mask | same;
    walk->window = (walk->window & ~same) | (weir__load64_le(at) & same);
    walk->window_at = short_length ? -1 : 0;
    walk->size = (size_t)size;
    walk->value_at = (size_t)(record->value.p - at);
    walk->value_len = record->value.len;
    walk->value_head = load16(record->value.p - 2);
    walk->value_mask = load16(masks[walk->value_len < 1 << 6]);
    walk->key = record->key;
    walk->run_end = walk->p + (foreseen <= room - size ? foreseen : room - size + 1);
    return WEIR_OK;
}

/* Reads the record at walk->p if it belongs to the run, which has at least one record more. */
static inline bool next_in_run(weir_batch_walk *walk, weir_record *record) {
    const uint8_t *p = walk->p, *at = p + walk->window_at, *value = at + walk->value_at, *stop = p + walk->size;
    if (((weir__load64_le(at) ^ walk->window) & walk->run_mask) != 0 ||
        ((load16(value - 2) ^ walk->value_head) & walk->value_mask) != 0 || stop[-1] != 0)
        return false;
    record->key = walk->key;
    if (walk->key.p != NULL)
        record->key.p = at + walk->key_at;
    record->value = (weir_bytes){value, walk->value_len};
    pass(walk, stop, record);
    stamp(walk, short_varint(at + TIMESTAMP_AT) >> 1, record); /* its lowest bit is 0 */
    return true;
}

static __attribute__((noinline)) weir_err next_foreseeing(weir_batch_walk *walk, weir_record *record) {
    return foresee(walk) ? weir_batch_next(walk, record) : next_careful(walk, record);
}

/* Reads the record at walk->p, which is not part of a run. */
static inline weir_err next_foreseen(weir_batch_walk *walk, weir_record *record) {
    const uint8_t *p = walk->p;
    if ((uintptr_t)p >= (uintptr_t)walk->fast_end)
        return next_careful(walk, record);
    if (walk->next_offset == walk->foreseen_until)
        return next_foreseeing(walk, record);
    uint64_t window = weir__load64_le(p);
    size_t length = ((uint32_t)window & 0x7e) >> 1 | ((uint32_t)window & 0x7f00) >> 2;
    if (!(window & 0x80)) { /* the length has one byte */
        length &= 0x3f;
        window = window << 8 | (window & 1);
        p--;
    }
    if (((window ^ walk->window) & walk->window_mask) != 0 || (uintptr_t)p + 2 + length > (uintptr_t)walk->end)
        return next_careful(walk, record);
    const uint8_t *stop = p + 2 + length, *key = p + walk->key_at;
    uint32_t key_len = key[-1];
    record->key.p = key;
    if (key_len & 1) {
        if (key_len != 1)
            return next_careful(walk, record);
        record->key.p = NULL;
    }
    key_len >>= 1;
    record->key.len = key_len;
    if (stop[-1] != 0 || !value_take(key + key_len, stop, &record->value))
        return next_careful(walk, record);
    pass(walk, stop, record);
    stamp(walk, weir__unzigzag(short_varint(p + TIMESTAMP_AT)), record);
    if (length == walk->length)
        return begin_run(walk, record);
    walk->length = length;
    return WEIR_OK;
}

weir_err weir_batch_next(weir_batch_walk *walk, weir_record *record) {
    if ((uintptr_t)walk->p < (uintptr_t)walk->run_end) {
        if (next_in_run(walk, record))
            return WEIR_OK;
        walk->run_end = NULL;
    }
    return next_foreseen(walk, record);
}

int16_t weir_control_type(weir_bytes key) {
    if (!key.p || key.len < 4 || (int16_t)weir__get16(key.p) < 0)
        return -1;
    int16_t type = (int16_t)weir__get16(key.p + 2);
    return type < 0 ? -1 : type;
}
