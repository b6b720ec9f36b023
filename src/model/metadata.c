/* Metadata, and the newer ways to ask for the same: brokers, topics, partitions, leaders. */
#include <string.h>

#include <weir/proto.h>

#include "answer.h"
#include "handlers.h"
#include "log.h"

weir_str weir__cluster_id(void) {
    return weir_str_of("d2Vpci1tb2RlbC1jbHVzdA");
}

int16_t weir__leader_check(const weir__exchange *e, const weir__log *log, int32_t leader_epoch) {
    if (log == NULL)
        return WEIR_CODE_UNKNOWN_TOPIC_OR_PARTITION;
    if (leader_epoch >= 0 && leader_epoch < log->leader_epoch)
        return WEIR_CODE_FENCED_LEADER_EPOCH;
    if (leader_epoch > log->leader_epoch)
        return WEIR_CODE_UNKNOWN_LEADER_EPOCH;
    return log->leader == e->broker ? WEIR_CODE_NONE : WEIR_CODE_NOT_LEADER_OR_FOLLOWER;
}

static int32_t controller(const weir__model *model) {
    return weir__broker_from(model, 0);
}

/* All brokers, those that are up, and those that are not; each partition has a replica on every one. */
typedef struct replicas {
    weir_i32s all, in_sync, offline;
} replicas;

static bool replicas_take(weir__exchange *e, replicas *r) {
    int32_t count = e->model->config.brokers;
    if (!WEIR__ANSWER_ARRAY(e, r->all, count) || !WEIR__ANSWER_ARRAY(e, r->in_sync, count) ||
        !WEIR__ANSWER_ARRAY(e, r->offline, count))
        return false;
    r->in_sync.count = r->offline.count = 0;
    for (int32_t n = 0; n < count; n++) {
        weir_i32s *list = weir__broker_up(e->model, n + 1) ? &r->in_sync : &r->offline;
        r->all.items[n] = n + 1;
        list->items[list->count++] = n + 1;
    }
    return true;
}

/* ---- Metadata ---- */
static bool fill_partitions(weir__exchange *e, const weir__topic *topic, weir_metadata_response_topic *to) {
    replicas r = {0};
    if (!replicas_take(e, &r) || !WEIR__ANSWER_ARRAY(e, to->partitions, topic->partitions))
        return false;
    for (int32_t n = 0; n < topic->partitions; n++) {
        const weir__log *log = topic->logs[n];
        to->partitions.items[n] = (weir_metadata_response_partition){
            .error_code = log->leader < 0 ? WEIR_CODE_LEADER_NOT_AVAILABLE : WEIR_CODE_NONE,
            .partition_index = n,
            .leader_id = log->leader,
            .leader_epoch = log->leader_epoch,
            .replica_nodes = r.all,
            .isr_nodes = r.in_sync,
            .offline_replicas = r.offline,
        };
    }
    return true;
}

static bool fill_topic(weir__exchange *e, const weir__topic *topic, weir_metadata_response_topic *to) {
    to->topic_authorized_operations = INT32_MIN;
    to->name = weir_str_of(topic->name);
    to->topic_id = topic->id;
    return fill_partitions(e, topic, to);
}

/* A topic of the request; one that does not exist is made where both sides want that. */
static bool fill_asked(weir__exchange *e, const weir_metadata_request_topic *asked, bool may_create,
                       weir_metadata_response_topic *to) {
    bool by_id = asked->name.p == NULL || !weir_uuid_is_zero(asked->topic_id);
    const weir__topic *topic =
        by_id ? weir__topic_by_id(e->model, asked->topic_id) : weir__topic_find(e->model, asked->name);
    if (topic != NULL)
        return fill_topic(e, topic, to);
    to->topic_authorized_operations = INT32_MIN;
    to->name = by_id ? (weir_str){NULL, 0} : asked->name;
    to->topic_id = asked->topic_id;
    to->error_code = by_id ? WEIR_CODE_UNKNOWN_TOPIC_ID : WEIR_CODE_UNKNOWN_TOPIC_OR_PARTITION;
    if (by_id)
        return true;
    if (!weir__topic_name_valid(asked->name))
        to->error_code = WEIR_CODE_INVALID_TOPIC_EXCEPTION;
    else if (may_create && e->model->config.auto_create_topics)
        weir__topic_create(e->model, asked->name, e->model->config.default_partitions, NULL);
    return true;
}

static bool fill_all(weir__exchange *e, weir_metadata_response *response) {
    const weir__model *model = e->model;
    if (!WEIR__ANSWER_ARRAY(e, response->topics, model->topic_count))
        return false;
    response->topics.count = 0;
    for (size_t n = 0; n < model->topic_count; n++)
        if (model->topics[n]->alive &&
            !fill_topic(e, model->topics[n], &response->topics.items[response->topics.count++]))
            return false;
    return true;
}

