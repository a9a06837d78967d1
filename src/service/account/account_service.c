/*
 * Accounts and credentials inside a lane's transaction. Secrets are drawn here, kept as hash or
 * keyed digest, and given out once.
 */
#include "service/account/account_service.h"

#include <stdio.h>

#include "base/id.h"
#include "base/log.h"
#include "cache/credential_cache.h"
#include "core/label.h"
#include "live/hub.h"
#include "service/audit/tell.h"
#include "service/device/device_service.h"
#include "service/otp/template_service.h"
#include "service/otp/words.h"
#include "store/device_store.h"
#include "store/sealed_box.h"
#include "store/token_store.h"

#define LOGIN_TRIES 8
#define CODE_TRIES 4
#define LABEL_MAX_CHARS 64

static struct og_str
new_id(struct og_arena *mem, int64_t now_ms)
{
    char id[OG_ID_BYTES];
    og_id_make(now_ms, id);
    return og_str_dup(mem, og_str_from(id));
}

/* ---- passwords ---- */

enum og_code
og_password_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_password_op *self = (struct og_password_op *)op;
    (void)tx;
    if (self->password.len == 0) {
        enum og_code code = og_password_draw(self->svc->rng, &self->password, &op->err);
        if (code != OG_OK) {
            return code;
        }
    }
    return og_password_hash(og_secret_str(&self->password), self->hash, &op->err);
}

enum og_code
og_password_change_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_password_change_op *self = (struct og_password_change_op *)op;
    struct og_credential basic;
    enum og_code code = og_credential_of_kind(tx->db, self->account_id, OG_CREDENTIAL_BASIC,
                                              self->mem, &basic, &op->err);
    if (code != OG_OK) {
        return code;
    }
    if (!og_password_matches(og_secret_str(&self->current),
                             og_str_cstr(self->mem, basic.secret))) {
        return og_fail(&op->err, OG_E_UNAUTHORIZED, "", "failed to change password");
    }
    return og_password_apply(op, tx);
}

/* ---- accounts ---- */

/* A brand stands in the text of messages, so it is judged there. */
static enum og_code
check_brand(const struct og_services *svc, struct og_str brand, struct og_err *err)
{
    return brand.len ? og_otp_check_brand(svc, brand, err) : OG_OK;
}

/* Store a Basic credential under a login that nobody has. */
static enum og_code
give_login(struct og_account_make_op *self, struct og_tx *tx)
{
    char login[OG_LOGIN_CHARS + 1], scopes[OG_SCOPES_TEXT_BYTES];
    og_scopes_write(OG_SCOPE_ALL_ANY, scopes);
    struct og_credential basic = {
        .id = new_id(self->mem, tx->now_ms),
        .account_id = self->account.id,
        .kind = OG_CREDENTIAL_BASIC,
        .secret = og_str_from(self->password->hash),
        .scopes = og_str_from(scopes),
        .created_at = tx->now_ms,
    };
    enum og_code code = OG_E_CONFLICT;
    for (int tries = 0; code == OG_E_CONFLICT && tries < LOGIN_TRIES; tries++) {
        code = og_login_draw(self->svc->rng, login, &self->op.err);
        if (code == OG_OK) {
            basic.login = og_str_from(login);
            code = og_credential_insert(tx->db, &basic, &self->op.err);
        }
    }
    self->account.login = og_str_dup(self->mem, og_str_from(login));
    return code;
}

enum og_code
og_account_make_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_account_make_op *self = (struct og_account_make_op *)op;
    if (!og_label_is_slug(self->account.name)) {
        return og_fail(&op->err, OG_E_UNPROCESSABLE, "name",
                       "1 to 64 of a-z 0-9 _ . -, beginning with a letter or digit");
    }
    enum og_code code = check_brand(self->svc, self->account.brand, &op->err);
    if (code != OG_OK) {
        return code;
    }
    self->account.id = new_id(self->mem, tx->now_ms);
    self->account.created_at = tx->now_ms;
    og_audit_change(self->svc, OG_AUDIT_ADMIN_ACCOUNT, self->account.id, self->account.id, "made");
    code = og_account_insert(tx->db, &self->account, &op->err);
    return code == OG_OK ? give_login(self, tx) : code;
}

