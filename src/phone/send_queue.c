/* The app's send worker. Ties of creation time are broken by arrival, so that the order is strict
 * and a run can be repeated. */
#include "phone/send_queue.h"

#include <limits.h>
#include <stddef.h>
#include <stdlib.h>

#include "base/arena.h"
#include "phone/profile.h"

#define LIMIT_MAX 10000

static bool
goes_first(const struct og_sms *a, const struct og_sms *b, bool youngest)
{
    if (a->priority != b->priority) {
        return a->priority > b->priority;
    }
    if (a->created_at != b->created_at) {
        return (a->created_at > b->created_at) == youngest;
    }
    return (a->arrival > b->arrival) == youngest && a != b;
}

static bool
is_before_lifo(const void *a, const void *b)
{
    return goes_first(a, b, true);
}

static bool
is_before_fifo(const void *a, const void *b)
{
    return goes_first(a, b, false);
}

static bool
is_sooner(const void *a, const void *b)
{
    const struct og_sms *x = a, *y = b;
    return x->schedule_at != y->schedule_at ? x->schedule_at < y->schedule_at
                                            : x->arrival < y->arrival;
}

static void
init_ready(struct og_send_queue *self, int64_t order)
{
    og_heap_init(&self->ready, order == OG_ORDER_LIFO ? is_before_lifo : is_before_fifo,
                 offsetof(struct og_sms, queue_place));
}

void
og_send_queue_init(struct og_send_queue *self, int64_t order)
{
    *self = (struct og_send_queue){.order = order, .previous_priority = INT_MIN};
    init_ready(self, order);
    og_heap_init(&self->scheduled, is_sooner, offsetof(struct og_sms, queue_place));
}

void
og_send_queue_finish(struct og_send_queue *self)
{
    og_heap_finish(&self->ready);
    og_heap_finish(&self->scheduled);
    free(self->sent_at);
    self->sent_at = NULL;
}

static void
reorder(struct og_send_queue *self, int64_t order)
{
    struct og_heap old = self->ready;
    init_ready(self, order);
    for (struct og_sms *sms; (sms = og_heap_pop(&old));) {
        og_heap_push(&self->ready, sms);
    }
    og_heap_finish(&old);
    self->order = order;
}

void
og_send_queue_apply(struct og_send_queue *self, const struct og_phone_settings *settings)
{
    int64_t low = settings->send_interval_min_s, high = settings->send_interval_max_s;
    self->interval_min_ms = low > 0 ? low * 1000 : 0;
    self->interval_max_ms = high > low ? high * 1000 : self->interval_min_ms;
    bool has_limit = settings->limit_period_ms > 0 && settings->limit_value > 0;
    int64_t limit = settings->limit_value < LIMIT_MAX ? settings->limit_value : LIMIT_MAX;
    limit = has_limit ? limit : 0;
    self->limit_period_ms = has_limit ? settings->limit_period_ms : 0;
    if (limit != self->limit_value) {
        free(self->sent_at);
        self->sent_at = limit > 0 ? og_xalloc((size_t)limit * sizeof(self->sent_at[0])) : NULL;
        self->sent_first = self->sent_count = 0;
        self->limit_value = limit;
    }
    if (settings->order >= 0 && settings->order != self->order) {
        reorder(self, settings->order);
    }
}

static void
begin_run(struct og_send_queue *self)
{
    self->previous_priority = INT_MIN;
}

static void
make_ready(struct og_send_queue *self, struct og_sms *sms)
{
    og_heap_push(&self->ready, sms);
    if (sms->priority >= OG_EXPEDITED) {
        begin_run(self);
    }
}

void
og_send_queue_add(struct og_send_queue *self, struct og_sms *sms)
{
    if (sms->schedule_at > 0) {
        og_heap_push(&self->scheduled, sms);
    } else {
        make_ready(self, sms);
    }
}

bool
og_send_queue_remove(struct og_send_queue *self, struct og_sms *sms)
{
    return og_heap_remove(&self->ready, sms) || og_heap_remove(&self->scheduled, sms);
}

/* When the limit allows one more. */
static int64_t
limit_opens_at(const struct og_send_queue *self)
{
    if (self->limit_value == 0 || self->sent_count < (size_t)self->limit_value) {
        return 0;
    }
    return self->sent_at[self->sent_first] + self->limit_period_ms;
}

static void
remember_sent(struct og_send_queue *self, int64_t mono_ms)
{
    if (self->limit_value == 0) {
        return;
    }
    size_t max = (size_t)self->limit_value;
    self->sent_at[(self->sent_first + self->sent_count) % max] = mono_ms;
    if (self->sent_count < max) {
        self->sent_count++;
    } else {
        self->sent_first = (self->sent_first + 1) % max;
    }
}

static bool
is_expedited(const struct og_send_queue *self, const struct og_sms *sms)
{
    return sms->priority >= OG_EXPEDITED && sms->priority > self->previous_priority;
}

static int64_t
paced_at(const struct og_send_queue *self)
{
    int64_t opens_at = limit_opens_at(self);
    return opens_at > self->next_at_ms ? opens_at : self->next_at_ms;
}

struct og_sms *
og_send_queue_take(struct og_send_queue *self, int64_t mono_ms, int64_t wall_ms,
                   struct og_dice *dice)
{
    struct og_sms *sms;
    while ((sms = og_heap_top(&self->scheduled)) && sms->schedule_at <= wall_ms) {
        og_heap_pop(&self->scheduled);
        make_ready(self, sms);
    }
    sms = og_heap_top(&self->ready);
    if (!sms) {
        begin_run(self);
        return NULL;
    }
    if (!is_expedited(self, sms) && paced_at(self) > mono_ms) {
        return NULL;
    }
    og_heap_pop(&self->ready);
    self->previous_priority = sms->priority;
    self->next_at_ms =
        mono_ms + og_dice_between(dice, self->interval_min_ms, self->interval_max_ms);
    remember_sent(self, mono_ms);
    return sms;
}

int64_t
og_send_queue_next_at(const struct og_send_queue *self, int64_t mono_ms, int64_t wall_ms)
{
    int64_t next_at = INT64_MAX;
    const struct og_sms *first = og_heap_top(&self->ready);
    const struct og_sms *scheduled = og_heap_top(&self->scheduled);
    if (first) {
        next_at = is_expedited(self, first) ? mono_ms : paced_at(self);
    }
    if (scheduled) {
        int64_t opens_at = mono_ms + (scheduled->schedule_at - wall_ms);
        next_at = opens_at < next_at ? opens_at : next_at;
    }
    return next_at;
}
