/* The system calls of src/posix, linked in front of the system's own: one of them fails, falls short, or is never made
   because the process dies. For programs that are otherwise what they always are; syscalls.py runs them.

   WEIR_SYSCALL is "CALL N WHAT", or "CALL N WHAT on" for the N-th call (from 1) and all later ones. CALL is a name or
   "any". WHAT is what the call says instead of being made: a number for errno (getaddrinfo: its status), "zero" for a
   result of 0; or "one" and "half", the bytes that it may move at most; or "kill", for SIGKILL.
   WEIR_SYSCALL_TRACE names a file to which the names of the calls are appended, one a line. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static struct script {
    bool read;
    char call[16], number[16], what[16], on[4];
    long first, calls; /* the first call that is hit; those of this name so far */
    FILE *trace;
} script;

/* The system's own function. The variants for large files are the ones that the callers were compiled for. */
static void *find(const char *name) {
    char large[32];
    snprintf(large, sizeof large, "%s64", name);
    void *found = dlsym(RTLD_NEXT, large);
    return found != NULL ? found : dlsym(RTLD_NEXT, name);
}

#define REAL(name) ((__typeof__(&(name)))(uintptr_t)find(#name))

/* Cuts the next word off a text. */
static const char *read_word(const char *text, char *word, size_t size) {
    size_t len = strcspn(text, " ");
    snprintf(word, size, "%.*s", (int)len, text);
    return text[len] == ' ' ? text + len + 1 : text + len;
}

static void read_script(void) {
    const char *text = getenv("WEIR_SYSCALL"), *trace = getenv("WEIR_SYSCALL_TRACE");
    script.read = true;
    if (text != NULL) {
        text = read_word(text, script.call, sizeof script.call);
        text = read_word(text, script.number, sizeof script.number);
        text = read_word(text, script.what, sizeof script.what);
        (void)read_word(text, script.on, sizeof script.on);
        script.first = strtol(script.number, NULL, 10);
    }
    script.trace = trace != NULL ? fopen(trace, "ae") : NULL;
}

/* Whether this call is one that the script is about. */
static bool is_hit(const char *name) {
    if (!script.read)
        read_script();
    if (script.trace != NULL) {
        fprintf(script.trace, "%s\n", name);
        fflush(script.trace);
    }
    if (strcmp(script.call, name) != 0 && strcmp(script.call, "any") != 0)
        return false;
    script.calls++;
    return script.on[0] != '\0' ? script.calls >= script.first : script.calls == script.first;
}

/* Whether the call ends here, with *result and errno. One that moves up to *size bytes may get fewer to move. */
static bool ends_moving(const char *name, long *result, size_t *size) {
    if (!is_hit(name))
        return false;
    bool one = strcmp(script.what, "one") == 0, half = strcmp(script.what, "half") == 0;
    if (one || half) {
        *size = one || *size < 2 ? 1 : *size / 2;
        return false;
    }
    if (strcmp(script.what, "kill") == 0)
        raise(SIGKILL);
    *result = strcmp(script.what, "zero") == 0 ? 0 : -1;
    errno = *result < 0 ? (int)strtol(script.what, NULL, 10) : errno;
    return true;
}

static bool ends(const char *name, long *result) {
    size_t none = 0;
    return ends_moving(name, result, &none);
}

/* ---- sockets ---- */

int socket(int family, int type, int protocol) {
    long r;
    return ends("socket", &r) ? (int)r : REAL(socket)(family, type, protocol);
}

int setsockopt(int fd, int level, int name, const void *value, socklen_t size) {
    long r;
    return ends("setsockopt", &r) ? (int)r : REAL(setsockopt)(fd, level, name, value, size);
}

int getsockopt(int fd, int level, int name, void *value, socklen_t *size) {
    long r;
    return ends("getsockopt", &r) ? (int)r : REAL(getsockopt)(fd, level, name, value, size);
}

int getsockname(int fd, struct sockaddr *address, socklen_t *size) {
    long r;
    return ends("getsockname", &r) ? (int)r : REAL(getsockname)(fd, address, size);
}

int getpeername(int fd, struct sockaddr *address, socklen_t *size) {
    long r;
    return ends("getpeername", &r) ? (int)r : REAL(getpeername)(fd, address, size);
}

