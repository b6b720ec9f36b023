/* Sets of records that Java made, with what Java reads in them: files of tests/vectors. */
#ifndef WEIR_TESTS_VECTORS_H
#define WEIR_TESTS_VECTORS_H

#include <weir/record.h>

typedef struct vector {
    char *name, *want; /* want: the lines of describe.h */
    weir_records set;  /* in a block of just its size */
} vector;

extern vector vectors[64];
extern int vector_count;

/* Fills `vectors` from a file; ends the program where it cannot be read. */
void vectors_load(const char *path);
void vectors_free(void);
/* The one with that name; fails the test when there is none. */
const vector *vectors_named(const char *name);
/* Fails the test unless Weir reads what Java reads, and nothing behind it. */
void vectors_read_alike(const vector *v);

#endif
