/* Lists of names, and Kafka's choice of a partition for a key. */
#include "suite.h"

#include "names.h"
#include "text.h"

START_TEST(lists) {
    const char *list = "a,bc,,d";
    weir_str name;
    ck_assert(cli_next_name(&list, &name) && weir_str_equal(name, weir_str_of("a")));
    ck_assert(cli_next_name(&list, &name) && weir_str_equal(name, weir_str_of("bc")));
    ck_assert(cli_next_name(&list, &name) && name.len == 0);
    ck_assert(cli_next_name(&list, &name) && weir_str_equal(name, weir_str_of("d")));
    ck_assert(!cli_next_name(&list, &name));
}
END_TEST

/* The hashes are those of Kafka's own test of Utils.murmur2. */
START_TEST(key_partitions) {
    static const struct {
        const char *key;
        int32_t hash;
    } samples[] = {{"21", -973932308},
                   {"foobar", -790332482},
                   {"a-little-bit-long-string", -985981536},
                   {"a-little-bit-longer-string", -1486304829},
                   {"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971},
                   {"abc", 479470107}};
    for (size_t n = 0; n < sizeof samples / sizeof samples[0]; n++)
        for (int32_t partitions = 1; partitions < 100; partitions += 7)
            ck_assert_int_eq(cli_key_partition(samples[n].key, strlen(samples[n].key), partitions),
                             (samples[n].hash & 0x7fffffff) % partitions);
}
END_TEST

START_TEST(numbers) {
    static const char *const bad[] = {"", "-", "x", "1x", " 1", "+1", "1 ", "0x1", "9223372036854775808"};
    int64_t number = 5;
    for (size_t n = 0; n < sizeof bad / sizeof bad[0]; n++)
        ck_assert_msg(!cli_number(bad[n], &number), "taken: '%s'", bad[n]);
    ck_assert_int_eq(number, 5);
    ck_assert(cli_number("-9223372036854775808", &number) && number == INT64_MIN);
    ck_assert(cli_number("0", &number) && number == 0);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {lists, key_partitions, numbers};
    return RUN_SUITE("names", tests);
}
