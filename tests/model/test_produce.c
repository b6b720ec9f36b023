/* What a leader takes and what it refuses: sequences, epochs, duplicates, sizes, times. */
#include <stdio.h>

#include "by_hand.h"
#include "record_wire.h"

static modelhost h;
static uint8_t memory[100000];

static void set_up(void) {
    modelhost_init(&h);
}

static void tear_down(void) {
    modelhost_free(&h);
}

static void start(void) {
    modelhost_start(&h);
    ck_assert_int_eq(weir__model_create_topic(h.model, "t", 2, h.now), 0);
}

static weir__model_partition partition(size_t n) {
    weir__model_partition p;
    ck_assert(weir__model_partition_at(h.model, n, &p));
    return p;
}

static const produced *append(weir_records records) {
    return modelhost_produce(&h, 1, "t", 0, NULL, records);
}

static const produced *plain(int32_t count) {
    return append(modelhost_batch(memory, sizeof memory, 0, count, NULL));
}

static const produced *idempotent(int64_t id, int16_t epoch, int32_t sequence, int32_t count) {
    weir_batch_identity identity = {id, epoch, sequence, false};
    return append(modelhost_batch(memory, sizeof memory, 0, count, &identity));
}

#define ck_assert_produced(expr, name, offset)                                                                         \
    do {                                                                                                               \
        const produced *got = (expr);                                                                                  \
        ck_assert_code(got->error_code, name);                                                                         \
        ck_assert_int_eq(got->base_offset, offset);                                                                    \
    } while (0)

/* ---- sequences ---- */
START_TEST(offsets_go_up) {
    start();
    ck_assert_produced(plain(3), "NONE", 0);
    ck_assert_produced(plain(2), "NONE", 3);
    ck_assert_int_eq(partition(0).end, 5);
    ck_assert_int_eq(partition(0).stable, 5);
    ck_assert_uint_eq(partition(0).batches, 2);
    ck_assert_int_eq(partition(1).end, 0);
}
END_TEST

START_TEST(duplicates_are_answered_like_the_first) {
    start();
    for (int32_t n = 0; n < 6; n++)
        ck_assert_produced(idempotent(7, 0, 2 * n, 2), "NONE", 2 * n);
    for (int32_t n = 1; n < 6; n++)
        ck_assert_produced(idempotent(7, 0, 2 * n, 2), "NONE", 2 * n);
    ck_assert_int_eq(partition(0).end, 12);
    /* Only five batches are remembered; of another size it is another batch. */
    ck_assert_produced(idempotent(7, 0, 0, 2), "OUT_OF_ORDER_SEQUENCE_NUMBER", -1);
    ck_assert_produced(idempotent(7, 0, 10, 1), "OUT_OF_ORDER_SEQUENCE_NUMBER", -1);
    ck_assert_int_eq(partition(0).end, 12);
}
END_TEST

START_TEST(gaps_are_refused) {
    start();
    ck_assert_produced(idempotent(7, 0, 0, 2), "NONE", 0);
    ck_assert_produced(idempotent(7, 0, 3, 1), "OUT_OF_ORDER_SEQUENCE_NUMBER", -1);
    ck_assert_produced(idempotent(7, 0, 2, 1), "NONE", 2);
}
END_TEST

START_TEST(an_unknown_producer_may_begin_anywhere) {
    start();
    ck_assert_produced(idempotent(7, 3, 41, 2), "NONE", 0);
    ck_assert_produced(idempotent(7, 3, 43, 1), "NONE", 2);
}
END_TEST

START_TEST(a_new_epoch_begins_at_0) {
    start();
    ck_assert_produced(idempotent(7, 0, 0, 2), "NONE", 0);
    ck_assert_produced(idempotent(7, 1, 2, 2), "OUT_OF_ORDER_SEQUENCE_NUMBER", -1);
    ck_assert_produced(idempotent(7, 1, 0, 2), "NONE", 2);
    ck_assert_produced(idempotent(7, 0, 2, 2), "INVALID_PRODUCER_EPOCH", -1);
}
END_TEST

