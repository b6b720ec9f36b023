/* What a message may cost: the arena that decoding takes is bounded by the bytes, and so is its time. */
#include "load.h"
#include "walk.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#define MESSAGE_MAX 64  /* in uint64_t */
#define ITEMS       300 /* of each array that is not inside of another */

/* What the tables say about the costs of a struct in a version. */
typedef struct cost {
    const char *name;
    int version;
    bool flexible;
    size_t open; /* the fewest bytes of an item of each array around it */
} cost;

static int too_costly;

/* What `count` items of `size` bytes can take from an arena, alignment included. */
static size_t taken(size_t size) {
    return (size + WEIR__ALIGN - 1) / WEIR__ALIGN * WEIR__ALIGN;
}

/* The arena that the pointers in a struct take, arrays excepted: they have bytes of their own. */
static size_t apart(const cost *c, const weir_schema *schema) {
    size_t size = 0;
    for (size_t i = 0; i < schema->row_count; i++) {
        const weir__row *row = &schema->rows[i];
        if (!weir__row_present(row, c->version) || weir__row_tag(row) >= 0)
            continue;
        if (row->kind & WEIR__APART)
            size += taken(weir__item_size(row));
        if (row->kind == WEIR__STRUCT)
            size += apart(c, row->items);
    }
    return size;
}

/* The fewest bytes of the struct of an optional member: those of an item of an array of it. */
static size_t optional_min(const weir__row *row, const cost *c) {
    weir__row items = *row;
    items.kind = WEIR__ARRAY | WEIR__STRUCT;
    return weir__item_min(&items, c->version, c->flexible);
}

/* Every array, also in structs and tagged fields. As each item pays for itself, so does any number of them, however
   nested. Items that were begun but not finished when an input ends are what the slack is for. */
static void look(cost c, const char *path, const weir_schema *schema) {
    for (size_t i = 0; i < schema->row_count; i++) {
        const weir__row *row = &schema->rows[i];
        char at[200];
        cost inner = c;
        inner.flexible = c.flexible && !(row->traits & CLASSIC);
        if (!weir__row_present(row, c.version))
            continue;
        snprintf(at, sizeof at, "%s.%s", path, row->name);
        size_t least = weir__item_min(row, c.version, inner.flexible);
        size_t most = taken(weir__item_size(row)) + (row->items ? apart(&inner, row->items) : 0);
        if (row->kind & WEIR__ARRAY && most > WEIR_ARENA_RATIO * least) {
            fprintf(stderr, "%s v%d: %zu bytes take %zu of the arena\n", at, c.version, least, most);
            too_costly++;
        }
        /* A struct that may be null has a byte that says that it is there. */
        ck_assert(row->kind != WEIR__OPTIONAL || most <= WEIR_ARENA_RATIO * (1 + optional_min(row, &inner)));
        inner.open += row->kind & WEIR__ARRAY ? least : 0;
        ck_assert_uint_le(WEIR_ARENA_RATIO * inner.open + WEIR__ALIGN, WEIR_ARENA_SLACK);
        ck_assert(!(row->kind & WEIR__APART) || weir__row_tag(row) < 0);
        if (row->items)
            look(inner, at, row->items);
    }
}

static void look_into(const char *name, const weir_schema *schema, int16_t version) {
    look((cost){name, version, version >= schema->flexible_version, 0}, name, schema);
}

START_TEST(every_item_pays_for_its_memory) {
    walk_all(look_into);
    ck_assert_int_eq(too_costly, 0);
}
END_TEST

static _Alignas(8) uint8_t filled[1 << 18];
static uint8_t bytes[1 << 18];

