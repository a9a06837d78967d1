/*
 * What the files of this room share: one worker per lane thread.
 */
#pragma once

#include <pthread.h>

#include "lane/lanes.h"
#include "lane/queue.h"
#include "lane/trouble.h"

#define OG_LANE_DOUBTED_MAX 16

struct og_lane_worker {
    enum og_lane lane;
    char name[16]; /* of the thread: "og-write" */
    void (*run)(struct og_lane_worker *self);
    int (*turn)(struct og_lane_worker *self);
    const struct og_lanes_config *config; /* the lanes' */
    struct og_db *db;                     /* owned; used by the thread only, once it runs */
    struct og_lane_queue queue;
    struct og_trouble trouble;
    struct {                    /* write lane: of commits, monotonic */
        _Atomic int64_t began_at; /* of the present one, 0: there is none */
        _Atomic int64_t ended_at, took_ms; /* of the last one */
    } commit;
    const struct og_op_kind *doubted[OG_LANE_DOUBTED_MAX]; /* failed after they had written */
    int doubted_count;
    pthread_t thread;
    bool is_running;
};

/* The threads' bodies; they return when the queue has ended. */
void og_write_lane_run(struct og_lane_worker *self);
void og_read_lane_run(struct og_lane_worker *self);
void og_slow_lane_run(struct og_lane_worker *self);
/* What they do when something waits, once, without sleeping; how many operations that was. */
int og_write_lane_turn(struct og_lane_worker *self);
int og_read_lane_turn(struct og_lane_worker *self);
int og_slow_lane_turn(struct og_lane_worker *self);

/* The time of a transaction, from the configured clock. */
struct og_tx og_lane_tx(struct og_lane_worker *self);
/* Give the error's fields a value where an apply left them empty. */
void og_lane_complete_err(struct og_op *op);
/* The transaction is lost: the operation ends as unavailable with this reason. */
void og_lane_lose(struct og_op *op, const char *reason);
/* Count an operation that is through, and send it home. It may be freed at once. */
void og_lane_answer(struct og_lane_worker *self, struct og_op *op, int64_t now_us);
/* The body of a lane that takes one operation after the other; and one turn of it. */
void og_lane_run_each(struct og_lane_worker *self,
                      void (*apply)(struct og_lane_worker *, struct og_op *));
int og_lane_turn_each(struct og_lane_worker *self,
                      void (*apply)(struct og_lane_worker *, struct og_op *));
