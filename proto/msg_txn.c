/* Transactions: adding partitions and offsets, ending, and looking at them. */
#include "schema.h"

#define T weir_add_partitions_to_txn_request_add_partitions_to_txn_topic
ROWS = {
    ROW(name, 0, UP, ZERO, 0),
    ROW(partitions, 0, UP, ZERO, 0),
};
SCHEMA;
#undef T

#define T weir_add_partitions_to_txn_request_add_partitions_to_txn_transaction
ROWS = {
    ROW(transactional_id, 4, UP, ZERO, 0),
    ROW(producer_id, 4, UP, ZERO, 0),
    ROW(producer_epoch, 4, UP, ZERO, 0),
    ROW(verify_only, 4, UP, ZERO, 0),
    STRUCTS(topics, weir_add_partitions_to_txn_request_add_partitions_to_txn_topic, 4, UP, ZERO, 0),
};
SCHEMA;
#undef T

#define T weir_add_partitions_to_txn_request
ROWS = {
    STRUCTS(transactions, weir_add_partitions_to_txn_request_add_partitions_to_txn_transaction, 4, UP, ZERO, 0),
    ROW(v3_and_below_transactional_id, 0, 3, ZERO, 0),
    ROW(v3_and_below_producer_id, 0, 3, ZERO, 0),
    ROW(v3_and_below_producer_epoch, 0, 3, ZERO, 0),
    STRUCTS(v3_and_below_topics, weir_add_partitions_to_txn_request_add_partitions_to_txn_topic, 0, 3, ZERO, 0),
};
#undef T

#define T weir_add_partitions_to_txn_response_add_partitions_to_txn_partition_result
ROWS = {
    ROW(partition_index, 0, UP, ZERO, 0),
    ROW(partition_error_code, 0, UP, ZERO, 0),
};
SCHEMA;
#undef T

#define T weir_add_partitions_to_txn_response_add_partitions_to_txn_topic_result
ROWS = {
    ROW(name, 0, UP, ZERO, 0),
    STRUCTS(results_by_partition, weir_add_partitions_to_txn_response_add_partitions_to_txn_partition_result, 0, UP,
            ZERO, 0),
};
SCHEMA;
#undef T

#define T weir_add_partitions_to_txn_response_add_partitions_to_txn_result
ROWS = {
    ROW(transactional_id, 4, UP, ZERO, 0),
    STRUCTS(topic_results, weir_add_partitions_to_txn_response_add_partitions_to_txn_topic_result, 4, UP, ZERO, 0),
};
SCHEMA;
#undef T

#define T weir_add_partitions_to_txn_response
ROWS = {
    ROW(throttle_time_ms, 0, UP, ZERO, 0),
    ROW(error_code, 4, UP, ZERO, IGNORABLE),
    STRUCTS(results_by_transaction, weir_add_partitions_to_txn_response_add_partitions_to_txn_result, 4, UP, ZERO, 0),
    STRUCTS(results_by_topic_v3_and_below, weir_add_partitions_to_txn_response_add_partitions_to_txn_topic_result, 0, 3,
            ZERO, 0),
};
#undef T

API(add_partitions_to_txn, WEIR_API_ADD_PARTITIONS_TO_TXN, "AddPartitionsToTxn", 0, 3, 0, 5, 3);

#define T weir_add_offsets_to_txn_request
ROWS = {
    ROW(transactional_id, 0, UP, ZERO, 0),
    ROW(producer_id, 0, UP, ZERO, 0),
    ROW(producer_epoch, 0, UP, ZERO, 0),
    ROW(group_id, 0, UP, ZERO, 0),
};
#undef T

#define T weir_add_offsets_to_txn_response
ROWS = {
    ROW(throttle_time_ms, 0, UP, ZERO, 0),
    ROW(error_code, 0, UP, ZERO, 0),
};
#undef T

API(add_offsets_to_txn, WEIR_API_ADD_OFFSETS_TO_TXN, "AddOffsetsToTxn", 0, 4, 0, 4, 3);