START_TEST(sequences_wrap) {
    start();
    ck_assert_produced(idempotent(7, 0, INT32_MAX - 1, 2), "NONE", 0);
    ck_assert_produced(idempotent(7, 0, 0, 1), "NONE", 2);
    ck_assert_produced(idempotent(8, 0, INT32_MAX, 3), "NONE", 3);
    ck_assert_produced(idempotent(8, 0, INT32_MAX, 3), "NONE", 3);
    ck_assert_produced(idempotent(8, 0, 2, 1), "NONE", 6);
}
END_TEST

START_TEST(a_forgotten_producer_goes_on) {
    start();
    ck_assert_produced(idempotent(7, 0, 0, 2), "NONE", 0);
    weir__model_expire_producers(h.model, "t", 0);
    ck_assert_produced(idempotent(7, 0, 9, 2), "NONE", 2);
}
END_TEST

START_TEST(a_silent_producer_is_forgotten) {
    h.config.producer_id_expiration_ms = 1000;
    start();
    ck_assert_produced(idempotent(7, 0, 0, 2), "NONE", 0);
    modelhost_pass(&h, 1000000);
    ck_assert_produced(idempotent(7, 0, 9, 2), "OUT_OF_ORDER_SEQUENCE_NUMBER", -1);
    modelhost_pass(&h, 1);
    ck_assert_produced(idempotent(7, 0, 9, 2), "NONE", 2);
}
END_TEST

/* ---- what is wrong with a batch ---- */
START_TEST(damage_is_found) {
    start();
    weir_records records = modelhost_batch(memory, sizeof memory, 0, 3, NULL);
    memory[records.len - 2] ^= 1;
    ck_assert_code(append(records)->error_code, "CORRUPT_MESSAGE");
    memory[records.len - 2] ^= 1;
    ck_assert_code(append((weir_records){memory, records.len - 1})->error_code, "INVALID_RECORD");
    ck_assert_code(append((weir_records){NULL, 0})->error_code, "INVALID_RECORD");
    memcpy(memory + records.len, memory, records.len);
    ck_assert_code(append((weir_records){memory, 2 * records.len})->error_code, "INVALID_RECORD");
    ck_assert_code(append(records)->error_code, "NONE");
    ck_assert_int_eq(partition(0).end, 3);
}
END_TEST

START_TEST(batches_have_a_limit) {
    start();
    weir_records records = modelhost_batch(memory, sizeof memory, 0, 10, NULL);
    char limit[16];
    snprintf(limit, sizeof limit, "%u", (unsigned)records.len - 1);
    ck_assert_int_eq(weir__model_alter_topic(h.model, "t", "max.message.bytes", limit), 0);
    ck_assert_code(append(records)->error_code, "MESSAGE_TOO_LARGE");
    ck_assert_int_eq(weir__model_alter_topic(h.model, "t", "max.message.bytes", NULL), 0);
    ck_assert_code(append(records)->error_code, "NONE");
}
END_TEST

START_TEST(compacted_topics_need_keys) {
    weir_batch_writer w;
    weir_record record = {.timestamp = 1, .value = {(const uint8_t *)"v", 1}};
    weir_batch_identity nobody = {-1, -1, -1, false};
    start();
    ck_assert_int_eq(weir__model_alter_topic(h.model, "t", "cleanup.policy", "compact"), 0);
    weir_batch_writer_init(&w, memory, sizeof memory);
    for (int n = 0; n < 3; n++)
        ck_assert_int_eq(weir_batch_append(&w, &record), WEIR_OK);
    const produced *p = append(weir_batch_close(&w, &nobody));
    ck_assert_code(p->error_code, "INVALID_RECORD");
    ck_assert_int_eq(p->record_errors.count, 3);
    ck_assert_int_eq(p->record_errors.items[2].batch_index, 2);
    ck_assert_code(plain(1)->error_code, "NONE");
}
END_TEST

START_TEST(times_too_far_ahead_are_refused) {
    h.config.wall_clock_ms = 1600000000000; /* three years behind the records */
    start();
    ck_assert_code(plain(1)->error_code, "INVALID_TIMESTAMP");
    ck_assert_int_eq(weir__model_alter_topic(h.model, "t", "message.timestamp.after.max.ms", "9000000000000"), 0);
    ck_assert_code(plain(1)->error_code, "NONE");
}
END_TEST

