/* The host of a job: lock, checkpoint files, clients' I/O, and starting over from the last checkpoint when the broker
   has aborted the open transaction. */
#include <string.h>

#include <weir/job.h>
#include <weir/posix.h>

#include "job.h"
#include "store.h"

/* Counters are shown, and requests to stop are heard, this often. */
#define PROGRESS_US 100000
/* Starts without a checkpoint in between, before a job that keeps being aborted is given up. */
#define STARTS_MAX 5
/* How long a failed job tries to abort its open transaction, so that readers are not held up by it. */
#define ABORT_US 2000000

typedef struct run {
    const weir_job_config *config;
    weir_job_result *result;
    weir_budget budget;
    weir__store *store;
    weir_posix *posix;
    weir_job *job;
    int slot; /* the file to be overwritten next */
    weir_time_us progress_next;
} run;

static void warn(const run *r, const char *text) {
    weir_job_event event = {.kind = WEIR_JOB_WARNING, .text = text};
    if (r->config->on_event != NULL)
        r->config->on_event(&event, r->config->user);
}

/* ---- starting ---- */
static weir_err job_make(run *r, const weir__choice *choice, weir_fault *fault) {
    weir_err err = weir__job_new(&r->job, r->config, &r->budget.alloc, choice, weir_posix_seed(), fault);
    if (err != WEIR_OK)
        return err;
    err = weir_posix_new(&r->posix, &r->budget.alloc);
    for (int n = 0; err == WEIR_OK && n < 2; n++)
        err = weir_posix_add(r->posix, weir__job_client(r->job, n));
    if (err != WEIR_OK)
        weir_fault_set(fault, err, "no memory for the job's connections");
    return err;
}

static weir_err job_restore(run *r, weir_fault *fault) {
    weir__stored files[2];
    weir__choice choice = {0};
    weir_err err = weir__store_load(r->store, files, fault);
    if (err != WEIR_OK)
        return err;
    weir_bytes views[2] = {{files[0].p, files[0].len}, {files[1].p, files[1].len}};
    err = weir__checkpoint_choose(views, r->config->name, weir__store_dir(r->store), &choice, fault);
    if (err != WEIR_OK && r->config->fresh)
        err = WEIR_OK; /* what there is, is to be forgotten */
    if (err == WEIR_OK && choice.fallback && !r->config->fresh)
        warn(r, "one of the two checkpoint files is damaged; the other one, which is whole, is used");
    r->slot = choice.found ? 1 - choice.slot : 0;
    if (err == WEIR_OK)
        err = job_make(r, &choice, fault);
    weir__store_free_loaded(r->store, files);
    return err;
}

static void job_drop(run *r) {
    if (r->posix != NULL)
        weir_posix_free(r->posix);
    if (r->job != NULL)
        weir__job_free(r->job);
    r->posix = NULL;
    r->job = NULL;
}

/* ---- running ---- */
/* Makes a checkpoint durable if the job has one; false when it has none. */
static bool store_checkpoint(run *r) {
    weir_bytes bytes;
    weir_fault fault;
    if (!weir__job_to_store(r->job, &bytes))
        return false;
    bool stored = weir__store_save(r->store, r->slot, bytes, &fault) == WEIR_OK;
    if (stored)
        r->slot = 1 - r->slot;
    weir__job_stored(r->job, stored ? NULL : &fault, weir_posix_now());
    return true;
}

static void show_progress(run *r, weir_time_us now) {
    weir_job_counters counters;
    if (r->config->on_progress == NULL || now < r->progress_next)
        return;
    r->progress_next = now + PROGRESS_US;
    weir__job_count(r->job, &counters);
    if (r->config->on_progress(&counters, weir__job_trouble(r->job), r->config->user))
        weir__job_stop(r->job);
}

static weir_time_us sooner(weir_time_us a, weir_time_us b) {
    return a < b ? a : b;
}

static void job_loop(run *r) {
    for (;;) {
        weir_time_us now = weir_posix_now();
        weir_err err = weir__job_step(r->job, now);
        if (err == WEIR_END)
            return;
        bool more = store_checkpoint(r) || err == WEIR_AGAIN;
        show_progress(r, now);
        weir_time_us until = more ? now : sooner(weir__job_deadline(r->job), r->progress_next);
        (void)weir_posix_step(r->posix, until);
    }
}

static void abort_open(run *r) {
    weir_time_us until = weir_posix_now() + ABORT_US;
    while (weir_posix_now() < until && weir__job_abort(r->job, weir_posix_now()) == WEIR_AGAIN)
        (void)weir_posix_step(r->posix, until);
}

static void counters_add(weir_job_counters *sum, const weir_job_counters *c) {
    sum->records_in += c->records_in;
    sum->bytes_in += c->bytes_in;
    sum->records_out += c->records_out;
    sum->bytes_out += c->bytes_out;
    sum->checkpoints += c->checkpoints;
    sum->transactions_committed += c->transactions_committed;
    sum->transactions_aborted += c->transactions_aborted;
    sum->last_checkpoint = c->checkpoints > 0 ? c->last_checkpoint : sum->last_checkpoint;
    sum->lag = c->lag;
}

/* One life of the job, from restoring to its end. */
static weir_err live(run *r, uint64_t *checkpoints) {
    weir_job_result *result = r->result;
    weir_job_counters counters;
    weir_err err = job_restore(r, &result->fault);
    if (err != WEIR_OK) {
        result->end = WEIR_JOB_FAILED;
        job_drop(r);
        return err;
    }
    job_loop(r);
    result->end = weir__job_end(r->job);
    result->fault = *weir__job_fault(r->job);
    if (result->end == WEIR_JOB_FAILED && result->fault.err != WEIR_E_FENCED)
        abort_open(r);
    weir__job_count(r->job, &counters);
    counters_add(&result->counters, &counters);
    *checkpoints = counters.checkpoints;
    job_drop(r);
    return result->fault.err;
}

weir_err weir_job_run(const weir_job_config *config, weir_job_result *result) {
    run r = {.config = config, .result = result};
    weir_alloc *inner = config->alloc != NULL ? config->alloc : weir_posix_malloc();
    memset(result, 0, sizeof *result);
    weir_fault_clear(&result->fault);
    weir_budget_init(&r.budget, inner, config->memory_budget);
    weir_err err = weir__store_open(&r.store, &r.budget.alloc, config->checkpoint_dir, config->name, &result->fault);
    if (err != WEIR_OK) {
        result->end = WEIR_JOB_FAILED;
        return err;
    }
    uint64_t checkpoints;
    int starts = 0;
    do {
        checkpoints = 0;
        err = live(&r, &checkpoints);
        starts = checkpoints > 1 ? 1 : starts + 1;
        if (err == WEIR_E_ABORTED && starts < STARTS_MAX)
            warn(&r, result->fault.text);
    } while (err == WEIR_E_ABORTED && starts < STARTS_MAX);
    weir__store_close(r.store);
    return err;
}
