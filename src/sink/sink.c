/* The sink as its users see it. */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "state.h"

void *weir__sink_take(weir_sink *sink, size_t size) {
    void *p = sink->alloc->take(sink->alloc, size);
    if (p != NULL)
        memset(p, 0, size);
    return p;
}

void weir__sink_give(weir_sink *sink, void *p, size_t size) {
    if (p != NULL)
        sink->alloc->give(sink->alloc, p, size);
}

uint32_t weir__sink_producers(const weir_sink *sink) {
    return sink->transactional ? (uint32_t)sink->config.transaction_pool_size : 1;
}

void weir__sink_fail(weir_sink *sink, weir_err err, int16_t code, const char *fmt, ...) {
    char text[sizeof sink->fault.text];
    va_list args;
    if (sink->fault.err != WEIR_OK)
        return;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    weir_fault_set(&sink->fault, err, "%s", text);
    sink->fault.code = code;
}

const char *weir__advice(weir_err err, int16_t code) {
    if (err == WEIR_E_FENCED)
        return "; another instance of this job has taken its transactional ids over";
    if (err == WEIR_E_ABORTED && (code == WEIR_CODE_INVALID_PRODUCER_EPOCH || code == WEIR_CODE_PRODUCER_FENCED))
        return "; the broker has aborted the transaction: it was open longer than transaction.timeout.ms, or a "
               "request that was not answered, of this run or an earlier one, has come late";
    return code == WEIR_CODE_MESSAGE_TOO_LARGE ? "; raise max.message.bytes of the topic" : "";
}

/* ---- work between calls ---- */
static void sink_work(weir__worker *worker, weir_time_us now) {
    weir_sink *sink = WEIR__ENTRY(worker, weir_sink, worker);
    if (sink->step != WEIR__OPEN_DONE || sink->fault.err != WEIR_OK)
        return;
    if (sink->starved_wake <= now)
        sink->starved_wake = WEIR_NEVER; /* whoever still has a record to send tries now */
    weir__linger_tick(sink, now);
    weir__adder_work(sink, now);
    weir__produce_work(sink, now);
}

static weir_time_us sink_due(const weir__worker *worker) {
    return weir_sink_deadline(WEIR__ENTRY(worker, const weir_sink, worker));
}

weir_time_us weir_sink_deadline(const weir_sink *sink) {
    if (sink->fault.err != WEIR_OK)
        return WEIR_NEVER;
    if (sink->step != WEIR__OPEN_DONE)
        return sink->open_until > 0 ? sink->open_until : WEIR_NEVER;
    weir_time_us linger = weir__linger_deadline(sink);
    weir_time_us produce = weir__produce_deadline(sink);
    weir_time_us due = linger < produce ? linger : produce;
    return sink->starved_wake < due ? sink->starved_wake : due;
}

weir_err weir_sink_tick(weir_sink *sink, weir_time_us now) {
    sink_work(&sink->worker, now);
    return sink->fault.err;
}

/* ---- birth and death ---- */
static bool copy_text(char *to, size_t size, weir_str from) {
    if (from.len >= size)
        return false;
    if (from.len > 0)
        memcpy(to, from.p, from.len);
    to[from.len] = '\0';
    return true;
}

static weir_err pool_make(weir_sink *sink) {
    char id[sizeof((weir__txn *)0)->id];
    uint32_t size = (uint32_t)sink->config.transaction_pool_size;
    sink->pool = weir__sink_take(sink, size * sizeof *sink->pool);
    if (sink->pool == NULL)
        return WEIR_E_NO_MEMORY;
    for (uint32_t n = 0; n < size; n++) {
        snprintf(id, sizeof id, "%s-%d-%u", sink->prefix, sink->subtask, n);
        sink->pool[n] = weir__txn_new(sink, weir_str_of(id));
        if (sink->pool[n] == NULL)
            return WEIR_E_NO_MEMORY;
        sink->pool_size = n + 1;
    }
    return weir__ledger_start(sink);
}

