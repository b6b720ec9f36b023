#include <check.h>
#include <lz4frame.h>
#include <stdlib.h>
#include <string.h>

#include <checks.h>
#include <codec.h>
#include <failing.h>
#include <weir/compress.h>

#define PLAIN_MAX (300U << 10)
#define ROOM      (PLAIN_MAX * 2 + (64U << 10))
#define MEMORY    WEIR_STREAM_MEMORY
#define ANY       0 /* as a size of pieces: random ones */
#define WHOLE     (1U << 30)
#define OWN       10000

static const weir__codec *codecs[4];
static int codec_count;
static uint8_t *plain, *packed, *result;
static uint32_t random_state = 1;

static uint32_t below(uint32_t n) {
    random_state = random_state * 1664525 + 1013904223;
    return (uint32_t)((uint64_t)random_state * n >> 32);
}

/* Kinds of content: zeros, text that repeats, noise, noise within a few letters. */
static void fill(uint32_t len, int kind) {
    for (uint32_t i = 0; i < len; i++)
        plain[i] = kind == 0   ? 0
                   : kind == 1 ? (uint8_t) "{\"key\":\"value\",\"n\":12345}"[i % 25]
                   : kind == 2 ? (uint8_t)below(256)
                               : (uint8_t)('a' + below(4));
}

static size_t piece(uint32_t size, size_t left) {
    size_t n = size != ANY ? size : below(4) == 0 ? below(5) : below(3000);
    return n < left ? n : left;
}

/* Feeds `in` to a stream and fills `out`, in pieces. Small ones lie in memory of their own, for the sanitizer. */
static weir_err pump(weir_stream *stream, weir_bytes in, uint32_t in_piece, uint32_t out_piece, uint8_t *out,
                     size_t *out_len) {
    size_t room = *out_len;
    *out_len = 0;
    bool last = false;
    for (uint32_t at = 0;;) {
        size_t n = last ? in.len - at : piece(in_piece, in.len - at), some = piece(out_piece, room - *out_len);
        uint8_t *from = malloc(n + 1), *to = some < OWN ? malloc(some + 1) : NULL;
        memcpy(from + 1, in.p + at, n);
        weir_bytes view = {n ? from + 1 : NULL, (uint32_t)n};
        size_t came = some;
        last = at + n == in.len;
        weir_err err = weir_stream_step(stream, &view, last, !some ? NULL : to ? to + 1 : out + *out_len, &came);
        ck_assert_uint_le(came, some);
        if (to)
            memcpy(out + *out_len, to + 1, came);
        *out_len += came;
        at += (uint32_t)n - view.len;
        ck_assert(err != WEIR_OK || view.len == 0);
        free(from);
        free(to);
        if (err != WEIR_OK && err != WEIR_AGAIN) {
            size_t none = 0;
            ck_assert_int_eq(weir_stream_step(stream, &view, true, NULL, &none), err);
            return err;
        }
        ck_assert_msg(room > *out_len || err == WEIR_OK, "more comes than there should be");
    }
}

/* Decompresses into `result`, wants no leak, and no more memory at any time than was allowed. */
static weir_err unpack(const weir__codec *codec, weir_bytes in, uint32_t pieces, size_t limit, size_t memory,
                       size_t *len) {
    failing_alloc heap;
    weir_budget budget;
    weir_stream *stream;
    failing_init(&heap);
    weir_budget_init(&budget, &heap.alloc, SIZE_MAX);
    *len = ROOM;
    weir_err err = weir_stream_decompress(&budget.alloc, codec->id, limit, memory, &stream);
    ck_assert((err == WEIR_OK) == (stream != NULL));
    if (err == WEIR_OK)
        err = pump(stream, in, pieces, pieces, result, len);
    weir_stream_close(stream);
    ck_assert_uint_eq(budget.used, 0);
    ck_assert_uint_le(budget.peak, memory);
    ck_assert(err != WEIR_END || *len <= limit);
    return err;
}

