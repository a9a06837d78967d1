/*
 * Decode and encode of /admin/v1. Secrets are shown in the one answer that makes them, then wiped; that
 * answer must not be kept by anything on the way.
 */
#include "api/admin_api.h"

#include "base/json.h"
#include "service/account_service.h"
#include "service/device_service.h"

#define BODY_MAX 4096
#define NAME_MAX_CHARS 64
#define LABEL_MAX_CHARS 64
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- what several handlers need ---- */

static bool
is_operator(const struct og_call *call)
{
    return call->who.kind == OG_WHO_OPERATOR;
}

/* The account that a call is about. A key with the scope admin knows of no other than its own. */
static enum og_code
account_of(const struct og_call *call, struct og_str asked, struct og_str *out, struct og_err *err)
{
    if (!is_operator(call) && asked.len && !og_str_eq(asked, call->who.account_id)) {
        return og_fail(err, OG_E_NOT_FOUND, "account", "no such account");
    }
    *out = is_operator(call) ? asked : call->who.account_id;
    return OG_OK;
}

static enum og_code
only_operator(const struct og_call *call, const char *field, struct og_err *err)
{
    return is_operator(call)
               ? OG_OK
               : og_fail(err, OG_E_FORBIDDEN, field, "only the operator may do this");
}

/* The body by a table; members that it does not have are refused. */
static enum og_code
decode_body(struct og_call *call, const struct og_json_member *members, size_t count, void *out,
            struct og_err *err)
{
    const struct og_json *body;
    enum og_code code = og_call_json(call, &body, err);
    if (code == OG_OK) {
        code = og_json_decode(body, members, count, OG_JSON_UNKNOWN_REFUSED, "", og_call_mem(call),
                              out, err);
    }
    return code;
}

static void
add_text_or_null(struct og_json_writer *w, const char *name, struct og_str value)
{
    if (value.len) {
        og_json_add_str(w, name, value);
    } else {
        og_json_add_null(w, name);
    }
}

static void
add_time_or_null(struct og_json_writer *w, const char *name, int64_t at_ms)
{
    if (at_ms) {
        og_json_add_time(w, name, at_ms);
    } else {
        og_json_add_null(w, name);
    }
}

static void
add_account_members(struct og_json_writer *w, const struct og_account *account)
{
    og_json_add_str(w, "id", account->id);
    og_json_add_str(w, "name", account->name);
    og_json_add_str(w, "login", account->login);
    add_text_or_null(w, "brand", account->brand);
    og_json_add_bool(w, "custom_code", account->custom_code);
    og_json_add_bool(w, "disabled", account->disabled_at != 0);
    og_json_add_time(w, "created_at", account->created_at);
}

static void
begin_answer(struct og_json_writer *w, struct og_answer *answer)
{
    og_json_begin(w, &answer->body);
    og_json_object(w, NULL);
}

static void
answer_account(struct og_answer *answer, const struct og_account *account)
{
    struct og_json_writer w;
    begin_answer(&w, answer);
    add_account_members(&w, account);
    og_json_end(&w);
}

static void
forbid_keeping(struct og_answer *answer)
{
    og_answer_header(answer, "Cache-Control", OG_STR("no-store"));
}

/* ---- hashing a new password, before the write lane ---- */

struct hashing {
    struct og_password_op password; /* first: it is the operation */
    struct og_call *call;
};

static void
hashing_done(struct og_op *op)
{
    struct hashing *self = (struct hashing *)op;
    if (op->code != OG_OK) {
        og_secret_finish(&self->password.password);
    }
    og_call_continue(self->call, op->code, &op->err);
}

static const struct og_op_kind hashing_kind = {
    .name = "password.hash", .apply = og_password_apply, .done = hashing_done};

