/* DescribeConfigs: the settings of topics, and what clients look for at brokers. */
#include <stdio.h>
#include <string.h>

#include <weir/proto.h>

#include "answer.h"
#include "handlers.h"
#include "settings.h"
#include "text.h"

enum {
    TOPIC = 2, /* types of resources */
    BROKER = 4,
    FROM_TOPIC = 1, /* sources of values */
    FROM_STATIC = 4,
    FROM_DEFAULT = 5
};

typedef weir_describe_configs_request_describe_configs_resource asked;
typedef weir_describe_configs_response_describe_configs_result result;
typedef weir_describe_configs_response_describe_configs_resource_result shown;

static bool wanted(const asked *a, const char *key) {
    for (int32_t n = 0; n < a->configuration_keys.count; n++)
        if (weir_str_equal(a->configuration_keys.items[n], weir_str_of(key)))
            return true;
    return a->configuration_keys.count < 0;
}

/* A text that outlives the caller's. */
static bool keep(weir__exchange *e, weir_str *text, const char *from) {
    char *copy = weir_arena_take(e->arena, WEIR__SETTING_TEXT);
    if (copy == NULL)
        return false;
    snprintf(copy, WEIR__SETTING_TEXT, "%s", from);
    *text = weir_str_of(copy);
    return true;
}

static bool show(weir__exchange *e, const char *key, weir_str value, int8_t source, int8_t type, shown *to) {
    const weir_describe_configs_request *request = e->request;
    *to = (shown){.name = weir_str_of(key),
                  .value = value,
                  .is_default = e->header.api_version == 0 && source == FROM_DEFAULT,
                  .config_source = source,
                  .config_type = type};
    if (!request->include_synonyms)
        return true;
    if (!WEIR__ANSWER_ARRAY(e, to->synonyms, 1))
        return false;
    to->synonyms.items[0] = (weir_describe_configs_response_describe_configs_synonym){weir_str_of(key), value, source};
    return true;
}

static bool describe_topic(weir__exchange *e, const asked *a, result *to) {
    const weir__topic *topic = weir__topic_find(e->model, a->resource_name);
    const weir__setting_kind *kind;
    int32_t count = 0;
    if (topic == NULL) {
        bool valid = weir__topic_name_valid(a->resource_name);
        to->error_code = valid ? WEIR_CODE_UNKNOWN_TOPIC_OR_PARTITION : WEIR_CODE_INVALID_TOPIC_EXCEPTION;
        to->error_message = weir_str_of(weir_code_text(to->error_code));
        return true;
    }
    while (weir__setting_at((size_t)count) != NULL)
        count++;
    if (!WEIR__ANSWER_ARRAY(e, to->configs, count))
        return false;
    to->configs.count = 0;
    for (size_t n = 0; (kind = weir__setting_at(n)) != NULL; n++) {
        char text[WEIR__SETTING_TEXT];
        bool changed;
        weir_str value = weir__setting_value(e->model, topic, kind, text, &changed);
        if (!wanted(a, kind->key))
            continue;
        if (value.p == text && !keep(e, &value, text))
            return false;
        if (!show(e, kind->key, value, changed ? FROM_TOPIC : FROM_DEFAULT, kind->type,
                  &to->configs.items[to->configs.count++]))
            return false;
    }
    return true;
}

static bool describe_broker(weir__exchange *e, const asked *a, result *to) {
    const weir__model_config *config = &e->model->config;
    int64_t id;
    if (!weir__parse_i64(a->resource_name, &id) || id != e->broker) {
        to->error_code = WEIR_CODE_INVALID_REQUEST;
        to->error_message = weir_str_of("Unexpected broker id");
        return true;
    }
    const struct {
        const char *key;
        int64_t value;
        int8_t type, source;
    } numbers[] = {
        {"broker.id", e->broker, 3, FROM_STATIC},
        {"fetch.max.bytes", config->fetch_max_bytes, 3, FROM_DEFAULT},
        {"group.max.session.timeout.ms", config->group_max_session_timeout_ms, 3, FROM_DEFAULT},
        {"group.min.session.timeout.ms", config->group_min_session_timeout_ms, 3, FROM_DEFAULT},
        {"message.max.bytes", config->max_message_bytes, 3, FROM_DEFAULT},
        {"num.partitions", config->default_partitions, 3, FROM_DEFAULT},
        {"offsets.retention.minutes", config->offsets_retention_ms / 60000, 3, FROM_DEFAULT},
        {"transaction.max.timeout.ms", config->transaction_max_timeout_ms, 3, FROM_DEFAULT},
        {"transactional.id.expiration.ms", config->transactional_id_expiration_ms, 3, FROM_DEFAULT},
    };
    size_t count = sizeof numbers / sizeof numbers[0];
    if (!WEIR__ANSWER_ARRAY(e, to->configs, count))
        return false;
    to->configs.count = 0;
    for (size_t n = 0; n < count; n++) {
        char text[WEIR__SETTING_TEXT];
        weir_str value;
        shown *next = &to->configs.items[to->configs.count];
        if (!wanted(a, numbers[n].key))
            continue;
        snprintf(text, sizeof text, "%lld", (long long)numbers[n].value);
        if (!keep(e, &value, text) || !show(e, numbers[n].key, value, numbers[n].source, numbers[n].type, next))
            return false;
        next->read_only = strcmp(next->name.p, "message.max.bytes") != 0; /* it alone may change while brokers run */
        to->configs.count++;
    }
    return true;
}

static bool describe(weir__exchange *e, const asked *a, result *to) {
    to->resource_type = a->resource_type;
    to->resource_name = a->resource_name;
    if (a->resource_type == TOPIC)
        return describe_topic(e, a, to);
    if (a->resource_type == BROKER)
        return describe_broker(e, a, to);
    to->error_code = WEIR_CODE_INVALID_REQUEST;
    to->error_message = weir_str_of("Unsupported resource type");
    return true;
}

weir__handled weir__serve_describe_configs(weir__exchange *e) {
    const weir_describe_configs_request *request = e->request;
    weir_describe_configs_response *response = e->response;
    if (!WEIR__ANSWER_ARRAY(e, response->results, request->resources.count))
        return WEIR__NO_ROOM;
    for (int32_t n = 0; n < request->resources.count; n++)
        if (!describe(e, &request->resources.items[n], &response->results.items[n]))
            return WEIR__NO_ROOM;
    return WEIR__ANSWERED;
}
