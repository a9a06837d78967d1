/*
 * Check: the store takes an attempt, compares and consumes in one step; then the row changes from
 * pending to approved, where it still is pending. Both must say yes, so nothing is approved twice.
 * Every check writes a row and reads the verification, whether it exists or not: a stranger's
 * guess takes the time of a real one.
 */
#include "service/abuse/abuse_service.h"
#include "service/audit/tell.h"
#include "service/otp/priv.h"
#include "service/timeline/note.h"
#include "service/webhook/webhook_service.h"
#include "store/audit_store.h"

#define NOBODY OG_STR("unknown") /* no digest: those are hex */
#define ALREADY_MS (10 * 60 * INT64_C(1000)) /* how long a second check is told of the first */

/* ---- prepare ---- */

static void
check_done(struct og_code_ask *ask)
{
    struct og_otp_check_op *self = (struct og_otp_check_op *)og_otp_base_of(ask);
    self->verdict = ask->code == OG_OK ? ask->verdict : OG_VERDICT_NONE; /* nothing to put back */
    self->left = ask->attempts_left;
    self->left_ms = ask->left_ms;
    self->base.ready(&self->base, ask->code, &ask->err);
}

void
og_otp_check_prepare(struct og_otp_check_op *self)
{
    struct og_code_store *codes = self->base.svc->codes;
    struct og_code_guess guess;
    if (self->misread.code != OG_OK) {
        self->verdict = OG_VERDICT_MALFORMED;
        self->base.ready(&self->base, OG_OK, NULL);
        return;
    }
    self->binding = (struct og_otp_binding){
        .account = self->base.account_id,
        .purpose = self->purpose,
        .id = self->id,
        .context = og_otp_context_of(&self->base, &self->context),
    };
    og_otp_guess(&self->base, &self->binding, &self->code, &guess);
    self->checked_mono_ms = og_mono_ms(self->base.svc->clock);
    self->base.ask.done = check_done;
    codes->check(codes, self->base.loop, &guess, &self->base.ask);
    /* The digests are as good as a list of codes to whoever has the key. */
    og_wipe(&guess, sizeof(guess));
}

/* ---- apply ---- */

/* What cannot be the code takes no attempt, but whoever tries everything is counted by his
 * address. */
static enum og_code
refuse_malformed(struct og_otp_check_op *self, const struct og_tx *tx)
{
    struct og_err *err = &self->base.op.err;
    og_abuse_malformed(self, tx);
    og_audit_add_refusal(self->base.svc, &(struct og_audit_event){
                                             .kind = OG_AUDIT_OTP_CHECK_MALFORMED,
                                             .account = self->base.account_id,
                                             .object = self->id,
                                             .purpose = self->purpose});
    if (self->misread.code != OG_OK) {
        *err = self->misread;
        return err->code;
    }
    return og_fail(err, OG_E_UNPROCESSABLE, "code",
                   "has not the length or the alphabet of the code that was sent");
}

/* v  NULL: there is none */
static void
tell_check(const struct og_otp_check_op *self, const struct og_verification *v,
           enum og_check_verdict verdict)
{
    static const struct {
        enum og_audit_kind kind;
        const char *reason;
    } tells[] = {
        [OG_CHECK_UNKNOWN] = {OG_AUDIT_OTP_CHECK_UNKNOWN, NULL},
        [OG_CHECK_WRONG] = {OG_AUDIT_OTP_CHECK_WRONG, NULL},
        [OG_CHECK_APPROVED] = {OG_AUDIT_OTP_CHECK_OK, NULL},
        [OG_CHECK_LATE] = {OG_AUDIT_OTP_CHECK_EXPIRED, NULL},
        [OG_CHECK_CLOSED] = {OG_AUDIT_OTP_CHECK_REPLAYED, "closed"},
        [OG_CHECK_NO_CODE] = {OG_AUDIT_OTP_CHECK_REPLAYED, "another_check_on_its_way"},
        [OG_CHECK_CONTEXT] = {OG_AUDIT_OTP_CHECK_CONTEXT, NULL},
    };
    static const struct og_verification nothing;
    struct og_verification about = v ? *v : nothing;
    about.id = self->id;
    about.account_id = self->base.account_id;
    about.purpose = self->purpose;
    og_audit_verification(self->base.svc, tells[verdict].kind, &about, tells[verdict].reason);
}

