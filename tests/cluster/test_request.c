/* Requests: sent again after a loss or not, given up, taken back; coordinators; calls of the public interface. */
#include "checks.h"
#include <stdlib.h>
#include <string.h>

#include "asker.h"

static peer p;
static asker a, b, c;

#define SECOND 1000000

static void set_up(void) {
    peer_init(&p);
    peer_connect(&p);
    memset(&a, 0, sizeof a);
    memset(&b, 0, sizeof b);
    memset(&c, 0, sizeof c);
}

static void tear_down(void) {
    peer_free(&p);
}

static void ends(asker *one, weir_err err) {
    ck_assert(asker_until(&p, &one->dones, 200 * SECOND));
    ck_assert_int_eq(one->dones, 1);
    ck_assert_msg(one->err == err, "%s, not %s: %s", weir_err_name(one->err), weir_err_name(err),
                  weir_client_trouble(p.client)->text);
}

/* ---- losses ---- */
START_TEST(lost_requests_are_sent_again) {
    peer_script(&p, WEIR_API_DESCRIBE_CONFIGS, 1, _i ? PEER_DROP : PEER_REFUSE, 0)->times = 4;
    asker_submit(&a, &p, WEIR_TARGET_ANY, 60 * SECOND);
    ends(&a, WEIR_OK);
    ck_assert_int_eq(a.fills, 5);
    ck_assert(a.request.lost);
}
END_TEST

START_TEST(lost_and_never_answered_is_indeterminate) {
    peer_script(&p, WEIR_API_DESCRIBE_CONFIGS, 1, PEER_DROP, 0)->times = 100000;
    weir_time_us begun = p.now;
    asker_submit(&a, &p, WEIR_TARGET_ANY, 20 * SECOND);
    ends(&a, WEIR_E_INDETERMINATE);
    ck_assert_int_ge(a.done_at - begun, 20 * SECOND);
    ck_assert_int_lt(a.done_at - begun, 21 * SECOND);
}
END_TEST

START_TEST(never_sent_is_a_time_out) {
    p.down[0] = true;
    asker_submit(&a, &p, WEIR_TARGET_ANY, 20 * SECOND);
    ends(&a, WEIR_E_TIMEOUT);
    ck_assert_int_eq(a.fills, 0);
}
END_TEST

/* Sent, lost, and then no broker any more: it is still not known. */
START_TEST(loss_is_not_forgotten) {
    asker_call(&p, WEIR_TARGET_ANY, 0);
    peer_script(&p, WEIR_API_DESCRIBE_CONFIGS, 1, PEER_DROP, 0);
    asker_submit(&a, &p, WEIR_TARGET_ANY, 20 * SECOND);
    peer_settle(&p);
    ck_assert_int_eq(a.fills, 1);
    for (int n = 0; n < PEER_BROKERS; n++)
        p.down[n] = true;
    ends(&a, WEIR_E_INDETERMINATE);
}
END_TEST

START_TEST(requests_behind_a_lost_one_were_perhaps_read) {
    asker_call(&p, WEIR_TARGET_ANY, 0);
    peer_script(&p, WEIR_API_DESCRIBE_CONFIGS, 1, PEER_REFUSE, 0);
    asker_submit(&a, &p, WEIR_TARGET_ANY, 60 * SECOND);
    asker_submit(&b, &p, WEIR_TARGET_ANY, 60 * SECOND);
    ends(&a, WEIR_OK);
    ends(&b, WEIR_OK);
    ck_assert(a.request.lost && b.request.lost);
}
END_TEST

/* ---- once ---- */
START_TEST(once_requests_end_with_the_link) {
    asker_call(&p, WEIR_TARGET_BROKER, 0);
    peer_script(&p, WEIR_API_DESCRIBE_CONFIGS, 1, PEER_DROP, 0);
    weir_time_us begun = p.now;
    asker_submit(&a, &p, WEIR_TARGET_BROKER, 60 * SECOND);
    a.request.once = true;
    ends(&a, WEIR_E_INDETERMINATE);
    ck_assert_int_eq(a.done_at, begun);
    ck_assert_int_eq(a.fills, 1);
}
END_TEST

