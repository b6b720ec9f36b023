/* The APIs this codec knows, in order of key; and the messages outside of them. */
#include "schema.h"

static const weir_api *const apis[] = {
    &weir__produce,
    &weir__fetch,
    &weir__list_offsets,
    &weir__metadata,
    &weir__offset_commit,
    &weir__offset_fetch,
    &weir__find_coordinator,
    &weir__join_group,
    &weir__heartbeat,
    &weir__leave_group,
    &weir__sync_group,
    &weir__describe_groups,
    &weir__list_groups,
    &weir__sasl_handshake,
    &weir__api_versions,
    &weir__create_topics,
    &weir__delete_topics,
    &weir__delete_records,
    &weir__init_producer_id,
    &weir__offset_for_leader_epoch,
    &weir__add_partitions_to_txn,
    &weir__add_offsets_to_txn,
    &weir__end_txn,
    &weir__write_txn_markers,
    &weir__txn_offset_commit,
    &weir__describe_configs,
    &weir__sasl_authenticate,
    &weir__create_partitions,
    &weir__delete_groups,
    &weir__describe_cluster,
    &weir__describe_producers,
    &weir__describe_transactions,
    &weir__list_transactions,
    &weir__consumer_group_heartbeat,
    &weir__consumer_group_describe,
    &weir__get_telemetry_subscriptions,
    &weir__push_telemetry,
    &weir__describe_topic_partitions,
};

#define API_COUNT (sizeof apis / sizeof apis[0])

const weir_api *weir_api_at(size_t n) {
    return n < API_COUNT ? apis[n] : NULL;
}

const weir_api *weir_api_find(int16_t key) {
    size_t low = 0;
    size_t high = API_COUNT;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (apis[middle]->key < key)
            low = middle + 1;
        else
            high = middle;
    }
    return low < API_COUNT && apis[low]->key == key ? apis[low] : NULL;
}

const char *weir_api_name(int16_t key) {
    const weir_api *api = weir_api_find(key);
    return api ? api->name : "unknown API";
}

const char *weir_api_release(int16_t key) {
    static const struct {
        int16_t key; /* the first of those that came together */
        const char *release;
    } marks[] = {
        {WEIR_API_CREATE_TOPICS, "0.10.1"},
        {WEIR_API_DELETE_RECORDS, "0.11"},
        {WEIR_API_SASL_AUTHENTICATE, "1.0"},
        {WEIR_API_DELETE_GROUPS, "1.1"},
        {WEIR_API_DESCRIBE_CLUSTER, "2.8"},
        {WEIR_API_DESCRIBE_TRANSACTIONS, "3.0"},
        {WEIR_API_CONSUMER_GROUP_HEARTBEAT, "3.7"},
        {WEIR_API_CONSUMER_GROUP_DESCRIBE, "3.8"},
        {WEIR_API_GET_TELEMETRY_SUBSCRIPTIONS, "3.7"},
        {WEIR_API_DESCRIBE_TOPIC_PARTITIONS, "3.8"},
    };
    const char *release = "0.10.0";
    for (size_t n = 0; n < sizeof marks / sizeof marks[0] && marks[n].key <= key; n++)
        release = marks[n].release;
    return release;
}

int16_t weir_api_negotiate(const weir_api *api, int16_t min, int16_t max) {
    int16_t low = min > api->min_version ? min : api->min_version;
    int16_t high = max < api->max_version ? max : api->max_version;
    return low <= high ? high : -1;
}

static const weir_data *const data[] = {
    [WEIR_DATA_REQUEST_HEADER] = &weir__request_header,
    [WEIR_DATA_RESPONSE_HEADER] = &weir__response_header,
    [WEIR_DATA_CONSUMER_SUBSCRIPTION] = &weir__consumer_protocol_subscription,
    [WEIR_DATA_CONSUMER_ASSIGNMENT] = &weir__consumer_protocol_assignment,
    [WEIR_DATA_END_TXN_MARKER] = &weir__end_txn_marker,
};

const weir_data *weir_data_at(size_t n) {
    return n < sizeof data / sizeof data[0] ? data[n] : NULL;
}

weir_err weir_data_encode(const weir_data *d, int16_t version, weir_out *out, const void *message) {
    if (d->prefixed)
        weir_out_i16(out, version);
    return weir_message_encode(d->schema, version, out, message);
}

weir_err weir_data_decode(const weir_data *d, weir_in *in, weir_arena *arena, void *message) {
    int16_t version = d->prefixed ? weir_in_i16(in) : d->max_version;
    return weir_message_decode(d->schema, version < d->max_version ? version : d->max_version, in, arena, message);
}
