/* `weir groups offsets`: where a group stands. */
#ifndef CLI_GROUP_OFFSETS_H
#define CLI_GROUP_OFFSETS_H

#include "session.h"

/* Prints the offsets that a group has committed, the ends of their partitions and the lag. Returns a status. */
int cli_group_offsets(cli_session *session, const char *group, bool json);

/* Says that a broker answered about a group with an error code; returns CLI_FAILED. */
int cli_group_refused(int16_t api_key, const char *group, int16_t code);

#endif