START_TEST(once_requests_do_not_wait_for_a_broker_that_is_gone) {
    asker_call(&p, WEIR_TARGET_BROKER, 1);
    p.down[1] = true;
    peer_settle(&p);
    weir_time_us begun = p.now;
    asker_submit(&a, &p, WEIR_TARGET_BROKER, 60 * SECOND);
    a.request.broker = 1;
    a.request.once = true;
    ends(&a, WEIR_E_TIMEOUT);
    ck_assert_int_lt(a.done_at - begun, SECOND);
    ck_assert_int_eq(a.fills, 0);
}
END_TEST

/* ---- taking back ---- */
START_TEST(cancelled_while_it_waits) {
    p.down[0] = true;
    asker_submit(&a, &p, WEIR_TARGET_ANY, 60 * SECOND);
    peer_settle(&p);
    weir__request_cancel(p.client, &a.request);
    weir__request_cancel(p.client, &a.request); /* no-op */
    p.down[0] = false;
    asker_pass(&p, 100 * SECOND);
    ck_assert_int_eq(a.dones + a.fills, 0);
}
END_TEST

START_TEST(cancelled_when_it_is_written) {
    asker_call(&p, WEIR_TARGET_ANY, 0);
    int32_t opens = p.open_count;
    peer_script(&p, WEIR_API_DESCRIBE_CONFIGS, 1, PEER_HOLD, SECOND);
    asker_submit(&a, &p, WEIR_TARGET_ANY, 60 * SECOND);
    asker_submit(&b, &p, WEIR_TARGET_ANY, 60 * SECOND);
    peer_settle(&p);
    weir__request_cancel(p.client, &a.request);
    memset(&a, 0xee, sizeof a); /* the owner may free it */
    ends(&b, WEIR_OK);
    ck_assert_int_eq(p.open_count, opens);
}
END_TEST

START_TEST(cancelled_when_it_is_half_written) {
    asker_call(&p, WEIR_TARGET_ANY, 0);
    peer_script(&p, WEIR_API_DESCRIBE_CONFIGS, 1, PEER_HOLD, SECOND);
    asker_submit(&b, &p, WEIR_TARGET_ANY, 60 * SECOND); /* written, unanswered */
    peer_settle(&p);
    asker_submit(&a, &p, WEIR_TARGET_ANY, 60 * SECOND);
    asker_submit(&c, &p, WEIR_TARGET_ANY, 60 * SECOND); /* behind it */
    weir_client_tick(p.client, p.now);
    weir_bytes slices[4];
    size_t count = weir_client_send_slices(p.client, 0, slices, 4);
    ck_assert_uint_gt(count, 0);
    if (_i > 0)
        weir_client_sent(p.client, 0, slices[0].len / 2, p.now);
    weir__request_cancel(p.client, &a.request);
    memset(&a, 0xee, sizeof a);
    ends(&b, WEIR_OK);
    ends(&c, WEIR_OK);
}
END_TEST

START_TEST(client_freed_with_requests_everywhere) {
    asker_call(&p, WEIR_TARGET_ANY, 0);
    peer_script(&p, WEIR_API_DESCRIBE_CONFIGS, 1, PEER_MUTE, 0);
    asker_submit(&a, &p, WEIR_TARGET_ANY, 60 * SECOND);
    peer_settle(&p);
    asker_submit(&b, &p, WEIR_TARGET_ANY, 60 * SECOND);
    weir_client_tick(p.client, p.now);
    asker_submit_txn(&c, &p, "t", 60 * SECOND);
}
END_TEST

