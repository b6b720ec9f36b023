/* The transaction coordinator, and the coordinator of the one ledger group. */
#include "checks.h"
#include <stdio.h>
#include <string.h>

#include "peer_parts.h"

peer_txn *peer_txn_of(peer *p, const char *id, bool make) {
    for (int32_t n = 0; n < p->txn_count; n++)
        if (strcmp(p->txns[n].id, id) == 0)
            return &p->txns[n];
    if (!make)
        return NULL;
    ck_assert_int_lt(p->txn_count, PEER_TXNS);
    peer_txn *txn = &p->txns[p->txn_count++];
    memset(txn, 0, sizeof *txn);
    snprintf(txn->id, sizeof txn->id, "%s", id);
    txn->producer_id = p->next_producer_id++;
    txn->epoch = -1;
    txn->last_epoch = -1;
    txn->state = "Empty";
    return txn;
}

static peer_txn *named(peer *p, weir_str id, bool make) {
    char text[256];
    snprintf(text, sizeof text, "%.*s", (int)id.len, id.p);
    return peer_txn_of(p, text, make);
}

static bool is(const peer_txn *txn, const char *state) {
    return strcmp(txn->state, state) == 0;
}

static void decide(peer *p, peer_txn *txn, bool commit) {
    int32_t at = (int32_t)(txn - p->txns);
    for (int32_t n = 0; n < p->written_count; n++) {
        if (p->written[n].txn != at || !p->written[n].open)
            continue;
        p->written[n].open = false;
        p->written[n].aborted = !commit;
    }
    if (commit && txn->offset_open) {
        p->ledger_offset = txn->offset;
        snprintf(p->ledger_metadata, sizeof p->ledger_metadata, "%s", txn->metadata);
    }
    txn->offset_open = txn->group = false;
    memset(txn->in, 0, sizeof txn->in);
    txn->last_epoch = txn->epoch;
    txn->state = commit ? "CompleteCommit" : "CompleteAbort";
    txn->commits += commit;
    txn->aborts += !commit;
}

void peer_txn_expire(peer *p, peer_txn *txn) {
    decide(p, txn, false);
    txn->epoch++;
}

int16_t peer_txn_enter(peer *p, weir_str id, int64_t producer_id, int16_t epoch, int32_t log, bool by_itself,
                       int32_t *at) {
    peer_txn *txn = named(p, id, false);
    if (txn == NULL || txn->producer_id != producer_id || txn->epoch != epoch)
        return WEIR_CODE_INVALID_PRODUCER_EPOCH;
    *at = (int32_t)(txn - p->txns);
    if (by_itself) {
        txn->in[log] = true;
        txn->state = "Ongoing";
    }
    return txn->in[log] ? 0 : WEIR_CODE_INVALID_TXN_STATE;
}

/* The transaction of a request that is part of one, and in *code what is wrong with it. */
static peer_txn *checked(peer *p, weir_str id, int64_t producer_id, int16_t epoch, int16_t *code) {
    peer_txn *txn = named(p, id, false);
    *code = txn == NULL || txn->producer_id != producer_id ? WEIR_CODE_INVALID_PRODUCER_ID_MAPPING
            : txn->epoch != epoch                          ? WEIR_CODE_INVALID_PRODUCER_EPOCH
                                                           : 0;
    return txn;
}

static void answer_init(peer *p, peer_link *link, const weir_request_header *header,
                        const weir_init_producer_id_request *request) {
    weir_init_producer_id_response r;
    weir_message_init(weir_api_find(WEIR_API_INIT_PRODUCER_ID)->response, &r);
    const peer_txn *known = request->producer_id >= 0 ? named(p, request->transactional_id, false) : NULL;
    bool other =
        known != NULL && (known->producer_id != request->producer_id || known->epoch != request->producer_epoch);
    r.error_code = peer_code(p, other ? WEIR_CODE_PRODUCER_FENCED : 0);
    if (other) {
        r.producer_id = r.producer_epoch = -1;
    } else if (peer_applies(p) && request->transactional_id.p == NULL) {
        r.producer_id = p->next_producer_id++;
        r.producer_epoch = 0;
    } else if (peer_applies(p)) {
        peer_txn *txn = named(p, request->transactional_id, true);
        if (is(txn, "Ongoing"))
            decide(p, txn, false);
        txn->epoch++;
        txn->state = "Empty";
        r.producer_id = txn->producer_id;
        r.producer_epoch = txn->epoch;
    }
    peer_note(p, link, header, "%.*s", (int)request->transactional_id.len,
              request->transactional_id.p != NULL ? request->transactional_id.p : "");
    peer_answer(p, link, header, &r, SIZE_MAX);
}

