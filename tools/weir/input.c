#include "input.h"

#include "json.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void cli_input_free(cli_input *input) {
    cli_text_free(&input->key);
    cli_text_free(&input->value);
    cli_text_free(&input->headers);
}

/* Empty, but not null when `text` has never held a byte. */
static weir_bytes view_of(const cli_text *text) {
    return (weir_bytes){text->p ? (const uint8_t *)text->p : (const uint8_t *)"", (uint32_t)text->len};
}

static void clear(cli_input *input) {
    input->key.len = input->value.len = input->headers.len = 0;
    input->record = (weir_record){.timestamp = CLI_NOW};
    input->partition = -1;
}

void cli_input_header(cli_input *input, const weir_header *header) {
    size_t at = input->headers.len, need = weir_header_write(NULL, 0, header);
    for (size_t n = 0; n < need; n++)
        cli_text_byte(&input->headers, 0);
    weir_header_write((uint8_t *)input->headers.p + at, need, header);
    input->record.headers = view_of(&input->headers);
    input->record.header_count++;
}

/* Where `part` begins in `line`, NULL when it does not occur. */
static const char *find(const char *line, size_t len, const char *part, size_t part_len) {
    for (const char *p = line, *end = line + len; part_len <= (size_t)(end - p); p++) {
        p = memchr(p, part[0], (size_t)(end - p) - part_len + 1);
        if (!p)
            return NULL;
        if (memcmp(p, part, part_len) == 0)
            return p;
    }
    return NULL;
}

void cli_input_line(cli_input *input, const char *line, size_t len, const char *separator, size_t separator_len) {
    const char *at = separator_len > 0 && len > 0 ? find(line, len, separator, separator_len) : NULL;
    clear(input);
    if (at) {
        cli_text_add(&input->key, line, (size_t)(at - line));
        input->record.key = view_of(&input->key);
        len -= (size_t)(at - line) + separator_len;
        line = at + separator_len;
    }
    cli_text_add(&input->value, line, len);
    input->record.value = view_of(&input->value);
}

static bool reject(cli_input *input, const char *fmt, ...) WEIR_PRINTF(2, 3);
static bool reject(cli_input *input, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    vsnprintf(input->why, sizeof input->why, fmt, args);
    va_end(args);
    return false;
}

/* Null, a string, or {"base64": "..."}: `text` and `view` become its bytes. `name` is for messages. */
static bool take_bytes(cli_input *input, const char *name, const json_t *json, cli_text *text, weir_bytes *view) {
    text->len = 0;
    *view = (weir_bytes){NULL, 0};
    if (json_is_null(json))
        return true;
    if (json_is_string(json)) {
        cli_text_add(text, json_string_value(json), json_string_length(json));
    } else {
        const json_t *base64 = json_object_size(json) == 1 ? json_object_get(json, "base64") : NULL;
        if (!json_is_string(base64))
            return reject(input, "%s must be null, text or {\"base64\": text}", name);
        if (!cli_base64_decode(text, json_string_value(base64), json_string_length(base64)))
            return reject(input, "%s: this is not padded base64", name);
    }
    *view = view_of(text);
    return true;
}

static bool take_headers(cli_input *input, const json_t *json) {
    cli_text name = {0}, value = {0};
    bool ok = json_is_array(json);
    if (!ok)
        reject(input, "headers must be an array of [name, value]");
    for (size_t n = 0; ok && n < json_array_size(json); n++) {
        const json_t *pair = json_array_get(json, n);
        weir_bytes name_view, value_view;
        ok = json_array_size(pair) == 2 || reject(input, "headers must be an array of [name, value]");
        ok = ok && take_bytes(input, "a header's name", json_array_get(pair, 0), &name, &name_view);
        ok = ok && (name_view.p || reject(input, "a header's name must not be null"));
        ok = ok && take_bytes(input, "a header's value", json_array_get(pair, 1), &value, &value_view);
        if (ok)
            cli_input_header(input, &(weir_header){{(const char *)name_view.p, name_view.len}, value_view});
    }
    cli_text_free(&name);
    cli_text_free(&value);
    return ok;
}

static bool take_integer(cli_input *input, const char *name, const json_t *json, int64_t max, int64_t *number) {
    if (json_is_null(json))
        return true;
    if (!json_is_integer(json) || json_integer_value(json) < -1 || json_integer_value(json) > max)
        return reject(input, "%s must be null or a whole number from -1 to %lld", name, (long long)max);
    *number = json_integer_value(json);
    return true;
}

static bool take_member(cli_input *input, const char *name, const json_t *value) {
    static const char *const passed[] = {"topic", "offset", "timestamp_type"};
    if (strcmp(name, "key") == 0)
        return take_bytes(input, name, value, &input->key, &input->record.key);
    if (strcmp(name, "value") == 0)
        return take_bytes(input, name, value, &input->value, &input->record.value);
    if (strcmp(name, "headers") == 0)
        return take_headers(input, value);
    if (strcmp(name, "timestamp") == 0)
        return take_integer(input, name, value, INT64_MAX, &input->record.timestamp);
    if (strcmp(name, "partition") == 0) {
        int64_t partition = -1;
        bool ok = take_integer(input, name, value, INT32_MAX, &partition);
        input->partition = (int32_t)partition;
        return ok;
    }
    for (size_t n = 0; n < sizeof passed / sizeof passed[0]; n++)
        if (strcmp(name, passed[n]) == 0)
            return true;
    return reject(input, "unknown member '%.60s'", name);
}

bool cli_input_json(cli_input *input, const char *line, size_t len) {
    json_error_t error;
    const char *name;
    json_t *value;
    clear(input);
    json_t *json = json_loadb(line, len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
    if (!json)
        return reject(input, "not JSON, at byte %d: %.100s", error.position, error.text);
    bool ok = json_is_object(json) || reject(input, "a record is a JSON object");
    if (ok)
        json_object_foreach(json, name, value) {
            ok = take_member(input, name, value);
            if (!ok)
                break;
        }
    json_decref(json);
    return ok;
}
