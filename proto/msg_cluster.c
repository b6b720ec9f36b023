/* Looking at the cluster: brokers, topics in pages, producers; and telemetry about the client. */
#include "schema.h"

#define T weir_describe_cluster_request
ROWS = {
    ROW(include_cluster_authorized_operations, 0, UP, ZERO, 0),
    ROW(endpoint_type, 1, UP, ONE, 0),
    ROW(include_fenced_brokers, 2, UP, ZERO, 0),
};
#undef T

#define T weir_describe_cluster_response_describe_cluster_broker
ROWS = {
    ROW(broker_id, 0, UP, ZERO, 0),      ROW(host, 0, UP, ZERO, 0),      ROW(port, 0, UP, ZERO, 0),
    ROW(rack, 0, UP, NONE, NULLABLE(0)), ROW(is_fenced, 2, UP, ZERO, 0),
};
SCHEMA;
#undef T

#define T weir_describe_cluster_response
ROWS = {
    ROW(throttle_time_ms, 0, UP, ZERO, 0),
    ROW(error_code, 0, UP, ZERO, 0),
    ROW(error_message, 0, UP, NONE, NULLABLE(0)),
    ROW(endpoint_type, 1, UP, ONE, 0),
    ROW(cluster_id, 0, UP, ZERO, 0),
    ROW(controller_id, 0, UP, MINUS_1, 0),
    STRUCTS(brokers, weir_describe_cluster_response_describe_cluster_broker, 0, UP, ZERO, 0),
    ROW(cluster_authorized_operations, 0, UP, MIN_32, 0),
};
#undef T

API(describe_cluster, WEIR_API_DESCRIBE_CLUSTER, "DescribeCluster", 0, 2, 0, 2, 0);

#define T weir_describe_topic_partitions_request_topic_request
ROWS = {
    ROW(name, 0, UP, ZERO, 0),
};
SCHEMA;
#undef T

#define T weir_describe_topic_partitions_request_cursor
ROWS = {
    ROW(topic_name, 0, UP, ZERO, 0),
    ROW(partition_index, 0, UP, ZERO, 0),
};
SCHEMA;
#undef T

#define T weir_describe_topic_partitions_request
ROWS = {
    STRUCTS(topics, weir_describe_topic_partitions_request_topic_request, 0, UP, ZERO, 0),
    ROW(response_partition_limit, 0, UP, TWO_THOUSAND, 0),
    OPTIONAL(cursor, weir_describe_topic_partitions_request_cursor, 0, UP, NONE, NULLABLE(0)),
};
#undef T

#define T weir_describe_topic_partitions_response_partition
ROWS = {
    ROW(error_code, 0, UP, ZERO, 0),
    ROW(partition_index, 0, UP, ZERO, 0),
    ROW(leader_id, 0, UP, ZERO, 0),
    ROW(leader_epoch, 0, UP, MINUS_1, IGNORABLE),
    ROW(replica_nodes, 0, UP, ZERO, 0),
    ROW(isr_nodes, 0, UP, ZERO, 0),
    ROW(eligible_leader_replicas, 0, UP, NONE, NULLABLE(0)),
    ROW(last_known_elr, 0, UP, NONE, NULLABLE(0)),
    ROW(offline_replicas, 0, UP, ZERO, IGNORABLE),
};
SCHEMA;
#undef T

#define T weir_describe_topic_partitions_response_topic
ROWS = {
    ROW(error_code, 0, UP, ZERO, 0),
    ROW(name, 0, UP, ZERO, NULLABLE(0)),
    ROW(topic_id, 0, UP, ZERO, IGNORABLE),
    ROW(is_internal, 0, UP, ZERO, IGNORABLE),
    STRUCTS(partitions, weir_describe_topic_partitions_response_partition, 0, UP, ZERO, 0),
    ROW(topic_authorized_operations, 0, UP, MIN_32, 0),
};
SCHEMA;
#undef T

#define T weir_describe_topic_partitions_response_cursor
ROWS = {
    ROW(topic_name, 0, UP, ZERO, 0),
    ROW(partition_index, 0, UP, ZERO, 0),
};
SCHEMA;
#undef T

