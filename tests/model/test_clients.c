/* A real sink and a real reader on a model: what is written is read, once and in order. */
#include "checks.h"
#include <stdio.h>

#include <weir/sink.h>
#include <weir/source.h>

#include "modelhost.h"
#include "text.h"

#define SECOND   1000000
#define PATIENCE 10000 /* rounds */

static modelhost h;

static void set_up(void) {
    modelhost_init(&h);
}

static void tear_down(void) {
    modelhost_free(&h);
}

/* Bytes and time move on. */
static void go_on(weir_sink *sink) {
    modelhost_settle(&h);
    if (sink != NULL)
        (void)weir_sink_tick(sink, h.now);
    modelhost_settle(&h);
    modelhost_wait(&h, SECOND);
    modelhost_settle(&h);
}

static weir_sink *open_sink(int32_t partitions) {
    weir_sink_settings settings = {
        .prefix = weir_str_of("job"), .lineage = weir_str_of("line"), .ledger_topic = weir_str_of("t")};
    weir_sink *sink;
    uint32_t topic;
    weir_err err;
    ck_assert_int_eq(weir_sink_new(&sink, h.client, &h.client_config, &settings, &h.client_memory.alloc), WEIR_OK);
    ck_assert_int_eq(weir_sink_add_topic(sink, weir_str_of("t"), &topic), WEIR_OK);
    for (int n = 0; (err = weir_sink_open(sink, h.now)) == WEIR_AGAIN; n++) {
        ck_assert_int_lt(n, PATIENCE);
        go_on(sink);
    }
    ck_assert_msg(err == WEIR_OK, "%s", weir_sink_fault(sink)->text);
    ck_assert_int_eq(weir_sink_partitions(sink, 0), partitions);
    return sink;
}

/* Sends records with the numbers [from, to) to each partition. */
static void send_all(weir_sink *sink, int32_t partitions, int32_t from, int32_t to) {
    for (int32_t n = from; n < to; n++)
        for (int32_t p = 0; p < partitions; p++) {
            char text[16];
            weir_err err;
            int len = snprintf(text, sizeof text, "%d", n);
            weir_bytes bytes = {(const uint8_t *)text, (uint32_t)len};
            weir_record record = {.timestamp = 1700000000000, .key = bytes, .value = bytes};
            while ((err = weir_sink_send(sink, 0, p, &record, h.now)) == WEIR_AGAIN)
                go_on(sink);
            ck_assert_msg(err == WEIR_OK, "%s", weir_sink_fault(sink)->text);
        }
}

static void flush(weir_sink *sink) {
    weir_err err;
    for (int n = 0; (err = weir_sink_flush(sink)) == WEIR_AGAIN; n++) {
        ck_assert_int_lt(n, PATIENCE);
        go_on(sink);
    }
    ck_assert_msg(err == WEIR_OK, "%s", weir_sink_fault(sink)->text);
}

static void checkpoint(weir_sink *sink, uint64_t number) {
    weir_err err;
    for (int n = 0; (err = weir_sink_prepare(sink, number, h.now)) == WEIR_AGAIN; n++) {
        ck_assert_int_lt(n, PATIENCE);
        go_on(sink);
    }
    ck_assert_msg(err == WEIR_OK, "%s", weir_sink_fault(sink)->text);
    weir_sink_commit(sink, number, h.now);
    for (int n = 0; weir_sink_uncommitted(sink) > 0; n++) {
        ck_assert_int_lt(n, PATIENCE);
        go_on(sink);
        ck_assert_msg(weir_sink_tick(sink, h.now) == WEIR_OK, "%s", weir_sink_fault(sink)->text);
    }
}

