/* The settings of topics. */
#ifndef WEIR_SRC_MODEL_SETTINGS_H
#define WEIR_SRC_MODEL_SETTINGS_H

#include "cluster.h"

typedef struct weir__setting_kind {
    const char *key;
    const char *standard; /* NULL: depends on the release or the configuration */
    int8_t type;          /* as in DescribeConfigs */
} weir__setting_kind;

#define WEIR__SETTING_TEXT 24 /* bytes for a number as text */

/* The n-th setting in alphabetical order, NULL past the last. */
const weir__setting_kind *weir__setting_at(size_t n);
/* The default, or a topic's value and whether that is its own. `text` is room for what has to be written out. */
weir_str weir__setting_default(const weir__model *model, const weir__setting_kind *kind, char text[WEIR__SETTING_TEXT]);
weir_str weir__setting_value(const weir__model *model, const weir__topic *topic, const weir__setting_kind *kind,
                             char text[WEIR__SETTING_TEXT], bool *changed);
/* WEIR_CODE_NONE, or INVALID_CONFIG: there is no such setting, or it cannot have that value. Null is its default. */
int16_t weir__setting_check(weir_str key, weir_str value);

#endif
