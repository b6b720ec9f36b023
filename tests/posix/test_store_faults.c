/* The store while system calls fail. write, fsync, rename and close of the library are those defined here, which pass
   on to the system or fail, as the test asks. */
#include "checks.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <weir/posix.h>

#include "store.h"

typedef struct script {
    size_t write_max;    /* bytes that one write takes; 0: all */
    size_t write_room;   /* bytes until writes fail with write_error */
    int write_error;     /* 0: writes do not fail */
    int fsync_countdown; /* the nth fsync fails with fsync_error */
    int fsync_error;
    int rename_error;
    int interruptions; /* so many calls fail with EINTR first */
    int writes, fsyncs;
} script;

static script now_playing;

static bool interrupted(void) {
    errno = EINTR;
    return now_playing.interruptions > 0 && now_playing.interruptions-- > 0;
}

ssize_t write(int fd, const void *p, size_t size) {
    script *s = &now_playing;
    if (fd > 2) {
        s->writes++;
        if (interrupted())
            return -1;
        if (s->write_max > 0 && size > s->write_max)
            size = s->write_max;
        if (s->write_error && size > s->write_room)
            size = s->write_room;
        if (s->write_error && size == 0) {
            errno = s->write_error;
            return -1;
        }
        s->write_room -= s->write_error ? size : 0;
    }
    return syscall(SYS_write, fd, p, size);
}

int fsync(int fd) {
    script *s = &now_playing;
    s->fsyncs++;
    if (interrupted())
        return -1;
    if (s->fsync_countdown > 0 && --s->fsync_countdown == 0) {
        errno = s->fsync_error;
        return -1;
    }
    return (int)syscall(SYS_fsync, fd);
}

int renameat(int from_fd, const char *from, int to_fd, const char *to) {
    if (now_playing.rename_error) {
        errno = now_playing.rename_error;
        return -1;
    }
    return (int)syscall(SYS_renameat2, from_fd, from, to_fd, to, 0);
}

static char base[64], path[128];
static weir_fault fault;
static weir__store *store;
static const weir_bytes bytes_one = {(const uint8_t *)"checkpoint one", 14};
static const weir_bytes bytes_two = {(const uint8_t *)"checkpoint two", 14};

static void play(script s) {
    now_playing = s;
}

static void setup(void) {
    play((script){0});
    snprintf(base, sizeof base, "/tmp/weir-faults-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(base));
    ck_assert_int_eq(weir__store_open(&store, weir_posix_malloc(), base, "job", &fault), WEIR_OK);
    ck_assert_int_eq(weir__store_save(store, 0, bytes_one, &fault), WEIR_OK);
    weir_fault_clear(&fault);
}

static void teardown(void) {
    char command[96];
    play((script){0});
    weir__store_close(store);
    snprintf(command, sizeof command, "rm -r %s", base);
    ck_assert_int_eq(system(command), 0);
}

/* After whatever has failed: the newest checkpoint is whole, nothing is left over, and the next save works. */
static void expect_recovery(void) {
    weir__stored files[2];
    play((script){0});
    snprintf(path, sizeof path, "%s/checkpoint.tmp", base);
    ck_assert_int_eq(access(path, F_OK), -1);
    ck_assert_int_eq(weir__store_load(store, files, &fault), WEIR_OK);
    ck_assert_uint_eq(files[0].len, bytes_one.len);
    ck_assert_mem_eq(files[0].p, bytes_one.p, bytes_one.len);
    weir__store_free_loaded(store, files);
    ck_assert_int_eq(weir__store_save(store, 1, bytes_two, &fault), WEIR_OK);
    ck_assert_int_eq(weir__store_load(store, files, &fault), WEIR_OK);
    ck_assert_mem_eq(files[1].p, bytes_two.p, bytes_two.len);
    weir__store_free_loaded(store, files);
}

static void expect_failure(const char *words) {
    ck_assert_int_eq(weir__store_save(store, 1, bytes_two, &fault), WEIR_E_STORE);
    ck_assert_int_eq(fault.err, WEIR_E_STORE);
    if (!strstr(fault.text, words))
        ck_abort_msg("\"%s\" lacks \"%s\"", fault.text, words);
    ck_assert_ptr_nonnull(strstr(fault.text, base));
}

START_TEST(full_disk) {
    play((script){.write_error = ENOSPC, .write_room = 5});
    expect_failure("checkpoint.tmp: no space left on device; free some space; the checkpoint before this one is whole");
    expect_recovery();
}
END_TEST

START_TEST(file_size_limit_of_the_system) {
    struct rlimit before, five = {5, 5};
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
    five.rlim_max = before.rlim_max;
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &five), 0);
    weir_err err = weir__store_save(store, 1, bytes_two, &fault);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
    ck_assert_int_eq(err, WEIR_E_STORE);
    ck_assert_ptr_nonnull(strstr(fault.text, "file too large; raise the limit on file sizes (ulimit -f)"));
    expect_recovery();
}
END_TEST