static enum og_code
log_check(struct og_otp_check_op *self, struct og_tx *tx, const struct og_verification *v,
          enum og_check_verdict verdict)
{
    tell_check(self, v, verdict);
    const struct og_otp_check row = {
        .verification_id = self->id,
        .account_id = self->base.account_id,
        .verdict = verdict,
        .at = tx->now_ms,
    };
    self->logged = verdict;
    const enum og_code code = og_otp_check_insert(tx->db, &row, &self->base.op.err);
    return code == OG_OK ? og_abuse_checked(self, tx) : code;
}

static struct og_otp_target
target_of(const struct og_verification *v)
{
    return (struct og_otp_target){v->account_id, v->recipient_digest, v->purpose};
}

static void
show(struct og_otp_check_op *self, enum og_otp_outcome outcome, enum og_verification_state state,
     int attempts_left)
{
    self->outcome = outcome;
    self->state = state;
    self->attempts_left = attempts_left;
}

/* Too many failures in a row: this code dies, and the recipient gets no new one for a while. */
static enum og_code
lock(struct og_otp_check_op *self, struct og_tx *tx, struct og_verification *v)
{
    const struct og_otp_target target = target_of(v);
    bool won = false;
    enum og_code code = og_otp_failure_lock(tx->db, &target, tx->now_ms, &self->base.op.err);
    if (code == OG_OK) {
        code = og_verification_close(tx->db, v->id, OG_VERIFICATION_FAILED, tx->now_ms, &won,
                                     &self->base.op.err);
    }
    if (won) {
        v->state = OG_VERIFICATION_FAILED;
        self->drop_code = true;
    }
    if (code == OG_OK) {
        code = og_timeline_locked(self->base.svc, tx, v, &self->base.op.err);
    }
    self->has_locked = true;
    og_audit_verification(self->base.svc, OG_AUDIT_OTP_CHECK_LOCKED, v, NULL);
    return code;
}

/* One wrong check more, of verification and recipient; never more than it has attempts. */
static enum og_code
count_failure(struct og_otp_check_op *self, struct og_tx *tx, struct og_verification *v)
{
    const struct og_otp_policy *policy = &self->base.svc->otp;
    const struct og_otp_target target = target_of(v);
    struct og_err *err = &self->base.op.err;
    int64_t failures = 0;
    bool counted = false;
    enum og_code code = og_verification_count_check(tx->db, v->id, &counted, err);
    if (code != OG_OK || !counted) {
        return code;
    }
    v->check_count++;
    code = og_otp_failure_add(tx->db, &target, tx->now_ms, &failures, err);
    const int lock_after = policy->lock_after > 0 && policy->lock_after < OG_OTP_FAILURES_MAX
                               ? policy->lock_after
                               : OG_OTP_FAILURES_MAX;
    if (code == OG_OK && failures >= lock_after) {
        code = lock(self, tx, v);
    }
    return code;
}

/* There is none to count it for. Whoever measures must not learn that, so as much is read and
 * written, for nobody: a page for the recipient's failures, one for the verification's, and a look
 * for the pseudonym in the audit log. */
static enum og_code
count_unknown(struct og_otp_check_op *self, struct og_tx *tx)
{
    const struct og_otp_target nobody[] = {{self->base.account_id, NOBODY, OG_STR("")},
                                           {OG_STR(""), NOBODY, OG_STR("")}};
    struct og_err *err = &self->base.op.err;
    struct og_str subject;
    int64_t failures;
    enum og_code code = OG_OK;
    for (size_t i = 0; code == OG_OK && i < sizeof nobody / sizeof nobody[0]; i++) {
        code = og_otp_failure_add(tx->db, &nobody[i], tx->now_ms, &failures, err);
    }
    if (code == OG_OK) {
        code = og_audit_subject_find(tx->db, NOBODY, self->base.mem, &subject, err);
    }
    return code == OG_OK || code == OG_E_NOT_FOUND
               ? log_check(self, tx, NULL, OG_CHECK_UNKNOWN)
               : code;
}

