/* A stream of frames, int32 size and that many bytes each, as they come out of a connection. Memory follows the bytes
   that really come, not the sizes that are claimed. */
#ifndef CLI_FRAMES_H
#define CLI_FRAMES_H

#include "text.h"

#include <stdio.h>

typedef struct cli_frames {
    FILE *file;
    bool hex;         /* the stream is hexadecimal digits */
    bool broken;      /* it went on with something else */
    bool over;        /* nothing more can be read */
    uint64_t begin;   /* where the frame begins, in bytes of the stream */
    uint64_t at;      /* bytes taken from the stream */
    uint64_t missing; /* bytes that a cut-off frame lacks, of its size field first */
    cli_text frame;   /* what follows the size */
} cli_frames;

/* Reads the next frame. WEIR_END behind the last one. WEIR_E_MALFORMED when the frame at `begin` is cut off (then
   `missing` is not 0), has a negative size, or its digits are broken: no frame comes after that. */
weir_err cli_frames_next(cli_frames *frames);
void cli_frames_free(cli_frames *frames);

#endif
