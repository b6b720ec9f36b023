#include "harvest.h"

#include "checks.h"
#include <stdlib.h>
#include <string.h>

static harvest h;

static void set_up(void) {
    harvest_init(&h);
}

static void tear_down(void) {
    harvest_free(&h);
}

static weir_split found(size_t n) {
    weir_split split;
    ck_assert(weir_enumerator_split(h.enumerator, n, &split));
    return split;
}

static peer_log *log_with(const char *topic, int32_t partition, int32_t leader, int32_t records) {
    peer_log *log = peer_add_log(&h.peer, topic, partition, leader);
    if (records > 0)
        peer_append(log, records, (peer_batch){0});
    return log;
}

START_TEST(splits_are_in_order_with_concrete_offsets) {
    log_with("b", 0, 1, 5);
    log_with("a", 0, 0, 3)->start = 1;
    log_with("a", 1, 2, 0);
    ck_assert_int_eq(harvest_find(&h, "b,a", WEIR_START_EARLIEST, WEIR_STOP_LATEST), WEIR_OK);
    ck_assert(weir_str_equal(found(0).topic, weir_str_of("b")));
    ck_assert(found(0).position == 0 && found(0).stop == 5);
    ck_assert(weir_str_equal(found(1).topic, weir_str_of("a")));
    ck_assert(found(1).position == 1 && found(1).stop == 3);
    weir_split first = found(1);
    ck_assert_mem_eq(&first.topic_id, &h.peer.logs[1].id, 16);
    ck_assert(found(2).partition == 1 && found(2).position == 0 && found(2).stop == 0);
    weir_split none;
    ck_assert(!weir_enumerator_split(h.enumerator, 3, &none));
}
END_TEST

START_TEST(latest_is_the_last_stable_offset) {
    log_with("a", 0, 0, 9)->stable = 4;
    ck_assert_int_eq(harvest_find(&h, "a", WEIR_START_LATEST, WEIR_STOP_NEVER), WEIR_OK);
    ck_assert(found(0).position == 4 && found(0).stop == WEIR_NO_STOP);
}
END_TEST

START_TEST(latest_is_the_high_watermark_for_read_uncommitted) {
    h.peer.config.isolation_level = WEIR_READ_UNCOMMITTED;
    log_with("a", 0, 0, 9)->stable = 4;
    ck_assert_int_eq(harvest_find(&h, "a", WEIR_START_EARLIEST, WEIR_STOP_LATEST), WEIR_OK);
    ck_assert(found(0).stop == 9);
}
END_TEST

START_TEST(unknown_topic_is_a_fault_after_five_seconds) {
    log_with("a", 0, 0, 1);
    weir_time_us start = h.peer.now;
    ck_assert_int_eq(harvest_find(&h, "a,ghost", WEIR_START_EARLIEST, WEIR_STOP_LATEST), WEIR_E_CONFIG);
    ck_assert_text(weir_enumerator_fault(h.enumerator), "topic 'ghost' does not exist on b0:9000");
    ck_assert_str_eq(weir_enumerator_fault(h.enumerator)->topic, "ghost");
    ck_assert(h.peer.now - start >= 5000000 && h.peer.now - start < 6000000);
}
END_TEST

START_TEST(topic_that_appears_in_time_is_read) {
    harvest_enumerate(&h, "late", WEIR_START_EARLIEST, WEIR_STOP_LATEST);
    for (int n = 0; n < 20; n++) {
        ck_assert_int_eq(weir_enumerator_poll(h.enumerator, h.peer.now), WEIR_AGAIN);
        peer_settle(&h.peer);
        h.peer.now += 200000;
    }
    log_with("late", 0, 0, 2);
    ck_assert_int_eq(harvest_resolve(&h), WEIR_OK);
    ck_assert(found(0).stop == 2);
}
END_TEST

START_TEST(unauthorized_topic_is_a_fault_at_once) {
    log_with("a", 0, 0, 1)->topic_code = WEIR_CODE_TOPIC_AUTHORIZATION_FAILED;
    weir_time_us start = h.peer.now;
    ck_assert_int_eq(harvest_find(&h, "a", WEIR_START_EARLIEST, WEIR_STOP_LATEST), WEIR_E_BROKER);
    ck_assert_text(weir_enumerator_fault(h.enumerator), "TOPIC_AUTHORIZATION_FAILED");
    ck_assert_int_eq(weir_enumerator_fault(h.enumerator)->code, WEIR_CODE_TOPIC_AUTHORIZATION_FAILED);
    ck_assert(h.peer.now - start < 1000000);
}
END_TEST