void
og_account_make_committed(struct og_op *op, struct og_tx *tx)
{
    struct og_account_make_op *self = (struct og_account_make_op *)op;
    (void)tx;
    og_log_info("service", "account made", "account=%" OG_STR_FMT " name=%" OG_STR_FMT,
                OG_STR_ARG(self->account.id), OG_STR_ARG(self->account.name));
}

enum og_code
og_account_list_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_account_list_op *self = (struct og_account_list_op *)op;
    if (self->account_id.len == 0) {
        return og_account_list(tx->db, self->account_id, self->mem, &self->items, &self->count,
                               &op->err);
    }
    self->items = OG_ARENA_NEW(self->mem, struct og_account);
    self->count = 1;
    return og_account_find(tx->db, self->account_id, self->mem, self->items, &op->err);
}

static void
tell_change(const struct og_account_change_op *self)
{
    char detail[64];
    const struct og_account_change *change = &self->change;
    snprintf(detail, sizeof detail, "fields=%s%s%s%s", change->has_brand ? " brand" : "",
             change->has_custom_code ? " custom_code" : "",
             change->has_sandbox ? " sandbox" : "",
             change->has_disabled ? " disabled" : "");
    og_audit_add(self->svc, &(struct og_audit_event){
                                .kind = OG_AUDIT_ADMIN_ACCOUNT,
                                .account = self->account.id,
                                .object = self->account.id,
                                .reason = change->has_disabled && self->account.disabled_at
                                              ? OG_STR("disabled")
                                              : OG_STR("changed"),
                                .detail = og_str_from(detail)});
}

enum og_code
og_account_change_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_account_change_op *self = (struct og_account_change_op *)op;
    enum og_code code = check_brand(self->svc, self->change.brand, &op->err);
    if (code == OG_OK) {
        code = og_account_find(tx->db, self->account_id, self->mem, &self->account, &op->err);
    }
    if (code == OG_OK && self->change.brand.len) {
        code = og_template_check_brand(self->svc, tx, self->account.id, self->change.brand,
                                       self->mem, &op->err);
    }
    if (code == OG_OK) {
        code = og_account_update(tx->db, self->account.id, &self->change, tx->now_ms, &op->err);
    }
    if (code == OG_OK) {
        code = og_account_find(tx->db, self->account.id, self->mem, &self->account, &op->err);
    }
    if (code == OG_OK) {
        tell_change(self);
    }
    if (code == OG_OK && self->account.disabled_at) {
        code = og_device_list(tx->db, self->account.id, self->mem, &self->phones,
                              &self->phone_count, &op->err);
    }
    return code;
}

void
og_account_change_committed(struct og_op *op, struct og_tx *tx)
{
    struct og_account_change_op *self = (struct og_account_change_op *)op;
    og_credentials_changed(op, tx);
    for (int i = 0; i < self->phone_count; i++) {
        og_hub_hint(self->svc->lane.hub, OG_HINT_CLOSE, self->phones[i].id, OG_STR(""));
    }
}

enum og_code
og_account_devices_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_device_list_op *self = (struct og_device_list_op *)op;
    if (self->account_id.len) {
        struct og_account account;
        enum og_code code =
            og_account_find(tx->db, self->account_id, self->mem, &account, &op->err);
        if (code != OG_OK) {
            return code;
        }
        self->account_id = account.id;
    }
    return og_device_list_apply(op, tx);
}

