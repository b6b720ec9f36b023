/* Snappy through libsnappy. Kafka's Java client frames it as snappy-java does ("xerial": a header, then blocks with
   their sizes); other clients send one bare block. Both are read, the framed form is written. */
#include <snappy-c.h>
#include <string.h>

#include "output.h"

#define BLOCK         32768U /* as snappy-java writes */
#define HEADER_SIZE   16
#define EXPANSION_MAX 22 /* three bytes stand for 64 at most: what claims more is not snappy */

static const uint8_t header[HEADER_SIZE] = {0x82, 'S', 'N', 'A', 'P', 'P', 'Y', 0, 0, 0, 0, 1, 0, 0, 0, 1};
#define MAGIC_SIZE 8

static size_t framed_bound(size_t len) {
    return HEADER_SIZE + (len / BLOCK + 1) * (4 + snappy_max_compressed_length(BLOCK));
}

static weir_err framed_compress(weir_alloc *alloc, weir_bytes in, uint8_t *out, size_t *out_len) {
    (void)alloc; /* libsnappy takes its table with operator new */
    if (*out_len < framed_bound(in.len))
        return WEIR_E_NO_MEMORY;
    memcpy(out, header, HEADER_SIZE);
    uint8_t *to = out + HEADER_SIZE;
    for (uint32_t done = 0, n; done < in.len; done += n) {
        n = in.len - done < BLOCK ? in.len - done : BLOCK;
        size_t size = snappy_max_compressed_length(n);
        snappy_compress((const char *)in.p + done, n, (char *)to + 4, &size);
        to[0] = (uint8_t)(size >> 24);
        to[1] = (uint8_t)(size >> 16);
        to[2] = (uint8_t)(size >> 8);
        to[3] = (uint8_t)size;
        to += 4 + size;
    }
    *out_len = (size_t)(to - out);
    return WEIR_OK;
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

static weir_err blocks_read(weir_bytes in, weir__output *output) {
    if (in.len < MAGIC_SIZE || memcmp(in.p, header, MAGIC_SIZE) != 0)
        return block_read(in, output);
    const uint8_t *p = in.p, *end = p + in.len;
    while (p < end) {
        if (end - p >= HEADER_SIZE && memcmp(p, header, MAGIC_SIZE) == 0) {
            p += HEADER_SIZE; /* streams may follow each other */
            continue;
        }
        if (end - p < 4)
            return WEIR_E_MALFORMED;
        uint32_t size = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
        p += 4;
        if (size > (size_t)(end - p))
            return WEIR_E_MALFORMED;
        weir_err err = block_read((weir_bytes){p, size}, output);
        if (err != WEIR_OK)
            return err;
        p += size;
    }
    return WEIR_OK;
}

static weir_err any_decompress(weir_alloc *alloc, weir_bytes in, size_t cap, weir_bytes *out, size_t *out_size) {
    weir__output output;
    weir_err err = weir__output_init(&output, alloc, (size_t)in.len * WEIR__USUAL_RATIO, cap);
    if (err == WEIR_OK)
        err = blocks_read(in, &output);
    return weir__output_finish(&output, err, out, out_size);
}

const weir__codec weir__codec_snappy = {WEIR_COMPRESSION_SNAPPY, "snappy", framed_bound, framed_compress,
                                        any_decompress};
