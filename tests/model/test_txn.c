/* The transaction coordinator, request by request. */
#include "bench.h"
#include "txn.h"

#include <stdio.h>
#include <stdlib.h>

static bench b;

static weir_init_producer_id_response init_as(const char *id, int16_t version, int64_t producer_id, int16_t epoch) {
    weir_init_producer_id_response out;
    weir_init_producer_id_request in = {weir_str_of(id), 60, producer_id, epoch, false, false};
    ck_assert_int_eq(bench_ask(&b, weir__serve_init_producer_id, WEIR_API_INIT_PRODUCER_ID, version, &in, &out),
                     WEIR__ANSWERED);
    return out;
}

static weir_init_producer_id_response init(const char *id) {
    return init_as(id, 5, -1, -1);
}

static weir_end_txn_response end(int16_t version, const char *id, int64_t producer_id, int16_t epoch, bool commit) {
    weir_end_txn_response out;
    weir_end_txn_request in = {weir_str_of(id), producer_id, epoch, commit};
    ck_assert_int_eq(bench_ask(&b, weir__serve_end_txn, WEIR_API_END_TXN, version, &in, &out), WEIR__ANSWERED);
    return out;
}

/* Adds partitions `first` and `second` of "t"; the code of the first. */
static int16_t add_two(int16_t version, const char *id, int64_t producer_id, int16_t epoch, int32_t first,
                       int32_t second, int16_t *other) {
    int32_t partitions[] = {first, second};
    weir_add_partitions_to_txn_request_add_partitions_to_txn_topic topic = {S("t"), {partitions, 2}};
    weir_add_partitions_to_txn_request in = {.v3_and_below_transactional_id = weir_str_of(id),
                                             .v3_and_below_producer_id = producer_id,
                                             .v3_and_below_producer_epoch = epoch,
                                             .v3_and_below_topics = {&topic, 1}};
    weir_add_partitions_to_txn_response out;
    ck_assert_int_eq(
        bench_ask(&b, weir__serve_add_partitions_to_txn, WEIR_API_ADD_PARTITIONS_TO_TXN, version, &in, &out),
        WEIR__ANSWERED);
    ck_assert_int_eq(out.results_by_topic_v3_and_below.items[0].results_by_partition.count, 2);
    *other = out.results_by_topic_v3_and_below.items[0].results_by_partition.items[1].partition_error_code;
    return out.results_by_topic_v3_and_below.items[0].results_by_partition.items[0].partition_error_code;
}

static int16_t add(const char *id, int64_t producer_id, int16_t epoch) {
    int16_t other;
    return add_two(3, id, producer_id, epoch, 0, 1, &other);
}

static weir__model_transaction look(size_t n) {
    weir__model_transaction txn;
    ck_assert(weir__model_transaction_at(b.model, n, &txn));
    return txn;
}

#define ck_assert_code(expr, name) ck_assert_str_eq(weir_code_name(expr), name)
#define ck_assert_state(n, name)   ck_assert_str_eq(look(n).state, name)

/* With an open transaction of "x" in two partitions; its producer id and epoch. */
static weir_init_producer_id_response start(int16_t transaction_version) {
    bench_init(&b, transaction_version);
    bench_start(&b);
    weir_init_producer_id_response producer = init("x");
    ck_assert_code(producer.error_code, "NONE");
    ck_assert_code(add("x", producer.producer_id, producer.producer_epoch), "NONE");
    ck_assert_state(0, "Ongoing");
    return producer;
}

/* ---- EndTxn ---- */
typedef struct cell {
    weir__txn_state state;
    const char *answers[4]; /* abort, commit; abort again, commit again (with the epoch before) */
} cell;

