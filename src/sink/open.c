/* Opening a sink, step by step: nothing is written before every step is through. */
#include <string.h>

#include "state.h"
#include "text.h"

static const char *trouble_text(const weir_sink *sink) {
    const weir_fault *trouble = weir_client_trouble(sink->client);
    return trouble->err != WEIR_OK ? trouble->text : "no broker has answered yet";
}

/* ---- topics ---- */
static weir_err partitions_make(weir_sink *sink, weir__sink_topic *topic) {
    size_t count = (size_t)topic->topic->partition_count, producers = weir__sink_producers(sink);
    topic->partitions = weir__sink_take(sink, count * sizeof *topic->partitions);
    topic->sequences = weir__sink_take(sink, count * producers * sizeof *topic->sequences);
    if (topic->partitions == NULL || topic->sequences == NULL) {
        weir__sink_give(sink, topic->partitions, count * sizeof *topic->partitions);
        weir__sink_give(sink, topic->sequences, count * producers * sizeof *topic->sequences);
        topic->partitions = NULL;
        topic->sequences = NULL;
        return WEIR_E_NO_MEMORY;
    }
    topic->partition_count = (int32_t)count;
    for (size_t p = 0; p < count; p++) {
        weir__sink_partition *partition = &topic->partitions[p];
        partition->topic = topic;
        partition->index = (int32_t)p;
        partition->sequences = &topic->sequences[p * producers];
        weir__list_init(&partition->queue);
    }
    for (size_t n = 0; n < count * producers; n++)
        topic->sequences[n].producer_id = -1;
    return WEIR_OK;
}

/* A topic may be missing for a moment on a broker that has just started or has not heard of it yet. */
#define MISSING_US 5000000

static weir_err topic_ready(weir_sink *sink, weir__sink_topic *topic, weir_time_us now) {
    const weir__topic *known = topic->topic;
    if (topic->partition_count > 0)
        return WEIR_OK;
    if (known->partition_count > 0)
        return partitions_make(sink, topic);
    if (!known->answered)
        return WEIR_AGAIN;
    bool missing = known->missing_since != 0 && known->missing_since + MISSING_US <= now;
    if (missing || weir__class_of(WEIR_API_METADATA, known->code) == WEIR_CLASS_FATAL) {
        weir__sink_fail(sink, WEIR_E_CONFIG, known->code, "output topic '%s' cannot be used: %s (%s)%s", known->name,
                        weir_code_name(known->code), weir_code_text(known->code),
                        missing ? "; create it first: weir topics create" : "");
        return WEIR_E_CONFIG;
    }
    return WEIR_AGAIN;
}

static weir_err step_topics(weir_sink *sink, weir_time_us now) {
    for (uint32_t t = 0; t < sink->topic_count; t++) {
        weir_err err = topic_ready(sink, &sink->topics[t], now);
        if (err != WEIR_OK)
            return err;
    }
    return WEIR_OK;
}

/* ---- transactions ---- */
typedef bool (*txn_test)(const weir__txn *txn);

static weir__txn *txn_at(weir_sink *sink, uint32_t *n) {
    if (*n < sink->pool_size)
        return sink->pool[(*n)++];
    uint32_t skip = (*n)++ - sink->pool_size;
    WEIR__LIST_EACH (it, &sink->extra)
        if (skip-- == 0)
            return WEIR__ENTRY(it, weir__txn, node);
    return NULL;
}

static bool all(weir_sink *sink, txn_test test) {
    uint32_t n = 0;
    for (weir__txn *txn; (txn = txn_at(sink, &n)) != NULL;)
        if (!test(txn))
            return false;
    return true;
}

static bool is_fenced(const weir__txn *txn) {
    return txn->restored || txn->state == WEIR__TXN_READY;
}

static bool is_ready(const weir__txn *txn) {
    return txn->state == WEIR__TXN_READY;
}

static weir_err step_fence(weir_sink *sink, weir_time_us now) {
    uint32_t n = 0;
    for (weir__txn *txn; (txn = txn_at(sink, &n)) != NULL;)
        if (!txn->restored && txn->state == WEIR__TXN_NEW)
            weir__txn_init(txn, now);
    return all(sink, is_fenced) ? WEIR_OK : WEIR_AGAIN;
}

