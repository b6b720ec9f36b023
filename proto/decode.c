/* Bytes to structs: the interpreter of the tables, reading. Linear in the input, and so is what it takes from the
   arena: an item of an array takes at least one byte, and memory is taken for items only after their count was checked
   against the bytes left, less those that are owed to the items still to come of the arrays around it. */
#include "load.h"
#include "schema.h"

#include <assert.h>
#include <string.h>

typedef struct reader {
    weir_in *in;
    weir_arena *arena;
    int version;
    bool flexible;
    int depth;
    size_t owed; /* bytes that the items still to come take at least, up to the end of the input or the tagged field */
} reader;

/* Fails at the first byte of an item that was read in part already. */
static void fail_at(weir_in *in, const uint8_t *item, weir_err error) {
    if (!in->error)
        in->p = item;
    weir_in_fail(in, error);
}

/* The length or count in front of an item, -1 for null. Fails unless it lies in [nullable ? -1 : 0, max]. */
static int32_t length(reader *r, int classic_size, bool nullable, int32_t max) {
    weir_in *in = r->in;
    const uint8_t *item = in->p;
    int64_t len;
    if (r->flexible)
        len = (int64_t)weir_in_uvarint(in) - 1;
    else
        len = classic_size == 2 ? weir_in_i16(in) : weir_in_i32(in);
    if (!in->error && len <= max && len >= (nullable ? -1 : 0))
        return (int32_t)len;
    fail_at(in, item, WEIR_E_MALFORMED);
    return -1;
}

/* A string, bytes or records: a view into the input. */
static void view(reader *r, int kind, bool nullable, void *member) {
    bool string = kind == WEIR__STR;
    const uint8_t *item = r->in->p;
    int32_t len = length(r, string ? 2 : 4, nullable, string ? WEIR__STRING_MAX : INT32_MAX);
    weir__view v = {NULL, 0};
    if (len >= 0) {
        if ((size_t)len > weir_in_left(r->in))
            fail_at(r->in, item, WEIR_E_MALFORMED);
        v = weir_in_take(r->in, (size_t)len);
    }
    memcpy(member, &v, sizeof v);
}

/* A scalar from the wire into the representation of C. */
static inline void scalar(const uint8_t *from, size_t wire_size, uint8_t *to) {
    uint16_t v16;
    uint32_t v32;
    uint64_t v64;
    switch (wire_size) {
    case 2:
        v16 = weir__load16(from);
        memcpy(to, &v16, sizeof v16);
        break;
    case 4:
        v32 = weir__load32(from);
        memcpy(to, &v32, sizeof v32);
        break;
    case 8:
        v64 = weir__load64(from);
        memcpy(to, &v64, sizeof v64);
        break;
    default: /* one byte, or an id in wire order */
        memcpy(to, from, wire_size);
    }
}

static inline void plain(reader *r, const weir__row *row, uint8_t *at) {
    const weir__kind *kind = &weir__kinds[weir__value_kind(row)];
    const uint8_t *raw = weir__take(r->in, kind->wire);
    if (raw)
        scalar(raw, kind->wire, at);
    else
        memset(at, 0, kind->size);
}

static void read_struct(reader *r, const weir_schema *schema, uint8_t *at);

/* Memory for the items of an array whose count begins at `item`, each of `least` bytes or more; NULL after failing. */
static void *take_items(reader *r, const weir__row *row, const uint8_t *item, int32_t count, size_t least) {
    uint64_t size = (uint64_t)count * weir__item_size(row);
    if ((uint64_t)count * least + r->owed > weir_in_left(r->in)) {
        fail_at(r->in, item, WEIR_E_MALFORMED);
        return NULL;
    }
    void *items = size > SIZE_MAX ? NULL : weir_arena_take(r->arena, (size_t)size);
    if (!items)
        fail_at(r->in, item, WEIR_E_NO_MEMORY);
    return items;
}

static void array(reader *r, const weir__row *row, uint8_t *member) {
    const uint8_t *item = r->in->p;
    int32_t count = length(r, 4, weir__row_nullable(row, r->version), INT32_MAX);
    size_t least = count > 0 ? weir__item_min(row, r->version, r->flexible) : 0;
    weir__array a = {NULL, r->in->error ? 0 : count};
    if (count > 0) {
        a.items = take_items(r, row, item, count, least);
        a.count = a.items ? count : 0;
    }
    memcpy(member, &a, sizeof a);
    size_t size = weir__item_size(row);
    size_t wire_size = weir__wire_size(row);
    uint8_t *at = a.items;
    if (row->items && a.count > 0)
        r->owed += (size_t)a.count * least;
    for (int32_t i = 0; i < a.count && !r->in->error; i++, at += size) {
        if (row->items) {
            r->owed -= least;
            read_struct(r, row->items, at);
        } else if (wire_size) {
            scalar(weir__take(r->in, wire_size), wire_size, at); /* the bytes are there, see take_items */
        } else {
            view(r, WEIR__STR, false, at);
        }
    }
}

