#include "format.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Escapes are replaced when a format is checked; then '%' and its letter stand for a field. So an escape that yields
   '%' would read as one, and is refused. */
bool cli_format_check(char *format, size_t *len, const char **why) {
    static const char letters[] = "tpokshTKS%";
    for (const char *p = format; *p != '\0'; p++) {
        if (*p == '\\' && p[1] == 'x' && p[2] == '2' && p[3] == '5') {
            *why = "write %% for a percent sign";
            return false;
        }
        if (*p == '\\' && p[1] != '\0')
            p++;
        else if (*p == '%' && (p[1] == '\0' || !strchr(letters, *++p))) {
            *why = "the letters are %t %p %o %k %s %h %T %K %S and %%";
            return false;
        }
    }
    ptrdiff_t length = cli_unescape(format);
    if (length < 0) {
        *why = "the escapes are \\n \\t \\r \\\\ and \\xNN";
        return false;
    }
    *len = (size_t)length;
    return true;
}

static void add_number(cli_text *out, int64_t number) {
    char digits[32];
    int len = snprintf(digits, sizeof digits, "%" PRId64, number);
    cli_text_add(out, digits, (size_t)len);
}

/* "name=value,name=value"; NULL for a null value. */
static weir_err add_headers(cli_text *out, const weir_record *record) {
    weir_bytes left = record->headers;
    weir_header header;
    weir_err err;
    for (bool first = true; (err = weir_headers_next(&left, &header)) == WEIR_OK; first = false) {
        if (!first)
            cli_text_byte(out, ',');
        cli_text_add(out, header.name.p, header.name.len);
        cli_text_byte(out, '=');
        if (header.value.p)
            cli_text_add(out, header.value.p, header.value.len);
        else
            cli_text_add(out, "NULL", 4);
    }
    return err == WEIR_END ? WEIR_OK : err;
}

static weir_err add_field(cli_text *out, char letter, const cli_place *place, const weir_record *record) {
    switch (letter) {
    case 't':
        cli_text_add(out, place->topic.p, place->topic.len);
        break;
    case 'p':
        add_number(out, place->partition);
        break;
    case 'o':
        add_number(out, record->offset);
        break;
    case 'k':
        cli_text_add(out, record->key.p, record->key.len);
        break;
    case 's':
        cli_text_add(out, record->value.p, record->value.len);
        break;
    case 'h':
        return add_headers(out, record);
    case 'T':
        add_number(out, record->timestamp);
        break;
    case 'K':
        add_number(out, record->key.p ? (int64_t)record->key.len : -1);
        break;
    case 'S':
        add_number(out, record->value.p ? (int64_t)record->value.len : -1);
        break;
    default:
        cli_text_byte(out, letter);
        break;
    }
    return WEIR_OK;
}

weir_err cli_format_record(cli_text *out, const char *format, size_t len, const cli_place *place,
                           const weir_record *record) {
    weir_err err = WEIR_OK;
    for (const char *p = format, *end = format + len; err == WEIR_OK && p < end; p++) {
        const char *field = memchr(p, '%', (size_t)(end - p));
        if (!field)
            field = end;
        cli_text_add(out, p, (size_t)(field - p));
        p = field;
        if (p < end)
            err = add_field(out, *++p, place, record);
    }
    return err;
}

static weir_err json_headers(cli_json *json, const weir_record *record) {
    weir_bytes left = record->headers;
    weir_header header;
    weir_err err;
    cli_json_open(json, '[');
    while ((err = weir_headers_next(&left, &header)) == WEIR_OK) {
        cli_json_open(json, '[');
        cli_json_bytes(json, header.name.p, header.name.len);
        cli_json_bytes(json, header.value.p, header.value.len);
        cli_json_close(json, ']');
    }
    cli_json_close(json, ']');
    return err == WEIR_END ? WEIR_OK : err;
}

weir_err cli_json_record(cli_json *json, const cli_place *place, const weir_record *record) {
    cli_json_open(json, '{');
    cli_json_name(json, "topic");
    cli_json_bytes(json, place->topic.p, place->topic.len);
    cli_json_put_int(json, "partition", place->partition);
    cli_json_put_int(json, "offset", record->offset);
    cli_json_put_int(json, "timestamp", record->timestamp);
    cli_json_put_string(json, "timestamp_type", weir_timestamp_type_name(record->timestamp_type));
    cli_json_name(json, "key");
    cli_json_bytes(json, record->key.p, record->key.len);
    cli_json_name(json, "value");
    cli_json_bytes(json, record->value.p, record->value.len);
    cli_json_name(json, "headers");
    weir_err err = json_headers(json, record);
    cli_json_close(json, '}');
    return err;
}
