/* A folder on a disk that loses power. What was not synced may be lost, torn or kept in any mixture; a sync that failed
   has dropped the pages, and the next one says that all is well. It is the files that src/posix/store.c runs on. */
#ifndef WEIR_TESTS_SIM_DISK_H
#define WEIR_TESTS_SIM_DISK_H

#include "files.h"
#include "rng.h"

#define DISK_INODES  12
#define DISK_NAMES   4
#define DISK_CHANGES 32
#define DISK_BLOCK   512 /* what is written at once, or not at all */

typedef enum disk_call {
    DISK_CREATE,
    DISK_OPEN,
    DISK_INSPECT,
    DISK_READ,
    DISK_WRITE,
    DISK_SYNC,
    DISK_CLOSE,
    DISK_RENAME,
    DISK_REMOVE,
    DISK_SYNC_NAMES
} disk_call;

typedef struct sim_content {
    uint8_t *p;
    size_t len;
} sim_content;

typedef struct sim_inode {
    bool used;
    sim_content seen;   /* what a reader sees */
    sim_content synced; /* what is on the platter for certain */
    bool dropped;       /* a sync has failed: what is seen never gets to the platter */
    bool open;
    size_t at; /* of reading */
} sim_inode;

/* Names are numbers into disk.c's table; an entry is an inode, or -1. */
typedef struct sim_change {
    int name, inode; /* the name leads to this inode from now on, -1: to none */
    int gone;        /* with it, in one step, this name leads nowhere; -1: no other name is concerned */
} sim_change;

typedef struct sim_disk {
    weir__files files;
    sim_inode inodes[DISK_INODES];
    int names[DISK_NAMES];  /* as seen */
    int synced[DISK_NAMES]; /* as on the platter */
    sim_change changes[DISK_CHANGES];
    size_t change_count; /* not yet synced, in order */
    bool dead;           /* its process has died in a call: nothing more happens */
    /* Asked before each call: 0, or the errno value that it fails with; NULL: none fails. A write may take a part
       before it fails. May set `dead`. */
    int (*fault)(void *user, disk_call call);
    void *user;
} sim_disk;

void disk_init(sim_disk *d);
void disk_free(sim_disk *d);
/* Power is lost and comes back: what is seen from now on is one of the states that the platter may be in. */
void disk_crash(sim_disk *d, weir__rng *rng);
/* The process that used it is gone, the system lives on: files are closed. */
void disk_release(sim_disk *d);
/* Makes `to` hold what a reader sees in `from`, all of it synced. */
void disk_copy(sim_disk *to, const sim_disk *from);
/* An operator removes a file, durably. */
void disk_take_away(sim_disk *d, const char *name);
/* What a reader sees; len 0: nothing. */
weir_bytes disk_seen(const sim_disk *d, const char *name);
/* What a name leads to after any loss of power; len 0: nothing, or nothing certain. */
weir_bytes disk_certain(const sim_disk *d, const char *name);

#endif
