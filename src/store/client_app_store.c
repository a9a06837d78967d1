/*
 * The page of statements about client applications. An application is written whole: its hashes are
 * those that were said last.
 */
#include "store/client_app_store.h"

enum {
    SQL_PUT,
    SQL_FIND,
    SQL_LIST,
    SQL_REMOVE,
    SQL_HASH_PUT,
    SQL_HASH_LIST,
    SQL_HASH_CLEAR,
    SQL_STATEMENTS
};

#define COLUMNS                                                                                   \
    "name, package, origin, embedded_origin, brand, locale, template, payment_template, "         \
    "retriever_prefix, created_at, updated_at"

static const char *const sql[SQL_STATEMENTS] = {
    /* created_at stays what it was, which tells whether the row is new */
    [SQL_PUT] =
        "INSERT INTO client_apps (account_id, " COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7, "
        "$8, $9, $10, $11, $11) ON CONFLICT (account_id, name) DO UPDATE SET "
        "package = excluded.package, origin = excluded.origin, "
        "embedded_origin = excluded.embedded_origin, brand = excluded.brand, "
        "locale = excluded.locale, template = excluded.template, "
        "payment_template = excluded.payment_template, "
        "retriever_prefix = excluded.retriever_prefix, updated_at = excluded.updated_at",
    [SQL_FIND] = "SELECT " COLUMNS " FROM client_apps WHERE account_id = $1 AND name = $2",
    [SQL_LIST] = "SELECT " COLUMNS " FROM client_apps WHERE account_id = $1 ORDER BY name LIMIT $2",
    [SQL_REMOVE] = "DELETE FROM client_apps WHERE account_id = $1 AND name = $2",
    [SQL_HASH_PUT] = "INSERT INTO client_app_hashes (account_id, app, hash, label, valid_from, "
                     "valid_until) VALUES ($1, $2, $3, $4, $5, $6)",
    [SQL_HASH_LIST] = "SELECT hash, label, valid_from, valid_until FROM client_app_hashes "
                      "WHERE account_id = $1 AND app = $2 ORDER BY valid_from, hash LIMIT $3",
    [SQL_HASH_CLEAR] = "DELETE FROM client_app_hashes WHERE account_id = $1 AND app = $2",
};

static const struct og_sql_page page = {OG_PAGE_CLIENT_APP, sql, SQL_STATEMENTS};

static enum og_code
clear_hashes(struct og_db *db, struct og_str account_id, struct og_str app, struct og_err *err)
{
    return og_db_run(db, &page, SQL_HASH_CLEAR,
                     OG_ARGS(og_value_text(account_id), og_value_text(app)), NULL, err);
}

static enum og_code
write_row(struct og_db *db, struct og_str account_id, const struct og_client_app *app,
          struct og_err *err)
{
    return og_db_run(
        db, &page, SQL_PUT,
        OG_ARGS(og_value_text(account_id), og_value_text(app->name),
                og_value_text_or_null(app->package), og_value_text_or_null(app->origin),
                og_value_text_or_null(app->embedded_origin), og_value_text_or_null(app->brand),
                og_value_text_or_null(app->locale), og_value_text_or_null(app->template),
                og_value_text_or_null(app->payment_template), og_value_i64(app->retriever_prefix),
                og_value_i64(app->updated_at)),
        NULL, err);
}

static enum og_code
write_hashes(struct og_db *db, struct og_str account_id, const struct og_client_app *app,
             struct og_err *err)
{
    enum og_code code = clear_hashes(db, account_id, app->name, err);
    for (int i = 0; code == OG_OK && i < app->hash_count; i++) {
        const struct og_app_hash *hash = &app->hashes[i];
        code = og_db_run(db, &page, SQL_HASH_PUT,
                         OG_ARGS(og_value_text(account_id), og_value_text(app->name),
                                 og_value_text(hash->hash), og_value_text_or_null(hash->label),
                                 og_value_i64_or_null(hash->valid_from),
                                 og_value_i64_or_null(hash->valid_until)),
                         NULL, err);
    }
    return code == OG_E_CONFLICT
               ? og_fail(err, OG_E_UNPROCESSABLE, "hashes", "must not have one hash twice")
               : code;
}