/* Gives each array of a message items at their defaults, which take the fewest bytes that can be. */
static void fill(const weir_schema *schema, int version, int32_t count, weir_arena *arena, void *message) {
    weir_message_init(schema, message);
    for (size_t i = 0; i < schema->row_count; i++) {
        const weir__row *row = &schema->rows[i];
        uint8_t *at = (uint8_t *)message + row->offset;
        if (!weir__row_present(row, version))
            continue;
        if (row->kind == WEIR__STRUCT)
            fill(row->items, version, count, arena, at);
        if (!(row->kind & WEIR__ARRAY))
            continue;
        weir__array a = {weir_arena_take(arena, (size_t)count * weir__item_size(row)), count};
        ck_assert_ptr_nonnull(a.items);
        memcpy(at, &a, sizeof a);
        for (int32_t n = 0; n < count; n++) {
            uint8_t *item = (uint8_t *)a.items + (size_t)n * weir__item_size(row);
            weir__view empty = {(const uint8_t *)"", 0};
            if (row->items)
                fill(row->items, version, n == 0, arena, item); /* one branch goes down to the leaves */
            else if (weir__value_kind(row) == WEIR__STR)
                memcpy(item, &empty, sizeof empty);
        }
    }
}

/* Decodes bytes with the arena that always suffices, and memory to spare behind nothing. */
static weir_err decode(const weir_schema *schema, int16_t version, size_t len) {
    uint64_t message[MESSAGE_MAX];
    size_t room = WEIR_ARENA_RATIO * len + WEIR_ARENA_SLACK;
    void *memory = malloc(room);
    weir_arena arena;
    weir_in in;
    weir_arena_init(&arena, memory, room);
    weir_in_init(&in, bytes, len);
    weir_err err = weir_message_decode(schema, version, &in, &arena, message);
    ck_assert(err != WEIR_OK || arena.used <= WEIR_ARENA_RATIO * len);
    free(memory);
    return err;
}

static void smallest_items(const char *name, const weir_schema *schema, int16_t version) {
    uint64_t message[MESSAGE_MAX];
    weir_arena arena;
    weir_out out;
    weir_arena_init(&arena, filled, sizeof filled);
    fill(schema, version, ITEMS, &arena, message);
    weir_out_init(&out, bytes, sizeof bytes);
    weir_err err = weir_message_encode(schema, version, &out, message);
    if (err == WEIR_E_VERSION)
        return; /* a default that the version cannot carry: a null that it does not allow */
    ck_assert_int_eq(err, WEIR_OK);
    ck_assert_msg(decode(schema, version, out.total) == WEIR_OK, "%s v%d", name, version);
}

START_TEST(the_smallest_items_keep_within_the_bound) {
    walk_all(smallest_items);
}
END_TEST

/* A message that needs so many bytes of the arena is NO_MEMORY with every smaller one, and decodes with just these. */
static void smaller_arenas(const char *name, const weir_schema *schema, int16_t version) {
    uint64_t message[MESSAGE_MAX];
    weir_arena arena;
    weir_out out;
    weir_arena_init(&arena, filled, sizeof filled);
    fill(schema, version, 2, &arena, message);
    weir_out_init(&out, bytes, sizeof bytes);
    if (weir_message_encode(schema, version, &out, message) != WEIR_OK)
        return;
    size_t need = WEIR_ARENA_RATIO * out.total + WEIR_ARENA_SLACK;
    for (size_t room = need, first = 1;; first = 0) {
        uint8_t *memory = malloc(room + 1); /* exact, for the sanitizer */
        weir_in in;
        weir_arena_init(&arena, memory, room);
        weir_in_init(&in, bytes, out.total);
        weir_err err = weir_message_decode(schema, version, &in, &arena, message);
        need = first ? arena.used : need;
        free(memory);
        ck_assert_msg(err == (room < need ? WEIR_E_NO_MEMORY : WEIR_OK), "%s v%d with %zu of %zu bytes: %s", name,
                      version, room, need, weir_err_name(err));
        room = first ? need : room - 1;
        if (room == SIZE_MAX)
            return;
    }
}

START_TEST(every_smaller_arena_is_too_small) {
    walk_all(smaller_arenas);
}
END_TEST

/* Random bytes, with a liking for those that look like small counts. */
static void any_bytes(const char *name, const weir_schema *schema, int16_t version) {
    uint64_t seed = (uint64_t)name[0] << 16 | (uint64_t)name[1] << 8 | (uint64_t)version;
    for (int round = 0; round < 100; round++) {
        size_t len = (size_t)(walk_next(&seed) % 400);
        uint8_t most = walk_next(&seed) % 2 ? 255 : 3;
        for (size_t n = 0; n < len; n++)
            bytes[n] = (uint8_t)(walk_next(&seed) % (most + 1u));
        weir_err err = decode(schema, version, len);
        ck_assert_msg(err == WEIR_OK || err == WEIR_E_MALFORMED, "%s v%d: %s", name, version, weir_err_name(err));
    }
}