/* Submits the hashing of a fresh password; *out is where the write lane finds it. */
static void
hash_password(struct og_call *call, const struct og_password_op **out)
{
    struct hashing *self = OG_ARENA_NEW(og_call_mem(call), struct hashing);
    self->call = call;
    self->password.svc = og_call_services(call);
    self->password.op.kind = &hashing_kind;
    self->password.op.home = call->req->loop;
    *out = &self->password;
    enum og_code code = og_lane_submit(og_call_lanes(call), OG_LANE_SLOW, &self->password.op);
    if (code != OG_OK) {
        struct og_err err;
        og_call_continue(call, og_fail(&err, code, "", "the queue is full"), &err);
    }
}

/* The answer that shows the login and its new password. */
static void
answer_password(struct og_answer *answer, const struct og_account *account,
                const struct og_password_op *password)
{
    struct og_json_writer w;
    forbid_keeping(answer);
    begin_answer(&w, answer);
    add_account_members(&w, account);
    og_json_add_str(&w, "password", og_secret_str(&password->password));
    og_json_end(&w);
}

/* It stands in the call's arena, which is ours to write. */
static void
wipe_password(const struct og_password_op *password)
{
    if (password) {
        og_secret_finish((struct og_secret *)(uintptr_t)&password->password);
    }
}

/* ---- accounts ---- */

static const struct og_json_member make_members[] = {
    {"name", OG_JSON_STRING, offsetof(struct og_account, name), true, 1, NAME_MAX_CHARS},
    {"brand", OG_JSON_STRING, offsetof(struct og_account, brand), false, 0, LABEL_MAX_CHARS},
    {"custom_code", OG_JSON_BOOL, offsetof(struct og_account, custom_code), false},
};

static enum og_code
make_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct og_account_make_op *self = (struct og_account_make_op *)op;
    self->svc = og_call_services(call);
    self->mem = og_call_mem(call);
    enum og_code code = only_operator(call, "", err);
    return code == OG_OK ? decode_body(call, make_members, COUNT(make_members), &self->account, err)
                         : code;
}

static void
make_prepare(struct og_call *call, struct og_op *op)
{
    hash_password(call, &((struct og_account_make_op *)op)->password);
}

static void
make_encode(struct og_call *call, struct og_op *op, struct og_answer *answer)
{
    struct og_account_make_op *self = (struct og_account_make_op *)op;
    (void)call;
    answer_password(answer, &self->account, self->password);
    wipe_password(self->password);
}

static void
make_failed(struct og_call *call, struct og_op *op)
{
    (void)call;
    wipe_password(((struct og_account_make_op *)op)->password);
}

static enum og_code
list_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct og_account_list_op *self = (struct og_account_list_op *)op;
    self->svc = og_call_services(call);
    self->mem = og_call_mem(call);
    return account_of(call, OG_STR(""), &self->account_id, err);
}

static void
list_encode(struct og_call *call, struct og_op *op, struct og_answer *answer)
{
    struct og_account_list_op *self = (struct og_account_list_op *)op;
    struct og_json_writer w;
    (void)call;
    begin_answer(&w, answer);
    og_json_array(&w, "accounts");
    for (int i = 0; i < self->count; i++) {
        og_json_object(&w, NULL);
        add_account_members(&w, &self->items[i]);
        og_json_end(&w);
    }
    og_json_end(&w);
    og_json_end(&w);
}

static enum og_code
show_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct og_account_list_op *self = (struct og_account_list_op *)op;
    self->svc = og_call_services(call);
    self->mem = og_call_mem(call);
    return account_of(call, call->params[0], &self->account_id, err);
}

static void
show_encode(struct og_call *call, struct og_op *op, struct og_answer *answer)
{
    (void)call;
    answer_account(answer, ((struct og_account_list_op *)op)->items);
}

static const struct og_json_member change_members[] = {
    {"brand", OG_JSON_STRING, offsetof(struct og_account_change, brand), false, 0, LABEL_MAX_CHARS,
     offsetof(struct og_account_change, has_brand)},
    {"custom_code", OG_JSON_BOOL, offsetof(struct og_account_change, custom_code), false, 0, 0,
     offsetof(struct og_account_change, has_custom_code)},
    {"disabled", OG_JSON_BOOL, offsetof(struct og_account_change, disabled), false, 0, 0,
     offsetof(struct og_account_change, has_disabled)},
};

