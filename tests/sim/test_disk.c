/* The disk that loses power, by itself and under the real store. */
#include <check.h>
#include <errno.h>
#include <string.h>

#include <weir/posix.h>

#include "disk.h"
#include "store.h"

static sim_disk d;
static weir__store *store;
static weir_fault fault;
static int fails_at, error; /* the call that fails, counted down; with which errno value */

static int fail_once(void *user, disk_call call) {
    (void)user;
    (void)call;
    return fails_at == 0 || --fails_at > 0 ? 0 : error;
}

static void setup(void) {
    disk_init(&d);
    fails_at = 0;
    ck_assert_int_eq(weir__store_over(&store, weir_posix_malloc(), &d.files, "disk", &fault), WEIR_OK);
    d.fault = fail_once;
}

static void teardown(void) {
    weir__store_close(store);
    disk_free(&d);
}

/* The power goes and comes back, and a new process opens the folder. */
static void lose_power(uint64_t seed) {
    weir__rng rng;
    weir__rng_init(&rng, seed);
    fails_at = 0;
    weir__store_close(store);
    disk_crash(&d, &rng);
    ck_assert_int_eq(weir__store_over(&store, weir_posix_malloc(), &d.files, "disk", &fault), WEIR_OK);
}

static weir_err save(int slot, const char *text) {
    return weir__store_save(store, slot, (weir_bytes){(const uint8_t *)text, (uint32_t)strlen(text)}, &fault);
}

static bool holds(int slot, const char *text) {
    weir__stored files[2];
    ck_assert_int_eq(weir__store_load(store, files, &fault), WEIR_OK);
    bool same =
        files[slot].len == strlen(text) && (files[slot].len == 0 || !memcmp(files[slot].p, text, files[slot].len));
    weir__store_free_loaded(store, files);
    return same;
}

START_TEST(what_is_saved_survives_power_loss) {
    ck_assert_int_eq(save(0, "one"), WEIR_OK);
    ck_assert_int_eq(save(1, "two"), WEIR_OK);
    ck_assert_int_eq(save(0, "three"), WEIR_OK);
    lose_power((uint64_t)_i);
    ck_assert(holds(0, "three"));
    ck_assert(holds(1, "two"));
    ck_assert_uint_eq(disk_certain(&d, "checkpoint.a").len, 5);
}
END_TEST

/* Whatever call fails, the file that is not being replaced is whole, and the one that is holds the old or the new. */
START_TEST(a_failed_save_spoils_nothing) {
    static const int errors[] = {EIO, ENOSPC};
    for (int n = 0; n < 2; n++) {
        for (int at = 1; at < 10; at++) {
            ck_assert_int_eq(save(0, "old"), WEIR_OK);
            ck_assert_int_eq(save(1, "other"), WEIR_OK);
            fails_at = at;
            error = errors[n];
            bool saved = save(0, "new") == WEIR_OK;
            fails_at = 0;
            if (_i % 2)
                lose_power((uint64_t)_i);
            ck_assert(holds(1, "other"));
            ck_assert(saved ? holds(0, "new") : holds(0, "old") || holds(0, "new"));
        }
    }
}
END_TEST

START_TEST(death_in_a_save_spoils_nothing) {
    ck_assert_int_eq(save(0, "old"), WEIR_OK);
    ck_assert_int_eq(save(1, "other"), WEIR_OK);
    fails_at = 1 + _i % 7;
    error = EIO;
    (void)save(0, "new");
    d.dead = true;
    ck_assert_int_eq(save(0, "never"), WEIR_E_STORE);
    lose_power((uint64_t)_i);
    ck_assert(holds(1, "other"));
    ck_assert(holds(0, "old") || holds(0, "new"));
}
END_TEST

/* Without the syncs everything may come out: that is what they are for. */
START_TEST(what_is_not_synced_may_be_lost_torn_or_kept) {
    static uint8_t bytes[3 * DISK_BLOCK];
    bool lost = false, kept = false, torn = false;
    memset(bytes, 'x', sizeof bytes);
    for (uint64_t seed = 0; seed < 200; seed++) {
        weir__rng rng;
        weir__rng_init(&rng, seed);
        int file = d.files.create(&d.files, "checkpoint.a");
        ck_assert_int_ge(file, 0);
        ck_assert_int_eq(d.files.write(&d.files, file, bytes, sizeof bytes), sizeof bytes);
        ck_assert_int_eq(d.files.close(&d.files, file), 0);
        ck_assert_uint_eq(disk_certain(&d, "checkpoint.a").len, 0);
        disk_crash(&d, &rng);
        weir_bytes seen = disk_seen(&d, "checkpoint.a");
        bool whole = seen.len == sizeof bytes && memcmp(seen.p, bytes, sizeof bytes) == 0;
        lost = lost || seen.len == 0;
        kept = kept || whole;
        torn = torn || (seen.len > 0 && !whole);
        disk_take_away(&d, "checkpoint.a");
    }
    ck_assert(lost && kept && torn);
}
END_TEST

START_TEST(a_sync_after_a_failed_one_is_a_lie) {
    weir__rng rng;
    weir__rng_init(&rng, 1);
    int file = d.files.create(&d.files, "checkpoint.a");
    ck_assert_int_eq(d.files.write(&d.files, file, "abc", 3), 3);
    fails_at = 1;
    error = EIO;
    ck_assert_int_eq(d.files.sync(&d.files, file), -1);
    ck_assert_int_eq(d.files.sync(&d.files, file), 0);
    ck_assert_int_eq(d.files.sync_names(&d.files), 0);
    ck_assert_uint_eq(disk_seen(&d, "checkpoint.a").len, 3);
    ck_assert_uint_eq(disk_certain(&d, "checkpoint.a").len, 0);
    ck_assert_int_eq(d.files.close(&d.files, file), 0);
    disk_crash(&d, &rng);
    weir_bytes seen = disk_seen(&d, "checkpoint.a");
    ck_assert(seen.len != 3 || memcmp(seen.p, "abc", 3) != 0);
}
END_TEST

START_TEST(a_copy_holds_what_is_seen_but_not_the_temporary_file) {
    sim_disk copy;
    disk_init(&copy);
    ck_assert_int_eq(save(1, "two"), WEIR_OK);
    ck_assert_int_ge(d.files.create(&d.files, "checkpoint.tmp"), 0);
    disk_copy(&copy, &d);
    ck_assert_uint_eq(disk_certain(&copy, "checkpoint.b").len, 3);
    ck_assert_uint_eq(disk_seen(&copy, "checkpoint.a").len, 0);
    ck_assert_int_eq(copy.names[2], -1);
    disk_free(&copy);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("sim disk");
    TCase *tests = tcase_create("disk");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_loop_test(tests, what_is_saved_survives_power_loss, 0, 20);
    tcase_add_loop_test(tests, a_failed_save_spoils_nothing, 0, 20);
    tcase_add_loop_test(tests, death_in_a_save_spoils_nothing, 0, 70);
    tcase_add_test(tests, what_is_not_synced_may_be_lost_torn_or_kept);
    tcase_add_test(tests, a_sync_after_a_failed_one_is_a_lie);
    tcase_add_test(tests, a_copy_holds_what_is_seen_but_not_the_temporary_file);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int count = srunner_ntests_failed(runner);
    srunner_free(runner);
    return count != 0;
}
