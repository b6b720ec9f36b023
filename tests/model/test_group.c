/* Classic groups: joining, assigning, heartbeats, leaving. */
#include "bench.h"
#include "group.h"

#include <stdlib.h>

static bench b;

#define ck_assert_code(expr, name) ck_assert_str_eq(weir_code_name(expr), name)

/* A member as its client sees it; requests come on a connection of its own. */
typedef struct client {
    int32_t connection, sequence;
    char id[128];
    const char *instance, *protocol, *metadata;
    int16_t version; /* of JoinGroup */
    int32_t session_ms;
    weir_join_group_response joined;
    char leader[128];
    int32_t generation;
    weir_sync_group_response synced;
    char assignment[32];
} client;

static client new_client(int32_t connection) {
    return (client){.connection = connection, .protocol = "range", .metadata = "sub", .version = 9, .session_ms = 6000};
}

static void start(void) {
    bench_init(&b, 2);
    b.broker = 2;
    bench_start(&b);
}

static void as(const client *c, bool again) {
    b.connection = c->connection;
    b.correlation = c->sequence;
    b.again = again;
}

/* JoinGroup, the first time or again when it was held. */
static weir__handled join(client *c, bool again) {
    weir_join_group_request_protocol protocols[] = {
        {weir_str_of(c->protocol), {(const uint8_t *)c->metadata, (uint32_t)strlen(c->metadata)}},
        {S("common"), {(const uint8_t *)"c", 1}}};
    weir_join_group_request in = {S("g"),        c->session_ms,  60000,    weir_str_of(c->id), weir_str_of(c->instance),
                                  S("consumer"), {protocols, 2}, {NULL, 0}};
    c->sequence += !again;
    as(c, again);
    weir__handled handled = bench_ask(&b, weir__serve_join_group, WEIR_API_JOIN_GROUP, c->version, &in, &c->joined);
    if (handled == WEIR__ANSWERED) {
        ck_assert_uint_lt(c->joined.member_id.len, sizeof c->id);
        memmove(c->id, c->joined.member_id.p, c->joined.member_id.len);
        c->id[c->joined.member_id.len] = '\0';
        memcpy(c->leader, c->joined.leader.p, c->joined.leader.len);
        c->leader[c->joined.leader.len] = '\0';
        c->generation = c->joined.generation_id;
    }
    return handled;
}

/* Joins to the end: with the id that a first try gets, and after what is held. */
static int16_t join_now(client *c) {
    weir__handled handled = join(c, false);
    if (handled == WEIR__ANSWERED && c->joined.error_code == WEIR_CODE_MEMBER_ID_REQUIRED)
        handled = join(c, false);
    if (handled == WEIR__HELD && b.due == b.now)
        handled = join(c, true);
    ck_assert_int_eq(handled, WEIR__ANSWERED);
    return c->joined.error_code;
}

/* The first try of two, and the second, which is held. */
static void join_held(client *c) {
    ck_assert_int_eq(join(c, false), WEIR__ANSWERED);
    ck_assert_code(c->joined.error_code, "MEMBER_ID_REQUIRED");
    ck_assert_int_eq(join(c, false), WEIR__HELD);
}

static weir__handled sync(client *c, const client *const *members, size_t count, bool again) {
    weir_sync_group_request_assignment items[4];
    for (size_t n = 0; n < count; n++)
        items[n] = (weir_sync_group_request_assignment){
            weir_str_of(members[n]->id),
            {(const uint8_t *)members[n]->metadata, (uint32_t)strlen(members[n]->metadata)}};
    weir_sync_group_request in = {S("g"),    c->generation, weir_str_of(c->id),     weir_str_of(c->instance),
                                  {NULL, 0}, {NULL, 0},     {items, (int32_t)count}};
    c->sequence += !again;
    as(c, again);
    weir__handled handled = bench_ask(&b, weir__serve_sync_group, WEIR_API_SYNC_GROUP, 5, &in, &c->synced);
    if (handled == WEIR__ANSWERED) {
        memcpy(c->assignment, c->synced.assignment.p, c->synced.assignment.len);
        c->assignment[c->synced.assignment.len] = '\0';
    }
    return handled;
}

