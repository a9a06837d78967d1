/*
 * The page of statements about phones, and rows to structs.
 */
#include "store/device_store.h"

enum {
    SQL_INSERT,
    SQL_BY_TOKEN,
    SQL_FIND,
    SQL_FIND_ANY,
    SQL_LIST,
    SQL_UPDATE,
    SQL_LAST_SEEN,
    SQL_SEEN,
    SQL_REMOVE,
    SQL_NAME,
    SQL_STATEMENTS
};

/* Columns in the order of read_row. */
#define COLUMNS                                                                                   \
    "id, account_id, name, sims, app_version, created_at, updated_at, last_seen_at"

static const char *const sql[SQL_STATEMENTS] = {
    [SQL_INSERT] = "INSERT INTO devices (id, account_id, name, sims, app_version, created_at, "
                   "updated_at, last_seen_at, token_digest) "
                   "VALUES ($1, $2, $3, $4, $5, $6, $6, $6, $7)",
    [SQL_BY_TOKEN] =
        "SELECT " COLUMNS " FROM devices WHERE token_digest = $1 AND removed_at IS NULL",
    [SQL_FIND] = "SELECT " COLUMNS " FROM devices WHERE id = $1 AND account_id = $2 AND "
                 "removed_at IS NULL",
    [SQL_FIND_ANY] = "SELECT " COLUMNS " FROM devices WHERE id = $1 AND removed_at IS NULL",
    [SQL_LIST] = "SELECT " COLUMNS " FROM devices WHERE ($1 = '' OR account_id = $1) AND "
                 "removed_at IS NULL ORDER BY id",
    [SQL_UPDATE] = "UPDATE devices SET name = coalesce($2, name), sims = coalesce($3, sims), "
                   "app_version = coalesce($4, app_version), updated_at = $5, last_seen_at = $5 "
                   "WHERE id = $1 AND removed_at IS NULL",
    [SQL_LAST_SEEN] = "SELECT last_seen_at FROM devices WHERE id = $1 AND removed_at IS NULL",
    [SQL_SEEN] = "UPDATE devices SET last_seen_at = $2 WHERE id = $1 AND last_seen_at < $2",
    [SQL_REMOVE] = ("UPDATE devices SET removed_at = $3, token_digest = 'removed:' || id "
                    "WHERE id = $1 AND ($2 = '' OR account_id = $2) AND removed_at IS NULL"),
    [SQL_NAME] = "SELECT name FROM devices WHERE id = $1 AND account_id = $2",
};

static const struct og_sql_page page = {OG_PAGE_DEVICE, sql, SQL_STATEMENTS};

static void
read_row(const struct og_rows *rows, struct og_arena *mem, struct og_device *d)
{
    *d = (struct og_device){
        .id = og_row_text(rows, 0, mem),
        .account_id = og_row_text(rows, 1, mem),
        .name = og_row_text(rows, 2, mem),
        .sims = og_row_text(rows, 3, mem),
        .app_version = og_row_text(rows, 4, mem),
        .created_at = og_row_i64(rows, 5),
        .updated_at = og_row_i64(rows, 6),
        .last_seen_at = og_row_i64(rows, 7),
    };
}

static enum og_code
read_one(struct og_db *db, int statement, const struct og_value *args, int arg_count,
         struct og_arena *mem, struct og_device *out, struct og_err *err)
{
    struct og_rows rows;
    const enum og_code code = og_db_first(db, &page, statement, args, arg_count, &rows, err);
    if (code == OG_OK) {
        read_row(&rows, mem, out);
        og_rows_close(&rows);
    }
    return code == OG_E_NOT_FOUND ? og_fail(err, code, "deviceId", "no such device") : code;
}

enum og_code
og_device_insert(struct og_db *db, const struct og_device *d, struct og_str token_digest,
                 struct og_err *err)
{
    return og_db_run(db, &page, SQL_INSERT,
                     OG_ARGS(og_value_text(d->id), og_value_text(d->account_id),
                             og_value_text(d->name), og_value_text(d->sims),
                             og_value_text(d->app_version), og_value_i64(d->created_at),
                             og_value_text(token_digest)),
                     NULL, err);
}

enum og_code
og_device_by_token(struct og_db *db, struct og_str token_digest, struct og_arena *mem,
                   struct og_device *out, struct og_err *err)
{
    return read_one(db, SQL_BY_TOKEN, OG_ARGS(og_value_text(token_digest)), mem, out, err);
}

