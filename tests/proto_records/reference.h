/* A second, slow reader and writer of records, written from the format alone, to judge the fast ones by. */
#ifndef WEIR_TESTS_REFERENCE_H
#define WEIR_TESTS_REFERENCE_H

#include <weir/record.h>

typedef struct reference {
    const uint8_t *p, *end;
    int64_t base_offset, base_timestamp;
    int32_t left, last_delta, previous;
} reference;

/* The next record, WEIR_END or WEIR_E_MALFORMED; batches with the time of creation only. */
weir_err reference_next(reference *r, weir_record *record);

/* Writes a record at `at`, where there is room, and returns its bytes. */
size_t reference_put(uint8_t *at, const weir_record *record, int64_t base_timestamp, int32_t offset_delta);

#endif
