/* The cluster as a whole: clients, links, rules and the wire. */
#include "peer.h"

#include "checks.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "peer_parts.h"

static void *heap_take(weir_alloc *self, size_t size) {
    (void)self;
    return malloc(size);
}

static void heap_give(weir_alloc *self, void *p, size_t size) {
    (void)self;
    (void)size;
    free(p);
}

weir_alloc peer_heap = {heap_take, heap_give};

/* Buffers that no link has now: a test that makes thousands of peers would mostly wait for their pages. */
static uint8_t *spare[PEER_CLIENTS * PEER_LINKS * 2];
static int spare_count;

static uint8_t *fetch_buffer(void) {
    return spare_count > 0 ? spare[--spare_count] : malloc(PEER_BUFFER);
}

static void put_back(uint8_t *buffer) {
    if (buffer != NULL && spare_count < (int)(sizeof spare / sizeof *spare))
        spare[spare_count++] = buffer;
    else
        free(buffer);
}

void peer_init(peer *p) {
    const weir_api *api;
    memset(p, 0, sizeof *p);
    p->now = 1000000;
    p->fetch_version = 17;
    p->cut = p->flip = SIZE_MAX;
    for (int n = 0; n < PEER_KEYS; n++)
        p->offered[n] = -1;
    for (size_t n = 0; (api = weir_api_at(n)) != NULL; n++)
        p->offered[api->key] = api->max_version;
    p->transaction_version = 2;
    p->next_producer_id = 7000;
    p->ledger_offset = -1;
    p->offset_waits = true;
    p->max_message_bytes = "1048588";
    p->max_timeout_ms = "900000";
    p->seed = 1;
    failing_init(&p->memory);
    weir_budget_init(&p->budget, &p->memory.alloc, SIZE_MAX);
    weir_config_init(&p->config, WEIR_SIDE_SOURCE);
    memcpy(p->config.bootstrap_servers, "b0:9000", sizeof "b0:9000");
}

void peer_make_old(peer *p) {
    static const struct {
        int16_t key, version;
    } known[] = {{WEIR_API_PRODUCE, 2},          {WEIR_API_FETCH, 2},         {WEIR_API_LIST_OFFSETS, 0},
                 {WEIR_API_METADATA, 1},         {WEIR_API_OFFSET_COMMIT, 2}, {WEIR_API_OFFSET_FETCH, 1},
                 {WEIR_API_FIND_COORDINATOR, 0}, {WEIR_API_VERSIONS, 0}};
    for (int n = 0; n < PEER_KEYS; n++)
        p->offered[n] = -1;
    for (size_t n = 0; n < sizeof known / sizeof known[0]; n++)
        p->offered[known[n].key] = known[n].version;
    p->fetch_version = p->offered[WEIR_API_FETCH];
    p->transaction_version = 0;
}

void peer_connect(peer *p) {
    weir_fault fault;
    weir_err err = weir_client_new(&p->client, &p->config, &p->budget.alloc, p->seed, &fault);
    ck_assert_msg(err == WEIR_OK, "%s", fault.text);
}

void peer_disconnect(peer *p) {
    if (p->client != NULL)
        weir_client_free(p->client);
    p->client = NULL;
    for (int n = 0; n < PEER_LINKS * PEER_CLIENTS; n++)
        p->links[n].open = false;
}

void peer_free(peer *p) {
    peer_disconnect(p);
    ck_assert_uint_eq(p->budget.used, 0);
    for (int32_t n = 0; n < p->log_count; n++)
        free(p->logs[n].bytes);
    for (int n = 0; n < PEER_LINKS * PEER_CLIENTS; n++) {
        put_back(p->links[n].in);
        put_back(p->links[n].out);
    }
}

peer_log *peer_add_log(peer *p, const char *topic, int32_t partition, int32_t leader) {
    ck_assert_int_lt(p->log_count, PEER_LOGS);
    peer_log *log = &p->logs[p->log_count++];
    snprintf(log->topic, sizeof log->topic, "%s", topic);
    for (size_t n = 0; n < sizeof log->id.b; n++)
        log->id.b[n] = (uint8_t)(topic[n % strlen(topic)] + 1);
    log->partition = partition;
    log->leader = leader;
    log->leader_epoch = 1;
    log->diverging_offset = log->epoch_end = -1;
    return log;
}

/* ---- rules ---- */
peer_rule *peer_script(peer *p, int16_t api, int32_t nth, peer_what what, int64_t value) {
    for (int n = 0; n < PEER_RULES; n++) {
        if (p->rules[n].times > 0)
            continue;
        p->rules[n] = (peer_rule){
            .api = api, .nth = p->requests[api] + nth, .times = 1, .what = what, .value = value, .partition = -1};
        return &p->rules[n];
    }
    ck_abort_msg("too many rules");
    return NULL;
}

static peer_rule *rule_for(peer *p, int16_t api) {
    p->requests[api]++;
    for (int n = 0; n < PEER_RULES; n++) {
        peer_rule *rule = &p->rules[n];
        if (rule->api != api || rule->times == 0 || p->requests[api] < rule->nth)
            continue;
        rule->times--;
        return rule;
    }
    return NULL;
}

