/* Properties from WEIR_CONFIG, -F, -X and -b, in the order in which the later wins. */
#ifndef CLI_SETTINGS_H
#define CLI_SETTINGS_H

#include "args.h"

#include <weir/config.h>

/* Sets one property of `target`. `shared`: the property comes from WEIR_CONFIG, which serves every command, so that a
   valid property which this command has no use for is passed over. */
typedef weir_err (*cli_setter)(void *target, const char *key, const char *value, bool shared, weir_fault *fault);

/* Applies all settings. Returns -1 to go on, or CLI_USAGE after an error that has been said. */
int cli_settings_apply(const cli_list *settings, cli_setter set, void *target);

/* A cli_setter for one client: `target` is its weir_config. KEY belongs to it; source.KEY and sink.KEY do when it has
   that side alone. */
weir_err cli_set_client(void *target, const char *key, const char *value, bool shared, weir_fault *fault);

/* Whether `key` has the prefix of a side: then its WEIR_SIDE_* with *rest behind the prefix, else 0. */
int32_t cli_side_of(const char *key, const char **rest);

#endif
