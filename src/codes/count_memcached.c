/*
 * The room wants places to be taken of all counts or of none, and memcached knows one key at a
 * time: so they are taken one after the other, and those that were taken are given back when one is
 * full. Each write holds only where nobody wrote since the read, so no limit is ever exceeded.
 */
#include "codes/count_memcached.h"

#include "codes/count_pack.h"

#define STEPS_MS 800 /* as in code_store_memcached.c: a read and a write, as slow as may be */
#define TRIES_MAX 64 /* a lost write means that somebody else's was done */
#define MARK_LIFE_S 60
#define MARK_EVERY_MS 10000

static int64_t
now_ms(const struct og_count_memcached *self)
{
    return og_now_ms(self->clock);
}

static bool
is_in_time(const struct og_count_memcached *self, const struct og_code_ticket *ticket)
{
    return og_mono_ms(self->clock) <= ticket->until_mono_ms - STEPS_MS;
}

/* ---- whose counts they are ---- */

/* Ours, or that of gateways with another secret. */
static enum og_memcached_result
look_at_mark(struct og_count_memcached *self, struct og_code_ticket *ticket)
{
    char key[OG_COUNT_KEY_BYTES], value[OG_MEMCACHED_VALUE_MAX_BYTES];
    const struct og_str mine = og_str_from(ticket->mark);
    size_t len = 0;
    uint64_t version;
    og_count_mark_key(ticket, key);
    enum og_memcached_result result = OG_MEMCACHED_MISSING;
    for (int i = 0; i < 2 && result == OG_MEMCACHED_MISSING; i++) {
        result = og_memcached_get(self->client, key, value, &len, &version, &ticket->err);
        if (result == OG_MEMCACHED_DONE) {
            ticket->is_foreign = !og_str_eq((struct og_str){value, len}, mine);
            if (!ticket->is_foreign) { /* for another minute */
                result = og_memcached_set(self->client, key, mine, MARK_LIFE_S, &ticket->err);
            }
        } else if (result == OG_MEMCACHED_MISSING) {
            result = og_memcached_add(self->client, key, mine, MARK_LIFE_S, &ticket->err);
        }
    }
    return result;
}

/* Not each time: a gateway that lies still for a minute may be the second to come. */
static enum og_memcached_result
check_mark(struct og_count_memcached *self, struct og_code_ticket *ticket)
{
    const int64_t mono_ms = og_mono_ms(self->clock);
    if (mono_ms < self->next_mark_mono_ms) {
        return OG_MEMCACHED_DONE;
    }
    const enum og_memcached_result result = look_at_mark(self, ticket);
    if (result == OG_MEMCACHED_DONE && !ticket->is_foreign) {
        self->next_mark_mono_ms = mono_ms + MARK_EVERY_MS;
    }
    return result;
}

/* ---- what was thrown away ---- */

/* Has something been lost, of all that the servers were given? *lost_at: 0, or when last. */
static enum og_memcached_result
find_loss(struct og_count_memcached *self, int64_t *lost_at, struct og_err *err)
{
    struct og_count_losses *losses = self->losses;
    uint64_t figure = 0;
    *lost_at = 0;
    if (!losses->is_strict) {
        return OG_MEMCACHED_DONE;
    }
    const enum og_memcached_result result = og_memcached_losses(self->client, &figure, err);
    if (result == OG_MEMCACHED_DONE) {
        pthread_mutex_lock(&losses->shared.lock);
        if (losses->shared.is_known && losses->shared.figure != figure) {
            losses->shared.lost_at = now_ms(self);
        }
        losses->shared.is_known = true;
        losses->shared.figure = figure;
        *lost_at = losses->shared.lost_at;
        pthread_mutex_unlock(&losses->shared.lock);
    }
    return result;
}

void
og_count_memcached_begin(struct og_count_memcached *self)
{
    struct og_err unheard; /* a server that is away is looked at when it is back */
    int64_t unused;
    (void)find_loss(self, &unused, &unheard);
}

/* Full, as far as anybody knows. */
static void
lock_count(struct og_count *count, int64_t lost_at, int64_t now)
{
    const int64_t until = lost_at + (OG_COUNT_STEPS + 1) * og_count_step_ms(count);
    if (lost_at > 0 && until > now) {
        count->sum = count->limit;
        count->wait_ms = until - now;
    }
}

/* ---- one count ---- */

struct reading {
    struct og_count_window window;
    struct og_window_shape shape;
    uint64_t version;
    bool is_there;
};

/* Its sum, and the wait for room. A value that cannot be read is none. */
static enum og_memcached_result
read_count(struct og_count_memcached *self, struct og_code_ticket *ticket, int item,
           struct reading *out)
{
    struct og_count *count = &ticket->counts->items[item];
    char key[OG_COUNT_KEY_BYTES], value[OG_MEMCACHED_VALUE_MAX_BYTES];
    size_t len = 0;
    int64_t lost_at = 0;
    og_count_key(ticket, item, key);
    out->shape = (struct og_window_shape){og_count_step_ms(count), OG_COUNT_STEPS};
    enum og_memcached_result result =
        og_memcached_get(self->client, key, value, &len, &out->version, &ticket->err);
    out->is_there = result == OG_MEMCACHED_DONE;
    const int64_t now = ticket->counts->at_ms;
    (void)og_count_unpack((struct og_str){value, len}, now / out->shape.step_ms + OG_COUNT_STEPS,
                          &out->window);
    if (result == OG_MEMCACHED_MISSING) { /* it may have been thrown away */
        result = find_loss(self, &lost_at, &ticket->err);
    }
    count->sum = og_window_sum(&out->window.window, &out->shape, now, 0);
    count->wait_ms =
        og_window_wait_ms(&out->window.window, &out->shape, now, count->limit, count->amount);
    lock_count(count, lost_at, now);
    return result;
}

