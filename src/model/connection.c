/* Connections: bytes in, frames, one request at a time in order, bytes out. */
#include <string.h>

#include <weir/proto.h>

#include "cluster.h"
#include "handlers.h"
#include "record_wire.h"

#define FRAME_MAX     ((size_t)104857600) /* socket.request.max.bytes */
#define SCRATCH_FIRST ((size_t)16384)
#define OUT_FIRST     ((size_t)512)

typedef struct buffer {
    uint8_t *bytes;
    size_t at, len, cap; /* what is in use lies in [at, len) */
} buffer;

struct weir__connection {
    bool open, closing;
    int32_t broker;
    buffer in, out;
    size_t hidden;      /* bytes at the end of `out` that are not to be seen before `pause` is over */
    weir_time_us pause; /* no request is taken before; WEIR_NEVER - 1 at most */
    /* The request at the head of `in`, when it was looked at before. */
    bool judged, again;
    weir__model_mischief deed;
    int64_t throttle_us; /* what its answer will ask for, and the connection will be muted for */
    /* When what was produced and fetched so far would have come at the rate of the quota. */
    weir_time_us produced_until, fetched_until;
    weir_time_us due;  /* when it is to be asked again at the latest */
    uint64_t asked_at; /* the model's changes at that time */
};

static bool buffer_room(weir__model *model, buffer *b, size_t more, size_t first) {
    if (b->at > 0 && (b->at == b->len || b->len + more > b->cap)) {
        memmove(b->bytes, b->bytes + b->at, b->len - b->at);
        b->len -= b->at;
        b->at = 0;
    }
    if (b->len + more <= b->cap)
        return true;
    size_t cap = b->cap > 0 ? b->cap : first;
    while (cap < b->len + more)
        cap *= 2;
    uint8_t *bytes = weir__model_take(model, cap);
    if (bytes == NULL)
        return false;
    if (b->len > 0)
        memcpy(bytes, b->bytes, b->len);
    weir__model_give(model, b->bytes, b->cap);
    b->bytes = bytes;
    b->cap = cap;
    return true;
}

static void buffer_free(weir__model *model, buffer *b) {
    weir__model_give(model, b->bytes, b->cap);
    *b = (buffer){0};
}

/* ---- the host's side ---- */
static weir__connection *reset(weir__connection *connection, int32_t broker) {
    connection->open = true;
    connection->closing = connection->judged = connection->again = false;
    connection->broker = broker;
    connection->in.at = connection->in.len = connection->out.at = connection->out.len = connection->hidden = 0;
    connection->pause = INT64_MIN;
    connection->produced_until = connection->fetched_until = INT64_MIN;
    connection->due = WEIR_NEVER;
    return connection;
}

int32_t weir__model_connect(weir__model *model, int32_t broker) {
    if (!weir__broker_up(model, broker))
        return -1;
    for (size_t n = 0; n < model->connection_count; n++)
        if (!model->connections[n]->open) {
            reset(model->connections[n], broker);
            return (int32_t)n;
        }
    if (!weir__grow(model, (void **)&model->connections, &model->connection_cap, model->connection_count,
                    sizeof *model->connections))
        return -1;
    weir__connection *connection = weir__model_take(model, sizeof *connection);
    if (connection == NULL)
        return -1;
    memset(connection, 0, sizeof *connection);
    model->connections[model->connection_count] = reset(connection, broker);
    return (int32_t)model->connection_count++;
}

void weir__model_disconnect(weir__model *model, int32_t number) {
    weir__connection *connection = model->connections[number];
    connection->open = false;
    buffer_free(model, &connection->in);
    buffer_free(model, &connection->out);
}

void weir__connection_free(weir__model *model, weir__connection *connection) {
    buffer_free(model, &connection->in);
    buffer_free(model, &connection->out);
    weir__model_give(model, connection, sizeof *connection);
}

weir_bytes weir__model_output(const weir__model *model, int32_t number) {
    const weir__connection *connection = model->connections[number];
    const buffer *out = &connection->out;
    return (weir_bytes){out->bytes == NULL ? NULL : out->bytes + out->at,
                        (uint32_t)(out->len - out->at - connection->hidden)};
}

