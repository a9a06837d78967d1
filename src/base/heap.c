/*
 * Sifting writes each moved item's new place into the item; everything else follows from that.
 */
#include "base/heap.h"

#include <assert.h>
#include <stdlib.h>

#include "base/arena.h"

static size_t *
place_of(const struct og_heap *self, void *item)
{
    return (size_t *)((char *)item + self->place_offset);
}

static void
put(struct og_heap *self, size_t place, void *item)
{
    self->items[place] = item;
    *place_of(self, item) = place + 1; /* 0 says that it is in none */
}

/* In this heap, that is: its place may be one in another. */
static bool
holds(const struct og_heap *self, void *item)
{
    size_t place = *place_of(self, item);
    return place > 0 && place <= self->count && self->items[place - 1] == item;
}

static size_t
sift_up(struct og_heap *self, size_t place)
{
    void *item = self->items[place];
    while (place > 0 && self->before(item, self->items[(place - 1) / 2])) {
        put(self, place, self->items[(place - 1) / 2]);
        place = (place - 1) / 2;
    }
    put(self, place, item);
    return place;
}

static void
sift_down(struct og_heap *self, size_t place)
{
    void *item = self->items[place];
    for (;;) {
        size_t child = 2 * place + 1;
        if (child + 1 < self->count && self->before(self->items[child + 1], self->items[child])) {
            child++;
        }
        if (child >= self->count || !self->before(self->items[child], item)) {
            break;
        }
        put(self, place, self->items[child]);
        place = child;
    }
    put(self, place, item);
}

void
og_heap_init(struct og_heap *self, bool (*before)(const void *a, const void *b),
             size_t place_offset)
{
    *self = (struct og_heap){.before = before, .place_offset = place_offset};
}

void
og_heap_finish(struct og_heap *self)
{
    free(self->items);
    self->items = NULL;
    self->count = 0;
    self->cap = 0;
}

void
og_heap_push(struct og_heap *self, void *item)
{
    assert(*place_of(self, item) == OG_HEAP_ABSENT);
    if (self->count == self->cap) {
        self->cap = self->cap ? self->cap * 2 : 8;
        self->items = og_xrealloc(self->items, self->cap * sizeof(self->items[0]));
    }
    put(self, self->count++, item);
    sift_up(self, self->count - 1);
}

void
og_heap_update(struct og_heap *self, void *item)
{
    if (holds(self, item)) {
        sift_down(self, sift_up(self, *place_of(self, item) - 1));
    }
}

bool
og_heap_remove(struct og_heap *self, void *item)
{
    if (!holds(self, item)) {
        return false;
    }
    size_t place = *place_of(self, item) - 1;
    void *last = self->items[--self->count];
    if (last != item) {
        put(self, place, last);
        sift_down(self, sift_up(self, place));
    }
    *place_of(self, item) = OG_HEAP_ABSENT;
    return true;
}

void *
og_heap_pop(struct og_heap *self)
{
    void *first = og_heap_top(self);
    if (first) {
        og_heap_remove(self, first);
    }
    return first;
}

void *
og_heap_top(const struct og_heap *self)
{
    return self->count > 0 ? self->items[0] : NULL;
}

void *
og_heap_top_except(const struct og_heap *self, const void *except)
{
    if (self->count == 0 || self->items[0] != except) {
        return og_heap_top(self);
    }
    /* Without its first, the heap begins with the better one of the two children. */
    if (self->count < 3) {
        return self->count == 2 ? self->items[1] : NULL;
    }
    return self->items[self->before(self->items[2], self->items[1]) ? 2 : 1];
}
