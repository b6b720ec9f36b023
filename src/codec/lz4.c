/* LZ4 frames (lz4_Frame_format.md) around the block functions of liblz4. Those take all their memory from the caller
   and decompress straight into the output, which the library's own frame functions do not; and a frame whose header
   checksum is the wrong one of old Kafka clients can be read (KAFKA-3160). */
#include <limits.h>
#include <lz4.h>
#include <string.h>

#include "output.h"
#include "xxh32.h"

#define MAGIC              0x184d2204U
#define SKIPPABLE          0x184d2a50U /* in its last 4 bits, anything */
#define STORED             0x80000000U /* in a block's size: not compressed */
#define BLOCK_WRITTEN      65536U
#define DESCRIPTOR_AT      4
#define DESCRIPTOR_WRITTEN 2
#define HISTORY_MAX        65536U
#define EXPANSION_MAX      255 /* a block cannot grow by more */

/* FLG, the first byte of a frame's descriptor. */
enum {
    FLG_DICTIONARY = 0x01,
    FLG_RESERVED = 0x02,
    FLG_CONTENT_CHECKSUM = 0x04,
    FLG_CONTENT_SIZE = 0x08,
    FLG_BLOCK_CHECKSUM = 0x10,
    FLG_INDEPENDENT = 0x20,
    FLG_VERSION = 0xc0,
    FLG_VERSION_1 = 0x40
};

typedef struct frame {
    uint8_t flg;
    size_t block_max; /* bytes of a block when decompressed */
    uint64_t told;    /* the content size, when FLG_CONTENT_SIZE says that it is there */
    size_t start;     /* the frame's first byte in the output */
} frame;

