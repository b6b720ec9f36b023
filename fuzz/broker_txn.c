/* The broker's honest answers to a sink. A transaction is not kept: each request succeeds, unless the input says with
   which code it fails. */
#include "broker.h"

#include <string.h>

#define PRODUCER_ID 7
#define ITEMS       8 /* of a request that are answered */

/* Requests from the client itself: decoding takes less than this. */
static _Alignas(8) uint8_t memory[1 << 16];
static uint64_t request[64];

static const void *decoded(const weir_request_header *header, weir_bytes body) {
    const weir_schema *schema = weir_api_find(header->api_key)->request;
    weir_arena arena;
    weir_in in;
    weir_in_init(&in, body.p, body.len);
    weir_arena_init(&arena, memory, sizeof memory);
    MUST(weir_message_sizeof(schema) <= sizeof request);
    MUST(weir_message_decode(schema, header->api_version, &in, &arena, request) == WEIR_OK && weir_in_left(&in) == 0);
    return request;
}

/* None for half of all bytes, for each other one a code of its own. */
static int16_t code(broker *b) {
    uint8_t byte = fuzz_byte(&b->input);
    return byte < 128 ? 0 : (int16_t)(byte - 128);
}

static int32_t at_most(int32_t count) {
    return count < ITEMS ? count : ITEMS;
}

static void find_coordinator(broker *b, const weir_find_coordinator_request *asked, weir_find_coordinator_response *r) {
    static weir_find_coordinator_response_coordinator found[ITEMS];
    if (asked->coordinator_keys.count == 0) {
        r->error_code = code(b);
        r->host = weir_str_of("b0");
        r->port = 9000;
        return;
    }
    r->coordinators.items = found;
    r->coordinators.count = at_most(asked->coordinator_keys.count);
    for (int32_t n = 0; n < r->coordinators.count; n++)
        found[n] = (weir_find_coordinator_response_coordinator){
            .key = asked->coordinator_keys.items[n], .host = weir_str_of("b0"), .port = 9000, .error_code = code(b)};
}

static void init_producer_id(broker *b, weir_init_producer_id_response *r) {
    r->error_code = code(b);
    r->producer_id = PRODUCER_ID;
    r->producer_epoch = b->epoch++;
}

static void produce(broker *b, const weir_produce_request *asked, weir_produce_response *r) {
    static weir_produce_response_topic_produce_response topics[ITEMS];
    static weir_produce_response_partition_produce_response parts[ITEMS];
    r->responses.items = topics;
    r->responses.count = at_most(asked->topic_data.count);
    for (int32_t n = 0; n < r->responses.count; n++) {
        const weir_produce_request_topic_produce_data *topic = &asked->topic_data.items[n];
        MUST(topic->partition_data.count == 1 && topic->partition_data.items[0].records.len >= WEIR_BATCH_HEADER_SIZE);
        parts[n] = (weir_produce_response_partition_produce_response){.index = topic->partition_data.items[0].index};
        parts[n].error_code = code(b);
        parts[n].log_append_time_ms = parts[n].log_start_offset = -1;
        parts[n].error_message = (weir_str){NULL, 0};
        parts[n].current_leader.leader_id = parts[n].current_leader.leader_epoch = -1;
        topics[n] = (weir_produce_response_topic_produce_response){.name = topic->name, .topic_id = topic->topic_id};
        topics[n].partition_responses.items = &parts[n];
        topics[n].partition_responses.count = 1;
    }
}

static void add_partitions(broker *b, const weir_add_partitions_to_txn_request *asked,
                           weir_add_partitions_to_txn_response *r) {
    static weir_add_partitions_to_txn_response_add_partitions_to_txn_topic_result topic;
    static weir_add_partitions_to_txn_response_add_partitions_to_txn_partition_result part;
    if (asked->v3_and_below_topics.count == 0)
        return;
    part.partition_error_code = code(b);
    topic.name = asked->v3_and_below_topics.items[0].name;
    topic.results_by_partition.items = &part;
    topic.results_by_partition.count = 1;
    r->results_by_topic_v3_and_below.items = &topic;
    r->results_by_topic_v3_and_below.count = 1;
}

static void commit_offsets(broker *b, const weir_txn_offset_commit_request *asked, weir_txn_offset_commit_response *r) {
    static weir_txn_offset_commit_response_topic topic;
    static weir_txn_offset_commit_response_partition part;
    part.error_code = code(b);
    topic.name = asked->topics.items[0].name;
    topic.partitions.items = &part;
    topic.partitions.count = 1;
    r->topics.items = &topic;
    r->topics.count = 1;
}

