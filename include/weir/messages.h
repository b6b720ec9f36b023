/* Kafka's messages as C structs, in the words of Kafka's own definitions: a message is weir_<api>_<request|response>,
   its members are Kafka's fields, in the same order unless a comment says otherwise, and the structs inside it carry
   its name in front.

   Set up a message with weir_message_init before filling it in: that gives every member its default, which is zero,
   false, "" or the empty array unless the comment on the member says otherwise. A comment also says which versions have
   the member (v3+: from 3 on, v0-3: up to 3; no comment: all) and from which on it may be null. Members that a version
   lacks keep their defaults when a message is read. Null is p == NULL in strings, bytes and records, and count == -1 in
   arrays. A pointer to a string or an id is NULL when the version lacks it, and NULL stands for the default. */
#ifndef WEIR_MESSAGES_H
#define WEIR_MESSAGES_H

#include <weir/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* An array of `count` items; count == -1 is null, and items is NULL when there are none. */
#define WEIR_ARRAY(T)                                                                                                  \
    struct {                                                                                                           \
        T *items;                                                                                                      \
        int32_t count;                                                                                                 \
    }

typedef WEIR_ARRAY(int8_t) weir_i8s;
typedef WEIR_ARRAY(int16_t) weir_i16s;
typedef WEIR_ARRAY(int32_t) weir_i32s;
typedef WEIR_ARRAY(int64_t) weir_i64s;
typedef WEIR_ARRAY(weir_str) weir_strs;
typedef WEIR_ARRAY(weir_uuid) weir_uuids;

/* ApiVersions: which APIs and versions a broker speaks. Always the first request on a connection. */

/* The software name and version must match [a-zA-Z0-9]([a-zA-Z0-9.-]*[a-zA-Z0-9])?, or the broker refuses. */
typedef struct weir_api_versions_request {
    weir_str client_software_name;    /* v3+ */
    weir_str client_software_version; /* v3+ */
    weir_str cluster_id;              /* v5+, nullable, default null */
    int32_t node_id;                  /* v5+, default -1; the node the client believes it is talking to */
} weir_api_versions_request;

typedef struct weir_api_versions_response_api_version {
    int16_t api_key;
    int16_t min_version;
    int16_t max_version;
} weir_api_versions_response_api_version;

typedef struct weir_api_versions_response_supported_feature_key {
    weir_str name;
    int16_t min_version;
    int16_t max_version;
} weir_api_versions_response_supported_feature_key;

typedef struct weir_api_versions_response_finalized_feature_key {
    weir_str name;
    int16_t max_version_level;
    int16_t min_version_level;
} weir_api_versions_response_finalized_feature_key;

/* Error 35 (UNSUPPORTED_VERSION) always comes in the layout of v0, whatever version was asked for. */
typedef struct weir_api_versions_response {
    int16_t error_code;
    WEIR_ARRAY(weir_api_versions_response_api_version) api_keys;
    int32_t throttle_time_ms;                                                        /* v1+ */
    WEIR_ARRAY(weir_api_versions_response_supported_feature_key) supported_features; /* v3+ */
    int64_t finalized_features_epoch; /* v3+, default -1; unless >= 0 the finalized features say nothing */
    WEIR_ARRAY(weir_api_versions_response_finalized_feature_key) finalized_features; /* v3+ */
    bool zk_migration_ready;                                                         /* v3+ */
} weir_api_versions_response;

/* Metadata: brokers, topics, partitions and their leaders. */

/* A topic by name, or from v12 on by id with a null name. */
typedef struct weir_metadata_request_topic {
    weir_uuid topic_id; /* v10+ */
    weir_str name;      /* nullable v10+ */
} weir_metadata_request_topic;

typedef struct weir_metadata_request {
    WEIR_ARRAY(weir_metadata_request_topic) topics; /* nullable v1+; null: all topics; in v0 empty: all topics */
    bool allow_auto_topic_creation;                 /* v4+, default true */
    bool include_cluster_authorized_operations;     /* v8-10 */
    bool include_topic_authorized_operations;       /* v8+ */
} weir_metadata_request;

typedef struct weir_metadata_response_broker {
    int32_t node_id;
    weir_str host;
    int32_t port;
    weir_str rack; /* v1+, nullable, default null */
} weir_metadata_response_broker;

typedef struct weir_metadata_response_partition {
    int16_t error_code;
    int32_t partition_index;
    int32_t leader_id;    /* -1 none */
    int32_t leader_epoch; /* v7+, default -1 */
    weir_i32s replica_nodes;
    weir_i32s isr_nodes;
    weir_i32s offline_replicas; /* v5+ */
} weir_metadata_response_partition;

typedef struct weir_metadata_response_topic {
    int16_t error_code;
    weir_str name;      /* nullable v12+ */
    weir_uuid topic_id; /* v10+ */
    bool is_internal;   /* v1+ */
    WEIR_ARRAY(weir_metadata_response_partition) partitions;
    int32_t topic_authorized_operations; /* v8+, default INT32_MIN; bits; INT32_MIN when not asked for */
} weir_metadata_response_topic;

typedef struct weir_metadata_response {
    int32_t throttle_time_ms; /* v3+ */
    WEIR_ARRAY(weir_metadata_response_broker) brokers;
    weir_str cluster_id;   /* v2+, nullable, default null */
    int32_t controller_id; /* v1+, default -1; -1 unknown */
    WEIR_ARRAY(weir_metadata_response_topic) topics;
    int32_t cluster_authorized_operations; /* v8-10, default INT32_MIN; bits; INT32_MIN when not asked for */
    int16_t error_code;                    /* v13+ */
} weir_metadata_response;

/* FindCoordinator: the broker that looks after a group or a transactional id. */

typedef struct weir_find_coordinator_request {
    weir_str key;               /* v0-3 */
    int8_t key_type;            /* v1+; 0 group, 1 transactional id, 2 share group */
    weir_strs coordinator_keys; /* v4+ */
} weir_find_coordinator_request;

typedef struct weir_find_coordinator_response_coordinator {
    weir_str key;
    int32_t node_id;
    weir_str host;
    int32_t port;
    int16_t error_code;
    weir_str error_message; /* nullable */
} weir_find_coordinator_response_coordinator;

typedef struct weir_find_coordinator_response {
    int32_t throttle_time_ms;                                            /* v1+ */
    int16_t error_code;                                                  /* v0-3 */
    weir_str error_message;                                              /* v1-3, nullable */
    int32_t node_id;                                                     /* v0-3 */
    weir_str host;                                                       /* v0-3 */
    int32_t port;                                                        /* v0-3 */
    WEIR_ARRAY(weir_find_coordinator_response_coordinator) coordinators; /* v4+ */
} weir_find_coordinator_response;

/* Fetch: records from the leader (or a follower) of partitions. Incremental in a session (KIP-227). */

/* Followers only. */
typedef struct weir_fetch_request_replica_state {
    int32_t replica_id;    /* default -1 */
    int64_t replica_epoch; /* default -1 */
} weir_fetch_request_replica_state;

typedef struct weir_fetch_request_fetch_partition {
    int32_t partition;
    int32_t current_leader_epoch; /* v9+, default -1 */
    int64_t fetch_offset;
    int32_t last_fetched_epoch; /* v12+, default -1; epoch of the last record read */
    int64_t log_start_offset;   /* v5+, default -1; followers only */
    int32_t partition_max_bytes;
    weir_uuid replica_directory_id; /* v17+; followers only */
    int64_t high_watermark;         /* v18+, default INT64_MAX; followers only */
} weir_fetch_request_fetch_partition;

