/*
 * Questions and commands that are on no page: for migrations, health, checks and backups.
 */
#include <fcntl.h>
#include <unistd.h>

#include "store/db_file.h"
#include "store/db_priv.h"
#include "store/db_sqlite_priv.h"

enum og_code
og_sqlite_ask(struct og_db *db, const char *sql, struct og_arena *mem, struct og_str *out,
              struct og_err *err)
{
    sqlite3_stmt *stmt = NULL;
    enum og_code code = og_sqlite_compile(db, og_str_from(sql), 0, &stmt, err);
    int rc = SQLITE_DONE;
    while (code == OG_OK && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        if (out) {
            struct og_rows rows = {db, stmt};
            *out = og_row_text(&rows, 0, mem);
        }
    }
    if (code == OG_OK && rc != SQLITE_DONE) {
        code = og_sqlite_fail(db, rc, sql, err);
    }
    sqlite3_finalize(stmt);
    return code;
}

enum og_code
og_db_probe(struct og_db *db, struct og_err *err)
{
    enum og_code code = og_db_begin(db, true, err);
    if (code == OG_OK) {
        code = og_sqlite_ask(db, "PRAGMA user_version=0", NULL, NULL, err);
    }
    if (code == OG_OK) {
        code = og_db_commit(db, err);
    }
    og_db_rollback(db);
    return code;
}

enum og_code
og_db_exec(struct og_db *db, struct og_str sql, struct og_err *err)
{
    sqlite3_stmt *stmt = NULL;
    if (og_db_is_broken_off(db)) {
        return og_fail(err, OG_E_UNAVAILABLE, NULL, "database: the transaction was broken off");
    }
    enum og_code code = og_sqlite_compile(db, sql, 0, &stmt, err);
    if (code == OG_OK && stmt) {
        int rc = sqlite3_step(stmt);
        if (rc != SQLITE_DONE) {
            code = rc == SQLITE_ROW ? og_sqlite_fail_usage("statement gives rows",
                                                           sqlite3_sql(stmt), err)
                                    : og_sqlite_fail(db, rc, sqlite3_sql(stmt), err);
        }
    }
    sqlite3_finalize(stmt);
    return code;
}

enum og_code
og_db_has_table(struct og_db *db, const char *name, bool *out, struct og_err *err)
{
    sqlite3_stmt *stmt = NULL;
    struct og_str sql = OG_STR("SELECT 1 FROM sqlite_schema WHERE type='table' AND name=$1");
    enum og_code code = og_sqlite_compile(db, sql, 0, &stmt, err);
    if (code == OG_OK) {
        sqlite3_bind_text(stmt, 1, name, -1, SQLITE_STATIC);
        int rc = sqlite3_step(stmt);
        *out = rc == SQLITE_ROW;
        if (rc != SQLITE_ROW && rc != SQLITE_DONE) {
            code = og_sqlite_fail(db, rc, sqlite3_sql(stmt), err);
        }
    }
    sqlite3_finalize(stmt);
    return code;
}

static enum og_code
check_file(struct og_db *db, struct og_arena *mem, struct og_str *out, struct og_err *err)
{
    enum og_code code = og_sqlite_ask(db, "PRAGMA integrity_check(1)", mem, out, err);
    if (code != OG_OK || !og_str_eq(*out, OG_STR("ok"))) {
        return code;
    }
    struct og_str orphan = {NULL, 0};
    code = og_sqlite_ask(db, "PRAGMA foreign_key_check", mem, &orphan, err);
    *out = (struct og_str){NULL, 0};
    if (code == OG_OK && orphan.len > 0) {
        *out = og_str_printf(mem, "a row of %" OG_STR_FMT " points to a missing row",
                             OG_STR_ARG(orphan));
    }
    return code;
}

enum og_code
og_db_check(struct og_db *db, struct og_arena *mem, struct og_str *out, struct og_err *err)
{
    struct og_err why = {0};
    *out = (struct og_str){NULL, 0};
    enum og_code code = check_file(db, mem, out, &why);
    if (code == OG_E_INTERNAL) { /* so damaged that the check itself stumbled */
        *out = og_str_dup(mem, og_str_from(why.text));
        code = OG_OK;
    } else if (code != OG_OK) {
        code = og_fail(err, code, NULL, "%s", why.text);
    }
    return code;
}

static enum og_code
vacuum_into(struct og_db *db, const char *path, struct og_err *err)
{
    sqlite3_stmt *stmt = NULL;
    enum og_code code = og_sqlite_compile(db, OG_STR("VACUUM INTO $1"), 0, &stmt, err);
    if (code == OG_OK) {
        sqlite3_bind_text(stmt, 1, path, -1, SQLITE_STATIC);
        int rc = sqlite3_step(stmt);
        code = rc == SQLITE_DONE ? OG_OK : og_sqlite_fail(db, rc, sqlite3_sql(stmt), err);
    }
    sqlite3_finalize(stmt);
    return code;
}

enum og_code
og_db_backup(struct og_db *db, const char *path, struct og_err *err)
{
    int fd = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0) {
        return og_fail(err, OG_E_UNAVAILABLE, NULL, "cannot make the new file %s", path);
    }
    close(fd);
    enum og_code code = vacuum_into(db, path, err);
    if (code == OG_OK) {
        code = og_db_file_sync(path, err);
    }
    if (code != OG_OK) {
        unlink(path);
    }
    return code;
}
