/*
 * Three slots of five minutes for each subject; the oldest is dropped when a new one begins.
 */
#include "alert/outcomes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "core/map.h"

#define SLOT_MS INT64_C(300000)
#define SLOTS 3
#define KEY_BYTES 64 /* with a letter for what it is, and a NUL */

struct subject {
    enum og_outcomes_of of;
    char key[KEY_BYTES];
    int64_t slot; /* number of the newest */
    int sent[SLOTS], failed[SLOTS]; /* slot n is at n % SLOTS */
    bool is_high;
};

struct og_outcomes {
    struct og_map by_key;
};

struct og_outcomes *
og_outcomes_create(void)
{
    return og_xalloc(sizeof(struct og_outcomes));
}

void
og_outcomes_destroy(struct og_outcomes *self)
{
    if (!self) {
        return;
    }
    for (struct og_map_node *node = og_map_first(&self->by_key); node; node = og_map_next(node)) {
        free(og_map_value(node));
    }
    og_map_finish(&self->by_key);
    free(self);
}

static void
move_on(struct subject *subject, int64_t slot)
{
    const int64_t steps = slot - subject->slot;
    for (int64_t i = 1; i <= SLOTS && i <= steps; i++) {
        subject->sent[(subject->slot + i) % SLOTS] = 0;
        subject->failed[(subject->slot + i) % SLOTS] = 0;
    }
    subject->slot = steps > 0 ? slot : subject->slot;
}

static struct subject *
find_or_make(struct og_outcomes *self, enum og_outcomes_of of, struct og_str id, int64_t slot)
{
    char key[KEY_BYTES];
    const int len = snprintf(key, sizeof key, "%c%" OG_STR_FMT,
                             of == OG_OUTCOMES_OF_DEVICE ? 'd' : 'a', OG_STR_ARG(id));
    if (len >= KEY_BYTES) {
        return NULL;
    }
    struct subject *subject = og_map_get(&self->by_key, og_str_from(key));
    if (!subject && og_map_count(&self->by_key) < OG_OUTCOMES_MAX) {
        subject = og_xalloc(sizeof *subject);
        *subject = (struct subject){.of = of, .slot = slot};
        memcpy(subject->key, key, sizeof key);
        og_map_put(&self->by_key, og_str_from(subject->key), subject);
    }
    return subject;
}

void
og_outcomes_add(struct og_outcomes *self, enum og_outcomes_of of, struct og_str id,
                bool is_failed, int64_t mono_ms)
{
    const int64_t slot = mono_ms / SLOT_MS;
    struct subject *subject = self ? find_or_make(self, of, id, slot) : NULL;
    if (!subject) {
        return;
    }
    move_on(subject, slot);
    int *counts = is_failed ? subject->failed : subject->sent;
    counts[subject->slot % SLOTS]++;
}

/* Its share of failures in percent, -1 when it has no outcomes; *total_out: of how many. */
static int
share_of(const struct subject *subject, int *total_out)
{
    int failed = 0, total = 0;
    for (int i = 0; i < SLOTS; i++) {
        failed += subject->failed[i];
        total += subject->failed[i] + subject->sent[i];
    }
    *total_out = total;
    return total ? (int)((int64_t)failed * 100 / total) : -1;
}

void
og_outcomes_each(struct og_outcomes *self, const struct og_outcomes_policy *policy,
                 int64_t mono_ms,
                 void (*fn)(void *ctx, enum og_outcomes_of of, struct og_str id, int percent),
                 void *ctx)
{
    struct og_map_node *next;
    for (struct og_map_node *node = self ? og_map_first(&self->by_key) : NULL; node; node = next) {
        struct subject *subject = og_map_value(node);
        int total;
        next = og_map_next(node);
        move_on(subject, mono_ms / SLOT_MS);
        const int percent = share_of(subject, &total);
        if (percent < 0) {
            og_map_remove(&self->by_key, og_str_from(subject->key));
            free(subject);
            continue;
        }
        subject->is_high = subject->is_high ? percent * 2 >= policy->percent
                                            : percent >= policy->percent && total >= policy->least;
        if (subject->is_high) {
            fn(ctx, subject->of, og_str_from(subject->key + 1), percent);
        }
    }
}
