/* Kafka's error codes: names, texts and classes, from the one table in <weir/codes.h>. */
#include <weir/proto.h>

#define CODE(code, name, class, text) {#name, text, WEIR_CLASS_##class},
static const struct {
    const char *name, *text;
    weir_class class;
} codes[] = {WEIR_CODES(CODE)};
#undef CODE

#define FIRST_CODE WEIR_CODE_UNKNOWN_SERVER_ERROR

static bool listed(int16_t code) {
    return code >= FIRST_CODE && (size_t)(code - FIRST_CODE) < sizeof codes / sizeof codes[0];
}

const char *weir_code_name(int16_t code) {
    return listed(code) ? codes[code - FIRST_CODE].name : "UNLISTED_CODE";
}

const char *weir_code_text(int16_t code) {
    return listed(code) ? codes[code - FIRST_CODE].text : "an error code that is newer than this program";
}

weir_class weir_code_class(int16_t code) {
    return listed(code) ? codes[code - FIRST_CODE].class : WEIR_CLASS_INDETERMINATE;
}
