#include "offsets.h"

#include "array.h"
#include "faults.h"

typedef weir_list_offsets_request_list_offsets_topic request_topic;
typedef weir_list_offsets_request_list_offsets_partition request_partition;
typedef weir_list_offsets_response_list_offsets_partition_response response_partition;

/* One request: the lookups of one leader with one timestamp. (A broker refuses a partition that comes twice.) */
struct weir__offsets_ask {
    weir__list node;
    weir__offsets *offsets;
    size_t size;
    bool finished; /* to be freed */
    weir__request request;
    weir_list_offsets_request message;
    request_topic *topics;
    request_partition *partitions;
};
typedef struct weir__offsets_ask ask;

/* Puts a lookup off. */
static void defer(weir__offsets *offsets, weir__lookup *lookup, int16_t code, weir_time_us now) {
    lookup->code = code;
    lookup->not_before = now + weir__client_backoff(offsets->client, ++lookup->tries);
}

static int32_t leader_of(const weir__lookup *lookup) {
    const weir__topic *topic = lookup->topic;
    return lookup->partition < topic->partition_count ? topic->partitions[lookup->partition].leader : -1;
}

/* Whether a lookup can ride with `first`. One of the same partition and timestamp right before it (start and stop both
   at the end) rides first, and this one next time. */
static bool rides(const weir__lookup *l, const weir__lookup *first) {
    bool twin = l != first && l[-1].topic == l->topic && l[-1].partition == l->partition &&
                l[-1].timestamp == l->timestamp && !l[-1].answered;
    return !twin && leader_of(l) == leader_of(first) && l->timestamp == first->timestamp;
}

static bool due(const weir__lookup *lookup, weir_time_us now) {
    return !lookup->answered && lookup->ask == NULL && lookup->not_before <= now;
}

/* Version 0 lists offsets, one at most as it was asked for one. -1: none. */
static int64_t old_offset(const response_partition *answer) {
    return answer->old_style_offsets.count > 0 ? answer->old_style_offsets.items[0] : -1;
}

static void take_answer(weir__offsets *offsets, weir__lookup *lookup, const response_partition *answer,
                        const weir__outcome *outcome) {
    int64_t offset;
    lookup->ask = NULL;
    switch (weir__class_of(WEIR_API_LIST_OFFSETS, answer->error_code)) {
    case WEIR_CLASS_OK:
        offset = outcome->version == 0 ? old_offset(answer) : answer->offset;
        if (offset < 0)
            break;
        lookup->answered = true;
        lookup->offset = offset;
        offsets->left--;
        return;
    case WEIR_CLASS_REFRESH:
        weir__metadata_refresh(offsets->client);
        break;
    case WEIR_CLASS_RETRY:
    case WEIR_CLASS_FIND_COORDINATOR:
    case WEIR_CLASS_INDETERMINATE: /* a lookup changes nothing, so it may be tried again */
        break;
    default:
        (void)weir__source_refused(offsets->fault, WEIR_API_LIST_OFFSETS, answer->error_code, outcome->broker,
                                   lookup->topic, lookup->partition, "an offset cannot be looked up");
        return;
    }
    defer(offsets, lookup, answer->error_code, outcome->now);
}

/* The lookup of a partition that rides on a request. `hint` is where to begin; responses mostly keep the order. */
static weir__lookup *find(const weir__offsets *offsets, const ask *a, weir_str name, int32_t partition, size_t *hint) {
    for (size_t n = 0; n < offsets->count; n++) {
        weir__lookup *lookup = &offsets->lookups[(*hint + n) % offsets->count];
        if (lookup->ask == a && lookup->partition == partition &&
            weir_str_equal(name, weir_str_of(lookup->topic->name))) {
            *hint += n + 1;
            return lookup;
        }
    }
    return NULL;
}

