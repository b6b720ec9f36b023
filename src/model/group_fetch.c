/* OffsetFetch. */
#include "group.h"

#include "answer.h"
#include "txn.h"

/* What is known of one partition; both forms of the answer have these members. */
typedef weir_offset_fetch_response_partitions known;

static known look_up(const weir__group *group, weir_str topic, int32_t partition, bool stable) {
    known found = {partition, -1, -1, WEIR__NO_TEXT, WEIR_CODE_NONE};
    if (group == NULL)
        return found;
    if (stable && weir__offset_pending(group, topic, partition)) {
        found.error_code = WEIR_CODE_UNSTABLE_OFFSET_COMMIT;
        return found;
    }
    const weir__offset *offset = weir__offset_find(group, topic, partition, -1);
    if (offset != NULL) {
        found.committed_offset = offset->offset;
        found.committed_leader_epoch = offset->leader_epoch;
        found.metadata = weir_str_of(offset->metadata);
    }
    return found;
}

/* The n-th topic of which the group has offsets in effect; null past the last. */
static weir_str stored_topic(const weir__group *group, size_t n) {
    for (size_t at = 0; group != NULL && at < group->offset_count; at++) {
        weir_str topic = weir_str_of(group->offsets[at].topic);
        bool first = group->offsets[at].producer_id == -1;
        for (size_t before = 0; first && before < at; before++)
            first = group->offsets[before].producer_id != -1 ||
                    !weir_str_equal(weir_str_of(group->offsets[before].topic), topic);
        if (first && n-- == 0)
            return topic;
    }
    return (weir_str){NULL, 0};
}

/* The partitions of a topic that the group has offsets of, into an array of the arena. False: it is used up. */
static bool stored_partitions(const weir__exchange *e, const weir__group *group, weir_str topic,
                              weir_i32s *partitions) {
    if (!WEIR__ANSWER_ARRAY(e, *partitions, group->offset_count))
        return false;
    partitions->count = 0;
    for (size_t n = 0; n < group->offset_count; n++)
        if (group->offsets[n].producer_id == -1 && weir_str_equal(weir_str_of(group->offsets[n].topic), topic))
            partitions->items[partitions->count++] = group->offsets[n].partition;
    return true;
}

/* Topics that the group has offsets of, as a request would list them. False: the arena is used up. */
static bool list_all(const weir__exchange *e, const weir__group *group, weir_offset_fetch_request_group *list) {
    int32_t count = 0;
    while (stored_topic(group, (size_t)count).p != NULL)
        count++;
    if (!WEIR__ANSWER_ARRAY(e, list->topics, count))
        return false;
    for (int32_t n = 0; n < count; n++) {
        weir_offset_fetch_request_topics *topic = &list->topics.items[n];
        topic->name = stored_topic(group, (size_t)n);
        const weir__topic *there = weir__topic_find(e->model, topic->name);
        if (there != NULL)
            topic->topic_id = there->id;
        if (!stored_partitions(e, group, topic->name, &topic->partition_indexes))
            return false;
    }
    return true;
}

/* One group's part of the answer. False: the arena is used up. */
static bool fetch(const weir__exchange *e, const weir_offset_fetch_request_group *in, bool stable,
                  weir_offset_fetch_response_group *out) {
    weir_offset_fetch_request_group asked = *in;
    const weir__group *group = weir__group_find(e->model, in->group_id);
    out->group_id = in->group_id;
    out->error_code = weir__seat_check(e->model, false, in->group_id, e->broker, e->now);
    if (out->error_code != WEIR_CODE_NONE)
        return true;
    if (in->topics.count == -1 && !list_all(e, group, &asked))
        return false;
    if (!WEIR__ANSWER_ARRAY(e, out->topics, asked.topics.count))
        return false;
    for (int32_t t = 0; t < asked.topics.count; t++) {
        const weir_offset_fetch_request_topics *from = &asked.topics.items[t];
        weir_offset_fetch_response_topics *to = &out->topics.items[t];
        bool by_id = e->header.api_version >= 10;
        const weir__topic *topic = by_id ? weir__topic_by_id(e->model, from->topic_id) : NULL;
        to->topic_id = from->topic_id;
        to->name = !by_id ? from->name : topic != NULL ? weir_str_of(topic->name) : WEIR__NO_TEXT;
        if (!WEIR__ANSWER_ARRAY(e, to->partitions, from->partition_indexes.count))
            return false;
        for (int32_t p = 0; p < to->partitions.count; p++) {
            to->partitions.items[p] = look_up(group, to->name, from->partition_indexes.items[p], stable);
            if (by_id && topic == NULL)
                to->partitions.items[p].error_code = WEIR_CODE_UNKNOWN_TOPIC_ID;
        }
    }
    return true;
}

