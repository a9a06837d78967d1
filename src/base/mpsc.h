/*
 * A queue with many producers and one consumer, without a lock.
 *
 * Producers push one node each with a compare-and-swap; the consumer takes all that is there at
 * once, oldest first. That is what group commit wants: whatever waited becomes the next batch.
 * Nodes are embedded in the caller's struct and belong to the queue until taken.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct og_mpsc_node {
    struct og_mpsc_node *next;
};

struct og_mpsc {
    _Atomic(struct og_mpsc_node *) head; /* newest first */
};

/* Any thread. True when the queue was empty: then, and only then, the consumer must be woken. */
static inline bool
og_mpsc_push(struct og_mpsc *self, struct og_mpsc_node *node)
{
    struct og_mpsc_node *head = atomic_load_explicit(&self->head, memory_order_relaxed);
    do {
        node->next = head;
    } while (!atomic_compare_exchange_weak_explicit(&self->head, &head, node, memory_order_release,
                                                    memory_order_relaxed));
    return head == NULL;
}

/* Consumer only. All nodes, oldest first, linked by next; NULL when empty. */
static inline struct og_mpsc_node *
og_mpsc_take_all(struct og_mpsc *self)
{
    struct og_mpsc_node *newest = atomic_exchange_explicit(&self->head, NULL, memory_order_acquire);
    struct og_mpsc_node *oldest = NULL;
    while (newest) {
        struct og_mpsc_node *next = newest->next;
        newest->next = oldest;
        oldest = newest;
        newest = next;
    }
    return oldest;
}

#define OG_CONTAINER_OF(ptr, type, member) ((type *)((char *)(ptr) - offsetof(type, member)))
