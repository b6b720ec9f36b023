/* Committables as bytes: "WSNK", version, count, then each. Big-endian, as on the wire. */
#include <string.h>

#include <weir/sink.h>
#include <weir/wire.h>

#define MAGIC   0x57534e4bu
#define VERSION 1

size_t weir_committables_encode(const weir_committable *committables, size_t count, uint8_t *bytes, size_t room) {
    weir_out out;
    weir_out_init(&out, bytes, room);
    weir_out_u32(&out, MAGIC);
    weir_out_i16(&out, VERSION);
    weir_out_u32(&out, (uint32_t)count);
    for (size_t n = 0; n < count; n++) {
        const weir_committable *c = &committables[n];
        size_t len = strlen(c->transactional_id);
        weir_out_u16(&out, (uint16_t)len);
        weir_out_bytes(&out, c->transactional_id, len);
        weir_out_i64(&out, c->producer_id);
        weir_out_i16(&out, c->producer_epoch);
        weir_out_i16(&out, c->transaction_version);
        weir_out_i64(&out, (int64_t)c->checkpoint);
        weir_out_i64(&out, (int64_t)c->records);
    }
    return out.total;
}

/* The least bytes a committable takes: the count is believed only if the bytes can hold it. */
#define COMMITTABLE_MIN (2 + 1 + 8 + 2 + 2 + 8 + 8)

static weir_err header(weir_in *in, size_t *count) {
    if (weir_in_u32(in) != MAGIC || weir_in_i16(in) != VERSION)
        return WEIR_E_CHECKPOINT;
    *count = weir_in_u32(in);
    return in->error == WEIR_OK && *count <= weir_in_left(in) / COMMITTABLE_MIN ? WEIR_OK : WEIR_E_CHECKPOINT;
}

weir_err weir_committables_count(weir_bytes snapshot, size_t *count) {
    weir_in in;
    weir_in_init(&in, snapshot.p, snapshot.len);
    return header(&in, count);
}

static weir_err read_one(weir_in *in, weir_committable *c) {
    memset(c, 0, sizeof *c);
    size_t len = weir_in_u16(in);
    if (len == 0 || len >= sizeof c->transactional_id)
        return WEIR_E_CHECKPOINT;
    weir_bytes id = weir_in_take(in, len);
    if (id.p == NULL || memchr(id.p, '\0', id.len) != NULL)
        return WEIR_E_CHECKPOINT;
    memcpy(c->transactional_id, id.p, id.len);
    c->producer_id = weir_in_i64(in);
    c->producer_epoch = weir_in_i16(in);
    c->transaction_version = weir_in_i16(in);
    c->checkpoint = (uint64_t)weir_in_i64(in);
    c->records = (uint64_t)weir_in_i64(in);
    bool sane = c->producer_id >= 0 && c->producer_epoch >= 0 && c->transaction_version >= 0;
    return in->error == WEIR_OK && sane ? WEIR_OK : WEIR_E_CHECKPOINT;
}

weir_err weir_committables_decode(weir_bytes snapshot, weir_committable *committables) {
    weir_in in;
    size_t count;
    weir_in_init(&in, snapshot.p, snapshot.len);
    weir_err err = header(&in, &count);
    for (size_t n = 0; err == WEIR_OK && n < count; n++)
        err = read_one(&in, &committables[n]);
    return err == WEIR_OK && weir_in_left(&in) > 0 ? WEIR_E_CHECKPOINT : err;
}
