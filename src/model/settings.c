/* The settings of topics: which there are, their defaults, and what they mean to the logs. */
#include "settings.h"

#include <stdio.h>
#include <string.h>

#include <weir/proto.h>

#include "text.h"

/* Kafka's types of settings, as DescribeConfigs shows them. */
enum {
    BOOLEAN = 1,
    STRING = 2,
    INT = 3,
    LONG = 5,
    DOUBLE = 6,
    LIST = 7
};

#define LONG_MAX_TEXT "9223372036854775807"

static const weir__setting_kind kinds[] = {
    {"cleanup.policy", "delete", LIST},
    {"compression.type", "producer", STRING},
    {"delete.retention.ms", "86400000", LONG},
    {"file.delete.delay.ms", "60000", LONG},
    {"flush.messages", LONG_MAX_TEXT, LONG},
    {"flush.ms", LONG_MAX_TEXT, LONG},
    {"index.interval.bytes", "4096", INT},
    {"max.compaction.lag.ms", LONG_MAX_TEXT, LONG},
    {"max.message.bytes", NULL, INT},
    {"message.timestamp.after.max.ms", NULL, LONG},
    {"message.timestamp.before.max.ms", LONG_MAX_TEXT, LONG},
    {"message.timestamp.type", "CreateTime", STRING},
    {"min.cleanable.dirty.ratio", "0.5", DOUBLE},
    {"min.compaction.lag.ms", "0", LONG},
    {"min.insync.replicas", "1", INT},
    {"preallocate", "false", BOOLEAN},
    {"retention.bytes", "-1", LONG},
    {"retention.ms", "604800000", LONG},
    {"segment.bytes", "1073741824", INT},
    {"segment.index.bytes", "10485760", INT},
    {"segment.jitter.ms", "0", LONG},
    {"segment.ms", "604800000", LONG},
    {"unclean.leader.election.enable", "false", BOOLEAN},
};

const weir__setting_kind *weir__setting_at(size_t n) {
    return n < sizeof kinds / sizeof kinds[0] ? &kinds[n] : NULL;
}

static const weir__setting_kind *kind_of(weir_str key) {
    for (size_t n = 0; n < sizeof kinds / sizeof kinds[0]; n++)
        if (weir_str_equal(weir_str_of(kinds[n].key), key))
            return &kinds[n];
    return NULL;
}

static weir__setting *find(const weir__topic *topic, const char *key) {
    for (size_t n = 0; n < topic->setting_count; n++)
        if (topic->settings[n].key == key)
            return &topic->settings[n];
    return NULL;
}

weir_str weir__setting_default(const weir__model *model, const weir__setting_kind *kind,
                               char text[WEIR__SETTING_TEXT]) {
    if (kind->standard != NULL)
        return weir_str_of(kind->standard);
    if (strcmp(kind->key, "max.message.bytes") == 0)
        snprintf(text, WEIR__SETTING_TEXT, "%ld", (long)model->config.max_message_bytes);
    else /* message.timestamp.after.max.ms: an hour since 4.0 */
        snprintf(text, WEIR__SETTING_TEXT, "%s", model->config.release == WEIR__MODEL_4_4 ? "3600000" : LONG_MAX_TEXT);
    return weir_str_of(text);
}

weir_str weir__setting_value(const weir__model *model, const weir__topic *topic, const weir__setting_kind *kind,
                             char text[WEIR__SETTING_TEXT], bool *changed) {
    const weir__setting *setting = find(topic, kind->key);
    *changed = setting != NULL;
    return setting != NULL ? weir_str_of(setting->value) : weir__setting_default(model, kind, text);
}

static bool one_of(weir_str value, const char *a, const char *b) {
    return weir_str_equal(value, weir_str_of(a)) || weir_str_equal(value, weir_str_of(b));
}

int16_t weir__setting_check(weir_str key, weir_str value) {
    const weir__setting_kind *kind = kind_of(key);
    int64_t number = 0;
    if (kind == NULL)
        return WEIR_CODE_INVALID_CONFIG;
    if (value.p == NULL)
        return WEIR_CODE_NONE;
    if ((kind->type == INT || kind->type == LONG) && !weir__parse_i64(value, &number))
        return WEIR_CODE_INVALID_CONFIG;
    if (kind->type == INT && (number < 0 || number > INT32_MAX))
        return WEIR_CODE_INVALID_CONFIG;
    if (kind->type == BOOLEAN && !one_of(value, "true", "false"))
        return WEIR_CODE_INVALID_CONFIG;
    if (strcmp(kind->key, "cleanup.policy") == 0 && !one_of(value, "delete", "compact") &&
        !one_of(value, "compact,delete", "delete,compact"))
        return WEIR_CODE_INVALID_CONFIG;
    if (strcmp(kind->key, "message.timestamp.type") == 0 && !one_of(value, "CreateTime", "LogAppendTime"))
        return WEIR_CODE_INVALID_CONFIG;
    return WEIR_CODE_NONE;
}

static int64_t number_of(const weir__model *model, const weir__topic *topic, const char *key) {
    char text[WEIR__SETTING_TEXT];
    bool changed;
    int64_t number = 0;
    weir__parse_i64(weir__setting_value(model, topic, kind_of(weir_str_of(key)), text, &changed), &number);
    return number;
}

void weir__topic_rules(const weir__model *model, weir__topic *topic) {
    const weir__setting *policy = find(topic, kind_of(weir_str_of("cleanup.policy"))->key);
    const weir__setting *type = find(topic, kind_of(weir_str_of("message.timestamp.type"))->key);
    topic->rules = (weir__log_rules){
        .max_message_bytes = (int32_t)number_of(model, topic, "max.message.bytes"),
        .timestamp_before_ms = number_of(model, topic, "message.timestamp.before.max.ms"),
        .timestamp_after_ms = number_of(model, topic, "message.timestamp.after.max.ms"),
        .log_append_time = type != NULL && strcmp(type->value, "LogAppendTime") == 0,
        .deletes = policy == NULL || strstr(policy->value, "delete") != NULL,
        .compacted = policy != NULL && strstr(policy->value, "compact") != NULL,
    };
}

int16_t weir__topic_set(weir__model *model, weir__topic *topic, weir_str key, weir_str value) {
    int16_t code = weir__setting_check(key, value);
    if (code != WEIR_CODE_NONE)
        return code;
    const weir__setting_kind *kind = kind_of(key);
    char *copy = NULL;
    if (value.p != NULL && ((copy = weir__copy_text(model, value)) == NULL ||
                            !weir__grow(model, (void **)&topic->settings, &topic->setting_cap, topic->setting_count,
                                        sizeof *topic->settings))) {
        weir__model_give(model, copy, (size_t)value.len + 1);
        return WEIR_CODE_KAFKA_STORAGE_ERROR;
    }
    weir__setting *setting = find(topic, kind->key);
    if (setting != NULL) {
        weir__model_give(model, setting->value, setting->value_size);
        *setting = topic->settings[--topic->setting_count];
    }
    if (copy != NULL)
        topic->settings[topic->setting_count++] = (weir__setting){kind->key, copy, (size_t)value.len + 1};
    weir__topic_rules(model, topic);
    weir__model_changed(model);
    return WEIR_CODE_NONE;
}
