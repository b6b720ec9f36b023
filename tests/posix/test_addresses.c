/* Hosts with several addresses. The resolver is replaced: "two.test" has the addresses in `answer`. */
#include <arpa/inet.h>
#include "checks.h"
#include <netdb.h>
#include <string.h>
#include <stdlib.h>
#include <unistd.h>

#include <weir/posix.h>

#include "fake_client.h"
#include "peer.h"

static const char *answer[2];
static struct addrinfo found[2];
static struct sockaddr_in found_in[2];
static int freed;

int getaddrinfo(const char *host, const char *service, const struct addrinfo *hints, struct addrinfo **result) {
    if (strcmp(host, "two.test") != 0 || hints->ai_flags & AI_NUMERICHOST)
        return EAI_NONAME;
    for (int i = 0; i < 2; i++) {
        found_in[i] =
            (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)strtol(service, NULL, 10))};
        inet_pton(AF_INET, answer[i], &found_in[i].sin_addr);
        found[i] = (struct addrinfo){.ai_family = AF_INET,
                                     .ai_socktype = SOCK_STREAM,
                                     .ai_addr = (struct sockaddr *)&found_in[i],
                                     .ai_addrlen = sizeof found_in[i],
                                     .ai_next = i == 0 ? &found[1] : NULL};
    }
    *result = found;
    return 0;
}

void freeaddrinfo(struct addrinfo *list) {
    ck_assert_ptr_eq(list, found);
    freed++;
}

static weir_posix *posix;
static weir_client client;

static void setup(void) {
    fake_init(&client);
    freed = 0;
    ck_assert_int_eq(weir_posix_new(&posix, weir_posix_malloc()), WEIR_OK);
    ck_assert_int_eq(weir_posix_add(posix, &client), WEIR_OK);
}

static void teardown(void) {
    weir_posix_free(posix);
    ck_assert_int_eq(freed, 1);
}

static void connect_to(const char *first, const char *second, uint16_t port) {
    const fake_link *link = &client.links[0];
    weir_time_us end = weir_posix_now() + INT64_C(10000000);
    answer[0] = first;
    answer[1] = second;
    fake_open(&client, 0, "two.test", port);
    while (!link->opened && !link->open_failed && weir_posix_now() < end)
        ck_assert_int_eq(weir_posix_step(posix, end), WEIR_OK);
}

START_TEST(second_address_is_tried) {
    uint16_t port;
    int listener = peer_listen("127.0.0.1", 4, &port);
    connect_to("127.0.0.2", "127.0.0.1", port);
    ck_assert_int_eq(client.links[0].opened, 1);
    ck_assert_int_eq(client.links[0].open_failed, 0);
    close(listener);
}
END_TEST

START_TEST(every_address_is_named_when_all_fail) {
    uint16_t port;
    int bound = peer_listen("127.0.0.1", -1, &port);
    connect_to("127.0.0.2", "127.0.0.1", port);
    ck_assert_int_eq(client.links[0].open_failed, 1);
    ck_assert_str_eq(client.links[0].error, "127.0.0.2: connection refused; 127.0.0.1: connection refused");
    close(bound);
}
END_TEST

/* A listener whose queue is full drops what comes, just as an address behind a broken router. */
START_TEST(silent_address_gives_way) {
    uint16_t port;
    int silent = peer_listen("0.0.0.0", 0, &port);
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};
    inet_pton(AF_INET, "127.0.0.2", &in.sin_addr);
    int fillers[4];
    for (int i = 0; i < 4; i++) {
        fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        (void)connect(fillers[i], (struct sockaddr *)&in, sizeof in);
    }
    weir_time_us begin = weir_posix_now();
    connect_to("127.0.0.2", "255.255.255.255", port);
    ck_assert_int_eq(client.links[0].open_failed, 1);
    ck_assert_ptr_nonnull(strstr(client.links[0].error, "127.0.0.2: connection timed out; 255.255.255.255: "));
    ck_assert_int_ge(weir_posix_now() - begin, INT64_C(1900000));
    ck_assert_int_lt(weir_posix_now() - begin, INT64_C(6000000));
    for (int i = 0; i < 4; i++)
        close(fillers[i]);
    close(silent);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("posix addresses");
    TCase *tests = tcase_create("addresses");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 30);
    tcase_add_test(tests, second_address_is_tried);
    tcase_add_test(tests, every_address_is_named_when_all_fail);
    tcase_add_test(tests, silent_address_gives_way);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
