/* Arrays that grow. */
#ifndef WEIR_SRC_SOURCE_ARRAY_H
#define WEIR_SRC_SOURCE_ARRAY_H

#include <weir/alloc.h>

#include <string.h>

/* Zeroed memory, or NULL. Give it back with the same size. */
static inline void *weir__zeroed(weir_alloc *alloc, size_t size) {
    void *p = alloc->take(alloc, size);
    if (p != NULL)
        memset(p, 0, size);
    return p;
}

/* Makes room for `need` items of `size` bytes in *items, whose capacity is *cap. false: no memory, nothing changed. */
static inline bool weir__reserve(weir_alloc *alloc, void **items, size_t *cap, size_t need, size_t size) {
    if (need <= *cap)
        return true;
    size_t grown = *cap * 2 > need ? *cap * 2 : need;
    if (grown > SIZE_MAX / 2 / size)
        return false;
    void *p = weir__zeroed(alloc, grown * size);
    if (p == NULL)
        return false;
    if (*items != NULL) {
        memcpy(p, *items, *cap * size);
        alloc->give(alloc, *items, *cap * size);
    }
    *items = p;
    *cap = grown;
    return true;
}

/* Gives an array back; NULL is allowed. */
static inline void weir__array_free(weir_alloc *alloc, void *items, size_t cap, size_t size) {
    if (items != NULL)
        alloc->give(alloc, items, cap * size);
}

#endif
