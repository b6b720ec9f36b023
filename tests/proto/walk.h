/* Tests over all messages at once: what follows walks the tables instead of knowing any message. */
#ifndef WEIR_TESTS_PROTO_WALK_H
#define WEIR_TESTS_PROTO_WALK_H

#include "schema.h"

/* A seeded stream of numbers (splitmix64). */
uint64_t walk_next(uint64_t *seed);

/* Fills in what a version has with random values; the rest keeps its defaults. Arrays lie in the arena. */
void walk_random(const weir_schema *schema, int version, uint64_t *seed, weir_arena *arena, void *message);

/* Member by member; arrays and views by content. */
bool walk_equal(const weir_schema *schema, const void *a, const void *b);

/* True when each member that the version has holds the value that MessageVectors.java derives from its name, and each
   other one its default. Prints the first member that does not. */
bool walk_filled(const weir_schema *schema, int version, const void *message);

/* Calls `each` for every message and version there is. */
void walk_all(void (*each)(const char *name, const weir_schema *schema, int16_t version));

#endif
