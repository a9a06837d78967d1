/*
 * Pairs of tokens inside the write lane's transaction. A refresh token is used up by the update
 * that touches its row, so two that come at once cannot both succeed.
 */
#include "service/account/token_service.h"

#include "base/id.h"
#include "service/audit/tell.h"

static struct og_str
new_jti(struct og_arena *mem)
{
    char jti[OG_ID_BYTES];
    og_token_make(OG_ID_CHARS, jti);
    return og_str_dup(mem, og_str_from(jti));
}

static enum og_code
insert(struct og_tx *tx, struct og_arena *mem, int64_t ttl_ms, bool with_refresh,
       struct og_token_pair *pair, struct og_err *err)
{
    bool is_capped = ttl_ms <= 0 || ttl_ms > OG_TOKEN_ACCESS_MS;
    pair->id = new_jti(mem);
    pair->refresh_id = with_refresh ? new_jti(mem) : OG_STR("");
    pair->created_at = tx->now_ms;
    pair->access_ends_at = tx->now_ms + (is_capped ? OG_TOKEN_ACCESS_MS : ttl_ms);
    pair->ends_at = with_refresh ? tx->now_ms + OG_TOKEN_REFRESH_MS : pair->access_ends_at;
    enum og_code code = og_token_prune(tx->db, tx->now_ms, err);
    return code == OG_OK ? og_token_insert(tx->db, pair, err) : code;
}

enum og_code
og_token_issue_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_token_issue_op *self = (struct og_token_issue_op *)op;
    char scopes[OG_SCOPES_TEXT_BYTES];
    og_scopes_write(self->scopes, scopes);
    self->pair = (struct og_token_pair){
        .account_id = self->account_id,
        .credential_id = self->credential_id,
        .scopes = og_str_dup(self->mem, og_str_from(scopes)),
    };
    enum og_code code =
        insert(tx, self->mem, self->ttl_ms, self->with_refresh, &self->pair, &op->err);
    og_audit_add(self->svc, &(struct og_audit_event){.kind = OG_AUDIT_AUTH_TOKEN,
                                                     .account = self->account_id,
                                                     .object = self->pair.id,
                                                     .reason = OG_STR("issued"),
                                                     .detail = self->pair.scopes});
    return code;
}

enum og_code
og_token_refresh_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_token_refresh_op *self = (struct og_token_refresh_op *)op;
    bool is_spent = false;
    enum og_code code =
        og_token_find(tx->db, self->refresh_id, tx->now_ms, self->mem, &self->pair, &op->err);
    if (code == OG_OK) {
        code = og_token_spend(tx->db, self->refresh_id, tx->now_ms, &is_spent, &op->err);
    }
    if (code == OG_E_NOT_FOUND || (code == OG_OK && !is_spent)) {
        return og_fail(&op->err, OG_E_UNAUTHORIZED, "", "this refresh token was used or revoked");
    }
    if (code == OG_OK) {
        code = insert(tx, self->mem, 0, true, &self->pair, &op->err);
        og_audit_change(self->svc, OG_AUDIT_AUTH_TOKEN, self->pair.account_id, self->pair.id,
                        "refreshed");
    }
    return code;
}

enum og_code
og_token_revoke_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_token_revoke_op *self = (struct og_token_revoke_op *)op;
    if (self->jti.len == 0) {
        return OG_OK;
    }
    int64_t count = 0;
    enum og_code code =
        og_token_revoke(tx->db, self->account_id, self->jti, tx->now_ms, &count, &op->err);
    if (code == OG_OK && count > 0) {
        og_audit_change(self->svc, OG_AUDIT_AUTH_TOKEN, self->account_id, self->jti, "revoked");
    }
    return code;
}