/* ---- coordinators ---- */
START_TEST(coordinators_are_looked_up_once) {
    p.offered[WEIR_API_FIND_COORDINATOR] = (int16_t)_i;
    p.coordinator = 2;
    peer_txn_of(&p, "t", true);
    asker_submit_txn(&a, &p, "t", 60 * SECOND);
    asker_submit_txn(&b, &p, "t", 60 * SECOND);
    ends(&a, WEIR_OK);
    ends(&b, WEIR_OK);
    ck_assert_int_eq(a.broker, 2);
    ck_assert_int_eq(a.code, 0);
    ck_assert_int_eq(peer_count(&p, WEIR_API_FIND_COORDINATOR), 1);
    ck_assert_str_eq(peer_request(&p, WEIR_API_FIND_COORDINATOR, 0)->text, _i == 0 ? "0 t" : "1 t");
}
END_TEST

START_TEST(coordinators_move) {
    peer_txn_of(&p, "t", true);
    asker_submit_txn(&a, &p, "t", 60 * SECOND);
    ends(&a, WEIR_OK);
    ck_assert_int_eq(a.broker, 0);
    p.coordinator = 1;
    peer_script(&p, WEIR_API_DESCRIBE_TRANSACTIONS, 1, PEER_CODE, WEIR_CODE_NOT_COORDINATOR);
    asker_submit_txn(&b, &p, "t", 60 * SECOND);
    b.again = 1;
    ends(&b, WEIR_OK);
    ck_assert_int_eq(b.broker, 1);
    ck_assert_int_eq(b.code, 0);
    ck_assert_int_eq(peer_count(&p, WEIR_API_FIND_COORDINATOR), 2);
}
END_TEST

START_TEST(coordinators_die) {
    p.coordinator = 1;
    asker_submit_txn(&a, &p, "t", 60 * SECOND);
    ends(&a, WEIR_OK);
    p.down[1] = true;
    p.coordinator = 2;
    asker_submit_txn(&b, &p, "t", 60 * SECOND);
    ends(&b, WEIR_OK);
    ck_assert_int_eq(b.broker, 2);
}
END_TEST

/* Right after a crash the lookup still names the broker that is gone. */
START_TEST(lookup_names_a_broker_that_is_gone) {
    p.coordinator = 1;
    p.down[1] = true;
    asker_submit_txn(&a, &p, "t", 60 * SECOND);
    ck_assert(!asker_until(&p, &a.dones, 5 * SECOND));
    p.coordinator = 2;
    ends(&a, WEIR_OK);
    ck_assert_int_eq(a.broker, 2);
    ck_assert_int_lt(peer_count(&p, WEIR_API_FIND_COORDINATOR), 30);
}
END_TEST

START_TEST(there_is_no_coordinator_for_a_while) {
    static const int16_t codes[] = {WEIR_CODE_COORDINATOR_NOT_AVAILABLE, WEIR_CODE_COORDINATOR_LOAD_IN_PROGRESS,
                                    WEIR_CODE_REQUEST_TIMED_OUT};
    peer_script(&p, WEIR_API_FIND_COORDINATOR, 1, PEER_CODE, codes[_i])->times = 6;
    weir_time_us begun = p.now;
    asker_submit_txn(&a, &p, "t", 60 * SECOND);
    ends(&a, WEIR_OK);
    ck_assert_int_eq(peer_count(&p, WEIR_API_FIND_COORDINATOR), 7);
    ck_assert_int_gt(a.done_at - begun, 2 * SECOND);
}
END_TEST

START_TEST(refused_lookups_keep_their_distance) {
    peer_script(&p, WEIR_API_FIND_COORDINATOR, 1, PEER_CODE, WEIR_CODE_TRANSACTIONAL_ID_AUTHORIZATION_FAILED)->times =
        100000;
    asker_submit_txn(&a, &p, "t", 20 * SECOND);
    ends(&a, WEIR_E_TIMEOUT);
    ck_assert_trouble(&p, "TRANSACTIONAL_ID_AUTHORIZATION_FAILED");
    ck_assert_int_lt(peer_count(&p, WEIR_API_FIND_COORDINATOR), 250);
}
END_TEST

