#include "words.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char *my_name = "weir";
static bool progress_stands; /* a progress line is on the terminal, without a newline */
static bool write_failed;
static volatile sig_atomic_t stop_asked;

int cli_status(weir_err err) {
    switch (err) {
    case WEIR_OK:
    case WEIR_AGAIN:
    case WEIR_END:
        return CLI_DONE;
    case WEIR_E_CONFIG:
        return CLI_USAGE;
    case WEIR_E_LOSS:
        return CLI_LOSS;
    case WEIR_E_FENCED:
    case WEIR_E_LOCKED:
        return CLI_FENCED;
    default:
        return CLI_FAILED;
    }
}

void cli_call_me(const char *name) {
    my_name = name;
}

const char *cli_my_name(void) {
    return my_name;
}

static void wipe_progress(void) {
    if (progress_stands)
        fputs("\r\033[K", stderr);
    progress_stands = false;
}

static void say(const char *fmt, va_list args) {
    wipe_progress();
    fprintf(stderr, "%s: ", my_name);
    vfprintf(stderr, fmt, args);
}

void cli_say(const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    say(fmt, args);
    va_end(args);
    fputc('\n', stderr);
}

int cli_usage(const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    say(fmt, args);
    va_end(args);
    fprintf(stderr, "\nSee '%s --help'.\n", my_name);
    return CLI_USAGE;
}

int cli_fail(const weir_fault *fault) {
    cli_say("%s", fault->text[0] ? fault->text : weir_err_name(fault->err));
    return fault->err == WEIR_OK ? CLI_FAILED : cli_status(fault->err);
}

void cli_progress(bool terminal, const char *text) {
    if (!terminal) {
        cli_say("%s", text);
        return;
    }
    fprintf(stderr, "\r%s\033[K", text);
    fflush(stderr);
    progress_stands = true;
}

_Noreturn void cli_no_memory(void) {
    cli_say("out of memory");
    exit(CLI_FAILED);
}

static bool write_checked(bool ok) {
    if (!ok && !write_failed) {
        write_failed = true;
        cli_say("cannot write to standard output: %s", strerror(errno));
    }
    return !write_failed;
}

bool cli_write(const void *bytes, size_t len) {
    return !write_failed && (len == 0 || write_checked(fwrite(bytes, 1, len, stdout) == len));
}

bool cli_flush(void) {
    return !write_failed && write_checked(fflush(stdout) == 0);
}

bool cli_print(const char *fmt, ...) {
    if (write_failed)
        return false;
    va_list args;
    va_start(args, fmt);
    int printed = vprintf(fmt, args);
    va_end(args);
    return write_checked(printed >= 0);
}

bool cli_print_word(weir_str word) {
    bool ok = true;
    for (uint32_t n = 0; n < word.len; n++) {
        unsigned char byte = (unsigned char)word.p[n];
        ok = byte < 0x20 || byte == 0x7F ? cli_print("\\x%02x", byte) : cli_write(&byte, 1);
    }
    return ok;
}

int64_t cli_clock_ms(void) {
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0)
        return -1;
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* The first signal leaves its mark; the second meets the system's default action, as soon as this returns. */
static void on_signal(int number) {
    if (stop_asked) {
        signal(number, SIG_DFL);
        raise(number);
    }
    stop_asked = 1;
}

void cli_catch_signals(void) {
    struct sigaction action = {.sa_handler = on_signal};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

bool cli_stop_asked(void) {
    return stop_asked != 0;
}
