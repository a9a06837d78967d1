/*
 * Looking after messages that do not get on: codes that no phone fetches, messages of which nothing
 * is heard, what waits for phones that are gone. Rows change in apply, the queue after the commit;
 * what each step decided is kept between the two.
 */
#include "alert/board.h"
#include "base/log.h"
#include "live/hub.h"
#include "route/failover.h"
#include "service/audit/tell.h"
#include "service/device/route_service.h"
#include "service/message/message_service.h"
#include "service/message/priv.h"
#include "service/timeline/note.h"
#include "service/webhook/webhook_service.h"
#include "store/otp_store.h"
#include "store/route_store.h"

#define DUE_MAX 64
#define LINES_MAX 32
#define MOVE_MAX 64
#define MOVE_BY_RULES_MAX 8
#define AGAIN_MS 1000
#define ANSWER_FLOOR_MS 3000  /* a phone's first word may always take so long */
#define SENDING_FLOOR_MS 8000 /* and so may sending */

enum step_kind {
    STEP_NOTHING, /* look again at `again_at` */
    STEP_MOVE,    /* nobody has it: plan it for `device` */
    STEP_REPEAT,  /* its phone is silent: also to `device` */
    STEP_SILENT,  /* its phone is silent, and that is all */
    STEP_END,     /* nobody can take it in time */
};

struct og_attend_step {
    enum step_kind kind;
    struct og_dispatch_item item; /* strings in the operation's arena */
    struct og_str device;
    struct og_str client_id;      /* of STEP_REPEAT: the former phone may know it as that */
    int64_t again_at;
    enum og_dispatch_why why;     /* of STEP_MOVE */
    bool is_unfetched;            /* its phone was woken and did not fetch */
};

static const struct og_route_policy *
policy_of(const struct og_services *svc)
{
    return og_route_table_policy(svc->lane.routes);
}

/* ---- when ---- */

static int64_t
patience_ms(const struct og_services *svc, struct og_str device_id, bool has_answered)
{
    const struct og_route_phone *phone = og_route_table_find(svc->lane.routes, device_id);
    const int64_t otherwise_ms = policy_of(svc)->silence_ms;
    if (!phone) {
        return otherwise_ms;
    }
    return has_answered
               ? og_health_patience_ms(&phone->health.sending, SENDING_FLOOR_MS, otherwise_ms)
               : og_health_patience_ms(&phone->health.answer, ANSWER_FLOOR_MS, otherwise_ms);
}

int64_t
og_message_attend_at(const struct og_services *svc, const struct og_message *m, int64_t now_ms)
{
    const bool is_otp = m->cls == OG_CLASS_OTP;
    if (!policy_of(svc)->is_smart || (!is_otp && !m->handed_at)) {
        return 0;
    }
    if (!m->handed_at) {
        return now_ms + policy_of(svc)->fetch_ms;
    }
    const bool has_answered = m->record.state == OG_MESSAGE_PROCESSED;
    const int64_t patience =
        is_otp ? patience_ms(svc, m->device_id, has_answered) : policy_of(svc)->silence_ms;
    const int64_t since = has_answered ? m->record.times.at_ms[OG_MESSAGE_PROCESSED] : m->handed_at;
    return since + patience;
}

/* ---- choose again ---- */

static struct og_dispatch_item
keep_item(const struct og_dispatch_item *item, struct og_arena *mem)
{
    struct og_dispatch_item kept = *item;
    kept.account = og_str_dup(mem, item->account);
    kept.id = og_str_dup(mem, item->id);
    kept.device = og_str_dup(mem, item->device);
    return kept;
}

static enum og_code
add_tried(struct og_attend_op *self, struct og_tx *tx, const struct og_dispatch_item *item,
          bool with_present, struct og_route_job *job)
{
    struct og_former_route *former = NULL;
    int count = 0;
    enum og_code code = OG_OK;
    if (item->routes > 0) {
        code = og_former_route_list(tx->db, item->account, item->id, item->routes, self->mem,
                                    &former, &count, &self->op.err);
    }
    struct og_str *tried = OG_ARENA_ARRAY(self->mem, struct og_str, (size_t)count + 1);
    for (int i = 0; i < count; i++) {
        tried[i] = former[i].device_id;
    }
    tried[count] = item->device;
    job->tried = (struct og_str_list){tried, (size_t)count + (with_present ? 1 : 0)};
    return code;
}

