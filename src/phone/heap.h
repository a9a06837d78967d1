/*
 * A binary heap of pointers: the least item first. Items are borrowed.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct og_phone_heap {
    void **items;
    size_t count, cap;
    bool (*is_before)(const void *a, const void *b); /* a strict order */
};

void og_phone_heap_init(struct og_phone_heap *self,
                        bool (*is_before)(const void *a, const void *b));
/* Takes zeroed; the items stay with their owner. */
void og_phone_heap_finish(struct og_phone_heap *self);
void og_phone_heap_push(struct og_phone_heap *self, void *item);
void *og_phone_heap_pop(struct og_phone_heap *self); /* NULL when empty */
/* Takes out one item wherever it is; false when it is not there. Looks at all of them. */
bool og_phone_heap_remove(struct og_phone_heap *self, const void *item);

static inline void *
og_phone_heap_first(const struct og_phone_heap *self)
{
    return self->count > 0 ? self->items[0] : NULL;
}
