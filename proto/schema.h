/* Message layouts as tables. A struct of <weir/messages.h> is described by a column of rows, one per member and in the
   order of the wire; decode.c and encode.c interpret the rows, and so hold every rule of the format in one place.

   A message file reads:

       #define T weir_end_txn_response
       ROWS = {
           ROW(throttle_time_ms, 0, UP, ZERO, 0),
           ROW(producer_id, 5, UP, MINUS_1, IGNORABLE),
       };
       #undef T

       API(end_txn, WEIR_API_END_TXN, "EndTxn", 0, 5, 0, 5, 3);

   The kind of a row is derived from the member by _Generic, so that table and struct cannot disagree. */
#ifndef WEIR_PROTO_SCHEMA_H
#define WEIR_PROTO_SCHEMA_H

#include <weir/messages.h>
#include <weir/proto.h>

#include <string.h>

/* Rows carry the names of their members unless this is 0, which saves about half of the tables' size. */
#ifndef WEIR_PROTO_NAMES
#define WEIR_PROTO_NAMES 1
#endif

/* Structs nest at most this deep, the message itself included. */
#define WEIR__DEPTH_MAX 8

/* The longest string that Kafka's own decoder accepts, in bytes. */
#define WEIR__STRING_MAX 32767

/* What a member is; arrays have WEIR__ARRAY added to the kind of their items. A string or id with WEIR__APART is given
   by a pointer, and NULL stands for its default: in versions without it, it takes the room of the pointer only. */
enum {
    WEIR__BOOL,
    WEIR__I8,
    WEIR__I16,
    WEIR__I32,
    WEIR__I64,
    WEIR__UUID,
    WEIR__STR,
    WEIR__BYTES,
    WEIR__RECORDS,
    WEIR__STRUCT,
    WEIR__OPTIONAL, /* a pointer to a struct, NULL when it is null */
    WEIR__ARRAY = 0x10,
    WEIR__APART = 0x20
};

/* Defaults of Kafka's definitions. ZERO also stands for "", the empty array and a struct with all of its defaults; NONE
   stands for null, also of a struct. */
enum {
    ZERO,
    NONE,
    ONE,
    MINUS_1,
    MINUS_2,
    TWO_THOUSAND,
    MINUTE_MS,
    MIN_32,
    MAX_32,
    MAX_64
};

/* `until` of a row without end. */
#define UP INT8_MAX

/* The flexible version of what has none. */
#define NEVER INT8_MAX

/* Traits of a row, to be or-ed. */
#define NULLABLE(since) ((since) + 1)         /* may be null from this version on */
#define TAG(number)     (((number) + 1) << 5) /* a tagged field (KIP-482) */
#define IGNORABLE       0x400                 /* dropped silently by versions that lack it */
#define CLASSIC         0x800                 /* never compact, also in flexible versions */

typedef struct weir__row {
    const weir_schema *items; /* of structs and arrays of structs */
#if WEIR_PROTO_NAMES
    const char *name;
#endif
    uint16_t offset;     /* of the member in the struct */
    uint16_t traits;     /* NULLABLE, TAG, IGNORABLE, CLASSIC */
    int8_t since, until; /* the versions that have the member, both inclusive */
    uint8_t kind;
    uint8_t initial; /* the default */
} weir__row;

/* A struct. The last three members are set in messages only, not in the structs inside them. */
struct weir_schema {
    const weir__row *rows;
    uint16_t row_count;
    uint16_t size;           /* of the C struct in bytes */
    int8_t table_min;        /* versions that can be encoded and decoded, */
    int8_t table_max;        /* both inclusive */
    int8_t flexible_version; /* from here on compact and with tagged fields */
};

/* Any array member, and any string, bytes or records, to be copied in and out by memcpy: pointers to objects are taken
   to look alike. */
typedef struct weir__array {
    void *items;
    int32_t count;
} weir__array;

typedef weir_bytes weir__view;

/* The kinds but struct: bytes of the C value, and of its encoding where that is fixed. */
typedef struct weir__kind {
    uint8_t size, wire;
} weir__kind;

extern const weir__kind weir__kinds[WEIR__STRUCT];

static inline bool weir__row_present(const weir__row *row, int version) {
    return version >= row->since && version <= row->until;
}

