/*
 * Reading the inbox; message_accept.c fills it.
 */
#include "service/otp/sandbox_service.h"

enum og_code
og_sandbox_list_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_sandbox_list_op *self = (struct og_sandbox_list_op *)op;
    return og_sandbox_list(tx->db, &self->svc->keys.seal, self->account_id, self->after, self->mem,
                           &self->items, &self->count, &op->err);
}
