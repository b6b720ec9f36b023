#include "admin.h"
#include "commands.h"
#include "json.h"
#include "text.h"
#include "words.h"

#include <weir/proto.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The time-out with which an id is taken over to abort its transaction; no transaction is begun with it. */
#define ABORT_TIMEOUT_MS 60000

typedef struct transactions_args {
    cli_common common;
    const char *prefix, *job;
    bool json;
} transactions_args;

#define MEMBER(name) offsetof(transactions_args, name)

static const cli_option options[] = {
    {"prefix", '\0', CLI_TEXT, "PREFIX", MEMBER(prefix), 0, 0, "the ids that begin so"},
    {"job", '\0', CLI_TEXT, "NAME", MEMBER(job), 0, 0, "the ids of a job: NAME-SUBTASK-N"},
    {"json", '\0', CLI_FLAG, NULL, MEMBER(json), 0, 0, "events as JSON on stdout, one a line"},
};

#define OPTION_COUNT (sizeof options / sizeof options[0])

static const cli_command list_command = {"weir transactions list",
                                         NULL,
                                         "Prints the transactional ids that the brokers know, with their states.",
                                         options,
                                         OPTION_COUNT,
                                         true};
static const cli_command describe_command = {"weir transactions describe",
                                             "[ID...]",
                                             "Prints the state of transactional ids and the partitions in them.",
                                             options,
                                             OPTION_COUNT,
                                             true};
static const cli_command abort_command = {
    "weir transactions abort",
    "[ID...]",
    "Takes transactional ids over, which fences whoever uses them and aborts their open transactions. Of --prefix and\n"
    "--job only ids with an open transaction are taken. What was prepared for a checkpoint is lost: resume the job\n"
    "instead if its checkpoint exists.",
    options,
    OPTION_COUNT,
    true};

/* A transactional id as a coordinator lists it; the text is from malloc. */
typedef struct entry {
    char *id;
    char state[32];
    int64_t producer_id;
    int32_t coordinator;
} entry;

/* A run of a command. */
typedef struct transactions {
    transactions_args args;
    cli_session session;
    entry *entries;
    size_t count;
} transactions;

/* Whether `rest` is "-NUMBER-NUMBER". */
static bool is_job_suffix(const char *rest) {
    for (int part = 0; part < 2; part++) {
        size_t digits = *rest == '-' ? strspn(rest + 1, "0123456789") : 0;
        if (digits == 0)
            return false;
        rest += 1 + digits;
    }
    return *rest == '\0';
}

static bool is_wanted(const transactions_args *args, const char *id) {
    if (args->prefix && strncmp(id, args->prefix, strlen(args->prefix)) != 0)
        return false;
    if (args->job)
        return strncmp(id, args->job, strlen(args->job)) == 0 && is_job_suffix(id + strlen(args->job));
    return true;
}

static void add_entry(transactions *t, const char *id, size_t len, weir_str state, int64_t producer_id,
                      int32_t coordinator) {
    entry new = {.producer_id = producer_id, .coordinator = coordinator};
    cli_text copy = {0};
    cli_text_add(&copy, id, len);
    cli_text_byte(&copy, '\0');
    new.id = copy.p;
    snprintf(new.state, sizeof new.state, "%.*s", (int)state.len, state.p ? state.p : "");
    t->entries = cli_grow(t->entries, t->count + 1, sizeof *t->entries);
    t->entries[t->count++] = new;
}

static int by_id(const void *a, const void *b) {
    return strcmp(((const entry *)a)->id, ((const entry *)b)->id);
}

static int16_t list_code(const void *response) {
    return ((const weir_list_transactions_response *)response)->error_code;
}

/* Lists what one broker coordinates. -1, or a status. */
static int list_broker(transactions *t, int32_t broker) {
    weir_list_transactions_request request;
    weir_message_init(weir_api_find(WEIR_API_LIST_TRANSACTIONS)->request, &request);
    weir_call call = {
        .api_key = WEIR_API_LIST_TRANSACTIONS, .target = WEIR_TARGET_BROKER, .broker = broker, .request = &request};
    int16_t code;
    int status = cli_call_patiently(&t->session, &call, list_code, &code);
    if (status >= 0)
        return status;
    const weir_list_transactions_response *response = call.response;
    if (code != WEIR_CODE_NONE) {
        char what[32];
        snprintf(what, sizeof what, "broker %" PRId32, broker);
        status = cli_refused(WEIR_API_LIST_TRANSACTIONS, what, code, (weir_str){NULL, 0});
    }
    for (int32_t n = 0; status < 0 && n < response->transaction_states.count; n++) {
        const weir_list_transactions_response_transaction_state *state = &response->transaction_states.items[n];
        add_entry(t, state->transactional_id.p, state->transactional_id.len, state->transaction_state,
                  state->producer_id, broker);
        if (!is_wanted(&t->args, t->entries[t->count - 1].id))
            free(t->entries[--t->count].id);
    }
    weir_call_release(t->session.client, &call);
    return status;
}

