/* Topics, brokers that go and come, and mischief. */
#include "by_hand.h"

static modelhost h;
static uint8_t memory[100000];
static weir__model_mischief deed;
static int16_t deed_api;
static int asked;

static weir__model_mischief judge(void *user, const weir__model_request *request) {
    (void)user;
    if (request->header.api_key != deed_api)
        return (weir__model_mischief){WEIR__MODEL_HONEST, 0, 0};
    asked++;
    return deed;
}

static void set_up(void) {
    modelhost_init(&h);
    asked = 0;
    deed_api = WEIR_API_PRODUCE;
}

static void tear_down(void) {
    modelhost_free(&h);
}

static void start(void) {
    modelhost_start(&h);
    ck_assert_int_eq(weir__model_create_topic(h.model, "t", 3, h.now), 0);
    weir__model_set_judge(h.model, judge, NULL);
}

static weir__model_partition look(size_t n) {
    weir__model_partition p;
    ck_assert(weir__model_partition_at(h.model, n, &p));
    return p;
}

static weir_records one(void) {
    return modelhost_batch(memory, sizeof memory, 0, 1, NULL);
}

/* ---- topics ---- */
static const weir_metadata_response_topic *metadata_of(const char *name, bool create) {
    weir_metadata_request_topic topic = {.name = weir_str_of(name)};
    weir_metadata_request request = {.topics = {&topic, 1}, .allow_auto_topic_creation = create};
    const weir_metadata_response *response = modelhost_ask(&h, 1, WEIR_API_METADATA, 12, &request);
    return &response->topics.items[0];
}

START_TEST(topics_come_and_go) {
    start();
    weir_create_topics_request_creatable_topic_config config = {S("retention.ms"), S("-1")};
    weir_create_topics_request_creatable_topic topics[] = {
        {.name = S("u"), .num_partitions = 2, .replication_factor = -1, .configs = {&config, 1}},
        {.name = S("t"), .num_partitions = 2, .replication_factor = 1},
        {.name = S("bad name"), .num_partitions = 2, .replication_factor = 1},
        {.name = S("v"), .num_partitions = 0, .replication_factor = 1},
        {.name = S("w"), .num_partitions = 1, .replication_factor = 4},
    };
    weir_create_topics_request request = {.topics = {topics, 5}, .timeout_ms = 1000};
    const weir_create_topics_response *response = modelhost_ask(&h, 1, WEIR_API_CREATE_TOPICS, 7, &request);
    ck_assert_code(response->topics.items[0].error_code, "NONE");
    ck_assert_code(response->topics.items[1].error_code, "TOPIC_ALREADY_EXISTS");
    ck_assert_code(response->topics.items[2].error_code, "INVALID_TOPIC_EXCEPTION");
    ck_assert_code(response->topics.items[3].error_code, "INVALID_PARTITIONS");
    ck_assert_code(response->topics.items[4].error_code, "INVALID_REPLICATION_FACTOR");
    weir_uuid id = look(3).topic_id;
    ck_assert_int_eq(metadata_of("u", false)->partitions.count, 2);
    weir_str names[] = {S("u"), S("x")};
    weir_delete_topics_request gone = {.topic_names = {names, 2}};
    const weir_delete_topics_response *deleted = modelhost_ask(&h, 1, WEIR_API_DELETE_TOPICS, 5, &gone);
    ck_assert_code(deleted->responses.items[0].error_code, "NONE");
    ck_assert_code(deleted->responses.items[1].error_code, "UNKNOWN_TOPIC_OR_PARTITION");
    ck_assert_code(metadata_of("u", false)->error_code, "UNKNOWN_TOPIC_OR_PARTITION");
    ck_assert_int_eq(weir__model_create_topic(h.model, "u", 1, h.now), 0);
    ck_assert_int_ne(memcmp(look(3).topic_id.b, id.b, sizeof id.b), 0);
}
END_TEST

START_TEST(topics_grow) {
    start();
    weir_create_partitions_request_create_partitions_topic topic = {
        .name = S("t"), .count = 5, .assignments.count = -1};
    weir_create_partitions_request request = {.topics = {&topic, 1}};
    const weir_create_partitions_response *response = modelhost_ask(&h, 1, WEIR_API_CREATE_PARTITIONS, 3, &request);
    ck_assert_code(response->results.items[0].error_code, "NONE");
    ck_assert_int_eq(metadata_of("t", false)->partitions.count, 5);
    response = modelhost_ask(&h, 1, WEIR_API_CREATE_PARTITIONS, 3, &request);
    ck_assert_code(response->results.items[0].error_code, "INVALID_PARTITIONS");
}
END_TEST