/* Said in the log only: whoever guesses must not learn what was wrong. */
static enum og_check_verdict
why_wrong(const struct og_otp_check_op *self, const struct og_verification *v)
{
    return og_str_eq(self->binding.context, v->context_digest) &&
                   og_str_eq(self->purpose, v->purpose)
               ? OG_CHECK_WRONG
               : OG_CHECK_CONTEXT;
}

static void
make_receipt(struct og_otp_check_op *self, const struct og_tx *tx, const struct og_verification *v)
{
    self->receipt = (struct og_receipt){
        .id = self->id,
        .account = self->base.account_id,
        .purpose = self->purpose,
        .subject = og_receipt_subject(self->base.svc, self->base.account_id, v->recipient_digest,
                                      self->base.mem),
        .context = self->context,
        .made_at = tx->now_ms / 1000,
        .expires_at = tx->now_ms / 1000 + OG_RECEIPT_LIFE_S,
    };
}

static enum og_code
apply_wrong(struct og_otp_check_op *self, struct og_tx *tx, struct og_verification *v)
{
    bool won = false, was_pending = v->state == OG_VERIFICATION_PENDING;
    enum og_code code = count_failure(self, tx, v);
    if (code == OG_OK && self->verdict == OG_VERDICT_KILLED) {
        code = og_verification_close(tx->db, v->id, OG_VERIFICATION_FAILED, tx->now_ms, &won,
                                     &self->base.op.err);
        v->state = won ? OG_VERIFICATION_FAILED : v->state;
    }
    show(self, OG_OTP_NOT_APPROVED, v->state,
         v->state == OG_VERIFICATION_PENDING ? self->left : 0);
    if (code == OG_OK && was_pending && v->state == OG_VERIFICATION_FAILED) {
        code = og_webhook_otp_closed(self->base.svc, tx, v, OG_WEBHOOK_OTP_FAILED,
                                     self->base.mem, &self->base.op.err);
    }
    return code == OG_OK ? log_check(self, tx, v, why_wrong(self, v)) : code;
}

/* Its time is over. Counted and shown like a wrong code, so that whoever types codes cannot tell
 * the end of a life from a wrong guess. */
static enum og_code
apply_late(struct og_otp_check_op *self, struct og_tx *tx, struct og_verification *v)
{
    struct og_err *err = &self->base.op.err;
    enum og_code code = OG_OK;
    bool won;
    if ((size_t)v->code_length != self->code.len) {
        return refuse_malformed(self, tx);
    }
    if (v->state == OG_VERIFICATION_PENDING) {
        code = og_verification_close(tx->db, v->id, OG_VERIFICATION_EXPIRED, v->expires_at, &won,
                                     err);
    }
    if (code == OG_OK) {
        code = count_failure(self, tx, v);
    }
    const int left = v->attempts - v->check_count;
    const enum og_verification_state state =
        self->base.svc->otp.verbose_errors ? OG_VERIFICATION_EXPIRED
        : left > 0                         ? OG_VERIFICATION_PENDING
                                           : OG_VERIFICATION_FAILED;
    show(self, OG_OTP_NOT_APPROVED, state, left);
    return code == OG_OK ? log_check(self, tx, v, OG_CHECK_LATE) : code;
}

/* There is no code to compare with: the row says why. */
static enum og_code
apply_without_code(struct og_otp_check_op *self, struct og_tx *tx, struct og_verification *v)
{
    switch (og_verification_state_at(v, tx->now_ms)) {
    case OG_VERIFICATION_APPROVED:
        show(self, v->closed_at + ALREADY_MS > tx->now_ms ? OG_OTP_ALREADY : OG_OTP_UNKNOWN,
             OG_VERIFICATION_APPROVED, -1);
        return log_check(self, tx, v, OG_CHECK_CLOSED);
    case OG_VERIFICATION_FAILED:
        show(self, OG_OTP_NOT_APPROVED, OG_VERIFICATION_FAILED, 0);
        return log_check(self, tx, v, OG_CHECK_CLOSED);
    case OG_VERIFICATION_CANCELED:
        show(self, OG_OTP_NOT_APPROVED, OG_VERIFICATION_CANCELED, 0);
        return log_check(self, tx, v, OG_CHECK_CLOSED);
    case OG_VERIFICATION_PENDING:
        /* Another check has spent the code and its row is still to come. No attempt was taken. */
        show(self, OG_OTP_NOT_APPROVED, OG_VERIFICATION_PENDING, v->attempts - v->check_count);
        return log_check(self, tx, v, OG_CHECK_NO_CODE);
    default:
        return apply_late(self, tx, v);
    }
}

