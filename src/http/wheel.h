/*
 * A timer wheel: one coarse clock for all deadlines of a loop, instead of one kernel or libuv timer
 * per connection.
 *
 * Moving a deadline later only stores it; the timer is put into its new slot when the old one comes
 * up. So a busy connection costs two stores per request. A timer fires at most OG_WHEEL_TICK_MS
 * late (plus the caller's own tick), never early. One thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OG_WHEEL_TICK_MS 64
#define OG_WHEEL_SLOTS 512 /* about 33 s; later deadlines go round again */

struct og_timer {
    struct og_timer *next, *prev; /* NULL: not in the wheel */
    int64_t due_ms;               /* monotonic */
    int64_t slot_tick;            /* the tick at whose slot it waits */
};

struct og_wheel {
    struct og_timer slots[OG_WHEEL_SLOTS]; /* list heads */
    int64_t tick;                          /* the last one that was advanced over */
    int count;                             /* timers in the wheel */
};

void og_wheel_init(struct og_wheel *self, int64_t now_ms);
/* Set or move. A due time in the past fires at the next advance. */
void og_wheel_set(struct og_wheel *self, struct og_timer *timer, int64_t due_ms);
void og_wheel_cancel(struct og_wheel *self, struct og_timer *timer); /* takes one that is not set */
/* Fire everything due at now_ms. `fire` may set and cancel any timer, also its own. */
void og_wheel_advance(struct og_wheel *self, int64_t now_ms,
                      void (*fire)(void *ctx, struct og_timer *timer), void *ctx);
