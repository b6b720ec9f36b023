/* Pseudo-random numbers from a seed, for jitter and simulation: the same seed gives the same numbers everywhere.
   xoshiro256** by Blackman and Vigna, seeded through splitmix64. Not for secrets. */
#ifndef WEIR_SRC_BASE_RNG_H
#define WEIR_SRC_BASE_RNG_H

#include <stdint.h>

typedef struct weir__rng {
    uint64_t s[4];
} weir__rng;

void weir__rng_init(weir__rng *rng, uint64_t seed);
uint64_t weir__rng_next(weir__rng *rng);
/* A number in [0, n), each equally likely; 0 when n is 0. */
uint64_t weir__rng_below(weir__rng *rng, uint64_t n);

#endif
