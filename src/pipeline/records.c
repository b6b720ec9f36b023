/* Records on their way from the reader through the function into the sink. */
#include "state.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "text.h"

/* Batches walked in one step, so that I/O is served in between. */
#define BATCHES_PER_STEP 16

static void hold(weir_job *job, weir_err err) {
    if (err == WEIR_AGAIN)
        return;
    if (weir_sink_fault(job->sink)->err != WEIR_OK)
        weir__job_fail(job, weir_sink_fault(job->sink));
}

/* ---- overflow: what the function emitted when the sink had no room ---- */
static uint8_t *copy_view(uint8_t *to, weir_bytes *view) {
    if (view->p == NULL || view->len == 0)
        return to;
    memcpy(to, view->p, view->len);
    view->p = to;
    return to + view->len;
}

/* A fault at the record that the function has. */
static weir_err fail_at_record(weir_job *job, weir_err err, const char *text) {
    const weir_split_batch *batch = job->batch;
    weir_fault fault;
    weir_fault_set(&fault, err, "record at topic '%.*s' partition %d offset %lld: %s",
                   batch != NULL ? (int)batch->topic.len : 0, batch != NULL ? batch->topic.p : "",
                   batch != NULL ? batch->partition : -1, (long long)job->held.offset, text);
    weir__job_fail(job, &fault);
    return err;
}

static weir_err overflow_add(weir_job *job, uint32_t topic, int32_t partition, const weir_record *record) {
    size_t size = sizeof(weir__overflow) + record->key.len + record->value.len + record->headers.len;
    weir__overflow *item = job->alloc->take(job->alloc, size);
    if (item == NULL)
        return fail_at_record(job, WEIR_E_NO_MEMORY, "a record emits more than the memory budget can hold");
    *item = (weir__overflow){.size = size, .topic = topic, .partition = partition, .record = *record};
    uint8_t *at = (uint8_t *)(item + 1);
    at = copy_view(at, &item->record.key);
    at = copy_view(at, &item->record.value);
    (void)copy_view(at, &item->record.headers);
    *job->overflow_end = item;
    job->overflow_end = &item->next;
    return WEIR_OK;
}

static void overflow_pop(weir_job *job) {
    weir__overflow *item = job->overflow;
    job->overflow = item->next;
    if (job->overflow == NULL)
        job->overflow_end = &job->overflow;
    job->alloc->give(job->alloc, item, item->size);
}

void weir__overflow_free(weir_job *job) {
    while (job->overflow != NULL)
        overflow_pop(job);
}

/* ---- what functions call ---- */
static weir_str output_name(const weir_job *job, uint32_t topic) {
    const char *to = job->config->to;
    weir_str name;
    do
        (void)weir__item_take(&to, &name);
    while (topic-- > 0);
    return name;
}

weir_err weir_job_emit_to(weir_job *job, uint32_t topic, int32_t partition, const weir_record *out) {
    if (topic > job->last_output)
        return weir_job_reject(job, "there is no output topic %lu: they are '%s'", (unsigned long)topic,
                               job->config->to);
    if (partition < 0 || partition >= weir_sink_partitions(job->sink, topic)) {
        weir_str name = output_name(job, topic);
        return weir_job_reject(job, "output topic '%.*s' has no partition %d", (int)name.len, name.p, partition);
    }
    weir_err err = job->overflow == NULL ? weir_sink_send(job->sink, topic, partition, out, job->now) : WEIR_AGAIN;
    if (err == WEIR_AGAIN)
        return overflow_add(job, topic, partition, out);
    if (err != WEIR_OK)
        hold(job, err);
    return err;
}

weir_err weir_job_emit(weir_job *job, int32_t partition, const weir_record *out) {
    return weir_job_emit_to(job, 0, partition, out);
}

void *weir_job_scratch(weir_job *job, size_t size) {
    if (size == 0)
        size = 1; /* NULL means that there is no memory */
    if (size > job->scratch_size) {
        uint8_t *grown = job->alloc->take(job->alloc, size);
        if (grown == NULL)
            return NULL;
        if (job->scratch != NULL)
            job->alloc->give(job->alloc, job->scratch, job->scratch_size);
        job->scratch = grown;
        job->scratch_size = size;
    }
    return job->scratch;
}

