#define _POSIX_C_SOURCE 200809L /* getline, open_memstream */
#include "vectors.h"

#include "checks.h"
#include <stdlib.h>
#include <string.h>

#include <codec.h>

#include "describe.h"

vector vectors[64];
int vector_count;

static unsigned nibble(char c) {
    return c <= '9' ? (unsigned)c - '0' : (unsigned)c - 'a' + 10;
}

static char *append_line(char *text, const char *line) {
    size_t old = text ? strlen(text) : 0, more = strlen(line);
    text = realloc(text, old + more + 1);
    memcpy(text + old, line, more + 1);
    return text;
}

static weir_records unhex(const char *digits) {
    uint32_t len = (uint32_t)strcspn(digits, "\n") / 2;
    uint8_t *bytes = malloc(len);
    for (uint32_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)(nibble(digits[2 * i]) << 4 | nibble(digits[2 * i + 1]));
    return (weir_records){bytes, len};
}

void vectors_load(const char *path) {
    FILE *file = fopen(path, "r");
    if (!file)
        exit(2);
    char *line = NULL;
    size_t cap = 0;
    vector *v = vectors;
    while (getline(&line, &cap, file) > 0) {
        if (strncmp(line, "batch ", 6) == 0) {
            v->name = append_line(NULL, line + 6);
            v->name[strcspn(v->name, "\n")] = 0;
        } else if (strncmp(line, "bytes ", 6) == 0) {
            v->set = unhex(line + 6);
        } else if (strcmp(line, "end\n") == 0) {
            v = &vectors[++vector_count];
        } else {
            v->want = append_line(v->want, line);
        }
    }
    free(line);
    fclose(file);
}

void vectors_free(void) {
    for (int i = 0; i < vector_count; i++) {
        free(vectors[i].name);
        free(vectors[i].want);
        free((void *)(uintptr_t)vectors[i].set.p);
    }
}

const vector *vectors_named(const char *name) {
    for (int i = 0; i < vector_count; i++)
        if (strcmp(vectors[i].name, name) == 0)
            return &vectors[i];
    ck_abort_msg("no vector %s", name);
    return NULL;
}

void vectors_read_alike(const vector *v) {
    weir_batch_header header;
    ck_assert_int_eq(weir_batch_open(v->set, &header), WEIR_OK);
    int id = header.attributes & WEIR_ATTR_COMPRESSION;
    if (id && !weir__codec_find(id))
        return; /* a build without this codec */
    char *got;
    size_t len;
    FILE *out = open_memstream(&got, &len);
    weir_err err = describe_set(out, v->set);
    fclose(out);
    ck_assert_msg(err == WEIR_END, "%s: %d", v->name, err);
    ck_assert_str_eq(got, v->want);
    free(got);
}
