/* The broker's end of a loopback connection, driven by the test between the host's steps. Descriptors are
   non-blocking. */
#ifndef PEER_H
#define PEER_H

#include <stdint.h>

/* Listens on a free port of a numeric IPv4 address. `backlog` < 0: bound, but not listening. */
int peer_listen(const char *address, int backlog, uint16_t *port);
/* The next connection, or -1 when there is none yet. */
int peer_accept(int listener);
/* Closes with a reset instead of an orderly end. */
void peer_reset(int fd);

#endif
