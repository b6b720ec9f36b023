/* How it is asked for: sessions, leaders, losses, errors. */
#include "harvest.h"

#include "checks.h"
#include <stdlib.h>
#include <string.h>

static harvest h;

#define PLAIN ((peer_batch){0})

static void set_up(void) {
    harvest_init(&h);
}

static void tear_down(void) {
    harvest_free(&h);
}

static peer_log *log_with(int32_t partition, int32_t leader, int batches) {
    peer_log *log = peer_add_log(&h.peer, "a", partition, leader);
    for (int n = 0; n < batches; n++)
        peer_append(log, 5, PLAIN);
    return log;
}

static void find(weir_stop stop) {
    ck_assert_int_eq(harvest_find(&h, "a", WEIR_START_EARLIEST, stop), WEIR_OK);
}

/* Reads until nothing comes any more. */
static void drain(size_t want) {
    ck_assert_int_eq(harvest_read(&h), WEIR_AGAIN);
    ck_assert_uint_eq(h.count, want);
}

START_TEST(incremental_fetches_list_changes_only) {
    log_with(0, 0, 2);
    log_with(1, 0, 2);
    log_with(2, 0, 0);
    find(WEIR_STOP_NEVER);
    drain(20);
    ck_assert_int_eq(h.peer.full_fetches, 1);
    ck_assert_int_eq(h.peer.listed, 0);
    peer_append(&h.peer.logs[2], 5, PLAIN);
    drain(25);
    ck_assert_int_eq(h.peer.full_fetches, 1);
    ck_assert_int_eq(h.peer.session_errors, 0);
    h.peer.listed = -1;
    peer_append(&h.peer.logs[1], 1, PLAIN);
    h.stop_after = 26;
    ck_assert_int_eq(harvest_read(&h), WEIR_OK);
    ck_assert_int_eq(h.peer.listed, 1);
}
END_TEST

START_TEST(finished_splits_are_forgotten) {
    log_with(0, 0, 1);
    log_with(1, 0, 1);
    find(WEIR_STOP_LATEST);
    weir_split more = {.topic = weir_str_of("a"), .partition = 2, .stop = WEIR_NO_STOP, .leader_epoch = -1};
    log_with(2, 0, 0);
    ck_assert_int_eq(weir_reader_add(h.reader, &more), WEIR_OK);
    drain(10);
    ck_assert_int_eq(h.peer.full_fetches, 1);
    int32_t before = h.peer.logs[0].fetched;
    peer_append(&h.peer.logs[2], 1, PLAIN);
    drain(11);
    ck_assert_int_eq(h.peer.logs[0].fetched, before);
    ck_assert(!h.peer.sessions[0].has[0] && !h.peer.sessions[0].has[1] && h.peer.sessions[0].has[2]);
}
END_TEST

START_TEST(lost_sessions_are_made_anew) {
    static const int16_t codes[] = {WEIR_CODE_FETCH_SESSION_ID_NOT_FOUND, WEIR_CODE_INVALID_FETCH_SESSION_EPOCH,
                                    WEIR_CODE_FETCH_SESSION_TOPIC_ID_ERROR};
    peer_log *log = log_with(0, 0, 2);
    find(WEIR_STOP_NEVER);
    drain(10);
    h.peer.refuse = codes[_i];
    peer_append(log, 5, PLAIN);
    drain(15);
    ck_assert_int_eq(h.peer.full_fetches, 2);
    ck_assert_int_eq(h.peer.session_errors, 1);
}
END_TEST

START_TEST(refusal_of_the_whole_fetch_is_retried) {
    static const int16_t codes[] = {WEIR_CODE_UNKNOWN_TOPIC_ID, WEIR_CODE_UNKNOWN_SERVER_ERROR,
                                    WEIR_CODE_NOT_LEADER_OR_FOLLOWER};
    log_with(0, 0, 2);
    h.peer.refuse = codes[_i];
    find(WEIR_STOP_LATEST);
    ck_assert_int_eq(harvest_read(&h), WEIR_END);
    ck_assert_uint_eq(h.count, 10);
}
END_TEST

START_TEST(idle_fetches_do_not_spin) {
    log_with(0, 0, 1);
    find(WEIR_STOP_NEVER);
    drain(5);
    int32_t before = h.peer.fetches[0];
    weir_time_us start = h.peer.now;
    drain(5);
    int64_t allowed = (h.peer.now - start) / (h.peer.config.fetch_max_wait_ms * 1000) + 2;
    ck_assert_int_le(h.peer.fetches[0] - before, allowed);
}
END_TEST

