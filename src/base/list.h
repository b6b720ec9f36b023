/* An intrusive doubly linked list. A node that is in no list points at itself, so removing twice is harmless. */
#ifndef WEIR_SRC_BASE_LIST_H
#define WEIR_SRC_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

typedef struct weir__list {
    struct weir__list *next, *prev;
} weir__list;

/* The struct that contains a node as `member`. */
#define WEIR__ENTRY(node, type, member) ((type *)(void *)((char *)(node)-offsetof(type, member)))

/* Walks a list front to back; `it` must not be removed in the body (keep its next before, if it may be). */
#define WEIR__LIST_EACH(it, head) for (weir__list *it = (head)->next; it != (head); it = it->next)

static inline void weir__list_init(weir__list *node) {
    node->next = node;
    node->prev = node;
}

static inline bool weir__list_empty(const weir__list *head) {
    return head->next == head;
}

static inline void weir__list_push(weir__list *head, weir__list *node) {
    node->prev = head->prev;
    node->next = head;
    head->prev->next = node;
    head->prev = node;
}

static inline void weir__list_push_front(weir__list *head, weir__list *node) {
    weir__list_push(head->next, node);
}

static inline void weir__list_remove(weir__list *node) {
    node->prev->next = node->next;
    node->next->prev = node->prev;
    weir__list_init(node);
}

/* The first node, taken off; NULL when the list is empty. */
static inline weir__list *weir__list_pop(weir__list *head) {
    if (weir__list_empty(head))
        return NULL;
    weir__list *node = head->next;
    weir__list_remove(node);
    return node;
}

/* Moves all nodes of `from` to the end of `to`. */
static inline void weir__list_splice(weir__list *to, weir__list *from) {
    while (!weir__list_empty(from))
        weir__list_push(to, weir__list_pop(from));
}

#endif
