/* Small helps for handlers. Private to src/model. */
#ifndef WEIR_SRC_MODEL_ANSWER_H
#define WEIR_SRC_MODEL_ANSWER_H

#include "state.h"

/* The empty text: responses tell it from null. */
#define WEIR__NO_TEXT ((weir_str){"", 0})

/* Gives an array of the answer `n` zeroed items. False: the arena is used up. */
#define WEIR__ANSWER_ARRAY(e, array, n)                                                                                \
    (((array).count = (int32_t)(n)) == 0 ||                                                                            \
     ((array).items = weir_arena_take((e)->arena, sizeof *(array).items * (size_t)(n))) != NULL)

#endif