typedef struct weir_fetch_request_fetch_topic {
    weir_str topic;     /* v0-12 */
    weir_uuid topic_id; /* v13+ */
    WEIR_ARRAY(weir_fetch_request_fetch_partition) partitions;
} weir_fetch_request_fetch_topic;

typedef struct weir_fetch_request_forgotten_topic {
    weir_str topic;     /* v7-12 */
    weir_uuid topic_id; /* v13+ */
    weir_i32s partitions;
} weir_fetch_request_forgotten_topic;

typedef struct weir_fetch_request {
    weir_str cluster_id;                            /* v12+, nullable, default null */
    int32_t replica_id;                             /* v0-14, default -1; -1 for a consumer */
    weir_fetch_request_replica_state replica_state; /* v15+ */
    int32_t max_wait_ms;
    int32_t min_bytes;
    int32_t max_bytes;      /* v3+, default INT32_MAX; of the whole response, except that one batch always fits */
    int8_t isolation_level; /* v4+; 0 read_uncommitted, 1 read_committed */
    int32_t session_id;     /* v7+; 0 none */
    int32_t session_epoch;  /* v7+, default -1; -1 no session, 0 a new one, else incremental */
    WEIR_ARRAY(weir_fetch_request_fetch_topic) topics;
    WEIR_ARRAY(weir_fetch_request_forgotten_topic) forgotten_topics_data; /* v7+; to be removed from the session */
    weir_str rack_id; /* v11+; empty: read from the leader (KIP-392) */
} weir_fetch_request;

typedef struct weir_fetch_response_epoch_end_offset {
    int32_t epoch;      /* default -1 */
    int64_t end_offset; /* default -1 */
} weir_fetch_response_epoch_end_offset;

typedef struct weir_fetch_response_leader_id_and_epoch {
    int32_t leader_id;    /* default -1 */
    int32_t leader_epoch; /* default -1 */
} weir_fetch_response_leader_id_and_epoch;

typedef struct weir_fetch_response_snapshot_id {
    int64_t end_offset; /* default -1 */
    int32_t epoch;      /* default -1 */
} weir_fetch_response_snapshot_id;

/* Batches of this producer from this offset on are to be dropped, up to its abort marker. */
typedef struct weir_fetch_response_aborted_transaction {
    int64_t producer_id;
    int64_t first_offset;
} weir_fetch_response_aborted_transaction;

typedef struct weir_fetch_response_partition_data {
    int32_t partition_index;
    int16_t error_code;
    int64_t high_watermark;
    int64_t last_stable_offset;                             /* v4+, default -1; -1 unknown */
    int64_t log_start_offset;                               /* v5+, default -1 */
    weir_fetch_response_epoch_end_offset diverging_epoch;   /* v12+; set when the log was truncated (KIP-320) */
    weir_fetch_response_leader_id_and_epoch current_leader; /* v12+; set with error 6 or 74 (KIP-951) */
    weir_fetch_response_snapshot_id snapshot_id;            /* v12+ */
    WEIR_ARRAY(weir_fetch_response_aborted_transaction)
    aborted_transactions;           /* v4+, nullable; in no particular order */
    int32_t preferred_read_replica; /* v11+, default -1; a node to fetch from instead */
    weir_records records;           /* nullable, default null; the last batch may be cut off */
} weir_fetch_response_partition_data;

typedef struct weir_fetch_response_fetchable_topic_response {
    weir_str topic;     /* v0-12 */
    weir_uuid topic_id; /* v13+ */
    WEIR_ARRAY(weir_fetch_response_partition_data) partitions;
} weir_fetch_response_fetchable_topic_response;

typedef struct weir_fetch_response_node_endpoint {
    int32_t node_id;
    weir_str host;
    int32_t port;
    weir_str rack; /* nullable, default null */
} weir_fetch_response_node_endpoint;

typedef struct weir_fetch_response {
    int32_t throttle_time_ms; /* v1+ */
    int16_t error_code;       /* v7+ */
    int32_t session_id;       /* v7+; 0 none */
    WEIR_ARRAY(weir_fetch_response_fetchable_topic_response) responses;
    WEIR_ARRAY(weir_fetch_response_node_endpoint) node_endpoints; /* v16+; of the current leaders (KIP-951) */
} weir_fetch_response;

/* ListOffsets: the first, the last, or the first offset at or after a time. */

typedef struct weir_list_offsets_request_list_offsets_partition {
    int32_t partition_index;
    int32_t current_leader_epoch; /* v4+, default -1 */
    int64_t timestamp;            /* ms; -1 latest, -2 earliest, -3 of the highest time */
    int32_t max_num_offsets;      /* v0, default 1 */
} weir_list_offsets_request_list_offsets_partition;

typedef struct weir_list_offsets_request_list_offsets_topic {
    weir_str name;
    WEIR_ARRAY(weir_list_offsets_request_list_offsets_partition) partitions;
} weir_list_offsets_request_list_offsets_topic;

typedef struct weir_list_offsets_request {
    int32_t replica_id;     /* -1 for a consumer */
    int8_t isolation_level; /* v2+; 1: the latest offset is the last stable one */
    WEIR_ARRAY(weir_list_offsets_request_list_offsets_topic) topics;
    int32_t timeout_ms; /* v10+; for offsets in tiered storage */
} weir_list_offsets_request;

typedef struct weir_list_offsets_response_list_offsets_partition_response {
    int32_t partition_index;
    int16_t error_code;
    weir_i64s old_style_offsets; /* v0 */
    int64_t timestamp;           /* v1+, default -1 */
    int64_t offset;              /* v1+, default -1; -1: no record is that late */
    int32_t leader_epoch;        /* v4+, default -1 */
} weir_list_offsets_response_list_offsets_partition_response;

typedef struct weir_list_offsets_response_list_offsets_topic_response {
    weir_str name;
    WEIR_ARRAY(weir_list_offsets_response_list_offsets_partition_response) partitions;
} weir_list_offsets_response_list_offsets_topic_response;

typedef struct weir_list_offsets_response {
    int32_t throttle_time_ms; /* v2+ */
    WEIR_ARRAY(weir_list_offsets_response_list_offsets_topic_response) topics;
} weir_list_offsets_response;

/* OffsetForLeaderEpoch: where an epoch ended, to detect that a log was truncated (KIP-320). */

typedef struct weir_offset_for_leader_epoch_request_offset_for_leader_partition {
    int32_t partition;
    int32_t current_leader_epoch; /* v2+, default -1 */
    int32_t leader_epoch;
} weir_offset_for_leader_epoch_request_offset_for_leader_partition;

typedef struct weir_offset_for_leader_epoch_request_offset_for_leader_topic {
    weir_str topic;
    WEIR_ARRAY(weir_offset_for_leader_epoch_request_offset_for_leader_partition) partitions;
} weir_offset_for_leader_epoch_request_offset_for_leader_topic;

typedef struct weir_offset_for_leader_epoch_request {
    int32_t replica_id; /* v3+, default -2; -1 for a consumer */
    WEIR_ARRAY(weir_offset_for_leader_epoch_request_offset_for_leader_topic) topics;
} weir_offset_for_leader_epoch_request;

typedef struct weir_offset_for_leader_epoch_response_epoch_end_offset {
    int16_t error_code;
    int32_t partition;
    int32_t leader_epoch; /* v1+, default -1 */
    int64_t end_offset;   /* default -1; -1 unknown */
} weir_offset_for_leader_epoch_response_epoch_end_offset;

