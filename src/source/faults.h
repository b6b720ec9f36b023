/* Faults of the source. */
#ifndef WEIR_SRC_SOURCE_FAULTS_H
#define WEIR_SRC_SOURCE_FAULTS_H

#include "cluster.h"

/* Sets a fault about a topic (partition -1) or one of its partitions. The first fault stands: later ones follow from
   it. Returns the error of the fault that stands. */
weir_err weir__source_fault(weir_fault *fault, weir_err err, const weir__topic *topic, int32_t partition,
                            const char *fmt, ...) WEIR_PRINTF(5, 6);
/* The same for an error code of a broker's response, whose name and meaning are put behind the text. */
weir_err weir__source_refused(weir_fault *fault, weir_api_key api, int16_t code, int32_t broker,
                              const weir__topic *topic, int32_t partition, const char *what);

#define WEIR__UUID_TEXT 23
/* A topic id as Kafka's tools print it: base64 for URLs. Returns `text`. */
const char *weir__uuid_text(weir_uuid id, char text[WEIR__UUID_TEXT]);

/* How long a topic must be missing until it counts as not there: a broker that starts, or a topic just created, is
   reported as unknown for a moment. */
#define WEIR__MISSING_US INT64_C(5000000)
/* Whether a topic is known to be missing by now. */
bool weir__topic_gone(const weir__topic *topic, weir_time_us now);

#endif
