/* JSON text from a person. What is accepted and can be encoded is read back as the same bytes. */
#include "fuzz.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_input input = {data, size};
    fuzz_message first, second;
    weir_bytes once, twice;
    if (!fuzz_message_named(&first, &input))
        return 0;
    second = first;
    weir_err err = fuzz_message_from_json(&first, fuzz_rest(&input));
    if (err == WEIR_OK && fuzz_message_encode(&first, &once) == WEIR_OK) {
        MUST(fuzz_message_decode(&second, once) == WEIR_OK);
        MUST(fuzz_message_encode(&second, &twice) == WEIR_OK);
        MUST(fuzz_equal(once, twice));
        fuzz_message_free(&second);
        free((void *)once.p);
        free((void *)twice.p);
    }
    fuzz_message_free(&first);
    return 0;
}