/* The oldest committable that is not settled; NULL none. */
static weir__txn *oldest_restored(weir_sink *sink) {
    uint32_t n = 0;
    weir__txn *oldest = NULL;
    for (weir__txn *txn; (txn = txn_at(sink, &n)) != NULL;)
        if (txn->restored && (oldest == NULL || txn->checkpoint < oldest->checkpoint))
            oldest = txn;
    return oldest;
}

/* One after the other: a later checkpoint in the ledger proves an earlier one only if that was committed before. */
static weir_err step_settle(weir_sink *sink, weir_time_us now) {
    for (weir__txn *txn; (txn = oldest_restored(sink)) != NULL;) {
        if (txn->state != WEIR__TXN_NEW)
            return WEIR_AGAIN;
        weir__settle(txn, WEIR_CODE_NONE, now);
    }
    return WEIR_OK;
}

static weir_err step_refence(weir_sink *sink, weir_time_us now) {
    uint32_t n = 0;
    for (weir__txn *txn; (txn = txn_at(sink, &n)) != NULL;)
        if (txn->state == WEIR__TXN_NEW)
            weir__txn_init(txn, now);
    return all(sink, is_ready) ? WEIR_OK : WEIR_AGAIN;
}

/* WEIR_OK unless the ledger proves a checkpoint newer than `known`. */
static weir_err newer_refused(weir_sink *sink, uint64_t known) {
    if (sink->ledger.checkpoint <= known)
        return WEIR_OK;
    weir__sink_fail(
        sink, WEIR_E_CHECKPOINT, 0,
        "the checkpoint to be restored is number %llu, but the broker has already committed checkpoint %llu "
        "of this job, which is none that it knows of: going on here would write records twice. Restore the newer "
        "checkpoint, or begin anew with --fresh",
        (unsigned long long)sink->restored_checkpoint, (unsigned long long)sink->ledger.checkpoint);
    return WEIR_E_CHECKPOINT;
}

static weir_err step_ledger(weir_sink *sink, weir_time_us now) {
    weir__ledger *ledger = &sink->ledger;
    if (ledger->read.api == NULL)
        weir__ledger_read(sink, false, now);
    if (!ledger->read_done)
        return WEIR_AGAIN;
    sink->recovery.ledger_checkpoint = ledger->checkpoint;
    if (ledger->foreign && sink->restored_ledger > 0) {
        weir__sink_fail(
            sink, WEIR_E_FENCED, 0,
            "since the checkpoint to be restored, another line of checkpoints has committed under '%s': "
            "another instance of this job, or one started with --fresh, has taken over. Going on here would "
            "write records twice",
            sink->prefix);
        return WEIR_E_FENCED;
    }
    return newer_refused(sink, sink->restored_checkpoint);
}

/* Until its ids were fenced an earlier run could still commit what it had prepared, with a request that was under way
   when the ledger was read. Or another run from the same checkpoint has committed one of the same number. */
static weir_err step_proof(weir_sink *sink, weir_time_us now) {
    if (!sink->proof_asked)
        weir__ledger_read(sink, true, now);
    sink->proof_asked = true;
    return sink->ledger.read_done ? newer_refused(sink, sink->own_ledger) : WEIR_AGAIN;
}

/* ---- without transactions ---- */
static const void *producer_fill(weir__request *request, int16_t version) {
    weir_sink *sink = request->owner;
    (void)version;
    weir_message_init(request->api->request, &sink->producer_message);
    sink->producer_message.transactional_id = (weir_str){NULL, 0};
    sink->producer_message.transaction_timeout_ms = (int32_t)sink->config.transaction_timeout_ms;
    return &sink->producer_message;
}

static void producer_done(weir__request *request, const weir__outcome *outcome) {
    weir_sink *sink = request->owner;
    const weir_init_producer_id_response *response = outcome->response;
    if (outcome->err != WEIR_OK) {
        weir__sink_fail(sink, outcome->err, 0, "InitProducerId got no answer: %s", trouble_text(sink));
    } else if (response->error_code == WEIR_CODE_NONE) {
        sink->producer_id = response->producer_id;
        sink->producer_epoch = response->producer_epoch;
    } else if (!weir__request_again(sink->client, request, response->error_code, outcome->now)) {
        weir__sink_fail(sink, WEIR_E_BROKER, response->error_code, "InitProducerId was refused: %s (%s)",
                        weir_code_name(response->error_code), weir_code_text(response->error_code));
    }
}

