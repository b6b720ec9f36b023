/* Every message, version and direction: what is written is read back, whatever is cut off or too small is an error. */
#include "walk.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define MESSAGE_MAX 64 /* in uint64_t */
#define SEEDS       8

static uint8_t filled_memory[1 << 18];
static _Alignas(8) uint8_t decoded_memory[1 << 18];
static uint8_t bytes[1 << 18];

/* A random message and its encoding in `bytes`; returns its length. */
static size_t make(const weir_schema *schema, int16_t version, uint64_t seed, void *message) {
    weir_arena arena;
    weir_out out;
    weir_arena_init(&arena, filled_memory, sizeof filled_memory);
    walk_random(schema, version, &seed, &arena, message);
    weir_out_init(&out, bytes, sizeof bytes);
    ck_assert_int_eq(weir_message_encode(schema, version, &out, message), WEIR_OK);
    return out.total;
}

/* Decodes a copy without a byte to spare, so that the sanitizers see a read past the end. */
static weir_err decode_copy(const weir_schema *schema, int16_t version, size_t len, size_t arena_size, weir_in *in,
                            size_t *arena_used) {
    uint64_t message[MESSAGE_MAX];
    weir_arena arena;
    uint8_t *copy = malloc(len ? len : 1);
    ck_assert_ptr_nonnull(copy);
    memcpy(copy, bytes, len);
    weir_arena_init(&arena, decoded_memory, arena_size);
    weir_in_init(in, copy, len);
    weir_err err = weir_message_decode(schema, version, in, &arena, message);
    ck_assert_int_eq(err, in->error);
    ck_assert_uint_le(arena.used, arena_size);
    *arena_used = arena.used;
    free(copy);
    return err;
}

static void round_trip(const char *name, const weir_schema *schema, int16_t version) {
    uint64_t message[MESSAGE_MAX], again[MESSAGE_MAX];
    weir_in in;
    weir_out counter;
    weir_arena arena;
    ck_assert_uint_le(weir_message_sizeof(schema), sizeof message);
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        size_t len = make(schema, version, seed, message);
        weir_out_init(&counter, NULL, 0);
        weir_message_encode(schema, version, &counter, message);
        ck_assert_uint_eq(counter.total, len);
        weir_arena_init(&arena, decoded_memory, sizeof decoded_memory);
        weir_in_init(&in, bytes, len);
        ck_assert_msg(weir_message_decode(schema, version, &in, &arena, again) == WEIR_OK, "%s v%d seed %d at %zu",
                      name, version, (int)seed, in.error_at);
        ck_assert_uint_eq(weir_in_left(&in), 0);
        ck_assert(walk_equal(schema, message, again));
    }
}

static void cut_anywhere(const char *name, const weir_schema *schema, int16_t version) {
    uint64_t message[MESSAGE_MAX];
    weir_in in;
    size_t used;
    size_t len = make(schema, version, 1, message);
    for (size_t cut = 0; cut < len; cut++) {
        weir_err err = decode_copy(schema, version, cut, sizeof decoded_memory, &in, &used);
        ck_assert_msg(err == WEIR_E_MALFORMED, "%s v%d cut at %zu of %zu", name, version, cut, len);
        ck_assert_uint_le(in.error_at, cut);
    }
}

static void arena_too_small(const char *name, const weir_schema *schema, int16_t version) {
    uint64_t message[MESSAGE_MAX];
    weir_in in;
    size_t needed, used;
    size_t len = make(schema, version, 2, message);
    ck_assert_int_eq(decode_copy(schema, version, len, sizeof decoded_memory, &in, &needed), WEIR_OK);
    for (size_t size = 0; size < needed; size += 8)
        ck_assert_msg(decode_copy(schema, version, len, size, &in, &used) == WEIR_E_NO_MEMORY, "%s v%d", name, version);
    ck_assert_int_eq(decode_copy(schema, version, len, needed, &in, &used), WEIR_OK);
}

static void buffer_too_small(const char *name, const weir_schema *schema, int16_t version) {
    uint64_t message[MESSAGE_MAX];
    weir_out out;
    size_t len = make(schema, version, 3, message);
    for (size_t size = 0; size < len; size++) {
        uint8_t *buffer = malloc(size ? size : 1);
        weir_out_init(&out, buffer, size);
        ck_assert_msg(weir_message_encode(schema, version, &out, message) == WEIR_E_NO_MEMORY, "%s v%d", name, version);
        free(buffer);
    }
}