static weir_bytes pack(const weir__codec *codec, int8_t magic, uint32_t len, uint32_t pieces) {
    failing_alloc heap;
    weir_budget budget;
    weir_stream *stream;
    size_t size = ROOM;
    failing_init(&heap);
    weir_budget_init(&budget, &heap.alloc, SIZE_MAX);
    ck_assert_int_eq(weir_stream_compress(&budget.alloc, codec->id, magic, &stream), WEIR_OK);
    ck_assert_int_eq(pump(stream, (weir_bytes){plain, len}, pieces, pieces, packed, &size), WEIR_END);
    weir_stream_close(stream);
    ck_assert_uint_eq(budget.used, 0);
    return (weir_bytes){packed, (uint32_t)size};
}

static weir_bytes pack_at_once(const weir__codec *codec, uint32_t len) {
    failing_alloc heap;
    size_t size = ROOM;
    failing_init(&heap);
    ck_assert_int_eq(weir_records_compress(&heap.alloc, codec->id, 2, (weir_bytes){plain, len}, packed, &size),
                     WEIR_OK);
    return (weir_bytes){packed, (uint32_t)size};
}

/* What the form without a stream makes of the bytes; WEIR_END instead of WEIR_OK. */
static weir_err unpack_at_once(const weir__codec *codec, weir_bytes in, size_t limit, weir_bytes *out, size_t *size) {
    failing_alloc heap;
    failing_init(&heap);
    weir_err err = weir_records_decompress(&heap.alloc, codec->id, in, limit, out, size);
    return err == WEIR_OK ? WEIR_END : err;
}

static void drop(weir_bytes bytes) {
    free((void *)(uintptr_t)bytes.p);
}

/* Wants the stream and the form without one to agree about the bytes. */
static weir_err agree(const weir__codec *codec, weir_bytes in, uint32_t pieces) {
    weir_bytes whole;
    size_t size, len;
    weir_err one = unpack_at_once(codec, in, PLAIN_MAX, &whole, &size);
    weir_err other = unpack(codec, in, pieces, PLAIN_MAX, MEMORY, &len);
    if (one == WEIR_E_TOO_LARGE || other == WEIR_E_TOO_LARGE)
        /* What is found out first depends, and windows are no matter for the form without a stream. */
        ck_assert(other != WEIR_END && (one != WEIR_END || codec->id == WEIR_COMPRESSION_ZSTD));
    else
        ck_assert_msg(one == other, "%s, and a stream %s", weir_err_name(one), weir_err_name(other));
    if (other == WEIR_END) {
        ck_assert_uint_eq(len, whole.len);
        ck_assert_mem_eq(result, whole.p, len);
    }
    drop(whole);
    return other;
}

static const uint32_t lengths[] = {0, 1, 2, 63, 1000, 32767, 32768, 32769, 65536, 65537, 131072, PLAIN_MAX};
static const uint32_t piece_sizes[] = {1, ANY, WHOLE, 7, 65536};
#define LENGTHS (sizeof lengths / sizeof *lengths)
#define PIECES  (sizeof piece_sizes / sizeof *piece_sizes)

START_TEST(both_ways) {
    const weir__codec *codec = codecs[_i];
    for (size_t n = 0; n < LENGTHS; n++)
        for (int kind = 0; kind < 4; kind++)
            for (size_t way = 0; way < PIECES; way++) {
                uint32_t len = lengths[n], pieces = piece_sizes[way];
                size_t came;
                if (pieces - 1 < 64 && len > 1000 && (len != 65537 || kind != 3))
                    continue; /* for the sake of time */
                fill(len, kind);
                weir_bytes in = pack(codec, 2, len, pieces);
                ck_assert_int_eq(agree(codec, in, pieces), WEIR_END);
                ck_assert_int_eq(unpack(codec, in, ANY, len, MEMORY, &came), WEIR_END);
                ck_assert_uint_eq(came, len);
                ck_assert_mem_eq(result, plain, len);
                in = pack_at_once(codec, len);
                ck_assert_int_eq(agree(codec, in, pieces), WEIR_END);
                ck_assert_mem_eq(result, plain, len);
                if (len > 0) {
                    ck_assert_int_eq(unpack(codec, in, pieces, len - 1, MEMORY, &came), WEIR_E_TOO_LARGE);
                    ck_assert_uint_eq(came, codec->id == WEIR_COMPRESSION_ZSTD && pieces == WHOLE ? came : len - 1);
                }
            }
}
END_TEST

