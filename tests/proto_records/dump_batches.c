/* Prints batches written by Weir, with what should be in them, for RecordVectors.java to read back. */
#include <stdlib.h>
#include <string.h>

#include <codec.h>

#include "describe.h"

#define T0 INT64_C(1700000000000)

static uint8_t memory[1 << 20], packed[1 << 20], messages[1 << 20];

static void *heap_take(weir_alloc *self, size_t size) {
    (void)self;
    return malloc(size);
}

static void heap_give(weir_alloc *self, void *p, size_t size) {
    (void)self;
    (void)size;
    free(p);
}

static weir_alloc heap = {heap_take, heap_give};

static weir_bytes bytes_of(const char *text) {
    return (weir_bytes){(const uint8_t *)text, text ? (uint32_t)strlen(text) : 0};
}

static void append(weir_batch_writer *w, int64_t timestamp, const char *key, const char *value, weir_bytes headers,
                   int32_t header_count) {
    weir_record record = {.timestamp = timestamp,
                          .key = bytes_of(key),
                          .value = bytes_of(value),
                          .header_count = header_count,
                          .headers = headers};
    if (weir_batch_append(w, &record) != WEIR_OK)
        abort();
}

static void fill(weir_batch_writer *w) {
    uint8_t area[64];
    weir_header some[] = {{{"a", 1}, bytes_of("1")}, {{"a", 1}, {NULL, 0}}, {{"", 0}, bytes_of("")}};
    size_t len = 0;
    for (size_t i = 0; i < 3; i++)
        len += weir_header_write(area + len, sizeof area - len, &some[i]);
    weir_bytes none = {NULL, 0};
    append(w, T0, "key", "value", none, 0);
    append(w, T0 - 70000, NULL, "earlier", none, 0);
    append(w, -1, "tombstone", NULL, none, 0);
    append(w, T0 + 1, NULL, NULL, (weir_bytes){area, (uint32_t)len}, 3);
    append(w, INT64_MAX, "", "", none, 0);
    for (int i = 0; i < 9000; i++) {
        char text[40];
        snprintf(text, sizeof text, "value %d", i);
        append(w, T0 + i, i % 2 ? text : NULL, text, none, 0);
    }
}

static void print(const char *name, weir_records set) {
    printf("batch %s\nbytes ", name);
    describe_hex(stdout, set.p, set.len);
    putchar('\n');
    if (describe_set(stdout, set) != WEIR_END)
        abort();
    puts("end");
}

/* The records of a batch again as a message set; those with headers are left out. */
static void print_messages(const char *name, weir_records batch, int8_t magic, weir_compression codec) {
    weir_batch_header h;
    weir_batch_walk walk;
    weir_record record;
    weir_message_writer w;
    if (weir_batch_open(batch, &h) != WEIR_OK)
        abort();
    weir_batch_walk_init(&walk, &h, weir_batch_records(batch, &h));
    weir_message_writer_init(&w, messages, sizeof messages, magic, 0);
    while (weir_batch_next(&walk, &record) == WEIR_OK)
        if (record.header_count == 0 && weir_message_append(&w, &record) != WEIR_OK)
            abort();
    weir_records set = weir_message_close(&w);
    if (codec) {
        size_t front = WEIR_MESSAGE_OVERHEAD(magic), size = sizeof packed - front;
        if (weir_records_compress(&heap, codec, magic, (weir_bytes){set.p, set.len}, packed + front, &size) != WEIR_OK)
            return; /* a build without this codec */
        set = weir_message_close_compressed(&w, codec, packed, size);
    }
    print(name, set);
}

int main(void) {
    static const char *const names[2][4] = {{"v0-none", "v0-gzip", "v0-snappy", "v0-lz4"},
                                            {"v1-none", "v1-gzip", "v1-snappy", "v1-lz4"}};
    weir_batch_identity nobody = {-1, -1, -1, false}, somebody = {4711, 3, 17, true};
    weir_batch_writer w;
    weir_batch_writer_init(&w, memory, sizeof memory);
    fill(&w);
    weir_records plain = weir_batch_close(&w, &nobody);
    print("none", plain);
    for (int8_t magic = 0; magic < 2; magic++)
        for (int codec = 0; codec < 4; codec++)
            print_messages(names[magic][codec], plain, magic, (weir_compression)codec);
    print("transactional", weir_batch_close(&w, &somebody));
    for (int id = 1; id <= 4; id++) {
        const weir__codec *codec = weir__codec_find(id);
        if (!codec)
            continue;
        weir_bytes records = {memory + WEIR_BATCH_HEADER_SIZE, (uint32_t)(w.p - memory - WEIR_BATCH_HEADER_SIZE)};
        size_t size = sizeof packed - WEIR_BATCH_HEADER_SIZE;
        if (codec->compress(&heap, records, packed + WEIR_BATCH_HEADER_SIZE, &size) != WEIR_OK)
            abort();
        print(codec->name, weir_batch_close_compressed(&w, codec->id, packed, size, &somebody));
    }
    return 0;
}