static int16_t beat(const client *c) {
    weir_heartbeat_request in = {S("g"), c->generation, weir_str_of(c->id), weir_str_of(c->instance)};
    weir_heartbeat_response out;
    as(c, false);
    ck_assert_int_eq(bench_ask(&b, weir__serve_heartbeat, WEIR_API_HEARTBEAT, 4, &in, &out), WEIR__ANSWERED);
    return out.error_code;
}

static int16_t leave(const client *c) {
    weir_leave_group_request in = {S("g"), weir_str_of(c->id), {NULL, 0}};
    weir_leave_group_response out;
    as(c, false);
    ck_assert_int_eq(bench_ask(&b, weir__serve_leave_group, WEIR_API_LEAVE_GROUP, 2, &in, &out), WEIR__ANSWERED);
    return out.error_code;
}

static const weir__group *group(void) {
    return weir__group_find(b.model, S("g"));
}

/* Two members in a stable group; `one` leads. */
static void two_members(client *one, client *two) {
    start();
    *one = new_client(1);
    *two = new_client(2);
    ck_assert_code(join_now(one), "NONE");
    ck_assert_code(sync(one, (const client *[]){one}, 1, false) == WEIR__ANSWERED ? one->synced.error_code : -1,
                   "NONE");
    join_held(two);
    ck_assert_code(beat(one), "REBALANCE_IN_PROGRESS");
    ck_assert_code(join_now(one), "NONE");
    ck_assert_int_eq(join(two, true), WEIR__ANSWERED);
    ck_assert_int_eq(one->generation, 2);
    ck_assert_int_eq(two->generation, 2);
    ck_assert_str_eq(one->leader, one->id);
    ck_assert_str_eq(two->leader, one->id);
    ck_assert_int_eq(one->joined.members.count, 2);
    ck_assert_int_eq(sync(two, NULL, 0, false), WEIR__HELD);
    ck_assert_int_eq(sync(one, (const client *[]){one, two}, 2, false), WEIR__ANSWERED);
    ck_assert_int_eq(sync(two, NULL, 0, true), WEIR__ANSWERED);
    ck_assert_str_eq(weir__group_state_name(group()->state)->p, "Stable");
}

START_TEST(alone) {
    start();
    client c = new_client(1);
    ck_assert_code(join_now(&c), "NONE");
    ck_assert_int_eq(c.generation, 1);
    ck_assert_str_eq(c.leader, c.id);
    ck_assert_int_eq(c.joined.members.count, 1);
    ck_assert(weir_str_equal(c.joined.protocol_name, S("range")));
    ck_assert_code(beat(&c), "NONE");
    ck_assert_int_eq(sync(&c, (const client *[]){&c}, 1, false), WEIR__ANSWERED);
    ck_assert_str_eq(c.assignment, "sub");
    ck_assert_code(beat(&c), "NONE");
    ck_assert_code(leave(&c), "NONE");
    ck_assert_code(beat(&c), "UNKNOWN_MEMBER_ID");
    ck_assert_str_eq(weir__group_state_name(group()->state)->p, "Empty");
    ck_assert_int_eq(group()->generation, 2);
    bench_free(&b);
}
END_TEST

/* Below version 4 the first request does it, and carries no id when it is asked again. */
START_TEST(alone_of_old) {
    start();
    client c = new_client(1);
    c.version = 3;
    ck_assert_int_eq(join(&c, false), WEIR__HELD);
    ck_assert_int_eq(join(&c, true), WEIR__ANSWERED);
    ck_assert_code(c.joined.error_code, "NONE");
    ck_assert_int_eq(c.generation, 1);
    bench_free(&b);
}
END_TEST

START_TEST(pair) {
    client one, two;
    two_members(&one, &two);
    ck_assert_str_eq(two.assignment, "sub");
    ck_assert_code(beat(&one), "NONE");
    ck_assert_code(leave(&two), "NONE");
    ck_assert_code(beat(&one), "REBALANCE_IN_PROGRESS");
    ck_assert_code(join_now(&one), "NONE");
    ck_assert_int_eq(one.generation, 3);
    ck_assert_int_eq(one.joined.members.count, 1);
    bench_free(&b);
}
END_TEST