/* Rooms and pieces that differ, none at all among them. */
START_TEST(uneven) {
    const weir__codec *codec = codecs[_i];
    static const uint32_t uneven_pieces[][2] = {{1, WHOLE}, {WHOLE, 1}, {ANY, 1}, {1, ANY}, {65537, 3}};
    fill(100000, 3);
    for (size_t n = 0; n < sizeof uneven_pieces / sizeof *uneven_pieces; n++) {
        weir_stream *stream;
        failing_alloc heap;
        failing_init(&heap);
        weir_bytes in = pack_at_once(codec, 100000);
        ck_assert_int_eq(weir_stream_decompress(&heap.alloc, codec->id, 100000, MEMORY, &stream), WEIR_OK);
        for (int again = 0; again < 40; again++) {
            size_t none = 0;
            weir_bytes nothing = {NULL, 0};
            ck_assert_int_ge(weir_stream_step(stream, &nothing, false, NULL, &none), WEIR_OK);
        }
        size_t len = ROOM;
        ck_assert_int_eq(pump(stream, in, uneven_pieces[n][0], uneven_pieces[n][1], result, &len), WEIR_END);
        ck_assert_uint_eq(len, 100000);
        ck_assert_mem_eq(result, plain, len);
        weir_stream_close(stream);
    }
}
END_TEST

/* Members, frames and streams that follow each other, empty ones too. */
START_TEST(concatenated) {
    const weir__codec *codec = codecs[_i];
    fill(1000, 1);
    memcpy(plain + 1000, plain, 1000);
    uint8_t *all = malloc(ROOM);
    uint32_t at = 0;
    for (int n = 0; n < 3; n++) {
        weir_bytes one = n == 1 ? pack(codec, 2, 0, WHOLE) : pack(codec, 2, 1000, ANY);
        memcpy(all + at, one.p, one.len);
        at += one.len;
    }
    for (size_t way = 0; way < PIECES; way++) {
        ck_assert_int_eq(agree(codec, (weir_bytes){all, at}, piece_sizes[way]), WEIR_END);
        ck_assert_mem_eq(result, plain, 2000);
        all[at] = 0x82; /* a byte too many */
        ck_assert_int_eq(agree(codec, (weir_bytes){all, at + 1}, piece_sizes[way]), WEIR_E_MALFORMED);
    }
    free(all);
}
END_TEST

START_TEST(cut_and_damaged) {
    const weir__codec *codec = codecs[_i];
    fill(1000, 3);
    weir_bytes in = pack(codec, 2, 1000, ANY);
    uint8_t *copy = malloc(in.len);
    for (uint32_t len = 0; len < in.len; len++) {
        memcpy(copy, in.p, len);
        for (int way = 0; way < 3; way++) {
            weir_err err = agree(codec, (weir_bytes){copy, len}, piece_sizes[way]);
            /* snappy's frame has no end, so that it may well end with its header */
            ck_assert(err == WEIR_E_MALFORMED || (codec->id == WEIR_COMPRESSION_SNAPPY && len == 16));
        }
    }
    for (uint32_t bit = 0; bit < in.len * 8; bit++) {
        memcpy(copy, in.p, in.len);
        copy[bit / 8] ^= (uint8_t)(1U << bit % 8);
        agree(codec, (weir_bytes){copy, in.len}, bit % 3 == 0 ? 1 : bit % 3 == 1 ? ANY : WHOLE);
    }
    free(copy);
}
END_TEST

START_TEST(noise) {
    const weir__codec *codec = codecs[_i];
    fill(20, 1);
    weir_bytes in = pack(codec, 2, 20, WHOLE);
    for (uint32_t round = 0; round < 1000; round++) {
        uint32_t len = below(200), head = below(in.len + 1);
        uint8_t *copy = malloc(len + head + 1);
        memcpy(copy, in.p, head); /* a true beginning gets the noise further in */
        for (uint32_t n = 0; n < len; n++)
            copy[head + n] = (uint8_t)below(256);
        agree(codec, (weir_bytes){copy, head + len}, piece_sizes[round % 3]);
        free(copy);
    }
}
END_TEST