typedef struct weir_offset_for_leader_epoch_response_offset_for_leader_topic_result {
    weir_str topic;
    WEIR_ARRAY(weir_offset_for_leader_epoch_response_epoch_end_offset) partitions;
} weir_offset_for_leader_epoch_response_offset_for_leader_topic_result;

typedef struct weir_offset_for_leader_epoch_response {
    int32_t throttle_time_ms; /* v2+ */
    WEIR_ARRAY(weir_offset_for_leader_epoch_response_offset_for_leader_topic_result) topics;
} weir_offset_for_leader_epoch_response;

/* Produce: one record batch per partition. */

typedef struct weir_produce_request_partition_produce_data {
    int32_t index;
    weir_records records; /* nullable, default null */
} weir_produce_request_partition_produce_data;

typedef struct weir_produce_request_topic_produce_data {
    weir_str name;      /* v0-12 */
    weir_uuid topic_id; /* v13+ */
    WEIR_ARRAY(weir_produce_request_partition_produce_data) partition_data;
} weir_produce_request_topic_produce_data;

typedef struct weir_produce_request {
    weir_str transactional_id; /* v3+, nullable, default null */
    int16_t acks;              /* -1 all in-sync replicas, 1 the leader, 0 no response at all */
    int32_t timeout_ms;        /* how long the broker waits for replicas */
    WEIR_ARRAY(weir_produce_request_topic_produce_data) topic_data;
} weir_produce_request;

typedef struct weir_produce_response_batch_index_and_error_message {
    int32_t batch_index;
    weir_str batch_index_error_message; /* nullable, default null */
} weir_produce_response_batch_index_and_error_message;

typedef struct weir_produce_response_leader_id_and_epoch {
    int32_t leader_id;    /* default -1 */
    int32_t leader_epoch; /* default -1 */
} weir_produce_response_leader_id_and_epoch;

typedef struct weir_produce_response_partition_produce_response {
    int32_t index;
    int16_t error_code;
    int64_t base_offset;        /* -1 unknown */
    int64_t log_append_time_ms; /* v2+, default -1; -1 unless the topic has LogAppendTime */
    int64_t log_start_offset;   /* v5+, default -1 */
    WEIR_ARRAY(weir_produce_response_batch_index_and_error_message)
    record_errors;                                            /* v8+; which records were refused (KIP-467) */
    weir_str error_message;                                   /* v8+, nullable, default null */
    weir_produce_response_leader_id_and_epoch current_leader; /* v10+; set with error 6 (KIP-951) */
} weir_produce_response_partition_produce_response;

typedef struct weir_produce_response_topic_produce_response {
    weir_str name;      /* v0-12 */
    weir_uuid topic_id; /* v13+ */
    WEIR_ARRAY(weir_produce_response_partition_produce_response) partition_responses;
} weir_produce_response_topic_produce_response;

typedef struct weir_produce_response_node_endpoint {
    int32_t node_id;
    weir_str host;
    int32_t port;
    weir_str rack; /* nullable, default null */
} weir_produce_response_node_endpoint;

typedef struct weir_produce_response {
    WEIR_ARRAY(weir_produce_response_topic_produce_response) responses;
    int32_t throttle_time_ms;                                       /* v1+ */
    WEIR_ARRAY(weir_produce_response_node_endpoint) node_endpoints; /* v10+; of the current leaders (KIP-951) */
} weir_produce_response;

/* InitProducerId: a producer id and epoch; with a transactional id it fences older producers and aborts what they left.
 */

typedef struct weir_init_producer_id_request {
    weir_str transactional_id; /* nullable */
    int32_t transaction_timeout_ms;
    int64_t producer_id;    /* v3+, default -1; of the producer itself, to bump its epoch */
    int16_t producer_epoch; /* v3+, default -1 */
    bool enable2_pc;        /* v6+; no time-out (KIP-939) */
    bool keep_prepared_txn; /* v6+; do not abort what is open (KIP-939) */
} weir_init_producer_id_request;

typedef struct weir_init_producer_id_response {
    int32_t throttle_time_ms;
    int16_t error_code;
    int64_t producer_id; /* default -1 */
    int16_t producer_epoch;
    int64_t ongoing_txn_producer_id;    /* v6+, default -1; of the transaction that was kept */
    int16_t ongoing_txn_producer_epoch; /* v6+, default -1 */
} weir_init_producer_id_response;

/* OffsetCommit: stores offsets of a consumer group. */

typedef struct weir_offset_commit_request_partition {
    int32_t partition_index;
    int64_t committed_offset;       /* the next offset to read */
    int32_t committed_leader_epoch; /* v6+, default -1 */
    int64_t commit_timestamp;       /* v1, default -1; ms */
    weir_str committed_metadata;    /* nullable */
} weir_offset_commit_request_partition;

typedef struct weir_offset_commit_request_topic {
    weir_str name;      /* v0-9 */
    weir_uuid topic_id; /* v10+ */
    WEIR_ARRAY(weir_offset_commit_request_partition) partitions;
} weir_offset_commit_request_topic;

typedef struct weir_offset_commit_request {
    weir_str group_id;
    int32_t generation_id_or_member_epoch; /* v1+, default -1; -1 outside of a group */
    weir_str member_id;                    /* v1+ */
    weir_str group_instance_id;            /* v7+, nullable, default null */
    int64_t retention_time_ms;             /* v2-4, default -1 */
    WEIR_ARRAY(weir_offset_commit_request_topic) topics;
} weir_offset_commit_request;

typedef struct weir_offset_commit_response_partition {
    int32_t partition_index;
    int16_t error_code;
} weir_offset_commit_response_partition;

typedef struct weir_offset_commit_response_topic {
    weir_str name;      /* v0-9 */
    weir_uuid topic_id; /* v10+ */
    WEIR_ARRAY(weir_offset_commit_response_partition) partitions;
} weir_offset_commit_response_topic;

typedef struct weir_offset_commit_response {
    int32_t throttle_time_ms; /* v3+ */
    WEIR_ARRAY(weir_offset_commit_response_topic) topics;
} weir_offset_commit_response;

/* OffsetFetch: reads committed offsets. One group up to v7, several from v8 on. */

typedef struct weir_offset_fetch_request_topic {
    weir_str name;
    weir_i32s partition_indexes;
} weir_offset_fetch_request_topic;

typedef struct weir_offset_fetch_request_topics {
    weir_str name;      /* v8-9 */
    weir_uuid topic_id; /* v10+ */
    weir_i32s partition_indexes;
} weir_offset_fetch_request_topics;

typedef struct weir_offset_fetch_request_group {
    weir_str group_id;
    const weir_str *member_id;                           /* v9+, nullable, default null */
    int32_t member_epoch;                                /* v9+, default -1 */
    WEIR_ARRAY(weir_offset_fetch_request_topics) topics; /* nullable; null: all */
} weir_offset_fetch_request_group;

typedef struct weir_offset_fetch_request {
    weir_str group_id;                                  /* v0-7 */
    WEIR_ARRAY(weir_offset_fetch_request_topic) topics; /* v0-7, nullable v2+; null: all */
    WEIR_ARRAY(weir_offset_fetch_request_group) groups; /* v8+ */
    bool require_stable;                                /* v7+; answer 88 while a transaction is open on the offset */
} weir_offset_fetch_request;

typedef struct weir_offset_fetch_response_partition {
    int32_t partition_index;
    int64_t committed_offset;       /* -1 none */
    int32_t committed_leader_epoch; /* v5+, default -1 */
    weir_str metadata;              /* nullable */
    int16_t error_code;
} weir_offset_fetch_response_partition;

