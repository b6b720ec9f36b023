/* A checkpoint as bytes: where every split stands, and which transactions are prepared. Untrusted when read: a file can
   be damaged or made up. */
#ifndef WEIR_SRC_PIPELINE_CHECKPOINT_H
#define WEIR_SRC_PIPELINE_CHECKPOINT_H

#include <weir/fault.h>
#include <weir/sink.h>
#include <weir/source.h>

#define WEIR__LINEAGE_SIZE 33

typedef struct weir__checkpoint {
    uint64_t number; /* counts up over the life of a job */
    uint64_t ledger; /* weir_sink_ledger: the newest checkpoint known to be committed */
    weir_str job;
    weir_str lineage;        /* names the unbroken line of checkpoints since the last fresh start */
    bool finished;           /* every split had reached its stop offset and all was committed */
    weir_bytes splits;       /* weir_splits_encode: where the next record is to be read */
    weir_bytes before;       /* the same of the checkpoint before: where the committables' records begin */
    weir_bytes committables; /* weir_committables_encode */
} weir__checkpoint;

/* Returns the bytes needed; writes only when they are <= room. */
size_t weir__checkpoint_encode(const weir__checkpoint *checkpoint, uint8_t *out, size_t room);
/* Checks form, version and CRC; views point into `bytes`. WEIR_E_CHECKPOINT with a reason in *why. */
weir_err weir__checkpoint_decode(weir_bytes bytes, weir__checkpoint *checkpoint, const char **why);

/* What is to be restored out of the two files of a store. */
typedef struct weir__choice {
    bool found;
    int slot;        /* where the chosen one lies */
    bool fallback;   /* the other file is damaged; it may have been the newer one */
    const char *why; /* what is wrong with the other file */
    weir__checkpoint checkpoint;
} weir__choice;

/* The newest whole checkpoint. WEIR_E_CHECKPOINT when there are files but none is whole, or when the chosen one is of
   another job; the fault names the folder `dir`. */
weir_err weir__checkpoint_choose(const weir_bytes files[2], const char *job, const char *dir, weir__choice *choice,
                                 weir_fault *fault);

#endif
