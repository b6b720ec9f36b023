/* The host over loopback sockets, with a fake client above and the test itself as the peer. */
#include "checks.h"
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <weir/posix.h>

#include "fake_client.h"
#include "peer.h"
#include "socket.h"

#define MS          INT64_C(1000)
#define PATIENCE_US (10000 * MS)
#define BIG         ((size_t)8 << 20)

/* An allocator that refuses the nth take. */
typedef struct flaky {
    weir_alloc alloc;
    int takes, refused;
    size_t used;
} flaky;

static void *flaky_take(weir_alloc *self, size_t size) {
    flaky *f = (flaky *)self;
    if (f->takes++ == f->refused)
        return NULL;
    f->used += size;
    return malloc(size);
}

static void flaky_give(weir_alloc *self, void *p, size_t size) {
    ((flaky *)self)->used -= size;
    free(p);
}

static flaky memory;
static weir_posix *posix;
static weir_client client;
static int listener, peer;
static uint16_t port;
static uint8_t small[64];

static void setup(void) {
    memory = (flaky){{flaky_take, flaky_give}, 0, -1, 0};
    fake_init(&client);
    ck_assert_int_eq(weir_posix_new(&posix, &memory.alloc), WEIR_OK);
    ck_assert_int_eq(weir_posix_add(posix, &client), WEIR_OK);
    listener = peer_listen("127.0.0.1", 8, &port);
    peer = -1;
}

static void teardown(void) {
    weir_posix_free(posix);
    ck_assert_uint_eq(memory.used, 0);
    close(listener);
    if (peer >= 0)
        close(peer);
}

static weir_err step(weir_time_us wait_us) {
    return weir_posix_step(posix, weir_posix_now() + wait_us);
}

/* Steps until *counter reaches `wanted`, for a bounded time. */
static void step_until(const int *counter, int wanted) {
    weir_time_us end = weir_posix_now() + PATIENCE_US;
    while (*counter < wanted && weir_posix_now() < end)
        ck_assert_int_eq(step(20 * MS), WEIR_OK);
    ck_assert_int_eq(*counter, wanted);
}

/* A client with link 0 up, and `peer` as its other end. */
static void connect_link(size_t in_room) {
    client.links[0].in = small;
    client.links[0].in_room = in_room;
    fake_open(&client, 0, "127.0.0.1", port);
    step_until(&client.links[0].opened, 1);
    peer = peer_accept(listener);
    ck_assert_int_ge(peer, 0);
}

static void step_until_received(size_t wanted) {
    weir_time_us end = weir_posix_now() + PATIENCE_US;
    while (client.links[0].received < wanted && weir_posix_now() < end)
        ck_assert_int_eq(step(20 * MS), WEIR_OK);
    ck_assert_uint_eq(client.links[0].received, wanted);
}

START_TEST(bytes_go_both_ways) {
    uint8_t got[16];
    connect_link(sizeof small);
    client.links[0].out = (const uint8_t *)"request";
    client.links[0].out_len = 7;
    client.links[0].slice_len = 3;
    ck_assert_int_eq(step(0), WEIR_OK);
    ck_assert_uint_eq(client.links[0].sent, 7);
    ck_assert_int_eq(recv(peer, got, sizeof got, 0), 7);
    ck_assert_mem_eq(got, "request", 7);
    ck_assert_int_eq(send(peer, "response", 8, 0), 8);
    step_until_received(8);
    ck_assert_mem_eq(small, "response", 8);
}
END_TEST

