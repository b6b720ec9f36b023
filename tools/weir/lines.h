/* Standard input as a whole or a line at a time, and answers about input that is wrong. */
#ifndef CLI_LINES_H
#define CLI_LINES_H

#include "text.h"

#include <weir/types.h>

/* Reads standard input to its end. False after saying why it cannot be read. */
bool cli_read_all(cli_text *text);
/* Calls `answer` with each line (NUL-terminated, without its newline), which prints one line and returns whether the
   input was right. What is printed is flushed each time, so that the other end of a pipe may wait for it. Returns the
   exit status: CLI_FAILED when a line was wrong or standard input cannot be read. */
int cli_each_line(bool (*answer)(void *state, char *line, size_t len), void *state);
/* Prints {"error": ..., "offset": N} and returns false. */
bool cli_refuse(weir_err err, uint64_t offset);

#endif
