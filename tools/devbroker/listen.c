#include "listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TRIES 100 /* at finding so many free ports in a row */

bool make_quick(int fd) {
    int on = 1;
    int flags = fcntl(fd, F_GETFL);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0 && fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
}

/* A socket that listens at a port (0: any, which is then in *port); -1 with errno. */
static int listen_at(struct sockaddr_in *address, uint16_t *port) {
    int on = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
    socklen_t size = sizeof *address;
    address->sin_port = htons(*port);
    if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 && make_quick(fd) &&
        bind(fd, (struct sockaddr *)(void *)address, sizeof *address) == 0 && listen(fd, 128) == 0 &&
        getsockname(fd, (struct sockaddr *)(void *)address, &size) == 0) {
        *port = ntohs(address->sin_port);
        return fd;
    }
    if (fd >= 0) {
        int why = errno;
        close(fd);
        errno = why;
    }
    return -1;
}

bool listen_in_a_row(const char *host, uint16_t *port, int count, int *sockets) {
    struct sockaddr_in address = {.sin_family = AF_INET};
    bool any = *port == 0;
    if (inet_pton(AF_INET, host, &address.sin_addr) != 1) {
        fprintf(stderr, "weir-devbroker: not an IPv4 address: %s\n", host);
        return false;
    }
    for (int tries = any ? TRIES : 1; tries > 0; tries--) {
        uint16_t first = any ? 0 : *port, at = first;
        int n = 0;
        for (; n < count; n++, at = (uint16_t)(first + n)) {
            if ((sockets[n] = listen_at(&address, &at)) < 0)
                break;
            first = n == 0 ? at : first;
        }
        if (n == count) {
            *port = first;
            return true;
        }
        int why = errno;
        while (n-- > 0)
            close(sockets[n]);
        errno = why;
    }
    fprintf(stderr, "weir-devbroker: cannot listen at %s:%u: %s\n", host, (unsigned)*port, strerror(errno));
    return false;
}
