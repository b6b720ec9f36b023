/* A Kafka cluster in memory, for developing and testing against: several brokers in one object, which takes requests as
   bytes and gives responses as bytes. Deterministic: no socket, clock, thread or random number of its own; the same
   calls in the same order give the same bytes. What real Kafka does is the measure; replicas are not modelled one by
   one, a partition is one log that has a leader. */
#ifndef WEIR_SRC_MODEL_H
#define WEIR_SRC_MODEL_H

#include <weir/alloc.h>
#include <weir/proto.h>
#include <weir/record.h>

typedef struct weir__model weir__model;

#define WEIR__MODEL_BROKERS 8 /* at most; their ids are 1, 2, ... */

/* Which Kafka it is: what ApiVersions offers, and whether the feature transaction.version exists. */
typedef enum weir__model_release {
    WEIR__MODEL_3_9,
    WEIR__MODEL_4_4
} weir__model_release;

typedef struct weir__model_config {
    weir__model_release release;
    int32_t brokers;
    int16_t transaction_version; /* finalized level 0..2; 0 before 4.0 */
    const char *host;            /* of all brokers, as advertised; copied */
    uint16_t port;               /* of broker 1; broker n advertises port + n - 1 */
    bool auto_create_topics;
    int32_t default_partitions;
    int64_t first_producer_id;
    int16_t first_epoch;  /* of a transactional id that is new: near 32766 to see it run out */
    int32_t coordinators; /* partitions of the coordinators' topics: how ids spread over brokers */
    int32_t max_message_bytes, fetch_max_bytes;
    int64_t producer_byte_rate, consumer_byte_rate; /* quotas of each connection, bytes a second; 0: none. (Kafka's are
                                                       of a user or client id) */
    int32_t fetch_sessions;                         /* slots of each broker's cache */
    int64_t transaction_max_timeout_ms, transaction_timeout_check_ms;
    int64_t transactional_id_expiration_ms, producer_id_expiration_ms, offsets_retention_ms;
    int64_t group_initial_rebalance_delay_ms, group_min_session_timeout_ms, group_max_session_timeout_ms;
    int64_t marker_us;     /* from the decision about a transaction to its first marker, and from each to the next */
    int64_t wall_clock_ms; /* the time since the epoch when `now` is 0 */
} weir__model_config;

/* Kafka's defaults, save that times are short where a test would wait for them. */
void weir__model_config_init(weir__model_config *config);
/* NULL when there is no memory. The configuration is copied. */
weir__model *weir__model_new(const weir__model_config *config, weir_alloc *alloc);
void weir__model_free(weir__model *model);

/* ---- connections ---- */
/* A connection to a broker; its number is small and used again after weir__model_disconnect. -1: the broker is down, or
   there is no memory. */
int32_t weir__model_connect(weir__model *model, int32_t broker);
void weir__model_disconnect(weir__model *model, int32_t connection);
/* Bytes have come from the client; all are taken. */
void weir__model_receive(weir__model *model, int32_t connection, weir_bytes bytes, weir_time_us now);
/* Bytes for the client, valid until the next call into the model; weir__model_sent takes them away. */
weir_bytes weir__model_output(const weir__model *model, int32_t connection);
void weir__model_sent(weir__model *model, int32_t connection, size_t bytes);
/* Whether the broker closes the connection once the output is sent (it was stopped, or got what it cannot read). */
bool weir__model_closing(const weir__model *model, int32_t connection);
/* Whether bytes of the client are left that the broker has not answered: a request that is held or delayed, what came
   behind it, or the beginning of one. */
bool weir__model_busy(const weir__model *model, int32_t connection);
/* What happens by itself (time-outs, markers, held fetches, rebalances) happens in the tick that is due. */
weir_time_us weir__model_deadline(const weir__model *model);
void weir__model_tick(weir__model *model, weir_time_us now);

/* ---- mischief ---- */
/* A request that is about to be handled. */
typedef struct weir__model_request {
    int32_t broker, connection;
    weir_request_header header;
    const void *message; /* the API's request struct */
} weir__model_request;

typedef enum weir__model_deed {
    WEIR__MODEL_HONEST,
    WEIR__MODEL_REFUSE,       /* answered with `code` wherever the API has a place for it; nothing takes effect */
    WEIR__MODEL_REFUSE_DONE,  /* takes effect, and is answered with `code` all the same */
    WEIR__MODEL_DROP,         /* nothing takes effect, the connection closes */
    WEIR__MODEL_DROP_DONE,    /* takes effect, the connection closes without an answer */
    WEIR__MODEL_DELAY,        /* is handled `delay_us` later; what follows on the connection waits */
    WEIR__MODEL_DELAY_ANSWER, /* takes effect now, is answered `delay_us` later */
    WEIR__MODEL_THROTTLE /* answered with throttle_time_ms = delay_us / 1000, and the connection is muted so long */
} weir__model_deed;

