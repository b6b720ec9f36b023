/* The registry, negotiation, frames, splices and error codes. */
#include <weir/messages.h>
#include <weir/proto.h>

#include <check.h>
#include <string.h>

START_TEST(apis_are_found_by_key) {
    int16_t previous = -1;
    size_t n = 0;
    for (; weir_api_at(n); n++) {
        const weir_api *api = weir_api_at(n);
        ck_assert_int_gt(api->key, previous);
        previous = api->key;
        ck_assert_ptr_eq(weir_api_find(api->key), api);
        ck_assert_str_eq(weir_api_name(api->key), api->name);
        ck_assert_int_le(api->min_version, api->max_version);
        ck_assert_int_le(api->table_min, api->min_version);
        ck_assert_int_le(api->max_version, api->table_max);
    }
    ck_assert_uint_eq(n, 38);
    ck_assert_ptr_null(weir_api_find(-1));
    ck_assert_ptr_null(weir_api_find(7));
    ck_assert_ptr_null(weir_api_find(INT16_MAX));
    ck_assert_str_eq(weir_api_name(7), "unknown API");
}
END_TEST

START_TEST(the_highest_common_version_wins) {
    const weir_api *fetch = weir_api_find(WEIR_API_FETCH);
    ck_assert_int_eq(weir_api_negotiate(fetch, 0, 11), 11);
    ck_assert_int_eq(weir_api_negotiate(fetch, 4, 99), 18);
    ck_assert_int_eq(weir_api_negotiate(fetch, 0, 4), 4);
    ck_assert_int_eq(weir_api_negotiate(fetch, 0, 1), -1);
    ck_assert_int_eq(weir_api_negotiate(fetch, 19, 20), -1);
    ck_assert_int_eq(weir_api_negotiate(fetch, -1, -1), -1);
}
END_TEST

START_TEST(versions_that_are_not_for_clients_are_not_negotiated) {
    ck_assert_int_eq(weir_api_negotiate(weir_api_find(WEIR_API_ADD_PARTITIONS_TO_TXN), 0, 5), 3);
    ck_assert_int_eq(weir_api_negotiate(weir_api_find(WEIR_API_INIT_PRODUCER_ID), 0, 6), 5);
    ck_assert_int_eq(weir_api_negotiate(weir_api_find(WEIR_API_TXN_OFFSET_COMMIT), 0, 6), 5);
}
END_TEST

START_TEST(versions_below_those_of_this_client_are_in_the_tables) {
    static const struct {
        int16_t key, min;
    } older[] = {{WEIR_API_PRODUCE, 2}, {WEIR_API_FETCH, 2}, {WEIR_API_OFFSET_COMMIT, 2}, {WEIR_API_OFFSET_FETCH, 1}};
    for (size_t i = 0; i < sizeof older / sizeof older[0]; i++) {
        const weir_api *api = weir_api_find(older[i].key);
        ck_assert_int_eq(weir_api_negotiate(api, 0, (int16_t)(older[i].min - 1)), -1);
        ck_assert_int_eq(weir_api_negotiate(api, 0, older[i].min), older[i].min);
        ck_assert_int_eq(api->table_min, 0);
    }
}
END_TEST

START_TEST(releases_that_brought_an_api) {
    static const struct {
        int16_t key;
        const char *release;
    } known[] = {{WEIR_API_PRODUCE, "0.10.0"},         {WEIR_API_VERSIONS, "0.10.0"},
                 {WEIR_API_DELETE_TOPICS, "0.10.1"},   {WEIR_API_INIT_PRODUCER_ID, "0.11"},
                 {WEIR_API_DESCRIBE_CONFIGS, "0.11"},  {WEIR_API_CREATE_PARTITIONS, "1.0"},
                 {WEIR_API_DESCRIBE_PRODUCERS, "2.8"}, {WEIR_API_LIST_TRANSACTIONS, "3.0"},
                 {WEIR_API_PUSH_TELEMETRY, "3.7"},     {WEIR_API_DESCRIBE_TOPIC_PARTITIONS, "3.8"}};
    for (size_t n = 0; n < sizeof known / sizeof known[0]; n++)
        ck_assert_str_eq(weir_api_release(known[n].key), known[n].release);
}
END_TEST

