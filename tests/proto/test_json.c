/* Messages as JSON: all of them there and back, and single rules of the form. */
#include "walk.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#define MESSAGE_MAX 64 /* in uint64_t */

static _Alignas(8) uint8_t memory[1 << 16], again_memory[1 << 18];
static char text[1 << 16];

static void there_and_back(const char *name, const weir_schema *schema, int16_t version) {
    uint64_t message[MESSAGE_MAX], again[MESSAGE_MAX];
    for (uint64_t round = 0; round < 8; round++) {
        uint64_t seed = round;
        weir_arena arena;
        weir_out out;
        weir_in in;
        weir_arena_init(&arena, memory, sizeof memory);
        walk_random(schema, version, &seed, &arena, message);
        weir_out_init(&out, text, sizeof text);
        ck_assert_int_eq(weir_message_to_json(schema, version, true, &out, message), WEIR_OK);
        weir_in_init(&in, text, out.total);
        weir_arena_init(&arena, again_memory, sizeof again_memory);
        ck_assert_msg(weir_message_from_json(schema, version, &in, &arena, again) == WEIR_OK, "%s v%d at %zu of %.*s",
                      name, version, in.error_at, (int)out.total, text);
        ck_assert_uint_eq(weir_in_left(&in), 0);
        ck_assert(walk_equal(schema, message, again));
        for (size_t cut = 0; cut < out.total; cut += 1 + cut / 8) {
            weir_in_init(&in, text, cut);
            weir_arena_init(&arena, again_memory, sizeof again_memory);
            ck_assert_int_eq(weir_message_from_json(schema, version, &in, &arena, again), WEIR_E_MALFORMED);
            ck_assert_uint_le(in.error_at, cut);
        }
    }
}

/* Whatever becomes of the text, nothing beyond it is read and the error lies within. */
static void garbled(const char *name, const weir_schema *schema, int16_t version) {
    static const char nasty[] = "\"\\{}[],:0-n\x00\xff\xe6 u.9";
    uint64_t message[MESSAGE_MAX];
    uint64_t seed = (uint64_t)name[0] << 8 | (uint64_t)version;
    for (int round = 0; round < 64; round++) {
        weir_arena arena;
        weir_out out;
        weir_in in;
        weir_arena_init(&arena, memory, sizeof memory);
        walk_random(schema, version, &seed, &arena, message);
        weir_out_init(&out, text, sizeof text);
        ck_assert_int_eq(weir_message_to_json(schema, version, true, &out, message), WEIR_OK);
        char *copy = malloc(out.total);
        memcpy(copy, text, out.total);
        for (uint64_t flips = 1 + walk_next(&seed) % 3; flips > 0; flips--)
            copy[walk_next(&seed) % out.total] = nasty[walk_next(&seed) % (sizeof nasty - 1)];
        weir_in_init(&in, copy, out.total);
        weir_arena_init(&arena, again_memory, sizeof again_memory);
        weir_err err = weir_message_from_json(schema, version, &in, &arena, message);
        ck_assert(err == WEIR_OK || err == WEIR_E_MALFORMED || err == WEIR_E_NO_MEMORY || err == WEIR_E_VERSION);
        ck_assert_uint_le(in.error_at, out.total);
        free(copy);
    }
}

START_TEST(all_messages) {
    walk_all(there_and_back);
}
END_TEST

START_TEST(garbled_messages) {
    walk_all(garbled);
}
END_TEST

/* Whatever the arena lacks, the text is refused for that reason alone. */
static void arena_too_small(const char *name, const weir_schema *schema, int16_t version) {
    uint64_t message[MESSAGE_MAX];
    uint64_t seed = 3;
    weir_arena arena;
    weir_out out;
    weir_in in;
    weir_arena_init(&arena, memory, sizeof memory);
    walk_random(schema, version, &seed, &arena, message);
    weir_out_init(&out, text, sizeof text);
    ck_assert_int_eq(weir_message_to_json(schema, version, true, &out, message), WEIR_OK);
    weir_arena_init(&arena, again_memory, sizeof again_memory);
    weir_in_init(&in, text, out.total);
    ck_assert_int_eq(weir_message_from_json(schema, version, &in, &arena, message), WEIR_OK);
    size_t needed = arena.used;
    for (size_t size = 0; size < needed; size += 8) {
        weir_arena_init(&arena, again_memory, size);
        weir_in_init(&in, text, out.total);
        ck_assert_msg(weir_message_from_json(schema, version, &in, &arena, message) == WEIR_E_NO_MEMORY, "%s v%d %zu",
                      name, version, size);
        ck_assert_uint_lt(in.error_at, out.total);
    }
}

