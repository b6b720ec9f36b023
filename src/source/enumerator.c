#include <weir/source.h>

#include "array.h"
#include "faults.h"
#include "offsets.h"

typedef struct known_topic {
    weir__topic *meta;
    bool wanted;   /* by weir_enumerator_add_topic; else only its restored splits are read */
    bool restored; /* some of its splits came from a checkpoint */
} known_topic;

typedef struct found_split {
    weir_split split;
    weir__topic *topic;
    bool needs_start, needs_stop;
} found_split;

typedef enum phase {
    TOPICS,  /* waiting for metadata */
    OFFSETS, /* looking up */
    READY
} phase;

struct weir_enumerator {
    weir_client *client;
    weir_alloc *alloc;
    weir_config config;
    weir_start start;
    weir_stop stop;
    weir_fault fault;
    phase phase;
    bool stirred;             /* requests were submitted outside of a tick: they leave with the next one */
    weir_time_us deadline;    /* for the metadata; WEIR_NEVER before the first poll */
    weir_time_us short_since; /* since when a restored partition is not among its topic's; 0: none is */
    weir__worker worker;
    known_topic *topics;
    size_t topic_count, topic_cap;
    found_split *restored, *splits;
    size_t restored_count, restored_cap, split_count, split_cap;
    weir__lookup *lookups;
    size_t lookup_count;
    weir__offsets offsets;
};

static void step(weir_enumerator *e, weir_time_us now);

static void work(weir__worker *worker, weir_time_us now) {
    weir_enumerator *e = WEIR__ENTRY(worker, weir_enumerator, worker);
    e->stirred = false;
    step(e, now);
}

/* When waiting for metadata may end by time alone. */
static weir_time_us next_work(const weir__worker *worker) {
    const weir_enumerator *e = WEIR__ENTRY(worker, const weir_enumerator, worker);
    if (e->stirred)
        return INT64_MIN;
    if (e->phase != TOPICS || e->fault.err != WEIR_OK)
        return WEIR_NEVER;
    weir_time_us next = e->deadline;
    for (size_t n = 0; n < e->topic_count; n++) {
        weir_time_us since = e->topics[n].meta->missing_since;
        if (since != 0 && since + WEIR__MISSING_US < next)
            next = since + WEIR__MISSING_US;
    }
    if (e->short_since != 0 && e->short_since + WEIR__MISSING_US < next)
        next = e->short_since + WEIR__MISSING_US;
    return next;
}

weir_err weir_enumerator_new(weir_enumerator **enumerator, weir_client *client, const weir_config *config,
                             weir_alloc *alloc) {
    weir_enumerator *e = weir__zeroed(alloc, sizeof *e);
    *enumerator = e;
    if (e == NULL)
        return WEIR_E_NO_MEMORY;
    e->client = client;
    e->alloc = alloc;
    e->config = *config;
    e->deadline = WEIR_NEVER;
    weir_fault_clear(&e->fault);
    e->worker = (weir__worker){.work = work, .deadline = next_work};
    weir__worker_add(client, &e->worker);
    return WEIR_OK;
}

void weir_enumerator_free(weir_enumerator *e) {
    if (e == NULL)
        return;
    if (e->phase != TOPICS)
        weir__offsets_stop(&e->offsets);
    weir__worker_remove(&e->worker);
    weir__array_free(e->alloc, e->topics, e->topic_cap, sizeof *e->topics);
    weir__array_free(e->alloc, e->restored, e->restored_cap, sizeof *e->restored);
    weir__array_free(e->alloc, e->splits, e->split_cap, sizeof *e->splits);
    weir__array_free(e->alloc, e->lookups, e->lookup_count, sizeof *e->lookups);
    e->alloc->give(e->alloc, e, sizeof *e);
}

void weir_enumerator_range(weir_enumerator *e, weir_start start, weir_stop stop) {
    e->start = start;
    e->stop = stop;
}

const weir_fault *weir_enumerator_fault(const weir_enumerator *e) {
    return &e->fault;
}

