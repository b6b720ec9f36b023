#include "commands.h"
#include "encode_records.h"
#include "lines.h"
#include "message.h"
#include "words.h"

static const cli_command command = {
    "weir encode message",
    NULL,
    "Reads a message as 'weir decode message --records' prints it from standard input and writes its bytes. Members "
    "that\n"
    "the version has must be there, the tagged ones excepted. Input that is malformed comes out as\n"
    "{\"error\": ..., \"offset\": N} with N in bytes of the JSON, and gives status 1.",
    cli_message_options,
    CLI_ENCODE_OPTIONS,
    false};

static void read_json(cli_message *message) {
    weir_message_from_json(message->schema, message->version, &message->in, &message->arena, message->body);
}

static weir_err write_bytes(const cli_message *message, const cli_message_args *args, weir_out *out) {
    (void)args;
    if (message->prefixed)
        weir_out_i16(out, message->version);
    return weir_message_encode(message->schema, message->version, out, message->body);
}

static bool encode(cli_message *message, const cli_message_args *args, const char *input, size_t len) {
    if (!cli_message_read(message, input, len, read_json))
        return cli_refuse(message->in.error, message->in.error_at);
    weir_err err = cli_message_write(message, args, write_bytes);
    if (err != WEIR_OK)
        return cli_refuse(err, 0);
    if (!args->hex && !args->lines)
        return cli_write(message->output.p, message->output.len);
    message->input.len = 0;
    cli_hex(&message->input, message->output.p, message->output.len);
    cli_text_byte(&message->input, '\n');
    return cli_write(message->input.p, message->input.len);
}

static int encode_message(int argc, char **argv) {
    return cli_message_run(&command, encode, argc, argv);
}

static const cli_choice choices[] = {
    {"message", "the body of a request or a response, a header, or data of group members", encode_message},
    {"records", "record batches, from what 'weir decode records' prints", cli_encode_records},
};

int cli_encode_command(int argc, char **argv) {
    return cli_choose("weir encode", "JSON to bytes of the protocol, without a broker.", choices,
                      sizeof choices / sizeof choices[0], argc, argv);
}
