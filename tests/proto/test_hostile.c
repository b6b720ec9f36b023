/* Single rules of the format, with bytes made by hand. */
#include <weir/messages.h>
#include <weir/proto.h>

#include <check.h>
#include <string.h>

#define STRING_LIMIT 32767

static uint64_t memory[4096];

typedef struct decoded {
    weir_err err;
    size_t error_at, left, arena_used;
} decoded;

/* Decodes a request or a response with all memory of the test. */
static decoded decode(const weir_schema *schema, int16_t version, const void *bytes, size_t len, void *message) {
    weir_in in;
    weir_arena arena;
    weir_in_init(&in, bytes, len);
    weir_arena_init(&arena, memory, sizeof memory);
    weir_err err = weir_message_decode(schema, version, &in, &arena, message);
    return (decoded){err, in.error_at, weir_in_left(&in), arena.used};
}

static weir_err encode(const weir_schema *schema, int16_t version, const void *message) {
    weir_out out;
    weir_out_init(&out, NULL, 0);
    return weir_message_encode(schema, version, &out, message);
}

static const weir_schema *request(int16_t key) {
    return weir_api_find(key)->request;
}

static const weir_schema *response(int16_t key) {
    return weir_api_find(key)->response;
}

START_TEST(a_count_beyond_the_bytes_takes_no_memory) {
    weir_metadata_response m;
    /* v0: brokers, of which each takes 10 bytes at least */
    decoded d = decode(response(WEIR_API_METADATA), 0, "\x7f\xff\xff\xff", 4, &m);
    ck_assert_int_eq(d.err, WEIR_E_MALFORMED);
    ck_assert_uint_eq(d.error_at, 0);
    ck_assert_uint_eq(d.arena_used, 0);
    uint8_t bytes[4 + 19] = {0, 0, 0, 2};
    d = decode(response(WEIR_API_METADATA), 0, bytes, sizeof bytes, &m);
    ck_assert_int_eq(d.err, WEIR_E_MALFORMED);
    ck_assert_uint_eq(d.error_at, 0);
    ck_assert_uint_eq(d.arena_used, 0);
    /* v9: throttle time, then a compact count of 2^32 - 2 */
    d = decode(response(WEIR_API_METADATA), 9, "\0\0\0\0\xff\xff\xff\xff\x0f\0\0\0", 12, &m);
    ck_assert_int_eq(d.err, WEIR_E_MALFORMED);
    ck_assert_uint_eq(d.error_at, 4);
    ck_assert_uint_eq(d.arena_used, 0);
}
END_TEST

START_TEST(a_count_below_null_is_malformed) {
    weir_metadata_request m;
    decoded d = decode(request(WEIR_API_METADATA), 1, "\xff\xff\xff\xfe", 4, &m);
    ck_assert_int_eq(d.err, WEIR_E_MALFORMED);
    ck_assert_uint_eq(d.error_at, 0);
}
END_TEST

START_TEST(null_is_read_only_where_it_is_allowed) {
    weir_metadata_request m;
    weir_end_txn_request e;
    /* null topics mean all topics from v1 on */
    decoded d = decode(request(WEIR_API_METADATA), 1, "\xff\xff\xff\xff", 4, &m);
    ck_assert_int_eq(d.err, WEIR_OK);
    ck_assert_int_eq(m.topics.count, -1);
    ck_assert_ptr_null(m.topics.items);
    ck_assert_int_eq(decode(request(WEIR_API_METADATA), 0, "\xff\xff\xff\xff", 4, &m).err, WEIR_E_MALFORMED);
    d = decode(request(WEIR_API_METADATA), 1, "\0\0\0\0", 4, &m);
    ck_assert_int_eq(d.err, WEIR_OK);
    ck_assert_int_eq(m.topics.count, 0);
    /* transactional id */
    static const uint8_t classic[13 + 2] = {0xff, 0xff};
    ck_assert_int_eq(decode(request(WEIR_API_END_TXN), 0, classic, 13, &e).err, WEIR_E_MALFORMED);
    static const uint8_t compact[13] = {0};
    d = decode(request(WEIR_API_END_TXN), 3, compact, sizeof compact, &e);
    ck_assert_int_eq(d.err, WEIR_E_MALFORMED);
    ck_assert_uint_eq(d.error_at, 0);
}
END_TEST

