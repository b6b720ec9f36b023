#include "tap.h"

#include <stdlib.h>
#include <string.h>

#include "world.h"

void tap_reset(sim_tap *t) {
    for (int32_t n = 0; n < t->used_count; n++)
        t->batches[t->used[n]].used = false;
    t->used_count = t->producer_count = 0;
    memset(t->second, 0, sizeof t->second);
    memset(t->requests, 0, sizeof t->requests);
}

void tap_wire_open(sim_tap_wire *t) {
    t->up.len = t->down.len = 0;
    t->sent = t->answered = 0;
}

void tap_wire_free(sim_tap_wire *t) {
    free(t->up.bytes);
    free(t->down.bytes);
    memset(t, 0, sizeof *t);
}

int16_t tap_last_api(const sim_tap_wire *t) {
    return t->sent > 0 ? t->flights[(t->sent - 1) % TAP_FLIGHTS].api : -1;
}

/* ---- frames ---- */
static void frame_add(sim_tap_frame *f, const uint8_t *bytes, size_t len) {
    if (f->len + len > f->room) {
        f->room = 2 * (f->len + len);
        f->bytes = realloc(f->bytes, f->room);
        if (f->bytes == NULL)
            abort();
    }
    memcpy(f->bytes + f->len, bytes, len);
    f->len += len;
}

/* The first whole frame without its size; false: there is none yet. */
static bool frame_first(const sim_tap_frame *f, weir_bytes *frame) {
    if (f->len < 4)
        return false;
    const uint8_t *b = f->bytes;
    uint32_t size = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
    *frame = (weir_bytes){b + 4, size};
    return f->len - 4 >= size;
}

static void frame_drop(sim_tap_frame *f, uint32_t size) {
    f->len -= 4 + size;
    memmove(f->bytes, f->bytes + 4 + size, f->len);
}

/* ---- what is remembered ---- */
static sim_tap_batch *batch_at(sim_tap *t, int64_t producer_id, int16_t epoch, int32_t partition, int32_t sequence) {
    uint64_t h = (uint64_t)producer_id * 31 + (uint64_t)(uint16_t)epoch;
    h = (h * 31 + (uint64_t)partition) * 1000003 + (uint64_t)(uint32_t)sequence;
    h *= UINT64_C(0x9e3779b97f4a7c15);
    for (size_t n = (size_t)(h >> 51);; n = (n + 1) % TAP_BATCHES) {
        sim_tap_batch *b = &t->batches[n];
        bool same =
            b->producer_id == producer_id && b->epoch == epoch && b->partition == partition && b->sequence == sequence;
        if (!b->used || same)
            return b;
    }
}

static sim_tap_producer *producer_at(sim_tap *t, int64_t producer_id, int16_t epoch) {
    int32_t count = t->producer_count < TAP_IDS ? t->producer_count : TAP_IDS;
    for (int32_t n = 0; n < count; n++)
        if (t->producers[n].producer_id == producer_id && t->producers[n].epoch == epoch)
            return &t->producers[n];
    sim_tap_producer *p = &t->producers[t->producer_count++ % TAP_IDS];
    *p = (sim_tap_producer){.producer_id = producer_id, .epoch = epoch};
    return p;
}

/* ---- requests ---- */
static void saw_batch(sim_world *w, sim_wire *wire, sim_tap_flight *flight, int32_t partition, weir_records records) {
    sim_tap *t = &w->tap;
    weir_batch_header header;
    if (weir_batch_open(records, &header) != WEIR_OK) {
        world_violate(w, 5, "a batch that was sent is malformed");
        return;
    }
    sim_tap_producer *producer = producer_at(t, header.producer_id, header.producer_epoch);
    if (producer->prepared)
        world_violate(w, 6, "Produce by producer %lld epoch %d after its transaction was prepared",
                      (long long)header.producer_id, header.producer_epoch);
    if (t->used_count >= TAP_BATCHES * 3 / 4)
        return;
    sim_tap_batch *batch = batch_at(t, header.producer_id, header.producer_epoch, partition, header.base_sequence);
    uint32_t crc = weir_crc32c(0, records.p, records.len);
    if (!batch->used) {
        if (header.base_sequence != 0 && !batch_at(t, header.producer_id, header.producer_epoch, partition, 0)->used)
            world_violate(w, 5, "producer %lld epoch %d begins partition %d with sequence %d",
                          (long long)header.producer_id, header.producer_epoch, partition, header.base_sequence);
        *batch = (sim_tap_batch){
            true,        false, header.producer_epoch, partition, header.base_sequence, header.producer_id,
            records.len, crc,   wire->process};
        t->used[t->used_count++] = (int32_t)(batch - t->batches);
    } else if (batch->size != records.len || batch->crc != crc) {
        world_violate(w, 5, "producer %lld epoch %d partition %d sequence %d was sent with two payloads",
                      (long long)header.producer_id, header.producer_epoch, partition, header.base_sequence);
    }
    if (flight->batch_count < 16)
        flight->batches[flight->batch_count++] = (int32_t)(batch - t->batches);
}

