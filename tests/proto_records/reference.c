#include "reference.h"

#include <string.h>

/* Reads a signed varint of at most `bits` bits; sets *bad instead of failing. */
static int64_t number(const uint8_t **p, const uint8_t *end, unsigned bits, bool *bad) {
    uint64_t value = 0;
    unsigned shift = 0;
    for (;; shift += 7) {
        if (*p >= end || shift >= bits) {
            *bad = true;
            return 0;
        }
        uint64_t group = **p & 0x7f;
        if (bits - shift < 7 && group >> (bits - shift)) {
            *bad = true;
            return 0;
        }
        value |= group << shift;
        if (*(*p)++ < 0x80)
            break;
    }
    return (int64_t)(value / 2) * (value % 2 ? -1 : 1) - (int64_t)(value % 2);
}

static weir_bytes sized(const uint8_t **p, const uint8_t *end, bool nullable, bool *bad) {
    int64_t len = number(p, end, 32, bad);
    if (!*bad && len == -1 && nullable)
        return (weir_bytes){NULL, 0};
    if (*bad || len < 0 || len > end - *p) {
        *bad = true;
        return (weir_bytes){NULL, 0};
    }
    weir_bytes bytes = {*p, (uint32_t)len};
    *p += len;
    return bytes;
}

weir_err reference_next(reference *r, weir_record *record) {
    if (r->left <= 0)
        return r->p == r->end ? WEIR_END : WEIR_E_MALFORMED;
    bool bad = false;
    const uint8_t *p = r->p;
    weir_bytes body = sized(&p, r->end, false, &bad);
    if (bad || body.len == 0)
        return WEIR_E_MALFORMED;
    const uint8_t *at = body.p + 1, *end = body.p + body.len;
    int64_t timestamp = number(&at, end, 64, &bad), offset = number(&at, end, 32, &bad);
    record->key = sized(&at, end, true, &bad);
    record->value = sized(&at, end, true, &bad);
    int64_t count = number(&at, end, 32, &bad);
    record->headers = (weir_bytes){at, (uint32_t)(end - at)};
    for (int64_t i = 0; i < count && !bad; i++) {
        sized(&at, end, false, &bad);
        sized(&at, end, true, &bad);
    }
    if (bad || at != end || count < 0 || offset <= r->previous || offset > r->last_delta - (r->left - 1))
        return WEIR_E_MALFORMED;
    record->header_count = (int32_t)count;
    record->offset = r->base_offset + offset;
    record->timestamp = (int64_t)((uint64_t)r->base_timestamp + (uint64_t)timestamp);
    record->timestamp_type = WEIR_TIMESTAMP_CREATE;
    r->p = p;
    r->previous = (int32_t)offset;
    r->left--;
    return WEIR_OK;
}

static size_t put_number(uint8_t *at, int64_t value) {
    uint64_t rest = value < 0 ? (uint64_t)(-(value + 1)) * 2 + 1 : (uint64_t)value * 2;
    size_t size = 0;
    for (; rest > 127; rest /= 128)
        at[size++] = (uint8_t)(rest % 128 + 128);
    at[size++] = (uint8_t)rest;
    return size;
}

static size_t put_sized(uint8_t *at, weir_bytes bytes) {
    if (bytes.p == NULL)
        return put_number(at, -1);
    size_t size = put_number(at, bytes.len);
    memcpy(at + size, bytes.p, bytes.len);
    return size + bytes.len;
}

size_t reference_put(uint8_t *at, const weir_record *record, int64_t base_timestamp, int32_t offset_delta) {
    uint8_t *p = at + 5; /* no length takes more */
    *p++ = 0;
    p += put_number(p, (int64_t)((uint64_t)record->timestamp - (uint64_t)base_timestamp));
    p += put_number(p, offset_delta);
    p += put_sized(p, record->key);
    p += put_sized(p, record->value);
    p += put_number(p, record->header_count);
    if (record->headers.len > 0)
        memcpy(p, record->headers.p, record->headers.len);
    p += record->headers.len;
    size_t body = (size_t)(p - at) - 5, size = put_number(at, (int64_t)body);
    memmove(at + size, at + 5, body);
    return size + body;
}
