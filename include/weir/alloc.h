/* The one allocator through which Weir takes all of its memory. */
#ifndef WEIR_ALLOC_H
#define WEIR_ALLOC_H

#include <weir/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Embed this as the first member of an allocator of your own. take returns memory aligned for any type, or NULL when
   there is none; it need not be zeroed. give gets back the very pointer with the very size that was taken. */
typedef struct weir_alloc {
    void *(*take)(struct weir_alloc *self, size_t size);
    void (*give)(struct weir_alloc *self, void *p, size_t size);
} weir_alloc;

/* A byte budget around another allocator: take fails once `used` would exceed `limit`. */
typedef struct weir_budget {
    weir_alloc alloc;
    weir_alloc *inner;
    size_t limit;   /* bytes */
    size_t used;    /* bytes taken and not given back */
    size_t peak;    /* the highest `used` so far */
    uint64_t takes; /* calls of take that succeeded */
} weir_budget;

WEIR_API void weir_budget_init(weir_budget *budget, weir_alloc *inner, size_t limit);

/* An allocator over memory of the caller, for targets without malloc: good fit with coalescing, so that freed
   neighbours are joined again. `memory` must stay valid and unmoved while the allocator is used. Returns NULL when
   `size` is too small to hold the allocator itself (some 600 bytes on a 64-bit machine, 200 on a 32-bit one). */
WEIR_API weir_alloc *weir_fixed_alloc(void *memory, size_t size);

#ifdef __cplusplus
}
#endif

#endif