static void saw_produce(sim_world *w, sim_wire *wire, sim_tap_flight *flight, const weir_produce_request *request) {
    for (int32_t n = 0; n < request->topic_data.count; n++) {
        const weir_produce_request_topic_produce_data *topic = &request->topic_data.items[n];
        for (int32_t i = 0; i < topic->partition_data.count; i++) {
            const weir_produce_request_partition_produce_data *partition = &topic->partition_data.items[i];
            saw_batch(w, wire, flight, partition->index, partition->records);
        }
    }
}

/* Everything that the producer has sent must have been acknowledged: what is not may still be written afterwards. */
static void all_acknowledged(sim_world *w, int64_t producer_id, int16_t epoch, int32_t process, const char *what) {
    const sim_tap *t = &w->tap;
    for (int32_t n = t->used_count; n-- > 0;) {
        const sim_tap_batch *batch = &t->batches[t->used[n]];
        if (batch->producer_id == producer_id && batch->epoch == epoch && batch->process == process &&
            !batch->acknowledged)
            world_violate(w, 6, "%s of producer %lld epoch %d while sequence %d of partition %d is undetermined", what,
                          (long long)producer_id, epoch, batch->sequence, batch->partition);
    }
}

/* A checkpoint that survives any loss of power must hold the transaction. */
static bool durable(const sim_world *w, int32_t machine, int64_t producer_id, int16_t epoch) {
    static const char *const names[] = {"checkpoint.a", "checkpoint.b"};
    for (int n = 0; n < 2; n++) {
        weir__checkpoint checkpoint;
        weir_committable committables[4];
        const char *why;
        size_t count = 0;
        weir_bytes bytes = disk_certain(&w->machines[machine], names[n]);
        if (bytes.len == 0 || weir__checkpoint_decode(bytes, &checkpoint, &why) != WEIR_OK ||
            weir_committables_count(checkpoint.committables, &count) != WEIR_OK || count > 4 ||
            weir_committables_decode(checkpoint.committables, committables) != WEIR_OK)
            continue;
        for (size_t i = 0; i < count; i++)
            if (committables[i].producer_id == producer_id && committables[i].producer_epoch == epoch)
                return true;
    }
    return false;
}

static void saw_end(sim_world *w, sim_wire *wire, const weir_end_txn_request *request) {
    sim_tap_producer *producer = producer_at(&w->tap, request->producer_id, request->producer_epoch);
    const sim_process *p = &w->processes[wire->process];
    producer->prepared = false;
    producer->ended = true;
    if (!request->committed) {
        world_violate(w, 6, "EndTxn(abort) was sent");
        return;
    }
    all_acknowledged(w, request->producer_id, request->producer_epoch, wire->process, "EndTxn(commit)");
    if (!durable(w, p->machine, request->producer_id, request->producer_epoch))
        world_violate(w, 7, "EndTxn(commit) of producer %lld epoch %d, which no durable checkpoint holds",
                      (long long)request->producer_id, request->producer_epoch);
}

static void saw_offsets(sim_world *w, sim_wire *wire, const weir_txn_offset_commit_request *request) {
    all_acknowledged(w, request->producer_id, request->producer_epoch, wire->process, "TxnOffsetCommit");
    producer_at(&w->tap, request->producer_id, request->producer_epoch)->prepared = true;
}

static void count_request(sim_world *w, int32_t process) {
    sim_tap *t = &w->tap;
    if (w->now - t->second[process] >= 1000000) {
        t->second[process] = w->now;
        t->requests[process] = 0;
    }
    if (++t->requests[process] > TAP_STORM)
        world_violate(w, 12, "more than %d requests in a second", TAP_STORM);
}

