/*
 * Receivers of webhooks by host: how many calls each has, what waits for it, how many more it may
 * be given. A receiver that answers promptly gets more calls at a time, one that does not only one,
 * so that many of those leave room for all others.
 *
 * Pure; one thread.
 */
#pragma once

#include "base/str.h"

#define OG_RECEIVER_CALLS_MAX 8   /* at a time */
#define OG_RECEIVER_CALLS_FIRST 2 /* of one that is not known yet */

struct og_receiver;
struct og_receivers;

/* The first member of what waits for a receiver. */
struct og_receiver_job {
    struct og_receiver_job *next;
};

struct og_receivers *og_receivers_create(void);
/* Takes NULL. Not the jobs. */
void og_receivers_destroy(struct og_receivers *self);

/* The job waits behind those that came before it for this host. Case of the host is ignored. */
struct og_receiver *og_receivers_add(struct og_receivers *self, struct og_str host,
                                     struct og_receiver_job *job);
/* The job to call with now; NULL: none waits, or enough calls are under way. */
struct og_receiver_job *og_receiver_next(struct og_receiver *receiver);
/* A call is over. The receiver, or NULL when it has nothing to do any more and is forgotten. */
struct og_receiver *og_receivers_over(struct og_receivers *self, struct og_receiver *receiver,
                                      bool is_prompt);

/* A receiver as a round sees it. */
struct og_receiver_load {
    struct og_str host; /* borrowed until the next change */
    int given;          /* under way and waiting */
    int given_max;      /* as many may wait as are under way, so that no call waits for a round */
};
size_t og_receivers_count(const struct og_receivers *self);
/* out  has room for all */
void og_receivers_list(const struct og_receivers *self, struct og_receiver_load *out);