START_TEST(log_append_time_is_the_brokers) {
    weir__model_batch batch;
    weir_batch_header header;
    start();
    ck_assert_int_eq(weir__model_alter_topic(h.model, "t", "message.timestamp.type", "LogAppendTime"), 0);
    const produced *p = plain(2);
    ck_assert_int_eq(p->log_append_time_ms, h.config.wall_clock_ms + h.now / 1000);
    ck_assert(weir__model_batch_at(h.model, "t", 0, 0, &batch));
    ck_assert_int_eq(weir_batch_open(batch.bytes, &header), WEIR_OK);
    ck_assert_int_eq(header.max_timestamp, h.config.wall_clock_ms + h.now / 1000);
    ck_assert(header.attributes & WEIR_ATTR_LOG_APPEND);
}
END_TEST

/* Seals a batch that was changed. */
static void seal(weir_records records) {
    weir__put32(memory + WEIR__AT_CRC, weir_crc32c(0, memory + WEIR__AT_ATTRIBUTES, records.len - WEIR__AT_ATTRIBUTES));
}

START_TEST(the_largest_timestamp_is_put_right) {
    weir__model_batch batch;
    weir_batch_header sent, kept;
    start();
    weir_records records = modelhost_batch(memory, sizeof memory, 0, 3, NULL);
    ck_assert_int_eq(weir_batch_open(records, &sent), WEIR_OK);
    weir__put64(memory + WEIR__AT_MAX_TIMESTAMP, 5);
    seal(records);
    ck_assert_code(append(records)->error_code, "NONE");
    ck_assert(weir__model_batch_at(h.model, "t", 0, 0, &batch));
    ck_assert_int_eq(weir_batch_open(batch.bytes, &kept), WEIR_OK);
    ck_assert_int_eq(kept.max_timestamp, sent.max_timestamp);
}
END_TEST

START_TEST(headers_that_cannot_be_are_invalid_not_corrupt) {
    start();
    weir_records records = modelhost_batch(memory, sizeof memory, 0, 3, NULL);
    weir__put32(memory + WEIR__AT_RECORD_COUNT, 9);
    ck_assert_code(append(records)->error_code, "CORRUPT_MESSAGE");
    seal(records);
    ck_assert_code(append(records)->error_code, "INVALID_RECORD");
    weir__put32(memory + WEIR__AT_RECORD_COUNT, 3);
    weir__put16(memory + WEIR__AT_ATTRIBUTES, 5); /* no codec has that number */
    seal(records);
    ck_assert_code(append(records)->error_code, "UNKNOWN_SERVER_ERROR");
    ck_assert_int_eq(partition(0).end, 0);
}
END_TEST

/* ---- requests ---- */
START_TEST(only_the_leader_takes_records) {
    h.config.brokers = 2;
    start();
    weir_records records = modelhost_batch(memory, sizeof memory, 0, 1, NULL);
    const produced *p = modelhost_produce(&h, 2, "t", 0, NULL, records);
    ck_assert_code(p->error_code, "NOT_LEADER_OR_FOLLOWER");
    ck_assert_int_eq(p->current_leader.leader_id, 1);
    ck_assert_code(modelhost_produce(&h, 2, "t", 7, NULL, records)->error_code, "UNKNOWN_TOPIC_OR_PARTITION");
    ck_assert_code(modelhost_produce(&h, 2, "t", 1, NULL, records)->error_code, "NONE");
}
END_TEST

/* A request of version 13, by topic id, with `acks`. */
static const weir_produce_response *by_id(weir_uuid id, int16_t acks) {
    weir_produce_request_partition_produce_data data = {0, modelhost_batch(memory, sizeof memory, 0, 1, NULL)};
    weir_produce_request_topic_produce_data topic = {.topic_id = id, .partition_data = {&data, 1}};
    weir_produce_request request = {.acks = acks, .timeout_ms = 1, .topic_data = {&topic, 1}};
    return modelhost_ask(&h, 1, WEIR_API_PRODUCE, 13, &request);
}

START_TEST(all_versions_are_spoken) {
    h.config.brokers = 2;
    start();
    for (int16_t version = 3; version <= 12; version++)
        for (int32_t broker = 1; broker <= 2; broker++) {
            weir_produce_request_partition_produce_data data = {0, modelhost_batch(memory, sizeof memory, 0, 1, NULL)};
            weir_produce_request_topic_produce_data topic = {.name = S("t"), .partition_data = {&data, 1}};
            weir_produce_request request = {.acks = 1, .timeout_ms = 1, .topic_data = {&topic, 1}};
            const weir_produce_response *response = modelhost_ask(&h, broker, WEIR_API_PRODUCE, version, &request);
            ck_assert_ptr_nonnull(response);
            ck_assert_code(response->responses.items[0].partition_responses.items[0].error_code,
                           broker == 1 ? "NONE" : "NOT_LEADER_OR_FOLLOWER");
        }
}
END_TEST

