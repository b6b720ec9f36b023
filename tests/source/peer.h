/* A scripted cluster for tests of the source: up to three brokers that answer ApiVersions, Metadata, ListOffsets,
   OffsetForLeaderEpoch and Fetch (with sessions) in virtual time, over the host's side of a client. No sockets. */
#ifndef WEIR_TESTS_SOURCE_PEER_H
#define WEIR_TESTS_SOURCE_PEER_H

#include <weir/client.h>
#include <weir/messages.h>
#include <weir/proto.h>
#include <weir/record.h>
#include <weir/source.h>

#define PEER_BROKERS 3
#define PEER_LOGS    8
#define PEER_LINKS   16
#define PEER_BATCHES 64

typedef struct peer_log {
    char topic[32];
    weir_uuid id;
    int32_t partition, leader, leader_epoch;
    int64_t start, end, stable; /* first offset, high watermark, last stable offset */
    uint8_t *bytes;
    size_t len, at[PEER_BATCHES + 1];
    int64_t last[PEER_BATCHES]; /* last offset of each batch */
    size_t batches;
    weir_fetch_response_aborted_transaction aborted[8];
    int32_t aborted_count;
    int16_t topic_code;            /* answered to Metadata */
    int16_t fetch_code, list_code; /* answered once to the next Fetch or ListOffsets */
    int32_t diverging_epoch;       /* with diverging_offset >= 0: answered to Fetch */
    int64_t diverging_offset;
    int64_t epoch_end; /* answered to OffsetForLeaderEpoch */
    int32_t fetched;   /* times that a Fetch was about it, listed or in session */
} peer_log;

typedef struct peer_session {
    int32_t id, epoch;               /* epoch of the next request */
    int32_t order[PEER_LOGS], count; /* in which partitions are served: as listed, those just served last */
    bool has[PEER_LOGS];
    int64_t from[PEER_LOGS], told_end[PEER_LOGS];
} peer_session;

typedef struct peer_link {
    bool open;
    int32_t broker;
    uint8_t *in, *out;
    size_t in_len, out_len;
    bool broken;             /* to be closed once `out` has been received */
    weir_time_us held_until; /* the Fetch at the head of `in` is being held back; 0: not looked at */
} peer_link;

typedef struct peer {
    weir_client *client;
    weir_config config;
    weir_budget budget;
    weir_time_us now;
    int16_t fetch_version; /* highest offered */
    bool down[PEER_BROKERS];
    peer_log logs[PEER_LOGS];
    int32_t log_count;
    peer_session sessions[PEER_BROKERS];
    peer_link links[PEER_LINKS];
    int16_t refuse; /* answered once to the next Fetch as a whole */
    size_t cut;     /* the next Fetch response is broken off behind so many bytes; SIZE_MAX: not */
    size_t flip;    /* the byte of the next records to damage, SIZE_MAX: none */
    int32_t flips;  /* how many responses more to damage */
    bool tail;      /* append the head of the next batch where records are cut at a limit */
    int32_t session_errors;
    int32_t fetches[PEER_BROKERS], full_fetches, epoch_questions;
    int32_t listed, forgotten; /* in the last Fetch */
    size_t bytes_sent[PEER_BROKERS];
} peer;

/* What distinguishes a batch; zero is a plain one. */
typedef struct peer_batch {
    int64_t producer_id; /* 0: none */
    bool transactional;
    int8_t marker; /* 'A' abort, 'C' commit: a control batch */
    int compression;
    int32_t value_size; /* 0: 10 */
} peer_batch;

void peer_init(peer *p);
/* Makes the client; after changes to p->config. */
void peer_connect(peer *p);
void peer_free(peer *p);
peer_log *peer_add_log(peer *p, const char *topic, int32_t partition, int32_t leader);
/* Appends one batch of `count` records and moves end and stable behind it. */
void peer_append(peer_log *log, int32_t count, peer_batch how);
/* Makes offsets [end, end + count) a hole. */
void peer_skip(peer_log *log, int64_t count);
/* Exchanges bytes until nothing moves, in no time. */
void peer_settle(peer *p);
/* Lets time pass until the client or a held response is due, at most `limit`. */
void peer_wait(peer *p, weir_time_us limit);

#endif
