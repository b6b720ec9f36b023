#include "frames.h"

#define SIZE_BYTES 4
#define CHUNK      ((size_t)1 << 14)

/* Appends the byte that the next two hexadecimal digits stand for; false at the end, and with `broken` at anything
   else. */
static bool add_pair(cli_frames *frames) {
    int high, low;
    do
        high = getc(frames->file);
    while (high == ' ' || high == '\t' || high == '\r' || high == '\n');
    if (high == EOF)
        return false;
    low = getc(frames->file);
    char pair[2] = {(char)high, (char)(low == EOF ? '\0' : low)};
    frames->broken = !cli_unhex(&frames->frame, pair, sizeof pair);
    return !frames->broken;
}

/* Appends `want` bytes, or as many as the stream has. */
static void add(cli_frames *frames, size_t want) {
    char chunk[CHUNK];
    size_t before = frames->frame.len;
    if (frames->hex) {
        while (frames->frame.len - before < want && add_pair(frames))
            continue;
    } else {
        for (size_t len = 1; want > 0 && len > 0; want -= len) {
            len = fread(chunk, 1, want < sizeof chunk ? want : sizeof chunk, frames->file);
            cli_text_add(&frames->frame, chunk, len);
        }
    }
    frames->at += frames->frame.len - before;
}

weir_err cli_frames_next(cli_frames *frames) {
    cli_text *frame = &frames->frame;
    uint32_t size = 0;
    frames->begin = frames->at;
    frames->missing = 0;
    frame->len = 0;
    if (frames->over)
        return WEIR_END;
    frames->over = true;
    add(frames, SIZE_BYTES);
    if (frame->len == 0 && !frames->broken)
        return WEIR_END;
    for (size_t n = 0; n < frame->len; n++)
        size = size << 8 | (uint8_t)frame->p[n];
    if (frame->len < SIZE_BYTES) {
        frames->missing = frames->broken ? 0 : SIZE_BYTES - frame->len;
        return WEIR_E_MALFORMED;
    }
    if (size > INT32_MAX)
        return WEIR_E_MALFORMED;
    frame->len = 0;
    add(frames, size);
    frames->missing = frames->broken ? 0 : size - frame->len;
    frames->over = frame->len < size;
    return frames->over ? WEIR_E_MALFORMED : WEIR_OK;
}

void cli_frames_free(cli_frames *frames) {
    cli_text_free(&frames->frame);
}
