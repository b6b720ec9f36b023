/* The network: connections between the job's clients and the brokers, and what becomes of their bytes. */
#include <string.h>

#include "world.h"

#define MILLISECOND 1000
#define SEND_BUFFER 65536 /* bytes under way before the system takes no more */

static int32_t number_of(const sim_world *w, const sim_wire *wire) {
    return (int32_t)(wire - w->wires);
}

/* Makes sure that the wire's turn comes when its next bytes do. */
static void appoint(sim_world *w, sim_wire *wire) {
    weir_time_us due = wire->up || wire->stuck ? WEIR_NEVER : wire->up_at;
    if (wire->connection >= 0 && stream_due(&wire->to_broker) < due)
        due = stream_due(&wire->to_broker);
    weir_time_us news = wire->client_open ? stream_due(&wire->to_client) : WEIR_NEVER;
    if (news > w->now && news < due) /* of what came before, the process has been told */
        due = news;
    if (due == WEIR_NEVER || due >= wire->wakes)
        return;
    wire->wakes = due > w->now ? due : w->now;
    agenda_add(&w->agenda, wire->wakes, EVENT_WIRE, number_of(w, wire));
}

static void list_add(sim_wire_list *list, sim_wire *wire) {
    int32_t n = list->count++;
    for (; n > 0 && list->wires[n - 1] > wire; n--)
        list->wires[n] = list->wires[n - 1];
    list->wires[n] = wire;
}

static void list_remove(sim_wire_list *list, const sim_wire *wire) {
    int32_t kept = 0;
    for (int32_t n = 0; n < list->count; n++)
        if (list->wires[n] != wire)
            list->wires[kept++] = list->wires[n];
    list->count = kept;
}

static void release_if_idle(sim_wire *wire) {
    if (!wire->client_open && wire->connection < 0)
        wire->used = false;
}

static void hang_up(sim_world *w, sim_wire *wire) {
    if (wire->connection >= 0)
        weir__model_disconnect(w->model, wire->connection);
    wire->connection = -1;
}

/* ---- opening ---- */
static void draw_weather(sim_world *w, sim_wire *wire) {
    sim_weather *weather = &wire->weather;
    memset(weather, 0, sizeof *weather);
    weather->delay_us = 100 + (int64_t)world_draw(w, 300);
    weather->jitter_us = 100;
    const sim_process *p = &w->processes[wire->process];
    if (world_chance_of(w, FAULT_SLOW, p)) {
        weather->delay_us = world_draw_us(w, 2 * MILLISECOND, 7);
        weather->jitter_us = weather->delay_us;
        world_count(w, FAULT_SLOW, p);
    }
    if (world_chance_of(w, FAULT_PIECES, p)) {
        weather->piece = 1 + (size_t)world_draw(w, 100);
        weather->jitter_us += 200;
        world_count(w, FAULT_PIECES, p);
    }
    if (world_chance_of(w, FAULT_NARROW, p)) {
        weather->bytes_a_second = 2000 << world_draw(w, 6);
        world_count(w, FAULT_NARROW, p);
    }
}

static void draw_fate(sim_world *w, sim_wire *wire) {
    static const fault_class fates[] = {FAULT_CUT, FAULT_CUT_LATE, FAULT_HALF_OPEN};
    const sim_process *p = &w->processes[wire->process];
    wire->fate = FAULT_CLASSES;
    for (size_t n = 0; n < sizeof fates / sizeof *fates && wire->fate == FAULT_CLASSES; n++)
        if (world_chance_of(w, fates[n], p))
            wire->fate = fates[n];
    wire->fate_at = 1 + (int64_t)world_draw(w, (uint64_t)1 << (4 + world_draw(w, 12)));
    if (world_chance_of(w, FAULT_SILENT_UP, p)) {
        wire->to_broker.quota = (int64_t)world_draw(w, (uint64_t)1 << (4 + world_draw(w, 12)));
        world_count(w, FAULT_SILENT_UP, p);
    }
    if (world_chance_of(w, FAULT_SILENT_DOWN, p)) {
        wire->to_client.quota = (int64_t)world_draw(w, (uint64_t)1 << (4 + world_draw(w, 12)));
        world_count(w, FAULT_SILENT_DOWN, p);
    }
    if (world_chance_of(w, FAULT_STUCK, p)) {
        wire->stuck = true;
        world_count(w, FAULT_STUCK, p);
    } else if (world_chance_of(w, FAULT_REFUSE, p)) {
        wire->failed = "connection refused";
        world_count(w, FAULT_REFUSE, p);
    }
}

