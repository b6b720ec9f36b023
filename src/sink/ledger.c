/* The ledger: each transaction also commits one offset, the number of its checkpoint, in a group of the subtask. It
   becomes visible if and only if the transaction commits, so it proves what was committed even when the coordinator
   has forgotten the transaction. The metadata beside the offset says whose entry it is. */
#include <stdio.h>
#include <string.h>

#include "state.h"
#include "text.h"

#define LEDGER_TAG "weir1"

weir_err weir__ledger_start(weir_sink *sink) {
    weir__ledger *ledger = &sink->ledger;
    snprintf(ledger->group, sizeof ledger->group, "%s-%d", sink->prefix, sink->subtask);
    weir__list_init(&ledger->add.node);
    weir__list_init(&ledger->commit.node);
    weir__list_init(&ledger->read.node);
    ledger->coordinator = weir__coordinator_want(sink->client, WEIR_TARGET_GROUP, weir_str_of(ledger->group));
    return ledger->coordinator != NULL ? WEIR_OK : WEIR_E_NO_MEMORY;
}

void weir__ledger_stop(weir_sink *sink) {
    weir__request_cancel(sink->client, &sink->ledger.add);
    weir__request_cancel(sink->client, &sink->ledger.commit);
    weir__request_cancel(sink->client, &sink->ledger.read);
}

/* ---- writing ---- */
static void write_failed(weir__txn *txn, weir_api_key api, weir_err err, int16_t code, weir_time_us now) {
    weir_sink *sink = txn->sink;
    if (err == WEIR_OK) {
        weir_class class = weir__class_of(api, code);
        err = class == WEIR_CLASS_FENCED  ? weir__txn_fenced(txn, now)
              : class == WEIR_CLASS_FATAL ? WEIR_E_BROKER
                                          : WEIR_E_ABORTED;
        weir__sink_fail(sink, err, code, "%s of ledger group '%s' in transaction '%s' was refused: %s (%s)%s",
                        weir_api_name((int16_t)api), sink->ledger.group, txn->id, weir_code_name(code),
                        weir_code_text(code), weir__advice(err, code));
    } else {
        weir__sink_fail(sink, err == WEIR_E_VERSION ? err : WEIR_E_ABORTED, 0,
                        "%s of ledger group '%s' in transaction '%s' got no answer: %s", weir_api_name((int16_t)api),
                        sink->ledger.group, txn->id, weir_client_trouble(sink->client)->text);
    }
    sink->fault.api = (int16_t)api;
}

static int16_t commit_code(const weir_txn_offset_commit_response *response) {
    bool one = response->topics.count == 1 && response->topics.items[0].partitions.count == 1;
    return one ? response->topics.items[0].partitions.items[0].error_code : WEIR_CODE_UNKNOWN_SERVER_ERROR;
}

static void commit_done(weir__request *request, const weir__outcome *outcome) {
    weir__txn *txn = request->owner;
    int16_t code = outcome->err == WEIR_OK ? commit_code(outcome->response) : WEIR_CODE_NONE;
    txn->stray = txn->stray || request->lost;
    if (outcome->err == WEIR_OK && code == WEIR_CODE_NONE) {
        txn->ledger_done = true;
        txn->accepted_at = outcome->now;
    } else if (outcome->err != WEIR_OK || !weir__request_again(txn->sink->client, request, code, outcome->now)) {
        write_failed(txn, WEIR_API_TXN_OFFSET_COMMIT, outcome->err, code, outcome->now);
    }
}

static const void *commit_fill(weir__request *request, int16_t version) {
    weir__txn *txn = request->owner;
    (void)version;
    return &txn->sink->ledger.commit_message;
}

/* What stands beside the offset of a transaction: nobody else's can be the same. */
static void entry_of(const weir__txn *txn, char text[WEIR__LEDGER_METADATA_MAX]) {
    snprintf(text, WEIR__LEDGER_METADATA_MAX, LEDGER_TAG " %s %llu %s %lld %d", txn->sink->lineage,
             (unsigned long long)txn->checkpoint, txn->id, (long long)txn->producer_id, txn->producer_epoch);
}