static enum og_code
change_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct og_account_change_op *self = (struct og_account_change_op *)op;
    self->svc = og_call_services(call);
    self->mem = og_call_mem(call);
    enum og_code code = account_of(call, call->params[0], &self->account_id, err);
    if (code == OG_OK) {
        code = decode_body(call, change_members, COUNT(change_members), &self->change, err);
    }
    if (code == OG_OK && self->change.has_custom_code) {
        code = only_operator(call, "custom_code", err);
    }
    if (code == OG_OK && self->change.has_disabled) {
        code = only_operator(call, "disabled", err);
    }
    return code;
}

static void
change_encode(struct og_call *call, struct og_op *op, struct og_answer *answer)
{
    (void)call;
    answer_account(answer, &((struct og_account_change_op *)op)->account);
}

static enum og_code
rotate_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct og_rotate_op *self = (struct og_rotate_op *)op;
    self->svc = og_call_services(call);
    self->mem = og_call_mem(call);
    return account_of(call, call->params[0], &self->account_id, err);
}

static void
rotate_prepare(struct og_call *call, struct og_op *op)
{
    hash_password(call, &((struct og_rotate_op *)op)->password);
}

static void
rotate_encode(struct og_call *call, struct og_op *op, struct og_answer *answer)
{
    struct og_rotate_op *self = (struct og_rotate_op *)op;
    (void)call;
    answer_password(answer, &self->account, self->password);
    wipe_password(self->password);
}

static void
rotate_failed(struct og_call *call, struct og_op *op)
{
    (void)call;
    wipe_password(((struct og_rotate_op *)op)->password);
}

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
read_scopes(const struct og_call *call, struct og_str_list names, uint32_t *out,
            struct og_err *err)
{
    for (size_t i = 0; i < names.count; i++) {
        uint32_t bit;
        if (!og_scope_from_name(names.items[i], &bit)) {
            return og_fail(err, OG_E_INVALID, "scopes",
                           "each is one of otp:start otp:check messages:send messages:read "
                           "devices:read devices:write admin");
        }
        if (!(call->who.scopes & bit)) {
            return og_fail(err, OG_E_FORBIDDEN, "scopes", "scope required: %s",
                           og_scope_name((enum og_scope)bit));
        }
        *out |= bit;
    }
    return OG_OK;
}

static enum og_code
key_make_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct og_key_make_op *self = (struct og_key_make_op *)op;
    struct key_ask ask = {0};
    self->svc = og_call_services(call);
    self->mem = og_call_mem(call);
    enum og_code code = account_of(call, call->params[0], &self->account_id, err);
    if (code == OG_OK) {
        code = decode_body(call, key_members, COUNT(key_members), &ask, err);
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
    add_text_or_null(w, "label", key->label);
    og_json_array(w, "scopes");
    for (struct og_str rest = key->scopes; rest.len > 0;) {
        size_t end = og_str_find(rest, ' ');
        og_json_add_str(w, NULL, og_str_slice(rest, 0, end));
        rest = og_str_slice(rest, end + 1, rest.len);
    }
    og_json_end(w);
    og_json_add_time(w, "created_at", key->created_at);
    add_time_or_null(w, "expires_at", key->expires_at);
    add_time_or_null(w, "revoked_at", key->disabled_at);
}

static void
key_make_encode(struct og_call *call, struct og_op *op, struct og_answer *answer)
{
    struct og_key_make_op *self = (struct og_key_make_op *)op;
    struct og_json_writer w;
    (void)call;
    forbid_keeping(answer);
    begin_answer(&w, answer);
    add_key_members(&w, &self->credential);
    og_json_add_str(&w, "key", og_secret_str(&self->key));
    og_json_end(&w);
    og_secret_finish(&self->key);
}

static void
key_make_failed(struct og_call *call, struct og_op *op)
{
    (void)call;
    og_secret_finish(&((struct og_key_make_op *)op)->key);
}

static enum og_code
key_list_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct og_key_list_op *self = (struct og_key_list_op *)op;
    self->svc = og_call_services(call);
    self->mem = og_call_mem(call);
    return account_of(call, call->params[0], &self->account_id, err);
}

