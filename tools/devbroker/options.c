#include "options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "version.h"

#define USAGE_ERROR 2

static const char help[] =
    "usage: weir-devbroker [OPTION]...\n"
    "\n"
    "A Kafka cluster in memory behind sockets, for developing and testing: topics, consumer groups, transactions.\n"
    "Prints one line of JSON when it listens, and runs until SIGTERM or SIGINT.\n"
    "\n"
    "  --port P                 port of broker 1; broker N listens at P + N - 1. 0, the default: any that are free\n"
    "  --host ADDRESS           IPv4 address to listen at and to advertise (127.0.0.1)\n"
    "  --brokers N              1 to 8 brokers (1)\n"
    "  --topic NAME:PARTITIONS  creates a topic, unless it is there; repeatable\n"
    "  --auto-create            creates topics when clients ask for them\n"
    "  --release R              4.4 or 3.9: what the brokers offer and how they behave (4.4)\n"
    "  --producer-byte-rate B   quota of each connection: bytes a second that it may produce (any)\n"
    "  --consumer-byte-rate B   the same for what it may fetch\n"
    "  --transaction-version V  the feature transaction.version: 0, 1 or 2 (2; in 3.9 always 0)\n"
    "  --dir FOLDER             keeps everything in a journal in FOLDER and goes on from there; without it, in memory\n"
    "  --help, --version\n"
    "\n"
    "Status: 0 ended by a signal, 1 failed, 2 wrong command line.\n";

static int wrong(const char *what, const char *word) {
    fprintf(stderr, "weir-devbroker: %s: %s\n", what, word);
    return USAGE_ERROR;
}

/* A whole decimal number in [low, high]. */
static bool number(const char *text, long low, long high, long *value) {
    char *end;
    errno = 0;
    *value = strtol(text, &end, 10);
    return *text != '\0' && *end == '\0' && errno == 0 && *value >= low && *value <= high;
}

static int read_topic(options *o, const char *text) {
    const char *colon = strrchr(text, ':');
    long partitions = 1;
    size_t len = colon != NULL ? (size_t)(colon - text) : strlen(text);
    if (len == 0 || len >= sizeof o->topics[0].name || (colon != NULL && !number(colon + 1, 1, 10000, &partitions)))
        return wrong("not NAME:PARTITIONS", text);
    if (o->topic_count == TOPICS_MAX)
        return wrong("too many topics", text);
    topic_option *topic = &o->topics[o->topic_count++];
    memcpy(topic->name, text, len);
    topic->name[len] = '\0';
    topic->partitions = (int32_t)partitions;
    return -1;
}

static int read_release(options *o, const char *text) {
    if (strcmp(text, "4.4") != 0 && strcmp(text, "3.9") != 0)
        return wrong("not a release that is modelled (4.4, 3.9)", text);
    o->config.release = *text == '4' ? WEIR__MODEL_4_4 : WEIR__MODEL_3_9;
    return -1;
}

/* Takes an option with its value. */
static int read_option(options *o, const char *name, const char *value) {
    long n;
    if (strcmp(name, "--topic") == 0)
        return read_topic(o, value);
    if (strcmp(name, "--release") == 0)
        return read_release(o, value);
    if (strcmp(name, "--dir") == 0) {
        o->folder = value;
    } else if (strcmp(name, "--host") == 0) {
        o->config.host = value;
    } else if (strcmp(name, "--port") == 0) {
        if (!number(value, 0, 65535, &n))
            return wrong("not a port", value);
        o->config.port = (uint16_t)n;
    } else if (strcmp(name, "--brokers") == 0) {
        if (!number(value, 1, WEIR__MODEL_BROKERS, &n))
            return wrong("not a number of brokers from 1 to 8", value);
        o->config.brokers = (int32_t)n;
    } else if (strcmp(name, "--producer-byte-rate") == 0 || strcmp(name, "--consumer-byte-rate") == 0) {
        if (!number(value, 1, INT32_MAX, &n))
            return wrong("not a number of bytes a second", value);
        *(name[2] == 'p' ? &o->config.producer_byte_rate : &o->config.consumer_byte_rate) = n;
    } else if (strcmp(name, "--transaction-version") == 0) {
        if (!number(value, 0, 2, &n))
            return wrong("not a transaction version (0, 1, 2)", value);
        o->config.transaction_version = (int16_t)n;
    } else {
        return wrong("unknown option", name);
    }
    return -1;
}

int options_read(options *o, int argc, char **argv) {
    memset(o, 0, sizeof *o);
    weir__model_config_init(&o->config);
    o->config.host = "127.0.0.1";
    o->config.port = 0;
    for (int n = 1; n < argc; n++) {
        if (strcmp(argv[n], "--help") == 0 || strcmp(argv[n], "--version") == 0) {
            fputs(argv[n][2] == 'h' ? help : "weir-devbroker " CLI_VERSION "\n", stdout);
            return 0;
        }
        if (strcmp(argv[n], "--auto-create") == 0) {
            o->config.auto_create_topics = true;
            continue;
        }
        if (n + 1 == argc)
            return wrong("unknown option, or without its value", argv[n]);
        int status = read_option(o, argv[n], argv[n + 1]);
        if (status >= 0)
            return status;
        n++;
    }
    if (o->config.release == WEIR__MODEL_3_9)
        o->config.transaction_version = 0;
    return -1;
}
