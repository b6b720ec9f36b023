/* Reflected 32-bit checksums by slicing: 8 bytes a step, with tables that the preprocessor computes. */
#ifndef WEIR_PROTO_CRC_SLICES_H
#define WEIR_PROTO_CRC_SLICES_H

#include <stddef.h>
#include <stdint.h>

/* The checksum is linear, so the entry of a byte is the exclusive or of the entries of its bits. ROW gives those of the
   eight bits; the preprocessor makes the 256 entries, and the tables stay constant data. */
#define BIT(i, n, k) ((i) >> (n)&1 ? (k) : 0U)
#define ENTRY(i, a, b, c, d, e, f, g, h)                                                                               \
    BIT(i, 0, a) ^ BIT(i, 1, b) ^ BIT(i, 2, c) ^ BIT(i, 3, d) ^ BIT(i, 4, e) ^ BIT(i, 5, f) ^ BIT(i, 6, g) ^           \
        BIT(i, 7, h)
#define FOUR(i, ...)                                                                                                   \
    ENTRY(i, __VA_ARGS__), ENTRY(i + 1, __VA_ARGS__), ENTRY(i + 2, __VA_ARGS__), ENTRY(i + 3, __VA_ARGS__)
#define SIXTEEN(i, ...)                                                                                                \
    FOUR(i, __VA_ARGS__), FOUR(i + 4, __VA_ARGS__), FOUR(i + 8, __VA_ARGS__), FOUR(i + 12, __VA_ARGS__)
#define SIXTY_FOUR(i, ...)                                                                                             \
    SIXTEEN(i, __VA_ARGS__), SIXTEEN(i + 16, __VA_ARGS__), SIXTEEN(i + 32, __VA_ARGS__), SIXTEEN(i + 48, __VA_ARGS__)
#define ROW(...)                                                                                                       \
    {                                                                                                                  \
        SIXTY_FOUR(0U, __VA_ARGS__), SIXTY_FOUR(64U, __VA_ARGS__), SIXTY_FOUR(128U, __VA_ARGS__),                      \
            SIXTY_FOUR(192U, __VA_ARGS__)                                                                              \
    }

static inline uint32_t weir__load32_le(const uint8_t *p) {
    return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static inline uint32_t weir__slice4(const uint32_t (*slice)[256], uint32_t v) {
    return slice[3][v & 0xff] ^ slice[2][v >> 8 & 0xff] ^ slice[1][v >> 16 & 0xff] ^ slice[0][v >> 24];
}

/* The register moved over `len` bytes. slices[k][b] is what it is after byte b and k zero bytes, from zero. */
static inline uint32_t weir__crc_slices(const uint32_t slices[8][256], uint32_t crc, const uint8_t *p, size_t len) {
    for (; len >= 8; p += 8, len -= 8)
        crc = weir__slice4(slices + 4, crc ^ weir__load32_le(p)) ^ weir__slice4(slices, weir__load32_le(p + 4));
    for (; len; p++, len--)
        crc = slices[0][(crc ^ *p) & 0xff] ^ crc >> 8;
    return crc;
}

#endif