START_TEST(messages_without_memory) {
    walk_all(arena_too_small);
}
END_TEST

/* Counting gives what writing takes, and a buffer that is too small is told. */
static void buffer_too_small(const char *name, const weir_schema *schema, int16_t version) {
    uint64_t message[MESSAGE_MAX];
    uint64_t seed = 4;
    weir_arena arena;
    weir_out out;
    weir_arena_init(&arena, memory, sizeof memory);
    walk_random(schema, version, &seed, &arena, message);
    weir_out_init(&out, NULL, 0);
    ck_assert_int_eq(weir_message_to_json(schema, version, true, &out, message), WEIR_OK);
    size_t size = out.total;
    for (size_t less = 1; less <= size; less += 1 + less / 4) {
        weir_out_init(&out, text, size - less);
        ck_assert_msg(weir_message_to_json(schema, version, true, &out, message) == WEIR_E_NO_MEMORY, "%s v%d", name,
                      version);
    }
}

START_TEST(messages_without_room) {
    walk_all(buffer_too_small);
}
END_TEST

START_TEST(an_array_that_finds_no_memory_says_where) {
    weir_list_transactions_request m;
    weir_in in;
    weir_arena arena;
    static const char json[] = "{\"stateFilters\":[\"a\",\"b\"],\"producerIdFilters\":[1]}";
    weir_in_init(&in, json, strlen(json));
    weir_arena_init(&arena, memory, 2 * sizeof(weir_str));
    ck_assert_int_eq(weir_message_from_json(weir_api_find(WEIR_API_LIST_TRANSACTIONS)->request, 0, &in, &arena, &m),
                     WEIR_E_NO_MEMORY);
    ck_assert_uint_eq(in.error_at, strlen(json) - 3);
    ck_assert_int_eq(m.producer_id_filters.count, 0);
}
END_TEST

static weir_err read_as(const weir_schema *schema, int16_t version, const char *json, void *message, size_t *at) {
    weir_in in;
    weir_arena arena;
    weir_in_init(&in, json, strlen(json));
    weir_arena_init(&arena, memory, sizeof memory);
    weir_err err = weir_message_from_json(schema, version, &in, &arena, message);
    *at = in.error_at;
    return err;
}

/* What a FindCoordinator request v0, which has nothing but a key, makes of the JSON of its key. */
static weir_err read_key(const char *json, weir_str *key) {
    weir_find_coordinator_request m;
    char document[256];
    size_t at;
    snprintf(document, sizeof document, " { \"key\" : %s } ", json);
    weir_err err = read_as(weir_api_find(WEIR_API_FIND_COORDINATOR)->request, 0, document, &m, &at);
    *key = m.key;
    return err;
}

