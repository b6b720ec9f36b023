/* What is known of brokers, topics and leaders, and how it changes. */
#include "checks.h"
#include <stdlib.h>
#include <string.h>

#include "asker.h"

static peer p;

#define SECOND 1000000

static void set_up(void) {
    peer_init(&p);
}

static void tear_down(void) {
    peer_free(&p);
}

static void refresh(void) {
    uint64_t before = weir__metadata_generation(p.client);
    weir__metadata_refresh(p.client);
    for (int n = 0; n < 10000 && weir__metadata_generation(p.client) == before; n++) {
        peer_settle(&p);
        if (weir__metadata_generation(p.client) == before)
            peer_wait(&p, SECOND);
    }
    ck_assert_uint_gt(weir__metadata_generation(p.client), before);
}

static weir__topic *connected_topic(const char *name) {
    peer_connect(&p);
    weir__topic *topic = weir__topic_want(p.client, weir_str_of(name));
    ck_assert_ptr_nonnull(topic);
    refresh();
    return topic;
}

START_TEST(brokers_are_learnt) {
    weir_broker_info info;
    peer_connect(&p);
    ck_assert(!weir_client_broker(p.client, 0, &info));
    ck_assert_ptr_null(weir_client_cluster_id(p.client).p);
    refresh();
    for (size_t n = 0; n < PEER_BROKERS; n++) {
        ck_assert(weir_client_broker(p.client, n, &info));
        ck_assert_int_eq(info.port, 9000 + info.id);
        ck_assert((info.rack.p != NULL) == (info.id == 1));
    }
    ck_assert(!weir_client_broker(p.client, PEER_BROKERS, &info));
    ck_assert(weir_str_equal(weir_client_cluster_id(p.client), weir_str_of("peers")));
}
END_TEST

START_TEST(bootstrap_addresses_are_adopted_with_their_links) {
    peer_connect(&p);
    refresh();
    asker_call(&p, WEIR_TARGET_BROKER, 0);
    ck_assert_int_eq(p.opens[0], 1);
}
END_TEST

START_TEST(any_bootstrap_address_will_do) {
    memcpy(p.config.bootstrap_servers, "b0:9000, b1:9001,b2:9002", 25);
    p.down[0] = p.down[1] = true;
    peer_connect(&p);
    asker_call(&p, WEIR_TARGET_ANY, 0);
    ck_assert_int_eq(p.opens[2], 1);
    ck_assert_int_lt(p.now, 3 * SECOND);
}
END_TEST

START_TEST(bad_bootstrap_addresses) {
    static const char *const bad[] = {"b0", "b0:", ":9000", "b0:0", "b0:65536", "b0:x", "b0:-1", "a:1,b", "b 0:9000"};
    weir_fault fault;
    for (size_t n = 0; n < sizeof bad / sizeof bad[0]; n++) {
        memcpy(p.config.bootstrap_servers, bad[n], strlen(bad[n]) + 1);
        ck_assert_msg(weir_client_new(&p.client, &p.config, &p.budget.alloc, 1, &fault) == WEIR_E_CONFIG, "%s", bad[n]);
        ck_assert_ptr_nonnull(strstr(fault.text, "is not HOST:PORT"));
    }
    p.client = NULL;
    ck_assert_uint_eq(p.budget.used, 0);
}
END_TEST

START_TEST(numeric_addresses) {
    weir_io io;
    memcpy(p.config.bootstrap_servers, "[::1]:9000", 11);
    peer_connect(&p);
    weir_client_tick(p.client, p.now);
    ck_assert(weir_client_next_io(p.client, &io));
    ck_assert_str_eq(io.host, "::1");
    ck_assert_int_eq(io.port, 9000);
}
END_TEST

/* ---- leaders ---- */
START_TEST(older_leader_epochs_are_passed_over) {
    peer_log *log = peer_add_log(&p, "t", 0, 1);
    log->leader_epoch = 5;
    weir__topic *topic = connected_topic("t");
    ck_assert_int_eq(topic->partitions[0].leader, 1);
    log->leader = 2;
    log->leader_epoch = 4; /* a broker that lives in the past */
    refresh();
    ck_assert_int_eq(topic->partitions[0].leader, 1);
    ck_assert_int_eq(topic->partitions[0].leader_epoch, 5);
    log->leader_epoch = 6;
    refresh();
    ck_assert_int_eq(topic->partitions[0].leader, 2);
    log->leader = 0;
    log->leader_epoch = -1; /* a broker that knows no epochs is believed */
    refresh();
    ck_assert_int_eq(topic->partitions[0].leader, 0);
}
END_TEST