#define T weir_end_txn_request
ROWS = {
    ROW(transactional_id, 0, UP, ZERO, 0),
    ROW(producer_id, 0, UP, ZERO, 0),
    ROW(producer_epoch, 0, UP, ZERO, 0),
    ROW(committed, 0, UP, ZERO, 0),
};
#undef T

#define T weir_end_txn_response
ROWS = {
    ROW(throttle_time_ms, 0, UP, ZERO, 0),
    ROW(error_code, 0, UP, ZERO, 0),
    ROW(producer_id, 5, UP, MINUS_1, IGNORABLE),
    ROW(producer_epoch, 5, UP, MINUS_1, IGNORABLE),
};
#undef T

API(end_txn, WEIR_API_END_TXN, "EndTxn", 0, 5, 0, 5, 3);

#define T weir_txn_offset_commit_request_partition
ROWS = {
    ROW(partition_index, 0, UP, ZERO, 0),
    ROW(committed_offset, 0, UP, ZERO, 0),
    ROW(committed_leader_epoch, 2, UP, MINUS_1, IGNORABLE),
    ROW(committed_metadata, 0, UP, ZERO, NULLABLE(0)),
};
SCHEMA;
#undef T

#define T weir_txn_offset_commit_request_topic
ROWS = {
    ROW(name, 0, 5, ZERO, IGNORABLE),
    ROW(topic_id, 6, UP, ZERO, IGNORABLE),
    STRUCTS(partitions, weir_txn_offset_commit_request_partition, 0, UP, ZERO, 0),
};
SCHEMA;
#undef T

#define T weir_txn_offset_commit_request
ROWS = {
    ROW(transactional_id, 0, UP, ZERO, 0),
    ROW(group_id, 0, UP, ZERO, 0),
    ROW(producer_id, 0, UP, ZERO, 0),
    ROW(producer_epoch, 0, UP, ZERO, 0),
    ROW(generation_id_or_member_epoch, 3, UP, MINUS_1, 0),
    ROW(member_id, 3, UP, ZERO, 0),
    ROW(group_instance_id, 3, UP, NONE, NULLABLE(3)),
    STRUCTS(topics, weir_txn_offset_commit_request_topic, 0, UP, ZERO, 0),
};
#undef T

#define T weir_txn_offset_commit_response_partition
ROWS = {
    ROW(partition_index, 0, UP, ZERO, 0),
    ROW(error_code, 0, UP, ZERO, 0),
};
SCHEMA;
#undef T

#define T weir_txn_offset_commit_response_topic
ROWS = {
    ROW(name, 0, 5, ZERO, IGNORABLE),
    ROW(topic_id, 6, UP, ZERO, IGNORABLE),
    STRUCTS(partitions, weir_txn_offset_commit_response_partition, 0, UP, ZERO, 0),
};
SCHEMA;
#undef T

#define T weir_txn_offset_commit_response
ROWS = {
    ROW(throttle_time_ms, 0, UP, ZERO, 0),
    STRUCTS(topics, weir_txn_offset_commit_response_topic, 0, UP, ZERO, 0),
};
#undef T

API(txn_offset_commit, WEIR_API_TXN_OFFSET_COMMIT, "TxnOffsetCommit", 0, 5, 0, 6, 3);

#define T weir_describe_transactions_request
ROWS = {
    ROW(transactional_ids, 0, UP, ZERO, 0),
};
#undef T

#define T weir_describe_transactions_response_topic_data
ROWS = {
    ROW(topic, 0, UP, ZERO, 0),
    ROW(partitions, 0, UP, ZERO, 0),
};
SCHEMA;
#undef T

#define T weir_describe_transactions_response_transaction_state
ROWS = {
    ROW(error_code, 0, UP, ZERO, 0),
    ROW(transactional_id, 0, UP, ZERO, 0),
    ROW(transaction_state, 0, UP, ZERO, 0),
    ROW(transaction_timeout_ms, 0, UP, ZERO, 0),
    ROW(transaction_start_time_ms, 0, UP, ZERO, 0),
    ROW(producer_id, 0, UP, ZERO, 0),
    ROW(producer_epoch, 0, UP, ZERO, 0),
    STRUCTS(topics, weir_describe_transactions_response_topic_data, 0, UP, ZERO, 0),
};
SCHEMA;
#undef T

