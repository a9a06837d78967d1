/*
 * Rules from their row to the router's memory, and what the router would say.
 */
#include "service/device/routing_service.h"

#include "base/json.h"
#include "base/log.h"
#include "service/audit/tell.h"
#include "store/account_store.h"
#include "store/route_store.h"

/* ---- rules ---- */

enum og_code
og_routing_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_routing_op *self = (struct og_routing_op *)op;
    struct og_account account;
    enum og_code code =
        og_account_find(tx->db, self->account_id, self->mem, &account, &op->err);
    if (code != OG_OK) {
        return code;
    }
    self->account_id = account.id;
    if (self->replaces) {
        og_audit_change(self->svc, OG_AUDIT_ADMIN_LIMIT, account.id, account.id, "routing");
        return og_routing_save(tx->db, account.id, self->document, tx->now_ms, &op->err);
    }
    code = og_routing_find(tx->db, account.id, self->mem, &self->document, &op->err);
    self->document = self->document.len ? self->document : OG_STR("{}");
    return code;
}

/* Into the router's memory, which keeps the arena. */
static enum og_code
take_rules(struct og_services *svc, struct og_str account_id, struct og_str document,
           struct og_err *err)
{
    struct og_json_doc doc = {0};
    struct og_route_rules rules;
    struct og_arena mem;
    og_arena_init(&mem, 0);
    enum og_code code = og_json_parse(document, OG_JSON_DEPTH_DEFAULT, &doc, err);
    if (code == OG_OK) {
        code = og_route_rules_read(doc.root, &mem, &rules, err);
    }
    og_json_doc_finish(&doc);
    if (code == OG_OK) {
        const bool is_empty = rules.group_count == 0 && !rules.is_sticky && !rules.may_rebind;
        og_route_table_set_rules(svc->lane.routes, account_id, is_empty ? NULL : &rules, &mem);
    }
    og_arena_finish(&mem);
    return code;
}

static void
take_or_warn(struct og_services *svc, struct og_str account_id, struct og_str document)
{
    struct og_err err = {0};
    if (take_rules(svc, account_id, document, &err) != OG_OK) {
        og_log_error("service", "an account's rules of routing cannot be read",
                     "account=%" OG_STR_FMT " field=%s reason=%s", OG_STR_ARG(account_id),
                     err.field, og_log_quote(og_str_from(err.text)));
    }
}

void
og_routing_committed(struct og_op *op, struct og_tx *tx)
{
    struct og_routing_op *self = (struct og_routing_op *)op;
    (void)tx;
    if (self->replaces) {
        take_or_warn(self->svc, self->account_id, self->document);
    }
}

static void
load_one(void *ctx, struct og_str account_id, struct og_str document)
{
    take_or_warn(ctx, account_id, document);
}

enum og_code
og_routing_load(struct og_services *svc, struct og_db *db, struct og_err *err)
{
    return og_routing_each(db, load_one, svc, err);
}

/* ---- why ---- */

enum og_code
og_explain_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_explain_op *self = (struct og_explain_op *)op;
    struct og_account account;
    const enum og_code code =
        og_account_find(tx->db, self->account_id, self->mem, &account, &op->err);
    if (code != OG_OK) {
        return code;
    }
    self->job.account_id = account.id;
    self->now_ms = tx->now_ms;
    og_route_plan_make(self->svc, &self->job, tx->now_ms, self->mem, &self->plan);
    for (size_t i = 0; i < self->plan.count; i++) { /* the queue's strings stay behind in the lane */
        self->plan.candidates[i].device =
            og_str_dup(self->mem, self->plan.candidates[i].device);
    }
    return OG_OK;
}

/* ---- how phones do ---- */

bool
og_route_report(const struct og_services *svc, struct og_str device_id, int64_t now_ms,
                struct og_route_report *out)
{
    struct og_route_phone *phone = og_route_table_find(svc->lane.routes, device_id);
    const struct og_pace_limits *limits = &og_route_table_policy(svc->lane.routes)->sim;
    *out = (struct og_route_report){0};
    if (!phone) {
        return false;
    }
    *out = (struct og_route_report){
        .state = phone->health.state,
        .reason = phone->health.reason,
        .score = og_health_score(&phone->health),
        .since = phone->health.since,
        .usual_ms = phone->health.sending.p50_ms,
        .quarantined_until = phone->health.quarantined_until,
        .sim_count = phone->sim_count,
    };
    for (int i = 0; i < phone->sim_count; i++) {
        out->sims[i].number = phone->sims[i].number;
        out->sims[i].percent = og_pace_use_percent(&phone->sims[i].pace, limits, now_ms,
                                                   &out->sims[i].span);
    }
    return true;
}
