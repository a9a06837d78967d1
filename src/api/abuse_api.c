/*
 * Decode and encode of the shield's routes, pure.
 */
#include "api/abuse_api.h"

#include "api/admin/priv.h"
#include "api/route_row.h"
#include "base/json.h"
#include "core/phone_number.h"
#include "service/abuse/abuse_service.h"

#define BODY_MAX 4096
#define DECISIONS_USUAL 100
#define DECISIONS_MAX 1000
#define VALUE_MAX_CHARS 128
#define FOR_MAX_S (365 * 24 * 3600)
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- challenges ---- */

static enum og_code
challenge_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct og_abuse_challenge_op *self = (struct og_abuse_challenge_op *)op;
    (void)err;
    self->svc = og_call_services(call);
    self->account_id = call->who.account_id;
    return OG_OK;
}

static void
challenge_encode(struct og_call *call, struct og_op *op, struct og_answer *answer)
{
    const struct og_abuse_challenge_op *self = (const struct og_abuse_challenge_op *)op;
    struct og_json_writer w;
    (void)call;
    og_admin_begin_answer(&w, answer);
    og_json_add_cstr(&w, "challenge", self->challenge);
    og_json_add_i64(&w, "bits", self->bits);
    og_json_add_time(&w, "expires_at", self->expires_at);
    og_json_end(&w);
}

/* ---- rules ---- */

static enum og_code
rules_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct og_abuse_rules_op *self = (struct og_abuse_rules_op *)op;
    self->svc = og_call_services(call);
    return og_admin_only_operator(call, "", err);
}

static void
write_limits(struct og_json_writer *w, const struct og_shield_config *config)
{
    og_json_array(w, "limits");
    for (int i = 0; i < OG_RULE_LIMITS; i++) {
        const struct og_abuse_rule_row *row = &og_abuse_rules[i];
        og_json_object(w, NULL);
        og_json_add_cstr(w, "rule", row->word);
        og_json_add_cstr(w, "subject", og_abuse_subject_name(row->subject));
        og_json_add_i64(w, "seconds", row->span_ms / 1000);
        og_json_add_i64(w, "limit", config->limits[i]);
        og_json_end(w);
    }
    og_json_end(w);
}

static void
rules_encode(struct og_call *call, struct og_op *op, struct og_answer *answer)
{
    static const char *const modes[] = {"enforce", "record", "off"};
    static const char *const messages[] = {"rate", "budgets", "all"};
    static const char *const challenges[] = {"never", "suspicious", "always"};
    const struct og_abuse_rules_op *self = (const struct og_abuse_rules_op *)op;
    const struct og_shield_config *config = og_shield_config(self->svc->shield);
    struct og_json_writer w;
    (void)call;
    og_admin_begin_answer(&w, answer);
    og_json_add_cstr(&w, "mode", modes[config->mode]);
    og_json_add_cstr(&w, "messages", messages[config->messages]);
    og_json_add_cstr(&w, "challenge", challenges[config->challenge]);
    og_json_array(&w, "countries");
    for (int i = 0; i < config->region_count; i++) {
        if (config->regions[i][0]) {
            og_json_add_cstr(&w, NULL, config->regions[i]);
        }
    }
    og_json_end(&w);
    write_limits(&w, config);
    og_json_add_i64(&w, "subjects", self->usage.keys);
    og_json_add_i64(&w, "places", self->usage.places);
    og_json_add_i64(&w, "evicted", self->usage.evicted);
    og_json_end(&w);
}

/* ---- decisions ---- */

static enum og_code
query_limit(struct og_call *call, int *out, struct og_err *err)
{
    struct og_str text;
    int64_t limit = DECISIONS_USUAL;
    if (og_http_query(call->req, "limit", &text) &&
        (!og_str_to_i64(text, &limit) || limit < 1 || limit > DECISIONS_MAX)) {
        return og_fail(err, OG_E_INVALID, "limit", "must be a number from 1 to %d",
                       DECISIONS_MAX);
    }
    *out = (int)limit;
    return OG_OK;
}

static enum og_code
decisions_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct og_abuse_decisions_op *self = (struct og_abuse_decisions_op *)op;
    struct og_str asked = OG_STR("");
    self->svc = og_call_services(call);
    self->mem = og_call_mem(call);
    og_http_query(call->req, "account", &asked);
    og_http_query(call->req, "rule", &self->filter.rule);
    og_http_query(call->req, "action", &self->filter.action);
    const enum og_code code = query_limit(call, &self->filter.limit, err);
    return code == OG_OK ? og_admin_account_of(call, asked, &self->filter.account_id, err) : code;
}

