#include "stream.h"

#include <stdalign.h>
#include <string.h>
#include <weir/compress.h>

struct weir_stream {
    weir__capped memory;
    const weir__stream_kind *kind;
    uint64_t left; /* bytes that may still come out */
    bool last;     /* the end of the input was told */
    weir_err over; /* how it ended, WEIR_OK while it goes on */
    alignas(max_align_t) uint8_t state[];
};

static void *capped_take(weir_alloc *self, size_t size) {
    weir__capped *capped = (weir__capped *)(void *)self;
    if (size > capped->limit - capped->used) {
        capped->over = true;
        return NULL;
    }
    void *p = capped->inner->take(capped->inner, size);
    if (p)
        capped->used += size;
    return p;
}

static void capped_give(weir_alloc *self, void *p, size_t size) {
    weir__capped *capped = (weir__capped *)(void *)self;
    capped->inner->give(capped->inner, p, size);
    if (p)
        capped->used -= size;
}

/* Memory that the cap has refused is too much, and no lack of it. */
static weir_err told(const weir_stream *stream, weir_err err) {
    return err == WEIR_E_NO_MEMORY && stream->memory.over ? WEIR_E_TOO_LARGE : err;
}

static weir_err stream_open(weir_alloc *alloc, const weir__stream_kind *kind, int8_t magic, uint64_t limit,
                            size_t memory, weir_stream **stream) {
    size_t size = sizeof(weir_stream) + kind->size;
    *stream = NULL;
    if (size > memory)
        return WEIR_E_TOO_LARGE;
    weir_stream *s = alloc->take(alloc, size);
    if (!s)
        return WEIR_E_NO_MEMORY;
    memset(s, 0, size);
    s->memory = (weir__capped){{capped_take, capped_give}, alloc, memory, size, false};
    s->kind = kind;
    s->left = limit;
    weir_err err = told(s, kind->open(s->state, &s->memory, magic));
    if (err == WEIR_OK)
        *stream = s;
    else
        weir_stream_close(s);
    return err;
}

weir_err weir_stream_compress(weir_alloc *alloc, weir_compression compression, int8_t magic, weir_stream **stream) {
    const weir__codec *codec = weir__codec_find((int)compression);
    *stream = NULL;
    if (!codec || (magic < 2 && compression == WEIR_COMPRESSION_ZSTD))
        return WEIR_E_UNSUPPORTED;
    return stream_open(alloc, codec->packer, magic, UINT64_MAX, SIZE_MAX, stream);
}

weir_err weir_stream_decompress(weir_alloc *alloc, weir_compression compression, size_t limit, size_t memory,
                                weir_stream **stream) {
    const weir__codec *codec = weir__codec_find((int)compression);
    *stream = NULL;
    return codec ? stream_open(alloc, codec->unpacker, 0, limit, memory, stream) : WEIR_E_UNSUPPORTED;
}

void weir_stream_close(weir_stream *stream) {
    if (!stream)
        return;
    weir_alloc *alloc = stream->memory.inner;
    size_t size = sizeof *stream + stream->kind->size;
    stream->kind->close(stream->state);
    alloc->give(alloc, stream, size);
}

weir_err weir_stream_step(weir_stream *stream, weir_bytes *in, bool last, void *out, size_t *out_len) {
    uint8_t *to = out;
    size_t room = *out_len, done = 0;
    weir_err err = stream->over;
    stream->last = stream->last || last;
    for (bool full = false; err == WEIR_OK;) {
        /* At the cap it goes on into one spare byte, as the end of the input may be all that is left to read. */
        uint8_t spare;
        full = stream->left == 0;
        size_t some = full ? 1 : room - done < stream->left ? room - done : (size_t)stream->left;
        weir__io io = {in->p, in->len, stream->last, full || some == 0 ? &spare : to + done, some};
        err = stream->kind->step(stream->state, &io);
        *in = (weir_bytes){io.in, (uint32_t)io.in_len};
        if (full) {
            err = io.out_len == 0 ? WEIR_E_TOO_LARGE : err;
            break;
        }
        done += some - io.out_len;
        stream->left -= some - io.out_len;
        if (err != WEIR_AGAIN || stream->left > 0)
            break;
        err = WEIR_OK;
    }
    *out_len = done;
    err = told(stream, err);
    if (err != WEIR_OK && err != WEIR_AGAIN)
        stream->over = err;
    return err;
}

weir_err weir__io_over(const weir__io *io, bool whole) {
    if (!io->last)
        return WEIR_OK;
    return whole ? WEIR_END : WEIR_E_MALFORMED;
}

/* No cap but that of the memory. */
#define UNCAPPED (SIZE_MAX / 2)

weir_err weir__gather_init(weir__gather *g, weir_alloc *alloc) {
    weir_err err = weir__output_init(&g->held, alloc, 0, UNCAPPED);
    return err == WEIR_OK ? weir__output_init(&g->output, alloc, 0, UNCAPPED) : err;
}