/* GO: the transaction is decided. */
static const cell old_cells[] = {
    {WEIR__TXN_EMPTY, {"INVALID_TXN_STATE", "INVALID_TXN_STATE", "PRODUCER_FENCED", "PRODUCER_FENCED"}},
    {WEIR__TXN_ONGOING, {"GO", "GO", "PRODUCER_FENCED", "PRODUCER_FENCED"}},
    {WEIR__TXN_PREPARE_COMMIT, {"INVALID_TXN_STATE", "CONCURRENT_TRANSACTIONS", "PRODUCER_FENCED", "PRODUCER_FENCED"}},
    {WEIR__TXN_PREPARE_ABORT, {"CONCURRENT_TRANSACTIONS", "INVALID_TXN_STATE", "PRODUCER_FENCED", "PRODUCER_FENCED"}},
    {WEIR__TXN_COMPLETE_COMMIT, {"INVALID_TXN_STATE", "NONE", "PRODUCER_FENCED", "PRODUCER_FENCED"}},
    {WEIR__TXN_COMPLETE_ABORT, {"NONE", "INVALID_TXN_STATE", "PRODUCER_FENCED", "PRODUCER_FENCED"}},
};
static const cell bump_cells[] = {
    {WEIR__TXN_EMPTY, {"GO", "INVALID_TXN_STATE", "PRODUCER_FENCED", "PRODUCER_FENCED"}},
    {WEIR__TXN_ONGOING, {"GO", "GO", "PRODUCER_FENCED", "PRODUCER_FENCED"}},
    {WEIR__TXN_PREPARE_COMMIT, {"PRODUCER_FENCED", "PRODUCER_FENCED", "INVALID_TXN_STATE", "CONCURRENT_TRANSACTIONS"}},
    {WEIR__TXN_PREPARE_ABORT, {"PRODUCER_FENCED", "PRODUCER_FENCED", "CONCURRENT_TRANSACTIONS", "INVALID_TXN_STATE"}},
    {WEIR__TXN_COMPLETE_COMMIT, {"GO", "INVALID_TXN_STATE", "INVALID_TXN_STATE", "NONE"}},
    {WEIR__TXN_COMPLETE_ABORT, {"GO", "INVALID_TXN_STATE", "NONE", "INVALID_TXN_STATE"}},
};

/* One cell: the state is set as it is, epoch 7. */
static void try_cell(weir__txn_state state, int16_t version, int which, const char *want) {
    bench_init(&b, version >= 5 ? 2 : 0);
    bench_start(&b);
    weir_init_producer_id_response producer = init("x");
    weir__txn *txn = weir__txns_find(b.model, S("x"));
    txn->epoch = 7;
    txn->state = state;
    weir_end_txn_response out = end(version, "x", producer.producer_id, which < 2 ? 7 : 6, which % 2 == 1);
    bool fenced_before_v2 = version < 2 && strcmp(want, "PRODUCER_FENCED") == 0;
    bool goes = strcmp(want, "GO") == 0;
    const char *name = fenced_before_v2 ? "INVALID_PRODUCER_EPOCH" : goes ? "NONE" : want;
    ck_assert_msg(strcmp(weir_code_name(out.error_code), name) == 0, "state %d, version %d, case %d: %s, not %s",
                  (int)state, (int)version, which, weir_code_name(out.error_code), name);
    bool answered = version >= 5 && out.error_code == WEIR_CODE_NONE;
    ck_assert_int_eq(out.producer_id, answered ? producer.producer_id : -1);
    ck_assert_int_eq(out.producer_epoch, answered ? (goes ? 8 : 7) : -1);
    ck_assert_int_eq(look(0).producer_epoch, goes && version >= 5 ? 8 : 7);
    if (goes)
        ck_assert_state(0, which % 2 == 1 ? "PrepareCommit" : "PrepareAbort");
    else
        ck_assert_str_eq(look(0).state, weir__txn_state_name(state));
    bench_free(&b);
}

START_TEST(end_table) {
    for (size_t n = 0; n < sizeof old_cells / sizeof *old_cells; n++)
        for (int which = 0; which < 4; which++)
            for (int16_t version = 0; version <= 5; version++)
                try_cell(old_cells[n].state, version, which,
                         version >= 5 ? bump_cells[n].answers[which] : old_cells[n].answers[which]);
}
END_TEST

START_TEST(end_of_others) {
    weir_init_producer_id_response producer = start(2);
    ck_assert_code(end(5, "y", producer.producer_id, 0, true).error_code, "INVALID_PRODUCER_ID_MAPPING");
    ck_assert_code(end(5, "x", producer.producer_id + 1, 0, true).error_code, "INVALID_PRODUCER_ID_MAPPING");
    ck_assert_code(end(5, "x", producer.producer_id, 1, true).error_code, "PRODUCER_FENCED");
    ck_assert_code(end(5, "", producer.producer_id, 0, true).error_code, "INVALID_REQUEST");
    b.broker = 2;
    ck_assert_code(end(5, "x", producer.producer_id, 0, true).error_code, "NOT_COORDINATOR");
    ck_assert_state(0, "Ongoing");
    bench_free(&b);
}
END_TEST

