/* What the codecs share: output that grows under a cap, and memory for the libraries' own use. */
#ifndef WEIR_SRC_CODEC_OUTPUT_H
#define WEIR_SRC_CODEC_OUTPUT_H

#include "codec.h"

/* Decompressed bytes. It starts in proportion to the input whatever a header claims, and doubles as bytes
   really come. */
typedef struct weir__output {
    weir_alloc *alloc;
    uint8_t *p;
    size_t len, size; /* bytes filled, bytes taken */
    size_t cap;       /* size never passes it, save that one byte is taken for a cap of 0 */
} weir__output;

/* What compressed records usually grow by; more only costs copies. */
#define WEIR__USUAL_RATIO 4

/* Takes first memory of about `guess` bytes, which must be in proportion to the input. WEIR_E_NO_MEMORY. */
weir_err weir__output_init(weir__output *output, weir_alloc *alloc, size_t guess, size_t cap);
/* Makes room for `want` more bytes, or for as many as the cap allows if that is at least one.
   WEIR_E_TOO_LARGE when the cap is reached, WEIR_E_NO_MEMORY. The bytes may move. */
weir_err weir__output_grow(weir__output *output, size_t want);
/* Hands the memory over as the results of weir__codec.decompress when `err` is WEIR_OK, else gives it back. */
weir_err weir__output_finish(weir__output *output, weir_err err, weir_bytes *out, size_t *out_size);

/* Memory for libraries that give back without a size: it is kept in front. `alloc` is a weir_alloc. */
void *weir__sized_malloc(void *alloc, size_t size);
void weir__sized_free(void *alloc, void *p);

#endif
