/* A reader's own data, and what its files offer each other.

   A split's bytes go this way: the fetcher of its leader asks from fetch_offset on (fetcher.c), the response is taken
   in and queued whole, which moves fetch_offset (intake.c), and poll walks the queue batch by batch, which moves
   split.position (deliver.c). */
#ifndef WEIR_SRC_SOURCE_READER_H
#define WEIR_SRC_SOURCE_READER_H

#include <weir/source.h>

#include "aborted.h"
#include "faults.h"
#include "offsets.h"

typedef struct weir__fetcher weir__fetcher;

/* A split that is being read. */
typedef struct weir__reading {
    weir__list node; /* in weir__fetcher.readings, or weir_reader.homeless */
    weir__topic *topic;
    weir__fetcher *fetcher;              /* NULL: the leader is not known */
    int32_t leader_epoch;                /* of the leader that the fetcher asks */
    weir_split split;                    /* position: of the next record to hand out */
    int64_t fetch_offset;                /* of the next record to fetch; at or past the position */
    int32_t fetch_epoch;                 /* leader epoch of the record before fetch_offset, -1 unknown */
    int64_t high_watermark, last_stable; /* as last heard, -1 never */

    bool finished; /* position has reached stop */
    bool compared; /* at stop from the beginning: its position is only to be compared with the leader's log */
    bool stalled;  /* bytes without a whole sound batch are queued: nothing is fetched until they have been looked at */
    bool validate; /* its position is still to be compared with the log of a new leader (KIP-320) */
    bool wanted;   /* takes part in the next fetch */
    bool asked;    /* took part in the fetch that is under way, as `asking` says */
    bool in_session; /* the broker's fetch session has it, as `sent` says */
    weir_fetch_request_fetch_partition asking, sent;

    weir_time_us not_before;    /* of the next fetch */
    weir_time_us failing_since; /* of errors that do not say what to do; 0: the last answer was no such */
    uint32_t failures;
    int32_t need;       /* bytes that the batch at fetch_offset takes, where a broker cut it for its size; 0 unknown */
    uint32_t cut;       /* responses in a row that held bytes, but no whole batch to go on with */
    uint32_t doubts;    /* times in a row that the broker called an offset out of range which was in it */
    uint32_t empty;     /* times in a row that nothing was left to read although stop lies further on */
    int64_t corrupt_at; /* where a batch was found corrupt and is fetched once more; -1 nowhere */
} weir__reading;

/* First version of Fetch with a limit on the whole response, which then holds a batch whole even if it is larger. */
#define WEIR__FETCH_WHOLE_BATCH 3

/* One partition's records in a response. */
typedef struct weir__part {
    weir__reading *reading;
    int64_t from;         /* the offset that was asked for, then that behind the last batch taken */
    int64_t end;          /* the high watermark: no record can lie behind it */
    weir_records records; /* what has not been walked yet */
    weir__aborted aborted;
} weir__part;

/* A response in the queue. */
typedef struct weir__fetched {
    weir__list node;
    weir__fetcher *fetcher;
    weir__reply reply;
    size_t size; /* of this struct with its parts */
    size_t count, at;
    bool begun; /* parts[at] has been looked at */
    weir__part parts[];
} weir__fetched;

/* Fetches from one broker: one request at a time, in a fetch session where the broker has them (KIP-227). */
struct weir__fetcher {
    weir__list node;
    weir_reader *reader;
    int32_t broker;
    weir__list readings;
    weir__request request;
    weir_fetch_request message;
    bool in_flight;
    int16_t version;       /* of the last request */
    int32_t wanted;        /* how many splits take part in the fetch */
    bool by_id;            /* the session speaks of topics by id */
    int32_t session_id;    /* 0 none */
    int32_t session_epoch; /* of the next request; 0: a full one that makes a new session */
    size_t held, queued;   /* bytes, and number, of its responses in the queue */
    weir_time_us sent_at, not_before;
    uint32_t failures;
    weir_time_us starved_since; /* since when there is no memory for requests or responses; 0: there is */
    weir__list *hint;           /* where weir__reading_find begins to look */
    /* Memory of the message: as many topics, partitions, forgotten topics and forgotten partitions as `room`. */
    size_t room;
    uint8_t *memory;
    weir_fetch_request_fetch_partition *partitions;
    weir_fetch_request_fetch_topic *topics;
    weir_fetch_request_forgotten_topic *forgotten;
    int32_t *forgotten_partitions;
};

