/*
 * Looking credentials up. What is asked for a login that does not exist costs the same hashing as
 * one that does; secrets are compared by their keyed digests, in the database's index.
 */
#include "service/account/identity_service.h"

#include <pthread.h>
#include <stdlib.h>

#include "service/account/scope.h"
#include "service/account/token.h"
#include "service/device/device_service.h"
#include "store/account_store.h"
#include "store/token_store.h"

/* ---- a hash that nothing matches ---- */

static pthread_once_t dummy_once = PTHREAD_ONCE_INIT;
static char dummy_hash[OG_PASSWORD_HASH_BYTES];

static void
make_dummy(void)
{
    char random[OG_PASSWORD_CHARS];
    struct og_err err;
    if (og_random_bytes(random, sizeof random, &err) != OG_OK ||
        og_password_hash((struct og_str){random, sizeof random}, dummy_hash, &err) != OG_OK) {
        dummy_hash[0] = '\0'; /* no randomness: every other operation fails then too */
    }
    og_wipe(random, sizeof random);
}

static void
hash_for_nothing(const struct og_secret *secret)
{
    pthread_once(&dummy_once, make_dummy);
    (void)og_password_matches(og_secret_str(secret), dummy_hash);
}

/* ---- rows to identities ---- */

static bool
is_usable(const struct og_credential *credential, const struct og_account *account, int64_t now_ms)
{
    return credential->disabled_at == 0 &&
           (credential->expires_at == 0 || credential->expires_at > now_ms) &&
           account->disabled_at == 0;
}

static uint32_t
scopes_of(const struct og_credential *credential)
{
    switch (credential->kind) {
    case OG_CREDENTIAL_BASIC:
        return OG_SCOPE_ACCOUNT;
    case OG_CREDENTIAL_API_KEY:
        return og_scopes_of_key(og_scopes_read(credential->scopes));
    case OG_CREDENTIAL_OPERATOR:
        return OG_SCOPE_ALL;
    case OG_CREDENTIAL_JOIN:
        break;
    }
    return OG_SCOPE_NONE;
}

static void
fill_from_credential(struct og_lookup_op *self, const struct og_credential *credential,
                     const struct og_account *account, int64_t now_ms)
{
    if (!is_usable(credential, account, now_ms)) {
        self->is_shut = true;
        return;
    }
    static const enum og_identity_kind kinds[] = {
        [OG_CREDENTIAL_BASIC] = OG_IDENTITY_BASIC,
        [OG_CREDENTIAL_API_KEY] = OG_IDENTITY_API_KEY,
        [OG_CREDENTIAL_JOIN] = OG_IDENTITY_JOIN,
        [OG_CREDENTIAL_OPERATOR] = OG_IDENTITY_OPERATOR,
    };
    self->identity = (struct og_identity){
        .kind = kinds[credential->kind],
        .scopes = scopes_of(credential),
        .custom_code = account->custom_code,
        .sandbox = account->sandbox,
        .expires_at = credential->expires_at,
        .account_id = account->id,
        .account_name = account->name,
        .credential_id = credential->id,
        .login = account->login,
        .brand = account->brand,
    };
}

/* ---- one function for each way to say who one is ---- */

static void
proof_of(const struct og_services *svc, struct og_str hash, uint8_t out[OG_DIGEST_BYTES])
{
    struct og_str parts[] = {OG_STR("proof"), hash};
    og_mac_parts(&svc->keys.cache, parts, 2, out);
}

/* The password is known now, and will not be again before the next login. */
static void
hash_anew(struct og_lookup_op *self, struct og_str stored)
{
    bool is_foreign = og_password_is_foreign(og_str_cstr(self->mem, stored));
    if (is_foreign && self->identity.kind != OG_IDENTITY_NONE &&
        og_password_hash(og_secret_str(&self->secret), self->new_hash, NULL) == OG_OK) {
        self->foreign_hash = stored;
    }
}

static enum og_code
look_up_basic(struct og_lookup_op *self, struct og_tx *tx)
{
    struct og_credential credential;
    struct og_account account;
    enum og_code code = og_credential_by_login(tx->db, self->login, self->mem, &credential,
                                               &account, &self->op.err);
    if (code == OG_E_NOT_FOUND) {
        if (!self->has_proof) {
            hash_for_nothing(&self->secret);
        }
        return OG_OK;
    }
    if (code != OG_OK) {
        return code;
    }
    uint8_t proof[OG_DIGEST_BYTES];
    proof_of(self->svc, credential.secret, proof);
    if (self->has_proof) {
        self->must_hash = !og_equal_const_time(proof, self->proof, sizeof proof);
        if (self->must_hash) {
            return OG_OK;
        }
    } else if (!og_password_matches(og_secret_str(&self->secret),
                                    og_str_cstr(self->mem, credential.secret))) {
        return OG_OK;
    }
    memcpy(self->proof, proof, sizeof proof);
    fill_from_credential(self, &credential, &account, tx->now_ms);
    if (!self->has_proof) {
        hash_anew(self, credential.secret);
    }
    return OG_OK;
}

static enum og_code
look_up_bearer(struct og_lookup_op *self, struct og_tx *tx)
{
    char digest[OG_DIGEST_HEX_CHARS + 1];
    og_token_digest(&self->svc->keys, OG_TOKEN_CREDENTIAL, og_secret_str(&self->secret), digest);
    struct og_credential credential;
    struct og_account account;
    enum og_code code = og_credential_by_digest(tx->db, og_str_from(digest), self->mem,
                                                &credential, &account, &self->op.err);
    if (code == OG_OK) {
        fill_from_credential(self, &credential, &account, tx->now_ms);
    }
    return code == OG_E_NOT_FOUND ? OG_OK : code;
}

