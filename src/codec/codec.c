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
