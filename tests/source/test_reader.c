/* What is handed out: ranges, transactions, compression, positions, damage. */
#include "harvest.h"

#include "checks.h"
#include <stdlib.h>
#include <string.h>

#include "codec.h"

static harvest h;

#define TXN(pid)        ((peer_batch){.producer_id = (pid), .transactional = true})
#define MARK(pid, what) ((peer_batch){.producer_id = (pid), .marker = (what)})
#define PLAIN           ((peer_batch){0})

static void set_up(void) {
    harvest_init(&h);
}

static void tear_down(void) {
    harvest_free(&h);
}

static peer_log *log_new(int32_t partition, int32_t leader) {
    return peer_add_log(&h.peer, "a", partition, leader);
}

static void find(weir_stop stop) {
    ck_assert_int_eq(harvest_find(&h, "a", WEIR_START_EARLIEST, stop), WEIR_OK);
}

static void aborted(peer_log *log, int64_t pid, int64_t first) {
    log->aborted[log->aborted_count++] = (weir_fetch_response_aborted_transaction){pid, first};
}

static void add(weir_split split) {
    if (split.topic.p == NULL)
        split.topic = weir_str_of("a");
    if (h.reader == NULL)
        harvest_reader(&h);
    ck_assert_int_eq(weir_reader_add(h.reader, &split), WEIR_OK);
}

START_TEST(reads_from_the_first_to_the_last_record) {
    peer_log *log = log_new(0, 0);
    for (int n = 0; n < 20; n++)
        peer_append(log, 7, PLAIN);
    find(WEIR_STOP_LATEST);
    ck_assert_int_eq(harvest_read(&h), WEIR_END);
    ck_assert_uint_eq(h.count, 140);
    ck_assert(harvest_split(&h, 0).position == 140 && harvest_split(&h, 0).leader_epoch == 1);
    ck_assert(weir_reader_lag(h.reader) == 0);
}
END_TEST

START_TEST(every_fetch_version_reads_the_same) {
    h.peer.fetch_version = (int16_t)_i;
    for (int32_t p = 0; p < 4; p++)
        for (int n = 0; n < 6; n++)
            peer_append(p == 0 ? (n == 0 ? log_new(0, 0) : &h.peer.logs[0])
                               : (n == 0 ? log_new(p, p % 3) : &h.peer.logs[p]),
                        5, PLAIN);
    find(WEIR_STOP_LATEST);
    ck_assert_int_eq(harvest_read(&h), WEIR_END);
    ck_assert_uint_eq(h.count, 120);
    ck_assert_int_eq(h.peer.session_errors, 0);
}
END_TEST

START_TEST(trailing_markers_and_aborted_data_count_for_the_end) {
    peer_log *log = log_new(0, 0);
    peer_append(log, 3, TXN(7));
    peer_append(log, 1, MARK(7, 'C'));
    aborted(log, 7, log->end);
    peer_append(log, 4, TXN(7));
    peer_append(log, 1, MARK(7, 'A'));
    find(WEIR_STOP_LATEST);
    ck_assert_int_eq(harvest_read(&h), WEIR_END);
    ck_assert_uint_eq(h.count, 3);
    ck_assert(harvest_split(&h, 0).position == 9);
}
END_TEST

START_TEST(only_markers_and_aborted_data) {
    peer_log *log = log_new(0, 0);
    for (int n = 0; n < 10; n++) {
        aborted(log, 7, 0); /* n times the same: a broker may repeat itself */
        log->aborted_count = 1;
        peer_append(log, 2, TXN(7));
    }
    peer_append(log, 1, MARK(7, 'A'));
    find(WEIR_STOP_LATEST);
    ck_assert_int_eq(harvest_read(&h), WEIR_END);
    ck_assert_uint_eq(h.count, 0);
    ck_assert(harvest_split(&h, 0).position == 21);
}
END_TEST