enum og_code
og_rotate_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_rotate_op *self = (struct og_rotate_op *)op;
    enum og_code code =
        og_account_find(tx->db, self->account_id, self->mem, &self->account, &op->err);
    if (code == OG_OK) {
        code = og_credential_new_hash(tx->db, self->account.id, og_str_from(self->password->hash),
                                      self->mem, &self->account.login, &op->err);
        og_audit_change(self->svc, OG_AUDIT_ADMIN_CREDENTIAL, self->account.id, self->account.id,
                        "password_changed");
    }
    if (code == OG_OK) {
        code = og_token_revoke_all(tx->db, self->account.id, tx->now_ms, &op->err);
    }
    return code;
}

/* ---- API keys ---- */

static enum og_code
check_key_ask(struct og_key_make_op *self, int64_t now_ms)
{
    if (self->credential.expires_at && self->credential.expires_at <= now_ms) {
        return og_fail(&self->op.err, OG_E_UNPROCESSABLE, "expires_at", "is in the past");
    }
    return og_label_check(self->credential.label, LABEL_MAX_CHARS, "label", &self->op.err);
}

enum og_code
og_key_make_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_key_make_op *self = (struct og_key_make_op *)op;
    struct og_credential *c = &self->credential;
    struct og_account account;
    char digest[OG_DIGEST_HEX_CHARS + 1], scopes[OG_SCOPES_TEXT_BYTES];
    enum og_code code = check_key_ask(self, tx->now_ms);
    if (code == OG_OK) {
        code = og_account_find(tx->db, self->account_id, self->mem, &account, &op->err);
    }
    if (code == OG_OK) {
        code = og_token_draw(self->svc->rng, OG_API_KEY_PREFIX, &self->key, &op->err);
    }
    if (code != OG_OK) {
        return code;
    }
    og_token_digest(&self->svc->keys, OG_TOKEN_CREDENTIAL, og_secret_str(&self->key), digest);
    og_scopes_write(self->scopes, scopes);
    c->id = new_id(self->mem, tx->now_ms);
    c->account_id = account.id;
    c->kind = OG_CREDENTIAL_API_KEY;
    c->secret = og_str_dup(self->mem, og_str_from(digest));
    c->scopes = og_str_dup(self->mem, og_str_from(scopes));
    c->created_at = tx->now_ms;
    og_audit_add(self->svc, &(struct og_audit_event){.kind = OG_AUDIT_ADMIN_CREDENTIAL,
                                                     .account = c->account_id,
                                                     .object = c->id,
                                                     .reason = OG_STR("key_made"),
                                                     .detail = c->scopes});
    return og_credential_insert(tx->db, c, &op->err);
}

enum og_code
og_key_list_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_key_list_op *self = (struct og_key_list_op *)op;
    struct og_account account;
    enum og_code code =
        og_account_find(tx->db, self->account_id, self->mem, &account, &op->err);
    if (code == OG_OK) {
        code = og_credential_list(tx->db, account.id, OG_CREDENTIAL_API_KEY, self->mem,
                                  &self->items, &self->count, &op->err);
    }
    return code;
}

enum og_code
og_key_revoke_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_key_revoke_op *self = (struct og_key_revoke_op *)op;
    bool done;
    enum og_code code = og_credential_disable(tx->db, self->account_id, self->key_id,
                                              OG_CREDENTIAL_API_KEY, tx->now_ms, &done, &op->err);
    if (code == OG_OK && !done) {
        return og_fail(&op->err, OG_E_NOT_FOUND, "key", "no such key that still works");
    }
    og_audit_change(self->svc, OG_AUDIT_ADMIN_CREDENTIAL, self->account_id, self->key_id,
                    "key_revoked");
    return code;
}

/* ---- joining ---- */

