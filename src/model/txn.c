/* Transactional ids: what the coordinator keeps of them, and what happens to them by themselves. */
#include "txn.h"

#include <string.h>

#define LAST_EPOCH    (INT16_MAX - 1)       /* INT16_MAX is kept back, to fence the producer of the last one */
#define EXPIRY_PERIOD ((int64_t)3600000000) /* Kafka looks once an hour */

static const char *const names[WEIR__TXN_STATES] = {
    [WEIR__TXN_EMPTY] = "Empty",
    [WEIR__TXN_ONGOING] = "Ongoing",
    [WEIR__TXN_PREPARE_COMMIT] = "PrepareCommit",
    [WEIR__TXN_PREPARE_ABORT] = "PrepareAbort",
    [WEIR__TXN_COMPLETE_COMMIT] = "CompleteCommit",
    [WEIR__TXN_COMPLETE_ABORT] = "CompleteAbort",
};

const char *weir__txn_state_name(weir__txn_state state) {
    return names[state];
}

bool weir__txn_exhausted(int16_t epoch) {
    return epoch >= LAST_EPOCH;
}

/* ---- the table of ids ---- */
bool weir__txns_new(weir__model *model) {
    weir__txns *txns = weir__model_take(model, sizeof *txns);
    if (txns == NULL)
        return false;
    *txns = (weir__txns){.next_producer_id = model->config.first_producer_id, .expiry_at = EXPIRY_PERIOD};
    model->txns = txns;
    size_t seats = (size_t)model->config.coordinators;
    for (int kind = 0; kind < 2; kind++) {
        txns->seats[kind] = weir__model_take(model, seats * sizeof(weir__seat));
        if (txns->seats[kind] == NULL) {
            weir__txns_free(model);
            return false;
        }
        for (size_t n = 0; n < seats; n++)
            txns->seats[kind][n] = (weir__seat){.broker = 1 + (int32_t)((n + !kind) % (size_t)model->config.brokers)};
    }
    return true;
}

static void free_txn(weir__model *model, weir__txn *txn) {
    while (txn->part_count > 0)
        weir__txn_drop_part(model, txn, txn->part_count - 1);
    weir__model_give(model, txn->parts, txn->part_cap * sizeof *txn->parts);
    weir__model_give(model, txn->id, strlen(txn->id) + 1);
    weir__model_give(model, txn, sizeof *txn);
}

void weir__txns_free(weir__model *model) {
    weir__txns *txns = model->txns;
    if (txns == NULL)
        return;
    for (size_t n = 0; n < txns->count; n++)
        free_txn(model, txns->items[n]);
    weir__model_give(model, txns->items, txns->cap * sizeof(weir__txn *));
    for (int kind = 0; kind < 2; kind++)
        weir__model_give(model, txns->seats[kind], (size_t)model->config.coordinators * sizeof(weir__seat));
    weir__model_give(model, txns, sizeof *txns);
    model->txns = NULL;
}

weir__txn *weir__txns_find(const weir__model *model, weir_str id) {
    for (size_t n = 0; n < model->txns->count; n++)
        if (weir_str_equal(weir_str_of(model->txns->items[n]->id), id))
            return model->txns->items[n];
    return NULL;
}

weir__txn *weir__txn_create(weir__model *model, weir_str id, int64_t producer_id, weir_time_us now) {
    weir__txns *txns = model->txns;
    if (!weir__grow(model, (void **)&txns->items, &txns->cap, txns->count, sizeof(weir__txn *)))
        return NULL;
    weir__txn *txn = weir__model_take(model, sizeof *txn);
    if (txn == NULL)
        return NULL;
    *txn = (weir__txn){.producer_id = producer_id,
                       .previous_producer_id = -1,
                       .next_producer_id = -1,
                       .epoch = -1,
                       .last_epoch = -1,
                       .started = -1,
                       .updated = now};
    txn->id = weir__copy_text(model, id);
    if (txn->id == NULL) {
        weir__model_give(model, txn, sizeof *txn);
        return NULL;
    }
    txn->partition = weir__key_partition(model, id);
    txns->items[txns->count++] = txn;
    return txn;
}

static void forget(weir__model *model, size_t n) {
    weir__txns *txns = model->txns;
    free_txn(model, txns->items[n]);
    txns->count--;
    memmove(txns->items + n, txns->items + n + 1, (txns->count - n) * sizeof(weir__txn *));
    weir__model_changed(model);
}

