/* Brokers, topics, partitions and leaders, as the newest metadata has them. */
#include <string.h>

#include "state.h"

static weir__topic *topic_find(weir_client *client, weir_str name) {
    WEIR__LIST_EACH (it, &client->topics) {
        weir__topic *topic = WEIR__ENTRY(it, weir__topic, node);
        if (weir_str_equal(weir_str_of(topic->name), name))
            return topic;
    }
    return NULL;
}

weir__topic *weir__topic_want(weir_client *client, weir_str name) {
    weir__topic *topic = topic_find(client, name);
    if (topic != NULL)
        return topic;
    topic = name.len <= WEIR_TOPIC_MAX ? weir__take(client, sizeof *topic) : NULL;
    if (topic == NULL)
        return NULL;
    memcpy(topic->name, name.p, name.len);
    weir__list_push(&client->topics, &topic->node);
    client->metadata_wanted = true;
    client->metadata_next = 0; /* what nobody has asked for yet need not wait */
    return topic;
}

void weir__metadata_refresh(weir_client *client) {
    client->metadata_wanted = true;
}

uint64_t weir__metadata_generation(const weir_client *client) {
    return client->metadata_generation;
}

/* ---- the request ---- */
static uint32_t topic_count(const weir_client *client) {
    uint32_t count = 0;
    WEIR__LIST_EACH (it, &client->topics)
        count++;
    return count;
}

static bool topics_reserve(weir_client *client, uint32_t count) {
    if (count <= client->metadata_topic_cap)
        return true;
    weir_metadata_request_topic *grown = weir__take(client, count * sizeof *grown);
    if (grown == NULL)
        return false;
    weir__give(client, client->metadata_topics, client->metadata_topic_cap * sizeof *grown);
    client->metadata_topics = grown;
    client->metadata_topic_cap = count;
    return true;
}

static const void *metadata_fill(weir__request *request, int16_t version) {
    weir_client *client = request->owner;
    weir_metadata_request *message = &client->metadata_message;
    (void)version;
    weir_message_init(request->api->request, message);
    message->topics.items = client->metadata_topics;
    message->topics.count = 0;
    message->allow_auto_topic_creation = version < 4;
    WEIR__LIST_EACH (it, &client->topics) {
        if ((uint32_t)message->topics.count == client->metadata_topic_cap)
            break; /* wanted since the request was made; the next one will have it */
        weir_metadata_request_topic *topic = &client->metadata_topics[message->topics.count++];
        *topic = (weir_metadata_request_topic){.name = weir_str_of(WEIR__ENTRY(it, weir__topic, node)->name)};
    }
    return message;
}

/* ---- the response ---- */
static bool partitions_grow(weir_client *client, weir__topic *topic, int32_t count) {
    if (count <= topic->partition_count)
        return true;
    weir__partition *grown = weir__take(client, (size_t)count * sizeof *grown);
    if (grown == NULL) {
        weir__trouble_memory(client, "for the partitions of a topic");
        return false;
    }
    for (int32_t p = 0; p < count; p++)
        grown[p] = p < topic->partition_count ? topic->partitions[p] : (weir__partition){-1, -1};
    weir__give(client, topic->partitions, (size_t)topic->partition_count * sizeof *grown);
    topic->partitions = grown;
    topic->partition_count = count;
    return true;
}

/* One stale broker must not undo what a newer one has told: an older leader epoch is passed over, and partitions are
   never taken away. */
static bool topic_partitions(weir_client *client, weir__topic *topic, const weir_metadata_response_topic *from) {
    int32_t count = 0;
    for (int32_t i = 0; i < from->partitions.count; i++)
        if (from->partitions.items[i].partition_index >= count && from->partitions.items[i].partition_index < INT32_MAX)
            count = from->partitions.items[i].partition_index + 1;
    if (count > from->partitions.count || !partitions_grow(client, topic, count))
        return false;
    for (int32_t i = 0; i < from->partitions.count; i++) {
        const weir_metadata_response_partition *p = &from->partitions.items[i];
        if (p->partition_index < 0)
            return false;
        weir__partition *partition = &topic->partitions[p->partition_index];
        if (p->leader_epoch >= 0 && p->leader_epoch < partition->leader_epoch)
            continue;
        partition->leader = p->leader_id;
        partition->leader_epoch = p->leader_epoch;
        if (p->leader_id < 0)
            client->metadata_wanted = true;
    }
    return true;
}

