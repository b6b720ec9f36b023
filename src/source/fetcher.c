#include "array.h"
#include "reader.h"

/* First version with topic ids instead of names, and with last_fetched_epoch. */
#define VERSION_TOPIC_IDS     13
#define VERSION_FETCHED_EPOCH 12
#define VERSION_SESSIONS      7

weir__fetcher *weir__fetcher_of(weir_reader *reader, int32_t broker) {
    WEIR__LIST_EACH (it, &reader->fetchers) {
        weir__fetcher *known = WEIR__ENTRY(it, weir__fetcher, node);
        if (known->broker == broker)
            return known;
    }
    weir__fetcher *fetcher = weir__zeroed(reader->alloc, sizeof *fetcher);
    if (fetcher == NULL)
        return NULL;
    fetcher->reader = reader;
    fetcher->broker = broker;
    weir__list_init(&fetcher->readings);
    fetcher->hint = &fetcher->readings;
    weir__list_push(&reader->fetchers, &fetcher->node);
    return fetcher;
}

static size_t memory_size(size_t room) {
    return room * (sizeof(weir_fetch_request_fetch_partition) + sizeof(weir_fetch_request_fetch_topic) +
                   sizeof(weir_fetch_request_forgotten_topic) + sizeof(int32_t));
}

void weir__fetcher_free(weir__fetcher *fetcher) {
    weir_reader *reader = fetcher->reader;
    weir__request_cancel(reader->client, &fetcher->request);
    if (fetcher->memory != NULL)
        reader->alloc->give(reader->alloc, fetcher->memory, memory_size(fetcher->room));
    weir__list_remove(&fetcher->node);
    reader->alloc->give(reader->alloc, fetcher, sizeof *fetcher);
}

/* Makes room for a message about `need` readings. Not while a request is in flight. */
static bool reserve(weir__fetcher *fetcher, size_t need) {
    if (need <= fetcher->room)
        return true;
    weir_alloc *alloc = fetcher->reader->alloc;
    size_t room = need + need / 2;
    uint8_t *memory = weir__zeroed(alloc, memory_size(room));
    if (memory == NULL)
        return false;
    if (fetcher->memory != NULL)
        alloc->give(alloc, fetcher->memory, memory_size(fetcher->room));
    fetcher->memory = memory;
    fetcher->room = room;
    fetcher->partitions = (weir_fetch_request_fetch_partition *)(void *)memory; /* the strictest alignment first */
    fetcher->topics = (weir_fetch_request_fetch_topic *)(void *)(fetcher->partitions + room);
    fetcher->forgotten = (weir_fetch_request_forgotten_topic *)(void *)(fetcher->topics + room);
    fetcher->forgotten_partitions = (int32_t *)(void *)(fetcher->forgotten + room);
    return true;
}

/* Lists a partition; neighbours of one topic share an entry. */
static void list(weir__fetcher *fetcher, const weir__reading *reading) {
    weir_fetch_request *m = &fetcher->message;
    weir_fetch_request_fetch_topic *topic = m->topics.count > 0 ? &fetcher->topics[m->topics.count - 1] : NULL;
    if (topic == NULL || topic->topic.p != reading->split.topic.p) {
        weir_fetch_request_fetch_partition *items =
            topic == NULL ? fetcher->partitions : topic->partitions.items + topic->partitions.count;
        topic = &fetcher->topics[m->topics.count++];
        topic->topic = reading->split.topic;
        topic->topic_id = reading->split.topic_id;
        topic->partitions.items = items;
        topic->partitions.count = 0;
    }
    topic->partitions.items[topic->partitions.count++] = reading->asking;
}

