/* JSON to structs. A first pass over an array counts its items, so that the arena gives each array once. */
#include "json.h"

#include <assert.h>

#if WEIR_PROTO_NAMES

typedef struct parser {
    weir_in *in;
    weir_arena *arena;
    int version;
} parser;

/* Fails at a place that was read already. */
static void refuse_at(parser *p, const uint8_t *at, weir_err error) {
    if (!p->in->error)
        p->in->p = at;
    weir_in_fail(p->in, error);
}

static void refuse(parser *p) {
    weir_in_fail(p->in, WEIR_E_MALFORMED);
}

static void skip_space(weir_in *in) {
    while (in->p < in->end && memchr(" \t\r\n", *in->p, 4))
        in->p++;
}

/* The next character that is not white space, or 0 at the end and after an error. */
static char peek(parser *p) {
    skip_space(p->in);
    return p->in->p < p->in->end && !p->in->error ? (char)*p->in->p : 0;
}

/* Takes a character if it is the next one. */
static bool take(parser *p, char c) {
    bool found = peek(p) == c;
    p->in->p += found;
    return found;
}

static void expect(parser *p, char c) {
    if (!take(p, c))
        refuse(p);
}

/* Takes a word if it comes next. */
static bool take_word(parser *p, const char *word) {
    size_t len = strlen(word);
    bool found = peek(p) == word[0] && (size_t)(p->in->end - p->in->p) >= len && memcmp(p->in->p, word, len) == 0;
    p->in->p += found ? len : 0;
    return found;
}

/* Four hexadecimal digits, or -1. */
static int32_t hex4(const uint8_t *at, const uint8_t *end) {
    int32_t code = 0;
    for (int i = 0; i < 4; i++) {
        static const char digits[] = "0123456789abcdefABCDEF";
        const char *digit = at + i < end ? memchr(digits, at[i], sizeof digits - 1) : NULL;
        if (!digit)
            return -1;
        code = code << 4 | (int32_t)(digit - digits < 16 ? digit - digits : digit - digits - 6);
    }
    return code;
}

/* Writes a code point as UTF-8; returns how many bytes that took. */
static size_t put_code(uint8_t *to, int32_t code) {
    if (code < 0x80) {
        to[0] = (uint8_t)code;
        return 1;
    }
    size_t len = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = len - 1; i > 0; i--, code >>= 6)
        to[i] = (uint8_t)(0x80 | (code & 0x3f));
    to[0] = (uint8_t)((0xf00 >> len & 0xff) | code);
    return len;
}

/* The escape behind a backslash at `at`; returns where it ends, NULL when it is none. */
static const uint8_t *unescape(const uint8_t *at, const uint8_t *end, uint8_t **to) {
    static const char letters[] = "\"\\/bfnrt";
    static const char meanings[] = "\"\\/\b\f\n\r\t";
    const char *letter = memchr(letters, *at, sizeof letters - 1);
    if (letter) {
        *(*to)++ = (uint8_t)meanings[letter - letters];
        return at + 1;
    }
    int32_t code = *at == 'u' ? hex4(at + 1, end) : -1;
    if (code < 0)
        return NULL;
    at += 5;
    if (code >= 0xd800 && code <= 0xdbff && end - at >= 6 && at[0] == '\\' && at[1] == 'u') {
        int32_t low = hex4(at + 2, end);
        code = low >= 0xdc00 && low <= 0xdfff ? 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00) : -1;
        at += 6;
    }
    if (code < 0 || (code >= 0xd800 && code <= 0xdfff))
        return NULL;
    *to += put_code(*to, code);
    return at;
}

/* The end of a string that begins at the cursor, behind its quote; checks that it is UTF-8 without control characters.
   NULL after failing. `escapes` tells whether there are any. */
