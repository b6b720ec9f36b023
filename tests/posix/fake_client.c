#include "fake_client.h"

#include <stdio.h>
#include <string.h>

void fake_init(weir_client *client) {
    memset(client, 0, sizeof *client);
    client->deadline = WEIR_NEVER;
}

void fake_open(weir_client *client, uint32_t link, const char *host, uint16_t port) {
    client->io[client->io_count++] = (weir_io){.kind = WEIR_IO_OPEN, .link = link, .host = host, .port = port};
}

void fake_close(weir_client *client, uint32_t link) {
    client->io[client->io_count++] = (weir_io){.kind = WEIR_IO_CLOSE, .link = link};
}

static void note(fake_link *link, const char *error) {
    snprintf(link->error, sizeof link->error, "%s", error);
}

static void finish_call(weir_client *client, weir_err err) {
    if (client->call) {
        client->call->finished = true;
        client->call->err = err;
    }
}

bool weir_client_next_io(weir_client *client, weir_io *io) {
    if (client->io_taken == client->io_count)
        return false;
    *io = client->io[client->io_taken++];
    return true;
}

void weir_client_opened(weir_client *client, uint32_t link, const char *error, weir_time_us now) {
    (void)now;
    fake_link *l = &client->links[link];
    if (error) {
        l->open_failed++;
        note(l, error);
        finish_call(client, WEIR_E_UNREACHABLE);
    } else {
        l->opened++;
    }
}

size_t weir_client_send_slices(weir_client *client, uint32_t link, weir_bytes *slices, size_t cap) {
    const fake_link *l = &client->links[link];
    size_t count = 0;
    for (size_t at = l->sent; at < l->out_len && count < cap; count++) {
        size_t len = l->out_len - at < l->slice_len ? l->out_len - at : l->slice_len;
        slices[count] = (weir_bytes){l->out + at, (uint32_t)len};
        at += len;
    }
    return count;
}

void weir_client_sent(weir_client *client, uint32_t link, size_t bytes, weir_time_us now) {
    (void)now;
    client->links[link].sent += bytes;
}

size_t weir_client_recv_space(weir_client *client, uint32_t link, uint8_t **space) {
    const fake_link *l = &client->links[link];
    *space = l->in != NULL ? l->in + l->received : NULL;
    return l->in_room - l->received;
}

void weir_client_received(weir_client *client, uint32_t link, size_t bytes, weir_time_us now) {
    (void)now;
    client->links[link].received += bytes;
    finish_call(client, WEIR_OK);
}

void weir_client_closed(weir_client *client, uint32_t link, const char *error, weir_time_us now) {
    (void)now;
    client->links[link].closed++;
    note(&client->links[link], error);
}

weir_time_us weir_client_deadline(const weir_client *client) {
    return client->deadline;
}

void weir_client_tick(weir_client *client, weir_time_us now) {
    client->ticks++;
    client->ticked = now;
    if (now >= client->deadline)
        client->deadline = WEIR_NEVER;
}

weir_err weir_client_call(weir_client *client, weir_call *call, weir_time_us now) {
    (void)now;
    if (call->timeout < 0)
        return WEIR_E_CONFIG;
    client->call = call;
    call->finished = false;
    return WEIR_OK;
}
