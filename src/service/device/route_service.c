/*
 * Gathering what is known of an account's phones for route/router. Up to a few dozen phones all are
 * weighed; of more, without rules, the best-ranked of the queue.
 */
#include "service/device/route_service.h"

#include <stddef.h>
#include <string.h>

#include "live/hub.h"
#include "service/message/priv.h"
#include "store/route_store.h"

#define WEIGHED_MAX 64
#define WEIGHED_WITH_RULES_MAX 4096
#define UNKNOWN_LATENCY_MS 1500
#define USUAL_PART_MS 1500 /* on the air (domain/phones.md section 4.2) */

/* ---- the message ---- */

uint64_t
og_route_digest(const struct og_services *svc, struct og_str number)
{
    const struct og_str parts[] = {OG_STR("route"), number};
    uint8_t digest[OG_DIGEST_BYTES];
    uint64_t word;
    og_mac_parts(&svc->keys.number, parts, 2, digest);
    memcpy(&word, digest, sizeof word);
    return word;
}

struct og_route_job
og_route_job_of(const struct og_services *svc, const struct og_message *m, int64_t now_ms)
{
    const struct og_route_rules *rules = og_route_table_rules(svc->lane.routes, m->account_id);
    const bool is_binding = m->bound && !(rules && rules->may_rebind);
    return (struct og_route_job){
        .account_id = m->account_id,
        .number = m->encrypted || !m->record.recipient_count ? OG_STR("")
                                                             : m->record.recipients[0].number,
        .cls = m->cls,
        .tag = m->tag,
        .parts = m->parts,
        .device_id = is_binding ? m->device_id : OG_STR(""),
        .sim = m->sim_number,
        .left_ms = m->deadline_at - now_ms,
        .seen_since_ms = INT64_MIN,
    };
}

struct og_route_job
og_route_job_of_item(const struct og_dispatch_item *item, int64_t now_ms)
{
    static const enum og_message_class classes[] = {
        [OG_DISPATCH_OTP] = OG_CLASS_OTP,
        [OG_DISPATCH_NORMAL] = OG_CLASS_NORMAL,
        [OG_DISPATCH_BULK] = OG_CLASS_BULK,
    };
    return (struct og_route_job){
        .account_id = item->account,
        .cls = classes[item->class],
        .parts = item->parts,
        .sim = item->sim,
        .present = item->device,
        .left_ms = item->deadline_ms - now_ms,
        .seen_since_ms = INT64_MIN,
    };
}

static enum og_route_class
class_of(enum og_message_class cls)
{
    switch (cls) {
    case OG_CLASS_OTP:
        return OG_ROUTE_OTP;
    case OG_CLASS_BULK:
        return OG_ROUTE_BULK;
    case OG_CLASS_NORMAL:
        break;
    }
    return OG_ROUTE_TRANSACTIONAL;
}

/* ---- the phones ---- */

struct gathering {
    const struct og_services *svc;
    const struct og_route_job *job;
    const struct og_route_rules *rules; /* NULL: none */
    const struct og_route_rule *rule;   /* NULL: none matched */
    uint64_t recipient;
    int64_t now_ms;
};

static bool
is_tried(const struct og_route_job *job, struct og_str device)
{
    for (size_t i = 0; i < job->tried.count; i++) {
        if (og_str_eq(job->tried.items[i], device)) {
            return true;
        }
    }
    return false;
}

/* A phone that asks from time to time is there, too. */
static bool
is_there(const struct og_dispatch_device *queue, const struct og_route_phone *phone)
{
    const bool is_polling = phone->health.poll_gap_ms > 0 && phone->health.fetch.count == 0;
    return queue->is_connected || (is_polling && phone->health.state != OG_HEALTH_OFFLINE);
}

/* Some apps pause between two sends: one that has sent a moment ago is not free yet. */
static int64_t
pause_of(const struct og_dispatch_device *queue, const struct og_route_phone *phone,
         int64_t now_ms)
{
    const int64_t free_at = phone->health.served_at + og_health_part_ms(&phone->health, 0);
    return queue->ahead_parts == 0 && free_at > now_ms ? free_at - now_ms : 0;
}

