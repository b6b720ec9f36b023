/* A connection to one Kafka cluster as a state machine without I/O: bytes and time go in, bytes and requests to open or
   close links come out. One thread at a time; nothing is called back.

   The host's loop: weir_client_next_io until it returns false; write what weir_client_send_slices gives; read into
   weir_client_recv_space; wait until weir_client_deadline at the latest; weir_client_tick. src/posix is such a host. */
#ifndef WEIR_CLIENT_H
#define WEIR_CLIENT_H

#include <weir/alloc.h>
#include <weir/config.h>
#include <weir/fault.h>
#include <weir/types.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weir_client weir_client;

/* Makes a client. All memory comes from `alloc`, which must outlive it. `seed` feeds the jitter of back-offs. The
   configuration is copied. WEIR_E_CONFIG (with the fault filled) or WEIR_E_NO_MEMORY. */
WEIR_API weir_err weir_client_new(weir_client **client, const weir_config *config, weir_alloc *alloc, uint64_t seed,
                                  weir_fault *fault);
/* Frees the client and everything in flight. Sources and sinks on it must be freed before; links the host still has
   open are its own to close. */
WEIR_API void weir_client_free(weir_client *client);

/* What went wrong most recently below the client (a refused connection, a lost broker); err is WEIR_OK when nothing
   did. Such troubles are retried by the client: they matter to people while nothing moves. */
WEIR_API const weir_fault *weir_client_trouble(const weir_client *client);

/* ---- the host's side ---- */
typedef enum weir_io_kind {
    WEIR_IO_OPEN, /* connect `link` to host:port, then call weir_client_opened */
    WEIR_IO_CLOSE /* close `link`; nothing is to be reported back */
} weir_io_kind;

typedef struct weir_io {
    weir_io_kind kind;
    uint32_t link;    /* a small number; it is used again after WEIR_IO_CLOSE or weir_client_closed */
    const char *host; /* of WEIR_IO_OPEN: a name or a numeric address, valid until the next call into the client */
    uint16_t port;
} weir_io;

WEIR_API bool weir_client_next_io(weir_client *client, weir_io *io);
/* The connection of a link is up (error == NULL), or could not be made (`error` says why). */
WEIR_API void weir_client_opened(weir_client *client, uint32_t link, const char *error, weir_time_us now);
/* Up to `cap` slices that are to be written to the link in this order; 0 when there is nothing to write. The slices
   are valid until the next call into the client. */
WEIR_API size_t weir_client_send_slices(weir_client *client, uint32_t link, weir_bytes *slices, size_t cap);
WEIR_API void weir_client_sent(weir_client *client, uint32_t link, size_t bytes, weir_time_us now);
/* Where to receive to and how much at the most; 0 when nothing may be read now (memory is short: back-pressure). */
WEIR_API size_t weir_client_recv_space(weir_client *client, uint32_t link, uint8_t **space);
WEIR_API void weir_client_received(weir_client *client, uint32_t link, size_t bytes, weir_time_us now);
/* The peer closed the link or it failed; `error` says how ("connection reset by peer"). */
WEIR_API void weir_client_closed(weir_client *client, uint32_t link, const char *error, weir_time_us now);
/* When weir_client_tick wants to be called next; WEIR_NEVER when only I/O matters. */
WEIR_API weir_time_us weir_client_deadline(const weir_client *client);
WEIR_API void weir_client_tick(weir_client *client, weir_time_us now);

/* ---- any request to any broker ---- */
typedef enum weir_target_kind {
    WEIR_TARGET_ANY,        /* any reachable broker */
    WEIR_TARGET_CONTROLLER, /* the controller; a KRaft broker forwards to it */
    WEIR_TARGET_BROKER,     /* the broker with an id */
    WEIR_TARGET_GROUP,      /* the coordinator of the group `key` */
    WEIR_TARGET_TRANSACTION /* the coordinator of the transactional id `key` */
} weir_target_kind;

/* A request of the caller's, who fills the first block, keeps it in place, and polls `finished`. Connections lost on
   the way are retried until `timeout`; error codes inside the response are the caller's to look at. */
typedef struct weir_call {
    int16_t api_key;
    weir_target_kind target;
    int32_t broker;      /* of WEIR_TARGET_BROKER */
    weir_str key;        /* of WEIR_TARGET_GROUP and WEIR_TARGET_TRANSACTION */
    const void *request; /* the API's request struct (<weir/messages.h>), valid until finished */
    weir_time_us timeout;

    bool finished;
    weir_err err;         /* WEIR_OK: `response` is set */
    const void *response; /* the API's response struct, valid until weir_call_release */
    int16_t version;      /* the version that was spoken */
    int32_t answered_by;  /* broker id; -1: a bootstrap server whose id is not known yet, or nobody */
    void *inner;
} weir_call;

WEIR_API weir_err weir_client_call(weir_client *client, weir_call *call, weir_time_us now);
/* Gives the response back, or gives up a call that is not finished. */
WEIR_API void weir_call_release(weir_client *client, weir_call *call);

/* A broker as the last metadata names it. */
typedef struct weir_broker_info {
    int32_t id;
    weir_str host;
    int32_t port;
    weir_str rack; /* p == NULL: none */
} weir_broker_info;

/* The n-th known broker; false past the last. Brokers are known once the first metadata has come. */
WEIR_API bool weir_client_broker(const weir_client *client, size_t n, weir_broker_info *info);
/* The id of the cluster (p == NULL: not known yet) and a guess at the brokers' version from the APIs they offer. */
WEIR_API weir_str weir_client_cluster_id(const weir_client *client);
WEIR_API const char *weir_client_broker_version(const weir_client *client);
/* The finalized level of the feature transaction.version (KIP-890) on the brokers; 0 where it does not exist. */
WEIR_API int16_t weir_client_transaction_version(const weir_client *client);

#ifdef __cplusplus
}
#endif

#endif
