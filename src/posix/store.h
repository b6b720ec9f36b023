/* The folder of a job: its lock and its two newest checkpoints, "checkpoint.a" and "checkpoint.b". The bytes are the
   caller's affair; so is knowing which file is the newer one. */
#ifndef WEIR_POSIX_STORE_H
#define WEIR_POSIX_STORE_H

#include <weir/alloc.h>
#include <weir/fault.h>

#include "files.h"

typedef struct weir__store weir__store;

/* The bytes of one file; p is NULL when the file does not exist or is empty. */
typedef struct weir__stored {
    uint8_t *p;
    uint32_t len;
} weir__stored;

/* Opens the folder `dir`, or when that is NULL $XDG_STATE_HOME/weir/NAME, or else ~/.local/state/weir/NAME. Creates it
   and its parents (mode 0700), takes the lock, which is held until weir__store_close or the end of the process, and
   removes what a killed process left behind. Fills the fault unless it returns WEIR_OK: WEIR_E_LOCKED when another
   store holds the lock, WEIR_E_CONFIG when there is no usable path, WEIR_E_STORE, WEIR_E_NO_MEMORY. */
weir_err weir__store_open(weir__store **store, weir_alloc *alloc, const char *dir, const char *name, weir_fault *fault);
/* The same over files of the caller's, which outlive the store; `dir` is what messages call their folder. No lock is
   taken. */
weir_err weir__store_over(weir__store **store, weir_alloc *alloc, weir__files *files, const char *dir,
                          weir_fault *fault);
void weir__store_close(weir__store *store);

/* The folder's path; valid until weir__store_close. */
const char *weir__store_dir(const weir__store *store);

/* Reads both files whole. WEIR_E_CHECKPOINT (unreadable, or larger than 64 MiB) or WEIR_E_NO_MEMORY, with the fault
   filled and nothing to free. */
weir_err weir__store_load(weir__store *store, weir__stored files[2], weir_fault *fault);
void weir__store_free_loaded(weir__store *store, weir__stored files[2]);

/* Replaces file `slot` (0 or 1), which must be the one the caller can do without. On WEIR_OK the bytes survive a loss
   of power; on WEIR_E_STORE the slot holds the old or the new bytes, and the other file is untouched in any case. */
weir_err weir__store_save(weir__store *store, int slot, weir_bytes bytes, weir_fault *fault);

#endif
