/* Structs to JSON: the tables once more, with names in place of an order. The form is that of Kafka's JsonConverter. */
#include "json.h"

#include <inttypes.h>
#include <stdio.h>

#if WEIR_PROTO_NAMES

const char weir__base64[65] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const char weir__base64url[65] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

typedef struct printer {
    weir_out *out;
    int version;
    bool records; /* print records themselves, not their size */
} printer;

static void print(weir_out *out, const char *text) {
    weir_out_bytes(out, text, strlen(text));
}

static void print_int(weir_out *out, int64_t v) {
    char digits[24];
    snprintf(digits, sizeof digits, "%" PRId64, v);
    print(out, digits);
}

int weir__utf8_step(const uint8_t *p, size_t left) {
    uint8_t low = 0x80; /* bounds of the second byte, narrower behind some first ones */
    uint8_t high = 0xbf;
    int len = 0;
    if (p[0] < 0x80)
        return 1;
    if (p[0] >= 0xc2 && p[0] <= 0xdf)
        len = 2;
    else if ((p[0] & 0xf0) == 0xe0)
        len = 3;
    else if (p[0] >= 0xf0 && p[0] <= 0xf4)
        len = 4;
    if (p[0] == 0xe0)
        low = 0xa0; /* no overlong forms */
    if (p[0] == 0xed)
        high = 0x9f; /* no surrogates */
    if (p[0] == 0xf0)
        low = 0x90;
    if (p[0] == 0xf4)
        high = 0x8f; /* up to U+10FFFF */
    for (int i = 1; i < len; i++) {
        if ((size_t)i == left || p[i] < low || p[i] > high)
            return -i;
        low = 0x80;
        high = 0xbf;
    }
    return len ? len : -1;
}

/* A string between quotes. What is not UTF-8 comes out as U+FFFD, as from Java. */
static void print_string(weir_out *out, weir__view v) {
    print(out, "\"");
    for (size_t at = 0; at < v.len;) {
        char code[8];
        int step = weir__utf8_step(v.p + at, v.len - at);
        snprintf(code, sizeof code, v.p[at] < 0x20 ? "\\u%04x" : "\\%c", v.p[at]);
        if (step < 0)
            print(out, "\xef\xbf\xbd");
        else if (v.p[at] < 0x20 || v.p[at] == '"' || v.p[at] == '\\')
            print(out, code);
        else
            weir_out_bytes(out, v.p + at, (size_t)step);
        at += (size_t)(step < 0 ? -step : step);
    }
    print(out, "\"");
}

/* Between quotes; padded with '=' unless it is an id. */
static void print_base64(weir_out *out, const char *digits, const uint8_t *p, size_t len) {
    print(out, "\"");
    for (size_t at = 0; at < len; at += 3) {
        size_t left = len - at;
        uint32_t group =
            (uint32_t)p[at] << 16 | (left > 1 ? (uint32_t)p[at + 1] << 8 : 0) | (left > 2 ? p[at + 2] : 0u);
        char quad[4] = {digits[group >> 18], digits[group >> 12 & 63], left > 1 ? digits[group >> 6 & 63] : '=',
                        left > 2 ? digits[group & 63] : '='};
        weir_out_bytes(out, quad, digits == weir__base64url && left < 3 ? left + 1 : 4);
    }
    print(out, "\"");
}

/* Kafka's name of a member, with a colon: "throttle_time_ms" is throttleTimeMs. */
static void print_name(const printer *p, const weir__row *row, bool first) {
    bool upper = false;
    print(p->out, first ? "\"" : ",\"");
    for (const char *c = row->name; *c; c++) {
        char letter = upper && *c >= 'a' && *c <= 'z' ? (char)(*c - 'a' + 'A') : *c;
        upper = *c == '_';
        if (!upper)
            weir_out_bytes(p->out, &letter, 1);
    }
    print(p->out, "\":");
}

static void print_struct(const printer *p, const weir_schema *schema, const uint8_t *at);

static void print_view(const printer *p, int kind, const void *at) {
    weir__view v;
    memcpy(&v, at, sizeof v);
    if (!v.p)
        print(p->out, "null");
    else if (kind == WEIR__STR)
        print_string(p->out, v);
    else if (kind == WEIR__RECORDS && !p->records)
        print_int(p->out, v.len);
    else
        print_base64(p->out, weir__base64, v.p, v.len);
}

/* One value, or one item of an array. */
static void print_value(const printer *p, const weir__row *row, const void *at) {
    int kind = weir__value_kind(row);
    switch (kind) {
    case WEIR__BOOL:
        print(p->out, *(const bool *)at ? "true" : "false");
        break;
    case WEIR__I8:
        print_int(p->out, *(const int8_t *)at);
        break;
    case WEIR__I16:
        print_int(p->out, *(const int16_t *)at);
        break;
    case WEIR__I32:
        print_int(p->out, *(const int32_t *)at);
        break;
    case WEIR__I64:
        print_int(p->out, *(const int64_t *)at);
        break;
    case WEIR__UUID:
        print_base64(p->out, weir__base64url, at, sizeof(weir_uuid));
        break;
    case WEIR__STRUCT:
        print_struct(p, row->items, at);
        break;
    case WEIR__OPTIONAL:
        if (weir__pointer(at))
            print_struct(p, row->items, weir__pointer(at));
        else
            print(p->out, "null");
        break;
    default:
        print_view(p, kind, at);
    }
}

static void print_array(const printer *p, const weir__row *row, const uint8_t *at) {
    weir__array a;
    memcpy(&a, at, sizeof a);
    print(p->out, a.count < 0 ? "null" : "[");
    for (int32_t i = 0; i < a.count && !p->out->error; i++) {
        if (i > 0)
            print(p->out, ",");
        print_value(p, row, (const uint8_t *)a.items + (size_t)i * weir__item_size(row));
    }
    if (a.count >= 0)
        print(p->out, "]");
}

/* The name that says that the size of records is printed instead. */
static const weir__row records_size = {.name = "records_size_in_bytes"};

static void print_struct(const printer *p, const weir_schema *schema, const uint8_t *at) {
    uint8_t spare[WEIR__APART_MAX];
    bool first = true;
    print(p->out, "{");
    for (size_t i = 0; i < schema->row_count; i++) {
        const weir__row *row = &schema->rows[i];
        const uint8_t *member = at + row->offset;
        bool present = weir__row_present(row, p->version);
        bool initial = weir__row_is_default(row, member);
        if (!present && !initial && !(row->traits & IGNORABLE))
            weir_out_fail(p->out, WEIR_E_VERSION);
        if (!present || (initial && weir__row_tag(row) >= 0))
            continue;
        bool size_only = row->kind == WEIR__RECORDS && !p->records && ((const weir_records *)(const void *)member)->p;
        print_name(p, size_only ? &records_size : row, first);
        if (row->kind & WEIR__ARRAY)
            print_array(p, row, member);
        else
            print_value(p, row, weir__value_at(row, member, spare));
        first = false;
    }
    print(p->out, "}");
}

weir_err weir_message_to_json(const weir_schema *schema, int16_t version, bool records, weir_out *out,
                              const void *message) {
    printer p = {out, version, records};
    if (version < schema->table_min || version > schema->table_max)
        weir_out_fail(out, WEIR_E_VERSION);
    if (!out->error)
        print_struct(&p, schema, message);
    return out->error;
}

#endif
