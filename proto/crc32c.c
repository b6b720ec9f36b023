/* CRC-32C (Castagnoli, RFC 3720 appendix B.4), reflected. Inner functions work on the inverted register; weir_crc32c
   inverts on both sides. There is no state: which of them runs is asked of the processor at each call, a load and a
   test. */
#include <weir/record.h>

#include <string.h>

#include "crc_slices.h"

#if defined(WEIR_CRC32C_PORTABLE) /* for tests, and for compilers without the intrinsics */
#elif defined(__x86_64__) && defined(__GNUC__)
#define WITH_SSE42 1
#include <nmmintrin.h>
#include <wmmintrin.h>
#elif defined(__ARM_FEATURE_CRC32) && defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define WITH_ARM_CRC 1
#include <arm_acle.h>
#endif

#if defined(WITH_SSE42)

/* Bytes of each of the three streams that run side by side: one crc32 instruction waits 3 cycles for its result. */
#define STREAM 1024
/* x^(8 n - 33) modulo the polynomial, reflected: multiplying a register by it moves it past n zero bytes. */
#define PAST_ONE_STREAM  0x170076fa
#define PAST_TWO_STREAMS 0xa51b6135

static inline uint64_t load64(const uint8_t *p) {
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

/* The carry-less product of a register and a constant, still 64 bits wide. */
static inline __attribute__((target("sse4.2,pclmul"))) uint64_t past(uint32_t crc, uint32_t constant) {
    __m128i product = _mm_clmulepi64_si128(_mm_cvtsi32_si128((int)crc), _mm_cvtsi32_si128((int)constant), 0);
    return (uint64_t)_mm_cvtsi128_si64(product);
}

static inline __attribute__((target("sse4.2,pclmul"))) uint64_t four_words(uint64_t crc, const uint8_t *p) {
    crc = _mm_crc32_u64(crc, load64(p));
    crc = _mm_crc32_u64(crc, load64(p + 8));
    crc = _mm_crc32_u64(crc, load64(p + 16));
    return _mm_crc32_u64(crc, load64(p + 24));
}

static __attribute__((target("sse4.2,pclmul"))) uint32_t three_streams(uint32_t crc, const uint8_t *p) {
    uint64_t a = crc, b = 0, c = 0;
    for (size_t i = 0; i < STREAM; i += 64, p += 64) {
        a = four_words(four_words(a, p), p + 32);
        b = four_words(four_words(b, p + STREAM), p + STREAM + 32);
        c = four_words(four_words(c, p + 2 * STREAM), p + 2 * STREAM + 32);
    }
    uint64_t joined = past((uint32_t)a, PAST_TWO_STREAMS) ^ past((uint32_t)b, PAST_ONE_STREAM);
    return (uint32_t)(_mm_crc32_u64(0, joined) ^ c);
}

static __attribute__((target("sse4.2,pclmul"))) uint32_t crc_sse42(uint32_t crc, const uint8_t *p, size_t len) {
    for (; len >= 3 * STREAM; p += 3 * STREAM, len -= 3 * STREAM)
        crc = three_streams(crc, p);
    for (; len >= 32; p += 32, len -= 32)
        crc = (uint32_t)four_words(crc, p);
    for (; len >= 8; p += 8, len -= 8)
        crc = (uint32_t)_mm_crc32_u64(crc, load64(p));
    for (; len; p++, len--)
        crc = _mm_crc32_u8(crc, *p);
    return crc;
}

#elif defined(WITH_ARM_CRC)

static uint32_t crc_arm(uint32_t crc, const uint8_t *p, size_t len) {
    for (; len >= 8; p += 8, len -= 8) {
        uint64_t v;
        memcpy(&v, p, sizeof v);
        crc = __crc32cd(crc, v);
    }
    for (; len; p++, len--)
        crc = __crc32cb(crc, *p);
    return crc;
}

#endif

#if !defined(WITH_ARM_CRC)

static const uint32_t slices[8][256] = {
    ROW(0xf26b8303, 0xe13b70f7, 0xc79a971f, 0x8ad958cf, 0x105ec76f, 0x20bd8ede, 0x417b1dbc, 0x82f63b78),
    ROW(0x13a29877, 0x274530ee, 0x4e8a61dc, 0x9d14c3b8, 0x3fc5f181, 0x7f8be302, 0xff17c604, 0xfbc3faf9),
    ROW(0xa541927e, 0x4f6f520d, 0x9edea41a, 0x38513ec5, 0x70a27d8a, 0xe144fb14, 0xc76580d9, 0x8b277743),
    ROW(0xdd45aab8, 0xbf672381, 0x7b2231f3, 0xf64463e6, 0xe964b13d, 0xd725148b, 0xaba65fe7, 0x52a0c93f),
    ROW(0x38116fac, 0x7022df58, 0xe045beb0, 0xc5670b91, 0x8f2261d3, 0x1ba8b557, 0x37516aae, 0x6ea2d55c),
    ROW(0xef306b19, 0xdb8ca0c3, 0xb2f53777, 0x6006181f, 0xc00c303e, 0x85f4168d, 0x0e045beb, 0x1c08b7d6),
    ROW(0x68032cc8, 0xd0065990, 0xa5e0c5d1, 0x4e2dfd53, 0x9c5bfaa6, 0x3d5b83bd, 0x7ab7077a, 0xf56e0ef4),
    ROW(0x493c7d27, 0x9278fa4e, 0x211d826d, 0x423b04da, 0x847609b4, 0x0d006599, 0x1a00cb32, 0x34019664)};

#endif

uint32_t weir_crc32c(uint32_t crc, const void *bytes, size_t len) {
#if defined(WITH_ARM_CRC)
    return ~crc_arm(~crc, bytes, len);
#else
#if defined(WITH_SSE42)
    if (__builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("pclmul"))
        return ~crc_sse42(~crc, bytes, len);
#endif
    return ~weir__crc_slices(slices, ~crc, bytes, len);
#endif
}