/* The state goes from Prepare to Complete when the last of two markers is in. */
START_TEST(markers) {
    for (int16_t level = 0; level <= 2; level++) {
        weir_init_producer_id_response producer = start(level);
        int16_t version = level == 2 ? 5 : 4;
        ck_assert_code(end(version, "x", producer.producer_id, 0, true).error_code, "NONE");
        ck_assert_uint_eq(look(0).partitions, 2);
        bench_pass(&b, MS);
        ck_assert_state(0, "PrepareCommit");
        ck_assert_uint_eq(look(0).partitions, 1);
        ck_assert_code(end(version, "x", producer.producer_id, 0, true).error_code, "CONCURRENT_TRANSACTIONS");
        ck_assert_code(add("x", producer.producer_id, look(0).producer_epoch), "CONCURRENT_TRANSACTIONS");
        ck_assert_code(init("x").error_code, "CONCURRENT_TRANSACTIONS");
        bench_pass(&b, MS);
        ck_assert_state(0, "CompleteCommit");
        weir_end_txn_response again = end(version, "x", producer.producer_id, 0, true);
        ck_assert_code(again.error_code, "NONE");
        ck_assert_int_eq(again.producer_epoch, level == 2 ? 1 : -1);
        ck_assert_int_eq(look(0).producer_epoch, level == 2 ? 1 : 0);
        bench_free(&b);
    }
}
END_TEST

START_TEST(abort_of_nothing) {
    bench_init(&b, 2);
    bench_start(&b);
    weir_init_producer_id_response producer = init("x");
    for (int16_t epoch = 0; epoch < 3; epoch++) {
        weir_end_txn_response out = end(5, "x", producer.producer_id, epoch, false);
        ck_assert_code(out.error_code, "NONE");
        ck_assert_int_eq(out.producer_epoch, epoch + 1);
        bench_pass(&b, MS);
        ck_assert_state(0, "CompleteAbort");
    }
    bench_free(&b);
}
END_TEST

/* ---- epochs ---- */
START_TEST(initialize) {
    bench_init(&b, 2);
    b.config.first_producer_id = 4000;
    bench_start(&b);
    weir_init_producer_id_response out = init("x");
    ck_assert_int_eq(out.producer_id, 4000);
    ck_assert_int_eq(out.producer_epoch, 0);
    ck_assert_int_eq(init("x").producer_epoch, 1);
    weir_init_producer_id_request null = {{NULL, 0}, 60, -1, -1, false, false};
    ck_assert_int_eq(bench_ask(&b, weir__serve_init_producer_id, WEIR_API_INIT_PRODUCER_ID, 4, &null, &out),
                     WEIR__ANSWERED);
    ck_assert_int_eq(out.producer_id, 4001);
    ck_assert_int_eq(out.producer_epoch, 0);
    ck_assert_int_eq(init("y").producer_id, 4002);
    ck_assert_code(init("").error_code, "INVALID_REQUEST");
    ck_assert_code(init_as("x", 5, 4000, -1).error_code, "INVALID_REQUEST");
    null.transactional_id = S("z");
    for (int n = 0; n < 3; n++) {
        null.transaction_timeout_ms = (int32_t[]){0, -1, 900001}[n];
        (void)bench_ask(&b, weir__serve_init_producer_id, WEIR_API_INIT_PRODUCER_ID, 4, &null, &out);
        ck_assert_code(out.error_code, "INVALID_TRANSACTION_TIMEOUT");
        ck_assert_int_eq(out.producer_id, -1);
    }
    bench_free(&b);
}
END_TEST

START_TEST(bump_by_its_producer) {
    bench_init(&b, 2);
    bench_start(&b);
    int64_t id = init("x").producer_id;
    ck_assert_int_eq(init_as("x", 5, id, 0).producer_epoch, 1);
    ck_assert_int_eq(init_as("x", 5, id, 0).producer_epoch, 1); /* the answer was lost */
    ck_assert_int_eq(init_as("x", 5, id, 1).producer_epoch, 2);
    ck_assert_code(init_as("x", 5, id, 0).error_code, "PRODUCER_FENCED");
    ck_assert_code(init_as("x", 3, id, 0).error_code, "INVALID_PRODUCER_EPOCH");
    ck_assert_code(init_as("x", 5, id + 1, 2).error_code, "PRODUCER_FENCED");
    ck_assert_int_eq(init("x").producer_epoch, 3);
    ck_assert_code(init_as("x", 5, id, 2).error_code, "PRODUCER_FENCED"); /* another one came between */
    ck_assert_int_eq(init_as("new", 5, id, 9).producer_epoch, 0);
    bench_free(&b);
}
END_TEST

