/* The sink: records in, exactly once, at least once or without a guarantee. With WEIR_DELIVERY_EXACTLY_ONCE the records
   between two checkpoints are one Kafka transaction; its two-phase commit is prepare -> (the checkpoint that holds the
   committables is made durable) -> commit, while the next transaction already fills under another transactional id. */
#ifndef WEIR_SINK_H
#define WEIR_SINK_H

#include <weir/client.h>
#include <weir/record.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weir_sink weir_sink;

/* A prepared transaction: all of its records are acknowledged, and EndTxn is all that is missing. */
typedef struct weir_committable {
    char transactional_id[WEIR_TRANSACTIONAL_ID_MAX + 24];
    int64_t producer_id;
    int16_t producer_epoch;
    int16_t transaction_version; /* 0 and 1: EndTxn up to v4; 2: EndTxn v5 and higher (KIP-890) */
    uint64_t checkpoint;
    uint64_t records;
} weir_committable;

typedef struct weir_sink_settings {
    weir_str prefix; /* transactional ids are PREFIX-SUBTASK-N, the ledger group is PREFIX-SUBTASK; exactly once only */
    int32_t subtask;
    weir_str lineage;      /* names the unbroken line of checkpoints this sink belongs to; goes into the ledger */
    weir_str ledger_topic; /* an output topic whose partition 0 keys the ledger offsets */
} weir_sink_settings;

WEIR_API weir_err weir_sink_new(weir_sink **sink, weir_client *client, const weir_config *config,
                                const weir_sink_settings *settings, weir_alloc *alloc);
/* Frees the sink. An open transaction stays open on the broker: call weir_sink_abort before for a clean end. */
WEIR_API void weir_sink_free(weir_sink *sink);

/* Makes a topic known; *index names it in weir_sink_send. */
WEIR_API weir_err weir_sink_add_topic(weir_sink *sink, weir_str topic, uint32_t *index);
/* Hands over what a checkpoint that is restored holds: its number, what weir_sink_ledger gave at that time, and its
   committables. Before the first weir_sink_open. */
WEIR_API weir_err weir_sink_restore(weir_sink *sink, uint64_t checkpoint, uint64_t ledger,
                                    const weir_committable *committables, size_t count);

/* What recovery found. */
typedef struct weir_sink_recovery {
    uint32_t committed;         /* committables ended now */
    uint32_t already_committed; /* proven by the ledger or the coordinator to have been committed before */
    uint32_t aborted;           /* open transactions of the prefix that no checkpoint holds */
    uint32_t lost;              /* committables that the broker has aborted */
    uint64_t ledger_checkpoint; /* the newest checkpoint of this lineage that the ledger proves committed; 0 none */
} weir_sink_recovery;

/* Finds the topics, settles what a checkpoint left prepared, fences every transactional id of the prefix and makes the
   pool ready. WEIR_AGAIN until it is done, then WEIR_OK. recovery.lost > 0 then says that committables were aborted by
   the broker, proven by the ledger: the source has to go back to before them (weir_sink_lost names them), or their
   records are lost. WEIR_E_FENCED when another line of checkpoints has since committed under the same prefix;
   WEIR_E_CHECKPOINT when the ledger proves a newer checkpoint committed than the restored one. */
WEIR_API weir_err weir_sink_open(weir_sink *sink, weir_time_us now);
WEIR_API const weir_sink_recovery *weir_sink_recovered(const weir_sink *sink);
/* The n-th committable that was lost; false past the last. */
WEIR_API bool weir_sink_lost(const weir_sink *sink, size_t n, weir_committable *committable);
/* The partitions of a topic, once open has returned WEIR_OK. */
WEIR_API int32_t weir_sink_partitions(const weir_sink *sink, uint32_t topic);

/* Appends a record to the open batch of a partition. WEIR_AGAIN: no room, let I/O go on and send it again.
   WEIR_E_TOO_LARGE: the record exceeds max.request.size or batch limits; other errors are sticky, see the fault. */
WEIR_API weir_err weir_sink_send(weir_sink *sink, uint32_t topic, int32_t partition, const weir_record *record,
                                 weir_time_us now);
/* Lets time-outs and linger act. Returns the sink's sticky error or WEIR_OK. */
WEIR_API weir_err weir_sink_tick(weir_sink *sink, weir_time_us now);
WEIR_API weir_time_us weir_sink_deadline(const weir_sink *sink);

/* Sends everything out. WEIR_AGAIN until every record is acknowledged. For a clean end with WEIR_DELIVERY_NONE, where
   weir_sink_prepare does not wait. */
WEIR_API weir_err weir_sink_flush(weir_sink *sink);
/* Sends everything out and, exactly once, makes the open transaction a committable of `checkpoint`. WEIR_AGAIN until
   every record is acknowledged; no record may be sent in between. Then the next transaction can fill. */
WEIR_API weir_err weir_sink_prepare(weir_sink *sink, uint64_t checkpoint, weir_time_us now);
/* The n-th committable that is prepared and not known to be ended; false past the last: what a checkpoint must hold. */
WEIR_API bool weir_sink_committable(const weir_sink *sink, size_t n, weir_committable *committable);
/* The checkpoint is durable: its committables, and older ones, may be ended. Progress shows in weir_sink_uncommitted
   and errors in weir_sink_tick. */
WEIR_API void weir_sink_commit(weir_sink *sink, uint64_t checkpoint, weir_time_us now);
WEIR_API size_t weir_sink_uncommitted(const weir_sink *sink);
/* Aborts the open transaction (not the prepared ones). WEIR_AGAIN until the broker has confirmed. This sink writes
   nothing more then (WEIR_E_ABORTED): another instance may have taken over, which only opening a sink finds out. */
WEIR_API weir_err weir_sink_abort(weir_sink *sink, weir_time_us now);

/* The newest checkpoint that is known to be committed; 0 none. A checkpoint must hold it, so that a later start can
   tell whether somebody else has committed since. */
WEIR_API uint64_t weir_sink_ledger(const weir_sink *sink);

typedef struct weir_sink_counters {
    uint64_t records_out, bytes_out, batches_out;
    uint64_t transactions_committed, transactions_aborted;
} weir_sink_counters;

WEIR_API const weir_sink_counters *weir_sink_count(const weir_sink *sink);
WEIR_API const weir_fault *weir_sink_fault(const weir_sink *sink);

/* ---- committables as bytes, versioned ---- */
WEIR_API size_t weir_committables_encode(const weir_committable *committables, size_t count, uint8_t *out, size_t room);
WEIR_API weir_err weir_committables_count(weir_bytes snapshot, size_t *count);
WEIR_API weir_err weir_committables_decode(weir_bytes snapshot, weir_committable *committables);

#ifdef __cplusplus
}
#endif

#endif