/* ---- partitions of a transaction ---- */
bool weir__txn_has(const weir__txn *txn, weir_str topic, int32_t partition) {
    for (size_t n = 0; n < txn->part_count; n++)
        if (txn->parts[n].partition == partition && weir_str_equal(weir_str_of(txn->parts[n].topic), topic))
            return true;
    return false;
}

bool weir__txn_add_part(weir__model *model, weir__txn *txn, weir_str topic, int32_t partition) {
    if (!weir__grow(model, (void **)&txn->parts, &txn->part_cap, txn->part_count, sizeof *txn->parts))
        return false;
    char *name = weir__copy_text(model, topic);
    if (name == NULL)
        return false;
    txn->parts[txn->part_count++] = (weir__txn_part){name, partition};
    return true;
}

void weir__txn_drop_part(weir__model *model, weir__txn *txn, size_t n) {
    weir__model_give(model, txn->parts[n].topic, strlen(txn->parts[n].topic) + 1);
    txn->part_count--;
    memmove(txn->parts + n, txn->parts + n + 1, (txn->part_count - n) * sizeof *txn->parts);
}

void weir__txn_topic_deleted(weir__model *model, weir_str topic) {
    for (size_t n = 0; n < model->txns->count; n++) {
        weir__txn *txn = model->txns->items[n];
        for (size_t part = txn->part_count; part-- > 0;)
            if (weir_str_equal(weir_str_of(txn->parts[part].topic), topic))
                weir__txn_drop_part(model, txn, part);
    }
}

/* ---- transitions ---- */
void weir__txn_begin(weir__model *model, weir__txn *txn, weir_time_us now) {
    if (txn->state != WEIR__TXN_ONGOING)
        txn->started = now;
    txn->previous_producer_id = txn->producer_id;
    txn->state = WEIR__TXN_ONGOING;
    txn->updated = now;
    weir__model_changed(model);
}

void weir__txn_decide(weir__model *model, weir__txn *txn, bool commit, weir__txn_end how, weir_time_us now) {
    bool fence = how == WEIR__TXN_END_FENCE;
    bool bump = how == WEIR__TXN_END_BUMP || (fence && model->config.transaction_version >= 2);
    if (txn->state != WEIR__TXN_ONGOING)
        txn->started = now; /* an abort of nothing */
    txn->previous_producer_id = txn->producer_id;
    txn->next_producer_id = -1;
    if (bump && weir__txn_exhausted(txn->epoch))
        txn->next_producer_id = model->txns->next_producer_id++;
    if (bump || fence) {
        txn->last_epoch = bump ? txn->epoch : -1;
        if (txn->epoch < INT16_MAX)
            txn->epoch++;
    }
    txn->state = commit ? WEIR__TXN_PREPARE_COMMIT : WEIR__TXN_PREPARE_ABORT;
    txn->updated = now;
    txn->markers_at = now + model->config.marker_us;
    weir__model_changed(model);
}

int64_t weir__txn_client_id(const weir__txn *txn) {
    return txn->next_producer_id != -1 ? txn->next_producer_id : txn->producer_id;
}

int16_t weir__txn_client_epoch(const weir__txn *txn) {
    return txn->next_producer_id != -1 ? 0 : txn->epoch;
}

static void complete(weir__model *model, weir__txn *txn, weir_time_us now) {
    txn->previous_producer_id = txn->producer_id;
    txn->producer_id = weir__txn_client_id(txn);
    txn->epoch = weir__txn_client_epoch(txn);
    txn->next_producer_id = -1;
    txn->state = txn->state == WEIR__TXN_PREPARE_COMMIT ? WEIR__TXN_COMPLETE_COMMIT : WEIR__TXN_COMPLETE_ABORT;
    txn->updated = now;
    weir__model_changed(model);
}

/* ---- markers ---- */
static const weir__seat *seat_of(const weir__model *model, const weir__txn *txn) {
    return &model->txns->seats[1][txn->partition];
}

/* Writes the marker into one partition. False: that has to wait. */
static bool mark(weir__model *model, const weir__txn *txn, const weir__txn_part *part, weir_time_us now) {
    bool commit = txn->state == WEIR__TXN_PREPARE_COMMIT;
    weir_str topic = weir_str_of(part->topic);
    if (strcmp(part->topic, WEIR__OFFSETS_TOPIC) == 0) {
        if (model->txns->seats[0][part->partition].broker == -1)
            return false;
        weir__group_end_transaction(model, part->partition, txn->producer_id, txn->epoch, commit);
        return true;
    }
    weir__log *log = weir__log_find(model, topic, part->partition);
    if (log == NULL)
        return true;
    if (weir__log_leader(log) == -1)
        return false;
    int32_t epoch = seat_of(model, txn)->epoch;
    return weir__log_end_transaction(log, txn->producer_id, txn->epoch, commit, epoch, now) !=
           WEIR_CODE_KAFKA_STORAGE_ERROR;
}