START_TEST(null_is_written_only_where_it_is_allowed) {
    weir_metadata_request m;
    weir_end_txn_request e;
    weir_describe_configs_response_describe_configs_result result;
    weir_message_init(request(WEIR_API_METADATA), &m);
    m.topics.count = -1;
    ck_assert_int_eq(encode(request(WEIR_API_METADATA), 1, &m), WEIR_OK);
    ck_assert_int_eq(encode(request(WEIR_API_METADATA), 0, &m), WEIR_E_VERSION);
    weir_message_init(request(WEIR_API_END_TXN), &e);
    ck_assert_int_eq(encode(request(WEIR_API_END_TXN), 3, &e), WEIR_OK);
    e.transactional_id = weir_str_of(NULL);
    ck_assert_int_eq(encode(request(WEIR_API_END_TXN), 3, &e), WEIR_E_VERSION);
    weir_describe_configs_response r;
    weir_message_init(response(WEIR_API_DESCRIBE_CONFIGS), &r);
    memset(&result, 0, sizeof result); /* a null error message may be, a null resource name may not */
    r.results.items = &result;
    r.results.count = 1;
    ck_assert_int_eq(encode(response(WEIR_API_DESCRIBE_CONFIGS), 4, &r), WEIR_E_VERSION);
    result.resource_name = weir_str_of("t");
    ck_assert_int_eq(encode(response(WEIR_API_DESCRIBE_CONFIGS), 4, &r), WEIR_OK);
}
END_TEST

START_TEST(a_null_string_in_an_array_is_malformed) {
    weir_describe_transactions_request m;
    decoded d = decode(request(WEIR_API_DESCRIBE_TRANSACTIONS), 0, "\x02\x00\x00", 3, &m);
    ck_assert_int_eq(d.err, WEIR_E_MALFORMED);
    ck_assert_uint_eq(d.error_at, 1);
    weir_str null = {NULL, 0};
    weir_message_init(request(WEIR_API_DESCRIBE_TRANSACTIONS), &m);
    m.transactional_ids.items = &null;
    m.transactional_ids.count = 1;
    ck_assert_int_eq(encode(request(WEIR_API_DESCRIBE_TRANSACTIONS), 0, &m), WEIR_E_VERSION);
}
END_TEST

START_TEST(strings_have_a_limit) {
    static char text[STRING_LIMIT + 1];
    static uint8_t bytes[2 * sizeof text];
    weir_find_coordinator_request m;
    weir_out out;
    weir_in in;
    weir_message_init(request(WEIR_API_FIND_COORDINATOR), &m);
    for (int16_t version = 0; version <= 3; version += 3) {
        m.key = (weir_str){text, STRING_LIMIT};
        ck_assert_int_eq(encode(request(WEIR_API_FIND_COORDINATOR), version, &m), WEIR_OK);
        m.key.len++;
        ck_assert_int_eq(encode(request(WEIR_API_FIND_COORDINATOR), version, &m), WEIR_E_VERSION);
    }
    weir_out_init(&out, bytes, sizeof bytes);
    weir_out_uvarint(&out, STRING_LIMIT + 2);
    weir_out_bytes(&out, text, STRING_LIMIT + 1);
    weir_out_bytes(&out, "\0\0", 2);
    weir_in_init(&in, bytes, out.total);
    ck_assert_int_eq(weir_message_decode(request(WEIR_API_FIND_COORDINATOR), 3, &in, NULL, &m), WEIR_E_MALFORMED);
    ck_assert_uint_eq(in.error_at, 0);
}
END_TEST

/* An EndTxn response v3: throttle time 1, error 2, then tagged fields. */
static decoded with_tags(const char *tags, size_t len) {
    uint8_t bytes[64] = {0, 0, 0, 1, 0, 2};
    weir_end_txn_response m;
    memcpy(bytes + 6, tags, len);
    decoded d = decode(response(WEIR_API_END_TXN), 3, bytes, 6 + len, &m);
    if (!d.err) {
        ck_assert_int_eq(m.throttle_time_ms, 1);
        ck_assert_int_eq(m.error_code, 2);
        ck_assert_int_eq(m.producer_id, -1);
    }
    return d;
}

