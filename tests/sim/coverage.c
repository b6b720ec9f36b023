#include "coverage.h"

#include "state.h"

const char *const coverage_states[COVERAGE_STATES] = {"opening", "enumerating", "running", "preparing",
                                                      "storing", "draining",    "ended"};

/* A call to the disk is made while a checkpoint is stored, and at no other time once there is a job. A process that
   stores one opens no connection and sends nothing. No request of an enumerating job has an effect. */
static bool possible(int class, int state) {
    bool disk = class == FAULT_DISK_IO || class == FAULT_DISK_FULL || class == FAULT_DISK_SYNC;
    bool storing = state == WEIR__JOB_STORING, sending = class >= FAULT_SLOW && class <= FAULT_LATE;
    bool effect = class != FAULT_ERROR_DONE || state != WEIR__JOB_ENUMERATING;
    return disk ? storing : effect && !(storing && sending);
}

void coverage_add(sim_coverage *sum, const sim_coverage *more) {
    for (int n = 0; n < FAULT_CLASSES; n++) {
        sum->total[n] += more->total[n];
        for (int state = 0; state < COVERAGE_STATES; state++)
            sum->met[n][state] += more->met[n][state];
    }
}

void coverage_count(const sim_coverage *c, int *cells, int *zero) {
    *cells = *zero = 0;
    for (int n = 0; n < FAULT_CLASSES; n++) {
        for (int state = 0; state < COVERAGE_STATES; state++) {
            *cells += possible(n, state);
            *zero += possible(n, state) && c->met[n][state] == 0;
        }
    }
}

void coverage_print(const sim_coverage *c, FILE *out) {
    fprintf(out, "\"faults\": {");
    for (int n = 0; n < FAULT_CLASSES; n++)
        fprintf(out, "%s\"%s\": %llu", n > 0 ? ", " : "", fault_names[n], (unsigned long long)c->total[n]);
    fprintf(out, "}, \"coverage\": {");
    for (int n = 0; n < FAULT_CLASSES; n++) {
        fprintf(out, "%s\"%s\": {", n > 0 ? ", " : "", fault_names[n]);
        const char *comma = "";
        for (int state = 0; state < COVERAGE_STATES; state++) {
            if (!possible(n, state))
                continue;
            fprintf(out, "%s\"%s\": %llu", comma, coverage_states[state], (unsigned long long)c->met[n][state]);
            comma = ", ";
        }
        fprintf(out, "}");
    }
    fprintf(out, "}");
}