START_TEST(topics_make_themselves_where_that_is_wanted) {
    h.config.auto_create_topics = true;
    start();
    ck_assert_code(metadata_of("new", false)->error_code, "UNKNOWN_TOPIC_OR_PARTITION");
    ck_assert_code(metadata_of("new", false)->error_code, "UNKNOWN_TOPIC_OR_PARTITION");
    ck_assert_code(metadata_of("new", true)->error_code, "UNKNOWN_TOPIC_OR_PARTITION");
    ck_assert_code(metadata_of("new", true)->error_code, "NONE");
    ck_assert_code(metadata_of("new topic", true)->error_code, "INVALID_TOPIC_EXCEPTION");
}
END_TEST

START_TEST(pages_go_on_where_they_ended) {
    start();
    weir_describe_topic_partitions_request request = {.response_partition_limit = 2};
    const weir_describe_topic_partitions_response *response =
        modelhost_ask(&h, 1, WEIR_API_DESCRIBE_TOPIC_PARTITIONS, 0, &request);
    ck_assert_int_eq(response->topics.items[0].partitions.count, 2);
    ck_assert_ptr_nonnull(response->next_cursor);
    ck_assert_int_eq(response->next_cursor->partition_index, 2);
    weir_describe_topic_partitions_request_cursor cursor = {S("t"), 2};
    request.cursor = &cursor;
    response = modelhost_ask(&h, 1, WEIR_API_DESCRIBE_TOPIC_PARTITIONS, 0, &request);
    ck_assert_int_eq(response->topics.items[0].partitions.count, 1);
    ck_assert_int_eq(response->topics.items[0].partitions.items[0].partition_index, 2);
    ck_assert_ptr_null(response->next_cursor);
}
END_TEST

/* ---- versions ---- */
START_TEST(versions_of_the_future_are_told_the_present_ones) {
    start();
    int32_t connection = weir__model_connect(h.model, 1);
    const uint8_t frame[] = {0, 0, 0, 12, 0, 18, 0, 99, 0, 0, 0, 5, 0xff, 0xff, 0, 0};
    weir__model_receive(h.model, connection, (weir_bytes){frame, sizeof frame}, h.now);
    weir_bytes output = weir__model_output(h.model, connection);
    ck_assert_uint_eq(output.len, 4 + 4 + 2 + 4 + 6);
    ck_assert_int_eq(output.p[9], WEIR_CODE_UNSUPPORTED_VERSION);
    ck_assert_int_eq(output.p[15], 18);
    weir__model_disconnect(h.model, connection);
}
END_TEST

START_TEST(unknown_apis_close_the_connection) {
    start();
    int32_t connection = weir__model_connect(h.model, 1);
    const uint8_t frame[] = {0, 0, 0, 10, 0, 99, 0, 0, 0, 0, 0, 5, 0xff, 0xff};
    weir__model_receive(h.model, connection, (weir_bytes){frame, sizeof frame}, h.now);
    ck_assert(weir__model_closing(h.model, connection));
    weir__model_disconnect(h.model, connection);
}
END_TEST

/* ---- brokers ---- */
START_TEST(leaders_move_when_a_broker_stops) {
    h.config.brokers = 3;
    start();
    ck_assert_int_eq(look(1).leader, 2);
    ck_assert_code(metadata_of("t", false)->error_code, "NONE");
    weir__model_stop_broker(h.model, 2, 5000000, h.now);
    ck_assert_int_eq(look(1).leader, -1);
    ck_assert_int_eq(weir__model_connect(h.model, 2), -1);
    ck_assert_code(metadata_of("t", false)->partitions.items[1].error_code, "LEADER_NOT_AVAILABLE");
    modelhost_pass(&h, 5000000);
    ck_assert_int_eq(look(1).leader, 3);
    ck_assert_int_eq(look(1).leader_epoch, 1);
    ck_assert_int_eq(metadata_of("t", false)->partitions.items[1].isr_nodes.count, 2);
    weir__model_start_broker(h.model, 2, h.now);
    ck_assert_int_eq(look(1).leader, 3);
    ck_assert_int_ge(weir__model_connect(h.model, 2), 0);
}
END_TEST

