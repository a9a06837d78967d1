/*
 * Decode and encode of /mobile/v1/user. The current password is guessable, so each try counts with
 * the gate as a login does.
 */
#include "api/auth/user_api.h"

#include "api/api_priv.h"
#include "base/json.h"
#include "service/account/account_service.h"

#define BODY_MAX 2048
#define PASSWORD_MIN_CHARS 14

/* ---- one-time code ---- */

static enum og_code
code_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct og_login_code_op *self = (struct og_login_code_op *)op;
    (void)err;
    self->svc = og_call_services(call);
    self->mem = og_call_mem(call);
    self->account_id = call->who.account_id;
    return OG_OK;
}

static void
code_encode(struct og_call *call, struct og_op *op, struct og_answer *answer)
{
    struct og_login_code_op *self = (struct og_login_code_op *)op;
    struct og_json_writer w;
    (void)call;
    og_json_begin(&w, &answer->body);
    og_json_object(&w, NULL);
    og_json_add_str(&w, "code", og_secret_str(&self->code));
    og_json_add_time(&w, "validUntil", self->valid_until);
    og_json_end(&w);
    og_secret_finish(&self->code);
}

static void
code_failed(struct og_call *call, struct og_op *op)
{
    (void)call;
    og_secret_finish(&((struct og_login_code_op *)op)->code);
}

/* ---- password ---- */

struct password_ask {
    struct og_str current;
    struct og_str fresh;
};

static const struct og_json_member password_members[] = {
    {"currentPassword", OG_JSON_STRING, offsetof(struct password_ask, current), true, 1,
     OG_SECRET_MAX_BYTES},
    {"newPassword", OG_JSON_STRING, offsetof(struct password_ask, fresh), true, PASSWORD_MIN_CHARS,
     OG_SECRET_MAX_BYTES},
};

/* The operation of the row, and the one in the slow lane before it. */
struct change {
    struct og_rotate_op rotate; /* first: it is the operation */
    struct og_password_change_op check;
    struct og_call *call;
};

static enum og_code
password_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct change *self = (struct change *)op;
    struct password_ask ask = {{NULL, 0}, {NULL, 0}};
    const struct og_json *body;
    self->call = call;
    enum og_code code = og_call_json(call, &body, err);
    if (code == OG_OK) {
        code = og_json_decode(body, password_members, 2, OG_JSON_UNKNOWN_IGNORED, "",
                              og_call_mem(call), &ask, err);
    }
    if (code != OG_OK) {
        return code;
    }
    if (!og_secret_set(&self->check.current, ask.current) ||
        !og_secret_set(&self->check.fresh.password, ask.fresh)) {
        return og_fail(err, OG_E_INVALID, "newPassword", "is too long");
    }
    self->check.fresh.svc = self->rotate.svc = og_call_services(call);
    self->check.mem = self->rotate.mem = og_call_mem(call);
    self->check.account_id = self->rotate.account_id = call->who.account_id;
    self->rotate.password = &self->check.fresh;
    return OG_OK;
}

static void
check_done(struct og_op *op)
{
    struct change *self = OG_CONTAINER_OF(op, struct change, check.fresh.op);
    struct og_call *call = self->call;
    og_secret_finish(&self->check.current);
    og_secret_finish(&self->check.fresh.password);
    if (op->code != OG_E_UNAUTHORIZED) {
        og_gate_return_login(call->api->gate, call->who.login, op->code == OG_OK);
    }
    og_call_continue(call, op->code, &op->err);
}

static const struct og_op_kind check_kind = {
    .name = "password.change", .apply = og_password_change_apply, .done = check_done};

static void
password_prepare(struct og_call *call, struct og_op *op)
{
    struct change *self = (struct change *)op;
    struct og_err err = {0};
    int wait_s = og_gate_try_login(call->api->gate, call->who.login);
    if (wait_s > 0) {
        og_fail(&err, OG_E_LIMITED, "", "too many wrong passwords; wait before trying again");
        err.retry_after_s = wait_s;
        og_call_continue(call, OG_E_LIMITED, &err);
        return;
    }
    const enum og_code code =
        og_call_submit(call, OG_LANE_SLOW, &self->check.fresh.op, &check_kind, &err);
    if (code != OG_OK) {
        og_gate_return_login(call->api->gate, call->who.login, false);
        og_call_continue(call, code, &err);
    }
}

static void
password_failed(struct og_call *call, struct og_op *op)
{
    struct change *self = (struct change *)op;
    (void)call;
    og_secret_finish(&self->check.current);
    og_secret_finish(&self->check.fresh.password);
}

/* ---- rows ---- */

const struct og_route og_user_routes[] = {
    {OG_GET, "/mobile/v1/user/code", OG_FAMILY_SMSGATE, OG_WHO_BASIC, .success = 200,
     .acts = true, .lane = OG_LANE_WRITE, .op_bytes = sizeof(struct og_login_code_op),
     .kind = {.name = "user.code", .apply = og_login_code_apply, .done = og_call_done},
     .decode = code_decode, .encode = code_encode, .failed = code_failed},
    {OG_PATCH, "/mobile/v1/user/password", OG_FAMILY_SMSGATE, OG_WHO_DEVICE, .body_max = BODY_MAX,
     .success = 204, .lane = OG_LANE_WRITE, .op_bytes = sizeof(struct change),
     .kind = {.name = "user.password", .apply = og_rotate_apply,
              .committed = og_credentials_changed, .done = og_call_done},
     .decode = password_decode, .prepare = password_prepare, .failed = password_failed},
};

const int og_user_route_count = (int)(sizeof og_user_routes / sizeof og_user_routes[0]);
