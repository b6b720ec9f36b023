#include "reader.h"

#include "array.h"

/* How often in a row a broker may call an offset out of range that lies within the log. */
#define DOUBTS_MAX 3

static void work(weir__worker *worker, weir_time_us now) {
    weir__reader_step(WEIR__ENTRY(worker, weir_reader, worker), now);
}

static weir_time_us next_work(const weir__worker *worker) {
    return WEIR__ENTRY(worker, const weir_reader, worker)->wake;
}

weir_err weir_reader_new(weir_reader **reader, weir_client *client, const weir_config *config, weir_alloc *alloc) {
    weir_reader *r = weir__zeroed(alloc, sizeof *r);
    *reader = r;
    if (r == NULL)
        return WEIR_E_NO_MEMORY;
    r->client = client;
    r->alloc = alloc;
    r->config = *config;
    r->wake = WEIR_NEVER;
    weir_fault_clear(&r->fault);
    weir__list_init(&r->homeless);
    weir__list_init(&r->fetchers);
    weir__list_init(&r->queue);
    r->worker = (weir__worker){.work = work, .deadline = next_work};
    weir__worker_add(client, &r->worker);
    return WEIR_OK;
}

void weir_reader_free(weir_reader *r) {
    if (r == NULL)
        return;
    if (r->range_check.reading != NULL)
        weir__offsets_stop(&r->range_check.offsets);
    weir__request_cancel(r->client, &r->validation.request);
    if (r->reading != NULL)
        weir__deliver_release(r);
    while (!weir__list_empty(&r->queue))
        weir__fetched_free(WEIR__ENTRY(r->queue.next, weir__fetched, node));
    while (!weir__list_empty(&r->fetchers))
        weir__fetcher_free(WEIR__ENTRY(r->fetchers.next, weir__fetcher, node));
    for (size_t n = 0; n < r->count; n++)
        r->alloc->give(r->alloc, r->readings[n], sizeof *r->readings[n]);
    weir__array_free(r->alloc, r->readings, r->cap, sizeof(weir__reading *));
    weir__worker_remove(&r->worker);
    r->alloc->give(r->alloc, r, sizeof *r);
}

const weir_fault *weir_reader_fault(const weir_reader *r) {
    return &r->fault;
}

weir_err weir_reader_add(weir_reader *r, const weir_split *split) {
    void *items = r->readings;
    if (!weir__reserve(r->alloc, &items, &r->cap, r->count + 1, sizeof(weir__reading *)))
        return WEIR_E_NO_MEMORY;
    r->readings = items;
    weir__topic *topic = weir__topic_want(r->client, split->topic);
    weir__reading *reading = topic != NULL ? weir__zeroed(r->alloc, sizeof *reading) : NULL;
    if (reading == NULL)
        return WEIR_E_NO_MEMORY;
    reading->topic = topic;
    reading->split = *split;
    reading->split.topic = weir_str_of(topic->name);
    reading->fetch_offset = split->position;
    reading->fetch_epoch = split->leader_epoch;
    reading->high_watermark = reading->last_stable = -1;
    reading->corrupt_at = reading->leader_epoch = -1;
    weir__list_push(&r->homeless, &reading->node);
    r->readings[r->count++] = reading;
    r->unfinished++;
    reading->compared = reading->fetch_epoch >= 0 && split->position >= split->stop;
    weir__reading_moved(r, reading);
    r->generation = UINT64_MAX; /* none: the next step looks at all */
    r->stirred = true;
    return WEIR_OK;
}

void weir__reading_moved(weir_reader *r, weir__reading *reading) {
    if (reading->finished || reading->compared || reading->split.position < reading->split.stop)
        return;
    reading->finished = true;
    r->unfinished--;
}

void weir__reading_rewind(weir__reading *reading) {
    reading->fetch_offset = reading->split.position;
    reading->fetch_epoch = reading->split.leader_epoch;
    reading->stalled = false;
}

void weir__reading_defer(weir_reader *r, weir__reading *reading, weir_time_us now) {
    reading->not_before = now + weir__client_backoff(r->client, ++reading->failures);
}

void weir__reader_starved(weir_reader *r, weir_time_us *since, const char *what, weir_time_us now) {
    if (*since == 0)
        *since = now;
    if (now - *since >= r->config.request_timeout_ms * 1000)
        (void)weir__source_fault(&r->fault, WEIR_E_NO_MEMORY, NULL, -1,
                                 "the memory budget is too small to %s, and none was released for %lld ms", what,
                                 (long long)r->config.request_timeout_ms);
}