START_TEST(topics_are_known_by_id) {
    start();
    weir_uuid id = partition(0).topic_id, other = id;
    other.b[0] ^= 1;
    ck_assert_code(by_id(id, -1)->responses.items[0].partition_responses.items[0].error_code, "NONE");
    ck_assert_code(by_id(other, 1)->responses.items[0].partition_responses.items[0].error_code, "UNKNOWN_TOPIC_ID");
    ck_assert_code(by_id(id, 2)->responses.items[0].partition_responses.items[0].error_code, "INVALID_REQUIRED_ACKS");
}
END_TEST

START_TEST(without_acks_errors_close_the_connection) {
    start();
    weir_uuid id = partition(0).topic_id, other = {{1}};
    ck_assert_ptr_null(by_id(id, 0));
    ck_assert(!modelhost_closed(&h, 1));
    ck_assert_int_eq(partition(0).end, 1);
    ck_assert_ptr_null(by_id(other, 0));
    ck_assert(modelhost_closed(&h, 1));
}
END_TEST

/* ---- transactions ---- */
static const produced *transactional(int64_t id, int16_t epoch, int32_t sequence, int32_t count) {
    weir_batch_identity identity = {id, epoch, sequence, true};
    weir_records records = modelhost_batch(memory, sizeof memory, 0, count, &identity);
    return modelhost_produce(&h, 1, "t", 0, "x", records);
}

static weir_init_producer_id_response init_producer(void) {
    weir_init_producer_id_request request = {
        .transactional_id = S("x"), .transaction_timeout_ms = 60000, .producer_id = -1, .producer_epoch = -1};
    const weir_init_producer_id_response *response = modelhost_ask(&h, 1, WEIR_API_INIT_PRODUCER_ID, 4, &request);
    ck_assert_code(response->error_code, "NONE");
    return *response;
}

static void add_partition(int64_t id, int16_t epoch) {
    int32_t zero = 0;
    weir_add_partitions_to_txn_request_add_partitions_to_txn_topic topic = {S("t"), {&zero, 1}};
    weir_add_partitions_to_txn_request request = {.v3_and_below_transactional_id = S("x"),
                                                  .v3_and_below_producer_id = id,
                                                  .v3_and_below_producer_epoch = epoch,
                                                  .v3_and_below_topics = {&topic, 1}};
    const weir_add_partitions_to_txn_response *response =
        modelhost_ask(&h, 1, WEIR_API_ADD_PARTITIONS_TO_TXN, 3, &request);
    ck_assert_code(response->results_by_topic_v3_and_below.items[0].results_by_partition.items[0].partition_error_code,
                   "NONE");
}

static void end(int64_t id, int16_t epoch, bool commit) {
    weir_end_txn_request request = {S("x"), id, epoch, commit};
    const weir_end_txn_response *response = modelhost_ask(&h, 1, WEIR_API_END_TXN, 4, &request);
    ck_assert_code(response->error_code, "NONE");
    modelhost_pass(&h, 100000);
}

START_TEST(transactions_are_verified) {
    start();
    weir_init_producer_id_response p = init_producer();
    ck_assert_produced(transactional(p.producer_id, p.producer_epoch, 0, 1), "TRANSACTION_ABORTABLE", -1);
    add_partition(p.producer_id, p.producer_epoch);
    ck_assert_produced(transactional(p.producer_id, p.producer_epoch, 0, 2), "NONE", 0);
    ck_assert_produced(transactional(p.producer_id, p.producer_epoch, 2, 2), "NONE", 2);
    ck_assert_int_eq(partition(0).stable, 0);
    ck_assert_produced(idempotent(p.producer_id, p.producer_epoch, 4, 1), "INVALID_TXN_STATE", -1);
    end(p.producer_id, p.producer_epoch, true);
    ck_assert_int_eq(partition(0).end, 5);
    ck_assert_int_eq(partition(0).stable, 5);
    ck_assert_produced(transactional(p.producer_id, p.producer_epoch, 4, 1), "TRANSACTION_ABORTABLE", -1);
}
END_TEST

