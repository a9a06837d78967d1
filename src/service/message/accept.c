/*
 * Accepting a message: plan a phone, write the row, queue it after the commit, wake the phone.
 */
#include <limits.h>

#include "base/id.h"
#include "core/sms_text.h"
#include "service/abuse/abuse_service.h"
#include "service/audit/tell.h"
#include "service/device/route_service.h"
#include "service/message/message_service.h"
#include "service/message/priv.h"
#include "service/webhook/webhook_service.h"
#include "store/device_store.h"
#include "store/sandbox_store.h"

int64_t
og_message_give_up_at(const struct og_services *svc, const struct og_message *m)
{
    return (m->schedule_at ? m->schedule_at : m->created_at) + svc->message.max_age_ms;
}

/* Applications that give no validity get the configured maximum, which is also how long we wait for
 * reports. */
static int64_t
deadline_of(const struct og_services *svc, const struct og_message *m)
{
    int64_t limit_ms = og_message_give_up_at(svc, m);
    return m->valid_until && m->valid_until < limit_ms ? m->valid_until : limit_ms;
}

/* Is the phone that was named there, and active? Its row knows of a removal in this batch. */
static enum og_code
find_named(struct og_services *svc, struct og_tx *tx, const struct og_message_ask *ask,
           int64_t since_ms, struct og_arena *mem, struct og_err *err)
{
    struct og_dispatch_device device;
    struct og_device row;
    bool is_active = og_dispatch_device_find(svc->lane.dispatch, ask->account_id, ask->device_id,
                                             &device) &&
                     (device.is_connected || device.last_seen_ms >= since_ms);
    return is_active
               ? og_device_find(tx->db, ask->account_id, ask->device_id, mem, &row, err)
               : OG_E_NOT_FOUND;
}

/* Without the router: any phone that is there, the one with the fewest messages first. */
static enum og_code
plan_simply(struct og_services *svc, const struct og_message *m, int64_t since_ms,
            struct og_arena *mem, struct og_str *out)
{
    const bool is_found = og_dispatch_choose(svc->lane.dispatch, m->account_id, since_ms,
                                             OG_STR(""), out);
    *out = is_found ? og_str_dup(mem, *out) : OG_STR("");
    return is_found ? OG_OK : OG_E_NOT_FOUND;
}

/* Why no phone will do now. */
static struct og_str
why_undeliverable(const struct og_route_plan *plan)
{
    return plan->best_delay_ms < INT64_MAX ? OG_STR(OG_REASON_TOO_SLOW)
                                           : OG_STR(OG_REASON_NO_ROUTE);
}

/* The best phone. None will do at the moment: a code fails at once, so that its application can
 * offer another way; anything else waits for one. No phone at all: OG_E_NOT_FOUND. */
static enum og_code
plan_smartly(struct og_services *svc, struct og_tx *tx, struct og_message *m, int64_t since_ms,
             struct og_arena *mem)
{
    struct og_route_job job = og_route_job_of(svc, m, tx->now_ms);
    struct og_route_plan plan;
    job.seen_since_ms = since_ms;
    og_route_choose(svc, &job, tx->now_ms, mem, &plan, &m->device_id);
    if (m->device_id.len) {
        return OG_OK;
    }
    bool is_any_seen = false;
    for (size_t i = 0; i < plan.count; i++) {
        is_any_seen |= plan.answers[i].verdict != OG_ROUTE_UNSEEN;
    }
    if (!is_any_seen) {
        return OG_E_NOT_FOUND;
    }
    if (m->cls == OG_CLASS_OTP && m->deadline_at > tx->now_ms) {
        og_message_end_undeliverable(m, why_undeliverable(&plan), tx->now_ms);
    }
    return OG_OK;
}

/* The phone that the client named, which is then binding unless its account says otherwise, or
 * the best one. */
static enum og_code
plan_device(struct og_services *svc, struct og_tx *tx, const struct og_message_ask *ask,
            struct og_message *m, struct og_arena *mem, struct og_err *err)
{
    const int64_t since_ms =
        ask->active_within_ms ? tx->now_ms - ask->active_within_ms : INT64_MIN;
    enum og_code code;
    if (m->bound) {
        m->device_id = ask->device_id;
        code = find_named(svc, tx, ask, since_ms, mem, err);
    } else if (og_route_table_policy(svc->lane.routes)->is_smart) {
        code = plan_smartly(svc, tx, m, since_ms, mem);
    } else {
        code = plan_simply(svc, m, since_ms, mem, &m->device_id);
    }
    return code == OG_E_NOT_FOUND
               ? og_fail(err, OG_E_INVALID, "deviceId",
                         "failed to select device: record not found")
               : code;
}

