/* What `weir groups describe` prints of a group, whatever its protocol. */
#ifndef CLI_GROUP_PRINT_H
#define CLI_GROUP_PRINT_H

#include <weir/messages.h>

/* Some partitions of a topic. */
typedef weir_consumer_protocol_assignment_topic_partition cli_assigned;

typedef struct cli_member {
    weir_str id, instance_id; /* instance_id.p == NULL: not a static member */
    weir_str client_id, host;
    int32_t epoch;                /* -1: the protocol has none */
    const cli_assigned *assigned; /* to whom it belongs is up to who fills this in */
    int32_t assigned_count;       /* -1: not known */
} cli_member;

typedef struct cli_group {
    weir_str id, state;
    const char *type;       /* "classic", "consumer" */
    weir_str protocol_type; /* "consumer", "connect", "" */
    weir_str protocol;      /* how partitions are assigned: "range"; may be empty */
    int32_t epoch;          /* -1: the protocol has none */
    int32_t coordinator;
    const cli_member *members;
    int32_t member_count;
} cli_group;

/* An event "group". */
void cli_group_json(const cli_group *group);
/* The same for people. */
void cli_group_text(const cli_group *group);

#endif
