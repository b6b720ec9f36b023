/* A tap on the wire at the client's end: what the job sends, and when it has been answered. It holds the job to what no
   broker could: invariants 5 (one sequence, one payload), 6 (the order of a transaction's requests), 7 (no commit
   without a durable checkpoint) and 12 (no storm). */
#ifndef WEIR_TESTS_SIM_TAP_H
#define WEIR_TESTS_SIM_TAP_H

#include <weir/types.h>

struct sim_world;
struct sim_wire;

#define TAP_FLIGHTS 64
#define TAP_BATCHES 8192 /* a power of two */
#define TAP_IDS     64
#define TAP_STORM   4000 /* requests of a process in a second */

typedef struct sim_tap_flight {
    int16_t api, version;
    int32_t batches[16]; /* of Produce: entries of tap.batches */
    int32_t batch_count;
} sim_tap_flight;

typedef struct sim_tap_frame {
    uint8_t *bytes;
    size_t len, room;
} sim_tap_frame;

typedef struct sim_tap_wire {
    sim_tap_frame up, down;
    sim_tap_flight flights[TAP_FLIGHTS];
    uint32_t sent, answered;
} sim_tap_wire;

/* A batch that was sent. */
typedef struct sim_tap_batch {
    bool used, acknowledged;
    int16_t epoch;
    int32_t partition, sequence;
    int64_t producer_id;
    uint32_t size, crc;
    int32_t process;
} sim_tap_batch;

/* The transactional state of a producer id and epoch, as the wire shows it. */
typedef struct sim_tap_producer {
    int64_t producer_id;
    int16_t epoch;
    bool prepared; /* the ledger's offset was sent, EndTxn was not */
    bool ended;    /* EndTxn was sent */
} sim_tap_producer;

typedef struct sim_tap {
    sim_tap_batch batches[TAP_BATCHES];
    int32_t used[TAP_BATCHES]; /* entries of batches in order of first sending */
    int32_t used_count;
    sim_tap_producer producers[TAP_IDS];
    int32_t producer_count; /* a ring once it is full */
    weir_time_us second[4]; /* by process index: the second that is being counted */
    int32_t requests[4];
} sim_tap;

void tap_reset(sim_tap *t);
void tap_wire_open(sim_tap_wire *t);
void tap_wire_free(sim_tap_wire *t);
/* The API of the request that was sent last; -1: none yet. */
int16_t tap_last_api(const sim_tap_wire *t);
void tap_sent(struct sim_world *w, struct sim_wire *wire, const uint8_t *bytes, size_t len);
void tap_received(struct sim_world *w, struct sim_wire *wire, const uint8_t *bytes, size_t len);

#endif
