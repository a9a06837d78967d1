/*
 * Gathering the rows of a time line. A verification's is its own steps and those of every message
 * that carried its code.
 */
#include "service/timeline/timeline.h"

#include "service/device/route_service.h"
#include "service/message/priv.h"
#include "service/timeline/priv.h"
#include "service/webhook/webhook_service.h"
#include "store/account_store.h"
#include "store/device_store.h"

#define NOTES_MAX 200
#define CHECKS_MAX 50

static struct og_err *
err_of(struct og_timeline_op *self)
{
    return &self->op.err;
}

/* ---- what is in the outbox ---- */

/* Hooks that share an address share a line: it is told once. */
static bool
is_known_url(const struct og_webhook *hooks, int before)
{
    for (int i = 0; i < before; i++) {
        if (og_str_eq(hooks[i].url, hooks[before].url)) {
            return true;
        }
    }
    return false;
}

static enum og_code
tell_queued(struct og_timeline_op *self, struct og_tx *tx, struct og_str subject, int64_t send)
{
    struct og_webhook *hooks;
    int hook_count = 0;
    enum og_code code = og_webhook_list(tx->db, self->out.account_id, self->mem, &hooks,
                                        &hook_count, err_of(self));
    for (int i = 0; code == OG_OK && i < hook_count; i++) {
        struct og_webhook_event_row *rows;
        char line[OG_DIGEST_HEX_CHARS + 1];
        int count = 0;
        if (is_known_url(hooks, i)) {
            continue;
        }
        og_webhook_line(self->out.account_id, hooks[i].url, subject, line);
        code = og_hook_queue_of_line(tx->db, og_str_dup(self->mem, og_str_from(line)), self->mem,
                                     &rows, &count, err_of(self));
        for (int k = 0; code == OG_OK && k < count; k++) {
            og_timeline_tell_queued(&self->out, &rows[k], send, self->mem);
        }
    }
    return code;
}

/* ---- messages ---- */

/* told->m is there already. */
static enum og_code
read_told(struct og_timeline_op *self, struct og_tx *tx, struct og_told_message *told)
{
    const struct og_message *m = &told->m;
    enum og_code code =
        og_former_route_list(tx->db, m->account_id, m->id, (int)m->routes, self->mem,
                             &told->routes, &told->route_count, err_of(self));
    if (code == OG_OK) {
        code = og_timeline_list(tx->db, m->account_id, m->id, NOTES_MAX, self->mem, &told->notes,
                                &told->note_count, err_of(self));
    }
    self->out.is_cut |= told->note_count == NOTES_MAX; /* there are more, or nearly */
    return code;
}

static enum og_code
tell_message(struct og_timeline_op *self, struct og_tx *tx, struct og_told_message *told)
{
    enum og_code code = read_told(self, tx, told);
    if (code == OG_OK) {
        og_timeline_tell_message(&self->out, told, self->mem);
        code = tell_queued(self, tx, told->m.id, told->send);
    }
    return code;
}

static enum og_code
message(struct og_timeline_op *self, struct og_tx *tx)
{
    static const char *const classes[] = {
        [OG_CLASS_NORMAL] = "transactional", [OG_CLASS_OTP] = "otp", [OG_CLASS_BULK] = "bulk"};
    struct og_timeline *out = &self->out;
    struct og_told_message told = {0};
    enum og_code code =
        og_message_find_record(tx->db, &self->svc->keys.seal, out->account_id, self->id,
                               self->mem, &told.m, err_of(self));
    if (code != OG_OK) {
        return code;
    }
    out->id = og_message_public_id(&told.m);
    out->state = og_message_state_name(told.m.record.state);
    out->class = classes[told.m.cls];
    out->final_at = told.m.final_at;
    out->limit_at = og_timeline_limit_of(self->svc, &told.m);
    og_timeline_tell_wait(self->svc, &told.m, tx->now_ms, self->mem, out);
    return tell_message(self, tx, &told);
}

/* ---- verifications ---- */