/* MISSING: somebody else wrote meanwhile. */
static enum og_memcached_result
write_count(struct og_count_memcached *self, struct og_code_ticket *ticket, int item,
            int64_t amount, struct reading *reading)
{
    char key[OG_COUNT_KEY_BYTES], value[OG_COUNT_PACK_BYTES];
    const int64_t life_s = (OG_COUNT_STEPS + 1) * reading->shape.step_ms / 1000 + 2;
    const struct og_str bytes = {value, sizeof(value)};
    og_count_key(ticket, item, key);
    og_window_add(&reading->window.window, &reading->shape, ticket->counts->at_ms, amount);
    og_count_pack(&reading->window, value);
    return reading->is_there
               ? og_memcached_replace(self->client, key, bytes, life_s, reading->version,
                                      &ticket->err)
               : og_memcached_add(self->client, key, bytes, life_s, &ticket->err);
}

/* Read, judge and write until nobody came between. *is_taken false: it is full. */
static enum og_memcached_result
change_count(struct og_count_memcached *self, struct og_code_ticket *ticket, int item,
             int64_t amount, bool is_forced, bool *is_taken)
{
    enum og_memcached_result result = OG_MEMCACHED_MISSING;
    *is_taken = false;
    for (int i = 0; i < TRIES_MAX && result == OG_MEMCACHED_MISSING; i++) {
        struct reading reading;
        if (!is_in_time(self, ticket)) {
            break;
        }
        result = read_count(self, ticket, item, &reading);
        const bool is_full = !is_forced && ticket->counts->items[item].wait_ms > 0;
        const bool is_nothing = amount < 0 && !reading.is_there; /* forgotten meanwhile */
        if (result == OG_MEMCACHED_DONE && !is_full && !is_nothing) {
            result = write_count(self, ticket, item, amount, &reading);
            *is_taken = result == OG_MEMCACHED_DONE;
        }
    }
    if (result == OG_MEMCACHED_MISSING) {
        og_fail(&ticket->err, OG_E_UNAVAILABLE, NULL, "too many counts at once");
        result = OG_MEMCACHED_FAILED;
    }
    return result;
}

/* ---- verbs ---- */

/* As far as it goes: what stays counts until its window is over. taken: NULL for all. */
static void
give_back(struct og_count_memcached *self, struct og_code_ticket *ticket, const bool *taken)
{
    const struct og_err err = ticket->err;
    for (int i = 0; i < ticket->counts->count; i++) {
        struct og_count *count = &ticket->counts->items[i];
        const struct og_count told = *count;
        bool is_given;
        if (!taken || taken[i]) {
            (void)change_count(self, ticket, i, -count->amount, true, &is_given);
        }
        *count = told;
    }
    ticket->err = err;
}

enum og_memcached_result
og_count_memcached_take(struct og_count_memcached *self, struct og_code_ticket *ticket)
{
    struct og_count_ask *ask = ticket->counts;
    bool taken[OG_COUNT_ITEMS_MAX] = {false};
    enum og_memcached_result result = check_mark(self, ticket);
    if (result != OG_MEMCACHED_DONE || ticket->is_foreign) {
        return result;
    }
    ask->at_ms = now_ms(self);
    ask->is_taken = true;
    for (int i = 0; i < ask->count && result == OG_MEMCACHED_DONE; i++) {
        struct reading unused;
        if (ask->is_taken) {
            result = change_count(self, ticket, i, ask->items[i].amount, ask->is_forced,
                                  &taken[i]);
            ask->is_taken = taken[i];
        } else { /* one is full; the others are asked for their wait only */
            result = read_count(self, ticket, i, &unused);
        }
    }
    if (result != OG_MEMCACHED_DONE || !ask->is_taken) {
        give_back(self, ticket, taken);
    }
    if (result != OG_MEMCACHED_DONE) {
        self->next_mark_mono_ms = 0; /* it may come back without */
    }
    return result;
}

enum og_memcached_result
og_count_memcached_give(struct og_count_memcached *self, struct og_code_ticket *ticket)
{
    give_back(self, ticket, NULL);
    return OG_MEMCACHED_DONE;
}

enum og_memcached_result
og_count_memcached_forget(struct og_count_memcached *self, struct og_code_ticket *ticket)
{
    enum og_memcached_result result = OG_MEMCACHED_DONE;
    for (int i = 0; i < ticket->counts->count && result == OG_MEMCACHED_DONE; i++) {
        char key[OG_COUNT_KEY_BYTES];
        og_count_key(ticket, i, key);
        result = og_memcached_delete(self->client, key, &ticket->err);
        result = result == OG_MEMCACHED_MISSING ? OG_MEMCACHED_DONE : result;
    }
    return result;
}
