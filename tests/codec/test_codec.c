#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include <codec.h>
#include <xxh32.h>

/* Memory from the heap that counts, and fails from the n-th take on. */
typedef struct meter {
    weir_alloc alloc;
    size_t used, peak;
    long takes, fail_at; /* fail_at < 0: never */
} meter;

static void *meter_take(weir_alloc *self, size_t size) {
    meter *m = (meter *)self;
    if (m->takes++ == m->fail_at)
        return NULL;
    m->used += size;
    if (m->used > m->peak)
        m->peak = m->used;
    return malloc(size);
}

static void meter_give(weir_alloc *self, void *p, size_t size) {
    ((meter *)self)->used -= size;
    free(p);
}

static meter meter_new(void) {
    return (meter){.alloc = {meter_take, meter_give}, .fail_at = -1};
}

static const weir__codec *codecs[4];
static int codec_count;

#define PLAIN_MAX (5U << 20)
static uint8_t *plain;

/* Kinds of content: zeros, text that repeats, noise, noise within a few letters. */
static void fill(uint32_t len, int kind) {
    uint32_t state = len + 1;
    for (uint32_t i = 0; i < len; i++) {
        state = state * 1664525 + 1013904223;
        plain[i] = kind == 0   ? 0
                   : kind == 1 ? (uint8_t) "{\"key\":\"value\",\"n\":12345}"[i % 25]
                   : kind == 2 ? (uint8_t)(state >> 24)
                               : (uint8_t)('a' + (state >> 24) % 4);
    }
}

static weir_bytes compressed(const weir__codec *codec, uint32_t len) {
    meter m = meter_new();
    size_t size = codec->bound(len);
    uint8_t *out = malloc(size);
    ck_assert_int_eq(codec->compress(&m.alloc, (weir_bytes){plain, len}, out, &size), WEIR_OK);
    ck_assert_uint_eq(m.used, 0);
    out = realloc(out, size ? size : 1); /* exact, for the sanitizer */
    return (weir_bytes){out, (uint32_t)size};
}

static void drop(weir_bytes bytes) {
    free((void *)(uintptr_t)bytes.p);
}

/* Decompresses, gives the memory back, and wants no leak. *peak may be NULL. */
static weir_err decompressed(const weir__codec *codec, weir_bytes in, size_t cap, uint32_t want, size_t *peak) {
    meter m = meter_new();
    weir_bytes out;
    size_t size;
    weir_err err = codec->decompress(&m.alloc, in, cap, &out, &size);
    if (err == WEIR_OK) {
        ck_assert_ptr_nonnull(out.p);
        ck_assert_uint_le(out.len, cap);
        ck_assert_uint_ge(size, out.len);
        if (want != UINT32_MAX) {
            ck_assert_uint_eq(out.len, want);
            ck_assert_mem_eq(out.p, plain, want);
        }
        m.alloc.give(&m.alloc, (void *)(uintptr_t)out.p, size);
    } else {
        ck_assert_ptr_null(out.p);
    }
    ck_assert_uint_eq(m.used, 0);
    if (peak)
        *peak = m.peak;
    return err;
}

START_TEST(round_trip) {
    static const uint32_t lengths[] = {0, 1, 2, 63, 1000, 32767, 32768, 32769, 65536, 65537, 131072, 262145, PLAIN_MAX};
    const weir__codec *codec = codecs[_i];
    for (size_t n = 0; n < sizeof lengths / sizeof *lengths; n++)
        for (int kind = 0; kind < 4; kind++) {
            uint32_t len = lengths[n];
            fill(len, kind);
            weir_bytes in = compressed(codec, len);
            ck_assert_int_eq(decompressed(codec, in, PLAIN_MAX, len, NULL), WEIR_OK);
            ck_assert_int_eq(decompressed(codec, in, len, len, NULL), WEIR_OK);
            if (len)
                ck_assert_int_eq(decompressed(codec, in, len - 1, 0, NULL), WEIR_E_TOO_LARGE);
            drop(in);
        }
}
END_TEST

START_TEST(no_room) {
    const weir__codec *codec = codecs[_i];
    meter m = meter_new();
    uint8_t out[64];
    size_t size = 20;
    fill(5000, 2);
    ck_assert_int_eq(codec->compress(&m.alloc, (weir_bytes){plain, 5000}, out, &size), WEIR_E_NO_MEMORY);
    ck_assert_uint_eq(m.used, 0);
}
END_TEST

