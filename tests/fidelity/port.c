/* A model of a one-broker cluster behind standard input: "send HEX" carries a request frame to it and prints the
   response frame, "wait MS" lets time pass and prints "ok". Time is virtual and passes only while something is due.

   usage: fidelity_port RELEASE TRANSACTION_VERSION     (RELEASE: 3.9 or 4.4) */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"

#define LINE     (1u << 20)
#define PATIENCE ((weir_time_us)60 * 1000000) /* for an answer */

static void *take(weir_alloc *self, size_t size) {
    (void)self;
    return malloc(size);
}

static void give(weir_alloc *self, void *p, size_t size) {
    (void)self;
    (void)size;
    free(p);
}

static weir_alloc heap = {take, give};

/* Lets time go on to `until`, or to an answer. */
static weir_time_us pass(weir__model *model, int32_t connection, weir_time_us now, weir_time_us until) {
    while (now < until && (connection < 0 || weir__model_output(model, connection).len == 0)) {
        weir_time_us due = weir__model_deadline(model);
        now = due <= now ? now + 1 : due < until ? due : until;
        weir__model_tick(model, now);
    }
    return now;
}

static size_t from_hex(const char *text, uint8_t *bytes) {
    static const char digits[] = "0123456789abcdef";
    size_t len = 0;
    for (; text[0] != '\0' && text[1] != '\0' && text[0] != '\n'; text += 2) {
        const char *high = strchr(digits, text[0]), *low = strchr(digits, text[1]);
        if (high == NULL || low == NULL)
            return 0;
        bytes[len++] = (uint8_t)((high - digits) << 4 | (low - digits));
    }
    return len;
}

static void print_output(weir__model *model, int32_t connection) {
    weir_bytes output = weir__model_output(model, connection);
    for (uint32_t n = 0; n < output.len; n++)
        printf("%02x", output.p[n]);
    printf("\n");
    weir__model_sent(model, connection, output.len);
}

int main(int argc, char **argv) {
    static char line[LINE];
    static uint8_t bytes[LINE / 2];
    weir__model_config config;
    weir_time_us now = 1000000;
    if (argc != 3)
        return 2;
    weir__model_config_init(&config);
    config.release = strcmp(argv[1], "3.9") == 0 ? WEIR__MODEL_3_9 : WEIR__MODEL_4_4;
    config.transaction_version = (int16_t)(argv[2][0] - '0');
    config.coordinators = 1;
    config.transaction_timeout_check_ms = 1000;
    config.marker_us = 1000;
    weir__model *model = weir__model_new(&config, &heap);
    int32_t connection = model != NULL ? weir__model_connect(model, 1) : -1;
    while (connection >= 0 && fgets(line, sizeof line, stdin) != NULL) {
        if (strncmp(line, "send ", 5) == 0) {
            size_t len = from_hex(line + 5, bytes);
            weir__model_receive(model, connection, (weir_bytes){bytes, (uint32_t)len}, now);
            now = pass(model, connection, now, now + PATIENCE);
            print_output(model, connection);
        } else if (strncmp(line, "wait ", 5) == 0) {
            now = pass(model, -1, now, now + 1000 * strtol(line + 5, NULL, 10));
            printf("ok\n");
        }
        fflush(stdout);
    }
    if (model != NULL)
        weir__model_free(model);
    return 0;
}