static void
key_list_encode(struct og_call *call, struct og_op *op, struct og_answer *answer)
{
    struct og_key_list_op *self = (struct og_key_list_op *)op;
    struct og_json_writer w;
    (void)call;
    begin_answer(&w, answer);
    og_json_array(&w, "keys");
    for (int i = 0; i < self->count; i++) {
        og_json_object(&w, NULL);
        add_key_members(&w, &self->items[i]);
        og_json_end(&w);
    }
    og_json_end(&w);
    og_json_end(&w);
}

static enum og_code
key_revoke_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct og_key_revoke_op *self = (struct og_key_revoke_op *)op;
    self->svc = og_call_services(call);
    self->key_id = call->params[0];
    return account_of(call, OG_STR(""), &self->account_id, err);
}

/* ---- pairing ---- */

static const struct og_json_member pairing_members[] = {
    {"rotate", OG_JSON_BOOL, offsetof(struct og_pairing_op, rotate), false},
};

static enum og_code
pairing_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct og_pairing_op *self = (struct og_pairing_op *)op;
    self->svc = og_call_services(call);
    self->mem = og_call_mem(call);
    enum og_code code = account_of(call, call->params[0], &self->account_id, err);
    if (code == OG_OK && call->req->body.len) {
        code = decode_body(call, pairing_members, COUNT(pairing_members), self, err);
    }
    return code;
}

static void
pairing_encode(struct og_call *call, struct og_op *op, struct og_answer *answer)
{
    struct og_pairing_op *self = (struct og_pairing_op *)op;
    struct og_str base = og_call_public_url(call);
    struct og_json_writer w;
    forbid_keeping(answer);
    begin_answer(&w, answer);
    og_json_add_str(&w, "account_id", self->account.id);
    /* Used by the app verbatim as a prefix, so without a slash (wire/smsgate.md section 4.1). */
    og_json_add_str(&w, "url", og_str_printf(self->mem, "%" OG_STR_FMT "/api/mobile/v1",
                                             OG_STR_ARG(base)));
    og_json_add_str(&w, "token", og_secret_str(&self->token));
    og_json_add_str(&w, "login", self->account.login);
    og_json_end(&w);
    og_secret_finish(&self->token);
}

static void
pairing_failed(struct og_call *call, struct og_op *op)
{
    (void)call;
    og_secret_finish(&((struct og_pairing_op *)op)->token);
}

/* ---- devices ---- */

static enum og_code
devices_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct og_device_list_op *self = (struct og_device_list_op *)op;
    struct og_str asked = OG_STR("");
    self->svc = og_call_services(call);
    self->mem = og_call_mem(call);
    og_http_query(call->req, "account", &asked);
    return account_of(call, asked, &self->account_id, err);
}

static void
devices_encode(struct og_call *call, struct og_op *op, struct og_answer *answer)
{
    struct og_device_list_op *self = (struct og_device_list_op *)op;
    struct og_json_writer w;
    (void)call;
    begin_answer(&w, answer);
    og_json_array(&w, "devices");
    for (int i = 0; i < self->count; i++) {
        const struct og_device *device = &self->items[i];
        og_json_object(&w, NULL);
        og_json_add_str(&w, "id", device->id);
        og_json_add_str(&w, "account_id", device->account_id);
        og_json_add_str(&w, "name", device->name);
        og_json_add_raw(&w, "sims", device->sims);
        og_json_add_str(&w, "app_version", device->app_version);
        og_json_add_bool(&w, "connected", self->is_connected[i]);
        og_json_add_time(&w, "created_at", device->created_at);
        og_json_add_time(&w, "last_seen_at", device->last_seen_at);
        og_json_end(&w);
    }
    og_json_end(&w);
    og_json_end(&w);
}

static enum og_code
device_remove_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct og_device_remove_op *self = (struct og_device_remove_op *)op;
    self->svc = og_call_services(call);
    self->mem = og_call_mem(call);
    self->device_id = call->params[0];
    return account_of(call, OG_STR(""), &self->account_id, err);
}

