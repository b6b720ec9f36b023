/* DescribeGroups, ListGroups, DeleteGroups. */
#include "group.h"

#include "answer.h"
#include "txn.h"

typedef weir_describe_groups_response_described_group description;

/* The members of a group; what they subscribe to is told of a stable one, and before 4.0 what they are assigned. False:
 * the arena is used up. */
static bool describe_members(const weir__exchange *e, const weir__group *group, description *to) {
    bool stable = group->state == WEIR__GROUP_STABLE, keeps = e->model->config.release != WEIR__MODEL_3_9;
    if (!WEIR__ANSWER_ARRAY(e, to->members, weir__group_members(group)))
        return false;
    to->members.count = 0;
    for (size_t n = 0; n < group->member_count; n++) {
        const weir__member *member = group->members[n];
        const weir__protocol *protocol = stable ? weir__member_protocol(member, group->protocol) : NULL;
        const weir__kept nothing = {NULL, 0};
        if (member->pending)
            continue;
        to->members.items[to->members.count++] = (weir_describe_groups_response_described_group_member){
            weir_str_of(member->id),
            weir_str_of(member->instance),
            weir_str_of(member->client_id),
            weir_str_of("/127.0.0.1"),
            weir__kept_bytes(protocol != NULL ? &protocol->metadata : &nothing),
            weir__kept_bytes(stable || keeps ? &member->assignment : &nothing)};
    }
    return true;
}

/* False: the arena is used up. */
static bool describe(const weir__exchange *e, weir_str id, description *to) {
    *to = (description){.group_id = id, .group_state = WEIR__NO_TEXT, .authorized_operations = INT32_MIN};
    to->protocol_type = to->protocol_data = WEIR__NO_TEXT;
    to->error_code = weir__seat_check(e->model, false, id, e->broker, e->now);
    if (to->error_code != WEIR_CODE_NONE)
        return true;
    const weir__group *group = weir__group_find(e->model, id);
    if (group == NULL) {
        to->group_state = weir_str_of("Dead");
        if (e->header.api_version >= 6) {
            to->error_code = WEIR_CODE_GROUP_ID_NOT_FOUND;
            to->error_message = weir_str_of(weir_code_text(to->error_code));
        }
        return true;
    }
    to->group_state = *weir__group_state_name(group->state);
    if (group->protocol_type != NULL)
        to->protocol_type = weir_str_of(group->protocol_type);
    if (group->state == WEIR__GROUP_STABLE)
        to->protocol_data = weir_str_of(group->protocol);
    return describe_members(e, group, to);
}

weir__handled weir__serve_describe_groups(weir__exchange *e) {
    const weir_describe_groups_request *in = e->request;
    weir_describe_groups_response *out = e->response;
    if (!WEIR__ANSWER_ARRAY(e, out->groups, in->groups.count))
        return WEIR__NO_ROOM;
    for (int32_t n = 0; n < in->groups.count; n++)
        if (!describe(e, in->groups.items[n], &out->groups.items[n]))
            return WEIR__NO_ROOM;
    return WEIR__ANSWERED;
}

/* ---- ListGroups ---- */
static char lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Whether one of the names, in whatever case, is this one; true when there are none. */
static bool passes(const weir_strs *names, weir_str is) {
    for (int32_t n = 0; n < names->count; n++) {
        weir_str said = names->items[n];
        uint32_t same = 0;
        while (same < is.len && same < said.len && lower(said.p[same]) == lower(is.p[same]))
            same++;
        if (same == is.len && same == said.len)
            return true;
    }
    return names->count <= 0;
}

weir__handled weir__serve_list_groups(weir__exchange *e) {
    static const weir_str classic = {"classic", 7};
    const weir_list_groups_request *in = e->request;
    weir_list_groups_response *out = e->response;
    if (!WEIR__ANSWER_ARRAY(e, out->groups, e->model->groups->count))
        return WEIR__NO_ROOM;
    out->groups.count = 0;
    for (size_t n = 0; n < e->model->groups->count; n++) {
        const weir__group *group = e->model->groups->items[n];
        weir_str id = weir_str_of(group->id);
        if (weir__coordinator_of(e->model, false, id) != e->broker)
            continue;
        if (weir__coordinator_loading(e->model, false, id, e->now)) {
            out->error_code = WEIR_CODE_COORDINATOR_LOAD_IN_PROGRESS;
            out->groups.count = 0;
            return WEIR__ANSWERED;
        }
        const weir_str *state = weir__group_state_name(group->state);
        if (passes(&in->states_filter, *state) && passes(&in->types_filter, classic))
            out->groups.items[out->groups.count++] = (weir_list_groups_response_listed_group){
                id, group->protocol_type != NULL ? weir_str_of(group->protocol_type) : WEIR__NO_TEXT, state, &classic};
    }
    return WEIR__ANSWERED;
}

/* ---- DeleteGroups ---- */
weir__handled weir__serve_delete_groups(weir__exchange *e) {
    const weir_delete_groups_request *in = e->request;
    weir_delete_groups_response *out = e->response;
    if (!WEIR__ANSWER_ARRAY(e, out->results, in->groups_names.count))
        return WEIR__NO_ROOM;
    for (int32_t n = 0; n < in->groups_names.count; n++) {
        weir_str id = in->groups_names.items[n];
        weir_delete_groups_response_deletable_group_result *to = &out->results.items[n];
        to->group_id = id;
        to->error_code = weir__seat_check(e->model, false, id, e->broker, e->now);
        if (to->error_code != WEIR_CODE_NONE)
            continue;
        weir__group *group = weir__group_find(e->model, id);
        if (group == NULL)
            to->error_code = WEIR_CODE_GROUP_ID_NOT_FOUND;
        else if (group->state != WEIR__GROUP_EMPTY)
            to->error_code = WEIR_CODE_NON_EMPTY_GROUP;
        else
            weir__group_forget(e->model, group);
    }
    return WEIR__ANSWERED;
}