static enum og_code
tell_sends(struct og_timeline_op *self, struct og_tx *tx, const struct og_verification *v)
{
    struct og_otp_send *sends;
    int count = 0;
    enum og_code code = og_otp_sends(tx->db, v->account_id, v->id, self->mem, &sends, &count,
                                     err_of(self));
    for (int i = 0; code == OG_OK && i < count; i++) {
        struct og_told_message told = {.send = sends[i].n};
        if (sends[i].n > 1) {
            og_timeline_put(&self->out, OG_STEP_RESENT, sends[i].at);
        }
        code = og_message_find_record(tx->db, &self->svc->keys.seal, v->account_id,
                                      sends[i].message_id, self->mem, &told.m, err_of(self));
        if (code == OG_OK) {
            code = tell_message(self, tx, &told);
            if (i + 1 == count && v->state == OG_VERIFICATION_PENDING) {
                og_timeline_tell_wait(self->svc, &told.m, tx->now_ms, self->mem, &self->out);
            }
        } else if (code == OG_E_NOT_FOUND || code == OG_E_UNREADABLE) {
            code = OG_OK; /* of a decoy or a test number, or removed by now; or nobody can read it */
        }
    }
    return code;
}

/* Whoever guesses must not learn what was wrong with the guess. */
static enum og_code
tell_checks(struct og_timeline_op *self, struct og_tx *tx, const struct og_verification *v)
{
    static const char *const results[OG_CHECK_VERDICTS] = {
        [OG_CHECK_UNKNOWN] = "wrong",   [OG_CHECK_WRONG] = "wrong",
        [OG_CHECK_APPROVED] = "right",  [OG_CHECK_LATE] = "late",
        [OG_CHECK_CLOSED] = "closed",   [OG_CHECK_NO_CODE] = "closed",
        [OG_CHECK_CONTEXT] = "wrong",
    };
    struct og_otp_check *checks;
    int count = 0;
    const enum og_code code = og_otp_checks(tx->db, v->account_id, v->id, CHECKS_MAX, self->mem,
                                            &checks, &count, err_of(self));
    for (int i = 0; code == OG_OK && i < count; i++) {
        struct og_timeline_step *step =
            og_timeline_put(&self->out, OG_STEP_CHECKED, checks[i].at);
        if (step && checks[i].verdict < OG_CHECK_VERDICTS) {
            step->result = results[checks[i].verdict];
        }
    }
    return code;
}

static enum og_code
tell_notes(struct og_timeline_op *self, struct og_tx *tx, const struct og_verification *v)
{
    struct og_timeline_note *notes;
    int count = 0;
    enum og_code code = og_timeline_list(tx->db, v->account_id, v->id, NOTES_MAX, self->mem,
                                         &notes, &count, err_of(self));
    for (int i = 0; code == OG_OK && i < count; i++) {
        if (notes[i].kind == OG_NOTE_HOOK) {
            og_timeline_tell_hook(&self->out, &notes[i], 0);
        } else if (notes[i].kind == OG_NOTE_LOCKED) {
            struct og_timeline_step *step =
                og_timeline_put(&self->out, OG_STEP_LOCKED, notes[i].at);
            if (step) {
                step->until = notes[i].until;
            }
        }
    }
    return code == OG_OK ? tell_queued(self, tx, v->id, 0) : code;
}

static void
tell_start(struct og_timeline *out, const struct og_verification *v)
{
    struct og_timeline_step *step = og_timeline_put(out, OG_STEP_STARTED, v->created_at);
    if (step) {
        step->until = v->expires_at;
    }
    if (v->state == OG_VERIFICATION_PENDING) {
        out->waits.reason = "check";
        out->waits.until = v->expires_at;
    }
}

static void
tell_end(struct og_timeline *out, const struct og_verification *v)
{
    static const enum og_step_what ends[OG_VERIFICATION_STATE_COUNT] = {
        [OG_VERIFICATION_APPROVED] = OG_STEP_APPROVED,
        [OG_VERIFICATION_FAILED] = OG_STEP_REFUSED,
        [OG_VERIFICATION_EXPIRED] = OG_STEP_OUT_OF_TIME,
        [OG_VERIFICATION_CANCELED] = OG_STEP_CALLED_OFF,
    };
    if (v->state != OG_VERIFICATION_PENDING) {
        out->final_at = v->closed_at ? v->closed_at : v->expires_at;
        og_timeline_put(out, ends[v->state], out->final_at);
    }
}

