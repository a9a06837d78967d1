/*
 * What operators see and do. Each change leaves its line among the decisions.
 */
#include <stdio.h>

#include "cache/source.h"
#include "service/abuse/priv.h"
#include "service/audit/tell.h"
#include "store/account_store.h"

static void
copy_text(struct og_str from, char *out, size_t size_bytes)
{
    snprintf(out, size_bytes, "%" OG_STR_FMT, OG_STR_ARG(from));
}

static void
note(struct og_services *svc, enum og_decision_action action, struct og_str account,
     struct og_str place, struct og_str number, int64_t now_ms)
{
    struct og_decision decision = {
        .at_ms = now_ms, .action = action, .rule = OG_RULE_OPERATOR, .count = 1};
    copy_text(account, decision.account, sizeof decision.account);
    copy_text(place, decision.place, sizeof decision.place);
    if (number.len) {
        og_phone_mask(number, decision.number);
    }
    og_decisions_add(og_shield_decisions(svc->shield), &decision);
}

/* From id or name to the id; "" stays. */
static enum og_code
find_account(struct og_tx *tx, struct og_arena *mem, struct og_str *account_id,
             struct og_str *name_out, struct og_err *err)
{
    struct og_account account;
    *name_out = OG_STR("");
    if (account_id->len == 0) {
        return OG_OK;
    }
    const enum og_code code = og_account_find(tx->db, *account_id, mem, &account, err);
    if (code == OG_OK) {
        *account_id = account.id;
        *name_out = account.name;
    }
    return code;
}

/* ---- reading ---- */

enum og_code
og_abuse_rules_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_abuse_rules_op *self = (struct og_abuse_rules_op *)op;
    (void)tx;
    og_shield_usage(self->svc->shield, &self->usage);
    return OG_OK;
}

enum og_code
og_abuse_decisions_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_abuse_decisions_op *self = (struct og_abuse_decisions_op *)op;
    return og_abuse_decisions(tx->db, &self->filter, self->mem, &self->items, &self->count,
                              &op->err);
}

enum og_code
og_abuse_stops_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_abuse_stops_op *self = (struct og_abuse_stops_op *)op;
    return og_abuse_stops(tx->db, self->account_id, tx->now_ms, self->mem, &self->items,
                          &self->count, &op->err);
}

/* ---- stops ---- */

enum og_code
og_abuse_stop_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_abuse_stop_op *self = (struct og_abuse_stop_op *)op;
    struct og_stop *stop = &self->stop;
    if (og_stops_count(og_shield_stops(self->svc->shield)) >= OG_STOPS_MAX) {
        return og_fail(&op->err, OG_E_BUSY, "", "too many stops; release some");
    }
    struct og_str name;
    const enum og_code code = find_account(tx, self->mem, &self->account_id, &name, &op->err);
    if (code != OG_OK) {
        return code;
    }
    *stop = (struct og_stop){
        .place = {.subject = OG_SUBJECT_COUNTRY},
        .rule = OG_RULE_OPERATOR,
        .since_ms = tx->now_ms,
        .until_ms = self->for_ms ? tx->now_ms + self->for_ms : 0,
    };
    stop->place.key = og_shield_key(self->svc->shield, OG_SUBJECT_COUNTRY, self->account_id,
                                    self->country);
    og_id_make(tx->now_ms, stop->id);
    copy_text(self->account_id, stop->place.account, sizeof stop->place.account);
    copy_text(self->country, stop->place.label, sizeof stop->place.label);
    const struct og_abuse_stop row = {
        .place = (int64_t)stop->place.key,
        .id = og_str_from(stop->id),
        .account_id = self->account_id,
        .subject = og_str_from(og_abuse_subject_name(OG_SUBJECT_COUNTRY)),
        .label = self->country,
        .rule = og_str_from(og_abuse_rules[OG_RULE_OPERATOR].word),
        .since = stop->since_ms,
        .until = stop->until_ms,
    };
    og_audit_change(self->svc, OG_AUDIT_ADMIN_LIMIT, self->account_id, self->country, "stopped");
    return og_abuse_stop_put(tx->db, &row, &op->err);
}

void
og_abuse_stop_committed(struct og_op *op, struct og_tx *tx)
{
    struct og_abuse_stop_op *self = (struct og_abuse_stop_op *)op;
    (void)og_shield_stop(self->svc->shield, &self->stop);
    note(self->svc, OG_DECISION_STOPPED, self->account_id, self->country, OG_STR(""),
         tx->now_ms);
}

enum og_code
og_abuse_release_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_abuse_release_op *self = (struct og_abuse_release_op *)op;
    og_audit_change(self->svc, OG_AUDIT_ADMIN_LIMIT, self->account_id, self->id, "released");
    return og_abuse_stop_remove(tx->db, self->id, self->account_id, &op->err);
}

void
og_abuse_release_committed(struct og_op *op, struct og_tx *tx)
{
    struct og_abuse_release_op *self = (struct og_abuse_release_op *)op;
    struct og_stop stop;
    if (og_stops_remove(og_shield_stops(self->svc->shield), self->id, &stop)) {
        og_shield_released(self->svc->shield, &stop);
        note(self->svc, OG_DECISION_RELEASED, og_str_from(stop.place.account),
             og_str_from(stop.place.label), OG_STR(""), tx->now_ms);
    }
}

/* ---- reset ---- */

/* As og_shield_case names it, here and, with the account's name, on all gateways. */
static uint64_t
key_of(const struct og_abuse_reset_op *self, struct og_str account, bool is_shared)
{
    const struct og_str all = OG_STR("");
    char source[OG_SOURCE_KEY_BYTES];
    struct og_str value = self->value;
    switch (self->subject) {
    case OG_SUBJECT_IP:
        og_source_key(self->value, source);
        value = og_str_from(source);
        break;
    case OG_SUBJECT_ACCOUNT:
        value = account;
        break;
    case OG_SUBJECT_SIM:
        account = all;
        break;
    case OG_SUBJECT_GLOBAL:
        account = value = all;
        break;
    default:
        break;
    }
    return (is_shared ? og_shield_shared_key : og_shield_key)(self->svc->shield, self->subject,
                                                              account, value);
}

enum og_code
og_abuse_reset_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_abuse_reset_op *self = (struct og_abuse_reset_op *)op;
    struct og_str name;
    const enum og_code code = find_account(tx, self->mem, &self->account_id, &name, &op->err);
    if (code != OG_OK) {
        return code;
    }
    self->key = key_of(self, self->account_id, false);
    self->shared_key = key_of(self, name, true);
    const struct og_abuse_reset row = {
        .subject = og_str_from(og_abuse_subject_name(self->subject)),
        .key = (int64_t)self->key,
        .at = og_abuse_time(self->svc, tx),
    };
    og_audit_change(self->svc, OG_AUDIT_ADMIN_LIMIT, self->account_id, row.subject, "reset");
    return og_abuse_reset_put(tx->db, &row, &op->err);
}

void
og_abuse_reset_committed(struct og_op *op, struct og_tx *tx)
{
    struct og_abuse_reset_op *self = (struct og_abuse_reset_op *)op;
    const bool is_number = self->subject == OG_SUBJECT_RECIPIENT;
    og_shield_forget(self->svc->shield, self->subject, self->key);
    og_abuse_share_forget(self->svc, self->subject, self->shared_key);
    note(self->svc, OG_DECISION_RESET, self->account_id,
         og_str_from(og_abuse_subject_name(self->subject)), is_number ? self->value : OG_STR(""),
         tx->now_ms);
}