/* A batch must not overtake the first one that was refused at the coordinator. */
START_TEST(a_refused_first_batch_is_not_overtaken) {
    start();
    weir_init_producer_id_response p = init_producer();
    ck_assert_produced(transactional(p.producer_id, p.producer_epoch, 0, 1), "TRANSACTION_ABORTABLE", -1);
    add_partition(p.producer_id, p.producer_epoch);
    ck_assert_produced(transactional(p.producer_id, p.producer_epoch, 1, 1), "OUT_OF_ORDER_SEQUENCE_NUMBER", -1);
    ck_assert_produced(transactional(p.producer_id, p.producer_epoch, 0, 1), "NONE", 0);
    ck_assert_produced(transactional(p.producer_id, p.producer_epoch, 1, 1), "NONE", 1);
}
END_TEST

START_TEST(a_transaction_needs_its_id) {
    start();
    weir_batch_identity identity = {7, 0, 0, true};
    weir_records records = modelhost_batch(memory, sizeof memory, 0, 1, &identity);
    ck_assert_code(append(records)->error_code, "TRANSACTIONAL_ID_AUTHORIZATION_FAILED");
}
END_TEST

START_TEST(fates_are_known) {
    weir__model_batch batch;
    start();
    weir_init_producer_id_response p = init_producer();
    for (int32_t n = 0; n < 2; n++) {
        add_partition(p.producer_id, p.producer_epoch);
        ck_assert_code(transactional(p.producer_id, p.producer_epoch, 2 * n, 2)->error_code, "NONE");
        ck_assert(weir__model_batch_at(h.model, "t", 0, (size_t)(2 * n), &batch));
        ck_assert_int_eq(batch.fate, WEIR__MODEL_OPEN);
        end(p.producer_id, p.producer_epoch, n == 0);
    }
    ck_assert(weir__model_batch_at(h.model, "t", 0, 0, &batch));
    ck_assert_int_eq(batch.fate, WEIR__MODEL_COMMITTED);
    ck_assert(weir__model_batch_at(h.model, "t", 0, 1, &batch));
    ck_assert(batch.control);
    ck_assert_int_eq(batch.fate, WEIR__MODEL_PLAIN);
    ck_assert(weir__model_batch_at(h.model, "t", 0, 2, &batch));
    ck_assert_int_eq(batch.fate, WEIR__MODEL_ABORTED);
    ck_assert(!weir__model_batch_at(h.model, "t", 0, 4, &batch));
}
END_TEST

int main(void) {
    Suite *suite = suite_create("model-produce");
    TCase *tcase = tcase_create("produce");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, offsets_go_up);
    tcase_add_test(tcase, duplicates_are_answered_like_the_first);
    tcase_add_test(tcase, gaps_are_refused);
    tcase_add_test(tcase, an_unknown_producer_may_begin_anywhere);
    tcase_add_test(tcase, a_new_epoch_begins_at_0);
    tcase_add_test(tcase, sequences_wrap);
    tcase_add_test(tcase, a_forgotten_producer_goes_on);
    tcase_add_test(tcase, a_silent_producer_is_forgotten);
    tcase_add_test(tcase, damage_is_found);
    tcase_add_test(tcase, batches_have_a_limit);
    tcase_add_test(tcase, compacted_topics_need_keys);
    tcase_add_test(tcase, times_too_far_ahead_are_refused);
    tcase_add_test(tcase, log_append_time_is_the_brokers);
    tcase_add_test(tcase, the_largest_timestamp_is_put_right);
    tcase_add_test(tcase, headers_that_cannot_be_are_invalid_not_corrupt);
    tcase_add_test(tcase, only_the_leader_takes_records);
    tcase_add_test(tcase, all_versions_are_spoken);
    tcase_add_test(tcase, topics_are_known_by_id);
    tcase_add_test(tcase, without_acks_errors_close_the_connection);
    tcase_add_test(tcase, transactions_are_verified);
    tcase_add_test(tcase, a_refused_first_batch_is_not_overtaken);
    tcase_add_test(tcase, a_transaction_needs_its_id);
    tcase_add_test(tcase, fates_are_known);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
