#include "args.h"

#include "text.h"
#include "version.h"
#include "words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HELP_COLUMN 30

static const cli_option common_options[] = {
    {"bootstrap", 'b', CLI_LIST, "HOST:PORT[,...]", offsetof(cli_common, settings), 0, 0,
     "the brokers to start from (bootstrap.servers)"},
    {"set", 'X', CLI_LIST, "KEY=VALUE", offsetof(cli_common, settings), 0, 0,
     "set a property; 'weir options' lists them"},
    {"config", 'F', CLI_LIST, "FILE", offsetof(cli_common, settings), 0, 0,
     "read a Java properties file; of -b, -X and -F the later wins"},
};

static const cli_option last_options[] = {
    {"help", 'h', CLI_FLAG, NULL, offsetof(cli_common, help), 0, 0, "print this help"},
    {"version", '\0', CLI_FLAG, NULL, offsetof(cli_common, version), 0, 0, "print the version"},
};

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

void cli_list_add(cli_list *list, char letter, const char *text) {
    list->items = cli_grow(list->items, list->count + 1, sizeof *list->items);
    list->items[list->count++] = (cli_item){letter, text};
}

void cli_args_free(cli_common *common) {
    free(common->settings.items);
    free(common->operands.items);
}

/* The n-th option of a command: its own, the common ones, help and version; NULL past the last. */
static const cli_option *option_at(const cli_command *command, size_t n) {
    size_t common = command->connects ? COUNT(common_options) : 0;
    if (n < command->option_count)
        return &command->options[n];
    n -= command->option_count;
    if (n < common)
        return &common_options[n];
    n -= common;
    return n < COUNT(last_options) ? &last_options[n] : NULL;
}

static const cli_option *find_long(const cli_command *command, const char *name, size_t len) {
    const cli_option *option;
    for (size_t n = 0; (option = option_at(command, n)); n++)
        if (strlen(option->name) == len && memcmp(option->name, name, len) == 0)
            return option;
    return NULL;
}

static const cli_option *find_short(const cli_command *command, char letter) {
    const cli_option *option;
    for (size_t n = 0; (option = option_at(command, n)); n++)
        if (option->letter == letter && letter != '\0')
            return option;
    return NULL;
}

static int unknown_long(const cli_command *command, const char *name) {
    const cli_option *option, *nearest = NULL;
    size_t best = SIZE_MAX;
    for (size_t n = 0; (option = option_at(command, n)); n++)
        if (cli_nearer(name, option->name, &best))
            nearest = option;
    if (nearest)
        return cli_usage("unknown option '--%s'; did you mean '--%s'?", name, nearest->name);
    return cli_usage("unknown option '--%s'", name);
}

static int set_choice(const cli_option *option, int *member, const char *value) {
    const char *word = option->value;
    for (int n = 0;; n++) {
        size_t len = strcspn(word, "|");
        if (strlen(value) == len && memcmp(word, value, len) == 0) {
            *member = n;
            return -1;
        }
        if (word[len] == '\0')
            return cli_usage("--%s takes one of %s, not '%s'", option->name, option->value, value);
        word += len + 1;
    }
}

static int set_number(const cli_option *option, int64_t *member, const char *value) {
    int64_t number;
    bool taken = cli_number(value, &number) && number >= option->min && number <= option->max;
    if (!taken && option->min == option->max)
        return cli_usage("--%s takes only %lld, not '%s'", option->name, (long long)option->min, value);
    if (!taken)
        return cli_usage("--%s takes a whole number from %lld to %lld, not '%s'", option->name, (long long)option->min,
                         (long long)option->max, value);
    *member = number;
    return -1;
}

/* Stores what an option was given in its member of `args`; -1 or a status. */
static int set_option(const cli_option *option, void *args, const char *value) {
    void *member = (char *)args + option->offset;
    switch (option->kind) {
    case CLI_FLAG:
        *(bool *)member = true;
        return -1;
    case CLI_TEXT:
        *(const char **)member = value;
        return -1;
    case CLI_NUMBER:
        return set_number(option, member, value);
    case CLI_CHOICE:
        return set_choice(option, member, value);
    case CLI_LIST:
        cli_list_add(member, option->letter, value);
        return -1;
    }
    return CLI_USAGE;
}

/* "--name", "--name=value" or "--name value" at argv[*at]. */
static int parse_long(const cli_command *command, void *args, int argc, char **argv, int *at) {
    char *name = argv[*at] + 2;
    size_t len = strcspn(name, "=");
    const char *value = name[len] == '=' ? name + len + 1 : NULL;
    const cli_option *option = find_long(command, name, len);
    if (!option) {
        name[len] = '\0';
        return unknown_long(command, name);
    }
    if (option->kind == CLI_FLAG && value)
        return cli_usage("--%s takes no value", option->name);
    if (option->kind != CLI_FLAG && !value) {
        if (*at + 1 >= argc && strcmp(option->name, "version") == 0) {
            ((cli_common *)args)->version = true; /* the last word "--version" asks every command the same */
            return -1;
        }
        if (*at + 1 >= argc)
            return cli_usage("--%s needs a value: %s", option->name, option->value);
        value = argv[++*at];
    }
    return set_option(option, args, value);
}

