/* Topics and their partitions, as the operator and the requests make them. */
#include <string.h>

#include <weir/proto.h>

#include "log.h"

weir__topic *weir__topic_find(const weir__model *model, weir_str name) {
    for (size_t n = 0; n < model->topic_count; n++)
        if (model->topics[n]->alive && weir_str_equal(weir_str_of(model->topics[n]->name), name))
            return model->topics[n];
    return NULL;
}

weir__topic *weir__topic_by_id(const weir__model *model, weir_uuid id) {
    for (size_t n = 0; n < model->topic_count; n++)
        if (model->topics[n]->alive && memcmp(model->topics[n]->id.b, id.b, sizeof id.b) == 0)
            return model->topics[n];
    return NULL;
}

weir__log *weir__topic_log(const weir__topic *topic, int32_t partition) {
    return topic != NULL && partition >= 0 && partition < topic->partitions ? topic->logs[partition] : NULL;
}

weir__log *weir__log_find(weir__model *model, weir_str topic, int32_t partition) {
    return weir__topic_log(weir__topic_find(model, topic), partition);
}

int weir__text_compare(weir_str a, weir_str b) {
    uint32_t len = a.len < b.len ? a.len : b.len;
    int order = len > 0 ? memcmp(a.p, b.p, len) : 0;
    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

bool weir__topic_name_valid(weir_str name) {
    if (name.p == NULL || name.len == 0 || name.len > 249 || (name.p[0] == '.' && name.len == 1) ||
        (name.len == 2 && memcmp(name.p, "..", 2) == 0))
        return false;
    for (uint32_t n = 0; n < name.len; n++) {
        char c = name.p[n];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!letter && c != '.' && c != '_' && c != '-')
            return false;
    }
    return true;
}

/* The words of splitmix64. */
weir_uuid weir__topic_next_id(weir__model *model) {
    weir_uuid id;
    for (int half = 0; half < 2; half++) {
        uint64_t z = (2 * model->topics_created + (uint64_t)half + 1) * UINT64_C(0x9e3779b97f4a7c15);
        z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
        z ^= z >> 31;
        for (int n = 0; n < 8; n++)
            id.b[8 * half + n] = (uint8_t)(z >> (56 - 8 * n));
    }
    return id;
}

static void logs_free(weir__model *model, weir__topic *topic) {
    for (int32_t n = 0; n < topic->partitions; n++)
        weir__log_free(topic->logs[n]);
    weir__model_give(model, topic->logs, (size_t)topic->partitions * sizeof *topic->logs);
    topic->logs = NULL;
    topic->partitions = 0;
}

void weir__topic_free(weir__model *model, weir__topic *topic) {
    logs_free(model, topic);
    for (size_t n = 0; n < topic->setting_count; n++)
        weir__model_give(model, topic->settings[n].value, topic->settings[n].value_size);
    weir__model_give(model, topic->settings, topic->setting_cap * sizeof *topic->settings);
    weir__model_give(model, topic->name, strlen(topic->name) + 1);
    weir__model_give(model, topic, sizeof *topic);
}

/* A topic without partitions at the end of the list. */
static weir__topic *shell_new(weir__model *model, weir_str name) {
    weir__topic *topic = weir__model_take(model, sizeof *topic);
    char *copy = weir__copy_text(model, name);
    if (topic == NULL || copy == NULL ||
        !weir__grow(model, (void **)&model->topics, &model->topic_cap, model->topic_count, sizeof topic)) {
        weir__model_give(model, topic, sizeof *topic);
        weir__model_give(model, copy, (size_t)name.len + 1);
        return NULL;
    }
    *topic = (weir__topic){.name = copy};
    weir__topic_rules(model, topic);
    return model->topics[model->topic_count++] = topic;
}

weir__topic *weir__topic_shell(weir__model *model, weir_str name) {
    for (size_t n = model->topic_count; n-- > 0;)
        if (weir_str_equal(weir_str_of(model->topics[n]->name), name))
            return model->topics[n];
    return shell_new(model, name);
}

/* Which broker is to lead a new partition: in turn. */
static int32_t leader_of(const weir__model *model, const weir__topic *topic, int32_t partition) {
    return weir__broker_from(model, (topic->first_broker + partition) % model->config.brokers);
}

bool weir__topic_grow(weir__model *model, weir__topic *topic, int32_t partitions) {
    size_t size = sizeof *topic->logs;
    weir__log **logs = weir__model_take(model, (size_t)partitions * size);
    int32_t n = topic->partitions;
    if (logs == NULL)
        return false;
    if (n > 0)
        memcpy(logs, topic->logs, (size_t)n * size);
    for (; n < partitions; n++)
        if ((logs[n] = weir__log_new(model, topic, n, leader_of(model, topic, n))) == NULL)
            break;
    if (n < partitions) {
        while (n-- > topic->partitions)
            weir__log_free(logs[n]);
        weir__model_give(model, logs, (size_t)partitions * size);
        return false;
    }
    weir__model_give(model, topic->logs, (size_t)topic->partitions * size);
    topic->logs = logs;
    topic->partitions = partitions;
    weir__model_changed(model);
    return true;
}

weir__topic *weir__topic_create(weir__model *model, weir_str name, int32_t partitions, const int32_t *leaders) {
    weir__topic *topic = shell_new(model, name);
    if (topic == NULL)
        return NULL;
    topic->first_broker = (int32_t)(model->topics_created % (uint64_t)model->config.brokers);
    topic->id = weir__topic_next_id(model);
    if (!weir__topic_grow(model, topic, partitions)) {
        weir__topic_free(model, topic);
        model->topic_count--;
        return NULL;
    }
    for (int32_t n = 0; leaders != NULL && n < partitions; n++)
        topic->logs[n]->leader = leaders[n];
    topic->alive = true;
    model->topics_created++;
    return topic;
}

void weir__topic_delete(weir__model *model, weir__topic *topic) {
    topic->alive = false;
    logs_free(model, topic);
    weir__txn_topic_deleted(model, weir_str_of(topic->name));
    weir__group_topic_deleted(model, weir_str_of(topic->name));
    weir__model_changed(model);
}
