/* Zstandard (RFC 8878) through libzstd. Decompression goes straight into the output, which serves as the window: the
   streaming interface would take as much memory as the frame's header says, up to 2 GiB, and so need a limit for
   windows; here what a header says of window and content costs nothing. When the output proves too small, it starts
   over in twice the room, so all tries together cost less than twice the last. */
#define ZSTD_STATIC_LINKING_ONLY /* for memory of our own */
#include <zstd.h>
#include <zstd_errors.h>

#include "output.h"

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
    weir_err err = weir__output_init(&output, alloc, size_guess(in), cap);
    if (err == WEIR_OK) {
        ZSTD_DCtx *zstd = ZSTD_createDCtx_advanced(memory_of(alloc));
        err = zstd ? decompress_all(zstd, in, &output) : WEIR_E_NO_MEMORY;
        ZSTD_freeDCtx(zstd);
    }
    return weir__output_finish(&output, err, out, out_size);
}

const weir__codec weir__codec_zstd = {WEIR_COMPRESSION_ZSTD, "zstd", zstd_bound, zstd_compress, zstd_decompress};
