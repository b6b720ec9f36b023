#include "disk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *const known_names[DISK_NAMES] = {"checkpoint.a", "checkpoint.b", "checkpoint.tmp", "lock"};

static sim_disk *of(weir__files *files) {
    return (sim_disk *)files;
}

static int name_of(const char *name) {
    for (int n = 0; n < DISK_NAMES; n++)
        if (strcmp(known_names[n], name) == 0)
            return n;
    abort();
}

/* ---- contents ---- */
static void content_set(sim_content *c, const uint8_t *p, size_t len) {
    uint8_t *bytes = len > 0 ? realloc(c->p, len) : c->p;
    if (len > 0 && bytes == NULL)
        abort();
    c->p = bytes;
    if (len > 0)
        memmove(c->p, p, len);
    c->len = len;
}

static void content_append(sim_content *c, const uint8_t *p, size_t len) {
    c->p = realloc(c->p, c->len + len);
    if (c->p == NULL)
        abort();
    memcpy(c->p + c->len, p, len);
    c->len += len;
}

static bool named(const sim_disk *d, int inode) {
    for (int n = 0; n < DISK_NAMES; n++)
        if (d->names[n] == inode || d->synced[n] == inode)
            return true;
    for (size_t n = 0; n < d->change_count; n++)
        if (d->changes[n].inode == inode)
            return true;
    return d->inodes[inode].open;
}

static int inode_new(sim_disk *d) {
    for (int n = 0; n < DISK_INODES; n++) {
        sim_inode *i = &d->inodes[n];
        if (i->used && named(d, n))
            continue;
        i->used = true;
        i->seen.len = i->synced.len = i->at = 0;
        i->dropped = i->open = false;
        return n;
    }
    abort();
}

/* ---- names ---- */
static void apply(int names[DISK_NAMES], const sim_change *c) {
    names[c->name] = c->inode;
    if (c->gone >= 0)
        names[c->gone] = -1;
}

static void names_change(sim_disk *d, sim_change c) {
    apply(d->names, &c);
    if (d->change_count == DISK_CHANGES) { /* a journal is written out in the end */
        apply(d->synced, &d->changes[0]);
        memmove(d->changes, d->changes + 1, --d->change_count * sizeof c);
    }
    d->changes[d->change_count++] = c;
}

/* ---- the calls ---- */
static int refused(sim_disk *d, disk_call call) {
    int error = d->dead ? EIO : d->fault != NULL ? d->fault(d->user, call) : 0;
    errno = d->dead ? EIO : error;
    return errno;
}

static int disk_create(weir__files *files, const char *name) {
    sim_disk *d = of(files);
    if (refused(d, DISK_CREATE))
        return -1;
    if (d->names[name_of(name)] >= 0) {
        errno = EEXIST;
        return -1;
    }
    int n = inode_new(d);
    d->inodes[n].open = true;
    names_change(d, (sim_change){name_of(name), n, -1});
    return n;
}

static int disk_open(weir__files *files, const char *name) {
    sim_disk *d = of(files);
    if (refused(d, DISK_OPEN))
        return -1;
    int n = d->names[name_of(name)];
    errno = ENOENT;
    if (n >= 0) {
        d->inodes[n].open = true;
        d->inodes[n].at = 0;
    }
    return n;
}

static int disk_inspect(weir__files *files, int file, weir__file_info *info) {
    sim_disk *d = of(files);
    if (refused(d, DISK_INSPECT))
        return -1;
    *info = (weir__file_info){true, (int64_t)d->inodes[file].seen.len};
    return 0;
}

static ssize_t disk_read(weir__files *files, int file, void *p, size_t size) {
    sim_disk *d = of(files);
    sim_inode *i = &d->inodes[file];
    if (refused(d, DISK_READ))
        return -1;
    size_t count = i->seen.len - i->at < size ? i->seen.len - i->at : size;
    if (count > 0)
        memcpy(p, i->seen.p + i->at, count);
    i->at += count;
    return (ssize_t)count;
}

/* A write that fails has taken half of the bytes. */
static ssize_t disk_write(weir__files *files, int file, const void *p, size_t size) {
    sim_disk *d = of(files);
    int error = refused(d, DISK_WRITE);
    if (d->dead)
        return -1;
    content_append(&d->inodes[file].seen, p, error ? size / 2 : size);
    errno = error;
    return error ? -1 : (ssize_t)size;
}

static int disk_sync(weir__files *files, int file) {
    sim_disk *d = of(files);
    sim_inode *i = &d->inodes[file];
    bool failed = refused(d, DISK_SYNC);
    if (failed && !d->dead)
        i->dropped = true;
    if (!failed && !i->dropped)
        content_set(&i->synced, i->seen.p, i->seen.len);
    return failed ? -1 : 0;
}

static int disk_close(weir__files *files, int file) {
    sim_disk *d = of(files);
    d->inodes[file].open = false;
    return refused(d, DISK_CLOSE) ? -1 : 0;
}

