#include "oracle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weir/posix.h>

#include "state.h"
#include "world.h"

void oracle_reset(sim_oracle *o, int32_t partitions) {
    for (int32_t n = 0; n < ORACLE_PARTITIONS; n++) {
        sim_oracle_partition *p = &o->partitions[n];
        p->count = p->batch = 0;
        p->visible = (sim_cursor){0, 0};
        p->lost_from = INT64_MAX;
        p->read_to = p->safe_to = 0;
        p->cut = false;
    }
    (void)partitions;
    o->checkpoint_count = 1; /* before the first one, nothing is visible */
    memset(&o->checkpoints[0], 0, sizeof o->checkpoints[0]);
    o->changes = UINT64_MAX;
    memset(o->saved, 0, sizeof o->saved);
    o->excused = o->loss_told = o->replaced = false;
    o->meddled = false;
    o->visible_records = 0;
}

void oracle_free(sim_oracle *o) {
    for (int32_t n = 0; n < ORACLE_PARTITIONS; n++) {
        free(o->partitions[n].entries);
        o->partitions[n].entries = NULL;
        o->partitions[n].room = 0;
    }
}

/* ---- records ---- */
size_t record_make(int64_t n, int32_t copy, uint32_t value_max, uint8_t key[12], uint8_t *value) {
    uint64_t bits = ((uint64_t)n + 1) * UINT64_C(0x9e3779b97f4a7c15);
    size_t len = (size_t)(bits >> 40) % (value_max + 1);
    for (int i = 0; i < 8; i++)
        key[i] = (uint8_t)((uint64_t)n >> (56 - 8 * i));
    memset(key + 8, 0, 3);
    key[11] = (uint8_t)copy;
    for (size_t i = 0; i < len; i++)
        value[i] = i < 5 ? (uint8_t)(bits >> (8 * i)) : value[i - 5];
    return len;
}

int32_t record_copies(const sim_world *w, int64_t n) {
    return w->plan.splits ? (int32_t)(n % 3) : 1;
}

void oracle_input_ended(sim_oracle *o, int32_t partition, bool committed) {
    sim_oracle_partition *p = &o->partitions[partition];
    for (size_t n = 0; n < p->count; n++) {
        sim_entry *e = &p->entries[n];
        e->absent = e->absent || (e->open && !committed);
        e->open = false;
    }
}

void oracle_fed(sim_oracle *o, int32_t partition, int64_t offset, int64_t n, bool open) {
    sim_oracle_partition *p = &o->partitions[partition];
    if (p->count == p->room) {
        p->room = p->room == 0 ? 256 : 2 * p->room;
        p->entries = realloc(p->entries, p->room * sizeof *p->entries);
        if (p->entries == NULL)
            abort();
    }
    p->entries[p->count++] = (sim_entry){.offset = offset, .n = n, .open = open};
}

/* ---- what is visible ---- */
/* Moves a cursor over what need not come: entries of which the job makes nothing. */
static sim_cursor settle(const sim_world *w, const sim_oracle_partition *p, sim_cursor c, bool over_optional) {
    while (c.entry < p->count) {
        const sim_entry *e = &p->entries[c.entry];
        bool may_pass = c.copy >= record_copies(w, e->n) || e->absent || (over_optional && e->optional);
        if (!may_pass)
            break;
        c = (sim_cursor){c.entry + 1, 0};
    }
    return c;
}

static bool is_record(const sim_world *w, const weir_record *record, int64_t n, int32_t copy) {
    uint8_t key[12], value[1024];
    size_t len = record_make(n, copy, w->plan.value_max, key, value);
    return record->key.len == sizeof key && memcmp(record->key.p, key, sizeof key) == 0 && record->value.len == len &&
           memcmp(record->value.p, value, len) == 0 && record->timestamp == 1700000000000 + n;
}

static int64_t number_in(const weir_record *record) {
    int64_t n = 0;
    for (uint32_t i = 0; i < 8 && i < record->key.len; i++)
        n = n << 8 | record->key.p[i];
    return n;
}

