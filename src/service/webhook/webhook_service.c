/*
 * Hooks as accounts and operators manage them. Phones are told to fetch their list again.
 */
#include "service/webhook/webhook_service.h"

#include "base/id.h"
#include "live/hub.h"
#include "service/account/settings_service.h"
#include "service/audit/tell.h"
#include "store/account_store.h"
#include "store/sealed_box.h"

/* ---- whom to tell of changes ---- */

static void
wake_phones(struct og_services *svc, const struct og_device *phones, int count,
            struct og_str device_id)
{
    for (int i = 0; i < count; i++) {
        if (!device_id.len || og_str_eq(phones[i].id, device_id)) {
            og_hub_hint(svc->lane.hub, OG_HINT_WEBHOOKS, phones[i].id, OG_STR(""));
        }
    }
}

/* ---- put, remove ---- */

static enum og_code
check_device(struct og_webhook_put_op *self)
{
    if (!self->hook.device_id.len) {
        return OG_OK;
    }
    for (int i = 0; i < self->phone_count; i++) {
        if (og_str_eq(self->phones[i].id, self->hook.device_id)) {
            return OG_OK;
        }
    }
    return og_fail(&self->op.err, OG_E_INVALID, "deviceId", "no such device");
}

static enum og_code
check_room(struct og_webhook_put_op *self, struct og_tx *tx)
{
    struct og_webhook *items;
    int count;
    enum og_code code = og_webhook_list(tx->db, self->hook.account_id, self->mem, &items, &count,
                                        &self->op.err);
    for (int i = 0; code == OG_OK && i < count; i++) {
        if (og_str_eq(items[i].id, self->hook.id)) {
            return OG_OK;
        }
    }
    if (code == OG_OK && count >= OG_WEBHOOKS_MAX) {
        code = og_fail(&self->op.err, OG_E_INVALID, "id", "an account has at most %d webhooks",
                       OG_WEBHOOKS_MAX);
    }
    return code;
}

enum og_code
og_webhook_put_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_webhook_put_op *self = (struct og_webhook_put_op *)op;
    enum og_code code = og_device_list(tx->db, self->hook.account_id, self->mem, &self->phones,
                                       &self->phone_count, &op->err);
    if (code == OG_OK) {
        code = check_device(self);
    }
    if (code == OG_OK) {
        code = check_room(self, tx);
    }
    if (code != OG_OK) {
        return code;
    }
    self->hook.created_at = tx->now_ms;
    if (!self->hook.id.len) {
        char id[OG_ID_BYTES];
        og_id_make(tx->now_ms, id);
        self->hook.id = og_str_dup(self->mem, og_str_from(id));
    }
    og_audit_change(self->svc, OG_AUDIT_ADMIN_WEBHOOK, self->hook.account_id, self->hook.id,
                    "put");
    code = og_webhook_put(tx->db, &self->hook, &op->err);
    return code == OG_OK ? og_webhook_count(tx->db, &self->webhook_count, &op->err) : code;
}

void
og_webhook_put_committed(struct og_op *op, struct og_tx *tx)
{
    struct og_webhook_put_op *self = (struct og_webhook_put_op *)op;
    (void)tx;
    self->svc->lane.webhook_count = self->webhook_count;
    wake_phones(self->svc, self->phones, self->phone_count, self->hook.device_id);
}

enum og_code
og_webhook_remove_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_webhook_put_op *self = (struct og_webhook_put_op *)op;
    enum og_code code = og_device_list(tx->db, self->hook.account_id, self->mem, &self->phones,
                                       &self->phone_count, &op->err);
    og_audit_change(self->svc, OG_AUDIT_ADMIN_WEBHOOK, self->hook.account_id, self->hook.id,
                    "removed");
    if (code == OG_OK) {
        code = og_webhook_remove(tx->db, self->hook.account_id, self->hook.id, &op->err);
    }
    return code == OG_OK ? og_webhook_count(tx->db, &self->webhook_count, &op->err) : code;
}

/* ---- list ---- */

/* Does this phone tell us of such events, so that the server can tell the receivers? */
static bool
tells_server(const struct og_webhook_list_op *self, enum og_webhook_event event)
{
    enum og_incoming_type type;
    return self->svc->inbox.is_on && og_incoming_type_of_event(event, &type) &&
           og_incoming_is_known(type, self->app_version);
}

