/* Groups: the table of them, and what happens by itself. */
#include "group.h"

#include <string.h>

#define RETENTION_PERIOD ((int64_t)600000000) /* Kafka looks every ten minutes */

#define NAME(text)                                                                                                     \
    { text, sizeof(text) - 1 }
static const weir_str names[WEIR__GROUP_STATES] = {
    [WEIR__GROUP_EMPTY] = NAME("Empty"),
    [WEIR__GROUP_PREPARING] = NAME("PreparingRebalance"),
    [WEIR__GROUP_COMPLETING] = NAME("CompletingRebalance"),
    [WEIR__GROUP_STABLE] = NAME("Stable"),
};

const weir_str *weir__group_state_name(weir__group_state state) {
    return &names[state];
}

bool weir__groups_new(weir__model *model) {
    weir__groups *groups = weir__model_take(model, sizeof *groups);
    if (groups == NULL)
        return false;
    *groups = (weir__groups){.retention_at = RETENTION_PERIOD};
    model->groups = groups;
    return true;
}

static void free_text(weir__model *model, char *text) {
    if (text != NULL)
        weir__model_give(model, text, strlen(text) + 1);
}

static void free_group(weir__model *model, weir__group *group) {
    while (group->member_count > 0)
        weir__member_remove(model, group, group->members[group->member_count - 1]);
    weir__model_give(model, group->members, group->member_cap * sizeof(weir__member *));
    weir__offsets_free(model, group);
    free_text(model, group->id);
    free_text(model, group->protocol_type);
    free_text(model, group->protocol);
    weir__model_give(model, group, sizeof *group);
}

void weir__groups_free(weir__model *model) {
    weir__groups *groups = model->groups;
    if (groups == NULL)
        return;
    for (size_t n = 0; n < groups->count; n++)
        free_group(model, groups->items[n]);
    weir__model_give(model, groups->items, groups->cap * sizeof(weir__group *));
    weir__model_give(model, groups->producers, groups->producer_cap * sizeof *groups->producers);
    weir__model_give(model, groups, sizeof *groups);
    model->groups = NULL;
}

weir__group *weir__group_find(const weir__model *model, weir_str id) {
    for (size_t n = 0; n < model->groups->count; n++)
        if (weir_str_equal(weir_str_of(model->groups->items[n]->id), id))
            return model->groups->items[n];
    return NULL;
}

weir__group *weir__group_make(weir__model *model, weir_str id) {
    weir__groups *groups = model->groups;
    weir__group *group = weir__group_find(model, id);
    if (group != NULL)
        return group;
    if (!weir__grow(model, (void **)&groups->items, &groups->cap, groups->count, sizeof(weir__group *)))
        return NULL;
    group = weir__model_take(model, sizeof *group);
    if (group == NULL)
        return NULL;
    *group = (weir__group){.phase_until = WEIR_NEVER, .delay_left = -1};
    group->id = weir__copy_text(model, id);
    if (group->id == NULL) {
        weir__model_give(model, group, sizeof *group);
        return NULL;
    }
    groups->items[groups->count++] = group;
    return group;
}

void weir__group_forget(weir__model *model, weir__group *group) {
    weir__groups *groups = model->groups;
    size_t n = 0;
    while (groups->items[n] != group)
        n++;
    free_group(model, group);
    groups->count--;
    memmove(groups->items + n, groups->items + n + 1, (groups->count - n) * sizeof(weir__group *));
    weir__model_changed(model);
}

weir_time_us weir__group_deadline(const weir__model *model) {
    const weir__groups *groups = model->groups;
    weir_time_us first = groups->count > 0 ? groups->retention_at : WEIR_NEVER;
    for (size_t n = 0; n < groups->count; n++) {
        weir_time_us at = weir__group_due(groups->items[n]);
        first = at < first ? at : first;
    }
    return first;
}

void weir__group_tick(weir__model *model, weir_time_us now) {
    weir__groups *groups = model->groups;
    for (size_t n = 0; n < groups->count; n++)
        weir__group_pass(model, groups->items[n], now);
    if (now < groups->retention_at)
        return;
    groups->retention_at = (now / RETENTION_PERIOD + 1) * RETENTION_PERIOD;
    for (size_t n = groups->count; n-- > 0;) {
        weir__group *group = groups->items[n];
        if (group->state != WEIR__GROUP_EMPTY)
            continue;
        weir__offsets_expire(model, group, now);
        if (group->offset_count == 0 && group->member_count == 0)
            weir__group_forget(model, group);
    }
}
