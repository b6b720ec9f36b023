/* A job's function: what it emits, what it may not, and how it fails. */
#include "checks.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runner.h"

static runner r;
static int64_t next_key[8]; /* of each output partition */
static int32_t calls;

static void set_up(void) {
    runner_init(&r, 2, 2);
    memset(next_key, 0, sizeof next_key);
    calls = 0;
}

static void tear_down(void) {
    runner_free(&r);
}

static void feed(int32_t count) {
    for (int32_t n = 0; n < r.partitions; n++)
        runner_feed(&r, n, count);
}

/* Emits one record with the next key of its partition and a value of a size. */
static weir_err emit(weir_job *job, int32_t partition, uint32_t size) {
    char key[24];
    int len = snprintf(key, sizeof key, "%lld", (long long)next_key[partition]);
    uint8_t *value = weir_job_scratch(job, size + 1);
    ck_assert_ptr_nonnull(value);
    memset(value, 'x', size);
    weir_record record = {.key = {(const uint8_t *)key, (uint32_t)len}, .value = {value, size}};
    weir_err err = weir_job_emit(job, partition, &record);
    memset(value, 'y', size); /* it was copied */
    if (err == WEIR_OK)
        next_key[partition]++;
    return err;
}

/* Nothing, one, two or three records for one, to one partition or the other. */
static weir_err fan_out(weir_job *job, const weir_split_batch *from, const weir_record *in, void *user) {
    (void)user;
    calls++;
    for (int64_t n = 0; n < in->offset % 4; n++) {
        weir_err err = emit(job, (from->partition + (int32_t)n) % 2, 30);
        if (err != WEIR_OK)
            return err;
    }
    return WEIR_OK;
}

START_TEST(none_to_many_records_for_one) {
    feed(100);
    r.config.function = fan_out;
    ck_assert_end(&r, runner_life(&r), WEIR_JOB_FINISHED);
    ck_assert_int_eq(calls, 200);
    ck_assert_int_eq((int)(next_key[0] + next_key[1]), 2 * 25 * (1 + 2 + 3));
    for (int32_t n = 0; n < 2; n++)
        peer_check_keys(&r.peer, 2 + n, 0, (int32_t)next_key[n]);
}
END_TEST

static weir_err flood(weir_job *job, const weir_split_batch *from, const weir_record *in, void *user) {
    (void)from;
    (void)in;
    (void)user;
    for (int n = 0; n < 40; n++) {
        weir_err err = emit(job, n % 2, 3000);
        if (err != WEIR_OK)
            return err;
    }
    return WEIR_OK;
}

/* One record emits more than buffer.memory holds: the rest waits in order, and the source is held back. */
START_TEST(more_than_the_sink_has_room_for) {
    feed(10);
    r.config.function = flood;
    r.config.sink.buffer_memory = 65536;
    r.config.sink.batch_size = 8192;
    r.config.sink.max_request_size = 16384;
    ck_assert_end(&r, runner_life(&r), WEIR_JOB_FINISHED);
    for (int32_t n = 0; n < 2; n++)
        peer_check_keys(&r.peer, 2 + n, 0, 400);
}
END_TEST

START_TEST(more_than_the_budget_has_room_for) {
    feed(10);
    r.config.function = flood;
    r.config.sink.buffer_memory = 65536;
    r.config.sink.batch_size = 8192;
    r.config.sink.max_request_size = 16384;
    ck_assert_int_eq(runner_new(&r), WEIR_OK);
    for (int n = 0; n < 1000 && r.started == 0; n++)
        (void)runner_step(&r);
    r.peer.budget.limit = r.peer.budget.used + 100000;
    ck_assert_end(&r, runner_run(&r), WEIR_JOB_FAILED);
    r.peer.budget.limit = SIZE_MAX;
    ck_assert_int_eq(r.fault.err, WEIR_E_NO_MEMORY);
    ck_assert_int_eq(peer_committed(&r.peer, 2), 0);
}
END_TEST

static weir_err nothing(weir_job *job, const weir_split_batch *from, const weir_record *in, void *user) {
    (void)job;
    (void)from;
    (void)in;
    (void)user;
    return WEIR_OK;
}

