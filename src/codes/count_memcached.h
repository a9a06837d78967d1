/*
 * The verbs of count_store.h for memcached: each count is one value, read with its version and
 * written where the version still holds, by this machine's clock, which must be that of the other
 * gateways to a step of a window (two seconds of a minute).
 *
 * memcached may throw a count away. With is_strict a count that is missing is full until its window
 * is over, if memcached has thrown away anything, or was started anew, since this gateway first
 * asked it and within that window.
 */
#pragma once

#include <pthread.h>

#include "codes/code_desk.h"
#include "codes/memcached_client.h"

/* What the threads of one store know of losses. */
struct og_count_losses {
    bool is_strict; /* constant */
    struct {
        pthread_mutex_t lock;
        bool is_known;   /* the next is what the servers said first, or last */
        uint64_t figure; /* grows, or becomes another, when something was lost */
        int64_t lost_at; /* UTC; 0: nothing was */
    } shared;
};

/* One thread's view. */
struct og_count_memcached {
    struct og_memcached_client *client;
    const struct og_clock *clock;
    struct og_count_losses *losses;
    int64_t next_mark_mono_ms;
};

/* Once, before the first ticket: what is lost from here on is noticed. */
void og_count_memcached_begin(struct og_count_memcached *self);
enum og_memcached_result og_count_memcached_take(struct og_count_memcached *self,
                                                 struct og_code_ticket *ticket);
enum og_memcached_result og_count_memcached_give(struct og_count_memcached *self,
                                                 struct og_code_ticket *ticket);
enum og_memcached_result og_count_memcached_forget(struct og_count_memcached *self,
                                                   struct og_code_ticket *ticket);