weir_err weir_job_reject(weir_job *job, const char *fmt, ...) {
    char text[400];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    return fail_at_record(job, WEIR_E_MALFORMED, text);
}

/* ---- the loop ---- */
static weir_err pass_on(weir_job *job) {
    if (job->config->function == NULL)
        return weir_sink_send(job->sink, 0, job->batch->partition, &job->held, job->now);
    weir_err err = job->config->function(job, job->batch, &job->held, job->config->user);
    if (err != WEIR_OK && job->fault.err == WEIR_OK)
        return weir_job_reject(job, "the job's function failed: %s", weir_err_name(err));
    return err;
}

static weir_err overflow_drain(weir_job *job) {
    while (job->overflow != NULL) {
        const weir__overflow *item = job->overflow;
        weir_err err = weir_sink_send(job->sink, item->topic, item->partition, &item->record, job->now);
        if (err != WEIR_OK)
            return err;
        overflow_pop(job);
    }
    return WEIR_OK;
}

/* The sink takes no record now: nothing is dropped, the record stays where it is. */
static weir_err walk(weir_job *job) {
    for (;;) {
        weir_err err = overflow_drain(job);
        if (err != WEIR_OK)
            return err;
        if (!job->holding) {
            err = weir_split_batch_next(job->batch, &job->held);
            if (err != WEIR_OK)
                return err;
            job->holding = true;
            job->counters.records_in++;
            job->counters.bytes_in += job->held.key.len + job->held.value.len;
        }
        err = pass_on(job);
        if (err != WEIR_OK)
            return err;
        job->holding = false;
    }
}

static void malformed(weir_job *job) {
    weir_fault fault;
    weir_fault_set(&fault, WEIR_E_MALFORMED,
                   "topic '%.*s' partition %d: the batch before offset %lld holds a malformed record",
                   (int)job->batch->topic.len, job->batch->topic.p, job->batch->partition, (long long)job->batch->end);
    weir__job_fail(job, &fault);
}

static void tell_loss(weir_job *job, const weir_fault *fault) {
    weir_job_event event = {
        .kind = WEIR_JOB_LOSS, .topic = weir_str_of(fault->topic), .partition = fault->partition, .from_offset = -1};
    weir_split split;
    for (size_t n = 0; weir_reader_split(job->reader, n, &split); n++)
        if (split.partition == fault->partition && weir_str_equal(split.topic, event.topic))
            event.from_offset = split.position;
    weir__job_tell(job, &event);
}

static weir_err next_batch(weir_job *job) {
    weir_err err = weir_reader_poll(job->reader, &job->batch, job->now);
    if (err == WEIR_OK || err == WEIR_AGAIN)
        return err;
    job->batch = NULL;
    if (err == WEIR_END) {
        job->at_end = true;
        return err;
    }
    if (err == WEIR_E_LOSS)
        tell_loss(job, weir_reader_fault(job->reader));
    weir__job_fail(job, weir_reader_fault(job->reader));
    return err;
}

static weir_err move_records(weir_job *job) {
    for (int n = 0; n < BATCHES_PER_STEP; n++) {
        if (job->batch == NULL) {
            weir_err err = next_batch(job);
            if (err != WEIR_OK)
                return err;
        }
        weir_err err = walk(job);
        if (err != WEIR_END) {
            if (err == WEIR_E_MALFORMED && job->fault.err == WEIR_OK)
                malformed(job);
            hold(job, err);
            return err;
        }
        job->batch = NULL;
    }
    return WEIR_OK;
}

weir_err weir__job_running(weir_job *job) {
    bool idle = !job->holding && job->overflow == NULL;
    if (idle && (job->stop_asked || job->at_end || job->now >= job->checkpoint_next)) {
        weir__job_checkpoint(job);
        if (job->state != WEIR__JOB_RUNNING)
            return WEIR_OK;
    }
    weir_err err = move_records(job);
    if (job->fault.err != WEIR_OK)
        return WEIR_END;
    if (err == WEIR_END && job->state == WEIR__JOB_RUNNING && weir_sink_uncommitted(job->sink) == 0)
        return WEIR_AGAIN; /* at the end: the last checkpoint is next */
    return err == WEIR_OK ? WEIR_AGAIN : WEIR_OK;
}