static void topic_learn(weir_client *client, const weir_metadata_response_topic *from, weir_time_us now) {
    weir__topic *topic = from->name.p != NULL ? topic_find(client, from->name) : NULL;
    if (topic == NULL)
        return;
    topic->code = from->error_code;
    topic->answered = true;
    if (from->error_code != WEIR_CODE_UNKNOWN_TOPIC_OR_PARTITION)
        topic->missing_since = 0;
    else if (topic->missing_since == 0)
        topic->missing_since = now;
    if (from->error_code != WEIR_CODE_NONE)
        client->metadata_wanted = true;
    if (from->error_code != WEIR_CODE_NONE && from->error_code != WEIR_CODE_LEADER_NOT_AVAILABLE)
        return;
    if (weir_uuid_is_zero(topic->id))
        topic->id = from->topic_id;
    else if (!weir_uuid_is_zero(from->topic_id) && memcmp(&topic->id, &from->topic_id, sizeof topic->id) != 0)
        topic->recreated = true;
    if (!topic_partitions(client, topic, from))
        client->metadata_wanted = true;
}

static void brokers_learn(weir_client *client, const weir_metadata_response *response) {
    WEIR__LIST_EACH (it, &client->brokers)
        WEIR__ENTRY(it, weir__broker, node)->listed = false;
    bool all = response->brokers.count > 0;
    for (int32_t i = 0; i < response->brokers.count; i++) {
        const weir_metadata_response_broker *b = &response->brokers.items[i];
        if (b->node_id < 0 || weir__broker_learn(client, b->node_id, b->host, b->port, b->rack) != WEIR_OK)
            all = false;
    }
    if (all)
        weir__brokers_prune(client);
}

static void cluster_learn(weir_client *client, const weir_metadata_response *response) {
    weir_str id = response->cluster_id;
    client->controller = response->controller_id;
    client->has_cluster_id = id.p != NULL && id.len < sizeof client->cluster_id;
    if (!client->has_cluster_id)
        return;
    memcpy(client->cluster_id, id.p, id.len);
    client->cluster_id[id.len] = '\0';
}

static void metadata_done(weir__request *request, const weir__outcome *outcome) {
    weir_client *client = request->owner;
    const weir_metadata_response *response = outcome->response;
    weir_time_us now = outcome->now;
    client->metadata_next = now + weir__client_backoff(client, ++client->metadata_attempts);
    if (outcome->err != WEIR_OK || response->error_code != WEIR_CODE_NONE || response->brokers.count <= 0) {
        client->metadata_wanted = true;
        return;
    }
    client->metadata_at = now;
    client->metadata_generation++;
    brokers_learn(client, response);
    cluster_learn(client, response);
    for (int32_t i = 0; i < response->topics.count; i++)
        topic_learn(client, &response->topics.items[i], now);
    if ((uint32_t)client->metadata_message.topics.count < topic_count(client))
        client->metadata_wanted = true;
    if (!client->metadata_wanted)
        client->metadata_attempts = 0;
}

/* ---- when ---- */
/* With every known broker failing, the bootstrap addresses are tried again (KIP-899), unless they still are. */
#define FAILURES_TO_REBOOTSTRAP 3

static void rebootstrap(weir_client *client) {
    weir_fault ignored;
    WEIR__LIST_EACH (it, &client->brokers) {
        const weir__broker *broker = WEIR__ENTRY(it, weir__broker, node);
        if (broker->id < 0 || broker->failures < FAILURES_TO_REBOOTSTRAP)
            return;
    }
    (void)weir__brokers_bootstrap(client, &ignored);
}

void weir__metadata_tick(weir_client *client, weir_time_us now) {
    weir__request *request = &client->metadata;
    rebootstrap(client); /* also for a request that waits because no broker can be reached */
    if (request->active || weir__metadata_deadline(client) > now)
        return;
    if (!topics_reserve(client, topic_count(client))) {
        weir__trouble_memory(client, "to ask for metadata");
        client->metadata_wanted = true;
        client->metadata_next = now + weir__client_backoff(client, ++client->metadata_attempts);
        return;
    }
    request->api = weir_api_find(WEIR_API_METADATA);
    request->max_version = -1;
    request->target = WEIR_TARGET_ANY;
    request->fill = metadata_fill;
    request->done = metadata_done;
    request->owner = client;
    request->deadline = now + client->config.default_api_timeout_ms * 1000;
    client->metadata_wanted = false; /* what is wanted from here on is newer than this request */
    weir__request_submit(client, request, now);
}

weir_time_us weir__metadata_deadline(const weir_client *client) {
    if (client->metadata.active)
        return WEIR_NEVER;
    if (client->metadata_wanted)
        return client->metadata_next;
    return client->metadata_at + client->config.metadata_max_age_ms * 1000;
}

void weir__metadata_free(weir_client *client) {
    weir__give(client, client->metadata_topics, client->metadata_topic_cap * sizeof *client->metadata_topics);
    for (weir__list *it; (it = weir__list_pop(&client->topics)) != NULL;) {
        weir__topic *topic = WEIR__ENTRY(it, weir__topic, node);
        weir__give(client, topic->partitions, (size_t)topic->partition_count * sizeof *topic->partitions);
        weir__give(client, topic, sizeof *topic);
    }
}