START_TEST(retriable_errors_of_a_partition) {
    static const int16_t codes[] = {WEIR_CODE_NOT_LEADER_OR_FOLLOWER, WEIR_CODE_UNKNOWN_LEADER_EPOCH,
                                    WEIR_CODE_FENCED_LEADER_EPOCH,    WEIR_CODE_KAFKA_STORAGE_ERROR,
                                    WEIR_CODE_UNKNOWN_SERVER_ERROR,   WEIR_CODE_CORRUPT_MESSAGE,
                                    WEIR_CODE_OFFSET_NOT_AVAILABLE,   WEIR_CODE_INCONSISTENT_TOPIC_ID};
    log_with(0, 0, 2)->fetch_code = codes[_i];
    log_with(1, 0, 2);
    find(WEIR_STOP_LATEST);
    ck_assert_int_eq(harvest_read(&h), WEIR_END);
    ck_assert_uint_eq(h.count, 20);
}
END_TEST

START_TEST(refused_partition_is_a_fault) {
    log_with(0, 0, 2)->fetch_code = WEIR_CODE_TOPIC_AUTHORIZATION_FAILED;
    find(WEIR_STOP_LATEST);
    ck_assert_int_eq(harvest_read(&h), WEIR_E_BROKER);
    ck_assert_text(weir_reader_fault(h.reader), "TOPIC_AUTHORIZATION_FAILED");
    ck_assert_int_eq(weir_reader_fault(h.reader)->broker, 0);
}
END_TEST

START_TEST(leaders_may_move) {
    for (int32_t p = 0; p < 4; p++)
        log_with(p, 0, 4);
    find(WEIR_STOP_NEVER);
    h.stop_after = 30;
    ck_assert_int_eq(harvest_read(&h), WEIR_OK);
    h.stop_after = 0;
    for (int32_t p = 0; p < 4; p += 2) {
        h.peer.logs[p].leader = 1;
        h.peer.logs[p].leader_epoch = 2;
    }
    for (int32_t p = 0; p < 4; p++)
        peer_append(&h.peer.logs[p], 5, PLAIN);
    drain(100);
    ck_assert_int_gt(h.peer.fetches[1], 0);
    for (int32_t p = 0; p < 4; p++) { /* and back */
        h.peer.logs[p].leader = 0;
        h.peer.logs[p].leader_epoch = 3;
        peer_append(&h.peer.logs[p], 5, PLAIN);
    }
    drain(120);
    ck_assert_int_eq(h.peer.session_errors, 0);
}
END_TEST

START_TEST(broker_that_is_gone_holds_up_no_other) {
    log_with(0, 0, 4);
    log_with(1, 1, 4);
    find(WEIR_STOP_NEVER);
    drain(40);
    h.peer.down[1] = true;
    peer_append(&h.peer.logs[1], 5, PLAIN);
    peer_append(&h.peer.logs[0], 5, PLAIN);
    drain(45);
    h.peer.logs[1].leader = 2;
    h.peer.logs[1].leader_epoch = 2;
    drain(50);
    h.peer.down[1] = false;
    h.peer.logs[1].leader = 1;
    h.peer.logs[1].leader_epoch = 3;
    peer_append(&h.peer.logs[1], 5, PLAIN);
    drain(55);
}
END_TEST

START_TEST(connection_lost_within_a_response) {
    peer_log *log = log_with(0, 0, 1);
    log_with(1, 0, 1);
    (void)log;
    find(WEIR_STOP_LATEST);
    h.peer.cut = (size_t)_i;
    ck_assert_int_eq(harvest_read(&h), WEIR_END);
    ck_assert_uint_eq(h.count, 10);
    ck_assert_int_ge(h.peer.full_fetches, 2);
}
END_TEST

START_TEST(position_out_of_range_is_loss) {
    peer_log *log = log_with(0, 0, 4);
    log->start = 8;
    peer_connect(&h.peer);
    harvest_reader(&h);
    weir_split split = {
        .topic = weir_str_of("a"), .position = _i == 0 ? 3 : 33, .stop = WEIR_NO_STOP, .leader_epoch = -1};
    ck_assert_int_eq(weir_reader_add(h.reader, &split), WEIR_OK);
    ck_assert_int_eq(harvest_read(&h), WEIR_E_LOSS);
    const weir_fault *fault = weir_reader_fault(h.reader);
    ck_assert_text(fault, _i == 0 ? "position 3 " : "position 33 ");
    ck_assert_text(fault, "topic 'a' partition 0");
    ck_assert_text(fault, "starts at 8");
    ck_assert_text(fault, "ends at 20");
    ck_assert_int_eq(fault->code, WEIR_CODE_OFFSET_OUT_OF_RANGE);
}
END_TEST

