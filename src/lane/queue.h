/*
 * A lane thread's queue: bounded, many producers, one consumer that sleeps when nothing waits.
 *
 * An operation counts against the bound from its push until the consumer gives its place back, so
 * the bound covers what is being worked on too. Once stopped, pushes are refused and the consumer
 * is told to end when the last accepted operation is through: none is lost.
 */
#pragma once

#include "lane/op.h"

struct og_lane_queue {
    struct {
        struct og_mpsc waiting;
        atomic_int in_flight;
        atomic_bool is_stopping;
    } shared;
    struct og_lane_taken {
        struct og_mpsc_node *first; /* oldest first */
        struct og_mpsc_node *last;
        int count;
    } taken, later; /* the consumer's; later: those that can wait */
    int max;
    int wake_fd; /* eventfd */
};

OG_MUST_CHECK enum og_code og_lane_queue_init(struct og_lane_queue *self, int max,
                                              struct og_err *err);
void og_lane_queue_finish(struct og_lane_queue *self); /* after the consumer has ended */

/* Any thread. OG_E_BUSY when full, OG_E_UNAVAILABLE when stopping. */
OG_MUST_CHECK enum og_code og_lane_queue_push(struct og_lane_queue *self, struct og_op *op);
int og_lane_queue_length(struct og_lane_queue *self);
void og_lane_queue_stop(struct og_lane_queue *self);

/* The consumer. */
enum og_lane_wait {
    OG_LANE_WAIT_OPS,
    OG_LANE_WAIT_WOKEN, /* and nothing is there: a wake-up that came late */
    OG_LANE_WAIT_TIMEOUT,
    OG_LANE_WAIT_ENDED,
};

/* Sleep until there is something to do. timeout_ms  -1: no limit */
enum og_lane_wait og_lane_queue_wait(struct og_lane_queue *self, int timeout_ms);
/* Take what has come meanwhile, without sleeping; how many are taken and not yet handed out. */
int og_lane_queue_collect(struct og_lane_queue *self);
/* The oldest of those taken, NULL when there is none. One that can wait comes when no other is
 * left. */
struct og_op *og_lane_queue_next(struct og_lane_queue *self);
/* The same, without those that can wait. */
struct og_op *og_lane_queue_next_urgent(struct og_lane_queue *self);
/* When the oldest of those that can wait was submitted (monotonic); 0: there is none. */
int64_t og_lane_queue_later_since_us(const struct og_lane_queue *self);
/* `count` operations are through. */
void og_lane_queue_give_back(struct og_lane_queue *self, int count);
