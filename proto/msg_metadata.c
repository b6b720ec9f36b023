/* Metadata (brokers, topics, leaders) and FindCoordinator (who looks after a group or a transactional id). */
#include "schema.h"

#define T weir_metadata_request_topic
ROWS = {
    ROW(topic_id, 10, UP, ZERO, IGNORABLE),
    ROW(name, 0, UP, ZERO, NULLABLE(10)),
};
SCHEMA;
#undef T

#define T weir_metadata_request
ROWS = {
    STRUCTS(topics, weir_metadata_request_topic, 0, UP, ZERO, NULLABLE(1)),
    ROW(allow_auto_topic_creation, 4, UP, ONE, 0),
    ROW(include_cluster_authorized_operations, 8, 10, ZERO, 0),
    ROW(include_topic_authorized_operations, 8, UP, ZERO, 0),
};
#undef T

#define T weir_metadata_response_broker
ROWS = {
    ROW(node_id, 0, UP, ZERO, 0),
    ROW(host, 0, UP, ZERO, 0),
    ROW(port, 0, UP, ZERO, 0),
    ROW(rack, 1, UP, NONE, NULLABLE(1) | IGNORABLE),
};
SCHEMA;
#undef T

#define T weir_metadata_response_partition
ROWS = {
    ROW(error_code, 0, UP, ZERO, 0),
    ROW(partition_index, 0, UP, ZERO, 0),
    ROW(leader_id, 0, UP, ZERO, 0),
    ROW(leader_epoch, 7, UP, MINUS_1, IGNORABLE),
    ROW(replica_nodes, 0, UP, ZERO, 0),
    ROW(isr_nodes, 0, UP, ZERO, 0),
    ROW(offline_replicas, 5, UP, ZERO, IGNORABLE),
};
SCHEMA;
#undef T

#define T weir_metadata_response_topic
ROWS = {
    ROW(error_code, 0, UP, ZERO, 0),
    ROW(name, 0, UP, ZERO, NULLABLE(12)),
    ROW(topic_id, 10, UP, ZERO, IGNORABLE),
    ROW(is_internal, 1, UP, ZERO, IGNORABLE),
    STRUCTS(partitions, weir_metadata_response_partition, 0, UP, ZERO, 0),
    ROW(topic_authorized_operations, 8, UP, MIN_32, 0),
};
SCHEMA;
#undef T

#define T weir_metadata_response
ROWS = {
    ROW(throttle_time_ms, 3, UP, ZERO, IGNORABLE),
    STRUCTS(brokers, weir_metadata_response_broker, 0, UP, ZERO, 0),
    ROW(cluster_id, 2, UP, NONE, NULLABLE(2) | IGNORABLE),
    ROW(controller_id, 1, UP, MINUS_1, IGNORABLE),
    STRUCTS(topics, weir_metadata_response_topic, 0, UP, ZERO, 0),
    ROW(cluster_authorized_operations, 8, 10, MIN_32, 0),
    ROW(error_code, 13, UP, ZERO, IGNORABLE),
};
#undef T

API(metadata, WEIR_API_METADATA, "Metadata", 0, 13, 0, 13, 9);

#define T weir_find_coordinator_request
ROWS = {
    ROW(key, 0, 3, ZERO, 0),
    ROW(key_type, 1, UP, ZERO, 0),
    ROW(coordinator_keys, 4, UP, ZERO, 0),
};
#undef T

#define T weir_find_coordinator_response_coordinator
ROWS = {
    ROW(key, 4, UP, ZERO, 0),        ROW(node_id, 4, UP, ZERO, 0),
    ROW(host, 4, UP, ZERO, 0),       ROW(port, 4, UP, ZERO, 0),
    ROW(error_code, 4, UP, ZERO, 0), ROW(error_message, 4, UP, ZERO, NULLABLE(4) | IGNORABLE),
};
SCHEMA;
#undef T

#define T weir_find_coordinator_response
ROWS = {
    ROW(throttle_time_ms, 1, UP, ZERO, IGNORABLE),
    ROW(error_code, 0, 3, ZERO, 0),
    ROW(error_message, 1, 3, ZERO, NULLABLE(1) | IGNORABLE),
    ROW(node_id, 0, 3, ZERO, 0),
    ROW(host, 0, 3, ZERO, 0),
    ROW(port, 0, 3, ZERO, 0),
    STRUCTS(coordinators, weir_find_coordinator_response_coordinator, 4, UP, ZERO, 0),
};
#undef T

API(find_coordinator, WEIR_API_FIND_COORDINATOR, "FindCoordinator", 0, 6, 0, 6, 3);
