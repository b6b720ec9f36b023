#include "array.h"
#include "reader.h"

typedef weir_fetch_response_partition_data partition_data;
typedef weir_fetch_response_fetchable_topic_response topic_data;

/* Offsets of the members of a batch that are read before it has been checked. */
enum {
    AT_LENGTH = 8,
    AT_LEADER_EPOCH = 12,
    AT_MAGIC = 16,
    AT_LAST_OFFSET_DELTA = 23,
    LENGTH_EXCLUDES = 12
};

static uint32_t get32(const uint8_t *p) {
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

int64_t weir__batch_size(weir_records set) {
    return set.len < AT_LENGTH + 4 ? 0 : (int64_t)get32(set.p + AT_LENGTH) + LENGTH_EXCLUDES;
}

/* What is behind the first batch of `set`: the offset, and the leader epoch of what is before it. An entry of before
   magic 2 has the offset of its last record. False when the batch is not all there or makes no sense. */
static bool next_after(weir_records set, int64_t *next, int32_t *epoch) {
    if (set.len <= AT_MAGIC)
        return false;
    bool old = set.p[AT_MAGIC] < 2;
    int64_t size = weir__batch_size(set), least = old ? WEIR_MESSAGE_OVERHEAD(0) : WEIR_BATCH_HEADER_SIZE;
    if (set.p[AT_MAGIC] > 2 || size < least || size > set.len)
        return false;
    uint32_t delta = old ? 0 : get32(set.p + AT_LAST_OFFSET_DELTA);
    uint64_t base = (uint64_t)get32(set.p) << 32 | get32(set.p + 4);
    if (delta > INT32_MAX || base >= (uint64_t)INT64_MAX - delta)
        return false;
    *next = (int64_t)(base + delta + 1);
    *epoch = old ? -1 : (int32_t)get32(set.p + AT_LEADER_EPOCH);
    return true;
}

/* Moves fetch_offset behind the last whole batch, so that the next fetch need not wait until these records are walked
   (only then are they checked). Returns whether it moved. */
static bool pass_batches(weir__reading *reading, weir_records set, int64_t end) {
    int64_t from = reading->fetch_offset, next;
    int32_t epoch;
    while (next_after(set, &next, &epoch) && next <= end) {
        if (next > reading->fetch_offset) {
            reading->fetch_offset = next;
            reading->fetch_epoch = epoch;
        }
        uint32_t size = (uint32_t)weir__batch_size(set);
        set.p += size;
        set.len -= size;
    }
    return reading->fetch_offset > from;
}

/* The fetcher's reading that a part of a response is about. Responses mostly keep the order of the list. */
static weir__reading *reading_find(weir__fetcher *fetcher, const topic_data *topic, int32_t partition) {
    weir__list *it = fetcher->hint;
    do {
        if (it != &fetcher->readings) {
            weir__reading *reading = WEIR__ENTRY(it, weir__reading, node);
            if (reading->split.partition == partition &&
                (fetcher->by_id ? memcmp(&reading->split.topic_id, &topic->topic_id, sizeof topic->topic_id) == 0
                                : weir_str_equal(reading->split.topic, topic->topic))) {
                fetcher->hint = it->next;
                return reading;
            }
        }
        it = it->next;
    } while (it != fetcher->hint);
    return NULL;
}

/* An error that does not say what to do about it is retried only so long. */
static void endure(weir__fetcher *fetcher, weir__reading *reading, int16_t code, weir_time_us now) {
    weir_reader *reader = fetcher->reader;
    if (reading->failing_since == 0)
        reading->failing_since = now;
    if (now - reading->failing_since >= reader->config.default_api_timeout_ms * 1000)
        (void)weir__source_refused(&reader->fault, WEIR_API_FETCH, code, fetcher->broker, reading->topic,
                                   reading->split.partition, "records cannot be read (default.api.timeout.ms passed)");
}

static void take_error(weir__fetcher *fetcher, weir__reading *reading, int16_t code, weir_time_us now) {
    weir_reader *reader = fetcher->reader;
    weir__reading_defer(reader, reading, now);
    if (code == WEIR_CODE_OFFSET_OUT_OF_RANGE) {
        if (reading->fetch_offset == reading->split.position) /* else what is queued comes first */
            weir__range_check_start(reader, reading, now);
        return;
    }
    switch (weir__class_of(WEIR_API_FETCH, code)) {
    case WEIR_CLASS_REFRESH:
        weir__metadata_refresh(reader->client);
        return;
    case WEIR_CLASS_RETRY:
    case WEIR_CLASS_FIND_COORDINATOR:
        if (code == WEIR_CODE_CORRUPT_MESSAGE)
            endure(fetcher, reading, code, now);
        return;
    case WEIR_CLASS_OK:
    case WEIR_CLASS_INDETERMINATE:
        endure(fetcher, reading, code, now);
        return;
    default:
        (void)weir__source_refused(&reader->fault, WEIR_API_FETCH, code, fetcher->broker, reading->topic,
                                   reading->split.partition, "records cannot be read");
    }
}

/* Takes in one partition's part; true when `part` has been filled with its records. */
static bool take_partition(weir__fetcher *fetcher, weir__reading *reading, const partition_data *data, weir_time_us now,
                           weir__part *part) {
    if (data->error_code != 0) {
        take_error(fetcher, reading, data->error_code, now);
        return false;
    }
    if (data->diverging_epoch.end_offset >= 0 &&
        weir__diverged(fetcher->reader, reading, data->diverging_epoch.epoch, data->diverging_epoch.end_offset))
        return false;
    reading->failures = 0;
    reading->failing_since = 0;
    reading->high_watermark = data->high_watermark;
    /* Where there are no transactions (before 0.11) everything is stable. */
    reading->last_stable = data->last_stable_offset >= 0 ? data->last_stable_offset : data->high_watermark;
    if (data->records.len == 0)
        return false;
    *part = (weir__part){
        .reading = reading,
        .from = reading->fetch_offset,
        .end = data->high_watermark,
        .records = data->records,
    };
    if (fetcher->reader->config.isolation_level == WEIR_READ_COMMITTED)
        weir__aborted_init(&part->aborted, data->aborted_transactions.items, data->aborted_transactions.count);
    reading->stalled = !pass_batches(reading, data->records, part->end);
    if (!reading->stalled) {
        reading->cut = reading->empty = reading->doubts = 0;
        reading->need = 0;
    }
    return true;
}

typedef struct contents {
    size_t partitions, with_records;
} contents;

static contents count(const weir_fetch_response *response) {
    contents c = {0};
    for (int32_t t = 0; t < response->responses.count; t++) {
        const topic_data *topic = &response->responses.items[t];
        for (int32_t p = 0; p < topic->partitions.count; p++) {
            c.partitions++;
            c.with_records += topic->partitions.items[p].records.len > 0;
        }
    }
    return c;
}

/* Takes in all partitions. false: the response holds partitions that the session does not. */
static bool take_partitions(weir__fetcher *fetcher, const weir_fetch_response *response, weir__fetched *fetched,
                            weir_time_us now) {
    bool sound = true;
    fetcher->hint = fetcher->readings.next;
    for (int32_t t = 0; t < response->responses.count; t++) {
        const topic_data *topic = &response->responses.items[t];
        for (int32_t p = 0; p < topic->partitions.count; p++) {
            const partition_data *data = &topic->partitions.items[p];
            weir__reading *reading = reading_find(fetcher, topic, data->partition_index);
            if (reading == NULL || !reading->asked) {
                sound = false;
                continue;
            }
            if (reading->asking.fetch_offset != reading->fetch_offset)
                continue;
            weir__part part;
            if (take_partition(fetcher, reading, data, now, &part) && fetched != NULL)
                fetched->parts[fetched->count++] = part;
        }
    }
    return sound;
}

/* Brings the session to what the broker now holds. `listed`: the partitions in the response. */
static void take_session(weir__fetcher *fetcher, const weir_fetch_response *response, bool sound, size_t listed) {
    size_t asked = 0;
    WEIR__LIST_EACH (it, &fetcher->readings) {
        weir__reading *reading = WEIR__ENTRY(it, weir__reading, node);
        reading->in_session = reading->asked;
        reading->sent = reading->asking;
        asked += reading->asked;
    }
    bool full = fetcher->message.session_epoch <= 0;
    if (full)
        fetcher->session_id = response->session_id;
    if (!sound || response->session_id == 0 || response->session_id != fetcher->session_id || (full && listed != asked))
        fetcher->session_epoch = 0;
    else
        fetcher->session_epoch = fetcher->message.session_epoch == INT32_MAX ? 1 : fetcher->message.session_epoch + 1;
}

/* A split may have its stop offset in a hole that compaction left at the end of the log. Where a broker with nothing
   held back sends no record of any split, there is none to come below the high watermark (last stable offset). */
static void take_nothing(weir__fetcher *fetcher) {
    weir_reader *reader = fetcher->reader;
    WEIR__LIST_EACH (it, &fetcher->readings) {
        weir__reading *reading = WEIR__ENTRY(it, weir__reading, node);
        int64_t end =
            reader->config.isolation_level == WEIR_READ_COMMITTED ? reading->last_stable : reading->high_watermark;
        if (!reading->asked || reading->asking.fetch_offset != reading->split.position || reading->failures > 0 ||
            end < reading->split.stop || ++reading->empty < 3)
            continue;
        reading->split.position = reading->split.stop;
        weir__reading_moved(reader, reading);
    }
}

/* Splits that have had their turn are asked for last next time. */
static void rotate(weir__fetched *fetched) {
    for (size_t n = 0; n < fetched->count; n++) {
        weir__list *node = &fetched->parts[n].reading->node;
        weir__list_remove(node);
        weir__list_push(&fetched->fetcher->readings, node);
    }
}

/* Memory for the queue entry. NULL: none; nothing has been taken in then, and the same will be fetched again. */
static weir__fetched *make(weir__fetcher *fetcher, size_t parts) {
    size_t size = sizeof(weir__fetched) + parts * sizeof(weir__part);
    weir__fetched *fetched = weir__zeroed(fetcher->reader->alloc, size);
    if (fetched == NULL)
        return NULL;
    fetched->size = size;
    fetched->fetcher = fetcher;
    weir__list_init(&fetched->node);
    return fetched;
}

void weir__fetched_free(weir__fetched *fetched) {
    weir_reader *reader = fetched->fetcher->reader;
    fetched->fetcher->queued--;
    fetched->fetcher->held -= fetched->reply.frame_size + fetched->reply.memory_size;
    weir__reply_free(reader->client, &fetched->reply);
    weir__list_remove(&fetched->node);
    reader->alloc->give(reader->alloc, fetched, fetched->size);
}

static void take_response(weir__fetcher *fetcher, const weir__outcome *outcome) {
    weir_reader *reader = fetcher->reader;
    const weir_fetch_response *response = outcome->response;
    contents c = count(response);
    weir__fetched *fetched = NULL;
    if (c.with_records > 0 && (fetched = make(fetcher, c.with_records)) == NULL) {
        fetcher->session_epoch = 0;
        fetcher->not_before = outcome->now + weir__client_backoff(reader->client, ++fetcher->failures);
        weir__reader_starved(reader, &fetcher->starved_since, "take in a response", outcome->now);
        return;
    }
    fetcher->failures = 0;
    fetcher->starved_since = 0;
    bool sound = take_partitions(fetcher, response, fetched, outcome->now);
    take_session(fetcher, response, sound, c.partitions);
    if (c.with_records == 0) {
        if (sound && response->throttle_time_ms == 0)
            take_nothing(fetcher);
        if (outcome->now - fetcher->sent_at <
            reader->config.fetch_max_wait_ms * 1000) /* it did not wait: do not spin */
            fetcher->not_before = outcome->now + weir__client_backoff(reader->client, 1);
        return;
    }
    if (fetched->count == 0) {
        reader->alloc->give(reader->alloc, fetched, fetched->size);
        return;
    }
    rotate(fetched);
    fetched->reply = weir__reply_keep(outcome);
    fetcher->queued++;
    fetcher->held += fetched->reply.frame_size + fetched->reply.memory_size;
    weir__list_push(&reader->queue, &fetched->node);
}

/* An error of the whole response. */
static void take_refusal(weir__fetcher *fetcher, int16_t code, weir_time_us now) {
    weir_reader *reader = fetcher->reader;
    fetcher->session_epoch = 0;
    fetcher->not_before = now + weir__client_backoff(reader->client, ++fetcher->failures);
    switch (code) {
    case WEIR_CODE_FETCH_SESSION_ID_NOT_FOUND:
        fetcher->session_id = 0;
        break;
    case WEIR_CODE_INVALID_FETCH_SESSION_EPOCH:
    case WEIR_CODE_FETCH_SESSION_TOPIC_ID_ERROR:
        break;
    default:
        WEIR__LIST_EACH (it, &fetcher->readings) {
            weir__reading *reading = WEIR__ENTRY(it, weir__reading, node);
            if (reading->asked)
                take_error(fetcher, reading, code, now);
        }
        return;
    }
    if (fetcher->failures == 1)
        fetcher->not_before = now; /* a lost session costs no pause the first time */
}

void weir__fetched_take(weir__fetcher *fetcher, const weir__outcome *outcome) {
    weir_reader *reader = fetcher->reader;
    const weir_fetch_response *response = outcome->response;
    if (outcome->err == WEIR_OK && response->error_code != 0) {
        take_refusal(fetcher, response->error_code, outcome->now);
    } else if (outcome->err == WEIR_OK) {
        take_response(fetcher, outcome);
    } else {
        fetcher->session_epoch = 0;
        fetcher->not_before = outcome->now + weir__client_backoff(reader->client, ++fetcher->failures);
        if (outcome->err == WEIR_E_VERSION)
            (void)weir__source_fault(
                &reader->fault, WEIR_E_UNSUPPORTED, NULL, -1,
                "broker %ld has no version of Fetch that this client can use: it is older than Kafka 0.10",
                (long)fetcher->broker);
        weir__metadata_refresh(reader->client);
    }
    WEIR__LIST_EACH (it, &fetcher->readings) {
        WEIR__ENTRY(it, weir__reading, node)->asked = false;
    }
}
