/* The one table of properties; setting, checking and the manual all read it. */
#include <weir/config.h>

#include <string.h>

#include "text.h"

#define AT(member) (uint32_t) offsetof(weir_config, member)
#define TEXT(key, side, member, standard, doc)                                                                         \
    { key, WEIR_OPTION_TEXT, side, AT(member), 0, sizeof(((weir_config *)0)->member), standard, NULL, doc }
#define INT(key, side, member, low, high, standard, doc)                                                               \
    { key, WEIR_OPTION_INT, side, AT(member), low, high, standard, NULL, doc }
#define CHOICE(key, side, member, choices, standard, doc)                                                              \
    { key, WEIR_OPTION_CHOICE, side, AT(member), 0, 0, standard, choices, doc }

#define MIB (1024 * 1024)

/* In alphabetical order of the keys. */
static const weir_option options[] = {
    INT("batch.size", WEIR_SIDE_SINK, batch_size, 1024, 16 * MIB, "131072",
        "Bytes of an open batch of one partition; a full batch is sent at once."),
    TEXT("bootstrap.servers", WEIR_SIDE_BOTH, bootstrap_servers, "",
         "Brokers to connect to first, as HOST:PORT separated by commas."),
    INT("buffer.memory", WEIR_SIDE_SINK, buffer_memory, 65536, INT64_MAX, "4194304",
        "Bytes of batches that are open, waiting or in flight; when they are used up the source is held back."),
    TEXT("client.id", WEIR_SIDE_BOTH, client_id, "weir", "The name under which brokers log and meter this client."),
    CHOICE("compression.type", WEIR_SIDE_SINK, compression_type, "none|gzip|snappy|lz4|zstd", "none",
           "The codec of the batches that are written."),
    INT("default.api.timeout.ms", WEIR_SIDE_BOTH, default_api_timeout_ms, 1, 86400000, "60000",
        "How long an operation other than reading and writing records may take, retries included."),
    CHOICE("delivery.guarantee", WEIR_SIDE_SINK, delivery_guarantee, "none|at-least-once|exactly-once", "exactly-once",
           "What holds for the records written, over crashes too."),
    INT("delivery.timeout.ms", WEIR_SIDE_SINK, delivery_timeout_ms, 1000, 86400000, "120000",
        "How long a batch may go unacknowledged, retries included, before the sink fails."),
    INT("fetch.max.bytes", WEIR_SIDE_SOURCE, fetch_max_bytes, 1024, 1024 * MIB, "1048576",
        "The most bytes that one fetch from one broker asks for; a larger batch still arrives whole."),
    INT("fetch.max.wait.ms", WEIR_SIDE_SOURCE, fetch_max_wait_ms, 0, 60000, "500",
        "How long a broker holds a fetch back while it has less than fetch.min.bytes."),
    INT("fetch.min.bytes", WEIR_SIDE_SOURCE, fetch_min_bytes, 0, 1024 * MIB, "1",
        "The bytes for which a broker waits before it answers a fetch."),
    CHOICE("isolation.level", WEIR_SIDE_SOURCE, isolation_level, "read_uncommitted|read_committed", "read_committed",
           "Whether records of open and aborted transactions are read."),
    INT("linger.ms", WEIR_SIDE_SINK, linger_ms, 0, 60000, "5",
        "How long a batch that is not full waits for more records."),
    INT("max.partition.fetch.bytes", WEIR_SIDE_SOURCE, max_partition_fetch_bytes, 1024, 1024 * MIB, "1048576",
        "The most bytes of one partition in one fetch; a larger batch still arrives whole."),
    INT("max.request.size", WEIR_SIDE_SINK, max_request_size, 1024, 100 * MIB, "1048576",
        "The most bytes of one batch of records; a record that is larger is refused."),
    INT("metadata.max.age.ms", WEIR_SIDE_BOTH, metadata_max_age_ms, 1000, 86400000, "300000",
        "Metadata older than this is fetched anew."),
    INT("reconnect.backoff.max.ms", WEIR_SIDE_BOTH, reconnect_backoff_max_ms, 1, 3600000, "1000",
        "The longest pause before another connection to a broker."),
    INT("reconnect.backoff.ms", WEIR_SIDE_BOTH, reconnect_backoff_ms, 1, 3600000, "50",
        "The first pause before another connection to a broker; it doubles with each failure."),
    INT("request.timeout.ms", WEIR_SIDE_BOTH, request_timeout_ms, 100, 3600000, "30000",
        "How long a response may take before the connection is given up."),
    INT("retry.backoff.max.ms", WEIR_SIDE_BOTH, retry_backoff_max_ms, 1, 3600000, "1000",
        "The longest pause before a request is sent again."),
    INT("retry.backoff.ms", WEIR_SIDE_BOTH, retry_backoff_ms, 1, 3600000, "100",
        "The first pause before a request is sent again; it doubles with each failure."),
    INT("socket.connection.setup.timeout.ms", WEIR_SIDE_BOTH, connection_setup_timeout_ms, 100, 3600000, "10000",
        "How long a connection may take until it is usable."),
    INT("transaction.pool.size", WEIR_SIDE_SINK, transaction_pool_size, 2, 64, "4",
        "Transactional ids used in turn, so that one fills while others are being committed."),
    INT("transaction.timeout.ms", WEIR_SIDE_SINK, transaction_timeout_ms, 1000, INT32_MAX, "900000",
        "The broker aborts a transaction that is open longer, a prepared one too: longer than the longest outage."),
};