/* ---- out of range ---- */
void weir__range_check_start(weir_reader *r, weir__reading *reading, weir_time_us now) {
    weir__range_check *check = &r->range_check;
    if (check->reading != NULL)
        return; /* one at a time; the other will be refused again */
    check->reading = reading;
    check->offset = reading->fetch_offset;
    weir_fault_clear(&check->fault);
    for (size_t n = 0; n < 2; n++)
        check->lookups[n] = (weir__lookup){.topic = reading->topic,
                                           .partition = reading->split.partition,
                                           .timestamp = n == 0 ? WEIR__TIMESTAMP_EARLIEST : WEIR__TIMESTAMP_LATEST};
    weir__offsets_start(&check->offsets, r->client, r->alloc, WEIR_READ_UNCOMMITTED, check->lookups, 2, &check->fault,
                        now);
}

static void range_check_end(weir_reader *r, weir_time_us now) {
    weir__range_check *check = &r->range_check;
    weir__reading *reading = check->reading;
    if (reading == NULL || weir__offsets_state(&check->offsets) == WEIR_AGAIN)
        return;
    weir_err err = weir__offsets_state(&check->offsets);
    int64_t start = check->lookups[0].offset, end = check->lookups[1].offset;
    weir__offsets_stop(&check->offsets);
    check->reading = NULL;
    if (err != WEIR_OK) {
        (void)weir__source_fault(&r->fault, err, reading->topic, reading->split.partition,
                                 "position %lld of topic '%s' partition %ld is out of range, and the range cannot be "
                                 "looked up: %.200s",
                                 (long long)check->offset, reading->topic->name, (long)reading->split.partition,
                                 check->fault.text);
    } else if (check->offset < start || check->offset > end || ++reading->doubts >= DOUBTS_MAX) {
        (void)weir__source_fault(
            &r->fault, WEIR_E_LOSS, reading->topic, reading->split.partition,
            "position %lld of topic '%s' partition %ld is out of range: the log starts at %lld and "
            "ends at %lld; records in between were deleted or lost",
            (long long)check->offset, reading->topic->name, (long)reading->split.partition, (long long)start,
            (long long)end);
        r->fault.code = WEIR_CODE_OFFSET_OUT_OF_RANGE;
        r->fault.api = WEIR_API_FETCH;
    } else {
        reading->fetch_epoch = -1; /* the offset is fine: it was the epoch that the broker could not place */
        weir__reading_defer(r, reading, now);
    }
}

/* ---- leaders ---- */
static bool topic_lost(weir_reader *r, weir__reading *reading, weir_time_us now) {
    const weir__topic *topic = reading->topic;
    weir_split *split = &reading->split;
    if (weir_uuid_is_zero(split->topic_id))
        split->topic_id = topic->id;
    if (topic->recreated ||
        (!weir_uuid_is_zero(topic->id) && memcmp(&split->topic_id, &topic->id, sizeof topic->id) != 0)) {
        char then[WEIR__UUID_TEXT];
        (void)weir__source_fault(
            &r->fault, WEIR_E_LOSS, topic, split->partition,
            "topic '%s' was deleted and created anew: its id was %s and is another one now, so the "
            "position %lld of partition %ld means nothing in it",
            topic->name, weir__uuid_text(split->topic_id, then), (long long)split->position, (long)split->partition);
        return true;
    }
    if (topic->answered && weir__topic_gone(topic, now)) {
        (void)weir__source_fault(&r->fault, WEIR_E_LOSS, topic, split->partition,
                                 "topic '%s' no longer exists: partition %ld was read up to offset %lld", topic->name,
                                 (long)split->partition, (long long)split->position);
        return true;
    }
    if (topic->answered && weir__class_of(WEIR_API_METADATA, topic->code) == WEIR_CLASS_FATAL) {
        (void)weir__source_refused(&r->fault, WEIR_API_METADATA, topic->code, -1, topic, split->partition,
                                   "the topic can no longer be read");
        return true;
    }
    return false;
}

