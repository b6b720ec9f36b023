/* Committed offsets of consumer groups: OffsetCommit and OffsetFetch. */
#include "schema.h"

#define T weir_offset_commit_request_partition
ROWS = {
    ROW(partition_index, 0, UP, ZERO, 0),
    ROW(committed_offset, 0, UP, ZERO, 0),
    ROW(committed_leader_epoch, 6, UP, MINUS_1, IGNORABLE),
    ROW(commit_timestamp, 1, 1, MINUS_1, 0),
    ROW(committed_metadata, 0, UP, ZERO, NULLABLE(0)),
};
SCHEMA;
#undef T

#define T weir_offset_commit_request_topic
ROWS = {
    ROW(name, 0, 9, ZERO, IGNORABLE),
    ROW(topic_id, 10, UP, ZERO, IGNORABLE),
    STRUCTS(partitions, weir_offset_commit_request_partition, 0, UP, ZERO, 0),
};
SCHEMA;
#undef T

#define T weir_offset_commit_request
ROWS = {
    ROW(group_id, 0, UP, ZERO, 0),
    ROW(generation_id_or_member_epoch, 1, UP, MINUS_1, IGNORABLE),
    ROW(member_id, 1, UP, ZERO, IGNORABLE),
    ROW(group_instance_id, 7, UP, NONE, NULLABLE(7)),
    ROW(retention_time_ms, 2, 4, MINUS_1, IGNORABLE),
    STRUCTS(topics, weir_offset_commit_request_topic, 0, UP, ZERO, 0),
};
#undef T

#define T weir_offset_commit_response_partition
ROWS = {
    ROW(partition_index, 0, UP, ZERO, 0),
    ROW(error_code, 0, UP, ZERO, 0),
};
SCHEMA;
#undef T

#define T weir_offset_commit_response_topic
ROWS = {
    ROW(name, 0, 9, ZERO, IGNORABLE),
    ROW(topic_id, 10, UP, ZERO, IGNORABLE),
    STRUCTS(partitions, weir_offset_commit_response_partition, 0, UP, ZERO, 0),
};
SCHEMA;
#undef T

#define T weir_offset_commit_response
ROWS = {
    ROW(throttle_time_ms, 3, UP, ZERO, IGNORABLE),
    STRUCTS(topics, weir_offset_commit_response_topic, 0, UP, ZERO, 0),
};
#undef T

API(offset_commit, WEIR_API_OFFSET_COMMIT, "OffsetCommit", 2, 10, 0, 10, 8);

#define T weir_offset_fetch_request_topic
ROWS = {
    ROW(name, 0, 7, ZERO, 0),
    ROW(partition_indexes, 0, 7, ZERO, 0),
};
SCHEMA;
#undef T

#define T weir_offset_fetch_request_topics
ROWS = {
    ROW(name, 8, 9, ZERO, IGNORABLE),
    ROW(topic_id, 10, UP, ZERO, IGNORABLE),
    ROW(partition_indexes, 8, UP, ZERO, 0),
};
SCHEMA;
#undef T

#define T weir_offset_fetch_request_group
ROWS = {
    ROW(group_id, 8, UP, ZERO, 0),
    ROW(member_id, 9, UP, NONE, NULLABLE(9) | IGNORABLE),
    ROW(member_epoch, 9, UP, MINUS_1, IGNORABLE),
    STRUCTS(topics, weir_offset_fetch_request_topics, 8, UP, ZERO, NULLABLE(8)),
};
SCHEMA;
#undef T

#define T weir_offset_fetch_request
ROWS = {
    ROW(group_id, 0, 7, ZERO, 0),
    STRUCTS(topics, weir_offset_fetch_request_topic, 0, 7, ZERO, NULLABLE(2)),
    STRUCTS(groups, weir_offset_fetch_request_group, 8, UP, ZERO, 0),
    ROW(require_stable, 7, UP, ZERO, 0),
};
#undef T

#define T weir_offset_fetch_response_partition
ROWS = {
    ROW(partition_index, 0, 7, ZERO, 0),
    ROW(committed_offset, 0, 7, ZERO, 0),
    ROW(committed_leader_epoch, 5, 7, MINUS_1, IGNORABLE),
    ROW(metadata, 0, 7, ZERO, NULLABLE(0)),
    ROW(error_code, 0, 7, ZERO, 0),
};
SCHEMA;
#undef T

#define T weir_offset_fetch_response_topic
ROWS = {
    ROW(name, 0, 7, ZERO, 0),
    STRUCTS(partitions, weir_offset_fetch_response_partition, 0, 7, ZERO, 0),
};
SCHEMA;
#undef T

#define T weir_offset_fetch_response_partitions
ROWS = {
    ROW(partition_index, 8, UP, ZERO, 0),
    ROW(committed_offset, 8, UP, ZERO, 0),
    ROW(committed_leader_epoch, 8, UP, MINUS_1, IGNORABLE),
    ROW(metadata, 8, UP, ZERO, NULLABLE(8)),
    ROW(error_code, 8, UP, ZERO, 0),
};
SCHEMA;
#undef T

#define T weir_offset_fetch_response_topics
ROWS = {
    ROW(name, 8, 9, ZERO, IGNORABLE),
    ROW(topic_id, 10, UP, ZERO, IGNORABLE),
    STRUCTS(partitions, weir_offset_fetch_response_partitions, 8, UP, ZERO, 0),
};
SCHEMA;
#undef T

#define T weir_offset_fetch_response_group
ROWS = {
    ROW(group_id, 8, UP, ZERO, 0),
    STRUCTS(topics, weir_offset_fetch_response_topics, 8, UP, ZERO, 0),
    ROW(error_code, 8, UP, ZERO, 0),
};
SCHEMA;
#undef T

#define T weir_offset_fetch_response
ROWS = {
    ROW(throttle_time_ms, 3, UP, ZERO, IGNORABLE),
    STRUCTS(topics, weir_offset_fetch_response_topic, 0, 7, ZERO, 0),
    ROW(error_code, 2, 7, ZERO, IGNORABLE),
    STRUCTS(groups, weir_offset_fetch_response_group, 8, UP, ZERO, 0),
};
#undef T

API(offset_fetch, WEIR_API_OFFSET_FETCH, "OffsetFetch", 1, 10, 0, 10, 6);
