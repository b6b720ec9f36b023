/* One connection: versions, damage, time-outs, back-off. */
#include "checks.h"
#include <stdlib.h>
#include <string.h>

#include "asker.h"

static peer p;
static asker a, b;

#define SECOND 1000000

static void set_up(void) {
    peer_init(&p);
    memset(&a, 0, sizeof a);
    memset(&b, 0, sizeof b);
}

static void tear_down(void) {
    peer_free(&p);
}

static void answered(asker *one) {
    ck_assert(asker_until(&p, &one->dones, 60 * SECOND));
    ck_assert_msg(one->err == WEIR_OK, "%s: %s", weir_err_name(one->err), weir_client_trouble(p.client)->text);
}

/* ---- versions ---- */
START_TEST(old_brokers_are_asked_in_version_0) {
    peer_script(&p, WEIR_API_VERSIONS, 1, PEER_CODE, WEIR_CODE_UNSUPPORTED_VERSION);
    peer_connect(&p);
    ck_assert_int_le(asker_call(&p, WEIR_TARGET_ANY, 0), 0);
    ck_assert_int_eq(peer_request(&p, WEIR_API_VERSIONS, 0)->version, 4);
    ck_assert_int_eq(peer_request(&p, WEIR_API_VERSIONS, 1)->version, 0);
    ck_assert_int_eq(p.open_count, 1);
}
END_TEST

START_TEST(version_0_refused_too_is_an_error_not_a_loop) {
    peer_script(&p, WEIR_API_VERSIONS, 1, PEER_CODE, WEIR_CODE_UNSUPPORTED_VERSION)->times = 100000;
    peer_connect(&p);
    asker_pass(&p, 10 * SECOND);
    ck_assert_int_lt(peer_count(&p, WEIR_API_VERSIONS), 100);
    ck_assert_trouble(&p, "UNSUPPORTED_VERSION");
}
END_TEST

START_TEST(refused_versions_are_tried_again_later) {
    peer_script(&p, WEIR_API_VERSIONS, 1, PEER_CODE, WEIR_CODE_INVALID_REQUEST)->times = 3;
    peer_connect(&p);
    ck_assert_int_le(asker_call(&p, WEIR_TARGET_ANY, 0), 0);
    ck_assert_int_eq(peer_count(&p, WEIR_API_VERSIONS), 4);
    ck_assert_trouble(&p, "INVALID_REQUEST");
}
END_TEST

START_TEST(highest_common_version_is_spoken) {
    int16_t most = weir_api_find(WEIR_API_DESCRIBE_CONFIGS)->max_version;
    int16_t least = weir_api_find(WEIR_API_DESCRIBE_CONFIGS)->min_version;
    p.offered[WEIR_API_DESCRIBE_CONFIGS] = (int16_t)_i;
    peer_connect(&p);
    asker_submit(&a, &p, WEIR_TARGET_ANY, 60 * SECOND);
    ck_assert(asker_until(&p, &a.dones, 60 * SECOND));
    if (_i < least) {
        ck_assert_int_eq(a.err, WEIR_E_VERSION);
        return;
    }
    ck_assert_int_eq(a.err, WEIR_OK);
    ck_assert_int_eq(a.version, _i < most ? _i : most);
    ck_assert_int_eq(weir__broker_version(p.client, 0, WEIR_API_DESCRIBE_CONFIGS, 1), _i < 1 ? _i : 1);
    ck_assert_int_eq(weir__broker_version(p.client, 0, WEIR_API_DESCRIBE_CONFIGS, -1), a.version);
    ck_assert_int_eq(weir__broker_version(p.client, 2, WEIR_API_DESCRIBE_CONFIGS, -1), -1);
}
END_TEST

START_TEST(owners_bound_the_version) {
    peer_connect(&p);
    asker_submit(&a, &p, WEIR_TARGET_ANY, 60 * SECOND);
    a.request.max_version = 2;
    answered(&a);
    ck_assert_int_eq(a.version, 2);
    p.offered[WEIR_API_DESCRIBE_CONFIGS] = 2;
    peer_disconnect(&p);
    peer_connect(&p);
    asker_submit(&a, &p, WEIR_TARGET_ANY, 60 * SECOND);
    a.request.min_version = 3;
    ck_assert(asker_until(&p, &a.dones, 60 * SECOND));
    ck_assert_int_eq(a.err, WEIR_E_VERSION);
    ck_assert_int_eq(p.requests[WEIR_API_DESCRIBE_CONFIGS], 1);
}
END_TEST

