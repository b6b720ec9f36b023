/* Looking into logs from outside. */
#include "log.h"

bool weir__model_partition_at(const weir__model *model, size_t n, weir__model_partition *partition) {
    for (size_t t = 0; t < model->topic_count; t++) {
        const weir__topic *topic = model->topics[t];
        if (n >= (size_t)topic->partitions) {
            n -= (size_t)topic->partitions;
            continue;
        }
        const weir__log *log = topic->logs[n];
        *partition = (weir__model_partition){
            .topic = topic->name,
            .topic_id = topic->id,
            .partition = log->partition,
            .leader = log->leader,
            .leader_epoch = log->leader_epoch,
            .start = log->start,
            .stable = weir__log_stable(log),
            .end = log->end,
            .batches = log->batch_count,
        };
        return true;
    }
    return false;
}

bool weir__model_batch_at(const weir__model *model, const char *topic, int32_t partition, size_t n,
                          weir__model_batch *batch) {
    const weir__log *log = weir__topic_log(weir__topic_find(model, weir_str_of(topic)), partition);
    if (log == NULL || n >= log->batch_count)
        return false;
    const weir__log_batch *found = &log->batches[n];
    *batch = (weir__model_batch){
        .bytes = weir__log_bytes(log, found),
        .base_offset = found->base_offset,
        .last_offset = found->base_offset + found->last_delta,
        .producer_id = found->producer_id,
        .producer_epoch = found->producer_epoch,
        .fate = found->fate,
        .control = found->attributes & WEIR_ATTR_CONTROL,
    };
    return true;
}
