/* Growing text, and small things done with words. */
#ifndef CLI_TEXT_H
#define CLI_TEXT_H

#include <weir/types.h>

/* Bytes that grow; `p` is from malloc. All zero is empty and valid. Running out of memory ends the tool. */
typedef struct cli_text {
    char *p;
    size_t len, cap;
} cli_text;

/* Makes room for `len` bytes behind those that are there. */
void cli_text_room(cli_text *text, size_t len);
void cli_text_add(cli_text *text, const void *bytes, size_t len);
void cli_text_byte(cli_text *text, char byte);
void cli_text_free(cli_text *text);

/* malloc and realloc of count * size bytes that end the tool when there is no memory. */
void *cli_grow(void *old, size_t count, size_t size);

/* The edits (insert, delete, replace, swap of neighbours) between two words; words are compared by their first 48
   characters. */
size_t cli_distance(const char *a, const char *b);
/* Whether `candidate` is a likely correction of `word` and nearer than `*best`, which is then updated. */
bool cli_nearer(const char *word, const char *candidate, size_t *best);

/* A decimal whole number and nothing else; false when it is not one or overflows. */
bool cli_number(const char *text, int64_t *number);

/* Replaces the escapes \n \t \r \\ and \xNN in `text` in place and returns the new length; -1 for any other escape. */
ptrdiff_t cli_unescape(char *text);

/* Adds bytes as hexadecimal digits. */
void cli_hex(cli_text *out, const void *bytes, size_t len);
/* Adds the bytes that pairs of hexadecimal digits stand for; white space between pairs is passed over. False at
   anything else: what came before it was added. */
bool cli_unhex(cli_text *out, const char *hex, size_t len);

/* A copy of a NUL-terminated text. */
char *cli_copy(const char *text);

#endif
