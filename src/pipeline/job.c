/* A job as a whole: birth, death, and the states it goes through. */
#include "state.h"

#include <stdio.h>
#include <string.h>

#include "rng.h"
#include "text.h"

/* ---- small services ---- */
void weir__job_fail(weir_job *job, const weir_fault *fault) {
    if (job->fault.err != WEIR_OK)
        return;
    job->fault = *fault;
    job->end = WEIR_JOB_FAILED;
    job->state = WEIR__JOB_ENDED;
}

void weir__job_tell(weir_job *job, const weir_job_event *event) {
    if (job->config->on_event != NULL)
        job->config->on_event(event, job->config->user);
}

void weir__job_starve(weir_job *job, size_t size) {
    weir_fault fault;
    weir_fault_set(&fault, WEIR_E_NO_MEMORY, "no memory for a checkpoint of %zu bytes: raise the memory budget", size);
    weir__job_fail(job, &fault);
}

bool weir__blob_reserve(weir_job *job, weir__blob *blob, size_t size) {
    if (size <= blob->cap)
        return true;
    uint8_t *p = job->alloc->take(job->alloc, size);
    if (p == NULL) {
        weir__job_starve(job, size);
        return false;
    }
    if (blob->p != NULL)
        job->alloc->give(job->alloc, blob->p, blob->cap);
    *blob = (weir__blob){p, 0, size};
    return true;
}

bool weir__blob_set(weir_job *job, weir__blob *blob, weir_bytes bytes) {
    if (!weir__blob_reserve(job, blob, bytes.len))
        return false;
    if (bytes.len > 0)
        memcpy(blob->p, bytes.p, bytes.len);
    blob->len = bytes.len;
    return true;
}

static void blob_free(weir_job *job, weir__blob *blob) {
    if (blob->p != NULL)
        job->alloc->give(job->alloc, blob->p, blob->cap);
}

/* ---- birth ---- */
/* What must fit at once: two fetches being read and one arriving, the batches being written, and the small things. */
#define SMALL_THINGS (1024 * 1024)

static weir_err check_budget(const weir_job_config *config, weir_fault *fault) {
    int64_t need = 3 * config->source.fetch_max_bytes + config->sink.buffer_memory + SMALL_THINGS;
    if (config->memory_budget >= (uint64_t)need)
        return WEIR_OK;
    weir_fault_set(
        fault, WEIR_E_CONFIG,
        "the memory budget of %zu bytes is too small: 3 x fetch.max.bytes (%lld) + buffer.memory (%lld) + %d "
        "make %lld; raise the budget or lower those",
        config->memory_budget, (long long)config->source.fetch_max_bytes, (long long)config->sink.buffer_memory,
        SMALL_THINGS, (long long)need);
    return WEIR_E_CONFIG;
}

static weir_err check_config(const weir_job_config *config, weir_fault *fault) {
    if (config->name == NULL || config->name[0] == '\0' || config->from == NULL || config->to == NULL) {
        weir_fault_set(fault, WEIR_E_CONFIG, "a job needs a name, topics to read from and a topic to write to");
        return WEIR_E_CONFIG;
    }
    const char *to = config->to;
    weir_str topic;
    if (!weir__item_take(&to, &topic) || (config->function == NULL && weir__item_take(&to, &topic))) {
        weir_fault_set(fault, WEIR_E_CONFIG,
                       "a job writes to one topic, or to several with a function that emits to "
                       "each; the output is '%s'",
                       config->to);
        return WEIR_E_CONFIG;
    }
    if (strlen(config->name) > WEIR_TRANSACTIONAL_ID_MAX) {
        weir_fault_set(fault, WEIR_E_CONFIG, "the job's name is longer than %d characters", WEIR_TRANSACTIONAL_ID_MAX);
        return WEIR_E_CONFIG;
    }
    return check_budget(config, fault);
}