/* A phone gets what it must tell of itself and nothing that its app cannot read. */
static void
keep_phones(struct og_webhook_list_op *self, enum og_webhooks_by by)
{
    int kept = 0;
    for (int i = 0; i < self->count; i++) {
        const struct og_webhook *hook = &self->items[i];
        bool is_its = !hook->device_id.len || og_str_eq(hook->device_id, self->device_id);
        if (is_its && !hook->disabled_at &&
            og_webhook_is_phones(hook->event, by, tells_server(self, hook->event))) {
            self->items[kept++] = *hook;
        }
    }
    self->count = kept;
}

enum og_code
og_webhook_list_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_webhook_list_op *self = (struct og_webhook_list_op *)op;
    struct og_webhook_account account;
    enum og_code code = og_webhook_list(tx->db, self->account_id, self->mem, &self->items,
                                        &self->count, &op->err);
    if (code != OG_OK || !self->device_id.len) {
        return code;
    }
    code = og_webhook_account_find(tx->db, self->account_id, self->mem, &account, &op->err);
    if (code == OG_OK) {
        keep_phones(self, account.by);
    }
    return code;
}

enum og_code
og_webhook_load(struct og_services *svc, struct og_db *db, int64_t now_ms, struct og_err *err)
{
    enum og_code code = og_hook_queue_recover(db, now_ms, err);
    atomic_store(&svc->has_webhook_news, true);
    return code == OG_OK ? og_webhook_count(db, &svc->lane.webhook_count, err) : code;
}

/* ---- accounts ---- */

static enum og_code
put_account(struct og_services *svc, struct og_db *db, struct og_str account_id,
            const struct og_webhook_account *account, const struct og_secret *signing_key,
            struct og_err *err)
{
    struct og_buf sealed;
    struct og_webhook_account row = *account;
    og_buf_init(&sealed, 256);
    og_seal(&svc->keys.seal, account_id, og_secret_str(signing_key), &sealed);
    row.signing_key = og_buf_str(&sealed);
    enum og_code code = og_webhook_account_put(db, account_id, &row, err);
    og_buf_finish(&sealed);
    return code;
}

static enum og_code
open_key(const struct og_services *svc, struct og_str account_id, struct og_str sealed,
         struct og_secret *out, struct og_err *err)
{
    struct og_buf plain;
    og_buf_init(&plain, OG_SECRET_MAX_BYTES);
    enum og_code code = og_unseal(&svc->keys.seal, account_id, sealed, &plain, err);
    if (code != OG_OK || plain.full || !og_secret_set(out, og_buf_str(&plain))) {
        code = og_box_fail("signing key", err);
    }
    og_buf_finish(&plain);
    return code;
}

static void
draw_key(struct og_secret *out)
{
    char key[OG_SIGNING_KEY_CHARS + 1];
    og_token_make(OG_SIGNING_KEY_CHARS, key);
    og_secret_set(out, og_str_from(key));
    og_wipe(key, sizeof key);
}

/* The account's row, made now if there is none; its own key opened. */
static enum og_code
ensure_account(struct og_services *svc, struct og_db *db, struct og_str account_id,
               struct og_arena *mem, struct og_webhook_account *out, struct og_secret *key,
               struct og_err *err)
{
    enum og_code code = og_webhook_account_find(db, account_id, mem, out, err);
    if (code == OG_OK && out->signing_key.len) {
        return open_key(svc, account_id, out->signing_key, key, err);
    }
    if (code == OG_OK) {
        draw_key(key);
        code = put_account(svc, db, account_id, out, key, err);
    }
    return code;
}

enum og_code
og_webhook_signing_key(struct og_services *svc, struct og_db *db, struct og_str account_id,
                       struct og_arena *mem, struct og_secret *out, bool *in_settings_out,
                       struct og_err *err)
{
    struct og_phone_settings settings;
    struct og_webhook_account row;
    enum og_code code = og_settings_of(svc, db, account_id, mem, &settings, err);
    if (code != OG_OK) {
        return code;
    }
    struct og_str key = og_phone_settings_signing_key(&settings);
    if (in_settings_out) {
        *in_settings_out = key.len > 0;
    }
    return key.len > 0 && og_secret_set(out, key)
               ? OG_OK
               : ensure_account(svc, db, account_id, mem, &row, out, err);
}