START_TEST(no_bytes_take_more_than_the_bound) {
    walk_all(any_bytes);
}
END_TEST

START_TEST(a_count_leaves_the_bytes_of_other_items_alone) {
    const weir_schema *schema = weir_api_find(WEIR_API_METADATA)->response;
    uint64_t message[MESSAGE_MAX];
    /* v0: no brokers, then 10 topics of at least 8 bytes, the first one with partitions of at least 18 */
    for (uint8_t partitions = 4; partitions <= 5; partitions++) {
        static uint8_t memory[4096];
        uint8_t input[4 + 4 + 10 * 8 + 4 * 18] = {[7] = 10, [15] = partitions};
        weir_arena arena;
        weir_in in;
        weir_arena_init(&arena, memory, sizeof memory);
        weir_in_init(&in, input, sizeof input);
        weir_err err = weir_message_decode(schema, 0, &in, &arena, message);
        ck_assert_int_eq(err, partitions == 4 ? WEIR_OK : WEIR_E_MALFORMED);
        ck_assert(err == WEIR_OK || in.error_at == 12);
        ck_assert(err == WEIR_OK || arena.used == 10 * sizeof(weir_metadata_response_topic));
    }
}
END_TEST

START_TEST(a_tagged_field_leaves_the_bytes_of_other_items_alone) {
    const weir_schema *schema = weir_api_find(WEIR_API_FETCH)->response;
    uint64_t message[MESSAGE_MAX];
    /* v13: one topic of 2 partitions, of 37 bytes at least, the first of which ends in a tag of `size` bytes */
    for (uint8_t size = 9; size <= 10; size++) {
        static uint8_t memory[4096];
        static const size_t tags_at = 10 + 1 + 16 + 1 + 36;
        uint8_t input[10 + 1 + 16 + 1 + 37 + 2 + 9 + 37] = {[10] = 2, [10 + 17] = 3};
        weir_arena arena;
        weir_in in;
        input[tags_at] = 1; /* a tagged field, */
        input[tags_at + 1] = 9;
        input[tags_at + 2] = size;
        weir_arena_init(&arena, memory, sizeof memory);
        weir_in_init(&in, input, sizeof input);
        weir_err err = weir_message_decode(schema, 13, &in, &arena, message);
        ck_assert_int_eq(err, WEIR_E_MALFORMED); /* of the topic and the message no tags follow */
        ck_assert_uint_eq(in.error_at, size == 9 ? sizeof input : tags_at + 1);
    }
}
END_TEST

/* An array of items without bytes would let a few bytes ask for any number of them, again and again. */
static void with_bytes(const weir_schema *schema, int version, bool flexible) {
    for (size_t i = 0; i < schema->row_count; i++) {
        const weir__row *row = &schema->rows[i];
        bool compact = flexible && !(row->traits & CLASSIC);
        if (!weir__row_present(row, version))
            continue;
        ck_assert_msg(!(row->kind & WEIR__ARRAY) || weir__item_min(row, version, compact) > 0, "%s", row->name);
        if (row->items)
            with_bytes(row->items, version, compact);
    }
}

static void message_with_bytes(const char *name, const weir_schema *schema, int16_t version) {
    (void)name;
    with_bytes(schema, version, version >= schema->flexible_version);
}

START_TEST(every_item_takes_bytes) {
    walk_all(message_with_bytes);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("bounds");
    TCase *tests = tcase_create("bounds");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, every_item_pays_for_its_memory);
    tcase_add_test(tests, the_smallest_items_keep_within_the_bound);
    tcase_add_test(tests, every_smaller_arena_is_too_small);
    tcase_add_test(tests, no_bytes_take_more_than_the_bound);
    tcase_add_test(tests, a_count_leaves_the_bytes_of_other_items_alone);
    tcase_add_test(tests, a_tagged_field_leaves_the_bytes_of_other_items_alone);
    tcase_add_test(tests, every_item_takes_bytes);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
