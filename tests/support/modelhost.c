#include "modelhost.h"

#include "checks.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *heap_take(weir_alloc *self, size_t size) {
    (void)self;
    return malloc(size);
}

static void heap_give(weir_alloc *self, void *p, size_t size) {
    (void)self;
    (void)size;
    free(p);
}

static weir_alloc heap = {heap_take, heap_give};

void modelhost_init(modelhost *h) {
    memset(h, 0, sizeof *h);
    weir__model_config_init(&h->config);
    weir_config_init(&h->client_config, WEIR_SIDE_BOTH);
    weir_budget_init(&h->model_memory, &heap, SIZE_MAX);
    weir_budget_init(&h->client_memory, &heap, SIZE_MAX);
    h->now = 1000000;
    h->frame = malloc(MODELHOST_FRAME);
    h->arena = malloc(MODELHOST_FRAME);
}

void modelhost_start(modelhost *h) {
    h->model = weir__model_new(&h->config, &h->model_memory.alloc);
    ck_assert_ptr_nonnull(h->model);
    snprintf(h->client_config.bootstrap_servers, sizeof h->client_config.bootstrap_servers, "%s:%u", h->config.host,
             (unsigned)h->config.port);
    for (size_t n = 0; n < sizeof h->by_hand / sizeof h->by_hand[0]; n++)
        h->by_hand[n] = -1;
}

void modelhost_free(modelhost *h) {
    modelhost_disconnect(h);
    if (h->model != NULL)
        weir__model_free(h->model);
    ck_assert_uint_eq(h->model_memory.used, 0);
    ck_assert_uint_eq(h->client_memory.used, 0);
    free(h->frame);
    free(h->arena);
}

/* ---- with a client ---- */
void modelhost_connect(modelhost *h) {
    weir_fault fault;
    weir_err err = weir_client_new(&h->client, &h->client_config, &h->client_memory.alloc, 1, &fault);
    ck_assert_msg(err == WEIR_OK, "%s", fault.text);
}

void modelhost_disconnect(modelhost *h) {
    if (h->client != NULL)
        weir_client_free(h->client);
    h->client = NULL;
    for (size_t n = 0; n < MODELHOST_LINKS; n++)
        if (h->links[n].open) {
            weir__model_disconnect(h->model, h->links[n].connection);
            h->links[n].open = false;
        }
}

static bool open_and_close(modelhost *h) {
    weir_io io;
    bool moved = false;
    for (; weir_client_next_io(h->client, &io); moved = true) {
        ck_assert_uint_lt(io.link, MODELHOST_LINKS);
        modelhost_link *link = &h->links[io.link];
        ck_assert(link->open == (io.kind == WEIR_IO_CLOSE));
        link->open = false;
        if (io.kind == WEIR_IO_CLOSE) {
            weir__model_disconnect(h->model, link->connection);
            continue;
        }
        link->connection = weir__model_connect(h->model, io.port - h->config.port + 1);
        link->open = link->connection >= 0;
        weir_client_opened(h->client, io.link, link->open ? NULL : "connection refused", h->now);
    }
    return moved;
}

static bool send(modelhost *h, uint32_t n) {
    weir_bytes slices[8];
    size_t count = weir_client_send_slices(h->client, n, slices, 8), bytes = 0;
    for (size_t i = 0; i < count; i++) {
        if (h->chunk > 0 && slices[i].len > h->chunk)
            slices[i].len = (uint32_t)h->chunk;
        weir__model_receive(h->model, h->links[n].connection, slices[i], h->now);
        bytes += slices[i].len;
        if (h->chunk > 0)
            break;
    }
    if (bytes > 0)
        weir_client_sent(h->client, n, bytes, h->now);
    return bytes > 0;
}

static bool receive(modelhost *h, uint32_t n) {
    uint8_t *space;
    weir_bytes output = weir__model_output(h->model, h->links[n].connection);
    size_t room = output.len > 0 ? weir_client_recv_space(h->client, n, &space) : 0;
    size_t len = output.len < room ? output.len : room;
    len = h->chunk > 0 && len > h->chunk ? h->chunk : len;
    if (len == 0)
        return false;
    memcpy(space, output.p, len);
    weir__model_sent(h->model, h->links[n].connection, len);
    weir_client_received(h->client, n, len, h->now);
    return true;
}

static bool close_it(modelhost *h, uint32_t n) {
    int32_t connection = h->links[n].connection;
    if (!weir__model_closing(h->model, connection) || weir__model_output(h->model, connection).len > 0)
        return false;
    weir__model_disconnect(h->model, connection);
    h->links[n].open = false;
    weir_client_closed(h->client, n, "connection reset by peer", h->now);
    return true;
}

void modelhost_settle(modelhost *h) {
    bool moved = true;
    for (int round = 0; moved; round++) {
        ck_assert_int_lt(round, 100000);
        weir_client_tick(h->client, h->now);
        moved = open_and_close(h);
        for (uint32_t n = 0; n < MODELHOST_LINKS; n++) {
            moved = (h->links[n].open && send(h, n)) || moved;
            moved = (h->links[n].open && receive(h, n)) || moved;
            moved = (h->links[n].open && close_it(h, n)) || moved;
        }
    }
}

