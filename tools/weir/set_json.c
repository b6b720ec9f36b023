#include "set_json.h"

#include "json.h"

#include <jansson.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

const char *const cli_codecs[CLI_CODECS] = {"none", "gzip", "snappy", "lz4", "zstd"};

weir_timestamp_type cli_set_timestamp_type(const weir_batch_header *header) {
    if (header->magic == 0)
        return WEIR_TIMESTAMP_NONE;
    return header->attributes & WEIR_ATTR_LOG_APPEND ? WEIR_TIMESTAMP_LOG_APPEND : WEIR_TIMESTAMP_CREATE;
}

void cli_set_free(cli_set_reader *reader) {
    free(reader->batches);
    cli_text_free(&reader->key);
    cli_text_free(&reader->value);
    cli_text_free(&reader->headers);
    cli_text_free(&reader->spare);
}

static void skip_space(cli_set_reader *reader) {
    while (reader->at < reader->len && memchr(" \t\r\n", reader->text[reader->at], 4))
        reader->at++;
    reader->item_at = reader->at;
}

/* Passes over `c`; false when something else comes. */
static bool skip(cli_set_reader *reader, char c) {
    skip_space(reader);
    bool found = reader->at < reader->len && reader->text[reader->at] == c;
    reader->at += found;
    return found;
}

/* Takes a value of any type, or gives NULL. */
static json_t *take(cli_set_reader *reader) {
    json_error_t error;
    size_t flags = JSON_DECODE_ANY | JSON_DISABLE_EOF_CHECK | JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL;
    skip_space(reader);
    size_t left = reader->len - reader->at;
    json_t *json = json_loadb(reader->text + reader->at, left < INT_MAX ? left : INT_MAX, flags, &error);
    if (json)
        reader->at += (size_t)error.position;
    return json;
}

/* Passes over the name of a member and the bracket of the list behind it. */
static bool begin_list(cli_set_reader *reader, const char *name) {
    json_t *json = take(reader);
    bool right = json_is_string(json) && strcmp(json_string_value(json), name) == 0;
    json_decref(json);
    return right && skip(reader, ':') && skip(reader, '[');
}

/* Goes to the next item of a list: WEIR_OK, WEIR_END behind its bracket, WEIR_E_MALFORMED. */
static weir_err next_item(cli_set_reader *reader, bool first) {
    if (skip(reader, ']'))
        return WEIR_END;
    return first || skip(reader, ',') ? WEIR_OK : WEIR_E_MALFORMED;
}

/* The position of a word in a list, -1 when it is not there. */
static int position(const char *const *words, int count, const char *word) {
    while (--count >= 0 && strcmp(words[count], word) != 0)
        continue;
    return count;
}

/* The type of timestamps by Kafka's name. */
static bool take_timestamp_type(const char *word, weir_timestamp_type *type) {
    static const weir_timestamp_type types[] = {WEIR_TIMESTAMP_NONE, WEIR_TIMESTAMP_CREATE, WEIR_TIMESTAMP_LOG_APPEND};
    for (size_t n = 0; n < sizeof types / sizeof types[0]; n++) {
        *type = types[n];
        if (strcmp(word, weir_timestamp_type_name(*type)) == 0)
            return true;
    }
    return false;
}

/* What a batch of the document says, before it is known to be right. */
typedef struct batch_words {
    json_int_t magic, base_offset, last_offset, max_timestamp, producer_id, producer_epoch, base_sequence, leader_epoch;
    const char *compression, *timestamp_type;
    const json_t *size, *checksum, *count, *horizon;
    int transactional, control;
} batch_words;

static bool within(json_int_t number, json_int_t min, json_int_t max) {
    return number >= min && number <= max;
}

static bool is_null_or_integer(const json_t *json) {
    return json_is_null(json) || json_is_integer(json);
}