typedef struct weir_offset_fetch_response_topic {
    weir_str name;
    WEIR_ARRAY(weir_offset_fetch_response_partition) partitions;
} weir_offset_fetch_response_topic;

typedef struct weir_offset_fetch_response_partitions {
    int32_t partition_index;
    int64_t committed_offset;       /* -1 none */
    int32_t committed_leader_epoch; /* default -1 */
    weir_str metadata;              /* nullable */
    int16_t error_code;
} weir_offset_fetch_response_partitions;

typedef struct weir_offset_fetch_response_topics {
    weir_str name;      /* v8-9 */
    weir_uuid topic_id; /* v10+ */
    WEIR_ARRAY(weir_offset_fetch_response_partitions) partitions;
} weir_offset_fetch_response_topics;

typedef struct weir_offset_fetch_response_group {
    weir_str group_id;
    WEIR_ARRAY(weir_offset_fetch_response_topics) topics;
    int16_t error_code;
} weir_offset_fetch_response_group;

typedef struct weir_offset_fetch_response {
    int32_t throttle_time_ms;                            /* v3+ */
    WEIR_ARRAY(weir_offset_fetch_response_topic) topics; /* v0-7 */
    int16_t error_code;                                  /* v2-7 */
    WEIR_ARRAY(weir_offset_fetch_response_group) groups; /* v8+ */
} weir_offset_fetch_response;

/* AddPartitionsToTxn: enters partitions into a transaction. From v4 on it is spoken between brokers only. */

typedef struct weir_add_partitions_to_txn_request_add_partitions_to_txn_topic {
    weir_str name;
    weir_i32s partitions;
} weir_add_partitions_to_txn_request_add_partitions_to_txn_topic;

typedef struct weir_add_partitions_to_txn_request_add_partitions_to_txn_transaction {
    weir_str transactional_id;
    int64_t producer_id;
    int16_t producer_epoch;
    bool verify_only;
    WEIR_ARRAY(weir_add_partitions_to_txn_request_add_partitions_to_txn_topic) topics;
} weir_add_partitions_to_txn_request_add_partitions_to_txn_transaction;

typedef struct weir_add_partitions_to_txn_request {
    WEIR_ARRAY(weir_add_partitions_to_txn_request_add_partitions_to_txn_transaction) transactions;  /* v4+ */
    weir_str v3_and_below_transactional_id;                                                         /* v0-3 */
    int64_t v3_and_below_producer_id;                                                               /* v0-3 */
    int16_t v3_and_below_producer_epoch;                                                            /* v0-3 */
    WEIR_ARRAY(weir_add_partitions_to_txn_request_add_partitions_to_txn_topic) v3_and_below_topics; /* v0-3 */
} weir_add_partitions_to_txn_request;

typedef struct weir_add_partitions_to_txn_response_add_partitions_to_txn_partition_result {
    int32_t partition_index;
    int16_t partition_error_code;
} weir_add_partitions_to_txn_response_add_partitions_to_txn_partition_result;

typedef struct weir_add_partitions_to_txn_response_add_partitions_to_txn_topic_result {
    weir_str name;
    WEIR_ARRAY(weir_add_partitions_to_txn_response_add_partitions_to_txn_partition_result) results_by_partition;
} weir_add_partitions_to_txn_response_add_partitions_to_txn_topic_result;

typedef struct weir_add_partitions_to_txn_response_add_partitions_to_txn_result {
    weir_str transactional_id;
    WEIR_ARRAY(weir_add_partitions_to_txn_response_add_partitions_to_txn_topic_result) topic_results;
} weir_add_partitions_to_txn_response_add_partitions_to_txn_result;

typedef struct weir_add_partitions_to_txn_response {
    int32_t throttle_time_ms;
    int16_t error_code;                                                                                  /* v4+ */
    WEIR_ARRAY(weir_add_partitions_to_txn_response_add_partitions_to_txn_result) results_by_transaction; /* v4+ */
    WEIR_ARRAY(weir_add_partitions_to_txn_response_add_partitions_to_txn_topic_result)
    results_by_topic_v3_and_below; /* v0-3 */
} weir_add_partitions_to_txn_response;

/* AddOffsetsToTxn: enters a consumer group into a transaction. */

typedef struct weir_add_offsets_to_txn_request {
    weir_str transactional_id;
    int64_t producer_id;
    int16_t producer_epoch;
    weir_str group_id;
} weir_add_offsets_to_txn_request;

typedef struct weir_add_offsets_to_txn_response {
    int32_t throttle_time_ms;
    int16_t error_code;
} weir_add_offsets_to_txn_response;

/* EndTxn: decides a transaction. From v5 on (transaction version 2) it also bumps the epoch. */

typedef struct weir_end_txn_request {
    weir_str transactional_id;
    int64_t producer_id;
    int16_t producer_epoch;
    bool committed;
} weir_end_txn_request;

typedef struct weir_end_txn_response {
    int32_t throttle_time_ms;
    int16_t error_code;
    int64_t producer_id;    /* v5+, default -1 */
    int16_t producer_epoch; /* v5+, default -1 */
} weir_end_txn_response;

/* TxnOffsetCommit: stores offsets that take effect when the transaction commits (KIP-447). */

typedef struct weir_txn_offset_commit_request_partition {
    int32_t partition_index;
    int64_t committed_offset;       /* the next offset to read */
    int32_t committed_leader_epoch; /* v2+, default -1 */
    weir_str committed_metadata;    /* nullable */
} weir_txn_offset_commit_request_partition;

typedef struct weir_txn_offset_commit_request_topic {
    weir_str name;      /* v0-5 */
    weir_uuid topic_id; /* v6+ */
    WEIR_ARRAY(weir_txn_offset_commit_request_partition) partitions;
} weir_txn_offset_commit_request_topic;

typedef struct weir_txn_offset_commit_request {
    weir_str transactional_id;
    weir_str group_id;
    int64_t producer_id;
    int16_t producer_epoch;
    int32_t generation_id_or_member_epoch; /* v3+, default -1; -1: not checked */
    weir_str member_id;                    /* v3+ */
    weir_str group_instance_id;            /* v3+, nullable, default null */
    WEIR_ARRAY(weir_txn_offset_commit_request_topic) topics;
} weir_txn_offset_commit_request;

typedef struct weir_txn_offset_commit_response_partition {
    int32_t partition_index;
    int16_t error_code;
} weir_txn_offset_commit_response_partition;

typedef struct weir_txn_offset_commit_response_topic {
    weir_str name;      /* v0-5 */
    weir_uuid topic_id; /* v6+ */
    WEIR_ARRAY(weir_txn_offset_commit_response_partition) partitions;
} weir_txn_offset_commit_response_topic;

typedef struct weir_txn_offset_commit_response {
    int32_t throttle_time_ms;
    WEIR_ARRAY(weir_txn_offset_commit_response_topic) topics;
} weir_txn_offset_commit_response;

/* DescribeTransactions: the state of transactional ids at their coordinator. */

typedef struct weir_describe_transactions_request {
    weir_strs transactional_ids;
} weir_describe_transactions_request;

typedef struct weir_describe_transactions_response_topic_data {
    weir_str topic;
    weir_i32s partitions;
} weir_describe_transactions_response_topic_data;

typedef struct weir_describe_transactions_response_transaction_state {
    int16_t error_code;
    weir_str transactional_id;
    weir_str transaction_state;
    int32_t transaction_timeout_ms;
    int64_t transaction_start_time_ms; /* -1 when none is open */
    int64_t producer_id;
    int16_t producer_epoch;
    WEIR_ARRAY(weir_describe_transactions_response_topic_data) topics;
} weir_describe_transactions_response_transaction_state;

