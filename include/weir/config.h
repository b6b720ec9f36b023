/* Configuration: plain members, also reachable by Kafka's and the Flink connector's property names through one table.
 */
#ifndef WEIR_CONFIG_H
#define WEIR_CONFIG_H

#include <weir/fault.h>
#include <weir/record.h>
#include <weir/types.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum weir_isolation {
    WEIR_READ_UNCOMMITTED = 0,
    WEIR_READ_COMMITTED = 1
} weir_isolation;

typedef enum weir_delivery {
    WEIR_DELIVERY_NONE = 0,          /* records may be lost */
    WEIR_DELIVERY_AT_LEAST_ONCE = 1, /* a checkpoint waits for every acknowledgement */
    WEIR_DELIVERY_EXACTLY_ONCE = 2   /* one transaction per checkpoint, committed when the checkpoint is durable */
} weir_delivery;

/* The parts of a client that a property can belong to. */
enum {
    WEIR_SIDE_SOURCE = 1,
    WEIR_SIDE_SINK = 2,
    WEIR_SIDE_BOTH = 3
};

#define WEIR_BOOTSTRAP_MAX        1024
#define WEIR_CLIENT_ID_MAX        128
#define WEIR_TOPIC_MAX            249 /* characters of a topic name (Kafka's limit) */
#define WEIR_TRANSACTIONAL_ID_MAX 200 /* characters of a transactional id prefix */

/* The settings of one client. Initialise with weir_config_init, then change members or call weir_config_set. */
typedef struct weir_config {
    int32_t sides; /* WEIR_SIDE_*: whose properties weir_config_set accepts */

    char bootstrap_servers[WEIR_BOOTSTRAP_MAX];
    char client_id[WEIR_CLIENT_ID_MAX];
    int64_t request_timeout_ms;
    int64_t default_api_timeout_ms;
    int64_t connection_setup_timeout_ms;
    int64_t retry_backoff_ms, retry_backoff_max_ms;
    int64_t reconnect_backoff_ms, reconnect_backoff_max_ms;
    int64_t metadata_max_age_ms;

    int64_t isolation_level; /* weir_isolation */
    int64_t fetch_min_bytes, fetch_max_bytes, max_partition_fetch_bytes, fetch_max_wait_ms;

    int64_t delivery_guarantee; /* weir_delivery */
    int64_t compression_type;   /* weir_compression */
    int64_t batch_size, linger_ms, buffer_memory, max_request_size;
    int64_t delivery_timeout_ms, transaction_timeout_ms;
    int64_t transaction_pool_size;
} weir_config;

typedef enum weir_option_kind {
    WEIR_OPTION_TEXT,
    WEIR_OPTION_INT,
    WEIR_OPTION_CHOICE
} weir_option_kind;

/* One property. */
typedef struct weir_option {
    const char *key;
    weir_option_kind kind;
    int32_t sides;
    uint32_t offset;      /* of the member in weir_config */
    int64_t min, max;     /* of WEIR_OPTION_INT; the size of the member in bytes for WEIR_OPTION_TEXT */
    const char *standard; /* the default, as it would be written */
    const char *choices;  /* of WEIR_OPTION_CHOICE: "none|gzip|snappy"; the member holds the position in this list */
    const char *doc;      /* one sentence */
} weir_option;

/* The n-th property in alphabetical order, or NULL past the last. */
WEIR_API const weir_option *weir_option_at(size_t n);

WEIR_API void weir_config_init(weir_config *config, int32_t sides);
/* Sets a property from text. WEIR_E_CONFIG for an unknown key (the fault names the nearest one), a key of the other
   side, or a bad value (the fault gives the accepted range); the configuration is unchanged then. */
WEIR_API weir_err weir_config_set(weir_config *config, const char *key, const char *value, weir_fault *fault);
/* Checks what properties say together (for example linger.ms + request.timeout.ms <= delivery.timeout.ms). */
WEIR_API weir_err weir_config_check(const weir_config *config, weir_fault *fault);

#ifdef __cplusplus
}
#endif

#endif