static sim_wire *free_wire(sim_world *w) {
    for (int n = 0; n < WORLD_WIRES; n++) {
        if (!w->wires[n].used) {
            w->wires_end = n >= w->wires_end ? n + 1 : w->wires_end;
            return &w->wires[n];
        }
    }
    /* Clients that are long gone must not use up what there is. */
    for (int n = 0; n < WORLD_WIRES; n++) {
        if (!w->wires[n].client_open) {
            hang_up(w, &w->wires[n]);
            return &w->wires[n];
        }
    }
    return NULL;
}

void wire_open(sim_world *w, sim_process *p, int32_t client, const weir_io *io) {
    sim_wire *wire = free_wire(w);
    if (wire == NULL) {
        world_violate(w, 12, "more than %d connections are open", WORLD_WIRES);
        return;
    }
    wire->used = wire->client_open = true;
    wire->process = p->index;
    wire->client = client;
    wire->link = io->link;
    list_add(&w->client_wires[p->index][client], wire);
    wire->broker = io->port - w->plan.model.port + 1;
    wire->connection = -1;
    wire->stuck = wire->up = wire->told = false;
    wire->failed = NULL;
    wire->sent = 0;
    wire->wakes = WEIR_NEVER;
    stream_open(&wire->to_broker);
    stream_open(&wire->to_client);
    tap_wire_open(&wire->tap);
    draw_weather(w, wire);
    draw_fate(w, wire);
    wire->up_at = w->now + 2 * wire->weather.delay_us;
    appoint(w, wire);
}

static void connect_now(sim_world *w, sim_wire *wire) {
    if (wire->up || wire->stuck || w->now < wire->up_at)
        return;
    wire->up = true;
    if (wire->failed == NULL) {
        bool there = wire->broker >= 1 && wire->broker <= w->plan.model.brokers && !w->broker_down[wire->broker];
        wire->connection = there && wire->client_open ? weir__model_connect(w->model, wire->broker) : -1;
        wire->failed = wire->connection < 0 ? "connection refused" : NULL;
    }
    if (wire->client_open)
        process_wake(&w->processes[wire->process]);
}

/* ---- closing ---- */
void wire_close(sim_world *w, sim_wire *wire) {
    list_remove(&w->client_wires[wire->process][wire->client], wire);
    wire->client_open = false;
    stream_end(&wire->to_broker, w->now, wire->weather.delay_us);
    if (wire->to_broker.quota == 0)
        wire->to_broker.ends = WEIR_NEVER; /* the news of the end vanishes too */
    appoint(w, wire);
    release_if_idle(wire);
}

/* Both ends are told at once; what is under way is lost. */
void wire_reset(sim_world *w, sim_wire *wire) {
    stream_lose(&wire->to_broker, 0);
    stream_lose(&wire->to_client, 0);
    hang_up(w, wire);
    wire->stuck = false;
    wire->to_client.ends = w->now;
    appoint(w, wire);
    release_if_idle(wire);
}

/* The connection breaks in the middle of what the client sends. */
static void meet_fate(sim_world *w, sim_wire *wire) {
    fault_class fate = wire->fate;
    wire->fate = FAULT_CLASSES;
    world_count(w, fate, &w->processes[wire->process]);
    if (fate == FAULT_CUT) {
        stream_lose(&wire->to_broker, (size_t)world_draw(w, stream_load(&wire->to_broker) + 1));
        wire->to_broker.quota = 0;
        stream_end(&wire->to_broker, w->now, wire->weather.delay_us);
    } else if (fate == FAULT_CUT_LATE) {
        stream_hold(&wire->to_broker, world_draw_us(w, 20 * MILLISECOND, 9));
        stream_end(&wire->to_broker, w->now, 0);
    } /* else the broker is never told */
    stream_lose(&wire->to_client, 0);
    wire->to_client.quota = 0;
    wire->to_client.ends = w->now + wire->weather.delay_us;
    appoint(w, wire);
}

void wires_calm(sim_world *w) {
    for (int n = 0; n < w->wires_end; n++) {
        sim_wire *wire = &w->wires[n];
        if (!wire->used)
            continue;
        wire->fate = FAULT_CLASSES;
        if (wire->to_broker.quota > 0)
            wire->to_broker.quota = -1;
        if (wire->to_client.quota > 0)
            wire->to_client.quota = -1;
        if (!wire->client_open)
            wire_reset(w, wire);
        wire->weather = (sim_weather){.delay_us = 200, .jitter_us = 100};
    }
}