START_TEST(data_is_found_by_id) {
    size_t n = 0;
    for (; weir_data_at(n); n++)
        ck_assert_int_le(weir_data_at(n)->min_version, weir_data_at(n)->max_version);
    ck_assert_uint_eq(n, 5);
    ck_assert_str_eq(weir_data_at(WEIR_DATA_CONSUMER_ASSIGNMENT)->name, "ConsumerProtocolAssignment");
    ck_assert_str_eq(weir_data_at(WEIR_DATA_END_TXN_MARKER)->name, "EndTxnMarker");
}
END_TEST

START_TEST(data_says_its_version_in_front) {
    const weir_data *marker = weir_data_at(WEIR_DATA_END_TXN_MARKER);
    weir_end_txn_marker m = {.coordinator_epoch = 258};
    uint8_t bytes[16];
    weir_in in;
    weir_out out;
    weir_out_init(&out, bytes, sizeof bytes);
    ck_assert_int_eq(weir_data_encode(marker, 0, &out, &m), WEIR_OK);
    ck_assert_uint_eq(out.total, 6);
    ck_assert_mem_eq(bytes, "\0\0\0\0\x01\x02", 6);
    weir_in_init(&in, "\0\x05\0\0\x01\x03more", 10); /* newer than this codec */
    ck_assert_int_eq(weir_data_decode(marker, &in, NULL, &m), WEIR_OK);
    ck_assert_int_eq(m.coordinator_epoch, 259);
    ck_assert_uint_eq(weir_in_left(&in), 4);
    weir_in_init(&in, "\xff\xff\0\0\x01\x03", 6);
    ck_assert_int_eq(weir_data_decode(marker, &in, NULL, &m), WEIR_E_VERSION);
    weir_in_init(&in, "\0", 1);
    ck_assert_int_eq(weir_data_decode(marker, &in, NULL, &m), WEIR_E_MALFORMED);
}
END_TEST

START_TEST(a_newer_subscription_is_read_as_far_as_known) {
    const weir_data *subscription = weir_data_at(WEIR_DATA_CONSUMER_SUBSCRIPTION);
    weir_consumer_protocol_subscription m;
    uint64_t memory[16];
    weir_in in;
    weir_arena arena;
    /* version 9: topic "t", no user data, nothing owned, generation 4, rack "r", and what nobody knows yet */
    static const uint8_t bytes[] = {0, 9, 0, 0, 0, 1, 0, 1, 't', 0xff, 0xff, 0xff, 0xff,
                                    0, 0, 0, 0, 0, 0, 0, 4, 0,   1,    'r',  0xaa, 0xbb};
    weir_in_init(&in, bytes, sizeof bytes);
    weir_arena_init(&arena, memory, sizeof memory);
    ck_assert_int_eq(weir_data_decode(subscription, &in, &arena, &m), WEIR_OK);
    ck_assert_int_eq(m.topics.count, 1);
    ck_assert_ptr_null(m.user_data.p);
    ck_assert_int_eq(m.generation_id, 4);
    ck_assert(weir_str_equal(m.rack_id, weir_str_of("r")));
    ck_assert_uint_eq(weir_in_left(&in), 2);
}
END_TEST

START_TEST(an_old_brokers_refusal_of_api_versions_is_read) {
    weir_api_versions_response m;
    weir_in in;
    uint64_t memory[16];
    weir_arena arena;
    int32_t correlation_id;
    const weir_api *api = weir_api_find(WEIR_API_VERSIONS);
    /* correlation id 5, error 35, one API: key 18, 0 to 2 */
    static const uint8_t bytes[] = {0, 0, 0, 5, 0, 35, 0, 0, 0, 1, 0, 18, 0, 0, 0, 2};
    weir_in_init(&in, bytes, sizeof bytes);
    weir_arena_init(&arena, memory, sizeof memory);
    ck_assert_int_eq(weir_response_header_decode(&in, api, api->max_version, &correlation_id), WEIR_OK);
    ck_assert_int_eq(correlation_id, 5);
    ck_assert_int_eq(weir_message_decode(api->response, 0, &in, &arena, &m), WEIR_OK);
    ck_assert_int_eq(m.error_code, WEIR_CODE_UNSUPPORTED_VERSION);
    ck_assert_int_eq(m.api_keys.count, 1);
    ck_assert_int_eq(m.api_keys.items[0].api_key, 18);
    ck_assert_int_eq(m.api_keys.items[0].max_version, 2);
    ck_assert_int_eq(m.finalized_features_epoch, -1);
}
END_TEST

