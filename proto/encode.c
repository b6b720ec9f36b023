/* Structs to bytes: the interpreter of the tables, writing. */
#include "load.h"
#include "schema.h"

#include <assert.h>
#include <string.h>

typedef struct writer {
    weir_out *out;
    int version;
    bool flexible;
    int depth;
} writer;

/* The length or count in front of an item, -1 for null. */
static void length(writer *w, int classic_size, int64_t len) {
    if (w->flexible)
        weir_out_uvarint(w->out, (uint32_t)(len + 1));
    else if (classic_size == 2)
        weir_out_i16(w->out, (int16_t)len);
    else
        weir_out_i32(w->out, (int32_t)len);
}

/* Notes records as a splice instead of copying them. */
static void splice(weir_out *out, weir_bytes bytes) {
    if (out->error || bytes.len == 0)
        return;
    out->total += bytes.len;
    size_t at = out->start ? (size_t)(out->p - out->start) : 0;
    if (out->splice_count == out->splice_cap)
        weir_out_fail(out, WEIR_E_NO_MEMORY);
    else
        out->splices[out->splice_count++] = (weir_splice){at, bytes};
}

static void view(writer *w, int kind, bool nullable, const void *member) {
    weir__view v;
    memcpy(&v, member, sizeof v);
    bool string = kind == WEIR__STR;
    if (!v.p && !nullable)
        weir_out_fail(w->out, WEIR_E_VERSION);
    if (v.len > (string ? WEIR__STRING_MAX : INT32_MAX))
        weir_out_fail(w->out, WEIR_E_VERSION);
    length(w, string ? 2 : 4, v.p ? (int64_t)v.len : -1);
    if (!v.p)
        return;
    if (kind == WEIR__RECORDS && w->out->splices)
        splice(w->out, v);
    else
        weir_out_bytes(w->out, v.p, v.len);
}

/* A scalar from the representation of C onto the wire. */
static inline void scalar(uint8_t *to, size_t wire_size, const void *from) {
    uint16_t v16;
    uint32_t v32;
    uint64_t v64;
    switch (wire_size) {
    case 2:
        memcpy(&v16, from, sizeof v16);
        weir__store16(to, v16);
        break;
    case 4:
        memcpy(&v32, from, sizeof v32);
        weir__store32(to, v32);
        break;
    case 8:
        memcpy(&v64, from, sizeof v64);
        weir__store64(to, v64);
        break;
    default: /* one byte, or an id in wire order */
        memcpy(to, from, wire_size);
    }
}

static inline void plain(writer *w, const weir__row *row, const void *at) {
    size_t wire_size = weir__kinds[weir__value_kind(row)].wire;
    uint8_t *to = weir__put(w->out, wire_size);
    if (to)
        scalar(to, wire_size, at);
}

static void write_struct(writer *w, const weir_schema *schema, const uint8_t *at);

/* One value, or one item of an array. */
static inline void value(writer *w, const weir__row *row, const void *at) {
    int kind = weir__value_kind(row);
    switch (kind) {
    case WEIR__BOOL:
        weir_out_bool(w->out, *(const bool *)at);
        break;
    case WEIR__STR:
    case WEIR__BYTES:
    case WEIR__RECORDS:
        view(w, kind, !(row->kind & WEIR__ARRAY) && weir__row_nullable(row, w->version), at);
        break;
    case WEIR__STRUCT:
        write_struct(w, row->items, at);
        break;
    case WEIR__OPTIONAL:
        weir_out_i8(w->out, weir__pointer(at) ? 1 : -1);
        if (weir__pointer(at))
            write_struct(w, row->items, weir__pointer(at));
        break;
    default:
        plain(w, row, at);
    }
}

static void member(writer *w, const weir__row *row, const uint8_t *at) {
    uint8_t spare[WEIR__APART_MAX];
    if (!(row->kind & WEIR__ARRAY)) {
        value(w, row, row->kind & WEIR__APART ? weir__value_at(row, at, spare) : at);
        return;
    }
    weir__array a;
    memcpy(&a, at, sizeof a);
    if (a.count < 0 && !weir__row_nullable(row, w->version))
        weir_out_fail(w->out, WEIR_E_VERSION);
    length(w, 4, a.count < 0 ? -1 : a.count);
    size_t size = weir__item_size(row);
    const uint8_t *item = a.items;
    for (int32_t i = 0; i < a.count && !w->out->error; i++, item += size)
        value(w, row, item);
}

/* True for a tagged field that is written: defaults are left out (KIP-482). */
static bool tag_written(const writer *w, const weir__row *row, const uint8_t *at) {
    return weir__row_tag(row) >= 0 && weir__row_present(row, w->version) &&
           !weir__row_is_default(row, at + row->offset);
}

static void write_tags(writer *w, const weir_schema *schema, const uint8_t *at) {
    uint32_t count = 0;
    for (size_t i = 0; i < schema->row_count; i++)
        count += tag_written(w, &schema->rows[i], at);
    weir_out_uvarint(w->out, count);
    int previous = -1;
    for (size_t i = 0; i < schema->row_count && count > 0; i++) {
        const weir__row *row = &schema->rows[i];
        if (!tag_written(w, row, at))
            continue;
        assert(weir__row_tag(row) > previous); /* rows are in the order of their tags */
        previous = weir__row_tag(row);
        weir_out counter;
        weir_out_init(&counter, NULL, 0);
        writer measure = *w;
        measure.out = &counter;
        member(&measure, row, at + row->offset);
        weir_out_uvarint(w->out, (uint32_t)previous);
        weir_out_uvarint(w->out, (uint32_t)counter.total);
        member(w, row, at + row->offset);
    }
}

static void write_struct(writer *w, const weir_schema *schema, const uint8_t *at) {
    assert(w->depth < WEIR__DEPTH_MAX);
    w->depth++;
    bool flexible = w->flexible;
    for (size_t i = 0; i < schema->row_count; i++) {
        const weir__row *row = &schema->rows[i];
        w->flexible = flexible && !(row->traits & CLASSIC);
        if (!weir__row_present(row, w->version)) {
            if (!(row->traits & IGNORABLE) && !weir__row_is_default(row, at + row->offset))
                weir_out_fail(w->out, WEIR_E_VERSION);
        } else if (weir__row_tag(row) < 0) {
            if (weir__row_plain(row))
                plain(w, row, at + row->offset);
            else
                member(w, row, at + row->offset);
        }
    }
    w->flexible = flexible;
    if (flexible)
        write_tags(w, schema, at);
    w->depth--;
}

weir_err weir_message_encode(const weir_schema *schema, int16_t version, weir_out *out, const void *message) {
    writer w = {out, version, version >= schema->flexible_version, 0};
    if (version < schema->table_min || version > schema->table_max)
        weir_out_fail(out, WEIR_E_VERSION);
    if (!out->error)
        write_struct(&w, schema, message);
    return out->error;
}
