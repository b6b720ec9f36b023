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

/* Operands and lists as an array of views, from malloc; the count is that of the list. */
weir_str *cli_views(const cli_list *list);

#endif
