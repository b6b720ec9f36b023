/* Members of groups. */
#include "group.h"

#include <string.h>

#include "text.h"

static void free_text(weir__model *model, char *text) {
    if (text != NULL)
        weir__model_give(model, text, strlen(text) + 1);
}

/* ---- blobs ---- */
bool weir__kept_set(weir__model *model, weir__kept *blob, weir_bytes bytes) {
    uint8_t *p = NULL;
    if (bytes.len > 0) {
        p = weir__model_take(model, bytes.len);
        if (p == NULL)
            return false;
        memcpy(p, bytes.p, bytes.len);
    }
    weir__model_give(model, blob->p, blob->len);
    *blob = (weir__kept){p, bytes.len};
    return true;
}

weir_bytes weir__kept_bytes(const weir__kept *blob) {
    static const uint8_t nothing[1];
    return (weir_bytes){blob->p != NULL ? blob->p : nothing, (uint32_t)blob->len};
}

/* ---- finding ---- */
weir__member *weir__member_find(const weir__group *group, weir_str id) {
    for (size_t n = 0; n < group->member_count; n++)
        if (weir_str_equal(weir_str_of(group->members[n]->id), id))
            return group->members[n];
    return NULL;
}

weir__member *weir__member_static(const weir__group *group, weir_str instance) {
    for (size_t n = 0; n < group->member_count; n++)
        if (group->members[n]->instance != NULL && weir_str_equal(weir_str_of(group->members[n]->instance), instance))
            return group->members[n];
    return NULL;
}

const weir__protocol *weir__member_protocol(const weir__member *member, const char *name) {
    for (size_t n = 0; n < member->protocol_count; n++)
        if (strcmp(member->protocols[n].name, name) == 0)
            return &member->protocols[n];
    return NULL;
}

int16_t weir__member_check(const weir__group *group, weir_str id, weir_str instance) {
    if (instance.p != NULL) {
        const weir__member *member = weir__member_static(group, instance);
        if (member == NULL)
            return WEIR_CODE_UNKNOWN_MEMBER_ID;
        return weir_str_equal(weir_str_of(member->id), id) ? WEIR_CODE_NONE : WEIR_CODE_FENCED_INSTANCE_ID;
    }
    const weir__member *member = weir__member_find(group, id);
    return member != NULL && !member->pending ? WEIR_CODE_NONE : WEIR_CODE_UNKNOWN_MEMBER_ID;
}

size_t weir__group_members(const weir__group *group) {
    size_t count = 0;
    for (size_t n = 0; n < group->member_count; n++)
        count += !group->members[n]->pending;
    return count;
}

/* ---- making ---- */
/* "name-00000000-0000-4000-8000-000000000001": the shape of Kafka's ids. */
static char *new_id(weir__model *model, weir_str name) {
    char memory[320];
    weir__text text;
    weir__text_init(&text, memory, sizeof memory);
    uint32_t shown = name.len < 256 ? name.len : 256;
    weir__text_add(&text, "%.*s-00000000-0000-4000-8000-%012llx", (int)shown, name.p == NULL ? "" : name.p,
                   (unsigned long long)++model->groups->members_made);
    return weir__copy_text(model, weir_str_of(memory));
}

static void free_protocols(weir__model *model, weir__protocol *protocols, size_t count) {
    for (size_t n = 0; n < count; n++) {
        free_text(model, protocols[n].name);
        weir__model_give(model, protocols[n].metadata.p, protocols[n].metadata.len);
    }
    weir__model_give(model, protocols, count * sizeof *protocols);
}

static void free_member(weir__model *model, weir__member *member) {
    if (member->protocols != NULL)
        free_protocols(model, member->protocols, member->protocol_count);
    weir__model_give(model, member->assignment.p, member->assignment.len);
    free_text(model, member->id);
    free_text(model, member->client_id);
    free_text(model, member->instance);
    weir__model_give(model, member, sizeof *member);
}

weir__member *weir__member_make(weir__model *model, weir__group *group, weir_str client_id, weir_str instance) {
    if (!weir__grow(model, (void **)&group->members, &group->member_cap, group->member_count, sizeof(weir__member *)))
        return NULL;
    weir__member *member = weir__model_take(model, sizeof *member);
    if (member == NULL)
        return NULL;
    *member = (weir__member){.fresh = true, .connection = -1, .expires = WEIR_NEVER};
    member->id = new_id(model, instance.p != NULL ? instance : client_id);
    member->client_id = weir__copy_text(model, client_id);
    if (instance.p != NULL)
        member->instance = weir__copy_text(model, instance);
    if (member->id == NULL || member->client_id == NULL || (instance.p != NULL && member->instance == NULL)) {
        free_member(model, member);
        return NULL;
    }
    group->members[group->member_count++] = member;
    return member;
}

bool weir__member_rename(weir__model *model, weir__member *member, weir_str client_id) {
    char *id = new_id(model, weir_str_of(member->instance));
    char *client = weir__copy_text(model, client_id);
    if (id == NULL || client == NULL) {
        free_text(model, id);
        free_text(model, client);
        return false;
    }
    free_text(model, member->id);
    free_text(model, member->client_id);
    member->id = id;
    member->client_id = client;
    return true;
}

bool weir__member_update(weir__model *model, weir__member *member, const weir_join_group_request *in) {
    size_t count = (size_t)in->protocols.count;
    weir__protocol *protocols = weir__model_take(model, count * sizeof *protocols);
    if (protocols == NULL)
        return false;
    memset(protocols, 0, count * sizeof *protocols);
    for (size_t n = 0; n < count; n++) {
        protocols[n].name = weir__copy_text(model, in->protocols.items[n].name);
        if (protocols[n].name == NULL ||
            !weir__kept_set(model, &protocols[n].metadata, in->protocols.items[n].metadata)) {
            free_protocols(model, protocols, count);
            return false;
        }
    }
    if (member->protocols != NULL)
        free_protocols(model, member->protocols, member->protocol_count);
    member->protocols = protocols;
    member->protocol_count = count;
    member->session_ms = in->session_timeout_ms;
    member->rebalance_ms = in->rebalance_timeout_ms >= 0 ? in->rebalance_timeout_ms : in->session_timeout_ms;
    return true;
}

void weir__member_remove(weir__model *model, weir__group *group, weir__member *member) {
    size_t n = 0;
    while (group->members[n] != member)
        n++;
    group->member_count--;
    memmove(group->members + n, group->members + n + 1, (group->member_count - n) * sizeof(weir__member *));
    if (group->leader == member) {
        group->leader = NULL;
        for (size_t m = group->member_count; m-- > 0;)
            if (!group->members[m]->pending)
                group->leader = group->members[m];
    }
    free_member(model, member);
    weir__model_changed(model);
}

void weir__member_lives(weir__member *member, weir_time_us now) {
    member->expires = now + (int64_t)member->session_ms * 1000;
}