/* In parts, as the phone will send them; cipher text says nothing of its length in plain. */
static int64_t
count_parts(const struct og_message_ask *ask)
{
    struct og_sms_size size;
    const bool is_text = !ask->data_port && !ask->is_encrypted;
    const int64_t parts = is_text && og_sms_measure(ask->text, &size) ? (int64_t)size.segments : 1;
    return parts * (int64_t)ask->numbers.count;
}

static enum og_message_class
class_of(const struct og_message_ask *ask)
{
    if (ask->is_otp) {
        return OG_CLASS_OTP;
    }
    return ask->is_bulk ? OG_CLASS_BULK : OG_CLASS_NORMAL;
}

/* Does the account take clients' choice of a phone for a wish? */
static bool
may_rebind(const struct og_services *svc, struct og_str account_id)
{
    const struct og_route_rules *rules = og_route_table_rules(svc->lane.routes, account_id);
    return rules && rules->may_rebind;
}

static struct og_message_recipient *
pending_recipients(const struct og_message_ask *ask, struct og_arena *mem)
{
    struct og_message_recipient *items =
        OG_ARENA_ARRAY(mem, struct og_message_recipient, ask->numbers.count);
    for (size_t i = 0; i < ask->numbers.count; i++) {
        items[i].number = ask->numbers.items[i];
        items[i].state = OG_MESSAGE_PENDING;
    }
    return items;
}

/* Delivered at once, without a phone; each recipient's copy stands in the inbox. */
static enum og_code
deliver_to_sandbox(struct og_services *svc, struct og_tx *tx, struct og_message *out,
                   struct og_err *err)
{
    enum og_code code = OG_OK;
    out->device_id = OG_STR("sandbox");
    out->held = false;
    out->final_at = tx->now_ms;
    out->record.state = OG_MESSAGE_DELIVERED;
    out->record.times.at_ms[OG_MESSAGE_SENT] = tx->now_ms;
    out->record.times.at_ms[OG_MESSAGE_DELIVERED] = tx->now_ms;
    for (size_t i = 0; code == OG_OK && i < out->record.recipient_count; i++) {
        char id[OG_ID_BYTES];
        og_id_make(tx->now_ms, id);
        const struct og_sandbox_message copy = {
            .id = og_str_from(id),
            .verification_id = out->verification_id,
            .recipient = out->record.recipients[i].number,
            .text = out->text,
            .at = tx->now_ms,
        };
        out->record.recipients[i].state = OG_MESSAGE_DELIVERED;
        code = og_sandbox_insert(tx->db, &svc->keys.seal, out->account_id, &copy, err);
    }
    return code;
}

enum og_code
og_message_accept(struct og_services *svc, struct og_tx *tx, const struct og_message_ask *ask,
                  struct og_arena *mem, struct og_message *out, struct og_err *err)
{
    char id[OG_ID_BYTES];
    og_id_make(tx->now_ms, id);
    *out = (struct og_message){
        .id = og_str_dup(mem, og_str_from(id)),
        .client_id = ask->client_id,
        .account_id = ask->account_id,
        .text = ask->text,
        .verification_id = ask->verification_id,
        .batch_id = ask->batch_id,
        .record = {.state = OG_MESSAGE_PENDING,
                   .recipients = pending_recipients(ask, mem),
                   .recipient_count = ask->numbers.count},
        .cls = class_of(ask),
        .tag = ask->tag,
        .parts = count_parts(ask),
        .priority = ask->priority,
        .sim_number = ask->sim_number,
        .bound = ask->device_id.len > 0 && !may_rebind(svc, ask->account_id),
        .want_report = ask->want_report,
        .encrypted = ask->is_encrypted,
        .created_at = tx->now_ms,
        .valid_until = ask->valid_until_ms,
        .schedule_at = ask->schedule_at_ms,
        .held = ask->schedule_at_ms > tx->now_ms,
        .data_port = ask->data_port,
    };
    out->deadline_at = deadline_of(svc, out);
    out->record.times.at_ms[OG_MESSAGE_PENDING] = tx->now_ms;
    enum og_code code = ask->is_sandbox
                            ? deliver_to_sandbox(svc, tx, out, err)
                            : plan_device(svc, tx, ask, out, mem, err);
    if (code == OG_OK && !ask->is_otp && !ask->is_sandbox && out->device_id.len) {
        code = og_message_queue_check(svc, tx, out, mem, err);
    }
    if (code != OG_OK) {
        return code;
    }
    if (ask->is_sandbox && ask->is_otp) {
        out->text = OG_STR(""); /* final: its text is erased, but for the inbox */
    }
    if (!out->final_at && out->deadline_at <= tx->now_ms) {
        og_message_end_unsent(out, tx->now_ms);
    }
    og_audit_message(svc, OG_AUDIT_OTP_SEND_QUEUED, out, OG_STR(""));
    code = og_message_insert(tx->db, &svc->keys.seal, out, err);
    const bool is_undeliverable = out->record.state == OG_MESSAGE_FAILED && ask->is_otp &&
                                  !og_str_eq(out->reason, OG_STR(OG_REASON_EXPIRED));
    return code == OG_OK && is_undeliverable
               ? og_webhook_otp_undeliverable(svc, tx, out, mem, err)
               : code;
}