/* Nothing is written, but the positions move on: they are stored, without a transaction. */
START_TEST(filters_move_on) {
    feed(30);
    r.config.function = nothing;
    ck_assert_end(&r, runner_life(&r), WEIR_JOB_FINISHED);
    ck_assert_uint_eq(r.transactions, 0);
    ck_assert_int_eq(peer_count(&r.peer, WEIR_API_END_TXN), 0);
    ck_assert(runner_checkpoint(&r).finished);
    r.config.function = fan_out;
    ck_assert_end(&r, runner_life(&r), WEIR_JOB_FINISHED);
    ck_assert_int_eq(calls, 0);
}
END_TEST

static weir_err fail_at_17(weir_job *job, const weir_split_batch *from, const weir_record *in, void *user) {
    static const char *const texts[] = {"the amount is missing", "bad\nline"};
    (void)user;
    if (from->partition == 1 && in->offset == 17)
        return calls < 0 ? WEIR_E_UNSUPPORTED : weir_job_reject(job, "%s", texts[calls % 2]);
    return emit(job, from->partition, 10);
}

START_TEST(errors_name_the_record) {
    feed(30);
    calls = _i;
    r.config.function = fail_at_17;
    ck_assert_end(&r, runner_life(&r), WEIR_JOB_FAILED);
    ck_assert_int_eq(r.fault.err, WEIR_E_MALFORMED);
    ck_assert_fault(&r, "topic 'in' partition 1 offset 17: ");
    ck_assert_fault(&r, _i < 0 ? "WEIR_E_UNSUPPORTED" : _i == 0 ? "the amount is missing" : "bad\\x0aline");
    for (int32_t n = 0; n < r.peer.txn_count; n++)
        ck_assert_str_ne(r.peer.txns[n].state, "Ongoing");
    /* What was written before is there once, and a function that has been mended goes on behind it. */
    memset(next_key, 0, sizeof next_key);
    for (int32_t n = 0; n < 2; n++)
        next_key[n] = peer_committed(&r.peer, 2 + n);
    calls = 0;
    r.config.function = NULL;
    ck_assert_end(&r, runner_life(&r), WEIR_JOB_FINISHED);
    for (int32_t n = 0; n < 2; n++)
        peer_check_keys(&r.peer, 2 + n, 0, 30);
}
END_TEST

static weir_err stray(weir_job *job, const weir_split_batch *from, const weir_record *in, void *user) {
    (void)user;
    return weir_job_emit(job, from->partition == 0 ? -1 : 2, in);
}

/* To "out" and to the topics behind it in the list. */
static weir_err to_both(weir_job *job, const weir_split_batch *from, const weir_record *in, void *user) {
    (void)user;
    weir_err err = weir_job_emit_to(job, 1, from->partition, in);
    return err == WEIR_OK ? weir_job_emit_to(job, 0, from->partition, in) : err;
}

/* Both topics are parts of the same transactions: a crash never shows a record in one of them alone. */
START_TEST(several_topics_in_one_transaction) {
    for (int32_t n = 0; n < 2; n++)
        (void)peer_add_log(&r.peer, "copy", n, n);
    feed(60);
    r.config.to = "out, copy";
    r.config.function = to_both;
    for (int64_t at = 5; at < 80; at += 3) {
        r.crash_at = at;
        (void)runner_life(&r);
        for (int32_t n = 0; n < 2; n++)
            ck_assert_int_eq(peer_committed(&r.peer, 2 + n), peer_committed(&r.peer, 4 + n));
        if (!r.crashed)
            break;
    }
    r.crash_at = 0;
    ck_assert_end(&r, runner_life(&r), WEIR_JOB_FINISHED);
    for (int32_t log = 2; log < 6; log++)
        peer_check_keys(&r.peer, log, 0, 60);
}
END_TEST

static weir_err to_third(weir_job *job, const weir_split_batch *from, const weir_record *in, void *user) {
    (void)user;
    return weir_job_emit_to(job, 2, from->partition, in);
}