static void answer_add_partitions(peer *p, peer_link *link, const weir_request_header *header,
                                  const weir_add_partitions_to_txn_request *request) {
    static weir_add_partitions_to_txn_response_add_partitions_to_txn_topic_result topics[PEER_LOGS];
    static weir_add_partitions_to_txn_response_add_partitions_to_txn_partition_result parts[PEER_LOGS];
    int32_t used = 0;
    int16_t code;
    weir_add_partitions_to_txn_response r;
    weir_message_init(weir_api_find(WEIR_API_ADD_PARTITIONS_TO_TXN)->response, &r);
    ck_assert_int_lt(header->api_version, 4);
    weir_str id = request->v3_and_below_transactional_id;
    peer_txn *txn = checked(p, id, request->v3_and_below_producer_id, request->v3_and_below_producer_epoch, &code);
    r.results_by_topic_v3_and_below.items = topics;
    for (int32_t t = 0; t < request->v3_and_below_topics.count; t++) {
        const weir_add_partitions_to_txn_request_add_partitions_to_txn_topic *asked =
            &request->v3_and_below_topics.items[t];
        topics[t].name = asked->name;
        topics[t].results_by_partition.items = &parts[used];
        topics[t].results_by_partition.count = asked->partitions.count;
        r.results_by_topic_v3_and_below.count++;
        for (int32_t n = 0; n < asked->partitions.count; n++) {
            peer_log *log = peer_log_named(p, asked->name, asked->partitions.items[n]);
            ck_assert_ptr_nonnull(log);
            if (peer_applies(p) && code == 0) {
                txn->in[log - p->logs] = true;
                txn->state = "Ongoing";
            }
            parts[used++] = (weir_add_partitions_to_txn_response_add_partitions_to_txn_partition_result){
                asked->partitions.items[n], peer_code(p, code)};
        }
    }
    peer_note(p, link, header, "%.*s %d partitions", (int)id.len, id.p, used);
    peer_answer(p, link, header, &r, SIZE_MAX);
}

static void answer_add_offsets(peer *p, peer_link *link, const weir_request_header *header,
                               const weir_add_offsets_to_txn_request *request) {
    int16_t code;
    weir_add_offsets_to_txn_response r;
    weir_message_init(weir_api_find(WEIR_API_ADD_OFFSETS_TO_TXN)->response, &r);
    peer_txn *txn = checked(p, request->transactional_id, request->producer_id, request->producer_epoch, &code);
    if (peer_applies(p) && code == 0) {
        txn->group = true;
        txn->state = "Ongoing";
    }
    r.error_code = peer_code(p, code);
    peer_note(p, link, header, "%.*s", (int)request->transactional_id.len, request->transactional_id.p);
    peer_answer(p, link, header, &r, SIZE_MAX);
}

static void answer_txn_offset(peer *p, peer_link *link, const weir_request_header *header,
                              const weir_txn_offset_commit_request *request) {
    int16_t code;
    weir_txn_offset_commit_response_topic topic = {0};
    weir_txn_offset_commit_response_partition part = {0};
    weir_txn_offset_commit_response r;
    weir_message_init(weir_api_find(WEIR_API_TXN_OFFSET_COMMIT)->response, &r);
    peer_txn *txn = checked(p, request->transactional_id, request->producer_id, request->producer_epoch, &code);
    ck_assert_int_eq(request->topics.count, 1);
    const weir_txn_offset_commit_request_partition *entry = &request->topics.items[0].partitions.items[0];
    if (code == 0 && header->api_version < 5 && !txn->group)
        code = WEIR_CODE_INVALID_TXN_STATE;
    if (peer_applies(p) && code == 0) {
        txn->state = "Ongoing";
        txn->group = txn->offset_open = true;
        txn->offset = entry->committed_offset;
        snprintf(txn->metadata, sizeof txn->metadata, "%.*s", (int)entry->committed_metadata.len,
                 entry->committed_metadata.p);
    }
    part.partition_index = entry->partition_index;
    part.error_code = peer_code(p, code);
    topic.name = request->topics.items[0].name;
    topic.partitions.items = &part;
    topic.partitions.count = 1;
    r.topics.items = &topic;
    r.topics.count = 1;
    peer_note(p, link, header, "%.*s %lld", (int)request->transactional_id.len, request->transactional_id.p,
              (long long)entry->committed_offset);
    peer_answer(p, link, header, &r, SIZE_MAX);
}

