#include "output.h"

#include <stdalign.h>
#include <string.h>

#define SIZE_FIRST 1024

weir_err weir__output_init(weir__output *output, weir_alloc *alloc, size_t guess, size_t cap) {
    size_t size = guess > SIZE_FIRST ? guess : SIZE_FIRST;
    if (size > cap)
        size = cap;
    if (size == 0)
        size = 1; /* empty output must not look like null */
    *output = (weir__output){alloc, alloc->take(alloc, size), 0, size, cap};
    return output->p ? WEIR_OK : WEIR_E_NO_MEMORY;
}

weir_err weir__output_grow(weir__output *output, size_t want) {
    if (output->len >= output->cap)
        return WEIR_E_TOO_LARGE;
    if (want > output->cap - output->len)
        want = output->cap - output->len;
    if (want <= output->size - output->len)
        return WEIR_OK;
    size_t size = output->size <= output->cap / 2 ? output->size * 2 : output->cap;
    if (size < output->len + want)
        size = output->len + want;
    uint8_t *p = output->alloc->take(output->alloc, size);
    if (!p)
        return WEIR_E_NO_MEMORY;
    memcpy(p, output->p, output->len);
    output->alloc->give(output->alloc, output->p, output->size);
    output->p = p;
    output->size = size;
    return WEIR_OK;
}

weir_err weir__output_finish(weir__output *output, weir_err err, weir_bytes *out, size_t *out_size) {
    *out = (weir_bytes){NULL, 0};
    *out_size = 0;
    if (err == WEIR_OK && output->len > UINT32_MAX)
        err = WEIR_E_TOO_LARGE;
    if (err == WEIR_OK) {
        *out = (weir_bytes){output->p, (uint32_t)output->len};
        *out_size = output->size;
    } else if (output->p) {
        output->alloc->give(output->alloc, output->p, output->size);
    }
    output->p = NULL;
    return err;
}

/* Room in front for the size that keeps what follows aligned for any type. */
#define PREFIX (sizeof(size_t) > alignof(max_align_t) ? sizeof(size_t) : alignof(max_align_t))

void *weir__sized_malloc(void *alloc, size_t size) {
    weir_alloc *from = alloc;
    if (size > SIZE_MAX - PREFIX)
        return NULL;
    uint8_t *p = from->take(from, size + PREFIX);
    if (!p)
        return NULL;
    memcpy(p, &size, sizeof size);
    return p + PREFIX;
}

void weir__sized_free(void *alloc, void *p) {
    weir_alloc *to = alloc;
    if (!p)
        return;
    uint8_t *start = (uint8_t *)p - PREFIX;
    size_t size;
    memcpy(&size, start, sizeof size);
    to->give(to, start, size + PREFIX);
}
