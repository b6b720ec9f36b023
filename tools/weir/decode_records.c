#include "decode_records.h"

#include "args.h"
#include "json.h"
#include "lines.h"
#include "set_json.h"
#include "words.h"

#include <weir/posix.h>
#include <weir/record.h>

/* The most bytes that a compressed batch may come to. */
#define PLAIN_MAX ((size_t)1 << 30)

typedef struct records_args {
    cli_common common;
    bool hex, lines;
} records_args;

static const cli_option options[] = {
    {"hex", '\0', CLI_FLAG, NULL, offsetof(records_args, hex), 0, 0, "standard input is hexadecimal"},
    {"lines", '\0', CLI_FLAG, NULL, offsetof(records_args, lines), 0, 0,
     "many: one set in hexadecimal a line, one JSON document a line comes out"},
};

static const cli_command command = {
    "weir decode records",
    NULL,
    "Reads a set of record batches (magic 2) or messages (magic 0 and 1) from standard input, also a broker's\n"
    "segment file, and prints batches and records as JSON, control records included, with keys and values in\n"
    "hexadecimal. A last batch that is cut off is left out. Input that is malformed comes out as\n"
    "{\"error\": ..., \"offset\": N}, N being where the batch begins, and gives status 1.",
    options,
    sizeof options / sizeof options[0],
    false};

/* The document of a set while it grows: `records` is the second list in it. */
typedef struct set_document {
    cli_json json, records;
    cli_text bytes; /* of a set in hexadecimal */
} set_document;

static void put_bool(cli_json *json, const char *name, bool value) {
    cli_json_name(json, name);
    cli_json_bool(json, value);
}

/* Adds the header of a batch whose records could be read and begin at offset `first`. */
static void add_batch(cli_json *json, const weir_batch_header *header, int64_t first) {
    int attributes = header->attributes;
    cli_json_open(json, '{');
    cli_json_put_int(json, "magic", header->magic);
    cli_json_put_uint(json, "sizeInBytes", header->size);
    cli_json_put_uint(json, "checksum", header->crc);
    cli_json_put_string(json, "compression", cli_codecs[attributes & WEIR_ATTR_COMPRESSION]);
    cli_json_put_int(json, "baseOffset", first);
    cli_json_put_int(json, "lastOffset", header->base_offset + header->last_offset_delta);
    cli_json_name(json, "count");
    if (header->magic < 2)
        cli_json_null(json);
    else
        cli_json_int(json, header->record_count);
    cli_json_put_string(json, "timestampType", weir_timestamp_type_name(cli_set_timestamp_type(header)));
    cli_json_put_int(json, "maxTimestamp", header->max_timestamp);
    cli_json_name(json, "deleteHorizonMs");
    if (attributes & WEIR_ATTR_DELETE_HORIZON)
        cli_json_int(json, header->base_timestamp);
    else
        cli_json_null(json);
    cli_json_put_int(json, "producerId", header->producer_id);
    cli_json_put_int(json, "producerEpoch", header->producer_epoch);
    cli_json_put_int(json, "baseSequence", header->base_sequence);
    put_bool(json, "isTransactional", attributes & WEIR_ATTR_TRANSACTIONAL);
    put_bool(json, "isControl", attributes & WEIR_ATTR_CONTROL);
    cli_json_put_int(json, "partitionLeaderEpoch", header->leader_epoch);
    cli_json_close(json, '}');
}

static weir_err add_headers(cli_json *json, weir_bytes left) {
    weir_header header;
    weir_err err;
    cli_json_open(json, '[');
    while ((err = weir_headers_next(&left, &header)) == WEIR_OK) {
        cli_json_open(json, '[');
        cli_json_bytes(json, header.name.p, header.name.len);
        cli_json_hex(json, header.value.p, header.value.len);
        cli_json_close(json, ']');
    }
    cli_json_close(json, ']');
    return err == WEIR_END ? WEIR_OK : err;
}

static weir_err add_record(cli_json *json, const weir_record *record) {
    cli_json_open(json, '{');
    cli_json_put_int(json, "offset", record->offset);
    cli_json_put_int(json, "timestamp", record->timestamp);
    cli_json_put_string(json, "timestampType", weir_timestamp_type_name(record->timestamp_type));
    cli_json_name(json, "key");
    cli_json_hex(json, record->key.p, record->key.len);
    cli_json_name(json, "value");
    cli_json_hex(json, record->value.p, record->value.len);
    cli_json_name(json, "headers");
    weir_err err = add_headers(json, record->headers);
    cli_json_close(json, '}');
    return err;
}