static bool fill_brokers(weir__exchange *e, weir_metadata_response *response) {
    const weir__model *model = e->model;
    if (!WEIR__ANSWER_ARRAY(e, response->brokers, model->config.brokers))
        return false;
    response->brokers.count = 0;
    for (int32_t id = 1; id <= model->config.brokers; id++)
        if (weir__broker_up(model, id))
            response->brokers.items[response->brokers.count++] = (weir_metadata_response_broker){
                .node_id = id, .host = weir__host(model), .port = weir__port(model, id)};
    response->cluster_id = weir__cluster_id();
    response->controller_id = controller(model);
    return true;
}

/* Answers a request that Kafka cannot read as one: every topic has the code, and nothing else is told. */
static weir__handled refuse_all(weir__exchange *e, int16_t code) {
    const weir_metadata_request *request = e->request;
    weir_metadata_response *response = e->response;
    response->controller_id = -1;
    response->cluster_id = (weir_str){NULL, 0};
    if (!WEIR__ANSWER_ARRAY(e, response->topics, request->topics.count))
        return WEIR__NO_ROOM;
    for (int32_t n = 0; n < request->topics.count; n++) {
        const weir_metadata_request_topic *asked = &request->topics.items[n];
        response->topics.items[n] = (weir_metadata_response_topic){
            .error_code = code,
            .name = asked->name.p != NULL ? asked->name : weir_str_of(""),
            .topic_id = asked->topic_id,
            .topic_authorized_operations = INT32_MIN,
        };
    }
    return WEIR__ANSWERED;
}

/* Whether the topics are named in a way that the version allows: ids were not to be used before 12. */
static int16_t check_names(const weir__exchange *e) {
    const weir_metadata_request *request = e->request;
    for (int32_t n = 0; n < request->topics.count; n++) {
        const weir_metadata_request_topic *asked = &request->topics.items[n];
        bool unnamed = asked->name.p == NULL, by_id = !weir_uuid_is_zero(asked->topic_id);
        if (e->header.api_version < 12 && (unnamed || by_id))
            return WEIR_CODE_INVALID_REQUEST;
        if (unnamed && !by_id)
            return WEIR_CODE_UNKNOWN_SERVER_ERROR;
    }
    return WEIR_CODE_NONE;
}

weir__handled weir__serve_metadata(weir__exchange *e) {
    const weir_metadata_request *request = e->request;
    weir_metadata_response *response = e->response;
    int16_t version = e->header.api_version, code = check_names(e);
    if (code != WEIR_CODE_NONE)
        return refuse_all(e, code);
    if (!fill_brokers(e, response))
        return WEIR__NO_ROOM;
    if (request->topics.count < 0 || (version == 0 && request->topics.count == 0))
        return fill_all(e, response) ? WEIR__ANSWERED : WEIR__NO_ROOM;
    if (!WEIR__ANSWER_ARRAY(e, response->topics, request->topics.count))
        return WEIR__NO_ROOM;
    for (int32_t n = 0; n < request->topics.count; n++)
        if (!fill_asked(e, &request->topics.items[n], version < 4 || request->allow_auto_topic_creation,
                        &response->topics.items[n]))
            return WEIR__NO_ROOM;
    return WEIR__ANSWERED;
}

/* ---- DescribeCluster ---- */
weir__handled weir__serve_describe_cluster(weir__exchange *e) {
    const weir_describe_cluster_request *request = e->request;
    weir_describe_cluster_response *response = e->response;
    const weir__model *model = e->model;
    response->endpoint_type = request->endpoint_type;
    response->cluster_id = weir__cluster_id();
    if (request->endpoint_type != 1) {
        response->error_code =
            request->endpoint_type == 2 ? WEIR_CODE_MISMATCHED_ENDPOINT_TYPE : WEIR_CODE_UNSUPPORTED_ENDPOINT_TYPE;
        response->error_message = weir_str_of("The request was sent to a broker, not to a controller");
        return WEIR__ANSWERED;
    }
    if (!WEIR__ANSWER_ARRAY(e, response->brokers, model->config.brokers))
        return WEIR__NO_ROOM;
    response->brokers.count = 0;
    for (int32_t id = 1; id <= model->config.brokers; id++)
        if (weir__broker_up(model, id) || request->include_fenced_brokers)
            response->brokers.items[response->brokers.count++] =
                (weir_describe_cluster_response_describe_cluster_broker){
                    .broker_id = id,
                    .host = weir__host(model),
                    .port = weir__port(model, id),
                    .is_fenced = !weir__broker_up(model, id),
                };
    response->controller_id = controller(model);
    return WEIR__ANSWERED;
}

