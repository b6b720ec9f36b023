/* The cluster as a whole: made, freed, and what happens as time passes. */
#include <string.h>

#include "cluster.h"

void weir__model_config_init(weir__model_config *config) {
    *config = (weir__model_config){
        .release = WEIR__MODEL_4_4,
        .brokers = 1,
        .transaction_version = 2,
        .host = "localhost",
        .port = 9092,
        .default_partitions = 1,
        .coordinators = 50,
        .max_message_bytes = 1048588,
        .fetch_max_bytes = 57671680,
        .fetch_sessions = 1000,
        .transaction_max_timeout_ms = 900000,
        .transaction_timeout_check_ms = 1000,
        .transactional_id_expiration_ms = 604800000,
        .producer_id_expiration_ms = 86400000,
        .offsets_retention_ms = 604800000,
        .group_min_session_timeout_ms = 6000,
        .group_max_session_timeout_ms = 1800000,
        .marker_us = 500,
        .wall_clock_ms = 1750000000000,
    };
}

weir__model *weir__model_new(const weir__model_config *config, weir_alloc *alloc) {
    weir__model *model = alloc->take(alloc, sizeof *model);
    if (model == NULL)
        return NULL;
    memset(model, 0, sizeof *model);
    model->alloc = alloc;
    model->config = *config;
    model->features_epoch = 1;
    model->config.host = weir__copy_text(model, weir_str_of(config->host));
    for (int32_t n = 0; n < config->brokers; n++)
        model->brokers[n] = (weir__broker){.up = true, .failover = WEIR_NEVER, .next_session_id = 1};
    if (model->config.host != NULL && weir__txns_new(model) && weir__groups_new(model))
        return model;
    weir__model_free(model);
    return NULL;
}

void weir__model_free(weir__model *model) {
    weir_alloc *alloc = model->alloc;
    weir__txns_free(model);
    weir__groups_free(model);
    for (size_t n = 0; n < model->connection_count; n++)
        weir__connection_free(model, model->connections[n]);
    weir__model_give(model, model->connections, model->connection_cap * sizeof *model->connections);
    for (int32_t n = 0; n < model->config.brokers; n++)
        weir__sessions_free(model, &model->brokers[n]);
    for (size_t n = 0; n < model->topic_count; n++)
        weir__topic_free(model, model->topics[n]);
    weir__model_give(model, model->topics, model->topic_cap * sizeof *model->topics);
    weir__model_give(model, model->scratch, model->scratch_size);
    if (model->config.host != NULL)
        weir__model_give(model, (void *)(uintptr_t)model->config.host, strlen(model->config.host) + 1);
    alloc->give(alloc, model, sizeof *model);
}

void weir__model_changed(weir__model *model) {
    model->changes++;
}

uint64_t weir__model_changes(const weir__model *model) {
    return model->changes;
}

void weir__model_set_judge(weir__model *model, weir__model_judge judge, void *user) {
    model->judge = judge;
    model->judge_user = user;
}

bool weir__broker_up(const weir__model *model, int32_t broker) {
    return broker >= 1 && broker <= model->config.brokers && model->brokers[broker - 1].up;
}

weir_str weir__host(const weir__model *model) {
    return weir_str_of(model->config.host);
}

int32_t weir__port(const weir__model *model, int32_t broker) {
    return model->config.port + broker - 1;
}

int32_t weir__broker_from(const weir__model *model, int32_t from) {
    for (int32_t n = 0; n < model->config.brokers; n++) {
        int32_t broker = (from + n) % model->config.brokers + 1;
        if (weir__broker_up(model, broker))
            return broker;
    }
    return -1;
}

int64_t weir__wall_ms(const weir__model *model, weir_time_us now) {
    return model->config.wall_clock_ms + now / 1000;
}

static weir_time_us sooner(weir_time_us a, weir_time_us b) {
    return a < b ? a : b;
}

weir_time_us weir__model_deadline(const weir__model *model) {
    weir_time_us next = sooner(weir__txn_deadline(model), weir__group_deadline(model));
    for (int32_t n = 0; n < model->config.brokers; n++)
        next = sooner(next, model->brokers[n].failover);
    return sooner(next, weir__connections_deadline(model));
}

void weir__model_tick(weir__model *model, weir_time_us now) {
    for (int32_t n = 0; n < model->config.brokers; n++)
        if (model->brokers[n].failover <= now)
            weir__failover(model, n + 1, now);
    weir__txn_tick(model, now);
    weir__group_tick(model, now);
    weir__connections_run(model, now);
}
