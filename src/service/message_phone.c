/*
 * What phones do with messages: fetch them and report on them.
 */
#include "base/log.h"
#include "base/metrics.h"
#include "live/hub.h"
#include "service/audit_tell.h"
#include "service/message_priv.h"
#include "service/message_service.h"
#include "service/webhook_service.h"
#include "store/device_store.h"

#define PULL_MAX 100 /* what the phone app takes at once */

static struct og_metric metrics[] = {
    {"otpgate_reports_total", "result=\"changed\"", "State reports of phones by what they did"},
    {"otpgate_reports_total", "result=\"repeated\"", ""},
    {"otpgate_reports_total", "result=\"impossible\"", ""},
    {"otpgate_reports_total", "result=\"unknown\"", ""},
    {"otpgate_messages_handed_total", "", "Messages that a phone fetched for the first time"},
    {"otpgate_queue_messages", "phase=\"waiting\"", "Open messages by how far they are",
     OG_METRIC_GAUGE},
    {"otpgate_queue_messages", "phase=\"handed\"", "", OG_METRIC_GAUGE},
    {"otpgate_queue_messages", "phase=\"taken\"", "", OG_METRIC_GAUGE},
    {"otpgate_devices", "state=\"connected\"", "Phones by whether they listen", OG_METRIC_GAUGE},
    {"otpgate_devices", "state=\"away\"", "", OG_METRIC_GAUGE},
};
enum { CHANGED, REPEATED, IMPOSSIBLE, UNKNOWN, HANDED, QUEUE_WAITING, QUEUE_HANDED, QUEUE_TAKEN,
       DEVICES_CONNECTED, DEVICES_AWAY };

void
og_message_phone_metrics(void)
{
    og_metrics_register(metrics, sizeof metrics / sizeof metrics[0]);
}

void
og_message_measure(const struct og_services *svc)
{
    const struct og_dispatch_totals now = og_dispatch_totals(svc->lane.dispatch);
    og_metric_set(&metrics[QUEUE_WAITING], (int64_t)now.waiting);
    og_metric_set(&metrics[QUEUE_HANDED], (int64_t)now.handed);
    og_metric_set(&metrics[QUEUE_TAKEN], (int64_t)now.taken);
    og_metric_set(&metrics[DEVICES_CONNECTED], (int64_t)now.connected);
    og_metric_set(&metrics[DEVICES_AWAY], (int64_t)(now.devices - now.connected));
}

/* ---- pull ---- */

/* The gate may have let it in just before it was removed; then it gets nothing any more. */
static enum og_code
note_seen(struct og_pull_op *self, struct og_tx *tx)
{
    enum og_code code = og_device_seen(tx->db, self->device_id, tx->now_ms, &self->op.err);
    return code == OG_E_NOT_FOUND
               ? og_fail(&self->op.err, OG_E_UNAUTHORIZED, "", "the phone was removed")
               : code;
}

enum og_code
og_pull_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_pull_op *self = (struct og_pull_op *)op;
    struct og_dispatch_item listed[PULL_MAX];
    size_t count = og_dispatch_list(self->svc->lane.dispatch, self->account_id, self->device_id,
                                    tx->now_ms, self->lifo, listed, PULL_MAX);
    enum og_code code = note_seen(self, tx);
    if (code != OG_OK) {
        return code;
    }
    self->items = OG_ARENA_ARRAY(self->mem, struct og_message, count);
    self->newly_handed = OG_ARENA_ARRAY(self->mem, bool, count);
    for (size_t i = 0; i < count; i++) {
        code = og_message_hand(
            tx->db, &self->svc->keys.seal, self->account_id, listed[i].id, self->device_id,
            tx->now_ms, self->mem, &self->items[self->count], &self->newly_handed[self->count],
            &op->err);
        if (code == OG_OK) {
            if (self->newly_handed[self->count]) {
                og_audit_message(self->svc, OG_AUDIT_OTP_SEND_HANDED, &self->items[self->count],
                                 OG_STR(""));
            }
            self->count++;
        } else if (code != OG_E_NOT_FOUND) { /* it moved on in this very batch */
            return code;
        }
    }
    return OG_OK;
}

