#include "store_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* ---- where it is ---- */

/* A job's name becomes one component of the default path. */
static bool is_file_name(const char *name) {
    return name[0] && !strchr(name, '/') && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

static weir_err default_path(char path[WEIR__DIR_MAX], int *len, const char *name, weir_fault *fault) {
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    if (!is_file_name(name)) {
        weir_fault_set(fault, WEIR_E_CONFIG,
                       "the job's name \"%s\" cannot name a folder; use --job or --checkpoint-dir", name);
        return WEIR_E_CONFIG;
    }
    if (state && state[0] == '/') { /* the XDG specification has relative paths ignored */
        *len = snprintf(path, WEIR__DIR_MAX, "%s/weir/%s", state, name);
    } else if (home && home[0]) {
        *len = snprintf(path, WEIR__DIR_MAX, "%s/.local/state/weir/%s", home, name);
    } else {
        weir_fault_set(fault, WEIR_E_CONFIG,
                       "no place for checkpoints: neither XDG_STATE_HOME nor HOME is set; use --checkpoint-dir");
        return WEIR_E_CONFIG;
    }
    return WEIR_OK;
}

weir_err weir__store_path(char path[WEIR__DIR_MAX], const char *dir, const char *name, weir_fault *fault) {
    int len = 0;
    weir_err err = WEIR_OK;
    if (dir)
        len = snprintf(path, WEIR__DIR_MAX, "%s", dir);
    else
        err = default_path(path, &len, name, fault);
    if (err == WEIR_OK && (len <= 0 || len >= WEIR__DIR_MAX)) {
        err = WEIR_E_CONFIG;
        weir_fault_set(fault, err, "the path of the checkpoint folder is %s; use another --checkpoint-dir",
                       len <= 0 ? "empty" : "too long");
    }
    return err;
}

/* ---- making it ---- */

static int open_dir(const char *path) {
    int fd;
    do
        fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    while (fd < 0 && errno == EINTR);
    return fd;
}

static int sync_parent(const char *path) {
    char parent[WEIR__DIR_MAX];
    const char *slash = strrchr(path, '/');
    size_t len = slash ? (size_t)(slash - path) : 0;
    memcpy(parent, path, len);
    memcpy(parent + len, slash ? "/" : ".", 2);
    int fd = open_dir(parent);
    if (fd < 0)
        return 0; /* a folder that may be written but not read: there is no way to sync it */
    int status = weir__store_sync_dir(fd);
    int error = errno;
    close(fd);
    errno = error;
    return status;
}

/* A folder that exists is fine; whether it is one, and usable, shows when it is opened. */
static int make_one(const char *path) {
    if (mkdir(path, 0700) == 0)
        return sync_parent(path);
    int error = errno;
    if (error == EEXIST || access(path, F_OK) == 0)
        return 0;
    errno = error;
    return -1;
}

int weir__store_make_dir(const char *path) {
    char part[WEIR__DIR_MAX];
    size_t len = strlen(path);
    while (len > 1 && path[len - 1] == '/')
        len--;
    for (size_t i = 1; i <= len; i++) {
        if (i < len && path[i] != '/')
            continue;
        memcpy(part, path, i);
        part[i] = '\0';
        if (part[i - 1] != '/' && make_one(part) < 0)
            return -1;
    }
    return open_dir(path);
}

/* ---- locking it ---- */

int weir__store_lock(int fd) {
    /* Unlike a lock of fcntl this one belongs to the open file: two stores of one process exclude each other too, and
       closing some other descriptor of the file does not drop it. */
    while (flock(fd, LOCK_EX | LOCK_NB) < 0)
        if (errno != EINTR)
            return errno;
    return 0;
}

int weir__store_holder(char *text, size_t size) {
    char started[40] = "at an unknown time";
    time_t now = time(NULL);
    struct tm utc;
    if (gmtime_r(&now, &utc))
        strftime(started, sizeof started, "%Y-%m-%d %H:%M:%S UTC", &utc);
    return snprintf(text, size, "process %ld, started %s\n", (long)getpid(), started);
}

/* ---- syncing it ---- */

int weir__store_sync(int fd) {
    int status;
    do {
#ifdef F_FULLFSYNC
        status = fcntl(fd, F_FULLFSYNC); /* where fsync stops at the drive's cache */
#else
        status = fsync(fd);
#endif
    } while (status < 0 && errno == EINTR);
    return status;
}

int weir__store_sync_dir(int fd) {
    int status = weir__store_sync(fd);
    /* File systems that cannot sync a folder keep its names in order by themselves. */
    return status < 0 && (errno == EINVAL || errno == ENOTSUP) ? 0 : status;
}

const char *weir__store_advice(int error) {
    switch (error) {
    case ENOSPC:
    case EDQUOT:
        return "free some space";
    case EFBIG:
        return "raise the limit on file sizes (ulimit -f)";
    case EACCES:
    case EPERM:
        return "make it writable for this user";
    case EROFS:
        return "use a --checkpoint-dir that is writable";
    case EIO:
        return "check the disk";
    case EMFILE:
    case ENFILE:
        return "raise the limit on open files (ulimit -n)";
    case ENOTDIR:
    case ELOOP:
    case EISDIR:
    case EEXIST:
        return "move away what is in its place, or use another --checkpoint-dir";
    default:
        return "use another --checkpoint-dir if this persists";
    }
}
