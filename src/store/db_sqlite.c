/*
 * The door to SQLite: statements prepared once, rows, and the meaning of its errors.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/log.h"
#include "store/db_sqlite_priv.h"
#include "store/sql_text.h"

#define LOG_EVERY_MS 5000
#define LOG_SQL_BYTES 160
#define ARGS_MAX 100

static const struct og_sql_word dialect[] = {
    {"{lock}", ""},
    {"{without_rowid}", "WITHOUT ROWID"},
    {"{blob}", "BLOB"},
};
#define DIALECT_COUNT ((int)(sizeof dialect / sizeof dialect[0]))

/* ---- errors ---- */

static enum og_code
code_of(int rc)
{
    switch (rc & 0xff) {
    case SQLITE_CONSTRAINT:
        return OG_E_CONFLICT;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_NOMEM:
        return OG_E_UNAVAILABLE;
    default:
        return OG_E_INTERNAL;
    }
}

static enum og_db_trouble
trouble_of(int rc)
{
    switch (rc & 0xff) {
    case SQLITE_FULL:
        return OG_DB_TROUBLE_FULL;
    case SQLITE_IOERR:
        return OG_DB_TROUBLE_IO;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
        return OG_DB_TROUBLE_LOCKED;
    default:
        return OG_DB_TROUBLE_OTHER;
    }
}

const char *
og_db_trouble_name(enum og_db_trouble trouble)
{
    static const char *const names[OG_DB_TROUBLES] = {
        [OG_DB_TROUBLE_OTHER] = "failed",
        [OG_DB_TROUBLE_FULL] = "disk_full",
        [OG_DB_TROUBLE_IO] = "io_error",
        [OG_DB_TROUBLE_LOCKED] = "locked",
    };
    return names[trouble];
}

enum og_db_trouble
og_db_last_trouble(const struct og_db *db)
{
    return db->trouble;
}

/* sql  our own text with placeholders; what is bound to them never gets here */
static void
log_failure(enum og_code code, int rc, const char *text, const char *sql)
{
    static struct og_log_limit unavailable, internal;
    int64_t held = 0;
    struct og_log_limit *limit = code == OG_E_UNAVAILABLE ? &unavailable : &internal;
    if (code != OG_E_CONFLICT && og_log_limit_pass(limit, LOG_EVERY_MS, &held)) {
        struct og_str shown = og_str_slice(og_str_from(sql), 0, LOG_SQL_BYTES);
        og_log_error("store", "the database refuses", "code=%d reason=%s sql=%s held=%" PRId64, rc,
                     og_log_quote(og_str_from(text)), og_log_quote(shown), held);
    }
}

enum og_code
og_sqlite_fail_with(int rc, const char *text, const char *sql, struct og_err *err)
{
    enum og_code code = code_of(rc);
    log_failure(code, rc, text, sql);
    return og_fail(err, code, NULL, "database: %s (%d)", text, rc);
}

void
og_sqlite_note_trouble(struct og_db *db, int rc)
{
    if (code_of(rc) != OG_E_CONFLICT) {
        db->trouble = trouble_of(rc);
    }
}

enum og_code
og_sqlite_fail(struct og_db *db, int rc, const char *sql, struct og_err *err)
{
    og_sqlite_note_trouble(db, rc);
    return og_sqlite_fail_with(rc, sqlite3_errmsg(db->handle), sql, err);
}

enum og_code
og_sqlite_fail_usage(const char *text, const char *sql, struct og_err *err)
{
    return og_sqlite_fail_with(SQLITE_MISUSE, text, sql, err);
}

/* ---- statements ---- */

bool
og_db_is_broken_off(const struct og_db *db)
{
    return db->in_transaction && sqlite3_get_autocommit(db->handle);
}

static struct og_sqlite_prepared *
index_args(sqlite3_stmt *stmt)
{
    int names = sqlite3_bind_parameter_count(stmt);
    int highest = 0;
    for (int i = 1; i <= names; i++) {
        const char *name = sqlite3_bind_parameter_name(stmt, i);
        int number = name && name[0] == '$' ? atoi(name + 1) : 0;
        if (number < 1 || number > ARGS_MAX) {
            return NULL;
        }
        highest = number > highest ? number : highest;
    }
    struct og_sqlite_prepared *self =
        og_xalloc(sizeof *self + (size_t)highest * sizeof self->index_of[0]);
    self->stmt = stmt;
    self->arg_count = highest;
    for (int i = 1; i <= names; i++) {
        self->index_of[atoi(sqlite3_bind_parameter_name(stmt, i) + 1) - 1] = i;
    }
    return self;
}

enum og_code
og_sqlite_compile(struct og_db *db, struct og_str sql, unsigned flags, sqlite3_stmt **out,
                  struct og_err *err)
{
    struct og_arena mem;
    og_arena_init(&mem, 0);
    const char *text = og_sql_translate(&mem, sql, dialect, DIALECT_COUNT);
    int rc = sqlite3_prepare_v3(db->handle, text, -1, flags, out, NULL);
    enum og_code code = rc == SQLITE_OK ? OG_OK : og_sqlite_fail(db, rc, text, err);
    og_arena_finish(&mem);
    return code;
}

