/*
 * A ring of steps that is moved on when something is added. Reading does not move it: places that
 * are too old by then are passed over.
 */
#include "base/window.h"

static int64_t
step_of(const struct og_window_shape *shape, int64_t at_ms)
{
    return at_ms / shape->step_ms;
}

static uint32_t *
place_of(const struct og_window *self, const struct og_window_shape *shape, int64_t step)
{
    return &self->counts[step % (shape->steps + 1)];
}

/* The oldest step that counts at now_ms and still has its place. */
static int64_t
oldest_step(const struct og_window *self, const struct og_window_shape *shape, int64_t now_ms)
{
    const int64_t newest = step_of(shape, now_ms);
    const int64_t latest = newest > self->last_step ? newest : self->last_step;
    /* step 0 is 1970, and "nothing yet" */
    return latest > shape->steps ? latest - shape->steps : 1;
}

int64_t
og_window_sum(const struct og_window *self, const struct og_window_shape *shape, int64_t now_ms,
              int skip)
{
    const int64_t newest = step_of(shape, now_ms) - skip;
    int64_t sum = 0;
    for (int64_t step = oldest_step(self, shape, now_ms);
         step <= self->last_step && step <= newest; step++) {
        sum += *place_of(self, shape, step);
    }
    return sum;
}

static void
move_on(struct og_window *self, const struct og_window_shape *shape, int64_t step)
{
    const int64_t gap = step - self->last_step;
    for (int64_t i = 0; i < gap && i <= shape->steps; i++) {
        *place_of(self, shape, step - i) = 0;
    }
    self->last_step = step;
}

void
og_window_add(struct og_window *self, const struct og_window_shape *shape, int64_t at_ms,
              int64_t amount)
{
    const int64_t step = step_of(shape, at_ms);
    if (step > self->last_step) {
        move_on(self, shape, step);
    }
    if (step < self->last_step - shape->steps) {
        return;
    }
    uint32_t *place = place_of(self, shape, step);
    const int64_t sum = (int64_t)*place + amount;
    *place = sum < 0 ? 0 : sum > UINT32_MAX ? UINT32_MAX : (uint32_t)sum;
}

int64_t
og_window_wait_ms(const struct og_window *self, const struct og_window_shape *shape,
                  int64_t now_ms, int64_t limit, int64_t amount)
{
    int64_t over = og_window_sum(self, shape, now_ms, 0) + amount - limit;
    if (over <= 0) {
        return 0;
    }
    for (int64_t step = oldest_step(self, shape, now_ms); step <= self->last_step; step++) {
        over -= *place_of(self, shape, step);
        if (over <= 0) {
            return (step + shape->steps + 1) * shape->step_ms - now_ms;
        }
    }
    return shape->steps * shape->step_ms;
}

bool
og_window_is_over(const struct og_window *self, const struct og_window_shape *shape,
                  int64_t now_ms)
{
    return self->last_step < step_of(shape, now_ms) - shape->steps;
}
