/* Text into memory of the caller: always NUL-terminated, cut when it does not fit. And strict reading of numbers. */
#ifndef WEIR_SRC_BASE_TEXT_H
#define WEIR_SRC_BASE_TEXT_H

#include <stdarg.h>

#include <weir/types.h>

typedef struct weir__text {
    char *p;
    size_t cap; /* bytes at p, the NUL included; at least 1 */
    size_t len; /* bytes before the NUL */
    bool cut;   /* something did not fit */
} weir__text;

void weir__text_init(weir__text *text, char *memory, size_t cap);
/* Appends formatted text as of printf; adds what fits. */
void weir__text_add(weir__text *text, const char *fmt, ...) WEIR_PRINTF(2, 3);
void weir__text_vadd(weir__text *text, const char *fmt, va_list args) WEIR_PRINTF(2, 0);
/* Appends a view of text with control characters, backslashes and bytes that are not UTF-8 as \xHH. Never cuts within
   an escape or a character. */
void weir__text_escaped(weir__text *text, weir_str str);

/* The length in bytes (1 to 4) of the UTF-8 character at str.p, or 0 when there is none: malformed, overlong, a
   surrogate, beyond U+10FFFF, cut off, or str is empty. */
unsigned weir__utf8_next(weir_str str);

/* Reads a whole view as a decimal number: an optional '-', then digits, nothing else. False, with *value unchanged, for
   anything else and for what does not fit. */
bool weir__parse_i64(weir_str str, int64_t *value);

/* Takes the first item off a list of names that are separated by commas and spaces; false when there is none left. */
bool weir__item_take(const char **list, weir_str *item);

#endif