START_TEST(session_over) {
    client one, two;
    two_members(&one, &two);
    bench_pass(&b, 4000 * MS);
    ck_assert_code(beat(&one), "NONE");
    bench_pass(&b, 2000 * MS);
    ck_assert_code(beat(&two), "UNKNOWN_MEMBER_ID");
    ck_assert_code(beat(&one), "REBALANCE_IN_PROGRESS");
    ck_assert_code(join_now(&one), "NONE");
    bench_pass(&b, 6000 * MS);
    ck_assert_code(beat(&one), "UNKNOWN_MEMBER_ID");
    ck_assert_str_eq(weir__group_state_name(group()->state)->p, "Empty");
    bench_free(&b);
}
END_TEST

START_TEST(who_does_not_join_is_out) {
    client one, two, three = new_client(3);
    two_members(&one, &two);
    join_held(&three);
    ck_assert_int_eq(join(&one, false), WEIR__HELD);
    for (int n = 0; n < 12; n++) { /* lives, but does not join within a minute */
        (void)beat(&two);
        bench_pass(&b, 5000 * MS);
    }
    ck_assert_int_eq(join(&one, true), WEIR__ANSWERED);
    ck_assert_int_eq(join(&three, true), WEIR__ANSWERED);
    ck_assert_int_eq(one.joined.members.count, 2);
    ck_assert_int_eq(one.generation, 3);
    ck_assert_code(beat(&two), "UNKNOWN_MEMBER_ID");
    bench_free(&b);
}
END_TEST

START_TEST(who_does_not_sync_is_out) {
    client one, two;
    two_members(&one, &two);
    ck_assert_int_eq(join(&one, false), WEIR__HELD); /* the leader wants a rebalance */
    ck_assert_code(join_now(&two), "NONE");
    ck_assert_int_eq(join(&one, true), WEIR__ANSWERED);
    ck_assert_int_eq(sync(&two, NULL, 0, false), WEIR__HELD);
    for (int n = 0; n < 12; n++) {
        ck_assert_code(beat(&one), "NONE");
        bench_pass(&b, 5000 * MS);
    }
    ck_assert_int_eq(sync(&two, NULL, 0, true), WEIR__ANSWERED);
    ck_assert_code(two.synced.error_code, "REBALANCE_IN_PROGRESS");
    ck_assert_code(beat(&one), "UNKNOWN_MEMBER_ID");
    bench_free(&b);
}
END_TEST

START_TEST(lost_answers) {
    client one, two;
    two_members(&one, &two);
    ck_assert_code(join_now(&two), "NONE"); /* a follower with nothing new */
    ck_assert_int_eq(two.generation, 2);
    ck_assert_int_eq(sync(&two, NULL, 0, false), WEIR__ANSWERED);
    ck_assert_str_eq(two.assignment, "sub");
    two.generation = 1;
    ck_assert_code(beat(&two), "ILLEGAL_GENERATION");
    ck_assert_int_eq(sync(&two, NULL, 0, false), WEIR__ANSWERED);
    ck_assert_code(two.synced.error_code, "ILLEGAL_GENERATION");
    bench_free(&b);
}
END_TEST

START_TEST(protocols) {
    client one, two;
    two_members(&one, &two);
    two.metadata = "other";
    ck_assert_int_eq(join(&two, false), WEIR__HELD);
    two.protocol = "sticky";
    ck_assert_int_eq(join(&two, false), WEIR__HELD);
    ck_assert_code(join_now(&one), "NONE");
    ck_assert(weir_str_equal(one.joined.protocol_name, S("common")));
    bench_free(&b);
}
END_TEST

START_TEST(refused) {
    start();
    client c = new_client(1);
    c.session_ms = 5999;
    ck_assert_code(join_now(&c), "INVALID_SESSION_TIMEOUT");
    c.session_ms = 1800001;
    ck_assert_code(join_now(&c), "INVALID_SESSION_TIMEOUT");
    c.session_ms = 6000;
    memcpy(c.id, "nobody", 7);
    ck_assert_code(join_now(&c), "UNKNOWN_MEMBER_ID");
    ck_assert_code(beat(&c), "UNKNOWN_MEMBER_ID");
    b.broker = 1;
    ck_assert_code(beat(&c), "NOT_COORDINATOR");
    ck_assert_code(join_now(&c), "NOT_COORDINATOR");
    bench_free(&b);
}
END_TEST

