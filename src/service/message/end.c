/*
 * How messages end without a phone's word: cancelled, expired, their phone removed.
 */
#include "live/hub.h"
#include "service/audit/tell.h"
#include "service/message/message_service.h"
#include "service/message/priv.h"
#include "service/timeline/note.h"
#include "service/webhook/webhook_service.h"

#define EXPIRE_MAX 256
#define REMOVED_MAX 1000 /* what is beyond ends by its deadline */

void
og_message_end_undeliverable(struct og_message *m, struct og_str reason, int64_t now_ms)
{
    og_message_end_open(&m->record, OG_MESSAGE_FAILED, reason, false, now_ms);
    m->reason = reason;
    m->final_at = now_ms;
    m->text = OG_STR("");
}

void
og_message_end_unsent(struct og_message *m, int64_t now_ms)
{
    og_message_end_undeliverable(m, OG_STR(OG_REASON_EXPIRED), now_ms);
}

bool
og_message_settle(const struct og_services *svc, struct og_message *m, int64_t now_ms)
{
    const int64_t kept_ms = svc->message.text_kept_ms;
    const bool is_old = kept_ms > 0 && now_ms - m->created_at >= kept_ms;
    if (!m->final_at && og_message_record_is_final(&m->record, m->want_report)) {
        m->final_at = now_ms;
    }
    return m->final_at != 0 && (m->cls == OG_CLASS_OTP || is_old);
}

/* ---- cancel ---- */

/* A phone that has it must answer first: until then recipients stay Pending. */
static void
cancel_record(struct og_message *m, bool never_handed, int64_t now_ms)
{
    if (never_handed) {
        og_message_end_open(&m->record, OG_MESSAGE_CANCELLED, OG_STR(""), false, now_ms);
        m->final_at = now_ms;
    } else {
        m->record.state = OG_MESSAGE_CANCELLING;
        m->record.times.at_ms[OG_MESSAGE_CANCELLING] = now_ms;
    }
}

static enum og_code
cancel_pending(struct og_services *svc, struct og_tx *tx, struct og_arena *mem,
               struct og_message *out, struct og_err *err)
{
    bool never_handed = out->handed_at == 0;
    enum og_message_state *before = og_webhook_before(svc, out, mem);
    cancel_record(out, never_handed, tx->now_ms);
    enum og_code code =
        og_message_save(tx->db, &svc->keys.seal, out, OG_MESSAGE_PENDING, never_handed,
                        og_message_settle(svc, out, tx->now_ms), err);
    if (code == OG_OK) {
        code = og_webhook_message_changed(svc, tx, out, before, mem, err);
    }
    if (code == OG_OK && out->record.state == OG_MESSAGE_CANCELLED) {
        code = og_webhook_message_ended(svc, tx, out, OG_WEBHOOK_MESSAGE_CANCELED, mem, err);
    }
    return code;
}

enum og_code
og_message_cancel(struct og_services *svc, struct og_tx *tx, struct og_str account_id,
                  struct og_str id, struct og_arena *mem, struct og_message *out,
                  struct og_err *err)
{
    const enum og_code code =
        og_message_find(tx->db, &svc->keys.seal, account_id, id, mem, out, err);
    if (code != OG_OK) {
        return code;
    }
    if (out->record.state != OG_MESSAGE_PENDING) {
        return og_fail(err, OG_E_CONFLICT, "id",
                       "failed to cancel message: message is not pending");
    }
    return cancel_pending(svc, tx, mem, out, err);
}

/* The queue knows of what waits; its row, of a fetch in this batch. */
enum og_code
og_message_withdraw(struct og_services *svc, struct og_tx *tx, struct og_str account_id,
                    struct og_str id, struct og_arena *mem, struct og_message *out, bool *did_out,
                    struct og_err *err)
{
    struct og_dispatch_item item;
    *did_out = false;
    if (!og_dispatch_find(svc->lane.dispatch, account_id, id, &item) ||
        item.phase != OG_DISPATCH_WAITING) {
        return OG_OK;
    }
    enum og_code code =
        og_message_find_record(tx->db, &svc->keys.seal, account_id, id, mem, out, err);
    if (code == OG_OK && out->record.state == OG_MESSAGE_PENDING && !out->handed_at) {
        code = cancel_pending(svc, tx, mem, out, err);
        *did_out = code == OG_OK;
    }
    return code == OG_E_NOT_FOUND ? OG_OK : code;
}

void
og_message_cancelled(struct og_services *svc, const struct og_message *m)
{
    if (m->final_at) {
        og_dispatch_remove(svc->lane.dispatch, m->account_id, m->id);
        return;
    }
    og_dispatch_set_cancelling(svc->lane.dispatch, m->account_id, m->id);
    og_hub_hint(svc->lane.hub, OG_HINT_CANCEL, m->device_id, og_message_public_id(m));
    /* a phone that does not know the message yet learns of it by fetching */
    og_hub_hint(svc->lane.hub, OG_HINT_MESSAGES, m->device_id, OG_STR(""));
}

