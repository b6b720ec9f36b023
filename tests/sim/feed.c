/* Those who write the input: plain producers, and one per partition that uses transactions and aborts some. */
#include "model/state.h"
#include "world.h"

#define BATCH_ROOM     65536
#define WRITER         (INT64_C(1) << 40) /* producer id of the transactions in partition 0 */
#define TRANSACTION_US 1000

/* The partition as it is; false: there is none. */
static bool find(const sim_world *w, const char *topic, int32_t partition, weir__model_partition *found) {
    for (size_t n = 0; weir__model_partition_at(w->model, n, found); n++)
        if (found->partition == partition && found->topic[0] == topic[0])
            return true;
    return false;
}

/* Who writes the next batch. A transaction that begins here ends a while later. */
static weir_batch_identity writer(sim_world *w, int32_t partition) {
    sim_writer *t = &w->writers[partition];
    bool transactional = w->plan.transactions && !w->calm && world_draw(w, 3) == 0;
    if (!transactional)
        return (weir_batch_identity){.producer_id = -1, .producer_epoch = -1, .base_sequence = -1};
    return (weir_batch_identity){
        .producer_id = WRITER + partition, .base_sequence = t->sequence, .transactional = true};
}

static void wrote(sim_world *w, int32_t partition, int32_t count) {
    sim_writer *t = &w->writers[partition];
    t->sequence += count;
    if (!t->open)
        agenda_add(&w->agenda, w->now + world_draw_us(w, TRANSACTION_US, 9), EVENT_WRITTEN, partition);
    t->open = true;
}

void feed_batch(sim_world *w, int32_t partition) {
    uint8_t memory[BATCH_ROOM], key[12], value[1024];
    weir__model_partition where;
    weir_batch_writer batch;
    int32_t count = 1 + (int32_t)world_draw(w, (uint64_t)w->plan.batch_max);
    if (!find(w, "in", partition, &where))
        return;
    weir_batch_identity identity = writer(w, partition);
    int64_t first = (int64_t)w->oracle.partitions[partition].count;
    weir_batch_writer_init(&batch, memory, sizeof memory);
    for (int32_t n = 0; n < count; n++) {
        size_t len = record_make(first + n, 0, w->plan.value_max, key, value);
        weir_record record = {
            .key = {key, sizeof key}, .value = {value, (uint32_t)len}, .timestamp = 1700000000000 + first + n};
        (void)weir_batch_append(&batch, &record);
    }
    weir_records bytes = weir_batch_close(&batch, &identity);
    if (weir__model_append(w->model, "in", partition, bytes, w->now) != WEIR_CODE_NONE)
        return; /* nobody leads it now */
    for (int32_t n = 0; n < count; n++)
        oracle_fed(&w->oracle, partition, where.end + n, first + n, identity.transactional);
    if (identity.transactional)
        wrote(w, partition, count);
    w->fed++;
    cluster_touched(w);
}

void feed_end_transaction(sim_world *w, int32_t partition) {
    sim_writer *t = &w->writers[partition];
    weir__log *log = weir__log_find(w->model, weir_str_of("in"), partition);
    if (!t->open || log == NULL)
        return;
    if (weir__log_leader(log) < 0 && !w->recreated) { /* the marker has to wait */
        agenda_add(&w->agenda, w->now + TRANSACTION_US, EVENT_WRITTEN, partition);
        return;
    }
    bool commit = world_draw(w, 3) != 0;
    t->open = false;
    if (!w->recreated)
        (void)weir__log_end_transaction(log, WRITER + partition, 0, commit, 0, w->now);
    oracle_input_ended(&w->oracle, partition, commit);
    cluster_touched(w);
    wires_pump(w);
}

void feed_some(sim_world *w) {
    if (w->calm || w->recreated)
        return;
    feed_batch(w, (int32_t)world_draw(w, (uint64_t)w->plan.partitions));
    agenda_add(&w->agenda, w->now + 1 + (int64_t)world_draw(w, (uint64_t)(2 * w->plan.feed_us)), EVENT_FEED, 0);
}
