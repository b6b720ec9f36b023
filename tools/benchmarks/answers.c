#include "answers.h"

#include <string.h>

/* Large enough for the C struct of any request or response. */
typedef union message {
    weir_api_versions_response api_versions;
    weir_metadata_response metadata;
    weir_find_coordinator_response find_coordinator;
    weir_fetch_response fetch;
    weir_produce_response produce;
    weir_init_producer_id_response init_producer_id;
    weir_offset_fetch_response offset_fetch;
    weir_txn_offset_commit_response txn_offset_commit;
    weir_end_txn_response end_txn;
    uint64_t room[64];
} message;

/* A request with where its response goes. */
typedef struct exchange {
    bench_broker *broker;
    weir_request_header header;
    const weir_api *api;
    const void *request;
    weir_out *out;
} exchange;

static const weir_uuid topic_id = {{1}};

static void respond(const exchange *x, const void *response) {
    if (weir_response_encode(x->out, x->api, x->header.api_version, x->header.correlation_id, response) != WEIR_OK)
        bench_fail("a response could not be encoded");
}

static void answer_versions(const exchange *x, weir_api_versions_response *r) {
    static const int16_t keys[] = {WEIR_API_PRODUCE,          WEIR_API_FETCH,
                                   WEIR_API_LIST_OFFSETS,     WEIR_API_METADATA,
                                   WEIR_API_OFFSET_FETCH,     WEIR_API_FIND_COORDINATOR,
                                   WEIR_API_VERSIONS,         WEIR_API_INIT_PRODUCER_ID,
                                   WEIR_API_END_TXN,          WEIR_API_TXN_OFFSET_COMMIT,
                                   WEIR_API_DESCRIBE_CONFIGS, WEIR_API_LIST_TRANSACTIONS};
    enum {
        COUNT = sizeof keys / sizeof keys[0]
    };
    weir_api_versions_response_api_version rows[COUNT];
    weir_api_versions_response_finalized_feature_key feature = {weir_str_of("transaction.version"), 2, 2};
    for (int n = 0; n < COUNT; n++) {
        const weir_api *api = weir_api_find(keys[n]);
        rows[n] = (weir_api_versions_response_api_version){keys[n], api->min_version, api->max_version};
    }
    r->api_keys.items = rows;
    r->api_keys.count = COUNT;
    r->finalized_features_epoch = 1;
    r->finalized_features.items = &feature;
    r->finalized_features.count = 1;
    respond(x, r);
}

static void answer_metadata(const exchange *x, weir_metadata_response *r) {
    weir_metadata_response_broker broker = {.node_id = 1, .host = weir_str_of("broker"), .port = 9092};
    weir_metadata_response_topic topic = {
        .name = weir_str_of(BENCH_TOPIC), .topic_id = topic_id, .topic_authorized_operations = INT32_MIN};
    weir_metadata_response_partition partitions[BENCH_PARTITIONS];
    for (int32_t p = 0; p < BENCH_PARTITIONS; p++)
        partitions[p] = (weir_metadata_response_partition){.partition_index = p, .leader_id = 1, .leader_epoch = 1};
    topic.partitions.items = partitions;
    topic.partitions.count = BENCH_PARTITIONS;
    r->brokers.items = &broker;
    r->brokers.count = 1;
    r->controller_id = 1;
    r->topics.items = &topic;
    r->topics.count = ((const weir_metadata_request *)x->request)->topics.count > 0;
    respond(x, r);
}

static void answer_find(const exchange *x, weir_find_coordinator_response *r) {
    const weir_find_coordinator_request *request = x->request;
    weir_find_coordinator_response_coordinator coordinator = {
        .node_id = 1, .host = weir_str_of("broker"), .port = 9092};
    if (request->coordinator_keys.count != 1)
        bench_fail("one coordinator at a time is looked up here");
    coordinator.key = request->coordinator_keys.items[0];
    r->coordinators.items = &coordinator;
    r->coordinators.count = 1;
    respond(x, r);
}

static void answer_init(const exchange *x, weir_init_producer_id_response *r) {
    r->producer_id = ++x->broker->next_producer_id;
    respond(x, r);
}

static void answer_end(const exchange *x, weir_end_txn_response *r) {
    const weir_end_txn_request *request = x->request;
    r->producer_id = request->producer_id;
    r->producer_epoch = (int16_t)((request->producer_epoch + 1) & INT16_MAX);
    respond(x, r);
}

static void answer_ledger_read(const exchange *x, weir_offset_fetch_response *r) {
    const weir_offset_fetch_request *request = x->request;
    weir_offset_fetch_response_partition partition = {.committed_offset = -1, .committed_leader_epoch = -1};
    weir_offset_fetch_response_topic topic = {.name = request->topics.items[0].name, .partitions = {&partition, 1}};
    partition.metadata = weir_str_of("");
    r->topics.items = &topic;
    r->topics.count = 1;
    respond(x, r);
}

static void answer_ledger_write(const exchange *x, weir_txn_offset_commit_response *r) {
    const weir_txn_offset_commit_request *request = x->request;
    weir_txn_offset_commit_response_partition partition = {0, 0};
    weir_txn_offset_commit_response_topic topic = {.name = request->topics.items[0].name,
                                                   .partitions = {&partition, 1}};
    r->topics.items = &topic;
    r->topics.count = 1;
    respond(x, r);
}

