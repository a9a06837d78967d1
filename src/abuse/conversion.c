/*
 * Two windows for each place: the hour sees an attack at once, the day sees one that drips.
 */
#include "abuse/conversion.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/window.h"
#include "core/map.h"

#define HOUR_STEPS 180 /* of 20 s */
#define DAY_STEPS 96   /* of 15 min */
#define CHANCE_STEPS 2 /* the newest of the hour are not looked at: 20 to 40 s to type a code */

static const struct og_window_shape hour = {20 * 1000, HOUR_STEPS};
static const struct og_window_shape day = {15 * 60 * 1000, DAY_STEPS};

struct place {
    struct og_place about;
    int64_t sent; /* in all: few need no look at the windows */
    bool is_low;  /* as of the last look */
    bool is_low_told, is_stop_told;
    struct og_window sent_hour, verified_hour, sent_day, verified_day;
    uint32_t counts[2 * (HOUR_STEPS + 1) + 2 * (DAY_STEPS + 1)];
};

struct og_conversion {
    struct og_conversion_policy policy;
    int places_max;
    struct og_map map;
};

static struct og_str
name_of(const uint64_t *key)
{
    return (struct og_str){(const char *)key, sizeof *key};
}

struct og_conversion *
og_conversion_create(const struct og_conversion_policy *policy, int places_max)
{
    struct og_conversion *self = og_xalloc(sizeof *self);
    self->policy = *policy;
    self->places_max = places_max;
    return self;
}

static void
drop(struct og_conversion *self, struct place *place)
{
    og_map_remove(&self->map, name_of(&place->about.key));
    free(place);
}

void
og_conversion_destroy(struct og_conversion *self)
{
    struct og_map_node *node;
    while (self && (node = og_map_first(&self->map))) {
        drop(self, og_map_value(node));
    }
    free(self);
}

static struct place *
make(struct og_conversion *self, const struct og_place *about)
{
    if (og_map_count(&self->map) >= (size_t)self->places_max) {
        drop(self, og_map_value(og_map_first(&self->map)));
    }
    struct place *place = og_xalloc(sizeof *place);
    uint32_t *counts = place->counts;
    place->about = *about;
    place->sent_hour.counts = counts;
    place->verified_hour.counts = counts + (HOUR_STEPS + 1);
    place->sent_day.counts = counts + 2 * (HOUR_STEPS + 1);
    place->verified_day.counts = counts + 2 * (HOUR_STEPS + 1) + (DAY_STEPS + 1);
    return place;
}

void
og_conversion_sent(struct og_conversion *self, const struct og_place *about, int64_t at_ms,
                   int amount)
{
    struct place *place = og_map_remove(&self->map, name_of(&about->key));
    if (!place && amount <= 0) {
        return;
    }
    if (!place) {
        place = make(self, about);
    }
    og_map_put(&self->map, name_of(&place->about.key), place);
    place->sent += amount;
    og_window_add(&place->sent_hour, &hour, at_ms, amount);
    og_window_add(&place->sent_day, &day, at_ms, amount);
}

void
og_conversion_verified(struct og_conversion *self, uint64_t key, int64_t sent_at_ms, int amount)
{
    struct place *place = og_map_get(&self->map, name_of(&key));
    if (place) {
        og_window_add(&place->verified_hour, &hour, sent_at_ms, amount);
        og_window_add(&place->verified_day, &day, sent_at_ms, amount);
    }
}

bool
og_conversion_is_low(const struct og_conversion *self, uint64_t key)
{
    const struct place *place = og_map_get(&self->map, name_of(&key));
    return place && place->is_low;
}

void
og_conversion_forget(struct og_conversion *self, uint64_t key)
{
    struct place *place = og_map_get(&self->map, name_of(&key));
    if (place) {
        drop(self, place);
    }
}

/* ---- looking ---- */

struct share {
    int64_t sent, verified;
};

/* The day's newest step is cut off like the hour's newest: what it holds the hour has seen. */
static void
measure(const struct place *place, int64_t now_ms, struct share out[2])
{
    out[0].sent = og_window_sum(&place->sent_hour, &hour, now_ms, CHANCE_STEPS);
    out[0].verified = og_window_sum(&place->verified_hour, &hour, now_ms, CHANCE_STEPS);
    out[1].sent = og_window_sum(&place->sent_day, &day, now_ms, 1);
    out[1].verified = og_window_sum(&place->verified_day, &day, now_ms, 1);
}

static bool
is_below(const struct share *share, int percent, int min)
{
    return share->sent > 0 && share->sent >= min &&
           share->verified * 100 < (int64_t)percent * share->sent;
}

/* The share of either window that is below; NULL: none. */
static const struct share *
find_below(const struct share shares[2], int percent, int min)
{
    return is_below(&shares[0], percent, min)   ? &shares[0]
           : is_below(&shares[1], percent, min) ? &shares[1]
                                                : NULL;
}

static void
tell(const struct place *place, const struct share *share, bool is_stop,
     struct og_conversion_finding *out)
{
    *out = (struct og_conversion_finding){
        .place = place->about,
        .is_stop = is_stop,
        .sent = (int)share->sent,
        .percent = (int)(share->verified * 100 / share->sent),
    };
}

static bool
look_at(const struct og_conversion_policy *policy, struct place *place, int64_t now_ms,
        struct og_conversion_finding *out)
{
    struct share shares[2];
    measure(place, now_ms, shares);
    const struct share *low = find_below(shares, policy->alarm_percent, policy->alarm_min);
    const struct share *stop = find_below(shares, policy->stop_percent, policy->stop_min);
    place->is_low = low != NULL;
    place->is_low_told = place->is_low_told && low;
    if (stop && !place->is_stop_told) {
        tell(place, stop, true, out);
        return true;
    }
    if (low && !place->is_low_told && !place->is_stop_told) {
        tell(place, low, false, out);
        return true;
    }
    return false;
}

int
og_conversion_look(struct og_conversion *self, int64_t now_ms, struct og_conversion_finding *out,
                   int max)
{
    const int fewest = self->policy.alarm_min < self->policy.stop_min ? self->policy.alarm_min
                                                                      : self->policy.stop_min;
    int found = 0;
    struct og_map_node *next = og_map_first(&self->map);
    while (next && found < max) {
        struct place *place = og_map_value(next);
        next = og_map_next(next);
        if (og_window_is_over(&place->sent_day, &day, now_ms)) {
            drop(self, place);
        } else if (place->sent >= fewest) {
            found += look_at(&self->policy, place, now_ms, &out[found]);
        }
    }
    return found;
}

void
og_conversion_told(struct og_conversion *self, const struct og_conversion_finding *finding)
{
    struct place *place = og_map_get(&self->map, name_of(&finding->place.key));
    if (place) {
        place->is_low_told = true;
        place->is_stop_told = place->is_stop_told || finding->is_stop;
    }
}

int
og_conversion_count(const struct og_conversion *self)
{
    return (int)og_map_count(&self->map);
}
