/* A sink's own data, and what its files offer each other. */
#ifndef WEIR_SRC_SINK_STATE_H
#define WEIR_SRC_SINK_STATE_H

#include <weir/sink.h>

#include "cluster.h"
#include "codec.h"
#include "text.h"

/* Requests in flight to one broker. A broker remembers the last 5 batches of a producer in a partition (KIP-98), and a
   request holds at most one batch of a partition. */
#define WEIR__IN_FLIGHT_MAX       5
#define WEIR__LEDGER_METADATA_MAX 1024

typedef struct weir__sink_topic weir__sink_topic;
typedef struct weir__sink_partition weir__sink_partition;
typedef struct weir__produce weir__produce;
typedef struct weir__txn weir__txn;

/* A batch: open while records are appended, then closed, with its sequence number and its bytes fixed until the broker
   has given a definite answer. */
typedef struct weir__sink_batch {
    weir__list node; /* in the partition's queue, once closed */
    weir__sink_partition *partition;
    weir_batch_writer writer;
    uint8_t *memory;
    size_t size;
    weir_records bytes; /* in the old format null until the batch is due, see weir__batch_rewrite */
    uint32_t records;
    bool in_flight;
    bool first; /* of its producer id and epoch */
    weir_time_us opened_at;
} weir__sink_batch;

/* Sequence numbers count per producer id and epoch. */
typedef struct weir__sequence {
    int64_t producer_id;
    int16_t producer_epoch;
    int32_t next;
} weir__sequence;

struct weir__sink_partition {
    weir__sink_topic *topic;
    int32_t index;
    weir__sink_batch *open;
    weir__list queue;   /* closed batches in order of sequence */
    uint32_t in_flight; /* of them */
    bool rewind;        /* a batch came back: nothing is sent until all in flight have come back */
    uint32_t failures;
    weir_time_us not_before;
    weir__sequence *sequences; /* of each id of the pool in turn: below transaction version 2 its epoch stays, and the
                                  broker goes on counting; without transactions there is one */
    uint64_t added_to; /* serial of the transaction that this partition was added to (transaction versions 0 and 1) */
};

struct weir__sink_topic {
    weir_sink *sink;
    weir__topic *topic;
    int32_t partition_count;
    weir__sink_partition *partitions;
    weir__sequence *sequences; /* those of all partitions */
    int64_t max_message_bytes; /* of the topic's configuration; 0 unknown */
};

/* ---- transactions ---- */
typedef enum weir__txn_state {
    WEIR__TXN_NEW,      /* nothing has been asked yet */
    WEIR__TXN_SETTLING, /* a committable of a checkpoint: is it committed, can it be? */
    WEIR__TXN_INIT,     /* InitProducerId is under way: fences and aborts what was before */
    WEIR__TXN_READY,
    WEIR__TXN_OPEN,       /* records are part of it */
    WEIR__TXN_PREPARING,  /* flushing; the ledger offset is on its way */
    WEIR__TXN_PREPARED,   /* only EndTxn is missing */
    WEIR__TXN_COMMITTING, /* EndTxn(commit) is under way: only the same verb may be repeated */
    WEIR__TXN_ABORTING,   /* its records are being dropped */
    WEIR__TXN_FAILED,     /* of no further use */
    WEIR__TXN_STATES
} weir__txn_state;

struct weir__txn {
    weir_sink *sink;
    weir__list node; /* in sink.extra, for ids beyond the pool */
    char id[WEIR_TRANSACTIONAL_ID_MAX + 24];
    weir__coordinator *coordinator;
    weir__txn_state state;
    uint64_t serial; /* counts transactions begun, to tell one from the next */
    int64_t producer_id;
    int16_t producer_epoch;
    int16_t version; /* the transaction version it runs under */
    uint64_t checkpoint;
    uint64_t records, acknowledged;
    weir_time_us opened_at;                   /* when its first record came */
    weir_time_us initialised_at, accepted_at; /* when the broker gave its epoch, and took that last */
    bool restored;                            /* a committable of the checkpoint that was restored */
    bool lingering;                           /* seen open on the broker, and no checkpoint holds it */
    bool lost;
    bool ledger_begun, ledger_done;
    bool renews;      /* it asks for the epoch after its own, and for no other */
    bool stray;       /* a request with this epoch was sent whose answer never came: a copy of it may still arrive */
    bool asks_ledger; /* settling: the ledger will tell */
    int16_t end_code; /* what EndTxn was refused with; 0: it was not */