START_TEST(unknown_tags_are_skipped) {
    decoded d = with_tags("\x02\x00\x03"
                          "abc\x85\x01\x00",
                          9);
    ck_assert_int_eq(d.err, WEIR_OK);
    ck_assert_uint_eq(d.left, 0);
}
END_TEST

START_TEST(tags_ascend_and_keep_within_the_bytes) {
    ck_assert_int_eq(with_tags("\x02\x01\x00\x01\x00", 5).err, WEIR_E_MALFORMED); /* twice */
    ck_assert_uint_eq(with_tags("\x02\x01\x00\x01\x00", 5).error_at, 6 + 3);
    ck_assert_int_eq(with_tags("\x02\x02\x00\x01\x00", 5).err, WEIR_E_MALFORMED); /* descending */
    ck_assert_int_eq(with_tags("\x01\x01\x02\x00", 4).err, WEIR_E_MALFORMED);     /* longer than the message */
    ck_assert_int_eq(with_tags("\x01\x01\xff\xff\xff\xff\x0f", 7).err, WEIR_E_MALFORMED);
    ck_assert_int_eq(with_tags("\xff\xff\xff\xff\x0f\x01\x00", 7).err, WEIR_E_MALFORMED); /* more than there are */
}
END_TEST

/* An ApiVersions response v3 without APIs, then tagged fields; 1 is finalized_features_epoch, 3 zk_migration_ready. */
static decoded features(const char *tags, size_t len, weir_api_versions_response *m) {
    uint8_t bytes[64] = {0, 0, 1, 0, 0, 0, 0};
    memcpy(bytes + 7, tags, len);
    return decode(response(WEIR_API_VERSIONS), 3, bytes, 7 + len, m);
}

START_TEST(a_known_tag_fills_its_size) {
    weir_api_versions_response m;
    ck_assert_int_eq(features("\x01\x01\x08\0\0\0\0\0\0\0\x09", 11, &m).err, WEIR_OK);
    ck_assert_int_eq(m.finalized_features_epoch, 9);
    ck_assert_int_eq(m.supported_features.count, 0);
    decoded d = features("\x01\x01\x09\0\0\0\0\0\0\0\x09\x00", 12, &m); /* a byte to spare */
    ck_assert_int_eq(d.err, WEIR_E_MALFORMED);
    ck_assert_uint_eq(d.error_at, 7 + 3 + 8);
    d = features("\x01\x01\x07\0\0\0\0\0\0\0\x09", 11, &m); /* a byte too few, though more bytes follow */
    ck_assert_int_eq(d.err, WEIR_E_MALFORMED);
    ck_assert_uint_eq(d.error_at, 7 + 3);
}
END_TEST

START_TEST(a_tagged_count_is_bounded_by_its_field) {
    weir_api_versions_response m;
    /* supported_features with 3 items announced in a field of 1 byte */
    decoded d = features("\x01\x00\x01\x04\x02n\0\0\0\0\0\x02n\0\0\0\0\0\x02n\0\0\0\0\0", 25, &m);
    ck_assert_int_eq(d.err, WEIR_E_MALFORMED);
    ck_assert_uint_eq(d.error_at, 7 + 3);
    ck_assert_uint_eq(d.arena_used, 0);
}
END_TEST

START_TEST(default_tags_are_left_out) {
    weir_api_versions_response m;
    uint8_t bytes[64];
    weir_out out;
    weir_message_init(response(WEIR_API_VERSIONS), &m);
    weir_out_init(&out, bytes, sizeof bytes);
    ck_assert_int_eq(weir_message_encode(response(WEIR_API_VERSIONS), 3, &out, &m), WEIR_OK);
    ck_assert_uint_eq(out.total, 8);
    m.zk_migration_ready = true;
    weir_out_init(&out, bytes, sizeof bytes);
    ck_assert_int_eq(weir_message_encode(response(WEIR_API_VERSIONS), 3, &out, &m), WEIR_OK);
    ck_assert_uint_eq(out.total, 11);
    ck_assert_mem_eq(bytes + 7, "\x01\x03\x01\x01", 4);
}
END_TEST

