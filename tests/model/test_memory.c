/* Every allocation of the cluster fails in turn: a request is refused with nothing done, or its connection closes; what
   was acknowledged is there, and the same request succeeds when there is memory again. */
#include "shortage.h"

static uint8_t space[65536], packed[65536];

/* ---- topics ---- */
/* The topic has what it was created with. */
static int16_t describe(void) {
    weir_str keys[] = {S("cleanup.policy"), S("max.message.bytes")};
    weir_describe_configs_request_describe_configs_resource topic = {2, S("t"), {keys, 2}};
    weir_describe_configs_request in = {.resources = {&topic, 1}};
    const weir_describe_configs_response *out = modelhost_ask(&h, 1, WEIR_API_DESCRIBE_CONFIGS, 4, &in);
    if (out == NULL || out->results.items[0].error_code != WEIR_CODE_NONE)
        return out == NULL ? CLOSED : out->results.items[0].error_code;
    ck_assert_int_eq(out->results.items[0].configs.count, 2);
    ck_assert(weir_str_equal(out->results.items[0].configs.items[0].value, S("compact,delete")));
    ck_assert(weir_str_equal(out->results.items[0].configs.items[1].value, S("50000")));
    return WEIR_CODE_NONE;
}

static int16_t grow(void) {
    weir_create_partitions_request_create_partitions_topic topic = {.name = S("t"), .count = 7};
    topic.assignments.count = -1;
    weir_create_partitions_request in = {.topics = {&topic, 1}};
    const weir_create_partitions_response *out = modelhost_ask(&h, 1, WEIR_API_CREATE_PARTITIONS, 3, &in);
    return out == NULL ? CLOSED : out->results.items[0].error_code;
}

static weir_str looked_for;
static int32_t found_partitions;

static int16_t metadata(void) {
    weir_metadata_request_topic topic = {.name = looked_for};
    weir_metadata_request in = {.topics = {&topic, 1}, .allow_auto_topic_creation = true};
    const weir_metadata_response *out = modelhost_ask(&h, 1, WEIR_API_METADATA, 9, &in);
    if (out == NULL)
        return CLOSED;
    ck_assert_int_eq(out->brokers.count, h.config.brokers);
    found_partitions = out->topics.items[0].partitions.count;
    return WEIR_CODE_NONE;
}

static int16_t delete_topic(void) {
    weir_delete_topics_request_delete_topic_state topic = {.name = S("t")};
    weir_delete_topics_request in = {.topics = {&topic, 1}};
    const weir_delete_topics_response *out = modelhost_ask(&h, 1, WEIR_API_DELETE_TOPICS, 6, &in);
    return out == NULL ? CLOSED : out->responses.items[0].error_code;
}

static int16_t alter(void) {
    return weir__model_alter_topic(h.model, "t", "retention.ms", "1000");
}

static void topics(void) {
    h.config.auto_create_topics = true;
}

static void live_topics(void) {
    done(create, WEIR_CODE_TOPIC_ALREADY_EXISTS);
    done(describe, 0);
    done(grow, WEIR_CODE_INVALID_PARTITIONS);
    done(alter, 0);
    done(describe, 0);
    looked_for = S("t");
    done(metadata, 0);
    ck_assert_int_eq(found_partitions, 7);
    looked_for = S("u");
    done(metadata, 0); /* makes it */
    for (int n = 0; n < 5 && found_partitions != 1; n++) {
        if (n == 3)
            stopped = failing_stop(&memory) || stopped;
        done(metadata, 0);
    }
    ck_assert_int_eq(found_partitions, 1);
    done(delete_topic, WEIR_CODE_UNKNOWN_TOPIC_OR_PARTITION);
    looked_for = S("__");
    done(metadata, 0);
}

/* ---- records ---- */
static struct producing {
    int16_t version;
    const char *id;
    int32_t partition;
    weir_records records;
    int64_t base_offset;
} producing;

static int16_t produce(void) {
    weir_produce_request in;
    weir_produce_request_partition_produce_data data = {producing.partition, producing.records};
    weir_produce_request_topic_produce_data topic = {.name = S("t"), .partition_data = {&data, 1}};
    weir_message_init(weir_api_find(WEIR_API_PRODUCE)->request, &in);
    in.transactional_id = weir_str_of(producing.id);
    in.acks = -1;
    in.topic_data.items = &topic;
    in.topic_data.count = 1;
    int32_t broker = partition((size_t)producing.partition).leader;
    const weir_produce_response *out = modelhost_ask(&h, broker, WEIR_API_PRODUCE, producing.version, &in);
    if (out == NULL)
        return CLOSED;
    producing.base_offset = out->responses.items[0].partition_responses.items[0].base_offset;
    return out->responses.items[0].partition_responses.items[0].error_code;
}

