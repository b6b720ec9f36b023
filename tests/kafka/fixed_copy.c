/* A copy that takes all of its memory from one array: fixed_copy BROKERS FROM TO JOB FOLDER. Ends at the present end of
   the topic and prints one JSON line. */
#include <inttypes.h>
#include <stdio.h>
#include <weir/weir.h>

#define MEMORY (12u * 1024 * 1024)

static _Alignas(max_align_t) uint8_t memory[MEMORY];

int main(int argc, char **argv) {
    weir_job_config config;
    weir_job_result result;
    weir_fault fault;
    weir_budget meter;
    if (argc != 6)
        return 2;
    weir_job_config_init(&config);
    config.from = argv[2];
    config.to = argv[3];
    config.name = argv[4];
    config.checkpoint_dir = argv[5];
    config.checkpoint_interval_ms = 200;
    config.stop = WEIR_STOP_LATEST;
    weir_budget_init(&meter, weir_fixed_alloc(memory, sizeof memory), SIZE_MAX);
    config.alloc = &meter.alloc;
    if (weir_job_config_set(&config, "bootstrap.servers", argv[1], &fault) != WEIR_OK)
        return 2;
    weir_err err = weir_job_run(&config, &result);
    if (err != WEIR_OK)
        fprintf(stderr, "fixed_copy: %s\n", result.fault.text);
    printf("{\"records\": %" PRIu64 ", \"memory\": %u, \"peak\": %zu, \"left\": %zu, \"takes\": %" PRIu64 "}\n",
           result.counters.records_out, MEMORY, meter.peak, meter.used, meter.takes);
    return err == WEIR_OK ? 0 : 1;
}