void modelhost_wait(modelhost *h, weir_time_us limit) {
    weir_time_us next = weir__model_deadline(h->model);
    weir_time_us client = h->client != NULL ? weir_client_deadline(h->client) : WEIR_NEVER;
    next = client < next ? client : next;
    next = h->now + limit < next ? h->now + limit : next;
    h->now = next > h->now ? next : h->now + 1;
    weir__model_tick(h->model, h->now);
}

/* ---- by hand ---- */
void modelhost_pass(modelhost *h, weir_time_us time) {
    for (weir_time_us until = h->now + time; h->now < until;)
        modelhost_wait(h, until - h->now);
}

bool modelhost_closed(modelhost *h, int32_t broker) {
    int32_t connection = h->by_hand[broker];
    if (connection < 0 || !weir__model_closing(h->model, connection))
        return false;
    weir__model_disconnect(h->model, connection);
    h->by_hand[broker] = -1;
    return true;
}

const void *modelhost_answer(modelhost *h, int32_t broker, int16_t key, int16_t version) {
    const weir_api *api = weir_api_find(key);
    int32_t connection = h->by_hand[broker], correlation;
    weir_bytes output = weir__model_output(h->model, connection);
    weir_in in;
    weir_arena arena;
    if (output.len == 0)
        return NULL;
    ck_assert_uint_le(output.len, MODELHOST_FRAME);
    memcpy(h->frame, output.p, output.len);
    weir__model_sent(h->model, connection, output.len);
    weir_in_init(&in, h->frame, output.len);
    ck_assert_uint_eq((uint32_t)weir_in_i32(&in), output.len - 4);
    ck_assert_int_eq(weir_response_header_decode(&in, api, version, &correlation), WEIR_OK);
    ck_assert_int_eq(correlation, h->correlation);
    weir_arena_init(&arena, h->arena, MODELHOST_FRAME);
    void *response = weir_arena_take(&arena, weir_message_sizeof(api->response));
    ck_assert_int_eq(weir_message_decode(api->response, version, &in, &arena, response), WEIR_OK);
    ck_assert_uint_eq(weir_in_left(&in), 0);
    return response;
}

const void *modelhost_ask(modelhost *h, int32_t broker, int16_t key, int16_t version, const void *request) {
    weir_out out;
    (void)modelhost_closed(h, broker);
    if (h->by_hand[broker] < 0)
        h->by_hand[broker] = weir__model_connect(h->model, broker);
    if (h->by_hand[broker] < 0)
        return NULL;
    weir_out_init(&out, h->frame, MODELHOST_FRAME);
    ck_assert_int_eq(
        weir_request_encode(&out, weir_api_find(key), version, ++h->correlation, weir_str_of("hand"), request),
        WEIR_OK);
    weir_bytes frame = {h->frame, (uint32_t)out.total};
    weir__model_receive(h->model, h->by_hand[broker], frame, h->now);
    return modelhost_answer(h, broker, key, version);
}

weir_records modelhost_batch(uint8_t *memory, size_t size, int64_t first, int32_t count,
                             const weir_batch_identity *identity) {
    static const weir_batch_identity nobody = {-1, -1, -1, false};
    weir_batch_writer w;
    weir_batch_writer_init(&w, memory, size);
    for (int32_t n = 0; n < count; n++) {
        char text[24];
        int len = snprintf(text, sizeof text, "%lld", (long long)(first + n));
        weir_bytes bytes = {(const uint8_t *)text, (uint32_t)len};
        weir_record record = {.timestamp = 1700000000000 + first + n, .key = bytes, .value = bytes};
        ck_assert_int_eq(weir_batch_append(&w, &record), WEIR_OK);
    }
    return weir_batch_close(&w, identity != NULL ? identity : &nobody);
}

const weir_produce_response_partition_produce_response *modelhost_produce(modelhost *h, int32_t broker,
                                                                          const char *topic, int32_t partition,
                                                                          const char *transactional_id,
                                                                          weir_records records) {
    weir_produce_request request;
    weir_produce_request_partition_produce_data data = {partition, records};
    weir_produce_request_topic_produce_data topic_data = {.name = weir_str_of(topic), .partition_data = {&data, 1}};
    weir_message_init(weir_api_find(WEIR_API_PRODUCE)->request, &request);
    request.transactional_id = weir_str_of(transactional_id);
    request.acks = -1;
    request.timeout_ms = 1000;
    request.topic_data.items = &topic_data;
    request.topic_data.count = 1;
    const weir_produce_response *response = modelhost_ask(h, broker, WEIR_API_PRODUCE, 11, &request);
    ck_assert_ptr_nonnull(response);
    ck_assert_int_eq(response->responses.count, 1);
    ck_assert_int_eq(response->responses.items[0].partition_responses.count, 1);
    return &response->responses.items[0].partition_responses.items[0];
}
