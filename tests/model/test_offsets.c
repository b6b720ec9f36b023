/* Committed offsets, within transactions and without. */
#include "bench.h"
#include "group.h"
#include "txn.h"

#include <stdlib.h>

static bench b;
static char big[4098];

#define ck_assert_code(expr, name) ck_assert_str_eq(weir_code_name(expr), name)

static void start(int16_t transaction_version) {
    bench_init(&b, transaction_version);
    bench_start(&b);
    memset(big, 'm', 4097);
    big[4097] = '\0';
}

static int64_t init(void) {
    weir_init_producer_id_request in = {S("x"), 60000, -1, -1, false, false};
    weir_init_producer_id_response out;
    b.broker = 1;
    (void)bench_ask(&b, weir__serve_init_producer_id, WEIR_API_INIT_PRODUCER_ID, 4, &in, &out);
    ck_assert_code(out.error_code, "NONE");
    return out.producer_id;
}

static int16_t add_offsets(int64_t producer_id, int16_t epoch) {
    weir_add_offsets_to_txn_request in = {S("x"), producer_id, epoch, S("g")};
    weir_add_offsets_to_txn_response out;
    b.broker = 1;
    (void)bench_ask(&b, weir__serve_add_offsets_to_txn, WEIR_API_ADD_OFFSETS_TO_TXN, 3, &in, &out);
    return out.error_code;
}

static int16_t end(int16_t version, int64_t producer_id, int16_t epoch, bool commit) {
    weir_end_txn_request in = {S("x"), producer_id, epoch, commit};
    weir_end_txn_response out;
    b.broker = 1;
    (void)bench_ask(&b, weir__serve_end_txn, WEIR_API_END_TXN, version, &in, &out);
    return out.error_code;
}

/* Who commits, and how; the group is "g". */
typedef struct how {
    int16_t version, epoch;
    int64_t producer_id;
    const char *member;
    int32_t generation;
    const char *metadata;
} how;

static int16_t txn_commit(how w, const char *topic, int32_t partition, int64_t offset) {
    weir_txn_offset_commit_request_partition item = {partition, offset, -1, weir_str_of(w.metadata)};
    weir_txn_offset_commit_request_topic topics = {weir_str_of(topic), {{0}}, {&item, 1}};
    weir_txn_offset_commit_request in = {
        S("x"), S("g"), w.producer_id, w.epoch, w.generation, weir_str_of(w.member), {NULL, 0}, {&topics, 1}};
    weir_txn_offset_commit_response out;
    b.broker = 2;
    ck_assert_int_eq(bench_ask(&b, weir__serve_txn_offset_commit, WEIR_API_TXN_OFFSET_COMMIT, w.version, &in, &out),
                     WEIR__ANSWERED);
    return out.topics.items[0].partitions.items[0].error_code;
}

static int16_t commit(int16_t version, const char *member, int32_t generation, const char *topic, int32_t partition,
                      int64_t offset, const char *metadata) {
    weir_offset_commit_request_partition item = {partition, offset, 3, -1, weir_str_of(metadata)};
    weir_offset_commit_request_topic topics = {weir_str_of(topic), {{0}}, {&item, 1}};
    weir_offset_commit_request in = {S("g"), generation, weir_str_of(member), {NULL, 0}, -1, {&topics, 1}};
    weir_offset_commit_response out;
    b.broker = 2;
    ck_assert_int_eq(bench_ask(&b, weir__serve_offset_commit, WEIR_API_OFFSET_COMMIT, version, &in, &out),
                     WEIR__ANSWERED);
    return out.topics.items[0].partitions.items[0].error_code;
}

static how plain(int64_t producer_id) {
    return (how){4, 0, producer_id, "", -1, "m"};
}

static int64_t offset(int32_t partition) {
    return weir__model_group_offset(b.model, "g", "t", partition, NULL);
}

