/* OffsetCommit and TxnOffsetCommit. */
#include "group.h"

#include "answer.h"
#include "offsets.h"
#include "txn.h"

#define METADATA_MAX 4096 /* offset.metadata.max.bytes */

/* Who commits, as both requests say it. */
typedef struct committer {
    weir_str group_id, member_id, instance;
    int32_t generation;
    bool transactional;
} committer;

/* Whether the committer may; the group, made if need be, in *group. */
static int16_t admit(weir__exchange *e, const committer *who, weir__group **group) {
    *group = weir__group_find(e->model, who->group_id);
    if (*group == NULL) {
        bool old = e->model->config.release == WEIR__MODEL_3_9;
        if (who->generation >= 0 && old && who->transactional)
            return WEIR_CODE_UNKNOWN_MEMBER_ID;
        if (who->generation >= 0)
            return !old && e->header.api_version >= 9 && !who->transactional ? WEIR_CODE_GROUP_ID_NOT_FOUND
                                                                             : WEIR_CODE_ILLEGAL_GENERATION;
        *group = weir__group_make(e->model, who->group_id);
        return *group != NULL ? WEIR_CODE_NONE : WEIR_CODE_COORDINATOR_NOT_AVAILABLE;
    }
    const weir__group *g = *group;
    if (who->generation < 0 && g->state == WEIR__GROUP_EMPTY)
        return WEIR_CODE_NONE; /* nobody is a member */
    if (who->generation >= 0 || who->member_id.len > 0 || who->instance.p != NULL) {
        int16_t code = weir__member_check(g, who->member_id, who->instance);
        if (code != WEIR_CODE_NONE)
            return code;
        if (who->generation != g->generation)
            return WEIR_CODE_ILLEGAL_GENERATION;
    } else if (!who->transactional) {
        return WEIR_CODE_UNKNOWN_MEMBER_ID;
    }
    return !who->transactional && g->state == WEIR__GROUP_COMPLETING ? WEIR_CODE_REBALANCE_IN_PROGRESS : WEIR_CODE_NONE;
}

/* What is wrong with one partition, whoever commits it. */
static int16_t check(const weir__exchange *e, const weir__offset_value *value) {
    if (weir__log_find(e->model, value->topic, value->partition) == NULL)
        return WEIR_CODE_UNKNOWN_TOPIC_OR_PARTITION;
    return value->metadata.len > METADATA_MAX ? WEIR_CODE_OFFSET_METADATA_TOO_LARGE : WEIR_CODE_NONE;
}

static int16_t store(weir__exchange *e, weir__group *group, const weir__offset_value *value) {
    return weir__offset_store(e->model, group, value, e->now) ? WEIR_CODE_NONE : WEIR_CODE_COORDINATOR_NOT_AVAILABLE;
}

/* ---- OffsetCommit ---- */
/* Room for the answer; names of topics that are given by id. False: the arena is used up. */
static bool lay_out(const weir__exchange *e, const weir_offset_commit_request *in, weir_offset_commit_response *out) {
    if (!WEIR__ANSWER_ARRAY(e, out->topics, in->topics.count))
        return false;
    for (int32_t t = 0; t < in->topics.count; t++) {
        bool by_id = e->header.api_version >= 10;
        const weir__topic *topic = by_id ? weir__topic_by_id(e->model, in->topics.items[t].topic_id) : NULL;
        out->topics.items[t].topic_id = in->topics.items[t].topic_id;
        out->topics.items[t].name = !by_id          ? in->topics.items[t].name
                                    : topic != NULL ? weir_str_of(topic->name)
                                                    : WEIR__NO_TEXT;
        if (!WEIR__ANSWER_ARRAY(e, out->topics.items[t].partitions, in->topics.items[t].partitions.count))
            return false;
    }
    return true;
}