/* What the queue knows, and what only the row does where rules ask for it. */
static enum og_code
job_of(struct og_attend_op *self, struct og_tx *tx, const struct og_dispatch_item *item,
       bool with_present, struct og_route_job *out)
{
    *out = og_route_job_of_item(item, tx->now_ms);
    enum og_code code = OG_OK;
    if (og_route_table_rules(self->svc->lane.routes, item->account)) {
        struct og_message m;
        code = og_message_find_record(tx->db, &self->svc->keys.seal, item->account, item->id,
                                      self->mem, &m, &self->op.err);
        if (code == OG_OK) {
            *out = og_route_job_of(self->svc, &m, tx->now_ms);
            out->present = item->device;
        }
    }
    return code == OG_OK ? add_tried(self, tx, item, with_present, out) : code;
}

/* A phone that is there, other than those tried; "" : none. */
static enum og_code
choose_other(struct og_attend_op *self, struct og_tx *tx, const struct og_dispatch_item *item,
             bool with_present, struct og_route_plan *plan, struct og_str *device)
{
    struct og_route_job job;
    *device = OG_STR("");
    const enum og_code code = job_of(self, tx, item, with_present, &job);
    if (code != OG_OK) {
        return code;
    }
    og_route_choose(self->svc, &job, tx->now_ms, self->mem, plan, device);
    if (device->len == 0) {
        return OG_OK;
    }
    const struct og_route_candidate *chosen = &plan->candidates[plan->chosen];
    if (!chosen->is_connected) {
        *device = OG_STR(""); /* one that may come back is no better than the present one */
    }
    return OG_OK;
}

/* ---- nobody has it ---- */

/* Has its phone been asked long enough, or will it not take it soon? OG_DISPATCH_UNMOVED: let it
 * be. */
static enum og_dispatch_why
why_stuck(const struct og_attend_op *self, const struct og_dispatch_item *item, int64_t now_ms,
          bool *unfetched)
{
    const struct og_route_phone *phone =
        og_route_table_find(self->svc->lane.routes, item->device);
    struct og_dispatch_device queue;
    *unfetched = false;
    if (!phone || !og_dispatch_device_find(self->svc->lane.dispatch, item->account, item->device,
                                           &queue)) {
        return item->device.len ? OG_DISPATCH_REMOVED : OG_DISPATCH_SOONER;
    }
    const int64_t fetch_ms =
        og_health_patience_ms(&phone->health.fetch, AGAIN_MS, policy_of(self->svc)->fetch_ms);
    *unfetched = phone->woken_at && phone->health.has_stream &&
                 now_ms - phone->woken_at >= fetch_ms;
    const bool is_late = phone->wake_at > now_ms + policy_of(self->svc)->fetch_ms;
    return *unfetched                        ? OG_DISPATCH_NOT_FETCHED
           : !queue.is_connected             ? OG_DISPATCH_OFFLINE
           : phone->health.quarantined_until ? OG_DISPATCH_QUARANTINE
           : is_late                         ? OG_DISPATCH_PACE
                                             : OG_DISPATCH_UNMOVED;
}

/* No phone is there for it, and has not been for too long; or its time is nearly over. */
static struct og_str
why_end(const struct og_attend_op *self, const struct og_dispatch_item *item,
        const struct og_route_plan *plan, int64_t now_ms)
{
    const struct og_route_policy *policy = policy_of(self->svc);
    if (item->deadline_ms - now_ms < policy->transit_ms) {
        return OG_STR(OG_REASON_TOO_SLOW);
    }
    const bool is_alone = plan->best_delay_ms == INT64_MAX;
    return is_alone && now_ms - item->created_at_ms >= policy->no_route_ms
               ? OG_STR(OG_REASON_NO_ROUTE)
               : OG_STR("");
}