START_TEST(features_and_release) {
    p.transaction_version = (int16_t)_i;
    peer_connect(&p);
    ck_assert_int_eq(weir_client_transaction_version(p.client), 0);
    ck_assert_str_eq(weir_client_broker_version(p.client), "unknown");
    asker_call(&p, WEIR_TARGET_ANY, 0);
    ck_assert_int_eq(weir_client_transaction_version(p.client), _i);
    ck_assert_str_ne(weir_client_broker_version(p.client), "unknown");
}
END_TEST

/* ---- what is no Kafka broker ---- */
START_TEST(wrong_listeners_are_named) {
    static const struct {
        const char *raw;
        int64_t len;
        const char *text;
    } rows[] = {
        {"HTTP/1.1 400 Bad Request\r\n\r\n", 28, "HTTP"},   {"\x15\x03\x03\x00\x02\x02\x28", 7, "TLS"},
        {"\x7f\xff\xff\xff", 4, "impossible size"},         {"\xff\xff\xff\xff", 4, "impossible size"},
        {"\x06\x40\x00\x01", 4, "impossible size"}, /* one above 100 MiB */
        {"\x00\x00\x00\x03zzz", 7, "impossible size"},      {"\x00\x00\x00\x00", 4, "impossible size"},
        {"SSH-2.0-OpenSSH_9.2\r\n", 21, "impossible size"},
    };
    for (size_t n = 0; n < sizeof rows / sizeof rows[0]; n++) {
        peer_rule *rule = peer_script(&p, WEIR_API_VERSIONS, 1, PEER_RAW, rows[n].len);
        rule->raw = rows[n].raw;
        rule->times = 2;
        peer_connect(&p);
        asker_pass(&p, 60000);
        ck_assert_int_eq(p.told.err, WEIR_E_MALFORMED);
        ck_assert_trouble(&p, rows[n].text);
        ck_assert_trouble(&p, "bootstrap server b0:9000");
        asker_call(&p, WEIR_TARGET_ANY, 0); /* it may come right yet */
        peer_disconnect(&p);
        ck_assert_int_eq(rule->times, 0);
    }
}
END_TEST

START_TEST(listener_that_hangs_up_is_named) {
    peer_script(&p, WEIR_API_VERSIONS, 1, PEER_REFUSE, 0)->times = 1000;
    peer_connect(&p);
    asker_pass(&p, SECOND);
    ck_assert_trouble(&p, "before it answered the first request: is the port that of a Kafka listener without TLS");
}
END_TEST

START_TEST(listener_that_says_nothing_is_named) {
    peer_script(&p, WEIR_API_VERSIONS, 1, PEER_MUTE, 0)->times = 1;
    peer_connect(&p);
    asker_pass(&p, 9 * SECOND);
    ck_assert_int_eq(weir_client_trouble(p.client)->err, WEIR_OK);
    asker_pass(&p, 2 * SECOND);
    ck_assert_trouble(&p, "went unanswered");
    asker_call(&p, WEIR_TARGET_ANY, 0);
}
END_TEST

/* ---- responses that break the protocol ---- */
START_TEST(another_correlation_id_ends_the_link) {
    peer_connect(&p);
    peer_script(&p, WEIR_API_DESCRIBE_CONFIGS, 1, PEER_CORRELATION, 0);
    asker_submit(&a, &p, WEIR_TARGET_ANY, 60 * SECOND);
    answered(&a);
    ck_assert_trouble(&p, "breaks the protocol");
    ck_assert_int_eq(p.open_count, 2);
    ck_assert_int_eq(a.fills, 2);
}
END_TEST

START_TEST(answer_that_comes_twice_ends_the_link) {
    peer_connect(&p);
    peer_script(&p, WEIR_API_DESCRIBE_CONFIGS, 1, PEER_TWICE, 0);
    asker_submit(&a, &p, WEIR_TARGET_ANY, 60 * SECOND);
    answered(&a);
    asker_pass(&p, SECOND);
    ck_assert_trouble(&p, "breaks the protocol");
    ck_assert_int_eq(a.dones, 1);
    asker_call(&p, WEIR_TARGET_ANY, 0);
}
END_TEST

static void with_cut(int16_t api, int32_t nth, int64_t at) {
    peer_script(&p, api, nth, PEER_CUT, at);
    peer_connect(&p);
    asker_submit(&a, &p, WEIR_TARGET_ANY, 60 * SECOND);
    answered(&a);
    ck_assert_int_eq(a.dones, 1);
    peer_free(&p);
    peer_init(&p);
}

