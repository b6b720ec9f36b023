/* Committables out of a checkpoint. What is accepted is written as the same bytes. */
#include "fuzz.h"

#include <stdlib.h>

#include <weir/sink.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    weir_bytes snapshot = {data, (uint32_t)size};
    size_t count;
    if (weir_committables_count(snapshot, &count) != WEIR_OK)
        return 0;
    weir_committable *committables = fuzz_memory(count * sizeof *committables);
    if (weir_committables_decode(snapshot, committables) == WEIR_OK) {
        uint8_t *bytes = fuzz_memory(size);
        MUST(weir_committables_encode(committables, count, bytes, size) == size);
        MUST(fuzz_equal((weir_bytes){bytes, snapshot.len}, snapshot));
        free(bytes);
    }
    free(committables);
    return 0;
}