static void
decisions_encode(struct og_call *call, struct og_op *op, struct og_answer *answer)
{
    const struct og_abuse_decisions_op *self = (const struct og_abuse_decisions_op *)op;
    struct og_json_writer w;
    (void)call;
    og_admin_begin_answer(&w, answer);
    og_json_array(&w, "decisions");
    for (int i = 0; i < self->count; i++) {
        const struct og_abuse_decision *d = &self->items[i];
        og_json_object(&w, NULL);
        og_json_add_time(&w, "at", d->at);
        og_json_add_str(&w, "action", d->action);
        og_json_add_str(&w, "rule", d->rule);
        og_json_add_i64(&w, "figure", d->figure);
        og_json_add_i64(&w, "limit", d->limit);
        og_json_add_i64(&w, "count", d->count);
        og_json_add_str_or_null(&w, "account_id", d->account_id);
        og_json_add_str_or_null(&w, "number", d->number);
        og_json_add_str_or_null(&w, "place", d->place);
        og_json_add_str_or_null(&w, "source", d->source);
        og_json_end(&w);
    }
    og_json_end(&w);
    og_json_end(&w);
}

/* ---- stops ---- */

static enum og_code
stops_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct og_abuse_stops_op *self = (struct og_abuse_stops_op *)op;
    struct og_str asked = OG_STR("");
    self->svc = og_call_services(call);
    self->mem = og_call_mem(call);
    og_http_query(call->req, "account", &asked);
    return og_admin_account_of(call, asked, &self->account_id, err);
}

static void
stops_encode(struct og_call *call, struct og_op *op, struct og_answer *answer)
{
    const struct og_abuse_stops_op *self = (const struct og_abuse_stops_op *)op;
    struct og_json_writer w;
    (void)call;
    og_admin_begin_answer(&w, answer);
    og_json_array(&w, "stops");
    for (int i = 0; i < self->count; i++) {
        const struct og_abuse_stop *stop = &self->items[i];
        og_json_object(&w, NULL);
        og_json_add_str(&w, "id", stop->id);
        og_json_add_str(&w, "subject", stop->subject);
        og_json_add_str(&w, "place", stop->label);
        og_json_add_str_or_null(&w, "account_id", stop->account_id);
        og_json_add_str(&w, "rule", stop->rule);
        og_json_add_time(&w, "since", stop->since);
        og_json_add_time_or_null(&w, "until", stop->until);
        og_json_end(&w);
    }
    og_json_end(&w);
    og_json_end(&w);
}

struct stop_ask {
    struct og_str country, account;
    int64_t for_s;
};

static const struct og_json_member stop_members[] = {
    {"country", OG_JSON_STRING, offsetof(struct stop_ask, country), true, 2, 2},
    {"account", OG_JSON_STRING, offsetof(struct stop_ask, account), false, 1, VALUE_MAX_CHARS},
    {"for", OG_JSON_INT, offsetof(struct stop_ask, for_s), false, 1, FOR_MAX_S},
};

static enum og_code
stop_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct og_abuse_stop_op *self = (struct og_abuse_stop_op *)op;
    struct stop_ask ask = {.account = OG_STR("")};
    self->svc = og_call_services(call);
    self->mem = og_call_mem(call);
    enum og_code code = og_admin_decode_body(call, stop_members, COUNT(stop_members), &ask, err);
    if (code == OG_OK && !og_phone_is_region(ask.country)) {
        code = og_fail(err, OG_E_UNPROCESSABLE, "country", "must be two capital letters like DE");
    }
    self->country = ask.country;
    self->for_ms = ask.for_s * 1000;
    return code == OG_OK ? og_admin_account_of(call, ask.account, &self->account_id, err) : code;
}

static void
stop_encode(struct og_call *call, struct og_op *op, struct og_answer *answer)
{
    const struct og_abuse_stop_op *self = (const struct og_abuse_stop_op *)op;
    struct og_json_writer w;
    (void)call;
    og_admin_begin_answer(&w, answer);
    og_json_add_cstr(&w, "id", self->stop.id);
    og_json_add_cstr(&w, "place", self->stop.place.label);
    og_json_add_str_or_null(&w, "account_id", self->account_id);
    og_json_add_time(&w, "since", self->stop.since_ms);
    og_json_add_time_or_null(&w, "until", self->stop.until_ms);
    og_json_end(&w);
}

static enum og_code
release_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct og_abuse_release_op *self = (struct og_abuse_release_op *)op;
    self->svc = og_call_services(call);
    self->id = call->params[0];
    return og_admin_account_of(call, OG_STR(""), &self->account_id, err);
}

/* ---- resets ---- */

