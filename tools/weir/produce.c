#include "args.h"
#include "commands.h"
#include "input.h"
#include "names.h"
#include "session.h"
#include "words.h"

#include <weir/sink.h>

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct produce_args {
    cli_common common;
    const char *to, *key_separator, *transactional_id;
    cli_list headers;
    int64_t partition; /* -1: not given */
    bool json;
} produce_args;

#define MEMBER(name) offsetof(produce_args, name)

static const cli_option options[] = {
    {"to", '\0', CLI_TEXT, "TOPIC", MEMBER(to), 0, 0, "the topic to write to"},
    {"key-separator", '\0', CLI_TEXT, "TEXT", MEMBER(key_separator), 0, 0,
     "what stands before it in a line is the key (\\t \\n \\xNN\nare understood); a line without it has a null key"},
    {"json", '\0', CLI_FLAG, NULL, MEMBER(json), 0, 0,
     "each line is an object as 'weir consume --json' prints\nit: key, value, headers, timestamp and partition count"},
    {"partition", '\0', CLI_NUMBER, "P", MEMBER(partition), 0, INT32_MAX, "write everything to this partition"},
    {"header", '\0', CLI_LIST, "NAME=VALUE", MEMBER(headers), 0, 0, "add a header to every record"},
    {"transactional-id", '\0', CLI_TEXT, "ID", MEMBER(transactional_id), 0, 0,
     "write all lines in one transaction: all or nothing; the\nbrokers see ID-0-N as the id"},
};

static const cli_command command = {
    "weir produce",
    NULL,
    "Writes one record a line from standard input. Without --partition a key decides the partition as in Kafka's\n"
    "Java client, and records without one are spread over all.",
    options,
    sizeof options / sizeof options[0],
    true};

/* A run of the command. */
typedef struct produce {
    produce_args args;
    cli_session session;
    weir_sink *sink;
    uint32_t topic;
    int32_t partitions;
    int32_t sticky;       /* the partition of records without a key for now */
    int64_t sticky_bytes; /* written to it so far */
    char *separator;
    size_t separator_len;
    cli_text pending; /* input that has not been sent yet */
    int64_t lines;
    cli_input input;
} produce;

static int check_args(produce *p) {
    if (!p->args.to)
        return cli_usage("--to is missing: name the topic to write to");
    if (p->args.json && p->args.key_separator)
        return cli_usage("--json and --key-separator exclude each other");
    if (p->args.transactional_id && p->args.transactional_id[0] == '\0')
        return cli_usage("--transactional-id must not be empty");
    for (size_t n = 0; n < p->args.headers.count; n++)
        if (!strchr(p->args.headers.items[n].text, '='))
            return cli_usage("--header takes NAME=VALUE, not '%s'", p->args.headers.items[n].text);
    if (p->args.key_separator) {
        p->separator = cli_copy(p->args.key_separator);
        ptrdiff_t len = cli_unescape(p->separator);
        if (len <= 0)
            return cli_usage("--key-separator '%s': give at least one byte; the escapes are \\n \\t \\r \\\\ and \\xNN",
                             p->args.key_separator);
        p->separator_len = (size_t)len;
    }
    return -1;
}

static int configure(produce *p) {
    int status = cli_session_configure(&p->session, WEIR_SIDE_SINK, &p->args.common.settings);
    weir_config *config = &p->session.config;
    if (status >= 0)
        return status;
    if (p->args.transactional_id)
        config->delivery_guarantee = WEIR_DELIVERY_EXACTLY_ONCE;
    else if (config->delivery_guarantee == WEIR_DELIVERY_EXACTLY_ONCE)
        return cli_usage("exactly-once delivery needs --transactional-id");
    return -1;
}

/* One round of I/O; the sink's error, or WEIR_OK. */
static weir_err go_on(produce *p, int64_t wait_ms) {
    cli_session_tell_trouble(&p->session);
    cli_session_step(&p->session, wait_ms);
    return weir_sink_tick(p->sink, weir_posix_now());
}

