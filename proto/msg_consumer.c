/* Consumers: the group protocol of KIP-848, and what members of classic groups tell each other. */
#include "schema.h"

#define T weir_consumer_group_heartbeat_request_topic_partitions
ROWS = {
    ROW(topic_id, 0, UP, ZERO, 0),
    ROW(partitions, 0, UP, ZERO, 0),
};
SCHEMA;
#undef T

#define T weir_consumer_group_heartbeat_request
ROWS = {
    ROW(group_id, 0, UP, ZERO, 0),
    ROW(member_id, 0, UP, ZERO, 0),
    ROW(member_epoch, 0, UP, ZERO, 0),
    ROW(instance_id, 0, UP, NONE, NULLABLE(0)),
    ROW(rack_id, 0, UP, NONE, NULLABLE(0)),
    ROW(rebalance_timeout_ms, 0, UP, MINUS_1, 0),
    ROW(subscribed_topic_names, 0, UP, NONE, NULLABLE(0)),
    ROW(subscribed_topic_regex, 1, UP, NONE, NULLABLE(1)),
    ROW(server_assignor, 0, UP, NONE, NULLABLE(0)),
    STRUCTS(topic_partitions, weir_consumer_group_heartbeat_request_topic_partitions, 0, UP, NONE, NULLABLE(0)),
};
#undef T

#define T weir_consumer_group_heartbeat_response_topic_partitions
ROWS = {
    ROW(topic_id, 0, UP, ZERO, 0),
    ROW(partitions, 0, UP, ZERO, 0),
};
SCHEMA;
#undef T

#define T weir_consumer_group_heartbeat_response_assignment
ROWS = {
    STRUCTS(topic_partitions, weir_consumer_group_heartbeat_response_topic_partitions, 0, UP, ZERO, 0),
};
SCHEMA;
#undef T

#define T weir_consumer_group_heartbeat_response
ROWS = {
    ROW(throttle_time_ms, 0, UP, ZERO, 0),
    ROW(error_code, 0, UP, ZERO, 0),
    ROW(error_message, 0, UP, NONE, NULLABLE(0)),
    ROW(member_id, 0, UP, NONE, NULLABLE(0)),
    ROW(member_epoch, 0, UP, ZERO, 0),
    ROW(heartbeat_interval_ms, 0, UP, ZERO, 0),
    OPTIONAL(assignment, weir_consumer_group_heartbeat_response_assignment, 0, UP, NONE, NULLABLE(0)),
};
#undef T

API(consumer_group_heartbeat, WEIR_API_CONSUMER_GROUP_HEARTBEAT, "ConsumerGroupHeartbeat", 0, 1, 0, 1, 0);

#define T weir_consumer_group_describe_request
ROWS = {
    ROW(group_ids, 0, UP, ZERO, 0),
    ROW(include_authorized_operations, 0, UP, ZERO, 0),
};
#undef T

#define T weir_consumer_group_describe_response_topic_partitions
ROWS = {
    ROW(topic_id, 0, UP, ZERO, 0),
    ROW(topic_name, 0, UP, ZERO, 0),
    ROW(partitions, 0, UP, ZERO, 0),
};
SCHEMA;
#undef T

#define T weir_consumer_group_describe_response_assignment
ROWS = {
    STRUCTS(topic_partitions, weir_consumer_group_describe_response_topic_partitions, 0, UP, ZERO, 0),
};
SCHEMA;
#undef T

#define T weir_consumer_group_describe_response_member
ROWS = {
    ROW(member_id, 0, UP, ZERO, 0),
    ROW(instance_id, 0, UP, NONE, NULLABLE(0)),
    ROW(rack_id, 0, UP, NONE, NULLABLE(0)),
    ROW(member_epoch, 0, UP, ZERO, 0),
    ROW(client_id, 0, UP, ZERO, 0),
    ROW(client_host, 0, UP, ZERO, 0),
    ROW(subscribed_topic_names, 0, UP, ZERO, 0),
    ROW(subscribed_topic_regex, 0, UP, NONE, NULLABLE(0)),
    STRUCT(assignment, weir_consumer_group_describe_response_assignment, 0, UP, ZERO, 0),
    STRUCT(target_assignment, weir_consumer_group_describe_response_assignment, 0, UP, ZERO, 0),
    ROW(member_type, 1, UP, MINUS_1, IGNORABLE),
};
SCHEMA;
#undef T

#define T weir_consumer_group_describe_response_described_group
ROWS = {
    ROW(error_code, 0, UP, ZERO, 0),
    ROW(error_message, 0, UP, NONE, NULLABLE(0)),
    ROW(group_id, 0, UP, ZERO, 0),
    ROW(group_state, 0, UP, ZERO, 0),
    ROW(group_epoch, 0, UP, ZERO, 0),
    ROW(assignment_epoch, 0, UP, ZERO, 0),
    ROW(assignor_name, 0, UP, ZERO, 0),
    STRUCTS(members, weir_consumer_group_describe_response_member, 0, UP, ZERO, 0),
    ROW(authorized_operations, 0, UP, MIN_32, 0),
};
SCHEMA;
#undef T

#define T weir_consumer_group_describe_response
ROWS = {
    ROW(throttle_time_ms, 0, UP, ZERO, 0),
    STRUCTS(groups, weir_consumer_group_describe_response_described_group, 0, UP, ZERO, 0),
};
#undef T

API(consumer_group_describe, WEIR_API_CONSUMER_GROUP_DESCRIBE, "ConsumerGroupDescribe", 0, 1, 0, 1, 0);

#define T weir_consumer_protocol_subscription_topic_partition
ROWS = {
    ROW(topic, 1, UP, ZERO, 0),
    ROW(partitions, 1, UP, ZERO, 0),
};
SCHEMA;
#undef T

#define T weir_consumer_protocol_subscription
ROWS = {
    ROW(topics, 0, UP, ZERO, 0),
    ROW(user_data, 0, UP, NONE, NULLABLE(0)),
    STRUCTS(owned_partitions, weir_consumer_protocol_subscription_topic_partition, 1, UP, ZERO, IGNORABLE),
    ROW(generation_id, 2, UP, MINUS_1, IGNORABLE),
    ROW(rack_id, 3, UP, NONE, NULLABLE(3) | IGNORABLE),
};
#undef T

DATA(consumer_protocol_subscription, "ConsumerProtocolSubscription", 0, 3, NEVER, true);

#define T weir_consumer_protocol_assignment_topic_partition
ROWS = {
    ROW(topic, 0, UP, ZERO, 0),
    ROW(partitions, 0, UP, ZERO, 0),
};
SCHEMA;
#undef T

#define T weir_consumer_protocol_assignment
ROWS = {
    STRUCTS(assigned_partitions, weir_consumer_protocol_assignment_topic_partition, 0, UP, ZERO, 0),
    ROW(user_data, 0, UP, NONE, NULLABLE(0)),
};
#undef T

DATA(consumer_protocol_assignment, "ConsumerProtocolAssignment", 0, 3, NEVER, true);
