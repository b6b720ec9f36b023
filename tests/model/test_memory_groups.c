/* Every allocation of the cluster fails in turn while members come and go: see test_memory.c. */
#include <stdio.h>

#include "shortage.h"

static char member[128];
static const char *instance;
static int32_t generation;

/* The answer to a JoinGroup comes when the others have come, or have had their time; NULL: it was closed. */
static const weir_join_group_response *join_once(void) {
    weir_join_group_request_protocol protocols[] = {{S("range"), {(const uint8_t *)"r", 1}},
                                                    {S("other"), {(const uint8_t *)"oo", 2}}};
    weir_join_group_request in = {S("g"),        6000,           20000,    weir_str_of(member), weir_str_of(instance),
                                  S("consumer"), {protocols, 2}, {NULL, 0}};
    const weir_join_group_response *out = modelhost_ask(&h, 2, WEIR_API_JOIN_GROUP, 9, &in);
    for (int n = 0; n < 60 && out == NULL && h.by_hand[2] >= 0 && !weir__model_closing(h.model, h.by_hand[2]); n++) {
        if (n == 30)
            stopped = failing_stop(&memory) || stopped;
        pass(n < 2 ? MS : 1000 * MS);
        out = modelhost_answer(&h, 2, WEIR_API_JOIN_GROUP, 9);
    }
    return out;
}

static int16_t join(void) {
    for (int n = 0; n < 3; n++) {
        const weir_join_group_response *out = join_once();
        if (out == NULL)
            return CLOSED;
        ck_assert_uint_lt(out->member_id.len, sizeof member);
        snprintf(member, sizeof member, "%.*s", (int)out->member_id.len, out->member_id.p);
        generation = out->generation_id;
        if (out->error_code == WEIR_CODE_UNKNOWN_MEMBER_ID)
            member[0] = '\0'; /* it had its time */
        else if (out->error_code != WEIR_CODE_MEMBER_ID_REQUIRED)
            return out->error_code;
    }
    return CLOSED;
}

static int16_t sync_group(void) {
    weir_sync_group_request_assignment mine = {weir_str_of(member), {(const uint8_t *)"assigned", 8}};
    weir_sync_group_request in = {S("g"),    generation, weir_str_of(member), weir_str_of(instance),
                                  {NULL, 0}, {NULL, 0},  {&mine, 1}};
    const weir_sync_group_response *out = modelhost_ask(&h, 2, WEIR_API_SYNC_GROUP, 5, &in);
    if (out == NULL)
        return CLOSED;
    if (out->error_code == WEIR_CODE_NONE)
        ck_assert_uint_eq(out->assignment.len, 8);
    return out->error_code;
}

static int16_t beat(void) {
    weir_heartbeat_request in = {S("g"), generation, weir_str_of(member), weir_str_of(instance)};
    const weir_heartbeat_response *out = modelhost_ask(&h, 2, WEIR_API_HEARTBEAT, 4, &in);
    return out == NULL ? CLOSED : out->error_code;
}

static int16_t commit_as_member(void) {
    weir_offset_commit_request_partition parts[] = {{0, 7, -1, -1, S("seven")}, {1, 8, -1, -1, S("")}};
    weir_offset_commit_request_topic topic = {.name = S("t"), .partitions = {parts, 2}};
    weir_offset_commit_request in = {S("g"), generation, weir_str_of(member), weir_str_of(instance), -1, {&topic, 1}};
    const weir_offset_commit_response *out = modelhost_ask(&h, 2, WEIR_API_OFFSET_COMMIT, 9, &in);
    if (out == NULL)
        return CLOSED;
    int16_t codes[2];
    for (int n = 0; n < 2; n++) {
        codes[n] = out->topics.items[0].partitions.items[n].error_code;
        if (codes[n] == WEIR_CODE_NONE) /* what is acknowledged is there */
            ck_assert_int_eq(weir__model_group_offset(h.model, "g", "t", n, NULL), 7 + n);
    }
    return codes[0] != WEIR_CODE_NONE ? codes[0] : codes[1];
}

static int16_t fetch_offsets(void) {
    int32_t parts[] = {0, 1};
    weir_offset_fetch_request_topics topic = {.name = S("t"), .partition_indexes = {parts, 2}};
    weir_offset_fetch_request_group group = {.group_id = S("g"), .member_epoch = -1, .topics = {&topic, 1}};
    weir_offset_fetch_request in = {.group_id = S(""), .groups = {&group, 1}, .require_stable = true};
    const weir_offset_fetch_response *out = modelhost_ask(&h, 2, WEIR_API_OFFSET_FETCH, 8, &in);
    if (out == NULL || out->groups.items[0].error_code != WEIR_CODE_NONE)
        return out == NULL ? CLOSED : out->groups.items[0].error_code;
    for (int n = 0; n < 2; n++)
        ck_assert_int_eq(out->groups.items[0].topics.items[0].partitions.items[n].committed_offset, 7 + n);
    return WEIR_CODE_NONE;
}

static int16_t leave(void) {
    weir_leave_group_request_member_identity who = {weir_str_of(member), weir_str_of(instance), {NULL, 0}};
    weir_leave_group_request in = {S("g"), S(""), {&who, 1}};
    const weir_leave_group_response *out = modelhost_ask(&h, 2, WEIR_API_LEAVE_GROUP, 5, &in);
    if (out == NULL || out->error_code != WEIR_CODE_NONE)
        return out == NULL ? CLOSED : out->error_code;
    return out->members.items[0].error_code;
}

static void groups(void) {
    instance = NULL;
}

static void static_members(void) {
    instance = "i";
}

static void live_groups(void) {
    member[0] = '\0';
    done(create, WEIR_CODE_TOPIC_ALREADY_EXISTS);
    done(join, 0);
    done(sync_group, 0);
    done(beat, 0);
    if (instance != NULL) { /* comes back without its id */
        member[0] = '\0';
        done(join, 0);
        done(sync_group, 0);
    }
    done(commit_as_member, 0);
    done(fetch_offsets, 0);
    done(leave, WEIR_CODE_UNKNOWN_MEMBER_ID);
    done(fetch_offsets, 0);
}

static const scenario scenarios[] = {{groups, live_groups}, {static_members, live_groups}};
#define SCENARIOS (int)(sizeof scenarios / sizeof *scenarios)

START_TEST(nth_allocation_fails) {
    sweep(&scenarios[_i]);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("model memory of groups");
    TCase *c = tcase_create("memory");
    tcase_set_timeout(c, 120);
    tcase_add_loop_test(c, nth_allocation_fails, 0, SCENARIOS);
    suite_add_tcase(suite, c);
    return run_suite(suite);
}
