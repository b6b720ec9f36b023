/* Fetch: limits, waiting, sessions, read_committed, epochs. */
#include "by_hand.h"

static modelhost h;
static uint8_t memory[100000];

static void set_up(void) {
    modelhost_init(&h);
}

static void tear_down(void) {
    modelhost_free(&h);
}

static void start(void) {
    modelhost_start(&h);
    ck_assert_int_eq(weir__model_create_topic(h.model, "t", 2, h.now), 0);
}

/* Appends `batches` batches of ten records; returns the bytes of each. */
static uint32_t fill(int32_t partition, int32_t batches) {
    weir_records records = modelhost_batch(memory, sizeof memory, 0, 10, NULL);
    for (int32_t n = 0; n < batches; n++)
        ck_assert_int_eq(weir__model_append(h.model, "t", partition, records, h.now), 0);
    return records.len;
}

/* ---- limits ---- */
START_TEST(a_fetch_begins_with_the_batch_of_its_offset) {
    int32_t batches;
    start();
    fill(0, 3);
    fetching f = fetching_of(15);
    const fetched *data = fetched_of(fetch(&h, &f));
    ck_assert_int_eq(data->high_watermark, 30);
    ck_assert_int_eq(data->log_start_offset, 0);
    ck_assert_int_eq(records_of(data->records, &batches), 20);
    ck_assert_int_eq(batches, 2);
    f.offset = 30;
    ck_assert_uint_eq(fetched_of(fetch(&h, &f))->records.len, 0);
}
END_TEST

START_TEST(the_first_batch_comes_whole_the_last_may_be_cut) {
    int32_t batches;
    start();
    uint32_t size = fill(0, 4);
    fetching f = fetching_of(0);
    f.partition_max_bytes = 10;
    ck_assert_uint_eq(fetched_of(fetch(&h, &f))->records.len, size);
    f.partition_max_bytes = (int32_t)(2 * size + size / 2);
    const fetched *data = fetched_of(fetch(&h, &f));
    ck_assert_uint_eq(data->records.len, 2 * size + size / 2);
    ck_assert_int_eq(records_of(data->records, &batches), 20);
    f.partition_max_bytes = 1 << 20;
    f.max_bytes = (int32_t)size + 1;
    ck_assert_uint_eq(fetched_of(fetch(&h, &f))->records.len, size + 1);
}
END_TEST

/* Both partitions in one request: only the first may exceed the limit. */
START_TEST(only_the_first_partition_exceeds_the_limit) {
    start();
    uint32_t size = fill(0, 1);
    fill(1, 1);
    weir_fetch_request_fetch_partition partitions[2] = {
        {.partition = 0,
         .current_leader_epoch = -1,
         .last_fetched_epoch = -1,
         .log_start_offset = -1,
         .partition_max_bytes = 10,
         .high_watermark = INT64_MAX},
        {.partition = 1,
         .current_leader_epoch = -1,
         .last_fetched_epoch = -1,
         .log_start_offset = -1,
         .partition_max_bytes = 10,
         .high_watermark = INT64_MAX},
    };
    weir_fetch_request_fetch_topic topic = {.topic = S("t"), .partitions = {partitions, 2}};
    weir_fetch_request request;
    weir_message_init(weir_api_find(WEIR_API_FETCH)->request, &request);
    request.min_bytes = 1;
    request.topics.items = &topic;
    request.topics.count = 1;
    const weir_fetch_response *response = modelhost_ask(&h, 1, WEIR_API_FETCH, 12, &request);
    ck_assert_int_eq(response->responses.items[0].partitions.count, 2);
    ck_assert_uint_eq(response->responses.items[0].partitions.items[0].records.len, size);
    ck_assert_uint_eq(response->responses.items[0].partitions.items[1].records.len, 0);
}
END_TEST

START_TEST(large_logs_are_read_in_pieces) {
    int32_t batches, seen = 0;
    start();
    fill(0, 20000); /* several segments */
    fetching f = fetching_of(0);
    while (f.offset < 200000) {
        int32_t count = records_of(fetched_of(fetch(&h, &f))->records, &batches);
        ck_assert_int_gt(count, 0);
        f.offset += count;
        seen += count;
        f.partition_max_bytes = 1 << 20;
    }
    ck_assert_int_eq(seen, 200000);
}
END_TEST

/* ---- waiting ---- */
START_TEST(a_fetch_waits_for_data) {
    start();
    fetching f = fetching_of(0);
    f.max_wait_ms = 500;
    ck_assert_ptr_null(fetch(&h, &f));
    ck_assert_int_eq(weir__model_deadline(h.model), h.now + 500000);
    fill(1, 1);
    ck_assert_ptr_null(modelhost_answer(&h, 1, WEIR_API_FETCH, f.version));
    fill(0, 1);
    ck_assert_uint_gt(fetched_of(modelhost_answer(&h, 1, WEIR_API_FETCH, f.version))->records.len, 0);
}
END_TEST

