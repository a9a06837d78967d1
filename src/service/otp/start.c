/*
 * Start: draw a code, store its digest, then write the rows that make it send. One active
 * verification per account, recipient and purpose; a retry with the same key gets the same answer.
 */
#include "core/phone_number.h"
#include "service/abuse/abuse_service.h"
#include "service/audit/tell.h"
#include "service/otp/priv.h"
#include "service/otp/words.h"
#include "store/idempotency_store.h"

#define ANSWER_BYTES_MAX 4096

/* ---- prepare ---- */

static void
put_done(struct og_code_ask *ask)
{
    struct og_otp_start_op *self = (struct og_otp_start_op *)og_otp_base_of(ask);
    self->is_put = ask->code == OG_OK;
    self->base.ready(&self->base, ask->code, &ask->err);
}

/* A number for tests has its own code, whatever was asked for. */
static void
take_test_code(struct og_otp_start_op *self)
{
    const struct og_otp_policy *policy = &self->base.svc->otp;
    for (int i = 0; i < policy->test_number_count; i++) {
        const struct og_otp_test_number *test = &policy->test_numbers[i];
        if (og_str_eq(self->to, og_str_from(test->number)) && self->asked_at < test->until_ms) {
            (void)og_secret_set(&self->code, og_str_from(test->code)); /* ten characters at most */
            self->mode = OG_MODE_TEST;
        }
    }
}

static void
put_code(struct og_otp_start_op *self)
{
    struct og_buf subjects;
    og_long_id_make(self->asked_at, self->id);
    self->base.ask.done = put_done;
    const struct og_otp_binding binding = {
        .account = self->base.account_id,
        .purpose = self->purpose,
        .id = og_str_from(self->id),
        .context = og_otp_context_of(&self->base, &self->context),
    };
    og_buf_init(&subjects, OG_ABUSE_SHARE_PACKED_MAX_BYTES);
    if (self->mode == OG_MODE_LIVE) {
        og_abuse_share_pack(&self->abuse, &subjects);
    }
    og_otp_put(&self->base, &binding, &self->code, og_buf_str(&subjects),
               self->base.svc->otp.attempts, self->ttl_ms, &self->base.ask);
    og_buf_finish(&subjects);
}

static void
share_done(struct og_abuse_share *share)
{
    struct og_otp_start_op *self = OG_CONTAINER_OF(share, struct og_otp_start_op, share);
    if (share->ask.code == OG_OK) {
        put_code(self);
    } else {
        self->base.ready(&self->base, share->ask.code, &share->ask.err);
    }
}

void
og_otp_start_prepare(struct og_otp_start_op *self)
{
    struct og_err err = {0};
    take_test_code(self);
    enum og_code code = og_abuse_read_start(self, &err);
    if (code == OG_OK && self->code.len == 0) {
        code = og_otp_draw(self->base.svc->rng, (unsigned)self->code_length, &self->code, &err);
        self->is_drawn = true;
    }
    if (code != OG_OK) {
        self->base.ready(&self->base, code, &err);
        return;
    }
    self->share.ready = share_done;
    og_abuse_share_take(&self->share, self->base.svc, self->base.loop, &self->abuse,
                        self->mode == OG_MODE_LIVE ? 1 : 0);
}

/* ---- idempotency ---- */

static struct og_str
digest_of(struct og_otp_start_op *self, const char *label, struct og_str value)
{
    const struct og_str parts[] = {og_str_from(label), self->base.account_id, value};
    uint8_t digest[OG_DIGEST_BYTES];
    char *hex = og_arena_alloc(self->base.mem, OG_DIGEST_HEX_CHARS + 1);
    og_mac_parts(&self->base.svc->keys.idempotency, parts, 3, digest);
    og_hex(digest, sizeof(digest), hex);
    return (struct og_str){hex, OG_DIGEST_HEX_CHARS};
}