void weir__txn_write_markers(weir__model *model, weir__txn *txn, weir_time_us now) {
    int64_t pause = model->config.marker_us;
    while (txn->part_count > 0 && txn->markers_at <= now) {
        size_t n = 0;
        while (n < txn->part_count && !mark(model, txn, &txn->parts[n], now))
            n++;
        if (n == txn->part_count) {
            txn->markers_at = now + (pause > 1000 ? pause : 1000); /* no leader: try again */
            return;
        }
        weir__txn_drop_part(model, txn, n);
        txn->markers_at += pause;
        weir__model_changed(model);
    }
    if (txn->part_count == 0)
        complete(model, txn, now);
}

/* ---- time ---- */
static bool prepared(const weir__txn *txn) {
    return txn->state == WEIR__TXN_PREPARE_COMMIT || txn->state == WEIR__TXN_PREPARE_ABORT;
}

/* The first of the regular checks that finds the transaction too old. */
static weir_time_us timeout_at(const weir__model *model, const weir__txn *txn) {
    int64_t period = model->config.transaction_timeout_check_ms * 1000;
    return ((txn->started + (int64_t)txn->timeout_ms * 1000) / period + 1) * period;
}

/* When the coordinator has something to do about an id. */
static weir_time_us due_at(const weir__model *model, const weir__txn *txn) {
    const weir__seat *seat = seat_of(model, txn);
    if (seat->broker == -1 || (!prepared(txn) && txn->state != WEIR__TXN_ONGOING))
        return WEIR_NEVER;
    weir_time_us at = prepared(txn) ? txn->markers_at : timeout_at(model, txn);
    return at > seat->loading_until ? at : seat->loading_until;
}

static bool expirable(const weir__model *model, const weir__txn *txn, weir_time_us now) {
    return !prepared(txn) && txn->state != WEIR__TXN_ONGOING &&
           txn->updated + model->config.transactional_id_expiration_ms * 1000 <= now;
}

weir_time_us weir__txn_deadline(const weir__model *model) {
    const weir__txns *txns = model->txns;
    weir_time_us first = txns->count > 0 ? txns->expiry_at : WEIR_NEVER;
    for (size_t n = 0; n < txns->count; n++) {
        weir_time_us at = due_at(model, txns->items[n]);
        first = at < first ? at : first;
    }
    return first;
}

void weir__txn_tick(weir__model *model, weir_time_us now) {
    weir__txns *txns = model->txns;
    for (size_t n = 0; n < txns->count; n++) {
        weir__txn *txn = txns->items[n];
        if (due_at(model, txn) > now)
            continue;
        if (prepared(txn))
            weir__txn_write_markers(model, txn, now);
        else
            weir__txn_decide(model, txn, false, WEIR__TXN_END_FENCE, now);
    }
    if (now < txns->expiry_at)
        return;
    txns->expiry_at = (now / EXPIRY_PERIOD + 1) * EXPIRY_PERIOD;
    for (size_t n = txns->count; n-- > 0;)
        if (expirable(model, txns->items[n], now))
            forget(model, n);
}

/* ---- the operator, and looking inside ---- */
void weir__model_expire_transactional_id(weir__model *model, const char *id) {
    for (size_t n = 0; n < model->txns->count; n++) {
        weir__txn *txn = model->txns->items[n];
        if (strcmp(txn->id, id) == 0 && !prepared(txn) && txn->state != WEIR__TXN_ONGOING) {
            forget(model, n);
            return;
        }
    }
}

void weir__model_expire_transaction(weir__model *model, const char *id, weir_time_us now) {
    weir__txn *txn = weir__txns_find(model, weir_str_of(id));
    if (txn != NULL && txn->state == WEIR__TXN_ONGOING)
        weir__txn_decide(model, txn, false, WEIR__TXN_END_FENCE, now);
}

bool weir__model_transaction_at(const weir__model *model, size_t n, weir__model_transaction *transaction) {
    if (n >= model->txns->count)
        return false;
    const weir__txn *txn = model->txns->items[n];
    *transaction = (weir__model_transaction){
        .id = txn->id,
        .state = names[txn->state],
        .producer_id = txn->producer_id,
        .producer_epoch = txn->epoch,
        .timeout_ms = txn->timeout_ms,
        .started = prepared(txn) || txn->state == WEIR__TXN_ONGOING ? txn->started : -1,
        .partitions = txn->part_count,
    };
    return true;
}