/* A repeated EndTxn is answered like the first; with version 2 the epoch has moved on in between. */
static int16_t end(peer *p, peer_txn *txn, const weir_end_txn_request *request, int16_t version) {
    bool moved = version >= 5 && txn->epoch == request->producer_epoch + 1;
    if (txn->epoch != request->producer_epoch && !moved)
        return WEIR_CODE_INVALID_PRODUCER_EPOCH;
    bool repeated = is(txn, request->committed ? "CompleteCommit" : "CompleteAbort");
    if (repeated && (version < 5 || moved))
        return 0;
    if (moved || !is(txn, "Ongoing"))
        return WEIR_CODE_INVALID_TXN_STATE;
    decide(p, txn, request->committed);
    txn->epoch = (int16_t)(txn->epoch + (version >= 5));
    return 0;
}

static void answer_end(peer *p, peer_link *link, const weir_request_header *header,
                       const weir_end_txn_request *request) {
    weir_end_txn_response r;
    weir_message_init(weir_api_find(WEIR_API_END_TXN)->response, &r);
    peer_txn *txn = named(p, request->transactional_id, false);
    if (txn == NULL || txn->producer_id != request->producer_id)
        r.error_code = peer_code(p, WEIR_CODE_INVALID_PRODUCER_ID_MAPPING);
    else
        r.error_code = peer_code(p, peer_applies(p) ? end(p, txn, request, header->api_version) : 0);
    if (header->api_version >= 5 && r.error_code == 0) {
        r.producer_id = txn->producer_id;
        r.producer_epoch = txn->epoch;
    }
    peer_note(p, link, header, "%.*s %s epoch %d", (int)request->transactional_id.len, request->transactional_id.p,
              request->committed ? "commit" : "abort", request->producer_epoch);
    peer_answer(p, link, header, &r, SIZE_MAX);
}

static void answer_offset_fetch(peer *p, peer_link *link, const weir_request_header *header,
                                const weir_offset_fetch_request *request) {
    weir_offset_fetch_response_topic topic = {0};
    weir_offset_fetch_response_partition part = {.committed_leader_epoch = -1, .committed_offset = -1};
    weir_offset_fetch_response r;
    weir_message_init(weir_api_find(WEIR_API_OFFSET_FETCH)->response, &r);
    ck_assert_int_eq(request->topics.count, 1);
    part.committed_offset = p->ledger_offset;
    part.metadata = weir_str_of(p->ledger_metadata);
    for (int32_t n = 0; n < p->txn_count && request->require_stable && p->offset_waits; n++)
        if (p->txns[n].offset_open)
            part.error_code = WEIR_CODE_UNSTABLE_OFFSET_COMMIT;
    part.error_code = peer_code(p, part.error_code);
    if (part.error_code != 0)
        part.committed_offset = -1;
    topic.name = request->topics.items[0].name;
    topic.partitions.items = &part;
    topic.partitions.count = 1;
    r.topics.items = &topic;
    r.topics.count = 1;
    peer_note(p, link, header, "%.*s%s", (int)request->group_id.len, request->group_id.p,
              request->require_stable ? " stable" : "");
    peer_answer(p, link, header, &r, SIZE_MAX);
}

