/* Closed batches on their way to the brokers: one batch of a partition in a request, several requests in flight, order
   kept over retries. */
#include <string.h>

#include "state.h"

/* A request's batches at most, and its bytes at most: what a request holds up when it has to be sent again. */
#define BATCHES_MAX WEIR__SPLICES_MAX
#define BYTES_MAX   (4 * 1024 * 1024)

struct weir__produce {
    weir__produce *next;
    weir_sink *sink;
    weir__request request;
    weir_produce_request message;
    weir_produce_request_topic_produce_data topics[BATCHES_MAX];
    weir_produce_request_partition_produce_data partitions[BATCHES_MAX];
    weir__sink_batch *batches[BATCHES_MAX]; /* by topic, as in `partitions` */
    uint32_t count;
    size_t bytes;
    bool adds; /* under transaction version 2: holds the first batch of some partition in the transaction */
    int32_t broker;
    weir_str transactional_id;
    int16_t max_version;
};

/* ---- the request ---- */
static const void *produce_fill(weir__request *request, int16_t version) {
    weir__produce *produce = request->owner;
    weir_produce_request *message = &produce->message;
    weir_produce_request_topic_produce_data *topic = NULL;
    const weir__sink_topic *last = NULL;
    weir_message_init(request->api->request, message);
    message->transactional_id = produce->transactional_id;
    message->acks = -1;
    message->timeout_ms = (int32_t)produce->sink->config.request_timeout_ms;
    message->topic_data.items = produce->topics;
    message->topic_data.count = 0;
    for (uint32_t i = 0; i < produce->count; i++) {
        const weir__sink_partition *partition = produce->batches[i]->partition;
        if (partition->topic != last) {
            last = partition->topic;
            topic = &produce->topics[message->topic_data.count++];
            *topic = (weir_produce_request_topic_produce_data){.partition_data = {&produce->partitions[i], 0}};
            if (version >= 13)
                topic->topic_id = last->topic->id;
            else
                topic->name = weir_str_of(last->topic->name);
        }
        topic->partition_data.count++;
        produce->partitions[i].index = partition->index;
        produce->partitions[i].records = produce->batches[i]->bytes;
    }
    return message;
}

/* ---- what becomes of a batch ---- */
static void batch_done(weir_sink *sink, weir__sink_batch *batch, weir_time_us now) {
    weir__sink_partition *partition = batch->partition;
    weir__txn *txn = sink->transactional ? weir__txn_current(sink) : NULL;
    if (txn != NULL) {
        txn->acknowledged += batch->records;
        txn->accepted_at = now;
        partition->added_to = txn->serial;
    }
    sink->counters.records_out += batch->records;
    sink->counters.bytes_out += batch->bytes.len;
    sink->counters.batches_out++;
    partition->failures = 0;
    sink->queued_batches--;
    weir__list_remove(&batch->node);
    weir__batch_free(sink, batch);
}

/* The batch stays in its place in the queue, byte for byte, until the broker has given a definite answer. */
static void batch_again(weir_sink *sink, weir__sink_batch *batch, weir_time_us now) {
    weir__sink_partition *partition = batch->partition;
    if (!partition->rewind) {
        partition->rewind = true;
        partition->failures++;
        partition->not_before = now + weir__client_backoff(sink->client, partition->failures);
    }
}

static weir_err refusal(const weir_sink *sink, int16_t code, weir_time_us now) {
    if (code == WEIR_CODE_MESSAGE_TOO_LARGE)
        return WEIR_E_TOO_LARGE;
    bool newer_epoch = code == WEIR_CODE_INVALID_PRODUCER_EPOCH || code == WEIR_CODE_PRODUCER_FENCED;
    if (newer_epoch && sink->transactional)
        return weir__txn_fenced(weir__txn_current(sink), now);
    bool abort = weir__class_of(WEIR_API_PRODUCE, code) == WEIR_CLASS_ABORT;
    return abort && sink->transactional ? WEIR_E_ABORTED : WEIR_E_BROKER;
}