static void
mark_handed(struct og_dispatch *queue, const struct og_message *m)
{
    struct og_dispatch_item item;
    struct og_err err;
    if (og_dispatch_find(queue, m->account_id, m->id, &item) &&
        !og_str_eq(item.device, m->device_id) &&
        og_dispatch_remove(queue, m->account_id, m->id)) {
        /* it was given to another phone in this very batch, but this one has it */
        item = og_message_as_item(m);
        enum og_code code = og_dispatch_add(queue, &item, &err);
        (void)code; /* there is nothing in the way of it */
    }
    og_dispatch_set_phase(queue, m->account_id, m->id, OG_DISPATCH_HANDED);
}

void
og_pull_committed(struct og_op *op, struct og_tx *tx)
{
    struct og_pull_op *self = (struct og_pull_op *)op;
    struct og_dispatch *queue = self->svc->lane.dispatch;
    og_dispatch_device_seen(queue, self->account_id, self->device_id, tx->now_ms);
    int64_t first_count = 0;
    for (int i = 0; i < self->count; i++) {
        first_count += self->newly_handed[i];
        mark_handed(queue, &self->items[i]);
    }
    og_metric_add(&metrics[HANDED], first_count);
    /* a full answer without anything new: what it must report first is in the way, so no hurry */
    bool is_stuck = self->count == PULL_MAX && first_count == 0;
    if (!is_stuck) {
        og_hub_hint(self->svc->lane.hub, OG_HINT_PULLED, self->device_id, OG_STR(""));
    }
    struct og_dispatch_device device;
    if (og_dispatch_device_find(queue, self->account_id, self->device_id, &device) &&
        device.waiting > 0) {
        /* more than fits, or accepted in this batch, which the listing could not know */
        og_hub_hint(self->svc->lane.hub, OG_HINT_MESSAGES, self->device_id, OG_STR(""));
    }
}

/* ---- reports ---- */

/* What one report did, for after the commit. */
struct og_report_effect {
    struct og_str message_id; /* ours; "" when it is none that the phone has */
    enum og_message_state state; /* as it is now */
};

/* A report may come from the phone that has the message, or from none other. */
static bool
is_senders(const struct og_report_op *self, const struct og_message *m)
{
    return m->handed_at && og_str_eq(m->device_id, self->device_id);
}

static void
count_merge(const struct og_message_merge *merge)
{
    og_metric_add(&metrics[CHANGED], (int64_t)merge->changed_count);
    og_metric_add(&metrics[REPEATED], (int64_t)merge->repeated_count);
    og_metric_add(&metrics[IMPOSSIBLE], (int64_t)merge->impossible_count);
    og_metric_add(&metrics[UNKNOWN], (int64_t)merge->unknown_count);
}

static struct og_str
first_error(const struct og_message *m)
{
    for (size_t i = 0; i < m->record.recipient_count; i++) {
        if (m->record.recipients[i].error.len) {
            return m->record.recipients[i].error;
        }
    }
    return OG_STR("");
}

