/* Documents of `weir encode records`. */
#include "fuzz.h"

#include <stdlib.h>

#include "set_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    weir_bytes text = {data, (uint32_t)size};
    uint8_t *copy = fuzz_copy(text);
    cli_set_reader reader = {0};
    weir_record record;
    weir_err err = cli_set_open(&reader, (const char *)copy, size);
    MUST(err == WEIR_OK || err == WEIR_E_MALFORMED || err == WEIR_E_VERSION);
    for (size_t n = 0; err == WEIR_OK && n < reader.batch_count; n++)
        MUST(reader.batches[n].at < size && reader.batches[n].header.magic <= 2);
    while (err == WEIR_OK && (err = cli_set_next(&reader, &record)) == WEIR_OK)
        fuzz_touch_record(&record);
    MUST(err == WEIR_END || reader.item_at <= size);
    cli_set_free(&reader);
    free(copy);
    return 0;
}
