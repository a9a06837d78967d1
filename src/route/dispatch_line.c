/*
 * Order is by level first, then by age; both orders are kept when an entry is put in, so that
 * reading the first N costs N.
 */
#include "route/dispatch_line.h"

#include <assert.h>
#include <stdlib.h>

static bool
is_older(const struct dispatch_entry *a, const struct dispatch_entry *b)
{
    if (a->created_at_ms != b->created_at_ms) {
        return a->created_at_ms < b->created_at_ms;
    }
    return a->number < b->number;
}

static void
link_behind(struct dispatch_list *self, struct dispatch_entry *older, struct dispatch_entry *entry)
{
    entry->older = older;
    entry->newer = older ? older->newer : self->oldest;
    *(older ? &older->newer : &self->oldest) = entry;
    *(entry->newer ? &entry->newer->older : &self->newest) = entry;
}

void
og_dispatch_list_put(struct dispatch_list *self, struct dispatch_entry *entry)
{
    struct dispatch_entry *older = self->newest;
    if (older && is_older(entry, older) && self->last_put) {
        older = self->last_put;
        while (older->newer && is_older(older->newer, entry)) {
            older = older->newer;
        }
    }
    while (older && is_older(entry, older)) {
        older = older->older;
    }
    link_behind(self, older, entry);
    self->last_put = entry;
}

void
og_dispatch_list_append(struct dispatch_list *self, struct dispatch_entry *entry)
{
    link_behind(self, self->newest, entry);
    self->last_put = entry;
}

void
og_dispatch_list_take(struct dispatch_list *self, struct dispatch_entry *entry)
{
    *(entry->older ? &entry->older->newer : &self->oldest) = entry->newer;
    *(entry->newer ? &entry->newer->older : &self->newest) = entry->older;
    if (self->last_put == entry) {
        self->last_put = entry->older ? entry->older : entry->newer;
    }
    entry->older = NULL;
    entry->newer = NULL;
}

static unsigned
rank_of(const struct dispatch_entry *entry)
{
    return (unsigned)entry->class * 256u + (unsigned)(127 - entry->priority);
}

/* Index of the level, or where it belongs. */
static size_t
find_level(const struct dispatch_line *self, unsigned rank)
{
    size_t from = 0;
    size_t to = self->level_count;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (self->levels[middle].rank < rank) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    return from;
}

static void
insert_level(struct dispatch_line *self, size_t at, unsigned rank)
{
    if (self->level_count == self->level_cap) {
        self->level_cap = self->level_cap ? self->level_cap * 2 : 2;
        self->levels = og_xrealloc(self->levels, self->level_cap * sizeof(self->levels[0]));
    }
    memmove(&self->levels[at + 1], &self->levels[at],
            (self->level_count - at) * sizeof(self->levels[0]));
    self->levels[at] = (struct dispatch_level){.rank = rank};
    self->level_count++;
}

void
og_dispatch_line_put(struct dispatch_line *self, struct dispatch_entry *entry)
{
    unsigned rank = rank_of(entry);
    size_t at = find_level(self, rank);
    if (at == self->level_count || self->levels[at].rank != rank) {
        insert_level(self, at, rank);
    }
    og_dispatch_list_put(&self->levels[at].list, entry);
}

void
og_dispatch_line_take(struct dispatch_line *self, struct dispatch_entry *entry)
{
    size_t at = find_level(self, rank_of(entry));
    assert(at < self->level_count && self->levels[at].rank == rank_of(entry));
    og_dispatch_list_take(&self->levels[at].list, entry);
    if (!self->levels[at].list.oldest) {
        self->level_count--;
        memmove(&self->levels[at], &self->levels[at + 1],
                (self->level_count - at) * sizeof(self->levels[0]));
    }
}

void
og_dispatch_line_finish(struct dispatch_line *self)
{
    free(self->levels);
    *self = (struct dispatch_line){0};
}

struct dispatch_entry *
og_dispatch_walk_next(struct dispatch_walk *self)
{
    const struct dispatch_line *line = self->line;
    if (self->level == line->level_count) {
        return NULL;
    }
    const struct dispatch_level *level = &line->levels[self->level];
    bool backwards = self->lifo && level->rank / 256u != OG_DISPATCH_OTP;
    struct dispatch_entry *next;
    if (!self->last) {
        next = backwards ? level->list.newest : level->list.oldest;
    } else {
        next = backwards ? self->last->older : self->last->newer;
    }
    self->last = next;
    if (next) {
        return next;
    }
    self->level++;
    return og_dispatch_walk_next(self);
}
