/*
 * Counting, and giving back what did not come true.
 */
#include <stdlib.h>

#include "abuse/shield_priv.h"
#include "base/arena.h"

#define HOLDS_FIRST 64

/* ---- how much ---- */

int64_t
og_shield_limit(const struct og_shield *self, enum og_abuse_rule rule,
                const struct og_abuse_case *c)
{
    const struct og_abuse_rule_row *row = &og_abuse_rules[rule];
    const bool is_message = c->kind == OG_ABUSE_MESSAGE;
    const bool is_exempt = (is_message && row->holds_from > self->config.messages) ||
                           (rule == OG_RULE_COUNTRY_HOUR && og_shield_is_home(self, c->region)) ||
                           c->keys[row->subject] == 0;
    const int64_t limit = is_exempt ? 0 : self->config.limits[rule];
    return is_message && row->is_budget ? limit * (100 - self->config.reserve_percent) / 100
                                        : limit;
}

int64_t
og_shield_amount(const struct og_shield *self, enum og_abuse_rule rule,
                 const struct og_abuse_case *c)
{
    if (!og_abuse_rules[rule].counts_cost) {
        return c->amount;
    }
    return c->amount * (og_shield_is_home(self, c->region) ? self->config.price_home
                                                           : self->config.price_abroad);
}

int
og_shield_needs(const struct og_shield *self, const struct og_abuse_case *c,
                struct og_abuse_need out[OG_RULE_LIMITS])
{
    struct og_abuse_case shared = *c;
    int count = 0;
    memcpy(shared.keys, c->shared_keys, sizeof shared.keys);
    for (int i = 0; i < OG_RULE_LIMITS; i++) {
        const enum og_abuse_rule rule = (enum og_abuse_rule)i;
        const struct og_abuse_need need = {rule, shared.keys[og_abuse_rules[i].subject],
                                           og_shield_limit(self, rule, &shared),
                                           og_shield_amount(self, rule, &shared)};
        if (need.limit > 0 && need.amount > 0) {
            out[count++] = need;
        }
    }
    return count;
}

struct og_conversion *
og_shield_monitor(const struct og_shield *self, enum og_abuse_subject subject)
{
    return subject == OG_SUBJECT_COUNTRY ? self->countries : self->prefixes;
}

static void
place_of(const struct og_abuse_case *c, enum og_abuse_subject subject, struct og_place *out)
{
    *out = (struct og_place){.key = c->keys[subject], .subject = subject};
    memcpy(out->account, c->account, sizeof out->account);
    memcpy(out->label, subject == OG_SUBJECT_COUNTRY ? c->region : c->prefix,
           subject == OG_SUBJECT_COUNTRY ? sizeof c->region : sizeof c->prefix);
}

/* ---- holds ---- */

static void
hold(struct og_shield *self, struct hold what, struct og_abuse_ticket *ticket)
{
    if (self->hold_count == self->hold_cap) {
        self->hold_cap = self->hold_cap ? 2 * self->hold_cap : HOLDS_FIRST;
        self->holds = og_xrealloc(self->holds, (size_t)self->hold_cap * sizeof *self->holds);
    }
    if (ticket->to == 0) {
        ticket->from = self->hold_count;
    }
    self->holds[self->hold_count++] = what;
    ticket->to = self->hold_count;
}

static void
count(struct og_shield *self, const struct hold *what, int64_t amount)
{
    switch (what->kind) {
    case HOLD_LIMIT:
        og_counters_add(self->limits[what->rule], what->key, what->at_ms, amount);
        break;
    case HOLD_PROOF:
        og_counters_add(self->proofs, what->key, what->at_ms, amount);
        break;
    case HOLD_VERIFIED:
        og_conversion_verified(og_shield_monitor(self, what->subject), what->key, what->at_ms,
                               (int)amount);
        break;
    case HOLD_SENT:
        og_conversion_sent(og_shield_monitor(self, what->subject),
                           &(struct og_place){.key = what->key, .subject = what->subject},
                           what->at_ms, (int)amount);
        break;
    }
}

static void
charge_limits(struct og_shield *self, const struct og_abuse_case *c, int64_t mono_ms,
              struct og_abuse_ticket *ticket)
{
    for (int i = 0; i < OG_RULE_LIMITS; i++) {
        const enum og_abuse_rule rule = (enum og_abuse_rule)i;
        if (og_shield_limit(self, rule, c) > 0) {
            const struct hold what = {.kind = HOLD_LIMIT,
                                      .rule = rule,
                                      .key = c->keys[og_abuse_rules[i].subject],
                                      .at_ms = mono_ms,
                                      .amount = og_shield_amount(self, rule, c)};
            count(self, &what, what.amount);
            hold(self, what, ticket);
        }
    }
}

