/* Fetch, and what tells a reader where to start: ListOffsets and OffsetForLeaderEpoch. */
#include "schema.h"

#define T weir_fetch_request_replica_state
ROWS = {
    ROW(replica_id, 15, UP, MINUS_1, 0),
    ROW(replica_epoch, 15, UP, MINUS_1, 0),
};
SCHEMA;
#undef T

#define T weir_fetch_request_fetch_partition
ROWS = {
    ROW(partition, 0, UP, ZERO, 0),
    ROW(current_leader_epoch, 9, UP, MINUS_1, IGNORABLE),
    ROW(fetch_offset, 0, UP, ZERO, 0),
    ROW(last_fetched_epoch, 12, UP, MINUS_1, 0),
    ROW(log_start_offset, 5, UP, MINUS_1, IGNORABLE),
    ROW(partition_max_bytes, 0, UP, ZERO, 0),
    ROW(replica_directory_id, 17, UP, ZERO, TAG(0) | IGNORABLE),
    ROW(high_watermark, 18, UP, MAX_64, TAG(1) | IGNORABLE),
};
SCHEMA;
#undef T

#define T weir_fetch_request_fetch_topic
ROWS = {
    ROW(topic, 0, 12, ZERO, IGNORABLE),
    ROW(topic_id, 13, UP, ZERO, IGNORABLE),
    STRUCTS(partitions, weir_fetch_request_fetch_partition, 0, UP, ZERO, 0),
};
SCHEMA;
#undef T

#define T weir_fetch_request_forgotten_topic
ROWS = {
    ROW(topic, 7, 12, ZERO, IGNORABLE),
    ROW(topic_id, 13, UP, ZERO, IGNORABLE),
    ROW(partitions, 7, UP, ZERO, 0),
};
SCHEMA;
#undef T

#define T weir_fetch_request
ROWS = {
    ROW(cluster_id, 12, UP, NONE, NULLABLE(12) | TAG(0) | IGNORABLE),
    ROW(replica_id, 0, 14, MINUS_1, 0),
    STRUCT(replica_state, weir_fetch_request_replica_state, 15, UP, ZERO, TAG(1)),
    ROW(max_wait_ms, 0, UP, ZERO, 0),
    ROW(min_bytes, 0, UP, ZERO, 0),
    ROW(max_bytes, 3, UP, MAX_32, IGNORABLE),
    ROW(isolation_level, 4, UP, ZERO, IGNORABLE),
    ROW(session_id, 7, UP, ZERO, IGNORABLE),
    ROW(session_epoch, 7, UP, MINUS_1, IGNORABLE),
    STRUCTS(topics, weir_fetch_request_fetch_topic, 0, UP, ZERO, 0),
    STRUCTS(forgotten_topics_data, weir_fetch_request_forgotten_topic, 7, UP, ZERO, 0),
    ROW(rack_id, 11, UP, ZERO, IGNORABLE),
};
#undef T

#define T weir_fetch_response_epoch_end_offset
ROWS = {
    ROW(epoch, 12, UP, MINUS_1, 0),
    ROW(end_offset, 12, UP, MINUS_1, 0),
};
SCHEMA;
#undef T

#define T weir_fetch_response_leader_id_and_epoch
ROWS = {
    ROW(leader_id, 12, UP, MINUS_1, 0),
    ROW(leader_epoch, 12, UP, MINUS_1, 0),
};
SCHEMA;
#undef T

#define T weir_fetch_response_snapshot_id
ROWS = {
    ROW(end_offset, 0, UP, MINUS_1, 0),
    ROW(epoch, 0, UP, MINUS_1, 0),
};
SCHEMA;
#undef T

#define T weir_fetch_response_aborted_transaction
ROWS = {
    ROW(producer_id, 4, UP, ZERO, 0),
    ROW(first_offset, 4, UP, ZERO, 0),
};
SCHEMA;
#undef T

#define T weir_fetch_response_partition_data
ROWS = {
    ROW(partition_index, 0, UP, ZERO, 0),
    ROW(error_code, 0, UP, ZERO, 0),
    ROW(high_watermark, 0, UP, ZERO, 0),
    ROW(last_stable_offset, 4, UP, MINUS_1, IGNORABLE),
    ROW(log_start_offset, 5, UP, MINUS_1, IGNORABLE),
    STRUCT(diverging_epoch, weir_fetch_response_epoch_end_offset, 12, UP, ZERO, TAG(0)),
    STRUCT(current_leader, weir_fetch_response_leader_id_and_epoch, 12, UP, ZERO, TAG(1)),
    STRUCT(snapshot_id, weir_fetch_response_snapshot_id, 12, UP, ZERO, TAG(2)),
    STRUCTS(aborted_transactions, weir_fetch_response_aborted_transaction, 4, UP, ZERO, NULLABLE(4) | IGNORABLE),
    ROW(preferred_read_replica, 11, UP, MINUS_1, 0),
    ROW(records, 0, UP, NONE, NULLABLE(0)),
};
SCHEMA;
#undef T

#define T weir_fetch_response_fetchable_topic_response
ROWS = {
    ROW(topic, 0, 12, ZERO, IGNORABLE),
    ROW(topic_id, 13, UP, ZERO, IGNORABLE),
    STRUCTS(partitions, weir_fetch_response_partition_data, 0, UP, ZERO, 0),
};
SCHEMA;
#undef T

