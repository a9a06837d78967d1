/*
 * Operations: what travels from an event loop to a lane and back.
 *
 *   loop: decode -> og_lane_submit -> lane: apply (in a shared transaction) -> commit ->
 *   lane: committed (memory and hints) -> home loop: done (encode, answer)
 *
 * The struct is embedded as the first member of a larger one that holds request and result, usually
 * in the request's arena; it is touched by one thread at a time, in the order above.
 */
#pragma once

#include "base/err.h"
#include "base/loop.h"
#include "store/db.h"

struct og_op;

/* What an apply may use. */
struct og_tx {
    struct og_db *db;  /* inside a transaction (write lane), a snapshot (read lane) or plain (slow lane) */
    int64_t now_ms;    /* UTC, the same for the whole batch */
    int64_t mono_ms;
};

struct og_op_kind {
    const char *name; /* for metrics and logs: "message.send" */
    /*
     * Decide, read and write rows. Never waits for a peer, takes no lock, changes no memory that
     * others see. An expected refusal is a result in the op; an error undoes this op's rows and
     * nobody else's. Fills op->err when it returns an error.
     * NULL (write lane): there are no rows; `committed` runs in the batch's turn whatever becomes
     * of its rows.
     */
    enum og_code (*apply)(struct og_op *op, struct og_tx *tx);
    /* NULL, or: the rows are on disk; change the lane's own memory (queues) and collect hints. On
     * the lane's thread, in the order of the batch, only when apply returned OG_OK. Cannot fail. */
    void (*committed)(struct og_op *op, struct og_tx *tx);
    /* Answer. On the home loop; without a home on the lane's thread. op->code says how it went; the
     * op may be freed in here. */
    void (*done)(struct og_op *op);
    /* NULL, or: apply refuses before its first change of a row, if it does; what it does after that
     * only the engine could make fail. Such an operation needs no savepoint, which would copy every
     * page that it touches. Should the promise be broken, the batch is lost, and operations of this
     * kind get savepoints from then on. */
    bool (*decides_first)(const struct og_op *op);
    /* Nobody is in a hurry and it is long (a piece of an import, of a purge). In the write lane it
     * comes when nothing else waits, alone in its transaction; after 100 ms with others. */
    bool can_wait;
};

/* On whose behalf: for the audit log. Strings live as long as the operation. */
struct og_op_origin {
    struct og_str actor;   /* credential or phone; "" : nobody */
    struct og_str ip;      /* of the client */
    struct og_str request; /* the request's id */
};

struct og_op {
    struct og_mpsc_node node;
    const struct og_op_kind *kind;
    struct og_loop *home; /* NULL: done runs on the lane's thread */
    const struct og_op_origin *origin; /* NULL: our own work */
    bool is_ours;         /* few, and must not be lost: not refused when the queue is full */
    struct og_loop_task task;
    enum og_code code;
    struct og_err err;
    int64_t submitted_us; /* monotonic */
};
