/* SyncGroup, Heartbeat, LeaveGroup: the life of a member. */
#include "group.h"

#include "answer.h"
#include "txn.h"

/* Finds the group of a member that says who it is; a code when it is not one. */
static int16_t member_of(const weir__exchange *e, weir_str group_id, weir_str member_id, weir_str instance,
                         weir__group **group) {
    if (group_id.len == 0)
        return WEIR_CODE_INVALID_GROUP_ID;
    int16_t code = weir__seat_check(e->model, false, group_id, e->broker, e->now);
    if (code != WEIR_CODE_NONE)
        return code;
    *group = weir__group_find(e->model, group_id);
    return *group == NULL ? WEIR_CODE_UNKNOWN_MEMBER_ID : weir__member_check(*group, member_id, instance);
}

/* ---- SyncGroup ---- */
typedef weir_sync_group_request sync_request;

static bool names_other(weir_str said, const char *is) {
    return said.p != NULL && !weir_str_equal(said, weir_str_of(is));
}

static int16_t sync_check(const weir__exchange *e, const sync_request *in, weir__group **group) {
    int16_t code = member_of(e, in->group_id, in->member_id, in->group_instance_id, group);
    if (code != WEIR_CODE_NONE)
        return code;
    if ((*group)->state == WEIR__GROUP_EMPTY)
        return WEIR_CODE_UNKNOWN_MEMBER_ID;
    if (e->again && in->generation_id != (*group)->generation)
        return WEIR_CODE_REBALANCE_IN_PROGRESS;
    if (in->generation_id != (*group)->generation)
        return WEIR_CODE_ILLEGAL_GENERATION;
    if (names_other(in->protocol_type, (*group)->protocol_type) || names_other(in->protocol_name, (*group)->protocol))
        return WEIR_CODE_INCONSISTENT_GROUP_PROTOCOL;
    return (*group)->state == WEIR__GROUP_PREPARING ? WEIR_CODE_REBALANCE_IN_PROGRESS : WEIR_CODE_NONE;
}

/* Hands the assignments out; false: no memory, and the leader has to do it again. */
static bool assign(weir__exchange *e, weir__group *group, const sync_request *in) {
    for (size_t n = 0; n < group->member_count; n++)
        (void)weir__kept_set(e->model, &group->members[n]->assignment, (weir_bytes){NULL, 0});
    for (int32_t n = 0; n < in->assignments.count; n++) {
        weir__member *member = weir__member_find(group, in->assignments.items[n].member_id);
        if (member != NULL && !weir__kept_set(e->model, &member->assignment, in->assignments.items[n].assignment))
            return false;
    }
    group->state = WEIR__GROUP_STABLE;
    for (size_t n = 0; n < group->member_count; n++)
        if (group->members[n]->syncing)
            weir__member_lives(group->members[n], e->now);
    weir__model_changed(e->model);
    return true;
}

/* Nobody is waited for once every member has asked. */
static void note_sync(weir__group *group, weir__member *member) {
    member->syncing = true;
    for (size_t n = 0; n < group->member_count; n++)
        if (!group->members[n]->syncing && !group->members[n]->pending)
            return;
    group->phase_until = WEIR_NEVER;
}

weir__handled weir__serve_sync_group(weir__exchange *e) {
    const sync_request *in = e->request;
    weir_sync_group_response *out = e->response;
    weir__group *group = NULL;
    out->assignment = weir__kept_bytes(&(weir__kept){NULL, 0});
    out->error_code = sync_check(e, in, &group);
    if (out->error_code != WEIR_CODE_NONE)
        return WEIR__ANSWERED;
    weir__member *member = weir__member_find(group, in->member_id);
    note_sync(group, member);
    if (group->state == WEIR__GROUP_COMPLETING) {
        if (member != group->leader || e->again)
            return WEIR__HELD;
        if (!assign(e, group, in))
            return WEIR__CLOSED;
    }
    weir__member_lives(member, e->now);
    out->protocol_type = weir_str_of(group->protocol_type);
    out->protocol_name = weir_str_of(group->protocol);
    out->assignment = weir__kept_bytes(&member->assignment);
    return WEIR__ANSWERED;
}

