#include "lives.h"

#include <string.h>

/* Counters are shown, and requests to stop are heard, this often. */
#define PROGRESS_US 100000
/* Starts without a checkpoint in between, before a job that keeps being aborted is given up. */
#define STARTS_MAX 5
/* How long a failed job tries to abort its open transaction, so that readers are not held up by it. */
#define ABORT_US 2000000

void weir__lives_init(weir__lives *lives, const weir_job_config *config, weir_job_result *result, weir_alloc *alloc,
                      uint64_t seed) {
    memset(lives, 0, sizeof *lives);
    memset(result, 0, sizeof *result);
    weir_fault_clear(&result->fault);
    lives->config = config;
    lives->result = result;
    lives->alloc = alloc;
    lives->progress_next = config->on_progress != NULL ? INT64_MIN : WEIR_NEVER;
    weir__rng_init(&lives->rng, seed);
}

static void job_drop(weir__lives *lives) {
    if (lives->job != NULL)
        weir__job_free(lives->job);
    lives->job = NULL;
}

void weir__lives_free(weir__lives *lives) {
    job_drop(lives);
    lives->over = true;
}

static void warn(const weir__lives *lives, const char *text) {
    weir_job_event event = {.kind = WEIR_JOB_WARNING, .text = text};
    if (lives->config->on_event != NULL)
        lives->config->on_event(&event, lives->config->user);
}

/* ---- starting ---- */
void weir__lives_fail(weir__lives *lives, const weir_fault *fault) {
    lives->result->end = WEIR_JOB_FAILED;
    lives->result->fault = *fault;
    weir__lives_free(lives);
}

void weir__lives_restore(weir__lives *lives, const weir_bytes files[2], const char *dir) {
    weir_fault fault;
    weir__choice choice = {0};
    weir_err err = weir__checkpoint_choose(files, lives->config->name, dir, &choice, &fault);
    if (err != WEIR_OK && lives->config->fresh)
        err = WEIR_OK; /* what there is, is to be forgotten */
    if (err == WEIR_OK && choice.fallback && !lives->config->fresh)
        warn(lives, "one of the two checkpoint files is damaged; the other one, which is whole, is used");
    lives->slot = choice.found ? 1 - choice.slot : 0;
    lives->abort_until = 0;
    if (err == WEIR_OK)
        err = weir__job_new(&lives->job, lives->config, lives->alloc, &choice, weir__rng_next(&lives->rng), &fault);
    if (err != WEIR_OK)
        weir__lives_fail(lives, &fault);
}

/* ---- running ---- */
static void show_progress(weir__lives *lives, weir_time_us now) {
    weir_job_counters counters;
    if (now < lives->progress_next)
        return;
    lives->progress_next = now + PROGRESS_US;
    weir__job_count(lives->job, &counters);
    if (lives->config->on_progress(&counters, weir__job_trouble(lives->job), lives->config->user))
        weir__job_stop(lives->job);
}

static weir_time_us sooner(weir_time_us a, weir_time_us b) {
    return a < b ? a : b;
}

void weir__lives_stored(weir__lives *lives, const weir_fault *failure, weir_time_us now) {
    if (failure == NULL)
        lives->slot = 1 - lives->slot;
    weir__job_stored(lives->job, failure, now);
}

/* ---- ending ---- */
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

static void life_ended(weir__lives *lives) {
    weir_job_counters counters;
    /* The files are those of this process: whoever has committed more is another instance. */
    if (lives->result->fault.err == WEIR_E_CHECKPOINT && lives->begun)
        lives->result->fault.err = WEIR_E_FENCED;
    lives->begun = true;
    weir_err err = lives->result->fault.err;
    weir__job_count(lives->job, &counters);
    counters_add(&lives->result->counters, &counters);
    job_drop(lives);
    lives->starts = counters.checkpoints > 1 ? 1 : lives->starts + 1;
    lives->over = err != WEIR_E_ABORTED || lives->starts >= STARTS_MAX;
    if (!lives->over)
        warn(lives, lives->result->fault.text);
}

/* Whether the job, which has ended, is through with its open transaction too. */
static bool gone(weir__lives *lives, weir_time_us now) {
    if (lives->abort_until == 0) {
        lives->result->end = weir__job_end(lives->job);
        lives->result->fault = *weir__job_fault(lives->job);
        bool aborts = lives->result->end == WEIR_JOB_FAILED && lives->result->fault.err != WEIR_E_FENCED;
        lives->abort_until = aborts ? now + ABORT_US : now;
    }
    lives->until = lives->abort_until;
    return now >= lives->abort_until || weir__job_abort(lives->job, now) != WEIR_AGAIN;
}

weir__want weir__lives_next(weir__lives *lives, weir_time_us now) {
    if (lives->job == NULL)
        return lives->over ? WEIR__WANT_NOTHING : WEIR__WANT_RESTORE;
    weir_bytes bytes;
    weir_err err = weir__job_step(lives->job, now);
    if (err == WEIR_END) {
        if (!gone(lives, now))
            return WEIR__WANT_IO;
        life_ended(lives);
        return lives->over ? WEIR__WANT_NOTHING : WEIR__WANT_RESTORE;
    }
    show_progress(lives, now);
    if (weir__job_to_store(lives->job, &bytes))
        return WEIR__WANT_STORE;
    lives->until = err == WEIR_AGAIN ? now : sooner(weir__job_deadline(lives->job), lives->progress_next);
    return WEIR__WANT_IO;
}
