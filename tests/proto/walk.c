#include "walk.h"

#include <stdio.h>
#include <string.h>

static const char *const texts[] = {"", "a", "the quick brown fox jumps over the lazy dog", "\"\\\x01\n\t\x7f",
                                    "za\xc5\xbc\xc3\xb3\xc5\x82\xc4\x87 \xe6\x97\xa5\xe6\x9c\xac \xf0\x9d\x84\x9e"};

/* A number of `size` bytes: any, or one at the edge of its range. */
static void random_number(uint64_t *seed, size_t size, uint8_t *at) {
    static const int64_t edges[] = {0, 1, -1, INT64_MAX, INT64_MIN, INT32_MAX, INT32_MIN, INT16_MAX, INT16_MIN};
    uint64_t r = walk_next(seed);
    int64_t v64 = r % 4 ? (int64_t)walk_next(seed) : edges[r / 4 % (sizeof edges / sizeof edges[0])];
    int32_t v32 = (int32_t)v64;
    int16_t v16 = (int16_t)v64;
    int8_t v8 = (int8_t)v64;
    if (size > sizeof v64)
        random_number(seed, size - sizeof v64, at + sizeof v64);
    memcpy(at,
           size == 1   ? (void *)&v8
           : size == 2 ? (void *)&v16
           : size == 4 ? (void *)&v32
                       : &v64,
           size < 8 ? size : 8);
}

