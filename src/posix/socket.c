#include "socket.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "error.h"

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0 /* such systems have SO_NOSIGPIPE */
#endif

/* An idle connection whose peer has vanished without a word is given up after about 4 + 3 * 2 = 10 seconds. */
enum {
    KEEPALIVE_IDLE_S = 4,
    KEEPALIVE_INTERVAL_S = 2,
    KEEPALIVE_PROBES = 3
};

struct addrinfo *weir__socket_lookup(const char *host, uint16_t port, char *text, size_t size) {
    char service[6];
    snprintf(service, sizeof service, "%u", (unsigned)port);
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_protocol = IPPROTO_TCP};
    hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
    struct addrinfo *addresses = NULL;
    int status = getaddrinfo(host, service, &hints, &addresses);
    if (status == EAI_NONAME) {
        hints.ai_flags = AI_NUMERICSERV;
        status = getaddrinfo(host, service, &hints, &addresses);
    }
    if (status == 0)
        return addresses;
    char words[WEIR__ERROR_TEXT_MAX];
    snprintf(text, size, "cannot resolve %s: %s", host,
             status == EAI_SYSTEM ? weir__error_text(errno, words) : gai_strerror(status));
    return NULL;
}

/* Options are worth having but not worth failing for. */
static void set_option(int fd, int level, int name, int value) {
    (void)setsockopt(fd, level, name, &value, sizeof value);
}

static void tune(int fd) {
    set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
#ifdef TCP_KEEPIDLE
    set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE_S);
#endif
#ifdef TCP_KEEPINTVL
    set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S);
#endif
#ifdef TCP_KEEPCNT
    set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_PROBES);
#endif
#ifdef SO_NOSIGPIPE
    set_option(fd, SOL_SOCKET, SO_NOSIGPIPE, 1);
#endif
}

static int new_socket(int family) {
#if defined(SOCK_NONBLOCK) && defined(SOCK_CLOEXEC)
    return socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
#else
    int fd = socket(family, SOCK_STREAM, IPPROTO_TCP);
    if (fd >= 0 && (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 || fcntl(fd, F_SETFL, O_NONBLOCK) < 0)) {
        close(fd);
        return -1;
    }
    return fd;
#endif
}

int weir__socket_connect(const struct addrinfo *address) {
    int fd = new_socket(address->ai_family);
    if (fd < 0)
        return -1;
    tune(fd);
    /* After a signal the attempt goes on in the background just as after EINPROGRESS. */
    if (connect(fd, address->ai_addr, address->ai_addrlen) == 0 || errno == EINPROGRESS || errno == EINTR)
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

/* TCP connects a socket to itself when nobody listens on a port of this machine and the system happens to pick that
   very port for the caller's end. It would answer our own requests, and keep the broker from coming back. */
static bool is_own_peer(int fd) {
    struct sockaddr_storage own, peer;
    socklen_t own_size = sizeof own, peer_size = sizeof peer;
    memset(&own, 0, sizeof own);
    memset(&peer, 0, sizeof peer);
    return getsockname(fd, (struct sockaddr *)&own, &own_size) == 0 &&
           getpeername(fd, (struct sockaddr *)&peer, &peer_size) == 0 && own_size == peer_size &&
           memcmp(&own, &peer, own_size) == 0;
}

int weir__socket_outcome(int fd) {
    int error = 0;
    socklen_t size = sizeof error;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
        return errno;
    if (error == 0 && is_own_peer(fd))
        return ECONNREFUSED;
    return error;
}

ssize_t weir__socket_send(int fd, const weir_bytes *slices, size_t count) {
    struct iovec parts[WEIR__SLICES_MAX];
    struct msghdr message;
    memset(&message, 0, sizeof message);
    for (size_t i = 0; i < count; i++) {
        parts[i].iov_base = (void *)slices[i].p;
        parts[i].iov_len = slices[i].len;
    }
    message.msg_iov = parts;
    message.msg_iovlen = (uint8_t)count; /* a member that is an int on some systems and a size_t on others */
    ssize_t n;
    do
        n = sendmsg(fd, &message, MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    return n;
}

ssize_t weir__socket_recv(int fd, uint8_t *space, size_t size) {
    ssize_t n;
    do
        n = recv(fd, space, size, 0);
    while (n < 0 && errno == EINTR);
    return n;
}