/* ---- bytes ---- */
/* An EndTxn that arrives when its client has long asked again may end another transaction (KAFKA-17754): rare enough to
   be helped along. */
#define ENDS_LATE 8

/* How late what has just been sent arrives; 0: it is not late. */
static int64_t draw_lateness(sim_world *w, const sim_wire *wire) {
    bool ends = tap_last_api(&wire->tap) == WEIR_API_END_TXN, late = false;
    for (int n = 0; !late && n < (ends ? ENDS_LATE : 1); n++)
        late = world_chance(w, FAULT_LATE);
    if (!late)
        return 0;
    int64_t lateness = world_draw_us(w, 100000, 6);
    return ends ? lateness + w->plan.request_timeout_ms * MILLISECOND : lateness;
}

size_t wire_send(sim_world *w, sim_wire *wire, const weir_bytes *slices, size_t count) {
    size_t taken = 0, room = SEND_BUFFER;
    if (wire->to_broker.quota != 0)
        room = stream_load(&wire->to_broker) < SEND_BUFFER ? SEND_BUFFER - stream_load(&wire->to_broker) : 0;
    if (world_chance(w, FAULT_SHORT_SEND)) {
        room = room > 0 ? 1 + (size_t)world_draw(w, room < 64 ? room : 64) : 0;
        world_count(w, FAULT_SHORT_SEND, &w->processes[wire->process]);
    }
    for (size_t n = 0; n < count && taken < room; n++) {
        size_t len = slices[n].len < room - taken ? slices[n].len : room - taken;
        stream_send(&wire->to_broker, slices[n].p, len, &wire->weather, &w->dice, w->now);
        tap_sent(w, wire, slices[n].p, len);
        world_trace_bytes(w, slices[n].p, len);
        taken += len;
    }
    int64_t lateness = taken > 0 ? draw_lateness(w, wire) : 0;
    if (lateness > 0) {
        stream_hold(&wire->to_broker, lateness);
        world_count(w, FAULT_LATE, &w->processes[wire->process]);
    }
    wire->sent += (int64_t)taken;
    wire->sent_at = w->now;
    if (wire->fate != FAULT_CLASSES && wire->sent >= wire->fate_at)
        meet_fate(w, wire);
    appoint(w, wire);
    return taken;
}

static void bytes_to_broker(sim_world *w, sim_wire *wire) {
    const uint8_t *bytes;
    size_t len = stream_arrived(&wire->to_broker, w->now, &bytes);
    if (wire->connection >= 0 && len > 0)
        weir__model_receive(w->model, wire->connection, (weir_bytes){bytes, (uint32_t)len}, w->now);
    stream_take(&wire->to_broker, len);
    if (stream_ended(&wire->to_broker, w->now))
        hang_up(w, wire);
    if (len > 0)
        cluster_touched(w);
}

void wires_pump(sim_world *w) {
    for (int n = 0; n < w->wires_end; n++) {
        sim_wire *wire = &w->wires[n];
        if (!wire->used || wire->connection < 0)
            continue;
        weir_bytes out = weir__model_output(w->model, wire->connection);
        if (out.len > 0) {
            world_trace_bytes(w, out.p, out.len);
            if (wire->client_open)
                stream_send(&wire->to_client, out.p, out.len, &wire->weather, &w->dice, w->now);
            weir__model_sent(w->model, wire->connection, out.len);
        }
        if (weir__model_closing(w->model, wire->connection)) {
            hang_up(w, wire);
            if (wire->to_client.quota < 0)
                stream_end(&wire->to_client, w->now, wire->weather.delay_us);
        }
        appoint(w, wire);
        release_if_idle(wire);
    }
}

void wire_turn(sim_world *w, sim_wire *wire) {
    const uint8_t *bytes;
    wire->wakes = WEIR_NEVER;
    connect_now(w, wire);
    if (wire->up)
        bytes_to_broker(w, wire);
    if (wire->client_open) {
        bool news = stream_arrived(&wire->to_client, w->now, &bytes) > 0 || wire->to_client.ends <= w->now;
        if (news)
            process_wake(&w->processes[wire->process]);
    }
    wires_pump(w);
    appoint(w, wire);
    release_if_idle(wire);
}