/* More than any socket buffer holds, in slices of a size that does not divide it, through a peer that reads late. */
START_TEST(partial_writes_lose_nothing) {
    uint8_t *out = malloc(BIG), *got = malloc(BIG);
    size_t got_len = 0;
    for (size_t i = 0; i < BIG; i++)
        out[i] = (uint8_t)(i * 31 >> 3);
    connect_link(sizeof small);
    client.links[0].out = out;
    client.links[0].out_len = BIG;
    client.links[0].slice_len = 4093;
    /* The peer does not read: the system's buffers fill, and then the host waits instead of spinning. */
    for (size_t before = 1; before != client.links[0].sent;) {
        before = client.links[0].sent;
        ck_assert_int_eq(step(20 * MS), WEIR_OK);
    }
    ck_assert_uint_lt(client.links[0].sent, BIG);
    weir_time_us begin = weir_posix_now();
    step(30 * MS);
    ck_assert_int_ge(weir_posix_now() - begin, 30 * MS);
    weir_time_us end = weir_posix_now() + PATIENCE_US;
    while (got_len < BIG && weir_posix_now() < end) {
        ssize_t n = recv(peer, got + got_len, BIG - got_len, 0);
        got_len += n > 0 ? (size_t)n : 0;
        ck_assert_int_eq(step(n > 0 ? 0 : 5 * MS), WEIR_OK);
    }
    ck_assert_uint_eq(got_len, BIG);
    ck_assert(memcmp(out, got, BIG) == 0);
    free(out);
    free(got);
}
END_TEST

START_TEST(large_responses_arrive_whole) {
    uint8_t *out = malloc(BIG), *in = malloc(BIG);
    size_t sent = 0;
    for (size_t i = 0; i < BIG; i++)
        out[i] = (uint8_t)(i * 17 >> 4);
    connect_link(sizeof small);
    client.links[0].in = in;
    client.links[0].in_room = BIG;
    weir_time_us end = weir_posix_now() + PATIENCE_US;
    while (client.links[0].received < BIG && weir_posix_now() < end) {
        ssize_t n = sent < BIG ? send(peer, out + sent, BIG - sent, 0) : 0;
        sent += n > 0 ? (size_t)n : 0;
        ck_assert_int_eq(step(5 * MS), WEIR_OK);
    }
    ck_assert(memcmp(out, in, BIG) == 0);
    free(out);
    free(in);
}
END_TEST

START_TEST(refused_connection_is_reported) {
    uint16_t closed_port;
    int bound = peer_listen("127.0.0.1", -1, &closed_port);
    fake_open(&client, 2, "127.0.0.1", closed_port);
    step_until(&client.links[2].open_failed, 1);
    ck_assert_str_eq(client.links[2].error, "connection refused");
    close(bound);
}
END_TEST

START_TEST(unknown_name_is_reported) {
    fake_open(&client, 0, "no such host", 9092);
    step_until(&client.links[0].open_failed, 1);
    ck_assert_ptr_nonnull(strstr(client.links[0].error, "cannot resolve no such host: "));
}
END_TEST

START_TEST(name_is_looked_up) {
    fake_open(&client, 0, "localhost", port);
    step_until(&client.links[0].opened, 1);
}
END_TEST

START_TEST(peer_that_closes_is_reported) {
    connect_link(sizeof small);
    ck_assert_int_eq(send(peer, "bye", 3, 0), 3);
    close(peer);
    peer = -1;
    step_until(&client.links[0].closed, 1);
    ck_assert_str_eq(client.links[0].error, "closed by the broker");
    ck_assert_uint_eq(client.links[0].received, 3);
}
END_TEST

START_TEST(reset_is_reported) {
    connect_link(sizeof small);
    peer_reset(peer);
    peer = -1;
    step_until(&client.links[0].closed, 1);
    ck_assert_str_eq(client.links[0].error, "connection reset by peer");
}
END_TEST

/* The last words of a broker that has reset the connection are read although sending has failed first. */
START_TEST(words_before_a_failed_send_are_delivered) {
    connect_link(sizeof small);
    ck_assert_int_eq(send(peer, "why", 3, 0), 3);
    peer_reset(peer);
    peer = -1;
    client.links[0].out = small;
    client.links[0].out_len = client.links[0].slice_len = 1;
    step_until(&client.links[0].closed, 1);
    ck_assert_uint_eq(client.links[0].received, 3);
    ck_assert_mem_eq(small, "why", 3);
}
END_TEST

START_TEST(back_pressure_waits_without_spinning) {
    connect_link(0);
    ck_assert_int_eq(send(peer, "waiting", 7, 0), 7);
    peer_reset(peer);
    peer = -1;
    weir_time_us begin = weir_posix_now();
    int ticks = client.ticks;
    ck_assert_int_eq(step(60 * MS), WEIR_OK);
    ck_assert_int_ge(weir_posix_now() - begin, 60 * MS);
    ck_assert_int_eq(client.ticks - ticks, 1);
    ck_assert_int_eq(client.links[0].closed, 0);
    client.links[0].in_room = sizeof small;
    step_until(&client.links[0].closed, 1);
    ck_assert_uint_eq(client.links[0].received, 7);
}
END_TEST

