#include "rng.h"

static uint64_t rotate(uint64_t v, unsigned by) {
    return v << by | v >> (64 - by);
}

void weir__rng_init(weir__rng *rng, uint64_t seed) {
    for (unsigned i = 0; i < 4; i++) {
        uint64_t z = seed += 0x9e3779b97f4a7c15;
        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
        z = (z ^ z >> 27) * 0x94d049bb133111eb;
        rng->s[i] = z ^ z >> 31;
    }
}

uint64_t weir__rng_next(weir__rng *rng) {
    uint64_t *s = rng->s;
    uint64_t result = rotate(s[1] * 5, 7) * 9;
    uint64_t shifted = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = rotate(s[3], 45);
    return result;
}

uint64_t weir__rng_below(weir__rng *rng, uint64_t n) {
    if (n == 0)
        return 0;
    /* Numbers under 2^64 mod n would make the low remainders likelier: draw again. */
    uint64_t skip = (0 - n) % n, v;
    do
        v = weir__rng_next(rng);
    while (v < skip);
    return v % n;
}
