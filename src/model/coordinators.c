/* Which broker coordinates which group and which transactional id. */
#include "txn.h"

#include "answer.h"
#include "text.h"

/* The code point of the UTF-8 character of `len` bytes at p. */
static uint32_t code_point(const char *p, unsigned len) {
    static const uint8_t masks[5] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    uint32_t c = (uint8_t)p[0] & masks[len];
    for (unsigned n = 1; n < len; n++)
        c = c << 6 | ((uint8_t)p[n] & 0x3f);
    return c;
}

/* Java's String.hashCode: over UTF-16 units. What is not UTF-8 counts as U+FFFD, as Java reads it. */
static uint32_t java_hash(weir_str text) {
    uint32_t hash = 0;
    while (text.len > 0) {
        unsigned len = weir__utf8_next(text);
        uint32_t c = len > 0 ? code_point(text.p, len) : 0xfffd;
        if (c > 0xffff) {
            hash = 31 * hash + (0xd800 + ((c - 0x10000) >> 10));
            c = 0xdc00 + ((c - 0x10000) & 0x3ff);
        }
        hash = 31 * hash + c;
        text.p += len > 0 ? len : 1;
        text.len -= len > 0 ? len : 1;
    }
    return hash;
}

int32_t weir__key_partition(const weir__model *model, weir_str key) {
    uint32_t hash = java_hash(key);
    if (hash > INT32_MAX)
        hash = 0 - hash; /* as Java negates */
    if (hash > INT32_MAX)
        hash = 0; /* Kafka's abs of the one number without an opposite */
    return (int32_t)(hash % (uint32_t)model->config.coordinators);
}

weir__seat *weir__seat_of(const weir__model *model, bool transactions, weir_str key) {
    return &model->txns->seats[transactions][weir__key_partition(model, key)];
}

int32_t weir__coordinator_of(const weir__model *model, bool transactions, weir_str key) {
    return weir__seat_of(model, transactions, key)->broker;
}

bool weir__coordinator_loading(const weir__model *model, bool transactions, weir_str key, weir_time_us now) {
    return now < weir__seat_of(model, transactions, key)->loading_until;
}

int16_t weir__seat_check(const weir__model *model, bool transactions, weir_str key, int32_t broker, weir_time_us now) {
    const weir__seat *seat = weir__seat_of(model, transactions, key);
    if (seat->broker != broker)
        return WEIR_CODE_NOT_COORDINATOR;
    return now < seat->loading_until ? WEIR_CODE_COORDINATOR_LOAD_IN_PROGRESS : WEIR_CODE_NONE;
}

/* Calls for the seats of both topics at a partition. */
static void seat_move(weir__seat *seat, int32_t broker, weir_time_us loading_until) {
    seat->broker = broker;
    seat->epoch++;
    seat->loading_until = loading_until;
}

void weir__model_move_coordinators(weir__model *model, int32_t partition, int32_t broker, int64_t loading_us,
                                   weir_time_us now) {
    if (partition < 0 || partition >= model->config.coordinators || !weir__broker_up(model, broker))
        return;
    for (int kind = 0; kind < 2; kind++)
        seat_move(&model->txns->seats[kind][partition], broker, now + loading_us);
    weir__model_changed(model);
}

void weir__coordinators_leave(weir__model *model, int32_t broker, weir_time_us now) {
    (void)now;
    for (int kind = 0; kind < 2; kind++)
        for (int32_t n = 0; n < model->config.coordinators; n++)
            if (model->txns->seats[kind][n].broker == broker)
                model->txns->seats[kind][n].broker = -1;
    weir__model_changed(model);
}

void weir__coordinators_move(weir__model *model, weir_time_us now) {
    for (int kind = 0; kind < 2; kind++) {
        for (int32_t n = 0; n < model->config.coordinators; n++) {
            int32_t broker = weir__broker_from(model, (n + !kind) % model->config.brokers);
            if (model->txns->seats[kind][n].broker == -1 && broker != -1)
                seat_move(&model->txns->seats[kind][n], broker, now);
        }
    }
    weir__model_changed(model);
}

typedef weir_find_coordinator_response_coordinator place;

/* Says where the coordinator of a key is. */
static void locate(const weir__exchange *e, int8_t key_type, weir_str key, place *to) {
    to->key = key;
    to->host = to->error_message = WEIR__NO_TEXT;
    to->node_id = to->port = -1;
    if (key_type != 0 && key_type != 1) {
        to->error_code = WEIR_CODE_INVALID_REQUEST;
        return;
    }
    int32_t broker = weir__coordinator_of(e->model, key_type == 1, key);
    if (broker == -1) {
        to->error_code = WEIR_CODE_COORDINATOR_NOT_AVAILABLE;
        return;
    }
    to->node_id = broker;
    to->host = weir__host(e->model);
    to->port = weir__port(e->model, broker);
}

weir__handled weir__serve_find_coordinator(weir__exchange *e) {
    const weir_find_coordinator_request *in = e->request;
    weir_find_coordinator_response *out = e->response;
    if (e->header.api_version >= 4) {
        if (!WEIR__ANSWER_ARRAY(e, out->coordinators, in->coordinator_keys.count))
            return WEIR__NO_ROOM;
        for (int32_t n = 0; n < out->coordinators.count; n++)
            locate(e, in->key_type, in->coordinator_keys.items[n], &out->coordinators.items[n]);
        return WEIR__ANSWERED;
    }
    place found = {0};
    locate(e, in->key_type, in->key, &found);
    out->error_code = found.error_code;
    out->error_message = weir_str_of(found.error_code == WEIR_CODE_NONE ? "NONE" : weir_code_text(found.error_code));
    out->node_id = found.node_id;
    out->host = found.host;
    out->port = found.port;
    return WEIR__ANSWERED;
}
