/* One client on one thread: what every command but `copy` works with. */
#ifndef CLI_SESSION_H
#define CLI_SESSION_H

#include "args.h"

#include <weir/client.h>
#include <weir/posix.h>

typedef struct cli_session {
    weir_config config; /* filled by cli_session_configure, to be changed before cli_session_open */
    weir_budget budget;
    weir_posix *posix;
    weir_client *client;
    weir_time_us quiet_since;                 /* when something last moved */
    char told[sizeof((weir_fault *)0)->text]; /* the trouble told last */
} cli_session;

/* Reads the settings for a client with these sides; a sink writes at least once unless they say otherwise. -1 to go
   on, else a status. */
int cli_session_configure(cli_session *session, int32_t sides, const cli_list *settings);
/* Makes the client. -1 to go on, else a status. */
int cli_session_open(cli_session *session);
/* Sources and sinks must be freed before. */
void cli_session_close(cli_session *session);

/* Lets I/O go on, for at most `wait_ms`; less when something happens. */
void cli_session_step(cli_session *session, int64_t wait_ms);
/* Something moved. */
void cli_session_moved(cli_session *session);
/* Says what is wrong below, once for each text, when nothing has moved for a second. */
void cli_session_tell_trouble(cli_session *session);
/* Whether nothing has moved for default.api.timeout.ms: an opening that takes so long is given up. */
bool cli_session_stuck(const cli_session *session, weir_fault *fault);

/* Sends a call whose first block is filled, with the time-out of default.api.timeout.ms, and waits for it. Returns -1
   with the response, else the status of an error that has been said. */
int cli_session_call(cli_session *session, weir_call *call);
/* The same, but hands the error back; */
weir_err cli_session_try(cli_session *session, weir_call *call);
/* this says it, releases the call and returns the status for it. */
int cli_session_fail(cli_session *session, weir_call *call);

/* Says that a broker answered with an error code, about `what` ("topic orders"); returns CLI_FAILED. `text` is the
   broker's own, or p == NULL. */
int cli_refused(int16_t api_key, const char *what, int16_t code, weir_str text);

#endif
