#include "admin.h"
#include "commands.h"
#include "json.h"
#include "text.h"
#include "topic_print.h"
#include "words.h"

#include <weir/proto.h>

#include <stdlib.h>
#include <string.h>

typedef struct topics_args {
    cli_common common;
    int64_t partitions, replication_factor; /* -1: the brokers' default */
    cli_list configs;
    bool json;
} topics_args;

#define MEMBER(name) offsetof(topics_args, name)

static const cli_option create_options[] = {
    {"partitions", '\0', CLI_NUMBER, "N", MEMBER(partitions), 1, INT32_MAX, "(the brokers' default)"},
    {"replication-factor", '\0', CLI_NUMBER, "N", MEMBER(replication_factor), 1, INT16_MAX, "(the brokers' default)"},
    {"config", '\0', CLI_LIST, "KEY=VALUE", MEMBER(configs), 0, 0, "set a property of the topic"},
    {"json", '\0', CLI_FLAG, NULL, MEMBER(json), 0, 0, "events as JSON on stdout, one a line"},
};

static const cli_option grow_options[] = {
    {"partitions", '\0', CLI_NUMBER, "N", MEMBER(partitions), 1, INT32_MAX, "how many there are to be"},
    {"json", '\0', CLI_FLAG, NULL, MEMBER(json), 0, 0, "events as JSON on stdout, one a line"},
};

static const cli_command list_command = {"weir topics list", NULL, "Prints the names of all topics.",
                                         &create_options[3], 1,    true};
static const cli_command describe_command = {
    "weir topics describe", "TOPIC...", "Prints partitions, leaders, replicas and the properties that are set.",
    &create_options[3],     1,          true};
static const cli_command create_command = {"weir topics create",
                                           "TOPIC...",
                                           "Creates topics and waits until they have leaders.",
                                           create_options,
                                           sizeof create_options / sizeof create_options[0],
                                           true};
static const cli_command delete_command = {
    "weir topics delete", "TOPIC...", "Deletes topics and waits until they are gone.", &create_options[3], 1, true};
static const cli_command grow_command = {
    "weir topics grow", "TOPIC...", "Adds partitions to topics and waits until they have leaders.",
    grow_options,       2,          true};

/* A run of a command. */
typedef struct topics {
    topics_args args;
    cli_session session;
    weir_str *names; /* the operands */
    int32_t count;
    weir_create_topics_request_creatable_topic_config *configs; /* of --config, as many as there are */
} topics;

/* Tells of one topic: a line, or an event with its name. */
static void tell(const topics *t, const char *event, weir_str name) {
    if (!t->args.json) {
        cli_print("%s ", event);
        cli_print_word(name);
        cli_print("\n");
        return;
    }
    cli_json json = {0};
    cli_json_event(&json, event);
    cli_json_name(&json, "topic");
    cli_json_bytes(&json, name.p, name.len);
    cli_json_close(&json, '}');
    cli_json_line(&json);
    cli_json_free(&json);
}

static int refused(int16_t api_key, weir_str name, int16_t code, weir_str text) {
    char what[WEIR_TOPIC_MAX + 16] = "topic ";
    size_t len = name.len < WEIR_TOPIC_MAX ? name.len : WEIR_TOPIC_MAX;
    if (name.p)
        memcpy(what + strlen("topic "), name.p, len);
    return cli_refused(api_key, what, code, text);
}

static int by_name(const void *a, const void *b) {
    const weir_metadata_response_topic *one = a, *other = b;
    uint32_t common = one->name.len < other->name.len ? one->name.len : other->name.len;
    int order = common > 0 ? memcmp(one->name.p, other->name.p, common) : 0;
    return order != 0 ? order : (one->name.len > other->name.len) - (one->name.len < other->name.len);
}

static int list(topics *t) {
    const weir_metadata_response *response;
    weir_call call;
    int status = cli_fetch_metadata(&t->session, NULL, -1, &call, &response);
    if (status >= 0)
        return status;
    int32_t count = response->topics.count > 0 ? response->topics.count : 0;
    weir_metadata_response_topic *sorted = cli_grow(NULL, (size_t)count + 1, sizeof *sorted);
    if (count > 0)
        memcpy(sorted, response->topics.items, (size_t)count * sizeof *sorted);
    qsort(sorted, (size_t)count, sizeof *sorted, by_name);
    for (int32_t n = 0; n < count; n++) {
        if (t->args.json) {
            cli_topic_json(&sorted[n], NULL);
        } else {
            cli_print_word(sorted[n].name);
            cli_print("\n");
        }
    }
    free(sorted);
    weir_call_release(t->session.client, &call);
    return CLI_DONE;
}

