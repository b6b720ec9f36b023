/* JoinGroup: members come, and wait for the others. */
#include "group.h"

#include <string.h>

#include "answer.h"
#include "txn.h"

typedef weir_join_group_request request;
typedef weir_join_group_response response;

/* A new member is not given up before, however short its session is: its client waits for the answer. */
#define FRESH_US ((int64_t)300000000)

/* ---- answering ---- */
static size_t protocol_holders(const weir__group *group) {
    size_t count = 0;
    for (size_t n = 0; n < group->member_count; n++)
        count += weir__member_protocol(group->members[n], group->protocol) != NULL;
    return count;
}

/* The generation as it is, for one of its members; the leader gets everybody's subscription. */
static weir__handled answer(weir__exchange *e, const weir__group *group, const weir__member *member, bool all) {
    response *out = e->response;
    if (!WEIR__ANSWER_ARRAY(e, out->members, all ? protocol_holders(group) : 0))
        return WEIR__NO_ROOM;
    out->members.count = 0;
    for (size_t n = 0; all && n < group->member_count; n++) {
        const weir__member *other = group->members[n];
        const weir__protocol *protocol = weir__member_protocol(other, group->protocol);
        if (protocol != NULL)
            out->members.items[out->members.count++] = (weir_join_group_response_member){
                weir_str_of(other->id), weir_str_of(other->instance), weir__kept_bytes(&protocol->metadata)};
    }
    out->generation_id = group->generation;
    out->protocol_type = weir_str_of(group->protocol_type);
    out->protocol_name = weir_str_of(group->protocol);
    out->leader = group->leader != NULL ? weir_str_of(group->leader->id) : WEIR__NO_TEXT;
    out->member_id = weir_str_of(member->id);
    return WEIR__ANSWERED;
}

static weir__handled refuse(weir__exchange *e, int16_t code, weir_str member_id) {
    response *out = e->response;
    out->error_code = code;
    out->member_id = member_id.p != NULL ? member_id : WEIR__NO_TEXT;
    out->protocol_name = e->header.api_version >= 7 ? (weir_str){NULL, 0} : WEIR__NO_TEXT;
    out->leader = WEIR__NO_TEXT;
    return WEIR__ANSWERED;
}

/* A JoinGroup that was held: whose, and is it time? */
static weir__handled resume(weir__exchange *e, const request *in) {
    const weir__group *group = weir__group_find(e->model, in->group_id);
    for (size_t n = 0; group != NULL && n < group->member_count; n++) {
        const weir__member *member = group->members[n];
        if (member->connection != e->connection || member->sequence != e->header.correlation_id)
            continue;
        if (member->joining)
            return WEIR__HELD;
        return answer(e, group, member, member == group->leader);
    }
    return refuse(e, WEIR_CODE_UNKNOWN_MEMBER_ID, in->member_id);
}

/* The member waits for the others; it is asked again at once, as it may be the last. */
static weir__handled hold(weir__exchange *e, weir__group *group, weir__member *member) {
    for (size_t n = 0; n < group->member_count; n++)
        if (group->members[n]->connection == e->connection && group->members[n]->sequence == e->header.correlation_id)
            group->members[n]->connection = -1;
    member->connection = e->connection;
    member->sequence = e->header.correlation_id;
    if (!member->joining)
        *e->due = e->now;
    return WEIR__HELD;
}

/* ---- joining ---- */
/* Lets a member of the group, which has said what it supports, join the next generation. */
static weir__handled join(weir__exchange *e, weir__group *group, weir__member *member) {
    member->joining = true;
    member->pending = false;
    if (member->fresh)
        member->expires = e->now + FRESH_US;
    else
        weir__member_lives(member, e->now);
    if (group->leader == NULL)
        group->leader = member;
    weir__model_changed(e->model);
    if (group->state == WEIR__GROUP_PREPARING) {
        group->joined_lately = true;
        weir__group_try_complete(e->model, group, e->now);
    } else {
        weir__group_rebalance(e->model, group, e->now);
    }
    return hold(e, group, member);
}

static weir__handled join_anew(weir__exchange *e, weir__group *group, weir__member *member, const request *in) {
    if (!weir__member_update(e->model, member, in))
        return WEIR__CLOSED;
    return join(e, group, member);
}

/* A member without an id: it gets one, and from version 4 on comes again with it. */
static weir__handled join_unknown(weir__exchange *e, weir__group *group, const request *in) {
    weir__member *member = weir__member_make(e->model, group, e->header.client_id, in->group_instance_id);
    if (member == NULL)
        return WEIR__CLOSED;
    if (!weir__member_update(e->model, member, in)) {
        weir__member_remove(e->model, group, member);
        return WEIR__CLOSED;
    }
    if (e->header.api_version < 4 || in->group_instance_id.p != NULL)
        return join(e, group, member);
    member->pending = true;
    weir__member_lives(member, e->now);
    weir__model_changed(e->model);
    return refuse(e, WEIR_CODE_MEMBER_ID_REQUIRED, weir_str_of(member->id));
}

