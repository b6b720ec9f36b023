#include "session.h"

#include "settings.h"
#include "words.h"

#include <weir/proto.h>

#include <stdio.h>
#include <string.h>

#define MEMORY_LIMIT ((size_t)256 << 20) /* bytes: back-pressure from here on */
#define QUIET_US     1000000             /* how long nothing moves before troubles are told */

int cli_session_configure(cli_session *session, int32_t sides, const cli_list *settings) {
    memset(session, 0, sizeof *session);
    weir_config_init(&session->config, sides);
    session->config.delivery_guarantee = WEIR_DELIVERY_AT_LEAST_ONCE;
    int status = cli_settings_apply(settings, cli_set_client, &session->config);
    if (status < 0 && session->config.bootstrap_servers[0] == '\0')
        status = cli_usage("no brokers are named: give --bootstrap HOST:PORT");
    return status;
}

int cli_session_open(cli_session *session) {
    weir_fault fault;
    weir_fault_clear(&fault);
    weir_err err = weir_config_check(&session->config, &fault);
    weir_budget_init(&session->budget, weir_posix_malloc(), MEMORY_LIMIT);
    if (err == WEIR_OK)
        err = weir_posix_new(&session->posix, &session->budget.alloc);
    if (err == WEIR_OK)
        err = weir_client_new(&session->client, &session->config, &session->budget.alloc, weir_posix_seed(), &fault);
    if (err == WEIR_OK)
        err = weir_posix_add(session->posix, session->client);
    session->quiet_since = weir_posix_now();
    if (err == WEIR_OK)
        return -1;
    fault.err = err;
    return cli_fail(&fault);
}

void cli_session_close(cli_session *session) {
    if (session->client)
        weir_client_free(session->client);
    if (session->posix)
        weir_posix_free(session->posix);
    session->client = NULL;
    session->posix = NULL;
}

void cli_session_step(cli_session *session, int64_t wait_ms) {
    weir_posix_step(session->posix, weir_posix_now() + wait_ms * 1000);
}

void cli_session_moved(cli_session *session) {
    session->quiet_since = weir_posix_now();
}

void cli_session_tell_trouble(cli_session *session) {
    const weir_fault *trouble = weir_client_trouble(session->client);
    if (!trouble || trouble->err == WEIR_OK || weir_posix_now() - session->quiet_since < QUIET_US)
        return;
    if (strcmp(trouble->text, session->told) == 0)
        return;
    snprintf(session->told, sizeof session->told, "%s", trouble->text);
    cli_say("waiting: %s", trouble->text);
}

bool cli_session_stuck(const cli_session *session, weir_fault *fault) {
    int64_t limit_ms = session->config.default_api_timeout_ms;
    if ((weir_posix_now() - session->quiet_since) / 1000 < limit_ms)
        return false;
    const weir_fault *trouble = weir_client_trouble(session->client);
    if (trouble && trouble->err != WEIR_OK)
        *fault = *trouble;
    else
        weir_fault_set(fault, WEIR_E_UNREACHABLE, "no answer from %s within default.api.timeout.ms = %lld",
                       session->config.bootstrap_servers, (long long)limit_ms);
    return true;
}

weir_err cli_session_try(cli_session *session, weir_call *call) {
    call->timeout = session->config.default_api_timeout_ms * 1000;
    call->err = weir_posix_call(session->posix, session->client, call);
    return call->err;
}

int cli_session_fail(cli_session *session, weir_call *call) {
    const weir_fault *trouble = weir_client_trouble(session->client);
    bool known = trouble && trouble->err != WEIR_OK;
    int16_t key = call->api_key;
    const char *api = weir_api_name(key);
    weir_err err = call->err;
    weir_call_release(session->client, call);
    if (err == WEIR_E_VERSION || err == WEIR_E_UNSUPPORTED)
        cli_say("the brokers (Kafka %s) do not offer what this needs of %s, an API of Kafka %s and newer",
                weir_client_broker_version(session->client), api, weir_api_release(key));
    else
        cli_say("%s: %s%s%s", api, weir_err_name(err), known ? ": " : "", known ? trouble->text : "");
    return cli_status(err);
}

int cli_session_call(cli_session *session, weir_call *call) {
    return cli_session_try(session, call) == WEIR_OK ? -1 : cli_session_fail(session, call);
}

int cli_refused(int16_t api_key, const char *what, int16_t code, weir_str text) {
    weir_fault clean;
    weir_fault_set(&clean, WEIR_E_BROKER, "%s: %s refused with %s (%d): %.*s", what, weir_api_name(api_key),
                   weir_code_name(code), code, text.p ? (int)text.len : (int)strlen(weir_code_text(code)),
                   text.p ? text.p : weir_code_text(code));
    return cli_fail(&clean);
}
