#include "args.h"
#include "commands.h"
#include "events.h"
#include "settings.h"
#include "words.h"

#include <weir/job.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct copy_args {
    cli_common common;
    const char *from, *to, *to_bootstrap, *job, *checkpoint_dir;
    int start, stop, delivery, partitioning;
    int64_t checkpoint_interval_ms, parallelism;
    bool fresh, yes, json, quiet;
} copy_args;

#define MEMBER(name) offsetof(copy_args, name)

static const cli_option options[] = {
    {"from", '\0', CLI_TEXT, "TOPIC[,TOPIC...]", MEMBER(from), 0, 0, "the topics to read"},
    {"to", '\0', CLI_TEXT, "TOPIC", MEMBER(to), 0, 0, "the topic to write to"},
    {"to-bootstrap", '\0', CLI_TEXT, "HOST:PORT[,...]", MEMBER(to_bootstrap), 0, 0,
     "the brokers of the output (the same)"},
    {"start", '\0', CLI_CHOICE, "earliest|latest", MEMBER(start), 0, 0,
     "where to begin when there is no checkpoint (earliest)"},
    {"stop", '\0', CLI_CHOICE, "never|latest", MEMBER(stop), 0, 0,
     "latest: end at what is there when the job starts (never)"},
    {"delivery", '\0', CLI_CHOICE, "exactly-once|at-least-once|none", MEMBER(delivery), 0, 0, "(exactly-once)"},
    {"job", '\0', CLI_TEXT, "NAME", MEMBER(job), 0, 0,
     "names the transactional ids, the ledger group, the lock\nand the checkpoints (the output topic's name)"},
    {"checkpoint-dir", '\0', CLI_TEXT, "DIR", MEMBER(checkpoint_dir), 0, 0,
     "where checkpoints lie ($XDG_STATE_HOME/weir/JOB, else\n~/.local/state/weir/JOB)"},
    {"checkpoint-interval", '\0', CLI_NUMBER, "MS", MEMBER(checkpoint_interval_ms), 1, INT32_MAX,
     "milliseconds from one checkpoint to the next (1000)"},
    {"partitioning", '\0', CLI_CHOICE, "source", MEMBER(partitioning), 0, 0,
     "source: to the partition of the same number (source)"},
    {"parallelism", 'j', CLI_NUMBER, "N", MEMBER(parallelism), 1, 1, "subtasks (1)"},
    {"fresh", '\0', CLI_FLAG, NULL, MEMBER(fresh), 0, 0, "forget the checkpoint and begin anew"},
    {"yes", '\0', CLI_FLAG, NULL, MEMBER(yes), 0, 0, "do not ask back"},
    {"json", '\0', CLI_FLAG, NULL, MEMBER(json), 0, 0, "events as JSON on stdout, one a line"},
    {"quiet", 'q', CLI_FLAG, NULL, MEMBER(quiet), 0, 0, "no progress and no news, only losses and errors"},
};

static const cli_command command = {
    "weir copy",
    NULL,
    "Copies topics into a topic: key, value, headers and timestamp as they are, each partition in order, and exactly\n"
    "once. Run the same command again after any failure: it goes on from the last checkpoint.",
    options,
    sizeof options / sizeof options[0],
    true};

/* A cli_setter for the job; all of its properties are of use here. */
static weir_err set_job(void *target, const char *key, const char *value, bool shared, weir_fault *fault) {
    (void)shared;
    return weir_job_config_set(target, key, value, fault);
}

/* The name is used in file names and transactional ids. */
static bool is_job_name(const char *name) {
    size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");
    return len > 0 && name[len] == '\0' && name[0] != '.' && len <= WEIR_TRANSACTIONAL_ID_MAX;
}

/* --fresh throws a checkpoint away: a person is asked, a script has to say --yes. -1, or a status. */
static int confirm_fresh(const copy_args *args, const char *job) {
    char answer[8];
    if (!args->fresh || args->yes)
        return -1;
    if (!isatty(STDIN_FILENO))
        return cli_usage("--fresh forgets the checkpoint of job '%s' and needs --yes here", job);
    fprintf(stderr, "weir copy: forget the checkpoint of job '%s' and begin anew? [y/N] ", job);
    if (fgets(answer, sizeof answer, stdin) && (answer[0] == 'y' || answer[0] == 'Y'))
        return -1;
    cli_say("nothing was done");
    return CLI_USAGE;
}

/* Fills the job's configuration from the command line. -1, or a status. */
static int configure(const copy_args *args, weir_job_config *config) {
    static const weir_delivery deliveries[] = {WEIR_DELIVERY_EXACTLY_ONCE, WEIR_DELIVERY_AT_LEAST_ONCE,
                                               WEIR_DELIVERY_NONE};
    weir_fault fault;
    weir_job_config_init(config);
    if (!args->from)
        return cli_usage("--from is missing: name the topics to read");
    if (!args->to)
        return cli_usage("--to is missing: name the topic to write to");
    config->name = args->job ? args->job : args->to;
    if (!is_job_name(config->name))
        return cli_usage("--job '%s': a name is at most %d letters, digits, '.', '_' and '-', and begins with no '.'",
                         config->name, WEIR_TRANSACTIONAL_ID_MAX);
    int status = cli_settings_apply(&args->common.settings, set_job, config);
    if (status >= 0)
        return status;
    if (config->source.bootstrap_servers[0] == '\0')
        return cli_usage("no brokers are named: give --bootstrap HOST:PORT");
    if (args->to_bootstrap &&
        weir_job_config_set(config, "sink.bootstrap.servers", args->to_bootstrap, &fault) != WEIR_OK)
        return cli_usage("--to-bootstrap: %s", fault.text);
    config->from = args->from;
    config->to = args->to;
    config->checkpoint_dir = args->checkpoint_dir;
    config->checkpoint_interval_ms = args->checkpoint_interval_ms;
    config->start = (weir_start)args->start;
    config->stop = (weir_stop)args->stop;
    config->fresh = args->fresh;
    if (args->delivery >= 0)
        config->sink.delivery_guarantee = deliveries[args->delivery];
    return confirm_fresh(args, config->name);
}

static int run(const copy_args *args) {
    weir_job_config config;
    weir_job_result result;
    int status = configure(args, &config);
    if (status >= 0)
        return status;
    cli_events events;
    cli_events_init(&events, config.name, args->json, args->quiet);
    config.user = &events;
    config.on_event = cli_events_event;
    config.on_progress = cli_events_progress;
    cli_catch_signals();
    memset(&result, 0, sizeof result);
    weir_err err = weir_job_run(&config, &result);
    return cli_events_end(&events, err, &result);
}

int cli_copy_command(int argc, char **argv) {
    copy_args args = {.delivery = -1, .checkpoint_interval_ms = 1000, .parallelism = 1};
    int status = cli_parse(&command, &args, argc, argv);
    if (status < 0)
        status = run(&args);
    cli_args_free(&args.common);
    return status;
}