#define T weir_describe_transactions_response
ROWS = {
    ROW(throttle_time_ms, 0, UP, ZERO, 0),
    STRUCTS(transaction_states, weir_describe_transactions_response_transaction_state, 0, UP, ZERO, 0),
};
#undef T

API(describe_transactions, WEIR_API_DESCRIBE_TRANSACTIONS, "DescribeTransactions", 0, 0, 0, 0, 0);

#define T weir_list_transactions_request
ROWS = {
    ROW(state_filters, 0, UP, ZERO, 0),
    ROW(producer_id_filters, 0, UP, ZERO, 0),
    ROW(duration_filter, 1, UP, MINUS_1, 0),
    ROW(transactional_id_pattern, 2, UP, NONE, NULLABLE(2)),
};
#undef T

#define T weir_list_transactions_response_transaction_state
ROWS = {
    ROW(transactional_id, 0, UP, ZERO, 0),
    ROW(producer_id, 0, UP, ZERO, 0),
    ROW(transaction_state, 0, UP, ZERO, 0),
};
SCHEMA;
#undef T

#define T weir_list_transactions_response
ROWS = {
    ROW(throttle_time_ms, 0, UP, ZERO, 0),
    ROW(error_code, 0, UP, ZERO, 0),
    ROW(unknown_state_filters, 0, UP, ZERO, 0),
    STRUCTS(transaction_states, weir_list_transactions_response_transaction_state, 0, UP, ZERO, 0),
};
#undef T

API(list_transactions, WEIR_API_LIST_TRANSACTIONS, "ListTransactions", 0, 2, 0, 2, 0);

#define T weir_write_txn_markers_request_writable_txn_marker_topic
ROWS = {
    ROW(name, 0, UP, ZERO, 0),
    ROW(partition_indexes, 0, UP, ZERO, 0),
};
SCHEMA;
#undef T

#define T weir_write_txn_markers_request_writable_txn_marker
ROWS = {
    ROW(producer_id, 0, UP, ZERO, 0),
    ROW(producer_epoch, 0, UP, ZERO, 0),
    ROW(transaction_result, 0, UP, ZERO, 0),
    STRUCTS(topics, weir_write_txn_markers_request_writable_txn_marker_topic, 0, UP, ZERO, 0),
    ROW(coordinator_epoch, 0, UP, ZERO, 0),
    ROW(transaction_version, 2, UP, ZERO, IGNORABLE),
};
SCHEMA;
#undef T

#define T weir_write_txn_markers_request
ROWS = {
    STRUCTS(markers, weir_write_txn_markers_request_writable_txn_marker, 0, UP, ZERO, 0),
};
#undef T

#define T weir_write_txn_markers_response_writable_txn_marker_partition_result
ROWS = {
    ROW(partition_index, 0, UP, ZERO, 0),
    ROW(error_code, 0, UP, ZERO, 0),
};
SCHEMA;
#undef T

#define T weir_write_txn_markers_response_writable_txn_marker_topic_result
ROWS = {
    ROW(name, 0, UP, ZERO, 0),
    STRUCTS(partitions, weir_write_txn_markers_response_writable_txn_marker_partition_result, 0, UP, ZERO, 0),
};
SCHEMA;
#undef T

#define T weir_write_txn_markers_response_writable_txn_marker_result
ROWS = {
    ROW(producer_id, 0, UP, ZERO, 0),
    STRUCTS(topics, weir_write_txn_markers_response_writable_txn_marker_topic_result, 0, UP, ZERO, 0),
};
SCHEMA;
#undef T

#define T weir_write_txn_markers_response
ROWS = {
    STRUCTS(markers, weir_write_txn_markers_response_writable_txn_marker_result, 0, UP, ZERO, 0),
};
#undef T

API(write_txn_markers, WEIR_API_WRITE_TXN_MARKERS, "WriteTxnMarkers", 0, 2, 0, 2, 1);