/* Megabytes of zeros in a few bytes, which go on for ever: output and memory end where they were told to. */
START_TEST(bomb) {
    const weir__codec *codec = codecs[_i];
    fill(PLAIN_MAX, 0);
    weir_bytes in = pack(codec, 2, PLAIN_MAX, WHOLE);
    for (size_t way = 0; way < PIECES; way++) {
        size_t len;
        ck_assert_int_eq(unpack(codec, in, piece_sizes[way], 100000, MEMORY, &len), WEIR_E_TOO_LARGE);
        ck_assert_uint_le(len, 100000);
        ck_assert_int_eq(unpack(codec, in, piece_sizes[way], 0, MEMORY, &len), WEIR_E_TOO_LARGE);
        ck_assert_uint_eq(len, 0);
        for (size_t memory = 0; memory < 6000; memory += 1000)
            ck_assert_int_eq(unpack(codec, in, piece_sizes[way], PLAIN_MAX, memory, &len), WEIR_E_TOO_LARGE);
    }
}
END_TEST

/* Headers that claim gigabytes over nothing. */
START_TEST(hostile_claims) {
    /* A window of 128 MiB and an empty block; of 2 GiB and a raw block of 3 bytes; of 2^41; a content of 2^32. */
    static const uint8_t window[] = {0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x88, 0x01, 0, 0};
    static const uint8_t far[] = {0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xa8, 0x19, 0, 0, 'a', 'b', 'c'};
    static const uint8_t farthest[] = {0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xf8, 0x19, 0, 0, 'a', 'b', 'c'};
    static const uint8_t content[] = {0x28, 0xb5, 0x2f, 0xfd, 0xe0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0};
    /* Right, but of a format that libzstd reads in memory of its own. */
    static const uint8_t old[] = {0x27, 0xb5, 0x2f, 0xfd, 0, 0, 0x40, 0, 3, 'a', 'b', 'c', 0xc0, 0, 0};
    static const uint8_t snappy[] = {0xff, 0xff, 0xff, 0xff, 0x0f, 0, 0};
    static const uint8_t xerial[] = {0x82, 'S', 'N', 'A', 'P', 'P', 'Y', 0, 0, 0, 0, 1, 0, 0, 0, 1, 0x7f, 0xff, 0xff};
    static const uint8_t lz4[] = {0x04, 0x22, 0x4d, 0x18, 0x60, 0x70, 0x73, 0xff, 0xff, 0xff, 0x7f};
    static const uint8_t skipped[] = {0x50, 0x2a, 0x4d, 0x18, 0xff, 0xff, 0xff, 0xff, 1};
    const struct {
        int id;
        weir_bytes in;
        weir_err want;
    } cases[] = {{4, {window, sizeof window}, WEIR_E_TOO_LARGE},     {4, {far, sizeof far}, WEIR_E_TOO_LARGE},
                 {4, {farthest, sizeof farthest}, WEIR_E_TOO_LARGE}, {4, {content, sizeof content}, WEIR_E_TOO_LARGE},
                 {4, {old, sizeof old}, WEIR_E_MALFORMED},           {4, {skipped, sizeof skipped}, WEIR_E_MALFORMED},
                 {2, {snappy, sizeof snappy}, WEIR_E_MALFORMED},     {2, {xerial, sizeof xerial}, WEIR_E_MALFORMED},
                 {3, {lz4, sizeof lz4}, WEIR_E_MALFORMED},           {3, {skipped, sizeof skipped}, WEIR_E_MALFORMED}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int way = 0; way < 2; way++) {
            const weir__codec *codec = weir__codec_find(cases[i].id);
            size_t len;
            weir_err err =
                codec ? unpack(codec, cases[i].in, piece_sizes[way], PLAIN_MAX, 1 << 20, &len) : cases[i].want;
            ck_assert_msg(err == cases[i].want, "case %zu: %s", i, weir_err_name(err));
        }
    weir_bytes out;
    size_t size;
    ck_assert_int_eq(unpack_at_once(&weir__codec_zstd, (weir_bytes){old, sizeof old}, 100, &out, &size),
                     WEIR_E_MALFORMED);
}
END_TEST

