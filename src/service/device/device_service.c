/*
 * Phones as the services see them: rows in the store, presence in the queue, hints through the hub.
 */
#include "service/device/device_service.h"

#include "base/id.h"
#include "base/json.h"
#include "base/log.h"
#include "cache/credential_cache.h"
#include "live/hub.h"
#include "service/account/account_service.h"
#include "service/audit/tell.h"
#include "service/device/route_service.h"
#include "service/message/message_service.h"
#include "service/webhook/webhook_service.h"
#include "store/route_store.h"
#include "store/webhook_store.h"

#define SPREAD_MAX 1000

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

/* Numbers of the SIMs that a phone tells; what is not JSON has none. */
static size_t
sim_numbers(struct og_str sims, int out[OG_ROUTE_SIMS_MAX])
{
    struct og_json_doc doc;
    struct og_err err;
    size_t count = 0;
    if (og_json_parse(sims, OG_JSON_DEPTH_DEFAULT, &doc, &err) != OG_OK) {
        return 0;
    }
    for (size_t i = 0; i < og_json_count(doc.root) && count < OG_ROUTE_SIMS_MAX; i++) {
        int64_t number;
        const struct og_json *sim = og_json_at(doc.root, i);
        if (og_json_to_i64(og_json_get(sim, "simNumber"), &number) && number >= 1 &&
            number <= OG_ROUTE_SIMS_MAX) {
            out[count++] = (int)number;
        }
    }
    og_json_doc_finish(&doc);
    return count;
}

static void
tell_sims(struct og_services *svc, struct og_str device_id, struct og_str sims)
{
    struct og_route_phone *phone = og_route_table_find(svc->lane.routes, device_id);
    int numbers[OG_ROUTE_SIMS_MAX];
    if (phone && sims.len) {
        og_route_phone_set_sims(phone, numbers, sim_numbers(sims, numbers));
    }
}

static void
add_to_queue(struct og_services *svc, const struct og_device *device)
{
    struct og_err err;
    og_route_table_add(svc->lane.routes, device->account_id, device->id, device->last_seen_at,
                       og_now_ms(svc->clock));
    tell_sims(svc, device->id, device->sims);
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

/* Other SIMs than those it had, if it told any. */
static enum og_code
tell_new_sims(struct og_device_patch_op *self, struct og_tx *tx)
{
    struct og_device before;
    enum og_code code = og_device_find(tx->db, self->account_id, self->device_id, self->mem,
                                       &before, &self->op.err);
    if (code == OG_OK && before.sims.len && !og_str_eq(before.sims, self->sims)) {
        og_audit_change(self->svc, OG_AUDIT_DEVICE_SIM_CHANGED, self->account_id, self->device_id,
                        "other_sims");
    }
    return code;
}

enum og_code
og_device_patch_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_device_patch_op *self = (struct og_device_patch_op *)op;
    enum og_code code = self->sims.len ? tell_new_sims(self, tx) : OG_OK;
    if (code != OG_OK) {
        return code;
    }
    return og_device_update(tx->db, self->device_id, self->name, self->sims, self->app_version,
                            tx->now_ms, &op->err);
}

void
og_device_patch_committed(struct og_op *op, struct og_tx *tx)
{
    struct og_device_patch_op *self = (struct og_device_patch_op *)op;
    (void)tx;
    tell_sims(self->svc, self->device_id, self->sims);
}

/* ---- read ---- */

enum og_code
og_device_list_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_device_list_op *self = (struct og_device_list_op *)op;
    enum og_code code = og_device_list(tx->db, self->account_id, self->mem, &self->items,
                                       &self->count, &op->err);
    self->is_connected = OG_ARENA_ARRAY(self->mem, bool, (size_t)self->count + 1);
    self->reports =
        OG_ARENA_ARRAY(self->mem, struct og_route_report, (size_t)self->count + 1);
    for (int i = 0; code == OG_OK && i < self->count; i++) {
        struct og_device *device = &self->items[i];
        struct og_dispatch_device seen;
        og_route_report(self->svc, device->id, tx->now_ms, &self->reports[i]);
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
    og_route_table_remove(self->svc->lane.routes, self->device.id);
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
    struct og_route_phone *phone = og_route_table_find(self->svc->lane.routes, self->device_id);
    if (phone) {
        og_health_stream(&phone->health, self->is_connected, tx->now_ms);
        phone->woken_at = 0;
    }
    if (!self->is_connected) {
        og_dispatch_device_disconnected(queue, self->account_id, self->device_id, tx->now_ms);
        return;
    }
    og_dispatch_device_connected(queue, self->account_id, self->device_id, tx->now_ms);
    og_route_spread(self->svc, self->account_id, OG_STR(""), OG_DISPATCH_SOONER, SPREAD_MAX,
                    tx->now_ms, &self->mem);
    struct og_dispatch_device device;
    og_dispatch_device_find(queue, self->account_id, self->device_id, &device);
    if (device.handed > 0) { /* perhaps it never got the answer */
        og_hub_hint(self->svc->lane.hub, OG_HINT_MESSAGES, self->device_id, OG_STR(""));
    } else if (device.waiting > 0) {
        og_route_wake(self->svc, self->account_id, self->device_id, tx->now_ms);
    }
}

enum og_code
og_presence_tell_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_presence_op *self = (struct og_presence_op *)op;
    return og_webhook_device_changed(self->svc, tx, self->account_id, self->device_id,
                                     self->is_connected ? OG_WEBHOOK_DEVICE_ONLINE
                                                        : OG_WEBHOOK_DEVICE_OFFLINE,
                                     &self->mem, &op->err);
}

/* ---- start ---- */

static void
load_usage(void *ctx, struct og_str device_id, struct og_str usage)
{
    const struct og_services *svc = ctx;
    struct og_route_phone *phone = og_route_table_find(svc->lane.routes, device_id);
    if (phone && !og_route_phone_read(phone, usage)) {
        og_log_warn("service", "what a phone has sent is not all known any more",
                    "device=%" OG_STR_FMT, OG_STR_ARG(device_id));
    }
}

static void
load_recipient(void *ctx, struct og_str device_id, int sim, uint64_t recipient, int64_t at_ms)
{
    const struct og_services *svc = ctx;
    struct og_route_phone *phone = og_route_table_find(svc->lane.routes, device_id);
    struct og_route_sim *of = phone ? og_route_phone_sim(phone, sim) : NULL;
    if (of) {
        og_recipient_set_note(&of->pace.recipients, recipient, at_ms);
    }
}

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
    if (code == OG_OK) {
        code = og_usage_each(db, load_usage, svc, err);
    }
    if (code == OG_OK) {
        code = og_sim_recipient_each(db, og_now_ms(svc->clock) - OG_RECIPIENT_MONTH_MS,
                                     load_recipient, svc, err);
    }
    return code;
}
