/* A model of a cluster (src/model) with a client before it, in virtual time; and requests sent by hand. */
#ifndef WEIR_TESTS_SUPPORT_MODELHOST_H
#define WEIR_TESTS_SUPPORT_MODELHOST_H

#include <weir/client.h>
#include <weir/proto.h>
#include <weir/record.h>

#include "model.h"

#define MODELHOST_LINKS 16
#define MODELHOST_FRAME (4u * 1024 * 1024) /* bytes of a request or an answer by hand, at most */

typedef struct modelhost_link {
    bool open;
    int32_t connection;
} modelhost_link;

typedef struct modelhost {
    weir__model_config config; /* for modelhost_start */
    weir__model *model;
    weir_config client_config; /* for modelhost_connect; its bootstrap server is broker 1 */
    weir_client *client;
    weir_budget model_memory, client_memory;
    weir_time_us now;
    modelhost_link links[MODELHOST_LINKS];
    int32_t by_hand[WEIR__MODEL_BROKERS + 1]; /* connections of modelhost_ask; -1: none yet */
    int32_t correlation;
    uint8_t *frame;  /* of modelhost_ask */
    uint64_t *arena; /* of what it returned */
    size_t chunk;    /* bytes that are moved at once; 0: all */
} modelhost;

/* Configurations at their defaults, one broker, nothing made. */
void modelhost_init(modelhost *h);
void modelhost_start(modelhost *h);
/* Frees everything, and checks that model and client have given all memory back. */
void modelhost_free(modelhost *h);

/* ---- with a client ---- */
void modelhost_connect(modelhost *h);
void modelhost_disconnect(modelhost *h);
/* Moves bytes until nothing moves any more. */
void modelhost_settle(modelhost *h);
/* Lets time go on to what is due next, at most `limit`, and lets that happen. */
void modelhost_wait(modelhost *h, weir_time_us limit);

/* ---- by hand ---- */
/* Sends a request on a connection of its own to a broker and returns the response, valid until the next call; NULL when
   none has come (it is held, or the connection was closed, see modelhost_closed). */
const void *modelhost_ask(modelhost *h, int32_t broker, int16_t api, int16_t version, const void *request);
/* The response to the last request, if it has come since. */
const void *modelhost_answer(modelhost *h, int32_t broker, int16_t api, int16_t version);
/* Whether the connection by hand was closed by the broker; then the next request opens another. */
bool modelhost_closed(modelhost *h, int32_t broker);
/* Lets `time` pass, with all ticks that are due. */
void modelhost_pass(modelhost *h, weir_time_us time);

/* A batch of records with decimal numbers from `first` on as keys and values. */
weir_records modelhost_batch(uint8_t *memory, size_t size, int64_t first, int32_t count,
                             const weir_batch_identity *identity);
/* Produces one batch (acks -1) in version 11 or lower, by name. Returns the partition's response. */
const weir_produce_response_partition_produce_response *modelhost_produce(modelhost *h, int32_t broker,
                                                                          const char *topic, int32_t partition,
                                                                          const char *transactional_id,
                                                                          weir_records records);

#endif
