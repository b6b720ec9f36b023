/* Groups of the classic protocol: joining, staying, leaving; and looking at them. */
#include "schema.h"

#define T weir_join_group_request_protocol
ROWS = {
    ROW(name, 0, UP, ZERO, 0),
    ROW(metadata, 0, UP, ZERO, 0),
};
SCHEMA;
#undef T

#define T weir_join_group_request
ROWS = {
    ROW(group_id, 0, UP, ZERO, 0),
    ROW(session_timeout_ms, 0, UP, ZERO, 0),
    ROW(rebalance_timeout_ms, 1, UP, MINUS_1, IGNORABLE),
    ROW(member_id, 0, UP, ZERO, 0),
    ROW(group_instance_id, 5, UP, NONE, NULLABLE(5)),
    ROW(protocol_type, 0, UP, ZERO, 0),
    STRUCTS(protocols, weir_join_group_request_protocol, 0, UP, ZERO, 0),
    ROW(reason, 8, UP, NONE, NULLABLE(8) | IGNORABLE),
};
#undef T

#define T weir_join_group_response_member
ROWS = {
    ROW(member_id, 0, UP, ZERO, 0),
    ROW(group_instance_id, 5, UP, NONE, NULLABLE(5) | IGNORABLE),
    ROW(metadata, 0, UP, ZERO, 0),
};
SCHEMA;
#undef T

#define T weir_join_group_response
ROWS = {
    ROW(throttle_time_ms, 2, UP, ZERO, IGNORABLE),
    ROW(error_code, 0, UP, ZERO, 0),
    ROW(generation_id, 0, UP, MINUS_1, 0),
    ROW(protocol_type, 7, UP, NONE, NULLABLE(7) | IGNORABLE),
    ROW(protocol_name, 0, UP, ZERO, NULLABLE(7)),
    ROW(leader, 0, UP, ZERO, 0),
    ROW(skip_assignment, 9, UP, ZERO, 0),
    ROW(member_id, 0, UP, ZERO, 0),
    STRUCTS(members, weir_join_group_response_member, 0, UP, ZERO, 0),
};
#undef T

API(join_group, WEIR_API_JOIN_GROUP, "JoinGroup", 0, 9, 0, 9, 6);

#define T weir_sync_group_request_assignment
ROWS = {
    ROW(member_id, 0, UP, ZERO, 0),
    ROW(assignment, 0, UP, ZERO, 0),
};
SCHEMA;
#undef T

#define T weir_sync_group_request
ROWS = {
    ROW(group_id, 0, UP, ZERO, 0),
    ROW(generation_id, 0, UP, ZERO, 0),
    ROW(member_id, 0, UP, ZERO, 0),
    ROW(group_instance_id, 3, UP, NONE, NULLABLE(3)),
    ROW(protocol_type, 5, UP, NONE, NULLABLE(5) | IGNORABLE),
    ROW(protocol_name, 5, UP, NONE, NULLABLE(5) | IGNORABLE),
    STRUCTS(assignments, weir_sync_group_request_assignment, 0, UP, ZERO, 0),
};
#undef T

#define T weir_sync_group_response
ROWS = {
    ROW(throttle_time_ms, 1, UP, ZERO, IGNORABLE),
    ROW(error_code, 0, UP, ZERO, 0),
    ROW(protocol_type, 5, UP, NONE, NULLABLE(5) | IGNORABLE),
    ROW(protocol_name, 5, UP, NONE, NULLABLE(5) | IGNORABLE),
    ROW(assignment, 0, UP, ZERO, 0),
};
#undef T

API(sync_group, WEIR_API_SYNC_GROUP, "SyncGroup", 0, 5, 0, 5, 4);

#define T weir_heartbeat_request
ROWS = {
    ROW(group_id, 0, UP, ZERO, 0),
    ROW(generation_id, 0, UP, ZERO, 0),
    ROW(member_id, 0, UP, ZERO, 0),
    ROW(group_instance_id, 3, UP, NONE, NULLABLE(3)),
};
#undef T

#define T weir_heartbeat_response
ROWS = {
    ROW(throttle_time_ms, 1, UP, ZERO, IGNORABLE),
    ROW(error_code, 0, UP, ZERO, 0),
};
#undef T

API(heartbeat, WEIR_API_HEARTBEAT, "Heartbeat", 0, 4, 0, 4, 4);

#define T weir_leave_group_request_member_identity
ROWS = {
    ROW(member_id, 3, UP, ZERO, 0),
    ROW(group_instance_id, 3, UP, NONE, NULLABLE(3)),
    ROW(reason, 5, UP, NONE, NULLABLE(5) | IGNORABLE),
};
SCHEMA;
#undef T

