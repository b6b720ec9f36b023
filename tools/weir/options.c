#include "args.h"
#include "commands.h"
#include "text.h"
#include "words.h"

#include <weir/config.h>

#include <inttypes.h>
#include <string.h>

typedef struct options_args {
    cli_common common;
    bool markdown, man;
} options_args;

static const cli_option options[] = {
    {"markdown", '\0', CLI_FLAG, NULL, offsetof(options_args, markdown), 0, 0, "as a table in Markdown"},
    {"man", '\0', CLI_FLAG, NULL, offsetof(options_args, man), 0, 0, "as a list in roff, for a manual page"},
};

static const cli_command command = {
    "weir options",
    NULL,
    "Lists the properties that -X and -F take, with sides, defaults and accepted values.",
    options,
    sizeof options / sizeof options[0],
    false};

static const char *side_name(int32_t sides) {
    return sides == WEIR_SIDE_SOURCE ? "source" : sides == WEIR_SIDE_SINK ? "sink" : "both";
}

/* Prints `text` with a backslash in front of each byte of `special`. */
static void print_escaped(const char *text, const char *special) {
    for (; *text != '\0'; text++) {
        if (strchr(special, *text))
            cli_write("\\", 1);
        cli_write(text, 1);
    }
}

/* Prints the accepted values: a range, the choices, or "text". */
static void print_values(const weir_option *option, const char *special) {
    if (option->kind == WEIR_OPTION_CHOICE)
        print_escaped(option->choices, special);
    else if (option->kind == WEIR_OPTION_INT)
        cli_print("%" PRId64 "..%" PRId64, option->min, option->max);
    else
        cli_print("text");
}

static void print_text(const weir_option *option) {
    cli_print("%s\n    %s\n    default: %s; values: ", option->key, option->doc,
              option->standard[0] ? option->standard : "none");
    print_values(option, "");
    cli_print("; side: %s\n", side_name(option->sides));
}

static void print_markdown(const weir_option *option) {
    cli_print("| `%s` | %s | %s%s%s | ", option->key, side_name(option->sides), option->standard[0] ? "`" : "",
              option->standard, option->standard[0] ? "`" : "");
    print_values(option, "|");
    cli_print(" | ");
    print_escaped(option->doc, "|<*_");
    cli_print(" |\n");
}

static void print_man(const weir_option *option) {
    cli_print(".TP\n.B ");
    print_escaped(option->key, "\\-");
    cli_print("\n");
    print_escaped(option->doc, "\\-");
    cli_print("\nDefault: ");
    print_escaped(option->standard[0] ? option->standard : "none", "\\-");
    cli_print("; values: ");
    print_values(option, "\\-");
    cli_print("; side: %s.\n", side_name(option->sides));
}

int cli_options_command(int argc, char **argv) {
    options_args args = {0};
    const weir_option *option;
    int status = cli_parse(&command, &args, argc, argv);
    if (status < 0 && args.markdown && args.man)
        status = cli_usage("--markdown and --man exclude each other");
    if (status < 0) {
        if (args.markdown)
            cli_print("| property | side | default | values | meaning |\n|---|---|---|---|---|\n");
        for (size_t n = 0; (option = weir_option_at(n)); n++)
            (args.markdown ? print_markdown : args.man ? print_man : print_text)(option);
        status = CLI_DONE;
    }
    cli_args_free(&args.common);
    return status;
}