static enum og_code
end_waiting(struct og_attend_op *self, struct og_tx *tx, struct og_attend_step *step,
            struct og_str reason)
{
    const struct og_key *seal = &self->svc->keys.seal;
    struct og_message m;
    enum og_code code = og_message_find_record(tx->db, seal, step->item.account, step->item.id,
                                               self->mem, &m, &self->op.err);
    if (code != OG_OK) {
        return code;
    }
    code = og_timeline_moved(self->svc, tx, &m, &self->op.err);
    enum og_message_state *before = og_webhook_before(self->svc, &m, self->mem);
    const enum og_message_state from = m.record.state;
    og_message_end_undeliverable(&m, reason, tx->now_ms);
    if (code == OG_OK) {
        code = og_message_save(tx->db, seal, &m, from, true, true, &self->op.err);
    }
    if (code == OG_OK) {
        og_audit_message(self->svc, OG_AUDIT_OTP_SEND_FAILED, &m, reason);
        code = og_webhook_message_changed(self->svc, tx, &m, before, self->mem, &self->op.err);
    }
    if (code == OG_OK) {
        code = og_webhook_otp_undeliverable(self->svc, tx, &m, self->mem, &self->op.err);
    }
    step->kind = STEP_END;
    return code;
}

/* The row learns of it, and its time line. */
static enum og_code
replan(struct og_attend_op *self, struct og_tx *tx, const struct og_attend_step *step)
{
    const struct og_dispatch_item *item = &step->item;
    const enum og_code code =
        og_timeline_replanned(tx, item, step->device, step->why, &self->op.err);
    return code == OG_OK ? og_message_replan(tx->db, item->account, item->id, step->device,
                                             &self->op.err)
                         : code;
}

static enum og_code
attend_waiting(struct og_attend_op *self, struct og_tx *tx, struct og_attend_step *step)
{
    const struct og_dispatch_item *item = &step->item;
    struct og_route_plan plan = {.best_delay_ms = 0};
    step->again_at = tx->now_ms + AGAIN_MS;
    const bool is_hopeless = item->deadline_ms - tx->now_ms < policy_of(self->svc)->transit_ms;
    if (!is_hopeless) {
        step->why = why_stuck(self, item, tx->now_ms, &step->is_unfetched);
    }
    if (!is_hopeless && step->why == OG_DISPATCH_UNMOVED) {
        return OG_OK;
    }
    enum og_code code = OG_OK;
    if (!is_hopeless && !item->is_bound) {
        code = choose_other(self, tx, item, step->is_unfetched, &plan, &step->device);
    }
    if (code == OG_OK && step->device.len && !og_str_eq(step->device, item->device)) {
        step->kind = STEP_MOVE;
        step->again_at = tx->now_ms + policy_of(self->svc)->fetch_ms;
        return replan(self, tx, step);
    }
    const struct og_str reason = why_end(self, item, &plan, tx->now_ms);
    return code == OG_OK && reason.len ? end_waiting(self, tx, step, reason) : code;
}

/* ---- a phone has it ---- */

enum og_code
og_message_is_wanted(struct og_tx *tx, const struct og_message *m, struct og_arena *mem, bool *out,
                     struct og_err *err)
{
    struct og_verification v;
    *out = true;
    if (m->verification_id.len == 0) {
        return OG_OK;
    }
    const enum og_code code = og_verification_find(tx->db, NULL, m->account_id,
                                                   m->verification_id, mem, &v, err);
    *out = code == OG_OK && og_verification_state_at(&v, tx->now_ms) == OG_VERIFICATION_PENDING;
    return code == OG_E_NOT_FOUND ? OG_OK : code;
}

static enum og_code
repeat(struct og_attend_op *self, struct og_tx *tx, struct og_attend_step *step)
{
    const struct og_key *seal = &self->svc->keys.seal;
    struct og_message m;
    enum og_code code = og_message_find_record(tx->db, seal, step->item.account, step->item.id,
                                               self->mem, &m, &self->op.err);
    bool is_wanted = false;
    if (code == OG_OK) {
        code = og_message_is_wanted(tx, &m, self->mem, &is_wanted, &self->op.err);
    }
    if (code != OG_OK || !is_wanted) {
        return code;
    }
    const struct og_former_route former = {
        .device_id = m.device_id,
        .sim = m.route_sim,
        .handed_at = m.handed_at,
        .ended_at = tx->now_ms,
        .outcome = OG_ROUTE_SILENT,
        .hinted_at = m.hinted_at,
        .processed_at = m.record.times.at_ms[OG_MESSAGE_PROCESSED],
    };
    const enum og_message_state from = m.record.state;
    code = og_former_route_insert(tx->db, m.account_id, m.id, m.routes + 1, &former,
                                  &self->op.err);
    if (code == OG_OK) {
        code = og_message_reroute(tx->db, seal, &m, from, step->device, true, &self->op.err);
        og_audit_message(self->svc, OG_AUDIT_OTP_FALLBACK, &m, OG_STR("silent"));
    }
    step->kind = STEP_REPEAT;
    step->client_id = m.client_id;
    return code;
}

