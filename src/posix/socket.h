/* TCP sockets: thin wrappers that hide options, retries after signals and the differences between systems. All sockets
   are non-blocking. Functions that return -1 leave the reason in errno. */
#ifndef WEIR_POSIX_SOCKET_H
#define WEIR_POSIX_SOCKET_H

#include <netdb.h>
#include <sys/types.h>

#include <weir/types.h>

/* How many slices weir__socket_send takes at the most. */
#define WEIR__SLICES_MAX 64

/* The addresses of host:port in the system's order of preference, to be given to freeaddrinfo; NULL with the reason in
   `text` (`size` bytes). Asks the resolver, and so blocks, unless the host is a numeric address. */
struct addrinfo *weir__socket_lookup(const char *host, uint16_t port, char *text, size_t size);

/* Begins to connect and returns the socket, or -1. Its end, good or bad, shows as writability. */
int weir__socket_connect(const struct addrinfo *address);

/* How a connection attempt ended: 0 when it is up, otherwise an errno value. */
int weir__socket_outcome(int fd);

/* Writes slices back to back. Returns the bytes written, fewer than given when the system's buffer is full; -1 with
   EAGAIN when it was full before. Never raises SIGPIPE. */
ssize_t weir__socket_send(int fd, const weir_bytes *slices, size_t count);

/* Reads up to `size` bytes; 0 when the peer has closed, -1 with EAGAIN when there is nothing to read. */
ssize_t weir__socket_recv(int fd, uint8_t *space, size_t size);

#endif