/* The entry of a topic, made when there is none. NULL: see *err. */
static known_topic *topic_entry(weir_enumerator *e, weir_str name, weir_err *err) {
    for (size_t n = 0; n < e->topic_count; n++)
        if (weir_str_equal(name, weir_str_of(e->topics[n].meta->name)))
            return &e->topics[n];
    *err = WEIR_E_NO_MEMORY;
    void *items = e->topics;
    if (!weir__reserve(e->alloc, &items, &e->topic_cap, e->topic_count + 1, sizeof *e->topics))
        return NULL;
    e->topics = items;
    weir__topic *meta = weir__topic_want(e->client, name);
    if (meta == NULL)
        return NULL;
    *err = WEIR_OK;
    e->topics[e->topic_count] = (known_topic){.meta = meta};
    return &e->topics[e->topic_count++];
}

weir_err weir_enumerator_add_topic(weir_enumerator *e, weir_str name) {
    if (name.p == NULL || name.len == 0 || name.len > WEIR_TOPIC_MAX)
        return weir__source_fault(&e->fault, WEIR_E_CONFIG, NULL, -1,
                                  "a topic name has 1 to %d characters, this one has %lu", WEIR_TOPIC_MAX,
                                  (unsigned long)name.len);
    weir_err err = WEIR_OK;
    known_topic *topic = topic_entry(e, name, &err);
    if (topic != NULL)
        topic->wanted = true;
    return err;
}

static found_split *restored_find(const weir_enumerator *e, const weir__topic *topic, int32_t partition) {
    for (size_t n = 0; n < e->restored_count; n++)
        if (e->restored[n].topic == topic && e->restored[n].split.partition == partition)
            return &e->restored[n];
    return NULL;
}

weir_err weir_enumerator_restore(weir_enumerator *e, const weir_split *split) {
    if (split->topic.p == NULL || split->topic.len == 0 || split->topic.len > WEIR_TOPIC_MAX || split->partition < 0 ||
        split->position < 0 || split->stop < 0)
        return weir__source_fault(&e->fault, WEIR_E_CHECKPOINT, NULL, -1, "the checkpoint holds an impossible split");
    weir_err err = WEIR_OK;
    known_topic *topic = topic_entry(e, split->topic, &err);
    if (topic == NULL)
        return err;
    if (restored_find(e, topic->meta, split->partition) != NULL)
        return weir__source_fault(&e->fault, WEIR_E_CHECKPOINT, topic->meta, split->partition,
                                  "the checkpoint holds topic '%s' partition %ld twice", topic->meta->name,
                                  (long)split->partition);
    void *items = e->restored;
    if (!weir__reserve(e->alloc, &items, &e->restored_cap, e->restored_count + 1, sizeof *e->restored))
        return WEIR_E_NO_MEMORY;
    e->restored = items;
    found_split *kept = &e->restored[e->restored_count++];
    *kept = (found_split){.split = *split, .topic = topic->meta};
    kept->split.topic = weir_str_of(topic->meta->name);
    topic->restored = true;
    return WEIR_OK;
}

static weir_err topic_missing(weir_enumerator *e, const known_topic *topic) {
    const char *name = topic->meta->name, *where = e->config.bootstrap_servers;
    if (topic->restored)
        return weir__source_fault(&e->fault, WEIR_E_LOSS, topic->meta, -1,
                                  "topic '%s', which the checkpoint has positions in, no longer exists on %.200s: what "
                                  "had not been read from it is lost",
                                  name, where);
    return weir__source_fault(&e->fault, WEIR_E_CONFIG, topic->meta, -1,
                              "topic '%s' does not exist on %.200s: create it or correct --from", name, where);
}

