#include "admin.h"
#include "commands.h"
#include "group_offsets.h"
#include "group_print.h"
#include "json.h"
#include "text.h"
#include "words.h"

#include <weir/proto.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Memory in bytes to decode an assignment: a topic and a partition take at most this for each byte of theirs. */
#define ASSIGNMENT_RATIO 16
#define ASSIGNMENT_BASE  256

typedef struct groups_args {
    cli_common common;
    bool json;
} groups_args;

static const cli_option options[] = {
    {"json", '\0', CLI_FLAG, NULL, offsetof(groups_args, json), 0, 0, "events as JSON on stdout, one a line"},
};

static const cli_command list_command = {
    "weir groups list", NULL, "Prints all groups, with state and type where the brokers tell them.", options, 1, true};
static const cli_command describe_command = {"weir groups describe",
                                             "GROUP...",
                                             "Prints the state, the protocol and the members with what they read.",
                                             options,
                                             1,
                                             true};
static const cli_command offsets_command = {"weir groups offsets",
                                            "GROUP...",
                                            "Prints where a group stands: committed offset, end and lag of its "
                                            "partitions.",
                                            options,
                                            1,
                                            true};

/* A group as its coordinator lists it; the texts are from malloc. */
typedef struct entry {
    char *id, *protocol_type;
    char *state, *type; /* empty: the broker does not tell */
    int32_t coordinator;
} entry;

/* A run of a command. */
typedef struct groups {
    groups_args args;
    cli_session session;
    entry *entries;
    size_t count;
} groups;

/* ---- list ---- */
static char *copy(weir_str word) {
    cli_text text = {0};
    cli_text_add(&text, word.p, word.len);
    cli_text_byte(&text, '\0');
    return text.p;
}

/* Of a member that older versions lack. */
static char *copy_if(const weir_str *word) {
    return copy(word ? *word : (weir_str){NULL, 0});
}

static int by_id(const void *a, const void *b) {
    return strcmp(((const entry *)a)->id, ((const entry *)b)->id);
}

static int16_t list_code(const void *response) {
    return ((const weir_list_groups_response *)response)->error_code;
}

/* Lists what one broker coordinates. -1, or a status. */
static int list_broker(groups *g, int32_t broker) {
    weir_list_groups_request request;
    int16_t code;
    weir_message_init(weir_api_find(WEIR_API_LIST_GROUPS)->request, &request);
    weir_call call = {
        .api_key = WEIR_API_LIST_GROUPS, .target = WEIR_TARGET_BROKER, .broker = broker, .request = &request};
    int status = cli_call_patiently(&g->session, &call, list_code, &code);
    if (status >= 0)
        return status;
    const weir_list_groups_response *response = call.response;
    if (code != WEIR_CODE_NONE) {
        char what[32];
        snprintf(what, sizeof what, "broker %" PRId32, broker);
        status = cli_refused(WEIR_API_LIST_GROUPS, what, code, (weir_str){NULL, 0});
    }
    for (int32_t n = 0; status < 0 && n < response->groups.count; n++) {
        const weir_list_groups_response_listed_group *group = &response->groups.items[n];
        g->entries = cli_grow(g->entries, g->count + 1, sizeof *g->entries);
        g->entries[g->count++] = (entry){.id = copy(group->group_id),
                                         .protocol_type = copy(group->protocol_type),
                                         .state = copy_if(group->group_state),
                                         .type = copy_if(group->group_type),
                                         .coordinator = broker};
    }
    weir_call_release(g->session.client, &call);
    return status;
}

static void list_json(const entry *e) {
    cli_json json = {0};
    cli_json_event(&json, "group");
    cli_json_put_string(&json, "group", e->id);
    if (e->type[0] != '\0')
        cli_json_put_string(&json, "type", e->type);
    if (e->state[0] != '\0')
        cli_json_put_string(&json, "state", e->state);
    cli_json_put_string(&json, "protocol_type", e->protocol_type);
    cli_json_put_int(&json, "coordinator", e->coordinator);
    cli_json_close(&json, '}');
    cli_json_line(&json);
    cli_json_free(&json);
}

static void list_text(const entry *e) {
    const char *words[] = {e->state, e->type, e->protocol_type};
    static const char *const names[] = {"", "", "protocol type "};
    cli_print_word(weir_str_of(e->id));
    for (size_t n = 0; n < sizeof words / sizeof words[0]; n++)
        if (words[n][0] != '\0') {
            cli_print("  %s", names[n]);
            cli_print_word(weir_str_of(words[n]));
        }
    cli_print("  coordinator %" PRId32 "\n", e->coordinator);
}

static int list(groups *g) {
    const weir_metadata_response *metadata;
    weir_call call;
    int status = cli_fetch_metadata(&g->session, NULL, -1, &call, &metadata);
    if (status >= 0)
        return status;
    for (int32_t n = 0; status < 0 && n < metadata->brokers.count; n++)
        status = list_broker(g, metadata->brokers.items[n].node_id);
    weir_call_release(g->session.client, &call);
    if (g->count > 1)
        qsort(g->entries, g->count, sizeof *g->entries, by_id);
    for (size_t n = 0; status < 0 && n < g->count; n++)
        (g->args.json ? list_json : list_text)(&g->entries[n]);
    return status < 0 ? CLI_DONE : status;
}

