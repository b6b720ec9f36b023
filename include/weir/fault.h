/* What went wrong, in full: filled where an error arises and handed up unchanged. */
#ifndef WEIR_FAULT_H
#define WEIR_FAULT_H

#include <weir/types.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weir_fault {
    weir_err err;
    int16_t code;      /* Kafka's error code, 0 none */
    int16_t api;       /* the API key of the request, -1 none */
    int32_t broker;    /* node id, -1 none */
    int32_t partition; /* -1 none */
    char topic[250];   /* "" none; a topic's name has at most 249 characters */
    char text[512];    /* one sentence for people, without control characters */
} weir_fault;

/* No fault: WEIR_OK, no code, no place, no text. */
WEIR_API void weir_fault_clear(weir_fault *fault);
/* Clears the fault, then sets `err` and the text from a format as of printf. Control characters, backslashes and bytes
   that are not UTF-8 come out as \xHH, so that text from a broker cannot forge a line of a log. What is too long is
   cut. The arguments may lie in the fault itself; `fault` may be NULL. */
WEIR_API void weir_fault_set(weir_fault *fault, weir_err err, const char *fmt, ...) WEIR_PRINTF(3, 4);

#ifdef __cplusplus
}
#endif

#endif
