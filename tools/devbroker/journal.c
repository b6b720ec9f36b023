#include "journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <weir/record.h>
#include <weir/wire.h>

/* A deed in the file: crc u32 over what follows, size u32 of the bytes, kind u8, number i32, now i64, bytes. */
#define HEAD_SIZE ((size_t)21)

/* What the file begins with. */
static const char magic[8] = "weirjrn1";

struct journal {
    int file;
    uint8_t *bytes; /* what is read, or what is not yet written */
    size_t len, cap;
    size_t read_at; /* how far deeds were read */
    bool dirty;     /* written, and not yet synced */
};

static void complain(const char *what, const char *name) {
    fprintf(stderr, "weir-devbroker: cannot %s %s: %s\n", what, name, strerror(errno));
}

static bool room(journal *j, size_t more) {
    if (j->len + more <= j->cap)
        return true;
    size_t cap = j->cap > 0 ? j->cap : 65536;
    while (cap < j->len + more)
        cap *= 2;
    uint8_t *bytes = realloc(j->bytes, cap);
    if (bytes == NULL)
        return false;
    j->bytes = bytes;
    j->cap = cap;
    return true;
}

static bool read_all(journal *j) {
    struct stat info;
    if (fstat(j->file, &info) != 0 || !room(j, (size_t)info.st_size + 1))
        return false;
    while (j->len < (size_t)info.st_size) {
        ssize_t n = read(j->file, j->bytes + j->len, (size_t)info.st_size - j->len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n == 0;
        j->len += (size_t)n;
    }
    return true;
}

/* Whether the file is a journal; one that is empty becomes one. */
static bool begin(journal *j) {
    if (j->len == 0 && pwrite(j->file, magic, sizeof magic, 0) == (ssize_t)sizeof magic) {
        memcpy(j->bytes, magic, sizeof magic);
        j->len = sizeof magic;
    }
    j->read_at = sizeof magic;
    return j->len >= sizeof magic && memcmp(j->bytes, magic, sizeof magic) == 0;
}

journal *journal_open(const char *folder) {
    char path[4096];
    journal *j = calloc(1, sizeof *j);
    if (j == NULL)
        return NULL;
    j->file = -1;
    snprintf(path, sizeof path, "%s/journal", folder);
    if (mkdir(folder, 0777) != 0 && errno != EEXIST)
        complain("make", folder);
    else if ((j->file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666)) < 0)
        complain("open", path);
    else if (flock(j->file, LOCK_EX | LOCK_NB) != 0)
        complain("lock", path);
    else if (!read_all(j))
        complain("read", path);
    else if (!begin(j))
        fprintf(stderr, "weir-devbroker: not a journal: %s\n", path);
    else
        return j;
    j->len = 0;
    journal_close(j);
    return NULL;
}

void journal_close(journal *j) {
    if (j->file >= 0) {
        journal_sync(j);
        close(j->file);
    }
    free(j->bytes);
    free(j);
}

/* The end of what can be read: from here on deeds are written. */
static bool turn_to_writing(journal *j) {
    if (ftruncate(j->file, (off_t)j->read_at) != 0 || lseek(j->file, (off_t)j->read_at, SEEK_SET) < 0)
        complain("cut", "the journal");
    free(j->bytes);
    j->bytes = NULL;
    j->len = j->cap = 0;
    return false;
}

bool journal_next(journal *j, deed *d) {
    weir_in in;
    weir_in_init(&in, j->bytes + j->read_at, j->len - j->read_at);
    uint32_t crc = weir_in_u32(&in), size = weir_in_u32(&in);
    d->kind = (deed_kind)weir_in_i8(&in);
    d->number = weir_in_i32(&in);
    d->now = weir_in_i64(&in);
    d->bytes = weir_in_take(&in, size);
    const uint8_t *head = j->bytes + j->read_at;
    if (in.error != WEIR_OK || weir_crc32c(0, head + 4, HEAD_SIZE - 4 + size) != crc)
        return turn_to_writing(j);
    j->read_at += HEAD_SIZE + size;
    return true;
}

void journal_add(journal *j, const deed *d) {
    weir_out out;
    size_t size = HEAD_SIZE + d->bytes.len;
    if (!room(j, size)) {
        fputs("weir-devbroker: no memory for the journal\n", stderr);
        exit(1);
    }
    uint8_t *at = j->bytes + j->len;
    weir_out_init(&out, at, size);
    weir_out_u32(&out, 0);
    weir_out_u32(&out, d->bytes.len);
    weir_out_i8(&out, (int8_t)d->kind);
    weir_out_i32(&out, d->number);
    weir_out_i64(&out, d->now);
    weir_out_bytes(&out, d->bytes.p, d->bytes.len);
    weir_out_init(&out, at, 4);
    weir_out_u32(&out, weir_crc32c(0, at + 4, size - 4));
    j->len += size;
}

bool journal_flush(journal *j) {
    size_t done = 0;
    while (done < j->len) {
        ssize_t n = write(j->file, j->bytes + done, j->len - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            complain("write", "the journal");
            return false;
        }
        done += (size_t)n;
    }
    j->dirty = j->dirty || done > 0;
    j->len = 0;
    return true;
}

bool journal_dirty(const journal *j) {
    return j->dirty || j->len > 0;
}

bool journal_sync(journal *j) {
    if (!journal_flush(j))
        return false;
    if (j->dirty && fdatasync(j->file) != 0) {
        complain("sync", "the journal");
        return false;
    }
    j->dirty = false;
    return true;
}