/* An attempt that a signal interrupts goes on. */
int connect(int fd, const struct sockaddr *address, socklen_t size) {
    long r;
    if (!ends("connect", &r))
        return REAL(connect)(fd, address, size);
    if (errno == EINTR) {
        (void)REAL(connect)(fd, address, size);
        errno = EINTR;
    }
    return (int)r;
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags) {
    struct msghdr cut = *message;
    struct iovec first = message->msg_iov[0];
    size_t size = 0;
    for (size_t i = 0; i < (size_t)message->msg_iovlen; i++)
        size += message->msg_iov[i].iov_len;
    size_t most = size;
    long r;
    if (ends_moving("sendmsg", &r, &most))
        return r;
    if (most < size) {
        first.iov_len = most < first.iov_len ? most : first.iov_len;
        cut.msg_iov = &first;
        cut.msg_iovlen = 1;
    }
    return REAL(sendmsg)(fd, &cut, flags);
}

ssize_t recv(int fd, void *p, size_t size, int flags) {
    long r;
    return ends_moving("recv", &r, &size) ? r : REAL(recv)(fd, p, size, flags);
}

int poll(struct pollfd *polls, nfds_t count, int timeout) {
    long r;
    if (!ends("poll", &r))
        return REAL(poll)(polls, count, timeout);
    for (nfds_t i = 0; r == 0 && i < count; i++)
        polls[i].revents = 0;
    return (int)r;
}

int getaddrinfo(const char *host, const char *service, const struct addrinfo *hints, struct addrinfo **addresses) {
    long r;
    return ends("getaddrinfo", &r) ? errno : REAL(getaddrinfo)(host, service, hints, addresses);
}

int getnameinfo(const struct sockaddr *address, socklen_t size, char *host, socklen_t host_size, char *service,
                socklen_t service_size, int flags) {
    long r;
    return ends("getnameinfo", &r) ? errno
                                   : REAL(getnameinfo)(address, size, host, host_size, service, service_size, flags);
}

/* ---- files ---- */

int open(const char *path, int flags, ...) {
    va_list more;
    long r;
    va_start(more, flags);
    mode_t mode = flags & O_CREAT ? va_arg(more, mode_t) : 0;
    va_end(more);
    return ends("open", &r) ? (int)r : REAL(open)(path, flags, mode);
}

int openat(int folder, const char *path, int flags, ...) {
    va_list more;
    long r;
    va_start(more, flags);
    mode_t mode = flags & O_CREAT ? va_arg(more, mode_t) : 0;
    va_end(more);
    return ends("openat", &r) ? (int)r : REAL(openat)(folder, path, flags, mode);
}

/* The descriptor is gone whatever close says. */
int close(int fd) {
    long r;
    bool ended = ends("close", &r);
    int error = errno, status = REAL(close)(fd);
    if (!ended)
        return status;
    errno = error;
    return (int)r;
}

ssize_t read(int fd, void *p, size_t size) {
    long r;
    return ends_moving("read", &r, &size) ? r : REAL(read)(fd, p, size);
}

ssize_t pread(int fd, void *p, size_t size, off_t offset) {
    long r;
    return ends_moving("pread", &r, &size) ? r : REAL(pread)(fd, p, size, offset);
}

ssize_t write(int fd, const void *p, size_t size) {
    long r;
    return ends_moving("write", &r, &size) ? r : REAL(write)(fd, p, size);
}

int fstat(int fd, struct stat *status) {
    long r;
    return ends("fstat", &r) ? (int)r : REAL(fstat)(fd, status);
}

int fsync(int fd) {
    long r;
    return ends("fsync", &r) ? (int)r : REAL(fsync)(fd);
}

int ftruncate(int fd, off_t size) {
    long r;
    return ends("ftruncate", &r) ? (int)r : REAL(ftruncate)(fd, size);
}

int flock(int fd, int operation) {
    long r;
    return ends("flock", &r) ? (int)r : REAL(flock)(fd, operation);
}

int mkdir(const char *path, mode_t mode) {
    long r;
    return ends("mkdir", &r) ? (int)r : REAL(mkdir)(path, mode);
}

int access(const char *path, int mode) {
    long r;
    return ends("access", &r) ? (int)r : REAL(access)(path, mode);
}

int renameat(int from_folder, const char *from, int to_folder, const char *to) {
    long r;
    return ends("renameat", &r) ? (int)r : REAL(renameat)(from_folder, from, to_folder, to);
}

int unlinkat(int folder, const char *path, int flags) {
    long r;
    return ends("unlinkat", &r) ? (int)r : REAL(unlinkat)(folder, path, flags);
}
