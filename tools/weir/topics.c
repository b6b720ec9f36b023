#include "args.h"
#include "commands.h"
#include "describe.h"
#include "json.h"
#include "session.h"
#include "text.h"
#include "words.h"

#include <weir/messages.h>
#include <weir/proto.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

typedef struct topics_args {
    cli_common common;
    int64_t partitions, replication_factor;
    cli_list configs;
    bool json;
} topics_args;

#define MEMBER(name) offsetof(topics_args, name)

static const cli_option create_options[] = {
    {"partitions", '\0', CLI_NUMBER, "N", MEMBER(partitions), 1, INT32_MAX, "(the brokers' default)"},
    {"replication-factor", '\0', CLI_NUMBER, "N", MEMBER(replication_factor), 1, INT16_MAX,
     "(the brokers' default)"},
    {"topic-config", '\0', CLI_LIST, "KEY=VALUE", MEMBER(configs), 0, 0, "set a property of the topic"},
    {"json", '\0', CLI_FLAG, NULL, MEMBER(json), 0, 0, "events as JSON on stdout, one a line"},
};

static const cli_option json_option[] = {
    {"json", '\0', CLI_FLAG, NULL, MEMBER(json), 0, 0, "events as JSON on stdout, one a line"},
};

static const cli_command list_command = {"weir topics list", NULL, "Prints the names of all topics.", json_option, 1,
                                         true};
static const cli_command describe_command = {
    "weir topics describe", "TOPIC...", "Prints partitions, leaders, replicas and what is set in the topics' configuration.",
    json_option, 1, true};
static const cli_command create_command = {"weir topics create", "TOPIC...",
                                           "Creates topics and waits until they have leaders.", create_options,
                                           sizeof create_options / sizeof create_options[0], true};
static const cli_command delete_command = {"weir topics delete", "TOPIC...",
                                           "Deletes topics and waits until they are gone.", json_option, 1, true};
