/* One TCP connection to a broker, as a state machine over what the host reports.

     closed --want--> opening --opened--> versions --ApiVersions--> ready
       ^                 |                    |                       |
       +-----------------+--- lost, refused, timed out, dropped ------+      */
#include <string.h>

#include "state.h"

/* What is likely when something listens but does not speak Kafka. */
#define NO_ANSWER_HINT "is the port that of a Kafka listener without TLS, and not of an HTTP or TLS server?"

static bool link_number(weir_client *client, weir__link *link) {
    for (uint32_t n = 0; n < client->link_count; n++) {
        if (client->links[n] == NULL) {
            client->links[n] = link;
            link->number = n;
            return true;
        }
    }
    if (client->link_count == client->link_cap) {
        uint32_t cap = client->link_cap == 0 ? 8 : 2 * client->link_cap;
        weir__link **grown = weir__take(client, cap * sizeof *grown);
        if (grown == NULL)
            return false;
        if (client->link_count > 0)
            memcpy(grown, client->links, client->link_count * sizeof *grown);
        weir__give(client, client->links, client->link_cap * sizeof *grown);
        client->links = grown;
        client->link_cap = cap;
    }
    link->number = client->link_count++;
    client->links[link->number] = link;
    return true;
}

static weir__link *link_new(weir_client *client, weir__broker *broker, weir__use use) {
    weir__link *link = weir__take(client, sizeof *link);
    if (link == NULL)
        return NULL;
    if (!link_number(client, link)) {
        weir__give(client, link, sizeof *link);
        return NULL;
    }
    link->client = client;
    link->broker = broker;
    link->use = use;
    weir__list_init(&link->flights);
    weir__list_init(&link->hello.node);
    broker->links[use] = link;
    return link;
}

/* Whoever waits for an operation shall hear why it fails, so a connection is given up well before the operation is. */
static weir_time_us setup_timeout(const weir_config *config) {
    int64_t half = config->default_api_timeout_ms / 2 + 1;
    return 1000 * (config->connection_setup_timeout_ms < half ? config->connection_setup_timeout_ms : half);
}

weir__link *weir__link_want(weir_client *client, weir__broker *broker, weir__use use, weir_time_us now) {
    weir__link *link = broker->links[use];
    if (link != NULL && link->state != WEIR__LINK_CLOSED)
        return link;
    if (broker->retry_at > now)
        return NULL;
    if (link == NULL)
        link = link_new(client, broker, use);
    if (link == NULL) {
        weir__trouble_memory(client, "to connect to a broker");
        broker->retry_at = now + weir__client_backoff(client, 1);
        return NULL;
    }
    link->state = WEIR__LINK_OPENING;
    link->ask_open = true;
    link->expires = now + setup_timeout(&client->config);
    link->versions_known = false;
    link->hello_version = WEIR__HELLO_VERSION;
    link->throttled_until = 0;
    link->correlation = 0;
    return link;
}

static void receive_reset(weir__link *link) {
    if (link->frame != NULL)
        weir__give(link->client, link->frame, link->frame_size);
    link->frame = NULL;
    link->frame_size = link->frame_got = link->size_got = 0;
    link->starved_since = 0;
}

/* Every flight of a link that is gone goes back to where it came from. */
static void flights_return(weir__link *link, weir_time_us now) {
    weir__list lost;
    weir__list_init(&lost);
    weir__list_splice(&lost, &link->flights);
    link->sending = NULL;
    link->sent = 0;
    for (weir__list *it; (it = weir__list_pop(&lost)) != NULL;) {
        weir__flight *flight = WEIR__ENTRY(it, weir__flight, node);
        weir__request *request = flight->request;
        bool written = flight->written;
        weir__flight_free(link->client, flight);
        if (request != NULL)
            weir__request_lost(link->client, request, written, now);
    }
}