static void batch_refused(weir_sink *sink, const weir__sink_batch *batch, int16_t code, int32_t broker,
                          weir_time_us now) {
    const weir__sink_partition *partition = batch->partition;
    weir_err err = refusal(sink, code, now);
    weir__sink_fail(sink, err, code,
                    "broker %d refused a batch of %u records (%u bytes) for topic '%s' partition %d: %s (%s)%s", broker,
                    batch->records, batch->bytes.len, partition->topic->topic->name, partition->index,
                    weir_code_name(code), weir_code_text(code), weir__advice(err, code));
    sink->fault.broker = broker;
    sink->fault.api = WEIR_API_PRODUCE;
    sink->fault.partition = partition->index;
}

static void batch_answered(weir_sink *sink, weir__sink_batch *batch, int16_t code, int32_t broker, weir_time_us now) {
    bool head = batch->partition->queue.next == &batch->node;
    switch (weir__class_of(WEIR_API_PRODUCE, code)) {
    case WEIR_CLASS_OK:
        batch_done(sink, batch, now);
        return;
    case WEIR_CLASS_REFRESH:
        weir__metadata_refresh(sink->client);
        batch_again(sink, batch, now);
        return;
    case WEIR_CLASS_FIND_COORDINATOR:
    case WEIR_CLASS_RETRY:
    case WEIR_CLASS_INDETERMINATE: /* the same bytes with the same sequence number cannot be written twice */
        batch_again(sink, batch, now);
        return;
    default:
        break;
    }
    /* Behind a batch that came back, the broker sees a gap: this one waits for its turn. */
    if (code == WEIR_CODE_OUT_OF_ORDER_SEQUENCE_NUMBER && !head)
        batch_again(sink, batch, now);
    else
        batch_refused(sink, batch, code, broker, now);
}

/* ---- the response ---- */
static const weir_produce_response_partition_produce_response *
answer_for(const weir_produce_response *response, const weir__sink_partition *partition, int16_t version) {
    const weir__topic *topic = partition->topic->topic;
    for (int32_t t = 0; t < response->responses.count; t++) {
        const weir_produce_response_topic_produce_response *r = &response->responses.items[t];
        bool same = version >= 13 ? memcmp(&r->topic_id, &topic->id, sizeof topic->id) == 0
                                  : weir_str_equal(r->name, weir_str_of(topic->name));
        for (int32_t p = 0; same && p < r->partition_responses.count; p++)
            if (r->partition_responses.items[p].index == partition->index)
                return &r->partition_responses.items[p];
    }
    return NULL;
}

static void produce_unlink(weir_sink *sink, weir__produce *produce) {
    weir__produce **at = &sink->produces;
    while (*at != produce)
        at = &(*at)->next;
    *at = produce->next;
    produce->next = sink->free_produces;
    sink->free_produces = produce;
}

static void produce_done(weir__request *request, const weir__outcome *outcome) {
    weir__produce *produce = request->owner;
    weir_sink *sink = produce->sink;
    for (uint32_t i = 0; i < produce->count; i++) {
        weir__sink_batch *batch = produce->batches[i];
        weir__sink_partition *partition = batch->partition;
        const weir_produce_response_partition_produce_response *answer =
            outcome->err == WEIR_OK ? answer_for(outcome->response, partition, outcome->version) : NULL;
        batch->in_flight = false;
        partition->in_flight--;
        if (answer != NULL)
            batch_answered(sink, batch, answer->error_code, outcome->broker, outcome->now);
        else
            batch_again(sink, batch, outcome->now);
    }
    if (outcome->err == WEIR_E_VERSION)
        weir__sink_fail(sink, WEIR_E_VERSION, 0,
                        "broker %d speaks no version of Produce that holds these records: not all brokers are of the "
                        "same release, or this one is older than 0.10",
                        produce->broker);
    produce_unlink(sink, produce);
}

/* ---- sending ---- */
static uint32_t requests_to(const weir_sink *sink, int32_t broker) {
    uint32_t count = 0;
    for (const weir__produce *p = sink->produces; p != NULL; p = p->next)
        count += p->broker == broker;
    return count;
}

/* Under transaction version 2 the broker adds a partition to the transaction when its first batch comes. It takes one
   such request of a transactional id at a time and turns others away, which costs a back-off: they wait here instead.
 */