void weir__gather_free(weir__gather *g) {
    weir_bytes none;
    size_t size;
    weir__output_finish(&g->held, WEIR_END, &none, &size);
    weir__output_finish(&g->output, WEIR_END, &none, &size);
}

/* Moves the next n bytes of `io` to those that are held. */
static weir_err hold(weir__output *held, weir__io *io, size_t n) {
    if (n == 0)
        return WEIR_OK;
    weir_err err = weir__output_grow(held, n);
    if (err != WEIR_OK)
        return err;
    memcpy(held->p + held->len, io->in, n);
    held->len += n;
    io->in += n;
    io->in_len -= n;
    return WEIR_OK;
}

const uint8_t *weir__gather_next(weir__gather *g, weir__io *io, size_t want, weir_err *err) {
    weir__output *held = &g->held;
    *err = WEIR_OK;
    if (held->len == 0 && io->in_len >= want)
        return io->in;
    size_t lacks = want - held->len;
    *err = hold(held, io, lacks < io->in_len ? lacks : io->in_len);
    return *err == WEIR_OK && held->len == want ? held->p : NULL;
}

weir_err weir__gather_all(weir__gather *g, weir__io *io) {
    return hold(&g->held, io, io->in_len);
}

void weir__gather_pass(weir__gather *g, weir__io *io, size_t want) {
    if (g->held.len > 0) {
        g->held.len = 0;
    } else if (want > 0) {
        io->in += want;
        io->in_len -= want;
    }
}

bool weir__gather_drain(weir__gather *g, weir__io *io) {
    size_t left = g->output.len - g->out_at;
    size_t n = left < io->out_len ? left : io->out_len;
    if (n > 0) {
        memcpy(io->out, g->output.p + g->out_at, n);
        io->out += n;
        io->out_len -= n;
        g->out_at += n;
    }
    return n == left;
}

weir_err weir__blocks_compress(const weir__blocks *blocks, weir_alloc *alloc, weir_bytes in, uint8_t *out,
                               size_t *out_len) {
    size_t work_size = blocks->work();
    void *work = work_size ? alloc->take(alloc, work_size) : NULL;
    if (work_size && !work)
        return WEIR_E_NO_MEMORY;
    uint8_t *to = blocks->head(2, out);
    for (size_t done = 0, n; done < in.len; done += n) {
        n = in.len - done < blocks->size ? in.len - done : blocks->size;
        to = blocks->block(work, in.p + done, n, to);
    }
    to = blocks->tail(to);
    if (work)
        alloc->give(alloc, work, work_size);
    *out_len = (size_t)(to - out);
    return WEIR_OK;
}

/* Makes room for a block, a head or a tail in the output, which is drained. */
static uint8_t *packer_room(weir__packer *packer, weir_err *err) {
    packer->gather.output.len = packer->gather.out_at = 0;
    *err = weir__output_grow(&packer->gather.output, packer->blocks->room);
    return packer->gather.output.p;
}

weir_err weir__packer_open(weir__packer *packer, const weir__blocks *blocks, weir_alloc *alloc, int8_t magic) {
    packer->blocks = blocks;
    packer->work_size = blocks->work();
    weir_err err = weir__gather_init(&packer->gather, alloc);
    if (err != WEIR_OK)
        return err;
    if (packer->work_size && !(packer->work = alloc->take(alloc, packer->work_size)))
        return WEIR_E_NO_MEMORY;
    uint8_t *to = packer_room(packer, &err);
    if (err == WEIR_OK)
        packer->gather.output.len = (size_t)(blocks->head(magic, to) - to);
    return err;
}

weir_err weir__packer_step(void *state, weir__io *io) {
    weir__packer *packer = state;
    weir__gather *g = &packer->gather;
    const weir__blocks *blocks = packer->blocks;
    while (weir__gather_drain(g, io)) {
        weir_err err;
        if (packer->ended)
            return WEIR_END;
        const uint8_t *from = weir__gather_next(g, io, blocks->size, &err);
        if (err != WEIR_OK || (!from && !io->last))
            return err;
        size_t n = from ? blocks->size : g->held.len;
        uint8_t *to = packer_room(packer, &err);
        if (err != WEIR_OK)
            return err;
        if (from || n > 0)
            to = blocks->block(packer->work, from ? from : g->held.p, n, to);
        if (!from)
            to = blocks->tail(to);
        packer->ended = !from;
        g->output.len = (size_t)(to - g->output.p);
        weir__gather_pass(g, io, from ? n : 0);
    }
    return WEIR_AGAIN;
}

void weir__packer_close(void *state) {
    weir__packer *packer = state;
    weir_alloc *alloc = packer->gather.held.alloc;
    if (packer->work)
        alloc->give(alloc, packer->work, packer->work_size);
    weir__gather_free(&packer->gather);
}
