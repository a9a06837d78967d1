/*
 * The lanes: threads with a database connection each, in which operations are applied.
 *
 *   write  one thread; takes all that waits, applies each operation under its own savepoint, commits
 *          once (one fsync), and only then lets any answer out. A failing operation never harms its
 *          neighbours. When the commit fails every operation of the batch fails with
 *          OG_E_UNAVAILABLE and nothing of it remains; the next batch tries afresh. While it
 *          fails and nothing comes, an empty write each second finds out when it has passed.
 *   read   a few threads, each with a read-only connection and a snapshot per operation
 *   slow   one thread for what takes milliseconds of CPU (password hashing), with a read-only connection
 *
 * Queues are bounded: a submit to a full lane is refused and the caller answers 503.
 */
#pragma once

#include "base/clock.h"
#include "lane/op.h"

enum og_lane { OG_LANE_NONE, OG_LANE_WRITE, OG_LANE_READ, OG_LANE_SLOW, OG_LANE_COUNT };

/*
 * What goes with every batch of the write lane into the same transaction: the audit log. All on the
 * lane's thread. An operation may leave words in its apply; they are written in one pass, when all
 * operations of the batch have been applied.
 */
struct og_lane_journal {
    void (*begin)(void *ctx, const struct og_op *op); /* this operation is applied next */
    void (*undone)(void *ctx);                        /* its rows have been undone */
    /* Is there no room for words? Then each operation gets a savepoint, and `accept` is asked after
     * its apply, whatever that returned: when it refuses, the operation fails with its error. */
    bool (*is_full)(void *ctx);
    enum og_code (*accept)(void *ctx, struct og_err *err);
    /* All are applied: write what they left. When it fails, so does the batch. */
    enum og_code (*write)(void *ctx, struct og_tx *tx, struct og_err *err);
    void (*settle)(void *ctx, bool is_committed); /* the batch is on disk, or lost */
    void *ctx;
};

struct og_lanes_config {
    struct og_db_config db;    /* of the writer; readers open the same path read-only */
    int queue_max;             /* operations waiting per lane */
    int batch_max;             /* operations in one transaction */
    int reader_count;
    int slow_queue_max;
    int linger_us; /* wait this long for a fuller batch when the last had a few; 0: never */
    const struct og_clock *clock;
    const struct og_lane_journal *journal; /* NULL: none; outlives the lanes */
    /* On the write lane's thread after each batch (committed or not), to flush hints. May be
     * NULL. */
    void (*after_batch)(void *ctx);
    void *ctx;
};

/* How a lane is doing, for health and metrics. Any thread. */
struct og_lane_health {
    int waiting;
    bool is_failing;            /* the last transaction could not be committed or begun */
    int64_t failing_since_ms;   /* UTC, 0 when not */
    char reason[160];           /* of the last failure */
    enum og_db_trouble trouble; /* its kind */
    int64_t commit_ms;          /* write lane: of the last commit, or of the present one */
};

struct og_lanes;

/* Opens the connections (the schema must be current). No thread runs yet. */
OG_MUST_CHECK enum og_code og_lanes_create(const struct og_lanes_config *config,
                                           struct og_lanes **out, struct og_err *err);
OG_MUST_CHECK enum og_code og_lanes_start(struct og_lanes *self, struct og_err *err);
/*
 * Instead of the threads: apply on the caller's thread what waits now, until nothing does. For a
 * program that moves time by itself (tests/fleet); never while the threads run.
 * Returns  how many operations it applied
 */
int og_lanes_turn(struct og_lanes *self);
/* Refuse new operations, apply all that wait, end the threads. */
void og_lanes_stop(struct og_lanes *self);
void og_lanes_destroy(struct og_lanes *self); /* after stop; takes NULL */

/*
 * Hand an operation to a lane. Any thread. op->kind and op->home are set by the caller; `done` is
 * called exactly once if this returns OG_OK. OG_E_BUSY when the queue is full (unless op->is_ours),
 * OG_E_UNAVAILABLE when stopping.
 */
OG_MUST_CHECK enum og_code og_lane_submit(struct og_lanes *self, enum og_lane lane, struct og_op *op);

void og_lane_health(struct og_lanes *self, enum og_lane lane, struct og_lane_health *out);
/* The write lane's connection, before og_lanes_start only: to load memory from the rows. */
struct og_db *og_lanes_writer(struct og_lanes *self);
