#include "describe.h"

#include <stdio.h>

static const char *const kinds[] = {
    [WEIR__BOOL] = "bool",       [WEIR__I8] = "int8",       [WEIR__I16] = "int16",       [WEIR__I32] = "int32",
    [WEIR__I64] = "int64",       [WEIR__UUID] = "uuid",     [WEIR__STR] = "string",      [WEIR__BYTES] = "bytes",
    [WEIR__RECORDS] = "records", [WEIR__STRUCT] = "struct", [WEIR__OPTIONAL] = "struct",
};

static const char *const defaults[] = {
    [ZERO] = "0",
    [NONE] = "null",
    [ONE] = "1",
    [MINUS_1] = "-1",
    [MINUS_2] = "-2",
    [TWO_THOUSAND] = "2000",
    [MINUTE_MS] = "60000",
    [MIN_32] = "-2147483648",
    [MAX_32] = "2147483647",
    [MAX_64] = "9223372036854775807",
};

typedef struct sheet {
    describe_line *each;
    void *to;
} sheet;

/* "2-4", or "never" when there is no such version. */
static const char *span(char text[16], int first, int last) {
    snprintf(text, 16, "%d-%d", first, last);
    return first <= last ? text : "never";
}

/* The rows of a struct that versions `first` to `last` have, ranges cut to these. */
static void describe_rows(sheet s, const char *path, const weir_schema *schema, int first, int last) {
    for (size_t i = 0; i < schema->row_count; i++) {
        const weir__row *row = &schema->rows[i];
        char line[256], at[160], versions[16], nullable[16], tag[8] = "none";
        int since = row->since > first ? row->since : first;
        int until = row->until < last ? row->until : last;
        int null = (row->traits & 0x1f) == 0 ? last + 1 : (row->traits & 0x1f) - 1;
        if (since > until)
            continue;
        if (weir__row_tag(row) >= 0)
            snprintf(tag, sizeof tag, "%d", weir__row_tag(row));
        snprintf(at, sizeof at, "%s.%s", path, row->name);
        snprintf(line, sizeof line, "%s %s%s %s nullable %s tag %s default %s %s%s", at,
                 row->kind & WEIR__ARRAY ? "[]" : "", kinds[weir__value_kind(row)], span(versions, since, until),
                 span(nullable, null > since ? null : since, until), tag, defaults[row->initial],
                 row->traits & IGNORABLE ? "ignorable" : "kept", row->traits & CLASSIC ? " classic" : "");
        s.each(line, s.to);
        if (row->items)
            describe_rows(s, at, row->items, since, until);
    }
}

static void describe_message(sheet s, const char *api, const char *direction, const weir_schema *schema) {
    char name[64], line[128], versions[16], flexible[16];
    snprintf(name, sizeof name, "%s%s", api, direction);
    snprintf(line, sizeof line, "%s %s flexible %s", name, span(versions, schema->table_min, schema->table_max),
             span(flexible, schema->flexible_version, schema->table_max));
    s.each(line, s.to);
    describe_rows(s, name, schema, schema->table_min, schema->table_max);
}

void describe_all(describe_line *each, void *to) {
    sheet s = {each, to};
    for (size_t i = 0; weir_api_at(i); i++) {
        describe_message(s, weir_api_at(i)->name, "Request", weir_api_at(i)->request);
        describe_message(s, weir_api_at(i)->name, "Response", weir_api_at(i)->response);
    }
    for (size_t i = 0; weir_data_at(i); i++)
        describe_message(s, weir_data_at(i)->name, "", weir_data_at(i)->schema);
}