/* One more record is visible: it must be the next one. */
static void see_record(sim_world *w, int32_t partition, const weir_record *record) {
    sim_oracle_partition *p = &w->oracle.partitions[partition];
    sim_cursor c = settle(w, p, p->visible, false);
    while (c.entry < p->count && p->entries[c.entry].optional && !is_record(w, record, p->entries[c.entry].n, c.copy))
        c = settle(w, p, (sim_cursor){c.entry + 1, 0}, false);
    if (c.entry < p->count && is_record(w, record, p->entries[c.entry].n, c.copy)) {
        p->visible = settle(w, p, (sim_cursor){c.entry, c.copy + 1}, false);
        w->oracle.visible_records++;
        return;
    }
    int64_t want = c.entry < p->count ? p->entries[c.entry].n : -1, got = number_in(record);
    world_violate(w, 1, "partition %d of the output shows record %lld where %lld is next: %s", partition,
                  (long long)got, (long long)want, want < 0 || got < want ? "duplicated" : "lost");
}

static void see_batch(sim_world *w, int32_t partition, const weir__model_batch *batch) {
    weir_batch_header header;
    weir_batch_walk walk;
    weir_record record;
    weir_bytes plain = {batch->bytes.p + WEIR_BATCH_HEADER_SIZE, batch->bytes.len - WEIR_BATCH_HEADER_SIZE};
    size_t size = 0;
    if (weir_batch_open(batch->bytes, &header) != WEIR_OK) {
        world_violate(w, 1, "a batch in the output is malformed");
        return;
    }
    weir_compression compression = (weir_compression)(header.attributes & WEIR_ATTR_COMPRESSION);
    if (compression != WEIR_COMPRESSION_NONE &&
        weir_records_decompress(weir_posix_malloc(), compression, plain, 1 << 24, &plain, &size) != WEIR_OK) {
        world_violate(w, 1, "a batch in the output cannot be decompressed");
        return;
    }
    weir_batch_walk_init(&walk, &header, plain);
    while (w->violated == 0 && weir_batch_next(&walk, &record) == WEIR_OK)
        see_record(w, partition, &record);
    if (size > 0)
        free((void *)(uintptr_t)plain.p);
}

static bool see_partition(sim_world *w, int32_t partition) {
    sim_oracle_partition *p = &w->oracle.partitions[partition];
    weir__model_batch batch;
    size_t before = p->batch;
    while (w->violated == 0 && weir__model_batch_at(w->model, "out", partition, p->batch, &batch) &&
           batch.fate != WEIR__MODEL_OPEN) {
        p->batch++;
        if (batch.control || batch.fate == WEIR__MODEL_ABORTED)
            continue;
        if (batch.fate == WEIR__MODEL_PLAIN)
            world_violate(w, 2, "a record was written outside of a transaction");
        see_batch(w, partition, &batch);
    }
    return p->batch != before;
}

static bool starts_with_job(const char *id) {
    return strncmp(id, "job-", 4) == 0;
}

/* Whether the coordinator is still writing markers of some transaction. */
static bool markers_under_way(const sim_world *w) {
    weir__model_transaction t;
    for (size_t n = 0; weir__model_transaction_at(w->model, n, &t); n++)
        if (strncmp(t.state, "Prepare", 7) == 0)
            return true;
    return false;
}

static sim_cursor cursor_at(const sim_world *w, const sim_oracle_partition *p, int64_t offset) {
    size_t low = 0, high = p->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (p->entries[middle].offset < offset)
            low = middle + 1;
        else
            high = middle;
    }
    return settle(w, p, (sim_cursor){low, 0}, true);
}

/* Where splits as bytes stand, by partition; without bytes, at the start. */
static bool positions_of(weir_bytes bytes, int64_t position[ORACLE_PARTITIONS]) {
    weir_split splits[16];
    size_t count = 0;
    memset(position, 0, ORACLE_PARTITIONS * sizeof *position);
    if (bytes.len > 0 &&
        (weir_splits_count(bytes, &count) != WEIR_OK || count > 16 || weir_splits_decode(bytes, splits) != WEIR_OK))
        return false;
    for (size_t n = 0; n < count; n++)
        if (splits[n].partition < ORACLE_PARTITIONS)
            position[splits[n].partition] = splits[n].position;
    return true;
}

