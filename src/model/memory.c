/* Memory of the model, and arrays that grow. */
#include <string.h>

#include "cluster.h"

#define FIRST_CAP 4 /* items of an array that has grown once */

void *weir__model_take(weir__model *model, size_t size) {
    return model->alloc->take(model->alloc, size);
}

void weir__model_give(weir__model *model, void *p, size_t size) {
    if (p != NULL)
        model->alloc->give(model->alloc, p, size);
}

bool weir__grow_by(weir__model *model, void **items, size_t *cap, size_t count, size_t more, size_t size) {
    if (more <= *cap - count)
        return true;
    size_t wanted = *cap > 0 ? *cap : FIRST_CAP;
    while (wanted - count < more) {
        if (wanted > SIZE_MAX / 2 / size)
            return false;
        wanted *= 2;
    }
    void *grown = weir__model_take(model, wanted * size);
    if (grown == NULL)
        return false;
    if (count > 0)
        memcpy(grown, *items, count * size);
    weir__model_give(model, *items, *cap * size);
    *items = grown;
    *cap = wanted;
    return true;
}

bool weir__grow(weir__model *model, void **items, size_t *cap, size_t count, size_t size) {
    return weir__grow_by(model, items, cap, count, 1, size);
}

char *weir__copy_text(weir__model *model, weir_str text) {
    char *copy = weir__model_take(model, (size_t)text.len + 1);
    if (copy == NULL)
        return NULL;
    if (text.len > 0)
        memcpy(copy, text.p, text.len);
    copy[text.len] = '\0';
    return copy;
}