START_TEST(strings_have_escapes) {
    weir_str key;
    ck_assert_int_eq(read_key("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00e9\\u65E5\\ud834\\udd1e\"", &key), WEIR_OK);
    ck_assert(weir_str_equal(key, weir_str_of("\"\\/\b\f\n\r\tA\xc3\xa9\xe6\x97\xa5\xf0\x9d\x84\x9e")));
    ck_assert_int_eq(read_key("\"\"", &key), WEIR_OK);
    ck_assert_ptr_nonnull(key.p);
    ck_assert_uint_eq(key.len, 0);
    static const char *const wrong[] = {
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\u12g4\"",
        "\"\\ud834\"",
        "\"\\ud834\\u0041\"",
        "\"\\udd1e\"",
        "\"\n\"",
        "\"\xff\"",
        "\"\xc3\"",
        "\"\\",
        "\"\xed\xa0\x80\"",
        "\"\xc0\x80\"",
        "null",
        "7",
        "\"a",
        "",
        "\"a\" \"b\"",
        "\"\\ud834\\",
        "\"\\ud834\\n1234\"",
        "\"\\ud834x12345\"",
        "\"\\ud834\\uffff\"",
        "\"\\u",
        "\"\\\xe9\"",
        "\"\xf5\x80\x80\x80\"",
        "\"\xf4\x90\x80\x80\"",
        "\"\xf0\x80\x80\x80\"",
        "\"\xe0\x80\x80\"",
        "nul",
        "\"a\",",
        "\"a\", \"key\": \"b\"",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        ck_assert_msg(read_key(wrong[i], &key) == WEIR_E_MALFORMED, "%s", wrong[i]);
}
END_TEST

START_TEST(what_is_not_utf8_is_replaced) {
    weir_find_coordinator_request m;
    weir_out out;
    weir_message_init(weir_api_find(WEIR_API_FIND_COORDINATOR)->request, &m);
    m.key = weir_str_of("a\xff\xe6\x97z\xf0\x9d\x84");
    weir_out_init(&out, text, sizeof text);
    weir_message_to_json(weir_api_find(WEIR_API_FIND_COORDINATOR)->request, 0, false, &out, &m);
    const char expected[] = "{\"key\":\"a\xef\xbf\xbd\xef\xbf\xbdz\xef\xbf\xbd\"}";
    ck_assert_uint_eq(out.total, strlen(expected));
    ck_assert_mem_eq(text, expected, out.total);
}
END_TEST

static weir_err read_numbers(const char *error_code, const char *producer_id, weir_init_producer_id_response *m) {
    char document[256];
    size_t at;
    snprintf(document, sizeof document, "{\"throttleTimeMs\":0,\"errorCode\":%s,\"producerId\":%s,\"producerEpoch\":1}",
             error_code, producer_id);
    return read_as(weir_api_find(WEIR_API_INIT_PRODUCER_ID)->response, 1, document, m, &at);
}

START_TEST(numbers_are_whole_and_fit) {
    weir_init_producer_id_response m;
    ck_assert_int_eq(read_numbers("-32768", "-9223372036854775808", &m), WEIR_OK);
    ck_assert_int_eq(m.error_code, INT16_MIN);
    ck_assert_int_eq(m.producer_id, INT64_MIN);
    ck_assert_int_eq(read_numbers("32767", "9223372036854775807", &m), WEIR_OK);
    ck_assert_int_eq(m.error_code, INT16_MAX);
    ck_assert_int_eq(m.producer_id, INT64_MAX);
    static const char *const wrong[] = {"32768", "-32769", "1.0",  "1e2", "01", "-",
                                        "+1",    "\"1\"",  "null", "[1]", "1 2"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        ck_assert_msg(read_numbers(wrong[i], "1", &m) == WEIR_E_MALFORMED, "%s", wrong[i]);
    ck_assert_int_eq(read_numbers("1", "9223372036854775808", &m), WEIR_E_MALFORMED);
    ck_assert_int_eq(read_numbers("1", "-9223372036854775809", &m), WEIR_E_MALFORMED);
    ck_assert_int_eq(read_numbers("1", "99999999999999999999999", &m), WEIR_E_MALFORMED);
}
END_TEST

START_TEST(small_numbers_fit_as_well) {
    const weir_schema *schema = weir_api_find(WEIR_API_FIND_COORDINATOR)->request;
    weir_find_coordinator_request m;
    size_t at;
    ck_assert_int_eq(read_as(schema, 1, "{\"key\":\"k\",\"keyType\":-128}", &m, &at), WEIR_OK);
    ck_assert_int_eq(m.key_type, INT8_MIN);
    ck_assert_int_eq(read_as(schema, 1, "{\"key\":\"k\",\"keyType\":128}", &m, &at), WEIR_E_MALFORMED);
    ck_assert_int_eq(read_as(schema, 1, "{\"key\":\"k\",\"keyType\":", &m, &at), WEIR_E_MALFORMED);
    ck_assert_int_eq(read_as(schema, 1, "{\"key\":\"k\",\"keyType\":7", &m, &at), WEIR_E_MALFORMED);
}
END_TEST

/* A DescribeTopicPartitions response of one topic whose id and cursor are given. */
static weir_err read_topic(const char *id, const char *internal, const char *cursor,
                           weir_describe_topic_partitions_response *m) {
    char document[400];
    size_t at;
    snprintf(document, sizeof document,
             "{\"throttleTimeMs\":0,\"topics\":[{\"errorCode\":0,\"name\":null,\"topicId\":%s,\"isInternal\":%s,"
             "\"partitions\":[ ],\"topicAuthorizedOperations\":0}],\"nextCursor\":%s}",
             id, internal, cursor);
    return read_as(weir_api_find(WEIR_API_DESCRIBE_TOPIC_PARTITIONS)->response, 0, document, m, &at);
}

START_TEST(ids_words_and_structs_are_strict) {
    static const char *const id = "\"AQAAAAAAAAAAAAAAAAAAAA\"";
    weir_describe_topic_partitions_response m;
    ck_assert_int_eq(read_topic(id, "true", "null", &m), WEIR_OK);
    ck_assert_int_eq(m.topics.items[0].topic_id.b[0], 1);
    ck_assert(m.topics.items[0].is_internal && m.next_cursor == NULL && m.topics.items[0].name.p == NULL);
    ck_assert_int_eq(read_topic(id, "false", "{\"topicName\":\"t\",\"partitionIndex\":3}", &m), WEIR_OK);
    ck_assert_int_eq(m.next_cursor->partition_index, 3);
    static const char *const ids[] = {"null",
                                      "\"\"",
                                      "\"AQAAAAAAAAAAAAAAAAAAA\"",
                                      "\"AQAAAAAAAAAAAAAAAAAA==\"",
                                      "\"+QAAAAAAAAAAAAAAAAAAAA\"",
                                      "\"AQAAAAAAAAAAAAAAAAAAAB\"",
                                      "1"};
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++)
        ck_assert_msg(read_topic(ids[i], "true", "null", &m) == WEIR_E_MALFORMED, "%s", ids[i]);
    static const char *const words[] = {"null", "tru", "True", "0", "\"true\"", "truefalse"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        ck_assert_msg(read_topic(id, words[i], "null", &m) == WEIR_E_MALFORMED, "%s", words[i]);
    static const char *const cursors[] = {"nil", "[]", "{}", "{", "{\"topicName\"}", "{\"topicName\":\"t\",}"};
    for (size_t i = 0; i < sizeof cursors / sizeof cursors[0]; i++)
        ck_assert_msg(read_topic(id, "true", cursors[i], &m) == WEIR_E_MALFORMED, "%s", cursors[i]);
}
END_TEST

START_TEST(arrays_are_strict) {
    const weir_schema *schema = weir_api_find(WEIR_API_LIST_TRANSACTIONS)->request;
    weir_list_transactions_request m;
    size_t at;
    static const char *const wrong[] = {"null", "{}", "[1", "[1,", "[,]", "[1,]", "[1 2]", "[[1]]", "[1]]", "[\"1]\"]"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char document[100];
        snprintf(document, sizeof document, "{\"stateFilters\":[\"a,[\\\"]\"],\"producerIdFilters\":%s}", wrong[i]);
        ck_assert_msg(read_as(schema, 0, document, &m, &at) == WEIR_E_MALFORMED, "%s", wrong[i]);
    }
    const char *right = "{\"stateFilters\":[\"a,[\\\"]\",\"\\\\\"],\"producerIdFilters\": [ 1 , 2 ] }";
    ck_assert_int_eq(read_as(schema, 0, right, &m, &at), WEIR_OK);
    ck_assert_int_eq(m.state_filters.count, 2);
    ck_assert_int_eq(m.producer_id_filters.count, 2);
}
END_TEST

START_TEST(what_stands_apart_may_be_null_or_left_out) {
    const weir_schema *schema = weir_api_find(WEIR_API_CREATE_TOPICS)->response;
    weir_create_topics_response_creatable_topic_result topic = {.name = weir_str_of("t")};
    weir_create_topics_response m;
    weir_out out;
    size_t at;
    weir_message_init(schema, &m);
    m.topics.items = &topic;
    m.topics.count = 1;
    weir_out_init(&out, text, sizeof text);
    ck_assert_int_eq(weir_message_to_json(schema, 1, false, &out, &m), WEIR_OK);
    text[out.total] = 0;
    ck_assert_str_eq(text, "{\"topics\":[{\"name\":\"t\",\"errorCode\":0,\"errorMessage\":\"\"}]}");
    weir_str null = {NULL, 0};
    topic.error_message = &null;
    weir_out_init(&out, text, sizeof text);
    ck_assert_int_eq(weir_message_to_json(schema, 1, false, &out, &m), WEIR_OK);
    text[out.total] = 0;
    ck_assert_str_eq(text, "{\"topics\":[{\"name\":\"t\",\"errorCode\":0,\"errorMessage\":null}]}");
    ck_assert_int_eq(read_as(schema, 1, text, &m, &at), WEIR_OK);
    ck_assert(m.topics.items[0].error_message != NULL && m.topics.items[0].error_message->p == NULL);
    ck_assert_int_eq(read_as(schema, 0, "{\"topics\":[{\"name\":\"t\",\"errorCode\":7}]}", &m, &at), WEIR_OK);
    ck_assert_ptr_null(m.topics.items[0].error_message);
}
END_TEST

START_TEST(members_are_those_of_the_version) {
    const weir_schema *schema = weir_api_find(WEIR_API_LIST_TRANSACTIONS)->request;
    weir_list_transactions_request m;
    size_t at;
    ck_assert_int_eq(read_as(schema, 0, "{\"producerIdFilters\":[],\"stateFilters\":[\"a\",\"b\"]}", &m, &at), WEIR_OK);
    ck_assert_int_eq(m.state_filters.count, 2);
    ck_assert_int_eq(m.duration_filter, -1);
    ck_assert_int_eq(read_as(schema, 0, "{\"stateFilters\":[]}", &m, &at), WEIR_E_MALFORMED);
    ck_assert_uint_eq(at, 18);
    ck_assert_int_eq(read_as(schema, 0, "{\"stateFilters\":[],\"durationFilter\":1,", &m, &at), WEIR_E_VERSION);
    ck_assert_uint_eq(at, 19);
    ck_assert_int_eq(read_as(schema, 0, "{\"state_filters\":[]}", &m, &at), WEIR_E_MALFORMED);
    ck_assert_uint_eq(at, 1);
    ck_assert_int_eq(read_as(schema, 3, "{}", &m, &at), WEIR_E_VERSION);
    m.duration_filter = 5;
    weir_out out;
    weir_out_init(&out, NULL, 0);
    ck_assert_int_eq(weir_message_to_json(schema, 0, false, &out, &m), WEIR_E_VERSION);
    weir_out_init(&out, NULL, 0);
    ck_assert_int_eq(weir_message_to_json(schema, 3, false, &out, &m), WEIR_E_VERSION);
    weir_out_init(&out, NULL, 0);
    ck_assert_int_eq(weir_message_to_json(schema, -1, false, &out, &m), WEIR_E_VERSION);
    ck_assert_int_eq(read_as(schema, -1, "{}", &m, &at), WEIR_E_VERSION);
}
END_TEST

START_TEST(records_are_a_size_or_base64) {
    const weir_schema *schema = weir_api_find(WEIR_API_PRODUCE)->request;
    weir_produce_request_partition_produce_data partition = {1, {(const uint8_t *)"\xfb\xff", 2}};
    weir_produce_request_topic_produce_data topic = {.name = weir_str_of("t")};
    weir_produce_request m;
    weir_out out;
    weir_message_init(schema, &m);
    topic.partition_data.items = &partition;
    m.topic_data.items = &topic;
    topic.partition_data.count = m.topic_data.count = 1;
    static const char *const forms[] = {"\"recordsSizeInBytes\":2", "\"records\":\"+/8=\"", "\"records\":null"};
    for (int i = 0; i < 3; i++) {
        char expected[256];
        if (i == 2)
            partition.records = (weir_records){NULL, 0};
        snprintf(expected, sizeof expected,
                 "{\"acks\":0,\"timeoutMs\":0,\"topicData\":[{\"name\":\"t\",\"partitionData\":[{\"index\":1,%s}]}]}",
                 forms[i]);
        weir_out_init(&out, text, sizeof text);
        ck_assert_int_eq(weir_message_to_json(schema, 0, i == 1, &out, &m), WEIR_OK);
        text[out.total] = 0;
        ck_assert_str_eq(text, expected);
    }
}
END_TEST

START_TEST(base64_is_strict) {
    const weir_schema *schema = weir_api_find(WEIR_API_SASL_AUTHENTICATE)->request;
    weir_sasl_authenticate_request m;
    size_t at;
    ck_assert_int_eq(read_as(schema, 0, "{\"authBytes\":\"+/8=\"}", &m, &at), WEIR_OK);
    ck_assert_uint_eq(m.auth_bytes.len, 2);
    ck_assert_mem_eq(m.auth_bytes.p, "\xfb\xff", 2);
    static const char *const wrong[] = {"+/8", "+/9=", "-_8=", "a", "====", "ab=c", "+/8=====", "AB=="};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char document[64];
        snprintf(document, sizeof document, "{\"authBytes\":\"%s\"}", wrong[i]);
        ck_assert_msg(read_as(schema, 0, document, &m, &at) == WEIR_E_MALFORMED, "%s", wrong[i]);
        ck_assert_uint_eq(at, 13);
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("json");
    TCase *tests = tcase_create("json");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, all_messages);
    tcase_add_test(tests, garbled_messages);
    tcase_add_test(tests, messages_without_memory);
    tcase_add_test(tests, messages_without_room);
    tcase_add_test(tests, an_array_that_finds_no_memory_says_where);
    tcase_add_test(tests, strings_have_escapes);
    tcase_add_test(tests, what_is_not_utf8_is_replaced);
    tcase_add_test(tests, numbers_are_whole_and_fit);
    tcase_add_test(tests, small_numbers_fit_as_well);
    tcase_add_test(tests, ids_words_and_structs_are_strict);
    tcase_add_test(tests, arrays_are_strict);
    tcase_add_test(tests, what_stands_apart_may_be_null_or_left_out);
    tcase_add_test(tests, members_are_those_of_the_version);
    tcase_add_test(tests, records_are_a_size_or_base64);
    tcase_add_test(tests, base64_is_strict);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