static enum og_code
verification(struct og_timeline_op *self, struct og_tx *tx)
{
    struct og_timeline *out = &self->out;
    struct og_verification v;
    enum og_code code = og_verification_find(tx->db, NULL, out->account_id, self->id, self->mem,
                                             &v, err_of(self));
    if (code != OG_OK) {
        return code;
    }
    v.state = og_verification_state_at(&v, tx->now_ms);
    out->is_verification = true;
    out->id = v.id;
    out->state = og_verification_state_name(v.state);
    out->class = "otp";
    out->limit_at = v.expires_at;
    tell_start(out, &v);
    code = tell_sends(self, tx, &v);
    if (code == OG_OK) {
        code = tell_checks(self, tx, &v);
    }
    tell_end(out, &v);
    return code == OG_OK ? tell_notes(self, tx, &v) : code;
}

/* ---- names of phones ---- */

static enum og_code
name_of(struct og_timeline_op *self, struct og_tx *tx, struct og_str id, struct og_str *out)
{
    for (size_t i = 0; i < self->out.count; i++) {
        const struct og_timeline_step *step = &self->out.steps[i];
        if (step->device_name.len && og_str_eq(step->device_id, id)) {
            *out = step->device_name;
            return OG_OK;
        }
    }
    return id.len ? og_device_name(tx->db, self->out.account_id, id, self->mem, out, err_of(self))
                  : OG_OK;
}

static enum og_code
name_phones(struct og_timeline_op *self, struct og_tx *tx)
{
    enum og_code code = OG_OK;
    for (size_t i = 0; code == OG_OK && i < self->out.count; i++) {
        struct og_timeline_step *step = &self->out.steps[i];
        code = name_of(self, tx, step->device_id, &step->device_name);
        if (code == OG_OK) {
            code = name_of(self, tx, step->from_id, &step->from_name);
        }
    }
    return code == OG_OK ? name_of(self, tx, self->out.waits.device_id,
                                   &self->out.waits.device_name)
                         : code;
}

/* ---- the operation ---- */

static enum og_code
find_in(struct og_timeline_op *self, struct og_tx *tx, struct og_str account_id)
{
    enum og_code code = OG_E_NOT_FOUND;
    self->out.account_id = account_id;
    if (!self->no_messages) {
        code = message(self, tx);
    }
    return code == OG_E_NOT_FOUND && !self->no_verifications ? verification(self, tx) : code;
}

static enum og_code
find_anywhere(struct og_timeline_op *self, struct og_tx *tx)
{
    struct og_account *accounts;
    int count = 0;
    enum og_code code =
        og_account_list(tx->db, OG_STR(""), self->mem, &accounts, &count, err_of(self));
    if (code != OG_OK) {
        return code;
    }
    code = OG_E_NOT_FOUND;
    for (int i = 0; code == OG_E_NOT_FOUND && i < count; i++) {
        code = find_in(self, tx, accounts[i].id);
    }
    return code;
}

static enum og_code
find(struct og_timeline_op *self, struct og_tx *tx)
{
    struct og_account account;
    if (self->no_messages || self->no_verifications) {
        return find_in(self, tx, self->account_id);
    }
    if (self->account_id.len == 0) {
        return find_anywhere(self, tx);
    }
    const enum og_code code =
        og_account_find(tx->db, self->account_id, self->mem, &account, err_of(self));
    return code == OG_OK ? find_in(self, tx, account.id) : code;
}

enum og_code
og_timeline_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_timeline_op *self = (struct og_timeline_op *)op;
    struct og_timeline *out = &self->out;
    *out = (struct og_timeline){.state = "", .class = "", .waits = {.reason = "", .detail = ""}};
    out->steps = OG_ARENA_ARRAY(self->mem, struct og_timeline_step, OG_TIMELINE_STEPS_MAX);
    out->routes_max = og_route_table_policy(self->svc->lane.routes)->routes_max;
    enum og_code code = find(self, tx);
    if (code == OG_E_NOT_FOUND && !self->no_messages && !self->no_verifications) {
        return og_fail(err_of(self), code, "id", "no such message or verification");
    }
    if (code == OG_OK) {
        og_timeline_sort(out);
        code = name_phones(self, tx);
    }
    return code;
}
