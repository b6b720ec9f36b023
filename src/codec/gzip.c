/* gzip (RFC 1952) through zlib. */
#define ZLIB_CONST
#include <limits.h>
#include <zlib.h>

#include "output.h"

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

/* Inflates into what room there is. At the cap it goes on into one spare byte, as the end of a member may be all that
   is left to read. */
static int inflate_some(z_stream *z, weir__output *output) {
    uint8_t spare;
    size_t room =
        output->cap - output->len < output->size - output->len ? output->cap - output->len : output->size - output->len;
    z->next_out = room ? output->p + output->len : &spare;
    z->avail_out = room ? at_most_uint(room) : 1;
    uInt before = z->avail_out;
    int status = inflate(z, Z_NO_FLUSH);
    output->len += before - z->avail_out;
    return status;
}

static weir_err inflate_all(z_stream *z, weir__output *output) {
    for (;;) {
        weir_err err = weir__output_grow(output, 1);
        if (err == WEIR_E_NO_MEMORY)
            return err;
        int status = inflate_some(z, output);
        if (output->len > output->cap)
            return WEIR_E_TOO_LARGE;
        if (status == Z_MEM_ERROR)
            return WEIR_E_NO_MEMORY;
        if (status == Z_STREAM_END) {
            if (z->avail_in == 0)
                return WEIR_OK;
            inflateReset(z); /* another member follows */
        } else if (status != Z_OK || (z->avail_in == 0 && z->avail_out != 0)) {
            return WEIR_E_MALFORMED; /* or cut off */
        }
    }
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

const weir__codec weir__codec_gzip = {WEIR_COMPRESSION_GZIP, "gzip", gzip_bound, gzip_compress, gzip_decompress};