/* Unlike the sms-gate.app API, ours tells when there was nothing to remove. */
static enum og_code
device_remove_apply(struct og_op *op, struct og_tx *tx)
{
    enum og_code code = og_device_remove_apply(op, tx);
    if (code == OG_OK && !((struct og_device_remove_op *)op)->removed) {
        return og_fail(&op->err, OG_E_NOT_FOUND, "device", "no such device");
    }
    return code;
}

/* ---- rows ---- */

#define ADMIN(method_, path_) method_, "/admin/v1" path_, OG_FAMILY_OWN, OG_WHO_OPERATOR, 0
#define OP(lane_, name_, apply_, committed_, struct_)                                             \
    .lane = (lane_), .op_bytes = sizeof(struct struct_), .kind = {                                \
        .name = (name_), .apply = (apply_), .committed = (committed_), .done = og_call_done}

const struct og_route og_admin_routes[] = {
    {ADMIN(OG_POST, "/accounts"), BODY_MAX, 201,
     OP(OG_LANE_WRITE, "account.make", og_account_make_apply, og_account_make_committed,
        og_account_make_op),
     .decode = make_decode, .prepare = make_prepare, .encode = make_encode,
     .failed = make_failed},
    {ADMIN(OG_GET, "/accounts"), 0, 200,
     OP(OG_LANE_READ, "account.list", og_account_list_apply, NULL, og_account_list_op),
     .decode = list_decode, .encode = list_encode},
    {ADMIN(OG_GET, "/accounts/{id}"), 0, 200,
     OP(OG_LANE_READ, "account.show", og_account_list_apply, NULL, og_account_list_op),
     .decode = show_decode, .encode = show_encode},
    {ADMIN(OG_PATCH, "/accounts/{id}"), BODY_MAX, 200,
     OP(OG_LANE_WRITE, "account.change", og_account_change_apply, og_account_change_committed,
        og_account_change_op),
     .decode = change_decode, .encode = change_encode},
    {ADMIN(OG_POST, "/accounts/{id}/rotate"), 0, 200,
     OP(OG_LANE_WRITE, "account.rotate", og_rotate_apply, og_credentials_changed, og_rotate_op),
     .decode = rotate_decode, .prepare = rotate_prepare, .encode = rotate_encode,
     .failed = rotate_failed},
    {ADMIN(OG_POST, "/accounts/{id}/keys"), BODY_MAX, 201,
     OP(OG_LANE_WRITE, "key.make", og_key_make_apply, NULL, og_key_make_op),
     .decode = key_make_decode, .encode = key_make_encode, .failed = key_make_failed},
    {ADMIN(OG_GET, "/accounts/{id}/keys"), 0, 200,
     OP(OG_LANE_READ, "key.list", og_key_list_apply, NULL, og_key_list_op),
     .decode = key_list_decode, .encode = key_list_encode},
    {ADMIN(OG_DELETE, "/keys/{id}"), 0, 204,
     OP(OG_LANE_WRITE, "key.revoke", og_key_revoke_apply, og_credentials_changed,
        og_key_revoke_op),
     .decode = key_revoke_decode},
    {ADMIN(OG_POST, "/accounts/{id}/pairing"), BODY_MAX, 200,
     OP(OG_LANE_WRITE, "account.pairing", og_pairing_apply, og_pairing_committed,
        og_pairing_op),
     .decode = pairing_decode, .encode = pairing_encode, .failed = pairing_failed},
    {ADMIN(OG_GET, "/devices"), 0, 200,
     OP(OG_LANE_WRITE, "admin.devices", og_account_devices_apply, NULL, og_device_list_op),
     .decode = devices_decode, .encode = devices_encode},
    {ADMIN(OG_DELETE, "/devices/{id}"), 0, 204,
     OP(OG_LANE_WRITE, "admin.device.remove", device_remove_apply, og_device_remove_committed,
        og_device_remove_op),
     .decode = device_remove_decode},
};

const int og_admin_route_count = (int)COUNT(og_admin_routes);