/* What the ledger holds: nothing, or an offset and a text of the input's. */
static void fetch_offsets(broker *b, const weir_offset_fetch_request *asked, weir_offset_fetch_response *r) {
    static weir_offset_fetch_response_topic topic;
    static weir_offset_fetch_response_partition part;
    int64_t offset = fuzz_byte(&b->input);
    weir_bytes text = fuzz_take(&b->input, offset > 0 ? fuzz_byte(&b->input) : 0);
    if (asked->topics.count != 1)
        return;
    part = (weir_offset_fetch_response_partition){.committed_offset = offset - 1, .committed_leader_epoch = -1};
    part.metadata = (weir_str){(const char *)text.p, text.len};
    part.error_code = code(b);
    topic.name = asked->topics.items[0].name;
    topic.partitions.items = &part;
    topic.partitions.count = 1;
    r->topics.items = &topic;
    r->topics.count = 1;
}

static void list_transactions(broker *b, weir_list_transactions_response *r) {
    static weir_list_transactions_response_transaction_state states[ITEMS];
    r->error_code = code(b);
    r->transaction_states.items = states;
    r->transaction_states.count = fuzz_byte(&b->input) % ITEMS;
    for (int32_t n = 0; n < r->transaction_states.count; n++) {
        weir_bytes id = fuzz_take(&b->input, fuzz_byte(&b->input) % 16);
        states[n].transactional_id = (weir_str){(const char *)id.p, id.len};
        states[n].producer_id = PRODUCER_ID;
        states[n].transaction_state = weir_str_of(fuzz_byte(&b->input) % 2 == 0 ? "Ongoing" : "Empty");
    }
}

static void describe_transactions(broker *b, const weir_describe_transactions_request *asked,
                                  weir_describe_transactions_response *r) {
    static const char *const names[] = {"Ongoing", "PrepareCommit", "CompleteCommit", "CompleteAbort", "Empty", "?"};
    static weir_describe_transactions_response_transaction_state states[ITEMS];
    r->transaction_states.items = states;
    r->transaction_states.count = at_most(asked->transactional_ids.count);
    for (int32_t n = 0; n < r->transaction_states.count; n++)
        states[n] = (weir_describe_transactions_response_transaction_state){
            .error_code = code(b),
            .transactional_id = asked->transactional_ids.items[n],
            .transaction_state = weir_str_of(names[fuzz_byte(&b->input) % (sizeof names / sizeof names[0])]),
            .producer_id = PRODUCER_ID,
            .producer_epoch = (int16_t)(b->epoch - fuzz_byte(&b->input) % 3)};
}

static void end_txn(broker *b, const weir_end_txn_request *asked, int16_t version, weir_end_txn_response *r) {
    r->error_code = code(b);
    if (version >= 5) {
        r->producer_id = asked->producer_id;
        r->producer_epoch = (int16_t)(asked->producer_epoch + 1);
    }
}

void broker_answer_txn(broker *b, const weir_request_header *header, weir_bytes body, void *response) {
    const void *asked = decoded(header, body);
    switch (header->api_key) {
    case WEIR_API_FIND_COORDINATOR:
        find_coordinator(b, asked, response);
        break;
    case WEIR_API_INIT_PRODUCER_ID:
        init_producer_id(b, response);
        break;
    case WEIR_API_PRODUCE:
        produce(b, asked, response);
        break;
    case WEIR_API_ADD_PARTITIONS_TO_TXN:
        add_partitions(b, asked, response);
        break;
    case WEIR_API_ADD_OFFSETS_TO_TXN:
        ((weir_add_offsets_to_txn_response *)response)->error_code = code(b);
        break;
    case WEIR_API_TXN_OFFSET_COMMIT:
        commit_offsets(b, asked, response);
        break;
    case WEIR_API_OFFSET_FETCH:
        fetch_offsets(b, asked, response);
        break;
    case WEIR_API_LIST_TRANSACTIONS:
        list_transactions(b, response);
        break;
    case WEIR_API_DESCRIBE_TRANSACTIONS:
        describe_transactions(b, asked, response);
        break;
    case WEIR_API_END_TXN:
        end_txn(b, asked, header->api_version, response);
        break;
    default:
        break;
    }
}