const weir_option *weir_option_at(size_t n) {
    return n < sizeof options / sizeof options[0] ? &options[n] : NULL;
}

static const weir_option *option_find(const char *key) {
    const weir_option *o;
    for (size_t n = 0; (o = weir_option_at(n)) != NULL; n++)
        if (strcmp(o->key, key) == 0)
            return o;
    return NULL;
}

static size_t smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

/* Edits between two keys (Levenshtein); keys longer than the row are cut. */
static size_t distance(const char *a, const char *b) {
    size_t row[64];
    size_t len_b = smaller(strlen(b), 63);
    for (size_t j = 0; j <= len_b; j++)
        row[j] = j;
    for (size_t i = 1; a[i - 1] != '\0' && i < 64; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= len_b; j++) {
            size_t change = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            row[j] = smaller(change, smaller(row[j], row[j - 1]) + 1);
        }
    }
    return row[len_b];
}

static const char *nearest(const char *key, int32_t sides) {
    const char *best = options[0].key;
    size_t best_distance = SIZE_MAX;
    const weir_option *o;
    for (size_t n = 0; (o = weir_option_at(n)) != NULL; n++) {
        size_t d = distance(key, o->key);
        if ((o->sides & sides) != 0 && d < best_distance) {
            best = o->key;
            best_distance = d;
        }
    }
    return best;
}

static weir_err set_text(char *member, const weir_option *o, const char *value, weir_fault *fault) {
    size_t len = strlen(value);
    if (len >= (size_t)o->max) {
        weir_fault_set(fault, WEIR_E_CONFIG, "%s is longer than %lld characters", o->key, (long long)o->max - 1);
        return WEIR_E_CONFIG;
    }
    memcpy(member, value, len + 1);
    return WEIR_OK;
}

static weir_err set_int(int64_t *member, const weir_option *o, const char *value, weir_fault *fault) {
    int64_t number;
    if (!weir__parse_i64(weir_str_of(value), &number) || number < o->min || number > o->max) {
        weir_fault_set(fault, WEIR_E_CONFIG, "%s=%s: a whole number from %lld to %lld is wanted", o->key, value,
                       (long long)o->min, (long long)o->max);
        return WEIR_E_CONFIG;
    }
    *member = number;
    return WEIR_OK;
}