START_TEST(the_only_broker_takes_up_what_it_led) {
    start();
    ck_assert_code(modelhost_produce(&h, 1, "t", 0, NULL, one())->error_code, "NONE");
    weir__model_stop_broker(h.model, 1, 1000, h.now);
    ck_assert(modelhost_closed(&h, 1));
    modelhost_pass(&h, 1000000);
    ck_assert_int_eq(look(0).leader, -1);
    weir__model_start_broker(h.model, 1, h.now);
    ck_assert_int_eq(look(0).leader, 1);
    ck_assert_code(modelhost_produce(&h, 1, "t", 0, NULL, one())->error_code, "NONE");
    ck_assert_int_eq(look(0).end, 2);
}
END_TEST

/* ---- mischief ---- */
static const weir_produce_response *produce(void) {
    weir_produce_request_partition_produce_data data = {0, one()};
    weir_produce_request_topic_produce_data topic = {.name = S("t"), .partition_data = {&data, 1}};
    weir_produce_request request = {.acks = -1, .timeout_ms = 1, .topic_data = {&topic, 1}};
    return modelhost_ask(&h, 1, WEIR_API_PRODUCE, 9, &request);
}

static int16_t code_of(const weir_produce_response *response) {
    return response->responses.items[0].partition_responses.items[0].error_code;
}

START_TEST(refused) {
    start();
    deed = (weir__model_mischief){WEIR__MODEL_REFUSE, WEIR_CODE_NOT_ENOUGH_REPLICAS, 0};
    ck_assert_code(code_of(produce()), "NOT_ENOUGH_REPLICAS");
    ck_assert_int_eq(look(0).end, 0);
    deed.deed = WEIR__MODEL_REFUSE_DONE;
    ck_assert_code(code_of(produce()), "NOT_ENOUGH_REPLICAS");
    ck_assert_int_eq(look(0).end, 1);
    ck_assert_int_eq(asked, 2);
}
END_TEST

START_TEST(dropped) {
    start();
    deed.deed = WEIR__MODEL_DROP;
    ck_assert_ptr_null(produce());
    ck_assert(modelhost_closed(&h, 1));
    ck_assert_int_eq(look(0).end, 0);
    deed.deed = WEIR__MODEL_DROP_DONE;
    ck_assert_ptr_null(produce());
    ck_assert(modelhost_closed(&h, 1));
    ck_assert_int_eq(look(0).end, 1);
}
END_TEST

START_TEST(delayed) {
    start();
    deed = (weir__model_mischief){WEIR__MODEL_DELAY, 0, 2000};
    ck_assert_ptr_null(produce());
    ck_assert_int_eq(weir__model_deadline(h.model), h.now + 2000);
    modelhost_pass(&h, 1999);
    ck_assert_int_eq(look(0).end, 0);
    modelhost_pass(&h, 1);
    ck_assert_int_eq(look(0).end, 1);
    ck_assert_code(code_of(modelhost_answer(&h, 1, WEIR_API_PRODUCE, 9)), "NONE");
    deed.deed = WEIR__MODEL_DELAY_ANSWER;
    ck_assert_ptr_null(produce());
    ck_assert_int_eq(look(0).end, 2);
    modelhost_pass(&h, 1999);
    ck_assert_ptr_null(modelhost_answer(&h, 1, WEIR_API_PRODUCE, 9));
    modelhost_pass(&h, 1);
    ck_assert_code(code_of(modelhost_answer(&h, 1, WEIR_API_PRODUCE, 9)), "NONE");
    ck_assert_int_eq(asked, 2);
}
END_TEST

START_TEST(throttled) {
    start();
    deed = (weir__model_mischief){WEIR__MODEL_THROTTLE, 0, 3000};
    const weir_produce_response *response = produce();
    ck_assert_code(code_of(response), "NONE");
    ck_assert_int_eq(response->throttle_time_ms, 3);
    ck_assert_ptr_null(produce()); /* the connection is muted */
    ck_assert_int_eq(look(0).end, 1);
    modelhost_pass(&h, 3000);
    ck_assert_int_eq(modelhost_answer(&h, 1, WEIR_API_PRODUCE, 9) != NULL, true);
    ck_assert_int_eq(look(0).end, 2);
}
END_TEST

/* What goes beyond the quota takes effect, and its connection is muted for what the answer says. */
START_TEST(quota_of_producing) {
    h.config.producer_byte_rate = 300;
    start();
    int64_t count = 0;
    const weir_produce_response *response = produce();
    for (; response->throttle_time_ms == 0 && count < 10; response = produce())
        count++;
    int32_t throttle_ms = response->throttle_time_ms;
    ck_assert_int_gt(count, 1); /* some may come at once */
    ck_assert_int_gt(throttle_ms, 0);
    ck_assert_int_lt(throttle_ms, 1000);
    ck_assert_int_eq(look(0).end, count + 1);
    ck_assert_ptr_null(produce());
    modelhost_pass(&h, (weir_time_us)(throttle_ms - 1) * 1000);
    ck_assert_ptr_null(modelhost_answer(&h, 1, WEIR_API_PRODUCE, 9));
    modelhost_pass(&h, 1000);
    ck_assert_code(code_of(modelhost_answer(&h, 1, WEIR_API_PRODUCE, 9)), "NONE");
    ck_assert_int_eq(look(0).end, count + 2);
}
END_TEST

