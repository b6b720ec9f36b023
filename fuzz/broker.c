#include "broker.h"

#include <stdlib.h>
#include <string.h>

#define MEMORY (1u << 23)
#define ROOM   (1u << 17) /* bytes of requests on a link, and of an answer */

void broker_init(broker *b, const uint8_t *data, size_t size, int32_t sides) {
    weir_fault fault;
    /* Not from malloc: that much memory for each input would be most of the time. */
    static uint8_t requests[BROKER_LINKS][ROOM], answer[ROOM];
    *b = (broker){.input = {data, size}, .now = 1000000, .answer = answer};
    fuzz_budget(&b->budget, MEMORY);
    for (int n = 0; n < BROKER_LINKS; n++)
        b->links[n].in = requests[n];
    weir_config_init(&b->config, sides);
    MUST(weir_config_set(&b->config, "bootstrap.servers", "b0:9000", &fault) == WEIR_OK);
    MUST(weir_client_new(&b->client, &b->config, &b->budget.alloc, 1, &fault) == WEIR_OK);
}

void broker_free(broker *b) {
    weir_client_free(b->client);
    MUST(b->budget.used == 0);
}

/* ---- honest answers ---- */
typedef union responses {
    weir_api_versions_response versions;
    weir_metadata_response metadata;
    weir_list_offsets_response offsets;
    weir_fetch_response fetch;
    uint8_t any[512];
} responses;

static const weir_uuid topic_id = {{7}};

static weir_err versions(broker *b, weir_out *out, const weir_request_header *header, responses *r) {
    static weir_api_versions_response_api_version rows[64];
    static weir_api_versions_response_finalized_feature_key transactions = {.max_version_level = 2};
    const weir_api *api;
    uint8_t below = fuzz_byte(&b->input);
    transactions.name = weir_str_of("transaction.version");
    for (size_t n = 0; (api = weir_api_at(n)) != NULL && n < 64; n++) {
        int max = api->max_version - (api->key != WEIR_API_VERSIONS ? below % 16 : 0);
        max = max > api->min_version ? max : api->min_version;
        rows[n] = (weir_api_versions_response_api_version){api->key, api->min_version, (int16_t)max};
        r->versions.api_keys.count++;
    }
    r->versions.api_keys.items = rows;
    if (below >= 128) {
        r->versions.finalized_features_epoch = 1;
        r->versions.finalized_features.items = &transactions;
        r->versions.finalized_features.count = 1;
    }
    return weir_response_encode(out, weir_api_find(header->api_key), header->api_version, header->correlation_id, r);
}

static weir_err metadata(weir_out *out, const weir_request_header *header, responses *r) {
    weir_metadata_response_broker node = {.node_id = 0, .host = weir_str_of("b0"), .port = 9000};
    weir_metadata_response_partition partition = {.leader_id = 0};
    weir_metadata_response_topic topic = {.name = weir_str_of(BROKER_TOPIC), .topic_id = topic_id};
    topic.topic_authorized_operations = INT32_MIN;
    topic.partitions.items = &partition;
    topic.partitions.count = 1;
    r->metadata.brokers.items = &node;
    r->metadata.topics.items = &topic;
    r->metadata.brokers.count = r->metadata.topics.count = 1;
    r->metadata.controller_id = 0;
    return weir_response_encode(out, weir_api_find(header->api_key), header->api_version, header->correlation_id, r);
}

static weir_err offsets(broker *b, weir_out *out, const weir_request_header *header, responses *r) {
    weir_list_offsets_response_list_offsets_partition_response partition = {.timestamp = -1, .leader_epoch = -1};
    weir_list_offsets_response_list_offsets_topic_response topic = {.name = weir_str_of(BROKER_TOPIC)};
    int64_t offset = fuzz_u16(&b->input);
    partition.offset = header->api_version > 0 ? offset : -1;
    partition.old_style_offsets.items = &offset;
    partition.old_style_offsets.count = header->api_version == 0;
    topic.partitions.items = &partition;
    topic.partitions.count = 1;
    r->offsets.topics.items = &topic;
    r->offsets.topics.count = 1;
    return weir_response_encode(out, weir_api_find(header->api_key), header->api_version, header->correlation_id, r);
}