START_TEST(false_out_of_range_is_survived_but_not_for_ever) {
    peer_log *log = log_with(0, 0, 2);
    find(WEIR_STOP_LATEST);
    log->fetch_code = WEIR_CODE_OFFSET_OUT_OF_RANGE;
    ck_assert_int_eq(harvest_read(&h), WEIR_END);
    ck_assert_uint_eq(h.count, 10);
}
END_TEST

START_TEST(recreated_topic_is_loss) {
    h.peer.fetch_version = _i == 0 ? 12 : 17;
    peer_log *log = log_with(0, 0, 2);
    find(WEIR_STOP_NEVER);
    drain(10);
    log->id.b[3] ^= 1;
    log->fetch_code = _i == 0 ? WEIR_CODE_NOT_LEADER_OR_FOLLOWER : WEIR_CODE_UNKNOWN_TOPIC_ID;
    ck_assert_int_eq(harvest_read(&h), WEIR_E_LOSS);
    ck_assert_text(weir_reader_fault(h.reader), "deleted and created anew");
}
END_TEST

START_TEST(deleted_topic_is_loss) {
    peer_log *log = log_with(0, 0, 2);
    find(WEIR_STOP_NEVER);
    drain(10);
    log->topic_code = WEIR_CODE_UNKNOWN_TOPIC_OR_PARTITION;
    log->fetch_code = WEIR_CODE_UNKNOWN_TOPIC_OR_PARTITION;
    ck_assert_int_eq(harvest_read(&h), WEIR_E_LOSS);
    ck_assert_text(weir_reader_fault(h.reader), "no longer exists");
}
END_TEST

START_TEST(truncated_log_is_loss) {
    peer_log *log = log_with(0, 0, 4);
    find(WEIR_STOP_NEVER);
    drain(20);
    if (_i == 1) { /* undefined: the broker does not know */
        log->diverging_offset = -1;
        peer_append(log, 5, PLAIN);
        drain(25);
        return;
    }
    log->diverging_epoch = 0;
    log->diverging_offset = 15;
    ck_assert_int_eq(harvest_read(&h), WEIR_E_LOSS);
    ck_assert_text(weir_reader_fault(h.reader), "offset 20");
    ck_assert_text(weir_reader_fault(h.reader), "at offset 15");
}
END_TEST

START_TEST(position_is_validated_where_fetches_cannot) {
    h.peer.fetch_version = 11;
    peer_log *log = log_with(0, 0, 4);
    find(WEIR_STOP_NEVER);
    drain(20);
    ck_assert_int_eq(h.peer.epoch_questions, 0);
    log->leader = 1;
    log->leader_epoch = 2;
    log->epoch_end = _i == 0 ? 20 : 15;
    peer_append(log, 5, PLAIN);
    if (_i == 0) {
        drain(25);
    } else {
        ck_assert_int_eq(harvest_read(&h), WEIR_E_LOSS);
        ck_assert_text(weir_reader_fault(h.reader), "at offset 15");
    }
    ck_assert_int_eq(h.peer.epoch_questions, 1);
}
END_TEST

/* While the leader is asked about a position, the answer to a fetch that was under way moves it on. */
START_TEST(answer_about_a_position_left_behind_is_no_loss) {
    const weir_split_batch *batch;
    h.peer.fetch_version = 11;
    peer_log *log = log_with(0, 0, 4), *other = log_with(1, 1, 4);
    find(WEIR_STOP_NEVER);
    drain(40);
    peer_script(&h.peer, WEIR_API_OFFSET_FOR_LEADER_EPOCH, 1, PEER_HOLD, 300000);
    log->leader_epoch = other->leader_epoch = 2;
    other->leader = 2; /* why metadata are asked for */
    peer_append(other, 5, PLAIN);
    for (int n = 0; n < 1000 && h.peer.epoch_questions == 0; n++) {
        ck_assert_int_eq(weir_reader_poll(h.reader, &batch, h.peer.now), WEIR_AGAIN);
        peer_settle(&h.peer);
        peer_wait(&h.peer, 1000);
    }
    ck_assert_int_eq(h.peer.epoch_questions, 1);
    peer_append(log, 5, PLAIN);
    drain(50);
    ck_assert_int_eq(h.peer.epoch_questions, 3); /* the second about the same partition, and one about the other */
}
END_TEST