START_TEST(first_delay) {
    bench_init(&b, 2);
    b.broker = 2;
    b.config.group_initial_rebalance_delay_ms = 3000;
    bench_start(&b);
    client one = new_client(1), two = new_client(2);
    join_held(&one);
    bench_pass(&b, 2999 * MS);
    ck_assert_int_eq(join(&one, true), WEIR__HELD);
    join_held(&two);
    bench_pass(&b, 2999 * MS);
    ck_assert_int_eq(join(&one, true), WEIR__HELD);
    bench_pass(&b, 2 * MS);
    ck_assert_int_eq(join(&one, true), WEIR__ANSWERED);
    ck_assert_int_eq(join(&two, true), WEIR__ANSWERED);
    ck_assert_int_eq(one.generation, 1);
    ck_assert_int_eq(two.generation, 1);
    bench_free(&b);
}
END_TEST

/* A leader that has come back is told its old id as the leader's, so that it does not assign; from version 9 on it is
   told not to. */
START_TEST(static_leader) {
    for (int16_t version = 8; version <= 9; version++) {
        client one = new_client(1), back = new_client(2);
        one.instance = back.instance = "i";
        one.version = back.version = version;
        start();
        ck_assert_code(join_now(&one), "NONE");
        ck_assert_int_eq(sync(&one, (const client *[]){&one}, 1, false), WEIR__ANSWERED);
        ck_assert_code(join_now(&back), "NONE");
        ck_assert_str_ne(back.id, one.id);
        ck_assert_str_eq(back.leader, version < 9 ? one.id : back.id);
        ck_assert_int_eq(back.joined.skip_assignment, version >= 9);
        bench_free(&b);
    }
}
END_TEST

START_TEST(static_member) {
    client one, two;
    two_members(&one, &two);
    client fixed = new_client(3);
    fixed.instance = "i";
    ck_assert_int_eq(join(&fixed, false), WEIR__HELD);
    ck_assert_int_eq(join(&one, false), WEIR__HELD);
    ck_assert_code(join_now(&two), "NONE");
    ck_assert_int_eq(join(&one, true), WEIR__ANSWERED);
    ck_assert_int_eq(join(&fixed, true), WEIR__ANSWERED);
    ck_assert_int_eq(sync(&two, NULL, 0, false), WEIR__HELD);
    ck_assert_int_eq(sync(&fixed, NULL, 0, false), WEIR__HELD);
    ck_assert_int_eq(sync(&one, (const client *[]){&one, &two, &fixed}, 3, false), WEIR__ANSWERED);
    ck_assert_int_eq(sync(&fixed, NULL, 0, true), WEIR__ANSWERED);
    client back = new_client(4);
    back.instance = "i";
    ck_assert_code(join_now(&back), "NONE"); /* takes its place over, and nobody notices */
    ck_assert_int_eq(back.generation, 3);
    ck_assert_str_ne(back.id, fixed.id);
    ck_assert_code(beat(&back), "NONE");
    ck_assert_code(beat(&fixed), "FENCED_INSTANCE_ID");
    ck_assert_code(beat(&one), "NONE");
    bench_free(&b);
}
END_TEST

START_TEST(leave_listed) {
    client one, two;
    two_members(&one, &two);
    weir_leave_group_request_member_identity members[] = {{weir_str_of(one.id), {NULL, 0}, {NULL, 0}},
                                                          {S("nobody"), {NULL, 0}, {NULL, 0}}};
    weir_leave_group_request in = {S("g"), S(""), {members, 2}};
    weir_leave_group_response out;
    ck_assert_int_eq(bench_ask(&b, weir__serve_leave_group, WEIR_API_LEAVE_GROUP, 5, &in, &out), WEIR__ANSWERED);
    ck_assert_code(out.error_code, "NONE");
    ck_assert_code(out.members.items[0].error_code, "NONE");
    ck_assert_code(out.members.items[1].error_code, "UNKNOWN_MEMBER_ID");
    ck_assert_code(beat(&two), "REBALANCE_IN_PROGRESS");
    ck_assert_code(join_now(&two), "NONE");
    ck_assert_str_eq(two.leader, two.id);
    bench_free(&b);
}
END_TEST