/* The form of the request below version 8, as one of the groups of later ones. False: the arena is used up. */
static bool lift(const weir__exchange *e, const weir_offset_fetch_request *in, weir_offset_fetch_request_group *to) {
    *to = (weir_offset_fetch_request_group){.group_id = in->group_id};
    to->topics.count = -1;
    if (in->topics.count == -1)
        return true;
    if (!WEIR__ANSWER_ARRAY(e, to->topics, in->topics.count))
        return false;
    for (int32_t t = 0; t < in->topics.count; t++) {
        to->topics.items[t].name = in->topics.items[t].name;
        to->topics.items[t].partition_indexes = in->topics.items[t].partition_indexes;
    }
    return true;
}

/* The answer to one group in the form below version 8. False: the arena is used up. */
static bool lower(const weir__exchange *e, const weir_offset_fetch_response_group *from,
                  weir_offset_fetch_response *out) {
    out->error_code = from->error_code;
    if (!WEIR__ANSWER_ARRAY(e, out->topics, from->topics.count))
        return false;
    for (int32_t t = 0; t < out->topics.count; t++) {
        out->topics.items[t].name = from->topics.items[t].name;
        if (!WEIR__ANSWER_ARRAY(e, out->topics.items[t].partitions, from->topics.items[t].partitions.count))
            return false;
        for (int32_t p = 0; p < from->topics.items[t].partitions.count; p++) {
            const known *found = &from->topics.items[t].partitions.items[p];
            out->topics.items[t].partitions.items[p] = (weir_offset_fetch_response_partition){
                found->partition_index, found->committed_offset, found->committed_leader_epoch, found->metadata,
                found->error_code};
        }
    }
    return true;
}

/* Version 1 has no place for a code but the partitions. False: the arena is used up. */
static bool spread(const weir__exchange *e, const weir_offset_fetch_request_group *asked, int16_t code,
                   weir_offset_fetch_response_group *to) {
    if (!WEIR__ANSWER_ARRAY(e, to->topics, asked->topics.count))
        return false;
    for (int32_t t = 0; t < to->topics.count; t++) {
        to->topics.items[t].name = asked->topics.items[t].name;
        if (!WEIR__ANSWER_ARRAY(e, to->topics.items[t].partitions, asked->topics.items[t].partition_indexes.count))
            return false;
        for (int32_t p = 0; p < to->topics.items[t].partitions.count; p++) {
            to->topics.items[t].partitions.items[p] =
                look_up(NULL, to->topics.items[t].name, asked->topics.items[t].partition_indexes.items[p], false);
            to->topics.items[t].partitions.items[p].error_code = code;
        }
    }
    return true;
}

weir__handled weir__serve_offset_fetch(weir__exchange *e) {
    const weir_offset_fetch_request *in = e->request;
    weir_offset_fetch_response *out = e->response;
    if (e->header.api_version >= 8) {
        if (!WEIR__ANSWER_ARRAY(e, out->groups, in->groups.count))
            return WEIR__NO_ROOM;
        for (int32_t n = 0; n < in->groups.count; n++)
            if (!fetch(e, &in->groups.items[n], in->require_stable, &out->groups.items[n]))
                return WEIR__NO_ROOM;
        return WEIR__ANSWERED;
    }
    weir_offset_fetch_request_group asked;
    weir_offset_fetch_response_group found = {0};
    if (!lift(e, in, &asked) || !fetch(e, &asked, in->require_stable, &found))
        return WEIR__NO_ROOM;
    if (found.error_code != WEIR_CODE_NONE && e->header.api_version < 2 && !spread(e, &asked, found.error_code, &found))
        return WEIR__NO_ROOM;
    return lower(e, &found, out) ? WEIR__ANSWERED : WEIR__NO_ROOM;
}
