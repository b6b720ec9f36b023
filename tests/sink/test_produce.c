/* Batches on their way: sequences, order, retries, limits, back-pressure. */
#include "checks.h"
#include <stdlib.h>
#include <string.h>

#include "drain.h"
#include "state.h"

static drain d;

static void set_up(void) {
    drain_init(&d, 3);
    d.peer.config.linger_ms = 0;
}

static void tear_down(void) {
    drain_free(&d);
}

static void start(weir_delivery delivery) {
    d.peer.config.delivery_guarantee = delivery;
    drain_start(&d);
}

static const peer_attempt *attempt(int32_t n) {
    ck_assert_int_lt(n, d.peer.attempt_count);
    return &d.peer.attempts[n];
}

/* One record, one batch: sent and answered. */
static void batch(int32_t partition, int32_t records) {
    ck_assert_ok(&d, drain_send(&d, partition, records));
    drain_pass(&d, 1000);
}

static void flushed(void) {
    ck_assert_ok(&d, drain_prepare(&d, 1));
}

/* ---- sequences ---- */
START_TEST(sequences_count_records_in_each_partition) {
    start(WEIR_DELIVERY_AT_LEAST_ONCE);
    batch(0, 3);
    batch(0, 1);
    batch(1, 5);
    batch(0, 2);
    flushed();
    ck_assert_int_eq(attempt(0)->sequence, 0);
    ck_assert_int_eq(attempt(1)->sequence, 3);
    ck_assert_int_eq(attempt(2)->sequence, 0);
    ck_assert_int_eq(attempt(3)->sequence, 4);
    ck_assert_int_eq(attempt(3)->producer_id, 7000);
    peer_check_keys(&d.peer, 0, 0, 6);
    peer_check_keys(&d.peer, 1, 0, 5);
    ck_assert_uint_eq(weir_sink_count(d.sink)->records_out, 11);
    ck_assert_uint_eq(weir_sink_count(d.sink)->batches_out, 4);
}
END_TEST

START_TEST(new_epochs_begin_at_0) {
    start(WEIR_DELIVERY_EXACTLY_ONCE);
    for (uint64_t n = 1; n <= 9; n++) {
        batch(0, 2);
        if (n % 3 == 0)
            batch(1, 1); /* idle in between */
        drain_checkpoint(&d, n);
    }
    for (int32_t n = 0; n < d.peer.attempt_count; n++) {
        ck_assert_int_eq(attempt(n)->sequence, 0);
        for (int32_t m = 0; m < n; m++)
            ck_assert(attempt(m)->log != attempt(n)->log || attempt(m)->producer_id != attempt(n)->producer_id ||
                      attempt(m)->epoch != attempt(n)->epoch);
    }
    peer_check_keys(&d.peer, 0, 0, 18);
    peer_check_keys(&d.peer, 1, 0, 3);
}
END_TEST

/* Before transaction version 2 the epoch stays, so the sequence must go on where this id left it. */
START_TEST(sequences_go_on_where_the_epoch_stays) {
    d.peer.transaction_version = (int16_t)_i;
    d.peer.offered[WEIR_API_INIT_PRODUCER_ID] = 2; /* before Kafka 2.5 */
    start(WEIR_DELIVERY_EXACTLY_ONCE);
    for (uint64_t n = 1; n <= 13; n++) {
        batch(0, 2);
        if (n % 3 == 0)
            batch(1, 1);
        drain_checkpoint(&d, n);
    }
    peer_check_keys(&d.peer, 0, 0, 26);
    peer_check_keys(&d.peer, 1, 0, 4);
    for (int32_t n = 0; n < d.peer.attempt_count; n++)
        ck_assert_int_eq(attempt(n)->code, 0);
}
END_TEST

START_TEST(sequences_wrap) {
    start(WEIR_DELIVERY_AT_LEAST_ONCE);
    batch(0, 1);
    d.sink->topics[0].partitions[0].sequences[0].next = INT32_MAX - 1;
    d.peer.logs[0].producers[0].next = INT32_MAX - 1;
    batch(0, 3); /* 2^31 - 2, 2^31 - 1, 0 */
    batch(0, 2);
    flushed();
    ck_assert_int_eq(attempt(1)->sequence, INT32_MAX - 1);
    ck_assert_int_eq(attempt(2)->sequence, 1);
    peer_check_keys(&d.peer, 0, 0, 6);
}
END_TEST