static int describe(topics *t) {
    const weir_metadata_response *response;
    weir_call call;
    int status = cli_fetch_metadata(&t->session, t->names, t->count, &call, &response);
    if (status >= 0)
        return status;
    status = CLI_DONE;
    for (int32_t n = 0; n < t->count; n++) {
        const weir_metadata_response_topic *topic = cli_find_topic(response, t->names[n]);
        int16_t code = topic ? topic->error_code : WEIR_CODE_UNKNOWN_TOPIC_OR_PARTITION;
        if (code == WEIR_CODE_NONE) {
            cli_topic_describe(&t->session, topic, t->args.json);
        } else if (code == WEIR_CODE_UNKNOWN_TOPIC_OR_PARTITION) {
            cli_say("topic %s does not exist; 'weir topics list' names those that do",
                    t->args.common.operands.items[n].text);
            status = CLI_FAILED;
        } else {
            status = refused(WEIR_API_METADATA, t->names[n], code, (weir_str){NULL, 0});
        }
    }
    weir_call_release(t->session.client, &call);
    return status;
}

/* Whether a topic has the partitions that are wanted, and each has a leader. */
static bool is_ready(const topics *t, const weir_metadata_response_topic *topic) {
    if (!topic || topic->error_code != WEIR_CODE_NONE || topic->partitions.count < 1 ||
        topic->partitions.count < t->args.partitions)
        return false;
    for (int32_t n = 0; n < topic->partitions.count; n++)
        if (topic->partitions.items[n].leader_id < 0)
            return false;
    return true;
}

static bool is_gone(const topics *t, const weir_metadata_response_topic *topic) {
    (void)t;
    return !topic || topic->error_code == WEIR_CODE_UNKNOWN_TOPIC_OR_PARTITION;
}

/* Waits until the metadata show what was done to a topic. */
static int wait_for(topics *t, weir_str name,
                    bool (*done)(const topics *t, const weir_metadata_response_topic *topic)) {
    const weir_metadata_response *response;
    weir_call call;
    weir_fault fault;
    for (cli_session_moved(&t->session);;) {
        int status = cli_fetch_metadata(&t->session, &name, 1, &call, &response);
        if (status >= 0)
            return status;
        bool enough = done(t, cli_find_topic(response, name));
        weir_call_release(t->session.client, &call);
        if (enough)
            return CLI_DONE;
        if (cli_session_stuck(&t->session, &fault)) {
            cli_say("topic %.*s: accepted, but not seen everywhere yet", (int)name.len, name.p);
            return CLI_FAILED;
        }
        cli_session_step(&t->session, 50);
    }
}

/* Splits the KEY=VALUE of --config. -1, or a status. */
static int split_configs(topics *t) {
    const cli_list *list = &t->args.configs;
    t->configs = cli_grow(NULL, list->count + 1, sizeof *t->configs);
    for (size_t n = 0; n < list->count; n++) {
        const char *text = list->items[n].text, *equals = strchr(text, '=');
        if (!equals || equals == text)
            return cli_usage("--config takes KEY=VALUE here, not '%s'; a properties file goes with -F", text);
        t->configs[n] = (weir_create_topics_request_creatable_topic_config){.name = {text, (uint32_t)(equals - text)},
                                                                            .value = weir_str_of(equals + 1)};
    }
    return -1;
}

static int create(topics *t) {
    const weir_schema *schema = weir_api_find(WEIR_API_CREATE_TOPICS)->request;
    weir_create_topics_request_creatable_topic *creatable = cli_grow(NULL, (size_t)t->count, sizeof *creatable);
    weir_create_topics_request request;
    weir_message_init(schema, &request);
    for (int32_t n = 0; n < t->count; n++) {
        creatable[n] =
            (weir_create_topics_request_creatable_topic){.name = t->names[n],
                                                         .num_partitions = (int32_t)t->args.partitions,
                                                         .replication_factor = (int16_t)t->args.replication_factor};
        creatable[n].configs.items = t->configs;
        creatable[n].configs.count = (int32_t)t->args.configs.count;
    }
    request.topics.items = creatable;
    request.topics.count = t->count;
    weir_call call = {.api_key = WEIR_API_CREATE_TOPICS, .target = WEIR_TARGET_CONTROLLER, .request = &request};
    int status = cli_session_call(&t->session, &call);
    free(creatable);
    if (status >= 0)
        return status;
    const weir_create_topics_response *response = call.response;
    status = CLI_DONE;
    for (int32_t n = 0; n < response->topics.count; n++) {
        const weir_create_topics_response_creatable_topic_result *result = &response->topics.items[n];
        if (result->error_code != WEIR_CODE_NONE)
            status = refused(WEIR_API_CREATE_TOPICS, result->name, result->error_code,
                             result->error_message != NULL ? *result->error_message : (weir_str){NULL, 0});
        else if (wait_for(t, result->name, is_ready) == CLI_DONE)
            tell(t, "created", result->name);
        else
            status = CLI_FAILED;
    }
    weir_call_release(t->session.client, &call);
    return status;
}