/* Records of the input's own, with the checksum made right. */
static weir_err fetch(broker *b, weir_out *out, const weir_request_header *header, responses *r) {
    weir_message_init(weir_api_find(WEIR_API_FETCH)->response, r);
    weir_bytes records = fuzz_take(&b->input, fuzz_u16(&b->input));
    uint8_t *copy = fuzz_copy(records);
    weir_fetch_response_aborted_transaction aborted = {fuzz_byte(&b->input), fuzz_byte(&b->input)};
    weir_fetch_response_fetchable_topic_response topic = {.topic_id = topic_id};
    weir_fetch_response_partition_data partition = {.high_watermark = 5000, .last_stable_offset = 5000};
    fuzz_repair_batch(copy, records.len);
    partition.error_code = fuzz_byte(&b->input);
    partition.diverging_epoch.epoch = partition.current_leader.leader_id = partition.current_leader.leader_epoch = -1;
    partition.diverging_epoch.end_offset = partition.snapshot_id.end_offset = partition.snapshot_id.epoch = -1;
    partition.log_start_offset = partition.preferred_read_replica = -1;
    partition.aborted_transactions.items = &aborted;
    partition.aborted_transactions.count = header->api_version >= 4 && aborted.producer_id != 0;
    partition.records = (weir_records){copy, records.len};
    topic.partitions.items = &partition;
    topic.partitions.count = 1;
    if (header->api_version < 13)
        topic.topic = weir_str_of(BROKER_TOPIC);
    r->fetch.responses.items = &topic;
    r->fetch.responses.count = 1;
    weir_err err =
        weir_response_encode(out, weir_api_find(header->api_key), header->api_version, header->correlation_id, r);
    free(copy);
    return err;
}

/* Writes an answer that serves the client as a real one would; of other APIs it is a message of defaults. */
static weir_err honest(broker *b, weir_out *out, const weir_request_header *header, weir_bytes body) {
    const weir_api *api = weir_api_find(header->api_key);
    responses r;
    MUST(weir_message_sizeof(api->response) <= sizeof r);
    weir_message_init(api->response, &r);
    switch (header->api_key) {
    case WEIR_API_VERSIONS:
        return versions(b, out, header, &r);
    case WEIR_API_METADATA:
        return metadata(out, header, &r);
    case WEIR_API_LIST_OFFSETS:
        return offsets(b, out, header, &r);
    case WEIR_API_FETCH:
        return fetch(b, out, header, &r);
    default:
        broker_answer_txn(b, header, body, &r);
        return weir_response_encode(out, api, header->api_version, header->correlation_id, &r);
    }
}

/* ---- the wire ---- */
static void lose(broker *b, uint32_t n) {
    b->links[n].open = false;
    b->links[n].in_len = 0;
    weir_client_closed(b->client, n, "connection reset by peer", b->now);
}

/* Opens and closes links as the client asks. */
static void serve_links(broker *b) {
    weir_io io;
    while (weir_client_next_io(b->client, &io)) {
        broker_link *link = &b->links[io.link];
        MUST(io.link < BROKER_LINKS && link->open == (io.kind == WEIR_IO_CLOSE));
        link->open = io.kind == WEIR_IO_OPEN;
        link->in_len = 0;
        link->opens++;
        if (link->open)
            weir_client_opened(b->client, io.link, NULL, b->now);
    }
}

static void deliver(broker *b, uint32_t n, const uint8_t *bytes, size_t len) {
    uint8_t *space;
    uint32_t opens = b->links[n].opens;
    while (len > 0 && b->links[n].open && b->links[n].opens == opens) {
        size_t room = weir_client_recv_space(b->client, n, &space);
        size_t part = room < len ? room : len;
        if (part == 0)
            return;
        memcpy(space, bytes, part);
        weir_client_received(b->client, n, part, b->now);
        bytes += part;
        len -= part;
        serve_links(b);
    }
}