static void forget(weir__fetcher *fetcher, const weir__reading *reading) {
    weir_fetch_request *m = &fetcher->message;
    weir_fetch_request_forgotten_topic *topic =
        m->forgotten_topics_data.count > 0 ? &fetcher->forgotten[m->forgotten_topics_data.count - 1] : NULL;
    if (topic == NULL || topic->topic.p != reading->split.topic.p) {
        int32_t *items =
            topic == NULL ? fetcher->forgotten_partitions : topic->partitions.items + topic->partitions.count;
        topic = &fetcher->forgotten[m->forgotten_topics_data.count++];
        topic->topic = reading->split.topic;
        topic->topic_id = reading->split.topic_id;
        topic->partitions.items = items;
        topic->partitions.count = 0;
    }
    topic->partitions.items[topic->partitions.count++] = reading->split.partition;
}

/* How many bytes to ask for. Where the response as a whole has no limit, each partition takes its share of it. */
static int32_t fetch_size(const weir__fetcher *fetcher, const weir__reading *reading, int16_t version) {
    const weir_config *config = &fetcher->reader->config;
    int64_t size = config->max_partition_fetch_bytes;
    if (version >= WEIR__FETCH_WHOLE_BATCH)
        return (int32_t)size;
    if (reading->need > 0)
        return reading->need;
    int64_t share = config->fetch_max_bytes / (fetcher->wanted > 0 ? fetcher->wanted : 1);
    return (int32_t)(share < size ? share : size);
}

/* What a fetch would say about a reading now. */
static weir_fetch_request_fetch_partition want_of(const weir__fetcher *fetcher, const weir__reading *reading,
                                                  int16_t version) {
    return (weir_fetch_request_fetch_partition){
        .partition = reading->split.partition,
        .current_leader_epoch = reading->leader_epoch,
        .fetch_offset = reading->fetch_offset,
        .last_fetched_epoch = version >= VERSION_FETCHED_EPOCH ? reading->fetch_epoch : -1,
        .log_start_offset = -1,
        .partition_max_bytes = fetch_size(fetcher, reading, version),
        .high_watermark = INT64_MAX,
    };
}

static bool differs(const weir_fetch_request_fetch_partition *a, const weir_fetch_request_fetch_partition *b) {
    return a->fetch_offset != b->fetch_offset || a->current_leader_epoch != b->current_leader_epoch ||
           a->last_fetched_epoch != b->last_fetched_epoch;
}

/* Builds the message. May run again for the same fetch, so the session's state is only changed by the response. */
static const void *message_of(weir__request *request, int16_t version) {
    weir__fetcher *fetcher = request->owner;
    const weir_config *config = &fetcher->reader->config;
    weir_fetch_request *m = &fetcher->message;
    bool by_id = version >= VERSION_TOPIC_IDS;
    if (by_id != fetcher->by_id)
        fetcher->session_epoch = 0; /* a session cannot mix names and ids */
    fetcher->by_id = by_id;
    fetcher->version = version;
    bool full = version < VERSION_SESSIONS || fetcher->session_epoch == 0;
    weir_message_init(request->api->request, m);
    m->max_wait_ms = (int32_t)config->fetch_max_wait_ms;
    m->min_bytes = (int32_t)config->fetch_min_bytes;
    m->max_bytes = (int32_t)config->fetch_max_bytes;
    m->isolation_level = (int8_t)config->isolation_level;
    if (version >= VERSION_SESSIONS) {
        m->session_id = fetcher->session_id;
        m->session_epoch = fetcher->session_epoch;
    }
    m->topics.items = fetcher->topics;
    m->forgotten_topics_data.items = fetcher->forgotten;
    size_t room = fetcher->room;
    WEIR__LIST_EACH (it, &fetcher->readings) {
        weir__reading *reading = WEIR__ENTRY(it, weir__reading, node);
        reading->asked = reading->wanted && room > 0;
        if (room == 0)
            continue;
        reading->asking = want_of(fetcher, reading, version);
        if (!reading->asked && (full || !reading->in_session))
            continue;
        room--;
        if (!reading->asked)
            forget(fetcher, reading);
        else if (full || !reading->in_session || differs(&reading->asking, &reading->sent))
            list(fetcher, reading);
    }
    return m;
}

