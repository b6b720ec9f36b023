/* The group coordinator: classic consumer groups and committed offsets. Private to src/model. */
#ifndef WEIR_SRC_MODEL_GROUP_H
#define WEIR_SRC_MODEL_GROUP_H

#include "cluster.h"

typedef struct weir__kept {
    uint8_t *p; /* owned; NULL when empty */
    size_t len;
} weir__kept;

/* ---- offsets ---- */
/* An offset that a group has stored for a partition. */
typedef struct weir__offset {
    char *topic; /* owned */
    int32_t partition, leader_epoch;
    int64_t offset;
    char *metadata; /* owned */
    weir_time_us stored;
    uint64_t order;      /* of storing: the later one stays when a transaction ends */
    int64_t producer_id; /* whose open transaction it waits for; -1: it is in effect */
} weir__offset;

/* What the log of the groups' topic knows of a producer. */
typedef struct weir__offset_producer {
    int32_t partition; /* of the groups' topic */
    int64_t producer_id;
    int16_t epoch;
    bool open; /* it has offsets there that wait */
} weir__offset_producer;

/* ---- groups ---- */
typedef enum weir__group_state {
    WEIR__GROUP_EMPTY,
    WEIR__GROUP_PREPARING,  /* members are joining */
    WEIR__GROUP_COMPLETING, /* the leader is assigning */
    WEIR__GROUP_STABLE,
    WEIR__GROUP_STATES
} weir__group_state;

typedef struct weir__protocol {
    char *name; /* owned */
    weir__kept metadata;
} weir__protocol;

typedef struct weir__member {
    char *id, *client_id; /* owned */
    char *instance;       /* of a static member, owned; NULL: dynamic */
    weir__protocol *protocols;
    size_t protocol_count;
    weir__kept assignment;
    int32_t session_ms, rebalance_ms;
    bool pending;                 /* knows its id and has not joined with it */
    bool fresh;                   /* has never been in a generation */
    bool joining;                 /* has joined the rebalance that is going on */
    bool syncing;                 /* has asked for its assignment in this generation */
    int32_t connection, sequence; /* of its last JoinGroup: where it came, its correlation id */
    weir_time_us expires;         /* without a sign of life */
} weir__member;

typedef struct weir__group {
    char *id; /* owned */
    weir__group_state state;
    int32_t generation;
    char *protocol_type;    /* owned; NULL: nobody has ever joined */
    char *protocol;         /* owned; NULL: none chosen */
    weir__member **members; /* in the order of joining, pending ones included */
    size_t member_count, member_cap;
    weir__member *leader;     /* one of them, or NULL */
    weir_time_us phase_until; /* when joining, or assigning, is over at the latest */
    int64_t delay_left;       /* of a first rebalance: by how much it may still be put off, us; -1: not a first one */
    bool joined_lately;       /* somebody has joined since that was decided */
    weir_time_us empty_since;
    weir__offset *offsets;
    size_t offset_count, offset_cap;
} weir__group;

struct weir__groups {
    weir__group **items; /* in the order of creation */
    size_t count, cap;
    uint64_t members_made, orders;
    weir__offset_producer *producers;
    size_t producer_count, producer_cap;
    weir_time_us retention_at; /* when old offsets are looked for */
};

/* NULL when there is none. */
weir__group *weir__group_find(const weir__model *model, weir_str id);
/* A new group, or the one that there is; NULL: no memory. */
weir__group *weir__group_make(weir__model *model, weir_str id);
void weir__group_forget(weir__model *model, weir__group *group);
/* Kafka's name of a state; it ends with a NUL. */
const weir_str *weir__group_state_name(weir__group_state state);

/* ---- members ---- */
weir__member *weir__member_find(const weir__group *group, weir_str id);
weir__member *weir__member_static(const weir__group *group, weir_str instance);
/* A member named after its instance or client, and a number; without protocols. NULL: no memory. */
weir__member *weir__member_make(weir__model *model, weir__group *group, weir_str client_id, weir_str instance);
/* Takes what the member says of itself in a JoinGroup; false: no memory, nothing has changed. */
bool weir__member_update(weir__model *model, weir__member *member, const weir_join_group_request *in);
/* Another id for a static member that has come back; false: no memory. */
bool weir__member_rename(weir__model *model, weir__member *member, weir_str client_id);
/* Takes a member away, without a rebalance. */
void weir__member_remove(weir__model *model, weir__group *group, weir__member *member);
/* The protocol of that name, NULL if the member does not have it. */
const weir__protocol *weir__member_protocol(const weir__member *member, const char *name);
/* A sign of life: the session begins anew. */
void weir__member_lives(weir__member *member, weir_time_us now);
/* WEIR_CODE_NONE, UNKNOWN_MEMBER_ID or FENCED_INSTANCE_ID: whether a member with that id and instance (null: not said)
   is in the group. */
int16_t weir__member_check(const weir__group *group, weir_str id, weir_str instance);
/* Replaces a blob; false: no memory, nothing has changed. */
bool weir__kept_set(weir__model *model, weir__kept *blob, weir_bytes bytes);
weir_bytes weir__kept_bytes(const weir__kept *blob);
size_t weir__group_members(const weir__group *group); /* without pending ones */

/* ---- rebalances ---- */
/* Lets all members join anew. */
void weir__group_rebalance(weir__model *model, weir__group *group, weir_time_us now);
/* Ends joining if nobody is missing. */
void weir__group_try_complete(weir__model *model, weir__group *group, weir_time_us now);
/* A member has gone, or wants another assignment. */
void weir__group_disturbed(weir__model *model, weir__group *group, weir_time_us now);
/* The protocol that most members like best of those that all have; NULL: none. */
const char *weir__group_choose(const weir__group *group);
/* Sessions and phases of a group that are over. */
void weir__group_pass(weir__model *model, weir__group *group, weir_time_us now);
weir_time_us weir__group_due(const weir__group *group);

/* ---- offsets ---- */
/* NULL when there is none; producer_id -1: the one in effect. */
weir__offset *weir__offset_find(const weir__group *group, weir_str topic, int32_t partition, int64_t producer_id);
/* Whether some transaction is open on the partition's offset. */
bool weir__offset_pending(const weir__group *group, weir_str topic, int32_t partition);
void weir__offsets_free(weir__model *model, weir__group *group);
/* Takes away what is too old; the group must be empty. */
void weir__offsets_expire(weir__model *model, weir__group *group, weir_time_us now);

/* ---- requests ---- */
weir__handled weir__serve_join_group(weir__exchange *e);
weir__handled weir__serve_sync_group(weir__exchange *e);
weir__handled weir__serve_heartbeat(weir__exchange *e);
weir__handled weir__serve_leave_group(weir__exchange *e);
weir__handled weir__serve_offset_commit(weir__exchange *e);
weir__handled weir__serve_offset_fetch(weir__exchange *e);
weir__handled weir__serve_txn_offset_commit(weir__exchange *e);
weir__handled weir__serve_describe_groups(weir__exchange *e);
weir__handled weir__serve_list_groups(weir__exchange *e);
weir__handled weir__serve_delete_groups(weir__exchange *e);

#endif
