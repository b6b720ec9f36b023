/* Topics and their configuration: CreateTopics, DeleteTopics, DescribeConfigs. */
#include "schema.h"

#define T weir_create_topics_request_creatable_replica_assignment
ROWS = {
    ROW(partition_index, 0, UP, ZERO, 0),
    ROW(broker_ids, 0, UP, ZERO, 0),
};
SCHEMA;
#undef T

#define T weir_create_topics_request_creatable_topic_config
ROWS = {
    ROW(name, 0, UP, ZERO, 0),
    ROW(value, 0, UP, ZERO, NULLABLE(0)),
};
SCHEMA;
#undef T

#define T weir_create_topics_request_creatable_topic
ROWS = {
    ROW(name, 0, UP, ZERO, 0),
    ROW(num_partitions, 0, UP, ZERO, 0),
    ROW(replication_factor, 0, UP, ZERO, 0),
    STRUCTS(assignments, weir_create_topics_request_creatable_replica_assignment, 0, UP, ZERO, 0),
    STRUCTS(configs, weir_create_topics_request_creatable_topic_config, 0, UP, ZERO, 0),
};
SCHEMA;
#undef T

#define T weir_create_topics_request
ROWS = {
    STRUCTS(topics, weir_create_topics_request_creatable_topic, 0, UP, ZERO, 0),
    ROW(timeout_ms, 0, UP, MINUTE_MS, 0),
    ROW(validate_only, 1, UP, ZERO, 0),
};
#undef T

#define T weir_create_topics_response_creatable_topic_configs
ROWS = {
    ROW(name, 5, UP, ZERO, 0),         ROW(value, 5, UP, ZERO, NULLABLE(5)),
    ROW(read_only, 5, UP, ZERO, 0),    ROW(config_source, 5, UP, MINUS_1, IGNORABLE),
    ROW(is_sensitive, 5, UP, ZERO, 0),
};
SCHEMA;
#undef T

#define T weir_create_topics_response_creatable_topic_result
ROWS = {
    ROW(name, 0, UP, ZERO, 0),
    ROW(topic_id, 7, UP, ZERO, IGNORABLE),
    ROW(error_code, 0, UP, ZERO, 0),
    ROW(error_message, 1, UP, ZERO, NULLABLE(0) | IGNORABLE),
    ROW(topic_config_error_code, 5, UP, ZERO, TAG(0) | IGNORABLE),
    ROW(num_partitions, 5, UP, MINUS_1, IGNORABLE),
    ROW(replication_factor, 5, UP, MINUS_1, IGNORABLE),
    STRUCTS(configs, weir_create_topics_response_creatable_topic_configs, 5, UP, ZERO, NULLABLE(5) | IGNORABLE),
};
SCHEMA;
#undef T

#define T weir_create_topics_response
ROWS = {
    ROW(throttle_time_ms, 2, UP, ZERO, IGNORABLE),
    STRUCTS(topics, weir_create_topics_response_creatable_topic_result, 0, UP, ZERO, 0),
};
#undef T

API(create_topics, WEIR_API_CREATE_TOPICS, "CreateTopics", 0, 7, 0, 7, 5);

#define T weir_delete_topics_request_delete_topic_state
ROWS = {
    ROW(name, 6, UP, NONE, NULLABLE(6)),
    ROW(topic_id, 6, UP, ZERO, 0),
};
SCHEMA;
#undef T

#define T weir_delete_topics_request
ROWS = {
    STRUCTS(topics, weir_delete_topics_request_delete_topic_state, 6, UP, ZERO, 0),
    ROW(topic_names, 0, 5, ZERO, IGNORABLE),
    ROW(timeout_ms, 0, UP, ZERO, 0),
};
#undef T

#define T weir_delete_topics_response_deletable_topic_result
ROWS = {
    ROW(name, 0, UP, ZERO, NULLABLE(6)),
    ROW(topic_id, 6, UP, ZERO, IGNORABLE),
    ROW(error_code, 0, UP, ZERO, 0),
    ROW(error_message, 5, UP, NONE, NULLABLE(5) | IGNORABLE),
};
SCHEMA;
#undef T

#define T weir_delete_topics_response
ROWS = {
    ROW(throttle_time_ms, 1, UP, ZERO, IGNORABLE),
    STRUCTS(responses, weir_delete_topics_response_deletable_topic_result, 0, UP, ZERO, 0),
};
#undef T

API(delete_topics, WEIR_API_DELETE_TOPICS, "DeleteTopics", 0, 6, 0, 6, 4);

#define T weir_describe_configs_request_describe_configs_resource
ROWS = {
    ROW(resource_type, 0, UP, ZERO, 0),
    ROW(resource_name, 0, UP, ZERO, 0),
    ROW(configuration_keys, 0, UP, ZERO, NULLABLE(0)),
};
SCHEMA;
#undef T

#define T weir_describe_configs_request
ROWS = {
    STRUCTS(resources, weir_describe_configs_request_describe_configs_resource, 0, UP, ZERO, 0),
    ROW(include_synonyms, 1, UP, ZERO, 0),
    ROW(include_documentation, 3, UP, ZERO, 0),
};
#undef T