/* Makes the sink and waits until it is ready. -1, or a status. */
static int open_sink(produce *p) {
    cli_session *session = &p->session;
    char lineage[64];
    weir_fault fault;
    snprintf(lineage, sizeof lineage, "produce-%" PRIx64 "-%" PRIx64, (uint64_t)cli_clock_ms(), weir_posix_seed());
    weir_sink_settings settings = {weir_str_of(p->args.transactional_id), 0, weir_str_of(lineage),
                                   weir_str_of(p->args.to)};
    weir_err err = weir_sink_new(&p->sink, session->client, &session->config, &settings, &session->budget.alloc);
    if (err == WEIR_OK)
        err = weir_sink_add_topic(p->sink, weir_str_of(p->args.to), &p->topic);
    if (err != WEIR_OK) {
        weir_fault_set(&fault, err, "cannot write to '%s': %s", p->args.to, weir_err_name(err));
        return cli_fail(p->sink && weir_sink_fault(p->sink)->err != WEIR_OK ? weir_sink_fault(p->sink) : &fault);
    }
    while ((err = weir_sink_open(p->sink, weir_posix_now())) == WEIR_AGAIN) {
        if (cli_stop_asked())
            return CLI_DONE;
        if (cli_session_stuck(session, &fault))
            return cli_fail(&fault);
        cli_session_tell_trouble(session);
        cli_session_step(session, 100);
    }
    if (err != WEIR_OK)
        return cli_fail(weir_sink_fault(p->sink));
    p->partitions = weir_sink_partitions(p->sink, p->topic);
    if (p->args.partition >= p->partitions)
        return cli_usage("topic '%s' has %d partitions, so there is no --partition %lld", p->args.to,
                         (int)p->partitions, (long long)p->args.partition);
    p->sticky = (int32_t)(weir_posix_seed() % (uint64_t)p->partitions);
    return -1;
}

/* Records without a key fill one partition's batch after the other's, so that batches are large. */
static int32_t sticky_partition(produce *p) {
    if (p->sticky_bytes >= p->session.config.batch_size) {
        p->sticky = (p->sticky + 1) % p->partitions;
        p->sticky_bytes = 0;
    }
    p->sticky_bytes += (int64_t)weir_record_bound(&p->input.record);
    return p->sticky;
}

static int32_t choose_partition(produce *p) {
    const weir_bytes *key = &p->input.record.key;
    if (p->args.partition >= 0)
        return (int32_t)p->args.partition;
    if (p->input.partition >= 0)
        return p->input.partition;
    return key->p ? cli_key_partition(key->p, key->len, p->partitions) : sticky_partition(p);
}

static void add_headers(produce *p) {
    for (size_t n = 0; n < p->args.headers.count; n++) {
        const char *text = p->args.headers.items[n].text, *equals = strchr(text, '=');
        weir_header header = {{text, (uint32_t)(equals - text)},
                              {(const uint8_t *)equals + 1, (uint32_t)strlen(equals + 1)}};
        cli_input_header(&p->input, &header);
    }
}

/* Sends the record in `input`; waits while there is no room. -1, or a status. */
static int send_record(produce *p) {
    weir_err err;
    int32_t partition = choose_partition(p);
    if (partition >= p->partitions) {
        cli_say("line %" PRId64
                ": topic '%s' has %d partitions, so there is no partition %d; give --partition, or leave "
                "the member out",
                p->lines, p->args.to, (int)p->partitions, (int)partition);
        return CLI_FAILED;
    }
    add_headers(p);
    if (p->input.record.timestamp == CLI_NOW)
        p->input.record.timestamp = cli_clock_ms();
    while ((err = weir_sink_send(p->sink, p->topic, partition, &p->input.record, weir_posix_now())) == WEIR_AGAIN) {
        err = go_on(p, 100);
        if (err != WEIR_OK)
            break;
    }
    if (err == WEIR_OK) {
        cli_session_moved(&p->session);
        return -1;
    }
    if (err == WEIR_E_TOO_LARGE)
        cli_say("line %" PRId64 ": the record exceeds max.request.size = %" PRId64 " bytes", p->lines,
                p->session.config.max_request_size);
    return err == WEIR_E_TOO_LARGE ? cli_status(err) : cli_fail(weir_sink_fault(p->sink));
}

static int send_line(produce *p, const char *line, size_t len) {
    p->lines++;
    if (!p->args.json)
        cli_input_line(&p->input, line, len, p->separator, p->separator_len);
    else if (len == 0)
        return -1;
    else if (!cli_input_json(&p->input, line, len)) {
        cli_say("line %" PRId64 ": %s", p->lines, p->input.why);
        return CLI_FAILED;
    }
    return send_record(p);
}

/* Sends all whole lines that are pending, at the end of the input the rest too. -1, or a status. */
static int send_pending(produce *p, bool at_end) {
    size_t from = 0;
    int status = -1;
    while (status < 0 && from < p->pending.len) {
        const char *line = p->pending.p + from, *newline = memchr(line, '\n', p->pending.len - from);
        size_t len = newline ? (size_t)(newline - line) : p->pending.len - from;
        if (!newline && !at_end)
            break;
        status = send_line(p, line, len);
        from += newline ? len + 1 : len;
    }
    p->pending.len -= from;
    if (p->pending.len > 0)
        memmove(p->pending.p, p->pending.p + from, p->pending.len);
    return status;
}

