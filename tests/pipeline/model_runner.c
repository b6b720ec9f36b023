#include "model_runner.h"

#include "checks.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *heap_take(weir_alloc *self, size_t size) {
    (void)self;
    return malloc(size);
}

static void heap_give(weir_alloc *self, void *p, size_t size) {
    (void)self;
    (void)size;
    free(p);
}

static weir_alloc heap = {heap_take, heap_give};

#define TURN 1000 /* us that a turn of the host's loop takes */

static void on_event(const weir_job_event *event, void *user) {
    model_runner *r = user;
    r->recovered += event->kind == WEIR_JOB_RECOVERED;
    r->losses += event->kind == WEIR_JOB_LOSS;
    if (event->kind == WEIR_JOB_CHECKPOINT) {
        r->transactions += event->transactions;
        r->records += event->records;
    }
}

void model_runner_init(model_runner *r, int16_t transaction_version) {
    memset(r, 0, sizeof *r);
    weir_budget_init(&r->model_memory, &heap, SIZE_MAX);
    weir_budget_init(&r->job_memory, &heap, SIZE_MAX);
    weir__model_config_init(&r->model_config);
    r->model_config.brokers = 3;
    r->model_config.transaction_version = transaction_version;
    r->model_config.coordinators = 5;
    r->model_config.marker_us = 2000;
    weir_job_config_init(&r->config);
    r->config.name = "job";
    r->config.from = "in";
    r->config.to = "out";
    r->config.stop = WEIR_STOP_LATEST;
    r->config.checkpoint_interval_ms = 20;
    r->config.source.fetch_max_bytes = r->config.source.max_partition_fetch_bytes = 2048;
    r->config.on_event = on_event;
    r->config.user = r;
    r->now = SECOND;
}

void model_runner_start(model_runner *r) {
    r->model = weir__model_new(&r->model_config, &r->model_memory.alloc);
    ck_assert_ptr_nonnull(r->model);
    ck_assert_int_eq(weir__model_create_topic(r->model, "in", PARTITIONS, r->now), WEIR_CODE_NONE);
    ck_assert_int_eq(weir__model_create_topic(r->model, "out", PARTITIONS, r->now), WEIR_CODE_NONE);
    weir_config *sides[] = {&r->config.source, &r->config.sink};
    for (int n = 0; n < 2; n++)
        snprintf(sides[n]->bootstrap_servers, sizeof sides[n]->bootstrap_servers, "%s:%u", r->model_config.host,
                 (unsigned)r->model_config.port);
}

static void crash(model_runner *r) {
    if (r->job != NULL)
        weir__job_free(r->job);
    r->job = NULL;
    for (int client = 0; client < 2; client++)
        for (int n = 0; n < RUN_LINKS; n++)
            if (r->links[client][n].open)
                weir__model_disconnect(r->model, r->links[client][n].connection);
    memset(r->links, 0, sizeof r->links);
    ck_assert_uint_eq(r->job_memory.used, 0);
}

void model_runner_free(model_runner *r) {
    crash(r);
    weir__model_free(r->model);
    ck_assert_uint_eq(r->model_memory.used, 0);
}

/* ---- bytes between the job's clients and the model ---- */
static bool open_and_close(model_runner *r, weir_client *client, run_link *links) {
    weir_io io;
    bool moved = false;
    for (; weir_client_next_io(client, &io); moved = true) {
        ck_assert_uint_lt(io.link, RUN_LINKS);
        run_link *link = &links[io.link];
        link->open = false;
        if (io.kind == WEIR_IO_CLOSE) {
            weir__model_disconnect(r->model, link->connection);
            continue;
        }
        link->connection = weir__model_connect(r->model, io.port - r->model_config.port + 1);
        link->open = link->connection >= 0;
        weir_client_opened(client, io.link, link->open ? NULL : "connection refused", r->now);
    }
    return moved;
}

static bool send(model_runner *r, weir_client *client, uint32_t n, int32_t connection) {
    weir_bytes slices[8];
    size_t count = weir_client_send_slices(client, n, slices, 8), bytes = 0;
    for (size_t i = 0; i < count; i++) {
        weir__model_receive(r->model, connection, slices[i], r->now);
        bytes += slices[i].len;
    }
    if (bytes > 0)
        weir_client_sent(client, n, bytes, r->now);
    return bytes > 0;
}

static bool receive(model_runner *r, weir_client *client, uint32_t n, int32_t connection) {
    uint8_t *space;
    weir_bytes output = weir__model_output(r->model, connection);
    size_t room = output.len > 0 ? weir_client_recv_space(client, n, &space) : 0;
    size_t len = output.len < room ? output.len : room;
    if (len == 0)
        return false;
    memcpy(space, output.p, len);
    weir__model_sent(r->model, connection, len);
    weir_client_received(client, n, len, r->now);
    return true;
}

static bool close_it(model_runner *r, weir_client *client, uint32_t n, run_link *link) {
    if (!weir__model_closing(r->model, link->connection) || weir__model_output(r->model, link->connection).len > 0)
        return false;
    weir__model_disconnect(r->model, link->connection);
    link->open = false;
    weir_client_closed(client, n, "connection reset by peer", r->now);
    return true;
}

/* Moves what can be moved; whether anything was. */
static bool settle(model_runner *r) {
    bool moved = false;
    for (int n = 0; n < 2; n++) {
        weir_client *client = weir__job_client(r->job, n);
        if (client == NULL)
            continue;
        weir_client_tick(client, r->now);
        moved = open_and_close(r, client, r->links[n]) || moved;
        for (uint32_t link = 0; link < RUN_LINKS; link++) {
            run_link *l = &r->links[n][link];
            moved = (l->open && send(r, client, link, l->connection)) || moved;
            moved = (l->open && receive(r, client, link, l->connection)) || moved;
            moved = (l->open && close_it(r, client, link, l)) || moved;
        }
    }
    return moved;
}

