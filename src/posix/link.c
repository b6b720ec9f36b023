#include "link.h"

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

void weir__link_init(weir__link *link, weir_client *client, uint32_t number) {
    *link = (weir__link){.client = client, .number = number, .fd = -1};
}

void weir__link_close(weir__link *link) {
    if (link->fd >= 0)
        close(link->fd);
    if (link->addresses)
        freeaddrinfo(link->addresses);
    weir__link_init(link, link->client, link->number);
}

/* ---- connecting ---- */

/* Adds why the current address failed, with the address itself where there are several. */
static void note_failure(weir__link *link, int error) {
    char words[WEIR__ERROR_TEXT_MAX], address[64] = "";
    const struct addrinfo *tried = link->trying;
    if (link->addresses->ai_next)
        getnameinfo(tried->ai_addr, tried->ai_addrlen, address, sizeof address, NULL, 0, NI_NUMERICHOST);
    size_t used = strlen(link->failures);
    snprintf(link->failures + used, sizeof link->failures - used, "%s%s%s%s", used > 0 ? "; " : "", address,
             address[0] ? ": " : "", weir__error_text(error, words));
}

/* Connects to the first address from `trying` on that does not fail at once; tells the client when none is left. */
static void try_addresses(weir__link *link) {
    for (; link->trying; link->trying = link->trying->ai_next) {
        link->fd = weir__socket_connect(link->trying);
        if (link->fd >= 0) {
            link->attempt_deadline = link->trying->ai_next ? weir_posix_now() + ATTEMPT_US : WEIR_NEVER;
            return;
        }
        note_failure(link, errno);
    }
    char failures[sizeof link->failures];
    memcpy(failures, link->failures, sizeof failures);
    weir__link_close(link);
    weir_client_opened(link->client, link->number, failures, weir_posix_now());
}

static void try_next_address(weir__link *link, int error) {
    close(link->fd);
    link->fd = -1;
    note_failure(link, error);
    link->trying = link->trying->ai_next;
    try_addresses(link);
}

void weir__link_open(weir__link *link, const char *host, uint16_t port) {
    weir__link_close(link);
    char text[400];
    link->addresses = weir__socket_lookup(host, port, text, sizeof text);
    if (!link->addresses) {
        weir_client_opened(link->client, link->number, text, weir_posix_now());
        return;
    }
    link->trying = link->addresses;
    try_addresses(link);
}

static void finish_attempt(weir__link *link) {
    int error = weir__socket_outcome(link->fd);
    if (error) {
        try_next_address(link, error);
        return;
    }
    freeaddrinfo(link->addresses);
    link->addresses = NULL;
    link->up = true;
    weir_client_opened(link->client, link->number, NULL, weir_posix_now());
}

/* ---- an open link ---- */

static void fail(weir__link *link, const char *error) {
    weir__link_close(link);
    weir_client_closed(link->client, link->number, error, weir_posix_now());
}

static void receive(weir__link *link) {
    for (int i = 0; i < READS_MAX; i++) {
        uint8_t *space;
        size_t size = weir_client_recv_space(link->client, link->number, &space);
        if (size == 0)
            return;
        ssize_t n = weir__socket_recv(link->fd, space, size);
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return;
        if (n <= 0) {
            char words[WEIR__ERROR_TEXT_MAX];
            fail(link, n == 0 ? "closed by the broker" : weir__error_text(errno, words));
            return;
        }
        weir_client_received(link->client, link->number, (size_t)n, weir_posix_now());
        if ((size_t)n < size)
            return;
    }
}

/* A broker that closes may have said why: what has arrived is handed over before the link is reported as lost. */
static void fail_to_send(weir__link *link, int error) {
    char words[WEIR__ERROR_TEXT_MAX];
    receive(link);
    if (link->fd >= 0)
        fail(link, weir__error_text(error, words));
}

static size_t total(const weir_bytes *slices, size_t count) {
    size_t sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += slices[i].len;
    return sum;
}

bool weir__link_send(weir__link *link) {
    bool told = false;
    if (!link->up || link->backlog)
        return false;
    for (int i = 0; i < SENDS_MAX; i++) {
        weir_bytes slices[WEIR__SLICES_MAX];
        size_t count = weir_client_send_slices(link->client, link->number, slices, WEIR__SLICES_MAX);
        if (count == 0)
            return told;
        ssize_t n = weir__socket_send(link->fd, slices, count);
        link->backlog = n < 0 ? errno == EAGAIN || errno == EWOULDBLOCK : (size_t)n < total(slices, count);
        if (n < 0 && !link->backlog) {
            fail_to_send(link, errno);
            return true;
        }
        if (n > 0) {
            weir_client_sent(link->client, link->number, (size_t)n, weir_posix_now());
            told = true;
        }
        if (link->backlog)
            return told;
    }
    link->backlog = true; /* not full, but the others come first */
    return told;
}

/* ---- waiting ---- */

short weir__link_events(const weir__link *link) {
    if (link->fd < 0)
        return 0;
    if (!link->up)
        return POLLOUT;
    uint8_t *space;
    int readable = weir_client_recv_space(link->client, link->number, &space) > 0 ? POLLIN : 0;
    return (short)(readable | (link->backlog ? POLLOUT : 0));
}

void weir__link_react(weir__link *link, short revents, weir_time_us now) {
    if (link->fd < 0)
        return;
    if (!link->up) {
        if (revents)
            finish_attempt(link);
        else if (now >= link->attempt_deadline)
            try_next_address(link, ETIMEDOUT);
        return;
    }
    if (revents & ~POLLIN) /* writable, or broken, which the next attempt to send will show */
        link->backlog = false;
    if (revents & ~POLLOUT)
        receive(link);
}