static void commit_submit(weir__txn *txn, weir_time_us now) {
    weir_sink *sink = txn->sink;
    weir__ledger *ledger = &sink->ledger;
    weir_txn_offset_commit_request *message = &ledger->commit_message;
    ledger->commit = (weir__request){
        .api = weir_api_find(WEIR_API_TXN_OFFSET_COMMIT),
        .min_version = txn->version >= 2 ? 5 : 0, /* v5 enters the group into the transaction by itself (KIP-890) */
        .max_version = txn->version >= 2 ? 5 : 4,
        .target = WEIR_TARGET_GROUP,
        .coordinator = ledger->coordinator,
        .fill = commit_fill,
        .done = commit_done,
        .owner = txn,
        .deadline = now + sink->config.delivery_timeout_ms * 1000,
    };
    entry_of(txn, ledger->metadata);
    weir_message_init(ledger->commit.api->request, message);
    message->transactional_id = weir_str_of(txn->id);
    message->group_id = weir_str_of(ledger->group);
    message->producer_id = txn->producer_id;
    message->producer_epoch = txn->producer_epoch;
    message->member_id = weir_str_of("");
    ledger->commit_partition = (weir_txn_offset_commit_request_partition){
        .partition_index = 0,
        .committed_offset = (int64_t)txn->checkpoint,
        .committed_leader_epoch = -1,
        .committed_metadata = weir_str_of(ledger->metadata),
    };
    ledger->commit_topic = (weir_txn_offset_commit_request_topic){
        .name = weir_str_of(sink->ledger_topic),
        .partitions = {&ledger->commit_partition, 1},
    };
    message->topics.items = &ledger->commit_topic;
    message->topics.count = 1;
    weir__request_submit(sink->client, &ledger->commit, now);
}

static void add_done(weir__request *request, const weir__outcome *outcome) {
    weir__txn *txn = request->owner;
    const weir_add_offsets_to_txn_response *response = outcome->response;
    int16_t code = outcome->err == WEIR_OK ? response->error_code : WEIR_CODE_NONE;
    txn->stray = txn->stray || request->lost;
    if (outcome->err == WEIR_OK && code == WEIR_CODE_NONE)
        commit_submit(txn, outcome->now);
    else if (outcome->err != WEIR_OK || !weir__request_again(txn->sink->client, request, code, outcome->now))
        write_failed(txn, WEIR_API_ADD_OFFSETS_TO_TXN, outcome->err, code, outcome->now);
}

static const void *add_fill(weir__request *request, int16_t version) {
    weir__txn *txn = request->owner;
    weir_add_offsets_to_txn_request *message = &txn->sink->ledger.add_message;
    (void)version;
    message->transactional_id = weir_str_of(txn->id);
    message->producer_id = txn->producer_id;
    message->producer_epoch = txn->producer_epoch;
    message->group_id = weir_str_of(txn->sink->ledger.group);
    return message;
}

void weir__ledger_write(weir__txn *txn, weir_time_us now) {
    weir_sink *sink = txn->sink;
    if (txn->version >= 2) {
        commit_submit(txn, now);
        return;
    }
    sink->ledger.add = (weir__request){
        .api = weir_api_find(WEIR_API_ADD_OFFSETS_TO_TXN),
        .max_version = 3,
        .target = WEIR_TARGET_TRANSACTION,
        .coordinator = txn->coordinator,
        .fill = add_fill,
        .done = add_done,
        .owner = txn,
        .deadline = now + sink->config.delivery_timeout_ms * 1000,
    };
    weir__request_submit(sink->client, &sink->ledger.add, now);
}

/* ---- reading ---- */
/* Whether an entry's metadata is of this lineage: "weir1 LINEAGE …". */
static bool own_entry(const weir_sink *sink, weir_str metadata) {
    char start[sizeof LEDGER_TAG + sizeof sink->lineage + 2];
    int len = snprintf(start, sizeof start, LEDGER_TAG " %s ", sink->lineage);
    return metadata.p != NULL && metadata.len >= (uint32_t)len && memcmp(metadata.p, start, (size_t)len) == 0;
}