START_TEST(it_does_not_wait_for_ever) {
    start();
    fetching f = fetching_of(0);
    f.max_wait_ms = 500;
    f.min_bytes = 100000;
    fill(0, 1);
    ck_assert_ptr_null(fetch(&h, &f));
    modelhost_pass(&h, 499999);
    ck_assert_ptr_null(modelhost_answer(&h, 1, WEIR_API_FETCH, f.version));
    modelhost_pass(&h, 1);
    ck_assert_uint_gt(fetched_of(modelhost_answer(&h, 1, WEIR_API_FETCH, f.version))->records.len, 0);
}
END_TEST

START_TEST(errors_do_not_wait) {
    start();
    fetching f = fetching_of(1);
    f.max_wait_ms = 500;
    ck_assert_code(fetched_of(fetch(&h, &f))->error_code, "OFFSET_OUT_OF_RANGE");
    f.offset = 0;
    ck_assert_ptr_null(fetch(&h, &f));
    ck_assert_int_eq(weir__model_delete_topic(h.model, "t", h.now), 0);
    ck_assert_code(fetched_of(modelhost_answer(&h, 1, WEIR_API_FETCH, f.version))->error_code,
                   "UNKNOWN_TOPIC_OR_PARTITION");
}
END_TEST

/* ---- sessions ---- */
START_TEST(a_session_tells_what_is_new) {
    start();
    fill(0, 1);
    fetching f = fetching_of(0);
    f.session_epoch = 0;
    const weir_fetch_response *response = fetch(&h, &f);
    ck_assert_uint_gt(fetched_of(response)->records.len, 0);
    ck_assert_int_ne(response->session_id, 0);
    f.session_id = response->session_id;
    f.session_epoch = 1;
    f.offset = 10;
    ck_assert_int_eq(fetch(&h, &f)->responses.count, 0); /* nothing has changed */
    fill(0, 1);
    f.session_epoch = 2;
    f.offset = -1;
    response = fetch(&h, &f); /* without a word about the partition */
    ck_assert_uint_gt(fetched_of(response)->records.len, 0);
    ck_assert_int_eq(fetched_of(response)->high_watermark, 20);
    ck_assert_code(fetch(&h, &f)->error_code, "INVALID_FETCH_SESSION_EPOCH");
    f.session_epoch = 3;
    f.session_id++;
    ck_assert_code(fetch(&h, &f)->error_code, "FETCH_SESSION_ID_NOT_FOUND");
    f.session_epoch = -1;
    f.session_id--;
    f.offset = 0;
    ck_assert_int_eq(fetch(&h, &f)->session_id, 0); /* closes it */
    f.session_epoch = 3;
    ck_assert_code(fetch(&h, &f)->error_code, "FETCH_SESSION_ID_NOT_FOUND");
}
END_TEST

START_TEST(slots_are_limited) {
    h.config.fetch_sessions = 1;
    start();
    fetching f = fetching_of(0);
    f.session_epoch = 0;
    int32_t first = fetch(&h, &f)->session_id;
    ck_assert_int_ne(first, 0);
    ck_assert_int_eq(fetch(&h, &f)->session_id, 0);
    modelhost_pass(&h, 121 * INT64_C(1000000));
    int32_t second = fetch(&h, &f)->session_id;
    ck_assert_int_ne(second, 0);
    ck_assert_int_ne(second, first);
    f.session_id = first;
    f.session_epoch = 1;
    ck_assert_code(fetch(&h, &f)->error_code, "FETCH_SESSION_ID_NOT_FOUND");
}
END_TEST

START_TEST(a_held_request_of_a_session_goes_on) {
    start();
    fetching f = fetching_of(0);
    f.session_epoch = 0;
    f.session_id = fetch(&h, &f)->session_id;
    f.session_epoch = 1;
    f.max_wait_ms = 500;
    ck_assert_ptr_null(fetch(&h, &f));
    fill(0, 1);
    ck_assert_uint_gt(fetched_of(modelhost_answer(&h, 1, WEIR_API_FETCH, f.version))->records.len, 0);
}
END_TEST

/* ---- a topic that is created anew ---- */
START_TEST(a_session_by_name_goes_on_in_the_new_topic) {
    start();
    fill(0, 1);
    fetching f = fetching_of(0);
    f.session_epoch = 0;
    f.session_id = fetch(&h, &f)->session_id;
    ck_assert_int_eq(weir__model_delete_topic(h.model, "t", h.now), 0);
    f.session_epoch = 1;
    f.offset = -1;
    ck_assert_code(fetched_of(fetch(&h, &f))->error_code, "UNKNOWN_TOPIC_OR_PARTITION");
    ck_assert_int_eq(weir__model_create_topic(h.model, "t", 1, h.now), 0);
    fill(0, 2);
    f.session_epoch = 2;
    ck_assert_int_eq(fetched_of(fetch(&h, &f))->high_watermark, 20);
}
END_TEST

