/*
 * Receivers of webhooks: how many calls each may have at a time, and what waits for it. Each hook
 * has a room of its own: one that answers promptly gets more calls at a time, one that does not
 * only one, so that it is in nobody's way. Rooms of one host share the host's bound, turn by turn.
 *
 * Pure; one thread.
 */
#pragma once

#include "base/str.h"

#define OG_RECEIVER_CALLS_MAX 8   /* at a time, of a hook, and of a host with all its hooks */
#define OG_RECEIVER_CALLS_FIRST 2 /* of a hook that is not known yet */

struct og_receiver; /* a host */
struct og_receiver_room;
struct og_receivers;

/* The first member of what waits for a receiver. */
struct og_receiver_job {
    struct og_receiver_job *next;
    struct og_receiver_room *room;
};

struct og_receivers *og_receivers_create(void);
/* Takes NULL. Not the jobs. */
void og_receivers_destroy(struct og_receivers *self);

/* The job waits behind those that came before it for this hook. Case of the host is ignored. */
struct og_receiver *og_receivers_add(struct og_receivers *self, struct og_str host,
                                     struct og_str hook, struct og_receiver_job *job);
/* The job to call with now; NULL: none waits, or enough calls are under way. */
struct og_receiver_job *og_receiver_next(struct og_receiver *receiver);
/* A call is over. The receiver, or NULL when it has nothing to do any more and is forgotten. */
struct og_receiver *og_receivers_over(struct og_receivers *self, const struct og_receiver_job *job,
                                      bool is_prompt);

/* A hook as a round sees it. */
struct og_receiver_load {
    struct og_str hook; /* borrowed until the next change */
    int given;          /* under way and waiting */
    int given_max;      /* as many may wait as are under way, so that no call waits for a round */
};
/* Of hooks. */
size_t og_receivers_count(const struct og_receivers *self);
/* out  has room for all */
void og_receivers_list(const struct og_receivers *self, struct og_receiver_load *out);