static const uint8_t *string_end(parser *p, bool *escapes) {
    const uint8_t *at = p->in->p;
    *escapes = false;
    while (at < p->in->end && *at != '"') {
        int step = *at < 0x20 ? -1 : weir__utf8_step(at, (size_t)(p->in->end - at));
        if (*at == '\\') {
            *escapes = true;
            step = p->in->end - at > 1 && at[1] < 0x80 ? 2 : -1;
        }
        if (step < 0)
            break;
        at += step;
    }
    if (at < p->in->end && *at == '"')
        return at;
    refuse_at(p, at, WEIR_E_MALFORMED);
    return NULL;
}

/* A string: a view into the text, or a copy in the arena when it has escapes. {NULL, 0} after failing. */
static weir__view string(parser *p) {
    weir__view none = {NULL, 0};
    bool escapes;
    expect(p, '"');
    const uint8_t *from = p->in->p;
    const uint8_t *end = p->in->error ? NULL : string_end(p, &escapes);
    if (!end || end - from > INT32_MAX) {
        refuse(p);
        return none;
    }
    p->in->p = end + 1;
    if (!escapes)
        return (weir__view){from, (uint32_t)(end - from)};
    uint8_t *copy = weir_arena_take(p->arena, (size_t)(end - from));
    uint8_t *to = copy;
    if (!copy)
        refuse_at(p, from, WEIR_E_NO_MEMORY);
    for (const uint8_t *at = from; copy && at < end;) {
        const uint8_t *place = at;
        if (*at != '\\')
            *to++ = *at++;
        else
            at = unescape(at + 1, end, &to);
        if (!at) {
            refuse_at(p, place, WEIR_E_MALFORMED);
            return none;
        }
    }
    return (weir__view){copy, copy ? (uint32_t)(to - copy) : 0};
}

/* Bytes from base64, padded or not, onto `to`, which has room for 3 of every 4 digits begun; returns how many, -1 when
   the text is something else. */
static int32_t base64(const char *digits, weir__view text, uint8_t *to) {
    bool padded = digits == weir__base64;
    uint32_t len = text.len;
    int32_t count = 0;
    while (padded && len > 0 && text.len - len < 2 && text.p[len - 1] == '=')
        len--;
    if ((padded && text.len % 4 != 0) || len % 4 == 1)
        return -1;
    uint32_t group = 0;
    for (uint32_t i = 0; i < len; i++) {
        const char *digit = memchr(digits, text.p[i], 64);
        if (!digit)
            return -1;
        group = group << 6 | (uint32_t)(digit - digits);
        if (i % 4 != 0)
            to[count++] = (uint8_t)(group >> (6 - i % 4 * 2));
    }
    bool rest = (len % 4 == 2 && group & 0xf) || (len % 4 == 3 && group & 0x3);
    return rest ? -1 : count;
}

static void bytes(parser *p, void *member) {
    const uint8_t *at = p->in->p;
    weir__view text = string(p);
    weir__view v = {NULL, 0};
    uint8_t *to = p->in->error ? NULL : weir_arena_take(p->arena, text.len / 4 * 3 + 3);
    if (!to)
        refuse_at(p, at, WEIR_E_NO_MEMORY);
    int32_t len = to ? base64(weir__base64, text, to) : 0;
    if (len < 0)
        refuse_at(p, at, WEIR_E_MALFORMED);
    else
        v = (weir__view){to, (uint32_t)len};
    memcpy(member, &v, sizeof v);
}

static void uuid(parser *p, void *member) {
    const uint8_t *at = p->in->p;
    uint8_t id[18];
    weir__view text = string(p);
    if (text.len != 22 || base64(weir__base64url, text, id) != sizeof(weir_uuid))
        refuse_at(p, at, WEIR_E_MALFORMED);
    else
        memcpy(member, id, sizeof(weir_uuid));
}