static bool waits_for_adding(const weir_sink *sink, const weir__sink_partition *partition, int32_t broker) {
    const weir__txn *txn = sink->transactional ? weir__txn_current(sink) : NULL;
    if (txn == NULL || txn->version < 2 || partition->added_to == txn->serial)
        return false;
    for (const weir__produce *p = sink->produces; p != NULL; p = p->next)
        if (p->broker == broker && p->adds && p->request.active)
            return true;
    return false;
}

static int32_t leader_of(const weir__sink_partition *partition) {
    const weir__topic *topic = partition->topic->topic;
    return partition->index < topic->partition_count ? topic->partitions[partition->index].leader : -1;
}

/* Whether a batch has the bytes to be sent. Where memory for those of the old format is short, it is tried again. */
static bool batch_ready(weir_sink *sink, weir__sink_batch *batch, weir_time_us now) {
    weir_err err = batch->bytes.p == NULL ? weir__batch_rewrite(sink, batch) : WEIR_OK;
    if (err == WEIR_E_NO_MEMORY)
        batch_again(sink, batch, now);
    return err == WEIR_OK;
}

/* The next batch of a partition that may go out now, NULL none. Without sequence numbers only one at a time keeps its
   place over retries; and a broker that does not know a producer takes any number from it, so that the first has to be
   written before the second is sent. */
static weir__sink_batch *batch_due(weir_sink *sink, weir__sink_partition *partition, weir_time_us now) {
    if (weir__list_empty(&partition->queue))
        return NULL;
    if (partition->rewind || partition->in_flight >= (sink->old_format ? 1 : WEIR__IN_FLIGHT_MAX))
        return NULL;
    if (!weir__partition_added(sink, partition) || waits_for_adding(sink, partition, leader_of(partition)))
        return NULL;
    WEIR__LIST_EACH (it, &partition->queue) {
        weir__sink_batch *batch = WEIR__ENTRY(it, weir__sink_batch, node);
        if (batch->in_flight && batch->first)
            return NULL;
        if (!batch->in_flight)
            return batch_ready(sink, batch, now) ? batch : NULL;
    }
    return NULL;
}

/* Version 3 takes batches of magic 2, version 12 adds partitions to the transaction itself. */
static int16_t lowest_version(const weir_sink *sink, const weir__txn *txn) {
    if (sink->old_format)
        return 2;
    return txn != NULL && txn->version >= 2 ? 12 : 3;
}

static weir__produce *produce_new(weir_sink *sink, int32_t broker, weir_time_us now) {
    weir__produce *produce = sink->free_produces;
    const weir__txn *txn = sink->transactional ? weir__txn_current(sink) : NULL;
    if (produce != NULL)
        sink->free_produces = produce->next;
    else
        produce = weir__sink_take(sink, sizeof *produce);
    if (produce == NULL)
        return NULL;
    memset(&produce->request, 0, sizeof produce->request);
    produce->sink = sink;
    produce->count = 0;
    produce->adds = false;
    produce->bytes = 0;
    produce->broker = broker;
    produce->transactional_id = txn != NULL ? weir_str_of(txn->id) : (weir_str){NULL, 0};
    produce->request = (weir__request){
        .api = weir_api_find(WEIR_API_PRODUCE),
        .min_version = lowest_version(sink, txn),
        .max_version = sink->old_format                  ? 2
                       : txn != NULL && txn->version < 2 ? 11
                                                         : -1,
        .target = WEIR_TARGET_BROKER,
        .broker = broker,
        .use = WEIR__USE_PRODUCE,
        .once = true,
        .fill = produce_fill,
        .done = produce_done,
        .owner = produce,
        .deadline = now + sink->config.request_timeout_ms * 1000,
    };
    produce->next = sink->produces;
    sink->produces = produce;
    return produce;
}

static bool produce_add(weir__produce *produce, weir__sink_batch *batch) {
    const weir_sink *sink = produce->sink;
    if (produce->count == BATCHES_MAX || (produce->count > 0 && produce->bytes + batch->bytes.len > BYTES_MAX))
        return false;
    produce->batches[produce->count++] = batch;
    produce->bytes += batch->bytes.len;
    if (sink->transactional && batch->partition->added_to != weir__txn_current(sink)->serial)
        produce->adds = true;
    batch->in_flight = true;
    batch->partition->in_flight++;
    return true;
}

