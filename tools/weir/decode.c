#include "commands.h"
#include "decode_frame.h"
#include "decode_records.h"
#include "lines.h"
#include "message.h"
#include "words.h"

static const cli_command command = {
    "weir decode message",
    NULL,
    "Reads a message (without the frame's size and header) from standard input and prints it as JSON, in the form of\n"
    "Kafka's JsonConverter. Data other than headers has its version in front. Input that is malformed comes out as\n"
    "{\"error\": ..., \"offset\": N} with N in bytes of the message, and gives status 1.",
    cli_message_options,
    CLI_DECODE_OPTIONS,
    false};

static void read_bytes(cli_message *message) {
    if (message->prefixed && weir_in_i16(&message->in) != message->version)
        weir_in_fail(&message->in, WEIR_E_VERSION);
    weir_message_decode(message->schema, message->version, &message->in, &message->arena, message->body);
}

static weir_err write_json(const cli_message *message, const cli_message_args *args, weir_out *out) {
    return weir_message_to_json(message->schema, message->version, args->records, out, message->body);
}

static bool decode(cli_message *message, const cli_message_args *args, const char *input, size_t len) {
    if (args->hex || args->lines) {
        message->input.len = 0;
        len -= args->lines && len == 1 && input[0] == '-'; /* how lists of vectors write no bytes */
        if (!cli_unhex(&message->input, input, len))
            return cli_refuse(WEIR_E_MALFORMED, message->input.len);
        input = message->input.p ? message->input.p : "";
        len = message->input.len;
    }
    if (!cli_message_read(message, input, len, read_bytes))
        return cli_refuse(message->in.error, message->in.error_at);
    weir_err err = cli_message_write(message, args, write_json);
    if (err != WEIR_OK)
        return cli_refuse(err, 0);
    return cli_write(message->output.p, message->output.len) && cli_write("\n", 1);
}

static int decode_message(int argc, char **argv) {
    return cli_message_run(&command, decode, argc, argv);
}

static const cli_choice choices[] = {
    {"message", "the body of a request or a response, a header, or data of group members", decode_message},
    {"frame", "the frames of a connection: headers and bodies, responses by their requests", cli_decode_frame},
    {"records", "record batches, as in a fetch response or a segment file", cli_decode_records},
};

int cli_decode_command(int argc, char **argv) {
    return cli_choose("weir decode", "Bytes of the protocol to JSON, without a broker.", choices,
                      sizeof choices / sizeof choices[0], argc, argv);
}
