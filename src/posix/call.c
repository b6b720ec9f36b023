#include <weir/posix.h>

weir_err weir_posix_call(weir_posix *posix, weir_client *client, weir_call *call) {
    weir_err err = weir_client_call(client, call, weir_posix_now());
    if (err != WEIR_OK)
        return err;
    /* A step that lacks memory does not end the call: the client tries again until the call's own time-out. */
    while (!call->finished)
        (void)weir_posix_step(posix, WEIR_NEVER);
    return call->err;
}
