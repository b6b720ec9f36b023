/* What the fuzz targets share. Each target is one LLVMFuzzerTestOneInput, linked with libFuzzer or with replay.c. */
#ifndef FUZZ_H
#define FUZZ_H

#include <weir/alloc.h>
#include <weir/proto.h>
#include <weir/record.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the program, also where NDEBUG is set, when a promise of the library is broken. */
#define MUST(condition) ((condition) ? (void)0 : fuzz_broken(__FILE__, __LINE__, #condition))
_Noreturn void fuzz_broken(const char *file, int line, const char *promise);

/* Takes decisions and bytes off the front of an input; behind its end come zeros and empty views. */
typedef struct fuzz_input {
    const uint8_t *p;
    size_t left;
} fuzz_input;

uint8_t fuzz_byte(fuzz_input *input);
uint16_t fuzz_u16(fuzz_input *input); /* big-endian */
weir_bytes fuzz_take(fuzz_input *input, size_t len);
weir_bytes fuzz_rest(fuzz_input *input);

/* Memory from malloc, in exact blocks so that a sanitizer sees every step beyond; never NULL. The caller frees. */
void *fuzz_memory(size_t size);
uint8_t *fuzz_copy(weir_bytes bytes);
/* Text of the bytes up to their first NUL; the caller frees. */
char *fuzz_text(weir_bytes bytes);
void fuzz_put_u32(uint8_t *at, uint32_t v); /* big-endian */

/* An allocator over malloc that hands out `limit` bytes and knows what was not given back. */
void fuzz_budget(weir_budget *budget, size_t limit);

/* Makes the checksum of the first batch in `bytes` right, as far as its length says something sensible. */
void fuzz_repair_batch(uint8_t *bytes, size_t len);

/* Reads every byte, so that a sanitizer sees a view that points elsewhere. */
void fuzz_touch(const void *p, size_t len);
/* Reads a record and walks its headers. */
void fuzz_touch_record(const weir_record *record);

/* The message that API key, direction (0 request) and version in front of an input name; false when there is none. */
typedef struct fuzz_message {
    const weir_schema *schema;
    int16_t version;
    void *message; /* weir_message_sizeof bytes */
    void *memory;  /* the arena's */
} fuzz_message;

bool fuzz_message_named(fuzz_message *m, fuzz_input *input);
/* Decodes with an arena of WEIR_ARENA_RATIO times the bytes and WEIR_ARENA_SLACK, and no more (<weir/proto.h>).
   Whatever it comes to, fuzz_message_free is to be called. */
weir_err fuzz_message_decode(fuzz_message *m, weir_bytes bytes);
/* Reads JSON with an arena that is large enough. */
weir_err fuzz_message_from_json(fuzz_message *m, weir_bytes text);
/* What the message is as bytes or as JSON with records; `*bytes` is from malloc. */
weir_err fuzz_message_encode(const fuzz_message *m, weir_bytes *bytes);
weir_err fuzz_message_to_json(const fuzz_message *m, weir_bytes *text);
void fuzz_message_free(fuzz_message *m);
bool fuzz_equal(weir_bytes a, weir_bytes b);

#endif
