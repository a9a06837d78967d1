/* The order of what comes next: messages to send, events of the radio. */
#include "phone/heap.h"

#include <stdlib.h>

#include "base/arena.h"

void
og_phone_heap_init(struct og_phone_heap *self, bool (*is_before)(const void *a, const void *b))
{
    *self = (struct og_phone_heap){.is_before = is_before};
}

void
og_phone_heap_finish(struct og_phone_heap *self)
{
    free(self->items);
    self->items = NULL;
    self->count = self->cap = 0;
}

static void
rise(struct og_phone_heap *self, size_t at)
{
    void *item = self->items[at];
    while (at > 0 && self->is_before(item, self->items[(at - 1) / 2])) {
        self->items[at] = self->items[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    self->items[at] = item;
}

static void
sink(struct og_phone_heap *self, size_t at)
{
    void *item = self->items[at];
    for (;;) {
        size_t child = at * 2 + 1;
        if (child >= self->count) {
            break;
        }
        bool has_right = child + 1 < self->count;
        if (has_right && self->is_before(self->items[child + 1], self->items[child])) {
            child++;
        }
        if (!self->is_before(self->items[child], item)) {
            break;
        }
        self->items[at] = self->items[child];
        at = child;
    }
    self->items[at] = item;
}

void
og_phone_heap_push(struct og_phone_heap *self, void *item)
{
    if (self->count == self->cap) {
        self->cap = self->cap ? self->cap * 2 : 8;
        self->items = og_xrealloc(self->items, self->cap * sizeof(self->items[0]));
    }
    self->items[self->count++] = item;
    rise(self, self->count - 1);
}

static void
take_out(struct og_phone_heap *self, size_t at)
{
    void *last = self->items[--self->count];
    if (at < self->count) {
        self->items[at] = last;
        rise(self, at);
        sink(self, at);
    }
}

void *
og_phone_heap_pop(struct og_phone_heap *self)
{
    if (self->count == 0) {
        return NULL;
    }
    void *first = self->items[0];
    take_out(self, 0);
    return first;
}

bool
og_phone_heap_remove(struct og_phone_heap *self, const void *item)
{
    for (size_t i = 0; i < self->count; i++) {
        if (self->items[i] == item) {
            take_out(self, i);
            return true;
        }
    }
    return false;
}