static void saw_request(sim_world *w, sim_wire *wire, weir_bytes frame) {
    static uint64_t memory[8192], message[64];
    weir_request_header header;
    weir_arena arena;
    weir_in in;
    weir_in_init(&in, frame.p, frame.len);
    weir_arena_init(&arena, memory, sizeof memory);
    if (weir_request_header_decode(&in, &header) != WEIR_OK) {
        world_violate(w, 12, "a request with a malformed header was sent");
        return;
    }
    count_request(w, wire->process);
    world_say(w, "process %d sends %s %d", w->processes[wire->process].number, weir_api_name(header.api_key),
              header.correlation_id);
    sim_tap_flight *flight = &wire->tap.flights[wire->tap.sent++ % TAP_FLIGHTS];
    *flight = (sim_tap_flight){.api = header.api_key, .version = header.api_version};
    bool looked_at = header.api_key == WEIR_API_PRODUCE || header.api_key == WEIR_API_END_TXN ||
                     header.api_key == WEIR_API_TXN_OFFSET_COMMIT;
    if (!looked_at)
        return;
    const weir_api *api = weir_api_find(header.api_key);
    if (weir_message_decode(api->request, header.api_version, &in, &arena, message) != WEIR_OK) {
        world_violate(w, 12, "a malformed %s request was sent", api->name);
        return;
    }
    const void *request = message;
    if (header.api_key == WEIR_API_PRODUCE)
        saw_produce(w, wire, flight, request);
    else if (header.api_key == WEIR_API_END_TXN)
        saw_end(w, wire, request);
    else
        saw_offsets(w, wire, request);
}

void tap_sent(sim_world *w, sim_wire *wire, const uint8_t *bytes, size_t len) {
    weir_bytes frame;
    frame_add(&wire->tap.up, bytes, len);
    while (frame_first(&wire->tap.up, &frame)) {
        saw_request(w, wire, frame);
        frame_drop(&wire->tap.up, frame.len);
    }
}

/* ---- responses ---- */
static void acknowledged(sim_world *w, const sim_tap_flight *flight, int32_t partition) {
    for (int32_t n = 0; n < flight->batch_count; n++) {
        sim_tap_batch *batch = &w->tap.batches[flight->batches[n]];
        batch->acknowledged = batch->acknowledged || batch->partition == partition;
    }
}

static void saw_produced(sim_world *w, const sim_tap_flight *flight, const weir_produce_response *response) {
    for (int32_t n = 0; n < response->responses.count; n++) {
        const weir_produce_response_topic_produce_response *topic = &response->responses.items[n];
        for (int32_t i = 0; i < topic->partition_responses.count; i++) {
            int16_t code = topic->partition_responses.items[i].error_code;
            if (code == WEIR_CODE_NONE || code == WEIR_CODE_DUPLICATE_SEQUENCE_NUMBER)
                acknowledged(w, flight, topic->partition_responses.items[i].index);
        }
    }
}

static void saw_response(sim_world *w, sim_wire *wire, weir_bytes frame) {
    static uint64_t memory[8192], message[64];
    sim_tap_wire *t = &wire->tap;
    if (t->answered == t->sent)
        return;
    const sim_tap_flight *flight = &t->flights[t->answered++ % TAP_FLIGHTS];
    if (flight->api != WEIR_API_PRODUCE)
        return;
    const weir_api *api = weir_api_find(flight->api);
    int32_t correlation;
    weir_arena arena;
    weir_in in;
    weir_in_init(&in, frame.p, frame.len);
    weir_arena_init(&arena, memory, sizeof memory);
    if (weir_response_header_decode(&in, api, flight->version, &correlation) == WEIR_OK &&
        weir_message_decode(api->response, flight->version, &in, &arena, message) == WEIR_OK)
        saw_produced(w, flight, (const void *)message);
}

void tap_received(sim_world *w, sim_wire *wire, const uint8_t *bytes, size_t len) {
    weir_bytes frame;
    frame_add(&wire->tap.down, bytes, len);
    while (frame_first(&wire->tap.down, &frame)) {
        saw_response(w, wire, frame);
        frame_drop(&wire->tap.down, frame.len);
    }
}
