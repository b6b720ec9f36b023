/* A client's own data, and what its files offer each other. */
#ifndef WEIR_SRC_CLUSTER_STATE_H
#define WEIR_SRC_CLUSTER_STATE_H

#include "cluster.h"
#include "rng.h"

/* A frame above this size is not believed (Kafka's socket.request.max.bytes). */
#define WEIR__FRAME_MAX (100u * 1024 * 1024)
/* API keys that ApiVersions tells about and that are kept per link. */
#define WEIR__KEYS 96

typedef struct weir__broker weir__broker;

/* The life of one TCP connection. Transitions are in link.c. */
typedef enum weir__link_state {
    WEIR__LINK_CLOSED,
    WEIR__LINK_OPENING,  /* the host is connecting */
    WEIR__LINK_VERSIONS, /* ApiVersions is under way */
    WEIR__LINK_READY,
    WEIR__LINK_STATES
} weir__link_state;

/* A request that was encoded for a link: its bytes, and what will match its response. */
typedef struct weir__flight {
    weir__list node;        /* in weir__link.flights, in order of sending */
    weir__request *request; /* NULL: taken back by its owner, the response will be dropped */
    const weir_api *api;
    int16_t version;
    int32_t correlation;
    bool written; /* all bytes have been handed to the host */
    weir_time_us expires;
    size_t size; /* bytes of this allocation */
    uint8_t *head;
    size_t head_len, total;
    weir_splice *splices;
    uint32_t splice_count;
} weir__flight;

typedef struct weir__link {
    weir_client *client;
    weir__broker *broker;
    weir__use use;
    uint32_t number;
    weir__link_state state;
    bool ask_open, ask_close; /* what the host is still to be told */
    weir_time_us expires;     /* of opening and of versions */
    weir_time_us throttled_until;

    weir__list flights;
    weir__flight *sending; /* the first flight with bytes to write, NULL none */
    size_t sent;           /* bytes of it already written */

    int32_t correlation;
    uint8_t size_bytes[4];
    uint32_t size_got;
    uint8_t *frame; /* being received */
    uint32_t frame_size, frame_got;
    weir_time_us starved_since; /* since when there has been no memory for the frame; 0: there is */

    bool versions_known;
    weir__request hello;
    weir_api_versions_request hello_message;
    int16_t hello_version;
    int16_t min_version[WEIR__KEYS], max_version[WEIR__KEYS]; /* -1: not offered */
} weir__link;

/* Brokers with id < 0 are bootstrap addresses whose id is not known yet. */
struct weir__broker {
    weir__list node;
    int32_t id;
    char host[256];
    uint16_t port;
    char rack[64];
    bool has_rack, listed; /* listed: in the last metadata */
    weir__link *links[WEIR__USES];
    uint32_t failures; /* connections that failed since the last that became ready */
    weir_time_us retry_at;
};

struct weir_client {
    weir_alloc *alloc;
    weir_config config;
    weir__rng rng;
    weir_time_us now; /* of the last call that told it */
    bool awake;       /* something may be ready to be sent: look before the host waits */
    bool ended;       /* a request has ended without an answer: the host is not to wait before its caller knows */

    weir__list brokers;
    weir__list waiting; /* requests that have no link yet */
    weir__list topics, coordinators, workers;
    weir__link **links; /* by number */
    uint32_t link_count, link_cap;
    int32_t next_seed_id;

    weir__request metadata;
    weir_metadata_request metadata_message;
    weir_metadata_request_topic *metadata_topics;
    uint32_t metadata_topic_cap;
    bool metadata_wanted;
    uint32_t metadata_attempts; /* since metadata last left nothing to be wanted */
    weir_time_us metadata_next; /* not before */
    weir_time_us metadata_at;   /* when the last one came */
    uint64_t metadata_generation;
    int32_t controller;
    char cluster_id[128];
    bool has_cluster_id;

    int16_t transaction_version;
    int64_t features_epoch;
    const char *broker_version;
    weir_fault trouble;
};