/* OffsetFetch of one partition, in the old and the new form; they must agree. */
static weir_offset_fetch_response_partition fetch(int32_t partition, bool stable) {
    weir_offset_fetch_request_topic old_topic = {S("t"), {&partition, 1}};
    weir_offset_fetch_request old = {.group_id = S("g"), .topics = {&old_topic, 1}, .require_stable = stable};
    weir_offset_fetch_response out;
    b.broker = 2;
    ck_assert_int_eq(bench_ask(&b, weir__serve_offset_fetch, WEIR_API_OFFSET_FETCH, 7, &old, &out), WEIR__ANSWERED);
    ck_assert_int_eq(out.error_code, 0);
    weir_offset_fetch_response_partition found = out.topics.items[0].partitions.items[0];
    weir_offset_fetch_request_topics topics = {S("t"), {{0}}, {&partition, 1}};
    weir_offset_fetch_request_group group = {S("g"), NULL, -1, {&topics, 1}};
    weir_offset_fetch_request in = {.groups = {&group, 1}, .require_stable = stable};
    ck_assert_int_eq(bench_ask(&b, weir__serve_offset_fetch, WEIR_API_OFFSET_FETCH, 9, &in, &out), WEIR__ANSWERED);
    ck_assert_int_eq(out.groups.items[0].error_code, 0);
    ck_assert_int_eq(out.groups.items[0].topics.items[0].partitions.items[0].committed_offset, found.committed_offset);
    ck_assert_int_eq(out.groups.items[0].topics.items[0].partitions.items[0].error_code, found.error_code);
    return found;
}

START_TEST(without_members) {
    start(2);
    ck_assert_code(commit(8, "", -1, "t", 0, 5, "five"), "NONE");
    ck_assert_code(commit(8, "", -1, "t", 1, 6, NULL), "NONE");
    ck_assert_code(commit(8, "", -1, "t", 3, 6, ""), "UNKNOWN_TOPIC_OR_PARTITION");
    ck_assert_code(commit(8, "", -1, "u", 0, 6, ""), "UNKNOWN_TOPIC_OR_PARTITION");
    ck_assert_code(commit(8, "", -1, "t", 0, 6, big), "OFFSET_METADATA_TOO_LARGE");
    ck_assert_code(commit(8, "", -1, "t", 0, 7, big + 1), "NONE");
    ck_assert_code(commit(8, "someone", 4, "t", 0, 6, ""), "UNKNOWN_MEMBER_ID");
    weir_offset_fetch_response_partition found = fetch(0, true);
    ck_assert_int_eq(found.committed_offset, 7);
    ck_assert_int_eq(found.committed_leader_epoch, 3);
    ck_assert_uint_eq(found.metadata.len, 4096);
    found = fetch(2, false);
    ck_assert_int_eq(found.committed_offset, -1);
    ck_assert_int_eq(found.committed_leader_epoch, -1);
    ck_assert_uint_eq(found.metadata.len, 0);
    bench_free(&b);
}
END_TEST

START_TEST(new_group_has_no_generation) {
    start(2);
    ck_assert_code(commit(8, "someone", 4, "t", 0, 6, ""), "ILLEGAL_GENERATION");
    ck_assert_ptr_null(weir__group_find(b.model, S("g")));
    bench_free(&b);
}
END_TEST

START_TEST(fetch_all) {
    start(2);
    ck_assert_code(commit(8, "", -1, "t", 2, 5, ""), "NONE");
    ck_assert_code(commit(8, "", -1, "t", 0, 6, ""), "NONE");
    weir_offset_fetch_request old = {.group_id = S("g"), .topics = {NULL, -1}};
    weir_offset_fetch_response out;
    (void)bench_ask(&b, weir__serve_offset_fetch, WEIR_API_OFFSET_FETCH, 3, &old, &out);
    ck_assert_int_eq(out.topics.count, 1);
    ck_assert_int_eq(out.topics.items[0].partitions.count, 2);
    ck_assert_int_eq(out.topics.items[0].partitions.items[0].partition_index, 2);
    ck_assert_int_eq(out.topics.items[0].partitions.items[1].committed_offset, 6);
    b.broker = 1;
    (void)bench_ask(&b, weir__serve_offset_fetch, WEIR_API_OFFSET_FETCH, 3, &old, &out);
    ck_assert_code(out.error_code, "NOT_COORDINATOR");
    weir_offset_fetch_request_topic topic = {S("t"), {(int32_t[]){0}, 1}};
    old.topics.items = &topic;
    old.topics.count = 1;
    (void)bench_ask(&b, weir__serve_offset_fetch, WEIR_API_OFFSET_FETCH, 1, &old, &out);
    ck_assert_code(out.topics.items[0].partitions.items[0].error_code, "NOT_COORDINATOR");
    bench_free(&b);
}
END_TEST

