/* Message sets of magic 0 and 1, from brokers of Kafka 0.10.0 and from newer ones that still have them. */
#include "harvest.h"

#include "checks.h"
#include <string.h>

#include "codec.h"

static harvest h;

static void set_up(void) {
    harvest_init(&h);
}

static void tear_down(void) {
    harvest_free(&h);
}

static peer_batch set_of(int magic, int compression) {
    return (peer_batch){.old_format = (int8_t)(magic + 1), .compression = compression};
}

static void find(weir_stop stop) {
    ck_assert_int_eq(harvest_find(&h, "a", WEIR_START_EARLIEST, stop), WEIR_OK);
}

/* The combinations of magic, codec and broker; some build may lack snappy. */
static bool combination(int n, peer_batch *how) {
    *how = set_of(n % 2, n / 2 % 4);
    if (n >= 8)
        peer_make_old(&h.peer);
    return how->compression == 0 || weir__codec_find(how->compression) != NULL;
}

START_TEST(sets_are_read) {
    peer_batch how;
    if (!combination(_i, &how))
        return;
    peer_log *log = peer_add_log(&h.peer, "a", 0, 0);
    for (int n = 0; n < 12; n++)
        peer_append(log, 7, how);
    find(WEIR_STOP_LATEST);
    ck_assert_int_eq(harvest_read(&h), WEIR_END);
    ck_assert_uint_eq(h.count, 84);
    ck_assert(harvest_split(&h, 0).position == 84 && harvest_split(&h, 0).leader_epoch == -1);
}
END_TEST

/* Start and stop lie within a set, whose first offset is not to be seen from outside when it is compressed. */
START_TEST(ranges_within_a_set) {
    peer_batch how;
    if (!combination(_i, &how))
        return;
    peer_log *log = peer_add_log(&h.peer, "a", 0, 0);
    for (int n = 0; n < 3; n++)
        peer_append(log, 10, how);
    weir_split split = {.topic = weir_str_of("a"), .position = 4, .stop = 25, .leader_epoch = -1};
    harvest_reader(&h);
    ck_assert_int_eq(weir_reader_add(h.reader, &split), WEIR_OK);
    ck_assert_int_eq(harvest_read(&h), WEIR_END);
    ck_assert_uint_eq(h.count, 21);
    ck_assert(h.records[0].offset == 4 && harvest_split(&h, 0).position == 25);
}
END_TEST

START_TEST(formats_follow_each_other) {
    peer_log *log = peer_add_log(&h.peer, "a", 0, 0);
    for (int n = 0; n < 12; n++)
        peer_append(log, 5, n % 3 == 2 ? (peer_batch){.compression = n % 2} : set_of(n % 3, n % 2));
    find(WEIR_STOP_LATEST);
    ck_assert_int_eq(harvest_read(&h), WEIR_END);
    ck_assert_uint_eq(h.count, 60);
    ck_assert_int_eq(harvest_split(&h, 0).leader_epoch, 1);
}
END_TEST

/* An old broker sends only as many bytes as it was asked for. */
START_TEST(messages_larger_than_the_fetch) {
    peer_make_old(&h.peer);
    h.peer.config.max_partition_fetch_bytes = 1000;
    h.peer.config.fetch_max_bytes = _i ? 6000 : 100000;
    peer_log *log = peer_add_log(&h.peer, "a", 0, 0);
    for (int n = 0; n < 20; n++) {
        peer_batch how = set_of(1, 0);
        how.value_size = n % 5 == 4 ? 7000 : 10;
        peer_append(log, 1, how);
    }
    find(WEIR_STOP_LATEST);
    ck_assert_int_eq(harvest_read(&h), _i ? WEIR_E_TOO_LARGE : WEIR_END);
    ck_assert_uint_eq(h.count, _i ? 4 : 20);
    if (_i > 0) {
        ck_assert_text(weir_reader_fault(h.reader), "topic 'a' partition 0 offset 4: the message takes 7035 bytes");
        ck_assert_text(weir_reader_fault(h.reader), "fetch.max.bytes, now 6000");
    }
}
END_TEST

