/* One codec (FUZZ_CODEC names it): the first byte is the cap as a power of two, what follows is decompressed, at once
   and as a stream in pieces, with the same outcome. The same bytes are compressed both ways and must come back. */
#include "fuzz.h"

#include <stdlib.h>

#include "codec.h"

#include <string.h>
#include <weir/compress.h>

#define MEMORY (1u << 26)

/* Decompresses at once. On WEIR_OK the caller frees out->p. */
static weir_err decompress(weir_bytes in, size_t cap, weir_bytes *out) {
    weir_budget budget;
    size_t out_size = 0;
    fuzz_budget(&budget, MEMORY);
    weir_err err = FUZZ_CODEC.decompress(&budget.alloc, in, cap, out, &out_size);
    MUST(err == WEIR_OK || err == WEIR_E_TOO_LARGE || err == WEIR_E_MALFORMED || err == WEIR_E_NO_MEMORY);
    if (err == WEIR_OK) {
        MUST(out->len <= cap && out->len <= out_size);
        uint8_t *copy = fuzz_copy(*out);
        budget.alloc.give(&budget.alloc, (void *)out->p, out_size);
        out->p = copy;
    }
    MUST(budget.used == 0);
    return err;
}

/* A size for the next piece: small ones, nothing and all. */
static size_t piece(uint32_t *random, size_t left) {
    static const size_t sizes[] = {0, 1, 1, 2, 7, 100, 5000, SIZE_MAX};
    *random = *random * 1664525 + 1013904223;
    size_t size = sizes[*random >> 29];
    return size < left ? size : left;
}

/* Runs a stream to its end and closes it; the output, at most `room` bytes and one, is from malloc. WEIR_OK at the end.
 */
static weir_err stream(weir_stream *stream, weir_bytes in, size_t room, weir_bytes *out) {
    uint32_t random = in.len;
    size_t size = 64;
    uint8_t *memory = fuzz_memory(size);
    weir_err err = WEIR_OK;
    bool last = false;
    for (out->len = 0; err == WEIR_OK || err == WEIR_AGAIN;) {
        size_t n = last ? in.len : piece(&random, in.len), some = piece(&random, room + 1 - out->len);
        if (size - out->len < some) {
            size = 2 * (out->len + some);
            memory = realloc(memory, size);
            MUST(memory != NULL);
        }
        last = n == in.len;
        weir_bytes view = {in.p, (uint32_t)n};
        size_t came = some;
        err = weir_stream_step(stream, &view, last, memory + out->len, &came);
        MUST(came <= some && (err != WEIR_OK || (view.len == 0 && !last)));
        out->len += (uint32_t)came;
        in.p = in.p != NULL ? in.p + n - view.len : NULL;
        in.len -= (uint32_t)n - view.len;
        MUST(out->len <= room);
    }
    weir_stream_close(stream);
    out->p = memory;
    return err == WEIR_END ? WEIR_OK : err;
}

static weir_err unstream(weir_bytes in, size_t cap, weir_bytes *out) {
    weir_budget budget;
    weir_stream *s;
    fuzz_budget(&budget, SIZE_MAX);
    MUST(weir_stream_decompress(&budget.alloc, FUZZ_CODEC.id, cap, MEMORY, &s) == WEIR_OK);
    weir_err err = stream(s, in, cap, out);
    MUST(budget.used == 0 && budget.peak <= MEMORY);
    return err;
}

/* Decompresses both ways; true when it came out as `expected`, or anyhow when that is NULL. */
static bool decompress_twice(weir_bytes in, size_t cap, const weir_bytes *expected) {
    weir_bytes one = {NULL, 0}, other = {NULL, 0};
    weir_err err = decompress(in, cap, &one), streamed = unstream(in, cap, &other);
    if (err == WEIR_OK && streamed == WEIR_OK)
        MUST(fuzz_equal(one, other));
    else if (err == WEIR_E_TOO_LARGE || err == WEIR_E_NO_MEMORY)
        MUST(streamed == WEIR_E_TOO_LARGE || streamed == WEIR_E_MALFORMED);
    else if (streamed == WEIR_E_TOO_LARGE)
        /* Windows are no matter at once. */
        MUST(err == WEIR_E_MALFORMED || FUZZ_CODEC.id == WEIR_COMPRESSION_ZSTD);
    else
        MUST(streamed == err);
    bool ok = err == WEIR_OK && (expected == NULL || fuzz_equal(one, *expected));
    free((void *)one.p);
    free((void *)other.p);
    return ok;
}

static void come_back(weir_bytes plain) {
    weir_budget budget;
    weir_stream *s;
    weir_bytes streamed;
    size_t room = FUZZ_CODEC.bound(plain.len), len = room;
    uint8_t *packed = fuzz_memory(room);
    fuzz_budget(&budget, MEMORY);
    MUST(FUZZ_CODEC.compress(&budget.alloc, plain, packed, &len) == WEIR_OK && len <= room);
    MUST(budget.used == 0);
    uint8_t *exact = fuzz_copy((weir_bytes){packed, (uint32_t)len});
    MUST(decompress_twice((weir_bytes){exact, (uint32_t)len}, plain.len, &plain));
    MUST(weir_stream_compress(&budget.alloc, FUZZ_CODEC.id, 2, &s) == WEIR_OK);
    MUST(stream(s, plain, 2 * room + 1000, &streamed) == WEIR_OK);
    MUST(budget.used == 0);
    MUST(decompress_twice(streamed, plain.len, &plain));
    free((void *)streamed.p);
    free(exact);
    free(packed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_input input = {data, size};
    size_t cap = (size_t)1 << fuzz_byte(&input) % 21;
    weir_bytes rest = fuzz_rest(&input);
    (void)decompress_twice(rest, cap, NULL);
    if (rest.len > 0)
        come_back(rest);
    return 0;
}