/* ---- DescribeTopicPartitions ---- */
#define ALL_OPERATIONS 3576 /* the bits of what may be done with a topic, as nobody is hindered */

typedef weir_describe_topic_partitions_response_topic described_topic;
typedef weir_describe_topic_partitions_request_topic_request named_topic;

/* Names from the cursor on, in order and each once; of all topics when none are asked for. */
static bool choose(weir__exchange *e, const weir_describe_topic_partitions_request *request, weir_strs *names) {
    const weir__model *model = e->model;
    bool all = request->topics.count == 0;
    size_t count = all ? model->topic_count : (size_t)request->topics.count;
    weir_str from = request->cursor != NULL ? request->cursor->topic_name : (weir_str){"", 0};
    if (!WEIR__ANSWER_ARRAY(e, *names, count))
        return false;
    names->count = 0;
    for (size_t n = 0; n < count; n++) {
        weir_str name = all ? weir_str_of(model->topics[n]->name) : request->topics.items[n].name;
        if ((all && !model->topics[n]->alive) || weir__text_compare(name, from) < 0)
            continue;
        int32_t at = names->count;
        while (at > 0 && weir__text_compare(names->items[at - 1], name) > 0)
            at--;
        if (at > 0 && weir_str_equal(names->items[at - 1], name))
            continue;
        memmove(&names->items[at + 1], &names->items[at], (size_t)(names->count++ - at) * sizeof *names->items);
        names->items[at] = name;
    }
    return true;
}

/* Describes partitions [from, to) of a topic. */
static bool describe(weir__exchange *e, const weir__topic *topic, int32_t from, int32_t to, described_topic *out) {
    replicas r = {0};
    if (!replicas_take(e, &r) || !WEIR__ANSWER_ARRAY(e, out->partitions, to - from))
        return false;
    for (int32_t n = from; n < to; n++)
        out->partitions.items[n - from] = (weir_describe_topic_partitions_response_partition){
            .error_code = topic->logs[n]->leader < 0 ? WEIR_CODE_LEADER_NOT_AVAILABLE : WEIR_CODE_NONE,
            .partition_index = n,
            .leader_id = topic->logs[n]->leader,
            .leader_epoch = topic->logs[n]->leader_epoch,
            .replica_nodes = r.all,
            .isr_nodes = r.in_sync,
            .offline_replicas = r.offline,
        };
    return true;
}

/* Ends a page: the next one begins at a partition. */
static weir__handled go_on_at(weir__exchange *e, weir_describe_topic_partitions_response *response, weir_str topic,
                              int32_t partition) {
    weir_describe_topic_partitions_response_cursor *cursor = weir_arena_take(e->arena, sizeof *cursor);
    if (cursor == NULL)
        return WEIR__NO_ROOM;
    *cursor = (weir_describe_topic_partitions_response_cursor){topic, partition};
    response->next_cursor = cursor;
    return WEIR__ANSWERED;
}

weir__handled weir__serve_describe_topic_partitions(weir__exchange *e) {
    const weir_describe_topic_partitions_request *request = e->request;
    weir_describe_topic_partitions_response *response = e->response;
    weir_strs names = {0};
    int32_t left = request->response_partition_limit < 2000 ? request->response_partition_limit : 2000;
    if (!choose(e, request, &names) || !WEIR__ANSWER_ARRAY(e, response->topics, names.count))
        return WEIR__NO_ROOM;
    response->topics.count = 0;
    for (int32_t n = 0; n < names.count; n++) {
        const weir__topic *topic = weir__topic_find(e->model, names.items[n]);
        bool resumed = request->cursor != NULL && weir_str_equal(request->cursor->topic_name, names.items[n]);
        int32_t from = resumed ? request->cursor->partition_index : 0, end = topic != NULL ? topic->partitions : 0;
        from = from < 0 || from > end ? 0 : from;
        if (left == 0 && end > 0)
            return go_on_at(e, response, names.items[n], from);
        described_topic *out = &response->topics.items[response->topics.count++];
        *out = (described_topic){.name = names.items[n], .topic_authorized_operations = ALL_OPERATIONS};
        if (topic == NULL) {
            out->error_code = WEIR_CODE_UNKNOWN_TOPIC_OR_PARTITION;
            continue;
        }
        int32_t to = end - from > left ? from + left : end;
        out->topic_id = topic->id;
        if (!describe(e, topic, from, to, out))
            return WEIR__NO_ROOM;
        left -= to - from;
        if (to < end)
            return go_on_at(e, response, names.items[n], to);
    }
    return WEIR__ANSWERED;
}
