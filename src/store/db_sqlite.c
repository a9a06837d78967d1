/*
 * The one door to SQLite. The room asks for durable commits and statements prepared once; it relies
 * on write-ahead logging and on one connection that writes and checkpoints, guarded by a lock file:
 * SQLite before 3.51.3 can corrupt a log that one connection resets while another checkpoints it.
 */
#include <assert.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/files.h"
#include "base/log.h"
#include "store/db_file.h"
#include "store/db_log.h"
#include "store/db_priv.h"
#include "store/sql_text.h"

#define BUSY_TIMEOUT_MS 2000
#define CHECKPOINT_PAGES 2000
#define LOG_EVERY_MS 5000
#define LOG_SQL_BYTES 160
#define ARGS_MAX 100

struct prepared {
    sqlite3_stmt *stmt;
    int arg_count;
    int index_of[]; /* SQLite's number of $1, $2 ...; 0 where a number is not used */
};

enum tx_sql {
    TX_READ,
    TX_WRITE,
    TX_COMMIT,
    TX_ROLLBACK,
    TX_SAVE,
    TX_RELEASE,
    TX_UNDO,
    TX_SQL_COUNT
};

static const char *const tx_sql[TX_SQL_COUNT] = {
    [TX_READ] = "BEGIN",          [TX_WRITE] = "BEGIN IMMEDIATE", [TX_COMMIT] = "COMMIT",
    [TX_ROLLBACK] = "ROLLBACK",   [TX_SAVE] = "SAVEPOINT op",     [TX_RELEASE] = "RELEASE op",
    [TX_UNDO] = "ROLLBACK TO op",
};

static const struct og_sql_word dialect[] = {
    {"{lock}", ""},
    {"{without_rowid}", "WITHOUT ROWID"},
    {"{blob}", "BLOB"},
};
#define DIALECT_COUNT ((int)(sizeof dialect / sizeof dialect[0]))

struct og_db {
    sqlite3 *handle;
    int lock_fd; /* -1: a reader, or in memory */
    bool is_read_only;
    int busy_timeout_ms;
    bool in_transaction; /* we began one and have not ended it */
    sqlite3_stmt *tx[TX_SQL_COUNT];
    const char *const *pages[OG_PAGE_COUNT]; /* whose statements are cached */
    struct prepared *cache[OG_PAGE_COUNT][OG_PAGE_STATEMENTS_MAX];
    struct {
        int pages;            /* in the write-ahead log after the last commit */
        int checkpoint_at;    /* pages at which to try next */
        int checkpoint_pages; /* configured */
        bool is_to_be_cleared;
    } wal;
    struct {
        enum og_db_fault kind;
        int count;
    } fault;
    enum og_db_trouble trouble; /* the last */
};

/* Errors */

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

static enum og_code
fail_with(int rc, const char *text, const char *sql, struct og_err *err)
{
    enum og_code code = code_of(rc);
    log_failure(code, rc, text, sql);
    return og_fail(err, code, NULL, "database: %s (%d)", text, rc);
}

static void
note_trouble(struct og_db *db, int rc)
{
    if (code_of(rc) != OG_E_CONFLICT) {
        db->trouble = trouble_of(rc);
    }
}

static enum og_code
fail(struct og_db *db, int rc, const char *sql, struct og_err *err)
{
    note_trouble(db, rc);
    return fail_with(rc, sqlite3_errmsg(db->handle), sql, err);
}

/* A bug of ours, found before the engine was asked. */
static enum og_code
fail_usage(const char *text, const char *sql, struct og_err *err)
{
    return fail_with(SQLITE_MISUSE, text, sql, err);
}

/* Statements */

bool
og_db_is_broken_off(const struct og_db *db)
{
    return db->in_transaction && sqlite3_get_autocommit(db->handle);
}

static struct prepared *
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
    struct prepared *self = og_xalloc(sizeof *self + (size_t)highest * sizeof self->index_of[0]);
    self->stmt = stmt;
    self->arg_count = highest;
    for (int i = 1; i <= names; i++) {
        self->index_of[atoi(sqlite3_bind_parameter_name(stmt, i) + 1) - 1] = i;
    }
    return self;
}

