/*
 * The slow lane: what costs milliseconds of CPU, one after the other and outside transactions. Its
 * queue is short, because what waits here waits long.
 */
#include "lane/lane_priv.h"

static void
apply(struct og_lane_worker *self, struct og_op *op)
{
    struct og_tx tx = og_lane_tx(self);
    op->err = (struct og_err){0};
    op->code = op->kind->apply(op, &tx);
    if (op->code == OG_OK && op->kind->committed) {
        op->kind->committed(op, &tx);
    }
    og_lane_complete_err(op);
}

void
og_slow_lane_run(struct og_lane_worker *self)
{
    og_lane_run_each(self, apply);
}

int
og_slow_lane_turn(struct og_lane_worker *self)
{
    return og_lane_turn_each(self, apply);
}
