/*
 * A binary heap of pointers whose items know their place, so that any of them can be moved or
 * removed in O(log n). An item has one place, so it may be in one heap at a time. Not thread-safe;
 * owns its array, not the items.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define OG_HEAP_ABSENT ((size_t)0) /* so that zeroed items are in none */

struct og_heap {
    void **items;
    size_t count;
    size_t cap;
    bool (*before)(const void *a, const void *b); /* strict order */
    size_t place_offset; /* of a size_t in each item, OG_HEAP_ABSENT while it is not in the heap */
};

void og_heap_init(struct og_heap *self, bool (*before)(const void *a, const void *b),
                  size_t place_offset);
void og_heap_finish(struct og_heap *self);
void og_heap_push(struct og_heap *self, void *item);
/* The item's key changed. Not in the heap: nothing happens. */
void og_heap_update(struct og_heap *self, void *item);
/* Not in the heap: nothing happens, and false. */
bool og_heap_remove(struct og_heap *self, void *item);
/* Takes out the first and gives it, or NULL. */
void *og_heap_pop(struct og_heap *self);
/* The first, or NULL. */
void *og_heap_top(const struct og_heap *self);
/* The first that is not `except`, or NULL. */
void *og_heap_top_except(const struct og_heap *self, const void *except);
