/* Storing offsets. Private to src/model. */
#ifndef WEIR_SRC_MODEL_OFFSETS_H
#define WEIR_SRC_MODEL_OFFSETS_H

#include "group.h"

/* What is to be stored. */
typedef struct weir__offset_value {
    weir_str topic;
    int32_t partition, leader_epoch;
    int64_t offset;
    weir_str metadata;
    int64_t producer_id; /* -1: in effect at once */
} weir__offset_value;

/* False: no memory, nothing has changed. */
bool weir__offset_store(weir__model *model, weir__group *group, const weir__offset_value *value, weir_time_us now);

/* What the partition of the groups' topic knows of a producer; NULL: nothing. */
weir__offset_producer *weir__offset_producer_find(const weir__model *model, int32_t partition, int64_t producer_id);
/* The same, made when there is none (epoch -1); NULL: no memory. */
weir__offset_producer *weir__offset_producer_make(weir__model *model, int32_t partition, int64_t producer_id);

#endif