START_TEST(responses_may_break_off_anywhere) {
    for (int64_t at = 0; at < 160; at++) {
        with_cut(WEIR_API_VERSIONS, 1, at);
        with_cut(WEIR_API_METADATA, 1, at);
        with_cut(WEIR_API_DESCRIBE_CONFIGS, 1, at < 20 ? at : 20);
    }
}
END_TEST

START_TEST(bytes_trickle) {
    p.chunk = (size_t)_i;
    peer_connect(&p);
    asker_submit(&a, &p, WEIR_TARGET_ANY, 60 * SECOND);
    asker_submit(&b, &p, WEIR_TARGET_ANY, 60 * SECOND);
    answered(&a);
    answered(&b);
    ck_assert_int_eq(p.open_count, 1);
}
END_TEST

/* ---- time ---- */
START_TEST(silence_ends_the_link) {
    peer_connect(&p);
    asker_call(&p, WEIR_TARGET_ANY, 0);
    peer_script(&p, WEIR_API_DESCRIBE_CONFIGS, 1, PEER_MUTE, 0);
    weir_time_us begun = p.now;
    asker_submit(&a, &p, WEIR_TARGET_ANY, 60 * SECOND);
    asker_submit(&b, &p, WEIR_TARGET_ANY, 60 * SECOND);
    answered(&a);
    answered(&b);
    ck_assert_trouble(&p, "no response within request.timeout.ms");
    ck_assert_int_ge(a.done_at - begun, 30 * SECOND);
    ck_assert_int_lt(a.done_at - begun, 31 * SECOND);
}
END_TEST

START_TEST(connecting_takes_too_long) {
    p.stuck[0] = true;
    peer_connect(&p);
    asker_pass(&p, 11 * SECOND);
    ck_assert_trouble(&p, "no connection within socket.connection.setup.timeout.ms");
    p.stuck[0] = false;
    asker_call(&p, WEIR_TARGET_ANY, 0);
}
END_TEST

static void failing(uint64_t seed) {
    p.seed = seed;
    p.config.reconnect_backoff_max_ms = 2000;
    p.down[0] = true;
    peer_connect(&p);
    asker_pass(&p, 60 * SECOND);
}

START_TEST(back_off_grows_to_its_maximum_with_jitter) {
    failing(1);
    weir_time_us least = 0, most = 0;
    ck_assert_int_gt(p.open_count, 20);
    for (int32_t n = 1; n < p.open_count; n++) {
        weir_time_us gap = p.opened_at[n] - p.opened_at[n - 1];
        int64_t base = n > 6 ? 2000000 : 50000 << (n - 1);
        if (base > 2000000)
            base = 2000000;
        ck_assert_msg(gap >= base * 8 / 10 && gap <= base * 12 / 10, "pause %d: %lld us", n, (long long)gap);
        if (n <= 6)
            continue;
        least = least == 0 || gap < least ? gap : least;
        most = gap > most ? gap : most;
    }
    ck_assert_int_gt(most - least, 100000);
}
END_TEST

START_TEST(jitter_is_of_the_seed) {
    static weir_time_us first[256];
    failing(7);
    memcpy(first, p.opened_at, sizeof first);
    tear_down();
    set_up();
    failing(7);
    ck_assert_mem_eq(first, p.opened_at, sizeof first);
    tear_down();
    set_up();
    failing(8);
    ck_assert(memcmp(first, p.opened_at, sizeof first) != 0);
}
END_TEST

START_TEST(success_forgets_failures) {
    p.down[0] = true;
    peer_connect(&p);
    asker_pass(&p, 20 * SECOND);
    p.down[0] = false;
    asker_call(&p, WEIR_TARGET_ANY, 0);
    int32_t opens = p.open_count;
    peer_script(&p, WEIR_API_DESCRIBE_CONFIGS, 1, PEER_REFUSE, 0);
    weir_time_us begun = p.now;
    asker_call(&p, WEIR_TARGET_ANY, 0);
    ck_assert_int_eq(p.open_count, opens + 1);
    ck_assert_int_lt(p.now - begun, 200000);
}
END_TEST

START_TEST(idle_links_may_be_closed_by_the_broker) {
    peer_connect(&p);
    asker_call(&p, WEIR_TARGET_ANY, 0);
    p.down[0] = true;
    peer_settle(&p);
    p.down[0] = false;
    asker_submit(&a, &p, WEIR_TARGET_ANY, 60 * SECOND);
    peer_settle(&p); /* at once, without any pause */
    ck_assert_int_eq(a.dones, 1);
    ck_assert_int_eq(weir_client_trouble(p.client)->err, WEIR_OK);
}
END_TEST

