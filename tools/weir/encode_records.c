#include "encode_records.h"

#include "args.h"
#include "lines.h"
#include "set_json.h"
#include "words.h"

#include <weir/posix.h>

#include <string.h>

typedef struct records_args {
    cli_common common;
    bool hex, lines;
} records_args;

static const cli_option options[] = {
    {"hex", '\0', CLI_FLAG, NULL, offsetof(records_args, hex), 0, 0, "write hexadecimal digits"},
    {"lines", '\0', CLI_FLAG, NULL, offsetof(records_args, lines), 0, 0,
     "many: one JSON document a line, one set in hexadecimal a line comes out"},
};

static const cli_command command = {
    "weir encode records",
    NULL,
    "Reads a document as 'weir decode records' prints it from standard input, batches before records, and writes the\n"
    "record set. Each batch takes the records that come next: as many as its count says or, in the formats before\n"
    "magic 2, those up to its lastOffset. The members sizeInBytes and checksum are computed and may be wrong or "
    "absent,\n"
    "so that an edited document can be written. A batch that is not compressed comes out as it was, byte for byte; "
    "not\n"
    "so one of LogAppendTime, as the timestamps under it are not in the document, nor a compressed one, whose header "
    "and\n"
    "records are the same. Input that is malformed comes out as {\"error\": ..., \"offset\": N}, N being where the "
    "batch or\n"
    "record begins in the JSON, and gives status 1.",
    options,
    sizeof options / sizeof options[0],
    false};

/* A set while it grows. What it holds is used again for the next one. */
typedef struct set_writer {
    cli_set_reader reader;
    cli_text set;   /* what is written so far */
    cli_text plain; /* the batch that is being written, its records not compressed */
    cli_text digits;
    bool hex;
} set_writer;

/* Takes the next record of a batch, the last of which had the offset `before`. There must be one, and it must be one
   that the batch can hold. */
static weir_err take_record(cli_set_reader *reader, const cli_set_batch *batch, int64_t before, weir_record *record) {
    const weir_batch_header *header = &batch->header;
    weir_err err = cli_set_next(reader, record);
    if (err == WEIR_END)
        reader->item_at = batch->at;
    if (err != WEIR_OK)
        return WEIR_E_MALFORMED;
    bool appended = record->timestamp_type == WEIR_TIMESTAMP_LOG_APPEND;
    bool right = record->offset > before && record->offset <= header->base_offset + header->last_offset_delta &&
                 record->timestamp_type == cli_set_timestamp_type(header) &&
                 (!appended || record->timestamp == header->max_timestamp) &&
                 (header->magic > 0 || record->timestamp == -1);
    return right ? WEIR_OK : WEIR_E_MALFORMED;
}

/* Compresses writer->plain from `from` on behind the next `room` bytes of the set, and returns where that room begins;
   NULL with an error. */
static uint8_t *compress(set_writer *writer, const weir_batch_header *header, size_t from, size_t room, size_t *size,
                         weir_err *err) {
    weir_compression codec = header->attributes & WEIR_ATTR_COMPRESSION;
    weir_bytes plain = {(const uint8_t *)writer->plain.p + from, (uint32_t)(writer->plain.len - from)};
    *size = weir_records_compress_bound(codec, plain.len);
    cli_text_room(&writer->set, room + *size);
    uint8_t *at = (uint8_t *)writer->set.p + writer->set.len;
    *err = weir_records_compress(weir_posix_malloc(), codec, header->magic, plain, at + room, size);
    return *err == WEIR_OK ? at : NULL;
}

/* Adds the batch of magic 2 whose records are in `plain` behind the room for its header. */
static weir_err seal_batch(set_writer *writer, weir_batch_header *header) {
    size_t size = writer->plain.len - WEIR_BATCH_HEADER_SIZE;
    if (header->attributes & WEIR_ATTR_COMPRESSION) {
        weir_err err;
        uint8_t *at = compress(writer, header, WEIR_BATCH_HEADER_SIZE, WEIR_BATCH_HEADER_SIZE, &size, &err);
        if (!at)
            return err;
    } else {
        cli_text_room(&writer->set, writer->plain.len);
        memcpy(writer->set.p + writer->set.len, writer->plain.p, writer->plain.len);
    }
    if (size > INT32_MAX - WEIR_BATCH_HEADER_SIZE)
        return WEIR_E_TOO_LARGE;
    header->size = (uint32_t)size + WEIR_BATCH_HEADER_SIZE;
    weir_batch_seal((uint8_t *)writer->set.p + writer->set.len, header);
    writer->set.len += header->size;
    return WEIR_OK;
}

