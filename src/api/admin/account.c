/*
 * Accounts of /admin/v1. A new password is hashed in the slow lane before the write lane stores it;
 * it is shown in that one answer and wiped.
 */
#include "api/admin/priv.h"
#include "api/auth/new_password.h"

#include "base/json.h"
#include "service/account/account_service.h"

#define NAME_MAX_CHARS 64
#define BRAND_MAX_CHARS 64 /* the service knows better; this bounds the copy */
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void
add_account_members(struct og_json_writer *w, const struct og_account *account)
{
    og_json_add_str(w, "id", account->id);
    og_json_add_str(w, "name", account->name);
    og_json_add_str(w, "login", account->login);
    og_json_add_str_or_null(w, "brand", account->brand);
    og_json_add_bool(w, "custom_code", account->custom_code);
    og_json_add_bool(w, "sandbox", account->sandbox);
    og_json_add_bool(w, "disabled", account->disabled_at != 0);
    og_json_add_time(w, "created_at", account->created_at);
}

static void
answer_account(struct og_answer *answer, const struct og_account *account)
{
    struct og_json_writer w;
    og_admin_begin_answer(&w, answer);
    add_account_members(&w, account);
    og_json_end(&w);
}

/* The answer that shows the login and its new password. */
static void
answer_password(struct og_answer *answer, const struct og_account *account,
                const struct og_password_op *password)
{
    struct og_json_writer w;
    og_admin_begin_answer(&w, answer);
    add_account_members(&w, account);
    og_json_add_str(&w, "password", og_secret_str(&password->password));
    og_json_end(&w);
}

/* ---- accounts ---- */

static const struct og_json_member make_members[] = {
    {"name", OG_JSON_STRING, offsetof(struct og_account, name), true, 1, NAME_MAX_CHARS},
    {"brand", OG_JSON_STRING, offsetof(struct og_account, brand), false, 0, BRAND_MAX_CHARS},
    {"custom_code", OG_JSON_BOOL, offsetof(struct og_account, custom_code), false},
    {"sandbox", OG_JSON_BOOL, offsetof(struct og_account, sandbox), false},
};

enum og_code
og_admin_account_make_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct og_account_make_op *self = (struct og_account_make_op *)op;
    self->svc = og_call_services(call);
    self->mem = og_call_mem(call);
    enum og_code code = og_admin_only_operator(call, "", err);
    return code == OG_OK
               ? og_admin_decode_body(call, make_members, COUNT(make_members), &self->account, err)
               : code;
}

void
og_admin_account_make_prepare(struct og_call *call, struct og_op *op)
{
    og_new_password_prepare(call, &((struct og_account_make_op *)op)->password);
}

void
og_admin_account_make_encode(struct og_call *call, struct og_op *op, struct og_answer *answer)
{
    struct og_account_make_op *self = (struct og_account_make_op *)op;
    (void)call;
    answer_password(answer, &self->account, self->password);
    og_new_password_wipe(self->password);
}

void
og_admin_account_make_failed(struct og_call *call, struct og_op *op)
{
    (void)call;
    og_new_password_wipe(((struct og_account_make_op *)op)->password);
}

enum og_code
og_admin_account_list_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct og_account_list_op *self = (struct og_account_list_op *)op;
    self->svc = og_call_services(call);
    self->mem = og_call_mem(call);
    return og_admin_account_of(call, OG_STR(""), &self->account_id, err);
}

void
og_admin_account_list_encode(struct og_call *call, struct og_op *op, struct og_answer *answer)
{
    struct og_account_list_op *self = (struct og_account_list_op *)op;
    struct og_json_writer w;
    (void)call;
    og_admin_begin_answer(&w, answer);
    og_json_array(&w, "accounts");
    for (int i = 0; i < self->count; i++) {
        og_json_object(&w, NULL);
        add_account_members(&w, &self->items[i]);
        og_json_end(&w);
    }
    og_json_end(&w);
    og_json_end(&w);
}

enum og_code
og_admin_account_show_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct og_account_list_op *self = (struct og_account_list_op *)op;
    self->svc = og_call_services(call);
    self->mem = og_call_mem(call);
    return og_admin_account_of(call, call->params[0], &self->account_id, err);
}

void
og_admin_account_show_encode(struct og_call *call, struct og_op *op, struct og_answer *answer)
{
    (void)call;
    answer_account(answer, ((struct og_account_list_op *)op)->items);
}

_Static_assert(offsetof(struct og_account_change, has_brand) > 0, "0 means no such flag");

static const struct og_json_member change_members[] = {
    {"brand", OG_JSON_STRING, offsetof(struct og_account_change, brand), false, 0, BRAND_MAX_CHARS,
     offsetof(struct og_account_change, has_brand)},
    {"custom_code", OG_JSON_BOOL, offsetof(struct og_account_change, custom_code), false, 0, 0,
     offsetof(struct og_account_change, has_custom_code)},
    {"sandbox", OG_JSON_BOOL, offsetof(struct og_account_change, sandbox), false, 0, 0,
     offsetof(struct og_account_change, has_sandbox)},
    {"disabled", OG_JSON_BOOL, offsetof(struct og_account_change, disabled), false, 0, 0,
     offsetof(struct og_account_change, has_disabled)},
};

enum og_code
og_admin_account_change_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct og_account_change_op *self = (struct og_account_change_op *)op;
    self->svc = og_call_services(call);
    self->mem = og_call_mem(call);
    enum og_code code = og_admin_account_of(call, call->params[0], &self->account_id, err);
    if (code == OG_OK) {
        code =
            og_admin_decode_body(call, change_members, COUNT(change_members), &self->change, err);
    }
    if (code == OG_OK && self->change.has_custom_code) {
        code = og_admin_only_operator(call, "custom_code", err);
    }
    if (code == OG_OK && self->change.has_sandbox) {
        code = og_admin_only_operator(call, "sandbox", err);
    }
    if (code == OG_OK && self->change.has_disabled) {
        code = og_admin_only_operator(call, "disabled", err);
    }
    return code;
}

void
og_admin_account_change_encode(struct og_call *call, struct og_op *op, struct og_answer *answer)
{
    (void)call;
    answer_account(answer, &((struct og_account_change_op *)op)->account);
}

enum og_code
og_admin_account_rotate_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct og_rotate_op *self = (struct og_rotate_op *)op;
    self->svc = og_call_services(call);
    self->mem = og_call_mem(call);
    return og_admin_account_of(call, call->params[0], &self->account_id, err);
}

void
og_admin_account_rotate_prepare(struct og_call *call, struct og_op *op)
{
    og_new_password_prepare(call, &((struct og_rotate_op *)op)->password);
}

void
og_admin_account_rotate_encode(struct og_call *call, struct og_op *op, struct og_answer *answer)
{
    struct og_rotate_op *self = (struct og_rotate_op *)op;
    (void)call;
    answer_password(answer, &self->account, self->password);
    og_new_password_wipe(self->password);
}

void
og_admin_account_rotate_failed(struct og_call *call, struct og_op *op)
{
    (void)call;
    og_new_password_wipe(((struct og_rotate_op *)op)->password);
}
