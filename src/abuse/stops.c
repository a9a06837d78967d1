/*
 * Few, and looked up by place for every code: a map. Those whose time is over go when one is put.
 */
#include "abuse/stops.h"

#include <stdlib.h>

#include "base/arena.h"

static struct og_str
name_of(const uint64_t *key)
{
    return (struct og_str){(const char *)key, sizeof *key};
}

static void
drop(struct og_stops *self, struct og_stop *stop)
{
    og_map_remove(&self->by_key, name_of(&stop->place.key));
    free(stop);
}

void
og_stops_finish(struct og_stops *self)
{
    struct og_map_node *node;
    while ((node = og_map_first(&self->by_key))) {
        drop(self, og_map_value(node));
    }
}

static bool
is_over(const struct og_stop *stop, int64_t now_ms)
{
    return stop->until_ms && stop->until_ms <= now_ms;
}

const struct og_stop *
og_stops_find(const struct og_stops *self, uint64_t key, int64_t now_ms)
{
    const struct og_stop *stop = og_map_get(&self->by_key, name_of(&key));
    return stop && !is_over(stop, now_ms) ? stop : NULL;
}

static void
tidy(struct og_stops *self, int64_t now_ms)
{
    struct og_map_node *next = og_map_first(&self->by_key);
    while (next) {
        struct og_stop *stop = og_map_value(next);
        next = og_map_next(next);
        if (is_over(stop, now_ms)) {
            drop(self, stop);
        }
    }
}

bool
og_stops_put(struct og_stops *self, const struct og_stop *stop)
{
    struct og_stop *kept = og_map_get(&self->by_key, name_of(&stop->place.key));
    if (kept) {
        *kept = *stop;
        return true;
    }
    tidy(self, stop->since_ms);
    if (og_stops_count(self) >= OG_STOPS_MAX) {
        return false;
    }
    kept = og_xalloc(sizeof *kept);
    *kept = *stop;
    og_map_put(&self->by_key, name_of(&kept->place.key), kept);
    return true;
}

bool
og_stops_remove(struct og_stops *self, struct og_str id, struct og_stop *out)
{
    for (struct og_map_node *node = og_map_first(&self->by_key); node; node = og_map_next(node)) {
        struct og_stop *stop = og_map_value(node);
        if (og_str_eq(og_str_from(stop->id), id)) {
            *out = *stop;
            drop(self, stop);
            return true;
        }
    }
    return false;
}

int
og_stops_count(const struct og_stops *self)
{
    return (int)og_map_count(&self->by_key);
}