/* The window of a frame fits the memory, or does not. */
START_TEST(zstd_window) {
    size_t len;
    fill(PLAIN_MAX, 3);
    weir_bytes in = pack(&weir__codec_zstd, 2, PLAIN_MAX, ANY); /* its window is 2 MiB */
    ck_assert_int_eq(unpack(&weir__codec_zstd, in, ANY, PLAIN_MAX, 3 << 20, &len), WEIR_END);
    ck_assert_int_eq(unpack(&weir__codec_zstd, in, ANY, PLAIN_MAX, 2 << 20, &len), WEIR_E_TOO_LARGE);
}
END_TEST

START_TEST(snappy_bare_block) {
    static const uint8_t block[] = {5, 4 << 2, 'h', 'e', 'l', 'l', 'o'};
    static const uint8_t longer[] = {9, 8 << 2, 'h', 'e', 'l', 'l', 'o', 'b', 'a', 'r', 'e'};
    const weir__codec *codec = weir__codec_find(WEIR_COMPRESSION_SNAPPY);
    for (size_t way = 0; codec && way < PIECES; way++) {
        size_t len;
        ck_assert_int_eq(agree(codec, (weir_bytes){block, sizeof block}, piece_sizes[way]), WEIR_END);
        ck_assert_mem_eq(result, "hello", 5);
        ck_assert_int_eq(agree(codec, (weir_bytes){longer, sizeof longer}, piece_sizes[way]), WEIR_END);
        ck_assert_mem_eq(result, "hellobare", 9);
        ck_assert_int_eq(unpack(codec, (weir_bytes){block, sizeof block}, piece_sizes[way], 4, MEMORY, &len),
                         WEIR_E_TOO_LARGE);
    }
}
END_TEST

/* Frames by liblz4's own writer: blocks of each size that look back, or not, with checksums and content size. */
START_TEST(lz4_frames_of_others) {
    fill(PLAIN_MAX, 1);
    for (int kind = 0; kind < 32; kind++) {
        LZ4F_preferences_t how = {0};
        for (uint32_t at = 0; at < PLAIN_MAX; at += 1 + below(9000))
            plain[at] = (uint8_t)below(256);
        how.frameInfo.blockSizeID = kind & 1 ? LZ4F_max64KB : LZ4F_max256KB;
        how.frameInfo.blockMode = kind & 2 ? LZ4F_blockLinked : LZ4F_blockIndependent;
        how.frameInfo.blockChecksumFlag = kind & 4 ? LZ4F_blockChecksumEnabled : LZ4F_noBlockChecksum;
        how.frameInfo.contentChecksumFlag = kind & 8 ? LZ4F_contentChecksumEnabled : LZ4F_noContentChecksum;
        how.frameInfo.contentSize = kind & 16 ? PLAIN_MAX : 0;
        size_t size = LZ4F_compressFrame(packed, ROOM, plain, PLAIN_MAX, &how);
        ck_assert(!LZ4F_isError(size));
        weir_bytes in = {packed, (uint32_t)size};
        for (size_t way = kind == 31 ? 0 : 1; way < 3; way++) {
            ck_assert_int_eq(agree(&weir__codec_lz4, in, piece_sizes[way]), WEIR_END);
            ck_assert_mem_eq(result, plain, PLAIN_MAX);
        }
        packed[size - 1] ^= 1; /* of the end mark, or of the checksum */
        ck_assert_int_eq(agree(&weir__codec_lz4, in, ANY), WEIR_E_MALFORMED);
    }
}
END_TEST