static weir_err step_producer(weir_sink *sink, weir_time_us now) {
    if (sink->old_format)
        return WEIR_OK;
    if (sink->producer_init.api == NULL) {
        sink->producer_init = (weir__request){
            .api = weir_api_find(WEIR_API_INIT_PRODUCER_ID),
            .max_version = 5,
            .target = WEIR_TARGET_ANY,
            .fill = producer_fill,
            .done = producer_done,
            .owner = sink,
            .deadline = now + sink->config.default_api_timeout_ms * 1000,
        };
        weir__request_submit(sink->client, &sink->producer_init, now);
    }
    return sink->producer_id >= 0 ? WEIR_OK : WEIR_AGAIN;
}

/* ---- the steps ---- */
static const struct {
    weir_err (*run)(weir_sink *sink, weir_time_us now);
    weir__open_step next, next_plain; /* with and without transactions */
} steps[] = {
    [WEIR__OPEN_TOPICS] = {step_topics, WEIR__OPEN_LIMITS, WEIR__OPEN_LIMITS},
    [WEIR__OPEN_LIMITS] = {weir__limits_step, WEIR__OPEN_LIST, WEIR__OPEN_PRODUCER},
    [WEIR__OPEN_LIST] = {weir__listing_step, WEIR__OPEN_LEDGER, WEIR__OPEN_LEDGER},
    [WEIR__OPEN_LEDGER] = {step_ledger, WEIR__OPEN_FENCE, WEIR__OPEN_FENCE},
    [WEIR__OPEN_FENCE] = {step_fence, WEIR__OPEN_SETTLE, WEIR__OPEN_SETTLE},
    [WEIR__OPEN_SETTLE] = {step_settle, WEIR__OPEN_REFENCE, WEIR__OPEN_REFENCE},
    [WEIR__OPEN_REFENCE] = {step_refence, WEIR__OPEN_PROOF, WEIR__OPEN_PROOF},
    [WEIR__OPEN_PROOF] = {step_proof, WEIR__OPEN_DONE, WEIR__OPEN_DONE},
    [WEIR__OPEN_PRODUCER] = {step_producer, WEIR__OPEN_DONE, WEIR__OPEN_DONE},
};

/* Ids beyond the pool were needed for settling and fencing only; those that were lost can still be asked for. */
static void extra_drop(weir_sink *sink) {
    for (weir__list *it = sink->extra.next, *next; it != &sink->extra; it = next) {
        next = it->next;
        if (!WEIR__ENTRY(it, weir__txn, node)->lost)
            weir__txn_free(WEIR__ENTRY(it, weir__txn, node));
    }
}

/* What answers is no Kafka broker, and no other address has led to one for a while: waiting longer would not help. */
#define WRONG_LISTENER_US 3000000

static bool wrong_listener(const weir_sink *sink, weir_time_us now) {
    weir_broker_info broker;
    return weir_client_trouble(sink->client)->err == WEIR_E_MALFORMED && now >= sink->opened_at + WRONG_LISTENER_US &&
           !weir_client_broker(sink->client, 0, &broker);
}

weir_err weir_sink_open(weir_sink *sink, weir_time_us now) {
    if (sink->open_until == 0) {
        sink->opened_at = now;
        sink->open_until = now + sink->config.default_api_timeout_ms * 1000;
    }
    while (sink->fault.err == WEIR_OK && sink->step != WEIR__OPEN_DONE) {
        weir_err err = steps[sink->step].run(sink, now);
        if (err == WEIR_AGAIN && now < sink->open_until && !wrong_listener(sink, now))
            return WEIR_AGAIN;
        if (err == WEIR_AGAIN && now < sink->open_until)
            weir__sink_fail(sink, WEIR_E_UNREACHABLE, 0, "no Kafka broker was found: %s", trouble_text(sink));
        else if (err == WEIR_AGAIN)
            weir__sink_fail(sink, WEIR_E_UNREACHABLE, 0,
                            "the sink could not be opened within default.api.timeout.ms (%lld): %s",
                            (long long)sink->config.default_api_timeout_ms, trouble_text(sink));
        else if (err != WEIR_OK)
            weir__sink_fail(sink, err, 0, "the sink could not be opened: %s", weir_err_name(err));
        else
            sink->step = sink->transactional ? steps[sink->step].next : steps[sink->step].next_plain;
    }
    if (sink->fault.err == WEIR_OK)
        extra_drop(sink);
    return sink->fault.err;
}
