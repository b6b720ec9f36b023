/* What is to happen when: events in order of time and, at one instant, in the order in which they were entered. */
#ifndef WEIR_TESTS_SIM_AGENDA_H
#define WEIR_TESTS_SIM_AGENDA_H

#include <weir/types.h>

typedef struct sim_appointment {
    weir_time_us at;
    uint64_t turn; /* counts the entries */
    int32_t what, whom;
} sim_appointment;

typedef struct sim_agenda {
    sim_appointment *heap;
    size_t count, room;
    uint64_t turns;
} sim_agenda;

void agenda_free(sim_agenda *agenda);
/* Empties it, and keeps its memory. */
void agenda_clear(sim_agenda *agenda);
void agenda_add(sim_agenda *agenda, weir_time_us at, int32_t what, int32_t whom);
/* Takes the next one off; false when nothing is left. */
bool agenda_next(sim_agenda *agenda, sim_appointment *next);

#endif
