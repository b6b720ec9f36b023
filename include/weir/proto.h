/* Kafka's messages as C structs, and the codec between them and bytes. Usable alone: no I/O, no clock, no malloc.
   The structs themselves are in <weir/messages.h>; record batches are in <weir/record.h>. */
#ifndef WEIR_PROTO_H
#define WEIR_PROTO_H

#include <weir/messages.h>
#include <weir/types.h>
#include <weir/wire.h>

#ifdef __cplusplus
extern "C" {
#endif

/* API keys (Kafka's ApiKeys); the value is the `api_key` of a request header. */
typedef enum weir_api_key {
    WEIR_API_PRODUCE = 0,
    WEIR_API_FETCH = 1,
    WEIR_API_LIST_OFFSETS = 2,
    WEIR_API_METADATA = 3,
    WEIR_API_OFFSET_COMMIT = 8,
    WEIR_API_OFFSET_FETCH = 9,
    WEIR_API_FIND_COORDINATOR = 10,
    WEIR_API_JOIN_GROUP = 11,
    WEIR_API_HEARTBEAT = 12,
    WEIR_API_LEAVE_GROUP = 13,
    WEIR_API_SYNC_GROUP = 14,
    WEIR_API_DESCRIBE_GROUPS = 15,
    WEIR_API_LIST_GROUPS = 16,
    WEIR_API_SASL_HANDSHAKE = 17,
    WEIR_API_VERSIONS = 18,
    WEIR_API_CREATE_TOPICS = 19,
    WEIR_API_DELETE_TOPICS = 20,
    WEIR_API_DELETE_RECORDS = 21,
    WEIR_API_INIT_PRODUCER_ID = 22,
    WEIR_API_OFFSET_FOR_LEADER_EPOCH = 23,
    WEIR_API_ADD_PARTITIONS_TO_TXN = 24,
    WEIR_API_ADD_OFFSETS_TO_TXN = 25,
    WEIR_API_END_TXN = 26,
    WEIR_API_WRITE_TXN_MARKERS = 27,
    WEIR_API_TXN_OFFSET_COMMIT = 28,
    WEIR_API_DESCRIBE_CONFIGS = 32,
    WEIR_API_SASL_AUTHENTICATE = 36,
    WEIR_API_CREATE_PARTITIONS = 37,
    WEIR_API_DELETE_GROUPS = 42,
    WEIR_API_DESCRIBE_CLUSTER = 60,
    WEIR_API_DESCRIBE_PRODUCERS = 61,
    WEIR_API_DESCRIBE_TRANSACTIONS = 65,
    WEIR_API_LIST_TRANSACTIONS = 66,
    WEIR_API_CONSUMER_GROUP_HEARTBEAT = 68,
    WEIR_API_CONSUMER_GROUP_DESCRIBE = 69,
    WEIR_API_GET_TELEMETRY_SUBSCRIPTIONS = 71,
    WEIR_API_PUSH_TELEMETRY = 72,
    WEIR_API_DESCRIBE_TOPIC_PARTITIONS = 75
} weir_api_key;

/* A message layout: the rows that say which members exist in which version. */
typedef struct weir_schema weir_schema;

/* One API: both directions and the versions that this codec speaks. Those from `min_version` to `max_version` are
   negotiated. All from `table_min` to `table_max` can be encoded and decoded: what lies below the negotiated ones
   carries records in formats that this client does not write; what lies above them is unstable (a broker offers it on
   demand only), or not meant for clients, or needs more than a version of this client. */
typedef struct weir_api {
    int16_t key;
    int16_t min_version, max_version, table_min, table_max;
    int16_t flexible_version; /* first version with tagged fields (KIP-482); past every other when there is none */
    const char *name;         /* Kafka's name, "InitProducerId" */
    const weir_schema *request, *response;
} weir_api;

/* The API with a key, or NULL when this codec does not know it. */
WEIR_API const weir_api *weir_api_find(int16_t key);
/* The n-th known API in order of key, or NULL past the last. */
WEIR_API const weir_api *weir_api_at(size_t n);
/* The name of an API for messages to people: "Fetch", or "unknown API". Never NULL. */
WEIR_API const char *weir_api_name(int16_t key);
/* The first Kafka release with an API: "0.11"; "0.10.0" also stands for what is older. */
WEIR_API const char *weir_api_release(int16_t key);

/* The highest version that both this codec and a broker offering [min, max] speak, or -1 when there is none. */
WEIR_API int16_t weir_api_negotiate(const weir_api *api, int16_t min, int16_t max);

/* What Kafka defines outside of its APIs: headers, what members of classic consumer groups tell each other, and the
   value of the control record that ends a transaction. */
typedef enum weir_data_id {
    WEIR_DATA_REQUEST_HEADER,
    WEIR_DATA_RESPONSE_HEADER,
    WEIR_DATA_CONSUMER_SUBSCRIPTION,
    WEIR_DATA_CONSUMER_ASSIGNMENT,
    WEIR_DATA_END_TXN_MARKER
} weir_data_id;

typedef struct weir_data {
    const char *name; /* Kafka's name, "ConsumerProtocolSubscription" */
    int16_t min_version, max_version;
    bool prefixed; /* the version stands in front, as an int16 */
    const weir_schema *schema;
} weir_data;

/* The data with an id, or NULL past the last. */
WEIR_API const weir_data *weir_data_at(size_t id);

/* The size in bytes of the C struct that a schema describes. */
WEIR_API size_t weir_message_sizeof(const weir_schema *schema);
/* Sets every member to the default of Kafka's definition (nulls, -1 and the like). */
WEIR_API void weir_message_init(const weir_schema *schema, void *message);
/* Writes the body of a message. Fails with WEIR_E_VERSION when a member that the version lacks holds something else
   than its default and Kafka's definition does not call it ignorable, when null stands where null is not allowed, when
   a string is longer than 32767 bytes, or when the schema does not reach to the version. */
WEIR_API weir_err weir_message_encode(const weir_schema *schema, int16_t version, weir_out *out, const void *message);
/* The most that decoding a message takes from an arena: so many times the bytes of the input, whatever they hold, and
   some slack. */
#define WEIR_ARENA_RATIO 16
#define WEIR_ARENA_SLACK 4096

/* Reads the body of a message into `message` (weir_message_sizeof bytes; defaults first). Strings, bytes and records
   are views into the input; arrays, and what pointers point to, lie in the arena, for which WEIR_ARENA_RATIO times the
   bytes of the input and WEIR_ARENA_SLACK always suffice. The time is linear in the input. Leaves `in` behind the body:
   whether bytes may follow is up to the caller. On failure the same error stands in `in`, with its place, and the
   message is not to be relied on. */
WEIR_API weir_err weir_message_decode(const weir_schema *schema, int16_t version, weir_in *in, weir_arena *arena,
                                      void *message);

/* The same for data, with the version in front where that is usual. Of data that is newer than this codec the known
   part is read: versions only ever append (data without a prefix is read in its newest version). */
WEIR_API weir_err weir_data_encode(const weir_data *data, int16_t version, weir_out *out, const void *message);
WEIR_API weir_err weir_data_decode(const weir_data *data, weir_in *in, weir_arena *arena, void *message);

/* A message as JSON, in the form of Kafka's own JsonConverter: members under Kafka's names (throttleTimeMs), only those
   that the version has, tagged ones only when they are not at their default; bytes as base64, ids as Kafka prints them.
   Records are given by their size, as recordsSizeInBytes, unless `records` asks for the bytes: that form can be read
   back. What is not UTF-8 in a string becomes U+FFFD. Fails as encoding does when a member does not fit the version;
   null is written wherever it stands. Not in a build without names (WEIR_PROTO_NAMES=0). */
WEIR_API weir_err weir_message_to_json(const weir_schema *schema, int16_t version, bool records, weir_out *out,
                                       const void *message);
/* The inverse. Each member that the version has must be there, the tagged ones excepted, and nothing else may:
   WEIR_E_VERSION at a member that only other versions have, WEIR_E_MALFORMED otherwise. Strings are views into the text
   unless they have escapes; those, bytes and arrays lie in the arena. Leaves `in` behind the document and the white
   space after it. */
WEIR_API weir_err weir_message_from_json(const weir_schema *schema, int16_t version, weir_in *in, weir_arena *arena,
                                         void *message);

/* Frames. A request frame is int32 size, header v1 or v2 by the flexible version, body. weir_request_encode writes all
   of it; the size field includes splices. WEIR_E_TOO_LARGE past 2 GiB. */
WEIR_API weir_err weir_request_encode(weir_out *out, const weir_api *api, int16_t version, int32_t correlation_id,
                                      weir_str client_id, const void *message);
/* The same for a response, as a broker sends it. */
WEIR_API weir_err weir_response_encode(weir_out *out, const weir_api *api, int16_t version, int32_t correlation_id,
                                       const void *message);

/* Reads the header of a request frame (without its size). With an API or a version that this codec does not know, the
   input is left somewhere in front of the body, and only the header's fields can be relied on. */
WEIR_API weir_err weir_request_header_decode(weir_in *in, weir_request_header *header);
/* Reads the header of a response frame (without its size): v0 or v1 by the flexible version; ApiVersions always v0. */
WEIR_API weir_err weir_response_header_decode(weir_in *in, const weir_api *api, int16_t version,
                                              int32_t *correlation_id);

/* Kafka's error codes (protocol guide, "Error Codes"), with what a client is to do about one where the API has no rule
   of its own. An unlisted code is indeterminate: nothing is known about what happened. */
typedef enum weir_class {
    WEIR_CLASS_OK,
    WEIR_CLASS_RETRY,            /* the same request again after a pause */
    WEIR_CLASS_REFRESH,          /* fetch metadata, then again */
    WEIR_CLASS_FIND_COORDINATOR, /* look the coordinator up, then again */
    WEIR_CLASS_ABORT,            /* the transaction must be aborted */
    WEIR_CLASS_FENCED,           /* a newer incarnation owns the id */
    WEIR_CLASS_FATAL,            /* refused, and retrying does not help */
    WEIR_CLASS_INDETERMINATE     /* not known whether it took effect */
} weir_class;

WEIR_API const char *weir_code_name(int16_t code); /* "NOT_COORDINATOR"; "UNLISTED_CODE" for others */
WEIR_API const char *weir_code_text(int16_t code); /* one short sentence that says what it means */
WEIR_API weir_class weir_code_class(int16_t code);

/* WEIR_CODE_NOT_COORDINATOR and so on, with Kafka's numbers. */
#include <weir/codes.h>

#ifdef __cplusplus
}
#endif

#endif
