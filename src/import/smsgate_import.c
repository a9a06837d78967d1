/*
 * Row by row into the stores. The database says what is taken already; its refusal of one row
 * leaves the transaction whole.
 */
#include "import/smsgate_import.h"

#include "base/id.h"
#include "core/label.h"
#include "core/map.h"
#include "service/account/scope.h"
#include "service/account/settings_service.h"
#include "service/audit/tell.h"
#include "service/device/device_service.h"
#include "service/webhook/webhook_service.h"
#include "store/account_store.h"

#define NAME_TRIES 100

struct import {
    struct og_services *svc;
    struct og_tx *tx;
    const struct og_smsgate_dump *dump;
    struct og_arena *mem;
    struct og_findings *findings;
    struct og_import_result *out;
    struct og_map by_login; /* struct og_import_account */
    struct og_err *err;
};

static struct og_str
new_id(struct import *self)
{
    char id[OG_ID_BYTES];
    og_id_make(self->tx->now_ms, id);
    return og_str_dup(self->mem, og_str_from(id));
}

/* A refusal that concerns one row, and nothing of the rest. */
static bool
is_refusal(enum og_code code)
{
    return code == OG_E_CONFLICT || code == OG_E_INVALID || code == OG_E_UNPROCESSABLE;
}

/* ---- accounts ---- */

/* The login in the form of a name: "VQ4GII" is vq4gii. A number behind it tells the tries apart. */
static struct og_str
name_of(struct import *self, struct og_str login, int tried)
{
    char name[64];
    size_t len = 0;
    for (size_t i = 0; i < login.len && len < 48; i++) {
        char c = login.ptr[i];
        c = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
        bool is_fine = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                       (len > 0 && (c == '_' || c == '.' || c == '-'));
        name[len] = is_fine ? c : len > 0 ? '-' : 'u';
        len++;
    }
    const struct og_str plain = {name, len};
    return tried == 0 ? og_str_dup(self->mem, plain)
                      : og_str_printf(self->mem, "%" OG_STR_FMT "-%d", OG_STR_ARG(plain),
                                      tried + 1);
}

static enum og_code
insert_account(struct import *self, const struct og_import_user *user,
               struct og_import_account *account)
{
    enum og_code code = OG_E_CONFLICT;
    for (int tried = 0; code == OG_E_CONFLICT && tried < NAME_TRIES; tried++) {
        account->name = name_of(self, user->login, tried);
        const struct og_account row = {
            .id = account->id, .name = account->name, .created_at = user->created_at};
        code = og_account_insert(self->tx->db, &row, self->err);
    }
    return code;
}

static enum og_code
insert_login(struct import *self, const struct og_import_user *user,
             const struct og_import_account *account)
{
    char scopes[OG_SCOPES_TEXT_BYTES];
    og_scopes_write(OG_SCOPE_ALL_ANY, scopes);
    const struct og_credential basic = {
        .id = new_id(self),
        .account_id = account->id,
        .kind = OG_CREDENTIAL_BASIC,
        .login = user->login,
        .secret = user->hash,
        .scopes = og_str_from(scopes),
        .created_at = user->created_at,
    };
    return og_credential_insert(self->tx->db, &basic, self->err);
}

static enum og_code
import_user(struct import *self, const struct og_import_user *user,
            struct og_import_account *account)
{
    *account = (struct og_import_account){
        .id = new_id(self), .login = user->login, .is_deleted = user->is_deleted};
    if (og_map_get(&self->by_login, user->login)) {
        og_findings_add(self->findings, user->line, "users", "id stands there twice");
        return OG_OK;
    }
    og_map_put(&self->by_login, account->login, account);
    if (user->is_deleted) {
        return OG_OK;
    }
    enum og_code code = insert_account(self, user, account);
    if (code == OG_OK) {
        code = insert_login(self, user, account);
    }
    if (is_refusal(code)) {
        og_findings_add(self->findings, user->line, "users",
                        "id: this login, or account name, exists here already");
        return OG_OK;
    }
    og_audit_change(self->svc, OG_AUDIT_ADMIN_ACCOUNT, account->id, account->id, "imported");
    self->out->users++;
    return code;
}

/* ---- what belongs to them ---- */

/* NULL when the row is not to be imported, which is then said or counted. */
static struct og_import_account *
owner_of(struct import *self, struct og_str login, int64_t line, const char *table)
{
    struct og_import_account *account = og_map_get(&self->by_login, login);
    if (!account) {
        og_findings_add(self->findings, line, table, "user_id: there is no such user in the dump");
        return NULL;
    }
    self->out->left_out += account->is_deleted;
    return account->is_deleted ? NULL : account;
}

static enum og_code
import_device(struct import *self, const struct og_import_device *device)
{
    char digest[OG_DIGEST_HEX_CHARS + 1];
    struct og_import_account *account =
        owner_of(self, device->login, device->line, "devices");
    if (!account) {
        return OG_OK;
    }
    og_device_token_digest(self->svc, device->token, digest);
    const struct og_device row = {
        .id = device->id,
        .account_id = account->id,
        .name = device->name,
        .sims = device->sims,
        .app_version = OG_STR(""),
        .created_at = device->created_at,
    };
    enum og_code code = og_device_insert(self->tx->db, &row, og_str_from(digest), self->err);
    if (is_refusal(code)) {
        og_findings_add(self->findings, device->line, "devices",
                        "id or auth_token: this phone is here already");
        return OG_OK;
    }
    if (code == OG_OK) {
        code = og_device_seen(self->tx->db, device->id, device->last_seen_at, self->err);
    }
    og_audit_change(self->svc, OG_AUDIT_ADMIN_DEVICE, account->id, device->id, "imported");
    account->device_count++;
    account->last_seen_at = account->last_seen_at > device->last_seen_at ? account->last_seen_at
                                                                         : device->last_seen_at;
    self->out->devices++;
    return code;
}

