/*
 * The page of statements about phones' settings. The box is bound to the account, so that a
 * document copied to another row cannot be opened there.
 */
#include "store/settings_store.h"

#include "store/sealed_box.h"

enum { SQL_LOAD, SQL_SAVE, SQL_STATEMENTS };

static const char *const sql[SQL_STATEMENTS] = {
    [SQL_LOAD] = "SELECT document FROM phone_settings WHERE account_id = $1",
    [SQL_SAVE] = "INSERT INTO phone_settings (account_id, document, updated_at) "
                 "VALUES ($1, $2, $3) ON CONFLICT (account_id) DO UPDATE SET "
                 "document = excluded.document, updated_at = excluded.updated_at",
};

static const struct og_sql_page page = {OG_PAGE_SETTINGS, sql, SQL_STATEMENTS};

enum og_code
og_settings_load(struct og_db *db, const struct og_key *seal, struct og_str account_id,
                 struct og_arena *mem, struct og_str *out, struct og_err *err)
{
    struct og_rows rows;
    *out = OG_STR("");
    enum og_code code =
        og_db_first(db, &page, SQL_LOAD, OG_ARGS(og_value_text(account_id)), &rows, err);
    if (code == OG_OK) {
        const struct og_box_ask ask = {seal, account_id, OG_SETTINGS_DOCUMENT_MAX_BYTES,
                                       "settings document"};
        code = og_box_open(&ask, og_row_borrow(&rows, 0), mem, out, err);
        og_rows_close(&rows);
    }
    return code == OG_E_NOT_FOUND ? OG_OK : code;
}

enum og_code
og_settings_save(struct og_db *db, const struct og_key *seal, struct og_str account_id,
                 struct og_str document, int64_t now_ms, struct og_err *err)
{
    struct og_buf box;
    og_buf_init(&box, OG_SETTINGS_DOCUMENT_MAX_BYTES + OG_SEAL_OVERHEAD_BYTES);
    og_seal(seal, account_id, document, &box);
    enum og_code code = og_db_run(db, &page, SQL_SAVE,
                                  OG_ARGS(og_value_text(account_id),
                                          og_value_blob(og_buf_str(&box)), og_value_i64(now_ms)),
                                  NULL, err);
    og_buf_finish(&box);
    return code;
}
