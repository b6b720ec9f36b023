/* The classic protocol's phases: joining, assigning, stable. */
#include "group.h"

#include <string.h>

static int64_t rebalance_us(const weir__group *group) {
    int64_t longest = 0;
    for (size_t n = 0; n < group->member_count; n++)
        if (!group->members[n]->pending && group->members[n]->rebalance_ms > longest)
            longest = group->members[n]->rebalance_ms;
    return longest * 1000;
}

/* ---- choosing ---- */
static bool all_have(const weir__group *group, const char *protocol) {
    for (size_t n = 0; n < group->member_count; n++)
        if (!group->members[n]->pending && weir__member_protocol(group->members[n], protocol) == NULL)
            return false;
    return true;
}

/* The first protocol of a member that all members have. */
static const char *vote(const weir__group *group, const weir__member *member) {
    for (size_t n = 0; n < member->protocol_count; n++)
        if (all_have(group, member->protocols[n].name))
            return member->protocols[n].name;
    return NULL;
}

static size_t votes_for(const weir__group *group, const char *protocol) {
    size_t votes = 0;
    for (size_t n = 0; n < group->member_count; n++) {
        const char *voted = group->members[n]->pending ? NULL : vote(group, group->members[n]);
        votes += voted != NULL && strcmp(voted, protocol) == 0;
    }
    return votes;
}

const char *weir__group_choose(const weir__group *group) {
    const char *best = NULL;
    for (size_t n = 0; n < group->member_count; n++) {
        const char *voted = group->members[n]->pending ? NULL : vote(group, group->members[n]);
        if (voted != NULL && (best == NULL || votes_for(group, voted) > votes_for(group, best)))
            best = voted;
    }
    return best;
}

/* ---- joining ---- */
static void become_empty(weir__model *model, weir__group *group, weir_time_us now) {
    if (group->protocol != NULL)
        weir__model_give(model, group->protocol, strlen(group->protocol) + 1);
    group->protocol = NULL;
    group->state = WEIR__GROUP_EMPTY;
    group->empty_since = now;
    group->phase_until = WEIR_NEVER;
}

/* Takes the protocol of the next generation; false: no memory. */
static bool take_protocol(weir__model *model, weir__group *group) {
    const char *name = weir__group_choose(group);
    char *copy = weir__copy_text(model, weir_str_of(name));
    if (copy == NULL)
        return false;
    if (group->protocol != NULL)
        weir__model_give(model, group->protocol, strlen(group->protocol) + 1);
    group->protocol = copy;
    return true;
}

/* A leader that has not come gives way to one that has; false: nobody has. */
static bool elect(weir__group *group) {
    if (group->leader != NULL && group->leader->joining)
        return true;
    for (size_t n = 0; n < group->member_count; n++) {
        if (group->members[n]->joining) {
            group->leader = group->members[n];
            return true;
        }
    }
    return false;
}

/* Joining is over: the next generation begins, with those who have joined and with static members. */
static void complete(weir__model *model, weir__group *group, weir_time_us now) {
    for (size_t n = group->member_count; n-- > 0;) {
        weir__member *member = group->members[n];
        if (!member->joining && !member->pending && member->instance == NULL)
            weir__member_remove(model, group, member);
    }
    weir__model_changed(model);
    if (weir__group_members(group) == 0) {
        group->generation++;
        become_empty(model, group, now);
        return;
    }
    if (!elect(group) || !take_protocol(model, group)) {
        group->phase_until = now + (rebalance_us(group) > 1000 ? rebalance_us(group) : 1000);
        return;
    }
    group->generation++;
    group->state = WEIR__GROUP_COMPLETING;
    group->phase_until = now + rebalance_us(group);
    for (size_t n = 0; n < group->member_count; n++) {
        weir__member *member = group->members[n];
        if (member->pending)
            continue;
        member->joining = member->fresh = member->syncing = false;
        weir__member_lives(member, now);
    }
}

void weir__group_try_complete(weir__model *model, weir__group *group, weir_time_us now) {
    if (group->state != WEIR__GROUP_PREPARING || group->delay_left >= 0)
        return;
    for (size_t n = 0; n < group->member_count; n++)
        if (!group->members[n]->joining)
            return;
    complete(model, group, now);
}

void weir__group_rebalance(weir__model *model, weir__group *group, weir_time_us now) {
    int64_t delay = model->config.group_initial_rebalance_delay_ms * 1000;
    int64_t longest = rebalance_us(group);
    bool first = group->state == WEIR__GROUP_EMPTY;
    for (size_t n = 0; n < group->member_count; n++) {
        weir__member *member = group->members[n];
        if (group->state == WEIR__GROUP_COMPLETING)
            (void)weir__kept_set(model, &member->assignment, (weir_bytes){NULL, 0});
        if (member->syncing && group->state == WEIR__GROUP_COMPLETING)
            weir__member_lives(member, now); /* it has waited for an answer, and gets one now */
        member->syncing = false;
    }
    group->state = WEIR__GROUP_PREPARING;
    group->phase_until = now + (first && delay < longest ? delay : longest);
    group->delay_left = first && delay > 0 ? (longest > delay ? longest - delay : 0) : -1;
    group->joined_lately = false;
    weir__model_changed(model);
    weir__group_try_complete(model, group, now);
}

void weir__group_disturbed(weir__model *model, weir__group *group, weir_time_us now) {
    if (group->state == WEIR__GROUP_PREPARING)
        weir__group_try_complete(model, group, now);
    else
        weir__group_rebalance(model, group, now);
}

/* ---- time ---- */
/* Members that wait for an answer are not expected to send heartbeats. */
static weir_time_us session_end(const weir__group *group, const weir__member *member) {
    bool waits = (member->joining && !member->fresh) || (member->syncing && group->state == WEIR__GROUP_COMPLETING);
    return waits ? WEIR_NEVER : member->expires;
}

weir_time_us weir__group_due(const weir__group *group) {
    weir_time_us first = group->phase_until;
    for (size_t n = 0; n < group->member_count; n++) {
        weir_time_us at = session_end(group, group->members[n]);
        first = at < first ? at : first;
    }
    return first;
}

/* The phase has lasted as long as it may. */
static void phase_over(weir__model *model, weir__group *group, weir_time_us now) {
    if (group->state == WEIR__GROUP_PREPARING && group->delay_left > 0 && group->joined_lately) {
        int64_t delay = model->config.group_initial_rebalance_delay_ms * 1000;
        int64_t more = delay < group->delay_left ? delay : group->delay_left;
        group->delay_left -= more;
        group->phase_until = now + more;
        group->joined_lately = false;
        return;
    }
    group->delay_left = -1;
    if (group->state == WEIR__GROUP_PREPARING) {
        complete(model, group, now);
        return;
    }
    bool gone = false;
    for (size_t n = group->member_count; n-- > 0;) {
        if (!group->members[n]->syncing && !group->members[n]->pending) {
            weir__member_remove(model, group, group->members[n]);
            gone = true;
        }
    }
    group->phase_until = WEIR_NEVER;
    if (gone)
        weir__group_disturbed(model, group, now);
}

void weir__group_pass(weir__model *model, weir__group *group, weir_time_us now) {
    bool gone = false;
    for (size_t n = group->member_count; n-- > 0;) {
        if (session_end(group, group->members[n]) <= now) {
            weir__member_remove(model, group, group->members[n]);
            gone = true;
        }
    }
    if (gone && group->state != WEIR__GROUP_EMPTY)
        weir__group_disturbed(model, group, now);
    if (group->phase_until <= now)
        phase_over(model, group, now);
}