/* A restored split that has nothing to read is never fetched: that its log was cut shows only when it is asked. */
START_TEST(truncation_shows_at_the_stop_offset_too) {
    peer_log *log = log_with(0, 0, 4);
    log->epoch_end = _i == 0 ? 20 : 15;
    peer_connect(&h.peer);
    harvest_reader(&h);
    weir_split split = {.topic = weir_str_of("a"), .position = 20, .stop = 20, .leader_epoch = 0};
    ck_assert_int_eq(weir_reader_add(h.reader, &split), WEIR_OK);
    ck_assert_int_eq(harvest_read(&h), _i == 0 ? WEIR_END : WEIR_E_LOSS);
    ck_assert_int_eq(h.peer.epoch_questions, 1);
}
END_TEST

START_TEST(topics_without_ids_are_asked_by_name) {
    memset(&log_with(0, 0, 4)->id, 0, sizeof(weir_uuid));
    find(WEIR_STOP_LATEST);
    ck_assert_int_eq(harvest_read(&h), WEIR_END);
    ck_assert_uint_eq(h.count, 20);
}
END_TEST

START_TEST(many_brokers_are_read_at_once) {
    for (int32_t p = 0; p < 6; p++)
        log_with(p, p % 3, 8);
    h.peer.config.fetch_max_bytes = 1024;
    find(WEIR_STOP_LATEST);
    ck_assert_int_eq(harvest_read(&h), WEIR_END);
    for (int32_t p = 0; p < 6; p++)
        ck_assert_uint_eq(harvest_of(&h, p), 40);
}
END_TEST

/* No partition starves behind others that always have data. */
START_TEST(partitions_take_turns) {
    h.peer.fetch_version = _i == 0 ? 6 : 17;
    h.peer.config.fetch_max_bytes = h.peer.config.max_partition_fetch_bytes = 1024;
    for (int32_t p = 0; p < 4; p++) {
        peer_log *log = log_with(p, 0, 0);
        for (int n = 0; n < 10; n++)
            peer_append(log, 5, (peer_batch){.value_size = 150});
    }
    find(WEIR_STOP_LATEST);
    h.stop_after = 100;
    ck_assert_int_eq(harvest_read(&h), WEIR_OK);
    for (int32_t p = 0; p < 4; p++)
        ck_assert_uint_ge(harvest_of(&h, p), 15);
    h.stop_after = 0;
    ck_assert_int_eq(harvest_read(&h), WEIR_END);
    ck_assert_uint_eq(h.count, 200);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("fetch");
    TCase *c = tcase_create("fetch");
    tcase_set_timeout(c, 30);
    tcase_add_checked_fixture(c, set_up, tear_down);
    tcase_add_test(c, incremental_fetches_list_changes_only);
    tcase_add_test(c, finished_splits_are_forgotten);
    tcase_add_loop_test(c, lost_sessions_are_made_anew, 0, 3);
    tcase_add_loop_test(c, refusal_of_the_whole_fetch_is_retried, 0, 3);
    tcase_add_test(c, idle_fetches_do_not_spin);
    tcase_add_loop_test(c, retriable_errors_of_a_partition, 0, 8);
    tcase_add_test(c, refused_partition_is_a_fault);
    tcase_add_test(c, leaders_may_move);
    tcase_add_test(c, broker_that_is_gone_holds_up_no_other);
    tcase_add_loop_test(c, connection_lost_within_a_response, 0, 420);
    tcase_add_loop_test(c, position_out_of_range_is_loss, 0, 2);
    tcase_add_test(c, false_out_of_range_is_survived_but_not_for_ever);
    tcase_add_loop_test(c, recreated_topic_is_loss, 0, 2);
    tcase_add_test(c, deleted_topic_is_loss);
    tcase_add_loop_test(c, truncated_log_is_loss, 0, 2);
    tcase_add_loop_test(c, position_is_validated_where_fetches_cannot, 0, 2);
    tcase_add_test(c, answer_about_a_position_left_behind_is_no_loss);
    tcase_add_loop_test(c, truncation_shows_at_the_stop_offset_too, 0, 2);
    tcase_add_test(c, topics_without_ids_are_asked_by_name);
    tcase_add_test(c, many_brokers_are_read_at_once);
    tcase_add_loop_test(c, partitions_take_turns, 0, 2);
    suite_add_tcase(suite, c);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