/* Takes the first request off a link; false when there is none. `*body` stays valid until the next one is taken. */
static bool take_request(broker_link *link, weir_request_header *header, weir_bytes *body) {
    static uint8_t taken[ROOM];
    weir_in in;
    weir_in_init(&in, link->in, link->in_len);
    size_t size = weir_in_u32(&in);
    if (in.error != WEIR_OK || size > weir_in_left(&in))
        return false;
    memcpy(taken, link->in + 4, size);
    weir_in_init(&in, taken, size);
    MUST(weir_request_header_decode(&in, header) == WEIR_OK);
    *body = (weir_bytes){in.p, (uint32_t)weir_in_left(&in)};
    link->in_len -= 4 + size;
    memmove(link->in, link->in + 4 + size, link->in_len);
    return true;
}

/* What can become of a request, or of a link. */
enum {
    HONEST,
    HONEST_TOO, /* the likeliest */
    DAMAGED,
    CUT,
    OWN_BODY,
    STRAY,
    LOST,
    LATER
};

static void answer(broker *b, uint32_t n, int how) {
    weir_request_header header;
    weir_bytes asked;
    weir_out out;
    if (!take_request(&b->links[n], &header, &asked))
        return;
    weir_out_init(&out, b->answer, ROOM);
    if (how == OWN_BODY) {
        const weir_api *api = weir_api_find(header.api_key);
        weir_bytes body = fuzz_take(&b->input, fuzz_u16(&b->input));
        bool tags = header.api_key != WEIR_API_VERSIONS && header.api_version >= api->flexible_version;
        weir_out_u32(&out, 4 + tags + body.len);
        weir_out_i32(&out, header.correlation_id);
        weir_out_bytes(&out, "", tags);
        weir_out_bytes(&out, body.p, body.len);
    } else {
        MUST(honest(b, &out, &header, asked) == WEIR_OK);
    }
    size_t len = out.total;
    if (how == DAMAGED)
        b->answer[fuzz_u16(&b->input) % len] ^= fuzz_byte(&b->input);
    deliver(b, n, b->answer, how == CUT ? fuzz_u16(&b->input) % len : len);
}

static void serve(broker *b) {
    weir_bytes slices[8];
    serve_links(b);
    for (uint32_t n = 0; n < BROKER_LINKS; n++) {
        broker_link *link = &b->links[n];
        size_t count, bytes = 0;
        if (!link->open || (count = weir_client_send_slices(b->client, n, slices, 8)) == 0)
            continue;
        for (size_t i = 0; i < count; i++) {
            MUST(slices[i].len <= ROOM - link->in_len);
            memcpy(link->in + link->in_len, slices[i].p, slices[i].len);
            link->in_len += slices[i].len;
            bytes += slices[i].len;
        }
        weir_client_sent(b->client, n, bytes, b->now);
    }
}

/* The n-th link that is open, counted round; BROKER_LINKS when none is. */
static uint32_t open_link(const broker *b, uint32_t n) {
    for (uint32_t i = 0; i < BROKER_LINKS; i++)
        if (b->links[(n + i) % BROKER_LINKS].open && b->links[(n + i) % BROKER_LINKS].in_len > 0)
            return (n + i) % BROKER_LINKS;
    return BROKER_LINKS;
}

bool broker_step(broker *b) {
    b->now += 1000;
    weir_client_tick(b->client, b->now);
    serve(b);
    if (b->input.left == 0)
        return false;
    uint8_t what = fuzz_byte(&b->input);
    uint32_t n = open_link(b, what >> 4);
    if (what % 8 == LATER || n == BROKER_LINKS) {
        b->now += (weir_time_us)1000 << what / 16;
    } else if (what % 8 == LOST) {
        lose(b, n);
    } else if (what % 8 == STRAY) {
        weir_bytes bytes = fuzz_take(&b->input, fuzz_byte(&b->input));
        deliver(b, n, bytes.p, bytes.len);
    } else {
        answer(b, n, what % 8);
    }
    return true;
}