START_TEST(every_link_that_is_dropped_is_closed_by_the_host) {
    p.unlisted[1] = p.unlisted[2] = true;
    peer_connect(&p);
    asker_call(&p, WEIR_TARGET_ANY, 0);
    int32_t opens = p.open_count;
    /* Dropped for silence, opened anew and dropped again while the host was elsewhere. */
    peer_script(&p, WEIR_API_DESCRIBE_CONFIGS, 1, PEER_MUTE, 0);
    asker_submit(&a, &p, WEIR_TARGET_ANY, 600 * SECOND);
    peer_settle(&p);
    for (int n = 0; n < 43; n++) {
        p.now += SECOND;
        weir_client_tick(p.client, p.now);
    }
    answered(&a); /* the peer fails if a link is opened that is not closed */
    ck_assert_int_gt(p.open_count, opens);
}
END_TEST

START_TEST(hostile_numbers_of_links_are_ignored) {
    uint8_t *space;
    weir_bytes slices[2];
    peer_connect(&p);
    asker_call(&p, WEIR_TARGET_ANY, 0);
    for (uint32_t n = 1; n < 100; n += 7) {
        weir_client_opened(p.client, n, NULL, p.now);
        weir_client_sent(p.client, n, 0, p.now);
        weir_client_received(p.client, n, 4, p.now);
        weir_client_closed(p.client, n, "gone", p.now);
        ck_assert_uint_eq(weir_client_recv_space(p.client, n, &space), 0);
        ck_assert_uint_eq(weir_client_send_slices(p.client, n, slices, 2), 0);
    }
    asker_call(&p, WEIR_TARGET_ANY, 0);
}
END_TEST

/* ---- throttling ---- */
START_TEST(throttled_links_pause) {
    peer_connect(&p);
    asker_call(&p, WEIR_TARGET_ANY, 0);
    peer_script(&p, WEIR_API_DESCRIBE_CONFIGS, 1, PEER_THROTTLE, 700);
    asker_submit(&a, &p, WEIR_TARGET_ANY, 60 * SECOND);
    answered(&a);
    asker_submit(&b, &p, WEIR_TARGET_ANY, 60 * SECOND);
    answered(&b);
    ck_assert_int_eq(b.done_at - a.done_at, 700000);
}
END_TEST

START_TEST(throttling_is_capped) {
    peer_connect(&p);
    asker_call(&p, WEIR_TARGET_ANY, 0);
    peer_script(&p, WEIR_API_DESCRIBE_CONFIGS, 1, PEER_THROTTLE, INT32_MAX);
    asker_submit(&a, &p, WEIR_TARGET_ANY, 60 * SECOND);
    answered(&a);
    asker_submit(&b, &p, WEIR_TARGET_ANY, 120 * SECOND);
    ck_assert(asker_until(&p, &b.dones, 100 * SECOND));
    ck_assert_int_eq(b.done_at - a.done_at, 60 * SECOND);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("link");
    TCase *c = tcase_create("link");
    tcase_set_timeout(c, 60);
    tcase_add_checked_fixture(c, set_up, tear_down);
    tcase_add_test(c, old_brokers_are_asked_in_version_0);
    tcase_add_test(c, version_0_refused_too_is_an_error_not_a_loop);
    tcase_add_test(c, refused_versions_are_tried_again_later);
    tcase_add_loop_test(c, highest_common_version_is_spoken, -1, 10);
    tcase_add_test(c, owners_bound_the_version);
    tcase_add_loop_test(c, features_and_release, 0, 3);
    tcase_add_test(c, wrong_listeners_are_named);
    tcase_add_test(c, listener_that_hangs_up_is_named);
    tcase_add_test(c, listener_that_says_nothing_is_named);
    tcase_add_test(c, another_correlation_id_ends_the_link);
    tcase_add_test(c, answer_that_comes_twice_ends_the_link);
    tcase_add_test(c, responses_may_break_off_anywhere);
    tcase_add_loop_test(c, bytes_trickle, 1, 8);
    tcase_add_test(c, silence_ends_the_link);
    tcase_add_test(c, connecting_takes_too_long);
    tcase_add_test(c, back_off_grows_to_its_maximum_with_jitter);
    tcase_add_test(c, jitter_is_of_the_seed);
    tcase_add_test(c, success_forgets_failures);
    tcase_add_test(c, idle_links_may_be_closed_by_the_broker);
    tcase_add_test(c, every_link_that_is_dropped_is_closed_by_the_host);
    tcase_add_test(c, hostile_numbers_of_links_are_ignored);
    tcase_add_test(c, throttled_links_pause);
    tcase_add_test(c, throttling_is_capped);
    suite_add_tcase(suite, c);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
