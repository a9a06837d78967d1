/*
 * One pass over all phones, of which there are few hundreds, and over the shield's stops. What is
 * not found again has ended: the board sees to that.
 */
#include "service/alert/watch.h"

#include <stdio.h>

#include "abuse/shield.h"
#include "alert/board.h"
#include "alert/outcomes.h"
#include "service/abuse/priv.h"
#include "service/audit/audit.h"
#include "service/message/priv.h"
#include "store/sealed_box.h"

#define CODES_SEEN_MAX 32 /* of one phone */
#define NEARLY_PERCENT 80

struct look {
    const struct og_alert_watch_op *op;
    struct og_tx *tx;
};

/* Codes of this phone that wait or are with it unanswered, and since when the oldest of them. */
static int
count_codes(const struct look *look, const struct og_dispatch_device *phone, int64_t *since_out)
{
    struct og_dispatch_item items[CODES_SEEN_MAX];
    const size_t listed =
        og_dispatch_list(look->op->svc->lane.dispatch, phone->account, phone->device,
                         look->tx->now_ms, false, items, CODES_SEEN_MAX);
    int count = 0;
    for (size_t i = 0; i < listed && items[i].class == OG_DISPATCH_OTP; i++) {
        if (count == 0 || items[i].created_at_ms < *since_out) {
            *since_out = items[i].created_at_ms;
        }
        count++;
    }
    return count;
}

static void
look_at_phone(void *ctx, const struct og_dispatch_device *phone, bool has_connected)
{
    const struct look *look = ctx;
    struct og_alert_board *board = look->op->svc->alerts;
    int64_t since = 0;
    const bool is_phone = phone->device.len > 0; /* else what has no phone yet: never seen */
    const int64_t unseen_ms = is_phone ? look->tx->now_ms - phone->last_seen_ms : 0;
    if (is_phone && !phone->is_connected && unseen_ms >= look->op->offline_after_ms) {
        og_alert_raise(board, OG_ALERT_DEVICE_OFFLINE, phone->device, unseen_ms / 1000);
    }
    if (phone->waiting + phone->handed == 0) {
        return;
    }
    const int codes = count_codes(look, phone, &since);
    const int64_t wait_ms = look->tx->now_ms - since;
    if (codes > 0 && !has_connected) {
        og_alert_raise(board, OG_ALERT_NO_OTP_ROUTE, phone->account, codes);
    }
    if (codes > 0 && is_phone && wait_ms >= look->op->code_wait_ms) {
        og_alert_raise(board, OG_ALERT_QUEUE_DELAY, phone->device, wait_ms / 1000);
    }
}

static void
raise_limit(const struct og_services *svc, const char *limit, int64_t percent)
{
    if (percent >= NEARLY_PERCENT) {
        og_alert_raise(svc->alerts, percent >= 100 ? OG_ALERT_QUOTA_100 : OG_ALERT_QUOTA_80,
                       og_str_from(limit), percent);
    }
}

static void
look_at_audit(const struct og_services *svc)
{
    raise_limit(svc, "audit.entries_max",
                svc->lane.audit ? og_audit_use_percent(svc->lane.audit) : 0);
}

/* The gateway's own limits; those of accounts are the accounts' matter. */
static void
look_at_budgets(const struct look *look)
{
    static const enum og_abuse_rule rules[] = {OG_RULE_GLOBAL_MINUTE, OG_RULE_GLOBAL_DAY};
    const struct og_services *svc = look->op->svc;
    const struct og_shield *shield = svc->shield;
    const uint64_t key = og_shield_key(shield, OG_SUBJECT_GLOBAL, OG_STR(""), OG_STR(""));
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        const int64_t limit = og_shield_config(shield)->limits[rules[i]];
        const int64_t count =
            og_shield_count_of(shield, rules[i], key, og_abuse_time(svc, look->tx));
        raise_limit(svc, og_abuse_rules[rules[i]].word, limit ? count * 100 / limit : 0);
    }
}

/* Those that the gateway made itself. */
static void
look_at_stops(const struct look *look)
{
    const struct og_services *svc = look->op->svc;
    const struct og_stops *stops = og_shield_stops(svc->shield);
    struct og_map_node *node;
    for (node = og_map_first(&stops->by_key); node; node = og_map_next(node)) {
        const struct og_stop *stop = og_map_value(node);
        const bool is_over = stop->until_ms && stop->until_ms <= look->tx->now_ms;
        if (stop->rule != OG_RULE_OPERATOR && !is_over) {
            og_alert_raise(svc->alerts, OG_ALERT_ABUSE_STOP, og_str_from(stop->place.label), 0);
        }
    }
}