START_TEST(tags_of_a_response_header_are_skipped) {
    weir_in in;
    int32_t correlation_id;
    const weir_api *api = weir_api_find(WEIR_API_END_TXN);
    weir_in_init(&in, "\0\0\0\x09\x01\x03\x02zz\xaa", 10);
    ck_assert_int_eq(weir_response_header_decode(&in, api, 3, &correlation_id), WEIR_OK);
    ck_assert_int_eq(correlation_id, 9);
    ck_assert_uint_eq(weir_in_left(&in), 1);
    weir_in_init(&in, "\0\0\0\x09\x01\x03\x02zz\xaa", 10);
    ck_assert_int_eq(weir_response_header_decode(&in, api, 2, &correlation_id), WEIR_OK);
    ck_assert_uint_eq(weir_in_left(&in), 6);
}
END_TEST

START_TEST(request_headers_of_strangers) {
    weir_in in;
    weir_request_header header;
    weir_in_init(&in, "\x03\xe7\0\x01\0\0\0\x02\xff\xff", 10);
    ck_assert_int_eq(weir_request_header_decode(&in, &header), WEIR_OK);
    ck_assert_int_eq(header.api_key, 999);
    ck_assert_ptr_null(header.client_id.p);
    weir_in_init(&in, "\0\x12\0\x01\0\0\0\x02\xff\xfe", 10);
    ck_assert_int_eq(weir_request_header_decode(&in, &header), WEIR_E_MALFORMED);
    weir_in_init(&in, "\0\x12\0\x01\0\0\0\x02\0\x09zz", 12);
    ck_assert_int_eq(weir_request_header_decode(&in, &header), WEIR_E_MALFORMED);
}
END_TEST

static weir_produce_request_partition_produce_data partitions[3];
static weir_produce_request_topic_produce_data topic;

/* A Produce request with records of 3, 0 and 2 bytes. */
static void produce(weir_produce_request *m) {
    weir_message_init(weir_api_find(WEIR_API_PRODUCE)->request, m);
    partitions[0] = (weir_produce_request_partition_produce_data){0, {(const uint8_t *)"abc", 3}};
    partitions[1] = (weir_produce_request_partition_produce_data){1, {(const uint8_t *)"", 0}};
    partitions[2] = (weir_produce_request_partition_produce_data){2, {(const uint8_t *)"de", 2}};
    topic.name = weir_str_of("t");
    topic.partition_data.items = partitions;
    topic.partition_data.count = 3;
    m->topic_data.items = &topic;
    m->topic_data.count = 1;
}

START_TEST(splices_give_the_same_bytes) {
    const weir_api *api = weir_api_find(WEIR_API_PRODUCE);
    int16_t version = (int16_t)_i;
    weir_produce_request m;
    weir_splice splices[2];
    uint8_t copied[256], spliced[256], joined[256];
    weir_out out, with, counter;
    produce(&m);
    weir_out_init(&out, copied, sizeof copied);
    ck_assert_int_eq(weir_request_encode(&out, api, version, 1, weir_str_of(NULL), &m), WEIR_OK);
    weir_out_init(&with, spliced, sizeof spliced);
    with.splices = splices;
    with.splice_cap = 2;
    ck_assert_int_eq(weir_request_encode(&with, api, version, 1, weir_str_of(NULL), &m), WEIR_OK);
    ck_assert_uint_eq(with.total, out.total);
    ck_assert_uint_eq(with.splice_count, 2);
    ck_assert_ptr_eq(splices[0].bytes.p, partitions[0].records.p);
    size_t n = 0;
    size_t done = 0;
    for (uint32_t i = 0; i < with.splice_count; i++) {
        memcpy(joined + n, spliced + done, splices[i].at - done);
        n += splices[i].at - done;
        done = splices[i].at;
        memcpy(joined + n, splices[i].bytes.p, splices[i].bytes.len);
        n += splices[i].bytes.len;
    }
    memcpy(joined + n, spliced + done, (size_t)(with.p - spliced) - done);
    n += (size_t)(with.p - spliced) - done;
    ck_assert_uint_eq(n, out.total);
    ck_assert_mem_eq(joined, copied, n);
    weir_out_init(&counter, NULL, 0);
    counter.splices = splices;
    counter.splice_cap = 2;
    ck_assert_int_eq(weir_request_encode(&counter, api, version, 1, weir_str_of(NULL), &m), WEIR_OK);
    ck_assert_uint_eq(counter.total, out.total);
    ck_assert_uint_eq(counter.splice_count, 2);
    ck_assert_uint_eq(splices[0].bytes.len, partitions[0].records.len);
}
END_TEST

