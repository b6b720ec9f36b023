/* One codec (FUZZ_CODEC names it): the first byte is the cap as a power of two, what follows is decompressed. The same
   bytes are compressed and must come back. */
#include "fuzz.h"

#include <stdlib.h>

#include "codec.h"

#define MEMORY (1u << 26)

/* Decompresses; true when it came out as `expected`, or anyhow when that is NULL. */
static bool decompress(weir_bytes in, size_t cap, const weir_bytes *expected) {
    weir_budget budget;
    weir_bytes out = {NULL, 0};
    size_t out_size = 0;
    fuzz_budget(&budget, MEMORY);
    weir_err err = FUZZ_CODEC.decompress(&budget.alloc, in, cap, &out, &out_size);
    bool ok = err == WEIR_OK;
    MUST(ok || err == WEIR_E_TOO_LARGE || err == WEIR_E_MALFORMED || err == WEIR_E_NO_MEMORY);
    if (ok) {
        MUST(out.len <= cap && out.len <= out_size);
        fuzz_touch(out.p, out.len);
        ok = expected == NULL || fuzz_equal(out, *expected);
        budget.alloc.give(&budget.alloc, (void *)out.p, out_size);
    }
    MUST(budget.used == 0);
    return ok;
}

static void come_back(weir_bytes plain) {
    weir_budget budget;
    size_t room = FUZZ_CODEC.bound(plain.len), len = room;
    uint8_t *packed = fuzz_memory(room);
    fuzz_budget(&budget, MEMORY);
    MUST(FUZZ_CODEC.compress(&budget.alloc, plain, packed, &len) == WEIR_OK && len <= room);
    MUST(budget.used == 0);
    uint8_t *exact = fuzz_copy((weir_bytes){packed, (uint32_t)len});
    MUST(decompress((weir_bytes){exact, (uint32_t)len}, plain.len, &plain));
    free(exact);
    free(packed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_input input = {data, size};
    size_t cap = (size_t)1 << fuzz_byte(&input) % 21;
    weir_bytes rest = fuzz_rest(&input);
    (void)decompress(rest, cap, NULL);
    if (rest.len > 0)
        come_back(rest);
    return 0;
}
