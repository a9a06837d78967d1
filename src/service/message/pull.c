/*
 * Phones fetch: what waits for them, as far as pace and health allow it.
 */
#include "live/hub.h"
#include "service/audit/tell.h"
#include "service/device/route_service.h"
#include "service/message/message_service.h"
#include "service/message/priv.h"
#include "service/timeline/note.h"
#include "store/device_store.h"

#define PULL_MAX 100 /* what the phone app takes at once */

/* The gate may have let it in just before it was removed; then it gets nothing any more. */
static enum og_code
note_seen(struct og_pull_op *self, struct og_tx *tx)
{
    enum og_code code = og_device_seen(tx->db, self->device_id, tx->now_ms, &self->op.err);
    return code == OG_E_NOT_FOUND
               ? og_fail(&self->op.err, OG_E_UNAUTHORIZED, "", "the phone was removed")
               : code;
}

/* A code that cannot arrive in time any more stays here, whatever its phone asks for. */
static bool
is_too_late(const struct og_services *svc, const struct og_dispatch_item *item, int64_t now_ms)
{
    const struct og_route_policy *policy = og_route_table_policy(svc->lane.routes);
    return policy->is_smart && item->class == OG_DISPATCH_OTP &&
           item->phase == OG_DISPATCH_WAITING && item->deadline_ms - now_ms < policy->transit_ms;
}

/* False: not now. An error is one of the store. */
static enum og_code
may_hand(struct og_pull_op *self, struct og_tx *tx, const struct og_dispatch_item *item,
         int64_t *sim, bool *may)
{
    struct og_wait wait;
    struct og_message m;
    enum og_code code = OG_OK;
    *sim = 0;
    *may = item->phase != OG_DISPATCH_WAITING || item->is_cancelling;
    if (*may || is_too_late(self->svc, item, tx->now_ms)) {
        return OG_OK;
    }
    const bool is_read = og_route_counts_recipients(self->svc);
    if (is_read && self->fetch.handed > 0) {
        return OG_OK; /* one at a time: the next one knows whom this one went to */
    }
    if (is_read) {
        code = og_message_find_record(tx->db, &self->svc->keys.seal, item->account, item->id,
                                      self->mem, &m, &self->op.err);
    }
    if (code == OG_OK) {
        *may = og_route_fetch_admit(self->svc, &self->fetch, item, is_read ? &m : NULL,
                                    tx->now_ms, sim, &wait);
    }
    return code;
}

/* It would be next again at each fetch, and its phone be woken for it for ever. */
static void
leave_out(struct og_pull_op *self, const struct og_dispatch_item *item)
{
    self->unreadable[self->unreadable_count++] = og_str_dup(self->mem, item->id);
}

static enum og_code
hand_one(struct og_pull_op *self, struct og_tx *tx, const struct og_dispatch_item *item)
{
    struct og_message *m = &self->items[self->count];
    bool *is_new = &self->newly_handed[self->count];
    struct og_handing to = {.device_id = self->device_id,
                            .hinted_at = og_timeline_hinted_at(&self->fetch.phone, item)};
    bool may;
    enum og_code code = may_hand(self, tx, item, &to.sim, &may);
    if (code == OG_OK && !may) {
        return OG_OK;
    }
    if (code == OG_OK) {
        code = og_message_hand(tx->db, &self->svc->keys.seal, self->account_id, item->id,
                               item->routes, &to, tx->now_ms, self->mem, m, is_new,
                               &self->op.err);
    }
    if (code == OG_OK && *is_new) {
        og_audit_message(self->svc, OG_AUDIT_OTP_SEND_HANDED, m, OG_STR(""));
        og_route_fetch_took(self->svc, &self->fetch, m, tx->now_ms);
        code = og_timeline_handed(tx, m, item, &self->fetch.phone, &self->op.err);
    }
    self->count += code == OG_OK;
    if (code == OG_E_UNREADABLE) {
        leave_out(self, item);
    }
    /* it moved on in this very batch; or nobody can read it: it ends at its time, and the others
     * go */
    return code == OG_E_NOT_FOUND || code == OG_E_UNREADABLE ? OG_OK : code;
}