START_TEST(close_is_obeyed_and_number_used_again) {
    char byte;
    connect_link(sizeof small);
    fake_close(&client, 0);
    fake_close(&client, 5); /* never opened: nothing happens */
    fake_open(&client, 0, "127.0.0.1", port);
    step_until(&client.links[0].opened, 2);
    ck_assert_int_eq(recv(peer, &byte, 1, 0), 0);
    ck_assert_int_eq(client.links[0].closed, 0);
    int second = peer_accept(listener);
    ck_assert_int_ge(second, 0);
    close(second);
}
END_TEST

START_TEST(clients_do_not_disturb_each_other) {
    weir_client other;
    uint8_t space[8];
    fake_init(&other);
    ck_assert_int_eq(weir_posix_add(posix, &other), WEIR_OK);
    other.links[3].in = space;
    other.links[3].in_room = sizeof space;
    connect_link(sizeof small);
    fake_open(&other, 3, "127.0.0.1", port);
    step_until(&other.links[3].opened, 1);
    int second = peer_accept(listener);
    ck_assert_int_eq(send(second, "two", 3, 0), 3);
    ck_assert_int_eq(send(peer, "one", 3, 0), 3);
    step_until_received(3);
    ck_assert_int_eq(step(0), WEIR_OK);
    ck_assert_mem_eq(small, "one", 3);
    ck_assert_uint_eq(other.links[3].received, 3);
    ck_assert_mem_eq(space, "two", 3);
    close(second);
}
END_TEST

START_TEST(deadline_ends_the_wait) {
    weir_time_us deadline = weir_posix_now() + 30 * MS;
    client.deadline = deadline;
    ck_assert_int_eq(weir_posix_step(posix, WEIR_NEVER), WEIR_OK);
    ck_assert_int_ge(client.ticked, deadline);
    ck_assert_int_lt(client.ticked, deadline + PATIENCE_US);
}
END_TEST

static void on_alarm(int signal_number) {
    (void)signal_number;
}

START_TEST(signal_ends_the_wait) {
    struct sigaction action = {.sa_handler = on_alarm};
    struct itimerval soon = {.it_value.tv_usec = 30000};
    connect_link(sizeof small);
    ck_assert_int_eq(sigaction(SIGALRM, &action, NULL), 0);
    ck_assert_int_eq(setitimer(ITIMER_REAL, &soon, NULL), 0);
    weir_time_us begin = weir_posix_now();
    ck_assert_int_eq(step(PATIENCE_US), WEIR_OK);
    ck_assert_int_lt(weir_posix_now() - begin, PATIENCE_US / 2);
}
END_TEST

START_TEST(open_files_used_up_is_reported) {
    struct rlimit limit, none;
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    none = limit;
    none.rlim_cur = (rlim_t)listener + 1;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    fake_open(&client, 0, "127.0.0.1", port);
    ck_assert_int_eq(step(0), WEIR_OK);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    ck_assert_int_eq(client.links[0].open_failed, 1);
    ck_assert_str_eq(client.links[0].error, "too many open files");
    fake_open(&client, 0, "127.0.0.1", port);
    step_until(&client.links[0].opened, 1);
}
END_TEST

/* poll takes no more entries than the process may have files. */
START_TEST(poll_that_fails_does_not_spin) {
    struct rlimit limit, none;
    connect_link(0);
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    none = limit;
    none.rlim_cur = 0;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    weir_time_us begin = weir_posix_now(), end = begin + 100 * MS;
    int steps = 0;
    for (; weir_posix_now() < end; steps++)
        ck_assert_int_eq(weir_posix_step(posix, end), WEIR_E_NO_MEMORY);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    ck_assert_int_le(steps, 20);
    client.links[0].in_room = sizeof small;
    ck_assert_int_eq(write(peer, "x", 1), 1);
    begin = weir_posix_now();
    while (client.links[0].received == 0 && weir_posix_now() < begin + PATIENCE_US)
        ck_assert_int_eq(step(20 * MS), WEIR_OK);
    ck_assert_uint_eq(client.links[0].received, 1);
}
END_TEST

