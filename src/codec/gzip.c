/* gzip (RFC 1952) through zlib. */
#define ZLIB_CONST
#include <limits.h>
#include <zlib.h>

#include "stream.h"

#define WINDOW_GZIP (15 + 16) /* windowBits: the largest window, in a gzip member */
#define MEM_LEVEL   8

static void *zlib_malloc(void *alloc, uInt items, uInt size) {
    return size && items > SIZE_MAX / size ? NULL : weir__sized_malloc(alloc, (size_t)items * size);
}

static void zlib_free(void *alloc, void *p) {
    weir__sized_free(alloc, p);
}

static uInt at_most_uint(size_t n) {
    return n > UINT_MAX ? UINT_MAX : (uInt)n;
}

static size_t gzip_bound(size_t len) {
    return deflateBound(NULL, (uLong)len) + 12; /* zlib counts its own header of 6 bytes, gzip's takes 18 */
}

static weir_err gzip_compress(weir_alloc *alloc, weir_bytes in, uint8_t *out, size_t *out_len) {
    z_stream z = {.zalloc = zlib_malloc, .zfree = zlib_free, .opaque = alloc};
    if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, WINDOW_GZIP, MEM_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK)
        return WEIR_E_NO_MEMORY;
    uInt room = at_most_uint(*out_len);
    z.next_in = in.p;
    z.avail_in = in.len;
    z.next_out = out;
    z.avail_out = room;
    int status = deflate(&z, Z_FINISH);
    *out_len = room - z.avail_out;
    deflateEnd(&z);
    return status == Z_STREAM_END ? WEIR_OK : WEIR_E_NO_MEMORY;
}

/* Goes on until there is no more room, WEIR_AGAIN, or no more input; *whole says whether that may be the end. */
static weir_err inflate_members(z_stream *z, bool *whole) {
    for (;;) {
        if (*whole) {
            if (z->avail_in == 0)
                return WEIR_OK;
            inflateReset(z); /* another member follows */
            *whole = false;
        }
        int status = inflate(z, Z_NO_FLUSH);
        if (status == Z_MEM_ERROR)
            return WEIR_E_NO_MEMORY;
        *whole = status == Z_STREAM_END;
        if (*whole)
            continue;
        if (status != Z_OK && status != Z_BUF_ERROR)
            return WEIR_E_MALFORMED;
        if (z->avail_out == 0)
            return WEIR_AGAIN;
        if (z->avail_in == 0)
            return WEIR_OK;
    }
}

/* Inflates into what room there is. At the cap it goes on into one spare byte, as the end of a member may be all that
   is left to read. */
static weir_err inflate_some(z_stream *z, bool *whole, weir__output *output) {
    uint8_t spare;
    size_t room =
        output->cap - output->len < output->size - output->len ? output->cap - output->len : output->size - output->len;
    z->next_out = room ? output->p + output->len : &spare;
    z->avail_out = room ? at_most_uint(room) : 1;
    uInt before = z->avail_out;
    weir_err err = inflate_members(z, whole);
    output->len += before - z->avail_out;
    return output->len > output->cap ? WEIR_E_TOO_LARGE : err;
}

static weir_err inflate_all(z_stream *z, weir__output *output) {
    bool whole = false;
    weir_err err;
    do {
        err = weir__output_grow(output, 1);
        if (err == WEIR_E_NO_MEMORY)
            return err;
        err = inflate_some(z, &whole, output);
    } while (err == WEIR_AGAIN);
    return err == WEIR_OK && !whole ? WEIR_E_MALFORMED : err;
}

static weir_err gzip_decompress(weir_alloc *alloc, weir_bytes in, size_t cap, weir_bytes *out, size_t *out_size) {
    weir__output output;
    weir_err err = weir__output_init(&output, alloc, (size_t)in.len * WEIR__USUAL_RATIO, cap);
    z_stream z = {.zalloc = zlib_malloc, .zfree = zlib_free, .opaque = alloc, .next_in = in.p, .avail_in = in.len};
    if (err == WEIR_OK) {
        err = inflateInit2(&z, WINDOW_GZIP) == Z_OK ? inflate_all(&z, &output) : WEIR_E_NO_MEMORY;
        inflateEnd(&z);
    }
    return weir__output_finish(&output, err, out, out_size);
}

/* The state of both directions. */
typedef struct gzip_stream {
    z_stream z;
    bool whole; /* at the end of a member */
} gzip_stream;

static void stream_begin(gzip_stream *stream, weir__capped *memory) {
    stream->z = (z_stream){.zalloc = zlib_malloc, .zfree = zlib_free, .opaque = &memory->alloc};
}

static void step_begin(z_stream *z, const weir__io *io) {
    z->next_in = io->in;
    z->avail_in = at_most_uint(io->in_len);
    z->next_out = io->out;
    z->avail_out = at_most_uint(io->out_len);
}

static void step_end(const z_stream *z, weir__io *io) {
    io->in_len -= (size_t)(z->next_in - io->in);
    io->in = z->next_in;
    io->out_len -= (size_t)(z->next_out - io->out);
    io->out = z->next_out;
}

static weir_err pack_open(void *state, weir__capped *memory, int8_t magic) {
    gzip_stream *stream = state;
    (void)magic;
    stream_begin(stream, memory);
    int status =
        deflateInit2(&stream->z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, WINDOW_GZIP, MEM_LEVEL, Z_DEFAULT_STRATEGY);
    return status == Z_OK ? WEIR_OK : WEIR_E_NO_MEMORY;
}

static weir_err pack_step(void *state, weir__io *io) {
    z_stream *z = &((gzip_stream *)state)->z;
    step_begin(z, io);
    int status = deflate(z, io->last ? Z_FINISH : Z_NO_FLUSH);
    step_end(z, io);
    if (status == Z_STREAM_END)
        return WEIR_END;
    return z->avail_out == 0 ? WEIR_AGAIN : WEIR_OK;
}

static void pack_close(void *state) {
    deflateEnd(&((gzip_stream *)state)->z);
}

static weir_err unpack_open(void *state, weir__capped *memory, int8_t magic) {
    gzip_stream *stream = state;
    (void)magic;
    stream_begin(stream, memory);
    return inflateInit2(&stream->z, WINDOW_GZIP) == Z_OK ? WEIR_OK : WEIR_E_NO_MEMORY;
}

static weir_err unpack_step(void *state, weir__io *io) {
    gzip_stream *stream = state;
    step_begin(&stream->z, io);
    weir_err err = inflate_members(&stream->z, &stream->whole);
    step_end(&stream->z, io);
    return err == WEIR_OK ? weir__io_over(io, stream->whole) : err;
}

static void unpack_close(void *state) {
    inflateEnd(&((gzip_stream *)state)->z);
}

static const weir__stream_kind packer = {sizeof(gzip_stream), pack_open, pack_step, pack_close};
static const weir__stream_kind unpacker = {sizeof(gzip_stream), unpack_open, unpack_step, unpack_close};

const weir__codec weir__codec_gzip = {WEIR_COMPRESSION_GZIP, "gzip",  gzip_bound, gzip_compress,
                                      gzip_decompress,       &packer, &unpacker};