weir_err weir_sink_new(weir_sink **out, weir_client *client, const weir_config *config,
                       const weir_sink_settings *settings, weir_alloc *alloc) {
    weir_sink *sink = alloc->take(alloc, sizeof *sink);
    if (sink == NULL)
        return WEIR_E_NO_MEMORY;
    memset(sink, 0, sizeof *sink);
    sink->alloc = alloc;
    sink->client = client;
    sink->config = *config;
    sink->subtask = settings->subtask;
    sink->transactional = config->delivery_guarantee == WEIR_DELIVERY_EXACTLY_ONCE;
    sink->batch_size = (size_t)config->batch_size;
    sink->producer_id = sink->producer_epoch = -1;
    sink->worker.work = sink_work;
    sink->worker.deadline = sink_due;
    sink->starved_wake = WEIR_NEVER;
    weir_fault_clear(&sink->fault);
    weir__list_init(&sink->extra);
    weir__list_init(&sink->free_batches);
    weir__worker_add(client, &sink->worker);
    weir_err err = WEIR_OK;
    if (config->compression_type != WEIR_COMPRESSION_NONE && weir__codec_find((int)config->compression_type) == NULL)
        err = WEIR_E_UNSUPPORTED; /* this build lacks the codec: better said than written uncompressed */
    else if (!copy_text(sink->prefix, sizeof sink->prefix, settings->prefix) ||
             !copy_text(sink->lineage, sizeof sink->lineage, settings->lineage) ||
             !copy_text(sink->ledger_topic, sizeof sink->ledger_topic, settings->ledger_topic))
        err = WEIR_E_CONFIG;
    if (err == WEIR_OK && sink->transactional)
        err = pool_make(sink);
    if (err != WEIR_OK) {
        weir_sink_free(sink);
        return err;
    }
    *out = sink;
    return WEIR_OK;
}

void weir_sink_free(weir_sink *sink) {
    weir__worker_remove(&sink->worker);
    weir__produces_free(sink);
    weir__adder_free(sink);
    if (sink->ledger.coordinator != NULL)
        weir__ledger_stop(sink);
    weir__limits_free(sink);
    weir__listings_free(sink);
    weir__request_cancel(sink->client, &sink->producer_init);
    while (!weir__list_empty(&sink->extra))
        weir__txn_free(WEIR__ENTRY(sink->extra.next, weir__txn, node));
    for (uint32_t n = 0; n < sink->pool_size; n++)
        weir__txn_free(sink->pool[n]);
    weir__sink_give(sink, sink->pool, (size_t)sink->config.transaction_pool_size * sizeof *sink->pool);
    weir__batches_free(sink);
    for (uint32_t t = 0; t < sink->topic_count; t++) {
        weir__sink_topic *topic = &sink->topics[t];
        size_t count = (size_t)topic->partition_count;
        weir__sink_give(sink, topic->partitions, count * sizeof *topic->partitions);
        weir__sink_give(sink, topic->sequences, count * weir__sink_producers(sink) * sizeof *topic->sequences);
    }
    weir__sink_give(sink, sink->topics, sink->topic_cap * sizeof *sink->topics);
    sink->alloc->give(sink->alloc, sink, sizeof *sink);
}

weir_err weir_sink_add_topic(weir_sink *sink, weir_str name, uint32_t *index) {
    weir__topic *topic = weir__topic_want(sink->client, name);
    if (topic == NULL)
        return WEIR_E_NO_MEMORY;
    if (sink->topic_count == sink->topic_cap) {
        uint32_t cap = sink->topic_cap == 0 ? 2 : 2 * sink->topic_cap;
        weir__sink_topic *grown = weir__sink_take(sink, cap * sizeof *grown);
        if (grown == NULL)
            return WEIR_E_NO_MEMORY;
        if (sink->topic_count > 0)
            memcpy(grown, sink->topics, sink->topic_count * sizeof *grown);
        weir__sink_give(sink, sink->topics, sink->topic_cap * sizeof *grown);
        sink->topics = grown;
        sink->topic_cap = cap;
    }
    sink->topics[sink->topic_count] = (weir__sink_topic){.sink = sink, .topic = topic};
    *index = sink->topic_count++;
    return WEIR_OK;
}

