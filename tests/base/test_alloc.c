#include <check.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include <list.h>
#include <rng.h>
#include <weir/alloc.h>

#define SLOTS 200

typedef struct slot {
    uint8_t *p;
    size_t size;
    uint8_t mark;
} slot;

/* Every byte of a slot holds its mark, so an overlap shows when the slot is given back. */
static void release(weir_alloc *alloc, slot *s) {
    size_t same = 0;
    while (same < s->size && s->p[same] == s->mark)
        same++;
    ck_assert_uint_eq(same, s->size);
    alloc->give(alloc, s->p, s->size);
    s->p = NULL;
}

static size_t largest(weir_alloc *alloc, size_t limit) {
    size_t low = 0, high = limit;
    while (low < high) {
        size_t middle = low + (high - low + 1) / 2;
        void *p = alloc->take(alloc, middle);
        if (p) {
            alloc->give(alloc, p, middle);
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    return low;
}

START_TEST(fixed_stress) {
    size_t size = 20000 + 977 * (size_t)_i;
    uint8_t *memory = malloc(size);
    weir_alloc *alloc = weir_fixed_alloc(memory + _i % 3, size - (size_t)(_i % 3));
    ck_assert_ptr_nonnull(alloc);
    size_t whole = largest(alloc, size);
    ck_assert_uint_ge(whole, size - 1024);
    slot slots[SLOTS] = {0};
    weir__rng rng;
    weir__rng_init(&rng, (uint64_t)_i);
    unsigned refused = 0;
    for (int round = 0; round < 10000; round++) {
        slot *s = &slots[weir__rng_below(&rng, SLOTS)];
        if (s->p) {
            release(alloc, s);
            continue;
        }
        s->size = (size_t)weir__rng_below(&rng, weir__rng_below(&rng, 10) ? 200 : 6000);
        s->p = alloc->take(alloc, s->size);
        refused += !s->p;
        if (!s->p)
            continue;
        ck_assert_uint_eq((uintptr_t)s->p % alignof(max_align_t), 0);
        ck_assert(s->p >= memory && s->p + s->size <= memory + size);
        s->mark = (uint8_t)round;
        memset(s->p, s->mark, s->size);
    }
    ck_assert_uint_gt(refused, 0);
    for (int i = 0; i < SLOTS; i++)
        if (slots[i].p)
            release(alloc, &slots[i]);
    ck_assert_uint_eq(largest(alloc, size), whole); /* all neighbours were joined */
    free(memory);
}
END_TEST

START_TEST(fixed_small) {
    uint8_t *memory = malloc(4096);
    size_t first = 0;
    for (size_t size = 0; size < 4096; size++) {
        weir_alloc *alloc = weir_fixed_alloc(memory, size);
        ck_assert(alloc || first == 0); /* once enough, more is enough */
        if (!alloc)
            continue;
        first = first ? first : size;
        void *p = alloc->take(alloc, 1);
        ck_assert_ptr_nonnull(p);
        memset(p, 1, 1);
        alloc->give(alloc, p, 1);
    }
    ck_assert_uint_lt(first, 700);
    ck_assert_ptr_null(weir_fixed_alloc(NULL, 4096));
    weir_alloc *alloc = weir_fixed_alloc(memory, 4096);
    ck_assert_ptr_null(alloc->take(alloc, SIZE_MAX));
    ck_assert_ptr_null(alloc->take(alloc, SIZE_MAX - 8));
    ck_assert_ptr_null(alloc->take(alloc, SIZE_MAX / 2));
    ck_assert_ptr_null(alloc->take(alloc, 4096));
    void *a = alloc->take(alloc, 0), *b = alloc->take(alloc, 0);
    ck_assert_ptr_nonnull(a);
    ck_assert_ptr_ne(a, b);
    alloc->give(alloc, NULL, 0);
    free(memory);
}
END_TEST

START_TEST(budget) {
    uint8_t *memory = malloc(8192);
    weir_budget b;
    weir_budget_init(&b, weir_fixed_alloc(memory, 8192), 1000);
    void *p = b.alloc.take(&b.alloc, 600);
    ck_assert_ptr_nonnull(p);
    ck_assert_ptr_null(b.alloc.take(&b.alloc, 401));
    ck_assert_ptr_null(b.alloc.take(&b.alloc, SIZE_MAX));
    void *q = b.alloc.take(&b.alloc, 400);
    ck_assert_ptr_nonnull(q);
    ck_assert_uint_eq(b.used, 1000);
    b.alloc.give(&b.alloc, p, 600);
    b.alloc.give(&b.alloc, NULL, 600);
    ck_assert_uint_eq(b.used, 400);
    ck_assert_uint_eq(b.peak, 1000);
    ck_assert_uint_eq(b.takes, 2);
    b.limit = 100000;
    ck_assert_ptr_null(b.alloc.take(&b.alloc, 50000)); /* the inner one has no more */
    ck_assert_uint_eq(b.used, 400);
    b.limit = 100; /* below what is in use */
    ck_assert_ptr_null(b.alloc.take(&b.alloc, 1));
    b.alloc.give(&b.alloc, q, 400);
    ck_assert_uint_eq(b.used, 0);
    free(memory);
}
END_TEST

typedef struct item {
    int n;
    weir__list link;
} item;

START_TEST(list) {
    weir__list head;
    item items[3] = {{.n = 0}, {.n = 1}, {.n = 2}};
    weir__list_init(&head);
    ck_assert(weir__list_empty(&head));
    ck_assert_ptr_null(weir__list_pop(&head));
    weir__list_push(&head, &items[1].link);
    weir__list_push(&head, &items[2].link);
    weir__list_push_front(&head, &items[0].link);
    int want = 0;
    WEIR__LIST_EACH (link, &head)
        ck_assert_int_eq(WEIR__ENTRY(link, item, link)->n, want++);
    ck_assert_int_eq(want, 3);
    weir__list_remove(&items[1].link);
    weir__list_remove(&items[1].link);
    ck_assert_ptr_eq(weir__list_pop(&head), &items[0].link);
    ck_assert_ptr_eq(weir__list_pop(&head), &items[2].link);
    ck_assert(weir__list_empty(&head));
}
END_TEST

START_TEST(rng) {
    weir__rng a, b;
    weir__rng_init(&a, 1);
    weir__rng_init(&b, 1);
    ck_assert_uint_eq(a.s[0], 0x910a2dec89025cc1); /* the first numbers of splitmix64 from 1 */
    ck_assert_uint_eq(a.s[1], 0xbeeb8da1658eec67);
    uint32_t seen[5] = {0};
    for (int i = 0; i < 50000; i++) {
        uint64_t v = weir__rng_below(&a, 5);
        ck_assert_uint_lt(v, 5);
        ck_assert_uint_eq(v, weir__rng_below(&b, 5));
        seen[v]++;
    }
    for (int i = 0; i < 5; i++)
        ck_assert(seen[i] > 9500 && seen[i] < 10500);
    ck_assert_uint_eq(weir__rng_below(&a, 0), 0);
    ck_assert_uint_eq(weir__rng_below(&a, 1), 0);
    a.s[0] = 1, a.s[1] = 2, a.s[2] = 3, a.s[3] = 4; /* the published first numbers of xoshiro256** */
    ck_assert_uint_eq(weir__rng_next(&a), 11520);
    ck_assert_uint_eq(weir__rng_next(&a), 0);
    ck_assert_uint_eq(weir__rng_next(&a), 1509978240);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("alloc");
    TCase *all = tcase_create("all");
    tcase_add_loop_test(all, fixed_stress, 0, 10);
    tcase_add_test(all, fixed_small);
    tcase_add_test(all, budget);
    tcase_add_test(all, list);
    tcase_add_test(all, rng);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
