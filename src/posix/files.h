/* What the store asks of a file system, in one folder: a table, so that the same store runs on the system's files and
   on files that lose power. Calls are those of POSIX: -1 with errno, EINTR and short counts included. */
#ifndef WEIR_POSIX_FILES_H
#define WEIR_POSIX_FILES_H

#include <sys/types.h>

#include <weir/types.h>

/* What there is to know of an open file before it is read. */
typedef struct weir__file_info {
    bool regular;
    int64_t size; /* bytes */
} weir__file_info;

/* Embed this as the first member of a file system of your own. Files are numbers >= 0 until they are closed. */
typedef struct weir__files {
    int (*create)(struct weir__files *self, const char *name); /* to be written; it must not exist */
    int (*open)(struct weir__files *self, const char *name);   /* to be read; never waits */
    int (*inspect)(struct weir__files *self, int file, weir__file_info *info);
    ssize_t (*read)(struct weir__files *self, int file, void *p, size_t size);
    ssize_t (*write)(struct weir__files *self, int file, const void *p, size_t size);
    int (*sync)(struct weir__files *self, int file); /* the bytes of a file survive a loss of power */
    int (*close)(struct weir__files *self, int file);
    int (*rename)(struct weir__files *self, const char *from, const char *to); /* replaces `to` */
    int (*remove)(struct weir__files *self, const char *name);
    int (*sync_names)(struct weir__files *self); /* the names in the folder survive it */
} weir__files;

/* The files of a folder of the system. */
typedef struct weir__system_files {
    weir__files files;
    int dir_fd; /* owned by the caller */
} weir__system_files;

void weir__system_files_init(weir__system_files *files, int dir_fd);

#endif