#define T weir_describe_topic_partitions_response
ROWS = {
    ROW(throttle_time_ms, 0, UP, ZERO, IGNORABLE),
    STRUCTS(topics, weir_describe_topic_partitions_response_topic, 0, UP, ZERO, 0),
    OPTIONAL(next_cursor, weir_describe_topic_partitions_response_cursor, 0, UP, NONE, NULLABLE(0)),
};
#undef T

API(describe_topic_partitions, WEIR_API_DESCRIBE_TOPIC_PARTITIONS, "DescribeTopicPartitions", 0, 0, 0, 0, 0);

#define T weir_describe_producers_request_topic_request
ROWS = {
    ROW(name, 0, UP, ZERO, 0),
    ROW(partition_indexes, 0, UP, ZERO, 0),
};
SCHEMA;
#undef T

#define T weir_describe_producers_request
ROWS = {
    STRUCTS(topics, weir_describe_producers_request_topic_request, 0, UP, ZERO, 0),
};
#undef T

#define T weir_describe_producers_response_producer_state
ROWS = {
    ROW(producer_id, 0, UP, ZERO, 0),       ROW(producer_epoch, 0, UP, ZERO, 0),
    ROW(last_sequence, 0, UP, MINUS_1, 0),  ROW(last_timestamp, 0, UP, MINUS_1, 0),
    ROW(coordinator_epoch, 0, UP, ZERO, 0), ROW(current_txn_start_offset, 0, UP, MINUS_1, 0),
};
SCHEMA;
#undef T

#define T weir_describe_producers_response_partition_response
ROWS = {
    ROW(partition_index, 0, UP, ZERO, 0),
    ROW(error_code, 0, UP, ZERO, 0),
    ROW(error_message, 0, UP, NONE, NULLABLE(0)),
    STRUCTS(active_producers, weir_describe_producers_response_producer_state, 0, UP, ZERO, 0),
};
SCHEMA;
#undef T

#define T weir_describe_producers_response_topic_response
ROWS = {
    ROW(name, 0, UP, ZERO, 0),
    STRUCTS(partitions, weir_describe_producers_response_partition_response, 0, UP, ZERO, 0),
};
SCHEMA;
#undef T

#define T weir_describe_producers_response
ROWS = {
    ROW(throttle_time_ms, 0, UP, ZERO, 0),
    STRUCTS(topics, weir_describe_producers_response_topic_response, 0, UP, ZERO, 0),
};
#undef T

API(describe_producers, WEIR_API_DESCRIBE_PRODUCERS, "DescribeProducers", 0, 0, 0, 0, 0);

#define T weir_get_telemetry_subscriptions_request
ROWS = {
    ROW(client_instance_id, 0, UP, ZERO, 0),
};
#undef T

#define T weir_get_telemetry_subscriptions_response
ROWS = {
    ROW(throttle_time_ms, 0, UP, ZERO, 0),           ROW(error_code, 0, UP, ZERO, 0),
    ROW(client_instance_id, 0, UP, ZERO, 0),         ROW(subscription_id, 0, UP, ZERO, 0),
    ROW(accepted_compression_types, 0, UP, ZERO, 0), ROW(push_interval_ms, 0, UP, ZERO, 0),
    ROW(telemetry_max_bytes, 0, UP, ZERO, 0),        ROW(delta_temporality, 0, UP, ZERO, 0),
    ROW(requested_metrics, 0, UP, ZERO, 0),
};
#undef T

API(get_telemetry_subscriptions, WEIR_API_GET_TELEMETRY_SUBSCRIPTIONS, "GetTelemetrySubscriptions", 0, 0, 0, 0, 0);

#define T weir_push_telemetry_request
ROWS = {
    ROW(client_instance_id, 0, UP, ZERO, 0), ROW(subscription_id, 0, UP, ZERO, 0), ROW(terminating, 0, UP, ZERO, 0),
    ROW(compression_type, 0, UP, ZERO, 0),   ROW(metrics, 0, UP, ZERO, 0),
};
#undef T

#define T weir_push_telemetry_response
ROWS = {
    ROW(throttle_time_ms, 0, UP, ZERO, 0),
    ROW(error_code, 0, UP, ZERO, 0),
};
#undef T

API(push_telemetry, WEIR_API_PUSH_TELEMETRY, "PushTelemetry", 0, 0, 0, 0, 0);