/* ---- pace of SIMs and phones ---- */

/* Days and months: minutes and hours are full whenever there is much to do. */
static void
raise_quota(const struct look *look, struct og_pace *pace, const struct og_pace_limits *limits,
            const char *subject)
{
    struct og_pace_limits long_ones = *limits;
    enum og_pace_span span;
    long_ones.parts[OG_PACE_MINUTE] = long_ones.parts[OG_PACE_HOUR] = 0;
    const int percent = og_pace_use_percent(pace, &long_ones, look->tx->now_ms, &span);
    if (percent >= NEARLY_PERCENT) {
        og_alert_raise(look->op->svc->alerts,
                       percent >= 100 ? OG_ALERT_SIM_QUOTA_100 : OG_ALERT_SIM_QUOTA_80,
                       og_str_from(subject), percent);
    }
}

static void
look_at_pace(void *ctx, struct og_route_phone *phone)
{
    const struct look *look = ctx;
    const struct og_route_policy *policy = og_route_table_policy(look->op->svc->lane.routes);
    char subject[OG_ALERT_SUBJECT_BYTES];
    raise_quota(look, &phone->pace, &policy->device, phone->id);
    for (int i = 0; i < phone->sim_count; i++) {
        snprintf(subject, sizeof subject, "%s/%d", phone->id, phone->sims[i].number);
        raise_quota(look, &phone->sims[i].pace, &policy->sim, subject);
    }
}

/* ---- outcomes ---- */

void
og_message_outcome(const struct og_services *svc, const struct og_route_phone *phone,
                   bool is_failed)
{
    if (svc->lane.outcomes) {
        const int64_t mono_ms = og_mono_ms(svc->clock);
        og_outcomes_add(svc->lane.outcomes, OG_OUTCOMES_OF_DEVICE, og_str_from(phone->id),
                        is_failed, mono_ms);
        og_outcomes_add(svc->lane.outcomes, OG_OUTCOMES_OF_ACCOUNT, og_str_from(phone->account),
                        is_failed, mono_ms);
    }
}

static void
raise_failures(void *ctx, enum og_outcomes_of of, struct og_str id, int percent)
{
    const struct look *look = ctx;
    og_alert_raise(look->op->svc->alerts,
                   of == OG_OUTCOMES_OF_DEVICE ? OG_ALERT_DEVICE_FAILURES
                                               : OG_ALERT_ACCOUNT_FAILURES,
                   id, percent);
}

/* Whoever met them; nothing is known of where. */
static void
look_at_rows(struct og_services *svc)
{
    const int64_t met = og_box_unreadable_count();
    if (met > svc->lane.unreadable_seen) {
        og_alert_raise(svc->alerts, OG_ALERT_ROWS_UNREADABLE, OG_STR(""), met);
        svc->lane.unreadable_seen = met;
    }
}

void
og_alert_watch_committed(struct og_op *op, struct og_tx *tx)
{
    static const enum og_alert_kind kinds[] = {
        OG_ALERT_DEVICE_OFFLINE, OG_ALERT_NO_OTP_ROUTE,  OG_ALERT_QUEUE_DELAY,
        OG_ALERT_QUOTA_80,       OG_ALERT_QUOTA_100,     OG_ALERT_SIM_QUOTA_80,
        OG_ALERT_SIM_QUOTA_100,  OG_ALERT_DEVICE_FAILURES, OG_ALERT_ACCOUNT_FAILURES,
        OG_ALERT_ABUSE_STOP,
    };
    struct look look = {(struct og_alert_watch_op *)op, tx};
    struct og_services *svc = look.op->svc;
    look_at_rows(svc);
    og_alert_look_begin(svc->alerts);
    og_dispatch_each(svc->lane.dispatch, look_at_phone, &look);
    og_route_table_each(svc->lane.routes, look_at_pace, &look);
    og_outcomes_each(svc->lane.outcomes, &look.op->failures, tx->mono_ms, raise_failures, &look);
    look_at_audit(svc);
    if (og_abuse_is_on(svc)) {
        look_at_budgets(&look);
        look_at_stops(&look);
    }
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        og_alert_look_end(svc->alerts, kinds[i]);
    }
}
