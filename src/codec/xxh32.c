#include "xxh32.h"

#include <string.h>

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

static void mix(uint32_t *lane, const uint8_t *p) {
    for (unsigned i = 0; i < 4; i++)
        lane[i] = rotate(lane[i] + load(p + 4 * i) * PRIME2, 13) * PRIME1;
}

void weir__xxh32_init(weir__xxh32_sum *sum) {
    *sum = (weir__xxh32_sum){.lane = {PRIME1 + PRIME2, PRIME2, 0, 0U - PRIME1}};
}

void weir__xxh32_add(weir__xxh32_sum *sum, const uint8_t *p, size_t len) {
    size_t held = sum->len % sizeof sum->part, lacks = sizeof sum->part - held;
    sum->len += len;
    if (held > 0 && len >= lacks) {
        memcpy(sum->part + held, p, lacks);
        mix(sum->lane, sum->part);
        p += lacks;
        len -= lacks;
        held = 0;
    }
    if (held == 0)
        for (; len >= sizeof sum->part; p += sizeof sum->part, len -= sizeof sum->part)
            mix(sum->lane, p);
    if (len > 0)
        memcpy(sum->part + held, p, len);
}

uint32_t weir__xxh32_value(const weir__xxh32_sum *sum) {
    const uint32_t *lane = sum->lane;
    const uint8_t *p = sum->part, *end = p + sum->len % sizeof sum->part;
    uint32_t h = sum->len < sizeof sum->part
                     ? PRIME5
                     : rotate(lane[0], 1) + rotate(lane[1], 7) + rotate(lane[2], 12) + rotate(lane[3], 18);
    h += (uint32_t)sum->len;
    for (; end - p >= 4; p += 4)
        h = rotate(h + load(p) * PRIME3, 17) * PRIME4;
    for (; p < end; p++)
        h = rotate(h + *p * PRIME5, 11) * PRIME1;
    h = (h ^ h >> 15) * PRIME2;
    h = (h ^ h >> 13) * PRIME3;
    return h ^ h >> 16;
}

uint32_t weir__xxh32(const uint8_t *p, size_t len) {
    weir__xxh32_sum sum;
    weir__xxh32_init(&sum);
    weir__xxh32_add(&sum, p, len);
    return weir__xxh32_value(&sum);
}