static int64_t
latency_of(const struct og_dispatch_device *queue, const struct og_route_phone *phone,
           int64_t now_ms)
{
    const int64_t wait_ms = queue->is_connected ? pause_of(queue, phone, now_ms)
                                                : phone->health.poll_gap_ms / 2;
    return wait_ms + og_health_fetch_ms(&phone->health, UNKNOWN_LATENCY_MS);
}

static void
weigh_group(const struct gathering *g, struct og_route_candidate *c)
{
    c->group_priority = OG_ROUTE_GROUP_NONE;
    c->weight = 1;
    c->is_in_rule = true;
    if (!g->rules) {
        return;
    }
    const struct og_route_group *group = og_route_rules_group(g->rules, g->rule, c->device);
    c->is_in_rule = group || !g->rule;
    if (group) {
        c->group_priority = (int)group->priority;
        c->weight = (int)group->weight;
    }
    c->is_sticky = g->rules->is_sticky && g->recipient &&
                   og_route_table_is_sticky(g->svc->lane.routes, g->job->account_id,
                                            g->recipient, c->device);
}

static struct og_route_candidate
weigh(const struct gathering *g, const struct og_dispatch_device *queue,
      struct og_route_phone *phone)
{
    const struct og_route_policy *policy = og_route_table_policy(g->svc->lane.routes);
    const bool is_otp = g->job->cls == OG_CLASS_OTP;
    const struct og_pace_ask ask = {.is_otp = is_otp, .parts = g->job->parts};
    const struct og_route_admission admission =
        og_route_phone_admit(phone, policy, &ask, (int)g->job->sim, g->now_ms);
    struct og_route_candidate c = {
        .device = queue->device,
        .sim = admission.sim,
        .health = phone->health.state,
        .is_connected = is_there(queue, phone),
        .wants_probe = og_health_wants_probe(&phone->health, g->now_ms),
        .score = og_health_score(&phone->health),
        .seen_at = queue->last_seen_ms,
        .pace = {admission.at_ms, admission.reason},
        .ahead_parts =
            queue->ahead_parts + (is_otp ? queue->waiting_otp_parts : queue->waiting_parts),
        .busy_ms = og_health_part_ms(&phone->health, 0),
        .part_ms = og_pace_part_ms(&policy->sim),
        .latency_ms = latency_of(queue, phone, g->now_ms),
        .turn = phone->turn,
        .is_present = g->job->present.len && og_str_eq(g->job->present, queue->device),
        .is_tried = is_tried(g->job, queue->device),
    };
    weigh_group(g, &c);
    return c;
}

/* ---- the plan ---- */

static struct og_str
country_of(const struct gathering *g, struct og_arena *mem)
{
    struct og_phone_facts facts;
    struct og_err err;
    const struct og_phone_plan *plan = g->svc->plan;
    if (!g->rules || !plan || g->job->number.len == 0 ||
        !og_route_rules_need_country(g->rules) ||
        plan->parse(plan->ctx, g->job->number, "ZZ", &facts, &err) != OG_OK) {
        return OG_STR("");
    }
    return og_str_dup(mem, og_str_from(facts.region));
}

static void
match_rule(struct gathering *g, struct og_arena *mem, struct og_route_plan *out)
{
    out->rule = -1;
    out->country = country_of(g, mem);
    if (!g->rules) {
        return;
    }
    const struct og_route_subject subject = {g->job->number, out->country, class_of(g->job->cls),
                                             g->job->tag};
    size_t place;
    g->rule = og_route_rules_match(g->rules, &subject, &place);
    out->rule = g->rule ? (int)place : -1;
    g->recipient = g->rules->is_sticky && g->job->number.len
                       ? og_route_digest(g->svc, g->job->number)
                       : 0;
}