static void back_off(weir_client *client, weir__broker *broker, weir_time_us now) {
    broker->failures++;
    broker->retry_at = now + weir__backoff(client, broker->failures, client->config.reconnect_backoff_ms,
                                           client->config.reconnect_backoff_max_ms);
}

static void link_close(weir__link *link, weir_time_us now) {
    weir_client *client = link->client;
    if (link->state == WEIR__LINK_CLOSED)
        return;
    /* A ready link that is lost without work on it was closed for idleness: no reason to hold back. */
    if (link->state != WEIR__LINK_READY || !weir__list_empty(&link->flights))
        back_off(client, link->broker, now);
    link->state = WEIR__LINK_CLOSED;
    link->ask_open = false;
    receive_reset(link);
    flights_return(link, now);
    weir__coordinators_forget(client, link->broker);
    weir__metadata_refresh(client);
}

/* Unless the host has yet to be asked to open it: then what there is to be closed, if anything, is the connection
   before, and that stands. */
void weir__link_hang_up(weir__link *link, weir_time_us now) {
    link->ask_close = link->ask_close || !link->ask_open;
    link_close(link, now);
}

void weir__link_drop(weir__link *link, const char *why, weir_time_us now) {
    if (link->state == WEIR__LINK_CLOSED)
        return;
    weir__trouble(link->client, WEIR_E_UNREACHABLE, link->broker, "%s", why);
    weir__link_hang_up(link, now);
}

void weir__link_free(weir__link *link) {
    weir_client *client = link->client;
    receive_reset(link);
    while (!weir__list_empty(&link->flights)) {
        weir__flight *flight = WEIR__ENTRY(weir__list_pop(&link->flights), weir__flight, node);
        weir__flight_free(client, flight);
    }
    client->links[link->number] = NULL;
    link->broker->links[link->use] = NULL;
    weir__give(client, link, sizeof *link);
}

/* ---- what is due when ---- */
weir_time_us weir__link_deadline(const weir__link *link) {
    weir_time_us due = WEIR_NEVER;
    if (link->state == WEIR__LINK_CLOSED)
        return due;
    if (link->state != WEIR__LINK_READY)
        due = link->expires;
    if (!weir__list_empty(&link->flights)) {
        const weir__flight *first = WEIR__ENTRY(link->flights.next, weir__flight, node);
        due = first->expires < due ? first->expires : due;
    }
    return due;
}

static void response_overdue(weir__link *link, weir_time_us now) {
    if (link->starved_since == 0) {
        weir__link_drop(link, "no response within request.timeout.ms", now);
        return;
    }
    weir__trouble(link->client, WEIR_E_NO_MEMORY, link->broker,
                  "a response of %u bytes does not fit the memory that is left: raise the memory budget or lower "
                  "fetch.max.bytes",
                  link->frame_size);
    weir__link_hang_up(link, now);
}

void weir__link_tick(weir__link *link, weir_time_us now) {
    if (weir__link_deadline(link) > now)
        return;
    switch (link->state) {
    case WEIR__LINK_OPENING:
        weir__link_drop(link, "no connection within socket.connection.setup.timeout.ms", now);
        break;
    case WEIR__LINK_VERSIONS:
        weir__link_drop(link, "connected, but the first request went unanswered: " NO_ANSWER_HINT, now);
        break;
    default:
        response_overdue(link, now);
        break;
    }
}

/* ---- the host's reports ---- */
static weir__link *link_at(weir_client *client, uint32_t number) {
    return number < client->link_count ? client->links[number] : NULL;
}

void weir_client_opened(weir_client *client, uint32_t number, const char *error, weir_time_us now) {
    weir__link *link = link_at(client, number);
    client->now = now;
    if (link == NULL || link->state != WEIR__LINK_OPENING || link->ask_open)
        return;
    if (error != NULL) {
        weir__trouble(client, WEIR_E_UNREACHABLE, link->broker, "%s", error);
        link_close(link, now);
        return;
    }
    link->state = WEIR__LINK_VERSIONS;
    weir__hello_start(link, now);
}

