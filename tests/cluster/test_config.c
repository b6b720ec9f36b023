/* The table of properties, and what is said about wrong ones. */
#include "checks.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weir/config.h>

static weir_config config;
static weir_fault fault;

static void set_up(void) {
    weir_config_init(&config, WEIR_SIDE_BOTH);
    weir_fault_clear(&fault);
}

#define ck_text(part) ck_assert_msg(strstr(fault.text, part) != NULL, "fault: %s", fault.text)

static void refused(const char *key, const char *value) {
    weir_config before = config;
    ck_assert_int_eq(weir_config_set(&config, key, value, &fault), WEIR_E_CONFIG);
    ck_assert_int_eq(fault.err, WEIR_E_CONFIG);
    ck_assert_mem_eq(&before, &config, sizeof config);
}

START_TEST(keys_ascend) {
    const weir_option *option, *before = weir_option_at(0);
    size_t count = 1;
    for (; (option = weir_option_at(count)) != NULL; count++) {
        ck_assert_msg(strcmp(before->key, option->key) < 0, "%s after %s", option->key, before->key);
        before = option;
    }
    ck_assert_uint_gt(count, 20);
    ck_assert_ptr_null(weir_option_at(count + 100));
}
END_TEST

START_TEST(every_default_is_valid) {
    const weir_option *option;
    for (size_t n = 0; (option = weir_option_at(n)) != NULL; n++) {
        weir_config fresh = config;
        ck_assert_msg(weir_config_set(&fresh, option->key, option->standard, &fault) == WEIR_OK, "%s", fault.text);
        ck_assert_mem_eq(&fresh, &config, sizeof config);
        ck_assert_uint_gt(strlen(option->doc), 10);
        ck_assert(option->sides != 0 && (option->sides & ~WEIR_SIDE_BOTH) == 0);
    }
    ck_assert_int_eq(weir_config_set(&config, "bootstrap.servers", "a:1", &fault), WEIR_OK);
    ck_assert_int_eq(weir_config_check(&config, &fault), WEIR_OK);
}
END_TEST

START_TEST(numbers_have_ranges) {
    const weir_option *option;
    for (size_t n = 0; (option = weir_option_at(n)) != NULL; n++) {
        char text[32], want[32];
        if (option->kind != WEIR_OPTION_INT)
            continue;
        snprintf(text, sizeof text, "%lld", (long long)option->min);
        ck_assert_int_eq(weir_config_set(&config, option->key, text, &fault), WEIR_OK);
        snprintf(text, sizeof text, "%lld", (long long)option->max);
        ck_assert_int_eq(weir_config_set(&config, option->key, text, &fault), WEIR_OK);
        ck_assert_int_eq(*(const int64_t *)(const void *)((const char *)&config + option->offset), option->max);
        snprintf(text, sizeof text, "%lld", (long long)option->min - 1);
        refused(option->key, text);
        snprintf(want, sizeof want, "from %lld to %lld", (long long)option->min, (long long)option->max);
        ck_text(want);
        ck_text(option->key);
        if (option->max < INT64_MAX) {
            snprintf(text, sizeof text, "%lld", (long long)option->max + 1);
            refused(option->key, text);
        }
        refused(option->key, "");
        refused(option->key, "12x");
        refused(option->key, " 12");
        refused(option->key, "99999999999999999999");
    }
}
END_TEST

START_TEST(choices_are_words) {
    ck_assert_int_eq(weir_config_set(&config, "compression.type", "zstd", &fault), WEIR_OK);
    ck_assert_int_eq(config.compression_type, WEIR_COMPRESSION_ZSTD);
    ck_assert_int_eq(weir_config_set(&config, "compression.type", "none", &fault), WEIR_OK);
    ck_assert_int_eq(config.compression_type, WEIR_COMPRESSION_NONE);
    ck_assert_int_eq(weir_config_set(&config, "delivery.guarantee", "at-least-once", &fault), WEIR_OK);
    ck_assert_int_eq(config.delivery_guarantee, WEIR_DELIVERY_AT_LEAST_ONCE);
    ck_assert_int_eq(weir_config_set(&config, "isolation.level", "read_uncommitted", &fault), WEIR_OK);
    ck_assert_int_eq(config.isolation_level, WEIR_READ_UNCOMMITTED);
    refused("compression.type", "zst");
    refused("compression.type", "zstdd");
    refused("compression.type", "none|gzip");
    refused("compression.type", "");
    ck_text("none|gzip|snappy|lz4|zstd");
}
END_TEST