/* ---- retries ---- */
static void retried_alike(void) {
    int32_t again = 0;
    for (int32_t n = 0; n < d.peer.attempt_count; n++) {
        for (int32_t m = 0; m < n; m++) {
            const peer_attempt *x = attempt(m), *y = attempt(n);
            if (x->log != y->log || x->producer_id != y->producer_id || x->epoch != y->epoch ||
                x->sequence != y->sequence)
                continue;
            ck_assert_uint_eq(x->size, y->size);
            ck_assert_uint_eq(x->sum, y->sum);
            again++;
        }
    }
    ck_assert_int_gt(again, 0);
}

static const int16_t retriable[] = {
    WEIR_CODE_CORRUPT_MESSAGE,
    WEIR_CODE_UNKNOWN_TOPIC_OR_PARTITION,
    WEIR_CODE_LEADER_NOT_AVAILABLE,
    WEIR_CODE_NOT_LEADER_OR_FOLLOWER,
    WEIR_CODE_REQUEST_TIMED_OUT,
    WEIR_CODE_NOT_ENOUGH_REPLICAS,
    WEIR_CODE_NOT_ENOUGH_REPLICAS_AFTER_APPEND,
    WEIR_CODE_KAFKA_STORAGE_ERROR,
    WEIR_CODE_UNKNOWN_SERVER_ERROR,
    4242, /* not listed: nothing is known, so the same bytes again */
};

START_TEST(order_holds_over_retriable_errors) {
    int32_t which = _i / 2;
    start(WEIR_DELIVERY_EXACTLY_ONCE);
    peer_rule *rule = peer_script(&d.peer, WEIR_API_PRODUCE, 2, _i % 2 ? PEER_CODE_AFTER : PEER_CODE, retriable[which]);
    rule->times = 2;
    for (int n = 0; n < 6; n++) { /* six batches, of which at most five are under way */
        ck_assert_ok(&d, drain_send(&d, 0, 2));
        weir_client_tick(d.peer.client, d.peer.now += 10);
    }
    drain_checkpoint(&d, 1);
    peer_check_keys(&d.peer, 0, 0, 12);
    retried_alike();
    ck_assert_int_eq(weir_sink_fault(d.sink)->err, WEIR_OK);
}
END_TEST

/* A leader that has just been made refuses the first batch and, as it does not know the producer, would take the next
   one: after that the first could never be written. */
START_TEST(first_batch_of_a_producer_is_waited_for) {
    start(_i ? WEIR_DELIVERY_EXACTLY_ONCE : WEIR_DELIVERY_AT_LEAST_ONCE);
    peer_script(&d.peer, WEIR_API_PRODUCE, 1, PEER_CODE, WEIR_CODE_NOT_LEADER_OR_FOLLOWER);
    for (int n = 0; n < 6; n++) {
        ck_assert_ok(&d, drain_send(&d, 0, 2));
        weir_client_tick(d.peer.client, d.peer.now += 10);
    }
    drain_checkpoint(&d, 1);
    peer_check_keys(&d.peer, 0, 0, 12);
    ck_assert_int_eq(weir_sink_fault(d.sink)->err, WEIR_OK);
}
END_TEST

START_TEST(order_holds_over_lost_replies) {
    static const peer_what what[] = {PEER_DROP, PEER_REFUSE, PEER_CUT};
    start(WEIR_DELIVERY_EXACTLY_ONCE);
    peer_script(&d.peer, WEIR_API_PRODUCE, 1 + _i / 3, what[_i % 3], 30);
    for (int n = 0; n < 8; n++) {
        ck_assert_ok(&d, drain_send(&d, 0, 2));
        ck_assert_ok(&d, drain_send(&d, 1, 1));
        weir_client_tick(d.peer.client, d.peer.now += 10);
    }
    drain_checkpoint(&d, 1);
    peer_check_keys(&d.peer, 0, 0, 16);
    peer_check_keys(&d.peer, 1, 0, 8);
    retried_alike();
}
END_TEST

