/* Produce. */
#include <weir/proto.h>

#include "answer.h"
#include "handlers.h"
#include "log.h"
#include "record_wire.h"

typedef weir_produce_request_partition_produce_data asked;
typedef weir_produce_response_partition_produce_response told;

/* What a coordinator says about a partition that is being verified, as this version of Produce may tell it (KIP-890):
   clients that cannot know a code get one that makes them retry, or abort. */
static int16_t verification_code(int16_t code, int16_t version) {
    switch (code) {
    case WEIR_CODE_PRODUCER_FENCED:
        return WEIR_CODE_INVALID_PRODUCER_EPOCH;
    case WEIR_CODE_TRANSACTION_ABORTABLE:
        return version < 11 ? WEIR_CODE_INVALID_TXN_STATE : code;
    case WEIR_CODE_CONCURRENT_TRANSACTIONS:
        return version < 12 ? WEIR_CODE_NOT_ENOUGH_REPLICAS : code;
    case WEIR_CODE_NETWORK_EXCEPTION:
    case WEIR_CODE_COORDINATOR_LOAD_IN_PROGRESS:
    case WEIR_CODE_COORDINATOR_NOT_AVAILABLE:
    case WEIR_CODE_NOT_COORDINATOR:
        return WEIR_CODE_NOT_ENOUGH_REPLICAS;
    default:
        return code;
    }
}

/* Whether the producer has a transaction open here that the batch belongs to. */
static bool has_open(const weir__log *log, const weir_batch_header *header) {
    const weir__producer *producer = weir__producer_find(log, header->producer_id);
    bool any_epoch = log->model->config.release == WEIR__MODEL_3_9;
    return producer != NULL && producer->txn_first_offset >= 0 &&
           (any_epoch || producer->epoch == header->producer_epoch);
}

/* Asks the coordinator about a transactional batch, where that is needed. */
static int16_t verify(weir__exchange *e, weir__log *log, const weir_batch_header *header) {
    const weir_produce_request *request = e->request;
    bool adds = e->header.api_version >= 12;
    if (!(header->attributes & WEIR_ATTR_TRANSACTIONAL) || has_open(log, header))
        return WEIR_CODE_NONE;
    if (!weir__producer_verifying(log, header, adds))
        return WEIR_CODE_KAFKA_STORAGE_ERROR;
    int16_t code = weir__txn_verify(e->model, request->transactional_id, header->producer_id, header->producer_epoch,
                                    weir_str_of(log->topic->name), log->partition, adds, e->now);
    return verification_code(code, e->header.api_version);
}

static void append(weir__exchange *e, weir__log *log, const asked *from, weir__appended *result) {
    const weir_produce_request *request = e->request;
    weir_batch_header header;
    *result = weir__not_appended(WEIR_CODE_NONE);
    if (request->acks < -1 || request->acks > 1) {
        result->code = WEIR_CODE_INVALID_REQUIRED_ACKS;
        return;
    }
    result->code = weir__leader_check(e, log, -1);
    if (result->code != WEIR_CODE_NONE || weir__log_open(log, from->records, &header, result) != WEIR_CODE_NONE)
        return;
    if ((header.attributes & WEIR_ATTR_COMPRESSION) == WEIR_COMPRESSION_ZSTD && e->header.api_version < 7) {
        result->code = WEIR_CODE_UNSUPPORTED_COMPRESSION_TYPE;
        return;
    }
    result->code = verify(e, log, &header);
    if (result->code == WEIR_CODE_NONE &&
        weir__log_check(log, from->records, e->now, &header, result) == WEIR_CODE_NONE)
        weir__log_append(log, from->records, &header, e->now, result);
}

/* Adds the address of a leader to those that the answer names (KIP-951). */
static void name_endpoint(const weir__exchange *e, int32_t broker) {
    weir_produce_response *response = e->response;
    for (int32_t n = 0; n < response->node_endpoints.count; n++)
        if (response->node_endpoints.items[n].node_id == broker)
            return;
    response->node_endpoints.items[response->node_endpoints.count++] = (weir_produce_response_node_endpoint){
        .node_id = broker, .host = weir__host(e->model), .port = weir__port(e->model, broker)};
}