typedef struct weir_describe_transactions_response {
    int32_t throttle_time_ms;
    WEIR_ARRAY(weir_describe_transactions_response_transaction_state) transaction_states;
} weir_describe_transactions_response;

/* ListTransactions: the transactional ids that one broker coordinates. */

typedef struct weir_list_transactions_request {
    weir_strs state_filters;           /* empty: all */
    weir_i64s producer_id_filters;     /* empty: all */
    int64_t duration_filter;           /* v1+, default -1; ms; -1: all */
    weir_str transactional_id_pattern; /* v2+, nullable, default null */
} weir_list_transactions_request;

typedef struct weir_list_transactions_response_transaction_state {
    weir_str transactional_id;
    int64_t producer_id;
    weir_str transaction_state;
} weir_list_transactions_response_transaction_state;

typedef struct weir_list_transactions_response {
    int32_t throttle_time_ms;
    int16_t error_code;
    weir_strs unknown_state_filters;
    WEIR_ARRAY(weir_list_transactions_response_transaction_state) transaction_states;
} weir_list_transactions_response;

/* CreateTopics. */

typedef struct weir_create_topics_request_creatable_replica_assignment {
    int32_t partition_index;
    weir_i32s broker_ids;
} weir_create_topics_request_creatable_replica_assignment;

typedef struct weir_create_topics_request_creatable_topic_config {
    weir_str name;
    weir_str value; /* nullable */
} weir_create_topics_request_creatable_topic_config;

typedef struct weir_create_topics_request_creatable_topic {
    weir_str name;
    int32_t num_partitions;     /* -1: the default of the broker, or assignments */
    int16_t replication_factor; /* -1: likewise */
    WEIR_ARRAY(weir_create_topics_request_creatable_replica_assignment) assignments;
    WEIR_ARRAY(weir_create_topics_request_creatable_topic_config) configs;
} weir_create_topics_request_creatable_topic;

typedef struct weir_create_topics_request {
    WEIR_ARRAY(weir_create_topics_request_creatable_topic) topics;
    int32_t timeout_ms; /* default 60000 */
    bool validate_only; /* v1+; check, but create nothing */
} weir_create_topics_request;

typedef struct weir_create_topics_response_creatable_topic_configs {
    weir_str name;
    weir_str value; /* nullable */
    bool read_only;
    int8_t config_source; /* default -1 */
    bool is_sensitive;
} weir_create_topics_response_creatable_topic_configs;

/* Not in the order of Kafka: what is small stands together. */
typedef struct weir_create_topics_response_creatable_topic_result {
    weir_str name;
    const weir_uuid *topic_id;     /* v7+ */
    const weir_str *error_message; /* v1+, nullable */
    int16_t error_code;
    int16_t topic_config_error_code;                                         /* v5+ */
    int32_t num_partitions;                                                  /* v5+, default -1 */
    int16_t replication_factor;                                              /* v5+, default -1 */
    WEIR_ARRAY(weir_create_topics_response_creatable_topic_configs) configs; /* v5+, nullable */
} weir_create_topics_response_creatable_topic_result;

typedef struct weir_create_topics_response {
    int32_t throttle_time_ms; /* v2+ */
    WEIR_ARRAY(weir_create_topics_response_creatable_topic_result) topics;
} weir_create_topics_response;

/* DeleteTopics: by name up to v5, by name or id from v6 on. */

typedef struct weir_delete_topics_request_delete_topic_state {
    weir_str name; /* nullable, default null */
    weir_uuid topic_id;
} weir_delete_topics_request_delete_topic_state;

typedef struct weir_delete_topics_request {
    WEIR_ARRAY(weir_delete_topics_request_delete_topic_state) topics; /* v6+ */
    weir_strs topic_names;                                            /* v0-5 */
    int32_t timeout_ms;
} weir_delete_topics_request;

typedef struct weir_delete_topics_response_deletable_topic_result {
    weir_str name;      /* nullable v6+ */
    weir_uuid topic_id; /* v6+ */
    int16_t error_code;
    weir_str error_message; /* v5+, nullable, default null */
} weir_delete_topics_response_deletable_topic_result;

typedef struct weir_delete_topics_response {
    int32_t throttle_time_ms; /* v1+ */
    WEIR_ARRAY(weir_delete_topics_response_deletable_topic_result) responses;
} weir_delete_topics_response;

/* DescribeConfigs: the configuration of topics and brokers. */

typedef struct weir_describe_configs_request_describe_configs_resource {
    int8_t resource_type; /* 2 topic, 4 broker */
    weir_str resource_name;
    weir_strs configuration_keys; /* nullable; null: all */
} weir_describe_configs_request_describe_configs_resource;

typedef struct weir_describe_configs_request {
    WEIR_ARRAY(weir_describe_configs_request_describe_configs_resource) resources;
    bool include_synonyms;      /* v1+ */
    bool include_documentation; /* v3+ */
} weir_describe_configs_request;

typedef struct weir_describe_configs_response_describe_configs_synonym {
    weir_str name;
    weir_str value; /* nullable */
    int8_t source;
} weir_describe_configs_response_describe_configs_synonym;

typedef struct weir_describe_configs_response_describe_configs_resource_result {
    weir_str name;
    weir_str value; /* nullable */
    bool read_only;
    bool is_default;      /* v0 */
    int8_t config_source; /* v1+, default -1 */
    bool is_sensitive;
    WEIR_ARRAY(weir_describe_configs_response_describe_configs_synonym) synonyms; /* v1+ */
    int8_t config_type;                                                           /* v3+ */
    weir_str documentation;                                                       /* v3+, nullable */
} weir_describe_configs_response_describe_configs_resource_result;

typedef struct weir_describe_configs_response_describe_configs_result {
    int16_t error_code;
    weir_str error_message; /* nullable */
    int8_t resource_type;
    weir_str resource_name;
    WEIR_ARRAY(weir_describe_configs_response_describe_configs_resource_result) configs;
} weir_describe_configs_response_describe_configs_result;

typedef struct weir_describe_configs_response {
    int32_t throttle_time_ms;
    WEIR_ARRAY(weir_describe_configs_response_describe_configs_result) results;
} weir_describe_configs_response;

/* JoinGroup: enters a member into a group of the classic protocol, and waits for the others. */

typedef struct weir_join_group_request_protocol {
    weir_str name;
    weir_bytes metadata; /* a ConsumerProtocolSubscription when the type is "consumer" */
} weir_join_group_request_protocol;

typedef struct weir_join_group_request {
    weir_str group_id;
    int32_t session_timeout_ms;   /* without a heartbeat for so long a member is out */
    int32_t rebalance_timeout_ms; /* v1+, default -1; how long the others are waited for */
    weir_str member_id;           /* empty the first time */
    weir_str group_instance_id;   /* v5+, nullable, default null; of a static member (KIP-345) */
    weir_str protocol_type;
    WEIR_ARRAY(weir_join_group_request_protocol) protocols; /* in order of preference */
    weir_str reason;                                        /* v8+, nullable, default null */
} weir_join_group_request;

typedef struct weir_join_group_response_member {
    weir_str member_id;
    weir_str group_instance_id; /* v5+, nullable, default null */
    weir_bytes metadata;
} weir_join_group_response_member;

typedef struct weir_join_group_response {
    int32_t throttle_time_ms; /* v2+ */
    int16_t error_code;
    int32_t generation_id;  /* default -1; goes up with every rebalance */
    weir_str protocol_type; /* v7+, nullable, default null */
    weir_str protocol_name; /* nullable v7+ */
    weir_str leader;
    bool skip_assignment; /* v9+; the leader keeps what is assigned (KIP-814) */
    weir_str member_id;
    WEIR_ARRAY(weir_join_group_response_member) members; /* for the leader; empty for others */
} weir_join_group_response;

