/* A model of a one-broker cluster behind standard input. Each line has an answer of one line:

     open             the number of a new connection
     send N HEX       carries bytes to the broker: "ok"
     await N MS       the next response frame in hexadecimal; "closed", or "none" when so much time has passed
     close N          "ok"
     wait MS          lets time pass: "ok"

   Time is virtual and passes only in "await" and "wait".

   usage: fidelity_port RELEASE TRANSACTION_VERSION     (RELEASE: 3.9 or 4.4) */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"

#define LINE (1u << 20)

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

/* Whether there is something to say about a connection. */
static bool told(const weir__model *model, int32_t connection) {
    return weir__model_output(model, connection).len > 0 || weir__model_closing(model, connection);
}

/* Lets time go on to `until`, or to an answer on the connection (-1: whatever comes). */
static weir_time_us pass(weir__model *model, int32_t connection, weir_time_us now, weir_time_us until) {
    while (now < until && (connection < 0 || !told(model, connection))) {
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

/* Prints what await says. */
static void print_output(weir__model *model, int32_t connection) {
    weir_bytes output = weir__model_output(model, connection);
    if (output.len == 0) {
        bool closing = weir__model_closing(model, connection);
        if (closing)
            weir__model_disconnect(model, connection);
        printf(closing ? "closed\n" : "none\n");
        return;
    }
    uint32_t size = 4;
    for (int n = 0; n < 4; n++)
        size += (uint32_t)output.p[n] << (24 - 8 * n);
    for (uint32_t n = 0; n < size; n++)
        printf("%02x", output.p[n]);
    printf("\n");
    weir__model_sent(model, connection, size);
}

/* Does what a line says; returns the time after that. */
static weir_time_us obey(weir__model *model, const char *line, weir_time_us now) {
    static uint8_t bytes[LINE / 2];
    char verb[8] = "", *rest;
    memcpy(verb, line, strcspn(line, " \n") < sizeof verb ? strcspn(line, " \n") : 0);
    int32_t number = (int32_t)strtol(line + strlen(verb), &rest, 10); /* of the connection; of "wait": milliseconds */
    if (strcmp(verb, "open") == 0) {
        printf("%d\n", (int)weir__model_connect(model, 1));
        return now;
    }
    if (strcmp(verb, "await") == 0) {
        now = pass(model, number, now, now + (weir_time_us)1000 * strtol(rest, NULL, 10));
        print_output(model, number);
        return now;
    }
    if (strcmp(verb, "send") == 0)
        weir__model_receive(model, number, (weir_bytes){bytes, (uint32_t)from_hex(rest + 1, bytes)}, now);
    else if (strcmp(verb, "close") == 0)
        weir__model_disconnect(model, number);
    else if (strcmp(verb, "wait") == 0)
        now = pass(model, -1, now, now + (weir_time_us)1000 * number);
    printf("ok\n");
    return now;
}

int main(int argc, char **argv) {
    static char line[LINE];
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
    config.first_producer_id = 1000;
    weir__model *model = weir__model_new(&config, &heap);
    while (model != NULL && fgets(line, sizeof line, stdin) != NULL) {
        now = obey(model, line, now);
        fflush(stdout);
    }
    if (model != NULL)
        weir__model_free(model);
    return model != NULL ? 0 : 1;
}