static enum og_code
attend_silent(struct og_attend_op *self, struct og_tx *tx, struct og_attend_step *step)
{
    const struct og_dispatch_item *item = &step->item;
    struct og_route_plan plan;
    step->kind = STEP_SILENT;
    if (item->class != OG_DISPATCH_OTP || item->is_bound || item->is_cancelling) {
        return OG_OK;
    }
    enum og_code code = choose_other(self, tx, item, true, &plan, &step->device);
    if (code != OG_OK || step->device.len == 0) {
        return code;
    }
    const struct og_failover_facts facts = {
        .event = OG_FAILOVER_SILENT,
        .is_otp = true,
        .routes = item->routes + 1,
        .routes_max = (int)policy_of(self->svc)->routes_max,
        .left_ms = item->deadline_ms - tx->now_ms,
        .needed_ms = plan.best_delay_ms > policy_of(self->svc)->transit_ms
                         ? plan.best_delay_ms
                         : policy_of(self->svc)->transit_ms,
    };
    return og_failover_decide(&facts) == OG_FAILOVER_REPEAT ? repeat(self, tx, step) : OG_OK;
}

/* ---- what waits for phones that will not come for it soon ---- */

struct og_attend_line {
    struct og_str account, device;
    enum og_dispatch_why why;
};

static void
add_line(struct og_attend_op *self, struct og_str account_id, struct og_str device_id,
         enum og_dispatch_why why)
{
    for (int i = 0; i < self->line_count; i++) {
        if (og_str_eq(self->lines[i].account, account_id) &&
            og_str_eq(self->lines[i].device, device_id)) {
            return;
        }
    }
    self->lines[self->line_count++] = (struct og_attend_line){
        og_str_dup(self->mem, account_id), og_str_dup(self->mem, device_id), why};
}

struct looking {
    struct og_attend_op *self;
    int64_t now_ms;
};

/* Phones whose line will not get shorter soon: gone, in quarantine, or out of their pace. */
static enum og_dispatch_why
why_out(const struct looking *looking, const struct og_route_phone *phone)
{
    const int64_t soon = looking->now_ms + policy_of(looking->self->svc)->fetch_ms;
    return phone->health.state == OG_HEALTH_OFFLINE ? OG_DISPATCH_OFFLINE
           : phone->health.quarantined_until        ? OG_DISPATCH_QUARANTINE
           : phone->wake_at > soon                  ? OG_DISPATCH_PACE
                                                    : OG_DISPATCH_UNMOVED;
}

static void
note_line(void *ctx, struct og_route_phone *phone)
{
    const struct looking *looking = ctx;
    struct og_attend_op *self = looking->self;
    struct og_dispatch_device queue;
    const enum og_dispatch_why why = why_out(looking, phone);
    if (why != OG_DISPATCH_UNMOVED && self->line_count < LINES_MAX / 2 &&
        og_dispatch_device_find(self->svc->lane.dispatch, og_str_from(phone->account),
                                og_str_from(phone->id), &queue) &&
        queue.waiting > 0) {
        add_line(self, queue.account, queue.device, why);
    }
}

static void
find_lines(struct og_attend_op *self, int64_t now_ms)
{
    struct og_dispatch_device stranded[LINES_MAX / 2];
    self->lines = OG_ARENA_ARRAY(self->mem, struct og_attend_line, LINES_MAX);
    self->line_count = 0;
    if (policy_of(self->svc)->is_smart) {
        og_route_table_each(self->svc->lane.routes, note_line, &(struct looking){self, now_ms});
    }
    const size_t count =
        og_dispatch_stranded(self->svc->lane.dispatch, now_ms - self->gone_after_ms, stranded,
                             LINES_MAX / 2);
    for (size_t i = 0; i < count; i++) {
        add_line(self, stranded[i].account, stranded[i].device,
                 stranded[i].device.len ? OG_DISPATCH_OFFLINE : OG_DISPATCH_SOONER);
    }
}