static void
read_row(const struct og_rows *rows, struct og_arena *mem, struct og_client_app *out)
{
    *out = (struct og_client_app){
        .name = og_row_text(rows, 0, mem),
        .package = og_row_text(rows, 1, mem),
        .origin = og_row_text(rows, 2, mem),
        .embedded_origin = og_row_text(rows, 3, mem),
        .brand = og_row_text(rows, 4, mem),
        .locale = og_row_text(rows, 5, mem),
        .template = og_row_text(rows, 6, mem),
        .payment_template = og_row_text(rows, 7, mem),
        .retriever_prefix = og_row_i64(rows, 8) != 0,
        .created_at = og_row_i64(rows, 9),
        .updated_at = og_row_i64(rows, 10),
    };
}

static enum og_code
read_hashes(struct og_db *db, struct og_str account_id, struct og_arena *mem,
            struct og_client_app *app, struct og_err *err)
{
    struct og_rows rows;
    enum og_step step;
    enum og_code code = og_db_open(db, &page, SQL_HASH_LIST,
                                   OG_ARGS(og_value_text(account_id), og_value_text(app->name),
                                           og_value_i64(OG_APP_HASHES_MAX)),
                                   &rows, err);
    if (code != OG_OK) {
        return code;
    }
    while ((step = og_rows_next(&rows, err)) == OG_STEP_ROW) {
        app->hashes[app->hash_count++] = (struct og_app_hash){
            .hash = og_row_text(&rows, 0, mem),
            .label = og_row_text(&rows, 1, mem),
            .valid_from = og_row_i64(&rows, 2),
            .valid_until = og_row_i64(&rows, 3),
        };
    }
    og_rows_close(&rows);
    return step == OG_STEP_ERROR ? err->code : OG_OK;
}

enum og_code
og_client_app_put(struct og_db *db, struct og_str account_id, const struct og_client_app *app,
                  bool *made_out, struct og_err *err)
{
    struct og_arena mem;
    struct og_client_app before;
    og_arena_init(&mem, 0);
    enum og_code code = og_client_app_find(db, account_id, app->name, &mem, &before, err);
    *made_out = code == OG_E_NOT_FOUND;
    og_arena_finish(&mem);
    if (code == OG_OK || *made_out) {
        code = write_row(db, account_id, app, err);
    }
    return code == OG_OK ? write_hashes(db, account_id, app, err) : code;
}

enum og_code
og_client_app_find(struct og_db *db, struct og_str account_id, struct og_str name,
                   struct og_arena *mem, struct og_client_app *out, struct og_err *err)
{
    struct og_rows rows;
    struct og_err own;
    err = err ? err : &own;
    const enum og_code code =
        og_db_first(db, &page, SQL_FIND, OG_ARGS(og_value_text(account_id), og_value_text(name)),
                    &rows, err);
    if (code != OG_OK) {
        return code == OG_E_NOT_FOUND
                   ? og_fail(err, OG_E_NOT_FOUND, "client_app", "no such client app")
                   : code;
    }
    read_row(&rows, mem, out);
    og_rows_close(&rows);
    return read_hashes(db, account_id, mem, out, err);
}

enum og_code
og_client_app_list(struct og_db *db, struct og_str account_id, struct og_arena *mem,
                   struct og_client_app **items_out, int *count_out, struct og_err *err)
{
    struct og_rows rows;
    struct og_client_app *items = OG_ARENA_ARRAY(mem, struct og_client_app, OG_APPS_MAX);
    enum og_step step;
    int count = 0;
    enum og_code code = og_db_open(db, &page, SQL_LIST,
                                   OG_ARGS(og_value_text(account_id), og_value_i64(OG_APPS_MAX)),
                                   &rows, err);
    if (code != OG_OK) {
        return code;
    }
    while ((step = og_rows_next(&rows, err)) == OG_STEP_ROW) {
        read_row(&rows, mem, &items[count++]);
    }
    og_rows_close(&rows);
    code = step == OG_STEP_ERROR ? err->code : OG_OK;
    for (int i = 0; code == OG_OK && i < count; i++) {
        code = read_hashes(db, account_id, mem, &items[i], err);
    }
    *items_out = items;
    *count_out = count;
    return code;
}

enum og_code
og_client_app_remove(struct og_db *db, struct og_str account_id, struct og_str name,
                     struct og_err *err)
{
    int64_t removed = 0;
    enum og_code code = og_db_run(db, &page, SQL_REMOVE,
                                  OG_ARGS(og_value_text(account_id), og_value_text(name)),
                                  &removed, err);
    if (code == OG_OK && removed == 0) {
        return og_fail(err, OG_E_NOT_FOUND, "client_app", "no such client app");
    }
    return code == OG_OK ? clear_hashes(db, account_id, name, err) : code;
}
