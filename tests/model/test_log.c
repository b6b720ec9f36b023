/* What happens to logs: lost ends, deleted starts, compaction, offsets by time and by epoch. */
#include "by_hand.h"

static modelhost h;
static uint8_t memory[100000];

static void set_up(void) {
    modelhost_init(&h);
    h.config.brokers = 2;
    modelhost_start(&h);
    ck_assert_int_eq(weir__model_create_topic(h.model, "t", 1, h.now), 0);
}

static void tear_down(void) {
    modelhost_free(&h);
}

static void append_as(int64_t id, int16_t epoch, int32_t sequence, bool transactional) {
    weir_batch_identity identity = {id, epoch, sequence, transactional};
    weir_records records = modelhost_batch(memory, sizeof memory, 0, 10, &identity);
    ck_assert_code(weir__model_append(h.model, "t", 0, records, h.now), "NONE");
}

static int16_t try_as(int64_t id, int16_t epoch, int32_t sequence) {
    weir_batch_identity identity = {id, epoch, sequence, false};
    weir_records records = modelhost_batch(memory, sizeof memory, 0, 10, &identity);
    return weir__model_append(h.model, "t", 0, records, h.now);
}

static void fill(int32_t batches) {
    for (int32_t n = 0; n < batches; n++)
        append_as(-1, -1, -1, false);
}

static weir__model_partition look(void) {
    weir__model_partition p;
    ck_assert(weir__model_partition_at(h.model, 0, &p));
    return p;
}

static void mark(int32_t broker, int64_t id, bool commit) {
    int32_t zero = 0;
    weir_write_txn_markers_request_writable_txn_marker_topic topic = {S("t"), {&zero, 1}};
    weir_write_txn_markers_request_writable_txn_marker marker = {
        .producer_id = id, .transaction_result = commit, .topics = {&topic, 1}};
    weir_write_txn_markers_request request = {.markers = {&marker, 1}};
    const weir_write_txn_markers_response *response =
        modelhost_ask(&h, broker, WEIR_API_WRITE_TXN_MARKERS, 1, &request);
    ck_assert_code(response->markers.items[0].topics.items[0].partitions.items[0].error_code, "NONE");
}

static weir__model_fate fate(size_t n) {
    weir__model_batch batch;
    ck_assert(weir__model_batch_at(h.model, "t", 0, n, &batch));
    return batch.fate;
}

/* ---- an end that is lost ---- */
START_TEST(a_lost_end_takes_what_it_said_of_producers) {
    append_as(7, 0, 0, false);
    append_as(7, 0, 10, false);
    append_as(8, 0, 0, false);
    append_as(7, 0, 20, false);
    ck_assert_code(weir__model_move_leader(h.model, "t", 0, 2, 2, h.now), "NONE");
    ck_assert_int_eq(look().end, 20);
    ck_assert_int_eq(look().leader_epoch, 1);
    ck_assert_code(try_as(7, 0, 30), "OUT_OF_ORDER_SEQUENCE_NUMBER");
    ck_assert_code(try_as(7, 0, 10), "NONE"); /* a duplicate still */
    ck_assert_int_eq(look().end, 20);
    ck_assert_code(try_as(7, 0, 20), "NONE");
    ck_assert_code(try_as(8, 0, 0), "NONE"); /* unknown again */
    ck_assert_int_eq(look().end, 40);
}
END_TEST

START_TEST(a_lost_marker_opens_the_transaction_again) {
    append_as(7, 0, 0, true);
    append_as(8, 0, 0, true);
    mark(1, 7, false);
    ck_assert_int_eq(look().stable, 10);
    ck_assert_int_eq(fate(0), WEIR__MODEL_ABORTED);
    ck_assert_code(weir__model_move_leader(h.model, "t", 0, 2, 1, h.now), "NONE");
    ck_assert_int_eq(look().stable, 0);
    ck_assert_int_eq(fate(0), WEIR__MODEL_OPEN);
    mark(2, 8, true);
    mark(2, 7, true);
    ck_assert_int_eq(look().stable, 22);
    ck_assert_int_eq(fate(0), WEIR__MODEL_COMMITTED);
    fetching f = fetching_of(0);
    f.broker = 2;
    f.committed = true;
    ck_assert_int_eq(fetched_of(fetch(&h, &f))->aborted_transactions.count, 0);
}
END_TEST

