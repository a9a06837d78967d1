/*
 * Hashing takes long, so it has a lane of its own; the call waits on its loop meanwhile.
 */
#include "api/auth/new_password.h"

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

void
og_new_password_prepare(struct og_call *call, const struct og_password_op **out)
{
    struct hashing *self = OG_ARENA_NEW(og_call_mem(call), struct hashing);
    self->call = call;
    self->password.svc = og_call_services(call);
    *out = &self->password;
    struct og_err err;
    const enum og_code code =
        og_call_submit(call, OG_LANE_SLOW, &self->password.op, &hashing_kind, &err);
    if (code != OG_OK) {
        og_call_continue(call, code, &err);
    }
}

/* It stands in the call's arena, which is ours to write. */
void
og_new_password_wipe(const struct og_password_op *password)
{
    if (password) {
        og_secret_finish((struct og_secret *)(uintptr_t)&password->password);
    }
}
