/*
 * A sliding window: how much happened in the last so many milliseconds, in steps. Pure.
 *
 * The window is cut into steps; what happened in one step is forgotten at once, when the whole step
 * is older than the window. So no stretch of `span_ms` ever holds more than was let through, and
 * something may count up to one step longer than it must.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct og_window_shape {
    int64_t step_ms;
    int steps; /* the window is steps * step_ms; counts has steps + 1 places */
};

struct og_window {
    int64_t last_step; /* of the newest place in use; 0: nothing yet */
    uint32_t *counts;  /* of the caller, zeroed; steps + 1 places */
};

/* How much is in the window that ends at now_ms. skip: without the newest so many steps. */
int64_t og_window_sum(const struct og_window *self, const struct og_window_shape *shape,
                      int64_t now_ms, int skip);
/* Something happened at at_ms; negative takes it back. What is older than the window is ignored. */
void og_window_add(struct og_window *self, const struct og_window_shape *shape, int64_t at_ms,
                   int64_t amount);
/* Milliseconds until `amount` more would keep the sum within `limit`; 0: now. An amount that never
 * fits waits for a whole window. */
int64_t og_window_wait_ms(const struct og_window *self, const struct og_window_shape *shape,
                          int64_t now_ms, int64_t limit, int64_t amount);
/* Has all of it been forgotten by now_ms? */
bool og_window_is_over(const struct og_window *self, const struct og_window_shape *shape,
                       int64_t now_ms);