START_TEST(groups_and_transactions_of_one_name_differ) {
    weir__coordinator *group = weir__coordinator_want(p.client, WEIR_TARGET_GROUP, weir_str_of("x"));
    weir__coordinator *txn = weir__coordinator_want(p.client, WEIR_TARGET_TRANSACTION, weir_str_of("x"));
    ck_assert_ptr_ne(group, txn);
    ck_assert_ptr_eq(group, weir__coordinator_want(p.client, WEIR_TARGET_GROUP, weir_str_of("x")));
    char longest[sizeof group->key + 1];
    memset(longest, 'k', sizeof longest);
    ck_assert_ptr_nonnull(
        weir__coordinator_want(p.client, WEIR_TARGET_GROUP, (weir_str){longest, sizeof group->key - 1}));
    ck_assert_ptr_null(weir__coordinator_want(p.client, WEIR_TARGET_GROUP, (weir_str){longest, sizeof group->key}));
}
END_TEST

START_TEST(coordinator_is_a_broker_that_metadata_does_not_name_yet) {
    p.unlisted[2] = true;
    p.coordinator = 2;
    asker_submit_txn(&a, &p, "t", 60 * SECOND);
    asker_pass(&p, 5 * SECOND);
    ck_assert_int_eq(a.dones, 0);
    ck_assert_int_lt(peer_count(&p, WEIR_API_METADATA), 20);
    p.unlisted[2] = false;
    ends(&a, WEIR_OK);
    ck_assert_int_eq(a.broker, 2);
}
END_TEST

/* ---- error codes ---- */
START_TEST(classes_depend_on_the_api) {
    ck_assert_int_eq(weir__class_of(WEIR_API_PRODUCE, WEIR_CODE_INVALID_PRODUCER_EPOCH), WEIR_CLASS_ABORT);
    ck_assert_int_eq(weir__class_of(WEIR_API_END_TXN, WEIR_CODE_INVALID_PRODUCER_EPOCH), WEIR_CLASS_FENCED);
    ck_assert_int_eq(weir__class_of(WEIR_API_PRODUCE, WEIR_CODE_DUPLICATE_SEQUENCE_NUMBER), WEIR_CLASS_OK);
    ck_assert_int_eq(weir__class_of(WEIR_API_FETCH, WEIR_CODE_NOT_LEADER_OR_FOLLOWER), WEIR_CLASS_REFRESH);
    ck_assert_int_eq(weir__class_of(WEIR_API_PRODUCE, 4242), WEIR_CLASS_INDETERMINATE);
    ck_assert_int_eq(weir__class_of(WEIR_API_PRODUCE, WEIR_CODE_UNKNOWN_SERVER_ERROR), WEIR_CLASS_INDETERMINATE);
    ck_assert_int_eq(weir__class_of(WEIR_API_FETCH, WEIR_CODE_NONE), WEIR_CLASS_OK);
}
END_TEST

/* retry.backoff.ms, but for a transaction whose markers are being written. */
START_TEST(retries_back_off) {
    bool concurrent = _i == 1;
    int16_t code = concurrent ? WEIR_CODE_CONCURRENT_TRANSACTIONS : WEIR_CODE_COORDINATOR_LOAD_IN_PROGRESS;
    peer_script(&p, WEIR_API_DESCRIBE_TRANSACTIONS, 1, PEER_CODE, code)->times = 8;
    asker_submit_txn(&a, &p, "t", 60 * SECOND);
    a.again = 100;
    ends(&a, WEIR_OK);
    for (int32_t n = 1; n <= 8; n++) {
        const peer_seen *seen = peer_request(&p, WEIR_API_DESCRIBE_TRANSACTIONS, n);
        weir_time_us gap = seen->at - peer_request(&p, WEIR_API_DESCRIBE_TRANSACTIONS, n - 1)->at;
        int64_t base = (concurrent ? 20000 : 100000) << (n - 1);
        base = base > 1000000 ? 1000000 : base;
        ck_assert_msg(gap >= base * 8 / 10 && gap <= base * 12 / 10, "%d: %lld", n, (long long)gap);
    }
}
END_TEST

