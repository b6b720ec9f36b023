/* Requests as bytes on a link, and responses matched to them. */
#include <string.h>

#include "state.h"

void weir__flight_free(weir_client *client, weir__flight *flight) {
    weir__give(client, flight, flight->size);
}

/* One allocation holds the flight, its splices and the bytes around them. */
static weir__flight *flight_new(weir_client *client, size_t head_len, uint32_t splice_count) {
    size_t splices_at = sizeof(weir__flight);
    size_t head_at = splices_at + splice_count * sizeof(weir_splice);
    weir__flight *flight = weir__take(client, head_at + head_len);
    if (flight == NULL)
        return NULL;
    flight->size = head_at + head_len;
    flight->splices = (weir_splice *)(void *)((uint8_t *)flight + splices_at);
    flight->splice_count = splice_count;
    flight->head = (uint8_t *)flight + head_at;
    flight->head_len = head_len;
    return flight;
}

static size_t spliced_bytes(const weir_splice *splices, uint32_t count) {
    size_t sum = 0;
    for (uint32_t i = 0; i < count; i++)
        sum += splices[i].bytes.len;
    return sum;
}

#define HEAD_USUAL 512 /* bytes that most requests keep to, without their records */

/* Writes the request into memory of just its size. One that is not too large is copied there; the others are written
   twice, first counting. */
static weir_err flight_encode(weir__link *link, weir__request *request, int16_t version, weir__flight **flight) {
    weir_client *client = link->client;
    weir_str client_id = weir_str_of(client->config.client_id);
    const void *message = request->fill(request, version);
    weir_splice splices[WEIR__SPLICES_MAX];
    uint8_t head[HEAD_USUAL];
    weir_out out;
    weir_out_init(&out, head, sizeof head);
    out.splices = splices;
    out.splice_cap = WEIR__SPLICES_MAX;
    weir_err err = weir_request_encode(&out, request->api, version, link->correlation, client_id, message);
    bool usual = err == WEIR_OK;
    if (err == WEIR_E_NO_MEMORY) {
        weir_out_init(&out, NULL, 0);
        out.splices = splices;
        out.splice_cap = WEIR__SPLICES_MAX;
        err = weir_request_encode(&out, request->api, version, link->correlation, client_id, message);
    }
    if (err != WEIR_OK)
        return err;
    size_t head_len = out.total - spliced_bytes(splices, out.splice_count);
    weir__flight *f = flight_new(client, head_len, out.splice_count);
    if (f == NULL)
        return WEIR_E_NO_MEMORY;
    f->total = out.total;
    if (usual) {
        memcpy(f->head, head, head_len);
        memcpy(f->splices, splices, f->splice_count * sizeof *splices);
        *flight = f;
        return WEIR_OK;
    }
    weir_out_init(&out, f->head, head_len);
    out.splices = f->splices;
    out.splice_cap = f->splice_count;
    err = weir_request_encode(&out, request->api, version, link->correlation, client_id, message);
    if (err != WEIR_OK) {
        weir__flight_free(client, f);
        return err;
    }
    *flight = f;
    return WEIR_OK;
}

weir_err weir__flight_launch(weir__link *link, weir__request *request, int16_t version, weir_time_us now) {
    weir__flight *flight;
    weir_err err = flight_encode(link, request, version, &flight);
    if (err != WEIR_OK)
        return err;
    flight->request = request;
    flight->api = request->api;
    flight->version = version;
    flight->correlation = link->correlation;
    flight->expires = now + link->client->config.request_timeout_ms * 1000;
    link->correlation = link->correlation == INT32_MAX ? 0 : link->correlation + 1;
    weir__list_push(&link->flights, &flight->node);
    if (link->sending == NULL) {
        link->sending = flight;
        link->sent = 0;
    }
    request->flight = flight;
    return WEIR_OK;
}

/* ---- sending ---- */
typedef struct slicer {
    weir_bytes *slices;
    size_t count, cap;
    size_t skip; /* bytes that are written already */
} slicer;

static void slice(slicer *s, const uint8_t *p, size_t len) {
    if (s->skip >= len) {
        s->skip -= len;
        return;
    }
    if (s->count < s->cap)
        s->slices[s->count++] = (weir_bytes){p + s->skip, (uint32_t)(len - s->skip)};
    s->skip = 0;
}

