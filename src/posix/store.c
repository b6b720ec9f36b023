#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "error.h"
#include "store_dir.h"

#define STORED_MAX ((off_t)64 << 20) /* bytes of one file */

static const char *const slot_names[2] = {"checkpoint.a", "checkpoint.b"};
/* The lock makes one name enough: nobody else writes here. */
static const char temporary_name[] = "checkpoint.tmp";

struct weir__store {
    weir_alloc *alloc;
    int dir_fd;
    int lock_fd;
    char dir[WEIR__DIR_MAX];
};

/* ---- system calls that a signal may interrupt ---- */

static int open_in(const weir__store *store, const char *name, int flags) {
    int fd;
    do
        fd = openat(store->dir_fd, name, flags | O_NOFOLLOW | O_CLOEXEC, 0600);
    while (fd < 0 && errno == EINTR);
    return fd;
}

static bool write_all(int fd, weir_bytes bytes) {
    for (size_t done = 0; done < bytes.len;) {
        ssize_t n = write(fd, bytes.p + done, bytes.len - done);
        if (n > 0) {
            done += (size_t)n;
        } else if (n == 0 || errno != EINTR) {
            errno = n == 0 ? ENOSPC : errno;
            return false;
        }
    }
    return true;
}

/* Reads until the end of the file or `size` bytes; -1 on error. */
static ssize_t read_all(int fd, uint8_t *p, size_t size) {
    size_t done = 0;
    while (done < size) {
        ssize_t n = read(fd, p + done, size - done);
        if (n == 0)
            break;
        if (n > 0)
            done += (size_t)n;
        else if (errno != EINTR)
            return -1;
    }
    return (ssize_t)done;
}

/* ---- opening ---- */

static weir_err fail_to_open(weir__store *store, weir_fault *fault, const char *what, int error) {
    char words[WEIR__ERROR_TEXT_MAX];
    weir_fault_set(fault, WEIR_E_STORE, "cannot %s %s: %s; %s", what, store->dir, weir__error_text(error, words),
                   weir__store_advice(error));
    return WEIR_E_STORE;
}

/* Says who holds the lock, as far as its holder has got round to writing that down. */
static weir_err report_holder(const weir__store *store, const char *name, weir_fault *fault) {
    char holder[80] = "";
    ssize_t n = pread(store->lock_fd, holder, sizeof holder - 1, 0);
    holder[n > 0 ? n : 0] = '\0';
    holder[strcspn(holder, "\n")] = '\0';
    weir_fault_set(fault, WEIR_E_LOCKED,
                   "job %s is already running: %s holds %s/lock; stop it first, or use another --job", name,
                   holder[0] ? holder : "another process", store->dir);
    return WEIR_E_LOCKED;
}

static weir_err lock(weir__store *store, const char *name, weir_fault *fault) {
    store->lock_fd = open_in(store, "lock", O_RDWR | O_CREAT);
    if (store->lock_fd < 0)
        return fail_to_open(store, fault, "create a lock in", errno);
    int status = weir__store_lock(store->lock_fd);
    if (status == EWOULDBLOCK)
        return report_holder(store, name, fault);
    if (status)
        return fail_to_open(store, fault, "lock", status);
    char text[80];
    int len = weir__store_holder(text, sizeof text);
    weir_bytes bytes = {(const uint8_t *)text, (uint32_t)len};
    if (ftruncate(store->lock_fd, 0) < 0 || !write_all(store->lock_fd, bytes))
        return fail_to_open(store, fault, "write the lock in", errno);
    return WEIR_OK;
}

static weir_err open_store(weir__store *store, const char *dir, const char *name, weir_fault *fault) {
    weir_err err = weir__store_path(store->dir, dir, name, fault);
    if (err != WEIR_OK)
        return err;
    store->dir_fd = weir__store_make_dir(store->dir);
    if (store->dir_fd < 0)
        return fail_to_open(store, fault, "use the folder", errno);
    err = lock(store, name, fault);
    if (err != WEIR_OK)
        return err;
    if (unlinkat(store->dir_fd, temporary_name, 0) < 0 && errno != ENOENT)
        return fail_to_open(store, fault, "remove a left over checkpoint.tmp from", errno);
    return WEIR_OK;
}

weir_err weir__store_open(weir__store **store, weir_alloc *alloc, const char *dir, const char *name,
                          weir_fault *fault) {
    weir__store *s = alloc->take(alloc, sizeof *s);
    *store = NULL;
    if (!s) {
        weir_fault_set(fault, WEIR_E_NO_MEMORY, "no memory to open the checkpoints of job %s", name);
        return WEIR_E_NO_MEMORY;
    }
    s->alloc = alloc;
    s->dir_fd = s->lock_fd = -1;
    weir_err err = open_store(s, dir, name, fault);
    if (err == WEIR_OK)
        *store = s;
    else
        weir__store_close(s);
    return err;
}

void weir__store_close(weir__store *store) {
    if (!store)
        return;
    /* The lock file stays: to remove it would let two processes lock two files of the same name. */
    if (store->lock_fd >= 0)
        close(store->lock_fd);
    if (store->dir_fd >= 0)
        close(store->dir_fd);
    store->alloc->give(store->alloc, store, sizeof *store);
}