static void tell(weir__exchange *e, const weir__log *log, int32_t index, const weir__appended *result, told *to) {
    to->index = index;
    to->error_code = result->code;
    to->base_offset = result->base_offset;
    to->log_append_time_ms = result->log_append_time_ms;
    to->log_start_offset = result->log_start_offset;
    to->current_leader = (weir_produce_response_leader_id_and_epoch){-1, -1};
    to->error_message = weir_str_of(result->message);
    for (int32_t n = 0; n < result->bad_count; n++)
        to->record_errors.items[to->record_errors.count++] =
            (weir_produce_response_batch_index_and_error_message){result->bad_records[n], to->error_message};
    if (result->code == WEIR_CODE_NOT_LEADER_OR_FOLLOWER && log->leader >= 0 && e->header.api_version >= 10) {
        to->current_leader = (weir_produce_response_leader_id_and_epoch){log->leader, log->leader_epoch};
        name_endpoint(e, log->leader);
    }
}

/* Whether a transactional batch comes without a transactional id. */
static bool unnamed(const weir_produce_request *request) {
    if (request->transactional_id.p != NULL)
        return false;
    for (int32_t t = 0; t < request->topic_data.count; t++)
        for (int32_t n = 0; n < request->topic_data.items[t].partition_data.count; n++) {
            weir_records records = request->topic_data.items[t].partition_data.items[n].records;
            if (records.len >= WEIR_BATCH_HEADER_SIZE && records.p[WEIR__AT_MAGIC] == 2 &&
                (weir__get16(records.p + WEIR__AT_ATTRIBUTES) & WEIR_ATTR_TRANSACTIONAL))
                return true;
        }
    return false;
}

/* Room for everything that the answer may hold. */
static bool room(weir__exchange *e) {
    const weir_produce_request *request = e->request;
    weir_produce_response *response = e->response;
    if (!WEIR__ANSWER_ARRAY(e, response->responses, request->topic_data.count) ||
        !WEIR__ANSWER_ARRAY(e, response->node_endpoints, e->model->config.brokers))
        return false;
    response->node_endpoints.count = 0;
    for (int32_t t = 0; t < request->topic_data.count; t++) {
        weir_produce_response_topic_produce_response *to = &response->responses.items[t];
        to->name = request->topic_data.items[t].name;
        to->topic_id = request->topic_data.items[t].topic_id;
        if (!WEIR__ANSWER_ARRAY(e, to->partition_responses, request->topic_data.items[t].partition_data.count))
            return false;
        for (int32_t n = 0; n < to->partition_responses.count; n++) {
            if (!WEIR__ANSWER_ARRAY(e, to->partition_responses.items[n].record_errors, WEIR__BAD_RECORDS))
                return false;
            to->partition_responses.items[n].record_errors.count = 0;
        }
    }
    return true;
}

weir__handled weir__serve_produce(weir__exchange *e) {
    const weir_produce_request *request = e->request;
    weir_produce_response *response = e->response;
    bool failed = false, by_id = e->header.api_version >= 13, forbidden = unnamed(request);
    if (!room(e))
        return WEIR__NO_ROOM;
    for (int32_t t = 0; t < request->topic_data.count; t++) {
        const weir_produce_request_topic_produce_data *from = &request->topic_data.items[t];
        const weir__topic *topic =
            by_id ? weir__topic_by_id(e->model, from->topic_id) : weir__topic_find(e->model, from->name);
        for (int32_t n = 0; n < from->partition_data.count; n++) {
            const asked *data = &from->partition_data.items[n];
            weir__log *log = weir__topic_log(topic, data->index);
            weir__appended result = weir__not_appended(WEIR_CODE_TRANSACTIONAL_ID_AUTHORIZATION_FAILED);
            if (!forbidden && by_id && topic == NULL)
                result.code = WEIR_CODE_UNKNOWN_TOPIC_ID;
            else if (!forbidden)
                append(e, log, data, &result);
            tell(e, log, data->index, &result, &response->responses.items[t].partition_responses.items[n]);
            failed = failed || result.code != WEIR_CODE_NONE;
        }
    }
    if (request->acks != 0)
        return WEIR__ANSWERED;
    return failed ? WEIR__CLOSED : WEIR__SILENT;
}