static void find_home(weir_reader *r, weir__reading *reading, weir_time_us now) {
    const weir__topic *topic = reading->topic;
    int32_t partition = reading->split.partition;
    const weir__partition *p = partition < topic->partition_count ? &topic->partitions[partition] : NULL;
    int32_t leader = p != NULL ? p->leader : -1;
    if (leader < 0 || topic->code != 0)
        weir__metadata_refresh(r->client); /* until it has one */
    if (leader < 0)
        return; /* it stays where it is: the broker itself says what it no longer leads */
    if (p->leader_epoch != reading->leader_epoch)
        reading->validate = reading->fetch_epoch >= 0;
    reading->leader_epoch = p->leader_epoch;
    if (reading->fetcher != NULL && reading->fetcher->broker == leader)
        return;
    weir__fetcher *fetcher = weir__fetcher_of(r, leader);
    if (fetcher == NULL) {
        r->generation = UINT64_MAX; /* once more when there is memory */
        weir__reader_starved(r, &r->homeless_since, "read from one more broker", now);
        return;
    }
    reading->not_before = 0;
    weir__fetcher_give(fetcher, reading);
}

static void find_homes(weir_reader *r, weir_time_us now) {
    uint64_t generation = weir__metadata_generation(r->client);
    if (r->generation == generation)
        return;
    r->generation = generation;
    for (size_t n = 0; n < r->count; n++) {
        weir__reading *reading = r->readings[n];
        if (reading->finished)
            continue;
        if (topic_lost(r, reading, now))
            return;
        find_home(r, reading, now);
    }
    if (r->generation != UINT64_MAX)
        r->homeless_since = 0;
}

void weir__reader_step(weir_reader *r, weir_time_us now) {
    r->wake = WEIR_NEVER;
    r->stirred = false;
    range_check_end(r, now);
    if (r->fault.err != WEIR_OK || r->unfinished == 0)
        return;
    find_homes(r, now);
    weir__validate(r, now);
    if (r->starved_since != 0)
        r->wake = now + weir__client_backoff(r->client, 1);
    if (r->generation == UINT64_MAX)
        r->wake = now + weir__client_backoff(r->client, 1);
    WEIR__LIST_EACH (it, &r->fetchers) {
        if (r->fault.err == WEIR_OK)
            weir__fetcher_send(WEIR__ENTRY(it, weir__fetcher, node), now, &r->wake);
    }
}

/* ---- polling ---- */
/* Whether the batch that is out has been walked to its end, or to the stop offset. */
static bool walked(const weir_reader *r) {
    int64_t end = r->batch.end < r->batch.stop ? r->batch.end : r->batch.stop;
    return *r->batch.position >= end;
}

/* A batch that was not walked to its end is handed out again, unless it cannot be walked any further. */
static weir_err again(weir_reader *r, const weir_split_batch **batch) {
    weir_batch_walk walk = r->batch.walk;
    weir_record record;
    if (weir_batch_next(&walk, &record) != WEIR_E_MALFORMED) {
        *batch = &r->batch;
        return WEIR_OK;
    }
    return weir__source_fault(&r->fault, WEIR_E_MALFORMED, r->reading->topic, r->batch.partition,
                              "topic '%s' partition %ld offset %lld: the record in front of or at this offset is "
                              "malformed although the checksum of its batch is right",
                              r->reading->topic->name, (long)r->batch.partition, (long long)*r->batch.position);
}

weir_err weir_reader_poll(weir_reader *r, const weir_split_batch **batch, weir_time_us now) {
    *batch = NULL;
    if (r->fault.err != WEIR_OK)
        return r->fault.err;
    if (r->reading != NULL && !walked(r))
        return again(r, batch);
    if (r->reading != NULL)
        weir__deliver_release(r);
    weir_err err = weir__deliver(r, now);
    if (r->stirred)
        weir__reader_step(r, now);
    if (err == WEIR_OK)
        *batch = &r->batch;
    else if (r->fault.err != WEIR_OK)
        err = r->fault.err;
    else if (err == WEIR_AGAIN && r->unfinished == 0)
        err = WEIR_END;
    return err;
}

bool weir_reader_split(const weir_reader *r, size_t n, weir_split *split) {
    if (n >= r->count)
        return false;
    *split = r->readings[n]->split;
    if (r->reading == r->readings[n] && split->position > r->batch_position)
        split->leader_epoch = r->batch_epoch;
    return true;
}

int64_t weir_reader_lag(const weir_reader *r) {
    int64_t lag = 0;
    for (size_t n = 0; n < r->count; n++) {
        const weir__reading *reading = r->readings[n];
        int64_t end = reading->high_watermark;
        if (r->config.isolation_level == WEIR_READ_COMMITTED && reading->last_stable >= 0)
            end = reading->last_stable;
        if (end > reading->split.position)
            lag += end - reading->split.position;
    }
    return lag;
}
