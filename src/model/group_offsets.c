/* Offsets that groups have stored, and transactions that are open on them. */
#include "group.h"

#include <string.h>

#include "offsets.h"
#include "txn.h"

weir__offset *weir__offset_find(const weir__group *group, weir_str topic, int32_t partition, int64_t producer_id) {
    for (size_t n = 0; n < group->offset_count; n++) {
        weir__offset *offset = &group->offsets[n];
        if (offset->partition == partition && offset->producer_id == producer_id &&
            weir_str_equal(weir_str_of(offset->topic), topic))
            return offset;
    }
    return NULL;
}

bool weir__offset_pending(const weir__group *group, weir_str topic, int32_t partition) {
    for (size_t n = 0; n < group->offset_count; n++)
        if (group->offsets[n].partition == partition && group->offsets[n].producer_id != -1 &&
            weir_str_equal(weir_str_of(group->offsets[n].topic), topic))
            return true;
    return false;
}

static void drop_text(weir__model *model, char *text) {
    weir__model_give(model, text, strlen(text) + 1);
}

static void drop(weir__model *model, weir__group *group, size_t n) {
    drop_text(model, group->offsets[n].topic);
    drop_text(model, group->offsets[n].metadata);
    group->offset_count--;
    memmove(group->offsets + n, group->offsets + n + 1, (group->offset_count - n) * sizeof *group->offsets);
}

void weir__offsets_free(weir__model *model, weir__group *group) {
    while (group->offset_count > 0)
        drop(model, group, group->offset_count - 1);
    weir__model_give(model, group->offsets, group->offset_cap * sizeof *group->offsets);
}

bool weir__offset_store(weir__model *model, weir__group *group, const weir__offset_value *value, weir_time_us now) {
    char *metadata = weir__copy_text(model, value->metadata);
    if (metadata == NULL)
        return false;
    weir__offset *offset = weir__offset_find(group, value->topic, value->partition, value->producer_id);
    if (offset != NULL) {
        drop_text(model, offset->metadata);
    } else {
        char *topic =
            weir__grow(model, (void **)&group->offsets, &group->offset_cap, group->offset_count, sizeof *group->offsets)
                ? weir__copy_text(model, value->topic)
                : NULL;
        if (topic == NULL) {
            drop_text(model, metadata);
            return false;
        }
        offset = &group->offsets[group->offset_count++];
        offset->topic = topic;
    }
    offset->partition = value->partition;
    offset->leader_epoch = value->leader_epoch;
    offset->offset = value->offset;
    offset->metadata = metadata;
    offset->stored = now;
    offset->order = model->groups->orders++;
    offset->producer_id = value->producer_id;
    weir__model_changed(model);
    return true;
}

/* ---- transactions ---- */
weir__offset_producer *weir__offset_producer_find(const weir__model *model, int32_t partition, int64_t producer_id) {
    const weir__groups *groups = model->groups;
    for (size_t n = 0; n < groups->producer_count; n++)
        if (groups->producers[n].partition == partition && groups->producers[n].producer_id == producer_id)
            return &groups->producers[n];
    return NULL;
}

weir__offset_producer *weir__offset_producer_make(weir__model *model, int32_t partition, int64_t producer_id) {
    weir__groups *groups = model->groups;
    weir__offset_producer *producer = weir__offset_producer_find(model, partition, producer_id);
    if (producer != NULL)
        return producer;
    if (!weir__grow(model, (void **)&groups->producers, &groups->producer_cap, groups->producer_count,
                    sizeof *groups->producers))
        return NULL;
    producer = &groups->producers[groups->producer_count++];
    *producer = (weir__offset_producer){partition, producer_id, -1, false};
    return producer;
}

/* The n-th offset has waited for its transaction, which is committed: the later one stays. */
static void settle(weir__model *model, weir__group *group, size_t n) {
    weir__offset *waited = &group->offsets[n];
    weir__offset *old = weir__offset_find(group, weir_str_of(waited->topic), waited->partition, -1);
    if (old == NULL) {
        waited->producer_id = -1;
    } else if (old->order > waited->order) {
        drop(model, group, n);
    } else {
        waited->producer_id = -1;
        drop(model, group, (size_t)(old - group->offsets));
    }
}

void weir__group_end_transaction(weir__model *model, int32_t partition, int64_t producer_id, int16_t producer_epoch,
                                 bool commit) {
    weir__offset_producer *producer = weir__offset_producer_find(model, partition, producer_id);
    if (producer == NULL || producer_epoch < producer->epoch)
        return;
    producer->epoch = producer_epoch;
    producer->open = false;
    for (size_t g = 0; g < model->groups->count; g++) {
        weir__group *group = model->groups->items[g];
        if (weir__key_partition(model, weir_str_of(group->id)) != partition)
            continue;
        for (size_t n = group->offset_count; n-- > 0;) {
            if (n >= group->offset_count || group->offsets[n].producer_id != producer_id)
                continue;
            if (commit)
                settle(model, group, n);
            else
                drop(model, group, n);
        }
    }
    weir__model_changed(model);
}

/* ---- what goes by itself ---- */
void weir__offsets_expire(weir__model *model, weir__group *group, weir_time_us now) {
    int64_t retention = model->config.offsets_retention_ms * 1000;
    for (size_t n = group->offset_count; n-- > 0;) {
        const weir__offset *offset = &group->offsets[n];
        weir_time_us since = group->protocol_type != NULL ? group->empty_since : offset->stored;
        if (now - since < retention || weir__offset_pending(group, weir_str_of(offset->topic), offset->partition))
            continue;
        drop(model, group, n);
        weir__model_changed(model);
    }
}

void weir__group_topic_deleted(weir__model *model, weir_str topic) {
    for (size_t g = 0; g < model->groups->count; g++) {
        weir__group *group = model->groups->items[g];
        for (size_t n = group->offset_count; n-- > 0;)
            if (weir_str_equal(weir_str_of(group->offsets[n].topic), topic))
                drop(model, group, n);
    }
}

int64_t weir__model_group_offset(const weir__model *model, const char *group, const char *topic, int32_t partition,
                                 weir_str *metadata) {
    const weir__group *found = weir__group_find(model, weir_str_of(group));
    const weir__offset *offset = found != NULL ? weir__offset_find(found, weir_str_of(topic), partition, -1) : NULL;
    if (metadata != NULL)
        *metadata = offset != NULL ? weir_str_of(offset->metadata) : (weir_str){NULL, 0};
    return offset != NULL ? offset->offset : -1;
}