/* ---- calls ---- */
static weir_describe_configs_request nothing;

static weir_call call_of(weir_target_kind target) {
    weir_message_init(weir_api_find(WEIR_API_DESCRIBE_CONFIGS)->request, &nothing);
    return (weir_call){.api_key = WEIR_API_DESCRIBE_CONFIGS, .target = target, .request = &nothing, .timeout = SECOND};
}

static void run(weir_call *call) {
    ck_assert_int_eq(weir_client_call(p.client, call, p.now), WEIR_OK);
    for (int n = 0; n < 10000 && !call->finished; n++) {
        peer_settle(&p);
        if (!call->finished)
            peer_wait(&p, SECOND);
    }
    ck_assert(call->finished);
}

START_TEST(calls_keep_the_response_until_released) {
    weir_call call = call_of(WEIR_TARGET_ANY);
    run(&call);
    ck_assert_int_eq(call.err, WEIR_OK);
    asker_call(&p, WEIR_TARGET_ANY, 0);
    const weir_describe_configs_response *response = call.response;
    ck_assert_int_eq(response->results.count, 0);
    ck_assert_int_eq(call.version, weir_api_find(WEIR_API_DESCRIBE_CONFIGS)->max_version);
    weir_call_release(p.client, &call);
    ck_assert_ptr_null(call.response);
    weir_call_release(p.client, &call);
}
END_TEST

START_TEST(calls_reach_their_target) {
    p.controller = 1;
    p.coordinator = 2;
    for (int32_t n = 0; n < PEER_BROKERS; n++)
        ck_assert_int_eq(asker_call(&p, WEIR_TARGET_BROKER, n), n);
    ck_assert_int_eq(asker_call(&p, WEIR_TARGET_CONTROLLER, 0), 1);
    weir_call call = call_of(_i ? WEIR_TARGET_GROUP : WEIR_TARGET_TRANSACTION);
    call.key = weir_str_of("k");
    run(&call);
    ck_assert_int_eq(call.err, WEIR_OK);
    ck_assert_int_eq(call.answered_by, 2);
    weir_call_release(p.client, &call);
}
END_TEST

START_TEST(calls_that_cannot_be_made) {
    weir_call call = call_of(WEIR_TARGET_ANY);
    call.api_key = 9999;
    ck_assert_int_eq(weir_client_call(p.client, &call, p.now), WEIR_E_UNSUPPORTED);
    weir_call_release(p.client, &call);
    call = call_of(WEIR_TARGET_BROKER);
    call.broker = 77;
    run(&call);
    ck_assert_int_eq(call.err, WEIR_E_TIMEOUT);
    weir_call_release(p.client, &call);
    p.offered[WEIR_API_DESCRIBE_CONFIGS] = -1;
    peer_disconnect(&p);
    peer_connect(&p);
    call = call_of(WEIR_TARGET_ANY);
    run(&call);
    ck_assert_int_eq(call.err, WEIR_E_VERSION);
    weir_call_release(p.client, &call);
}
END_TEST

