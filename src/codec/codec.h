/* Compression behind const tables, one a codec. All memory, the libraries' own contexts included, comes from the
   allocator that is handed in; output never exceeds the caller's cap. */
#ifndef WEIR_SRC_CODEC_H
#define WEIR_SRC_CODEC_H

#include <weir/alloc.h>
#include <weir/record.h>

struct weir__stream_kind;

typedef struct weir__codec {
    weir_compression id;
    const char *name; /* "gzip": Kafka's value of compression.type */
    /* The most bytes that compressing `len` bytes can give. */
    size_t (*bound)(size_t len);
    /* Compresses into out[0, *out_len) and sets *out_len. WEIR_E_NO_MEMORY when there is no memory or no room. */
    weir_err (*compress)(weir_alloc *alloc, weir_bytes in, uint8_t *out, size_t *out_len);
    /* Decompresses all members or frames of `in` into memory taken from `alloc`, never more at first than in proportion
       to `in`, whatever headers claim; *out_size is what to give back and out->len what is filled. WEIR_E_TOO_LARGE
       past `cap` bytes, WEIR_E_MALFORMED, WEIR_E_NO_MEMORY. */
    weir_err (*decompress)(weir_alloc *alloc, weir_bytes in, size_t cap, weir_bytes *out, size_t *out_size);
    const struct weir__stream_kind *packer, *unpacker; /* both directions in pieces (stream.h) */
} weir__codec;

extern const weir__codec weir__codec_gzip, weir__codec_snappy, weir__codec_lz4, weir__codec_zstd;

/* Gives a frame that weir__codec_lz4 wrote the header checksum that readers of magic 0 expect: over the frame's magic
   as well (KAFKA-3160). */
void weir__lz4_spoil(uint8_t *start);

/* The codec with a Kafka id (1..4), or NULL when this build lacks it or there is no such id. */
const weir__codec *weir__codec_find(int id);

#endif
