/* The command line of weir-devbroker. */
#ifndef WEIR_TOOLS_DEVBROKER_OPTIONS_H
#define WEIR_TOOLS_DEVBROKER_OPTIONS_H

#include "model.h"

#define TOPICS_MAX 256

typedef struct topic_option {
    char name[256];
    int32_t partitions;
} topic_option;

typedef struct options {
    weir__model_config config;
    const char *folder; /* of the journal; NULL: nothing is kept */
    topic_option topics[TOPICS_MAX];
    size_t topic_count;
} options;

/* Reads the command line. -1: go on; else the status to exit with, after something was printed. */
int options_read(options *o, int argc, char **argv);

#endif
