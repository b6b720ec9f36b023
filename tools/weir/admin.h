/* Requests that more than one command makes. */
#ifndef CLI_ADMIN_H
#define CLI_ADMIN_H

#include "session.h"

#include <weir/messages.h>

/* Fetches metadata of the topics named, or of all with count < 0. -1 with *response, which lasts until
   weir_call_release; else a status. Brokers before 0.11 answer with all topics, so as not to create any. */
int cli_fetch_metadata(cli_session *session, weir_str *names, int32_t count, weir_call *call,
                       const weir_metadata_response **response);
/* The topic with a name, NULL when the response does not hold it. */
const weir_metadata_response_topic *cli_find_topic(const weir_metadata_response *response, weir_str name);

/* Whether `code` may go away by itself, so that the same request is worth another try. */
bool cli_is_passing(int16_t code);
/* Sends a call again and again while `code_of` finds an error in the response that may pass. WEIR_OK with the response
   and its *code, else the error, which is to be told by cli_session_fail. */
weir_err cli_try_patiently(cli_session *session, weir_call *call, int16_t (*code_of)(const void *response),
                           int16_t *code);
/* The same, but tells the error. -1 with the response and its *code, else a status. */
int cli_call_patiently(cli_session *session, weir_call *call, int16_t (*code_of)(const void *response), int16_t *code);

/* Operands and lists as an array of views, from malloc; the count is that of the list. */
weir_str *cli_views(const cli_list *list);

#endif
