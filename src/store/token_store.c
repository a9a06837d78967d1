/*
 * The page of statements about tokens. Whether one works is decided in one query, so that the gate
 * reads one row.
 */
#include "store/token_store.h"

enum {
    SQL_INSERT,
    SQL_FIND,
    SQL_SPEND,
    SQL_REVOKE,
    SQL_REVOKE_ALL,
    SQL_PRUNE,
    SQL_STATEMENTS
};

static const char *const sql[SQL_STATEMENTS] = {
    [SQL_INSERT] = "INSERT INTO tokens (id, refresh_id, account_id, credential_id, scopes, "
                   "created_at, access_ends_at, ends_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    [SQL_FIND] = "SELECT t.id, t.refresh_id, t.account_id, t.credential_id, t.scopes, "
                 "t.created_at, t.access_ends_at, t.ends_at FROM tokens t "
                 "JOIN credentials c ON c.id = t.credential_id "
                 "WHERE (t.id = $1 AND t.access_ends_at > $2 OR "
                 "t.refresh_id = $1 AND t.ends_at > $2 AND t.refreshed_at IS NULL) "
                 "AND t.revoked_at IS NULL AND c.disabled_at IS NULL "
                 "AND (c.expires_at IS NULL OR c.expires_at > $2)",
    [SQL_SPEND] = "UPDATE tokens SET refreshed_at = $2 WHERE refresh_id = $1 "
                  "AND refreshed_at IS NULL AND revoked_at IS NULL",
    [SQL_REVOKE] = "UPDATE tokens SET revoked_at = $3 WHERE (id = $2 OR refresh_id = $2) "
                   "AND account_id = $1 AND revoked_at IS NULL",
    [SQL_REVOKE_ALL] =
        "UPDATE tokens SET revoked_at = $2 WHERE account_id = $1 AND revoked_at IS NULL",
    [SQL_PRUNE] = "DELETE FROM tokens WHERE id IN "
                  "(SELECT id FROM tokens WHERE ends_at <= $1 ORDER BY ends_at LIMIT 16)",
};

static const struct og_sql_page page = {OG_PAGE_TOKEN, sql, SQL_STATEMENTS};

enum og_code
og_token_insert(struct og_db *db, const struct og_token_pair *pair, struct og_err *err)
{
    return og_db_run(db, &page, SQL_INSERT,
                     OG_ARGS(og_value_text(pair->id), og_value_text_or_null(pair->refresh_id),
                             og_value_text(pair->account_id), og_value_text(pair->credential_id),
                             og_value_text(pair->scopes), og_value_i64(pair->created_at),
                             og_value_i64(pair->access_ends_at), og_value_i64(pair->ends_at)),
                     NULL, err);
}

enum og_code
og_token_find(struct og_db *db, struct og_str jti, int64_t now_ms, struct og_arena *mem,
              struct og_token_pair *out, struct og_err *err)
{
    OG_SCOPED(og_rows_close) struct og_rows rows;
    const enum og_code code = og_db_first(
        db, &page, SQL_FIND, OG_ARGS(og_value_text(jti), og_value_i64(now_ms)), &rows, err);
    if (code != OG_OK) {
        return code == OG_E_NOT_FOUND ? og_fail(err, code, "", "no such token") : code;
    }
    *out = (struct og_token_pair){
        .id = og_row_text(&rows, 0, mem),
        .refresh_id = og_row_text(&rows, 1, mem),
        .account_id = og_row_text(&rows, 2, mem),
        .credential_id = og_row_text(&rows, 3, mem),
        .scopes = og_row_text(&rows, 4, mem),
        .created_at = og_row_i64(&rows, 5),
        .access_ends_at = og_row_i64(&rows, 6),
        .ends_at = og_row_i64(&rows, 7),
    };
    return OG_OK;
}

enum og_code
og_token_spend(struct og_db *db, struct og_str refresh_id, int64_t now_ms, bool *done_out,
               struct og_err *err)
{
    int64_t changed = 0;
    enum og_code code = og_db_run(db, &page, SQL_SPEND,
                                  OG_ARGS(og_value_text(refresh_id), og_value_i64(now_ms)),
                                  &changed, err);
    *done_out = changed > 0;
    return code;
}

enum og_code
og_token_revoke(struct og_db *db, struct og_str account_id, struct og_str jti, int64_t now_ms,
                int64_t *count_out, struct og_err *err)
{
    return og_db_run(
        db, &page, SQL_REVOKE,
        OG_ARGS(og_value_text(account_id), og_value_text(jti), og_value_i64(now_ms)), count_out,
        err);
}

enum og_code
og_token_revoke_all(struct og_db *db, struct og_str account_id, int64_t now_ms, struct og_err *err)
{
    return og_db_run(db, &page, SQL_REVOKE_ALL,
                     OG_ARGS(og_value_text(account_id), og_value_i64(now_ms)), NULL, err);
}

enum og_code
og_token_prune(struct og_db *db, int64_t now_ms, struct og_err *err)
{
    return og_db_run(db, &page, SQL_PRUNE, OG_ARGS(og_value_i64(now_ms)), NULL, err);
}
