#include "batches.h"

#include "words.h"

#include <weir/compress.h>
#include <weir/posix.h>
#include <weir/wire.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The most bytes that a compressed batch may come to. */
#define PLAIN_MAX ((size_t)1 << 30)
/* What is read and decompressed at least. */
#define CHUNK ((size_t)1 << 16)
/* In all formats a batch begins with its offset and, at this place, the bytes that follow its length. */
#define LENGTH_AT  8
#define LENGTH_END 12
/* The fixed part of a batch in any format. */
#define HEAD       WEIR_BATCH_HEADER_SIZE
#define VARINT_MAX 5

void cli_batches_free(cli_batches *set) {
    cli_text_free(&set->window);
    cli_text_free(&set->plain);
}

bool cli_batches_file(cli_batches *set) {
    struct stat found;
    if (fstat(STDIN_FILENO, &found) != 0 || !S_ISREG(found.st_mode))
        return false;
    off_t at = lseek(STDIN_FILENO, 0, SEEK_CUR);
    if (at < 0 || at >= found.st_size)
        return false;
    *set = (cli_batches){.in_file = true, .file_at = at, .len = (uint64_t)(found.st_size - at)};
    lseek(STDIN_FILENO, 0, SEEK_END); /* as after reading it */
    return true;
}

static _Noreturn void unreadable(const char *why) {
    cli_say("cannot read standard input: %s", why);
    cli_flush();
    exit(CLI_FAILED);
}

/* Makes the window begin at `at` and hold `want` bytes; the set has them. */
static void window_read(cli_batches *set, uint64_t at, size_t want) {
    cli_text *window = &set->window;
    size_t keep =
        at >= set->window_at && at - set->window_at < window->len ? window->len - (size_t)(at - set->window_at) : 0;
    if (keep >= want && want > 0)
        return;
    if (keep > 0)
        memmove(window->p, window->p + window->len - keep, keep);
    window->len = keep;
    set->window_at = at;
    want = want > CHUNK ? want : set->len - at < CHUNK ? (size_t)(set->len - at) : CHUNK;
    cli_text_room(window, want - keep);
    while (window->len < want) {
        ssize_t n = pread(STDIN_FILENO, window->p + window->len, want - window->len,
                          (off_t)(set->file_at + (int64_t)(at + window->len)));
        if (n < 0 && errno != EINTR)
            unreadable(strerror(errno));
        if (n == 0)
            unreadable("it has become shorter");
        window->len += n > 0 ? (size_t)n : 0;
    }
}

/* What follows at `at`: all of the first batch, if the set has it. */
static weir_records rest_at(cli_batches *set, uint64_t at) {
    uint64_t left = set->len - at;
    if (!set->in_file)
        return (weir_records){(const uint8_t *)set->p + at, left > UINT32_MAX ? UINT32_MAX : (uint32_t)left};
    window_read(set, at, left < HEAD ? (size_t)left : HEAD);
    weir_in in;
    weir_in_init(&in, set->window.p + (at - set->window_at), left < LENGTH_END ? (size_t)left : LENGTH_END);
    weir_in_take(&in, LENGTH_AT);
    uint64_t length = weir_in_u32(&in);
    /* What is wrong with its length, or that it is cut off, shows in the fixed part. */
    if (in.error == WEIR_OK && length <= INT32_MAX && length + LENGTH_END <= left)
        window_read(set, at, (size_t)length + LENGTH_END);
    size_t from = (size_t)(at - set->window_at);
    return (weir_records){(const uint8_t *)set->window.p + from, (uint32_t)(set->window.len - from)};
}

weir_err cli_batches_open(cli_batches *set, uint64_t at, weir_batch_header *header, weir_records *rest) {
    *rest = rest_at(set, at);
    return weir_batch_open(*rest, header);
}

/* Shows the records in `plain`. */
static weir_err walk(const weir_batch_header *header, weir_bytes plain, cli_record_do *each, void *user) {
    weir_batch_walk walk;
    weir_record record;
    weir_err err;
    weir_batch_walk_init(&walk, header, plain);
    while ((err = weir_batch_next(&walk, &record)) == WEIR_OK)
        if (each && !each(user, &record))
            return WEIR_OK;
    return err == WEIR_END ? WEIR_OK : err;
}

