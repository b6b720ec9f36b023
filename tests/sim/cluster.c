/* The brokers, and an operator with an unsteady hand. */
#include <stdio.h>

#include <weir/posix.h>

#include "world.h"

void cluster_make(sim_world *w) {
    w->model = weir__model_new(&w->plan.model, weir_posix_malloc());
    w->model_wakes = WEIR_NEVER;
    (void)weir__model_create_topic(w->model, "in", w->plan.partitions, w->now);
    (void)weir__model_create_topic(w->model, "out", w->plan.partitions, w->now);
    weir__model_set_judge(w->model, cluster_judge, w);
    cluster_touched(w);
}

void cluster_touched(sim_world *w) {
    oracle_look(w);
    weir_time_us due = weir__model_deadline(w->model);
    if (due < w->now)
        due = w->now;
    if (due < w->model_wakes) {
        w->model_wakes = due;
        agenda_add(&w->agenda, due, EVENT_MODEL, 0);
    }
}

void cluster_tick(sim_world *w) {
    w->model_wakes = WEIR_NEVER;
    weir__model_tick(w->model, w->now);
    cluster_touched(w);
    wires_pump(w);
}

/* ---- mischief ---- */
#define CODES_MAX 4

/* What Kafka may answer to an API while nothing is wrong with the request. `done`: the codes that may hide that it has
   taken effect. 0 ends a list. */
static const struct {
    int16_t api;
    int16_t refused[CODES_MAX], done[CODES_MAX];
} legal[] = {
    {WEIR_API_PRODUCE,
     {WEIR_CODE_NOT_LEADER_OR_FOLLOWER, WEIR_CODE_NOT_ENOUGH_REPLICAS, WEIR_CODE_KAFKA_STORAGE_ERROR},
     {WEIR_CODE_REQUEST_TIMED_OUT, WEIR_CODE_NOT_ENOUGH_REPLICAS_AFTER_APPEND, WEIR_CODE_NOT_LEADER_OR_FOLLOWER}},
    {WEIR_API_FETCH,
     {WEIR_CODE_NOT_LEADER_OR_FOLLOWER, WEIR_CODE_KAFKA_STORAGE_ERROR, WEIR_CODE_FETCH_SESSION_ID_NOT_FOUND},
     {0}},
    {WEIR_API_LIST_OFFSETS,
     {WEIR_CODE_NOT_LEADER_OR_FOLLOWER, WEIR_CODE_OFFSET_NOT_AVAILABLE, WEIR_CODE_LEADER_NOT_AVAILABLE},
     {0}},
    {WEIR_API_OFFSET_FOR_LEADER_EPOCH, {WEIR_CODE_NOT_LEADER_OR_FOLLOWER}, {0}},
    {WEIR_API_METADATA, {WEIR_CODE_LEADER_NOT_AVAILABLE}, {0}},
    {WEIR_API_FIND_COORDINATOR, {WEIR_CODE_COORDINATOR_NOT_AVAILABLE}, {0}},
    {WEIR_API_INIT_PRODUCER_ID,
     {WEIR_CODE_COORDINATOR_LOAD_IN_PROGRESS, WEIR_CODE_NOT_COORDINATOR, WEIR_CODE_CONCURRENT_TRANSACTIONS},
     {WEIR_CODE_COORDINATOR_NOT_AVAILABLE, WEIR_CODE_NOT_COORDINATOR}},
    {WEIR_API_ADD_PARTITIONS_TO_TXN,
     {WEIR_CODE_COORDINATOR_LOAD_IN_PROGRESS, WEIR_CODE_NOT_COORDINATOR, WEIR_CODE_CONCURRENT_TRANSACTIONS},
     {WEIR_CODE_COORDINATOR_NOT_AVAILABLE, WEIR_CODE_NOT_COORDINATOR}},
    {WEIR_API_ADD_OFFSETS_TO_TXN,
     {WEIR_CODE_COORDINATOR_LOAD_IN_PROGRESS, WEIR_CODE_NOT_COORDINATOR, WEIR_CODE_CONCURRENT_TRANSACTIONS},
     {WEIR_CODE_COORDINATOR_NOT_AVAILABLE, WEIR_CODE_NOT_COORDINATOR}},
    {WEIR_API_TXN_OFFSET_COMMIT,
     {WEIR_CODE_COORDINATOR_LOAD_IN_PROGRESS, WEIR_CODE_NOT_COORDINATOR},
     {WEIR_CODE_COORDINATOR_NOT_AVAILABLE, WEIR_CODE_NOT_COORDINATOR}},
    {WEIR_API_END_TXN,
     {WEIR_CODE_COORDINATOR_LOAD_IN_PROGRESS, WEIR_CODE_NOT_COORDINATOR, WEIR_CODE_CONCURRENT_TRANSACTIONS},
     {WEIR_CODE_COORDINATOR_NOT_AVAILABLE, WEIR_CODE_NOT_COORDINATOR}},
    {WEIR_API_OFFSET_FETCH,
     {WEIR_CODE_COORDINATOR_LOAD_IN_PROGRESS, WEIR_CODE_NOT_COORDINATOR, WEIR_CODE_UNSTABLE_OFFSET_COMMIT},
     {0}},
    {WEIR_API_DESCRIBE_TRANSACTIONS, {WEIR_CODE_COORDINATOR_LOAD_IN_PROGRESS, WEIR_CODE_NOT_COORDINATOR}, {0}},
    {WEIR_API_LIST_TRANSACTIONS, {WEIR_CODE_COORDINATOR_LOAD_IN_PROGRESS}, {0}},
};