weir_err weir_sink_restore(weir_sink *sink, uint64_t checkpoint, uint64_t ledger, const weir_committable *committables,
                           size_t count) {
    assert(sink->transactional || count == 0);
    sink->restored_checkpoint = checkpoint;
    sink->restored_ledger = sink->own_ledger = ledger;
    for (size_t n = 0; n < count; n++) {
        weir_str id = weir_str_of(committables[n].transactional_id);
        weir__txn *txn = weir__txn_find(sink, id);
        if (txn == NULL) {
            txn = weir__txn_new(sink, id);
            if (txn == NULL)
                return WEIR_E_NO_MEMORY;
            weir__list_push(&sink->extra, &txn->node);
        }
        txn->restored = true;
        txn->producer_id = committables[n].producer_id;
        txn->producer_epoch = committables[n].producer_epoch;
        txn->version = committables[n].transaction_version;
        txn->checkpoint = committables[n].checkpoint;
        txn->records = committables[n].records;
    }
    return WEIR_OK;
}

/* ---- records ---- */
/* Sends the first record of a transaction. */
static __attribute__((noinline)) weir_err send_first(weir_sink *sink, uint32_t topic, int32_t partition,
                                                     const weir_record *record, weir_time_us now) {
    weir__txn *txn = weir__txn_current(sink);
    if (sink->aborted) {
        weir__sink_fail(sink, WEIR_E_ABORTED, 0,
                        "the transaction was aborted: go on from the last checkpoint in a new sink");
        return WEIR_E_ABORTED;
    }
    if (txn->state != WEIR__TXN_READY)
        return WEIR_AGAIN;
    weir__txn_enter(txn, WEIR__TXN_OPEN);
    txn->serial = ++sink->serials;
    txn->records = txn->acknowledged = 0;
    txn->opened_at = now;
    return weir_sink_send(sink, topic, partition, record, now);
}

weir_err weir_sink_send(weir_sink *sink, uint32_t topic, int32_t partition, const weir_record *record,
                        weir_time_us now) {
    assert(sink->step == WEIR__OPEN_DONE && topic < sink->topic_count);
    assert(partition >= 0 && partition < sink->topics[topic].partition_count);
    if (sink->fault.err != WEIR_OK)
        return sink->fault.err;
    weir__txn *txn = sink->transactional ? weir__txn_current(sink) : NULL;
    if (txn != NULL && txn->state != WEIR__TXN_OPEN)
        return send_first(sink, topic, partition, record, now);
    weir_err err = weir__append(&sink->topics[topic].partitions[partition], record, now);
    if (err == WEIR_OK && txn != NULL)
        txn->records++;
    return err;
}

int32_t weir_sink_partitions(const weir_sink *sink, uint32_t topic) {
    return sink->topics[topic].partition_count;
}

/* ---- checkpoints ---- */
static weir_err txn_prepare(weir_sink *sink, uint64_t checkpoint, weir_time_us now) {
    weir__txn *txn = weir__txn_current(sink);
    if (txn->state == WEIR__TXN_OPEN) {
        weir__txn_enter(txn, WEIR__TXN_PREPARING);
        txn->checkpoint = checkpoint;
        txn->ledger_begun = txn->ledger_done = false;
    }
    if (txn->state != WEIR__TXN_PREPARING)
        return WEIR_OK; /* no record since the last checkpoint: nothing to be committed */
    /* Only once the records are written: under transaction version 2 a broker adds one thing at a time to a
       transaction and turns away what comes meanwhile. */
    if (weir__flushed(sink) && !txn->ledger_begun) {
        txn->ledger_begun = true;
        weir__ledger_write(txn, now);
    }
    if (!txn->ledger_done)
        return WEIR_AGAIN;
    if (txn->acknowledged != txn->records) {
        weir__sink_fail(sink, WEIR_E_ABORTED, 0, "transaction '%s': %llu records were accepted, %llu acknowledged",
                        txn->id, (unsigned long long)txn->records, (unsigned long long)txn->acknowledged);
        return sink->fault.err;
    }
    weir__txn_enter(txn, WEIR__TXN_PREPARED);
    sink->current = (sink->current + 1) % sink->pool_size;
    return WEIR_OK;
}