static enum og_code
compile(struct og_db *db, struct og_str sql, unsigned flags, sqlite3_stmt **out, struct og_err *err)
{
    struct og_arena mem;
    og_arena_init(&mem, 0);
    const char *text = og_sql_translate(&mem, sql, dialect, DIALECT_COUNT);
    int rc = sqlite3_prepare_v3(db->handle, text, -1, flags, out, NULL);
    enum og_code code = rc == SQLITE_OK ? OG_OK : fail(db, rc, text, err);
    og_arena_finish(&mem);
    return code;
}

static enum og_code
prepare(struct og_db *db, const struct og_sql_page *page, int statement, struct prepared **out,
        struct og_err *err)
{
    assert(page->count <= OG_PAGE_STATEMENTS_MAX && statement >= 0 && statement < page->count);
    assert(!db->pages[page->id] || db->pages[page->id] == page->sql);
    struct prepared **slot = &db->cache[page->id][statement];
    if (!*slot) {
        sqlite3_stmt *stmt = NULL;
        const char *sql = page->sql[statement];
        enum og_code code =
            compile(db, og_str_from(sql), SQLITE_PREPARE_PERSISTENT, &stmt, err);
        if (code != OG_OK) {
            return code;
        }
        *slot = stmt ? index_args(stmt) : NULL;
        if (!*slot) {
            sqlite3_finalize(stmt);
            return fail_usage("empty statement, or a placeholder that is not $1..$n", sql, err);
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
bind_all(struct og_db *db, struct prepared *self, const struct og_value *args, int arg_count,
         struct og_err *err)
{
    const char *sql = sqlite3_sql(self->stmt);
    if (arg_count != self->arg_count) {
        return fail_usage("wrong count of values", sql, err);
    }
    if (sqlite3_stmt_busy(self->stmt)) {
        return fail_usage("statement is still open", sql, err);
    }
    for (int i = 0; i < arg_count; i++) {
        int index = self->index_of[i];
        int rc = index ? bind_value(self->stmt, index, &args[i]) : SQLITE_OK;
        if (rc != SQLITE_OK) {
            return fail(db, rc, sql, err);
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
    struct prepared *self = NULL;
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
        code = fail_usage("statement gives rows", sqlite3_sql(stmt), err);
    } else if (rc != SQLITE_DONE) {
        code = fail(db, rc, sqlite3_sql(stmt), err);
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
    (void)fail(rows->db, rc, sqlite3_sql(stmt), err);
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

/* Transactions */

static enum og_code
run_tx(struct og_db *db, enum tx_sql which, struct og_err *err)
{
    if (!db->tx[which]) {
        enum og_code code = compile(db, og_str_from(tx_sql[which]), SQLITE_PREPARE_PERSISTENT,
                                    &db->tx[which], err);
        if (code != OG_OK) {
            return code;
        }
    }
    int rc = sqlite3_step(db->tx[which]);
    enum og_code code = rc == SQLITE_DONE ? OG_OK : fail(db, rc, tx_sql[which], err);
    sqlite3_reset(db->tx[which]);
    return code;
}

enum og_code
og_db_begin(struct og_db *db, bool write, struct og_err *err)
{
    assert(!db->in_transaction);
    enum og_code code = run_tx(db, write ? TX_WRITE : TX_READ, err);
    db->in_transaction = code == OG_OK;
    return code;
}

/* Disk trouble makes the engine end the transaction by itself; a busy file leaves it open. */
static enum og_code
fail_as_told(struct og_db *db, struct og_err *err)
{
    static const int rc_of[] = {
        [OG_FAULT_NONE] = SQLITE_ERROR,
        [OG_FAULT_FULL] = SQLITE_FULL,
        [OG_FAULT_IO] = SQLITE_IOERR_FSYNC,
        [OG_FAULT_BUSY] = SQLITE_BUSY,
    };
    int rc = rc_of[db->fault.kind];
    db->fault.count--;
    if (db->fault.kind != OG_FAULT_BUSY) {
        (void)run_tx(db, TX_ROLLBACK, NULL);
    }
    note_trouble(db, rc);
    return fail_with(rc, sqlite3_errstr(rc), tx_sql[TX_COMMIT], err);
}

enum og_code
og_db_commit(struct og_db *db, struct og_err *err)
{
    assert(db->in_transaction);
    if (og_db_is_broken_off(db)) {
        return og_fail(err, OG_E_UNAVAILABLE, NULL, "database: the transaction was broken off");
    }
    enum og_code code =
        db->fault.count > 0 ? fail_as_told(db, err) : run_tx(db, TX_COMMIT, err);
    if (code == OG_OK) {
        db->in_transaction = false;
    }
    return code;
}

void
og_db_rollback(struct og_db *db)
{
    if (db->in_transaction && !sqlite3_get_autocommit(db->handle)) {
        (void)run_tx(db, TX_ROLLBACK, NULL);
    }
    db->in_transaction = false;
}

static enum og_code
run_inside(struct og_db *db, enum tx_sql which, struct og_err *err)
{
    assert(db->in_transaction);
    if (og_db_is_broken_off(db)) {
        return og_fail(err, OG_E_UNAVAILABLE, NULL, "database: the transaction was broken off");
    }
    return run_tx(db, which, err);
}

enum og_code
og_db_savepoint(struct og_db *db, struct og_err *err)
{
    return run_inside(db, TX_SAVE, err);
}

enum og_code
og_db_release(struct og_db *db, struct og_err *err)
{
    return run_inside(db, TX_RELEASE, err);
}

enum og_code
og_db_undo(struct og_db *db, struct og_err *err)
{
    enum og_code code = run_inside(db, TX_UNDO, err);
    return code == OG_OK ? run_inside(db, TX_RELEASE, err) : code;
}

int64_t
og_db_changes(const struct og_db *db)
{
    return sqlite3_total_changes64(db->handle);
}

void
og_db_inject(struct og_db *db, enum og_db_fault commit_fault, int count)
{
    db->fault.kind = commit_fault;
    db->fault.count = commit_fault == OG_FAULT_NONE ? 0 : count;
}

/* The write-ahead log */

static int
on_wal_growth(void *ctx, sqlite3 *handle, const char *name, int pages)
{
    struct og_db *db = ctx;
    if (pages < db->wal.pages) { /* it starts afresh after a complete checkpoint */
        db->wal.checkpoint_at = db->wal.checkpoint_pages;
    }
    db->wal.pages = pages;
    return SQLITE_OK;
}

/* What readers hold back stays in the log; the next try waits until it has grown as much again. */
static void
checkpoint(struct og_db *db)
{
    int in_log = 0;
    int rc =
        sqlite3_wal_checkpoint_v2(db->handle, NULL, SQLITE_CHECKPOINT_PASSIVE, &in_log, NULL);
    if (rc != SQLITE_OK && rc != SQLITE_BUSY) {
        (void)fail(db, rc, "checkpoint", NULL);
    }
    db->wal.checkpoint_at = db->wal.pages + db->wal.checkpoint_pages;
}

void
og_db_clear_log(struct og_db *db)
{
    db->wal.is_to_be_cleared = !db->is_read_only;
}

/* A reader in the way is not waited for: the next tidying tries again. */
static void
clear_log(struct og_db *db)
{
    sqlite3_busy_timeout(db->handle, 0);
    int rc = sqlite3_wal_checkpoint_v2(db->handle, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    sqlite3_busy_timeout(db->handle, db->busy_timeout_ms);
    db->wal.is_to_be_cleared = rc != SQLITE_OK;
}

void
og_db_tidy(struct og_db *db)
{
    if (db->wal.is_to_be_cleared) {
        clear_log(db);
    }
    if (!db->is_read_only && db->wal.pages >= db->wal.checkpoint_at) {
        checkpoint(db);
    }
}

/* Rows of one column, as many as come, the last one kept: enough for pragmas and questions. */
static enum og_code
ask(struct og_db *db, const char *sql, struct og_arena *mem, struct og_str *out, struct og_err *err)
{
    sqlite3_stmt *stmt = NULL;
    enum og_code code = compile(db, og_str_from(sql), 0, &stmt, err);
    int rc = SQLITE_DONE;
    while (code == OG_OK && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        if (out) {
            struct og_rows rows = {db, stmt};
            *out = og_row_text(&rows, 0, mem);
        }
    }
    if (code == OG_OK && rc != SQLITE_DONE) {
        code = fail(db, rc, sql, err);
    }
    sqlite3_finalize(stmt);
    return code;
}

enum og_code
og_db_probe(struct og_db *db, struct og_err *err)
{
    enum og_code code = og_db_begin(db, true, err);
    if (code == OG_OK) {
        code = ask(db, "PRAGMA user_version=0", NULL, NULL, err);
    }
    if (code == OG_OK) {
        code = og_db_commit(db, err);
    }
    og_db_rollback(db);
    return code;
}

/* Opening and closing */

static void
set_up_engine(void)
{
    sqlite3_config(SQLITE_CONFIG_MULTITHREAD); /* a connection belongs to one thread at a time */
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    sqlite3_initialize();
    int rc = og_db_log_register();
    assert(rc == SQLITE_OK);
    (void)rc;
}

static const char *const setup_all[] = {
    "PRAGMA foreign_keys=ON",
    "PRAGMA trusted_schema=OFF",
    "PRAGMA cell_size_check=ON",
    "PRAGMA temp_store=MEMORY",
    "PRAGMA mmap_size=0", /* a lost disk must be an error, not a signal */
    "SELECT COUNT(*) FROM sqlite_schema",
    NULL,
};

static const char *const setup_writer[] = {
    "PRAGMA synchronous=FULL", /* first: store/db_log.h rests on it */
    "PRAGMA journal_mode=WAL",
    "PRAGMA secure_delete=ON",
    "PRAGMA journal_size_limit=67108864",
    "PRAGMA cache_size=-4096", /* KiB, filled as used */
    NULL,
};

static const char *const setup_reader[] = {"PRAGMA cache_size=-1024", NULL};

static enum og_code
ask_each(struct og_db *db, const char *const *list, struct og_err *err)
{
    enum og_code code = OG_OK;
    for (int i = 0; code == OG_OK && list[i]; i++) {
        code = ask(db, list[i], NULL, NULL, err);
    }
    return code;
}

static enum og_code
expect_wal(struct og_db *db, const struct og_db_config *config, struct og_err *err)
{
    struct og_arena mem;
    struct og_str mode = {0};
    og_arena_init(&mem, 0);
    enum og_code code = ask(db, "PRAGMA journal_mode", &mem, &mode, err);
    if (code == OG_OK && !og_str_eq(mode, OG_STR("wal")) && !og_str_eq(mode, OG_STR("memory"))) {
        code = og_fail(err, OG_E_UNAVAILABLE, NULL,
                       "the file system of %s cannot carry a write-ahead log", config->path);
    }
    og_arena_finish(&mem);
    return code;
}

static void
set_up_wal(struct og_db *db, const struct og_db_config *config)
{
    int pages = config->checkpoint_pages > 0 ? config->checkpoint_pages : CHECKPOINT_PAGES;
    db->wal.checkpoint_pages = pages;
    db->wal.checkpoint_at = pages;
    sqlite3_wal_autocheckpoint(db->handle, 0);
    if (db->is_read_only) {
        sqlite3_db_config(db->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    } else {
        sqlite3_wal_hook(db->handle, on_wal_growth, db);
    }
}

static enum og_code
open_handle(struct og_db *db, const struct og_db_config *config, struct og_err *err)
{
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    flags |= db->is_read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
    const char *vfs = db->is_read_only ? NULL : OG_DB_LOG_VFS;
    int rc = sqlite3_open_v2(config->path, &db->handle, flags, vfs);
    if (rc != SQLITE_OK) {
        return fail_with(rc, db->handle ? sqlite3_errmsg(db->handle) : sqlite3_errstr(rc), "open",
                         err);
    }
    int wait_ms = config->busy_timeout_ms > 0 ? config->busy_timeout_ms : BUSY_TIMEOUT_MS;
    sqlite3_busy_timeout(db->handle, wait_ms);
    db->busy_timeout_ms = wait_ms;
    sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    set_up_wal(db, config);
    enum og_code code = ask_each(db, setup_all, err);
    if (code == OG_OK) {
        code = ask_each(db, db->is_read_only ? setup_reader : setup_writer, err);
    }
    return code == OG_OK && !db->is_read_only ? expect_wal(db, config, err) : code;
}

static enum og_code
claim_file(struct og_db *db, const struct og_db_config *config, struct og_err *err)
{
    enum og_code code = og_db_file_make(config->path, err);
    if (code == OG_OK) {
        code = og_db_file_lock(config->path, &db->lock_fd, err);
    }
    if (code == OG_OK && og_file_is_exposed(config->path)) {
        og_log_warn("store", "others can read the database file", "path=%s",
                    og_log_quote(og_str_from(config->path)));
    }
    return code;
}

enum og_code
og_db_connect(const struct og_db_config *config, struct og_db **out, struct og_err *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, set_up_engine);
    struct og_db *db = og_xalloc(sizeof *db);
    db->lock_fd = -1;
    db->is_read_only = config->read_only;
    bool is_file = strcmp(config->path, ":memory:") != 0;
    enum og_code code = is_file && !db->is_read_only ? claim_file(db, config, err) : OG_OK;
    if (code == OG_OK) {
        code = open_handle(db, config, err);
    }
    if (code != OG_OK) {
        og_db_close(db);
        db = NULL;
    }
    *out = db;
    return code;
}

static void
finalize_all(struct og_db *db)
{
    for (int page = 0; page < OG_PAGE_COUNT; page++) {
        for (int i = 0; i < OG_PAGE_STATEMENTS_MAX; i++) {
            struct prepared *self = db->cache[page][i];
            if (self) {
                sqlite3_finalize(self->stmt);
                free(self);
            }
        }
    }
    for (int i = 0; i < TX_SQL_COUNT; i++) {
        sqlite3_finalize(db->tx[i]);
    }
}

void
og_db_close(struct og_db *db)
{
    if (!db) {
        return;
    }
    og_db_rollback(db);
    finalize_all(db);
    if (db->lock_fd >= 0 && db->wal.pages > 0) {
        checkpoint(db);
    }
    int rc = sqlite3_close(db->handle);
    assert(rc == SQLITE_OK);
    (void)rc;
    if (db->lock_fd >= 0) {
        close(db->lock_fd);
    }
    free(db);
}

/* For the rest of the room, and for operators */

enum og_code
og_db_exec(struct og_db *db, struct og_str sql, struct og_err *err)
{
    sqlite3_stmt *stmt = NULL;
    if (og_db_is_broken_off(db)) {
        return og_fail(err, OG_E_UNAVAILABLE, NULL, "database: the transaction was broken off");
    }
    enum og_code code = compile(db, sql, 0, &stmt, err);
    if (code == OG_OK && stmt) {
        int rc = sqlite3_step(stmt);
        if (rc != SQLITE_DONE) {
            code = rc == SQLITE_ROW ? fail_usage("statement gives rows", sqlite3_sql(stmt), err)
                                    : fail(db, rc, sqlite3_sql(stmt), err);
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
    enum og_code code = compile(db, sql, 0, &stmt, err);
    if (code == OG_OK) {
        sqlite3_bind_text(stmt, 1, name, -1, SQLITE_STATIC);
        int rc = sqlite3_step(stmt);
        *out = rc == SQLITE_ROW;
        if (rc != SQLITE_ROW && rc != SQLITE_DONE) {
            code = fail(db, rc, sqlite3_sql(stmt), err);
        }
    }
    sqlite3_finalize(stmt);
    return code;
}

static enum og_code
check_file(struct og_db *db, struct og_arena *mem, struct og_str *out, struct og_err *err)
{
    enum og_code code = ask(db, "PRAGMA integrity_check(1)", mem, out, err);
    if (code != OG_OK || !og_str_eq(*out, OG_STR("ok"))) {
        return code;
    }
    struct og_str orphan = {NULL, 0};
    code = ask(db, "PRAGMA foreign_key_check", mem, &orphan, err);
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
    enum og_code code = compile(db, OG_STR("VACUUM INTO $1"), 0, &stmt, err);
    if (code == OG_OK) {
        sqlite3_bind_text(stmt, 1, path, -1, SQLITE_STATIC);
        int rc = sqlite3_step(stmt);
        code = rc == SQLITE_DONE ? OG_OK : fail(db, rc, sqlite3_sql(stmt), err);
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
