/* Writing message sets of magic 0 and 1. */
#include "message_set.h"
#include "record_wire.h"

#include <string.h>

void weir_message_writer_init(weir_message_writer *w, void *memory, size_t size, int8_t magic, int64_t base_offset) {
    if (size > UINT32_MAX)
        size = UINT32_MAX;
    *w = (weir_message_writer){.start = memory,
                               .p = memory,
                               .end = (uint8_t *)memory + size,
                               .base_offset = base_offset,
                               .last_offset = base_offset,
                               .max_timestamp = -1,
                               .timestamp_type = WEIR_TIMESTAMP_CREATE,
                               .magic = magic};
}

/* Puts a length and the bytes, or -1 for null. Bytes that are in place already are not copied. */
static uint8_t *put_view(uint8_t *p, weir_bytes view) {
    weir__put32(p, view.p ? view.len : UINT32_MAX);
    p += 4;
    if (view.len && view.p != p)
        memcpy(p, view.p, view.len);
    return p + view.len;
}

/* Writes a whole message at `at`, where there is room for it, and returns where it ends. */
static uint8_t *message_write(uint8_t *at, int8_t magic, int attributes, const weir_record *m) {
    weir__put64(at + WEIR__MESSAGE_AT_OFFSET, (uint64_t)m->offset);
    at[WEIR__MESSAGE_AT_MAGIC] = (uint8_t)magic;
    if (magic > 0) {
        attributes |= m->timestamp_type == WEIR_TIMESTAMP_LOG_APPEND ? WEIR_ATTR_LOG_APPEND : 0;
        weir__put64(at + WEIR__MESSAGE_AT_TIMESTAMP, (uint64_t)m->timestamp);
    }
    at[WEIR__MESSAGE_AT_ATTRIBUTES] = (uint8_t)attributes;
    uint8_t *end = put_view(put_view(at + weir__message_key_at(magic), m->key), m->value);
    weir__put32(at + WEIR__MESSAGE_AT_SIZE, (uint32_t)(end - at) - WEIR__MESSAGE_SIZE_EXCLUDES);
    weir__put32(at + WEIR__MESSAGE_AT_CRC,
                weir__crc32(at + WEIR__MESSAGE_AT_MAGIC, (size_t)(end - at) - WEIR__MESSAGE_AT_MAGIC));
    return end;
}

weir_err weir_message_append(weir_message_writer *w, const weir_record *record) {
    if (record->header_count > 0)
        return WEIR_E_VERSION;
    uint64_t size = (uint64_t)record->key.len + record->value.len + WEIR_MESSAGE_OVERHEAD(w->magic);
    if (size > (uint64_t)INT32_MAX + WEIR__MESSAGE_SIZE_EXCLUDES)
        return WEIR_E_TOO_LARGE;
    if (size > (uint64_t)(w->end - w->p))
        return WEIR_AGAIN;
    weir_record placed = *record;
    placed.offset -= w->base_offset;
    if (w->p == w->start || record->timestamp > w->max_timestamp)
        w->max_timestamp = record->timestamp;
    w->timestamp_type = record->timestamp_type;
    w->last_offset = record->offset;
    w->p = message_write(w->p, w->magic, WEIR_COMPRESSION_NONE, &placed);
    return WEIR_OK;
}

weir_records weir_message_close(const weir_message_writer *w) {
    return (weir_records){w->start, (uint32_t)(w->p - w->start)};
}

weir_records weir_message_close_compressed(const weir_message_writer *w, weir_compression compression, void *memory,
                                           size_t compressed_size) {
    uint8_t *at = memory;
    weir_record wrapper = {.offset = w->last_offset,
                           .timestamp = w->max_timestamp,
                           .timestamp_type = w->timestamp_type,
                           .value = {at + WEIR_MESSAGE_OVERHEAD(w->magic), (uint32_t)compressed_size}};
    const uint8_t *end = message_write(at, w->magic, (int)compression, &wrapper);
    return (weir_records){at, (uint32_t)(end - at)};
}