/* Where rules ask for what only rows know: few at a time, and the rows are told. */
static enum og_code
move_by_rules(struct og_attend_op *self, struct og_tx *tx, const struct og_attend_line *line)
{
    struct og_dispatch_item items[MOVE_BY_RULES_MAX];
    const size_t count = og_dispatch_movable(self->svc->lane.dispatch, line->account,
                                             line->device, items, MOVE_BY_RULES_MAX);
    enum og_code code = OG_OK;
    for (size_t i = 0; code == OG_OK && i < count; i++) {
        struct og_attend_step *step = &self->steps[self->step_count];
        struct og_route_plan plan;
        if (items[i].attend_at_ms && items[i].attend_at_ms <= tx->now_ms) {
            continue; /* it has had its turn */
        }
        *step = (struct og_attend_step){.item = keep_item(&items[i], self->mem),
                                        .kind = STEP_MOVE,
                                        .why = line->why,
                                        .again_at = items[i].attend_at_ms};
        code = choose_other(self, tx, &step->item, false, &plan, &step->device);
        if (code == OG_OK && step->device.len && !og_str_eq(step->device, line->device)) {
            self->step_count++;
            self->moved_count++;
            code = replan(self, tx, step);
        }
    }
    return code;
}

static enum og_code
attend_lines(struct og_attend_op *self, struct og_tx *tx)
{
    enum og_code code = OG_OK;
    find_lines(self, tx->now_ms);
    for (int i = 0; code == OG_OK && i < self->line_count; i++) {
        if (og_route_table_rules(self->svc->lane.routes, self->lines[i].account)) {
            code = move_by_rules(self, tx, &self->lines[i]);
        }
    }
    return code;
}

/* ---- the operation ---- */

enum og_code
og_attend_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_attend_op *self = (struct og_attend_op *)op;
    struct og_dispatch_item due[DUE_MAX];
    const size_t count = og_dispatch_due(self->svc->lane.dispatch, tx->now_ms, due, DUE_MAX);
    self->steps = OG_ARENA_ARRAY(self->mem, struct og_attend_step,
                                 DUE_MAX + LINES_MAX * MOVE_BY_RULES_MAX + 1);
    self->has_more = count == DUE_MAX;
    enum og_code code = OG_OK;
    for (size_t i = 0; code == OG_OK && i < count; i++) {
        struct og_attend_step *step = &self->steps[self->step_count++];
        *step = (struct og_attend_step){.item = keep_item(&due[i], self->mem)};
        code = due[i].phase == OG_DISPATCH_WAITING ? attend_waiting(self, tx, step)
                                                   : attend_silent(self, tx, step);
        if (code == OG_E_CONFLICT || code == OG_E_NOT_FOUND || code == OG_E_UNREADABLE) {
            step->kind = STEP_NOTHING; /* it moved on in this very batch; or nobody can read it */
            code = OG_OK;
        }
    }
    return code == OG_OK ? attend_lines(self, tx) : code;
}

static void
note_unfetched(struct og_services *svc, struct og_str device_id, int64_t now_ms)
{
    struct og_route_phone *phone = og_route_table_find(svc->lane.routes, device_id);
    if (phone && phone->woken_at) { /* once for each time it was woken */
        og_health_unfetched(&phone->health);
        phone->woken_at = 0;
        og_health_refresh(&phone->health, &policy_of(svc)->health, now_ms);
    }
}

static void
note_silent(struct og_services *svc, struct og_str device_id, int64_t now_ms)
{
    struct og_route_phone *phone = og_route_table_find(svc->lane.routes, device_id);
    if (phone) {
        og_health_silent(&phone->health, &policy_of(svc)->health, now_ms);
        og_message_outcome(svc, phone, true);
        og_route_wake(svc, og_str_from(phone->account), device_id, now_ms); /* at the end of its rest */
    }
}

