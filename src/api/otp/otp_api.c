/*
 * The OTP API: requests to operations and back, pure. Malformed JSON, unknown members and wrong
 * types are 400, values that no verification can have are 422; both name the member. A wrong code
 * is an answer.
 */
#include "api/otp/otp_api.h"

#include "api/gate/client_address.h"
#include "api/otp/json.h"
#include "api/problem.h"
#include "api/route_row.h"
#include "base/json.h"
#include "core/locale.h"
#include "core/money.h"
#include "core/otp_text.h"
#include "service/otp/otp_service.h"

#define BODY_MAX_BYTES (16 * 1024)
#define KEY_MAX_CHARS 255
#define NAME_MAX_CHARS 64

/* ---- what the operations share ---- */

static void
ready(struct og_otp_base *base, enum og_code code, const struct og_err *err)
{
    og_call_continue(base->ctx, code, err);
}

static void
fill_base(struct og_call *call, struct og_otp_base *base)
{
    base->svc = og_call_services(call);
    base->mem = og_call_mem(call);
    base->loop = call->req->loop;
    base->account_id = call->who.account_id;
    base->account_name = call->who.account_name;
    base->ready = ready;
    base->ctx = call;
}

/* Ids that we never made need no look at the rows. */
static enum og_code
decode_id(struct og_call *call, struct og_str *out, struct og_err *err)
{
    *out = call->params[0];
    if (out->len != OG_LONG_ID_CHARS || !og_id_is_plain(*out)) {
        return og_fail(err, OG_E_NOT_FOUND, "", "no such verification");
    }
    return OG_OK;
}

/* ---- what a code is for ---- */

struct context_ask {
    struct og_str amount, currency, payee, reference;
};

static const struct og_json_member context_members[] = {
    {"amount", OG_JSON_STRING, offsetof(struct context_ask, amount), false, 1, 16},
    {"currency", OG_JSON_STRING, offsetof(struct context_ask, currency), false, 1, 16},
    {"payee", OG_JSON_STRING, offsetof(struct context_ask, payee), false, 1,
     OG_OTP_PAYEE_MAX_CHARS},
    {"reference", OG_JSON_STRING, offsetof(struct context_ask, reference), false, 1,
     OG_OTP_REFERENCE_MAX_CHARS},
};

/* context  NULL: none */
static enum og_code
decode_context(struct og_call *call, const struct og_json *context, struct og_otp_context *out,
               struct og_err *err)
{
    struct context_ask ask = {0};
    char amount[OG_MONEY_BYTES];
    if (!context) {
        return OG_OK;
    }
    enum og_code code = og_json_decode(
        context, context_members, sizeof(context_members) / sizeof(context_members[0]),
        OG_JSON_UNKNOWN_REFUSED, "context", og_call_mem(call), &ask, err);
    if (code == OG_OK && (ask.amount.len || ask.currency.len)) {
        code = og_money_read(ask.amount, ask.currency, amount, err);
        out->amount = og_str_dup(og_call_mem(call), og_str_from(code == OG_OK ? amount : ""));
    }
    out->payee = ask.payee;
    out->reference = ask.reference;
    return code == OG_OK ? og_otp_context_check(out, err) : code;
}

/* ---- start ---- */

struct start_ask {
    struct og_str to, purpose, app_hash, client_app, template, locale, code, brand, client_ip,
        challenge, solution;
    const struct og_json *context;
    int64_t code_length, ttl_s;
    bool conceal, deliver;
    bool has_app_hash, has_locale, has_code, has_brand, has_length, has_ttl;
};

#define AT(member) offsetof(struct start_ask, member)

static const struct og_json_member start_members[] = {
    {"to", OG_JSON_STRING, AT(to), true},
    {"purpose", OG_JSON_STRING, AT(purpose), true},
    {"app_hash", OG_JSON_STRING, AT(app_hash), false, 0, 0, AT(has_app_hash)},
    {"client_app", OG_JSON_STRING, AT(client_app), false, 1, NAME_MAX_CHARS},
    {"template", OG_JSON_STRING, AT(template), false, 1, NAME_MAX_CHARS},
    {"locale", OG_JSON_STRING, AT(locale), false, 0, 0, AT(has_locale)},
    {"context", OG_JSON_OBJECT, AT(context), false},
    {"code_length", OG_JSON_INT, AT(code_length), false, 0, 0, AT(has_length)},
    {"ttl", OG_JSON_INT, AT(ttl_s), false, 0, 0, AT(has_ttl)},
    {"code", OG_JSON_STRING, AT(code), false, 0, 0, AT(has_code)},
    {"brand", OG_JSON_STRING, AT(brand), false, 0, 0, AT(has_brand)},
    {"conceal", OG_JSON_BOOL, AT(conceal), false},
    {"deliver", OG_JSON_BOOL, AT(deliver), false},
    {"client_ip", OG_JSON_STRING, AT(client_ip), false},
    {"challenge", OG_JSON_STRING, AT(challenge), false},
    {"solution", OG_JSON_STRING, AT(solution), false},
};

