#include "decode_frame.h"

#include "frames.h"
#include "json.h"
#include "message.h"
#include "words.h"

#include <errno.h>
#include <string.h>

/* How far the correlation id of a response may be ahead of the last one seen; anything else in its place is a token. */
#define IDS_AHEAD 1024

/* Where things are in a frame: behind its size, and what a request begins with. */
enum {
    AT_HEADER = 4,
    AT_VERSION = 6,
    AT_CLIENT_ID = 12
};

typedef struct frame_args {
    cli_common common;
    const char *api, *requests, *responses;
    int64_t version;
    int direction; /* 0 request, 1 response, -1 not given */
    bool hex, records;
} frame_args;

static const cli_option options[] = {
    {"api", '\0', CLI_TEXT, "NAME", offsetof(frame_args, api), 0, 0,
     "Kafka's name of the API of all frames, \"Fetch\"; requests name their\nown, and another one is an error then"},
    {"version", '\0', CLI_NUMBER, "N", offsetof(frame_args, version), 0, INT16_MAX, "of the API"},
    {"direction", '\0', CLI_CHOICE, "request|response", offsetof(frame_args, direction), 0, 0,
     "of the stream on standard input (request)"},
    {"requests", '\0', CLI_TEXT, "FILE", offsetof(frame_args, requests), 0, 0,
     "what the client of a connection sent; with --responses"},
    {"responses", '\0', CLI_TEXT, "FILE", offsetof(frame_args, responses), 0, 0,
     "what the broker sent: each response is printed behind its request"},
    {"hex", '\0', CLI_FLAG, NULL, offsetof(frame_args, hex), 0, 0, "the streams are hexadecimal digits"},
    {"records", '\0', CLI_FLAG, NULL, offsetof(frame_args, records), 0, 0,
     "print record sets in base64, not their size"},
};

static const cli_command command = {
    "weir decode frame",
    NULL,
    "Reads the frames of a connection, size and header included, and prints a JSON document a line, with sizeInBytes "
    "as\n"
    "in the frame's own size field and the body as 'weir decode message' prints it. Two files are read side by side, "
    "each\n"
    "response going by the correlation id of its request; a Produce request with acks 0 has none. What follows a\n"
    "SaslHandshake of version 0 is printed as saslToken, in base64. A frame that is malformed comes out as\n"
    "{\"error\": ..., \"offset\": N, \"direction\": ...} with N in bytes of its stream, and with missingBytes when it "
    "is\n"
    "the last one and cut off; that gives status 1.",
    options,
    sizeof options / sizeof options[0],
    false};

/* A stream of one direction. */
typedef struct stream {
    const char *direction;
    cli_frames frames;
} stream;

/* What a frame is taken for. */
typedef struct exchange {
    const weir_api *api; /* NULL: not known */
    int16_t version;
    int32_t correlation_id;
    bool answered; /* a response is to be expected */
} exchange;

typedef struct run_state {
    cli_message_args message_args;
    cli_message message;
    cli_json json;
    const weir_api *api; /* that all frames are of, NULL: any */
    int16_t version;
    stream requests, responses;
    bool held;   /* responses.frames has a frame that is not printed yet */
    bool tokens; /* a SaslHandshake of version 0 came last, or what follows it */
    int32_t last_id;
    bool right;
} run_state;

/* Prints what is wrong `at` bytes into the frame. */
static void refuse(run_state *run, const stream *from, weir_err err, uint64_t at) {
    cli_json *json = &run->json;
    run->right = false;
    json->text.len = 0;
    json->comma = false;
    cli_json_open(json, '{');
    cli_json_put_string(json, "error", weir_err_name(err));
    cli_json_put_uint(json, "offset", from->frames.begin + at);
    cli_json_put_string(json, "direction", from->direction);
    if (from->frames.missing > 0)
        cli_json_put_uint(json, "missingBytes", from->frames.missing);
    cli_json_close(json, '}');
    cli_json_line(json);
}

/* Reads the next frame of a stream; false at its end, whatever that is like. */
static bool next(run_state *run, stream *from) {
    weir_err err = cli_frames_next(&from->frames);
    if (ferror(from->frames.file)) {
        cli_say("cannot read the %ss: %s", from->direction, strerror(errno));
        run->right = false;
        return false;
    }
    if (err == WEIR_E_MALFORMED)
        refuse(run, from, err, 0);
    return err == WEIR_OK;
}

static void read_body(cli_message *message) {
    weir_message_decode(message->schema, message->version, &message->in, &message->arena, message->body);
}

static weir_err write_body(const cli_message *message, const cli_message_args *args, weir_out *out) {
    return weir_message_to_json(message->schema, message->version, args->records, out, message->body);
}