/* Continues the restored line of checkpoints, or begins a new one under numbers that no file has yet. */
static bool take_restored(weir_job *job, const weir__choice *restored, uint64_t seed) {
    const weir__checkpoint *checkpoint = &restored->checkpoint;
    job->number = restored->found ? checkpoint->number : 0;
    if (!restored->found || job->config->fresh) {
        weir__rng rng;
        weir__rng_init(&rng, seed);
        uint64_t first = weir__rng_next(&rng), second = weir__rng_next(&rng);
        snprintf(job->lineage, sizeof job->lineage, "%016llx%016llx", (unsigned long long)first,
                 (unsigned long long)second);
        return true;
    }
    job->restored_number = checkpoint->number;
    job->finished_stored = checkpoint->finished;
    memcpy(job->lineage, checkpoint->lineage.p, checkpoint->lineage.len);
    return weir__blob_set(job, &job->restored, checkpoint->splits) &&
           weir__blob_set(job, &job->before, checkpoint->before);
}

static weir_err restore_sink(weir_job *job, const weir__choice *restored, weir_fault *fault) {
    if (!restored->found || job->config->fresh)
        return WEIR_OK;
    weir_bytes snapshot = restored->checkpoint.committables;
    size_t count;
    if (weir_committables_count(snapshot, &count) != WEIR_OK)
        return WEIR_E_CHECKPOINT;
    if (count > 0 && job->config->sink.delivery_guarantee != WEIR_DELIVERY_EXACTLY_ONCE) {
        weir_fault_set(fault, WEIR_E_CONFIG,
                       "the checkpoint holds a transaction that is still to be committed: run the job once more with "
                       "exactly-once delivery before changing it");
        return WEIR_E_CONFIG;
    }
    size_t size = (count + 1) * sizeof(weir_committable);
    weir_committable *committables = job->alloc->take(job->alloc, size);
    if (committables == NULL)
        return WEIR_E_NO_MEMORY;
    weir_err err = weir_committables_decode(snapshot, committables);
    if (err == WEIR_OK)
        err = weir_sink_restore(job->sink, job->restored_number, restored->checkpoint.ledger, committables, count);
    job->alloc->give(job->alloc, committables, size);
    return err;
}

/* Makes the output topics known to the sink, under numbers in the order of the list. */
static weir_err add_outputs(weir_job *job) {
    const char *to = job->config->to;
    weir_err err = WEIR_OK;
    for (weir_str topic; err == WEIR_OK && weir__item_take(&to, &topic);)
        err = weir_sink_add_topic(job->sink, topic, &job->last_output);
    return err;
}

static weir_err make_parts(weir_job *job, const weir__choice *restored, uint64_t seed, weir_fault *fault) {
    const weir_job_config *config = job->config;
    const char *to = config->to;
    weir_str ledger_topic;
    (void)weir__item_take(&to, &ledger_topic);
    weir_sink_settings settings = {
        .prefix = weir_str_of(config->name),
        .subtask = 0,
        .lineage = weir_str_of(job->lineage),
        .ledger_topic = ledger_topic,
    };
    weir_fault_clear(fault);
    weir_err err = weir_client_new(&job->source_client, &config->source, job->alloc, seed, fault);
    if (err == WEIR_OK)
        err = weir_client_new(&job->sink_client, &config->sink, job->alloc, seed + 1, fault);
    if (err != WEIR_OK)
        return err;
    err = weir_sink_new(&job->sink, job->sink_client, &config->sink, &settings, job->alloc);
    if (err == WEIR_OK)
        err = add_outputs(job);
    if (err == WEIR_OK)
        err = restore_sink(job, restored, fault);
    if (err == WEIR_OK)
        err = weir_enumerator_new(&job->enumerator, job->source_client, &config->source, job->alloc);
    if (err == WEIR_OK)
        err = weir_reader_new(&job->reader, job->source_client, &config->source, job->alloc);
    if (err != WEIR_OK && fault->err == WEIR_OK)
        weir_fault_set(fault, err, "the job could not be set up: %s", weir_err_name(err));
    return err;
}

weir_err weir__job_new(weir_job **out, const weir_job_config *config, weir_alloc *alloc, const weir__choice *restored,
                       uint64_t seed, weir_fault *fault) {
    weir_err err = check_config(config, fault);
    if (err != WEIR_OK)
        return err;
    weir_job *job = alloc->take(alloc, sizeof *job);
    if (job == NULL) {
        weir_fault_set(fault, WEIR_E_NO_MEMORY, "no memory for a job");
        return WEIR_E_NO_MEMORY;
    }
    memset(job, 0, sizeof *job);
    job->config = config;
    job->alloc = alloc;
    job->overflow_end = &job->overflow;
    weir_fault_clear(&job->fault);
    if (!take_restored(job, restored, seed)) {
        *fault = job->fault;
        err = fault->err;
    } else {
        err = make_parts(job, restored, seed, fault);
    }
    if (err != WEIR_OK) {
        weir__job_free(job);
        return err;
    }
    *out = job;
    return WEIR_OK;
}

