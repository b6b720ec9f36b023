/* One direction of a TCP connection: bytes that are under way, arrive late, in pieces and in order, or not at all. */
#ifndef WEIR_TESTS_SIM_STREAM_H
#define WEIR_TESTS_SIM_STREAM_H

#include <weir/types.h>

#include "rng.h"

/* How a stream treats its bytes. */
typedef struct sim_weather {
    int64_t delay_us;       /* at least so long under way */
    int64_t jitter_us;      /* and up to so much more, drawn for each piece */
    size_t piece;           /* a piece has at most so many bytes, at least one; 0: as sent */
    int64_t bytes_a_second; /* 0: no limit */
} sim_weather;

#define STREAM_PIECES 256 /* under way at once; what is sent beyond joins the last one */

typedef struct sim_piece {
    weir_time_us at;
    size_t bytes;
} sim_piece;

typedef struct sim_stream {
    uint8_t *bytes;
    size_t start, end, room; /* under way or arrived and not taken: bytes[start..end) */
    sim_piece pieces[STREAM_PIECES];
    size_t first, count; /* a ring */
    size_t ready;        /* bytes that have arrived */
    weir_time_us last;   /* arrival of what was sent last */
    weir_time_us ends;   /* when the end of the stream arrives; WEIR_NEVER: it is open */
    int64_t quota;       /* so many more bytes are carried, the rest vanishes; -1: all */
} sim_stream;

/* Makes an empty stream, or empties one and keeps its memory. The first time the struct must be zeroed. */
void stream_open(sim_stream *s);
void stream_free(sim_stream *s);
void stream_send(sim_stream *s, const uint8_t *bytes, size_t count, const sim_weather *w, weir__rng *rng,
                 weir_time_us now);
/* The sender closes: the end arrives behind all that was sent, `delay` later at the earliest. */
void stream_end(sim_stream *s, weir_time_us now, int64_t delay);
/* Everything that is under way arrives `delay` later. */
void stream_hold(sim_stream *s, int64_t delay);
/* Only the first `keep` of the bytes under way will arrive. */
void stream_lose(sim_stream *s, size_t keep);
/* When the next piece, or the end, arrives; WEIR_NEVER. What has arrived does not count. */
weir_time_us stream_due(const sim_stream *s);
/* Lets arrive what is due. What has arrived and not been taken lies in *bytes. */
size_t stream_arrived(sim_stream *s, weir_time_us now, const uint8_t **bytes);
void stream_take(sim_stream *s, size_t count);
/* Whether all is taken and the end has arrived. */
bool stream_ended(const sim_stream *s, weir_time_us now);
/* Bytes sent and not yet taken. */
size_t stream_load(const sim_stream *s);

#endif
