/* Sockets that listen. */
#ifndef WEIR_TOOLS_DEVBROKER_LISTEN_H
#define WEIR_TOOLS_DEVBROKER_LISTEN_H

#include <stdbool.h>
#include <stdint.h>

/* Listens at `count` ports in a row, from *port on, or from any (then *port says from which). False, with words on
   stderr. */
bool listen_in_a_row(const char *host, uint16_t *port, int count, int *sockets);
/* Makes a socket one that never blocks, and sends at once. */
bool make_quick(int socket);

#endif