/* The one position that is being checked against the log's start and end, after OFFSET_OUT_OF_RANGE. */
typedef struct weir__range_check {
    weir__reading *reading; /* NULL: none */
    int64_t offset;
    weir_fault fault;
    weir__lookup lookups[2]; /* earliest, latest */
    weir__offsets offsets;
} weir__range_check;

/* The comparison of positions with a leader's log, one request at a time (validate.c). */
typedef struct weir__validation {
    weir__reading *reading; /* NULL: none is under way */
    int64_t offset;         /* the fetch_offset that is compared, */
    int32_t epoch;          /* and its fetch_epoch */
    weir__request request;
    weir_offset_for_leader_epoch_request message;
    weir_offset_for_leader_epoch_request_offset_for_leader_topic topic;
    weir_offset_for_leader_epoch_request_offset_for_leader_partition partition;
} weir__validation;

struct weir_reader {
    weir_client *client;
    weir_alloc *alloc;
    weir_config config;
    weir_fault fault;
    weir__worker worker;
    weir_time_us wake;   /* when weir__reader_step has something to do by time alone */
    uint64_t generation; /* of the metadata that readings were given to fetchers by */
    bool stirred;        /* something has changed that weir__reader_step is to look at */

    weir__reading **readings;
    size_t count, cap, unfinished;
    weir__list homeless, fetchers, queue;
    weir_time_us homeless_since; /* since when there is no memory for a fetcher; 0: there is */
    weir__range_check range_check;
    weir__validation validation;

    /* The batch that is handed out. */
    weir_split_batch batch;
    weir__reading *reading; /* whose it is; NULL none is out */
    int64_t batch_position; /* the position when it was handed out */
    int32_t batch_epoch;
    weir_time_us starved_since; /* since when there is no memory to decompress; 0: there is */
    uint8_t *plain;             /* the decompressed records, NULL none */
    size_t plain_size;
};

/* ---- reader.c ---- */
/* Gives readings to the fetchers of their leaders, sends what can be sent, and sets `wake`. */
void weir__reader_step(weir_reader *reader, weir_time_us now);
/* There is no memory for something that is tried again: a fault when that lasts. *since: since when, 0 not before. */
void weir__reader_starved(weir_reader *reader, weir_time_us *since, const char *what, weir_time_us now);
/* Takes note that a reading's position has moved. */
void weir__reading_moved(weir_reader *reader, weir__reading *reading);
/* Fetches the split again from its position on; what is queued of it will be passed over. */
void weir__reading_rewind(weir__reading *reading);
/* Puts the next fetch of a split off. */
void weir__reading_defer(weir_reader *reader, weir__reading *reading, weir_time_us now);
/* Looks up the log's ends, then sets the fault or has the split fetched again. */
void weir__range_check_start(weir_reader *reader, weir__reading *reading, weir_time_us now);

/* ---- fetcher.c ---- */
/* The fetcher of a broker, made when there is none. NULL: no memory. */
weir__fetcher *weir__fetcher_of(weir_reader *reader, int32_t broker);
void weir__fetcher_free(weir__fetcher *fetcher);
/* Sends a fetch if one is due and there is room for the response. Lowers *wake to when it wants to be called again. */
void weir__fetcher_send(weir__fetcher *fetcher, weir_time_us now, weir_time_us *wake);
/* Puts a reading on the fetcher, or (NULL) takes it off. */
void weir__fetcher_give(weir__fetcher *fetcher, weir__reading *reading);

/* ---- intake.c ---- */
/* Takes in what a fetch came to. */
void weir__fetched_take(weir__fetcher *fetcher, const weir__outcome *outcome);
/* Bytes of the first batch in `set`, as far as it tells; 0 when not even that much of it is there. */
int64_t weir__batch_size(weir_records set);
/* Frees a response and what it holds. */
void weir__fetched_free(weir__fetched *fetched);

/* ---- deliver.c ---- */
/* Makes the next batch of the queue the one that is out. WEIR_OK, WEIR_AGAIN, or the error of the fault. */
weir_err weir__deliver(weir_reader *reader, weir_time_us now);
/* Takes the batch that is out back. */
void weir__deliver_release(weir_reader *reader);

/* ---- validate.c ---- */
/* Asks the new leader of a split where the epoch of its position ends, where fetches cannot tell (before Fetch v12). */
void weir__validate(weir_reader *reader, weir_time_us now);
/* Whether a divergence was found; it is a fault then: the log ends an epoch before the position. */
bool weir__diverged(weir_reader *reader, const weir__reading *reading, int32_t epoch, int64_t end_offset);

#endif
