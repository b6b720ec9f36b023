/* Writing to brokers of Kafka 0.10: message sets of magic 1, without producer ids, in order. */
#include "checks.h"
#include <stdlib.h>
#include <string.h>

#include "drain.h"
#include "state.h"

static drain d;

static void set_up(void) {
    drain_init(&d, 3);
    peer_make_old(&d.peer);
    d.peer.config.linger_ms = 0;
    d.peer.config.delivery_guarantee = WEIR_DELIVERY_AT_LEAST_ONCE;
}

static void tear_down(void) {
    drain_free(&d);
}

static void flushed(void) {
    ck_assert_ok(&d, drain_prepare(&d, 1));
}

/* All keys up to `count` are there, in order, if perhaps more than once. */
static void check_all(int32_t log, int64_t count) {
    int64_t next = 0;
    for (int32_t n = 0; n < d.peer.written_count; n++) {
        if (d.peer.written[n].log != log)
            continue;
        ck_assert_int_le(d.peer.written[n].key, next);
        next += d.peer.written[n].key == next;
    }
    ck_assert_int_eq(next, count);
}

START_TEST(sets_are_written) {
    if (_i > 0 && weir__codec_find(_i) == NULL)
        return; /* a build without this codec */
    d.peer.config.compression_type = (weir_compression)_i;
    drain_start(&d);
    for (int n = 0; n < 5; n++) {
        ck_assert_ok(&d, drain_send(&d, 0, 40));
        ck_assert_ok(&d, drain_send(&d, 1, 1));
        drain_pass(&d, 1000);
    }
    flushed();
    peer_check_keys(&d.peer, 0, 0, 200);
    peer_check_keys(&d.peer, 1, 0, 5);
    ck_assert_int_eq(d.peer.attempts[0].magic, 1);
    ck_assert_int_eq(d.peer.attempts[0].compression, _i);
    ck_assert_int_eq(d.peer.attempts[1].compression, WEIR_COMPRESSION_NONE); /* it would not shrink */
    ck_assert_int_eq(peer_request(&d.peer, WEIR_API_PRODUCE, 0)->version, 2);
    ck_assert_uint_eq(weir_sink_count(d.sink)->records_out, 205);
    ck_assert_uint_eq(weir_sink_count(d.sink)->batches_out, 10);
}
END_TEST

START_TEST(without_a_guarantee_too) {
    d.peer.config.delivery_guarantee = WEIR_DELIVERY_NONE;
    drain_start(&d);
    ck_assert_ok(&d, drain_send(&d, 0, 3));
    drain_pass(&d, SECOND);
    ck_assert_ok(&d, weir_sink_flush(d.sink));
    peer_check_keys(&d.peer, 0, 0, 3);
}
END_TEST

START_TEST(exactly_once_is_refused) {
    d.peer.config.delivery_guarantee = WEIR_DELIVERY_EXACTLY_ONCE;
    ck_assert_int_eq(drain_new(&d), WEIR_OK);
    ck_assert_int_eq(drain_open(&d), WEIR_E_UNSUPPORTED);
    ck_assert_fault(&d, "broker 0 (Kafka 0.10.0) is too old for exactly-once");
    ck_assert_fault(&d, "0.11");
}
END_TEST

START_TEST(zstd_is_refused) {
    d.peer.offered[WEIR_API_PRODUCE] = (int16_t)_i;
    d.peer.config.compression_type = WEIR_COMPRESSION_ZSTD;
    ck_assert_int_eq(drain_new(&d), WEIR_OK);
    ck_assert_int_eq(drain_open(&d), WEIR_E_UNSUPPORTED);
    ck_assert_fault(&d, "too old for compression.type=zstd, which needs Kafka 2.1");
}
END_TEST

START_TEST(headers_are_refused) {
    static const uint8_t header[] = {2, 'h', 2, 'v'};
    drain_start(&d);
    ck_assert_ok(&d, drain_send(&d, 1, 2));
    weir_record record = {.timestamp = 1, .headers = {header, sizeof header}, .header_count = 1};
    ck_assert_int_eq(weir_sink_send(d.sink, 0, 1, &record, d.peer.now), WEIR_OK);
    ck_assert_int_eq(drain_prepare(&d, 1), WEIR_E_VERSION);
    ck_assert_fault(&d, "topic 't' partition 1");
    ck_assert_fault(&d, "headers, which brokers before 0.11 cannot store");
    ck_assert_int_eq(weir_sink_fault(d.sink)->partition, 1);
    ck_assert_int_eq(d.peer.written_count, 0);
}
END_TEST

/* Nothing but the order of sending keeps the order, so each batch waits for the one before. */
START_TEST(order_holds_over_refusals) {
    static const int16_t codes[] = {WEIR_CODE_NOT_LEADER_OR_FOLLOWER, WEIR_CODE_NOT_ENOUGH_REPLICAS,
                                    WEIR_CODE_CORRUPT_MESSAGE};
    drain_start(&d);
    peer_rule *rule = peer_script(&d.peer, WEIR_API_PRODUCE, 2, _i < 3 ? PEER_CODE : PEER_REFUSE, codes[_i % 3]);
    rule->times = 2;
    for (int n = 0; n < 8; n++) {
        ck_assert_ok(&d, drain_send(&d, 0, 2));
        weir_client_tick(d.peer.client, d.peer.now += 10);
    }
    flushed();
    peer_check_keys(&d.peer, 0, 0, 16);
}
END_TEST

/* What was written although the answer was lost is written twice, in its place. */
START_TEST(lost_answers_repeat_a_batch) {
    drain_start(&d);
    peer_script(&d.peer, WEIR_API_PRODUCE, 2, PEER_DROP, 0);
    for (int n = 0; n < 4; n++) {
        ck_assert_ok(&d, drain_send(&d, 0, 2));
        weir_client_tick(d.peer.client, d.peer.now += 10);
    }
    flushed();
    ck_assert_int_gt(d.peer.written_count, 8);
    check_all(0, 8);
}
END_TEST

/* Rewriting takes memory; where there is none for a while, the batch waits. */
START_TEST(short_of_memory_for_a_while) {
    d.peer.config.compression_type = _i % 2 ? WEIR_COMPRESSION_GZIP : WEIR_COMPRESSION_NONE;
    drain_start(&d);
    ck_assert_ok(&d, drain_send(&d, 0, 3));
    ck_assert_ok(&d, drain_send(&d, 1, 3));
    d.peer.memory.fail_from = d.peer.memory.takes + _i / 2;
    d.peer.memory.fail_count = 3;
    flushed();
    check_all(0, 3);
    check_all(1, 3);
}
END_TEST

START_TEST(large_records) {
    d.value_size = 300000;
    drain_start(&d);
    ck_assert_ok(&d, drain_send(&d, 0, 30));
    flushed();
    peer_check_keys(&d.peer, 0, 0, 30);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("old brokers");
    TCase *c = tcase_create("old brokers");
    tcase_set_timeout(c, 60);
    tcase_add_checked_fixture(c, set_up, tear_down);
    tcase_add_loop_test(c, sets_are_written, 0, 4);
    tcase_add_test(c, without_a_guarantee_too);
    tcase_add_test(c, exactly_once_is_refused);
    tcase_add_loop_test(c, zstd_is_refused, 2, 7);
    tcase_add_test(c, headers_are_refused);
    tcase_add_loop_test(c, order_holds_over_refusals, 0, 4);
    tcase_add_test(c, lost_answers_repeat_a_batch);
    tcase_add_loop_test(c, short_of_memory_for_a_while, 0, 40);
    tcase_add_test(c, large_records);
    suite_add_tcase(suite, c);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
