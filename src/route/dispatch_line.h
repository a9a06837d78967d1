/*
 * The open messages of one device in the order in which the phone gets them. A part of
 * route/dispatch.
 *
 * Levels (class, priority) in a small sorted array, each with a list from old to new. Owns the
 * array, not the entries.
 */
#pragma once

#include "route/dispatch.h"

struct dispatch_account;
struct dispatch_device;

/* One message; owned by its account. */
struct dispatch_entry {
    struct dispatch_entry *older; /* neighbours in the list that it is in */
    struct dispatch_entry *newer;
    struct dispatch_device *device;
    uint64_t number; /* in the order of adding: settles ties of age */
    int64_t created_at_ms;
    int64_t deadline_ms;
    int64_t attend_at_ms;
    int64_t moved_at_ms;
    size_t attention_place;
    int32_t parts;
    int16_t priority;
    uint8_t class;
    uint8_t phase;
    uint8_t sim;
    uint8_t routes;
    uint8_t moved_why;
    bool is_bound;
    bool is_cancelling;
    bool is_silent;
    uint8_t id_len;
    char id[];
};

struct dispatch_list {
    struct dispatch_entry *oldest;
    struct dispatch_entry *newest;
    struct dispatch_entry *last_put; /* where the next one probably belongs */
};

struct dispatch_level {
    unsigned rank; /* class and priority in one: smaller is served first */
    struct dispatch_list list;
};

struct dispatch_line {
    struct dispatch_level *levels;
    size_t level_count;
    size_t level_cap;
};

/* Put in by age; O(1) when entries come in order, or in runs. */
void og_dispatch_list_put(struct dispatch_list *self, struct dispatch_entry *entry);
/* Put at the end, for a list whose order does not matter. */
void og_dispatch_list_append(struct dispatch_list *self, struct dispatch_entry *entry);
void og_dispatch_list_take(struct dispatch_list *self, struct dispatch_entry *entry);

void og_dispatch_line_put(struct dispatch_line *self, struct dispatch_entry *entry);
void og_dispatch_line_take(struct dispatch_line *self, struct dispatch_entry *entry);
void og_dispatch_line_finish(struct dispatch_line *self);

/* Walks the line in the order of service; the line must not change meanwhile. Zeroed but for the
 * first two members to begin with. NULL at the end. */
struct dispatch_walk {
    const struct dispatch_line *line;
    bool lifo; /* newest first within a level, except OTP */
    size_t level;
    struct dispatch_entry *last;
};

struct dispatch_entry *og_dispatch_walk_next(struct dispatch_walk *self);