static void slice_flight(slicer *s, const weir__flight *flight) {
    size_t at = 0;
    for (uint32_t i = 0; i < flight->splice_count; i++) {
        const weir_splice *splice = &flight->splices[i];
        slice(s, flight->head + at, splice->at - at);
        slice(s, splice->bytes.p, splice->bytes.len);
        at = splice->at;
    }
    slice(s, flight->head + at, flight->head_len - at);
}

size_t weir_client_send_slices(weir_client *client, uint32_t number, weir_bytes *slices, size_t cap) {
    weir__link *link = number < client->link_count ? client->links[number] : NULL;
    if (link == NULL || link->state < WEIR__LINK_VERSIONS || link->sending == NULL)
        return 0;
    slicer s = {slices, 0, cap, link->sent};
    for (weir__list *it = &link->sending->node; it != &link->flights && s.count < s.cap; it = it->next)
        slice_flight(&s, WEIR__ENTRY(it, weir__flight, node));
    return s.count;
}

void weir_client_sent(weir_client *client, uint32_t number, size_t bytes, weir_time_us now) {
    weir__link *link = number < client->link_count ? client->links[number] : NULL;
    client->now = now;
    if (link == NULL)
        return;
    link->sent += bytes;
    while (link->sending != NULL && link->sent >= link->sending->total) {
        weir__flight *flight = link->sending;
        link->sent -= flight->total;
        flight->written = true;
        link->sending = flight->node.next == &link->flights ? NULL : WEIR__ENTRY(flight->node.next, weir__flight, node);
    }
}

/* ---- receiving ---- */
/* Decodes a body into an arena that is doubled until it suffices. */
static weir_err decode(weir_client *client, const weir__flight *flight, int16_t version, weir_in body,
                       weir__reply *reply) {
    const weir_schema *schema = flight->api->response;
    size_t need = weir_message_sizeof(schema);
    size_t most = WEIR_ARENA_RATIO * (size_t)reply->frame_size + need + WEIR_ARENA_SLACK;
    for (size_t size = need + WEIR_ARENA_SLACK;; size = 2 * size < most ? 2 * size : most) {
        weir_arena arena;
        weir_in in = body;
        reply->memory = client->alloc->take(client->alloc, size);
        if (reply->memory == NULL)
            return WEIR_E_NO_MEMORY;
        reply->memory_size = size;
        weir_arena_init(&arena, reply->memory, size);
        reply->response = weir_arena_take(&arena, need);
        weir_err err = weir_message_decode(schema, version, &in, &arena, reply->response);
        if (err == WEIR_OK)
            return WEIR_OK;
        client->alloc->give(client->alloc, reply->memory, size);
        reply->memory = NULL;
        if (err != WEIR_E_NO_MEMORY || size == most)
            return err;
    }
}

/* A broker that does not know the version of ApiVersions that it was asked in answers in version 0 (KIP-511). */
static int16_t body_version(const weir__flight *flight, weir_in body) {
    if (flight->api->key == WEIR_API_VERSIONS && weir_in_i16(&body) == WEIR_CODE_UNSUPPORTED_VERSION)
        return 0;
    return flight->version;
}

static void throttle(weir__link *link, const weir__flight *flight, const void *response, weir_time_us now);

static void deliver(weir__link *link, weir__flight *flight, weir__reply *reply, weir_time_us now) {
    weir_client *client = link->client;
    weir__request *request = flight->request;
    weir__outcome outcome = {WEIR_OK, flight->version, link->broker->id, reply->response, reply, now};
    request->flight = NULL;
    request->active = false;
    throttle(link, flight, reply->response, now);
    weir__flight_free(client, flight);
    request->done(request, &outcome);
}

/* A response that came but could not be decoded for want of memory: as good as lost. */
static void drop_unread(weir__link *link, weir__flight *flight, weir_time_us now) {
    weir__request *request = flight->request;
    weir__trouble(link->client, WEIR_E_NO_MEMORY, link->broker,
                  "there is no memory to decode its response to %s: raise the memory budget", flight->api->name);
    weir__flight_free(link->client, flight);
    weir__request_lost(link->client, request, true, now);
}