uint64_t walk_next(uint64_t *seed) {
    uint64_t z = (*seed += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static void random_item(const weir__row *row, int version, uint64_t *seed, weir_arena *arena, uint8_t *at) {
    int kind = weir__value_kind(row);
    uint64_t r = walk_next(seed);
    const char *text = texts[r % (sizeof texts / sizeof texts[0])];
    weir__view v = {(const uint8_t *)text, (uint32_t)strlen(text)};
    if (kind == WEIR__STRUCT) {
        walk_random(row->items, version, seed, arena, at);
    } else if (kind == WEIR__OPTIONAL) {
        void *p = weir_arena_take(arena, row->items->size);
        walk_random(row->items, version, seed, arena, p);
        memcpy(at, &p, sizeof p);
    } else if (kind >= WEIR__STR) {
        memcpy(at, &v, sizeof v);
    } else if (kind == WEIR__BOOL) {
        *(bool *)at = r & 1;
    } else {
        random_number(seed, weir__item_size(row), at);
    }
}

static void random_member(const weir__row *row, int version, uint64_t *seed, weir_arena *arena, uint8_t *at) {
    bool null = weir__row_nullable(row, version) && walk_next(seed) % 4 == 0;
    if (!(row->kind & WEIR__ARRAY)) {
        if (row->kind & WEIR__APART) {
            void *apart = walk_next(seed) % 4 ? weir_arena_take(arena, weir__item_size(row)) : NULL;
            memcpy(at, &apart, sizeof apart);
            at = apart;
        }
        if (!at)
            return; /* apart and at its default */
        if (null)
            memset(at, 0, row->kind == WEIR__OPTIONAL ? sizeof(void *) : sizeof(weir__view));
        else
            random_item(row, version, seed, arena, at);
        return;
    }
    weir__array a = {NULL, null ? -1 : (int32_t)(walk_next(seed) % 4)};
    if (a.count > 0)
        a.items = weir_arena_take(arena, (size_t)a.count * weir__item_size(row));
    memcpy(at, &a, sizeof a);
    for (int32_t i = 0; i < a.count; i++)
        random_item(row, version, seed, arena, (uint8_t *)a.items + (size_t)i * weir__item_size(row));
}

void walk_random(const weir_schema *schema, int version, uint64_t *seed, weir_arena *arena, void *message) {
    weir_message_init(schema, message);
    for (size_t i = 0; i < schema->row_count; i++) {
        const weir__row *row = &schema->rows[i];
        bool left_out = weir__row_tag(row) >= 0 && walk_next(seed) % 2 == 0;
        if (weir__row_present(row, version) && !left_out)
            random_member(row, version, seed, arena, (uint8_t *)message + row->offset);
    }
}

static bool equal_items(const weir__row *row, const uint8_t *a, const uint8_t *b) {
    int kind = weir__value_kind(row);
    weir__view va, vb;
    if (kind == WEIR__STRUCT)
        return walk_equal(row->items, a, b);
    if (kind == WEIR__OPTIONAL) {
        a = weir__pointer(a);
        b = weir__pointer(b);
        return a && b ? walk_equal(row->items, a, b) : !a && !b;
    }
    if (kind < WEIR__STR)
        return memcmp(a, b, weir__item_size(row)) == 0;
    memcpy(&va, a, sizeof va);
    memcpy(&vb, b, sizeof vb);
    return !va.p == !vb.p && va.len == vb.len && (!va.p || memcmp(va.p, vb.p, va.len) == 0);
}

bool walk_equal(const weir_schema *schema, const void *a, const void *b) {
    for (size_t i = 0; i < schema->row_count; i++) {
        const weir__row *row = &schema->rows[i];
        uint8_t spare[2][WEIR__APART_MAX];
        const uint8_t *ma = weir__value_at(row, (const uint8_t *)a + row->offset, spare[0]);
        const uint8_t *mb = weir__value_at(row, (const uint8_t *)b + row->offset, spare[1]);
        weir__array aa = {(void *)ma, 1};
        weir__array ab = {(void *)mb, 1};
        if (row->kind & WEIR__ARRAY) {
            memcpy(&aa, ma, sizeof aa);
            memcpy(&ab, mb, sizeof ab);
        }
        if (aa.count != ab.count)
            return false;
        for (int32_t k = 0; k < aa.count; k++) {
            size_t at = (size_t)k * weir__item_size(row);
            if (!equal_items(row, (uint8_t *)aa.items + at, (uint8_t *)ab.items + at))
                return false;
        }
    }
    return true;
}

/* FNV-1a, 64 bits. */
static uint64_t fnv(const char *name) {
    uint64_t hash = 0xcbf29ce484222325u;
    for (; *name; name++)
        hash = (hash ^ (uint8_t)*name) * 0x100000001b3u;
    return hash;
}

/* The n-th item of a member; a member that is no array is its own item 0. */
static bool filled_item(const weir__row *row, int version, const uint8_t *at, unsigned n) {
    uint64_t v = fnv(row->name) + n;
    uint8_t wire[16];
    char name[64];
    weir__view view;
    weir_out out;
    weir_out_init(&out, wire, sizeof wire);
    switch (weir__value_kind(row)) {
    case WEIR__STRUCT:
        return walk_filled(row->items, version, at);
    case WEIR__OPTIONAL:
        return weir__pointer(at) && walk_filled(row->items, version, weir__pointer(at));
    case WEIR__STR:
    case WEIR__BYTES:
    case WEIR__RECORDS:
        memcpy(&view, at, sizeof view);
        snprintf(name, sizeof name, (weir__value_kind(row)) == WEIR__STR ? "%s%u" : "%s", row->name, n);
        return view.p && view.len == strlen(name) && memcmp(view.p, name, view.len) == 0;
    case WEIR__BOOL:
        return *(const bool *)at == (v & 1);
    case WEIR__I8:
        return *(const int8_t *)at == (int8_t)v;
    case WEIR__I16:
        return *(const int16_t *)at == (int16_t)v;
    case WEIR__I32:
        return *(const int32_t *)at == (int32_t)v;
    case WEIR__I64:
        return *(const int64_t *)at == (int64_t)v;
    case WEIR__UUID:
        weir_out_i64(&out, (int64_t)v);
        weir_out_i64(&out, (int64_t)~v);
        return memcmp(at, wire, sizeof wire) == 0;
    default:
        return false;
    }
}

static bool filled_member(const weir__row *row, int version, const uint8_t *at) {
    if (!weir__row_present(row, version))
        return weir__row_is_default(row, at);
    if (row->kind & WEIR__APART && !(at = weir__pointer(at)))
        return false;
    weir__array a = {(void *)at, 1};
    if (row->kind & WEIR__ARRAY) {
        memcpy(&a, at, sizeof a);
        if (a.count != (row->items ? 1 : 2))
            return false;
    }
    for (unsigned n = 0; n < (unsigned)a.count; n++) {
        if (!filled_item(row, version, (uint8_t *)a.items + n * weir__item_size(row), n))
            return false;
    }
    return true;
}

bool walk_filled(const weir_schema *schema, int version, const void *message) {
    for (size_t i = 0; i < schema->row_count; i++) {
        const weir__row *row = &schema->rows[i];
        if (!filled_member(row, version, (const uint8_t *)message + row->offset)) {
            fprintf(stderr, "%s does not hold what it should\n", row->name);
            return false;
        }
    }
    return true;
}

void walk_all(void (*each)(const char *name, const weir_schema *schema, int16_t version)) {
    for (size_t i = 0; weir_api_at(i); i++) {
        const weir_api *api = weir_api_at(i);
        for (int16_t version = api->table_min; version <= api->table_max; version++) {
            each(api->name, api->request, version);
            each(api->name, api->response, version);
        }
    }
    for (size_t i = 0; weir_data_at(i); i++) {
        const weir_data *data = weir_data_at(i);
        for (int16_t version = data->min_version; version <= data->max_version; version++)
            each(data->name, data->schema, version);
    }
}
