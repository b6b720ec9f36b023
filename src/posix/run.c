/* The host of a job: lock, checkpoint files, and its clients' I/O. When to start, store and end is told by the job's
   lives. */

#include <weir/job.h>
#include <weir/posix.h>

#include "lives.h"
#include "store.h"

typedef struct run {
    weir_budget budget;
    weir__store *store;
    weir_posix *posix; /* of the present life, NULL none */
    weir__lives lives;
} run;

static weir_err connections_make(run *r) {
    weir_err err = weir_posix_new(&r->posix, &r->budget.alloc);
    for (int n = 0; err == WEIR_OK && n < 2; n++)
        err = weir_posix_add(r->posix, weir__job_client(r->lives.job, n));
    return err;
}

static void connections_drop(run *r) {
    if (r->posix != NULL)
        weir_posix_free(r->posix);
    r->posix = NULL;
}

static void restore(run *r) {
    weir__stored files[2];
    weir_fault fault;
    connections_drop(r);
    if (weir__store_load(r->store, files, &fault) != WEIR_OK) {
        weir__lives_fail(&r->lives, &fault);
        return;
    }
    weir_bytes views[2] = {{files[0].p, files[0].len}, {files[1].p, files[1].len}};
    weir__lives_restore(&r->lives, views, weir__store_dir(r->store));
    weir__store_free_loaded(r->store, files);
    if (r->lives.job != NULL && connections_make(r) != WEIR_OK) {
        weir_fault_set(&fault, WEIR_E_NO_MEMORY, "no memory for the job's connections");
        weir__lives_fail(&r->lives, &fault);
    }
}

static void store(run *r) {
    weir_bytes bytes;
    weir_fault fault;
    (void)weir__job_to_store(r->lives.job, &bytes);
    bool stored = weir__store_save(r->store, r->lives.slot, bytes, &fault) == WEIR_OK;
    weir__lives_stored(&r->lives, stored ? NULL : &fault, weir_posix_now());
    (void)weir_posix_step(r->posix, INT64_MIN);
}

static void live(run *r) {
    for (;;) {
        switch (weir__lives_next(&r->lives, weir_posix_now())) {
        case WEIR__WANT_RESTORE:
            restore(r);
            break;
        case WEIR__WANT_IO:
            (void)weir_posix_step(r->posix, r->lives.until);
            break;
        case WEIR__WANT_STORE:
            store(r);
            break;
        default:
            connections_drop(r);
            return;
        }
    }
}

weir_err weir_job_run(const weir_job_config *config, weir_job_result *result) {
    run r = {0};
    weir_alloc *inner = config->alloc != NULL ? config->alloc : weir_posix_malloc();
    weir_budget_init(&r.budget, inner, config->memory_budget);
    weir__lives_init(&r.lives, config, result, &r.budget.alloc, weir_posix_seed());
    weir_err err = weir__store_open(&r.store, &r.budget.alloc, config->checkpoint_dir, config->name, &result->fault);
    if (err != WEIR_OK) {
        result->end = WEIR_JOB_FAILED;
        return err;
    }
    live(&r);
    weir__store_close(r.store);
    return result->fault.err;
}
