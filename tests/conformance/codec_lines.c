/* Weir's codec a line at a time, to be compared with Kafka's own classes. A line is NAME DIRECTION VERSION and a value;
   data of group members and of control records begins with its version. Status 1 when a line was refused; its answer is
   then {"error": ..., "offset": N}.

   codec-lines schema             the tables in words
   codec-lines decode [--records] bytes in hex to JSON
   codec-lines encode             JSON to bytes in hex, the inverse of decode --records
   codec-lines recode             bytes in hex to the same bytes again
   codec-lines random COUNT       random messages, COUNT of each version, as bytes in hex */
#define _POSIX_C_SOURCE 200809L

#include "describe.h"
#include "walk.h"

#include <stdio.h>
#include <stdlib.h>

#define ROOM ((size_t)1 << 24)

typedef struct message_type {
    const weir_schema *schema;
    bool prefixed;
} message_type;

/* ROOM bytes each: for arrays, for input, for output. */
static uint8_t *memory, *binary, *text;

static bool find(const char *name, const char *direction, message_type *type) {
    for (size_t i = 0; weir_api_at(i); i++) {
        const weir_api *api = weir_api_at(i);
        if (strcmp(api->name, name) != 0)
            continue;
        bool request = strcmp(direction, "request") == 0;
        *type = (message_type){request ? api->request : api->response, false};
        return request || strcmp(direction, "response") == 0;
    }
    for (size_t i = 0; weir_data_at(i); i++) {
        const weir_data *data = weir_data_at(i);
        *type = (message_type){data->schema, data->prefixed};
        if (strcmp(data->name, name) == 0)
            return strcmp(direction, data->prefixed ? "data" : "header") == 0;
    }
    return false;
}

static bool refuse(weir_err error, size_t offset) {
    printf("{\"error\":\"%s\",\"offset\":%zu}\n", weir_err_name(error), offset);
    return false;
}

/* Hexadecimal to bytes; "-" is none. Returns how many, or SIZE_MAX when it is something else. */
static size_t unhex(const char *hex) {
    size_t n = 0;
    for (hex += hex[0] == '-'; hex[0]; hex += 2) {
        char pair[3] = {hex[0], hex[1], 0};
        char *end;
        binary[n] = (uint8_t)strtoul(pair, &end, 16);
        if (end != pair + 2 || n++ == ROOM)
            return SIZE_MAX;
    }
    return n;
}

static bool print_hex(message_type type, int16_t version, const void *message) {
    weir_out out;
    weir_out_init(&out, text, ROOM); /* views of the message may look into `binary` */
    if (type.prefixed)
        weir_out_i16(&out, version);
    if (weir_message_encode(type.schema, version, &out, message) != WEIR_OK)
        return refuse(out.error, 0);
    printf("%s", out.total ? "" : "-");
    for (size_t i = 0; i < out.total; i++)
        printf("%02x", text[i]);
    puts("");
    return true;
}

/* Decodes `hex`, prints JSON or the same bytes again. */
static bool from_hex(const char *mode, bool records, message_type type, int16_t version, const char *hex) {
    weir_in in;
    weir_out out;
    weir_arena arena;
    size_t len = unhex(hex);
    if (len == SIZE_MAX)
        return refuse(WEIR_E_MALFORMED, 0);
    weir_in_init(&in, binary, len);
    weir_arena_init(&arena, memory, ROOM);
    void *message = weir_arena_take(&arena, weir_message_sizeof(type.schema));
    if (type.prefixed && weir_in_i16(&in) != version)
        weir_in_fail(&in, WEIR_E_VERSION);
    weir_message_decode(type.schema, version, &in, &arena, message);
    if (weir_in_left(&in) > 0)
        weir_in_fail(&in, WEIR_E_MALFORMED);
    if (in.error)
        return refuse(in.error, in.error_at);
    if (strcmp(mode, "recode") == 0)
        return print_hex(type, version, message);
    weir_out_init(&out, text, ROOM);
    if (weir_message_to_json(type.schema, version, records, &out, message) != WEIR_OK)
        return refuse(out.error, 0);
    printf("%.*s\n", (int)out.total, (const char *)text);
    return true;
}