static inline bool weir__row_nullable(const weir__row *row, int version) {
    int since = (row->traits & 0x1f) - 1;
    return since >= 0 && version >= since;
}

/* The tag number, or -1 when the row is not tagged. */
static inline int weir__row_tag(const weir__row *row) {
    return ((row->traits >> 5) & 0x1f) - 1;
}

/* The kind of a value: of an item when the row is an array. */
static inline int weir__value_kind(const weir__row *row) {
    return row->kind & (WEIR__ARRAY - 1);
}

/* Whether a member is a number or an id and stands where the others do, as most of them: what the interpreter does by
   itself. */
static inline bool weir__row_plain(const weir__row *row) {
    return row->kind >= WEIR__I8 && row->kind <= WEIR__UUID;
}

/* Bytes of one C value of a row, of one item when it is an array, of the struct when it is optional; and of its
   encoding, 0 when that varies. */
static inline size_t weir__item_size(const weir__row *row) {
    return row->items ? row->items->size : weir__kinds[weir__value_kind(row)].size;
}

static inline size_t weir__wire_size(const weir__row *row) {
    return row->items ? 0 : weir__kinds[weir__value_kind(row)].wire;
}

/* What a member of kind OPTIONAL or APART points to, or NULL. */
static inline void *weir__pointer(const void *member) {
    void *p;
    memcpy(&p, member, sizeof p);
    return p;
}

/* Room for any value that stands apart. */
#define WEIR__APART_MAX 16

/* Where the value of a member stands: in the member, or apart; the default is put into `spare` for a NULL. */
const void *weir__value_at(const weir__row *row, const void *member, uint8_t spare[WEIR__APART_MAX]);

/* Sets a member to its default, a struct with all of its members; and whether a member holds it. */
void weir__row_init(const weir__row *row, void *member);
bool weir__row_is_default(const weir__row *row, const void *member);

/* The fewest bytes that an item of an array takes on the wire. No table has items without bytes, so that bytes bound
   every count. */
size_t weir__item_min(const weir__row *row, int version, bool flexible);

#define WEIR__KIND(member)                                                                                             \
    _Generic(((T *)0)->member, bool                                                                                    \
             : WEIR__BOOL, int8_t                                                                                      \
             : WEIR__I8, int16_t                                                                                       \
             : WEIR__I16, int32_t                                                                                      \
             : WEIR__I32, int64_t                                                                                      \
             : WEIR__I64, weir_uuid                                                                                    \
             : WEIR__UUID, weir_str                                                                                    \
             : WEIR__STR, weir_bytes                                                                                   \
             : WEIR__BYTES, weir_records                                                                               \
             : WEIR__RECORDS, weir_i8s                                                                                 \
             : WEIR__ARRAY | WEIR__I8, weir_i16s                                                                       \
             : WEIR__ARRAY | WEIR__I16, weir_i32s                                                                      \
             : WEIR__ARRAY | WEIR__I32, weir_i64s                                                                      \
             : WEIR__ARRAY | WEIR__I64, weir_strs                                                                      \
             : WEIR__ARRAY | WEIR__STR, weir_uuids                                                                     \
             : WEIR__ARRAY | WEIR__UUID, const weir_str *                                                              \
             : WEIR__APART | WEIR__STR, const weir_uuid *                                                              \
             : WEIR__APART | WEIR__UUID)

#if WEIR_PROTO_NAMES
#define WEIR__NAME(member) .name = #member,
#else
#define WEIR__NAME(member)
#endif

#define WEIR__ROW(member, name_, kind_, items_, since_, until_, initial_, traits_)                                     \
    {                                                                                                                  \
        .items = (items_), WEIR__NAME(name_).offset = offsetof(T, member), .traits = (traits_), .since = (since_),     \
        .until = (until_), .kind = (kind_), .initial = (initial_)                                                      \
    }

#define WEIR__PASTE(a, b)  a##b
#define WEIR__PASTE2(a, b) WEIR__PASTE(a, b)

/* ROW describes a plain member, ROW_NAMED one that Kafka calls something else, STRUCT a struct of type S by value,
   OPTIONAL a pointer to one, and STRUCTS an array of structs of type S, whose rows stand above. */