static void print(run_state *run, const stream *from, const exchange *known, const weir_str *client_id) {
    cli_json *json = &run->json;
    cli_json_open(json, '{');
    cli_json_put_string(json, "direction", from->direction);
    cli_json_put_string(json, "api", known->api->name);
    cli_json_put_int(json, "version", run->message.version);
    cli_json_put_int(json, "correlationId", known->correlation_id);
    if (client_id) {
        cli_json_name(json, "clientId");
        cli_json_bytes(json, client_id->p, client_id->len);
    }
    cli_json_put_uint(json, "sizeInBytes", from->frames.frame.len);
    cli_json_name(json, "body");
    cli_text_add(&json->text, run->message.output.p, run->message.output.len);
    cli_json_close(json, '}');
    cli_json_line(json);
}

/* Reads the body behind the header at in->p and prints the document. False after printing what is wrong. */
static bool decode_body(run_state *run, const stream *from, const exchange *known, const weir_in *in,
                        const weir_str *client_id) {
    size_t header = AT_HEADER + weir_in_offset(in);
    weir_err err = WEIR_OK;
    if (!cli_message_read(&run->message, in->p, weir_in_left(in), read_body))
        refuse(run, from, run->message.in.error, header + run->message.in.error_at);
    else if ((err = cli_message_write(&run->message, &run->message_args, write_body)) != WEIR_OK)
        refuse(run, from, err, header);
    else
        print(run, from, known, client_id);
    return run->message.in.error == WEIR_OK && err == WEIR_OK;
}

static weir_in frame_of(const stream *from) {
    weir_in in;
    weir_in_init(&in, from->frames.frame.p ? from->frames.frame.p : "", from->frames.frame.len);
    return in;
}

static bool in_tables(const weir_api *api, int16_t version) {
    return version >= api->table_min && version <= api->table_max;
}

/* Prints the request that has been read and notes in `known` what it is. */
static void decode_request(run_state *run, exchange *known) {
    weir_request_header header;
    weir_in in = frame_of(&run->requests);
    weir_err err = weir_request_header_decode(&in, &header);
    *known = (exchange){weir_api_find(header.api_key), header.api_version, header.correlation_id, true};
    if (err != WEIR_OK && AT_HEADER + in.error_at < AT_CLIENT_ID) {
        known->answered = false; /* with which id? */
        refuse(run, &run->requests, err, AT_HEADER + in.error_at);
        return;
    }
    if (!known->api || (run->api && known->api != run->api)) {
        refuse(run, &run->requests, WEIR_E_UNSUPPORTED, AT_HEADER);
        return;
    }
    if (!in_tables(known->api, known->version) || (run->api && known->version != run->version)) {
        refuse(run, &run->requests, WEIR_E_VERSION, AT_VERSION);
        return;
    }
    if (err != WEIR_OK) {
        refuse(run, &run->requests, err, AT_HEADER + in.error_at);
        return;
    }
    run->message.schema = known->api->request;
    run->message.version = known->version;
    if (!decode_body(run, &run->requests, known, &in, &header.client_id))
        return;
    if (known->api->key == WEIR_API_PRODUCE)
        known->answered = ((const weir_produce_request *)run->message.body)->acks != 0;
    run->tokens = known->api->key == WEIR_API_SASL_HANDSHAKE && known->version == 0;
    run->last_id = known->correlation_id;
}

/* Prints the response that has been read and is of `known`. */
static void decode_response(run_state *run, const exchange *known) {
    exchange found = *known;
    weir_in in = frame_of(&run->responses);
    if (!known->api) {
        refuse(run, &run->responses, WEIR_E_UNSUPPORTED, AT_HEADER);
        return;
    }
    weir_err err = weir_response_header_decode(&in, known->api, known->version, &found.correlation_id);
    weir_in ahead = in;
    run->message.schema = known->api->response;
    run->message.version = known->version;
    if (known->api->key == WEIR_API_VERSIONS && weir_in_i16(&ahead) == WEIR_CODE_UNSUPPORTED_VERSION)
        run->message.version = 0; /* whatever was asked for: the broker may not know that version */
    if (!in_tables(known->api, run->message.version))
        refuse(run, &run->responses, WEIR_E_VERSION, AT_HEADER);
    else if (err != WEIR_OK)
        refuse(run, &run->responses, err, AT_HEADER + in.error_at);
    else
        decode_body(run, &run->responses, &found, &in, NULL);
}

/* Whether the request that has been read is what a client says to a broker in the middle of an authentication, not the
   first thing that it says after it: a header with an API and a version that exist is no token of any mechanism. */
static bool is_token(const run_state *run) {
    weir_in in = frame_of(&run->requests);
    const weir_api *api = weir_api_find(weir_in_i16(&in));
    int16_t version = weir_in_i16(&in);
    return run->tokens && (in.error != WEIR_OK || !api || !in_tables(api, version));
}

static void print_token(run_state *run, const stream *from) {
    cli_json *json = &run->json;
    cli_json_open(json, '{');
    cli_json_put_string(json, "direction", from->direction);
    cli_json_put_uint(json, "sizeInBytes", from->frames.frame.len);
    cli_json_name(json, "saslToken");
    cli_json_base64(json, from->frames.frame.p, from->frames.frame.len);
    cli_json_close(json, '}');
    cli_json_line(json);
}

