#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "error.h"
#include "store_dir.h"

#define STORED_MAX ((int64_t)64 << 20) /* bytes of one file */

static const char *const slot_names[2] = {"checkpoint.a", "checkpoint.b"};
/* The lock makes one name enough: nobody else writes here. */
static const char temporary_name[] = "checkpoint.tmp";

struct weir__store {
    weir_alloc *alloc;
    weir__files *files;
    weir__system_files system; /* what `files` is, if the store opened the folder itself; its dir_fd is -1 else */
    int lock_fd;
    char dir[WEIR__DIR_MAX];
};

/* ---- calls that a signal may interrupt ---- */

static bool write_all(weir__files *files, int file, weir_bytes bytes) {
    for (size_t done = 0; done < bytes.len;) {
        ssize_t n = files->write(files, file, bytes.p + done, bytes.len - done);
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
static ssize_t read_all(weir__files *files, int file, uint8_t *p, size_t size) {
    size_t done = 0;
    while (done < size) {
        ssize_t n = files->read(files, file, p + done, size - done);
        if (n == 0)
            break;
        if (n > 0)
            done += (size_t)n;
        else if (errno != EINTR)
            return -1;
    }
    return (ssize_t)done;
}

/* Opens a file to be read, or creates one to be written. */
static int start(weir__files *files, const char *name, int (*how)(weir__files *, const char *)) {
    int file;
    do
        file = how(files, name);
    while (file < 0 && errno == EINTR);
    return file;
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

static int open_lock(const weir__store *store) {
    int fd;
    do
        fd = openat(store->system.dir_fd, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    while (fd < 0 && errno == EINTR);
    return fd;
}

static weir_err lock(weir__store *store, const char *name, weir_fault *fault) {
    store->lock_fd = open_lock(store);
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
    if (ftruncate(store->lock_fd, 0) < 0 || !write_all(store->files, store->lock_fd, bytes))
        return fail_to_open(store, fault, "write the lock in", errno);
    return WEIR_OK;
}

/* A process may have died, or failed, between the renaming of its last checkpoint and the sync of the folder. What is
   read now will be acted upon: it must not be undone by a loss of power. */
static weir_err take_over(weir__store *store, weir_fault *fault) {
    if (store->files->remove(store->files, temporary_name) < 0 && errno != ENOENT)
        return fail_to_open(store, fault, "remove a left over checkpoint.tmp from", errno);
    if (store->files->sync_names(store->files) < 0)
        return fail_to_open(store, fault, "sync the folder", errno);
    return WEIR_OK;
}

static weir_err open_store(weir__store *store, const char *dir, const char *name, weir_fault *fault) {
    weir_err err = weir__store_path(store->dir, dir, name, fault);
    if (err != WEIR_OK)
        return err;
    int dir_fd = weir__store_make_dir(store->dir);
    if (dir_fd < 0)
        return fail_to_open(store, fault, "use the folder", errno);
    weir__system_files_init(&store->system, dir_fd);
    store->files = &store->system.files;
    err = lock(store, name, fault);
    return err == WEIR_OK ? take_over(store, fault) : err;
}

static weir__store *store_new(weir_alloc *alloc, const char *name, weir_fault *fault) {
    weir__store *store = alloc->take(alloc, sizeof *store);
    if (!store) {
        weir_fault_set(fault, WEIR_E_NO_MEMORY, "no memory to open the checkpoints of job %s", name);
        return NULL;
    }
    store->alloc = alloc;
    store->files = NULL;
    store->system.dir_fd = store->lock_fd = -1;
    return store;
}

static weir_err opened(weir__store **out, weir__store *store, weir_err err) {
    *out = err == WEIR_OK ? store : NULL;
    if (err != WEIR_OK)
        weir__store_close(store);
    return err;
}

weir_err weir__store_open(weir__store **out, weir_alloc *alloc, const char *dir, const char *name, weir_fault *fault) {
    weir__store *store = store_new(alloc, name, fault);
    *out = NULL;
    return store ? opened(out, store, open_store(store, dir, name, fault)) : WEIR_E_NO_MEMORY;
}

weir_err weir__store_over(weir__store **out, weir_alloc *alloc, weir__files *files, const char *dir,
                          weir_fault *fault) {
    weir__store *store = store_new(alloc, dir, fault);
    *out = NULL;
    if (!store)
        return WEIR_E_NO_MEMORY;
    store->files = files;
    snprintf(store->dir, sizeof store->dir, "%s", dir);
    return opened(out, store, take_over(store, fault));
}

void weir__store_close(weir__store *store) {
    if (!store)
        return;
    /* The lock file stays: to remove it would let two processes lock two files of the same name. */
    if (store->lock_fd >= 0)
        close(store->lock_fd);
    if (store->system.dir_fd >= 0)
        close(store->system.dir_fd);
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
    weir__file_info info;
    if (store->files->inspect(store->files, fd, &info) < 0)
        return reject(store, slot, weir__error_text(errno, words), fault);
    if (!info.regular)
        return reject(store, slot, "it is not a regular file", fault);
    if (info.size > STORED_MAX)
        return reject(store, slot, "it is larger than 64 MiB, so it cannot be a checkpoint", fault);
    if (info.size == 0)
        return WEIR_OK;
    size_t size = (size_t)info.size;
    uint8_t *p = store->alloc->take(store->alloc, size);
    if (!p) {
        weir_fault_set(fault, WEIR_E_NO_MEMORY, "the memory budget has no room for %s/%s (%zu bytes); raise it",
                       store->dir, slot_names[slot], size);
        return WEIR_E_NO_MEMORY;
    }
    ssize_t n = read_all(store->files, fd, p, size);
    if (n != (ssize_t)size) {
        int error = errno;
        store->alloc->give(store->alloc, p, size);
        return reject(store, slot, n < 0 ? weir__error_text(error, words) : "it shrinks while it is read", fault);
    }
    *file = (weir__stored){p, (uint32_t)size};
    return WEIR_OK;
}

static weir_err load(weir__store *store, int slot, weir__stored *file, weir_fault *fault) {
    int fd = start(store->files, slot_names[slot], store->files->open);
    if (fd < 0 && errno == ENOENT)
        return WEIR_OK;
    if (fd < 0) {
        char words[WEIR__ERROR_TEXT_MAX];
        return reject(store, slot, weir__error_text(errno, words), fault);
    }
    weir_err err = load_open(store, slot, fd, file, fault);
    (void)store->files->close(store->files, fd);
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
    weir__files *files = store->files;
    int fd = start(files, temporary_name, files->create);
    if (fd < 0)
        return fail_to_save(store, "create", temporary_name, errno, fault);
    const char *failed = !write_all(files, fd, bytes) ? "write" : files->sync(files, fd) < 0 ? "sync" : NULL;
    int error = errno;
    if (files->close(files, fd) < 0 && errno != EINTR && !failed) {
        failed = "close";
        error = errno;
    }
    return failed ? fail_to_save(store, failed, temporary_name, error, fault) : WEIR_OK;
}

weir_err weir__store_save(weir__store *store, int slot, weir_bytes bytes, weir_fault *fault) {
    weir__files *files = store->files;
    weir_err err = write_temporary(store, bytes, fault);
    if (err == WEIR_OK && files->rename(files, temporary_name, slot_names[slot]) < 0)
        err = fail_to_save(store, "rename a new checkpoint to", slot_names[slot], errno, fault);
    if (err != WEIR_OK) {
        (void)files->remove(files, temporary_name);
        return err;
    }
    if (files->sync_names(files) < 0)
        return fail_to_save(store, "sync the folder of", slot_names[slot], errno, fault);
    return WEIR_OK;
}
