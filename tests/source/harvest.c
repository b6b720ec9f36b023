#include "harvest.h"

#include "checks.h"
#include <stdio.h>
#include <string.h>

#define PATIENCE_US 10000000

void harvest_init(harvest *h) {
    memset(h, 0, sizeof *h);
    peer_init(&h->peer);
}

void harvest_free(harvest *h) {
    weir_reader_free(h->reader);
    weir_enumerator_free(h->enumerator);
    peer_free(&h->peer);
}

void harvest_enumerate(harvest *h, const char *topics, weir_start start, weir_stop stop) {
    peer *p = &h->peer;
    if (p->client == NULL)
        peer_connect(p);
    ck_assert_int_eq(weir_enumerator_new(&h->enumerator, p->client, &p->config, &p->budget.alloc), WEIR_OK);
    for (const char *t = topics; *t != '\0';) {
        size_t len = strcspn(t, ",");
        ck_assert_int_eq(weir_enumerator_add_topic(h->enumerator, (weir_str){t, (uint32_t)len}), WEIR_OK);
        t += len + (t[len] == ',');
    }
    weir_enumerator_range(h->enumerator, start, stop);
}

weir_err harvest_resolve(harvest *h) {
    weir_err err;
    for (int n = 0; (err = weir_enumerator_poll(h->enumerator, h->peer.now)) == WEIR_AGAIN; n++) {
        ck_assert_int_lt(n, 5000);
        peer_settle(&h->peer);
        if ((err = weir_enumerator_poll(h->enumerator, h->peer.now)) != WEIR_AGAIN)
            break;
        peer_wait(&h->peer, PATIENCE_US);
    }
    return err;
}

void harvest_reader(harvest *h) {
    peer *p = &h->peer;
    if (p->client == NULL)
        peer_connect(p);
    ck_assert_int_eq(weir_reader_new(&h->reader, p->client, &p->config, &p->budget.alloc), WEIR_OK);
}

weir_err harvest_find(harvest *h, const char *topics, weir_start start, weir_stop stop) {
    harvest_enumerate(h, topics, start, stop);
    weir_err err = harvest_resolve(h);
    if (err != WEIR_OK)
        return err;
    harvest_reader(h);
    weir_split split;
    for (size_t n = 0; weir_enumerator_split(h->enumerator, n, &split); n++)
        ck_assert_int_eq(weir_reader_add(h->reader, &split), WEIR_OK);
    return WEIR_OK;
}

static void gather(harvest *h, const weir_split_batch *batch) {
    weir_record record;
    weir_err err;
    while ((h->stop_after == 0 || h->count < h->stop_after) &&
           (err = weir_split_batch_next(batch, &record)) == WEIR_OK) {
        ck_assert_uint_lt(h->count, HARVEST_MAX);
        char key[24];
        int len = snprintf(key, sizeof key, "%lld", (long long)record.offset);
        ck_assert_uint_eq(record.key.len, (size_t)len);
        ck_assert_mem_eq(record.key.p, key, (size_t)len);
        ck_assert(*batch->position == record.offset + 1);
        ck_assert(record.offset < batch->stop);
        for (size_t n = h->count; n > 0; n--) {
            if (h->records[n - 1].partition == batch->partition && h->records[n - 1].topic == batch->topic.p[0]) {
                ck_assert(record.offset > h->records[n - 1].offset);
                break;
            }
        }
        h->records[h->count].partition = batch->partition;
        h->records[h->count].topic = batch->topic.p[0];
        h->records[h->count++].offset = record.offset;
    }
}

weir_err harvest_read(harvest *h) {
    weir_time_us last = h->peer.now;
    for (;;) {
        const weir_split_batch *batch;
        weir_err err = weir_reader_poll(h->reader, &batch, h->peer.now);
        if (err == WEIR_OK) {
            gather(h, batch);
            last = h->peer.now;
            if (h->stop_after != 0 && h->count >= h->stop_after)
                return WEIR_OK;
        } else if (err != WEIR_AGAIN || h->peer.now - last > PATIENCE_US) {
            return err;
        }
        int32_t before = h->peer.fetches[0];
        peer_settle(&h->peer);
        if (err == WEIR_AGAIN && h->peer.fetches[0] == before)
            peer_wait(&h->peer, PATIENCE_US / 4);
    }
}

size_t harvest_of(const harvest *h, int32_t partition) {
    size_t count = 0;
    for (size_t n = 0; n < h->count; n++)
        count += h->records[n].partition == partition;
    return count;
}

weir_split harvest_split(const harvest *h, size_t n) {
    weir_split split;
    ck_assert(weir_reader_split(h->reader, n, &split));
    return split;
}