/* A static member that has come back without its id: it gets another, and its place if nothing else has changed. */
static weir__handled join_static(weir__exchange *e, weir__group *group, weir__member *member, const request *in) {
    bool leads = member == group->leader, skips = leads && e->header.api_version >= 9;
    size_t id_size = strlen(member->id) + 1;
    char *before = weir_arena_take(e->arena, id_size);
    if (before == NULL)
        return WEIR__NO_ROOM;
    memcpy(before, member->id, id_size);
    if (!weir__member_rename(e->model, member, e->header.client_id))
        return WEIR__CLOSED;
    if (!weir__member_update(e->model, member, in))
        return WEIR__CLOSED;
    const char *chosen = weir__group_choose(group);
    if (group->state != WEIR__GROUP_STABLE || chosen == NULL || strcmp(chosen, group->protocol) != 0)
        return join(e, group, member);
    weir__member_lives(member, e->now);
    weir__model_changed(e->model);
    weir__handled handled = answer(e, group, member, skips);
    response *out = e->response;
    out->skip_assignment = skips;
    if (leads && !skips)
        out->leader = weir_str_of(before); /* so that it does not take itself for the leader, and assign */
    return handled;
}

static bool same_protocols(const weir__member *member, const request *in) {
    if (member->protocol_count != (size_t)in->protocols.count)
        return false;
    for (size_t n = 0; n < member->protocol_count; n++) {
        const weir__protocol *own = &member->protocols[n];
        weir_bytes metadata = in->protocols.items[n].metadata;
        if (!weir_str_equal(weir_str_of(own->name), in->protocols.items[n].name) || own->metadata.len != metadata.len ||
            (metadata.len > 0 && memcmp(own->metadata.p, metadata.p, metadata.len) != 0))
            return false;
    }
    return true;
}

static weir__handled join_known(weir__exchange *e, weir__group *group, const request *in) {
    weir__member *member = weir__member_find(group, in->member_id);
    if (member != NULL && member->pending)
        return join_anew(e, group, member, in);
    int16_t code = weir__member_check(group, in->member_id, in->group_instance_id);
    if (code == WEIR_CODE_NONE && group->state == WEIR__GROUP_EMPTY)
        code = WEIR_CODE_UNKNOWN_MEMBER_ID;
    if (code != WEIR_CODE_NONE)
        return refuse(e, code, in->member_id);
    bool leads = member == group->leader;
    bool same = same_protocols(member, in);
    if (group->state == WEIR__GROUP_COMPLETING && same)
        return answer(e, group, member, leads); /* it may not have got the answer */
    if (group->state == WEIR__GROUP_STABLE && same && !leads)
        return answer(e, group, member, false);
    return join_anew(e, group, member, in);
}

/* Whether the group can take a member that supports this. */
static bool fits(const weir__group *group, const request *in) {
    if (in->protocol_type.len == 0 || in->protocols.count == 0)
        return false;
    if (group == NULL || weir__group_members(group) == 0)
        return true;
    if (!weir_str_equal(weir_str_of(group->protocol_type), in->protocol_type))
        return false;
    for (int32_t p = 0; p < in->protocols.count; p++) {
        bool all = true;
        for (size_t n = 0; n < group->member_count; n++) {
            const weir__member *member = group->members[n];
            bool has = false;
            for (size_t own = 0; own < member->protocol_count; own++)
                has = has || weir_str_equal(weir_str_of(member->protocols[own].name), in->protocols.items[p].name);
            all = all && (has || member->pending);
        }
        if (all)
            return true;
    }
    return false;
}

/* What speaks against the request before anybody looks at its member. */
static int16_t judge(const weir__exchange *e, const request *in) {
    const weir__model_config *config = &e->model->config;
    if (in->group_id.len == 0)
        return WEIR_CODE_INVALID_GROUP_ID;
    if (in->session_timeout_ms < config->group_min_session_timeout_ms ||
        in->session_timeout_ms > config->group_max_session_timeout_ms)
        return WEIR_CODE_INVALID_SESSION_TIMEOUT;
    int16_t code = weir__seat_check(e->model, false, in->group_id, e->broker, e->now);
    if (code != WEIR_CODE_NONE)
        return code;
    const weir__group *group = weir__group_find(e->model, in->group_id);
    if (group == NULL && in->member_id.len > 0)
        return WEIR_CODE_UNKNOWN_MEMBER_ID;
    return fits(group, in) ? WEIR_CODE_NONE : WEIR_CODE_INCONSISTENT_GROUP_PROTOCOL;
}

/* Whether a request that is not refused makes a member of its sender, and does not only give it an id. */
static bool enters(const weir__exchange *e, const weir__group *group, const request *in) {
    if (in->member_id.len > 0)
        return weir__member_find(group, in->member_id) != NULL;
    return e->header.api_version < 4 || in->group_instance_id.p != NULL;
}

/* The first member says of what kind the group is. False: no memory. */
static bool take_type(weir__model *model, weir__group *group, weir_str type) {
    char *copy = weir__copy_text(model, type);
    if (copy == NULL)
        return false;
    if (group->protocol_type != NULL)
        weir__model_give(model, group->protocol_type, strlen(group->protocol_type) + 1);
    group->protocol_type = copy;
    return true;
}

weir__handled weir__serve_join_group(weir__exchange *e) {
    const request *in = e->request;
    if (e->again)
        return resume(e, in);
    int16_t code = judge(e, in);
    if (code != WEIR_CODE_NONE)
        return refuse(e, code, in->member_id);
    weir__group *group = weir__group_make(e->model, in->group_id);
    if (group == NULL)
        return WEIR__CLOSED;
    if (enters(e, group, in) && weir__group_members(group) == 0 && !take_type(e->model, group, in->protocol_type))
        return WEIR__CLOSED;
    if (in->member_id.len > 0)
        return join_known(e, group, in);
    weir__member *member = in->group_instance_id.p != NULL ? weir__member_static(group, in->group_instance_id) : NULL;
    return member != NULL ? join_static(e, group, member, in) : join_unknown(e, group, in);
}
