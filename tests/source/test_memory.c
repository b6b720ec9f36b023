/* Every allocation of a source fails in turn: it goes on and hands out what it would have handed out, or says that it
   lacks memory; then it is whole, and another reader goes on from its positions. */
#include "harvest.h"

#include "checks.h"
#include <string.h>

#include "codec.h"

#define SECOND 1000000
/* So long a lack of memory may last before it must have been said; longer than any time limit of the client. */
#define PATIENCE (40 * SECOND)
/* A failure, and what follows from it, is over by then. */
#define ATTEMPTS 3

static harvest h;
static const char *topics;
static size_t half;            /* so many records are read before the source is made anew from its snapshot */
static void (*change)(void);   /* what happens to the logs then; NULL: nothing */
static weir_err end;           /* what reading must come to */
static bool lasting, reported; /* the failure that is lived through is one for good; it has been said */

static void set_up(void) {
    harvest_init(&h);
    h.peer.config.request_timeout_ms = 4000; /* so that it is said soon where it lasts */
    h.peer.config.default_api_timeout_ms = 8000;
    topics = "a";
    half = 25;
    change = NULL;
    end = WEIR_END;
}

static void tear_down(void) {
    failing_stop(&h.peer.memory);
    harvest_free(&h);
}

/* ---- the scenarios ---- */
#define PLAIN       ((peer_batch){0})
#define TXN(id)     ((peer_batch){.producer_id = id, .transactional = true})
#define MARK(id, m) ((peer_batch){.producer_id = id, .transactional = true, .marker = m})

static void fill(const char *topic, int32_t partition, int32_t leader, int batches, peer_batch how) {
    peer_log *log = peer_add_log(&h.peer, topic, partition, leader);
    for (int n = 0; n < batches; n++)
        peer_append(log, 5, how);
}

static void plain(void) {
    topics = "a,b";
    for (int32_t p = 0; p < 2; p++) {
        fill("a", p, p, 4, PLAIN);
        fill("b", p, 2 - p, 4, PLAIN);
    }
}

/* Many small answers in sessions that partitions leave when they have been read. */
static void sessions(void) {
    h.peer.config.fetch_max_bytes = h.peer.config.max_partition_fetch_bytes = 1024;
    h.peer.chunk = 700;
    for (int32_t p = 0; p < 6; p++)
        fill("a", p, p % 2, 2 + p, (peer_batch){.value_size = 60});
}

static void by_name(void) {
    h.peer.fetch_version = 6;
    for (int32_t p = 0; p < 3; p++)
        fill("a", p, p % 2, 4, PLAIN);
}

static void aborted(void) {
    for (int32_t p = 0; p < 2; p++) {
        peer_log *log = peer_add_log(&h.peer, "a", p, p);
        for (int n = 0; n < 6; n++) {
            peer_append(log, 3, PLAIN);
            peer_append(log, 4, TXN(7));
            peer_append(log, 2, TXN(8));
            peer_append(log, 1, MARK(7, n % 2 ? 'C' : 'A'));
            peer_append(log, 1, MARK(8, 'A'));
        }
    }
    h.peer.config.fetch_max_bytes = h.peer.config.max_partition_fetch_bytes = 2048;
}

static void compressed(int codec) {
    fill("a", 0, 0, 8, (peer_batch){.compression = weir__codec_find(codec) ? codec : 0, .value_size = 200});
}

static void gzip(void) {
    compressed(WEIR_COMPRESSION_GZIP);
}

static void snappy(void) {
    compressed(WEIR_COMPRESSION_SNAPPY);
}

static void lz4(void) {
    compressed(WEIR_COMPRESSION_LZ4);
}

static void zstd(void) {
    compressed(WEIR_COMPRESSION_ZSTD);
}

static void old_formats(void) {
    for (int32_t p = 0; p < 2; p++) {
        peer_log *log = peer_add_log(&h.peer, "a", p, p);
        for (int n = 0; n < 9; n++)
            peer_append(log, 4, (peer_batch){.old_format = (int8_t)(n % 3), .compression = n % 2});
    }
}

static void old_broker(void) {
    peer_make_old(&h.peer);
    h.peer.config.max_partition_fetch_bytes = 500;
    fill("a", 0, 0, 6, (peer_batch){.old_format = 2, .value_size = 200});
    fill("a", 1, 0, 6, (peer_batch){.old_format = 2, .compression = WEIR_COMPRESSION_GZIP});
}

/* The stop offset lies in what compaction has taken away. */
static void holes(void) {
    for (int32_t p = 0; p < 2; p++) {
        fill("a", p, 0, 3, PLAIN);
        peer_skip(&h.peer.logs[p], 5);
    }
    fill("a", 2, 1, 0, PLAIN);
}

