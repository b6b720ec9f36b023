/* weir-devbroker: a Kafka cluster in memory behind sockets. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "options.h"
#include "server.h"

#define FAILED 1

static volatile sig_atomic_t stop;

static void on_signal(int number) {
    (void)number;
    stop = 1;
}

int main(int argc, char **argv) {
    static options o;
    struct sigaction action;
    int status = options_read(&o, argc, argv);
    if (status >= 0)
        return status;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    server *s = server_start(&o);
    if (s == NULL)
        return FAILED;
    printf("{\"bootstrap\":\"%s:%u\",\"brokers\":%d}\n", o.config.host, (unsigned)server_port(s),
           (int)o.config.brokers);
    fflush(stdout);
    bool served = server_run(s, &stop);
    server_free(s);
    return served ? 0 : FAILED;
}
