/*
 * Cancel: the code goes first, so that it is unusable whatever becomes of the row; then the row,
 * and the message if no phone has it, or word to the phone that has.
 */
#include "service/audit/tell.h"
#include "service/otp/priv.h"

static void
drop_done(struct og_code_ask *ask)
{
    struct og_otp_base *base = og_otp_base_of(ask);
    base->ready(base, ask->code, &ask->err);
}

void
og_otp_cancel_prepare(struct og_otp_cancel_op *self)
{
    struct og_code_store *codes = self->base.svc->codes;
    self->base.ask.done = drop_done;
    codes->drop(codes, self->base.loop, og_otp_code_name(&self->base, self->id), &self->base.ask);
}

static enum og_code
stop_message(struct og_otp_cancel_op *self, struct og_tx *tx)
{
    struct og_err *err = &self->base.op.err;
    const enum og_code code = og_message_cancel(self->base.svc, tx, self->base.account_id,
                                                self->out.message_id, self->base.mem,
                                                &self->cancelled, err);
    self->has_cancelled = code == OG_OK;
    /* Sent already, or ended: too late to stop it, and no reason to keep the verification; nor is
     * one that does not open, which goes to no phone. */
    return code == OG_E_CONFLICT || code == OG_E_NOT_FOUND || code == OG_E_UNREADABLE ? OG_OK
                                                                                     : code;
}

enum og_code
og_otp_cancel_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_otp_cancel_op *self = (struct og_otp_cancel_op *)op;
    struct og_verification *v = &self->out;
    bool won = false;
    enum og_code code = og_verification_find(tx->db, NULL, self->base.account_id, self->id,
                                             self->base.mem, v, &op->err);
    if (code != OG_OK || v->state == OG_VERIFICATION_CANCELED) {
        return code;
    }
    const enum og_verification_state state = og_verification_state_at(v, tx->now_ms);
    if (state != OG_VERIFICATION_PENDING) {
        return og_fail(&op->err, OG_E_CONFLICT, NULL, "the verification is %s",
                       og_verification_state_name(state));
    }
    code = og_verification_close(tx->db, v->id, OG_VERIFICATION_CANCELED, tx->now_ms, &won,
                                 &op->err);
    if (code == OG_OK && !won) {
        return og_fail(&op->err, OG_E_CONFLICT, NULL, "the verification has changed meanwhile");
    }
    self->did_cancel = true;
    v->state = OG_VERIFICATION_CANCELED;
    v->closed_at = tx->now_ms;
    og_audit_verification(self->base.svc, OG_AUDIT_OTP_CANCEL, v, NULL);
    return code == OG_OK ? stop_message(self, tx) : code;
}

void
og_otp_cancel_committed(struct og_op *op, struct og_tx *tx)
{
    struct og_otp_cancel_op *self = (struct og_otp_cancel_op *)op;
    if (self->has_cancelled) {
        og_message_cancelled(self->base.svc, &self->cancelled);
    }
    og_metric_add(&og_otp_metrics[OG_OTP_M_CANCELS], self->did_cancel);
}
