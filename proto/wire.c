/* Cursors over wire bytes. Every read goes through weir__take or base128, every write through weir__put. */
#include "load.h"

#include <string.h>

/* What an empty view points to, so that it is not null. */
static const uint8_t nothing[1];

void weir_arena_init(weir_arena *arena, void *memory, size_t size) {
    size_t skew = memory ? (size_t)(-(uintptr_t)memory & (WEIR__ALIGN - 1)) : 0;
    *arena = (weir_arena){0};
    if (memory && skew <= size) {
        arena->base = (uint8_t *)memory + skew;
        arena->size = size - skew;
    }
}

void *weir_arena_take(weir_arena *arena, size_t size) {
    size_t at = (arena->used + WEIR__ALIGN - 1) & ~(size_t)(WEIR__ALIGN - 1);
    if (!arena->base || at > arena->size || size > arena->size - at)
        return NULL;
    arena->used = at + size;
    return memset(arena->base + at, 0, size);
}

void weir_in_init(weir_in *in, const void *bytes, size_t len) {
    in->start = in->p = bytes ? bytes : nothing;
    in->end = in->start + (bytes ? len : 0);
    in->error = WEIR_OK;
    in->error_at = 0;
}

size_t weir_in_left(const weir_in *in) {
    return in->error ? 0 : (size_t)(in->end - in->p);
}

size_t weir_in_offset(const weir_in *in) {
    return (size_t)(in->p - in->start);
}

void weir_in_fail(weir_in *in, weir_err error) {
    if (in->error)
        return;
    in->error = error;
    in->error_at = weir_in_offset(in);
}

weir_bytes weir_in_take(weir_in *in, size_t len) {
    const uint8_t *p = len > UINT32_MAX ? NULL : weir__take(in, len);
    if (!p) {
        weir_in_fail(in, WEIR_E_MALFORMED);
        return (weir_bytes){NULL, 0};
    }
    return (weir_bytes){p, (uint32_t)len};
}

bool weir_in_bool(weir_in *in) {
    return weir_in_i8(in) != 0;
}

int8_t weir_in_i8(weir_in *in) {
    const uint8_t *p = weir__take(in, 1);
    return p ? (int8_t)*p : 0;
}

int16_t weir_in_i16(weir_in *in) {
    return (int16_t)weir_in_u16(in);
}

uint16_t weir_in_u16(weir_in *in) {
    const uint8_t *p = weir__take(in, 2);
    return p ? weir__load16(p) : 0;
}

int32_t weir_in_i32(weir_in *in) {
    return (int32_t)weir_in_u32(in);
}

uint32_t weir_in_u32(weir_in *in) {
    const uint8_t *p = weir__take(in, 4);
    return p ? weir__load32(p) : 0;
}

int64_t weir_in_i64(weir_in *in) {
    const uint8_t *p = weir__take(in, 8);
    return p ? (int64_t)weir__load64(p) : 0;
}

double weir_in_f64(weir_in *in) {
    int64_t bits = weir_in_i64(in);
    double v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

/* A base-128 number of `bits` bits: at most (bits + 6) / 7 bytes, and no bit beyond `bits` set. */
static uint64_t base128(weir_in *in, unsigned bits) {
    const uint8_t *p = in->p;
    uint64_t v = 0;
    size_t left = weir_in_left(in);
    for (unsigned shift = 0; shift < bits && left > 0; shift += 7, left--) {
        uint8_t byte = *p++;
        if (bits - shift < 7 && (byte >> (bits - shift)) != 0)
            break;
        v |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            in->p = p;
            return v;
        }
    }
    weir_in_fail(in, WEIR_E_MALFORMED);
    return 0;
}

uint32_t weir_in_uvarint(weir_in *in) {
    if (!in->error && in->p < in->end && *in->p < 0x80) /* nearly all lengths and counts */
        return *in->p++;
    return (uint32_t)base128(in, 32);
}

int32_t weir_in_varint(weir_in *in) {
    uint32_t v = weir_in_uvarint(in);
    return (int32_t)(v >> 1 ^ (0u - (v & 1)));
}

int64_t weir_in_varlong(weir_in *in) {
    uint64_t v = base128(in, 64);
    return (int64_t)(v >> 1 ^ (0u - (v & 1)));
}

void weir_out_init(weir_out *out, void *buffer, size_t size) {
    *out = (weir_out){.start = buffer, .p = buffer, .end = buffer ? (uint8_t *)buffer + size : NULL};
}

void weir_out_fail(weir_out *out, weir_err error) {
    if (!out->error)
        out->error = error;
}

void weir_out_bool(weir_out *out, bool v) {
    weir_out_i8(out, v ? 1 : 0);
}

void weir_out_i8(weir_out *out, int8_t v) {
    uint8_t *p = weir__put(out, 1);
    if (p)
        *p = (uint8_t)v;
}

void weir_out_i16(weir_out *out, int16_t v) {
    weir_out_u16(out, (uint16_t)v);
}

void weir_out_u16(weir_out *out, uint16_t v) {
    uint8_t *p = weir__put(out, 2);
    if (p)
        weir__store16(p, v);
}

void weir_out_i32(weir_out *out, int32_t v) {
    weir_out_u32(out, (uint32_t)v);
}

void weir_out_u32(weir_out *out, uint32_t v) {
    uint8_t *p = weir__put(out, 4);
    if (p)
        weir__store32(p, v);
}

void weir_out_i64(weir_out *out, int64_t v) {
    uint8_t *p = weir__put(out, 8);
    if (p)
        weir__store64(p, (uint64_t)v);
}

void weir_out_f64(weir_out *out, double v) {
    int64_t bits;
    memcpy(&bits, &v, sizeof bits);
    weir_out_i64(out, bits);
}

static void put_base128(weir_out *out, uint64_t v) {
    uint8_t bytes[10];
    size_t n = 0;
    for (; v >= 0x80; v >>= 7)
        bytes[n++] = (uint8_t)(v | 0x80);
    bytes[n++] = (uint8_t)v;
    weir_out_bytes(out, bytes, n);
}

void weir_out_uvarint(weir_out *out, uint32_t v) {
    if (v < 0x80) /* nearly all lengths and counts */
        weir_out_i8(out, (int8_t)v);
    else
        put_base128(out, v);
}

void weir_out_varint(weir_out *out, int32_t v) {
    put_base128(out, ((uint32_t)v << 1) ^ (v < 0 ? UINT32_MAX : 0));
}

void weir_out_varlong(weir_out *out, int64_t v) {
    put_base128(out, ((uint64_t)v << 1) ^ (v < 0 ? UINT64_MAX : 0));
}

void weir_out_bytes(weir_out *out, const void *bytes, size_t len) {
    uint8_t *p = weir__put(out, len);
    if (p && len > 0)
        memcpy(p, bytes, len);
}
