/* Those who write the input. */
#include "world.h"

#define BATCH_ROOM 65536

/* The last stable and the last offset of a partition of a topic. */
static bool find(const sim_world *w, const char *topic, int32_t partition, weir__model_partition *found) {
    for (size_t n = 0; weir__model_partition_at(w->model, n, found); n++)
        if (found->partition == partition && found->topic[0] == topic[0])
            return true;
    return false;
}

void feed_batch(sim_world *w, int32_t partition) {
    uint8_t memory[BATCH_ROOM], key[12], value[1024];
    weir__model_partition where;
    weir_batch_writer writer;
    static const weir_batch_identity nobody = {.producer_id = -1, .producer_epoch = -1, .base_sequence = -1};
    int32_t count = 1 + (int32_t)world_draw(w, (uint64_t)w->plan.batch_max);
    if (!find(w, "in", partition, &where))
        return;
    int64_t first = (int64_t)w->oracle.partitions[partition].count;
    weir_batch_writer_init(&writer, memory, sizeof memory);
    for (int32_t n = 0; n < count; n++) {
        size_t len = record_make(first + n, 0, w->plan.value_max, key, value);
        weir_record record = {
            .key = {key, sizeof key}, .value = {value, (uint32_t)len}, .timestamp = 1700000000000 + first + n};
        (void)weir_batch_append(&writer, &record);
    }
    weir_records batch = weir_batch_close(&writer, &nobody);
    if (weir__model_append(w->model, "in", partition, batch, w->now) != WEIR_CODE_NONE)
        return; /* nobody leads it now */
    for (int32_t n = 0; n < count; n++)
        oracle_fed(&w->oracle, partition, where.end + n, first + n);
    w->fed++;
    cluster_touched(w);
}

void feed_some(sim_world *w) {
    if (w->calm || w->recreated)
        return;
    feed_batch(w, (int32_t)world_draw(w, (uint64_t)w->plan.partitions));
    agenda_add(&w->agenda, w->now + 1 + (int64_t)world_draw(w, (uint64_t)(2 * w->plan.feed_us)), EVENT_FEED, 0);
}
