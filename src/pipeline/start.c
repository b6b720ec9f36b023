/* From a checkpoint, or from nothing, to the first record. */
#include "state.h"

#include "text.h"

/* ---- the sink first ---- */
static void tell_recovered(weir_job *job) {
    if (job->restored_number == 0)
        return;
    weir_job_event event = {.kind = WEIR_JOB_RECOVERED, .recovery = weir_sink_recovered(job->sink)};
    weir__job_tell(job, &event);
}

/* Prepared transactions that the broker has aborted are not lost: the ledger proves that their records are not in the
   output, so the source goes back to where they began. */
static bool rewind_source(weir_job *job) {
    if (weir_sink_recovered(job->sink)->lost == 0)
        return true;
    weir_job_event event = {
        .kind = WEIR_JOB_WARNING,
        .text = "the broker aborted a transaction of the checkpoint before it could be committed (it was open longer "
                "than transaction.timeout.ms): its records are read and written again"};
    weir__job_tell(job, &event);
    return weir__blob_set(job, &job->restored, (weir_bytes){job->before.p, (uint32_t)job->before.len});
}

static void fail_with(weir_job *job, weir_err err, const char *what) {
    weir_fault fault;
    weir_fault_set(&fault, err, "%s: %s", what, weir_err_name(err));
    weir__job_fail(job, &fault);
}

/* A run that had reached its stop offsets does not hold the next one to them. */
static void restore_split(weir_job *job, weir_split *split) {
    bool keeps_stop = job->config->stop == WEIR_STOP_LATEST && !job->finished_stored;
    if (!keeps_stop)
        split->stop = WEIR_NO_STOP;
    weir_err err = weir_enumerator_restore(job->enumerator, split);
    if (err != WEIR_OK)
        fail_with(job, err, "the checkpoint's splits could not be restored");
}

static void restore_splits(weir_job *job) {
    weir_bytes snapshot = {job->restored.p, (uint32_t)job->restored.len};
    size_t count = 0;
    weir_err err = snapshot.len > 0 ? weir_splits_count(snapshot, &count) : WEIR_OK;
    size_t size = (count + 1) * sizeof(weir_split);
    weir_split *splits = err == WEIR_OK ? job->alloc->take(job->alloc, size) : NULL;
    if (err == WEIR_OK && splits == NULL)
        err = WEIR_E_NO_MEMORY;
    if (err == WEIR_OK && count > 0)
        err = weir_splits_decode(snapshot, splits);
    if (err != WEIR_OK)
        fail_with(job, err, "the checkpoint's splits could not be restored");
    for (size_t n = 0; err == WEIR_OK && n < count; n++)
        restore_split(job, &splits[n]);
    if (splits != NULL)
        job->alloc->give(job->alloc, splits, size);
}

static void add_topics(weir_job *job) {
    const char *from = job->config->from;
    for (weir_str topic; weir__item_take(&from, &topic);) {
        weir_err err = weir_enumerator_add_topic(job->enumerator, topic);
        if (err != WEIR_OK)
            fail_with(job, err, "a topic could not be added");
    }
}

weir_err weir__job_opening(weir_job *job) {
    weir_err err = weir_sink_open(job->sink, job->now);
    if (err == WEIR_AGAIN)
        return WEIR_OK;
    if (err != WEIR_OK) {
        weir__job_fail(job, weir_sink_fault(job->sink));
        return WEIR_END;
    }
    tell_recovered(job);
    if (!rewind_source(job))
        return WEIR_END;
    weir_enumerator_range(job->enumerator, job->config->start, job->config->stop);
    add_topics(job);
    restore_splits(job);
    if (job->fault.err == WEIR_OK)
        job->state = WEIR__JOB_ENUMERATING;
    return WEIR_OK;
}

/* ---- then the source ---- */
/* Without a function of the user's a record goes to the partition of its own number, which must exist. */
static bool check_partitions(weir_job *job) {
    int32_t partitions = weir_sink_partitions(job->sink, 0);
    weir_split split;
    if (job->config->function != NULL)
        return true;
    for (size_t n = 0; weir_enumerator_split(job->enumerator, n, &split); n++) {
        weir_fault fault;
        if (split.partition < partitions)
            continue;
        weir_fault_set(&fault, WEIR_E_CONFIG,
                       "topic '%.*s' has a partition %d, but output topic '%s' has only %d partitions and records keep "
                       "their partition: give the output topic at least as many",
                       (int)split.topic.len, split.topic.p, split.partition, job->config->to, partitions);
        weir__job_fail(job, &fault);
        return false;
    }
    return true;
}

static bool add_splits(weir_job *job, uint32_t *count) {
    weir_split split;
    *count = 0;
    for (size_t n = 0; weir_enumerator_split(job->enumerator, n, &split); n++) {
        weir_err err = weir_reader_add(job->reader, &split);
        if (err != WEIR_OK) {
            fail_with(job, err, "a split could not be added");
            return false;
        }
        ++*count;
    }
    return true;
}

weir_err weir__job_enumerating(weir_job *job) {
    uint32_t partitions;
    weir_err err = weir_enumerator_poll(job->enumerator, job->now);
    if (err == WEIR_AGAIN)
        return WEIR_OK;
    if (err != WEIR_OK) {
        weir__job_fail(job, weir_enumerator_fault(job->enumerator));
        return WEIR_END;
    }
    if (!check_partitions(job) || !add_splits(job, &partitions))
        return WEIR_END;
    weir_job_event event = {
        .kind = WEIR_JOB_STARTED,
        .broker_version = weir_client_broker_version(job->source_client),
        .transaction_version = weir_client_transaction_version(job->sink_client),
        .partitions = partitions,
        .restored_checkpoint = job->restored_number,
    };
    weir__job_tell(job, &event);
    /* The offsets that were resolved are made durable at once, before any record: they must not be resolved again. */
    job->state = WEIR__JOB_RUNNING;
    weir__job_checkpoint(job);
    return WEIR_OK;
}