#define T weir_describe_configs_response_describe_configs_synonym
ROWS = {
    ROW(name, 1, UP, ZERO, 0),
    ROW(value, 1, UP, ZERO, NULLABLE(0)),
    ROW(source, 1, UP, ZERO, 0),
};
SCHEMA;
#undef T

#define T weir_describe_configs_response_describe_configs_resource_result
ROWS = {
    ROW(name, 0, UP, ZERO, 0),
    ROW(value, 0, UP, ZERO, NULLABLE(0)),
    ROW(read_only, 0, UP, ZERO, 0),
    ROW(is_default, 0, 0, ZERO, 0),
    ROW(config_source, 1, UP, MINUS_1, IGNORABLE),
    ROW(is_sensitive, 0, UP, ZERO, 0),
    STRUCTS(synonyms, weir_describe_configs_response_describe_configs_synonym, 1, UP, ZERO, IGNORABLE),
    ROW(config_type, 3, UP, ZERO, IGNORABLE),
    ROW(documentation, 3, UP, ZERO, NULLABLE(0) | IGNORABLE),
};
SCHEMA;
#undef T

#define T weir_describe_configs_response_describe_configs_result
ROWS = {
    ROW(error_code, 0, UP, ZERO, 0),
    ROW(error_message, 0, UP, ZERO, NULLABLE(0)),
    ROW(resource_type, 0, UP, ZERO, 0),
    ROW(resource_name, 0, UP, ZERO, 0),
    STRUCTS(configs, weir_describe_configs_response_describe_configs_resource_result, 0, UP, ZERO, 0),
};
SCHEMA;
#undef T

#define T weir_describe_configs_response
ROWS = {
    ROW(throttle_time_ms, 0, UP, ZERO, 0),
    STRUCTS(results, weir_describe_configs_response_describe_configs_result, 0, UP, ZERO, 0),
};
#undef T

API(describe_configs, WEIR_API_DESCRIBE_CONFIGS, "DescribeConfigs", 0, 4, 0, 4, 4);

#define T weir_create_partitions_request_create_partitions_assignment
ROWS = {
    ROW(broker_ids, 0, UP, ZERO, 0),
};
SCHEMA;
#undef T

#define T weir_create_partitions_request_create_partitions_topic
ROWS = {
    ROW(name, 0, UP, ZERO, 0),
    ROW(count, 0, UP, ZERO, 0),
    STRUCTS(assignments, weir_create_partitions_request_create_partitions_assignment, 0, UP, ZERO, NULLABLE(0)),
};
SCHEMA;
#undef T

#define T weir_create_partitions_request
ROWS = {
    STRUCTS(topics, weir_create_partitions_request_create_partitions_topic, 0, UP, ZERO, 0),
    ROW(timeout_ms, 0, UP, ZERO, 0),
    ROW(validate_only, 0, UP, ZERO, 0),
};
#undef T

#define T weir_create_partitions_response_create_partitions_topic_result
ROWS = {
    ROW(name, 0, UP, ZERO, 0),
    ROW(error_code, 0, UP, ZERO, 0),
    ROW(error_message, 0, UP, NONE, NULLABLE(0)),
};
SCHEMA;
#undef T

#define T weir_create_partitions_response
ROWS = {
    ROW(throttle_time_ms, 0, UP, ZERO, 0),
    STRUCTS(results, weir_create_partitions_response_create_partitions_topic_result, 0, UP, ZERO, 0),
};
#undef T

API(create_partitions, WEIR_API_CREATE_PARTITIONS, "CreatePartitions", 0, 3, 0, 3, 2);

#define T weir_delete_records_request_delete_records_partition
ROWS = {
    ROW(partition_index, 0, UP, ZERO, 0),
    ROW(offset, 0, UP, ZERO, 0),
};
SCHEMA;
#undef T

#define T weir_delete_records_request_delete_records_topic
ROWS = {
    ROW(name, 0, UP, ZERO, 0),
    STRUCTS(partitions, weir_delete_records_request_delete_records_partition, 0, UP, ZERO, 0),
};
SCHEMA;
#undef T

#define T weir_delete_records_request
ROWS = {
    STRUCTS(topics, weir_delete_records_request_delete_records_topic, 0, UP, ZERO, 0),
    ROW(timeout_ms, 0, UP, ZERO, 0),
};
#undef T

#define T weir_delete_records_response_delete_records_partition_result
ROWS = {
    ROW(partition_index, 0, UP, ZERO, 0),
    ROW(low_watermark, 0, UP, ZERO, 0),
    ROW(error_code, 0, UP, ZERO, 0),
};
SCHEMA;
#undef T

#define T weir_delete_records_response_delete_records_topic_result
ROWS = {
    ROW(name, 0, UP, ZERO, 0),
    STRUCTS(partitions, weir_delete_records_response_delete_records_partition_result, 0, UP, ZERO, 0),
};
SCHEMA;
#undef T

#define T weir_delete_records_response
ROWS = {
    ROW(throttle_time_ms, 0, UP, ZERO, 0),
    STRUCTS(topics, weir_delete_records_response_delete_records_topic_result, 0, UP, ZERO, 0),
};
#undef T

API(delete_records, WEIR_API_DELETE_RECORDS, "DeleteRecords", 0, 2, 0, 2, 2);
