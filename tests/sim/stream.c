#include "stream.h"

#include <stdlib.h>
#include <string.h>

void stream_open(sim_stream *s) {
    s->start = s->end = s->first = s->count = s->ready = 0;
    s->last = 0;
    s->ends = WEIR_NEVER;
    s->quota = -1;
}

void stream_free(sim_stream *s) {
    free(s->bytes);
    s->bytes = NULL;
    s->room = 0;
}

static void make_room(sim_stream *s, size_t count) {
    if (s->end + count <= s->room)
        return;
    if (s->start < s->end)
        memmove(s->bytes, s->bytes + s->start, s->end - s->start);
    s->end -= s->start;
    s->start = 0;
    if (s->end + count <= s->room)
        return;
    s->room = 2 * (s->end + count);
    s->bytes = realloc(s->bytes, s->room);
    if (s->bytes == NULL)
        abort();
}

static sim_piece *last_piece(sim_stream *s) {
    return &s->pieces[(s->first + s->count - 1) % STREAM_PIECES];
}

static void add_piece(sim_stream *s, size_t bytes, weir_time_us at) {
    s->last = at > s->last ? at : s->last;
    bool joins = s->count > 0 && (last_piece(s)->at == s->last || s->count == STREAM_PIECES);
    if (!joins) {
        s->count++;
        last_piece(s)->bytes = 0;
    }
    last_piece(s)->at = s->last;
    last_piece(s)->bytes += bytes;
}

void stream_send(sim_stream *s, const uint8_t *bytes, size_t count, const sim_weather *w, weir__rng *rng,
                 weir_time_us now) {
    if (s->quota >= 0) {
        count = (int64_t)count < s->quota ? count : (size_t)s->quota;
        s->quota -= (int64_t)count;
    }
    if (count == 0)
        return;
    make_room(s, count);
    memcpy(s->bytes + s->end, bytes, count);
    s->end += count;
    while (count > 0) {
        size_t size = w->piece > 0 && w->piece < count ? 1 + (size_t)weir__rng_below(rng, w->piece) : count;
        int64_t late = w->jitter_us > 0 ? (int64_t)weir__rng_below(rng, (uint64_t)w->jitter_us) : 0;
        weir_time_us from = w->bytes_a_second > 0 && s->last > now ? s->last - w->delay_us : now;
        int64_t carried = w->bytes_a_second > 0 ? (int64_t)size * 1000000 / w->bytes_a_second : 0;
        add_piece(s, size, (from > now ? from : now) + w->delay_us + late + carried);
        count -= size;
    }
}

void stream_end(sim_stream *s, weir_time_us now, int64_t delay) {
    if (s->ends != WEIR_NEVER)
        return;
    s->ends = now + delay > s->last ? now + delay : s->last;
}

void stream_hold(sim_stream *s, int64_t delay) {
    for (size_t n = 0; n < s->count; n++)
        s->pieces[(s->first + n) % STREAM_PIECES].at += delay;
    s->last += delay;
    if (s->ends != WEIR_NEVER)
        s->ends += delay;
}

void stream_lose(sim_stream *s, size_t keep) {
    size_t left = keep;
    for (size_t n = 0; n < s->count; n++) {
        sim_piece *p = &s->pieces[(s->first + n) % STREAM_PIECES];
        p->bytes = p->bytes < left ? p->bytes : left;
        left -= p->bytes;
    }
    size_t under_way = s->end - s->start - s->ready;
    s->end -= under_way > keep ? under_way - keep : 0;
}

weir_time_us stream_due(const sim_stream *s) {
    return s->count > 0 ? s->pieces[s->first].at : s->ends;
}

size_t stream_arrived(sim_stream *s, weir_time_us now, const uint8_t **bytes) {
    while (s->count > 0 && s->pieces[s->first].at <= now) {
        s->ready += s->pieces[s->first].bytes;
        s->first = (s->first + 1) % STREAM_PIECES;
        s->count--;
    }
    *bytes = s->bytes != NULL ? s->bytes + s->start : NULL;
    return s->ready;
}

void stream_take(sim_stream *s, size_t count) {
    s->start += count;
    s->ready -= count;
    if (s->start == s->end)
        s->start = s->end = 0;
}

bool stream_ended(const sim_stream *s, weir_time_us now) {
    return s->count == 0 && s->ready == 0 && s->ends <= now;
}

size_t stream_load(const sim_stream *s) {
    return s->end - s->start;
}
