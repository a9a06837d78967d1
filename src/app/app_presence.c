/*
 * Two operations for each: one that moves the queue in memory, one that tells receivers in a
 * transaction. Each frees itself when it is done.
 */
#include "app/app_presence.h"

#include <stdlib.h>

#include "base/log.h"
#include "service/device/device_service.h"

static void
on_done(struct og_op *op)
{
    struct og_presence_op *self = (struct og_presence_op *)op;
    og_arena_finish(&self->mem);
    free(self);
}

static void
on_told(struct og_op *op)
{
    if (op->code != OG_OK) {
        og_log_warn("app", "receivers do not hear of a phone", "reason=%s",
                    og_log_quote(og_str_from(op->err.text)));
    }
    on_done(op);
}

static const struct og_op_kind queue_kind = {"device.presence", NULL, og_presence_committed,
                                             on_done};
static const struct og_op_kind tell_kind = {"device.tell", og_presence_tell_apply, NULL, on_told};

static void
submit(const struct og_app_presence *self, const struct og_op_kind *kind, struct og_str account_id,
       struct og_str device_id, bool is_connected)
{
    struct og_presence_op *op = og_xalloc(sizeof *op);
    og_arena_init(&op->mem, 512);
    op->op.kind = kind;
    op->op.is_ours = true;
    op->svc = self->services;
    op->account_id = og_str_dup(&op->mem, account_id);
    op->device_id = og_str_dup(&op->mem, device_id);
    op->is_connected = is_connected;
    if (og_lane_submit(self->lanes, OG_LANE_WRITE, &op->op) != OG_OK) {
        on_done(&op->op); /* we are stopping */
    }
}

void
og_app_presence(void *ctx, struct og_str account_id, struct og_str device_id, bool is_connected)
{
    const struct og_app_presence *self = ctx;
    submit(self, &queue_kind, account_id, device_id, is_connected);
    if (atomic_load(self->is_running)) {
        submit(self, &tell_kind, account_id, device_id, is_connected);
    }
}
