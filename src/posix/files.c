#include "files.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store_dir.h"

static int folder_of(weir__files *self) {
    return ((weir__system_files *)self)->dir_fd;
}

static int system_create(weir__files *self, const char *name) {
    return openat(folder_of(self), name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
}

static int system_open(weir__files *self, const char *name) {
    /* Without O_NONBLOCK, opening a FIFO of that name would wait for ever. */
    return openat(folder_of(self), name, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
}

static int system_inspect(weir__files *self, int file, weir__file_info *info) {
    struct stat status;
    (void)self;
    if (fstat(file, &status) < 0)
        return -1;
    info->regular = S_ISREG(status.st_mode);
    info->size = status.st_size;
    return 0;
}

static ssize_t system_read(weir__files *self, int file, void *p, size_t size) {
    (void)self;
    return read(file, p, size);
}

static ssize_t system_write(weir__files *self, int file, const void *p, size_t size) {
    (void)self;
    return write(file, p, size);
}

static int system_sync(weir__files *self, int file) {
    (void)self;
    return weir__store_sync(file);
}

static int system_close(weir__files *self, int file) {
    (void)self;
    return close(file);
}

static int system_rename(weir__files *self, const char *from, const char *to) {
    return renameat(folder_of(self), from, folder_of(self), to);
}

static int system_remove(weir__files *self, const char *name) {
    return unlinkat(folder_of(self), name, 0);
}

static int system_sync_names(weir__files *self) {
    return weir__store_sync_dir(folder_of(self));
}

void weir__system_files_init(weir__system_files *files, int dir_fd) {
    *files = (weir__system_files){
        .files = {system_create, system_open, system_inspect, system_read, system_write, system_sync, system_close,
                  system_rename, system_remove, system_sync_names},
        .dir_fd = dir_fd,
    };
}
