/* The coordinators' seats, and the transaction coordinator. Private to src/model. */
#ifndef WEIR_SRC_MODEL_TXN_H
#define WEIR_SRC_MODEL_TXN_H

#include "cluster.h"

#define WEIR__OFFSETS_TOPIC "__consumer_offsets"

/* ---- seats: who coordinates ---- */
/* One partition of a coordinators' topic. */
typedef struct weir__seat {
    int32_t broker;             /* -1: nobody */
    int32_t epoch;              /* goes up with every move */
    weir_time_us loading_until; /* the coordinator knows nothing before */
} weir__seat;

/* The partition of the coordinators' topics that a key belongs to: Java's String.hashCode, as Kafka spreads ids. */
int32_t weir__key_partition(const weir__model *model, weir_str key);
weir__seat *weir__seat_of(const weir__model *model, bool transactions, weir_str key);
/* WEIR_CODE_NONE when the broker coordinates the key and is ready; NOT_COORDINATOR or COORDINATOR_LOAD_IN_PROGRESS. */
int16_t weir__seat_check(const weir__model *model, bool transactions, weir_str key, int32_t broker, weir_time_us now);

/* ---- transactions ---- */
typedef enum weir__txn_state {
    WEIR__TXN_EMPTY,
    WEIR__TXN_ONGOING,
    WEIR__TXN_PREPARE_COMMIT,
    WEIR__TXN_PREPARE_ABORT,
    WEIR__TXN_COMPLETE_COMMIT,
    WEIR__TXN_COMPLETE_ABORT,
    WEIR__TXN_STATES
} weir__txn_state;

/* A partition that is part of a transaction; groups are by their partition of WEIR__OFFSETS_TOPIC. */
typedef struct weir__txn_part {
    char *topic; /* owned */
    int32_t partition;
} weir__txn_part;

/* A transactional id, as Kafka's TransactionMetadata. */
typedef struct weir__txn {
    char *id;          /* owned */
    int32_t partition; /* of the coordinators' topic */
    weir__txn_state state;
    int64_t producer_id, previous_producer_id; /* the previous one: before the last transition */
    int64_t next_producer_id;                  /* taken over when the transaction is complete; -1 none */
    int16_t epoch, last_epoch; /* epoch -1: never initialized; last_epoch: before the last bump, or -1 */
    int32_t timeout_ms;
    weir_time_us started; /* of the last transaction; -1: there was none since the id was initialized */
    weir_time_us updated;
    weir_time_us markers_at; /* when the next marker is due; in the Prepare states */
    weir__txn_part *parts;
    size_t part_count, part_cap;
} weir__txn;

struct weir__txns {
    weir__seat *seats[2]; /* of groups, of transactions */
    weir__txn **items;    /* in the order of creation */
    size_t count, cap;
    int64_t next_producer_id;
    weir_time_us expiry_at; /* when ids that nobody used are looked for */
};

/* NULL when the id is not known. */
weir__txn *weir__txns_find(const weir__model *model, weir_str id);
/* A new id, in Empty without an epoch; NULL: no memory. */
weir__txn *weir__txn_create(weir__model *model, weir_str id, int64_t producer_id, weir_time_us now);
/* Kafka's name of a state. */
const char *weir__txn_state_name(weir__txn_state state);
/* Whether the epoch is the last that may be handed out. */
bool weir__txn_exhausted(int16_t epoch);
bool weir__txn_has(const weir__txn *txn, weir_str topic, int32_t partition);
/* Adds a partition that is not there yet; false: no memory. */
bool weir__txn_add_part(weir__model *model, weir__txn *txn, weir_str topic, int32_t partition);
void weir__txn_drop_part(weir__model *model, weir__txn *txn, size_t n);
/* The coordinator's answer to adding a partition: WEIR_CODE_NONE if that may be done. */
int16_t weir__txn_may_add(const weir__txn *txn, int64_t producer_id, int16_t epoch);
/* Enters a transaction that is about to get a partition. */
void weir__txn_begin(weir__model *model, weir__txn *txn, weir_time_us now);

/* Why a transaction ends. */
typedef enum weir__txn_end {
    WEIR__TXN_END_OLD,  /* EndTxn below version 5: the epoch stays */
    WEIR__TXN_END_BUMP, /* EndTxn of transaction version 2: with the next epoch */
    WEIR__TXN_END_FENCE /* its producer is fenced: by a time-out or a newer instance */
} weir__txn_end;

/* Decides the transaction: Prepare now, markers later. */
void weir__txn_decide(weir__model *model, weir__txn *txn, bool commit, weir__txn_end how, weir_time_us now);
/* What the producer goes on with after a decision. */
int64_t weir__txn_client_id(const weir__txn *txn);
int16_t weir__txn_client_epoch(const weir__txn *txn);
/* Writes the markers that are due; the transaction is complete with the last. */
void weir__txn_write_markers(weir__model *model, weir__txn *txn, weir_time_us now);

/* ---- requests ---- */
weir__handled weir__serve_find_coordinator(weir__exchange *e);
weir__handled weir__serve_init_producer_id(weir__exchange *e);
weir__handled weir__serve_add_partitions_to_txn(weir__exchange *e);
weir__handled weir__serve_add_offsets_to_txn(weir__exchange *e);
weir__handled weir__serve_end_txn(weir__exchange *e);
weir__handled weir__serve_write_txn_markers(weir__exchange *e);
weir__handled weir__serve_describe_transactions(weir__exchange *e);
weir__handled weir__serve_list_transactions(weir__exchange *e);

#endif
