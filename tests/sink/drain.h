/* A sink on a scripted cluster: opening it, writing numbered records, checkpoints. */
#ifndef WEIR_TESTS_SINK_DRAIN_H
#define WEIR_TESTS_SINK_DRAIN_H

#include <string.h>

#include <weir/sink.h>

#include "peer.h"

#define SECOND 1000000

typedef struct drain {
    peer peer;
    weir_sink *sink;
    int32_t partitions;
    int64_t next[PEER_LOGS]; /* key of the next record of a partition */
    uint32_t value_size;     /* bytes of the records' values */
    weir_time_us step;       /* the longest wait at once; 0: a second */
    const char *prefix, *lineage;
    uint64_t restored;
    uint64_t ledger; /* what the restored checkpoint says of the ledger */
    const weir_committable *committables;
    size_t committable_count;
} drain;

/* A cluster with topic "t", its partitions spread over the brokers. Nothing is connected. */
void drain_init(drain *d, int32_t partitions);
void drain_free(drain *d);
/* Makes client and sink as d->peer.config and the members of `d` say; returns what weir_sink_new did. */
weir_err drain_new(drain *d);
/* Frees sink and client, as a crash does; the cluster goes on. */
void drain_crash(drain *d);
/* Opens the sink; WEIR_AGAIN when that takes longer than two minutes. */
weir_err drain_open(drain *d);
/* Makes and opens a sink; fails unless that succeeds. */
void drain_start(drain *d);
/* The same on a cluster with a transaction version. */
void drain_start_under(drain *d, int16_t transaction_version);
/* Sends `count` records to a partition; waits for room. Returns the first error, WEIR_AGAIN after two minutes. */
weir_err drain_send(drain *d, int32_t partition, int32_t count);
weir_err drain_prepare(drain *d, uint64_t checkpoint);
/* Commits and waits until nothing is uncommitted or the sink has failed. */
weir_err drain_commit(drain *d, uint64_t checkpoint);
/* Both, which must succeed. */
void drain_checkpoint(drain *d, uint64_t checkpoint);
weir_err drain_abort(drain *d);
/* Lets time pass. */
void drain_pass(drain *d, weir_time_us time);
/* How many committables there are, the first of them in *first. */
size_t drain_committables(const drain *d, weir_committable *first);

#define ck_assert_fault(d, part)                                                                                       \
    ck_assert_msg(strstr(weir_sink_fault((d)->sink)->text, part) != NULL, "fault: %s", weir_sink_fault((d)->sink)->text)
#define ck_assert_ok(d, expr)                                                                                          \
    do {                                                                                                               \
        weir_err ok = (expr);                                                                                          \
        ck_assert_msg(ok == WEIR_OK, "%s: %s", weir_err_name(ok), weir_sink_fault((d)->sink)->text);                   \
    } while (0)

#endif
