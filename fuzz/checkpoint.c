/* Two checkpoint files, of which one is chosen. The first two bytes are the length of the first file. Both are tried as
   they are, and again with their checksums made right. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "checkpoint.h"

#define CRC_AT 10

static void choose(const weir_bytes files[2]) {
    weir__choice choice;
    weir_fault fault;
    weir_fault_clear(&fault);
    weir_err err = weir__checkpoint_choose(files, "job", "/folder", &choice, &fault);
    MUST(err == WEIR_OK || (err == WEIR_E_CHECKPOINT && fault.err == err));
    MUST(memchr(fault.text, '\0', sizeof fault.text) != NULL);
    MUST(!choice.found || (choice.slot >= 0 && choice.slot < 2));
}

/* What was accepted is written, and is then accepted as the same bytes. */
static void decode(weir_bytes file) {
    weir__checkpoint checkpoint;
    const char *why = NULL;
    if (weir__checkpoint_decode(file, &checkpoint, &why) != WEIR_OK) {
        MUST(why != NULL);
        return;
    }
    fuzz_touch(checkpoint.splits.p, checkpoint.splits.len);
    fuzz_touch(checkpoint.before.p, checkpoint.before.len);
    fuzz_touch(checkpoint.committables.p, checkpoint.committables.len);
    uint8_t *bytes = fuzz_memory(file.len), *twice = fuzz_memory(file.len);
    MUST(weir__checkpoint_encode(&checkpoint, bytes, file.len) == file.len);
    MUST(weir__checkpoint_decode((weir_bytes){bytes, file.len}, &checkpoint, &why) == WEIR_OK);
    MUST(weir__checkpoint_encode(&checkpoint, twice, file.len) == file.len);
    MUST(fuzz_equal((weir_bytes){bytes, file.len}, (weir_bytes){twice, file.len}));
    free(bytes);
    free(twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_input input = {data, size};
    size_t first = fuzz_u16(&input);
    weir_bytes files[2];
    files[0] = fuzz_take(&input, first);
    files[1] = fuzz_rest(&input);
    choose(files);
    uint8_t *copies[2];
    for (int n = 0; n < 2; n++) {
        copies[n] = fuzz_copy(files[n]);
        files[n].p = copies[n];
        if (files[n].len >= CRC_AT + 4)
            fuzz_put_u32(copies[n] + CRC_AT, weir_crc32c(0, copies[n] + CRC_AT + 4, files[n].len - CRC_AT - 4));
        decode(files[n]);
    }
    choose(files);
    free(copies[0]);
    free(copies[1]);
    return 0;
}
