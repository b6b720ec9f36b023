/* Message sets of magic 0 and 1: what reading shares with batches of magic 2, and writing with reading. */
#ifndef WEIR_PROTO_MESSAGE_SET_H
#define WEIR_PROTO_MESSAGE_SET_H

#include <weir/record.h>

/* Offsets in bytes of the fields of a message. A timestamp is in magic 1 only; behind it come key and value, each with
   a length of 4 bytes in front. */
enum {
    WEIR__MESSAGE_AT_OFFSET = 0,
    WEIR__MESSAGE_AT_SIZE = 8, /* counts what follows it */
    WEIR__MESSAGE_AT_CRC = 12, /* over what follows it */
    WEIR__MESSAGE_AT_MAGIC = 16,
    WEIR__MESSAGE_AT_ATTRIBUTES = 17,
    WEIR__MESSAGE_AT_TIMESTAMP = 18,
    WEIR__MESSAGE_SIZE_EXCLUDES = 12
};

/* Where the length of the key is. */
static inline unsigned weir__message_key_at(int8_t magic) {
    return WEIR__MESSAGE_AT_TIMESTAMP + (magic == 0 ? 0U : 8U);
}

uint32_t weir__crc32(const void *bytes, size_t len);

/* The parts of weir_batch_open, weir_batch_records, weir_batch_walk_init and weir_batch_next for these formats. `set`
   reaches to its magic at least. */
weir_err weir__message_open(weir_records set, weir_batch_header *header);
weir_bytes weir__message_records(weir_records set, const weir_batch_header *header);
/* The walk has been begun as for magic 2. */
void weir__message_walk_init(weir_batch_walk *walk, const weir_batch_header *header);
weir_err weir__message_next(weir_batch_walk *walk, weir_record *record);

#endif