START_TEST(exhausted_by_init) {
    bench_init(&b, 2);
    b.config.first_epoch = 32765;
    bench_start(&b);
    weir_init_producer_id_response first = init("x");
    ck_assert_int_eq(first.producer_epoch, 32765);
    ck_assert_int_eq(init_as("x", 5, first.producer_id, 32765).producer_epoch, 32766);
    weir_init_producer_id_response next = init_as("x", 5, first.producer_id, 32766);
    ck_assert_int_eq(next.producer_epoch, 0);
    ck_assert_int_ne(next.producer_id, first.producer_id);
    weir_init_producer_id_response again = init_as("x", 5, first.producer_id, 32766);
    ck_assert_int_eq(again.producer_epoch, 0);
    ck_assert_int_eq(again.producer_id, next.producer_id);
    ck_assert_code(init_as("x", 5, first.producer_id, 32765).error_code, "PRODUCER_FENCED");
    bench_free(&b);
}
END_TEST

START_TEST(exhausted_by_end) {
    bench_init(&b, 2);
    b.config.first_epoch = 32766;
    bench_start(&b);
    weir_init_producer_id_response first = init("x");
    ck_assert_code(add("x", first.producer_id, 32766), "NONE");
    weir_end_txn_response out = end(5, "x", first.producer_id, 32766, true);
    ck_assert_code(out.error_code, "NONE");
    ck_assert_int_eq(out.producer_id, first.producer_id + 1);
    ck_assert_int_eq(out.producer_epoch, 0);
    ck_assert_int_eq(look(0).producer_id, first.producer_id); /* the markers are still the old one's */
    ck_assert_int_eq(look(0).producer_epoch, 32767);
    ck_assert_code(end(5, "x", first.producer_id, 32766, true).error_code, "CONCURRENT_TRANSACTIONS");
    bench_pass(&b, 2 * MS);
    ck_assert_state(0, "CompleteCommit");
    ck_assert_int_eq(look(0).producer_id, first.producer_id + 1);
    out = end(5, "x", first.producer_id, 32766, true);
    ck_assert_code(out.error_code, "NONE");
    ck_assert_int_eq(out.producer_id, first.producer_id + 1);
    ck_assert_int_eq(out.producer_epoch, 0);
    ck_assert_code(end(5, "x", first.producer_id, 32766, false).error_code, "INVALID_TXN_STATE");
    ck_assert_code(end(5, "x", first.producer_id, 32765, true).error_code, "INVALID_PRODUCER_ID_MAPPING");
    bench_free(&b);
}
END_TEST

/* ---- fencing ---- */
START_TEST(fenced_by_another) {
    for (int16_t level = 0; level <= 2; level++) {
        weir_init_producer_id_response old = start(level);
        ck_assert_code(init("x").error_code, "CONCURRENT_TRANSACTIONS");
        ck_assert_state(0, "PrepareAbort");
        ck_assert_code(init("x").error_code, "CONCURRENT_TRANSACTIONS");
        bench_pass(&b, 2 * MS);
        ck_assert_state(0, "CompleteAbort");
        ck_assert_int_eq(look(0).producer_epoch, 1);
        weir_init_producer_id_response young = init("x");
        ck_assert_code(young.error_code, "NONE");
        ck_assert_int_eq(young.producer_epoch, 2);
        ck_assert_int_eq(young.producer_id, old.producer_id);
        ck_assert_code(add("x", old.producer_id, 0), "PRODUCER_FENCED");
        ck_assert_code(end(level == 2 ? 5 : 4, "x", old.producer_id, 0, true).error_code, "PRODUCER_FENCED");
        bench_free(&b);
    }
}
END_TEST

