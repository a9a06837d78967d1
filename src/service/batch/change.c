/*
 * Batches are started, paused, resumed and canceled, and read.
 */
#include "service/audit/tell.h"
#include "service/batch/batch_service.h"

/* What may become what by an application's word; the same again changes nothing. */
static const bool may_become[OG_BATCH_STATES][OG_BATCH_STATES] = {
    [OG_BATCH_OPEN] = {[OG_BATCH_RUNNING] = true, [OG_BATCH_CANCELED] = true},
    [OG_BATCH_RUNNING] = {[OG_BATCH_PAUSED] = true, [OG_BATCH_CANCELED] = true},
    [OG_BATCH_PAUSED] = {[OG_BATCH_RUNNING] = true, [OG_BATCH_CANCELED] = true},
};

static enum og_audit_kind
audit_kind_of(enum og_batch_state from, enum og_batch_state to)
{
    return to == OG_BATCH_PAUSED     ? OG_AUDIT_BATCH_PAUSED
           : to == OG_BATCH_CANCELED ? OG_AUDIT_BATCH_CANCELED
           : from == OG_BATCH_OPEN   ? OG_AUDIT_BATCH_STARTED
                                     : OG_AUDIT_BATCH_RESUMED;
}

/* No more rows will come: their numbers need not be known any longer. */
static enum og_code
close_intake(struct og_batch_change_op *self, struct og_tx *tx)
{
    struct og_batch *b = &self->out;
    b->started_at = tx->now_ms;
    if (!b->valid_until) {
        b->valid_until = tx->now_ms + (b->ttl_ms ? b->ttl_ms : OG_BATCH_LIFE_MS);
    }
    return og_batch_numbers_drop(tx->db, b, &self->op.err);
}

/* What its phones have not fetched waits here, too, and goes on with it (jobs/sweeper). */
static enum og_code
stop_or_go(struct og_batch_change_op *self, struct og_tx *tx)
{
    const struct og_batch *b = &self->out;
    return b->state == OG_BATCH_PAUSED
               ? og_message_hold_batch(tx->db, b->account_id, b->id, self->mem, &self->held,
                                       &self->op.err)
           : b->state == OG_BATCH_RUNNING
               ? og_message_resume_batch(tx->db, b->account_id, b->id, &self->op.err)
               : OG_OK;
}

static enum og_code
change_state(struct og_batch_change_op *self, struct og_tx *tx)
{
    struct og_batch *b = &self->out;
    const enum og_batch_state from = b->state;
    if (!may_become[from][self->state]) {
        return og_fail(&self->op.err, OG_E_CONFLICT, "state", "the batch is %s",
                       og_batch_state_name(from));
    }
    b->state = self->state;
    b->hold = OG_HOLD_NONE;
    b->due_at = tx->now_ms;
    if (self->state == OG_BATCH_PAUSED) {
        b->due_at += OG_BATCH_LIFE_MS; /* then it is given up */
    }
    og_audit_change(self->svc, audit_kind_of(from, b->state), b->account_id, b->id,
                    og_batch_state_name(b->state));
    return from == OG_BATCH_OPEN ? close_intake(self, tx) : stop_or_go(self, tx);
}

static void
change_pace(struct og_batch_change_op *self, int64_t now_ms)
{
    struct og_batch *b = &self->out;
    b->per_minute = self->per_minute;
    b->paced_at = now_ms;
    b->due_at = b->state == OG_BATCH_RUNNING ? now_ms : b->due_at;
}

enum og_code
og_batch_change_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_batch_change_op *self = (struct og_batch_change_op *)op;
    enum og_code code = og_batch_find(tx->db, NULL, self->account_id, self->batch_id,
                                      self->mem, &self->out, &op->err);
    const enum og_batch_state from = self->out.state;
    const bool is_new_state = self->has_state && self->state != from;
    if (code != OG_OK || (!is_new_state && !self->has_pace)) {
        return code;
    }
    if (self->out.ended_at) {
        return og_fail(&op->err, OG_E_CONFLICT, "state", "the batch is %s and has ended",
                       og_batch_state_name(from));
    }
    if (is_new_state) {
        code = change_state(self, tx);
    }
    if (self->has_pace) {
        change_pace(self, tx->now_ms);
    }
    return code == OG_OK ? og_batch_save(tx->db, &self->out, from, &op->err) : code;
}

void
og_batch_change_committed(struct og_op *op, struct og_tx *tx)
{
    struct og_batch_change_op *self = (struct og_batch_change_op *)op;
    (void)tx;
    for (const struct og_message_id *at = self->held; at; at = at->next) {
        og_dispatch_remove(self->svc->lane.dispatch, self->account_id, at->id);
    }
}

/* ---- reading ---- */

enum og_code
og_batch_get_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_batch_get_op *self = (struct og_batch_get_op *)op;
    return og_batch_find(tx->db, NULL, self->account_id, self->batch_id, self->mem, &self->out,
                         &op->err);
}

enum og_code
og_batch_list_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_batch_list_op *self = (struct og_batch_list_op *)op;
    return og_batch_list(tx->db, self->account_id, self->limit, self->mem, &self->items,
                         &self->count, &op->err);
}

enum og_code
og_batch_errors_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_batch_errors_op *self = (struct og_batch_errors_op *)op;
    struct og_batch batch;
    enum og_code code = og_batch_find(tx->db, NULL, self->account_id, self->batch_id,
                                      self->mem, &batch, &op->err);
    if (code == OG_OK) {
        code = og_batch_error_list(tx->db, self->account_id, self->batch_id, self->after,
                                   self->limit, self->mem, &self->items, &self->count, &op->err);
    }
    return code;
}