/* ---- describe ---- */
typedef weir_describe_groups_response_described_group classic_group;
typedef weir_describe_groups_response_described_group_member classic_member;
typedef weir_consumer_group_describe_response_described_group consumer_group;

static void print(const groups *g, const cli_group *group) {
    (g->args.json ? cli_group_json : cli_group_text)(group);
}

/* What a member of the classic protocol is to read. Returns memory that holds it, to be freed. */
static void *read_assignment(cli_member *member, const classic_member *from) {
    size_t size = from->member_assignment.len * (size_t)ASSIGNMENT_RATIO + ASSIGNMENT_BASE;
    void *memory = cli_grow(NULL, size, 1);
    weir_consumer_protocol_assignment assignment;
    weir_arena arena;
    weir_in in;
    member->assigned_count = 0;
    if (from->member_assignment.len == 0) /* it has joined, and nothing is assigned yet */
        return memory;
    weir_arena_init(&arena, memory, size);
    weir_in_init(&in, from->member_assignment.p, from->member_assignment.len);
    bool good = weir_data_decode(weir_data_at(WEIR_DATA_CONSUMER_ASSIGNMENT), &in, &arena, &assignment) == WEIR_OK;
    member->assigned = good ? assignment.assigned_partitions.items : NULL;
    member->assigned_count = good ? assignment.assigned_partitions.count : -1;
    return memory;
}

static void print_classic(const groups *g, const classic_group *from, int32_t coordinator) {
    size_t count = from->members.count > 0 ? (size_t)from->members.count : 0;
    cli_member *members = cli_grow(NULL, count + 1, sizeof *members);
    void **memory = cli_grow(NULL, count + 1, sizeof *memory);
    bool consumers = weir_str_equal(from->protocol_type, weir_str_of("consumer"));
    for (size_t n = 0; n < count; n++) {
        const classic_member *member = &from->members.items[n];
        members[n] = (cli_member){.id = member->member_id,
                                  .instance_id = member->group_instance_id,
                                  .client_id = member->client_id,
                                  .host = member->client_host,
                                  .epoch = -1,
                                  .assigned_count = -1};
        memory[n] = consumers ? read_assignment(&members[n], member) : NULL;
    }
    print(g, &(cli_group){.id = from->group_id,
                          .state = from->group_state,
                          .type = "classic",
                          .protocol_type = from->protocol_type,
                          .protocol = from->protocol_data,
                          .epoch = -1,
                          .coordinator = coordinator,
                          .members = members,
                          .member_count = (int32_t)count});
    for (size_t n = 0; n < count; n++)
        free(memory[n]);
    free(memory);
    free(members);
}

/* The partitions of a member of the consumer protocol; from malloc. */
static cli_assigned *copy_assignment(const weir_consumer_group_describe_response_assignment *from) {
    size_t count = from->topic_partitions.count > 0 ? (size_t)from->topic_partitions.count : 0;
    cli_assigned *assigned = cli_grow(NULL, count + 1, sizeof *assigned);
    for (size_t n = 0; n < count; n++)
        assigned[n] = (cli_assigned){.topic = from->topic_partitions.items[n].topic_name,
                                     .partitions = from->topic_partitions.items[n].partitions};
    return assigned;
}

static void print_consumer(const groups *g, const consumer_group *from, int32_t coordinator) {
    size_t count = from->members.count > 0 ? (size_t)from->members.count : 0;
    cli_member *members = cli_grow(NULL, count + 1, sizeof *members);
    for (size_t n = 0; n < count; n++) {
        const weir_consumer_group_describe_response_member *member = &from->members.items[n];
        members[n] = (cli_member){.id = member->member_id,
                                  .instance_id = member->instance_id,
                                  .client_id = member->client_id,
                                  .host = member->client_host,
                                  .epoch = member->member_epoch,
                                  .assigned = copy_assignment(&member->assignment),
                                  .assigned_count = member->assignment.topic_partitions.count};
    }
    print(g, &(cli_group){.id = from->group_id,
                          .state = from->group_state,
                          .type = "consumer",
                          .protocol_type = weir_str_of("consumer"),
                          .protocol = from->assignor_name,
                          .epoch = from->group_epoch,
                          .coordinator = coordinator,
                          .members = members,
                          .member_count = (int32_t)count});
    for (size_t n = 0; n < count; n++)
        free((void *)members[n].assigned);
    free(members);
}

static int16_t classic_code(const void *response) {
    const weir_describe_groups_response *answer = response;
    return answer->groups.count == 1 ? answer->groups.items[0].error_code : WEIR_CODE_UNKNOWN_SERVER_ERROR;
}

static int16_t consumer_code(const void *response) {
    const weir_consumer_group_describe_response *answer = response;
    return answer->groups.count == 1 ? answer->groups.items[0].error_code : WEIR_CODE_UNKNOWN_SERVER_ERROR;
}

