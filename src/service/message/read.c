/*
 * Reading messages: rows in the read lanes, what only the queue knows in the write lane's memory.
 */
#include "service/message/message_service.h"

enum og_code
og_message_get_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_message_one_op *self = (struct og_message_one_op *)op;
    return og_message_find(tx->db, &self->svc->keys.seal, self->account_id, self->id, self->mem,
                           &self->out, &op->err);
}

void
og_message_wait_committed(struct og_op *op, struct og_tx *tx)
{
    struct og_message_wait_op *self = (struct og_message_wait_op *)op;
    struct og_dispatch_item item;
    struct og_route_fetch fetch;
    int64_t sim;
    if (!og_dispatch_find(self->svc->lane.dispatch, self->m->account_id, self->m->id, &item) ||
        item.phase != OG_DISPATCH_WAITING || item.device.len == 0) {
        return;
    }
    self->m->device_id = og_str_dup(self->mem, item.device);
    og_route_fetch_begin(self->svc, item.account, item.device, &fetch);
    if (og_route_fetch_admit(self->svc, &fetch, &item, NULL, tx->now_ms, &sim, &self->wait)) {
        self->wait = (struct og_wait){0};
    }
}

enum og_code
og_message_list_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_message_list_op *self = (struct og_message_list_op *)op;
    return og_message_list(tx->db, &self->svc->keys.seal, &self->filter, self->mem, &self->items,
                           &self->count, &self->total, &op->err);
}
