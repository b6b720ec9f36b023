/* Words for people on stderr, data on stdout, and exit statuses. */
#ifndef CLI_WORDS_H
#define CLI_WORDS_H

#include <weir/fault.h>

/* The exit statuses. */
enum {
    CLI_DONE = 0,
    CLI_FAILED = 1,
    CLI_USAGE = 2,
    CLI_LOSS = 3,
    CLI_FENCED = 4
};

/* The exit status that an error of the library comes to. */
int cli_status(weir_err err);

/* Sets the words in front of every message: "weir copy". The text is kept by reference. */
void cli_call_me(const char *name);
const char *cli_my_name(void);

/* One line on stderr: "NAME: TEXT". A progress line that stands on the terminal is wiped first. */
void cli_say(const char *fmt, ...) WEIR_PRINTF(1, 2);
/* The same, with a pointer to --help; returns CLI_USAGE. */
int cli_usage(const char *fmt, ...) WEIR_PRINTF(1, 2);
/* Says what went wrong and returns the status for it. */
int cli_fail(const weir_fault *fault);
/* Rewrites the progress line in place on a terminal, else prints a line of its own. */
void cli_progress(bool terminal, const char *text);

/* Out of memory is the end of the tool: says so and exits with CLI_FAILED. */
_Noreturn void cli_no_memory(void);

/* Buffered writing to stdout. The first failure is remembered and said once; from then on nothing is written and both
   return false. */
bool cli_write(const void *bytes, size_t len);
bool cli_flush(void);
/* Formatted text for stdout, through cli_write. */
bool cli_print(const char *fmt, ...) WEIR_PRINTF(1, 2);
/* A name from a broker, with control characters as \xHH: it cannot forge a line or speak to the terminal. */
bool cli_print_word(weir_str word);

/* Milliseconds since the epoch. */
int64_t cli_clock_ms(void);

/* Makes SIGINT and SIGTERM ask for a clean stop; a second one ends the process at once. */
void cli_catch_signals(void);
bool cli_stop_asked(void);

#endif
