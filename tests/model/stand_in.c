/* Stand-in for the first half. */
#include <stdlib.h>
#include <stdio.h>
#include "bench.h"
#include "txn.h"
struct weir__log {
    int32_t leader;
    weir__topic *topic;
    int32_t partition;
};
void *weir__take(weir__model *m, size_t n) {
    return m->alloc->take(m->alloc, n);
}
void weir__give(weir__model *m, void *p, size_t n) {
    if (p)
        m->alloc->give(m->alloc, p, n);
}
bool weir__grow(weir__model *m, void **items, size_t *cap, size_t count, size_t size) {
    if (count < *cap)
        return true;
    size_t more = *cap ? *cap * 2 : 4;
    void *p = weir__take(m, more * size);
    if (!p)
        return false;
    if (*items) {
        memcpy(p, *items, count * size);
        weir__give(m, *items, *cap * size);
    }
    *items = p;
    *cap = more;
    return true;
}
char *weir__copy_text(weir__model *m, weir_str t) {
    char *p = weir__take(m, t.len + 1);
    if (!p)
        return NULL;
    memcpy(p, t.p ? t.p : "", t.len);
    p[t.len] = 0;
    return p;
}
bool weir__broker_up(const weir__model *m, int32_t b) {
    return b >= 1 && b <= m->config.brokers && m->brokers[b - 1].up;
}
weir_str weir__host(const weir__model *m) {
    return weir_str_of(m->config.host);
}
int32_t weir__port(const weir__model *m, int32_t b) {
    return m->config.port + b - 1;
}
int32_t weir__broker_from(const weir__model *m, int32_t from) {
    for (int32_t n = 0; n < m->config.brokers; n++) {
        int32_t b = (from + n) % m->config.brokers;
        if (m->brokers[b].up)
            return b + 1;
    }
    return -1;
}
int64_t weir__wall_ms(const weir__model *m, weir_time_us now) {
    return m->config.wall_clock_ms + now / 1000;
}
void weir__model_changed(weir__model *m) {
    m->changes++;
}
void weir__model_config_init(weir__model_config *c) {
    *c = (weir__model_config){.release = WEIR__MODEL_4_4,
                              .brokers = 1,
                              .transaction_version = 2,
                              .host = "h",
                              .port = 9092,
                              .first_producer_id = 0,
                              .coordinators = 50,
                              .transaction_max_timeout_ms = 900000,
                              .transaction_timeout_check_ms = 10000,
                              .transactional_id_expiration_ms = 604800000,
                              .producer_id_expiration_ms = 86400000,
                              .offsets_retention_ms = 604800000,
                              .group_initial_rebalance_delay_ms = 0,
                              .group_min_session_timeout_ms = 6000,
                              .group_max_session_timeout_ms = 1800000,
                              .marker_us = 0};
}
static struct weir__log logs[8];
static weir__topic topic;
weir__topic *weir__topic_find(const weir__model *m, weir_str name) {
    (void)m;
    return weir_str_equal(name, S("t")) ? &topic : NULL;
}
weir__topic *weir__topic_by_id(const weir__model *m, weir_uuid id) {
    (void)m;
    return id.b[0] == 7 ? &topic : NULL;
}
weir__model *weir__model_new(const weir__model_config *c, weir_alloc *a) {
    weir__model *m = a->take(a, sizeof *m);
    memset(m, 0, sizeof *m);
    m->alloc = a;
    m->config = *c;
    topic.name = (char *)"t";
    topic.id.b[0] = 7;
    topic.alive = true;
    topic.partitions = 3;
    for (int n = 0; n < 8; n++) {
        m->brokers[n].up = true;
        logs[n].leader = 1;
    }
    if (!weir__txn_new(m) || !weir__group_new(m))
        return NULL;
    return m;
}
void weir__model_free(weir__model *m) {
    weir__txn_free(m);
    weir__group_free(m);
    m->alloc->give(m->alloc, m, sizeof *m);
}
int16_t weir__model_create_topic(weir__model *m, const char *t, int32_t p, weir_time_us now) {
    (void)m;
    (void)t;
    (void)p;
    (void)now;
    return 0;
}
weir__log *weir__log_find(weir__model *m, weir_str t, int32_t p) {
    (void)m;
    return weir_str_equal(t, S("t")) && p >= 0 && p < 3 ? &logs[p] : NULL;
}
int32_t weir__log_leader(const weir__log *l) {
    return l->leader;
}
int16_t weir__log_end_transaction(weir__log *l, int64_t pid, int16_t ep, bool c, int32_t ce, weir_time_us now) {
    (void)l;
    (void)pid;
    (void)ep;
    (void)c;
    (void)ce;
    (void)now;
    return 0;
}
weir_time_us weir__model_deadline(const weir__model *m) {
    weir_time_us a = weir__txn_deadline(m), b = weir__group_deadline(m);
    return a < b ? a : b;
}
void weir__model_tick(weir__model *m, weir_time_us now) {
    weir__txn_tick(m, now);
    weir__group_tick(m, now);
}
void weir__model_stop_broker(weir__model *m, int32_t b, int64_t us, weir_time_us now) {
    (void)us;
    m->brokers[b - 1].up = false;
    weir__coordinators_leave(m, b, now);
    weir__coordinators_move(m, now);
}
#ifndef HAS_GROUPS
bool weir__group_new(weir__model *m) {
    (void)m;
    return true;
}
void weir__group_free(weir__model *m) {
    (void)m;
}
weir_time_us weir__group_deadline(const weir__model *m) {
    (void)m;
    return WEIR_NEVER;
}
void weir__group_tick(weir__model *m, weir_time_us n) {
    (void)m;
    (void)n;
}
void weir__group_end_transaction(weir__model *m, int32_t p, int64_t id, int16_t e, bool c) {
    (void)m;
    (void)p;
    (void)id;
    (void)e;
    (void)c;
}
#endif
