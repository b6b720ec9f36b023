/* Data outside of the APIs: what members of classic consumer groups tell each other, headers, the value of a control
   record. The first byte chooses. */
#include "fuzz.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_input input = {data, size};
    const weir_data *kind = weir_data_at(fuzz_byte(&input) % (WEIR_DATA_END_TXN_MARKER + 1));
    weir_bytes bytes = fuzz_rest(&input);
    size_t room = WEIR_ARENA_RATIO * (size_t)bytes.len + WEIR_ARENA_SLACK;
    void *memory = fuzz_memory(room), *message = fuzz_memory(weir_message_sizeof(kind->schema));
    weir_arena arena;
    weir_in in;
    weir_out out;
    weir_in_init(&in, bytes.p, bytes.len);
    weir_arena_init(&arena, memory, room);
    weir_err err = weir_data_decode(kind, &in, &arena, message);
    MUST(err == WEIR_OK || err == WEIR_E_MALFORMED || err == WEIR_E_VERSION);
    if (err == WEIR_OK) {
        weir_out_init(&out, NULL, 0);
        MUST(weir_data_encode(kind, kind->max_version, &out, message) == WEIR_OK);
    }
    free(memory);
    free(message);
    return 0;
}
