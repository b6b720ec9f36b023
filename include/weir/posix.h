/* The host for POSIX systems: sockets, poll, clock, malloc and files. The only part of Weir that touches the system. */
#ifndef WEIR_POSIX_H
#define WEIR_POSIX_H

#include <weir/alloc.h>
#include <weir/client.h>

#ifdef __cplusplus
extern "C" {
#endif

/* An allocator over malloc and free; stateless. */
WEIR_API weir_alloc *weir_posix_malloc(void);
/* The monotonic clock. */
WEIR_API weir_time_us weir_posix_now(void);
/* A seed that differs from process to process. */
WEIR_API uint64_t weir_posix_seed(void);

/* Drives the links of one or more clients on the calling thread. */
typedef struct weir_posix weir_posix;

WEIR_API weir_err weir_posix_new(weir_posix **posix, weir_alloc *alloc);
/* Closes all sockets. Free the clients before or after; they are not touched. */
WEIR_API void weir_posix_free(weir_posix *posix);
WEIR_API weir_err weir_posix_add(weir_posix *posix, weir_client *client);
/* One round: opens and closes links as asked, waits for I/O until `until` or the clients' own deadline, whichever is
   first, moves bytes, and ticks the clients. Returns early on a signal. */
WEIR_API weir_err weir_posix_step(weir_posix *posix, weir_time_us until);

/* Sends a call and waits for its end; returns call->err. */
WEIR_API weir_err weir_posix_call(weir_posix *posix, weir_client *client, weir_call *call);

#ifdef __cplusplus
}
#endif

#endif
