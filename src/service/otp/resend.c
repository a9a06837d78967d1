/*
 * Resend: the same code with the same end once more, after a wait that grows, and a bounded number
 * of times. It never touches a counter of failures.
 */
#include "service/abuse/abuse_service.h"
#include "service/audit/tell.h"
#include "service/otp/priv.h"
#include "service/otp/words.h"

/* Another code of the same length in place of the one that was peeked at; one that the application
 * chose stays. */
static enum og_code
rotate(struct og_otp_resend_op *self, struct og_err *err)
{
    if (self->code.len == 0 || og_otp_alphabet_of(og_secret_str(&self->code)) != OG_OTP_DIGITS) {
        return OG_OK;
    }
    self->is_rotated = true;
    return og_otp_draw(self->base.svc->rng, (unsigned)self->code.len, &self->code, err);
}

/* The rows are on disk: from here on the new code counts, and the one before no longer. Attempts
 * are not given back. */
static void
put_rotated(struct og_otp_resend_op *self)
{
    const struct og_verification *v = &self->out;
    const struct og_otp_binding binding = {
        .account = self->base.account_id,
        .purpose = v->purpose,
        .id = v->id,
        .context = v->context_digest,
    };
    const int64_t left_ms =
        self->left_ms - (og_mono_ms(self->base.svc->clock) - self->peeked_mono_ms);
    const int attempts = v->attempts - v->check_count;
    if (left_ms > 0 && attempts > 0) {
        struct og_buf subjects;
        og_buf_init(&subjects, OG_ABUSE_SHARE_PACKED_MAX_BYTES);
        og_abuse_share_pack(&self->started, &subjects);
        og_otp_put(&self->base, &binding, &self->code, og_buf_str(&subjects), attempts, left_ms,
                   NULL);
        og_buf_finish(&subjects);
    }
}

static void
share_done(struct og_abuse_share *share)
{
    struct og_otp_resend_op *self = OG_CONTAINER_OF(share, struct og_otp_resend_op, share);
    self->base.ready(&self->base, share->ask.code, &share->ask.err);
}

static void
peek_done(struct og_code_ask *ask)
{
    struct og_otp_resend_op *self = (struct og_otp_resend_op *)og_otp_base_of(ask);
    enum og_code code = ask->code;
    if (code == OG_OK && ask->found) {
        og_otp_unseal(self->base.svc, self->id, ask->sealed, &self->code, &self->started);
        self->left_ms = ask->left_ms;
        self->peeked_mono_ms = og_mono_ms(self->base.svc->clock);
    }
    if (code == OG_OK && self->base.svc->otp.rotates) {
        code = rotate(self, &ask->err);
    }
    /* Without the code the rows still know which refusal is right. */
    if (code != OG_OK) {
        self->base.ready(&self->base, code, &ask->err);
        return;
    }
    self->share.ready = share_done;
    og_abuse_share_take(&self->share, self->base.svc, self->base.loop, &self->started,
                        self->code.len ? 1 : 0);
}

void
og_otp_resend_prepare(struct og_otp_resend_op *self)
{
    struct og_code_store *codes = self->base.svc->codes;
    self->base.ask.done = peek_done;
    codes->peek(codes, self->base.loop, og_otp_code_name(&self->base, self->id), &self->base.ask);
}

static enum og_code
refuse_until(struct og_err *err, int64_t until_ms, int64_t now_ms, const char *text)
{
    og_fail(err, OG_E_LIMITED, NULL, "%s", text);
    err->retry_after_s = og_otp_seconds_until(until_ms, now_ms);
    return OG_E_LIMITED;
}

static enum og_code
refuse_if_not_now(struct og_otp_resend_op *self, const struct og_tx *tx)
{
    const struct og_verification *v = &self->out;
    const enum og_verification_state state = og_verification_state_at(v, tx->now_ms);
    struct og_err *err = &self->base.op.err;
    if (state != OG_VERIFICATION_PENDING) {
        return og_fail(err, OG_E_CONFLICT, NULL, "the verification is %s",
                       og_verification_state_name(state));
    }
    if (v->send_count >= self->base.svc->otp.sends_max) {
        return refuse_until(err, v->expires_at, tx->now_ms, "all sends of this code are used up");
    }
    if (v->resend_at > tx->now_ms) {
        return refuse_until(err, v->resend_at, tx->now_ms,
                            "the wait since the last send is not over");
    }
    if (self->code.len == 0) {
        return og_fail(err, OG_E_CONFLICT, NULL, "the code of this verification is used up");
    }
    return OG_OK;
}