static weir_err set_choice(int64_t *member, const weir_option *o, const char *value, weir_fault *fault) {
    size_t len = strlen(value);
    const char *choice = o->choices;
    for (int64_t n = 0; choice != NULL; n++) {
        const char *bar = strchr(choice, '|');
        size_t choice_len = bar != NULL ? (size_t)(bar - choice) : strlen(choice);
        if (choice_len == len && memcmp(choice, value, len) == 0) {
            *member = n;
            return WEIR_OK;
        }
        choice = bar != NULL ? bar + 1 : NULL;
    }
    weir_fault_set(fault, WEIR_E_CONFIG, "%s=%s: one of %s is wanted", o->key, value, o->choices);
    return WEIR_E_CONFIG;
}

static weir_err set(weir_config *config, const weir_option *o, const char *value, weir_fault *fault) {
    void *member = (char *)config + o->offset;
    switch (o->kind) {
    case WEIR_OPTION_TEXT:
        return set_text(member, o, value, fault);
    case WEIR_OPTION_INT:
        return set_int(member, o, value, fault);
    case WEIR_OPTION_CHOICE:
        return set_choice(member, o, value, fault);
    }
    return WEIR_E_CONFIG;
}

void weir_config_init(weir_config *config, int32_t sides) {
    weir_fault fault;
    const weir_option *o;
    memset(config, 0, sizeof *config);
    config->sides = sides;
    for (size_t n = 0; (o = weir_option_at(n)) != NULL; n++)
        (void)set(config, o, o->standard, &fault); /* a test sets every default */
}

weir_err weir_config_set(weir_config *config, const char *key, const char *value, weir_fault *fault) {
    const weir_option *o = option_find(key);
    if (o == NULL) {
        weir_fault_set(fault, WEIR_E_CONFIG, "unknown property '%s'; the nearest one is '%s' (all: weir options)", key,
                       nearest(key, config->sides));
        return WEIR_E_CONFIG;
    }
    if ((o->sides & config->sides) == 0) {
        const char *side = o->sides == WEIR_SIDE_SOURCE ? "source" : "sink";
        weir_fault_set(fault, WEIR_E_CONFIG, "%s is a property of the %s and has no meaning here", key, side);
        return WEIR_E_CONFIG;
    }
    return set(config, o, value, fault);
}

static weir_err check_sink(const weir_config *c, weir_fault *fault) {
    if (c->linger_ms + c->request_timeout_ms > c->delivery_timeout_ms) {
        weir_fault_set(fault, WEIR_E_CONFIG,
                       "delivery.timeout.ms (%lld) must be at least linger.ms (%lld) + request.timeout.ms (%lld)",
                       (long long)c->delivery_timeout_ms, (long long)c->linger_ms, (long long)c->request_timeout_ms);
        return WEIR_E_CONFIG;
    }
    int64_t largest = c->batch_size > c->max_request_size ? c->batch_size : c->max_request_size;
    if (c->buffer_memory < 2 * largest) {
        weir_fault_set(fault, WEIR_E_CONFIG,
                       "buffer.memory (%lld) must hold two of the largest batch (batch.size %lld, max.request.size "
                       "%lld): at least %lld",
                       (long long)c->buffer_memory, (long long)c->batch_size, (long long)c->max_request_size,
                       (long long)(2 * largest));
        return WEIR_E_CONFIG;
    }
    return WEIR_OK;
}

weir_err weir_config_check(const weir_config *c, weir_fault *fault) {
    if (c->bootstrap_servers[0] == '\0') {
        weir_fault_set(fault, WEIR_E_CONFIG, "bootstrap.servers is not set: name at least one broker as HOST:PORT");
        return WEIR_E_CONFIG;
    }
    if (c->retry_backoff_ms > c->retry_backoff_max_ms || c->reconnect_backoff_ms > c->reconnect_backoff_max_ms) {
        weir_fault_set(fault, WEIR_E_CONFIG,
                       "a back-off is longer than its maximum: lower retry.backoff.ms and "
                       "reconnect.backoff.ms or raise the …backoff.max.ms");
        return WEIR_E_CONFIG;
    }
    return (c->sides & WEIR_SIDE_SINK) != 0 ? check_sink(c, fault) : WEIR_OK;
}