START_TEST(all_may_be_lost) {
    append_as(7, 0, 0, true);
    ck_assert_code(weir__model_move_leader(h.model, "t", 0, 2, 99, h.now), "NONE");
    ck_assert_int_eq(look().end, 0);
    ck_assert_int_eq(look().stable, 0);
    fill(1);
    ck_assert_int_eq(look().end, 10);
}
END_TEST

/* ---- a start that is deleted ---- */
START_TEST(a_deleted_start_is_out_of_range) {
    int32_t batches;
    fill(3);
    ck_assert_code(weir__model_delete_records(h.model, "t", 0, 15), "NONE");
    ck_assert_int_eq(look().start, 15);
    ck_assert_uint_eq(look().batches, 2);
    fetching f = fetching_of(14);
    ck_assert_code(fetched_of(fetch(&h, &f))->error_code, "OFFSET_OUT_OF_RANGE");
    f.offset = 15;
    ck_assert_int_eq(records_of(fetched_of(fetch(&h, &f))->records, &batches), 20);
    ck_assert_code(weir__model_delete_records(h.model, "t", 0, 31), "OFFSET_OUT_OF_RANGE");
    ck_assert_code(weir__model_delete_records(h.model, "t", 0, -1), "NONE");
    ck_assert_int_eq(look().start, 30);
    ck_assert_uint_eq(look().batches, 0);
    fill(1);
    ck_assert_int_eq(look().end, 40);
}
END_TEST

START_TEST(many_segments_can_be_deleted) {
    int32_t batches;
    fill(9000);
    ck_assert_code(weir__model_delete_records(h.model, "t", 0, 80005), "NONE");
    fetching f = fetching_of(80005);
    ck_assert_int_eq(records_of(fetched_of(fetch(&h, &f))->records, &batches) % 10, 0);
    fill(9000);
    ck_assert_int_eq(look().end, 180000);
}
END_TEST

/* ---- compaction ---- */
START_TEST(compaction_leaves_gaps) {
    int32_t batches;
    fill(4);
    ck_assert_code(weir__model_compact(h.model, "t", 0, 5, 18), "NONE"); /* offsets 5 to 22 */
    ck_assert_uint_eq(look().batches, 3);
    fetching f = fetching_of(0);
    ck_assert_int_eq(records_of(fetched_of(fetch(&h, &f))->records, &batches), 22);
    ck_assert_int_eq(batches, 3);
    f.offset = 12; /* in the gap */
    ck_assert_int_eq(records_of(fetched_of(fetch(&h, &f))->records, &batches), 17);
    fill(1);
    ck_assert_int_eq(look().end, 50);
}
END_TEST

START_TEST(the_last_batch_of_a_producer_keeps_its_header) {
    weir__model_batch batch;
    append_as(7, 0, 0, false);
    append_as(7, 0, 10, false);
    fill(1);
    ck_assert_code(weir__model_compact(h.model, "t", 0, 0, 20), "NONE");
    ck_assert_uint_eq(look().batches, 2);
    ck_assert(weir__model_batch_at(h.model, "t", 0, 0, &batch));
    ck_assert_int_eq(batch.base_offset, 10);
    ck_assert_int_eq(batch.last_offset, 19);
    ck_assert_uint_eq(batch.bytes.len, WEIR_BATCH_HEADER_SIZE);
    weir_batch_header header;
    ck_assert_int_eq(weir_batch_open(batch.bytes, &header), WEIR_OK);
    ck_assert_int_eq(header.record_count, 0);
}
END_TEST

START_TEST(open_transactions_are_not_compacted) {
    int32_t batches;
    append_as(7, 0, 0, true);
    ck_assert_code(weir__model_compact(h.model, "t", 0, 0, 10), "NONE");
    fetching f = fetching_of(0);
    ck_assert_int_eq(records_of(fetched_of(fetch(&h, &f))->records, &batches), 10);
}
END_TEST

