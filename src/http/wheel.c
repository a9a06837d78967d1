/*
 * The timer wheel of a loop. Slots are doubly linked lists; a slot that comes up is moved to a
 * local list first, so that the callback may change the wheel as it likes.
 */
#include "http/wheel.h"

static void
list_init(struct og_timer *head)
{
    head->next = head->prev = head;
}

static void
list_remove(struct og_timer *timer)
{
    timer->next->prev = timer->prev;
    timer->prev->next = timer->next;
    timer->next = timer->prev = NULL;
}

static void
list_add(struct og_timer *head, struct og_timer *timer)
{
    timer->prev = head->prev;
    timer->next = head;
    head->prev->next = timer;
    head->prev = timer;
}

void
og_wheel_init(struct og_wheel *self, int64_t now_ms)
{
    for (int i = 0; i < OG_WHEEL_SLOTS; i++) {
        list_init(&self->slots[i]);
    }
    self->tick = now_ms / OG_WHEEL_TICK_MS;
    self->count = 0;
}

/* The tick at which a deadline is looked at: the first that is not before it, within one turn. */
static int64_t
tick_for(const struct og_wheel *self, int64_t due_ms)
{
    int64_t tick = (due_ms + OG_WHEEL_TICK_MS - 1) / OG_WHEEL_TICK_MS;
    int64_t last = self->tick + OG_WHEEL_SLOTS - 1;
    if (tick <= self->tick) {
        return self->tick + 1;
    }
    return tick < last ? tick : last;
}

void
og_wheel_set(struct og_wheel *self, struct og_timer *timer, int64_t due_ms)
{
    int64_t tick = tick_for(self, due_ms);
    timer->due_ms = due_ms;
    if (timer->next) {
        if (timer->slot_tick <= tick) {
            return;
        }
        list_remove(timer);
        self->count--;
    }
    timer->slot_tick = tick;
    list_add(&self->slots[tick % OG_WHEEL_SLOTS], timer);
    self->count++;
}

void
og_wheel_cancel(struct og_wheel *self, struct og_timer *timer)
{
    if (timer->next) {
        list_remove(timer);
        self->count--;
    }
}

/* Take the timers of one slot out, then fire or set each again. */
static void
advance_slot(struct og_wheel *self, struct og_timer *slot, int64_t now_ms,
             void (*fire)(void *ctx, struct og_timer *timer), void *ctx)
{
    struct og_timer due;
    if (slot->next == slot) {
        return;
    }
    due.next = slot->next;
    due.prev = slot->prev;
    due.next->prev = due.prev->next = &due;
    list_init(slot);
    while (due.next != &due) {
        struct og_timer *timer = due.next;
        list_remove(timer);
        self->count--;
        if (timer->due_ms > now_ms) {
            og_wheel_set(self, timer, timer->due_ms);
        } else {
            fire(ctx, timer);
        }
    }
}

void
og_wheel_advance(struct og_wheel *self, int64_t now_ms,
                 void (*fire)(void *ctx, struct og_timer *timer), void *ctx)
{
    int64_t target = now_ms / OG_WHEEL_TICK_MS;
    if (target - self->tick > OG_WHEEL_SLOTS) {
        self->tick = target - OG_WHEEL_SLOTS; /* after a long sleep one turn covers every slot */
    }
    while (self->tick < target) {
        self->tick++;
        advance_slot(self, &self->slots[self->tick % OG_WHEEL_SLOTS], now_ms, fire, ctx);
    }
}
