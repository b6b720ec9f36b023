/* Markers: control batches of one record, of which the key says how a transaction ended and the value which coordinator
   decided (KIP-98). */
#include "log.h"

#include "record_wire.h"

/* Where things are in the only record: behind the length, the attributes and two deltas, each of one byte. */
enum {
    AT_RECORD = WEIR_BATCH_HEADER_SIZE,
    AT_KEY = AT_RECORD + 5,   /* int16 version, int16 type: 0 abort, 1 commit */
    AT_VALUE = AT_KEY + 4 + 1 /* int16 version, int32 epoch of the coordinator */
};

static uint8_t *put_varint(uint8_t *p, int64_t v) {
    return weir__varint_put(p, weir__zigzag(v));
}

void weir__marker_write(uint8_t *bytes, int64_t producer_id, int16_t producer_epoch, bool commit,
                        int32_t coordinator_epoch, int64_t timestamp) {
    weir__put64(bytes + WEIR__AT_BASE_OFFSET, 0);
    weir__put32(bytes + WEIR__AT_LENGTH, WEIR__MARKER_SIZE - WEIR__LENGTH_EXCLUDES);
    weir__put32(bytes + WEIR__AT_LEADER_EPOCH, 0);
    bytes[WEIR__AT_MAGIC] = 2;
    weir__put16(bytes + WEIR__AT_ATTRIBUTES, WEIR_ATTR_TRANSACTIONAL | WEIR_ATTR_CONTROL);
    weir__put32(bytes + WEIR__AT_LAST_OFFSET_DELTA, 0);
    weir__put64(bytes + WEIR__AT_BASE_TIMESTAMP, (uint64_t)timestamp);
    weir__put64(bytes + WEIR__AT_MAX_TIMESTAMP, (uint64_t)timestamp);
    weir__put64(bytes + WEIR__AT_PRODUCER_ID, (uint64_t)producer_id);
    weir__put16(bytes + WEIR__AT_PRODUCER_EPOCH, (uint16_t)producer_epoch);
    weir__put32(bytes + WEIR__AT_BASE_SEQUENCE, (uint32_t)-1);
    weir__put32(bytes + WEIR__AT_RECORD_COUNT, 1);
    uint8_t *p = put_varint(bytes + AT_RECORD, WEIR__MARKER_SIZE - AT_RECORD - 1);
    *p++ = 0;
    p = put_varint(p, 0);
    p = put_varint(p, 0);
    p = put_varint(p, 4);
    weir__put16(p, 0);
    weir__put16(p + 2, commit);
    p = put_varint(p + 4, 6);
    weir__put16(p, 0);
    weir__put32(p + 2, (uint32_t)coordinator_epoch);
    put_varint(p + 6, 0);
    weir__put32(bytes + WEIR__AT_CRC,
                weir_crc32c(0, bytes + WEIR__AT_ATTRIBUTES, WEIR__MARKER_SIZE - WEIR__AT_ATTRIBUTES));
}

bool weir__marker_commits(const uint8_t *bytes) {
    return weir__get16(bytes + AT_KEY + 2) == 1;
}

int32_t weir__marker_coordinator_epoch(const uint8_t *bytes) {
    return (int32_t)weir__get32(bytes + AT_VALUE + 2);
}