/* "-xyz", "-xVALUE" or "-x VALUE" at argv[*at]. */
static int parse_short(const cli_command *command, void *args, int argc, char **argv, int *at) {
    for (const char *letter = argv[*at] + 1; *letter != '\0'; letter++) {
        const cli_option *option = find_short(command, *letter);
        const char *value = NULL;
        if (!option)
            return cli_usage("unknown option '-%c'", *letter);
        if (option->kind != CLI_FLAG) {
            value = letter + 1;
            if (*value == '\0' && *at + 1 >= argc)
                return cli_usage("-%c needs a value: %s", *letter, option->value);
            if (*value == '\0')
                value = argv[++*at];
        }
        int status = set_option(option, args, value);
        if (status >= 0 || value)
            return status;
    }
    return -1;
}

/* Prints one option: its spelling, then its help from a fixed column on. A common option whose long name the command
   has given another meaning goes by its letter alone, or is not listed. */
static void print_option(const cli_command *command, const cli_option *option) {
    char left[160];
    int width;
    const char *value = option->value;
    char letter[5] = "    ";
    if (option->letter != '\0')
        snprintf(letter, sizeof letter, "-%c, ", option->letter);
    bool hidden = find_long(command, option->name, strlen(option->name)) != option;
    if (hidden && option->letter == '\0')
        return;
    if (hidden)
        width = snprintf(left, sizeof left, "  -%c %s", option->letter, value);
    else
        width = snprintf(left, sizeof left, "  %s--%s%s%s", letter, option->name, value ? " " : "", value ? value : "");
    cli_print("%s", left);
    if (width > HELP_COLUMN - 2)
        cli_print("\n%*s", HELP_COLUMN, "");
    else
        cli_print("%*s", HELP_COLUMN - width, "");
    for (const char *line = option->help;;) {
        size_t len = strcspn(line, "\n");
        cli_print("%.*s\n", (int)len, line);
        if (line[len] == '\0')
            return;
        line += len + 1;
        cli_print("%*s", HELP_COLUMN, "");
    }
}

static int print_help(const cli_command *command) {
    const cli_option *option;
    cli_print("Usage: %s [options]%s%s\n%s\n\nOptions:\n", command->name, command->operands ? " " : "",
              command->operands ? command->operands : "", command->about);
    for (size_t n = 0; (option = option_at(command, n)); n++)
        print_option(command, option);
    return CLI_DONE;
}

static int print_version(void) {
    cli_print("weir %s\n", CLI_VERSION);
    return CLI_DONE;
}

int cli_parse(const cli_command *command, void *args, int argc, char **argv) {
    cli_common *common = args;
    bool only_operands = false;
    cli_call_me(command->name);
    for (int at = 0; at < argc; at++) {
        const char *word = argv[at];
        int status = -1;
        if (only_operands || word[0] != '-' || word[1] == '\0')
            cli_list_add(&common->operands, '\0', word);
        else if (strcmp(word, "--") == 0)
            only_operands = true;
        else if (word[1] == '-')
            status = parse_long(command, args, argc, argv, &at);
        else
            status = parse_short(command, args, argc, argv, &at);
        if (status >= 0)
            return status;
        if (common->help)
            return print_help(command);
        if (common->version)
            return print_version();
    }
    if (!command->operands && common->operands.count > 0)
        return cli_usage("'%s' is not an option, and nothing else is taken", common->operands.items[0].text);
    return -1;
}

static int print_choices(const char *name, const char *about, const cli_choice *choices, size_t count) {
    cli_print("Usage: %s COMMAND [options]\n%s\n\nCommands:\n", name, about);
    for (size_t n = 0; n < count; n++)
        cli_print("  %-14s%s\n", choices[n].name, choices[n].about);
    cli_print("\n'%s COMMAND --help' says more about one.\n", name);
    return CLI_DONE;
}

int cli_choose(const char *name, const char *about, const cli_choice *choices, size_t count, int argc, char **argv) {
    const char *nearest = NULL;
    size_t best = SIZE_MAX;
    cli_call_me(name);
    if (argc < 1)
        return cli_usage("a command is missing");
    if (strcmp(argv[0], "-h") == 0 || strcmp(argv[0], "--help") == 0)
        return print_choices(name, about, choices, count);
    if (strcmp(argv[0], "--version") == 0)
        return print_version();
    for (size_t n = 0; n < count; n++) {
        if (strcmp(choices[n].name, argv[0]) == 0)
            return choices[n].run(argc - 1, argv + 1);
        if (cli_nearer(argv[0], choices[n].name, &best))
            nearest = choices[n].name;
    }
    if (nearest)
        return cli_usage("unknown command '%s'; did you mean '%s'?", argv[0], nearest);
    return cli_usage("unknown command '%s'", argv[0]);
}
