/* What can be said of rows without bytes: sizes and defaults. */
#include "schema.h"

#include <assert.h>
#include <string.h>

static_assert(sizeof(weir_str) == sizeof(weir__view) && sizeof(weir_records) == sizeof(weir__view), "views differ");
static_assert(sizeof(weir_str) <= WEIR__APART_MAX && sizeof(weir_uuid) <= WEIR__APART_MAX, "too large to be apart");
static_assert(sizeof(weir_strs) == sizeof(weir__array) && sizeof(weir_i64s) == sizeof(weir__array), "arrays differ");

const weir__kind weir__kinds[WEIR__STRUCT] = {
    [WEIR__BOOL] = {sizeof(bool), 1},
    [WEIR__I8] = {1, 1},
    [WEIR__I16] = {2, 2},
    [WEIR__I32] = {4, 4},
    [WEIR__I64] = {8, 8},
    [WEIR__UUID] = {16, 16},
    [WEIR__STR] = {sizeof(weir__view), 0},
    [WEIR__BYTES] = {sizeof(weir__view), 0},
    [WEIR__RECORDS] = {sizeof(weir__view), 0},
};

static const int64_t initials[] = {
    [ZERO] = 0,           [NONE] = 0,           [ONE] = 1,
    [MINUS_1] = -1,       [MINUS_2] = -2,       [TWO_THOUSAND] = 2000,
    [MINUTE_MS] = 60000,  [MIN_32] = INT32_MIN, [MAX_32] = INT32_MAX,
    [MAX_64] = INT64_MAX,
};

/* A scalar's default in the representation of its kind. */
static void init_scalar(const weir__row *row, void *member) {
    int64_t v = initials[row->initial];
    int8_t v8 = (int8_t)v;
    int16_t v16 = (int16_t)v;
    int32_t v32 = (int32_t)v;
    switch (weir__value_kind(row)) {
    case WEIR__BOOL:
        *(bool *)member = v != 0;
        break;
    case WEIR__I8:
        memcpy(member, &v8, sizeof v8);
        break;
    case WEIR__I16:
        memcpy(member, &v16, sizeof v16);
        break;
    case WEIR__I32:
        memcpy(member, &v32, sizeof v32);
        break;
    case WEIR__I64:
        memcpy(member, &v, sizeof v);
        break;
    default: /* ids start from zero bits */
        assert(row->initial == ZERO);
        memset(member, 0, weir__kinds[weir__value_kind(row)].size);
    }
}

/* The default of a row that is no array. */
static void init_value(const weir__row *row, void *at) {
    weir__view view = {row->initial == NONE ? NULL : (const uint8_t *)"", 0};
    if (weir__value_kind(row) == WEIR__STRUCT)
        weir_message_init(row->items, at);
    else if (weir__value_kind(row) >= WEIR__STR)
        memcpy(at, &view, sizeof view);
    else
        init_scalar(row, at);
}

void weir__row_init(const weir__row *row, void *member) {
    weir__array array = {NULL, row->initial == NONE ? -1 : 0};
    void *null = NULL;
    if (row->kind & WEIR__ARRAY)
        memcpy(member, &array, sizeof array);
    else if (row->kind & WEIR__APART || row->kind == WEIR__OPTIONAL)
        memcpy(member, &null, sizeof null);
    else
        init_value(row, member);
}

const void *weir__value_at(const weir__row *row, const void *member, uint8_t spare[WEIR__APART_MAX]) {
    if (!(row->kind & WEIR__APART))
        return member;
    if (weir__pointer(member))
        return weir__pointer(member);
    init_value(row, spare);
    return spare;
}

bool weir__row_is_default(const weir__row *row, const void *member) {
    weir__array array;
    weir__view view;
    uint8_t scalar[16], spare[WEIR__APART_MAX];
    const void *at = weir__value_at(row, member, spare);
    if (row->kind & WEIR__ARRAY) {
        memcpy(&array, member, sizeof array);
        return row->initial == NONE ? array.count < 0 : array.count == 0;
    }
    if (row->kind == WEIR__STRUCT) {
        for (size_t i = 0; i < row->items->row_count; i++) {
            const weir__row *inner = &row->items->rows[i];
            if (!weir__row_is_default(inner, (const uint8_t *)member + inner->offset))
                return false;
        }
        return true;
    }
    if (row->kind == WEIR__OPTIONAL)
        return weir__pointer(member) == NULL;
    if (weir__value_kind(row) >= WEIR__STR) {
        memcpy(&view, at, sizeof view);
        return row->initial == NONE ? view.p == NULL : view.p != NULL && view.len == 0;
    }
    init_scalar(row, scalar);
    return memcmp(scalar, at, weir__item_size(row)) == 0;
}

static size_t schema_min(const weir_schema *schema, int version, bool flexible);

static size_t member_min(const weir__row *row, int version, bool flexible) {
    size_t fixed = weir__wire_size(row);
    if (row->kind == WEIR__STRUCT)
        return schema_min(row->items, version, flexible);
    if (fixed && !(row->kind & WEIR__ARRAY))
        return fixed;
    if (flexible || row->kind == WEIR__OPTIONAL)
        return 1;
    return weir__value_kind(row) == WEIR__STR && !(row->kind & WEIR__ARRAY) ? 2 : 4;
}

static size_t schema_min(const weir_schema *schema, int version, bool flexible) {
    size_t size = flexible ? 1 : 0;
    for (size_t i = 0; i < schema->row_count; i++) {
        const weir__row *row = &schema->rows[i];
        if (weir__row_present(row, version) && weir__row_tag(row) < 0)
            size += member_min(row, version, flexible);
    }
    return size;
}

size_t weir__item_min(const weir__row *row, int version, bool flexible) {
    if (row->kind == (WEIR__ARRAY | WEIR__STRUCT))
        return schema_min(row->items, version, flexible);
    if (row->kind == (WEIR__ARRAY | WEIR__STR))
        return flexible ? 1 : 2;
    return weir__wire_size(row);
}

size_t weir_message_sizeof(const weir_schema *schema) {
    return schema->size;
}

void weir_message_init(const weir_schema *schema, void *message) {
    for (size_t i = 0; i < schema->row_count; i++)
        weir__row_init(&schema->rows[i], (uint8_t *)message + schema->rows[i].offset);
}