static void delete_ahead(void) {
    h.peer.logs[0].start = 20;
}

static void out_of_range(void) {
    fill("a", 0, 0, 6, PLAIN);
    half = 10;
    change = delete_ahead;
    end = WEIR_E_LOSS;
}

static void doubt(void) {
    h.peer.logs[0].fetch_code = WEIR_CODE_OFFSET_OUT_OF_RANGE;
}

static void false_out_of_range(void) {
    fill("a", 0, 0, 8, PLAIN);
    change = doubt;
}

static void new_leader(void) {
    h.peer.logs[0].leader = 1;
    h.peer.logs[0].leader_epoch = 2;
    h.peer.logs[0].epoch_end = 40;
}

/* Fetches cannot tell whether the log was truncated: the new leader is asked. */
static void validated(void) {
    h.peer.fetch_version = 11;
    fill("a", 0, 0, 8, PLAIN);
    change = new_leader;
}

static void cut_off(void) {
    new_leader();
    h.peer.logs[0].epoch_end = 15;
}

static void truncated(void) {
    validated();
    change = cut_off;
    end = WEIR_E_LOSS;
}

static void diverge(void) {
    h.peer.logs[0].diverging_epoch = 0;
    h.peer.logs[0].diverging_offset = 15;
}

static void diverged(void) {
    fill("a", 0, 0, 8, PLAIN);
    change = diverge;
    end = WEIR_E_LOSS;
}

static void grow(void) {
    fill("a", 1, 1, 4, PLAIN);
}

static void grown(void) {
    fill("a", 0, 0, 8, PLAIN);
    change = grow;
}

static void (*const scenarios[])(void) = {
    plain,        sessions,           by_name,   aborted,   gzip,     snappy, lz4, zstd, old_formats, old_broker, holes,
    out_of_range, false_out_of_range, validated, truncated, diverged, grown,
};
#define SCENARIOS (int)(sizeof scenarios / sizeof *scenarios)

/* ---- a life ---- */
static bool speaks_of_memory(const weir_fault *fault) {
    return fault->err == WEIR_E_NO_MEMORY || strstr(fault->text, "memory") != NULL;
}

/* What failed is tried again; for want of memory that lasts, once it has been said and there is memory again. */
static bool again(weir_err err, const weir_fault *fault, int attempt) {
    if (err == WEIR_OK)
        return false;
    bool said = err == WEIR_E_UNREACHABLE && lasting && fault != NULL && speaks_of_memory(fault);
    ck_assert_msg(err == WEIR_E_NO_MEMORY || said, "%s: %s", weir_err_name(err), fault != NULL ? fault->text : "");
    ck_assert_int_lt(attempt, ATTEMPTS);
    if (lasting && failing_stop(&h.peer.memory))
        reported = true;
    return true;
}

static void new_client(void) {
    weir_fault fault;
    for (int n = 0; again(weir_client_new(&h.peer.client, &h.peer.config, &h.peer.budget.alloc, 1, &fault), NULL, n);
         n++) {
        h.peer.client = NULL;
        ck_assert_int_eq(fault.err, WEIR_E_NO_MEMORY);
    }
}

static weir_err enumerate(weir_bytes snapshot) {
    weir_split splits[8];
    size_t count = 0;
    weir_err err = weir_enumerator_new(&h.enumerator, h.peer.client, &h.peer.config, &h.peer.budget.alloc);
    if (err != WEIR_OK)
        return err;
    for (const char *t = topics; *t != '\0'; t += 1 + (t[1] == ','))
        for (int n = 0; again(weir_enumerator_add_topic(h.enumerator, (weir_str){t, 1}), NULL, n); n++)
            continue;
    if (snapshot.p != NULL) {
        ck_assert_int_eq(weir_splits_count(snapshot, &count), WEIR_OK);
        ck_assert_uint_le(count, 8);
        ck_assert_int_eq(weir_splits_decode(snapshot, splits), WEIR_OK);
    }
    for (size_t n = 0; n < count; n++)
        for (int i = 0; again(weir_enumerator_restore(h.enumerator, &splits[n]), NULL, i); i++)
            continue;
    weir_enumerator_range(h.enumerator, WEIR_START_EARLIEST, WEIR_STOP_LATEST);
    return harvest_resolve(&h);
}

static void enumerate_at_last(weir_bytes snapshot) {
    for (int n = 0;; n++) {
        weir_err err = enumerate(snapshot);
        if (!again(err, h.enumerator != NULL ? weir_enumerator_fault(h.enumerator) : NULL, n))
            return;
        weir_enumerator_free(h.enumerator);
        h.enumerator = NULL;
    }
}