/* What to make of metadata that has not come, or holds an error for the topic. */
static weir_err topic_unsettled(weir_enumerator *e, const known_topic *topic, weir_time_us now) {
    const weir__topic *meta = topic->meta;
    weir_class class = meta->answered ? weir__class_of(WEIR_API_METADATA, meta->code) : WEIR_CLASS_RETRY;
    if (meta->answered && weir__topic_gone(meta, now))
        return topic_missing(e, topic);
    if (class == WEIR_CLASS_FATAL || class == WEIR_CLASS_FENCED || class == WEIR_CLASS_ABORT) {
        (void)weir__source_fault(&e->fault,
                                 meta->code == WEIR_CODE_INVALID_TOPIC_EXCEPTION ? WEIR_E_CONFIG : WEIR_E_BROKER, meta,
                                 -1, "topic '%s' cannot be read: the broker answered %s: %s", meta->name,
                                 weir_code_name(meta->code), weir_code_text(meta->code));
        e->fault.code = meta->code;
        e->fault.api = WEIR_API_METADATA;
        return e->fault.err;
    }
    if (meta->answered)
        weir__metadata_refresh(e->client);
    if (now < e->deadline)
        return WEIR_AGAIN;
    const weir_fault *trouble = weir_client_trouble(e->client);
    bool refused = meta->answered && meta->code != 0;
    const char *why = refused ? weir_code_name(meta->code) : trouble->err != WEIR_OK ? trouble->text : "no answer";
    return weir__source_fault(&e->fault, WEIR_E_UNREACHABLE, meta, -1,
                              "%.200s told nothing about topic '%s' within default.api.timeout.ms: %s",
                              e->config.bootstrap_servers, meta->name, why);
}

/* Whether the metadata of a topic is complete: WEIR_OK, WEIR_AGAIN or a fault's error. */
static weir_err topic_check(weir_enumerator *e, const known_topic *topic, weir_time_us now) {
    const weir__topic *meta = topic->meta;
    if (!meta->answered || meta->code != 0 || meta->partition_count == 0)
        return topic_unsettled(e, topic, now);
    for (size_t n = 0; n < e->restored_count; n++) {
        const found_split *r = &e->restored[n];
        if (r->topic != meta)
            continue;
        if (!weir_uuid_is_zero(r->split.topic_id) && !weir_uuid_is_zero(meta->id) &&
            memcmp(&r->split.topic_id, &meta->id, sizeof meta->id) != 0) {
            char then[WEIR__UUID_TEXT], today[WEIR__UUID_TEXT];
            return weir__source_fault(&e->fault, WEIR_E_LOSS, meta, r->split.partition,
                                      "topic '%s' was deleted and created anew since the checkpoint: its id was %s and "
                                      "is %s now, so the position %lld of partition %ld means nothing in it",
                                      meta->name, weir__uuid_text(r->split.topic_id, then),
                                      weir__uuid_text(meta->id, today), (long long)r->split.position,
                                      (long)r->split.partition);
        }
        if (r->split.partition < meta->partition_count)
            continue;
        if (e->short_since == 0) /* one broker's old metadata may not know it yet */
            e->short_since = now;
        weir__metadata_refresh(e->client);
        if (now - e->short_since < WEIR__MISSING_US)
            return WEIR_AGAIN;
        return weir__source_fault(&e->fault, WEIR_E_LOSS, meta, r->split.partition,
                                  "topic '%s' has %ld partitions, but the checkpoint has a position in partition %ld",
                                  meta->name, (long)meta->partition_count, (long)r->split.partition);
    }
    return WEIR_OK;
}

static bool add_split(weir_enumerator *e, const known_topic *topic, int32_t partition) {
    const found_split *restored = restored_find(e, topic->meta, partition);
    if (restored == NULL && !topic->wanted)
        return true;
    void *items = e->splits;
    if (!weir__reserve(e->alloc, &items, &e->split_cap, e->split_count + 1, sizeof *e->splits))
        return false;
    e->splits = items;
    found_split *found = &e->splits[e->split_count++];
    *found = restored != NULL ? *restored
                              : (found_split){
                                    .topic = topic->meta,
                                    .needs_start = true,
                                    .split = {.topic = weir_str_of(topic->meta->name),
                                              .partition = partition,
                                              .stop = WEIR_NO_STOP,
                                              .leader_epoch = -1},
                                };
    found->needs_stop = e->stop == WEIR_STOP_LATEST && found->split.stop == WEIR_NO_STOP;
    if (weir_uuid_is_zero(found->split.topic_id))
        found->split.topic_id = topic->meta->id;
    return true;
}