/* Lists all brokers, sorted by id. -1, or a status. */
static int list_all(transactions *t) {
    const weir_metadata_response *metadata;
    weir_call call;
    int status = cli_fetch_metadata(&t->session, NULL, -1, &call, &metadata);
    if (status >= 0)
        return status;
    for (int32_t n = 0; status < 0 && n < metadata->brokers.count; n++)
        status = list_broker(t, metadata->brokers.items[n].node_id);
    weir_call_release(t->session.client, &call);
    if (t->count > 1)
        qsort(t->entries, t->count, sizeof *t->entries, by_id);
    return status;
}

/* Fills `entries` with the ids that are named, or with those that --prefix and --job find. -1, or a status. */
static int choose_ids(transactions *t) {
    const cli_list *operands = &t->args.common.operands;
    for (size_t n = 0; n < operands->count; n++)
        add_entry(t, operands->items[n].text, strlen(operands->items[n].text), (weir_str){NULL, 0}, -1, -1);
    return operands->count == 0 ? list_all(t) : -1;
}

static int list(transactions *t) {
    int status = list_all(t);
    for (size_t n = 0; status < 0 && n < t->count; n++) {
        const entry *e = &t->entries[n];
        if (!t->args.json) {
            cli_print_word(weir_str_of(e->id));
            cli_print("  %s  producer %" PRId64 "  coordinator %" PRId32 "\n", e->state, e->producer_id,
                      e->coordinator);
            continue;
        }
        cli_json json = {0};
        cli_json_event(&json, "transaction");
        cli_json_put_string(&json, "transactional_id", e->id);
        cli_json_put_string(&json, "state", e->state);
        cli_json_put_int(&json, "producer_id", e->producer_id);
        cli_json_put_int(&json, "coordinator", e->coordinator);
        cli_json_close(&json, '}');
        cli_json_line(&json);
        cli_json_free(&json);
    }
    return status < 0 ? CLI_DONE : status;
}

typedef weir_describe_transactions_response_transaction_state described;

static int16_t describe_code(const void *response) {
    const weir_describe_transactions_response *answer = response;
    return answer->transaction_states.count == 1 ? answer->transaction_states.items[0].error_code
                                                 : WEIR_CODE_UNKNOWN_SERVER_ERROR;
}

/* Asks the coordinator about an id. -1 with the call's response, which holds exactly one state; else a status. */
static int ask_about(transactions *t, const char *id, weir_call *call) {
    weir_describe_transactions_request request;
    weir_str view = weir_str_of(id);
    int16_t code;
    weir_message_init(weir_api_find(WEIR_API_DESCRIBE_TRANSACTIONS)->request, &request);
    request.transactional_ids.items = &view;
    request.transactional_ids.count = 1;
    *call = (weir_call){
        .api_key = WEIR_API_DESCRIBE_TRANSACTIONS, .target = WEIR_TARGET_TRANSACTION, .key = view, .request = &request};
    int status = cli_call_patiently(&t->session, call, describe_code, &code);
    if (status < 0 && code != WEIR_CODE_NONE) {
        status = cli_refused(WEIR_API_DESCRIBE_TRANSACTIONS, id, code, (weir_str){NULL, 0});
        weir_call_release(t->session.client, call);
    }
    return status;
}

static void describe_json(const entry *e, const described *state, int32_t coordinator) {
    cli_json json = {0};
    cli_json_event(&json, "transaction");
    cli_json_put_string(&json, "transactional_id", e->id);
    cli_json_name(&json, "state");
    cli_json_bytes(&json, state->transaction_state.p, state->transaction_state.len);
    cli_json_put_int(&json, "producer_id", state->producer_id);
    cli_json_put_int(&json, "producer_epoch", state->producer_epoch);
    cli_json_put_int(&json, "coordinator", coordinator);
    cli_json_put_int(&json, "timeout_ms", state->transaction_timeout_ms);
    cli_json_put_int(&json, "started", state->transaction_start_time_ms);
    cli_json_name(&json, "partitions");
    cli_json_open(&json, '[');
    for (int32_t n = 0; n < state->topics.count; n++) {
        const weir_describe_transactions_response_topic_data *data = &state->topics.items[n];
        for (int32_t p = 0; p < data->partitions.count; p++) {
            cli_json_open(&json, '{');
            cli_json_name(&json, "topic");
            cli_json_bytes(&json, data->topic.p, data->topic.len);
            cli_json_put_int(&json, "partition", data->partitions.items[p]);
            cli_json_close(&json, '}');
        }
    }
    cli_json_close(&json, ']');
    cli_json_close(&json, '}');
    cli_json_line(&json);
    cli_json_free(&json);
}

static void describe_text(const entry *e, const described *state, int32_t coordinator) {
    cli_print_word(weir_str_of(e->id));
    cli_print(": ");
    cli_print_word(state->transaction_state);
    cli_print(", producer %" PRId64 " epoch %d, coordinator %" PRId32 ", time-out %" PRId32 " ms", state->producer_id,
              state->producer_epoch, coordinator, state->transaction_timeout_ms);
    if (state->transaction_start_time_ms >= 0)
        cli_print(", open for %.1f s", (double)(cli_clock_ms() - state->transaction_start_time_ms) / 1000);
    cli_print("\n");
    for (int32_t n = 0; n < state->topics.count; n++) {
        const weir_describe_transactions_response_topic_data *data = &state->topics.items[n];
        cli_print("  ");
        cli_print_word(data->topic);
        cli_print(":");
        for (int32_t p = 0; p < data->partitions.count; p++)
            cli_print(" %" PRId32, data->partitions.items[p]);
        cli_print("\n");
    }
}

