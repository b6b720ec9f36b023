/* xxHash, 32 bits, seed 0: the checksum of LZ4 frames. */
#ifndef WEIR_SRC_CODEC_XXH32_H
#define WEIR_SRC_CODEC_XXH32_H

#include <stddef.h>
#include <stdint.h>

/* The checksum of bytes that come in pieces. */
typedef struct weir__xxh32_sum {
    uint32_t lane[4];
    uint8_t part[16]; /* the first len % 16 of them are still to be mixed in */
    uint64_t len;
} weir__xxh32_sum;

void weir__xxh32_init(weir__xxh32_sum *sum);
void weir__xxh32_add(weir__xxh32_sum *sum, const uint8_t *p, size_t len);
uint32_t weir__xxh32_value(const weir__xxh32_sum *sum);

/* The same of bytes that are all there. */
uint32_t weir__xxh32(const uint8_t *p, size_t len);

#endif
