/* What the store needs from the system around its folder: where it is, making it, locking it, syncing it. */
#ifndef WEIR_POSIX_STORE_DIR_H
#define WEIR_POSIX_STORE_DIR_H

#include <stddef.h>

#include <weir/fault.h>

#define WEIR__DIR_MAX 1024 /* bytes of a folder's path with its NUL */

/* Writes the path of a job's folder (see weir__store_open). WEIR_E_CONFIG with the fault filled. */
weir_err weir__store_path(char path[WEIR__DIR_MAX], const char *dir, const char *name, weir_fault *fault);

/* Makes the folder and its missing parents, durably, and opens it. A descriptor, or -1 with errno. */
int weir__store_make_dir(const char *path);

/* Takes the exclusive lock on an open file without waiting: 0, EWOULDBLOCK when another store has it (of this process
   too), or another errno value. The lock ends when the file is closed. */
int weir__store_lock(int fd);

/* Writes who we are for the one who finds the lock taken ("process 1234, started 2024-02-29 12:00:00 UTC\n"); returns
   the length. */
int weir__store_holder(char *text, size_t size);

/* Waits until the bytes of a file, or the names in a folder, survive a loss of power. 0, or -1 with errno. */
int weir__store_sync(int fd);
int weir__store_sync_dir(int fd);

/* What a person should do about an errno value, as part of a sentence. */
const char *weir__store_advice(int error);

#endif