static void take_response(weir__offsets *offsets, const ask *a, const weir__outcome *outcome) {
    const weir_list_offsets_response *response = outcome->response;
    size_t hint = 0;
    for (int32_t t = 0; t < response->topics.count; t++) {
        const weir_list_offsets_response_list_offsets_topic_response *topic = &response->topics.items[t];
        for (int32_t p = 0; p < topic->partitions.count; p++) {
            const response_partition *answer = &topic->partitions.items[p];
            weir__lookup *lookup = find(offsets, a, topic->name, answer->partition_index, &hint);
            if (lookup != NULL)
                take_answer(offsets, lookup, answer, outcome);
        }
    }
}

static void asked(weir__request *request, const weir__outcome *outcome) {
    ask *a = request->owner;
    weir__offsets *offsets = a->offsets;
    if (outcome->err == WEIR_OK)
        take_response(offsets, a, outcome);
    else if (outcome->err == WEIR_E_VERSION)
        (void)weir__source_fault(
            offsets->fault, WEIR_E_UNSUPPORTED, NULL, -1,
            "broker %ld has no version of ListOffsets that this client can use: it is older than Kafka 0.10",
            (long)request->broker);
    else
        weir__metadata_refresh(offsets->client);
    for (size_t n = 0; n < offsets->count; n++) { /* what was not answered */
        if (offsets->lookups[n].ask == a) {
            offsets->lookups[n].ask = NULL;
            defer(offsets, &offsets->lookups[n], 0, outcome->now);
        }
    }
    a->finished = true;
}

static const void *message_of(weir__request *request, int16_t version) {
    ask *a = request->owner;
    a->message.isolation_level = version >= 2 ? a->offsets->isolation : WEIR_READ_UNCOMMITTED;
    return &a->message;
}

static void ask_add(ask *a, weir__lookup *lookup) {
    weir_str name = weir_str_of(lookup->topic->name);
    request_topic *topic = a->message.topics.count > 0 ? &a->topics[a->message.topics.count - 1] : NULL;
    if (topic == NULL || topic->name.p != name.p) {
        topic = topic == NULL ? a->topics : topic + 1;
        topic->partitions.items =
            topic == a->topics ? a->partitions : topic[-1].partitions.items + topic[-1].partitions.count;
        topic->name = name;
        a->message.topics.count++;
    }
    topic->partitions.items[topic->partitions.count++] = (request_partition){
        .partition_index = lookup->partition,
        .current_leader_epoch = lookup->topic->partitions[lookup->partition].leader_epoch,
        .max_num_offsets = 1, /* the default, which versions without this member insist on */
        .timestamp = lookup->timestamp,
    };
    lookup->ask = a;
}

/* Asks the leader of `first` about it and all that is due of the same leader and timestamp. false: no memory. */
static bool ask_leader(weir__offsets *offsets, weir__lookup *first, weir_time_us now) {
    int32_t leader = leader_of(first);
    const weir__lookup *end = offsets->lookups + offsets->count;
    size_t count = 0;
    for (weir__lookup *l = first; l < end; l++)
        count += due(l, now) && rides(l, first);
    size_t size = sizeof(ask) + count * (sizeof(request_topic) + sizeof(request_partition));
    ask *a = weir__zeroed(offsets->alloc, size);
    offsets->starved = a == NULL;
    if (a == NULL)
        return false;
    a->size = size;
    a->offsets = offsets;
    a->partitions = (request_partition *)(void *)(a + 1);
    a->topics = (request_topic *)(void *)(a->partitions + count);
    const weir_api *api = weir_api_find(WEIR_API_LIST_OFFSETS);
    const weir_config *config = weir__client_config(offsets->client);
    weir_message_init(api->request, &a->message);
    a->message.replica_id = -1;
    a->message.timeout_ms = (int32_t)config->request_timeout_ms;
    a->message.topics.items = a->topics;
    for (weir__lookup *l = first; l < end; l++)
        if (due(l, now) && rides(l, first))
            ask_add(a, l);
    a->request = (weir__request){
        .api = api,
        .max_version = -1,
        .target = WEIR_TARGET_BROKER,
        .broker = leader,
        .use = WEIR__USE_COORDINATION,
        .once = true,
        .fill = message_of,
        .done = asked,
        .owner = a,
        .deadline = now + config->request_timeout_ms * 1000,
    };
    weir__list_push(&offsets->asks, &a->node);
    weir__request_submit(offsets->client, &a->request, now);
    return true;
}

