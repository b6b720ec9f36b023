/* Java properties files, as java.util.Properties.load reads them: comments, escapes, continued lines. */
#ifndef CLI_PROPS_H
#define CLI_PROPS_H

#include "text.h"

/* A walk over the bytes of a file, which must stay valid. Bytes are taken as UTF-8 and not changed. */
typedef struct cli_props {
    const char *p, *end;
    unsigned line;      /* of the pair last read, from 1 */
    unsigned next_line; /* where the walk stands */
    cli_text key, value;
    const char *why; /* of WEIR_E_MALFORMED */
} cli_props;

void cli_props_init(cli_props *props, const char *bytes, size_t len);
void cli_props_free(cli_props *props);
/* Reads the next pair into `key` and `value`, both terminated by NUL (not counted in their len). WEIR_END behind the
   last; WEIR_E_MALFORMED, with `why`, for a bad \uXXXX or a NUL. */
weir_err cli_props_next(cli_props *props);

#endif
