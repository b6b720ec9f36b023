/* Record batches as text: the same lines that tests/vectors/RecordVectors.java prints. */
#ifndef WEIR_TESTS_DESCRIBE_H
#define WEIR_TESTS_DESCRIBE_H

#include <stdio.h>

#include <weir/alloc.h>
#include <weir/record.h>

/* Appends to `out` the "open" line and one "record" line each, decompressing as needed; WEIR_END when all are read. */
weir_err describe_set(FILE *out, weir_records set);
/* malloc and free. */
extern weir_alloc describe_heap;
/* Appends "." for empty, "-" for null, else hexadecimal digits. */
void describe_hex(FILE *out, const void *p, size_t len);

#endif