static struct og_idempotency
idempotency_row(struct og_otp_start_op *self, int64_t now_ms)
{
    return (struct og_idempotency){
        .account_id = self->base.account_id,
        .key_digest = digest_of(self, "key", self->idempotency_key),
        .request_digest = digest_of(self, "otp.start", self->request),
        .created_at = now_ms,
    };
}

/* The answer of an earlier request with this key, if there was one. */
static enum og_code
find_replay(struct og_otp_start_op *self, struct og_tx *tx, const struct og_idempotency *mine)
{
    struct og_err *err = &self->base.op.err;
    struct og_idempotency kept;
    const enum og_code code =
        og_idempotency_find(tx->db, self->base.account_id, mine->key_digest,
                            tx->now_ms - OG_IDEMPOTENCY_MEMORY_MS, self->base.mem, &kept, err);
    if (code == OG_E_NOT_FOUND) {
        return OG_OK;
    }
    if (code != OG_OK) {
        return code;
    }
    if (!og_str_eq(kept.request_digest, mine->request_digest)) {
        return og_fail(err, OG_E_UNPROCESSABLE, "Idempotency-Key",
                       "was used for another request within the last 24 hours");
    }
    self->replay = kept.body;
    self->replay_status = kept.status;
    return OG_OK;
}

static enum og_code
keep_answer(struct og_otp_start_op *self, struct og_tx *tx, struct og_idempotency *row)
{
    struct og_buf body;
    og_buf_init(&body, ANSWER_BYTES_MAX);
    row->status = self->render(self, &body);
    row->body = og_buf_str(&body);
    const enum og_code code = og_idempotency_keep(tx->db, row, &self->base.op.err);
    og_buf_finish(&body);
    return code;
}

/* ---- apply ---- */

static enum og_code
refuse_if_locked(struct og_otp_start_op *self, struct og_tx *tx, struct og_str digest)
{
    const struct og_otp_target target = {self->base.account_id, digest, self->purpose};
    struct og_err *err = &self->base.op.err;
    int64_t locked_at = 0;
    const enum og_code code = og_otp_failure_locked_at(tx->db, &target, &locked_at, err);
    const int64_t until = locked_at + self->base.svc->otp.lock_ms;
    if (code != OG_OK || locked_at == 0 || until <= tx->now_ms) {
        return code;
    }
    og_fail(err, OG_E_LIMITED, "to", "too many wrong codes for this recipient and purpose");
    err->retry_after_s = og_otp_seconds_until(until, tx->now_ms);
    return OG_E_LIMITED;
}

static void
tell_refused(struct og_otp_start_op *self, enum og_code code)
{
    char masked[OG_PHONE_MASK_BYTES];
    const char *reason = self->base.op.err.reason;
    og_phone_mask(self->to, masked);
    og_audit_add_refusal(self->base.svc,
                         &(struct og_audit_event){
                             .kind = OG_AUDIT_OTP_START_REFUSED,
                             .account = self->base.account_id,
                             .subject = og_otp_digest(self->base.svc, self->to, self->base.mem),
                             .masked = og_str_from(masked),
                             .purpose = self->purpose,
                             .reason = og_str_from(reason ? reason : og_code_wire(code)),
                             .detail = og_str_from(self->base.op.err.text)});
}

/*
 * Requirement 40: whoever starts must not learn from the answer whether the recipient is known,
 * locked or blocked. What refuses the recipient is told to the log, and a decoy is made instead.
 */
static enum og_code
concealed(struct og_otp_start_op *self, enum og_code code)
{
    const bool is_about_recipient = code == OG_E_LIMITED || code == OG_E_CONFLICT ||
                                    og_abuse_is_about_recipient(&self->base.op.err);
    if (!self->is_concealed || !is_about_recipient) {
        return code;
    }
    tell_refused(self, code);
    self->mode = OG_MODE_DECOY;
    self->message = (struct og_message){.final_at = self->asked_at};
    self->base.op.err = (struct og_err){0};
    return OG_OK;
}

