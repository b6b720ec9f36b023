/* A scripted cluster for tests: up to three brokers in virtual time, over the host's side of one or two clients. No
   sockets. By itself it does what Kafka does, in small (fetch sessions, sequence numbers, transactions, one ledger
   offset); a script of rules makes it fail at the n-th request of an API. */
#ifndef WEIR_TESTS_SUPPORT_PEER_H
#define WEIR_TESTS_SUPPORT_PEER_H

#include <weir/client.h>
#include <weir/messages.h>
#include <weir/proto.h>
#include <weir/record.h>
#include <weir/source.h>

#include "failing.h"

#define PEER_BROKERS 3
#define PEER_LOGS    40
#define PEER_CLIENTS 2
#define PEER_LINKS   16 /* of each client */
#define PEER_BATCHES 64
#define PEER_RULES   16
#define PEER_SEEN    4096
#define PEER_TXNS    16
#define PEER_WRITTEN 16384
#define PEER_KEYS    96 /* API keys */

/* ---- scripted faults ---- */
typedef enum peer_what {
    PEER_CODE,        /* refused with the error code `value`; nothing takes effect */
    PEER_CODE_AFTER,  /* takes effect, but is answered with the error code `value` */
    PEER_DROP,        /* takes effect, but the link breaks before the answer */
    PEER_REFUSE,      /* the link breaks, nothing takes effect */
    PEER_CUT,         /* the link breaks behind `value` bytes of the answer */
    PEER_HOLD,        /* answered `value` microseconds later */
    PEER_MUTE,        /* neither this request nor any later one on the link is answered */
    PEER_TWICE,       /* the answer comes a second time */
    PEER_CORRELATION, /* the answer has another correlation id */
    PEER_RAW,         /* instead of an answer come the `value` bytes at `raw` */
    PEER_THROTTLE     /* the answer asks for a pause of `value` milliseconds, where it can say so */
} peer_what;

typedef struct peer_rule {
    int16_t api;
    int32_t nth;   /* of the API's requests from now on, 1: the next */
    int32_t times; /* how many requests in a row; 0: the rule is used up */
    peer_what what;
    int64_t value;
    const char *raw;
    int32_t partition; /* of PEER_CODE in Produce: the only partition that is refused; -1: all */
} peer_rule;

/* A request as it came, to be looked for afterwards. */
typedef struct peer_seen {
    weir_time_us at;
    int16_t api, version;
    int32_t broker;
    char text[64]; /* the transactional id or group, and what else matters */
} peer_seen;

/* A batch as it came in a Produce request, written or not. */
typedef struct peer_attempt {
    int32_t log;
    int64_t producer_id;
    int16_t epoch;
    int32_t sequence, records;
    uint32_t size, sum; /* of the batch's bytes; sum: CRC-32C over all of them */
    int16_t code;       /* what it was answered with */
    int compression;
    int8_t magic;
    weir_time_us at;
} peer_attempt;

/* A record that was appended. Keys are decimal numbers. */
typedef struct peer_record {
    int32_t log;
    int64_t key;
    uint32_t value_len;
    int32_t txn; /* index of its transactional id, -1 none */
    bool open, aborted;
} peer_record;

/* What a partition's leader remembers of a producer. */
typedef struct peer_producer {
    bool used;
    int64_t id;
    int16_t epoch;
    int32_t next;
    int32_t first[5], count[5]; /* the last five batches */
    int32_t at;
} peer_producer;

typedef struct peer_txn {
    char id[256];
    int64_t producer_id;
    int16_t epoch, last_epoch; /* last_epoch: of the transaction that was ended last */
    const char *state;         /* "Empty", "Ongoing", "CompleteCommit", "CompleteAbort" */
    bool in[PEER_LOGS];        /* partitions that are part of it */
    bool group;                /* the ledger group is part of it */
    bool offset_open;
    int64_t offset;
    char metadata[1024];
    int32_t commits, aborts;
} peer_txn;

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
    bool hidden;       /* not in metadata */
    peer_producer producers[8];
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
    bool broken;               /* to be closed once `out` has been received */
    weir_time_us held_until;   /* the Fetch at the head of `in` is being held back; 0: not looked at */
    weir_time_us silent_until; /* nothing is answered before */
} peer_link;

