/*
 * The migration runner: each step and its row in schema_migrations in one transaction, so that a
 * crash leaves the database at a whole number. Nothing is touched when the number is too high.
 */
#include "store/migrate.h"

#include <assert.h>

#include "base/log.h"
#include "store/db_priv.h"
#include "store/migrate_priv.h"
#include "store/sql_text.h"

static const char create_table[] = "CREATE TABLE IF NOT EXISTS schema_migrations ("
                                   " number INTEGER NOT NULL PRIMARY KEY,"
                                   " name TEXT NOT NULL,"
                                   " applied_at BIGINT NOT NULL)";

enum schema_sql { SCHEMA_NEWEST, SCHEMA_RECORD, SCHEMA_SQL_COUNT };

static const char *const schema_sql[SCHEMA_SQL_COUNT] = {
    [SCHEMA_NEWEST] = "SELECT COALESCE(MAX(number), 0) FROM schema_migrations",
    [SCHEMA_RECORD] = "INSERT INTO schema_migrations (number, name, applied_at)"
                      " VALUES ($1, $2, $3)",
};

static const struct og_sql_page schema_page = {OG_PAGE_SCHEMA, schema_sql, SCHEMA_SQL_COUNT};

int
og_schema_known(void)
{
    return og_schema_count ? og_schema_table[og_schema_count - 1].number : 0;
}

enum og_code
og_schema_current(struct og_db *db, int *out, struct og_err *err)
{
    *out = 0;
    bool has_table = false;
    enum og_code code = og_db_has_table(db, "schema_migrations", &has_table, err);
    if (code != OG_OK || !has_table) {
        return code;
    }
    struct og_rows rows = {0};
    struct og_err why = {0};
    code = og_db_open(db, &schema_page, SCHEMA_NEWEST, OG_NO_ARGS, &rows, &why);
    if (code == OG_OK) {
        if (og_rows_next(&rows, &why) == OG_STEP_ROW) {
            *out = (int)og_row_i64(&rows, 0);
        } else {
            code = why.code;
        }
    }
    og_rows_close(&rows);
    return code == OG_OK ? OG_OK : og_fail(err, code, NULL, "schema number: %s", why.text);
}

static enum og_code
run_script(struct og_db *db, const struct og_migration *step, struct og_err *err)
{
    struct og_str script = og_str_from(step->sql);
    struct og_str statement;
    while (og_sql_next(&script, &statement)) {
        enum og_code code = og_db_exec(db, statement, err);
        if (code != OG_OK) {
            return code;
        }
    }
    return OG_OK;
}

static enum og_code
run_and_record(struct og_db *db, const struct og_migration *step, int64_t now_ms,
               struct og_err *err)
{
    enum og_code code = og_db_exec(db, og_str_from(create_table), err);
    if (code == OG_OK) {
        code = run_script(db, step, err);
    }
    if (code == OG_OK) {
        code = og_db_run(db, &schema_page, SCHEMA_RECORD,
                         OG_ARGS(og_value_i64(step->number), og_value_cstr(step->name),
                                 og_value_i64(now_ms)),
                         NULL, err);
    }
    return code;
}

static enum og_code
fail_step(const struct og_migration *step, enum og_code code, const struct og_err *why,
          struct og_err *err)
{
    return og_fail(err, code, NULL, "schema %d (%s): %s", step->number, step->name, why->text);
}

static enum og_code
run_within(struct og_db *db, const struct og_migration *step, int64_t now_ms, struct og_err *err)
{
    struct og_err why = {0};
    enum og_code code = run_and_record(db, step, now_ms, &why);
    return code == OG_OK ? OG_OK : fail_step(step, code, &why, err);
}

static enum og_code
run_step(struct og_db *db, const struct og_migration *step, int64_t now_ms, struct og_err *err)
{
    struct og_err why = {0};
    enum og_code code = og_db_begin(db, true, &why);
    if (code == OG_OK) {
        code = run_and_record(db, step, now_ms, &why);
    }
    if (code == OG_OK) {
        code = og_db_commit(db, &why);
    }
    if (code != OG_OK) {
        og_db_rollback(db);
        return fail_step(step, code, &why, err);
    }
    og_log_info("store", "schema brought forward", "number=%d name=%s", step->number, step->name);
    return OG_OK;
}

typedef enum og_code (*run_fn)(struct og_db *db, const struct og_migration *step, int64_t now_ms,
                               struct og_err *err);

static enum og_code
apply(struct og_db *db, const struct og_migration *table, int count, run_fn run, int64_t now_ms,
      struct og_err *err)
{
    int current = 0;
    enum og_code code = og_schema_current(db, &current, err);
    if (code == OG_OK && current > count) {
        code = og_fail(err, OG_E_CONFLICT, NULL,
                       "the database has schema %d, this program knows %d: use a newer program",
                       current, count);
    }
    for (int i = current; code == OG_OK && i < count; i++) {
        assert(table[i].number == i + 1);
        code = run(db, &table[i], now_ms, err);
    }
    return code;
}

enum og_code
og_schema_apply(struct og_db *db, const struct og_migration *table, int count, int64_t now_ms,
                struct og_err *err)
{
    return apply(db, table, count, run_step, now_ms, err);
}

enum og_code
og_schema_migrate_within(struct og_db *db, int64_t now_ms, struct og_err *err)
{
    return apply(db, og_schema_table, og_schema_count, run_within, now_ms, err);
}

enum og_code
og_schema_migrate(struct og_db *db, int64_t now_ms, struct og_err *err)
{
    return og_schema_apply(db, og_schema_table, og_schema_count, now_ms, err);
}
