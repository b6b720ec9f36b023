/* What `weir copy` tells while its job runs: events as JSON on stdout, or words on stderr. */
#ifndef CLI_EVENTS_H
#define CLI_EVENTS_H

#include "json.h"

#include <weir/job.h>

typedef struct cli_events {
    const char *job;
    bool json;     /* events on stdout; no news and no progress line on stderr then */
    bool quiet;    /* no news and no progress line */
    bool terminal; /* stderr is one: the progress line is rewritten in place */
    bool stopping; /* the wish to stop has been told */
    cli_json out;
    weir_time_us started, last_told, last_moved, last_checkpoint;
    weir_job_counters at_last_told, seen;
    char trouble[sizeof((weir_fault *)0)->text]; /* the trouble told last */
} cli_events;

void cli_events_init(cli_events *events, const char *job, bool json, bool quiet);
/* The job's callbacks; `user` is a cli_events. */
void cli_events_event(const weir_job_event *event, void *user);
bool cli_events_progress(const weir_job_counters *counters, const weir_fault *trouble, void *user);
/* Tells how the job ended and returns the exit status. */
int cli_events_end(cli_events *events, weir_err err, const weir_job_result *result);

#endif
