/* What went wrong, in a form for programs and for people. */
#ifndef WEIR_FAULT_H
#define WEIR_FAULT_H

#include <weir/types.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weir_fault {
    weir_err err;
    int16_t code;      /* Kafka's error code, 0 none */
    int16_t api;       /* API key, -1 none */
    int32_t broker;    /* broker id, -1 none */
    int32_t partition; /* -1 none */
    char topic[250];   /* empty: none */
    char text[512];    /* a sentence that names broker, API, topic and partition where they matter and what to do */
} weir_fault;

WEIR_API void weir_fault_clear(weir_fault *fault);
/* Clears the fault, then sets error and text. Control characters in the text are replaced, so that words of a broker
   cannot forge log lines. */
WEIR_API void weir_fault_set(weir_fault *fault, weir_err err, const char *fmt, ...) WEIR_PRINTF(3, 4);

#ifdef __cplusplus
}
#endif

#endif