START_TEST(an_id_never_means_another_topic) {
    weir__model_partition p;
    start();
    ck_assert(weir__model_partition_at(h.model, 0, &p));
    weir_fetch_request_fetch_partition partition = {.current_leader_epoch = -1,
                                                    .last_fetched_epoch = -1,
                                                    .log_start_offset = -1,
                                                    .partition_max_bytes = 1 << 20,
                                                    .high_watermark = INT64_MAX};
    weir_fetch_request_fetch_topic topic = {.topic_id = p.topic_id, .partitions = {&partition, 1}};
    weir_fetch_request request;
    weir_message_init(weir_api_find(WEIR_API_FETCH)->request, &request);
    request.topics.items = &topic;
    request.topics.count = 1;
    ck_assert_code(fetched_of(modelhost_ask(&h, 1, WEIR_API_FETCH, 17, &request))->error_code, "NONE");
    ck_assert_int_eq(weir__model_delete_topic(h.model, "t", h.now), 0);
    ck_assert_int_eq(weir__model_create_topic(h.model, "t", 1, h.now), 0);
    ck_assert_code(fetched_of(modelhost_ask(&h, 1, WEIR_API_FETCH, 17, &request))->error_code, "UNKNOWN_TOPIC_ID");
}
END_TEST

/* ---- read_committed ---- */
static void append_as(int64_t id, int32_t sequence, bool transactional) {
    weir_batch_identity identity = {id, 0, sequence, transactional};
    weir_records records = modelhost_batch(memory, sizeof memory, 0, 10, &identity);
    ck_assert_int_eq(weir__model_append(h.model, "t", 0, records, h.now), 0);
}

static void write_marker(int64_t id, bool commit) {
    int32_t zero = 0;
    weir_write_txn_markers_request_writable_txn_marker_topic topic = {S("t"), {&zero, 1}};
    weir_write_txn_markers_request_writable_txn_marker marker = {
        .producer_id = id, .transaction_result = commit, .topics = {&topic, 1}};
    weir_write_txn_markers_request request = {.markers = {&marker, 1}};
    const weir_write_txn_markers_response *response = modelhost_ask(&h, 1, WEIR_API_WRITE_TXN_MARKERS, 1, &request);
    ck_assert_code(response->markers.items[0].topics.items[0].partitions.items[0].error_code, "NONE");
}

START_TEST(committed_readers_stop_at_the_stable_offset) {
    int32_t batches;
    start();
    append_as(1, 0, true);    /* 0 to 9 */
    append_as(2, 0, true);    /* 10 to 19 */
    append_as(-1, -1, false); /* 20 to 29 */
    write_marker(1, false);   /* 30 */
    fetching f = fetching_of(0);
    f.committed = true;
    const fetched *data = fetched_of(fetch(&h, &f));
    ck_assert_int_eq(data->last_stable_offset, 10);
    ck_assert_int_eq(data->high_watermark, 31);
    ck_assert_int_eq(records_of(data->records, &batches), 10);
    ck_assert_int_eq(data->aborted_transactions.count, 1);
    ck_assert_int_eq(data->aborted_transactions.items[0].producer_id, 1);
    ck_assert_int_eq(data->aborted_transactions.items[0].first_offset, 0);
    write_marker(2, true); /* 31 */
    f.offset = 10;
    data = fetched_of(fetch(&h, &f));
    ck_assert_int_eq(data->last_stable_offset, 32);
    ck_assert_int_eq(records_of(data->records, &batches), 22);
    ck_assert_int_eq(data->aborted_transactions.count, 1); /* its marker is in what is read */
    f.offset = 31;
    data = fetched_of(fetch(&h, &f));
    ck_assert_int_eq(data->aborted_transactions.count, 0);
    f.committed = false;
    f.offset = 0;
    data = fetched_of(fetch(&h, &f));
    ck_assert_int_eq(data->aborted_transactions.count, -1);
    ck_assert_int_eq(records_of(data->records, &batches), 32);
}
END_TEST

