/* A record set in memory or in a file, to be walked as often as need be. Of a file no more is held than one batch, and
   of a compressed batch of magic 2 no more than one record. */
#ifndef CLI_BATCHES_H
#define CLI_BATCHES_H

#include "text.h"

#include <weir/record.h>

/* All zero is an empty set. */
typedef struct cli_batches {
    const char *p; /* the set, when it is in memory */
    bool in_file;  /* else it is standard input, from the byte `file_at` on */
    int64_t file_at;
    uint64_t len;       /* bytes of the set */
    cli_text window;    /* of the file */
    uint64_t window_at; /* where it begins in the set */
    cli_text plain;     /* what has come out of a compressed batch and is not used yet */
} cli_batches;

/* Standard input as a set, when it is a regular file that says how large it is. A set that is found to have become
   shorter, or cannot be read, ends the tool. */
bool cli_batches_file(cli_batches *set);
/* The batch at a byte of the set, as weir_batch_open tells; `rest` begins with it and lasts until the next call. */
weir_err cli_batches_open(cli_batches *set, uint64_t at, weir_batch_header *header, weir_records *rest);

/* Calls `each` with the records of an open batch, decompressed where they must be, until it returns false; NULL only
   looks whether they are right. Those of a malformed batch may be shown before that is known. WEIR_E_UNSUPPORTED for a
   codec that does not exist. */
typedef bool cli_record_do(void *user, const weir_record *record);
weir_err cli_batches_records(cli_batches *set, const weir_batch_header *header, weir_records rest, cli_record_do *each,
                             void *user);
void cli_batches_free(cli_batches *set);

#endif
