/*
 * Phones as the services see them: rows in the store, presence in the queue, hints through the hub.
 */
#include "service/device_service.h"

#include "base/id.h"
#include "base/log.h"
#include "cache/credential_cache.h"
#include "live/hub.h"
#include "service/account_service.h"
#include "service/audit_tell.h"
#include "service/message_service.h"
#include "service/webhook_service.h"
#include "store/webhook_store.h"

void
og_device_token_digest(const struct og_services *svc, struct og_str token,
                       char out[OG_DIGEST_HEX_CHARS + 1])
{
    struct og_str parts[] = {OG_STR("device"), token};
    uint8_t digest[OG_DIGEST_BYTES];
    og_mac_parts(&svc->keys.token, parts, 2, digest);
    og_hex(digest, sizeof digest, out);
}

/* ---- register, change ---- */

static enum og_code
make_account(struct og_device_register_op *self, struct og_tx *tx)
{
    enum og_code code = og_account_make_apply(&self->fresh->op, tx);
    self->account_id = self->fresh->account.id;
    self->op.err = self->fresh->op.err;
    return code;
}

enum og_code
og_device_register_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_device_register_op *self = (struct og_device_register_op *)op;
    enum og_code code = self->fresh ? make_account(self, tx) : OG_OK;
    if (code != OG_OK) {
        return code;
    }
    char id[OG_ID_BYTES], digest[OG_DIGEST_HEX_CHARS + 1];
    og_id_make(tx->now_ms, id);
    og_token_make(OG_DEVICE_TOKEN_CHARS, self->token);
    og_device_token_digest(self->svc, og_str_from(self->token), digest);
    self->out = (struct og_device){
        .id = og_str_dup(self->mem, og_str_from(id)),
        .account_id = self->account_id,
        .name = self->name,
        .sims = self->sims,
        .app_version = self->app_version,
        .created_at = tx->now_ms,
        .updated_at = tx->now_ms,
        .last_seen_at = tx->now_ms,
    };
    og_audit_change(self->svc, OG_AUDIT_ADMIN_DEVICE, self->account_id, self->out.id, "joined");
    return og_device_insert(tx->db, &self->out, og_str_from(digest), &op->err);
}

static void
add_to_queue(struct og_services *svc, const struct og_device *device)
{
    struct og_err err;
    if (og_dispatch_device_add(svc->lane.dispatch, device->account_id, device->id,
                               device->last_seen_at, &err) != OG_OK) {
        og_log_error("service", "a phone cannot be queued for", "device=%" OG_STR_FMT " reason=%s",
                     OG_STR_ARG(device->id), og_log_quote(og_str_from(err.text)));
    }
}

void
og_device_register_committed(struct og_op *op, struct og_tx *tx)
{
    struct og_device_register_op *self = (struct og_device_register_op *)op;
    if (self->fresh) {
        og_account_make_committed(&self->fresh->op, tx);
    }
    add_to_queue(self->svc, &self->out);
    og_log_info("service", "phone registered", "device=%" OG_STR_FMT " account=%" OG_STR_FMT,
                OG_STR_ARG(self->out.id), OG_STR_ARG(self->account_id));
}

enum og_code
og_device_patch_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_device_patch_op *self = (struct og_device_patch_op *)op;
    return og_device_update(tx->db, self->device_id, self->name, self->sims, self->app_version,
                            tx->now_ms, &op->err);
}

/* ---- read ---- */

enum og_code
og_device_list_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_device_list_op *self = (struct og_device_list_op *)op;
    enum og_code code = og_device_list(tx->db, self->account_id, self->mem, &self->items,
                                       &self->count, &op->err);
    self->is_connected = OG_ARENA_ARRAY(self->mem, bool, (size_t)self->count + 1);
    for (int i = 0; code == OG_OK && i < self->count; i++) {
        struct og_device *device = &self->items[i];
        struct og_dispatch_device seen;
        if (og_dispatch_device_find(self->svc->lane.dispatch, device->account_id, device->id,
                                    &seen)) {
            self->is_connected[i] = seen.is_connected;
            device->last_seen_at = seen.is_connected ? tx->now_ms : seen.last_seen_ms;
        }
    }
    return code;
}

enum og_code
og_device_get_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_device_get_op *self = (struct og_device_get_op *)op;
    if (!self->device_id.len) {
        return OG_OK;
    }
    return og_device_find(tx->db, self->account_id, self->device_id, self->mem, &self->out,
                          &op->err);
}

