#include "broker.h"
#include "answers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <valgrind/callgrind.h>

/* More than the requests that a client has in flight, and more than the largest response. */
#define BUFFER (16U * 1024 * 1024)
#define SLICES 64

_Noreturn void bench_fail(const char *what) {
    fprintf(stderr, "%s\n", what);
    exit(1);
}

static void *memory_of(size_t size) {
    void *p = malloc(size);
    if (p == NULL)
        bench_fail("no memory");
    return p;
}

void bench_broker_init(bench_broker *broker, weir_client *client, weir_records batch, int32_t batch_records) {
    *broker = (bench_broker){.client = client, .now = 1000000, .batch = batch, .batch_records = batch_records};
    broker->fetched = memory_of(BUFFER);
    broker->memory = memory_of(BENCH_MEMORY);
}

void bench_broker_free(bench_broker *broker) {
    for (uint32_t n = 0; n < BENCH_LINKS; n++) {
        free(broker->links[n].in);
        free(broker->links[n].out);
    }
    free(broker->fetched);
    free(broker->memory);
}

static void open_and_close(bench_broker *broker) {
    weir_io io;
    while (weir_client_next_io(broker->client, &io)) {
        if (io.link >= BENCH_LINKS)
            bench_fail("too many links");
        bench_link *link = &broker->links[io.link];
        link->open = io.kind == WEIR_IO_OPEN;
        link->in_len = link->out_len = link->out_at = 0;
        if (!link->open)
            continue;
        if (link->in == NULL) {
            link->in = memory_of(BUFFER);
            link->out = memory_of(BUFFER);
        }
        weir_client_opened(broker->client, io.link, NULL, broker->now);
    }
}

/* Takes what the client sends. */
static void send_all(bench_broker *broker, uint32_t n) {
    bench_link *link = &broker->links[n];
    weir_bytes slices[SLICES];
    size_t count;
    while ((count = weir_client_send_slices(broker->client, n, slices, SLICES)) > 0) {
        CALLGRIND_TOGGLE_COLLECT;
        size_t before = link->in_len;
        for (size_t i = 0; i < count; i++) {
            if (slices[i].len > BUFFER - link->in_len)
                bench_fail("the client has too much in flight");
            memcpy(link->in + link->in_len, slices[i].p, slices[i].len);
            link->in_len += slices[i].len;
        }
        CALLGRIND_TOGGLE_COLLECT;
        weir_client_sent(broker->client, n, link->in_len - before, broker->now);
    }
}

static uint32_t frame_size(const uint8_t *p) {
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Answers every request that has come whole. */
static void answer_all(bench_broker *broker, bench_link *link) {
    size_t at = 0;
    while (link->in_len - at >= 4 && link->in_len - at - 4 >= frame_size(link->in + at)) {
        weir_bytes frame = {link->in + at + 4, frame_size(link->in + at)};
        weir_out out;
        weir_out_init(&out, link->out + link->out_len, BUFFER - link->out_len);
        bench_answer(broker, frame, &out);
        link->out_len += out.total;
        at += 4 + (size_t)frame.len;
    }
    memmove(link->in, link->in + at, link->in_len - at);
    link->in_len -= at;
}

/* Gives the client as much as it has room for. */
static void receive_all(bench_broker *broker, uint32_t n) {
    bench_link *link = &broker->links[n];
    while (link->out_at < link->out_len) {
        uint8_t *space;
        size_t size = weir_client_recv_space(broker->client, n, &space);
        if (size == 0)
            return;
        if (size > link->out_len - link->out_at)
            size = link->out_len - link->out_at;
        CALLGRIND_TOGGLE_COLLECT;
        memcpy(space, link->out + link->out_at, size);
        link->out_at += size;
        CALLGRIND_TOGGLE_COLLECT;
        weir_client_received(broker->client, n, size, broker->now);
    }
    link->out_at = link->out_len = 0;
}

void bench_broker_step(bench_broker *broker, weir_time_us passed) {
    weir_client_tick(broker->client, broker->now);
    open_and_close(broker);
    for (uint32_t n = 0; n < BENCH_LINKS; n++) {
        bench_link *link = &broker->links[n];
        if (!link->open)
            continue;
        send_all(broker, n);
        CALLGRIND_TOGGLE_COLLECT;
        if (link->out_len == 0)
            answer_all(broker, link);
        CALLGRIND_TOGGLE_COLLECT;
        receive_all(broker, n);
    }
    broker->now += passed;
}