void
og_route_plan_make(const struct og_services *svc, const struct og_route_job *job, int64_t now_ms,
                   struct og_arena *mem, struct og_route_plan *out)
{
    struct gathering g = {.svc = svc, .job = job, .now_ms = now_ms};
    *out = (struct og_route_plan){0};
    g.rules = og_route_table_rules(svc->lane.routes, job->account_id);
    match_rule(&g, mem, out);
    const size_t max = g.rules || job->device_id.len ? WEIGHED_WITH_RULES_MAX : WEIGHED_MAX;
    const size_t devices = og_dispatch_device_count(svc->lane.dispatch, job->account_id);
    const size_t room = devices < max ? devices : max;
    struct og_dispatch_device *queues = OG_ARENA_ARRAY(mem, struct og_dispatch_device, room + 1);
    const size_t count = og_dispatch_ranked(svc->lane.dispatch, job->account_id, queues, room);
    out->candidates = OG_ARENA_ARRAY(mem, struct og_route_candidate, count + 1);
    out->answers = OG_ARENA_ARRAY(mem, struct og_route_answer, count + 1);
    for (size_t i = 0; i < count; i++) {
        struct og_route_phone *phone = og_route_table_find(svc->lane.routes, queues[i].device);
        if (phone) {
            out->candidates[out->count++] = weigh(&g, &queues[i], phone);
        }
    }
    const struct og_route_ask ask = {
        .is_otp = job->cls == OG_CLASS_OTP,
        .device = job->device_id,
        .sim = (int)job->sim,
        .left_ms = job->left_ms,
        .seen_since_ms = job->seen_since_ms,
        .now_ms = now_ms,
    };
    out->chosen = og_router_choose(out->candidates, out->count, &ask, out->answers);
    out->best_delay_ms = og_router_best_delay_ms(out->candidates, out->answers, out->count);
}

void
og_route_choose(const struct og_services *svc, const struct og_route_job *job, int64_t now_ms,
                struct og_arena *mem, struct og_route_plan *plan, struct og_str *device_out)
{
    og_route_plan_make(svc, job, now_ms, mem, plan);
    *device_out = OG_STR("");
    if (plan->chosen == OG_ROUTE_NONE) {
        return;
    }
    const struct og_route_candidate *chosen = &plan->candidates[plan->chosen];
    *device_out = og_str_dup(mem, chosen->device);
    og_route_table_took_turn(svc->lane.routes,
                             og_route_table_find(svc->lane.routes, chosen->device),
                             chosen->weight);
}

/* ---- wake ---- */

/* For the time lines of what waits: when and why its line stood still. */
static void
begin_wait(struct og_route_phone *phone, const struct og_wait *wait, int64_t now_ms)
{
    if (!phone->wait.reason || phone->wait.until) {
        phone->wait.since = now_ms;
    }
    phone->wait.reason = wait->reason;
    phone->wait.detail = wait->detail;
    phone->wait.until = 0;
}

static void
end_wait(struct og_route_phone *phone, int64_t now_ms)
{
    if (phone->wait.reason && !phone->wait.until) {
        phone->wait.until = now_ms;
    }
}

static void
wake_now(struct og_services *svc, struct og_route_phone *phone, int64_t now_ms)
{
    phone->woken_at = phone->woken_at ? phone->woken_at : now_ms;
    if (phone->health.has_stream && !phone->hinted_at) {
        phone->hinted_at = now_ms;
    }
    end_wait(phone, now_ms);
    og_route_table_wake_at(svc->lane.routes, phone, 0);
    og_hub_hint(svc->lane.hub, OG_HINT_MESSAGES, og_str_from(phone->id), OG_STR(""));
}

/* The first that would go, or the shortest wait of those at the head of the line. */
static bool
may_any_go(struct og_services *svc, struct og_str account_id, struct og_route_phone *phone,
           int64_t now_ms, struct og_wait *wait)
{
    struct og_dispatch_item head[8];
    struct og_route_fetch fetch;
    const size_t count = og_dispatch_list_waiting(svc->lane.dispatch, account_id,
                                                  og_str_from(phone->id), now_ms, head, 8);
    og_route_fetch_begin(svc, account_id, og_str_from(phone->id), &fetch);
    *wait = (struct og_wait){0};
    for (size_t i = 0; i < count; i++) {
        struct og_wait its;
        int64_t sim;
        if (og_route_fetch_admit(svc, &fetch, &head[i], NULL, now_ms, &sim, &its)) {
            return true;
        }
        if (!wait->reason || (its.until_ms && its.until_ms < wait->until_ms)) {
            *wait = its;
        }
    }
    return false;
}