/* Not even the size of the message fits into what was asked for. */
START_TEST(fetches_of_a_few_bytes) {
    peer_make_old(&h.peer);
    h.peer.config.max_partition_fetch_bytes = 5;
    peer_log *log = peer_add_log(&h.peer, "a", 0, 0);
    peer_append(log, 3, set_of(1, 0));
    find(WEIR_STOP_LATEST);
    ck_assert_int_eq(harvest_read(&h), WEIR_END);
    ck_assert_uint_eq(h.count, 3);
}
END_TEST

/* No partition may ask for more than its share of fetch.max.bytes, which these brokers do not know. */
START_TEST(responses_stay_below_the_limit) {
    peer_make_old(&h.peer);
    h.peer.config.max_partition_fetch_bytes = h.peer.config.fetch_max_bytes = 10000;
    for (int32_t p = 0; p < 10; p++) {
        peer_log *log = peer_add_log(&h.peer, "a", p, 0);
        for (int n = 0; n < 50; n++)
            peer_append(log, 1, (peer_batch){.old_format = 2, .value_size = 200});
    }
    find(WEIR_STOP_LATEST);
    const weir_split_batch *batch;
    (void)weir_reader_poll(h.reader, &batch, h.peer.now);
    peer_settle(&h.peer);
    ck_assert_uint_gt(h.peer.bytes_sent[0], 5000);
    ck_assert_uint_le(h.peer.bytes_sent[0], (size_t)h.peer.fetches[0] * 10500);
    ck_assert_int_eq(harvest_read(&h), WEIR_END);
    ck_assert_uint_eq(h.count, 500);
}
END_TEST

/* An old broker tells no last stable offset: everything is. */
START_TEST(old_brokers_have_a_hole_at_the_end) {
    peer_make_old(&h.peer);
    peer_log *log = peer_add_log(&h.peer, "a", 0, 0);
    peer_append(log, 3, set_of(1, _i));
    peer_skip(log, 4);
    h.peer.config.isolation_level = WEIR_READ_COMMITTED;
    find(WEIR_STOP_LATEST);
    ck_assert_int_eq(harvest_read(&h), WEIR_END);
    ck_assert_uint_eq(h.count, 3);
    ck_assert_int_eq(harvest_split(&h, 0).position, 7);
}
END_TEST

START_TEST(damaged_sets_are_faults) {
    peer_log *log = peer_add_log(&h.peer, "a", 0, 0);
    for (int n = 0; n < 3; n++)
        peer_append(log, 10, set_of(1, WEIR_COMPRESSION_GZIP));
    log->bytes[log->at[1] + 40] ^= 1;
    find(WEIR_STOP_LATEST);
    ck_assert_int_eq(harvest_read(&h), WEIR_E_MALFORMED);
    ck_assert_uint_eq(h.count, 10);
    ck_assert_text(weir_reader_fault(h.reader), "topic 'a' partition 0 offset 10");
}
END_TEST

int main(void) {
    Suite *suite = suite_create("old formats");
    TCase *c = tcase_create("old formats");
    tcase_set_timeout(c, 60);
    tcase_add_checked_fixture(c, set_up, tear_down);
    tcase_add_loop_test(c, sets_are_read, 0, 16);
    tcase_add_loop_test(c, ranges_within_a_set, 0, 16);
    tcase_add_test(c, formats_follow_each_other);
    tcase_add_loop_test(c, messages_larger_than_the_fetch, 0, 2);
    tcase_add_test(c, fetches_of_a_few_bytes);
    tcase_add_test(c, responses_stay_below_the_limit);
    tcase_add_loop_test(c, old_brokers_have_a_hole_at_the_end, 0, 2);
    tcase_add_test(c, damaged_sets_are_faults);
    suite_add_tcase(suite, c);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
