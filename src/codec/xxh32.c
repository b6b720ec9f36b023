#include "xxh32.h"

#define PRIME1 2654435761U
#define PRIME2 2246822519U
#define PRIME3 3266489917U
#define PRIME4 668265263U
#define PRIME5 374761393U

static inline uint32_t rotate(uint32_t v, unsigned by) {
    return v << by | v >> (32 - by);
}

static inline uint32_t load(const uint8_t *p) {
    return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

uint32_t weir__xxh32(const uint8_t *p, size_t len) {
    uint32_t h = PRIME5;
    const uint8_t *end = p + len;
    if (len >= 16) {
        uint32_t lane[4] = {PRIME1 + PRIME2, PRIME2, 0, 0U - PRIME1};
        for (; end - p >= 16; p += 16)
            for (unsigned i = 0; i < 4; i++)
                lane[i] = rotate(lane[i] + load(p + 4 * i) * PRIME2, 13) * PRIME1;
        h = rotate(lane[0], 1) + rotate(lane[1], 7) + rotate(lane[2], 12) + rotate(lane[3], 18);
    }
    h += (uint32_t)len;
    for (; end - p >= 4; p += 4)
        h = rotate(h + load(p) * PRIME3, 17) * PRIME4;
    for (; p < end; p++)
        h = rotate(h + *p * PRIME5, 11) * PRIME1;
    h = (h ^ h >> 15) * PRIME2;
    h = (h ^ h >> 13) * PRIME3;
    return h ^ h >> 16;
}