START_TEST(too_few_splices_are_an_error) {
    weir_produce_request m;
    weir_splice splice;
    uint8_t bytes[256];
    weir_out out;
    produce(&m);
    weir_out_init(&out, bytes, sizeof bytes);
    out.splices = &splice;
    out.splice_cap = 1;
    ck_assert_int_eq(weir_message_encode(weir_api_find(WEIR_API_PRODUCE)->request, 9, &out, &m), WEIR_E_NO_MEMORY);
    ck_assert_uint_eq(out.splice_count, 1);
}
END_TEST

START_TEST(a_frame_has_less_than_2_gib) {
    const weir_api *api = weir_api_find(WEIR_API_PRODUCE);
    weir_produce_request m;
    weir_splice splices[2];
    weir_out out;
    produce(&m);
    partitions[0].records.len = INT32_MAX; /* never looked into */
    for (int version = 8; version <= 9; version++) {
        weir_out_init(&out, NULL, 0);
        out.splices = splices;
        out.splice_cap = 2;
        ck_assert_int_eq(weir_request_encode(&out, api, (int16_t)version, 1, weir_str_of(NULL), &m), WEIR_E_TOO_LARGE);
        partitions[0].records.len++;
        weir_out_init(&out, NULL, 0);
        ck_assert_int_eq(weir_request_encode(&out, api, (int16_t)version, 1, weir_str_of(NULL), &m), WEIR_E_VERSION);
        partitions[0].records.len--;
    }
}
END_TEST

START_TEST(a_message_to_a_full_buffer_is_not_written) {
    weir_produce_request m;
    weir_out out;
    uint8_t byte;
    produce(&m);
    weir_out_init(&out, &byte, 1);
    weir_out_fail(&out, WEIR_E_TOO_LARGE);
    ck_assert_int_eq(weir_message_encode(weir_api_find(WEIR_API_PRODUCE)->request, 9, &out, &m), WEIR_E_TOO_LARGE);
    ck_assert_int_eq(weir_message_to_json(weir_api_find(WEIR_API_PRODUCE)->request, 9, true, &out, &m),
                     WEIR_E_TOO_LARGE);
    ck_assert_uint_eq(out.total, 0);
    weir_in in;
    weir_in_init(&in, "", 0);
    weir_in_fail(&in, WEIR_E_NO_MEMORY);
    ck_assert_int_eq(weir_message_decode(weir_api_find(WEIR_API_PRODUCE)->request, 9, &in, NULL, &m), WEIR_E_NO_MEMORY);
    ck_assert_int_eq(weir_message_from_json(weir_api_find(WEIR_API_PRODUCE)->request, 9, &in, NULL, &m),
                     WEIR_E_NO_MEMORY);
    ck_assert_ptr_null(m.transactional_id.p); /* at its defaults */
    ck_assert_int_eq(m.topic_data.count, 0);
}
END_TEST

START_TEST(frames_can_follow_each_other) {
    const weir_api *api = weir_api_find(WEIR_API_END_TXN);
    weir_end_txn_response m;
    uint8_t bytes[64];
    weir_out out;
    weir_message_init(api->response, &m);
    weir_out_init(&out, bytes, sizeof bytes);
    ck_assert_int_eq(weir_response_encode(&out, api, 0, 1, &m), WEIR_OK);
    ck_assert_int_eq(weir_response_encode(&out, api, 3, 2, &m), WEIR_OK);
    ck_assert_uint_eq(out.total, 14 + 16);
    ck_assert_mem_eq(bytes, "\0\0\0\x0a\0\0\0\x01", 8);
    ck_assert_mem_eq(bytes + 14, "\0\0\0\x0c\0\0\0\x02\0", 9);
}
END_TEST

START_TEST(a_client_id_that_is_too_long_is_refused) {
    static char text[32768];
    const weir_api *api = weir_api_find(WEIR_API_END_TXN);
    weir_end_txn_request m;
    weir_out out;
    weir_message_init(api->request, &m);
    weir_out_init(&out, NULL, 0);
    ck_assert_int_eq(weir_request_encode(&out, api, 0, 1, (weir_str){text, sizeof text}, &m), WEIR_E_VERSION);
}
END_TEST

