/*
 * The app's own queue: which message goes to the system next, and when.
 *
 * Priority descending, then creation, youngest or oldest first. Intervals and limits of the
 * settings hold back everything but an expedited message (priority 100 and more) that is strictly
 * higher than the one before it in the same run of the worker; the arrival of an expedited message
 * begins a new run. Pure. Source: wire/smsgate.md section 4.8.
 */
#pragma once

#include "phone/dice.h"
#include "base/heap.h"
#include "phone/protocol.h"

#define OG_EXPEDITED 100

struct og_send_queue {
    struct og_heap ready;     /* struct og_sms */
    struct og_heap scheduled; /* with a scheduleAt in the future of the phone's clock */
    int64_t order;            /* enum og_order; of `ready` */
    int64_t interval_min_ms, interval_max_ms; /* 0: none */
    int64_t limit_period_ms, limit_value;     /* 0: none */
    int64_t *sent_at;                         /* ring of the last limit_value */
    size_t sent_first, sent_count;
    int previous_priority; /* of this run; INT_MIN at its beginning */
    int64_t next_at_ms;    /* monotonic: nothing paced before */
};

void og_send_queue_init(struct og_send_queue *self, int64_t order);
void og_send_queue_finish(struct og_send_queue *self); /* takes zeroed */
/* Absent values (-1) reset to none, except for the order, which stays. */
void og_send_queue_apply(struct og_send_queue *self, const struct og_phone_settings *settings);

void og_send_queue_add(struct og_send_queue *self, struct og_sms *sms);
/* True when it was there: it is no longer, and was not sent. */
bool og_send_queue_remove(struct og_send_queue *self, struct og_sms *sms);

/* The message to send now, or NULL. mono_ms paces, wall_ms (the phone's clock) opens schedules. */
struct og_sms *og_send_queue_take(struct og_send_queue *self, int64_t mono_ms, int64_t wall_ms,
                                  struct og_dice *dice);
/* When to ask again (monotonic): INT64_MAX when there is nothing to wait for. */
int64_t og_send_queue_next_at(const struct og_send_queue *self, int64_t mono_ms, int64_t wall_ms);