START_TEST(aborted_transactions_interleave) {
    peer_log *log = log_new(0, 0);
    aborted(log, 8, 6); /* in no order, and one without any data here */
    aborted(log, 7, 0);
    aborted(log, 99, 3);
    peer_append(log, 2, TXN(7));                         /* 0-1 aborted */
    peer_append(log, 2, TXN(9));                         /* 2-3 committed */
    peer_append(log, 1, (peer_batch){.producer_id = 7}); /* 4 same producer, without a transaction: kept */
    peer_append(log, 1, MARK(7, 'A'));                   /* 5 */
    peer_append(log, 2, TXN(8));                         /* 6-7 aborted */
    peer_append(log, 2, TXN(7));                         /* 8-9 committed */
    peer_append(log, 1, MARK(7, 'C'));                   /* 10 */
    peer_append(log, 1, MARK(8, 'A'));                   /* 11 */
    peer_append(log, 1, MARK(8, 'A'));                   /* 12 a second time */
    peer_append(log, 1, MARK(99, 'A'));                  /* 13 */
    peer_append(log, 1, TXN(8));                         /* 14 committed */
    peer_append(log, 1, MARK(8, 'C'));                   /* 15 */
    peer_append(log, 1, MARK(9, 'C'));                   /* 16 */
    find(WEIR_STOP_LATEST);
    ck_assert_int_eq(harvest_read(&h), WEIR_END);
    static const int64_t want[] = {2, 3, 4, 8, 9, 14};
    ck_assert_uint_eq(h.count, 6);
    for (size_t n = 0; n < 6; n++)
        ck_assert(h.records[n].offset == want[n]);
}
END_TEST

START_TEST(aborted_transaction_spans_responses) {
    h.peer.config.fetch_max_bytes = h.peer.config.max_partition_fetch_bytes = 1024;
    peer_log *log = log_new(0, 0);
    aborted(log, 7, 0);
    for (int n = 0; n < 20; n++)
        peer_append(log, 10, n % 2 ? TXN(7) : PLAIN);
    peer_append(log, 1, MARK(7, 'A'));
    find(WEIR_STOP_LATEST);
    ck_assert_int_eq(harvest_read(&h), WEIR_END);
    ck_assert_uint_eq(h.count, 100);
    ck_assert_int_ge(h.peer.fetches[0], 3);
}
END_TEST

START_TEST(read_uncommitted_hands_out_aborted_data_but_no_markers) {
    h.peer.config.isolation_level = WEIR_READ_UNCOMMITTED;
    peer_log *log = log_new(0, 0);
    peer_append(log, 3, TXN(7));
    peer_append(log, 1, MARK(7, 'A'));
    peer_append(log, 2, TXN(7));
    log->stable = 4;
    find(WEIR_STOP_LATEST);
    ck_assert_int_eq(harvest_read(&h), WEIR_END);
    ck_assert_uint_eq(h.count, 5);
}
END_TEST

START_TEST(open_transactions_hold_reading_back) {
    peer_log *log = log_new(0, 0);
    peer_append(log, 3, PLAIN);
    peer_append(log, 3, TXN(7));
    log->stable = 3;
    find(WEIR_STOP_NEVER);
    ck_assert_int_eq(harvest_read(&h), WEIR_AGAIN);
    ck_assert_uint_eq(h.count, 3);
    peer_append(log, 1, MARK(7, 'C'));
    ck_assert_int_eq(harvest_read(&h), WEIR_AGAIN);
    ck_assert_uint_eq(h.count, 6);
    ck_assert(weir_reader_lag(h.reader) == 0);
}
END_TEST

START_TEST(stop_and_start_lie_inside_batches) {
    peer_log *log = log_new(0, 0);
    peer_append(log, 10, PLAIN);
    peer_append(log, 10, PLAIN);
    peer_connect(&h.peer);
    add((weir_split){.position = 4, .stop = 13, .leader_epoch = -1});
    ck_assert_int_eq(harvest_read(&h), WEIR_END);
    ck_assert_uint_eq(h.count, 9);
    ck_assert(h.records[0].offset == 4 && h.records[8].offset == 12);
    ck_assert(harvest_split(&h, 0).position == 13);
}
END_TEST

START_TEST(no_splits_end_at_once) {
    harvest_reader(&h);
    const weir_split_batch *batch;
    ck_assert_int_eq(weir_reader_poll(h.reader, &batch, h.peer.now), WEIR_END);
}
END_TEST

