/*
 * The verdict: first what may never go, then what must be paid for with work, then the limits, of
 * which the one with the longest wait decides, so that whoever waits as told is let through.
 */
#include "abuse/shield.h"

#include <stdio.h>
#include <stdlib.h>

#include "abuse/challenge.h"
#include "abuse/shield_priv.h"
#include "base/arena.h"

#define BUDGET_ALERT_PERCENT 80
#define SUSPICIOUS_PERCENT 50 /* of the limit of an address */

struct og_shield *
og_shield_create(const struct og_shield_config *config)
{
    struct og_shield *self = og_xalloc(sizeof *self);
    self->config = *config;
    for (int i = 0; i < OG_RULE_LIMITS; i++) {
        self->limits[i] = og_counters_create(og_abuse_rules[i].span_ms, config->keys_max);
    }
    self->proofs = og_counters_create(2 * OG_CHALLENGE_TTL_MS, config->keys_max);
    self->countries = og_conversion_create(&config->conversion, COUNTRIES_MAX);
    self->prefixes = og_conversion_create(&config->conversion, PREFIXES_MAX);
    self->spray = og_spray_create(&config->spray);
    return self;
}

void
og_shield_destroy(struct og_shield *self)
{
    if (!self) {
        return;
    }
    for (int i = 0; i < OG_RULE_LIMITS; i++) {
        og_counters_destroy(self->limits[i]);
    }
    og_counters_destroy(self->proofs);
    og_conversion_destroy(self->countries);
    og_conversion_destroy(self->prefixes);
    og_spray_destroy(self->spray);
    og_stops_finish(&self->stops);
    free(self->holds);
    og_wipe(&self->config, sizeof self->config);
    free(self);
}

const struct og_shield_config *
og_shield_config(const struct og_shield *self)
{
    return &self->config;
}

struct og_stops *
og_shield_stops(struct og_shield *self)
{
    return &self->stops;
}

struct og_decisions *
og_shield_decisions(struct og_shield *self)
{
    return &self->decisions;
}

/* ---- counts ---- */

struct moment {
    int64_t mono_ms, now_ms;
};

/* Ours, or that of all gateways together where that is more. */
static int64_t
sum_of(const struct og_shield *self, enum og_abuse_rule rule, const struct og_abuse_case *c,
       int64_t shared, struct moment at)
{
    const int64_t own =
        og_counters_sum(self->limits[rule], c->keys[og_abuse_rules[rule].subject], at.mono_ms);
    return own > shared ? own : shared;
}

static int64_t
wait_for(const struct og_shield *self, enum og_abuse_rule rule, const struct og_abuse_case *c,
         int64_t limit, struct moment at)
{
    const int64_t own_ms =
        og_counters_wait_ms(self->limits[rule], c->keys[og_abuse_rules[rule].subject], at.mono_ms,
                            limit, og_shield_amount(self, rule, c));
    const int64_t shared_ms = c->shared.waits_ms[rule];
    return own_ms > shared_ms ? own_ms : shared_ms;
}

/* ---- what may never go ---- */

static bool
proof_is_bad(const struct og_shield *self, const struct og_abuse_case *c, struct moment at)
{
    return c->proof == OG_PROOF_BAD ||
           (c->proof == OG_PROOF_SOLVED &&
            og_counters_sum(self->proofs, c->proof_id, at.mono_ms) > 0);
}

/* A resend went to an allowed country when it was started; then its region may not be known. */
static bool
is_not_allowed(const struct og_shield *self, const struct og_abuse_case *c, struct moment at)
{
    (void)at;
    return !(c->kind == OG_ABUSE_CODE_AGAIN && !c->region[0]) &&
           !og_shield_region_allowed(self, c->region);
}

static bool
is_refused_type(const struct og_shield *self, const struct og_abuse_case *c, struct moment at)
{
    (void)at;
    return self->config.types_refused & (1U << c->type);
}

static bool
country_is_stopped(const struct og_shield *self, const struct og_abuse_case *c, struct moment at)
{
    return og_stops_find(&self->stops, c->keys[OG_SUBJECT_COUNTRY], at.now_ms) ||
           og_stops_find(&self->stops, c->country_of_all, at.now_ms);
}

static bool
prefix_is_stopped(const struct og_shield *self, const struct og_abuse_case *c, struct moment at)
{
    return og_stops_find(&self->stops, c->keys[OG_SUBJECT_PREFIX], at.now_ms) != NULL;
}

static bool
is_suspicious(const struct og_shield *self, const struct og_abuse_case *c, struct moment at)
{
    const int64_t limit = og_shield_limit(self, OG_RULE_IP_HOUR, c);
    const int64_t used =
        sum_of(self, OG_RULE_IP_HOUR, c, c->shared.sums[OG_RULE_IP_HOUR], at);
    return (limit > 0 && used * 100 >= limit * SUSPICIOUS_PERCENT) ||
           og_conversion_is_low(self->countries, c->keys[OG_SUBJECT_COUNTRY]) ||
           og_conversion_is_low(self->prefixes, c->keys[OG_SUBJECT_PREFIX]) ||
           og_spray_is_on(self->spray, at.mono_ms);
}