static void
charge_places(struct og_shield *self, const struct og_abuse_case *c, int64_t mono_ms,
              struct og_abuse_ticket *ticket)
{
    static const enum og_abuse_subject subjects[] = {OG_SUBJECT_COUNTRY, OG_SUBJECT_PREFIX};
    for (int i = 0; i < 2 && c->kind == OG_ABUSE_CODE; i++) {
        struct og_place place;
        if (c->keys[subjects[i]]) {
            place_of(c, subjects[i], &place);
            og_conversion_sent(og_shield_monitor(self, subjects[i]), &place, mono_ms, 1);
            hold(self, (struct hold){.kind = HOLD_SENT, .subject = subjects[i],
                                     .key = place.key, .at_ms = mono_ms, .amount = 1},
                 ticket);
        }
    }
}

void
og_shield_charge(struct og_shield *self, const struct og_abuse_case *c, int64_t mono_ms,
                 struct og_abuse_ticket *ticket)
{
    charge_limits(self, c, mono_ms, ticket);
    charge_places(self, c, mono_ms, ticket);
    if (c->proof == OG_PROOF_SOLVED) {
        const struct hold what = {
            .kind = HOLD_PROOF, .key = c->proof_id, .at_ms = mono_ms, .amount = 1};
        count(self, &what, 1);
        hold(self, what, ticket);
    }
}

void
og_shield_verified(struct og_shield *self, const struct og_abuse_case *c, int64_t sent_mono_ms,
                   struct og_abuse_ticket *ticket)
{
    static const enum og_abuse_subject subjects[] = {OG_SUBJECT_COUNTRY, OG_SUBJECT_PREFIX};
    for (int i = 0; i < 2; i++) {
        const struct hold what = {.kind = HOLD_VERIFIED, .subject = subjects[i],
                                  .key = c->keys[subjects[i]], .at_ms = sent_mono_ms,
                                  .amount = 1};
        count(self, &what, 1);
        hold(self, what, ticket);
    }
}

void
og_shield_malformed(struct og_shield *self, struct og_str account, struct og_str source,
                    int64_t mono_ms)
{
    const uint64_t key = og_shield_key(self, OG_SUBJECT_IP, account, source);
    for (int i = 0; i < OG_RULE_LIMITS; i++) {
        if (og_abuse_rules[i].subject == OG_SUBJECT_IP && self->config.limits[i] > 0) {
            og_counters_add(self->limits[i], key, mono_ms, 1);
        }
    }
}

void
og_shield_keep(struct og_shield *self, const struct og_abuse_ticket *ticket)
{
    for (int i = ticket->from; i < ticket->to && i < self->hold_count; i++) {
        self->holds[i].is_kept = true;
    }
}

void
og_shield_settle(struct og_shield *self)
{
    for (int i = 0; i < self->hold_count; i++) {
        if (!self->holds[i].is_kept) {
            count(self, &self->holds[i], -self->holds[i].amount);
        }
    }
    self->hold_count = 0;
}

/* ---- around a restart, and by hand ---- */

void
og_shield_load(struct og_shield *self, const struct og_abuse_case *c, int64_t at_mono_ms,
               bool is_verified)
{
    struct og_abuse_ticket ticket = {0};
    og_shield_charge(self, c, at_mono_ms, &ticket);
    if (is_verified) {
        og_shield_verified(self, c, at_mono_ms, &ticket);
    }
    self->hold_count = 0; /* they are on disk */
}

void
og_shield_forget(struct og_shield *self, enum og_abuse_subject subject, uint64_t key)
{
    for (int i = 0; i < OG_RULE_LIMITS; i++) {
        if (og_abuse_rules[i].subject == subject) {
            og_counters_forget(self->limits[i], key);
        }
    }
    if (subject == OG_SUBJECT_COUNTRY || subject == OG_SUBJECT_PREFIX) {
        og_conversion_forget(og_shield_monitor(self, subject), key);
    }
}

int64_t
og_shield_count_of(const struct og_shield *self, enum og_abuse_rule rule, uint64_t key,
                   int64_t mono_ms)
{
    return og_counters_sum(self->limits[rule], key, mono_ms);
}

void
og_shield_usage(const struct og_shield *self, struct og_shield_usage *out)
{
    *out = (struct og_shield_usage){
        .places = og_conversion_count(self->countries) + og_conversion_count(self->prefixes),
        .lost_decisions = self->decisions.lost_count,
    };
    for (int i = 0; i < OG_RULE_LIMITS; i++) {
        out->keys += og_counters_count(self->limits[i]);
        out->evicted += og_counters_evicted(self->limits[i]);
    }
}
