#include "json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

static void put(weir__json *json, const char *bytes, size_t n) {
    if (json->full || n > json->cap - json->len) {
        json->full = true;
        return;
    }
    memcpy(json->p + json->len, bytes, n);
    json->len += n;
}

/* Writes a value without inner structure, or the bracket that opens one. */
static void put_value(weir__json *json, const char *bytes, size_t n) {
    if (json->comma)
        put(json, ",", 1);
    put(json, bytes, n);
    json->comma = true;
}

static void open_bracket(weir__json *json, const char *bracket) {
    put_value(json, bracket, 1);
    json->comma = false;
}

static void close_bracket(weir__json *json, const char *bracket) {
    put(json, bracket, 1);
    json->comma = true;
}

void weir__json_init(weir__json *json, char *memory, size_t cap) {
    *json = (weir__json){memory, cap, 0, false, false};
}

void weir__json_object_begin(weir__json *json) {
    open_bracket(json, "{");
}

void weir__json_object_end(weir__json *json) {
    close_bracket(json, "}");
}

void weir__json_array_begin(weir__json *json) {
    open_bracket(json, "[");
}

void weir__json_array_end(weir__json *json) {
    close_bracket(json, "]");
}

void weir__json_key(weir__json *json, const char *name) {
    weir__json_string(json, (weir_str){name, (uint32_t)strlen(name)});
    put(json, ":", 1);
    json->comma = false;
}

/* The one-letter escape of a character, or 0. */
static char short_escape(char c) {
    static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
    const char *at = memchr(from, c, sizeof from - 1);
    return at ? to[at - from] : 0;
}

void weir__json_string(weir__json *json, weir_str str) {
    static const char hex[] = "0123456789abcdef";
    if (!str.p) {
        weir__json_null(json);
        return;
    }
    put_value(json, "\"", 1);
    while (str.len) {
        unsigned n = weir__utf8_next(str);
        uint8_t c = (uint8_t)*str.p;
        char letter = short_escape(*str.p);
        if (letter)
            put(json, (char[]){'\\', letter}, 2);
        else if (n == 0)
            put(json, "\xef\xbf\xbd", 3);
        else if (c < 0x20 || c == 0x7f)
            put(json, (char[]){'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]}, 6);
        else
            put(json, str.p, n);
        n = n ? n : 1;
        str = (weir_str){str.p + n, str.len - n};
    }
    put(json, "\"", 1);
}

void weir__json_i64(weir__json *json, int64_t v) {
    char digits[24];
    int n = snprintf(digits, sizeof digits, "%" PRId64, v);
    put_value(json, digits, (size_t)n);
}

void weir__json_double(weir__json *json, double v) {
    char digits[40];
    int n = 0;
    if (v - v != 0) {
        weir__json_null(json);
        return;
    }
    for (int precision = 15; precision <= 17; precision++) {
        n = snprintf(digits, sizeof digits, "%.*g", precision, v);
        if (strtod(digits, NULL) == v)
            break;
    }
    for (char *comma = digits; (comma = strchr(comma, ',')) != NULL;)
        *comma = '.'; /* the locale of the host may write a comma */
    put_value(json, digits, (size_t)n);
}

void weir__json_bool(weir__json *json, bool v) {
    if (v)
        put_value(json, "true", 4);
    else
        put_value(json, "false", 5);
}

void weir__json_null(weir__json *json) {
    put_value(json, "null", 4);
}
