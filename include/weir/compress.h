/* Compression and decompression as a stream: bytes come and go in pieces of any size, down to one byte, and what is
   held meanwhile does not grow with them. For records that do not fit memory, or need not be there at once; a batch
   that does is better served by weir_records_compress and weir_records_decompress. */
#ifndef WEIR_COMPRESS_H
#define WEIR_COMPRESS_H

#include <weir/alloc.h>
#include <weir/record.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A stream in one direction. */
typedef struct weir_stream weir_stream;

/* Opens a stream that compresses the records of a batch, or the messages of a wrapper, of this `magic` (see
   weir_records_compress). `alloc` gives all memory until weir_stream_close. WEIR_E_UNSUPPORTED for a codec that this
   build lacks, or zstd below magic 2; WEIR_E_NO_MEMORY. */
WEIR_API weir_err weir_stream_compress(weir_alloc *alloc, weir_compression compression, int8_t magic,
                                       weir_stream **stream);

/* Enough `memory` for whatever Kafka's clients write, but for bare blocks of snappy. */
#define WEIR_STREAM_MEMORY ((size_t)16 << 20)

/* Opens a stream that decompresses: all members, frames and blocks that follow each other. No more than `limit` bytes
   come out of it, and at no time does it hold more than `memory` bytes; both count as WEIR_E_TOO_LARGE. What is held
   is, with gzip, some 40 KiB; with lz4 and snappy's framing a few blocks and 128 KiB; with zstd the window that
   the frame asks for and half a MiB. A bare block of snappy is its own history and knows no stream: it is gathered
   whole, and held with all that it comes to. WEIR_E_UNSUPPORTED, WEIR_E_NO_MEMORY, WEIR_E_TOO_LARGE. */
WEIR_API weir_err weir_stream_decompress(weir_alloc *alloc, weir_compression compression, size_t limit, size_t memory,
                                         weir_stream **stream);

/* Takes bytes off the front of `in` and puts out at most *out_len of them, which is then how many came. `last` says
   that nothing follows behind `in`; once said, it must be said until the end, with what is left of `in`.
   WEIR_OK: all of `in` was taken, go on with more. Does not come once `last` was said.
   WEIR_AGAIN: there may be more to put out: go on with more room and what is left in `in`.
   WEIR_END: `last` was said, and everything is out.
   WEIR_E_MALFORMED, also for input that ends too early, WEIR_E_TOO_LARGE, WEIR_E_NO_MEMORY: the stream is over and
   answers so for ever; what was put out before holds, but may be less than came in right. */
WEIR_API weir_err weir_stream_step(weir_stream *stream, weir_bytes *in, bool last, void *out, size_t *out_len);

/* Gives all memory back, at any time. NULL is allowed. */
WEIR_API void weir_stream_close(weir_stream *stream);

#ifdef __cplusplus
}
#endif

#endif
