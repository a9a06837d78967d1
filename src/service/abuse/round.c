/*
 * What the shield does in between: decisions to disk and to the log, a look at conversion, and
 * forgetting. Rows first; memory follows once they are committed.
 */
#include <stdio.h>

#include "alert/board.h"
#include "base/log.h"
#include "service/abuse/priv.h"
#include "service/audit/audit.h"

#define LOOK_EVERY_MS 2000
#define PURGE_EVERY_MS 60000
#define PURGE_ROWS 500
#define DECISIONS_KEPT 20000

/* ---- decisions ---- */

/* Refusals told the audit log themselves, in their own transaction. */
static void
audit_alert(const struct og_services *svc, const struct og_decision *d)
{
    char detail[96];
    const bool is_ours = d->rule != OG_RULE_OPERATOR;
    if (!is_ours || (d->action != OG_DECISION_ALERT && d->action != OG_DECISION_STOPPED)) {
        return;
    }
    snprintf(detail, sizeof detail, "rule=%s limit=%lld value=%lld",
             og_abuse_rules[d->rule].word, (long long)d->limit, (long long)d->figure);
    og_audit_add(svc, &(struct og_audit_event){
                          .kind = OG_AUDIT_FRAUD_RULE,
                          .account = og_str_from(d->account),
                          .country = og_str_from(d->place),
                          .reason = og_str_from(og_abuse_rules[d->rule].word),
                          .detail = og_str_from(detail),
                          .ip = og_str_from(d->source)});
}

static enum og_code
write_decision(struct og_abuse_round_op *self, struct og_tx *tx, const struct og_decision *d)
{
    char id[OG_ID_BYTES];
    og_id_make(d->at_ms, id);
    const struct og_abuse_decision row = {
        .id = og_str_from(id),
        .at = d->at_ms,
        .account_id = og_str_from(d->account),
        .action = og_str_from(og_decision_action_name(d->action)),
        .rule = og_str_from(og_abuse_rules[d->rule].word),
        .figure = d->figure,
        .limit = d->limit,
        .count = d->count,
        .number = og_str_from(d->number),
        .place = og_str_from(d->place),
        .source = og_str_from(d->source),
    };
    audit_alert(self->svc, d);
    return og_abuse_decision_insert(tx->db, &row, &self->op.err);
}

static enum og_code
write_decisions(struct og_abuse_round_op *self, struct og_tx *tx)
{
    const struct og_decisions *list = og_shield_decisions(self->svc->shield);
    enum og_code code = OG_OK;
    self->decision_count = list->count;
    const struct og_decision *end = list->items + list->count;
    for (const struct og_decision *d = list->items; code == OG_OK && d < end; d++) {
        code = write_decision(self, tx, d);
    }
    return code;
}

static void
log_decision(const struct og_decision *d)
{
    const bool is_urgent = d->action == OG_DECISION_ALERT || d->action == OG_DECISION_STOPPED;
    og_log(is_urgent ? OG_LOG_WARN : OG_LOG_INFO, "abuse", og_decision_action_name(d->action),
           "rule=%s figure=%lld limit=%lld count=%d account=%s number=%s place=%s source=%s",
           og_abuse_rules[d->rule].word, (long long)d->figure, (long long)d->limit, d->count,
           og_log_quote(og_str_from(d->account)), og_log_quote(og_str_from(d->number)),
           og_log_quote(og_str_from(d->place)), og_log_quote(og_str_from(d->source)));
}

static void
drop_decisions(struct og_abuse_round_op *self)
{
    struct og_decisions *list = og_shield_decisions(self->svc->shield);
    for (int i = 0; i < self->decision_count; i++) {
        og_abuse_count_decision(&list->items[i]);
        log_decision(&list->items[i]);
        if (list->items[i].action == OG_DECISION_ALERT) {
            og_alert_raise(self->svc->alerts, OG_ALERT_ABUSE,
                           og_str_from(og_abuse_rules[list->items[i].rule].word),
                           list->items[i].figure);
        }
    }
    og_decisions_drop(list, self->decision_count);
}

/* ---- conversion ---- */

static enum og_code
write_stop(struct og_abuse_round_op *self, struct og_tx *tx, int index)
{
    const struct og_shield_config *config = og_shield_config(self->svc->shield);
    struct og_stop *stop = &self->stops[index];
    *stop = (struct og_stop){
        .place = self->findings[index].place,
        .rule = OG_RULE_CONVERSION,
        .since_ms = tx->now_ms,
        .until_ms = config->stop_ms ? tx->now_ms + config->stop_ms : 0,
    };
    og_id_make(tx->now_ms, stop->id);
    const struct og_abuse_stop row = {
        .place = (int64_t)stop->place.key,
        .id = og_str_from(stop->id),
        .account_id = og_str_from(stop->place.account),
        .subject = og_str_from(og_abuse_subject_name(stop->place.subject)),
        .label = og_str_from(stop->place.label),
        .rule = og_str_from(og_abuse_rules[stop->rule].word),
        .since = stop->since_ms,
        .until = stop->until_ms,
    };
    return og_abuse_stop_put(tx->db, &row, &self->op.err);
}

static bool
makes_stop(const struct og_abuse_round_op *self, int index)
{
    return self->findings[index].is_stop &&
           og_shield_config(self->svc->shield)->mode == OG_SHIELD_ENFORCE;
}

