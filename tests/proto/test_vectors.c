/* Bytes made by Kafka's own Java classes (tests/vectors): decoded, compared by the names of the members, encoded. */
#include "walk.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BYTES_MAX 4096

static uint8_t arena_memory[65536];

/* The API or the data with a name; the other of the two becomes NULL. */
static void named(const char *name, const weir_api **api, const weir_data **data) {
    *api = NULL;
    for (size_t i = 0; (*data = weir_data_at(i)) != NULL; i++) {
        if (strcmp((*data)->name, name) == 0)
            return;
    }
    for (size_t i = 0; (*api = weir_api_at(i)) != NULL; i++) {
        if (strcmp((*api)->name, name) == 0)
            return;
    }
    ck_abort_msg("no message %s", name);
}

static size_t unhex(const char *hex, uint8_t *bytes) {
    size_t n = 0;
    for (; hex[0] != '-' && hex[0] && hex[1]; hex += 2) {
        char pair[3] = {hex[0], hex[1], 0};
        ck_assert_uint_lt(n, BYTES_MAX);
        bytes[n++] = (uint8_t)strtoul(pair, NULL, 16);
    }
    return n;
}

static void check_body(const weir_schema *schema, int16_t version, const uint8_t *bytes, size_t len, bool filled) {
    uint64_t message[64];
    uint64_t fresh[64];
    uint8_t again[BYTES_MAX];
    weir_in in;
    weir_out out;
    weir_arena arena;
    ck_assert_uint_le(weir_message_sizeof(schema), sizeof message);
    weir_arena_init(&arena, arena_memory, sizeof arena_memory);
    weir_in_init(&in, bytes, len);
    memset(message, 0xa5, sizeof message);
    ck_assert_int_eq(weir_message_decode(schema, version, &in, &arena, message), WEIR_OK);
    ck_assert_uint_eq(weir_in_left(&in), 0);
    weir_message_init(schema, fresh);
    ck_assert(filled ? walk_filled(schema, version, message) : walk_equal(schema, message, fresh));
    weir_out_init(&out, again, sizeof again);
    ck_assert_int_eq(weir_message_encode(schema, version, &out, message), WEIR_OK);
    ck_assert_uint_eq(out.total, len);
    ck_assert_mem_eq(again, bytes, len);
}

static void check_frame(const weir_api *api, bool request, int16_t version, const uint8_t *bytes, size_t len) {
    uint64_t message[64];
    uint8_t again[BYTES_MAX];
    int32_t correlation_id = 0;
    weir_in in;
    weir_out out;
    weir_request_header header;
    const weir_schema *schema = request ? api->request : api->response;
    weir_message_init(schema, message);
    weir_out_init(&out, again, sizeof again);
    if (request)
        weir_request_encode(&out, api, version, 7, weir_str_of("weir"), message);
    else
        weir_response_encode(&out, api, version, 7, message);
    ck_assert_int_eq(out.error, WEIR_OK);
    ck_assert_uint_eq(out.total, len);
    ck_assert_mem_eq(again, bytes, len);
    weir_in_init(&in, bytes + 4, len - 4);
    if (request) {
        ck_assert_int_eq(weir_request_header_decode(&in, &header), WEIR_OK);
        ck_assert_int_eq(header.api_key, api->key);
        ck_assert_int_eq(header.api_version, version);
        ck_assert(weir_str_equal(header.client_id, weir_str_of("weir")));
        correlation_id = header.correlation_id;
    } else {
        ck_assert_int_eq(weir_response_header_decode(&in, api, version, &correlation_id), WEIR_OK);
    }
    ck_assert_int_eq(correlation_id, 7);
    check_body(schema, version, in.p, weir_in_left(&in), false);
}

START_TEST(every_line_is_understood_and_made_alike) {
    const char *path = getenv("WEIR_VECTORS");
    FILE *file = fopen(path ? path : "messages.txt", "r");
    static char hex[2 * BYTES_MAX + 1];
    static uint8_t bytes[BYTES_MAX];
    char name[64], direction[16], variant[16];
    int version;
    size_t lines = 0;
    ck_assert_ptr_nonnull(file);
    while (fscanf(file, "%63s %15s %d %15s %8192s", name, direction, &version, variant, hex) == 5) {
        const weir_api *api;
        const weir_data *data;
        named(name, &api, &data);
        bool request = strcmp(direction, "request") == 0;
        size_t len = unhex(hex, bytes);
        if (strcmp(variant, "frame") == 0)
            check_frame(api, request, (int16_t)version, bytes, len);
        else
            check_body(data      ? data->schema
                       : request ? api->request
                                 : api->response,
                       (int16_t)version, bytes, len, strcmp(variant, "filled") == 0);
        lines++;
    }
    fclose(file);
    size_t expected = 0;
    for (size_t i = 0; weir_api_at(i); i++)
        expected += 6 * (size_t)(weir_api_at(i)->table_max - weir_api_at(i)->table_min + 1);
    for (size_t i = 0; weir_data_at(i); i++)
        expected += 2 * (size_t)(weir_data_at(i)->max_version - weir_data_at(i)->min_version + 1);
    ck_assert_uint_eq(lines, expected);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("vectors");
    TCase *tests = tcase_create("vectors");
    tcase_add_test(tests, every_line_is_understood_and_made_alike);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