/* Megabytes of zeros in a few bytes: what is taken stays near the cap. */
START_TEST(bomb) {
    const weir__codec *codec = codecs[_i];
    fill(PLAIN_MAX, 0);
    weir_bytes in = compressed(codec, PLAIN_MAX);
    size_t peak;
    ck_assert_int_eq(decompressed(codec, in, 100000, 0, &peak), WEIR_E_TOO_LARGE);
    ck_assert_uint_le(peak, 2 * 100000 + 300000); /* old and new while growing, and the library's own state */
    drop(in);
}
END_TEST

START_TEST(cut_and_damaged) {
    const weir__codec *codec = codecs[_i];
    fill(3000, 3);
    weir_bytes in = compressed(codec, 3000);
    for (uint32_t len = 0; len < in.len; len++) {
        uint8_t *copy = malloc(len + 1);
        memcpy(copy + 1, in.p, len);
        weir_err err = decompressed(codec, (weir_bytes){copy + 1, len}, 1 << 20, UINT32_MAX, NULL);
        /* snappy's frame has no end, so that it may well end with its header */
        ck_assert(err == WEIR_E_MALFORMED || (codec->id == WEIR_COMPRESSION_SNAPPY && len == 16));
        free(copy);
    }
    uint8_t *copy = malloc(in.len);
    for (uint32_t bit = 0; bit < in.len * 8; bit++) {
        memcpy(copy, in.p, in.len);
        copy[bit / 8] ^= (uint8_t)(1U << bit % 8);
        weir_err err = decompressed(codec, (weir_bytes){copy, in.len}, 1 << 20, UINT32_MAX, NULL);
        ck_assert(err == WEIR_OK || err == WEIR_E_MALFORMED || err == WEIR_E_TOO_LARGE);
    }
    free(copy);
    drop(in);
}
END_TEST

START_TEST(noise) {
    const weir__codec *codec = codecs[_i];
    for (uint32_t round = 0; round < 3000; round++) {
        uint32_t len = 1 + round % 200;
        fill(len + round, 2);
        weir_bytes in = compressed(codec, 20);
        uint8_t *copy = malloc(len + 16);
        uint32_t head = in.len < 16 ? in.len : round % 17;
        memcpy(copy, in.p, head); /* a true beginning gets the noise further in */
        memcpy(copy + head, plain + round, len);
        weir_err err = decompressed(codec, (weir_bytes){copy, len + head}, 1 << 20, UINT32_MAX, NULL);
        ck_assert(err == WEIR_OK || err == WEIR_E_MALFORMED || err == WEIR_E_TOO_LARGE);
        free(copy);
        drop(in);
    }
}
END_TEST

START_TEST(every_take_fails) {
    const weir__codec *codec = codecs[_i];
    fill(200000, 1);
    weir_bytes in = compressed(codec, 200000);
    uint8_t *to = malloc(codec->bound(200000));
    for (int direction = 0; direction < 2; direction++) {
        weir_err err = WEIR_E_NO_MEMORY;
        long n = 0;
        for (; err == WEIR_E_NO_MEMORY; n++) {
            meter m = meter_new();
            m.fail_at = n;
            size_t size = codec->bound(200000);
            weir_bytes out = {NULL, 0};
            if (direction == 0) {
                err = codec->compress(&m.alloc, (weir_bytes){plain, 200000}, to, &size);
            } else {
                err = codec->decompress(&m.alloc, in, 1 << 20, &out, &size);
                if (out.p)
                    meter_give(&m.alloc, (void *)(uintptr_t)out.p, size);
            }
            ck_assert_uint_eq(m.used, 0);
        }
        ck_assert_int_eq(err, WEIR_OK);
        ck_assert(n > 1 || (direction == 0 && codec->id == WEIR_COMPRESSION_SNAPPY));
    }
    free(to);
    drop(in);
}
END_TEST

