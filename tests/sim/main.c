/* The simulator's program: lives through seeds and prints one JSON object. tools/sim builds and calls it. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <weir/posix.h>

#include "campaign.h"

static const char usage[] =
    "usage: sim [--seeds N] [--from S] [--minutes M] [--seed S [--trace]] [--shrink S] [--crash-points] [--keep SET]\n"
    "           [--allocations [--every] [--taking N]] [--stop-at-first]\n";

static sim_report result;
static uint64_t present_seed;

/* An assertion of the core, or worse: said in the report like any other violation. */
static void died(int number) {
    char text[64];
    snprintf(text, sizeof text, "the program died of signal %d", number);
    report_violation(&result, present_seed, 0, text);
    report_print(&result, stdout);
    fflush(stdout);
    _exit(1);
}

static uint64_t number(const char *text) {
    char *end;
    uint64_t value = strtoull(text, &end, 0);
    if (*text == '\0' || *end != '\0') {
        fprintf(stderr, "sim: '%s' is not a number\n%s", text, usage);
        exit(2);
    }
    return value;
}

static void parse(sim_campaign *c, int argc, char **argv) {
    for (int n = 1; n < argc; n++) {
        const char *value = n + 1 < argc ? argv[n + 1] : "";
        bool took = true;
        if (strcmp(argv[n], "--seeds") == 0)
            c->seeds = number(value);
        else if (strcmp(argv[n], "--from") == 0)
            c->from = number(value);
        else if (strcmp(argv[n], "--minutes") == 0)
            c->seconds = 60 * strtod(value, NULL);
        else if (strcmp(argv[n], "--seed") == 0)
            c->from = number(value), c->seeds = 1;
        else if (strcmp(argv[n], "--shrink") == 0)
            c->from = number(value), c->shrink = true;
        else if (strcmp(argv[n], "--taking") == 0)
            c->taking = (int64_t)number(value);
        else if (strcmp(argv[n], "--keep") == 0)
            c->keep = number(value);
        else
            took = false;
        n += took;
        if (took)
            continue;
        if (strcmp(argv[n], "--trace") == 0) {
            c->trace = true;
        } else if (strcmp(argv[n], "--crash-points") == 0) {
            c->crash_points = true;
        } else if (strcmp(argv[n], "--allocations") == 0) {
            c->allocations = true;
        } else if (strcmp(argv[n], "--every") == 0) {
            c->every = true;
        } else if (strcmp(argv[n], "--stop-at-first") == 0) {
            c->stop_at_first = true;
        } else {
            fprintf(stderr, "sim: '%s' is not known\n%s", argv[n], usage);
            exit(2);
        }
    }
}

int main(int argc, char **argv) {
    sim_campaign c = {.seeds = 0, .from = 1, .keep = UINT64_MAX, .present = &present_seed, .result = &result};
    parse(&c, argc, argv);
    if (c.seeds == 0)
        c.seeds = c.allocations ? ALLOCATION_SEEDS : 1000;
    signal(SIGABRT, died);
    signal(SIGSEGV, died);
    weir_time_us begun = weir_posix_now();
    if (c.shrink)
        campaign_shrink(&c);
    else if (c.crash_points)
        campaign_crash_points(&c);
    else if (c.allocations)
        campaign_allocations(&c);
    else
        campaign_seeds(&c);
    result.seconds = (double)(weir_posix_now() - begun) / 1e6;
    report_print(&result, stdout);
    return result.violation_count > 0;
}