static void garbled(const char *name, const weir_schema *schema, int16_t version) {
    uint64_t message[MESSAGE_MAX];
    weir_in in;
    size_t used;
    uint64_t seed = (uint64_t)name[0] << 8 | (uint64_t)version;
    for (int round = 0; round < 64; round++) {
        size_t len = make(schema, version, walk_next(&seed) % SEEDS, message);
        for (uint64_t flips = 1 + walk_next(&seed) % 4; flips > 0 && len > 0; flips--) {
            static const uint8_t nasty[] = {0x00, 0x01, 0x7f, 0x80, 0xff, 0xfe};
            bytes[walk_next(&seed) % len] = nasty[walk_next(&seed) % sizeof nasty];
        }
        weir_err err = decode_copy(schema, version, len, sizeof decoded_memory, &in, &used);
        ck_assert(err == WEIR_OK || err == WEIR_E_MALFORMED || err == WEIR_E_NO_MEMORY);
        ck_assert_uint_le(in.error_at, len);
    }
}

static void (*const checks[])(const char *, const weir_schema *, int16_t) = {
    round_trip, cut_anywhere, arena_too_small, buffer_too_small, garbled,
};

START_TEST(all_messages) {
    walk_all(checks[_i]);
}
END_TEST

/* The rules of the tables that the interpreter relies on. */
static void valid_rows(const weir_schema *schema, int depth) {
    int tag = -1;
    ck_assert_int_le(depth, WEIR__DEPTH_MAX);
    for (size_t i = 0; i < schema->row_count; i++) {
        const weir__row *row = &schema->rows[i];
        ck_assert_int_ge(row->since, 0);
        ck_assert_int_le(row->since, row->until);
        bool pointer = row->kind & WEIR__APART || row->kind == WEIR__OPTIONAL;
        size_t size = row->kind & WEIR__ARRAY ? sizeof(weir__array) : pointer ? sizeof(void *) : weir__item_size(row);
        ck_assert_uint_le(row->offset + size, schema->size);
        ck_assert(row->kind != WEIR__OPTIONAL || (row->initial == NONE && weir__row_nullable(row, row->since)));
        if (weir__row_tag(row) >= 0) {
            ck_assert_int_gt(weir__row_tag(row), tag);
            tag = weir__row_tag(row);
        }
        if (row->initial == NONE)
            ck_assert(weir__row_nullable(row, row->since > schema->table_min ? row->since : schema->table_min));
        if (row->items)
            valid_rows(row->items, depth + 1);
    }
}

static void valid_schema(const char *name, const weir_schema *schema, int16_t version) {
    (void)name;
    (void)version;
    valid_rows(schema, 1);
}

START_TEST(tables_are_valid) {
    walk_all(valid_schema);
    for (size_t i = 0; weir_api_at(i); i++) {
        const weir_api *api = weir_api_at(i);
        for (int response = 0; response < 2; response++) {
            const weir_schema *schema = response ? api->response : api->request;
            ck_assert_int_eq(schema->table_min, api->table_min);
            ck_assert_int_eq(schema->table_max, api->table_max);
            ck_assert_int_eq(schema->flexible_version, api->flexible_version);
        }
    }
}
END_TEST

START_TEST(versions_outside_of_the_table_are_refused) {
    uint64_t message[MESSAGE_MAX];
    weir_in in;
    weir_out out;
    weir_arena arena;
    for (size_t i = 0; weir_api_at(i); i++) {
        const weir_api *api = weir_api_at(i);
        const int16_t outside[] = {-1, (int16_t)(api->table_min - 1), (int16_t)(api->table_max + 1), INT16_MAX};
        for (size_t k = 0; k < 4; k++) {
            weir_message_init(api->request, message);
            weir_out_init(&out, bytes, sizeof bytes);
            ck_assert_int_eq(weir_message_encode(api->request, outside[k], &out, message), WEIR_E_VERSION);
            weir_in_init(&in, bytes, sizeof bytes);
            weir_arena_init(&arena, NULL, 0);
            ck_assert_int_eq(weir_message_decode(api->request, outside[k], &in, &arena, message), WEIR_E_VERSION);
        }
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("messages");
    TCase *tests = tcase_create("messages");
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, all_messages, 0, sizeof checks / sizeof checks[0]);
    tcase_add_test(tests, tables_are_valid);
    tcase_add_test(tests, versions_outside_of_the_table_are_refused);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