/* Whether all numbers fit their fields. */
static bool fits(const batch_words *words) {
    json_int_t count = json_is_null(words->count) ? -1 : json_integer_value(words->count);
    return within(words->magic, 0, 2) && words->base_offset >= 0 &&
           within(words->last_offset, words->base_offset, INT64_MAX) &&
           words->last_offset - words->base_offset <= INT32_MAX && is_null_or_integer(words->count) &&
           is_null_or_integer(words->horizon) && within(count, words->magic < 2 ? -1 : 0, INT32_MAX) &&
           within(words->producer_epoch, INT16_MIN, INT16_MAX) && within(words->base_sequence, INT32_MIN, INT32_MAX) &&
           within(words->leader_epoch, INT32_MIN, INT32_MAX);
}

/* Whether a batch below magic 2 has nothing that only magic 2 holds. */
static bool is_plain(const batch_words *words) {
    return !words->transactional && !words->control && json_is_null(words->horizon) && words->producer_id == -1 &&
           words->producer_epoch == -1 && words->base_sequence == -1 && words->leader_epoch == -1;
}

static weir_err fill_batch(const batch_words *words, weir_batch_header *header) {
    int codec = position(cli_codecs, CLI_CODECS, words->compression);
    bool horizon = !json_is_null(words->horizon);
    weir_timestamp_type type;
    if (!fits(words) || codec < 0 || !take_timestamp_type(words->timestamp_type, &type))
        return WEIR_E_MALFORMED;
    if ((words->magic < 2 && !is_plain(words)) || (words->magic == 0) != (type == WEIR_TIMESTAMP_NONE))
        return WEIR_E_VERSION;
    int attributes = codec | (type == WEIR_TIMESTAMP_LOG_APPEND ? WEIR_ATTR_LOG_APPEND : 0) |
                     (words->transactional ? WEIR_ATTR_TRANSACTIONAL : 0) | (words->control ? WEIR_ATTR_CONTROL : 0) |
                     (horizon ? WEIR_ATTR_DELETE_HORIZON : 0);
    *header = (weir_batch_header){
        .base_offset = words->base_offset,
        .leader_epoch = (int32_t)words->leader_epoch,
        .magic = (int8_t)words->magic,
        .attributes = (int16_t)attributes,
        .last_offset_delta = (int32_t)(words->last_offset - words->base_offset),
        .base_timestamp = horizon ? json_integer_value(words->horizon) : -1,
        .max_timestamp = words->max_timestamp,
        .producer_id = words->producer_id,
        .producer_epoch = (int16_t)words->producer_epoch,
        .base_sequence = (int32_t)words->base_sequence,
        .record_count = json_is_null(words->count) ? -1 : (int32_t)json_integer_value(words->count),
    };
    return WEIR_OK;
}

static weir_err take_batch(cli_set_reader *reader, cli_set_batch *batch) {
    batch_words words = {0};
    json_error_t error;
    json_t *json = take(reader);
    batch->at = reader->item_at;
    if (!json)
        return WEIR_E_MALFORMED;
    bool known = json_unpack_ex(json, &error, JSON_STRICT,
                                "{s:I, s?o, s?o, s:s, s:I, s:I, s:o, s:s, s:I, s:o, s:I, s:I, s:I, s:b, s:b, s:I}",
                                "magic", &words.magic, "sizeInBytes", &words.size, "checksum", &words.checksum,
                                "compression", &words.compression, "baseOffset", &words.base_offset, "lastOffset",
                                &words.last_offset, "count", &words.count, "timestampType", &words.timestamp_type,
                                "maxTimestamp", &words.max_timestamp, "deleteHorizonMs", &words.horizon, "producerId",
                                &words.producer_id, "producerEpoch", &words.producer_epoch, "baseSequence",
                                &words.base_sequence, "isTransactional", &words.transactional, "isControl",
                                &words.control, "partitionLeaderEpoch", &words.leader_epoch) == 0;
    weir_err err = known ? fill_batch(&words, &batch->header) : WEIR_E_MALFORMED;
    json_decref(json);
    return err;
}

weir_err cli_set_open(cli_set_reader *reader, const char *text, size_t len) {
    weir_err err;
    reader->text = text;
    reader->len = len;
    reader->at = 0;
    reader->batch_count = 0;
    reader->begun = false;
    if (!skip(reader, '{') || !begin_list(reader, "batches"))
        return WEIR_E_MALFORMED;
    while ((err = next_item(reader, reader->batch_count == 0)) == WEIR_OK) {
        reader->batches = cli_grow(reader->batches, reader->batch_count + 1, sizeof *reader->batches);
        err = take_batch(reader, &reader->batches[reader->batch_count++]);
        if (err != WEIR_OK)
            return err;
    }
    return err == WEIR_END && skip(reader, ',') && begin_list(reader, "records") ? WEIR_OK : WEIR_E_MALFORMED;
}

