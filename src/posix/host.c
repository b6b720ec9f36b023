#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <time.h>

#include <weir/posix.h>

#include "connection.h"

/* How often one step looks whether moving bytes has made more bytes to move, before it looks at the network again. */
enum {
    ROUNDS_MAX = 8
};

/* Link numbers are small by contract; this only keeps a broken one from asking for the whole memory. */
#define LINKS_MAX UINT32_C(65536)

/* How long a step sleeps when the system cannot wait for sockets. */
#define BLIND_US 10000

typedef struct driven {
    weir_client *client;
    weir__connection *links; /* indexed by link number */
    uint32_t link_count;
} driven;

struct weir_posix {
    weir_alloc *alloc;
    driven *clients;
    size_t client_count;
    size_t link_total;    /* of all clients */
    struct pollfd *polls; /* one per link, client after client */
    size_t poll_room;     /* elements of `polls`, at least link_total */
};

weir_err weir_posix_new(weir_posix **posix, weir_alloc *alloc) {
    *posix = alloc->take(alloc, sizeof **posix);
    if (!*posix)
        return WEIR_E_NO_MEMORY;
    **posix = (weir_posix){.alloc = alloc};
    return WEIR_OK;
}

static void give(weir_posix *posix, void *p, size_t size) {
    if (p)
        posix->alloc->give(posix->alloc, p, size);
}

/* Replaces the array `p` of `count` elements by one of `wanted`, with the old contents in front; false without change
   when there is no memory. */
static bool grow(weir_posix *posix, void **p, size_t count, size_t wanted, size_t size) {
    void *bigger = posix->alloc->take(posix->alloc, wanted * size);
    if (!bigger)
        return false;
    if (count > 0)
        memcpy(bigger, *p, count * size);
    give(posix, *p, count * size);
    *p = bigger;
    return true;
}

void weir_posix_free(weir_posix *posix) {
    if (!posix)
        return;
    for (size_t i = 0; i < posix->client_count; i++) {
        driven *d = &posix->clients[i];
        for (uint32_t n = 0; n < d->link_count; n++)
            weir__connection_close(&d->links[n]);
        give(posix, d->links, d->link_count * sizeof *d->links);
    }
    give(posix, posix->clients, posix->client_count * sizeof *posix->clients);
    give(posix, posix->polls, posix->poll_room * sizeof *posix->polls);
    give(posix, posix, sizeof *posix);
}

weir_err weir_posix_add(weir_posix *posix, weir_client *client) {
    void *clients = posix->clients;
    if (!grow(posix, &clients, posix->client_count, posix->client_count + 1, sizeof *posix->clients))
        return WEIR_E_NO_MEMORY;
    posix->clients = clients;
    posix->clients[posix->client_count++] = (driven){.client = client};
    return WEIR_OK;
}

/* The link with a number, made when it is new; NULL when there is no memory. */
static weir__connection *link_at(weir_posix *posix, driven *d, uint32_t number) {
    if (number < d->link_count)
        return &d->links[number];
    if (number >= LINKS_MAX)
        return NULL;
    uint32_t wanted = number + 1;
    size_t total = posix->link_total + (wanted - d->link_count);
    void *polls = posix->polls, *links = d->links;
    if (total > posix->poll_room) {
        if (!grow(posix, &polls, posix->poll_room, total, sizeof *posix->polls))
            return NULL;
        posix->polls = polls;
        posix->poll_room = total;
    }
    if (!grow(posix, &links, d->link_count, wanted, sizeof *d->links))
        return NULL;
    d->links = links;
    posix->link_total = total;
    for (; d->link_count < wanted; d->link_count++)
        weir__connection_init(&d->links[d->link_count], d->client, d->link_count);
    return &d->links[number];
}

/* Opens and closes links as the client asks. Returns whether it was asked to open any; sets *err when memory for one is
   short, which the client learns as a connection that failed, to be tried again later. */