/* Write what is to be changed. The key in the settings is on the phones, too: it is changed
 * there. */
static enum og_code
change_account(struct og_webhook_account_op *self, struct og_tx *tx)
{
    struct og_webhook_account row;
    struct og_secret own = {0};
    struct og_err *err = &self->op.err;
    bool in_settings = false;
    enum og_code code = ensure_account(self->svc, tx->db, self->account_id, self->mem, &row, &own,
                                       err);
    if (code == OG_OK && self->rotates) {
        draw_key(&own);
    }
    row.by = self->by = self->sets_by ? self->by : row.by;
    row.authorities = self->authorities = self->sets_authorities ? self->authorities
                                                                 : row.authorities;
    if (code == OG_OK && (self->sets_by || self->rotates || self->sets_authorities)) {
        og_audit_change(self->svc, OG_AUDIT_ADMIN_WEBHOOK, self->account_id, OG_STR(""),
                        self->rotates            ? "key_rotated"
                        : self->sets_authorities ? "authorities_changed"
                                                 : "told_by_changed");
        code = put_account(self->svc, tx->db, self->account_id, &row, &own, err);
    }
    og_secret_finish(&own);
    if (code == OG_OK) {
        code = og_webhook_signing_key(self->svc, tx->db, self->account_id, self->mem,
                                      &self->signing_key, &in_settings, err);
    }
    if (code == OG_OK && self->rotates && in_settings) {
        code = og_fail(err, OG_E_CONFLICT, "rotate_signing_key",
                       "the key is webhooks.signing_key of the account's settings; change it there");
    }
    return code;
}

enum og_code
og_webhook_account_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_webhook_account_op *self = (struct og_webhook_account_op *)op;
    struct og_account account;
    enum og_code code =
        og_account_find(tx->db, self->account_id, self->mem, &account, &op->err);
    if (code == OG_OK) {
        self->account_id = account.id;
        code = change_account(self, tx);
    }
    return code == OG_OK ? og_device_list(tx->db, account.id, self->mem, &self->phones,
                                          &self->phone_count, &op->err)
                         : code;
}

void
og_webhook_account_committed(struct og_op *op, struct og_tx *tx)
{
    struct og_webhook_account_op *self = (struct og_webhook_account_op *)op;
    (void)tx;
    if (self->sets_by) {
        wake_phones(self->svc, self->phones, self->phone_count, OG_STR(""));
    }
}

/* ---- dead letters ---- */

static enum og_code
resolve(struct og_webhook_dead_op *self, struct og_tx *tx)
{
    struct og_account account;
    if (!self->account_id.len) {
        return OG_OK;
    }
    enum og_code code =
        og_account_find(tx->db, self->account_id, self->mem, &account, &self->op.err);
    if (code == OG_OK) {
        self->account_id = account.id;
    }
    return code;
}

enum og_code
og_webhook_dead_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_webhook_dead_op *self = (struct og_webhook_dead_op *)op;
    enum og_code code = resolve(self, tx);
    return code == OG_OK ? og_hook_queue_dead(tx->db, self->account_id, OG_DEAD_LIST_MAX, self->mem,
                                          &self->items, &self->count, &op->err)
                         : code;
}

enum og_code
og_webhook_replay_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_webhook_dead_op *self = (struct og_webhook_dead_op *)op;
    enum og_code code = resolve(self, tx);
    if (code == OG_OK) {
        code = og_hook_queue_replay(tx->db, self->account_id, self->id, tx->now_ms, &self->replayed,
                                &op->err);
    }
    if (code == OG_OK && self->id.len && self->replayed == 0) {
        return og_fail(&op->err, OG_E_NOT_FOUND, "id", "no such undelivered event");
    }
    return code;
}

void
og_webhook_replay_committed(struct og_op *op, struct og_tx *tx)
{
    struct og_webhook_dead_op *self = (struct og_webhook_dead_op *)op;
    (void)tx;
    atomic_store(&self->svc->has_webhook_news, true);
}
