/* What the files of the scripted cluster offer each other. */
#ifndef WEIR_TESTS_SUPPORT_PEER_PARTS_H
#define WEIR_TESTS_SUPPORT_PEER_PARTS_H

#include "peer.h"

#define PEER_BUFFER (4u * 1024 * 1024)

extern weir_alloc peer_heap;

/* Queues an answer on a link, of which at most `keep` bytes are sent. */
void peer_answer(peer *p, peer_link *link, const weir_request_header *header, const void *response, size_t keep);
/* Notes a request, with what tells it from others of its API. */
void peer_note(peer *p, const peer_link *link, const weir_request_header *header, const char *fmt, ...)
    WEIR_PRINTF(4, 5);
/* Whether the request that is being answered takes effect, and the code it is answered with; `code` without a rule. */
bool peer_applies(const peer *p);
int16_t peer_code(const peer *p, int16_t code);
/* What a response's throttle_time_ms is to be. */
int32_t peer_throttle(const peer *p);
peer_log *peer_log_named(peer *p, weir_str topic, int32_t partition);

/* ---- peer_read.c ---- */
void peer_answer_offsets(peer *p, peer_link *link, const weir_request_header *header,
                         const weir_list_offsets_request *request);
void peer_answer_epoch(peer *p, peer_link *link, const weir_request_header *header,
                       const weir_offset_for_leader_epoch_request *request);
/* false: held back, to be looked at again. */
bool peer_take_fetch(peer *p, peer_link *link, const weir_request_header *header, const weir_fetch_request *request);

/* ---- peer_meta.c ---- */
/* Answers about the cluster itself; false when the API is none of these. */
bool peer_take_meta(peer *p, peer_link *link, const weir_request_header *header, const void *message);

/* ---- peer_produce.c ---- */
void peer_answer_produce(peer *p, peer_link *link, const weir_request_header *header,
                         const weir_produce_request *request);

/* ---- peer_txn.c ---- */
/* Transactions and the ledger; false when the API is none of these. */
bool peer_take_txn(peer *p, peer_link *link, const weir_request_header *header, const void *message);
/* Checks that a transactional batch may be written; enters the partition where the version does so. */
int16_t peer_txn_enter(peer *p, weir_str id, int64_t producer_id, int16_t epoch, int32_t log, bool by_itself,
                       int32_t *txn);

#endif
