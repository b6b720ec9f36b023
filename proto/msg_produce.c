/* Produce, and the producer id that makes it idempotent: InitProducerId. */
#include "schema.h"

#define T weir_produce_request_partition_produce_data
ROWS = {
    ROW(index, 0, UP, ZERO, 0),
    ROW(records, 0, UP, NONE, NULLABLE(0)),
};
SCHEMA;
#undef T

#define T weir_produce_request_topic_produce_data
ROWS = {
    ROW(name, 0, 12, ZERO, IGNORABLE),
    ROW(topic_id, 13, UP, ZERO, IGNORABLE),
    STRUCTS(partition_data, weir_produce_request_partition_produce_data, 0, UP, ZERO, 0),
};
SCHEMA;
#undef T

#define T weir_produce_request
ROWS = {
    ROW(transactional_id, 3, UP, NONE, NULLABLE(3)),
    ROW(acks, 0, UP, ZERO, 0),
    ROW(timeout_ms, 0, UP, ZERO, 0),
    STRUCTS(topic_data, weir_produce_request_topic_produce_data, 0, UP, ZERO, 0),
};
#undef T

#define T weir_produce_response_batch_index_and_error_message
ROWS = {
    ROW(batch_index, 8, UP, ZERO, 0),
    ROW(batch_index_error_message, 8, UP, NONE, NULLABLE(8)),
};
SCHEMA;
#undef T

#define T weir_produce_response_leader_id_and_epoch
ROWS = {
    ROW(leader_id, 10, UP, MINUS_1, 0),
    ROW(leader_epoch, 10, UP, MINUS_1, 0),
};
SCHEMA;
#undef T

#define T weir_produce_response_partition_produce_response
ROWS = {
    ROW(index, 0, UP, ZERO, 0),
    ROW(error_code, 0, UP, ZERO, 0),
    ROW(base_offset, 0, UP, ZERO, 0),
    ROW(log_append_time_ms, 2, UP, MINUS_1, IGNORABLE),
    ROW(log_start_offset, 5, UP, MINUS_1, IGNORABLE),
    STRUCTS(record_errors, weir_produce_response_batch_index_and_error_message, 8, UP, ZERO, IGNORABLE),
    ROW(error_message, 8, UP, NONE, NULLABLE(8) | IGNORABLE),
    STRUCT(current_leader, weir_produce_response_leader_id_and_epoch, 10, UP, ZERO, TAG(0)),
};
SCHEMA;
#undef T

#define T weir_produce_response_topic_produce_response
ROWS = {
    ROW(name, 0, 12, ZERO, IGNORABLE),
    ROW(topic_id, 13, UP, ZERO, IGNORABLE),
    STRUCTS(partition_responses, weir_produce_response_partition_produce_response, 0, UP, ZERO, 0),
};
SCHEMA;
#undef T

#define T weir_produce_response_node_endpoint
ROWS = {
    ROW(node_id, 10, UP, ZERO, 0),
    ROW(host, 10, UP, ZERO, 0),
    ROW(port, 10, UP, ZERO, 0),
    ROW(rack, 10, UP, NONE, NULLABLE(10)),
};
SCHEMA;
#undef T

#define T weir_produce_response
ROWS = {
    STRUCTS(responses, weir_produce_response_topic_produce_response, 0, UP, ZERO, 0),
    ROW(throttle_time_ms, 1, UP, ZERO, IGNORABLE),
    STRUCTS(node_endpoints, weir_produce_response_node_endpoint, 10, UP, ZERO, TAG(0)),
};
#undef T

API(produce, WEIR_API_PRODUCE, "Produce", 2, 13, 0, 13, 9);

#define T weir_init_producer_id_request
ROWS = {
    ROW(transactional_id, 0, UP, ZERO, NULLABLE(0)),
    ROW(transaction_timeout_ms, 0, UP, ZERO, 0),
    ROW(producer_id, 3, UP, MINUS_1, 0),
    ROW(producer_epoch, 3, UP, MINUS_1, 0),
    ROW(enable2_pc, 6, UP, ZERO, 0),
    ROW(keep_prepared_txn, 6, UP, ZERO, 0),
};
#undef T

#define T weir_init_producer_id_response
ROWS = {
    ROW(throttle_time_ms, 0, UP, ZERO, IGNORABLE),
    ROW(error_code, 0, UP, ZERO, 0),
    ROW(producer_id, 0, UP, MINUS_1, 0),
    ROW(producer_epoch, 0, UP, ZERO, 0),
    ROW(ongoing_txn_producer_id, 6, UP, MINUS_1, 0),
    ROW(ongoing_txn_producer_epoch, 6, UP, MINUS_1, 0),
};
#undef T

API(init_producer_id, WEIR_API_INIT_PRODUCER_ID, "InitProducerId", 0, 5, 0, 6, 2);
