/* Reading record batches of magic 2 (KIP-98). weir_batch_next has two bodies. next_careful is the whole truth and
   checks every bound. As the records of a batch mostly look alike, it also leaves behind what the first bytes of the
   next record will be if that is like this one: its offset is the next, and its timestamp delta has as many bytes.
   Where one comparison shows that this is so, weir_batch_next need not look at those bytes one by one. What it does not
   expect it leaves untouched to next_careful. */
#include "message_set.h"
#include "record_wire.h"

/* The bytes from the beginning of a record that weir_batch_next may touch before it knows where the record ends: the
   head of at most 8, a key of at most 63, two of the value's length. */
#define HEAD_SIZE          8
#define TIMESTAMP_SIZE_MAX 3
#define FAST_ROOM          (HEAD_SIZE + 63 + 2)

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
        header->base_offset > INT64_MAX - header->last_offset_delta)
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

/* A head that no record has. */
static void expect_nothing(weir_batch_walk *walk) {
    walk->head_mask = 0;
    walk->head_want = 1;
}

/* Notes what the next record's head is to be. A head is a record's first 8 bytes as a little-endian number, and when
   the length has one byte, moved up so that all others are where they are behind a length of two: length, length,
   attributes, timestamp delta (timestamp_size), offset delta (offset_size), key length. */
static void expect(weir_batch_walk *walk, unsigned timestamp_size) {
    uint64_t offset = (uint64_t)walk->next_delta << 1;
    unsigned offset_size = weir__varint_size(offset);
    expect_nothing(walk);
    if (timestamp_size > TIMESTAMP_SIZE_MAX || 3 + timestamp_size + offset_size + 1 > HEAD_SIZE ||
        walk->end - walk->p < FAST_ROOM || walk->next_delta >= walk->stop_delta)
        return;
    /* The step must not run over from the lowest group of the offset delta. */
    int32_t group_end = walk->next_delta / 64 * 64 + 64;
    walk->expect_until = group_end < walk->stop_delta ? group_end : walk->stop_delta;
    unsigned offset_at = 8 * (3 + timestamp_size), key_at = offset_at + 8 * offset_size;
    uint64_t marks = 0x80808080 & ((UINT64_C(1) << 8 * timestamp_size) - 1); /* of the bytes of the timestamp delta */
    /* The length is not negative and ends with its second byte, the key's with its first. */
    walk->head_mask =
        0x8001 | marks << 24 | ((UINT64_C(1) << 8 * offset_size) - 1) << offset_at | UINT64_C(0x80) << key_at;
    walk->head_want = marks >> 8 << 24;
    for (unsigned i = 0; i < offset_size; i++, offset >>= 7)
        walk->head_want |= ((offset & 0x7f) | (i + 1 < offset_size ? 0x80 : 0)) << (offset_at + 8 * i);
    walk->head_step = UINT64_C(2) << offset_at;
    walk->key_at = 1 + timestamp_size + offset_size + 1;
}

void weir_batch_walk_init(weir_batch_walk *walk, const weir_batch_header *header, weir_bytes records) {
    walk->p = records.p;
    walk->end = records.len ? records.p + records.len : records.p;
    walk->fast_end = records.len < FAST_ROOM ? NULL : walk->end - FAST_ROOM + 1; /* below it there is room */
    walk->base_offset = header->base_offset;
    walk->base_timestamp = header->base_timestamp;
    walk->max_timestamp = header->max_timestamp;
    walk->next_delta = 0;
    walk->stop_delta = header->record_count;
    walk->last_delta = header->last_offset_delta;
    walk->timestamp_type =
        header->attributes & WEIR_ATTR_LOG_APPEND ? WEIR_TIMESTAMP_LOG_APPEND : WEIR_TIMESTAMP_CREATE;
    walk->magic = header->magic;
    expect_nothing(walk);
    if (header->magic < 2)
        weir__message_walk_init(walk, header);
}