START_TEST(text_is_bounded) {
    char text[WEIR_CLIENT_ID_MAX + 1];
    memset(text, 'x', sizeof text);
    text[WEIR_CLIENT_ID_MAX] = '\0';
    refused("client.id", text);
    ck_text("client.id");
    text[WEIR_CLIENT_ID_MAX - 1] = '\0';
    ck_assert_int_eq(weir_config_set(&config, "client.id", text, &fault), WEIR_OK);
    ck_assert_str_eq(config.client_id, text);
}
END_TEST

START_TEST(unknown_keys_name_the_nearest) {
    static const char *const pairs[][2] = {
        {"bootstrap.server", "'bootstrap.servers'"},
        {"batchsize", "'batch.size'"},
        {"linger.us", "'linger.ms'"},
        {"transaction.timeout", "'transaction.timeout.ms'"},
        {"fetch.max.byte", "'fetch.max.bytes'"},
    };
    for (size_t n = 0; n < sizeof pairs / sizeof pairs[0]; n++) {
        refused(pairs[n][0], "1");
        ck_text(pairs[n][0]);
        ck_text(pairs[n][1]);
    }
    config.sides = WEIR_SIDE_SINK; /* the nearest one must be of use here */
    refused("fetch.max.bytez", "1");
    ck_assert_ptr_null(strstr(fault.text, "'fetch.max.bytes'"));
    char longest[200];
    memset(longest, 'q', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    refused(longest, "1");
    refused("", "1");
}
END_TEST

START_TEST(keys_of_the_other_side) {
    weir_config_init(&config, WEIR_SIDE_SOURCE);
    refused("linger.ms", "1");
    ck_text("property of the sink");
    weir_config_init(&config, WEIR_SIDE_SINK);
    refused("isolation.level", "read_committed");
    ck_text("property of the source");
    ck_assert_int_eq(weir_config_set(&config, "client.id", "x", &fault), WEIR_OK);
}
END_TEST

static void check_refuses(const char *part) {
    ck_assert_int_eq(weir_config_check(&config, &fault), WEIR_E_CONFIG);
    ck_text(part);
}

START_TEST(properties_fit_together) {
    check_refuses("bootstrap.servers");
    memcpy(config.bootstrap_servers, "a:1", 4);
    config.delivery_timeout_ms = config.linger_ms + config.request_timeout_ms;
    ck_assert_int_eq(weir_config_check(&config, &fault), WEIR_OK);
    config.delivery_timeout_ms--;
    check_refuses("delivery.timeout.ms (30004)");
    config.sides = WEIR_SIDE_SOURCE;
    ck_assert_int_eq(weir_config_check(&config, &fault), WEIR_OK);
    weir_config_init(&config, WEIR_SIDE_SINK);
    memcpy(config.bootstrap_servers, "a:1", 4);
    config.buffer_memory = 2 * config.max_request_size;
    ck_assert_int_eq(weir_config_check(&config, &fault), WEIR_OK);
    config.buffer_memory--;
    check_refuses("at least 2097152");
    config.buffer_memory++;
    config.retry_backoff_ms = config.retry_backoff_max_ms + 1;
    check_refuses("back-off");
}
END_TEST

int main(void) {
    Suite *suite = suite_create("config");
    TCase *c = tcase_create("config");
    tcase_add_checked_fixture(c, set_up, NULL);
    tcase_add_test(c, keys_ascend);
    tcase_add_test(c, every_default_is_valid);
    tcase_add_test(c, numbers_have_ranges);
    tcase_add_test(c, choices_are_words);
    tcase_add_test(c, text_is_bounded);
    tcase_add_test(c, unknown_keys_name_the_nearest);
    tcase_add_test(c, keys_of_the_other_side);
    tcase_add_test(c, properties_fit_together);
    suite_add_tcase(suite, c);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