START_TEST(listed) {
    client one, two;
    two_members(&one, &two);
    weir_str ids[] = {S("g"), S("none")};
    weir_describe_groups_request ask = {{ids, 2}, false};
    weir_describe_groups_response told;
    (void)bench_ask(&b, weir__serve_describe_groups, WEIR_API_DESCRIBE_GROUPS, 6, &ask, &told);
    ck_assert(weir_str_equal(told.groups.items[0].group_state, S("Stable")));
    ck_assert(weir_str_equal(told.groups.items[0].protocol_data, S("range")));
    ck_assert_int_eq(told.groups.items[0].members.count, 2);
    ck_assert_uint_eq(told.groups.items[0].members.items[1].member_assignment.len, 3);
    ck_assert_code(told.groups.items[1].error_code, "GROUP_ID_NOT_FOUND");
    (void)bench_ask(&b, weir__serve_describe_groups, WEIR_API_DESCRIBE_GROUPS, 5, &ask, &told);
    ck_assert_code(told.groups.items[1].error_code, "NONE");
    ck_assert(weir_str_equal(told.groups.items[1].group_state, S("Dead")));

    weir_str stable = S("stable"), empty = S("Empty");
    weir_list_groups_request list = {{&stable, 1}, {NULL, 0}};
    weir_list_groups_response groups;
    (void)bench_ask(&b, weir__serve_list_groups, WEIR_API_LIST_GROUPS, 5, &list, &groups);
    ck_assert_int_eq(groups.groups.count, 1);
    list.states_filter.items = &empty;
    (void)bench_ask(&b, weir__serve_list_groups, WEIR_API_LIST_GROUPS, 5, &list, &groups);
    ck_assert_int_eq(groups.groups.count, 0);

    weir_delete_groups_request remove = {{ids, 2}};
    weir_delete_groups_response removed;
    (void)bench_ask(&b, weir__serve_delete_groups, WEIR_API_DELETE_GROUPS, 2, &remove, &removed);
    ck_assert_code(removed.results.items[0].error_code, "NON_EMPTY_GROUP");
    ck_assert_code(removed.results.items[1].error_code, "GROUP_ID_NOT_FOUND");
    ck_assert_code(leave(&one), "NONE");
    ck_assert_code(leave(&two), "NONE");
    (void)bench_ask(&b, weir__serve_delete_groups, WEIR_API_DELETE_GROUPS, 2, &remove, &removed);
    ck_assert_code(removed.results.items[0].error_code, "NONE");
    ck_assert_ptr_null(group());
    bench_free(&b);
}
END_TEST

/* Whatever cannot be had, the next try finds a whole group. */
START_TEST(no_memory) {
    for (int64_t takes = 0; takes < 24; takes++) {
        start();
        client c = new_client(1);
        b.takes_left = takes;
        for (int n = 0; n < 2; n++) {
            weir__handled handled = join(&c, false);
            ck_assert(handled == WEIR__CLOSED || handled == WEIR__ANSWERED || handled == WEIR__HELD);
        }
        b.takes_left = -1;
        client next = new_client(2);
        (void)join(&next, false);
        bench_pass(&b, (int64_t)600000 * MS);
        ck_assert_uint_eq(group() != NULL ? group()->member_count : 0, 0);
        bench_free(&b);
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("model group");
    TCase *tests = tcase_create("classic");
    tcase_add_test(tests, alone);
    tcase_add_test(tests, alone_of_old);
    tcase_add_test(tests, pair);
    tcase_add_test(tests, session_over);
    tcase_add_test(tests, who_does_not_join_is_out);
    tcase_add_test(tests, who_does_not_sync_is_out);
    tcase_add_test(tests, lost_answers);
    tcase_add_test(tests, protocols);
    tcase_add_test(tests, refused);
    tcase_add_test(tests, first_delay);
    tcase_add_test(tests, static_leader);
    tcase_add_test(tests, static_member);
    tcase_add_test(tests, leave_listed);
    tcase_add_test(tests, listed);
    tcase_add_test(tests, no_memory);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