/* The header checksum of magic 0 (KAFKA-3160), both ways. */
START_TEST(lz4_of_magic_0) {
    fill(70000, 1);
    weir_bytes in = pack(&weir__codec_lz4, 0, 70000, ANY);
    uint8_t *copy = malloc(in.len);
    memcpy(copy, in.p, in.len);
    ck_assert_int_eq(agree(&weir__codec_lz4, (weir_bytes){copy, in.len}, 1), WEIR_END);
    weir_bytes right = pack_at_once(&weir__codec_lz4, 70000);
    ck_assert_int_ne(right.p[6], copy[6]);
    weir__lz4_spoil(packed);
    ck_assert_uint_eq(right.len, in.len);
    ck_assert_mem_eq(right.p, copy, in.len);
    free(copy);
}
END_TEST

static const weir__codec *failing_codec;
static bool failing_packs;

/* A whole stream while memory fails; true when none did. */
static bool with_failures(int64_t n, int64_t count) {
    failing_alloc heap;
    weir_budget budget;
    weir_stream *stream;
    failing_init(&heap);
    weir_budget_init(&budget, &heap.alloc, SIZE_MAX);
    weir_bytes in = {plain, PLAIN_MAX};
    size_t len = ROOM;
    if (!failing_packs)
        in = pack_at_once(failing_codec, PLAIN_MAX);
    failing_next(&heap, n, count);
    weir_err err = failing_packs ? weir_stream_compress(&budget.alloc, failing_codec->id, 2, &stream)
                                 : weir_stream_decompress(&budget.alloc, failing_codec->id, PLAIN_MAX, MEMORY, &stream);
    if (err == WEIR_OK)
        err = pump(stream, in, ANY, ANY, result, &len);
    weir_stream_close(stream);
    bool failed = failing_stop(&heap);
    ck_assert_msg(err == (failed ? WEIR_E_NO_MEMORY : WEIR_END), "%s", weir_err_name(err));
    ck_assert_uint_eq(budget.used, 0);
    return !failed;
}

START_TEST(every_take_fails) {
    failing_codec = codecs[_i];
    fill(PLAIN_MAX, 1);
    for (int way = 0; way < 2; way++) {
        failing_packs = way == 0;
        failing_sweep(with_failures, 0, 1);
    }
}
END_TEST

START_TEST(not_there) {
    weir_stream *stream;
    failing_alloc heap;
    failing_init(&heap);
    for (int id = -1; id <= 5; id += id == 0 ? 5 : 1) {
        weir_compression compression = (weir_compression)id;
        ck_assert_int_eq(weir_stream_compress(&heap.alloc, compression, 2, &stream), WEIR_E_UNSUPPORTED);
        ck_assert_ptr_null(stream);
        ck_assert_int_eq(weir_stream_decompress(&heap.alloc, compression, 1, MEMORY, &stream), WEIR_E_UNSUPPORTED);
        ck_assert_ptr_null(stream);
    }
    ck_assert_int_eq(weir_stream_compress(&heap.alloc, WEIR_COMPRESSION_ZSTD, 1, &stream), WEIR_E_UNSUPPORTED);
    weir_stream_close(NULL);
    ck_assert_int_eq(heap.takes, 0);
}
END_TEST

int main(void) {
    for (int id = 1; id <= 4; id++)
        if (weir__codec_find(id))
            codecs[codec_count++] = weir__codec_find(id);
    plain = malloc(PLAIN_MAX);
    packed = malloc(ROOM);
    result = malloc(ROOM);
    Suite *suite = suite_create("stream");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 100);
    tcase_add_loop_test(all, both_ways, 0, codec_count);
    tcase_add_loop_test(all, uneven, 0, codec_count);
    tcase_add_loop_test(all, concatenated, 0, codec_count);
    tcase_add_loop_test(all, cut_and_damaged, 0, codec_count);
    tcase_add_loop_test(all, noise, 0, codec_count);
    tcase_add_loop_test(all, bomb, 0, codec_count);
    tcase_add_loop_test(all, every_take_fails, 0, codec_count);
    tcase_add_test(all, hostile_claims);
    tcase_add_test(all, zstd_window);
    tcase_add_test(all, snappy_bare_block);
    tcase_add_test(all, lz4_frames_of_others);
    tcase_add_test(all, lz4_of_magic_0);
    tcase_add_test(all, not_there);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    free(plain);
    free(packed);
    free(result);
    return failed != 0;
}
