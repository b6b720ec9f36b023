/* What answers each API, and the table that says so. */
#ifndef WEIR_SRC_MODEL_HANDLERS_H
#define WEIR_SRC_MODEL_HANDLERS_H

#include "state.h"

/* An API as the model serves it. */
typedef struct weir__service {
    int16_t key;
    weir__handler serve;
    size_t throttle_at;     /* where the response has throttle_time_ms; SIZE_MAX: nowhere */
    int16_t versions[2][2]; /* by release: the lowest and the highest; -1: not offered */
} weir__service;

/* The service of an API, NULL when there is none. */
const weir__service *weir__service_find(int16_t key);
/* The n-th in order of key, NULL past the last. */
const weir__service *weir__service_at(size_t n);

bool weir__service_has(const weir__model *model, const weir__service *service, int16_t version);

/* ---- refuse.c: fills the response of a request that is refused with a code; false: the arena is used up ---- */
bool weir__refuse(weir__exchange *e, int16_t code);

/* ---- versions.c ---- */
weir__handled weir__serve_api_versions(weir__exchange *e);
/* ---- metadata.c ---- */
weir__handled weir__serve_metadata(weir__exchange *e);
weir__handled weir__serve_describe_cluster(weir__exchange *e);
weir__handled weir__serve_describe_topic_partitions(weir__exchange *e);
/* ---- topics.c ---- */
weir__handled weir__serve_create_topics(weir__exchange *e);
weir__handled weir__serve_delete_topics(weir__exchange *e);
weir__handled weir__serve_create_partitions(weir__exchange *e);
/* ---- configs.c ---- */
weir__handled weir__serve_describe_configs(weir__exchange *e);
/* ---- produce.c, fetch.c ---- */
weir__handled weir__serve_produce(weir__exchange *e);
weir__handled weir__serve_fetch(weir__exchange *e);
/* ---- positions.c ---- */
weir__handled weir__serve_list_offsets(weir__exchange *e);
weir__handled weir__serve_offset_for_leader_epoch(weir__exchange *e);
weir__handled weir__serve_delete_records(weir__exchange *e);
weir__handled weir__serve_describe_producers(weir__exchange *e);

/* Why a broker does not serve a partition: NONE, UNKNOWN_TOPIC_OR_PARTITION, NOT_LEADER_OR_FOLLOWER, and by the leader
   epoch that the request believes in (-1: none) FENCED_LEADER_EPOCH and UNKNOWN_LEADER_EPOCH. */
int16_t weir__leader_check(const weir__exchange *e, const weir__log *log, int32_t leader_epoch);

#endif
