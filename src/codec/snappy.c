/* Snappy through libsnappy. Kafka's Java client frames it as snappy-java does ("xerial": a header, then blocks with
   their sizes); other clients send one bare block. Both are read, the framed form is written. */
#include <snappy-c.h>
#include <string.h>

#include "stream.h"

#define BLOCK         32768U /* as snappy-java writes */
#define HEADER_SIZE   16
#define BLOCK_ROOM    (32 + BLOCK + BLOCK / 6) /* snappy_max_compressed_length(BLOCK), as a constant */
#define EXPANSION_MAX 22                       /* three bytes stand for 64 at most: what claims more is not snappy */

static const uint8_t header[HEADER_SIZE] = {0x82, 'S', 'N', 'A', 'P', 'P', 'Y', 0, 0, 0, 0, 1, 0, 0, 0, 1};
#define MAGIC_SIZE 8

static size_t framed_bound(size_t len) {
    return HEADER_SIZE + (len / BLOCK + 1) * (4 + snappy_max_compressed_length(BLOCK));
}

static size_t no_work(void) {
    return 0; /* libsnappy takes its table with operator new */
}

static uint8_t *head_write(int8_t magic, uint8_t *to) {
    (void)magic;
    memcpy(to, header, HEADER_SIZE);
    return to + HEADER_SIZE;
}

static uint8_t *block_write(void *work, const uint8_t *from, size_t n, uint8_t *to) {
    (void)work;
    size_t size = snappy_max_compressed_length(n);
    snappy_compress((const char *)from, n, (char *)to + 4, &size);
    to[0] = (uint8_t)(size >> 24);
    to[1] = (uint8_t)(size >> 16);
    to[2] = (uint8_t)(size >> 8);
    to[3] = (uint8_t)size;
    return to + 4 + size;
}

static uint8_t *tail_write(uint8_t *to) {
    return to;
}

static const weir__blocks written = {BLOCK, 4 + BLOCK_ROOM, no_work, head_write, block_write, tail_write};

static weir_err framed_compress(weir_alloc *alloc, weir_bytes in, uint8_t *out, size_t *out_len) {
    return *out_len < framed_bound(in.len) ? WEIR_E_NO_MEMORY
                                           : weir__blocks_compress(&written, alloc, in, out, out_len);
}

static weir_err block_read(weir_bytes in, weir__output *output) {
    size_t told;
    const char *from = (const char *)in.p;
    if (snappy_uncompressed_length(from, in.len, &told) != SNAPPY_OK || told > (uint64_t)in.len * EXPANSION_MAX)
        return WEIR_E_MALFORMED;
    if (told > output->cap - output->len)
        return WEIR_E_TOO_LARGE;
    if (told > 0) {
        weir_err err = weir__output_grow(output, told);
        if (err != WEIR_OK)
            return err;
    }
    size_t n = output->size - output->len;
    if (snappy_uncompress(from, in.len, (char *)output->p + output->len, &n) != SNAPPY_OK)
        return WEIR_E_MALFORMED;
    output->len += n;
    return WEIR_OK;
}

/* The parts of the framed form. Each is read when its bytes are there in one piece. */
typedef enum part {
    PART_FIRST, /* tells the framed form from a bare block */
    PART_HEADER,
    PART_SIZE,
    PART_BLOCK, /* with its size in front */
    PART_BARE   /* all of the input */
} part;

typedef struct frame {
    part part;
    size_t want;  /* bytes of the part */
    size_t taken; /* what reading it came to: 0 when they belong to the part that comes next as well */
} frame;

static weir_err go_on(frame *f, size_t taken, part next, size_t want) {
    *f = (frame){next, want, taken};
    return WEIR_OK;
}

static weir_err size_read(frame *f, const uint8_t *p) {
    uint32_t size = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
    if (memcmp(p, header, 4) == 0)
        return go_on(f, 0, PART_HEADER, HEADER_SIZE); /* streams may follow each other */
    return size > INT32_MAX ? WEIR_E_MALFORMED : go_on(f, 0, PART_BLOCK, 4 + (size_t)size);
}