START_TEST(what_a_version_lacks_is_dropped_only_when_ignorable) {
    weir_init_producer_id_request m;
    weir_fetch_request f;
    weir_message_init(request(WEIR_API_INIT_PRODUCER_ID), &m);
    m.enable2_pc = true;
    ck_assert_int_eq(encode(request(WEIR_API_INIT_PRODUCER_ID), 5, &m), WEIR_E_VERSION);
    ck_assert_int_eq(encode(request(WEIR_API_INIT_PRODUCER_ID), 6, &m), WEIR_OK);
    m.enable2_pc = false;
    m.producer_id = 7;
    ck_assert_int_eq(encode(request(WEIR_API_INIT_PRODUCER_ID), 2, &m), WEIR_E_VERSION);
    ck_assert_int_eq(encode(request(WEIR_API_INIT_PRODUCER_ID), 3, &m), WEIR_OK);
    weir_message_init(request(WEIR_API_FETCH), &f);
    f.rack_id = weir_str_of("a"); /* ignorable */
    ck_assert_int_eq(encode(request(WEIR_API_FETCH), 10, &f), WEIR_OK);
    f.replica_state.replica_id = 1; /* tagged, not ignorable */
    ck_assert_int_eq(encode(request(WEIR_API_FETCH), 14, &f), WEIR_E_VERSION);
    ck_assert_int_eq(encode(request(WEIR_API_FETCH), 15, &f), WEIR_OK);
}
END_TEST

START_TEST(null_is_not_the_default_of_a_string) {
    weir_find_coordinator_request m;
    weir_message_init(request(WEIR_API_FIND_COORDINATOR), &m);
    ck_assert_int_eq(encode(request(WEIR_API_FIND_COORDINATOR), 4, &m), WEIR_OK); /* has no key, but keys */
    m.key = weir_str_of(NULL);
    ck_assert_int_eq(encode(request(WEIR_API_FIND_COORDINATOR), 4, &m), WEIR_E_VERSION);
    m.key = weir_str_of("g");
    ck_assert_int_eq(encode(request(WEIR_API_FIND_COORDINATOR), 4, &m), WEIR_E_VERSION);
}
END_TEST

