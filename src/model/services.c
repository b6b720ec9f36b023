/* The table of APIs: who answers them, and in which versions. */
#include "handlers.h"

#include <weir/proto.h>

#include "cluster.h"
#include "group.h"
#include "txn.h"

/* An API whose handler is weir__serve_<api>: the versions of 3.9, those of 4.4; and where its throttle_time_ms is. */
#define SERVICE_AT(API, api, low_3, high_3, low_4, high_4, throttle_at)                                                \
    {                                                                                                                  \
        WEIR_API_##API, weir__serve_##api, throttle_at, {                                                              \
            {low_3, high_3}, {                                                                                         \
                low_4, high_4                                                                                          \
            }                                                                                                          \
        }                                                                                                              \
    }
#define SERVICE(API, api, low_3, high_3, low_4, high_4)                                                                \
    SERVICE_AT(API, api, low_3, high_3, low_4, high_4, offsetof(weir_##api##_response, throttle_time_ms))

/* What a broker offers to clients. Formats of messages before magic 2 are not modelled, so that Produce, Fetch and
   ListOffsets begin later in 3.9 than they really do; nor are offsets in ZooKeeper. */
static const weir__service services[] = {
    SERVICE(PRODUCE, produce, 3, 11, 3, 13),
    SERVICE(FETCH, fetch, 4, 17, 4, 18),
    SERVICE(LIST_OFFSETS, list_offsets, 1, 9, 1, 11),
    SERVICE(METADATA, metadata, 0, 12, 0, 13),
    SERVICE(OFFSET_COMMIT, offset_commit, 0, 9, 2, 10),
    SERVICE(OFFSET_FETCH, offset_fetch, 1, 9, 1, 10),
    SERVICE(FIND_COORDINATOR, find_coordinator, 0, 6, 0, 6),
    SERVICE(JOIN_GROUP, join_group, 0, 9, 0, 9),
    SERVICE(HEARTBEAT, heartbeat, 0, 4, 0, 4),
    SERVICE(LEAVE_GROUP, leave_group, 0, 5, 0, 5),
    SERVICE(SYNC_GROUP, sync_group, 0, 5, 0, 5),
    SERVICE(DESCRIBE_GROUPS, describe_groups, 0, 5, 0, 6),
    SERVICE(LIST_GROUPS, list_groups, 0, 5, 0, 5),
    SERVICE(VERSIONS, api_versions, 0, 4, 0, 5),
    SERVICE(CREATE_TOPICS, create_topics, 0, 7, 2, 7),
    SERVICE(DELETE_TOPICS, delete_topics, 0, 6, 1, 6),
    SERVICE(DELETE_RECORDS, delete_records, 0, 2, 0, 2),
    SERVICE(INIT_PRODUCER_ID, init_producer_id, 0, 5, 0, 5),
    SERVICE(OFFSET_FOR_LEADER_EPOCH, offset_for_leader_epoch, 0, 4, 2, 4),
    SERVICE(ADD_PARTITIONS_TO_TXN, add_partitions_to_txn, 0, 5, 0, 5),
    SERVICE(ADD_OFFSETS_TO_TXN, add_offsets_to_txn, 0, 4, 0, 4),
    SERVICE(END_TXN, end_txn, 0, 4, 0, 5),
    SERVICE_AT(WRITE_TXN_MARKERS, write_txn_markers, 0, 1, 1, 2, SIZE_MAX),
    SERVICE(TXN_OFFSET_COMMIT, txn_offset_commit, 0, 4, 0, 6),
    SERVICE(DESCRIBE_CONFIGS, describe_configs, 0, 4, 1, 4),
    SERVICE(CREATE_PARTITIONS, create_partitions, 0, 3, 0, 3),
    SERVICE(DELETE_GROUPS, delete_groups, 0, 2, 0, 3),
    SERVICE(DESCRIBE_CLUSTER, describe_cluster, 0, 1, 0, 2),
    SERVICE(DESCRIBE_PRODUCERS, describe_producers, 0, 0, 0, 0),
    SERVICE(DESCRIBE_TRANSACTIONS, describe_transactions, 0, 0, 0, 0),
    SERVICE(LIST_TRANSACTIONS, list_transactions, 0, 1, 0, 2),
    SERVICE(DESCRIBE_TOPIC_PARTITIONS, describe_topic_partitions, 0, 0, 0, 0),
};

const weir__service *weir__service_at(size_t n) {
    return n < sizeof services / sizeof services[0] ? &services[n] : NULL;
}

const weir__service *weir__service_find(int16_t key) {
    const weir__service *service;
    for (size_t n = 0; (service = weir__service_at(n)) != NULL; n++)
        if (service->key == key)
            return service;
    return NULL;
}

bool weir__service_has(const weir__model *model, const weir__service *service, int16_t version) {
    const int16_t *versions = service->versions[model->config.release];
    return versions[0] <= version && version <= versions[1];
}