static int disk_rename(weir__files *files, const char *from, const char *to) {
    sim_disk *d = of(files);
    if (refused(d, DISK_RENAME))
        return -1;
    names_change(d, (sim_change){name_of(to), d->names[name_of(from)], name_of(from)});
    return 0;
}

static int disk_remove(weir__files *files, const char *name) {
    sim_disk *d = of(files);
    if (refused(d, DISK_REMOVE))
        return -1;
    if (d->names[name_of(name)] < 0) {
        errno = ENOENT;
        return -1;
    }
    names_change(d, (sim_change){name_of(name), -1, -1});
    return 0;
}

static int disk_sync_names(weir__files *files) {
    sim_disk *d = of(files);
    if (refused(d, DISK_SYNC_NAMES))
        return -1;
    memcpy(d->synced, d->names, sizeof d->names);
    d->change_count = 0;
    return 0;
}

/* ---- from outside ---- */
void disk_init(sim_disk *d) {
    memset(d, 0, sizeof *d);
    d->files = (weir__files){disk_create, disk_open,  disk_inspect, disk_read,   disk_write,
                             disk_sync,   disk_close, disk_rename,  disk_remove, disk_sync_names};
    for (int n = 0; n < DISK_NAMES; n++)
        d->names[n] = d->synced[n] = -1;
}

void disk_free(sim_disk *d) {
    for (int n = 0; n < DISK_INODES; n++) {
        free(d->inodes[n].seen.p);
        free(d->inodes[n].synced.p);
        d->inodes[n] = (sim_inode){0};
    }
}

void disk_release(sim_disk *d) {
    for (int n = 0; n < DISK_INODES; n++)
        d->inodes[n].open = false;
    d->dead = false;
}

/* Of what was written after the last sync some blocks are there, some are not, and the length may be either. */
static void tear(sim_inode *i, weir__rng *rng) {
    bool longer = weir__rng_below(rng, 2);
    size_t len = longer ? i->seen.len : i->synced.len;
    uint8_t *torn = calloc(1, len + 1);
    if (torn == NULL)
        abort();
    if (i->synced.len > 0 && len > 0)
        memcpy(torn, i->synced.p, i->synced.len < len ? i->synced.len : len);
    for (size_t at = 0; at < len; at += DISK_BLOCK) {
        size_t size = len - at < DISK_BLOCK ? len - at : DISK_BLOCK;
        bool written = !i->dropped && at + size <= i->seen.len && weir__rng_below(rng, 2);
        if (written)
            memcpy(torn + at, i->seen.p + at, size);
    }
    content_set(&i->synced, torn, len);
    free(torn);
}

static bool same(const sim_content *a, const sim_content *b) {
    return a->len == b->len && (a->len == 0 || memcmp(a->p, b->p, a->len) == 0);
}

void disk_crash(sim_disk *d, weir__rng *rng) {
    disk_release(d);
    for (size_t n = 0; n < d->change_count; n++)
        if (weir__rng_below(rng, 2))
            apply(d->synced, &d->changes[n]);
    d->change_count = 0;
    memcpy(d->names, d->synced, sizeof d->names);
    for (int n = 0; n < DISK_INODES; n++) {
        sim_inode *i = &d->inodes[n];
        if (!i->used)
            continue;
        if (!same(&i->seen, &i->synced))
            tear(i, rng);
        content_set(&i->seen, i->synced.p, i->synced.len);
        i->dropped = false;
    }
}

void disk_copy(sim_disk *to, const sim_disk *from) {
    for (int n = 0; n < DISK_NAMES; n++) {
        to->names[n] = to->synced[n] = -1;
        to->change_count = 0;
    }
    for (int n = 0; n < 2; n++) { /* the lock and what is left over stay behind */
        if (from->names[n] < 0)
            continue;
        const sim_content *c = &from->inodes[from->names[n]].seen;
        int made = inode_new(to);
        content_set(&to->inodes[made].seen, c->p, c->len);
        content_set(&to->inodes[made].synced, c->p, c->len);
        to->names[n] = to->synced[n] = made;
    }
}

void disk_take_away(sim_disk *d, const char *name) {
    memcpy(d->synced, d->names, sizeof d->names);
    d->change_count = 0;
    d->names[name_of(name)] = d->synced[name_of(name)] = -1;
}

weir_bytes disk_seen(const sim_disk *d, const char *name) {
    int at = d->names[name_of(name)];
    return at >= 0 ? (weir_bytes){d->inodes[at].seen.p, (uint32_t)d->inodes[at].seen.len} : (weir_bytes){NULL, 0};
}

weir_bytes disk_certain(const sim_disk *d, const char *name) {
    int at = name_of(name);
    for (size_t n = 0; n < d->change_count; n++)
        if (d->changes[n].name == at || d->changes[n].gone == at)
            return (weir_bytes){NULL, 0};
    if (d->synced[at] < 0)
        return (weir_bytes){NULL, 0};
    const sim_inode *i = &d->inodes[d->synced[at]];
    return same(&i->seen, &i->synced) ? (weir_bytes){i->synced.p, (uint32_t)i->synced.len} : (weir_bytes){NULL, 0};
}