typedef struct peer {
    weir_client *client, *other; /* other: NULL if there is only one */
    weir_config config;
    failing_alloc memory;
    weir_budget budget; /* around memory */
    uint64_t seed;
    weir_time_us now;
    weir_fault told; /* the last trouble the first client spoke of; it forgets when a connection is usable again */
    int16_t fetch_version;    /* highest offered */
    bool down[PEER_BROKERS];  /* connections are refused, and those that are open break */
    bool stuck[PEER_BROKERS]; /* connecting comes to no end */
    size_t chunk;             /* bytes moved at once; 0: all */
    peer_log logs[PEER_LOGS];
    int32_t log_count;
    peer_session sessions[PEER_BROKERS];
    peer_link links[PEER_CLIENTS * PEER_LINKS];
    int16_t refuse; /* answered once to the next Fetch as a whole */
    size_t cut;     /* the next Fetch response is broken off behind so many bytes; SIZE_MAX: not */
    size_t flip;    /* the byte of the next records to damage, SIZE_MAX: none */
    int32_t flips;  /* how many responses more to damage */
    bool tail;      /* append the head of the next batch where records are cut at a limit */
    int32_t session_errors;
    int32_t fetches[PEER_BROKERS], full_fetches, epoch_questions;
    int32_t listed, forgotten; /* in the last Fetch */
    size_t bytes_sent[PEER_BROKERS];

    int16_t offered[PEER_KEYS]; /* highest version of each API; -1: none */
    int16_t transaction_version;
    int32_t coordinator, controller; /* the broker that is it */
    bool unlisted[PEER_BROKERS];     /* up, but not in metadata */
    bool moved[PEER_BROKERS];        /* metadata names another port */
    bool moved_down;                 /* nobody listens at those other ports */
    const char *max_message_bytes, *max_timeout_ms;
    bool offset_waits; /* whether OffsetFetch with require_stable is held back by open transactions */

    peer_rule rules[PEER_RULES];
    peer_rule *rule; /* of the request that is being answered, NULL none */
    int32_t requests[PEER_KEYS];
    int32_t opens[PEER_BROKERS];
    weir_time_us opened_at[256];
    int32_t open_count;
    peer_seen seen[PEER_SEEN];
    int32_t seen_count;
    peer_attempt attempts[PEER_SEEN];
    int32_t attempt_count;

    peer_txn txns[PEER_TXNS];
    int32_t txn_count;
    int64_t next_producer_id;
    int64_t ledger_offset; /* -1 none */
    char ledger_metadata[1024];
    peer_record written[PEER_WRITTEN];
    int32_t written_count;
} peer;

/* What distinguishes a batch; zero is a plain one. */
typedef struct peer_batch {
    int64_t producer_id; /* 0: none */
    bool transactional;
    int8_t marker; /* 'A' abort, 'C' commit: a control batch */
    int compression;
    int32_t value_size; /* 0: 10 */
    int8_t old_format;  /* a message set: 1 + its magic; 0: none */
} peer_batch;

void peer_init(peer *p);
/* Makes the cluster one of Kafka 0.10.0. */
void peer_make_old(peer *p);
/* Makes the client; after changes to p->config. */
void peer_connect(peer *p);
/* Frees the client, if it is there, and checks that no memory is left. */
void peer_free(peer *p);
/* What a broker knows outlives a client: takes the client away, and its links. */
void peer_disconnect(peer *p);
/* The next request of an API, or the n-th from now, fails as the rule says; its other members may be set then. */
peer_rule *peer_script(peer *p, int16_t api, int32_t nth, peer_what what, int64_t value);
/* How many requests of an API have come, and the n-th of them (NULL past the last). */
int32_t peer_count(const peer *p, int16_t api);
const peer_seen *peer_request(const peer *p, int16_t api, int32_t n);
/* The transactional id as the coordinator knows it; made when `make` is set, else NULL if unknown. */
peer_txn *peer_txn_of(peer *p, const char *id, bool make);
/* Ends a transaction on the broker's side, as a time-out does (epoch bumped, CompleteAbort). */
void peer_txn_expire(peer *p, peer_txn *txn);
/* Records of a partition that readers of committed data see. */
int32_t peer_committed(const peer *p, int32_t log);
/* Fails unless the committed records of a partition are exactly the keys first .. first + count - 1, in order. */
void peer_check_keys(const peer *p, int32_t log, int64_t first, int32_t count);
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
