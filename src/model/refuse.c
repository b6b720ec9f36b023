/* Refusals: the answer to a request of each API with an error code wherever the API has a place for one. Nothing of the
   request takes effect. */
#include <weir/proto.h>

#include "answer.h"
#include "handlers.h"

/* Opens a function that refuses requests of an API: `in` and `out` are its request and response. */
#define REFUSER(api)                                                                                                   \
    bool api(weir__exchange *e, const weir_##api##_request *in, weir_##api##_response *out, int16_t code)

/* Gives an array of the response as many items as one of the request has, or ends the function. */
#define LIKE(from, to)                                                                                                 \
    if (!WEIR__ANSWER_ARRAY(e, to, (from).count))                                                                      \
    return false

/* The same for an array in each item of an array. */
#define LIKE_WITHIN(from, inner_from, to, inner_to)                                                                    \
    LIKE(from, to);                                                                                                    \
    for (int32_t t = 0; t < (from).count; t++)                                                                         \
    LIKE((from).items[t].inner_from, (to).items[t].inner_to)

#define EACH(n, array) for (int32_t n = 0; n < (array).count; n++)

/* ---- data ---- */
static REFUSER(produce) {
    LIKE_WITHIN(in->topic_data, partition_data, out->responses, partition_responses);
    EACH(t, out->responses) {
        weir_produce_response_topic_produce_response *to = &out->responses.items[t];
        to->name = in->topic_data.items[t].name;
        to->topic_id = in->topic_data.items[t].topic_id;
        EACH(n, to->partition_responses)
        to->partition_responses.items[n] = (weir_produce_response_partition_produce_response){
            .index = in->topic_data.items[t].partition_data.items[n].index,
            .error_code = code,
            .base_offset = -1,
            .log_append_time_ms = -1,
            .log_start_offset = -1,
            .current_leader = {-1, -1},
        };
    }
    return true;
}

static bool about_session(int16_t code) {
    return code == WEIR_CODE_FETCH_SESSION_ID_NOT_FOUND || code == WEIR_CODE_INVALID_FETCH_SESSION_EPOCH ||
           code == WEIR_CODE_FETCH_SESSION_TOPIC_ID_ERROR;
}

/* Trouble with the session, or a request that lists no partition, is refused as a whole. */
static REFUSER(fetch) {
    if (e->header.api_version >= 7 && (about_session(code) || in->topics.count == 0)) {
        out->error_code = code;
        return true;
    }
    LIKE_WITHIN(in->topics, partitions, out->responses, partitions);
    EACH(t, out->responses) {
        weir_fetch_response_fetchable_topic_response *to = &out->responses.items[t];
        to->topic = in->topics.items[t].topic;
        to->topic_id = in->topics.items[t].topic_id;
        EACH(n, to->partitions)
        to->partitions.items[n] = (weir_fetch_response_partition_data){
            .partition_index = in->topics.items[t].partitions.items[n].partition,
            .error_code = code,
            .high_watermark = -1,
            .last_stable_offset = -1,
            .log_start_offset = -1,
            .diverging_epoch = {-1, -1},
            .current_leader = {-1, -1},
            .snapshot_id = {-1, -1},
            .aborted_transactions = {NULL, -1},
            .preferred_read_replica = -1,
            .records = {(const uint8_t *)"", 0},
        };
    }
    return true;
}

static REFUSER(list_offsets) {
    LIKE_WITHIN(in->topics, partitions, out->topics, partitions);
    EACH(t, out->topics) {
        out->topics.items[t].name = in->topics.items[t].name;
        EACH(n, out->topics.items[t].partitions)
        out->topics.items[t].partitions.items[n] = (weir_list_offsets_response_list_offsets_partition_response){
            .partition_index = in->topics.items[t].partitions.items[n].partition_index,
            .error_code = code,
            .timestamp = -1,
            .offset = -1,
            .leader_epoch = -1,
        };
    }
    return true;
}

static REFUSER(offset_for_leader_epoch) {
    LIKE_WITHIN(in->topics, partitions, out->topics, partitions);
    EACH(t, out->topics) {
        out->topics.items[t].topic = in->topics.items[t].topic;
        EACH(n, out->topics.items[t].partitions)
        out->topics.items[t].partitions.items[n] = (weir_offset_for_leader_epoch_response_epoch_end_offset){
            code, in->topics.items[t].partitions.items[n].partition, -1, -1};
    }
    return true;
}

static REFUSER(delete_records) {
    LIKE_WITHIN(in->topics, partitions, out->topics, partitions);
    EACH(t, out->topics) {
        out->topics.items[t].name = in->topics.items[t].name;
        EACH(n, out->topics.items[t].partitions)
        out->topics.items[t].partitions.items[n] = (weir_delete_records_response_delete_records_partition_result){
            in->topics.items[t].partitions.items[n].partition_index, -1, code};
    }
    return true;
}

static REFUSER(describe_producers) {
    LIKE_WITHIN(in->topics, partition_indexes, out->topics, partitions);
    EACH(t, out->topics) {
        out->topics.items[t].name = in->topics.items[t].name;
        EACH(n, out->topics.items[t].partitions)
        out->topics.items[t].partitions.items[n] = (weir_describe_producers_response_partition_response){
            .partition_index = in->topics.items[t].partition_indexes.items[n], .error_code = code};
    }
    return true;
}

/* ---- the cluster ---- */
static REFUSER(api_versions) {
    (void)e, (void)in;
    out->error_code = code;
    return true;
}

/* All topics are refused as a whole, where that can be said. */
static REFUSER(metadata) {
    if (in->topics.count <= 0) {
        out->error_code = e->header.api_version >= 13 ? code : WEIR_CODE_NONE;
        return true;
    }
    LIKE(in->topics, out->topics);
    EACH(n, out->topics)
    out->topics.items[n] = (weir_metadata_response_topic){
        .error_code = code,
        .name = in->topics.items[n].name,
        .topic_id = in->topics.items[n].topic_id,
        .topic_authorized_operations = INT32_MIN,
    };
    return true;
}

static REFUSER(describe_cluster) {
    (void)e;
    out->error_code = code;
    out->endpoint_type = in->endpoint_type;
    return true;
}

static REFUSER(describe_topic_partitions) {
    LIKE(in->topics, out->topics);
    EACH(n, out->topics)
    out->topics.items[n] = (weir_describe_topic_partitions_response_topic){
        .error_code = code, .name = in->topics.items[n].name, .topic_authorized_operations = INT32_MIN};
    return true;
}

static REFUSER(describe_configs) {
    LIKE(in->resources, out->results);
    EACH(n, out->results)
    out->results.items[n] = (weir_describe_configs_response_describe_configs_result){
        .error_code = code,
        .resource_type = in->resources.items[n].resource_type,
        .resource_name = in->resources.items[n].resource_name,
    };
    return true;
}

static REFUSER(create_topics) {
    LIKE(in->topics, out->topics);
    EACH(n, out->topics)
    out->topics.items[n] = (weir_create_topics_response_creatable_topic_result){
        .name = in->topics.items[n].name, .error_code = code, .num_partitions = -1, .replication_factor = -1};
    return true;
}

static REFUSER(delete_topics) {
    if (e->header.api_version < 6) {
        LIKE(in->topic_names, out->responses);
        EACH(n, out->responses)
        out->responses.items[n] =
            (weir_delete_topics_response_deletable_topic_result){.name = in->topic_names.items[n], .error_code = code};
        return true;
    }
    LIKE(in->topics, out->responses);
    EACH(n, out->responses)
    out->responses.items[n] = (weir_delete_topics_response_deletable_topic_result){
        .name = in->topics.items[n].name, .topic_id = in->topics.items[n].topic_id, .error_code = code};
    return true;
}

static REFUSER(create_partitions) {
    LIKE(in->topics, out->results);
    EACH(n, out->results)
    out->results.items[n] = (weir_create_partitions_response_create_partitions_topic_result){
        .name = in->topics.items[n].name, .error_code = code};
    return true;
}

/* ---- coordinators ---- */
static REFUSER(find_coordinator) {
    const weir_find_coordinator_response_coordinator nobody = {
        .node_id = -1, .host = WEIR__NO_TEXT, .port = -1, .error_code = code};
    if (e->header.api_version < 4) {
        out->error_code = code;
        out->node_id = out->port = -1;
        return true;
    }
    LIKE(in->coordinator_keys, out->coordinators);
    EACH(n, out->coordinators) {
        out->coordinators.items[n] = nobody;
        out->coordinators.items[n].key = in->coordinator_keys.items[n];
    }
    return true;
}

/* An API of which the response has one error code, and nothing else that must be filled in. */
#define REFUSE_WHOLE(api)                                                                                              \
    REFUSER(api) {                                                                                                     \
        (void)e, (void)in;                                                                                             \
        out->error_code = code;                                                                                        \
        return true;                                                                                                   \
    }

/* clang-format off */
static REFUSE_WHOLE(init_producer_id)
static REFUSE_WHOLE(add_offsets_to_txn)
static REFUSE_WHOLE(end_txn)
static REFUSE_WHOLE(list_transactions)
static REFUSE_WHOLE(sync_group)
static REFUSE_WHOLE(heartbeat)
static REFUSE_WHOLE(leave_group)
static REFUSE_WHOLE(list_groups)
    /* clang-format on */

    static REFUSER(join_group) {
    (void)e;
    out->error_code = code;
    out->generation_id = -1;
    out->member_id = in->member_id;
    out->protocol_name = out->leader = WEIR__NO_TEXT;
    return true;
}

static REFUSER(add_partitions_to_txn) {
    if (e->header.api_version >= 4) {
        out->error_code = code;
        return true;
    }
    LIKE_WITHIN(in->v3_and_below_topics, partitions, out->results_by_topic_v3_and_below, results_by_partition);
    EACH(t, out->results_by_topic_v3_and_below) {
        weir_add_partitions_to_txn_response_add_partitions_to_txn_topic_result *to =
            &out->results_by_topic_v3_and_below.items[t];
        to->name = in->v3_and_below_topics.items[t].name;
        EACH(n, to->results_by_partition) {
            to->results_by_partition.items[n].partition_index = in->v3_and_below_topics.items[t].partitions.items[n];
            to->results_by_partition.items[n].partition_error_code = code;
        }
    }
    return true;
}

static REFUSER(txn_offset_commit) {
    LIKE_WITHIN(in->topics, partitions, out->topics, partitions);
    EACH(t, out->topics) {
        out->topics.items[t].name = in->topics.items[t].name;
        out->topics.items[t].topic_id = in->topics.items[t].topic_id;
        EACH(n, out->topics.items[t].partitions)
        out->topics.items[t].partitions.items[n] =
            (weir_txn_offset_commit_response_partition){in->topics.items[t].partitions.items[n].partition_index, code};
    }
    return true;
}

static REFUSER(offset_commit) {
    LIKE_WITHIN(in->topics, partitions, out->topics, partitions);
    EACH(t, out->topics) {
        out->topics.items[t].name = in->topics.items[t].name;
        out->topics.items[t].topic_id = in->topics.items[t].topic_id;
        EACH(n, out->topics.items[t].partitions)
        out->topics.items[t].partitions.items[n] =
            (weir_offset_commit_response_partition){in->topics.items[t].partitions.items[n].partition_index, code};
    }
    return true;
}

/* Before version 2 there is a place at the partitions only. */
static REFUSER(offset_fetch) {
    if (e->header.api_version >= 8) {
        LIKE(in->groups, out->groups);
        EACH(n, out->groups)
        out->groups.items[n] =
            (weir_offset_fetch_response_group){.group_id = in->groups.items[n].group_id, .error_code = code};
        return true;
    }
    out->error_code = code;
    if (in->topics.count <= 0)
        return true;
    LIKE_WITHIN(in->topics, partition_indexes, out->topics, partitions);
    EACH(t, out->topics) {
        out->topics.items[t].name = in->topics.items[t].name;
        EACH(n, out->topics.items[t].partitions)
        out->topics.items[t].partitions.items[n] = (weir_offset_fetch_response_partition){
            in->topics.items[t].partition_indexes.items[n], -1, -1, WEIR__NO_TEXT, code};
    }
    return true;
}

static REFUSER(describe_transactions) {
    LIKE(in->transactional_ids, out->transaction_states);
    EACH(n, out->transaction_states)
    out->transaction_states.items[n] = (weir_describe_transactions_response_transaction_state){
        .error_code = code,
        .transactional_id = in->transactional_ids.items[n],
        .transaction_state = WEIR__NO_TEXT,
        .transaction_start_time_ms = -1,
    };
    return true;
}

static REFUSER(describe_groups) {
    LIKE(in->groups, out->groups);
    EACH(n, out->groups)
    out->groups.items[n] = (weir_describe_groups_response_described_group){
        .error_code = code,
        .group_id = in->groups.items[n],
        .group_state = WEIR__NO_TEXT,
        .protocol_type = WEIR__NO_TEXT,
        .protocol_data = WEIR__NO_TEXT,
        .authorized_operations = INT32_MIN,
    };
    return true;
}

static REFUSER(delete_groups) {
    LIKE(in->groups_names, out->results);
    EACH(n, out->results)
    out->results.items[n] =
        (weir_delete_groups_response_deletable_group_result){.group_id = in->groups_names.items[n], .error_code = code};
    return true;
}

static REFUSER(write_txn_markers) {
    LIKE_WITHIN(in->markers, topics, out->markers, topics);
    EACH(m, out->markers) {
        weir_write_txn_markers_response_writable_txn_marker_result *to = &out->markers.items[m];
        to->producer_id = in->markers.items[m].producer_id;
        LIKE_WITHIN(in->markers.items[m].topics, partition_indexes, to->topics, partitions);
        EACH(t, to->topics) {
            to->topics.items[t].name = in->markers.items[m].topics.items[t].name;
            EACH(n, to->topics.items[t].partitions)
            to->topics.items[t].partitions.items[n] =
                (weir_write_txn_markers_response_writable_txn_marker_partition_result){
                    in->markers.items[m].topics.items[t].partition_indexes.items[n], code};
        }
    }
    return true;
}

#define CASE(API, api)                                                                                                 \
    case WEIR_API_##API:                                                                                               \
        return api(e, e->request, e->response, code)

bool weir__refuse(weir__exchange *e, int16_t code) {
    switch (e->header.api_key) {
        CASE(PRODUCE, produce);
        CASE(FETCH, fetch);
        CASE(LIST_OFFSETS, list_offsets);
        CASE(METADATA, metadata);
        CASE(OFFSET_COMMIT, offset_commit);
        CASE(OFFSET_FETCH, offset_fetch);
        CASE(FIND_COORDINATOR, find_coordinator);
        CASE(JOIN_GROUP, join_group);
        CASE(HEARTBEAT, heartbeat);
        CASE(LEAVE_GROUP, leave_group);
        CASE(SYNC_GROUP, sync_group);
        CASE(DESCRIBE_GROUPS, describe_groups);
        CASE(LIST_GROUPS, list_groups);
        CASE(VERSIONS, api_versions);
        CASE(CREATE_TOPICS, create_topics);
        CASE(DELETE_TOPICS, delete_topics);
        CASE(DELETE_RECORDS, delete_records);
        CASE(INIT_PRODUCER_ID, init_producer_id);
        CASE(OFFSET_FOR_LEADER_EPOCH, offset_for_leader_epoch);
        CASE(ADD_PARTITIONS_TO_TXN, add_partitions_to_txn);
        CASE(ADD_OFFSETS_TO_TXN, add_offsets_to_txn);
        CASE(END_TXN, end_txn);
        CASE(WRITE_TXN_MARKERS, write_txn_markers);
        CASE(TXN_OFFSET_COMMIT, txn_offset_commit);
        CASE(DESCRIBE_CONFIGS, describe_configs);
        CASE(CREATE_PARTITIONS, create_partitions);
        CASE(DELETE_GROUPS, delete_groups);
        CASE(DESCRIBE_CLUSTER, describe_cluster);
        CASE(DESCRIBE_PRODUCERS, describe_producers);
        CASE(DESCRIBE_TRANSACTIONS, describe_transactions);
        CASE(LIST_TRANSACTIONS, list_transactions);
        CASE(DESCRIBE_TOPIC_PARTITIONS, describe_topic_partitions);
    default:
        return true;
    }
}
