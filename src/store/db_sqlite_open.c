/*
 * Opening and closing, and the write-ahead log. One connection writes and checkpoints, guarded by a
 * lock file: SQLite before 3.51.3 can corrupt a log that one connection resets while another
 * checkpoints it.
 */
#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/files.h"
#include "base/log.h"
#include "store/db_file.h"
#include "store/db_log.h"
#include "store/db_sqlite_priv.h"

#define BUSY_TIMEOUT_MS 2000
#define CHECKPOINT_PAGES 2000

/* ---- the write-ahead log ---- */

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
        (void)og_sqlite_fail(db, rc, "checkpoint", NULL);
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

/* ---- opening and closing ---- */

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
        code = og_sqlite_ask(db, list[i], NULL, NULL, err);
    }
    return code;
}

static enum og_code
expect_wal(struct og_db *db, const struct og_db_config *config, struct og_err *err)
{
    struct og_arena mem;
    struct og_str mode = {0};
    og_arena_init(&mem, 0);
    enum og_code code = og_sqlite_ask(db, "PRAGMA journal_mode", &mem, &mode, err);
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
        return og_sqlite_fail_with(
            rc, db->handle ? sqlite3_errmsg(db->handle) : sqlite3_errstr(rc), "open", err);
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
            struct og_sqlite_prepared *self = db->cache[page][i];
            if (self) {
                sqlite3_finalize(self->stmt);
                free(self);
            }
        }
    }
    for (int i = 0; i < OG_SQLITE_TX_COUNT; i++) {
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
