/* Answers about the cluster itself: versions, metadata, coordinators, configuration. */
#include "checks.h"
#include <stdio.h>
#include <string.h>

#include "peer_parts.h"

static const char *const hosts[PEER_BROKERS] = {"b0", "b1", "b2"};

static void answer_versions(peer *p, peer_link *link, const weir_request_header *header) {
    weir_api_versions_response_api_version rows[PEER_KEYS];
    weir_api_versions_response_finalized_feature_key feature = {.name = weir_str_of("transaction.version")};
    weir_api_versions_response r;
    const weir_api *api;
    weir_message_init(weir_api_find(WEIR_API_VERSIONS)->response, &r);
    r.api_keys.items = rows;
    for (size_t n = 0; (api = weir_api_at(n)) != NULL; n++) {
        if (p->offered[api->key] < 0)
            continue;
        int16_t max = api->key == WEIR_API_FETCH ? p->fetch_version : p->offered[api->key];
        rows[r.api_keys.count++] = (weir_api_versions_response_api_version){api->key, api->min_version, max};
    }
    r.error_code = peer_code(p, 0);
    r.finalized_features_epoch = 3;
    feature.max_version_level = feature.min_version_level = p->transaction_version;
    r.finalized_features.items = &feature;
    r.finalized_features.count = p->transaction_version > 0;
    weir_request_header as = *header;
    if (r.error_code == WEIR_CODE_UNSUPPORTED_VERSION)
        as.api_version = 0;
    peer_note(p, link, header, "versions");
    peer_answer(p, link, &as, &r, SIZE_MAX);
}

static void topic_fill(peer *p, weir_metadata_response_topic *topic, weir_metadata_response_partition *partitions) {
    topic->partitions.items = partitions;
    for (int32_t n = 0; n < p->log_count; n++) {
        const peer_log *log = &p->logs[n];
        if (log->hidden || !weir_str_equal(topic->name, weir_str_of(log->topic)))
            continue;
        topic->error_code = log->topic_code;
        if (log->topic_code != 0)
            continue;
        topic->topic_id = log->id;
        partitions[topic->partitions.count++] = (weir_metadata_response_partition){
            .partition_index = log->partition, .leader_id = log->leader, .leader_epoch = log->leader_epoch};
    }
}

static void answer_metadata(peer *p, peer_link *link, const weir_request_header *header,
                            const weir_metadata_request *request) {
    static weir_metadata_response_topic topics[PEER_LOGS];
    static weir_metadata_response_partition partitions[PEER_LOGS];
    weir_metadata_response_broker brokers[PEER_BROKERS];
    int32_t used = 0;
    weir_metadata_response r;
    weir_message_init(weir_api_find(WEIR_API_METADATA)->response, &r);
    r.throttle_time_ms = header->api_version >= 3 ? peer_throttle(p) : 0;
    r.cluster_id = weir_str_of("peers");
    r.controller_id = p->controller;
    r.brokers.items = brokers;
    for (int32_t n = 0; n < PEER_BROKERS; n++)
        if (!p->down[n] && !p->unlisted[n])
            brokers[r.brokers.count++] = (weir_metadata_response_broker){
                .node_id = n,
                .host = weir_str_of(hosts[n]),
                .port = 9000 + n + (p->moved[n] ? 10 : 0),
                .rack = n == 1 && header->api_version >= 1 ? weir_str_of("r1") : (weir_str){NULL, 0}};
    r.topics.items = topics;
    for (int32_t t = 0; t < request->topics.count; t++) {
        weir_metadata_response_topic *topic = &topics[r.topics.count++];
        *topic = (weir_metadata_response_topic){.name = request->topics.items[t].name,
                                                .error_code = WEIR_CODE_UNKNOWN_TOPIC_OR_PARTITION,
                                                .topic_authorized_operations = INT32_MIN};
        topic_fill(p, topic, &partitions[used]);
        used += topic->partitions.count;
    }
    peer_note(p, link, header, "%d topics", request->topics.count);
    peer_answer(p, link, header, &r, SIZE_MAX);
}

static void answer_coordinator(peer *p, peer_link *link, const weir_request_header *header,
                               const weir_find_coordinator_request *request) {
    weir_find_coordinator_response_coordinator found = {.error_code = peer_code(p, 0), .node_id = p->coordinator};
    weir_find_coordinator_response r;
    weir_message_init(weir_api_find(WEIR_API_FIND_COORDINATOR)->response, &r);
    weir_str key = header->api_version >= 4 ? request->coordinator_keys.items[0] : request->key;
    if (found.error_code != 0)
        found.node_id = -1;
    found.key = key;
    found.host = weir_str_of(found.node_id >= 0 ? hosts[found.node_id] : "");
    found.port = found.node_id >= 0 ? 9000 + found.node_id : -1;
    if (header->api_version >= 4) {
        r.coordinators.items = &found;
        r.coordinators.count = 1;
    } else {
        r.error_code = found.error_code;
        r.node_id = found.node_id;
        r.host = found.host;
        r.port = found.port;
    }
    peer_note(p, link, header, "%d %.*s", request->key_type, (int)key.len, key.p);
    peer_answer(p, link, header, &r, SIZE_MAX);
}

static void answer_configs(peer *p, peer_link *link, const weir_request_header *header,
                           const weir_describe_configs_request *request) {
    weir_describe_configs_response_describe_configs_result results[PEER_LOGS];
    weir_describe_configs_response_describe_configs_resource_result values[2] = {
        {.name = weir_str_of("max.message.bytes"), .value = weir_str_of(p->max_message_bytes), .config_source = -1},
        {.name = weir_str_of("transaction.max.timeout.ms"),
         .value = weir_str_of(p->max_timeout_ms),
         .config_source = -1},
    };
    weir_describe_configs_response r;
    weir_message_init(weir_api_find(WEIR_API_DESCRIBE_CONFIGS)->response, &r);
    r.throttle_time_ms = peer_throttle(p);
    r.results.items = results;
    for (int32_t n = 0; n < request->resources.count; n++) {
        const weir_describe_configs_request_describe_configs_resource *resource = &request->resources.items[n];
        results[n] = (weir_describe_configs_response_describe_configs_result){
            .error_code = peer_code(p, 0),
            .resource_type = resource->resource_type,
            .resource_name = resource->resource_name,
        };
        results[n].configs.items = &values[resource->resource_type == 4];
        results[n].configs.count = results[n].error_code == 0;
        r.results.count++;
    }
    peer_note(p, link, header, "%d resources", request->resources.count);
    peer_answer(p, link, header, &r, SIZE_MAX);
}

bool peer_take_meta(peer *p, peer_link *link, const weir_request_header *header, const void *message) {
    switch (header->api_key) {
    case WEIR_API_VERSIONS:
        answer_versions(p, link, header);
        return true;
    case WEIR_API_METADATA:
        answer_metadata(p, link, header, message);
        return true;
    case WEIR_API_FIND_COORDINATOR:
        answer_coordinator(p, link, header, message);
        return true;
    case WEIR_API_DESCRIBE_CONFIGS:
        answer_configs(p, link, header, message);
        return true;
    default:
        return false;
    }
}