static enum og_code
prepare(struct og_db *db, const struct og_sql_page *page, int statement,
        struct og_sqlite_prepared **out, struct og_err *err)
{
    assert(page->count <= OG_PAGE_STATEMENTS_MAX && statement >= 0 && statement < page->count);
    assert(!db->pages[page->id] || db->pages[page->id] == page->sql);
    struct og_sqlite_prepared **slot = &db->cache[page->id][statement];
    if (!*slot) {
        sqlite3_stmt *stmt = NULL;
        const char *sql = page->sql[statement];
        enum og_code code =
            og_sqlite_compile(db, og_str_from(sql), SQLITE_PREPARE_PERSISTENT, &stmt, err);
        if (code != OG_OK) {
            return code;
        }
        *slot = stmt ? index_args(stmt) : NULL;
        if (!*slot) {
            sqlite3_finalize(stmt);
            return og_sqlite_fail_usage("empty statement, or a placeholder that is not $1..$n",
                                        sql, err);
        }
        db->pages[page->id] = page->sql;
    }
    *out = *slot;
    return OG_OK;
}

static int
bind_value(sqlite3_stmt *stmt, int index, const struct og_value *value)
{
    const char *bytes = value->bytes.ptr ? value->bytes.ptr : "";
    switch (value->type) {
    case OG_VALUE_I64:
        return sqlite3_bind_int64(stmt, index, value->i64);
    case OG_VALUE_TEXT:
        return sqlite3_bind_text64(stmt, index, bytes, value->bytes.len, SQLITE_STATIC,
                                   SQLITE_UTF8);
    case OG_VALUE_BLOB:
        return sqlite3_bind_blob64(stmt, index, bytes, value->bytes.len, SQLITE_STATIC);
    case OG_VALUE_NULL:
        break;
    }
    return sqlite3_bind_null(stmt, index);
}

static enum og_code
bind_all(struct og_db *db, struct og_sqlite_prepared *self, const struct og_value *args,
         int arg_count, struct og_err *err)
{
    const char *sql = sqlite3_sql(self->stmt);
    if (arg_count != self->arg_count) {
        return og_sqlite_fail_usage("wrong count of values", sql, err);
    }
    if (sqlite3_stmt_busy(self->stmt)) {
        return og_sqlite_fail_usage("statement is still open", sql, err);
    }
    for (int i = 0; i < arg_count; i++) {
        int index = self->index_of[i];
        int rc = index ? bind_value(self->stmt, index, &args[i]) : SQLITE_OK;
        if (rc != SQLITE_OK) {
            return og_sqlite_fail(db, rc, sql, err);
        }
    }
    return OG_OK;
}

/* Ready to step. Outside the transaction that the caller believes in, nothing may run: it would
 * commit by itself. */
static enum og_code
make_ready(struct og_db *db, const struct og_sql_page *page, int statement,
           const struct og_value *args, int arg_count, sqlite3_stmt **out, struct og_err *err)
{
    struct og_sqlite_prepared *self = NULL;
    *out = NULL;
    if (og_db_is_broken_off(db)) {
        return og_fail(err, OG_E_UNAVAILABLE, NULL, "database: the transaction was broken off");
    }
    enum og_code code = prepare(db, page, statement, &self, err);
    if (code == OG_OK) {
        code = bind_all(db, self, args, arg_count, err);
    }
    *out = code == OG_OK ? self->stmt : NULL;
    return code;
}

static void
put_back(sqlite3_stmt *stmt)
{
    sqlite3_reset(stmt);
    sqlite3_clear_bindings(stmt);
}

enum og_code
og_db_run(struct og_db *db, const struct og_sql_page *page, int statement,
          const struct og_value *args, int arg_count, int64_t *changed_out, struct og_err *err)
{
    sqlite3_stmt *stmt = NULL;
    enum og_code code = make_ready(db, page, statement, args, arg_count, &stmt, err);
    if (code != OG_OK) {
        return code;
    }
    int rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW) {
        code = og_sqlite_fail_usage("statement gives rows", sqlite3_sql(stmt), err);
    } else if (rc != SQLITE_DONE) {
        code = og_sqlite_fail(db, rc, sqlite3_sql(stmt), err);
    } else if (changed_out) {
        *changed_out = sqlite3_stmt_readonly(stmt) ? 0 : sqlite3_changes64(db->handle);
    }
    put_back(stmt);
    return code;
}

enum og_code
og_db_open(struct og_db *db, const struct og_sql_page *page, int statement,
           const struct og_value *args, int arg_count, struct og_rows *rows, struct og_err *err)
{
    sqlite3_stmt *stmt = NULL;
    enum og_code code = make_ready(db, page, statement, args, arg_count, &stmt, err);
    *rows = (struct og_rows){db, stmt};
    return code;
}

enum og_step
og_rows_next(struct og_rows *rows, struct og_err *err)
{
    sqlite3_stmt *stmt = rows->statement;
    int rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW) {
        return OG_STEP_ROW;
    }
    if (rc == SQLITE_DONE) {
        return OG_STEP_DONE;
    }
    (void)og_sqlite_fail(rows->db, rc, sqlite3_sql(stmt), err);
    return OG_STEP_ERROR;
}

void
og_rows_close(struct og_rows *rows)
{
    if (rows->statement) {
        put_back(rows->statement);
    }
    *rows = (struct og_rows){NULL, NULL};
}

int64_t
og_row_i64(const struct og_rows *rows, int column)
{
    return sqlite3_column_int64(rows->statement, column);
}

struct og_str
og_row_borrow(const struct og_rows *rows, int column)
{
    const char *bytes = sqlite3_column_blob(rows->statement, column);
    return (struct og_str){bytes, (size_t)sqlite3_column_bytes(rows->statement, column)};
}

struct og_str
og_row_text(const struct og_rows *rows, int column, struct og_arena *mem)
{
    return og_str_dup(mem, og_row_borrow(rows, column));
}

bool
og_row_is_null(const struct og_rows *rows, int column)
{
    return sqlite3_column_type(rows->statement, column) == SQLITE_NULL;
}
