#include "text.h"

#include <stdio.h>
#include <string.h>

void weir__text_init(weir__text *text, char *memory, size_t cap) {
    *text = (weir__text){memory, cap, 0, false};
    memory[0] = 0;
}

void weir__text_vadd(weir__text *text, const char *fmt, va_list args) {
    size_t room = text->cap - text->len;
    int n = vsnprintf(text->p + text->len, room, fmt, args);
    if (n < 0) {
        text->p[text->len] = 0;
        text->cut = true;
    } else if ((size_t)n >= room) {
        text->len = text->cap - 1;
        text->cut = true;
    } else {
        text->len += (size_t)n;
    }
}

void weir__text_add(weir__text *text, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    weir__text_vadd(text, fmt, args);
    va_end(args);
}

/* Appends n bytes, or nothing when they do not fit. */
static bool add_whole(weir__text *text, const char *bytes, size_t n) {
    if (text->cut || n >= text->cap - text->len) {
        text->cut = true;
        return false;
    }
    memcpy(text->p + text->len, bytes, n);
    text->len += n;
    text->p[text->len] = 0;
    return true;
}

/* U+0080 to U+009F are control characters too; in UTF-8 they are C2 80 to C2 9F. */
static bool is_control(const uint8_t *p, unsigned n) {
    return n == 1 ? p[0] < 0x20 || p[0] == 0x7f : n == 2 && p[0] == 0xc2 && p[1] < 0xa0;
}

void weir__text_escaped(weir__text *text, weir_str str) {
    static const char hex[] = "0123456789abcdef";
    while (str.len && !text->cut) {
        const uint8_t *p = (const uint8_t *)str.p;
        unsigned n = weir__utf8_next(str);
        if (n && *p != '\\' && !is_control(p, n)) {
            add_whole(text, str.p, n);
        } else {
            n = 1;
            add_whole(text, (char[]){'\\', 'x', hex[*p >> 4], hex[*p & 15]}, 4);
        }
        str = (weir_str){str.p + n, str.len - n};
    }
}

unsigned weir__utf8_next(weir_str str) {
    const uint8_t *p = (const uint8_t *)str.p;
    if (str.len == 0)
        return 0;
    if (p[0] < 0x80)
        return 1;
    unsigned n = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
    if (p[0] < 0xc2 || p[0] > 0xf4 || str.len < n)
        return 0;
    uint32_t c = p[0] & (0x7fU >> n);
    for (unsigned i = 1; i < n; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
        c = c << 6 | (p[i] & 0x3fU);
    }
    bool overlong = (n == 3 && c < 0x800) || (n == 4 && c < 0x10000);
    return overlong || c > 0x10ffff || (c >= 0xd800 && c < 0xe000) ? 0 : n;
}

bool weir__parse_i64(weir_str str, int64_t *value) {
    bool negative = str.len > 0 && str.p[0] == '-';
    uint32_t i = negative;
    if (i == str.len)
        return false;
    uint64_t limit = (uint64_t)INT64_MAX + negative, sum = 0;
    for (; i < str.len; i++) {
        unsigned digit = (unsigned)str.p[i] - '0';
        if (digit > 9 || sum > (limit - digit) / 10)
            return false;
        sum = sum * 10 + digit;
    }
    if (!negative)
        *value = (int64_t)sum;
    else
        *value = sum ? -(int64_t)(sum - 1) - 1 : 0;
    return true;
}

bool weir__item_take(const char **list, weir_str *item) {
    const char *begin = *list + strspn(*list, ", ");
    size_t len = strcspn(begin, ", ");
    *item = (weir_str){begin, (uint32_t)len};
    *list = begin + len;
    return len > 0;
}
