/* AddPartitionsToTxn (transaction versions 0 and 1): a partition must be part of the transaction before the first batch
   goes to it. Under version 2 the Produce request itself does it (KIP-890). */
#include <string.h>

#include "state.h"

bool weir__partition_added(weir_sink *sink, const weir__sink_partition *partition) {
    const weir__txn *txn = sink->transactional ? weir__txn_current(sink) : NULL;
    return txn == NULL || txn->version >= 2 || partition->added_to == txn->serial;
}

static bool wanted(weir_sink *sink, const weir__sink_partition *partition) {
    return !weir__list_empty(&partition->queue) && !weir__partition_added(sink, partition);
}

static uint32_t wanted_count(weir_sink *sink) {
    uint32_t count = 0;
    for (uint32_t t = 0; t < sink->topic_count; t++)
        for (int32_t p = 0; p < sink->topics[t].partition_count; p++)
            count += wanted(sink, &sink->topics[t].partitions[p]);
    return count;
}

static bool reserve(weir_sink *sink, uint32_t partitions) {
    weir__adder *adder = &sink->adder;
    if (adder->topic_cap < sink->topic_count) {
        weir__sink_give(sink, adder->topics, adder->topic_cap * sizeof *adder->topics);
        adder->topics = weir__sink_take(sink, sink->topic_count * sizeof *adder->topics);
        adder->topic_cap = adder->topics != NULL ? sink->topic_count : 0;
    }
    if (adder->partition_cap < partitions) {
        weir__sink_give(sink, adder->partitions, adder->partition_cap * sizeof *adder->partitions);
        adder->partitions = weir__sink_take(sink, partitions * sizeof *adder->partitions);
        adder->partition_cap = adder->partitions != NULL ? partitions : 0;
    }
    return adder->topics != NULL && adder->partitions != NULL;
}

static void collect(weir_sink *sink) {
    weir__adder *adder = &sink->adder;
    weir_add_partitions_to_txn_request *message = &adder->message;
    uint32_t used = 0;
    message->v3_and_below_topics.items = adder->topics;
    message->v3_and_below_topics.count = 0;
    for (uint32_t t = 0; t < sink->topic_count; t++) {
        weir_i32s indexes = {adder->partitions + used, 0};
        for (int32_t p = 0; p < sink->topics[t].partition_count; p++)
            if (wanted(sink, &sink->topics[t].partitions[p]))
                indexes.items[indexes.count++] = p;
        if (indexes.count == 0)
            continue;
        used += (uint32_t)indexes.count;
        weir_add_partitions_to_txn_request_add_partitions_to_txn_topic *topic =
            &adder->topics[message->v3_and_below_topics.count++];
        topic->name = weir_str_of(sink->topics[t].topic->name);
        topic->partitions = indexes;
    }
}

static const void *add_fill(weir__request *request, int16_t version) {
    weir__adder *adder = request->owner;
    (void)version;
    return &adder->message;
}

/* The first error code of the response, or NONE. */
static int16_t first_error(const weir_add_partitions_to_txn_response *response) {
    for (int32_t t = 0; t < response->results_by_topic_v3_and_below.count; t++) {
        const weir_add_partitions_to_txn_response_add_partitions_to_txn_topic_result *topic =
            &response->results_by_topic_v3_and_below.items[t];
        for (int32_t p = 0; p < topic->results_by_partition.count; p++)
            if (topic->results_by_partition.items[p].partition_error_code != WEIR_CODE_NONE)
                return topic->results_by_partition.items[p].partition_error_code;
    }
    return WEIR_CODE_NONE;
}

static void mark_added(weir_sink *sink) {
    const weir_add_partitions_to_txn_request *message = &sink->adder.message;
    int32_t n = 0;
    for (uint32_t t = 0; t < sink->topic_count && n < message->v3_and_below_topics.count; t++) {
        const weir_i32s *indexes = &message->v3_and_below_topics.items[n].partitions;
        if (!weir_str_equal(message->v3_and_below_topics.items[n].name, weir_str_of(sink->topics[t].topic->name)))
            continue;
        for (int32_t i = 0; i < indexes->count; i++)
            sink->topics[t].partitions[indexes->items[i]].added_to = sink->adder.serial;
        n++;
    }
}

static void add_done(weir__request *request, const weir__outcome *outcome) {
    weir__adder *adder = request->owner;
    weir_sink *sink = WEIR__ENTRY(adder, weir_sink, adder);
    weir__txn *txn = weir__txn_current(sink);
    txn->stray = txn->stray || request->lost;
    if (outcome->err != WEIR_OK) {
        weir__sink_fail(sink, WEIR_E_ABORTED, 0, "partitions could not be added to transaction '%s': %s", txn->id,
                        weir_client_trouble(sink->client)->text);
        return;
    }
    int16_t code = first_error(outcome->response);
    if (code == WEIR_CODE_NONE) {
        txn->accepted_at = outcome->now;
        mark_added(sink);
        return;
    }
    if (weir__request_again(sink->client, request, code, outcome->now))
        return;
    weir_class class = weir__class_of(WEIR_API_ADD_PARTITIONS_TO_TXN, code);
    weir_err err = class == WEIR_CLASS_FENCED  ? weir__txn_fenced(txn, outcome->now)
                   : class == WEIR_CLASS_FATAL ? WEIR_E_BROKER
                                               : WEIR_E_ABORTED;
    weir__sink_fail(sink, err, code, "partitions could not be added to transaction '%s': %s (%s)%s", txn->id,
                    weir_code_name(code), weir_code_text(code), weir__advice(err, code));
}

void weir__adder_work(weir_sink *sink, weir_time_us now) {
    weir__adder *adder = &sink->adder;
    const weir__txn *txn = sink->transactional ? weir__txn_current(sink) : NULL;
    if (txn == NULL || txn->version >= 2 || adder->request.active || sink->queued_batches == 0)
        return;
    uint32_t count = wanted_count(sink);
    if (count == 0 || !reserve(sink, count))
        return;
    adder->request = (weir__request){
        .api = weir_api_find(WEIR_API_ADD_PARTITIONS_TO_TXN),
        .max_version = 3,
        .target = WEIR_TARGET_TRANSACTION,
        .coordinator = txn->coordinator,
        .fill = add_fill,
        .done = add_done,
        .owner = adder,
        .deadline = now + sink->config.delivery_timeout_ms * 1000,
    };
    adder->serial = txn->serial;
    weir_message_init(adder->request.api->request, &adder->message);
    adder->message.v3_and_below_transactional_id = weir_str_of(txn->id);
    adder->message.v3_and_below_producer_id = txn->producer_id;
    adder->message.v3_and_below_producer_epoch = txn->producer_epoch;
    collect(sink);
    weir__request_submit(sink->client, &adder->request, now);
}

void weir__adder_stop(weir_sink *sink) {
    weir__request_cancel(sink->client, &sink->adder.request);
}

void weir__adder_free(weir_sink *sink) {
    weir__adder *adder = &sink->adder;
    weir__adder_stop(sink);
    weir__sink_give(sink, adder->topics, adder->topic_cap * sizeof *adder->topics);
    weir__sink_give(sink, adder->partitions, adder->partition_cap * sizeof *adder->partitions);
}