/* A batch of ten records whose times and keys begin with `first`. */
static weir_records ten(int64_t first, const weir_batch_identity *identity, weir_compression compression) {
    weir_records plain = modelhost_batch(space, sizeof space, first, 10, identity);
    size_t room = sizeof packed - WEIR_BATCH_HEADER_SIZE;
    if (compression == WEIR_COMPRESSION_NONE)
        return plain;
    weir_batch_writer w;
    weir_batch_writer_init(&w, space, sizeof space);
    for (int64_t n = 0; n < 10; n++) {
        uint8_t key = (uint8_t)('0' + n);
        weir_record record = {.timestamp = 1700000000000 + first + n, .key = {&key, 1}};
        ck_assert_int_eq(weir_batch_append(&w, &record), WEIR_OK);
    }
    weir_bytes bytes = {w.start + WEIR_BATCH_HEADER_SIZE, (uint32_t)(w.p - w.start) - WEIR_BATCH_HEADER_SIZE};
    static failing_alloc heap;
    failing_init(&heap);
    ck_assert_int_eq(weir_records_compress(&heap.alloc, compression, 2, bytes, packed + WEIR_BATCH_HEADER_SIZE, &room),
                     WEIR_OK);
    static const weir_batch_identity nobody = {-1, -1, -1, false};
    return weir_batch_close_compressed(&w, compression, packed, room, identity != NULL ? identity : &nobody);
}

/* The first record of a time in the middle of the fourth batch. */
static int16_t list_by_time(void) {
    weir_list_offsets_request_list_offsets_partition one = {0, -1, 1700000000035, 1};
    weir_list_offsets_request_list_offsets_topic topic = {S("t"), {&one, 1}};
    weir_list_offsets_request in = {.replica_id = -1, .topics = {&topic, 1}};
    const weir_list_offsets_response *out = modelhost_ask(&h, partition(0).leader, WEIR_API_LIST_OFFSETS, 7, &in);
    if (out == NULL)
        return CLOSED;
    const weir_list_offsets_response_list_offsets_partition_response *found = &out->topics.items[0].partitions.items[0];
    if (found->error_code == WEIR_CODE_NONE)
        ck_assert_int_eq(found->offset, 35);
    return found->error_code;
}

static void live_records(void) {
    static const weir_compression codecs[] = {WEIR_COMPRESSION_NONE, WEIR_COMPRESSION_GZIP, WEIR_COMPRESSION_LZ4,
                                              WEIR_COMPRESSION_ZSTD};
    done(create, WEIR_CODE_TOPIC_ALREADY_EXISTS);
    for (int32_t n = 0; n < 12; n++) {
        weir_batch_identity identity = {77, 0, n / 3 * 10, false};
        producing = (struct producing){11, NULL, n % 3, ten(n / 3 * 10, &identity, codecs[n / 3]), -1};
        done(produce, 0);
        ck_assert_int_eq(producing.base_offset, n / 3 * 10);
    }
    for (size_t n = 0; n < 3; n++) {
        ck_assert_int_eq(partition(n).end, 40);
        ck_assert_uint_eq(partition(n).batches, 4);
    }
    done(list_by_time, 0);
}

/* ---- transactions ---- */
static int64_t producer_id;
static int16_t producer_epoch, level;
static bool commits;

static int16_t init(void) {
    weir_init_producer_id_request in = {S("x"), 60000, -1, -1, false, false};
    const weir_init_producer_id_response *out = modelhost_ask(&h, 1, WEIR_API_INIT_PRODUCER_ID, 4, &in);
    if (out == NULL)
        return CLOSED;
    producer_id = out->producer_id;
    producer_epoch = out->producer_epoch;
    return out->error_code;
}

static int16_t add(void) {
    int32_t partitions[] = {0, 1};
    weir_add_partitions_to_txn_request_add_partitions_to_txn_topic topic = {S("t"), {partitions, 2}};
    weir_add_partitions_to_txn_request in = {.v3_and_below_transactional_id = S("x"),
                                             .v3_and_below_producer_id = producer_id,
                                             .v3_and_below_producer_epoch = producer_epoch,
                                             .v3_and_below_topics = {&topic, 1}};
    const weir_add_partitions_to_txn_response *out = modelhost_ask(&h, 1, WEIR_API_ADD_PARTITIONS_TO_TXN, 3, &in);
    if (out == NULL)
        return CLOSED;
    return out->results_by_topic_v3_and_below.items[0].results_by_partition.items[1].partition_error_code;
}

static int16_t add_group(void) {
    weir_add_offsets_to_txn_request in = {S("x"), producer_id, producer_epoch, S("g")};
    const weir_add_offsets_to_txn_response *out = modelhost_ask(&h, 1, WEIR_API_ADD_OFFSETS_TO_TXN, 3, &in);
    return out == NULL ? CLOSED : out->error_code;
}