static int16_t draw_code(sim_world *w, int16_t api, bool done) {
    for (size_t n = 0; n < sizeof legal / sizeof *legal; n++) {
        const int16_t *codes = done ? legal[n].done : legal[n].refused;
        uint64_t count = 0;
        while (legal[n].api == api && count < CODES_MAX && codes[count] != 0)
            count++;
        if (count > 0)
            return codes[world_draw(w, count)];
    }
    return 0;
}

static const sim_wire *wire_of(const sim_world *w, const weir__model_request *request) {
    for (int n = 0; n < w->wires_end; n++)
        if (w->wires[n].used && w->wires[n].connection == request->connection)
            return &w->wires[n];
    return NULL;
}

/* An InitProducerId that is handled later than the job reckons with looks like one of another instance. */
static void see_late_init(sim_world *w, const sim_wire *wire, const weir__model_request *request) {
    if (wire != NULL && request->header.api_key == WEIR_API_INIT_PRODUCER_ID &&
        w->now > wire->sent_at + w->plan.request_timeout_ms * 1000)
        w->oracle.meddled = true;
}

weir__model_mischief cluster_judge(void *user, const weir__model_request *request) {
    static const struct {
        fault_class class;
        weir__model_deed deed;
        bool coded, timed;
    } deeds[] = {
        {FAULT_ERROR, WEIR__MODEL_REFUSE, true, false},
        {FAULT_ERROR_DONE, WEIR__MODEL_REFUSE_DONE, true, false},
        {FAULT_DROP, WEIR__MODEL_DROP, false, false},
        {FAULT_DROP_DONE, WEIR__MODEL_DROP_DONE, false, false},
        {FAULT_DELAY, WEIR__MODEL_DELAY, false, true},
        {FAULT_DELAY_ANSWER, WEIR__MODEL_DELAY_ANSWER, false, true},
        {FAULT_THROTTLE, WEIR__MODEL_THROTTLE, false, true},
    };
    sim_world *w = user;
    const sim_wire *wire = wire_of(w, request);
    const sim_process *p = wire != NULL ? &w->processes[wire->process] : NULL;
    weir__model_mischief mischief = {.deed = WEIR__MODEL_HONEST};
    see_late_init(w, wire, request);
    world_say(w, "broker %d has %s %d", request->broker, weir_api_name(request->header.api_key),
              request->header.correlation_id);
    for (size_t n = 0; n < sizeof deeds / sizeof *deeds; n++) {
        if (!world_chance_of(w, deeds[n].class, p))
            continue;
        bool done = deeds[n].deed == WEIR__MODEL_REFUSE_DONE;
        int16_t code = deeds[n].coded ? draw_code(w, request->header.api_key, done) : 0;
        if (deeds[n].coded && code == 0)
            continue;
        mischief.deed = deeds[n].deed;
        mischief.code = code;
        mischief.delay_us = deeds[n].timed ? world_draw_us(w, 1000, 10) : 0;
        world_say(w, "%s: %s %s", fault_names[deeds[n].class], weir_api_name(request->header.api_key),
                  code != 0 ? weir_code_name(code) : "");
        world_count(w, deeds[n].class, p);
        break;
    }
    return mischief;
}

