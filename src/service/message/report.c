/*
 * Phones report on messages. A definite failure is another phone's chance; a late word of a phone
 * that had the message before is believed when it says that it went out.
 */
#include <stdio.h>

#include "live/hub.h"
#include "route/failover.h"
#include "service/audit/tell.h"
#include "service/device/route_service.h"
#include "service/message/message_service.h"
#include "service/message/priv.h"
#include "service/timeline/note.h"
#include "service/webhook/webhook_service.h"
#include "store/device_store.h"
#include "store/route_store.h"

/* What one report did, for after the commit. */
struct og_report_effect {
    struct og_message m;      /* as it is now; no id when it is none that the phone has */
    struct og_str device_id;  /* that has it, or is to have it next */
    struct og_str former_id;  /* a phone that must drop it; "" : none */
    bool has_answered;        /* the first word of the phone on it */
    bool is_sent, is_failed, is_delivered, is_undelivered;
    bool is_rerouted;         /* it goes to another phone */
    bool is_claimed;          /* it is this phone's again */
    int64_t phone_ms;         /* the phone's time of the newest state; 0: not told */
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
    og_metric_add(&og_message_metrics[OG_MESSAGE_M_CHANGED], (int64_t)merge->changed_count);
    og_metric_add(&og_message_metrics[OG_MESSAGE_M_REPEATED], (int64_t)merge->repeated_count);
    og_metric_add(&og_message_metrics[OG_MESSAGE_M_IMPOSSIBLE], (int64_t)merge->impossible_count);
    og_metric_add(&og_message_metrics[OG_MESSAGE_M_UNKNOWN], (int64_t)merge->unknown_count);
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

/* The newest moment that the phone tells. */
static int64_t
newest_time(const struct og_message_report *report)
{
    int64_t newest = 0;
    for (int i = 0; i < OG_MESSAGE_STATE_COUNT; i++) {
        newest = report->times.at_ms[i] > newest ? report->times.at_ms[i] : newest;
    }
    return newest;
}

/* What the report says of the phone. */
static void
note_effect(struct og_report_effect *effect, const struct og_message *m,
            const struct og_message_report *report, enum og_message_state before)
{
    const enum og_message_state now = m->record.state;
    const bool was_out = before == OG_MESSAGE_SENT || before == OG_MESSAGE_DELIVERED;
    const bool is_out = now == OG_MESSAGE_SENT || now == OG_MESSAGE_DELIVERED;
    effect->has_answered = before == OG_MESSAGE_PENDING && now != OG_MESSAGE_PENDING;
    effect->is_sent = is_out && !was_out;
    effect->is_delivered = now == OG_MESSAGE_DELIVERED && before != now;
    effect->is_undelivered = now == OG_MESSAGE_FAILED && was_out;
    effect->is_failed = now == OG_MESSAGE_FAILED && before != now && !was_out &&
                        og_failure_of(first_error(m)) == OG_FAILURE_ROUTE;
    effect->phone_ms = newest_time(report);
}

/* ---- another phone's chance ---- */

/* Phones that had it, this one too. */
static enum og_code
list_tried(struct og_report_op *self, struct og_tx *tx, const struct og_message *m,
           struct og_str_list *out)
{
    struct og_former_route *former = NULL;
    int count = 0;
    enum og_code code = OG_OK;
    if (m->routes > 0) {
        code = og_former_route_list(tx->db, m->account_id, m->id, (int)m->routes, self->mem,
                                    &former, &count, &self->op.err);
    }
    struct og_str *tried = OG_ARENA_ARRAY(self->mem, struct og_str, (size_t)count + 1);
    for (int i = 0; i < count; i++) {
        tried[i] = former[i].device_id;
    }
    tried[count] = m->device_id;
    *out = (struct og_str_list){tried, (size_t)count + 1};
    return code;
}

/* Should it go elsewhere? *device "" : no. */
static enum og_code
choose_next(struct og_report_op *self, struct og_tx *tx, const struct og_message *m,
            enum og_message_state before, struct og_str *device)
{
    const struct og_route_policy *policy = og_route_table_policy(self->svc->lane.routes);
    struct og_route_job job = og_route_job_of(self->svc, m, tx->now_ms);
    struct og_route_plan plan;
    *device = OG_STR("");
    const enum og_code code = list_tried(self, tx, m, &job.tried);
    if (code != OG_OK || !policy->is_smart) {
        return code;
    }
    og_route_choose(self->svc, &job, tx->now_ms, self->mem, &plan, device);
    const struct og_failover_facts facts = {
        .event = OG_FAILOVER_FAILED,
        .failure = og_failure_of(first_error(m)),
        .is_otp = m->cls == OG_CLASS_OTP,
        .is_bound = m->bound,
        .is_on_its_way = before == OG_MESSAGE_SENT || before == OG_MESSAGE_DELIVERED,
        .routes = (int)m->routes + 1,
        .routes_max = (int)policy->routes_max,
        .left_ms = job.left_ms,
        .needed_ms = device->len ? policy->transit_ms : INT64_MAX,
    };
    if (og_failover_decide(&facts) != OG_FAILOVER_RETRY) {
        *device = OG_STR("");
    }
    return OG_OK;
}

/* The phone says for good that it could not send it. *done_out: it goes to another one. */
static enum og_code
try_elsewhere(struct og_report_op *self, struct og_tx *tx, struct og_message *m,
              enum og_message_state before, struct og_report_effect *effect, bool *done_out)
{
    *done_out = false;
    const bool is_sound = before == OG_MESSAGE_PENDING || before == OG_MESSAGE_PROCESSED;
    if (m->record.state != OG_MESSAGE_FAILED || !is_sound) {
        return OG_OK;
    }
    bool is_wanted;
    enum og_code code = og_message_is_wanted(tx, m, self->mem, &is_wanted, &self->op.err);
    if (code == OG_OK && is_wanted) {
        code = choose_next(self, tx, m, before, &effect->device_id);
    }
    if (code != OG_OK || effect->device_id.len == 0) {
        return code;
    }
    const struct og_former_route former = {
        .device_id = m->device_id,
        .sim = m->route_sim,
        .handed_at = m->handed_at,
        .ended_at = tx->now_ms,
        .outcome = OG_ROUTE_FAILED,
        .reason = first_error(m),
        .hinted_at = m->hinted_at,
        .processed_at = m->record.times.at_ms[OG_MESSAGE_PROCESSED],
    };
    code = og_former_route_insert(tx->db, m->account_id, m->id, m->routes + 1, &former,
                                  &self->op.err);
    if (code == OG_OK) {
        code = og_message_reroute(tx->db, &self->svc->keys.seal, m, before, effect->device_id,
                                  false, &self->op.err);
        og_audit_message(self->svc, OG_AUDIT_OTP_FALLBACK, m, former.reason);
    }
    effect->is_rerouted = *done_out = true;
    return code;
}

/* ---- a late word ---- */

/* Did this phone have it before? */
static enum og_code
was_senders(struct og_report_op *self, struct og_tx *tx, const struct og_message *m,
            int64_t *handed_at)
{
    struct og_former_route *former;
    int count = 0;
    *handed_at = 0;
    if (m->routes == 0) {
        return OG_OK;
    }
    const enum og_code code = og_former_route_list(tx->db, m->account_id, m->id, (int)m->routes,
                                                   self->mem, &former, &count, &self->op.err);
    for (int i = 0; code == OG_OK && i < count; i++) {
        if (og_str_eq(former[i].device_id, self->device_id)) {
            *handed_at = former[i].handed_at;
        }
    }
    return code;
}

static bool
says_sent(const struct og_message_report *report)
{
    bool is_sent = report->recipient_count > 0;
    for (size_t i = 0; i < report->recipient_count; i++) {
        is_sent &= report->recipients[i].state == OG_MESSAGE_SENT ||
                   report->recipients[i].state == OG_MESSAGE_DELIVERED;
    }
    return is_sent || (report->recipient_count == 0 && (report->state == OG_MESSAGE_SENT ||
                                                        report->state == OG_MESSAGE_DELIVERED));
}

/* A report counts when the phone has the message, or had it and says that it went out: then it is
 * that phone's again. */
static enum og_code
claim(struct og_report_op *self, struct og_tx *tx, const struct og_report *report,
      struct og_message *m, struct og_report_effect *effect, bool *counts)
{
    int64_t handed_at = 0;
    *counts = is_senders(self, m);
    if (*counts || m->routes == 0 || m->final_at || !says_sent(&report->report)) {
        return OG_OK;
    }
    enum og_code code = was_senders(self, tx, m, &handed_at);
    if (code == OG_OK && handed_at) {
        effect->former_id = m->device_id;
        effect->is_claimed = *counts = true;
        code = og_timeline_claimed(tx, m, self->device_id, &self->op.err);
        m->device_id = self->device_id;
        m->handed_at = m->handed_at ? m->handed_at : handed_at;
    }
    if (code == OG_OK && *counts) {
        code = og_message_claim(tx->db, m, &self->op.err);
    }
    return code;
}

/* ---- one report ---- */

static enum og_code
save_report(struct og_report_op *self, struct og_tx *tx, struct og_message *m,
            const struct og_message_merge *merge, const enum og_message_state *before)
{
    m->reason = first_error(m);
    if (merge->state_changed) {
        og_audit_message_state(self->svc, m);
    }
    bool is_out = merge->state_changed && m->record.state != OG_MESSAGE_CANCELLING;
    int64_t give_up_at = og_message_give_up_at(self->svc, m);
    if (is_out && m->deadline_at < give_up_at) {
        m->deadline_at = give_up_at; /* validity matters no more: wait for what else is reported */
    }
    bool erase = og_message_settle(self->svc, m, tx->now_ms);
    enum og_code code = og_message_save(tx->db, &self->svc->keys.seal, m, merge->old_state, false,
                                        erase, &self->op.err);
    if (code == OG_OK) {
        code = og_webhook_message_changed(self->svc, tx, m, before, self->mem, &self->op.err);
    }
    if (code == OG_OK && merge->state_changed && m->record.state == OG_MESSAGE_CANCELLED) {
        code = og_webhook_message_ended(self->svc, tx, m, OG_WEBHOOK_MESSAGE_CANCELED, self->mem,
                                        &self->op.err);
    }
    return code;
}

static enum og_code
merge_report(struct og_report_op *self, struct og_tx *tx, const struct og_report *report,
             struct og_message *m, struct og_report_effect *effect)
{
    struct og_message_merge merge;
    const int64_t failed_at = m->record.times.at_ms[OG_MESSAGE_FAILED];
    enum og_message_state *before = og_webhook_before(self->svc, m, self->mem);
    m->record.is_encrypted = m->encrypted;
    og_message_merge(&m->record, &report->report, tx->now_ms, &merge);
    count_merge(&merge);
    enum og_code code = OG_OK;
    bool is_elsewhere = false;
    const bool is_news = merge.changed_count || merge.times_changed || merge.state_changed;
    if (is_news && merge.failure_withdrawn) {
        m->final_at = 0; /* we had given up on it too early */
        code = og_timeline_withdrawn(tx, m, failed_at, &self->op.err);
    }
    if (is_news && code == OG_OK) {
        note_effect(effect, m, &report->report, merge.old_state);
        code = try_elsewhere(self, tx, m, merge.old_state, effect, &is_elsewhere);
        if (code == OG_OK && !is_elsewhere) {
            code = save_report(self, tx, m, &merge, before);
        }
    }
    effect->m = *m;
    return code;
}

static enum og_code
apply_report(struct og_report_op *self, struct og_tx *tx, const struct og_report *report,
             struct og_report_effect *effect)
{
    struct og_message m;
    bool counts = false;
    enum og_code code = og_message_find_record(tx->db, &self->svc->keys.seal, self->account_id,
                                               report->id, self->mem, &m, &self->op.err);
    if (code == OG_OK) {
        code = claim(self, tx, report, &m, effect, &counts);
    }
    const bool is_unreadable = code == OG_E_UNREADABLE; /* it ends at its time */
    if (code == OG_E_NOT_FOUND || is_unreadable || (code == OG_OK && !counts)) {
        og_metric_add(&og_message_metrics[OG_MESSAGE_M_UNKNOWN], 1);
        return OG_OK;
    }
    return code == OG_OK ? merge_report(self, tx, report, &m, effect) : code;
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

/* What is not known, or not this phone's, is counted and passed over. */
bool
og_report_decides_first(const struct og_op *op)
{
    (void)op;
    return true;
}

/* ---- after the commit ---- */

/* number  0: the phone has not told its SIMs */
static void
tell_rest(const struct og_services *svc, const struct og_route_phone *phone, int number,
          int64_t rest_ms)
{
    char detail[64];
    snprintf(detail, sizeof detail, "sim=%d seconds=%lld", number, (long long)(rest_ms / 1000));
    og_audit_add(svc, &(struct og_audit_event){.kind = OG_AUDIT_DEVICE_SIM_BLOCKED,
                                               .account = og_str_from(phone->account),
                                               .object = og_str_from(phone->id),
                                               .reason = OG_STR("errors_in_row"),
                                               .detail = og_str_from(detail)});
}

static void
learn(struct og_services *svc, struct og_route_phone *phone, const struct og_report_effect *effect,
      int64_t now_ms)
{
    const struct og_route_policy *policy = og_route_table_policy(svc->lane.routes);
    const struct og_message *m = &effect->m;
    struct og_route_sim *sim =
        og_route_phone_sim(phone, (int)(m->route_sim ? m->route_sim : m->sim_number));
    struct og_pace *pace = sim ? &sim->pace : &phone->sims[0].pace;
    if (effect->has_answered && m->handed_at) {
        og_health_answered(&phone->health, now_ms - m->handed_at);
    }
    if (effect->is_sent && m->handed_at) {
        og_health_sent(&phone->health, now_ms - m->handed_at);
        og_health_served(&phone->health, m->handed_at, m->parts, now_ms);
        og_pace_result(pace, &policy->sim, true, now_ms);
        og_message_outcome(svc, phone, false);
    }
    if (effect->is_failed) {
        const int64_t rested_until = pace->cooldown_until;
        og_health_failed(&phone->health, &policy->health, now_ms);
        og_pace_result(pace, &policy->sim, false, now_ms);
        og_message_outcome(svc, phone, true);
        if (pace->cooldown_until != rested_until) {
            tell_rest(svc, phone, sim ? sim->number : 0, pace->cooldown_until - now_ms);
        }
    }
    if (effect->is_delivered || effect->is_undelivered) {
        og_health_delivery(&phone->health, effect->is_delivered);
    }
    if (effect->phone_ms && (effect->has_answered || effect->is_sent)) {
        og_health_clock(&phone->health, effect->phone_ms, now_ms);
    }
}

static void
requeue(struct og_services *svc, const struct og_message *m, int64_t now_ms)
{
    og_dispatch_remove(svc->lane.dispatch, m->account_id, m->id);
    og_message_accepted(svc, m, now_ms);
}

/* It stays under watch until it is sent, and in the way of others. True: room for those. */
static bool
watch_or_leave(struct og_services *svc, const struct og_message *m, int64_t now_ms)
{
    struct og_dispatch *queue = svc->lane.dispatch;
    const bool is_watched = m->record.state == OG_MESSAGE_PROCESSED &&
                            og_route_table_policy(svc->lane.routes)->is_smart;
    if (!is_watched) {
        return og_dispatch_remove(queue, m->account_id, m->id);
    }
    if (og_dispatch_set_phase(queue, m->account_id, m->id, OG_DISPATCH_TAKEN)) {
        og_dispatch_set_attention(queue, m->account_id, m->id,
                                  og_message_attend_at(svc, m, now_ms));
    }
    return true;
}

/* Until a phone has answered a cancel it is told of it again. True: room for others. */
static bool
update_queue(struct og_services *svc, const struct og_report_effect *effect, int64_t now_ms)
{
    const struct og_message *m = &effect->m;
    if (m->id.len == 0) {
        return false;
    }
    if (effect->former_id.len) {
        og_hub_hint(svc->lane.hub, OG_HINT_CANCEL, effect->former_id, og_message_public_id(m));
    }
    if (effect->is_rerouted) {
        requeue(svc, m, now_ms);
        og_metric_add(&og_message_metrics[OG_MESSAGE_M_REROUTED_FAILED], 1);
        return true;
    }
    if (effect->is_claimed) {
        requeue(svc, m, now_ms); /* some recipients may still be open */
    }
    switch (m->record.state) {
    case OG_MESSAGE_PENDING:
        return false;
    case OG_MESSAGE_CANCELLING:
        og_dispatch_set_cancelling(svc->lane.dispatch, m->account_id, m->id);
        return false;
    default:
        return watch_or_leave(svc, m, now_ms);
    }
}

void
og_report_committed(struct og_op *op, struct og_tx *tx)
{
    struct og_report_op *self = (struct og_report_op *)op;
    struct og_services *svc = self->svc;
    struct og_route_phone *phone = og_route_table_find(svc->lane.routes, self->device_id);
    og_dispatch_device_seen(svc->lane.dispatch, self->account_id, self->device_id, tx->now_ms);
    bool is_freed = false;
    for (int i = 0; i < self->count; i++) {
        if (phone && self->effects[i].m.id.len) {
            learn(svc, phone, &self->effects[i], tx->now_ms);
        }
        is_freed |= update_queue(svc, &self->effects[i], tx->now_ms);
    }
    if (phone) {
        og_health_seen(&phone->health, tx->now_ms);
    }
    /* More than one fetch can hold is waiting: tell the phone as room appears. */
    struct og_dispatch_device device;
    if (is_freed &&
        og_dispatch_device_find(svc->lane.dispatch, self->account_id, self->device_id, &device) &&
        device.waiting > 0) {
        og_route_wake(svc, self->account_id, self->device_id, tx->now_ms);
    }
}
