/* The cluster itself: brokers, topics, and what every part hangs its state on. Private to src/model. */
#ifndef WEIR_SRC_MODEL_CLUSTER_H
#define WEIR_SRC_MODEL_CLUSTER_H

#include "state.h"

/* One setting of a topic that is not at its default. Both texts are owned. */
typedef struct weir__setting {
    const char *key; /* of the table of settings: not owned */
    char *value;
    size_t value_size;
} weir__setting;

/* What the settings of a topic mean to its logs. */
typedef struct weir__log_rules {
    int32_t max_message_bytes;
    int64_t timestamp_before_ms, timestamp_after_ms; /* how far a record's time may be off; INT64_MAX: any */
    bool log_append_time, compacted, deletes;        /* the last two: its cleanup.policy */
} weir__log_rules;

/* A topic. One that was deleted stays as a shell without logs, so that fetch sessions may go on naming it. */
typedef struct weir__topic {
    char *name;
    weir_uuid id; /* zero: never existed, only asked for */
    bool alive;
    weir__log **logs; /* by partition */
    int32_t partitions;
    int32_t first_broker; /* which leads partition 0 at first, counted from 0 */
    weir__setting *settings;
    size_t setting_count, setting_cap;
    weir__log_rules rules;
} weir__topic;

typedef struct weir__broker {
    bool up;
    weir_time_us failover; /* when what it led gets other leaders; WEIR_NEVER: nothing is to be moved */
    struct weir__session *sessions;
    size_t session_count, session_cap;
    int32_t next_session_id;
} weir__broker;

typedef struct weir__connection weir__connection;
typedef struct weir__txns weir__txns;     /* txn.h */
typedef struct weir__groups weir__groups; /* group.h */

struct weir__model {
    weir_alloc *alloc;
    weir__model_config config; /* `host` is owned */
    uint64_t changes;
    int64_t features_epoch;
    weir__broker brokers[WEIR__MODEL_BROKERS];
    weir__topic **topics; /* in the order of creation, shells included */
    size_t topic_count, topic_cap;
    uint64_t topics_created; /* so far; topic ids follow from it */
    weir__connection **connections;
    size_t connection_count, connection_cap;
    uint8_t *scratch; /* for one request at a time: its struct, the response's, and their arrays */
    size_t scratch_size;
    weir__model_judge judge;
    void *judge_user;
    weir__txns *txns;
    weir__groups *groups;
};

/* ---- memory: everything is taken from the model's allocator ---- */
/* NULL when there is none. Not zeroed. */
void *weir__model_take(weir__model *model, size_t size);
void weir__model_give(weir__model *model, void *p, size_t size); /* NULL is fine */
/* Makes room for one more item in an array of `count` items of `size` bytes, geometrically. False when there is no
   memory: nothing has changed. */
bool weir__grow(weir__model *model, void **items, size_t *cap, size_t count, size_t size);
/* The same with room for `more` items. */
bool weir__grow_by(weir__model *model, void **items, size_t *cap, size_t count, size_t more, size_t size);
/* A NUL-terminated copy that is given back with its length + 1; NULL when there is no memory. */
char *weir__copy_text(weir__model *model, weir_str text);

/* ---- brokers ---- */
bool weir__broker_up(const weir__model *model, int32_t broker);
weir_str weir__host(const weir__model *model);
int32_t weir__port(const weir__model *model, int32_t broker);
/* The broker with the lowest id that is up from `from` (counted from 0) on, in a circle; -1 none. */
int32_t weir__broker_from(const weir__model *model, int32_t from);
weir_str weir__cluster_id(void);
/* Milliseconds since the epoch. */
int64_t weir__wall_ms(const weir__model *model, weir_time_us now);

/* A broker has been gone for so long that what it led gets other leaders. */
void weir__failover(weir__model *model, int32_t broker, weir_time_us now);
/* Forgets the fetch sessions of a broker. */
void weir__sessions_free(weir__model *model, weir__broker *broker);

/* ---- topics ---- */
/* NULL when there is no such topic (any more). */
weir__topic *weir__topic_find(const weir__model *model, weir_str name);
weir__topic *weir__topic_by_id(const weir__model *model, weir_uuid id);
weir__log *weir__topic_log(const weir__topic *topic, int32_t partition);
/* Some topic or shell of that name, made when there is none. NULL: no memory. */
weir__topic *weir__topic_shell(weir__model *model, weir_str name);
bool weir__topic_name_valid(weir_str name);
/* Below, at or above 0, by bytes. */
int weir__text_compare(weir_str a, weir_str b);
/* An id that no other topic has, and that looks like one. */
weir_uuid weir__topic_next_id(weir__model *model);
/* Creates a topic whose name is valid and not in use. `leaders` (may be NULL) says which broker leads each partition.
   NULL: no memory. */
weir__topic *weir__topic_create(weir__model *model, weir_str name, int32_t partitions, const int32_t *leaders);
void weir__topic_delete(weir__model *model, weir__topic *topic);
/* False when there is no memory: the topic is as before. */
bool weir__topic_grow(weir__model *model, weir__topic *topic, int32_t partitions);
void weir__topic_free(weir__model *model, weir__topic *topic);
/* Works out what the settings mean to the logs. */
void weir__topic_rules(const weir__model *model, weir__topic *topic);
/* WEIR_CODE_NONE, INVALID_CONFIG or KAFKA_STORAGE_ERROR (no memory). A null value takes the setting back. */
int16_t weir__topic_set(weir__model *model, weir__topic *topic, weir_str key, weir_str value);

/* ---- connections and what waits on them ---- */
void weir__connection_free(weir__model *model, weir__connection *connection);
/* Asks every request that is held, or whose pause is over. */
void weir__connections_run(weir__model *model, weir_time_us now);
weir_time_us weir__connections_deadline(const weir__model *model);
/* Closes all connections of a broker. */
void weir__connections_close(weir__model *model, int32_t broker);

#endif
