#include "topic_print.h"

#include "json.h"
#include "words.h"

#include <weir/proto.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

typedef weir_describe_configs_response_describe_configs_result configs_result;
typedef weir_describe_configs_response_describe_configs_resource_result config_entry;

#define SOURCE_UNKNOWN (-1)
#define SOURCE_TOPIC   1

/* Whether a property is set for the topic itself. */
static bool is_set(const config_entry *entry) {
    return entry->config_source == SOURCE_TOPIC || (entry->config_source == SOURCE_UNKNOWN && !entry->is_default);
}

/* A topic id as Kafka prints it: 22 letters of base64 for URLs. */
static void print_id(const weir_uuid *id, char text[23]) {
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for (unsigned n = 0; n < 22; n++) {
        unsigned bit = n * 6;
        unsigned pair = (unsigned)id->b[bit / 8] << 8 | (bit / 8 + 1 < sizeof id->b ? id->b[bit / 8 + 1] : 0u);
        text[n] = letters[pair >> (10 - bit % 8) & 63];
    }
    text[22] = '\0';
}

typedef weir_metadata_response_partition partition_info;

static int by_index(const void *a, const void *b) {
    int32_t one = ((const partition_info *)a)->partition_index, other = ((const partition_info *)b)->partition_index;
    return (one > other) - (one < other);
}

/* The partitions in ascending order, which brokers do not keep; from malloc. */
static partition_info *in_order(const weir_metadata_response_topic *topic) {
    size_t count = topic->partitions.count > 0 ? (size_t)topic->partitions.count : 0;
    partition_info *sorted = cli_grow(NULL, count + 1, sizeof *sorted);
    if (count > 0)
        memcpy(sorted, topic->partitions.items, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, by_index);
    return sorted;
}

static void json_numbers(cli_json *json, const char *name, const weir_i32s *numbers) {
    cli_json_name(json, name);
    cli_json_open(json, '[');
    for (int32_t n = 0; n < numbers->count; n++)
        cli_json_int(json, numbers->items[n]);
    cli_json_close(json, ']');
}

static void json_configs(cli_json *json, const configs_result *configs) {
    cli_json_name(json, "configs");
    cli_json_open(json, '{');
    for (int32_t n = 0; n < configs->configs.count; n++) {
        const config_entry *entry = &configs->configs.items[n];
        char name[128];
        if (!is_set(entry) || entry->name.len >= sizeof name)
            continue;
        for (uint32_t i = 0; i < entry->name.len; i++)
            name[i] = entry->name.p[i];
        name[entry->name.len] = '\0';
        cli_json_name(json, name);
        cli_json_bytes(json, entry->value.p, entry->value.len);
    }
    cli_json_close(json, '}');
}

void cli_topic_json(const weir_metadata_response_topic *topic, const configs_result *configs) {
    partition_info *sorted = in_order(topic);
    cli_json json = {0};
    char id[23];
    cli_json_event(&json, "topic");
    cli_json_name(&json, "topic");
    cli_json_bytes(&json, topic->name.p, topic->name.len);
    if (!weir_uuid_is_zero(topic->topic_id)) {
        print_id(&topic->topic_id, id);
        cli_json_put_string(&json, "id", id);
    }
    cli_json_name(&json, "internal");
    cli_json_bool(&json, topic->is_internal);
    cli_json_name(&json, "partitions");
    cli_json_open(&json, '[');
    for (int32_t n = 0; n < topic->partitions.count; n++) {
        const partition_info *partition = &sorted[n];
        cli_json_open(&json, '{');
        cli_json_put_int(&json, "partition", partition->partition_index);
        cli_json_put_int(&json, "leader", partition->leader_id);
        json_numbers(&json, "replicas", &partition->replica_nodes);
        json_numbers(&json, "isr", &partition->isr_nodes);
        cli_json_close(&json, '}');
    }
    cli_json_close(&json, ']');
    if (configs)
        json_configs(&json, configs);
    cli_json_close(&json, '}');
    cli_json_line(&json);
    cli_json_free(&json);
    free(sorted);
}

static void print_numbers(const weir_i32s *numbers) {
    for (int32_t n = 0; n < numbers->count; n++)
        cli_print("%s%" PRId32, n == 0 ? " " : ",", numbers->items[n]);
}

static void print_topic(const weir_metadata_response_topic *topic, const configs_result *configs) {
    partition_info *sorted = in_order(topic);
    char id[23];
    print_id(&topic->topic_id, id);
    cli_print_word(topic->name);
    cli_print(": %" PRId32 " partitions%s", topic->partitions.count, topic->is_internal ? ", internal" : "");
    if (!weir_uuid_is_zero(topic->topic_id))
        cli_print(", id %s", id);
    cli_print("\n");
    for (int32_t n = 0; n < topic->partitions.count; n++) {
        const partition_info *partition = &sorted[n];
        cli_print("  partition %" PRId32 ": leader %" PRId32 ", replicas", partition->partition_index,
                  partition->leader_id);
        print_numbers(&partition->replica_nodes);
        cli_print(", in sync");
        print_numbers(&partition->isr_nodes);
        cli_print("\n");
    }
    free(sorted);
    for (int32_t n = 0; configs && n < configs->configs.count; n++) {
        const config_entry *entry = &configs->configs.items[n];
        if (!is_set(entry))
            continue;
        cli_print("  ");
        cli_print_word(entry->name);
        cli_print(" = ");
        cli_print_word(entry->value);
        cli_print("\n");
    }
}

void cli_topic_describe(cli_session *session, const weir_metadata_response_topic *topic, bool json) {
    weir_describe_configs_request request;
    weir_describe_configs_request_describe_configs_resource resource = {
        .resource_type = 2, .resource_name = topic->name, .configuration_keys = {NULL, -1}};
    const configs_result *configs = NULL;
    weir_message_init(weir_api_find(WEIR_API_DESCRIBE_CONFIGS)->request, &request);
    request.resources.items = &resource;
    request.resources.count = 1;
    weir_call call = {.api_key = WEIR_API_DESCRIBE_CONFIGS, .target = WEIR_TARGET_ANY, .request = &request};
    if (cli_session_try(session, &call) == WEIR_OK) {
        const weir_describe_configs_response *response = call.response;
        if (response->results.count == 1 && response->results.items[0].error_code == WEIR_CODE_NONE)
            configs = &response->results.items[0];
    }
    if (json)
        cli_topic_json(topic, configs);
    else
        print_topic(topic, configs);
    weir_call_release(session->client, &call);
}