START_TEST(committed_with_the_transaction) {
    for (int16_t level = 0; level <= 2; level++) {
        start(level);
        int64_t id = init();
        how w = plain(id);
        int16_t version = level == 2 ? 5 : 4;
        w.version = version;
        ck_assert_code(commit(8, "", -1, "t", 0, 5, ""), "NONE");
        if (level < 2) {
            ck_assert_code(txn_commit(w, "t", 0, 9), "TRANSACTION_ABORTABLE");
            w.version = 3;
            ck_assert_code(txn_commit(w, "t", 0, 9), "INVALID_TXN_STATE");
            w.version = version;
            ck_assert_code(add_offsets(id, 0), "NONE");
        }
        ck_assert_code(txn_commit(w, "t", 0, 9), "NONE");
        ck_assert_code(txn_commit(w, "t", 0, 10), "NONE");
        ck_assert_int_eq(offset(0), 5);
        ck_assert_int_eq(fetch(0, false).committed_offset, 5);
        ck_assert_code(fetch(0, true).error_code, "UNSTABLE_OFFSET_COMMIT");
        ck_assert_code(fetch(1, true).error_code, "NONE");
        ck_assert_code(end(version, id, 0, true), "NONE");
        ck_assert_code(fetch(0, true).error_code, "UNSTABLE_OFFSET_COMMIT"); /* until the marker is in */
        bench_pass(&b, MS);
        ck_assert_int_eq(fetch(0, true).committed_offset, 10);
        ck_assert_uint_eq(fetch(0, true).metadata.len, 1);
        bench_free(&b);
    }
}
END_TEST

START_TEST(aborted_with_the_transaction) {
    start(0);
    int64_t id = init();
    ck_assert_code(add_offsets(id, 0), "NONE");
    ck_assert_code(txn_commit(plain(id), "t", 0, 9), "NONE");
    ck_assert_code(end(4, id, 0, false), "NONE");
    bench_pass(&b, MS);
    ck_assert_int_eq(fetch(0, true).committed_offset, -1);
    ck_assert_code(fetch(0, true).error_code, "NONE");
    ck_assert_code(txn_commit(plain(id), "t", 0, 9), "TRANSACTION_ABORTABLE"); /* the next one has to be begun */
    bench_free(&b);
}
END_TEST

/* An offset that was committed outside, later, is not taken back by a transaction. */
START_TEST(later_one_stays) {
    start(0);
    int64_t id = init();
    ck_assert_code(add_offsets(id, 0), "NONE");
    ck_assert_code(txn_commit(plain(id), "t", 0, 9), "NONE");
    ck_assert_code(txn_commit(plain(id), "t", 1, 9), "NONE");
    ck_assert_code(commit(8, "", -1, "t", 0, 20, ""), "NONE");
    ck_assert_code(end(4, id, 0, true), "NONE");
    bench_pass(&b, MS);
    ck_assert_int_eq(offset(0), 20);
    ck_assert_int_eq(offset(1), 9);
    bench_free(&b);
}
END_TEST

