/*
 * A heap of callbacks.
 */
#include "tests/fleet/agenda.h"

#include <stdlib.h>

#include "base/arena.h"

struct entry {
    int64_t at_ms;
    uint64_t sequence;
    size_t place;
    void (*run)(void *ctx);
    void *ctx;
};

static bool
is_before(const void *left, const void *right)
{
    const struct entry *a = left, *b = right;
    return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->sequence < b->sequence;
}

void
agenda_init(struct agenda *self)
{
    *self = (struct agenda){0};
    og_heap_init(&self->entries, is_before, offsetof(struct entry, place));
}

void
agenda_finish(struct agenda *self)
{
    for (void *entry; (entry = og_heap_pop(&self->entries));) {
        free(entry);
    }
    og_heap_finish(&self->entries);
}

void
agenda_add(struct agenda *self, int64_t wait_ms, void (*run)(void *ctx), void *ctx)
{
    struct entry *entry = og_xalloc(sizeof *entry);
    *entry = (struct entry){.at_ms = self->now_ms + (wait_ms > 0 ? wait_ms : 0),
                            .sequence = self->sequence++,
                            .run = run,
                            .ctx = ctx};
    og_heap_push(&self->entries, entry);
}

int64_t
agenda_next_at(const struct agenda *self)
{
    const struct entry *first = og_heap_top(&self->entries);
    return first ? first->at_ms : AGENDA_NEVER;
}

bool
agenda_step(struct agenda *self)
{
    if (agenda_next_at(self) > self->now_ms) {
        return false;
    }
    struct entry *entry = og_heap_pop(&self->entries);
    struct entry due = *entry;
    free(entry);
    due.run(due.ctx);
    return true;
}
