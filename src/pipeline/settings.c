/* A job's settings by name: one property for both sides, or for one by prefix. */
#include "state.h"

#include <string.h>

void weir_job_config_init(weir_job_config *config) {
    memset(config, 0, sizeof *config);
    weir_config_init(&config->source, WEIR_SIDE_SOURCE);
    weir_config_init(&config->sink, WEIR_SIDE_SINK);
    config->checkpoint_interval_ms = 1000;
    config->memory_budget = 12u * 1024 * 1024;
}

static int32_t sides_of(const char *key) {
    const weir_option *option;
    for (size_t n = 0; (option = weir_option_at(n)) != NULL; n++)
        if (strcmp(option->key, key) == 0)
            return option->sides;
    return WEIR_SIDE_BOTH; /* unknown: either side says so */
}

weir_err weir_job_config_set(weir_job_config *config, const char *key, const char *value, weir_fault *fault) {
    if (strncmp(key, "source.", 7) == 0)
        return weir_config_set(&config->source, key + 7, value, fault);
    if (strncmp(key, "sink.", 5) == 0)
        return weir_config_set(&config->sink, key + 5, value, fault);
    int32_t sides = sides_of(key);
    weir_err err = WEIR_OK;
    if ((sides & WEIR_SIDE_SOURCE) != 0)
        err = weir_config_set(&config->source, key, value, fault);
    if (err == WEIR_OK && (sides & WEIR_SIDE_SINK) != 0)
        err = weir_config_set(&config->sink, key, value, fault);
    return err;
}