void weir__model_sent(weir__model *model, int32_t number, size_t bytes) {
    model->connections[number]->out.at += bytes;
}

bool weir__model_closing(const weir__model *model, int32_t number) {
    return model->connections[number]->closing;
}

bool weir__model_busy(const weir__model *model, int32_t number) {
    const weir__connection *connection = model->connections[number];
    return connection->in.at < connection->in.len || connection->hidden > 0;
}

void weir__connections_close(weir__model *model, int32_t broker) {
    for (size_t n = 0; n < model->connection_count; n++)
        if (model->connections[n]->open && model->connections[n]->broker == broker)
            model->connections[n]->closing = true;
}

/* ---- a request ---- */
typedef enum outcome {
    NEXT, /* the next request may be taken */
    STOP  /* not now, or never again */
} outcome;

static outcome close_it(weir__connection *connection) {
    connection->closing = true;
    return STOP;
}

/* The request that is being handled: decoded, with its response at its defaults. */
typedef struct work {
    const weir_api *api;
    const weir__service *service;
    weir__exchange e;
    weir_arena arena;
} work;

static bool scratch_grow(weir__model *model) {
    size_t size = model->scratch_size > 0 ? 2 * model->scratch_size : SCRATCH_FIRST;
    uint8_t *scratch = weir__model_take(model, size);
    if (scratch == NULL)
        return false;
    weir__model_give(model, model->scratch, model->scratch_size);
    model->scratch = scratch;
    model->scratch_size = size;
    return true;
}

/* Decodes the frame into the model's scratch memory. WEIR_E_NO_MEMORY: that is too small. */
static weir_err decode(weir__model *model, const uint8_t *frame, size_t size, work *w) {
    weir_in in;
    weir_in_init(&in, frame, size);
    weir_arena_init(&w->arena, model->scratch, model->scratch_size);
    weir_err err = weir_request_header_decode(&in, &w->e.header);
    if (err != WEIR_OK)
        return err;
    w->api = weir_api_find(w->e.header.api_key);
    w->service = weir__service_find(w->e.header.api_key);
    if (w->api == NULL || w->service == NULL)
        return WEIR_E_VERSION;
    if (!weir__service_has(model, w->service, w->e.header.api_version)) {
        if (w->api->key != WEIR_API_VERSIONS)
            return WEIR_E_VERSION;
        w->e.header.api_version = 0;
        w->e.request = NULL; /* a version of the future: it cannot be read, and need not be */
    } else {
        void *request = weir_arena_take(&w->arena, weir_message_sizeof(w->api->request));
        if (request == NULL)
            return WEIR_E_NO_MEMORY;
        err = weir_message_decode(w->api->request, w->e.header.api_version, &in, &w->arena, request);
        if (err != WEIR_OK)
            return err;
        w->e.request = request;
    }
    w->e.response = weir_arena_take(&w->arena, weir_message_sizeof(w->api->response));
    if (w->e.response == NULL)
        return WEIR_E_NO_MEMORY;
    weir_message_init(w->api->response, w->e.response);
    w->e.arena = &w->arena;
    return WEIR_OK;
}

/* ---- quotas ---- */
#define QUOTA_BURST_US 1000000 /* so much may come at once; Kafka's default is a window of 11 samples of a second */

static void quota_charge(weir_time_us *until, int64_t rate, size_t bytes, weir_time_us now) {
    if (rate <= 0)
        return;
    if (*until < now)
        *until = now;
    *until += (int64_t)bytes * 1000000 / rate;
}

static int64_t quota_excess(weir_time_us until, weir_time_us now) {
    return until > now + QUOTA_BURST_US ? until - now - QUOTA_BURST_US : 0;
}

/* As Kafka: what was produced counts and is answered with the time to wait; a fetch after too much was fetched gets
   nothing but that time. */
