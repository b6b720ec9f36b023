/* Record headers in wire form (KIP-82), and the bounds-checked varints that the careful paths use. */
#include "record_wire.h"

#include <string.h>

bool weir__varlong_take(const uint8_t **p, const uint8_t *end, uint64_t *zigzagged) {
    const uint8_t *at = *p;
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 70 && at < end; shift += 7) {
        uint8_t byte = *at++;
        if (shift == 63 && byte > 1)
            return false;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            *p = at;
            *zigzagged = value;
            return true;
        }
    }
    return false;
}

bool weir__varint_take_any(const uint8_t **p, const uint8_t *end, uint32_t *zigzagged) {
    const uint8_t *at = *p;
    uint32_t value = 0;
    for (unsigned shift = 0; shift < 35 && at < end; shift += 7) {
        uint8_t byte = *at++;
        if (shift == 28 && byte > 0x0f)
            return false;
        value |= (uint32_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            *p = at;
            *zigzagged = value;
            return true;
        }
    }
    return false;
}

weir_err weir_headers_next(weir_bytes *headers, weir_header *header) {
    if (headers->len == 0)
        return WEIR_END;
    const uint8_t *p = headers->p, *end = p + headers->len;
    weir_bytes name, value;
    if (!weir__sized_take(&p, end, &name) || !name.p || !weir__sized_take(&p, end, &value))
        return WEIR_E_MALFORMED;
    header->name = (weir_str){(const char *)name.p, name.len};
    header->value = value;
    *headers = (weir_bytes){p, (uint32_t)(end - p)};
    return WEIR_OK;
}

size_t weir_header_write(uint8_t *at, size_t room, const weir_header *header) {
    uint32_t name_len = header->name.p ? header->name.len : 0;
    uint32_t value_len = header->value.p ? header->value.len : 0;
    uint64_t name_size = weir__zigzag(name_len);
    uint64_t value_size = weir__zigzag(header->value.p ? (int64_t)value_len : -1);
    uint64_t need = (uint64_t)weir__varint_size(name_size) + name_len + weir__varint_size(value_size) + value_len;
    if (need > SIZE_MAX)
        return SIZE_MAX;
    if (need > room)
        return (size_t)need;
    at = weir__varint_put(at, name_size);
    if (name_len)
        memcpy(at, header->name.p, name_len);
    at = weir__varint_put(at + name_len, value_size);
    if (value_len)
        memcpy(at, header->value.p, value_len);
    return (size_t)need;
}

const char *weir_timestamp_type_name(weir_timestamp_type type) {
    static const char *const names[] = {"NoTimestampType", "CreateTime", "LogAppendTime"};
    return names[type - WEIR_TIMESTAMP_NONE];
}