static enum og_code
apply_report(struct og_report_op *self, struct og_tx *tx, const struct og_report *report,
             struct og_report_effect *effect)
{
    const struct og_key *seal = &self->svc->keys.seal;
    struct og_message m;
    enum og_code code = og_message_find_record(tx->db, seal, self->account_id, report->id,
                                               self->mem, &m, &self->op.err);
    if (code == OG_E_NOT_FOUND || (code == OG_OK && !is_senders(self, &m))) {
        og_metric_add(&metrics[UNKNOWN], 1);
        return OG_OK;
    }
    if (code != OG_OK) {
        return code;
    }
    enum og_message_state *before = og_webhook_before(self->svc, &m, self->mem);
    struct og_message_merge merge;
    m.record.is_encrypted = m.encrypted;
    og_message_merge(&m.record, &report->report, tx->now_ms, &merge);
    count_merge(&merge);
    effect->message_id = m.id;
    effect->state = m.record.state;
    if (!merge.changed_count && !merge.times_changed && !merge.state_changed) {
        return OG_OK;
    }
    if (merge.failure_withdrawn) {
        m.final_at = 0; /* we had given up on it too early */
    }
    m.reason = first_error(&m);
    if (merge.state_changed) {
        og_audit_message_state(self->svc, &m);
    }
    bool is_out = merge.state_changed && m.record.state != OG_MESSAGE_CANCELLING;
    int64_t give_up_at = og_message_give_up_at(self->svc, &m);
    if (is_out && m.deadline_at < give_up_at) {
        m.deadline_at = give_up_at; /* validity matters no more: wait for what else is reported */
    }
    bool erase = og_message_settle(self->svc, &m, tx->now_ms);
    code = og_message_save(tx->db, seal, &m, merge.old_state, false, erase, &self->op.err);
    if (code == OG_OK) {
        code = og_webhook_message_changed(self->svc, tx, &m, before, self->mem, &self->op.err);
    }
    if (code == OG_OK && merge.state_changed && m.record.state == OG_MESSAGE_CANCELLED) {
        code = og_webhook_message_ended(self->svc, tx, &m, OG_WEBHOOK_MESSAGE_CANCELED, self->mem,
                                        &self->op.err);
    }
    return code;
}

enum og_code
og_report_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_report_op *self = (struct og_report_op *)op;
    self->effects = OG_ARENA_ARRAY(self->mem, struct og_report_effect, (size_t)self->count + 1);
    for (int i = 0; i < self->count; i++) {
        enum og_code code = apply_report(self, tx, &self->items[i], &self->effects[i]);
        if (code != OG_OK) {
            return code;
        }
    }
    return OG_OK;
}

/* Until a phone has answered a cancel it is told of it again. True: the message left. */
static bool
update_queue(struct og_dispatch *queue, struct og_str account_id,
             const struct og_report_effect *effect)
{
    switch (effect->state) {
    case OG_MESSAGE_PENDING:
        return false;
    case OG_MESSAGE_CANCELLING:
        og_dispatch_set_cancelling(queue, account_id, effect->message_id);
        return false;
    default:
        return og_dispatch_remove(queue, account_id, effect->message_id);
    }
}

void
og_report_committed(struct og_op *op, struct og_tx *tx)
{
    struct og_report_op *self = (struct og_report_op *)op;
    struct og_dispatch *queue = self->svc->lane.dispatch;
    og_dispatch_device_seen(queue, self->account_id, self->device_id, tx->now_ms);
    bool is_freed = false;
    for (int i = 0; i < self->count; i++) {
        is_freed |= update_queue(queue, self->account_id, &self->effects[i]);
    }
    /* More than one fetch can hold is waiting: tell the phone as room appears. */
    struct og_dispatch_device device;
    if (is_freed &&
        og_dispatch_device_find(queue, self->account_id, self->device_id, &device) &&
        device.waiting > 0) {
        og_hub_hint(self->svc->lane.hub, OG_HINT_MESSAGES, self->device_id, OG_STR(""));
    }
}

/* ---- start ---- */

struct load {
    struct og_services *svc;
    struct og_err *err;
};

static void
load_one(void *ctx, const struct og_message *m)
{
    struct load *load = ctx;
    struct og_dispatch_item item = og_message_as_item(m);
    if (og_dispatch_add(load->svc->lane.dispatch, &item, load->err) == OG_E_NOT_FOUND) {
        item.device = OG_STR("");
        if (og_dispatch_add(load->svc->lane.dispatch, &item, load->err) != OG_OK) {
            og_log_warn("service", "an open message could not be queued", "reason=%s",
                        og_log_quote(og_str_from(load->err->text)));
        }
    }
}

enum og_code
og_message_load(struct og_services *svc, struct og_db *db, struct og_err *err)
{
    struct load load = {svc, err};
    return og_message_each_open(db, load_one, &load, err);
}