enum og_code
og_device_find(struct og_db *db, struct og_str account_id, struct og_str id, struct og_arena *mem,
               struct og_device *out, struct og_err *err)
{
    return read_one(db, SQL_FIND, OG_ARGS(og_value_text(id), og_value_text(account_id)), mem, out,
                    err);
}

enum og_code
og_device_find_any(struct og_db *db, struct og_str id, struct og_arena *mem,
                   struct og_device *out, struct og_err *err)
{
    return read_one(db, SQL_FIND_ANY, OG_ARGS(og_value_text(id)), mem, out, err);
}

enum og_code
og_device_list(struct og_db *db, struct og_str account_id, struct og_arena *mem,
               struct og_device **items_out, int *count_out, struct og_err *err)
{
    struct og_err local;
    err = err ? err : &local;
    struct og_rows rows;
    enum og_code code =
        og_db_open(db, &page, SQL_LIST, OG_ARGS(og_value_text(account_id)), &rows, err);
    if (code != OG_OK) {
        return code;
    }
    int count = 0, cap = 0;
    struct og_device *items = NULL;
    enum og_step step;
    while ((step = og_rows_next(&rows, err)) == OG_STEP_ROW) {
        if (count == cap) {
            struct og_device *more =
                OG_ARENA_ARRAY(mem, struct og_device, (size_t)(cap = cap ? cap * 2 : 16));
            if (count) {
                memcpy(more, items, (size_t)count * sizeof *items);
            }
            items = more;
        }
        read_row(&rows, mem, &items[count++]);
    }
    og_rows_close(&rows);
    *items_out = items;
    *count_out = count;
    return step == OG_STEP_ERROR ? err->code : OG_OK;
}

/* NULL keeps the column; an empty text empties it. */
static struct og_value
text_or_keep(struct og_str text)
{
    return text.ptr ? og_value_text(text) : og_value_null();
}

enum og_code
og_device_update(struct og_db *db, struct og_str id, struct og_str name, struct og_str sims,
                 struct og_str app_version, int64_t now_ms, struct og_err *err)
{
    int64_t changed = 0;
    enum og_code code = og_db_run(db, &page, SQL_UPDATE,
                                  OG_ARGS(og_value_text(id), text_or_keep(name),
                                          text_or_keep(sims), text_or_keep(app_version),
                                          og_value_i64(now_ms)),
                                  &changed, err);
    if (code == OG_OK && changed == 0) {
        return og_fail(err, OG_E_NOT_FOUND, "id", "no such device");
    }
    return code;
}

#define SEEN_EVERY_MS 60000

enum og_code
og_device_seen(struct og_db *db, struct og_str id, int64_t at_ms, struct og_err *err)
{
    int64_t last_ms = 0;
    const enum og_code code =
        og_db_first_i64(db, &page, SQL_LAST_SEEN, OG_ARGS(og_value_text(id)), &last_ms, err);
    if (code == OG_E_NOT_FOUND) {
        return og_fail(err, code, "id", "no such device");
    }
    if (code != OG_OK || last_ms / SEEN_EVERY_MS >= at_ms / SEEN_EVERY_MS) {
        return code;
    }
    return og_db_run(db, &page, SQL_SEEN, OG_ARGS(og_value_text(id), og_value_i64(at_ms)), NULL,
                     err);
}

enum og_code
og_device_remove(struct og_db *db, struct og_str account_id, struct og_str id, int64_t now_ms,
                 bool *removed_out, struct og_err *err)
{
    int64_t changed = 0;
    enum og_code code = og_db_run(
        db, &page, SQL_REMOVE,
        OG_ARGS(og_value_text(id), og_value_text(account_id), og_value_i64(now_ms)), &changed,
        err);
    *removed_out = changed == 1;
    return code;
}

enum og_code
og_device_name(struct og_db *db, struct og_str account_id, struct og_str id, struct og_arena *mem,
               struct og_str *out, struct og_err *err)
{
    const enum og_code code =
        og_db_first_text(db, &page, SQL_NAME, OG_ARGS(og_value_text(id), og_value_text(account_id)),
                         mem, out, err);
    return code == OG_E_NOT_FOUND ? OG_OK : code;
}
