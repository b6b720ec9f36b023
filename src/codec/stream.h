/* What streams share: the input and output of a step, elements gathered from pieces, output handed on in pieces. */
#ifndef WEIR_SRC_CODEC_STREAM_H
#define WEIR_SRC_CODEC_STREAM_H

#include "output.h"

/* What one step works on: it moves both on as bytes are taken and put out. `out` is never NULL. */
typedef struct weir__io {
    const uint8_t *in;
    size_t in_len;
    bool last; /* nothing follows behind `in` */
    uint8_t *out;
    size_t out_len;
} weir__io;

/* The memory of one stream, under a cap. */
typedef struct weir__capped {
    weir_alloc alloc;
    weir_alloc *inner;
    size_t limit, used;
    bool over; /* the cap, and not `inner`, has refused memory */
} weir__capped;

/* One direction of a codec. Its state is memory of `size` bytes, zeroed at first. */
typedef struct weir__stream_kind {
    size_t size;
    /* Whatever it comes to, close is called. `magic` is for compression. */
    weir_err (*open)(void *state, weir__capped *memory, int8_t magic);
    /* As weir_stream_step, without a cap of the output; the room may be 0. */
    weir_err (*step)(void *state, weir__io *io);
    void (*close)(void *state);
} weir__stream_kind;

/* What a step comes to that has no more input; `whole` says whether it may end here. */
weir_err weir__io_over(const weir__io *io, bool whole);

/* What a codec does with its input and output a block or an element at a time. */
typedef struct weir__gather {
    weir__output held;   /* the head of an element whose rest has not come */
    weir__output output; /* what is to be handed on */
    size_t out_at;       /* how much of it was */
} weir__gather;

/* Takes first memory. Whatever it comes to, weir__gather_free is to be called. */
weir_err weir__gather_init(weir__gather *g, weir_alloc *alloc);
void weir__gather_free(weir__gather *g);
/* The next `want` bytes, in `io` itself where they are there. NULL with WEIR_OK when more input is needed, then none is
   left; NULL with WEIR_E_NO_MEMORY. Memory follows the bytes that really come. */
const uint8_t *weir__gather_next(weir__gather *g, weir__io *io, size_t want, weir_err *err);
/* Passes over the bytes that weir__gather_next gave; without it, they are the first of the next ones. */
void weir__gather_pass(weir__gather *g, weir__io *io, size_t want);
/* Holds all that is left of the input. */
weir_err weir__gather_all(weir__gather *g, weir__io *io);
/* Hands on what the output holds; false when there is no room for all of it. */
bool weir__gather_drain(weir__gather *g, weir__io *io);

/* A format of blocks that need nothing of each other, as it is written. */
typedef struct weir__blocks {
    size_t size;          /* bytes of a block, before they are compressed */
    size_t room;          /* the most bytes that a block can come to, also head and tail */
    size_t (*work)(void); /* bytes of memory for compressing */
    /* Each writes at `to` and returns where it ended. `n` is not 0. */
    uint8_t *(*head)(int8_t magic, uint8_t *to);
    uint8_t *(*block)(void *work, const uint8_t *from, size_t n, uint8_t *to);
    uint8_t *(*tail)(uint8_t *to);
} weir__blocks;

/* Writes everything at once; bounds were checked. WEIR_E_NO_MEMORY. */
weir_err weir__blocks_compress(const weir__blocks *blocks, weir_alloc *alloc, weir_bytes in, uint8_t *out,
                               size_t *out_len);

/* The state of a stream of blocks. A kind's open calls weir__packer_open with its format; the rest is as it is here. */
typedef struct weir__packer {
    const weir__blocks *blocks;
    weir__gather gather;
    void *work;
    size_t work_size;
    bool ended; /* the tail was written */
} weir__packer;

weir_err weir__packer_open(weir__packer *packer, const weir__blocks *blocks, weir_alloc *alloc, int8_t magic);
weir_err weir__packer_step(void *state, weir__io *io);
void weir__packer_close(void *state);

#endif
