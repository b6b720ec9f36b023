/* What wire.c and the interpreter share: the bounds checks of reading and writing, and big-endian loads and stores at
   any address, which compilers turn into single instructions. */
#ifndef WEIR_PROTO_LOAD_H
#define WEIR_PROTO_LOAD_H

#include <weir/wire.h>

/* Alignment of what an arena hands out: enough for every member of a message. */
#define WEIR__ALIGN 8u

static inline uint16_t weir__load16(const uint8_t *p) {
    return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t weir__load32(const uint8_t *p) {
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline uint64_t weir__load64(const uint8_t *p) {
    return (uint64_t)weir__load32(p) << 32 | weir__load32(p + 4);
}

static inline void weir__store16(uint8_t *p, uint16_t v) {
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

static inline void weir__store32(uint8_t *p, uint32_t v) {
    weir__store16(p, (uint16_t)(v >> 16));
    weir__store16(p + 2, (uint16_t)v);
}

static inline void weir__store64(uint8_t *p, uint64_t v) {
    weir__store32(p, (uint32_t)(v >> 32));
    weir__store32(p + 4, (uint32_t)v);
}

/* The next `len` bytes, or NULL after failing. Nothing reads from the input but through this. */
static inline const uint8_t *weir__take(weir_in *in, size_t len) {
    const uint8_t *p = in->p;
    if (in->error || len > (size_t)(in->end - p)) {
        weir_in_fail(in, WEIR_E_MALFORMED);
        return NULL;
    }
    in->p = p + len;
    return p;
}

/* Room for the next `len` bytes, or NULL when counting or failed. */
static inline uint8_t *weir__put(weir_out *out, size_t len) {
    if (out->error)
        return NULL;
    if (out->start && len > (size_t)(out->end - out->p)) {
        weir_out_fail(out, WEIR_E_NO_MEMORY);
        return NULL;
    }
    out->total += len;
    if (!out->start)
        return NULL;
    uint8_t *at = out->p;
    out->p += len;
    return at;
}

#endif
