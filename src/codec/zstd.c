/* Zstandard (RFC 8878) through libzstd. Decompression goes straight into the output, which serves as the window: the
   streaming interface would take as much memory as the frame's header says, up to 2 GiB, and so need a limit for
   windows; here what a header says of window and content costs nothing. When the output proves too small, it starts
   over in twice the room, so all tries together cost less than twice the last. */
#define ZSTD_STATIC_LINKING_ONLY /* for memory of our own */
#include <zstd.h>
#include <zstd_errors.h>

#include "stream.h"

/* A frame that tells its size is believed up to this ratio; beyond, the size must show. */
#define BELIEVED_RATIO 64

static size_t zstd_bound(size_t len) {
    return ZSTD_compressBound(len);
}

static ZSTD_customMem memory_of(weir_alloc *alloc) {
    return (ZSTD_customMem){weir__sized_malloc, weir__sized_free, alloc};
}

static weir_err zstd_compress(weir_alloc *alloc, weir_bytes in, uint8_t *out, size_t *out_len) {
    ZSTD_CCtx *zstd = ZSTD_createCCtx_advanced(memory_of(alloc));
    if (!zstd)
        return WEIR_E_NO_MEMORY;
    size_t n = ZSTD_compressCCtx(zstd, out, *out_len, in.p, in.len, ZSTD_CLEVEL_DEFAULT);
    ZSTD_freeCCtx(zstd);
    if (ZSTD_isError(n))
        return WEIR_E_NO_MEMORY;
    *out_len = n;
    return WEIR_OK;
}

/* Whether a frame can begin with this byte: one of today's format or a skippable one. Debian's libzstd also reads the
   formats that came before, which Kafka never used, in memory that it takes from malloc. */
static bool frame_begins(uint8_t first) {
    return first == (ZSTD_MAGICNUMBER & 0xff) || (first & 0xf0) == (ZSTD_MAGIC_SKIPPABLE_START & 0xff);
}

/* Whether all frames begin so. */
static bool frames_known(weir_bytes in) {
    for (size_t at = 0, size; at < in.len; at += size) {
        size = ZSTD_findFrameCompressedSize(in.p + at, in.len - at);
        if (!frame_begins(in.p[at]) || ZSTD_isError(size))
            return false;
    }
    return true;
}

/* The size that the first frame tells, or a guess. */
static size_t size_guess(weir_bytes in) {
    unsigned long long told = ZSTD_getFrameContentSize(in.p, in.len);
    bool believed = told != ZSTD_CONTENTSIZE_UNKNOWN && told != ZSTD_CONTENTSIZE_ERROR &&
                    told <= (unsigned long long)in.len * BELIEVED_RATIO;
    return believed ? (size_t)told : (size_t)in.len * WEIR__USUAL_RATIO;
}

static weir_err decompress_all(ZSTD_DCtx *zstd, weir_bytes in, weir__output *output) {
    for (;;) {
        size_t room = output->size < output->cap ? output->size : output->cap;
        size_t n = ZSTD_decompressDCtx(zstd, output->p, room, in.p, in.len);
        if (!ZSTD_isError(n)) {
            output->len = n;
            return in.len ? WEIR_OK : WEIR_E_MALFORMED;
        }
        ZSTD_ErrorCode code = ZSTD_getErrorCode(n);
        if (code == ZSTD_error_memory_allocation)
            return WEIR_E_NO_MEMORY;
        if (code != ZSTD_error_dstSize_tooSmall)
            return WEIR_E_MALFORMED;
        if (room == output->cap)
            return WEIR_E_TOO_LARGE;
        weir_err err = weir__output_grow(output, room + 1);
        if (err != WEIR_OK)
            return err;
    }
}

static weir_err zstd_decompress(weir_alloc *alloc, weir_bytes in, size_t cap, weir_bytes *out, size_t *out_size) {
    weir__output output;
    if (!frames_known(in)) {
        *out = (weir_bytes){NULL, 0};
        *out_size = 0;
        return WEIR_E_MALFORMED;
    }
    weir_err err = weir__output_init(&output, alloc, size_guess(in), cap);
    if (err == WEIR_OK) {
        ZSTD_DCtx *zstd = ZSTD_createDCtx_advanced(memory_of(alloc));
        err = zstd ? decompress_all(zstd, in, &output) : WEIR_E_NO_MEMORY;
        ZSTD_freeDCtx(zstd);
    }
    return weir__output_finish(&output, err, out, out_size);
}