/* Shows the records in a batch that is decompressed whole. */
static weir_err whole_records(const weir_batch_header *header, weir_bytes packed, cli_record_do *each, void *user) {
    weir_alloc *alloc = weir_posix_malloc();
    weir_compression compression = header->attributes & WEIR_ATTR_COMPRESSION;
    weir_bytes plain;
    size_t size;
    weir_err err = weir_records_decompress(alloc, compression, packed, PLAIN_MAX, &plain, &size);
    if (err != WEIR_OK)
        return err;
    err = walk(header, plain, each, user);
    alloc->give(alloc, (void *)(uintptr_t)plain.p, size);
    return err;
}

/* The records of a batch while they come out of a stream. */
typedef struct slicer {
    weir_batch_header header; /* that of a batch with the next record only */
    int32_t left;             /* records to come */
    int64_t least;            /* the least offset of the next one */
    weir_err err;             /* of a record */
    bool stopped;
    cli_record_do *each;
    void *user;
} slicer;

static bool show(void *of, const weir_record *record) {
    slicer *s = of;
    if (record->offset < s->least)
        s->err = WEIR_E_MALFORMED;
    else
        s->stopped = s->each && !s->each(s->user, record);
    s->least = record->offset + 1;
    return true;
}

/* Shows the whole records at the front of the text and drops them from it. */
static void slice(slicer *s, cli_text *text) {
    size_t at = 0;
    while (s->err == WEIR_OK && !s->stopped && at < text->len) {
        weir_in in;
        weir_in_init(&in, text->p + at, text->len - at);
        int32_t len = weir_in_varint(&in);
        if (in.error != WEIR_OK && text->len - at < VARINT_MAX)
            break;
        if (in.error != WEIR_OK || len < 0 || s->left == 0) {
            s->err = WEIR_E_MALFORMED;
            break;
        }
        if (weir_in_left(&in) < (size_t)len)
            break;
        weir_bytes record = {in.start, (uint32_t)(weir_in_offset(&in) + (size_t)len)};
        weir_err err = walk(&s->header, record, show, s);
        s->err = s->err != WEIR_OK ? s->err : err;
        s->left--;
        at += record.len;
    }
    if (s->err != WEIR_OK || s->stopped)
        at = text->len;
    text->len -= at;
    if (at > 0 && text->len > 0)
        memmove(text->p, text->p + at, text->len);
}

/* The memory of the stream needs no limit, as that of a window is used no further than there are bytes. What is wrong
   with the compression is told as whole_records would tell it: a stream may find something else first. */
static weir_err stream_records(cli_batches *set, const weir_batch_header *header, weir_bytes packed,
                               cli_record_do *each, void *user) {
    slicer s = {*header, header->record_count, header->base_offset, WEIR_OK, false, each, user};
    weir_compression compression = header->attributes & WEIR_ATTR_COMPRESSION;
    weir_bytes left = packed;
    weir_stream *stream;
    weir_err err = weir_stream_decompress(weir_posix_malloc(), compression, PLAIN_MAX, SIZE_MAX, &stream);
    if (err != WEIR_OK)
        return err;
    s.header.record_count = 1;
    set->plain.len = 0;
    do {
        cli_text_room(&set->plain, CHUNK);
        size_t came = set->plain.cap - set->plain.len;
        err = weir_stream_step(stream, &left, true, set->plain.p + set->plain.len, &came);
        set->plain.len += came;
        slice(&s, &set->plain);
    } while (err == WEIR_AGAIN && !s.stopped);
    weir_stream_close(stream);
    if (s.stopped)
        return WEIR_OK;
    if (err != WEIR_END) {
        weir_err told = whole_records(header, packed, NULL, NULL);
        return told != WEIR_OK ? told : err;
    }
    if (s.err != WEIR_OK)
        return s.err;
    return s.left == 0 && set->plain.len == 0 ? WEIR_OK : WEIR_E_MALFORMED;
}

weir_err cli_batches_records(cli_batches *set, const weir_batch_header *header, weir_records rest, cli_record_do *each,
                             void *user) {
    weir_bytes records = weir_batch_records(rest, header);
    if ((header->attributes & WEIR_ATTR_COMPRESSION) == WEIR_COMPRESSION_NONE)
        return walk(header, records, each, user);
    /* Only the last message of a wrapper tells where its offsets begin. */
    return header->magic < 2 ? whole_records(header, records, each, user)
                             : stream_records(set, header, records, each, user);
}
