/* Reading message sets of magic 0 and 1 (KIP-32 brought 1, with timestamps and offsets relative within a wrapper). The
   rules are those of Kafka's AbstractLegacyRecordBatch. */
#include "message_set.h"
#include "record_wire.h"

typedef struct message {
    int64_t offset, timestamp; /* timestamp: -1 with magic 0 */
    uint32_t size, crc;        /* size: of the whole entry */
    int8_t magic;
    uint8_t attributes;
    weir_bytes key, value;
} message;

/* Moves *p over a length and that many bytes before `end`. A length of -1 yields null. */
static bool view_take(const uint8_t **p, const uint8_t *end, weir_bytes *view) {
    if (end - *p < 4)
        return false;
    uint32_t len = weir__get32(*p);
    *p += 4;
    *view = (weir_bytes){NULL, 0};
    if (len == UINT32_MAX)
        return true;
    if (len > INT32_MAX || len > (size_t)(end - *p))
        return false;
    *view = (weir_bytes){*p, len};
    *p += len;
    return true;
}

/* Reads the message at p, all but its checksum. WEIR_END when `len` bytes are not all of it. */
static weir_err message_read(const uint8_t *p, size_t len, message *m) {
    if (len <= WEIR__MESSAGE_AT_MAGIC)
        return WEIR_END;
    m->offset = (int64_t)weir__get64(p + WEIR__MESSAGE_AT_OFFSET);
    m->crc = weir__get32(p + WEIR__MESSAGE_AT_CRC);
    m->magic = (int8_t)p[WEIR__MESSAGE_AT_MAGIC];
    uint32_t size = weir__get32(p + WEIR__MESSAGE_AT_SIZE);
    if ((m->magic != 0 && m->magic != 1) || m->offset < 0 || size > INT32_MAX ||
        size < WEIR_MESSAGE_OVERHEAD(m->magic) - WEIR__MESSAGE_SIZE_EXCLUDES)
        return WEIR_E_MALFORMED;
    m->size = size + WEIR__MESSAGE_SIZE_EXCLUDES;
    if (m->size > len)
        return WEIR_END;
    m->attributes = p[WEIR__MESSAGE_AT_ATTRIBUTES];
    m->timestamp = m->magic == 0 ? -1 : (int64_t)weir__get64(p + WEIR__MESSAGE_AT_TIMESTAMP);
    const uint8_t *at = p + weir__message_key_at(m->magic), *end = p + m->size;
    if (!view_take(&at, end, &m->key) || !view_take(&at, end, &m->value) || at != end)
        return WEIR_E_MALFORMED;
    return WEIR_OK;
}

static bool checksum_right(const uint8_t *p, const message *m) {
    return weir__crc32(p + WEIR__MESSAGE_AT_MAGIC, m->size - WEIR__MESSAGE_AT_MAGIC) == m->crc;
}

weir_err weir__message_open(weir_records set, weir_batch_header *header) {
    message m;
    weir_err err = message_read(set.p, set.len, &m);
    if (err != WEIR_OK)
        return err;
    int codec = m.attributes & WEIR_ATTR_COMPRESSION;
    if (!checksum_right(set.p, &m) || codec > WEIR_COMPRESSION_LZ4 || (codec && m.value.len == 0))
        return WEIR_E_MALFORMED;
    int known = m.magic == 0 ? WEIR_ATTR_COMPRESSION : WEIR_ATTR_COMPRESSION | WEIR_ATTR_LOG_APPEND;
    *header = (weir_batch_header){.base_offset = m.offset,
                                  .size = m.size,
                                  .leader_epoch = -1,
                                  .magic = m.magic,
                                  .crc = m.crc,
                                  .attributes = (int16_t)(m.attributes & known),
                                  .base_timestamp = m.timestamp,
                                  .max_timestamp = m.timestamp,
                                  .producer_id = -1,
                                  .producer_epoch = -1,
                                  .base_sequence = -1,
                                  .record_count = codec ? -1 : 1};
    return WEIR_OK;
}

weir_bytes weir__message_records(weir_records set, const weir_batch_header *header) {
    message m;
    if (!(header->attributes & WEIR_ATTR_COMPRESSION))
        return (weir_bytes){set.p, header->size};
    return message_read(set.p, set.len, &m) == WEIR_OK ? m.value : (weir_bytes){NULL, 0};
}

/* Counts the messages from walk->p to walk->end and finds the offset that the last one has in it. 0 when they do not
   fill the bytes. */
static int32_t count_messages(const weir_batch_walk *walk, int64_t *last) {
    int32_t count = 0;
    for (const uint8_t *p = walk->p; p < walk->end; count++) {
        if (walk->end - p < WEIR__MESSAGE_SIZE_EXCLUDES)
            return 0;
        uint32_t size = weir__get32(p + WEIR__MESSAGE_AT_SIZE);
        *last = (int64_t)weir__get64(p + WEIR__MESSAGE_AT_OFFSET);
        p += WEIR__MESSAGE_SIZE_EXCLUDES;
        if (size > (size_t)(walk->end - p))
            return 0;
        p += size;
    }
    return count;
}

void weir__message_walk_init(weir_batch_walk *walk, const weir_batch_header *header) {
    int64_t last = -1, told = header->base_offset;
    walk->fast_end = NULL;
    walk->wrapped = header->attributes & WEIR_ATTR_COMPRESSION;
    if (header->magic == 0)
        walk->timestamp_type = WEIR_TIMESTAMP_NONE;
    walk->next_offset = walk->least_offset = 0;
    walk->stop_offset = count_messages(walk, &last);
    /* A wrapper with offset 0 may come from a producer that did not number it. */
    if (last < 0 || last == INT64_MAX || (told != 0 && last > told))
        walk->stop_offset = 0;
    walk->last_offset = last;
    walk->base_offset = walk->stop_offset == 0 || header->magic == 0 || told == 0 ? 0 : told - last;
}

weir_err weir__message_next(weir_batch_walk *walk, weir_record *record) {
    if (walk->next_offset >= walk->stop_offset) /* there is one at least */
        return walk->p == walk->end && walk->next_offset > 0 ? WEIR_END : WEIR_E_MALFORMED;
    message m;
    if (message_read(walk->p, (size_t)(walk->end - walk->p), &m) != WEIR_OK || m.magic != walk->magic)
        return WEIR_E_MALFORMED;
    if (walk->wrapped && ((m.attributes & WEIR_ATTR_COMPRESSION) || !checksum_right(walk->p, &m)))
        return WEIR_E_MALFORMED;
    if (m.offset < walk->least_offset || m.offset > walk->last_offset)
        return WEIR_E_MALFORMED;
    *record = (weir_record){.offset = walk->base_offset + m.offset,
                            .timestamp = m.timestamp,
                            .timestamp_type = walk->timestamp_type,
                            .key = m.key,
                            .value = m.value};
    if (walk->timestamp_type == WEIR_TIMESTAMP_LOG_APPEND)
        record->timestamp = walk->base_timestamp;
    walk->p += m.size;
    walk->least_offset = m.offset + 1;
    walk->next_offset++;
    return WEIR_OK;
}