START_TEST(failed_fsync_is_not_repeated) {
    play((script){.fsync_countdown = 1, .fsync_error = EIO});
    expect_failure("cannot sync ");
    ck_assert_int_eq(now_playing.fsyncs, 1);
    expect_recovery();
}
END_TEST

START_TEST(failed_fsync_of_the_folder_fails_the_save) {
    play((script){.fsync_countdown = 2, .fsync_error = EIO});
    expect_failure("cannot sync the folder of ");
    ck_assert_int_eq(now_playing.fsyncs, 2);
    expect_recovery();
}
END_TEST

START_TEST(folder_that_cannot_be_synced_is_accepted) {
    play((script){.fsync_countdown = 2, .fsync_error = EINVAL});
    ck_assert_int_eq(weir__store_save(store, 1, bytes_two, &fault), WEIR_OK);
    play((script){.fsync_countdown = 1, .fsync_error = EINVAL});
    expect_failure("cannot sync "); /* but not such a file */
}
END_TEST

START_TEST(failed_rename) {
    play((script){.rename_error = EROFS});
    expect_failure("read-only file system; use a --checkpoint-dir that is writable");
    expect_recovery();
}
END_TEST

START_TEST(short_writes_and_signals) {
    play((script){.write_max = 3, .interruptions = 4});
    ck_assert_int_eq(weir__store_save(store, 1, bytes_two, &fault), WEIR_OK);
    ck_assert_int_eq(now_playing.writes, 4 + 5);
    play((script){.interruptions = 1});
    expect_recovery();
}
END_TEST

START_TEST(new_folders_are_synced_into_their_parents) {
    weir__store_close(store);
    play((script){0});
    snprintf(path, sizeof path, "%s/new/newer", base);
    ck_assert_int_eq(weir__store_open(&store, weir_posix_malloc(), path, "job", &fault), WEIR_OK);
    ck_assert_int_eq(now_playing.fsyncs, 2 + 1); /* one more for what an earlier process may have left unsynced */
    weir__store_close(store);
    snprintf(path, sizeof path, "%s/other", base);
    play((script){.fsync_countdown = 1, .fsync_error = EIO});
    ck_assert_int_eq(weir__store_open(&store, weir_posix_malloc(), path, "job", &fault), WEIR_E_STORE);
    ck_assert_ptr_nonnull(strstr(fault.text, "check the disk"));
}
END_TEST

/* What is read may have been renamed by a process that died before it could sync the folder. */
START_TEST(folder_is_synced_before_it_is_read) {
    weir__store_close(store);
    play((script){0});
    ck_assert_int_eq(weir__store_open(&store, weir_posix_malloc(), base, "job", &fault), WEIR_OK);
    ck_assert_int_eq(now_playing.fsyncs, 1);
    weir__store_close(store);
    play((script){.fsync_countdown = 1, .fsync_error = EIO});
    ck_assert_int_eq(weir__store_open(&store, weir_posix_malloc(), base, "job", &fault), WEIR_E_STORE);
    ck_assert_ptr_null(store);
}
END_TEST

START_TEST(lock_that_cannot_be_written) {
    weir__store_close(store);
    play((script){.write_error = ENOSPC});
    ck_assert_int_eq(weir__store_open(&store, weir_posix_malloc(), base, "job", &fault), WEIR_E_STORE);
    ck_assert_ptr_nonnull(strstr(fault.text, "no space left on device; free some space"));
    ck_assert_ptr_null(store);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("posix store faults");
    TCase *tests = tcase_create("faults");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, full_disk);
    tcase_add_test(tests, file_size_limit_of_the_system);
    tcase_add_test(tests, failed_fsync_is_not_repeated);
    tcase_add_test(tests, failed_fsync_of_the_folder_fails_the_save);
    tcase_add_test(tests, folder_that_cannot_be_synced_is_accepted);
    tcase_add_test(tests, failed_rename);
    tcase_add_test(tests, short_writes_and_signals);
    tcase_add_test(tests, new_folders_are_synced_into_their_parents);
    tcase_add_test(tests, folder_is_synced_before_it_is_read);
    tcase_add_test(tests, lock_that_cannot_be_written);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
