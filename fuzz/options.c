/* Lines KEY=VALUE: properties of a client whose sides the first byte says, and of a job. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include <weir/config.h>
#include <weir/job.h>

static void check(weir_err err, const weir_fault *fault) {
    MUST(err == WEIR_OK || err == WEIR_E_CONFIG);
    MUST(err == WEIR_OK || fault->text[0] != '\0');
    MUST(memchr(fault->text, '\0', sizeof fault->text) != NULL);
}

/* A property that is refused leaves the configuration as it was. */
static void set(weir_config *config, weir_job_config *job, const char *key, const char *value) {
    weir_fault fault;
    weir_config before = *config;
    weir_fault_clear(&fault);
    weir_err err = weir_config_set(config, key, value, &fault);
    check(err, &fault);
    MUST(err == WEIR_OK || memcmp(&before, config, sizeof before) == 0);
    weir_fault_clear(&fault);
    check(weir_job_config_set(job, key, value, &fault), &fault);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static weir_job_config job;
    fuzz_input input = {data, size};
    weir_config config;
    weir_fault fault;
    memset(&config, 0, sizeof config);
    weir_config_init(&config, fuzz_byte(&input) % 3 + 1);
    weir_job_config_init(&job);
    while (input.left > 0) {
        const uint8_t *end = memchr(input.p, '\n', input.left);
        weir_bytes line = fuzz_take(&input, end != NULL ? (size_t)(end - input.p) : input.left);
        char *text = fuzz_text(line), *value = strchr(text, '=');
        (void)fuzz_byte(&input);
        if (value != NULL) {
            *value = '\0';
            set(&config, &job, text, value + 1);
        }
        free(text);
    }
    weir_fault_clear(&fault);
    check(weir_config_check(&config, &fault), &fault);
    return 0;
}
