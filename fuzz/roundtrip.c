/* Whatever was decoded can be encoded, and is then the same message. */
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
        MUST(fuzz_message_encode(&first, &once) == WEIR_OK);
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