/* One request with the next batch of every partition that `broker` leads; false when there was nothing to send. */
static bool send_to(weir_sink *sink, int32_t broker, weir_time_us now) {
    weir__produce *produce = NULL;
    for (uint32_t t = 0; t < sink->topic_count; t++) {
        for (int32_t p = 0; p < sink->topics[t].partition_count; p++) {
            weir__sink_partition *partition = &sink->topics[t].partitions[p];
            weir__sink_batch *batch = leader_of(partition) == broker ? batch_due(sink, partition, now) : NULL;
            if (batch == NULL)
                continue;
            if (produce == NULL)
                produce = produce_new(sink, broker, now);
            if (produce == NULL || !produce_add(produce, batch))
                goto submit;
        }
    }
submit:
    if (produce != NULL)
        weir__request_submit(sink->client, &produce->request, now);
    return produce != NULL;
}

/* A batch that nobody has acknowledged in all that time. */
static void check_delivery(weir_sink *sink, weir__sink_partition *partition, weir_time_us now) {
    const weir__sink_batch *head = WEIR__ENTRY(partition->queue.next, weir__sink_batch, node);
    const weir_fault *trouble = weir_client_trouble(sink->client);
    if (head->opened_at + sink->config.delivery_timeout_ms * 1000 > now)
        return;
    weir__sink_fail(sink, sink->transactional ? WEIR_E_ABORTED : WEIR_E_INDETERMINATE, 0,
                    "a batch of %u records for topic '%s' partition %d was not acknowledged within "
                    "delivery.timeout.ms (%lld): it may or may not have been written%s%s",
                    head->records, partition->topic->topic->name, partition->index,
                    (long long)sink->config.delivery_timeout_ms, trouble->err != WEIR_OK ? "; " : "", trouble->text);
}

void weir__produce_work(weir_sink *sink, weir_time_us now) {
    if (sink->queued_batches == 0)
        return;
    for (uint32_t t = 0; t < sink->topic_count; t++) {
        for (int32_t p = 0; p < sink->topics[t].partition_count; p++) {
            weir__sink_partition *partition = &sink->topics[t].partitions[p];
            if (weir__list_empty(&partition->queue))
                continue;
            check_delivery(sink, partition, now);
            if (partition->in_flight == 0 && partition->not_before <= now)
                partition->rewind = false;
            int32_t leader = leader_of(partition);
            if (leader < 0)
                weir__metadata_refresh(sink->client);
            while (leader >= 0 && requests_to(sink, leader) < WEIR__IN_FLIGHT_MAX &&
                   batch_due(sink, partition, now) != NULL && send_to(sink, leader, now))
                ;
        }
    }
}

weir_time_us weir__produce_deadline(const weir_sink *sink) {
    weir_time_us due = WEIR_NEVER;
    if (sink->queued_batches == 0)
        return due;
    for (uint32_t t = 0; t < sink->topic_count; t++) {
        for (int32_t p = 0; p < sink->topics[t].partition_count; p++) {
            const weir__sink_partition *partition = &sink->topics[t].partitions[p];
            if (weir__list_empty(&partition->queue))
                continue;
            const weir__sink_batch *head = WEIR__ENTRY(partition->queue.next, const weir__sink_batch, node);
            weir_time_us at = head->opened_at + sink->config.delivery_timeout_ms * 1000;
            if (partition->rewind && partition->in_flight == 0 && partition->not_before < at)
                at = partition->not_before;
            due = at < due ? at : due;
        }
    }
    return due;
}

void weir__produces_free(weir_sink *sink) {
    for (weir__produce *produce; (produce = sink->produces) != NULL;) {
        weir__request_cancel(sink->client, &produce->request);
        sink->produces = produce->next;
        weir__sink_give(sink, produce, sizeof *produce);
    }
    for (weir__produce *produce; (produce = sink->free_produces) != NULL;) {
        sink->free_produces = produce->next;
        weir__sink_give(sink, produce, sizeof *produce);
    }
}
