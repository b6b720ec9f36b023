/* The tables in words: a line for every message and every field, as tests/conformance/definitions.py prints Kafka's own
   definitions. */
#ifndef WEIR_TESTS_PROTO_DESCRIBE_H
#define WEIR_TESTS_PROTO_DESCRIBE_H

#include "schema.h"

typedef void describe_line(const char *line, void *to);

void describe_all(describe_line *each, void *to);

#endif