    weir__request init, end, describe;
    weir_init_producer_id_request init_message;
    weir_end_txn_request end_message;
    weir_describe_transactions_request describe_message;
    weir_str id_view;
};

/* AddPartitionsToTxn for the transaction that fills (transaction versions 0 and 1). */
typedef struct weir__adder {
    weir__request request;
    weir_add_partitions_to_txn_request message;
    weir_add_partitions_to_txn_request_add_partitions_to_txn_topic *topics;
    int32_t *partitions;
    uint32_t topic_cap, partition_cap;
    uint64_t serial;
} weir__adder;

/* The proof of what was committed: one offset in a group of the subtask, written inside each transaction. */
typedef struct weir__ledger {
    char group[WEIR_TRANSACTIONAL_ID_MAX + 12];
    weir__coordinator *coordinator;
    weir__request add, commit, read;
    weir_add_offsets_to_txn_request add_message;
    weir_txn_offset_commit_request commit_message;
    weir_txn_offset_commit_request_topic commit_topic;
    weir_txn_offset_commit_request_partition commit_partition;
    weir_offset_fetch_request read_message;
    weir_offset_fetch_request_topic read_topic;
    int32_t read_index;
    char metadata[WEIR__LEDGER_METADATA_MAX];
    bool stable; /* the read waits for open transactions on the offset */
    bool read_done;
    uint64_t checkpoint;                   /* newest checkpoint of the lineage known to be committed; 0 none */
    char entry[WEIR__LEDGER_METADATA_MAX]; /* what stands beside it */
    bool foreign;                          /* the newest entry is of another lineage */
} weir__ledger;

/* ---- opening ---- */
typedef enum weir__open_step {
    WEIR__OPEN_TOPICS,   /* metadata of the output topics */
    WEIR__OPEN_LIMITS,   /* DescribeConfigs: what the broker allows */
    WEIR__OPEN_LIST,     /* ListTransactions: what is open under the prefix */
    WEIR__OPEN_LEDGER,   /* what is proven to be committed */
    WEIR__OPEN_FENCE,    /* InitProducerId for every id without a committable */
    WEIR__OPEN_SETTLE,   /* each committable */
    WEIR__OPEN_REFENCE,  /* InitProducerId for the committables' ids */
    WEIR__OPEN_PROOF,    /* nobody has committed meanwhile; and from here on nobody can */
    WEIR__OPEN_PRODUCER, /* InitProducerId without an id (no transactions) */
    WEIR__OPEN_DONE
} weir__open_step;

typedef struct weir__listing weir__listing;

struct weir_sink {
    weir_client *client;
    weir_alloc *alloc;
    weir_config config;
    char prefix[WEIR_TRANSACTIONAL_ID_MAX + 1];
    char lineage[64];
    char ledger_topic[WEIR_TOPIC_MAX + 1];
    int32_t subtask;
    bool transactional;
    bool old_format; /* for brokers before 0.11: message sets of magic 1, no producer id, one batch of a partition in
                        flight */
    weir__worker worker;
    weir_fault fault; /* sticky */

    weir__sink_topic *topics;
    uint32_t topic_count, topic_cap;
    size_t memory_used;
    weir_time_us starved_since; /* since when there is no memory for a batch, and none under way; 0: there is */
    weir_time_us starved_wake;  /* when whoever waits for that is to be told that it is in vain; WEIR_NEVER */
    size_t batch_size;          /* batch.size, or less where the topic allows less */
    weir__list free_batches;    /* of batch_size, to be used again */
    uint32_t open_batches, queued_batches;
    weir_time_us oldest_open; /* no open batch is older, if there is one */