/* SyncGroup: the leader hands out the assignments, and every member gets its own. */

typedef struct weir_sync_group_request_assignment {
    weir_str member_id;
    weir_bytes assignment; /* a ConsumerProtocolAssignment when the type is "consumer" */
} weir_sync_group_request_assignment;

typedef struct weir_sync_group_request {
    weir_str group_id;
    int32_t generation_id;
    weir_str member_id;
    weir_str group_instance_id;                                 /* v3+, nullable, default null */
    weir_str protocol_type;                                     /* v5+, nullable, default null */
    weir_str protocol_name;                                     /* v5+, nullable, default null */
    WEIR_ARRAY(weir_sync_group_request_assignment) assignments; /* from the leader; empty from others */
} weir_sync_group_request;

typedef struct weir_sync_group_response {
    int32_t throttle_time_ms; /* v1+ */
    int16_t error_code;
    weir_str protocol_type; /* v5+, nullable, default null */
    weir_str protocol_name; /* v5+, nullable, default null */
    weir_bytes assignment;  /* this member's */
} weir_sync_group_response;

/* Heartbeat: a member is alive; error 27 tells it to join again. */

typedef struct weir_heartbeat_request {
    weir_str group_id;
    int32_t generation_id;
    weir_str member_id;
    weir_str group_instance_id; /* v3+, nullable, default null */
} weir_heartbeat_request;

typedef struct weir_heartbeat_response {
    int32_t throttle_time_ms; /* v1+ */
    int16_t error_code;
} weir_heartbeat_response;

/* LeaveGroup: takes members out of a group. One up to v2, several from v3 on. */

typedef struct weir_leave_group_request_member_identity {
    weir_str member_id;         /* may be empty when there is an instance id */
    weir_str group_instance_id; /* nullable, default null */
    weir_str reason;            /* v5+, nullable, default null */
} weir_leave_group_request_member_identity;

typedef struct weir_leave_group_request {
    weir_str group_id;
    weir_str member_id;                                           /* v0-2 */
    WEIR_ARRAY(weir_leave_group_request_member_identity) members; /* v3+ */
} weir_leave_group_request;

typedef struct weir_leave_group_response_member_response {
    weir_str member_id;
    weir_str group_instance_id; /* nullable */
    int16_t error_code;
} weir_leave_group_response_member_response;

typedef struct weir_leave_group_response {
    int32_t throttle_time_ms; /* v1+ */
    int16_t error_code;
    WEIR_ARRAY(weir_leave_group_response_member_response) members; /* v3+ */
} weir_leave_group_response;

/* DescribeGroups: the state and the members of classic groups, from their coordinator. */

typedef struct weir_describe_groups_request {
    weir_strs groups;
    bool include_authorized_operations; /* v3+ */
} weir_describe_groups_request;

typedef struct weir_describe_groups_response_described_group_member {
    weir_str member_id;
    weir_str group_instance_id; /* v4+, nullable, default null */
    weir_str client_id;
    weir_str client_host;
    weir_bytes member_metadata;
    weir_bytes member_assignment;
} weir_describe_groups_response_described_group_member;

typedef struct weir_describe_groups_response_described_group {
    int16_t error_code;
    weir_str error_message; /* v6+, nullable, default null */
    weir_str group_id;
    weir_str group_state; /* "Dead" also when there is no such group */
    weir_str protocol_type;
    weir_str protocol_data; /* the name of the protocol chosen */
    WEIR_ARRAY(weir_describe_groups_response_described_group_member) members;
    int32_t authorized_operations; /* v3+, default INT32_MIN; bits; INT32_MIN when not asked for */
} weir_describe_groups_response_described_group;

typedef struct weir_describe_groups_response {
    int32_t throttle_time_ms; /* v1+ */
    WEIR_ARRAY(weir_describe_groups_response_described_group) groups;
} weir_describe_groups_response;

/* ListGroups: the groups that one broker coordinates. */

typedef struct weir_list_groups_request {
    weir_strs states_filter; /* v4+; empty: all */
    weir_strs types_filter;  /* v5+; empty: all */
} weir_list_groups_request;

typedef struct weir_list_groups_response_listed_group {
    weir_str group_id;
    weir_str protocol_type;
    const weir_str *group_state; /* v4+ */
    const weir_str *group_type;  /* v5+ */
} weir_list_groups_response_listed_group;

typedef struct weir_list_groups_response {
    int32_t throttle_time_ms; /* v1+ */
    int16_t error_code;
    WEIR_ARRAY(weir_list_groups_response_listed_group) groups;
} weir_list_groups_response;

/* DeleteGroups: deletes groups that have no members, with their offsets. */

typedef struct weir_delete_groups_request {
    weir_strs groups_names;
} weir_delete_groups_request;

typedef struct weir_delete_groups_response_deletable_group_result {
    weir_str group_id;
    int16_t error_code;
    weir_str error_message; /* v3+, nullable, default null */
} weir_delete_groups_response_deletable_group_result;

typedef struct weir_delete_groups_response {
    int32_t throttle_time_ms;
    WEIR_ARRAY(weir_delete_groups_response_deletable_group_result) results;
} weir_delete_groups_response;

/* ConsumerGroupHeartbeat: membership, subscription and assignment in one (KIP-848). Null, or -1 for a time: unchanged
 * since the last heartbeat. */

typedef struct weir_consumer_group_heartbeat_request_topic_partitions {
    weir_uuid topic_id;
    weir_i32s partitions;
} weir_consumer_group_heartbeat_request_topic_partitions;

typedef struct weir_consumer_group_heartbeat_request {
    weir_str group_id;
    weir_str member_id;               /* chosen by the client from v1 on (KIP-1082) */
    int32_t member_epoch;             /* 0 joins, -1 leaves, -2 leaves as a static member */
    weir_str instance_id;             /* nullable, default null */
    weir_str rack_id;                 /* nullable, default null */
    int32_t rebalance_timeout_ms;     /* default -1 */
    weir_strs subscribed_topic_names; /* nullable, default null */
    weir_str subscribed_topic_regex;  /* v1+, nullable, default null */
    weir_str server_assignor;         /* nullable, default null */
    WEIR_ARRAY(weir_consumer_group_heartbeat_request_topic_partitions)
    topic_partitions; /* nullable, default null; what the member owns */
} weir_consumer_group_heartbeat_request;

typedef struct weir_consumer_group_heartbeat_response_topic_partitions {
    weir_uuid topic_id;
    weir_i32s partitions;
} weir_consumer_group_heartbeat_response_topic_partitions;

typedef struct weir_consumer_group_heartbeat_response_assignment {
    WEIR_ARRAY(weir_consumer_group_heartbeat_response_topic_partitions) topic_partitions;
} weir_consumer_group_heartbeat_response_assignment;

typedef struct weir_consumer_group_heartbeat_response {
    int32_t throttle_time_ms;
    int16_t error_code;
    weir_str error_message; /* nullable, default null */
    weir_str member_id;     /* nullable, default null */
    int32_t member_epoch;
    int32_t heartbeat_interval_ms;
    weir_consumer_group_heartbeat_response_assignment *assignment; /* nullable, default null; NULL: unchanged */
} weir_consumer_group_heartbeat_response;

/* ConsumerGroupDescribe: the state and the members of groups of the new protocol (KIP-848). */