typedef struct weir__model_mischief {
    weir__model_deed deed;
    int16_t code;
    int64_t delay_us;
} weir__model_mischief;

/* Asked once for each request. NULL: all is honest. */
typedef weir__model_mischief (*weir__model_judge)(void *user, const weir__model_request *request);
void weir__model_set_judge(weir__model *model, weir__model_judge judge, void *user);

/* ---- the operator ---- */
/* Error codes of Kafka (WEIR_CODE_*), 0 when done. */
int16_t weir__model_create_topic(weir__model *model, const char *topic, int32_t partitions, weir_time_us now);
int16_t weir__model_delete_topic(weir__model *model, const char *topic, weir_time_us now);
int16_t weir__model_grow_topic(weir__model *model, const char *topic, int32_t partitions, weir_time_us now);
/* "retention.ms", "max.message.bytes", "message.timestamp.type", "cleanup.policy", ... as DescribeConfigs shows them.
 */
int16_t weir__model_alter_topic(weir__model *model, const char *topic, const char *key, const char *value);
/* Another leader, with the next leader epoch. lose > 0: an unclean election; so many batches at the end are gone. */
int16_t weir__model_move_leader(weir__model *model, const char *topic, int32_t partition, int32_t broker, size_t lose,
                                weir_time_us now);
int16_t weir__model_delete_records(weir__model *model, const char *topic, int32_t partition, int64_t before);
/* Compaction: takes `count` records from `offset` on out of committed batches; a batch left empty keeps its header
   where Kafka would (the last of its producer), else it is gone. KAFKA_STORAGE_ERROR: no memory; the batches before the
   one that could not be rewritten are compacted. */
int16_t weir__model_compact(weir__model *model, const char *topic, int32_t partition, int64_t offset, int64_t count);
/* Connections of the broker close; its partitions get other leaders and its coordinators move, where another broker is
   up, after the time a cluster needs to notice (`failover_us`); until then nobody leads them. */
void weir__model_stop_broker(weir__model *model, int32_t broker, int64_t failover_us, weir_time_us now);
void weir__model_start_broker(weir__model *model, int32_t broker, weir_time_us now);
/* The coordinators of one of the `coordinators` partitions move; they answer COORDINATOR_LOAD_IN_PROGRESS for
   `loading_us`. */
void weir__model_move_coordinators(weir__model *model, int32_t partition, int32_t broker, int64_t loading_us,
                                   weir_time_us now);
void weir__model_set_transaction_version(weir__model *model, int16_t level);
/* As if the expiration time had passed. */
void weir__model_expire_transactional_id(weir__model *model, const char *id);
void weir__model_expire_producers(weir__model *model, const char *topic, int32_t partition);
void weir__model_expire_transaction(weir__model *model, const char *id, weir_time_us now); /* its time-out */

/* ---- looking inside ---- */
typedef struct weir__model_partition {
    const char *topic;
    weir_uuid topic_id;
    int32_t partition, leader, leader_epoch; /* leader -1: none */
    int64_t start, stable, end;              /* log start, last stable offset, high watermark */
    size_t batches;
} weir__model_partition;

typedef enum weir__model_fate {
    WEIR__MODEL_PLAIN,
    WEIR__MODEL_OPEN,
    WEIR__MODEL_COMMITTED,
    WEIR__MODEL_ABORTED
} weir__model_fate;

/* A batch in a log, control batches included. */
typedef struct weir__model_batch {
    weir_records bytes; /* one batch of magic 2 */
    int64_t base_offset, last_offset, producer_id;
    int16_t producer_epoch;
    weir__model_fate fate; /* of a control batch: PLAIN */
    bool control;
} weir__model_batch;

typedef struct weir__model_transaction {
    const char *id, *state; /* Kafka's names: "Empty", "Ongoing", "PrepareCommit", ... */
    int64_t producer_id;
    int16_t producer_epoch;
    int64_t timeout_ms;
    weir_time_us started; /* -1: not ongoing */
    size_t partitions;
} weir__model_transaction;

/* The n-th of its kind, in the order of creation; false past the last. Views are valid until the next call that
   changes the model. */
bool weir__model_partition_at(const weir__model *model, size_t n, weir__model_partition *partition);
bool weir__model_batch_at(const weir__model *model, const char *topic, int32_t partition, size_t n,
                          weir__model_batch *batch);
bool weir__model_transaction_at(const weir__model *model, size_t n, weir__model_transaction *transaction);
/* The committed offset of a group for a partition; -1 none. `metadata` (may be NULL) gets a view of its text. */
int64_t weir__model_group_offset(const weir__model *model, const char *group, const char *topic, int32_t partition,
                                 weir_str *metadata);
/* Appends a batch as a broker would that got it from another client: one of magic 2, its offsets are assigned. */
int16_t weir__model_append(weir__model *model, const char *topic, int32_t partition, weir_records batch,
                           weir_time_us now);
/* Counts every change of state: equal numbers mean that nothing has happened in between. */
uint64_t weir__model_changes(const weir__model *model);

#endif
