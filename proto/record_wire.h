/* What reading and writing record batches share: big-endian integers at fixed places, and varints (KIP-98: zigzag, then
   groups of 7 bits, the lowest first). All inline, because this is the hot path. */
#ifndef WEIR_PROTO_RECORD_WIRE_H
#define WEIR_PROTO_RECORD_WIRE_H

#include <weir/record.h>

/* Offsets in bytes of the fields of a batch header (KIP-98). */
enum {
    WEIR__AT_BASE_OFFSET = 0,
    WEIR__AT_LENGTH = 8,
    WEIR__AT_LEADER_EPOCH = 12,
    WEIR__AT_MAGIC = 16,
    WEIR__AT_CRC = 17,
    WEIR__AT_ATTRIBUTES = 21,
    WEIR__AT_LAST_OFFSET_DELTA = 23,
    WEIR__AT_BASE_TIMESTAMP = 27,
    WEIR__AT_MAX_TIMESTAMP = 35,
    WEIR__AT_PRODUCER_ID = 43,
    WEIR__AT_PRODUCER_EPOCH = 51,
    WEIR__AT_BASE_SEQUENCE = 53,
    WEIR__AT_RECORD_COUNT = 57,
    WEIR__LENGTH_EXCLUDES = 12 /* the length counts what follows it: not the base offset, not itself */
};

static inline uint16_t weir__get16(const uint8_t *p) {
    return (uint16_t)((unsigned)p[0] << 8 | p[1]);
}

static inline uint32_t weir__get32(const uint8_t *p) {
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline uint64_t weir__get64(const uint8_t *p) {
    return (uint64_t)weir__get32(p) << 32 | weir__get32(p + 4);
}

static inline void weir__put16(uint8_t *p, uint16_t v) {
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

static inline void weir__put32(uint8_t *p, uint32_t v) {
    p[0] = (uint8_t)(v >> 24);
    p[1] = (uint8_t)(v >> 16);
    p[2] = (uint8_t)(v >> 8);
    p[3] = (uint8_t)v;
}

static inline void weir__put64(uint8_t *p, uint64_t v) {
    weir__put32(p, (uint32_t)(v >> 32));
    weir__put32(p + 4, (uint32_t)v);
}

static inline uint64_t weir__load64_le(const uint8_t *p) {
    return (uint64_t)p[7] << 56 | (uint64_t)p[6] << 48 | (uint64_t)p[5] << 40 | (uint64_t)p[4] << 32 |
           (uint64_t)p[3] << 24 | (uint64_t)p[2] << 16 | (uint64_t)p[1] << 8 | p[0];
}

static inline void weir__store64_le(uint8_t *p, uint64_t v) {
    for (unsigned i = 0; i < 8; i++)
        p[i] = (uint8_t)(v >> 8 * i);
}

/* Zigzag without signed shifts. */
static inline uint64_t weir__zigzag(int64_t v) {
    return (uint64_t)v << 1 ^ (v < 0 ? UINT64_MAX : 0);
}

static inline int64_t weir__unzigzag(uint64_t u) {
    return (int64_t)(u >> 1 ^ (0 - (u & 1)));
}

/* Bytes of a varint: 1 for each begun group of 7 bits. 9 / 64 is close enough to 1 / 7 for up to 64 bits. */
static inline unsigned weir__varint_size(uint64_t zigzagged) {
    if (zigzagged < 0x80)
        return 1;
#if defined(__GNUC__)
    return ((64U - (unsigned)__builtin_clzll(zigzagged)) * 9 + 64) / 64;
#else
    unsigned size = 1;
    while (zigzagged >>= 7)
        size++;
    return size;
#endif
}

/* Writes a varint and returns where it ends. The caller has made sure of the room. */
static inline uint8_t *weir__varint_put(uint8_t *p, uint64_t zigzagged) {
    if (zigzagged < 0x80) {
        p[0] = (uint8_t)zigzagged;
        return p + 1;
    }
    if (zigzagged < 0x4000) {
        p[0] = (uint8_t)(zigzagged | 0x80);
        p[1] = (uint8_t)(zigzagged >> 7);
        return p + 2;
    }
    while (zigzagged >= 0x80) {
        *p++ = (uint8_t)(zigzagged | 0x80);
        zigzagged >>= 7;
    }
    *p++ = (uint8_t)zigzagged;
    return p;
}

/* A varint of at most 3 bytes as a little-endian number: its groups of 7 bits, without the marks that more follow ...
 */
static inline uint64_t weir__varint_groups(uint64_t zigzagged) {
    return (zigzagged & 0x7f) | (zigzagged & 0x3f80) << 1 | (zigzagged & 0x1fc000) << 2;
}

/* ... and these marks, which all bytes have but the last of `size`. */
static inline uint64_t weir__varint_marks(unsigned size) {
    return 0x8080 & ((UINT64_C(1) << 8 * (size - 1)) - 1);
}

/* Reads a varint of at most 32 (64) bits from [*p, end), still zigzagged, and moves *p behind it. False, with *p
   unchanged, when it is cut off or too long. */
bool weir__varint_take_any(const uint8_t **p, const uint8_t *end, uint32_t *zigzagged);
bool weir__varlong_take(const uint8_t **p, const uint8_t *end, uint64_t *zigzagged);

/* The same, quick for one byte and for two. */
static inline bool weir__varint_take(const uint8_t **p, const uint8_t *end, uint32_t *zigzagged) {
    const uint8_t *at = *p;
    if (end - at < 2)
        return weir__varint_take_any(p, end, zigzagged);
    if (at[0] < 0x80) {
        *zigzagged = at[0];
        *p = at + 1;
        return true;
    }
    if (at[1] >= 0x80)
        return weir__varint_take_any(p, end, zigzagged);
    *zigzagged = (uint32_t)at[1] << 7 | (at[0] & 0x7f);
    *p = at + 2;
    return true;
}

/* Reads a varint length and that many bytes. A length of -1 yields null; lengths below -1 are refused. */
static inline bool weir__sized_take(const uint8_t **p, const uint8_t *end, weir_bytes *bytes) {
    uint32_t zigzagged;
    if (!weir__varint_take(p, end, &zigzagged))
        return false;
    if (zigzagged & 1) {
        *bytes = (weir_bytes){NULL, 0};
        return zigzagged == 1;
    }
    uint32_t len = zigzagged >> 1;
    if (len > (size_t)(end - *p))
        return false;
    *bytes = (weir_bytes){*p, len};
    *p += len;
    return true;
}

#endif
