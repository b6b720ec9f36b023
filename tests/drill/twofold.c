/* The job of the drill: each record goes unchanged to two topics, in one transaction. Options and events are those of
   `weir copy`, as far as the drill needs them. */
#include "events.h"
#include "words.h"

#include <weir/job.h>

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

static weir_err to_both(weir_job *job, const weir_split_batch *from, const weir_record *in, void *user) {
    (void)user;
    weir_err err = weir_job_emit_to(job, 0, from->partition, in);
    return err == WEIR_OK ? weir_job_emit_to(job, 1, from->partition, in) : err;
}

/* One KEY=VALUE. */
static bool set(weir_job_config *config, char *property) {
    weir_fault fault;
    char *value = strchr(property, '=');
    if (value == NULL)
        return false;
    *value++ = '\0';
    if (weir_job_config_set(config, property, value, &fault) == WEIR_OK)
        return true;
    cli_say("%s", fault.text);
    return false;
}

static bool configure(weir_job_config *config, int argc, char **argv) {
    weir_fault fault;
    bool right = true;
    for (int option; (option = getopt(argc, argv, "b:d:i:j:X:l")) != -1;) {
        switch (option) {
        case 'b':
            right = right && weir_job_config_set(config, "bootstrap.servers", optarg, &fault) == WEIR_OK;
            break;
        case 'd':
            config->checkpoint_dir = optarg;
            break;
        case 'i':
            config->checkpoint_interval_ms = strtoll(optarg, NULL, 10);
            break;
        case 'j':
            config->name = optarg;
            break;
        case 'X':
            right = right && set(config, optarg);
            break;
        case 'l':
            config->stop = WEIR_STOP_LATEST;
            break;
        default:
            right = false;
        }
    }
    if (argc - optind != 2)
        return false;
    config->from = argv[optind];
    config->to = argv[optind + 1];
    return right && config->name != NULL && config->checkpoint_interval_ms > 0;
}

int main(int argc, char **argv) {
    weir_job_config config;
    weir_job_result result;
    cli_events events;
    weir_job_config_init(&config);
    if (!configure(&config, argc, argv))
        return cli_usage("twofold -b BROKERS -j JOB -d DIR [-i CHECKPOINT_MS] [-X KEY=VALUE]... [-l] FROM TO,TO   "
                         "(-l: stop at the latest offsets)");
    cli_events_init(&events, config.name, true, true);
    config.function = to_both;
    config.user = &events;
    config.on_event = cli_events_event;
    config.on_progress = cli_events_progress;
    cli_catch_signals();
    memset(&result, 0, sizeof result);
    weir_err err = weir_job_run(&config, &result);
    return cli_events_end(&events, err, &result);
}
