/* A byte budget around another allocator. */
#include <weir/alloc.h>

static void *budget_take(weir_alloc *self, size_t size) {
    weir_budget *budget = (weir_budget *)self;
    if (budget->used > budget->limit || size > budget->limit - budget->used)
        return NULL;
    void *p = budget->inner->take(budget->inner, size);
    if (!p)
        return NULL;
    budget->used += size;
    budget->takes++;
    if (budget->used > budget->peak)
        budget->peak = budget->used;
    return p;
}

static void budget_give(weir_alloc *self, void *p, size_t size) {
    weir_budget *budget = (weir_budget *)self;
    if (!p)
        return;
    budget->used -= size;
    budget->inner->give(budget->inner, p, size);
}

void weir_budget_init(weir_budget *budget, weir_alloc *inner, size_t limit) {
    *budget = (weir_budget){.alloc = {budget_take, budget_give}, .inner = inner, .limit = limit};
}