static bool add_splits(weir_enumerator *e) {
    e->split_count = 0;
    for (size_t t = 0; t < e->topic_count; t++)
        for (int32_t p = 0; p < e->topics[t].meta->partition_count; p++)
            if (!add_split(e, &e->topics[t], p))
                return false;
    return true;
}

/* A partition that was added to a topic after the checkpoint is read from its first record, whatever the start is:
   nothing that was written to it has been seen. */
static int64_t start_timestamp(const weir_enumerator *e, const weir__topic *topic) {
    for (size_t t = 0; t < e->topic_count; t++)
        if (e->topics[t].meta == topic && e->topics[t].restored)
            return WEIR__TIMESTAMP_EARLIEST;
    return e->start == WEIR_START_LATEST ? WEIR__TIMESTAMP_LATEST : WEIR__TIMESTAMP_EARLIEST;
}

/* Turns the topics into splits and asks for the offsets that are missing. false: no memory. */
static bool discover(weir_enumerator *e, weir_time_us now) {
    if (!add_splits(e))
        return false;
    size_t count = 0;
    for (size_t n = 0; n < e->split_count; n++)
        count += (size_t)e->splits[n].needs_start + (size_t)e->splits[n].needs_stop;
    if (count > 0 && (e->lookups = weir__zeroed(e->alloc, count * sizeof *e->lookups)) == NULL)
        return false;
    e->lookup_count = count;
    weir__lookup *lookup = e->lookups;
    for (size_t n = 0; n < e->split_count; n++) {
        const found_split *s = &e->splits[n];
        weir__lookup one = {.topic = s->topic, .partition = s->split.partition};
        one.timestamp = start_timestamp(e, s->topic);
        if (s->needs_start)
            *lookup++ = one;
        one.timestamp = WEIR__TIMESTAMP_LATEST;
        if (s->needs_stop)
            *lookup++ = one;
    }
    e->phase = OFFSETS;
    weir__offsets_start(&e->offsets, e->client, e->alloc, (weir_isolation)e->config.isolation_level, e->lookups, count,
                        &e->fault, now);
    return true;
}

static void settle(weir_enumerator *e) {
    const weir__lookup *lookup = e->lookups;
    for (size_t n = 0; n < e->split_count; n++) {
        found_split *s = &e->splits[n];
        if (s->needs_start)
            s->split.position = (lookup++)->offset;
        if (s->needs_stop)
            s->split.stop = (lookup++)->offset;
    }
    e->phase = READY;
}

static void step(weir_enumerator *e, weir_time_us now) {
    if (e->fault.err != WEIR_OK || e->deadline == WEIR_NEVER)
        return;
    if (e->phase == TOPICS) {
        weir_err worst = WEIR_OK;
        for (size_t n = 0; n < e->topic_count && worst >= WEIR_OK; n++) {
            weir_err err = topic_check(e, &e->topics[n], now);
            if (err != WEIR_OK)
                worst = err;
        }
        if (worst == WEIR_OK && !discover(e, now))
            (void)weir__source_fault(&e->fault, WEIR_E_NO_MEMORY, NULL, -1,
                                     "the memory budget is too small for the splits of %lu topics",
                                     (unsigned long)e->topic_count);
    }
    if (e->phase == OFFSETS && weir__offsets_state(&e->offsets) == WEIR_OK)
        settle(e);
}

weir_err weir_enumerator_poll(weir_enumerator *e, weir_time_us now) {
    if (e->deadline == WEIR_NEVER)
        e->deadline = now + e->config.default_api_timeout_ms * 1000;
    phase before = e->phase;
    step(e, now);
    e->stirred = e->stirred || e->phase != before;
    if (e->fault.err != WEIR_OK)
        return e->fault.err;
    return e->phase == READY ? WEIR_OK : WEIR_AGAIN;
}

bool weir_enumerator_split(const weir_enumerator *e, size_t n, weir_split *split) {
    if (e->phase != READY || n >= e->split_count)
        return false;
    *split = e->splits[n].split;
    return true;
}