/* What an error of libzstd comes to in a stream. A window past libzstd's own limit is malformed, as it is for
   zstd_decompress, unless it exceeds the caller's as well. */
static weir_err error_of(size_t code, const weir__capped *memory) {
    switch (ZSTD_getErrorCode(code)) {
    case ZSTD_error_memory_allocation:
        return WEIR_E_NO_MEMORY;
    case ZSTD_error_frameParameter_windowTooLarge:
        return memory->limit < (uint64_t)1 << ZSTD_WINDOWLOG_MAX ? WEIR_E_TOO_LARGE : WEIR_E_MALFORMED;
    default:
        return WEIR_E_MALFORMED;
    }
}

static void step_end(const ZSTD_inBuffer *in, const ZSTD_outBuffer *out, weir__io *io) {
    if (in->pos > 0)
        io->in += in->pos;
    io->in_len -= in->pos;
    io->out += out->pos;
    io->out_len -= out->pos;
}

typedef struct packing {
    ZSTD_CCtx *zstd;
} packing;

static weir_err pack_open(void *state, weir__capped *memory, int8_t magic) {
    packing *p = state;
    (void)magic;
    p->zstd = ZSTD_createCCtx_advanced(memory_of(&memory->alloc));
    return p->zstd ? WEIR_OK : WEIR_E_NO_MEMORY;
}

static weir_err pack_step(void *state, weir__io *io) {
    packing *p = state;
    ZSTD_inBuffer in = {io->in, io->in_len, 0};
    ZSTD_outBuffer out = {io->out, io->out_len, 0};
    size_t left = ZSTD_compressStream2(p->zstd, &out, &in, io->last ? ZSTD_e_end : ZSTD_e_continue);
    if (ZSTD_isError(left))
        return WEIR_E_NO_MEMORY; /* nothing else can go wrong */
    step_end(&in, &out, io);
    if (io->last)
        return left == 0 ? WEIR_END : WEIR_AGAIN;
    return io->in_len > 0 || io->out_len == 0 ? WEIR_AGAIN : WEIR_OK;
}

static void pack_close(void *state) {
    ZSTD_freeCCtx(((packing *)state)->zstd);
}

typedef struct unpacking {
    ZSTD_DCtx *zstd;
    const weir__capped *memory;
    bool inside; /* of a frame */
    bool more;   /* there may be more to put out */
    bool begun;
} unpacking;

/* Windows are bounded by the memory that the stream may take. */
static weir_err unpack_open(void *state, weir__capped *memory, int8_t magic) {
    unpacking *u = state;
    (void)magic;
    u->memory = memory;
    u->zstd = ZSTD_createDCtx_advanced(memory_of(&memory->alloc));
    if (!u->zstd)
        return WEIR_E_NO_MEMORY;
    ZSTD_DCtx_setParameter(u->zstd, ZSTD_d_windowLogMax, ZSTD_WINDOWLOG_MAX);
    return WEIR_OK;
}

/* libzstd is not called in vain: it takes too many calls without progress for an error. */
static weir_err unpack_step(void *state, weir__io *io) {
    unpacking *u = state;
    while (io->in_len > 0 || u->more) {
        ZSTD_inBuffer in = {io->in, io->in_len, 0};
        ZSTD_outBuffer out = {io->out, io->out_len, 0};
        if (io->out_len == 0)
            return WEIR_AGAIN;
        if (!u->inside && !frame_begins(io->in[0]))
            return WEIR_E_MALFORMED;
        u->begun = true;
        size_t left = ZSTD_decompressStream(u->zstd, &out, &in);
        step_end(&in, &out, io);
        if (ZSTD_isError(left))
            return error_of(left, u->memory);
        u->inside = left > 0;
        u->more = u->inside && io->out_len == 0;
    }
    return weir__io_over(io, u->begun && !u->inside);
}

static void unpack_close(void *state) {
    ZSTD_freeDCtx(((unpacking *)state)->zstd);
}

static const weir__stream_kind packer = {sizeof(packing), pack_open, pack_step, pack_close};
static const weir__stream_kind unpacker = {sizeof(unpacking), unpack_open, unpack_step, unpack_close};

const weir__codec weir__codec_zstd = {WEIR_COMPRESSION_ZSTD, "zstd",  zstd_bound, zstd_compress,
                                      zstd_decompress,       &packer, &unpacker};