START_TEST(partitions_never_shrink) {
    for (int32_t n = 0; n < 4; n++)
        peer_add_log(&p, "t", n, n % 3);
    p.logs[3].hidden = p.logs[2].hidden = true;
    weir__topic *topic = connected_topic("t");
    ck_assert_int_eq(topic->partition_count, 2);
    p.logs[3].hidden = p.logs[2].hidden = false;
    refresh();
    ck_assert_int_eq(topic->partition_count, 4);
    ck_assert_int_eq(topic->partitions[2].leader, 2);
    p.logs[3].hidden = p.logs[2].hidden = true;
    refresh();
    ck_assert_int_eq(topic->partition_count, 4);
    ck_assert_int_eq(topic->partitions[2].leader, 2);
}
END_TEST

START_TEST(hole_in_the_partitions_is_not_believed) {
    peer_add_log(&p, "t", 0, 0);
    peer_add_log(&p, "t", 100000000, 0);
    weir__topic *topic = connected_topic("t");
    ck_assert_int_eq(topic->partition_count, 0);
    ck_assert_uint_lt(p.budget.peak, 1000000);
    p.logs[1].partition = 1;
    refresh();
    ck_assert_int_eq(topic->partition_count, 2);
}
END_TEST

START_TEST(leaderless_partitions_are_asked_about_again) {
    peer_log *log = peer_add_log(&p, "t", 0, -1);
    weir__topic *topic = connected_topic("t");
    ck_assert_int_eq(topic->partitions[0].leader, -1);
    log->leader = 1;
    asker_pass(&p, 3 * SECOND);
    ck_assert_int_eq(topic->partitions[0].leader, 1);
    int32_t asked = peer_count(&p, WEIR_API_METADATA);
    asker_pass(&p, 100 * SECOND);
    ck_assert_int_eq(peer_count(&p, WEIR_API_METADATA), asked);
}
END_TEST

/* ---- topics ---- */
START_TEST(missing_topics) {
    weir__topic *topic = connected_topic("t");
    ck_assert(topic->answered);
    ck_assert_int_eq(topic->code, WEIR_CODE_UNKNOWN_TOPIC_OR_PARTITION);
    weir_time_us since = topic->missing_since;
    ck_assert_int_ne(since, 0);
    asker_pass(&p, 30 * SECOND);
    ck_assert_int_eq(topic->missing_since, since);
    ck_assert_int_lt(peer_count(&p, WEIR_API_METADATA), 60); /* asked again and again, with pauses */
    ck_assert_int_gt(peer_count(&p, WEIR_API_METADATA), 20);
    peer_add_log(&p, "t", 0, 0);
    refresh();
    ck_assert_int_eq(topic->code, 0);
    ck_assert_int_eq(topic->missing_since, 0);
    ck_assert_int_eq(topic->partition_count, 1);
}
END_TEST

START_TEST(recreated_topics_have_another_id) {
    peer_log *log = peer_add_log(&p, "t", 0, 0);
    weir__topic *topic = connected_topic("t");
    weir_uuid id = log->id;
    ck_assert(!topic->recreated);
    memset(&log->id, 0, sizeof log->id); /* a broker that knows no ids */
    refresh();
    ck_assert(!topic->recreated);
    log->id.b[3] = 9;
    refresh();
    ck_assert(topic->recreated);
    ck_assert_mem_eq(&topic->id, &id, sizeof id);
}
END_TEST

START_TEST(topics_are_asked_for_together) {
    peer_add_log(&p, "t", 0, 0);
    peer_add_log(&p, "u", 0, 1);
    weir__topic *t = connected_topic("t");
    weir__topic *u = weir__topic_want(p.client, weir_str_of("u"));
    ck_assert_ptr_eq(t, weir__topic_want(p.client, weir_str_of("t")));
    peer_settle(&p);
    ck_assert_int_eq(u->partition_count, 1);
    ck_assert_str_eq(peer_request(&p, WEIR_API_METADATA, peer_count(&p, WEIR_API_METADATA) - 1)->text, "2 topics");
    char longest[WEIR_TOPIC_MAX + 1];
    memset(longest, 't', sizeof longest);
    ck_assert_ptr_null(weir__topic_want(p.client, (weir_str){longest, WEIR_TOPIC_MAX + 1}));
    ck_assert_ptr_nonnull(weir__topic_want(p.client, (weir_str){longest, WEIR_TOPIC_MAX}));
}
END_TEST

START_TEST(metadata_ages) {
    peer_connect(&p);
    refresh();
    asker_pass(&p, 10 * SECOND);
    int32_t asked = peer_count(&p, WEIR_API_METADATA);
    asker_pass(&p, 280 * SECOND);
    ck_assert_int_eq(peer_count(&p, WEIR_API_METADATA), asked);
    asker_pass(&p, 20 * SECOND);
    ck_assert_int_eq(peer_count(&p, WEIR_API_METADATA), asked + 1);
}
END_TEST