#define ROW(member, since, until, initial, traits)                                                                     \
    WEIR__ROW(member, member, WEIR__KIND(member), NULL, since, until, initial, traits)
#define ROW_NAMED(member, name, since, until, initial, traits)                                                         \
    WEIR__ROW(member, name, WEIR__KIND(member), NULL, since, until, initial, traits)
#define STRUCT(member, S, since, until, initial, traits)                                                               \
    WEIR__ROW(member, member, _Generic(((T *)0)->member, S : WEIR__STRUCT), &S##_schema, since, until, initial, traits)
#define OPTIONAL(member, S, since, until, initial, traits)                                                             \
    WEIR__ROW(member, member,                                                                                          \
              _Generic(((T *)0)->member, S *                                                                           \
                       : WEIR__OPTIONAL),                                                                              \
              &S##_schema, since, until, initial, traits)
#define STRUCTS(member, S, since, until, initial, traits)                                                              \
    WEIR__ROW(member, member,                                                                                          \
              _Generic(((T *)0)->member.items, S *                                                                     \
                       : WEIR__ARRAY | WEIR__STRUCT),                                                                  \
              &S##_schema, since, until, initial, traits)

/* ROWS = { ... }; opens the rows of struct T; SCHEMA closes them when T is a struct inside a message. */
#define ROWS static const weir__row WEIR__PASTE2(T, _rows)[]
#define SCHEMA                                                                                                         \
    static const weir_schema WEIR__PASTE2(T, _schema) = {                                                              \
        .rows = WEIR__PASTE2(T, _rows),                                                                                \
        .row_count = sizeof WEIR__PASTE2(T, _rows) / sizeof WEIR__PASTE2(T, _rows)[0],                                 \
        .size = sizeof(T),                                                                                             \
    }

#define WEIR__MESSAGE(M, table_min, table_max, flexible)                                                               \
    static const weir_schema M##_schema = {                                                                            \
        M##_rows, sizeof M##_rows / sizeof M##_rows[0], sizeof(M), table_min, table_max, flexible}

/* An API from the rows of its request and its response: `min` to `max` are negotiated, the rows reach from `table_min`
   to `table_max`. */
#define API(api, key, name, min, max, table_min, table_max, flexible)                                                  \
    WEIR__MESSAGE(weir_##api##_request, table_min, table_max, flexible);                                               \
    WEIR__MESSAGE(weir_##api##_response, table_min, table_max, flexible);                                              \
    const weir_api weir__##api = {key,                                                                                 \
                                  min,                                                                                 \
                                  max,                                                                                 \
                                  table_min,                                                                           \
                                  table_max,                                                                           \
                                  flexible,                                                                            \
                                  name,                                                                                \
                                  &weir_##api##_request_schema,                                                        \
                                  &weir_##api##_response_schema}

/* The same for what is not part of an API; `prefixed` when its version stands in front of it. */
#define DATA(data, name, min, max, flexible, prefixed)                                                                 \
    WEIR__MESSAGE(weir_##data, min, max, flexible);                                                                    \
    const weir_data weir__##data = {name, min, max, prefixed, &weir_##data##_schema}

extern const weir_api weir__produce, weir__fetch, weir__list_offsets, weir__metadata, weir__offset_commit,
    weir__offset_fetch, weir__find_coordinator, weir__join_group, weir__heartbeat, weir__leave_group, weir__sync_group,
    weir__describe_groups, weir__list_groups, weir__sasl_handshake, weir__api_versions, weir__create_topics,
    weir__delete_topics, weir__delete_records, weir__init_producer_id, weir__offset_for_leader_epoch,
    weir__add_partitions_to_txn, weir__add_offsets_to_txn, weir__end_txn, weir__write_txn_markers,
    weir__txn_offset_commit, weir__describe_configs, weir__sasl_authenticate, weir__create_partitions,
    weir__delete_groups, weir__describe_cluster, weir__describe_producers, weir__describe_transactions,
    weir__list_transactions, weir__consumer_group_heartbeat, weir__consumer_group_describe,
    weir__get_telemetry_subscriptions, weir__push_telemetry, weir__describe_topic_partitions;

extern const weir_data weir__request_header, weir__response_header, weir__consumer_protocol_subscription,
    weir__consumer_protocol_assignment, weir__end_txn_marker;

#endif
