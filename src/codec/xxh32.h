/* xxHash, 32 bits, seed 0: the checksum of LZ4 frames. */
#ifndef WEIR_SRC_CODEC_XXH32_H
#define WEIR_SRC_CODEC_XXH32_H

#include <stddef.h>
#include <stdint.h>

uint32_t weir__xxh32(const uint8_t *p, size_t len);

#endif