START_TEST(only_the_partition_that_failed_is_sent_again) {
    d.peer.logs[1].leader = 0;
    start(WEIR_DELIVERY_AT_LEAST_ONCE);
    peer_rule *rule = peer_script(&d.peer, WEIR_API_PRODUCE, 1, PEER_CODE, WEIR_CODE_NOT_ENOUGH_REPLICAS);
    rule->partition = 1;
    ck_assert_ok(&d, drain_send(&d, 0, 2));
    ck_assert_ok(&d, drain_send(&d, 1, 2));
    flushed();
    ck_assert_int_eq(d.peer.attempt_count, 3);
    ck_assert_int_eq(peer_count(&d.peer, WEIR_API_PRODUCE), 2);
    peer_check_keys(&d.peer, 0, 0, 2);
    peer_check_keys(&d.peer, 1, 0, 2);
}
END_TEST

START_TEST(leaders_move) {
    start(WEIR_DELIVERY_EXACTLY_ONCE);
    batch(0, 2);
    d.peer.logs[0].leader = 2;
    d.peer.logs[0].leader_epoch++;
    batch(0, 2);
    d.peer.down[2] = true;
    batch(0, 2);
    d.peer.logs[0].leader = 1;
    d.peer.logs[0].leader_epoch++;
    drain_checkpoint(&d, 1);
    peer_check_keys(&d.peer, 0, 0, 6);
}
END_TEST

START_TEST(gap_at_the_head_aborts) {
    start(_i ? WEIR_DELIVERY_EXACTLY_ONCE : WEIR_DELIVERY_AT_LEAST_ONCE);
    peer_script(&d.peer, WEIR_API_PRODUCE, 1, PEER_CODE, WEIR_CODE_OUT_OF_ORDER_SEQUENCE_NUMBER);
    ck_assert_ok(&d, drain_send(&d, 0, 2));
    ck_assert_int_eq(drain_prepare(&d, 1), _i ? WEIR_E_ABORTED : WEIR_E_BROKER);
    ck_assert_fault(&d, "OUT_OF_ORDER_SEQUENCE_NUMBER");
    ck_assert_int_eq(weir_sink_fault(d.sink)->code, WEIR_CODE_OUT_OF_ORDER_SEQUENCE_NUMBER);
}
END_TEST

START_TEST(duplicates_are_done) {
    start(WEIR_DELIVERY_EXACTLY_ONCE);
    peer_script(&d.peer, WEIR_API_PRODUCE, 1, PEER_CODE_AFTER, WEIR_CODE_DUPLICATE_SEQUENCE_NUMBER);
    batch(0, 2);
    drain_checkpoint(&d, 1);
    ck_assert_int_eq(d.peer.attempt_count, 1);
    peer_check_keys(&d.peer, 0, 0, 2);
}
END_TEST

START_TEST(refused_for_good) {
    static const struct {
        int16_t code;
        weir_err err;
    } rows[] = {
        {WEIR_CODE_MESSAGE_TOO_LARGE, WEIR_E_TOO_LARGE},
        {WEIR_CODE_TOPIC_AUTHORIZATION_FAILED, WEIR_E_BROKER},
        {WEIR_CODE_INVALID_PRODUCER_EPOCH, WEIR_E_FENCED},
        {WEIR_CODE_INVALID_TXN_STATE, WEIR_E_ABORTED},
        {WEIR_CODE_INVALID_PRODUCER_ID_MAPPING, WEIR_E_ABORTED},
        {WEIR_CODE_PRODUCER_FENCED, WEIR_E_FENCED},
        {WEIR_CODE_INVALID_RECORD, WEIR_E_BROKER},
        {WEIR_CODE_UNKNOWN_PRODUCER_ID, WEIR_E_ABORTED},
    };
    start(WEIR_DELIVERY_EXACTLY_ONCE);
    peer_script(&d.peer, WEIR_API_PRODUCE, 1, PEER_CODE, rows[_i].code);
    ck_assert_ok(&d, drain_send(&d, 2, 7));
    ck_assert_int_eq(drain_prepare(&d, 1), rows[_i].err);
    const weir_fault *fault = weir_sink_fault(d.sink);
    ck_assert_fault(&d, "batch of 7 records");
    ck_assert_fault(&d, "topic 't' partition 2");
    ck_assert_int_eq(fault->code, rows[_i].code);
    ck_assert_int_eq(fault->partition, 2);
    ck_assert_int_eq(fault->broker, 2);
    ck_assert_int_eq(fault->api, WEIR_API_PRODUCE);
    ck_assert_int_eq(weir_sink_send(d.sink, 0, 0, &(weir_record){0}, d.peer.now), rows[_i].err); /* it sticks */
    ck_assert_int_eq(d.peer.attempt_count, 1);
}
END_TEST

