/* Requests for tests: calls of the public interface, and requests as the layers above make them. */
#ifndef WEIR_TESTS_CLUSTER_ASKER_H
#define WEIR_TESTS_CLUSTER_ASKER_H

#include "cluster.h"
#include "peer.h"

/* A request whose end is noted. */
typedef struct asker {
    weir__request request;
    weir_client *client;
    weir_describe_configs_request configs;
    weir_str id;
    weir_describe_transactions_request describe;
    int32_t fills, dones;
    weir_err err;
    int16_t version, code;
    int32_t broker;
    int32_t again; /* how often a code is to be answered by weir__request_again */
    weir_time_us done_at;
} asker;

/* Submits DescribeConfigs to a target, to be given up after `timeout`. Members of a->request may be changed before the
   client is ticked. */
void asker_submit(asker *a, peer *p, weir_target_kind target, weir_time_us timeout);
/* Submits DescribeTransactions to the coordinator of a transactional id. */
void asker_submit_txn(asker *a, peer *p, const char *id, weir_time_us timeout);
/* Lets time pass until *flag is not zero, at most `limit`; false when that took longer. */
bool asker_until(peer *p, const int32_t *flag, weir_time_us limit);
/* Lets that much time pass. */
void asker_pass(peer *p, weir_time_us time);
/* A call of DescribeConfigs that must be answered within a minute; the answering broker. */
int32_t asker_call(peer *p, weir_target_kind target, int32_t broker);

#define ck_assert_trouble(p, part) ck_assert_msg(strstr((p)->told.text, part) != NULL, "trouble: %s", (p)->told.text)

#endif