static int describe(transactions *t) {
    int status = choose_ids(t);
    if (status >= 0)
        return status;
    status = CLI_DONE;
    for (size_t n = 0; n < t->count; n++) {
        weir_call call;
        int asked = ask_about(t, t->entries[n].id, &call);
        if (asked >= 0) {
            status = asked;
            continue;
        }
        const weir_describe_transactions_response *response = call.response;
        (t->args.json ? describe_json : describe_text)(&t->entries[n], &response->transaction_states.items[0],
                                                       call.answered_by);
        weir_call_release(t->session.client, &call);
    }
    return status;
}

static int16_t init_code(const void *response) {
    return ((const weir_init_producer_id_response *)response)->error_code;
}

/* Takes an id over: the coordinator aborts what it has open and answers CONCURRENT_TRANSACTIONS until that is done. */
static int take_over(transactions *t, const entry *e) {
    weir_init_producer_id_request request;
    int16_t code;
    weir_message_init(weir_api_find(WEIR_API_INIT_PRODUCER_ID)->request, &request);
    request.transactional_id = weir_str_of(e->id);
    request.transaction_timeout_ms = ABORT_TIMEOUT_MS;
    weir_call call = {.api_key = WEIR_API_INIT_PRODUCER_ID,
                      .target = WEIR_TARGET_TRANSACTION,
                      .key = request.transactional_id,
                      .request = &request};
    int status = cli_call_patiently(&t->session, &call, init_code, &code);
    if (status >= 0)
        return status;
    weir_call_release(t->session.client, &call);
    if (code != WEIR_CODE_NONE)
        return cli_refused(WEIR_API_INIT_PRODUCER_ID, e->id, code, (weir_str){NULL, 0});
    if (!t->args.json) {
        cli_print("aborted ");
        cli_print_word(weir_str_of(e->id));
        cli_print("\n");
        return CLI_DONE;
    }
    cli_json json = {0};
    cli_json_event(&json, "aborted");
    cli_json_put_string(&json, "transactional_id", e->id);
    cli_json_close(&json, '}');
    cli_json_line(&json);
    cli_json_free(&json);
    return CLI_DONE;
}

/* An id that is named must exist: taking it over would create it. Brokers before 3.0 cannot tell. */
static int check_exists(transactions *t, const entry *e) {
    weir_call call;
    if (e->coordinator >= 0)
        return -1;
    int status = ask_about(t, e->id, &call);
    if (status < 0)
        weir_call_release(t->session.client, &call);
    return status;
}

static int abort_open(transactions *t) {
    int worst = CLI_DONE;
    int status = choose_ids(t);
    if (status >= 0)
        return status;
    for (size_t n = 0; n < t->count; n++) {
        const entry *e = &t->entries[n];
        if (e->coordinator >= 0 && strcmp(e->state, "Ongoing") != 0)
            continue;
        status = check_exists(t, e);
        if (status < 0)
            status = take_over(t, e);
        worst = status != CLI_DONE ? status : worst;
    }
    return worst;
}

static int run(const cli_command *command, int (*action)(transactions *t), int argc, char **argv) {
    transactions t = {0};
    int status = cli_parse(command, &t.args, argc, argv);
    if (status < 0 && t.args.prefix && t.args.job)
        status = cli_usage("--prefix and --job exclude each other");
    if (status < 0 && command->operands && (t.args.prefix || t.args.job) == (t.args.common.operands.count > 0))
        status = cli_usage("name transactional ids, or give --prefix or --job");
    if (status < 0)
        status = cli_session_configure(&t.session, WEIR_SIDE_BOTH, &t.args.common.settings);
    if (status < 0)
        status = cli_session_open(&t.session);
    if (status < 0)
        status = action(&t);
    cli_session_close(&t.session);
    for (size_t n = 0; n < t.count; n++)
        free(t.entries[n].id);
    free(t.entries);
    cli_args_free(&t.args.common);
    return status;
}

static int run_list(int argc, char **argv) {
    return run(&list_command, list, argc, argv);
}

static int run_describe(int argc, char **argv) {
    return run(&describe_command, describe, argc, argv);
}

static int run_abort(int argc, char **argv) {
    return run(&abort_command, abort_open, argc, argv);
}

int cli_transactions_command(int argc, char **argv) {
    static const cli_choice choices[] = {{"list", "print transactional ids and their states", run_list},
                                         {"describe", "print the state of some", run_describe},
                                         {"abort", "abort open transactions", run_abort}};
    return cli_choose("weir transactions", "Looks after transactions.", choices, sizeof choices / sizeof choices[0],
                      argc, argv);
}
