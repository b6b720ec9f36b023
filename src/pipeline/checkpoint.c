/* "WEIRCKPT", u16 version, u32 CRC-32C of all that follows, then the members in order, texts and blobs with a u32
   length. Big-endian. */
#include "checkpoint.h"

#include <string.h>

#include <weir/record.h>
#include <weir/wire.h>

#define MAGIC     "WEIRCKPT"
#define MAGIC_LEN 8
#define VERSION   1
#define BODY_AT   (MAGIC_LEN + 2 + 4)

static void blob(weir_out *out, const void *p, uint32_t len) {
    weir_out_u32(out, len);
    weir_out_bytes(out, p, len);
}

static void body(weir_out *out, const weir__checkpoint *c) {
    weir_out_i64(out, (int64_t)c->number);
    weir_out_i64(out, (int64_t)c->ledger);
    weir_out_bool(out, c->finished);
    blob(out, c->job.p, c->job.len);
    blob(out, c->lineage.p, c->lineage.len);
    blob(out, c->splits.p, c->splits.len);
    blob(out, c->before.p, c->before.len);
    blob(out, c->committables.p, c->committables.len);
}

size_t weir__checkpoint_encode(const weir__checkpoint *c, uint8_t *bytes, size_t room) {
    weir_out out;
    weir_out_init(&out, NULL, 0);
    body(&out, c);
    size_t size = BODY_AT + out.total;
    if (size > room)
        return size;
    weir_out_init(&out, bytes + BODY_AT, room - BODY_AT);
    body(&out, c);
    uint32_t crc = weir_crc32c(0, bytes + BODY_AT, size - BODY_AT);
    weir_out_init(&out, bytes, BODY_AT);
    weir_out_bytes(&out, MAGIC, MAGIC_LEN);
    weir_out_i16(&out, VERSION);
    weir_out_u32(&out, crc);
    return size;
}

static weir_bytes take_blob(weir_in *in) {
    return weir_in_take(in, weir_in_u32(in));
}

static weir_str take_text(weir_in *in) {
    weir_bytes bytes = take_blob(in);
    return (weir_str){(const char *)bytes.p, bytes.len};
}

static weir_err refuse(const char **why, const char *reason) {
    *why = reason;
    return WEIR_E_CHECKPOINT;
}

weir_err weir__checkpoint_decode(weir_bytes bytes, weir__checkpoint *c, const char **why) {
    weir_in in;
    memset(c, 0, sizeof *c);
    weir_in_init(&in, bytes.p, bytes.len);
    weir_bytes magic = weir_in_take(&in, MAGIC_LEN);
    if (in.error != WEIR_OK || memcmp(magic.p, MAGIC, MAGIC_LEN) != 0)
        return refuse(why, "it is not a checkpoint of Weir");
    if (weir_in_i16(&in) != VERSION)
        return refuse(why, "it was written by a newer version of Weir");
    uint32_t crc = weir_in_u32(&in);
    if (in.error != WEIR_OK || weir_crc32c(0, in.p, weir_in_left(&in)) != crc)
        return refuse(why, "its checksum is wrong: it is damaged");
    c->number = (uint64_t)weir_in_i64(&in);
    c->ledger = (uint64_t)weir_in_i64(&in);
    c->finished = weir_in_bool(&in);
    c->job = take_text(&in);
    c->lineage = take_text(&in);
    c->splits = take_blob(&in);
    c->before = take_blob(&in);
    c->committables = take_blob(&in);
    bool sane = in.error == WEIR_OK && weir_in_left(&in) == 0 && c->number > 0 && c->number <= INT64_MAX &&
                c->ledger <= c->number;
    if (!sane || c->lineage.len == 0 || c->lineage.len >= WEIR__LINEAGE_SIZE)
        return refuse(why, "its contents do not hang together");
    return WEIR_OK;
}

weir_err weir__checkpoint_choose(const weir_bytes files[2], const char *job, const char *dir, weir__choice *choice,
                                 weir_fault *fault) {
    bool damaged = false;
    memset(choice, 0, sizeof *choice);
    for (int slot = 0; slot < 2; slot++) {
        weir__checkpoint checkpoint;
        if (files[slot].p == NULL)
            continue;
        if (weir__checkpoint_decode(files[slot], &checkpoint, &choice->why) != WEIR_OK) {
            damaged = true;
        } else if (!choice->found || checkpoint.number > choice->checkpoint.number) {
            choice->found = true;
            choice->slot = slot;
            choice->checkpoint = checkpoint;
        }
    }
    choice->fallback = choice->found && damaged;
    if (!choice->found && damaged) {
        weir_fault_set(
            fault, WEIR_E_CHECKPOINT,
            "no checkpoint in %s can be used: %s. Nothing was started or overwritten; put a whole file back, "
            "or begin anew with --fresh",
            dir, choice->why);
        return WEIR_E_CHECKPOINT;
    }
    if (choice->found && !weir_str_equal(choice->checkpoint.job, weir_str_of(job))) {
        weir_fault_set(fault, WEIR_E_CHECKPOINT,
                       "the checkpoint in %s belongs to job '%.*s', not to '%s': use another --checkpoint-dir, or name "
                       "that job",
                       dir, (int)choice->checkpoint.job.len, choice->checkpoint.job.p, job);
        return WEIR_E_CHECKPOINT;
    }
    return WEIR_OK;
}