static void quota_judge(const weir__model *model, weir__connection *connection, const work *w, size_t frame_size) {
    connection->throttle_us = connection->deed.deed == WEIR__MODEL_THROTTLE ? connection->deed.delay_us : 0;
    int64_t excess = 0;
    if (w->api->key == WEIR_API_PRODUCE) {
        quota_charge(&connection->produced_until, model->config.producer_byte_rate, frame_size, w->e.now);
        excess = quota_excess(connection->produced_until, w->e.now);
    } else if (w->api->key == WEIR_API_FETCH) {
        excess = quota_excess(connection->fetched_until, w->e.now);
    }
    if (excess > connection->throttle_us)
        connection->throttle_us = excess;
}

/* Asks the judge what is to become of a request, once. */
static void judge(weir__model *model, weir__connection *connection, const work *w, size_t frame_size) {
    weir__model_request request = {w->e.broker, w->e.connection, w->e.header, w->e.request};
    connection->judged = true;
    connection->deed = (weir__model_mischief){WEIR__MODEL_HONEST, 0, 0};
    if (model->judge != NULL && w->e.request != NULL)
        connection->deed = model->judge(model->judge_user, &request);
    if (connection->deed.deed == WEIR__MODEL_DELAY)
        connection->pause = w->e.now + connection->deed.delay_us;
    quota_judge(model, connection, w, frame_size);
}

/* Lets the request take effect, as far as its deed allows. */
static weir__handled handle(weir__connection *connection, work *w) {
    const weir__model_mischief *deed = &connection->deed;
    if (deed->deed == WEIR__MODEL_DROP)
        return WEIR__CLOSED;
    if (deed->deed == WEIR__MODEL_REFUSE)
        return weir__refuse(&w->e, deed->code) ? WEIR__ANSWERED : WEIR__NO_ROOM;
    w->e.throttle_ms = (int32_t)((connection->throttle_us + 999) / 1000);
    size_t used = w->arena.used;
    weir__handled handled = w->service->serve(&w->e);
    if (handled != WEIR__ANSWERED || deed->deed != WEIR__MODEL_REFUSE_DONE)
        return handled;
    /* It has taken effect. What it was answered gives way to the refusal, in the same memory. */
    w->arena.used = used;
    weir_message_init(w->api->response, w->e.response);
    return weir__refuse(&w->e, deed->code) ? WEIR__ANSWERED : WEIR__CLOSED;
}

/* Writes the answer. False: no memory, the connection is to be closed. */
static bool answer(weir__model *model, weir__connection *connection, const work *w) {
    buffer *out = &connection->out;
    if (w->e.throttle_ms > 0 && w->service->throttle_at != SIZE_MAX)
        memcpy((uint8_t *)w->e.response + w->service->throttle_at, &w->e.throttle_ms, sizeof w->e.throttle_ms);
    for (size_t more = OUT_FIRST;;) {
        weir_out to;
        if (!buffer_room(model, out, more, OUT_FIRST))
            return false;
        weir_out_init(&to, out->bytes + out->len, out->cap - out->len);
        weir_err err =
            weir_response_encode(&to, w->api, w->e.header.api_version, w->e.header.correlation_id, w->e.response);
        if (err == WEIR_OK) {
            out->len += to.total;
            if (w->api->key == WEIR_API_FETCH && w->e.throttle_ms == 0)
                quota_charge(&connection->fetched_until, model->config.consumer_byte_rate, to.total, w->e.now);
            if (connection->deed.deed == WEIR__MODEL_DELAY_ANSWER)
                connection->hidden = to.total;
            return true;
        }
        if (err != WEIR_E_NO_MEMORY)
            return false;
        weir_out_init(&to, NULL, 0);
        weir_response_encode(&to, w->api, w->e.header.api_version, w->e.header.correlation_id, w->e.response);
        more = to.total;
    }
}

/* What follows from how the request was handled. */
static outcome conclude(weir__model *model, weir__connection *connection, const work *w, weir__handled handled,
                        size_t frame_size) {
    const weir__model_mischief *deed = &connection->deed;
    if (handled == WEIR__HELD) {
        connection->again = true;
        connection->asked_at = model->changes;
        return STOP;
    }
    connection->in.at += frame_size;
    connection->judged = connection->again = false;
    if (handled == WEIR__CLOSED || deed->deed == WEIR__MODEL_DROP_DONE)
        return close_it(connection);
    if (handled == WEIR__ANSWERED && !answer(model, connection, w))
        return close_it(connection);
    if (deed->deed == WEIR__MODEL_DELAY_ANSWER)
        connection->pause = w->e.now + deed->delay_us;
    if (connection->throttle_us > 0 && connection->pause < w->e.now + connection->throttle_us)
        connection->pause = w->e.now + connection->throttle_us;
    return NEXT;
}