/* Frees requests: those that are finished, or all. */
static void drop_asks(weir__offsets *offsets, bool all) {
    weir__list kept;
    weir__list_init(&kept);
    for (weir__list *node; (node = weir__list_pop(&offsets->asks)) != NULL;) {
        ask *a = WEIR__ENTRY(node, ask, node);
        if (!a->finished && !all) {
            weir__list_push(&kept, node);
            continue;
        }
        weir__request_cancel(offsets->client, &a->request);
        offsets->alloc->give(offsets->alloc, a, a->size);
    }
    weir__list_splice(&offsets->asks, &kept);
}

static void give_up(weir__offsets *offsets) {
    const weir_fault *trouble = weir_client_trouble(offsets->client);
    for (size_t n = 0; n < offsets->count; n++) {
        const weir__lookup *lookup = &offsets->lookups[n];
        if (lookup->answered)
            continue;
        const char *why = offsets->starved          ? "the memory budget is too small to ask for them"
                          : lookup->code != 0       ? weir_code_name(lookup->code)
                          : leader_of(lookup) < 0   ? "the partition has no leader"
                          : trouble->err != WEIR_OK ? trouble->text
                                                    : "no answer";
        (void)weir__source_fault(offsets->fault, offsets->starved ? WEIR_E_NO_MEMORY : WEIR_E_UNREACHABLE,
                                 lookup->topic, lookup->partition,
                                 "the offsets of topic '%s' partition %ld could not be looked up within "
                                 "default.api.timeout.ms: %s",
                                 lookup->topic->name, (long)lookup->partition, why);
        return;
    }
}

static bool over(const weir__offsets *offsets) {
    return offsets->left == 0 || offsets->fault->err != WEIR_OK;
}

static void work(weir__worker *worker, weir_time_us now) {
    weir__offsets *offsets = WEIR__ENTRY(worker, weir__offsets, worker);
    drop_asks(offsets, false);
    if (!over(offsets) && now >= offsets->deadline)
        give_up(offsets);
    for (size_t n = 0; n < offsets->count && !over(offsets); n++) {
        weir__lookup *lookup = &offsets->lookups[n];
        if (!due(lookup, now))
            continue;
        if (leader_of(lookup) < 0) {
            weir__metadata_refresh(offsets->client);
            defer(offsets, lookup, lookup->code, now);
        } else if (!ask_leader(offsets, lookup, now)) {
            defer(offsets, lookup, lookup->code, now);
        }
    }
}

static weir_time_us next_work(const weir__worker *worker) {
    const weir__offsets *offsets = WEIR__ENTRY(worker, const weir__offsets, worker);
    if (over(offsets))
        return WEIR_NEVER;
    weir_time_us next = offsets->deadline;
    for (size_t n = 0; n < offsets->count; n++) {
        const weir__lookup *lookup = &offsets->lookups[n];
        if (!lookup->answered && lookup->ask == NULL && lookup->not_before < next)
            next = lookup->not_before;
    }
    return next;
}

void weir__offsets_start(weir__offsets *offsets, weir_client *client, weir_alloc *alloc, weir_isolation isolation,
                         weir__lookup *lookups, size_t count, weir_fault *fault, weir_time_us now) {
    *offsets = (weir__offsets){
        .client = client,
        .alloc = alloc,
        .isolation = (int8_t)isolation,
        .lookups = lookups,
        .count = count,
        .left = count,
        .fault = fault,
        .deadline = now + weir__client_config(client)->default_api_timeout_ms * 1000,
        .worker = {.work = work, .deadline = next_work},
    };
    weir__list_init(&offsets->asks);
    weir__worker_add(client, &offsets->worker);
    work(&offsets->worker, now);
}

weir_err weir__offsets_state(const weir__offsets *offsets) {
    if (offsets->fault->err != WEIR_OK)
        return offsets->fault->err;
    return offsets->left == 0 ? WEIR_OK : WEIR_AGAIN;
}

void weir__offsets_stop(weir__offsets *offsets) {
    weir__worker_remove(&offsets->worker);
    drop_asks(offsets, true);
}