START_TEST(time_out) {
    for (int16_t level = 0; level <= 2; level++) {
        weir_init_producer_id_response old = start(level);
        ck_assert_int_eq(look(0).started, 0);
        bench_pass(&b, 69999);
        ck_assert_state(0, "Ongoing"); /* older than 60 ms is found at 70 */
        bench_pass(&b, 1);
        ck_assert_state(0, "PrepareAbort");
        bench_pass(&b, 2 * MS);
        ck_assert_state(0, "CompleteAbort");
        ck_assert_int_eq(look(0).producer_epoch, 1);
        /* Below level 2 the producer is fenced; at level 2 this is the epoch that an abort of its own leads to. */
        weir_end_txn_response out = end(level == 2 ? 5 : 4, "x", old.producer_id, 0, true);
        ck_assert_code(out.error_code, level == 2 ? "INVALID_TXN_STATE" : "PRODUCER_FENCED");
        out = end(level == 2 ? 5 : 4, "x", old.producer_id, 0, false);
        ck_assert_code(out.error_code, level == 2 ? "NONE" : "PRODUCER_FENCED");
        weir_init_producer_id_response again = init_as("x", 5, old.producer_id, 0);
        ck_assert_code(again.error_code, level == 2 ? "NONE" : "PRODUCER_FENCED");
        ck_assert_int_eq(init("x").producer_epoch, 2);
        bench_free(&b);
    }
}
END_TEST

START_TEST(time_out_at_the_last_epoch) {
    for (int16_t level = 0; level <= 2; level += 2) {
        bench_init(&b, level);
        b.config.first_epoch = 32766;
        bench_start(&b);
        int64_t id = init("x").producer_id;
        ck_assert_code(add("x", id, 32766), "NONE");
        weir__model_expire_transaction(b.model, "x", b.now);
        ck_assert_int_eq(look(0).producer_epoch, 32767);
        bench_pass(&b, 2 * MS);
        ck_assert_int_eq(look(0).producer_id, level == 2 ? id + 1 : id);
        weir_init_producer_id_response out = init("x");
        ck_assert_int_eq(out.producer_id, id + 1);
        ck_assert_int_eq(out.producer_epoch, level == 2 ? 1 : 0);
        bench_free(&b);
    }
}
END_TEST

START_TEST(expiry) {
    bench_init(&b, 2);
    b.config.transactional_id_expiration_ms = 5000;
    bench_start(&b);
    int64_t id = init("x").producer_id;
    bench_pass(&b, (int64_t)3599 * 1000000);
    ck_assert_code(init("y").error_code, "NONE");
    bench_pass(&b, (int64_t)2 * 1000000);
    ck_assert_str_eq(look(0).id, "y"); /* used two seconds ago */
    ck_assert_code(end(5, "x", id, 0, true).error_code, "INVALID_PRODUCER_ID_MAPPING");
    weir__model_expire_transactional_id(b.model, "y");
    weir__model_transaction none;
    ck_assert(!weir__model_transaction_at(b.model, 0, &none));
    bench_free(&b);
}
END_TEST

/* ---- what is added ---- */
START_TEST(add_partitions) {
    bench_init(&b, 0);
    bench_start(&b);
    int64_t id = init("x").producer_id;
    int16_t other;
    ck_assert_code(add_two(3, "x", id, 0, 0, 9, &other), "OPERATION_NOT_ATTEMPTED");
    ck_assert_code(other, "UNKNOWN_TOPIC_OR_PARTITION");
    ck_assert_state(0, "Empty");
    ck_assert_code(add("y", id, 0), "INVALID_PRODUCER_ID_MAPPING");
    ck_assert_code(add("x", id + 1, 0), "INVALID_PRODUCER_ID_MAPPING");
    ck_assert_code(add("x", id, 1), "PRODUCER_FENCED");
    ck_assert_code(add_two(1, "x", id, 1, 0, 1, &other), "INVALID_PRODUCER_EPOCH");
    ck_assert_code(other, "INVALID_PRODUCER_EPOCH");
    ck_assert_code(add("x", id, 0), "NONE");
    ck_assert_code(add("x", id, 0), "NONE");
    ck_assert_uint_eq(look(0).partitions, 2);
    bench_free(&b);
}
END_TEST

START_TEST(add_offsets) {
    bench_init(&b, 0);
    bench_start(&b);
    weir_add_offsets_to_txn_request in = {S("x"), init("x").producer_id, 0, S("g")};
    weir_add_offsets_to_txn_response out;
    for (int n = 0; n < 2; n++) {
        (void)bench_ask(&b, weir__serve_add_offsets_to_txn, WEIR_API_ADD_OFFSETS_TO_TXN, 3, &in, &out);
        ck_assert_code(out.error_code, "NONE");
        ck_assert_uint_eq(look(0).partitions, 1);
        ck_assert_state(0, "Ongoing");
    }
    in.producer_epoch = 4;
    (void)bench_ask(&b, weir__serve_add_offsets_to_txn, WEIR_API_ADD_OFFSETS_TO_TXN, 3, &in, &out);
    ck_assert_code(out.error_code, "PRODUCER_FENCED");
    (void)bench_ask(&b, weir__serve_add_offsets_to_txn, WEIR_API_ADD_OFFSETS_TO_TXN, 1, &in, &out);
    ck_assert_code(out.error_code, "INVALID_PRODUCER_EPOCH");
    bench_free(&b);
}
END_TEST