/* A whole number from `min` to `max`, without fraction or exponent. */
static int64_t integer(parser *p, int64_t min, int64_t max) {
    const uint8_t *at = p->in->p;
    bool minus = take(p, '-');
    uint64_t most = minus ? (uint64_t)0 - (uint64_t)min : (uint64_t)max;
    const uint8_t *first = p->in->p;
    uint64_t v = 0;
    bool fits = true;
    for (; p->in->p < p->in->end && *p->in->p >= '0' && *p->in->p <= '9'; p->in->p++) {
        uint64_t digit = (uint64_t)(*p->in->p - '0');
        fits = fits && v <= (most - digit) / 10 && most >= digit;
        v = fits ? v * 10 + digit : 0;
    }
    bool longer = p->in->p < p->in->end && memchr(".eE", *p->in->p, 3);
    if (!fits || longer || p->in->p == first || (*first == '0' && p->in->p - first > 1))
        refuse_at(p, at, WEIR_E_MALFORMED);
    return (int64_t)(minus ? (uint64_t)0 - v : v);
}

static void number(parser *p, int kind, void *member) {
    int8_t v8;
    int16_t v16;
    int32_t v32;
    int64_t v64;
    switch (kind) {
    case WEIR__I8:
        v8 = (int8_t)integer(p, INT8_MIN, INT8_MAX);
        memcpy(member, &v8, sizeof v8);
        break;
    case WEIR__I16:
        v16 = (int16_t)integer(p, INT16_MIN, INT16_MAX);
        memcpy(member, &v16, sizeof v16);
        break;
    case WEIR__I32:
        v32 = (int32_t)integer(p, INT32_MIN, INT32_MAX);
        memcpy(member, &v32, sizeof v32);
        break;
    default:
        v64 = integer(p, INT64_MIN, INT64_MAX);
        memcpy(member, &v64, sizeof v64);
    }
}

static void read_object(parser *p, const weir_schema *schema, uint8_t *at);

static void boolean(parser *p, void *member) {
    *(bool *)member = take_word(p, "true");
    if (!*(bool *)member && !take_word(p, "false"))
        refuse(p);
}

/* One value, or one item of an array; null was looked for before. */
static void value(parser *p, const weir__row *row, uint8_t *member) {
    int kind = weir__value_kind(row);
    weir__view v;
    void *inner;
    switch (kind) {
    case WEIR__BOOL:
        boolean(p, member);
        break;
    case WEIR__UUID:
        uuid(p, member);
        break;
    case WEIR__STR:
        v = string(p);
        memcpy(member, &v, sizeof v);
        break;
    case WEIR__BYTES:
    case WEIR__RECORDS:
        bytes(p, member);
        break;
    case WEIR__STRUCT:
        read_object(p, row->items, member);
        break;
    case WEIR__OPTIONAL:
        inner = weir_arena_take(p->arena, row->items->size);
        if (inner)
            read_object(p, row->items, inner);
        else
            weir_in_fail(p->in, WEIR_E_NO_MEMORY);
        memcpy(member, &inner, sizeof inner);
        break;
    default:
        number(p, kind, member);
    }
}

/* How many items the array holds whose '[' was taken: one more than the commas outside of brackets and strings. */
static int32_t items_ahead(parser *p) {
    int32_t count = 1;
    int depth = 0;
    bool quoted = false;
    if (peek(p) == ']')
        return 0;
    for (const uint8_t *at = p->in->p; at < p->in->end && (quoted || depth > 0 || *at != ']'); at++) {
        if (quoted && *at == '\\')
            at++;
        else if (*at == '"')
            quoted = !quoted;
        else if (!quoted)
            depth += (*at == '[' || *at == '{') - (*at == ']' || *at == '}');
        if (at < p->in->end && *at == ',' && !quoted && depth == 0 && count < INT32_MAX)
            count++;
    }
    return count;
}