/* ---- the operator ---- */
static int32_t some_broker(sim_world *w) {
    return 1 + (int32_t)world_draw(w, (uint64_t)w->plan.model.brokers);
}

/* One that is up, where there is one. */
static int32_t some_leader(sim_world *w) {
    int32_t broker = some_broker(w);
    for (int32_t n = 0; n < w->plan.model.brokers && w->broker_down[broker]; n++)
        broker = broker % w->plan.model.brokers + 1;
    return broker;
}

static int32_t some_partition(sim_world *w) {
    return (int32_t)world_draw(w, (uint64_t)w->plan.partitions);
}

/* Of several numbers each is drawn in a statement of its own: arguments are evaluated in any order. */
static void move_leader(sim_world *w) {
    const char *topic = world_draw(w, 2) ? "in" : "out";
    int32_t partition = some_partition(w);
    int32_t leader = some_leader(w);
    (void)weir__model_move_leader(w->model, topic, partition, leader, 0, w->now);
}

static void move_coordinators(sim_world *w) {
    int32_t partition = (int32_t)world_draw(w, (uint64_t)w->plan.model.coordinators);
    int32_t broker = some_leader(w);
    int64_t loading_us = world_draw_us(w, 1000, 10);
    weir__model_move_coordinators(w->model, partition, broker, loading_us, w->now);
}

static void stop_broker(sim_world *w) {
    int32_t broker = some_broker(w);
    if (w->broker_down[broker])
        return;
    w->broker_down[broker] = true;
    weir__model_stop_broker(w->model, broker, world_draw_us(w, 10000, 7), w->now);
    for (int n = 0; n < w->wires_end; n++)
        if (w->wires[n].used && w->wires[n].connection >= 0 && w->wires[n].broker == broker)
            wire_reset(w, &w->wires[n]);
    agenda_add(&w->agenda, w->now + world_draw_us(w, 50000, 7), EVENT_BROKER_UP, broker);
}

void cluster_broker_up(sim_world *w, int32_t broker) {
    if (!w->broker_down[broker])
        return;
    w->broker_down[broker] = false;
    weir__model_start_broker(w->model, broker, w->now);
    cluster_touched(w);
    wires_pump(w);
}

static void expire(sim_world *w, fault_class class) {
    char id[32];
    snprintf(id, sizeof id, "job-0-%d", (int)world_draw(w, (uint64_t)w->plan.pool));
    if (class == FAULT_EXPIRE_ID)
        weir__model_expire_transactional_id(w->model, id);
    else if (class == FAULT_EXPIRE_TXN)
        weir__model_expire_transaction(w->model, id, w->now);
    else
        weir__model_expire_producers(w->model, "out", (int32_t)world_draw(w, (uint64_t)w->plan.partitions));
    w->oracle.meddled = w->oracle.meddled || class != FAULT_EXPIRE_PRODUCER;
}

/* Marks what is no longer in the log of a partition: it may be in the output all the same. */
static void see_gaps(sim_world *w, int32_t partition, int64_t from) {
    sim_oracle_partition *p = &w->oracle.partitions[partition];
    weir__model_batch batch;
    size_t at = 0;
    for (size_t n = 0; weir__model_batch_at(w->model, "in", partition, n, &batch); n++) {
        weir_batch_header header;
        weir_batch_walk walk;
        weir_record record;
        if (weir_batch_open(batch.bytes, &header) != WEIR_OK)
            continue;
        weir_bytes plain = {batch.bytes.p + WEIR_BATCH_HEADER_SIZE, batch.bytes.len - WEIR_BATCH_HEADER_SIZE};
        weir_batch_walk_init(&walk, &header, plain);
        while (weir_batch_next(&walk, &record) == WEIR_OK)
            for (; at < p->count && p->entries[at].offset <= record.offset; at++)
                if (p->entries[at].offset >= from && p->entries[at].offset < record.offset)
                    p->entries[at].optional = true;
    }
    for (; at < p->count; at++)
        p->entries[at].optional = true;
}

