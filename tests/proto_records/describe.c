#include "describe.h"

#include <inttypes.h>
#include <stdlib.h>

#include <codec.h>

static void *heap_take(weir_alloc *self, size_t size) {
    (void)self;
    return malloc(size);
}

static void heap_give(weir_alloc *self, void *p, size_t size) {
    (void)self;
    (void)size;
    free(p);
}

weir_alloc describe_heap = {heap_take, heap_give};

void describe_hex(FILE *out, const void *p, size_t len) {
    const uint8_t *bytes = p;
    if (!p)
        fputc('-', out);
    else if (len == 0)
        fputc('.', out);
    else
        for (size_t i = 0; i < len; i++)
            fprintf(out, "%02x", bytes[i]);
}

static const char *name_of(int16_t attributes) {
    int id = attributes & WEIR_ATTR_COMPRESSION;
    const weir__codec *codec = weir__codec_find(id);
    return codec ? codec->name : "none";
}

static void describe_header(FILE *out, const weir_batch_header *h, int64_t first) {
    char count[12] = "null";
    if (h->magic == 2)
        snprintf(count, sizeof count, "%" PRId32, h->record_count);
    fprintf(out, "open %" PRId64 " %" PRId64 " %s %" PRId32 " %" PRId64 " %d %" PRId32 " %s %s %s %" PRId64 "\n", first,
            h->base_offset + h->last_offset_delta, count, h->leader_epoch, h->producer_id, h->producer_epoch,
            h->base_sequence, name_of(h->attributes), h->attributes & WEIR_ATTR_TRANSACTIONAL ? "true" : "false",
            h->attributes & WEIR_ATTR_CONTROL ? "true" : "false", h->max_timestamp);
}

static weir_err describe_record(FILE *out, const weir_record *r) {
    fprintf(out, "record %" PRId64 " %" PRId64 " %d ", r->offset, r->timestamp, (int)r->timestamp_type);
    describe_hex(out, r->key.p, r->key.len);
    fputc(' ', out);
    describe_hex(out, r->value.p, r->value.len);
    weir_bytes headers = r->headers;
    weir_header header;
    weir_err err;
    int32_t count = 0;
    for (; (err = weir_headers_next(&headers, &header)) == WEIR_OK; count++) {
        fputc(' ', out);
        describe_hex(out, header.name.p, header.name.len);
        fputc('=', out);
        describe_hex(out, header.value.p, header.value.len);
    }
    fputc('\n', out);
    return err == WEIR_END && count == r->header_count ? WEIR_OK : WEIR_E_MALFORMED;
}

/* Java says of a batch of before magic 2 that it begins with its first record. */
static int64_t first_offset(const weir_batch_header *h, weir_bytes bytes) {
    weir_batch_walk walk;
    weir_record record;
    weir_batch_walk_init(&walk, h, bytes);
    return h->magic < 2 && weir_batch_next(&walk, &record) == WEIR_OK ? record.offset : h->base_offset;
}

static weir_err describe_batch(FILE *out, const weir_batch_header *h, weir_bytes bytes) {
    weir_batch_walk walk;
    weir_record record;
    describe_header(out, h, first_offset(h, bytes));
    weir_batch_walk_init(&walk, h, bytes);
    weir_err err;
    while ((err = weir_batch_next(&walk, &record)) == WEIR_OK)
        if ((err = describe_record(out, &record)) != WEIR_OK)
            break;
    return err == WEIR_END ? WEIR_OK : err;
}

weir_err describe_set(FILE *out, weir_records set) {
    weir_batch_header h;
    weir_err err;
    while ((err = weir_batch_open(set, &h)) == WEIR_OK) {
        weir_bytes bytes = weir_batch_records(set, &h), plain = {NULL, 0};
        const weir__codec *codec = weir__codec_find(h.attributes & WEIR_ATTR_COMPRESSION);
        size_t plain_size = 0;
        if (codec && (err = codec->decompress(&describe_heap, bytes, 1 << 24, &plain, &plain_size)) != WEIR_OK)
            return err;
        err = describe_batch(out, &h, codec ? plain : bytes);
        free((void *)(uintptr_t)plain.p);
        if (err != WEIR_OK)
            return err;
        set = (weir_records){set.p + h.size, set.len - h.size};
    }
    return err;
}
