#include "text.h"

#include "words.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define DISTANCE_MAX 48

void *cli_grow(void *old, size_t count, size_t size) {
    void *p = size != 0 && count > SIZE_MAX / size ? NULL : realloc(old, count * size);
    if (!p)
        cli_no_memory();
    return p;
}

void cli_text_room(cli_text *text, size_t len) {
    if (len <= text->cap - text->len)
        return;
    if (len > SIZE_MAX / 4 || text->cap > SIZE_MAX / 4)
        cli_no_memory();
    text->cap = text->cap * 2 + len;
    text->p = cli_grow(text->p, text->cap, 1);
}

void cli_text_add(cli_text *text, const void *bytes, size_t len) {
    if (len == 0)
        return;
    cli_text_room(text, len);
    memcpy(text->p + text->len, bytes, len);
    text->len += len;
}

void cli_text_byte(cli_text *text, char byte) {
    cli_text_add(text, &byte, 1);
}

void cli_text_free(cli_text *text) {
    free(text->p);
    *text = (cli_text){0};
}

static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

size_t cli_distance(const char *a, const char *b) {
    size_t rows[3][DISTANCE_MAX + 1];
    size_t *before = rows[0], *above = rows[1], *row = rows[2];
    size_t a_len = least(strlen(a), DISTANCE_MAX), b_len = least(strlen(b), DISTANCE_MAX);
    for (size_t j = 0; j <= b_len; j++)
        before[j] = above[j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            row[j] = least(least(above[j], row[j - 1]) + 1, above[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = least(row[j], before[j - 2] + 1);
        }
        size_t *spare = before;
        before = above;
        above = row;
        row = spare;
    }
    return above[b_len];
}

bool cli_nearer(const char *word, const char *candidate, size_t *best) {
    size_t distance = cli_distance(word, candidate);
    if (distance > 1 + strlen(word) / 3 || distance >= *best)
        return false;
    *best = distance;
    return true;
}

bool cli_number(const char *text, int64_t *number) {
    char *end;
    if ((*text < '0' || *text > '9') && *text != '-')
        return false;
    errno = 0;
    long long parsed = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0')
        return false;
    *number = parsed;
    return true;
}

static int hex_digit(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The byte that the escape at `p` (behind the backslash) stands for, with its length; -1 when it is none. */
static int escaped_byte(const char *p, size_t *length) {
    *length = 1;
    switch (*p) {
    case 'n':
        return '\n';
    case 't':
        return '\t';
    case 'r':
        return '\r';
    case '\\':
        return '\\';
    case 'x':
        *length = 3;
        if (hex_digit(p[1]) < 0 || hex_digit(p[2]) < 0)
            return -1;
        return hex_digit(p[1]) * 16 + hex_digit(p[2]);
    default:
        return -1;
    }
}

ptrdiff_t cli_unescape(char *text) {
    char *out = text;
    for (const char *p = text; *p != '\0';) {
        if (*p != '\\') {
            *out++ = *p++;
            continue;
        }
        size_t length;
        int byte = escaped_byte(p + 1, &length);
        if (byte < 0)
            return -1;
        *out++ = (char)byte;
        p += 1 + length;
    }
    *out = '\0';
    return out - text;
}

void cli_hex(cli_text *out, const void *bytes, size_t len) {
    static const char digits[] = "0123456789abcdef";
    const uint8_t *p = bytes;
    for (size_t at = 0; at < len; at++) {
        char pair[2] = {digits[p[at] >> 4], digits[p[at] & 15]};
        cli_text_add(out, pair, sizeof pair);
    }
}

bool cli_unhex(cli_text *out, const char *hex, size_t len) {
    for (size_t at = 0; at < len;) {
        if (memchr(" \t\r\n", hex[at], 4)) {
            at++;
            continue;
        }
        int high = hex_digit(hex[at]), low = at + 1 < len ? hex_digit(hex[at + 1]) : -1;
        if (high < 0 || low < 0)
            return false;
        cli_text_byte(out, (char)(high * 16 + low));
        at += 2;
    }
    return true;
}

char *cli_copy(const char *text) {
    size_t size = strlen(text) + 1;
    return memcpy(cli_grow(NULL, size, 1), text, size);
}
