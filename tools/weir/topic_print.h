/* What `weir topics list` and `describe` print of a topic. */
#ifndef CLI_TOPIC_PRINT_H
#define CLI_TOPIC_PRINT_H

#include "session.h"

#include <weir/messages.h>

/* An event "topic" as JSON; `configs` are its properties, or NULL. */
void cli_topic_json(const weir_metadata_response_topic *topic,
                    const weir_describe_configs_response_describe_configs_result *configs);
/* Asks for the properties of a topic and prints all of it. */
void cli_topic_describe(cli_session *session, const weir_metadata_response_topic *topic, bool json);

#endif