enum og_code
og_pull_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_pull_op *self = (struct og_pull_op *)op;
    struct og_dispatch_item listed[PULL_MAX];
    size_t count = og_dispatch_list(self->svc->lane.dispatch, self->account_id, self->device_id,
                                    tx->now_ms, self->lifo, listed, PULL_MAX);
    enum og_code code = note_seen(self, tx);
    if (code != OG_OK) {
        return code;
    }
    self->items = OG_ARENA_ARRAY(self->mem, struct og_message, count);
    self->newly_handed = OG_ARENA_ARRAY(self->mem, bool, count);
    self->unreadable = OG_ARENA_ARRAY(self->mem, struct og_str, count);
    og_route_fetch_begin(self->svc, self->account_id, self->device_id, &self->fetch);
    for (size_t i = 0; code == OG_OK && i < count; i++) {
        code = hand_one(self, tx, &listed[i]);
    }
    return code == OG_OK ? og_route_fetch_save(self->svc, tx, &self->fetch, self->items,
                                               self->newly_handed, self->count, &op->err)
                         : code;
}

/* Only a phone that was removed is refused; what cannot be handed stays where it is. */
bool
og_pull_decides_first(const struct og_op *op)
{
    (void)op;
    return true;
}

static void
mark_handed(const struct og_services *svc, const struct og_message *m, int64_t now_ms)
{
    struct og_dispatch *queue = svc->lane.dispatch;
    struct og_dispatch_item item;
    struct og_err err;
    if (og_dispatch_find(queue, m->account_id, m->id, &item) &&
        !og_str_eq(item.device, m->device_id) &&
        og_dispatch_remove(queue, m->account_id, m->id)) {
        /* it was given to another phone in this very batch, but this one has it */
        item = og_message_as_item(m);
        enum og_code code = og_dispatch_add(queue, &item, &err);
        (void)code; /* there is nothing in the way of it */
    }
    og_dispatch_set_phase(queue, m->account_id, m->id, OG_DISPATCH_HANDED);
    og_dispatch_set_attention(queue, m->account_id, m->id, og_message_attend_at(svc, m, now_ms));
}

void
og_pull_committed(struct og_op *op, struct og_tx *tx)
{
    struct og_pull_op *self = (struct og_pull_op *)op;
    og_dispatch_device_seen(self->svc->lane.dispatch, self->account_id, self->device_id,
                            tx->now_ms);
    int64_t first_count = 0;
    og_route_fetched(self->svc, self->device_id, self->items, self->newly_handed, self->count,
                     tx->now_ms);
    for (int i = 0; i < self->count; i++) {
        if (self->newly_handed[i]) {
            first_count++;
            mark_handed(self->svc, &self->items[i], tx->now_ms);
        }
    }
    for (int i = 0; i < self->unreadable_count; i++) {
        og_dispatch_remove(self->svc->lane.dispatch, self->account_id, self->unreadable[i]);
    }
    og_metric_add(&og_message_metrics[OG_MESSAGE_M_HANDED], first_count);
    /* a full answer without anything new: what it must report first is in the way, so no hurry */
    bool is_stuck = self->count == PULL_MAX && first_count == 0;
    if (!is_stuck) {
        og_hub_hint(self->svc->lane.hub, OG_HINT_PULLED, self->device_id, OG_STR(""));
    }
    struct og_dispatch_device device;
    if (og_dispatch_device_find(self->svc->lane.dispatch, self->account_id, self->device_id,
                                &device) &&
        device.waiting > 0) {
        /* more than fits, or accepted in this batch, which the listing could not know */
        og_route_wake(self->svc, self->account_id, self->device_id, tx->now_ms);
    }
}