START_TEST(nobody_acknowledges) {
    start(_i ? WEIR_DELIVERY_EXACTLY_ONCE : WEIR_DELIVERY_AT_LEAST_ONCE);
    peer_script(&d.peer, WEIR_API_PRODUCE, 1, PEER_CODE, WEIR_CODE_NOT_ENOUGH_REPLICAS)->times = 100000;
    weir_time_us begun = d.peer.now;
    ck_assert_ok(&d, drain_send(&d, 0, 2));
    ck_assert_int_eq(drain_prepare(&d, 1), _i ? WEIR_E_ABORTED : WEIR_E_INDETERMINATE);
    ck_assert_fault(&d, "delivery.timeout.ms (120000)");
    ck_assert_int_ge(d.peer.now - begun, 120 * (int64_t)SECOND);
    ck_assert_int_lt(d.peer.attempt_count, 300);
}
END_TEST

/* ---- how much at once ---- */
START_TEST(five_requests_in_flight_at_most) {
    start(WEIR_DELIVERY_AT_LEAST_ONCE);
    batch(0, 1);
    peer_script(&d.peer, WEIR_API_PRODUCE, 1, PEER_MUTE, 0);
    for (int n = 0; n < 12; n++) {
        ck_assert_ok(&d, drain_send(&d, 0, 1));
        weir_client_tick(d.peer.client, d.peer.now += 10);
    }
    peer_settle(&d.peer);
    const peer_link *muted = NULL;
    for (int n = 0; n < PEER_LINKS; n++)
        if (d.peer.links[n].silent_until == WEIR_NEVER)
            muted = &d.peer.links[n];
    ck_assert_ptr_nonnull(muted);
    int32_t waiting = 0; /* requests that came behind the one that was taken */
    for (size_t at = 0; at < muted->in_len; waiting++)
        at += 4 + ((size_t)muted->in[at + 2] << 8 | muted->in[at + 3]);
    ck_assert_int_eq(waiting, 4);
    flushed();
    peer_check_keys(&d.peer, 0, 0, 13);
}
END_TEST

START_TEST(batches_of_many_partitions_share_a_request) {
    tear_down();
    drain_init(&d, 36);
    d.peer.config.batch_size = 16384;
    start(WEIR_DELIVERY_AT_LEAST_ONCE);
    for (int32_t n = 0; n < 36; n++)
        ck_assert_ok(&d, drain_send(&d, n, 3));
    flushed();
    ck_assert_int_eq(peer_count(&d.peer, WEIR_API_PRODUCE), 3); /* one to each broker */
    for (int32_t n = 0; n < 36; n++)
        peer_check_keys(&d.peer, n, 0, 3);
}
END_TEST

START_TEST(batches_linger) {
    d.peer.config.linger_ms = 40;
    start(WEIR_DELIVERY_AT_LEAST_ONCE);
    weir_time_us begun = d.peer.now;
    ck_assert_ok(&d, drain_send(&d, 0, 1));
    drain_pass(&d, 15000);
    ck_assert_ok(&d, drain_send(&d, 0, 1));
    ck_assert_ok(&d, drain_send(&d, 1, 1));
    ck_assert_int_eq(weir_sink_deadline(d.sink) - begun, 40000);
    drain_pass(&d, 100000);
    ck_assert_int_eq(d.peer.attempt_count, 2);
    ck_assert_int_eq(attempt(0)->records, 2);
    ck_assert_int_eq(attempt(0)->at - begun, 40000);
    ck_assert_int_eq(attempt(1)->log, 1);
    ck_assert_int_eq(attempt(1)->at - begun, 55000);
}
END_TEST