bool weir__flight_land(weir__link *link, uint8_t *frame, uint32_t size, weir_time_us now) {
    weir_client *client = link->client;
    weir__reply reply = {frame, size, NULL, 0, NULL};
    weir_in in;
    int32_t correlation;
    weir_err err = WEIR_E_MALFORMED;
    weir__flight *flight =
        weir__list_empty(&link->flights) ? NULL : WEIR__ENTRY(link->flights.next, weir__flight, node);
    weir_in_init(&in, frame, size);
    if (flight != NULL && flight->written)
        err = weir_response_header_decode(&in, flight->api, flight->version, &correlation);
    if (err == WEIR_OK && correlation != flight->correlation)
        err = WEIR_E_MALFORMED;
    if (err == WEIR_OK && flight->request == NULL) {
        weir__list_remove(&flight->node);
        weir__flight_free(client, flight);
        weir__reply_free(client, &reply);
        return true;
    }
    if (err == WEIR_OK)
        err = decode(client, flight, body_version(flight, in), in, &reply);
    if (err == WEIR_OK || err == WEIR_E_NO_MEMORY)
        weir__list_remove(&flight->node);
    if (err == WEIR_OK)
        deliver(link, flight, &reply, now);
    else if (err == WEIR_E_NO_MEMORY)
        drop_unread(link, flight, now);
    weir__reply_free(client, &reply);
    return err == WEIR_OK || err == WEIR_E_NO_MEMORY;
}

weir__reply weir__reply_keep(const weir__outcome *outcome) {
    weir__reply kept = *outcome->reply;
    *outcome->reply = (weir__reply){0};
    return kept;
}

void weir__reply_free(weir_client *client, weir__reply *reply) {
    weir__give(client, reply->frame, reply->frame_size);
    weir__give(client, reply->memory, reply->memory_size);
    *reply = (weir__reply){0};
}

/* ---- throttling ---- */
/* Since KIP-219 (Kafka 2.0) a broker answers first and expects the client to hold back. */
#define THROTTLE_CAP_MS 60000
#define THROTTLED(key, response)                                                                                       \
    { key, (uint16_t)offsetof(response, throttle_time_ms) }

static const struct throttle_row {
    int16_t key;
    uint16_t offset; /* of throttle_time_ms in the response */
} throttle_rows[] = {
    THROTTLED(WEIR_API_PRODUCE, weir_produce_response),
    THROTTLED(WEIR_API_FETCH, weir_fetch_response),
    THROTTLED(WEIR_API_LIST_OFFSETS, weir_list_offsets_response),
    THROTTLED(WEIR_API_METADATA, weir_metadata_response),
    THROTTLED(WEIR_API_OFFSET_COMMIT, weir_offset_commit_response),
    THROTTLED(WEIR_API_OFFSET_FETCH, weir_offset_fetch_response),
    THROTTLED(WEIR_API_FIND_COORDINATOR, weir_find_coordinator_response),
    THROTTLED(WEIR_API_CREATE_TOPICS, weir_create_topics_response),
    THROTTLED(WEIR_API_DELETE_TOPICS, weir_delete_topics_response),
    THROTTLED(WEIR_API_INIT_PRODUCER_ID, weir_init_producer_id_response),
    THROTTLED(WEIR_API_OFFSET_FOR_LEADER_EPOCH, weir_offset_for_leader_epoch_response),
    THROTTLED(WEIR_API_ADD_PARTITIONS_TO_TXN, weir_add_partitions_to_txn_response),
    THROTTLED(WEIR_API_ADD_OFFSETS_TO_TXN, weir_add_offsets_to_txn_response),
    THROTTLED(WEIR_API_END_TXN, weir_end_txn_response),
    THROTTLED(WEIR_API_TXN_OFFSET_COMMIT, weir_txn_offset_commit_response),
    THROTTLED(WEIR_API_DESCRIBE_CONFIGS, weir_describe_configs_response),
    THROTTLED(WEIR_API_DESCRIBE_TRANSACTIONS, weir_describe_transactions_response),
    THROTTLED(WEIR_API_LIST_TRANSACTIONS, weir_list_transactions_response),
};

static void throttle(weir__link *link, const weir__flight *flight, const void *response, weir_time_us now) {
    int32_t ms = 0;
    for (size_t n = 0; n < sizeof throttle_rows / sizeof throttle_rows[0]; n++)
        if (throttle_rows[n].key == flight->api->key)
            memcpy(&ms, (const uint8_t *)response + throttle_rows[n].offset, sizeof ms);
    if (ms > THROTTLE_CAP_MS)
        ms = THROTTLE_CAP_MS;
    if (ms > 0)
        link->throttled_until = now + (weir_time_us)ms * 1000;
}
