#include "agenda.h"

#include <stdlib.h>

static bool before(const sim_appointment *a, const sim_appointment *b) {
    return a->at != b->at ? a->at < b->at : a->turn < b->turn;
}

void agenda_free(sim_agenda *agenda) {
    free(agenda->heap);
    agenda->heap = NULL;
    agenda->count = agenda->room = 0;
}

void agenda_clear(sim_agenda *agenda) {
    agenda->count = 0;
    agenda->turns = 0;
}

void agenda_add(sim_agenda *agenda, weir_time_us at, int32_t what, int32_t whom) {
    if (agenda->count == agenda->room) {
        agenda->room = agenda->room == 0 ? 256 : 2 * agenda->room;
        agenda->heap = realloc(agenda->heap, agenda->room * sizeof *agenda->heap);
        if (agenda->heap == NULL)
            abort();
    }
    sim_appointment entry = {at, agenda->turns++, what, whom};
    size_t n = agenda->count++;
    for (; n > 0 && before(&entry, &agenda->heap[(n - 1) / 2]); n = (n - 1) / 2)
        agenda->heap[n] = agenda->heap[(n - 1) / 2];
    agenda->heap[n] = entry;
}

bool agenda_next(sim_agenda *agenda, sim_appointment *next) {
    if (agenda->count == 0)
        return false;
    *next = agenda->heap[0];
    sim_appointment last = agenda->heap[--agenda->count];
    size_t n = 0;
    for (;;) {
        size_t child = 2 * n + 1;
        if (child >= agenda->count)
            break;
        if (child + 1 < agenda->count && before(&agenda->heap[child + 1], &agenda->heap[child]))
            child++;
        if (!before(&agenda->heap[child], &last))
            break;
        agenda->heap[n] = agenda->heap[child];
        n = child;
    }
    agenda->heap[n] = last;
    return true;
}
