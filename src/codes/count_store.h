/*
 * Counts that several gateways share, beside the codes that they share: how much of something there
 * was in the last so many milliseconds, over all gateways that ask the same store.
 *
 * A count is a window of base/window.h under a name. One take asks for all the limits of a message
 * and takes a place of each or of none: of many at once, on any number of gateways, none takes the
 * same last place. What comes to nothing is given back; what cannot be (the gateway died, an answer
 * was lost) counts until its window is over. So a count is never below what was let through while
 * the store keeps what it was given.
 *
 * Thread   as in code_store.h; where nobody waits for an answer, from any thread
 * Memory   asks live until their `done`; what is given to `give` and `forget` is copied
 * Sources  domain notes sections 4.6 and 4.7, requirements 29 and 68
 */
#pragma once

#include "base/loop.h"
#include "base/str.h"

#define OG_COUNT_ITEMS_MAX 16
#define OG_COUNT_STEPS 30     /* of each window */
#define OG_COUNT_MARK_CHARS 32

/* One limit. */
struct og_count {
    const char *rule; /* a short word [a-z_]; static */
    uint64_t subject; /* a keyed digest of whom it counts for */
    int64_t span_ms;
    int64_t limit;
    int64_t amount; /* to be taken */
    /* answered */
    int64_t sum;     /* in the window, without this amount */
    int64_t wait_ms; /* until there is room for it; 0: there is */
};

struct og_count_ask {
    /* NULL: nobody waits */
    void (*done)(struct og_count_ask *self);
    struct og_count items[OG_COUNT_ITEMS_MAX];
    int count;
    bool is_forced; /* take it whether there is room or not */
    /* The answer. OG_E_UNAVAILABLE: the store cannot be reached, is full, or is used by a gateway
     * with another secret; what was asked for may have been taken. */
    enum og_code code;
    struct og_err err;
    bool is_taken;
    int64_t at_ms; /* the store's time, to give it back by */
};

struct og_count_store {
    void (*take)(struct og_count_store *self, struct og_loop *loop, struct og_count_ask *ask);
    /* What was taken comes to nothing. Nobody waits. */
    void (*give)(struct og_count_store *self, const struct og_count_ask *taken);
    /* These counts begin at nought. Nobody waits. */
    void (*forget)(struct og_count_store *self, const struct og_count_ask *items);
};

/* How long a step of a window is. */
static inline int64_t
og_count_step_ms(const struct og_count *count)
{
    return (count->span_ms + OG_COUNT_STEPS - 1) / OG_COUNT_STEPS;
}
