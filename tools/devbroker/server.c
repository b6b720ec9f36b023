#include "server.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <weir/posix.h>
#include <weir/proto.h>

#include "journal.h"
#include "listen.h"

#define SYNC_US   1000000 /* the journal is synced so often, while it grows */
#define READ_SIZE 65536
#define FRAME_MAX ((size_t)104857600)

/* A client, at the place of its connection's number. */
typedef struct peer {
    int fd;         /* or one of the below */
    uint8_t *bytes; /* of requests that are not whole, or wait for their turn */
    size_t len, cap;
} peer;

enum {
    NOBODY = -1,
    GHOST = -2 /* a client of an earlier run, while the journal is done again */
};

struct server {
    weir__model *model;
    journal *journal; /* NULL: nothing is kept */
    int listeners[WEIR__MODEL_BROKERS];
    int32_t brokers;
    uint16_t port;
    weir_time_us wall_us; /* the time since the epoch when the model's is 0 */
    weir_time_us now;     /* never goes back */
    weir_time_us sync_at;
    peer *peers;
    size_t peer_count, peer_cap;
    struct pollfd *polls;
    size_t poll_cap;
};

static weir_time_us wall_clock_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (weir_time_us)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void update_now(server *s) {
    weir_time_us now = wall_clock_us() - s->wall_us;
    s->now = now > s->now ? now : s->now;
}

static void note(server *s, deed_kind kind, int32_t number, weir_bytes bytes) {
    deed d = {kind, number, s->now, bytes};
    if (s->journal != NULL)
        journal_add(s->journal, &d);
}

static bool grow(void **items, size_t *cap, size_t wanted, size_t size) {
    if (wanted <= *cap)
        return true;
    size_t more = *cap > 0 ? *cap : 16;
    while (more < wanted)
        more *= 2;
    void *grown = realloc(*items, more * size);
    if (grown == NULL)
        return false;
    *items = grown;
    *cap = more;
    return true;
}

/* ---- what is done to the model, live or again ---- */
/* Whether a request may change anything that is to be kept. Heartbeats are among them: without them a member would not
   live as long as it did. */
static bool matters(weir_bytes frame) {
    static const int16_t mere_questions[] = {
        WEIR_API_FETCH,
        WEIR_API_LIST_OFFSETS,
        WEIR_API_METADATA, /* those that create topics are found out */
        WEIR_API_OFFSET_FETCH,
        WEIR_API_FIND_COORDINATOR,
        WEIR_API_DESCRIBE_GROUPS,
        WEIR_API_LIST_GROUPS,
        WEIR_API_VERSIONS,
        WEIR_API_OFFSET_FOR_LEADER_EPOCH,
        WEIR_API_DESCRIBE_CONFIGS,
        WEIR_API_DESCRIBE_CLUSTER,
        WEIR_API_DESCRIBE_PRODUCERS,
        WEIR_API_DESCRIBE_TRANSACTIONS,
        WEIR_API_LIST_TRANSACTIONS,
        WEIR_API_DESCRIBE_TOPIC_PARTITIONS,
    };
    int16_t key = (int16_t)(frame.len >= 6 ? frame.p[4] << 8 | frame.p[5] : -1);
    for (size_t n = 0; n < sizeof mere_questions / sizeof mere_questions[0]; n++)
        if (key == mere_questions[n])
            return false;
    return true;
}

static void tick(server *s) {
    uint64_t before = weir__model_changes(s->model);
    if (weir__model_deadline(s->model) > s->now)
        return;
    weir__model_tick(s->model, s->now);
    if (weir__model_changes(s->model) != before)
        note(s, DEED_TICK, 0, (weir_bytes){NULL, 0});
}

static void disconnect(server *s, int32_t number) {
    weir__model_disconnect(s->model, number);
    note(s, DEED_DISCONNECT, number, (weir_bytes){NULL, 0});
}

/* Notes who is at the other end of a connection. False: there is no connection, or no memory. */
static bool set_peer(server *s, int32_t number, int fd) {
    if (number < 0 || !grow((void **)&s->peers, &s->peer_cap, (size_t)number + 1, sizeof *s->peers))
        return false;
    while (s->peer_count <= (size_t)number)
        s->peers[s->peer_count++] = (peer){.fd = NOBODY};
    s->peers[number] = (peer){.fd = fd};
    return true;
}

static bool is_ghost(const server *s, int32_t number) {
    return number >= 0 && (size_t)number < s->peer_count && s->peers[number].fd == GHOST;
}

/* Does again what a journal tells. False: it makes no sense. */
static bool redo(server *s, const deed *d) {
    char name[256];
    s->now = d->now;
    switch (d->kind) {
    case DEED_BEGIN:
        break;
    case DEED_TOPIC:
        snprintf(name, sizeof name, "%.*s", (int)d->bytes.len, (const char *)d->bytes.p);
        weir__model_create_topic(s->model, name, d->number, d->now);
        break;
    case DEED_CONNECT:
        return set_peer(s, weir__model_connect(s->model, d->number), GHOST);
    case DEED_DISCONNECT:
        if (!is_ghost(s, d->number))
            return false;
        weir__model_disconnect(s->model, d->number);
        s->peers[d->number].fd = NOBODY;
        break;
    case DEED_REQUEST:
        if (!is_ghost(s, d->number))
            return false;
        weir__model_receive(s->model, d->number, d->bytes, d->now);
        weir__model_sent(s->model, d->number, weir__model_output(s->model, d->number).len);
        break;
    case DEED_TICK:
        weir__model_tick(s->model, d->now);
        break;
    }
    return true;
}