/* One that no phone has yet makes way: a phone that comes back then sends one SMS, not two. */
static enum og_code
send_again(struct og_otp_resend_op *self, struct og_tx *tx)
{
    struct og_verification *v = &self->out;
    struct og_err *err = &self->base.op.err;
    struct og_otp_words words;
    enum og_code code = og_otp_words_load(tx->db, v, self->base.mem, &words, err);
    if (code == OG_E_NOT_FOUND) { /* removed meanwhile: our own sentences will do */
        code = OG_OK;
    }
    if (code == OG_OK) {
        code = og_otp_compose(self->base.svc, &words, v, &self->code, v->expires_at - tx->now_ms,
                              tx->now_ms, &self->text, err);
    }
    if (code == OG_OK) {
        code = og_message_withdraw(self->base.svc, tx, self->base.account_id, v->message_id,
                                   self->base.mem, &self->cancelled, &self->has_cancelled,
                                   &self->base.op.err);
    }
    if (code == OG_OK) {
        code = og_otp_send(&self->base, tx, v, &self->text, &self->message);
    }
    return code;
}

static enum og_code
write_send(struct og_otp_resend_op *self, struct og_tx *tx)
{
    struct og_verification *v = &self->out;
    struct og_err *err = &self->base.op.err;
    const int64_t resend_at =
        tx->now_ms + og_otp_wait_after(&self->base.svc->otp, v->send_count + 1);
    bool won = false;
    enum og_code code = og_verification_resent(tx->db, v->id, v->send_count, self->message.id,
                                               resend_at, &won, err);
    if (code == OG_OK && !won) {
        code = og_fail(err, OG_E_CONFLICT, NULL, "the verification has changed meanwhile");
    }
    if (code == OG_OK) {
        v->send_count++;
        v->resend_at = resend_at;
        v->message_id = self->message.id;
        code = og_abuse_sent_resend(self, tx);
    }
    if (code == OG_OK) {
        code = og_otp_send_insert(tx->db, v->id, v->send_count, self->message.id, tx->now_ms, err);
    }
    return code;
}

static void
tell(const struct og_otp_resend_op *self, enum og_code code)
{
    if (code == OG_OK) {
        og_audit_verification(self->base.svc, OG_AUDIT_OTP_RESEND, &self->out, NULL);
    } else if (code == OG_E_LIMITED && !self->base.op.err.reason) { /* the shield tells its own */
        og_audit_add_refusal(self->base.svc,
                             &(struct og_audit_event){
                                 .kind = OG_AUDIT_LIMIT_HIT,
                                 .account = self->base.account_id,
                                 .object = self->id,
                                 .subject = self->out.recipient_digest,
                                 .masked = self->out.masked,
                                 .purpose = self->out.purpose,
                                 .reason = OG_STR("resend"),
                                 .detail = og_str_from(self->base.op.err.text)});
    }
}

enum og_code
og_otp_resend_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_otp_resend_op *self = (struct og_otp_resend_op *)op;
    enum og_code code =
        og_verification_find(tx->db, &self->base.svc->keys.seal, self->base.account_id, self->id,
                             self->base.mem, &self->out, &op->err);
    if (code == OG_OK) {
        code = refuse_if_not_now(self, tx);
    }
    if (code == OG_OK) {
        code = og_abuse_admit_resend(self, tx);
    }
    if (code == OG_OK) {
        code = send_again(self, tx);
    }
    if (code == OG_OK) {
        code = write_send(self, tx);
    }
    tell(self, code);
    return code;
}

void
og_otp_resend_committed(struct og_op *op, struct og_tx *tx)
{
    struct og_otp_resend_op *self = (struct og_otp_resend_op *)op;
    if (self->has_cancelled) {
        og_message_cancelled(self->base.svc, &self->cancelled);
    }
    og_message_accepted(self->base.svc, &self->message, tx->now_ms);
    og_abuse_keep(self->base.svc, &self->ticket);
    og_metric_add(&og_otp_metrics[OG_OTP_M_RESENDS], 1);
}

void
og_otp_resend_release(struct og_otp_resend_op *self, bool succeeded)
{
    og_abuse_share_end(&self->share, self->base.svc,
                       succeeded && self->out.mode == OG_MODE_LIVE);
    if (succeeded && self->is_rotated) {
        put_rotated(self);
    }
    og_secret_finish(&self->code);
    og_secret_finish(&self->text);
}