static enum og_code
apply_match(struct og_otp_check_op *self, struct og_tx *tx, struct og_verification *v)
{
    const struct og_otp_target target = target_of(v);
    struct og_err *err = &self->base.op.err;
    bool won = false;
    if (v->mode == OG_MODE_DECOY) { /* somebody guessed a code that was never sent */
        self->verdict = OG_VERDICT_KILLED;
        return apply_wrong(self, tx, v);
    }
    enum og_code code =
        og_verification_close(tx->db, v->id, OG_VERIFICATION_APPROVED, tx->now_ms, &won, err);
    if (code != OG_OK) {
        return code;
    }
    if (!won) {
        return apply_without_code(self, tx, v);
    }
    show(self, OG_OTP_APPROVED, OG_VERIFICATION_APPROVED, -1);
    make_receipt(self, tx, v);
    code = og_otp_failure_clear(tx->db, &target, err);
    if (code == OG_OK) {
        code = og_message_withdraw(self->base.svc, tx, self->base.account_id, v->message_id,
                                   self->base.mem, &self->cancelled, &self->has_cancelled,
                                   &self->base.op.err);
    }
    if (code == OG_OK) {
        code = og_webhook_otp_closed(self->base.svc, tx, v, OG_WEBHOOK_OTP_APPROVED,
                                     self->base.mem, err);
    }
    return code == OG_OK ? log_check(self, tx, v, OG_CHECK_APPROVED) : code;
}

enum og_code
og_otp_check_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_otp_check_op *self = (struct og_otp_check_op *)op;
    struct og_verification v;
    if (self->verdict == OG_VERDICT_MALFORMED) {
        return refuse_malformed(self, tx);
    }
    const enum og_code code = og_verification_find(tx->db, NULL, self->base.account_id, self->id,
                                                   self->base.mem, &v, &op->err);
    if (code == OG_E_NOT_FOUND) {
        show(self, OG_OTP_UNKNOWN, OG_VERIFICATION_PENDING, -1);
        return count_unknown(self, tx);
    }
    if (code != OG_OK) {
        return code;
    }
    self->recipient_digest = v.recipient_digest;
    switch (self->verdict) {
    case OG_VERDICT_MATCH:
        return apply_match(self, tx, &v);
    case OG_VERDICT_WRONG:
    case OG_VERDICT_KILLED:
        return apply_wrong(self, tx, &v);
    default:
        return apply_without_code(self, tx, &v);
    }
}

/* A code is malformed, or there is none to compare with, before anything is written. */
bool
og_otp_check_decides_first(const struct og_op *op)
{
    (void)op;
    return true;
}

void
og_otp_check_committed(struct og_op *op, struct og_tx *tx)
{
    struct og_otp_check_op *self = (struct og_otp_check_op *)op;
    if (self->has_cancelled) {
        og_message_cancelled(self->base.svc, &self->cancelled);
    }
    og_abuse_keep(self->base.svc, &self->ticket);
    og_metric_add(&og_otp_metrics[OG_OTP_M_CHECK + self->logged], 1);
    og_metric_add(&og_otp_metrics[OG_OTP_M_LOCKS], self->has_locked);
}

/* ---- release ---- */

/* The code was spent, but the row that says so could not be written: the user may try it again. */
static void
put_back(struct og_otp_check_op *self)
{
    const int64_t gone_ms = og_mono_ms(self->base.svc->clock) - self->checked_mono_ms;
    if (self->left_ms > gone_ms) {
        og_otp_put(&self->base, &self->binding, &self->code, OG_STR(""), self->left + 1,
                   self->left_ms - gone_ms, NULL);
    }
}

void
og_otp_check_release(struct og_otp_check_op *self, bool succeeded)
{
    struct og_code_store *codes = self->base.svc->codes;
    if (!succeeded && self->verdict == OG_VERDICT_MATCH) {
        put_back(self);
    } else if (succeeded && self->drop_code) {
        codes->drop(codes, self->base.loop, og_otp_code_name(&self->base, self->id), NULL);
    }
    og_secret_finish(&self->code);
}