weir_err weir_sink_flush(weir_sink *sink) {
    if (sink->fault.err != WEIR_OK)
        return sink->fault.err;
    weir__flush(sink);
    return weir__flushed(sink) ? WEIR_OK : WEIR_AGAIN;
}

weir_err weir_sink_prepare(weir_sink *sink, uint64_t checkpoint, weir_time_us now) {
    if (sink->fault.err != WEIR_OK)
        return sink->fault.err;
    weir__flush(sink);
    if (sink->transactional)
        return txn_prepare(sink, checkpoint, now);
    bool waits = sink->config.delivery_guarantee != WEIR_DELIVERY_NONE;
    return waits && !weir__flushed(sink) ? WEIR_AGAIN : WEIR_OK;
}

static bool pending(const weir__txn *txn) {
    return txn->state == WEIR__TXN_PREPARED || txn->state == WEIR__TXN_COMMITTING || txn->state == WEIR__TXN_SETTLING;
}

static void committable_of(const weir__txn *txn, weir_committable *out) {
    memset(out, 0, sizeof *out);
    memcpy(out->transactional_id, txn->id, sizeof txn->id);
    out->producer_id = txn->producer_id;
    out->producer_epoch = txn->producer_epoch;
    out->transaction_version = txn->version;
    out->checkpoint = txn->checkpoint;
    out->records = txn->records;
}

bool weir_sink_committable(const weir_sink *sink, size_t n, weir_committable *committable) {
    for (uint32_t i = 0; i < sink->pool_size; i++) {
        if (!pending(sink->pool[i]) || n-- > 0)
            continue;
        committable_of(sink->pool[i], committable);
        return true;
    }
    return false;
}

bool weir_sink_lost(const weir_sink *sink, size_t n, weir_committable *committable) {
    for (uint32_t i = 0; i < sink->pool_size; i++) {
        if (!sink->pool[i]->lost || n-- > 0)
            continue;
        committable_of(sink->pool[i], committable);
        return true;
    }
    WEIR__LIST_EACH (it, &sink->extra) {
        const weir__txn *txn = WEIR__ENTRY(it, const weir__txn, node);
        if (!txn->lost || n-- > 0)
            continue;
        committable_of(txn, committable);
        return true;
    }
    return false;
}

void weir_sink_commit(weir_sink *sink, uint64_t checkpoint, weir_time_us now) {
    if (checkpoint > sink->committed_up_to)
        sink->committed_up_to = checkpoint;
    weir__txn_commit_next(sink, now);
}

size_t weir_sink_uncommitted(const weir_sink *sink) {
    size_t count = 0;
    for (uint32_t n = 0; n < sink->pool_size; n++)
        count += pending(sink->pool[n]);
    return count;
}

weir_err weir_sink_abort(weir_sink *sink, weir_time_us now) {
    weir__txn *txn = sink->transactional && sink->step == WEIR__OPEN_DONE ? weir__txn_current(sink) : NULL;
    if (txn == NULL)
        return WEIR_OK;
    if (txn->state == WEIR__TXN_OPEN || txn->state == WEIR__TXN_PREPARING) {
        weir__adder_stop(sink);
        weir__ledger_stop(sink);
        weir__produces_free(sink);
        weir__batches_free(sink);
        sink->open_batches = sink->queued_batches = 0;
        sink->aborted = true;
        weir__txn_enter(txn, WEIR__TXN_ABORTING);
        weir__txn_init(txn, now);
        sink->counters.transactions_aborted++;
    }
    return txn->state == WEIR__TXN_INIT ? WEIR_AGAIN : WEIR_OK;
}

/* ---- looking in ---- */
uint64_t weir_sink_ledger(const weir_sink *sink) {
    return sink->ledger.checkpoint > sink->restored_ledger ? sink->ledger.checkpoint : sink->restored_ledger;
}

const weir_sink_recovery *weir_sink_recovered(const weir_sink *sink) {
    return &sink->recovery;
}

const weir_sink_counters *weir_sink_count(const weir_sink *sink) {
    return &sink->counters;
}

const weir_fault *weir_sink_fault(const weir_sink *sink) {
    return &sink->fault;
}