/* Fills in what follows from the walk. The sum wraps as in Java, so that no delta is undefined behaviour. */
static inline void place(const weir_batch_walk *walk, int32_t offset_delta, uint64_t timestamp, weir_record *record) {
    record->offset = walk->base_offset + offset_delta;
    record->timestamp_type = walk->timestamp_type;
    record->timestamp = walk->timestamp_type == WEIR_TIMESTAMP_LOG_APPEND
                            ? walk->max_timestamp
                            : (int64_t)((uint64_t)walk->base_timestamp + (uint64_t)weir__unzigzag(timestamp));
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
    if (walk->next_delta >= walk->stop_delta)
        return walk->p == walk->end ? WEIR_END : WEIR_E_MALFORMED;
    const uint8_t *p = walk->p;
    weir_bytes body;
    if (!weir__sized_take(&p, walk->end, &body) || body.len == 0)
        return WEIR_E_MALFORMED;
    const uint8_t *at = body.p + 1; /* behind the attributes: all bits are unused, readers ignore them */
    uint64_t timestamp;
    uint32_t offset, header_count;
    if (!weir__varlong_take(&at, p, &timestamp))
        return WEIR_E_MALFORMED;
    unsigned timestamp_size = (unsigned)(at - body.p) - 1;
    if (!weir__varint_take(&at, p, &offset) || !weir__sized_take(&at, p, &record->key) ||
        !weir__sized_take(&at, p, &record->value) || !weir__varint_take(&at, p, &header_count))
        return WEIR_E_MALFORMED;
    /* Each record to come takes an offset at least, so they must have room below the last one as well. */
    int32_t offset_delta = (int32_t)weir__unzigzag(offset), left = walk->stop_delta - walk->next_delta;
    if (offset_delta < walk->next_delta || offset_delta > walk->last_delta - (left - 1))
        return WEIR_E_MALFORMED;
    record->header_count = (int32_t)weir__unzigzag(header_count);
    record->headers = (weir_bytes){at, (uint32_t)(p - at)};
    if (record->header_count < 0 || !headers_valid(record->headers, record->header_count))
        return WEIR_E_MALFORMED;
    place(walk, offset_delta, timestamp, record);
    walk->p = p;
    walk->stop_delta += offset_delta - walk->next_delta;
    walk->next_delta = offset_delta + 1;
    expect(walk, timestamp_size);
    return WEIR_OK;
}

static inline uint64_t load64_le(const uint8_t *p) {
    return (uint64_t)p[7] << 56 | (uint64_t)p[6] << 48 | (uint64_t)p[5] << 40 | (uint64_t)p[4] << 32 |
           (uint64_t)p[3] << 24 | (uint64_t)p[2] << 16 | (uint64_t)p[1] << 8 | p[0];
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
        return ((uint32_t)at[1] << 8 | at[0]) == 2 * (len + (len & ~0x3fU)) + 0x80;
    }
    len -= 2;
    *value = (weir_bytes){at + 1, len};
    if (at[0] == 2 * len)
        return true;
    value->p = NULL;
    return at[0] == 1 && len == 0;
}

weir_err weir_batch_next(weir_batch_walk *walk, weir_record *record) {
    const uint8_t *p = walk->p;
    if ((uintptr_t)p >= (uintptr_t)walk->fast_end)
        return next_careful(walk, record);
    uint64_t head = load64_le(p);
    uint32_t length = ((uint32_t)head & 0x7e) >> 1 | ((uint32_t)head & 0x7f00) >> 2;
    p += 2;
    if (!(head & 0x80)) { /* the length has one byte */
        length &= 0x3f;
        head = head << 8 | (head & 1);
        p--;
    }
    if ((head & walk->head_mask) != walk->head_want || (uintptr_t)p + length > (uintptr_t)walk->end)
        return next_careful(walk, record);
    const uint8_t *stop = p + length, *key = p + walk->key_at;
    uint32_t key_len = key[-1];
    if (key_len & 1) {
        if (key_len != 1)
            return next_careful(walk, record);
        record->key.p = NULL;
    } else {
        record->key.p = key;
    }
    key_len >>= 1;
    record->key.len = key_len;
    key += key_len;
    if (stop[-1] != 0 || !value_take(key, stop, &record->value))
        return next_careful(walk, record);
    record->headers = (weir_bytes){stop, 0};
    record->header_count = 0;
    int32_t offset_delta = walk->next_delta;
    place(walk, offset_delta, short_varint(p + 1), record);
    walk->p = stop;
    walk->next_delta = ++offset_delta;
    walk->head_want += walk->head_step;
    if (offset_delta == walk->expect_until)
        expect_nothing(walk);
    return WEIR_OK;
}

int16_t weir_control_type(weir_bytes key) {
    if (!key.p || key.len < 4 || (int16_t)weir__get16(key.p) < 0)
        return -1;
    int16_t type = (int16_t)weir__get16(key.p + 2);
    return type < 0 ? -1 : type;
}
