#include "drain.h"

#include "checks.h"
#include <stdio.h>

#define PATIENCE (120 * (weir_time_us)SECOND)

void drain_init(drain *d, int32_t partitions) {
    memset(d, 0, sizeof *d);
    peer_init(&d->peer);
    weir_config_init(&d->peer.config, WEIR_SIDE_SINK);
    memcpy(d->peer.config.bootstrap_servers, "b0:9000", 8);
    d->prefix = "job";
    d->lineage = "line";
    d->partitions = partitions;
    d->value_size = 20;
    for (int32_t n = 0; n < partitions; n++)
        (void)peer_add_log(&d->peer, "t", n, n % PEER_BROKERS);
}

void drain_crash(drain *d) {
    if (d->sink != NULL)
        weir_sink_free(d->sink);
    d->sink = NULL;
    peer_disconnect(&d->peer);
}

void drain_free(drain *d) {
    drain_crash(d);
    peer_free(&d->peer);
}

weir_err drain_new(drain *d) {
    uint32_t topic;
    weir_sink_settings settings = {
        .prefix = weir_str_of(d->prefix), .lineage = weir_str_of(d->lineage), .ledger_topic = weir_str_of("t")};
    weir_fault fault;
    weir_err err = weir_client_new(&d->peer.client, &d->peer.config, &d->peer.budget.alloc, d->peer.seed, &fault);
    if (err != WEIR_OK) {
        d->peer.client = NULL;
        return err;
    }
    err = weir_sink_new(&d->sink, d->peer.client, &d->peer.config, &settings, &d->peer.budget.alloc);
    if (err != WEIR_OK) {
        d->sink = NULL;
        return err;
    }
    err = weir_sink_add_topic(d->sink, weir_str_of("t"), &topic);
    if (err == WEIR_OK && d->restored > 0)
        err = weir_sink_restore(d->sink, d->restored, d->ledger, d->committables, d->committable_count);
    return err;
}

/* Bytes and time move; false when the patience is at its end. */
static bool step(drain *d, weir_time_us until) {
    weir_time_us before = d->peer.now, limit = d->step > 0 ? d->step : SECOND;
    peer_settle(&d->peer);
    (void)weir_sink_tick(d->sink, d->peer.now);
    peer_settle(&d->peer);
    peer_wait(&d->peer, limit);
    ck_assert(d->peer.now > before);
    return d->peer.now < until;
}

weir_err drain_open(drain *d) {
    weir_time_us until = d->peer.now + PATIENCE;
    weir_err err;
    while ((err = weir_sink_open(d->sink, d->peer.now)) == WEIR_AGAIN) {
        peer_settle(&d->peer);
        if ((err = weir_sink_open(d->sink, d->peer.now)) != WEIR_AGAIN || !step(d, until))
            break;
    }
    return err;
}

void drain_start(drain *d) {
    ck_assert_int_eq(drain_new(d), WEIR_OK);
    ck_assert_ok(d, drain_open(d));
    ck_assert_int_eq(weir_sink_partitions(d->sink, 0), d->partitions);
}

void drain_start_under(drain *d, int16_t transaction_version) {
    d->peer.transaction_version = transaction_version;
    if (transaction_version < 2) {
        d->peer.offered[WEIR_API_PRODUCE] = 11;
        d->peer.offered[WEIR_API_END_TXN] = 4;
        d->peer.offered[WEIR_API_TXN_OFFSET_COMMIT] = 4;
    }
    drain_start(d);
}

weir_err drain_send(drain *d, int32_t partition, int32_t count) {
    static uint8_t value[2000000];
    weir_time_us until = d->peer.now + PATIENCE;
    for (int32_t n = 0; n < count;) {
        char key[24];
        int len = snprintf(key, sizeof key, "%lld", (long long)d->next[partition]);
        weir_record record = {
            .timestamp = 1000, .key = {(const uint8_t *)key, (uint32_t)len}, .value = {value, d->value_size}};
        weir_err err = weir_sink_send(d->sink, 0, partition, &record, d->peer.now);
        if (err != WEIR_OK && (err != WEIR_AGAIN || !step(d, until)))
            return err;
        if (err != WEIR_OK)
            continue;
        d->next[partition]++;
        n++;
    }
    return WEIR_OK;
}

weir_err drain_prepare(drain *d, uint64_t checkpoint) {
    weir_time_us until = d->peer.now + PATIENCE + 10 * SECOND;
    weir_err err;
    while ((err = weir_sink_prepare(d->sink, checkpoint, d->peer.now)) == WEIR_AGAIN) {
        peer_settle(&d->peer);
        if ((err = weir_sink_prepare(d->sink, checkpoint, d->peer.now)) != WEIR_AGAIN || !step(d, until))
            break;
    }
    return err;
}

weir_err drain_commit(drain *d, uint64_t checkpoint) {
    weir_time_us until = d->peer.now + 1000 * (weir_time_us)SECOND;
    weir_sink_commit(d->sink, checkpoint, d->peer.now);
    for (;;) {
        peer_settle(&d->peer);
        if (weir_sink_tick(d->sink, d->peer.now) != WEIR_OK || weir_sink_uncommitted(d->sink) == 0)
            return weir_sink_fault(d->sink)->err;
        if (!step(d, until))
            return WEIR_AGAIN;
    }
}

void drain_checkpoint(drain *d, uint64_t checkpoint) {
    ck_assert_ok(d, drain_prepare(d, checkpoint));
    ck_assert_ok(d, drain_commit(d, checkpoint));
}

weir_err drain_abort(drain *d) {
    weir_time_us until = d->peer.now + PATIENCE;
    weir_err err;
    while ((err = weir_sink_abort(d->sink, d->peer.now)) == WEIR_AGAIN && step(d, until))
        ;
    return err;
}

void drain_pass(drain *d, weir_time_us time) {
    weir_time_us until = d->peer.now + time;
    for (peer_settle(&d->peer); d->peer.now < until; peer_settle(&d->peer)) {
        (void)weir_sink_tick(d->sink, d->peer.now);
        peer_settle(&d->peer);
        peer_wait(&d->peer, until - d->peer.now);
    }
}

size_t drain_committables(const drain *d, weir_committable *first) {
    weir_committable one;
    size_t count = 0;
    while (weir_sink_committable(d->sink, count, count == 0 && first != NULL ? first : &one))
        count++;
    return count;
}
