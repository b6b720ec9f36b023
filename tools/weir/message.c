#include "message.h"

#include "lines.h"
#include "words.h"

#include <string.h>

/* Memory for a message in bytes a byte of input: at first, and what no well-formed one needs. */
#define MEMORY_FIRST 16
#define MEMORY_LAST  1024
#define MEMORY_BASE  4096

const cli_option cli_message_options[CLI_DECODE_OPTIONS] = {
    {"api", '\0', CLI_TEXT, "NAME", offsetof(cli_message_args, api), 0, 0,
     "Kafka's name of the API, \"Fetch\"; or RequestHeader, ResponseHeader,\n"
     "ConsumerProtocolSubscription, ConsumerProtocolAssignment, EndTxnMarker"},
    {"version", '\0', CLI_NUMBER, "N", offsetof(cli_message_args, version), 0, INT16_MAX, "of the message"},
    {"direction", '\0', CLI_CHOICE, CLI_DIRECTIONS, offsetof(cli_message_args, direction), 0, 0,
     "header for the two headers, data for what else is not an API"},
    {"lines", '\0', CLI_FLAG, NULL, offsetof(cli_message_args, lines), 0, 0,
     "many: NAME DIRECTION VERSION and the input a line, the output a line"},
    {"hex", '\0', CLI_FLAG, NULL, offsetof(cli_message_args, hex), 0, 0,
     "bytes are hexadecimal digits, as they always are with --lines"},
    {"records", '\0', CLI_FLAG, NULL, offsetof(cli_message_args, records), 0, 0,
     "print record sets in base64, as 'weir encode' takes them, not their size"},
};

/* A command over many lines. */
typedef struct run_state {
    cli_message message;
    const cli_message_args *args;
    cli_convert convert;
} run_state;

static bool find(cli_message *message, const char *name, const char *direction) {
    for (size_t i = 0; weir_api_at(i); i++) {
        const weir_api *api = weir_api_at(i);
        if (strcmp(api->name, name) != 0)
            continue;
        bool request = strcmp(direction, "request") == 0;
        message->schema = request ? api->request : api->response;
        message->prefixed = false;
        return request || strcmp(direction, "response") == 0;
    }
    for (size_t i = 0; weir_data_at(i); i++) {
        const weir_data *data = weir_data_at(i);
        if (strcmp(data->name, name) != 0)
            continue;
        message->schema = data->schema;
        message->prefixed = data->prefixed;
        return strcmp(direction, data->prefixed ? "data" : "header") == 0;
    }
    return false;
}

bool cli_message_read(cli_message *message, const void *bytes, size_t len, void (*read)(cli_message *message)) {
    size_t body = weir_message_sizeof(message->schema);
    for (size_t ratio = MEMORY_FIRST;; ratio *= 4) {
        size_t room = len > SIZE_MAX / 4 / MEMORY_LAST ? SIZE_MAX / 4 : len * ratio;
        room += body + MEMORY_BASE;
        if (message->memory.cap < room) {
            message->memory.p = cli_grow(message->memory.p, room, 1);
            message->memory.cap = room;
        }
        weir_in_init(&message->in, bytes, len);
        weir_arena_init(&message->arena, message->memory.p, message->memory.cap);
        message->body = weir_arena_take(&message->arena, body);
        read(message);
        if (weir_in_left(&message->in) > 0)
            weir_in_fail(&message->in, WEIR_E_MALFORMED);
        if (message->in.error != WEIR_E_NO_MEMORY || ratio >= MEMORY_LAST)
            return message->in.error == WEIR_OK;
    }
}

weir_err cli_message_write(cli_message *message, const cli_message_args *args,
                           weir_err (*write)(const cli_message *message, const cli_message_args *args, weir_out *out)) {
    weir_out out;
    weir_out_init(&out, NULL, 0);
    weir_err err = write(message, args, &out);
    if (err != WEIR_OK)
        return err;
    size_t len = out.total;
    if (message->output.cap < len + 1) {
        message->output.p = cli_grow(message->output.p, len + 1, 1);
        message->output.cap = len + 1;
    }
    message->output.len = len;
    weir_out_init(&out, message->output.p, len);
    return write(message, args, &out);
}

/* NAME DIRECTION VERSION and the input, which may be empty. */
static bool answer_line(void *of, char *line, size_t len) {
    run_state *state = of;
    char *field[4] = {line};
    int64_t version;
    for (int i = 1; i < 4; i++) {
        field[i] = strchr(field[i - 1], ' ');
        if (field[i])
            *field[i]++ = '\0';
        else if (i == 3 && strlen(field[2]) == len - (size_t)(field[2] - line))
            field[i] = line + len;
        else
            return cli_refuse(WEIR_E_MALFORMED, 0);
    }
    if (!cli_number(field[2], &version))
        return cli_refuse(WEIR_E_MALFORMED, 0);
    if (!find(&state->message, field[0], field[1]))
        return cli_refuse(WEIR_E_UNSUPPORTED, 0);
    if (version < 0 || version > INT16_MAX)
        return cli_refuse(WEIR_E_VERSION, 0);
    state->message.version = (int16_t)version;
    return state->convert(&state->message, state->args, field[3], len - (size_t)(field[3] - line));
}

static int unknown_api(const char *name) {
    const char *nearest = NULL;
    size_t best = SIZE_MAX;
    for (size_t i = 0; weir_api_at(i); i++)
        if (cli_nearer(name, weir_api_at(i)->name, &best))
            nearest = weir_api_at(i)->name;
    for (size_t i = 0; weir_data_at(i); i++)
        if (cli_nearer(name, weir_data_at(i)->name, &best))
            nearest = weir_data_at(i)->name;
    if (nearest && strcmp(nearest, name) == 0)
        return cli_usage("--direction does not fit to --api %s", name);
    if (nearest)
        return cli_usage("unknown API '%s'; did you mean '%s'?", name, nearest);
    return cli_usage("unknown API '%s'", name);
}

/* Finds the message that the options name: -1, or CLI_USAGE. */
static int select_message(cli_message *message, const cli_message_args *args) {
    static const char *const directions[] = {"request", "response", "header", "data"};
    bool some = args->api || args->version >= 0 || args->direction >= 0;
    if (args->lines && some)
        return cli_usage("--lines names each message in its line: no --api, --version and --direction with it");
    if (args->lines)
        return -1;
    if (!args->api || args->version < 0 || args->direction < 0)
        return cli_usage("--api, --version and --direction are needed, or --lines");
    if (!find(message, args->api, directions[args->direction]))
        return unknown_api(args->api);
    message->version = (int16_t)args->version;
    return -1;
}

int cli_message_run(const cli_command *command, cli_convert convert, int argc, char **argv) {
    cli_message_args args = {.version = -1, .direction = -1};
    run_state state = {.args = &args, .convert = convert};
    cli_text input = {0};
    int status = cli_parse(command, &args, argc, argv);
    if (status < 0)
        status = select_message(&state.message, &args);
    if (status < 0 && args.lines)
        status = cli_each_line(answer_line, &state);
    else if (status < 0) {
        bool right = cli_read_all(&input) && convert(&state.message, &args, input.p ? input.p : "", input.len);
        status = right ? CLI_DONE : CLI_FAILED;
    }
    cli_text_free(&input);
    cli_text_free(&state.message.memory);
    cli_text_free(&state.message.input);
    cli_text_free(&state.message.output);
    cli_args_free(&args.common);
    return status;
}