/* Reads topic t to its end; each partition must give `count` records with rising numbers. */
static void read_all(int32_t partitions, int32_t count) {
    weir_enumerator *enumerator;
    weir_reader *reader;
    weir_split split;
    weir_err err;
    int32_t seen[16] = {0};
    ck_assert_int_eq(weir_enumerator_new(&enumerator, h.client, &h.client_config, &h.client_memory.alloc), WEIR_OK);
    ck_assert_int_eq(weir_enumerator_add_topic(enumerator, weir_str_of("t")), WEIR_OK);
    weir_enumerator_range(enumerator, WEIR_START_EARLIEST, WEIR_STOP_LATEST);
    for (int n = 0; (err = weir_enumerator_poll(enumerator, h.now)) == WEIR_AGAIN; n++) {
        ck_assert_int_lt(n, PATIENCE);
        go_on(NULL);
    }
    ck_assert_msg(err == WEIR_OK, "%s", weir_enumerator_fault(enumerator)->text);
    ck_assert_int_eq(weir_reader_new(&reader, h.client, &h.client_config, &h.client_memory.alloc), WEIR_OK);
    for (size_t n = 0; weir_enumerator_split(enumerator, n, &split); n++)
        ck_assert_int_eq(weir_reader_add(reader, &split), WEIR_OK);
    for (int n = 0;; n++) {
        const weir_split_batch *batch;
        weir_record record;
        ck_assert_int_lt(n, PATIENCE);
        err = weir_reader_poll(reader, &batch, h.now);
        if (err == WEIR_END)
            break;
        if (err == WEIR_AGAIN) {
            go_on(NULL);
            continue;
        }
        ck_assert_msg(err == WEIR_OK, "%s", weir_reader_fault(reader)->text);
        while (weir_split_batch_next(batch, &record) == WEIR_OK) {
            int64_t number = -1;
            weir__parse_i64((weir_str){(const char *)record.value.p, record.value.len}, &number);
            ck_assert_int_eq(number, seen[batch->partition]++);
        }
    }
    for (int32_t p = 0; p < partitions; p++)
        ck_assert_int_eq(seen[p], count);
    weir_reader_free(reader);
    weir_enumerator_free(enumerator);
}

static void write_and_read(weir_delivery delivery, int32_t partitions, int32_t count) {
    h.client_config.delivery_guarantee = delivery;
    modelhost_start(&h);
    ck_assert_int_eq(weir__model_create_topic(h.model, "t", partitions, h.now), 0);
    modelhost_connect(&h);
    weir_sink *sink = open_sink(partitions);
    send_all(sink, partitions, 0, count);
    flush(sink);
    weir_sink_free(sink);
    read_all(partitions, count);
}

/* Three transactions; the last is left open. */
static void commit_and_read(void) {
    h.client_config.delivery_guarantee = WEIR_DELIVERY_EXACTLY_ONCE;
    modelhost_start(&h);
    ck_assert_int_eq(weir__model_create_topic(h.model, "t", 3, h.now), 0);
    modelhost_connect(&h);
    weir_sink *sink = open_sink(3);
    send_all(sink, 3, 0, 100);
    checkpoint(sink, 1);
    send_all(sink, 3, 100, 200);
    checkpoint(sink, 2);
    send_all(sink, 3, 200, 300);
    for (weir_time_us until = h.now + SECOND; h.now < until;) /* the markers follow behind the answer */
        go_on(sink);
    weir_sink_free(sink);
    h.client_config.isolation_level = WEIR_READ_COMMITTED;
    read_all(3, 200);
}

START_TEST(transactions_are_read_when_committed) {
    h.config.brokers = 3;
    commit_and_read();
}
END_TEST

START_TEST(transactions_of_version_0_too) {
    h.config.brokers = 2;
    h.config.transaction_version = 0;
    commit_and_read();
}
END_TEST

START_TEST(transactions_of_3_9_too) {
    h.config.release = WEIR__MODEL_3_9;
    h.config.transaction_version = 0;
    commit_and_read();
}
END_TEST

START_TEST(plain_records_come_back) {
    write_and_read(WEIR_DELIVERY_NONE, 1, 100);
}
END_TEST

START_TEST(idempotent_records_come_back) {
    write_and_read(WEIR_DELIVERY_AT_LEAST_ONCE, 3, 1000);
}
END_TEST

START_TEST(three_brokers_share_the_work) {
    h.config.brokers = 3;
    write_and_read(WEIR_DELIVERY_AT_LEAST_ONCE, 7, 500);
}
END_TEST

START_TEST(small_pieces_do_not_matter) {
    h.config.brokers = 2;
    h.chunk = 7;
    write_and_read(WEIR_DELIVERY_AT_LEAST_ONCE, 2, 100);
}
END_TEST

START_TEST(the_older_release_will_do) {
    h.config.release = WEIR__MODEL_3_9;
    h.config.transaction_version = 0;
    write_and_read(WEIR_DELIVERY_AT_LEAST_ONCE, 2, 100);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("model-clients");
    TCase *tcase = tcase_create("clients");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, plain_records_come_back);
    tcase_add_test(tcase, idempotent_records_come_back);
    tcase_add_test(tcase, three_brokers_share_the_work);
    tcase_add_test(tcase, small_pieces_do_not_matter);
    tcase_add_test(tcase, the_older_release_will_do);
    tcase_add_test(tcase, transactions_are_read_when_committed);
    tcase_add_test(tcase, transactions_of_version_0_too);
    tcase_add_test(tcase, transactions_of_3_9_too);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
