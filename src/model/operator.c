/* What an operator does to a cluster. */
#include <weir/proto.h>

#include "log.h"

static weir__log *log_named(const weir__model *model, const char *topic, int32_t partition) {
    return weir__topic_log(weir__topic_find(model, weir_str_of(topic)), partition);
}

int16_t weir__model_create_topic(weir__model *model, const char *topic, int32_t partitions, weir_time_us now) {
    weir_str name = weir_str_of(topic);
    if (!weir__topic_name_valid(name))
        return WEIR_CODE_INVALID_TOPIC_EXCEPTION;
    if (weir__topic_find(model, name) != NULL)
        return WEIR_CODE_TOPIC_ALREADY_EXISTS;
    if (partitions < 1)
        return WEIR_CODE_INVALID_PARTITIONS;
    if (weir__topic_create(model, name, partitions, NULL) == NULL)
        return WEIR_CODE_KAFKA_STORAGE_ERROR;
    weir__connections_run(model, now);
    return WEIR_CODE_NONE;
}

int16_t weir__model_delete_topic(weir__model *model, const char *topic, weir_time_us now) {
    weir__topic *found = weir__topic_find(model, weir_str_of(topic));
    if (found == NULL)
        return WEIR_CODE_UNKNOWN_TOPIC_OR_PARTITION;
    weir__topic_delete(model, found);
    weir__connections_run(model, now);
    return WEIR_CODE_NONE;
}

int16_t weir__model_grow_topic(weir__model *model, const char *topic, int32_t partitions, weir_time_us now) {
    weir__topic *found = weir__topic_find(model, weir_str_of(topic));
    if (found == NULL)
        return WEIR_CODE_UNKNOWN_TOPIC_OR_PARTITION;
    if (partitions <= found->partitions)
        return WEIR_CODE_INVALID_PARTITIONS;
    if (!weir__topic_grow(model, found, partitions))
        return WEIR_CODE_KAFKA_STORAGE_ERROR;
    weir__connections_run(model, now);
    return WEIR_CODE_NONE;
}

int16_t weir__model_alter_topic(weir__model *model, const char *topic, const char *key, const char *value) {
    weir__topic *found = weir__topic_find(model, weir_str_of(topic));
    if (found == NULL)
        return WEIR_CODE_UNKNOWN_TOPIC_OR_PARTITION;
    return weir__topic_set(model, found, weir_str_of(key), weir_str_of(value));
}

int16_t weir__model_move_leader(weir__model *model, const char *topic, int32_t partition, int32_t broker, size_t lose,
                                weir_time_us now) {
    weir__log *log = log_named(model, topic, partition);
    if (log == NULL)
        return WEIR_CODE_UNKNOWN_TOPIC_OR_PARTITION;
    if (!weir__broker_up(model, broker))
        return WEIR_CODE_BROKER_NOT_AVAILABLE;
    weir__log_truncate(log, lose);
    weir__log_lead(log, broker);
    weir__connections_run(model, now);
    return WEIR_CODE_NONE;
}

int16_t weir__model_delete_records(weir__model *model, const char *topic, int32_t partition, int64_t before) {
    weir__log *log = log_named(model, topic, partition);
    if (log == NULL)
        return WEIR_CODE_UNKNOWN_TOPIC_OR_PARTITION;
    if (before > log->end)
        return WEIR_CODE_OFFSET_OUT_OF_RANGE;
    weir__log_delete(log, before < 0 ? log->end : before);
    return WEIR_CODE_NONE;
}

int16_t weir__model_compact(weir__model *model, const char *topic, int32_t partition, int64_t offset, int64_t count) {
    weir__log *log = log_named(model, topic, partition);
    return log == NULL ? WEIR_CODE_UNKNOWN_TOPIC_OR_PARTITION : weir__log_compact(log, offset, count);
}

int16_t weir__model_append(weir__model *model, const char *topic, int32_t partition, weir_records batch,
                           weir_time_us now) {
    weir__log *log = log_named(model, topic, partition);
    weir_batch_header header;
    weir__appended result;
    if (log == NULL)
        return WEIR_CODE_UNKNOWN_TOPIC_OR_PARTITION;
    if (weir__log_open(log, batch, &header, &result) == WEIR_CODE_NONE &&
        weir__log_check(log, batch, now, &header, &result) == WEIR_CODE_NONE)
        weir__log_append(log, batch, &header, now, &result);
    weir__connections_run(model, now);
    return result.code;
}

/* ---- brokers ---- */
typedef void visit(weir__model *model, weir__log *log, int32_t broker);

static void each_log(weir__model *model, visit *what, int32_t broker) {
    for (size_t t = 0; t < model->topic_count; t++)
        for (int32_t n = 0; n < model->topics[t]->partitions; n++)
            what(model, model->topics[t]->logs[n], broker);
}

static void lose_leader(weir__model *model, weir__log *log, int32_t broker) {
    (void)model;
    if (log->leader != broker)
        return;
    log->last_leader = broker;
    log->leader = -1;
}

static void follow(weir__model *model, weir__log *log, int32_t broker) {
    int32_t heir = weir__broker_from(model, broker);
    if (log->leader < 0 && log->last_leader == broker && heir > 0)
        weir__log_lead(log, heir);
}

/* A broker that comes up leads what it led, and what nobody else could take over. */
static void take_over(weir__model *model, weir__log *log, int32_t broker) {
    if (log->leader < 0 && (log->last_leader == broker || model->brokers[log->last_leader - 1].failover == WEIR_NEVER))
        weir__log_lead(log, broker);
}

void weir__model_stop_broker(weir__model *model, int32_t broker, int64_t failover_us, weir_time_us now) {
    if (!weir__broker_up(model, broker))
        return;
    model->brokers[broker - 1].up = false;
    model->brokers[broker - 1].failover = now + failover_us;
    weir__sessions_free(model, &model->brokers[broker - 1]);
    weir__connections_close(model, broker);
    each_log(model, lose_leader, broker);
    weir__coordinators_leave(model, broker, now);
    weir__model_changed(model);
    if (failover_us <= 0)
        weir__failover(model, broker, now);
    weir__connections_run(model, now);
}

void weir__failover(weir__model *model, int32_t broker, weir_time_us now) {
    model->brokers[broker - 1].failover = WEIR_NEVER;
    each_log(model, follow, broker);
    weir__coordinators_move(model, now);
    weir__model_changed(model);
}

void weir__model_start_broker(weir__model *model, int32_t broker, weir_time_us now) {
    if (broker < 1 || broker > model->config.brokers || weir__broker_up(model, broker))
        return;
    model->brokers[broker - 1].up = true;
    model->brokers[broker - 1].failover = WEIR_NEVER;
    each_log(model, take_over, broker);
    weir__coordinators_move(model, now);
    weir__model_changed(model);
    weir__connections_run(model, now);
}

void weir__model_set_transaction_version(weir__model *model, int16_t level) {
    model->config.transaction_version = level;
    model->features_epoch++;
    weir__model_changed(model);
}

void weir__model_expire_producers(weir__model *model, const char *topic, int32_t partition) {
    weir__log *log = log_named(model, topic, partition);
    if (log != NULL)
        weir__producers_expire(log, WEIR_NEVER);
    weir__model_changed(model);
}