static bool
needs_challenge(const struct og_shield *self, const struct og_abuse_case *c, struct moment at)
{
    const enum og_challenge_when when = self->config.challenge;
    return c->kind == OG_ABUSE_CODE && c->proof != OG_PROOF_SOLVED &&
           (when == OG_CHALLENGE_ALWAYS ||
            (when == OG_CHALLENGE_SUSPICIOUS && is_suspicious(self, c, at)));
}

static const struct {
    enum og_abuse_rule rule;
    enum og_abuse_action action;
    bool (*fails)(const struct og_shield *self, const struct og_abuse_case *c, struct moment at);
} gates[] = {
    {OG_RULE_CHALLENGE_FAILED, OG_ABUSE_DENY, proof_is_bad},
    {OG_RULE_COUNTRY_NOT_ALLOWED, OG_ABUSE_DENY, is_not_allowed},
    {OG_RULE_NUMBER_TYPE, OG_ABUSE_DENY, is_refused_type},
    {OG_RULE_COUNTRY_STOPPED, OG_ABUSE_DENY, country_is_stopped},
    {OG_RULE_PREFIX_STOPPED, OG_ABUSE_DENY, prefix_is_stopped},
    {OG_RULE_CHALLENGE, OG_ABUSE_CHALLENGE, needs_challenge},
};

static bool
fails_gate(const struct og_shield *self, const struct og_abuse_case *c, struct moment at,
           struct og_abuse_verdict *out)
{
    const bool has_number = c->keys[OG_SUBJECT_RECIPIENT] != 0;
    const bool is_exempt =
        c->is_admitted || (c->kind == OG_ABUSE_MESSAGE &&
                           (self->config.messages != OG_MESSAGES_ALL || !has_number));
    for (size_t i = 0; !is_exempt && i < sizeof gates / sizeof gates[0]; i++) {
        if (gates[i].fails(self, c, at)) {
            *out = (struct og_abuse_verdict){.action = gates[i].action, .rule = gates[i].rule};
            return true;
        }
    }
    return false;
}

/* ---- limits ---- */

static bool
fails_limit(const struct og_shield *self, const struct og_abuse_case *c, struct moment at,
            struct og_abuse_verdict *out)
{
    bool fails = false;
    for (int i = 0; i < OG_RULE_LIMITS; i++) {
        const enum og_abuse_rule rule = (enum og_abuse_rule)i;
        const int64_t limit = og_shield_limit(self, rule, c);
        const int64_t wait_ms = limit > 0 ? wait_for(self, rule, c, limit, at) : 0;
        if (wait_ms > 0 && (!fails || wait_ms > out->wait_ms)) {
            *out = (struct og_abuse_verdict){
                .action = OG_ABUSE_DENY,
                .rule = rule,
                .figure = sum_of(self, rule, c, c->shared.sums[i], at),
                .limit = limit,
                .wait_ms = wait_ms,
            };
            fails = true;
        }
    }
    return fails;
}

/* Budgets that this message brings over four fifths. */
static void
alert_budgets(struct og_shield *self, const struct og_abuse_case *c, struct moment at)
{
    for (int i = 0; i < OG_RULE_LIMITS; i++) {
        const enum og_abuse_rule rule = (enum og_abuse_rule)i;
        const int64_t limit = self->config.limits[i];
        if (!og_abuse_rules[i].is_budget || og_shield_limit(self, rule, c) == 0) {
            continue;
        }
        const int64_t amount = og_shield_amount(self, rule, c);
        const int64_t after = sum_of(self, rule, c, c->shared.sums[i] + amount, at);
        const int64_t before = after - amount;
        const int64_t mark = limit * BUDGET_ALERT_PERCENT;
        if (before * 100 < mark && after * 100 >= mark) {
            const struct og_abuse_verdict verdict = {
                .rule = rule, .figure = after, .limit = limit};
            og_shield_decided(self, OG_DECISION_ALERT, c, &verdict, at.now_ms);
        }
    }
}

void
og_shield_decided(struct og_shield *self, enum og_decision_action action,
                  const struct og_abuse_case *c, const struct og_abuse_verdict *verdict,
                  int64_t now_ms)
{
    struct og_decision decision = {
        .at_ms = now_ms,
        .action = action,
        .rule = verdict->rule,
        .figure = verdict->figure,
        .limit = verdict->limit,
        .count = 1,
    };
    const bool is_about_all = action == OG_DECISION_ALERT;
    memcpy(decision.account, c->account, sizeof decision.account);
    memcpy(decision.place, c->region, sizeof c->region);
    if (!is_about_all) {
        memcpy(decision.number, c->number, sizeof decision.number);
        memcpy(decision.source, c->source, sizeof decision.source);
    }
    og_decisions_add(&self->decisions, &decision);
}