static void answer_produce(const exchange *x, weir_produce_response *r) {
    const weir_produce_request *request = x->request;
    const weir_produce_request_topic_produce_data *asked = &request->topic_data.items[0];
    weir_produce_response_partition_produce_response partitions[BENCH_PARTITIONS];
    if (request->topic_data.count != 1 || asked->partition_data.count > BENCH_PARTITIONS)
        bench_fail("a produce request of an unexpected kind");
    weir_produce_response_topic_produce_response topic = {
        .name = asked->name, .topic_id = asked->topic_id, .partition_responses = {partitions, 0}};
    for (int32_t n = 0; n < asked->partition_data.count; n++) {
        partitions[n] =
            (weir_produce_response_partition_produce_response){.index = asked->partition_data.items[n].index,
                                                               .base_offset = x->broker->next_offset++,
                                                               .log_append_time_ms = -1};
        partitions[n].current_leader.leader_id = partitions[n].current_leader.leader_epoch = -1;
        topic.partition_responses.count++;
    }
    r->responses.items = &topic;
    r->responses.count = 1;
    respond(x, r);
}

/* ---- Fetch ---- */
static void session_update(bench_broker *broker, const weir_fetch_request *request) {
    if (request->session_epoch <= 0)
        memset(broker->in_session, 0, sizeof broker->in_session);
    for (int32_t t = 0; t < request->forgotten_topics_data.count; t++)
        for (int32_t n = 0; n < request->forgotten_topics_data.items[t].partitions.count; n++)
            broker->in_session[request->forgotten_topics_data.items[t].partitions.items[n]] = false;
    for (int32_t t = 0; t < request->topics.count; t++) {
        for (int32_t n = 0; n < request->topics.items[t].partitions.count; n++) {
            const weir_fetch_request_fetch_partition *asked = &request->topics.items[t].partitions.items[n];
            broker->in_session[asked->partition] = true;
            broker->fetch_offset[asked->partition] = asked->fetch_offset;
        }
    }
}

static void put64(uint8_t *at, uint64_t v) {
    for (int n = 0; n < 8; n++)
        at[n] = (uint8_t)(v >> (56 - 8 * n));
}

/* As many batches from `from` on as fit; the base offset is not under the checksum. */
static weir_records records_from(const bench_broker *broker, int64_t from, size_t room) {
    weir_records set = {broker->fetched, 0};
    do {
        uint8_t *at = broker->fetched + set.len;
        memcpy(at, broker->batch.p, broker->batch.len);
        put64(at, (uint64_t)from);
        from += broker->batch_records;
        set.len += broker->batch.len;
    } while (set.len + broker->batch.len <= room);
    return set;
}

/* As Kafka does: the partition whose turn it is takes all of the room, and goes to the end of the line. */
static void fill_partition(bench_broker *broker, size_t room, weir_fetch_response_partition_data *data) {
    *data = (weir_fetch_response_partition_data){
        .high_watermark = INT64_MAX / 2, .last_stable_offset = INT64_MAX / 2, .preferred_read_replica = -1};
    data->diverging_epoch.epoch = data->current_leader.leader_id = data->current_leader.leader_epoch = -1;
    data->diverging_epoch.end_offset = data->snapshot_id.end_offset = -1;
    data->snapshot_id.epoch = -1;
    while (!broker->in_session[broker->turn])
        broker->turn = (broker->turn + 1) % BENCH_PARTITIONS;
    data->partition_index = broker->turn;
    data->records = records_from(broker, broker->fetch_offset[broker->turn], room);
    broker->turn = (broker->turn + 1) % BENCH_PARTITIONS;
}

static void answer_fetch(const exchange *x, weir_fetch_response *r) {
    const weir_fetch_request *request = x->request;
    weir_fetch_response_partition_data data;
    weir_fetch_response_fetchable_topic_response topic = {.topic_id = topic_id, .partitions = {&data, 1}};
    session_update(x->broker, request);
    r->session_id = 1;
    r->responses.items = &topic;
    r->responses.count = 1;
    fill_partition(x->broker, (size_t)request->max_bytes, &data);
    respond(x, r);
}

static void answer(const exchange *x, message *response) {
    switch (x->header.api_key) {
    case WEIR_API_VERSIONS:
        answer_versions(x, &response->api_versions);
        return;
    case WEIR_API_METADATA:
        answer_metadata(x, &response->metadata);
        return;
    case WEIR_API_FIND_COORDINATOR:
        answer_find(x, &response->find_coordinator);
        return;
    case WEIR_API_FETCH:
        answer_fetch(x, &response->fetch);
        return;
    case WEIR_API_PRODUCE:
        answer_produce(x, &response->produce);
        return;
    case WEIR_API_INIT_PRODUCER_ID:
        answer_init(x, &response->init_producer_id);
        return;
    case WEIR_API_END_TXN:
        answer_end(x, &response->end_txn);
        return;
    case WEIR_API_OFFSET_FETCH:
        answer_ledger_read(x, &response->offset_fetch);
        return;
    case WEIR_API_TXN_OFFSET_COMMIT:
        answer_ledger_write(x, &response->txn_offset_commit);
        return;
    default: /* a response without content will do */
        respond(x, response);
    }
}

void bench_answer(bench_broker *broker, weir_bytes frame, weir_out *out) {
    exchange x = {.broker = broker, .out = out};
    message request, response;
    weir_in in;
    weir_arena arena;
    weir_in_init(&in, frame.p, frame.len);
    weir_arena_init(&arena, broker->memory, BENCH_MEMORY);
    if (weir_request_header_decode(&in, &x.header) != WEIR_OK)
        bench_fail("a request header could not be decoded");
    x.api = weir_api_find(x.header.api_key);
    if (weir_message_sizeof(x.api->request) > sizeof request || weir_message_sizeof(x.api->response) > sizeof response)
        bench_fail("a message is larger than expected");
    if (weir_message_decode(x.api->request, x.header.api_version, &in, &arena, &request) != WEIR_OK)
        bench_fail("a request could not be decoded");
    x.request = &request;
    weir_message_init(x.api->response, &response);
    answer(&x, &response);
}