static enum og_code
check_own_code(struct og_call *call, const struct start_ask *ask, struct og_err *err)
{
    if (!call->who.may_custom_code) {
        return og_fail(err, OG_E_UNPROCESSABLE, "code",
                       "this account may not choose codes: leave it out and one is drawn");
    }
    if (ask->has_length && ask->code_length != (int64_t)ask->code.len) {
        return og_fail(err, OG_E_UNPROCESSABLE, "code_length", "is not the length of the code");
    }
    return og_otp_check_custom(ask->code, err);
}

/* The members that need no more than a look at themselves. */
static enum og_code
check_members(const struct start_ask *ask, const struct og_otp_policy *policy, struct og_err *err)
{
    enum og_code code = og_otp_check_purpose(ask->purpose, err);
    if (code == OG_OK && ask->has_app_hash) {
        code = og_otp_check_app_hash(ask->app_hash, err);
    }
    if (code == OG_OK && ask->has_locale) {
        code = og_locale_check(ask->locale, "locale", err);
    }
    if (code == OG_OK && ask->has_brand) {
        code = og_otp_check_variable(ask->brand, "brand", err);
    }
    if (code == OG_OK && ask->has_ttl) {
        code = og_otp_check_ttl(ask->ttl_s, err);
    }
    if (code == OG_OK && ask->has_length && !ask->has_code) {
        code = og_otp_check_length(ask->code_length, policy->allow_weak, err);
    }
    return code;
}

/* 1 to 255 visible ASCII characters, or no header at all. */
static enum og_code
decode_key(struct og_call *call, struct og_str *out, struct og_err *err)
{
    *out = og_http_header(call->req, "Idempotency-Key");
    bool fits = out->ptr == NULL || (out->len > 0 && out->len <= KEY_MAX_CHARS);
    for (size_t i = 0; fits && i < out->len; i++) {
        fits = out->ptr[i] > 0x20 && out->ptr[i] < 0x7f;
    }
    return fits ? OG_OK
                : og_fail(err, OG_E_INVALID, "Idempotency-Key",
                          "must be 1 to %d visible ASCII characters", KEY_MAX_CHARS);
}

static enum og_code
check_start(struct og_call *call, const struct start_ask *ask, struct og_otp_start_op *self,
            struct og_err *err)
{
    const struct og_services *svc = og_call_services(call);
    enum og_code code = decode_key(call, &self->idempotency_key, err);
    if (code == OG_OK) {
        code = check_members(ask, &svc->otp, err);
    }
    if (code == OG_OK && ask->has_code) {
        code = check_own_code(call, ask, err);
    }
    if (code == OG_OK) {
        code = og_phone_parse(ask->to, og_str_from(svc->message.default_region), svc->plan, "to",
                              og_call_mem(call), &self->to, err);
    }
    return code;
}

static enum og_code
start_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct og_otp_start_op *self = (struct og_otp_start_op *)op;
    const struct og_otp_policy *policy = &og_call_services(call)->otp;
    struct start_ask ask = {
        .code_length = policy->length, .ttl_s = policy->ttl_ms / 1000, .deliver = true};
    const struct og_json *body;
    enum og_code code = og_call_json(call, &body, err);
    if (code == OG_OK) {
        code = og_json_decode(body, start_members, sizeof(start_members) / sizeof(start_members[0]),
                              OG_JSON_UNKNOWN_REFUSED, "", og_call_mem(call), &ask, err);
    }
    if (code == OG_OK) {
        code = check_start(call, &ask, self, err);
    }
    if (code == OG_OK) {
        code = decode_context(call, ask.context, &self->context, err);
    }
    if (code == OG_OK && !ask.deliver && !ask.conceal) {
        code = og_fail(err, OG_E_UNPROCESSABLE, "deliver",
                       "may be false only where conceal is true");
    }
    if (code == OG_OK) {
        code = og_client_address(call, ask.client_ip, &self->source, err);
    }
    if (code != OG_OK) {
        return code;
    }
    fill_base(call, &self->base);
    self->credential_id = call->who.credential_id;
    self->purpose = ask.purpose;
    self->app_hash = ask.app_hash;
    self->locale = ask.locale;
    self->client_app = ask.client_app;
    self->template = ask.template;
    self->brand = ask.brand;
    self->account_brand = call->who.brand;
    self->code_length = (int)ask.code_length;
    self->ttl_ms = ask.ttl_s * 1000;
    self->is_concealed = ask.conceal;
    self->mode = !ask.deliver             ? OG_MODE_DECOY
                 : call->who.is_sandbox ? OG_MODE_SANDBOX
                                        : OG_MODE_LIVE;
    self->asked_at = call->now_ms;
    self->request = call->req->body;
    self->challenge = ask.challenge;
    self->solution = ask.solution;
    self->render = og_otp_start_json;
    (void)og_secret_set(&self->code, ask.code); /* at most ten characters */
    return OG_OK;
}

