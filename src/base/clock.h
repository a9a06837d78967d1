/*
 * Where time comes from. Code that decides takes the time as an argument; code that reads it goes
 * through a struct og_clock, so that tests and the fleet simulation can move it.
 *
 * Wall time is UTC milliseconds since 1970 and may jump. Monotonic time never jumps and has no
 * meaning outside the process: lives and time-outs are measured with it.
 */
#pragma once

#include "base/arena.h"
#include "base/str.h"

struct og_clock {
    int64_t (*wall_ms)(void *ctx);
    int64_t (*mono_ms)(void *ctx);
    void *ctx;
};

/* The machine's clocks. Thread-safe. */
const struct og_clock *og_clock_system(void);

static inline int64_t
og_now_ms(const struct og_clock *clock)
{
    return clock->wall_ms(clock->ctx);
}

static inline int64_t
og_mono_ms(const struct og_clock *clock)
{
    return clock->mono_ms(clock->ctx);
}

/* How long a piece of work may go on before others get their turn. */
struct og_stint {
    const struct og_clock *clock;
    int64_t end_mono_ms;
};

static inline struct og_stint
og_stint_begin(const struct og_clock *clock, int64_t length_ms)
{
    return (struct og_stint){clock, og_mono_ms(clock) + length_ms};
}

static inline bool
og_stint_is_over(const struct og_stint *self)
{
    return og_mono_ms(self->clock) >= self->end_mono_ms;
}

/* Monotonic microseconds, for measuring durations. */
int64_t og_mono_us(void);

#define OG_TIME_TEXT_BYTES 25 /* "2026-01-02T03:04:05.120Z" and NUL */

/*
 * RFC 3339 in UTC with exactly three fraction digits and Z: the phone app misreads any other
 * precision (shared wire/smsgate.md section 4.5). Years 1970 to 9999.
 */
void og_time_format(int64_t at_ms, char out[OG_TIME_TEXT_BYTES]);
struct og_str og_time_text(struct og_arena *mem, int64_t at_ms);

/* RFC 3339 with any offset and 0 to 9 fraction digits (cut to ms), `T` or `t`, `Z` or `z`. A time
 * without zone is refused. */
bool og_time_parse(struct og_str text, int64_t *out_ms);
