#include "args.h"
#include "commands.h"
#include "format.h"
#include "names.h"
#include "session.h"
#include "words.h"

#include <weir/source.h>

#include <stdlib.h>

typedef struct consume_args {
    cli_common common;
    const char *from, *format;
    int start, stop, isolation;
    int64_t count; /* 0: no limit */
    bool json, quiet;
} consume_args;

#define MEMBER(name) offsetof(consume_args, name)

static const cli_option options[] = {
    {"from", '\0', CLI_TEXT, "TOPIC[,TOPIC...]", MEMBER(from), 0, 0, "the topics to read"},
    {"start", '\0', CLI_CHOICE, "earliest|latest", MEMBER(start), 0, 0, "where to begin (earliest)"},
    {"stop", '\0', CLI_CHOICE, "never|latest", MEMBER(stop), 0, 0,
     "latest: end at what is there when the command starts (never)"},
    {"count", 'n', CLI_NUMBER, "COUNT", MEMBER(count), 1, INT64_MAX, "end after so many records"},
    {"isolation", '\0', CLI_CHOICE, "read_uncommitted|read_committed", MEMBER(isolation), 0, 0,
     "whether records of open and aborted transactions are\nread too (read_committed)"},
    {"format", '\0', CLI_TEXT, "FORMAT", MEMBER(format), 0, 0,
     "%t topic, %p partition, %o offset, %k key, %s value,\n%h headers, %T timestamp in ms, %K and %S length of key\n"
     "and value (-1 for null), %%; \\n \\t \\r \\\\ \\xNN (%s\\n)"},
    {"json", '\0', CLI_FLAG, NULL, MEMBER(json), 0, 0,
     "one JSON object a record; bytes that are not UTF-8 are\n{\"base64\": \"...\"}"},
    {"quiet", 'q', CLI_FLAG, NULL, MEMBER(quiet), 0, 0, "say nothing about trouble that may pass"},
};

static const cli_command command = {"weir consume",
                                    NULL,
                                    "Prints the records of topics, each partition in order.",
                                    options,
                                    sizeof options / sizeof options[0],
                                    true};

/* A run of the command. */
typedef struct consume {
    consume_args args;
    cli_session session;
    weir_enumerator *enumerator;
    weir_reader *reader;
    char *format; /* of our own: its escapes are replaced in place */
    size_t format_len;
    cli_json out; /* of --format only its text */
    int64_t printed;
} consume;

static int check_args(consume *c) {
    const char *why;
    if (!c->args.from)
        return cli_usage("--from is missing: name the topics to read");
    if (c->args.json && c->args.format)
        return cli_usage("--json and --format exclude each other");
    c->format = cli_copy(c->args.format ? c->args.format : "%s\\n");
    if (!cli_format_check(c->format, &c->format_len, &why))
        return cli_usage("--format '%s': %s", c->args.format, why);
    return -1;
}

/* Makes the source and waits until its splits are known. -1, or a status. */
static int open_source(consume *c) {
    cli_session *session = &c->session;
    weir_alloc *alloc = &session->budget.alloc;
    weir_fault fault;
    weir_err err = weir_enumerator_new(&c->enumerator, session->client, &session->config, alloc);
    if (err == WEIR_OK)
        err = weir_reader_new(&c->reader, session->client, &session->config, alloc);
    weir_str topic;
    for (const char *list = c->args.from; err == WEIR_OK && cli_next_name(&list, &topic);)
        err = weir_enumerator_add_topic(c->enumerator, topic);
    if (err != WEIR_OK) {
        weir_fault_set(&fault, err, "cannot read '%s': %s", c->args.from, weir_err_name(err));
        return cli_fail(&fault);
    }
    weir_enumerator_range(c->enumerator, (weir_start)c->args.start, (weir_stop)c->args.stop);
    while ((err = weir_enumerator_poll(c->enumerator, weir_posix_now())) == WEIR_AGAIN) {
        if (cli_stop_asked())
            return CLI_DONE;
        if (cli_session_stuck(session, &fault))
            return cli_fail(&fault);
        if (!c->args.quiet)
            cli_session_tell_trouble(session);
        cli_session_step(session, 100);
    }
    if (err != WEIR_OK)
        return cli_fail(weir_enumerator_fault(c->enumerator));
    weir_split split;
    for (size_t n = 0; err == WEIR_OK && weir_enumerator_split(c->enumerator, n, &split); n++)
        err = weir_reader_add(c->reader, &split);
    return err == WEIR_OK ? -1 : cli_fail(weir_reader_fault(c->reader));
}

static weir_err print_record(consume *c, const cli_place *place, const weir_record *record) {
    weir_err err;
    if (c->args.json) {
        err = cli_json_record(&c->out, place, record);
        if (err == WEIR_OK)
            cli_json_line(&c->out);
        return err;
    }
    err = cli_format_record(&c->out.text, c->format, c->format_len, place, record);
    if (err == WEIR_OK)
        cli_write(c->out.text.p, c->out.text.len);
    c->out.text.len = 0;
    return err;
}

/* Prints a batch, up to --count. -1 to go on, or a status. */
static int print_batch(consume *c, const weir_split_batch *batch) {
    cli_place place = {batch->topic, batch->partition};
    weir_record record;
    weir_err err;
    while ((err = weir_split_batch_next(batch, &record)) == WEIR_OK) {
        err = print_record(c, &place, &record);
        if (err != WEIR_OK)
            break;
        if (++c->printed == c->args.count)
            return CLI_DONE;
    }
    if (err == WEIR_END)
        return -1;
    cli_say("topic %.*s, partition %d: the batch before offset %lld is malformed", (int)batch->topic.len,
            batch->topic.p, (int)batch->partition, (long long)batch->end);
    return cli_status(err);
}

static int print_all(consume *c) {
    const weir_split_batch *batch;
    for (;;) {
        weir_err err = weir_reader_poll(c->reader, &batch, weir_posix_now());
        if (err == WEIR_OK) {
            int status = print_batch(c, batch);
            if (status >= 0)
                return status;
            cli_session_moved(&c->session);
            cli_session_step(&c->session, 0);
        } else if (err == WEIR_END) {
            return CLI_DONE;
        } else if (err != WEIR_AGAIN) {
            return cli_fail(weir_reader_fault(c->reader));
        } else if (!cli_flush()) {
            return CLI_FAILED;
        } else {
            if (!c->args.quiet)
                cli_session_tell_trouble(&c->session);
            cli_session_step(&c->session, 200);
        }
        if (cli_stop_asked())
            return CLI_DONE;
    }
}

static int run(consume *c) {
    int status = check_args(c);
    if (status < 0)
        status = cli_session_configure(&c->session, WEIR_SIDE_SOURCE, &c->args.common.settings);
    if (status >= 0)
        return status;
    if (c->args.isolation >= 0)
        c->session.config.isolation_level = c->args.isolation;
    cli_catch_signals();
    status = cli_session_open(&c->session);
    if (status < 0)
        status = open_source(c);
    if (status < 0)
        status = print_all(c);
    if (c->reader)
        weir_reader_free(c->reader);
    if (c->enumerator)
        weir_enumerator_free(c->enumerator);
    cli_session_close(&c->session);
    return status;
}

int cli_consume_command(int argc, char **argv) {
    consume c = {.args = {.isolation = -1}};
    int status = cli_parse(&command, &c.args, argc, argv);
    if (status < 0)
        status = run(&c);
    free(c.format);
    cli_json_free(&c.out);
    cli_args_free(&c.args.common);
    return status;
}