/* Reads the part whose bytes are at `p`. */
static weir_err part_read(frame *f, const uint8_t *p, weir__output *output) {
    weir_err err;
    switch (f->part) {
    case PART_FIRST:
        return memcmp(p, header, MAGIC_SIZE) == 0 ? go_on(f, 0, PART_HEADER, HEADER_SIZE) : go_on(f, 0, PART_BARE, 0);
    case PART_HEADER:
        return memcmp(p, header, MAGIC_SIZE) == 0 ? go_on(f, HEADER_SIZE, PART_SIZE, 4) : WEIR_E_MALFORMED;
    case PART_SIZE:
        return size_read(f, p);
    default:
        err = block_read((weir_bytes){p + 4, (uint32_t)f->want - 4}, output);
        return err == WEIR_OK ? go_on(f, f->want, PART_SIZE, 4) : err;
    }
}

static weir_err any_read(weir_bytes in, weir__output *output) {
    if (in.len < MAGIC_SIZE || memcmp(in.p, header, MAGIC_SIZE) != 0)
        return block_read(in, output);
    frame f = {PART_HEADER, HEADER_SIZE, 0};
    for (const uint8_t *p = in.p, *end = p + in.len; p < end; p += f.taken) {
        weir_err err = f.want <= (size_t)(end - p) ? part_read(&f, p, output) : WEIR_E_MALFORMED;
        if (err != WEIR_OK)
            return err;
    }
    return WEIR_OK;
}

static weir_err any_decompress(weir_alloc *alloc, weir_bytes in, size_t cap, weir_bytes *out, size_t *out_size) {
    weir__output output;
    weir_err err = weir__output_init(&output, alloc, (size_t)in.len * WEIR__USUAL_RATIO, cap);
    if (err == WEIR_OK)
        err = any_read(in, &output);
    return weir__output_finish(&output, err, out, out_size);
}

static weir_err pack_open(void *state, weir__capped *memory, int8_t magic) {
    return weir__packer_open(state, &written, &memory->alloc, magic);
}

typedef struct unpacking {
    weir__gather gather;
    frame frame;
    bool done; /* the bare block was read */
} unpacking;

static weir_err unpack_open(void *state, weir__capped *memory, int8_t magic) {
    unpacking *u = state;
    (void)magic;
    u->frame = (frame){PART_FIRST, MAGIC_SIZE, 0};
    return weir__gather_init(&u->gather, &memory->alloc);
}

/* A bare block is its own history: it is read when all of it is there. */
static weir_err bare_step(unpacking *u, weir__io *io) {
    weir__output *held = &u->gather.held;
    if (u->done)
        return WEIR_END;
    weir_err err = weir__gather_all(&u->gather, io);
    if (err != WEIR_OK || !io->last)
        return err;
    u->done = true;
    if (held->len > UINT32_MAX)
        return WEIR_E_TOO_LARGE;
    err = block_read((weir_bytes){held->p, (uint32_t)held->len}, &u->gather.output);
    return err == WEIR_OK ? WEIR_AGAIN : err;
}

/* WEIR_AGAIN when there was a part. */
static weir_err part_step(unpacking *u, weir__io *io) {
    weir__gather *g = &u->gather;
    weir_err err;
    const uint8_t *at = weir__gather_next(g, io, u->frame.want, &err);
    if (err != WEIR_OK)
        return err;
    if (!at) {
        if (u->frame.part != PART_FIRST || !io->last)
            return weir__io_over(io, u->frame.part == PART_SIZE && g->held.len == 0);
        u->frame.part = PART_BARE; /* shorter than the magic of the framed form */
        return WEIR_AGAIN;
    }
    err = part_read(&u->frame, at, &g->output);
    if (u->frame.taken > 0)
        weir__gather_pass(g, io, u->frame.taken);
    return err == WEIR_OK ? WEIR_AGAIN : err;
}

static weir_err unpack_step(void *state, weir__io *io) {
    unpacking *u = state;
    while (weir__gather_drain(&u->gather, io)) {
        u->gather.output.len = u->gather.out_at = 0;
        weir_err err = u->frame.part == PART_BARE ? bare_step(u, io) : part_step(u, io);
        if (err != WEIR_AGAIN)
            return err;
    }
    return WEIR_AGAIN;
}

static void unpack_close(void *state) {
    weir__gather_free(&((unpacking *)state)->gather);
}

static const weir__stream_kind packer = {sizeof(weir__packer), pack_open, weir__packer_step, weir__packer_close};
static const weir__stream_kind unpacker = {sizeof(unpacking), unpack_open, unpack_step, unpack_close};

const weir__codec weir__codec_snappy = {WEIR_COMPRESSION_SNAPPY, "snappy", framed_bound, framed_compress,
                                        any_decompress,          &packer,  &unpacker};