static void
note(struct og_shield *self, const struct og_abuse_case *c, const struct og_abuse_verdict *verdict,
     int64_t now_ms)
{
    const enum og_decision_action action =
        verdict->is_recorded                     ? OG_DECISION_RECORDED
        : verdict->action == OG_ABUSE_CHALLENGE ? OG_DECISION_CHALLENGED
                                                 : OG_DECISION_REFUSED;
    og_shield_decided(self, action, c, verdict, now_ms);
}

void
og_shield_judge(struct og_shield *self, const struct og_abuse_case *c, int64_t mono_ms,
                int64_t now_ms, struct og_abuse_ticket *ticket, struct og_abuse_verdict *out)
{
    const struct moment at = {mono_ms, now_ms};
    *out = (struct og_abuse_verdict){.action = OG_ABUSE_ALLOW};
    if (self->config.mode == OG_SHIELD_OFF) {
        return;
    }
    const bool fails = fails_gate(self, c, at, out) || fails_limit(self, c, at, out);
    if (fails && self->config.mode == OG_SHIELD_RECORD) {
        out->action = OG_ABUSE_ALLOW;
        out->is_recorded = true;
    }
    if (fails) {
        note(self, c, out, now_ms);
    }
    if (out->action == OG_ABUSE_ALLOW) {
        og_shield_charge(self, c, mono_ms, ticket);
        alert_budgets(self, c, at);
    }
}

/* ---- checks ---- */

void
og_shield_checked(struct og_shield *self, struct og_str network, struct og_str recipient,
                  bool has_failed, int64_t mono_ms, int64_t now_ms)
{
    const struct og_str all = OG_STR("");
    struct og_spray_finding found;
    struct og_decision alert = {.at_ms = now_ms, .action = OG_DECISION_ALERT, .count = 1};
    if (self->config.mode == OG_SHIELD_OFF) {
        return;
    }
    og_spray_checked(self->spray, mono_ms,
                     network.len ? og_shield_key(self, OG_SUBJECT_IP, all, network) : 0,
                     og_shield_key(self, OG_SUBJECT_RECIPIENT, all, recipient), has_failed,
                     &found);
    if (found.is_checks) {
        alert.rule = OG_RULE_SPRAY_CHECKS;
        alert.figure = found.percent;
        alert.limit = self->config.spray.failing_percent;
        og_decisions_add(&self->decisions, &alert);
    }
    if (found.is_network) {
        alert.rule = OG_RULE_SPRAY_NETWORK;
        alert.figure = found.recipients;
        alert.limit = self->config.spray.recipients_max;
        snprintf(alert.source, sizeof alert.source, "%" OG_STR_FMT, OG_STR_ARG(network));
        og_decisions_add(&self->decisions, &alert);
    }
}

/* ---- places ---- */

int
og_shield_look(struct og_shield *self, int64_t mono_ms, struct og_conversion_finding *out,
               int max)
{
    const int found = og_conversion_look(self->countries, mono_ms, out, max);
    return found + og_conversion_look(self->prefixes, mono_ms, out + found, max - found);
}

void
og_shield_acted(struct og_shield *self, const struct og_conversion_finding *finding,
                int64_t now_ms)
{
    const struct og_conversion_policy *policy = &self->config.conversion;
    struct og_decision decision = {
        .at_ms = now_ms,
        .action = finding->is_stop && self->config.mode == OG_SHIELD_ENFORCE ? OG_DECISION_STOPPED
                  : finding->is_stop                                         ? OG_DECISION_RECORDED
                                                                             : OG_DECISION_ALERT,
        .rule = OG_RULE_CONVERSION,
        .figure = finding->percent,
        .limit = finding->is_stop ? policy->stop_percent : policy->alarm_percent,
        .count = 1,
    };
    memcpy(decision.account, finding->place.account, sizeof decision.account);
    memcpy(decision.place, finding->place.label, sizeof decision.place);
    og_decisions_add(&self->decisions, &decision);
    og_conversion_told(og_shield_monitor(self, finding->place.subject), finding);
}

bool
og_shield_stop(struct og_shield *self, const struct og_stop *stop)
{
    const struct og_conversion_finding known = {.place = stop->place, .is_stop = true};
    if (!og_stops_put(&self->stops, stop)) {
        return false;
    }
    og_conversion_told(og_shield_monitor(self, stop->place.subject), &known);
    return true;
}

void
og_shield_released(struct og_shield *self, const struct og_stop *stop)
{
    og_conversion_forget(og_shield_monitor(self, stop->place.subject), stop->place.key);
}