START_TEST(a_marker_wakes_a_committed_reader) {
    start();
    append_as(1, 0, true);
    fetching f = fetching_of(0);
    f.committed = true;
    f.max_wait_ms = 500;
    ck_assert_ptr_null(fetch(&h, &f));
    weir_write_txn_markers_request_writable_txn_marker marker = {.producer_id = 1, .transaction_result = true};
    int32_t zero = 0;
    weir_write_txn_markers_request_writable_txn_marker_topic topic = {S("t"), {&zero, 1}};
    marker.topics.items = &topic;
    marker.topics.count = 1;
    weir_write_txn_markers_request request = {.markers = {&marker, 1}};
    int32_t reader = h.by_hand[1]; /* it goes on waiting on a connection of its own */
    h.by_hand[1] = -1;
    int32_t correlation = h.correlation;
    ck_assert_ptr_nonnull(modelhost_ask(&h, 1, WEIR_API_WRITE_TXN_MARKERS, 1, &request));
    h.by_hand[1] = reader;
    h.correlation = correlation;
    ck_assert_uint_gt(fetched_of(modelhost_answer(&h, 1, WEIR_API_FETCH, f.version))->records.len, 0);
}
END_TEST

/* ---- leader epochs ---- */
START_TEST(epochs_are_compared) {
    h.config.brokers = 2;
    start();
    fill(0, 1);
    ck_assert_int_eq(weir__model_move_leader(h.model, "t", 0, 2, 0, h.now), 0);
    fetching f = fetching_of(0);
    f.leader_epoch = 0;
    ck_assert_code(fetched_of(fetch(&h, &f))->error_code, "FENCED_LEADER_EPOCH");
    f.leader_epoch = 1;
    ck_assert_code(fetched_of(fetch(&h, &f))->error_code, "NOT_LEADER_OR_FOLLOWER");
    f.broker = 2;
    ck_assert_code(fetched_of(fetch(&h, &f))->error_code, "NONE");
    f.leader_epoch = 2;
    ck_assert_code(fetched_of(fetch(&h, &f))->error_code, "UNKNOWN_LEADER_EPOCH");
}
END_TEST

START_TEST(a_reader_of_lost_records_diverges) {
    h.config.brokers = 2;
    start();
    fill(0, 3);
    ck_assert_int_eq(weir__model_move_leader(h.model, "t", 0, 2, 1, h.now), 0);
    fill(0, 2);
    fetching f = fetching_of(30);
    f.broker = 2;
    f.leader_epoch = 1;
    f.last_epoch = 0;
    const fetched *data = fetched_of(fetch(&h, &f));
    ck_assert_code(data->error_code, "NONE");
    ck_assert_int_eq(data->diverging_epoch.epoch, 0);
    ck_assert_int_eq(data->diverging_epoch.end_offset, 20);
    ck_assert_uint_eq(data->records.len, 0);
    f.offset = 20;
    data = fetched_of(fetch(&h, &f));
    ck_assert_int_eq(data->diverging_epoch.end_offset, -1);
    ck_assert_uint_gt(data->records.len, 0);
}
END_TEST

/* An id that is zero, and one that no topic has. */
START_TEST(unknown_ids_are_told) {
    start();
    for (int which = 0; which < 2; which++) {
        weir_fetch_request_fetch_partition partition = {.partition = 0, .current_leader_epoch = -1};
        weir_fetch_request_fetch_topic topic = {.partitions = {&partition, 1}};
        weir_fetch_request request;
        topic.topic_id.b[0] = (uint8_t)which;
        weir_message_init(weir_api_find(WEIR_API_FETCH)->request, &request);
        request.topics.items = &topic;
        request.topics.count = 1;
        const fetched *data = fetched_of(modelhost_ask(&h, 1, WEIR_API_FETCH, 13, &request));
        ck_assert_code(data->error_code, "UNKNOWN_TOPIC_ID");
        ck_assert_int_eq(data->aborted_transactions.count, 0);
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("model-fetch");
    TCase *tcase = tcase_create("fetch");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, a_fetch_begins_with_the_batch_of_its_offset);
    tcase_add_test(tcase, the_first_batch_comes_whole_the_last_may_be_cut);
    tcase_add_test(tcase, only_the_first_partition_exceeds_the_limit);
    tcase_add_test(tcase, large_logs_are_read_in_pieces);
    tcase_add_test(tcase, a_fetch_waits_for_data);
    tcase_add_test(tcase, it_does_not_wait_for_ever);
    tcase_add_test(tcase, errors_do_not_wait);
    tcase_add_test(tcase, a_session_tells_what_is_new);
    tcase_add_test(tcase, slots_are_limited);
    tcase_add_test(tcase, a_held_request_of_a_session_goes_on);
    tcase_add_test(tcase, a_session_by_name_goes_on_in_the_new_topic);
    tcase_add_test(tcase, an_id_never_means_another_topic);
    tcase_add_test(tcase, committed_readers_stop_at_the_stable_offset);
    tcase_add_test(tcase, a_marker_wakes_a_committed_reader);
    tcase_add_test(tcase, epochs_are_compared);
    tcase_add_test(tcase, a_reader_of_lost_records_diverges);
    tcase_add_test(tcase, unknown_ids_are_told);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