/* ---- offsets ---- */
static weir_list_offsets_response_list_offsets_partition_response list(int64_t timestamp, bool committed) {
    weir_list_offsets_request_list_offsets_partition partition = {
        .current_leader_epoch = -1, .timestamp = timestamp, .max_num_offsets = 1};
    weir_list_offsets_request_list_offsets_topic topic = {S("t"), {&partition, 1}};
    weir_list_offsets_request request = {.replica_id = -1, .isolation_level = committed, .topics = {&topic, 1}};
    const weir_list_offsets_response *response = modelhost_ask(&h, 1, WEIR_API_LIST_OFFSETS, 9, &request);
    return response->topics.items[0].partitions.items[0];
}

START_TEST(offsets_are_listed) {
    append_as(7, 0, 0, false);
    append_as(8, 0, 0, true);
    ck_assert_int_eq(list(-1, false).offset, 20);
    ck_assert_int_eq(list(-1, true).offset, 10);
    ck_assert_int_eq(list(-2, false).offset, 0);
    ck_assert_int_eq(list(-3, false).offset, 9);
    ck_assert_int_eq(list(-4, false).offset, 0);
    ck_assert_int_eq(list(-5, false).offset, -1);
    ck_assert_int_eq(list(1700000000003, false).offset, 3);
    ck_assert_int_eq(list(1700000000003, false).timestamp, 1700000000003);
    ck_assert_int_eq(list(1700000000010, false).offset, -1);
    ck_assert_code(weir__model_delete_records(h.model, "t", 0, 5), "NONE");
    ck_assert_int_eq(list(-2, false).offset, 5);
    ck_assert_int_eq(list(0, false).offset, 5);
    ck_assert_code(list(-9, false).error_code, "UNSUPPORTED_VERSION");
}
END_TEST

/* What each version lacks is left out. */
START_TEST(all_versions_are_spoken) {
    fill(1);
    weir_list_offsets_request_list_offsets_partition partition = {
        .current_leader_epoch = -1, .timestamp = -1, .max_num_offsets = 1};
    weir_list_offsets_request_list_offsets_topic topic = {S("t"), {&partition, 1}};
    weir_list_offsets_request request = {.replica_id = -1, .topics = {&topic, 1}};
    for (int16_t version = 1; version <= 11; version++) {
        const weir_list_offsets_response *response = modelhost_ask(&h, 1, WEIR_API_LIST_OFFSETS, version, &request);
        ck_assert_ptr_nonnull(response);
        ck_assert_int_eq(response->topics.items[0].partitions.items[0].offset, 10);
    }
    for (int16_t version = 4; version <= 12; version++) {
        int32_t batches;
        fetching f = fetching_of(0);
        f.version = version;
        ck_assert_int_eq(records_of(fetched_of(fetch(&h, &f))->records, &batches), 10);
        f.broker = 2;
        ck_assert_code(fetched_of(fetch(&h, &f))->error_code, "NOT_LEADER_OR_FOLLOWER");
    }
    weir_metadata_request_topic named[] = {{.name = S("t")}, {.name = S("u")}};
    weir_metadata_request metadata = {.topics = {named, 2}, .allow_auto_topic_creation = true};
    for (int16_t version = 0; version <= 13; version++) {
        const weir_metadata_response *response = modelhost_ask(&h, 1, WEIR_API_METADATA, version, &metadata);
        ck_assert_ptr_nonnull(response);
        ck_assert_int_eq(response->topics.count, 2);
    }
    weir_describe_configs_request_describe_configs_resource resources[] = {
        {.resource_type = 2, .resource_name = S("t"), .configuration_keys.count = -1},
        {.resource_type = 4, .resource_name = S("1"), .configuration_keys.count = -1}};
    weir_describe_configs_request configs = {.resources = {resources, 2}, .include_synonyms = true};
    for (int16_t version = 1; version <= 4; version++) {
        const weir_describe_configs_response *response =
            modelhost_ask(&h, 1, WEIR_API_DESCRIBE_CONFIGS, version, &configs);
        ck_assert_ptr_nonnull(response);
        ck_assert_int_gt(response->results.items[0].configs.count, 20);
        ck_assert_int_gt(response->results.items[1].configs.count, 5);
    }
}
END_TEST