static void
start_prepare(struct og_call *call, struct og_op *op)
{
    og_otp_start_prepare((struct og_otp_start_op *)op);
}

static void
start_encode(struct og_call *call, struct og_op *op, struct og_answer *answer)
{
    struct og_otp_start_op *self = (struct og_otp_start_op *)op;
    if (self->replay.len) {
        answer->status = self->replay_status;
        og_buf_add(&answer->body, self->replay);
        og_answer_header(answer, "Idempotent-Replayed", OG_STR("true"));
    } else {
        answer->status = og_otp_start_json(self, &answer->body);
        og_answer_header(answer, "Location",
                         og_str_printf(og_call_mem(call), "/otp/v1/verifications/%" OG_STR_FMT,
                                       OG_STR_ARG(self->out.id)));
    }
    og_otp_start_release(self, true);
}

static void
start_failed(struct og_call *call, struct og_op *op)
{
    og_otp_start_release((struct og_otp_start_op *)op, false);
}

/* ---- check ---- */

struct check_ask {
    struct og_str code, purpose, client_ip;
    const struct og_json *context;
};

static const struct og_json_member check_table[] = {
    {"code", OG_JSON_STRING, offsetof(struct check_ask, code), true},
    {"purpose", OG_JSON_STRING, offsetof(struct check_ask, purpose), true},
    {"context", OG_JSON_OBJECT, offsetof(struct check_ask, context), false},
    {"client_ip", OG_JSON_STRING, offsetof(struct check_ask, client_ip), false},
};

static enum og_code
check_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct og_otp_check_op *self = (struct og_otp_check_op *)op;
    struct check_ask ask = {0};
    const struct og_json *body;
    enum og_code code = decode_id(call, &self->id, err);
    if (code == OG_OK) {
        code = og_call_json(call, &body, err);
    }
    if (code == OG_OK) {
        code = og_json_decode(body, check_table, sizeof(check_table) / sizeof(check_table[0]),
                              OG_JSON_UNKNOWN_REFUSED, "", og_call_mem(call), &ask, err);
    }
    if (code == OG_OK) {
        code = og_otp_check_purpose(ask.purpose, err);
    }
    if (code == OG_OK) {
        code = decode_context(call, ask.context, &self->context, err);
    }
    if (code == OG_OK) {
        code = og_client_address(call, ask.client_ip, &self->source, err);
    }
    fill_base(call, &self->base);
    self->purpose = ask.purpose;
    (void)!og_otp_read(ask.code, OG_OTP_ALNUM, 0, &self->code, &self->misread); /* for the lane */
    return code;
}

static void
check_prepare(struct og_call *call, struct og_op *op)
{
    og_otp_check_prepare((struct og_otp_check_op *)op);
}

static void
check_encode(struct og_call *call, struct og_op *op, struct og_answer *answer)
{
    struct og_otp_check_op *self = (struct og_otp_check_op *)op;
    struct og_err err = {0};
    switch (self->outcome) {
    case OG_OTP_UNKNOWN:
        og_problem_write(call->route->family,
                         og_fail(&err, OG_E_NOT_FOUND, "", "no such verification"), &err,
                         call->req->id, og_call_mem(call), answer);
        break;
    case OG_OTP_ALREADY:
        answer->status = 409;
        og_otp_already_json(call->req->id, &answer->body);
        break;
    default:
        og_otp_check_json(self, og_call_mem(call), &answer->body);
        break;
    }
    og_otp_check_release(self, true);
}

static void
check_failed(struct og_call *call, struct og_op *op)
{
    og_otp_check_release((struct og_otp_check_op *)op, false);
}

/* ---- resend ---- */

