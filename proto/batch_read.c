/* Reading record batches of magic 2 (KIP-98). weir_batch_next has two bodies: next_fast knows the shapes that nearly
   all records have and checks bounds once; whatever else it meets it leaves untouched to next_careful, which is the
   whole truth. */
#include "record_wire.h"

/* Bytes of a record before its key that next_fast reads without asking again: three varints of 5 bytes (length, offset
   delta, key length), one of 10 (timestamp delta) and the attributes are 26. */
#define FAST_HEAD 32

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
        return magic == 0 || magic == 1 ? WEIR_E_UNSUPPORTED : WEIR_E_MALFORMED;
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

void weir_batch_walk_init(weir_batch_walk *walk, const weir_batch_header *header, weir_bytes records) {
    walk->p = records.p;
    walk->end = records.len ? records.p + records.len : records.p;
    walk->base_offset = header->base_offset;
    walk->base_timestamp = header->base_timestamp;
    walk->max_timestamp = header->max_timestamp;
    walk->left = header->record_count;
    walk->last_offset_delta = header->last_offset_delta;
    walk->previous_delta = -1;
    walk->timestamp_type =
        header->attributes & WEIR_ATTR_LOG_APPEND ? WEIR_TIMESTAMP_LOG_APPEND : WEIR_TIMESTAMP_CREATE;
}

/* Fills in what follows from the walk. The sum wraps as in Java, so that no delta is undefined behaviour. */
static inline void place(const weir_batch_walk *walk, int32_t offset_delta, int64_t timestamp_delta,
                         weir_record *record) {
    record->offset = walk->base_offset + offset_delta;
    record->timestamp = walk->timestamp_type == WEIR_TIMESTAMP_LOG_APPEND
                            ? walk->max_timestamp
                            : (int64_t)((uint64_t)walk->base_timestamp + (uint64_t)timestamp_delta);
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
    if (walk->left <= 0)
        return walk->p == walk->end ? WEIR_END : WEIR_E_MALFORMED;
    const uint8_t *p = walk->p;
    weir_bytes body;
    if (!weir__sized_take(&p, walk->end, &body) || body.len == 0)
        return WEIR_E_MALFORMED;
    const uint8_t *at = body.p + 1; /* behind the attributes: all bits are unused, readers ignore them */
    uint64_t timestamp;
    uint32_t offset, header_count;
    if (!weir__varlong_take(&at, p, &timestamp) || !weir__varint_take(&at, p, &offset) ||
        !weir__sized_take(&at, p, &record->key) || !weir__sized_take(&at, p, &record->value) ||
        !weir__varint_take(&at, p, &header_count))
        return WEIR_E_MALFORMED;
    int32_t offset_delta = (int32_t)weir__unzigzag(offset);
    if (offset_delta <= walk->previous_delta || offset_delta > walk->last_offset_delta)
        return WEIR_E_MALFORMED;
    record->header_count = (int32_t)weir__unzigzag(header_count);
    record->headers = (weir_bytes){at, (uint32_t)(p - at)};
    if (record->header_count < 0 || !headers_valid(record->headers, record->header_count))
        return WEIR_E_MALFORMED;
    place(walk, offset_delta, weir__unzigzag(timestamp), record);
    walk->p = p;
    walk->left--;
    walk->previous_delta = offset_delta;
    return WEIR_OK;
}

/* The varint at `p`, still zigzagged; QUICK_MAX is passed when it has more than 4 bytes. Checks no bound. */
#define QUICK_MAX 0x0fffffffU
static inline uint32_t take_quick(const uint8_t **p) {
    const uint8_t *at = *p;
    uint32_t value = at[0];
    if (value < 0x80) {
        *p = at + 1;
        return value;
    }
    uint32_t next = at[1];
    value += (next << 7) - 0x80; /* takes back the mark of the byte before */
    if (next < 0x80) {
        *p = at + 2;
        return value;
    }
    next = at[2];
    value += (next << 14) - 0x4000;
    if (next < 0x80) {
        *p = at + 3;
        return value;
    }
    *p = at + 4;
    return value + ((uint32_t)at[3] << 21) - 0x200000;
}

/* Takes the length of a key or value, which begins at *p then, and whose bounds are still to be checked. */
static inline bool view_begin(const uint8_t **p, weir_bytes *view) {
    uint32_t len = take_quick(p);
    view->p = *p;
    view->len = len >> 1;
    if (len & 1)
        view->p = NULL;
    return len == 1 || !(len & 1);
}

weir_err weir_batch_next(weir_batch_walk *walk, weir_record *record) {
    const uint8_t *p = walk->p;
    if (walk->left <= 0 || walk->end - p < FAST_HEAD)
        return next_careful(walk, record);
    uint32_t length = take_quick(&p);
    if ((length & ~(QUICK_MAX - 1)) || walk->end - p < (ptrdiff_t)(length >> 1))
        return next_careful(walk, record);
    const uint8_t *end = p++ + (length >> 1);
    uint32_t timestamp = take_quick(&p), offset = take_quick(&p);
    int32_t offset_delta = (int32_t)(offset >> 1);
    if (timestamp > QUICK_MAX || (offset & ~(QUICK_MAX - 1)) || offset_delta <= walk->previous_delta ||
        offset_delta > walk->last_offset_delta)
        return next_careful(walk, record);
    place(walk, offset_delta, weir__unzigzag(timestamp), record);

    /* take_quick reads up to 4 bytes of the value's length. Behind the value there must be a header count of 0; as the
       record is shorter than QUICK_MAX / 2, a length that take_quick cannot read does not get this far. */
    if (!view_begin(&p, &record->key) || walk->end - p < (ptrdiff_t)record->key.len + 4)
        return next_careful(walk, record);
    p += record->key.len;
    if (!view_begin(&p, &record->value) || end - p != (ptrdiff_t)record->value.len + 1 || end[-1] != 0)
        return next_careful(walk, record);
    walk->p = end;
    walk->left--;
    walk->previous_delta = offset_delta;
    record->header_count = 0;
    record->headers = (weir_bytes){end, 0};
    return WEIR_OK;
}

int16_t weir_control_type(weir_bytes key) {
    if (!key.p || key.len < 4 || (int16_t)weir__get16(key.p) < 0)
        return -1;
    int16_t type = (int16_t)weir__get16(key.p + 2);
    return type < 0 ? -1 : type;
}