enum og_code
og_cancel_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_message_one_op *self = (struct og_message_one_op *)op;
    return og_message_cancel(self->svc, tx, self->account_id, self->id, self->mem, &self->out,
                             &op->err);
}

void
og_cancel_committed(struct og_op *op, struct og_tx *tx)
{
    struct og_message_one_op *self = (struct og_message_one_op *)op;
    (void)tx;
    og_message_cancelled(self->svc, &self->out);
}

/* ---- expiry ---- */

/*
 * What is due: what was not handed fails for good. What a phone has, and nothing proves either way,
 * fails as assumed, so that a late report of Sent or Delivered is believed. What was sent and
 * has no delivery report stays Sent and is closed.
 */
static void
end_due(struct og_services *svc, struct og_message *m, int64_t now_ms)
{
    bool is_cancelling = m->record.state == OG_MESSAGE_CANCELLING;
    bool is_silent = m->record.state == OG_MESSAGE_PENDING || is_cancelling;
    int64_t give_up_at = og_message_give_up_at(svc, m);
    if (is_silent && !m->handed_at) {
        og_message_end_unsent(m, now_ms);
        return;
    }
    if (!is_silent && now_ms < give_up_at) {
        m->deadline_at = give_up_at; /* validity is over, but it went out: wait for its reports */
        return;
    }
    struct og_str reason = OG_STR(OG_REASON_NO_RESULT);
    if (is_silent && !is_cancelling) {
        reason = OG_STR(OG_REASON_EXPIRED);
    }
    if (og_message_end_open(&m->record, OG_MESSAGE_FAILED, reason, true, now_ms) > 0) {
        m->reason = reason;
    }
    m->final_at = now_ms;
}

static enum og_code
tell_of_end(struct og_expire_op *self, struct og_tx *tx, const struct og_message *m,
            const enum og_message_state *before)
{
    struct og_err *err = &self->op.err;
    enum og_code code = og_webhook_message_changed(self->svc, tx, m, before, self->mem, err);
    bool is_expired = m->final_at && og_str_eq(m->reason, OG_STR(OG_REASON_EXPIRED));
    if (code == OG_OK && is_expired) {
        code = og_webhook_message_ended(self->svc, tx, m, OG_WEBHOOK_MESSAGE_EXPIRED, self->mem,
                                        err);
    }
    return code;
}

enum og_code
og_expire_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_expire_op *self = (struct og_expire_op *)op;
    const struct og_key *seal = &self->svc->keys.seal;
    enum og_code code = og_message_due(tx->db, seal, tx->now_ms, EXPIRE_MAX, self->mem,
                                       &self->items, &self->expired_count, &op->err);
    self->has_more = self->expired_count == EXPIRE_MAX;
    for (int i = 0; code == OG_OK && i < self->expired_count; i++) {
        struct og_message *m = &self->items[i];
        enum og_message_state from = m->record.state;
        enum og_message_state *before = og_webhook_before(self->svc, m, self->mem);
        code = og_timeline_moved(self->svc, tx, m, &op->err);
        end_due(self->svc, m, tx->now_ms);
        if (m->record.state == OG_MESSAGE_FAILED && from != OG_MESSAGE_FAILED) {
            og_audit_message(self->svc, OG_AUDIT_OTP_SEND_EXPIRED, m, m->reason);
        }
        if (code == OG_OK) {
            code = og_message_save(tx->db, seal, m, from, false,
                                   og_message_settle(self->svc, m, tx->now_ms), &op->err);
        }
        if (code == OG_OK) {
            code = tell_of_end(self, tx, m, before);
        }
    }
    return code;
}

void
og_expire_committed(struct og_op *op, struct og_tx *tx)
{
    struct og_expire_op *self = (struct og_expire_op *)op;
    (void)tx;
    for (int i = 0; i < self->expired_count; i++) {
        og_dispatch_remove(self->svc->lane.dispatch, self->items[i].account_id,
                           self->items[i].id);
    }
}

/* ---- phones that are gone ---- */

enum og_code
og_message_end_of_device(struct og_services *svc, struct og_tx *tx, struct og_str device_id,
                         struct og_arena *mem, struct og_err *err)
{
    struct og_message *items;
    int count;
    enum og_code code = og_message_of_device(tx->db, &svc->keys.seal, device_id, REMOVED_MAX, mem,
                                             &items, &count, err);
    for (int i = 0; code == OG_OK && i < count; i++) {
        struct og_message *m = &items[i];
        enum og_message_state from = m->record.state;
        enum og_message_state *before = og_webhook_before(svc, m, mem);
        struct og_str reason = OG_STR("the phone was removed");
        if (og_message_end_open(&m->record, OG_MESSAGE_FAILED, reason, false, tx->now_ms) > 0) {
            m->reason = reason;
        }
        m->final_at = tx->now_ms;
        og_audit_message(svc, OG_AUDIT_OTP_SEND_FAILED, m, reason);
        code = og_message_save(tx->db, &svc->keys.seal, m, from, false,
                               og_message_settle(svc, m, tx->now_ms), err);
        if (code == OG_OK) {
            code = og_webhook_message_changed(svc, tx, m, before, mem, err);
        }
    }
    return code;
}