void
og_route_wake(struct og_services *svc, struct og_str account_id, struct og_str device_id,
              int64_t now_ms)
{
    struct og_route_phone *phone = og_route_table_find(svc->lane.routes, device_id);
    struct og_wait wait;
    if (!phone) {
        return;
    }
    if (may_any_go(svc, account_id, phone, now_ms, &wait)) {
        wake_now(svc, phone, now_ms);
        return;
    }
    if (wait.reason) {
        begin_wait(phone, &wait, now_ms);
    } else {
        end_wait(phone, now_ms);
    }
    if (wait.until_ms) {
        og_route_table_wake_at(svc->lane.routes, phone, wait.until_ms);
    }
}

size_t
og_route_spread(struct og_services *svc, struct og_str account_id, struct og_str device_id,
                enum og_dispatch_why why, size_t max, int64_t now_ms, struct og_arena *mem)
{
    struct og_dispatch *queue = svc->lane.dispatch;
    struct og_dispatch_device from;
    if (!og_dispatch_device_find(queue, account_id, device_id, &from) || from.waiting == 0 ||
        og_route_table_rules(svc->lane.routes, account_id)) {
        return 0;
    }
    const size_t room = from.waiting < max ? from.waiting : max;
    struct og_dispatch_item *items = OG_ARENA_ARRAY(mem, struct og_dispatch_item, room);
    const size_t count = og_dispatch_movable(queue, account_id, device_id, items, room);
    size_t moved = 0;
    for (; moved < count; moved++) {
        const struct og_route_job job = og_route_job_of_item(&items[moved], now_ms);
        struct og_route_plan plan;
        struct og_str to;
        og_route_choose(svc, &job, now_ms, mem, &plan, &to);
        if (to.len == 0 || og_str_eq(to, device_id) ||
            !plan.candidates[plan.chosen].is_connected ||
            !og_dispatch_move(queue, account_id, items[moved].id, to, why, now_ms)) {
            break;
        }
        og_route_wake(svc, account_id, to, now_ms);
    }
    return moved;
}

void
og_route_wake_due(struct og_services *svc, int64_t now_ms)
{
    struct og_route_phone *phone;
    while ((phone = og_route_table_awake(svc->lane.routes, now_ms))) {
        og_route_wake(svc, og_str_from(phone->account), og_str_from(phone->id), now_ms);
    }
}

/* ---- what a phone may be given ---- */

/* The ranking is a heap and connected phones come first: of its top and that one's two children one
 * is connected if any other phone is. */
static bool
has_others(const struct og_services *svc, struct og_str account_id, struct og_str device_id)
{
    struct og_dispatch_device top[3];
    const size_t count = og_dispatch_ranked(svc->lane.dispatch, account_id, top, 3);
    bool found = false;
    for (size_t i = 0; i < count; i++) {
        found |= top[i].is_connected && !og_str_eq(top[i].device, device_id);
    }
    return found;
}

static void
copy_phone(const struct og_route_phone *phone, struct og_route_fetch *out)
{
    out->phone = *phone;
    og_pace_detach(&out->phone.pace, out->windows[0]);
    out->phone.sims = out->sims;
    for (int i = 0; i < phone->sim_count; i++) {
        out->sims[i] = phone->sims[i];
        og_pace_detach(&out->sims[i].pace, out->windows[1 + i]);
    }
}

void
og_route_fetch_begin(const struct og_services *svc, struct og_str account_id,
                     struct og_str device_id, struct og_route_fetch *out)
{
    const struct og_route_phone *phone = og_route_table_find(svc->lane.routes, device_id);
    memset(out, 0, offsetof(struct og_route_fetch, windows));
    out->is_known = phone != NULL;
    if (phone) {
        copy_phone(phone, out);
    }
    og_dispatch_device_find(svc->lane.dispatch, account_id, device_id, &out->queue);
    og_dispatch_device_find(svc->lane.dispatch, account_id, OG_STR(""), &out->own);
    out->has_others = has_others(svc, account_id, device_id);
}

bool
og_route_counts_recipients(const struct og_services *svc)
{
    const struct og_pace_limits *limits = &og_route_table_policy(svc->lane.routes)->sim;
    return limits->recipients_per_day || limits->recipients_per_month;
}

/* Would a life be over before the phone gets to it: its own, or, since apps may send the youngest
 * first, one of those in the same fetch? With half as much again, because some parts take long. */
