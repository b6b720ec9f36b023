/* A byte stream from a hostile broker, cut anywhere: the input says what becomes of each link and what is received. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include <weir/client.h>

#define LINKS  16
#define MEMORY (1u << 22)

typedef struct host {
    fuzz_input input;
    weir_client *client;
    weir_time_us now;
    bool open[LINKS];
} host;

/* Opens and closes as the client asks; the input refuses now and then. */
static void serve(host *h) {
    weir_io io;
    while (weir_client_next_io(h->client, &io)) {
        MUST(io.link < LINKS && h->open[io.link] == (io.kind == WEIR_IO_CLOSE));
        h->open[io.link] = io.kind == WEIR_IO_OPEN && h->input.left > 0 && fuzz_byte(&h->input) != 0xff;
        if (io.kind == WEIR_IO_OPEN)
            weir_client_opened(h->client, io.link, h->open[io.link] ? NULL : "connection refused", h->now);
    }
}

static void send_all(host *h, uint32_t link) {
    weir_bytes slices[4];
    size_t count;
    while (h->open[link] && (count = weir_client_send_slices(h->client, link, slices, 4)) > 0) {
        size_t bytes = 0;
        for (size_t n = 0; n < count; n++) {
            fuzz_touch(slices[n].p, slices[n].len);
            bytes += slices[n].len;
        }
        weir_client_sent(h->client, link, bytes, h->now);
    }
}

static void receive(host *h, uint32_t link, weir_bytes bytes) {
    uint8_t *space;
    size_t room;
    while (bytes.len > 0 && h->open[link] && (room = weir_client_recv_space(h->client, link, &space)) > 0) {
        uint32_t part = bytes.len < room ? bytes.len : (uint32_t)room;
        memcpy(space, bytes.p, part);
        bytes.p += part;
        bytes.len -= part;
        weir_client_received(h->client, link, part, h->now);
        serve(h);
    }
}

/* Lets the client do what is due, and takes all that it sends. */
static void advance(host *h) {
    weir_client_tick(h->client, h->now);
    serve(h);
    for (uint32_t n = 0; n < LINKS; n++)
        send_all(h, n);
}

/* One byte says what happens: to which link in the upper half, what in the lower. */
static void happen(host *h) {
    uint8_t what = fuzz_byte(&h->input);
    uint32_t link = what >> 4;
    h->now += what & 8 ? (weir_time_us)fuzz_byte(&h->input) * 100000 : 1;
    if (h->open[link] && (what & 7) == 7) {
        h->open[link] = false;
        weir_client_closed(h->client, link, "connection reset by peer", h->now);
    } else if (h->open[link]) {
        receive(h, link, fuzz_take(&h->input, fuzz_byte(&h->input)));
    }
    advance(h);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    host h = {.input = {data, size}, .now = 1000000};
    weir_budget budget;
    weir_config config;
    weir_fault fault;
    weir_metadata_request request;
    fuzz_budget(&budget, MEMORY);
    weir_config_init(&config, WEIR_SIDE_SOURCE);
    MUST(weir_config_set(&config, "bootstrap.servers", "b0:9000,b1:9000", &fault) == WEIR_OK);
    MUST(weir_client_new(&h.client, &config, &budget.alloc, 1, &fault) == WEIR_OK);
    weir_message_init(weir_api_find(WEIR_API_METADATA)->request, &request);
    weir_call call = {
        .api_key = WEIR_API_METADATA, .target = WEIR_TARGET_ANY, .request = &request, .timeout = 60000000};
    MUST(weir_client_call(h.client, &call, h.now) == WEIR_OK);
    advance(&h);
    while (h.input.left > 0)
        happen(&h);
    weir_call_release(h.client, &call);
    weir_client_free(h.client);
    MUST(budget.used == 0);
    return 0;
}
