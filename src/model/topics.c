/* CreateTopics, DeleteTopics and CreatePartitions. */
#include <weir/proto.h>

#include "answer.h"
#include "handlers.h"
#include "log.h"
#include "settings.h"

#define PARTITIONS_MAX 100000 /* of a topic: more is a mistake */

/* ---- CreateTopics ---- */
typedef weir_create_topics_request_creatable_topic wanted;
typedef weir_create_topics_response_creatable_topic_result created;

/* What a result points to. */
typedef struct note {
    weir_str message;
    weir_uuid id;
} note;

static int16_t say(int16_t code, const char *text, weir_str *message) {
    *message = weir_str_of(text);
    return code;
}

/* The broker that is to lead a partition by the assignments; -1: none is assigned, or not to a broker that is up. */
static int32_t assigned(const weir__model *model, const wanted *w, int32_t partition) {
    for (int32_t n = 0; n < w->assignments.count; n++)
        if (w->assignments.items[n].partition_index == partition && w->assignments.items[n].broker_ids.count > 0) {
            int32_t broker = w->assignments.items[n].broker_ids.items[0];
            return weir__broker_up(model, broker) ? broker : -1;
        }
    return -1;
}

/* Why a topic cannot be created as wanted. */
static int16_t check_create(const weir__model *model, const wanted *w, int32_t partitions, weir_str *message) {
    if (!weir__topic_name_valid(w->name))
        return say(WEIR_CODE_INVALID_TOPIC_EXCEPTION, "Topic name is invalid", message);
    if (weir__topic_find(model, w->name) != NULL)
        return say(WEIR_CODE_TOPIC_ALREADY_EXISTS, "Topic already exists.", message);
    if (w->assignments.count > 0 && (w->num_partitions != -1 || w->replication_factor != -1))
        return say(WEIR_CODE_INVALID_REQUEST,
                   "A manual partition assignment was specified, but numPartitions or replicationFactor was not -1.",
                   message);
    if (partitions <= 0 || partitions > PARTITIONS_MAX)
        return say(WEIR_CODE_INVALID_PARTITIONS, "Number of partitions was set to an invalid non-positive value.",
                   message);
    if (w->replication_factor == 0 || w->replication_factor < -1)
        return say(WEIR_CODE_INVALID_REPLICATION_FACTOR, "Replication factor must be larger than 0, or -1.", message);
    if (w->replication_factor > model->config.brokers)
        return say(WEIR_CODE_INVALID_REPLICATION_FACTOR,
                   "Unable to replicate the partition: there are not so many brokers.", message);
    for (int32_t n = 0; n < w->assignments.count; n++)
        if (assigned(model, w, n) < 0)
            return say(WEIR_CODE_INVALID_REPLICA_ASSIGNMENT, "The manual partition assignment is not valid.", message);
    for (int32_t n = 0; n < w->configs.count; n++)
        if (weir__setting_check(w->configs.items[n].name, w->configs.items[n].value) != WEIR_CODE_NONE)
            return say(WEIR_CODE_INVALID_CONFIG, "Unknown topic config name, or invalid value.", message);
    return WEIR_CODE_NONE;
}

/* Creates it, with all its settings or not at all. `leaders` is room for the assignments. */
static int16_t create(weir__model *model, const wanted *w, int32_t partitions, int32_t *leaders, weir_uuid *id) {
    for (int32_t n = 0; n < w->assignments.count; n++)
        leaders[n] = assigned(model, w, n);
    weir__topic *topic = weir__topic_create(model, w->name, partitions, w->assignments.count > 0 ? leaders : NULL);
    if (topic == NULL)
        return WEIR_CODE_KAFKA_STORAGE_ERROR;
    *id = topic->id;
    for (int32_t n = 0; n < w->configs.count; n++) {
        int16_t code = weir__topic_set(model, topic, w->configs.items[n].name, w->configs.items[n].value);
        if (code == WEIR_CODE_NONE)
            continue;
        weir__topic_delete(model, topic);
        return code;
    }
    return WEIR_CODE_NONE;
}

/* How many of the first `end` topics have the name of the n-th. */
static int32_t named(const weir_create_topics_request *request, int32_t n, int32_t end) {
    int32_t count = 0;
    for (int32_t i = 0; i < end; i++)
        count += weir_str_equal(request->topics.items[i].name, request->topics.items[n].name);
    return count;
}

