#include "report.h"

void report_violation(sim_report *r, uint64_t seed, int invariant, const char *text) {
    if (r->violation_count < REPORT_VIOLATIONS) {
        sim_violation *v = &r->violations[r->violation_count];
        v->seed = seed;
        v->invariant = invariant;
        snprintf(v->text, sizeof v->text, "%s", text);
    }
    r->violation_count++;
}

static void print_text(const char *text, FILE *out) {
    fputc('"', out);
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\')
            fprintf(out, "\\%c", c);
        else if (c < 0x20)
            fprintf(out, "\\u%04x", c);
        else
            fputc(c, out);
    }
    fputc('"', out);
}

void report_print(const sim_report *r, FILE *out) {
    int cells, zero;
    coverage_count(&r->coverage, &cells, &zero);
    fprintf(out, "{\"seeds\": %llu, \"events\": %llu, \"violations\": [", (unsigned long long)r->seeds,
            (unsigned long long)r->events);
    for (uint64_t n = 0; n < r->violation_count && n < REPORT_VIOLATIONS; n++) {
        const sim_violation *v = &r->violations[n];
        fprintf(out, "%s{\"seed\": %llu, \"invariant\": %d, \"text\": ", n > 0 ? ", " : "", (unsigned long long)v->seed,
                v->invariant);
        print_text(v->text, out);
        fputc('}', out);
    }
    fprintf(out, "], \"violation_count\": %llu, ", (unsigned long long)r->violation_count);
    coverage_print(&r->coverage, out);
    if (r->takings > 0)
        fprintf(out, ", \"allocations\": %lld, \"failed_once\": %lld, \"failed_for_good\": %lld, \"stride\": %lld",
                (long long)r->takings, (long long)r->once, (long long)r->for_good, (long long)r->stride);
    if (r->points > 0)
        fprintf(out, ", \"points\": %lld, \"cells\": %lld", (long long)r->points, (long long)r->cells);
    else
        fprintf(out, ", \"cells\": %d, \"cells_zero\": %d", cells, zero);
    fprintf(out, ", \"seconds\": %.3f", r->seconds);
    if (r->seconds > 0)
        fprintf(out, ", \"seeds_per_second\": %.1f", (double)r->seeds / r->seconds);
    fprintf(out, ", \"trace_hash\": \"%016llx\"}\n", (unsigned long long)r->trace);
}