#define T weir_fetch_response_node_endpoint
ROWS = {
    ROW(node_id, 16, UP, ZERO, 0),
    ROW(host, 16, UP, ZERO, 0),
    ROW(port, 16, UP, ZERO, 0),
    ROW(rack, 16, UP, NONE, NULLABLE(16)),
};
SCHEMA;
#undef T

#define T weir_fetch_response
ROWS = {
    ROW(throttle_time_ms, 1, UP, ZERO, IGNORABLE),
    ROW(error_code, 7, UP, ZERO, IGNORABLE),
    ROW(session_id, 7, UP, ZERO, 0),
    STRUCTS(responses, weir_fetch_response_fetchable_topic_response, 0, UP, ZERO, 0),
    STRUCTS(node_endpoints, weir_fetch_response_node_endpoint, 16, UP, ZERO, TAG(0)),
};
#undef T

API(fetch, WEIR_API_FETCH, "Fetch", 2, 18, 0, 18, 12);

#define T weir_list_offsets_request_list_offsets_partition
ROWS = {
    ROW(partition_index, 0, UP, ZERO, 0),
    ROW(current_leader_epoch, 4, UP, MINUS_1, IGNORABLE),
    ROW(timestamp, 0, UP, ZERO, 0),
    ROW(max_num_offsets, 0, 0, ONE, 0),
};
SCHEMA;
#undef T

#define T weir_list_offsets_request_list_offsets_topic
ROWS = {
    ROW(name, 0, UP, ZERO, 0),
    STRUCTS(partitions, weir_list_offsets_request_list_offsets_partition, 0, UP, ZERO, 0),
};
SCHEMA;
#undef T

#define T weir_list_offsets_request
ROWS = {
    ROW(replica_id, 0, UP, ZERO, 0),
    ROW(isolation_level, 2, UP, ZERO, 0),
    STRUCTS(topics, weir_list_offsets_request_list_offsets_topic, 0, UP, ZERO, 0),
    ROW(timeout_ms, 10, UP, ZERO, IGNORABLE),
};
#undef T

#define T weir_list_offsets_response_list_offsets_partition_response
ROWS = {
    ROW(partition_index, 0, UP, ZERO, 0), ROW(error_code, 0, UP, ZERO, 0), ROW(old_style_offsets, 0, 0, ZERO, 0),
    ROW(timestamp, 1, UP, MINUS_1, 0),    ROW(offset, 1, UP, MINUS_1, 0),  ROW(leader_epoch, 4, UP, MINUS_1, 0),
};
SCHEMA;
#undef T

#define T weir_list_offsets_response_list_offsets_topic_response
ROWS = {
    ROW(name, 0, UP, ZERO, 0),
    STRUCTS(partitions, weir_list_offsets_response_list_offsets_partition_response, 0, UP, ZERO, 0),
};
SCHEMA;
#undef T

#define T weir_list_offsets_response
ROWS = {
    ROW(throttle_time_ms, 2, UP, ZERO, IGNORABLE),
    STRUCTS(topics, weir_list_offsets_response_list_offsets_topic_response, 0, UP, ZERO, 0),
};
#undef T

API(list_offsets, WEIR_API_LIST_OFFSETS, "ListOffsets", 0, 11, 0, 11, 6);

#define T weir_offset_for_leader_epoch_request_offset_for_leader_partition
ROWS = {
    ROW(partition, 0, UP, ZERO, 0),
    ROW(current_leader_epoch, 2, UP, MINUS_1, IGNORABLE),
    ROW(leader_epoch, 0, UP, ZERO, 0),
};
SCHEMA;
#undef T

#define T weir_offset_for_leader_epoch_request_offset_for_leader_topic
ROWS = {
    ROW(topic, 0, UP, ZERO, 0),
    STRUCTS(partitions, weir_offset_for_leader_epoch_request_offset_for_leader_partition, 0, UP, ZERO, 0),
};
SCHEMA;
#undef T

#define T weir_offset_for_leader_epoch_request
ROWS = {
    ROW(replica_id, 3, UP, MINUS_2, IGNORABLE),
    STRUCTS(topics, weir_offset_for_leader_epoch_request_offset_for_leader_topic, 0, UP, ZERO, 0),
};
#undef T

#define T weir_offset_for_leader_epoch_response_epoch_end_offset
ROWS = {
    ROW(error_code, 0, UP, ZERO, 0),
    ROW(partition, 0, UP, ZERO, 0),
    ROW(leader_epoch, 1, UP, MINUS_1, IGNORABLE),
    ROW(end_offset, 0, UP, MINUS_1, 0),
};
SCHEMA;
#undef T

#define T weir_offset_for_leader_epoch_response_offset_for_leader_topic_result
ROWS = {
    ROW(topic, 0, UP, ZERO, 0),
    STRUCTS(partitions, weir_offset_for_leader_epoch_response_epoch_end_offset, 0, UP, ZERO, 0),
};
SCHEMA;
#undef T

#define T weir_offset_for_leader_epoch_response
ROWS = {
    ROW(throttle_time_ms, 2, UP, ZERO, IGNORABLE),
    STRUCTS(topics, weir_offset_for_leader_epoch_response_offset_for_leader_topic_result, 0, UP, ZERO, 0),
};
#undef T

API(offset_for_leader_epoch, WEIR_API_OFFSET_FOR_LEADER_EPOCH, "OffsetForLeaderEpoch", 0, 4, 0, 4, 4);