/* ---- clients ---- */
static void welcome(server *s, int32_t broker) {
    int fd = accept(s->listeners[broker - 1], NULL, NULL);
    if (fd < 0)
        return;
    int32_t number = make_quick(fd) ? weir__model_connect(s->model, broker) : -1;
    if (number >= 0)
        note(s, DEED_CONNECT, broker, (weir_bytes){NULL, 0});
    if (set_peer(s, number, fd))
        return;
    close(fd);
    if (number >= 0)
        disconnect(s, number);
}

static void farewell(server *s, int32_t number) {
    peer *p = &s->peers[number];
    close(p->fd);
    free(p->bytes);
    *p = (peer){.fd = NOBODY};
    disconnect(s, number);
}

/* Hands requests to the model, each when the one before is answered, so that the journal has them in their order. True
   when there was one. */
static bool hand_over(server *s, int32_t number) {
    peer *p = &s->peers[number];
    size_t at = 0;
    while (p->len - at >= 4 && !weir__model_busy(s->model, number) && !weir__model_closing(s->model, number)) {
        weir_in in;
        weir_in_init(&in, p->bytes + at, 4);
        size_t size = 4 + (size_t)weir_in_u32(&in);
        if (size <= FRAME_MAX && p->len - at < size)
            break;
        weir_bytes frame = {p->bytes + at, (uint32_t)(size <= FRAME_MAX ? size : 4)};
        uint64_t before = weir__model_changes(s->model);
        weir__model_receive(s->model, number, frame, s->now);
        if (matters(frame) || weir__model_changes(s->model) != before)
            note(s, DEED_REQUEST, number, frame);
        at += frame.len;
    }
    if (at > 0) {
        memmove(p->bytes, p->bytes + at, p->len - at);
        p->len -= at;
    }
    return at > 0;
}

/* Takes what a client sends; false when it has gone. */
static bool take(server *s, int32_t number) {
    peer *p = &s->peers[number];
    if (!grow((void **)&p->bytes, &p->cap, p->len + READ_SIZE, 1))
        return false;
    ssize_t n = recv(p->fd, p->bytes + p->len, p->cap - p->len, 0);
    if (n < 0)
        return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
    p->len += (size_t)n;
    return n > 0;
}

/* Sends what there is; false when the client has gone, or is to go. */
static bool give(server *s, int32_t number) {
    weir_bytes output = weir__model_output(s->model, number);
    while (output.len > 0) {
        ssize_t n = send(s->peers[number].fd, output.p, output.len, MSG_NOSIGNAL);
        if (n < 0)
            return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
        weir__model_sent(s->model, number, (size_t)n);
        output = weir__model_output(s->model, number);
    }
    return !weir__model_closing(s->model, number);
}

/* ---- the loop ---- */
/* Fills the list of what is waited for: listeners, then clients. Returns their number, 0 without memory. */
static size_t list_polls(server *s) {
    size_t count = (size_t)s->brokers + s->peer_count;
    if (!grow((void **)&s->polls, &s->poll_cap, count, sizeof *s->polls))
        return 0;
    for (int32_t n = 0; n < s->brokers; n++)
        s->polls[n] = (struct pollfd){.fd = s->listeners[n], .events = POLLIN};
    for (size_t n = 0; n < s->peer_count; n++) {
        bool full = s->peers[n].fd >= 0 && weir__model_output(s->model, (int32_t)n).len > 0;
        s->polls[(size_t)s->brokers + n] =
            (struct pollfd){.fd = s->peers[n].fd, .events = (short)(full ? POLLIN | POLLOUT : POLLIN)};
    }
    return count;
}

static int patience_ms(const server *s) {
    weir_time_us until = weir__model_deadline(s->model);
    if (s->journal != NULL && journal_dirty(s->journal) && s->sync_at < until)
        until = s->sync_at;
    weir_time_us left = until > s->now ? (until - s->now - 1) / 1000 + 1 : 0;
    return left > 60000 ? 60000 : (int)left;
}

/* Lets the model go on, and answers; nothing is sent before the journal has it. */
static bool serve(server *s) {
    tick(s);
    for (bool any = true; any;) { /* one request may let another be answered, behind which others wait */
        any = false;
        for (size_t n = 0; n < s->peer_count; n++)
            any = (s->peers[n].fd >= 0 && hand_over(s, (int32_t)n)) || any;
    }
    if (s->journal != NULL && !journal_flush(s->journal))
        return false;
    for (size_t n = 0; n < s->peer_count; n++)
        if (s->peers[n].fd >= 0 && !give(s, (int32_t)n))
            farewell(s, (int32_t)n);
    return true;
}