/* A code that no phone fetches, and whatever a phone has, is looked after. */
static enum og_dispatch_phase
phase_of(const struct og_message *m)
{
    if (!m->handed_at) {
        return OG_DISPATCH_WAITING;
    }
    return m->record.state == OG_MESSAGE_PROCESSED ? OG_DISPATCH_TAKEN : OG_DISPATCH_HANDED;
}

struct og_dispatch_item
og_message_as_item(const struct og_message *m)
{
    static const enum og_dispatch_class classes[] = {
        [OG_CLASS_NORMAL] = OG_DISPATCH_NORMAL,
        [OG_CLASS_OTP] = OG_DISPATCH_OTP,
        [OG_CLASS_BULK] = OG_DISPATCH_BULK,
    };
    return (struct og_dispatch_item){
        .account = m->account_id,
        .id = m->id,
        .device = m->device_id,
        .class = classes[m->cls],
        .priority = (int)m->priority,
        .created_at_ms = m->schedule_at ? m->schedule_at : m->created_at,
        .deadline_ms = m->deadline_at,
        .parts = (int)m->parts,
        .sim = (int)m->sim_number,
        .routes = (int)m->routes,
        .phase = phase_of(m),
        .is_bound = m->bound,
        .is_cancelling = m->record.state == OG_MESSAGE_CANCELLING,
    };
}

void
og_message_accepted(struct og_services *svc, const struct og_message *m, int64_t now_ms)
{
    if (m->final_at || m->held) {
        return;
    }
    struct og_dispatch_item item = og_message_as_item(m);
    struct og_err err;
    item.attend_at_ms = og_message_attend_at(svc, m, now_ms);
    if (og_dispatch_add(svc->lane.dispatch, &item, &err) == OG_E_NOT_FOUND) {
        /* its phone was removed in the same batch: any other will do */
        item.device = OG_STR("");
        enum og_code code = og_dispatch_add(svc->lane.dispatch, &item, &err);
        (void)code; /* an id of ours cannot be there twice */
    }
    og_route_wake(svc, item.account, item.device, now_ms);
}

/* A client's id that is taken already refuses the first row, unless the sandbox has got one before;
 * a SIM's budget is asked for when the message is there. */
bool
og_send_decides_first(const struct og_op *op)
{
    const struct og_send_op *self = (const struct og_send_op *)op;
    return !(self->ask.is_sandbox && self->ask.client_id.len) && !og_abuse_judges_sims(self->svc);
}

enum og_code
og_send_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_send_op *self = (struct og_send_op *)op;
    enum og_code code = og_abuse_admit_message(self, tx);
    if (code == OG_OK) {
        code = og_message_accept(self->svc, tx, &self->ask, self->mem, &self->out, &op->err);
    }
    return code == OG_OK ? og_abuse_sent_message(self, tx) : code;
}

void
og_send_committed(struct og_op *op, struct og_tx *tx)
{
    struct og_send_op *self = (struct og_send_op *)op;
    og_abuse_keep(self->svc, &self->ticket);
    og_message_accepted(self->svc, &self->out, tx->now_ms);
}