START_TEST(full_batches_go_at_once) {
    d.peer.config.linger_ms = 20000;
    d.peer.config.batch_size = 4096;
    start(WEIR_DELIVERY_AT_LEAST_ONCE);
    d.value_size = 1000;
    weir_time_us begun = d.peer.now;
    ck_assert_ok(&d, drain_send(&d, 0, 10));
    peer_settle(&d.peer);
    ck_assert_int_eq(d.peer.attempt_count, 3);
    ck_assert_int_eq(attempt(0)->at, begun);
    ck_assert_uint_le(attempt(0)->size, 4096);
    flushed();
    peer_check_keys(&d.peer, 0, 0, 10);
}
END_TEST

START_TEST(records_above_batch_size_go_alone) {
    d.peer.config.batch_size = 4096;
    start(WEIR_DELIVERY_AT_LEAST_ONCE);
    ck_assert_ok(&d, drain_send(&d, 0, 2));
    d.value_size = 500000;
    ck_assert_ok(&d, drain_send(&d, 0, 3));
    d.value_size = 10;
    ck_assert_ok(&d, drain_send(&d, 0, 2));
    flushed();
    peer_check_keys(&d.peer, 0, 0, 7);
}
END_TEST

START_TEST(records_above_the_limits_are_refused) {
    if (_i > 0)
        d.peer.max_message_bytes = "2000";
    start(WEIR_DELIVERY_AT_LEAST_ONCE);
    d.value_size = _i > 0 ? 1900 : 1048000;
    ck_assert_ok(&d, drain_send(&d, 1, 1));
    d.value_size = _i > 0 ? 2000 : 1048577;
    ck_assert_int_eq(drain_send(&d, 1, 1), WEIR_E_TOO_LARGE);
    ck_assert_fault(&d, "topic 't' partition 1");
    ck_assert_fault(&d, _i > 0 ? "at most 2000" : "at most 1048576");
    ck_assert_fault(&d, "max.request.size here, now 1048576");
    ck_assert_int_eq(weir_sink_fault(d.sink)->partition, 1);
}
END_TEST

/* A topic that takes small batches only gets none that are larger. */
START_TEST(batches_stay_below_the_topics_limit) {
    d.peer.max_message_bytes = "5000";
    d.peer.config.linger_ms = 1000;
    start(WEIR_DELIVERY_AT_LEAST_ONCE);
    d.value_size = 300;
    ck_assert_ok(&d, drain_send(&d, 0, 60));
    flushed();
    for (int32_t n = 0; n < d.peer.attempt_count; n++)
        ck_assert_uint_le(attempt(n)->size, 5000);
    peer_check_keys(&d.peer, 0, 0, 60);
}
END_TEST

START_TEST(buffer_memory_holds_the_caller_back) {
    tear_down();
    drain_init(&d, 36);
    d.peer.config.linger_ms = 10000;
    d.peer.config.max_request_size = 65536;
    d.peer.config.batch_size = 16384;
    d.peer.config.buffer_memory = 131072;
    start(WEIR_DELIVERY_EXACTLY_ONCE);
    size_t before = d.peer.budget.used;
    d.peer.budget.peak = before;
    d.value_size = 1500;
    for (int round = 0; round < 12; round++)
        for (int32_t n = 0; n < 36; n++) /* more partitions than there is room for open batches */
            ck_assert_ok(&d, drain_send(&d, n, 4));
    drain_checkpoint(&d, 1);
    for (int32_t n = 0; n < 36; n++)
        peer_check_keys(&d.peer, n, 0, 48);
    ck_assert_uint_le(d.peer.budget.peak - before, 131072 + 200000);
}
END_TEST

START_TEST(batches_are_compressed) {
    d.peer.config.compression_type = _i;
    d.peer.config.linger_ms = 1000;
    start(WEIR_DELIVERY_EXACTLY_ONCE);
    d.value_size = 1000;
    ck_assert_ok(&d, drain_send(&d, 0, 100));
    ck_assert_ok(&d, drain_send(&d, 1, 1));
    peer_script(&d.peer, WEIR_API_PRODUCE, 1, PEER_DROP, 0);
    drain_checkpoint(&d, 1);
    peer_check_keys(&d.peer, 0, 0, 100);
    peer_check_keys(&d.peer, 1, 0, 1);
    ck_assert_int_eq(attempt(0)->compression, _i);
    ck_assert(_i == 0 || attempt(0)->size < 20000);
    retried_alike();
}
END_TEST