/* An account that must be there. One that is shut is noted, and stands for nobody. */
static enum og_code
fill_from_account(struct og_lookup_op *self, struct og_tx *tx, struct og_str account_id,
                  struct og_identity identity)
{
    struct og_account account;
    enum og_code code =
        og_account_find(tx->db, account_id, self->mem, &account, &self->op.err);
    if (code == OG_E_NOT_FOUND) {
        return OG_OK;
    }
    if (code != OG_OK) {
        return code;
    }
    if (account.disabled_at) {
        self->is_shut = true;
        return OG_OK;
    }
    identity.account_id = account.id;
    identity.account_name = account.name;
    identity.login = account.login;
    identity.brand = account.brand;
    identity.custom_code = account.custom_code;
    identity.sandbox = account.sandbox;
    self->identity = identity;
    return OG_OK;
}

static enum og_code
look_up_device(struct og_lookup_op *self, struct og_tx *tx)
{
    char digest[OG_DIGEST_HEX_CHARS + 1];
    og_device_token_digest(self->svc, og_secret_str(&self->secret), digest);
    struct og_device device;
    enum og_code code = og_device_by_token(tx->db, og_str_from(digest), self->mem, &device,
                                           &self->op.err);
    if (code == OG_OK) {
        struct og_identity identity = {.kind = OG_IDENTITY_DEVICE, .device_id = device.id};
        return fill_from_account(self, tx, device.account_id, identity);
    }
    return code == OG_E_NOT_FOUND ? OG_OK : code;
}

static enum og_code
look_up_code(struct og_lookup_op *self, struct og_tx *tx)
{
    char digest[OG_DIGEST_HEX_CHARS + 1];
    for (size_t i = 0; i < self->secret.len; i++) {
        char *c = &self->secret.bytes[i];
        *c = *c >= 'A' && *c <= 'Z' ? (char)(*c - 'A' + 'a') : *c;
    }
    og_token_digest(&self->svc->keys, OG_TOKEN_LOGIN_CODE, og_secret_str(&self->secret), digest);
    struct og_str account_id;
    enum og_code code = og_login_code_spend(tx->db, og_str_from(digest), tx->now_ms, self->mem,
                                            &account_id, &self->op.err);
    if (code == OG_OK) {
        struct og_identity identity = {.kind = OG_IDENTITY_CODE};
        return fill_from_account(self, tx, account_id, identity);
    }
    return code == OG_E_NOT_FOUND ? OG_OK : code;
}

/* Whoever has the signature did not guess: one that is over is shut, not wrong. */
static enum og_code
look_up_token(struct og_lookup_op *self, struct og_tx *tx)
{
    struct og_token_pair pair;
    struct og_str jti = og_str_dup(self->mem, og_secret_str(&self->secret));
    enum og_code code =
        og_token_find(tx->db, jti, tx->now_ms, self->mem, &pair, &self->op.err);
    if (code == OG_OK) {
        bool is_refresh = og_str_eq(jti, pair.refresh_id);
        struct og_identity identity = {
            .kind = OG_IDENTITY_TOKEN,
            .scopes = is_refresh ? (uint32_t)OG_SCOPE_TOKENS_REFRESH
                                 : og_scopes_of_token(og_scopes_read(pair.scopes)),
            .expires_at = is_refresh ? pair.ends_at : pair.access_ends_at,
            .credential_id = pair.credential_id,
            .token_id = jti,
        };
        return fill_from_account(self, tx, pair.account_id, identity);
    }
    self->is_shut = code == OG_E_NOT_FOUND;
    return code == OG_E_NOT_FOUND ? OG_OK : code;
}

enum og_code
og_lookup_apply(struct og_op *op, struct og_tx *tx)
{
    static enum og_code (*const ways[])(struct og_lookup_op *, struct og_tx *) = {
        [OG_LOOKUP_BASIC] = look_up_basic,
        [OG_LOOKUP_BEARER] = look_up_bearer,
        [OG_LOOKUP_DEVICE] = look_up_device,
        [OG_LOOKUP_CODE] = look_up_code,
        [OG_LOOKUP_TOKEN] = look_up_token,
    };
    struct og_lookup_op *self = (struct og_lookup_op *)op;
    self->identity = (struct og_identity){0};
    self->must_hash = false;
    self->is_shut = false;
    self->foreign_hash = OG_STR("");
    return ways[self->what](self, tx);
}

/* ---- hashes that came from elsewhere ---- */

struct og_rehash_op *
og_rehash_create(const struct og_lookup_op *found)
{
    if (found->foreign_hash.len == 0) {
        return NULL;
    }
    struct og_rehash_op *self = og_xalloc(sizeof *self);
    og_arena_init(&self->mem, 512);
    self->credential_id = og_str_dup(&self->mem, found->identity.credential_id);
    self->foreign_hash = og_str_dup(&self->mem, found->foreign_hash);
    self->new_hash = og_str_dup(&self->mem, og_str_from(found->new_hash));
    return self;
}

void
og_rehash_destroy(struct og_rehash_op *self)
{
    og_arena_finish(&self->mem);
    free(self);
}

enum og_code
og_rehash_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_rehash_op *self = (struct og_rehash_op *)op;
    return og_credential_replace_hash(tx->db, self->credential_id, self->foreign_hash,
                                      self->new_hash, &op->err);
}