/* ---- Heartbeat ---- */
weir__handled weir__serve_heartbeat(weir__exchange *e) {
    const weir_heartbeat_request *in = e->request;
    weir_heartbeat_response *out = e->response;
    weir__group *group = NULL;
    out->error_code = member_of(e, in->group_id, in->member_id, in->group_instance_id, &group);
    if (out->error_code != WEIR_CODE_NONE)
        return WEIR__ANSWERED;
    if (group->state == WEIR__GROUP_EMPTY) {
        out->error_code = WEIR_CODE_UNKNOWN_MEMBER_ID;
    } else if (in->generation_id != group->generation) {
        out->error_code = WEIR_CODE_ILLEGAL_GENERATION;
    } else {
        weir__member_lives(weir__member_find(group, in->member_id), e->now);
        out->error_code = group->state == WEIR__GROUP_PREPARING ? WEIR_CODE_REBALANCE_IN_PROGRESS : WEIR_CODE_NONE;
    }
    return WEIR__ANSWERED;
}

/* ---- LeaveGroup ---- */
/* The member that is to leave, by its id or its instance; NULL with a code if it is not there. */
static weir__member *leaver(const weir__group *group, weir_str id, weir_str instance, int16_t *code) {
    weir__member *member = NULL;
    if (instance.p != NULL) {
        member = weir__member_static(group, instance);
        if (member != NULL && id.len > 0 && !weir_str_equal(weir_str_of(member->id), id)) {
            *code = WEIR_CODE_FENCED_INSTANCE_ID;
            return NULL;
        }
    } else {
        member = weir__member_find(group, id);
    }
    *code = member != NULL ? WEIR_CODE_NONE : WEIR_CODE_UNKNOWN_MEMBER_ID;
    return member;
}

static int16_t leave(weir__exchange *e, weir__group *group, weir_str id, weir_str instance) {
    int16_t code;
    weir__member *member = leaver(group, id, instance, &code);
    if (member != NULL)
        weir__member_remove(e->model, group, member);
    return code;
}

weir__handled weir__serve_leave_group(weir__exchange *e) {
    const weir_leave_group_request *in = e->request;
    weir_leave_group_response *out = e->response;
    bool listed = e->header.api_version >= 3;
    if (!WEIR__ANSWER_ARRAY(e, out->members, listed ? in->members.count : 0))
        return WEIR__NO_ROOM;
    for (int32_t n = 0; n < out->members.count; n++)
        out->members.items[n] = (weir_leave_group_response_member_response){
            in->members.items[n].member_id, in->members.items[n].group_instance_id, WEIR_CODE_UNKNOWN_MEMBER_ID};
    out->error_code = in->group_id.len == 0 ? WEIR_CODE_INVALID_GROUP_ID
                                            : weir__seat_check(e->model, false, in->group_id, e->broker, e->now);
    if (out->error_code != WEIR_CODE_NONE) {
        out->members.count = 0;
        return WEIR__ANSWERED;
    }
    weir__group *group = weir__group_find(e->model, in->group_id);
    if (group == NULL) {
        out->error_code = listed ? WEIR_CODE_NONE : WEIR_CODE_UNKNOWN_MEMBER_ID;
        return WEIR__ANSWERED;
    }
    size_t before = group->member_count;
    if (!listed)
        out->error_code = leave(e, group, in->member_id, (weir_str){NULL, 0});
    for (int32_t n = 0; n < out->members.count; n++)
        out->members.items[n].error_code =
            leave(e, group, in->members.items[n].member_id, in->members.items[n].group_instance_id);
    if (group->member_count < before && group->state != WEIR__GROUP_EMPTY)
        weir__group_disturbed(e->model, group, e->now);
    return WEIR__ANSWERED;
}
