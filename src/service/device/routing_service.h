/*
 * What operators see and say of routing: an account's rules, why a phone would be chosen, how
 * phones do.
 */
#pragma once

#include "service/device/route_service.h"

/* The rules of an account, as they were written; with `replaces`, new ones first. Write lane. */
struct og_routing_op {
    struct og_op op;
    struct og_services *svc;
    struct og_arena *mem;
    struct og_str account_id; /* id or name; out: id */
    bool replaces;
    struct og_str document;   /* in with replaces: checked JSON; out; "{}" : none */
};
/* OG_E_NOT_FOUND "account". */
enum og_code og_routing_apply(struct og_op *op, struct og_tx *tx);
void og_routing_committed(struct og_op *op, struct og_tx *tx);

/* Before the lanes start. A document that cannot be read any more is left out, and the log says
 * so. */
OG_MUST_CHECK enum og_code og_routing_load(struct og_services *svc, struct og_db *db,
                                           struct og_err *err);

/* What would become of a message, and why. Changes nothing; write lane, whose memory it reads. */
struct og_explain_op {
    struct og_op op;
    struct og_services *svc;
    struct og_arena *mem;
    struct og_str account_id; /* id or name */
    struct og_route_job job;  /* account_id is filled here */
    /* answered */
    struct og_route_plan plan;
    int64_t now_ms;
};
enum og_code og_explain_apply(struct og_op *op, struct og_tx *tx);

/* How a phone does, for lists of phones; false: nothing is known. Write lane. */
struct og_route_report {
    enum og_health_state state;
    enum og_health_reason reason;
    int score;
    int64_t since;
    int64_t usual_ms;          /* from the fetch to Sent; 0: not known */
    int64_t quarantined_until; /* 0: it is not */
    struct {
        int number, percent;
        enum og_pace_span span; /* of the limit that is nearest */
    } sims[OG_ROUTE_SIMS_MAX];
    int sim_count;
};
bool og_route_report(const struct og_services *svc, struct og_str device_id, int64_t now_ms,
                     struct og_route_report *out);