START_TEST(batches_that_do_not_shrink_stay_plain) {
    d.peer.config.compression_type = WEIR_COMPRESSION_GZIP;
    start(WEIR_DELIVERY_AT_LEAST_ONCE);
    d.value_size = 0;
    batch(0, 1);
    ck_assert_int_eq(attempt(0)->compression, 0);
    peer_check_keys(&d.peer, 0, 0, 1);
}
END_TEST

START_TEST(throttled_brokers_are_spared) {
    start(WEIR_DELIVERY_AT_LEAST_ONCE);
    peer_script(&d.peer, WEIR_API_PRODUCE, 1, PEER_THROTTLE, 500);
    batch(0, 1);
    weir_time_us begun = attempt(0)->at;
    batch(0, 1);
    flushed();
    ck_assert_int_ge(attempt(1)->at - begun, 500000);
    peer_check_keys(&d.peer, 0, 0, 2);
}
END_TEST

START_TEST(without_a_guarantee_checkpoints_do_not_wait) {
    start(WEIR_DELIVERY_NONE);
    ck_assert_ok(&d, drain_send(&d, 0, 2));
    ck_assert_int_eq(weir_sink_prepare(d.sink, 1, d.peer.now), WEIR_OK);
    weir_sink_commit(d.sink, 1, d.peer.now);
    ck_assert_uint_eq(weir_sink_uncommitted(d.sink), 0);
    ck_assert_int_eq(weir_sink_abort(d.sink, d.peer.now), WEIR_OK);
    drain_pass(&d, SECOND);
    peer_check_keys(&d.peer, 0, 0, 2);
    ck_assert_int_eq(peer_count(&d.peer, WEIR_API_END_TXN), 0);
}
END_TEST

START_TEST(freed_with_requests_in_flight) {
    start(WEIR_DELIVERY_EXACTLY_ONCE);
    peer_script(&d.peer, WEIR_API_PRODUCE, 1, PEER_MUTE, 0);
    for (int n = 0; n < 12; n++) {
        ck_assert_ok(&d, drain_send(&d, n % 3, 1));
        weir_client_tick(d.peer.client, d.peer.now += 10);
        if (n % 2)
            peer_settle(&d.peer);
    }
    weir_sink_free(d.sink);
    d.sink = NULL;
    peer_settle(&d.peer);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("produce");
    TCase *c = tcase_create("produce");
    tcase_set_timeout(c, 60);
    tcase_add_checked_fixture(c, set_up, tear_down);
    tcase_add_test(c, sequences_count_records_in_each_partition);
    tcase_add_test(c, new_epochs_begin_at_0);
    tcase_add_loop_test(c, sequences_go_on_where_the_epoch_stays, 0, 2);
    tcase_add_test(c, sequences_wrap);
    tcase_add_loop_test(c, order_holds_over_retriable_errors, 0, 20);
    tcase_add_loop_test(c, first_batch_of_a_producer_is_waited_for, 0, 2);
    tcase_add_loop_test(c, order_holds_over_lost_replies, 0, 12);
    tcase_add_test(c, only_the_partition_that_failed_is_sent_again);
    tcase_add_test(c, leaders_move);
    tcase_add_loop_test(c, gap_at_the_head_aborts, 0, 2);
    tcase_add_test(c, duplicates_are_done);
    tcase_add_loop_test(c, refused_for_good, 0, 8);
    tcase_add_loop_test(c, nobody_acknowledges, 0, 2);
    tcase_add_test(c, five_requests_in_flight_at_most);
    tcase_add_test(c, batches_of_many_partitions_share_a_request);
    tcase_add_test(c, batches_linger);
    tcase_add_test(c, full_batches_go_at_once);
    tcase_add_test(c, records_above_batch_size_go_alone);
    tcase_add_loop_test(c, records_above_the_limits_are_refused, 0, 2);
    tcase_add_test(c, batches_stay_below_the_topics_limit);
    tcase_add_test(c, buffer_memory_holds_the_caller_back);
    tcase_add_loop_test(c, batches_are_compressed, 0, 5);
    tcase_add_test(c, batches_that_do_not_shrink_stay_plain);
    tcase_add_test(c, throttled_brokers_are_spared);
    tcase_add_test(c, without_a_guarantee_checkpoints_do_not_wait);
    tcase_add_test(c, freed_with_requests_in_flight);
    suite_add_tcase(suite, c);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
