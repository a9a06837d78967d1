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
    self->password.op.kind = &hashing_kind;
    self->password.op.home = call->req->loop;
    *out = &self->password;
    enum og_code code = og_lane_submit(og_call_lanes(call), OG_LANE_SLOW, &self->password.op);
    if (code != OG_OK) {
        struct og_err err;
        og_call_continue(call, og_fail(&err, code, "", "the queue is full"), &err);
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
