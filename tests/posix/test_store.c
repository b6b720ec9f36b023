/* The store on a real file system: generations, lock, default folders, and what is found in the way. */
#include "checks.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <weir/posix.h>

#include "store.h"

static char base[64];  /* a fresh folder for each test */
static char dir[128];  /* of the store, not there yet */
static char path[192]; /* scratch */
static weir_budget budget;
static weir_fault fault;
static weir__store *store;

static void setup(void) {
    snprintf(base, sizeof base, "/tmp/weir-store-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(base));
    snprintf(dir, sizeof dir, "%s/deep/er/store", base);
    weir_budget_init(&budget, weir_posix_malloc(), (size_t)1 << 20);
    weir_fault_clear(&fault);
    store = NULL;
}

static void teardown(void) {
    char command[96];
    weir__store_close(store);
    ck_assert_uint_eq(budget.used, 0);
    snprintf(command, sizeof command, "rm -r %s", base);
    ck_assert_int_eq(system(command), 0);
}

static void open_store(void) {
    ck_assert_int_eq(weir__store_open(&store, &budget.alloc, dir, "job", &fault), WEIR_OK);
}

static const char *in_dir(const char *name) {
    snprintf(path, sizeof path, "%s/%s", dir, name);
    return path;
}

static void write_file(const char *name, const char *text) {
    FILE *file = fopen(in_dir(name), "w");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    fclose(file);
}

static weir_bytes bytes_of(const char *text) {
    return (weir_bytes){(const uint8_t *)text, (uint32_t)strlen(text)};
}

static void expect_files(const char *a, const char *b) {
    const char *expected[2] = {a, b};
    weir__stored files[2];
    ck_assert_int_eq(weir__store_load(store, files, &fault), WEIR_OK);
    for (int i = 0; i < 2; i++) {
        ck_assert_uint_eq(files[i].len, strlen(expected[i]));
        ck_assert_int_eq(files[i].p != NULL, files[i].len > 0);
        if (files[i].p)
            ck_assert_mem_eq(files[i].p, expected[i], files[i].len);
    }
    weir__store_free_loaded(store, files);
}

static void expect_text(const char *part) {
    if (!strstr(fault.text, part))
        ck_abort_msg("\"%s\" lacks \"%s\"", fault.text, part);
}

START_TEST(two_generations) {
    struct stat info;
    open_store();
    ck_assert_str_eq(weir__store_dir(store), dir);
    expect_files("", "");
    ck_assert_int_eq(weir__store_save(store, 0, bytes_of("one"), &fault), WEIR_OK);
    expect_files("one", "");
    ck_assert_int_eq(weir__store_save(store, 1, bytes_of("two"), &fault), WEIR_OK);
    ck_assert_int_eq(weir__store_save(store, 0, bytes_of("number three"), &fault), WEIR_OK);
    weir__store_close(store);
    open_store();
    expect_files("number three", "two");
    ck_assert_int_eq(stat(in_dir("checkpoint.a"), &info), 0);
    ck_assert_uint_eq(info.st_mode & 0777, 0600);
    ck_assert_int_eq(stat(dir, &info), 0);
    ck_assert_uint_eq(info.st_mode & 0777, 0700);
    ck_assert_int_eq(access(in_dir("checkpoint.tmp"), F_OK), -1);
}
END_TEST

/* Tries to open the store in a process of its own; its exit status is 0 when it found it locked by `holder`. */
static int try_in_child(pid_t holder) {
    pid_t child = fork();
    if (child == 0) {
        char expected[64];
        weir__store *second;
        snprintf(expected, sizeof expected, "job job is already running: process %ld, started ", (long)holder);
        weir_err err = weir__store_open(&second, weir_posix_malloc(), dir, "job", &fault);
        _exit(err == WEIR_E_LOCKED && fault.err == WEIR_E_LOCKED && strstr(fault.text, expected) &&
                      strstr(fault.text, in_dir("lock"))
                  ? 0
                  : 1);
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

START_TEST(second_process_is_locked_out) {
    open_store();
    ck_assert_int_eq(try_in_child(getpid()), 0);
    ck_assert_int_eq(weir__store_save(store, 0, bytes_of("mine"), &fault), WEIR_OK);
    weir__store_close(store);
    store = NULL;
    ck_assert_int_eq(try_in_child(getpid()), 1);
}
END_TEST

START_TEST(second_store_of_the_process_is_locked_out) {
    weir__store *second;
    open_store();
    ck_assert_int_eq(weir__store_open(&second, &budget.alloc, dir, "job", &fault), WEIR_E_LOCKED);
    ck_assert_ptr_null(second);
    ck_assert_int_eq(try_in_child(getpid()), 0);
}
END_TEST

START_TEST(lock_names_its_last_holder_only) {
    char line[128], more[8];
    open_store();
    weir__store_close(store);
    write_file("lock", "process 12345678901234567890123456789012345678901234567890, started once upon a time\n");
    open_store();
    FILE *file = fopen(in_dir("lock"), "r");
    ck_assert_ptr_nonnull(fgets(line, sizeof line, file));
    ck_assert_ptr_null(fgets(more, sizeof more, file));
    fclose(file);
    ck_assert_int_eq((int)strtol(line + strlen("process "), NULL, 10), getpid());
}
END_TEST

/* A process that is killed while it holds the lock leaves a temporary file, and no lock. */
START_TEST(killed_process_leaves_nothing_in_the_way) {
    int ready[2];
    char byte;
    ck_assert_int_eq(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        weir__store *held;
        if (weir__store_open(&held, weir_posix_malloc(), dir, "job", &fault) != WEIR_OK ||
            weir__store_save(held, 1, bytes_of("old"), &fault) != WEIR_OK)
            _exit(1);
        write_file("checkpoint.tmp", "torn");
        if (write(ready[1], "!", 1) != 1)
            _exit(1);
        pause();
    }
    ck_assert_int_eq(read(ready[0], &byte, 1), 1);
    ck_assert_int_eq(kill(child, SIGKILL), 0);
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
    open_store();
    ck_assert_int_eq(access(in_dir("checkpoint.tmp"), F_OK), -1);
    expect_files("", "old");
    ck_assert_int_eq(weir__store_save(store, 0, bytes_of("new"), &fault), WEIR_OK);
    expect_files("new", "old");
    close(ready[0]);
    close(ready[1]);
}
END_TEST

START_TEST(what_lies_in_place_of_a_file_is_not_touched) {
    open_store();
    ck_assert_int_eq(symlink("/etc/passwd", in_dir("checkpoint.tmp")), 0);
    ck_assert_int_eq(weir__store_save(store, 0, bytes_of("x"), &fault), WEIR_E_STORE);
    ck_assert_int_eq(weir__store_save(store, 0, bytes_of("x"), &fault), WEIR_OK); /* the link has been removed */
    write_file("checkpoint.tmp", "not ours");
    ck_assert_int_eq(weir__store_save(store, 0, bytes_of("y"), &fault), WEIR_E_STORE);
    expect_text("checkpoint.tmp: file exists");
    ck_assert_int_eq(symlink("/etc/passwd", in_dir("checkpoint.b")), 0);
    weir__stored files[2];
    ck_assert_int_eq(weir__store_load(store, files, &fault), WEIR_E_CHECKPOINT);
    expect_text("checkpoint.b: too many levels of symbolic links");
}
END_TEST

START_TEST(unusual_files_are_refused) {
    weir__stored files[2];
    open_store();
    ck_assert_int_eq(mkfifo(in_dir("checkpoint.a"), 0600), 0);
    ck_assert_int_eq(weir__store_load(store, files, &fault), WEIR_E_CHECKPOINT);
    expect_text("checkpoint.a: it is not a regular file");
    ck_assert_int_eq(unlink(in_dir("checkpoint.a")), 0);
    write_file("checkpoint.b", "");
    expect_files("", "");
    ck_assert_int_eq(truncate(in_dir("checkpoint.b"), ((off_t)64 << 20) + 1), 0);
    ck_assert_int_eq(weir__store_save(store, 0, bytes_of("good"), &fault), WEIR_OK);
    ck_assert_int_eq(weir__store_load(store, files, &fault), WEIR_E_CHECKPOINT);
    expect_text("checkpoint.b: it is larger than 64 MiB");
    ck_assert_ptr_null(files[0].p);
}
END_TEST

START_TEST(memory_may_run_out) {
    weir__stored files[2];
    open_store();
    write_file("checkpoint.a", "fits");
    write_file("checkpoint.b", "");
    ck_assert_int_eq(truncate(in_dir("checkpoint.b"), (off_t)2 << 20), 0);
    ck_assert_int_eq(weir__store_load(store, files, &fault), WEIR_E_NO_MEMORY);
    ck_assert_int_eq(fault.err, WEIR_E_NO_MEMORY);
    ck_assert_ptr_null(files[0].p);
    weir__store_close(store);
    budget.limit = 16;
    ck_assert_int_eq(weir__store_open(&store, &budget.alloc, dir, "job", &fault), WEIR_E_NO_MEMORY);
    ck_assert_ptr_null(store);
}
END_TEST

START_TEST(file_in_place_of_the_folder) {
    snprintf(dir, sizeof dir, "%s/file", base);
    FILE *file = fopen(dir, "w");
    ck_assert_ptr_nonnull(file);
    fclose(file);
    ck_assert_int_eq(weir__store_open(&store, &budget.alloc, dir, "job", &fault), WEIR_E_STORE);
    expect_text("/file: not a directory; move away what is in its place");
    snprintf(dir, sizeof dir, "%s/file/below", base);
    ck_assert_int_eq(weir__store_open(&store, &budget.alloc, dir, "job", &fault), WEIR_E_STORE);
    expect_text("/file/below: not a directory");
}
END_TEST

START_TEST(folder_in_place_of_a_slot) {
    open_store();
    ck_assert_int_eq(mkdir(in_dir("checkpoint.a"), 0700), 0);
    ck_assert_int_eq(weir__store_save(store, 0, bytes_of("x"), &fault), WEIR_E_STORE);
    expect_text("checkpoint.a: is a directory");
    ck_assert_int_eq(access(in_dir("checkpoint.tmp"), F_OK), -1);
    ck_assert_int_eq(weir__store_save(store, 1, bytes_of("x"), &fault), WEIR_OK);
}
END_TEST

static void expect_default(const char *name, const char *expected) {
    ck_assert_int_eq(weir__store_open(&store, &budget.alloc, NULL, name, &fault), WEIR_OK);
    snprintf(path, sizeof path, "%s/%s", base, expected);
    ck_assert_str_eq(weir__store_dir(store), path);
    ck_assert_int_eq(access(path, F_OK), 0);
    weir__store_close(store);
    store = NULL;
}

START_TEST(default_folders) {
    setenv("HOME", base, 1);
    setenv("XDG_STATE_HOME", "relative/is/ignored", 1);
    expect_default("orders", ".local/state/weir/orders");
    snprintf(path, sizeof path, "%s/state", base);
    setenv("XDG_STATE_HOME", path, 1);
    expect_default("orders", "state/weir/orders");
    unsetenv("XDG_STATE_HOME");
    unsetenv("HOME");
    ck_assert_int_eq(weir__store_open(&store, &budget.alloc, NULL, "orders", &fault), WEIR_E_CONFIG);
    expect_text("neither XDG_STATE_HOME nor HOME");
}
END_TEST

START_TEST(paths_that_cannot_be) {
    static const char *const names[] = {"", ".", "..", "a/b", "/"};
    char long_path[2000];
    setenv("XDG_STATE_HOME", base, 1);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        ck_assert_int_eq(weir__store_open(&store, &budget.alloc, NULL, names[i], &fault), WEIR_E_CONFIG);
        ck_assert_int_eq(fault.err, WEIR_E_CONFIG);
    }
    memset(long_path, 'x', sizeof long_path - 1);
    long_path[sizeof long_path - 1] = '\0';
    ck_assert_int_eq(weir__store_open(&store, &budget.alloc, long_path, "job", &fault), WEIR_E_CONFIG);
    expect_text("too long");
    ck_assert_int_eq(weir__store_open(&store, &budget.alloc, "", "job", &fault), WEIR_E_CONFIG);
    expect_text("empty");
}
END_TEST

START_TEST(relative_folder_with_slashes_behind) {
    ck_assert_int_eq(chdir(base), 0);
    ck_assert_int_eq(weir__store_open(&store, &budget.alloc, "here//too//", "job", &fault), WEIR_OK);
    ck_assert_int_eq(weir__store_save(store, 0, bytes_of("x"), &fault), WEIR_OK);
    ck_assert_int_eq(access("here/too/checkpoint.a", F_OK), 0);
    ck_assert_int_eq(chdir("/"), 0);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("posix store");
    TCase *tests = tcase_create("store");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, two_generations);
    tcase_add_test(tests, second_process_is_locked_out);
    tcase_add_test(tests, second_store_of_the_process_is_locked_out);
    tcase_add_test(tests, lock_names_its_last_holder_only);
    tcase_add_test(tests, killed_process_leaves_nothing_in_the_way);
    tcase_add_test(tests, what_lies_in_place_of_a_file_is_not_touched);
    tcase_add_test(tests, unusual_files_are_refused);
    tcase_add_test(tests, memory_may_run_out);
    tcase_add_test(tests, file_in_place_of_the_folder);
    tcase_add_test(tests, folder_in_place_of_a_slot);
    tcase_add_test(tests, default_folders);
    tcase_add_test(tests, paths_that_cannot_be);
    tcase_add_test(tests, relative_folder_with_slashes_behind);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
