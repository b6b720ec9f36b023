#include "settings.h"

#include "props.h"
#include "text.h"
#include "words.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX_BYTES (1u << 20)

int32_t cli_side_of(const char *key, const char **rest) {
    static const char source[] = "source.", sink[] = "sink.";
    *rest = key;
    if (strncmp(key, source, sizeof source - 1) == 0) {
        *rest = key + sizeof source - 1;
        return WEIR_SIDE_SOURCE;
    }
    if (strncmp(key, sink, sizeof sink - 1) == 0) {
        *rest = key + sizeof sink - 1;
        return WEIR_SIDE_SINK;
    }
    return 0;
}

weir_err cli_set_client(void *target, const char *key, const char *value, bool shared, weir_fault *fault) {
    weir_config *config = target;
    const char *rest;
    int32_t side = cli_side_of(key, &rest);
    weir_err err;
    if (side == 0 || side == config->sides) {
        err = weir_config_set(config, rest, value, fault);
    } else {
        weir_fault_set(fault, WEIR_E_CONFIG, "%s: this command has no %s; leave the property out", key,
                       side == WEIR_SIDE_SOURCE ? "source apart" : "sink apart");
        err = WEIR_E_CONFIG;
    }
    if (err == WEIR_OK || !shared)
        return err;
    weir_config anybody;
    weir_config_init(&anybody, side == 0 ? WEIR_SIDE_BOTH : side);
    return weir_config_set(&anybody, rest, value, fault);
}

/* Reads a whole file of at most FILE_MAX_BYTES; says what went wrong. */
static bool read_file(const char *path, cli_text *text) {
    char chunk[4096];
    FILE *file = fopen(path, "rb");
    bool whole = file != NULL;
    errno = file ? 0 : errno;
    for (size_t len; file && (len = fread(chunk, 1, sizeof chunk, file)) > 0 && text->len <= FILE_MAX_BYTES;)
        cli_text_add(text, chunk, len);
    if (!file || ferror(file)) {
        cli_say("cannot read %s: %s", path, strerror(errno));
        whole = false;
    } else if (text->len > FILE_MAX_BYTES) {
        cli_say("%s: larger than %u bytes, this is no properties file", path, FILE_MAX_BYTES);
        whole = false;
    }
    if (file)
        fclose(file);
    return whole;
}

static int apply_file(const char *path, bool shared, cli_setter set, void *target) {
    cli_text text = {0};
    cli_props props;
    weir_fault fault;
    int status = -1;
    if (!read_file(path, &text)) {
        cli_text_free(&text);
        return CLI_USAGE;
    }
    cli_props_init(&props, text.p, text.len);
    for (;;) {
        weir_err err = cli_props_next(&props);
        if (err == WEIR_END)
            break;
        bool read = err == WEIR_OK;
        weir_fault_clear(&fault);
        if (read)
            err = set(target, props.key.p, props.value.p, shared, &fault);
        if (err != WEIR_OK) {
            cli_say("%s:%u: %s", path, props.line, read ? fault.text : props.why);
            status = CLI_USAGE;
            break;
        }
    }
    cli_props_free(&props);
    cli_text_free(&text);
    return status;
}

/* KEY=VALUE of -X. */
static int apply_pair(const char *pair, cli_setter set, void *target) {
    const char *equals = strchr(pair, '=');
    weir_fault fault;
    if (!equals || equals == pair)
        return cli_usage("-X takes KEY=VALUE, not '%s'", pair);
    char *key = cli_copy(pair);
    key[equals - pair] = '\0';
    weir_fault_clear(&fault);
    weir_err err = set(target, key, equals + 1, false, &fault);
    free(key);
    if (err == WEIR_OK)
        return -1;
    cli_say("%s", fault.text);
    return CLI_USAGE;
}

static int apply_bootstrap(const char *servers, cli_setter set, void *target) {
    weir_fault fault;
    weir_fault_clear(&fault);
    if (set(target, "bootstrap.servers", servers, false, &fault) == WEIR_OK)
        return -1;
    cli_say("%s", fault.text);
    return CLI_USAGE;
}

int cli_settings_apply(const cli_list *settings, cli_setter set, void *target) {
    const char *shared = getenv("WEIR_CONFIG");
    int status = -1;
    if (shared && shared[0] != '\0')
        status = apply_file(shared, true, set, target);
    for (size_t n = 0; status < 0 && n < settings->count; n++) {
        const cli_item *item = &settings->items[n];
        if (item->letter == 'F')
            status = apply_file(item->text, false, set, target);
        else if (item->letter == 'X')
            status = apply_pair(item->text, set, target);
        else
            status = apply_bootstrap(item->text, set, target);
    }
    return status;
}
