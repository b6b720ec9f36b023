/* The document of a record set, as `weir decode records` prints it, being read: the batches at once, then a record at a
   time. */
#ifndef CLI_SET_JSON_H
#define CLI_SET_JSON_H

#include "text.h"

#include <weir/record.h>

/* Kafka's names of the codecs, by weir_compression. */
#define CLI_CODECS 5
extern const char *const cli_codecs[CLI_CODECS];

/* A batch of the document. Of its header size, checksum and base timestamp are not set, the last one to the delete
   horizon when there is one. `record_count` is -1 where the format has no count. */
typedef struct cli_set_batch {
    weir_batch_header header;
    size_t at; /* where it begins in the text */
} cli_set_batch;

weir_timestamp_type cli_set_timestamp_type(const weir_batch_header *header);

typedef struct cli_set_reader {
    const char *text;
    size_t len, at;
    size_t item_at; /* where the item that was read last, or what is wrong, begins */
    cli_set_batch *batches;
    size_t batch_count;
    bool begun; /* a record has been read */
    cli_text key, value, headers, spare;
} cli_set_reader;

/* Reads up to the first record. WEIR_E_MALFORMED for what is no such document, WEIR_E_VERSION for a batch that its
   format cannot hold. */
weir_err cli_set_open(cli_set_reader *reader, const char *text, size_t len);
/* The next record; its views last until the one after it is read. WEIR_END behind the last one, when nothing but the
   end of the document follows. */
weir_err cli_set_next(cli_set_reader *reader, weir_record *record);
void cli_set_free(cli_set_reader *reader);

#endif
