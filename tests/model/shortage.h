/* Scenarios by hand in which every allocation of the cluster fails in turn. One test program includes this. */
#ifndef WEIR_TESTS_MODEL_SHORTAGE_H
#define WEIR_TESTS_MODEL_SHORTAGE_H

#include "by_hand.h"
#include "failing.h"

#define CLOSED INT16_MIN /* no code of Kafka: the connection is gone, and with it the answer */
#define MS     1000

static modelhost h;
static failing_alloc memory;
static bool lasting, stopped; /* the failure is one for good; it was ended so that work could go on */
static bool unsure;           /* the request may have taken effect, its answer did not come */

/* ---- asking until it is done ---- */
/* An attempt has failed for want of memory. What fails for good is attempted three times before there is memory. */
static inline void failed(int attempt, const char *what) {
    ck_assert_msg(memory.takes > memory.fail_from && (memory.fail_count > 0 || stopped), "%s without need", what);
    ck_assert_msg(attempt < (lasting ? 3 : 1), "%s again", what);
    if (attempt == 2)
        stopped = failing_stop(&memory) || stopped;
}

/* Attempts it until it succeeds; `already` is what it may be told where an answer was lost. */
static inline void done(int16_t (*request)(void), int16_t already) {
    unsure = false;
    for (int attempt = 0;; attempt++) {
        int16_t code = request();
        if (code == WEIR_CODE_NONE || (unsure && code == already))
            return;
        unsure = unsure || code == CLOSED;
        ck_assert_msg(code == CLOSED || code == WEIR_CODE_KAFKA_STORAGE_ERROR ||
                          code == WEIR_CODE_COORDINATOR_NOT_AVAILABLE,
                      "refused with %s", weir_code_name(code));
        failed(attempt, code == CLOSED ? "closed" : weir_code_name(code));
    }
}

static inline void pass(int64_t us) {
    modelhost_pass(&h, us);
}

static inline weir__model_partition partition(size_t n) {
    weir__model_partition p;
    ck_assert(weir__model_partition_at(h.model, n, &p));
    return p;
}

/* The topic that most scenarios begin with. */
static inline int16_t create(void) {
    weir_create_topics_request_creatable_topic_config configs[] = {{S("max.message.bytes"), S("50000")},
                                                                   {S("cleanup.policy"), S("compact,delete")}};
    weir_create_topics_request_creatable_topic topic = {
        .name = S("t"), .num_partitions = 3, .replication_factor = -1, .configs = {configs, 2}};
    weir_create_topics_request in = {.topics = {&topic, 1}};
    const weir_create_topics_response *out = modelhost_ask(&h, 1, WEIR_API_CREATE_TOPICS, 7, &in);
    return out == NULL ? CLOSED : out->topics.items[0].error_code;
}

/* ---- sweeps ---- */
typedef struct scenario {
    void (*prepare)(void), (*live)(void); /* before the cluster is made, and then */
} scenario;

static inline void make(const scenario *s) {
    weir__model_config_init(&h.config);
    h.config.brokers = 3;
    h.config.coordinators = 1; /* of transactions on broker 1, of groups on broker 2 */
    h.config.group_initial_rebalance_delay_ms = 0;
    s->prepare();
    for (size_t n = 0; n <= WEIR__MODEL_BROKERS; n++)
        h.by_hand[n] = -1;
    h.correlation = 0;
    for (int attempt = 0; (h.model = weir__model_new(&h.config, &h.model_memory.alloc)) == NULL; attempt++) {
        ck_assert_uint_eq(h.model_memory.used, 0);
        failed(attempt, "not made");
    }
}

static inline void unmake(void) {
    weir__model_free(h.model);
    h.model = NULL;
    ck_assert_uint_eq(h.model_memory.used, 0);
}

static inline bool fails(const scenario *s, int64_t n, int64_t count) {
    lasting = count == FAILING_ON;
    stopped = false;
    failing_next(&memory, n, count);
    make(s);
    s->live();
    bool met = failing_stop(&memory) || stopped;
    ck_assert_int_eq(weir__model_create_topic(h.model, "after", 1, h.now), WEIR_CODE_NONE);
    unmake();
    return met;
}

/* Lives a scenario for every n, with one taking that fails and with all from there on. */
static inline void sweep(const scenario *s) {
    modelhost_init(&h);
    failing_init(&memory);
    weir_budget_init(&h.model_memory, &memory.alloc, SIZE_MAX);
    for (int64_t n = 0; fails(s, n, 1); n++)
        continue;
    for (int64_t n = 0; fails(s, n, FAILING_ON); n++)
        continue;
    modelhost_free(&h);
}

#endif