/* Sends DeleteTopics with the topics in the member that versions from 6 on have, or in that of the older ones. */
static weir_err send_delete(topics *t, bool old, weir_call *call) {
    weir_delete_topics_request_delete_topic_state *states = cli_grow(NULL, (size_t)t->count, sizeof *states);
    weir_delete_topics_request request;
    weir_message_init(weir_api_find(WEIR_API_DELETE_TOPICS)->request, &request);
    for (int32_t n = 0; n < t->count; n++)
        states[n] = (weir_delete_topics_request_delete_topic_state){.name = t->names[n]};
    if (old) {
        request.topic_names.items = t->names;
        request.topic_names.count = t->count;
    } else {
        request.topics.items = states;
        request.topics.count = t->count;
    }
    request.timeout_ms = (int32_t)t->session.config.request_timeout_ms;
    *call = (weir_call){.api_key = WEIR_API_DELETE_TOPICS, .target = WEIR_TARGET_CONTROLLER, .request = &request};
    weir_err err = cli_session_try(&t->session, call);
    free(states);
    return err;
}

static int delete (topics *t) {
    weir_call call;
    weir_err err = send_delete(t, false, &call);
    if (err == WEIR_E_VERSION) {
        weir_call_release(t->session.client, &call);
        err = send_delete(t, true, &call);
    }
    if (err != WEIR_OK)
        return cli_session_fail(&t->session, &call);
    const weir_delete_topics_response *response = call.response;
    int status = CLI_DONE;
    for (int32_t n = 0; n < response->responses.count; n++) {
        const weir_delete_topics_response_deletable_topic_result *result = &response->responses.items[n];
        if (result->error_code != WEIR_CODE_NONE)
            status = refused(WEIR_API_DELETE_TOPICS, result->name, result->error_code, result->error_message);
        else if (wait_for(t, result->name, is_gone) == CLI_DONE)
            tell(t, "deleted", result->name);
        else
            status = CLI_FAILED;
    }
    weir_call_release(t->session.client, &call);
    return status;
}

static int grow(topics *t) {
    weir_create_partitions_request_create_partitions_topic *wanted = cli_grow(NULL, (size_t)t->count, sizeof *wanted);
    weir_create_partitions_request request;
    weir_message_init(weir_api_find(WEIR_API_CREATE_PARTITIONS)->request, &request);
    for (int32_t n = 0; n < t->count; n++) {
        wanted[n] = (weir_create_partitions_request_create_partitions_topic){.name = t->names[n],
                                                                             .count = (int32_t)t->args.partitions};
        wanted[n].assignments.count = -1;
    }
    request.topics.items = wanted;
    request.topics.count = t->count;
    request.timeout_ms = (int32_t)t->session.config.request_timeout_ms;
    weir_call call = {.api_key = WEIR_API_CREATE_PARTITIONS, .target = WEIR_TARGET_CONTROLLER, .request = &request};
    int status = cli_session_call(&t->session, &call);
    free(wanted);
    if (status >= 0)
        return status;
    const weir_create_partitions_response *response = call.response;
    status = CLI_DONE;
    for (int32_t n = 0; n < response->results.count; n++) {
        const weir_create_partitions_response_create_partitions_topic_result *result = &response->results.items[n];
        if (result->error_code != WEIR_CODE_NONE)
            status = refused(WEIR_API_CREATE_PARTITIONS, result->name, result->error_code, result->error_message);
        else if (wait_for(t, result->name, is_ready) == CLI_DONE)
            tell(t, "grown", result->name);
        else
            status = CLI_FAILED;
    }
    weir_call_release(t->session.client, &call);
    return status;
}

static int run(const cli_command *command, int (*action)(topics *t), int argc, char **argv) {
    topics t = {.args = {.partitions = -1, .replication_factor = -1}};
    int status = cli_parse(command, &t.args, argc, argv);
    if (status < 0 && command->operands && t.args.common.operands.count == 0)
        status = cli_usage("name at least one topic");
    if (status < 0 && action == grow && t.args.partitions < 0)
        status = cli_usage("say with --partitions how many there are to be");
    if (status < 0)
        status = split_configs(&t);
    if (status < 0)
        status = cli_session_configure(&t.session, WEIR_SIDE_BOTH, &t.args.common.settings);
    if (status < 0) {
        t.names = cli_views(&t.args.common.operands);
        t.count = (int32_t)t.args.common.operands.count;
        status = cli_session_open(&t.session);
    }
    if (status < 0)
        status = action(&t);
    cli_session_close(&t.session);
    free(t.names);
    free(t.configs);
    free(t.args.configs.items);
    cli_args_free(&t.args.common);
    return status;
}

static int run_list(int argc, char **argv) {
    return run(&list_command, list, argc, argv);
}

static int run_describe(int argc, char **argv) {
    return run(&describe_command, describe, argc, argv);
}

static int run_create(int argc, char **argv) {
    return run(&create_command, create, argc, argv);
}

static int run_delete(int argc, char **argv) {
    return run(&delete_command, delete, argc, argv);
}

static int run_grow(int argc, char **argv) {
    return run(&grow_command, grow, argc, argv);
}

int cli_topics_command(int argc, char **argv) {
    static const cli_choice choices[] = {{"list", "print the names of all topics", run_list},
                                         {"describe", "print partitions and properties", run_describe},
                                         {"create", "create topics", run_create},
                                         {"grow", "add partitions to topics", run_grow},
                                         {"delete", "delete topics", run_delete}};
    return cli_choose("weir topics", "Looks after topics.", choices, sizeof choices / sizeof choices[0], argc, argv);
}