START_TEST(memory_used_up_is_reported) {
    int failures = 0;
    for (int n = 0; n < 4; n++) {
        memory.takes = 0;
        memory.refused = n;
        fake_open(&client, (uint32_t)n, "127.0.0.1", port);
        weir_err err = step(0);
        memory.refused = -1;
        if (err != WEIR_OK) {
            failures++;
            ck_assert_int_eq(err, WEIR_E_NO_MEMORY);
            ck_assert_int_eq(client.links[n].open_failed, 1);
            fake_open(&client, (uint32_t)n, "127.0.0.1", port);
        }
        step_until(&client.links[n].opened, 1);
    }
    ck_assert_int_eq(failures, 2); /* the array for poll, and that of the links */
    memory.takes = memory.refused = 0;
    ck_assert_int_eq(weir_posix_add(posix, &client), WEIR_E_NO_MEMORY);
    weir_posix *second;
    memory.takes = memory.refused = 0;
    ck_assert_int_eq(weir_posix_new(&second, &memory.alloc), WEIR_E_NO_MEMORY);
}
END_TEST

START_TEST(free_closes_sockets) {
    char byte;
    connect_link(sizeof small);
    weir_posix_free(posix);
    posix = NULL;
    ck_assert_int_eq(recv(peer, &byte, 1, 0), 0);
}
END_TEST

START_TEST(call_waits_for_its_end) {
    weir_call call = {.api_key = 3};
    connect_link(sizeof small);
    ck_assert_int_eq(send(peer, "!", 1, 0), 1);
    ck_assert_int_eq(weir_posix_call(posix, &client, &call), WEIR_OK);
    ck_assert(call.finished);
    call.timeout = -1;
    ck_assert_int_eq(weir_posix_call(posix, &client, &call), WEIR_E_CONFIG);
}
END_TEST

/* The end of the call is told while the host still looks for work: it must not wait for anything after that. */
START_TEST(call_that_fails_at_once_does_not_wait) {
    weir_call call = {.api_key = 3};
    fake_open(&client, 0, "no such host", 1);
    ck_assert_int_eq(weir_posix_call(posix, &client, &call), WEIR_E_UNREACHABLE);
}
END_TEST

START_TEST(socket_connected_to_itself_counts_as_refused) {
    uint16_t own_port;
    int fd = peer_listen("127.0.0.1", -1, &own_port);
    struct sockaddr_storage own;
    socklen_t size = sizeof own;
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&own, &size), 0);
    int status = connect(fd, (struct sockaddr *)&own, size);
    ck_assert(status == 0 || errno == EINPROGRESS);
    ck_assert_int_eq(weir__socket_outcome(fd), ECONNREFUSED);
    close(fd);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("posix host");
    TCase *tests = tcase_create("host");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 30);
    tcase_add_test(tests, bytes_go_both_ways);
    tcase_add_test(tests, partial_writes_lose_nothing);
    tcase_add_test(tests, large_responses_arrive_whole);
    tcase_add_test(tests, refused_connection_is_reported);
    tcase_add_test(tests, unknown_name_is_reported);
    tcase_add_test(tests, name_is_looked_up);
    tcase_add_test(tests, peer_that_closes_is_reported);
    tcase_add_test(tests, reset_is_reported);
    tcase_add_test(tests, words_before_a_failed_send_are_delivered);
    tcase_add_test(tests, back_pressure_waits_without_spinning);
    tcase_add_test(tests, close_is_obeyed_and_number_used_again);
    tcase_add_test(tests, clients_do_not_disturb_each_other);
    tcase_add_test(tests, deadline_ends_the_wait);
    tcase_add_test(tests, signal_ends_the_wait);
    tcase_add_test(tests, open_files_used_up_is_reported);
    tcase_add_test(tests, poll_that_fails_does_not_spin);
    tcase_add_test(tests, memory_used_up_is_reported);
    tcase_add_test(tests, free_closes_sockets);
    tcase_add_test(tests, call_waits_for_its_end);
    tcase_add_test(tests, call_that_fails_at_once_does_not_wait);
    tcase_add_test(tests, socket_connected_to_itself_counts_as_refused);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
