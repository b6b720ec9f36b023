#include <stdlib.h>

#include <weir/posix.h>

static void *take(weir_alloc *self, size_t size) {
    (void)self;
    return malloc(size > 0 ? size : 1);
}

static void give(weir_alloc *self, void *p, size_t size) {
    (void)self;
    (void)size;
    free(p);
}

weir_alloc *weir_posix_malloc(void) {
    /* Not const because weir_alloc is passed on as mutable; nothing ever writes to it. */
    static weir_alloc system_alloc = {take, give};
    return &system_alloc;
}