/* Takes the request at the head of the connection, as often as the scratch memory turns out too small. */
static outcome take(weir__model *model, int32_t number, size_t frame_size, weir_time_us now) {
    weir__connection *connection = model->connections[number];
    if (!connection->again)
        connection->due = WEIR_NEVER;
    for (;;) {
        work w = {.e = {.model = model,
                        .broker = connection->broker,
                        .connection = number,
                        .now = now,
                        .due = &connection->due,
                        .again = connection->again}};
        weir__handled handled = WEIR__NO_ROOM;
        weir_err err = model->scratch == NULL
                           ? WEIR_E_NO_MEMORY
                           : decode(model, connection->in.bytes + connection->in.at + 4, frame_size - 4, &w);
        if (err == WEIR_OK) {
            if (!connection->judged)
                judge(model, connection, &w, frame_size);
            if (connection->pause > now)
                return STOP;
            handled = handle(connection, &w);
        } else if (err != WEIR_E_NO_MEMORY) {
            return close_it(connection);
        }
        if (handled != WEIR__NO_ROOM)
            return conclude(model, connection, &w, handled, frame_size);
        if (!scratch_grow(model))
            return close_it(connection);
    }
}

/* Takes what can be taken; true when something was. */
static bool run(weir__model *model, int32_t number, weir_time_us now) {
    weir__connection *connection = model->connections[number];
    bool taken = false;
    if (connection->pause <= now)
        connection->hidden = 0;
    while (connection->open && !connection->closing && connection->pause <= now) {
        const buffer *in = &connection->in;
        size_t left = in->len - in->at;
        if (left < 4)
            break;
        size_t size = weir__get32(in->bytes + in->at);
        if (size > FRAME_MAX) {
            close_it(connection);
            break;
        }
        if (left - 4 < size)
            break;
        if (connection->again && connection->asked_at == model->changes && connection->due > now)
            break;
        if (take(model, number, 4 + size, now) == STOP)
            break;
        taken = true;
    }
    return taken;
}

void weir__model_receive(weir__model *model, int32_t number, weir_bytes bytes, weir_time_us now) {
    weir__connection *connection = model->connections[number];
    uint64_t before = model->changes;
    if (connection->closing || bytes.len == 0)
        return;
    if (!buffer_room(model, &connection->in, bytes.len, OUT_FIRST)) {
        close_it(connection);
        return;
    }
    memcpy(connection->in.bytes + connection->in.len, bytes.p, bytes.len);
    connection->in.len += bytes.len;
    run(model, number, now);
    if (model->changes != before)
        weir__connections_run(model, now);
}

void weir__connections_run(weir__model *model, weir_time_us now) {
    uint64_t before;
    do {
        before = model->changes;
        for (size_t n = 0; n < model->connection_count; n++)
            run(model, (int32_t)n, now);
    } while (model->changes != before);
}

/* When something is to be done about a connection without more bytes coming. */
static weir_time_us deadline(const weir__connection *connection) {
    const buffer *in = &connection->in;
    size_t left = in->len - in->at;
    if (!connection->open || connection->closing)
        return WEIR_NEVER;
    if (connection->again)
        return connection->due;
    bool whole = left >= 4 && left - 4 >= weir__get32(in->bytes + in->at);
    return whole || connection->hidden > 0 ? connection->pause : WEIR_NEVER;
}

weir_time_us weir__connections_deadline(const weir__model *model) {
    weir_time_us next = WEIR_NEVER;
    for (size_t n = 0; n < model->connection_count; n++) {
        weir_time_us at = deadline(model->connections[n]);
        next = at < next ? at : next;
    }
    return next;
}