/* ---- remove ---- */

/* The operator names only the phone; the queue needs its account too. */
static enum og_code
find_for_removal(struct og_device_remove_op *self, struct og_tx *tx)
{
    if (self->account_id.len) {
        self->device.account_id = self->account_id;
        self->device.id = self->device_id;
        return OG_OK;
    }
    struct og_device *items;
    int count;
    enum og_code code =
        og_device_list(tx->db, OG_STR(""), self->mem, &items, &count, &self->op.err);
    for (int i = 0; code == OG_OK && i < count; i++) {
        if (og_str_eq(items[i].id, self->device_id)) {
            self->device = items[i];
        }
    }
    return code;
}

enum og_code
og_device_remove_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_device_remove_op *self = (struct og_device_remove_op *)op;
    enum og_code code = find_for_removal(self, tx);
    if (code != OG_OK) {
        return code;
    }
    code = og_device_remove(tx->db, self->account_id, self->device_id, tx->now_ms, &self->removed,
                            &op->err);
    if (code != OG_OK || !self->removed) {
        return code;
    }
    og_audit_change(self->svc, OG_AUDIT_ADMIN_DEVICE, self->device.account_id, self->device_id,
                    "removed");
    code = og_message_end_of_device(self->svc, tx, self->device_id, self->mem, &op->err);
    return code == OG_OK ? og_webhook_remove_of_device(tx->db, self->device_id, &op->err) : code;
}

void
og_device_remove_committed(struct og_op *op, struct og_tx *tx)
{
    struct og_device_remove_op *self = (struct og_device_remove_op *)op;
    (void)tx;
    if (!self->removed) {
        return;
    }
    og_credential_epoch_bump(); /* its token stops working at once */
    og_dispatch_device_remove(self->svc->lane.dispatch, self->device.account_id,
                              self->device.id);
    og_hub_hint(self->svc->lane.hub, OG_HINT_CLOSE, self->device.id, OG_STR(""));
    og_log_info("service", "phone removed", "device=%" OG_STR_FMT, OG_STR_ARG(self->device.id));
}

/* ---- presence ---- */

void
og_presence_committed(struct og_op *op, struct og_tx *tx)
{
    struct og_presence_op *self = (struct og_presence_op *)op;
    struct og_dispatch *queue = self->svc->lane.dispatch;
    og_audit_change(self->svc, self->is_connected ? OG_AUDIT_DEVICE_ONLINE : OG_AUDIT_DEVICE_OFFLINE,
                    self->account_id, self->device_id, NULL);
    if (!self->is_connected) {
        og_dispatch_device_disconnected(queue, self->account_id, self->device_id, tx->now_ms);
        return;
    }
    og_dispatch_device_connected(queue, self->account_id, self->device_id, tx->now_ms);
    /* What nobody could take waits under the account: this phone can. */
    struct og_dispatch_moves moves;
    og_dispatch_move(queue, self->account_id, OG_STR(""), 1000, &self->mem, &moves);
    for (size_t i = 0; i < moves.wake.count; i++) {
        og_hub_hint(self->svc->lane.hub, OG_HINT_MESSAGES, moves.wake.items[i], OG_STR(""));
    }
    struct og_dispatch_device device;
    if (og_dispatch_device_find(queue, self->account_id, self->device_id, &device) &&
        device.waiting + device.handed > 0) {
        og_hub_hint(self->svc->lane.hub, OG_HINT_MESSAGES, self->device_id, OG_STR(""));
    }
}

enum og_code
og_presence_tell_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_presence_tell_op *self = (struct og_presence_tell_op *)op;
    return og_webhook_device_changed(self->svc, tx, self->account_id, self->device_id,
                                     self->is_connected ? OG_WEBHOOK_DEVICE_ONLINE
                                                        : OG_WEBHOOK_DEVICE_OFFLINE,
                                     &self->mem, &op->err);
}

/* ---- start ---- */

enum og_code
og_device_load(struct og_services *svc, struct og_db *db, struct og_err *err)
{
    struct og_arena mem;
    og_arena_init(&mem, 0);
    struct og_device *items;
    int count;
    enum og_code code = og_device_list(db, OG_STR(""), &mem, &items, &count, err);
    for (int i = 0; code == OG_OK && i < count; i++) {
        add_to_queue(svc, &items[i]);
    }
    og_arena_finish(&mem);
    return code;
}