static weir_offset_for_leader_epoch_response_epoch_end_offset epoch_end(int32_t broker, int32_t current,
                                                                        int32_t epoch) {
    weir_offset_for_leader_epoch_request_offset_for_leader_partition partition = {0, current, epoch};
    weir_offset_for_leader_epoch_request_offset_for_leader_topic topic = {S("t"), {&partition, 1}};
    weir_offset_for_leader_epoch_request request = {.replica_id = -1, .topics = {&topic, 1}};
    const weir_offset_for_leader_epoch_response *response =
        modelhost_ask(&h, broker, WEIR_API_OFFSET_FOR_LEADER_EPOCH, 4, &request);
    return response->topics.items[0].partitions.items[0];
}

START_TEST(epochs_end_where_the_next_begins) {
    fill(2);
    ck_assert_code(weir__model_move_leader(h.model, "t", 0, 2, 0, h.now), "NONE");
    ck_assert_code(weir__model_move_leader(h.model, "t", 0, 1, 0, h.now), "NONE");
    fill(1);
    ck_assert_int_eq(epoch_end(1, 2, 0).end_offset, 20);
    ck_assert_int_eq(epoch_end(1, 2, 1).end_offset, 20);
    ck_assert_int_eq(epoch_end(1, 2, 2).end_offset, 30);
    ck_assert_int_eq(epoch_end(1, 2, 3).end_offset, -1);
    ck_assert_code(epoch_end(1, 1, 0).error_code, "FENCED_LEADER_EPOCH");
    ck_assert_code(epoch_end(1, 3, 0).error_code, "UNKNOWN_LEADER_EPOCH");
    ck_assert_code(epoch_end(2, -1, 0).error_code, "NOT_LEADER_OR_FOLLOWER");
    ck_assert_code(weir__model_move_leader(h.model, "t", 0, 1, 2, h.now), "NONE");
    ck_assert_int_eq(epoch_end(1, 3, 0).end_offset, 10);
    ck_assert_int_eq(epoch_end(1, 3, 2).leader_epoch, 0);
}
END_TEST

START_TEST(producers_are_described) {
    append_as(7, 2, 0, false);
    append_as(8, 0, 0, true);
    int32_t zero = 0;
    weir_describe_producers_request_topic_request topic = {S("t"), {&zero, 1}};
    weir_describe_producers_request request = {{&topic, 1}};
    const weir_describe_producers_response *response = modelhost_ask(&h, 1, WEIR_API_DESCRIBE_PRODUCERS, 0, &request);
    const weir_describe_producers_response_partition_response *p = &response->topics.items[0].partitions.items[0];
    ck_assert_int_eq(p->active_producers.count, 2);
    ck_assert_int_eq(p->active_producers.items[0].producer_id, 7);
    ck_assert_int_eq(p->active_producers.items[0].producer_epoch, 2);
    ck_assert_int_eq(p->active_producers.items[0].last_sequence, 9);
    ck_assert_int_eq(p->active_producers.items[0].current_txn_start_offset, -1);
    ck_assert_int_eq(p->active_producers.items[1].current_txn_start_offset, 10);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("model-log");
    TCase *tcase = tcase_create("log");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, a_lost_end_takes_what_it_said_of_producers);
    tcase_add_test(tcase, a_lost_marker_opens_the_transaction_again);
    tcase_add_test(tcase, all_may_be_lost);
    tcase_add_test(tcase, a_deleted_start_is_out_of_range);
    tcase_add_test(tcase, many_segments_can_be_deleted);
    tcase_add_test(tcase, compaction_leaves_gaps);
    tcase_add_test(tcase, the_last_batch_of_a_producer_keeps_its_header);
    tcase_add_test(tcase, open_transactions_are_not_compacted);
    tcase_add_test(tcase, offsets_are_listed);
    tcase_add_test(tcase, all_versions_are_spoken);
    tcase_add_test(tcase, epochs_end_where_the_next_begins);
    tcase_add_test(tcase, producers_are_described);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
