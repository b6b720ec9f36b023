/* JSON output, built in memory and written a line at a time. */
#ifndef CLI_JSON_H
#define CLI_JSON_H

#include "text.h"

/* A document being written. All zero is empty and valid; commas come by themselves. */
typedef struct cli_json {
    cli_text text;
    bool comma; /* a value stands before this place */
} cli_json;

void cli_json_free(cli_json *json);
/* '{' or '[' and their ends. */
void cli_json_open(cli_json *json, char bracket);
void cli_json_close(cli_json *json, char bracket);
/* The name of a member; its value comes next. */
void cli_json_name(cli_json *json, const char *name);
void cli_json_null(cli_json *json);
void cli_json_bool(cli_json *json, bool value);
void cli_json_int(cli_json *json, int64_t value);
void cli_json_uint(cli_json *json, uint64_t value);
void cli_json_seconds(cli_json *json, double value); /* three decimals */
/* Text when the bytes are UTF-8, {"base64": "..."} when not, null when p is NULL. */
void cli_json_bytes(cli_json *json, const void *p, size_t len);
/* Text of padded base64. */
void cli_json_base64(cli_json *json, const void *p, size_t len);
/* Text of hexadecimal digits, null when p is NULL. */
void cli_json_hex(cli_json *json, const void *p, size_t len);
void cli_json_string(cli_json *json, const char *text);

/* Members in one go. */
void cli_json_put_int(cli_json *json, const char *name, int64_t value);
void cli_json_put_uint(cli_json *json, const char *name, uint64_t value);
void cli_json_put_string(cli_json *json, const char *name, const char *text);

/* Starts an event: '{', its name and the time of now. */
void cli_json_event(cli_json *json, const char *event);
/* Writes the document and a newline to stdout and empties it. */
bool cli_json_line(cli_json *json);

/* Whether bytes are UTF-8 as Unicode defines it: no surrogates, nothing overlong, nothing above U+10FFFF. */
bool cli_is_utf8(const void *bytes, size_t len);
/* Decodes padded base64 (RFC 4648, section 4) onto `out`; false when the text is not that. */
bool cli_base64_decode(cli_text *out, const char *text, size_t len);

#endif
