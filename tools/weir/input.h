/* The records that `weir produce` reads: a line of text or of JSON each. */
#ifndef CLI_INPUT_H
#define CLI_INPUT_H

#include "text.h"

#include <weir/record.h>

/* A record that was read. Its views last until the next one is read into the same place. All zero is valid. */
typedef struct cli_input {
    weir_record record; /* timestamp as given; CLI_NOW when none is */
    int32_t partition;  /* -1: none is named */
    cli_text key, value, headers;
    char why[160]; /* what is wrong with the line */
} cli_input;

#define CLI_NOW INT64_MIN

void cli_input_free(cli_input *input);
/* Takes a line as value, or as key and value around the first `separator` (len 0: none). */
void cli_input_line(cli_input *input, const char *line, size_t len, const char *separator, size_t separator_len);
/* Takes a line of JSON as `weir consume --json` prints it: key, value, headers, timestamp and partition count; topic,
   offset and timestamp_type are passed over. False with `why`. */
bool cli_input_json(cli_input *input, const char *line, size_t len);
/* Adds a header behind those of the line. */
void cli_input_header(cli_input *input, const weir_header *header);

#endif
