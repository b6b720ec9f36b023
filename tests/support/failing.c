#include "failing.h"

#include <stdlib.h>

static void *take(weir_alloc *self, size_t size) {
    failing_alloc *f = (failing_alloc *)(void *)self;
    int64_t n = f->takes++;
    return n >= f->fail_from && n < f->fail_from + f->fail_count ? NULL : malloc(size);
}

static void give(weir_alloc *self, void *p, size_t size) {
    (void)self;
    (void)size;
    free(p);
}

void failing_init(failing_alloc *f) {
    *f = (failing_alloc){.alloc = {take, give}};
}

void failing_next(failing_alloc *f, int64_t n, int64_t count) {
    f->fail_from = f->takes + n;
    f->fail_count = count;
}

bool failing_stop(failing_alloc *f) {
    bool failed = f->fail_count > 0 && f->takes > f->fail_from;
    f->fail_count = 0;
    return failed;
}

void failing_sweep(bool (*scenario)(int64_t n, int64_t count), int64_t first, int64_t step) {
    static const int64_t counts[] = {1, 3, FAILING_ON};
    for (size_t c = 0; c < sizeof counts / sizeof *counts; c++)
        for (int64_t n = first; scenario(n, counts[c]); n += step)
            continue;
}