static void fetched(weir__request *request, const weir__outcome *outcome) {
    weir__fetcher *fetcher = request->owner;
    fetcher->in_flight = false;
    weir__fetched_take(fetcher, outcome);
    weir__reader_step(fetcher->reader, outcome->now);
}

/* Decides what takes part in the next fetch; returns how many do. *room: how many the message may have to name. */
static size_t choose(weir__fetcher *fetcher, weir_time_us now, weir_time_us *wake, size_t *room, bool *ids) {
    size_t count = 0;
    *ids = true;
    WEIR__LIST_EACH (it, &fetcher->readings) {
        weir__reading *reading = WEIR__ENTRY(it, weir__reading, node);
        ++*room;
        reading->wanted = !reading->finished && !reading->stalled && !reading->validate &&
                          reading->fetch_offset < reading->split.stop &&
                          reading != fetcher->reader->range_check.reading;
        if (!reading->wanted)
            continue;
        if (reading->not_before > now) {
            reading->wanted = false;
            *wake = reading->not_before < *wake ? reading->not_before : *wake;
            continue;
        }
        *ids = *ids && !weir_uuid_is_zero(reading->split.topic_id);
        count++;
    }
    return count;
}

void weir__fetcher_send(weir__fetcher *fetcher, weir_time_us now, weir_time_us *wake) {
    weir_reader *reader = fetcher->reader;
    bool full = fetcher->queued > 1 && fetcher->held > (size_t)reader->config.fetch_max_bytes;
    if (fetcher->in_flight || weir__list_empty(&fetcher->readings) || full)
        return;
    size_t room = 0;
    bool ids;
    fetcher->wanted = (int32_t)choose(fetcher, now, wake, &room, &ids);
    if (fetcher->wanted == 0)
        return;
    if (fetcher->not_before <= now && !reserve(fetcher, room)) {
        fetcher->not_before = now + weir__client_backoff(reader->client, 1);
        weir__reader_starved(reader, &fetcher->starved_since, "ask for records", now);
    }
    if (fetcher->not_before > now) {
        *wake = fetcher->not_before < *wake ? fetcher->not_before : *wake;
        return;
    }
    fetcher->request = (weir__request){
        .api = weir_api_find(WEIR_API_FETCH),
        .max_version = ids ? -1 : VERSION_TOPIC_IDS - 1,
        .target = WEIR_TARGET_BROKER,
        .broker = fetcher->broker,
        .use = WEIR__USE_FETCH,
        .once = true,
        .fill = message_of,
        .done = fetched,
        .owner = fetcher,
        .deadline = now + (reader->config.fetch_max_wait_ms + reader->config.request_timeout_ms) * 1000,
    };
    fetcher->in_flight = true;
    fetcher->sent_at = now;
    weir__request_submit(reader->client, &fetcher->request, now);
}

/* Takes a reading off its fetcher. The session still has it, so the next fetch makes a new one. */
static void leave(weir__fetcher *fetcher, weir__reading *reading) {
    if (reading->in_session)
        fetcher->session_epoch = 0;
    if (fetcher->hint == &reading->node)
        fetcher->hint = reading->node.next;
    weir__list_remove(&reading->node);
    if (!weir__list_empty(&fetcher->readings) || !fetcher->in_flight)
        return;
    weir__request_cancel(fetcher->reader->client, &fetcher->request); /* its broker may be gone for good */
    fetcher->in_flight = false;
    fetcher->session_epoch = 0;
}

void weir__fetcher_give(weir__fetcher *fetcher, weir__reading *reading) {
    weir_reader *reader = fetcher != NULL ? fetcher->reader : reading->fetcher->reader;
    if (reading->fetcher != NULL)
        leave(reading->fetcher, reading);
    else
        weir__list_remove(&reading->node);
    reading->fetcher = fetcher;
    reading->in_session = false;
    reading->asked = false;
    weir__list_push(fetcher != NULL ? &fetcher->readings : &reader->homeless, &reading->node);
}