static enum og_code
set_settings(struct import *self, const struct og_import_account *account,
             const struct og_json *document)
{
    struct og_settings_op op = {
        .svc = self->svc, .mem = self->mem, .account_id = account->id, .replaces = true};
    enum og_code code = og_phone_settings_read(document, &op.change, &op.op.err);
    if (code == OG_OK) {
        code = og_settings_set_apply(&op.op, self->tx);
    }
    *self->err = op.op.err;
    return code;
}

static enum og_code
import_settings(struct import *self, const struct og_import_settings *settings)
{
    struct og_json_doc doc = {0};
    struct og_import_account *account =
        owner_of(self, settings->login, settings->line, "device_settings");
    if (!account) {
        return OG_OK;
    }
    enum og_code code = og_json_parse(settings->json, OG_JSON_DEPTH_DEFAULT, &doc, self->err);
    if (code == OG_OK) {
        code = set_settings(self, account, doc.root);
    }
    og_json_doc_finish(&doc);
    if (is_refusal(code)) {
        og_findings_add(self->findings, settings->line, "device_settings", "settings: %s",
                        self->err->text);
        return OG_OK;
    }
    account->has_settings = true;
    self->out->settings++;
    return code;
}

/* The receivers check the phones' signatures, so phones must go on telling them. */
static enum og_code
leave_it_to_phones(struct import *self, const struct og_import_account *account)
{
    struct og_webhook_account_op op = {.svc = self->svc,
                                       .mem = self->mem,
                                       .account_id = account->id,
                                       .sets_by = true,
                                       .by = OG_WEBHOOKS_BY_PHONE};
    enum og_code code = og_webhook_account_apply(&op.op, self->tx);
    og_secret_finish(&op.signing_key);
    *self->err = op.op.err;
    return code;
}

static enum og_code
put_webhook(struct import *self, const struct og_import_account *account,
            const struct og_import_webhook *hook)
{
    struct og_webhook_put_op op = {.svc = self->svc,
                                   .mem = self->mem,
                                   .hook = {.account_id = account->id,
                                            .id = hook->id,
                                            .device_id = hook->device_id,
                                            .url = hook->url,
                                            .event = hook->event}};
    enum og_code code = og_webhook_put_apply(&op.op, self->tx);
    *self->err = op.op.err;
    return code;
}

static enum og_code
import_webhook(struct import *self, const struct og_import_webhook *hook)
{
    struct og_import_account *account =
        owner_of(self, hook->login, hook->line, "webhooks");
    if (!account) {
        return OG_OK;
    }
    enum og_code code = account->webhook_count ? OG_OK : leave_it_to_phones(self, account);
    if (code == OG_OK) {
        code = put_webhook(self, account, hook);
    }
    if (is_refusal(code) && strcmp(self->err->field, "deviceId") == 0) {
        self->out->left_out++; /* of a phone that was deleted: it can never fire again */
        return OG_OK;
    }
    if (is_refusal(code)) {
        og_findings_add(self->findings, hook->line, "webhooks", "%s", self->err->text);
        return OG_OK;
    }
    account->webhook_count++;
    self->out->webhooks++;
    return code;
}

/* ---- all ---- */

static enum og_code
import_users(struct import *self)
{
    const struct og_import_user *users = self->dump->users.items;
    enum og_code code = OG_OK;
    self->out->account_count = self->dump->users.count;
    self->out->accounts =
        OG_ARENA_ARRAY(self->mem, struct og_import_account, self->out->account_count);
    for (size_t i = 0; code == OG_OK && i < self->dump->users.count; i++) {
        code = import_user(self, &users[i], &self->out->accounts[i]);
    }
    return code;
}

static enum og_code
import_belongings(struct import *self)
{
    const struct og_import_device *devices = self->dump->devices.items;
    const struct og_import_settings *settings = self->dump->settings.items;
    const struct og_import_webhook *webhooks = self->dump->webhooks.items;
    enum og_code code = OG_OK;
    for (size_t i = 0; code == OG_OK && i < self->dump->devices.count; i++) {
        code = import_device(self, &devices[i]);
    }
    for (size_t i = 0; code == OG_OK && i < self->dump->settings.count; i++) {
        code = import_settings(self, &settings[i]);
    }
    for (size_t i = 0; code == OG_OK && i < self->dump->webhooks.count; i++) {
        code = import_webhook(self, &webhooks[i]);
    }
    return code;
}

enum og_code
og_smsgate_import(struct og_services *svc, struct og_tx *tx, const struct og_smsgate_dump *dump,
                  struct og_arena *mem, struct og_findings *findings,
                  struct og_import_result *out, struct og_err *err)
{
    struct og_err local;
    struct import self = {svc, tx, dump, mem, findings, out, {0}, err ? err : &local};
    *out = (struct og_import_result){.left_out = dump->deleted_count};
    enum og_code code = import_users(&self);
    if (code == OG_OK) {
        code = import_belongings(&self);
    }
    og_map_finish(&self.by_login);
    return code;
}