bool peer_applies(const peer *p) {
    return p->rule == NULL || (p->rule->what != PEER_CODE && p->rule->what != PEER_REFUSE);
}

int16_t peer_code(const peer *p, int16_t code) {
    bool forced = p->rule != NULL && (p->rule->what == PEER_CODE || p->rule->what == PEER_CODE_AFTER);
    return forced ? (int16_t)p->rule->value : code;
}

int32_t peer_throttle(const peer *p) {
    return p->rule != NULL && p->rule->what == PEER_THROTTLE ? (int32_t)p->rule->value : 0;
}

/* ---- what came ---- */
void peer_note(peer *p, const peer_link *link, const weir_request_header *header, const char *fmt, ...) {
    ck_assert_int_lt(p->seen_count, PEER_SEEN);
    peer_seen *seen = &p->seen[p->seen_count++];
    va_list args;
    *seen = (peer_seen){.at = p->now, .api = header->api_key, .version = header->api_version, .broker = link->broker};
    va_start(args, fmt);
    vsnprintf(seen->text, sizeof seen->text, fmt, args);
    va_end(args);
}

const peer_seen *peer_request(const peer *p, int16_t api, int32_t n) {
    for (int32_t i = 0; i < p->seen_count; i++)
        if (p->seen[i].api == api && n-- == 0)
            return &p->seen[i];
    return NULL;
}

int32_t peer_count(const peer *p, int16_t api) {
    int32_t count = 0;
    for (int32_t i = 0; i < p->seen_count; i++)
        count += p->seen[i].api == api;
    return count;
}

/* ---- the wire ---- */
void peer_answer(peer *p, peer_link *link, const weir_request_header *header, const void *response, size_t keep) {
    const weir_api *api = weir_api_find(header->api_key);
    const peer_rule *rule = p->rule;
    bool wrong = rule != NULL && rule->what == PEER_CORRELATION;
    weir_out out;
    weir_out_init(&out, link->out + link->out_len, PEER_BUFFER - link->out_len);
    ck_assert_int_eq(weir_response_encode(&out, api, header->api_version, header->correlation_id + wrong, response),
                     WEIR_OK);
    size_t len = keep < out.total ? keep : out.total;
    if (rule != NULL && rule->what == PEER_RAW) {
        len = (size_t)rule->value;
        memcpy(link->out + link->out_len, rule->raw, len);
    } else if (rule != NULL && (rule->what == PEER_CUT || rule->what == PEER_DROP || rule->what == PEER_REFUSE)) {
        size_t most = rule->what == PEER_CUT ? (size_t)rule->value : 0;
        link->broken = true;
        len = most < len ? most : len;
    } else if (rule != NULL && rule->what == PEER_TWICE) {
        memcpy(link->out + link->out_len + len, link->out + link->out_len, len);
        len *= 2;
    } else if (rule != NULL && rule->what == PEER_HOLD) {
        link->silent_until = p->now + rule->value;
    } else if (rule != NULL && rule->what == PEER_MUTE) {
        link->silent_until = WEIR_NEVER;
    }
    link->out_len += len;
}

/* false: held back, to be looked at again. */
static bool dispatch(peer *p, peer_link *link, const weir_request_header *header, const void *message) {
    switch (header->api_key) {
    case WEIR_API_LIST_OFFSETS:
        peer_answer_offsets(p, link, header, message);
        return true;
    case WEIR_API_OFFSET_FOR_LEADER_EPOCH:
        peer_answer_epoch(p, link, header, message);
        return true;
    case WEIR_API_FETCH:
        return peer_take_fetch(p, link, header, message);
    case WEIR_API_PRODUCE:
        peer_answer_produce(p, link, header, message);
        return true;
    default:
        if (!peer_take_meta(p, link, header, message) && !peer_take_txn(p, link, header, message))
            ck_abort_msg("unexpected api %d", header->api_key);
        return true;
    }
}

/* Takes the first request off; false when there is none, or it is held back. */
static bool take_request(peer *p, peer_link *link) {
    if (link->in_len < 4 || link->silent_until > p->now || link->broken)
        return false;
    size_t size = (size_t)link->in[0] << 24 | (size_t)link->in[1] << 16 | (size_t)link->in[2] << 8 | link->in[3];
    if (link->in_len < 4 + size)
        return false;
    static uint64_t memory[32768], message[64];
    weir_request_header header;
    weir_arena arena;
    weir_in in;
    weir_in_init(&in, link->in + 4, size);
    weir_arena_init(&arena, memory, sizeof memory);
    ck_assert_int_eq(weir_request_header_decode(&in, &header), WEIR_OK);
    const weir_api *api = weir_api_find(header.api_key);
    ck_assert_ptr_nonnull(api);
    ck_assert_uint_le(weir_message_sizeof(api->request), sizeof message);
    ck_assert_int_eq(weir_message_decode(api->request, header.api_version, &in, &arena, message), WEIR_OK);
    p->rule = link->held_until == 0 ? rule_for(p, header.api_key) : NULL;
    bool taken = dispatch(p, link, &header, message);
    p->rule = NULL;
    if (!taken)
        return false;
    link->in_len -= 4 + size;
    memmove(link->in, link->in + 4 + size, link->in_len);
    return true;
}