/* The former phone drops it if it still can; the other one gets it. */
static void
requeue(struct og_services *svc, const struct og_attend_step *step, int64_t now_ms)
{
    struct og_dispatch_item item = step->item;
    struct og_err err;
    if (!og_dispatch_remove(svc->lane.dispatch, item.account, item.id)) {
        return;
    }
    og_hub_hint(svc->lane.hub, OG_HINT_CANCEL, item.device,
                step->client_id.len ? step->client_id : item.id);
    item.device = step->device;
    item.phase = OG_DISPATCH_WAITING;
    item.routes++;
    item.attend_at_ms = now_ms + policy_of(svc)->fetch_ms;
    if (og_dispatch_add(svc->lane.dispatch, &item, &err) == OG_E_NOT_FOUND) {
        item.device = OG_STR("");
        enum og_code code = og_dispatch_add(svc->lane.dispatch, &item, &err);
        (void)code; /* it was just taken out */
    }
    og_route_wake(svc, item.account, item.device, now_ms);
}

static void
take_step(struct og_services *svc, const struct og_attend_step *step, int64_t now_ms)
{
    struct og_dispatch *queue = svc->lane.dispatch;
    const struct og_dispatch_item *item = &step->item;
    if (step->is_unfetched) {
        note_unfetched(svc, item->device, now_ms);
    }
    switch (step->kind) {
    case STEP_NOTHING:
        og_dispatch_set_attention(queue, item->account, item->id, step->again_at);
        break;
    case STEP_MOVE:
        og_dispatch_set_attention(queue, item->account, item->id, step->again_at);
        if (og_dispatch_move(queue, item->account, item->id, step->device, step->why, now_ms)) {
            og_route_wake(svc, item->account, step->device, now_ms);
        }
        break;
    case STEP_REPEAT:
        note_silent(svc, item->device, now_ms);
        requeue(svc, step, now_ms);
        og_metric_add(&og_message_metrics[OG_MESSAGE_M_REROUTED_SILENT], 1);
        break;
    case STEP_SILENT:
        note_silent(svc, item->device, now_ms);
        og_dispatch_set_silent(queue, item->account, item->id);
        og_dispatch_set_attention(queue, item->account, item->id, 0);
        break;
    case STEP_END:
        og_dispatch_remove(queue, item->account, item->id);
        og_metric_add(&og_message_metrics[OG_MESSAGE_M_UNDELIVERABLE], 1);
        break;
    }
}

static void
look_at_phone(void *ctx, struct og_route_phone *phone)
{
    const struct looking *looking = ctx;
    struct og_services *svc = looking->self->svc;
    const struct og_health *health = &phone->health;
    const enum og_health_state before = health->state;
    if (!og_health_refresh(&phone->health, &policy_of(svc)->health, looking->now_ms)) {
        return;
    }
    if (health->state == OG_HEALTH_QUARANTINED) {
        og_alert_raise(svc->alerts, OG_ALERT_DEVICE_QUARANTINED, og_str_from(phone->id), 0);
    } else if (before == OG_HEALTH_QUARANTINED) {
        og_alert_clear(svc->alerts, OG_ALERT_DEVICE_QUARANTINED, og_str_from(phone->id));
    }
    const char *state = og_health_state_name(health->state);
    const char *reason = og_health_reason_name(health->reason);
    og_log_info("service", "a phone's health changed",
                "device=%s from=%s to=%s reason=%s score=%d", phone->id,
                og_health_state_name(before), state, reason, og_health_score(health));
    og_audit_add(svc, &(struct og_audit_event){.kind = OG_AUDIT_DEVICE_HEALTH,
                                               .account = og_str_from(phone->account),
                                               .object = og_str_from(phone->id),
                                               .detail = og_str_from(state),
                                               .reason = og_str_from(reason)});
}

void
og_attend_committed(struct og_op *op, struct og_tx *tx)
{
    struct og_attend_op *self = (struct og_attend_op *)op;
    for (int i = 0; i < self->step_count; i++) {
        take_step(self->svc, &self->steps[i], tx->now_ms);
    }
    for (int i = 0; i < self->line_count; i++) {
        const size_t moved = og_route_spread(self->svc, self->lines[i].account,
                                             self->lines[i].device, self->lines[i].why,
                                             MOVE_MAX, tx->now_ms, self->mem);
        self->moved_count += (int)moved;
    }
    og_route_table_each(self->svc->lane.routes, look_at_phone,
                        &(struct looking){self, tx->now_ms});
    og_route_wake_due(self->svc, tx->now_ms);
    og_message_measure(self->svc);
}