static void take_entry(weir_sink *sink, const weir_offset_fetch_response_partition *entry) {
    weir__ledger *ledger = &sink->ledger;
    if (entry->committed_offset < 0)
        return;
    ledger->foreign = !own_entry(sink, entry->metadata);
    if (ledger->foreign || (uint64_t)entry->committed_offset <= ledger->checkpoint)
        return;
    ledger->checkpoint = (uint64_t)entry->committed_offset;
    uint32_t room = sizeof ledger->entry - 1;
    uint32_t len = entry->metadata.len < room ? entry->metadata.len : room;
    memcpy(ledger->entry, entry->metadata.p, len);
    ledger->entry[len] = '\0';
}

void weir__ledger_own(const weir__txn *txn) {
    weir_sink *sink = txn->sink;
    if (txn->checkpoint > sink->own_ledger)
        sink->own_ledger = txn->checkpoint;
    if (txn->checkpoint <= sink->ledger.checkpoint)
        return;
    sink->ledger.checkpoint = txn->checkpoint;
    entry_of(txn, sink->ledger.entry);
}

bool weir__ledger_proves(const weir__txn *txn) {
    const weir__ledger *ledger = &txn->sink->ledger;
    char entry[WEIR__LEDGER_METADATA_MAX];
    entry_of(txn, entry);
    return ledger->checkpoint == txn->checkpoint ? strcmp(ledger->entry, entry) == 0
                                                 : ledger->checkpoint > txn->checkpoint;
}

static void read_done(weir__request *request, const weir__outcome *outcome) {
    weir_sink *sink = request->owner;
    weir__ledger *ledger = &sink->ledger;
    const weir_offset_fetch_response *response = outcome->response;
    if (outcome->err != WEIR_OK) {
        weir__sink_fail(sink, outcome->err, 0, "the ledger (group '%s') could not be read: %s", ledger->group,
                        weir_client_trouble(sink->client)->text);
        return;
    }
    const weir_offset_fetch_response_partition *entry = NULL;
    if (response->topics.count == 1 && response->topics.items[0].partitions.count == 1)
        entry = &response->topics.items[0].partitions.items[0];
    int16_t code = response->error_code;
    if (code == WEIR_CODE_NONE)
        code = entry != NULL ? entry->error_code : WEIR_CODE_UNKNOWN_SERVER_ERROR;
    if (code != WEIR_CODE_NONE) {
        if (!weir__request_again(sink->client, request, code, outcome->now))
            weir__sink_fail(sink, WEIR_E_BROKER, code, "the ledger (group '%s') could not be read: %s (%s)",
                            ledger->group, weir_code_name(code), weir_code_text(code));
        return;
    }
    take_entry(sink, entry);
    ledger->read_done = true;
    if (ledger->stable)
        weir__settle_by_ledger(sink, outcome->now);
}

static const void *read_fill(weir__request *request, int16_t version) {
    weir_sink *sink = request->owner;
    weir__ledger *ledger = &sink->ledger;
    weir_offset_fetch_request *message = &ledger->read_message;
    weir_message_init(request->api->request, message);
    message->group_id = weir_str_of(ledger->group);
    message->require_stable = ledger->stable && version >= 7;
    ledger->read_topic = (weir_offset_fetch_request_topic){
        .name = weir_str_of(sink->ledger_topic),
        .partition_indexes = {&ledger->read_index, 1},
    };
    message->topics.items = &ledger->read_topic;
    message->topics.count = 1;
    return message;
}

void weir__ledger_read(weir_sink *sink, bool stable, weir_time_us now) {
    weir__ledger *ledger = &sink->ledger;
    if (ledger->read.active)
        return;
    ledger->stable = stable;
    ledger->read_done = false;
    ledger->read_index = 0;
    ledger->read = (weir__request){
        .api = weir_api_find(WEIR_API_OFFSET_FETCH),
        .max_version = 7,
        .target = WEIR_TARGET_GROUP,
        .coordinator = ledger->coordinator,
        .fill = read_fill,
        .done = read_done,
        .owner = sink,
        .deadline = now + sink->config.default_api_timeout_ms * 1000,
    };
    weir__request_submit(sink->client, &ledger->read, now);
}