static bool obey(weir_posix *posix, driven *d, weir_err *err) {
    bool opened = false;
    weir_io io;
    while (weir_client_next_io(d->client, &io)) {
        if (io.kind == WEIR_IO_CLOSE) {
            if (io.link < d->link_count)
                weir__connection_close(&d->links[io.link]);
            continue;
        }
        opened = true;
        weir__connection *link = link_at(posix, d, io.link);
        if (link) {
            weir__connection_open(link, io.host, io.port);
        } else {
            *err = WEIR_E_NO_MEMORY;
            weir_client_opened(d->client, io.link, "no memory for another connection", weir_posix_now());
        }
    }
    return opened;
}

/* Does all that can be done without waiting. Returns whether the clients were told of anything, because then the
   caller may want to act on it before any wait. */
static bool flush(weir_posix *posix, weir_err *err) {
    bool told = false, more = true;
    for (int round = 0; more && round < ROUNDS_MAX; round++) {
        more = false;
        for (size_t i = 0; i < posix->client_count; i++) {
            driven *d = &posix->clients[i];
            more |= obey(posix, d, err);
            for (uint32_t n = 0; n < d->link_count; n++)
                more |= weir__connection_send(&d->links[n]);
        }
        told |= more;
    }
    return told;
}

/* Fills `polls` and lowers *until to the clients' deadlines and those of connection attempts. */
static void prepare_wait(weir_posix *posix, weir_time_us *until) {
    struct pollfd *p = posix->polls;
    for (size_t i = 0; i < posix->client_count; i++) {
        const driven *d = &posix->clients[i];
        weir_time_us deadline = weir_client_deadline(d->client);
        if (deadline < *until)
            *until = deadline;
        for (uint32_t n = 0; n < d->link_count; n++, p++) {
            const weir__connection *link = &d->links[n];
            short events = weir__connection_events(link);
            /* A link without events is left out: poll reports errors unasked, and would return at once for ever. */
            *p = (struct pollfd){.fd = events ? link->fd : -1, .events = events};
            if (link->fd >= 0 && !link->up && link->attempt_deadline < *until)
                *until = link->attempt_deadline;
        }
    }
}

/* Spends the time that poll has refused to spend: those who step again and again would otherwise keep the machine busy
   for as long as it refuses. */
static void wait_blindly(weir_time_us until) {
    weir_time_us now = weir_posix_now();
    if (until <= now)
        return;
    struct timespec pause = {.tv_nsec = 1000 * (long)(until - now < BLIND_US ? until - now : BLIND_US)};
    (void)nanosleep(&pause, NULL);
}

/* Milliseconds for poll, rounded up, so that it never returns just before the deadline. */
static int poll_timeout(weir_time_us until) {
    if (until == WEIR_NEVER)
        return -1;
    weir_time_us now = weir_posix_now();
    if (until <= now)
        return 0;
    weir_time_us milliseconds = (until - now - 1) / 1000 + 1;
    return milliseconds < INT_MAX ? (int)milliseconds : INT_MAX;
}

static void react(weir_posix *posix) {
    const struct pollfd *p = posix->polls;
    weir_time_us now = weir_posix_now();
    for (size_t i = 0; i < posix->client_count; i++) {
        const driven *d = &posix->clients[i];
        for (uint32_t n = 0; n < d->link_count; n++, p++)
            weir__connection_react(&d->links[n], p->revents, now);
        weir_client_tick(d->client, weir_posix_now());
    }
}

weir_err weir_posix_step(weir_posix *posix, weir_time_us until) {
    weir_err err = WEIR_OK;
    if (flush(posix, &err))
        until = INT64_MIN;
    prepare_wait(posix, &until);
    if (poll(posix->polls, (nfds_t)posix->link_total, poll_timeout(until)) < 0) {
        /* A signal, or the system lacks memory: either way nothing is known about any socket. */
        if (errno != EINTR) {
            err = WEIR_E_NO_MEMORY;
            wait_blindly(until);
        }
        for (size_t i = 0; i < posix->link_total; i++)
            posix->polls[i].revents = 0;
    }
    react(posix);
    flush(posix, &err);
    return err;
}
