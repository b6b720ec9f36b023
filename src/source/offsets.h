/* Looking up first and last offsets (ListOffsets), many partitions at a time, until all are known. */
#ifndef WEIR_SRC_SOURCE_OFFSETS_H
#define WEIR_SRC_SOURCE_OFFSETS_H

#include "cluster.h"

#define WEIR__TIMESTAMP_LATEST   (-1)
#define WEIR__TIMESTAMP_EARLIEST (-2)

/* One offset that is wanted. The owner sets topic, partition and timestamp, all else zero. */
typedef struct weir__lookup {
    weir__topic *topic;
    int32_t partition;
    int64_t timestamp; /* WEIR__TIMESTAMP_* */
    bool answered;
    int64_t offset; /* the answer */

    int16_t code;   /* what the last attempt was refused with; 0 none */
    uint32_t tries; /* attempts that failed */
    weir_time_us not_before;
    struct weir__offsets_ask *ask; /* the request it rides on, NULL none */
} weir__lookup;

typedef struct weir__offsets {
    weir_client *client;
    weir_alloc *alloc;
    int8_t isolation;
    weir__lookup *lookups;
    size_t count, left;
    weir_fault *fault;
    weir_time_us deadline;
    bool starved; /* there was no memory for the last request that was to be made */
    weir__worker worker;
    weir__list asks;
} weir__offsets;

/* Starts looking up. `lookups` and `fault` stay in place until weir__offsets_stop. Under WEIR_READ_COMMITTED the latest
   offset is the last stable one. Gives up after default.api.timeout.ms: WEIR_E_NO_MEMORY, WEIR_E_UNREACHABLE. */
void weir__offsets_start(weir__offsets *offsets, weir_client *client, weir_alloc *alloc, weir_isolation isolation,
                         weir__lookup *lookups, size_t count, weir_fault *fault, weir_time_us now);
/* WEIR_OK once all are answered, WEIR_AGAIN until then, else the error of the fault. */
weir_err weir__offsets_state(const weir__offsets *offsets);
/* Takes back what is under way. To be called once for every start. */
void weir__offsets_stop(weir__offsets *offsets);

#endif