static int16_t commit_offset(void) {
    weir_txn_offset_commit_request_partition one = {0, commits ? 42 : 43, -1, S("note")};
    weir_txn_offset_commit_request_topic topic = {.name = S("t"), .partitions = {&one, 1}};
    weir_txn_offset_commit_request in = {S("x"), S("g"), producer_id, producer_epoch,
                                         -1,     S(""),  {NULL, 0},   {&topic, 1}};
    const weir_txn_offset_commit_response *out =
        modelhost_ask(&h, 2, WEIR_API_TXN_OFFSET_COMMIT, level == 2 ? 5 : 3, &in);
    return out == NULL ? CLOSED : out->topics.items[0].partitions.items[0].error_code;
}

static int16_t end(void) {
    weir_end_txn_request in = {S("x"), producer_id, producer_epoch, commits};
    const weir_end_txn_response *out = modelhost_ask(&h, 1, WEIR_API_END_TXN, level == 2 ? 5 : 3, &in);
    if (out == NULL)
        return CLOSED;
    if (out->error_code == WEIR_CODE_CONCURRENT_TRANSACTIONS && unsure) {
        pass(10 * MS); /* it is being ended */
        return end();
    }
    if (out->error_code == WEIR_CODE_NONE && level == 2) {
        producer_id = out->producer_id;
        producer_epoch = out->producer_epoch;
    }
    return out->error_code;
}

static void transact(int64_t first) {
    if (level < 2) {
        done(add, 0);
        done(add_group, 0);
    }
    for (int32_t n = 0; n < 2; n++) {
        weir_batch_identity identity = {producer_id, producer_epoch, level == 2 || first == 0 ? 0 : 10, true};
        producing = (struct producing){level == 2 ? 12 : 11, "x", n, ten(first, &identity, 0), -1};
        done(produce, 0);
    }
    done(commit_offset, 0);
    done(end, 0);
    weir__model_transaction t;
    for (int n = 0; n < 20; n++) {
        if (n == 10)
            stopped = failing_stop(&memory) || stopped;
        pass(10 * MS);
    }
    ck_assert(weir__model_transaction_at(h.model, 0, &t));
    ck_assert_str_eq(t.state, commits ? "CompleteCommit" : "CompleteAbort");
}

static void transactions(void) {
    level = h.config.transaction_version = 2;
}

static void old_transactions(void) {
    level = h.config.transaction_version = 0;
}

static void live_transactions(void) {
    static const weir__model_fate fates[] = {WEIR__MODEL_COMMITTED, WEIR__MODEL_PLAIN, WEIR__MODEL_ABORTED,
                                             WEIR__MODEL_PLAIN};
    done(create, WEIR_CODE_TOPIC_ALREADY_EXISTS);
    done(init, 0);
    commits = true;
    transact(0);
    commits = false;
    transact(10);
    for (int32_t n = 0; n < 2; n++) {
        weir__model_batch batch;
        weir__model_partition p = partition((size_t)n);
        ck_assert_uint_eq(p.batches, 4);
        ck_assert_int_eq(p.stable, p.end);
        for (size_t i = 0; i < 4; i++) {
            ck_assert(weir__model_batch_at(h.model, "t", n, i, &batch));
            ck_assert_int_eq(batch.fate, fates[i]);
            ck_assert(batch.control == (i % 2 == 1));
        }
    }
    weir_str note;
    ck_assert_int_eq(weir__model_group_offset(h.model, "g", "t", 0, &note), 42);
    ck_assert(weir_str_equal(note, S("note")));
}

/* ---- fetch sessions ---- */
static int64_t position[3];
static int32_t session_id, session_epoch;

/* Takes one partition's batches; they must begin where the last ones ended. */
static void gather(const weir_fetch_response_partition_data *data) {
    weir_records records = data->records;
    weir_batch_header header;
    ck_assert_int_eq(data->error_code, WEIR_CODE_NONE);
    while (weir_batch_open(records, &header) == WEIR_OK) {
        ck_assert_int_eq(header.base_offset, position[data->partition_index]);
        position[data->partition_index] += header.record_count;
        records.p += header.size;
        records.len -= header.size;
    }
}