/* The host is about to wait, and its caller does not know yet that there is nothing to wait for. */
START_TEST(calls_that_end_without_io_are_told_before_the_host_waits) {
    weir_io io;
    p.offered[WEIR_API_DESCRIBE_CONFIGS] = -1;
    peer_disconnect(&p);
    peer_connect(&p);
    asker_pass(&p, 5 * SECOND);
    weir_call call = call_of(WEIR_TARGET_ANY);
    ck_assert_int_eq(weir_client_call(p.client, &call, p.now), WEIR_OK);
    ck_assert(!weir_client_next_io(p.client, &io));
    ck_assert(call.finished);
    ck_assert_int_le(weir_client_deadline(p.client), p.now);
    weir_client_tick(p.client, p.now);
    ck_assert_int_gt(weir_client_deadline(p.client), p.now);
    weir_call_release(p.client, &call);
}
END_TEST

/* The clock of a machine that has been up for days: the first thing that a client is told must not be late already. */
START_TEST(first_call_is_made_at_once) {
    weir_io io;
    peer_disconnect(&p);
    p.now = 1000000 * (weir_time_us)SECOND;
    peer_connect(&p);
    weir_call call = call_of(WEIR_TARGET_ANY);
    ck_assert_int_eq(weir_client_call(p.client, &call, p.now), WEIR_OK);
    ck_assert(weir_client_next_io(p.client, &io));
    ck_assert_int_eq(io.kind, WEIR_IO_OPEN);
    weir_client_tick(p.client, p.now);
    ck_assert(!weir_client_next_io(p.client, &io));
    weir_call_release(p.client, &call);
}
END_TEST

START_TEST(calls_are_given_up) {
    peer_script(&p, WEIR_API_DESCRIBE_CONFIGS, 1, PEER_HOLD, SECOND);
    weir_call call = call_of(WEIR_TARGET_ANY);
    ck_assert_int_eq(weir_client_call(p.client, &call, p.now), WEIR_OK);
    if (_i > 0)
        peer_settle(&p);
    weir_call_release(p.client, &call);
    asker_pass(&p, 5 * SECOND);
    ck_assert(!call.finished);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("request");
    TCase *t = tcase_create("request");
    tcase_set_timeout(t, 60);
    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_add_loop_test(t, lost_requests_are_sent_again, 0, 2);
    tcase_add_test(t, lost_and_never_answered_is_indeterminate);
    tcase_add_test(t, never_sent_is_a_time_out);
    tcase_add_test(t, loss_is_not_forgotten);
    tcase_add_test(t, requests_behind_a_lost_one_were_perhaps_read);
    tcase_add_test(t, once_requests_end_with_the_link);
    tcase_add_test(t, once_requests_do_not_wait_for_a_broker_that_is_gone);
    tcase_add_test(t, cancelled_while_it_waits);
    tcase_add_test(t, cancelled_when_it_is_written);
    tcase_add_loop_test(t, cancelled_when_it_is_half_written, 0, 2);
    tcase_add_test(t, client_freed_with_requests_everywhere);
    tcase_add_loop_test(t, coordinators_are_looked_up_once, 1, 6);
    tcase_add_test(t, coordinators_move);
    tcase_add_test(t, coordinators_die);
    tcase_add_test(t, lookup_names_a_broker_that_is_gone);
    tcase_add_loop_test(t, there_is_no_coordinator_for_a_while, 0, 3);
    tcase_add_test(t, refused_lookups_keep_their_distance);
    tcase_add_test(t, groups_and_transactions_of_one_name_differ);
    tcase_add_test(t, coordinator_is_a_broker_that_metadata_does_not_name_yet);
    tcase_add_test(t, classes_depend_on_the_api);
    tcase_add_loop_test(t, retries_back_off, 0, 2);
    tcase_add_test(t, calls_keep_the_response_until_released);
    tcase_add_loop_test(t, calls_reach_their_target, 0, 2);
    tcase_add_test(t, calls_that_cannot_be_made);
    tcase_add_test(t, calls_that_end_without_io_are_told_before_the_host_waits);
    tcase_add_test(t, first_call_is_made_at_once);
    tcase_add_loop_test(t, calls_are_given_up, 0, 2);
    suite_add_tcase(suite, t);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
