#include "admin.h"

#include "text.h"
#include "words.h"

#include <weir/proto.h>

#include <stdlib.h>

static weir_err fetch(cli_session *session, weir_metadata_request_topic *topics, int32_t count, weir_call *call) {
    weir_metadata_request request;
    weir_message_init(weir_api_find(WEIR_API_METADATA)->request, &request);
    request.topics.items = topics;
    request.topics.count = count;
    request.allow_auto_topic_creation = count < 0;
    *call = (weir_call){.api_key = WEIR_API_METADATA, .target = WEIR_TARGET_ANY, .request = &request};
    return cli_session_try(session, call);
}

int cli_fetch_metadata(cli_session *session, weir_str *names, int32_t count, weir_call *call,
                       const weir_metadata_response **response) {
    weir_metadata_request_topic *topics = NULL;
    weir_err err = WEIR_E_VERSION;
    if (count > 0) {
        topics = cli_grow(NULL, (size_t)count, sizeof *topics);
        for (int32_t n = 0; n < count; n++)
            topics[n] = (weir_metadata_request_topic){.name = names[n]};
        err = fetch(session, topics, count, call);
        free(topics);
    }
    if (err == WEIR_E_VERSION) {
        if (count > 0)
            weir_call_release(session->client, call);
        err = fetch(session, NULL, -1, call);
    }
    if (err != WEIR_OK)
        return cli_session_fail(session, call);
    *response = call->response;
    return -1;
}

const weir_metadata_response_topic *cli_find_topic(const weir_metadata_response *response, weir_str name) {
    for (int32_t n = 0; n < response->topics.count; n++)
        if (weir_str_equal(response->topics.items[n].name, name))
            return &response->topics.items[n];
    return NULL;
}

bool cli_is_passing(int16_t code) {
    weir_class class = weir_code_class(code);
    return class == WEIR_CLASS_RETRY || class == WEIR_CLASS_REFRESH || class == WEIR_CLASS_FIND_COORDINATOR;
}

weir_err cli_try_patiently(cli_session *session, weir_call *call, int16_t (*code_of)(const void *response),
                           int16_t *code) {
    weir_call fresh = *call;
    weir_fault fault;
    for (cli_session_moved(session);;) {
        weir_err err = cli_session_try(session, call);
        if (err != WEIR_OK)
            return err;
        *code = code_of(call->response);
        if (!cli_is_passing(*code) || cli_session_stuck(session, &fault))
            return WEIR_OK;
        weir_call_release(session->client, call);
        *call = fresh;
        cli_session_step(session, session->config.retry_backoff_ms);
    }
}

int cli_call_patiently(cli_session *session, weir_call *call, int16_t (*code_of)(const void *response), int16_t *code) {
    return cli_try_patiently(session, call, code_of, code) == WEIR_OK ? -1 : cli_session_fail(session, call);
}

weir_str *cli_views(const cli_list *list) {
    weir_str *views = cli_grow(NULL, list->count + 1, sizeof *views);
    for (size_t n = 0; n < list->count; n++)
        views[n] = weir_str_of(list->items[n].text);
    return views;
}