/* A struct that may be null: a byte says whether it follows. */
static void optional(reader *r, const weir__row *row, uint8_t *member) {
    const uint8_t *item = r->in->p;
    void *p = NULL;
    if (weir_in_i8(r->in) >= 0 && !r->in->error) {
        p = weir_arena_take(r->arena, row->items->size);
        if (p)
            read_struct(r, row->items, p);
        else
            fail_at(r->in, item, WEIR_E_NO_MEMORY);
    }
    memcpy(member, &p, sizeof p);
}

/* A value that is no array, where it stands. */
static inline void value(reader *r, const weir__row *row, uint8_t *at) {
    int kind = weir__value_kind(row);
    switch (kind) {
    case WEIR__BOOL:
        *(bool *)at = weir_in_bool(r->in);
        break;
    case WEIR__STR:
    case WEIR__BYTES:
    case WEIR__RECORDS:
        view(r, kind, weir__row_nullable(row, r->version), at);
        break;
    case WEIR__STRUCT:
        read_struct(r, row->items, at);
        break;
    case WEIR__OPTIONAL:
        optional(r, row, at);
        break;
    default:
        plain(r, row, at);
    }
}

static void member(reader *r, const weir__row *row, uint8_t *at) {
    if (row->kind & WEIR__ARRAY) {
        array(r, row, at);
    } else if (row->kind & WEIR__APART) {
        void *p = weir_arena_take(r->arena, weir__item_size(row));
        if (p)
            value(r, row, p);
        else
            weir_in_fail(r->in, WEIR_E_NO_MEMORY);
        memcpy(at, &p, sizeof p);
    } else {
        value(r, row, at);
    }
}

/* The tagged member of a schema with a number, or NULL when this version does not know it. */
static const weir__row *tagged(const weir_schema *schema, int version, uint32_t tag) {
    for (size_t i = 0; i < schema->row_count; i++) {
        const weir__row *row = &schema->rows[i];
        int number = weir__row_tag(row);
        if (number >= 0 && (uint32_t)number == tag && weir__row_present(row, version))
            return row;
    }
    return NULL;
}

/* The tagged fields at the end of a struct (KIP-482): numbers ascend, a known field fills its size exactly, and unknown
   ones are skipped. */
static void read_tags(reader *r, const weir_schema *schema, uint8_t *at) {
    weir_in *in = r->in;
    uint32_t count = weir_in_uvarint(in);
    int64_t previous = -1;
    for (uint32_t i = 0; i < count && !in->error; i++) {
        const uint8_t *item = in->p;
        const uint8_t *end = in->end;
        uint32_t tag = weir_in_uvarint(in);
        uint32_t size = weir_in_uvarint(in);
        if ((uint64_t)size + r->owed > weir_in_left(in) || tag <= previous)
            fail_at(in, item, WEIR_E_MALFORMED);
        previous = tag;
        const weir__row *row = in->error ? NULL : tagged(schema, r->version, tag);
        if (!row) {
            weir_in_take(in, size);
            continue;
        }
        size_t owed = r->owed;
        in->end = in->p + size;
        r->owed = 0;
        member(r, row, at + row->offset);
        if (!in->error && in->p != in->end)
            weir_in_fail(in, WEIR_E_MALFORMED);
        in->end = end;
        r->owed = owed;
    }
}

static void read_struct(reader *r, const weir_schema *schema, uint8_t *at) {
    assert(r->depth < WEIR__DEPTH_MAX);
    r->depth++;
    bool flexible = r->flexible;
    for (size_t i = 0; i < schema->row_count; i++) {
        const weir__row *row = &schema->rows[i];
        r->flexible = flexible && !(row->traits & CLASSIC);
        if (!weir__row_present(row, r->version) || weir__row_tag(row) >= 0)
            weir__row_init(row, at + row->offset);
        else if (weir__row_plain(row))
            plain(r, row, at + row->offset);
        else
            member(r, row, at + row->offset);
    }
    r->flexible = flexible;
    if (flexible)
        read_tags(r, schema, at);
    r->depth--;
}

weir_err weir_message_decode(const weir_schema *schema, int16_t version, weir_in *in, weir_arena *arena,
                             void *message) {
    reader r = {in, arena, version, version >= schema->flexible_version, 0, 0};
    if (version < schema->table_min || version > schema->table_max)
        weir_in_fail(in, WEIR_E_VERSION);
    if (in->error)
        weir_message_init(schema, message);
    else
        read_struct(&r, schema, message);
    return in->error;
}
