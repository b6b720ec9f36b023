/* Cursors over wire bytes: bounds are checked in one place, and an error sticks, so that a sequence of reads or writes
   is checked once at its end. Everything is big-endian (Kafka protocol guide, "Protocol Primitive Types"). */
#ifndef WEIR_WIRE_H
#define WEIR_WIRE_H

#include <weir/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A bump arena over memory of the caller. Decoding takes all of its memory from one; there is no free. */
typedef struct weir_arena {
    uint8_t *base;
    size_t size;
    size_t used;
} weir_arena;

WEIR_API void weir_arena_init(weir_arena *arena, void *memory, size_t size);
/* Zeroed memory aligned for any member of a message, or NULL when the arena is used up. */
WEIR_API void *weir_arena_take(weir_arena *arena, size_t size);

/* Reading. After the first failure every read yields zero or null and does not move; `error` says why and `error_at`
   is the offset in bytes from `start` where the offending item begins. */
typedef struct weir_in {
    const uint8_t *start, *p, *end;
    weir_err error; /* WEIR_OK, WEIR_E_MALFORMED, WEIR_E_NO_MEMORY or WEIR_E_VERSION */
    size_t error_at;
} weir_in;

WEIR_API void weir_in_init(weir_in *in, const void *bytes, size_t len);
WEIR_API size_t weir_in_left(const weir_in *in);
WEIR_API size_t weir_in_offset(const weir_in *in);
WEIR_API void weir_in_fail(weir_in *in, weir_err error);
WEIR_API bool weir_in_bool(weir_in *in);
WEIR_API int8_t weir_in_i8(weir_in *in);
WEIR_API int16_t weir_in_i16(weir_in *in);
WEIR_API uint16_t weir_in_u16(weir_in *in);
WEIR_API int32_t weir_in_i32(weir_in *in);
WEIR_API uint32_t weir_in_u32(weir_in *in);
WEIR_API int64_t weir_in_i64(weir_in *in);
WEIR_API double weir_in_f64(weir_in *in);
WEIR_API uint32_t weir_in_uvarint(weir_in *in);            /* at most 5 bytes */
WEIR_API int32_t weir_in_varint(weir_in *in);              /* zigzag, at most 5 bytes */
WEIR_API int64_t weir_in_varlong(weir_in *in);             /* zigzag, at most 10 bytes */
WEIR_API weir_bytes weir_in_take(weir_in *in, size_t len); /* a view of the next len bytes */

/* A place in the output where bytes that the caller keeps stand in for copied ones (see weir_out). */
typedef struct weir_splice {
    size_t at; /* bytes of the output buffer that come before it */
    weir_bytes bytes;
} weir_splice;

/* Writing into memory of the caller. With `start == NULL` nothing is stored and `total` counts the size, so an encoder
   run once counting and once writing needs no growing buffer. With `splices` set, record sets are not copied: each is
   noted as a splice (its place is known only when writing), `total` includes it, and the bytes on the wire are the
   buffer with the splices put in. */
typedef struct weir_out {
    uint8_t *start, *p, *end;
    size_t total; /* bytes of the encoding so far, splices included */
    weir_splice *splices;
    uint32_t splice_count, splice_cap;
    weir_err error; /* WEIR_OK, WEIR_E_NO_MEMORY (no room in buffer or splices), WEIR_E_VERSION or WEIR_E_TOO_LARGE */
} weir_out;

WEIR_API void weir_out_init(weir_out *out, void *buffer, size_t size); /* buffer == NULL: count only */
WEIR_API void weir_out_fail(weir_out *out, weir_err error);
WEIR_API void weir_out_bool(weir_out *out, bool v);
WEIR_API void weir_out_i8(weir_out *out, int8_t v);
WEIR_API void weir_out_i16(weir_out *out, int16_t v);
WEIR_API void weir_out_u16(weir_out *out, uint16_t v);
WEIR_API void weir_out_i32(weir_out *out, int32_t v);
WEIR_API void weir_out_u32(weir_out *out, uint32_t v);
WEIR_API void weir_out_i64(weir_out *out, int64_t v);
WEIR_API void weir_out_f64(weir_out *out, double v);
WEIR_API void weir_out_uvarint(weir_out *out, uint32_t v);
WEIR_API void weir_out_varint(weir_out *out, int32_t v);
WEIR_API void weir_out_varlong(weir_out *out, int64_t v);
WEIR_API void weir_out_bytes(weir_out *out, const void *bytes, size_t len);

#ifdef __cplusplus
}
#endif

#endif
