#include "events.h"

#include "words.h"

#include <weir/posix.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define SECOND_US 1000000

void cli_events_init(cli_events *events, const char *job, bool json, bool quiet) {
    weir_time_us now = weir_posix_now();
    memset(events, 0, sizeof *events);
    events->job = job;
    events->json = json;
    events->quiet = quiet;
    events->terminal = isatty(STDERR_FILENO);
    events->started = events->last_told = events->last_moved = events->last_checkpoint = now;
}

static bool wants_words(const cli_events *events) {
    return !events->json && !events->quiet;
}

static double seconds_since(weir_time_us then) {
    return (double)(weir_posix_now() - then) / SECOND_US;
}

/* Ends an event and sends it off at once: readers wait for it. */
static void send_event(cli_events *events) {
    cli_json_close(&events->out, '}');
    cli_json_line(&events->out);
    cli_flush();
}

static void json_started(cli_events *events, const weir_job_event *event) {
    cli_json *out = &events->out;
    cli_json_event(out, "started");
    cli_json_put_string(out, "job", events->job);
    cli_json_put_string(out, "broker_version", event->broker_version);
    cli_json_put_int(out, "transaction_version", event->transaction_version);
    cli_json_put_uint(out, "partitions", event->partitions);
    cli_json_name(out, "restored_checkpoint");
    if (event->restored_checkpoint == 0)
        cli_json_null(out);
    else
        cli_json_uint(out, event->restored_checkpoint);
    send_event(events);
}

static void json_recovered(cli_events *events, const weir_sink_recovery *recovery) {
    cli_json *out = &events->out;
    cli_json_event(out, "recovered");
    cli_json_put_uint(out, "committed", recovery->committed);
    cli_json_put_uint(out, "already_committed", recovery->already_committed);
    cli_json_put_uint(out, "aborted", recovery->aborted);
    cli_json_put_uint(out, "lost", recovery->lost);
    send_event(events);
}

static void json_checkpoint(cli_events *events, const weir_job_event *event) {
    cli_json *out = &events->out;
    cli_json_event(out, "checkpoint");
    cli_json_put_uint(out, "checkpoint", event->checkpoint);
    cli_json_put_uint(out, "records", event->records);
    cli_json_put_uint(out, "transactions", event->transactions);
    cli_json_put_int(out, "ms", event->milliseconds);
    send_event(events);
}

static void json_loss(cli_events *events, const weir_job_event *event) {
    cli_json *out = &events->out;
    cli_json_event(out, "loss");
    cli_json_put_string(out, "kind", "range");
    cli_json_name(out, "topic");
    cli_json_bytes(out, event->topic.p, event->topic.len);
    cli_json_put_int(out, "partition", event->partition);
    cli_json_put_int(out, "from_offset", event->from_offset);
    send_event(events);
}

static void json_warning(cli_events *events, const char *text) {
    cli_json_event(&events->out, "warning");
    cli_json_put_string(&events->out, "text", text);
    send_event(events);
}

static void say_started(const cli_events *events, const weir_job_event *event) {
    cli_say("job %s: %" PRIu32 " partitions, brokers like Kafka %s, transaction.version %d", events->job,
            event->partitions, event->broker_version ? event->broker_version : "?", event->transaction_version);
    if (event->restored_checkpoint != 0)
        cli_say("going on from checkpoint %" PRIu64, event->restored_checkpoint);
}

/* Nothing to tell when nothing was left over. */
static void say_recovered(const weir_sink_recovery *recovery) {
    if (recovery->committed == 0 && recovery->already_committed == 0 && recovery->aborted == 0 && recovery->lost == 0)
        return;
    cli_say("recovered: %" PRIu32 " transactions committed, %" PRIu32 " committed before, %" PRIu32 " aborted, %" PRIu32
            " lost",
            recovery->committed, recovery->already_committed, recovery->aborted, recovery->lost);
}

/* A loss is told even with --quiet and, for people, beside --json too. */
static void say_loss(const weir_job_event *event) {
    cli_say("LOSS: topic %.*s, partition %" PRId32 " cannot be read on from offset %" PRId64, (int)event->topic.len,
            event->topic.p, event->partition, event->from_offset);
}

static void tell_event(cli_events *events, const weir_job_event *event) {
    switch (event->kind) {
    case WEIR_JOB_STARTED:
        if (wants_words(events))
            say_started(events, event);
        break;
    case WEIR_JOB_RECOVERED:
        if (wants_words(events))
            say_recovered(event->recovery);
        break;
    case WEIR_JOB_CHECKPOINT:
        break;
    case WEIR_JOB_LOSS:
        say_loss(event);
        break;
    case WEIR_JOB_WARNING:
        cli_say("%s", event->text);
        break;
    }
}

void cli_events_event(const weir_job_event *event, void *user) {
    cli_events *events = user;
    tell_event(events, event);
    if (event->kind == WEIR_JOB_CHECKPOINT)
        events->last_checkpoint = weir_posix_now();
    if (!events->json)
        return;
    switch (event->kind) {
    case WEIR_JOB_STARTED:
        json_started(events, event);
        break;
    case WEIR_JOB_RECOVERED:
        json_recovered(events, event->recovery);
        break;
    case WEIR_JOB_CHECKPOINT:
        json_checkpoint(events, event);
        break;
    case WEIR_JOB_LOSS:
        json_loss(events, event);
        break;
    case WEIR_JOB_WARNING:
        json_warning(events, event->text);
        break;
    }
}