static int16_t fetch_more(void) {
    weir_fetch_request in;
    weir_fetch_request_fetch_partition partitions[3];
    weir_fetch_request_fetch_topic topic = {.topic = S("t"), .partitions = {partitions, 3}};
    for (int32_t n = 0; n < 3; n++)
        partitions[n] = (weir_fetch_request_fetch_partition){n, -1, position[n], -1, -1, 300, {{0}}, INT64_MAX};
    weir_message_init(weir_api_find(WEIR_API_FETCH)->request, &in);
    in.max_bytes = 700;
    in.session_id = session_id;
    in.session_epoch = session_epoch;
    in.isolation_level = 1;
    in.topics.items = &topic;
    in.topics.count = 1;
    const weir_fetch_response *out = modelhost_ask(&h, 1, WEIR_API_FETCH, 12, &in);
    if (out == NULL || out->error_code != WEIR_CODE_NONE) {
        session_id = session_epoch = 0; /* as clients do */
        return CLOSED;
    }
    session_epoch = out->session_id != 0 ? session_epoch + 1 : 0;
    session_id = out->session_id;
    for (int32_t t = 0; t < out->responses.count; t++)
        for (int32_t n = 0; n < out->responses.items[t].partitions.count; n++)
            gather(&out->responses.items[t].partitions.items[n]);
    return WEIR_CODE_NONE;
}

static int16_t feed(void) {
    return weir__model_append(h.model, "t", producing.partition, producing.records, h.now);
}

static void sessions(void) {
    h.config.brokers = 1;
}

static void live_sessions(void) {
    done(create, WEIR_CODE_TOPIC_ALREADY_EXISTS);
    memset(position, 0, sizeof position);
    session_id = session_epoch = 0;
    for (int32_t n = 0; n < 12; n++) {
        producing = (struct producing){0, NULL, n % 3, ten(n / 3 * 10, NULL, n % 2 ? WEIR_COMPRESSION_GZIP : 0), -1};
        done(feed, 0);
        if (n > 6)
            done(fetch_more, 0);
    }
    for (int n = 0; n < 20; n++)
        done(fetch_more, 0);
    for (int n = 0; n < 3; n++)
        ck_assert_int_eq(position[n], 40);
}

/* ---- the operator ---- */
static int16_t move_leader(void) {
    weir__model_partition before = partition(0);
    int16_t code = weir__model_move_leader(h.model, "t", 0, 2, 1, h.now);
    if (code != WEIR_CODE_NONE)
        ck_assert_int_eq(partition(0).end, before.end);
    return code;
}

static int16_t compact(void) {
    return weir__model_compact(h.model, "t", 1, 5, 3);
}

static void led_by(int32_t only) {
    for (size_t n = 0; n < 3; n++) {
        weir__model_partition p = partition(n);
        ck_assert_msg(only == 0 ? p.leader > 0 : p.leader == only, "partition %zu is led by %d", n, p.leader);
    }
}

static void operate(void) {}

static void live_operator(void) {
    done(create, WEIR_CODE_TOPIC_ALREADY_EXISTS);
    for (int32_t n = 0; n < 9; n++) {
        producing = (struct producing){0, NULL, n % 3, ten(n / 3 * 10, NULL, n % 2 ? WEIR_COMPRESSION_GZIP : 0), -1};
        done(feed, 0);
    }
    done(move_leader, 0);
    ck_assert_int_eq(partition(0).end, 20);
    done(compact, 0);
    for (int32_t round = 0; round < 4; round++) { /* epochs without records */
        weir__model_stop_broker(h.model, 3, MS, h.now);
        weir__model_stop_broker(h.model, 2, 0, h.now);
        pass(10 * MS);
        led_by(1);
        weir__model_start_broker(h.model, 3, h.now);
        weir__model_stop_broker(h.model, 1, MS, h.now);
        pass(10 * MS);
        led_by(3);
        weir__model_stop_broker(h.model, 3, MS, h.now);
        weir__model_start_broker(h.model, 2, h.now);
        pass(10 * MS);
        weir__model_start_broker(h.model, 1, h.now);
        weir__model_start_broker(h.model, 3, h.now);
        led_by(0);
    }
    for (int32_t n = 0; n < 3; n++) {
        ck_assert_int_eq(partition((size_t)n).end, n == 0 ? 20 : 30);
        weir_batch_identity identity = {78, 0, 0, false};
        producing = (struct producing){11, NULL, n, ten(30, &identity, 0), -1};
        done(produce, 0);
        ck_assert_int_eq(producing.base_offset, n == 0 ? 20 : 30);
    }
    ck_assert_int_eq(weir__model_delete_records(h.model, "t", 2, 15), WEIR_CODE_NONE);
}

/* ---- the sweeps ---- */
static const scenario scenarios[] = {
    {topics, live_topics},
    {operate, live_records},
    {transactions, live_transactions},
    {old_transactions, live_transactions},
    {sessions, live_sessions},
    {operate, live_operator},
};
#define SCENARIOS (int)(sizeof scenarios / sizeof *scenarios)

START_TEST(nth_allocation_fails) {
    sweep(&scenarios[_i]);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("model memory");
    TCase *c = tcase_create("memory");
    tcase_set_timeout(c, 120);
    tcase_add_loop_test(c, nth_allocation_fails, 0, SCENARIOS);
    suite_add_tcase(suite, c);
    return run_suite(suite);
}