static void compact(sim_world *w) {
    int32_t partition = (int32_t)world_draw(w, (uint64_t)w->plan.partitions);
    const sim_oracle_partition *p = &w->oracle.partitions[partition];
    if (p->count == 0 || w->oracle.excused)
        return;
    int64_t first = p->entries[world_draw(w, p->count)].offset;
    (void)weir__model_compact(w->model, "in", partition, first, 1 + (int64_t)world_draw(w, 5));
    see_gaps(w, partition, first);
}

/* False: there was nothing to lose; or the job would wait for ever for the end of the log that it has seen. */
static bool truncate_input(sim_world *w, int32_t partition) {
    sim_oracle_partition *p = &w->oracle.partitions[partition];
    weir__model_partition before, after = {0};
    if (w->plan.bounded)
        return false;
    for (size_t n = 0; weir__model_partition_at(w->model, n, &before); n++)
        if (before.partition == partition && before.topic[0] == 'i')
            break;
    int32_t leader = some_leader(w);
    size_t batches = 1 + (size_t)world_draw(w, 3);
    (void)weir__model_move_leader(w->model, "in", partition, leader, batches, w->now);
    for (size_t n = 0; weir__model_partition_at(w->model, n, &after); n++)
        if (after.partition == partition && after.topic[0] == 'i')
            break;
    if (after.end >= before.end)
        return false;
    p->lost_from = after.end;
    p->cut = p->read_to > after.end;
    w->oracle.excused = true;
    for (size_t n = 0; n < p->count; n++)
        p->entries[n].optional = p->entries[n].optional || p->entries[n].offset >= after.end;
    return true;
}

static bool lose_input(sim_world *w, fault_class class) {
    int32_t partition = (int32_t)world_draw(w, (uint64_t)w->plan.partitions);
    sim_oracle_partition *p = &w->oracle.partitions[partition];
    if (class == FAULT_UNCLEAN)
        return truncate_input(w, partition);
    if (w->oracle.saved[w->last_good] == 0)
        return false; /* nobody could know what the input was before */
    w->oracle.excused = true;
    if (class == FAULT_DELETED) {
        int64_t before = p->count > 0 ? p->entries[p->count - 1].offset : 0;
        (void)weir__model_delete_records(w->model, "in", partition, before);
        p->lost_from = before;
        return true;
    }
    w->recreated = true;
    (void)weir__model_delete_topic(w->model, "in", w->now);
    (void)weir__model_create_topic(w->model, "in", w->plan.partitions, w->now);
    for (int32_t n = 0; n < w->plan.partitions; n++)
        w->oracle.partitions[n].lost_from = 0;
    return true;
}

/* Nobody else may be about to read what one process is through with. */
static void trim(sim_world *w) {
    for (int n = 0; n < WORLD_PROCESSES; n++)
        if (w->processes[n].alive && w->processes[n].machine != w->last_good)
            return;
    int32_t partition = (int32_t)world_draw(w, (uint64_t)w->plan.partitions);
    int64_t before = w->oracle.partitions[partition].safe_to;
    if (before > 0 && !w->oracle.excused)
        (void)weir__model_delete_records(w->model, "in", partition, before);
}

void cluster_fault(sim_world *w, fault_class class) {
    if (fault_kinds[class] != ONCE)
        world_count(w, class, NULL);
    switch (class) {
    case FAULT_BROKER:
        stop_broker(w);
        break;
    case FAULT_LEADER:
        move_leader(w);
        break;
    case FAULT_COORDINATOR:
        move_coordinators(w);
        break;
    case FAULT_GROW: /* of the output only: the job reads the partitions that it found */
        (void)weir__model_grow_topic(w->model, "out", w->plan.partitions + 1, w->now);
        break;
    case FAULT_COMPACT:
        compact(w);
        break;
    case FAULT_TRIM:
        trim(w);
        break;
    case FAULT_UPGRADE:
        if (w->plan.model.release == WEIR__MODEL_4_4)
            weir__model_set_transaction_version(w->model, 2);
        break;
    case FAULT_UNCLEAN:
    case FAULT_DELETED:
    case FAULT_RECREATED:
        if (lose_input(w, class))
            world_count(w, class, NULL);
        break;
    default:
        expire(w, class);
        break;
    }
    cluster_touched(w);
    wires_pump(w);
}

void cluster_calm(sim_world *w) {
    for (int32_t n = 1; n <= w->plan.model.brokers; n++)
        cluster_broker_up(w, n);
}