static bool is_behind(sim_cursor a, sim_cursor b) {
    return a.entry < b.entry || (a.entry == b.entry && a.copy < b.copy);
}

bool oracle_goes_on(const sim_world *w, const weir__checkpoint *checkpoint) {
    int64_t low[ORACLE_PARTITIONS], high[ORACLE_PARTITIONS];
    if (!positions_of(checkpoint->before, low) || !positions_of(checkpoint->splits, high))
        return false;
    for (int32_t n = 0; n < w->plan.partitions; n++) {
        const sim_oracle_partition *p = &w->oracle.partitions[n];
        sim_cursor visible = settle(w, p, p->visible, true);
        if (is_behind(visible, cursor_at(w, p, low[n])) || is_behind(cursor_at(w, p, high[n]), visible))
            return false;
    }
    return true;
}

static bool matches(const sim_world *w, const sim_oracle_checkpoint *checkpoint) {
    for (int32_t n = 0; n < w->plan.partitions; n++) {
        const sim_oracle_partition *p = &w->oracle.partitions[n];
        sim_cursor visible = settle(w, p, p->visible, true), want = cursor_at(w, p, checkpoint->position[n]);
        if (visible.entry != want.entry || visible.copy != want.copy)
            return false;
    }
    return true;
}

/* Invariant 2: between two transactions the output is what some checkpoint says, in all partitions together. */
static void see_whole(sim_world *w) {
    const sim_oracle *o = &w->oracle;
    if (markers_under_way(w) || o->excused)
        return;
    size_t kept = o->checkpoint_count < ORACLE_CHECKPOINTS ? o->checkpoint_count : ORACLE_CHECKPOINTS;
    for (size_t n = 0; n < kept; n++)
        if (matches(w, &o->checkpoints[(o->checkpoint_count - 1 - n) % ORACLE_CHECKPOINTS]))
            return;
    world_violate(w, 2, "what is visible is not what any checkpoint says");
}

void oracle_look(sim_world *w) {
    bool moved = false;
    uint64_t changes = weir__model_changes(w->model);
    if (changes == w->oracle.changes)
        return;
    w->oracle.changes = changes;
    for (int32_t n = 0; n < w->plan.partitions; n++)
        moved = see_partition(w, n) || moved;
    if (moved && w->violated == 0)
        see_whole(w);
}

/* ---- checkpoints ---- */
void oracle_storing(sim_world *w, weir_bytes bytes) {
    sim_oracle *o = &w->oracle;
    weir__checkpoint checkpoint;
    weir_split splits[16];
    const char *why;
    size_t count = 0;
    if (weir__checkpoint_decode(bytes, &checkpoint, &why) != WEIR_OK ||
        weir_splits_count(checkpoint.splits, &count) != WEIR_OK || count > 16 ||
        weir_splits_decode(checkpoint.splits, splits) != WEIR_OK) {
        world_violate(w, 13, "a checkpoint that is to be stored cannot be read");
        return;
    }
    sim_oracle_checkpoint *kept = &o->checkpoints[o->checkpoint_count++ % ORACLE_CHECKPOINTS];
    memset(kept, 0, sizeof *kept);
    for (size_t n = 0; n < count; n++) {
        if (splits[n].partition >= ORACLE_PARTITIONS)
            continue;
        sim_oracle_partition *p = &o->partitions[splits[n].partition];
        kept->position[splits[n].partition] = splits[n].position;
        p->read_to = splits[n].position > p->read_to ? splits[n].position : p->read_to;
    }
}

void oracle_stored(sim_world *w, int32_t machine, weir_bytes bytes) {
    weir__checkpoint checkpoint;
    weir_split splits[16];
    const char *why;
    size_t count = 0;
    if (weir__checkpoint_decode(bytes, &checkpoint, &why) != WEIR_OK)
        return;
    w->oracle.saved[machine] = checkpoint.number;
    if (weir_splits_count(checkpoint.before, &count) != WEIR_OK || count > 16 ||
        weir_splits_decode(checkpoint.before, splits) != WEIR_OK)
        return;
    for (size_t n = 0; n < count; n++)
        if (splits[n].partition < ORACLE_PARTITIONS)
            w->oracle.partitions[splits[n].partition].safe_to = splits[n].position;
}

