/*
 * How much went out during the last minute, hour, day or month. A part of route/pace.
 *
 * A ring of counts, one for each slot of time; what lies in a slot counts until all of the slot is
 * older than the span, so the answer is never too low, and too high by at most one slot. A clock
 * that is set back keeps what was counted and its age.
 */
#pragma once

#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

enum og_pace_span {
    OG_PACE_MINUTE, /* slots of a second */
    OG_PACE_HOUR,   /* of a minute */
    OG_PACE_DAY,    /* 24 hours, slots of an hour */
    OG_PACE_MONTH,  /* 31 days, slots of a day: no shorter than any calendar month */
    OG_PACE_SPAN_COUNT
};

#define OG_PACE_SLOTS_MAX 61

struct og_pace_window {
    int64_t newest; /* number of the slot that `first` is */
    uint32_t total;
    uint8_t first; /* place of the newest slot in the ring */
    uint32_t slots[OG_PACE_SLOTS_MAX];
};

/* "minute", ... Static storage. */
const char *og_pace_span_name(enum og_pace_span span);

/* What counts at that moment. */
uint32_t og_pace_window_count(struct og_pace_window *self, enum og_pace_span span,
                              int64_t now_ms);
void og_pace_window_add(struct og_pace_window *self, enum og_pace_span span, int64_t now_ms,
                        uint32_t count);
/* The first moment from now on at which at most `most` are left of what counts now. */
int64_t og_pace_window_free_at(struct og_pace_window *self, enum og_pace_span span,
                               int64_t now_ms, uint32_t most);

/* To text for a row and back: the newest slot and the counts from it on, "12345:2,0,7". An
 * unreadable text gives an empty window and false. */
void og_pace_window_write(const struct og_pace_window *self, enum og_pace_span span,
                          struct og_buf *out);
bool og_pace_window_read(struct og_pace_window *self, enum og_pace_span span,
                         struct og_str text);
