/* A properties file, as `weir -F` reads it. */
#include "fuzz.h"

#include <string.h>

#include "props.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    cli_props props;
    weir_err err;
    size_t pairs = 0;
    cli_props_init(&props, (const char *)data, size);
    while ((err = cli_props_next(&props)) == WEIR_OK) {
        MUST(strlen(props.key.p) == props.key.len && strlen(props.value.p) == props.value.len);
        MUST(++pairs <= size);
    }
    MUST(err == WEIR_END || (err == WEIR_E_MALFORMED && props.why != NULL));
    cli_props_free(&props);
    return 0;
}