START_TEST(codes_have_names_and_classes) {
    ck_assert_int_eq(WEIR_CODE_PRODUCER_FENCED, 90);
    ck_assert_str_eq(weir_code_name(-1), "UNKNOWN_SERVER_ERROR");
    ck_assert_str_eq(weir_code_name(0), "NONE");
    ck_assert_str_eq(weir_code_name(16), "NOT_COORDINATOR");
    ck_assert_str_eq(weir_code_name(136), "CONTROLLER_ID_NOT_REGISTERED");
    ck_assert_int_eq(weir_code_class(0), WEIR_CLASS_OK);
    ck_assert_int_eq(weir_code_class(16), WEIR_CLASS_FIND_COORDINATOR);
    ck_assert_int_eq(weir_code_class(90), WEIR_CLASS_FENCED);
    ck_assert_int_eq(weir_code_class(120), WEIR_CLASS_ABORT);
    ck_assert_int_eq(weir_code_class(-1), WEIR_CLASS_INDETERMINATE);
}
END_TEST

START_TEST(unlisted_codes_are_indeterminate) {
    static const int16_t codes[] = {-2, 137, INT16_MIN, INT16_MAX};
    ck_assert_str_eq(weir_code_name(codes[_i]), "UNLISTED_CODE");
    ck_assert_int_eq(weir_code_class(codes[_i]), WEIR_CLASS_INDETERMINATE);
    ck_assert_ptr_nonnull(weir_code_text(codes[_i]));
}
END_TEST

START_TEST(codes_lie_at_their_numbers) {
#define AT(code, name, class, text)                                                                                    \
    ck_assert_str_eq(weir_code_name(code), #name);                                                                     \
    ck_assert_int_eq(WEIR_CODE_##name, code);
    WEIR_CODES(AT)
#undef AT
}
END_TEST

START_TEST(errors_have_names) {
    ck_assert_str_eq(weir_err_name(WEIR_E_FENCED), "WEIR_E_FENCED");
    ck_assert_str_eq(weir_err_name(WEIR_OK), "WEIR_OK");
    ck_assert_str_eq(weir_err_name((weir_err)-99), "unknown error");
    for (int err = WEIR_E_ABORTED; err < WEIR_END; err++) {
        ck_assert_int_eq(strncmp(weir_err_name((weir_err)err), err < 0 ? "WEIR_E_" : "WEIR_", err < 0 ? 7 : 5), 0);
        ck_assert_str_ne(weir_err_name((weir_err)err), weir_err_name((weir_err)(err + 1)));
    }
}
END_TEST

START_TEST(plain_values) {
    ck_assert(weir_str_equal(weir_str_of("ab"), (weir_str){"abc", 2}));
    ck_assert(!weir_str_equal(weir_str_of("ab"), weir_str_of("ac")));
    ck_assert(!weir_str_equal(weir_str_of("ab"), weir_str_of("abc")));
    ck_assert(!weir_str_equal(weir_str_of(""), weir_str_of(NULL)));
    ck_assert(weir_str_equal(weir_str_of(NULL), weir_str_of(NULL)));
    ck_assert(weir_uuid_is_zero((weir_uuid){{0}}));
    ck_assert(!weir_uuid_is_zero((weir_uuid){{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}}));
}
END_TEST

int main(void) {
    Suite *suite = suite_create("api");
    TCase *tests = tcase_create("api");
    tcase_add_test(tests, apis_are_found_by_key);
    tcase_add_test(tests, the_highest_common_version_wins);
    tcase_add_test(tests, versions_that_are_not_for_clients_are_not_negotiated);
    tcase_add_test(tests, versions_below_those_of_this_client_are_in_the_tables);
    tcase_add_test(tests, data_is_found_by_id);
    tcase_add_test(tests, releases_that_brought_an_api);
    tcase_add_test(tests, data_says_its_version_in_front);
    tcase_add_test(tests, a_newer_subscription_is_read_as_far_as_known);
    tcase_add_test(tests, an_old_brokers_refusal_of_api_versions_is_read);
    tcase_add_test(tests, tags_of_a_response_header_are_skipped);
    tcase_add_test(tests, request_headers_of_strangers);
    tcase_add_loop_test(tests, splices_give_the_same_bytes, 3, 13);
    tcase_add_test(tests, too_few_splices_are_an_error);
    tcase_add_test(tests, a_frame_has_less_than_2_gib);
    tcase_add_test(tests, a_message_to_a_full_buffer_is_not_written);
    tcase_add_test(tests, frames_can_follow_each_other);
    tcase_add_test(tests, a_client_id_that_is_too_long_is_refused);
    tcase_add_test(tests, codes_have_names_and_classes);
    tcase_add_loop_test(tests, unlisted_codes_are_indeterminate, 0, 4);
    tcase_add_test(tests, codes_lie_at_their_numbers);
    tcase_add_test(tests, errors_have_names);
    tcase_add_test(tests, plain_values);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