/* Null or hexadecimal digits: `text` and `view` become the bytes. */
static bool take_hex(const json_t *json, cli_text *text, weir_bytes *view) {
    text->len = 0;
    *view = (weir_bytes){NULL, 0};
    if (json_is_null(json))
        return true;
    if (!json_is_string(json) || !cli_unhex(text, json_string_value(json), json_string_length(json)))
        return false;
    *view = (weir_bytes){text->p ? (const uint8_t *)text->p : (const uint8_t *)"", (uint32_t)text->len};
    return text->len <= INT32_MAX;
}

/* The name of a header: text, or {"base64": "..."} when it is not UTF-8. */
static bool take_name(const json_t *json, cli_text *text, weir_str *name) {
    const json_t *base64 = json_object_size(json) == 1 ? json_object_get(json, "base64") : NULL;
    const json_t *string = base64 ? base64 : json;
    if (!json_is_string(string))
        return false;
    *name = (weir_str){json_string_value(string), (uint32_t)json_string_length(string)};
    if (!base64)
        return true;
    text->len = 0;
    if (!cli_base64_decode(text, name->p, name->len))
        return false;
    *name = (weir_str){text->p ? text->p : "", (uint32_t)text->len};
    return true;
}

static void add_header(cli_text *to, const weir_header *header) {
    size_t need = weir_header_write(NULL, 0, header);
    cli_text_room(to, need);
    weir_header_write((uint8_t *)to->p + to->len, need, header);
    to->len += need;
}

/* The headers of a record in wire form. */
static bool take_headers(cli_set_reader *reader, const json_t *json, weir_record *record) {
    cli_text name = {0}, *to = &reader->headers;
    bool right = json_is_array(json);
    to->len = 0;
    for (size_t n = 0; right && n < json_array_size(json); n++) {
        const json_t *pair = json_array_get(json, n);
        weir_header header;
        right = json_array_size(pair) == 2 && take_name(json_array_get(pair, 0), &name, &header.name) &&
                take_hex(json_array_get(pair, 1), &reader->spare, &header.value);
        if (right)
            add_header(to, &header);
    }
    cli_text_free(&name);
    record->headers = (weir_bytes){(const uint8_t *)to->p, (uint32_t)to->len};
    record->header_count = (int32_t)json_array_size(json);
    return right && to->len <= INT32_MAX;
}

static weir_err take_record(cli_set_reader *reader, weir_record *record) {
    json_int_t offset, timestamp;
    const char *type;
    json_error_t error;
    const json_t *key, *value, *headers;
    json_t *json = take(reader);
    if (!json)
        return WEIR_E_MALFORMED;
    bool right =
        json_unpack_ex(json, &error, JSON_STRICT, "{s:I, s:I, s:s, s:o, s:o, s:o}", "offset", &offset, "timestamp",
                       &timestamp, "timestampType", &type, "key", &key, "value", &value, "headers", &headers) == 0;
    right = right && take_timestamp_type(type, &record->timestamp_type) && take_hex(key, &reader->key, &record->key) &&
            take_hex(value, &reader->value, &record->value) && take_headers(reader, headers, record);
    if (right) {
        record->offset = offset;
        record->timestamp = timestamp;
    }
    json_decref(json);
    return right ? WEIR_OK : WEIR_E_MALFORMED;
}

weir_err cli_set_next(cli_set_reader *reader, weir_record *record) {
    weir_err err = next_item(reader, !reader->begun);
    reader->begun = true;
    if (err == WEIR_OK)
        return take_record(reader, record);
    if (err != WEIR_END || !skip(reader, '}'))
        return WEIR_E_MALFORMED;
    skip_space(reader);
    return reader->at == reader->len ? WEIR_END : WEIR_E_MALFORMED;
}
