/*
 * Shared limits for batches. How many places are left is only known by asking; of many that do not
 * fit as many are taken as do.
 */
#include "service/batch/batch_service.h"

/* Per message, whatever it counts: one, or its price. */
static int64_t
each(const struct og_batch_share *self, const struct og_count *item)
{
    return item->amount / self->places;
}

/* How many messages still fit. */
static int64_t
room_of(const struct og_batch_share *self)
{
    const struct og_count_ask *ask = &self->share.ask;
    int64_t room = self->places;
    for (int i = 0; i < ask->count; i++) {
        const int64_t left = (ask->items[i].limit - ask->items[i].sum) / each(self, &ask->items[i]);
        room = left < room ? left : room;
    }
    return room;
}

static void take(struct og_batch_share *self);

static void
heard(struct og_abuse_share *share)
{
    struct og_batch_share *self = OG_CONTAINER_OF(share, struct og_batch_share, share);
    const bool is_full = share->ask.code == OG_OK && share->ask.count > 0 && !share->ask.is_taken;
    const int64_t room = is_full ? room_of(self) : 0;
    if (room > 0 && room < self->places) {
        self->places = (int)room;
        take(self);
        return;
    }
    self->is_heard = true;
    self->ready(self);
}

static void
take(struct og_batch_share *self)
{
    self->one.amount = self->places;
    self->share.ready = heard;
    og_abuse_share_take(&self->share, self->svc, self->loop, &self->one, 1);
}

void
og_batch_share_take(struct og_batch_share *self)
{
    self->is_wanted = false;
    take(self);
}

void
og_batch_share_settle(struct og_batch_share *self, int used)
{
    struct og_count_ask *ask = &self->share.ask;
    for (int i = 0; self->is_heard && i < ask->count; i++) {
        ask->items[i].amount = each(self, &ask->items[i]) * (self->places - used);
    }
    if (self->is_heard) {
        og_abuse_share_end(&self->share, self->svc, used >= self->places);
    }
    self->is_heard = false;
}

/* ---- in a round ---- */

void
og_batch_share_want(struct og_batch_share *self, const struct og_abuse_ask *ask, int places)
{
    og_shield_case(self->svc->shield, ask, &self->one);
    self->places = places;
    self->is_wanted = true;
}

bool
og_batch_share_is_for(const struct og_batch_share *self, struct og_str account_id)
{
    return self->is_heard && og_str_eq(account_id, og_str_from(self->one.account));
}

int
og_batch_share_places(const struct og_batch_share *self)
{
    return self->share.ask.is_taken || self->share.ask.count == 0 ? self->places : 1;
}

void
og_batch_share_lend(const struct og_batch_share *self, int used, struct og_abuse_share *out)
{
    *out = self->share;
    for (int i = 0; i < out->ask.count; i++) {
        out->ask.items[i].sum += used * each(self, &out->ask.items[i]);
    }
}