typedef struct weir_consumer_group_describe_request {
    weir_strs group_ids;
    bool include_authorized_operations;
} weir_consumer_group_describe_request;

typedef struct weir_consumer_group_describe_response_topic_partitions {
    weir_uuid topic_id;
    weir_str topic_name;
    weir_i32s partitions;
} weir_consumer_group_describe_response_topic_partitions;

typedef struct weir_consumer_group_describe_response_assignment {
    WEIR_ARRAY(weir_consumer_group_describe_response_topic_partitions) topic_partitions;
} weir_consumer_group_describe_response_assignment;

typedef struct weir_consumer_group_describe_response_member {
    weir_str member_id;
    weir_str instance_id; /* nullable, default null */
    weir_str rack_id;     /* nullable, default null */
    int32_t member_epoch;
    weir_str client_id;
    weir_str client_host;
    weir_strs subscribed_topic_names;
    weir_str subscribed_topic_regex; /* nullable, default null */
    weir_consumer_group_describe_response_assignment assignment;
    weir_consumer_group_describe_response_assignment target_assignment;
    int8_t member_type; /* v1+, default -1; 0 classic, 1 consumer, -1 unknown */
} weir_consumer_group_describe_response_member;

typedef struct weir_consumer_group_describe_response_described_group {
    int16_t error_code;
    weir_str error_message; /* nullable, default null */
    weir_str group_id;
    weir_str group_state;
    int32_t group_epoch;
    int32_t assignment_epoch;
    weir_str assignor_name;
    WEIR_ARRAY(weir_consumer_group_describe_response_member) members;
    int32_t authorized_operations; /* default INT32_MIN; bits; INT32_MIN when not asked for */
} weir_consumer_group_describe_response_described_group;

typedef struct weir_consumer_group_describe_response {
    int32_t throttle_time_ms;
    WEIR_ARRAY(weir_consumer_group_describe_response_described_group) groups;
} weir_consumer_group_describe_response;

/* ConsumerProtocolSubscription: what a member of a classic group wants; the metadata of JoinGroup. */

typedef struct weir_consumer_protocol_subscription_topic_partition {
    weir_str topic;
    weir_i32s partitions;
} weir_consumer_protocol_subscription_topic_partition;

typedef struct weir_consumer_protocol_subscription {
    weir_strs topics;
    weir_bytes user_data; /* nullable, default null */
    WEIR_ARRAY(weir_consumer_protocol_subscription_topic_partition)
    owned_partitions;      /* v1+; for cooperative rebalancing (KIP-429) */
    int32_t generation_id; /* v2+, default -1; in which they were owned */
    weir_str rack_id;      /* v3+, nullable, default null */
} weir_consumer_protocol_subscription;

/* ConsumerProtocolAssignment: what a member is to read; the assignment of SyncGroup. */

typedef struct weir_consumer_protocol_assignment_topic_partition {
    weir_str topic;
    weir_i32s partitions;
} weir_consumer_protocol_assignment_topic_partition;

typedef struct weir_consumer_protocol_assignment {
    WEIR_ARRAY(weir_consumer_protocol_assignment_topic_partition) assigned_partitions;
    weir_bytes user_data; /* nullable, default null */
} weir_consumer_protocol_assignment;

/* SaslHandshake: chooses the mechanism. After v0 tokens follow as bare frames, after v1 in SaslAuthenticate. */

typedef struct weir_sasl_handshake_request {
    weir_str mechanism;
} weir_sasl_handshake_request;

typedef struct weir_sasl_handshake_response {
    int16_t error_code;
    weir_strs mechanisms; /* those that the broker has enabled */
} weir_sasl_handshake_response;

/* SaslAuthenticate: one step of an authentication. */

typedef struct weir_sasl_authenticate_request {
    weir_bytes auth_bytes;
} weir_sasl_authenticate_request;

typedef struct weir_sasl_authenticate_response {
    int16_t error_code;
    weir_str error_message; /* nullable */
    weir_bytes auth_bytes;
    int64_t session_lifetime_ms; /* v1+; authenticate again before (KIP-368); 0: never */
} weir_sasl_authenticate_response;

/* DescribeCluster: the brokers and the controller. */

typedef struct weir_describe_cluster_request {
    bool include_cluster_authorized_operations;
    int8_t endpoint_type;        /* v1+, default 1; 1 brokers, 2 controllers */
    bool include_fenced_brokers; /* v2+ */
} weir_describe_cluster_request;

typedef struct weir_describe_cluster_response_describe_cluster_broker {
    int32_t broker_id;
    weir_str host;
    int32_t port;
    weir_str rack;  /* nullable, default null */
    bool is_fenced; /* v2+ */
} weir_describe_cluster_response_describe_cluster_broker;

typedef struct weir_describe_cluster_response {
    int32_t throttle_time_ms;
    int16_t error_code;
    weir_str error_message; /* nullable, default null */
    int8_t endpoint_type;   /* v1+, default 1 */
    weir_str cluster_id;
    int32_t controller_id; /* default -1 */
    WEIR_ARRAY(weir_describe_cluster_response_describe_cluster_broker) brokers;
    int32_t cluster_authorized_operations; /* default INT32_MIN; bits; INT32_MIN when not asked for */
} weir_describe_cluster_response;

/* DescribeTopicPartitions: topics in pages, with the replicas that may lead (KIP-966). */

typedef struct weir_describe_topic_partitions_request_topic_request {
    weir_str name;
} weir_describe_topic_partitions_request_topic_request;

typedef struct weir_describe_topic_partitions_request_cursor {
    weir_str topic_name;
    int32_t partition_index;
} weir_describe_topic_partitions_request_cursor;

typedef struct weir_describe_topic_partitions_request {
    WEIR_ARRAY(weir_describe_topic_partitions_request_topic_request) topics;
    int32_t response_partition_limit;                      /* default 2000 */
    weir_describe_topic_partitions_request_cursor *cursor; /* nullable, default null; NULL: from the start */
} weir_describe_topic_partitions_request;

typedef struct weir_describe_topic_partitions_response_partition {
    int16_t error_code;
    int32_t partition_index;
    int32_t leader_id;    /* -1 none */
    int32_t leader_epoch; /* default -1 */
    weir_i32s replica_nodes;
    weir_i32s isr_nodes;
    weir_i32s eligible_leader_replicas; /* nullable, default null */
    weir_i32s last_known_elr;           /* nullable, default null */
    weir_i32s offline_replicas;
} weir_describe_topic_partitions_response_partition;

typedef struct weir_describe_topic_partitions_response_topic {
    int16_t error_code;
    weir_str name; /* nullable */
    weir_uuid topic_id;
    bool is_internal;
    WEIR_ARRAY(weir_describe_topic_partitions_response_partition) partitions;
    int32_t topic_authorized_operations; /* default INT32_MIN; bits; INT32_MIN when not asked for */
} weir_describe_topic_partitions_response_topic;

typedef struct weir_describe_topic_partitions_response_cursor {
    weir_str topic_name;
    int32_t partition_index;
} weir_describe_topic_partitions_response_cursor;

typedef struct weir_describe_topic_partitions_response {
    int32_t throttle_time_ms;
    WEIR_ARRAY(weir_describe_topic_partitions_response_topic) topics;
    weir_describe_topic_partitions_response_cursor *next_cursor; /* nullable, default null; NULL: nothing is left */
} weir_describe_topic_partitions_response;

/* DescribeProducers: the producers that a leader remembers for a partition. */

typedef struct weir_describe_producers_request_topic_request {
    weir_str name;
    weir_i32s partition_indexes;
} weir_describe_producers_request_topic_request;

