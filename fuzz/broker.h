/* A broker that answers as the input says: honestly, damaged, with a body of the input's own, or not at all. It is the
   host of one client, in virtual time. */
#ifndef FUZZ_BROKER_H
#define FUZZ_BROKER_H

#include <weir/client.h>

#include "fuzz.h"

#define BROKER_LINKS 16
#define BROKER_TOPIC "t" /* its one topic, with one partition */

typedef struct broker_link {
    bool open;
    uint32_t opens; /* how often it was opened or closed as the client asked */
    uint8_t *in;    /* requests that were received and not answered */
    size_t in_len;
} broker_link;

typedef struct broker {
    fuzz_input input;
    weir_client *client;
    weir_config config;
    weir_budget budget;
    weir_time_us now;
    broker_link links[BROKER_LINKS];
    uint8_t *answer; /* room for one */
    int16_t epoch;   /* of the next producer */
} broker;

/* Makes the client with the properties of `sides`. */
void broker_init(broker *b, const uint8_t *data, size_t size, int32_t sides);
/* Lets one thing happen, as the input says; false behind its end. */
bool broker_step(broker *b);
/* Fills the response, which holds its defaults, to a request that a sink makes; others it leaves alone. */
void broker_answer_txn(broker *b, const weir_request_header *header, weir_bytes body, void *response);
/* Frees the client, and proves that no memory is left. What uses the client must be freed before. */
void broker_free(broker *b);

#endif
