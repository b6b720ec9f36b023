/* LZ4 frames (lz4_Frame_format.md) around the block functions of liblz4. Those take all their memory from the caller
   and decompress straight into the output, which the library's own frame functions do not; and a frame whose header
   checksum is the wrong one of old Kafka clients can be read (KAFKA-3160). */
#include <limits.h>
#include <lz4.h>
#include <string.h>

#include "stream.h"
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

/* The parts of a frame. Each is read when its bytes are there in one piece. */
typedef enum part {
    PART_MAGIC,
    PART_SKIPPABLE,  /* magic and size */
    PART_FLG,        /* magic and FLG */
    PART_DESCRIPTOR, /* magic and descriptor */
    PART_SIZE,       /* of a block, or the end mark */
    PART_BLOCK,      /* with its size in front and its checksum behind */
    PART_CHECKSUM    /* of the content */
} part;

typedef struct frame {
    part part;
    size_t want;   /* bytes of the part */
    size_t taken;  /* what reading it came to: 0 when they belong to the part that comes next as well */
    uint32_t pass; /* bytes of a skippable frame that are to be passed over first */
    uint8_t flg;
    size_t block_max; /* bytes of a block when decompressed */
    uint64_t told;    /* the content size, when FLG_CONTENT_SIZE says that it is there */
    uint64_t content; /* bytes so far, the last ones in the output */
    weir__xxh32_sum sum;
} frame;

static const frame first_part = {.part = PART_MAGIC, .want = 4};

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

void weir__lz4_spoil(uint8_t *start) {
    start[DESCRIPTOR_AT + DESCRIPTOR_WRITTEN] = descriptor_checksum(start, DESCRIPTOR_AT + DESCRIPTOR_WRITTEN);
}

static size_t work_size(void) {
    return (size_t)LZ4_sizeofState();
}

/* Kafka's reader wants independent blocks (Lz4BlockInputStream); its writer puts no checksums and no content size. */
static uint8_t *head_write(int8_t magic, uint8_t *to) {
    uint8_t *start = to;
    to = put32(to, MAGIC);
    *to++ = FLG_VERSION_1 | FLG_INDEPENDENT;
    *to++ = 4 << 4; /* blocks of 64 KiB */
    *to++ = descriptor_checksum(start + DESCRIPTOR_AT, DESCRIPTOR_WRITTEN);
    if (magic == 0)
        weir__lz4_spoil(start);
    return to;
}

static uint8_t *block_write(void *work, const uint8_t *from, size_t n, uint8_t *to) {
    uint32_t size = (uint32_t)LZ4_compress_fast_extState(work, (const char *)from, (char *)to + 4, (int)n, (int)n, 1);
    if (size == 0 || size >= n) {
        memcpy(to + 4, from, n);
        size = (uint32_t)n | STORED;
    }
    return put32(to, size) + (size & ~STORED);
}

static uint8_t *tail_write(uint8_t *to) {
    return put32(to, 0);
}

static const weir__blocks written = {BLOCK_WRITTEN, 4 + BLOCK_WRITTEN + 4, work_size,
                                     head_write,    block_write,           tail_write};

static weir_err lz4_compress(weir_alloc *alloc, weir_bytes in, uint8_t *out, size_t *out_len) {
    return *out_len < lz4_bound(in.len) ? WEIR_E_NO_MEMORY : weir__blocks_compress(&written, alloc, in, out, out_len);
}

/* The part was read, whose bytes are taken or belong to the next one as well. */
static weir_err go_on(frame *f, size_t taken, part next, size_t want) {
    f->taken = taken;
    f->part = next;
    f->want = want;
    return WEIR_OK;
}

static weir_err magic_read(frame *f, const uint8_t *p) {
    if ((get32(p) & ~0xfU) == SKIPPABLE)
        return go_on(f, 0, PART_SKIPPABLE, 8);
    return get32(p) == MAGIC ? go_on(f, 0, PART_FLG, DESCRIPTOR_AT + 1) : WEIR_E_MALFORMED;
}

static weir_err flg_read(frame *f, const uint8_t *p) {
    f->flg = p[DESCRIPTOR_AT];
    if ((f->flg & (FLG_VERSION | FLG_RESERVED | FLG_DICTIONARY)) != FLG_VERSION_1)
        return WEIR_E_MALFORMED;
    return go_on(f, 0, PART_DESCRIPTOR, DESCRIPTOR_AT + 3 + (f->flg & FLG_CONTENT_SIZE ? 8 : 0));
}