/* Whether there is a response that has not been printed. */
static bool hold(run_state *run) {
    run->held = run->held || next(run, &run->responses);
    return run->held;
}

/* How far the correlation id of the response is ahead of `id`; behind it when negative. */
static int32_t ahead_of(const run_state *run, int32_t id) {
    weir_in in = frame_of(&run->responses);
    uint32_t distance = weir_in_u32(&in) - (uint32_t)id;
    if (in.error != WEIR_OK)
        return -1;
    return distance > INT32_MAX ? -(int32_t)(UINT32_MAX - distance) - 1 : (int32_t)distance;
}

/* Prints the response to a token, unless the mechanism has none and it is already that to the next request. */
static void answer_token(run_state *run) {
    if (!hold(run))
        return;
    int32_t ahead = ahead_of(run, run->last_id);
    if (ahead > 0 && ahead <= IDS_AHEAD)
        return;
    print_token(run, &run->responses);
    run->held = false;
}

/* Prints the response to `request`. Ids ascend, so that one that is behind belongs to no request, and one that is ahead
   says that this request has no response. */
static void answer(run_state *run, const exchange *request) {
    while (hold(run)) {
        int32_t ahead = ahead_of(run, request->correlation_id);
        if (ahead == 0)
            decode_response(run, request);
        else
            refuse(run, &run->responses, WEIR_E_MALFORMED, AT_HEADER);
        run->held = ahead > 0;
        if (ahead >= 0)
            return;
    }
}

/* Both streams of a connection, or requests alone when that of responses has no file. */
static void decode_requests(run_state *run) {
    bool both = run->responses.frames.file;
    while (next(run, &run->requests)) {
        exchange known;
        if (is_token(run)) {
            print_token(run, &run->requests);
            if (both)
                answer_token(run);
            continue;
        }
        decode_request(run, &known);
        if (both && known.answered)
            answer(run, &known);
    }
    while (both && hold(run)) {
        refuse(run, &run->responses, WEIR_E_MALFORMED, AT_HEADER);
        run->held = false;
    }
}

static void decode_responses(run_state *run) {
    exchange known = {.api = run->api, .version = run->version};
    while (next(run, &run->responses))
        decode_response(run, &known);
}

static int find_api(run_state *run, const char *name) {
    const char *nearest = NULL;
    size_t best = SIZE_MAX;
    for (size_t n = 0; (run->api = weir_api_at(n)); n++) {
        if (strcmp(run->api->name, name) == 0)
            return -1;
        if (cli_nearer(name, run->api->name, &best))
            nearest = run->api->name;
    }
    return nearest ? cli_usage("unknown API '%s'; did you mean '%s'?", name, nearest)
                   : cli_usage("unknown API '%s'", name);
}

static int check(run_state *run, const frame_args *args) {
    bool files = args->requests || args->responses;
    if (files && (!args->requests || !args->responses))
        return cli_usage("--requests and --responses go together");
    if (files && (args->api || args->version >= 0 || args->direction >= 0))
        return cli_usage("requests name their APIs: no --api, --version and --direction with --requests");
    if (!args->api != (args->version < 0) || (args->direction == 1 && !args->api))
        return cli_usage("--api and --version go together, and --direction response needs them");
    run->version = (int16_t)args->version;
    return args->api ? find_api(run, args->api) : -1;
}

static int open_files(run_state *run, const frame_args *args) {
    run->requests.frames.hex = run->responses.frames.hex = args->hex;
    if (!args->requests) {
        *(args->direction == 1 ? &run->responses.frames.file : &run->requests.frames.file) = stdin;
        return -1;
    }
    run->requests.frames.file = fopen(args->requests, "rb");
    run->responses.frames.file = run->requests.frames.file ? fopen(args->responses, "rb") : NULL;
    if (!run->responses.frames.file)
        return cli_usage("%s: %s", run->requests.frames.file ? args->responses : args->requests, strerror(errno));
    return -1;
}

static void close_files(run_state *run) {
    FILE *files[] = {run->requests.frames.file, run->responses.frames.file};
    for (size_t n = 0; n < 2; n++)
        if (files[n] && files[n] != stdin)
            fclose(files[n]);
}

int cli_decode_frame(int argc, char **argv) {
    frame_args args = {.version = -1, .direction = -1};
    run_state run = {.requests.direction = "request", .responses.direction = "response", .right = true};
    int status = cli_parse(&command, &args, argc, argv);
    if (status < 0)
        status = check(&run, &args);
    if (status < 0)
        status = open_files(&run, &args);
    if (status < 0) {
        run.message_args.records = args.records;
        if (args.direction == 1)
            decode_responses(&run);
        else
            decode_requests(&run);
        status = run.right && cli_flush() ? CLI_DONE : CLI_FAILED;
    }
    close_files(&run);
    cli_frames_free(&run.requests.frames);
    cli_frames_free(&run.responses.frames);
    cli_text_free(&run.message.memory);
    cli_text_free(&run.message.output);
    cli_json_free(&run.json);
    cli_args_free(&args.common);
    return status;
}