void *weir__take(weir_client *client, size_t size); /* zeroed; NULL when there is no memory */
void weir__give(weir_client *client, void *p, size_t size);
/* base * 2^(attempts-1), at most max, +-20 % (KIP-580). Microseconds. */
weir_time_us weir__backoff(weir_client *client, uint32_t attempts, int64_t base_ms, int64_t max_ms);
void weir__trouble(weir_client *client, weir_err err, const weir__broker *broker, const char *fmt, ...)
    WEIR_PRINTF(4, 5);

/* A connection has become usable: what kept it from that is over. Want of memory stays known. */
void weir__trouble_over(weir_client *client);
/* Memory was short for what is tried again soon: a trouble that passes. */
void weir__trouble_memory(weir_client *client, const char *what);

/* ---- broker.c ---- */
weir_err weir__brokers_bootstrap(weir_client *client, weir_fault *fault);
weir__broker *weir__broker_find(weir_client *client, int32_t id);
/* Takes in one broker of a metadata response. */
weir_err weir__broker_learn(weir_client *client, int32_t id, weir_str host, int32_t port, weir_str rack);
/* Drops brokers that the last metadata did not list. */
void weir__brokers_prune(weir_client *client);
/* A broker to ask anything; NULL when all are in back-off. */
weir__broker *weir__broker_any(weir_client *client, weir_time_us now);
void weir__brokers_free(weir_client *client);

/* ---- link.c ---- */
/* The link of a broker for a use, opened when it is not; NULL when it is in back-off or there is no memory. */
weir__link *weir__link_want(weir_client *client, weir__broker *broker, weir__use use, weir_time_us now);
/* Closes the link from this side, without a word. */
void weir__link_hang_up(weir__link *link, weir_time_us now);
void weir__link_drop(weir__link *link, const char *why, weir_time_us now);
/* When the next thing on a link is due. */
weir_time_us weir__link_deadline(const weir__link *link);
void weir__link_tick(weir__link *link, weir_time_us now);
void weir__link_free(weir__link *link);
/* The next link that the host is to open or close; false when there is none. */
bool weir__link_next_io(weir_client *client, weir_io *io);

/* ---- flight.c ---- */
/* Encodes a request for a link and queues it. WEIR_E_VERSION, WEIR_E_NO_MEMORY: nothing was queued. */
weir_err weir__flight_launch(weir__link *link, weir__request *request, int16_t version, weir_time_us now);
void weir__flight_free(weir_client *client, weir__flight *flight);
/* A whole response frame has come; the frame's memory is taken over. false: it breaks the protocol. */
bool weir__flight_land(weir__link *link, uint8_t *frame, uint32_t size, weir_time_us now);

/* ---- hello.c ---- */
/* The version of ApiVersions to begin with. v5 asks for the cluster and node id that the client expects (KIP-1242),
   which a bootstrap connection cannot know. */
#define WEIR__HELLO_VERSION 4
/* Asks in link->hello_version. */
void weir__hello_start(weir__link *link, weir_time_us now);

/* ---- route.c ---- */
void weir__route(weir_client *client, weir_time_us now);
weir_time_us weir__route_deadline(const weir_client *client);
/* Ends a request that got no response. */
void weir__request_end(weir_client *client, weir__request *request, weir_err err, weir_time_us now);
/* A request's link was lost while it was in flight; `written`: all of it had been sent. */
void weir__request_lost(weir_client *client, weir__request *request, bool written, weir_time_us now);

/* ---- metadata.c, coordinator.c ---- */
void weir__metadata_tick(weir_client *client, weir_time_us now);
weir_time_us weir__metadata_deadline(const weir_client *client);
void weir__metadata_free(weir_client *client);
/* Sees to it that a coordinator's broker is being looked up. */
void weir__coordinator_find(weir_client *client, weir__coordinator *coordinator, weir_time_us now);
/* What this broker coordinates is looked up anew: it may have moved when the broker cannot be reached. */
void weir__coordinators_forget(weir_client *client, const weir__broker *broker);
void weir__coordinators_free(weir_client *client);

#endif