START_TEST(every_version_of_metadata) {
    p.offered[WEIR_API_METADATA] = (int16_t)_i;
    peer_add_log(&p, "t", 0, 2);
    weir__topic *topic = connected_topic("t");
    ck_assert_int_eq(topic->partition_count, 1);
    ck_assert_int_eq(topic->partitions[0].leader, 2);
    ck_assert_int_eq(peer_request(&p, WEIR_API_METADATA, 0)->version, _i);
}
END_TEST

/* ---- brokers come and go ---- */
START_TEST(brokers_move_to_other_addresses) {
    weir_broker_info info;
    peer_connect(&p);
    asker_call(&p, WEIR_TARGET_BROKER, 2);
    p.moved[2] = true;
    refresh();
    peer_settle(&p);
    ck_assert(!p.links[1].open); /* the link to the old address is closed */
    ck_assert_int_eq(asker_call(&p, WEIR_TARGET_BROKER, 2), 2);
    ck_assert(weir_client_broker(p.client, 2, &info));
    ck_assert_int_eq(info.port, 9012);
}
END_TEST

START_TEST(brokers_that_are_gone_are_dropped) {
    weir_broker_info info;
    peer_connect(&p);
    refresh();
    ck_assert(weir_client_broker(p.client, 2, &info));
    p.unlisted[1] = true;
    refresh();
    ck_assert(!weir_client_broker(p.client, 2, &info));
    p.unlisted[1] = false;
    refresh();
    ck_assert(weir_client_broker(p.client, 2, &info));
}
END_TEST

START_TEST(gone_brokers_with_links_leave_none_open) {
    peer_connect(&p);
    asker_call(&p, WEIR_TARGET_BROKER, 1);
    p.unlisted[1] = p.down[1] = true;
    refresh();
    refresh();
    p.unlisted[1] = p.down[1] = false;
    for (int32_t n = 2; n >= 0; n--) /* numbers of links are used again: the peer fails if one was not closed */
        ck_assert_int_eq(asker_call(&p, WEIR_TARGET_BROKER, n), n);
}
END_TEST

/* Every known broker has moved and nobody answers: the addresses of the configuration may still be good. */
START_TEST(bootstrap_again) {
    memcpy(p.config.bootstrap_servers, "b2:9002", 8);
    peer_connect(&p);
    refresh();
    for (int n = 0; n < PEER_BROKERS; n++)
        p.moved[n] = true;
    refresh();
    p.moved_down = true;
    peer_settle(&p);
    for (uint32_t n = 0; n < PEER_LINKS; n++) {
        if (p.links[n].open)
            weir_client_closed(p.client, n, "connection reset by peer", p.now);
        p.links[n].open = false;
    }
    memset(p.moved, 0, sizeof p.moved);
    weir_time_us begun = p.now;
    asker_call(&p, WEIR_TARGET_ANY, 0);
    ck_assert_msg(p.now - begun < 10 * SECOND, "%lld", (long long)(p.now - begun));
}
END_TEST

int main(void) {
    Suite *suite = suite_create("metadata");
    TCase *c = tcase_create("metadata");
    tcase_set_timeout(c, 60);
    tcase_add_checked_fixture(c, set_up, tear_down);
    tcase_add_test(c, brokers_are_learnt);
    tcase_add_test(c, bootstrap_addresses_are_adopted_with_their_links);
    tcase_add_test(c, any_bootstrap_address_will_do);
    tcase_add_test(c, bad_bootstrap_addresses);
    tcase_add_test(c, numeric_addresses);
    tcase_add_test(c, older_leader_epochs_are_passed_over);
    tcase_add_test(c, partitions_never_shrink);
    tcase_add_test(c, hole_in_the_partitions_is_not_believed);
    tcase_add_test(c, leaderless_partitions_are_asked_about_again);
    tcase_add_test(c, missing_topics);
    tcase_add_test(c, recreated_topics_have_another_id);
    tcase_add_test(c, topics_are_asked_for_together);
    tcase_add_test(c, metadata_ages);
    tcase_add_loop_test(c, every_version_of_metadata, 0, 14);
    tcase_add_test(c, brokers_move_to_other_addresses);
    tcase_add_test(c, brokers_that_are_gone_are_dropped);
    tcase_add_test(c, gone_brokers_with_links_leave_none_open);
    tcase_add_test(c, bootstrap_again);
    suite_add_tcase(suite, c);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