/* Describes a group of the classic protocol. -1 when there is none with that id, else a status. */
static int describe_classic(groups *g, weir_str id) {
    weir_describe_groups_request request;
    int16_t code;
    weir_message_init(weir_api_find(WEIR_API_DESCRIBE_GROUPS)->request, &request);
    request.groups.items = &id;
    request.groups.count = 1;
    weir_call call = {.api_key = WEIR_API_DESCRIBE_GROUPS, .target = WEIR_TARGET_GROUP, .key = id, .request = &request};
    int status = cli_call_patiently(&g->session, &call, classic_code, &code);
    if (status >= 0)
        return status;
    const weir_describe_groups_response *response = call.response;
    if (code == WEIR_CODE_NONE && !weir_str_equal(response->groups.items[0].group_state, weir_str_of("Dead"))) {
        print_classic(g, &response->groups.items[0], call.answered_by);
        status = CLI_DONE;
    } else if (code != WEIR_CODE_NONE && code != WEIR_CODE_GROUP_ID_NOT_FOUND) {
        status = cli_group_refused(WEIR_API_DESCRIBE_GROUPS, id.p, code);
    }
    weir_call_release(g->session.client, &call);
    return status;
}

/* Describes a group of the consumer protocol (KIP-848). -1 when there is none with that id, else a status. */
static int describe_consumer(groups *g, weir_str id) {
    weir_consumer_group_describe_request request;
    int16_t code;
    weir_message_init(weir_api_find(WEIR_API_CONSUMER_GROUP_DESCRIBE)->request, &request);
    request.group_ids.items = &id;
    request.group_ids.count = 1;
    weir_call call = {
        .api_key = WEIR_API_CONSUMER_GROUP_DESCRIBE, .target = WEIR_TARGET_GROUP, .key = id, .request = &request};
    weir_err err = cli_try_patiently(&g->session, &call, consumer_code, &code);
    if (err == WEIR_E_VERSION) {
        weir_call_release(g->session.client, &call);
        return -1;
    }
    if (err != WEIR_OK)
        return cli_session_fail(&g->session, &call);
    const weir_consumer_group_describe_response *response = call.response;
    int status = -1;
    if (code == WEIR_CODE_NONE) {
        print_consumer(g, &response->groups.items[0], call.answered_by);
        status = CLI_DONE;
    } else if (code != WEIR_CODE_GROUP_ID_NOT_FOUND && code != WEIR_CODE_UNSUPPORTED_VERSION) {
        status = cli_group_refused(WEIR_API_CONSUMER_GROUP_DESCRIBE, id.p, code);
    }
    weir_call_release(g->session.client, &call);
    return status;
}

static int describe(groups *g) {
    const cli_list *operands = &g->args.common.operands;
    int worst = CLI_DONE;
    for (size_t n = 0; n < operands->count; n++) {
        weir_str id = weir_str_of(operands->items[n].text);
        int status = describe_classic(g, id);
        if (status < 0)
            status = describe_consumer(g, id);
        if (status < 0) {
            cli_say("there is no classic or consumer group %s; 'weir groups list' names those that exist", id.p);
            status = CLI_FAILED;
        }
        worst = status != CLI_DONE ? status : worst;
    }
    return worst;
}

/* ---- commands ---- */
static int offsets(groups *g) {
    const cli_list *operands = &g->args.common.operands;
    int worst = CLI_DONE;
    for (size_t n = 0; n < operands->count; n++) {
        int status = cli_group_offsets(&g->session, operands->items[n].text, g->args.json);
        worst = status != CLI_DONE ? status : worst;
    }
    return worst;
}

static int run(const cli_command *command, int (*action)(groups *g), int argc, char **argv) {
    groups g = {0};
    int status = cli_parse(command, &g.args, argc, argv);
    if (status < 0 && command->operands && g.args.common.operands.count == 0)
        status = cli_usage("name at least one group");
    if (status < 0)
        status = cli_session_configure(&g.session, WEIR_SIDE_BOTH, &g.args.common.settings);
    if (status < 0)
        status = cli_session_open(&g.session);
    if (status < 0)
        status = action(&g);
    cli_session_close(&g.session);
    for (size_t n = 0; n < g.count; n++) {
        free(g.entries[n].id);
        free(g.entries[n].protocol_type);
        free(g.entries[n].state);
        free(g.entries[n].type);
    }
    free(g.entries);
    cli_args_free(&g.args.common);
    return status;
}

static int run_list(int argc, char **argv) {
    return run(&list_command, list, argc, argv);
}

static int run_describe(int argc, char **argv) {
    return run(&describe_command, describe, argc, argv);
}

static int run_offsets(int argc, char **argv) {
    return run(&offsets_command, offsets, argc, argv);
}

int cli_groups_command(int argc, char **argv) {
    static const cli_choice choices[] = {{"list", "print all groups", run_list},
                                         {"describe", "print state, protocol and members", run_describe},
                                         {"offsets", "print committed offsets, ends and lag", run_offsets}};
    return cli_choose("weir groups", "Looks at consumer groups.", choices, sizeof choices / sizeof choices[0], argc,
                      argv);
}
