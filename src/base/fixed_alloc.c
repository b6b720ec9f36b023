/* An allocator over memory of the caller. The memory is a row of blocks; each begins with a word that holds its size
   and whether it and its left neighbour are in use, and a free block ends with its size, so that both neighbours of a
   block that is given back are found at once (Knuth, TAOCP 2.5, boundary tags). Free blocks hang in lists by size: list
   n holds sizes from 2^n up to 2^(n+1). A take searches its own list for the best fit, then any larger list's first. */
#include <weir/alloc.h>

#include <stdalign.h>
#include <string.h>

#define ALIGN    ((size_t)alignof(max_align_t))
#define IN_USE   ((size_t)1)
#define LEFT_USE ((size_t)2)
#define FLAGS    (IN_USE | LEFT_USE)
#define LISTS    (sizeof(size_t) * 8)

/* A block. Its payload begins behind `size` at an aligned address; the links are there only while it is free. */
typedef struct block {
    size_t size; /* bytes from this member to that of the right neighbour, a multiple of ALIGN, plus the flags */
    struct block *next, *prev;
} block;

#define WORD      sizeof(size_t)
#define BLOCK_MIN ((sizeof(block) + WORD + ALIGN - 1) / ALIGN * ALIGN)

typedef struct fixed {
    weir_alloc alloc;
    uint64_t filled; /* bit n: lists[n] is not empty */
    block *lists[LISTS];
} fixed;

static size_t block_size(const block *b) {
    return b->size & ~FLAGS;
}

static block *right_of(block *b) {
    return (block *)(void *)((uint8_t *)b + block_size(b));
}

/* The size that a free block repeats in its last word. */
static void tail_write(block *b) {
    size_t size = block_size(b);
    memcpy((uint8_t *)b + size - WORD, &size, WORD);
}

/* The left neighbour, which must be free. */
static block *left_of(block *b) {
    size_t size;
    memcpy(&size, (uint8_t *)b - WORD, WORD);
    return (block *)(void *)((uint8_t *)b - size);
}

/* The list for a size: the position of its highest bit. */
static unsigned list_of(size_t size) {
    unsigned n = 0;
    while (size >>= 1)
        n++;
    return n;
}

static void link_free(fixed *f, block *b) {
    unsigned n = list_of(block_size(b));
    b->prev = NULL;
    b->next = f->lists[n];
    if (b->next)
        b->next->prev = b;
    f->lists[n] = b;
    f->filled |= (uint64_t)1 << n;
    tail_write(b);
}

static void unlink_free(fixed *f, block *b) {
    unsigned n = list_of(block_size(b));
    if (b->prev)
        b->prev->next = b->next;
    else
        f->lists[n] = b->next;
    if (b->next)
        b->next->prev = b->prev;
    if (!f->lists[n])
        f->filled &= ~((uint64_t)1 << n);
}

/* The smallest free block of at least `size` bytes in its own list, else one from the next list that has any, or NULL.
 */
static block *find(const fixed *f, size_t size) {
    unsigned n = list_of(size);
    block *best = NULL;
    for (block *b = f->lists[n]; b; b = b->next)
        if (block_size(b) >= size && (!best || block_size(b) < block_size(best)))
            best = b;
    if (best)
        return best;
    for (n++; n < LISTS; n++)
        if (f->filled >> n & 1)
            return f->lists[n];
    return NULL;
}

static void *fixed_take(weir_alloc *self, size_t size) {
    fixed *f = (fixed *)self;
    if (size > SIZE_MAX / 2)
        return NULL;
    size_t need = (size + WORD + ALIGN - 1) / ALIGN * ALIGN;
    if (need < BLOCK_MIN)
        need = BLOCK_MIN;
    block *b = find(f, need);
    if (!b)
        return NULL;
    unlink_free(f, b);
    size_t rest = block_size(b) - need;
    if (rest >= BLOCK_MIN) {
        b->size -= rest;
        block *tail = right_of(b);
        tail->size = rest | LEFT_USE;
        link_free(f, tail);
    } else {
        right_of(b)->size |= LEFT_USE;
    }
    b->size |= IN_USE;
    return (uint8_t *)b + WORD;
}

static void fixed_give(weir_alloc *self, void *p, size_t size) {
    fixed *f = (fixed *)self;
    (void)size; /* the block knows */
    if (!p)
        return;
    block *b = (block *)(void *)((uint8_t *)p - WORD);
    block *right = right_of(b);
    if (!(right->size & IN_USE)) {
        unlink_free(f, right);
        b->size += block_size(right);
    }
    if (!(b->size & LEFT_USE)) {
        block *left = left_of(b);
        unlink_free(f, left);
        left->size += block_size(b);
        b = left;
    }
    b->size &= ~IN_USE;
    right_of(b)->size &= ~LEFT_USE;
    link_free(f, b);
}

weir_alloc *weir_fixed_alloc(void *memory, size_t size) {
    size_t skip = (ALIGN - (uintptr_t)memory % ALIGN) % ALIGN;
    /* The first block begins so that its payload, a word further, is aligned. */
    size_t first = (sizeof(fixed) + WORD + ALIGN - 1) / ALIGN * ALIGN - WORD;
    if (!memory || size < skip || size - skip < first + BLOCK_MIN + WORD)
        return NULL;
    fixed *f = (fixed *)(void *)((uint8_t *)memory + skip);
    memset(f, 0, sizeof *f);
    f->alloc = (weir_alloc){fixed_take, fixed_give};
    block *b = (block *)(void *)((uint8_t *)f + first);
    b->size = ((size - skip - first - WORD) / ALIGN * ALIGN) | LEFT_USE;
    right_of(b)->size = IN_USE; /* a last word that stops joining */
    link_free(f, b);
    return &f->alloc;
}
