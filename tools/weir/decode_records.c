#include "decode_records.h"

#include "args.h"
#include "batches.h"
#include "json.h"
#include "lines.h"
#include "set_json.h"
#include "words.h"

#include <weir/record.h>

/* The bytes of the document that are worth a write. */
#define WRITE_AT ((size_t)1 << 16)

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

typedef struct decoder {
    cli_batches set;
    cli_json json;  /* the part of the document that is not written yet */
    cli_text bytes; /* of a set in hexadecimal */
    bool unwritten; /* standard output takes no more */
} decoder;

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

/* The headers of a record that a walk has shown are well-formed. */
static void add_headers(cli_json *json, weir_bytes left) {
    weir_header header;
    cli_json_open(json, '[');
    while (weir_headers_next(&left, &header) == WEIR_OK) {
        cli_json_open(json, '[');
        cli_json_bytes(json, header.name.p, header.name.len);
        cli_json_hex(json, header.value.p, header.value.len);
        cli_json_close(json, ']');
    }
    cli_json_close(json, ']');
}

static void add_record(cli_json *json, const weir_record *record) {
    cli_json_open(json, '{');
    cli_json_put_int(json, "offset", record->offset);
    cli_json_put_int(json, "timestamp", record->timestamp);
    cli_json_put_string(json, "timestampType", weir_timestamp_type_name(record->timestamp_type));
    cli_json_name(json, "key");
    cli_json_hex(json, record->key.p, record->key.len);
    cli_json_name(json, "value");
    cli_json_hex(json, record->value.p, record->value.len);
    cli_json_name(json, "headers");
    add_headers(json, record->headers);
    cli_json_close(json, '}');
}

/* Writes what has been built so far, once it is worth it; false when there is no use in going on. */
static bool write_some(decoder *d) {
    cli_text *text = &d->json.text;
    if (text->len >= WRITE_AT) {
        d->unwritten = !cli_write(text->p, text->len);
        text->len = 0;
    }
    return !d->unwritten;
}

static weir_err check_batch(decoder *d, const weir_batch_header *header, weir_records rest) {
    return cli_batches_records(&d->set, header, rest, NULL, NULL);
}

static bool keep_offset(void *offset, const weir_record *record) {
    *(int64_t *)offset = record->offset;
    return false;
}

/* Before magic 2 only the records tell where a batch begins. */
static weir_err print_batch(decoder *d, const weir_batch_header *header, weir_records rest) {
    int64_t first = header->base_offset;
    weir_err err = header->magic < 2 ? cli_batches_records(&d->set, header, rest, keep_offset, &first) : WEIR_OK;
    if (err != WEIR_OK)
        return err;
    add_batch(&d->json, header, first);
    return write_some(d) ? WEIR_OK : WEIR_END;
}

static bool print_record(void *of, const weir_record *record) {
    decoder *d = of;
    add_record(&d->json, record);
    return write_some(d);
}

static weir_err print_records(decoder *d, const weir_batch_header *header, weir_records rest) {
    weir_err err = cli_batches_records(&d->set, header, rest, print_record, d);
    return err == WEIR_OK && d->unwritten ? WEIR_END : err;
}

/* Does something with each batch of the set. Anything but WEIR_OK is about the batch at *at. */
static weir_err each_batch(decoder *d, uint64_t *at,
                           weir_err (*act)(decoder *d, const weir_batch_header *header, weir_records rest)) {
    weir_batch_header header;
    weir_records rest;
    for (*at = 0; *at < d->set.len; *at += header.size) {
        weir_err err = cli_batches_open(&d->set, *at, &header, &rest);
        if (err == WEIR_OK)
            err = act(d, &header, rest);
        if (err != WEIR_OK)
            return err == WEIR_END ? WEIR_OK : err;
    }
    return WEIR_OK;
}

/* A list of the document, from one walk over the set. */
static weir_err print_list(decoder *d, const char *name, uint64_t *at,
                           weir_err (*act)(decoder *d, const weir_batch_header *header, weir_records rest)) {
    cli_json_name(&d->json, name);
    cli_json_open(&d->json, '[');
    weir_err err = each_batch(d, at, act);
    cli_json_close(&d->json, ']');
    return err;
}

/* Prints the document of a set, or what is wrong with it. That is known before a word is printed, and batches come
   before records: so the set is walked three times, and the document need not be held. */
static bool decode(decoder *d) {
    uint64_t at;
    d->json.text.len = 0;
    d->json.comma = false;
    weir_err err = each_batch(d, &at, check_batch);
    if (err != WEIR_OK)
        return cli_refuse(err, at);
    cli_json_open(&d->json, '{');
    err = print_list(d, "batches", &at, print_batch);
    if (err == WEIR_OK)
        err = print_list(d, "records", &at, print_records);
    cli_json_close(&d->json, '}');
    if (err != WEIR_OK)
        cli_say("standard input has changed while it was read");
    return cli_json_line(&d->json) && err == WEIR_OK;
}

static bool decode_bytes(decoder *d, const char *bytes, size_t len) {
    d->set.p = bytes;
    d->set.len = len;
    return decode(d);
}

static bool decode_hex(void *of, char *hex, size_t len) {
    decoder *d = of;
    d->bytes.len = 0;
    if (!cli_unhex(&d->bytes, hex, len))
        return cli_refuse(WEIR_E_MALFORMED, d->bytes.len);
    return decode_bytes(d, d->bytes.p, d->bytes.len);
}

static bool decode_input(decoder *d, bool hex) {
    if (!hex && cli_batches_file(&d->set))
        return decode(d);
    cli_text input = {0};
    bool right = cli_read_all(&input);
    if (right)
        right = hex ? decode_hex(d, input.p, input.len) : decode_bytes(d, input.p, input.len);
    cli_text_free(&input);
    return right;
}

int cli_decode_records(int argc, char **argv) {
    records_args args = {0};
    decoder d = {0};
    int status = cli_parse(&command, &args, argc, argv);
    if (status < 0 && args.lines)
        status = cli_each_line(decode_hex, &d);
    else if (status < 0)
        status = decode_input(&d, args.hex) ? CLI_DONE : CLI_FAILED;
    cli_batches_free(&d.set);
    cli_text_free(&d.bytes);
    cli_json_free(&d.json);
    cli_args_free(&args.common);
    return status;
}
