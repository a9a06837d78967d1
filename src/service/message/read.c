/*
 * Reading messages, in the read lanes.
 */
#include "service/message/message_service.h"

enum og_code
og_message_get_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_message_one_op *self = (struct og_message_one_op *)op;
    const struct og_message *m = &self->out;
    enum og_code code = og_message_find(tx->db, &self->svc->keys.seal, self->account_id, self->id,
                                        self->mem, &self->out, &op->err);
    if (code == OG_OK && !m->final_at && !m->handed_at && !m->held) {
        og_wait_board_get(self->svc->waits, m->device_id, &self->wait);
    }
    return code;
}

enum og_code
og_message_list_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_message_list_op *self = (struct og_message_list_op *)op;
    return og_message_list(tx->db, &self->svc->keys.seal, &self->filter, self->mem, &self->items,
                           &self->count, &self->total, &op->err);
}
