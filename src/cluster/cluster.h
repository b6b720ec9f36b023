/* What the layers above see of a client: requests with routing and retry, metadata, coordinators.

   A request is a struct of its owner's that stays in place until its `done` is called, exactly once. `done` runs inside
   weir_client_tick, _next_io, _received or _closed; it may submit requests but not free the client. */
#ifndef WEIR_SRC_CLUSTER_CLUSTER_H
#define WEIR_SRC_CLUSTER_CLUSTER_H

#include <weir/client.h>
#include <weir/messages.h>
#include <weir/proto.h>

#include "list.h"

/* Links to one broker are separate by use, so that a long poll delays nothing else. */
typedef enum weir__use {
    WEIR__USE_COORDINATION,
    WEIR__USE_FETCH,
    WEIR__USE_PRODUCE,
    WEIR__USES
} weir__use;

/* The most record sets in one request: each is sent from where it lies. */
#define WEIR__SPLICES_MAX 64

/* The memory of one response: the frame, and the arena with what was decoded from it. */
typedef struct weir__reply {
    uint8_t *frame;
    size_t frame_size;
    uint8_t *memory;
    size_t memory_size;
    void *response; /* the API's response struct; views point into frame */
} weir__reply;

typedef struct weir__request weir__request;

/* How a request ended. err is WEIR_OK (response is set), WEIR_E_TIMEOUT (never sent, so without effect),
   WEIR_E_INDETERMINATE (sent, but no answer came), WEIR_E_VERSION (the broker lacks the API or every usable version),
   WEIR_E_NO_MEMORY (never sent). */
typedef struct weir__outcome {
    weir_err err;
    int16_t version;
    int32_t broker;
    const void *response; /* valid during done, or until weir__reply_free if kept */
    weir__reply *reply;
    weir_time_us now;
} weir__outcome;

struct weir__request {
    /* Set by the owner, all else zero. */
    const weir_api *api;
    int16_t min_version;     /* lowest version that does what the owner means */
    int16_t max_version;     /* highest version the owner can use here; -1: the API's max_version */
    weir_target_kind target; /* WEIR_TARGET_GROUP and _TRANSACTION: `coordinator` is set */
    int32_t broker;          /* of WEIR_TARGET_BROKER */
    struct weir__coordinator *coordinator;
    weir__use use;
    bool once; /* do not send again after a lost connection, nor wait for a broker that cannot be reached: done with
                  WEIR_E_INDETERMINATE or WEIR_E_TIMEOUT tells the owner at once */
    /* Gives the message for the version that was negotiated; it must live until done or the next call of fill. */
    const void *(*fill)(weir__request *request, int16_t version);
    void (*done)(weir__request *request, const weir__outcome *outcome);
    void *owner;
    weir_time_us deadline; /* when to give up */

    /* Kept by the client. */
    weir__list node;
    struct weir__flight *flight; /* while it is on a link */
    weir_time_us not_before;
    uint32_t attempts;
    bool lost;   /* an attempt was sent whose answer never came: it may have taken effect */
    bool active; /* submitted and not done */
};

void weir__request_submit(weir_client *client, weir__request *request, weir_time_us now);
/* From inside done, after a retriable error code: submits it again after the back-off that its attempts call for. */
void weir__request_retry(weir_client *client, weir__request *request, weir_time_us now);
/* Takes a request back; done is not called. What was sent may still take effect. No-op unless active. The memory that
   fill's message pointed to is free to go when this returns. */
void weir__request_cancel(weir_client *client, weir__request *request);

/* Takes the reply over from an outcome; give it back with weir__reply_free. */
weir__reply weir__reply_keep(const weir__outcome *outcome);
void weir__reply_free(weir_client *client, weir__reply *reply);

/* ---- what to do about an error code ---- */
/* The one table of (API, error code) -> class; codes without a row of their API have weir_code_class. */
weir_class weir__class_of(weir_api_key api, int16_t code);
/* Acts on an error code of a response: REFRESH wants metadata, FIND_COORDINATOR forgets the request's coordinator.
   Returns true when the request was submitted again, false when the class is left to the owner. */
bool weir__request_again(weir_client *client, weir__request *request, int16_t code, weir_time_us now);

/* ---- metadata ---- */
typedef struct weir__partition {
    int32_t leader; /* broker id, -1 none */
    int32_t leader_epoch;
} weir__partition;

typedef struct weir__topic {
    weir__list node;
    char name[WEIR_TOPIC_MAX + 1];
    weir_uuid id;               /* zero where the broker has none */
    int16_t code;               /* the topic's error code in the last metadata; valid if answered */
    bool answered;              /* metadata about it has come */
    weir_time_us missing_since; /* since when code is UNKNOWN_TOPIC_OR_PARTITION; 0: it is not */
    bool recreated;             /* the id has changed since it was first seen */
    int32_t partition_count;
    weir__partition *partitions;
} weir__topic;

/* The topic with a name; from now on metadata covers it. NULL: no memory. Lives as long as the client. */
weir__topic *weir__topic_want(weir_client *client, weir_str name);
/* Asks for fresh metadata soon (at the pace of retry.backoff.ms). */
void weir__metadata_refresh(weir_client *client);
/* Counts metadata responses taken in; changes mean that leaders may have moved. */
uint64_t weir__metadata_generation(const weir_client *client);

/* ---- coordinators ---- */
typedef struct weir__coordinator {
    weir__list node;
    weir_target_kind kind; /* WEIR_TARGET_GROUP or WEIR_TARGET_TRANSACTION */
    char key[WEIR_TRANSACTIONAL_ID_MAX + 24];
    int32_t broker;      /* -1: not known */
    uint64_t generation; /* of the metadata when it was found */
    weir__request find;
    weir_find_coordinator_request message;
    weir_str key_view;
    weir_client *client;
    int16_t code;            /* what the last lookup was refused with; 0 none */
    uint32_t refused;        /* lookups refused in a row: whoever needs the coordinator asks again, but not at once */
    weir_time_us not_before; /* the next lookup is not sent */
} weir__coordinator;

/* The coordinator of a key; it is looked up when first needed. NULL: no memory. Lives as long as the client. */
weir__coordinator *weir__coordinator_want(weir_client *client, weir_target_kind kind, weir_str key);

/* ---- the client's own ---- */
/* The pause before attempt `attempts` + 1: retry.backoff.ms, doubled each time, with jitter. */
weir_time_us weir__client_backoff(weir_client *client, uint32_t attempts);
const weir_config *weir__client_config(const weir_client *client);
/* The version of an API that a broker would be spoken to in, capped at max_version (-1: no cap); -1 while no link to
   it has told its versions, or when there is none in common. */
int16_t weir__broker_version(const weir_client *client, int32_t broker, int16_t api_key, int16_t max_version);
/* There may be something to send: requests and workers are looked at before the host waits again. */
void weir__client_wake(weir_client *client);
/* Adds one more way to find work: called at the end of every tick. Used by sources and sinks to send what has become
   ready. Caller keeps the struct in place until removed. */
typedef struct weir__worker {
    weir__list node;
    void (*work)(struct weir__worker *worker, weir_time_us now);
    weir_time_us (*deadline)(const struct weir__worker *worker);
} weir__worker;

void weir__worker_add(weir_client *client, weir__worker *worker);
void weir__worker_remove(weir__worker *worker);

#endif