/* Adds the records in `plain`. Where their format is of before magic 2, *first becomes the offset of the first. */
static weir_err add_plain(cli_json *json, const weir_batch_header *header, weir_bytes plain, int64_t *first) {
    weir_batch_walk walk;
    weir_record record;
    weir_err err;
    weir_batch_walk_init(&walk, header, plain);
    for (bool begun = header->magic >= 2; (err = weir_batch_next(&walk, &record)) == WEIR_OK; begun = true) {
        if (!begun)
            *first = record.offset;
        if ((err = add_record(json, &record)) != WEIR_OK)
            break;
    }
    return err == WEIR_END ? WEIR_OK : err;
}

/* Adds the records of the first batch in `set`, decompressed where they must be, and finds where they begin.
   WEIR_E_UNSUPPORTED for a codec that does not exist. */
static weir_err add_records(cli_json *json, const weir_batch_header *header, weir_records set, int64_t *first) {
    weir_bytes packed = weir_batch_records(set, header);
    weir_compression compression = header->attributes & WEIR_ATTR_COMPRESSION;
    if (compression == WEIR_COMPRESSION_NONE)
        return add_plain(json, header, packed, first);
    weir_alloc *alloc = weir_posix_malloc();
    weir_bytes plain;
    size_t size;
    weir_err err = weir_records_decompress(alloc, compression, packed, PLAIN_MAX, &plain, &size);
    if (err != WEIR_OK)
        return err;
    err = add_plain(json, header, plain, first);
    alloc->give(alloc, (void *)(uintptr_t)plain.p, size);
    return err;
}

/* Adds all batches of a set. Anything but WEIR_OK is about the batch at *at. */
static weir_err add_set(set_document *document, const uint8_t *set, size_t len, size_t *at) {
    for (*at = 0; *at < len;) {
        size_t left = len - *at;
        weir_batch_header header;
        weir_records rest = {set + *at, left > UINT32_MAX ? UINT32_MAX : (uint32_t)left};
        weir_err err = weir_batch_open(rest, &header);
        if (err == WEIR_END)
            return WEIR_OK;
        if (err != WEIR_OK)
            return err;
        int64_t first = header.base_offset;
        err = add_records(&document->records, &header, rest, &first);
        if (err != WEIR_OK)
            return err;
        add_batch(&document->json, &header, first);
        *at += header.size;
    }
    return WEIR_OK;
}

/* Prints the document of a set, or what is wrong with it. */
static bool decode(set_document *document, const char *set, size_t len) {
    size_t at;
    document->json.text.len = document->records.text.len = 0;
    document->json.comma = document->records.comma = false;
    cli_json_open(&document->json, '{');
    cli_json_name(&document->json, "batches");
    cli_json_open(&document->json, '[');
    weir_err err = add_set(document, (const uint8_t *)set, len, &at);
    if (err != WEIR_OK)
        return cli_refuse(err, at);
    cli_json_close(&document->json, ']');
    cli_json_name(&document->json, "records");
    cli_json_open(&document->json, '[');
    cli_text_add(&document->json.text, document->records.text.p, document->records.text.len);
    cli_json_close(&document->json, ']');
    cli_json_close(&document->json, '}');
    return cli_json_line(&document->json);
}

static bool decode_hex(void *of, char *hex, size_t len) {
    set_document *document = of;
    document->bytes.len = 0;
    if (!cli_unhex(&document->bytes, hex, len))
        return cli_refuse(WEIR_E_MALFORMED, document->bytes.len);
    return decode(document, document->bytes.p, document->bytes.len);
}

int cli_decode_records(int argc, char **argv) {
    records_args args = {0};
    set_document document = {0};
    cli_text input = {0};
    int status = cli_parse(&command, &args, argc, argv);
    if (status < 0 && args.lines)
        status = cli_each_line(decode_hex, &document);
    else if (status < 0) {
        bool right = cli_read_all(&input);
        if (right)
            right = args.hex ? decode_hex(&document, input.p, input.len) : decode(&document, input.p, input.len);
        status = right ? CLI_DONE : CLI_FAILED;
    }
    cli_text_free(&input);
    cli_text_free(&document.bytes);
    cli_json_free(&document.json);
    cli_json_free(&document.records);
    cli_args_free(&args.common);
    return status;
}
