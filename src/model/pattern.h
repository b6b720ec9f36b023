/* Regular expressions over whole ids, as far as listings need them: characters, `.`, `[...]`, `\` before what would
   mean something else, and `*`, `+`, `?` behind one of these. Private to src/model. */
#ifndef WEIR_SRC_MODEL_PATTERN_H
#define WEIR_SRC_MODEL_PATTERN_H

#include <weir/types.h>

/* Whether it is an expression of that kind; null and empty are. */
bool weir__pattern_valid(weir_str pattern);
/* Whether a valid expression matches the whole text. */
bool weir__pattern_matches(weir_str pattern, weir_str text);

#endif