typedef struct weir_describe_producers_request {
    WEIR_ARRAY(weir_describe_producers_request_topic_request) topics;
} weir_describe_producers_request;

typedef struct weir_describe_producers_response_producer_state {
    int64_t producer_id;
    int32_t producer_epoch;
    int32_t last_sequence;  /* default -1 */
    int64_t last_timestamp; /* default -1 */
    int32_t coordinator_epoch;
    int64_t current_txn_start_offset; /* default -1; -1 no open transaction */
} weir_describe_producers_response_producer_state;

typedef struct weir_describe_producers_response_partition_response {
    int32_t partition_index;
    int16_t error_code;
    weir_str error_message; /* nullable, default null */
    WEIR_ARRAY(weir_describe_producers_response_producer_state) active_producers;
} weir_describe_producers_response_partition_response;

typedef struct weir_describe_producers_response_topic_response {
    weir_str name;
    WEIR_ARRAY(weir_describe_producers_response_partition_response) partitions;
} weir_describe_producers_response_topic_response;

typedef struct weir_describe_producers_response {
    int32_t throttle_time_ms;
    WEIR_ARRAY(weir_describe_producers_response_topic_response) topics;
} weir_describe_producers_response;

/* GetTelemetrySubscriptions: which metrics a broker wants to be told (KIP-714). */

typedef struct weir_get_telemetry_subscriptions_request {
    weir_uuid client_instance_id; /* zero the first time */
} weir_get_telemetry_subscriptions_request;

typedef struct weir_get_telemetry_subscriptions_response {
    int32_t throttle_time_ms;
    int16_t error_code;
    weir_uuid client_instance_id;
    int32_t subscription_id;
    weir_i8s accepted_compression_types;
    int32_t push_interval_ms;
    int32_t telemetry_max_bytes;
    bool delta_temporality;      /* counters as differences */
    weir_strs requested_metrics; /* prefixes; none: nothing; one that is empty: everything */
} weir_get_telemetry_subscriptions_response;

/* PushTelemetry: tells metrics to a broker (KIP-714). */

typedef struct weir_push_telemetry_request {
    weir_uuid client_instance_id;
    int32_t subscription_id;
    bool terminating; /* the last one of this client */
    int8_t compression_type;
    weir_bytes metrics; /* OpenTelemetry's MetricsData v1 as protobuf */
} weir_push_telemetry_request;

typedef struct weir_push_telemetry_response {
    int32_t throttle_time_ms;
    int16_t error_code;
} weir_push_telemetry_response;

/* CreatePartitions: adds partitions to topics. */

typedef struct weir_create_partitions_request_create_partitions_assignment {
    weir_i32s broker_ids;
} weir_create_partitions_request_create_partitions_assignment;

typedef struct weir_create_partitions_request_create_partitions_topic {
    weir_str name;
    int32_t count; /* of partitions in the end */
    WEIR_ARRAY(weir_create_partitions_request_create_partitions_assignment)
    assignments; /* nullable; null: up to the broker */
} weir_create_partitions_request_create_partitions_topic;

typedef struct weir_create_partitions_request {
    WEIR_ARRAY(weir_create_partitions_request_create_partitions_topic) topics;
    int32_t timeout_ms;
    bool validate_only; /* check, but create nothing */
} weir_create_partitions_request;

typedef struct weir_create_partitions_response_create_partitions_topic_result {
    weir_str name;
    int16_t error_code;
    weir_str error_message; /* nullable, default null */
} weir_create_partitions_response_create_partitions_topic_result;

typedef struct weir_create_partitions_response {
    int32_t throttle_time_ms;
    WEIR_ARRAY(weir_create_partitions_response_create_partitions_topic_result) results;
} weir_create_partitions_response;

/* DeleteRecords: moves the start of partitions; goes to their leaders. */

typedef struct weir_delete_records_request_delete_records_partition {
    int32_t partition_index;
    int64_t offset; /* the first to keep; -1: the high watermark */
} weir_delete_records_request_delete_records_partition;

typedef struct weir_delete_records_request_delete_records_topic {
    weir_str name;
    WEIR_ARRAY(weir_delete_records_request_delete_records_partition) partitions;
} weir_delete_records_request_delete_records_topic;

typedef struct weir_delete_records_request {
    WEIR_ARRAY(weir_delete_records_request_delete_records_topic) topics;
    int32_t timeout_ms;
} weir_delete_records_request;

typedef struct weir_delete_records_response_delete_records_partition_result {
    int32_t partition_index;
    int64_t low_watermark;
    int16_t error_code;
} weir_delete_records_response_delete_records_partition_result;

typedef struct weir_delete_records_response_delete_records_topic_result {
    weir_str name;
    WEIR_ARRAY(weir_delete_records_response_delete_records_partition_result) partitions;
} weir_delete_records_response_delete_records_topic_result;

typedef struct weir_delete_records_response {
    int32_t throttle_time_ms;
    WEIR_ARRAY(weir_delete_records_response_delete_records_topic_result) topics;
} weir_delete_records_response;

/* WriteTxnMarkers: ends a transaction in its partitions. Spoken by coordinators, and by tools against hanging
 * transactions. */

typedef struct weir_write_txn_markers_request_writable_txn_marker_topic {
    weir_str name;
    weir_i32s partition_indexes;
} weir_write_txn_markers_request_writable_txn_marker_topic;

typedef struct weir_write_txn_markers_request_writable_txn_marker {
    int64_t producer_id;
    int16_t producer_epoch;
    bool transaction_result; /* true: commit */
    WEIR_ARRAY(weir_write_txn_markers_request_writable_txn_marker_topic) topics;
    int32_t coordinator_epoch;
    int8_t transaction_version; /* v2+; of the feature transaction.version */
} weir_write_txn_markers_request_writable_txn_marker;

typedef struct weir_write_txn_markers_request {
    WEIR_ARRAY(weir_write_txn_markers_request_writable_txn_marker) markers;
} weir_write_txn_markers_request;

typedef struct weir_write_txn_markers_response_writable_txn_marker_partition_result {
    int32_t partition_index;
    int16_t error_code;
} weir_write_txn_markers_response_writable_txn_marker_partition_result;

typedef struct weir_write_txn_markers_response_writable_txn_marker_topic_result {
    weir_str name;
    WEIR_ARRAY(weir_write_txn_markers_response_writable_txn_marker_partition_result) partitions;
} weir_write_txn_markers_response_writable_txn_marker_topic_result;

typedef struct weir_write_txn_markers_response_writable_txn_marker_result {
    int64_t producer_id;
    WEIR_ARRAY(weir_write_txn_markers_response_writable_txn_marker_topic_result) topics;
} weir_write_txn_markers_response_writable_txn_marker_result;

typedef struct weir_write_txn_markers_response {
    WEIR_ARRAY(weir_write_txn_markers_response_writable_txn_marker_result) markers;
} weir_write_txn_markers_response;

/* EndTxnMarker: the value of the control record that ends a transaction. */

typedef struct weir_end_txn_marker {
    int32_t coordinator_epoch; /* of the coordinator that wrote it */
} weir_end_txn_marker;

/* RequestHeader and ResponseHeader: in front of the body of every frame. */

typedef struct weir_request_header {
    int16_t api_key, api_version; /* Kafka's request_api_key and request_api_version */
    int32_t correlation_id;
    weir_str client_id; /* v1+, nullable */
} weir_request_header;

typedef struct weir_response_header {
    int32_t correlation_id;
} weir_response_header;

#ifdef __cplusplus
}
#endif

#endif
