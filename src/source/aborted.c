#include "aborted.h"

#include <string.h>

typedef weir_fetch_response_aborted_transaction transaction;

/* Sinks items[root] into the max-heap (by first offset) items[0, count). */
static void sink(transaction *items, size_t root, size_t count) {
    transaction moved = items[root];
    for (size_t child; (child = 2 * root + 1) < count; root = child) {
        if (child + 1 < count && items[child + 1].first_offset > items[child].first_offset)
            child++;
        if (items[child].first_offset <= moved.first_offset)
            break;
        items[root] = items[child];
    }
    items[root] = moved;
}

/* Heapsort: in place and never quadratic, whatever a broker sends; qsort may allocate. */
static void sort(transaction *items, size_t count) {
    for (size_t n = count / 2; n > 0; n--)
        sink(items, n - 1, count);
    for (size_t n = count; n > 1; n--) {
        transaction largest = items[0];
        items[0] = items[n - 1];
        items[n - 1] = largest;
        sink(items, 0, n - 1);
    }
}

void weir__aborted_init(weir__aborted *aborted, weir_fetch_response_aborted_transaction *items, int32_t count) {
    *aborted = (weir__aborted){.items = items, .count = count > 0 ? (size_t)count : 0};
    sort(items, aborted->count);
}

/* The place of a producer among the active ones, or where it would go. */
static size_t place_of(const weir__aborted *aborted, int64_t producer_id) {
    size_t low = 0, high = aborted->active;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (aborted->items[middle].producer_id < producer_id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool found_at(const weir__aborted *aborted, size_t place, int64_t producer_id) {
    return place < aborted->active && aborted->items[place].producer_id == producer_id;
}

void weir__aborted_reach(weir__aborted *aborted, int64_t last_offset) {
    while (aborted->next < aborted->count && aborted->items[aborted->next].first_offset <= last_offset) {
        transaction started = aborted->items[aborted->next++];
        size_t place = place_of(aborted, started.producer_id);
        if (found_at(aborted, place, started.producer_id))
            continue;
        memmove(&aborted->items[place + 1], &aborted->items[place], (aborted->active - place) * sizeof started);
        aborted->items[place] = started;
        aborted->active++;
    }
}

bool weir__aborted_has(const weir__aborted *aborted, int64_t producer_id) {
    return found_at(aborted, place_of(aborted, producer_id), producer_id);
}

void weir__aborted_end(weir__aborted *aborted, int64_t producer_id) {
    size_t place = place_of(aborted, producer_id);
    if (!found_at(aborted, place, producer_id))
        return;
    aborted->active--;
    memmove(&aborted->items[place], &aborted->items[place + 1], (aborted->active - place) * sizeof(transaction));
}