    weir__produce *produces; /* all in flight */
    weir__produce *free_produces;

    weir__txn **pool;
    uint32_t pool_size, current;
    uint64_t serials;
    weir__list extra; /* transactions of ids beyond the pool: fenced at the start, then dropped */
    weir__adder adder;
    weir__ledger ledger;
    uint64_t committed_up_to; /* the newest checkpoint that is durable */
    int64_t producer_id;      /* without transactions */
    int16_t producer_epoch;

    weir__open_step step;
    weir_time_us opened_at, open_until; /* 0: not begun */
    uint64_t restored_checkpoint, restored_ledger;
    uint64_t own_ledger; /* the newest checkpoint that is proven to be committed and this sink's own */
    bool proof_asked;
    bool aborted; /* as asked: nothing more is written */
    bool limits_known, listed;
    weir__request limits;
    weir_str limits_keys[2];
    char limits_broker_id[16];
    weir_describe_configs_request limits_message;
    weir_describe_configs_request_describe_configs_resource *limits_resources;
    weir__listing *listings;
    uint32_t listings_left;
    weir__request producer_init;
    weir_init_producer_id_request producer_message;
    weir_sink_recovery recovery;
    weir_sink_counters counters;
};

/* How many producers the sink has in turn: the pool's, or one without transactions. */
uint32_t weir__sink_producers(const weir_sink *sink);
void *weir__sink_take(weir_sink *sink, size_t size); /* zeroed */
void weir__sink_give(weir_sink *sink, void *p, size_t size);
/* What a refusal comes from or what to do about it, to be appended to the broker's reason; may be empty. */
const char *weir__advice(weir_err err, int16_t code);
/* Keeps the first error; later ones follow from it. */
void weir__sink_fail(weir_sink *sink, weir_err err, int16_t code, const char *fmt, ...) WEIR_PRINTF(4, 5);

/* ---- accumulate.c ---- */
/* Appends a record to a new batch; the open one, if any, is closed. WEIR_AGAIN: no memory; WEIR_E_TOO_LARGE: the sink
   has failed. */
weir_err weir__append_to_new(weir__sink_partition *partition, const weir_record *record, weir_time_us now);
/* The same, to the open batch if it has room. Inline, because it is called for every record. */
static inline weir_err weir__append(weir__sink_partition *partition, const weir_record *record, weir_time_us now) {
    weir_err err = partition->open != NULL ? weir_batch_append(&partition->open->writer, record) : WEIR_AGAIN;
    return err == WEIR_AGAIN ? weir__append_to_new(partition, record, now) : err;
}
/* Closes the open batch of a partition: sequence, header and checksum are final from here on. */
void weir__batch_close(weir__sink_partition *partition);
void weir__batch_free(weir_sink *sink, weir__sink_batch *batch);
void weir__flush(weir_sink *sink);
bool weir__flushed(const weir_sink *sink);
weir_time_us weir__linger_deadline(const weir_sink *sink);
void weir__linger_tick(weir_sink *sink, weir_time_us now);
void weir__batches_free(weir_sink *sink);

/* ---- old_format.c ---- */
/* Takes note of what the broker that was asked for limits speaks. Sets the fault where that is not enough. */
void weir__format_choose(weir_sink *sink, int32_t broker);
/* Makes the bytes of a closed batch: a message set of magic 1 with its records, compressed as configured. WEIR_OK, or
   WEIR_E_NO_MEMORY: the batch is as it was. Else the sink has failed: a record has headers. */
weir_err weir__batch_rewrite(weir_sink *sink, weir__sink_batch *batch);

/* ---- produce.c ---- */
void weir__produce_work(weir_sink *sink, weir_time_us now);
weir_time_us weir__produce_deadline(const weir_sink *sink);
void weir__produces_free(weir_sink *sink);

/* ---- adder.c ---- */
/* Whether a batch of this partition may be sent: it is part of the current transaction on the broker. */
bool weir__partition_added(weir_sink *sink, const weir__sink_partition *partition);
void weir__adder_work(weir_sink *sink, weir_time_us now);
/* Takes the request back: its transaction is being aborted. */
void weir__adder_stop(weir_sink *sink);
void weir__adder_free(weir_sink *sink);