/* The longest line that can still hold a record: a byte takes up to six in JSON. */
static bool too_long(const produce *p) {
    uint64_t limit = (uint64_t)p->session.config.max_request_size * (p->args.json ? 6 : 1) + 4096;
    return p->pending.len > limit + (1u << 16);
}

/* Reads what stdin has now: -1 to go on (also when there is nothing yet), CLI_DONE at its end, or a status. */
static int read_some(produce *p) {
    char chunk[1 << 14];
    struct pollfd in = {STDIN_FILENO, POLLIN, 0};
    if (poll(&in, 1, 0) <= 0) {
        weir_err err = go_on(p, 20);
        return err == WEIR_OK ? -1 : cli_fail(weir_sink_fault(p->sink));
    }
    ssize_t len = read(STDIN_FILENO, chunk, sizeof chunk);
    if (len < 0 && (errno == EINTR || errno == EAGAIN))
        return -1;
    if (len < 0) {
        cli_say("cannot read standard input: %s", strerror(errno));
        return CLI_FAILED;
    }
    cli_text_add(&p->pending, chunk, (size_t)len);
    int status = send_pending(p, len == 0);
    if (status >= 0 || len == 0)
        return status >= 0 ? status : CLI_DONE;
    if (too_long(p)) {
        cli_say("line %" PRId64 " is too long for max.request.size = %" PRId64 " bytes", p->lines + 1,
                p->session.config.max_request_size);
        return CLI_FAILED;
    }
    weir_err err = go_on(p, 0);
    return err == WEIR_OK ? -1 : cli_fail(weir_sink_fault(p->sink));
}

/* Waits until everything is acknowledged and, in a transaction, committed. */
static int finish(produce *p) {
    weir_err err;
    while ((err = weir_sink_prepare(p->sink, 1, weir_posix_now())) == WEIR_AGAIN && (err = go_on(p, 100)) == WEIR_OK)
        ;
    if (err == WEIR_OK)
        weir_sink_commit(p->sink, 1, weir_posix_now());
    while (err == WEIR_OK && weir_sink_uncommitted(p->sink) > 0)
        err = go_on(p, 100);
    return err == WEIR_OK ? CLI_DONE : cli_fail(weir_sink_fault(p->sink));
}

/* Takes back what the transaction holds. */
static int give_up(produce *p, int status) {
    weir_err err;
    weir_fault fault;
    cli_session_moved(&p->session);
    while ((err = weir_sink_abort(p->sink, weir_posix_now())) == WEIR_AGAIN && !cli_session_stuck(&p->session, &fault))
        cli_session_step(&p->session, 100);
    if (err == WEIR_OK)
        cli_say("the transaction is aborted: none of its lines will ever be read as committed");
    else
        cli_say(
            "the transaction could not be aborted; the brokers do so after transaction.timeout.ms, or now with 'weir "
            "transactions abort --prefix %s'",
            p->args.transactional_id);
    return status;
}

static int send_all(produce *p) {
    int status = -1;
    while (status < 0 && !cli_stop_asked())
        status = read_some(p);
    bool stopped = status < 0;
    if (p->args.transactional_id && (stopped || status != CLI_DONE)) {
        if (stopped)
            cli_say("interrupted after line %" PRId64, p->lines);
        return give_up(p, stopped ? CLI_FAILED : status);
    }
    int finished = weir_sink_tick(p->sink, weir_posix_now()) == WEIR_OK ? finish(p) : status;
    return status > CLI_DONE ? status : finished;
}

static int run(produce *p) {
    int status = check_args(p);
    if (status < 0)
        status = configure(p);
    if (status >= 0)
        return status;
    cli_catch_signals();
    status = cli_session_open(&p->session);
    if (status < 0)
        status = open_sink(p);
    if (status < 0)
        status = send_all(p);
    if (p->sink)
        weir_sink_free(p->sink);
    cli_session_close(&p->session);
    return status;
}

int cli_produce_command(int argc, char **argv) {
    produce p = {.args = {.partition = -1}};
    int status = cli_parse(&command, &p.args, argc, argv);
    if (status < 0)
        status = run(&p);
    free(p.separator);
    cli_text_free(&p.pending);
    cli_input_free(&p.input);
    free(p.args.headers.items);
    cli_args_free(&p.args.common);
    return status;
}
