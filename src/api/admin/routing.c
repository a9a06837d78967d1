/*
 * Routing as the operator sees it: the rules of an account, and why a phone would be chosen.
 */
#include "api/admin/priv.h"
#include "api/smsgate/query.h"
#include "core/sms_text.h"
#include "service/device/routing_service.h"

#define FOREVER_MS (24 * INT64_C(3600000))
#define PARTS_MAX 255

/* ---- rules ---- */

enum og_code
og_admin_routing_show_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct og_routing_op *self = (struct og_routing_op *)op;
    self->svc = og_call_services(call);
    self->mem = og_call_mem(call);
    return og_admin_account_of(call, call->params[0], &self->account_id, err);
}

enum og_code
og_admin_routing_put_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct og_routing_op *self = (struct og_routing_op *)op;
    struct og_route_rules rules;
    const struct og_json *body;
    enum og_code code = og_admin_routing_show_decode(call, op, err);
    if (code == OG_OK) {
        code = og_call_json(call, &body, err);
    }
    if (code == OG_OK) {
        code = og_route_rules_read(body, og_call_mem(call), &rules, err);
    }
    self->replaces = true;
    self->document = call->req->body;
    return code;
}

void
og_admin_routing_encode(struct og_call *call, struct og_op *op, struct og_answer *answer)
{
    (void)call;
    og_buf_add(&answer->body, ((struct og_routing_op *)op)->document);
}

/* ---- why ---- */

static enum og_code
decode_class(const struct og_http_request *req, enum og_message_class *out, struct og_err *err)
{
    static const enum og_message_class classes[OG_ROUTE_CLASS_COUNT] = {
        [OG_ROUTE_OTP] = OG_CLASS_OTP,
        [OG_ROUTE_TRANSACTIONAL] = OG_CLASS_NORMAL,
        [OG_ROUTE_BULK] = OG_CLASS_BULK,
    };
    enum og_route_class class = OG_ROUTE_OTP;
    struct og_str text;
    if (og_http_query(req, "class", &text) && !og_route_class_from_text(text, &class)) {
        return og_fail(err, OG_E_INVALID, "class", "must be otp, transactional or bulk");
    }
    *out = classes[class];
    return OG_OK;
}

enum og_code
og_admin_explain_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct og_explain_op *self = (struct og_explain_op *)op;
    struct og_route_job *job = &self->job;
    struct og_services *svc = og_call_services(call);
    struct og_str to = OG_STR("");
    int64_t parts = 1, left_s = FOREVER_MS / 1000;
    self->svc = svc;
    self->mem = og_call_mem(call);
    *job = (struct og_route_job){.seen_since_ms = INT64_MIN};
    og_http_query(call->req, "device", &job->device_id);
    og_http_query(call->req, "tag", &job->tag);
    enum og_code code = og_admin_account_of(call, call->params[0], &self->account_id, err);
    if (code == OG_OK && og_http_query(call->req, "to", &to)) {
        code = og_phone_parse(to, og_str_from(svc->message.default_region), svc->plan, "to",
                              self->mem, &job->number, err);
    }
    if (code == OG_OK) {
        code = decode_class(call->req, &job->cls, err);
    }
    if (code == OG_OK) {
        code = og_query_int(call->req, "parts", 1, PARTS_MAX, &parts, err);
    }
    if (code == OG_OK) {
        code = og_query_int(call->req, "sim", 1, OG_ROUTE_SIMS_MAX, &job->sim, err);
    }
    if (code == OG_OK) {
        code = og_query_int(call->req, "ttl", 1, FOREVER_MS / 1000, &left_s, err);
    }
    job->parts = parts;
    job->left_ms = left_s * 1000;
    return code;
}

static void
add_candidate(struct og_json_writer *w, const struct og_explain_op *self, size_t place)
{
    const struct og_route_candidate *c = &self->plan.candidates[place];
    const struct og_route_answer *answer = &self->plan.answers[place];
    og_json_object(w, NULL);
    og_json_add_str(w, "device", c->device);
    if (c->sim) {
        og_json_add_i64(w, "sim", c->sim);
    } else {
        og_json_add_null(w, "sim");
    }
    og_json_add_cstr(w, "verdict", og_route_verdict_name(answer->verdict));
    og_json_add_i64(w, "expected_ms", answer->delay_ms);
    og_json_add_bool(w, "connected", c->is_connected);
    og_json_add_cstr(w, "health", og_health_state_name(c->health));
    og_json_add_i64(w, "score", c->score);
    og_json_add_i64(w, "parts_ahead", c->ahead_parts);
    og_json_add_i64(w, "latency_ms", c->latency_ms);
    og_json_add_time_or_null(w, "paced_until",
                             c->pace.at_ms > self->now_ms ? c->pace.at_ms : 0);
    og_json_add_cstr(w, "paced_by",
                     c->pace.at_ms > self->now_ms ? og_pace_reason_name(c->pace.reason) : NULL);
    if (c->group_priority != OG_ROUTE_GROUP_NONE) {
        og_json_add_i64(w, "group_priority", c->group_priority);
        og_json_add_i64(w, "weight", c->weight);
    }
    og_json_add_bool(w, "sticky", c->is_sticky);
    og_json_end(w);
}

void
og_admin_explain_encode(struct og_call *call, struct og_op *op, struct og_answer *answer)
{
    struct og_explain_op *self = (struct og_explain_op *)op;
    char masked[OG_PHONE_MASK_BYTES];
    struct og_json_writer w;
    (void)call;
    og_phone_mask(self->job.number, masked);
    og_admin_begin_answer(&w, answer);
    og_json_add_str_or_null(&w, "to", self->job.number.len ? og_str_from(masked) : OG_STR(""));
    og_json_add_str_or_null(&w, "country", self->plan.country);
    if (self->plan.rule >= 0) {
        og_json_add_i64(&w, "rule", self->plan.rule);
    } else {
        og_json_add_null(&w, "rule");
    }
    og_json_add_str_or_null(&w, "chosen",
                            self->plan.chosen == OG_ROUTE_NONE
                                ? OG_STR("")
                                : self->plan.candidates[self->plan.chosen].device);
    og_json_array(&w, "candidates");
    for (size_t i = 0; i < self->plan.count; i++) {
        add_candidate(&w, self, i);
    }
    og_json_end(&w);
    og_json_end(&w);
}