/* Members, frames and streams may follow each other. */
START_TEST(concatenated) {
    const weir__codec *codec = codecs[_i];
    fill(1000, 1);
    memcpy(plain + 1000, plain, 1000);
    weir_bytes one = compressed(codec, 1000);
    uint8_t *two = malloc(2 * one.len);
    memcpy(two, one.p, one.len);
    memcpy(two + one.len, one.p, one.len);
    ck_assert_int_eq(decompressed(codec, (weir_bytes){two, 2 * one.len}, 1 << 20, 2000, NULL), WEIR_OK);
    free(two);
    drop(one);
}
END_TEST

/* Headers that claim gigabytes over nothing. */
START_TEST(hostile_claims) {
    static const uint8_t zstd[] = {0x28, 0xb5, 0x2f, 0xfd, 0xe0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0};
    static const uint8_t window[] = {0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x88, 0x01, 0, 0}; /* 128 MiB, an empty block */
    /* A window of 2 GiB, once with that content size too, and a raw block of 3 bytes. */
    static const uint8_t far[] = {0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xa8, 0x19, 0, 0, 'a', 'b', 'c'};
    static const uint8_t both[] = {0x28, 0xb5, 0x2f, 0xfd, 0xc0, 0xa8, 0, 0,   0,   0x80,
                                   0,    0,    0,    0,    0x19, 0,    0, 'a', 'b', 'c'};
    /* The same with a block of 128 KiB of one byte. */
    static const uint8_t run[] = {0x28, 0xb5, 0x2f, 0xfd, 0xc0, 0xa8, 0, 0, 0, 0x80, 0, 0, 0, 0, 0x03, 0, 0x10, 'a'};
    static const uint8_t snappy[] = {0xff, 0xff, 0xff, 0xff, 0x0f, 0, 0};
    static const uint8_t xerial[] = {0x82, 'S', 'N', 'A', 'P', 'P', 'Y',  0,    0,    0,
                                     0,    1,   0,   0,   0,   1,   0x7f, 0xff, 0xff, 0xff};
    static const uint8_t lz4[] = {0x04, 0x22, 0x4d, 0x18, 0x60, 0x70, 0x73, 0xff, 0xff, 0xff, 0x7f};
    const struct {
        int id;
        weir_bytes in;
        weir_err want;
    } cases[] = {{4, {zstd, sizeof zstd}, WEIR_E_MALFORMED},
                 {4, {window, sizeof window}, WEIR_OK},
                 {4, {far, sizeof far}, sizeof(void *) > 4 ? WEIR_OK : WEIR_E_MALFORMED}, /* past libzstd's own limit */
                 {4, {both, sizeof both}, WEIR_E_MALFORMED},
                 {4, {run, sizeof run}, WEIR_E_MALFORMED},
                 {2, {snappy, sizeof snappy}, WEIR_E_MALFORMED},
                 {2, {xerial, sizeof xerial}, WEIR_E_MALFORMED},
                 {3, {lz4, sizeof lz4}, WEIR_E_MALFORMED}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t peak;
        if (!weir__codec_find(cases[i].id))
            continue;
        weir_err err = decompressed(weir__codec_find(cases[i].id), cases[i].in, SIZE_MAX / 2, UINT32_MAX, &peak);
        ck_assert_msg(err == cases[i].want, "case %zu: %d", i, err);
        ck_assert_uint_le(peak, 600000);
    }
}
END_TEST

START_TEST(snappy_bare_block) {
    static const uint8_t block[] = {5, 4 << 2, 'h', 'e', 'l', 'l', 'o'};
    const weir__codec *codec = weir__codec_find(WEIR_COMPRESSION_SNAPPY);
    memcpy(plain, "hello", 5);
    if (codec)
        ck_assert_int_eq(decompressed(codec, (weir_bytes){block, sizeof block}, 100, 5, NULL), WEIR_OK);
}
END_TEST

static uint8_t *put32(uint8_t *p, uint32_t v) {
    for (unsigned i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> 8 * i);
    return p + 4;
}

