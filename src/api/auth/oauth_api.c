/*
 * Decode and encode of /oauth. Who the client is, the gate has asked og_oauth_client and checked
 * before; both ways to say it give the same caller.
 */
#include "api/auth/oauth_api.h"

#include "api/api_priv.h"
#include "api/auth/jose.h"
#include "api/auth/token_api.h"
#include "api/form.h"
#include "api/problem.h"
#include "base/id.h"
#include "base/json.h"
#include "service/account/account_service.h"
#include "service/account/token_service.h"

#define BODY_MAX (8 * 1024)

struct oauth_form {
    struct og_str grant_type, scope, client_id, client_secret, token;
};

static enum og_code
read_form(const struct og_http_request *req, struct oauth_form *out, struct og_err *err)
{
    const struct og_form_field fields[] = {
        {"grant_type", &out->grant_type}, {"scope", &out->scope},
        {"client_id", &out->client_id},   {"client_secret", &out->client_secret},
        {"token", &out->token},
    };
    struct og_str type = og_http_header(req, "Content-Type");
    type = og_str_trim(og_str_slice(type, 0, og_str_find(type, ';')));
    if (!og_str_eq_nocase(type, OG_STR("application/x-www-form-urlencoded"))) {
        return og_fail(err, OG_E_MEDIA_TYPE, "",
                       "the content type must be application/x-www-form-urlencoded");
    }
    return og_form_read(req->body, fields, sizeof fields / sizeof fields[0], req->mem, err);
}

/* ---- who the client is ---- */

/* RFC 6749 section 2.3.1: both halves are form-encoded before they are joined. */
static bool
decode_halves(const struct og_http_request *req, struct og_credential_header *header)
{
    struct og_str login, secret;
    return header->is_well_formed &&
           og_form_decode(og_secret_str(&header->login), req->mem, &login) &&
           og_form_decode(og_secret_str(&header->secret), req->mem, &secret) &&
           og_secret_set(&header->login, login) && og_secret_set(&header->secret, secret);
}

enum og_code
og_oauth_client(const struct og_http_request *req, struct og_credential_header *out,
                struct og_err *err)
{
    struct oauth_form form;
    *out = (struct og_credential_header){.scheme = OG_SCHEME_NONE};
    enum og_code code = read_form(req, &form, err);
    if (code != OG_OK) {
        return code;
    }
    struct og_str header = og_http_header(req, "Authorization");
    if (header.len && form.client_secret.len) {
        return og_fail(err, OG_E_INVALID, "client_secret",
                       "is given in the header and in the form; use one way");
    }
    if (header.len) {
        og_credential_header_parse(header, out);
        out->is_well_formed = out->scheme == OG_SCHEME_BASIC && decode_halves(req, out);
    } else {
        out->scheme = OG_SCHEME_BASIC;
        out->is_well_formed = form.client_id.len > 0 && form.client_id.len <= OG_LOGIN_MAX_CHARS &&
                              og_secret_set(&out->login, form.client_id) &&
                              og_secret_set(&out->secret, form.client_secret);
    }
    if (out->is_well_formed && out->login.len == OG_ID_CHARS &&
        og_str_starts(og_secret_str(&out->secret), OG_STR(OG_API_KEY_PREFIX))) {
        out->scheme = OG_SCHEME_BEARER;
    }
    return OG_OK;
}

/* A key is let in by itself; that it comes under its own name is still to be seen. */
static enum og_code
check_key_name(struct og_call *call, struct og_err *err)
{
    struct og_credential_header client;
    enum og_code code = og_oauth_client(call->req, &client, err);
    if (code == OG_OK && client.scheme == OG_SCHEME_BEARER &&
        !og_str_eq(og_secret_str(&client.login), call->who.credential_id)) {
        code = og_fail(err, OG_E_UNAUTHORIZED, "", "this key is not the client's");
    }
    og_credential_header_finish(&client);
    return code;
}

/* ---- token ---- */

static enum og_code
read_scopes(struct og_call *call, struct og_str names, uint32_t *out, struct og_err *err)
{
    if (names.len == 0) {
        uint32_t has = call->who.scopes & ~(uint32_t)OG_SCOPE_ADMIN;
        *out = has & OG_SCOPE_ALL_ANY ? (uint32_t)OG_SCOPE_ALL_ANY : has;
    }
    while (names.len > 0) {
        size_t end = og_str_find(names, ' ');
        if (end > 0 && og_token_scope(call, og_str_slice(names, 0, end), out, err) != OG_OK) {
            return og_fail(err, OG_E_UNPROCESSABLE, "scope", "unknown, or not this client's");
        }
        names = og_str_slice(names, end + 1, names.len);
    }
    return *out ? OG_OK : og_fail(err, OG_E_UNPROCESSABLE, "scope", "this client has none");
}