static void json_progress(cli_events *events, const weir_job_counters *counters) {
    cli_json *out = &events->out;
    cli_json_event(out, "progress");
    cli_json_put_uint(out, "records_in", counters->records_in);
    cli_json_put_uint(out, "records_out", counters->records_out);
    cli_json_put_int(out, "lag", counters->lag);
    cli_json_name(out, "seconds");
    cli_json_seconds(out, seconds_since(events->started));
    send_event(events);
}

static void say_progress(const cli_events *events, const weir_job_counters *counters) {
    char line[200];
    double rate = (double)(counters->records_out - events->at_last_told.records_out) / seconds_since(events->last_told);
    snprintf(line, sizeof line,
             "%" PRIu64 " in, %" PRIu64 " out, %.0f/s, lag %" PRId64 ", checkpoint %" PRIu64 " %.1f s ago",
             counters->records_in, counters->records_out, rate, counters->lag, counters->last_checkpoint,
             seconds_since(events->last_checkpoint));
    cli_progress(events->terminal, line);
}

/* Tells what is wrong below, once for each text, when nothing has moved for a second. */
static void tell_trouble(cli_events *events, const weir_job_counters *counters, const weir_fault *trouble) {
    if (counters->records_in != events->seen.records_in || counters->records_out != events->seen.records_out ||
        counters->checkpoints != events->seen.checkpoints)
        events->last_moved = weir_posix_now();
    events->seen = *counters;
    if (!trouble || trouble->err == WEIR_OK || weir_posix_now() - events->last_moved < SECOND_US ||
        strcmp(trouble->text, events->trouble) == 0)
        return;
    snprintf(events->trouble, sizeof events->trouble, "%s", trouble->text);
    cli_say("waiting: %s", trouble->text);
    if (events->json)
        json_warning(events, trouble->text);
}

bool cli_events_progress(const weir_job_counters *counters, const weir_fault *trouble, void *user) {
    cli_events *events = user;
    weir_time_us interval = events->json || events->terminal ? SECOND_US : 10 * SECOND_US;
    tell_trouble(events, counters, trouble);
    if (weir_posix_now() - events->last_told >= interval) {
        if (events->json)
            json_progress(events, counters);
        else if (!events->quiet)
            say_progress(events, counters);
        events->last_told = weir_posix_now();
        events->at_last_told = *counters;
    }
    if (cli_stop_asked() && !events->stopping && wants_words(events))
        cli_say("stopping: one more checkpoint");
    events->stopping = cli_stop_asked();
    return events->stopping || !cli_flush();
}

/* Linux keeps the maximum of the process that called exec in ru_maxrss, so that a small program started by a large one
   looks large; VmHWM is of the program alone. */
static int64_t max_rss_bytes(const struct rusage *usage) {
    long long kib = (long long)usage->ru_maxrss;
    char line[128];
    FILE *status = fopen("/proc/self/status", "r");
    while (status != NULL && fgets(line, sizeof line, status) != NULL)
        if (strncmp(line, "VmHWM:", 6) == 0)
            kib = strtoll(line + 6, NULL, 10);
    if (status != NULL)
        fclose(status);
    return kib * 1024;
}

static double cpu_seconds(const struct rusage *usage) {
    return (double)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) +
           (double)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) / SECOND_US;
}

static void json_end(cli_events *events, const char *event, const weir_job_counters *counters, const char *error,
                     int status) {
    cli_json *out = &events->out;
    struct rusage usage = {0};
    getrusage(RUSAGE_SELF, &usage);
    cli_json_event(out, event);
    cli_json_put_uint(out, "records_in", counters->records_in);
    cli_json_put_uint(out, "records_out", counters->records_out);
    cli_json_put_uint(out, "bytes_in", counters->bytes_in);
    cli_json_put_uint(out, "bytes_out", counters->bytes_out);
    cli_json_put_uint(out, "checkpoints", counters->checkpoints);
    cli_json_put_uint(out, "last_checkpoint", counters->last_checkpoint);
    cli_json_put_uint(out, "transactions_committed", counters->transactions_committed);
    cli_json_put_uint(out, "transactions_aborted", counters->transactions_aborted);
    cli_json_name(out, "seconds");
    cli_json_seconds(out, seconds_since(events->started));
    cli_json_name(out, "cpu_seconds");
    cli_json_seconds(out, cpu_seconds(&usage));
    cli_json_put_int(out, "max_rss_bytes", max_rss_bytes(&usage));
    if (error) {
        cli_json_put_string(out, "error", error);
        cli_json_put_int(out, "status", status);
    }
    send_event(events);
}

int cli_events_end(cli_events *events, weir_err err, const weir_job_result *result) {
    const weir_job_counters *counters = &result->counters;
    bool failed = err < 0 || result->end == WEIR_JOB_FAILED;
    const char *event = failed ? "failed" : result->end == WEIR_JOB_STOPPED ? "stopped" : "finished";
    weir_fault fault = result->fault;
    int status = CLI_DONE;
    if (failed) {
        if (fault.err == WEIR_OK)
            weir_fault_set(&fault, err < 0 ? err : WEIR_E_BROKER, "the job failed: %s", weir_err_name(err));
        status = cli_fail(&fault);
    } else if (wants_words(events)) {
        cli_say("%s: %" PRIu64 " records in, %" PRIu64 " out, %" PRIu64 " checkpoints, %.1f s", event,
                counters->records_in, counters->records_out, counters->checkpoints, seconds_since(events->started));
    }
    if (events->json)
        json_end(events, event, counters, failed ? fault.text : NULL, status);
    cli_json_free(&events->out);
    return status;
}
