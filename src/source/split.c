/* Snapshots of splits: "WSPL", int16 version, uint32 count, the splits, CRC-32C of all before. A split is an uint16
   size and that many bytes, so that a later version may append members which this one passes over. Big-endian. */
#include <weir/config.h>
#include <weir/record.h>
#include <weir/source.h>
#include <weir/wire.h>

#include <string.h>

static const char magic[4] = {'W', 'S', 'P', 'L'};

#define VERSION    1
#define HEAD_SIZE  10 /* magic, version, count */
#define CRC_SIZE   4
#define FIXED_SIZE 42 /* of a split's members without the topic's text, their size field not included */

static void put_split(weir_out *out, const weir_split *split) {
    weir_out_u16(out, (uint16_t)(FIXED_SIZE + split->topic.len));
    weir_out_u16(out, (uint16_t)split->topic.len);
    weir_out_bytes(out, split->topic.p, split->topic.len);
    weir_out_bytes(out, split->topic_id.b, sizeof split->topic_id.b);
    weir_out_i32(out, split->partition);
    weir_out_i64(out, split->position);
    weir_out_i64(out, split->stop);
    weir_out_i32(out, split->leader_epoch);
}

static size_t size_of(const weir_split *splits, size_t count) {
    size_t size = HEAD_SIZE + CRC_SIZE;
    for (size_t n = 0; n < count; n++)
        size += 2 + FIXED_SIZE + splits[n].topic.len;
    return size;
}

size_t weir_splits_encode(const weir_split *splits, size_t count, uint8_t *out, size_t room) {
    size_t size = size_of(splits, count);
    if (out == NULL || room < size)
        return size;
    weir_out o;
    weir_out_init(&o, out, size);
    weir_out_bytes(&o, magic, sizeof magic);
    weir_out_i16(&o, VERSION);
    weir_out_u32(&o, (uint32_t)count);
    for (size_t n = 0; n < count; n++)
        put_split(&o, &splits[n]);
    weir_out_u32(&o, weir_crc32c(0, out, size - CRC_SIZE));
    return size;
}

static bool get_split(weir_in *in, int16_t version, weir_split *split) {
    weir_bytes entry = weir_in_take(in, weir_in_u16(in));
    weir_in e;
    weir_in_init(&e, entry.p, entry.len);
    weir_bytes topic = weir_in_take(&e, weir_in_u16(&e));
    weir_bytes id = weir_in_take(&e, sizeof split->topic_id.b);
    split->topic = (weir_str){(const char *)topic.p, topic.len};
    split->partition = weir_in_i32(&e);
    split->position = weir_in_i64(&e);
    split->stop = weir_in_i64(&e);
    split->leader_epoch = weir_in_i32(&e);
    if (in->error != WEIR_OK || e.error != WEIR_OK || (version == VERSION && weir_in_left(&e) != 0))
        return false;
    memcpy(split->topic_id.b, id.p, sizeof split->topic_id.b);
    return topic.len > 0 && topic.len <= WEIR_TOPIC_MAX && split->partition >= 0 && split->position >= 0 &&
           split->stop >= 0 && split->leader_epoch >= -1;
}

/* Checks everything up to the splits; leaves `in` at the first. */
static weir_err open_snapshot(weir_bytes snapshot, weir_in *in, int16_t *version, uint32_t *count) {
    if (snapshot.p == NULL || snapshot.len < HEAD_SIZE + CRC_SIZE)
        return WEIR_E_CHECKPOINT;
    weir_in_init(in, snapshot.p + snapshot.len - CRC_SIZE, CRC_SIZE);
    uint32_t crc = weir_in_u32(in);
    weir_in_init(in, snapshot.p, snapshot.len - CRC_SIZE);
    weir_bytes start = weir_in_take(in, sizeof magic);
    *version = weir_in_i16(in);
    *count = weir_in_u32(in);
    if (memcmp(start.p, magic, sizeof magic) != 0 || *version < 1)
        return WEIR_E_CHECKPOINT;
    if (*count > weir_in_left(in) / (2 + FIXED_SIZE))
        return WEIR_E_CHECKPOINT;
    return crc == weir_crc32c(0, snapshot.p, snapshot.len - CRC_SIZE) ? WEIR_OK : WEIR_E_CHECKPOINT;
}

/* Reads a snapshot through; `splits` may be NULL to check it only. */
static weir_err read_snapshot(weir_bytes snapshot, size_t *count, weir_split *splits) {
    weir_in in;
    int16_t version;
    uint32_t left;
    weir_err err = open_snapshot(snapshot, &in, &version, &left);
    if (err != WEIR_OK)
        return err;
    *count = left;
    for (weir_split one; left > 0; left--) {
        if (!get_split(&in, version, &one))
            return WEIR_E_CHECKPOINT;
        if (splits != NULL)
            *splits++ = one;
    }
    return weir_in_left(&in) == 0 ? WEIR_OK : WEIR_E_CHECKPOINT;
}

weir_err weir_splits_count(weir_bytes snapshot, size_t *count) {
    *count = 0;
    size_t found;
    weir_err err = read_snapshot(snapshot, &found, NULL);
    if (err == WEIR_OK)
        *count = found;
    return err;
}

weir_err weir_splits_decode(weir_bytes snapshot, weir_split *splits) {
    size_t count;
    return read_snapshot(snapshot, &count, splits);
}