weir__handled weir__serve_create_topics(weir__exchange *e) {
    const weir_create_topics_request *request = e->request;
    weir_create_topics_response *response = e->response;
    weir__model *model = e->model;
    weir_i32s leaders = {0};
    WEIR_ARRAY(note) notes = {0};
    int32_t most = 0;
    for (int32_t n = 0; n < request->topics.count; n++)
        most = request->topics.items[n].assignments.count > most ? request->topics.items[n].assignments.count : most;
    if (!WEIR__ANSWER_ARRAY(e, response->topics, request->topics.count) || !WEIR__ANSWER_ARRAY(e, leaders, most) ||
        !WEIR__ANSWER_ARRAY(e, notes, request->topics.count))
        return WEIR__NO_ROOM;
    response->topics.count = 0;
    for (int32_t n = 0; n < request->topics.count; n++) {
        if (named(request, n, n) > 0)
            continue; /* was answered with the first of its name */
        const wanted *w = &request->topics.items[n];
        note *said = &notes.items[n];
        created *to = &response->topics.items[response->topics.count++];
        int32_t partitions = w->assignments.count > 0 ? w->assignments.count : w->num_partitions;
        partitions = partitions == -1 ? model->config.default_partitions : partitions;
        *to = (created){.name = w->name, .num_partitions = -1, .replication_factor = -1};
        to->error_message = &said->message;
        to->topic_id = &said->id;
        to->error_code = named(request, n, request->topics.count) > 1
                             ? say(WEIR_CODE_INVALID_REQUEST, "Duplicate topic name.", &said->message)
                             : check_create(model, w, partitions, &said->message);
        if (to->error_code == WEIR_CODE_NONE && request->validate_only) {
            said->id = weir__topic_next_id(model); /* as if it had been made */
            model->topics_created++;
        } else if (to->error_code == WEIR_CODE_NONE) {
            to->error_code = create(model, w, partitions, leaders.items, &said->id);
        }
        if (to->error_code != WEIR_CODE_NONE)
            continue;
        to->num_partitions = partitions;
        to->replication_factor = (int16_t)model->config.brokers;
    }
    return WEIR__ANSWERED;
}

/* ---- DeleteTopics ---- */
typedef weir_delete_topics_response_deletable_topic_result deleted;

static void delete (weir__exchange *e, bool by_id, weir_str name, weir_uuid id, deleted *to) {
    weir__topic *topic = by_id ? weir__topic_by_id(e->model, id) : weir__topic_find(e->model, name);
    to->name = name;
    to->topic_id = id;
    if (topic == NULL) {
        to->error_code = by_id ? WEIR_CODE_UNKNOWN_TOPIC_ID : WEIR_CODE_UNKNOWN_TOPIC_OR_PARTITION;
        to->error_message = weir_str_of(weir_code_text(to->error_code));
        return;
    }
    to->name = weir_str_of(topic->name);
    to->topic_id = topic->id;
    weir__topic_delete(e->model, topic);
}

weir__handled weir__serve_delete_topics(weir__exchange *e) {
    const weir_delete_topics_request *request = e->request;
    weir_delete_topics_response *response = e->response;
    bool states = e->header.api_version >= 6; /* each topic by its name or its id */
    int32_t count = states ? request->topics.count : request->topic_names.count;
    if (!WEIR__ANSWER_ARRAY(e, response->responses, count))
        return WEIR__NO_ROOM;
    for (int32_t n = 0; n < count; n++) {
        weir_str name = states ? request->topics.items[n].name : request->topic_names.items[n];
        weir_uuid id = states ? request->topics.items[n].topic_id : (weir_uuid){{0}};
        if ((name.p == NULL) == weir_uuid_is_zero(id)) {
            response->responses.items[n] =
                (deleted){.name = name, .topic_id = id, .error_code = WEIR_CODE_INVALID_REQUEST};
            response->responses.items[n].error_message = weir_str_of("A topic is to have either a name or an id.");
        } else {
            delete (e, name.p == NULL, name, id, &response->responses.items[n]);
        }
    }
    return WEIR__ANSWERED;
}

/* ---- CreatePartitions ---- */
typedef weir_create_partitions_request_create_partitions_topic more_wanted;

static int16_t check_grow(const weir__model *model, const weir__topic *topic, const more_wanted *w, weir_str *message) {
    int32_t count = w->count, assignments = w->assignments.count;
    if (topic == NULL)
        return say(WEIR_CODE_UNKNOWN_TOPIC_OR_PARTITION, "This server does not host this topic-partition.", message);
    if (count == topic->partitions)
        return say(WEIR_CODE_INVALID_PARTITIONS, "Topic already has that many partitions.", message);
    if (count < topic->partitions || count > PARTITIONS_MAX)
        return say(WEIR_CODE_INVALID_PARTITIONS, "The number of partitions of a topic cannot be so.", message);
    if (assignments >= 0 && assignments != count - topic->partitions)
        return say(WEIR_CODE_INVALID_REPLICA_ASSIGNMENT, "Attempted to add another number of partitions.", message);
    for (int32_t n = 0; n < assignments; n++) {
        const weir_i32s *brokers = &w->assignments.items[n].broker_ids;
        if (brokers->count == 0 || !weir__broker_up(model, brokers->items[0]))
            return say(WEIR_CODE_INVALID_REPLICA_ASSIGNMENT, "The manual partition assignment is not valid.", message);
    }
    return WEIR_CODE_NONE;
}

weir__handled weir__serve_create_partitions(weir__exchange *e) {
    const weir_create_partitions_request *request = e->request;
    weir_create_partitions_response *response = e->response;
    if (!WEIR__ANSWER_ARRAY(e, response->results, request->topics.count))
        return WEIR__NO_ROOM;
    for (int32_t n = 0; n < request->topics.count; n++) {
        const more_wanted *w = &request->topics.items[n];
        weir_create_partitions_response_create_partitions_topic_result *to = &response->results.items[n];
        weir__topic *topic = weir__topic_find(e->model, w->name);
        to->name = w->name;
        to->error_code = check_grow(e->model, topic, w, &to->error_message);
        if (to->error_code == WEIR_CODE_NONE && !request->validate_only && !weir__topic_grow(e->model, topic, w->count))
            to->error_code = WEIR_CODE_KAFKA_STORAGE_ERROR;
    }
    return WEIR__ANSWERED;
}