/* *found_out: `out` is the one that is active. One past its time has yet to make way. */
static enum og_code
find_active(struct og_otp_start_op *self, struct og_tx *tx, struct og_str digest, bool *found_out,
            struct og_verification *overdue)
{
    struct og_err *err = &self->base.op.err;
    *overdue = (struct og_verification){0};
    *found_out = false;
    enum og_code code = og_verification_find_active(tx->db, self->base.account_id, digest,
                                                    self->purpose, self->base.mem, &self->out,
                                                    err);
    if (code == OG_E_NOT_FOUND) {
        return OG_OK;
    }
    const bool is_overdue = code == OG_OK && self->out.expires_at <= tx->now_ms;
    if (is_overdue) {
        *overdue = self->out;
    }
    *found_out = code == OG_OK && !is_overdue;
    return code;
}

static enum og_code
close_overdue(struct og_otp_start_op *self, struct og_tx *tx, const struct og_verification *v)
{
    bool won;
    return v->id.len ? og_verification_close(tx->db, v->id, OG_VERIFICATION_EXPIRED, v->expires_at,
                                             &won, &self->base.op.err)
                     : OG_OK;
}

static void
fill_new(struct og_otp_start_op *self, struct og_str digest)
{
    const struct og_otp_policy *policy = &self->base.svc->otp;
    char masked[OG_PHONE_MASK_BYTES];
    og_phone_mask(self->to, masked);
    self->out = (struct og_verification){
        .id = og_str_from(self->id),
        .account_id = self->base.account_id,
        .credential_id = self->credential_id,
        .recipient_digest = digest,
        .recipient = self->to,
        .masked = og_str_dup(self->base.mem, og_str_from(masked)),
        .purpose = self->purpose,
        .client_app = self->client_app,
        .template = self->template,
        .app_hash = self->app_hash,
        .locale = self->locale,
        .brand = self->brand,
        .context_digest = og_otp_context_of(&self->base, &self->context),
        .amount = self->context.amount,
        .payee = self->context.payee,
        .state = OG_VERIFICATION_PENDING,
        .mode = self->mode,
        .code_length = (int)self->code.len,
        .attempts = policy->attempts,
        .send_count = 1,
        .created_at = self->asked_at,
        .expires_at = self->asked_at + self->ttl_ms,
        .resend_at = self->asked_at + og_otp_wait_after(policy, 1),
    };
}

static void
tell_started(struct og_otp_start_op *self)
{
    static const char *const modes[OG_MODE_COUNT] = {[OG_MODE_SANDBOX] = "sandbox",
                                                     [OG_MODE_TEST] = "test_number",
                                                     [OG_MODE_DECOY] = "decoy"};
    const struct og_services *svc = self->base.svc;
    og_audit_verification(svc, OG_AUDIT_OTP_START_ACCEPTED, &self->out, modes[self->out.mode]);
    if (self->is_drawn) {
        og_audit_verification(svc, OG_AUDIT_OTP_CODE_GENERATED, &self->out, NULL);
    }
}

/* The text, by what the client app and the template of the account say now. */
static enum og_code
compose(struct og_otp_start_op *self, struct og_tx *tx)
{
    struct og_err *err = &self->base.op.err;
    struct og_otp_words words;
    enum og_code code = og_otp_words_load(tx->db, &self->out, self->base.mem, &words, err);
    if (code == OG_E_NOT_FOUND) {
        const bool has_app = self->client_app.len == 0 || words.app.name.len;
        return og_fail(err, OG_E_UNPROCESSABLE, has_app ? "template" : "client_app",
                       "there is none of that name");
    }
    if (code != OG_OK) {
        return code;
    }
    if (self->out.brand.len == 0) {
        self->out.brand = words.app.brand.len ? words.app.brand : self->account_brand;
    }
    return og_otp_compose(self->base.svc, &words, &self->out, &self->code, self->ttl_ms,
                          tx->now_ms, &self->text, err);
}

