/*
 * core's map keeps the order of insertion, and a key that is counted goes to its end: the first is
 * always the one whose count is longest ago.
 */
#include "abuse/counters.h"

#include <stdlib.h>

#include "base/arena.h"
#include "core/map.h"

#define STEPS 30
#define TIDY_KEYS 2 /* looked at by the way, per count of a new key: more leave than come */

struct counter {
    uint64_t key;
    struct og_window window;
    uint32_t counts[STEPS + 1];
};

struct og_counters {
    struct og_window_shape shape;
    int keys_max;
    int64_t evicted;
    struct og_map map;
};

static struct og_str
name_of(const uint64_t *key)
{
    return (struct og_str){(const char *)key, sizeof *key};
}

struct og_counters *
og_counters_create(int64_t span_ms, int keys_max)
{
    struct og_counters *self = og_xalloc(sizeof *self);
    self->shape = (struct og_window_shape){(span_ms + STEPS - 1) / STEPS, STEPS};
    self->keys_max = keys_max;
    return self;
}

static void
drop(struct og_counters *self, struct counter *counter)
{
    og_map_remove(&self->map, name_of(&counter->key));
    free(counter);
}

void
og_counters_destroy(struct og_counters *self)
{
    struct og_map_node *node;
    while (self && (node = og_map_first(&self->map))) {
        drop(self, og_map_value(node));
    }
    free(self);
}

int64_t
og_counters_sum(const struct og_counters *self, uint64_t key, int64_t now_ms)
{
    const struct counter *counter = og_map_get(&self->map, name_of(&key));
    return counter ? og_window_sum(&counter->window, &self->shape, now_ms, 0) : 0;
}

int64_t
og_counters_wait_ms(const struct og_counters *self, uint64_t key, int64_t now_ms, int64_t limit,
                    int64_t amount)
{
    static const struct og_window nothing;
    const struct counter *counter = og_map_get(&self->map, name_of(&key));
    return og_window_wait_ms(counter ? &counter->window : &nothing, &self->shape, now_ms, limit,
                             amount);
}

/* Room for one more. */
static void
tidy(struct og_counters *self, int64_t now_ms)
{
    for (int i = 0; i < TIDY_KEYS; i++) {
        struct og_map_node *node = og_map_first(&self->map);
        struct counter *oldest = node ? og_map_value(node) : NULL;
        if (!oldest || !og_window_is_over(&oldest->window, &self->shape, now_ms)) {
            break;
        }
        drop(self, oldest);
    }
    if (og_map_count(&self->map) >= (size_t)self->keys_max) {
        drop(self, og_map_value(og_map_first(&self->map)));
        self->evicted++;
    }
}

static struct counter *
make(struct og_counters *self, uint64_t key, int64_t now_ms)
{
    tidy(self, now_ms);
    struct counter *counter = og_xalloc(sizeof *counter);
    counter->key = key;
    counter->window.counts = counter->counts;
    return counter;
}

void
og_counters_add(struct og_counters *self, uint64_t key, int64_t at_ms, int64_t amount)
{
    struct counter *counter = og_map_remove(&self->map, name_of(&key));
    if (!counter && amount <= 0) {
        return; /* taken back after it was forgotten */
    }
    if (!counter) {
        counter = make(self, key, at_ms);
    }
    og_map_put(&self->map, name_of(&counter->key), counter);
    og_window_add(&counter->window, &self->shape, at_ms, amount);
}

void
og_counters_forget(struct og_counters *self, uint64_t key)
{
    struct counter *counter = og_map_get(&self->map, name_of(&key));
    if (counter) {
        drop(self, counter);
    }
}

int
og_counters_count(const struct og_counters *self)
{
    return (int)og_map_count(&self->map);
}

int64_t
og_counters_evicted(const struct og_counters *self)
{
    return self->evicted;
}