bool server_run(server *s, const volatile sig_atomic_t *stop) {
    while (!*stop) {
        size_t count = list_polls(s), old = count - (size_t)s->brokers;
        if (count == 0)
            return false;
        int ready = poll(s->polls, (nfds_t)count, patience_ms(s));
        update_now(s);
        for (size_t n = 0; ready > 0 && n < old; n++)
            if (s->polls[(size_t)s->brokers + n].revents & (POLLIN | POLLHUP | POLLERR))
                if (s->peers[n].fd >= 0 && !take(s, (int32_t)n))
                    farewell(s, (int32_t)n);
        for (int32_t n = 0; ready > 0 && n < s->brokers; n++)
            if (s->polls[n].revents & POLLIN)
                welcome(s, n + 1);
        if (!serve(s))
            return false;
        if (s->journal != NULL && s->now >= s->sync_at) {
            if (!journal_sync(s->journal))
                return false;
            s->sync_at = s->now + SYNC_US;
        }
    }
    return true;
}

/* ---- start and end ---- */
/* What must be the same when a journal is done again, with the time at which it began. */
static void describe(const weir__model_config *config, char *text, size_t size) {
    snprintf(text, size, "weir-devbroker 1 brokers=%d release=%d transaction-version=%d began-ms=%lld",
             (int)config->brokers, (int)config->release, (int)config->transaction_version,
             (long long)config->wall_clock_ms);
}

/* Whether a journal was begun with this configuration; its begin is taken over. */
static bool same_setup(const deed *d, weir__model_config *config) {
    char expected[160], found[160];
    snprintf(found, sizeof found, "%.*s", (int)d->bytes.len, d->bytes.p != NULL ? (const char *)d->bytes.p : "");
    const char *began = strstr(found, "began-ms=");
    if (d->kind == DEED_BEGIN && began != NULL) {
        config->wall_clock_ms = strtoll(began + strlen("began-ms="), NULL, 10);
        describe(config, expected, sizeof expected);
        if (strcmp(found, expected) == 0)
            return true;
    }
    fprintf(stderr, "weir-devbroker: the folder holds another cluster: %s\n", found);
    return false;
}

/* Makes the model, from the journal when there is one. */
static bool make_cluster(server *s, weir__model_config *config) {
    char setup[160];
    deed d;
    bool again = s->journal != NULL && journal_next(s->journal, &d);
    config->wall_clock_ms = wall_clock_us() / 1000;
    if (again && !same_setup(&d, config))
        return false;
    s->wall_us = config->wall_clock_ms * 1000;
    s->model = weir__model_new(config, weir_posix_malloc());
    if (s->model == NULL)
        return false;
    if (!again) {
        describe(config, setup, sizeof setup);
        note(s, DEED_BEGIN, 0, (weir_bytes){(const uint8_t *)setup, (uint32_t)strlen(setup)});
        return true;
    }
    while (journal_next(s->journal, &d))
        if (!redo(s, &d)) {
            fputs("weir-devbroker: the journal makes no sense\n", stderr);
            return false;
        }
    for (size_t n = 0; n < s->peer_count; n++)
        if (s->peers[n].fd == GHOST) {
            disconnect(s, (int32_t)n);
            s->peers[n].fd = NOBODY;
        }
    return true;
}

server *server_start(const options *o) {
    weir__model_config config = o->config;
    server *s = calloc(1, sizeof *s);
    if (s == NULL)
        return NULL;
    s->brokers = config.brokers;
    if (!listen_in_a_row(config.host, &config.port, config.brokers, s->listeners)) {
        free(s);
        return NULL;
    }
    s->port = config.port;
    if ((o->folder != NULL && (s->journal = journal_open(o->folder)) == NULL) || !make_cluster(s, &config)) {
        server_free(s);
        return NULL;
    }
    update_now(s);
    for (size_t n = 0; n < o->topic_count; n++) {
        const topic_option *topic = &o->topics[n];
        weir_bytes name = {(const uint8_t *)topic->name, (uint32_t)strlen(topic->name)};
        int16_t code = weir__model_create_topic(s->model, topic->name, topic->partitions, s->now);
        if (code == WEIR_CODE_NONE) {
            note(s, DEED_TOPIC, topic->partitions, name);
        } else if (code != WEIR_CODE_TOPIC_ALREADY_EXISTS) {
            fprintf(stderr, "weir-devbroker: topic %s: %s\n", topic->name, weir_code_text(code));
            server_free(s);
            return NULL;
        }
    }
    return s;
}

uint16_t server_port(const server *s) {
    return s->port;
}

void server_free(server *s) {
    for (size_t n = 0; n < s->peer_count; n++)
        if (s->peers[n].fd >= 0)
            farewell(s, (int32_t)n);
    for (int32_t n = 0; n < s->brokers; n++)
        close(s->listeners[n]);
    if (s->journal != NULL)
        journal_close(s->journal);
    if (s->model != NULL)
        weir__model_free(s->model);
    free(s->peers);
    free(s->polls);
    free(s);
}