void weir__job_free(weir_job *job) {
    if (job->reader != NULL)
        weir_reader_free(job->reader);
    if (job->enumerator != NULL)
        weir_enumerator_free(job->enumerator);
    if (job->sink != NULL)
        weir_sink_free(job->sink);
    if (job->source_client != NULL)
        weir_client_free(job->source_client);
    if (job->sink_client != NULL)
        weir_client_free(job->sink_client);
    weir__overflow_free(job);
    if (job->scratch != NULL)
        job->alloc->give(job->alloc, job->scratch, job->scratch_size);
    blob_free(job, &job->restored);
    blob_free(job, &job->before);
    blob_free(job, &job->splits);
    blob_free(job, &job->file);
    job->alloc->give(job->alloc, job, sizeof *job);
}

/* ---- the states ---- */
static weir_err ended(weir_job *job) {
    (void)job;
    return WEIR_END;
}

static weir_err (*const states[WEIR__JOB_STATES])(weir_job *job) = {
    [WEIR__JOB_OPENING] = weir__job_opening,
    [WEIR__JOB_ENUMERATING] = weir__job_enumerating,
    [WEIR__JOB_RUNNING] = weir__job_running,
    [WEIR__JOB_PREPARING] = weir__job_preparing,
    [WEIR__JOB_STORING] = weir__job_storing,
    [WEIR__JOB_DRAINING] = weir__job_draining,
    [WEIR__JOB_ENDED] = ended,
};

/* What went wrong below, whatever the state. */
static void check_parts(weir_job *job) {
    if (weir_sink_fault(job->sink)->err != WEIR_OK)
        weir__job_fail(job, weir_sink_fault(job->sink));
    if (weir_client_trouble(job->source_client)->err == WEIR_E_NO_MEMORY)
        weir__job_fail(job, weir_client_trouble(job->source_client));
}

weir_err weir__job_step(weir_job *job, weir_time_us now) {
    weir__job_state before;
    weir_err err;
    job->now = now;
    do {
        before = job->state;
        check_parts(job);
        err = states[job->state](job);
    } while (job->state != before);
    return err;
}

weir_time_us weir__job_deadline(const weir_job *job) {
    /* While the sink has no room for a record it is the sink's I/O that counts: a checkpoint cannot begin. */
    bool idle = !job->holding && job->overflow == NULL;
    bool timed = job->state == WEIR__JOB_RUNNING && idle && weir_sink_uncommitted(job->sink) == 0;
    return timed ? job->checkpoint_next : WEIR_NEVER;
}

void weir__job_stop(weir_job *job) {
    job->stop_asked = true;
    if (job->state == WEIR__JOB_OPENING || job->state == WEIR__JOB_ENUMERATING) {
        job->state = WEIR__JOB_ENDED; /* nothing has been read */
        job->end = WEIR_JOB_STOPPED;
    }
}

weir_err weir__job_abort(weir_job *job, weir_time_us now) {
    return weir_sink_abort(job->sink, now);
}

/* ---- looking in ---- */
weir_client *weir__job_client(weir_job *job, int n) {
    return n == 0 ? job->source_client : job->sink_client;
}

weir_job_end weir__job_end(const weir_job *job) {
    return job->end;
}

const weir_fault *weir__job_fault(const weir_job *job) {
    return &job->fault;
}

void weir__job_count(const weir_job *job, weir_job_counters *counters) {
    const weir_sink_counters *out = weir_sink_count(job->sink);
    *counters = job->counters;
    counters->records_out = out->records_out;
    counters->bytes_out = out->bytes_out;
    counters->transactions_committed = out->transactions_committed;
    counters->transactions_aborted = out->transactions_aborted;
    counters->lag = weir_reader_lag(job->reader);
}

const weir_fault *weir__job_trouble(const weir_job *job) {
    const weir_fault *sink = weir_client_trouble(job->sink_client);
    return sink->err != WEIR_OK ? sink : weir_client_trouble(job->source_client);
}