START_TEST(offsets_are_retried_by_class) {
    static const int16_t codes[] = {WEIR_CODE_NOT_LEADER_OR_FOLLOWER, WEIR_CODE_OFFSET_NOT_AVAILABLE,
                                    WEIR_CODE_UNKNOWN_SERVER_ERROR, WEIR_CODE_LEADER_NOT_AVAILABLE};
    log_with("a", 0, 0, 3)->list_code = codes[_i];
    ck_assert_int_eq(harvest_find(&h, "a", WEIR_START_EARLIEST, WEIR_STOP_LATEST), WEIR_OK);
    ck_assert(found(0).position == 0 && found(0).stop == 3);
}
END_TEST

START_TEST(refused_offsets_are_a_fault) {
    log_with("a", 0, 0, 3)->list_code = WEIR_CODE_UNSUPPORTED_FOR_MESSAGE_FORMAT;
    ck_assert_int_eq(harvest_find(&h, "a", WEIR_START_EARLIEST, WEIR_STOP_LATEST), WEIR_E_BROKER);
    ck_assert_int_eq(weir_enumerator_fault(h.enumerator)->api, WEIR_API_LIST_OFFSETS);
}
END_TEST

START_TEST(leaderless_partition_ends_in_a_fault) {
    log_with("a", 0, 0, 3);
    log_with("a", 1, -1, 3);
    ck_assert_int_eq(harvest_find(&h, "a", WEIR_START_EARLIEST, WEIR_STOP_LATEST), WEIR_E_UNREACHABLE);
    ck_assert_text(weir_enumerator_fault(h.enumerator), "partition 1");
}
END_TEST

START_TEST(no_broker_ends_in_a_fault) {
    h.peer.down[0] = true;
    ck_assert_int_eq(harvest_find(&h, "a", WEIR_START_EARLIEST, WEIR_STOP_LATEST), WEIR_E_UNREACHABLE);
    ck_assert_text(weir_enumerator_fault(h.enumerator), "connection refused");
}
END_TEST

START_TEST(restored_splits_stand_and_new_partitions_start_at_the_beginning) {
    peer_log *log = log_with("a", 0, 0, 9);
    log_with("a", 1, 0, 4);
    log_with("fresh", 0, 0, 6);
    harvest_enumerate(&h, "a,fresh", WEIR_START_LATEST, WEIR_STOP_LATEST);
    weir_split kept = {.topic = weir_str_of("a"), .position = 3, .stop = 7, .leader_epoch = 1, .topic_id = log->id};
    ck_assert_int_eq(weir_enumerator_restore(h.enumerator, &kept), WEIR_OK);
    ck_assert_int_eq(harvest_resolve(&h), WEIR_OK);
    ck_assert(found(0).position == 3 && found(0).stop == 7 && found(0).leader_epoch == 1);
    ck_assert(found(1).position == 0 && found(1).stop == 4);
    ck_assert(found(2).position == 6 && found(2).stop == 6);
}
END_TEST

START_TEST(restored_split_without_stop_gets_one) {
    log_with("old", 0, 0, 9);
    log_with("old", 1, 0, 9);
    harvest_enumerate(&h, "", WEIR_START_EARLIEST, WEIR_STOP_LATEST);
    weir_split kept = {.topic = weir_str_of("old"), .partition = 1, .position = 3, .stop = WEIR_NO_STOP};
    ck_assert_int_eq(weir_enumerator_restore(h.enumerator, &kept), WEIR_OK);
    ck_assert_int_eq(harvest_resolve(&h), WEIR_OK);
    ck_assert(found(0).partition == 1 && found(0).position == 3 && found(0).stop == 9);
    weir_split none;
    ck_assert(!weir_enumerator_split(h.enumerator, 1, &none)); /* what is not among the topics does not grow */
}
END_TEST

START_TEST(another_topic_id_is_loss) {
    log_with("a", 0, 0, 9);
    harvest_enumerate(&h, "a", WEIR_START_EARLIEST, WEIR_STOP_LATEST);
    weir_split kept = {.topic = weir_str_of("a"), .position = 3, .stop = WEIR_NO_STOP, .topic_id = {{9}}};
    ck_assert_int_eq(weir_enumerator_restore(h.enumerator, &kept), WEIR_OK);
    ck_assert_int_eq(harvest_resolve(&h), WEIR_E_LOSS);
    ck_assert_text(weir_enumerator_fault(h.enumerator), "CQAAAAAAAAAAAAAAAAAAAA");
    ck_assert_text(weir_enumerator_fault(h.enumerator), "YmJiYmJiYmJiYmJiYmJiYg");
}
END_TEST

