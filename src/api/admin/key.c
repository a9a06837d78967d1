/*
 * API keys and pairing of /admin/v1. Keys and tokens are shown in the one answer that makes them
 * (the token also later, from its sealed copy), then wiped.
 */
#include "api/admin/priv.h"

#include "base/json.h"
#include "service/account/account_service.h"

#define LABEL_MAX_CHARS 64
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- API keys ---- */

struct key_ask {
    struct og_str_list scopes;
    struct og_str label;
    int64_t expires_at;
};

static const struct og_json_member key_members[] = {
    {"scopes", OG_JSON_STRINGS, offsetof(struct key_ask, scopes), true, 1, OG_SCOPE_COUNT},
    {"label", OG_JSON_STRING, offsetof(struct key_ask, label), false, 0, LABEL_MAX_CHARS},
    {"expires_at", OG_JSON_TIME, offsetof(struct key_ask, expires_at), false},
};

/* A credential cannot give what it does not have. */
static enum og_code
read_scopes(const struct og_call *call, struct og_str_list names, uint32_t *out, struct og_err *err)
{
    for (size_t i = 0; i < names.count; i++) {
        uint32_t bit;
        if (!og_scope_from_name(names.items[i], &bit)) {
            return og_fail(err, OG_E_INVALID, "scopes",
                           "\"%" OG_STR_FMT "\" is no scope",
                           OG_STR_ARG(og_str_slice(names.items[i], 0, 40)));
        }
        if (!(call->who.scopes & bit)) {
            return og_fail(err, OG_E_FORBIDDEN, "scopes", "scope required: %s",
                           og_scope_name((enum og_scope)bit));
        }
        *out |= bit;
    }
    return OG_OK;
}

enum og_code
og_admin_key_make_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct og_key_make_op *self = (struct og_key_make_op *)op;
    struct key_ask ask = {0};
    self->svc = og_call_services(call);
    self->mem = og_call_mem(call);
    enum og_code code = og_admin_account_of(call, call->params[0], &self->account_id, err);
    if (code == OG_OK) {
        code = og_admin_decode_body(call, key_members, COUNT(key_members), &ask, err);
    }
    if (code == OG_OK) {
        code = read_scopes(call, ask.scopes, &self->scopes, err);
    }
    self->credential.label = ask.label;
    self->credential.expires_at = ask.expires_at;
    return code;
}

static void
add_key_members(struct og_json_writer *w, const struct og_credential *key)
{
    og_json_add_str(w, "id", key->id);
    og_json_add_str_or_null(w, "label", key->label);
    og_json_array(w, "scopes");
    for (struct og_str rest = key->scopes; rest.len > 0;) {
        size_t end = og_str_find(rest, ' ');
        og_json_add_str(w, NULL, og_str_slice(rest, 0, end));
        rest = og_str_slice(rest, end + 1, rest.len);
    }
    og_json_end(w);
    og_json_add_time(w, "created_at", key->created_at);
    og_json_add_time_or_null(w, "expires_at", key->expires_at);
    og_json_add_time_or_null(w, "revoked_at", key->disabled_at);
}

void
og_admin_key_make_encode(struct og_call *call, struct og_op *op, struct og_answer *answer)
{
    struct og_key_make_op *self = (struct og_key_make_op *)op;
    struct og_json_writer w;
    (void)call;
    og_admin_begin_answer(&w, answer);
    add_key_members(&w, &self->credential);
    og_json_add_str(&w, "key", og_secret_str(&self->key));
    og_json_end(&w);
    og_secret_finish(&self->key);
}

void
og_admin_key_make_failed(struct og_call *call, struct og_op *op)
{
    (void)call;
    og_secret_finish(&((struct og_key_make_op *)op)->key);
}

enum og_code
og_admin_key_list_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct og_key_list_op *self = (struct og_key_list_op *)op;
    self->svc = og_call_services(call);
    self->mem = og_call_mem(call);
    return og_admin_account_of(call, call->params[0], &self->account_id, err);
}

void
og_admin_key_list_encode(struct og_call *call, struct og_op *op, struct og_answer *answer)
{
    struct og_key_list_op *self = (struct og_key_list_op *)op;
    struct og_json_writer w;
    (void)call;
    og_admin_begin_answer(&w, answer);
    og_json_array(&w, "keys");
    for (int i = 0; i < self->count; i++) {
        og_json_object(&w, NULL);
        add_key_members(&w, &self->items[i]);
        og_json_end(&w);
    }
    og_json_end(&w);
    og_json_end(&w);
}

enum og_code
og_admin_key_revoke_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct og_key_revoke_op *self = (struct og_key_revoke_op *)op;
    self->svc = og_call_services(call);
    self->key_id = call->params[0];
    return og_admin_account_of(call, OG_STR(""), &self->account_id, err);
}

/* ---- pairing ---- */

static const struct og_json_member pairing_members[] = {
    {"rotate", OG_JSON_BOOL, offsetof(struct og_pairing_op, rotate), false},
};

enum og_code
og_admin_pairing_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct og_pairing_op *self = (struct og_pairing_op *)op;
    self->svc = og_call_services(call);
    self->mem = og_call_mem(call);
    enum og_code code = og_admin_account_of(call, call->params[0], &self->account_id, err);
    if (code == OG_OK && call->req->body.len) {
        code = og_admin_decode_body(call, pairing_members, COUNT(pairing_members), self, err);
    }
    return code;
}

void
og_admin_pairing_encode(struct og_call *call, struct og_op *op, struct og_answer *answer)
{
    struct og_pairing_op *self = (struct og_pairing_op *)op;
    struct og_str base = og_call_public_url(call);
    struct og_json_writer w;
    og_admin_begin_answer(&w, answer);
    og_json_add_str(&w, "account_id", self->account.id);
    /* Used by the app verbatim as a prefix, so without a slash (wire/smsgate.md section 4.1). */
    og_json_add_str(&w, "url",
                    og_str_printf(self->mem, "%" OG_STR_FMT "/api/mobile/v1", OG_STR_ARG(base)));
    og_json_add_str(&w, "token", og_secret_str(&self->token));
    og_json_add_str(&w, "login", self->account.login);
    og_json_end(&w);
    og_secret_finish(&self->token);
}

void
og_admin_pairing_failed(struct og_call *call, struct og_op *op)
{
    (void)call;
    og_secret_finish(&((struct og_pairing_op *)op)->token);
}