struct reset_ask {
    struct og_str subject, value, account;
};

static const struct og_json_member reset_members[] = {
    {"subject", OG_JSON_STRING, offsetof(struct reset_ask, subject), true, 1, 16},
    {"value", OG_JSON_STRING, offsetof(struct reset_ask, value), false, 1, VALUE_MAX_CHARS},
    {"account", OG_JSON_STRING, offsetof(struct reset_ask, account), false, 1, VALUE_MAX_CHARS},
};

/* Global counts and those of SIMs belong to no account. */
static enum og_code
check_reset(const struct og_call *call, const struct og_abuse_reset_op *self, struct og_err *err)
{
    const bool is_of_all =
        self->subject == OG_SUBJECT_GLOBAL || self->subject == OG_SUBJECT_SIM;
    const bool needs_value =
        self->subject != OG_SUBJECT_GLOBAL && self->subject != OG_SUBJECT_ACCOUNT;
    if (is_of_all) {
        const enum og_code code = og_admin_only_operator(call, "subject", err);
        if (code != OG_OK) {
            return code;
        }
    }
    if (!is_of_all && self->account_id.len == 0) {
        return og_fail(err, OG_E_INVALID, "account", "is required");
    }
    return needs_value && self->value.len == 0 ? og_fail(err, OG_E_INVALID, "value", "is required")
                                               : OG_OK;
}

static enum og_code
reset_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct og_abuse_reset_op *self = (struct og_abuse_reset_op *)op;
    struct reset_ask ask = {.value = OG_STR(""), .account = OG_STR("")};
    self->svc = og_call_services(call);
    self->mem = og_call_mem(call);
    enum og_code code = og_admin_decode_body(call, reset_members, COUNT(reset_members), &ask, err);
    if (code == OG_OK &&
        !og_abuse_subject_from_name(og_str_cstr(self->mem, ask.subject), &self->subject)) {
        code = og_fail(err, OG_E_UNPROCESSABLE, "subject",
                       "must be account, app, ip, recipient, prefix, country, sim or global");
    }
    if (code == OG_OK && self->subject == OG_SUBJECT_RECIPIENT && !og_phone_is_e164(ask.value)) {
        code = og_fail(err, OG_E_UNPROCESSABLE, "value", "must be a number like +4915112345678");
    }
    if (code == OG_OK) {
        code = og_admin_account_of(call, ask.account, &self->account_id, err);
    }
    self->value = ask.value;
    return code == OG_OK ? check_reset(call, self, err) : code;
}

/* ---- rows ---- */

const struct og_route og_abuse_routes[] = {
    {OG_POST, "/otp/v1/challenges", OG_FAMILY_OWN, OG_WHO_APP, OG_SCOPE_OTP_START, 0, 201,
     OP(OG_LANE_WRITE, "abuse.challenge", og_abuse_challenge_apply, NULL, og_abuse_challenge_op),
     .decode = challenge_decode, .encode = challenge_encode},
    {ADMIN(OG_GET, "/abuse/rules"), 0, 200,
     OP(OG_LANE_WRITE, "abuse.rules", og_abuse_rules_apply, NULL, og_abuse_rules_op),
     .decode = rules_decode, .encode = rules_encode},
    {ADMIN(OG_GET, "/abuse/decisions"), 0, 200,
     OP(OG_LANE_READ, "abuse.decisions", og_abuse_decisions_apply, NULL, og_abuse_decisions_op),
     .decode = decisions_decode, .encode = decisions_encode},
    {ADMIN(OG_GET, "/abuse/stops"), 0, 200,
     OP(OG_LANE_READ, "abuse.stops", og_abuse_stops_apply, NULL, og_abuse_stops_op),
     .decode = stops_decode, .encode = stops_encode},
    {ADMIN(OG_POST, "/abuse/stops"), BODY_MAX, 201,
     OP(OG_LANE_WRITE, "abuse.stop", og_abuse_stop_apply, og_abuse_stop_committed,
        og_abuse_stop_op),
     .decode = stop_decode, .encode = stop_encode},
    {ADMIN(OG_DELETE, "/abuse/stops/{id}"), 0, 204,
     OP(OG_LANE_WRITE, "abuse.release", og_abuse_release_apply, og_abuse_release_committed,
        og_abuse_release_op),
     .decode = release_decode},
    {ADMIN(OG_POST, "/abuse/resets"), BODY_MAX, 204,
     OP(OG_LANE_WRITE, "abuse.reset", og_abuse_reset_apply, og_abuse_reset_committed,
        og_abuse_reset_op),
     .decode = reset_decode},
};

const int og_abuse_route_count = (int)COUNT(og_abuse_routes);