/* Invariant 13: what was once reported as stored is there, or something newer. */
void oracle_restored(sim_world *w, int32_t machine, uint64_t number) {
    if (number < w->oracle.saved[machine])
        world_violate(w, 13, "checkpoint %llu was stored, but %llu is what is there",
                      (unsigned long long)w->oracle.saved[machine], (unsigned long long)number);
}

/* ---- what the job says ---- */
/* A process that goes back to before the cut has not read what is gone. */
static void forget_cuts(sim_world *w, const sim_process *p) {
    int64_t position[ORACLE_PARTITIONS];
    weir_bytes restored = {p->lives.job->restored.p, (uint32_t)p->lives.job->restored.len};
    if (!positions_of(restored, position))
        return;
    for (int32_t n = 0; n < w->plan.partitions; n++) {
        sim_oracle_partition *partition = &w->oracle.partitions[n];
        partition->cut = partition->cut && position[n] > partition->lost_from;
        partition->read_to = position[n]; /* not that of a checkpoint that was never stored */
    }
}

/* Invariants 8 and 9: when a process begins to read, nothing of an earlier one is open, and nothing can become so. */
static void started(sim_world *w, sim_process *p) {
    weir__model_transaction t;
    forget_cuts(w, p);
    p->started = true;
    w->last_good = p->machine;
    memset(w->refused, 0, sizeof w->refused);
    for (size_t n = 0; p->alone && weir__model_transaction_at(w->model, n, &t); n++)
        if (starts_with_job(t.id) && strcmp(t.state, "Ongoing") == 0)
            world_violate(w, 9, "the job reads while transaction %s is open (producer %lld epoch %d)", t.id,
                          (long long)t.producer_id, t.producer_epoch);
}

/* Whether another instance has got further, be it over input that nothing comes of. What this one says of the input,
   which may be deleted up to there, is no news then. */
static bool overtaken(const sim_world *w, const sim_process *p) {
    const uint64_t *saved = w->oracle.saved;
    if (w->oracle.excused)
        return false;
    for (int32_t n = 0; n < WORLD_MACHINES; n++)
        if (saved[n] > saved[p->machine] && drama_current(w, n))
            return true;
    return !drama_current(w, p->machine);
}

static void lost(sim_world *w, const sim_process *p, const weir_job_event *event) {
    sim_oracle *o = &w->oracle;
    if (overtaken(w, p))
        return;
    o->loss_told = true;
    if (!o->excused) {
        world_violate(w, 3, "a loss is reported in partition %d from offset %lld, and there is none", event->partition,
                      (long long)event->from_offset);
        return;
    }
    if (event->partition < 0 || event->partition >= w->plan.partitions ||
        o->partitions[event->partition].lost_from == INT64_MAX)
        world_violate(w, 3, "a loss is reported in partition %d, which has lost nothing", event->partition);
}

void oracle_told(sim_world *w, sim_process *p, const weir_job_event *event) {
    world_trace(w, (uint64_t)event->kind + 77);
    switch (event->kind) {
    case WEIR_JOB_STARTED:
        world_say(w, "process %d reads on from checkpoint %llu", p->number,
                  (unsigned long long)event->restored_checkpoint);
        started(w, p);
        break;
    case WEIR_JOB_RECOVERED:
        world_say(w, "process %d has recovered: committed %u, before %u, aborted %u, lost %u", p->number,
                  event->recovery->committed, event->recovery->already_committed, event->recovery->aborted,
                  event->recovery->lost);
        break;
    case WEIR_JOB_CHECKPOINT:
        world_say(w, "process %d has checkpoint %llu with %llu records", p->number,
                  (unsigned long long)event->checkpoint, (unsigned long long)event->records);
        break;
    case WEIR_JOB_LOSS:
        world_say(w, "process %d reports a loss", p->number);
        lost(w, p, event);
        break;
    default:
        world_say(w, "process %d warns: %s", p->number, event->text);
        break;
    }
}