void weir_client_closed(weir_client *client, uint32_t number, const char *error, weir_time_us now) {
    weir__link *link = link_at(client, number);
    client->now = now;
    if (link == NULL || link->state == WEIR__LINK_CLOSED)
        return;
    if (link->state == WEIR__LINK_VERSIONS)
        weir__trouble(client, WEIR_E_UNREACHABLE, link->broker,
                      "%s before it answered the first request: " NO_ANSWER_HINT, error);
    else if (!weir__list_empty(&link->flights))
        weir__trouble(client, WEIR_E_UNREACHABLE, link->broker, "%s", error);
    link_close(link, now);
}

bool weir__link_next_io(weir_client *client, weir_io *io) {
    for (uint32_t n = 0; n < client->link_count; n++) {
        weir__link *link = client->links[n];
        if (link == NULL || (!link->ask_close && !link->ask_open))
            continue;
        io->link = n;
        io->kind = link->ask_close ? WEIR_IO_CLOSE : WEIR_IO_OPEN;
        io->host = link->broker->host;
        io->port = link->broker->port;
        if (link->ask_close)
            link->ask_close = false;
        else
            link->ask_open = false;
        return true;
    }
    return false;
}

size_t weir_client_recv_space(weir_client *client, uint32_t number, uint8_t **space) {
    weir__link *link = link_at(client, number);
    if (link == NULL || link->state < WEIR__LINK_VERSIONS)
        return 0;
    if (link->size_got < sizeof link->size_bytes) {
        *space = link->size_bytes + link->size_got;
        return sizeof link->size_bytes - link->size_got;
    }
    if (link->frame == NULL) {
        link->frame = client->alloc->take(client->alloc, link->frame_size);
        if (link->frame == NULL) {
            if (link->starved_since == 0)
                link->starved_since = client->now;
            return 0;
        }
        link->starved_since = 0;
    }
    *space = link->frame + link->frame_got;
    return link->frame_size - link->frame_got;
}

/* What the first bytes of something that is not a Kafka broker look like. */
static const char *wrong_listener(const uint8_t *size_bytes) {
    if (memcmp(size_bytes, "HTTP", 4) == 0)
        return "it answers in HTTP: that is no Kafka listener; correct the port";
    if (size_bytes[0] == 0x15 && size_bytes[1] == 0x03)
        return "it answers with a TLS alert: that listener wants TLS; use the port of a plaintext listener";
    return "it sent a frame of an impossible size: that is no Kafka listener; correct the port";
}

/* The four bytes of a frame's size are in. false: the link is gone. */
static bool size_arrived(weir__link *link, weir_time_us now) {
    const uint8_t *b = link->size_bytes;
    uint32_t size = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
    if (size >= 4 && size <= WEIR__FRAME_MAX) {
        link->frame_size = size;
        return true;
    }
    weir__trouble(link->client, WEIR_E_MALFORMED, link->broker, "%s", wrong_listener(b));
    weir__link_hang_up(link, now);
    return false;
}

void weir_client_received(weir_client *client, uint32_t number, size_t bytes, weir_time_us now) {
    weir__link *link = link_at(client, number);
    client->now = now;
    if (link == NULL || link->state < WEIR__LINK_VERSIONS)
        return;
    if (link->size_got < sizeof link->size_bytes) {
        link->size_got += (uint32_t)bytes;
        if (link->size_got == sizeof link->size_bytes)
            (void)size_arrived(link, now);
        return;
    }
    link->frame_got += (uint32_t)bytes;
    if (link->frame_got < link->frame_size)
        return;
    uint8_t *frame = link->frame;
    uint32_t size = link->frame_size;
    link->frame = NULL;
    receive_reset(link);
    if (!weir__flight_land(link, frame, size, now)) {
        weir__trouble(client, WEIR_E_MALFORMED, link->broker,
                      "its response breaks the protocol; the connection is given up");
        weir__link_hang_up(link, now);
    }
}
