/*
 * The page of statements about answers kept for retries.
 */
#include "store/idempotency_store.h"

enum { SQL_FIND, SQL_KEEP, SQL_PURGE, SQL_STATEMENTS };

static const char *const sql[SQL_STATEMENTS] = {
    [SQL_FIND] = "SELECT request_digest, status, body, created_at FROM idempotency "
                 "WHERE account_id = $1 AND key_digest = $2 AND created_at > $3",
    [SQL_KEEP] = "INSERT INTO idempotency (account_id, key_digest, request_digest, status, body, "
                 "created_at) VALUES ($1, $2, $3, $4, $5, $6) "
                 "ON CONFLICT (account_id, key_digest) DO UPDATE SET "
                 "request_digest = excluded.request_digest, status = excluded.status, "
                 "body = excluded.body, created_at = excluded.created_at",
    [SQL_PURGE] = "DELETE FROM idempotency WHERE (account_id, key_digest) IN "
                  "(SELECT account_id, key_digest FROM idempotency WHERE created_at <= $1 "
                  "ORDER BY created_at LIMIT $2)",
};

static const struct og_sql_page page = {OG_PAGE_IDEMPOTENCY, sql, SQL_STATEMENTS};

enum og_code
og_idempotency_find(struct og_db *db, struct og_str account_id, struct og_str key_digest,
                    int64_t since_ms, struct og_arena *mem, struct og_idempotency *out,
                    struct og_err *err)
{
    struct og_rows rows;
    const enum og_code code = og_db_first(db, &page, SQL_FIND,
                                          OG_ARGS(og_value_text(account_id),
                                                  og_value_text(key_digest),
                                                  og_value_i64(since_ms)),
                                          &rows, err);
    if (code == OG_OK) {
        *out = (struct og_idempotency){
            .account_id = account_id,
            .key_digest = key_digest,
            .request_digest = og_row_text(&rows, 0, mem),
            .status = (int)og_row_i64(&rows, 1),
            .body = og_row_text(&rows, 2, mem),
            .created_at = og_row_i64(&rows, 3),
        };
        og_rows_close(&rows);
    }
    return code;
}

enum og_code
og_idempotency_keep(struct og_db *db, const struct og_idempotency *row, struct og_err *err)
{
    return og_db_run(db, &page, SQL_KEEP,
                     OG_ARGS(og_value_text(row->account_id), og_value_text(row->key_digest),
                             og_value_text(row->request_digest), og_value_i64(row->status),
                             og_value_text(row->body), og_value_i64(row->created_at)),
                     NULL, err);
}

enum og_code
og_idempotency_purge(struct og_db *db, int64_t until_ms, int limit, int64_t *count_out,
                     struct og_err *err)
{
    return og_db_run(db, &page, SQL_PURGE,
                     OG_ARGS(og_value_i64(until_ms), og_value_i64(limit)), count_out, err);
}