/* A batch of magic 2. Differences of timestamps are to the delete horizon or the first record. */
static weir_err write_batch(set_writer *writer, cli_set_batch *batch) {
    weir_batch_header *header = &batch->header;
    cli_text *plain = &writer->plain;
    int64_t before = header->base_offset - 1;
    cli_text_room(plain, WEIR_BATCH_HEADER_SIZE);
    plain->len = WEIR_BATCH_HEADER_SIZE;
    for (int32_t n = 0; n < header->record_count; n++) {
        weir_record record;
        weir_err err = take_record(&writer->reader, batch, before, &record);
        if (err != WEIR_OK)
            return err;
        if (n == 0 && !(header->attributes & WEIR_ATTR_DELETE_HORIZON))
            header->base_timestamp = record.timestamp;
        size_t need = weir_record_write(NULL, 0, header, &record);
        if (need > INT32_MAX - plain->len)
            return WEIR_E_TOO_LARGE;
        cli_text_room(plain, need);
        weir_record_write((uint8_t *)plain->p + plain->len, need, header, &record);
        plain->len += need;
        before = record.offset;
    }
    writer->reader.item_at = batch->at;
    return seal_batch(writer, header);
}

/* Appends a record to the messages in `plain`, which grows. */
static weir_err append_message(cli_text *plain, weir_message_writer *messages, const weir_record *record) {
    weir_err err;
    while ((err = weir_message_append(messages, record)) == WEIR_AGAIN) {
        cli_text_room(plain, plain->cap - plain->len + 1);
        messages->start = (uint8_t *)plain->p;
        messages->p = messages->start + plain->len;
        messages->end = messages->start + plain->cap;
    }
    plain->len = (size_t)(messages->p - messages->start);
    return err;
}

/* Adds what is in `plain` to the set, in a wrapper when the batch is compressed. */
static weir_err close_messages(set_writer *writer, const weir_batch_header *header,
                               const weir_message_writer *messages) {
    weir_compression codec = header->attributes & WEIR_ATTR_COMPRESSION;
    if (codec == WEIR_COMPRESSION_NONE) {
        cli_text_add(&writer->set, writer->plain.p, writer->plain.len);
        return WEIR_OK;
    }
    size_t size;
    weir_err err;
    uint8_t *at = compress(writer, header, 0, WEIR_MESSAGE_OVERHEAD(header->magic), &size, &err);
    if (at)
        writer->set.len += weir_message_close_compressed(messages, codec, at, size).len;
    return err;
}

/* A message of magic 0 or 1, or a wrapper around all up to the last offset. */
static weir_err write_messages(set_writer *writer, const cli_set_batch *batch) {
    const weir_batch_header *header = &batch->header;
    cli_text *plain = &writer->plain;
    bool wrapped = header->attributes & WEIR_ATTR_COMPRESSION;
    int64_t last = header->base_offset + header->last_offset_delta, before = header->base_offset - 1;
    weir_message_writer messages;
    weir_record record;
    plain->len = 0;
    cli_text_room(plain, WEIR_MESSAGE_OVERHEAD(header->magic));
    weir_message_writer_init(&messages, plain->p, plain->cap, header->magic,
                             wrapped && header->magic == 1 ? header->base_offset : 0);
    do {
        weir_err err = take_record(&writer->reader, batch, before, &record);
        if (err == WEIR_OK)
            err = append_message(plain, &messages, &record);
        if (err != WEIR_OK)
            return err;
        before = record.offset;
    } while (wrapped && before < last);
    writer->reader.item_at = batch->at;
    if (before != last || messages.max_timestamp != header->max_timestamp)
        return WEIR_E_MALFORMED;
    return close_messages(writer, header, &messages);
}

/* Writes all batches of the document. Anything but WEIR_OK is about what begins at reader.item_at. */
static weir_err write_set(set_writer *writer) {
    cli_set_reader *reader = &writer->reader;
    weir_record surplus;
    for (size_t n = 0; n < reader->batch_count; n++) {
        cli_set_batch *batch = &reader->batches[n];
        weir_err err = batch->header.magic < 2 ? write_messages(writer, batch) : write_batch(writer, batch);
        if (err != WEIR_OK)
            return err;
    }
    return cli_set_next(reader, &surplus) == WEIR_END ? WEIR_OK : WEIR_E_MALFORMED;
}

static bool encode(void *of, char *text, size_t len) {
    set_writer *writer = of;
    writer->set.len = writer->digits.len = 0;
    weir_err err = cli_set_open(&writer->reader, text, len);
    if (err == WEIR_OK)
        err = write_set(writer);
    if (err != WEIR_OK)
        return cli_refuse(err, writer->reader.item_at);
    if (!writer->hex)
        return cli_write(writer->set.p, writer->set.len);
    cli_hex(&writer->digits, writer->set.p, writer->set.len);
    cli_text_byte(&writer->digits, '\n');
    return cli_write(writer->digits.p, writer->digits.len);
}

int cli_encode_records(int argc, char **argv) {
    records_args args = {0};
    set_writer writer = {0};
    cli_text input = {0};
    int status = cli_parse(&command, &args, argc, argv);
    writer.hex = args.hex || args.lines;
    if (status < 0 && args.lines)
        status = cli_each_line(encode, &writer);
    else if (status < 0)
        status = cli_read_all(&input) && encode(&writer, input.p, input.len) ? CLI_DONE : CLI_FAILED;
    cli_text_free(&input);
    cli_text_free(&writer.set);
    cli_text_free(&writer.plain);
    cli_text_free(&writer.digits);
    cli_set_free(&writer.reader);
    cli_args_free(&args.common);
    return status;
}