static void answer_list(peer *p, peer_link *link, const weir_request_header *header,
                        const weir_list_transactions_request *request) {
    weir_list_transactions_response_transaction_state states[PEER_TXNS];
    weir_list_transactions_response r;
    weir_message_init(weir_api_find(WEIR_API_LIST_TRANSACTIONS)->response, &r);
    ck_assert_int_eq(request->state_filters.count, 1);
    r.error_code = peer_code(p, 0);
    r.transaction_states.items = states;
    for (int32_t n = 0; n < p->txn_count && r.error_code == 0 && link->broker == p->coordinator; n++)
        if (weir_str_equal(request->state_filters.items[0], weir_str_of(p->txns[n].state)))
            states[r.transaction_states.count++] = (weir_list_transactions_response_transaction_state){
                weir_str_of(p->txns[n].id), p->txns[n].producer_id, weir_str_of(p->txns[n].state)};
    peer_note(p, link, header, "%d found", r.transaction_states.count);
    peer_answer(p, link, header, &r, SIZE_MAX);
}

static void answer_describe(peer *p, peer_link *link, const weir_request_header *header,
                            const weir_describe_transactions_request *request) {
    weir_describe_transactions_response_transaction_state state = {0};
    weir_describe_transactions_response r;
    weir_message_init(weir_api_find(WEIR_API_DESCRIBE_TRANSACTIONS)->response, &r);
    ck_assert_int_eq(request->transactional_ids.count, 1);
    state.transactional_id = request->transactional_ids.items[0];
    const peer_txn *txn = named(p, state.transactional_id, false);
    state.error_code = peer_code(p, txn == NULL ? WEIR_CODE_TRANSACTIONAL_ID_NOT_FOUND : 0);
    state.transaction_state = weir_str_of(state.error_code == 0 ? txn->state : "");
    state.transaction_start_time_ms = -1;
    state.producer_id = state.error_code == 0 ? txn->producer_id : -1;
    state.producer_epoch = state.error_code == 0 ? txn->epoch : -1;
    r.transaction_states.items = &state;
    r.transaction_states.count = 1;
    peer_note(p, link, header, "%.*s %.*s", (int)state.transactional_id.len, state.transactional_id.p,
              (int)state.transaction_state.len, state.transaction_state.p);
    peer_answer(p, link, header, &r, SIZE_MAX);
}

bool peer_take_txn(peer *p, peer_link *link, const weir_request_header *header, const void *message) {
    switch (header->api_key) {
    case WEIR_API_INIT_PRODUCER_ID:
        answer_init(p, link, header, message);
        return true;
    case WEIR_API_ADD_PARTITIONS_TO_TXN:
        answer_add_partitions(p, link, header, message);
        return true;
    case WEIR_API_ADD_OFFSETS_TO_TXN:
        answer_add_offsets(p, link, header, message);
        return true;
    case WEIR_API_TXN_OFFSET_COMMIT:
        answer_txn_offset(p, link, header, message);
        return true;
    case WEIR_API_END_TXN:
        answer_end(p, link, header, message);
        return true;
    case WEIR_API_OFFSET_FETCH:
        answer_offset_fetch(p, link, header, message);
        return true;
    case WEIR_API_LIST_TRANSACTIONS:
        answer_list(p, link, header, message);
        return true;
    case WEIR_API_DESCRIBE_TRANSACTIONS:
        answer_describe(p, link, header, message);
        return true;
    default:
        return false;
    }
}

/* ---- what was committed ---- */
int32_t peer_committed(const peer *p, int32_t log) {
    int32_t count = 0;
    for (int32_t n = 0; n < p->written_count; n++)
        count += p->written[n].log == log && !p->written[n].open && !p->written[n].aborted;
    return count;
}

void peer_check_keys(const peer *p, int32_t log, int64_t first, int32_t count) {
    int64_t next = first;
    for (int32_t n = 0; n < p->written_count; n++) {
        if (p->written[n].log != log || p->written[n].open || p->written[n].aborted)
            continue;
        ck_assert_msg(p->written[n].key == next, "log %d: key %lld where %lld is due", log,
                      (long long)p->written[n].key, (long long)next);
        next++;
    }
    ck_assert_msg(next == first + count, "log %d: %lld records committed, not %d", log, (long long)(next - first),
                  count);
}