static void new_reader(void) {
    for (int n = 0; again(weir_reader_new(&h.reader, h.peer.client, &h.peer.config, &h.peer.budget.alloc), NULL, n);
         n++)
        ck_assert_ptr_null(h.reader);
}

static void add_splits(const weir_split *splits, size_t count) {
    for (size_t n = 0; n < count; n++)
        for (int i = 0; again(weir_reader_add(h.reader, &splits[n]), NULL, i); i++)
            continue;
}

static size_t splits_of(weir_split splits[8]) {
    size_t count = 0;
    while (weir_reader_split(h.reader, count, &splits[count]))
        ck_assert_uint_lt(++count, 8);
    return count;
}

/* Reads to the end, to `half`, or to a fault. A reader that gives up for want of memory is followed by another. */
static weir_err read_on(void) {
    weir_time_us begun = h.peer.now;
    for (int n = 0;;) {
        weir_split splits[8];
        weir_err err = harvest_read(&h);
        if (err == WEIR_AGAIN && h.peer.now < begun + PATIENCE)
            continue;
        if (err == WEIR_AGAIN) {
            ck_assert_msg(lasting && speaks_of_memory(&h.peer.told), "nothing comes, and nothing is said: %s",
                          h.peer.told.text);
            ck_assert(failing_stop(&h.peer.memory));
            reported = true;
            begun = h.peer.now;
            continue;
        }
        if (err == WEIR_OK || err == end || !again(err, weir_reader_fault(h.reader), n++))
            return err;
        size_t count = splits_of(splits);
        weir_reader_free(h.reader);
        new_reader();
        add_splits(splits, count);
    }
}

static void forget(void) {
    weir_reader_free(h.reader);
    weir_enumerator_free(h.enumerator);
    h.reader = NULL;
    h.enumerator = NULL;
    peer_disconnect(&h.peer);
}

/* Half of the records, a snapshot, and the rest by a source that is made from it. */
static void live(void) {
    uint8_t bytes[1024];
    weir_split splits[8];
    weir_bytes snapshot = {NULL, 0};
    for (int lives = 0; lives < 2; lives++) {
        new_client();
        enumerate_at_last(snapshot);
        new_reader();
        size_t count = 0;
        while (weir_enumerator_split(h.enumerator, count, &splits[count]))
            ck_assert_uint_lt(++count, 8);
        add_splits(splits, count);
        h.stop_after = lives == 0 ? half : 0;
        ck_assert_int_eq(read_on(), lives == 0 ? WEIR_OK : end);
        if (lives == 1)
            break;
        snapshot = (weir_bytes){bytes, (uint32_t)weir_splits_encode(splits, splits_of(splits), bytes, sizeof bytes)};
        ck_assert_uint_le(snapshot.len, sizeof bytes);
        forget();
        if (change != NULL)
            change();
    }
}

/* ---- the sweeps ---- */
static void (*scenario)(void);
static uint64_t want;

/* What was read, whatever turns the partitions took. */
static uint64_t sum(void) {
    uint64_t hashes[2][8] = {{0}}, all = h.count;
    for (size_t n = 0; n < h.count; n++) {
        uint64_t *hash = &hashes[h.records[n].topic == 'b'][h.records[n].partition];
        *hash = (*hash ^ (uint64_t)h.records[n].offset) * UINT64_C(0x100000001b3) + 1;
    }
    for (int n = 0; n < 16; n++)
        all = (all ^ hashes[n / 8][n % 8]) * UINT64_C(0x100000001b3);
    return all;
}

static bool fails(int64_t n, int64_t count) {
    tear_down();
    set_up();
    scenario();
    lasting = count == FAILING_ON;
    reported = false;
    failing_next(&h.peer.memory, n, count);
    live();
    bool failed = failing_stop(&h.peer.memory) || reported;
    ck_assert_msg(sum() == want, "taking %lld, %s: %zu records", (long long)n, lasting ? "for good" : "once", h.count);
    return failed;
}

START_TEST(nth_allocation_fails) {
    scenario = scenarios[_i];
    scenario();
    live();
    want = sum();
    ck_assert_uint_ge(h.count, half);
    for (int64_t n = 0; fails(n, 1); n++)
        continue;
    for (int64_t n = 0; fails(n, FAILING_ON); n++)
        continue;
}
END_TEST

int main(void) {
    Suite *suite = suite_create("memory");
    TCase *c = tcase_create("memory");
    tcase_set_timeout(c, 120);
    tcase_add_checked_fixture(c, set_up, tear_down);
    tcase_add_loop_test(c, nth_allocation_fails, 0, SCENARIOS);
    suite_add_tcase(suite, c);
    SRunner *all = srunner_create(suite);
    srunner_run_all(all, CK_NORMAL);
    int failed = srunner_ntests_failed(all);
    srunner_free(all);
    return failed != 0;
}
