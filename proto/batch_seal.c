/* Writing batches of magic 2 (KIP-98) with every field given: what a broker stores, with gaps between offsets after
   compaction, control batches and empty ones. */
#include "record_wire.h"

#include <string.h>

/* Zigzag of a length, -1 when there are no bytes. */
static uint64_t length_of(weir_bytes bytes) {
    return weir__zigzag(bytes.p ? (int64_t)bytes.len : -1);
}

static uint8_t *put_bytes(uint8_t *at, weir_bytes bytes) {
    if (bytes.len)
        memcpy(at, bytes.p, bytes.len);
    return at + bytes.len;
}

size_t weir_record_write(uint8_t *at, size_t room, const weir_batch_header *header, const weir_record *record) {
    /* The difference wraps as in Java, so that no timestamp is undefined behaviour. */
    uint64_t timestamp = weir__zigzag((int64_t)((uint64_t)record->timestamp - (uint64_t)header->base_timestamp));
    uint64_t offset = weir__zigzag(record->offset - header->base_offset);
    uint64_t count = weir__zigzag(record->header_count);
    uint64_t body = 1 + (uint64_t)weir__varint_size(timestamp) + weir__varint_size(offset) +
                    weir__varint_size(length_of(record->key)) + record->key.len +
                    weir__varint_size(length_of(record->value)) + record->value.len + weir__varint_size(count) +
                    record->headers.len;
    uint64_t need = weir__varint_size(body << 1) + body;
    if (need > SIZE_MAX)
        return SIZE_MAX;
    if (need > room)
        return (size_t)need;
    at = weir__varint_put(at, body << 1);
    *at++ = 0; /* attributes: no bit is in use */
    at = weir__varint_put(weir__varint_put(at, timestamp), offset);
    at = put_bytes(weir__varint_put(at, length_of(record->key)), record->key);
    at = put_bytes(weir__varint_put(at, length_of(record->value)), record->value);
    put_bytes(weir__varint_put(at, count), record->headers);
    return (size_t)need;
}

void weir_batch_seal(uint8_t *batch, weir_batch_header *header) {
    header->magic = 2;
    weir__put64(batch + WEIR__AT_BASE_OFFSET, (uint64_t)header->base_offset);
    weir__put32(batch + WEIR__AT_LENGTH, header->size - WEIR__LENGTH_EXCLUDES);
    weir__put32(batch + WEIR__AT_LEADER_EPOCH, (uint32_t)header->leader_epoch);
    batch[WEIR__AT_MAGIC] = 2;
    weir__put16(batch + WEIR__AT_ATTRIBUTES, (uint16_t)header->attributes);
    weir__put32(batch + WEIR__AT_LAST_OFFSET_DELTA, (uint32_t)header->last_offset_delta);
    weir__put64(batch + WEIR__AT_BASE_TIMESTAMP, (uint64_t)header->base_timestamp);
    weir__put64(batch + WEIR__AT_MAX_TIMESTAMP, (uint64_t)header->max_timestamp);
    weir__put64(batch + WEIR__AT_PRODUCER_ID, (uint64_t)header->producer_id);
    weir__put16(batch + WEIR__AT_PRODUCER_EPOCH, (uint16_t)header->producer_epoch);
    weir__put32(batch + WEIR__AT_BASE_SEQUENCE, (uint32_t)header->base_sequence);
    weir__put32(batch + WEIR__AT_RECORD_COUNT, (uint32_t)header->record_count);
    header->crc = weir_crc32c(0, batch + WEIR__AT_ATTRIBUTES, header->size - WEIR__AT_ATTRIBUTES);
    weir__put32(batch + WEIR__AT_CRC, header->crc);
}
