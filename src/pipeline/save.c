/* Checkpoints: prepare, store, commit. One is under way at a time, and it begins only when the transactions of the last
   one are committed, so that a checkpoint holds at most one committable and knows where its records begin. */
#include "state.h"

#include <string.h>

static bool encode_splits(weir_job *job) {
    size_t count = 0;
    weir_split split;
    while (weir_reader_split(job->reader, count, &split))
        count++;
    size_t size = (count + 1) * sizeof(weir_split);
    weir_split *splits = job->alloc->take(job->alloc, size);
    if (splits == NULL) {
        weir__job_starve(job, size);
        return false;
    }
    for (size_t n = 0; n < count; n++)
        (void)weir_reader_split(job->reader, n, &splits[n]);
    size_t need = weir_splits_encode(splits, count, NULL, 0);
    bool fits = weir__blob_reserve(job, &job->splits, need);
    if (fits)
        job->splits.len = weir_splits_encode(splits, count, job->splits.p, job->splits.cap);
    job->alloc->give(job->alloc, splits, size);
    return fits;
}

static bool changed(const weir_job *job) {
    return job->splits.len != job->before.len || memcmp(job->splits.p, job->before.p, job->splits.len) != 0;
}

static void ended(weir_job *job) {
    job->state = WEIR__JOB_ENDED;
    job->end = job->at_end ? WEIR_JOB_FINISHED : WEIR_JOB_STOPPED;
}

void weir__job_checkpoint(weir_job *job) {
    if (weir_sink_uncommitted(job->sink) > 0)
        return; /* the answer of the commit brings the job back here */
    job->checkpoint_next = job->now + job->config->checkpoint_interval_ms * 1000;
    if (!encode_splits(job))
        return;
    job->last = job->stop_asked || job->at_end;
    if (!changed(job) && (!job->at_end || job->finished_stored)) {
        job->with_committables = false;
        if (job->last)
            job->state = WEIR__JOB_DRAINING;
        return;
    }
    job->checkpoint_begun = job->now;
    job->number++;
    job->state = WEIR__JOB_PREPARING;
}

/* One checkpoint prepares one transaction, and begins when those before it are committed. */
#define COMMITTABLES_MAX 1

static bool encode_file(weir_job *job) {
    weir_committable committables[COMMITTABLES_MAX + 1];
    uint8_t snapshot[COMMITTABLES_MAX * sizeof(weir_committable) + 16];
    size_t count = 0;
    while (weir_sink_committable(job->sink, count, &committables[count]) && count < COMMITTABLES_MAX)
        count++;
    job->with_committables = count > 0;
    weir__checkpoint checkpoint = {
        .number = job->number,
        .ledger = weir_sink_ledger(job->sink),
        .job = weir_str_of(job->config->name),
        .lineage = weir_str_of(job->lineage),
        .finished = job->at_end && count == 0,
        .splits = {job->splits.p, (uint32_t)job->splits.len},
        .before = {job->before.p, (uint32_t)job->before.len},
        .committables = {snapshot, (uint32_t)weir_committables_encode(committables, count, snapshot, sizeof snapshot)},
    };
    size_t need = weir__checkpoint_encode(&checkpoint, NULL, 0);
    if (!weir__blob_reserve(job, &job->file, need))
        return false;
    job->file.len = weir__checkpoint_encode(&checkpoint, job->file.p, job->file.cap);
    return true;
}

weir_err weir__job_preparing(weir_job *job) {
    weir_err err = weir_sink_prepare(job->sink, job->number, job->now);
    if (err == WEIR_AGAIN)
        return WEIR_OK;
    if (err != WEIR_OK) {
        weir__job_fail(job, weir_sink_fault(job->sink));
        return WEIR_END;
    }
    if (encode_file(job))
        job->state = WEIR__JOB_STORING;
    return WEIR_OK;
}

weir_err weir__job_storing(weir_job *job) {
    (void)job; /* until the host says how it went */
    return WEIR_OK;
}

bool weir__job_to_store(const weir_job *job, weir_bytes *bytes) {
    *bytes = (weir_bytes){job->file.p, (uint32_t)job->file.len};
    return job->state == WEIR__JOB_STORING;
}

static void tell(weir_job *job) {
    uint64_t records = weir_sink_count(job->sink)->records_out;
    weir_job_event event = {
        .kind = WEIR_JOB_CHECKPOINT,
        .checkpoint = job->number,
        .records = records - job->records_at_checkpoint,
        .transactions = job->with_committables,
        .milliseconds = (job->now - job->checkpoint_begun) / 1000,
    };
    job->records_at_checkpoint = records;
    weir__job_tell(job, &event);
}

void weir__job_stored(weir_job *job, const weir_fault *failure, weir_time_us now) {
    job->now = now;
    if (failure != NULL) {
        weir__job_fail(job, failure);
        return;
    }
    job->counters.checkpoints++;
    job->counters.last_checkpoint = job->number;
    job->finished_stored = job->at_end && !job->with_committables;
    tell(job);
    if (!weir__blob_set(job, &job->before, (weir_bytes){job->splits.p, (uint32_t)job->splits.len}))
        return;
    weir_sink_commit(job->sink, job->number, now);
    job->state = job->last ? WEIR__JOB_DRAINING : WEIR__JOB_RUNNING;
}

/* Once the last transaction is committed, one more checkpoint says so, and the next start has nothing to settle. */
weir_err weir__job_draining(weir_job *job) {
    weir_err err = weir_sink_flush(job->sink);
    if (err == WEIR_AGAIN || (err == WEIR_OK && weir_sink_uncommitted(job->sink) > 0))
        return WEIR_OK;
    if (err != WEIR_OK) {
        weir__job_fail(job, weir_sink_fault(job->sink));
        return WEIR_END;
    }
    if (!job->with_committables) {
        ended(job);
        return WEIR_END;
    }
    job->checkpoint_begun = job->now;
    job->number++;
    if (encode_file(job))
        job->state = WEIR__JOB_STORING;
    return WEIR_OK;
}