static enum og_code
token_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct og_token_issue_op *self = (struct og_token_issue_op *)op;
    struct oauth_form form;
    self->svc = og_call_services(call);
    self->mem = og_call_mem(call);
    self->account_id = call->who.account_id;
    self->credential_id = call->who.credential_id;
    enum og_code code = read_form(call->req, &form, err);
    if (code == OG_OK) {
        code = check_key_name(call, err);
    }
    if (code != OG_OK) {
        return code;
    }
    if (form.grant_type.len == 0) {
        return og_fail(err, OG_E_INVALID, "grant_type", "is missing");
    }
    if (!og_str_eq(form.grant_type, OG_STR("client_credentials"))) {
        return og_fail(err, OG_E_UNPROCESSABLE, "grant_type", "only client_credentials is known");
    }
    return read_scopes(call, form.scope, &self->scopes, err);
}

static void
token_encode(struct og_call *call, struct og_op *op, struct og_answer *answer)
{
    const struct og_token_pair *pair = &((struct og_token_issue_op *)op)->pair;
    struct og_str token = og_jwt_write(&og_call_services(call)->keys.jwt, pair, OG_JWT_ACCESS,
                                       og_call_mem(call));
    if (token.len == 0) {
        og_problem_write(call->route->family, OG_E_INTERNAL, NULL, call->req->id,
                         og_call_mem(call), answer);
        return;
    }
    struct og_json_writer w;
    og_json_begin(&w, &answer->body);
    og_json_object(&w, NULL);
    og_json_add_str(&w, "access_token", token);
    og_json_add_cstr(&w, "token_type", "Bearer");
    og_json_add_i64(&w, "expires_in", (pair->access_ends_at - pair->created_at) / 1000);
    og_json_add_str(&w, "scope", pair->scopes);
    og_json_end(&w);
}

/* ---- revocation: what is no token of ours is as good as revoked ---- */

static enum og_code
revoke_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct og_token_revoke_op *self = (struct og_token_revoke_op *)op;
    struct oauth_form form;
    enum og_code code = read_form(call->req, &form, err);
    if (code == OG_OK) {
        code = check_key_name(call, err);
    }
    if (code == OG_OK && form.token.len == 0) {
        code = og_fail(err, OG_E_INVALID, "token", "is missing");
    }
    if (code == OG_OK) {
        (void)og_jwt_read(&og_call_services(call)->keys.jwt, form.token, call->now_ms, true,
                          og_call_mem(call), &self->jti);
    }
    self->svc = og_call_services(call);
    self->account_id = call->who.account_id;
    return code;
}

/* ---- metadata ---- */

static void
add_words(struct og_json_writer *w, const char *name, const char *const *words, int count)
{
    og_json_array(w, name);
    for (int i = 0; i < count; i++) {
        og_json_add_cstr(w, NULL, words[i]);
    }
    og_json_end(w);
}

static void
metadata(struct og_call *call)
{
    static const char *const grants[] = {"client_credentials"};
    static const char *const ways[] = {"client_secret_basic", "client_secret_post"};
    struct og_str url = og_call_public_url(call);
    struct og_arena *mem = og_call_mem(call);
    struct og_answer answer = {.status = 200};
    struct og_json_writer w;
    og_buf_init(&answer.body, 8192);
    og_json_begin(&w, &answer.body);
    og_json_object(&w, NULL);
    og_json_add_str(&w, "issuer", url);
    og_json_add_str(&w, "token_endpoint",
                    og_str_printf(mem, "%" OG_STR_FMT "/oauth/token", OG_STR_ARG(url)));
    og_json_add_str(&w, "revocation_endpoint",
                    og_str_printf(mem, "%" OG_STR_FMT "/oauth/revoke", OG_STR_ARG(url)));
    add_words(&w, "response_types_supported", NULL, 0);
    add_words(&w, "grant_types_supported", grants, 1);
    add_words(&w, "token_endpoint_auth_methods_supported", ways, 2);
    add_words(&w, "revocation_endpoint_auth_methods_supported", ways, 2);
    og_json_array(&w, "scopes_supported");
    for (int i = 0; i < OG_SCOPE_COUNT; i++) {
        uint32_t bit = 1u << i;
        if (bit & OG_SCOPE_ACCOUNT) {
            og_json_add_cstr(&w, NULL, og_scope_name((enum og_scope)bit));
        }
    }
    og_json_end(&w);
    og_json_end(&w);
    og_call_answer(call, &answer);
}

/* ---- rows ---- */

#define ROW                                                                                       \
    .family = OG_FAMILY_OAUTH, .who = OG_WHO_CLIENT, .body_max = BODY_MAX, .success = 200,        \
    .lane = OG_LANE_WRITE

const struct og_route og_oauth_routes[] = {
    {OG_POST, "/oauth/token", ROW, .op_bytes = sizeof(struct og_token_issue_op),
     .kind = {.name = "token.grant", .apply = og_token_issue_apply, .done = og_call_done},
     .decode = token_decode, .encode = token_encode},
    {OG_POST, "/oauth/revoke", ROW, .op_bytes = sizeof(struct og_token_revoke_op),
     .kind = {.name = "token.revoke", .apply = og_token_revoke_apply,
              .committed = og_credentials_changed, .done = og_call_done},
     .decode = revoke_decode},
    {OG_GET, "/.well-known/oauth-authorization-server", .family = OG_FAMILY_ROOT,
     .who = OG_WHO_ANYONE, .take_over = metadata},
};

const int og_oauth_route_count = (int)(sizeof og_oauth_routes / sizeof og_oauth_routes[0]);
