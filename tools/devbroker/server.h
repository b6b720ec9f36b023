/* The model behind sockets. */
#ifndef WEIR_TOOLS_DEVBROKER_SERVER_H
#define WEIR_TOOLS_DEVBROKER_SERVER_H

#include <signal.h>

#include "options.h"

typedef struct server server;

/* Makes the cluster, as far as a journal tells it from there, and listens. NULL, with words on stderr. */
server *server_start(const options *o);
/* Where broker 1 listens. */
uint16_t server_port(const server *s);
/* Serves until *stop is set by a signal. False when the disk fails. */
bool server_run(server *s, const volatile sig_atomic_t *stop);
void server_free(server *s);

#endif