START_TEST(restored_topic_that_is_gone_is_loss) {
    log_with("other", 0, 0, 1);
    harvest_enumerate(&h, "other", WEIR_START_EARLIEST, WEIR_STOP_LATEST);
    weir_split kept = {.topic = weir_str_of("gone"), .position = 3, .stop = WEIR_NO_STOP};
    ck_assert_int_eq(weir_enumerator_restore(h.enumerator, &kept), WEIR_OK);
    ck_assert_int_eq(harvest_resolve(&h), WEIR_E_LOSS);
}
END_TEST

START_TEST(restored_partition_that_is_gone_is_loss) {
    log_with("a", 0, 0, 1);
    harvest_enumerate(&h, "a", WEIR_START_EARLIEST, WEIR_STOP_LATEST);
    weir_split kept = {.topic = weir_str_of("a"), .partition = 4, .position = 3, .stop = WEIR_NO_STOP};
    ck_assert_int_eq(weir_enumerator_restore(h.enumerator, &kept), WEIR_OK);
    ck_assert_int_eq(harvest_resolve(&h), WEIR_E_LOSS);
    ck_assert_text(weir_enumerator_fault(h.enumerator), "partition 4");
}
END_TEST

START_TEST(impossible_restores_are_refused) {
    harvest_enumerate(&h, "", WEIR_START_EARLIEST, WEIR_STOP_LATEST);
    weir_split twice = {.topic = weir_str_of("a"), .stop = 1};
    ck_assert_int_eq(weir_enumerator_restore(h.enumerator, &twice), WEIR_OK);
    ck_assert_int_eq(weir_enumerator_restore(h.enumerator, &twice), WEIR_E_CHECKPOINT);
    ck_assert_int_eq(weir_enumerator_poll(h.enumerator, h.peer.now), WEIR_E_CHECKPOINT);
}
END_TEST

START_TEST(bad_topic_names_are_refused) {
    static char name[251];
    memset(name, 'x', sizeof name);
    harvest_enumerate(&h, "", WEIR_START_EARLIEST, WEIR_STOP_LATEST);
    ck_assert_int_eq(weir_enumerator_add_topic(h.enumerator, (weir_str){name, 250}), WEIR_E_CONFIG);
}
END_TEST

START_TEST(nothing_to_read_is_ready) {
    harvest_enumerate(&h, "", WEIR_START_EARLIEST, WEIR_STOP_LATEST);
    ck_assert_int_eq(weir_enumerator_poll(h.enumerator, h.peer.now), WEIR_OK);
}
END_TEST

/* Every allocation fails in turn: an error or a wait, never a crash or a leak. */
START_TEST(short_of_memory) {
    log_with("b", 0, 1, 5);
    log_with("a", 0, 0, 3);
    harvest_enumerate(&h, "a,b", WEIR_START_EARLIEST, WEIR_STOP_LATEST);
    h.peer.budget.limit = h.peer.budget.used + (size_t)_i * 200;
    for (int n = 0; n < 50 && weir_enumerator_poll(h.enumerator, h.peer.now) == WEIR_AGAIN; n++) {
        peer_settle(&h.peer);
        peer_wait(&h.peer, 1000000);
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("enumerator");
    TCase *c = tcase_create("enumerator");
    tcase_add_checked_fixture(c, set_up, tear_down);
    tcase_add_test(c, splits_are_in_order_with_concrete_offsets);
    tcase_add_test(c, latest_is_the_last_stable_offset);
    tcase_add_test(c, latest_is_the_high_watermark_for_read_uncommitted);
    tcase_add_test(c, unknown_topic_is_a_fault_after_five_seconds);
    tcase_add_test(c, topic_that_appears_in_time_is_read);
    tcase_add_test(c, unauthorized_topic_is_a_fault_at_once);
    tcase_add_loop_test(c, offsets_are_retried_by_class, 0, 4);
    tcase_add_test(c, refused_offsets_are_a_fault);
    tcase_add_test(c, leaderless_partition_ends_in_a_fault);
    tcase_add_test(c, no_broker_ends_in_a_fault);
    tcase_add_test(c, restored_splits_stand_and_new_partitions_start_at_the_beginning);
    tcase_add_test(c, restored_split_without_stop_gets_one);
    tcase_add_test(c, another_topic_id_is_loss);
    tcase_add_test(c, restored_topic_that_is_gone_is_loss);
    tcase_add_test(c, restored_partition_that_is_gone_is_loss);
    tcase_add_test(c, impossible_restores_are_refused);
    tcase_add_test(c, bad_topic_names_are_refused);
    tcase_add_test(c, nothing_to_read_is_ready);
    tcase_add_loop_test(c, short_of_memory, 0, 60);
    suite_add_tcase(suite, c);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