START_TEST(what_a_version_lacks_has_its_default) {
    weir_fetch_response m;
    memset(&m, 0xa5, sizeof m);
    /* v4: throttle time, one topic "t", one partition */
    static const uint8_t bytes[] = {0, 0, 0, 0, 0, 0, 0, 1,    0,    1,    't',  0,    0,    0,    1,
                                    0, 0, 0, 5, 0, 0, 0, 0,    0,    0,    0,    0,    0,    9,    0,
                                    0, 0, 0, 0, 0, 0, 8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    decoded d = decode(response(WEIR_API_FETCH), 4, bytes, sizeof bytes, &m);
    ck_assert_int_eq(d.err, WEIR_OK);
    ck_assert_uint_eq(d.left, 0);
    ck_assert_int_eq(m.error_code, 0);
    ck_assert_int_eq(m.node_endpoints.count, 0);
    const weir_fetch_response_partition_data *p = &m.responses.items[0].partitions.items[0];
    ck_assert(weir_uuid_is_zero(m.responses.items[0].topic_id));
    ck_assert_int_eq(p->partition_index, 5);
    ck_assert_int_eq(p->high_watermark, 9);
    ck_assert_int_eq(p->last_stable_offset, 8);
    ck_assert_int_eq(p->log_start_offset, -1);
    ck_assert_int_eq(p->current_leader.leader_id, -1);
    ck_assert_int_eq(p->preferred_read_replica, -1);
    ck_assert_int_eq(p->aborted_transactions.count, -1);
    ck_assert_ptr_null(p->records.p);
}
END_TEST

/* A DescribeTopicPartitions request: no topics, a limit of 0, then its cursor and no tags. */
static decoded with_cursor(const char *cursor, size_t len, weir_describe_topic_partitions_request *m) {
    static uint8_t bytes[32]; /* what is read looks into it */
    memset(bytes, 0, sizeof bytes);
    bytes[0] = 1;
    memcpy(bytes + 5, cursor, len);
    return decode(request(WEIR_API_DESCRIBE_TOPIC_PARTITIONS), 0, bytes, 5 + len + 1, m);
}

START_TEST(a_struct_may_be_null) {
    weir_describe_topic_partitions_request m;
    weir_describe_topic_partitions_request_cursor cursor = {weir_str_of("t"), 7};
    decoded d = with_cursor("\xff", 1, &m);
    ck_assert_int_eq(d.err, WEIR_OK);
    ck_assert_uint_eq(d.left, 0);
    ck_assert_ptr_null(m.cursor);
    ck_assert_int_eq(encode(request(WEIR_API_DESCRIBE_TOPIC_PARTITIONS), 0, &m), WEIR_OK);
    d = with_cursor("\x01\x02t\0\0\0\x07\0", 8, &m);
    ck_assert_int_eq(d.err, WEIR_OK);
    ck_assert_uint_eq(d.left, 0);
    ck_assert_uint_eq(d.arena_used, sizeof cursor);
    ck_assert(weir_str_equal(m.cursor->topic_name, cursor.topic_name));
    ck_assert_int_eq(m.cursor->partition_index, cursor.partition_index);
    ck_assert_int_eq(with_cursor("\x01\x02t\0\0", 5, &m).err, WEIR_E_MALFORMED);
    uint8_t bytes[16];
    weir_out out;
    m.cursor = &cursor;
    weir_out_init(&out, bytes, sizeof bytes);
    ck_assert_int_eq(weir_message_encode(request(WEIR_API_DESCRIBE_TOPIC_PARTITIONS), 0, &out, &m), WEIR_OK);
    ck_assert_uint_eq(out.total, 5 + 8 + 1);
    ck_assert_mem_eq(bytes + 5, "\x01\x02t\0\0\0\x07\0", 8);
}
END_TEST

START_TEST(a_struct_that_finds_no_memory_says_where) {
    weir_describe_topic_partitions_request m;
    weir_in in;
    weir_arena arena;
    weir_in_init(&in, "\x01\0\0\0\0\x01\x02t\0\0\0\x07\0", 14);
    weir_arena_init(&arena, memory, sizeof(weir_describe_topic_partitions_request_cursor) - 1);
    ck_assert_int_eq(weir_message_decode(request(WEIR_API_DESCRIBE_TOPIC_PARTITIONS), 0, &in, &arena, &m),
                     WEIR_E_NO_MEMORY);
    ck_assert_uint_eq(in.error_at, 5);
    ck_assert_ptr_null(m.cursor);
}
END_TEST

START_TEST(what_stands_apart_is_null_only_in_versions_without_it) {
    weir_list_groups_response m;
    weir_out out;
    uint8_t bytes[64];
    /* v3 and v4: throttle time, error, one group "g" of type "c", in v4 with state "s" */
    decoded d = decode(response(WEIR_API_LIST_GROUPS), 3,
                       "\0\0\0\0\0\0\x02\x02g\x02"
                       "c\0\0",
                       13, &m);
    ck_assert_int_eq(d.err, WEIR_OK);
    ck_assert_ptr_null(m.groups.items[0].group_state);
    ck_assert_ptr_null(m.groups.items[0].group_type);
    ck_assert_uint_eq(d.arena_used, sizeof m.groups.items[0]);
    d = decode(response(WEIR_API_LIST_GROUPS), 4,
               "\0\0\0\0\0\0\x02\x02g\x02"
               "c\x02s\0\0",
               15, &m);
    ck_assert_int_eq(d.err, WEIR_OK);
    ck_assert(weir_str_equal(*m.groups.items[0].group_state, weir_str_of("s")));
    ck_assert_ptr_null(m.groups.items[0].group_type);
    ck_assert_uint_eq(d.arena_used, sizeof m.groups.items[0] + sizeof(weir_str));
    ck_assert_int_eq(encode(response(WEIR_API_LIST_GROUPS), 3, &m), WEIR_OK); /* ignorable */
    m.groups.items[0].group_state = NULL;
    weir_out_init(&out, bytes, sizeof bytes);
    ck_assert_int_eq(weir_message_encode(response(WEIR_API_LIST_GROUPS), 4, &out, &m), WEIR_OK);
    ck_assert_mem_eq(bytes + 7,
                     "\x02g\x02"
                     "c\x01\0\0",
                     7);
    weir_offset_fetch_request_group group = {.group_id = weir_str_of("g"), .member_epoch = -1};
    weir_str member = weir_str_of("m");
    weir_offset_fetch_request r;
    weir_message_init(request(WEIR_API_OFFSET_FETCH), &r);
    r.groups.items = &group;
    r.groups.count = 1;
    group.topics.count = -1;
    group.member_id = &member;
    ck_assert_int_eq(encode(request(WEIR_API_OFFSET_FETCH), 9, &r), WEIR_OK);
    group.member_id = NULL; /* null, its default */
    ck_assert_int_eq(encode(request(WEIR_API_OFFSET_FETCH), 9, &r), WEIR_OK);
    ck_assert_int_eq(encode(request(WEIR_API_OFFSET_FETCH), 8, &r), WEIR_OK);
}
END_TEST

START_TEST(memory_is_what_the_arrays_need) {
    weir_describe_transactions_request m;
    decoded d = decode(request(WEIR_API_DESCRIBE_TRANSACTIONS), 0, "\x04\x02x\x02y\x02z\x00", 8, &m);
    ck_assert_int_eq(d.err, WEIR_OK);
    ck_assert_uint_eq(d.arena_used, 3 * sizeof(weir_str));
}
END_TEST

START_TEST(an_array_that_finds_no_memory_says_where) {
    weir_list_transactions_request m;
    weir_in in;
    weir_arena arena;
    weir_in_init(&in, "\x02\x02x\x02\0\0\0\0\0\0\0\x09\x00", 13);
    weir_arena_init(&arena, memory, sizeof(weir_str));
    ck_assert_int_eq(weir_message_decode(request(WEIR_API_LIST_TRANSACTIONS), 0, &in, &arena, &m), WEIR_E_NO_MEMORY);
    ck_assert_uint_eq(in.error_at, 3);
    ck_assert_int_eq(m.producer_id_filters.count, 0);
}
END_TEST

START_TEST(bytes_behind_the_body_are_left) {
    weir_end_txn_response m;
    decoded d = decode(response(WEIR_API_END_TXN), 0, "\0\0\0\0\0\0extra", 11, &m);
    ck_assert_int_eq(d.err, WEIR_OK);
    ck_assert_uint_eq(d.left, 5);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("hostile");
    TCase *tests = tcase_create("hostile");
    tcase_add_test(tests, a_count_beyond_the_bytes_takes_no_memory);
    tcase_add_test(tests, a_count_below_null_is_malformed);
    tcase_add_test(tests, null_is_read_only_where_it_is_allowed);
    tcase_add_test(tests, null_is_written_only_where_it_is_allowed);
    tcase_add_test(tests, a_null_string_in_an_array_is_malformed);
    tcase_add_test(tests, strings_have_a_limit);
    tcase_add_test(tests, unknown_tags_are_skipped);
    tcase_add_test(tests, tags_ascend_and_keep_within_the_bytes);
    tcase_add_test(tests, a_known_tag_fills_its_size);
    tcase_add_test(tests, a_tagged_count_is_bounded_by_its_field);
    tcase_add_test(tests, default_tags_are_left_out);
    tcase_add_test(tests, what_a_version_lacks_is_dropped_only_when_ignorable);
    tcase_add_test(tests, null_is_not_the_default_of_a_string);
    tcase_add_test(tests, what_a_version_lacks_has_its_default);
    tcase_add_test(tests, a_struct_may_be_null);
    tcase_add_test(tests, a_struct_that_finds_no_memory_says_where);
    tcase_add_test(tests, what_stands_apart_is_null_only_in_versions_without_it);
    tcase_add_test(tests, memory_is_what_the_arrays_need);
    tcase_add_test(tests, an_array_that_finds_no_memory_says_where);
    tcase_add_test(tests, bytes_behind_the_body_are_left);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