/* Whether the job gave up over an answer that says: ask again. */
static bool should_have_waited(const weir_fault *fault) {
    weir_class class = weir_code_class(fault->code);
    return fault->err == WEIR_E_BROKER &&
           (class == WEIR_CLASS_RETRY || class == WEIR_CLASS_REFRESH || class == WEIR_CLASS_FIND_COORDINATOR);
}

void oracle_ended(sim_world *w, sim_process *p) {
    const weir_job_result *result = &p->result;
    sim_oracle *o = &w->oracle;
    world_trace(w, (uint64_t)(result->fault.err + 100));
    if (result->end != WEIR_JOB_FAILED)
        return;
    if (result->fault.err == WEIR_E_LOSS || (o->excused && result->fault.err == WEIR_E_CONFIG)) {
        w->refused[p->machine] = overtaken(w, p);
        if (w->refused[p->machine])
            return;
        o->loss_told = true;
        if (!o->excused)
            world_violate(w, 3, "the job ends with a loss, and there is none: %s", result->fault.text);
        return;
    }
    w->refused[p->machine] = result->fault.err == WEIR_E_CHECKPOINT || result->fault.err == WEIR_E_FENCED;
    bool wrong = result->fault.err == WEIR_E_CONFIG || result->fault.err == WEIR_E_MALFORMED ||
                 result->fault.err == WEIR_E_TOO_LARGE || result->fault.err == WEIR_E_VERSION ||
                 should_have_waited(&result->fault);
    /* Before anything is committed nothing would tell another instance from a request that has come late. */
    wrong = wrong || (result->fault.err == WEIR_E_FENCED && !o->meddled && o->visible_records > 0);
    if (wrong)
        world_violate(w, 4, "the job ends without a cause: %s", result->fault.text);
    if (w->starve_only && strstr(result->fault.text, "memory") == NULL && result->fault.err != WEIR_E_NO_MEMORY)
        world_violate(w, 4, "the job lacks memory, but says: %s", result->fault.text);
}

/* ---- the end ---- */
bool oracle_satisfied(const sim_world *w) {
    if (markers_under_way(w))
        return false;
    for (int32_t n = 0; n < w->plan.partitions; n++) {
        const sim_oracle_partition *p = &w->oracle.partitions[n];
        if (settle(w, p, p->visible, true).entry < p->count)
            return false;
    }
    return true;
}

void oracle_missing(const sim_world *w, char *text, size_t size) {
    for (int32_t n = 0; n < w->plan.partitions; n++) {
        const sim_oracle_partition *p = &w->oracle.partitions[n];
        size_t next = settle(w, p, p->visible, true).entry;
        if (next < p->count)
            snprintf(text, size, "partition %d: record %lld, read at offset %lld, is missing, and %zu more", n,
                     (long long)p->entries[next].n, (long long)p->entries[next].offset, p->count - next - 1);
    }
}

/* A late copy of AddPartitionsToTxn can open a transaction (versions 0 and 1) into which nothing is written: it holds
   nobody up, and the broker ends it. What holds readers up is a record whose transaction is open. */
static void nothing_is_open(sim_world *w) {
    weir__model_partition p;
    for (size_t n = 0; weir__model_partition_at(w->model, n, &p); n++)
        if (strcmp(p.topic, "out") == 0 && p.stable < p.end)
            world_violate(w, 9, "partition %d of the output is held up by a transaction that is left over",
                          p.partition);
}

void oracle_finish(sim_world *w) {
    const sim_oracle *o = &w->oracle;
    oracle_look(w);
    if (o->loss_told || w->violated != 0)
        return;
    nothing_is_open(w);
    for (int32_t n = 0; n < w->plan.partitions; n++)
        if (o->partitions[n].cut)
            world_violate(w, 3, "partition %d was cut off at %lld, below what had been read: nothing was reported", n,
                          (long long)o->partitions[n].lost_from);
}
