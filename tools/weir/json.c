#include "json.h"

#include "words.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char base64_letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void cli_json_free(cli_json *json) {
    cli_text_free(&json->text);
    json->comma = false;
}

static void before_value(cli_json *json) {
    if (json->comma)
        cli_text_byte(&json->text, ',');
    json->comma = true;
}

void cli_json_open(cli_json *json, char bracket) {
    before_value(json);
    cli_text_byte(&json->text, bracket);
    json->comma = false;
}

void cli_json_close(cli_json *json, char bracket) {
    cli_text_byte(&json->text, bracket);
    json->comma = true;
}

/* A value that is printed as it stands. */
static void add_word(cli_json *json, const char *word) {
    before_value(json);
    cli_text_add(&json->text, word, strlen(word));
}

void cli_json_null(cli_json *json) {
    add_word(json, "null");
}

void cli_json_bool(cli_json *json, bool value) {
    add_word(json, value ? "true" : "false");
}

void cli_json_int(cli_json *json, int64_t value) {
    char digits[32];
    snprintf(digits, sizeof digits, "%" PRId64, value);
    add_word(json, digits);
}

void cli_json_uint(cli_json *json, uint64_t value) {
    char digits[32];
    snprintf(digits, sizeof digits, "%" PRIu64, value);
    add_word(json, digits);
}

void cli_json_seconds(cli_json *json, double value) {
    char digits[64];
    snprintf(digits, sizeof digits, "%.3f", value);
    add_word(json, digits);
}

/* How many bytes the UTF-8 sequence at p takes; 0 when it is not one. */
static size_t utf8_length(const uint8_t *p, size_t left) {
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t len = p[0] < 0x80             ? 1
                 : (p[0] & 0xE0) == 0xC0 ? 2
                 : (p[0] & 0xF0) == 0xE0 ? 3
                 : (p[0] & 0xF8) == 0xF0 ? 4
                                         : 0;
    if (len < 2)
        return len;
    if (len > left)
        return 0;
    uint32_t c = p[0] & (0xFFu >> (len + 1));
    for (size_t i = 1; i < len; i++) {
        if ((p[i] & 0xC0) != 0x80)
            return 0;
        c = c << 6 | (p[i] & 0x3F);
    }
    return c < least[len] || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF) ? 0 : len;
}

bool cli_is_utf8(const void *bytes, size_t len) {
    const uint8_t *p = bytes;
    for (size_t at = 0; at < len;) {
        size_t step = utf8_length(p + at, len - at);
        if (step == 0)
            return false;
        at += step;
    }
    return true;
}

static void add_escape(cli_text *text, char c) {
    static const char special[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
    const char *at = memchr(special, c, sizeof special - 1);
    if (at) {
        char pair[2] = {'\\', letters[at - special]};
        cli_text_add(text, pair, sizeof pair);
    } else {
        char code[8];
        int len = snprintf(code, sizeof code, "\\u%04x", (unsigned)(unsigned char)c);
        cli_text_add(text, code, (size_t)len);
    }
}

/* UTF-8 between quotes. */
static void add_quoted(cli_text *text, const char *p, size_t len) {
    cli_text_byte(text, '"');
    for (size_t from = 0, at = 0;; at++) {
        if (at < len && (unsigned char)p[at] >= 0x20 && p[at] != '"' && p[at] != '\\')
            continue;
        cli_text_add(text, p + from, at - from);
        if (at == len)
            break;
        add_escape(text, p[at]);
        from = at + 1;
    }
    cli_text_byte(text, '"');
}

static void add_base64(cli_text *text, const uint8_t *p, size_t len) {
    for (size_t at = 0; at < len; at += 3) {
        size_t left = len - at;
        uint32_t group =
            (uint32_t)p[at] << 16 | (left > 1 ? (uint32_t)p[at + 1] << 8 : 0) | (left > 2 ? p[at + 2] : 0u);
        char quad[4] = {base64_letters[group >> 18], base64_letters[group >> 12 & 63],
                        left > 1 ? base64_letters[group >> 6 & 63] : '=', left > 2 ? base64_letters[group & 63] : '='};
        cli_text_add(text, quad, sizeof quad);
    }
}

void cli_json_bytes(cli_json *json, const void *p, size_t len) {
    if (!p) {
        cli_json_null(json);
        return;
    }
    before_value(json);
    if (cli_is_utf8(p, len)) {
        add_quoted(&json->text, p, len);
        return;
    }
    static const char head[] = "{\"base64\":\"";
    cli_text_add(&json->text, head, sizeof head - 1);
    add_base64(&json->text, p, len);
    cli_text_add(&json->text, "\"}", 2);
}

void cli_json_base64(cli_json *json, const void *p, size_t len) {
    before_value(json);
    cli_text_byte(&json->text, '"');
    add_base64(&json->text, p, len);
    cli_text_byte(&json->text, '"');
}

void cli_json_hex(cli_json *json, const void *p, size_t len) {
    if (!p) {
        cli_json_null(json);
        return;
    }
    before_value(json);
    cli_text_byte(&json->text, '"');
    cli_hex(&json->text, p, len);
    cli_text_byte(&json->text, '"');
}

void cli_json_string(cli_json *json, const char *text) {
    cli_json_bytes(json, text, text ? strlen(text) : 0);
}

void cli_json_name(cli_json *json, const char *name) {
    before_value(json);
    add_quoted(&json->text, name, strlen(name));
    cli_text_byte(&json->text, ':');
    json->comma = false;
}

void cli_json_put_int(cli_json *json, const char *name, int64_t value) {
    cli_json_name(json, name);
    cli_json_int(json, value);
}

void cli_json_put_uint(cli_json *json, const char *name, uint64_t value) {
    cli_json_name(json, name);
    cli_json_uint(json, value);
}

void cli_json_put_string(cli_json *json, const char *name, const char *text) {
    cli_json_name(json, name);
    cli_json_string(json, text);
}

void cli_json_event(cli_json *json, const char *event) {
    cli_json_open(json, '{');
    cli_json_put_string(json, "event", event);
    cli_json_put_int(json, "ts", cli_clock_ms());
}

bool cli_json_line(cli_json *json) {
    cli_text_byte(&json->text, '\n');
    bool ok = cli_write(json->text.p, json->text.len);
    json->text.len = 0;
    json->comma = false;
    return ok;
}

bool cli_base64_decode(cli_text *out, const char *text, size_t len) {
    if (len % 4 != 0)
        return false;
    for (size_t at = 0; at < len; at += 4) {
        bool last = at + 4 == len;
        size_t pads = last ? (size_t)(text[at + 3] == '=') + (text[at + 3] == '=' && text[at + 2] == '=') : 0;
        uint32_t group = 0;
        for (size_t i = 0; i < 4 - pads; i++) {
            const char *letter = memchr(base64_letters, text[at + i], sizeof base64_letters - 1);
            if (!letter)
                return false;
            group |= (uint32_t)(letter - base64_letters) << (18 - 6 * i);
        }
        char bytes[3] = {(char)(group >> 16 & 0xFF), (char)(group >> 8 & 0xFF), (char)(group & 0xFF)};
        if ((pads == 1 && bytes[2] != 0) || (pads == 2 && (bytes[1] != 0 || bytes[2] != 0)))
            return false;
        cli_text_add(out, bytes, 3 - pads);
    }
    return true;
}