/* ---- running ---- */
static void create(model_runner *r) {
    weir__choice choice;
    weir_bytes files[2];
    weir_fault_clear(&r->fault);
    for (int n = 0; n < 2; n++)
        files[n] = (weir_bytes){r->file_len[n] > 0 ? r->files[n] : NULL, (uint32_t)r->file_len[n]};
    ck_assert_int_eq(weir__checkpoint_choose(files, "job", "memory", &choice, &r->fault), WEIR_OK);
    weir_err err = weir__job_new(&r->job, &r->config, &r->job_memory.alloc, &choice, ++r->seed, &r->fault);
    ck_assert_msg(err == WEIR_OK, "%s", r->fault.text);
}

static void store(model_runner *r, weir_bytes bytes) {
    weir__checkpoint checkpoint;
    const char *why;
    ck_assert_int_eq(weir__checkpoint_decode(bytes, &checkpoint, &why), WEIR_OK);
    ck_assert_uint_le(bytes.len, RUN_FILE);
    memcpy(r->files[checkpoint.number % 2], bytes.p, bytes.len);
    r->file_len[checkpoint.number % 2] = bytes.len;
    weir__job_stored(r->job, NULL, r->now);
}

/* One turn of the host's loop; false when the job has ended. */
static bool step(model_runner *r) {
    weir_bytes bytes;
    weir_err err = weir__job_step(r->job, r->now);
    if (err == WEIR_END)
        return false;
    bool moved = settle(r);
    if (weir__job_to_store(r->job, &bytes)) {
        store(r, bytes);
        return true;
    }
    weir_time_us due = weir__job_deadline(r->job), model = weir__model_deadline(r->model);
    due = model < due ? model : due;
    if (err == WEIR_AGAIN || moved)
        r->now += TURN;
    else
        r->now = due <= r->now ? r->now + 1 : due > r->now + SECOND ? r->now + SECOND : due;
    weir__model_tick(r->model, r->now);
    return true;
}

void model_runner_pass(model_runner *r, int64_t us) {
    for (weir_time_us until = r->now + us; r->now < until;) {
        weir_time_us due = weir__model_deadline(r->model);
        r->now = due <= r->now ? r->now + 1 : due > until ? until : due;
        weir__model_tick(r->model, r->now);
    }
}

bool model_runner_crashed(const model_runner *r) {
    return r->crash_at > 0 && r->steps == r->crash_at;
}

weir_job_end model_runner_life(model_runner *r) {
    weir_time_us until = r->now + 600 * (weir_time_us)SECOND;
    weir_job_end end = WEIR_JOB_FAILED;
    create(r);
    for (r->steps = 0; !model_runner_crashed(r); r->steps++) {
        ck_assert_msg(r->now < until, "the job does not end: %s", weir__job_trouble(r->job)->text);
        if (!step(r)) {
            r->fault = *weir__job_fault(r->job);
            end = weir__job_end(r->job);
            break;
        }
    }
    crash(r);
    return end;
}

/* ---- what is written ---- */
void model_runner_feed(model_runner *r, int32_t partition, int32_t count) {
    static const weir_batch_identity nobody = {-1, -1, -1, false};
    for (int32_t done = 0; done < count; done += 5) {
        uint8_t memory[1024];
        weir_batch_writer w;
        weir_batch_writer_init(&w, memory, sizeof memory);
        for (int32_t n = 0; n < 5; n++) {
            char text[24];
            int len = snprintf(text, sizeof text, "%lld", (long long)r->fed[partition]++);
            weir_bytes bytes = {(const uint8_t *)text, (uint32_t)len};
            weir_record record = {.timestamp = 1700000000000 + n, .key = bytes, .value = bytes};
            ck_assert_int_eq(weir_batch_append(&w, &record), WEIR_OK);
        }
        ck_assert_int_eq(weir__model_append(r->model, "in", partition, weir_batch_close(&w, &nobody), r->now),
                         WEIR_CODE_NONE);
    }
}

/* Checks the records of a batch, whose keys go on from `next`; the key behind them. */
static int64_t check_batch(const weir__model_batch *batch, int64_t next) {
    weir_batch_header header;
    weir_batch_walk walk;
    weir_record record;
    ck_assert_int_eq(weir_batch_open(batch->bytes, &header), WEIR_OK);
    ck_assert_int_eq(header.attributes & WEIR_ATTR_COMPRESSION, 0);
    weir_bytes records = {batch->bytes.p + WEIR_BATCH_HEADER_SIZE, header.size - WEIR_BATCH_HEADER_SIZE};
    weir_batch_walk_init(&walk, &header, records);
    while (weir_batch_next(&walk, &record) == WEIR_OK) {
        char want[24];
        int len = snprintf(want, sizeof want, "%lld", (long long)next);
        ck_assert_msg(record.key.len == (uint32_t)len && memcmp(record.key.p, want, record.key.len) == 0,
                      "key %.*s where %s was expected", (int)record.key.len, (const char *)record.key.p, want);
        next++;
    }
    return next;
}

void model_runner_check(model_runner *r) {
    model_runner_pass(r, SECOND); /* the last markers are written */
    for (int32_t partition = 0; partition < PARTITIONS; partition++) {
        weir__model_batch batch;
        int64_t next = 0;
        for (size_t n = 0; weir__model_batch_at(r->model, "out", partition, n, &batch); n++) {
            ck_assert_int_ne(batch.fate, WEIR__MODEL_OPEN);
            if (!batch.control && batch.fate != WEIR__MODEL_ABORTED)
                next = check_batch(&batch, next);
        }
        ck_assert_int_eq(next, r->fed[partition]);
    }
}
