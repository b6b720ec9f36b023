#include "connection.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <weir/posix.h>

#include "error.h"
#include "socket.h"

enum {
    SENDS_MAX = 16, /* system calls per link and round, so that one busy link does not starve the others */
    READS_MAX = 16
};

/* While other addresses are left, how long one may stay silent. A host whose first address is a black hole is thus
   reached before the client's own time limit for the whole connection. */
#define ATTEMPT_US INT64_C(2000000)

void weir__connection_init(weir__connection *c, weir_client *client, uint32_t number) {
    *c = (weir__connection){.client = client, .number = number, .fd = -1};
}

void weir__connection_close(weir__connection *c) {
    if (c->fd >= 0)
        close(c->fd);
    if (c->addresses)
        freeaddrinfo(c->addresses);
    weir__connection_init(c, c->client, c->number);
}

/* ---- connecting ---- */

/* Adds why the current address failed, with the address itself where there are several. */
static void note_failure(weir__connection *c, int error) {
    char words[WEIR__ERROR_TEXT_MAX], address[64] = "";
    const struct addrinfo *tried = c->trying;
    if (c->addresses->ai_next)
        getnameinfo(tried->ai_addr, tried->ai_addrlen, address, sizeof address, NULL, 0, NI_NUMERICHOST);
    size_t used = strlen(c->failures);
    snprintf(c->failures + used, sizeof c->failures - used, "%s%s%s%s", used > 0 ? "; " : "", address,
             address[0] ? ": " : "", weir__error_text(error, words));
}

/* Connects to the first address from `trying` on that does not fail at once; tells the client when none is left. */
static void try_addresses(weir__connection *c) {
    for (; c->trying; c->trying = c->trying->ai_next) {
        c->fd = weir__socket_connect(c->trying);
        if (c->fd >= 0) {
            c->attempt_deadline = c->trying->ai_next ? weir_posix_now() + ATTEMPT_US : WEIR_NEVER;
            return;
        }
        note_failure(c, errno);
    }
    char failures[sizeof c->failures];
    memcpy(failures, c->failures, sizeof failures);
    weir__connection_close(c);
    weir_client_opened(c->client, c->number, failures, weir_posix_now());
}

static void try_next_address(weir__connection *c, int error) {
    close(c->fd);
    c->fd = -1;
    note_failure(c, error);
    c->trying = c->trying->ai_next;
    try_addresses(c);
}

void weir__connection_open(weir__connection *c, const char *host, uint16_t port) {
    weir__connection_close(c);
    char text[400];
    c->addresses = weir__socket_lookup(host, port, text, sizeof text);
    if (!c->addresses) {
        weir_client_opened(c->client, c->number, text, weir_posix_now());
        return;
    }
    c->trying = c->addresses;
    try_addresses(c);
}

static void finish_attempt(weir__connection *c) {
    int error = weir__socket_outcome(c->fd);
    if (error) {
        try_next_address(c, error);
        return;
    }
    freeaddrinfo(c->addresses);
    c->addresses = NULL;
    c->up = true;
    weir_client_opened(c->client, c->number, NULL, weir_posix_now());
}

/* ---- an open link ---- */

static void fail(weir__connection *c, const char *error) {
    weir__connection_close(c);
    weir_client_closed(c->client, c->number, error, weir_posix_now());
}

static void receive(weir__connection *c) {
    for (int i = 0; i < READS_MAX; i++) {
        uint8_t *space;
        size_t size = weir_client_recv_space(c->client, c->number, &space);
        if (size == 0)
            return;
        ssize_t n = weir__socket_recv(c->fd, space, size);
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return;
        if (n <= 0) {
            char words[WEIR__ERROR_TEXT_MAX];
            fail(c, n == 0 ? "closed by the broker" : weir__error_text(errno, words));
            return;
        }
        weir_client_received(c->client, c->number, (size_t)n, weir_posix_now());
        if ((size_t)n < size)
            return;
    }
}

/* A broker that closes may have said why: what has arrived is handed over before the link is reported as lost. */
static void fail_to_send(weir__connection *c, int error) {
    char words[WEIR__ERROR_TEXT_MAX];
    receive(c);
    if (c->fd >= 0)
        fail(c, weir__error_text(error, words));
}

static size_t total(const weir_bytes *slices, size_t count) {
    size_t sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += slices[i].len;
    return sum;
}

bool weir__connection_send(weir__connection *c) {
    bool told = false;
    if (!c->up || c->backlog)
        return false;
    for (int i = 0; i < SENDS_MAX; i++) {
        weir_bytes slices[WEIR__SLICES_MAX];
        size_t count = weir_client_send_slices(c->client, c->number, slices, WEIR__SLICES_MAX);
        if (count == 0)
            return told;
        ssize_t n = weir__socket_send(c->fd, slices, count);
        c->backlog = n < 0 ? errno == EAGAIN || errno == EWOULDBLOCK : (size_t)n < total(slices, count);
        if (n < 0 && !c->backlog) {
            fail_to_send(c, errno);
            return true;
        }
        if (n > 0) {
            weir_client_sent(c->client, c->number, (size_t)n, weir_posix_now());
            told = true;
        }
        if (c->backlog)
            return told;
    }
    return told;
}

/* ---- waiting ---- */

short weir__connection_events(const weir__connection *c) {
    if (c->fd < 0)
        return 0;
    if (!c->up)
        return POLLOUT;
    uint8_t *space;
    int readable = weir_client_recv_space(c->client, c->number, &space) > 0 ? POLLIN : 0;
    return (short)(readable | (c->backlog ? POLLOUT : 0));
}

void weir__connection_react(weir__connection *c, short revents, weir_time_us now) {
    if (c->fd < 0)
        return;
    if (!c->up) {
        if (revents)
            finish_attempt(c);
        else if (now >= c->attempt_deadline)
            try_next_address(c, ETIMEDOUT);
        return;
    }
    if (revents & ~POLLIN) /* writable, or broken, which the next attempt to send will show */
        c->backlog = false;
    if (revents & ~POLLOUT)
        receive(c);
}