START_TEST(quota_of_fetching) {
    h.config.consumer_byte_rate = 50;
    start();
    fetching f = fetching_of(0);
    ck_assert_code(code_of(produce()), "NONE");
    const weir_fetch_response *response = fetch(&h, &f);
    ck_assert_int_eq(response->throttle_time_ms, 0);
    ck_assert_uint_gt(fetched_of(response)->records.len, 50);
    response = fetch(&h, &f);
    int32_t throttle_ms = response->throttle_time_ms;
    ck_assert_int_gt(throttle_ms, 0);
    ck_assert_int_eq(response->responses.count, 0);
    ck_assert_ptr_null(fetch(&h, &f));
    modelhost_pass(&h, (weir_time_us)throttle_ms * 1000);
    ck_assert_uint_gt(fetched_of(modelhost_answer(&h, 1, WEIR_API_FETCH, f.version))->records.len, 50);
}
END_TEST

/* Every API can be refused in every version: what is answered can be read. */
START_TEST(everything_can_be_refused) {
    const weir_api *api;
    static uint64_t request[64];
    start();
    deed = (weir__model_mischief){WEIR__MODEL_REFUSE, WEIR_CODE_NOT_CONTROLLER, 0};
    for (size_t n = 0; (api = weir_api_at(n)) != NULL; n++) {
        deed_api = api->key;
        asked = 0;
        for (int16_t version = api->min_version; version <= api->max_version; version++) {
            ck_assert_uint_le(weir_message_sizeof(api->request), sizeof request);
            weir_message_init(api->request, request);
            if (api->key == WEIR_API_VERSIONS)
                memcpy(request, &(weir_api_versions_request){S("a"), S("1"), {NULL, 0}, -1},
                       sizeof(weir_api_versions_request));
            bool answered = modelhost_ask(&h, 1, api->key, version, request) != NULL;
            ck_assert_msg(answered == (asked > 0), "%s %d", api->name, version);
            asked = 0;
        }
    }
}
END_TEST

/* ---- memory ---- */
START_TEST(without_memory_state_stays_whole) {
    start();
    deed_api = -1;
    for (int32_t n = 0; n < 60; n++) {
        h.model_memory.limit = h.model_memory.used + (size_t)(n * 97);
        int64_t before = look(0).end;
        weir_produce_request_partition_produce_data data = {0, modelhost_batch(memory, sizeof memory, 0, 50, NULL)};
        weir_produce_request_topic_produce_data topic = {.name = S("t"), .partition_data = {&data, 1}};
        weir_produce_request request = {.acks = -1, .timeout_ms = 1, .topic_data = {&topic, 1}};
        const weir_produce_response *response = modelhost_ask(&h, 1, WEIR_API_PRODUCE, 9, &request);
        bool failed = response == NULL || code_of(response) != WEIR_CODE_NONE;
        ck_assert(look(0).end == before + (failed ? 0 : 50) || response == NULL);
        h.model_memory.limit = SIZE_MAX;
    }
    ck_assert_code(code_of(produce()), "NONE");
}
END_TEST

int main(void) {
    Suite *suite = suite_create("model-cluster");
    TCase *tcase = tcase_create("cluster");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, topics_come_and_go);
    tcase_add_test(tcase, topics_grow);
    tcase_add_test(tcase, topics_make_themselves_where_that_is_wanted);
    tcase_add_test(tcase, pages_go_on_where_they_ended);
    tcase_add_test(tcase, versions_of_the_future_are_told_the_present_ones);
    tcase_add_test(tcase, unknown_apis_close_the_connection);
    tcase_add_test(tcase, leaders_move_when_a_broker_stops);
    tcase_add_test(tcase, the_only_broker_takes_up_what_it_led);
    tcase_add_test(tcase, refused);
    tcase_add_test(tcase, dropped);
    tcase_add_test(tcase, delayed);
    tcase_add_test(tcase, throttled);
    tcase_add_test(tcase, quota_of_producing);
    tcase_add_test(tcase, quota_of_fetching);
    tcase_add_test(tcase, everything_can_be_refused);
    tcase_add_test(tcase, without_memory_state_stays_whole);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
