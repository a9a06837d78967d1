/*
 * Asking phones for what they received. Nothing is written: hints are given in the write lane.
 */
#include "service/inbox_service.h"

#include "live/hub.h"

enum og_code
og_inbox_refresh_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_inbox_refresh_op *self = (struct og_inbox_refresh_op *)op;
    return og_device_list(tx->db, self->account_id, self->mem, &self->devices,
                          &self->device_count, &op->err);
}

void
og_inbox_refresh_committed(struct og_op *op, struct og_tx *tx)
{
    struct og_inbox_refresh_op *self = (struct og_inbox_refresh_op *)op;
    (void)tx;
    for (int i = 0; i < self->device_count; i++) {
        struct og_str id = self->devices[i].id;
        if (!self->device_id.len || og_str_eq(self->device_id, id)) {
            og_hub_hint(self->svc->lane.hub, OG_HINT_EXPORT, id, self->event);
        }
    }
}