static void link_reset(peer_link *link) {
    if (link->in == NULL) {
        link->in = fetch_buffer();
        link->out = fetch_buffer();
    }
    link->in_len = link->out_len = 0;
    link->held_until = link->silent_until = 0;
    link->broken = false;
}

static bool link_io(peer *p, weir_client *client, peer_link *links) {
    weir_io io;
    bool moved = false;
    for (; weir_client_next_io(client, &io); moved = true) {
        ck_assert_uint_lt(io.link, PEER_LINKS);
        peer_link *link = &links[io.link];
        link_reset(link);
        ck_assert_msg(link->open == (io.kind == WEIR_IO_CLOSE), "link %u is %s twice", io.link,
                      link->open ? "opened" : "closed");
        link->broker = (io.port - 9000) % 10;
        link->open = io.kind == WEIR_IO_OPEN && !p->down[link->broker] && !(p->moved_down && io.port >= 9010);
        if (io.kind != WEIR_IO_OPEN)
            continue;
        if (p->open_count < 256)
            p->opened_at[p->open_count++] = p->now;
        p->opens[link->broker]++;
        if (!p->stuck[link->broker])
            weir_client_opened(client, io.link, link->open ? NULL : "connection refused", p->now);
    }
    return moved;
}

static bool link_send(peer *p, weir_client *client, peer_link *link, uint32_t n) {
    weir_bytes slices[8];
    size_t count = weir_client_send_slices(client, n, slices, 8), bytes = 0;
    for (size_t i = 0; i < count; i++) {
        size_t len = p->chunk > 0 && slices[i].len > p->chunk ? p->chunk : slices[i].len;
        ck_assert_uint_le(link->in_len + len, PEER_BUFFER);
        memcpy(link->in + link->in_len, slices[i].p, len);
        link->in_len += len;
        bytes += len;
        if (p->chunk > 0)
            break;
    }
    if (bytes > 0)
        weir_client_sent(client, n, bytes, p->now);
    return bytes > 0;
}

static bool link_receive(peer *p, weir_client *client, peer_link *link, uint32_t n) {
    uint8_t *space;
    bool moved = false;
    while (link->out_len > 0 && link->silent_until <= p->now) {
        size_t room = weir_client_recv_space(client, n, &space);
        if (room == 0)
            return moved;
        size_t len = room < link->out_len ? room : link->out_len;
        len = p->chunk > 0 && len > p->chunk ? p->chunk : len;
        memcpy(space, link->out, len);
        link->out_len -= len;
        memmove(link->out, link->out + len, link->out_len);
        weir_client_received(client, n, len, p->now);
        moved = true;
    }
    return moved;
}

static void link_close(peer *p, weir_client *client, peer_link *link, uint32_t n) {
    link->open = link->broken = false;
    weir_client_closed(client, n, "connection reset by peer", p->now);
}

static void listen(peer *p) {
    if (weir_client_trouble(p->client)->err != WEIR_OK)
        p->told = *weir_client_trouble(p->client);
}

static bool client_settle(peer *p, weir_client *client, peer_link *links) {
    weir_client_tick(client, p->now);
    listen(p);
    bool moved = link_io(p, client, links);
    for (uint32_t n = 0; n < PEER_LINKS; n++) {
        peer_link *link = &links[n];
        if (link->open && p->down[link->broker]) {
            link_close(p, client, link, n);
            moved = true;
        }
        if (!link->open)
            continue;
        moved = link_send(p, client, link, n) || moved;
        moved = take_request(p, link) || moved;
        moved = link_receive(p, client, link, n) || moved;
        if (link->broken && link->out_len == 0) {
            link_close(p, client, link, n);
            moved = true;
        }
    }
    listen(p);
    return moved;
}

void peer_settle(peer *p) {
    bool moved = true;
    for (int round = 0; moved; round++) {
        ck_assert_int_lt(round, 100000);
        moved = client_settle(p, p->client, p->links);
        if (p->other != NULL)
            moved = client_settle(p, p->other, p->links + PEER_LINKS) || moved;
    }
}

static weir_time_us sooner(weir_time_us a, weir_time_us b) {
    return a < b ? a : b;
}

void peer_wait(peer *p, weir_time_us limit) {
    weir_time_us next = weir_client_deadline(p->client);
    if (p->other != NULL)
        next = sooner(next, weir_client_deadline(p->other));
    for (int n = 0; n < PEER_LINKS * PEER_CLIENTS; n++) {
        const peer_link *link = &p->links[n];
        if (link->open && link->held_until != 0)
            next = sooner(next, link->held_until);
        if (link->open && link->silent_until > p->now)
            next = sooner(next, link->silent_until);
    }
    next = sooner(next, p->now + limit);
    p->now = next > p->now ? next : p->now + 1;
}
