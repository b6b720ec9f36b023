/* Writes one JSON value into memory of the caller. Commas and colons come by themselves. What does not fit sets `full`;
   then the text is of no use, and the same calls with more room give it all. Object and array calls must pair up. */
#ifndef WEIR_SRC_BASE_JSON_H
#define WEIR_SRC_BASE_JSON_H

#include <weir/types.h>

typedef struct weir__json {
    char *p;
    size_t cap, len; /* bytes at p, bytes written; not NUL-terminated */
    bool full;
    bool comma; /* the next value needs a comma before it */
} weir__json;

void weir__json_init(weir__json *json, char *memory, size_t cap);
void weir__json_object_begin(weir__json *json);
void weir__json_object_end(weir__json *json);
void weir__json_array_begin(weir__json *json);
void weir__json_array_end(weir__json *json);
/* The name of the member whose value comes next. */
void weir__json_key(weir__json *json, const char *name);
/* Text with escapes; each byte that is not UTF-8 becomes U+FFFD. A null view becomes null. */
void weir__json_string(weir__json *json, weir_str str);
void weir__json_i64(weir__json *json, int64_t v);
/* The shortest form that reads back as the same number; null for infinities and NaN, which JSON lacks. */
void weir__json_double(weir__json *json, double v);
void weir__json_bool(weir__json *json, bool v);
void weir__json_null(weir__json *json);

#endif
