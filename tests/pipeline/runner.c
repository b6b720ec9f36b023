#include "runner.h"

#include "checks.h"

static void on_event(const weir_job_event *event, void *user) {
    runner *r = user;
    switch (event->kind) {
    case WEIR_JOB_STARTED:
        r->started++;
        r->restored_checkpoint = event->restored_checkpoint;
        ck_assert_uint_ge(event->partitions, 1);
        break;
    case WEIR_JOB_RECOVERED:
        r->recovered++;
        r->recovery = *event->recovery;
        break;
    case WEIR_JOB_CHECKPOINT:
        r->checkpoints++;
        r->transactions += event->transactions;
        r->records += event->records;
        break;
    case WEIR_JOB_LOSS:
        r->losses++;
        r->loss_from = event->from_offset;
        r->loss_partition = event->partition;
        break;
    case WEIR_JOB_WARNING:
        r->warnings++;
        break;
    }
}

void runner_init(runner *r, int32_t in, int32_t out) {
    memset(r, 0, sizeof *r);
    peer_init(&r->peer);
    weir_job_config_init(&r->config);
    r->config.name = "job";
    r->config.from = "in";
    r->config.to = "out";
    r->config.stop = WEIR_STOP_LATEST;
    r->config.checkpoint_interval_ms = 100;
    memcpy(r->config.source.bootstrap_servers, "b0:9000", 8);
    memcpy(r->config.sink.bootstrap_servers, "b0:9000", 8);
    r->config.source.fetch_max_bytes = r->config.source.max_partition_fetch_bytes = 2048;
    r->config.on_event = on_event;
    r->config.user = r;
    r->partitions = in;
    for (int32_t n = 0; n < in; n++)
        (void)peer_add_log(&r->peer, "in", n, n % PEER_BROKERS);
    for (int32_t n = 0; n < out; n++)
        (void)peer_add_log(&r->peer, "out", n, (n + 1) % PEER_BROKERS);
    r->peer.config.max_partition_fetch_bytes = 2048;
}

void runner_crash(runner *r) {
    if (r->job != NULL)
        weir__job_free(r->job);
    r->job = NULL;
    r->peer.client = r->peer.other = NULL;
    peer_disconnect(&r->peer);
    memset(r->peer.sessions, 0, sizeof r->peer.sessions);
}

void runner_free(runner *r) {
    runner_crash(r);
    peer_free(&r->peer);
}

static weir_err choose(const runner *r, weir__choice *choice, weir_fault *fault) {
    weir_bytes files[2];
    for (int n = 0; n < 2; n++)
        files[n] = (weir_bytes){r->file_len[n] > 0 ? r->files[n] : NULL, (uint32_t)r->file_len[n]};
    return weir__checkpoint_choose(files, "job", "memory", choice, fault);
}

weir__checkpoint runner_checkpoint(const runner *r) {
    weir__choice choice;
    weir_fault fault;
    ck_assert_int_eq(choose(r, &choice, &fault), WEIR_OK);
    ck_assert(choice.found && !choice.fallback);
    return choice.checkpoint;
}

weir_err runner_new(runner *r) {
    weir__choice choice;
    weir_fault_clear(&r->fault);
    weir_err err = choose(r, &choice, &r->fault);
    if (err == WEIR_OK)
        err = weir__job_new(&r->job, &r->config, &r->peer.budget.alloc, &choice, ++r->seed, &r->fault);
    if (err != WEIR_OK) {
        r->job = NULL;
        return err;
    }
    r->peer.client = weir__job_client(r->job, 0);
    r->peer.other = weir__job_client(r->job, 1);
    return WEIR_OK;
}

static void store(runner *r, weir_bytes bytes) {
    weir__checkpoint checkpoint;
    weir_fault failure;
    const char *why;
    bool fails = ++r->stores == r->fail_store;
    ck_assert_msg(weir__checkpoint_decode(bytes, &checkpoint, &why) == WEIR_OK, "%s", why);
    ck_assert_uint_le(bytes.len, RUNNER_FILE);
    size_t slot = checkpoint.number % 2;
    if (!fails || r->stored_after_all) {
        memcpy(r->files[slot], bytes.p, bytes.len);
        r->file_len[slot] = bytes.len;
    }
    weir_fault_set(&failure, WEIR_E_STORE, "no space left on device");
    weir__job_stored(r->job, fails ? &failure : NULL, r->peer.now);
}

static int64_t requests(const runner *r) {
    int64_t sum = 0;
    for (int n = 0; n < PEER_KEYS; n++)
        sum += r->peer.requests[n];
    return sum;
}

bool runner_step(runner *r) {
    weir_bytes bytes;
    int64_t before = requests(r);
    weir_err err = weir__job_step(r->job, r->peer.now);
    if (err == WEIR_END)
        return false;
    peer_settle(&r->peer);
    if (weir__job_to_store(r->job, &bytes)) {
        store(r, bytes);
        return true;
    }
    if (err == WEIR_AGAIN || requests(r) != before)
        return true; /* there may be more to do at once */
    weir_time_us due = weir__job_deadline(r->job), most = r->peer.now + SECOND;
    peer_wait(&r->peer, due > most ? SECOND : due > r->peer.now ? due - r->peer.now : 1);
    return true;
}

weir_job_end runner_run(runner *r) {
    weir_time_us until = r->peer.now + 600 * (weir_time_us)SECOND;
    r->crashed = false;
    for (r->steps = 0; runner_step(r); r->steps++) {
        ck_assert_msg(r->peer.now < until, "the job does not end: %s", weir__job_trouble(r->job)->text);
        if (r->crash_at > 0 && r->steps == r->crash_at) {
            r->crashed = true;
            return WEIR_JOB_FAILED;
        }
    }
    r->fault = *weir__job_fault(r->job);
    if (weir__job_end(r->job) == WEIR_JOB_FAILED)
        for (int n = 0; n < 1000 && weir__job_abort(r->job, r->peer.now) == WEIR_AGAIN; n++) {
            peer_settle(&r->peer);
            peer_wait(&r->peer, SECOND);
        }
    return weir__job_end(r->job);
}

weir_job_end runner_life(runner *r) {
    weir_err err = runner_new(r);
    ck_assert_msg(err == WEIR_OK, "%s: %s", weir_err_name(err), r->fault.text);
    weir_job_end end = runner_run(r);
    runner_crash(r);
    return end;
}

void runner_feed(runner *r, int32_t partition, int32_t count) {
    for (; count > 0; count -= 5)
        peer_append(&r->peer.logs[partition], count < 5 ? count : 5, (peer_batch){.value_size = 50});
}

void runner_check(const runner *r) {
    for (int32_t n = 0; n < r->partitions; n++)
        peer_check_keys(&r->peer, r->partitions + n, 0, (int32_t)r->peer.logs[n].end);
}