static weir_err descriptor_read(frame *f, const uint8_t *p) {
    const uint8_t *at = p + DESCRIPTOR_AT;
    size_t len = f->want - DESCRIPTOR_AT - 1;
    /* Clients of message format 0 summed up the magic as well. */
    if ((at[1] & 0x8f) || at[1] < 0x40 ||
        (at[len] != descriptor_checksum(at, len) && at[len] != descriptor_checksum(p, DESCRIPTOR_AT + len)))
        return WEIR_E_MALFORMED;
    f->block_max = (size_t)1 << (8 + 2 * (at[1] >> 4));
    if (f->flg & FLG_CONTENT_SIZE)
        f->told = (uint64_t)get32(at + 6) << 32 | get32(at + 2);
    f->content = 0;
    weir__xxh32_init(&f->sum);
    return go_on(f, f->want, PART_SIZE, 4);
}

static weir_err frame_end(frame *f, size_t taken) {
    return go_on(f, taken, PART_MAGIC, 4);
}

/* A block's size, or the end mark. */
static weir_err size_read(frame *f, const uint8_t *p) {
    uint32_t size = get32(p) & ~STORED;
    if (get32(p) != 0)
        return size > f->block_max ? WEIR_E_MALFORMED
                                   : go_on(f, 0, PART_BLOCK, 4 + (size_t)size + (f->flg & FLG_BLOCK_CHECKSUM ? 4 : 0));
    if ((f->flg & FLG_CONTENT_SIZE) && f->told != f->content)
        return WEIR_E_MALFORMED;
    return f->flg & FLG_CONTENT_CHECKSUM ? go_on(f, 4, PART_CHECKSUM, 4) : frame_end(f, 4);
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

/* Decompresses a block to the end of the output, where those before it are its history. */
static weir_err packed_read(const frame *f, const uint8_t *from, size_t size, weir__output *output) {
    size_t want = size < f->block_max / EXPANSION_MAX ? size * EXPANSION_MAX : f->block_max;
    weir_err err = weir__output_grow(output, want);
    if (err != WEIR_OK)
        return err;
    size_t room = (output->size < output->cap ? output->size : output->cap) - output->len;
    if (room > f->block_max)
        room = f->block_max;
    size_t history = f->flg & FLG_INDEPENDENT ? 0 : f->content < HISTORY_MAX ? (size_t)f->content : HISTORY_MAX;
    uint8_t *to = output->p + output->len;
    int n = LZ4_decompress_safe_usingDict((const char *)from, (char *)to, (int)size, (int)room,
                                          (const char *)to - history, (int)history);
    if (n < 0)
        return room < want ? WEIR_E_TOO_LARGE : WEIR_E_MALFORMED;
    output->len += (size_t)n;
    return WEIR_OK;
}

static weir_err block_read(frame *f, const uint8_t *p, weir__output *output) {
    bool stored = get32(p) & STORED;
    size_t size = get32(p) & ~STORED, before = output->len;
    const uint8_t *block = p + 4;
    if ((f->flg & FLG_BLOCK_CHECKSUM) && get32(block + size) != weir__xxh32(block, size))
        return WEIR_E_MALFORMED;
    weir_err err = stored ? stored_read(block, size, output) : packed_read(f, block, size, output);
    if (err != WEIR_OK)
        return err;
    f->content += output->len - before;
    if (f->flg & FLG_CONTENT_CHECKSUM)
        weir__xxh32_add(&f->sum, output->p + before, output->len - before);
    return go_on(f, f->want, PART_SIZE, 4);
}

/* Reads the part whose bytes are at `p`. What it decompresses comes behind the output, which holds the last 64 KiB of
   the frame at least. */
static weir_err part_read(frame *f, const uint8_t *p, weir__output *output) {
    switch (f->part) {
    case PART_MAGIC:
        return magic_read(f, p);
    case PART_SKIPPABLE:
        f->pass = get32(p + 4);
        return frame_end(f, f->want);
    case PART_FLG:
        return flg_read(f, p);
    case PART_DESCRIPTOR:
        return descriptor_read(f, p);
    case PART_SIZE:
        return size_read(f, p);
    case PART_BLOCK:
        return block_read(f, p, output);
    default:
        return get32(p) == weir__xxh32_value(&f->sum) ? frame_end(f, f->want) : WEIR_E_MALFORMED;
    }
}

static weir_err frames_read(weir_bytes in, weir__output *output) {
    if (in.len == 0)
        return WEIR_E_MALFORMED;
    frame f = first_part;
    for (const uint8_t *p = in.p, *end = p + in.len; p < end;) {
        weir_err err = f.want <= (size_t)(end - p) ? part_read(&f, p, output) : WEIR_E_MALFORMED;
        if (err != WEIR_OK)
            return err;
        p += f.taken;
        if (f.pass > (size_t)(end - p))
            return WEIR_E_MALFORMED;
        p += f.pass;
        f.pass = 0;
    }
    return f.part == PART_MAGIC ? WEIR_OK : WEIR_E_MALFORMED;
}

static weir_err lz4_decompress(weir_alloc *alloc, weir_bytes in, size_t cap, weir_bytes *out, size_t *out_size) {
    weir__output output;
    weir_err err = weir__output_init(&output, alloc, (size_t)in.len * WEIR__USUAL_RATIO, cap);
    if (err == WEIR_OK)
        err = frames_read(in, &output);
    return weir__output_finish(&output, err, out, out_size);
}

static weir_err pack_open(void *state, weir__capped *memory, int8_t magic) {
    return weir__packer_open(state, &written, &memory->alloc, magic);
}

typedef struct unpacking {
    weir__gather gather;
    frame frame;
    bool begun;
} unpacking;

static weir_err unpack_open(void *state, weir__capped *memory, int8_t magic) {
    unpacking *u = state;
    (void)magic;
    u->frame = first_part;
    return weir__gather_init(&u->gather, &memory->alloc);
}

/* Drops from the output, which was handed on, what is no history any more; only now and then, as what stays moves. */
static void forget(unpacking *u) {
    weir__output *output = &u->gather.output;
    bool independent = u->frame.flg & FLG_INDEPENDENT;
    output->cap = 2 * HISTORY_MAX + u->frame.block_max;
    if (independent) {
        output->len = 0;
    } else if (output->len > 2 * HISTORY_MAX) {
        memmove(output->p, output->p + output->len - HISTORY_MAX, HISTORY_MAX);
        output->len = HISTORY_MAX;
    }
    u->gather.out_at = output->len;
}

static void pass_over(unpacking *u, weir__io *io) {
    uint32_t n = u->frame.pass < io->in_len ? u->frame.pass : (uint32_t)io->in_len;
    if (n == 0)
        return;
    io->in += n;
    io->in_len -= n;
    u->frame.pass -= n;
}

static weir_err unpack_step(void *state, weir__io *io) {
    unpacking *u = state;
    weir__gather *g = &u->gather;
    frame *f = &u->frame;
    while (weir__gather_drain(g, io)) {
        weir_err err;
        u->begun = u->begun || io->in_len > 0;
        pass_over(u, io);
        if (f->pass > 0)
            return weir__io_over(io, false);
        const uint8_t *at = weir__gather_next(g, io, f->want, &err);
        if (err != WEIR_OK)
            return err;
        if (!at)
            return weir__io_over(io, u->begun && f->part == PART_MAGIC && g->held.len == 0);
        if (f->part == PART_BLOCK)
            forget(u);
        err = part_read(f, at, &g->output);
        if (err != WEIR_OK)
            return err;
        if (f->taken > 0)
            weir__gather_pass(g, io, f->taken);
    }
    return WEIR_AGAIN;
}

static void unpack_close(void *state) {
    weir__gather_free(&((unpacking *)state)->gather);
}

static const weir__stream_kind packer = {sizeof(weir__packer), pack_open, weir__packer_step, weir__packer_close};
static const weir__stream_kind unpacker = {sizeof(unpacking), unpack_open, unpack_step, unpack_close};

const weir__codec weir__codec_lz4 = {WEIR_COMPRESSION_LZ4, "lz4",   lz4_bound, lz4_compress,
                                     lz4_decompress,       &packer, &unpacker};