static int16_t verify(int64_t id, int16_t epoch, int32_t partition, bool adds) {
    return weir__txn_verify(b.model, S("x"), id, epoch, S("t"), partition, adds, b.now);
}

START_TEST(verification) {
    int64_t id = start(2).producer_id;
    ck_assert_code(verify(id, 0, 0, false), "NONE");
    ck_assert_code(verify(id, 0, 2, false), "TRANSACTION_ABORTABLE");
    ck_assert_code(verify(id, 0, 2, true), "NONE");
    ck_assert_code(verify(id, 0, 2, false), "NONE");
    ck_assert_code(verify(id + 1, 0, 0, false), "INVALID_PRODUCER_ID_MAPPING");
    ck_assert_code(verify(id, 1, 0, true), "PRODUCER_FENCED");
    ck_assert_code(end(5, "x", id, 0, true).error_code, "NONE");
    ck_assert_code(verify(id, 1, 0, true), "CONCURRENT_TRANSACTIONS");
    bench_pass(&b, 3 * MS);
    ck_assert_code(verify(id, 0, 0, true), "PRODUCER_FENCED");
    ck_assert_code(verify(id, 1, 0, false), "TRANSACTION_ABORTABLE");
    ck_assert_code(verify(id, 1, 0, true), "NONE"); /* begins the next transaction */
    ck_assert_state(0, "Ongoing");
    bench_free(&b);
}
END_TEST

START_TEST(topic_deleted) {
    int64_t id = start(2).producer_id;
    weir__txn_topic_deleted(b.model, S("t"));
    ck_assert_code(end(5, "x", id, 0, true).error_code, "NONE");
    bench_pass(&b, MS);
    ck_assert_state(0, "CompleteCommit");
    bench_free(&b);
}
END_TEST

START_TEST(no_memory) {
    for (int64_t takes = 0; takes < 12; takes++) {
        bench_init(&b, 0);
        bench_start(&b);
        int64_t id = init("x").producer_id;
        weir_add_partitions_to_txn_request_add_partitions_to_txn_topic topic = {S("t"), {(int32_t[]){0, 1, 2}, 3}};
        weir_add_partitions_to_txn_request in = {.v3_and_below_transactional_id = S("x"),
                                                 .v3_and_below_producer_id = id,
                                                 .v3_and_below_topics = {&topic, 1}};
        weir_add_partitions_to_txn_response out;
        b.takes_left = takes;
        weir__handled handled =
            bench_ask(&b, weir__serve_add_partitions_to_txn, WEIR_API_ADD_PARTITIONS_TO_TXN, 3, &in, &out);
        ck_assert(handled == WEIR__CLOSED || handled == WEIR__ANSWERED);
        ck_assert_uint_eq(look(0).partitions, handled == WEIR__CLOSED ? 0 : 3);
        ck_assert_state(0, handled == WEIR__CLOSED ? "Empty" : "Ongoing");
        bench_free(&b);
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("model txn");
    TCase *tests = tcase_create("coordinator");
    tcase_add_test(tests, end_table);
    tcase_add_test(tests, end_of_others);
    tcase_add_test(tests, markers);
    tcase_add_test(tests, abort_of_nothing);
    tcase_add_test(tests, initialize);
    tcase_add_test(tests, bump_by_its_producer);
    tcase_add_test(tests, exhausted_by_init);
    tcase_add_test(tests, exhausted_by_end);
    tcase_add_test(tests, fenced_by_another);
    tcase_add_test(tests, time_out);
    tcase_add_test(tests, time_out_at_the_last_epoch);
    tcase_add_test(tests, expiry);
    tcase_add_test(tests, add_partitions);
    tcase_add_test(tests, add_offsets);
    tcase_add_test(tests, verification);
    tcase_add_test(tests, topic_deleted);
    tcase_add_test(tests, no_memory);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