#define T weir_leave_group_request
ROWS = {
    ROW(group_id, 0, UP, ZERO, 0),
    ROW(member_id, 0, 2, ZERO, 0),
    STRUCTS(members, weir_leave_group_request_member_identity, 3, UP, ZERO, 0),
};
#undef T

#define T weir_leave_group_response_member_response
ROWS = {
    ROW(member_id, 3, UP, ZERO, 0),
    ROW(group_instance_id, 3, UP, ZERO, NULLABLE(3)),
    ROW(error_code, 3, UP, ZERO, 0),
};
SCHEMA;
#undef T

#define T weir_leave_group_response
ROWS = {
    ROW(throttle_time_ms, 1, UP, ZERO, IGNORABLE),
    ROW(error_code, 0, UP, ZERO, 0),
    STRUCTS(members, weir_leave_group_response_member_response, 3, UP, ZERO, 0),
};
#undef T

API(leave_group, WEIR_API_LEAVE_GROUP, "LeaveGroup", 0, 5, 0, 5, 4);

#define T weir_describe_groups_request
ROWS = {
    ROW(groups, 0, UP, ZERO, 0),
    ROW(include_authorized_operations, 3, UP, ZERO, 0),
};
#undef T

#define T weir_describe_groups_response_described_group_member
ROWS = {
    ROW(member_id, 0, UP, ZERO, 0),       ROW(group_instance_id, 4, UP, NONE, NULLABLE(4) | IGNORABLE),
    ROW(client_id, 0, UP, ZERO, 0),       ROW(client_host, 0, UP, ZERO, 0),
    ROW(member_metadata, 0, UP, ZERO, 0), ROW(member_assignment, 0, UP, ZERO, 0),
};
SCHEMA;
#undef T

#define T weir_describe_groups_response_described_group
ROWS = {
    ROW(error_code, 0, UP, ZERO, 0),
    ROW(error_message, 6, UP, NONE, NULLABLE(6)),
    ROW(group_id, 0, UP, ZERO, 0),
    ROW(group_state, 0, UP, ZERO, 0),
    ROW(protocol_type, 0, UP, ZERO, 0),
    ROW(protocol_data, 0, UP, ZERO, 0),
    STRUCTS(members, weir_describe_groups_response_described_group_member, 0, UP, ZERO, 0),
    ROW(authorized_operations, 3, UP, MIN_32, 0),
};
SCHEMA;
#undef T

#define T weir_describe_groups_response
ROWS = {
    ROW(throttle_time_ms, 1, UP, ZERO, IGNORABLE),
    STRUCTS(groups, weir_describe_groups_response_described_group, 0, UP, ZERO, 0),
};
#undef T

API(describe_groups, WEIR_API_DESCRIBE_GROUPS, "DescribeGroups", 0, 6, 0, 6, 5);

#define T weir_list_groups_request
ROWS = {
    ROW(states_filter, 4, UP, ZERO, 0),
    ROW(types_filter, 5, UP, ZERO, 0),
};
#undef T

#define T weir_list_groups_response_listed_group
ROWS = {
    ROW(group_id, 0, UP, ZERO, 0),
    ROW(protocol_type, 0, UP, ZERO, 0),
    ROW(group_state, 4, UP, ZERO, IGNORABLE),
    ROW(group_type, 5, UP, ZERO, IGNORABLE),
};
SCHEMA;
#undef T

#define T weir_list_groups_response
ROWS = {
    ROW(throttle_time_ms, 1, UP, ZERO, IGNORABLE),
    ROW(error_code, 0, UP, ZERO, 0),
    STRUCTS(groups, weir_list_groups_response_listed_group, 0, UP, ZERO, 0),
};
#undef T

API(list_groups, WEIR_API_LIST_GROUPS, "ListGroups", 0, 5, 0, 5, 3);

#define T weir_delete_groups_request
ROWS = {
    ROW(groups_names, 0, UP, ZERO, 0),
};
#undef T

#define T weir_delete_groups_response_deletable_group_result
ROWS = {
    ROW(group_id, 0, UP, ZERO, 0),
    ROW(error_code, 0, UP, ZERO, 0),
    ROW(error_message, 3, UP, NONE, NULLABLE(3) | IGNORABLE),
};
SCHEMA;
#undef T

#define T weir_delete_groups_response
ROWS = {
    ROW(throttle_time_ms, 0, UP, ZERO, 0),
    STRUCTS(results, weir_delete_groups_response_deletable_group_result, 0, UP, ZERO, 0),
};
#undef T

API(delete_groups, WEIR_API_DELETE_GROUPS, "DeleteGroups", 0, 3, 0, 3, 2);