START_TEST(empty_ranges_finish_among_others) {
    peer_append(log_new(0, 0), 4, PLAIN);
    log_new(1, 0);
    log_new(2, 1);
    find(WEIR_STOP_LATEST);
    add((weir_split){.partition = 1, .position = 8, .stop = 3, .leader_epoch = -1});
    ck_assert_int_eq(harvest_read(&h), WEIR_END);
    ck_assert_uint_eq(h.count, 4);
    ck_assert_int_eq(h.peer.fetches[1], 0);
}
END_TEST

START_TEST(holes_are_legal_even_at_the_end) {
    peer_log *log = log_new(0, 0);
    peer_append(log, 4, PLAIN);
    peer_skip(log, 3);
    peer_append(log, 2, PLAIN);
    peer_skip(log, 6);
    find(WEIR_STOP_LATEST);
    ck_assert_int_eq(harvest_read(&h), WEIR_END);
    ck_assert_uint_eq(h.count, 6);
    ck_assert(harvest_split(&h, 0).position == 15);
}
END_TEST

START_TEST(stop_in_a_hole_before_more_records) {
    peer_log *log = log_new(0, 0);
    peer_append(log, 4, PLAIN);
    peer_skip(log, 6);
    peer_append(log, 2, PLAIN);
    peer_connect(&h.peer);
    add((weir_split){.position = 0, .stop = 8, .leader_epoch = -1});
    ck_assert_int_eq(harvest_read(&h), WEIR_END);
    ck_assert_uint_eq(h.count, 4);
    ck_assert(harvest_split(&h, 0).position == 8);
}
END_TEST

START_TEST(compressed_batches) {
    const weir__codec *codec = weir__codec_find(_i);
    if (codec == NULL)
        return;
    peer_log *log = log_new(0, 0);
    for (int n = 0; n < 5; n++)
        peer_append(log, 50, (peer_batch){.compression = _i, .value_size = 300});
    find(WEIR_STOP_LATEST);
    ck_assert_int_eq(harvest_read(&h), WEIR_END);
    ck_assert_uint_eq(h.count, 250);
}
END_TEST

START_TEST(walk_that_is_broken_off_is_taken_up_again) {
    peer_log *log = log_new(0, 0);
    log->leader_epoch = 4;
    peer_append(log, 10, PLAIN);
    log->leader_epoch = 5;
    peer_append(log, 10, PLAIN);
    find(WEIR_STOP_LATEST);
    h.stop_after = 10;
    ck_assert_int_eq(harvest_read(&h), WEIR_OK);
    h.stop_after = 13;
    ck_assert_int_eq(harvest_read(&h), WEIR_OK);
    ck_assert(harvest_split(&h, 0).position == 13 && harvest_split(&h, 0).leader_epoch == 5);
    h.stop_after = 0;
    ck_assert_int_eq(harvest_read(&h), WEIR_END);
    ck_assert_uint_eq(h.count, 20);
}
END_TEST

START_TEST(epoch_changes_only_with_a_record) {
    peer_log *log = log_new(0, 0);
    log->leader_epoch = 4;
    peer_append(log, 1, PLAIN);
    log->leader_epoch = 5;
    peer_append(log, 1, PLAIN);
    find(WEIR_STOP_LATEST);
    h.stop_after = 1;
    ck_assert_int_eq(harvest_read(&h), WEIR_OK);
    const weir_split_batch *batch;
    ck_assert_int_eq(weir_reader_poll(h.reader, &batch, h.peer.now), WEIR_OK);
    ck_assert(harvest_split(&h, 0).leader_epoch == 4);
    weir_record record;
    ck_assert_int_eq(weir_split_batch_next(batch, &record), WEIR_OK);
    ck_assert(harvest_split(&h, 0).leader_epoch == 5);
}
END_TEST