static enum og_code
make_join_token(struct og_pairing_op *self, struct og_tx *tx)
{
    char digest[OG_DIGEST_HEX_CHARS + 1];
    enum og_code code = og_credential_disable_kind(tx->db, self->account.id, OG_CREDENTIAL_JOIN,
                                                   tx->now_ms, &self->op.err);
    if (code == OG_OK) {
        code = og_token_draw(self->svc->rng, "", &self->token, &self->op.err);
    }
    if (code != OG_OK) {
        return code;
    }
    og_token_digest(&self->svc->keys, OG_TOKEN_CREDENTIAL, og_secret_str(&self->token), digest);
    struct og_credential c = {
        .id = new_id(self->mem, tx->now_ms),
        .account_id = self->account.id,
        .kind = OG_CREDENTIAL_JOIN,
        .secret = og_str_from(digest),
        .created_at = tx->now_ms,
        .scopes = OG_STR(""),
    };
    struct og_buf box;
    og_buf_init(&box, OG_SECRET_MAX_BYTES + OG_SEAL_OVERHEAD_BYTES);
    og_seal(&self->svc->keys.seal, c.id, og_secret_str(&self->token), &box);
    c.sealed = og_buf_str(&box);
    og_audit_change(self->svc, OG_AUDIT_ADMIN_CREDENTIAL, c.account_id, c.id, "join_token_made");
    code = og_credential_insert(tx->db, &c, &self->op.err);
    og_buf_finish(&box);
    return code;
}

static enum og_code
open_join_token(struct og_pairing_op *self, const struct og_credential *c)
{
    struct og_buf plain;
    og_buf_init(&plain, OG_SECRET_MAX_BYTES);
    enum og_code code =
        og_unseal(&self->svc->keys.seal, c->id, c->sealed, &plain, &self->op.err);
    if (code == OG_OK) {
        og_secret_set(&self->token, og_buf_str(&plain));
    } else {
        code = og_box_fail("join token", &self->op.err);
    }
    og_buf_finish(&plain);
    return code;
}

enum og_code
og_pairing_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_pairing_op *self = (struct og_pairing_op *)op;
    struct og_credential c;
    enum og_code code =
        og_account_find(tx->db, self->account_id, self->mem, &self->account, &op->err);
    if (code != OG_OK) {
        return code;
    }
    if (self->rotate) {
        return make_join_token(self, tx);
    }
    code = og_credential_of_kind(tx->db, self->account.id, OG_CREDENTIAL_JOIN, self->mem, &c,
                                 &op->err);
    if (code == OG_E_NOT_FOUND) {
        return make_join_token(self, tx);
    }
    return code == OG_OK ? open_join_token(self, &c) : code;
}

void
og_pairing_committed(struct og_op *op, struct og_tx *tx)
{
    if (((struct og_pairing_op *)op)->rotate) {
        og_credentials_changed(op, tx);
    }
}

enum og_code
og_login_code_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_login_code_op *self = (struct og_login_code_op *)op;
    int waiting;
    enum og_code code =
        og_login_code_count(tx->db, self->account_id, tx->now_ms, &waiting, &op->err);
    if (code != OG_OK) {
        return code;
    }
    if (waiting >= OG_LOGIN_CODES_MAX) {
        code = og_fail(&op->err, OG_E_LIMITED, "", "too many login codes are waiting");
        op->err.retry_after_s = OG_LOGIN_CODE_TTL_MS / 1000;
        return code;
    }
    self->valid_until = tx->now_ms + OG_LOGIN_CODE_TTL_MS;
    code = OG_E_CONFLICT;
    for (int tries = 0; code == OG_E_CONFLICT && tries < CODE_TRIES; tries++) {
        char digest[OG_DIGEST_HEX_CHARS + 1];
        code = og_login_code_draw(self->svc->rng, &self->code, &op->err);
        if (code == OG_OK) {
            og_token_digest(&self->svc->keys, OG_TOKEN_LOGIN_CODE, og_secret_str(&self->code),
                            digest);
            code = og_login_code_insert(tx->db, og_str_from(digest), self->account_id,
                                        self->valid_until, &op->err);
        }
    }
    return code;
}

void
og_credentials_changed(struct og_op *op, struct og_tx *tx)
{
    (void)op;
    (void)tx;
    og_credential_epoch_bump();
}