/* ---- txn.c ---- */
extern const char *const weir__txn_state_names[WEIR__TXN_STATES];
bool weir__txn_may(weir__txn_state from, weir__txn_state to);
void weir__txn_enter(weir__txn *txn, weir__txn_state state);
weir__txn *weir__txn_new(weir_sink *sink, weir_str id);
void weir__txn_free(weir__txn *txn);
/* Gives the id a new epoch, whatever the broker knows of it, and aborts what is open. Only for opening and aborting:
   nothing may be written afterwards before the ledger has been looked at, since another instance may have taken over.
 */
void weir__txn_init(weir__txn *txn, weir_time_us now);
void weir__txn_commit(weir__txn *txn, weir_time_us now);
/* Sends InitProducerId without a change of state. In WEIR__TXN_SETTLING, weir__settle_fenced is called then. */
void weir__txn_fence(weir__txn *txn, weir_time_us now);
/* What it means that the broker knows a newer epoch of an open transaction. WEIR_E_ABORTED, go on from the checkpoint:
   the coordinator itself may have raised it after transaction.timeout.ms; or, soon after the epoch was given, an
   InitProducerId of an earlier run that was still under way. That counts only where the ledger would tell if it had
   been another instance that has committed since. Else WEIR_E_FENCED: it was another instance. */
weir_err weir__txn_fenced(const weir__txn *txn, weir_time_us now);
/* Commits the oldest prepared transaction whose checkpoint is durable, unless another one is still being committed or
   could not be: the ledger's entry proves every checkpoint up to its own only if they are committed in order. */
void weir__txn_commit_next(weir_sink *sink, weir_time_us now);
/* The transaction that records go into now. */
static inline weir__txn *weir__txn_current(const weir_sink *sink) {
    return sink->pool[sink->current];
}

/* ---- settle.c ---- */
/* Finds out what became of a prepared transaction, and commits it if that is still to be done: the ledger first, then
   DescribeTransactions, then EndTxn. `end_code`: what EndTxn was refused with, 0 when it was not sent yet. */
void weir__settle(weir__txn *txn, int16_t end_code, weir_time_us now);
/* The id of a transaction that is being settled has a new epoch. */
void weir__settle_fenced(weir__txn *txn, weir_time_us now);
/* The ledger has been read: transactions whose outcome hangs on it are decided. */
void weir__settle_by_ledger(weir_sink *sink, weir_time_us now);

/* ---- ledger.c ---- */
weir_err weir__ledger_start(weir_sink *sink);
/* Writes the ledger offset of a transaction's checkpoint into the transaction; sets txn->ledger_done. */
void weir__ledger_write(weir__txn *txn, weir_time_us now);
/* Reads the ledger; `stable` waits until no transaction is open on it, so that what is not there is not committed. */
void weir__ledger_read(weir_sink *sink, bool stable, weir_time_us now);
void weir__ledger_stop(weir_sink *sink);
/* The transaction, which is still as it was prepared, is known to be committed. */
void weir__ledger_own(const weir__txn *txn);
/* Whether what is known of the ledger proves that this transaction was committed: its own entry, or a later one. */
bool weir__ledger_proves(const weir__txn *txn);

/* ---- limits.c, listing.c: steps of opening; WEIR_AGAIN, WEIR_OK or an error ---- */
weir_err weir__limits_step(weir_sink *sink, weir_time_us now);
void weir__limits_free(weir_sink *sink);
weir_err weir__listing_step(weir_sink *sink, weir_time_us now);
void weir__listings_free(weir_sink *sink);
/* Whether an id is one of PREFIX-<subtask>-<number>. */
bool weir__id_of_prefix(weir_str id, weir_str prefix);
/* The transaction with an id, in the pool or beyond; NULL none. */
weir__txn *weir__txn_find(weir_sink *sink, weir_str id);

#endif
