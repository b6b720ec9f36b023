/* KIP-320: before a split is read on from a new leader, the leader is asked where the leader epoch of the last record
   read ends in its log. Ending before the position means that the log was truncated below what was read. Brokers with
   Fetch v12 check that themselves, at every fetch; a split that is at its stop offset from the beginning is never
   fetched, so its position is compared in any case. */
#include "reader.h"

#define FETCH_CHECKS_EPOCHS 12
/* First version that tells the epoch it found, and whose request names the leader's epoch. */
#define USEFUL_VERSION 2

bool weir__diverged(weir_reader *reader, const weir__reading *reading, int32_t epoch, int64_t end_offset) {
    if (end_offset < 0 || epoch < 0) /* undefined: the broker does not know */
        return false;
    if (end_offset >= reading->fetch_offset && epoch >= reading->fetch_epoch)
        return false;
    (void)weir__source_fault(&reader->fault, WEIR_E_LOSS, reading->topic, reading->split.partition,
                             "the log of topic '%s' partition %ld was truncated: offset %lld with leader epoch %ld has "
                             "been read, but the leader's log ends epoch %ld at offset %lld (unclean leader election)",
                             reading->topic->name, (long)reading->split.partition, (long long)reading->fetch_offset,
                             (long)reading->fetch_epoch, (long)epoch, (long long)end_offset);
    return true;
}

/* The position of a reading is known to be that of the leader's log, or the leader cannot tell. */
static void compared(weir_reader *reader, weir__reading *reading) {
    reading->validate = reading->compared = false;
    weir__reading_moved(reader, reading);
}

static void take_answer(weir_reader *reader, weir__reading *reading,
                        const weir_offset_for_leader_epoch_response *response, weir_time_us now) {
    if (response->topics.count != 1 || response->topics.items[0].partitions.count != 1) {
        weir__reading_defer(reader, reading, now);
        return;
    }
    const weir_offset_for_leader_epoch_response_epoch_end_offset *end = &response->topics.items[0].partitions.items[0];
    weir_class class = weir__class_of(WEIR_API_OFFSET_FOR_LEADER_EPOCH, end->error_code);
    if (class == WEIR_CLASS_OK) {
        if (!weir__diverged(reader, reading, end->leader_epoch, end->end_offset))
            compared(reader, reading);
    } else if (class == WEIR_CLASS_FATAL) {
        (void)weir__source_refused(&reader->fault, WEIR_API_OFFSET_FOR_LEADER_EPOCH, end->error_code,
                                   reading->fetcher->broker, reading->topic, reading->split.partition,
                                   "the position cannot be checked");
    } else {
        if (class == WEIR_CLASS_REFRESH)
            weir__metadata_refresh(reader->client);
        weir__reading_defer(reader, reading, now);
    }
}

/* Whether the answer is about what is to be known now: a fetch that was under way may have been answered since. */
static bool still_asked(const weir__validation *v, const weir__reading *reading) {
    return reading->fetch_offset == v->offset && reading->fetch_epoch == v->epoch;
}

static void answered(weir__request *request, const weir__outcome *outcome) {
    weir_reader *reader = request->owner;
    weir__reading *reading = reader->validation.reading;
    reader->validation.reading = NULL;
    if (reading->fetcher == NULL || reading->fetcher->broker != request->broker) {
        /* it has moved on, and will be checked there */
    } else if (outcome->err == WEIR_OK && still_asked(&reader->validation, reading)) {
        take_answer(reader, reading, outcome->response, outcome->now);
    } else if (outcome->err == WEIR_OK) {
        /* it has been read on, and is asked about once more */
    } else if (outcome->err == WEIR_E_VERSION) {
        compared(reader, reading);
    } else {
        weir__metadata_refresh(reader->client);
        weir__reading_defer(reader, reading, outcome->now);
    }
    weir__reader_step(reader, outcome->now);
}

static const void *message_of(weir__request *request, int16_t version) {
    weir_reader *reader = request->owner;
    weir__validation *v = &reader->validation;
    const weir__reading *reading = v->reading;
    (void)version;
    weir_message_init(request->api->request, &v->message);
    v->partition = (weir_offset_for_leader_epoch_request_offset_for_leader_partition){
        .partition = reading->split.partition,
        .current_leader_epoch = reading->leader_epoch,
        .leader_epoch = reading->fetch_epoch,
    };
    v->topic.topic = reading->split.topic;
    v->topic.partitions.items = &v->partition;
    v->topic.partitions.count = 1;
    v->message.replica_id = -1;
    v->message.topics.items = &v->topic;
    v->message.topics.count = 1;
    return &v->message;
}

static void ask(weir_reader *reader, weir__reading *reading, weir_time_us now) {
    weir__validation *v = &reader->validation;
    v->reading = reading;
    v->offset = reading->fetch_offset;
    v->epoch = reading->fetch_epoch;
    v->request = (weir__request){
        .api = weir_api_find(WEIR_API_OFFSET_FOR_LEADER_EPOCH),
        .max_version = -1,
        .target = WEIR_TARGET_BROKER,
        .broker = reading->fetcher->broker,
        .use = WEIR__USE_COORDINATION,
        .once = true,
        .fill = message_of,
        .done = answered,
        .owner = reader,
        .deadline = now + reader->config.request_timeout_ms * 1000,
    };
    weir__request_submit(reader->client, &v->request, now);
}

void weir__validate(weir_reader *reader, weir_time_us now) {
    for (size_t n = 0; n < reader->count; n++) {
        weir__reading *reading = reader->readings[n];
        if (!reading->validate || reading->fetcher == NULL || reader->validation.reading != NULL)
            continue;
        int32_t broker = reading->fetcher->broker;
        int16_t fetch = weir__broker_version(reader->client, broker, WEIR_API_FETCH, -1);
        int16_t epochs = weir__broker_version(reader->client, broker, WEIR_API_OFFSET_FOR_LEADER_EPOCH, -1);
        bool fetched = fetch >= FETCH_CHECKS_EPOCHS && !reading->compared;
        if (fetched || (fetch >= 0 && epochs < USEFUL_VERSION))
            compared(reader, reading);
        else if (reading->not_before <= now)
            ask(reader, reading, now);
        else if (reading->not_before < reader->wake)
            reader->wake = reading->not_before;
    }
}