const char *weir__store_dir(const weir__store *store) {
    return store->dir;
}

/* ---- loading ---- */

static weir_err reject(const weir__store *store, int slot, const char *why, weir_fault *fault) {
    weir_fault_set(fault, WEIR_E_CHECKPOINT,
                   "cannot read %s/%s: %s; repair it, or move it away to go on with the other checkpoint", store->dir,
                   slot_names[slot], why);
    return WEIR_E_CHECKPOINT;
}

static weir_err load_open(weir__store *store, int slot, int fd, weir__stored *file, weir_fault *fault) {
    char words[WEIR__ERROR_TEXT_MAX];
    struct stat info;
    if (fstat(fd, &info) < 0)
        return reject(store, slot, weir__error_text(errno, words), fault);
    if (!S_ISREG(info.st_mode))
        return reject(store, slot, "it is not a regular file", fault);
    if (info.st_size > STORED_MAX)
        return reject(store, slot, "it is larger than 64 MiB, so it cannot be a checkpoint", fault);
    if (info.st_size == 0)
        return WEIR_OK;
    size_t size = (size_t)info.st_size;
    uint8_t *p = store->alloc->take(store->alloc, size);
    if (!p) {
        weir_fault_set(fault, WEIR_E_NO_MEMORY, "the memory budget has no room for %s/%s (%zu bytes); raise it",
                       store->dir, slot_names[slot], size);
        return WEIR_E_NO_MEMORY;
    }
    ssize_t n = read_all(fd, p, size);
    if (n != (ssize_t)size) {
        int error = errno;
        store->alloc->give(store->alloc, p, size);
        return reject(store, slot, n < 0 ? weir__error_text(error, words) : "it shrinks while it is read", fault);
    }
    *file = (weir__stored){p, (uint32_t)size};
    return WEIR_OK;
}

static weir_err load(weir__store *store, int slot, weir__stored *file, weir_fault *fault) {
    /* Without O_NONBLOCK, opening a FIFO of that name would wait for ever. */
    int fd = open_in(store, slot_names[slot], O_RDONLY | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT)
        return WEIR_OK;
    if (fd < 0) {
        char words[WEIR__ERROR_TEXT_MAX];
        return reject(store, slot, weir__error_text(errno, words), fault);
    }
    weir_err err = load_open(store, slot, fd, file, fault);
    close(fd);
    return err;
}

weir_err weir__store_load(weir__store *store, weir__stored files[2], weir_fault *fault) {
    files[0] = files[1] = (weir__stored){NULL, 0};
    weir_err err = load(store, 0, &files[0], fault);
    if (err == WEIR_OK)
        err = load(store, 1, &files[1], fault);
    if (err != WEIR_OK)
        weir__store_free_loaded(store, files);
    return err;
}

void weir__store_free_loaded(weir__store *store, weir__stored files[2]) {
    for (int slot = 0; slot < 2; slot++) {
        if (files[slot].p)
            store->alloc->give(store->alloc, files[slot].p, files[slot].len);
        files[slot] = (weir__stored){NULL, 0};
    }
}

/* ---- saving ---- */

static weir_err fail_to_save(const weir__store *store, const char *what, const char *name, int error,
                             weir_fault *fault) {
    char words[WEIR__ERROR_TEXT_MAX];
    weir_fault_set(fault, WEIR_E_STORE, "cannot %s %s/%s: %s; %s; the checkpoint before this one is whole", what,
                   store->dir, name, weir__error_text(error, words), weir__store_advice(error));
    return WEIR_E_STORE;
}

/* Writes the temporary file, durably. After a failed fsync the system may have dropped the bytes and would call a
   second fsync a success, so nothing here is tried again: the file goes, and the next save begins a new one. */
static weir_err write_temporary(const weir__store *store, weir_bytes bytes, weir_fault *fault) {
    int fd = open_in(store, temporary_name, O_WRONLY | O_CREAT | O_EXCL);
    if (fd < 0)
        return fail_to_save(store, "create", temporary_name, errno, fault);
    const char *failed = !write_all(fd, bytes) ? "write" : weir__store_sync(fd) < 0 ? "sync" : NULL;
    int error = errno;
    if (close(fd) < 0 && errno != EINTR && !failed) {
        failed = "close";
        error = errno;
    }
    return failed ? fail_to_save(store, failed, temporary_name, error, fault) : WEIR_OK;
}

weir_err weir__store_save(weir__store *store, int slot, weir_bytes bytes, weir_fault *fault) {
    weir_err err = write_temporary(store, bytes, fault);
    if (err == WEIR_OK && renameat(store->dir_fd, temporary_name, store->dir_fd, slot_names[slot]) < 0)
        err = fail_to_save(store, "rename a new checkpoint to", slot_names[slot], errno, fault);
    if (err != WEIR_OK) {
        (void)unlinkat(store->dir_fd, temporary_name, 0);
        return err;
    }
    if (weir__store_sync_dir(store->dir_fd) < 0)
        return fail_to_save(store, "sync the folder of", slot_names[slot], errno, fault);
    return WEIR_OK;
}
