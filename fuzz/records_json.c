/* Lines of `weir produce --json`. */
#include "fuzz.h"

#include <string.h>

#include "input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    cli_input line = {0};
    fuzz_input input = {data, size};
    while (input.left > 0) {
        const uint8_t *end = memchr(input.p, '\n', input.left);
        weir_bytes text = fuzz_take(&input, end != NULL ? (size_t)(end - input.p) : input.left);
        if (cli_input_json(&line, (const char *)text.p, text.len)) {
            MUST(line.partition >= -1);
            fuzz_touch_record(&line.record);
        } else {
            MUST(line.why[0] != '\0' && memchr(line.why, '\0', sizeof line.why) != NULL);
        }
        (void)fuzz_byte(&input);
    }
    cli_input_free(&line);
    return 0;
}
