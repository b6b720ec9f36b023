#include "faults.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Fills in what a fault is about. */
static void place(weir_fault *fault, int16_t api, int16_t code, int32_t broker, const weir__topic *topic,
                  int32_t partition) {
    fault->api = api;
    fault->code = code;
    fault->broker = broker;
    fault->partition = partition;
    if (topic != NULL)
        memcpy(fault->topic, topic->name, sizeof topic->name);
}

weir_err weir__source_fault(weir_fault *fault, weir_err err, const weir__topic *topic, int32_t partition,
                            const char *fmt, ...) {
    if (fault->err != WEIR_OK)
        return fault->err;
    char text[sizeof fault->text];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    weir_fault_set(fault, err, "%s", text);
    place(fault, -1, 0, -1, topic, partition);
    return err;
}

weir_err weir__source_refused(weir_fault *fault, weir_api_key api, int16_t code, int32_t broker,
                              const weir__topic *topic, int32_t partition, const char *what) {
    if (fault->err != WEIR_OK)
        return fault->err;
    char who[24] = "the broker";
    if (broker >= 0)
        (void)snprintf(who, sizeof who, "broker %ld", (long)broker);
    weir_fault_set(fault, WEIR_E_BROKER, "%s: %s answered %s to %s for topic '%s' partition %ld: %s", what, who,
                   weir_code_name(code), weir_api_name((int16_t)api), topic->name, (long)partition,
                   weir_code_text(code));
    place(fault, (int16_t)api, code, broker, topic, partition);
    return WEIR_E_BROKER;
}

const char *weir__uuid_text(weir_uuid id, char text[WEIR__UUID_TEXT]) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    uint32_t bits = 0;
    int have = 0;
    size_t at = 0;
    for (size_t n = 0; n < sizeof id.b; n++) {
        bits = bits << 8 | id.b[n];
        for (have += 8; have >= 6; have -= 6)
            text[at++] = digits[bits >> (have - 6) & 63];
    }
    text[at++] = digits[bits << (6 - have) & 63];
    text[at] = '\0';
    return text;
}

bool weir__topic_gone(const weir__topic *topic, weir_time_us now) {
    return topic->missing_since != 0 && now - topic->missing_since >= WEIR__MISSING_US;
}
