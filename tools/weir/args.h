/* Command lines: one table of options a command, which parses them and prints the help. */
#ifndef CLI_ARGS_H
#define CLI_ARGS_H

#include <weir/types.h>

/* What an option takes, and the type of the member that it sets. */
typedef enum cli_arg_kind {
    CLI_FLAG,   /* nothing; bool */
    CLI_TEXT,   /* any text; const char * */
    CLI_NUMBER, /* a whole number from min to max; int64_t */
    CLI_CHOICE, /* one of the words in `value`, separated by '|'; int, the position in that list */
    CLI_LIST    /* any text, again and again; cli_list */
} cli_arg_kind;

/* Texts in the order they were given, with the letter of the option that brought each. */
typedef struct cli_item {
    char letter;
    const char *text;
} cli_item;

typedef struct cli_list {
    cli_item *items;
    size_t count;
} cli_list;

void cli_list_add(cli_list *list, char letter, const char *text);

/* One option of a command. */
typedef struct cli_option {
    const char *name; /* the long name without "--" */
    char letter;      /* of the short option, '\0' none */
    cli_arg_kind kind;
    const char *value; /* what --help calls the value; of CLI_CHOICE the choices */
    size_t offset;     /* of the member in the command's arguments */
    int64_t min, max;  /* of CLI_NUMBER */
    const char *help;  /* may hold '\n' */
} cli_option;

/* What every command takes; the first member of each command's arguments. */
typedef struct cli_common {
    bool help, version;
    cli_list settings; /* of -b, -X and -F, in order */
    cli_list operands; /* what is not an option */
} cli_common;

/* A command. */
typedef struct cli_command {
    const char *name;     /* "weir topics create" */
    const char *operands; /* what --help calls them, NULL: none are taken */
    const char *about;    /* sentences for --help */
    const cli_option *options;
    size_t option_count;
    bool connects; /* takes -b, -X and -F too */
} cli_command;

/* Reads a command line (argv without the command's own words) into `args`, a struct that starts with a cli_common and
   holds the defaults. A command may have a --version of its own: without a value, as the last word, it still asks for
   that of the tool. Returns -1 to go on, else the status to end with: 0 after --help or --version, 2 after an error
   that has been said. */
int cli_parse(const cli_command *command, void *args, int argc, char **argv);
void cli_args_free(cli_common *common);

/* One of several commands by its name. */
typedef struct cli_choice {
    const char *name;
    const char *about; /* one line */
    int (*run)(int argc, char **argv);
} cli_choice;

/* Runs the command that argv[0] names with the rest; `name` is what they have in common ("weir topics"). `about` is for
   --help, which is printed when asked for. Returns the exit status. */
int cli_choose(const char *name, const char *about, const cli_choice *choices, size_t count, int argc, char **argv);

#endif