START_TEST(refused_in_a_transaction) {
    start(0);
    int64_t id = init();
    ck_assert_code(add_offsets(id, 0), "NONE");
    how w = plain(id);
    ck_assert_code(txn_commit(w, "t", 3, 9), "UNKNOWN_TOPIC_OR_PARTITION");
    ck_assert_code(txn_commit(w, "u", 0, 9), "UNKNOWN_TOPIC_OR_PARTITION");
    w.metadata = big;
    ck_assert_code(txn_commit(w, "t", 0, 9), "OFFSET_METADATA_TOO_LARGE");
    w = plain(id);
    w.generation = 1;
    w.member = "someone";
    ck_assert_code(txn_commit(w, "t", 0, 9), "UNKNOWN_MEMBER_ID");
    w = plain(id);
    w.epoch = 1;
    ck_assert_code(txn_commit(w, "t", 0, 9), "INVALID_PRODUCER_EPOCH");
    w = plain(id + 1);
    ck_assert_code(txn_commit(w, "t", 0, 9), "INVALID_PRODUCER_ID_MAPPING");
    ck_assert_int_eq(offset(0), -1);
    bench_free(&b);
}
END_TEST

/* A producer that was fenced cannot add to what its successor has begun. */
START_TEST(fenced) {
    start(0);
    int64_t id = init();
    ck_assert_code(add_offsets(id, 0), "NONE");
    ck_assert_code(txn_commit(plain(id), "t", 0, 9), "NONE");
    weir__model_expire_transaction(b.model, "x", b.now);
    bench_pass(&b, MS);
    (void)init();
    ck_assert_code(txn_commit(plain(id), "t", 0, 10), "INVALID_PRODUCER_EPOCH");
    ck_assert_int_eq(offset(0), -1);
    ck_assert_code(fetch(0, true).error_code, "NONE");
    bench_free(&b);
}
END_TEST

START_TEST(retention) {
    bench_init(&b, 2);
    b.config.offsets_retention_ms = 900000;
    bench_start(&b);
    ck_assert_code(commit(8, "", -1, "t", 0, 5, ""), "NONE");
    bench_pass(&b, (int64_t)700000 * MS);
    ck_assert_code(commit(8, "", -1, "t", 1, 6, ""), "NONE");
    bench_pass(&b, (int64_t)600000 * MS);
    ck_assert_int_eq(offset(0), -1);
    ck_assert_int_eq(offset(1), 6);
    bench_pass(&b, (int64_t)900000 * MS);
    ck_assert_ptr_null(weir__group_find(b.model, S("g")));
    bench_free(&b);
}
END_TEST

START_TEST(topic_deleted) {
    start(2);
    ck_assert_code(commit(8, "", -1, "t", 0, 5, ""), "NONE");
    weir__group_topic_deleted(b.model, S("t"));
    ck_assert_int_eq(offset(0), -1);
    bench_free(&b);
}
END_TEST

START_TEST(no_memory) {
    for (int64_t takes = 0; takes < 10; takes++) {
        start(2);
        b.takes_left = takes;
        int16_t code = commit(8, "", -1, "t", 0, 5, "five");
        ck_assert(code == WEIR_CODE_NONE || code == WEIR_CODE_COORDINATOR_NOT_AVAILABLE);
        ck_assert_int_eq(offset(0), code == WEIR_CODE_NONE ? 5 : -1);
        b.takes_left = -1;
        ck_assert_code(commit(8, "", -1, "t", 0, 6, "six"), "NONE");
        ck_assert_int_eq(offset(0), 6);
        bench_free(&b);
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("model offsets");
    TCase *tests = tcase_create("offsets");
    tcase_add_test(tests, without_members);
    tcase_add_test(tests, new_group_has_no_generation);
    tcase_add_test(tests, fetch_all);
    tcase_add_test(tests, committed_with_the_transaction);
    tcase_add_test(tests, aborted_with_the_transaction);
    tcase_add_test(tests, later_one_stays);
    tcase_add_test(tests, refused_in_a_transaction);
    tcase_add_test(tests, fenced);
    tcase_add_test(tests, retention);
    tcase_add_test(tests, topic_deleted);
    tcase_add_test(tests, no_memory);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
