/* What the broker allows, asked before the first record (DescribeConfigs), so that a limit that is exceeded shows at
   the start and not in the middle of the night. Without the right to ask, the limits show when they are met. */
#include <string.h>

#include "state.h"
#include "text.h"

#define RESOURCE_TOPIC  2
#define RESOURCE_BROKER 4

static const void *limits_fill(weir__request *request, int16_t version) {
    weir_sink *sink = request->owner;
    (void)version;
    return &sink->limits_message;
}

static int64_t config_number(const weir_describe_configs_response_describe_configs_result *result, const char *name) {
    int64_t number = 0;
    for (int32_t i = 0; i < result->configs.count; i++)
        if (weir_str_equal(result->configs.items[i].name, weir_str_of(name)) &&
            weir__parse_i64(result->configs.items[i].value, &number))
            return number;
    return 0;
}

static void take_topic(weir_sink *sink, weir_str name, int64_t max_message_bytes) {
    for (uint32_t t = 0; t < sink->topic_count; t++)
        if (weir_str_equal(weir_str_of(sink->topics[t].topic->name), name))
            sink->topics[t].max_message_bytes = max_message_bytes;
    /* The limit is on the whole batch, so an open batch must not grow beyond it. */
    if (max_message_bytes > 0 && (size_t)max_message_bytes < sink->batch_size)
        sink->batch_size = (size_t)max_message_bytes;
}

static void take_broker(weir_sink *sink, int64_t max_timeout_ms) {
    if (sink->transactional && max_timeout_ms > 0 && sink->config.transaction_timeout_ms > max_timeout_ms)
        weir__sink_fail(
            sink, WEIR_E_CONFIG, WEIR_CODE_INVALID_TRANSACTION_TIMEOUT,
            "transaction.timeout.ms is %lld, but the broker's transaction.max.timeout.ms is %lld: lower the "
            "first or raise the second",
            (long long)sink->config.transaction_timeout_ms, (long long)max_timeout_ms);
}

static void limits_done(weir__request *request, const weir__outcome *outcome) {
    weir_sink *sink = request->owner;
    const weir_describe_configs_response *response = outcome->response;
    sink->limits_known = true;
    weir__format_choose(sink, request->broker);
    if (outcome->err != WEIR_OK)
        return;
    for (int32_t i = 0; i < response->results.count; i++) {
        const weir_describe_configs_response_describe_configs_result *result = &response->results.items[i];
        if (result->error_code != WEIR_CODE_NONE)
            continue;
        if (result->resource_type == RESOURCE_TOPIC)
            take_topic(sink, result->resource_name, config_number(result, "max.message.bytes"));
        else if (result->resource_type == RESOURCE_BROKER)
            take_broker(sink, config_number(result, "transaction.max.timeout.ms"));
    }
}

static void resource(weir_describe_configs_request_describe_configs_resource *at, int8_t type, weir_str name,
                     weir_str *key) {
    *at = (weir_describe_configs_request_describe_configs_resource){
        .resource_type = type, .resource_name = name, .configuration_keys = {key, 1}};
}

/* A broker's settings are told by that broker only; any broker will do. WEIR_AGAIN: none is known yet. */
static weir_err limits_ask(weir_sink *sink, weir_time_us now) {
    weir_broker_info broker;
    if (!weir_client_broker(sink->client, 0, &broker))
        return WEIR_AGAIN;
    sink->limits_resources = weir__sink_take(sink, (sink->topic_count + 1) * sizeof *sink->limits_resources);
    if (sink->limits_resources == NULL)
        return WEIR_E_NO_MEMORY;
    weir__text id;
    weir__text_init(&id, sink->limits_broker_id, sizeof sink->limits_broker_id);
    weir__text_add(&id, "%d", broker.id);
    sink->limits_keys[0] = weir_str_of("max.message.bytes");
    sink->limits_keys[1] = weir_str_of("transaction.max.timeout.ms");
    for (uint32_t t = 0; t < sink->topic_count; t++)
        resource(&sink->limits_resources[t], RESOURCE_TOPIC, weir_str_of(sink->topics[t].topic->name),
                 &sink->limits_keys[0]);
    resource(&sink->limits_resources[sink->topic_count], RESOURCE_BROKER, weir_str_of(sink->limits_broker_id),
             &sink->limits_keys[1]);
    sink->limits = (weir__request){
        .api = weir_api_find(WEIR_API_DESCRIBE_CONFIGS),
        .max_version = -1,
        .target = WEIR_TARGET_BROKER,
        .broker = broker.id,
        .fill = limits_fill,
        .done = limits_done,
        .owner = sink,
        .deadline = now + sink->config.default_api_timeout_ms * 1000,
    };
    weir_message_init(sink->limits.api->request, &sink->limits_message);
    sink->limits_message.resources.items = sink->limits_resources;
    sink->limits_message.resources.count = (int32_t)sink->topic_count + 1;
    weir__request_submit(sink->client, &sink->limits, now);
    return WEIR_OK;
}

weir_err weir__limits_step(weir_sink *sink, weir_time_us now) {
    weir_err err = sink->limits.api == NULL ? limits_ask(sink, now) : WEIR_OK;
    if (err != WEIR_OK)
        return err;
    if (!sink->limits_known)
        return WEIR_AGAIN;
    return sink->fault.err;
}

void weir__limits_free(weir_sink *sink) {
    weir__request_cancel(sink->client, &sink->limits);
    weir__sink_give(sink, sink->limits_resources, (sink->topic_count + 1) * sizeof *sink->limits_resources);
}
