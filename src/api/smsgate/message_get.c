/*
 * One message: its row, and, while no phone has it, what the queue knows of it. The row alone does
 * not know: until a phone fetches, a message changes lines in memory only.
 */
#include "api/smsgate/messages.h"

#include "api/smsgate/json.h"

static void
look_done(struct og_op *op)
{
    struct og_smsgate_get_op *self =
        OG_CONTAINER_OF((struct og_message_wait_op *)op, struct og_smsgate_get_op, look);
    og_call_done(&self->one.op);
}

/* Without the queue's word the row is answered as it is. */
static void
read_done(struct og_op *op)
{
    static const struct og_op_kind look = {
        .name = "message.wait", .committed = og_message_wait_committed, .done = look_done};
    struct og_smsgate_get_op *self = (struct og_smsgate_get_op *)op;
    const struct og_message *m = &self->one.out;
    struct og_err unheard;
    const bool is_in_line = op->code == OG_OK && !m->final_at && !m->handed_at && !m->held;
    self->look.svc = self->one.svc;
    self->look.mem = self->one.mem;
    self->look.m = &self->one.out;
    if (!is_in_line || og_call_submit(self->call, OG_LANE_WRITE, &self->look.op, &look,
                                      &unheard) != OG_OK) {
        og_call_done(op);
    }
}

void
og_smsgate_get_prepare(struct og_call *call, struct og_op *op)
{
    static const struct og_op_kind read = {
        .name = "message.get", .apply = og_message_get_apply, .done = read_done};
    struct og_err err;
    ((struct og_smsgate_get_op *)op)->call = call;
    const enum og_code code = og_call_submit(call, OG_LANE_READ, op, &read, &err);
    if (code != OG_OK) {
        og_call_continue(call, code, &err);
    }
}

void
og_smsgate_get_encode(struct og_call *call, struct og_op *op, struct og_answer *answer)
{
    const struct og_smsgate_get_op *self = (const struct og_smsgate_get_op *)op;
    struct og_json_writer w;
    (void)call;
    og_json_begin(&w, &answer->body);
    og_smsgate_write_state(&w, &self->one.out, true,
                           self->look.wait.reason ? &self->look.wait : NULL);
}
