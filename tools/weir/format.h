/* The output of `weir consume`: kcat's format letters, or JSON. */
#ifndef CLI_FORMAT_H
#define CLI_FORMAT_H

#include "json.h"

#include <weir/record.h>

/* A record with where it stands. */
typedef struct cli_place {
    weir_str topic;
    int32_t partition;
} cli_place;

/* Checks a format and replaces its escapes, in place; the length is that of the result, which may hold NUL. Returns
   false with *why, a sentence, when it is not one. */
bool cli_format_check(char *format, size_t *len, const char **why);
/* Appends a record. WEIR_E_MALFORMED when its headers are broken. */
weir_err cli_format_record(cli_text *out, const char *format, size_t len, const cli_place *place,
                           const weir_record *record);
/* Appends a record as a JSON object, without a newline. WEIR_E_MALFORMED when its headers are broken. */
weir_err cli_json_record(cli_json *json, const cli_place *place, const weir_record *record);

#endif