START_TEST(damage_on_the_way_is_fetched_again) {
    peer_log *log = log_new(0, 0);
    for (int n = 0; n < 4; n++)
        peer_append(log, 10, PLAIN);
    if (_i == 7 || (_i >= 12 && _i < 16))
        return; /* base offset and leader epoch are outside of the checksum; a small change of them is possible */
    h.peer.flip = log->at[2] + (size_t)_i;
    h.peer.flips = 1;
    find(WEIR_STOP_LATEST);
    ck_assert_int_eq(harvest_read(&h), WEIR_END);
    ck_assert_uint_eq(h.count, 40);
}
END_TEST

START_TEST(lasting_damage_is_a_fault) {
    peer_log *log = log_new(0, 0);
    for (int n = 0; n < 4; n++)
        peer_append(log, 10, PLAIN);
    log->bytes[log->at[2] + 80] ^= 1;
    find(WEIR_STOP_LATEST);
    ck_assert_int_eq(harvest_read(&h), WEIR_E_MALFORMED);
    ck_assert_uint_eq(h.count, 20);
    const weir_fault *fault = weir_reader_fault(h.reader);
    ck_assert_text(fault, "topic 'a' partition 0 offset 20");
    ck_assert_str_eq(fault->topic, "a");
    const weir_split_batch *batch;
    ck_assert_int_eq(weir_reader_poll(h.reader, &batch, h.peer.now), WEIR_E_MALFORMED);
}
END_TEST

/* The checksum is right, so only walking finds it. */
START_TEST(malformed_record_is_a_fault) {
    peer_log *log = log_new(0, 0);
    peer_append(log, 3, PLAIN);
    uint8_t *batch = log->bytes;
    batch[WEIR_BATCH_HEADER_SIZE] ^= 0x3e; /* the first record's length */
    uint32_t crc = weir_crc32c(0, batch + 21, log->len - 21);
    for (int n = 0; n < 4; n++)
        batch[17 + n] = (uint8_t)(crc >> (24 - 8 * n));
    find(WEIR_STOP_LATEST);
    ck_assert_int_eq(harvest_read(&h), WEIR_E_MALFORMED);
    ck_assert_uint_eq(h.count, 0);
}
END_TEST

START_TEST(cut_off_last_batch_is_fetched_whole_next) {
    h.peer.config.fetch_max_bytes = h.peer.config.max_partition_fetch_bytes = 1500;
    h.peer.tail = true;
    for (int32_t p = 0; p < 3; p++) {
        peer_log *log = log_new(p, 0);
        for (int n = 0; n < 12; n++)
            peer_append(log, 9 + n, PLAIN);
    }
    find(WEIR_STOP_LATEST);
    ck_assert_int_eq(harvest_read(&h), WEIR_END);
    for (int32_t p = 0; p < 3; p++)
        ck_assert_uint_eq(harvest_of(&h, p), 174);
}
END_TEST

START_TEST(batch_above_the_limits_comes_whole) {
    h.peer.config.fetch_max_bytes = h.peer.config.max_partition_fetch_bytes = 1024;
    peer_log *log = log_new(0, 0);
    for (int n = 0; n < 5; n++)
        peer_append(log, 4, (peer_batch){.value_size = 5000});
    find(WEIR_STOP_LATEST);
    ck_assert_int_eq(harvest_read(&h), WEIR_END);
    ck_assert_uint_eq(h.count, 20);
}
END_TEST

START_TEST(prefetch_is_bounded) {
    h.peer.config.fetch_max_bytes = h.peer.config.max_partition_fetch_bytes = 4096;
    peer_log *log = log_new(0, 0);
    for (int n = 0; n < 60; n++)
        peer_append(log, 10, (peer_batch){.value_size = 100});
    find(WEIR_STOP_LATEST);
    const weir_split_batch *batch;
    (void)weir_reader_poll(h.reader, &batch, h.peer.now);
    for (int n = 0; n < 50; n++) { /* nothing is consumed, whatever time passes */
        peer_settle(&h.peer);
        h.peer.now += 1000000;
    }
    ck_assert_uint_gt(h.peer.bytes_sent[0], 4096);
    ck_assert_uint_le(h.peer.bytes_sent[0], 2 * 4096 + 512);
    ck_assert_int_le(h.peer.fetches[0], 3);
    ck_assert_int_eq(harvest_read(&h), WEIR_END);
    ck_assert_uint_eq(h.count, 600);
}
END_TEST

