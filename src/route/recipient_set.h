/*
 * Whom a SIM wrote to, and when last: for quotas of distinct recipients per day and month.
 *
 * Recipients are keyed digests, 64 bits of them: two that collide count as one. The counts are
 * exact to the minute, and until then too high rather than too low. Not thread-safe; own heap.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OG_RECIPIENT_DAY_MS (24 * INT64_C(3600000))
#define OG_RECIPIENT_MONTH_MS (31 * OG_RECIPIENT_DAY_MS)

struct og_recipient_entry {
    uint64_t digest;
    int64_t last_at;
};

struct og_recipient_set {
    struct og_recipient_entry *entries; /* by digest */
    size_t count, cap;
    size_t day_count;
    int64_t counted_at;
};

void og_recipient_set_finish(struct og_recipient_set *self); /* takes zeroed */

/* It was written to; an earlier time than known changes nothing. */
void og_recipient_set_note(struct og_recipient_set *self, uint64_t digest, int64_t at_ms);

/* As if it had never been written to. */
void og_recipient_set_forget(struct og_recipient_set *self, uint64_t digest);

struct og_recipient_use {
    size_t day, month;  /* distinct ones */
    bool in_day, in_month; /* the one asked for is among them */
};
struct og_recipient_use og_recipient_set_use(struct og_recipient_set *self, uint64_t digest,
                                             int64_t now_ms);
/* When the first of those within `span_ms` leaves it; now when there is none. */
int64_t og_recipient_set_free_at(const struct og_recipient_set *self, int64_t span_ms,
                                 int64_t now_ms);