/* No body, or an object without members. */
static enum og_code
decode_nothing(struct og_call *call, struct og_err *err)
{
    const struct og_json *body;
    if (call->req->body.len == 0) {
        return OG_OK;
    }
    const enum og_code code = og_call_json(call, &body, err);
    return code != OG_OK ? code
                         : og_json_decode(body, NULL, 0, OG_JSON_UNKNOWN_REFUSED, "",
                                          og_call_mem(call), NULL, err);
}

static enum og_code
resend_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct og_otp_resend_op *self = (struct og_otp_resend_op *)op;
    const enum og_code code = decode_id(call, &self->id, err);
    fill_base(call, &self->base);
    return code == OG_OK ? decode_nothing(call, err) : code;
}

static void
resend_prepare(struct og_call *call, struct og_op *op)
{
    og_otp_resend_prepare((struct og_otp_resend_op *)op);
}

static void
resend_encode(struct og_call *call, struct og_op *op, struct og_answer *answer)
{
    struct og_otp_resend_op *self = (struct og_otp_resend_op *)op;
    og_otp_verification_json(&self->out, self->base.svc->otp.sends_max, &answer->body);
    og_otp_resend_release(self, true);
}

static void
resend_failed(struct og_call *call, struct og_op *op)
{
    og_otp_resend_release((struct og_otp_resend_op *)op, false);
}

/* ---- cancel, read ---- */

static enum og_code
cancel_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct og_otp_cancel_op *self = (struct og_otp_cancel_op *)op;
    fill_base(call, &self->base);
    return decode_id(call, &self->id, err);
}

static void
cancel_prepare(struct og_call *call, struct og_op *op)
{
    og_otp_cancel_prepare((struct og_otp_cancel_op *)op);
}

static void
cancel_encode(struct og_call *call, struct og_op *op, struct og_answer *answer)
{
    const struct og_otp_cancel_op *self = (struct og_otp_cancel_op *)op;
    og_otp_verification_json(&self->out, self->base.svc->otp.sends_max, &answer->body);
}

static enum og_code
get_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct og_otp_get_op *self = (struct og_otp_get_op *)op;
    fill_base(call, &self->base);
    return decode_id(call, &self->id, err);
}

static void
get_encode(struct og_call *call, struct og_op *op, struct og_answer *answer)
{
    og_otp_get_json((struct og_otp_get_op *)op, &answer->body);
}

/* ---- rows ---- */

#define ROW(scope_) .family = OG_FAMILY_OWN, .who = OG_WHO_APP, .scope = (scope_)

const struct og_route og_otp_routes[] = {
    {OG_POST, "/otp/v1/verifications", ROW(OG_SCOPE_OTP_START), .body_max = BODY_MAX_BYTES,
     .success = 201, OP(OG_LANE_WRITE, "otp.start", og_otp_start_apply, og_otp_start_committed,
                        og_otp_start_op),
     .kind.decides_first = og_otp_start_decides_first, .decode = start_decode, .prepare = start_prepare, .encode = start_encode,
     .failed = start_failed},
    {OG_GET, "/otp/v1/verifications/{id}", ROW(OG_SCOPE_OTP_CHECK), .success = 200,
     OP(OG_LANE_READ, "otp.get", og_otp_get_apply, NULL, og_otp_get_op), .decode = get_decode,
     .encode = get_encode},
    {OG_POST, "/otp/v1/verifications/{id}/check", ROW(OG_SCOPE_OTP_CHECK),
     .body_max = BODY_MAX_BYTES, .success = 200,
     OP(OG_LANE_WRITE, "otp.check", og_otp_check_apply, og_otp_check_committed, og_otp_check_op),
     .kind.decides_first = og_otp_check_decides_first, .decode = check_decode, .prepare = check_prepare, .encode = check_encode,
     .failed = check_failed},
    {OG_POST, "/otp/v1/verifications/{id}/resend", ROW(OG_SCOPE_OTP_START),
     .body_max = BODY_MAX_BYTES, .success = 200,
     OP(OG_LANE_WRITE, "otp.resend", og_otp_resend_apply, og_otp_resend_committed,
        og_otp_resend_op),
     .decode = resend_decode, .prepare = resend_prepare, .encode = resend_encode,
     .failed = resend_failed},
    {OG_DELETE, "/otp/v1/verifications/{id}", ROW(OG_SCOPE_OTP_START), .success = 200,
     OP(OG_LANE_WRITE, "otp.cancel", og_otp_cancel_apply, og_otp_cancel_committed,
        og_otp_cancel_op),
     .decode = cancel_decode, .prepare = cancel_prepare, .encode = cancel_encode},
};

const int og_otp_route_count = sizeof(og_otp_routes) / sizeof(og_otp_routes[0]);