START_TEST(memory_for_decompression_is_waited_for) {
    peer_log *log = log_new(0, 0);
    peer_append(log, 50, (peer_batch){.compression = WEIR_COMPRESSION_GZIP, .value_size = 15000});
    find(WEIR_STOP_LATEST);
    peer_settle(&h.peer);
    h.peer.budget.limit = h.peer.budget.used + 1000;
    ck_assert_int_eq(harvest_read(&h), WEIR_AGAIN);
    ck_assert_uint_eq(h.count, 0);
    if (_i == 0) {
        h.peer.budget.limit = SIZE_MAX;
        ck_assert_int_eq(harvest_read(&h), WEIR_END);
        ck_assert_uint_eq(h.count, 50);
        return;
    }
    weir_err err = WEIR_AGAIN;
    for (int n = 0; n < 10 && err == WEIR_AGAIN; n++)
        err = harvest_read(&h);
    ck_assert_int_eq(err, WEIR_E_NO_MEMORY);
    ck_assert_text(weir_reader_fault(h.reader), "memory budget is too small");
}
END_TEST

/* Reading goes on wherever memory runs out for a while. */
START_TEST(short_of_memory_for_a_while) {
    for (int32_t p = 0; p < 3; p++) {
        peer_log *log = log_new(p, p);
        for (int n = 0; n < 4; n++)
            peer_append(log, 10, (peer_batch){.compression = n % 2 ? WEIR_COMPRESSION_GZIP : 0, .value_size = 200});
    }
    find(WEIR_STOP_LATEST);
    h.peer.budget.limit = h.peer.budget.used + (size_t)_i * 500;
    weir_err err = harvest_read(&h);
    ck_assert(err == WEIR_AGAIN || err == WEIR_END);
    h.peer.budget.limit = SIZE_MAX;
    for (int n = 0; n < 8 && err == WEIR_AGAIN; n++)
        err = harvest_read(&h);
    ck_assert_int_eq(err, WEIR_END);
    ck_assert_uint_eq(h.count, 120);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("reader");
    TCase *c = tcase_create("reader");
    tcase_set_timeout(c, 30);
    tcase_add_checked_fixture(c, set_up, tear_down);
    tcase_add_test(c, reads_from_the_first_to_the_last_record);
    tcase_add_loop_test(c, every_fetch_version_reads_the_same, 2, 18);
    tcase_add_test(c, trailing_markers_and_aborted_data_count_for_the_end);
    tcase_add_test(c, only_markers_and_aborted_data);
    tcase_add_test(c, aborted_transactions_interleave);
    tcase_add_test(c, aborted_transaction_spans_responses);
    tcase_add_test(c, read_uncommitted_hands_out_aborted_data_but_no_markers);
    tcase_add_test(c, open_transactions_hold_reading_back);
    tcase_add_test(c, stop_and_start_lie_inside_batches);
    tcase_add_test(c, no_splits_end_at_once);
    tcase_add_test(c, empty_ranges_finish_among_others);
    tcase_add_test(c, holes_are_legal_even_at_the_end);
    tcase_add_test(c, stop_in_a_hole_before_more_records);
    tcase_add_loop_test(c, compressed_batches, 1, 5);
    tcase_add_test(c, walk_that_is_broken_off_is_taken_up_again);
    tcase_add_test(c, epoch_changes_only_with_a_record);
    tcase_add_loop_test(c, damage_on_the_way_is_fetched_again, 0, 90);
    tcase_add_test(c, lasting_damage_is_a_fault);
    tcase_add_test(c, malformed_record_is_a_fault);
    tcase_add_test(c, cut_off_last_batch_is_fetched_whole_next);
    tcase_add_test(c, batch_above_the_limits_comes_whole);
    tcase_add_test(c, prefetch_is_bounded);
    tcase_add_loop_test(c, memory_for_decompression_is_waited_for, 0, 2);
    tcase_add_loop_test(c, short_of_memory_for_a_while, 0, 40);
    suite_add_tcase(suite, c);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
