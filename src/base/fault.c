#include <weir/fault.h>

#include <string.h>

#include "text.h"

void weir_fault_clear(weir_fault *fault) {
    *fault = (weir_fault){.err = WEIR_OK, .api = -1, .broker = -1, .partition = -1};
}

void weir_fault_set(weir_fault *fault, weir_err err, const char *fmt, ...) {
    if (!fault)
        return;
    char plain[sizeof fault->text];
    weir__text raw, clean;
    weir__text_init(&raw, plain, sizeof plain);
    va_list args;
    va_start(args, fmt);
    weir__text_vadd(&raw, fmt, args);
    va_end(args);
    /* The arguments may lie in the fault itself, so it is cleared only now. */
    weir_fault_clear(fault);
    fault->err = err;
    weir__text_init(&clean, fault->text, sizeof fault->text);
    weir__text_escaped(&clean, (weir_str){plain, (uint32_t)raw.len});
}
