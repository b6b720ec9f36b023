#include "codec.h"

static const weir__codec *const codecs[] = {
    &weir__codec_gzip,
#if defined(WEIR__WITH_SNAPPY)
    &weir__codec_snappy,
#endif
    &weir__codec_lz4,
    &weir__codec_zstd,
};

#define CODEC_COUNT (sizeof codecs / sizeof *codecs)

const weir__codec *weir__codec_find(int id) {
    for (size_t i = 0; i < CODEC_COUNT; i++)
        if ((int)codecs[i]->id == id)
            return codecs[i];
    return NULL;
}

weir_err weir_records_decompress(weir_alloc *alloc, weir_compression compression, weir_bytes packed, size_t limit,
                                 weir_bytes *plain, size_t *size) {
    const weir__codec *codec = weir__codec_find((int)compression);
    return codec ? codec->decompress(alloc, packed, limit, plain, size) : WEIR_E_UNSUPPORTED;
}

size_t weir_records_compress_bound(weir_compression compression, size_t len) {
    const weir__codec *codec = weir__codec_find((int)compression);
    return codec ? codec->bound(len) : 0;
}

weir_err weir_records_compress(weir_alloc *alloc, weir_compression compression, int8_t magic, weir_bytes plain,
                               void *memory, size_t *size) {
    const weir__codec *codec = weir__codec_find((int)compression);
    if (!codec || (magic < 2 && compression == WEIR_COMPRESSION_ZSTD))
        return WEIR_E_UNSUPPORTED;
    weir_err err = codec->compress(alloc, plain, memory, size);
    if (err == WEIR_OK && magic == 0 && compression == WEIR_COMPRESSION_LZ4)
        weir__lz4_spoil(memory);
    return err;
}