static uint32_t get32(const uint8_t *p) {
    return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static uint8_t *put32(uint8_t *p, uint32_t v) {
    p[0] = (uint8_t)v;
    p[1] = (uint8_t)(v >> 8);
    p[2] = (uint8_t)(v >> 16);
    p[3] = (uint8_t)(v >> 24);
    return p + 4;
}

static uint8_t descriptor_checksum(const uint8_t *p, size_t len) {
    return (uint8_t)(weir__xxh32(p, len) >> 8);
}

static size_t lz4_bound(size_t len) {
    size_t blocks = len / BLOCK_WRITTEN + 1;
    return len + blocks * 4 + 7 + 4; /* a block that does not shrink is stored; header and end mark */
}

/* Kafka's reader wants independent blocks (Lz4BlockInputStream); its writer puts no checksums and no content size. */
static weir_err lz4_compress(weir_alloc *alloc, weir_bytes in, uint8_t *out, size_t *out_len) {
    size_t state_size = (size_t)LZ4_sizeofState();
    if (*out_len < lz4_bound(in.len))
        return WEIR_E_NO_MEMORY;
    void *state = alloc->take(alloc, state_size);
    if (!state)
        return WEIR_E_NO_MEMORY;
    uint8_t *to = put32(out, MAGIC);
    *to++ = FLG_VERSION_1 | FLG_INDEPENDENT;
    *to++ = 4 << 4; /* blocks of 64 KiB */
    *to = descriptor_checksum(out + DESCRIPTOR_AT, DESCRIPTOR_WRITTEN);
    to++;
    for (uint32_t done = 0, n; done < in.len; done += n) {
        n = in.len - done < BLOCK_WRITTEN ? in.len - done : BLOCK_WRITTEN;
        const uint8_t *from = in.p + done;
        uint32_t size =
            (uint32_t)LZ4_compress_fast_extState(state, (const char *)from, (char *)to + 4, (int)n, (int)n, 1);
        if (size == 0 || size >= n) {
            memcpy(to + 4, from, n);
            size = n | STORED;
        }
        to = put32(to, size) + (size & ~STORED);
    }
    to = put32(to, 0);
    alloc->give(alloc, state, state_size);
    *out_len = (size_t)(to - out);
    return WEIR_OK;
}

void weir__lz4_spoil(uint8_t *start) {
    start[DESCRIPTOR_AT + DESCRIPTOR_WRITTEN] = descriptor_checksum(start, DESCRIPTOR_AT + DESCRIPTOR_WRITTEN);
}

/* Moves *p over n bytes and returns where they begin, or NULL when fewer are left. */
static const uint8_t *skip(const uint8_t **p, const uint8_t *end, size_t n) {
    if ((size_t)(end - *p) < n)
        return NULL;
    const uint8_t *at = *p;
    *p += n;
    return at;
}

/* Reads a frame's header behind its magic. */
static bool descriptor_read(const uint8_t **p, const uint8_t *end, frame *f) {
    const uint8_t *at = skip(p, end, 2);
    if (!at || (at[0] & (FLG_VERSION | FLG_RESERVED | FLG_DICTIONARY)) != FLG_VERSION_1 || (at[1] & 0x8f) ||
        at[1] < 0x40)
        return false;
    f->flg = at[0];
    f->block_max = (size_t)1 << (8 + 2 * (at[1] >> 4));
    if (f->flg & FLG_CONTENT_SIZE) {
        const uint8_t *told = skip(p, end, 8);
        if (!told)
            return false;
        f->told = (uint64_t)get32(told + 4) << 32 | get32(told);
    }
    size_t len = (size_t)(*p - at);
    const uint8_t *checksum = skip(p, end, 1);
    /* Clients of message format 0 summed up the magic as well. */
    return checksum && (*checksum == descriptor_checksum(at, len) || *checksum == descriptor_checksum(at - 4, len + 4));
}

/* Copies a stored block to the end of the output. */
static weir_err stored_read(const uint8_t *from, size_t size, weir__output *output) {
    weir_err err = weir__output_grow(output, size);
    if (err != WEIR_OK)
        return err;
    if (size > output->cap - output->len)
        return WEIR_E_TOO_LARGE;
    memcpy(output->p + output->len, from, size);
    output->len += size;
    return WEIR_OK;
}

/* Decompresses a block to the end of the output. */
static weir_err block_read(const frame *f, const uint8_t *from, size_t size, weir__output *output) {
    size_t want = size < f->block_max / EXPANSION_MAX ? size * EXPANSION_MAX : f->block_max;
    weir_err err = weir__output_grow(output, want);
    if (err != WEIR_OK)
        return err;
    size_t room = (output->size < output->cap ? output->size : output->cap) - output->len;
    if (room > f->block_max)
        room = f->block_max;
    size_t history = f->flg & FLG_INDEPENDENT ? 0 : output->len - f->start;
    if (history > HISTORY_MAX)
        history = HISTORY_MAX;
    uint8_t *to = output->p + output->len;
    int n = LZ4_decompress_safe_usingDict((const char *)from, (char *)to, (int)size, (int)room,
                                          (const char *)to - history, (int)history);
    if (n < 0)
        return room < want ? WEIR_E_TOO_LARGE : WEIR_E_MALFORMED;
    output->len += (size_t)n;
    return WEIR_OK;
}

/* Reads a frame's blocks up to and with its end mark, and what the end mark is followed by. */
static weir_err blocks_read(const uint8_t **p, const uint8_t *end, const frame *f, weir__output *output) {
    for (;;) {
        const uint8_t *at = skip(p, end, 4);
        if (!at)
            return WEIR_E_MALFORMED;
        uint32_t size = get32(at);
        if (size == 0)
            break;
        bool stored = size & STORED;
        size &= ~STORED;
        const uint8_t *block = skip(p, end, size);
        if (!block || size > f->block_max)
            return WEIR_E_MALFORMED;
        if (f->flg & FLG_BLOCK_CHECKSUM) {
            at = skip(p, end, 4);
            if (!at || get32(at) != weir__xxh32(block, size))
                return WEIR_E_MALFORMED;
        }
        weir_err err = stored ? stored_read(block, size, output) : block_read(f, block, size, output);
        if (err != WEIR_OK)
            return err;
    }
    size_t content = output->len - f->start;
    if ((f->flg & FLG_CONTENT_SIZE) && f->told != content)
        return WEIR_E_MALFORMED;
    if (f->flg & FLG_CONTENT_CHECKSUM) {
        const uint8_t *at = skip(p, end, 4);
        if (!at || get32(at) != weir__xxh32(output->p + f->start, content))
            return WEIR_E_MALFORMED;
    }
    return WEIR_OK;
}

static weir_err frames_read(weir_bytes in, weir__output *output) {
    if (in.len == 0)
        return WEIR_E_MALFORMED;
    const uint8_t *p = in.p, *end = p + in.len;
    while (p < end) {
        const uint8_t *at = skip(&p, end, 4);
        if (at && (get32(at) & ~0xfU) == SKIPPABLE) {
            at = skip(&p, end, 4);
            if (!at || !skip(&p, end, get32(at)))
                return WEIR_E_MALFORMED;
            continue;
        }
        frame f = {.start = output->len};
        if (!at || get32(at) != MAGIC || !descriptor_read(&p, end, &f))
            return WEIR_E_MALFORMED;
        weir_err err = blocks_read(&p, end, &f, output);
        if (err != WEIR_OK)
            return err;
    }
    return WEIR_OK;
}

static weir_err lz4_decompress(weir_alloc *alloc, weir_bytes in, size_t cap, weir_bytes *out, size_t *out_size) {
    weir__output output;
    weir_err err = weir__output_init(&output, alloc, (size_t)in.len * WEIR__USUAL_RATIO, cap);
    if (err == WEIR_OK)
        err = frames_read(in, &output);
    return weir__output_finish(&output, err, out, out_size);
}

const weir__codec weir__codec_lz4 = {WEIR_COMPRESSION_LZ4, "lz4", lz4_bound, lz4_compress, lz4_decompress};
