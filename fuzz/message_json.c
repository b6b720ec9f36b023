/* A message from a peer, printed as JSON and read back. The texts are compared and not the bytes, because what is not
   UTF-8 is replaced in JSON. */
#include "fuzz.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_input input = {data, size};
    fuzz_message first, second;
    if (!fuzz_message_named(&first, &input))
        return 0;
    second = first;
    if (fuzz_message_decode(&first, fuzz_rest(&input)) == WEIR_OK) {
        weir_bytes once, twice;
        MUST(fuzz_message_to_json(&first, &once) == WEIR_OK);
        MUST(fuzz_message_from_json(&second, once) == WEIR_OK);
        MUST(fuzz_message_to_json(&second, &twice) == WEIR_OK);
        MUST(fuzz_equal(once, twice));
        fuzz_message_free(&second);
        free((void *)once.p);
        free((void *)twice.p);
    }
    fuzz_message_free(&first);
    return 0;
}