static bool
is_too_slow(const struct og_route_policy *policy, const struct og_route_fetch *self,
            const struct og_dispatch_item *item, int64_t now_ms)
{
    const int64_t busy_ms = og_health_part_ms(&self->phone.health, USUAL_PART_MS);
    const int64_t ahead_ms = (self->queue.ahead_parts + self->handed_parts) * busy_ms * 3 / 2;
    const bool is_first = self->first_end_at && self->first_end_at < item->deadline_ms;
    const int64_t end_at = is_first ? self->first_end_at : item->deadline_ms;
    return end_at - now_ms < policy->transit_ms + ahead_ms;
}

/* What is no matter of pace. NULL: nothing is in the way. */
static const char *
obstacle(const struct og_route_policy *policy, const struct og_route_fetch *self,
         const struct og_dispatch_item *item, int64_t now_ms)
{
    const struct og_health *health = &self->phone.health;
    const size_t ahead = self->queue.handed + self->queue.taken - self->queue.silent + self->handed;
    if (!policy->is_smart || item->is_bound) {
        return NULL;
    }
    if (health->quarantined_until &&
        (self->handed > 0 || !og_health_wants_probe(health, now_ms))) {
        return "quarantine";
    }
    if (item->class == OG_DISPATCH_OTP && is_too_slow(policy, self, item, now_ms)) {
        return "too_slow";
    }
    if (item->class == OG_DISPATCH_BULK &&
        (self->handed_otp > 0 || self->queue.waiting_otp + self->own.waiting_otp > 0)) {
        return "otp_first";
    }
    /* what is ahead may be bulk: codes come on top, but where another phone could have them no more
     * than can go soon */
    const bool is_otp = item->class == OG_DISPATCH_OTP;
    const size_t factor = is_otp ? (self->has_others ? 2 : 0) : 1;
    const size_t most = (size_t)policy->ahead_max * factor;
    return most > 0 && health->has_stream && ahead >= most ? "ahead" : NULL;
}

/* The recipients of a message that was read, as digests. */
static struct og_pace_ask
pace_ask(const struct og_services *svc, const struct og_dispatch_item *item,
         const struct og_message *m, uint64_t digests[static OG_ROUTE_RECIPIENTS_MAX])
{
    struct og_pace_ask ask = {.is_otp = item->class == OG_DISPATCH_OTP, .parts = item->parts};
    if (m && og_route_counts_recipients(svc)) {
        for (size_t i = 0; i < m->record.recipient_count && i < OG_ROUTE_RECIPIENTS_MAX; i++) {
            digests[ask.recipient_count++] = og_route_digest(svc, m->record.recipients[i].number);
        }
        ask.recipients = digests;
    }
    return ask;
}

bool
og_route_fetch_admit(const struct og_services *svc, struct og_route_fetch *self,
                     const struct og_dispatch_item *item, const struct og_message *m,
                     int64_t now_ms, int64_t *sim_out, struct og_wait *wait_out)
{
    const struct og_route_policy *policy = og_route_table_policy(svc->lane.routes);
    uint64_t digests[OG_ROUTE_RECIPIENTS_MAX];
    *sim_out = 0;
    *wait_out = (struct og_wait){0};
    if (!self->is_known) {
        return true;
    }
    const char *reason = obstacle(policy, self, item, now_ms);
    if (reason) {
        const int64_t rest_ends = self->phone.health.quarantined_until;
        *wait_out = (struct og_wait){reason, "", rest_ends > now_ms ? rest_ends : 0};
        return false;
    }
    const struct og_pace_ask ask = pace_ask(svc, item, m, digests);
    const struct og_route_admission admission =
        og_route_phone_admit(&self->phone, policy, &ask, item->sim, now_ms);
    *sim_out = admission.sim;
    if (admission.at_ms <= now_ms) {
        return true;
    }
    *wait_out = (struct og_wait){"sim_pace", og_pace_reason_name(admission.reason),
                                 admission.at_ms};
    return false;
}

/* Gaps need some spread, not secrets: ids are random at their end. */
static uint64_t
spread_of(const struct og_message *m)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < m->id.len; i++) {
        hash = (hash ^ (unsigned char)m->id.ptr[i]) * UINT64_C(1099511628211);
    }
    return hash >> 8;
}