/* All that may refuse comes before the first row; see og_otp_start_decides_first. */
static enum og_code
write_new(struct og_otp_start_op *self, struct og_tx *tx, struct og_str digest,
          const struct og_verification *overdue)
{
    struct og_err *err = &self->base.op.err;
    enum og_code code = concealed(self, og_abuse_admit_start(self, tx));
    fill_new(self, digest);
    if (code == OG_OK) {
        code = compose(self, tx);
    }
    if (code == OG_OK) {
        code = concealed(self, og_otp_send(&self->base, tx, &self->out, &self->text,
                                           &self->message));
        self->out.mode = self->mode;
    }
    self->out.message_id = self->message.id;
    if (code == OG_OK) {
        code = og_abuse_sent_start(self, tx);
    }
    if (code == OG_OK) {
        code = close_overdue(self, tx, overdue);
    }
    if (code == OG_OK) {
        code = og_verification_insert(tx->db, &self->base.svc->keys.seal, &self->out, err);
    }
    if (code == OG_OK) {
        code = og_otp_send_insert(tx->db, self->out.id, 1, self->message.id, self->asked_at, err);
    }
    self->is_new = code == OG_OK;
    if (self->is_new) {
        tell_started(self);
    }
    return code;
}

static enum og_code
start(struct og_otp_start_op *self, struct og_tx *tx)
{
    const struct og_str digest = og_otp_digest(self->base.svc, self->to, self->base.mem);
    struct og_verification overdue;
    bool is_active = false;
    enum og_code code = concealed(self, refuse_if_locked(self, tx, digest));
    if (code == OG_OK) {
        code = find_active(self, tx, digest, &is_active, &overdue);
    }
    if (code == OG_OK && !is_active) {
        code = write_new(self, tx, digest, &overdue);
    }
    return code;
}

enum og_code
og_otp_start_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_otp_start_op *self = (struct og_otp_start_op *)op;
    struct og_idempotency row = {0};
    enum og_code code = OG_OK;
    if (self->idempotency_key.len) {
        row = idempotency_row(self, tx->now_ms);
        code = find_replay(self, tx, &row);
    }
    if (code != OG_OK || self->replay.len) {
        return code;
    }
    code = start(self, tx);
    if (code == OG_OK && self->idempotency_key.len) {
        code = keep_answer(self, tx, &row);
    }
    if (code != OG_OK) {
        tell_refused(self, code);
    }
    return code;
}

/* The budget of a SIM is asked for when the message has its phone, and its row. */
bool
og_otp_start_decides_first(const struct og_op *op)
{
    return !og_abuse_judges_sims(((const struct og_otp_start_op *)op)->base.svc);
}

void
og_otp_start_committed(struct og_op *op, struct og_tx *tx)
{
    struct og_otp_start_op *self = (struct og_otp_start_op *)op;
    enum og_otp_metric metric = self->is_new       ? OG_OTP_M_START_NEW
                                : self->replay.len ? OG_OTP_M_START_REPLAYED
                                                   : OG_OTP_M_START_ACTIVE;
    og_metric_add(&og_otp_metrics[metric], 1);
    if (self->out.mode == OG_MODE_LIVE) {
        og_abuse_keep(self->base.svc, &self->ticket);
    }
    if (self->is_new) {
        og_message_accepted(self->base.svc, &self->message, tx->now_ms);
    }
}

void
og_otp_start_release(struct og_otp_start_op *self, bool succeeded)
{
    struct og_code_store *codes = self->base.svc->codes;
    const bool is_sent = succeeded && self->is_new && self->out.mode == OG_MODE_LIVE;
    og_abuse_share_end(&self->share, self->base.svc, is_sent);
    if (self->is_put && !(succeeded && self->is_new)) {
        codes->drop(codes, self->base.loop,
                    og_otp_code_name(&self->base, og_str_from(self->id)), NULL);
    }
    self->is_put = false;
    og_secret_finish(&self->code);
    og_secret_finish(&self->text);
}