static void commit(weir__exchange *e, const weir_offset_commit_request *in, weir_offset_commit_response *out,
                   weir__group *group, int16_t code) {
    for (int32_t t = 0; t < in->topics.count; t++) {
        weir_str topic = out->topics.items[t].name;
        for (int32_t p = 0; p < in->topics.items[t].partitions.count; p++) {
            const weir_offset_commit_request_partition *from = &in->topics.items[t].partitions.items[p];
            weir__offset_value value = {topic,
                                        from->partition_index,
                                        from->committed_leader_epoch,
                                        from->committed_offset,
                                        from->committed_metadata,
                                        -1};
            int16_t found = topic.len == 0 ? WEIR_CODE_UNKNOWN_TOPIC_ID : check(e, &value);
            if (found != WEIR_CODE_UNKNOWN_TOPIC_OR_PARTITION && found != WEIR_CODE_UNKNOWN_TOPIC_ID &&
                code != WEIR_CODE_NONE)
                found = code;
            if (found == WEIR_CODE_NONE)
                found = store(e, group, &value);
            out->topics.items[t].partitions.items[p] =
                (weir_offset_commit_response_partition){from->partition_index, found};
        }
    }
}

weir__handled weir__serve_offset_commit(weir__exchange *e) {
    const weir_offset_commit_request *in = e->request;
    weir_offset_commit_response *out = e->response;
    committer who = {in->group_id, in->member_id, in->group_instance_id, in->generation_id_or_member_epoch, false};
    weir__group *group = NULL;
    if (!lay_out(e, in, out))
        return WEIR__NO_ROOM;
    int16_t code = weir__seat_check(e->model, false, in->group_id, e->broker, e->now);
    if (code == WEIR_CODE_NONE)
        code = admit(e, &who, &group);
    if (code == WEIR_CODE_NONE && in->member_id.len > 0 && group->state != WEIR__GROUP_EMPTY)
        weir__member_lives(weir__member_find(group, in->member_id), e->now);
    commit(e, in, out, group, code);
    return WEIR__ANSWERED;
}

/* ---- TxnOffsetCommit ---- */
typedef weir_txn_offset_commit_request txn_request;
typedef weir_txn_offset_commit_response txn_response;

/* Room for the answer, with what is wrong with each partition. False: the arena is used up. */
static bool txn_lay_out(const weir__exchange *e, const txn_request *in, txn_response *out) {
    if (!WEIR__ANSWER_ARRAY(e, out->topics, in->topics.count))
        return false;
    for (int32_t t = 0; t < in->topics.count; t++) {
        bool by_id = e->header.api_version >= 6;
        const weir__topic *topic = by_id ? weir__topic_by_id(e->model, in->topics.items[t].topic_id) : NULL;
        weir_txn_offset_commit_response_topic *to = &out->topics.items[t];
        to->topic_id = in->topics.items[t].topic_id;
        to->name = !by_id ? in->topics.items[t].name : topic != NULL ? weir_str_of(topic->name) : WEIR__NO_TEXT;
        if (!WEIR__ANSWER_ARRAY(e, to->partitions, in->topics.items[t].partitions.count))
            return false;
        for (int32_t p = 0; p < to->partitions.count; p++) {
            int32_t partition = in->topics.items[t].partitions.items[p].partition_index;
            bool there = weir__log_find(e->model, to->name, partition) != NULL;
            to->partitions.items[p].partition_index = partition;
            to->partitions.items[p].error_code = there               ? WEIR_CODE_NONE
                                                 : to->name.len == 0 ? WEIR_CODE_UNKNOWN_TOPIC_ID
                                                                     : WEIR_CODE_UNKNOWN_TOPIC_OR_PARTITION;
        }
    }
    return true;
}