/* A frame by hand, with what Java does not write: sizes and checksums, a skippable frame, blocks that look back. */
START_TEST(lz4_features) {
    const weir__codec *codec = weir__codec_find(WEIR_COMPRESSION_LZ4);
    uint8_t frame[200], *p = put32(frame, 0x184d2a53);
    p = put32(p, 3) + 3;
    memset(p - 3, 0, 3);
    p = put32(p, 0x184d2204);
    uint8_t *descriptor = p;
    *p++ = 0x40 | 0x10 | 0x08 | 0x04; /* blocks look back; block checksums, content size, content checksum */
    *p++ = 4 << 4;
    p = put32(put32(p, 24), 0);
    *p = (uint8_t)(weir__xxh32(descriptor, 10) >> 8);
    uint8_t *header_checksum = p++;
    static const uint8_t first[] = {'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'};
    p = put32(p, 8 | 0x80000000U);
    memcpy(p, first, 8);
    p = put32(p + 8, weir__xxh32(first, 8));
    /* 4 bytes from 8 back, then 12 as they are */
    static const uint8_t second[] = {0x00, 8, 0, 0xc0, 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o', 'p'};
    p = put32(p, sizeof second);
    memcpy(p, second, sizeof second);
    p = put32(p + sizeof second, weir__xxh32(second, sizeof second));
    p = put32(p, 0);
    memcpy(plain, "abcdefghabcdefghijklmnop", 24);
    p = put32(p, weir__xxh32(plain, 24));
    weir_bytes in = {frame, (uint32_t)(p - frame)};
    ck_assert_int_eq(decompressed(codec, in, 100, 24, NULL), WEIR_OK);
    for (uint32_t at = (uint32_t)(descriptor - frame); at < in.len; at++) {
        frame[at] ^= 0x01;
        ck_assert_int_ne(decompressed(codec, in, 100, UINT32_MAX, NULL), WEIR_OK);
        frame[at] ^= 0x01;
    }
    *header_checksum = (uint8_t)(weir__xxh32(descriptor - 4, 14) >> 8); /* KAFKA-3160 */
    ck_assert_int_eq(decompressed(codec, in, 100, 24, NULL), WEIR_OK);
    *header_checksum ^= 0x80;
    ck_assert_int_eq(decompressed(codec, in, 100, 24, NULL), WEIR_E_MALFORMED);
}
END_TEST

/* Java's Lz4BlockInputStream refuses other descriptors. */
START_TEST(lz4_as_java_wants) {
    static const uint8_t head[] = {0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82};
    weir_bytes in = compressed(weir__codec_find(WEIR_COMPRESSION_LZ4), 10);
    ck_assert_mem_eq(in.p, head, sizeof head);
    drop(in);
}
END_TEST

START_TEST(xxh32_known_values) {
    ck_assert_uint_eq(weir__xxh32((const uint8_t *)"", 0), 0x02cc5d05);
    ck_assert_uint_eq(weir__xxh32((const uint8_t *)"a", 1), 0x550d7456);
    ck_assert_uint_eq(weir__xxh32((const uint8_t *)"abc", 3), 0x32d153ff);
    ck_assert_uint_eq(weir__xxh32((const uint8_t *)"Nobody inspects the spammish repetition", 39), 0xe2293b2f);
}
END_TEST

START_TEST(lookup) {
    ck_assert_ptr_null(weir__codec_find(0));
    ck_assert_ptr_null(weir__codec_find(5));
    ck_assert_ptr_null(weir__codec_find(-1));
    for (int i = 0; i < codec_count; i++)
        ck_assert_ptr_eq(weir__codec_find((int)codecs[i]->id), codecs[i]);
}
END_TEST

int main(void) {
    for (int id = 1; id <= 4; id++)
        if (weir__codec_find(id))
            codecs[codec_count++] = weir__codec_find(id);
    plain = malloc(PLAIN_MAX + 16);
    Suite *suite = suite_create("codec");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 100);
    tcase_add_loop_test(all, round_trip, 0, codec_count);
    tcase_add_loop_test(all, no_room, 0, codec_count);
    tcase_add_loop_test(all, bomb, 0, codec_count);
    tcase_add_loop_test(all, cut_and_damaged, 0, codec_count);
    tcase_add_loop_test(all, noise, 0, codec_count);
    tcase_add_loop_test(all, every_take_fails, 0, codec_count);
    tcase_add_loop_test(all, concatenated, 0, codec_count);
    tcase_add_test(all, hostile_claims);
    tcase_add_test(all, snappy_bare_block);
    tcase_add_test(all, lz4_features);
    tcase_add_test(all, lz4_as_java_wants);
    tcase_add_test(all, xxh32_known_values);
    tcase_add_test(all, lookup);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    free(plain);
    return failed != 0;
}