START_TEST(topics_that_are_not_there) {
    (void)peer_add_log(&r.peer, "copy", 0, 0);
    feed(5);
    r.config.to = "out,copy";
    r.config.function = to_third;
    ck_assert_end(&r, runner_life(&r), WEIR_JOB_FAILED);
    ck_assert_fault(&r, "there is no output topic 2: they are 'out,copy'");
}
END_TEST

START_TEST(partitions_of_the_second_topic_that_are_not_there) {
    (void)peer_add_log(&r.peer, "copy", 0, 0);
    runner_feed(&r, 1, 5);
    r.config.to = "out,copy";
    r.config.function = to_both;
    ck_assert_end(&r, runner_life(&r), WEIR_JOB_FAILED);
    ck_assert_fault(&r, "output topic 'copy' has no partition 1");
}
END_TEST

START_TEST(partitions_that_are_not_there) {
    runner_feed(&r, _i, 5);
    r.config.function = stray;
    ck_assert_end(&r, runner_life(&r), WEIR_JOB_FAILED);
    ck_assert_fault(&r, _i == 0 ? "output topic 'out' has no partition -1" : "output topic 'out' has no partition 2");
    ck_assert_fault(&r, "offset 0");
}
END_TEST

static weir_err too_large(weir_job *job, const weir_split_batch *from, const weir_record *in, void *user) {
    (void)in;
    (void)user;
    return emit(job, from->partition, 2000000);
}

START_TEST(records_that_no_topic_takes) {
    feed(5);
    r.config.function = too_large;
    ck_assert_end(&r, runner_life(&r), WEIR_JOB_FAILED);
    ck_assert_int_eq(r.fault.err, WEIR_E_TOO_LARGE);
    ck_assert_fault(&r, "topic 'out' partition");
}
END_TEST

static weir_err with_headers(weir_job *job, const weir_split_batch *from, const weir_record *in, void *user) {
    uint8_t headers[64];
    char key[24];
    weir_header header = {weir_str_of("h"), {(const uint8_t *)"1", 1}};
    (void)user;
    int len = snprintf(key, sizeof key, "%lld", (long long)in->offset);
    weir_record record = {.timestamp = in->timestamp, .key = {(const uint8_t *)key, (uint32_t)len}, .header_count = 1};
    record.headers = (weir_bytes){headers, (uint32_t)weir_header_write(headers, sizeof headers, &header)};
    weir_err err = weir_job_emit(job, from->partition, &record); /* a tombstone */
    memset(headers, 0, sizeof headers);
    return err;
}

START_TEST(tombstones_and_headers) {
    feed(20);
    r.config.function = with_headers;
    ck_assert_end(&r, runner_life(&r), WEIR_JOB_FINISHED);
    runner_check(&r);
}
END_TEST

START_TEST(functions_ride_through_crashes) {
    feed(60);
    r.config.function = with_headers;
    for (int64_t at = 5; at < 80; at += 3) {
        r.crash_at = at;
        (void)runner_life(&r);
        if (!r.crashed)
            break;
    }
    r.crash_at = 0;
    ck_assert_end(&r, runner_life(&r), WEIR_JOB_FINISHED);
    runner_check(&r);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("function");
    TCase *c = tcase_create("function");
    tcase_set_timeout(c, 60);
    tcase_add_checked_fixture(c, set_up, tear_down);
    tcase_add_test(c, none_to_many_records_for_one);
    tcase_add_test(c, more_than_the_sink_has_room_for);
    tcase_add_test(c, more_than_the_budget_has_room_for);
    tcase_add_test(c, filters_move_on);
    tcase_add_loop_test(c, errors_name_the_record, -1, 2);
    tcase_add_test(c, several_topics_in_one_transaction);
    tcase_add_test(c, topics_that_are_not_there);
    tcase_add_test(c, partitions_of_the_second_topic_that_are_not_there);
    tcase_add_loop_test(c, partitions_that_are_not_there, 0, 2);
    tcase_add_test(c, records_that_no_topic_takes);
    tcase_add_test(c, tombstones_and_headers);
    tcase_add_test(c, functions_ride_through_crashes);
    suite_add_tcase(suite, c);
    SRunner *all = srunner_create(suite);
    srunner_run_all(all, CK_NORMAL);
    int failed = srunner_ntests_failed(all);
    srunner_free(all);
    return failed != 0;
}