static void array(parser *p, const weir__row *row, uint8_t *member) {
    size_t size = weir__item_size(row);
    expect(p, '[');
    weir__array a = {NULL, p->in->error ? 0 : items_ahead(p)};
    if (a.count > 0 && (size_t)a.count <= SIZE_MAX / size)
        a.items = weir_arena_take(p->arena, (size_t)a.count * size);
    if (a.count > 0 && !a.items)
        weir_in_fail(p->in, WEIR_E_NO_MEMORY);
    for (int32_t i = 0; i < a.count && !p->in->error; i++) {
        if (i > 0)
            expect(p, ',');
        peek(p);
        value(p, row, (uint8_t *)a.items + (size_t)i * size);
    }
    expect(p, ']');
    if (p->in->error)
        a = (weir__array){NULL, 0};
    memcpy(member, &a, sizeof a);
}

static void set_null(const weir__row *row, uint8_t *member) {
    weir__array a = {NULL, -1};
    if (row->kind & WEIR__ARRAY)
        memcpy(member, &a, sizeof a);
    else
        memset(member, 0, row->kind == WEIR__OPTIONAL ? sizeof(void *) : sizeof(weir__view));
}

static void member_value(parser *p, const weir__row *row, uint8_t *member) {
    if (row->kind & WEIR__APART) {
        uint8_t *apart = weir_arena_take(p->arena, weir__item_size(row));
        memcpy(member, &apart, sizeof apart);
        member = apart;
        if (!apart) {
            weir_in_fail(p->in, WEIR_E_NO_MEMORY);
            return;
        }
    }
    if (peek(p) == 'n' && weir__row_nullable(row, p->version)) {
        if (take_word(p, "null"))
            set_null(row, member);
        else
            refuse(p);
    } else if (row->kind & WEIR__ARRAY) {
        array(p, row, member);
    } else {
        value(p, row, member);
    }
}

/* Whether a JSON name is that of a member, throttleTimeMs for "throttle_time_ms". */
static bool is_name(const char *member, weir__view name) {
    size_t n = 0;
    for (; *member && n < name.len; member++, n++) {
        bool upper = *member == '_';
        member += upper;
        char c = upper && *member >= 'a' && *member <= 'z' ? (char)(*member - 'a' + 'A') : *member;
        if (c != (char)name.p[n])
            return false;
    }
    return !*member && n == name.len;
}

/* The row that a name means, or the number of rows. */
static size_t row_named(const weir_schema *schema, weir__view name) {
    size_t i = 0;
    while (i < schema->row_count && !is_name(schema->rows[i].name, name))
        i++;
    return i;
}

static void read_object(parser *p, const weir_schema *schema, uint8_t *at) {
    uint64_t seen = 0;
    assert(schema->row_count <= 64);
    weir_message_init(schema, at);
    expect(p, '{');
    for (bool more = !p->in->error && peek(p) != '}'; more && !p->in->error; more = take(p, ',')) {
        peek(p);
        const uint8_t *place = p->in->p;
        size_t i = row_named(schema, string(p));
        if (i == schema->row_count || seen >> i & 1)
            refuse_at(p, place, WEIR_E_MALFORMED);
        else if (!weir__row_present(&schema->rows[i], p->version))
            refuse_at(p, place, WEIR_E_VERSION);
        expect(p, ':');
        if (!p->in->error)
            member_value(p, &schema->rows[i], at + schema->rows[i].offset);
        seen |= (uint64_t)1 << (i & 63);
    }
    for (size_t i = 0; i < schema->row_count; i++) {
        const weir__row *row = &schema->rows[i];
        if (weir__row_present(row, p->version) && weir__row_tag(row) < 0 && !(seen >> i & 1))
            refuse(p); /* only tagged members may be left out */
    }
    expect(p, '}');
}

weir_err weir_message_from_json(const weir_schema *schema, int16_t version, weir_in *in, weir_arena *arena,
                                void *message) {
    parser p = {in, arena, version};
    if (version < schema->table_min || version > schema->table_max)
        weir_in_fail(in, WEIR_E_VERSION);
    if (in->error)
        weir_message_init(schema, message);
    else
        read_object(&p, schema, message);
    skip_space(in);
    return in->error;
}

#endif
