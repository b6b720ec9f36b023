/* Plain values shared by every part of Weir. Nothing here allocates, and everything is passed by value. */
#ifndef WEIR_TYPES_H
#define WEIR_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define WEIR_API               __attribute__((visibility("default")))
#define WEIR_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#else
#define WEIR_API
#define WEIR_PRINTF(fmt, args)
#endif

/* A view of bytes that somebody else owns. `p == NULL` is null (Kafka's null key or value); an empty value has p set.
 */
typedef struct weir_bytes {
    const uint8_t *p;
    uint32_t len;
} weir_bytes;

/* A view of UTF-8 text, not terminated by NUL. `p == NULL` is null. */
typedef struct weir_str {
    const char *p;
    uint32_t len;
} weir_str;

/* A view of Kafka record batches lying back to back, as in a Produce request or a Fetch response. */
typedef struct weir_records {
    const uint8_t *p;
    uint32_t len;
} weir_records;

/* A topic id or directory id: 16 bytes in wire order; all zero means "none" (KIP-516). */
typedef struct weir_uuid {
    uint8_t b[16];
} weir_uuid;

/* Monotonic time in microseconds, supplied by the caller; its origin is arbitrary. */
typedef int64_t weir_time_us;

#define WEIR_NEVER INT64_MAX

/* What a call came to. Zero is success, a positive value is a condition, a negative one an error. */
typedef enum weir_err {
    WEIR_OK = 0,
    WEIR_AGAIN = 1,            /* not now: wait for I/O, time or released memory, then call again */
    WEIR_END = 2,              /* there is no more */
    WEIR_E_MALFORMED = -1,     /* bytes that do not follow the protocol or the file format */
    WEIR_E_NO_MEMORY = -2,     /* the memory budget, or an arena, is used up */
    WEIR_E_VERSION = -3,       /* no version in common, or a value the version cannot carry */
    WEIR_E_CONFIG = -4,        /* a property is unknown, ill-typed, out of range or contradicts another */
    WEIR_E_UNREACHABLE = -5,   /* no broker could be reached, or what answered is not a Kafka broker */
    WEIR_E_TIMEOUT = -6,       /* a deadline passed before the request was sent: it had no effect */
    WEIR_E_INDETERMINATE = -7, /* sent, but the outcome is not known: it may or may not have taken effect */
    WEIR_E_BROKER = -8,        /* the broker refused with an error code that retrying does not cure */
    WEIR_E_FENCED = -9,        /* another instance has taken over this job's transactional ids */
    WEIR_E_LOSS = -10,         /* data that was read or accepted can no longer be delivered */
    WEIR_E_CHECKPOINT = -11,   /* a checkpoint cannot be read, or belongs to another job */
    WEIR_E_STORE = -12,        /* a checkpoint cannot be made durable */
    WEIR_E_LOCKED = -13,       /* another process holds the job's lock */
    WEIR_E_TOO_LARGE = -14,    /* a record or a response exceeds its limit */
    WEIR_E_UNSUPPORTED = -15,  /* the broker or this build lacks the feature */
    WEIR_E_ABORTED = -16       /* the open transaction can only be aborted: go on from the last checkpoint */
} weir_err;

/* The name of an error, for example "WEIR_E_FENCED"; never NULL. */
WEIR_API const char *weir_err_name(weir_err err);

/* Views of text. weir_str_of measures a NUL-terminated string (NULL gives a null view). */
WEIR_API weir_str weir_str_of(const char *text);
WEIR_API bool weir_str_equal(weir_str a, weir_str b);
WEIR_API bool weir_uuid_is_zero(weir_uuid id);

#ifdef __cplusplus
}
#endif

#endif
