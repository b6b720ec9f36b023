/* Splits out of a checkpoint: as they are, and again with the checksum at the end made right. */
#include "fuzz.h"

#include <stdlib.h>

#include <weir/source.h>

static void read_splits(weir_bytes snapshot) {
    size_t count, again;
    if (weir_splits_count(snapshot, &count) != WEIR_OK)
        return;
    weir_split *splits = fuzz_memory(count * sizeof *splits);
    MUST(weir_splits_decode(snapshot, splits) == WEIR_OK);
    size_t size = weir_splits_encode(splits, count, NULL, 0);
    MUST(size <= snapshot.len); /* a newer version may hold more */
    uint8_t *bytes = fuzz_memory(size);
    MUST(weir_splits_encode(splits, count, bytes, size) == size);
    MUST(weir_splits_count((weir_bytes){bytes, (uint32_t)size}, &again) == WEIR_OK && again == count);
    free(bytes);
    free(splits);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    weir_bytes bytes = {data, (uint32_t)size};
    read_splits(bytes);
    if (size >= 4) {
        uint8_t *copy = fuzz_copy(bytes);
        fuzz_put_u32(copy + size - 4, weir_crc32c(0, copy, size - 4));
        read_splits((weir_bytes){copy, bytes.len});
        free(copy);
    }
    return 0;
}