static enum og_code
look(struct og_abuse_round_op *self, struct og_tx *tx)
{
    const int most = (int)(sizeof self->findings / sizeof self->findings[0]);
    enum og_code code = OG_OK;
    self->finding_count =
        og_shield_look(self->svc->shield, og_abuse_time(self->svc, tx), self->findings, most);
    for (int i = 0; code == OG_OK && i < self->finding_count; i++) {
        code = makes_stop(self, i) ? write_stop(self, tx, i) : OG_OK;
    }
    return code;
}

/* ---- rounds ---- */

enum og_code
og_abuse_round_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_abuse_round_op *self = (struct og_abuse_round_op *)op;
    self->finding_count = self->decision_count = 0;
    if (!og_abuse_is_on(self->svc)) {
        return OG_OK;
    }
    enum og_code code = write_decisions(self, tx);
    if (code == OG_OK && tx->mono_ms >= self->next_look_ms) {
        self->next_look_ms = tx->mono_ms + LOOK_EVERY_MS;
        code = look(self, tx);
    }
    if (code == OG_OK && tx->mono_ms >= self->next_purge_ms) {
        self->next_purge_ms = tx->mono_ms + PURGE_EVERY_MS;
        code = og_abuse_purge(tx->db, og_abuse_time(self->svc, tx) - OG_ABUSE_KEPT_MS, tx->now_ms,
                              DECISIONS_KEPT, PURGE_ROWS, &op->err);
    }
    return code;
}

void
og_abuse_round_committed(struct og_op *op, struct og_tx *tx)
{
    struct og_abuse_round_op *self = (struct og_abuse_round_op *)op;
    if (!og_abuse_is_on(self->svc)) {
        return;
    }
    drop_decisions(self);
    for (int i = 0; i < self->finding_count; i++) {
        const bool is_kept =
            !makes_stop(self, i) ||
            og_shield_stop(self->svc->shield, &self->stops[i]);
        if (is_kept) {
            og_shield_acted(self->svc->shield, &self->findings[i], tx->now_ms);
        }
    }
    og_abuse_count_usage(self->svc->shield);
}

/* ---- metrics ---- */

#define DECISIONS "otpgate_abuse_decisions_total"
#define DECISIONS_HELP "Decisions of the rules against abuse, by what was done."
#define RULES "otpgate_abuse_rule_decisions_total"
#define RULES_HELP "Decisions of the rules against abuse, by the rule that decided."
#define LABEL_BYTES 48

enum { USAGE_KEYS, USAGE_PLACES, USAGE_EVICTED, USAGE_LOST, USAGE_COUNT };

static char action_labels[OG_DECISION_ACTIONS][LABEL_BYTES];
static char rule_labels[OG_RULE_COUNT][LABEL_BYTES];
static struct og_metric action_metrics[OG_DECISION_ACTIONS];
static struct og_metric rule_metrics[OG_RULE_COUNT];
static struct og_metric usage_metrics[USAGE_COUNT] = {
    [USAGE_KEYS] = {"otpgate_abuse_subjects", "", "Counters of limits in memory.",
                    OG_METRIC_GAUGE},
    [USAGE_PLACES] = {"otpgate_abuse_places", "",
                      "Countries and prefixes whose conversion is watched.", OG_METRIC_GAUGE},
    [USAGE_EVICTED] = {"otpgate_abuse_evicted", "",
                       "Counters forgotten before their time for want of room.", OG_METRIC_GAUGE},
    [USAGE_LOST] = {"otpgate_abuse_lost_decisions", "",
                    "Decisions that did not get into the log for want of room.",
                    OG_METRIC_GAUGE},
};

void
og_abuse_register_metrics(void)
{
    for (int i = 0; i < OG_DECISION_ACTIONS; i++) {
        snprintf(action_labels[i], LABEL_BYTES, "action=\"%s\"",
                 og_decision_action_name((enum og_decision_action)i));
        action_metrics[i] = (struct og_metric){.name = DECISIONS, .labels = action_labels[i],
                                               .help = DECISIONS_HELP,
                                               .type = OG_METRIC_COUNTER};
    }
    for (int i = 0; i < OG_RULE_COUNT; i++) {
        snprintf(rule_labels[i], LABEL_BYTES, "rule=\"%s\"", og_abuse_rules[i].word);
        rule_metrics[i] = (struct og_metric){.name = RULES, .labels = rule_labels[i],
                                             .help = RULES_HELP, .type = OG_METRIC_COUNTER};
    }
    og_metrics_register(action_metrics, OG_DECISION_ACTIONS);
    og_metrics_register(rule_metrics, OG_RULE_COUNT);
    og_metrics_register(usage_metrics, USAGE_COUNT);
}

void
og_abuse_count_decision(const struct og_decision *decision)
{
    og_metric_add(&action_metrics[decision->action], decision->count);
    og_metric_add(&rule_metrics[decision->rule], decision->count);
}

void
og_abuse_count_usage(const struct og_shield *shield)
{
    struct og_shield_usage usage;
    og_shield_usage(shield, &usage);
    og_metric_set(&usage_metrics[USAGE_KEYS], usage.keys);
    og_metric_set(&usage_metrics[USAGE_PLACES], usage.places);
    og_metric_set(&usage_metrics[USAGE_EVICTED], usage.evicted);
    og_metric_set(&usage_metrics[USAGE_LOST], usage.lost_decisions);
}