static bool from_json(message_type type, int16_t version, const char *json) {
    weir_in in;
    weir_arena arena;
    weir_in_init(&in, json, strlen(json));
    weir_arena_init(&arena, memory, ROOM);
    void *message = weir_arena_take(&arena, weir_message_sizeof(type.schema));
    weir_message_from_json(type.schema, version, &in, &arena, message);
    if (weir_in_left(&in) > 0)
        weir_in_fail(&in, WEIR_E_MALFORMED);
    return in.error ? refuse(in.error, in.error_at) : print_hex(type, version, message);
}

static bool answer(const char *mode, bool records, char *line) {
    char *field[4] = {line};
    message_type type;
    for (int i = 1; i < 4; i++) {
        field[i] = strchr(field[i - 1], ' ');
        if (!field[i])
            return refuse(WEIR_E_MALFORMED, 0);
        *field[i]++ = 0;
    }
    int16_t version = (int16_t)strtol(field[2], NULL, 10);
    if (!find(field[0], field[1], &type))
        return refuse(WEIR_E_UNSUPPORTED, 0);
    return strcmp(mode, "encode") == 0 ? from_json(type, version, field[3])
                                       : from_hex(mode, records, type, version, field[3]);
}

static void print_random(const char *name, const char *direction, message_type type, int16_t version, long count) {
    for (long n = 0; n < count; n++) {
        uint64_t seed = (uint64_t)version << 32 | (uint64_t)n;
        weir_arena arena;
        for (const char *c = name; *c; c++)
            seed = seed * 31 + (uint8_t)*c + (uint8_t)direction[2];
        weir_arena_init(&arena, memory, ROOM);
        void *message = weir_arena_take(&arena, weir_message_sizeof(type.schema));
        walk_random(type.schema, version, &seed, &arena, message);
        printf("%s %s %d ", name, direction, version);
        print_hex(type, version, message);
    }
}

static void print_all_random(long count) {
    for (size_t i = 0; weir_api_at(i); i++) {
        const weir_api *api = weir_api_at(i);
        for (int16_t v = api->table_min; v <= api->table_max; v++) {
            print_random(api->name, "request", (message_type){api->request, false}, v, count);
            print_random(api->name, "response", (message_type){api->response, false}, v, count);
        }
    }
    for (size_t i = 0; weir_data_at(i); i++) {
        const weir_data *data = weir_data_at(i);
        for (int16_t v = data->min_version; v <= data->max_version; v++)
            print_random(data->name, data->prefixed ? "data" : "header", (message_type){data->schema, data->prefixed},
                         v, count);
    }
}

static void print_line(const char *line, void *to) {
    fprintf(to, "%s\n", line);
}

static bool answer_all(const char *mode, bool records) {
    char *line = NULL;
    size_t size = 0;
    bool ok = true;
    ssize_t len;
    while ((len = getline(&line, &size, stdin)) > 0) {
        line[len - 1] = line[len - 1] == '\n' ? 0 : line[len - 1];
        ok = answer(mode, records, line) && ok;
    }
    free(line);
    return ok;
}

int main(int argc, char **argv) {
    const char *mode = argc > 1 ? argv[1] : "";
    bool records = argc > 2 && strcmp(argv[2], "--records") == 0;
    bool ok = true;
    memory = malloc(ROOM);
    binary = malloc(ROOM);
    text = malloc(ROOM);
    if (!memory || !binary || !text)
        return 2;
    if (strcmp(mode, "schema") == 0)
        describe_all(print_line, stdout);
    else if (strcmp(mode, "random") == 0 && argc > 2)
        print_all_random(strtol(argv[2], NULL, 10));
    else if (strcmp(mode, "decode") == 0 || strcmp(mode, "encode") == 0 || strcmp(mode, "recode") == 0)
        ok = answer_all(mode, records);
    else
        ok = false;
    free(memory);
    free(binary);
    free(text);
    return ok ? 0 : 1;
}
