/*
 * A read lane: one operation after the other, each in a snapshot of the last commit. It relies on a
 * connection that cannot write.
 */
#include "lane/lane_priv.h"

static void
apply(struct og_lane_worker *self, struct og_op *op)
{
    struct og_tx tx = og_lane_tx(self);
    struct og_err err = {0};
    op->err = (struct og_err){0};
    if (og_db_begin(self->db, false, &err) != OG_OK) {
        og_trouble_failed(&self->trouble, err.text, og_db_last_trouble(self->db), tx.now_ms);
        og_lane_lose(op, err.text);
        return;
    }
    op->code = op->kind->apply(op, &tx);
    if (op->code == OG_OK && op->kind->committed) {
        op->kind->committed(op, &tx);
    }
    og_lane_complete_err(op);
    if (og_db_commit(self->db, &err) == OG_OK) {
        og_trouble_passed(&self->trouble, tx.now_ms);
    } else {
        og_trouble_failed(&self->trouble, err.text, og_db_last_trouble(self->db), tx.now_ms);
    }
    og_db_rollback(self->db);
}

void
og_read_lane_run(struct og_lane_worker *self)
{
    og_lane_run_each(self, apply);
}

int
og_read_lane_turn(struct og_lane_worker *self)
{
    return og_lane_turn_each(self, apply);
}
