/* What `weir decode message` and `weir encode message` share: their options, the table of a message, and its memory. */
#ifndef CLI_MESSAGE_H
#define CLI_MESSAGE_H

#include "args.h"
#include "text.h"

#include <weir/proto.h>

typedef struct cli_message_args {
    cli_common common;
    const char *api;
    int64_t version;
    int direction; /* position in CLI_DIRECTIONS, -1: not given */
    bool hex, lines, records;
} cli_message_args;

#define CLI_DIRECTIONS "request|response|header|data"

/* The options of both commands; encoding takes all but the last. */
enum {
    CLI_ENCODE_OPTIONS = 5,
    CLI_DECODE_OPTIONS = 6
};
extern const cli_option cli_message_options[CLI_DECODE_OPTIONS];

/* A message while it is converted. What it holds is used again for the next one. */
typedef struct cli_message {
    const weir_schema *schema;
    bool prefixed; /* its version stands in front of it */
    int16_t version;
    void *body; /* the struct, in the arena */
    weir_in in; /* of the bytes or the JSON; in.error after a failure, the end of the input included */
    weir_arena arena;
    cli_text memory, input, output;
} cli_message;

/* Converts `len` bytes of input and prints what comes out. False after printing what is wrong with them. */
typedef bool (*cli_convert)(cli_message *message, const cli_message_args *args, const char *input, size_t len);

/* Runs a command: the message that the options name on standard input, or one a line. */
int cli_message_run(const cli_command *command, cli_convert convert, int argc, char **argv);

/* Reads `bytes` with `read` into message->body, with as much memory as that takes; nothing may be left over. False with
   in.error. */
bool cli_message_read(cli_message *message, const void *bytes, size_t len, void (*read)(cli_message *message));
/* Fills `output` with what `write` puts out: it runs twice, counting first. */
weir_err cli_message_write(cli_message *message, const cli_message_args *args,
                           weir_err (*write)(const cli_message *message, const cli_message_args *args, weir_out *out));

#endif
