#include "bench.h"

#include <stdlib.h>

static void *take(weir_alloc *self, size_t size) {
    bench *b = (bench *)(void *)self;
    if (b->takes_left == 0)
        return NULL;
    b->takes_left -= b->takes_left > 0;
    b->used += size;
    return malloc(size);
}

static void give(weir_alloc *self, void *p, size_t size) {
    ((bench *)(void *)self)->used -= size;
    free(p);
}

void bench_init(bench *b, int16_t transaction_version) {
    memset(b, 0, sizeof *b);
    b->memory = (weir_alloc){take, give};
    b->takes_left = -1;
    b->broker = 1;
    weir__model_config_init(&b->config);
    b->config.brokers = 3;
    b->config.transaction_version = transaction_version;
    b->config.coordinators = 1;
    b->config.first_producer_id = 0;
    b->config.marker_us = MS;
    b->config.transaction_timeout_check_ms = 10;
}

void bench_start(bench *b) {
    b->model = weir__model_new(&b->config, &b->memory);
    ck_assert_ptr_nonnull(b->model);
    ck_assert_int_eq(weir__model_create_topic(b->model, "t", 3, 0), WEIR_CODE_NONE);
}

void bench_free(bench *b) {
    weir__model_free(b->model);
    ck_assert_uint_eq(b->used, 0);
}

weir__handled bench_ask(bench *b, weir__handler handler, int16_t api, int16_t version, const void *request,
                        void *response) {
    const weir_api *known = weir_api_find(api);
    weir_arena arena;
    weir_arena_init(&arena, b->arena, sizeof b->arena);
    memset(response, 0, weir_message_sizeof(known->response));
    weir_message_init(known->response, response);
    b->due = WEIR_NEVER;
    weir__exchange e = {
        .model = b->model,
        .broker = b->broker,
        .connection = b->connection,
        .header = {api, version, b->correlation, S("bench")},
        .request = request,
        .response = response,
        .arena = &arena,
        .now = b->now,
        .due = &b->due,
        .again = b->again,
    };
    weir__handled handled = handler(&e);
    if (handled == WEIR__ANSWERED) {
        weir_out out;
        weir_out_init(&out, NULL, 0);
        ck_assert_int_eq(weir_message_encode(known->response, version, &out, response), WEIR_OK);
    }
    return handled;
}

void bench_pass(bench *b, int64_t us) {
    weir_time_us until = b->now + us;
    for (int turns = 0; turns < 100000; turns++) {
        weir_time_us at = weir__model_deadline(b->model);
        if (at > until)
            break;
        b->now = at > b->now ? at : b->now;
        weir__model_tick(b->model, b->now);
    }
    b->now = until;
}
