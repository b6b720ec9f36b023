/* A message as it comes from a peer. Decoding must never need more memory than the client gives it. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_input input = {data, size};
    fuzz_message m;
    if (!fuzz_message_named(&m, &input))
        return 0;
    (void)fuzz_message_decode(&m, fuzz_rest(&input));
    fuzz_message_free(&m);
    return 0;
}
