/*
 * Decode and encode of /3rdparty/v1/auth. The answer has each member in both spellings, because
 * the clients differ in which one they read (wire/smsgate.md section 7.2).
 */
#include "api/auth/token_api.h"

#include "api/api_priv.h"
#include "api/auth/jose.h"
#include "api/problem.h"
#include "base/json.h"
#include "service/account/account_service.h"
#include "service/account/token_service.h"

#define BODY_MAX 4096
#define TTL_MAX_S 1000000000 /* far over what is given */

enum og_code
og_token_scope(const struct og_call *call, struct og_str name, uint32_t *out, struct og_err *err)
{
    uint32_t bit;
    if (!og_scope_from_name(name, &bit)) {
        return og_fail(err, OG_E_INVALID, "scopes", "\"%" OG_STR_FMT "\" is no scope",
                       OG_STR_ARG(og_str_slice(name, 0, 40)));
    }
    if (!(call->who.scopes & bit & ~(uint32_t)OG_SCOPE_ADMIN)) {
        return og_fail(err, OG_E_FORBIDDEN, "", "scope required: %s",
                       og_scope_name((enum og_scope)bit));
    }
    *out |= bit;
    return OG_OK;
}

/* ---- issue ---- */

struct issue_ask {
    struct og_str_list scopes;
    int64_t ttl_s;
};

static const struct og_json_member issue_members[] = {
    {"scopes", OG_JSON_STRINGS, offsetof(struct issue_ask, scopes), true, 1, 2 * OG_SCOPE_COUNT},
    {"ttl", OG_JSON_INT, offsetof(struct issue_ask, ttl_s), false, 0, TTL_MAX_S},
};

static enum og_code
issue_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct og_token_issue_op *self = (struct og_token_issue_op *)op;
    struct issue_ask ask = {0};
    const struct og_json *body;
    self->svc = og_call_services(call);
    self->mem = og_call_mem(call);
    self->account_id = call->who.account_id;
    self->credential_id = call->who.credential_id;
    self->with_refresh = true;
    enum og_code code = og_call_json(call, &body, err);
    if (code == OG_OK) {
        code = og_json_decode(body, issue_members, 2, OG_JSON_UNKNOWN_IGNORED, "", self->mem, &ask,
                              err);
    }
    for (size_t i = 0; i < ask.scopes.count && code == OG_OK; i++) {
        code = og_token_scope(call, ask.scopes.items[i], &self->scopes, err);
    }
    self->ttl_ms = ask.ttl_s * 1000;
    return code;
}

static void
write_text(struct og_json_writer *w, const char *snake, const char *camel, struct og_str value)
{
    og_json_add_str(w, snake, value);
    og_json_add_str(w, camel, value);
}

static void
write_pair(struct og_call *call, const struct og_token_pair *pair, struct og_answer *answer)
{
    const struct og_key *key = &og_call_services(call)->keys.jwt;
    struct og_arena *mem = og_call_mem(call);
    struct og_str access = og_jwt_write(key, pair, OG_JWT_ACCESS, mem);
    struct og_str refresh = og_jwt_write(key, pair, OG_JWT_REFRESH, mem);
    if (access.len == 0 || refresh.len == 0) {
        og_problem_write(call->route->family, OG_E_INTERNAL, NULL, call->req->id, mem, answer);
        return;
    }
    struct og_json_writer w;
    og_json_begin(&w, &answer->body);
    og_json_object(&w, NULL);
    og_json_add_str(&w, "id", pair->id);
    write_text(&w, "token_type", "tokenType", OG_STR("Bearer"));
    write_text(&w, "access_token", "accessToken", access);
    write_text(&w, "refresh_token", "refreshToken", refresh);
    write_text(&w, "expires_at", "expiresAt", og_time_text(mem, pair->access_ends_at));
    og_json_end(&w);
}

static void
issue_encode(struct og_call *call, struct og_op *op, struct og_answer *answer)
{
    write_pair(call, &((struct og_token_issue_op *)op)->pair, answer);
}

/* ---- refresh: the refresh token is the Bearer; a body says nothing ---- */

static enum og_code
refresh_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct og_token_refresh_op *self = (struct og_token_refresh_op *)op;
    (void)err;
    self->svc = og_call_services(call);
    self->mem = og_call_mem(call);
    self->refresh_id = call->who.token_id;
    return OG_OK;
}

static void
refresh_encode(struct og_call *call, struct og_op *op, struct og_answer *answer)
{
    write_pair(call, &((struct og_token_refresh_op *)op)->pair, answer);
}

/* ---- revoke ---- */

static enum og_code
revoke_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct og_token_revoke_op *self = (struct og_token_revoke_op *)op;
    (void)err;
    self->svc = og_call_services(call);
    self->account_id = call->who.account_id;
    self->jti = call->params[0];
    return OG_OK;
}

/* ---- rows ---- */

#define ROW(scope_)                                                                               \
    .family = OG_FAMILY_SMSGATE, .who = OG_WHO_APP, .scope = (scope_), .lane = OG_LANE_WRITE

const struct og_route og_token_routes[] = {
    {OG_POST, "/3rdparty/v1/auth/token", ROW(OG_SCOPE_TOKENS_MANAGE), .body_max = BODY_MAX,
     .success = 201, .op_bytes = sizeof(struct og_token_issue_op),
     .kind = {.name = "token.issue", .apply = og_token_issue_apply, .done = og_call_done},
     .decode = issue_decode, .encode = issue_encode},
    {OG_POST, "/3rdparty/v1/auth/token/refresh", ROW(OG_SCOPE_TOKENS_REFRESH),
     .body_max = BODY_MAX, .success = 201, .op_bytes = sizeof(struct og_token_refresh_op),
     .kind = {.name = "token.refresh", .apply = og_token_refresh_apply, .done = og_call_done},
     .decode = refresh_decode, .encode = refresh_encode},
    {OG_DELETE, "/3rdparty/v1/auth/token/{id}", ROW(OG_SCOPE_TOKENS_MANAGE), .success = 204,
     .op_bytes = sizeof(struct og_token_revoke_op),
     .kind = {.name = "token.revoke", .apply = og_token_revoke_apply,
              .committed = og_credentials_changed, .done = og_call_done},
     .decode = revoke_decode},
};

const int og_token_route_count = (int)(sizeof og_token_routes / sizeof og_token_routes[0]);
