/* What the parts of the model share: a request on its way through, and what the logs and the coordinators ask of each
   other. Each part keeps its data in a header of its own: log.h, group.h, txn.h. */
#ifndef WEIR_SRC_MODEL_STATE_H
#define WEIR_SRC_MODEL_STATE_H

#include "model.h"

/* ---- a request on its way ---- */
typedef struct weir__exchange {
    weir__model *model;
    int32_t broker, connection;
    weir_request_header header;
    const void *request; /* the API's request struct */
    void *response;      /* the API's response struct, at its defaults: to be filled */
    weir_arena *arena;   /* for arrays and texts of the response */
    weir_time_us now;
    weir_time_us *due;   /* of a held request: when it is to be asked again at the latest; WEIR_NEVER at first */
    int32_t throttle_ms; /* what the answer will say of throttling; set in it afterwards */
    bool again;          /* it was held before */
} weir__exchange;

typedef enum weir__handled {
    WEIR__ANSWERED,
    WEIR__HELD,    /* asked again after the next change of the model, and when *due has come */
    WEIR__SILENT,  /* there is no answer (Produce with acks 0) */
    WEIR__NO_ROOM, /* the arena is used up and nothing has taken effect yet: asked again with a larger one */
    WEIR__CLOSED   /* the connection is to be closed */
} weir__handled;

typedef weir__handled (*weir__handler)(weir__exchange *e);

/* Notes that something has changed, so that held requests are asked again. */
void weir__model_changed(weir__model *model);

/* ---- what the coordinators ask of the logs ---- */
typedef struct weir__log weir__log; /* a partition */

/* The partition of that name, NULL if there is none. */
weir__log *weir__log_find(weir__model *model, weir_str topic, int32_t partition);
/* The broker that leads the partition now; -1 none. */
int32_t weir__log_leader(const weir__log *log);
/* Appends the marker that ends the producer's transaction in the partition: WEIR_CODE_NONE, INVALID_PRODUCER_EPOCH,
   TRANSACTION_COORDINATOR_FENCED, KAFKA_STORAGE_ERROR (no memory). A deleted partition has none to append. */
int16_t weir__log_end_transaction(weir__log *log, int64_t producer_id, int16_t producer_epoch, bool commit,
                                  int32_t coordinator_epoch, weir_time_us now);

/* ---- what the logs ask of the transaction coordinator ---- */
/* Whether a transactional batch may be appended (KIP-890). Asked unless the producer has an open transaction in the
   partition already. `adds`: the request is one of transaction version 2, which adds the partition to the transaction.
   Returns the coordinator's code, TRANSACTION_ABORTABLE (120) when the partition is not in the transaction; Produce
   turns it into what its version may answer. */
int16_t weir__txn_verify(weir__model *model, weir_str transactional_id, int64_t producer_id, int16_t producer_epoch,
                         weir_str topic, int32_t partition, bool adds, weir_time_us now);

/* ---- the coordinators, as the rest of the model sees them ---- */
/* The broker that coordinates a key now: -1 while there is none. `transactions`: a transactional id, else a group. */
int32_t weir__coordinator_of(const weir__model *model, bool transactions, weir_str key);
/* Whether that coordinator is still loading. */
bool weir__coordinator_loading(const weir__model *model, bool transactions, weir_str key, weir_time_us now);

/* Their part of the model, made and freed with it. False: no memory. */
bool weir__txns_new(weir__model *model);
void weir__txns_free(weir__model *model);
bool weir__groups_new(weir__model *model);
void weir__groups_free(weir__model *model);
/* A broker is gone: nobody coordinates what it did until weir__coordinators_move gives that to others that are up. It
   is called when that time has come, and when a broker comes up. */
void weir__coordinators_leave(weir__model *model, int32_t broker, weir_time_us now);
void weir__coordinators_move(weir__model *model, weir_time_us now);

weir_time_us weir__txn_deadline(const weir__model *model);
void weir__txn_tick(weir__model *model, weir_time_us now);
weir_time_us weir__group_deadline(const weir__model *model);
void weir__group_tick(weir__model *model, weir_time_us now);
/* A topic is gone: its offsets and its part in transactions go too. */
void weir__txn_topic_deleted(weir__model *model, weir_str topic);
void weir__group_topic_deleted(weir__model *model, weir_str topic);
/* A transaction that holds offsets of groups in a partition of the groups' topic has ended there. */
void weir__group_end_transaction(weir__model *model, int32_t partition, int64_t producer_id, int16_t producer_epoch,
                                 bool commit);

#endif
