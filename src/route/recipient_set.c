/*
 * A sorted array: as long as a month's quota at most, and asked once for each message. What is
 * older than a month goes when the minute turns.
 */
#include "route/recipient_set.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

#define RECOUNT_MS 60000

void
og_recipient_set_finish(struct og_recipient_set *self)
{
    free(self->entries);
    *self = (struct og_recipient_set){0};
}

/* Its place, or where it would be. */
static size_t
place_of(const struct og_recipient_set *self, uint64_t digest)
{
    size_t low = 0, high = self->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (self->entries[middle].digest < digest) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static struct og_recipient_entry *
find(const struct og_recipient_set *self, uint64_t digest)
{
    const size_t place = place_of(self, digest);
    const bool is_known = place < self->count && self->entries[place].digest == digest;
    return is_known ? &self->entries[place] : NULL;
}

static void
insert(struct og_recipient_set *self, uint64_t digest, int64_t at_ms)
{
    if (self->count == self->cap) {
        self->cap = self->cap ? self->cap * 2 : 16;
        self->entries = og_xrealloc(self->entries, self->cap * sizeof self->entries[0]);
    }
    const size_t place = place_of(self, digest);
    memmove(&self->entries[place + 1], &self->entries[place],
            (self->count - place) * sizeof self->entries[0]);
    self->entries[place] = (struct og_recipient_entry){digest, at_ms};
    self->count++;
}

static bool
is_within(int64_t at_ms, int64_t span_ms, int64_t now_ms)
{
    return at_ms > now_ms - span_ms;
}

void
og_recipient_set_note(struct og_recipient_set *self, uint64_t digest, int64_t at_ms)
{
    struct og_recipient_entry *known = find(self, digest);
    const bool was_in_day =
        known && is_within(known->last_at, OG_RECIPIENT_DAY_MS, self->counted_at);
    if (!known) {
        insert(self, digest, at_ms);
    } else if (known->last_at < at_ms) {
        known->last_at = at_ms;
    }
    const bool is_in_day = is_within(at_ms, OG_RECIPIENT_DAY_MS, self->counted_at);
    self->day_count += is_in_day && !was_in_day;
}

void
og_recipient_set_forget(struct og_recipient_set *self, uint64_t digest)
{
    struct og_recipient_entry *known = find(self, digest);
    if (known) {
        self->day_count -= is_within(known->last_at, OG_RECIPIENT_DAY_MS, self->counted_at);
        self->count--;
        memmove(known, known + 1,
                (size_t)(&self->entries[self->count] - known) * sizeof *known);
        self->entries[self->count] = (struct og_recipient_entry){0};
    }
}

static void
recount(struct og_recipient_set *self, int64_t now_ms)
{
    size_t kept = 0;
    self->day_count = 0;
    for (size_t i = 0; i < self->count; i++) {
        const struct og_recipient_entry entry = self->entries[i];
        if (is_within(entry.last_at, OG_RECIPIENT_MONTH_MS, now_ms)) {
            self->day_count += is_within(entry.last_at, OG_RECIPIENT_DAY_MS, now_ms);
            self->entries[kept++] = entry;
        }
    }
    self->count = kept;
    self->counted_at = now_ms;
}

struct og_recipient_use
og_recipient_set_use(struct og_recipient_set *self, uint64_t digest, int64_t now_ms)
{
    if (now_ms - self->counted_at >= RECOUNT_MS || now_ms < self->counted_at) {
        recount(self, now_ms);
    }
    const struct og_recipient_entry *known = find(self, digest);
    return (struct og_recipient_use){
        .day = self->day_count,
        .month = self->count,
        .in_day = known && is_within(known->last_at, OG_RECIPIENT_DAY_MS, self->counted_at),
        .in_month = known != NULL,
    };
}

int64_t
og_recipient_set_free_at(const struct og_recipient_set *self, int64_t span_ms, int64_t now_ms)
{
    int64_t oldest = INT64_MAX;
    for (size_t i = 0; i < self->count; i++) {
        const int64_t at = self->entries[i].last_at;
        if (is_within(at, span_ms, now_ms) && at < oldest) {
            oldest = at;
        }
    }
    return oldest == INT64_MAX ? now_ms : oldest + span_ms;
}
