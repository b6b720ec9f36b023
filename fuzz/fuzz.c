#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weir/posix.h>

void fuzz_broken(const char *file, int line, const char *promise) {
    fprintf(stderr, "%s:%d: broken: %s\n", file, line, promise);
    abort();
}

weir_bytes fuzz_take(fuzz_input *input, size_t len) {
    len = len < input->left ? len : input->left;
    weir_bytes bytes = {input->p, (uint32_t)len};
    if (len > 0)
        input->p += len;
    input->left -= len;
    return bytes;
}

weir_bytes fuzz_rest(fuzz_input *input) {
    return fuzz_take(input, input->left);
}

uint8_t fuzz_byte(fuzz_input *input) {
    weir_bytes one = fuzz_take(input, 1);
    return one.len > 0 ? one.p[0] : 0;
}

uint16_t fuzz_u16(fuzz_input *input) {
    unsigned high = fuzz_byte(input);
    return (uint16_t)(high << 8 | fuzz_byte(input));
}

void *fuzz_memory(size_t size) {
    void *p = malloc(size > 0 ? size : 1);
    if (p == NULL)
        abort();
    return p;
}

uint8_t *fuzz_copy(weir_bytes bytes) {
    uint8_t *copy = fuzz_memory(bytes.len);
    if (bytes.len > 0)
        memcpy(copy, bytes.p, bytes.len);
    return copy;
}

char *fuzz_text(weir_bytes bytes) {
    char *text = fuzz_memory((size_t)bytes.len + 1);
    if (bytes.len > 0)
        memcpy(text, bytes.p, bytes.len);
    text[bytes.len] = '\0';
    return text;
}

void fuzz_put_u32(uint8_t *at, uint32_t v) {
    for (int n = 0; n < 4; n++)
        at[n] = (uint8_t)(v >> (24 - 8 * n));
}

void fuzz_budget(weir_budget *budget, size_t limit) {
    weir_budget_init(budget, weir_posix_malloc(), limit);
}

void fuzz_repair_batch(uint8_t *bytes, size_t len) {
    const size_t length_at = 8, length_end = 12, crc_at = 17, covered_at = 21;
    weir_in in;
    if (len <= covered_at)
        return;
    weir_in_init(&in, bytes + length_at, length_end - length_at);
    size_t end = length_end + (size_t)weir_in_u32(&in);
    end = end < len && end > covered_at ? end : len;
    fuzz_put_u32(bytes + crc_at, weir_crc32c(0, bytes + covered_at, end - covered_at));
}

void fuzz_touch(const void *p, size_t len) {
    static volatile uint8_t sink;
    const uint8_t *bytes = p;
    uint8_t sum = 0;
    for (size_t n = 0; n < len; n++)
        sum = (uint8_t)(sum + bytes[n]);
    sink = sum;
    (void)sink;
}

void fuzz_touch_record(const weir_record *record) {
    weir_bytes headers = record->headers;
    weir_header header;
    fuzz_touch(record->key.p, record->key.len);
    fuzz_touch(record->value.p, record->value.len);
    fuzz_touch(headers.p, headers.len);
    MUST(record->header_count >= 0);
    while (weir_headers_next(&headers, &header) == WEIR_OK) {
        fuzz_touch(header.name.p, header.name.len);
        fuzz_touch(header.value.p, header.value.len);
    }
}

bool fuzz_message_named(fuzz_message *m, fuzz_input *input) {
    const weir_api *api = weir_api_find(fuzz_byte(input));
    bool response = fuzz_byte(input) != 0;
    *m = (fuzz_message){.version = fuzz_byte(input)};
    if (api == NULL)
        return false;
    m->schema = response ? api->response : api->request;
    return true;
}

static void make_room(fuzz_message *m, weir_arena *arena, size_t size) {
    m->message = fuzz_memory(weir_message_sizeof(m->schema));
    m->memory = fuzz_memory(size);
    weir_arena_init(arena, m->memory, size);
}

weir_err fuzz_message_decode(fuzz_message *m, weir_bytes bytes) {
    weir_arena arena;
    weir_in in;
    make_room(m, &arena, WEIR_ARENA_RATIO * (size_t)bytes.len + WEIR_ARENA_SLACK);
    weir_in_init(&in, bytes.p, bytes.len);
    weir_err err = weir_message_decode(m->schema, m->version, &in, &arena, m->message);
    MUST(err == WEIR_OK || err == WEIR_E_MALFORMED || err == WEIR_E_VERSION);
    MUST(in.error == err && in.error_at <= bytes.len && arena.used <= arena.size);
    return err;
}

weir_err fuzz_message_from_json(fuzz_message *m, weir_bytes text) {
    weir_arena arena;
    weir_in in;
    make_room(m, &arena, 128 * (size_t)text.len + 4096);
    weir_in_init(&in, text.p, text.len);
    weir_err err = weir_message_from_json(m->schema, m->version, &in, &arena, m->message);
    MUST(err == WEIR_OK || err == WEIR_E_MALFORMED || err == WEIR_E_VERSION);
    return err;
}

void fuzz_message_free(fuzz_message *m) {
    free(m->message);
    free(m->memory);
    m->message = m->memory = NULL;
}

typedef weir_err writer(const fuzz_message *m, weir_out *out);

static weir_err write_bytes(const fuzz_message *m, weir_out *out) {
    return weir_message_encode(m->schema, m->version, out, m->message);
}

static weir_err write_json(const fuzz_message *m, weir_out *out) {
    return weir_message_to_json(m->schema, m->version, true, out, m->message);
}

/* Counts first, then writes into just that room. */
static weir_err write_out(const fuzz_message *m, writer *write, weir_bytes *bytes) {
    weir_out out;
    *bytes = (weir_bytes){NULL, 0};
    weir_out_init(&out, NULL, 0);
    weir_err err = write(m, &out);
    if (err != WEIR_OK)
        return err;
    size_t size = out.total;
    uint8_t *room = fuzz_memory(size);
    weir_out_init(&out, room, size);
    MUST(write(m, &out) == WEIR_OK && out.total == size && out.p == out.end);
    *bytes = (weir_bytes){room, (uint32_t)size};
    return WEIR_OK;
}

weir_err fuzz_message_encode(const fuzz_message *m, weir_bytes *bytes) {
    return write_out(m, write_bytes, bytes);
}

weir_err fuzz_message_to_json(const fuzz_message *m, weir_bytes *text) {
    return write_out(m, write_json, text);
}

bool fuzz_equal(weir_bytes a, weir_bytes b) {
    return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}
