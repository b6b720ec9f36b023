/* One link of a client: a connection attempt over all addresses of a host, then an open socket. Whatever happens is
   reported to the client by the functions here; a link that has failed is free again. */
#ifndef WEIR_POSIX_CONNECTION_H
#define WEIR_POSIX_CONNECTION_H

#include <netdb.h>

#include <weir/client.h>

typedef struct weir__connection {
    weir_client *client;
    uint32_t number; /* the client's name for it */
    int fd;          /* -1: the link is free */
    bool up;         /* connected; false while an attempt is under way */
    bool backlog;    /* the system's buffer is full: do not send until the socket is writable */

    /* The attempt. */
    struct addrinfo *addresses;    /* owned; NULL once up */
    const struct addrinfo *trying; /* the address that fd connects to */
    weir_time_us attempt_deadline; /* when the next address gets its turn; WEIR_NEVER for the last one */
    char failures[256];            /* what became of the addresses before */
} weir__connection;

/* Makes the link with a number of a client, free. */
void weir__connection_init(weir__connection *c, weir_client *client, uint32_t number);

/* Begins to connect. Blocks while a name is looked up. */
void weir__connection_open(weir__connection *c, const char *host, uint16_t port);

/* Closes the socket and frees the link, without a word to the client. Closing a free link does nothing. */
void weir__connection_close(weir__connection *c);

/* What to poll the socket for, 0 for nothing. */
short weir__connection_events(const weir__connection *c);

/* Acts on what poll has found, and on an attempt that has taken too long. */
void weir__connection_react(weir__connection *c, short revents, weir_time_us now);

/* Sends what the client has, as far as the system takes it. Returns whether the client was told of anything. */
bool weir__connection_send(weir__connection *c);

#endif
