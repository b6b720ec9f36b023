/* A doubly linked list whose links lie in the members themselves. The list is a ring around a link of its own, so that
   no operation knows a special case. A member is in at most one list through the same link. */
#ifndef WEIR_SRC_BASE_LIST_H
#define WEIR_SRC_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

typedef struct weir__list {
    struct weir__list *next, *prev;
} weir__list;

/* The struct that a link lies in. */
#define WEIR__LIST_OF(link, type, member) ((type *)(void *)((char *)(link)-offsetof(type, member)))

/* Walks from first to last; the body must not take `link` out of the list. */
#define WEIR__LIST_EACH(link, list) for (weir__list *link = (list)->next; link != (list); link = link->next)

static inline void weir__list_init(weir__list *list) {
    list->next = list->prev = list;
}

static inline bool weir__list_empty(const weir__list *list) {
    return list->next == list;
}

/* Puts `link` before `at`; before the list itself is at its end. */
static inline void weir__list_insert(weir__list *at, weir__list *link) {
    link->next = at;
    link->prev = at->prev;
    at->prev->next = link;
    at->prev = link;
}

static inline void weir__list_push_back(weir__list *list, weir__list *link) {
    weir__list_insert(list, link);
}

static inline void weir__list_push_front(weir__list *list, weir__list *link) {
    weir__list_insert(list->next, link);
}

/* Takes `link` out of its list and leaves it alone, so that taking it out again does nothing. */
static inline void weir__list_remove(weir__list *link) {
    link->prev->next = link->next;
    link->next->prev = link->prev;
    weir__list_init(link);
}

/* The first link, or NULL when the list is empty. */
static inline weir__list *weir__list_first(const weir__list *list) {
    return weir__list_empty(list) ? NULL : list->next;
}

/* Takes out and returns the first link, or NULL when the list is empty. */
static inline weir__list *weir__list_pop_front(weir__list *list) {
    weir__list *link = weir__list_first(list);
    if (link)
        weir__list_remove(link);
    return link;
}

#endif