/* What a leader of the groups' topic asks the transaction's coordinator, unless the transaction is open there. */
static int16_t verify(weir__exchange *e, const txn_request *in, int32_t partition) {
    int16_t version = e->header.api_version;
    const weir__offset_producer *known = weir__offset_producer_find(e->model, partition, in->producer_id);
    bool any_epoch = e->model->config.release == WEIR__MODEL_3_9; /* 4.x looks at the epoch, too */
    if (known != NULL && known->open && (any_epoch || known->epoch == in->producer_epoch))
        return WEIR_CODE_NONE;
    int16_t code = weir__txn_verify(e->model, in->transactional_id, in->producer_id, in->producer_epoch,
                                    weir_str_of(WEIR__OFFSETS_TOPIC), partition, version >= 5, e->now);
    if (code == WEIR_CODE_PRODUCER_FENCED)
        return WEIR_CODE_INVALID_PRODUCER_EPOCH;
    if (code == WEIR_CODE_TRANSACTION_ABORTABLE && version < 4)
        return WEIR_CODE_INVALID_TXN_STATE;
    return code;
}

/* Everything that is about the request as a whole; on success the group, and the producer's transaction is open. */
static int16_t txn_admit(weir__exchange *e, const txn_request *in, weir__group **group) {
    committer who = {in->group_id, in->member_id, in->group_instance_id, in->generation_id_or_member_epoch, true};
    int32_t partition = weir__key_partition(e->model, in->group_id);
    if (in->group_id.len == 0)
        return WEIR_CODE_INVALID_GROUP_ID;
    int16_t code = weir__seat_check(e->model, false, in->group_id, e->broker, e->now);
    if (code == WEIR_CODE_COORDINATOR_LOAD_IN_PROGRESS && e->header.api_version < 2)
        return WEIR_CODE_COORDINATOR_NOT_AVAILABLE;
    if (code == WEIR_CODE_NONE)
        code = verify(e, in, partition);
    if (code == WEIR_CODE_NONE)
        code = admit(e, &who, group);
    if (code != WEIR_CODE_NONE)
        return code;
    weir__offset_producer *producer = weir__offset_producer_make(e->model, partition, in->producer_id);
    if (producer == NULL)
        return WEIR_CODE_COORDINATOR_NOT_AVAILABLE;
    if (producer->epoch > in->producer_epoch)
        return WEIR_CODE_INVALID_PRODUCER_EPOCH;
    producer->epoch = in->producer_epoch;
    producer->open = true;
    return WEIR_CODE_NONE;
}

/* Whether any partition is left to be committed. */
static bool any_there(const txn_response *out) {
    for (int32_t t = 0; t < out->topics.count; t++)
        for (int32_t p = 0; p < out->topics.items[t].partitions.count; p++)
            if (out->topics.items[t].partitions.items[p].error_code == WEIR_CODE_NONE)
                return true;
    return false;
}

static void txn_commit(weir__exchange *e, const txn_request *in, txn_response *out, weir__group *group, int16_t code) {
    for (int32_t t = 0; t < in->topics.count; t++) {
        for (int32_t p = 0; p < in->topics.items[t].partitions.count; p++) {
            const weir_txn_offset_commit_request_partition *from = &in->topics.items[t].partitions.items[p];
            weir_txn_offset_commit_response_partition *to = &out->topics.items[t].partitions.items[p];
            weir__offset_value value = {out->topics.items[t].name,    from->partition_index,
                                        from->committed_leader_epoch, from->committed_offset,
                                        from->committed_metadata,     in->producer_id};
            if (to->error_code != WEIR_CODE_NONE)
                continue;
            to->error_code = code != WEIR_CODE_NONE ? code : check(e, &value);
            if (to->error_code == WEIR_CODE_NONE)
                to->error_code = store(e, group, &value);
        }
    }
}

weir__handled weir__serve_txn_offset_commit(weir__exchange *e) {
    const txn_request *in = e->request;
    txn_response *out = e->response;
    weir__group *group = NULL;
    if (!txn_lay_out(e, in, out))
        return WEIR__NO_ROOM;
    if (any_there(out)) {
        int16_t code = txn_admit(e, in, &group);
        txn_commit(e, in, out, group, code);
    }
    return WEIR__ANSWERED;
}