/* On the phone itself, or on its copy, whose recipients belong to the phone. */
static void
count_handed(const struct og_services *svc, struct og_route_phone *phone,
             const struct og_message *m, bool is_copy, int64_t now_ms)
{
    const struct og_route_policy *policy = og_route_table_policy(svc->lane.routes);
    const struct og_dispatch_item item = og_message_as_item(m);
    uint64_t digests[OG_ROUTE_RECIPIENTS_MAX];
    const struct og_pace_ask ask = pace_ask(svc, &item, is_copy ? NULL : m, digests);
    struct og_route_sim *sim =
        og_route_phone_sim(phone, (int)(m->route_sim ? m->route_sim : m->sim_number));
    sim = sim ? sim : &phone->sims[0];
    og_pace_take(&sim->pace, &policy->sim, &ask, now_ms, spread_of(m));
    og_pace_take(&phone->pace, &policy->device, &ask, now_ms, 0);
    og_health_handed(&phone->health, now_ms);
}

void
og_route_fetch_took(const struct og_services *svc, struct og_route_fetch *self,
                    const struct og_message *m, int64_t now_ms)
{
    self->handed++;
    self->handed_otp += m->cls == OG_CLASS_OTP;
    self->handed_parts += m->parts;
    if (m->cls == OG_CLASS_OTP && (!self->first_end_at || m->deadline_at < self->first_end_at)) {
        self->first_end_at = m->deadline_at;
    }
    if (self->is_known) {
        count_handed(svc, &self->phone, m, true, now_ms);
    }
}

static enum og_code
save_recipients(const struct og_services *svc, struct og_tx *tx, const struct og_message *m,
                struct og_err *err)
{
    enum og_code code = OG_OK;
    for (size_t i = 0; code == OG_OK && i < m->record.recipient_count; i++) {
        code = og_sim_recipient_note(tx->db, m->device_id,
                                     (int)(m->route_sim ? m->route_sim : m->sim_number),
                                     og_route_digest(svc, m->record.recipients[i].number),
                                     tx->now_ms, err);
    }
    return code;
}

#define USAGE_BYTES_MAX 8192

enum og_code
og_route_fetch_save(const struct og_services *svc, struct og_tx *tx,
                    const struct og_route_fetch *self, const struct og_message *items,
                    const bool *newly_handed, int count, struct og_err *err)
{
    struct og_buf usage;
    if (self->handed == 0 || !self->is_known) {
        return OG_OK;
    }
    og_buf_init(&usage, USAGE_BYTES_MAX);
    og_route_phone_write(&self->phone, &usage);
    enum og_code code =
        og_usage_save(tx->db, og_str_from(self->phone.id), og_buf_str(&usage), err);
    og_buf_finish(&usage);
    for (int i = 0; code == OG_OK && i < count && og_route_counts_recipients(svc); i++) {
        code = newly_handed[i] ? save_recipients(svc, tx, &items[i], err) : OG_OK;
    }
    return code;
}

static void
stick(struct og_services *svc, const struct og_message *m)
{
    const struct og_route_rules *rules = og_route_table_rules(svc->lane.routes, m->account_id);
    if (rules && rules->is_sticky && m->record.recipient_count && !m->encrypted) {
        og_route_table_stick(svc->lane.routes, m->account_id,
                             og_route_digest(svc, m->record.recipients[0].number), m->device_id);
    }
}

void
og_route_fetched(struct og_services *svc, struct og_str device_id, const struct og_message *items,
                 const bool *newly_handed, int count, int64_t now_ms)
{
    struct og_route_phone *phone = og_route_table_find(svc->lane.routes, device_id);
    if (!phone) {
        return;
    }
    og_health_seen(&phone->health, now_ms);
    if (phone->woken_at) {
        og_health_fetched(&phone->health, now_ms - phone->woken_at);
        phone->woken_at = 0;
    }
    phone->hinted_at = 0;
    for (int i = 0; i < count; i++) {
        if (newly_handed[i]) {
            count_handed(svc, phone, &items[i], false, now_ms);
            stick(svc, &items[i]);
        }
    }
}
