#include <weir/source.h>

#include "checks.h"
#include <stdlib.h>
#include <string.h>

static weir_split sample(const char *topic, int32_t partition, int64_t position) {
    weir_split split = {.topic = weir_str_of(topic),
                        .partition = partition,
                        .position = position,
                        .stop = partition == 0 ? WEIR_NO_STOP : position + 5,
                        .leader_epoch = partition - 1};
    for (size_t n = 0; n < sizeof split.topic_id.b; n++)
        split.topic_id.b[n] = (uint8_t)(n * 17 + (size_t)partition);
    return split;
}

static size_t encode(uint8_t *out, size_t room, size_t count) {
    weir_split splits[3] = {sample("orders", 0, 0), sample("orders", 1, INT64_MAX - 9), sample("p", 2, 77)};
    return weir_splits_encode(splits, count, out, room);
}

START_TEST(round_trip) {
    uint8_t bytes[512];
    weir_split back[3];
    size_t count;
    for (size_t n = 0; n <= 3; n++) {
        size_t size = encode(NULL, 0, n);
        ck_assert_uint_eq(encode(bytes, sizeof bytes, n), size);
        weir_bytes snapshot = {bytes, (uint32_t)size};
        ck_assert_int_eq(weir_splits_count(snapshot, &count), WEIR_OK);
        ck_assert_uint_eq(count, n);
        ck_assert_int_eq(weir_splits_decode(snapshot, back), WEIR_OK);
    }
    weir_split want = sample("orders", 1, INT64_MAX - 9);
    ck_assert(weir_str_equal(back[1].topic, want.topic));
    ck_assert_mem_eq(&back[1].topic_id, &want.topic_id, 16);
    ck_assert_int_eq(back[1].partition, 1);
    ck_assert(back[1].position == want.position && back[1].stop == want.stop);
    ck_assert_int_eq(back[1].leader_epoch, 0);
    ck_assert(back[0].stop == WEIR_NO_STOP);
    ck_assert_int_eq(back[0].leader_epoch, -1);
}
END_TEST

START_TEST(too_little_room_writes_nothing) {
    uint8_t bytes[64] = {0xaa};
    ck_assert_uint_gt(encode(bytes, sizeof bytes, 3), sizeof bytes);
    ck_assert_uint_eq(bytes[0], 0xaa);
}
END_TEST

static weir_err check(const uint8_t *bytes, size_t size) {
    uint8_t *exact = malloc(size > 0 ? size : 1); /* so that the sanitizer sees reads past the end */
    memcpy(exact, bytes, size);
    size_t count;
    weir_err err = weir_splits_count((weir_bytes){exact, (uint32_t)size}, &count);
    if (err != WEIR_OK)
        ck_assert_uint_eq(count, 0);
    free(exact);
    return err;
}

START_TEST(every_cut_and_every_flip_is_refused) {
    uint8_t bytes[512];
    size_t size = encode(bytes, sizeof bytes, 3);
    for (size_t n = 0; n < size; n++)
        ck_assert_int_eq(check(bytes, n), WEIR_E_CHECKPOINT);
    for (size_t bit = 0; bit < size * 8; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        ck_assert_int_eq(check(bytes, size), WEIR_E_CHECKPOINT);
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    ck_assert_int_eq(check(bytes, size), WEIR_OK);
    ck_assert_int_eq(weir_splits_count((weir_bytes){NULL, 0}, &(size_t){0}), WEIR_E_CHECKPOINT);
}
END_TEST

/* Makes the checksum right again, so that the checks behind it are reached. */
static void reseal(uint8_t *bytes, size_t size) {
    uint32_t crc = weir_crc32c(0, bytes, size - 4);
    for (size_t n = 0; n < 4; n++)
        bytes[size - 4 + n] = (uint8_t)(crc >> (24 - 8 * n));
}

START_TEST(a_right_checksum_does_not_make_it_true) {
    uint8_t bytes[512];
    size_t size = encode(bytes, sizeof bytes, 1);
    const struct {
        size_t at;
        uint8_t value;
    } lies[] = {
        {6, 0xff},  /* count: far too many */
        {9, 2},     /* count: one more than there are */
        {9, 0},     /* count: one fewer */
        {11, 200},  /* the split's size */
        {13, 200},  /* the topic's length */
        {13, 0},    /* an empty topic */
        {36, 0x80}, /* partition < 0 */
        {40, 0x80}, /* position < 0 */
        {48, 0x80}, /* stop < 0 */
        {56, 0x80}, /* leader epoch < -1 */
        {4, 0x80},  /* version < 1 */
    };
    for (size_t n = 0; n < sizeof lies / sizeof lies[0]; n++) {
        encode(bytes, sizeof bytes, 1);
        bytes[lies[n].at] = lies[n].value;
        reseal(bytes, size);
        ck_assert_msg(check(bytes, size) == WEIR_E_CHECKPOINT, "lie %zu", n);
    }
}
END_TEST

START_TEST(later_version_with_more_members_loads) {
    uint8_t bytes[512], later[520];
    size_t size = encode(bytes, sizeof bytes, 1);
    memcpy(later, bytes, size - 4);
    memset(later + size - 4, 0x5a, 3); /* three bytes more in the split */
    later[5] = 2;
    later[11] = (uint8_t)(later[11] + 3);
    reseal(later, size + 3);
    ck_assert_int_eq(check(later, size + 3), WEIR_OK);
    later[5] = 1;
    reseal(later, size + 3);
    ck_assert_int_eq(check(later, size + 3), WEIR_E_CHECKPOINT);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("split");
    TCase *c = tcase_create("snapshot");
    tcase_add_test(c, round_trip);
    tcase_add_test(c, too_little_room_writes_nothing);
    tcase_add_test(c, every_cut_and_every_flip_is_refused);
    tcase_add_test(c, a_right_checksum_does_not_make_it_true);
    tcase_add_test(c, later_version_with_more_members_loads);
    suite_add_tcase(suite, c);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
